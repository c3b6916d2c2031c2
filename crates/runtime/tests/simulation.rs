//! Simulation by seed: processes, people, apps and workers on a store that fails on purpose, and a server that dies.
//!
//! What must hold at the end: every acknowledged start and answer is there, every instance finished, each step's
//! record change happened once, the journal replays to the snapshot, and nothing is left over. A failing seed is
//! repeated with `RUSLO_SIM_SEED=<seed> cargo test -p runtime --test simulation`; `RUSLO_SIM_SEEDS=200` runs many.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use engine::{Event, Instance, decode_events};
use model::{DefinitionId, DocumentRef, InstanceId, TaskId};
use platform::{Actor, Platform, PlatformSettings};
use runtime::clock::{Entropy, ManualClock};
use runtime::{ActivateJobs, AppAnswer, InstanceFilter, Page, Runtime, RuntimeConfig, StartRequest, TaskAnswer};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use store::SharedStore;
use support::faulty::{Faults, FaultyStore};
use support::{BEGINNING, Handler, World, object, service_named};

const STEPS: usize = 120;
const FAULTS: Faults = Faults { refused: 80, crash_before: 20, crash_after: 30, read: 15 };

/// One server process on the shared database.
struct Server {
    store: Arc<FaultyStore>,
    runtime: Runtime,
}

struct Sim {
    entropy: Arc<Entropy>,
    inner: SharedStore,
    clock: Arc<ManualClock>,
    handler: Arc<Handler>,
    admin: Actor,
    anna: Actor,
    definition: DefinitionId,
    document: DocumentRef,
    injected: Arc<AtomicU32>,
    crashes: u32,
    started: BTreeSet<InstanceId>,
    answered: BTreeSet<TaskId>,
}

