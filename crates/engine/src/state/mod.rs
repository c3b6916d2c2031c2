//! The state of one instance: what is active, what waits, and the variables.
//!
//! - [`instance`]: the aggregate and its views
//! - [`codec`]: snapshot and journal bytes

pub mod codec;
pub mod instance;

pub use codec::{CodecError, decode_events, encode_events};
pub use instance::{
    Answer, ElementInstance, Incident, Instance, InstanceState, Job, Phase, Repeat, Task, TimerState, WaitingFlow,
};
