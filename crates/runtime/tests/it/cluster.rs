//! Several nodes of one process on one database, with one clock and no network: who serves what, and what survives.

use crate::support;
use crate::support::faulty::{Faults, FaultyStore, Ground};
use crate::support::trace::Trace;
use crate::support::{BEGINNING, around, bpmn, object, service, user_task};
use futures_util::FutureExt;
use futures_util::future::join_all;
use model::catalog::{Field, FieldType};
use model::{Clock as _, DefinitionId, InstanceId, JobId, PartitionId, partition_of};
use platform::catalogs::NewCatalog;
use platform::{Actor, Platform, PlatformSettings};
use runtime::clock::{Entropy, ManualClock};
use runtime::cluster::LocalPeers;
use runtime::{
    ActivateJobs, Deploy, InstanceFilter, Page, Runtime, RuntimeConfig, StartRequest, TaskAnswer, TaskFilter,
};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::{
    ClusterWrite, InboxRow, InboxWrite, JobRow, JobState, JobWrite, LeaseRow, SharedStore, SqliteStore, Unit, Write,
};

const PARTITIONS: u16 = 8;
const TAKEOVER_MS: i64 = 10_000;
/// An element that rests.
const REST: &str = r#"<bpmn:intermediateCatchEvent id="a"><bpmn:timerEventDefinition><bpmn:timeDuration
 xsi:type="bpmn:tFormalExpression">PT20S</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"#;

struct Node {
    url: String,
    store: Arc<FaultyStore>,
    runtime: Runtime,
}

/// Everything the nodes share.
struct Town {
    inner: SharedStore,
    clock: Arc<ManualClock>,
    peers: Arc<LocalPeers>,
    ground: Arc<Ground>,
    admin: Actor,
    anna: Actor,
    made: usize,
}

impl Town {
    async fn new() -> Self {
        let inner: SharedStore = Arc::new(SqliteStore::open_inline().unwrap());
        let clock = Arc::new(ManualClock::new(BEGINNING));
        let platform = Platform::new(inner.clone(), clock.clone(), PlatformSettings::default());
        let admin = support::person(&platform, "admin", platform::Role::Admin).await;
        let anna = support::person(&platform, "anna", platform::Role::Employee).await;
        let (entropy, trace) = (Entropy::seeded(1), Trace::new(false, false));
        let ground = Arc::new(Ground { entropy, trace, faults: Mutex::new(Faults::default()) });
        Self { inner, clock, peers: LocalPeers::new(), ground, admin, anna, made: 0 }
    }

    /// A new process.
    async fn node(&mut self) -> Node {
        let url = format!("local://{}", self.made + 1);
        self.node_at(url).await
    }

    /// The same at an address, which may have been another's before.
    async fn node_at(&mut self, url: String) -> Node {
        self.made += 1;
        let store = FaultyStore::new(self.inner.clone(), self.made, self.ground.clone(), self.clock.clone());
        let platform = Platform::new(store.clone(), self.clock.clone(), PlatformSettings::default());
        let mut config = RuntimeConfig::new(store.clone(), platform, self.clock.clone());
        config.entropy = Entropy::seeded(self.made as u64);
        config.partitions = PARTITIONS;
        config.node_url = url.clone();
        config.takeover = Duration::from_millis(TAKEOVER_MS as u64);
        config.peers = self.peers.clone();
        config.version = format!("test {}", self.made);
        let runtime = Runtime::open(config).await.unwrap();
        self.peers.connect(&url, runtime.peer_face());
        Node { url, store, runtime }
    }

    /// A runtime that wants so many partitions, and that the others do not know.
    async fn open(&self, store: Arc<FaultyStore>, partitions: u16) -> Result<Runtime, model::Fault> {
        let platform = Platform::new(store.clone(), self.clock.clone(), PlatformSettings::default());
        let mut config = RuntimeConfig::new(store, platform, self.clock.clone());
        config.entropy = Entropy::seeded(1_000 + u64::from(partitions));
        config.partitions = partitions;
        config.peers = self.peers.clone();
        Runtime::open(config).await
    }

    /// Time passes, a tenth of a second at a time.
    async fn pass(&self, ms: i64) {
        for _ in 0..ms / 100 {
            self.clock.advance_ms(100);
            self.breathe().await;
        }
    }

