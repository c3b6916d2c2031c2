//! The Bitrix24-compatible face: `/rest/...`, `/oauth/...` and the calls to apps' handlers.
//!
//! Translates at the edge and owns no logic: what a method means is `platform`'s and `runtime`'s business. Invariants:
//! everything under `/rest` answers JSON or XML, failures too; a method that is not in [`methods`] does not exist.
//! Never: opens outgoing connections itself, or keeps anything of its own in the store.
//!
//! - [`wire`]: decoding, the envelope, errors, dates, lists
//! - [`rest`], [`request`], [`oauth`]: the HTTP edge
//! - [`methods`]: the table; [`call`]: running one method; [`batch`]: running many
//! - [`service`], [`users`], [`bizproc`]: the methods by scope
//! - [`handler`]: the POST to an app's handler; [`event_token`]: what it answers with
//! - [`documents`], [`workflow_id`], [`portal`]: names of things on this face
//! - [`fault`]: faults in this face's words

mod batch;
mod bizproc;
mod call;
mod documents;
mod event_token;
mod fault;
mod handler;
mod meter;
pub mod methods;
mod oauth;
mod portal;
mod request;
mod rest;
mod service;
mod state;
mod users;
pub mod wire;
mod workflow_id;

pub use handler::connectors;
pub use state::{BitrixConfig, BitrixState};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::any;

/// The routes of this face, with their full paths: merge it at the root. Bodies are limited by
/// [`BitrixConfig::request_bytes`].
pub fn router(state: BitrixState) -> Router {
    Router::new()
        .route("/rest", any(rest::handle))
        .route("/rest/", any(rest::handle))
        .route("/rest/{*path}", any(rest::handle))
        .route("/oauth/token", any(oauth::token))
        .route("/oauth/token/", any(oauth::token))
        .route("/oauth/authorize", axum::routing::get(oauth::authorize))
        .route("/oauth/authorize/", axum::routing::get(oauth::authorize))
        .layer(DefaultBodyLimit::disable())
        .with_state(state)
}
