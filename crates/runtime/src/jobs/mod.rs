//! Jobs: who does them, and the workers who come for them.
//!
//! Owns: routing by type, the hand-out to external workers with leases, scripts that are too long for a step.
//! Invariant: a job's row goes with the commit that ends the job. Never: decides what a result means (the engine does).

mod board;
pub(crate) mod plan;
mod route;
pub(crate) mod scripts;
pub(crate) mod workers;

pub(crate) use board::JobBoard;
pub(crate) use route::Route;
