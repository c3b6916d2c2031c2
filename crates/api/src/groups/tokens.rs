//! API tokens: `Authorization: Bearer …` for scripts and workers.

use crate::ApiState;
use crate::edge::{ApiResult, Body, Caller, Id, Page};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::TokenId;
use platform::identity::ApiToken;
use platform::{Action, Object, ScopeSet};
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
    /// When it was last used, within minutes, UTC.
    pub last_used_at: Option<String>,
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
    responses((status = 200, description = "Tokens", body = Page<TokenDto>)))]
pub(crate) async fn list(State(api): State<ApiState>, caller: Caller) -> ApiResult<Json<Page<TokenDto>>> {
    let user = caller.actor.user_id();
    caller.may(Action::View, Object::Tokens(user))?;
    let tokens = api.platform.tokens().list(user).await?;
    Ok(Json(Page::whole(tokens.into_iter().map(dto).collect())))
}

/// Make a token in the caller's name. The answer holds it once.
#[utoipa::path(post, path = "/tokens", tag = "tokens", request_body = NewTokenDto,
    responses((status = 201, description = "Made", body = TokenDto)))]
pub(crate) async fn create(
    State(api): State<ApiState>,
    caller: Caller,
    Body(body): Body<NewTokenDto>,
) -> ApiResult<(StatusCode, Json<TokenDto>)> {
    let user = caller.actor.user_id();
    caller.may(Action::Create, Object::Tokens(user))?;
    let scopes = ScopeSet::new(body.scopes.unwrap_or_else(|| vec!["api".into()]));
    let (made, token) = api.platform.tokens().create(user, &body.title, scopes).await?;
    Ok((StatusCode::CREATED, Json(TokenDto { token: Some(token), ..dto(made) })))
}

/// Revoke a token.
#[utoipa::path(delete, path = "/tokens/{id}", tag = "tokens", params(("id" = String, Path, example = "token_1")),
    responses((status = 204, description = "Revoked")))]
pub(crate) async fn remove(State(api): State<ApiState>, caller: Caller, Id(id): Id<TokenId>) -> ApiResult<StatusCode> {
    let user = caller.actor.user_id();
    caller.may(Action::Delete, Object::Tokens(user))?;
    api.platform.tokens().delete(user, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn dto(token: ApiToken) -> TokenDto {
    TokenDto {
        id: token.id.to_string(),
        title: token.title,
        scopes: token.scopes.iter().map(str::to_owned).collect(),
        created_at: token.created_at.to_iso(),
        last_used_at: token.last_used_at.map(|at| at.to_iso()),
        token: None,
    }
}
