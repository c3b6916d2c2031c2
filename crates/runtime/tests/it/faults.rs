//! What is broken stays alone: instances, handlers, scripts; and the HTTP component against a real socket.

use crate::support;
use crate::support::faulty::{FaultyStore, Ground};
use crate::support::trace::Trace;
use crate::support::{BEGINNING, World, around, object, service, user_task};
use engine::event::InstanceCreated;
use engine::{Event, Instance};
use model::definition::ElementIdx;
use model::error::codes;
use model::{Clock, InstanceId, Object};
use runtime::clock::{Entropy, ManualClock};
use runtime::{Page, Runtime, RuntimeConfig, StartRequest};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use store::{InstanceUpdate, InstanceWrite, JournalRow, Unit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Replaces the stored snapshot, as a bug or a bad disk would.
async fn overwrite(world: &World, id: InstanceId, snapshot: Vec<u8>) {
    let row = world.store.instance(id).await.unwrap().unwrap();
    let update = InstanceUpdate {
        partition: row.partition,
        id,
        expect_seq: row.seq,
        seq: row.seq,
        state: row.state,
        state_title: row.state_title,
        updated_at: row.updated_at,
        finished_at: None,
        incidents: 0,
        snapshot,
    };
    world.store.commit_one(Unit::of(InstanceWrite::Update(update))).await.unwrap();
}

fn set(world: &World, id: InstanceId) -> impl Future<Output = Result<(), model::Fault>> {
    world.runtime.set_variables(&world.admin, id, None, object(json!({"x": 1})))
}

/// A world whose database can be told to fail; until then it does not.
pub async fn on_a_faulty_store() -> (World, std::sync::Arc<FaultyStore>) {
    let ground =
        Ground { entropy: Entropy::seeded(1), trace: Trace::new(true, false), faults: std::sync::Mutex::default() };
    let clock = std::sync::Arc::new(ManualClock::new(BEGINNING));
    let inner = std::sync::Arc::new(store::SqliteStore::open_inline().unwrap());
    let store = FaultyStore::new(inner, 0, std::sync::Arc::new(ground), clock);
    (World::on(store.clone(), Vec::new()).await, store)
}

#[tokio::test]
async fn an_instance_that_breaks_an_invariant_is_set_aside_alone() {
    let mut world = World::new().await;
    let definition = world.deploy(&around(&user_task("anna"))).await;
    let (bad, good) = (world.start(definition, json!({})).await, world.start(definition, json!({})).await);
    let created = InstanceCreated {
        instance: bad,
        definition,
        document: None,
        started_by: None,
        started_at: BEGINNING,
        business_key: None,
        parameters: Object::new(),
        parent: None,
    };
    let mut broken = Instance::created(&Event::InstanceCreated(Box::new(created))).unwrap();
    engine::apply(&mut broken, &Event::ElementActivated { key: 1, element: ElementIdx(1), scope: 9 });
    overwrite(&world, bad, broken.encode()).await;
    world.crash_and_reopen().await;
    assert!(set(&world, bad).await.unwrap_err().is(&codes::QUARANTINED));
    set(&world, good).await.unwrap();
    let incident = world.runtime.incidents(Some(true), Some(bad), Page::default()).await.unwrap().items.remove(0);
    assert_eq!(incident.code, "ENG-0012");
    world.crash_and_reopen().await;
    assert!(set(&world, bad).await.unwrap_err().is(&codes::QUARANTINED), "still known after a restart");
    world.runtime.retry_incident(&world.admin, incident.id).await.unwrap();
    assert!(world.runtime.incidents(Some(true), Some(bad), Page::default()).await.unwrap().items.is_empty());
    world.runtime.kill(&world.admin, bad).await.unwrap();
    set(&world, good).await.unwrap();
}

/// More instances than are cancelled at once, and one that takes no commands.
#[tokio::test]
async fn deleting_a_record_ends_all_that_can_be_ended() {
    let mut world = World::new().await;
    let catalog = world.catalog().await;
    let definition = world.deploy_for(&around(&user_task("anna")), Some(catalog)).await;
    let document = world.record(catalog, json!({"TITLE": "t"})).await;
    let mut ids = Vec::new();
    for _ in 0..230 {
        let request = StartRequest { document: Some(document), ..StartRequest::of(definition) };
        ids.push(world.runtime.start(&world.admin, request).await.unwrap().instance);
    }
    let bad = ids.remove(100);
    overwrite(&world, bad, vec![9, 9, 9]).await;
    world.crash_and_reopen().await;
    world.runtime.delete_record(&world.anna, document.record).await.unwrap();
    for id in ids {
        assert_eq!(world.state(id).await, "canceled", "{id}");
    }
    assert_eq!(world.store.instance(bad).await.unwrap().unwrap().state, store::InstanceState::Active);
}

#[tokio::test]
async fn a_snapshot_that_can_not_be_read_harms_no_other() {
    let mut world = World::new().await;
    let definition = world.deploy(&around(&user_task("anna"))).await;
    let (bad, good) = (world.start(definition, json!({})).await, world.start(definition, json!({})).await);
    overwrite(&world, bad, vec![9, 9, 9]).await;
    world.crash_and_reopen().await;
    let (one, two) = tokio::join!(set(&world, bad), set(&world, good));
    assert!(one.unwrap_err().is(&codes::INSTANCE_UNREADABLE));
    two.unwrap();
    assert!(set(&world, bad).await.unwrap_err().is(&codes::INSTANCE_UNREADABLE));
    let open = world.runtime.incidents(Some(true), None, Page::default()).await.unwrap().items;
    assert_eq!(open.len(), 1, "told once: {open:?}");
    assert_eq!((open[0].instance, open[0].code.as_str(), open[0].element_id.as_str()), (bad, "RUN-0015", "a"));
    assert_eq!(world.store.instance(bad).await.unwrap().unwrap().incidents, 1, "lists show it");
    world.crash_and_reopen().await;
    set(&world, good).await.unwrap();
    // The journal tells what the state was.
    world.runtime.retry_incident(&world.admin, open[0].id).await.unwrap();
    assert_eq!(world.store.instance(bad).await.unwrap().unwrap().incidents, 0);
    set(&world, bad).await.unwrap();
    assert_eq!(world.variables(bad).await, json!({"x": 1}));
}

#[tokio::test]
async fn an_instance_of_which_nothing_can_be_read_stays_aside() {
    let mut world = World::new().await;
    let definition = world.deploy(&around(&user_task("anna"))).await;
    let (bad, good) = (world.start(definition, json!({})).await, world.start(definition, json!({})).await);
    let partition = world.store.instance(bad).await.unwrap().unwrap().partition;
    let journal = JournalRow { partition, instance: bad, seq: 2, at: BEGINNING, events: vec![9, 9, 9] };
    world.store.commit_one(Unit::of(InstanceWrite::Journal(journal))).await.unwrap();
    overwrite(&world, bad, vec![9, 9, 9]).await;
    world.crash_and_reopen().await;
    set(&world, bad).await.unwrap_err();
    let open = world.runtime.incidents(Some(true), Some(bad), Page::default()).await.unwrap().items;
    let refused = world.runtime.retry_incident(&world.admin, open[0].id).await.unwrap_err();
    assert!(refused.is(&codes::INSTANCE_UNREADABLE), "{refused}");
    assert_eq!(world.runtime.incidents(Some(true), Some(bad), Page::default()).await.unwrap().items.len(), 1);
    set(&world, good).await.unwrap();
}

#[tokio::test]
async fn an_instance_whose_steps_the_database_refuses_is_set_aside_alone_until_it_is_retried() {
    let (world, store) = on_a_faulty_store().await;
    let definition = world.deploy(&around(&user_task("anna"))).await;
    let (bad, good) = (world.start(definition, json!({})).await, world.start(definition, json!({})).await);
    store.refuse(Some(bad));
    let mut codes_seen = Vec::new();
    for _ in 0..7 {
        let (one, two) = tokio::join!(set(&world, bad), set(&world, good));
        two.unwrap();
        codes_seen.push(one.unwrap_err().code.code);
    }
    assert_eq!(codes_seen, [["STO-0001"; 4].as_slice(), ["RUN-0016"; 3].as_slice()].concat());
    let open = world.runtime.incidents(Some(true), None, Page::default()).await.unwrap().items;
    assert_eq!(open.iter().map(|i| (i.instance, i.code.as_str())).collect::<Vec<_>>(), [(bad, "RUN-0016")]);
    store.refuse(None);
    assert!(set(&world, bad).await.unwrap_err().is(&codes::INSTANCE_UNSTORABLE), "until somebody retries it");
    world.runtime.retry_incident(&world.admin, open[0].id).await.unwrap();
    set(&world, bad).await.unwrap();
    assert!(world.runtime.incidents(Some(true), None, Page::default()).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn a_script_that_loops_is_an_incident_and_a_slow_one_gets_through() {
    let world = World::new().await;
    let slow = world.deploy(&script(SLOW)).await;
    let id = world.start(slow, json!({})).await;
    world.until_state(id, "completed").await;
    assert_eq!(world.variables(id).await, json!({"n": 4_499_998_500_000_i64}));
    let endless = world.deploy(&script("for (;;) {}")).await;
    let id = world.start(endless, json!({})).await;
    // The test's clock stands still: the script's time is up when it is moved.
    world.clock.advance_ms(60_000);
    let incident = world
        .until("an incident", || async {
            world.clock.advance_ms(10_000);
            world.runtime.incidents(Some(true), Some(id), Page::default()).await.unwrap().items.pop()
        })
        .await;
    assert_eq!(incident.code, "EXP-0004");
}

/// The instance waited for ever: its result was refused, and nobody was there to be told.
#[tokio::test]
async fn a_result_that_is_too_large_is_an_incident() {
    let world = World::new().await;
    let told = async |id: InstanceId| {
        let open =
            || async { world.runtime.incidents(Some(true), Some(id), Page::default()).await.unwrap().items.pop() };
        world.until("an incident", open).await.code
    };
    let slow = "let n = 0; for (let i = 0; i &lt; 3000000; i++) n += i; return {text: 'x'.repeat(2000000)};";
    let script = format!(
        r#"<bpmn:scriptTask id="a" scriptFormat="javascript"><bpmn:script>{slow}</bpmn:script></bpmn:scriptTask>"#
    );
    let id = world.start(world.deploy(&around(&script)).await, json!({})).await;
    assert_eq!(told(id).await, codes::VARIABLE_TOO_LARGE.code);
    assert!(world.store.open_jobs(&[], "ruslo:script", BEGINNING, 10).await.unwrap().is_empty());
    // The answer itself is small, yet there is no room for it beside what the instance has.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let _ = socket.read(&mut [0; 8192]).await;
            let answer = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}", "y".repeat(60_000));
            let _ = socket.write_all(answer.as_bytes()).await;
        }
    });
    let definition = world.deploy(&around(&service("ruslo:http", &[("url", "=url")]))).await;
    let mut variables = json!({"url": format!("http://{address}/")});
    for n in 0..8 {
        variables[format!("v{n}")] = "x".repeat((1 << 20) - 3_000).into();
    }
    let id = world.start(definition, variables).await;
    assert_eq!(told(id).await, codes::VARIABLE_TOO_LARGE.code);
    assert_eq!(world.runtime.calls(id).await.unwrap().len(), 1, "it was called once");
}

