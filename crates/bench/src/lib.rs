//! The standard jobs of `bench/README.md`: a load against a fresh database, in this process or over HTTP.
//!
//! Owns: jobs, the closed-loop load, the servers' processes while a job runs, the report. Invariant: a figure counts
//! acknowledged, durable work only, and the report is checked against the database before it is printed. Never: a part
//! in how the product behaves.
//!
//! - [`jobs`]: the processes and their input
//! - [`load`]: closed loops of clients, over [`http`] or in this process
//! - [`remote`]: a server in a process of its own, the load in another
//! - [`envelope`]: the stub that stands in the engine's place to tell what the machine allows
//! - [`process`]: what a process has used

mod client;
pub mod envelope;
pub mod http;
mod inside;
pub mod jobs;
mod kill;
pub mod load;
pub mod process;
pub mod remote;
mod report;
mod sequence;
mod stage;
mod turns;

pub use inside::Bench;
pub use jobs::Job;
pub use report::{Beside, Kill, Report, Waiting};
pub use sequence::Options;

use anyhow::Result;

/// Runs a job in this process and checks that the database holds what was acknowledged.
pub async fn run(bench: &Bench, options: &Options) -> Result<Report> {
    let mut stage = inside::Inside::open(bench).await?;
    sequence::run(&mut stage, None, options).await
}
