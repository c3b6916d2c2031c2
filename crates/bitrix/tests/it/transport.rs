//! Addresses, decoding, the envelope, errors, batch and paging, on the real wire (acceptance list 1-5).

use crate::support::{By, Portal};
use axum::body::Body;
use axum::http::Request;
use platform::identity::NewUser;
use serde_json::{Value as Json, json};

/// Acceptance 1: one method, every way to reach it, the same answer.
#[tokio::test]
async fn every_address_and_token_place() {
    let portal = Portal::open().await;
    let token = portal.tokens.access_token.clone();
    let want = portal.get(&format!("/rest/profile?auth={token}")).await.result();
    assert_eq!(want["ADMIN"], json!(true));
    for path in ["profile", "profile/", "profile.json", "profile.json/", "/profile", "PROFILE", "Profile.JSON"] {
        for query in [format!("auth={token}"), format!("access_token={token}&bx24_request_id=1&__order=2")] {
            assert_eq!(portal.get(&format!("/rest/{path}?{query}")).await.result(), want, "{path}?{query}");
        }
        let uri = format!("/rest/{path}");
        assert_eq!(portal.form(&uri, &format!("auth={token}")).await.result(), want, "form {path}");
        assert_eq!(portal.post(&uri, json!({"auth": token})).await.result(), want, "json {path}");
        let bearer = Request::get(&uri).header("authorization", format!("Bearer {token}")).body(Body::empty()).unwrap();
        assert_eq!(portal.send(bearer).await.result(), want, "bearer {path}");
        for hook in [format!("{}/{path}", portal.hook), format!("{}//{path}", portal.hook)] {
            assert_eq!(portal.get(&hook).await.result(), want, "{hook}");
            assert_eq!(portal.post(&hook, json!({})).await.result(), want, "{hook}");
        }
    }
    let untyped = Request::post("/rest/profile").body(Body::from(format!("auth={token}"))).unwrap();
    assert_eq!(portal.send(untyped).await.result(), want);
    let broken = Request::post(format!("/rest/profile?auth={token}"))
        .header("content-type", "application/json;charset=utf-8")
        .body(Body::from("{broken"));
    assert_eq!(portal.send(broken.unwrap()).await.result(), want);
}

#[tokio::test]
async fn headers_preflight_and_xml() {
    let portal = Portal::open().await;
    let reply = portal.get("/rest/nope").await;
    assert_eq!(reply.headers["content-type"], "application/json; charset=utf-8");
    assert_eq!(reply.headers["access-control-allow-origin"], "*");
    assert_eq!(reply.headers["x-content-type-options"], "nosniff");
    let preflight = Request::options("/rest/profile").body(Body::empty()).unwrap();
    let preflight = portal.send(preflight).await;
    assert_eq!((preflight.status, preflight.text.as_str()), (204, ""));
    assert!(preflight.headers["access-control-allow-headers"].to_str().unwrap().contains("authorization"));
    let xml = portal.get(&format!("{}/scope.xml", portal.hook)).await;
    assert_eq!(xml.headers["content-type"], "application/xml; charset=utf-8");
    assert!(
        xml.text.contains("<response><result><item>bizproc</item><item>user</item></result><time>"),
        "{}",
        xml.text
    );
}

#[tokio::test]
async fn the_envelope_has_time_in_the_servers_zone() {
    let portal = Portal::open().await;
    let body = portal.get(&format!("{}/server.time", portal.hook)).await.json();
    assert_eq!(body["result"], "2025-02-05T08:58:14+03:00");
    let time = body["time"].as_object().unwrap();
    let keys: Vec<&str> = time.keys().map(String::as_str).collect();
    let all =
        ["start", "finish", "duration", "processing", "date_start", "date_finish", "operating_reset_at", "operating"];
    assert_eq!(keys, all);
    assert_eq!(time["date_start"], "2025-02-05T08:58:14+03:00");
    assert!(time["operating_reset_at"].is_i64() && time["operating"].is_f64());
}

