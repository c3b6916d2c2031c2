//! `/rest/...`: from a request to a JSON answer. Everything under it answers JSON (or XML), failures too.

use crate::call::{self, Caller};
use crate::request::{self, Address, Format};
use crate::state::BitrixState;
use crate::wire::{Envelope, TimeBlock, WireError, xml};
use crate::{batch, fault};
use axum::body::Body;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Request, StatusCode, Uri, header};
use axum::response::Response;
use bytes::Bytes;
use model::UserId;
use model::error::codes;

/// Takes any request under `/rest`.
pub async fn handle(State(state): State<BitrixState>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().strip_prefix("/rest").unwrap_or("");
    let address = Address::parse(path);
    if parts.method == Method::OPTIONS {
        return with_headers(Response::builder().status(StatusCode::NO_CONTENT), Format::Json, Body::empty());
    }
    let format = address.format;
    // A task of its own: a caller who goes away stops nothing half-way, and a bug still answers JSON.
    let envelope = tokio::spawn(async move { envelope(&state, &parts, &address, body).await }).await;
    let envelope = envelope.unwrap_or_else(|error| {
        tracing::error!(%error, "a call broke down");
        Envelope::failure(&WireError::internal())
    });
    write(&envelope, format)
}

async fn envelope(state: &BitrixState, parts: &Parts, address: &Address, body: Body) -> Envelope {
    let Ok(body) = axum::body::to_bytes(body, state.request_bytes()).await else {
        return Envelope::failure(&WireError::too_large());
    };
    if parts.method != Method::GET && parts.method != Method::POST {
        return Envelope::failure(&WireError::new(405, "ERROR_METHOD_NOT_FOUND", "Use GET or POST"));
    }
    let input = Input { address, uri: &parts.uri, headers: &parts.headers, body };
    answer(state, input).await.unwrap_or_else(|error| Envelope::failure(&error))
}

struct Input<'a> {
    address: &'a Address,
    uri: &'a Uri,
    headers: &'a HeaderMap,
    body: Bytes,
}

/// Authentication, then the method's existence, then its own checks (contract 1.8).
async fn answer(state: &BitrixState, input: Input<'_>) -> Result<Envelope, WireError> {
    let start = state.now();
    let query = input.uri.query().unwrap_or("");
    let mut params = request::parameters(query, input.headers, input.body).await?;
    let token = request::token(input.headers, &params);
    call::strip_transport(&mut params);
    let name = input.address.method.as_str();
    let caller = match &input.address.webhook {
        Some((user, secret)) => by_webhook(state, *user, secret).await?,
        None => by_token(state, token, name).await?,
    };
    if name == "batch" {
        let answer = batch::run(state, &caller, params).await?;
        let finish = state.now();
        let reset = finish.0.div_euclid(1000) + 600;
        let time = TimeBlock { start, finish, operating_s: 0.0, operating_reset_at: reset };
        return Ok(Envelope::success(answer, time.to_json(state.zone())));
    }
    let (answer, time) = call::run(state, &caller, name, params).await?;
    Ok(Envelope::success(answer, time))
}

async fn by_webhook(state: &BitrixState, user: i64, secret: &str) -> Result<Caller, WireError> {
    let actor = state.platform().webhooks().authenticate(UserId(user), secret).await;
    let actor = actor.map_err(|f| match f.code.kind {
        model::error::FaultKind::Unauthenticated if !f.is(&codes::USER_DISMISSED) => WireError::invalid_credentials(),
        model::error::FaultKind::NotFound => WireError::invalid_credentials(),
        _ => fault::general(&f),
    })?;
    Ok(Caller { actor, access_token: None })
}

async fn by_token(state: &BitrixState, token: Option<String>, name: &str) -> Result<Caller, WireError> {
    let Some(token) = token else {
        // A path that can not name a method is 404 even for nobody: REST v3, typos in an address.
        return Err(if name.is_empty() { WireError::method_not_found() } else { WireError::no_auth() });
    };
    let actor = state.platform().apps().authenticate_access_token(&token).await.map_err(|f| fault::general(&f))?;
    Ok(Caller { actor, access_token: Some(token) })
}

fn write(envelope: &Envelope, format: Format) -> Response {
    let status = StatusCode::from_u16(envelope.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let text = match format {
        Format::Json => envelope.body.to_string(),
        Format::Xml => xml::encode(&envelope.body),
    };
    let mut response = Response::builder().status(status);
    if let Some(seconds) = envelope.retry_after {
        response = response.header(header::RETRY_AFTER, seconds);
    }
    with_headers(response, format, Body::from(text))
}

fn with_headers(builder: axum::http::response::Builder, format: Format, body: Body) -> Response {
    let media = match format {
        Format::Json => "application/json; charset=utf-8",
        Format::Xml => "application/xml; charset=utf-8",
    };
    let response = builder
        .header(header::CONTENT_TYPE, media)
        .header(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")
        .header(header::ACCESS_CONTROL_ALLOW_HEADERS, "origin, content-type, accept, authorization, x-request-id")
        .header(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, OPTIONS")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(body);
    response.expect("the headers are constants")
}
