//! The native REST API, `/api/v1`: what the web UI and scripts speak.
//!
//! Owns: the wire shapes, the routes and who may call them, the OpenAPI document, live updates over HTTP.
//! Invariant: every handler is given an actor that passed its route's gate, asks [`platform::authorize`] about what it
//! loads, then calls one use-case. Never: holds logic that another face would need too.
//!
//! - [`routes()`]: the table of operations; [`mounted`]: the router
//! - [`groups`]: the operations, one group a file
//! - [`edge`]: who calls, what a request holds, errors, pages

pub mod edge;
pub mod groups;
mod openapi;
mod routes;
mod state;

pub use openapi::openapi;
pub use routes::{Route, mounted, router, routes};
pub use state::{ApiParts, ApiState, ServerFacts};
