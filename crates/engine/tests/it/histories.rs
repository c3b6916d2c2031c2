//! Recorded histories replay to the recorded state, for ever (rule 4).
//!
//! `histories/NAME.events` and `NAME.snapshot` are bytes that a released version wrote; they are never written anew.
//! After adding a variant, record one more:
//! `RECORD=topic/case cargo test -p engine --test it histories:: -- --ignored`.

use crate::support;
use engine::{Instance, check_invariants, decode_events, encode_events};
use std::fs;
use std::path::{Path, PathBuf};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

#[test]
fn recorded_histories_give_the_recorded_state() {
    let mut seen = 0;
    for entry in fs::read_dir(folder("histories")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "events") {
            continue;
        }
        let events = decode_events(&fs::read(&path).unwrap()).unwrap();
        let replayed = Instance::replay(&events).unwrap();
        check_invariants(&replayed).unwrap();
        let snapshot = Instance::decode(&fs::read(path.with_extension("snapshot")).unwrap()).unwrap();
        assert_eq!(replayed, snapshot, "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 4, "the histories are missing");
}

#[test]
#[ignore = "records a new history"]
fn record() {
    let case = std::env::var("RECORD").expect("RECORD=topic/case");
    let bed = support::script::run(&folder("cases").join(&case).with_extension("case")).1.expect("it was started");
    let path = folder("histories").join(case.replace('/', "-")).with_extension("events");
    assert!(!path.exists(), "a recorded history is never written anew");
    fs::create_dir_all(folder("histories")).unwrap();
    fs::write(&path, encode_events(bed.journal())).unwrap();
    fs::write(path.with_extension("snapshot"), bed.instance().unwrap().encode()).unwrap();
}