    /// Lets everybody run.
    async fn breathe(&self) {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
    }

    /// Passes time until something holds; fails after `ms`. Says how long it took.
    async fn until<F: Future<Output = bool>>(&self, what: &str, ms: i64, mut holds: impl FnMut() -> F) -> i64 {
        let began = self.clock.now();
        while !holds().await {
            assert!(self.clock.now().0 - began.0 <= ms, "not within {ms} ms: {what}");
            self.pass(100).await;
        }
        self.clock.now().0 - began.0
    }

    /// Passes time until these nodes serve as many partitions each.
    async fn until_served(&self, nodes: &[&Node], wanted: &[usize], ms: i64) -> i64 {
        let took = self.until(&format!("{wanted:?}"), ms, || async { shares(nodes) == wanted }).await;
        let served: Vec<PartitionId> = nodes.iter().flat_map(|node| node.partitions()).collect();
        let distinct: BTreeSet<PartitionId> = served.iter().copied().collect();
        assert_eq!(served.len(), distinct.len(), "a partition is served twice");
        took
    }

    /// Runs something while time passes.
    async fn meanwhile<T>(&self, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        for _ in 0..2_000 {
            tokio::select! {
                biased;
                done = &mut work => return done,
                () = self.breathe() => self.clock.advance_ms(50),
            }
        }
        panic!("it never ended");
    }

    async fn deploy(&self, node: &Node, body: &str) -> DefinitionId {
        let what = Deploy { bytes: bpmn(body).into_bytes(), ..Deploy::default() };
        node.runtime.deploy(&self.admin, what).await.unwrap()[0].id
    }

    async fn instances(&self) -> Vec<store::InstanceRow> {
        self.inner.instances(store::Query::default().limit(10_000)).await.unwrap().rows
    }
}

impl Node {
    fn partitions(&self) -> Vec<PartitionId> {
        self.runtime.cluster().nodes.into_iter().filter(|n| n.me).flat_map(|n| n.partitions).collect()
    }

    fn serves(&self, id: InstanceId) -> bool {
        self.partitions().contains(&partition_of(id.0))
    }
}

fn shares(nodes: &[&Node]) -> Vec<usize> {
    nodes.iter().map(|node| node.partitions().len()).collect()
}

fn start(definition: DefinitionId) -> StartRequest {
    StartRequest::of(definition)
}

#[tokio::test]
async fn nodes_share_the_partitions_and_hand_them_over() {
    let mut town = Town::new().await;
    let a = town.node().await;
    assert_eq!(shares(&[&a]), [8], "who is alone serves everything at once");
    let b = town.node().await;
    town.until_served(&[&a, &b], &[4, 4], 2_500).await;
    let c = town.node().await;
    town.until_served(&[&a, &b, &c], &[3, 3, 2], 2_500).await;
    let view = a.runtime.cluster();
    assert_eq!((view.nodes.len(), view.unserved, view.serving), (3, Vec::new(), true));
    assert!(view.nodes.iter().any(|n| n.version == "test 3" && n.url == c.url && n.silent_ms < 3_000));
    let before = b.partitions();
    town.meanwhile(c.runtime.shutdown()).await;
    town.until_served(&[&a, &b], &[4, 4], 500).await;
    assert!(before.iter().all(|p| b.partitions().contains(p)), "nothing moved without need");
    assert_eq!(town.inner.nodes().await.unwrap().len(), 2, "it left");
    town.meanwhile(a.runtime.shutdown()).await;
    town.until_served(&[&b], &[8], 500).await;
    let d = town.node().await;
    town.until_served(&[&b, &d], &[4, 4], 2_500).await;
    assert_eq!(town.inner.messages_waiting().await.unwrap().0, 0);
}

#[tokio::test]
async fn a_process_that_starts_again_at_its_address_goes_on_soon() {
    let mut town = Town::new().await;
    let (a, b) = (town.node().await, town.node().await);
    town.until_served(&[&a, &b], &[4, 4], 2_500).await;
    let url = a.url.clone();
    drop(a);
    let again = town.node_at(url).await;
    let took = town.until_served(&[&again, &b], &[4, 4], TAKEOVER_MS).await;
    assert!(took <= 3 * TAKEOVER_MS / 10, "it took {took} ms");
    let url = b.url.clone();
    drop((b, again));
    town.pass(500).await;
    let alone = town.node_at(url).await;
    town.until_served(&[&alone], &[8], TAKEOVER_MS).await;
}

