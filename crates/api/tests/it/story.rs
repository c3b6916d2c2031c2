//! Draw, deploy, start, complete: the short way through the API.

use crate::world::{World, approval};
use serde_json::{Value, json};

#[tokio::test]
async fn a_process_from_model_to_end() {
    let world = World::new().await;
    let source = approval("ann");
    let findings = world.boss("POST /diagnostics", json!({"source": source})).await.expect(200);
    assert_eq!(findings["deployable"], true, "{findings}");
    let model = world.boss("POST /models", json!({"name": "Approval", "source": source})).await.expect(201);
    let model = model["id"].as_str().unwrap();
    let deployed = world.boss(&format!("POST /models/{model}/deploy"), json!({})).await.expect(201);
    assert_eq!(deployed["definitions"][0]["version"], 1);

    let mut events = world.platform.live().subscribe();
    let start = json!({"processId": "approval", "variables": {"amount": 5}});
    let started = world.call(&world.ann, "POST /instances", start).await.expect(201);
    assert_eq!(started["state"], "active");
    let mut topics = Vec::new();
    while let Ok(event) = events.try_recv() {
        topics.push(event.topic);
    }
    assert!(topics.contains(&"task") && topics.contains(&"instance"), "{topics:?}");

    let inbox = world.call(&world.ann, "GET /tasks", Value::Null).await.expect(200);
    assert_eq!((&inbox["total"], &inbox["items"][0]["title"]), (&json!(1), &json!("Approve")));
    assert_eq!(inbox["items"][0]["assignees"][0]["name"], "ANN");
    assert_eq!(world.call(&world.ann, "GET /tasks/count", Value::Null).await.expect(200)["open"], 1);
    let task = inbox["items"][0]["id"].as_str().unwrap();

    let id = started["id"].as_str().unwrap();
    let page = world.call(&world.ann, &format!("GET /instances/{id}"), Value::Null).await.expect(200);
    assert_eq!(page["variables"][0]["values"]["amount"], 5);
    let waiting = page["elements"].as_array().unwrap().iter().find(|e| e["elementId"] == "task").unwrap();
    assert_eq!((&waiting["state"], &waiting["kind"]), (&json!("active"), &json!("userTask")));

    let (all, hers) = ("GET /tasks?view=all", "GET /instances?startedBy=user_1");
    world.call(&world.ann, all, Value::Null).await.fault(403, "IDN-0005");
    assert_eq!(world.boss(all, Value::Null).await.expect(200)["total"], 1);
    assert_eq!(world.call(&world.ann, hers, Value::Null).await.expect(200)["total"], 0);

    let complete = format!("POST /tasks/{task}/complete");
    world.call(&world.ann, &complete, json!({"outcome": "maybe"})).await.fault(422, "RUN-0004");
    world.call(&world.ann, &complete, json!({"values": {}})).await.expect(204);
    world.call(&world.ann, &complete, json!({"values": {}})).await.fault(409, "RUN-0003");

    let page = world.call(&world.ann, &format!("GET /instances/{id}"), Value::Null).await.expect(200);
    assert_eq!(page["state"], "completed");
    let history = world.call(&world.ann, &format!("GET /instances/{id}/history"), Value::Null).await.expect(200);
    assert!(history["total"].as_u64().unwrap() > 3);
    let done = world.call(&world.ann, "GET /tasks?view=done", Value::Null).await.expect(200);
    assert_eq!(done["items"][0]["state"], "completed");
    let found = world.boss("GET /search?q=appro", Value::Null).await.expect(200);
    assert_eq!(found["items"][0]["kind"], "definition");
    let stats = world.boss("GET /definitions", Value::Null).await.expect(200);
    assert_eq!(stats["items"][0]["stats"]["completed"], 1);
    world.runtime.shutdown().await;
}

#[tokio::test]
async fn what_can_not_be_deployed_says_why() {
    let world = World::new().await;
    let broken = approval("ann").replace("targetRef=\"end\"", "targetRef=\"nowhere\"");
    let findings = world.boss("POST /diagnostics", json!({"source": broken})).await.expect(200);
    assert_eq!(findings["deployable"], false);
    assert!(findings["diagnostics"][0]["messageRu"].as_str().is_some_and(|m| !m.is_empty()), "{findings}");
    let model = world.boss("POST /models", json!({"name": "B", "source": broken})).await.expect(201);
    let deploy = format!("POST /models/{}/deploy", model["id"].as_str().unwrap());
    let answer = world.boss(&deploy, json!({})).await;
    assert_eq!(answer.status.as_u16(), 422, "{}", answer.body);
    let details = &answer.body["details"]["diagnostics"][0];
    assert!(details["messageRu"].is_string() && details.get("message_ru").is_none(), "{details}");
}