fn script(code: &str) -> String {
    around(&format!(
        r#"<bpmn:scriptTask id="a" scriptFormat="javascript"><bpmn:script>{code}</bpmn:script></bpmn:scriptTask>"#
    ))
}

/// It takes longer than a step may.
const SLOW: &str = "let n = 0; for (let i = 0; i &lt; 3000000; i++) n += i; return {n: n};";

/// A database that was cut off after it had written: the start is there, and so is the script that nobody announced.
#[tokio::test]
async fn what_was_written_without_an_answer_goes_on() {
    let (world, store) = on_a_faulty_store().await;
    let definition = world.deploy(&script(SLOW)).await;
    store.ground().faults.lock().unwrap().unheard = 1_000;
    let refused = world.runtime.start(&world.admin, StartRequest::of(definition)).await.unwrap_err();
    assert!(refused.is(&codes::STORE_FAILED), "{refused}");
    store.ground().faults.lock().unwrap().unheard = 0;
    let id = world.store.instances(store::Query::default()).await.unwrap().rows.remove(0).id;
    world.until_state(id, "completed").await;
}

/// A full disk, or a database that is read-only after a fail-over: every look found the same and asked for the next
/// one at once, and the target was called without a pause.
#[tokio::test]
async fn while_the_database_takes_no_writes_nothing_is_tried_without_a_pause() {
    let (world, store) = on_a_faulty_store().await;
    let waiting = world.deploy(&around(&user_task("anna"))).await;
    let waiting = world.start(waiting, json!({})).await;
    let command = engine::Command::SetVariables { scope: None, values: object(json!({"x": 1})), by: None };
    let (partition, kind) = (model::partition_of(waiting.0), "command".into());
    let payload = json!({"instance": waiting, "commands": [command]});
    let message = store::InboxRow { partition, id: 1_000, kind, payload, created_at: BEGINNING };
    world.store.commit_one(Unit::of(store::InboxWrite::Insert(Box::new(message)))).await.unwrap();
    let (calls, looks) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let seen = looks.clone();
    store.beside_read("messages", move || {
        seen.fetch_add(1, SeqCst);
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (seen, ground) = (calls.clone(), store.clone());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let _ = socket.read(&mut [0; 8192]).await;
            if seen.fetch_add(1, SeqCst) == 0 {
                ground.ground().faults.lock().unwrap().refused = 1_000;
            }
            let _ = socket.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}").await;
        }
    });
    let calling = world.deploy(&around(&service("ruslo:http", &[("url", "=url"), ("method", "POST")]))).await;
    let calling = world.start(calling, json!({"url": url})).await;
    let tried = || (calls.load(SeqCst), looks.load(SeqCst));
    let often = || async { (tried().0 >= 5 && tried().1 >= 5).then_some(()) };
    world.until_later("they are tried again", 100, often).await;
    let seconds = usize::try_from(world.clock.now().0 - BEGINNING.0).unwrap() / 1_000;
    let (calls, looks) = tried();
    // Each at its own pace, and by the look that follows a commit.
    assert!(calls <= 2 * seconds + 2, "{calls} calls in {seconds} seconds");
    assert!(looks <= 2 * seconds + 2, "{looks} looks in {seconds} seconds");
    store.ground().faults.lock().unwrap().refused = 0;
    let done = || async { (world.state(calling).await == "completed").then_some(()) };
    world.until_later("the outcome is recorded", 100, done).await;
    let told = || async { (world.variables(waiting).await == json!({"x": 1})).then_some(()) };
    world.until_later("the message is taken", 100, told).await;
}

