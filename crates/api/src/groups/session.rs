//! Signing in and out.

use crate::groups::me::Me;
use serde::{Deserialize, Serialize};
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

/// Sign in. Answers with the cookie `ruslo_session`. Ten failures for a login or address within 15 minutes are
/// answered 429 `IDN-0016`.
#[utoipa::path(post, path = "/session", tag = "session", request_body = SignIn,
    responses((status = 200, description = "Signed in", body = SessionInfo)))]
pub(crate) async fn sign_in() {}

/// Who is signed in.
#[utoipa::path(get, path = "/session", tag = "session",
    responses((status = 200, description = "The session", body = SessionInfo)))]
pub(crate) async fn session() {}

/// Sign out: the session ends at once.
#[utoipa::path(delete, path = "/session", tag = "session",
    responses((status = 204, description = "Signed out")))]
pub(crate) async fn sign_out() {}
