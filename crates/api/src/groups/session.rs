//! Signing in and out.

use crate::ApiState;
use crate::edge::{ApiResult, Body, COOKIE, Caller, cookie};
use crate::groups::me::Me;
use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse};
use model::Fault;
use platform::User;
use platform::identity::Client;
use platform::identity::sessions::IDLE_MS;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use utoipa::ToSchema;

/// Who signs in.
#[derive(Deserialize, ToSchema)]
pub struct SignIn {
    /// The login.
    pub login: String,
    /// The password.
    #[schema(format = Password)]
    pub password: String,
}

/// The session: who is signed in, where.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionInfo {
    /// The person.
    pub user: Me,
    /// To send back in the header `X-Csrf-Token` with every change. Empty when a token is used instead of a session.
    pub csrf_token: String,
    /// The server.
    pub server: ServerInfo,
}

/// What a page must know of the server.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerInfo {
    /// Its version.
    pub version: String,
    /// The address links are built from.
    pub public_url: String,
    /// Whether the sample company was loaded.
    pub demo: bool,
}

/// Sign in. Answers with the cookie `ruslo_session`. After ten failures for a login from one address within 15 minutes:
/// 429 `IDN-0016`.
#[utoipa::path(post, path = "/session", tag = "session", request_body = SignIn,
    responses((status = 200, description = "Signed in", body = SessionInfo)))]
pub(crate) async fn sign_in(
    State(api): State<ApiState>,
    headers: HeaderMap,
    extensions: Extensions,
    Body(body): Body<SignIn>,
) -> ApiResult<impl IntoResponse> {
    let agent = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let address = extensions.get::<ConnectInfo<SocketAddr>>().map(|c| c.0.ip().to_string()).unwrap_or_default();
    let client = Client { address, user_agent: agent.to_owned() };
    let signed_in = api.platform.sessions().sign_in(&body.login, body.password, &client).await?;
    let info = info(&api, &signed_in.user, signed_in.csrf_token);
    Ok((set_cookie(&api, &signed_in.token, IDLE_MS / 1000)?, Json(info)))
}

/// Who is signed in.
#[utoipa::path(get, path = "/session", tag = "session",
    responses((status = 200, description = "The session", body = SessionInfo)))]
pub(crate) async fn session(
    State(api): State<ApiState>,
    caller: Caller,
    headers: HeaderMap,
) -> ApiResult<impl IntoResponse> {
    // A browser forgets the cookie a week after it was last set, so it is set again at every visit.
    let kept = caller.session.as_ref().and_then(|_| cookie(&headers));
    let again = kept.map(|token| set_cookie(&api, token, IDLE_MS / 1000)).transpose()?;
    let csrf_token = caller.session.map(|s| s.csrf_token).unwrap_or_default();
    Ok((again, Json(info(&api, &caller.actor.user, csrf_token))))
}

/// Sign out: the session ends at once.
#[utoipa::path(delete, path = "/session", tag = "session",
    responses((status = 204, description = "Signed out")))]
pub(crate) async fn sign_out(State(api): State<ApiState>, caller: Caller) -> ApiResult<impl IntoResponse> {
    if let Some(session) = caller.session {
        api.platform.sessions().sign_out(session.token_hash).await?;
    }
    Ok((StatusCode::NO_CONTENT, set_cookie(&api, "", 0)?))
}

type Cookie = AppendHeaders<[(header::HeaderName, HeaderValue); 1]>;

fn set_cookie(api: &ApiState, token: &str, max_age_s: i64) -> Result<Cookie, Fault> {
    let secure = if api.platform.public_url().starts_with("https:") { "; Secure" } else { "" };
    let text = format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={max_age_s}{secure}");
    let value = HeaderValue::from_str(&text).map_err(|e| Fault::of(&model::error::codes::REQUEST_INVALID).caused_by(e));
    Ok(AppendHeaders([(header::SET_COOKIE, value?)]))
}

fn info(api: &ApiState, user: &User, csrf_token: String) -> SessionInfo {
    let server = ServerInfo {
        version: api.server.version.clone(),
        public_url: api.platform.public_url().to_owned(),
        demo: api.server.demo,
    };
    SessionInfo { user: user.into(), csrf_token, server }
}
