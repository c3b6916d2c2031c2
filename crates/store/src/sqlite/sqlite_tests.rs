//! What only SQLite promises: plans, the log, the file.

use super::{
    PAGE_BYTES, SqliteOptions, SqliteStore, apps, connect, incidents, jobs, list::Words, migrate, outbox, people,
    retention, tasks, timers,
};
use crate::lists::{
    Sql,
    fields::{INCIDENTS, INSTANCES, RECORDS},
};
use crate::{
    Filter, InboxQuery, IncidentField, InstanceField, InstanceState, InstanceWrite, JournalRow, Op, Query, RecordField,
    SettingWrite, Settings, Store, StoreError, TaskField, TaskState, Tasks, Unit,
};
use expect_test::expect;
use model::*;
use rusqlite::{Connection, StatementStatus, params_from_iter};

fn database() -> (tempfile::TempDir, std::path::PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ruslo.db");
    (directory, path)
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(future)
}

fn fast() -> SqliteOptions {
    SqliteOptions { durable: false, ..SqliteOptions::default() }
}

fn plan(connection: &Connection, name: &str, sql: &Sql<rusqlite::types::Value>) -> String {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {}", sql.text)).unwrap();
    let missing = statement.parameter_count() - sql.values.len();
    let mut values = sql.values.clone();
    values.extend(std::iter::repeat_n(rusqlite::types::Value::Null, missing));
    let mut text = format!("{name}\n");
    let rows = statement.query_map(params_from_iter(values), |row| row.get::<_, String>(3)).unwrap();
    for row in rows {
        text.push_str(&format!("  {}\n", row.unwrap()));
    }
    text
}

