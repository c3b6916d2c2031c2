//! The embedded database: the conformance suite, archives, and what survives a kill.

mod archive;
mod crash;
mod sqlite;
