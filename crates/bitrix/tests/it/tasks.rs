//! `bizproc.task.*` on the four kinds of tasks (acceptance list 8, 13).

use crate::support::process::{bpmn, task};
use crate::support::{By, Portal};
use serde_json::{Value as Json, json};

/// One task of a kind, for the plain person unless said otherwise.
async fn asked(portal: &Portal, id: &str, kind: &str, headers: &[(&str, &str)]) -> i64 {
    asked_of(portal, id, kind, "plain", headers).await
}

async fn asked_of(portal: &Portal, id: &str, kind: &str, who: &str, headers: &[(&str, &str)]) -> i64 {
    let template = portal.deploy(&bpmn(&format!("p_{id}"), &task(id, kind, who, headers), &[id])).await;
    let params = json!({"TEMPLATE_ID": template.0, "DOCUMENT_ID": portal.document(&format!("Record {id}")).await});
    portal.ok(By::Hook, "bizproc.workflow.start", params).await;
    let newest = portal.ok(By::Hook, "bizproc.task.list", json!({"SELECT": ["ID"]})).await;
    newest[0]["ID"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn the_list() {
    let portal = Portal::open().await;
    let labels = [("TaskButton1Message", "Yes!"), ("CommentRequired", "YR"), ("CommentLabelMessage", "Why")];
    let approve = asked(&portal, "approve", "approve", &labels).await;
    let own = asked_of(&portal, "review", "review", "admin", &[]).await;
    let request = asked(&portal, "request", "form", &[]).await;
    let optional = asked(&portal, "optional", "formOrRefuse", &[("TaskButtonCancelMessage", "No way")]).await;
    let list = |by: By, params: Json| {
        let portal = &portal;
        async move { portal.ok(by, "bizproc.task.list", params).await }
    };
    let all = list(By::Hook, json!({})).await;
    let ids: Vec<&str> = all.as_array().unwrap().iter().map(|r| r["ID"].as_str().unwrap()).collect();
    let want: Vec<String> = [optional, request, own, approve].iter().map(i64::to_string).collect();
    assert_eq!(ids, want, "an administrator sees all, the newest first");
    let keys: Vec<&str> = all[3].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["ID", "WORKFLOW_ID", "DOCUMENT_NAME", "NAME", "ENTITY", "DOCUMENT_ID", "DOCUMENT_URL"]);
    assert_eq!((&all[3]["DOCUMENT_NAME"], &all[3]["NAME"]), (&json!("Record approve"), &json!("Task approve")));
    assert_eq!(list(By::HookPlain, json!({})).await.as_array().unwrap().len(), 3, "a plain person sees own tasks");
    assert_eq!(list(By::HookPlain, json!({"FILTER": {"USER_ID": 2}, "START": 2})).await.as_array().unwrap().len(), 1);
    let denied = portal.fails(By::HookPlain, "bizproc.task.list", json!({"FILTER": {"USER_ID": 1}})).await;
    assert_eq!(denied, "403 ACCESS_DENIED: Access denied!");
    let bad = portal.fails(By::Hook, "bizproc.task.list", json!({"SELECT": "ID"})).await;
    assert_eq!(bad, "400 ERROR_SELECT_VALIDATION_FAILURE: Invalid data in SELECT parameter");
    for (filter, want) in [
        (json!({"STATUS": 0}), 4),
        (json!({"STATUS": 1}), 0),
        (json!({"USER_STATUS": 0, "USER_ID": 2}), 3),
        (json!({"ACTIVITY": "ReviewActivity"}), 1),
        (json!({">ID": approve, "<=ID": own}), 1),
        (json!({"NAME": "Task review", "DOCUMENT_ID": "2"}), 1),
        (json!({"WORKFLOW_ID": all[0]["WORKFLOW_ID"]}), 1),
        (json!({"MODULE_ID": "crm"}), 0),
    ] {
        let got = list(By::Hook, json!({"FILTER": filter, "SELECT": ["ID"]})).await;
        assert_eq!(got.as_array().unwrap().len(), want, "{filter}");
    }
    let select = json!({"SELECT": ["*"], "ORDER": {"ID": "ASC"}});
    let full = list(By::Hook, select).await;
    for (key, want) in [
        ("ACTIVITY", json!("ApproveActivity")),
        ("ACTIVITY_NAME", json!("approve")),
        ("MODULE_ID", json!("lists")),
        ("ENTITY", json!("BizprocDocument")),
        ("DOCUMENT_ID", json!("1")),
        ("STATUS", json!("0")),
        ("USER_ID", json!("2")),
        ("USER_STATUS", json!("0")),
        ("WORKFLOW_STARTED", json!("2025-02-05T08:58:14+03:00")),
        ("WORKFLOW_STARTED_BY", json!("1")),
        ("OVERDUE_DATE", Json::Null),
        (
            "PARAMETERS",
            json!({
                "CommentLabel": "Why", "CommentRequired": "YR", "ShowComment": "Y", "StatusYesLabel": "Yes!", "StatusNoLabel": "Reject",
            }),
        ),
    ] {
        assert_eq!(full[0][key], want, "{key}");
    }
    assert_eq!(full[1]["PARAMETERS"]["StatusOkLabel"], "OK");
    let fields = &full[2]["PARAMETERS"]["Fields"];
    assert_eq!(
        fields[0],
        json!({
            "Id": "notes", "Type": "string", "Name": "Notes", "Description": "", "Multiple": false, "Required": true,
            "Options": null, "Settings": null, "Default": null,
        })
    );
    assert_eq!(fields[4]["Options"], json!({"r": "Red", "g": "Green"}));
    assert_eq!(full[3]["ACTIVITY"], "RequestInformationOptionalActivity");
    assert_eq!(full[3]["PARAMETERS"]["StatusCancelLabel"], "No way");
}

#[tokio::test]
async fn completing() {
    let portal = Portal::open().await;
    let approve =
        asked(&portal, "approve", "approve", &[("CommentRequired", "YR"), ("CommentLabelMessage", "Why")]).await;
    let complete = |by: By, params: Json| {
        let portal = &portal;
        async move {
            let reply = portal.call(by, "bizproc.task.complete", params).await;
            if reply.status == 200 { reply.result().to_string() } else { reply.error() }
        }
    };
    for (params, want) in [
        (json!({}), "400 ERROR_TASK_VALIDATION: Empty TASK_ID"),
        (json!({"TASK_ID": approve}), "400 ERROR_TASK_VALIDATION: Incorrect task STATUS"),
        (json!({"TASK_ID": approve, "STATUS": 9}), "400 ERROR_TASK_VALIDATION: Incorrect task STATUS"),
        (json!({"TASK_ID": 1, "STATUS": 1}), "400 ERROR_TASK_NOT_FOUND: Task not found"),
        (json!({"TASK_ID": approve, "STATUS": 3}), "400 ERROR_TASK_EXECUTION: No action specified."),
        (json!({"TASK_ID": approve, "STATUS": "no"}), "400 ERROR_TASK_EXECUTION: The 'Why' field is required."),
    ] {
        assert_eq!(complete(By::HookPlain, params.clone()).await, want, "{params}");
    }
    let not_mine = complete(By::Hook, json!({"TASK_ID": approve, "STATUS": 1})).await;
    assert_eq!(not_mine, "400 ERROR_TASK_NOT_FOUND: Task not found", "an administrator can not answer for others");
    assert_eq!(complete(By::AppPlain, json!({"TASK_ID": approve, "STATUS": 2, "COMMENT": "late"})).await, "true");
    let again = complete(By::HookPlain, json!({"TASK_ID": approve, "STATUS": 1})).await;
    assert_eq!(again, "400 ERROR_TASK_COMPLETED: Task already completed");
    let row = portal
        .ok(By::HookPlain, "bizproc.task.list", json!({"SELECT": ["STATUS", "USER_STATUS"], "FILTER": {"STATUS": 2}}))
        .await;
    assert_eq!((&row[0]["STATUS"], &row[0]["USER_STATUS"]), (&json!("2"), &json!("2")));

    let review = asked(&portal, "review", "review", &[]).await;
    assert_eq!(complete(By::HookPlain, json!({"TASK_ID": review.to_string(), "STATUS": "OK"})).await, "true");

    let request = asked(&portal, "request", "form", &[]).await;
    let missing = complete(By::HookPlain, json!({"TASK_ID": request, "STATUS": 3, "FIELDS": {"amount": 1}})).await;
    assert!(missing.starts_with("400 ERROR_TASK_EXECUTION: ") && missing.contains("Notes"), "{missing}");
    let form = format!(
        "TASK_ID={request}&STATUS=3&FIELDS[NOTES]=fine&FIELDS[amount]=7&FIELDS[agree]=Y&FIELDS[day]=05.02.2025&FIELDS[color]=g"
    );
    let reply = portal.form(&format!("{}/bizproc.task.complete", portal.plain_hook), &form).await;
    assert_eq!(reply.result(), json!(true));
    let rows = portal.store.instances(store::Query::default()).await.unwrap().rows;
    let view = portal.runtime.instance(rows[0].id).await.unwrap();
    let values = model::Value::Object(std::sync::Arc::new(view.variables[0].values.clone())).to_json();
    let want = json!({"notes": "fine", "amount": 7, "agree": true, "day": "2025-02-05", "color": "g"});
    for (key, value) in want.as_object().unwrap() {
        assert_eq!(&values[key], value, "{key}: {values}");
    }

    let optional = asked(&portal, "optional", "formOrRefuse", &[]).await;
    assert_eq!(complete(By::HookPlain, json!({"TASK_ID": optional, "STATUS": "cancel"})).await, "true");
    let row = portal.ok(By::Hook, "bizproc.task.list", json!({"SELECT": ["STATUS"], "FILTER": {"ID": optional}})).await;
    assert_eq!(row[0]["STATUS"], "5");
}

#[tokio::test]
async fn delegating() {
    let portal = Portal::open().await;
    let task = asked(&portal, "t", "approve", &[]).await;
    let locked = asked(&portal, "locked", "approve", &[("DelegationType", "3")]).await;
    let delegate = |by: By, ids: Json, from: i64, to: i64| {
        let portal = &portal;
        async move {
            let params = json!({"TASK_IDS": ids, "FROM_USER_ID": from, "TO_USER_ID": to});
            let reply = portal.call(by, "bizproc.task.delegate", params).await;
            if reply.status == 200 { reply.result().to_string() } else { reply.error() }
        }
    };
    let refused = |text: &str| format!("400 ERROR_DELEGATION_NOT_ALLOWED: {text}");
    for (by, ids, from, to, want) in [
        (By::Hook, json!([]), 2, 1, "400 ERROR_TASK_VALIDATION: Invalid TASK_IDS".to_owned()),
        (By::Hook, json!([task]), 99, 1, "400 ERROR_INVALID_USER_ID: Invalid FROM_USER_ID".to_owned()),
        (By::Hook, json!([task]), 2, 99, "400 ERROR_INVALID_USER_ID: Invalid TO_USER_ID".to_owned()),
        (By::Hook, json!([task]), 1, 2, refused("User is not responsible for the task")),
        (By::Hook, json!([5]), 2, 1, refused("User is not responsible for the task")),
        (By::HookPlain, json!([task]), 1, 2, refused("User is not responsible for the task")),
        (
            By::Hook,
            json!([locked, 5]),
            2,
            1,
            refused("Task delegation is forbidden;User is not responsible for the task"),
        ),
        (By::HookPlain, json!([task]), 2, 1, "true".to_owned()),
        (By::HookPlain, json!([task]), 2, 1, refused("User is not responsible for the task")),
        (By::Hook, json!({"0": task.to_string()}), 1, 2, "true".to_owned()),
    ] {
        assert_eq!(delegate(by, ids.clone(), from, to).await, want, "{by:?} {ids} {from} {to}");
    }
    let mine = portal.ok(By::HookPlain, "bizproc.task.list", json!({"FILTER": {"ID": task}})).await;
    assert_eq!(mine.as_array().unwrap().len(), 1);
}
