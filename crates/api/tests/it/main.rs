//! The API through its router, on a real store in memory and a real runtime.

#![allow(clippy::unwrap_used, reason = "tests may")]

mod authorization;
mod automatic;
mod decisions;
mod documents;
mod messages;
mod openapi;
mod retention;
mod sessions;
mod story;
mod world;
