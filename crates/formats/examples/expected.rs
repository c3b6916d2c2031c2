//! Compares what our rules find with what another linter's tests expect: `tools/corpora --expect FOLDER`.
//!
//! FOLDER comes from `tools/compat-cases.cjs`: models and `expect.tsv`. `expected.table` beside this file says which of
//! our rules answer to which of theirs, and what is no mistake here. Fails when a model that is wrong here too gives no
//! finding on one of the elements that are named, when one that is right gives an error of such a rule, and when a line
//! of the table is of no use.

use formats::bpmn::import;
use model::limits::Limits;
use model::{Diagnostic, Severity};
use std::cell::Cell;
use std::path::Path;
use std::process::ExitCode;

/// A line of `expect.tsv`.
struct Expected<'a> {
    file: &'a str,
    rule: &'a str,
    valid: bool,
    elements: Vec<String>,
    kind: &'a str,
    name: &'a str,
}

impl<'a> Expected<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let mut parts = line.split('\t');
        let (file, rule, verdict) = (parts.next()?, parts.next()?, parts.next()?);
        let elements = parts.next()?.split(',').filter(|id| *id != "-").map(str::to_owned).collect();
        let (kind, _version, name) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self { file, rule, valid: verdict == "valid", elements, kind, name })
    }
}

/// A line of the table: `RULE[:KIND|:FILE] CODE…` or `RULE[:KIND|:FILE] - why it is no mistake here`.
struct Entry<'a> {
    rule: &'a str,
    part: Option<&'a str>,
    codes: Vec<&'a str>,
    used: Cell<bool>,
}

fn entries(table: &str) -> Vec<Entry<'_>> {
    let lines = table.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let read = |line| -> Option<Entry> {
        let (key, rest) = str::split_once(line, " ")?;
        let (rule, part) = key.split_once(':').map_or((key, None), |(rule, part)| (rule, Some(part)));
        let codes = if rest.starts_with("- ") { Vec::new() } else { rest.split_whitespace().collect() };
        Some(Entry { rule, part, codes, used: Cell::new(false) })
    };
    lines.filter_map(read).collect()
}

/// The entry of a model: that of its file, else of its kind of report, else of its rule.
fn entry<'e, 't>(entries: &'e [Entry<'t>], of: &Expected) -> Option<&'e Entry<'t>> {
    let rule = of.rule.replace(' ', "-");
    let find = |part: Option<&str>| entries.iter().find(|e| e.rule == rule && e.part == part);
    let kind = of.kind.strip_prefix("camunda.").unwrap_or(of.kind);
    let found = find(Some(of.file.trim_end_matches(".bpmn"))).or_else(|| find(Some(kind)).filter(|_| !of.valid));
    let found = found.or_else(|| find(None))?;
    found.used.set(true);
    Some(found)
}

/// The elements and all that stands inside of them: a finding may be about a part.
fn with_parts(elements: &[String], text: &str) -> Vec<String> {
    let Ok(doc) = roxmltree::Document::parse(text) else { return elements.to_vec() };
    let named = |n: &roxmltree::Node| n.attribute("id").is_some_and(|id| elements.iter().any(|e| e == id));
    let inside = doc.descendants().filter(|n| n.ancestors().any(|a| named(&a)));
    inside.filter_map(|n| n.attribute("id")).map(str::to_owned).collect()
}

#[derive(Default)]
struct Tally {
    found: usize,
    runs: usize,
    silent: usize,
    wrong: Vec<String>,
}

fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1) else { return ExitCode::from(2) };
    let folder = Path::new(&folder);
    let Ok(list) = std::fs::read_to_string(folder.join("expect.tsv")) else {
        eprintln!("{} has no expect.tsv; tools/compat-cases.cjs makes one", folder.display());
        return ExitCode::from(2);
    };
    let table = entries(include_str!("expected.table"));
    let mut tally = Tally::default();
    for expected in list.lines().filter_map(Expected::read) {
        let Ok(bytes) = std::fs::read(folder.join(expected.file)) else { continue };
        let findings = import(&bytes, &Limits::default()).map_or_else(|refused| refused, |i| i.diagnostics);
        let Some(entry) = entry(&table, &expected) else {
            tally.wrong.push(format!("{} is not in the table", expected.rule));
            continue;
        };
        let expected =
            Expected { elements: with_parts(&expected.elements, &String::from_utf8_lossy(&bytes)), ..expected };
        judge(&mut tally, &expected, entry, &findings);
    }
    let unused = table.iter().filter(|e| !e.used.get());
    tally.wrong.extend(unused.map(|e| format!("of no use in the table: {} {}", e.rule, e.part.unwrap_or_default())));
    println!("wrong models with a finding   {}", tally.found);
    println!("wrong there, not here         {}", tally.runs);
    println!("right models without an error {}", tally.silent);
    tally.wrong.iter().for_each(|wrong| println!("WRONG {wrong}"));
    if tally.wrong.is_empty() && tally.found > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn judge(tally: &mut Tally, expected: &Expected, entry: &Entry, findings: &[Diagnostic]) {
    let mut of_rule = findings.iter().filter(|d| entry.codes.contains(&d.code.as_str()));
    let (file, name) = (expected.file, expected.name);
    if entry.codes.is_empty() {
        tally.runs += usize::from(!expected.valid);
        tally.silent += usize::from(expected.valid);
    } else if expected.valid && findings.iter().any(|d| d.code == "LN-02") {
        // Their rules pass over what is not executable; here it can not be deployed, and all of it is told.
        tally.silent += 1;
    } else if expected.valid {
        match of_rule.find(|d| d.severity >= Severity::Error) {
            None => tally.silent += 1,
            Some(d) => tally.wrong.push(format!(
                "{file} ({name}) is right, but {} {}: {}",
                d.code,
                d.element.as_deref().unwrap_or("-"),
                d.message
            )),
        }
    } else {
        let on = |d: &Diagnostic| d.element.as_deref().is_some_and(|id| expected.elements.iter().any(|e| e == id));
        if of_rule.any(|d| expected.elements.is_empty() || on(d)) {
            tally.found += 1;
        } else {
            let told: Vec<String> =
                findings.iter().map(|d| format!("{} {}", d.code, d.element.as_deref().unwrap_or("-"))).collect();
            let (kind, elements) = (expected.kind, expected.elements.join(","));
            tally.wrong.push(format!("{file} ({name}, {kind}) has nothing on {elements}: {}", told.join("; ")));
        }
    }
}
