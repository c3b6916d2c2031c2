//! `bizproc.activity.*`, `bizproc.robot.*` and the handler call (acceptance list 8-10).

use crate::support::app::TestApp;
use crate::support::process::{bpmn, service};
use crate::support::{By, Portal};
use serde_json::{Value as Json, json};

fn md5(handler: &str) -> Json {
    json!({
        "CODE": "md5",
        "HANDLER": handler,
        "AUTH_USER_ID": 1,
        "USE_SUBSCRIPTION": "Y",
        "NAME": {"ru": "MD5 генератор", "en": "MD5 generator"},
        "PROPERTIES": {"inputString": {
            "Name": {"ru": "Входная строка", "en": "Input string"}, "Type": "string", "Required": "Y",
            "Multiple": "N", "Default": "{=Document:NAME}",
        }},
        "RETURN_PROPERTIES": {"outputString": {"Name": {"en": "MD5"}, "Type": "string", "Multiple": "N", "Default": null}},
    })
}

fn with(mut base: Json, change: Json) -> Json {
    let map = base.as_object_mut().unwrap();
    for (key, value) in change.as_object().unwrap() {
        if value == "<none>" {
            map.shift_remove(key);
        } else {
            map.insert(key.clone(), value.clone());
        }
    }
    base
}

#[tokio::test]
async fn registration() {
    let portal = Portal::open().await;
    for kind in ["activity", "robot"] {
        let add = |change: Json| (format!("bizproc.{kind}.add"), with(md5("https://app.example.com/h.php"), change));
        let table = [
            (json!({"CODE": "<none>"}), "ERROR_ACTIVITY_VALIDATION_FAILURE: Empty activity code!"),
            (json!({"CODE": "a b"}), "ERROR_ACTIVITY_VALIDATION_FAILURE: Wrong activity code!"),
            (
                json!({"CODE": "x", "HANDLER": "ftp://app.example.com/"}),
                "ERROR_UNSUPPORTED_PROTOCOL: Unsupported handler protocol",
            ),
            (json!({"CODE": "x", "HANDLER": ""}), "ERROR_WRONG_HANDLER_URL: Wrong handler URL"),
            (json!({"CODE": "x", "HANDLER": "http://localhost/"}), "ERROR_WRONG_HANDLER_URL: Wrong handler URL"),
            (json!({"CODE": "x", "NAME": {"ru": ""}}), "ERROR_ACTIVITY_VALIDATION_FAILURE: Empty activity NAME!"),
            (json!({"CODE": "x", "PROPERTIES": "text"}), "ERROR_ACTIVITY_VALIDATION_FAILURE: Wrong properties array!"),
            (
                json!({"CODE": "x", "NAME": "", "PROPERTIES": "text"}),
                "ERROR_ACTIVITY_VALIDATION_FAILURE: Empty activity NAME!",
            ),
            (
                json!({"CODE": "x", "PROPERTIES": {"1a": {"Name": "A"}}}),
                "ERROR_ACTIVITY_VALIDATION_FAILURE: Wrong property key (1a)!",
            ),
            (
                json!({"CODE": "x", "RETURN_PROPERTIES": {"a": {"Type": "int"}}}),
                "ERROR_ACTIVITY_VALIDATION_FAILURE: Empty property NAME (a)!",
            ),
            (
                json!({"CODE": "x", "DOCUMENT_TYPE": ["lists", "", "x"]}),
                "ERROR_ACTIVITY_VALIDATION_FAILURE: Wrong activity DOCUMENT_TYPE!",
            ),
            (json!({"CODE": "x", "FILTER": "b24"}), "ERROR_ACTIVITY_VALIDATION_FAILURE: Wrong activity FILTER!"),
            (json!({"CODE": "x", "USE_PLACEMENT": "Y"}), "ERROR_WRONG_HANDLER_URL: Wrong handler URL"),
        ];
        for (change, want) in table {
            let (method, params) = add(change.clone());
            assert_eq!(portal.fails(By::App, &method, params).await, format!("400 {want}"), "{kind} {change}");
        }
        let method = format!("bizproc.{kind}.add");
        assert_eq!(
            portal.fails(By::App, &method, json!({})).await,
            "400 ERROR_ACTIVITY_VALIDATION_FAILURE: Empty data!"
        );
        assert_eq!(portal.ok(By::App, &format!("bizproc.{kind}.list"), json!({})).await, json!([]));
    }
    assert_eq!(portal.ok(By::App, "bizproc.activity.add", md5("https://app.example.com/h")).await, json!(true));
    let again = "400 ERROR_ACTIVITY_ALREADY_INSTALLED: Activity or Robot already installed!";
    for method in ["bizproc.activity.add", "bizproc.robot.add"] {
        assert_eq!(portal.fails(By::App, method, md5("https://app.example.com/h")).await, again);
    }
    let robot = json!({"code": "r.2", "handler": "http://10.0.0.1:80/h", "name": "Robot", "properties": [], "filter": {"include": [["crm"]]}});
    assert_eq!(portal.ok(By::App, "bizproc.robot.add", robot).await, json!(true));
    assert_eq!(portal.ok(By::App, "bizproc.activity.list", json!({})).await, json!(["md5"]));
    assert_eq!(portal.ok(By::App, "bizproc.robot.list", json!({})).await, json!(["r.2"]));

    let missing = "400 ERROR_ACTIVITY_NOT_FOUND: Activity or Robot not found!";
    let nothing = "400 ERROR_ACTIVITY_VALIDATION_FAILURE: No fields to update";
    for (method, params, want) in [
        ("bizproc.activity.update", json!({"CODE": "r.2", "FIELDS": {"NAME": "x"}}), missing),
        ("bizproc.robot.update", json!({"CODE": "md5", "FIELDS": {"NAME": "x"}}), missing),
        ("bizproc.activity.update", json!({"CODE": "md5", "FIELDS": {"NOPE": "x"}}), nothing),
        ("bizproc.activity.update", json!({"CODE": "md5"}), nothing),
        (
            "bizproc.activity.update",
            json!({"FIELDS": {"NAME": "x"}}),
            "400 ERROR_ACTIVITY_VALIDATION_FAILURE: Empty activity code!",
        ),
        (
            "bizproc.activity.update",
            json!({"CODE": "md5", "FIELDS": {"NAME": ""}}),
            "400 ERROR_ACTIVITY_VALIDATION_FAILURE: Empty activity NAME!",
        ),
        (
            "bizproc.activity.update",
            json!({"CODE": "md5", "FIELDS": {"HANDLER": "x"}}),
            "400 ERROR_WRONG_HANDLER_URL: Wrong handler URL",
        ),
        ("bizproc.robot.delete", json!({"CODE": "md5"}), missing),
        (
            "bizproc.activity.delete",
            json!({"CODE": "?"}),
            "400 ERROR_ACTIVITY_VALIDATION_FAILURE: Wrong activity code!",
        ),
        ("bizproc.activity.delete", json!({}), "400 ERROR_ACTIVITY_VALIDATION_FAILURE: Empty activity code!"),
    ] {
        assert_eq!(portal.fails(By::App, method, params.clone()).await, want, "{method} {params}");
    }
    let fields = json!({"USE_SUBSCRIPTION": false, "name": {"en": "New"}, "RETURN_PROPERTIES": {"n": {"NAME": "N", "type": "int"}}});
    assert_eq!(
        portal.ok(By::App, "bizproc.activity.update", json!({"CODE": "md5", "FIELDS": fields})).await,
        json!(true)
    );
    let kept = portal.platform.activities().list(None).await.unwrap().into_iter().find(|a| a.code == "md5").unwrap();
    assert_eq!(kept.spec.use_subscription, Some(false));
    assert_eq!(kept.spec.name.get("ru"), "New");
    assert!(kept.spec.properties.contains_key("inputString"), "fields that are not named are kept");
    assert_eq!(kept.spec.return_properties["n"].kind, "int");
    assert_eq!(portal.ok(By::App, "bizproc.activity.delete", json!({"CODE": "md5"})).await, json!(true));
    assert_eq!(portal.ok(By::App, "bizproc.activity.list", json!({})).await, json!([]));
}

