//! What an archive takes along, and when a schema is left alone.

use crate::server;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};
use std::time::Duration;
use store::archive::{self, Export, Part};
use store::{SettingWrite, SqliteExport, SqliteOptions, SqliteStore, Store, Unit};
use store_postgres::{PostgresExport, PostgresImport, PostgresOptions, PostgresStore};

/// What extensions and other programs lay into a schema that they share with us.
const OTHERS: &str = "CREATE VIEW statements AS SELECT 0.5::double precision AS mean, now() AS since;
    CREATE TABLE theirs (id INTEGER, share REAL); INSERT INTO theirs VALUES (1, 0.5)";
/// Takes the last migration back.
const OLDER: &str =
    "ALTER TABLE instances DROP COLUMN suspended; DROP INDEX messages_kept; DROP INDEX subscriptions_id;
    UPDATE schema_version SET version = 5;
    INSERT INTO nodes (id, url, version, started_at, beat, draining) VALUES (7, 'http://old:8080', '0', 0, 1, false)";

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

async fn tables(export: &mut dyn Export) -> Vec<String> {
    let mut names = Vec::new();
    while let Some(part) = export.next().await.unwrap() {
        if let Part::Table { name, .. } = part {
            names.push(name);
        }
    }
    names
}

#[test]
fn an_archive_holds_every_table_of_ours_and_none_of_others() {
    let (from, to) = (crate::database(), server::database());
    server::execute(&from, OTHERS);
    server::execute(&to, OTHERS);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.db");
    block_on(async {
        SqliteStore::open(&file, SqliteOptions::default()).unwrap().close().await;
        let ours = tables(&mut SqliteExport::open(&file).unwrap()).await;
        assert_eq!(tables(&mut PostgresExport::open(&from).await.unwrap()).await, ours);
        let store = PostgresStore::open(PostgresOptions::new(&from)).await.unwrap();
        let write = SettingWrite::Put { key: "k".to_owned(), value: 1.into() };
        store.commit_one(Unit::of(write)).await.unwrap();
        store.close().await;
        let mut export = PostgresExport::open(&from).await.unwrap();
        let older = PostgresImport::open(&from, export.schema() - 1).await.unwrap_err();
        assert!(format!("{older:?}").contains("has rows"), "{older:?}");
        let import = PostgresImport::open(&to, export.schema()).await.unwrap();
        let moved = archive::copy(&mut export, Box::new(import)).await.unwrap();
        let held = archive::sums(&mut PostgresExport::open(&to).await.unwrap()).await.unwrap();
        assert_eq!(archive::difference(&held, &moved), None);
        let fresh = crate::database();
        let older = PostgresImport::open(&fresh, export.schema() - 1).await.unwrap_err();
        assert!(format!("{older:?}").contains("without tables"), "{older:?}");
    });
}

/// An upgrade with a new schema waits for the nodes that do not know it.
#[test]
fn a_schema_is_not_changed_under_a_node_that_lives() {
    let url = crate::database();
    server::execute(&url, OLDER);
    let lives = Arc::new(AtomicBool::new(true));
    let beating = std::thread::spawn({
        let (url, lives) = (url.clone(), lives.clone());
        move || {
            while lives.load(Relaxed) {
                server::execute(&url, "UPDATE nodes SET beat = beat + 1");
            }
        }
    });
    let beat = || server::texts(&url, "SELECT beat::text FROM nodes").remove(0);
    let first = beat();
    while beat() == first {}
    // Long enough for a beat on a machine that is busy with anything.
    let watched = PostgresOptions { watch: Duration::from_secs(5), ..PostgresOptions::new(&url) };
    let refused = block_on(PostgresStore::open(watched)).expect_err("a node lives");
    lives.store(false, Relaxed);
    beating.join().unwrap();
    assert!(format!("{refused:?}").contains("http://old:8080"), "{refused:?}");
    assert_eq!(server::texts(&url, "SELECT version::text FROM schema_version"), ["5"]);
    // One that was killed stands in the list and beats no more.
    let options = PostgresOptions { watch: Duration::from_millis(20), ..PostgresOptions::new(&url) };
    block_on(async { PostgresStore::open(options).await.unwrap().close().await });
    assert_eq!(server::texts(&url, "SELECT version::text FROM schema_version"), ["6"]);
}
