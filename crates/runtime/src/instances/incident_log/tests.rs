use super::*;
use crate::clock::ManualClock;
use crate::runtime::{Runtime, RuntimeConfig};
use crate::types::{Deploy, Page, StartRequest};
use platform::identity::users::NewUser;
use platform::{Actor, Platform, PlatformSettings, Role};
use std::fmt::Write as _;
use std::sync::Arc;
use store::{SharedStore, SqliteStore};
use tracing::Metadata;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};

#[test]
fn a_storm_is_a_few_lines_and_a_number() {
    let mut pace = Pace::default();
    let at = |ms: i64| Timestamp(1_000_000 + ms);
    let told: Vec<_> = (0..30_000).map(|n| pace.take(at(n / 10))).filter(|(line, _)| *line).collect();
    assert_eq!(told, vec![(true, 0); LINES as usize]);
    assert_eq!(pace.over(at(SPAN_MS - 1)), 0, "the span is not over");
    assert_eq!(pace.over(at(SPAN_MS)), 30_000 - u64::from(LINES));
    assert_eq!(pace.over(at(3 * SPAN_MS)), 0, "it is said once");
    assert_eq!(pace.take(at(4 * SPAN_MS)), (true, 0));
}

#[test]
fn the_first_line_of_a_span_tells_what_the_last_left_out() {
    let mut pace = Pace::default();
    let left = |pace: &mut Pace, n: u32, now: i64| (0..n).map(|_| pace.take(Timestamp(now)).1).collect::<Vec<_>>();
    left(&mut pace, LINES + 7, 5);
    assert_eq!(left(&mut pace, 2, 5 + SPAN_MS), [7, 0]);
    // A clock that was set back begins a span instead of silencing the log until it has caught up.
    left(&mut pace, LINES, 6 + SPAN_MS);
    assert_eq!(pace.take(Timestamp(1)), (true, 2));
}

/// What is logged on this thread, a text an event.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    fn with(&self, text: &str) -> Vec<String> {
        self.0.lock().unwrap().iter().filter(|line| line.contains(text)).cloned().collect()
    }
}

impl tracing::Subscriber for Lines {
    fn enabled(&self, event: &Metadata<'_>) -> bool {
        event.target().starts_with("runtime::instances::incident_log")
    }

    fn event(&self, event: &tracing::Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

/// A task for nobody is an incident.
const FILE: &str = r#"<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
 xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="t"><bpmn:process id="leave"
 isExecutable="true"><bpmn:startEvent id="s"/><bpmn:userTask id="approve"><bpmn:extensionElements><zeebe:userTask/>
<zeebe:assignmentDefinition assignee="=who"/></bpmn:extensionElements></bpmn:userTask>
<bpmn:sequenceFlow id="f" sourceRef="s" targetRef="approve"/></bpmn:process></bpmn:definitions>"#;

struct World {
    runtime: Runtime,
    clock: Arc<ManualClock>,
    admin: Actor,
    definition: model::DefinitionId,
}

impl World {
    async fn new() -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp(1_767_225_600_000)));
        let store: SharedStore = Arc::new(SqliteStore::open_in_memory().unwrap());
        let platform = Platform::new(store.clone(), clock.clone(), PlatformSettings::default());
        let new = NewUser { login: "admin".into(), name: "admin".into(), role: Role::Admin, ..NewUser::default() };
        let admin = Actor::session(platform.users().create(new).await.unwrap());
        let runtime = Runtime::open(RuntimeConfig::new(store, platform, clock.clone())).await.unwrap();
        let what = Deploy { bytes: FILE.as_bytes().to_vec(), ..Deploy::default() };
        let definition = runtime.deploy(&admin, what).await.unwrap()[0].id;
        Self { runtime, clock, admin, definition }
    }

    async fn start(&self, who: &str) -> InstanceId {
        let variables: model::Object = [("who".into(), model::Value::from(who))].into_iter().collect();
        let request = StartRequest { variables, ..StartRequest::of(self.definition) };
        self.runtime.start(&self.admin, request).await.unwrap().instance
    }
}

#[tokio::test]
async fn an_incident_is_a_line_and_its_end_another() {
    let lines = Lines::default();
    let _listens = tracing::subscriber::set_default(lines.clone());
    let world = World::new().await;
    world.start("admin").await;
    assert_eq!(lines.with(""), [""; 0], "who has no incident is not told of");

    let id = world.start("geheim").await;
    let opened = lines.with("was opened").concat();
    let incident = world.runtime.incidents(Some(true), Some(id), Page::default()).await.unwrap().items.remove(0).id;
    assert_eq!(
        opened,
        format!(
            "WARN message=an incident was opened instance.id={id} incident.id={incident} process=\"leave\" \
             element=\"approve\" code=\"ENG-0011\""
        )
    );
    let mended = [("who".into(), model::Value::from("admin"))].into_iter().collect();
    world.runtime.set_variables(&world.admin, id, None, mended).await.unwrap();
    world.runtime.retry_incident(&world.admin, incident).await.unwrap();
    let resolved = lines.with("was resolved").concat();
    assert_eq!(resolved, opened.replace("WARN", "INFO").replace("opened", "resolved"));
    assert_eq!(lines.with("").len(), 2);
}

#[tokio::test]
async fn a_storm_leaves_out_most_and_says_how_many() {
    let lines = Lines::default();
    let _listens = tracing::subscriber::set_default(lines.clone());
    let world = World::new().await;
    for _ in 0..LINES + 6 {
        world.start("nobody").await;
    }
    assert_eq!(lines.with("").len(), LINES as usize);
    // Nothing more comes: it is said all the same.
    world.clock.advance_ms(SPAN_MS);
    while lines.with("left_out").is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(lines.with("left_out"), ["WARN message=more incidents were opened than are told one by one left_out=6"]);
    for _ in 0..LINES + 2 {
        world.start("nobody").await;
    }
    world.runtime.shutdown().await;
    assert_eq!(lines.with("left_out=2").len(), 1, "a stop does not forget them");
}
