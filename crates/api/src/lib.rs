//! The native REST API, `/api/v1`: what the web UI and scripts speak.
//!
//! Owns: the wire shapes, the routes and who may call them, the OpenAPI document, live updates over HTTP.
//! Invariant: every handler is given an actor, asks [`platform::authorize`], then calls one use-case. Never: holds
//! logic that another face would need too.

pub mod edge;
pub mod groups;
mod openapi;

pub use openapi::openapi;
