//! A runtime on a real database with a clock of the test's own, and small processes to run on it.
#![allow(dead_code, reason = "the simulation uses a part of it")]
#![allow(clippy::unwrap_used, reason = "tests")]

pub mod faulty;
pub mod trace;

use model::catalog::{Field, FieldType};
use model::{CatalogId, DocumentRef, InstanceId, Object, Timestamp, UserId, Value};
use platform::apps::{ActivityKind, ActivitySpec, Localized, NewApp, PropertyDescriptor, Registration};
use platform::catalogs::NewCatalog;
use platform::identity::users::NewUser;
use platform::{Actor, Platform, PlatformSettings, Role};
use runtime::clock::{Entropy, ManualClock};
use runtime::{
    CallRecord, Connector, Delivery, DeliveryReport, DeliveryResult, Deploy, OutboundHttp, Page, Runtime,
    RuntimeConfig, StartRequest, TaskView,
};
use serde_json::json;
use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::{SharedStore, SqliteStore};

/// 2026-01-01T00:00:00Z.
pub const BEGINNING: Timestamp = Timestamp(1_767_225_600_000);

/// Only a test that fails waits for so long: the machine may be busy with anything.
pub const PATIENCE: Duration = Duration::from_secs(120);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(1);
/// Looks that have to bring nothing before time passes.
const LOOKS_A_MOMENT: u32 = 20;

pub struct World {
    pub store: SharedStore,
    pub platform: Platform,
    pub clock: Arc<ManualClock>,
    pub runtime: Runtime,
    pub admin: Actor,
    pub anna: Actor,
    connectors: Vec<Arc<dyn Connector>>,
}

impl World {
    pub async fn new() -> Self {
        Self::with(Vec::new()).await
    }

    pub async fn with(connectors: Vec<Arc<dyn Connector>>) -> Self {
        Self::on(database().await, connectors).await
    }

    pub async fn on(store: SharedStore, connectors: Vec<Arc<dyn Connector>>) -> Self {
        let clock = Arc::new(ManualClock::new(BEGINNING));
        let platform = Platform::new(store.clone(), clock.clone(), PlatformSettings::default());
        let admin = person(&platform, "admin", Role::Admin).await;
        let anna = person(&platform, "anna", Role::Employee).await;
        let runtime = open(&store, &platform, &clock, &connectors).await;
        Self { store, platform, clock, runtime, admin, anna, connectors }
    }

    /// What a crash leaves: the runtime is dropped as it is, a new one opens on the same database.
    pub async fn crash_and_reopen(&mut self) {
        if !self.store.exclusive() {
            // Others would wait until it counts as dead.
            self.runtime.shutdown().await;
        }
        let opened = open(&self.store, &self.platform, &self.clock, &self.connectors).await;
        self.runtime = opened;
    }

    pub async fn deploy(&self, body: &str) -> model::DefinitionId {
        self.deploy_for(body, None).await
    }

    pub async fn deploy_for(&self, body: &str, catalog: Option<CatalogId>) -> model::DefinitionId {
        let document = catalog.map(|catalog| model::DocumentType { catalog });
        let what = Deploy { bytes: bpmn(body).into_bytes(), document, ..Deploy::default() };
        self.runtime.deploy(&self.admin, what).await.unwrap_or_else(|f| panic!("{f} {:?}", f.details))[0].id
    }

    pub async fn start(&self, definition: model::DefinitionId, variables: serde_json::Value) -> InstanceId {
        let request = StartRequest { variables: object(variables), ..StartRequest::of(definition) };
        self.runtime.start(&self.admin, request).await.unwrap().instance
    }

    pub async fn state(&self, id: InstanceId) -> String {
        self.runtime.instance_summary(id).await.unwrap().state
    }

    pub async fn variables(&self, id: InstanceId) -> serde_json::Value {
        let view = self.runtime.instance(id).await.unwrap();
        Value::Object(Arc::new(view.variables[0].values.clone())).to_json()
    }

    /// Names of the history's events.
    pub async fn names(&self, id: InstanceId) -> Vec<String> {
        self.runtime.history(id).await.unwrap().into_iter().map(|e| e.kind).collect()
    }

    pub async fn open_tasks(&self, who: &Actor) -> Vec<TaskView> {
        self.runtime.inbox(who.user_id(), false, None, Page::default()).await.unwrap().items
    }

    pub async fn catalog(&self) -> CatalogId {
        self.catalog_named("Orders").await
    }

