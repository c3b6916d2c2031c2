//! Partitions: sequential queues of instances, drained by a few workers (design D4).
//!
//! Invariant: an instance is touched by one worker only, and by one round of it at a time; a caller is answered after
//! the commit that carries his command, whatever the answer is.
//!
//! - `queue`: what waits, `fair`: whose turn it is, `pace`: how much a round takes; `work`: what an entry is
//! - `worker`: rounds: take, load, work, commit, answer
//! - `session`: one instance in a round; `prepare`: what it needs; `step`: its commands through the engine;
//!   `rows`: its events as writes
//! - `cache`: instances that just moved; `watchers`: who waits for their ends; `unsure`: commits without an answer

mod cache;
mod fair;
pub(crate) mod marks;
mod pace;
mod prepare;
pub(crate) mod queue;
pub(crate) mod rows;
pub(crate) mod session;
pub(crate) mod step;
pub(crate) mod unsure;
mod watchers;
pub(crate) mod work;
pub(crate) mod worker;
