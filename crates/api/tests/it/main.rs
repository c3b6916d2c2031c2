//! The API through its router, on a real store in memory and a real runtime.

mod authorization;
mod documents;
mod sessions;
mod story;
mod world;
