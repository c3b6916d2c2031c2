//! Ruslo's vocabulary: the values, identifiers, definitions and error codes that every other crate speaks.
//!
//! Knows nothing of: expressions' grammar, storage, HTTP, clocks. Everything here is plain data with no I/O.
//!
//! - [`value`]: the one data type of process variables and record fields, and its JSON shape
//! - [`ids`]: typed identifiers and their text form
//! - [`time`]: instants, injected from outside
//! - [`definition`]: the intermediate representation all front-ends compile to
//! - [`diagnostic`]: findings about a definition
//! - [`error`]: the registry of stable error codes
//! - [`limits`]: every limit with its unit and default
//! - [`document`]: what a process runs for
//! - [`catalog`]: catalogs and their fields

pub mod catalog;
pub mod definition;
pub mod diagnostic;
pub mod document;
pub mod error;
pub mod ids;
pub mod limits;
pub mod number;
pub mod time;
pub mod value;

pub use diagnostic::{Diagnostic, Severity};
pub use document::{DocumentRef, DocumentType};
pub use error::{ErrorCode, Fault};
pub use ids::*;
pub use number::Number;
pub use time::{Clock, Timestamp};
pub use value::{Object, Value};