#[tokio::test]
async fn registration_is_for_administrators_apps() {
    let portal = Portal::open().await;
    for kind in ["activity", "robot"] {
        for action in ["add", "update", "list", "delete"] {
            let method = format!("bizproc.{kind}.{action}");
            for by in [By::Hook, By::HookPlain] {
                let want = "403 ACCESS_DENIED: Access denied! Application context required";
                assert_eq!(portal.fails(by, &method, json!({"CODE": "x"})).await, want, "{method} {by:?}");
            }
            let plain = portal.fails(By::AppPlain, &method, json!({"CODE": "x"})).await;
            assert_eq!(plain, "403 ACCESS_DENIED: Access denied!", "{method}");
        }
    }
}

struct Running {
    portal: Portal,
    app: TestApp,
    workflow: String,
}

/// The md5 activity registered, placed in a process, and the process started for a record by REST.
async fn run(change: Json, inputs: &[(&str, &str)], headers: &[(&str, &str)]) -> Running {
    run_with(change, inputs, headers, |_| ()).await
}

async fn run_with(
    change: Json,
    inputs: &[(&str, &str)],
    headers: &[(&str, &str)],
    prepare: impl Fn(&TestApp),
) -> Running {
    let portal = Portal::open().await;
    let app = TestApp::open().await;
    prepare(&app);
    portal.ok(By::App, "bizproc.activity.add", with(md5(&app.url), change)).await;
    let job_type = portal.platform.activities().list(None).await.unwrap()[0].job_type();
    let mut headers = headers.to_vec();
    headers.push(("resultVariable", "md5"));
    let step = service("Md5", &job_type, inputs, &headers);
    let xml = bpmn("p", &format!("{step}{}", service("Wait", "external", &[], &[])), &["Md5", "Wait"]);
    let template = portal.deploy(&xml).await;
    let start = json!({"TEMPLATE_ID": template.0, "DOCUMENT_ID": portal.document("Order 1 & Ко").await});
    let workflow = portal.ok(By::Hook, "bizproc.workflow.start", start).await.as_str().unwrap().to_owned();
    Running { portal, app, workflow }
}

