//! Acknowledged means durable: a process is killed in the middle of its commits, and nothing that it was told to be
//! committed is missing afterwards.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    sync::Arc,
};
use store::{SettingWrite, SharedStore, SqliteOptions, SqliteStore, Unit};

const DATABASE: &str = "STORE_CRASH_TEST_DATABASE";
const MARK: &str = "committed ";

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(future)
}

/// The process that is killed: eight callers commit pairs of settings for ever and say so. A test only by name, so
/// that it can be started by its own test binary.
#[test]
fn victim() {
    let Ok(path) = std::env::var(DATABASE) else { return };
    let process = std::process::id();
    block_on(async {
        let store: SharedStore = Arc::new(SqliteStore::open(path, SqliteOptions::default()).expect("a database"));
        let mut callers = tokio::task::JoinSet::new();
        for caller in 0..8 {
            let store = store.clone();
            callers.spawn(async move {
                for n in 0_u64.. {
                    let put = |half: &str| SettingWrite::Put {
                        key: format!("{process}.{caller}.{n}.{half}"),
                        value: n.into(),
                    };
                    store.commit_one(Unit::of(put("a")).with(put("b"))).await.expect("a commit");
                    println!("{MARK}{process}.{caller}.{n}");
                }
            });
        }
        while callers.join_next().await.is_some() {}
    });
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("ruslo.db");
    let mut acknowledged = Vec::new();
    for round in 1..=3 {
        let mut victim = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "crash::victim", "--nocapture"])
            .env(DATABASE, &path)
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let output = BufReader::new(victim.stdout.take().expect("its output"));
        for line in output.lines().map_while(Result::ok) {
            if let Some(place) = line.find(MARK) {
                acknowledged.push(line[place + MARK.len()..].to_owned());
                if acknowledged.len() >= round * 60 {
                    break;
                }
            }
        }
        victim.kill().expect("a kill");
        victim.wait().expect("its end");
    }
    let store = SqliteStore::open(&path, SqliteOptions::default()).expect("the database opens again");
    let kept = block_on(async { store::Settings::settings(&store, "").await.expect("a read") });
    let keys: std::collections::HashSet<String> = kept.into_iter().map(|(key, _)| key).collect();
    for key in &acknowledged {
        assert!(keys.contains(&format!("{key}.a")) && keys.contains(&format!("{key}.b")), "{key} is lost");
    }
    assert!(acknowledged.len() >= 180);
    assert!(keys.len().is_multiple_of(2), "no unit was committed by half");
}
