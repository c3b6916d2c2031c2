//! The envelope's process: the same HTTP, JSON and store as the server's, and [`bench::envelope::Stub`] behind them.
//!
//! Never: authentication, limits, compression; it only tells what the machine allows.

use crate::{config::Config, database};
use anyhow::{Context, Result};
use axum::{
    Json, Router,
    extract::{Path as UrlPath, State},
    http::StatusCode,
    routing::{get, post},
    serve::ListenerExt as _,
};
use bench::envelope::Stub;
use runtime::clock::SystemClock;
use serde_json::Value;
use std::{process::ExitCode, sync::Arc};
use store::SharedStore;
use tokio::net::TcpListener;

type Shared = Arc<(Stub, SharedStore)>;
type Answer<T> = Result<T, (StatusCode, String)>;

/// Serves until the process is killed.
pub(super) fn serve(config: &Config) -> Result<ExitCode> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run(config))?;
    Ok(ExitCode::SUCCESS)
}

async fn run(config: &Config) -> Result<()> {
    let store: SharedStore = database::open(config).await?;
    let address = std::env::var("RUSLO_LISTEN").unwrap_or_else(|_| "127.0.0.1:0".to_owned());
    let listener = TcpListener::bind(address).await.context("listening")?;
    let state: Shared = Arc::new((Stub::new(store.clone(), Arc::new(SystemClock)), store));
    let app = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/metrics", get(metrics))
        .route("/api/v1/instances", post(start))
        .route("/api/v1/jobs/activate", post(activate))
        .route("/api/v1/jobs/{id}/complete", post(complete))
        .with_state(state);
    let listener = listener.tap_io(|stream| {
        // Without it small answers may be held back; the loopback always takes it.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, app).await.context("serving")
}

async fn start(State(state): State<Shared>, Json(body): Json<Value>) -> Answer<(StatusCode, Json<Value>)> {
    Ok((StatusCode::CREATED, Json(state.0.start(body).await.map_err(failed)?)))
}

async fn activate(State(state): State<Shared>, Json(body): Json<Value>) -> Answer<Json<Value>> {
    Ok(Json(state.0.activate(body).await.map_err(failed)?))
}

async fn complete(
    State(state): State<Shared>,
    UrlPath(id): UrlPath<String>,
    Json(body): Json<Value>,
) -> Answer<StatusCode> {
    let id = id.parse().map_err(|_| (StatusCode::NOT_FOUND, String::new()))?;
    state.0.complete(id, body).await.map_err(failed)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn metrics(State(state): State<Shared>) -> String {
    let stats = state.1.stats();
    [("commits", stats.commits), ("units", stats.units), ("statements", stats.statements), ("reads", stats.reads)]
        .map(|(name, value)| format!("ruslo_store_{name}_total {value}\n"))
        .concat()
}

fn failed(error: anyhow::Error) -> (StatusCode, String) {
    (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}"))
}