#[tokio::test]
async fn any_node_takes_any_request() {
    let mut town = Town::new().await;
    let (a, b) = (town.node().await, town.node().await);
    town.until_served(&[&a, &b], &[4, 4], 2_500).await;
    let asking = town.deploy(&a, &around(&user_task("anna"))).await;
    let mut ids = Vec::new();
    for node in [&a, &b, &a, &b, &a, &b] {
        ids.push(node.runtime.start(&town.admin, start(asking)).await.unwrap().instance);
    }
    assert!(ids.iter().any(|id| a.serves(*id)) && ids.iter().any(|id| b.serves(*id)), "starts stay where they came");
    // Each is done on the node that does not serve it.
    for (n, id) in ids.iter().enumerate() {
        let other = if a.serves(*id) { &b } else { &a };
        if n < 2 {
            let values = object(json!({"seen": n}));
            other.runtime.set_variables(&town.admin, *id, None, values).await.unwrap();
            other.runtime.cancel(&town.admin, *id, "enough").await.unwrap();
            let again = other.runtime.cancel(&town.admin, *id, "enough").await.unwrap_err();
            assert!(again.is(&model::error::codes::NOT_ACTIVE), "a refusal travels too: {again}");
        } else {
            let filter = TaskFilter { instance: Some(*id), ..TaskFilter::default() };
            let task = other.runtime.tasks(&filter, Page::default()).await.unwrap().items.remove(0).id;
            other.runtime.complete_task(&town.anna, task, TaskAnswer::default()).await.unwrap();
        }
    }
    let states: BTreeSet<&str> = town.instances().await.iter().map(|row| row.state.as_str()).collect();
    assert_eq!(states, BTreeSet::from(["canceled", "completed"]));
}

#[tokio::test]
async fn a_job_offered_on_one_node_is_heard_on_the_other() {
    let mut town = Town::new().await;
    let (a, b) = (town.node().await, town.node().await);
    town.until_served(&[&a, &b], &[4, 4], 2_500).await;
    let paid = town.deploy(&a, &around(&service("payment", &[]))).await;
    let ask = ActivateJobs {
        job_type: "payment".into(),
        max: 1,
        lease: Duration::from_secs(60),
        wait: Duration::from_secs(60),
        worker: "w".into(),
    };
    let (runtime, admin) = (b.runtime.clone(), town.admin.clone());
    let waiting = tokio::spawn(async move { runtime.activate_jobs(&admin, ask).await });
    town.breathe().await;
    let mut live = b.runtime.platform().live().subscribe();
    let wait = StartRequest { wait: Some(Duration::from_secs(30)), ..start(paid) };
    let (runtime, admin) = (a.runtime.clone(), town.admin.clone());
    let started = tokio::spawn(async move { runtime.start(&admin, wait).await });
    let before = town.clock.now();
    let jobs = town.meanwhile(waiting).await.unwrap().unwrap();
    assert!(town.clock.now().0 - before.0 < 900, "sooner than by looking again");
    // Browsers there hear of it.
    while town.meanwhile(live.recv()).await.unwrap().topic != "instance" {}
    b.runtime.complete_job(&town.admin, jobs[0].id, object(json!({"paid": true}))).await.unwrap();
    let started = town.meanwhile(started).await.unwrap().unwrap();
    assert_eq!(started.state, "completed");
    assert_eq!(started.variables.unwrap()["paid"], model::Value::from(true));
    // What one node deploys the other starts, and what it withdraws is started no more.
    let p = || StartRequest { definition: runtime::DefinitionSel::ProcessIdLatest("p".into()), ..start(paid) };
    b.runtime.start(&town.admin, p()).await.unwrap();
    let newer = town.deploy(&a, &around(&service("other", &[]))).await;
    town.pass(200).await;
    let id = b.runtime.start(&town.admin, p()).await.unwrap().instance;
    assert_eq!(b.runtime.instance_summary(id).await.unwrap().definition, newer);
    town.peers.cut(&b.url);
    a.runtime.delete_definition(&town.admin, newer).await.unwrap();
    town.pass(2_000).await;
    let refused = b.runtime.start(&town.admin, start(newer)).await.unwrap_err();
    assert!(refused.is(&model::error::codes::DEFINITION_NOT_FOUND), "nobody told it, and it knows: {refused}");
}

