//! Shared by the engine's tests: definitions as text, and a script of steps whose events are printed one a line.

#![allow(dead_code, reason = "each test binary uses its own part")]

pub mod definition;
pub mod script;
