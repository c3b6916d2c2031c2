//! Signing in, the session's cookie, CSRF, API tokens, and requests that can not be read.

use crate::world::{World, request};
use axum::body::Body;
use axum::http::{StatusCode, header};
use platform::identity::UserPatch;
use serde_json::{Value, json};

async fn with_password(world: &World) {
    let patch = UserPatch { password: Some("correct horse".into()), ..UserPatch::default() };
    world.platform.users().update(world.ann.id, patch).await.unwrap();
}

fn sign_in(password: &str) -> axum::http::Request<Body> {
    let body = json!({"login": "Ann", "password": password}).to_string();
    request("POST /session").header(header::CONTENT_TYPE, "application/json").body(body.into()).unwrap()
}

#[tokio::test]
async fn a_session_from_sign_in_to_sign_out() {
    let world = World::at("https://ruslo.example.com").await;
    with_password(&world).await;
    world.send(sign_in("wrong horse")).await.fault(401, "IDN-0002");
    let answer = world.send(sign_in("correct horse")).await;
    let set = answer.headers[header::SET_COOKIE].to_str().unwrap().to_owned();
    for part in ["; HttpOnly", "; SameSite=Strict", "; Path=/", "; Max-Age=604800", "; Secure"] {
        assert!(set.contains(part), "{set}");
    }
    let cookie = set.split(';').next().unwrap().to_owned();
    let info = answer.expect(200);
    assert_eq!((&info["user"]["login"], &info["user"]["role"]), (&json!("ann"), &json!("employee")));
    assert_eq!(info["server"]["publicUrl"], "https://ruslo.example.com");
    let csrf = info["csrfToken"].as_str().unwrap().to_owned();

    let again = request("GET /session").header(header::COOKIE, &cookie).body(Body::empty()).unwrap();
    assert_eq!(world.send(again).await.expect(200)["csrfToken"], csrf, "the token is the same after a reload");

    let change = |csrf: Option<&str>| {
        let mut request =
            request("PATCH /me").header(header::COOKIE, &cookie).header(header::CONTENT_TYPE, "application/json");
        if let Some(token) = csrf {
            request = request.header("x-csrf-token", token);
        }
        request.body(Body::from(r#"{"theme":"dark"}"#)).unwrap()
    };
    world.send(change(None)).await.fault(403, "IDN-0007");
    world.send(change(Some("0123"))).await.fault(403, "IDN-0007");
    assert_eq!(world.send(change(Some(&csrf))).await.expect(200)["theme"], "dark");

    let out = request("DELETE /session").header(header::COOKIE, &cookie).header("x-csrf-token", &csrf);
    let answer = world.send(out.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert!(answer.headers[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
    world.send(change(Some(&csrf))).await.fault(401, "IDN-0001");
}

#[tokio::test]
async fn a_session_ends_after_a_week_without_use() {
    const DAY: i64 = 24 * 3600 * 1000;
    let world = World::new().await;
    let browser = world.browser(&world.ann).await;
    let me = || request("GET /me").header(header::COOKIE, &browser.cookie).body(Body::empty()).unwrap();
    for _ in 0..3 {
        world.clock.advance_ms(6 * DAY);
        world.send(me()).await.expect(200);
    }
    world.clock.advance_ms(7 * DAY);
    world.send(me()).await.fault(401, "IDN-0001");
}

#[tokio::test]
async fn who_was_dismissed_is_out_at_once() {
    let world = World::new().await;
    let browser = world.browser(&world.ann).await;
    world.boss(&format!("PATCH /users/{}", world.ann.id), json!({"active": false})).await.expect(200);
    let me = request("GET /me").header(header::COOKIE, &browser.cookie).body(Body::empty()).unwrap();
    world.send(me).await.fault(401, "IDN-0001");
    world.boss(&format!("PATCH /users/{}", world.boss.id), json!({"role": "employee"})).await.fault(422, "IDN-0011");
}

#[tokio::test]
async fn failed_sign_ins_are_counted() {
    let world = World::new().await;
    for _ in 0..10 {
        // Counted before the password is looked at, so the slow check is not needed here.
        let client = platform::identity::Client::default();
        let _ = futures_util::FutureExt::now_or_never(world.platform.sessions().sign_in("ann", String::new(), &client));
    }
    world.send(sign_in("any")).await.fault(429, "IDN-0016");
}

#[tokio::test]
async fn api_tokens_keep_to_their_scopes() {
    let world = World::new().await;
    let mut tokens = Vec::new();
    for scope in ["api", "read", "jobs"] {
        let made = world.boss("POST /tokens", json!({"title": scope, "scopes": [scope]})).await.expect(201);
        tokens.push(made["token"].as_str().unwrap().to_owned());
    }
    let call = async |token: &str, operation: &str| {
        let request = request(operation)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json");
        world.send(request.body(Body::from(r#"{"title":"t","type":"x"}"#)).unwrap()).await.status.as_u16()
    };
    for (token, expected) in tokens.iter().zip([[200, 201, 200], [200, 403, 403], [403, 403, 200]]) {
        let got =
            [call(token, "GET /me").await, call(token, "POST /tokens").await, call(token, "POST /jobs/activate").await];
        assert_eq!(got, expected);
    }
    assert_eq!(call("ruslo_unknown", "GET /me").await, 401);
    let listed = world.boss("GET /tokens", json!(null)).await.expect(200);
    assert!(listed["items"].as_array().unwrap().iter().all(|t| t.get("token").is_none()), "shown once only");
}

#[tokio::test]
async fn requests_that_can_not_be_read() {
    let world = World::new().await;
    let browser = world.browser(&world.boss).await;
    let send = async |operation: &str, kind: &str, body: String| {
        let request = request(operation)
            .header(header::COOKIE, &browser.cookie)
            .header("x-csrf-token", &browser.csrf)
            .header(header::CONTENT_TYPE, kind);
        world.send(request.body(body.into()).unwrap()).await
    };
    let details = send("POST /catalogs", "application/json", "{\n  \"name\": }".into()).await.fault(400, "API-0001");
    assert_eq!(details, json!({"line": 2, "column": 11}));
    send("POST /catalogs", "text/plain", "{}".into()).await.fault(400, "API-0001");
    send("POST /import", "application/json", "{}".into()).await.fault(400, "API-0001");
    let huge = format!("{{\"name\":\"{}\"}}", "x".repeat(1 << 20));
    send("POST /catalogs", "application/json", huge).await.fault(413, "API-0002");
    send("GET /nothing", "application/json", String::new()).await.fault(404, "API-0003");
    send("GET /users/task_1", "application/json", String::new()).await.fault(404, "API-0003");
    send("PUT /users", "application/json", String::new()).await.fault(405, "API-0004");
    send("GET /users?limit=many", "application/json", String::new()).await.fault(400, "API-0001");
    let outside = axum::http::Request::builder().uri("/api/v2/users").body(Body::empty()).unwrap();
    world.send(outside).await.fault(404, "API-0003");
    let answer = send("GET /me", "application/json", String::new()).await;
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
}

#[tokio::test]
async fn people_see_of_others_only_what_pickers_need() {
    let world = World::new().await;
    let page = world.call(&world.ann, "GET /users?search=bos", Value::Null).await.expect(200);
    let shown = json!({"id": "user_1", "login": "boss", "fullName": "BOSS", "active": true});
    assert_eq!(page, json!({"items": [shown], "total": 1}));
    let page = world.boss("GET /users/user_2", Value::Null).await.expect(200);
    assert_eq!(page["role"], "employee");
}

#[tokio::test]
async fn apps_and_webhooks_show_their_secrets_once() {
    let world = World::new().await;
    let app = world.boss("POST /apps", json!({"name": "A", "scopes": ["bizproc"]})).await.expect(201);
    let id = app["id"].as_str().unwrap();
    let (client, secret) = (app["clientId"].as_str().unwrap(), app["clientSecret"].as_str().unwrap());
    let parts: Vec<usize> = client.split('.').map(str::len).collect();
    assert_eq!((client.starts_with("local."), parts), (true, vec![5, 14, 8]));
    assert!(world.boss(&format!("GET /apps/{id}"), Value::Null).await.expect(200).get("clientSecret").is_none());

    let tokens = world.boss(&format!("POST /apps/{id}/tokens"), json!({})).await.expect(201);
    assert_eq!((&tokens["scope"], &tokens["domain"]), (&json!("bizproc"), &json!("127.0.0.1:8080")));
    let access = tokens["accessToken"].as_str().unwrap();
    let actor = world.platform.apps().authenticate_access_token(access).await.unwrap();
    assert!(actor.has_scope("bizproc") && !actor.has_scope("crm"));

    let refresh = tokens["refreshToken"].as_str().unwrap();
    let apps = world.platform.apps();
    assert!(apps.refresh(client, "wrong", refresh).await.is_err_and(|f| f.code.code == "IDN-0015"));
    let pair = apps.refresh(client, secret, refresh).await.unwrap();
    assert!(apps.access_token(access).await.is_err_and(|f| f.code.code == "IDN-0004"));
    assert!(apps.refresh(client, secret, refresh).await.is_ok(), "the one before works for another minute");
    world.clock.advance_ms(61_000);
    assert!(apps.refresh(client, secret, refresh).await.is_err_and(|f| f.code.code == "IDN-0014"));
    world.clock.advance_ms(3_600_000);
    assert!(apps.access_token(&pair.access_token).await.is_err_and(|f| f.code.code == "IDN-0003"));

    let hook = world.boss("POST /webhooks", json!({"title": "h", "scopes": ["bizproc"]})).await.expect(201);
    let url = hook["url"].as_str().unwrap();
    let secret = url.trim_end_matches('/').rsplit('/').next().unwrap();
    assert!(secret.len() >= 16 && url.starts_with("http://127.0.0.1:8080/rest/1/"));
    let hooks = world.platform.webhooks();
    assert!(hooks.authenticate(world.boss.id, secret).await.unwrap().is_admin());
    assert!(hooks.authenticate(world.ann.id, secret).await.is_err_and(|f| f.code.code == "IDN-0004"));
}

#[tokio::test]
async fn an_authorization_code_works_once_for_half_a_minute() {
    let world = World::new().await;
    let app = world.boss("POST /apps", json!({"name": "A", "scopes": ["bizproc"]})).await.expect(201);
    let (client, secret) = (app["clientId"].as_str().unwrap(), app["clientSecret"].as_str().unwrap());
    let apps = world.platform.apps();
    let ann = platform::Actor::session(world.ann.clone());
    let (_, code) = apps.authorize_code(&ann, client).await.unwrap();
    assert_eq!(apps.exchange_code(client, secret, &code).await.unwrap().user, world.ann.id);
    assert!(apps.exchange_code(client, secret, &code).await.is_err_and(|f| f.code.code == "IDN-0014"));
    let (_, code) = apps.authorize_code(&ann, client).await.unwrap();
    world.clock.advance_ms(30_000);
    assert!(apps.exchange_code(client, secret, &code).await.is_err_and(|f| f.code.code == "IDN-0014"));
}