/// Acceptance 3: errors of the transport, with their statuses.
#[tokio::test]
async fn transport_errors() {
    let portal = Portal::open().await;
    let token = portal.tokens.access_token.clone();
    let no_user = Portal::with_scopes(&["bizproc"]).await;
    for (reply, want) in [
        (portal.get("/rest/profile").await, "401 NO_AUTH_FOUND: Wrong authorization data"),
        (portal.get("/rest/profile?auth=").await, "401 NO_AUTH_FOUND: Wrong authorization data"),
        (portal.get("/rest/profile?auth[access_token]=x").await, "401 NO_AUTH_FOUND: Wrong authorization data"),
        (portal.get("/rest/profile?auth=wrong").await, "401 invalid_token: Unable to get application by token"),
        (portal.get("/rest/1/wrongsecret/profile").await, "401 INVALID_CREDENTIALS: Invalid request credentials"),
        (portal.get("/rest/999/wrongsecret/profile").await, "401 INVALID_CREDENTIALS: Invalid request credentials"),
        (portal.get(&format!("/rest/no.such?auth={token}")).await, "404 ERROR_METHOD_NOT_FOUND: Method not found!"),
        (
            portal.get(&format!("/rest/bizproc.nope?auth={token}")).await,
            "404 ERROR_METHOD_NOT_FOUND: Method not found!",
        ),
        (portal.get(&format!("/rest/a%20b?auth={token}")).await, "404 ERROR_METHOD_NOT_FOUND: Method not found!"),
        (portal.get(&format!("{}/no.such", portal.hook)).await, "404 ERROR_METHOD_NOT_FOUND: Method not found!"),
        (portal.get("/rest/api/v3/users").await, "404 ERROR_METHOD_NOT_FOUND: Method not found!"),
        (portal.get("/rest/").await, "404 ERROR_METHOD_NOT_FOUND: Method not found!"),
        (portal.get("/rest").await, "404 ERROR_METHOD_NOT_FOUND: Method not found!"),
        (
            no_user.call(By::Hook, "user.current", json!({})).await,
            "403 insufficient_scope: The request requires higher privileges than provided by the webhook token",
        ),
        (
            no_user.call(By::App, "user.current", json!({})).await,
            "403 insufficient_scope: The request requires higher privileges than provided by the access token",
        ),
        (portal.get(&format!("/rest/batch?auth={token}")).await, "400 ERROR_ARGUMENT: Argument 'cmd' is null or empty"),
        (
            portal.get(&format!("/rest/profile?auth={token}&a{}=1", "[x]".repeat(64))).await,
            "400 ERROR_ARGUMENT: the request is nested deeper than 64 levels",
        ),
        (
            portal.post("/rest/profile", json!({"x": "y".repeat(4 << 20)})).await,
            "413 ERROR_ARGUMENT: The request is too large",
        ),
    ] {
        assert_eq!(reply.error(), want);
    }
    let put = Request::put("/rest/profile").body(Body::empty()).unwrap();
    assert_eq!(portal.send(put).await.status, 405);
    portal.clock.advance_ms(3_601_000);
    assert_eq!(
        portal.get(&format!("/rest/profile?auth={token}")).await.error(),
        "401 expired_token: The access token provided has expired."
    );
    let patch = platform::identity::UserPatch { active: Some(false), ..Default::default() };
    portal.platform.users().update(portal.plain.id, patch).await.unwrap();
    assert_eq!(
        portal.get(&format!("{}/profile", portal.plain_hook)).await.error(),
        "401 authorization_error: Unable to authorize user"
    );
}

/// Acceptance 2: a form, JSON, multipart and a batch command give the same parameters.
#[tokio::test]
async fn the_same_parameters_by_every_encoding() {
    let portal = Portal::open().await;
    let hook = &portal.hook;
    let want = portal.post(&format!("{hook}/user.get"), json!({"FILTER": {"ID": [1, 2], ">ID": 0}})).await.result();
    assert_eq!(want.as_array().unwrap().len(), 2);
    let form = "FILTER[ID][]=1&FILTER[ID][]=2&FILTER[%3EID]=0";
    assert_eq!(portal.form(&format!("{hook}/user.get"), form).await.result(), want);
    assert_eq!(portal.get(&format!("{hook}/user.get?{form}")).await.result(), want);
    assert_eq!(portal.get(&format!("{hook}/user.get?ID[0]=1&ID[1]=2")).await.result(), want);
    let multipart = "--b\r\nContent-Disposition: form-data; name=\"FILTER[ID][0]\"\r\n\r\n1\r\n\
                     --b\r\nContent-Disposition: form-data; name=\"FILTER[ID][1]\"\r\n\r\n2\r\n--b--\r\n";
    let request = Request::post(format!("{hook}/user.get")).header("content-type", "multipart/form-data; boundary=b");
    assert_eq!(portal.send(request.body(Body::from(multipart)).unwrap()).await.result(), want);
    let large = format!(
        "--b\r\nContent-Disposition: form-data; name=\"ID\"\r\n\r\n2\r\n--b\r\nContent-Disposition: form-data; \
         name=\"file\"; filename=\"f.bin\"\r\n\r\n{}\r\n--b--\r\n",
        "x".repeat(3 << 20)
    );
    let request = Request::post(format!("{hook}/user.get")).header("content-type", "multipart/form-data; boundary=b");
    assert_eq!(portal.send(request.body(Body::from(large)).unwrap()).await.result()[0]["ID"], "2");
    let batch = portal.post(&format!("{hook}/batch"), json!({"cmd": {"u": format!("user.get?{form}")}})).await;
    assert_eq!(batch.result()["result"]["u"], want);
    let over_query = portal.post(&format!("{hook}/user.get?ID=1"), json!({"ID": 2})).await.result();
    assert_eq!(over_query[0]["ID"], "2");
}

