//! THE authorization test: every operation, called by nobody, an employee and an administrator.

use crate::world::{World, approval, request};
use axum::body::Body;
use axum::http::header;
use serde_json::json;

/// Who may: `o` everybody, `e` employees too, `a` administrators only (or: employees only on what is theirs; the test
/// uses what is not).
const TABLE: &[(&str, char)] = &[
    ("POST /session", 'o'),
    ("GET /session", 'e'),
    ("DELETE /session", 'e'),
    ("GET /me", 'e'),
    ("PATCH /me", 'e'),
    ("POST /me/password", 'e'),
    ("GET /users", 'e'),
    ("POST /users", 'a'),
    ("GET /users/{id}", 'e'),
    ("PATCH /users/{id}", 'a'),
    ("GET /apps", 'a'),
    ("POST /apps", 'a'),
    ("GET /apps/{id}", 'a'),
    ("PATCH /apps/{id}", 'a'),
    ("DELETE /apps/{id}", 'a'),
    ("POST /apps/{id}/secret", 'a'),
    ("POST /apps/{id}/tokens", 'a'),
    ("GET /apps/{id}/activities", 'a'),
    ("GET /apps/{id}/calls", 'a'),
    ("GET /webhooks", 'e'),
    ("POST /webhooks", 'a'),
    ("DELETE /webhooks/{id}", 'a'),
    ("GET /tokens", 'e'),
    ("POST /tokens", 'e'),
    ("DELETE /tokens/{id}", 'e'),
    ("GET /catalogs", 'e'),
    ("POST /catalogs", 'a'),
    ("GET /catalogs/{id}", 'e'),
    ("PATCH /catalogs/{id}", 'a'),
    ("DELETE /catalogs/{id}", 'a'),
    ("GET /catalogs/{id}/definitions", 'e'),
    ("GET /catalogs/{id}/records", 'e'),
    ("POST /catalogs/{id}/records", 'e'),
    ("GET /records/{id}", 'e'),
    ("PATCH /records/{id}", 'e'),
    ("DELETE /records/{id}", 'e'),
    ("GET /records/{id}/instances", 'e'),
    ("GET /models", 'a'),
    ("POST /models", 'a'),
    ("GET /models/{id}", 'a'),
    ("PUT /models/{id}", 'a'),
    ("DELETE /models/{id}", 'a'),
    ("POST /models/{id}/deploy", 'a'),
    ("POST /diagnostics", 'a'),
    ("POST /import", 'a'),
    ("GET /element-templates", 'a'),
    ("GET /definitions", 'e'),
    ("POST /definitions", 'a'),
    ("GET /definitions/{id}", 'e'),
    ("GET /definitions/{id}/versions", 'e'),
    ("DELETE /definitions/{id}", 'a'),
    ("GET /decisions", 'e'),
    ("POST /decisions/evaluate", 'e'),
    ("GET /decisions/{id}", 'e'),
    ("DELETE /decisions/{id}", 'a'),
    ("GET /decisions/{id}/versions", 'e'),
    ("POST /decisions/{id}/evaluate", 'e'),
    ("GET /instances", 'e'),
    ("POST /instances", 'e'),
    ("GET /instances/{id}", 'a'),
    ("GET /instances/{id}/history", 'a'),
    ("GET /instances/{id}/calls", 'a'),
    ("POST /instances/{id}/cancel", 'a'),
    ("PATCH /instances/{id}/variables", 'a'),
    ("DELETE /instances/{id}", 'a'),
    ("GET /incidents", 'a'),
    ("POST /incidents/{id}/retry", 'a'),
    ("POST /incidents/{id}/skip", 'a'),
    ("POST /instances/{id}/suspend", 'a'),
    ("POST /instances/{id}/resume", 'a'),
    ("POST /instances/{id}/modify", 'a'),
    ("POST /instances/{id}/turns", 'a'),
    ("POST /instances/{id}/ad-hoc", 'a'),
    ("POST /instances/{id}/cancel-transaction", 'a'),
    ("POST /migrations", 'a'),
    ("GET /messages", 'a'),
    ("POST /messages", 'a'),
    ("DELETE /messages/{id}", 'a'),
    ("GET /subscriptions", 'a'),
    ("GET /mutexes", 'a'),
    ("POST /messages/correlate", 'a'),
    ("POST /signals", 'a'),
    ("POST /conditions", 'e'),
    ("GET /tasks", 'e'),
    ("GET /tasks/count", 'e'),
    ("GET /tasks/{id}", 'a'),
    ("POST /tasks/{id}/claim", 'a'),
    ("POST /tasks/{id}/reassign", 'a'),
    ("POST /tasks/{id}/complete", 'a'),
    ("POST /jobs/activate", 'a'),
    ("POST /jobs/{id}/extend", 'a'),
    ("POST /jobs/{id}/complete", 'a'),
    ("POST /jobs/{id}/fail", 'a'),
    ("POST /jobs/{id}/error", 'a'),
    ("GET /notifications", 'e'),
    ("POST /notifications/read", 'e'),
    ("GET /events", 'e'),
    ("GET /search", 'e'),
    ("GET /system", 'a'),
    ("GET /settings/retention", 'a'),
    ("PUT /settings/retention", 'a'),
    ("POST /settings/retention/preview", 'a'),
    ("GET /openapi.json", 'o'),
];