const INPUT: &[(&str, &str)] = &[("inputString", "{=Document:NAME}")];

impl Running {
    /// The variable `md5` of the instance.
    async fn result(&self) -> Json {
        let row = self.portal.store.instances(store::Query::default()).await.unwrap().rows.remove(0);
        let view = self.portal.runtime.instance(row.id).await.unwrap();
        view.variables[0].values.get("md5").map_or(Json::Null, model::Value::to_json)
    }

    async fn history(&self) -> String {
        let row = self.portal.store.instances(store::Query::default()).await.unwrap().rows.remove(0);
        let entries = self.portal.runtime.history(row.id).await.unwrap();
        entries.iter().map(|e| e.event.to_string()).collect::<Vec<_>>().join("\n")
    }
}

/// Acceptance 9: the handler gets the exact POST, and its form answer resumes the step.
#[tokio::test]
async fn the_md5_story() {
    let running = run(json!({}), INPUT, &[]).await;
    let portal = &running.portal;
    let posted = running.app.next().await;
    assert_eq!(posted.content_type, "application/x-www-form-urlencoded");
    let got = &posted.fields;
    let keys: Vec<&str> = got.as_object().unwrap().keys().map(String::as_str).collect();
    let want = [
        "workflow_id",
        "code",
        "document_id",
        "document_type",
        "event_token",
        "properties",
        "use_subscription",
        "timeout_duration",
        "ts",
        "auth",
    ];
    assert_eq!(keys, want);
    for (key, want) in [
        ("workflow_id", json!(running.workflow)),
        ("code", json!("md5")),
        ("document_id", json!(["lists", "BizprocDocument", "1"])),
        ("document_type", portal.document_type()),
        ("properties", json!({"inputString": "Order 1 & Ко"})),
        ("use_subscription", json!("Y")),
        ("timeout_duration", json!("0")),
        ("ts", json!("1738735094")),
    ] {
        assert_eq!(got[key], want, "{key}");
    }
    let auth = &got["auth"];
    for (key, want) in [
        ("expires", "1738738694"),
        ("expires_in", "3600"),
        ("scope", "bizproc,user"),
        ("domain", "portal.test:8080"),
        ("server_endpoint", "http://portal.test:8080/rest/"),
        ("client_endpoint", "http://portal.test:8080/rest/"),
        ("status", "L"),
        ("user_id", "1"),
        ("application_token", portal.app.app.application_token.as_str()),
    ] {
        assert_eq!(auth[key], want, "auth[{key}]");
    }
    assert_eq!(auth["member_id"].as_str().unwrap().len(), 32);
    let token = got["event_token"].as_str().unwrap();
    let (facts, signature) = token.rsplit_once('.').unwrap();
    assert!(facts.starts_with(&format!("{}|Md5|", running.workflow)) && signature.len() == 64 && token.len() < 255);

    let access = auth["access_token"].as_str().unwrap();
    let token = form_escape(token);
    let log = format!("auth={access}&event_token={token}&log_message=half+way");
    assert_eq!(portal.form("/rest/bizproc.activity.log.json", &log).await.result(), json!(true));
    let answer = format!(
        "auth={access}&event_token={token}&log_message=done&return_values[outputString]=abc&return_values[x]=1"
    );
    assert_eq!(portal.form("/rest/bizproc.event.send.json", &answer).await.result(), json!(true));
    assert_eq!(running.result().await["outputString"], "abc");
    assert!(running.result().await.get("x").is_none(), "what is not declared is dropped");
    let history = running.history().await;
    assert!(history.contains("half way") && history.contains("done"), "{history}");
}

