//! The edge: who calls, what a request holds, errors, pages.

mod error;
mod extract;
mod gate;
mod page;
mod upload;

pub use error::{ApiError, ApiResult, ErrorBody, status_of};
pub use extract::{Body, Id, Params, invalid, parse_id, parse_opt_id};
pub use gate::{COOKIE, CSRF_HEADER, Caller, Who};
pub(crate) use gate::{Gate, cookie, gate};
pub use page::{JsonObject, MAX_LIMIT, Page, PageQuery};
pub(crate) use upload::UploadedFile;
