//! Random mutants of real models never crash what reads them (BPMN contract, "properties").
//!
//! `make fuzz` runs the same for as long as `FUZZ_SECONDS` says, from `FUZZ_SEED` on; here each target gets a moment.
//! A failure tells the target, the seed and the mutant's file.
#![allow(clippy::disallowed_methods, reason = "the time that a run may take")]

use model::definition::Language;
use model::limits::Limits;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A mutant of a small file that takes longer is a finding.
const PATIENCE: Duration = Duration::from_secs(5);

/// Numbers that look random and come again (xorshift).
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { (self.next() >> 11) as usize % n }
    }

    fn pick<'s, T>(&mut self, list: &'s [T]) -> &'s T {
        &list[self.below(list.len())]
    }
}

/// The files below `folder` of the repository with one of these endings.
fn corpus(folders: &[&str], ends: &[&str]) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut paths = Vec::new();
    folders.iter().for_each(|folder| walk(&root.join(folder), ends, &mut paths));
    paths.sort();
    let files: Vec<Vec<u8>> = paths.iter().map(|p| std::fs::read(p).unwrap()).collect();
    assert!(!files.is_empty(), "{folders:?}");
    files
}

fn walk(folder: &Path, ends: &[&str], into: &mut Vec<PathBuf>) {
    for path in
        std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())).map(|e| e.unwrap().path())
    {
        if path.is_dir() {
            walk(&path, ends, into);
        } else if ends.iter().any(|end| path.to_string_lossy().ends_with(end)) {
            into.push(path);
        }
    }
}

/// Where the tags of a text begin and end.
fn tags(bytes: &[u8]) -> Vec<(usize, usize)> {
    let mut tags = Vec::new();
    let mut open = None;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'<' => open = Some(at),
            b'>' => tags.extend(open.take().map(|from| (from, at + 1))),
            _ => {}
        }
    }
    tags
}

/// The whole element that begins at a tag: up to its end tag, by counting.
fn element(bytes: &[u8], tags: &[(usize, usize)], first: usize) -> (usize, usize) {
    let mut depth = 0_i32;
    for (from, to) in &tags[first..] {
        let tag = &bytes[*from..*to];
        if tag.starts_with(b"</") {
            depth -= 1;
        } else if !tag.ends_with(b"/>") && !tag.starts_with(b"<?") && !tag.starts_with(b"<!") {
            depth += 1;
        }
        if depth <= 0 {
            return (tags[first].0, *to);
        }
    }
    tags[first]
}

/// Where the values between quotes lie.
fn values(bytes: &[u8]) -> Vec<(usize, usize)> {
    let quotes: Vec<usize> = bytes.iter().enumerate().filter(|(_, b)| **b == b'"').map(|(at, _)| at).collect();
    quotes.chunks_exact(2).map(|pair| (pair[0] + 1, pair[1])).collect()
}

fn replace(bytes: &mut Vec<u8>, (from, to): (usize, usize), with: &[u8]) {
    let to = to.clamp(from, bytes.len());
    bytes.splice(from..to, with.iter().copied());
}

const ODD: &[&str] = &[
    "",
    " ",
    "0",
    "-1",
    "NaN",
    "1e999",
    "999999999999999999999",
    "true",
    "=",
    "=1 +",
    "=a.b[1].c",
    "PT0S",
    "P",
    "R/PT0S",
    "R-1/P1D",
    "0 0 31 2 *",
    "${a}",
    "#{b.c()}",
    "{=Document:NAME}",
    "\u{0}",
    "\u{202e}",
    "🦀",
    "../..",
    "&amp;#0;",
    "Process_1",
    "end",
    "start",
    "p",
    "=for x in 1..9999999 return x",
    "((((((((((((((((((((((((",
];

