//! Shared by the engine's tests: definitions as text, and a script of steps whose events are printed one a line.

pub mod activities;
pub mod definition;
pub mod events;
pub mod script;
pub mod world;