#[tokio::test]
async fn an_apps_activity_is_offered_to_the_designer() {
    use platform::apps::{ActivityKind, ActivitySpec, Localized, PropertyDescriptor, Registration};
    let world = World::new().await;
    let app = world.boss("POST /apps", json!({"name": "Hashes", "scopes": ["bizproc"]})).await.expect(201);
    let id = app["id"].as_str().unwrap();
    let name = Localized::Languages([("ru".into(), "Вход".into()), ("en".into(), "Input".into())].into());
    let input = PropertyDescriptor { name, required: true, ..PropertyDescriptor::default() };
    let spec = ActivitySpec {
        handler: "http://127.0.0.1:9000/md5".into(),
        auth_user: None,
        use_subscription: Some(true),
        name: Localized::Languages([("ru".into(), "Хеш".into()), ("en".into(), "Hash".into())].into()),
        description: Localized::default(),
        properties: [("inputString".to_owned(), input)].into(),
        return_properties: Default::default(),
        document_type: None,
        filter: None,
        use_placement: false,
        placement_handler: None,
    };
    let new = Registration {
        app: id.parse().unwrap(),
        kind: ActivityKind::Activity,
        code: "md5".into(),
        by: world.boss.id,
        spec,
    };
    let made = world.platform.activities().register(new.clone()).await.unwrap();
    let again = world.platform.activities().register(new).await;
    assert!(again.is_err_and(|f| f.code.code == "RUN-0012"));
    let listed = world.boss(&format!("GET /apps/{id}/activities"), Value::Null).await.expect(200);
    assert_eq!(
        (&listed["items"][0]["name"], &listed["items"][0]["jobType"]),
        (&json!("Hash"), &json!(made.job_type()))
    );
    let templates = world.boss("GET /element-templates", Value::Null).await.expect(200);
    assert!(templates.as_array().unwrap().iter().any(|t| t["name"] == "Hash"), "{templates}");
    constraints_of_the_app(&world, templates.as_array().unwrap().iter().find(|t| t["name"] == "Hash").unwrap()).await;
}

/// An element made from an app's template is held to its constraints: while drawing, by the import and by a deployment.
async fn constraints_of_the_app(world: &World, template: &Value) {
    let (id, version) = (template["id"].as_str().unwrap(), template["version"].as_u64().unwrap());
    let job = template["properties"][0]["value"].as_str().unwrap();
    let model = |input: &str| {
        let made = format!(
            "<bpmn:endEvent id=\"more\"/><bpmn:serviceTask id=\"hash\" zeebe:modelerTemplate=\"{id}\" \
             zeebe:modelerTemplateVersion=\"{version}\">\
             <bpmn:extensionElements><zeebe:taskDefinition type=\"{job}\"/><zeebe:ioMapping>\
             <zeebe:input source=\"{input}\" target=\"inputString\"/></zeebe:ioMapping></bpmn:extensionElements>\
             </bpmn:serviceTask><bpmn:sequenceFlow id=\"f3\" sourceRef=\"hash\" targetRef=\"more\"/>\
             <bpmn:sequenceFlow id=\"f4\" sourceRef=\"start\" targetRef=\"hash\"/>"
        );
        approval("ann").replace("</bpmn:process>", &format!("{made}</bpmn:process>"))
    };
    let good = world.boss("POST /diagnostics", json!({"source": model("=name")})).await.expect(200);
    assert_eq!(good["deployable"], true, "{good}");
    let found = world.boss("POST /diagnostics", json!({"source": model("")})).await.expect(200);
    let told = |body: &Value| {
        let all = body["diagnostics"].as_array().unwrap().iter();
        let mut told = all.filter(|d| d["code"] == "LN-28").map(|d| (d["element"].clone(), d["severity"].clone()));
        (told.next(), told.count())
    };
    let expected = (Some((json!("hash"), json!("error"))), 0);
    assert_eq!((told(&found), &found["deployable"]), (expected.clone(), &json!(false)), "{found}");
    let named = found["diagnostics"].as_array().unwrap().iter().any(|d| d["message"] == "`Input` must be filled in");
    assert!(named, "{found}");
    let model = world.boss("POST /models", json!({"name": "H", "source": model("")})).await.expect(201);
    let answer = world.boss(&format!("POST /models/{}/deploy", model["id"].as_str().unwrap()), json!({})).await;
    assert_eq!((answer.status.as_u16(), told(&answer.body["details"])), (422, expected), "{}", answer.body);
}
