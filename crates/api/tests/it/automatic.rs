//! What follows a saved or deleted record: processes that start by themselves, and those that end.

use crate::world::{World, approval};
use model::{CatalogId, DefinitionId, DocumentType};
use platform::Actor;
use runtime::Deploy;
use serde_json::{Value, json};

const CREATE: u8 = 1;
const EDIT: u8 = 2;

async fn catalog(world: &World, name: &str) -> CatalogId {
    let fields = json!([{"key": "NAME", "name": "Name", "type": "text"}]);
    let made = world.boss("POST /catalogs", json!({"name": name, "fields": fields})).await.expect(201);
    made["id"].as_str().unwrap().parse().unwrap()
}

/// Deploys `process_id` for records of `catalog`; the process waits for ann.
async fn deploy(world: &World, process_id: &str, catalog: CatalogId, auto_execute: u8) -> DefinitionId {
    deploy_file(world, process_id, catalog, (auto_execute, approval("ann"))).await
}

async fn deploy_file(world: &World, id: &str, catalog: CatalogId, (bits, bpmn): (u8, String)) -> DefinitionId {
    let what = Deploy {
        bytes: bpmn.into_bytes(),
        document: Some(DocumentType { catalog }),
        auto_execute: bits,
        process_id: Some(id.to_owned()),
        allow_undeployable: true,
        ..Deploy::default()
    };
    world.runtime.deploy(&Actor::session(world.boss.clone()), what).await.unwrap().remove(0).id
}