/// Acceptance 4.
#[tokio::test]
async fn batches() {
    let portal = Portal::open().await;
    let batch = |body: Json| {
        let uri = format!("{}/batch", portal.hook);
        let portal = &portal;
        async move { portal.post(&uri, body).await.result() }
    };
    let list = batch(json!({"cmd": ["user.admin", "server.time"]})).await;
    assert_eq!(list["result"], json!([true, "2025-02-05T08:58:14+03:00"]));
    for empty in ["result_error", "result_total", "result_next"] {
        assert_eq!(list[empty], json!([]), "{empty}");
    }
    assert_eq!(list["result_time"].as_array().unwrap().len(), 2);

    let map = batch(json!({"cmd": {"10": "user.admin", "2": "no.such", "1": "user.get?start=0", "x": 5}})).await;
    let order = |part: &str| map[part].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(order("result"), ["10", "1"]);
    assert_eq!(order("result_time"), ["10", "1"]);
    assert_eq!(
        map["result_error"]["2"],
        json!({"error": "ERROR_METHOD_NOT_FOUND", "error_description": "Method not found!"})
    );
    assert_eq!(map["result_total"], json!({"1": 2}));

    let gap = batch(json!({"cmd": ["user.admin", "no.such", "user.admin"]})).await;
    assert_eq!(gap["result"], json!({"0": true, "2": true}));

    for halt in [json!(1), json!("1"), json!(true), json!("True")] {
        let halted = batch(json!({"halt": halt, "cmd": {"a": "user.admin", "b": "no.such", "c": "user.admin"}})).await;
        assert_eq!(halted["result"], json!({"a": true}));
        assert_eq!(halted["result_error"].as_object().unwrap().len(), 1);
    }

    let nested = batch(json!({"cmd": {"n": "batch?cmd[0]=user.admin"}})).await;
    assert_eq!(nested["result_error"]["n"]["error"], "ERROR_BATCH_METHOD_NOT_ALLOWED");

    let many: Vec<String> = (0..51).map(|_| "user.admin".to_owned()).collect();
    let many = batch(json!({"cmd": many})).await;
    assert_eq!(many["result"].as_array().unwrap().len(), 50);
    let past = json!({"error": "ERROR_BATCH_LENGTH_EXCEEDED", "error_description": "Max batch length exceeded"});
    assert_eq!(many["result_error"], json!({"50": past}));

    let form = "cmd[me]=user.current&cmd[again]=user.get%3FID%3D%2524result%255Bme%255D%255BID%255D&halt=0";
    let reply = portal.form(&format!("{}/batch.json", portal.hook), form).await.result();
    assert_eq!(reply["result"]["again"][0]["ID"], reply["result"]["me"]["ID"]);
    let refs = batch(json!({"cmd": {
        "all": "user.get?ORDER=ASC&sort=ID",
        "typed": "user.get?ID=$result[all][1]&auth=ignored",
        "last": "user.get?FILTER%5B%3EID%5D=$result[all][49][ID]&start=-1",
        "text": "user.get?EMAIL=$result[all][1][NAME]@example.com&__order=7&",
    }}))
    .await;
    assert_eq!(refs["result"]["last"], json!([]));
    assert_eq!(refs["result"]["typed"], json!([]), "a map compares with nothing");
    assert_eq!(refs["result_error"], json!([]));
}

