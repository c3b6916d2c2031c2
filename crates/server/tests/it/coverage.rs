//! `docs/support/bpmn.md` is made from the tests: every rule and every element names the tests that show it, and a row
//! without a test fails here.
//!
//! `UPDATE_EXPECT=1 cargo test -p server --test it coverage::` writes the page anew.
#![allow(clippy::unwrap_used, reason = "a broken list should stop the test where it is read")]

use expect_test::expect_file;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Names of tests: functions as they are, cases as `case:folder/name`, models of the importer as `golden:folder/name`.
struct Tests {
    names: BTreeSet<String>,
    /// Rules that a case says in its first lines to be about: `# CX-2, CX-3: …`.
    said: BTreeMap<String, BTreeSet<String>>,
}

impl Tests {
    fn read() -> Self {
        let (mut names, mut said) = (BTreeSet::new(), BTreeMap::<String, BTreeSet<String>>::new());
        let mut folders = vec![root().join("crates")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let found = of_file(&path);
                    if let ([case], true) = (found.as_slice(), path.extension().is_some_and(|e| e == "case")) {
                        for rule in rules_said(&fs::read_to_string(&path).unwrap()) {
                            said.entry(rule).or_default().insert(case.clone());
                        }
                    }
                    names.extend(found);
                }
            }
        }
        Self { names, said }
    }

    /// The tests of a rule, a function, a case or a model.
    fn of(&self, wanted: &str) -> Vec<&str> {
        let rule = wanted.split_once('-').filter(|(_, n)| n.bytes().all(|b| b.is_ascii_digit()));
        let Some((group, number)) = rule else {
            return self.names.get(wanted).into_iter().map(String::as_str).collect();
        };
        let (group, number) = (group.to_lowercase(), number.parse::<u32>().unwrap());
        let starts = [format!("{group}_{number}_"), format!("{group}_{number:02}_")];
        let named = |name: &str| {
            let own = name.rsplit(['/', ':']).next().unwrap_or(name);
            // A test of several rules names them all: `ms_6_and_ms_11_…`.
            starts.iter().any(|s| own.starts_with(s) || own.contains(&format!("_{s}")))
        };
        let named = self.names.iter().map(String::as_str).filter(|name| named(name));
        let said = self.said.get(wanted).into_iter().flatten().map(String::as_str);
        named.chain(said).collect()
    }
}

fn of_file(path: &Path) -> Vec<String> {
    let name = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    let folder = |path: &Path| name(path.parent().unwrap());
    match path.extension().and_then(|e| e.to_str()) {
        Some("case") => vec![format!("case:{}/{}", folder(path), name(path))],
        Some("golden") if !path.with_extension("case").exists() => {
            vec![format!("golden:{}/{}", folder(path), name(path))]
        }
        Some("rs") => functions(&fs::read_to_string(path).unwrap()),
        _ => Vec::new(),
    }
}

/// The rules that the comment above a case begins with.
fn rules_said(case: &str) -> Vec<String> {
    let comment = case.lines().map_while(|line| line.strip_prefix('#'));
    let words = comment.flat_map(|line| line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')));
    let is_rule = |word: &&str| {
        let parts = word.split_once('-');
        parts.is_some_and(|(group, number)| {
            group.len() == 2 && group.bytes().all(|b| b.is_ascii_uppercase()) && number.parse::<u32>().is_ok()
        })
    };
    words.filter(is_rule).map(str::to_owned).collect()
}

/// Functions behind a `#[test]` of whatever kind.
fn functions(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut marked = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") || line.starts_with("#[rstest") {
            marked = true;
        } else if marked && let Some(at) = line.find("fn ") {
            found.push(line[at + 3..].split(['(', '<']).next().unwrap_or_default().to_owned());
            marked = false;
        }
    }
    found
}

fn lines(file: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join("docs/support").join(file)).unwrap();
    text.lines().filter(|l| !l.trim().is_empty() && !l.starts_with('#')).map(str::to_owned).collect()
}

fn cell(tests: &BTreeSet<&str>) -> String {
    let shown: Vec<String> = tests.iter().take(4).map(|t| format!("`{t}`")).collect();
    let more = tests.len().saturating_sub(shown.len());
    if more == 0 { shown.join("<br>") } else { format!("{}<br>and {more} more", shown.join("<br>")) }
}

#[test]
fn every_row_of_the_coverage_has_its_tests() {
    let tests = Tests::read();
    let mut open = Vec::new();
    let mut out = String::from(
        "# BPMN 2.0 and its execution here\n\nMade from the tests by `UPDATE_EXPECT=1 cargo test -p server --test it \
         coverage::`; a row without a test fails the build. `case:` are files under `crates/engine/tests/cases`, `golden:` \
         models under `crates/formats/tests/cases`, the rest are test functions.\n",
    );
    for line in lines("bpmn.rows") {
        if let Some(section) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            write!(out, "\n## {section}\n\n| element | shown by |\n|---|---|\n").unwrap();
            continue;
        }
        let (element, evidence) = line.split_once(" | ").unwrap();
        let mut found = BTreeSet::new();
        for wanted in evidence.split_whitespace() {
            let of = tests.of(wanted);
            if of.is_empty() {
                open.push(format!("{element}: no test `{wanted}`"));
            }
            found.extend(of);
        }
        writeln!(out, "| {element} | {} |", cell(&found)).unwrap();
    }
    out.push_str("\n## Rules\n\n| rule | what it says | shown by |\n|---|---|---|\n");
    for line in lines("bpmn.rules") {
        let (rule, says) = line.split_once(' ').unwrap();
        let found: BTreeSet<&str> = tests.of(rule).into_iter().collect();
        if found.is_empty() {
            open.push(format!("{rule}: {says}"));
        }
        writeln!(out, "| {rule} | {says} | {} |", cell(&found)).unwrap();
    }
    expect_file![root().join("docs/support/bpmn.md")].assert_eq(&out);
    assert!(open.is_empty(), "{} rows without a test:\n{}", open.len(), open.join("\n"));
}
