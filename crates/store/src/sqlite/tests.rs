//! What only SQLite promises: plans, the log, the file.

use super::*;
use crate::*;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

#[test]
fn smoke() {
    runtime().block_on(async {
        let store = SqliteStore::open_in_memory().unwrap();
        assert_eq!(store.next_id(IdKind::User).await.unwrap(), 1);
        store.commit_one(Unit::of(SettingWrite::Put { key: "a".into(), value: 1.into() })).await.unwrap();
        assert_eq!(store.setting("a").await.unwrap(), Some(1.into()));
        store.close().await;
    });
}
