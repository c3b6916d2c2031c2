//! One test that walks the table: every method refuses a missing scope, and dispatches.

use crate::support::{By, Portal};
use bitrix::methods::{TABLE, Who};
use serde_json::json;

#[tokio::test]
async fn every_method_is_reachable_and_guarded() {
    let bare = Portal::with_scopes(&["log"]).await;
    let full = Portal::open().await;
    for method in TABLE {
        for by in [By::App, By::AppPlain, By::Hook, By::HookPlain] {
            let reply = bare.call(by, method.name, json!({})).await;
            let refused = reply.json()["error"] == "insufficient_scope";
            assert_eq!(refused, !method.scope.is_empty(), "{} by {by:?}", method.name);
            let reply = full.call(by, method.name, json!({})).await;
            let json = reply.json();
            assert!(
                reply.status < 500 && json["error"] != "ERROR_METHOD_NOT_FOUND",
                "{} by {by:?}: {json}",
                method.name
            );
            let allowed = match method.who {
                Who::Anyone => continue,
                Who::Admin => matches!(by, By::App | By::Hook),
                Who::AdminByApp => by == By::App,
            };
            assert_eq!(json["error"] != "ACCESS_DENIED", allowed, "{} by {by:?}: {json}", method.name);
        }
    }
    let listed = full.ok(By::Hook, "methods", json!({"full": 1})).await;
    assert_eq!(listed.as_array().unwrap().len(), TABLE.len());
}
