//! The token engine: pure decisions about one process instance.
//!
//! [`decide()`] turns a command into events, [`apply()`] turns an event into state; live work and replay share `apply`.
//! Knows nothing of: storage, HTTP, clocks, randomness, threads. Time and ids come in with [`Env`].
//!
//! - [`program`]: a definition with its expressions compiled
//! - [`command`]: what may be asked, and why it may be refused
//! - [`event`]: what happened
//! - [`exchange`]: what goes between instances
//! - [`state`]: the instance between steps, snapshot and journal bytes
//! - [`testbed`]: an instance in memory with a clock of its own, for `ruslo run` and tests
//!
//! Inside: `decide` (commands) → `step` (the queue of tokens) → `lifecycle` (phases of a run) → `elements` (one file
//! each), with `variables`, `timers`, `cron` and `errors` beside them.

pub mod command;
pub mod event;
pub mod exchange;
pub mod program;
pub mod state;
pub mod testbed;

mod activity_commands;
pub mod calendar;
mod canceling;

mod activity_events;
mod apply;
mod apply_activities;
mod compensation;
mod cron;
mod data;
mod decide;
mod elements;
mod env;
mod errors;
mod escalations;
mod event_json;
mod handlers;
mod invariants;
mod joins;
mod lifecycle;
mod migration;
mod modification;
mod repetition;
mod retries;
mod stages;
mod starts;
mod step;
pub mod task_listeners;
pub mod timers;
mod transaction;
mod triggers;
mod turn_events;
mod variables;
mod view;

pub use apply::apply;
pub use command::{Activate, Command, Modification, Move, Rejection, Start};
pub use data::STORE_JOB;
pub use decide::{Decision, decide, script_result, start};
pub use elements::business_rule_task::DECISION_JOB;
pub use elements::script_task::SCRIPT_JOB;
pub use env::{Env, ServerFacts};
pub use event::Event;
pub use invariants::check_invariants;
pub use migration::{MigrationPlan, MigrationProblem, MigrationProblemKind, migrate, migration_fault};
pub use program::Program;
pub use repetition::CONTINUE_JOB;
pub use starts::{StartTrigger, StartedBy, TriggeredStart, name_of_start, triggered_starts, true_conditions};
pub use state::{Fetched, Large, LargeValues, ValueName};
pub use state::{
    Instance, InstanceState, decode_events, decode_events_with, encode_events, encode_events_with, references,
};
