//! A portal on an in-memory database with a clock of its own, spoken to by real HTTP requests through the router.

pub mod app;
pub mod process;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use bitrix::{BitrixConfig, BitrixState};
use http_body_util::BodyExt;
use jiff::tz::TimeZone;
use model::catalog::{Field, FieldType};
use model::{CatalogId, RecordId, Timestamp, Value};
use platform::apps::{AppWithSecret, NewApp, TokenPair};
use platform::catalogs::NewCatalog;
use platform::identity::NewUser;
use platform::{Actor, Platform, PlatformSettings, Role, ScopeSet, User};
use runtime::clock::ManualClock;
use runtime::{Runtime, RuntimeConfig};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use store::SharedStore;
use tower::ServiceExt;

/// The portal's clock starts here.
pub const START: &str = "2025-02-05T05:58:14Z";

/// What came back.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Reply {
    /// The body; everything under `/rest` is JSON.
    pub fn json(&self) -> Json {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("no JSON ({e}): {}", self.text))
    }

    /// The result of a success.
    pub fn result(&self) -> Json {
        let json = self.json();
        assert_eq!(self.status, 200, "{json}");
        assert!(json.get("error").is_none() && json.get("time").is_some(), "{json}");
        json["result"].clone()
    }

    /// Status, code and text of a failure: `400 ERROR_X: text`.
    pub fn error(&self) -> String {
        let json = self.json();
        assert!(json.get("result").is_none(), "{json}");
        let text = |key: &str| json[key].as_str().unwrap_or("<none>").to_owned();
        format!("{} {}: {}", self.status, text("error"), text("error_description"))
    }
}

/// A portal with an administrator, a plain person, an app and a catalog.
pub struct Portal {
    pub router: Router,
    pub platform: Platform,
    pub runtime: Runtime,
    pub store: SharedStore,
    pub clock: Arc<ManualClock>,
    pub admin: User,
    pub plain: User,
    pub app: AppWithSecret,
    /// Tokens of the app in the administrator's and the plain person's name.
    pub tokens: TokenPair,
    pub plain_tokens: TokenPair,
    /// `/rest/1/secret` of the administrator and of the plain person.
    pub hook: String,
    pub plain_hook: String,
    pub catalog: CatalogId,
}

/// Who calls, in tables of tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    App,
    AppPlain,
    Hook,
    HookPlain,
}

fn person(login: &str, role: Role) -> NewUser {
    NewUser {
        login: login.into(),
        name: login.to_uppercase(),
        last_name: "Tester".into(),
        email: format!("{login}@example.com"),
        role,
        ..NewUser::default()
    }
}

impl Portal {
    pub async fn open() -> Self {
        Self::with_scopes(&["bizproc", "user"]).await
    }

    pub async fn with_scopes(scopes: &[&str]) -> Self {
        let store: SharedStore = Arc::new(store::SqliteStore::open_in_memory().unwrap());
        Self::on(store, scopes, "http://portal.test:8080").await
    }