/// Partitions are served, yet what waits in them could not be read at that moment.
#[tokio::test]
async fn scripts_that_could_not_be_read_when_their_partition_came_are_taken_up_later() {
    let (mut world, store) = on_a_faulty_store().await;
    let definition = world.deploy(&script(SLOW)).await;
    let id = world.start(definition, json!({})).await;
    store.break_read(Some("open_jobs"));
    world.crash_and_reopen().await;
    store.break_read(None);
    world
        .until_later("the script is done", 100, || async { (world.state(id).await == "completed").then_some(()) })
        .await;
}

/// A script beyond those that are kept in memory was forgotten until a restart when it could not be read in its turn.
#[tokio::test]
async fn scripts_that_could_not_be_read_in_their_turn_are_taken_up_later() {
    let (mut world, store) = on_a_faulty_store().await;
    world.runtime.shutdown().await;
    let mut config = RuntimeConfig::new(store.clone(), world.platform.clone(), world.clock.clone());
    config.limits.scripts_waiting = 1;
    world.runtime = Runtime::open(config).await.unwrap();
    let endless = world.deploy(&script("for (;;) {}")).await;
    // The clock stands still: the first runs when the second comes.
    world.start(endless, json!({})).await;
    world.start(endless, json!({})).await;
    let reads = Arc::new(AtomicUsize::new(0));
    let seen = reads.clone();
    store.beside_read("open_jobs", move || {
        seen.fetch_add(1, SeqCst);
    });
    store.break_read(Some("open_jobs"));
    let again = || async { (reads.load(SeqCst) >= 2).then_some(()) };
    world.until_later("they are read again", 10_000, again).await;
    store.break_read(None);
    let ended = || async {
        let open = world.runtime.incidents(Some(true), None, Page::default()).await.unwrap().items;
        (open.len() == 2).then_some(())
    };
    world.until_later("both ended", 10_000, ended).await;
}

