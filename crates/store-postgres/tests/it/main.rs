//! PostgreSQL: the conformance suite, the same answers as the embedded database, and what happens when it goes away.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod conformance;
mod faults;
mod same;
mod schema;
mod server;
mod sharded;
mod values;
