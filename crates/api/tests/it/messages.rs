//! Messages, signals, calls and acts on instances over the wire.

use crate::world::World;
use serde_json::{Value, json};

const MODEL: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="d"
    targetNamespace="t">
  <bpmn:message id="m" name="paid"><bpmn:extensionElements><zeebe:subscription correlationKey="=order"/>
  </bpmn:extensionElements></bpmn:message>
  <bpmn:signal id="s" name="alarm"/>
  <bpmn:process id="waits" isExecutable="true">
    <bpmn:startEvent id="w1"/><bpmn:receiveTask id="w2" messageRef="m"/><bpmn:endEvent id="w3"/>
    <bpmn:sequenceFlow id="wf1" sourceRef="w1" targetRef="w2"/>
    <bpmn:sequenceFlow id="wf2" sourceRef="w2" targetRef="w3"/>
  </bpmn:process>
  <bpmn:process id="calls" isExecutable="true">
    <bpmn:startEvent id="c1"/><bpmn:callActivity id="c2"><bpmn:extensionElements>
    <zeebe:calledElement processId="waits"/></bpmn:extensionElements></bpmn:callActivity><bpmn:endEvent id="c3"/>
    <bpmn:sequenceFlow id="cf1" sourceRef="c1" targetRef="c2"/>
    <bpmn:sequenceFlow id="cf2" sourceRef="c2" targetRef="c3"/>
  </bpmn:process>
  <bpmn:process id="hears" isExecutable="true">
    <bpmn:startEvent id="h1"><bpmn:signalEventDefinition signalRef="s"/></bpmn:startEvent><bpmn:endEvent id="h2"/>
    <bpmn:sequenceFlow id="hf1" sourceRef="h1" targetRef="h2"/>
  </bpmn:process>
</bpmn:definitions>"#;

