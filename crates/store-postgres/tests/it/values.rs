//! Values at their edges: NUL, every script, large and deep JSON, long lists, numbers to the letter.

use crate::{database, server};
use model::*;
use serde_json::{Value as Json, json};
use std::sync::Arc;
use store::*;
use store_postgres::{PostgresOptions, PostgresStore};

/// Runs a test on an empty database.
fn on_a_store<F: Future<Output = ()>>(test: impl FnOnce(SharedStore, String) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let url = database();
    runtime.expect("a runtime").block_on(async {
        let store = PostgresStore::open(PostgresOptions::new(&url)).await.expect("a store");
        let store: SharedStore = Arc::new(store);
        test(store.clone(), url).await;
        store.close().await;
    });
}

fn record(id: i64, title: &str, data: Json) -> RecordWrite {
    RecordWrite::Insert(Box::new(RecordRow {
        id: RecordId(id),
        catalog: CatalogId(1),
        version: 1,
        title: title.into(),
        data,
        created_at: Timestamp(1),
        created_by: None,
        updated_at: Timestamp(1),
        updated_by: None,
        deleted: false,
    }))
}

async fn found(store: &SharedStore, filter: Filter<RecordField>) -> Vec<i64> {
    let page = store.records(Query::new(filter).order(RecordField::Id, false)).await.expect("records");
    page.rows.iter().map(|r| r.id.0).collect()
}

#[test]
fn a_nul_is_kept_found_and_harms_no_list() {
    on_a_store(|store, _| async move {
        let data = |note: &str| RecordField::Data(note.to_owned());
        let unit = Unit::of(record(1, "with\0nul", json!({"note": "x\0y", "kept": "\u{E000}0"})))
            .with(record(2, "without", json!({"note": "\\u0000", "no\0te": 1})))
            .with(SettingWrite::Put { key: "k\0".into(), value: json!(["\0"]) });
        store.commit_one(unit).await.expect("a commit");
        let row = store.record(RecordId(1)).await.expect("a read").expect("a record");
        assert_eq!((row.title.as_str(), row.data), ("with\0nul", json!({"note": "x\0y", "kept": "\u{E000}0"})));
        assert_eq!(store.setting("k\0").await.expect("a read"), Some(json!(["\0"])));
        assert_eq!(store.setting("k").await.expect("a read"), None);
        let title = |op, text: &str| Filter::is(RecordField::Title, op, text);
        assert_eq!(found(&store, title(Op::Eq, "with\0nul")).await, [1]);
        assert_eq!(found(&store, title(Op::Contains, "\0N")).await, [1]);
        assert_eq!(found(&store, Filter::eq(data("note"), "x\0y")).await, [1]);
        assert_eq!(found(&store, Filter::is(data("note"), Op::Contains, "X")).await, [1]);
        assert_eq!(found(&store, Filter::eq(data("kept"), "\u{E000}0")).await, [1]);
        assert_eq!(found(&store, Filter::is(data("note"), Op::Ne, Scalar::Null)).await, [1, 2]);
    });
}

#[test]
fn json_is_kept_to_the_letter() {
    on_a_store(|store, url| async move {
        let text = r#"{"z":1,"a":1.50,"big":12345678901234567890,"small":1e-7,"dup":[1.0,-0.0,9007199254740993]}"#;
        let data: Json = serde_json::from_str(text).expect("JSON");
        let unit = Unit::of(record(1, "a", data.clone())).with(record(2, "b", json!({"a": 0.1, "z": i64::MAX})));
        store.commit_one(unit).await.expect("a commit");
        let row = store.record(RecordId(1)).await.expect("a read").expect("a record");
        assert_eq!(row.data.to_string(), data.to_string());
        let kept = tokio::task::spawn_blocking(move || server::texts(&url, "SELECT data FROM records WHERE id = 1"));
        assert_eq!(kept.await.expect("text"), [data.to_string()]);
        let data = |key: &str| RecordField::Data(key.to_owned());
        assert_eq!(found(&store, Filter::eq(data("a"), 1.5)).await, [1]);
        assert_eq!(found(&store, Filter::eq(data("a"), 0.1)).await, [2]);
        assert_eq!(found(&store, Filter::eq(data("small"), 1e-7)).await, [1]);
        assert_eq!(found(&store, Filter::eq(data("z"), i64::MAX)).await, [2]);
        assert_eq!(found(&store, Filter::eq(data("z"), i64::MAX - 1)).await, [] as [i64; 0]);
        assert_eq!(found(&store, Filter::eq(data("dup"), 9_007_199_254_740_993_i64)).await, [1]);
    });
}