    pub async fn catalog_named(&self, name: &str) -> CatalogId {
        let text = |key: &str| Field {
            key: key.into(),
            name: key.into(),
            kind: FieldType::Text { multiline: false },
            required: false,
            multiple: false,
        };
        let fields = vec![text("TITLE"), text("STATUS")];
        let new = NewCatalog { name: name.into(), fields, ..NewCatalog::default() };
        self.platform.catalogs().create(new).await.unwrap().id
    }

    pub async fn record(&self, catalog: CatalogId, fields: serde_json::Value) -> DocumentRef {
        let record = self.platform.records().create(&self.anna, catalog, &object(fields)).await.unwrap();
        DocumentRef { catalog, record: record.id }
    }

    /// An app with the activity `md5`; gives its job type.
    pub async fn md5(&self, use_subscription: Option<bool>) -> String {
        let new = NewApp { name: "App".into(), ..NewApp::default() };
        let app = self.platform.apps().create(&self.admin, new).await.unwrap().app;
        let named = |name: &str| PropertyDescriptor {
            name: Localized::from(name),
            kind: "string".into(),
            ..PropertyDescriptor::default()
        };
        let spec = ActivitySpec {
            handler: "http://handler.example/".into(),
            auth_user: None,
            use_subscription,
            name: Localized::from("md5"),
            description: Localized::default(),
            properties: [("inputString".to_owned(), named("in"))].into_iter().collect(),
            return_properties: [("outputString".to_owned(), named("out"))].into_iter().collect(),
            document_type: None,
            filter: None,
            use_placement: false,
            placement_handler: None,
        };
        let by = self.admin.user_id();
        let new = Registration { app: app.id, kind: ActivityKind::Activity, code: "md5".into(), by, spec };
        self.platform.activities().register(new).await.unwrap().job_type()
    }

    /// Waits until `condition` gives something; looks again whenever something changed.
    pub async fn until<T, F: Future<Output = Option<T>>>(&self, what: &str, mut condition: impl FnMut() -> F) -> T {
        let mut live = self.platform.live().subscribe();
        let look = async {
            loop {
                if let Some(found) = condition().await {
                    return found;
                }
                // A lagging or closed bus only means: look again. Others have to come to their turn meanwhile.
                tokio::select! {
                    _ = live.recv() => {}
                    () = tokio::time::sleep(LOOK) => {}
                }
            }
        };
        tokio::time::timeout(PATIENCE, look).await.unwrap_or_else(|_| panic!("never happened: {what}"))
    }

    /// The same for what needs time to pass: the clock moves on whenever nothing came of the moment before.
    pub async fn until_later<T, F>(&self, what: &str, step_ms: i64, mut condition: impl FnMut() -> F) -> T
    where
        F: Future<Output = Option<T>>,
    {
        let looks = std::cell::Cell::new(0_u32);
        let look = || {
            looks.set(looks.get() + 1);
            if looks.get().is_multiple_of(LOOKS_A_MOMENT) {
                self.clock.advance_ms(step_ms);
            }
            condition()
        };
        self.until(what, look).await
    }

    pub async fn until_state(&self, id: InstanceId, state: &str) {
        self.until(state, || async { (self.state(id).await == state).then_some(()) }).await;
    }
}

/// An empty database: an embedded one, or one of the PostgreSQL server whose URL `RUSLO_TEST_POSTGRES` is.
async fn database() -> SharedStore {
    let Ok(server) = std::env::var("RUSLO_TEST_POSTGRES") else {
        return Arc::new(SqliteStore::open_in_memory().unwrap());
    };
    static MADE: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    let number = MADE.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let made = store_postgres::Scratch::create(&server, &format!("runtime_{}_{number}", std::process::id())).await;
    let options = store_postgres::PostgresOptions::new(made.unwrap().url());
    Arc::new(store_postgres::PostgresStore::open(options).await.unwrap())
}

/// Nine to six in UTC, Monday to Friday; 2026-01-02 is free.
fn office() -> runtime::Calendars {
    let day = json!([{"from": "09:00:00", "to": "18:00:00"}]);
    let week = json!([day, day, day, day, day, [], []]);
    serde_json::from_value(json!({"office": {"week": week, "exceptions": {"2026-01-02": []}}})).unwrap()
}

