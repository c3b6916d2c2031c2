//! Every model of `cases/bpmn` against its golden file: findings and definition.
//! `UPDATE_EXPECT=1 cargo test -p formats` writes them anew.

use crate::common;
use expect_test::expect_file;
use model::limits::Limits;
use std::path::{Path, PathBuf};

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/bpmn");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "bpmn"));
    files.sort();
    files
}

#[test]
fn models_give_their_findings_and_definitions() {
    for file in cases() {
        let imported = formats::import("x.bpmn", &std::fs::read(&file).unwrap(), &Limits::default())
            .unwrap_or_else(|d| panic!("{}: {d:?}", file.display()));
        expect_file![file.with_extension("golden")].assert_eq(&common::dump(&imported));
    }
}

#[test]
fn missing_shapes_are_added_and_then_all_is_there() {
    for file in cases() {
        let source = std::fs::read_to_string(&file).unwrap();
        let once = formats::bpmn::export(&source);
        assert_ne!(once, source, "{}", file.display());
        assert_eq!(formats::bpmn::export(&once), once, "{}: a second export changes nothing", file.display());
        if !file.ends_with("ids_and_references.bpmn") {
            let imported = formats::import("x.bpmn", source.as_bytes(), &Limits::default()).unwrap();
            assert_eq!(imported.bpmn, once);
            common::check_view(&imported);
        }
    }
}

#[test]
fn what_stood_in_the_file_still_stands_there() {
    for file in cases() {
        let source = std::fs::read_to_string(&file).unwrap();
        let out = formats::bpmn::export(&source);
        if file.ends_with("partial_shapes.bpmn") {
            assert!(out.contains("<dc:Bounds x=\"200.5\" y=\"80\" width=\"100\" height=\"80\" />"));
            continue;
        }
        let mut rest = out.as_str();
        for line in source.lines() {
            let at = rest.find(line).unwrap_or_else(|| panic!("{}: {line}", file.display()));
            rest = &rest[at + line.len()..];
        }
    }
}