/// A plan may say SCAN only where it reads an index in the order wanted and stops at the limit.
#[test]
fn hot_queries_read_no_whole_table() {
    use {InstanceField as I, TaskField as T};
    let (_directory, path) = database();
    let mut connection = connect(&path, &fast(), false).unwrap();
    migrate::migrate(&mut connection).unwrap();
    let instances = |query: Query<I>| INSTANCES.rows_sql::<Words>(&query, None);
    let tasks = |query: Query<T>| tasks::LIST.rows_sql::<Words>(&query, None);
    let active = Filter::eq(I::State, InstanceState::Active);
    let one_definition = Filter::eq(I::Definition, DefinitionId(1));
    let inbox = |done, groups: &[&str]| {
        let groups = groups.iter().map(|g| (*g).to_owned()).collect();
        tasks::inbox_sql(&InboxQuery { user: UserId(1), groups, done, text: None, limit: 50, offset: 0 })
    };
    let pairs = Query::new(Filter::eq(T::User, UserId(1)).and(Filter::eq(T::UserStatus, 0)));
    let walk = Query::new(Filter::is(T::Id, Op::Gt, 5)).order(T::Id, false);
    let cases = [
        ("instances, newest", instances(Query::default())),
        ("instances, active", instances(Query::new(active.clone()))),
        ("instances, active by change", instances(Query::new(active.clone()).order(I::UpdatedAt, true))),
        ("instances of a definition", instances(Query::new(one_definition.clone()))),
        ("instances of a definition, active", instances(Query::new(one_definition.and(active.clone())))),
        ("instances of a process", instances(Query::new(Filter::eq(I::ProcessId, "a").and(active)))),
        ("instances of a record", instances(Query::new(Filter::eq(I::DocumentRecord, RecordId(1))))),
        ("instances of a starter", instances(Query::new(Filter::eq(I::StartedBy, UserId(1))))),
        ("instances with incidents", instances(Query::new(Filter::is(I::Incidents, Op::Gt, 0)))),
        ("tasks, open", tasks(Query::new(Filter::eq(T::State, TaskState::Open)))),
        ("tasks of an instance", tasks(Query::new(Filter::eq(T::Instance, InstanceId(1))))),
        ("pairs of a person", tasks::PAIRS.rows_sql::<Words>(&pairs, None)),
        ("pairs, walked", tasks::PAIRS.rows_sql::<Words>(&walk, None)),
        ("inbox, with groups", inbox(false, &["a"])),
        ("inbox, done", inbox(true, &[])),
        ("inbox, counted", tasks::inbox_count_sql(UserId(1), &[], 9)),
        ("inbox, counted, with groups", tasks::inbox_count_sql(UserId(1), &["a".to_owned()], 9)),
        ("timers due", Sql::new(timers::DUE)),
        ("timers due, of partitions", Sql::new(timers::DUE_IN)),
        ("jobs open", Sql::new(jobs::OPEN)),
        ("jobs open, of partitions", Sql::new(jobs::OPEN_IN)),
        ("jobs activated", Sql::new(jobs::ACTIVATE)),
        ("job of an event", Sql::new(jobs::BY_EVENT)),
        ("effects due", Sql::new(outbox::DUE)),
        ("effects due, of partitions", Sql::new(outbox::DUE_IN)),
        ("calls of an instance", Sql::new(incidents::CALLS)),
        ("incidents, open", INCIDENTS.rows_sql::<Words>(&Query::new(Filter::eq(IncidentField::Open, true)), None)),
        ("instances ended", Sql::new(retention::ENDED)),
        ("instances ended, counted", Sql::new(retention::ENDED_COUNT)),
        ("journals to pack", Sql::new(retention::LONG)),
        ("token by access", Sql::new(apps::BY_ACCESS)),
        ("token by refresh", Sql::new(apps::BY_REFRESH)),
        ("notifications", Sql::new(people::NOTES)),
        (
            "records",
            RECORDS.rows_sql::<Words>(&crate::living_records(Query::new(Filter::eq(RecordField::Catalog, 1))), None),
        ),
    ];
    let plans: String = cases.iter().map(|(name, sql)| plan(&connection, name, sql)).collect();
    expect![[r#"
        instances, newest
          SCAN i
        instances, active
          SCAN i USING INDEX instances_active
        instances, active by change
          SCAN i USING INDEX instances_updated_active
        instances of a definition
          SEARCH i USING INDEX instances_definition (definition_id=?)
        instances of a definition, active
          SEARCH i USING INDEX instances_definition_active (definition_id=?)
        instances of a process
          SEARCH i USING INDEX instances_definition_active (definition_id=?)
          LIST SUBQUERY 1
          SEARCH d USING COVERING INDEX sqlite_autoindex_definitions_1 (process_id=?)
          USE TEMP B-TREE FOR ORDER BY
        instances of a record
          SEARCH i USING INDEX instances_document (document_record=?)
        instances of a starter
          SEARCH i USING INDEX instances_started_by (started_by=?)
        instances with incidents
          SCAN i USING INDEX instances_incidents
        tasks, open
          SCAN t USING INDEX user_tasks_open
        tasks of an instance
          SEARCH t USING INDEX user_tasks_instance (instance_id=?)
        pairs of a person
          SEARCH a USING INDEX task_assignees_inbox (user_id=?)
          SEARCH t USING INTEGER PRIMARY KEY (rowid=?)
          SEARCH i USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN
          USE TEMP B-TREE FOR ORDER BY
        pairs, walked
          SEARCH t USING INTEGER PRIMARY KEY (rowid>?)
          SEARCH a USING PRIMARY KEY (task_id=?)
          SEARCH i USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN
        inbox, with groups
          CO-ROUTINE (subquery-4)
          MERGE (UNION)
          LEFT
          CO-ROUTINE (subquery-1)
          SEARCH x USING COVERING INDEX task_assignees_inbox (user_id=? AND waiting=?)
          SCAN (subquery-1)
          USE TEMP B-TREE FOR ORDER BY
          RIGHT
          CO-ROUTINE (subquery-3)
          SEARCH x USING COVERING INDEX task_groups_inbox (group_key=? AND waiting=?)
          SCAN (subquery-3)
          USE TEMP B-TREE FOR ORDER BY
          SCAN (subquery-4)
          USE TEMP B-TREE FOR LAST 2 TERMS OF ORDER BY
        inbox, done
          CO-ROUTINE (subquery-1)
          SEARCH x USING COVERING INDEX task_assignees_inbox (user_id=? AND waiting=?)
          SCAN (subquery-1)
        inbox, counted
          CO-ROUTINE (subquery-1)
          SEARCH x USING COVERING INDEX task_assignees_inbox (user_id=? AND waiting=?)
          SCAN (subquery-1)
        inbox, counted, with groups
          CO-ROUTINE (subquery-4)
          MERGE (UNION)
          LEFT
          CO-ROUTINE (subquery-1)
          SEARCH x USING COVERING INDEX task_assignees_inbox (user_id=? AND waiting=?)
          SCAN (subquery-1)
          USE TEMP B-TREE FOR ORDER BY
          RIGHT
          CO-ROUTINE (subquery-3)
          SEARCH x USING COVERING INDEX task_groups_inbox (group_key=? AND waiting=?)
          SCAN (subquery-3)
          USE TEMP B-TREE FOR ORDER BY
          SCAN (subquery-4)
        timers due
          SEARCH timers USING INDEX timers_due (due_at<?)
        timers due, of partitions
          SEARCH timers USING INDEX timers_due (due_at<?)
          LIST SUBQUERY 1
          SCAN json_each VIRTUAL TABLE INDEX 1:
          CREATE BLOOM FILTER
        jobs open
          SEARCH jobs USING INDEX jobs_open (job_type=? AND lease_until<?)
        jobs open, of partitions
          SEARCH jobs USING INDEX jobs_open (job_type=? AND lease_until<?)
          LIST SUBQUERY 1
          SCAN json_each VIRTUAL TABLE INDEX 1:
          CREATE BLOOM FILTER
        jobs activated
          SEARCH jobs USING INTEGER PRIMARY KEY (rowid=?)
          LIST SUBQUERY 1
          SEARCH jobs USING COVERING INDEX jobs_open (job_type=? AND lease_until<?)
          CORRELATED SCALAR SUBQUERY 2
          SEARCH i USING INTEGER PRIMARY KEY (rowid=?)
          CORRELATED SCALAR SUBQUERY 3
          SEARCH i USING INTEGER PRIMARY KEY (rowid=?)
          CORRELATED SCALAR SUBQUERY 4
          SEARCH i USING INTEGER PRIMARY KEY (rowid=?)
        job of an event
          SEARCH jobs USING INDEX jobs_event (event_id=?)
        effects due
          SEARCH outbox USING INDEX outbox_due (due_at<?)
        effects due, of partitions
          SEARCH outbox USING INDEX outbox_due (due_at<?)
          LIST SUBQUERY 1
          SCAN json_each VIRTUAL TABLE INDEX 1:
          CREATE BLOOM FILTER
        calls of an instance
          SEARCH calls USING INDEX calls_instance (instance_id=?)
        incidents, open
          SCAN i USING INDEX incidents_open
        instances ended
          SEARCH i USING INDEX instances_finished (definition_id=? AND finished_at<?)
          LIST SUBQUERY 1
          SCAN json_each VIRTUAL TABLE INDEX 1:
          CREATE BLOOM FILTER
          CORRELATED SCALAR SUBQUERY 2
          SEARCH r USING INTEGER PRIMARY KEY (rowid=?)
        instances ended, counted
          CO-ROUTINE (subquery-2)
          SEARCH i USING INDEX instances_finished (definition_id=? AND finished_at<?)
          CORRELATED SCALAR SUBQUERY 1
          SEARCH r USING INTEGER PRIMARY KEY (rowid=?)
          SCAN (subquery-2)
        journals to pack
          SEARCH instances USING INDEX instances_unpacked (finished_at>? AND finished_at<?)
          LIST SUBQUERY 1
          SCAN json_each VIRTUAL TABLE INDEX 1:
          CREATE BLOOM FILTER
        token by access
          SEARCH oauth_tokens USING INDEX sqlite_autoindex_oauth_tokens_1 (access_hash=?)
        token by refresh
          MULTI-INDEX OR
          INDEX 1
          SEARCH oauth_tokens USING INDEX sqlite_autoindex_oauth_tokens_2 (refresh_hash=?)
          INDEX 2
          SEARCH oauth_tokens USING INDEX oauth_tokens_prev (prev_refresh_hash=?)
          USE TEMP B-TREE FOR ORDER BY
        notifications
          SEARCH notifications USING INDEX notifications_user (user_id=? AND rowid<?)
        records
          SEARCH r USING INDEX records_catalog (catalog_id=? AND deleted=?)
    "#]]
    .assert_eq(&plans);
}

/// Preparing costs several times what running a short statement does.
#[test]
fn other_values_do_not_prepare_a_statement_again() {
    let (_directory, path) = database();
    let mut connection = connect(&path, &fast(), false).unwrap();
    migrate::migrate(&mut connection).unwrap();
    for (sql, parameters) in [(jobs::ACTIVATE, 5), (jobs::OPEN, 3), (timers::DUE, 2), (jobs::BY_EVENT, 1)] {
        for round in 0..4 {
            let mut statement = connection.prepare_cached(sql).unwrap();
            let mut rows = statement.query(params_from_iter((0..parameters).map(|n| n + round))).unwrap();
            while rows.next().unwrap().is_some() {}
            drop(rows);
            assert_eq!(statement.get_status(StatementStatus::RePrepare), 0, "{sql}");
        }
    }
}

#[test]
fn a_newer_schema_is_refused() {
    let (_directory, path) = database();
    drop(SqliteStore::open(&path, fast()).unwrap());
    let connection = Connection::open(&path).unwrap();
    connection.pragma_update(None, "user_version", migrate::KNOWN + 1).unwrap();
    drop(connection);
    let error = SqliteStore::open(&path, fast()).unwrap_err();
    assert!(matches!(error, StoreError::NewerSchema { found, known } if found == known + 1), "{error:?}");
    assert_eq!(Fault::from(error).code.code, "STO-0003");
}

#[test]
fn a_new_database_has_small_pages_and_an_old_one_keeps_its_own() {
    let page = |path: &std::path::Path| -> i64 {
        let connection = Connection::open(path).unwrap();
        connection.query_row("PRAGMA page_size", [], |row| row.get(0)).unwrap()
    };
    let (_directory, path) = database();
    drop(SqliteStore::open(&path, fast()).unwrap());
    assert_eq!(page(&path), PAGE_BYTES);

    let (_directory, path) = database();
    let old = Connection::open(&path).unwrap();
    old.execute_batch("PRAGMA page_size = 4096; PRAGMA journal_mode = wal; CREATE TABLE t (x); DROP TABLE t").unwrap();
    drop(old);
    drop(SqliteStore::open(&path, fast()).unwrap());
    assert_eq!(page(&path), 4_096);
}

#[test]
fn commits_wait_for_the_disk() {
    let (_directory, path) = database();
    let read = |options: &SqliteOptions| -> (String, i64) {
        let connection = connect(&path, options, false).unwrap();
        let mode = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
        (mode, connection.query_row("PRAGMA synchronous", [], |row| row.get(0)).unwrap())
    };
    assert_eq!(read(&SqliteOptions::default()), ("wal".into(), 2));
    assert_eq!(read(&fast()), ("wal".into(), 0));
}

#[test]
fn a_value_that_sqlite_refuses_harms_its_own_unit_only() {
    block_on(async {
        let (_directory, path) = database();
        let store = SqliteStore::open(&path, fast()).unwrap();
        let put = |key: &str, value: i64| Unit::of(SettingWrite::Put { key: key.into(), value: value.into() });
        // A blob over SQLite's limit of 1,000,000,000 bytes is slow to make: a journal without its table does as well.
        let journal =
            JournalRow { partition: PartitionId(0), instance: InstanceId(1), seq: 1, at: Timestamp(1), events: vec![] };
        Connection::open(&path).unwrap().execute_batch("DROP TABLE journal").unwrap();
        let bad = put("b", 2).with(InstanceWrite::Journal(journal));
        let results = store.commit(vec![put("a", 1), bad, put("c", 3)]).await.unwrap();
        assert!(matches!(results[1], Err(StoreError::Failed { .. })), "{results:?}");
        let keys: Vec<String> = store.settings("").await.unwrap().into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["a", "c"]);
    });
}

#[test]
fn the_log_stays_bounded_under_load() {
    let (_directory, path) = database();
    let options = SqliteOptions { checkpoint_pages: 50, log_pages: 400, ..fast() };
    let store = SqliteStore::open(&path, options).unwrap();
    let put = |n: i64| {
        let value = serde_json::Value::from("x".repeat(2_000));
        Unit::of(SettingWrite::Put { key: format!("k{}", n % 500), value })
    };
    block_on(async {
        for n in 0..2_000 {
            store.commit_one(put(n)).await.unwrap();
        }
        let after_load = store.stats().log_pages;
        assert!(after_load < 800, "{after_load} pages");
        assert!(store.stats().checkpoints > 0);
        // A reader in the middle of a long read holds the log back; nobody waits for it, and it shrinks afterwards.
        let reader = Connection::open(&path).unwrap();
        let long_read = reader.unchecked_transaction().unwrap();
        long_read.query_row("SELECT count(*) FROM settings", [], |row| row.get::<_, i64>(0)).unwrap();
        for n in 0..600 {
            store.commit_one(put(n)).await.unwrap();
        }
        drop(long_read);
        for n in 0..600 {
            store.commit_one(put(n)).await.unwrap();
        }
        let after_reader = store.stats().log_pages;
        assert!(after_reader < 800, "{after_reader} pages");
    });
    drop(store);
    assert!(!path.with_file_name("ruslo.db-wal").exists(), "an orderly close leaves no log");
}

#[test]
fn a_full_queue_refuses() {
    block_on(async {
        let (_directory, path) = database();
        let store = SqliteStore::open(&path, SqliteOptions { queue_units: 0, ..fast() }).unwrap();
        let unit = Unit::of(SettingWrite::Delete { key: "a".into() });
        let error = store.commit_one(unit).await.unwrap_err();
        assert_eq!(Fault::from(error).code.code, "RUN-0007");
    });
}

#[test]
fn brief_reads_are_run_by_whoever_asks() {
    block_on(async {
        let (_directory, path) = database();
        // Whatever goes to the threads is refused.
        let store = SqliteStore::open(&path, SqliteOptions { brief_readers: 1, queue_reads: 0, ..fast() }).unwrap();
        let brief = async || store.task(TaskId(1)).await;
        assert!(matches!(brief().await, Ok(None)));
        assert_eq!(store.inbox_count(UserId(1), &[], 1_000).await.unwrap(), 0);
        let inbox = |limit, text: Option<&str>| {
            let text = text.map(str::to_owned);
            store.inbox(InboxQuery { user: UserId(1), groups: Vec::new(), done: false, text, limit, offset: 0 })
        };
        assert!(inbox(50, None).await.unwrap().is_empty());
        assert!(matches!(inbox(500, None).await, Err(StoreError::Busy)), "a long page is not brief");
        assert!(matches!(inbox(50, Some("a")).await, Err(StoreError::Busy)), "looking through titles is not brief");
        let lent = store.readers.lend().unwrap();
        assert!(matches!(brief().await, Err(StoreError::Busy)), "nobody waits for the connection");
        assert!(matches!(lent.read::<()>(|_| panic!("a bug")), Err(StoreError::Closed)));
        drop(lent);
        assert!(matches!(brief().await, Ok(None)));
        assert_eq!(store.stats().reads, 7, "each is counted once");
        let lent = store.readers.lend().unwrap();
        store.close().await;
        drop(lent);
        assert!(store.readers.lend().is_none() && matches!(brief().await, Err(StoreError::Closed)));
    });
}

#[test]
fn a_connection_left_in_a_transaction_is_not_lent_again() {
    block_on(async {
        let (_directory, path) = database();
        let store = SqliteStore::open(&path, SqliteOptions { brief_readers: 1, ..fast() }).unwrap();
        let lent = store.readers.lend().unwrap();
        lent.read(|c| c.execute_batch("BEGIN").map_err(|e| super::failed("begin", e))).unwrap();
        drop(lent);
        assert!(store.readers.lend().is_none());
        assert!(matches!(store.task(TaskId(1)).await, Ok(None)), "the threads read on");
    });
}

#[test]
fn a_broken_row_is_named() {
    block_on(async {
        let (_directory, path) = database();
        let store = SqliteStore::open(&path, fast()).unwrap();
        Connection::open(&path).unwrap().execute_batch("INSERT INTO settings VALUES ('a', '{broken')").unwrap();
        let error = store.setting("a").await.unwrap_err();
        assert_eq!(Fault::from(error).code.code, "STO-0004");
    });
}
