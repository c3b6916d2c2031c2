//! The durable shell around the engine: what makes a decision last, and what makes it happen.
//!
//! Commands wait in queues by partition; a worker drains them, lets the engine decide, commits the consequences of many
//! instances in one transaction, then acknowledges callers and releases effects. Invariants: what was acknowledged is
//! in the database; an effect leaves only after the commit that asked for it, at least once, under one key; an instance
//! that waits costs no memory. Never: HTTP routes, wire formats, rights (the caller passes an authorized actor).
//!
//! - [`clock`]: time and randomness at the edge
//! - [`cluster`]: which partitions this process serves, and nodes that talk
//! - [`connectors`]: who performs effects that leave the server
//! - [`trace`]: the context that leads from a request to the call it causes
//! - [`types`]: what the edges ask for and are shown
//! - [`Runtime`]: the handle with the use-cases
//!
//! Inside: `partitions` (queues, rounds, commits), `timers`, `outbox` (deliveries), `jobs` (routing, workers, scripts),
//! `components` (built-in jobs), `exchange` (what goes between instances), `deploy`, `decisions`, `instances`,
//! `tasks`, `records` (what a saved or deleted record leads to), `starts`, `retention` (what is over its time),
//! `metrics`, `stop` (how the loops end).

pub mod clock;
pub mod cluster;
pub mod connectors;
pub mod trace;
pub mod types;

mod components;
mod core;
mod decisions;
mod deploy;
mod exchange;
mod fresh;
mod instances;
mod jobs;
mod metrics;
mod outbox;
mod partitions;
mod records;
mod retention;
mod runtime;
mod starts;
mod stop;
mod tasks;
mod timers;

pub use connectors::{CallRecord, Connector, Delivery, DeliveryReport, DeliveryResult, Order, OutboundHttp};
pub use deploy::app_templates;
pub use dmn;
pub use engine::calendar::{Calendar, Calendars};
pub use metrics::{Circuit, CircuitState, Histogram, LaneLoad, Metrics};
pub use retention::{Kept, ProcessKept, RetentionPreview, RetentionRules};
pub use runtime::{Runtime, RuntimeConfig};
pub use types::*;
