//! The wire: how requests are decoded and answers look (contract sections 1.1, 1.2, 1.4-1.8).
//!
//! Owns: decoding of forms, JSON and multipart into one ordered tree, the envelope, the `time` block, errors with
//! their statuses, dates, paging, list queries. Pure: no I/O, no clock.
//! Never: knows a method, a user or a document.

pub mod answer;
pub mod dates;
pub mod error;
pub mod form;
pub mod json;
pub mod list;
pub mod params;
pub mod xml;

pub use answer::{Answer, Envelope, TimeBlock};
pub use error::WireError;
pub use params::{Array, Param, Params, Upload};

/// Nesting a request may have; deeper is refused with 400 `ERROR_ARGUMENT`.
pub const MAX_DEPTH: usize = 64;
/// Keys a request may have over all levels; more are refused with 400 `ERROR_ARGUMENT`.
pub const MAX_KEYS: usize = 100_000;

/// A request over [`MAX_DEPTH`] or [`MAX_KEYS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooComplex {
    /// Nested too deeply.
    #[error("the request is nested deeper than {MAX_DEPTH} levels")]
    Depth,
    /// Too many keys.
    #[error("the request has more than {MAX_KEYS} keys")]
    Keys,
}
