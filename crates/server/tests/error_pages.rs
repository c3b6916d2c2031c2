//! Every registered error code has a page, and every page a code.

use std::{collections::BTreeSet, fs, path::Path};

#[test]
fn codes_and_pages_match() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
    let pages: BTreeSet<String> = fs::read_dir(&folder)
        .expect("docs/errors exists")
        .filter_map(|e| e.ok()?.file_name().to_str()?.strip_suffix(".md").map(str::to_owned))
        .collect();
    let codes: BTreeSet<String> = model::error::codes::ALL.iter().map(|c| c.code.to_owned()).collect();
    assert_eq!(codes.difference(&pages).collect::<Vec<_>>(), Vec::<&String>::new(), "codes without a page");
    assert_eq!(pages.difference(&codes).collect::<Vec<_>>(), Vec::<&String>::new(), "pages without a code");
    for code in model::error::codes::ALL {
        let page = fs::read_to_string(folder.join(format!("{}.md", code.code))).expect("page can be read");
        assert!(page.starts_with(&format!("# {}: {}", code.code, code.title)), "{}: title differs", code.code);
        for part in ["**Cause.**", "**Who mends it.**", "**How.**"] {
            assert!(page.contains(part), "{}: the page lacks {part}", code.code);
        }
    }
}
