//! The token engine: pure decisions about one process instance.
//!
//! `decide` turns a command into events, `apply` turns an event into state; live work and replay share `apply`.
//! Knows nothing of: storage, HTTP, clocks, randomness, threads. Time and ids come in with [`Env`].
//!
//! - [`command`]: what may be asked, and why it may be refused
//! - [`event`]: what happened
//! - [`state`]: the instance between steps, snapshot and journal bytes

pub mod command;
pub mod event;
pub mod state;

mod apply;
mod invariants;

pub use apply::apply;
pub use command::{Command, Rejection, Start};
pub use event::Event;
pub use invariants::check_invariants;
pub use state::{Instance, InstanceState, decode_events, encode_events};
