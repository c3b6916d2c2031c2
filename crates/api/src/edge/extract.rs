//! What handlers read from a request; every failure is a fault with a code.

use super::error::ApiError;
use crate::ApiState;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use bytes::Bytes;
use model::Fault;
use model::error::codes;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::fmt::Display;
use std::str::FromStr;

/// The request's JSON body. `API-0001` with line and column when it is broken, `API-0002` when it is too large.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<ApiState> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, ApiError> {
        // A form of another site can not send this type without being asked first: a second guard besides the token.
        if !is_json(request.headers()) {
            return Err(invalid("The body has to be application/json").into());
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Fault::of(&codes::REQUEST_TOO_LARGE),
            _ => invalid("The body can not be read"),
        })?;
        serde_json::from_slice(&bytes).map(Self).map_err(|e| {
            let details = json!({ "line": e.line(), "column": e.column() });
            Fault::new(&codes::REQUEST_INVALID, format!("The body can not be read: {e}")).with_details(details).into()
        })
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let given = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    given.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// The query's parameters.
pub struct Params<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<ApiState> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query.map(|Query(value)| Self(value)).map_err(|e| invalid(&e.body_text()).into())
    }
}

/// The id in the path. An id of another kind names nothing: 404.
pub struct Id<T>(pub T);

impl<T: FromStr<Err: Display> + Send> FromRequestParts<ApiState> for Id<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let Path(text) = path.map_err(|_| Fault::of(&codes::ROUTE_NOT_FOUND))?;
        let parsed = text.parse().map_err(|e| Fault::new(&codes::ROUTE_NOT_FOUND, format!("{e}")));
        Ok(Self(parsed?))
    }
}

/// An id in a body or query, or `API-0001`.
pub fn parse_id<T: FromStr<Err: Display>>(text: &str) -> Result<T, Fault> {
    text.parse().map_err(|e| invalid(&format!("{e}")))
}

/// An optional id; an empty text is none.
pub fn parse_opt_id<T: FromStr<Err: Display>>(text: Option<&str>) -> Result<Option<T>, Fault> {
    text.filter(|t| !t.is_empty()).map(parse_id).transpose()
}

/// `API-0001`.
pub fn invalid(message: &str) -> Fault {
    Fault::new(&codes::REQUEST_INVALID, message)
}