/// Answers every connection: the first with 500, the others with JSON.
async fn server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut first: Option<String> = None;
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut seen = [0; 8192];
            let read = socket.read(&mut seen).await.unwrap_or(0);
            let seen = String::from_utf8_lossy(&seen[..read]).to_lowercase();
            let key = seen.lines().find_map(|line| line.strip_prefix("idempotency-key: ")).map(str::to_owned);
            // The second try counts only with the key of the first.
            let same = first.is_some() && key == first;
            let (status, body) = if same { ("200 OK", r#"{"rate": 1.5}"#) } else { ("500 Oops", "{}") };
            first = first.or(key);
            let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\n");
            let _ = socket.write_all(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes()).await;
        }
    });
    format!("http://{address}/rates")
}

#[tokio::test]
async fn tk_6_an_http_step_retries_with_its_key_and_gives_the_answer() {
    let world = World::new().await;
    let definition = world.deploy(&around(&service("ruslo:http", &[("url", "=url"), ("method", "POST")]))).await;
    let id = world.start(definition, json!({"url": server().await})).await;
    world.until("the first try", || async { world.runtime.calls(id).await.ok().filter(|c| !c.is_empty()) }).await;
    world.clock.advance_ms(5_000);
    world.until_state(id, "completed").await;
    let variables = world.variables(id).await;
    assert_eq!((&variables["status"], &variables["body"]), (&json!(200), &json!({"rate": 1.5})));
    let calls = world.runtime.calls(id).await.unwrap();
    assert_eq!(calls.iter().map(|c| (c.attempt, c.status)).collect::<Vec<_>>(), [(1, Some(500)), (2, Some(200))]);
    // An address inside the network is refused for good.
    let id = world.start(definition, json!({"url": "http://10.0.0.1/"})).await;
    let incident = world
        .until("an incident", || async {
            world.runtime.incidents(Some(true), Some(id), Page::default()).await.unwrap().items.pop()
        })
        .await;
    assert_eq!(incident.code, "OUT-0003");
}

