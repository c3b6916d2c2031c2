//! The runtime on a real database, with a clock of the tests' own (what runs by seed is `tests/simulation.rs`).
#![allow(clippy::unwrap_used, reason = "tests")]

mod apps;
mod bad_input;
mod cluster;
mod data;
mod deploy_targets;
mod exchange;
mod faults;
mod flow_control;
mod flows;
mod support;
mod waiting;
