//! `bizproc.workflow.*` and templates (acceptance list 8).

use crate::support::process::{bpmn, service, template};
use crate::support::{By, Portal};
use serde_json::{Value as Json, json};

async fn waiting(portal: &Portal) -> i64 {
    portal.deploy(&bpmn("waiting", &service("Wait", "external", &[], &[]), &["Wait"])).await.0
}

#[tokio::test]
async fn starting() {
    let portal = Portal::open().await;
    let template = waiting(&portal).await;
    let document = portal.document("A").await;
    let wrong_id = |text: &str| format!("400 ERROR_WRONG_WORKFLOW_ID: {text}");
    for (params, want) in [
        (json!({"DOCUMENT_ID": document}), wrong_id("Empty TEMPLATE_ID")),
        (json!({"TEMPLATE_ID": 0, "DOCUMENT_ID": document}), wrong_id("Empty TEMPLATE_ID")),
        (json!({"TEMPLATE_ID": 999, "DOCUMENT_ID": document}), wrong_id("Template not found")),
        (json!({"TEMPLATE_ID": template}), "400 : Wrong DOCUMENT_ID!".into()),
        (json!({"TEMPLATE_ID": template, "DOCUMENT_ID": "x"}), "400 : Wrong DOCUMENT_ID!".into()),
        (
            json!({"TEMPLATE_ID": template, "DOCUMENT_ID": ["lists", "BizprocDocument", "99"]}),
            "400 : Wrong DOCUMENT_ID!".into(),
        ),
        (
            json!({"TEMPLATE_ID": template, "DOCUMENT_ID": ["crm", "CCrmDocumentDeal", "DEAL_1"]}),
            "400 : Incorrect document type!".into(),
        ),
    ] {
        assert_eq!(portal.fails(By::Hook, "bizproc.workflow.start", params.clone()).await, want, "{params}");
    }
    for by in [By::App, By::Hook, By::HookPlain, By::AppPlain] {
        let by_map = json!({"0": document[0], "1": document[1], "2": document[2]});
        let id = portal
            .ok(by, "bizproc.workflow.start", json!({"template_id": template.to_string(), "document_id": by_map}))
            .await;
        let id = id.as_str().unwrap();
        assert!(id.len() == 23 && id.as_bytes()[14] == b'.', "{id}");
        let found = portal.ok(By::Hook, "bizproc.workflow.instances", json!({"FILTER": {"ID": id}})).await;
        assert_eq!(found[0]["ID"], id, "usable at once");
    }
}

/// A process of our own that runs for no document needs none; parameters become its variables as they came.
#[tokio::test]
async fn starting_without_a_document() {
    let portal = Portal::open().await;
    let xml = bpmn("free", &service("Wait", "external", &[], &[]), &["Wait"]);
    let deploy = runtime::Deploy { bytes: xml.into_bytes(), ..Default::default() };
    let actor = platform::Actor::session(portal.admin.clone());
    let template = portal.runtime.deploy(&actor, deploy).await.unwrap()[0].id;
    let params = json!({"TEMPLATE_ID": template.0, "PARAMETERS": {"who": "user_2", "n": [1, 2]}});
    portal.ok(By::HookPlain, "bizproc.workflow.start", params).await;
    let id = portal.store.instances(store::Query::default()).await.unwrap().rows[0].id;
    let view = portal.runtime.instance(id).await.unwrap();
    assert_eq!(view.variables[0].values["n"].to_json(), json!([1, 2]));
    assert_eq!(view.summary.started_by, Some(portal.plain.id));
    let found =
        portal.ok(By::Hook, "bizproc.workflow.instances", json!({"SELECT": ["DOCUMENT_ID", "MODULE_ID"]})).await;
    assert_eq!(found, json!([{"MODULE_ID": null, "DOCUMENT_ID": null}]));
}