#[test]
fn the_table_lists_every_route() {
    let mut listed: Vec<&str> = TABLE.iter().map(|(operation, _)| *operation).collect();
    let routes: Vec<String> = api::routes().iter().map(|r| format!("{} {}", r.method, r.path)).collect();
    let mut routed: Vec<&str> = routes.iter().map(String::as_str).collect();
    listed.sort_unstable();
    routed.sort_unstable();
    assert_eq!(listed, routed);
}

/// Ids of things that are the administrator's, so that an employee meets what is not his.
async fn others(world: &World) -> impl Fn(&str) -> String + use<> {
    let file = approval("boss");
    let model = world.boss("POST /models", json!({"name": "m", "source": file})).await.expect(201);
    let deployed = world.boss(&format!("POST /models/{}/deploy", model["id"].as_str().unwrap()), json!({})).await;
    let definition = deployed.expect(201)["definitions"][0]["id"].as_str().unwrap().to_owned();
    let started = world.boss("POST /instances", json!({"definitionId": definition})).await.expect(201);
    let instance = started["id"].as_str().unwrap().to_owned();
    let tasks = world.boss("GET /tasks", json!(null)).await.expect(200);
    let task = tasks["items"][0]["id"].as_str().unwrap().to_owned();
    let hook = world.boss("POST /webhooks", json!({"title": "h", "scopes": ["bizproc"]})).await.expect(201);
    let hook = hook["id"].as_str().unwrap().to_owned();
    move |operation: &str| {
        let id = match operation.split('/').nth(1).unwrap_or_default() {
            "instances" => &instance,
            "tasks" => &task,
            "definitions" | "decisions" => &definition,
            "webhooks" => &hook,
            "users" => "user_2",
            "apps" => "app_9",
            "tokens" => "token_9",
            "catalogs" => "cat_9",
            "records" => "rec_9",
            "models" => "model_9",
            "incidents" => "inc_9",
            "jobs" => "job_9",
            "messages" => "9",
            _ => "",
        };
        operation.replace("{id}", id)
    }
}

#[tokio::test]
async fn who_may_call_what() {
    let world = World::new().await;
    let place = others(&world).await;
    let body = json!({"userIds": ["user_2"], "title": "t", "name": ""});
    for (operation, who) in TABLE {
        let target = place(operation);
        let plain = request(&target).header(header::CONTENT_TYPE, "application/json").body(Body::from("{}")).unwrap();
        let nobody = world.send(plain).await.status.as_u16();
        assert_eq!(nobody == 401, *who != 'o', "{operation} by nobody: {nobody}");
        let employee = world.call(&world.ann, &target, body.clone()).await.status.as_u16();
        assert_eq!(employee == 403, *who == 'a', "{operation} by an employee: {employee}");
        assert_ne!(employee, 401, "{operation}");
    }
    for (operation, _) in TABLE {
        let admin = world.boss(&place(operation), body.clone()).await.status.as_u16();
        assert!(!matches!(admin, 401 | 403 | 405 | 500..), "{operation} by an administrator: {admin}");
    }
}
