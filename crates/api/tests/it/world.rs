//! A server without a network: a store in memory, a clock that stands still, two people.

use api::{ApiParts, ApiState, ServerFacts};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use model::Timestamp;
use model::limits::Limits;
use platform::identity::{Client, NewUser};
use platform::{Platform, PlatformSettings, Role, User};
use runtime::clock::ManualClock;
use runtime::{Runtime, RuntimeConfig};
use serde_json::Value;
use std::sync::Arc;
use store::SharedStore;
use tower::ServiceExt;

pub struct World {
    pub router: Router,
    pub platform: Platform,
    pub runtime: Runtime,
    pub clock: Arc<ManualClock>,
    pub boss: User,
    pub ann: User,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self.body
    }

    #[track_caller]
    pub fn fault(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status.as_u16(), self.body["code"].as_str()), (status, Some(code)), "{}", self.body);
        self.body["details"].clone()
    }
}

/// Cookie and CSRF token.
#[derive(Clone)]
pub struct Browser {
    pub cookie: String,
    pub csrf: String,
}

impl World {
    pub async fn new() -> Self {
        Self::at("http://127.0.0.1:8080").await
    }

    pub async fn at(public_url: &str) -> Self {
        let store: SharedStore = Arc::new(store::sqlite::SqliteStore::open_in_memory().unwrap());
        let clock = Arc::new(ManualClock::new(Timestamp(1_800_000_000_000)));
        let settings = PlatformSettings { public_url: public_url.into(), ..PlatformSettings::default() };
        let platform = Platform::new(store.clone(), clock.clone(), settings);
        let runtime = Runtime::open(RuntimeConfig::new(store, platform.clone(), clock.clone())).await.unwrap();
        let boss = person(&platform, "boss", Role::Admin).await;
        let ann = person(&platform, "ann", Role::Employee).await;
        let limits = Limits { request_bytes: 1 << 20, ..Limits::default() };
        let server = ServerFacts {
            version: "0.1.0".into(),
            database: "sqlite".into(),
            demo: false,
            started_at: Timestamp(1_800_000_000_000),
            limits,
        };
        let state = ApiState::new(ApiParts { platform: platform.clone(), runtime: runtime.clone(), server });
        Self { router: api::mounted(state), platform, runtime, clock, boss, ann }
    }

    pub async fn browser(&self, user: &User) -> Browser {
        let signed_in = self.platform.sessions().open(user.clone(), &Client::default()).await.unwrap();
        Browser { cookie: format!("ruslo_session={}", signed_in.token), csrf: signed_in.csrf_token }
    }

    /// A call as `user`, with a session of its own.
    pub async fn call(&self, user: &User, operation: &str, body: Value) -> Answer {
        let browser = self.browser(user).await;
        let request = request(operation)
            .header(header::COOKIE, browser.cookie)
            .header("x-csrf-token", browser.csrf)
            .header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(body.to_string().into()).unwrap()).await
    }

    pub async fn boss(&self, operation: &str, body: Value) -> Answer {
        self.call(&self.boss, operation, body).await
    }

    /// The administrator deploys a file by its name and text.
    pub async fn deploy(&self, name: &str, source: &str) -> Value {
        let browser = self.browser(&self.boss).await;
        let part = format!("content-disposition: form-data; name=\"file\"; filename=\"{name}\"");
        let body = format!("--b\r\n{part}\r\n\r\n{source}\r\n--b--\r\n");
        let request = request("POST /definitions")
            .header(header::COOKIE, browser.cookie)
            .header("x-csrf-token", browser.csrf)
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b");
        self.send(request.body(body.into()).unwrap()).await.expect(201)
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        // A stream of events has no end to wait for.
        let stream = parts.headers.get(header::CONTENT_TYPE).is_some_and(|t| t == "text/event-stream");
        let bytes = if stream { Default::default() } else { body.collect().await.unwrap().to_bytes() };
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
        Answer { status: parts.status, headers: parts.headers, body }
    }
}

/// A request from `GET /users`.
pub fn request(operation: &str) -> axum::http::request::Builder {
    let (method, path) = operation.split_once(' ').unwrap();
    Request::builder().method(method).uri(format!("/api/v1{path}"))
}

async fn person(platform: &Platform, login: &str, role: Role) -> User {
    let new = NewUser { login: login.into(), name: login.to_uppercase(), role, ..NewUser::default() };
    platform.users().create(new).await.unwrap()
}

/// A process with a user task of `login`.
pub fn approval(login: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="t">
  <bpmn:process id="approval" name="Approval" isExecutable="true">
    <bpmn:startEvent id="start"><bpmn:outgoing>f1</bpmn:outgoing></bpmn:startEvent>
    <bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="task" />
    <bpmn:userTask id="task" name="Approve">
      <bpmn:extensionElements><zeebe:userTask /><zeebe:assignmentDefinition assignee="{login}" /></bpmn:extensionElements>
      <bpmn:incoming>f1</bpmn:incoming><bpmn:outgoing>f2</bpmn:outgoing>
    </bpmn:userTask>
    <bpmn:sequenceFlow id="f2" sourceRef="task" targetRef="end" />
    <bpmn:endEvent id="end"><bpmn:incoming>f2</bpmn:incoming></bpmn:endEvent>
  </bpmn:process>
</bpmn:definitions>"#
    )
}
