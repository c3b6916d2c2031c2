//! Where a job is run: in this process, or against a server's process. The jobs know only this.

use crate::load::{Outcome, Plan};
use crate::process::Usage;
use anyhow::Result;
use std::time::Duration;

/// Running totals of the server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    pub commits: u64,
    pub units: u64,
    pub statements: u64,
    pub reads: u64,
    pub usage: Usage,
    pub disk_bytes: u64,
}

/// A place to run a job.
pub(crate) trait Stage {
    /// `in-process` or `http`.
    fn mode(&self) -> &'static str;
    /// `sqlite` or `postgres`.
    fn store(&self) -> &'static str;
    /// Runs a plan to its end.
    async fn load(&mut self, plan: Plan) -> Result<Outcome>;
    /// What the server has done and used so far.
    async fn counters(&mut self) -> Result<Counters>;
    /// How many instances the database holds in a state.
    async fn instances(&mut self, state: &str) -> Result<u64>;
    /// Stops the server and starts it on the same database: how long until it answered. None in process.
    async fn restart(&mut self) -> Result<Option<Duration>>;
}
