//! The edge: errors, pages, and what handlers are given.

mod error;
mod page;

pub use error::{ApiError, ApiResult, ErrorBody, status_of};
pub use page::{JsonObject, MAX_LIMIT, Page, PageQuery};
