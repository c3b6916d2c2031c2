//! From a fault to an HTTP answer: the one exhaustive match of kinds to statuses.
//!
//! Invariant: what leaves here is public; the cause of a fault goes to the log only.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::Fault;
use model::error::FaultKind;
use serde::Serialize;
use utoipa::ToSchema;

/// Seconds after which a caller tries again when nothing better is known.
const RETRY_AFTER_S: u64 = 5;

/// An error answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// The stable code; its page is `docs/errors/CODE.md`.
    #[schema(example = "DOC-0004")]
    pub code: String,
    /// What is wrong and how to mend it, in English.
    pub message: String,
    /// Machine-readable particulars, for example `{"field":"NAME"}`.
    pub details: Option<serde_json::Value>,
}

/// A fault on its way out.
#[derive(Debug)]
pub struct ApiError(pub Fault);

/// What handlers return.
pub type ApiResult<T> = Result<T, ApiError>;

impl From<Fault> for ApiError {
    fn from(fault: Fault) -> Self {
        Self(fault)
    }
}

/// The status of a kind of fault.
pub fn status_of(fault: &Fault) -> StatusCode {
    use model::error::codes;
    if fault.is(&codes::METHOD_NOT_ALLOWED) {
        return StatusCode::METHOD_NOT_ALLOWED;
    }
    if fault.is(&codes::REQUEST_INVALID) {
        return StatusCode::BAD_REQUEST;
    }
    match fault.code.kind {
        FaultKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        FaultKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        FaultKind::Forbidden => StatusCode::FORBIDDEN,
        FaultKind::NotFound => StatusCode::NOT_FOUND,
        FaultKind::Conflict => StatusCode::CONFLICT,
        FaultKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        FaultKind::Limited => StatusCode::TOO_MANY_REQUESTS,
        FaultKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        FaultKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let fault = self.0;
        let status = status_of(&fault);
        if status.is_server_error() {
            let cause = fault.source.as_ref().map(ToString::to_string);
            tracing::error!(code = fault.code.code, cause, "{}", fault.message);
        }
        let retry_after = fault.retry_after_s();
        let body = ErrorBody { code: fault.code.code.to_owned(), message: fault.message, details: fault.details };
        let mut response = (status, Json(body)).into_response();
        if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after.unwrap_or(RETRY_AFTER_S)));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::error::codes;

    #[test]
    fn overload_says_when_to_come_again() {
        for (fault, status, seconds) in [
            (Fault::of(&codes::QUEUE_FULL).retry_after(7), 429, Some("7")),
            (Fault::of(&codes::QUEUE_FULL), 429, Some("5")),
            (Fault::of(&codes::SHUTTING_DOWN), 503, Some("5")),
            (Fault::of(&codes::STORE_FAILED), 503, Some("5")),
            (Fault::of(&codes::JOB_NOT_FOUND), 404, None),
        ] {
            let response = ApiError(fault).into_response();
            let header = response.headers().get(header::RETRY_AFTER).map(|value| value.to_str().unwrap());
            assert_eq!((response.status().as_u16(), header), (status, seconds));
        }
    }
}
