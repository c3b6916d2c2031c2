//! What waits: instances that are suspended, activities without their data, and those who listen to an end.

use crate::support;
use crate::support::{World, activate, around, bpmn, complete, object, service};
use model::{DefinitionId, InstanceId};
use runtime::{Deploy, Operation, Page, TaskFilter};
use serde_json::json;

async fn deployed(world: &World, file: String) -> DefinitionId {
    let what = Deploy { bytes: file.into_bytes(), ..Deploy::default() };
    let deployed = world.runtime.deploy(&world.admin, what).await;
    deployed.unwrap_or_else(|f| panic!("{f} {:?}", f.details))[0].id
}

async fn suspend(world: &World, id: InstanceId) {
    let operation = Operation::Suspend { reason: "a look".into() };
    world.runtime.operate(&world.admin, id, operation).await.unwrap();
}

async fn resume(world: &World, id: InstanceId) {
    world.runtime.operate(&world.admin, id, Operation::Resume).await.unwrap();
}

async fn settled() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn mg_8_timers_of_a_suspended_instance_are_late() {
    let mut world = World::new().await;
    let timer = r#"<bpmn:intermediateCatchEvent id="a"><bpmn:timerEventDefinition><bpmn:timeDuration>PT1H</bpmn:timeDuration>
</bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"#;
    let p = deployed(&world, bpmn(&around(timer))).await;
    let id = world.start(p, json!({})).await;
    suspend(&world, id).await;
    settled().await;
    world.clock.advance_ms(7_200_000);
    settled().await;
    assert_eq!(world.state(id).await, "active");
    world.crash_and_reopen().await;
    settled().await;
    assert_eq!(world.state(id).await, "active");
    resume(&world, id).await;
    world.until_state(id, "completed").await;
}

