//! Activities of apps: the wait, the call, the answer, in every order (Bitrix contract 2.4 and 3.5).

use crate::support::{Handler, World, around, object, service};
use formats::bpt::php::{Array, Key, Php};
use formats::bpt::{self, Node, Template};
use model::error::codes;
use model::{DefinitionId, Fault, InstanceId};
use runtime::{AnswerOutcome, AppAnswer, DeliveryResult, Deploy, Order, Page};
use serde_json::json;
use std::sync::Arc;

async fn started(plan: Vec<DeliveryResult>, extra: &[(&str, &str)]) -> (World, Arc<Handler>, InstanceId, DefinitionId) {
    let handler = Handler::new(plan);
    let world = World::with(vec![handler.clone()]).await;
    let job_type = world.md5(None).await;
    let inputs = [&[("inputString", "=name")], extra].concat();
    let definition = world.deploy(&around(&service(&job_type, &inputs))).await;
    let id = world.start(definition, json!({"name": "Ann"})).await;
    (world, handler, id, definition)
}

async fn order(world: &World, handler: &Handler) -> Order {
    world.until("a delivery", || async { handler.seen().first().map(|d| d.order.clone()) }).await
}

fn answer(order: &Order) -> AppAnswer {
    AppAnswer {
        instance: order.instance,
        element_id: order.element_id.clone(),
        event_id: order.event_id.clone(),
        values: object(json!({"outputString": "9a"})),
        log: None,
    }
}

fn failed() -> DeliveryResult {
    DeliveryResult::Retry(Fault::new(&codes::CALL_FAILED, "no connection"))
}

#[tokio::test]
async fn an_answer_resumes_the_step_once() {
    let (world, handler, id, _) = started(Vec::new(), &[]).await;
    let order = order(&world, &handler).await;
    assert_eq!(
        (order.event_id.len(), order.waits, order.input.clone()),
        (32, true, object(json!({"inputString": "Ann"})))
    );
    world.runtime.log_app_job(id, "a", &order.event_id, "working").await.unwrap();
    let (one, two) =
        tokio::join!(world.runtime.answer_app_job(answer(&order)), world.runtime.answer_app_job(answer(&order)));
    let outcomes = [one.unwrap(), two.unwrap()];
    assert!(outcomes.contains(&AnswerOutcome::Accepted) && outcomes.contains(&AnswerOutcome::Ignored), "{outcomes:?}");
    assert_eq!(world.state(id).await, "completed");
    assert_eq!(world.variables(id).await, json!({"name": "Ann", "outputString": "9a"}));
    let lines: Vec<_> = world.runtime.history(id).await.unwrap();
    let lines: Vec<_> =
        lines.iter().filter(|e| e.kind == "logged").map(|e| e.event["text"].as_str().unwrap()).collect();
    assert_eq!(lines, ["working", "Received application response"]);
    let late = world.runtime.answer_app_job(answer(&order)).await.unwrap_err();
    assert!(late.is(&codes::INSTANCE_NOT_FOUND), "{late}");
}

#[tokio::test]
async fn a_wrong_token_changes_nothing() {
    let (world, handler, id, _) = started(Vec::new(), &[]).await;
    let order = order(&world, &handler).await;
    let other_pass = AppAnswer { event_id: "x".repeat(32), ..answer(&order) };
    assert_eq!(world.runtime.answer_app_job(other_pass).await.unwrap(), AnswerOutcome::Ignored);
    let other_step = AppAnswer { element_id: "b".into(), ..answer(&order) };
    assert_eq!(world.runtime.answer_app_job(other_step).await.unwrap(), AnswerOutcome::Ignored);
    let nowhere = AppAnswer { instance: InstanceId(77), ..answer(&order) };
    assert!(world.runtime.answer_app_job(nowhere).await.unwrap_err().is(&codes::INSTANCE_NOT_FOUND));
    assert_eq!(world.state(id).await, "active");
}

#[tokio::test]
async fn a_crash_while_the_answer_is_outstanding_loses_nothing() {
    let (mut world, handler, id, _) = started(vec![failed()], &[]).await;
    let order = order(&world, &handler).await;
    world.until("the try is recorded", || async { world.runtime.calls(id).await.ok().filter(|c| !c.is_empty()) }).await;
    world.crash_and_reopen().await;
    // The call that failed before the crash is made again after it, with the same event id.
    world.clock.advance_ms(10_000);
    world.until("the second try", || async { (handler.seen().len() == 2).then_some(()) }).await;
    assert_eq!(handler.seen()[1].order, order);
    assert_eq!(handler.seen()[1].attempt, 2);
    assert_eq!(world.runtime.answer_app_job(answer(&order)).await.unwrap(), AnswerOutcome::Accepted);
    assert_eq!(world.state(id).await, "completed");
    world
        .until("no call is left", || async { world.store.earliest_effect().await.unwrap().is_none().then_some(()) })
        .await;
}