#[tokio::test]
async fn a_frozen_node_is_given_up_in_time_and_its_late_commit_changes_nothing() {
    let mut town = Town::new().await;
    let (a, b) = (town.node().await, town.node().await);
    town.until_served(&[&a, &b], &[4, 4], 2_500).await;
    let asking = town.deploy(&a, &around(&user_task("anna"))).await;
    let id = b.runtime.start(&town.admin, start(asking)).await.unwrap().instance;
    assert!(b.serves(id));
    let filter = TaskFilter { instance: Some(id), ..TaskFilter::default() };
    let task = a.runtime.tasks(&filter, Page::default()).await.unwrap().items.remove(0).id;
    // Something is decided there, and stops before it is written.
    let (runtime, admin) = (b.runtime.clone(), town.admin.clone());
    let late = tokio::spawn(async move {
        let values = object(json!({"late": true}));
        runtime.set_variables(&admin, id, None, values).await
    });
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
    b.store.freeze(true);
    let took = town.until_served(&[&a], &[8], TAKEOVER_MS).await;
    assert!(took < TAKEOVER_MS, "{took} ms");
    // Who serves it now goes on with it.
    a.runtime.complete_task(&town.anna, task, TaskAnswer::default()).await.unwrap();
    assert_eq!(a.runtime.instance_summary(id).await.unwrap().state, "completed");
    b.store.freeze(false);
    let outcome = town.meanwhile(late).await.unwrap();
    let journal = town.inner.journal(id, 0, 100).await.unwrap().len();
    match outcome {
        // It was written before the node froze.
        Ok(()) => assert_eq!(journal, 3),
        Err(fault) => {
            assert!(!fault.is(&model::error::codes::QUARANTINED), "{fault}");
            assert_eq!(journal, 2, "{fault}");
        }
    }
    // It comes back as another node and gets its share.
    town.until_served(&[&a, &b], &[4, 4], 5_000).await;
    let nodes = town.inner.nodes().await.unwrap();
    assert_eq!(nodes.len(), 2);
    let again = b.runtime.start(&town.admin, start(asking)).await.unwrap().instance;
    assert!(b.serves(again) && again != id);
}

#[tokio::test]
async fn a_node_that_dies_leaves_nothing_behind() {
    let mut town = Town::new().await;
    let (a, b) = (town.node().await, town.node().await);
    town.until_served(&[&a, &b], &[4, 4], 2_500).await;
    let sleeping = town.deploy(&a, &around(REST)).await;
    let id = b.runtime.start(&town.admin, start(sleeping)).await.unwrap().instance;
    assert!(b.serves(id));
    town.peers.cut(&b.url);
    drop(b);
    // Before the others know, who asks is told to come again.
    let refused = town.meanwhile(a.runtime.cancel(&town.admin, id, "x")).await.unwrap_err();
    assert!(refused.is(&model::error::codes::PARTITION_UNSERVED), "{refused}");
    town.until_served(&[&a], &[8], TAKEOVER_MS).await;
    let state = || async { a.runtime.instance_summary(id).await.unwrap().state == "completed" };
    town.until("the timer fires where it is now", 21_000, state).await;
}