/// Acceptance 5: pages of 50, `start=-1`, and the walk by `>ID`.
#[tokio::test]
async fn paging() {
    let portal = Portal::open().await;
    for n in 0..118 {
        let new = NewUser { login: format!("user{n}"), ..NewUser::default() };
        portal.platform.users().create(new).await.unwrap();
    }
    for (start, rows, total, next) in [
        ("", 50, json!(120), json!(50)),
        ("start=50&", 50, json!(120), json!(100)),
        ("START=100&", 20, json!(120), Json::Null),
        ("start=7&", 50, json!(120), json!(57)),
        ("start=500&", 0, json!(120), Json::Null),
        ("start=-1&", 50, json!(0), Json::Null),
    ] {
        let body = portal.get(&format!("{}/user.get?{start}", portal.hook)).await.json();
        assert_eq!(body["result"].as_array().unwrap().len(), rows, "{start}");
        assert_eq!((&body["total"], body.get("next").unwrap_or(&Json::Null)), (&total, &next), "{start}");
    }
    let (mut last, mut seen) = ("0".to_owned(), 0);
    loop {
        let query = format!("start=-1&sort=ID&order=ASC&FILTER[%3EID]={last}");
        let page = portal.get(&format!("{}/user.get?{query}", portal.hook)).await.result();
        let page = page.as_array().unwrap();
        seen += page.len();
        let Some(row) = page.last() else { break };
        last = row["ID"].as_str().unwrap().to_owned();
    }
    assert_eq!(seen, 120);
}

#[tokio::test]
async fn service_methods() {
    let portal = Portal::with_scopes(&["bizproc", "user"]).await;
    let by_app = portal.ok(By::App, "app.info", json!({})).await;
    assert_eq!(by_app["CODE"], portal.app.app.client_id.as_str());
    assert_eq!(by_app["STATUS"], "L");
    assert_eq!(by_app["install"]["domain"], "portal.test:8080");
    assert_eq!(by_app["expires"], "2025-02-05T09:58:14+03:00");
    let by_hook = portal.ok(By::Hook, "app.info", json!({})).await;
    assert_eq!(by_hook, json!({"SCOPE": ["bizproc", "user"], "LICENSE": "en_nfr"}));
    assert_eq!(portal.ok(By::HookPlain, "scope", json!({})).await, json!(["bizproc", "user"]));
    assert!(portal.ok(By::App, "scope", json!({"full": true})).await.as_array().unwrap().len() > 10);
    let base = portal.ok(By::App, "methods", json!({"scope": ""})).await;
    assert!(base.as_array().unwrap().contains(&json!("app.info")) && !base.to_string().contains("bizproc."));
    let names = portal.ok(By::App, "methods", json!({"scope": "bizproc"})).await;
    for name in ["bizproc.task.complete", "bizproc.workflow.instance.list", "bizproc.robot.list", "bizproc.event.send"]
    {
        assert!(names.as_array().unwrap().contains(&json!(name)), "{name}");
    }
    for (name, want) in [
        ("BizProc.Task.List", json!({"isExisting": true, "isAvailable": true})),
        ("no.such", json!({"isExisting": false, "isAvailable": false})),
        ("", json!({"isExisting": false, "isAvailable": false})),
    ] {
        assert_eq!(portal.ok(By::App, "method.get", json!({"name": name})).await, want);
    }
    assert_eq!(portal.ok(By::HookPlain, "user.admin", json!({})).await, json!(false));
    assert_eq!(portal.ok(By::HookPlain, "user.access", json!({"ACCESS": ["G1", "U99"]})).await, json!(false));
    assert_eq!(portal.ok(By::Hook, "user.access", json!({"ACCESS": "G1"})).await, json!(true));
    assert_eq!(portal.fails(By::Hook, "feature.get", json!({})).await, "400 CODE_EMPTY: CODE can't be empty");
    assert_eq!(portal.ok(By::Hook, "access.name", json!({})).await, json!(false));
    let names = portal.ok(By::Hook, "access.name", json!({"ACCESS": ["U2", "AU", "X9"]})).await;
    assert_eq!(names["U2"]["name"], "PLAIN Tester");
    assert_eq!(names.as_object().unwrap().len(), 2);
    let brief = Portal::with_scopes(&["user_brief"]).await;
    let me = brief.ok(By::Hook, "user.current", json!({})).await;
    assert!(me.get("EMAIL").is_none() && me["ACTIVE"] == json!(true), "{me}");
}
