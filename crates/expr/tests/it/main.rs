//! Expressions as models use them: every language, its limits, and what no text may do.
#![allow(clippy::unwrap_used, reason = "a test that fails to set up fails")]

mod bitrix;
mod feel;
mod feel_api;
#[cfg(feature = "javascript")]
mod javascript;
mod juel;
mod properties;
mod support;
