//! Processes on a real database: from the start to the end, through waits, crashes and refusals.

use crate::support;
use crate::support::{World, around, object, service, service_named, user_task};
use model::error::codes;
use model::{Fault, JobId};
use runtime::{ActivateJobs, JobFailure, Page, StartRequest, TaskAnswer};
use serde_json::json;
use std::time::Duration;

fn ask(job_type: &str) -> ActivateJobs {
    ActivateJobs {
        job_type: job_type.into(),
        max: 10,
        lease: Duration::from_secs(30),
        wait: Duration::ZERO,
        worker: "w".into(),
    }
}

#[tokio::test]
async fn a_process_without_waits_ends_within_its_start() {
    let world = World::new().await;
    let definition = world.deploy(&around(r#"<bpmn:task id="a"/>"#)).await;
    let request = StartRequest {
        wait: Some(Duration::from_secs(1)),
        variables: object(json!({"x": 1})),
        ..StartRequest::of(definition)
    };
    let started = world.runtime.start(&world.admin, request).await.unwrap();
    assert_eq!((started.state, started.variables), ("completed", Some(object(json!({"x": 1})))));
    let view = world.runtime.instance(started.instance).await.unwrap();
    assert_eq!(view.taken_flows, [("f1".to_owned(), 1), ("f2".to_owned(), 1)]);
    let elements: Vec<_> = view.elements.iter().map(|e| (e.element_id.as_str(), e.state.as_str(), e.count)).collect();
    assert_eq!(elements, [("start", "completed", 1), ("a", "completed", 1), ("end", "completed", 1)]);
    // One commit: one instance row and one journal row.
    assert_eq!(world.runtime.counters().units, 1);
}

#[tokio::test]
async fn a_person_completes_a_task_once() {
    let world = World::new().await;
    let definition = world.deploy(&around(&user_task("anna"))).await;
    let id = world.start(definition, json!({})).await;
    let task = world.open_tasks(&world.anna).await.pop().unwrap();
    assert_eq!((task.title.as_str(), task.instance), ("Approve", id));
    assert!(world.open_tasks(&world.admin).await.is_empty());
    let bad = TaskAnswer { outcome: "maybe".into(), ..TaskAnswer::default() };
    let fault = world.runtime.complete_task(&world.anna, task.id, bad).await.unwrap_err();
    assert!(fault.is(&codes::TASK_OUTCOME), "{fault}");
    let answer = || TaskAnswer { values: object(json!({"sum": 5})), ..TaskAnswer::default() };
    // Two clicks at once: one counts.
    let (one, two) = tokio::join!(
        world.runtime.complete_task(&world.anna, task.id, answer()),
        world.runtime.complete_task(&world.anna, task.id, answer())
    );
    let refused = one.and(two).unwrap_err();
    assert!(refused.is(&codes::TASK_COMPLETED) || refused.is(&codes::NOT_ACTIVE), "{refused}");
    assert_eq!(world.state(id).await, "completed");
    assert_eq!(world.variables(id).await, json!({"sum": 5}));
    let done = world.runtime.inbox(world.anna.user_id(), true, None, Page::default()).await.unwrap();
    assert_eq!(done.items[0].outcome.as_deref(), Some("ok"));
}

#[tokio::test]
async fn a_task_for_nobody_is_an_incident_that_can_be_retried() {
    let world = World::new().await;
    let definition = world.deploy(&around(&user_task("=who"))).await;
    let id = world.start(definition, json!({"who": "nobody"})).await;
    let incident = world.runtime.incidents(Some(true), Some(id), Page::default()).await.unwrap().items.remove(0);
    assert_eq!((incident.code.as_str(), incident.element_id.as_str()), ("ENG-0011", "a"));
    world.runtime.set_variables(&world.admin, id, None, object(json!({"who": "anna"}))).await.unwrap();
    world.runtime.retry_incident(&world.admin, incident.id).await.unwrap();
    assert_eq!(world.open_tasks(&world.anna).await.len(), 1);
    assert!(world.runtime.incidents(Some(true), Some(id), Page::default()).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn a_worker_does_a_job_fails_one_and_finds_it_again() {
    let world = World::new().await;
    let definition = world.deploy(&around(&service("payment", &[("amount", "=sum * 2")]))).await;
    let id = world.start(definition, json!({"sum": 21})).await;
    let job = world.runtime.activate_jobs(&world.admin, ask("payment")).await.unwrap().remove(0);
    assert_eq!((job.input.clone(), job.element_id.as_str()), (object(json!({"amount": 42})), "a"));
    assert!(world.runtime.activate_jobs(&world.admin, ask("payment")).await.unwrap().is_empty(), "it is leased");
    let failure = JobFailure { message: "no".into(), retry_in: Some(Duration::from_secs(5)), ..JobFailure::default() };
    world.runtime.fail_job(&world.admin, job.id, failure).await.unwrap();
    assert!(world.runtime.activate_jobs(&world.admin, ask("payment")).await.unwrap().is_empty(), "not before its time");
    world.clock.advance_ms(5_000);
    let again = world.runtime.activate_jobs(&world.admin, ask("payment")).await.unwrap().remove(0);
    assert_eq!((again.id, again.retries), (job.id, 1));
    let failure = JobFailure { message: "never".into(), ..JobFailure::default() };
    world.runtime.fail_job(&world.admin, job.id, failure).await.unwrap();
    let incident = world.runtime.incidents(Some(true), Some(id), Page::default()).await.unwrap().items.remove(0);
    assert_eq!((incident.code.as_str(), incident.message.as_str()), ("ENG-0008", "never"));
    world.runtime.set_variables(&world.admin, id, None, object(json!({"sum": 1}))).await.unwrap();
    world.runtime.retry_incident(&world.admin, incident.id).await.unwrap();
    let last = world.runtime.activate_jobs(&world.admin, ask("payment")).await.unwrap().remove(0);
    assert_eq!(last.input, object(json!({"amount": 2})), "the input is evaluated anew");
    world.runtime.complete_job(&world.admin, last.id, object(json!({"paid": true}))).await.unwrap();
    assert_eq!(world.state(id).await, "completed");
    let unknown = world.runtime.complete_job(&world.admin, JobId(5), object(json!({}))).await.unwrap_err();
    assert!(unknown.is(&codes::JOB_NOT_FOUND));
}

#[tokio::test]
async fn a_waiting_worker_is_told_at_once() {
    let world = World::new().await;
    let definition = world.deploy(&around(&service("payment", &[]))).await;
    let waiting = {
        let (runtime, admin) = (world.runtime.clone(), world.admin.clone());
        let ask = ActivateJobs { wait: Duration::from_secs(60), ..ask("payment") };
        tokio::spawn(async move { runtime.activate_jobs(&admin, ask).await.unwrap() })
    };
    tokio::task::yield_now().await;
    world.start(definition, json!({})).await;
    assert_eq!(waiting.await.unwrap().len(), 1);
}

#[tokio::test]
async fn timers_fire_when_their_time_comes_and_late_ones_after_a_crash() {
    let timer = r#"<bpmn:intermediateCatchEvent id="a"><bpmn:timerEventDefinition><bpmn:timeDuration
 xsi:type="bpmn:tFormalExpression">PT1H</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"#;
    let mut world = World::new().await;
    let definition = world.deploy(&around(timer)).await;
    let first = world.start(definition, json!({})).await;
    world.clock.advance_ms(1_800_000);
    let second = world.start(definition, json!({})).await;
    world.clock.advance_ms(1_800_000);
    world.until_state(first, "completed").await;
    assert_eq!(world.state(second).await, "active");
    world.crash_and_reopen().await;
    world.clock.advance_ms(10_000_000);
    world.until_state(second, "completed").await;
    assert!(world.store.earliest_timer().await.unwrap().is_none());
}

#[tokio::test]
async fn everything_acknowledged_is_there_after_a_crash() {
    let mut world = World::new().await;
    let definition = world.deploy(&around(&user_task("anna"))).await;
    let ids = [world.start(definition, json!({})).await, world.start(definition, json!({})).await];
    let task = world.open_tasks(&world.anna).await.into_iter().find(|t| t.instance == ids[0]).unwrap();
    world.runtime.complete_task(&world.anna, task.id, TaskAnswer::default()).await.unwrap();
    world.crash_and_reopen().await;
    assert_eq!((world.state(ids[0]).await, world.state(ids[1]).await), ("completed".into(), "active".into()));
    let task = world.open_tasks(&world.anna).await.remove(0);
    world.runtime.complete_task(&world.anna, task.id, TaskAnswer::default()).await.unwrap();
    assert_eq!(world.state(ids[1]).await, "completed");
    world.runtime.shutdown().await;
    let late = world.runtime.start(&world.admin, StartRequest::of(definition)).await.unwrap_err();
    assert!(late.is(&codes::SHUTTING_DOWN), "{late}");
}

#[tokio::test]
async fn record_changes_commit_with_the_step_and_are_seen_by_the_next() {
    let world = World::new().await;
    let catalog = world.catalog().await;
    let body = format!(
        r#"<bpmn:startEvent id="start"/>{}{}<bpmn:endEvent id="end"/>
<bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="a"/><bpmn:sequenceFlow id="f2" sourceRef="a" targetRef="b"/>
<bpmn:sequenceFlow id="f3" sourceRef="b" targetRef="end"/>"#,
        service("ruslo:record.update", &[("fields", "={STATUS: &quot;first&quot;}")]),
        service_named("b", "ruslo:record.update", &[("fields", "={TITLE: document.STATUS + &quot; seen&quot;}")]),
    );
    let definition = world.deploy_for(&body, Some(catalog)).await;
    let document = world.record(catalog, json!({"TITLE": "t", "STATUS": "new"})).await;
    let request = StartRequest { document: Some(document), ..StartRequest::of(definition) };
    let started = world.runtime.start(&world.admin, request).await.unwrap();
    assert_eq!(started.state, "completed");
    assert_eq!(world.runtime.counters().units, 1, "both changes and the instance are one unit");
    let record = world.platform.records().require(document.record).await.unwrap();
    assert_eq!(record.fields, object(json!({"TITLE": "first seen", "STATUS": "first"})));
    assert_eq!(record.updated_by, Some(world.admin.user_id()));
    assert_eq!(world.variables(started.instance).await, json!({}), "a change leaves no variables behind");
    let without = world.runtime.start(&world.admin, StartRequest::of(definition)).await.unwrap_err();
    assert!(without.is(&codes::RECORD_NOT_FOUND), "{without}");
}

#[tokio::test]
async fn components_without_a_result_leave_no_variables() {
    let world = World::new().await;
    let catalog = world.catalog().await;
    let of = |text: &str| [("text", text.to_owned())];
    let table = [
        ("ruslo:log", of("=&quot;line&quot;").to_vec(), json!({})),
        ("ruslo:state-title", of("=&quot;title&quot;").to_vec(), json!({})),
        ("ruslo:record.update", vec![("fields", "={STATUS: &quot;x&quot;}".to_owned())], json!({})),
        ("ruslo:record.delete", Vec::new(), json!({})),
        (
            "ruslo:record.create",
            vec![("catalog", format!("=&quot;{catalog}&quot;")), ("fields", "={STATUS: &quot;y&quot;}".to_owned())],
            json!({"recordId": "rec_6", "ErrorMessage": ""}),
        ),
    ];
    for (job_type, inputs, left) in table {
        let inputs: Vec<(&str, &str)> = inputs.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let definition = world.deploy_for(&around(&service(job_type, &inputs)), Some(catalog)).await;
        let document = Some(world.record(catalog, json!({"STATUS": "new"})).await);
        let request = StartRequest { document, ..StartRequest::of(definition) };
        let started = world.runtime.start(&world.admin, request).await.unwrap();
        assert_eq!((started.state, world.variables(started.instance).await), ("completed", left), "{job_type}");
    }
}

#[tokio::test]
async fn processes_that_change_one_record_at_once_all_get_through() {
    let world = World::new().await;
    let catalog = world.catalog().await;
    let update = service("ruslo:record.update", &[("fields", "={STATUS: document.STATUS + &quot;x&quot;}")]);
    let definition = world.deploy_for(&around(&update), Some(catalog)).await;
    let document = world.record(catalog, json!({"STATUS": "x"})).await;
    let starts = (0..12).map(|_| {
        let request = StartRequest { document: Some(document), ..StartRequest::of(definition) };
        let (runtime, admin) = (world.runtime.clone(), world.admin.clone());
        tokio::spawn(async move { runtime.start(&admin, request).await.map(|s| s.state) })
    });
    for start in starts.collect::<Vec<_>>() {
        assert_eq!(start.await.unwrap().unwrap(), "completed");
    }
    let record = world.platform.records().require(document.record).await.unwrap();
    assert_eq!(record.fields["STATUS"].to_text(), "x".repeat(13), "no change was lost");
}

#[tokio::test]
async fn messages_reach_people_and_failures_are_incidents() {
    let world = World::new().await;
    let notify = service("ruslo:notify", &[("to", "=who"), ("text", "=&quot;Hello &quot; + name")]);
    let definition = world.deploy(&around(&notify)).await;
    let id = world.start(definition, json!({"who": ["anna", "nobody"], "name": "A"})).await;
    assert_eq!(world.state(id).await, "completed");
    let notes = world.platform.notifications().list(world.anna.user_id(), None, 10).await.unwrap();
    assert_eq!(notes.iter().map(|n| n.text.as_str()).collect::<Vec<_>>(), ["Hello A"]);
    assert_eq!(world.variables(id).await, json!({"who": ["anna", "nobody"], "name": "A"}), "nothing is added");
    let lost = world.start(definition, json!({"who": "nobody", "name": "A"})).await;
    let unknown = world.deploy(&around(&service("ruslo:no-such", &[]))).await;
    let strange = world.start(unknown, json!({})).await;
    for (id, code) in [(lost, "IDN-0008"), (strange, "RUN-0011")] {
        let incidents = world.runtime.incidents(Some(true), Some(id), Page::default()).await.unwrap().items;
        assert_eq!(incidents.iter().map(|i| i.code.as_str()).collect::<Vec<_>>(), [code]);
        let view = world.runtime.instance(id).await.unwrap();
        assert_eq!(view.elements.last().map(|e| e.state.as_str()), Some("incident"));
    }
}

#[tokio::test]
async fn instances_can_be_cancelled_and_erased() {
    let world = World::new().await;
    let definition = world.deploy(&around(&user_task("anna"))).await;
    let id = world.start(definition, json!({})).await;
    let not_his = world.runtime.cancel(&world.anna, id, "no").await.unwrap_err();
    assert!(not_his.is(&codes::NOT_ALLOWED));
    world.runtime.cancel(&world.admin, id, "enough").await.unwrap();
    assert_eq!(world.state(id).await, "canceled");
    assert!(world.open_tasks(&world.anna).await.is_empty());
    let again = world.runtime.cancel(&world.admin, id, "enough").await.unwrap_err();
    assert!(again.is(&codes::NOT_ACTIVE), "{again}");
    let other = world.start(definition, json!({})).await;
    world.runtime.kill(&world.admin, other).await.unwrap();
    let gone = |fault: Fault| fault.is(&codes::INSTANCE_NOT_FOUND);
    assert!(world.runtime.instance(other).await.is_err_and(gone));
    assert!(world.runtime.kill(&world.admin, other).await.is_err_and(gone));
    assert!(world.open_tasks(&world.anna).await.is_empty());
}

#[tokio::test]
async fn mg_9_versions_count_and_withdrawn_ones_start_no_more() {
    let world = World::new().await;
    let body = around(r#"<bpmn:task id="a"/>"#);
    let (one, two) = (world.deploy(&body.replace("task", "manualTask")).await, world.deploy(&body).await);
    let latest = runtime::DefinitionFilter { latest: true, ..runtime::DefinitionFilter::default() };
    let listed = world.runtime.definitions(&latest, Page::default()).await.unwrap();
    assert_eq!(listed.items.iter().map(|d| (d.id, d.version)).collect::<Vec<_>>(), [(two, 2)]);
    world.runtime.delete_definition(&world.admin, two).await.unwrap();
    let request = StartRequest::of(two);
    assert!(world.runtime.start(&world.admin, request).await.unwrap_err().is(&codes::DEFINITION_NOT_FOUND));
    let by_name =
        StartRequest { definition: runtime::DefinitionSel::ProcessIdLatest("p".into()), ..StartRequest::of(one) };
    let started = world.runtime.start(&world.admin, by_name).await.unwrap();
    assert_eq!(world.runtime.instance_summary(started.instance).await.unwrap().definition, one);
    let broken = runtime::Deploy { bytes: b"<nonsense".to_vec(), ..runtime::Deploy::default() };
    assert!(world.runtime.deploy(&world.admin, broken).await.unwrap_err().is(&codes::DEFINITION_REFUSED));
    let ruled = runtime::Deploy { bytes: support::bpmn(&body).into_bytes(), ..runtime::Deploy::default() };
    assert!(world.runtime.deploy(&world.anna, ruled).await.unwrap_err().is(&codes::NOT_ALLOWED));
}

#[tokio::test]
async fn templates_with_unavailable_nodes_are_kept_but_not_started() {
    let world = World::new().await;
    let bytes = support::bpmn(&around(&service("work", &[("x", "=1 +")]))).into_bytes();
    let what = runtime::Deploy { bytes: bytes.clone(), ..runtime::Deploy::default() };
    assert!(world.runtime.deploy(&world.admin, what).await.unwrap_err().is(&codes::DEFINITION_NOT_DEPLOYABLE));
    let what = runtime::Deploy { bytes, allow_undeployable: true, ..runtime::Deploy::default() };
    let kept = world.runtime.deploy(&world.admin, what).await.unwrap().remove(0);
    let refused = world.runtime.start(&world.admin, StartRequest::of(kept.id)).await.unwrap_err();
    assert!(refused.is(&codes::DEFINITION_UNAVAILABLE_NODES), "{refused}");
    assert_eq!(refused.details.unwrap()["elements"], json!(["a"]));
}

#[tokio::test]
async fn the_public_template_reaches_its_author() {
    let world = World::new().await;
    let catalog = world.catalog().await;
    let bytes = include_bytes!("../../../formats/tests/data/bp-379.bpt").to_vec();
    let document = Some(model::DocumentType { catalog });
    let what =
        || runtime::Deploy { name: "Sample".into(), bytes: bytes.clone(), document, ..runtime::Deploy::default() };
    let deployed = world.runtime.deploy(&world.admin, what()).await.unwrap().remove(0);
    let other = world.runtime.deploy(&world.admin, what()).await.unwrap().remove(0);
    assert_ne!(deployed.process_id, other.process_id, "a template is a process of its own each time");
    let process_id = Some(deployed.process_id.clone());
    let again = || runtime::Deploy { process_id: process_id.clone(), ..what() };
    let same = world.runtime.deploy(&world.admin, again()).await.unwrap().remove(0);
    assert_eq!((same.id, same.unchanged), (deployed.id, true));
    let told = runtime::Deploy { description: "New".into(), ..again() };
    let next = world.runtime.deploy(&world.admin, told).await.unwrap().remove(0);
    assert_eq!((next.process_id, next.version), (deployed.process_id, 2));
    let record = world.record(catalog, json!({"TITLE": "t"})).await;
    let request = StartRequest { document: Some(record), ..StartRequest::of(deployed.id) };
    let started = world.runtime.start(&world.admin, request).await.unwrap();
    let history = world.names(started.instance).await;
    assert_eq!(started.state, "completed", "{history:?}");
    let notes = world.platform.notifications().list(world.anna.user_id(), None, 10).await.unwrap();
    assert!(!notes.is_empty(), "the record's author is told");
    let view = world.runtime.instance(started.instance).await.unwrap();
    assert!(view.bpmn.contains("BPMNShape"));
}

#[tokio::test]
async fn candidates_claim_and_tasks_are_given_to_others() {
    let world = World::new().await;
    let task = user_task("").replace(r#"assignee="""#, r#"candidateUsers="anna, admin""#);
    let definition = world.deploy(&around(&task)).await;
    let id = world.start(definition, json!({})).await;
    let open = world.open_tasks(&world.anna).await.remove(0);
    assert!(open.assignees.iter().all(|a| a.candidate));
    world.runtime.claim_task(&world.anna, open.id).await.unwrap();
    assert!(world.open_tasks(&world.admin).await.is_empty(), "it is hers now");
    let refused = world.runtime.reassign_task(&world.anna, open.id, vec![model::UserId(99)]).await.unwrap_err();
    assert!(refused.is(&codes::USER_NOT_FOUND), "{refused}");
    world.runtime.reassign_task(&world.anna, open.id, vec![world.admin.user_id()]).await.unwrap();
    let not_hers = world.runtime.complete_task(&world.anna, open.id, TaskAnswer::default()).await.unwrap_err();
    assert!(not_hers.is(&codes::NOT_ALLOWED), "{not_hers}");
    world.runtime.complete_task(&world.admin, open.id, TaskAnswer::default()).await.unwrap();
    assert_eq!(world.state(id).await, "completed");
}