#[tokio::test]
async fn a_handler_that_fails_for_long_is_an_incident_and_a_retry_calls_again() {
    let (world, handler, id, _) = started((0..100).map(|_| failed()).collect(), &[]).await;
    let first = order(&world, &handler).await;
    let open = || async { world.runtime.incidents(Some(true), Some(id), Page::default()).await.unwrap().items.pop() };
    let incident = world.until_later("it is given up", 50_000, open).await;
    let seen = world.runtime.calls(id).await.unwrap().len();
    assert_eq!((incident.code.as_str(), incident.element_id.as_str()), ("OUT-0005", "a"));
    assert!((4..30).contains(&seen), "{seen} tries");
    handler.plan.lock().unwrap().clear();
    let tries = handler.seen().len();
    world.runtime.retry_incident(&world.admin, incident.id).await.unwrap();
    // The handler's circuit may be open: then the call waits until one may try, at most a minute, and goes by itself.
    let again = || async { (handler.seen().len() > tries).then_some(()) };
    world.until_later("the call after the retry", 10_000, again).await;
    assert_eq!(handler.seen()[tries].order.event_id, first.event_id, "the same token");
    assert_eq!(world.runtime.answer_app_job(answer(&first)).await.unwrap(), AnswerOutcome::Accepted);
    assert_eq!(world.state(id).await, "completed");
}

#[tokio::test]
async fn a_call_that_could_not_be_tried_for_long_is_not_dropped_after_the_first_tries() {
    let plan = (0..4).map(|_| failed()).collect();
    let (world, handler, id, _) = started(plan, &[("UseSubscription", "N")]).await;
    let recorded = || async { world.runtime.calls(id).await.ok().filter(|calls| !calls.is_empty()) };
    world.until("a try is recorded", recorded).await;
    // The clock jumps far beyond the time for which calls are tried again.
    world.clock.advance_ms(3_600_000);
    let delivered = || async { (handler.seen().len() == 5).then_some(()) };
    world.until_later("it is delivered", 1_000, delivered).await;
    world
        .until("no call is left", || async { world.store.earliest_effect().await.unwrap().is_none().then_some(()) })
        .await;
}

/// Nobody waits for it, so nothing else would tell.
#[tokio::test]
async fn a_call_that_nobody_waits_for_and_that_is_given_up_is_an_incident_and_a_retry_makes_it_again() {
    let gone = DeliveryResult::GaveUp(Fault::new(&codes::CALL_STATUS, "410 Gone"));
    let (world, handler, id, _) = started(vec![gone.clone(), gone], &[("UseSubscription", "N")]).await;
    assert_eq!(world.state(id).await, "completed");
    let open = || async { world.runtime.incidents(Some(true), Some(id), Page::default()).await.unwrap().items.pop() };
    for tries in 1..=2 {
        let incident = world.until("an incident", open).await;
        assert_eq!((incident.code.as_str(), incident.element_id.as_str()), ("OUT-0002", "a"));
        assert_eq!(handler.seen().len(), tries);
        assert_eq!(world.store.earliest_effect().await.unwrap(), None, "it is not tried by itself");
        world.runtime.retry_incident(&world.admin, incident.id).await.unwrap();
        // Told before the end of the first call was put away here, it is looked at again within a second.
        let again = || async { (handler.seen().len() > tries).then_some(()) };
        world.until_later("the call", 1_000, again).await;
    }
    let seen = handler.seen();
    assert!(seen.iter().all(|delivery| delivery.order == seen[0].order && delivery.id == seen[0].id), "the same call");
    world.until("its end", || async { world.store.earliest_effect().await.unwrap().is_none().then_some(()) }).await;
    assert!(open().await.is_none());
    assert_eq!(world.runtime.metrics().await.deliveries_given_up, 2);
}

#[tokio::test]
async fn a_wait_ends_by_its_timeout() {
    let inputs = [("TimeoutDuration", "=5"), ("TimeoutDurationType", "m"), ("SetStatusMessage", "Y")];
    let (world, handler, id, _) = started(Vec::new(), &inputs).await;
    let order = order(&world, &handler).await;
    assert_eq!(order.timeout_ms, 300_000);
    let title = world.runtime.instance_summary(id).await.unwrap().state_title;
    assert_eq!(title.as_deref(), Some("Waiting for application response"));
    world.clock.advance_ms(300_000);
    world.until_state(id, "completed").await;
    let expected = json!({"name": "Ann", "outputString": null, "IsTimeout": 1});
    assert_eq!(world.variables(id).await, expected, "the defaults, and that nobody answered");
    assert!(world.store.job_by_event(&order.event_id).await.unwrap().is_none());
}