/// A lease that ends and comes back while a timer is on its way: the firing that was decided under the old one is
/// dropped, and the timer is due at once, though the node had read its timers when it was still on its way.
#[tokio::test]
async fn a_timer_dropped_with_its_lease_fires_as_soon_as_the_partition_is_back() {
    let mut town = Town::new().await;
    let a = town.node().await;
    let sleeping = town.deploy(&a, &around(REST)).await;
    let id = a.runtime.start(&town.admin, start(sleeping)).await.unwrap().instance;
    a.store.hold(Some(id));
    town.until("it is fired", 21_000, || async { a.store.on_their_way() == 1 }).await;
    let lease = || async {
        let leases = town.inner.leases().await.unwrap();
        leases.into_iter().find(|lease| lease.partition == partition_of(id.0)).unwrap()
    };
    let LeaseRow { partition, owner, epoch } = lease().await;
    let release = ClusterWrite::Release { partition, owner: owner.unwrap(), epoch };
    town.inner.commit_one(Unit::of(release)).await.unwrap();
    town.until("the partition is back", 3_000, || async { lease().await.epoch > epoch && a.serves(id) }).await;
    // It reads the timers of what it serves now.
    town.pass(2_000).await;
    assert_eq!(town.inner.due_timers(&[], town.clock.now(), 10).await.unwrap().len(), 1, "nothing fired it");
    a.store.hold(None);
    let state = || async { a.runtime.instance_summary(id).await.unwrap().state == "completed" };
    let took = town.until("it fires again", 1_000, state).await;
    assert!(took <= 200, "{took} ms");
    let fired = town.inner.journal(id, 0, 10).await.unwrap();
    assert_eq!(fired.len(), 2, "its start and its one firing");
}

/// A catalog with a process that starts on every record made.
async fn orders(town: &Town, node: &Node) -> model::CatalogId {
    let field = Field {
        key: "TITLE".into(),
        name: "TITLE".into(),
        kind: FieldType::Text { multiline: false },
        required: false,
        multiple: false,
    };
    let new = NewCatalog { name: "Orders".into(), fields: vec![field], ..NewCatalog::default() };
    let catalog = node.runtime.platform().catalogs().create(new).await.unwrap().id;
    let what = Deploy {
        bytes: bpmn(&around(&user_task("anna"))).into_bytes(),
        document: Some(model::DocumentType { catalog }),
        auto_execute: 1,
        ..Deploy::default()
    };
    node.runtime.deploy(&town.admin, what).await.unwrap();
    catalog
}

#[tokio::test]
async fn what_a_record_leads_to_survives_the_node() {
    let mut town = Town::new().await;
    let (a, b) = (town.node().await, town.node().await);
    town.until_served(&[&a, &b], &[4, 4], 2_500).await;
    let catalog = orders(&town, &a).await;
    let fields = || object(json!({"TITLE": "t"}));
    let record = a.runtime.create_record(&town.admin, catalog, fields()).await.unwrap();
    let of = |id: model::RecordId| InstanceFilter { record: Some(id), ..InstanceFilter::default() };
    let count = |node: &Node, id| {
        let runtime = node.runtime.clone();
        async move { runtime.instances(&of(id), Page::default()).await.unwrap().total }
    };
    assert_eq!(count(&a, record.id).await, 1, "it is there when the record is");
    // The next one dies right after its commit.
    *town.ground.faults.lock().unwrap() = Faults { crash_after: 1_000, ..Faults::default() };
    let (runtime, admin) = (b.runtime.clone(), town.admin.clone());
    let lost = tokio::spawn(async move { runtime.create_record(&admin, catalog, fields()).await });
    while !b.store.crashed() {
        tokio::task::yield_now().await;
    }
    *town.ground.faults.lock().unwrap() = Faults::default();
    lost.abort();
    let (url, alive) = (b.url.clone(), a);
    town.peers.cut(&url);
    drop(b);
    let next = model::RecordId(record.id.0 + 1);
    assert!(town.inner.record(next).await.unwrap().is_some() && !alive.store.crashed());
    assert_eq!(town.instances().await.len(), 1, "nothing was started for it yet");
    town.until_served(&[&alive], &[8], TAKEOVER_MS + 1_000).await;
    town.until("the start comes", 3_000, || async { count(&alive, next).await == 1 }).await;
    town.pass(3_000).await;
    assert_eq!((town.inner.messages_waiting().await.unwrap().0, town.instances().await.len()), (0, 2), "each once");
    // Who deletes it ends what runs for it.
    alive.runtime.delete_record(&town.admin, record.id).await.unwrap();
    let ended = alive.runtime.instances(&of(record.id), Page::default()).await.unwrap().items.remove(0);
    assert_eq!(ended.state, "canceled");
}

