//! What a list or a look-up over many rows reads: about what it gives, whatever the table holds.

#[path = "../tests/it/server/mod.rs"]
pub(crate) mod server;

use crate::{
    apps, definitions, incidents, jobs,
    list::Words,
    outbox, people, records, retention, settings,
    sql::{Param, params},
    tasks, timers,
};
use model::*;
use store::{lists::fields, *};
use tokio_postgres::types::{ToSql, Type};

const ROWS: &str = "10000";

/// Rows as an installation has them: most has ended, little is open.
const FILL: &str = r"
INSERT INTO definitions SELECT n, 'p' || n / 3, n % 3 + 1, 'n', '', 'bpmn', NULL, 0, NULL, 0, NULL, 0, '{}', 1, NULL,
    NULL, '\x', '' FROM generate_series(1, 100) n;
INSERT INTO instances SELECT n % 4, (n << 8) | (n % 4), n % 100 + 1, 'p' || (n % 100 + 1) / 3,
    CASE WHEN n % 21 = 0 THEN 0 WHEN n % 500 = 1 THEN 2 ELSE 1 END, 1, n % 1000, n % 500, 'key' || n, '', n, n,
    CASE WHEN n % 21 > 0 THEN n END, CASE WHEN n % 400 = 0 THEN 1 ELSE 0 END, n % 100, '\x00'
    FROM generate_series(1, ROWS) n;
INSERT INTO catalogs SELECT n, 'k' || n, 'n', '[]', NULL, 1, 1, 1 FROM generate_series(1, 2000) n;
INSERT INTO settings SELECT 'key ' || n, '1' FROM generate_series(1, ROWS) n;
INSERT INTO journal SELECT partition_id, id, s, 0, '\x00' FROM instances, generate_series(1, 3) s;
INSERT INTO user_tasks SELECT n % 4, (n << 8) | (n % 4), (n << 8) | (n % 4), n % 10 + 1, 'p', 1, 'e', 'e', 'task',
    'Title ' || n, '', n % 5, CASE WHEN n % 3 = 0 THEN n END, n, CASE WHEN n % 10 = 0 THEN 0 ELSE 1 END, NULL, NULL,
    NULL, 1, '{}', '{}', '{}', 1, n % 1000 FROM generate_series(1, ROWS) n;
INSERT INTO task_assignees SELECT partition_id, id, u, 0, 0, NULL, CASE state WHEN 0 THEN 1 ELSE 0 END,
    coalesce(due_at, 9223372036854775807), priority FROM user_tasks, (VALUES (1), (2)) AS users (u);
INSERT INTO task_groups SELECT partition_id, id, 'a', CASE state WHEN 0 THEN 1 ELSE 0 END,
    coalesce(due_at, 9223372036854775807), priority FROM user_tasks;
INSERT INTO timers SELECT n % 4, (n << 8) | (n % 4), n, 1 FROM generate_series(1, 3 * ROWS) n;
INSERT INTO jobs SELECT n % 4, (n << 8) | (n % 4), 1, 1, 'e', 'type' || n % 5,
    CASE WHEN n % 10 = 0 THEN 0 ELSE 1 END, 3, '{}', '{}', n, NULL, 0, 'event' || n FROM generate_series(1, ROWS) n;
INSERT INTO outbox SELECT n % 4, (n << 8) | (n % 4), 'k', 'k', NULL, NULL, '{}', n, 0, n, 0, NULL
    FROM generate_series(1, 3 * ROWS) n;
INSERT INTO calls SELECT n % 4, n, n % 3000, 'e', 1, NULL, 1, n, '', '', 200, '', 1, NULL
    FROM generate_series(1, ROWS) n;
INSERT INTO incidents SELECT n % 4, (n << 8) | (n % 4), n % 3000, 1, 'e', 1, 'ENG-0001', 'm', '{}', n,
    CASE WHEN n % 50 > 0 THEN n END, NULL FROM generate_series(1, ROWS) n;
INSERT INTO notifications SELECT n, n % 5, 't', 'task', NULL, NULL, n, CASE WHEN n % 100 > 0 THEN n END
    FROM generate_series(1, ROWS) n;