    /// A portal on a real port of the loopback, for programs of their own.
    pub async fn listening() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let store: SharedStore = Arc::new(store::SqliteStore::open_in_memory().unwrap());
        let public_url = format!("http://{}", listener.local_addr().unwrap());
        let portal = Self::on(store, &["bizproc", "user"], &public_url).await;
        let router = portal.router.clone();
        tokio::spawn(async move { axum::serve(listener, router).await });
        portal
    }

    async fn on(store: SharedStore, scopes: &[&str], public_url: &str) -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp::parse_iso(START).unwrap()));
        let settings = PlatformSettings { public_url: public_url.into(), ..PlatformSettings::default() };
        let platform = Platform::new(store.clone(), clock.clone(), settings);
        let (runtime, router) = serve(&store, &platform, &clock).await;
        let admin = platform.users().create(person("admin", Role::Admin)).await.unwrap();
        let plain = platform.users().create(person("plain", Role::Employee)).await.unwrap();
        let scopes = ScopeSet::new(scopes);
        let new = NewApp {
            name: "Test".into(),
            scopes: scopes.clone(),
            handler_url: Some("https://app.example.com/page?x=1".into()),
            install_url: None,
        };
        let app = platform.apps().create(&Actor::session(admin.clone()), new).await.unwrap();
        let tokens = platform.apps().issue_tokens(app.app.id, admin.id).await.unwrap();
        let plain_tokens = platform.apps().issue_tokens(app.app.id, plain.id).await.unwrap();
        let hook = platform.webhooks().create(admin.id, "t", scopes.clone()).await.unwrap();
        let plain_hook = platform.webhooks().create(plain.id, "t", scopes).await.unwrap();
        let catalog = catalog(&platform).await;
        Self {
            router,
            hook: format!("/rest/{}/{}", admin.id.0, hook.secret),
            plain_hook: format!("/rest/{}/{}", plain.id.0, plain_hook.secret),
            platform,
            runtime,
            store,
            clock,
            admin,
            plain,
            app,
            tokens,
            plain_tokens,
            catalog,
        }
    }

    /// The server dies where it is, and another one opens the same database.
    pub async fn restart(&mut self) {
        (self.runtime, self.router) = serve(&self.store, &self.platform, &self.clock).await;
    }

    /// A record of the catalog with this name.
    pub async fn record(&self, name: &str) -> RecordId {
        let fields = Value::from_json(&json!({"NAME": name}));
        let actor = Actor::session(self.admin.clone());
        self.platform.records().create(&actor, self.catalog, fields.as_object().unwrap()).await.unwrap().id
    }

    pub async fn send(&self, request: Request<Body>) -> Reply {
        send(&self.router, request).await
    }

    pub async fn get(&self, uri: &str) -> Reply {
        self.send(Request::get(uri).body(Body::empty()).unwrap()).await
    }

    pub async fn form(&self, uri: &str, body: &str) -> Reply {
        let request = Request::post(uri).header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    pub async fn post(&self, uri: &str, body: Json) -> Reply {
        let request = Request::post(uri).header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// A method by JSON in somebody's name.
    pub async fn call(&self, by: By, method: &str, mut params: Json) -> Reply {
        let uri = match by {
            By::App | By::AppPlain => format!("/rest/{method}"),
            By::Hook => format!("{}/{method}", self.hook),
            By::HookPlain => format!("{}/{method}", self.plain_hook),
        };
        let token = match by {
            By::App => Some(&self.tokens.access_token),
            By::AppPlain => Some(&self.plain_tokens.access_token),
            By::Hook | By::HookPlain => None,
        };
        if let (Some(token), Some(map)) = (token, params.as_object_mut()) {
            map.insert("auth".into(), json!(token));
        }
        self.post(&uri, params).await
    }

    /// Calls and expects success.
    pub async fn ok(&self, by: By, method: &str, params: Json) -> Json {
        self.call(by, method, params).await.result()
    }

    /// Calls and expects failure.
    pub async fn fails(&self, by: By, method: &str, params: Json) -> String {
        self.call(by, method, params).await.error()
    }
}

pub async fn send(router: &Router, request: Request<Body>) -> Reply {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    Reply { status: parts.status.as_u16(), headers: parts.headers, text }
}

async fn serve(store: &SharedStore, platform: &Platform, clock: &Arc<ManualClock>) -> (Runtime, Router) {
    let zone = TimeZone::fixed(jiff::tz::offset(3));
    let config = RuntimeConfig {
        allow_private: vec!["127.0.0.0/8".parse().unwrap()],
        connectors: bitrix::connectors(platform, &zone),
        ..RuntimeConfig::new(store.clone(), platform.clone(), clock.clone())
    };
    let runtime = Runtime::open(config).await.unwrap();
    let state = BitrixState::new(runtime.clone(), platform.clone(), BitrixConfig { zone, request_bytes: 4 << 20 });
    (runtime, bitrix::router(state))
}

async fn catalog(platform: &Platform) -> CatalogId {
    let field = |key: &str, kind: FieldType| Field {
        key: key.into(),
        name: key.into(),
        kind,
        required: false,
        multiple: false,
    };
    let new = NewCatalog {
        key: Some("requests".into()),
        name: "Requests".into(),
        fields: vec![field("NAME", FieldType::Text { multiline: false }), field("AMOUNT", FieldType::Number)],
        title_field: Some("NAME".into()),
    };
    platform.catalogs().create(new).await.unwrap().id
}
