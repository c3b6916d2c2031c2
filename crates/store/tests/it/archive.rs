//! A content leaves a database in use, whole and of one moment, and comes back from a file.

use model::{FileId, Timestamp};
use serde_json::json;
use std::sync::Arc;
use store::{
    FileRow, IdKind, SettingWrite, SharedStore, SqliteExport, SqliteImport, SqliteOptions, SqliteStore, StoreError,
    Unit,
    archive::{self, Export, Import, Part, file},
};

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(future)
}

fn put(key: &str, value: serde_json::Value) -> Unit {
    Unit::of(SettingWrite::Put { key: key.into(), value })
}

async fn filled(path: &std::path::Path) -> SharedStore {
    let store: SharedStore = Arc::new(SqliteStore::open(path, SqliteOptions::default()).expect("a database"));
    let mut units: Vec<Unit> = (0..2_000).map(|n| put(&format!("k{n:05}"), json!({"n": n, "ё": null}))).collect();
    let row = FileRow {
        id: FileId(store.next_id(IdKind::File).await.expect("an id")),
        name: "photo".into(),
        media_type: "image/png".into(),
        size: 3_000_000,
        created_at: Timestamp(1),
        created_by: None,
    };
    units.push(Unit::of(SettingWrite::InsertFile { row, bytes: (0..3_000_000_u32).map(|n| n as u8).collect() }));
    for done in store.commit(units).await.expect("a commit") {
        done.expect("a unit");
    }
    store
}

#[test]
fn a_backup_of_a_database_in_use_restores_to_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let (first, second, kept) = (folder.path().join("a.db"), folder.path().join("b.db"), folder.path().join("c"));
    block_on(async {
        let store = filled(&first).await;
        let before = archive::sums(&mut SqliteExport::open(&first).expect("an export")).await.expect("sums");
        let mut export = SqliteExport::open(&first).expect("an export");
        // The export has begun: what is committed from now on is not part of it.
        let table = export.next().await.expect("a part");
        assert!(matches!(table, Some(Part::Table { .. })));
        store.commit_one(put("later", json!(1))).await.expect("a commit");
        let head = file::Head { schema: export.schema(), version: "1".into(), database: "sqlite".into(), made_at: 0 };
        let mut writer = file::Writer::new(std::fs::File::create(&kept).expect("a file"), head).expect("an archive");
        writer.put(table.expect("a table")).expect("written");
        while let Some(part) = export.next().await.expect("a part") {
            writer.put(part).expect("written");
        }
        let (sums, _) = writer.finish().expect("written");
        assert_eq!(sums, before);
        assert_eq!(sums["settings"].rows, 2_000);

        let reader = file::Reader::new(std::fs::File::open(&kept).expect("a file")).expect("an archive");
        let import = SqliteImport::open(&second, reader.head().schema).expect("an empty database");
        file::read(reader, Box::new(import)).await.expect("a restore");
        let restored = archive::sums(&mut SqliteExport::open(&second).expect("an export")).await.expect("sums");
        assert_eq!(archive::difference(&restored, &before), None);
        let store = SqliteStore::open(&second, SqliteOptions::default()).expect("it opens");
        assert!(store::Settings::setting(&store, "later").await.expect("a read").is_none());
        assert_eq!(
            store::Settings::file_bytes(&store, FileId(1)).await.expect("a read").map(|b| b.len()),
            Some(3_000_000)
        );
        let next = store::Store::next_id(&store, IdKind::File).await.expect("an id");
        assert!(next > 1, "ids go on after those in use");
    });
}

#[test]
fn a_database_in_use_takes_no_import_and_half_an_import_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (first, second) = (folder.path().join("a.db"), folder.path().join("b.db"));
    block_on(async {
        filled(&first).await.close().await;
        let refused = SqliteImport::open(&first, 3).expect_err("it holds rows");
        assert!(matches!(refused, StoreError::Failed { .. }), "{refused:?}");
        let newer = SqliteImport::open(&second, 999).expect_err("a newer schema");
        assert!(matches!(newer, StoreError::NewerSchema { found: 999, .. }));

        let mut export = SqliteExport::open(&first).expect("an export");
        let mut import: Box<dyn Import> = Box::new(SqliteImport::open(&second, export.schema()).expect("empty"));
        for _ in 0..30 {
            if let Some(part) = export.next().await.expect("a part") {
                import.put(part).await.expect("taken");
            }
        }
        drop(import);
        SqliteImport::open(&second, export.schema()).expect("still empty");
        // It would be taken, and then differ from what was put in: newer tables have more columns.
        let older = SqliteImport::open(&second, export.schema() - 1).expect_err("newer tables");
        assert!(format!("{older:?}").contains("without tables"), "{older:?}");
    });
}