fn form_escape(text: &str) -> String {
    bitrix::wire::form::escape(text)
}

/// Acceptance 10: double and late answers, wrong signatures, answers to what is gone.
#[tokio::test]
async fn answers_that_come_twice_late_or_wrong() {
    let running = run(json!({}), INPUT, &[]).await;
    let portal = &running.portal;
    let token = running.app.next().await.fields["event_token"].as_str().unwrap().to_owned();
    let answer = |value: &str| json!({"EVENT_TOKEN": token, "RETURN_VALUES": {"OUTPUTSTRING": value}});
    let denied = "403 ACCESS_DENIED: Access denied!";
    for bad in ["", "x", "a|b|c.d", &token.replace("Md5", "Md6"), &format!("{token}0")] {
        for method in ["bizproc.event.send", "bizproc.activity.log"] {
            assert_eq!(portal.fails(By::App, method, json!({"EVENT_TOKEN": bad})).await, denied, "{method} {bad}");
        }
    }
    assert_eq!(
        portal.fails(By::App, "bizproc.activity.log", json!({"EVENT_TOKEN": token})).await,
        "400 ERROR_EMPTY_LOG_MESSAGE: Empty log message!"
    );
    // The token gives the right, not the caller: a plain person by webhook, and through a batch.
    assert_eq!(portal.ok(By::HookPlain, "bizproc.event.send", answer("first")).await, json!(true));
    let batch = format!("bizproc.event.send?EVENT_TOKEN={}&RETURN_VALUES[outputString]=second", form_escape(&token));
    let batch = portal.ok(By::Hook, "batch", json!({"cmd": [batch]})).await;
    assert_eq!((&batch["result"], &batch["result_error"]), (&json!([true]), &json!([])));
    assert_eq!(running.result().await["outputString"], "first", "exactly one answer counts");
    let killed = portal.ok(By::Hook, "bizproc.workflow.kill", json!({"ID": running.workflow})).await;
    assert_eq!(killed, json!(true));
    assert_eq!(
        portal.fails(By::App, "bizproc.event.send", answer("third")).await,
        "400 404: The business process is not found."
    );
}

/// Acceptance 10: a handler that answers the step first and never its own request.
#[tokio::test]
async fn an_answer_before_the_handlers_own_reply() {
    let running = run_with(json!({}), INPUT, &[], TestApp::never_answer).await;
    let token = running.app.next().await.fields["event_token"].clone();
    let answer = json!({"event_token": token, "return_values": {"outputString": "early"}});
    assert_eq!(running.portal.ok(By::App, "bizproc.event.send", answer).await, json!(true));
    assert_eq!(running.result().await["outputString"], "early");
}

/// Contract 2.4: exactly one answer resumes the step, also when several come at once.
#[tokio::test]
async fn answers_at_once() {
    let running = run(json!({}), INPUT, &[]).await;
    let token = running.app.next().await.fields["event_token"].clone();
    let answer = |value: &str| {
        let params = json!({"event_token": token, "return_values": {"outputString": value}, "log_message": value});
        running.portal.ok(By::App, "bizproc.event.send", params)
    };
    let all = tokio::join!(answer("first"), answer("second"), answer("third"), answer("fourth"));
    assert_eq!(all, (json!(true), json!(true), json!(true), json!(true)));
    let won = running.result().await["outputString"].as_str().unwrap().to_owned();
    let history = running.history().await;
    let heard = ["first", "second", "third", "fourth"].iter().filter(|v| history.contains(&format!("\"{v}\""))).count();
    assert_eq!(heard, 1, "only `{won}` left a trace: {history}");
}

/// Acceptance 10: the server dies while the answer is outstanding.
#[tokio::test]
async fn an_answer_after_a_restart() {
    let mut running = run(json!({}), INPUT, &[]).await;
    let token = running.app.next().await.fields["event_token"].clone();
    running.portal.restart().await;
    let answer = json!({"event_token": token, "return_values": {"outputString": "kept"}});
    assert_eq!(running.portal.ok(By::App, "bizproc.event.send", answer).await, json!(true));
    assert_eq!(running.result().await["outputString"], "kept");
}