#[tokio::test]
async fn a_message_is_taken_once() {
    let mut town = Town::new().await;
    let (a, b) = (town.node().await, town.node().await);
    town.until_served(&[&a, &b], &[4, 4], 2_500).await;
    let catalog = orders(&town, &a).await;
    let definition = town.inner.latest_definition("p").await.unwrap().unwrap().id;
    let record = a.runtime.platform().records().create(&town.admin, catalog, &object(json!({}))).await.unwrap();
    let mut unit = Unit::new();
    for n in 0..40 {
        let payload = json!({
            "definition": definition,
            "document": {"catalog": catalog, "record": record.id},
            "mood": "a field of a newer version",
        });
        let partition = PartitionId(n % PARTITIONS as u8);
        let (id, created_at) = (1_000 + i64::from(n), town.clock.now());
        let row = InboxRow { partition, id, kind: "start".into(), payload, created_at };
        unit.push(InboxWrite::Insert(Box::new(row)));
    }
    // One that nobody can do is taken all the same.
    let payload = json!({"definition": DefinitionId(99), "document": {"catalog": catalog, "record": record.id}});
    let (partition, created_at) = (PartitionId(0), town.clock.now());
    let row = InboxRow { partition, id: 2_000, kind: "start".into(), payload, created_at };
    unit.push(InboxWrite::Insert(Box::new(row)));
    town.inner.commit_one(unit).await.unwrap();
    // A third node comes while they are taken.
    let c = town.node().await;
    town.until_served(&[&a, &b, &c], &[3, 3, 2], 3_000).await;
    town.until("all are taken", 5_000, || async { town.inner.messages_waiting().await.unwrap().0 == 0 }).await;
    assert_eq!(town.instances().await.len(), 40);
}

/// A look that began before a partition went and came back may show what was taken meanwhile, beside what was not.
#[tokio::test]
async fn a_message_beside_one_that_was_taken_is_not_lost_with_it() {
    let mut town = Town::new().await;
    let a = town.node().await;
    let asking = town.deploy(&a, &around(&user_task("anna"))).await;
    let id = a.runtime.start(&town.admin, start(asking)).await.unwrap().instance;
    let message = |n: i64| {
        let values = object(json!({format!("from_{n}"): true}));
        let command = engine::Command::SetVariables { scope: None, values, by: None };
        let payload = json!({"instance": id, "commands": [command]});
        let (partition, created_at) = (partition_of(id.0), town.clock.now());
        InboxRow { partition, id: n, kind: "command".into(), payload, created_at }
    };
    town.inner.commit_one(Unit::of(InboxWrite::Insert(Box::new(message(2_000))))).await.unwrap();
    a.store.show_once_more(message(1_000));
    town.until("all are taken", 5_000, || async { town.inner.messages_waiting().await.unwrap().0 == 0 }).await;
    let view = a.runtime.instance(id).await.unwrap();
    let names: Vec<&str> = view.variables[0].values.keys().map(|name| &**name).collect();
    assert_eq!(names, ["from_2000"], "what was taken before has no effect, what was not has its own");
}