/// One change of a text with tags.
fn change_xml(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let tags = tags(bytes);
    if tags.len() < 3 || dice.below(6) == 0 {
        return change_bytes(bytes, dice);
    }
    let one = 1 + dice.below(tags.len() - 1);
    let (from, to) = element(bytes, &tags, one);
    let whole = bytes[from..to].to_vec();
    match dice.below(8) {
        0 => replace(bytes, (from, to), b""),
        1 => replace(bytes, (to, to), &whole),
        2 => {
            let other = tags[1 + dice.below(tags.len() - 1)].1;
            replace(bytes, (other, other), &whole);
        }
        3 => {
            let (a, b) = (element(bytes, &tags, one), element(bytes, &tags, 1 + dice.below(tags.len() - 1)));
            let (first, second) = if a.0 <= b.0 { (a, b) } else { (b, a) };
            if first.1 <= second.0 {
                let (x, y) = (bytes[first.0..first.1].to_vec(), bytes[second.0..second.1].to_vec());
                replace(bytes, second, &x);
                replace(bytes, first, &y);
            }
        }
        4 => {
            let deep = 1 + dice.below(260);
            let name: Vec<u8> =
                whole[1..].iter().copied().take_while(|b| b.is_ascii_alphanumeric() || *b == b':').collect();
            let mut nest = Vec::new();
            (0..deep).for_each(|_| nest.extend([b"<", name.as_slice(), b">"].concat()));
            nest.extend(&whole);
            (0..deep).for_each(|_| nest.extend([b"</", name.as_slice(), b">"].concat()));
            replace(bytes, (from, to), &nest);
        }
        5 => change_value(bytes, dice),
        6 => {
            let values = values(bytes);
            if let (Some(a), Some(b)) = (values.get(dice.below(values.len())), values.get(dice.below(values.len()))) {
                let with = bytes[b.0..b.1].to_vec();
                replace(bytes, *a, &with);
            }
        }
        _ => {
            // An attribute goes, with what stands before its value.
            let values = values(bytes);
            if let Some((from, to)) = values.get(dice.below(values.len())).copied() {
                let name = bytes[..from].iter().rposition(|b| *b == b' ').unwrap_or(from);
                replace(bytes, (name, to + 1), b"");
            }
        }
    }
}

fn change_value(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let values = values(bytes);
    if let Some(place) = values.get(dice.below(values.len())).copied() {
        let odd = *dice.pick(ODD);
        replace(bytes, place, odd.as_bytes());
    }
}

/// One change of any bytes.
fn change_bytes(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let at = dice.below(bytes.len() + 1);
    let end = (at + dice.below(40)).min(bytes.len());
    match dice.below(6) {
        0 => bytes.truncate(at),
        1 => replace(bytes, (at, end), b""),
        2 => {
            let part = bytes[at..end].to_vec();
            replace(bytes, (at, at), &part);
        }
        3 => {
            let noise: Vec<u8> = (0..1 + dice.below(8)).map(|_| dice.next() as u8).collect();
            replace(bytes, (at, end.min(at + noise.len())), &noise);
        }
        4 => {
            let odd = *dice.pick(ODD);
            replace(bytes, (at, at), odd.as_bytes());
        }
        _ => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << dice.below(8);
            }
        }
    }
}

/// Runs mutants of `files` until the time is over; each must come back soon and without a panic.
fn fuzz(name: &str, files: &[Vec<u8>], change: fn(&mut Vec<u8>, &mut Dice), read: impl Fn(&[u8])) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let time = number("FUZZ_SECONDS").map_or(Duration::from_millis(1_500), Duration::from_secs);
    let first = number("FUZZ_SEED").unwrap_or(1);
    let begun = Instant::now();
    let mut seed = first;
    while begun.elapsed() < time {
        let mut dice = Dice::new(seed);
        let mut bytes = dice.pick(files).clone();
        for _ in 0..1 + dice.below(6) {
            change(&mut bytes, &mut dice);
        }
        let started = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| read(&bytes)));
        if outcome.is_err() || started.elapsed() > PATIENCE {
            let file = std::env::temp_dir().join(format!("ruslo-mutant-{name}-{seed}"));
            std::fs::write(&file, &bytes).unwrap();
            let what = if outcome.is_err() { "panics" } else { "takes too long" };
            panic!("{name} {what} with seed {seed}: {}", file.display());
        }
        seed += 1;
    }
    if std::env::var("FUZZ_SECONDS").is_ok() {
        println!("{name}: {} mutants in {} s, seeds {first}..{seed}", seed - first, begun.elapsed().as_secs());
    }
}

