//! Input that is wrong, hostile or far too large, from deployment to the run: each is handled within limits and told
//! with a code and a message.

use crate::support::{BEGINNING, World, around, bpmn, object, service};
use model::error::codes;
use model::{Fault, InstanceId, Severity};
use runtime::{Correlate, Deploy, InstanceFilter, Page};
use serde_json::{Value as Json, json};
use std::fmt::Write as _;

async fn deployed(world: &World, file: String) -> Result<Vec<model::DefinitionId>, Fault> {
    let what = Deploy { bytes: file.into_bytes(), ..Deploy::default() };
    Ok(world.runtime.deploy(&world.admin, what).await?.iter().map(|d| d.id).collect())
}

async fn refused(world: &World, file: String) -> (String, Json) {
    let fault = deployed(world, file).await.unwrap_err();
    (fault.code.code.to_owned(), fault.details.clone().unwrap_or_default())
}

/// The first finding about a refused file: its rule and message.
fn told(details: &Json) -> (String, String) {
    let first = &details["diagnostics"][0];
    let text = |name: &str| first[name].as_str().unwrap_or_default().to_owned();
    (text("code"), text("message"))
}

async fn instances(world: &World, filter: InstanceFilter) -> u64 {
    world.runtime.instances(&filter, Page::default()).await.unwrap().total
}

async fn of_process(world: &World, process: &str) -> u64 {
    let filter = InstanceFilter { process_id: Some(process.into()), ..InstanceFilter::default() };
    instances(world, filter).await
}

async fn incident(world: &World, id: InstanceId) -> (String, String) {
    let view = world.runtime.instance(id).await.unwrap();
    let [incident] = &view.incidents[..] else { panic!("{:?}", view.incidents) };
    (incident.code.clone(), incident.message.clone())
}

