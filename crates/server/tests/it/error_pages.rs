//! Every registered error code has a page and a sentence in both languages of the UI, and none is left over.

use std::{collections::BTreeSet, fs, path::Path};

fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn codes() -> BTreeSet<String> {
    model::error::codes::ALL.iter().map(|c| c.code.to_owned()).collect()
}

#[track_caller]
fn same(found: &BTreeSet<String>, what: &str) {
    let codes = codes();
    assert_eq!(codes.difference(found).collect::<Vec<_>>(), Vec::<&String>::new(), "codes without a {what}");
    assert_eq!(found.difference(&codes).collect::<Vec<_>>(), Vec::<&String>::new(), "a {what} without a code");
}

#[test]
fn codes_and_pages_match() {
    let folder = root().join("docs/errors");
    let pages: BTreeSet<String> = fs::read_dir(&folder)
        .expect("docs/errors exists")
        .filter_map(|e| e.ok()?.file_name().to_str()?.strip_suffix(".md").map(str::to_owned))
        .collect();
    same(&pages, "page");
    for code in model::error::codes::ALL {
        let page = fs::read_to_string(folder.join(format!("{}.md", code.code))).expect("page can be read");
        assert!(page.starts_with(&format!("# {}: {}", code.code, code.title)), "{}: title differs", code.code);
        for part in ["**Cause.**", "**Who mends it.**", "**How.**"] {
            assert!(page.contains(part), "{}: the page lacks {part}", code.code);
        }
    }
}

#[test]
fn people_read_a_sentence_for_every_code() {
    for language in ["en", "ru"] {
        let table = fs::read_to_string(root().join(format!("web/src/i18n/{language}/errors.ts"))).expect("a table");
        let keys = table.lines().filter_map(|line| line.trim().strip_prefix('\'')?.split_once("': '"));
        // The UI's own: there was no answer that a server could have put a code into.
        let said = keys.map(|(code, _)| code.to_owned()).filter(|code| code != "NET-0001").collect();
        same(&said, &format!("sentence in {language}"));
    }
}
