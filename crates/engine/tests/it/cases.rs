//! Cases: `cases/<topic>/*.case` (a definition, `---`, steps) give the events of their `.golden`, one a line.
//!
//! After every step the journal must replay to the live state and the snapshot must read back the same.
//! `UPDATE_EXPECT=1 cargo test -p engine --test it cases::` writes the goldens anew; `CASES=join/` takes those whose
//! path contains it.

use crate::support;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

#[test]
fn every_case_gives_its_golden_events() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut cases = Vec::new();
    collect(&root, &mut cases);
    cases.sort();
    assert!(cases.len() > 10, "the cases are missing");
    if let Ok(wanted) = std::env::var("CASES") {
        cases.retain(|case| case.to_string_lossy().contains(&wanted));
    }
    let failed: Vec<&PathBuf> =
        cases.iter().filter(|case| catch_unwind(AssertUnwindSafe(|| check(case))).is_err()).collect();
    assert!(failed.is_empty(), "failed: {failed:#?}");
}

fn check(case: &Path) {
    let events = support::script::run(case).0;
    expect_test::expect_file![case.with_extension("golden")].assert_eq(&events);
}

fn collect(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|e| e == "case") {
            into.push(path);
        }
    }
}