#[tokio::test]
async fn the_list_of_instances() {
    let portal = Portal::open().await;
    let template = waiting(&portal).await;
    let mut ids = Vec::new();
    for name in ["A", "B", "C"] {
        let params = json!({"TEMPLATE_ID": template, "DOCUMENT_ID": portal.document(name).await});
        ids.push(portal.ok(By::Hook, "bizproc.workflow.start", params).await.as_str().unwrap().to_owned());
        portal.clock.advance_ms(2_000);
    }
    let list = |params: Json| {
        let portal = &portal;
        async move { portal.ok(By::Hook, "bizproc.workflow.instances", params).await }
    };
    let all = list(json!({})).await;
    assert_eq!(all[0], json!({"ID": ids[2], "MODIFIED": "2025-02-05T08:58:18+03:00", "OWNED_UNTIL": null}));
    let select = json!({"SELECT": ["ID", "STARTED", "MODULE_ID", "ENTITY", "DOCUMENT_ID", "TEMPLATE_ID", "STARTED_BY"], "ORDER": {"ID": "ASC"}});
    let full = list(select).await;
    assert_eq!(
        full[0],
        json!({
            "ID": ids[0], "MODULE_ID": "lists", "ENTITY": "BizprocDocument", "DOCUMENT_ID": "1",
            "STARTED": "2025-02-05T08:58:14+03:00", "STARTED_BY": "1", "TEMPLATE_ID": template.to_string(),
        })
    );
    for (filter, want) in [
        (json!({">ID": ids[0]}), 2),
        (json!({"ID": [ids[0], ids[2], "x"]}), 2),
        (json!({"!ID": ids[0]}), 2),
        (json!({"DOCUMENT_ID": "2"}), 1),
        (json!({"STARTED_BY": 1, "MODULE_ID": "lists"}), 3),
        (json!({"MODULE_ID": "crm"}), 0),
        (json!({"TEMPLATE_ID": template}), 3),
        (json!({"TEMPLATE_ID": 999}), 0),
        (json!({">STARTED": "2025-02-05T08:58:14+03:00"}), 2),
        (json!({"STARTED": "05.02.2025 08:58:14"}), 1),
        (json!({"OWNED_UNTIL": null, "NOPE": 1}), 3),
        (json!({">ID": ""}), 0),
    ] {
        let got = list(json!({"FILTER": filter, "ORDER": {"ID": "ASC"}})).await;
        assert_eq!(got.as_array().unwrap().len(), want, "{filter}");
    }
    assert_eq!(
        portal.ok(By::App, "bizproc.workflow.instance.list", json!({"start": 2})).await.as_array().unwrap().len(),
        1
    );
    for method in [
        "bizproc.workflow.instances",
        "bizproc.workflow.terminate",
        "bizproc.workflow.kill",
        "bizproc.workflow.template.list",
    ] {
        for by in [By::HookPlain, By::AppPlain] {
            assert_eq!(portal.fails(by, method, json!({})).await, "403 ACCESS_DENIED: Access denied!", "{method}");
        }
    }
    let gone = "400 : The business process is not found.";
    for method in ["bizproc.workflow.terminate", "bizproc.workflow.kill"] {
        for (id, want) in [
            (json!(""), "400 ERROR_WRONG_WORKFLOW_ID: Empty workflow instance ID"),
            (json!(["x"]), "400 ERROR_WRONG_WORKFLOW_ID: Invalid workflow instance ID (string expected)"),
            (json!("65f1a2b3c4d5e6.12345678"), gone),
        ] {
            assert_eq!(portal.fails(By::Hook, method, json!({"ID": id})).await, want, "{method}");
        }
    }
    assert_eq!(
        portal.ok(By::Hook, "bizproc.workflow.terminate", json!({"ID": ids[0], "STATUS": "Stop"})).await,
        json!(true)
    );
    assert_eq!(portal.fails(By::Hook, "bizproc.workflow.terminate", json!({"ID": ids[0]})).await, gone);
    assert_eq!(portal.ok(By::App, "bizproc.workflow.kill", json!({"ID": ids[1]})).await, json!(true));
    assert_eq!(portal.fails(By::App, "bizproc.workflow.kill", json!({"ID": ids[1]})).await, gone);
    assert_eq!(list(json!({})).await.as_array().unwrap().len(), 1);
    let rows = portal.store.instances(store::Query::default()).await.unwrap().rows;
    assert_eq!(rows.len(), 2, "terminated: kept; killed: erased");
}

fn log_node(text: &str) -> Json {
    json!([{"Type": "LogActivity", "Name": "A1_2_3_4", "Activated": "Y", "Properties": {"Title": "Log", "Text": text}, "Children": []}])
}

