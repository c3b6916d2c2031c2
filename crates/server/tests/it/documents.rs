//! What documents say is there: commands with their flags, `make` targets, settings, metrics, methods, pages and decisions.
//!
//! Paths and links are the work of `tidy.rs`, error codes of `error_pages.rs`, arrows between crates of `arrows.rs`.
//! `UPDATE_EXPECT=1 cargo test -p server --test it documents::` writes `docs/support/metrics.md` anew.

use expect_test::expect_file;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, process::Command};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// Documents that git knows or would add, by their paths.
fn documents() -> Vec<(String, String)> {
    let out = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "*.md"])
        .current_dir(root())
        .output()
        .expect("git lists files");
    let names = String::from_utf8_lossy(&out.stdout).into_owned();
    names.lines().filter(|name| root().join(name).is_file()).map(|name| (name.to_owned(), read(name))).collect()
}

/// What stands in a document as code: lines of fenced blocks, and spans between backticks.
fn code(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut prose = String::new();
    let mut fenced = false;
    for line in text.replace("\\\n", " ").lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            found.push(line.to_owned());
        } else {
            prose.push_str(line);
            prose.push('\n');
        }
    }
    found.extend(prose.split('`').skip(1).step_by(2).map(|span| span.replace('\n', " ")));
    found
}

/// The words of a command line up to its comment, pipe or next command.
fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().take_while(|word| !matches!(*word, "#" | "|" | "&&" | ";" | "→" | "←")).collect()
}

/// Options and, of a command that has them, sub-commands, as the binary itself tells them.
struct Help {
    flags: BTreeSet<String>,
    commands: BTreeSet<String>,
    variables: BTreeSet<String>,
}

impl Help {
    fn of(command: &[&str]) -> Self {
        let out = Command::new(env!("CARGO_BIN_EXE_ruslo")).args(command).arg("--help").output().expect("it runs");
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        let flag = |word: &str| {
            let end = word.find(|c: char| !(c.is_ascii_lowercase() || c == '-')).unwrap_or(word.len());
            word.starts_with("--").then(|| word[..end].to_owned())
        };
        let commands = text.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
        let variables = text.split("[env: ").skip(1).filter_map(|rest| rest.split([']', '=']).next());
        Self {
            flags: text.split_whitespace().filter_map(flag).collect(),
            commands: commands.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect(),
            variables: variables.map(str::to_owned).collect(),
        }
    }
}

/// Helps that were asked for, by command.
#[derive(Default)]
struct Helps(BTreeMap<String, Help>);

impl Helps {
    fn of(&mut self, command: &[&str]) -> &Help {
        self.0.entry(command.join(" ")).or_insert_with(|| Help::of(command))
    }

    /// What is wrong with `ruslo WORDS…`; several commands may stand together: `backup|restore`.
    fn judge(&mut self, words: &[&str]) -> Vec<String> {
        let mut wrong = Vec::new();
        let Some(first) = words.first().filter(|w| w.starts_with(|c: char| c.is_ascii_lowercase())) else {
            return wrong;
        };
        for name in first.split('|') {
            if !self.of(&[]).commands.contains(name) {
                wrong.push(format!("no command `{name}`"));
                continue;
            }
            let mut commands = vec![vec![name]];
            let second = words.get(1).filter(|w| w.starts_with(|c: char| c.is_ascii_lowercase()));
            if let (Some(second), false) = (second, self.of(&[name]).commands.is_empty()) {
                commands = second.split('|').map(|second| vec![name, second]).collect();
            }
            for command in commands {
                if command.get(1).is_some_and(|second| !self.of(&[name]).commands.contains(*second)) {
                    wrong.push(format!("no command `{}`", command.join(" ")));
                    continue;
                }
                for flag in words.iter().filter(|w| w.starts_with("--")) {
                    let end = flag.find(|c: char| !(c.is_ascii_lowercase() || c == '-')).unwrap_or(flag.len());
                    if !self.of(&command).flags.contains(&flag[..end]) {
                        wrong.push(format!("`{}` has no {flag}", command.join(" ")));
                    }
                }
            }
        }
        wrong
    }
}