async fn until_suspended(world: &World, id: &str, suspended: bool) {
    let look = async {
        while world.boss(&format!("GET /instances/{id}"), Value::Null).await.expect(200)["suspended"] != suspended {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(120), look).await.unwrap();
}

#[tokio::test]
async fn messages_signals_and_calls_over_the_wire() {
    let world = World::new().await;
    world.deploy("m.bpmn", MODEL).await;
    let body = json!({"processId": "calls", "variables": {"order": "7"}});
    let caller = world.boss("POST /instances", body).await.expect(201)["id"].as_str().unwrap().to_owned();
    let page = world.boss(&format!("GET /instances/{caller}"), Value::Null).await.expect(200);
    let child = page["children"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(page["children"][0]["parentId"], json!(caller));
    let list = world.boss(&format!("GET /instances?rootId={caller}"), Value::Null).await.expect(200);
    assert_eq!((&list["items"][0]["id"], &list["total"]), (&json!(child), &json!(1)));

    let wrong = json!({"name": "", "correlationKey": "7"});
    world.boss("POST /messages", wrong).await.fault(422, "RUN-0020");
    let nobody = json!({"name": "paid", "correlationKey": "8"});
    world.boss("POST /messages/correlate", nobody).await.fault(409, "RUN-0018");

    let suspend = format!("POST /instances/{caller}/suspend");
    world.boss(&suspend, json!({"reason": "a look"})).await.expect(204);
    let page = world.boss(&format!("GET /instances/{caller}"), Value::Null).await.expect(200);
    assert_eq!(page["suspended"], true);
    // The called one follows by messages of its own.
    until_suspended(&world, &child, true).await;
    world.boss(&format!("POST /instances/{caller}/resume"), Value::Null).await.expect(204);
    until_suspended(&world, &child, false).await;

    let message = json!({"name": "paid", "correlationKey": "7", "ttlMs": 60_000, "id": "x", "variables": {"sum": 5}});
    let published = world.boss("POST /messages", message.clone()).await.expect(201);
    assert_eq!(published["reached"][0]["instanceId"], json!(child));
    world.boss("POST /messages", message).await.fault(409, "RUN-0017");

    world.boss("POST /signals", json!({"name": "alarm"})).await.expect(202);
    assert_eq!(world.boss("POST /conditions", json!({})).await.expect(200)["reached"], json!([]));
}

#[tokio::test]
async fn what_is_exchanged_is_listed() {
    let world = World::new().await;
    world.deploy("m.bpmn", MODEL).await;
    let start = json!({"processId": "waits", "variables": {"order": "7"}});
    let waits = world.boss("POST /instances", start).await.expect(201)["id"].clone();
    let list = world.boss("GET /subscriptions?name=paid&correlationKey=7", Value::Null).await.expect(200);
    assert_eq!((&list["total"], &list["items"][0]["instanceId"]), (&json!(1), &waits));
    assert_eq!((&list["items"][0]["kind"], &list["items"][0]["elementId"]), (&json!("message"), &json!("w2")));
    assert_eq!(world.boss("GET /subscriptions?kind=signal", Value::Null).await.expect(200)["total"], 0);
    assert_eq!(world.boss("GET /mutexes", Value::Null).await.expect(200)["items"], json!([]));

    let message = json!({"name": "paid", "correlationKey": "8", "ttlMs": 3_600_000, "variables": {"sum": 5}});
    let id = world.boss("POST /messages", message).await.expect(201)["id"].clone();
    let list = world.boss("GET /messages?name=paid&correlationKey=8", Value::Null).await.expect(200);
    assert_eq!((&list["items"][0]["id"], &list["items"][0]["variables"]), (&id, &json!({"sum": 5})));
    world.boss(&format!("DELETE /messages/{id}"), Value::Null).await.expect(204);
    assert_eq!(world.boss("GET /messages", Value::Null).await.expect(200)["total"], 0);
    world.boss(&format!("DELETE /messages/{id}"), Value::Null).await.fault(404, "RUN-0021");
    world.boss("DELETE /messages/x", Value::Null).await.fault(400, "API-0001");
}

const OPERATED: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="d"
    targetNamespace="t">
  <bpmn:process id="operated" isExecutable="true">
    <bpmn:startEvent id="s"/><bpmn:parallelGateway id="g"/>
    <bpmn:sequenceFlow id="f0" sourceRef="s" targetRef="g"/>
    <bpmn:sequenceFlow id="f1" sourceRef="g" targetRef="many"/>
    <bpmn:sequenceFlow id="f2" sourceRef="g" targetRef="free"/>
    <bpmn:sequenceFlow id="f3" sourceRef="g" targetRef="tx"/>
    <bpmn:sequenceFlow id="f4" sourceRef="g" targetRef="wrong"/>
    <bpmn:serviceTask id="many"><bpmn:extensionElements><zeebe:taskDefinition type="many"/></bpmn:extensionElements><bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements>
      <zeebe:loopCharacteristics inputCollection="=[1,2]" inputElement="item"/></bpmn:extensionElements>
      </bpmn:multiInstanceLoopCharacteristics></bpmn:serviceTask>
    <bpmn:adHocSubProcess id="free"><bpmn:serviceTask id="a"><bpmn:extensionElements>
      <zeebe:taskDefinition type="a"/></bpmn:extensionElements></bpmn:serviceTask></bpmn:adHocSubProcess>
    <bpmn:transaction id="tx"><bpmn:startEvent id="ts"/><bpmn:serviceTask id="tw"><bpmn:extensionElements>
      <zeebe:taskDefinition type="tw"/></bpmn:extensionElements></bpmn:serviceTask>
      <bpmn:sequenceFlow id="tf" sourceRef="ts" targetRef="tw"/></bpmn:transaction>
    <bpmn:boundaryEvent id="canceled" attachedToRef="tx"><bpmn:cancelEventDefinition/></bpmn:boundaryEvent>
    <bpmn:serviceTask id="undone"><bpmn:extensionElements><zeebe:taskDefinition type="undone"/>
      </bpmn:extensionElements></bpmn:serviceTask>
    <bpmn:sequenceFlow id="f5" sourceRef="canceled" targetRef="undone"/>
    <bpmn:callActivity id="wrong"><bpmn:extensionElements><zeebe:calledElement processId="nowhere"/>
      </bpmn:extensionElements></bpmn:callActivity>
    <bpmn:serviceTask id="after"><bpmn:extensionElements><zeebe:taskDefinition type="after"/>
      </bpmn:extensionElements></bpmn:serviceTask>
    <bpmn:sequenceFlow id="f6" sourceRef="wrong" targetRef="after"/>
  </bpmn:process>
</bpmn:definitions>"#;

/// The key of an element's latest run.
fn run(page: &Value, element: &str) -> u64 {
    let found = page["elements"].as_array().unwrap().iter().find(|e| e["elementId"] == element);
    found.and_then(|e| e["key"].as_u64()).unwrap()
}

fn jobs(page: &Value, element: &str) -> usize {
    page["jobs"].as_array().unwrap().iter().filter(|job| job["elementId"] == element).count()
}

#[tokio::test]
async fn mg_1_and_its_kin_interfere_over_the_wire() {
    let world = World::new().await;
    world.deploy("m.bpmn", OPERATED).await;
    let started = world.boss("POST /instances", json!({"processId": "operated"})).await.expect(201);
    let id = started["id"].as_str().unwrap().to_owned();
    let page = async || world.boss(&format!("GET /instances/{id}"), Value::Null).await.expect(200);
    let act = async |what: &str, body: Value| world.boss(&format!("POST /instances/{id}/{what}"), body).await;
    let now = page().await;
    assert_eq!((jobs(&now, "many"), jobs(&now, "a"), jobs(&now, "tw")), (2, 1, 1), "{now}");

    let (free, tx) = (run(&now, "free"), run(&now, "tx"));
    // Elements name the latest run, which is a turn; the run of the activity itself stands among the bodies.
    let body = &now["bodies"][0];
    let many = body["key"].as_u64().unwrap();
    assert_eq!((many, &body["elementId"], &body["multiInstance"]), (free - 1, &json!("many"), &json!(true)));
    let turns: Vec<&Value> = body["turns"].as_array().unwrap().iter().map(|turn| &turn["item"]).collect();
    assert_eq!((&body["total"], turns), (&json!(2), vec![&json!(1), &json!(2)]));
    act("turns", json!({"do": "add", "key": many, "item": 3})).await.expect(204);
    act("ad-hoc", json!({"do": "activate", "key": free, "elements": ["a"]})).await.expect(204);
    act("cancel-transaction", json!({"key": tx})).await.expect(204);
    let incident = now["incidents"][0]["id"].as_str().unwrap();
    let skip = json!({"output": {"x": 1}, "reason": "not needed"});
    world.boss(&format!("POST /incidents/{incident}/skip"), skip).await.expect(204);
    let then = page().await;
    let shown = ["many", "a", "tw", "undone", "after"].map(|element| jobs(&then, element));
    assert_eq!(shown, [3, 2, 0, 1, 1], "{then}");
    assert_eq!(then["incidents"].as_array().unwrap().len(), 0);

    act("turns", json!({"do": "complete", "key": many})).await.expect(204);
    let after = run(&then, "after");
    let change = json!({"activate": [{"elementId": "tw"}], "moves": [{"from": after, "to": "undone"}], "reason": "r"});
    act("modify", change).await.expect(204);
    let last = page().await;
    let shown = ["many", "a", "tw", "undone", "after"].map(|element| jobs(&last, element));
    assert_eq!(shown, [0, 2, 1, 2, 0], "{last}");
    let wrong = json!({"activate": [{"elementId": "nobody"}]});
    assert!(act("modify", wrong).await.status.is_client_error());
}