#[tokio::test]
async fn mg_8_the_end_of_a_called_instance_is_not_lost() {
    let world = World::new().await;
    let child = bpmn(&around(&service("work", &[]))).replace(r#"id="p""#, r#"id="child""#);
    deployed(&world, child).await;
    let call = r#"<bpmn:callActivity id="a"><bpmn:extensionElements>
<zeebe:calledElement processId="child" propagateAllChildVariables="true"/></bpmn:extensionElements></bpmn:callActivity>"#;
    let p = deployed(&world, bpmn(&around(call))).await;
    let id = world.start(p, json!({})).await;
    let job = world.until("a job", || async { activate(&world, "work").await.pop() }).await;
    // Suspended together (CA-4); what was handed out before may still end the called one.
    suspend(&world, id).await;
    world
        .until("both", || async { world.runtime.instance(job.instance).await.unwrap().summary.suspended.then_some(()) })
        .await;
    world.runtime.complete_job(&world.admin, job.id, object(json!({"sum": 5}))).await.unwrap();
    world.until_state(job.instance, "completed").await;
    // What was under way is told to the suspended caller as well.
    world.until_state(id, "completed").await;
    assert_eq!(world.variables(id).await, json!({"sum": 5}));
}

#[tokio::test]
async fn mg_8_no_job_of_a_suspended_instance_is_handed_out() {
    let world = World::new().await;
    let steps = [("start", "a"), ("a", "b"), ("b", "end")];
    let flow = |(from, to): &(&str, &str)| {
        format!(r#"<bpmn:sequenceFlow id="f_{from}" sourceRef="{from}" targetRef="{to}"/>"#)
    };
    let body = [
        r#"<bpmn:startEvent id="start"/><bpmn:endEvent id="end"/>"#.to_owned(),
        service("work", &[]),
        support::service_named("b", "more", &[]),
        steps.iter().map(flow).collect(),
    ];
    let p = deployed(&world, bpmn(&body.concat())).await;
    let id = world.start(p, json!({})).await;
    let job = world.until("a job", || async { activate(&world, "work").await.pop() }).await;
    suspend(&world, id).await;
    // Its worker fails: the next try comes after the suspension.
    let retry_in = Some(std::time::Duration::from_secs(3));
    let failure = runtime::JobFailure { message: "no".into(), retries: Some(1), retry_in };
    world.runtime.fail_job(&world.admin, job.id, failure).await.unwrap();
    world.clock.advance_ms(60_000);
    assert_eq!(activate(&world, "work").await.len(), 0);
    // What its worker did all the same counts, and the next job waits, also for who stands by.
    let ask = runtime::ActivateJobs {
        job_type: "more".into(),
        max: 1,
        lease: std::time::Duration::from_secs(30),
        wait: std::time::Duration::from_secs(20),
        worker: "w".into(),
    };
    let (runtime, admin) = (world.runtime.clone(), world.admin.clone());
    let standing_by = tokio::spawn(async move { runtime.activate_jobs(&admin, ask).await });
    // He looks in vain before he waits: what is read after his look is read later.
    for _ in 0..20 {
        settled().await;
        world.state(id).await;
    }
    world.runtime.complete_job(&world.admin, job.id, object(json!({}))).await.unwrap();
    let given = async || {
        world.clock.advance_ms(1_000);
        standing_by.is_finished().then_some(())
    };
    world.until("he gives up", given).await;
    assert_eq!(standing_by.await.unwrap().unwrap().len(), 0);
    resume(&world, id).await;
    complete(&world, "more", json!({})).await;
    world.until_state(id, "completed").await;
}

/// It was handed out to a second worker as soon as the instance went on.
#[tokio::test]
async fn mg_8_who_has_a_job_keeps_it_over_a_suspension() {
    let world = World::new().await;
    let p = deployed(&world, bpmn(&around(&service("work", &[])))).await;
    let id = world.start(p, json!({})).await;
    let job = world.until("a job", || async { activate(&world, "work").await.pop() }).await;
    suspend(&world, id).await;
    let longer = std::time::Duration::from_secs(60);
    world.runtime.extend_job(&world.admin, job.id, "w", longer).await.unwrap();
    resume(&world, id).await;
    world.clock.advance_ms(59_000);
    assert_eq!(activate(&world, "work").await.len(), 0, "it is with its worker");
    world.clock.advance_ms(1_000);
    let again = world.until("its lease ended", || async { activate(&world, "work").await.pop() }).await;
    assert_eq!((again.id, again.retries), (job.id, job.retries - 1), "without an answer");
    world.runtime.complete_job(&world.admin, job.id, object(json!({}))).await.unwrap();
    world.until_state(id, "completed").await;
}

/// In one commit a job gets its row back and is let go.
#[tokio::test]
async fn mg_8_a_retry_and_going_on_come_together() {
    let world = World::new().await;
    let p = deployed(&world, bpmn(&around(&service("work", &[])))).await;
    let id = world.start(p, json!({})).await;
    let job = world.until("a job", || async { activate(&world, "work").await.pop() }).await;
    let failure = runtime::JobFailure { message: "no".into(), retries: Some(0), ..runtime::JobFailure::default() };
    world.runtime.fail_job(&world.admin, job.id, failure).await.unwrap();
    suspend(&world, id).await;
    let open = || async { world.runtime.instance(id).await.unwrap().incidents.pop() };
    let incident = world.until("an incident", open).await;
    let retried = world.runtime.retry_incident(&world.admin, incident.id);
    let resumed = world.runtime.operate(&world.admin, id, Operation::Resume);
    let (retried, resumed) = tokio::join!(retried, resumed);
    retried.unwrap();
    resumed.unwrap();
    complete(&world, "work", json!({})).await;
    world.until_state(id, "completed").await;
}

#[tokio::test]
async fn da_2_an_activity_waits_for_its_data_and_says_so() {
    let world = World::new().await;
    let task = r#"<bpmn:serviceTask id="a"><bpmn:extensionElements><zeebe:taskDefinition type="work"/></bpmn:extensionElements>
<bpmn:ioSpecification><bpmn:dataInput id="in" name="amount"/><bpmn:inputSet><bpmn:dataInputRefs>in</bpmn:dataInputRefs></bpmn:inputSet>
<bpmn:outputSet/></bpmn:ioSpecification>
<bpmn:dataInputAssociation><bpmn:sourceRef>d</bpmn:sourceRef><bpmn:targetRef>in</bpmn:targetRef></bpmn:dataInputAssociation></bpmn:serviceTask>
<bpmn:dataObjectReference id="d" name="amount" dataObjectRef="o"/><bpmn:dataObject id="o"/>"#;
    let p = deployed(&world, bpmn(&around(task))).await;
    let id = world.start(p, json!({})).await;
    let view = world.runtime.instance(id).await.unwrap();
    let waits = view.elements.iter().find(|e| e.element_id == "a").unwrap();
    assert_eq!((waits.state, view.jobs.len()), (runtime::ElementState::Active, 0));
    let history = world.runtime.history(id).await.unwrap();
    let told = history.iter().any(|entry| entry.event["text"] == json!("waits for data: amount"));
    assert!(told, "{history:?}");
    world.runtime.set_variables(&world.admin, id, None, object(json!({"amount": 5}))).await.unwrap();
    complete(&world, "work", json!({})).await;
    world.until_state(id, "completed").await;
}

#[tokio::test]
async fn in_5_a_cancelled_process_waits_for_its_listeners() {
    let world = World::new().await;
    let task = r#"<bpmn:userTask id="a"><bpmn:extensionElements><zeebe:userTask/><zeebe:assignmentDefinition assignee="anna"/>
<zeebe:taskListeners><zeebe:taskListener eventType="canceling" type="taken-back"/></zeebe:taskListeners></bpmn:extensionElements></bpmn:userTask>"#;
    let listeners = r#"<bpmn:extensionElements><zeebe:executionListeners><zeebe:executionListener eventType="cancel" type="told"/>
</zeebe:executionListeners></bpmn:extensionElements>"#;
    let p = deployed(&world, bpmn(&format!("{listeners}{}", around(task)))).await;
    let id = world.start(p, json!({})).await;
    let open = async || {
        let filter = TaskFilter { instance: Some(id), open: Some(true), ..TaskFilter::default() };
        world.runtime.tasks(&filter, Page::default()).await.unwrap().total
    };
    assert_eq!(open().await, 1);
    world.runtime.cancel(&world.admin, id, "enough").await.unwrap();
    assert_eq!((world.state(id).await.as_str(), open().await), ("active", 0));
    complete(&world, "taken-back", json!({})).await;
    assert_eq!(world.state(id).await, "active");
    complete(&world, "told", json!({})).await;
    world.until_state(id, "canceled").await;
}

/// What a worker sees of a job, and when it comes again after a failure.
async fn failed_tries(world: &World, job_type: &str, waits_ms: &[i64]) -> Vec<Vec<(String, String)>> {
    let mut headers = Vec::new();
    for wait in waits_ms {
        let job = world.until(job_type, || async { activate(world, job_type).await.pop() }).await;
        headers.push(job.headers);
        let failure = runtime::JobFailure { message: "no".into(), ..runtime::JobFailure::default() };
        world.runtime.fail_job(&world.admin, job.id, failure).await.unwrap();
        world.clock.advance_ms(wait - 1);
        assert!(activate(world, job_type).await.is_empty(), "not before {wait} ms");
        world.clock.advance_ms(1);
    }
    headers
}

async fn fail_at_last(world: &World, id: InstanceId, job_type: &str) {
    let job = world.until(job_type, || async { activate(world, job_type).await.pop() }).await;
    let failure = runtime::JobFailure { message: "no".into(), retries: Some(0), ..runtime::JobFailure::default() };
    world.runtime.fail_job(&world.admin, job.id, failure).await.unwrap();
    let open = || async { world.runtime.instance(id).await.unwrap().incidents.pop() };
    let incident = world.until("an incident", open).await;
    world.runtime.retry_incident(&world.admin, incident.id).await.unwrap();
}

#[tokio::test]
async fn in_1_waits_and_headers_are_there_after_a_persons_retry() {
    let world = World::new().await;
    let task = r#"<bpmn:serviceTask id="a"><bpmn:extensionElements><zeebe:taskDefinition type="work"/>
<zeebe:taskHeaders><zeebe:header key="retryBackoff" value="PT1M,PT5M"/><zeebe:header key="colour" value="blue"/></zeebe:taskHeaders></bpmn:extensionElements></bpmn:serviceTask>"#;
    let p = deployed(&world, bpmn(&around(task))).await;
    let id = world.start(p, json!({})).await;
    let waits = [60_000, 300_000];
    let before = failed_tries(&world, "work", &waits).await;
    fail_at_last(&world, id, "work").await;
    let after = failed_tries(&world, "work", &waits).await;
    assert_eq!(before, after);
    assert!(after[0].contains(&("colour".to_owned(), "blue".to_owned())), "{after:?}");
    complete(&world, "work", json!({})).await;
    world.until_state(id, "completed").await;
}

#[tokio::test]
async fn in_5_a_listener_that_is_retried_is_told_what_it_listens_to() {
    let world = World::new().await;
    let task = r#"<bpmn:manualTask id="a"><bpmn:extensionElements><zeebe:executionListeners>
<zeebe:executionListener eventType="start" type="begun"><zeebe:taskHeaders><zeebe:header key="colour" value="red"/>
</zeebe:taskHeaders></zeebe:executionListener></zeebe:executionListeners></bpmn:extensionElements></bpmn:manualTask>"#;
    let p = deployed(&world, bpmn(&around(task))).await;
    let id = world.start(p, json!({"x": 1})).await;
    fail_at_last(&world, id, "begun").await;
    let job = world.until("begun", || async { activate(&world, "begun").await.pop() }).await;
    let event = ("listenerEvent".to_owned(), "start".to_owned());
    assert!(job.headers.contains(&event), "{:?}", job.headers);
    assert_eq!(job.input, object(json!({"x": 1})));
    world.runtime.complete_job(&world.admin, job.id, object(json!({}))).await.unwrap();
    world.until_state(id, "completed").await;
}
