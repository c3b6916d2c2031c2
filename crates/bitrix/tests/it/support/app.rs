//! An app's handler: a real HTTP server on the loopback that keeps what it was sent.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use bitrix::wire::{Param, form};
use serde_json::Value as Json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Mutex, Semaphore};

/// One request as the handler got it.
#[derive(Debug, Clone)]
pub struct Posted {
    pub content_type: String,
    /// The fields, decoded as PHP would.
    pub fields: Json,
}

pub struct TestApp {
    pub url: String,
    status: Arc<AtomicU16>,
    gate: Arc<Semaphore>,
    received: Mutex<UnboundedReceiver<Posted>>,
}

#[derive(Clone)]
struct Shared {
    status: Arc<AtomicU16>,
    gate: Arc<Semaphore>,
    sender: UnboundedSender<Posted>,
}

impl TestApp {
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/h", listener.local_addr().unwrap());
        let (sender, received) = unbounded_channel();
        let status = Arc::new(AtomicU16::new(200));
        let gate = Arc::new(Semaphore::new(Semaphore::MAX_PERMITS));
        let shared = Shared { status: status.clone(), gate: gate.clone(), sender };
        let router = Router::new().route("/h", post(handle)).with_state(shared);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, status, gate, received: Mutex::new(received) }
    }

    /// Answers with this status from now on.
    pub fn answer_with(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// From now on takes requests and does not answer them.
    pub fn never_answer(&self) {
        self.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    /// The next request.
    pub async fn next(&self) -> Posted {
        let mut received = self.received.lock().await;
        let next = tokio::time::timeout(Duration::from_secs(120), received.recv()).await;
        next.expect("the handler was not called").expect("the handler is gone")
    }
}

async fn handle(State(shared): State<Shared>, headers: HeaderMap, body: String) -> (StatusCode, &'static str) {
    let fields = Param::Array(form::decode(body.as_bytes()).unwrap()).to_json();
    let content_type = headers["content-type"].to_str().unwrap().to_owned();
    // What was said before it is known to have come.
    let status = StatusCode::from_u16(shared.status.load(Ordering::SeqCst)).unwrap();
    let _ = shared.sender.send(Posted { content_type, fields });
    let _answer = shared.gate.acquire().await.unwrap();
    (status, "answer of the handler")
}
