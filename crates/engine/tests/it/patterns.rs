//! The control-flow patterns of `examples/patterns`: each model does what its `.case` asks and gives its golden events.
//!
//! `UPDATE_EXPECT=1 cargo test -p engine --test it patterns::` writes the goldens anew; `CASES=09` takes those whose
//! name contains it.

use crate::support;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/patterns");
    let mut cases: Vec<PathBuf> = fs::read_dir(root).unwrap().map(|e| e.unwrap().path()).collect();
    cases.retain(|path| path.extension().is_some_and(|e| e == "case"));
    cases.sort();
    cases
}

#[test]
fn all_43_patterns_have_an_example() {
    let numbers: Vec<usize> = (cases().iter())
        .map(|case| case.file_name().unwrap().to_string_lossy().split('-').next().unwrap().parse().unwrap())
        .collect();
    assert_eq!(numbers, (1..=43).collect::<Vec<_>>());
}

#[test]
fn every_pattern_gives_its_golden_events() {
    let mut cases = cases();
    if let Ok(wanted) = std::env::var("CASES") {
        cases.retain(|case| case.to_string_lossy().contains(&wanted));
    }
    let failed: Vec<&PathBuf> =
        cases.iter().filter(|case| catch_unwind(AssertUnwindSafe(|| check(case))).is_err()).collect();
    assert!(failed.is_empty(), "failed: {failed:#?}");
}

fn check(case: &Path) {
    let (events, _) = support::script::run(case);
    expect_test::expect_file![case.with_extension("golden")].assert_eq(&events);
}