fn import(name: &str, bytes: &[u8]) {
    if let Ok(imported) = formats::import(name, bytes, &Limits::default())
        && imported.kind == formats::SourceKind::Bpmn
    {
        assert!(roxmltree::Document::parse(&imported.bpmn).is_ok(), "the view is no XML");
        // What can not be deployed, with ids that stand twice for one, may get its shapes in another order.
        if imported.deployable() {
            assert_eq!(formats::bpmn::export(&imported.bpmn), imported.bpmn, "a second export changes something");
        }
    }
}

#[test]
fn mutants_of_bpmn_never_crash_the_importer() {
    let files = corpus(&["crates/formats/tests/cases/bpmn", "examples"], &[".bpmn"]);
    fuzz("bpmn", &files, change_xml, |bytes| import("x.bpmn", bytes));
}

#[test]
fn mutants_of_dmn_never_crash_the_importer() {
    let files = corpus(&["crates/dmn/tests", "examples"], &[".dmn"]);
    fuzz("dmn", &files, change_xml, |bytes| import("x.dmn", bytes));
}

#[test]
fn mutants_of_templates_never_crash_the_importer() {
    let packed = corpus(&["crates/formats/tests/data"], &[".bpt"]);
    let unpack = |bytes: &Vec<u8>| {
        let mut plain = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::ZlibDecoder::new(bytes.as_slice()), &mut plain).ok()?;
        Some(plain)
    };
    let plain: Vec<Vec<u8>> = packed.iter().filter_map(unpack).collect();
    assert!(!plain.is_empty());
    fuzz("bpt", &plain, change_bytes, |bytes| {
        let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packed, bytes).unwrap();
        import("x.bpt", &packed.finish().unwrap());
        import("x.bpt", bytes);
    });
    fuzz("bpt-packed", &packed, change_bytes, |bytes| import("x.bpt", bytes));
}

/// Expressions of every kind, to be put together wrongly.
const EXPRESSIONS: &[&str] = &[
    "if a > 1 then \"x\" else {b: [1, 2, null], c: function(x) x + 1}.c(2)",
    "for x in 1..10, y in [1, 2] return x * y ** 2",
    "some item in list satisfies item.amount >= 100 and not(item.name = \"a\")",
    "every i in [1, 2, 3][item > 1] satisfies i between 1 and 5",
    "date and time(\"2026-01-31T10:00:00@Europe/Moscow\") + duration(\"P1DT2H\")",
    "years and months duration(date(\"2026-01-31\"), date(\"2027-01-31\")).years",
    "string join(split(\"a;b\", \";\"), \",\") + substring(\"text\", -2) + replace(\"abc\", \"[a-b]+\", \"$0\")",
    "{a: 1, b: a + 1, \"c d\": {e: b}}.`c d`.e",
    "[1..5] overlaps (3..8] or x in (> 5, < 2, [7..9))",
    "get value(context put({}, \"a\", 1), \"a\") instance of number",
    "sort([3, 1, 2], function(a, b) a < b)[1] / 0",
    "-(-(-(1))) ** -2 ** 3 != null and true or false",
    "@\"2026-01-31\" < @\"P1D\"",
    "${execution.getVariable('a') + 5 > 3 ? 'yes' : \"no\"}",
    "#{not empty list && list[0].name eq 'x' || !flag}",
    "text ${a.b['c']} and ${d mod 2} more",
    "{=Document:NAME}{=Variable:x > printable}",
    "{{=if({=Document:SUM} > 5, \"a\", concat(\"b\", 1))}}",
];

struct Nobody;

impl expr::Scope for Nobody {
    fn variable(&self, name: &str) -> Option<model::Value> {
        match name {
            "a" | "x" => Some(model::Value::from(2)),
            "list" => Some(model::Value::list(vec![model::Value::from(1), model::Value::text("b")])),
            _ => None,
        }
    }

    fn all(&self) -> model::Object {
        model::Object::new()
    }
}

