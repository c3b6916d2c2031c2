//! The state of one instance: what is active, what waits, and the variables.
//!
//! - [`instance`]: the aggregate and its views
//! - [`activities`]: what activities remember
//! - [`codec`]: snapshot and journal bytes; `wire`, `wire_types`, `wire_value` inside: their grammar
//! - [`large`]: values kept apart from them
//! - [`listening`]: what events and gateways remember

pub mod activities;
pub mod codec;
pub mod instance;
pub mod large;
pub mod listening;

mod wire;
mod wire_types;
mod wire_value;

pub use activities::{
    Activation, Activities, AdHocRun, AfterCompensation, Body, Compensation, Mutex, Rare, Record, StageState,
};
pub use codec::{CodecError, decode_events, decode_events_with, encode_events, encode_events_with, references};
pub use instance::{
    Answer, Child, ElementInstance, Incident, Instance, InstanceState, Job, Phase, Repeat, Subscription, Task,
    TimerState, WaitingFlow,
};
pub use large::{Fetched, Large, LargeValues, ValueName};
pub use listening::{Collected, ConversationKey, Listening, Reset, Watcher};