/// Rows of jobs that are done are gone; a worker who reports late must not hit another one (found by simulation: a
/// restart within the same second, or a clock that stepped back).
#[tokio::test]
async fn a_restart_gives_no_id_twice() {
    let mut world = World::new().await;
    let both = [support::service_named("a", "payment", &[]), support::service_named("b", "payment", &[])].concat();
    let flows = [("start", "a"), ("a", "b"), ("b", "end")]
        .map(|(from, to)| format!(r#"<bpmn:sequenceFlow id="{from}{to}" sourceRef="{from}" targetRef="{to}"/>"#));
    let ends = r#"<bpmn:startEvent id="start"/><bpmn:endEvent id="end"/>"#;
    let definition = world.deploy(&format!("{ends}{both}{}", flows.concat())).await;
    let mut given = std::collections::BTreeSet::new();
    for round in 0..3 {
        world.start(definition, json!({})).await;
        for _ in 0..2 {
            let ask = runtime::ActivateJobs {
                job_type: "payment".into(),
                max: 1,
                lease: std::time::Duration::from_secs(5),
                wait: std::time::Duration::ZERO,
                worker: "w".into(),
            };
            let job = world.runtime.activate_jobs(&world.admin, ask).await.unwrap().remove(0);
            assert!(given.insert(job.id), "{} was given twice", job.id);
            world.runtime.complete_job(&world.admin, job.id, object(json!({}))).await.unwrap();
        }
        world.clock.advance_ms(-5_000 * round);
        world.crash_and_reopen().await;
    }
}

/// Thousands who wait for people would fill the memory, and its pieces would make everything else slower.
#[tokio::test]
async fn what_waits_for_a_person_is_not_kept_in_memory_and_what_waits_for_a_job_is() {
    let (world, store) = on_a_faulty_store().await;
    let person = world.deploy(&around(&user_task("anna"))).await;
    let job = world.deploy(&around(&service("payment", &[]))).await;
    let (person, job) = (world.start(person, json!({})).await, world.start(job, json!({})).await);
    store.break_read(Some("load_instances"));
    let refused = set(&world, person).await.unwrap_err();
    assert!(refused.is(&codes::STORE_FAILED), "{refused}");
    set(&world, job).await.unwrap();
}

/// Found by simulation: the record was saved, and the process that starts with it was forgotten.
#[tokio::test]
async fn a_record_is_not_saved_when_its_starts_are_not_known() {
    let (world, store) = on_a_faulty_store().await;
    let catalog = world.catalog().await;
    store.break_read(Some("definitions"));
    let refused = world.runtime.create_record(&world.admin, catalog, object(json!({"TITLE": "t"}))).await.unwrap_err();
    assert!(refused.is(&codes::STORE_FAILED), "{refused}");
    assert!(world.store.records(store::Query::default()).await.unwrap().rows.is_empty());
}
