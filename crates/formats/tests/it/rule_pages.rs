//! Every rule that this crate and the one of decisions report has a page, in both languages, and every page a rule.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
        if entry.is_dir() { sources(&entry, into) } else { into.push(entry) }
    }
}

#[test]
fn rules_and_pages_match() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    sources(&root.join("../dmn/src"), &mut files);
    let mut used = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(file).unwrap();
        let quoted = text.split('"').skip(1).step_by(2);
        used.extend(
            quoted
                .filter(|q| {
                    q.split_once('-').is_some_and(|(family, n)| {
                        ["LN", "BPT", "DMN"].contains(&family) && n.len() == 2 && n.bytes().all(|b| b.is_ascii_digit())
                    })
                })
                .map(str::to_owned),
        );
    }
    let pages: BTreeSet<String> = std::fs::read_dir(root.join("../../docs/rules"))
        .unwrap()
        .filter_map(|e| e.unwrap().path().file_stem().map(|s| s.to_string_lossy().into_owned()))
        .filter(|name| name != "README")
        .collect();
    assert_eq!(used, pages);
}

/// The designer shows what stands above the line to people who read English, and what stands below to the others.
#[test]
fn pages_stand_in_both_languages() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let parts = |text: &str, words: [&str; 3]| words.iter().all(|word| text.contains(&format!("**{word}** ")));
    let russian = |text: &str| text.chars().filter(|c| ('а'..='я').contains(c)).count();
    for file in files {
        let (name, text) =
            (file.file_stem().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(&file).unwrap());
        if name == "README" {
            continue;
        }
        let (en, ru) = text.split_once("\n---\n").unwrap_or_else(|| panic!("{name} stands in one language"));
        for half in [en, ru] {
            assert!(half.trim_start().starts_with(&format!("# {name}: ")), "{name}: {half}");
        }
        assert!(parts(en, ["Severity.", "Cause.", "Mend it."]), "{name}: {en}");
        assert!(parts(ru, ["Важность.", "Причина.", "Как исправить."]), "{name}: {ru}");
        assert!(russian(en) == 0 && russian(ru) > 100 && !ru.contains("\n---\n"), "{name}");
    }
}
