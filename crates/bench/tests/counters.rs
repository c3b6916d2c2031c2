//! What an instance costs in counts: transactions, statements, reads, bytes. The counts do not depend on the machine, so
//! their limits are exact; a change that costs more has to change them here and say why.
#![allow(clippy::unwrap_used, reason = "tests")]

use bench::{Bench, Job, Options, Report, envelope};
use model::{Clock, InstanceId};
use platform::identity::NewUser;
use platform::{Actor, Platform, PlatformSettings, Role};
use runtime::{Runtime, RuntimeConfig, clock::SystemClock};
use std::sync::Arc;
use store::{Filter, InstanceField, InstanceState, Page, Query, SharedStore, SqliteStore};

/// A twentieth of them warms up: every partition has begun then.
const INSTANCES: u64 = 20 * 66;

struct World {
    bench: Bench,
    _folder: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let store: SharedStore = Arc::new(SqliteStore::open_in_memory().unwrap());
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let platform = Platform::new(store.clone(), clock, PlatformSettings::default());
        let new = NewUser { login: "admin".into(), role: Role::Admin, ..NewUser::default() };
        let actor = Actor::session(platform.users().create(new).await.unwrap());
        let runtime = Runtime::open(RuntimeConfig::new(store.clone(), platform, Arc::new(SystemClock))).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let bench = Bench { runtime, store, store_name: "sqlite", actor, folder: folder.path().to_owned() };
        Self { bench, _folder: folder }
    }

    async fn run(&self, job: Job) -> Report {
        self.run_with(job, 1).await
    }

    async fn run_with(&self, job: Job, clients: u32) -> Report {
        let options = Options { instances: INSTANCES, ..Options::new(job, clients) };
        bench::run(&self.bench, &options).await.unwrap()
    }

    /// Bytes of snapshot and journal of the newest instance.
    async fn bytes(&self) -> (usize, usize) {
        let filter = Filter::eq(InstanceField::State, InstanceState::Completed);
        let mut query = Query::new(filter);
        query.page = Page { limit: 1, ..Page::default() };
        let id = self.bench.store.instances(query).await.unwrap().rows[0].id;
        bytes_of(&self.bench.store, id).await
    }
}

async fn bytes_of(store: &SharedStore, id: InstanceId) -> (usize, usize) {
    let stored = store.load_instances(&[id]).await.unwrap();
    let journal = store.journal(id, 0, 100).await.unwrap();
    (stored[0].snapshot.len(), journal.iter().map(|row| row.events.len()).sum())
}

#[tokio::test]
async fn straight_through_is_one_transaction_of_two_statements_and_no_read() {
    let world = World::new().await;
    let report = world.run(Job::StraightThrough).await;
    let counts = (report.commits_per_instance, report.statements_per_instance, report.reads_per_instance);
    assert_eq!(counts, (1.0, 2.0, 0.0));
    let (snapshot, journal) = world.bytes().await;
    assert!(snapshot <= 30 && journal <= 370, "{snapshot} bytes of state, {journal} of journal");
}

#[tokio::test]
async fn service_is_three_transactions() {
    let world = World::new().await;
    let report = world.run(Job::Service).await;
    assert_eq!(report.commits_per_instance, 3.0, "start, lease, completion");
    let (statements, reads) = (report.statements_per_instance, report.reads_per_instance);
    assert!(statements <= 7.0 && reads <= 1.1, "{statements} statements, {reads} reads");
}

#[tokio::test]
async fn a_job_for_a_waiting_worker_is_leased_in_the_commit_that_makes_it() {
    let world = World::new().await;
    let report = world.run_with(Job::Service, 16).await;
    let (statements, reads) = (report.statements_per_instance, report.reads_per_instance);
    // Row and journal of the start, the job, row and journal of the end, the job again; some workers are late.
    assert!(statements <= 6.4 && reads <= 0.4, "{statements} statements, {reads} reads");
}

#[tokio::test]
async fn the_envelope_writes_rows_of_the_engines_size() {
    let world = World::new().await;
    world.run(Job::StraightThrough).await;
    let (snapshot, journal) = world.bytes().await;
    let store: SharedStore = Arc::new(SqliteStore::open_in_memory().unwrap());
    let stub = envelope::Stub::new(store.clone(), Arc::new(SystemClock));
    let body = serde_json::from_str(&bench::jobs::start_body("straight", 7, None)).unwrap();
    let id = stub.start(body).await.unwrap()["id"].as_str().unwrap().parse().unwrap();
    let (stub_snapshot, stub_journal) = bytes_of(&store, id).await;
    let near = |ours: usize, stub: usize| stub.abs_diff(ours) * 10 <= ours;
    let all = format!("engine {snapshot} and {journal} bytes, stub {stub_snapshot} and {stub_journal}");
    assert!(near(snapshot, stub_snapshot) && near(journal, stub_journal), "{all}");
}