async fn advance(world: &World, ms: i64) {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    world.clock.advance_ms(ms);
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn bad_input_model_bomb() {
    let world = World::new().await;
    let entities: String =
        (1..30).map(|n| format!("<!ENTITY e{n} \"{}\">", format!("&e{};", n - 1).repeat(10))).collect();
    let bomb = bpmn(&around(r#"<bpmn:task id="a" name="&e29;"/>"#)).replacen(
        "?>",
        &format!("?><!DOCTYPE x [<!ENTITY e0 \"lol\">{entities}]>"),
        1,
    );
    let (code, details) = refused(&world, bomb).await;
    assert_eq!(code, codes::DEFINITION_REFUSED.code);
    let (rule, message) = told(&details);
    assert!(rule == "LN-01" && message.contains("document type"), "{details}");
}

#[tokio::test]
async fn bad_input_ten_thousand_nodes() {
    let world = World::new().await;
    let mut body = r#"<bpmn:startEvent id="n0"/>"#.to_owned();
    for n in 1..=10_000 {
        let (kind, before) = (if n == 10_000 { "endEvent" } else { "manualTask" }, n - 1);
        let _ = write!(
            body,
            r#"<bpmn:{kind} id="n{n}"/><bpmn:sequenceFlow id="f{n}" sourceRef="n{before}" targetRef="n{n}"/>"#
        );
    }
    let [p] = deployed(&world, bpmn(&body)).await.unwrap()[..] else { panic!() };
    // One step passes 10,000 elements; the rest waits for somebody who finds that right.
    let id = world.start(p, json!({})).await;
    let view = world.runtime.instance(id).await.unwrap();
    assert_eq!(view.incidents[0].code, codes::STEP_BUDGET.code);
    world.runtime.retry_incident(&world.admin, view.incidents[0].id).await.unwrap();
    world.until_state(id, "completed").await;
}

#[tokio::test]
async fn bad_input_nested_a_thousand_deep() {
    let world = World::new().await;
    let body = (0..1_000).map(|n| format!(r#"<bpmn:subProcess id="s{n}">"#)).collect::<String>()
        + &"</bpmn:subProcess>".repeat(1_000);
    let (code, details) = refused(&world, bpmn(&body)).await;
    assert_eq!(code, codes::DEFINITION_REFUSED.code);
    let (rule, message) = told(&details);
    assert!(rule == "LN-01" && message.contains("Nested deeper than 200"), "{details}");
}

fn call(process: &str) -> String {
    format!(
        r#"<bpmn:callActivity id="a"><bpmn:extensionElements><zeebe:calledElement processId="{process}"/>
</bpmn:extensionElements></bpmn:callActivity>"#
    )
}

#[tokio::test]
async fn bad_input_cyclic_calls() {
    let world = World::new().await;
    let [p] = deployed(&world, bpmn(&around(&call("p")))).await.unwrap()[..] else { panic!() };
    let id = world.start(p, json!({})).await;
    world.until("the caller and 50 calls", || async { (of_process(&world, "p").await == 51).then_some(()) }).await;
    let tree = InstanceFilter { root: Some(id), ..InstanceFilter::default() };
    let tree = world.runtime.instances(&tree, Page { limit: 100, ..Page::default() }).await.unwrap();
    let mut told = Vec::new();
    for instance in tree.items {
        let view = world.runtime.instance(instance.id).await.unwrap();
        told.extend(view.incidents.into_iter().map(|i| (i.code, i.message)));
    }
    let [(code, message)] = &told[..] else { panic!("{told:?}") };
    assert!(code == codes::CALL_DEPTH.code && message.contains("50 calls"), "{message}");
}

#[tokio::test]
async fn bad_input_call_without_target() {
    let world = World::new().await;
    let [p] = deployed(&world, bpmn(&around(&call("nowhere")))).await.unwrap()[..] else { panic!() };
    let id = world.start(p, json!({})).await;
    let (code, message) = incident(&world, id).await;
    assert!(code == codes::DEFINITION_NOT_FOUND.code && message.contains("`nowhere`"), "{code} {message}");
    // A retry looks again (CA-1).
    let target = bpmn(&around(r#"<bpmn:task id="a"/>"#)).replace(r#"id="p""#, r#"id="nowhere""#);
    deployed(&world, target).await.unwrap();
    let open = world.runtime.instance(id).await.unwrap().incidents[0].id;
    world.runtime.retry_incident(&world.admin, open).await.unwrap();
    world.until_state(id, "completed").await;
}

#[tokio::test]
async fn bad_input_ambiguous_correlation() {
    let world = World::new().await;
    let message = r#"<bpmn:message id="m" name="paid"><bpmn:extensionElements>
<zeebe:subscription correlationKey="=order"/></bpmn:extensionElements></bpmn:message><bpmn:process id="p" "#;
    let file = bpmn(&around(r#"<bpmn:receiveTask id="a" messageRef="m"/>"#));
    let [p] = deployed(&world, file.replace(r#"<bpmn:process id="p" "#, message)).await.unwrap()[..] else { panic!() };
    let ids = [world.start(p, json!({"order": 7})).await, world.start(p, json!({"order": 7})).await];
    let ask = || Correlate { name: "paid".into(), correlation_key: Some("7".into()), ..Correlate::default() };
    let fault = world.runtime.correlate(&world.admin, ask()).await.unwrap_err();
    assert!(fault.is(&codes::CORRELATION_AMBIGUOUS), "{fault}");
    assert_eq!(fault.details.unwrap()["instances"].as_array().unwrap().len(), 2);
    for id in ids {
        assert_eq!(world.state(id).await, "active", "nobody got it");
    }
}

fn timer(kind: &str, value: &str) -> String {
    format!("<bpmn:timerEventDefinition><bpmn:{kind}>{value}</bpmn:{kind}></bpmn:timerEventDefinition>")
}

#[tokio::test]
async fn bad_input_timer_in_the_past() {
    let world = World::new().await;
    let past = timer("timeDate", "2001-01-01T00:00:00Z");
    let caught = around(&format!(r#"<bpmn:intermediateCatchEvent id="a">{past}</bpmn:intermediateCatchEvent>"#));
    let [p] = deployed(&world, bpmn(&caught)).await.unwrap()[..] else { panic!() };
    let id = world.start(p, json!({})).await;
    world.until_state(id, "completed").await;
    // As a start it never fires, and the deployment says so (TM-9).
    let start = around(r#"<bpmn:task id="a"/>"#).replace(
        r#"<bpmn:startEvent id="start"/>"#,
        &format!(r#"<bpmn:startEvent id="start">{past}</bpmn:startEvent>"#),
    );
    let file = bpmn(&start).replace(r#"id="p""#, r#"id="late""#);
    let what = Deploy { bytes: file.into_bytes(), ..Deploy::default() };
    let late = world.runtime.deploy(&world.admin, what).await.unwrap();
    let warned = late[0].diagnostics.iter().any(|d| d.code == "LN-21" && d.severity == Severity::Warning);
    assert!(warned, "{:?}", late[0].diagnostics);
    advance(&world, 86_400_000).await;
    assert_eq!(of_process(&world, "late").await, 0);
}

#[tokio::test]
async fn bad_input_cycle_faster_than_it_runs() {
    let world = World::new().await;
    let every = timer("timeCycle", "R/PT1S");
    let body = around(&service("work", &[]))
        + &format!(
            r#"<bpmn:boundaryEvent id="b" attachedToRef="a" cancelActivity="false">{every}</bpmn:boundaryEvent>
<bpmn:serviceTask id="c"><bpmn:extensionElements><zeebe:taskDefinition type="slow"/></bpmn:extensionElements></bpmn:serviceTask>
<bpmn:sequenceFlow id="f3" sourceRef="b" targetRef="c"/>"#
        );
    let [p] = deployed(&world, bpmn(&body)).await.unwrap()[..] else { panic!() };
    let id = world.start(p, json!({})).await;
    // An hour at once: the missed ones are one firing, not 3,600 (TM-7).
    advance(&world, 3_600_000).await;
    let slow = async || {
        let view = world.runtime.instance(id).await.unwrap();
        view.jobs.iter().filter(|job| job.job_type == "slow").count()
    };
    world.until("a firing", || async { (slow().await > 0).then_some(()) }).await;
    assert_eq!(slow().await, 1);
    world.runtime.cancel(&world.admin, id, "").await.unwrap();

    // Starts that are all made up for are 1,000 at most.
    let start = around(r#"<bpmn:task id="a"/>"#).replace(
        r#"<bpmn:startEvent id="start"/>"#,
        &format!(r#"<bpmn:startEvent id="start">{every}</bpmn:startEvent>"#),
    );
    let file = bpmn(&start)
        .replace(r#"<bpmn:process id="p""#, r#"<bpmn:process id="often" ruslo:missedStarts="all""#)
        .replacen("<bpmn:definitions ", r#"<bpmn:definitions xmlns:ruslo="http://ruslo.dev/schema/1.0" "#, 1);
    deployed(&world, file).await.unwrap();
    advance(&world, 86_400_000).await;
    let next =
        || async { world.store.earliest_timer().await.unwrap().filter(|at| *at > BEGINNING.plus_ms(86_400_000)) };
    world.until("all made up for", next).await;
    world.until("the starts", || async { (of_process(&world, "often").await >= 1_000).then_some(()) }).await;
    assert!(of_process(&world, "often").await <= 1_001);
}

#[tokio::test]
async fn bad_input_a_million_items() {
    let world = World::new().await;
    let turns = |what: &str| {
        around(&format!(
            r#"<bpmn:manualTask id="a"><bpmn:multiInstanceLoopCharacteristics>{what}</bpmn:multiInstanceLoopCharacteristics></bpmn:manualTask>"#
        ))
    };
    let counted = turns("<bpmn:loopCardinality>=1000000</bpmn:loopCardinality>");
    let listed = turns(
        r#"<bpmn:extensionElements><zeebe:loopCharacteristics inputCollection="=for i in 1..1000000 return i"/></bpmn:extensionElements>"#,
    );
    for body in [counted, listed] {
        let [p] = deployed(&world, bpmn(&body)).await.unwrap()[..] else { panic!() };
        let id = world.start(p, json!({})).await;
        let (code, message) = incident(&world, id).await;
        assert_eq!(code, codes::TURNS_INVALID.code, "{message}");
        world.runtime.cancel(&world.admin, id, "").await.unwrap();
    }
    // As data they are larger than a variable may be.
    let items: Vec<u32> = (0..1_000_000).collect();
    let [p] = deployed(&world, bpmn(&around(r#"<bpmn:task id="a"/>"#))).await.unwrap()[..] else { panic!() };
    let request = runtime::StartRequest { variables: object(json!({"items": items})), ..runtime::StartRequest::of(p) };
    let fault = world.runtime.start(&world.admin, request).await.unwrap_err();
    assert!(fault.is(&codes::VARIABLE_TOO_LARGE), "{fault}");
}
