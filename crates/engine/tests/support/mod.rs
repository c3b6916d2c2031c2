//! Shared by the engine's tests: definitions as text, and a script of steps whose events are printed one a line.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "a broken fixture should stop the test where it is read")]

pub mod activities;
pub mod definition;
pub mod events;
pub mod script;
pub mod world;