#[tokio::test]
async fn templates_of_an_app() {
    let portal = Portal::open().await;
    let data = template(log_node("one"));
    let add = |change: Json| {
        let mut params =
            json!({"DOCUMENT_TYPE": portal.document_type(), "NAME": "T", "TEMPLATE_DATA": ["t.bpt", data]});
        params.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        params
    };
    let invalid = |text: &str| format!("400 ERROR_TEMPLATE_VALIDATION_FAILURE: {text}");
    for (change, want) in [
        (json!({"DOCUMENT_TYPE": "x"}), invalid("Incorrect field DOCUMENT_TYPE!")),
        (
            json!({"DOCUMENT_TYPE": ["lists", "BizprocDocument", "iblock_99"]}),
            invalid("Incorrect field DOCUMENT_TYPE!"),
        ),
        (json!({"NAME": " "}), invalid("Empty template name!")),
        (json!({"AUTO_EXECUTE": 4}), invalid("Incorrect field AUTO_EXECUTE!")),
        (json!({"TEMPLATE_DATA": "***"}), invalid("Incorrect field TEMPLATE_DATA!")),
    ] {
        assert_eq!(portal.fails(By::App, "bizproc.workflow.template.add", add(change)).await, want);
    }
    let nonsense =
        portal.fails(By::App, "bizproc.workflow.template.add", add(json!({"TEMPLATE_DATA": "bm9uc2Vuc2U="}))).await;
    assert!(nonsense.starts_with("400 : "), "{nonsense}");

    let id = portal
        .ok(By::App, "bizproc.workflow.template.add", add(json!({"AUTO_EXECUTE": "1", "DESCRIPTION": "D"})))
        .await;
    let id = id.as_i64().expect("an int");
    let second =
        portal.ok(By::App, "bizproc.workflow.template.add", add(json!({"NAME": "S", "TEMPLATE_DATA": data}))).await;
    let all =
        json!({"SELECT": ["ID", "NAME", "DESCRIPTION", "AUTO_EXECUTE", "DOCUMENT_TYPE", "SYSTEM_CODE", "PARAMETERS"]});
    let list = portal.ok(By::Hook, "bizproc.workflow.template.list", all).await;
    assert_eq!(list.as_array().unwrap().len(), 2);
    for (key, want) in [
        ("ID", json!(id.to_string())),
        ("NAME", json!("T")),
        ("DESCRIPTION", json!("D")),
        ("AUTO_EXECUTE", json!("1")),
        ("DOCUMENT_TYPE", portal.document_type()),
        ("SYSTEM_CODE", json!(format!("rest_app_{}", portal.app.app.id.0))),
    ] {
        assert_eq!(list[0][key], want, "{key}");
    }
    assert_eq!(list[0]["PARAMETERS"]["Reason"]["Type"], "string");
    let tree =
        portal.ok(By::Hook, "bizproc.workflow.template.list", json!({"SELECT": ["TEMPLATE", "VARIABLES"]})).await;
    assert_eq!(tree[0]["TEMPLATE"][0]["Children"][0]["Properties"]["Text"], "one");
    assert_eq!(tree[0]["VARIABLES"], json!([]));
    let filtered = json!({"FILTER": {"DOCUMENT_TYPE": portal.document_type(), ">ID": id}});
    assert_eq!(
        portal.ok(By::Hook, "bizproc.workflow.template.list", filtered).await,
        json!([{"ID": second.to_string()}])
    );

    let update = |fields: Json| json!({"ID": id, "FIELDS": fields});
    for (params, want) in [
        (
            json!({"ID": 999, "FIELDS": {"NAME": "x"}}),
            "400 ERROR_TEMPLATE_NOT_FOUND: Workflow template not found.".to_owned(),
        ),
        (update(json!({"NAME": ""})), invalid("Empty template name!")),
        (update(json!({"AUTO_EXECUTE": "x"})), invalid("Incorrect field AUTO_EXECUTE!")),
        (update(json!({"TEMPLATE_DATA": "***"})), invalid("Incorrect field TEMPLATE_DATA!")),
        (update(json!({})), invalid("No fields to update.")),
        (json!({"ID": id}), invalid("No fields to update.")),
    ] {
        assert_eq!(portal.fails(By::App, "bizproc.workflow.template.update", params).await, want);
    }
    let renamed = portal.ok(By::App, "bizproc.workflow.template.update", update(json!({"name": "New"}))).await;
    assert_eq!(renamed, json!(id));
    let changed = json!({"TEMPLATE_DATA": template(log_node("two"))});
    assert_eq!(
        portal.ok(By::App, "bizproc.workflow.template.update", update(changed)).await,
        json!(id),
        "the id stays"
    );
    let list =
        portal.ok(By::Hook, "bizproc.workflow.template.list", json!({"SELECT": ["ID", "NAME", "IS_MODIFIED"]})).await;
    assert_eq!(list[0], json!({"ID": id.to_string(), "NAME": "New", "IS_MODIFIED": "Y"}));
    assert_eq!(list.as_array().unwrap().len(), 2, "one template, two versions");

    let start = |parameters: Json, document: Json| json!({"TEMPLATE_ID": id, "DOCUMENT_ID": document, "PARAMETERS": parameters});
    let missing = portal.fails(By::Hook, "bizproc.workflow.start", start(json!({}), portal.document("A").await)).await;
    assert!(missing.starts_with("400 : ") && missing.contains("Reason"), "{missing}");
    let params = start(json!({"Reason": "because", "Unknown": 1}), portal.document("B").await);
    portal.ok(By::Hook, "bizproc.workflow.start", params).await;

    assert_eq!(portal.ok(By::App, "bizproc.workflow.template.delete", json!({"ID": id})).await, Json::Null);
    let again = portal.fails(By::App, "bizproc.workflow.template.delete", json!({"ID": id})).await;
    assert_eq!(again, "400 ERROR_TEMPLATE_NOT_FOUND: Workflow template not found.");
    let foreign = waiting(&portal).await;
    assert_eq!(
        portal.fails(By::App, "bizproc.workflow.template.delete", json!({"ID": foreign})).await,
        "400 : You can delete ONLY templates created by current application"
    );
    assert_eq!(
        portal
            .fails(By::App, "bizproc.workflow.template.update", json!({"ID": foreign, "FIELDS": {"NAME": "x"}}))
            .await,
        "400 ERROR_TEMPLATE_NOT_OWNER: You can update ONLY templates created by current application"
    );
    for action in ["add", "update", "delete"] {
        let method = format!("bizproc.workflow.template.{action}");
        let want = "403 ACCESS_DENIED: Access denied! Application context required";
        assert_eq!(portal.fails(By::Hook, &method, json!({})).await, want);
        assert_eq!(portal.fails(By::AppPlain, &method, json!({})).await, "403 ACCESS_DENIED: Access denied!");
    }
}