/// Contract 3.5: a step that waited long enough closes with `IsTimeout`; the late answer is taken and has no effect.
#[tokio::test]
async fn a_step_that_times_out() {
    let headers = [("TimeoutDuration", "2"), ("TimeoutDurationType", "m")];
    let running = run(json!({}), INPUT, &headers).await;
    let posted = running.app.next().await;
    assert_eq!(posted.fields["timeout_duration"], "120");
    let mut changes = running.portal.platform.live().subscribe();
    running.portal.clock.advance_ms(121_000);
    while running.result().await.is_null() {
        changes.recv().await.unwrap();
    }
    assert_eq!(running.result().await["IsTimeout"], 1);
    let late = json!({"event_token": posted.fields["event_token"], "return_values": {"outputString": "late"}});
    assert_eq!(running.portal.ok(By::App, "bizproc.event.send", late).await, json!(true));
    assert_ne!(running.result().await["outputString"], "late");
}

/// Contract 2.3: after a deletion the step fails with a message that names the code; after an update the new handler is
/// called.
#[tokio::test]
async fn a_deleted_activity_becomes_an_incident() {
    let running = run(json!({}), INPUT, &[]).await;
    running.app.next().await;
    let portal = &running.portal;
    portal.ok(By::App, "bizproc.activity.delete", json!({"CODE": "md5"})).await;
    let template = portal.store.definitions(store::Query::default()).await.unwrap().rows[0].id.0;
    let start = json!({"TEMPLATE_ID": template, "DOCUMENT_ID": portal.document("B").await});
    portal.ok(By::Hook, "bizproc.workflow.start", start).await;
    let incidents = portal.runtime.incidents(Some(true), None, runtime::Page::default()).await.unwrap().items;
    assert_eq!((incidents.len(), incidents[0].code.as_str()), (1, "RUN-0011"));
    portal.ok(By::App, "bizproc.activity.add", md5(&running.app.url)).await;
    let actor = platform::Actor::session(portal.admin.clone());
    portal.runtime.retry_incident(&actor, incidents[0].id).await.unwrap();
    let posted = running.app.next().await;
    assert_eq!(posted.fields["properties"]["inputString"], "B", "a new registration revives the node");
}

/// Contract 3.5: a 5xx is tried again with the same event token and fresh tokens; 2xx-4xx are not.
#[tokio::test]
async fn tries_carry_the_same_event_token() {
    let running = run(json!({}), INPUT, &[]).await;
    running.app.answer_with(500);
    let first = running.app.next().await;
    running.app.answer_with(404);
    // The gap before the second try is two seconds at most, and counts from when the first is recorded.
    let id = running.portal.store.instances(store::Query::default()).await.unwrap().rows[0].id;
    while running.portal.runtime.calls(id).await.unwrap().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    running.portal.clock.advance_ms(2_000);
    let second = running.app.next().await;
    assert_eq!(second.fields["event_token"], first.fields["event_token"]);
    assert_ne!(second.fields["ts"], first.fields["ts"]);
    assert_ne!(second.fields["auth"]["access_token"], first.fields["auth"]["access_token"]);
}

#[tokio::test]
async fn a_step_that_does_not_wait_and_typed_properties() {
    let change = json!({
        "USE_SUBSCRIPTION": "N",
        "PROPERTIES": {
            "s": {"Name": "s"}, "many": {"Name": "m", "Type": "string", "Multiple": "Y"}, "b": {"Name": "b", "Type": "bool"},
            "d": {"Name": "d", "Type": "date"}, "n": {"Name": "n", "Type": "double"}, "nothing": {"Name": "x"},
        },
        "RETURN_PROPERTIES": {"out": {"Name": "o", "Default": "none"}},
    });
    let inputs = [
        ("n", "=1.5"),
        ("s", "plain"),
        ("many", "=[&quot;a&quot;]"),
        ("b", "=1 = 1"),
        ("d", "=date(&quot;2025-02-05&quot;)"),
    ];
    let running = run(change, &inputs, &[]).await;
    let posted = running.app.next().await;
    assert_eq!(posted.fields["use_subscription"], "N");
    let want = json!({"s": "plain", "many": ["a"], "b": "Y", "d": "05.02.2025", "n": "1.5", "nothing": ""});
    assert_eq!(posted.fields["properties"].to_string(), want.to_string(), "in declared order");
    assert_eq!(running.result().await["out"], "none");
}