/// A template of one app's activity, the node `A1`.
fn template(job_type: &str) -> Vec<u8> {
    let text = |text: &str| Php::Text(text.to_owned());
    let set = |pairs: &[(&str, &str)]| {
        Array(pairs.iter().map(|(key, value)| (Key::Text((*key).to_owned()), text(value))).collect())
    };
    let node = |kind: &str, name: &str, properties: Array, children: Vec<Node>| Node {
        kind: kind.to_owned(),
        name: name.to_owned(),
        activated: None,
        properties,
        children,
        extra: Array::default(),
    };
    let settings = set(&[("inputString", "x"), ("TimeoutDuration", "5"), ("TimeoutDurationType", "m")]);
    let step = node(job_type, "A1", settings, Vec::new());
    let root = node("SequentialWorkflowActivity", "Template", Array::default(), vec![step]);
    let none = Array::default;
    let (parameters, variables, constants, extra) = (none(), none(), none(), none());
    bpt::write(&Template { version: 2, root, parameters, variables, constants, document_fields: None, extra })
}

#[tokio::test]
async fn a_node_of_a_template_says_whether_it_timed_out() {
    let handler = Handler::new(Vec::new());
    let world = World::with(vec![handler.clone()]).await;
    let job_type = world.md5(None).await;
    let what = Deploy { name: "T".into(), bytes: template(&job_type), ..Deploy::default() };
    let definition = world.runtime.deploy(&world.admin, what).await.unwrap().remove(0).id;
    let late = world.start(definition, json!({})).await;
    order(&world, &handler).await;
    world.clock.advance_ms(300_000);
    world.until_state(late, "completed").await;
    assert_eq!(world.variables(late).await["A1"]["IsTimeout"], json!(1));
    let answered = world.start(definition, json!({})).await;
    let order = world.until("the call", || async { handler.seen().get(1).map(|d| d.order.clone()) }).await;
    assert_eq!(world.runtime.answer_app_job(answer(&order)).await.unwrap(), AnswerOutcome::Accepted);
    assert_eq!(world.variables(answered).await["A1"], json!({"outputString": "9a", "IsTimeout": 0}));
}

#[tokio::test]
async fn an_activity_that_does_not_wait_goes_on_and_is_still_called() {
    let (world, handler, id, _) = started(Vec::new(), &[("UseSubscription", "N")]).await;
    assert_eq!(world.state(id).await, "completed");
    let order = order(&world, &handler).await;
    assert!(!order.waits);
    world.until("the call is recorded", || async { world.runtime.calls(id).await.ok().filter(|c| c.len() == 1) }).await;
}

#[tokio::test]
async fn an_unregistered_activity_is_an_incident_until_it_is_registered() {
    let handler = Handler::new(Vec::new());
    let world = World::with(vec![handler.clone()]).await;
    let job_type = format!("rest_{}", "0".repeat(32));
    let definition = world.deploy(&around(&service(&job_type, &[("x", "=1")]))).await;
    let id = world.start(definition, json!({})).await;
    let incident = world.runtime.incidents(Some(true), Some(id), Page::default()).await.unwrap().items.remove(0);
    assert_eq!(incident.code, "RUN-0011");
    assert!(incident.message.contains(&job_type));
    assert!(handler.seen().is_empty());
}

#[tokio::test]
async fn cancelling_takes_the_call_back() {
    let (world, handler, id, _) = started((0..9).map(|_| failed()).collect(), &[]).await;
    let order = order(&world, &handler).await;
    world.until("the try is recorded", || async { world.runtime.calls(id).await.ok().filter(|c| !c.is_empty()) }).await;
    world.runtime.cancel(&world.admin, id, "enough").await.unwrap();
    assert!(world.store.earliest_effect().await.unwrap().is_none());
    let late = world.runtime.answer_app_job(answer(&order)).await.unwrap_err();
    assert!(late.is(&codes::INSTANCE_NOT_FOUND));
}

/// The token that an app was given names the element of that time.
#[tokio::test]
async fn mg_5_an_answer_is_taken_after_its_element_got_another_name() {
    let (world, handler, id, old) = started(vec![failed()], &[]).await;
    let order = order(&world, &handler).await;
    world.until("the try is recorded", || async { world.runtime.calls(id).await.ok().filter(|c| !c.is_empty()) }).await;
    let job_type = world.platform.activities().list(None).await.unwrap()[0].job_type();
    let body = around(&service(&job_type, &[("inputString", "=name")]));
    let new = world.deploy(&body.replace(r#"id="a""#, r#"id="z""#).replace(r#"Ref="a""#, r#"Ref="z""#)).await;
    let wanted = runtime::Migrate {
        from: Some(old),
        instances: Vec::new(),
        to: new,
        elements: vec![("a".to_owned(), "z".to_owned())],
        reason: String::new(),
        dry_run: false,
    };
    let report = world.runtime.migrate(&world.admin, wanted).await.unwrap();
    assert!(report[0].fault.is_none(), "{:?}", report[0].fault);
    // It is called again as before: under the same token.
    let again = || async { handler.seen().get(1).map(|d| d.order.clone()) };
    assert_eq!(world.until_later("the second try", 2_000, again).await, order);
    let strange = AppAnswer { element_id: "b".into(), ..answer(&order) };
    assert_eq!(world.runtime.answer_app_job(strange).await.unwrap(), AnswerOutcome::Ignored);
    assert_eq!(world.runtime.answer_app_job(answer(&order)).await.unwrap(), AnswerOutcome::Accepted);
    world.until_state(id, "completed").await;
}