async fn open(
    store: &SharedStore,
    platform: &Platform,
    clock: &Arc<ManualClock>,
    connectors: &[Arc<dyn Connector>],
) -> Runtime {
    let mut config = RuntimeConfig::new(store.clone(), platform.clone(), clock.clone());
    // Another process each time, and so another node.
    static OPENED: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    config.entropy = Entropy::seeded(OPENED.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
    config.connectors = connectors.to_vec();
    config.calendars = office();
    config.allow_private = vec!["127.0.0.0/8".parse().unwrap()];
    Runtime::open(config).await.unwrap()
}

pub async fn person(platform: &Platform, login: &str, role: Role) -> Actor {
    if let Some(known) = platform.users().by_login(login).await.unwrap() {
        return Actor::session(Arc::unwrap_or_clone(known));
    }
    let new = NewUser { login: login.into(), name: login.into(), role, ..NewUser::default() };
    Actor::session(platform.users().create(new).await.unwrap())
}

/// Up to ten jobs of a type, leased.
pub async fn activate(world: &World, job_type: &str) -> Vec<runtime::ActivatedJob> {
    let ask = runtime::ActivateJobs {
        job_type: job_type.into(),
        max: 10,
        lease: std::time::Duration::from_secs(30),
        wait: std::time::Duration::ZERO,
        worker: "w".into(),
    };
    world.runtime.activate_jobs(&world.admin, ask).await.unwrap()
}

/// Does a job of a type as soon as there is one.
pub async fn complete(world: &World, job_type: &str, result: serde_json::Value) {
    let job = world.until(job_type, || async { activate(world, job_type).await.pop() }).await;
    world.runtime.complete_job(&world.admin, job.id, object(result)).await.unwrap();
}

pub fn object(json: serde_json::Value) -> Object {
    Value::from_json(&json).as_object().cloned().unwrap_or_default()
}

/// A process `p` with this content.
pub fn bpmn(body: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="defs" targetNamespace="t">
<bpmn:process id="p" name="Process" isExecutable="true">{body}</bpmn:process></bpmn:definitions>"#
    )
}

/// start → one element `a` → end.
pub fn around(element: &str) -> String {
    format!(
        r#"<bpmn:startEvent id="start"/>{element}<bpmn:endEvent id="end"/>
<bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="a"/><bpmn:sequenceFlow id="f2" sourceRef="a" targetRef="end"/>"#
    )
}

/// A service task `a`.
pub fn service(job_type: &str, inputs: &[(&str, &str)]) -> String {
    service_named("a", job_type, inputs)
}

pub fn service_named(id: &str, job_type: &str, inputs: &[(&str, &str)]) -> String {
    let inputs: String = inputs.iter().map(|(t, s)| format!(r#"<zeebe:input source="{s}" target="{t}"/>"#)).collect();
    format!(
        r#"<bpmn:serviceTask id="{id}" name="Work"><bpmn:extensionElements><zeebe:taskDefinition type="{job_type}" retries="2"/>
<zeebe:ioMapping>{inputs}</zeebe:ioMapping></bpmn:extensionElements></bpmn:serviceTask>"#
    )
}

/// A user task `a`.
pub fn user_task(assignee: &str) -> String {
    format!(
        r#"<bpmn:userTask id="a" name="Approve"><bpmn:extensionElements><zeebe:userTask/>
<zeebe:assignmentDefinition assignee="{assignee}"/></bpmn:extensionElements></bpmn:userTask>"#
    )
}

pub fn id_of(user: &Actor) -> UserId {
    user.user_id()
}

/// A connector for app activities that does as it is told.
pub struct Handler {
    /// Outcomes to come; `Done` when empty.
    pub plan: Mutex<VecDeque<DeliveryResult>>,
    /// What was delivered.
    pub seen: Mutex<Vec<Delivery>>,
}

impl Handler {
    pub fn new(plan: Vec<DeliveryResult>) -> Arc<Self> {
        Arc::new(Self { plan: Mutex::new(plan.into()), seen: Mutex::default() })
    }

    pub fn seen(&self) -> Vec<Delivery> {
        self.seen.lock().unwrap().clone()
    }
}

#[async_trait::async_trait]
impl Connector for Handler {
    fn kind(&self) -> &'static str {
        "app_activity"
    }

    async fn deliver(&self, delivery: &Delivery, _http: &OutboundHttp) -> DeliveryReport {
        self.seen.lock().unwrap().push(delivery.clone());
        let result = self.plan.lock().unwrap().pop_front().unwrap_or(DeliveryResult::Done);
        let request = json!(delivery.order.event_id).to_string();
        let call = CallRecord { url: "http://handler.example/".into(), request, ..CallRecord::default() };
        DeliveryReport { result, call: Some(call) }
    }
}
