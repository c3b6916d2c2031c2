//! Failures as clients see them: `{"error","error_description"}` with a status (contract 1.4, 1.8).

use serde_json::{Map, Value as Json};
use std::borrow::Cow;

/// Seconds after which a caller tries again when nothing better is known.
const RETRY_AFTER_S: u64 = 5;

/// A failed call.
#[derive(Debug, Clone, PartialEq)]
pub struct WireError {
    /// The HTTP status; inside a batch it is not shown.
    pub status: u16,
    /// The code; empty for the failures that the contract leaves without one.
    pub code: Cow<'static, str>,
    /// Text for people.
    pub description: String,
    /// The argument that is wrong, where the contract names one.
    pub argument: Option<String>,
    /// Seconds after which trying again makes sense: the header `Retry-After`, outside a batch.
    pub retry_after: Option<u64>,
}

impl WireError {
    /// A failure with a status, a code and a text.
    pub fn new(status: u16, code: &'static str, description: impl Into<String>) -> Self {
        Self { status, code: Cow::Borrowed(code), description: description.into(), argument: None, retry_after: None }
    }

    /// The same, to be tried again after so many seconds.
    #[must_use]
    pub fn after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// A failure of a method: status 400.
    pub fn bad(code: &'static str, description: impl Into<String>) -> Self {
        Self::new(400, code, description)
    }

    /// A failure of a method without a code: status 400, `"error": ""`.
    pub fn plain(description: impl Into<String>) -> Self {
        Self::new(400, "", description)
    }

    /// 400: a system argument is missing.
    pub fn argument(name: &str) -> Self {
        let text = format!("Argument '{name}' is null or empty");
        Self { argument: Some(name.to_owned()), ..Self::bad("ERROR_ARGUMENT", text) }
    }

    /// 400: the request is nested too deeply or has too many keys.
    pub fn too_complex(reason: super::TooComplex) -> Self {
        Self::bad("ERROR_ARGUMENT", reason.to_string())
    }

    /// 401: no token, or not recognisable.
    pub fn no_auth() -> Self {
        Self::new(401, "NO_AUTH_FOUND", "Wrong authorization data")
    }

    /// 401: unknown or foreign token.
    pub fn invalid_token() -> Self {
        Self::new(401, "invalid_token", "Unable to get application by token")
    }

    /// 401: the access token is past its hour.
    pub fn expired_token() -> Self {
        Self::new(401, "expired_token", "The access token provided has expired.")
    }

    /// 401: the webhook's user or secret is wrong.
    pub fn invalid_credentials() -> Self {
        Self::new(401, "INVALID_CREDENTIALS", "Invalid request credentials")
    }

    /// 401: the person was dismissed.
    pub fn dismissed() -> Self {
        Self::new(401, "authorization_error", "Unable to authorize user")
    }

    /// 401: the token's app was removed.
    pub fn application_not_found() -> Self {
        Self::new(401, "APPLICATION_NOT_FOUND", "Application not found")
    }

    /// 403: the scope was not granted; `by` is `webhook` or `access`.
    pub fn insufficient_scope(by: &str) -> Self {
        let text = format!("The request requires higher privileges than provided by the {by} token");
        Self::new(403, "insufficient_scope", text)
    }

    /// 403: the method's own right check.
    pub fn access_denied() -> Self {
        Self::new(403, "ACCESS_DENIED", "Access denied!")
    }

    /// 403: the method needs an app's token.
    pub fn app_context() -> Self {
        Self::new(403, "ACCESS_DENIED", "Access denied! Application context required")
    }

    /// 404: no such method.
    pub fn method_not_found() -> Self {
        Self::new(404, "ERROR_METHOD_NOT_FOUND", "Method not found!")
    }

    /// 405 in a batch: a method that a batch may not hold.
    pub fn not_in_batch() -> Self {
        Self::new(405, "ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage")
    }

    /// A batch's command past the fiftieth.
    pub fn batch_length() -> Self {
        Self::bad("ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded")
    }

    /// 503: too much at once; the caller may try again.
    pub fn too_many_requests() -> Self {
        Self::new(503, "QUERY_LIMIT_EXCEEDED", "Too many requests").after(RETRY_AFTER_S)
    }

    /// 503: the database or server can not do it now.
    pub fn overloaded() -> Self {
        Self::new(503, "OVERLOAD_LIMIT", "REST API is blocked due to overload.").after(RETRY_AFTER_S)
    }

    /// 413: the body is over the limit.
    pub fn too_large() -> Self {
        Self::new(413, "ERROR_ARGUMENT", "The request is too large")
    }

    /// 500: our fault.
    pub fn internal() -> Self {
        Self::new(500, "INTERNAL_SERVER_ERROR", "Internal server error")
    }

    /// The failure as JSON.
    pub fn to_json(&self) -> Json {
        let mut map = Map::new();
        map.insert("error".into(), Json::String(self.code.to_string()));
        map.insert("error_description".into(), Json::String(self.description.clone()));
        if let Some(argument) = &self.argument {
            map.insert("argument".into(), Json::String(argument.clone()));
        }
        Json::Object(map)
    }
}
