//! Apps: OAuth clients of this installation, their tokens, and the activities and robots they register.
//!
//! - [`registry`]: making and changing apps
//! - [`oauth`]: authorization codes, access and refresh tokens
//! - [`activities`]: activities and robots
//! - [`types`], [`localized`]: the data

pub mod activities;
pub mod localized;
pub mod oauth;
pub mod registry;
pub mod types;

pub use activities::{Activities, Registration};
pub use localized::Localized;
pub use registry::Apps;
pub(crate) use registry::check_scopes;
pub use types::*;
