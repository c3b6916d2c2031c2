//! OAuth on the real wire (acceptance list 6).

use crate::support::{Portal, Reply};
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value as Json, json};
use std::collections::HashMap;

async fn authorize(portal: &Portal, query: &str, cookie: Option<&str>) -> Reply {
    let mut request = Request::get(format!("/oauth/authorize/?{query}"));
    if let Some(cookie) = cookie {
        request = request.header("cookie", format!("theme=dark; ruslo_session={cookie}"));
    }
    portal.send(request.body(Body::empty()).unwrap()).await
}

async fn code(portal: &Portal) -> String {
    let signed_in = portal.platform.sessions().open(portal.admin.clone(), &Default::default()).await.unwrap();
    let query = format!("client_id={}&state=s%201&response_type=code", portal.app.app.client_id);
    let reply = authorize(portal, &query, Some(&signed_in.token)).await;
    assert_eq!(reply.status, 302, "{}", reply.text);
    let location = url::Url::parse(reply.headers["location"].to_str().unwrap()).unwrap();
    let pairs: HashMap<String, String> = location.query_pairs().into_owned().collect();
    assert_eq!(location.host_str(), Some("app.example.com"));
    assert_eq!((pairs["x"].as_str(), pairs["state"].as_str()), ("1", "s 1"));
    assert_eq!((pairs["domain"].as_str(), pairs["scope"].as_str()), ("portal.test:8080", "bizproc,user"));
    assert_eq!((pairs["member_id"].len(), pairs["server_domain"].as_str()), (32, "portal.test:8080"));
    pairs["code"].clone()
}

fn client(portal: &Portal) -> String {
    format!("client_id={}&client_secret={}", portal.app.app.client_id, portal.app.client_secret)
}

#[tokio::test]
async fn nobody_signed_in_is_sent_to_sign_in() {
    let portal = Portal::open().await;
    let query = format!("client_id={}&state=1", portal.app.app.client_id);
    for cookie in [None, Some("wrong")] {
        let reply = authorize(&portal, &query, cookie).await;
        assert_eq!(reply.status, 302);
        let next = reply.headers["location"].to_str().unwrap();
        assert!(next.starts_with("/?next=%2Foauth%2Fauthorize%2F%3Fclient_id%3Dlocal"), "{next}");
    }
    let missing = authorize(&portal, "state=1", None).await;
    assert_eq!((missing.status, missing.json()["error"].clone()), (400, json!("invalid_request")));
}

#[tokio::test]
async fn code_then_refresh_by_every_encoding() {
    let portal = Portal::open().await;
    let code = code(&portal).await;
    let exchange = format!("/oauth/token/?grant_type=authorization_code&{}&code={code}", client(&portal));
    let token = portal.get(&exchange).await;
    assert_eq!(token.status, 200, "{}", token.text);
    let object = token.json();
    for (key, want) in [
        ("expires_in", json!(3600)),
        ("expires", json!(1_738_738_694)),
        ("scope", json!("bizproc,user")),
        ("domain", json!("portal.test:8080")),
        ("server_endpoint", json!("http://portal.test:8080/rest/")),
        ("client_endpoint", json!("http://portal.test:8080/rest/")),
        ("status", json!("L")),
        ("user_id", json!(portal.admin.id.0)),
    ] {
        assert_eq!(object[key], want, "{key}");
    }
    assert_eq!(object["member_id"].as_str().unwrap().len(), 32);
    let again = portal.get(&exchange).await;
    assert_eq!((again.status, again.json()["error"].clone()), (400, json!("invalid_grant")));

    let refresh = |token: &Json| {
        format!("grant_type=refresh_token&{}&refresh_token={}", client(&portal), token.as_str().unwrap())
    };
    let second = portal.form("/oauth/token", &refresh(&object["refresh_token"])).await.json();
    assert_ne!(second["refresh_token"], object["refresh_token"]);
    let access = second["access_token"].as_str().unwrap();
    assert_eq!(portal.get(&format!("/rest/user.admin?auth={access}")).await.result(), json!(true));
    let in_grace = portal.get(&format!("/oauth/token/?{}", refresh(&object["refresh_token"]))).await;
    assert_eq!(in_grace.status, 200, "two refreshes at once do not lock a client out");
    portal.clock.advance_ms(61_000);
    let used = portal.get(&format!("/oauth/token/?{}", refresh(&object["refresh_token"]))).await;
    assert_eq!((used.status, used.json()["error"].clone()), (400, json!("invalid_grant")));
    let by_json = json!({
        "grant_type": "refresh_token", "client_id": portal.app.app.client_id,
        "client_secret": portal.app.client_secret, "refresh_token": second["refresh_token"],
    });
    assert_eq!(portal.post("/oauth/token/", by_json).await.status, 200);
}

#[tokio::test]
async fn refusals() {
    let portal = Portal::open().await;
    let code = code(&portal).await;
    let new = platform::apps::NewApp { name: "Other".into(), ..portal_app(&portal) };
    let actor = platform::Actor::session(portal.admin.clone());
    let other = portal.platform.apps().create(&actor, new).await.unwrap();
    let other_client = format!("client_id={}&client_secret={}", other.app.client_id, other.client_secret);
    let refresh = &portal.tokens.refresh_token;
    let good = client(&portal);
    for (body, status, error) in [
        ("".to_owned(), 400, "invalid_request"),
        (format!("grant_type=password&{good}"), 400, "invalid_request"),
        (format!("grant_type=authorization_code&{good}"), 400, "invalid_request"),
        (format!("grant_type=authorization_code&{good}&code=wrong"), 400, "invalid_grant"),
        (format!("grant_type=authorization_code&{other_client}&code={code}"), 400, "invalid_grant"),
        (
            format!("grant_type=refresh_token&client_id=x&client_secret=y&refresh_token={refresh}"),
            401,
            "invalid_client",
        ),
        (format!("grant_type=refresh_token&{good}x&refresh_token={refresh}"), 401, "invalid_client"),
        (format!("grant_type=refresh_token&{good}&refresh_token=wrong"), 400, "invalid_grant"),
        (format!("grant_type=refresh_token&{other_client}&refresh_token={refresh}"), 400, "wrong_client"),
    ] {
        let reply = portal.form("/oauth/token/", &body).await;
        assert_eq!((reply.status, reply.json()["error"].as_str()), (status, Some(error)), "{body}");
    }
    portal.clock.advance_ms(31_000);
    let late = portal.form("/oauth/token/", &format!("grant_type=authorization_code&{good}&code={code}")).await;
    assert_eq!((late.status, late.json()["error"].clone()), (400, json!("invalid_grant")));
}

fn portal_app(portal: &Portal) -> platform::apps::NewApp {
    platform::apps::NewApp {
        name: String::new(),
        scopes: portal.app.app.scopes.clone(),
        handler_url: portal.app.app.handler_url.clone(),
        install_url: None,
    }
}
