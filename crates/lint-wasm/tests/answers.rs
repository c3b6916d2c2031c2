//! What the rules find natively in the examples, the cases of other crates and the models that the tests of the rules
//! build; the browser's module is held to the same lines (`web/src/features/designer/lint/module.test.ts`).
//!
//! `UPDATE_EXPECT=1 cargo test -p lint-wasm` writes the lines anew. The models of the rules are collected by
//! `RUSLO_RULE_MODELS=FOLDER cargo test -p formats --test it -- lint_rules:: bpmn_rules:: bpt_cases::`; with that
//! folder in `RUSLO_RULE_MODELS` this test takes them over.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const ANSWERS: &str = "tests/answers.txt";
const MODELS: &str = "tests/rule_models.txt";
const FOLDERS: &[&str] = &["examples", "crates"];
/// Longer models say little more and weigh much.
const LENGTH_MAX: usize = 3_000;

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// FNV-1a: short, and easily written in another language.
fn hash(text: &str) -> String {
    let mix = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(16_777_619);
    format!("{:08x}", text.bytes().fold(2_166_136_261, mix))
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|e| e == "bpmn" || e == "dmn") {
            found.push(path);
        }
    }
}

/// Models by name: a path, or a number among the models of the rules.
fn models() -> BTreeMap<String, String> {
    let root = here("../..");
    let mut files = Vec::new();
    FOLDERS.iter().for_each(|folder| collect(&root.join(folder), &mut files));
    let mut models = BTreeMap::new();
    for file in files {
        let name = file.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
        if let Ok(source) = std::fs::read_to_string(&file) {
            models.insert(name, source);
        }
    }
    for (at, line) in std::fs::read_to_string(here(MODELS)).unwrap().lines().enumerate() {
        models.insert(format!("#{at}"), serde_json::from_str(line).unwrap());
    }
    models
}

/// Name, hash of the model, number of findings, hash of the findings. A module for the browser knows nothing of
/// JavaScript's syntax.
fn line(name: &str, source: &str) -> String {
    let answer: serde_json::Value = serde_json::from_str(&lint_wasm::check(source, None)).unwrap();
    let mut told = String::new();
    let mut count = 0;
    for d in answer["diagnostics"].as_array().unwrap() {
        let text = |key: &str| d[key].as_str().unwrap_or("-");
        if text("message").contains("the script can not be read") {
            continue;
        }
        count += 1;
        let (code, severity, element) = (text("code"), text("severity"), text("element"));
        let _ = writeln!(told, "{}:{} {code} {severity} {element}: {}", d["line"], d["column"], text("message"));
    }
    format!("{name} {} {count} {}", hash(source), hash(&told))
}

/// Takes over what the tests of the rules have left in a folder.
fn take_over(folder: &Path) {
    let texts = std::fs::read_dir(folder).unwrap().map(|e| std::fs::read_to_string(e.unwrap().path()).unwrap());
    let mut texts: Vec<String> = texts.filter(|text| text.len() <= LENGTH_MAX).collect();
    texts.sort();
    let lines = texts.iter().map(|text| serde_json::to_string(text).unwrap() + "\n");
    std::fs::write(here(MODELS), lines.collect::<String>()).unwrap();
}

#[test]
fn answers_are_those_that_the_browser_is_held_to() {
    if let Ok(folder) = std::env::var("RUSLO_RULE_MODELS") {
        take_over(Path::new(&folder));
    }
    let now: Vec<String> = models().iter().map(|(name, source)| line(name, source)).collect();
    if std::env::var("UPDATE_EXPECT").is_ok_and(|v| v == "1") {
        std::fs::write(here(ANSWERS), now.join("\n") + "\n").unwrap();
    }
    let listed = std::fs::read_to_string(here(ANSWERS)).unwrap();
    // A model that has changed since is another model; what is found in an unchanged one is what was.
    let key = |line: &str| line.rsplitn(3, ' ').nth(2).unwrap_or_default().to_owned();
    let known: BTreeMap<String, &str> = listed.lines().map(|line| (key(line), line)).collect();
    let (same, new): (Vec<&String>, Vec<&String>) = now.iter().partition(|line| known.contains_key(&key(line)));
    let wrong: Vec<_> = same.iter().filter(|line| known.get(&key(line)) != Some(&line.as_str())).collect();
    assert!(wrong.is_empty(), "UPDATE_EXPECT=1 when these findings are right:\n{wrong:#?}");
    assert!(new.len() * 5 < same.len(), "UPDATE_EXPECT=1 lists the new and changed models: {new:#?}");
}
