//! API tokens: `Authorization: Bearer …` for scripts and workers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An API token.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Token)]
pub struct TokenDto {
    /// `token_1`.
    #[schema(example = "token_1")]
    pub id: String,
    /// What it is for.
    pub title: String,
    /// What it may do: `api` everything, `read` only look, `jobs` only the work of external workers.
    pub scopes: Vec<String>,
    /// When it was made, UTC.
    pub created_at: String,
    /// Only in the answer to making it: shown once, kept as a hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// A new token.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NewToken)]
pub struct NewTokenDto {
    /// What it is for.
    pub title: String,
    /// `api` when absent.
    pub scopes: Option<Vec<String>>,
}

/// The caller's tokens.
#[utoipa::path(get, path = "/tokens", tag = "tokens",
    responses((status = 200, description = "Tokens", body = crate::edge::Page<TokenDto>)))]
pub(crate) async fn list() {}

/// Make a token in the caller's name. The answer holds it once.
#[utoipa::path(post, path = "/tokens", tag = "tokens", request_body = NewTokenDto,
    responses((status = 201, description = "Made", body = TokenDto)))]
pub(crate) async fn create() {}

/// Revoke a token.
#[utoipa::path(delete, path = "/tokens/{id}", tag = "tokens", params(("id" = String, Path, example = "token_1")),
    responses((status = 204, description = "Revoked")))]
pub(crate) async fn remove() {}