INSERT INTO oauth_tokens SELECT n, sha256(('a' || n)::bytea), sha256(('r' || n)::bytea), sha256(('p' || n)::bytea), 1,
    n % 10, n % 100, '[]', n, n FROM generate_series(1, ROWS) n;
INSERT INTO records SELECT n, n % 100 + 1, 1, 'Title ' || n, n, 1, n, 1, CASE WHEN n % 7 = 0 THEN 1 ELSE 0 END,
    '{}', 'title ' || n FROM generate_series(1, ROWS) n;
ANALYZE";

/// A statement, and how many rows it may look at.
type Case = (&'static str, (String, Vec<Param>), f64);

fn lists() -> Vec<Case> {
    use {InstanceField as I, RecordField as R, TaskField as T};
    let instances = |query: Query<I>| fields::INSTANCES.rows_sql::<Words>(&query, None).finish();
    let tasks = |query: Query<T>| tasks::LIST.rows_sql::<Words>(&query, None).finish();
    let pairs = |query: Query<T>| tasks::PAIRS.rows_sql::<Words>(&query, None).finish();
    let records = |query: Query<R>| fields::RECORDS.rows_sql::<Words>(&living_records(query), None).finish();
    let incidents = |query| fields::INCIDENTS.rows_sql::<Words>(&query, None).finish();
    let inbox = |done, groups: &[&str]| {
        let groups = groups.iter().map(|g| (*g).to_owned()).collect();
        tasks::inbox_sql(&InboxQuery { user: UserId(1), groups, done, text: None, limit: 50, offset: 0 }).finish()
    };
    let active = Filter::eq(I::State, InstanceState::Active);
    let one_definition = Filter::eq(I::Definition, DefinitionId(1));
    vec![
        ("instances, newest", instances(Query::default()), 50.0),
        ("instances, active", instances(Query::new(active.clone())), 50.0),
        ("instances, failed", instances(Query::new(Filter::eq(I::State, InstanceState::Failed))), 60.0),
        ("instances of a definition", instances(Query::new(one_definition.clone())), 50.0),
        ("instances of a definition, active", instances(Query::new(one_definition.and(active.clone()))), 50.0),
        ("instances of a process, active", instances(Query::new(Filter::eq(I::ProcessId, "p1").and(active))), 1_600.0),
        ("instances of a record", instances(Query::new(Filter::eq(I::DocumentRecord, RecordId(1)))), 60.0),
        ("instances of a starter", instances(Query::new(Filter::eq(I::StartedBy, UserId(1)))), 120.0),
        ("instances with incidents", instances(Query::new(Filter::is(I::Incidents, Op::Gt, 0))), 80.0),
        ("instances, walked", instances(Query::new(Filter::is(I::Id, Op::Gt, 5)).order(I::Id, false)), 50.0),
        ("tasks, open", tasks(Query::new(Filter::eq(T::State, TaskState::Open))), 50.0),
        ("tasks of an instance", tasks(Query::new(Filter::eq(T::Instance, InstanceId(256)))), 10.0),
        ("pairs, walked", pairs(Query::new(Filter::is(T::Id, Op::Gt, 5)).order(T::Id, false)), 200.0),
        ("inbox", inbox(false, &[]), 100.0),
        ("inbox, with groups", inbox(false, &["a"]), 300.0),
        ("inbox, done", inbox(true, &[]), 100.0),
        ("incidents, open", incidents(Query::new(Filter::eq(IncidentField::Open, true))), 50.0),
        ("records of a catalog", records(Query::new(Filter::eq(R::Catalog, 1))), 100.0),
        ("records by id", records(Query::new(Filter::In(R::Id, (1..40).map(Scalar::from).collect()))), 40.0),
        ("records, walked", records(Query::new(Filter::is(R::Id, Op::Gt, 7)).order(R::Id, false)), 60.0),
    ]
}

fn look_ups() -> Vec<Case> {
    let of = |sql: &str, params: Vec<Param>| (sql.to_owned(), params);
    let partitions = || Param::numbers([1, 2]);
    vec![
        ("timers due", of(timers::DUE, params![i64::MAX, 50]), 50.0),
        ("timers due, of partitions", of(timers::DUE_IN, params![i64::MAX, 50, partitions()]), 110.0),
        ("jobs open", of(jobs::OPEN, params!["type0", 1, 50]), 50.0),
        ("jobs open, of partitions", of(jobs::OPEN_IN, params!["type0", 1, 10, partitions()]), 25.0),
        ("jobs activated", of(jobs::ACTIVATE, params!["type0", 20, "w", 1, 2]), 100.0),
        ("job of an event", of(jobs::BY_EVENT, params!["event7"]), 1.0),
        ("effects due", of(outbox::DUE, params![i64::MAX, 50]), 50.0),
        ("effects due, of partitions", of(outbox::DUE_IN, params![i64::MAX, 50, partitions()]), 110.0),
        ("calls of an instance", of(incidents::CALLS, params![256, 50]), 50.0),
        ("token by access", of(apps::BY_ACCESS, params![&[0; 32]]), 1.0),
        ("token by refresh", of(apps::BY_REFRESH, params![&[0; 32]]), 3.0),
        ("notifications", of(people::NOTES, params![1, i64::MAX, 50]), 50.0),
        ("notifications not read", of(people::UNREAD, params![0]), 110.0),
        ("newest version", of(definitions::LATEST, params!["p1"]), 100.0),
        ("catalog by key", of(records::CATALOG_BY_KEY, params!["K1"]), 1.0),
        ("settings by prefix", of(settings::BY_PREFIX, params!["key 12", "key 12\u{10FFFF}"]), 120.0),
        ("instances that ended", of(retention::ENDED, params![7, 5_000, 50, partitions()]), 110.0),
        ("instances that ended, counted", of(retention::ENDED_COUNT, params![7, 5_000, 50]), 50.0),
        ("journals to pack", of(retention::LONG, params![9_000, 50, partitions()]), 110.0),
        ("calls to remove", of(retention::CALLS, params![100, 50, partitions()]), 210.0),
        ("calls, none to remove", of(retention::CALLS, params![0, 50, Param::numbers(0..=255)]), 260.0),
        ("effects to remove, none", of(retention::EFFECTS, params![100, 50, partitions()]), 4.0),
        ("notifications to remove", of(retention::NOTIFICATIONS, params![100, 50]), 150.0),
    ]
}

/// How many rows the scans of a plan looked at.
fn looked_at(plan: &[String]) -> f64 {
    let number = |text: &str| -> f64 {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        text[..end].parse().unwrap()
    };
    let (mut loops, mut total) = (1.0, 0.0);
    for line in plan {
        if let Some((_, actual)) = line.split_once("actual rows=") {
            loops = number(actual.split_once("loops=").unwrap().1);
            let scans = ["Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan"];
            if scans.iter().any(|scan| line.contains(scan)) && !line.contains("Bitmap Index Scan") {
                total += number(actual) * loops;
            }
        } else if let Some((_, removed)) = line.split_once("Rows Removed by ") {
            total += number(removed.split_once(": ").unwrap().1) * loops;
        }
    }
    total
}

#[test]
fn hot_queries_look_at_few_rows() {
    let url = server::database();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let failures: Vec<String> = runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        crate::migrate::migrate(&client).await.unwrap();
        client.batch_execute(&FILL.replace("ROWS", ROWS)).await.unwrap();
        let mut failures = Vec::new();
        for (name, (sql, params), most) in lists().into_iter().chain(look_ups()) {
            let typed: Vec<(&(dyn ToSql + Sync), Type)> =
                params.iter().map(|p| (p as &(dyn ToSql + Sync), p.kind())).collect();
            let sql = format!("EXPLAIN (ANALYZE, TIMING OFF) {}", crate::lockstep::stepping(&sql));
            let rows = client.query_typed(&sql, &typed).await.unwrap_or_else(|e| panic!("{name}: {e:?}\n{sql}"));
            let plan: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
            let found = looked_at(&plan);
            if found > most {
                failures.push(format!("{name}: {found} rows\n{}", plan.join("\n")));
            }
        }
        failures
    });
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}