fn expressions() -> Vec<Vec<u8>> {
    EXPRESSIONS.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// Puts a piece of another expression somewhere, or changes bytes.
fn change_expression(bytes: &mut Vec<u8>, dice: &mut Dice) {
    if dice.below(3) == 0 {
        return change_bytes(bytes, dice);
    }
    let other = dice.pick(EXPRESSIONS).as_bytes();
    let from = dice.below(other.len());
    let to = (from + 1 + dice.below(30)).min(other.len());
    let at = dice.below(bytes.len() + 1);
    let end = (at + dice.below(20)).min(bytes.len());
    let deep = if dice.below(20) == 0 { 1 + dice.below(600) } else { 1 };
    replace(bytes, (at, end), &other[from..to].repeat(deep));
}

fn evaluate(language: Language, text: &str, limits: &Limits) {
    let zone = jiff::tz::TimeZone::UTC;
    let env = expr::Env { scope: &Nobody, now: model::Timestamp(1_700_000_000_000), zone: &zone, limits, seed: 7 };
    if let Ok(compiled) = expr::compile(language, text, limits) {
        let _ = compiled.eval(&env);
    }
}

#[test]
fn mutants_of_feel_are_read_and_evaluated_within_limits() {
    let limits = Limits::default();
    fuzz("feel", &expressions(), change_expression, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        evaluate(Language::Feel, &text, &limits);
        let _ = expr::unary_tests(&text, &limits);
    });
}

#[test]
fn mutants_of_juel_are_translated_into_what_can_be_read() {
    let limits = Limits::default();
    fuzz("juel", &expressions(), change_expression, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        for place in [expr::juel::Place::Condition, expr::juel::Place::Value] {
            match expr::juel::translate(&text, place) {
                Ok(expr::juel::Translated::Feel(feel) | expr::juel::Translated::Assignment { value: feel, .. }) => {
                    evaluate(Language::Feel, &feel, &limits);
                }
                Ok(expr::juel::Translated::Text(_)) | Err(_) => {}
            }
        }
    });
}

#[test]
fn mutants_of_macros_are_read_and_evaluated_within_limits() {
    let limits = Limits::default();
    fuzz("macros", &expressions(), change_expression, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        evaluate(Language::Bitrix, &text, &limits);
        evaluate(Language::BitrixCondition, &text, &limits);
    });
}

const TIMES: &[&str] = &[
    "PT15M",
    "P1Y2M3DT4H5M6.7S",
    "-P2W",
    "R3/PT10M",
    "R/2026-01-31T10:00:00Z/P1D",
    "R5/P1D/2026-01-31T10:00:00Z",
    "2026-01-31T10:00:00+03:00",
    "2026-01-31T10:00:00@Europe/Moscow",
    "2026-02-30",
    "0 0 9 * * MON-FRI",
    "*/5 * * * *",
    "0 0 12 L-3 * ?",
    "0 0 12 ? * 6#3",
    "@daily",
    "0 0 0 29 2 ? 2026-2100",
];

/// As literals of timers, and as FEEL's dates and durations.
#[test]
fn mutants_of_times_are_judged() {
    let files: Vec<Vec<u8>> = TIMES.iter().map(|text| text.as_bytes().to_vec()).collect();
    let limits = Limits::default();
    fuzz("times", &files, change_bytes, |bytes| {
        let text: String = String::from_utf8_lossy(bytes).chars().filter(|c| !c.is_control()).collect();
        let quoted = text.replace(['"', '\\'], "");
        for function in ["duration", "date", "time", "date and time"] {
            evaluate(Language::Feel, &format!("{function}(\"{quoted}\")"), &limits);
        }
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
        for kind in ["timeDate", "timeDuration", "timeCycle"] {
            let model = format!(
                "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\"><process id=\"p\" isExecutable=\"true\">\
                 <startEvent id=\"s\"><timerEventDefinition><{kind}>{escaped}</{kind}></timerEventDefinition></startEvent>\
                 </process></definitions>"
            );
            let _ = formats::bpmn::import(model.as_bytes(), &limits);
        }
    });
}
