//! Messages, signals, calls and starts by events between instances on a real database.

use crate::support::{BEGINNING, World, activate, complete, object, service, service_named, user_task};
use futures_util::FutureExt as _;
use model::Clock as _;
use model::error::codes;
use model::{DefinitionId, InstanceId};
use runtime::{Correlate, Deploy, InstanceFilter, Page, PublishMessage, StartRequest};
use serde_json::{Value as Json, json};
use store::{Exchange as _, ExchangeWrite, MessageState, Query, Store as _, Unit};

/// A file with these processes and declarations beside them.
fn file(processes: &[(&str, String)], beside: &str) -> String {
    let processes: String = processes
        .iter()
        .map(|(id, body)| {
            // Ids are those of the file.
            let own = ["id", "sourceRef", "targetRef", "attachedToRef"]
                .iter()
                .fold(body.clone(), |body, name| body.replace(&format!(r#" {name}=""#), &format!(r#" {name}="{id}_"#)));
            format!(r#"<bpmn:process id="{id}" name="{id}" isExecutable="true">{own}</bpmn:process>"#)
        })
        .collect();
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:ruslo="http://ruslo.dev/schema/1.0"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="defs" targetNamespace="t">{beside}{processes}</bpmn:definitions>"#
    )
}

const PAID: &str = r#"<bpmn:message id="m_paid" name="paid"><bpmn:extensionElements>
<zeebe:subscription correlationKey="=order"/></bpmn:extensionElements></bpmn:message>"#;
const ALARM: &str = r#"<bpmn:signal id="s_alarm" name="alarm"/>"#;

/// start → `middle` with the id `a` → end.
fn line(start: &str, middle: &str) -> String {
    format!(
        r#"<bpmn:startEvent id="start">{start}</bpmn:startEvent>{middle}<bpmn:endEvent id="end"/>
<bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="a"/><bpmn:sequenceFlow id="f2" sourceRef="a" targetRef="end"/>"#
    )
}

const RECEIVE: &str = r#"<bpmn:receiveTask id="a" messageRef="m_paid"/>"#;
const ON_PAID: &str = r#"<bpmn:messageEventDefinition messageRef="m_paid"/>"#;
const ON_ALARM: &str = r#"<bpmn:signalEventDefinition signalRef="s_alarm"/>"#;

fn catch_alarm() -> String {
    format!(r#"<bpmn:intermediateCatchEvent id="a">{ON_ALARM}</bpmn:intermediateCatchEvent>"#)
}

fn call(process: &str, more: &str) -> String {
    format!(
        r#"<bpmn:callActivity id="a"><bpmn:extensionElements>
<zeebe:calledElement processId="{process}" propagateAllChildVariables="true" {more}/></bpmn:extensionElements></bpmn:callActivity>"#
    )
}

async fn deploy(world: &World, file: String) -> Vec<DefinitionId> {
    let what = Deploy { bytes: file.into_bytes(), ..Deploy::default() };
    let deployed = world.runtime.deploy(&world.admin, what).await;
    deployed.unwrap_or_else(|f| panic!("{f} {:?}", f.details)).iter().map(|d| d.id).collect()
}

fn paid(key: &str, ttl_ms: i64) -> PublishMessage {
    PublishMessage {
        name: "paid".into(),
        correlation_key: key.into(),
        ttl_ms,
        variables: object(json!({"sum": 5})),
        ..PublishMessage::default()
    }
}

async fn all(world: &World, process: &str) -> Vec<(InstanceId, String)> {
    let filter = InstanceFilter { process_id: Some(process.into()), ..InstanceFilter::default() };
    let page = world.runtime.instances(&filter, Page::default()).await.unwrap();
    page.items.into_iter().map(|i| (i.id, i.state)).collect()
}

async fn until_all(world: &World, process: &str, states: &[&str]) {
    world
        .until(&format!("{process}: {states:?}"), || async {
            let mut found: Vec<String> = all(world, process).await.into_iter().map(|(_, state)| state).collect();
            found.sort();
            (found == states).then_some(())
        })
        .await;
}

#[tokio::test]
async fn ms_2_a_message_goes_to_the_oldest_of_its_name_and_key() {
    let world = World::new().await;
    let [p] = deploy(&world, file(&[("p", line("", RECEIVE))], PAID)).await[..] else { panic!() };
    let first = world.start(p, json!({"order": "7"})).await;
    world.clock.advance_ms(1);
    let second = world.start(p, json!({"order": "7"})).await;
    let other = world.start(p, json!({"order": "8"})).await;
    let published = world.runtime.publish(&world.admin, paid("7", 0)).await.unwrap();
    assert_eq!(published.reached.iter().map(|r| (r.instance, r.started)).collect::<Vec<_>>(), [(first, false)]);
    assert_eq!((world.state(first).await.as_str(), world.state(second).await.as_str()), ("completed", "active"));
    assert_eq!(world.variables(first).await, json!({"order": "7", "sum": 5}));
    let nobody = world.runtime.publish(&world.admin, paid("9", 0)).await.unwrap();
    assert!(nobody.reached.is_empty() && !nobody.kept);
    assert_eq!(world.state(other).await, "active");
    world.runtime.cancel(&world.admin, second, "").await.unwrap();
    let gone = world.runtime.publish(&world.admin, paid("7", 0)).await.unwrap();
    assert!(gone.reached.is_empty(), "a subscription goes with its instance");
}

#[tokio::test]
async fn ms_3_a_message_waits_for_who_comes_later_until_it_expires() {
    let mut world = World::new().await;
    let [p] = deploy(&world, file(&[("p", line("", RECEIVE))], PAID)).await[..] else { panic!() };
    let kept = world.runtime.publish(&world.admin, paid("7", 60_000)).await.unwrap();
    assert!(kept.reached.is_empty() && kept.kept);
    world.crash_and_reopen().await;
    let first = world.start(p, json!({"order": "7"})).await;
    world.until_state(first, "completed").await;
    // It stays for other processes, not for this one.
    let second = world.start(p, json!({"order": "7"})).await;
    world.runtime.publish(&world.admin, paid("8", 60_000)).await.unwrap();
    world.clock.advance_ms(60_001);
    let late = world.start(p, json!({"order": "8"})).await;
    let still = world.start(p, json!({"order": "1"})).await;
    world.runtime.publish(&world.admin, paid("1", 0)).await.unwrap();
    world.until_state(still, "completed").await;
    assert_eq!((world.state(second).await, world.state(late).await), ("active".into(), "active".into()));
}

#[tokio::test]
async fn ms_4_an_id_is_published_once() {
    let world = World::new().await;
    for ttl in [0, 60_000] {
        let named = || PublishMessage { id: Some(format!("id{ttl}")), ..paid("7", ttl) };
        world.runtime.publish(&world.admin, named()).await.unwrap();
        let double = world.runtime.publish(&world.admin, named()).await.unwrap_err();
        assert!(double.is(&codes::MESSAGE_DOUBLE), "{double}");
        world.clock.advance_ms(if ttl == 0 { 24 * 3_600_000 + 1 } else { ttl + 1 });
        world.runtime.publish(&world.admin, named()).await.unwrap();
    }
}

/// Other nodes deliver the same message at the same moment, each to another process, again and again.
#[tokio::test]
async fn ms_4_a_message_that_others_deliver_meanwhile_still_finds_its_taker() {
    let (world, store) = crate::faults::on_a_faulty_store().await;
    deploy(&world, file(&[("p", line(ON_PAID, &service("work", &[])))], PAID)).await;
    let (others, looks) = (std::sync::Arc::downgrade(&store), std::sync::atomic::AtomicU32::new(0));
    store.beside_read("subscriptions", move || {
        let look = looks.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let Some(store) = others.upgrade().filter(|_| look < 3) else { return };
        let row = store.list_messages(Query::default()).now_or_never().unwrap().unwrap().rows.remove(0);
        let (partition, id, before) = (row.partition, row.id, row.reached);
        let after = before.iter().cloned().chain([format!("other{look}")]).collect();
        let reach = Unit::of(ExchangeWrite::Reach { partition, id, before, after });
        store.commit_one(reach).now_or_never().unwrap().unwrap();
    });
    let message = PublishMessage { id: Some("one".into()), ..paid("7", 0) };
    let published = world.runtime.publish(&world.admin, message).await.unwrap();
    assert!(published.reached.is_empty(), "it was late three times");
    until_all(&world, "p", &["active"]).await;
    let remembered = || async {
        let rows = world.store.list_messages(Query::default()).await.unwrap().rows;
        (rows[0].state == MessageState::Remembered).then(|| rows[0].reached.clone())
    };
    assert_eq!(world.until("it is over", remembered).await, ["other0", "other1", "other2", "p"]);
}

#[tokio::test]
async fn ms_5_a_key_has_one_started_instance_at_a_time() {
    let world = World::new().await;
    deploy(&world, file(&[("p", line(ON_PAID, &service("work", &[])))], PAID)).await;
    let one = world.runtime.publish(&world.admin, paid("7", 60_000)).await.unwrap();
    assert!(one.reached[0].started);
    let two = world.runtime.publish(&world.admin, paid("7", 60_000)).await.unwrap();
    assert!(two.reached.is_empty() && two.kept, "it waits for the first to end");
    let other = world.runtime.publish(&world.admin, paid("8", 0)).await.unwrap();
    assert_eq!(other.reached.len(), 1);
    for _ in 0..2 {
        assert_eq!(world.runtime.publish(&world.admin, paid("", 0)).await.unwrap().reached.len(), 1);
    }
    let id = one.reached[0].instance;
    assert_eq!(world.variables(id).await, json!({"sum": 5}));
    world.runtime.cancel(&world.admin, id, "").await.unwrap();
    until_all(&world, "p", &["active", "active", "active", "active", "canceled"]).await;
}

#[tokio::test]
async fn ms_6_and_ms_11_a_thrown_message_reaches_other_processes_once() {
    let mut world = World::new().await;
    let event = r#"<bpmn:intermediateThrowEvent id="a"><bpmn:extensionElements>
<ruslo:publishMessage correlationKey="=order" timeToLive="PT1H"/></bpmn:extensionElements>
<bpmn:messageEventDefinition messageRef="m_paid"/></bpmn:intermediateThrowEvent>"#;
    let processes = [("thrower", line("", event)), ("waits", line("", RECEIVE)), ("begins", line(ON_PAID, RECEIVE))];
    let ids = deploy(&world, file(&processes, PAID)).await;
    let waits = world.start(ids[1], json!({"order": "7"})).await;
    world.start(ids[0], json!({"order": "7"})).await;
    world.until_state(waits, "completed").await;
    until_all(&world, "begins", &["active"]).await;
    world.crash_and_reopen().await;
    // Kept for an hour, but each process took it.
    world.start(ids[1], json!({"order": "7"})).await;
    let probe = world.start(ids[1], json!({"order": "probe"})).await;
    world.runtime.publish(&world.admin, paid("probe", 0)).await.unwrap();
    world.until_state(probe, "completed").await;
    until_all(&world, "waits", &["active", "completed", "completed"]).await;
    until_all(&world, "begins", &["active", "active"]).await;
}

#[tokio::test]
async fn ms_7_correlate_tells_who_took_it() {
    let world = World::new().await;
    let [p] = deploy(&world, file(&[("p", line("", RECEIVE))], PAID)).await[..] else { panic!() };
    let mut started = Vec::new();
    for key in ["A", "B", "B"] {
        let variables = object(json!({"order": key, "n": started.len()}));
        let request = StartRequest { variables, business_key: Some(format!("bk{key}")), ..StartRequest::of(p) };
        started.push(world.runtime.start(&world.admin, request).await.unwrap().instance);
    }
    let wanted = || Correlate { name: "paid".into(), ..Correlate::default() };
    let refuse = async |message| world.runtime.correlate(&world.admin, message).await.unwrap_err();
    assert!(refuse(wanted()).await.is(&codes::CORRELATION_AMBIGUOUS));
    assert!(refuse(Correlate { correlation_key: Some("C".into()), ..wanted() }).await.is(&codes::NOT_CORRELATED));
    assert!(refuse(Correlate { business_key: Some("none".into()), ..wanted() }).await.is(&codes::NOT_CORRELATED));
    let take = async |message| {
        let reached = world.runtime.correlate(&world.admin, message).await.unwrap();
        reached.into_iter().map(|r| r.instance).collect::<Vec<_>>()
    };
    assert_eq!(take(Correlate { business_key: Some("bkA".into()), ..wanted() }).await, [started[0]]);
    assert_eq!(take(Correlate { with_variables: object(json!({"n": 1})), ..wanted() }).await, [started[1]]);
    assert_eq!(take(Correlate { instance: Some(started[2]), all: true, ..wanted() }).await, [started[2]]);
    assert!(refuse(Correlate { all: true, ..wanted() }).await.is(&codes::NOT_CORRELATED));
}

#[tokio::test]
async fn ms_9_the_innermost_of_one_instance_gets_it_then_the_oldest() {
    let world = World::new().await;
    let boundary = |id: &str, host: &str, cancels: bool| {
        format!(
            r#"<bpmn:boundaryEvent id="{id}" attachedToRef="{host}" cancelActivity="{cancels}">{ON_PAID}</bpmn:boundaryEvent>"#
        )
    };
    // One listens around the process's part, the other around the part within it, which began later.
    let body = format!(
        r#"<bpmn:startEvent id="start"/><bpmn:subProcess id="outer"><bpmn:startEvent id="s1"/>
<bpmn:subProcess id="inner"><bpmn:startEvent id="s2"/>{}<bpmn:sequenceFlow id="f2" sourceRef="s2" targetRef="w"/></bpmn:subProcess>
{}{}<bpmn:sequenceFlow id="f1" sourceRef="s1" targetRef="inner"/><bpmn:sequenceFlow id="f3" sourceRef="bi" targetRef="ti"/>
</bpmn:subProcess>{}{}
<bpmn:sequenceFlow id="f0" sourceRef="start" targetRef="outer"/><bpmn:sequenceFlow id="f4" sourceRef="bo" targetRef="to"/>"#,
        service_named("w", "work", &[]),
        boundary("bi", "inner", true),
        service_named("ti", "inner", &[]),
        boundary("bo", "outer", false),
        service_named("to", "outer", &[]),
    );
    let [p, q] = deploy(&world, file(&[("p", body), ("q", line("", RECEIVE))], PAID)).await[..] else { panic!() };
    let first = world.start(p, json!({"order": "7"})).await;
    world.clock.advance_ms(1);
    let second = world.start(p, json!({"order": "7"})).await;
    let other = world.start(q, json!({"order": "7"})).await;
    let reached = async || {
        let published = world.runtime.publish(&world.admin, paid("7", 0)).await.unwrap();
        published.reached.into_iter().map(|r| r.instance).collect::<Vec<_>>()
    };
    let jobs = async |id: InstanceId| {
        let view = world.runtime.instance(id).await.unwrap();
        let mut jobs: Vec<String> = view.jobs.into_iter().map(|job| job.job_type).collect();
        jobs.sort();
        jobs
    };
    // Of the older instance the innermost, which interrupts; another process takes it too (MS-2).
    assert_eq!(reached().await, [first, other]);
    assert_eq!((jobs(first).await, jobs(second).await), (vec!["inner".to_owned()], vec!["work".to_owned()]));
    // Now the outer one is its only one, and the oldest of all.
    assert_eq!(reached().await, [first]);
    assert_eq!(jobs(first).await, ["inner", "outer"]);
}

#[tokio::test]
async fn sg_1_and_sg_2_a_signal_reaches_all_who_wait_and_starts() {
    let mut world = World::new().await;
    let throws = format!(r#"<bpmn:intermediateThrowEvent id="a">{ON_ALARM}</bpmn:intermediateThrowEvent>"#);
    let processes = [
        ("waits", line("", &catch_alarm())),
        ("begins", line(ON_ALARM, r#"<bpmn:task id="a"/>"#)),
        ("throws", line("", &throws)),
    ];
    let ids = deploy(&world, file(&processes, ALARM)).await;
    for _ in 0..3 {
        world.start(ids[0], json!({})).await;
    }
    world.runtime.broadcast(&world.admin, "alarm".into(), object(json!({"level": 2}))).await.unwrap();
    world.crash_and_reopen().await;
    until_all(&world, "waits", &["completed"; 3]).await;
    until_all(&world, "begins", &["completed"]).await;
    let (id, _) = all(&world, "waits").await[0];
    assert_eq!(world.variables(id).await, json!({"level": 2}));
    // No buffer: who waits now does not get it.
    let late = world.start(ids[0], json!({})).await;
    assert_eq!(world.state(late).await, "active");
    world.start(ids[2], json!({})).await;
    world.until_state(late, "completed").await;
    until_all(&world, "begins", &["completed", "completed"]).await;
}

#[tokio::test]
async fn ca_3_a_called_process_gives_its_variables_back() {
    let mut world = World::new().await;
    let set = r#"<bpmn:scriptTask id="a"><bpmn:extensionElements>
<zeebe:script expression="=x + 1" resultVariable="y"/></bpmn:extensionElements></bpmn:scriptTask>"#;
    let processes = [
        ("caller", line("", &call("called", ""))),
        ("called", line("", set)),
        ("slow", line("", &service("work", &[]))),
        ("outer", line("", &call("slow", ""))),
        ("lost", line("", &call("nothing", ""))),
    ];
    let ids = deploy(&world, file(&processes, "")).await;
    let units = world.runtime.counters().units;
    let caller = world.start(ids[0], json!({"x": 4})).await;
    assert_eq!(world.state(caller).await, "completed", "a call that ends at once is part of its step");
    assert_eq!(world.variables(caller).await, json!({"x": 4, "y": 5}));
    assert_eq!(world.runtime.counters().units - units, 1);

    let outer = world.start(ids[3], json!({})).await;
    let (child, _) = all(&world, "slow").await[0];
    let summary = world.runtime.instance_summary(child).await.unwrap();
    assert_eq!((summary.parent, summary.root), (Some(outer), Some(outer)));
    world.crash_and_reopen().await;
    complete(&world, "work", json!({"done": true})).await;
    world.until_state(outer, "completed").await;
    assert_eq!(world.variables(outer).await, json!({"done": true}));

    let outer = world.start(ids[3], json!({})).await;
    let found = all(&world, "slow").await;
    let child = found.iter().find(|(_, state)| state == "active").unwrap().0;
    world.runtime.cancel(&world.admin, outer, "no").await.unwrap();
    world.until_state(child, "canceled").await;

    let lost = world.start(ids[4], json!({})).await;
    let view = world.runtime.instance(lost).await.unwrap();
    assert_eq!(view.incidents[0].code, "DEF-0003");
    deploy(&world, file(&[("nothing", line("", r#"<bpmn:task id="a"/>"#))], "")).await;
    world.runtime.retry_incident(&world.admin, view.incidents[0].id).await.unwrap();
    world.until_state(lost, "completed").await;
}

#[tokio::test]
async fn ca_4_calls_in_a_circle_stop_with_an_incident() {
    let world = World::new().await;
    // The first calls itself; the second calls again and again what ends at once.
    let again = r#"<bpmn:startEvent id="start"/><bpmn:exclusiveGateway id="g"/>"#.to_owned()
        + &call("short", "")
        + r#"<bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="g"/><bpmn:sequenceFlow id="f2" sourceRef="g" targetRef="a"/>
<bpmn:sequenceFlow id="f3" sourceRef="a" targetRef="g"/>"#;
    let processes =
        [("deep", line("", &call("deep", ""))), ("again", again), ("short", line("", r#"<bpmn:task id="a"/>"#))];
    let ids = deploy(&world, file(&processes, "")).await;
    let deep = world.start(ids[0], json!({})).await;
    until_all(&world, "deep", &["active"; 50]).await;
    let circle = world.start(ids[1], json!({})).await;
    let view = world.runtime.instance(circle).await.unwrap();
    assert_eq!(view.incidents[0].code, "ENG-0006");
    world.runtime.cancel(&world.admin, deep, "").await.unwrap();
    world
        .until("all canceled", || async {
            let filter = InstanceFilter { root: Some(deep), state: Some("active".into()), ..InstanceFilter::default() };
            (world.runtime.instances(&filter, Page::default()).await.unwrap().total == 0).then_some(())
        })
        .await;
}

#[tokio::test]
async fn ca_1_and_ca_6_a_call_finds_the_version_it_names_and_keeps_it() {
    let world = World::new().await;
    let give = |n: u32| {
        format!(
            r#"<bpmn:scriptTask id="a"><bpmn:extensionElements>
<zeebe:script expression="={n}" resultVariable="v"/></bpmn:extensionElements></bpmn:scriptTask>"#
        )
    };
    let tag = r#"<bpmn:extensionElements><zeebe:versionTag value="blue"/></bpmn:extensionElements>"#;
    let called = |n: u32, tag: &str| ("called", format!("{tag}{}", line("", &give(n))));
    let caller = |id: &'static str, more: &str| (id, line("", &call("called", more)));
    let first = deploy(&world, file(&[called(1, tag), caller("same", r#"bindingType="deployment""#)], "")).await;
    deploy(&world, file(&[called(2, "")], "")).await;
    let others = deploy(
        &world,
        file(&[caller("latest", ""), caller("tagged", r#"bindingType="versionTag" versionTag="blue""#)], ""),
    )
    .await;
    for (definition, v) in [(first[1], 1), (others[0], 2), (others[1], 1)] {
        let id = world.start(definition, json!({})).await;
        assert_eq!(world.variables(id).await, json!({"v": v}), "{definition}");
    }
    let refused = world.runtime.delete_definition(&world.admin, first[0]).await.unwrap_err();
    assert!(refused.is(&codes::DEFINITION_CALLED), "{refused}");
    world.runtime.delete_definition(&world.admin, first[1]).await.unwrap();
    world.runtime.delete_definition(&world.admin, others[1]).await.unwrap();
    world.runtime.delete_definition(&world.admin, first[0]).await.unwrap();
}

#[tokio::test]
async fn er_3_an_error_of_a_called_process_goes_on_at_the_call() {
    let world = World::new().await;
    let fails = r#"<bpmn:startEvent id="start"/><bpmn:sequenceFlow id="f" sourceRef="start" targetRef="end"/>
<bpmn:endEvent id="end"><bpmn:errorEventDefinition errorRef="e"/></bpmn:endEvent>"#;
    let catches = format!(
        r#"{}<bpmn:boundaryEvent id="b" attachedToRef="a"><bpmn:errorEventDefinition errorRef="e"/></bpmn:boundaryEvent>
<bpmn:endEvent id="mended"/><bpmn:sequenceFlow id="f3" sourceRef="b" targetRef="mended"/>"#,
        line("", &call("fails", ""))
    );
    let error = r#"<bpmn:error id="e" errorCode="E1"/>"#;
    let ids = deploy(&world, file(&[("catches", catches), ("fails", fails.to_owned())], error)).await;
    let id = world.start(ids[0], json!({})).await;
    world.until_state(id, "completed").await;
    let view = world.runtime.instance(id).await.unwrap();
    assert!(view.taken_flows.contains(&("catches_f3".to_owned(), 1)), "{:?}", view.taken_flows);
    until_all(&world, "fails", &["failed"]).await;
}

#[tokio::test]
async fn tm_9_a_timed_start_belongs_to_the_latest_version() {
    let mut world = World::new().await;
    let every = |cycle: &str| {
        line(
            &format!("<bpmn:timerEventDefinition><bpmn:timeCycle>{cycle}</bpmn:timeCycle></bpmn:timerEventDefinition>"),
            r#"<bpmn:task id="a"/>"#,
        )
    };
    let ids = deploy(&world, file(&[("p", every("R/PT10S"))], "")).await;
    advance(&world, 10_000).await;
    until_all(&world, "p", &["completed"]).await;
    advance(&world, 10_000).await;
    until_all(&world, "p", &["completed"; 2]).await;
    // Down for a while: missed ones are skipped.
    world.runtime.shutdown().await;
    world.clock.advance_ms(95_000);
    world.crash_and_reopen().await;
    let next = Some(BEGINNING.plus_ms(120_000));
    world.until("120 s", || async { (world.store.earliest_timer().await.unwrap() == next).then_some(()) }).await;
    advance(&world, 5_000).await;
    until_all(&world, "p", &["completed"; 3]).await;
    let other = deploy(&world, file(&[("p", every("R1/PT1H"))], "")).await;
    advance(&world, 60_000).await;
    until_all(&world, "p", &["completed"; 3]).await;
    advance(&world, 3_540_000).await;
    until_all(&world, "p", &["completed"; 4]).await;
    // Withdrawn: the version before counts again.
    world.runtime.delete_definition(&world.admin, other[0]).await.unwrap();
    advance(&world, 10_000).await;
    until_all(&world, "p", &["completed"; 5]).await;
    world.runtime.delete_definition(&world.admin, ids[0]).await.unwrap();
    advance(&world, 100_000).await;
    until_all(&world, "p", &["completed"; 5]).await;
}

#[tokio::test]
async fn cn_5_conditions_start_processes() {
    let world = World::new().await;
    let when = r#"<bpmn:conditionalEventDefinition><bpmn:condition xsi:type="bpmn:tFormalExpression">=sum &gt; 10</bpmn:condition>
</bpmn:conditionalEventDefinition>"#;
    deploy(&world, file(&[("p", line(when, r#"<bpmn:task id="a"/>"#))], "")).await;
    let ask = async |sum: i64| {
        world.runtime.evaluate_conditions(&world.admin, None, object(json!({"sum": sum}))).await.unwrap()
    };
    assert!(ask(10).await.is_empty());
    let reached = ask(11).await;
    assert_eq!(world.variables(reached[0].instance).await, json!({"sum": 11}));

    let catalog = world.catalog().await;
    let when = when.replace("sum &gt; 10", r#"document.STATUS = "hot""#);
    let bytes = file(&[("r", line(&when, r#"<bpmn:task id="a"/>"#))], "").into_bytes();
    let document = Some(model::DocumentType { catalog });
    world.runtime.deploy(&world.admin, Deploy { bytes, document, ..Deploy::default() }).await.unwrap();
    for status in ["cold", "hot"] {
        let fields = object(json!({"TITLE": "t", "STATUS": status}));
        world.runtime.create_record(&world.admin, catalog, fields).await.unwrap();
    }
    until_all(&world, "r", &["completed"]).await;
}

#[tokio::test]
async fn pattern_39_a_name_is_held_by_one_run_at_a_time() {
    let mut world = World::new().await;
    let work =
        service("work", &[]).replace("<bpmn:serviceTask ", r#"<bpmn:serviceTask ruslo:mutex="=&quot;press&quot;" "#);
    let [p] = deploy(&world, file(&[("p", line("", &work))], "")).await[..] else { panic!() };
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(world.start(p, json!({})).await);
    }
    for n in 0..3 {
        let ask = || activate(&world, "work");
        let job = world.until("a job", || async { ask().await.pop() }).await;
        assert!(ids.contains(&job.instance) && ask().await.is_empty(), "one at a time");
        if n == 0 {
            world.crash_and_reopen().await;
        }
        world.runtime.complete_job(&world.admin, job.id, object(json!({}))).await.unwrap();
        ids.retain(|id| *id != job.instance);
    }
    until_all(&world, "p", &["completed"; 3]).await;
}

#[tokio::test]
async fn in_6_an_asynchronous_step_commits_before_it_goes_on() {
    let world = World::new().await;
    let task = r#"<bpmn:task id="a" ruslo:asyncBefore="true" ruslo:asyncAfter="true"/>"#;
    let [p] = deploy(&world, file(&[("p", line("", task))], "")).await[..] else { panic!() };
    let units = world.runtime.counters().units;
    let id = world.start(p, json!({})).await;
    world.until_state(id, "completed").await;
    let three = || async { (world.runtime.counters().units - units >= 3).then_some(()) };
    world.until("three commits", three).await;
}

#[tokio::test]
async fn mg_8_a_suspended_instance_waits_with_all_it_waits_for() {
    let world = World::new().await;
    let [p, w] =
        deploy(&world, file(&[("p", line("", RECEIVE)), ("w", line("", &service("work", &[])))], PAID)).await[..]
    else {
        panic!()
    };
    let (waits, works) = (world.start(p, json!({"order": "7"})).await, world.start(w, json!({})).await);
    for id in [waits, works] {
        let operation = runtime::Operation::Suspend { reason: "a look".into() };
        world.runtime.operate(&world.admin, id, operation).await.unwrap();
    }
    assert!(activate(&world, "work").await.is_empty());
    let published = world.runtime.publish(&world.admin, paid("7", 60_000)).await.unwrap();
    assert!(published.reached.is_empty() && published.kept);
    for id in [waits, works] {
        world.runtime.operate(&world.admin, id, runtime::Operation::Resume).await.unwrap();
    }
    world.until_state(waits, "completed").await;
    complete(&world, "work", json!({})).await;
    world.until_state(works, "completed").await;
}

#[tokio::test]
async fn mg_9_equal_content_makes_no_new_version() {
    let world = World::new().await;
    let send = async |file: String, name: &str| {
        let what = Deploy { bytes: file.into_bytes(), name: name.into(), ..Deploy::default() };
        let deployed = world.runtime.deploy(&world.admin, what).await.unwrap();
        deployed.iter().map(|d| (d.id, d.version, d.unchanged)).collect::<Vec<_>>()
    };
    let two = |task: &str| file(&[("p", line("", task)), ("q", line("", r#"<bpmn:task id="a"/>"#))], "");
    let plain = two(r#"<bpmn:task id="a"/>"#);
    let first = send(plain.clone(), "").await;
    let drawn = plain.replace(
        "</bpmn:definitions>",
        r#"<di:BPMNDiagram xmlns:di="http://www.omg.org/spec/BPMN/20100524/DI" id="g"><di:BPMNPlane id="n" bpmnElement="p"/></di:BPMNDiagram></bpmn:definitions>"#,
    );
    let again = send(drawn, "").await;
    assert_eq!(again, first.iter().map(|(id, version, _)| (*id, *version, true)).collect::<Vec<_>>());
    // One changed: both are new, together.
    let changed = two(r#"<bpmn:manualTask id="a"/>"#);
    assert_eq!(send(changed.clone(), "").await.iter().map(|d| (d.1, d.2)).collect::<Vec<_>>(), [(2, false); 2]);
    assert!(send(changed.clone(), "").await[0].2);
    // What was before the latest is new again; what lies beside the file counts.
    assert_eq!(send(plain, "").await[0].1, 3);
    let one = file(&[("p", line("", r#"<bpmn:task id="a"/>"#))], "");
    assert_eq!(send(one.clone(), "").await[0].1, 4);
    assert_eq!(send(one.clone(), "Named").await[0].1, 5);
    let last = send(one.clone(), "Named").await[0];
    assert!(last.2);
    // Withdrawn: the one before is the latest.
    world.runtime.delete_definition(&world.admin, last.0).await.unwrap();
    assert_eq!(send(one.clone(), "").await[0].1, 4);
    assert_eq!(send(one, "Named").await[0].1, 6);
}

#[tokio::test]
async fn mg_9_a_tag_names_one_version() {
    let world = World::new().await;
    let tagged = |process: &str, task: &str, tag: &str| {
        let tag = format!(r#"<bpmn:extensionElements><zeebe:versionTag value="{tag}"/></bpmn:extensionElements>"#);
        file(&[(process, format!("{tag}{}", line("", task)))], "")
    };
    let (task, other) = (r#"<bpmn:task id="a"/>"#, r#"<bpmn:manualTask id="a"/>"#);
    let first = deploy(&world, tagged("p", task, "blue")).await;
    assert_eq!(deploy(&world, tagged("p", task, "blue")).await, first);
    let taken = || Deploy { bytes: tagged("p", other, "blue").into_bytes(), ..Deploy::default() };
    let refused = world.runtime.deploy(&world.admin, taken()).await.unwrap_err();
    assert!(refused.is(&codes::VERSION_TAG_TAKEN), "{refused}");
    deploy(&world, tagged("q", other, "blue")).await;
    deploy(&world, tagged("p", other, "green")).await;
    world.runtime.delete_definition(&world.admin, first[0]).await.unwrap();
    world.runtime.deploy(&world.admin, taken()).await.unwrap();
}

#[tokio::test]
async fn mg_7_instances_go_on_with_another_version() {
    let world = World::new().await;
    let version = |more: &str| file(&[("p", format!("{}{more}", line("", &service("work", &[]))))], "");
    let old = deploy(&world, version("")).await[0];
    let id = world.start(old, json!({})).await;
    let new = deploy(&world, version(r#"<bpmn:dataObject id="d"/>"#)).await[0];
    let ask = |dry_run| runtime::Migrate {
        from: Some(old),
        instances: Vec::new(),
        to: new,
        elements: Vec::new(),
        reason: "better".into(),
        dry_run,
    };
    for dry_run in [true, false] {
        let report = world.runtime.migrate(&world.admin, ask(dry_run)).await.unwrap();
        assert_eq!((report.len(), report[0].instance), (1, id));
        assert!(report[0].fault.is_none(), "{:?}", report[0].fault);
        let definition = world.runtime.instance_summary(id).await.unwrap().definition;
        assert_eq!(definition, if dry_run { old } else { new });
    }
    complete(&world, "work", json!({})).await;
    world.until_state(id, "completed").await;
}

/// `caller` calls `child`, whose work can be undone, waits at a gate, and then undoes it.
fn compensable_call() -> String {
    let undo = service_named("u", "undo", &[]).replace("serviceTask id", r#"serviceTask isForCompensation="true" id"#);
    let child = format!(
        r#"{}{undo}<bpmn:boundaryEvent id="b" attachedToRef="a"><bpmn:compensateEventDefinition/></bpmn:boundaryEvent>
<bpmn:association id="as" sourceRef="b" targetRef="u"/>"#,
        line("", &service("work", &[]))
    );
    let caller = format!(
        r#"<bpmn:startEvent id="start"/>{}{}<bpmn:intermediateThrowEvent id="t"><bpmn:compensateEventDefinition/></bpmn:intermediateThrowEvent>
<bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="a"/><bpmn:sequenceFlow id="f2" sourceRef="a" targetRef="g"/>
<bpmn:sequenceFlow id="f3" sourceRef="g" targetRef="t"/>"#,
        call("child", ""),
        service_named("g", "gate", &[]),
    );
    file(&[("caller", caller), ("child", child)], "")
}

#[tokio::test]
async fn co_7_a_finished_called_instance_is_kept_and_compensated() {
    let mut world = World::new().await;
    let ids = deploy(&world, compensable_call()).await;
    let caller = world.start(ids[0], json!({})).await;
    let (child, _) = all(&world, "child").await[0];
    complete(&world, "work", json!({"made": 1})).await;
    world.until_state(child, "completed").await;
    world.until("gate", || async { (!activate(&world, "gate").await.is_empty()).then_some(()) }).await;
    // Long over its time, and kept: its caller runs.
    world.clock.advance_ms(30 * 86_400_000);
    let rules = runtime::RetentionRules { instances_days: Some(1), ..runtime::RetentionRules::default() };
    world.runtime.set_retention(&world.admin, &rules).await.unwrap();
    for _ in 0..50 {
        world.clock.advance_ms(60_000);
        tokio::task::yield_now().await;
    }
    assert_eq!(world.store.count_ended(ids[1], world.clock.now(), 9).await.unwrap(), 0);
    assert_eq!(world.state(child).await, "completed");
    world.crash_and_reopen().await;
    complete(&world, "gate", json!({})).await;
    let undo = world.until("undo", || async { activate(&world, "undo").await.pop() }).await;
    assert_eq!(undo.instance, child);
    assert_eq!(world.state(caller).await, "active", "it waits for the compensation");
    world.runtime.complete_job(&world.admin, undo.id, object(json!({}))).await.unwrap();
    world.until_state(caller, "completed").await;
    assert_eq!(world.store.count_ended(ids[1], model::Timestamp(i64::MAX), 9).await.unwrap(), 1, "it may go now");
}

#[tokio::test]
async fn co_7_a_finished_called_instance_that_was_erased_is_told_when_it_is_missed() {
    let world = World::new().await;
    let ids = deploy(&world, compensable_call()).await;
    let caller = world.start(ids[0], json!({})).await;
    let (child, _) = all(&world, "child").await[0];
    complete(&world, "work", json!({})).await;
    world.until_state(child, "completed").await;
    let gate = world.until("gate", || async { activate(&world, "gate").await.pop() }).await;
    world.runtime.kill(&world.admin, child).await.unwrap();
    world.runtime.complete_job(&world.admin, gate.id, object(json!({}))).await.unwrap();
    let open = || async { world.runtime.instance(caller).await.unwrap().incidents.pop() };
    let incident = world.until("an incident", open).await;
    assert!(incident.element_id == "caller_t" && incident.message.contains("erased"), "{incident:?}");
    // A retry finds it gone still; who skips it lets the caller go on.
    world.runtime.retry_incident(&world.admin, incident.id).await.unwrap();
    let again = world.until("another", || async { open().await.filter(|i| i.id != incident.id) }).await;
    let skipped = world.runtime.skip_incident(&world.admin, again.id, object(json!({})), "gone".into()).await;
    skipped.unwrap();
    world.until_state(caller, "completed").await;
}

#[tokio::test]
async fn ca_5_a_process_that_is_not_waited_for_shows_who_called_it() {
    let world = World::new().await;
    let call = call("child", "").replace("<bpmn:callActivity ", r#"<bpmn:callActivity ruslo:wait="false" "#);
    let processes = [("caller", line("", &call)), ("child", line("", &service("work", &[])))];
    let ids = deploy(&world, file(&processes, "")).await;
    let caller = world.start(ids[0], json!({"x": 1})).await;
    assert_eq!(world.state(caller).await, "completed", "it goes on at once");
    let (child, _) = all(&world, "child").await[0];
    let summary = world.runtime.instance_summary(child).await.unwrap();
    assert_eq!((summary.parent, summary.root), (Some(caller), None), "shown, and in no tree with it");
    let shown = world.runtime.instance(caller).await.unwrap().children;
    assert_eq!(shown.iter().map(|c| c.id).collect::<Vec<_>>(), [child]);
    complete(&world, "work", json!({"x": 2})).await;
    world.until_state(child, "completed").await;
    assert_eq!(world.variables(caller).await, json!({"x": 1}), "nothing comes back");
}

#[tokio::test]
async fn ca_6_a_version_that_an_expression_may_name_is_not_withdrawn() {
    let world = World::new().await;
    let tag = r#"<bpmn:extensionElements><zeebe:versionTag value="blue"/></bpmn:extensionElements>"#;
    let task = r#"<bpmn:task id="a"/>"#;
    let called = deploy(&world, file(&[("called", format!("{tag}{}", line("", task)))], "")).await[0];
    let by_tag = call("", r#"processIdExpression="=which" bindingType="versionTag" versionTag="blue""#);
    let by_tag = by_tag.replace(r#"processId="""#, "");
    let caller = deploy(&world, file(&[("caller", line("", &by_tag))], "")).await[0];
    let refused = world.runtime.delete_definition(&world.admin, called).await.unwrap_err();
    assert!(refused.is(&codes::DEFINITION_CALLED), "{refused}");
    world.runtime.delete_definition(&world.admin, caller).await.unwrap();
    world.runtime.delete_definition(&world.admin, called).await.unwrap();
}

#[tokio::test]
async fn mg_9_an_unchanged_decision_makes_no_new_version() {
    let world = World::new().await;
    let dmn = |result: &str, beside: &str| {
        format!(
            r#"<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="prices" name="Prices" namespace="urn:prices">
<decision id="discount" name="Discount"><literalExpression id="l"><text>{result}</text></literalExpression></decision>{beside}</definitions>"#
        )
    };
    let send = async |file: String| {
        let what = Deploy { bytes: file.into_bytes(), ..Deploy::default() };
        let deployed = world.runtime.deploy(&world.admin, what).await;
        let deployed = deployed.unwrap_or_else(|f| panic!("{f} {:?}", f.details));
        deployed.iter().map(|d| (d.id, d.version, d.unchanged)).collect::<Vec<_>>()
    };
    let first = send(dmn("1", "")).await[0];
    assert_eq!((first.1, first.2), (1, false));
    assert_eq!(send(dmn("1", "")).await, [(first.0, 1, true)]);
    let drawn = r#"<d:DMNDI xmlns:d="https://www.omg.org/spec/DMN/20191111/DMNDI/"><d:DMNDiagram id="g"/></d:DMNDI>"#;
    assert_eq!(send(dmn("1", drawn)).await, [(first.0, 1, true)], "a picture is no content");
    let second = send(dmn("2", "")).await[0];
    assert_eq!((second.1, second.2), (2, false));
    assert_eq!(send(dmn("1", "")).await[0].1, 3, "what was before the latest is new again");
    // Withdrawn: what is deployed again counts.
    let last = send(dmn("1", "")).await[0];
    assert!(last.2);
    world.runtime.delete_decision(&world.admin, last.0).await.unwrap();
    assert_eq!(send(dmn("1", "")).await[0].1, 4);
}

#[tokio::test]
async fn ms_11_a_message_to_a_black_box_is_told() {
    let world = World::new().await;
    let throw = r#"<bpmn:intermediateThrowEvent id="a"><bpmn:messageEventDefinition messageRef="m_paid"/></bpmn:intermediateThrowEvent>"#;
    let pools = r#"<bpmn:collaboration id="col"><bpmn:participant id="us" name="Us" processRef="p"/>
<bpmn:participant id="bank" name="Bank"/><bpmn:messageFlow id="mf" sourceRef="p_a" targetRef="bank"/></bpmn:collaboration>"#;
    let processes = [("p", line("", throw)), ("other", line("", RECEIVE))];
    let ids = deploy(&world, file(&processes, &format!("{PAID}{pools}"))).await;
    let other = world.start(ids[1], json!({"order": "7"})).await;
    let id = world.start(ids[0], json!({"order": "7"})).await;
    world.until_state(id, "completed").await;
    let history = world.runtime.history(id).await.unwrap();
    let line = history.iter().find(|e| e.kind == "logged").unwrap_or_else(|| panic!("{history:?}"));
    let text = line.event["text"].as_str().unwrap_or_default();
    assert!(text.contains("`paid`") && text.contains("`Bank`"), "{text}");
    assert_eq!(world.state(other).await, "active", "nobody here gets it");
}

#[tokio::test]
async fn ms_8_a_conversation_gets_its_key_by_its_first_message() {
    let world = World::new().await;
    let twice = r#"<bpmn:startEvent id="start"/><bpmn:receiveTask id="a" messageRef="m"/><bpmn:receiveTask id="b" messageRef="m"/>
<bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="a"/><bpmn:sequenceFlow id="f2" sourceRef="a" targetRef="b"/>"#;
    let beside = r#"<bpmn:collaboration id="col"><bpmn:participant id="us" processRef="p"/>
<bpmn:correlationKey id="ck"><bpmn:correlationPropertyRef>no</bpmn:correlationPropertyRef></bpmn:correlationKey></bpmn:collaboration>
<bpmn:message id="m" name="talk"/><bpmn:correlationProperty id="no"><bpmn:correlationPropertyRetrievalExpression messageRef="m">
<bpmn:messagePath xsi:type="bpmn:tFormalExpression">=order.no</bpmn:messagePath></bpmn:correlationPropertyRetrievalExpression></bpmn:correlationProperty>"#;
    let [p] = deploy(&world, file(&[("p", twice.to_owned())], beside)).await[..] else { panic!() };
    let id = world.start(p, json!({})).await;
    for (no, reached) in [(1, 1), (2, 0), (1, 1)] {
        let variables = object(json!({"order": {"no": no}}));
        let talk = PublishMessage { name: "talk".into(), variables, ..PublishMessage::default() };
        let published = world.runtime.publish(&world.admin, talk).await.unwrap();
        assert_eq!(published.reached.len(), reached, "{no}");
    }
    world.until_state(id, "completed").await;
}

#[tokio::test]
async fn sg_3_a_signal_of_a_tree_stays_in_it() {
    let world = World::new().await;
    let own = ON_ALARM.replace("signalRef", r#"ruslo:scope="processInstance" signalRef"#);
    let top = format!(
        r#"<bpmn:startEvent id="start"/><bpmn:parallelGateway id="g"/>{}{}
<bpmn:intermediateCatchEvent id="c">{ON_ALARM}</bpmn:intermediateCatchEvent>
<bpmn:intermediateThrowEvent id="t">{own}</bpmn:intermediateThrowEvent>
<bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="g"/><bpmn:sequenceFlow id="f2" sourceRef="g" targetRef="a"/>
<bpmn:sequenceFlow id="f3" sourceRef="g" targetRef="c"/><bpmn:sequenceFlow id="f4" sourceRef="g" targetRef="go"/>
<bpmn:sequenceFlow id="f5" sourceRef="go" targetRef="t"/>"#,
        call("waits", ""),
        service_named("go", "go", &[]),
    );
    let ids = deploy(&world, file(&[("top", top), ("waits", line("", &catch_alarm()))], ALARM)).await;
    let stranger = world.start(ids[1], json!({})).await;
    let other_tree = world.start(ids[0], json!({})).await;
    complete_of(&world, "go", other_tree, false).await;
    let top = world.start(ids[0], json!({})).await;
    complete_of(&world, "go", top, true).await;
    world.until_state(top, "completed").await;
    assert_eq!((world.state(stranger).await, world.state(other_tree).await), ("active".into(), "active".into()));
    until_all(&world, "waits", &["active", "active", "completed"]).await;
}

#[tokio::test]
async fn tm_7_missed_starts_come_once_or_all() {
    for (policy, expected) in [("once", 2), ("all", 10)] {
        let mut world = World::new().await;
        let every = "<bpmn:timerEventDefinition><bpmn:timeCycle>R/PT10S</bpmn:timeCycle></bpmn:timerEventDefinition>";
        let xml = file(&[("p", line(every, r#"<bpmn:task id="a"/>"#))], "")
            .replace("<bpmn:process ", &format!(r#"<bpmn:process ruslo:missedStarts="{policy}" "#));
        deploy(&world, xml).await;
        advance(&world, 10_000).await;
        until_all(&world, "p", &["completed"]).await;
        // Nine are missed: at 20, 30, .. 100 seconds.
        world.runtime.shutdown().await;
        world.clock.advance_ms(95_000);
        world.crash_and_reopen().await;
        until_all(&world, "p", &vec!["completed"; expected]).await;
        let next = Some(BEGINNING.plus_ms(110_000));
        world.until("110 s", || async { (world.store.earliest_timer().await.unwrap() == next).then_some(()) }).await;
    }
}

#[tokio::test]
async fn tm_10_a_timer_counts_working_time() {
    let world = World::new().await;
    let wait = r#"<bpmn:intermediateCatchEvent id="a"><bpmn:timerEventDefinition ruslo:calendar="office">
<bpmn:timeDuration>PT10H</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"#;
    let lost = wait.replace("office", "nowhere");
    let ids = deploy(&world, file(&[("p", line("", wait)), ("q", line("", &lost))], "")).await;
    let id = world.start(ids[0], json!({})).await;
    // Thursday from nine to six, Friday is free, the weekend is: Monday at ten.
    let due = BEGINNING.plus_ms(4 * 86_400_000 + 10 * 3_600_000);
    assert_eq!(world.store.earliest_timer().await.unwrap(), Some(due));
    let stuck = world.start(ids[1], json!({})).await;
    let view = world.runtime.instance(stuck).await.unwrap();
    assert!(view.incidents[0].message.contains("`nowhere`"), "{:?}", view.incidents);
    advance(&world, 4 * 86_400_000 + 10 * 3_600_000).await;
    world.until_state(id, "completed").await;
}

#[tokio::test]
async fn da_3_data_stores_are_read_and_written() {
    let world = World::new().await;
    let catalog = world.catalog().await;
    let bound = format!(
        r#"<bpmn:extensionElements><ruslo:store catalog="{catalog}"><ruslo:key field="TITLE" value="=no"/></ruslo:store></bpmn:extensionElements>"#
    );
    let store = |name: &str, binding: &str| {
        format!(r#"<bpmn:dataStoreReference id="ds" name="{name}">{binding}</bpmn:dataStoreReference>"#)
    };
    let writes = |process: &str| {
        format!(
            r#"<bpmn:task id="a"><bpmn:dataOutputAssociation id="o"><bpmn:targetRef>{process}_ds</bpmn:targetRef></bpmn:dataOutputAssociation></bpmn:task>"#
        )
    };
    let reads = |process: &str, name: &str| {
        let input = format!(
            r#"<bpmn:dataInputAssociation id="i"><bpmn:sourceRef>{process}_ds</bpmn:sourceRef></bpmn:dataInputAssociation></bpmn:serviceTask>"#
        );
        service("work", &[("got", &format!("={name}"))]).replace("</bpmn:serviceTask>", &input)
    };
    let processes = [
        ("w", store("rates", "") + &line("", &writes("w"))),
        ("r", store("rates", "") + &line("", &reads("r", "rates"))),
        ("bw", store("order", &bound) + &line("", &writes("bw"))),
        ("br", store("order", &bound) + &line("", &reads("br", "order"))),
    ];
    let ids = deploy(&world, file(&processes, "")).await;
    let read = async |definition, variables| {
        let id = world.start(definition, variables).await;
        let job = activate(&world, "work").await.pop().unwrap_or_else(|| panic!("no job of {id}"));
        model::Value::Object(std::sync::Arc::new(job.input)).to_json()["got"].clone()
    };
    assert_eq!(read(ids[1], json!({})).await, Json::Null);
    for rate in [90, 91] {
        let id = world.start(ids[0], json!({"rates": {"usd": rate}})).await;
        world.until_state(id, "completed").await;
        assert_eq!(read(ids[1], json!({})).await, json!({"usd": rate}));
    }
    assert_eq!(read(ids[3], json!({"no": "A-1"})).await, Json::Null);
    for status in ["new", "paid"] {
        let id = world.start(ids[2], json!({"no": "A-1", "order": {"STATUS": status}})).await;
        world.until_state(id, "completed").await;
        assert_eq!(read(ids[3], json!({"no": "A-1"})).await["STATUS"], status);
    }
    let query = store::Query::new(store::Filter::eq(store::RecordField::Catalog, catalog)).limit(9);
    assert_eq!(world.store.records(query).await.unwrap().rows.len(), 1, "written into the record that was found");
}

#[tokio::test]
async fn ca_4_who_is_erased_is_waited_for_no_more() {
    let world = World::new().await;
    let processes = [("caller", line("", &call("child", ""))), ("child", line("", &service("work", &[])))];
    let ids = deploy(&world, file(&processes, "")).await;
    let caller = world.start(ids[0], json!({})).await;
    let child = all(&world, "child").await[0].0;
    world.runtime.kill(&world.admin, child).await.unwrap();
    world
        .until("told", || async {
            (world.state(caller).await != "active"
                || !world.runtime.instance(caller).await.unwrap().incidents.is_empty())
            .then_some(())
        })
        .await;
    let caller = world.start(ids[0], json!({})).await;
    let child = all(&world, "child").await[0].0;
    world.runtime.kill(&world.admin, caller).await.unwrap();
    world.until_state(child, "canceled").await;
}

#[tokio::test]
async fn mg_7_what_waits_is_shown_at_its_new_element() {
    let world = World::new().await;
    let version = |user: [&str; 2], job: &str, receive: &str| {
        let task = |id: &str, name: &str| {
            user_task("anna").replace(r#"id="a" name="Approve""#, &format!(r#"id="{id}" name="{name}""#))
        };
        let flow = |n: usize, to: &str| format!(r#"<bpmn:sequenceFlow id="f{n}" sourceRef="g" targetRef="{to}"/>"#);
        let body = format!(
            r#"<bpmn:startEvent id="start"/><bpmn:parallelGateway id="g"/><bpmn:sequenceFlow id="f0" sourceRef="start" targetRef="g"/>
{}{}{}<bpmn:receiveTask id="{receive}" messageRef="m_paid"/>{}{}{}{}"#,
            task(user[0], "One"),
            task(user[1], "Two"),
            service_named(job, "work", &[]),
            flow(1, user[0]),
            flow(2, user[1]),
            flow(3, job),
            flow(4, receive),
        );
        file(&[("p", body)], PAID)
    };
    let old = deploy(&world, version(["x", "y"], "job", "receive")).await[0];
    let id = world.start(old, json!({"order": "7"})).await;
    let new = deploy(&world, version(["y", "z"], "do", "hear")).await[0];
    let of = |(from, to): (&str, &str)| (format!("p_{from}"), format!("p_{to}"));
    let ask = runtime::Migrate {
        from: Some(old),
        instances: Vec::new(),
        to: new,
        elements: [("x", "y"), ("y", "z"), ("job", "do"), ("receive", "hear")].map(of).to_vec(),
        reason: "better".into(),
        dry_run: false,
    };
    let report = world.runtime.migrate(&world.admin, ask).await.unwrap();
    assert!(report[0].fault.is_none(), "{:?}", report[0].fault);
    let mut tasks: Vec<_> =
        world.open_tasks(&world.anna).await.into_iter().map(|t| (t.element_id, t.definition)).collect();
    tasks.sort();
    assert_eq!(tasks, [("p_y".to_owned(), new), ("p_z".to_owned(), new)]);
    let query = store::SubscriptionQuery::Message { name: "paid".into(), key: None, limit: 9 };
    let open = world.store.subscriptions(query).await.unwrap();
    assert_eq!(open.iter().map(|s| (s.instance, s.element_id.as_str())).collect::<Vec<_>>(), [(id, "p_hear")]);
    let job = activate(&world, "work").await.pop().unwrap();
    assert_eq!((job.element_id.as_str(), job.definition), ("p_do", new));
    world.runtime.complete_job(&world.admin, job.id, object(json!({}))).await.unwrap();
    for task in world.open_tasks(&world.anna).await {
        world.runtime.complete_task(&world.anna, task.id, runtime::TaskAnswer::default()).await.unwrap();
    }
    world.runtime.publish(&world.admin, paid("7", 0)).await.unwrap();
    world.until_state(id, "completed").await;
}

/// Completes the job of this instance, or takes it so that nobody else does.
async fn complete_of(world: &World, job_type: &str, instance: InstanceId, complete: bool) {
    let job = activate(world, job_type).await.into_iter().find(|job| job.instance == instance).unwrap();
    if complete {
        world.runtime.complete_job(&world.admin, job.id, object(json!({}))).await.unwrap();
    }
}

async fn advance(world: &World, ms: i64) {
    // Whoever waits for the clock has to be waiting.
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    world.clock.advance_ms(ms);
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}
