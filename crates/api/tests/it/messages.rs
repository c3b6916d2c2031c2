//! Messages, signals, calls and acts on instances over the wire.

use crate::world::{World, request};
use axum::http::header;
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

async fn deploy(world: &World) -> Value {
    let browser = world.browser(&world.boss).await;
    let body = format!(
        "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"m.bpmn\"\r\n\r\n{MODEL}\r\n--b--\r\n"
    );
    let request = request("POST /definitions")
        .header(header::COOKIE, browser.cookie)
        .header("x-csrf-token", browser.csrf)
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b");
    world.send(request.body(body.into()).unwrap()).await.expect(201)
}

#[tokio::test]
async fn messages_signals_and_calls_over_the_wire() {
    let world = World::new().await;
    deploy(&world).await;
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
    world.boss(&format!("POST /instances/{caller}/resume"), Value::Null).await.expect(204);

    let message = json!({"name": "paid", "correlationKey": "7", "ttlMs": 60_000, "id": "x", "variables": {"sum": 5}});
    let published = world.boss("POST /messages", message.clone()).await.expect(201);
    assert_eq!(published["reached"][0]["instanceId"], json!(child));
    world.boss("POST /messages", message).await.fault(409, "RUN-0017");

    world.boss("POST /signals", json!({"name": "alarm"})).await.expect(202);
    assert_eq!(world.boss("POST /conditions", json!({})).await.expect(200)["reached"], json!([]));
}
