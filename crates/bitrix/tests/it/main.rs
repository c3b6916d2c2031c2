//! Bitrix24 as its apps see it: calls, credentials, activities, tasks and templates.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod activities;
mod every_method;
mod examples;
mod oauth;
mod support;
mod tasks;
mod transport;
mod workflows;
