//! Decisions over the wire: deployed, numbered, tried out, used by a process.

use crate::world::World;
use serde_json::{Value, json};

/// A file with one decision table `discount`: by `age`.
fn dmn(tag: &str, adult: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" xmlns:camunda="http://camunda.org/schema/1.0/dmn"
    id="prices" name="Prices" namespace="http://camunda.org/schema/1.0/dmn">
  <decision id="discount" name="Discount" camunda:versionTag="{tag}">
    <decisionTable id="table" hitPolicy="COLLECT">
      <input id="i"><inputExpression typeRef="number"><text>age</text></inputExpression></input>
      <output id="o" name="percent" typeRef="number" />
      <rule id="young"><inputEntry><text>&lt; 18</text></inputEntry><outputEntry><text>50</text></outputEntry></rule>
      <rule id="all"><inputEntry><text>-</text></inputEntry><outputEntry><text>{adult}</text></outputEntry></rule>
    </decisionTable>
  </decision>
</definitions>"#
    )
}

/// A process that asks the decision and keeps its answer as `answer`.
fn process(binding: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="t">
  <bpmn:process id="asks" name="Asks" isExecutable="true">
    <bpmn:startEvent id="start"><bpmn:outgoing>f1</bpmn:outgoing></bpmn:startEvent>
    <bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="task" />
    <bpmn:businessRuleTask id="task" name="Ask">
      <bpmn:extensionElements><zeebe:calledDecision decisionId="discount" resultVariable="answer" {binding} />
      </bpmn:extensionElements>
      <bpmn:incoming>f1</bpmn:incoming><bpmn:outgoing>f2</bpmn:outgoing>
    </bpmn:businessRuleTask>
    <bpmn:sequenceFlow id="f2" sourceRef="task" targetRef="end" />
    <bpmn:endEvent id="end"><bpmn:incoming>f2</bpmn:incoming></bpmn:endEvent>
  </bpmn:process>
</bpmn:definitions>"#
    )
}

async fn run(world: &World, variables: Value) -> Value {
    let body = json!({"processId": "asks", "variables": variables});
    let started = world.boss("POST /instances", body).await.expect(201);
    let id = started["id"].as_str().unwrap().to_owned();
    let mut page = world.boss(&format!("GET /instances/{id}"), Value::Null).await.expect(200);
    let history = world.boss(&format!("GET /instances/{id}/history"), Value::Null).await.expect(200);
    page["history"] = history["items"].clone();
    page
}