/// Another node's scripts wait by the thousand, and their node is not quick: that is nothing to this one.
#[tokio::test]
async fn scripts_of_another_node_do_not_hide_ones_own() {
    let mut town = Town::new().await;
    let (a, b) = (town.node().await, town.node().await);
    town.until_served(&[&a, &b], &[4, 4], 2_500).await;
    let script = r#"<bpmn:scriptTask id="a" scriptFormat="javascript"><bpmn:script>let n = 0;
        for (let i = 0; i &lt; 3000000; i++) n += i; return {n: n};</bpmn:script></bpmn:scriptTask>"#;
    let definition = town.deploy(&a, &around(script)).await;
    let partition = b.partitions()[0];
    let theirs = (1..=model::limits::Limits::default().scripts_waiting as i64).map(|n| JobRow {
        partition,
        id: JobId((n << 8) | i64::from(partition.0)),
        instance: InstanceId((1 << 8) | i64::from(partition.0)),
        element_key: 1,
        element_id: "a".into(),
        job_type: engine::SCRIPT_JOB.into(),
        state: JobState::Open,
        retries: 1,
        input: json!({}),
        headers: json!({}),
        created_at: BEGINNING,
        lease_owner: None,
        lease_until: None,
        event_id: None,
    });
    let backlog = theirs.fold(Unit::new(), |unit, job| unit.with(JobWrite::Insert(Box::new(job))));
    town.inner.commit_one(backlog).await.unwrap();
    // The start is there, and so is its script, which nobody announced: it has to be found.
    town.ground.faults.lock().unwrap().unheard = 1_000;
    a.runtime.start(&town.admin, start(definition)).await.unwrap_err();
    town.ground.faults.lock().unwrap().unheard = 0;
    // Time stands still: a script takes a real thread's.
    let done = async {
        while town.instances().await[0].state != store::InstanceState::Completed {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(support::PATIENCE, done).await.expect("the script is found");
}

/// Messages of a newer version's kind wait until a node comes that knows them; what came after them does not.
#[tokio::test]
async fn messages_that_can_not_be_read_hide_no_others() {
    let mut town = Town::new().await;
    let a = town.node().await;
    let asking = town.deploy(&a, &around(&user_task("anna"))).await;
    let id = a.runtime.start(&town.admin, start(asking)).await.unwrap().instance;
    let message = |n: i64, kind: &str| {
        let values = object(json!({format!("from_{n}"): true}));
        let command = engine::Command::SetVariables { scope: None, values, by: None };
        let payload = json!({"instance": id, "commands": [command]});
        let (partition, created_at) = (partition_of(id.0), town.clock.now());
        Write::from(InboxWrite::Insert(Box::new(InboxRow { partition, id: n, kind: kind.into(), payload, created_at })))
    };
    let newer = |from: i64, count: i64| (from..from + count).map(|n| message(n, "of-a-newer-version"));
    let waiting = newer(1_000, 600).chain([message(2_000, "command")]).chain(newer(3_000, 4_000));
    let waiting = waiting.chain([message(8_000, "command")]);
    town.inner.commit_one(waiting.fold(Unit::new(), Unit::with)).await.unwrap();
    let left = || async { town.inner.messages_waiting().await.unwrap().0 };
    town.until("those that can be read are taken", 10_000, || async { left().await == 4_600 }).await;
    // It began anew meanwhile: one that is written late has a low number.
    town.inner.commit_one(Unit::of(message(900, "command"))).await.unwrap();
    town.until("the late one too", 10_000, || async { left().await == 4_600 }).await;
    let view = a.runtime.instance(id).await.unwrap();
    assert_eq!(view.variables[0].values.len(), 3);
    let looks = Arc::new(AtomicU32::new(0));
    let seen = looks.clone();
    a.store.beside_read("messages", move || {
        seen.fetch_add(1, SeqCst);
    });
    town.pass(10_000).await;
    let looks = looks.load(SeqCst);
    assert!((10..=200).contains(&looks), "{looks} looks in ten seconds");
}

/// A node that takes many partitions at once reads what it needs for all of them together.
#[tokio::test]
async fn partitions_are_taken_with_few_reads() {
    let town = Town::new().await;
    let ground = Ground { entropy: Entropy::seeded(1), trace: Trace::new(true, true), faults: Mutex::default() };
    let store = FaultyStore::new(town.inner.clone(), 1, Arc::new(ground), town.clock.clone());
    let runtime = town.open(store.clone(), 64).await.unwrap();
    assert_eq!(runtime.cluster().nodes[0].partitions.len(), 64);
    let reads: Vec<String> = store.ground().trace.lines().into_iter().filter(|line| line.ends_with('"')).collect();
    assert!(reads.len() < 40, "{reads:?}");
}

/// The number of partitions is in every id: it is the database's, whoever of two was first to say one.
#[tokio::test]
async fn two_nodes_that_make_a_database_agree_on_its_partitions() {
    let town = Town::new().await;
    let node = |n: usize| FaultyStore::new(town.inner.clone(), n, town.ground.clone(), town.clock.clone());
    // Both find nothing, and write after that.
    *town.ground.faults.lock().unwrap() = Faults { slow: 1_000, slow_ms: 100, ..Faults::default() };
    let (a, b) = (town.open(node(1), 8), town.open(node(2), 16));
    let (a, b) = town.meanwhile(futures_util::future::join(a, b)).await;
    *town.ground.faults.lock().unwrap() = Faults::default();
    let (a, b) = (a.unwrap(), b.unwrap());
    let kept = town.inner.setting("runtime.partitions").await.unwrap().unwrap();
    assert_eq!((json!(a.cluster().partitions), json!(b.cluster().partitions)), (kept.clone(), kept));
}

/// While partitions move everybody who looks for an owner asks for a look: hundreds of times a second.
#[tokio::test]
async fn looks_asked_for_without_end_leave_room_for_signs_of_life() {
    let mut town = Town::new().await;
    let (a, b) = (town.node().await, town.node().await);
    town.until_served(&[&a, &b], &[4, 4], 2_500).await;
    // `Wake` with `leases` set, as it travels.
    const WAKE: &[u8] = b"\x81\xa4Wake\x81\xa6leases\xc3";
    for node in [&a, &b] {
        let face = node.runtime.peer_face();
        assert!(face.answer(WAKE).now_or_never().unwrap().is_ok());
        node.store.beside_read("nodes", move || drop(face.answer(WAKE).now_or_never()));
    }
    town.pass(2 * TAKEOVER_MS).await;
    assert_eq!(shares(&[&a, &b]), [4, 4]);
    let nodes = town.inner.nodes().await.unwrap();
    assert!(nodes.len() == 2 && nodes.iter().all(|node| node.beat > 15), "{nodes:?}");
}

#[tokio::test]
async fn a_storm_of_starts_goes_through_every_hand_over() {
    let mut town = Town::new().await;
    let (a, b) = (town.node().await, town.node().await);
    town.until_served(&[&a, &b], &[4, 4], 2_500).await;
    let asking = town.deploy(&a, &around(&user_task("anna"))).await;
    let storm = |node: &Node, n: usize| {
        let (runtime, admin, clock) = (node.runtime.clone(), town.admin.clone(), town.clock.clone());
        tokio::spawn(async move {
            let starts = (0..n).map(|n| {
                let (runtime, admin, clock) = (&runtime, &admin, &clock);
                async move {
                    use runtime::clock::Clock as _;
                    clock.sleep_until(BEGINNING.plus_ms(3_000 + 40 * n as i64)).await;
                    let key = format!("{n}");
                    let request = StartRequest { business_key: Some(key), ..start(asking) };
                    let id = runtime.start(admin, request).await?.instance;
                    // And a command to it, wherever it is by now.
                    let values = object(json!({"n": n}));
                    Ok::<_, model::Fault>((id, runtime.set_variables(admin, id, None, values).await))
                }
            });
            join_all(starts).await
        })
    };
    let (first, second) = (storm(&a, 150), storm(&b, 100));
    town.pass(1_500).await;
    let c = town.node().await;
    town.until_served(&[&a, &b, &c], &[3, 3, 2], 3_000).await;
    town.meanwhile(b.runtime.shutdown()).await;
    town.until_served(&[&a, &c], &[4, 4], 1_500).await;
    let d = town.node().await;
    town.until_served(&[&a, &c, &d], &[3, 3, 2], 3_000).await;
    let (first, second) = (town.meanwhile(first).await.unwrap(), town.meanwhile(second).await.unwrap());
    let mut commanded = BTreeMap::new();
    let over = |fault: model::Fault| assert!(fault.is(&model::error::codes::SHUTTING_DOWN), "{fault}");
    for (started, stopped) in first.into_iter().map(|s| (s, false)).chain(second.into_iter().map(|s| (s, true))) {
        match started {
            Ok((id, command)) => {
                assert!(commanded.insert(id, command.is_ok()).is_none(), "an id was given twice");
                command.err().into_iter().for_each(over);
            }
            // Only the node that was stopped refuses anything.
            Err(fault) if stopped => over(fault),
            Err(fault) => panic!("a start was refused: {fault}"),
        }
    }
    assert!(commanded.len() > 170, "{}", commanded.len());
    let rows = town.instances().await;
    let ids: BTreeSet<InstanceId> = rows.iter().map(|row| row.id).collect();
    assert_eq!(ids, commanded.keys().copied().collect(), "none lost, none doubled");
    for row in rows {
        let steps = town.inner.journal(row.id, 0, 10).await.unwrap().len();
        assert_eq!(steps, 1 + usize::from(commanded[&row.id]), "the command came once");
    }
}