#[tokio::test]
async fn a_template_with_unknown_nodes_is_stored_and_says_why_it_can_not_start() {
    let portal = Portal::open().await;
    let unknown = json!([{"Type": "NoSuchActivity", "Name": "A1_1_1_1", "Activated": "Y", "Properties": {"Title": "X"}, "Children": []}]);
    let params = json!({"DOCUMENT_TYPE": portal.document_type(), "NAME": "T", "TEMPLATE_DATA": template(unknown)});
    let id = portal.ok(By::App, "bizproc.workflow.template.add", params).await;
    let start = json!({"TEMPLATE_ID": id, "DOCUMENT_ID": portal.document("A").await, "PARAMETERS": {"Reason": "x"}});
    let refused = portal.fails(By::Hook, "bizproc.workflow.start", start).await;
    assert!(refused.starts_with("400 : ") && refused.contains("A1_1_1_1"), "{refused}");
}

/// The public sample of the vendor's course: accepted, run, and its message reaches the author.
#[tokio::test]
async fn the_public_sample_runs() {
    let portal = Portal::open().await;
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../formats/tests/data/bp-379.bpt");
    let data = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, std::fs::read(file).unwrap());
    let params = json!({"DOCUMENT_TYPE": portal.document_type(), "NAME": "379", "TEMPLATE_DATA": {"fileData": ["bp-379.bpt", data]}});
    let id = portal.ok(By::App, "bizproc.workflow.template.add", params).await;
    let start = json!({"TEMPLATE_ID": id, "DOCUMENT_ID": portal.document("A").await});
    portal.ok(By::Hook, "bizproc.workflow.start", start).await;
    let notes = portal.platform.notifications().list(portal.admin.id, None, 10).await.unwrap();
    assert!(!notes.is_empty(), "the message reached the record's author");
}
