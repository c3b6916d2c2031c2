//! The durable shell around the engine: what makes a decision last, and what makes it happen.
//!
//! Commands wait in queues by partition; a worker drains them, lets the engine decide, commits the consequences of many
//! instances in one transaction, then acknowledges callers and releases effects. Invariants: what was acknowledged is
//! in the database; an effect leaves only after the commit that asked for it, at least once, under one key; an instance
//! that waits costs no memory. Never: HTTP routes, wire formats, rights (the caller passes an authorized actor).
//!
//! - [`clock`]: time and randomness at the edge
//! - [`connectors`]: who performs effects that leave the server
//! - [`types`]: what the edges ask for and are shown
//! - [`Runtime`]: the handle with the use-cases
//!
//! Inside: `partitions` (queues, rounds, commits), `timers`, `outbox` (deliveries), `jobs` (routing, workers, scripts),
//! `components` (built-in jobs), `deploy`, `instances`, `tasks`, `records` (what a saved or deleted record leads to).

pub mod clock;
pub mod connectors;
pub mod types;

mod cluster;
mod components;
mod core;
mod deploy;
mod instances;
mod jobs;
mod outbox;
mod partitions;
mod records;
mod runtime;
mod tasks;
mod timers;

pub use connectors::{CallRecord, Connector, Delivery, DeliveryReport, DeliveryResult, Order, OutboundHttp};
pub use runtime::{Runtime, RuntimeConfig};
pub use types::*;
