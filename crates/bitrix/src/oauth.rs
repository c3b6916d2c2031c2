//! `/oauth/authorize/` and `/oauth/token/` (contract 1.12): parameters in the query, a form or JSON, by GET or POST.

use crate::state::BitrixState;
use crate::wire::{Array, Param, form};
use crate::{portal, request};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Request, StatusCode, Uri, header};
use axum::response::Response;
use model::Fault;
use model::error::{FaultKind, codes};
use platform::Actor;
use serde_json::{Value as Json, json};

/// The cookie of the native sign-in.
const SESSION_COOKIE: &str = "ruslo_session";

/// A refusal in OAuth's own words.
struct Refusal {
    status: u16,
    error: &'static str,
    description: String,
}

impl Refusal {
    fn new(status: u16, error: &'static str, description: &str) -> Self {
        Self { status, error, description: description.to_owned() }
    }

    fn invalid_request(description: &str) -> Self {
        Self::new(400, "invalid_request", description)
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        let reason = fault.details.as_ref().and_then(|d| d.get("reason")).and_then(Json::as_str);
        if fault.is(&codes::OAUTH_GRANT) {
            return match reason {
                Some("wrong_client") => Self::new(400, "wrong_client", "The token belongs to another application"),
                _ => Self::new(400, "invalid_grant", "The code or refresh token is wrong, used or expired"),
            };
        }
        match fault.code.kind {
            _ if fault.is(&codes::OAUTH_CLIENT) => Self::new(401, "invalid_client", "The client id or secret is wrong"),
            FaultKind::Limited | FaultKind::Unavailable => Self::new(503, "temporarily_unavailable", "Try again later"),
            FaultKind::Internal => Self::new(500, "server_error", "Internal server error"),
            _ => Self::invalid_request(&fault.message),
        }
    }
}

/// `/oauth/token` and `/oauth/token/`.
pub async fn token(State(state): State<BitrixState>, request: Request<Body>) -> Response {
    if request.method() == Method::OPTIONS {
        return answer(StatusCode::NO_CONTENT, Body::empty());
    }
    let (status, body) = match exchange(&state, request).await {
        Ok(body) => (200, body),
        Err(refusal) => (refusal.status, json!({"error": refusal.error, "error_description": refusal.description})),
    };
    answer(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), Body::from(body.to_string()))
}

async fn exchange(state: &BitrixState, request: Request<Body>) -> Result<Json, Refusal> {
    let params = read(state, request).await?;
    let need = |name: &str| {
        let text = params.get(name).and_then(Param::as_text).filter(|t| !t.is_empty());
        text.ok_or_else(|| Refusal::invalid_request(&format!("The parameter '{name}' is missing")))
    };
    let grant = need("grant_type")?;
    let (client_id, secret) = (need("client_id")?, need("client_secret")?);
    let apps = state.platform().apps();
    let pair = match grant.as_str() {
        "authorization_code" => apps.exchange_code(&client_id, &secret, &need("code")?).await.map_err(|fault| {
            // A code of another app is just a wrong code; only refresh tokens have the error of their own.
            let fault = if fault.is(&codes::OAUTH_GRANT) { Fault { details: None, ..fault } } else { fault };
            Refusal::from(fault)
        })?,
        "refresh_token" => apps.refresh(&client_id, &secret, &need("refresh_token")?).await?,
        _ => return Err(Refusal::invalid_request("The grant type is not supported")),
    };
    Ok(portal::token_object(&pair, state.platform().public_url()))
}

async fn read(state: &BitrixState, request: Request<Body>) -> Result<Array, Refusal> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, state.request_bytes()).await;
    let body = body.map_err(|_| Refusal::new(413, "invalid_request", "The request is too large"))?;
    let params = request::parameters(parts.uri.query().unwrap_or(""), &parts.headers, body).await;
    params.map_err(|e| Refusal::invalid_request(&e.description))
}

/// `/oauth/authorize` and `/oauth/authorize/`: the signed-in person lets an app act in his name.
pub async fn authorize(State(state): State<BitrixState>, headers: HeaderMap, uri: Uri) -> Response {
    match code(&state, &headers, &uri).await {
        Ok(location) => redirect(&location),
        Err(refusal) => {
            let body = json!({"error": refusal.error, "error_description": refusal.description}).to_string();
            answer(StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST), Body::from(body))
        }
    }
}

async fn code(state: &BitrixState, headers: &HeaderMap, uri: &Uri) -> Result<String, Refusal> {
    let query = uri.query().unwrap_or("");
    let params = form::decode(query.as_bytes()).map_err(|e| Refusal::invalid_request(&e.to_string()))?;
    let text = |name: &str| params.get(name).and_then(Param::as_text).unwrap_or_default();
    let client_id = text("client_id");
    if client_id.is_empty() {
        return Err(Refusal::invalid_request("The parameter 'client_id' is missing"));
    }
    let kind = text("response_type");
    if !kind.is_empty() && kind != "code" {
        return Err(Refusal::invalid_request("Only the response type 'code' is supported"));
    }
    let Some(actor) = signed_in(state, headers).await? else {
        let back = format!("/oauth/authorize/?{query}");
        return Ok(format!("/?next={}", form::escape(&back).replace('+', "%20")));
    };
    let apps = state.platform().apps();
    let known = apps.by_client_id(&client_id).await?;
    let known = known.ok_or_else(|| Refusal::new(401, "invalid_client", "The client id is wrong"))?;
    let target = known.handler_url.as_deref().and_then(|u| url::Url::parse(u).ok());
    let mut target = target.ok_or_else(|| Refusal::invalid_request("The application has no address to return to"))?;
    let (app, code) = apps.authorize_code(&actor, &client_id).await?;
    let domain = portal::domain(state.platform().public_url());
    let member_id = apps.member_id().await?;
    target
        .query_pairs_mut()
        .append_pair("code", &code)
        .append_pair("state", &text("state"))
        .append_pair("domain", &domain)
        .append_pair("member_id", &member_id)
        .append_pair("scope", &app.scopes.to_text())
        .append_pair("server_domain", &domain);
    Ok(target.to_string())
}

/// The person whose browser asks, if he is signed in.
async fn signed_in(state: &BitrixState, headers: &HeaderMap) -> Result<Option<Actor>, Refusal> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let Some((_, cookie)) = pairs.find(|(name, _)| *name == SESSION_COOKIE) else { return Ok(None) };
    match state.platform().sessions().authenticate(cookie).await {
        Ok(session) => Ok(Some(session.actor)),
        Err(fault) if fault.code.kind == FaultKind::Unauthenticated => Ok(None),
        Err(fault) => Err(fault.into()),
    }
}

fn redirect(location: &str) -> Response {
    let response = Response::builder().status(StatusCode::FOUND).header(header::LOCATION, location);
    let response = response.header(header::CACHE_CONTROL, "no-store").body(Body::empty());
    response.unwrap_or_else(|_| answer(StatusCode::BAD_REQUEST, Body::from("{\"error\":\"invalid_request\"}")))
}

fn answer(status: StatusCode, body: Body) -> Response {
    let response = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")
        .header(header::ACCESS_CONTROL_ALLOW_HEADERS, "origin, content-type, accept, authorization, x-request-id")
        .header(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, OPTIONS")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(body);
    response.expect("the headers are constants")
}