#[tokio::test]
async fn a_decision_is_deployed_listed_and_tried_out() {
    let world = World::new().await;
    let deployed = world.deploy("prices.dmn", &dmn("a", "5")).await;
    let first = &deployed["definitions"][0];
    assert_eq!(
        (&first["kind"], &first["processId"], &first["version"]),
        (&json!("decision"), &json!("discount"), &json!(1))
    );
    let second = world.deploy("prices.dmn", &dmn("b", "7")).await["definitions"][0]["id"].as_str().unwrap().to_owned();

    let list = world.call(&world.ann, "GET /decisions", Value::Null).await.expect(200);
    assert_eq!((&list["total"], &list["items"][0]["version"]), (&json!(1), &json!(2)), "{list}");
    assert_eq!(list["items"][0]["requirementsId"], "prices");
    let versions = world.boss(&format!("GET /decisions/{second}/versions"), Value::Null).await.expect(200);
    assert_eq!((&versions["total"], &versions["items"][1]["versionTag"]), (&json!(2), &json!("a")));
    let details = world.boss(&format!("GET /decisions/{second}"), Value::Null).await.expect(200);
    assert!(details["source"].as_str().unwrap().contains("camunda:versionTag"), "the text is kept");
    let processes = world.boss("GET /definitions", Value::Null).await.expect(200);
    assert_eq!(processes["total"], 0, "decisions are no processes");
    world.boss(&format!("GET /definitions/{second}"), Value::Null).await.fault(404, "DEF-0003");

    let age = json!({"variables": {"age": 3}});
    let tried = world.boss(&format!("POST /decisions/{second}/evaluate"), age).await.expect(200);
    assert_eq!(tried["result"], json!([50, 7]));
    let table = &tried["decisions"][0]["tables"][0];
    assert_eq!((&table["hitPolicy"], &table["inputs"][0]["value"]), (&json!("C"), &json!(3)));
    let rules: Vec<&Value> = table["matched"].as_array().unwrap().iter().map(|m| &m["id"]).collect();
    assert_eq!(rules, ["young", "all"]);

    let newest = json!({"decisionId": "discount", "variables": {"age": 30}});
    let tried = world.boss("POST /decisions/evaluate", newest.clone()).await.expect(200);
    assert_eq!((&tried["result"], &tried["version"]), (&json!([7]), &json!(2)));
    let draft = json!({"source": dmn("", "age + 1"), "variables": {"age": 30}});
    let tried = world.boss("POST /decisions/evaluate", draft).await.expect(200);
    assert_eq!((&tried["result"], &tried["version"]), (&json!([31]), &Value::Null));
    world.boss("POST /decisions/evaluate", json!({"decisionId": "other"})).await.fault(404, "DEF-0011");
    world.boss("POST /decisions/evaluate", json!({})).await.fault(400, "API-0001");

    world.boss(&format!("DELETE /decisions/{second}"), Value::Null).await.expect(204);
    let tried = world.boss("POST /decisions/evaluate", newest).await.expect(200);
    assert_eq!(tried["version"], 1, "the one before counts again");
    world.runtime.shutdown().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_decision_is_told_before_it_is_deployed() {
    let world = World::new().await;
    let broken = dmn("", "1 +");
    let found = world.boss("POST /diagnostics", json!({"source": broken})).await.expect(200);
    assert_eq!((&found["deployable"], &found["diagnostics"][0]["code"]), (&json!(false), &json!("DMN-05")));
    let model = world.boss("POST /models", json!({"name": "D", "source": broken})).await.expect(201);
    assert_eq!(model["kind"], "dmn");
    let deploy = format!("POST /models/{}/deploy", model["id"].as_str().unwrap());
    world.boss(&deploy, json!({})).await.fault(422, "DEF-0002");
    world.runtime.shutdown().await;
}

#[tokio::test]
async fn a_business_rule_task_asks_the_version_it_is_bound_to() {
    let world = World::new().await;
    world.deploy("prices.dmn", &dmn("a", "5")).await;
    world.deploy("asks.bpmn", &process("")).await;
    let page = run(&world, json!({"age": 3})).await;
    assert_eq!(
        (&page["state"], &page["variables"][0]["values"]["answer"]),
        (&json!("completed"), &json!([50, 5])),
        "{page}"
    );
    let told = page["history"].to_string();
    assert!(told.contains("Discount (1, a)") && told.contains("#1 #2"), "{told}");

    world.deploy("prices.dmn", &dmn("b", "7")).await;
    let page = run(&world, json!({"age": 30})).await;
    assert_eq!(page["variables"][0]["values"]["answer"], json!([7]), "the newest when nothing else is said");
    world.deploy("asks.bpmn", &process("bindingType=\"versionTag\" versionTag=\"a\"")).await;
    let page = run(&world, json!({"age": 30})).await;
    assert_eq!(page["variables"][0]["values"]["answer"], json!([5]));
    world.runtime.shutdown().await;
}

#[tokio::test]
async fn what_a_drawing_names_is_looked_for_before_it_is_deployed() {
    let world = World::new().await;
    let calls = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t"
        xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"><process id="calls" isExecutable="true">
        <startEvent id="s"/><callActivity id="call" name="Ask"><extensionElements>
        <zeebe:calledElement processId="asks"/></extensionElements></callActivity><endEvent id="e"/>
        <sequenceFlow id="f1" sourceRef="s" targetRef="call"/><sequenceFlow id="f2" sourceRef="call" targetRef="e"/>
        </process></definitions>"#;
    let missing = async |source: &str| {
        let found = world.boss("POST /diagnostics", json!({"source": source})).await.expect(200);
        assert_eq!(found["deployable"], true, "{found}");
        let found: Vec<Value> = found["diagnostics"].as_array().unwrap().clone();
        let named = found.iter().filter(|d| d["code"] == "LN-24");
        named.map(|d| (d["element"].as_str().unwrap().to_owned(), d["severity"].clone())).collect::<Vec<_>>()
    };
    let asks = process("");
    assert_eq!(missing(calls).await, [("call".to_owned(), json!("warning"))]);
    assert_eq!(missing(&asks).await, [("task".to_owned(), json!("warning"))]);
    world.deploy("prices.dmn", &dmn("", "5")).await;
    world.deploy("asks.bpmn", &asks).await;
    assert_eq!((missing(calls).await, missing(&asks).await), (vec![], vec![]));
    world.runtime.shutdown().await;
}

#[tokio::test]
async fn a_missing_decision_is_an_incident_that_can_be_retried() {
    let world = World::new().await;
    world.deploy("asks.bpmn", &process("")).await;
    let page = run(&world, json!({"age": 30})).await;
    assert_eq!(page["state"], "active");
    let incidents = world.boss("GET /incidents", Value::Null).await.expect(200);
    let incident = &incidents["items"][0];
    assert!(incident.to_string().contains("discount"), "{incident}");
    world.deploy("prices.dmn", &dmn("", "5")).await;
    world.boss(&format!("POST /incidents/{}/retry", incident["id"].as_str().unwrap()), json!({})).await.expect(204);
    let instance = format!("GET /instances/{}", page["id"].as_str().unwrap());
    let page = world.boss(&instance, Value::Null).await.expect(200);
    let incidents = world.boss("GET /incidents", Value::Null).await.expect(200);
    let answer = &page["variables"][0]["values"]["answer"];
    assert_eq!((&page["state"], answer), (&json!("completed"), &json!([5])), "{incidents}");
    world.runtime.shutdown().await;
}
