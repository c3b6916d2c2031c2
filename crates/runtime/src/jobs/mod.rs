//! Jobs: who does them, and the workers who come for them.
//!
//! Owns: routing by type, the hand-out to external workers with leases, scripts that are too long for a step.
//! Invariant: a job's row goes with the commit that ends the job. Never: decides what a result means (the engine does).

mod board;
mod hand;
pub(crate) mod plan;
mod route;
pub(crate) mod scripts;
pub(crate) mod workers;

use crate::runtime::Runtime;
use model::{Fault, JobId, Timestamp};
use platform::{Action, Actor, Object, authorize};
use std::time::Duration;

pub(crate) use board::JobBoard;
pub(crate) use hand::Promise;
pub(crate) use route::Route;

/// Leases.
impl Runtime {
    /// A longer lease for the worker who has a job, counted from now; until when it lasts. `RUN-0006` when the job is
    /// not with this worker.
    pub async fn extend_job(
        &self,
        actor: &Actor,
        id: JobId,
        worker: &str,
        lease: Duration,
    ) -> Result<Timestamp, Fault> {
        authorize(actor, Action::Operate, &Object::Jobs)?;
        workers::extend(&self.core, id, worker, lease).await
    }
}