async fn add(world: &World, catalog: CatalogId) -> String {
    let body = json!({"fields": {"NAME": "One"}});
    let made = world.call(&world.ann, &format!("POST /catalogs/{catalog}/records"), body).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

/// The record's instances as `process definition state`, in alphabetical order.
async fn instances(world: &World, record: &str) -> Vec<String> {
    let found = world.boss(&format!("GET /records/{record}/instances"), Value::Null).await.expect(200);
    let text = |at: &str, i: &Value| i.pointer(at).and_then(Value::as_str).unwrap().to_owned();
    let line = |i: &Value| ["/definition/processId", "/definition/id", "/state"].map(|at| text(at, i)).join(" ");
    let mut lines: Vec<String> = found["items"].as_array().unwrap().iter().map(line).collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn saving_a_record_starts_what_asks_for_it() {
    let world = World::new().await;
    let (orders, others) = (catalog(&world, "Orders").await, catalog(&world, "Others").await);
    deploy(&world, "older", orders, CREATE | EDIT).await;
    let older = deploy(&world, "older", orders, EDIT).await;
    let made = deploy(&world, "made", orders, CREATE).await;
    let both = deploy(&world, "both", orders, CREATE | EDIT).await;
    deploy(&world, "elsewhere", others, CREATE | EDIT).await;
    deploy(&world, "moved", orders, CREATE | EDIT).await;
    deploy(&world, "moved", others, CREATE | EDIT).await;
    deploy(&world, "by-hand", orders, 0).await;
    let withdrawn = deploy(&world, "withdrawn", orders, CREATE | EDIT).await;
    world.boss(&format!("DELETE /definitions/{withdrawn}"), Value::Null).await.expect(204);

    let record = add(&world, orders).await;
    assert_eq!(instances(&world, &record).await, [format!("both {both} active"), format!("made {made} active")]);
    let first = world.boss(&format!("GET /records/{record}/instances"), Value::Null).await.expect(200);
    assert_eq!(first["items"][0]["startedBy"]["name"], "ANN", "in the name of who saved");

    let (patch, change) = (format!("PATCH /records/{record}"), json!({"version": 1, "fields": {"NAME": "Two"}}));
    world.call(&world.ann, &patch, change.clone()).await.expect(200);
    let all = [(both, "both"), (both, "both"), (made, "made"), (older, "older")];
    let all = all.map(|(id, process)| format!("{process} {id} active"));
    assert_eq!(instances(&world, &record).await, all);
    world.call(&world.ann, &patch, change).await.fault(409, "DOC-0005");
    assert_eq!(instances(&world, &record).await, all, "what was not saved starts nothing");
}

#[tokio::test]
async fn an_automatic_start_asks_nobody_for_parameters() {
    let world = World::new().await;
    let orders = catalog(&world, "Orders").await;
    let declared = r#"<bpmn:extensionElements xmlns:ruslo="http://ruslo.dev/schema/1.0">
        <ruslo:declaration as="parameter" key="limit" type="int" default="5" />
        <ruslo:declaration as="parameter" key="why" required="true" /></bpmn:extensionElements>"#;
    let bpmn = approval("ann").replacen("<bpmn:startEvent", &format!("{declared}<bpmn:startEvent"), 1);
    let definition = deploy_file(&world, "p", orders, (CREATE, bpmn)).await;
    let record = add(&world, orders).await;
    assert_eq!(instances(&world, &record).await, [format!("p {definition} active")]);
    let found = world.boss(&format!("GET /records/{record}/instances"), Value::Null).await.expect(200);
    let page = format!("GET /instances/{}", found["items"][0]["id"].as_str().unwrap());
    let page = world.boss(&page, Value::Null).await.expect(200);
    assert_eq!(page["variables"][0]["values"]["limit"], 5, "{}", page["variables"]);
    let by_hand = json!({"definitionId": definition, "recordId": record});
    world.boss("POST /instances", by_hand).await.fault(422, "DEF-0005");
}

#[tokio::test]
async fn a_refused_start_fails_no_save_and_is_told_to_the_deployer() {
    let world = World::new().await;
    let orders = catalog(&world, "Orders").await;
    let broken = approval("=1 +");
    let refused = deploy_file(&world, "broken", orders, (CREATE, broken)).await;
    let sound = deploy(&world, "sound", orders, CREATE).await;
    let record = add(&world, orders).await;
    assert_eq!(instances(&world, &record).await, [format!("sound {sound} active")], "the others start");
    let told = world.boss("GET /notifications", Value::Null).await.expect(200);
    assert_eq!(
        (&told["items"][0]["link"], told["items"].as_array().unwrap().len()),
        (&json!(format!("/definitions/{refused}")), 1)
    );
    let text = told["items"][0]["text"].as_str().unwrap();
    assert!(text.contains(&record) && text.contains("task"), "{text}");
}

/// A process that changes its record must not start itself again.
#[tokio::test]
async fn changes_by_processes_start_nothing() {
    let world = World::new().await;
    let orders = catalog(&world, "Orders").await;
    let change = r#"<bpmn:serviceTask id="task"><bpmn:extensionElements><zeebe:taskDefinition
        type="ruslo:record.update" /><zeebe:ioMapping><zeebe:input source="={NAME: &quot;Changed&quot;}"
        target="fields" /></zeebe:ioMapping></bpmn:extensionElements></bpmn:serviceTask>"#;
    let whole = approval("ann");
    let (head, rest) = whole.split_once("<bpmn:userTask").unwrap();
    let (_, tail) = rest.split_once("</bpmn:userTask>").unwrap();
    let definition = deploy_file(&world, "p", orders, (CREATE | EDIT, format!("{head}{change}{tail}"))).await;
    let record = add(&world, orders).await;
    let now = world.boss(&format!("GET /records/{record}"), Value::Null).await.expect(200);
    assert_eq!((&now["title"], &now["version"]), (&json!("Changed"), &json!(2)));
    assert_eq!(instances(&world, &record).await, [format!("p {definition} completed")]);
}

#[tokio::test]
async fn deleting_a_record_ends_what_runs_for_it() {
    let world = World::new().await;
    let orders = catalog(&world, "Orders").await;
    let definition = deploy(&world, "p", orders, 0).await;
    let (record, other) = (add(&world, orders).await, add(&world, orders).await);
    let mut started = Vec::new();
    for record in [&record, &record, &other] {
        let start = json!({"definitionId": definition, "recordId": record});
        let id = world.boss("POST /instances", start).await.expect(201)["id"].as_str().unwrap().to_owned();
        started.push(id);
    }
    // Ann may not end what the boss started; but it ends with its record.
    world.call(&world.ann, &format!("DELETE /records/{record}"), Value::Null).await.expect(204);
    let mut states = Vec::new();
    for id in &started {
        let page = world.boss(&format!("GET /instances/{id}"), Value::Null).await.expect(200);
        states.push(page["state"].as_str().unwrap().to_owned());
    }
    assert_eq!(states, ["canceled", "canceled", "active"]);
    let history = world.boss(&format!("GET /instances/{}/history", started[0]), Value::Null).await.expect(200);
    assert!(history["items"].to_string().contains("The document was deleted"), "{history}");
    let inbox = world.call(&world.ann, "GET /tasks", Value::Null).await.expect(200);
    assert_eq!(inbox["total"], 1, "only the task of the other record waits");
    world.call(&world.ann, &format!("DELETE /records/{record}"), Value::Null).await.fault(404, "DOC-0002");
}
