//! Catalogs and records through the API.

use crate::world::World;
use serde_json::{Value, json};

async fn orders(world: &World) -> String {
    let catalog = json!({"name": "Orders", "fields": [
        {"key": "NAME", "name": "Name", "type": "text", "required": true},
        {"key": "amount", "name": "Amount", "type": "number"},
        {"key": "stage", "name": "Stage", "type": "list", "options": [{"key": "new", "label": "New"}]},
        {"key": "owner", "name": "Owner", "type": "person"},
        {"key": "due", "name": "Due", "type": "date", "time": true},
    ]});
    let made = world.boss("POST /catalogs", catalog).await.expect(201);
    assert_eq!((&made["key"], &made["titleField"]), (&json!("orders"), &json!("NAME")));
    made["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_record_from_making_to_conflict() {
    let world = World::new().await;
    let catalog = orders(&world).await;
    let fields = json!({"NAME": "First", "amount": "12,5", "stage": "new", "owner": "user_2",
        "due": "2026-01-02T03:04:05+03:00"});
    let made = world.call(&world.ann, &format!("POST /catalogs/{catalog}/records"), json!({"fields": fields})).await;
    let record = made.expect(201);
    assert_eq!(record["title"], "First");
    assert_eq!(record["fields"]["amount"], 12.5);
    assert_eq!(record["createdBy"], json!({"id": "user_2", "name": "ANN"}));
    let id = record["id"].as_str().unwrap();

    let change = json!({"version": 1, "fields": {"amount": 7}});
    let changed = world.boss(&format!("PATCH /records/{id}"), change.clone()).await.expect(200);
    assert_eq!((&changed["version"], &changed["fields"]["NAME"]), (&json!(2), &json!("First")));
    let details = world.boss(&format!("PATCH /records/{id}"), change).await.fault(409, "DOC-0005");
    assert_eq!((&details["current"]["version"], &details["current"]["fields"]["amount"]), (&json!(2), &json!(7)));

    let list = |query: &str| format!("GET /catalogs/{catalog}/records?{query}");
    for (query, total) in
        [("", 1), ("filter.amount=7", 1), ("filter.amount=8", 0), ("search=fir&sort=-fields.amount", 1)]
    {
        assert_eq!(world.boss(&list(query), Value::Null).await.expect(200)["total"], total, "{query}");
    }
    world.boss(&list("filter.other=1"), Value::Null).await.fault(422, "DOC-0003");
    world.boss(&format!("DELETE /catalogs/{catalog}"), Value::Null).await.fault(422, "DOC-0006");
    world.boss(&format!("DELETE /records/{id}"), Value::Null).await.expect(204);
    world.boss(&format!("GET /records/{id}"), Value::Null).await.fault(404, "DOC-0002");
    world.boss(&format!("DELETE /catalogs/{catalog}"), Value::Null).await.expect(204);
}

#[tokio::test]
async fn wrong_values_name_their_field() {
    let world = World::new().await;
    let catalog = orders(&world).await;
    let table = [
        (json!({"amount": 1}), "NAME", "required"),
        (json!({"NAME": "x", "amount": "many"}), "amount", "type"),
        (json!({"NAME": "x", "stage": "old"}), "stage", "type"),
        (json!({"NAME": "x", "owner": "user_99"}), "owner", "unknown"),
    ];
    for (fields, field, reason) in table {
        let answer = world.boss(&format!("POST /catalogs/{catalog}/records"), json!({"fields": fields})).await;
        assert_eq!(answer.fault(422, "DOC-0004"), json!({"field": field, "reason": reason}));
    }
}

#[tokio::test]
async fn models_are_saved_by_version() {
    let world = World::new().await;
    let made = world.boss("POST /models", json!({"name": "M"})).await.expect(201);
    assert!(made["source"].as_str().unwrap().contains("<bpmn:process id=\"Process_"));
    let id = made["id"].as_str().unwrap();
    let save = json!({"version": 1, "name": "M2", "source": made["source"]});
    let saved = world.boss(&format!("PUT /models/{id}"), save.clone()).await.expect(200);
    assert_eq!((&saved["name"], &saved["version"]), (&json!("M2"), &json!(2)));
    world.boss(&format!("PUT /models/{id}"), save).await.fault(409, "DEF-0007");
}