/// start → app's activity → user task → record change → timer → worker's job → end.
fn body(md5: &str) -> String {
    let flow = |id: &str, from: &str, to: &str| {
        format!(r#"<bpmn:sequenceFlow id="{id}" sourceRef="{from}" targetRef="{to}"/>"#)
    };
    let user = support::user_task("anna").replace(r#"id="a""#, r#"id="ask""#);
    let timer = r#"<bpmn:intermediateCatchEvent id="rest"><bpmn:timerEventDefinition><bpmn:timeDuration
 xsi:type="bpmn:tFormalExpression">PT30S</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"#;
    [
        r#"<bpmn:startEvent id="start"/><bpmn:endEvent id="end"/>"#.to_owned(),
        service_named("call", md5, &[("inputString", "=document.TITLE")]),
        user,
        service_named("mark", "ruslo:record.update", &[("fields", "={STATUS: document.STATUS + &quot;x&quot;}")]),
        timer.to_owned(),
        service_named("work", "payment", &[("n", "=1")]),
        flow("f1", "start", "call"),
        flow("f2", "call", "ask"),
        flow("f3", "ask", "mark"),
        flow("f4", "mark", "rest"),
        flow("f5", "rest", "work"),
        flow("f6", "work", "end"),
    ]
    .concat()
}

impl Sim {
    async fn new(seed: u64) -> Self {
        let handler = Handler::new(Vec::new());
        let world = World::with(vec![handler.clone()]).await;
        let md5 = world.md5(Some(true)).await;
        let catalog = world.catalog().await;
        let definition = world.deploy_for(&body(&md5), Some(catalog)).await;
        let document = world.record(catalog, json!({"TITLE": "t", "STATUS": "x"})).await;
        world.runtime.shutdown().await;
        Self {
            entropy: Arc::new(Entropy::seeded(seed)),
            inner: world.store.clone(),
            clock: Arc::new(ManualClock::new(BEGINNING)),
            handler,
            admin: world.admin.clone(),
            anna: world.anna.clone(),
            definition,
            document,
            injected: Arc::default(),
            crashes: 0,
            started: BTreeSet::new(),
            answered: BTreeSet::new(),
        }
    }

    /// A new process on the same database. Opening may be hit too: tried until it works, as a supervisor does.
    async fn server(&self, faults: Faults) -> Server {
        loop {
            let store = FaultyStore::new(self.inner.clone(), self.entropy.clone(), faults, self.injected.clone());
            let platform = Platform::new(store.clone(), self.clock.clone(), PlatformSettings::default());
            let mut config = RuntimeConfig::new(store.clone(), platform, self.clock.clone());
            config.entropy = Entropy::seeded(self.entropy.next_u64());
            config.connectors = vec![self.handler.clone()];
            config.partitions = 4;
            if let Ok(runtime) = Runtime::open(config).await {
                return Server { store, runtime };
            }
        }
    }

    fn dice(&self, sides: usize) -> usize {
        (self.entropy.next_u64() % sides as u64) as usize
    }

    async fn act(&mut self, server: &Server) {
        let runtime = &server.runtime;
        match self.dice(10) {
            0..=2 => self.start(runtime).await,
            3 | 4 => self.answer_task(runtime).await,
            5 | 6 => self.answer_call(runtime).await,
            7 => self.work(runtime).await,
            8 => self.clock.advance_ms(10_000),
            _ => self.clock.advance_ms(1_000),
        }
        for _ in 0..self.dice(20) {
            tokio::task::yield_now().await;
        }
    }

    async fn start(&mut self, runtime: &Runtime) {
        let request = StartRequest { document: Some(self.document), ..StartRequest::of(self.definition) };
        // A refused start may have happened all the same; only what was acknowledged counts.
        if let Ok(started) = runtime.start(&self.admin, request).await {
            assert!(self.started.insert(started.instance), "an id was given twice");
        }
    }

    async fn answer_task(&mut self, runtime: &Runtime) {
        let Ok(tasks) = runtime.inbox(self.anna.user_id(), false, None, Page::default()).await else { return };
        if tasks.items.is_empty() {
            return;
        }
        let task = tasks.items[self.dice(tasks.items.len())].id;
        let twice = self.dice(3) == 0;
        for _ in 0..=usize::from(twice) {
            if runtime.complete_task(&self.anna, task, TaskAnswer::default()).await.is_ok() {
                assert!(self.answered.insert(task), "{task} was answered twice");
            }
        }
    }

    async fn answer_call(&mut self, runtime: &Runtime) {
        let seen = self.handler.seen();
        if seen.is_empty() {
            return;
        }
        let order = seen[self.dice(seen.len())].order.clone();
        let answer = AppAnswer {
            instance: order.instance,
            element_id: order.element_id,
            event_id: order.event_id,
            values: object(json!({"outputString": "9a"})),
            log: None,
        };
        for _ in 0..=self.dice(2) {
            // Any outcome will do: repeated answers are the point.
            let _ = runtime.answer_app_job(answer.clone()).await;
        }
    }

    async fn work(&mut self, runtime: &Runtime) {
        let ask = ActivateJobs {
            job_type: "payment".into(),
            max: 3,
            lease: Duration::from_secs(5),
            wait: Duration::ZERO,
            worker: "w".into(),
        };
        for job in runtime.activate_jobs(&self.admin, ask).await.unwrap_or_default() {
            // A refused completion leaves the job to its lease's end.
            let _ = runtime.complete_job(&self.admin, job.id, object(json!({"paid": true}))).await;
        }
    }

    /// Without faults everything comes to its end.
    async fn drain(&mut self, server: &Server) {
        for _ in 0..20_000 {
            let open = InstanceFilter { state: Some("active".into()), ..InstanceFilter::default() };
            if server.runtime.instances(&open, Page::default()).await.unwrap().total == 0 {
                return;
            }
            self.answer_task(&server.runtime).await;
            for delivery in self.handler.seen() {
                let order = delivery.order;
                let (instance, element_id, event_id) = (order.instance, order.element_id, order.event_id);
                let answer = AppAnswer { instance, element_id, event_id, values: object(json!({})), log: None };
                let _ = server.runtime.answer_app_job(answer).await;
            }
            self.work(&server.runtime).await;
            self.clock.advance_ms(1_000);
            tokio::task::yield_now().await;
        }
        panic!("instances are stuck");
    }

    async fn verify(&self, server: &Server) {
        let all = Page { limit: 10_000, offset: 0 };
        let listed = server.runtime.instances(&InstanceFilter::default(), all).await.unwrap();
        let ids: BTreeSet<InstanceId> = listed.items.iter().map(|i| i.id).collect();
        assert!(ids.is_superset(&self.started), "an acknowledged start is gone");
        for id in &ids {
            let stored = self.inner.load_instances(&[*id]).await.unwrap().remove(0);
            let rows = self.inner.journal(*id, 0, 10_000).await.unwrap();
            assert_eq!(rows.len() as u64, stored.row.seq);
            let events: Vec<Event> = rows.iter().flat_map(|r| decode_events(&r.events).unwrap()).collect();
            let live = Instance::decode(&stored.snapshot).unwrap();
            assert_eq!(Instance::replay(&events), Some(live), "the journal replays to the snapshot");
            let count = |name: &str| events.iter().filter(|e| e.name() == name).count();
            // call, ask, mark, rest, work, start, end: each once.
            assert_eq!((count("elementActivated"), count("elementCompleted")), (7, 7), "{id}");
            assert_eq!((count("jobCompleted"), count("userTaskCompleted"), count("timerFired")), (3, 1, 1), "{id}");
        }
        let record = self.inner.record(self.document.record).await.unwrap().unwrap();
        let marks = record.data["STATUS"].as_str().unwrap().len() - 1;
        assert_eq!(marks, ids.len(), "each instance changed the record once");
        for task in &self.answered {
            let task = self.inner.task(*task).await.unwrap().unwrap().task;
            assert_eq!(task.state.as_str(), "completed", "an acknowledged answer is gone");
        }
        assert!(self.inner.earliest_timer().await.unwrap().is_none(), "a timer is left");
        let later = self.clock_later();
        assert!(self.inner.open_jobs("payment", later, 10).await.unwrap().is_empty(), "a job is left");
        let open = server.runtime.incidents(Some(true), None, all).await.unwrap().items;
        assert!(open.is_empty(), "incidents: {open:?}");
    }

    fn clock_later(&self) -> model::Timestamp {
        use model::Clock as _;
        self.clock.now().plus_ms(1_000_000)
    }
}

async fn simulate(seed: u64) {
    let mut sim = Sim::new(seed).await;
    let mut server = sim.server(FAULTS).await;
    for _ in 0..STEPS {
        sim.act(&server).await;
        if server.store.crashed() || sim.dice(60) == 0 {
            sim.crashes += 1;
            drop(server);
            server = sim.server(FAULTS).await;
        }
    }
    drop(server);
    let server = sim.server(Faults::default()).await;
    sim.drain(&server).await;
    sim.verify(&server).await;
    let (started, faults) = (sim.started.len(), sim.injected.load(Ordering::SeqCst));
    println!("seed {seed}: {started} acknowledged starts, {faults} faults, {} crashes", sim.crashes);
    server.runtime.shutdown().await;
}

fn from_env(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[tokio::test]
async fn nothing_is_lost_or_doubled() {
    let one = from_env("RUSLO_SIM_SEED");
    let first = one.unwrap_or(1);
    let seeds = one.map_or_else(|| from_env("RUSLO_SIM_SEEDS").unwrap_or(3), |_| 1);
    for seed in first..first + seeds {
        let run = std::panic::AssertUnwindSafe(simulate(seed));
        if futures_util::FutureExt::catch_unwind(run).await.is_err() {
            panic!("repeat with: RUSLO_SIM_SEED={seed} cargo test -p runtime --test simulation");
        }
    }
}
