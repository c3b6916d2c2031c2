//! The life of data: large values kept once, ended instances kept small, long journals packed, what is over its time
//! purged; and how many bytes an instance takes.

use crate::support::{PATIENCE, World, around, object, user_task};
use engine::{Instance, decode_events};
use model::InstanceId;
use platform::{Action, Object as Target, authorize};
use runtime::clock::{Clock, SystemClock};
use runtime::{InstanceFilter, Page, RetentionRules, StartRequest, TaskAnswer};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use store::{SqliteOptions, SqliteStore, StoredInstance};

const DAY_MS: i64 = 86_400_000;

impl World {
    async fn stored(&self, id: InstanceId) -> StoredInstance {
        self.store.load_instances(&[id]).await.unwrap().remove(0)
    }

    async fn set(&self, id: InstanceId, values: serde_json::Value) {
        self.runtime.set_variables(&self.admin, id, None, object(values)).await.unwrap();
    }

    async fn answer_all(&self) {
        for task in self.open_tasks(&self.anna).await {
            self.runtime.complete_task(&self.anna, task.id, TaskAnswer::default()).await.unwrap();
        }
    }

    /// Lets time pass until the loop that tidies has come so far.
    async fn tidied<F: Future<Output = bool>>(&self, what: &str, mut condition: impl FnMut() -> F) {
        let look = async {
            while !condition().await {
                self.clock.advance_ms(10_000);
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(PATIENCE, look).await.unwrap_or_else(|_| panic!("never happened: {what}"));
    }

    async fn journal_rows(&self, id: InstanceId) -> usize {
        self.store.journal(id, 0, 10_000).await.unwrap().len()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_variable_costs_its_bytes_once() {
    let mut world = World::new().await;
    let definition = world.deploy(&around(&user_task("anna"))).await;
    let big = "x".repeat(1_000_000);
    let small = world.start(definition, json!({"n": 1})).await;
    let id = world.start(definition, json!({"big": big, "also": {"within": big}, "n": 1})).await;
    for round in 2..4 {
        let mut statements = Vec::new();
        for id in [small, id] {
            let before = world.store.stats().statements;
            world.set(id, json!({ "n": round })).await;
            statements.push(world.store.stats().statements - before);
        }
        assert_eq!(statements[0], statements[1], "an instance row and a journal row, no value");
        let stored = world.stored(id).await;
        let journal = world.store.journal(id, 0, 9).await.unwrap();
        let rows: usize = journal.iter().map(|row| row.events.len()).sum();
        assert!(stored.snapshot.len() + rows < 1_000, "{} {rows}", stored.snapshot.len());
        // The second time it is read from the store.
        world.crash_and_reopen().await;
    }
    assert!(Instance::decode(&world.stored(id).await.snapshot).is_err(), "it can not be read without the value");
    let shown = world.variables(id).await;
    assert_eq!((shown["big"].as_str(), shown["also"]["within"].as_str()), (Some(&*big), Some(&*big)));
    assert_eq!(shown["n"], 3);
    world.answer_all().await;
    world.until_state(id, "completed").await;
    assert_eq!(world.variables(id).await["big"].as_str(), Some(&*big));
    let history = world.runtime.history(id).await.unwrap();
    let set = history.iter().find(|e| e.kind == "variablesSet").unwrap();
    assert_eq!(set.event["values"]["big"].as_str(), Some(&*big));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ended_instance_leaves_little_behind_its_journal() {
    let world = World::new().await;
    let definition = world.deploy(&around(&user_task("anna"))).await;
    let id = world.start(definition, json!({"text": "y".repeat(3_000), "n": 1})).await;
    let running = world.stored(id).await.snapshot.len();
    world.answer_all().await;
    world.until_state(id, "completed").await;
    let ended = world.stored(id).await.snapshot.len();
    assert!(running > 3_000 && ended < 40, "{running} {ended}");
    assert_eq!(world.variables(id).await["n"], 1, "its page is made from its journal");
    let refused = world.runtime.set_variables(&world.admin, id, None, object(json!({"n": 2}))).await.unwrap_err();
    assert_eq!(refused.code.code, "ENG-0001");
    let page = world.runtime.instance(id).await.unwrap();
    assert!(page.elements.len() == 3 && page.jobs.is_empty() && page.waiting.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_journal_is_packed_and_reads_the_same() {
    let world = World::new().await;
    let definition = world.deploy(&around(&user_task("anna"))).await;
    let ids = [world.start(definition, json!({"n": 0})).await, world.start(definition, json!({"n": 0})).await];
    let big = "z".repeat(20_000);
    for n in 1..=30 {
        world.set(ids[0], json!({"n": n, "note": format!("{n}{big}")})).await;
    }
    world.answer_all().await;
    world.until_state(ids[0], "completed").await;
    let before = world.runtime.history(ids[0]).await.unwrap();
    assert_eq!(world.journal_rows(ids[0]).await, 32);

    world.clock.advance_ms(DAY_MS + 1);
    world.tidied("packed", || async { world.runtime.counters().packed_journals == 1 }).await;
    assert_eq!((world.journal_rows(ids[0]).await, world.journal_rows(ids[1]).await), (1, 2), "the short one stays");
    let after = world.runtime.history(ids[0]).await.unwrap();
    let said = |all: &[runtime::HistoryEntry]| {
        all.iter().map(|e| (e.seq, e.at, e.kind.clone(), e.event.to_string())).collect::<Vec<_>>()
    };
    assert_eq!(said(&before), said(&after));
    assert_eq!(world.variables(ids[0]).await["n"], 30);
    let row = &world.store.journal(ids[0], 0, 9).await.unwrap()[0];
    assert!(row.seq == 32 && decode_events(&row.events).is_err(), "it is an archive");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_over_its_time_goes_and_is_counted() {
    let world = World::new().await;
    let straight = world.deploy(&around(r#"<bpmn:task id="a"/>"#)).await;
    let waiting = world.deploy(&around(&user_task("anna"))).await;
    let mut gone = Vec::new();
    for _ in 0..150 {
        gone.push(world.start(straight, json!({"n": 1})).await);
    }
    let runs = world.start(waiting, json!({})).await;
    assert!(world.runtime.set_retention(&world.anna, &RetentionRules::default()).await.is_err());
    assert!(authorize(&world.admin, Action::Update, &Target::System).is_ok());
    let rules = RetentionRules { instances_days: Some(7), ..RetentionRules::default() };
    world.runtime.set_retention(&world.admin, &rules).await.unwrap();
    assert_eq!(world.runtime.retention(&world.admin).await.unwrap(), rules);
    let kept = world.runtime.kept("p").await.unwrap();
    assert_eq!((kept.days, kept.own), (Some(7), false));

    world.clock.advance_ms(6 * DAY_MS);
    let fresh = world.start(straight, json!({"n": 1})).await;
    world.clock.advance_ms(DAY_MS + 1);
    world.tidied("purged", || async { world.runtime.counters().purged_instances >= 150 }).await;
    assert_eq!(world.runtime.counters().retention_backlog, 0, "what went is no longer counted");
    for id in gone {
        assert!(world.store.instance(id).await.unwrap().is_none() && world.journal_rows(id).await == 0);
    }
    assert_eq!((world.state(fresh).await, world.state(runs).await), ("completed".into(), "active".into()));
    let stats = world.runtime.definition(straight).await.unwrap().view.stats;
    assert_eq!((stats.completed, stats.purged), (1, 150));

    // The process's own rule goes before the general one.
    let own = RetentionRules { processes: [("p".to_owned(), None)].into(), ..rules.clone() };
    world.runtime.set_retention(&world.admin, &own).await.unwrap();
    world.clock.advance_ms(30 * DAY_MS);
    world.tidied("looked", || async { world.runtime.counters().retention_backlog == 0 }).await;
    assert_eq!(world.state(fresh).await, "completed");

    // What other rules would do is told and not done.
    let now = world.runtime.preview_retention(&world.admin, &own).await.unwrap();
    assert_eq!((now.over, now.processes[0].kept.days, now.processes[0].kept.own), (0, None, true));
    let rules = RetentionRules { processes: [("never-seen".to_owned(), Some(1))].into(), ..rules };
    let would = world.runtime.preview_retention(&world.admin, &rules).await.unwrap();
    let told: Vec<_> = would.processes.iter().map(|p| (p.process_id.as_str(), p.ended, p.purged, p.over)).collect();
    assert_eq!((would.over, would.more, told), (1, false, vec![("never-seen", 0, 0, 0), ("p", 1, 150, 1)]));
    assert!(world.runtime.preview_retention(&world.anna, &rules).await.is_err());
    assert_eq!(world.state(fresh).await, "completed");
}

/// A page of the size that a long-running instance has.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_a_thousand_journal_rows_is_quick() {
    let world = World::new().await;
    let definition = world.deploy(&around(&user_task("anna"))).await;
    let id = world.start(definition, json!({})).await;
    for n in 0..998 {
        world.set(id, json!({ "n": n })).await;
    }
    world.answer_all().await;
    world.until_state(id, "completed").await;
    let rows = world.journal_rows(id).await;
    let (begin, reads) = (SystemClock.stopwatch_us(), world.store.stats().reads);
    let page = world.runtime.instance(id).await.unwrap();
    let took = Duration::from_micros(SystemClock.stopwatch_us() - begin);
    let reads = world.store.stats().reads - reads;
    println!("{rows} journal rows: {reads} reads, {took:?}");
    // Reads are what grows with the rows when something is wrong; the time is the machine's.
    assert!(page.elements.len() == 3 && reads < 40 && took < PATIENCE, "{reads} reads, {took:?}");
}

/// Page size, pages, free pages: from the file's head.
fn pages(path: &Path) -> (u64, u64, u64) {
    let head = std::fs::read(path).unwrap();
    let wide = |at: usize| u64::from(u32::from_be_bytes(head[at..at + 4].try_into().unwrap()));
    (u64::from(u16::from_be_bytes([head[16], head[17]])), wide(28), wide(36))
}

/// Bytes on disk for each of `instances` instances started by `start`.
async fn growth(path: &Path, instances: u64, body: &str) -> u64 {
    let open =
        || Arc::new(SqliteStore::open(path, SqliteOptions { durable: false, ..SqliteOptions::default() }).unwrap());
    let world = World::on(open(), Vec::new()).await;
    let definition = world.deploy(body).await;
    world.runtime.shutdown().await;
    world.store.close().await;
    let world_before = pages(path);
    drop(world);
    let world = World::on(open(), Vec::new()).await;
    let mut starts = Vec::new();
    for n in 0..instances {
        let (runtime, admin) = (world.runtime.clone(), world.admin.clone());
        let variables = object(json!({"amount": n, "customer": "Acme"}));
        starts.push(tokio::spawn(async move {
            runtime.start(&admin, StartRequest { variables, ..StartRequest::of(definition) }).await.unwrap()
        }));
    }
    for start in starts {
        start.await.unwrap();
    }
    world.runtime.shutdown().await;
    world.store.close().await;
    let (size, after, _) = pages(path);
    size * (after - world_before.1) / instances
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_takes_few_bytes_and_gives_them_back() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("straight.db");
    let script = |id: &str| format!(r#"<bpmn:task id="{id}"/>"#);
    let body = [
        r#"<bpmn:startEvent id="start"/><bpmn:exclusiveGateway id="gw" default="f3"/><bpmn:endEvent id="end"/>"#
            .to_owned(),
        ["s1", "s2", "s3", "s4"].map(script).concat(),
        [
            ("f1", "start", "s1"),
            ("f2", "s1", "gw"),
            ("f3", "gw", "s2"),
            ("f5", "s2", "s3"),
            ("f6", "s4", "s3"),
            ("f7", "s3", "end"),
        ]
        .map(|(id, from, to)| format!(r#"<bpmn:sequenceFlow id="{id}" sourceRef="{from}" targetRef="{to}"/>"#))
        .concat(),
        r#"<bpmn:sequenceFlow id="f4" sourceRef="gw" targetRef="s4"><bpmn:conditionExpression
 xsi:type="bpmn:tFormalExpression">=amount &lt; 0</bpmn:conditionExpression></bpmn:sequenceFlow>"#
            .to_owned(),
    ]
    .concat();
    let straight = growth(&path, 2_000, &body).await;
    let waiting = growth(&directory.path().join("waiting.db"), 1_000, &around(&user_task("anna"))).await;
    println!("straight through: {straight} bytes each; waiting in a user task: {waiting} bytes each");
    assert!(straight <= 700, "a straight-through instance takes {straight} bytes");
    assert!(waiting <= 1_600, "a waiting instance takes {waiting} bytes");

    // What is purged can be used again.
    let store =
        Arc::new(SqliteStore::open(&path, SqliteOptions { durable: false, ..SqliteOptions::default() }).unwrap());
    let world = World::on(store, Vec::new()).await;
    let rules = RetentionRules { instances_days: Some(1), ..RetentionRules::default() };
    world.runtime.set_retention(&world.admin, &rules).await.unwrap();
    world.clock.advance_ms(2 * DAY_MS);
    world.tidied("purged", || async { world.runtime.counters().purged_instances == 2_000 }).await;
    let left = world.runtime.instances(&InstanceFilter::default(), Page::default()).await.unwrap();
    assert_eq!(left.total, 0);
    world.runtime.shutdown().await;
    world.store.close().await;
    let (size, all, free) = pages(&path);
    println!("{all} pages, {free} free after purging {} bytes", straight * 2_000);
    assert!(free * size >= straight * 2_000 * 9 / 10, "{free} of {all} pages are free");
}