#[test]
fn commands_and_their_flags_exist() {
    let mut helps = Helps::default();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (document, text) in documents() {
        for line in code(&text) {
            let words = words(&line);
            // `RUSLO_URL=… ruslo deploy`, `target/release/ruslo serve`, `sudo ruslo backup`.
            let Some(at) = words.iter().position(|w| *w == "ruslo" || w.ends_with("/ruslo")) else { continue };
            seen += 1;
            wrong.extend(helps.judge(&words[at + 1..]).into_iter().map(|what| format!("{document}: {what}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 50, "only {seen} commands found: are they still read?");
}

#[test]
fn make_targets_exist() {
    let makefile = read("Makefile");
    let targets: BTreeSet<&str> = makefile
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
        .filter_map(|line| Some(line.split_once(':').filter(|(_, rest)| !rest.starts_with('='))?.0))
        .flat_map(str::split_whitespace)
        .collect();
    let mut wrong = Vec::new();
    for (document, text) in documents() {
        for line in code(&text) {
            let words = words(&line);
            let Some(at) = words.iter().position(|w| *w == "make") else { continue };
            let named = words[at + 1..].iter().find(|w| !w.contains('=') && !w.starts_with('-'));
            if named.is_some_and(|name| !targets.contains(name)) {
                wrong.push(format!("{document}: `{line}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_guide_names_every_setting_in_both_languages() {
    let serve = Help::of(&["serve"]);
    let mut settings: BTreeSet<String> = serve.flags.iter().filter(|flag| *flag != "--help").cloned().collect();
    settings.extend(serve.variables);
    // Those that no flag stands for.
    for file in ["logging.rs", "first_admin.rs"] {
        let text = read(&format!("crates/server/src/{file}"));
        let name = |word: &&str| word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        settings.extend(text.split('"').filter(|word| word.starts_with("RUSLO_")).filter(name).map(str::to_owned));
    }
    assert!(settings.contains("RUSLO_LOG_FORMAT") && settings.contains("RUSLO_LISTEN"), "{settings:?}");
    for language in ["en", "ru"] {
        let guide = read(&format!("docs/guide/{language}/operating.md"));
        let missing: Vec<&String> = settings.iter().filter(|name| !guide.contains(&format!("`{name}`"))).collect();
        assert!(missing.is_empty(), "docs/guide/{language}/operating.md lacks {missing:?}");
    }
}

#[test]
fn variables_of_the_environment_are_read_by_something() {
    let listed = Command::new("git").args(["ls-files"]).current_dir(root()).output().expect("git lists files");
    let sources: String = String::from_utf8_lossy(&listed.stdout)
        .lines()
        .filter(|name| !name.ends_with(".md") && !name.starts_with("docs/") && !name.starts_with("web/src/"))
        .filter_map(|name| fs::read_to_string(root().join(name)).ok())
        .filter(|text| text.contains("RUSLO_"))
        .collect();
    let mut unknown = Vec::new();
    for (document, text) in documents() {
        let names = text.split(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'));
        for name in names.filter(|name| name.starts_with("RUSLO_") && !sources.contains(*name)) {
            unknown.push(format!("{document}: {name}"));
        }
    }
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
}

/// Name, kind and help of every metric, in the order of the page.
fn metrics() -> Vec<(String, String, String)> {
    let source = read("crates/server/src/prometheus.rs");
    let source = source.split("#[derive(Default)]\nstruct Page").next().unwrap_or_default();
    let mut found = Vec::new();
    let calls = ["page.counter(", "page.gauge(", "page.histogram(", "page.seconds(", "page.head(", "lanes(page, "];
    for (at, _) in source.match_indices("\"") {
        let Some(call) = calls.iter().find(|call| source[..at].trim_end().ends_with(call.trim_end())) else { continue };
        let mut texts = source[at..].split('"').skip(1).step_by(2);
        let name = texts.next().unwrap_or_default();
        let kind = match *call {
            "page.counter(" => "counter",
            "page.histogram(" => "histogram",
            "page.head(" => texts.next().unwrap_or_default(),
            _ => "gauge",
        };
        let help = texts.next().unwrap_or_default();
        found.push((format!("ruslo_{name}"), kind.to_owned(), help.to_owned()));
    }
    found
}

#[test]
fn metrics_are_documented_and_those_that_documents_name_exist() {
    let all = metrics();
    let mut page = String::from(concat!(
        "# Metrics\n",
        "\n",
        "What `GET /metrics` gives of the node that is asked, in the text format of Prometheus. Made from\n",
        "`crates/server/src/prometheus.rs` by `UPDATE_EXPECT=1 cargo test -p server --test it documents::`. Names, units and labels\n",
        "stay. Times are in seconds; counters and histograms begin with the process. A histogram is read by `_bucket` (with the\n",
        "label `le`), `_sum` and `_count`. Metrics of lanes have the label `lane` (a worker of the node), `ruslo_circuits` the\n",
        "label `state` (`closed`, `open`, `half_open`). What to watch: the [guide for operators](../guide/en/operating.md).\n",
        "\n",
        "| metric | kind | what it is |\n",
        "|---|---|---|\n",
    ));
    for (name, kind, help) in &all {
        writeln!(page, "| `{name}` | {kind} | {help} |").expect("a text takes writes");
    }
    expect_file![root().join("docs/support/metrics.md")].assert_eq(&page);

    let known = |name: &str| {
        let plain = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        all.iter().any(|(metric, ..)| metric == name || metric == plain)
    };
    let mut unknown = Vec::new();
    for (document, text) in documents() {
        let names = code(&text).into_iter().filter(|name| name.starts_with("ruslo_") && !name.contains('…'));
        let names = names.filter(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
        unknown.extend(names.filter(|name| !known(name)).map(|name| format!("{document}: {name}")));
    }
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
}

/// The names of a cell: "`a.b.add`, `.update`" are `a.b.add` and `a.b.update`.
fn names_of(cell: &str) -> Vec<String> {
    let mut stem = String::new();
    let mut names = Vec::new();
    for name in cell.split('`').skip(1).step_by(2) {
        if name.starts_with('.') {
            names.push(format!("{stem}{name}"));
        } else {
            stem = name.rsplit_once('.').map_or("", |(stem, _)| stem).to_owned();
            names.push(name.to_owned());
        }
    }
    names
}

#[test]
fn the_page_of_bitrix_methods_is_the_table_of_methods() {
    use bitrix::methods::{TABLE, Who};
    let page = read("docs/support/bitrix.md");
    let section = page.split("\n## ").find(|part| part.starts_with("Methods\n")).expect("a section of methods");
    let mut told: BTreeMap<String, (String, String)> = BTreeMap::new();
    for row in section.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        for name in names_of(cells[1]) {
            told.insert(name, (cells[2].to_owned(), cells[3].to_owned()));
        }
    }
    let mut wrong = Vec::new();
    for method in TABLE {
        let Some((scope, who)) = told.remove(method.name) else {
            wrong.push(format!("{} is not on the page", method.name));
            continue;
        };
        let fits = match method.who {
            Who::AdminByApp => who == "app, admin",
            Who::Admin => who == "admin",
            Who::Anyone => who != "app, admin" && who != "admin",
        };
        let scope_fits =
            scope.contains(&format!("`{}`", method.scope)) || (scope.is_empty() && method.scope.is_empty());
        if !fits || !scope_fits {
            wrong.push(format!("{}: the page says scope {scope}, who {who}", method.name));
        }
    }
    wrong.extend(told.keys().map(|name| format!("{name} is no method")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn guides_are_alike_in_both_languages_and_the_index_leads_to_them() {
    let names = |language: &str| -> BTreeSet<String> {
        let folder = fs::read_dir(root().join("docs/guide").join(language)).expect("guides");
        folder.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect()
    };
    let english = names("en");
    assert_eq!(english, names("ru"));
    let index = read("docs/README.md");
    let shape = |text: &str| {
        let count = |start: &str| text.lines().filter(|line| line.starts_with(start)).count();
        (count("#"), count("|"), count("```"))
    };
    for name in english {
        for language in ["en", "ru"] {
            assert!(index.contains(&format!("(guide/{language}/{name})")), "docs/README.md: {language}/{name}");
        }
        let [en, ru] = ["en", "ru"].map(|language| shape(&read(&format!("docs/guide/{language}/{name}"))));
        assert_eq!(en, ru, "{name}: headings, rows of tables, fences of code");
    }
}

#[test]
fn decisions_that_documents_name_are_there() {
    let folder = fs::read_dir(root().join("docs/adr")).expect("decisions");
    let numbers: BTreeSet<u32> = folder
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok()?.split('-').next()?.parse().ok())
        .collect();
    assert_eq!(numbers, (1..=numbers.len() as u32).collect(), "numbers run from 1 without a gap");
    for (document, text) in documents() {
        for rest in text.split("ADR ").skip(1) {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            let there = digits.parse().map_or(true, |n: u32| numbers.contains(&n));
            assert!(there, "{document}: ADR {digits}");
        }
    }
}