#[test]
fn a_megabyte_and_a_hundred_levels() {
    on_a_store(|store, _| async move {
        let long = "Ё".repeat(512 * 1024);
        let mut deep = json!("bottom");
        for _ in 0..60 {
            deep = json!({ "a": [deep] });
        }
        let many: serde_json::Map<String, Json> = (0..20_000).map(|n| (format!("field {n}"), n.into())).collect();
        let unit = Unit::of(record(1, "long", json!({ "text": long })))
            .with(record(2, "deep", deep.clone()))
            .with(record(3, "many", Json::Object(many.clone())))
            .with(SettingWrite::InsertFile {
                row: FileRow {
                    id: FileId(1),
                    name: "f".into(),
                    media_type: "m".into(),
                    size: 1,
                    created_at: Timestamp(1),
                    created_by: None,
                },
                bytes: vec![255; 8 << 20],
            });
        store.commit_one(unit).await.expect("a commit");
        for (id, expected) in [(1, json!({ "text": long })), (2, deep), (3, Json::Object(many))] {
            assert_eq!(store.record(RecordId(id)).await.expect("a read").expect("a record").data, expected);
        }
        assert_eq!(store.file_bytes(FileId(1)).await.expect("a read").map(|b| b.len()), Some(8 << 20));
        let data = |key: &str| RecordField::Data(key.to_owned());
        assert_eq!(found(&store, Filter::eq(data("field 19999"), 19_999)).await, [3]);
        assert_eq!(found(&store, Filter::is(data("text"), Op::StartsWith, "ёё")).await, [1]);
        assert_eq!(found(&store, Filter::is(data("a"), Op::Contains, "BOTTOM")).await, [2]);
        let search = Query { text: Some("ёЁё".into()), ..Query::default() };
        assert_eq!(store.records(search).await.expect("records").rows.len(), 1);
    });
}

#[test]
fn conditions_deep_and_lists_long() {
    on_a_store(|store, _| async move {
        let mut unit = Unit::new();
        for id in 1..=3 {
            unit.push(record(id, "r", json!({ "n": id })));
        }
        store.commit_one(unit).await.expect("a commit");
        let n = || RecordField::Data("n".into());
        let mut deep = Filter::eq(n(), 2);
        for level in 0..60 {
            let other = Filter::eq(RecordField::Id, 1_000 + level);
            deep = Filter::Not(Box::new(Filter::Not(Box::new(Filter::Any(vec![deep, other])))));
        }
        assert_eq!(found(&store, deep).await, [2]);
        let long = |of: fn(i64) -> Scalar| (3..60_000).map(of).collect::<Vec<_>>();
        assert_eq!(found(&store, Filter::In(RecordField::Id, long(Scalar::from))).await, [3]);
        assert_eq!(found(&store, Filter::In(n(), long(Scalar::from))).await, [3]);
        assert_eq!(found(&store, Filter::In(RecordField::Title, long(|n| n.to_string().into()))).await, [] as [i64; 0]);
        let wide = Filter::Any((2..2_000).map(|id| Filter::eq(RecordField::Id, id)).collect());
        assert_eq!(found(&store, wide).await, [2, 3]);
        let ids: Vec<RecordId> = (1..60_000).map(RecordId).collect();
        assert_eq!(store.records_by_id(&ids).await.expect("records").len(), 3);
    });
}

#[test]
fn a_broken_row_is_named() {
    on_a_store(|store, url| async move {
        let broken = "INSERT INTO settings VALUES ('a', '{broken')";
        tokio::task::spawn_blocking(move || server::execute(&url, broken)).await.expect("a row");
        let error = store.setting("a").await.expect_err("a broken row");
        assert_eq!(Fault::from(error).code.code, "STO-0004");
    });
}
