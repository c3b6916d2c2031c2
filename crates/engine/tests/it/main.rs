//! The engine by its cases, by recorded histories, by random processes, and by models of other projects.
#![allow(clippy::unwrap_used, reason = "a broken fixture should stop the test where it is read")]

mod activity_properties;
mod cases;
mod corpora;
mod encoding;
mod event_properties;
mod histories;
mod limits;
mod machine;
mod migration;
mod patterns;
mod properties;
mod starts;
mod support;
mod timer_mutants;
mod turns;
