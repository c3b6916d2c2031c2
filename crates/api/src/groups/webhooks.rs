//! Incoming webhooks: addresses with a secret under which REST methods are called in a person's name.

use crate::ApiState;
use crate::edge::{ApiResult, Body, Caller, Id, Page};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::error::codes;
use model::{Fault, WebhookId};
use platform::identity::Webhook;
use platform::{Action, Object, ScopeSet};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An incoming webhook.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Webhook)]
pub struct WebhookDto {
    /// `hook_1`.
    #[schema(example = "hook_1")]
    pub id: String,
    /// What it is for.
    pub title: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// In whose name.
    pub user_id: String,
    /// When it was made, UTC.
    pub created_at: String,
    /// When it was last used, within minutes, UTC.
    pub last_used_at: Option<String>,
    /// Only in the answer to making it: its address, shown once, the secret kept as a hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "https://ruslo.example.com/rest/1/0123456789abcdef/")]
    pub url: Option<String>,
}

/// A new webhook.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NewWebhook)]
pub struct NewWebhookDto {
    /// What it is for.
    pub title: String,
    /// What it may do, for example `bizproc`.
    #[serde(default)]
    pub scopes: Vec<String>,
}

/// The caller's webhooks; all for administrators.
#[utoipa::path(get, path = "/webhooks", tag = "webhooks",
    responses((status = 200, description = "Webhooks", body = Page<WebhookDto>)))]
pub(crate) async fn list(State(api): State<ApiState>, caller: Caller) -> ApiResult<Json<Page<WebhookDto>>> {
    caller.may(Action::View, Object::Webhooks(caller.actor.user_id()))?;
    let owner = if caller.actor.is_admin() { None } else { Some(caller.actor.user_id()) };
    let hooks = api.platform.webhooks().list(owner).await?;
    Ok(Json(Page::whole(hooks.into_iter().map(dto).collect())))
}

/// Make a webhook in the caller's name. The answer holds its address once.
#[utoipa::path(post, path = "/webhooks", tag = "webhooks", request_body = NewWebhookDto,
    responses((status = 201, description = "Made", body = WebhookDto)))]
pub(crate) async fn create(
    State(api): State<ApiState>,
    caller: Caller,
    Body(body): Body<NewWebhookDto>,
) -> ApiResult<(StatusCode, Json<WebhookDto>)> {
    let user = caller.actor.user_id();
    caller.may(Action::Create, Object::Webhooks(user))?;
    let made = api.platform.webhooks().create(user, &body.title, ScopeSet::new(body.scopes)).await?;
    Ok((StatusCode::CREATED, Json(WebhookDto { url: Some(made.url), ..dto(made.webhook) })))
}

/// Remove a webhook: its address stops working.
#[utoipa::path(delete, path = "/webhooks/{id}", tag = "webhooks", params(("id" = String, Path, example = "hook_1")),
    responses((status = 204, description = "Removed")))]
pub(crate) async fn remove(
    State(api): State<ApiState>,
    caller: Caller,
    Id(id): Id<WebhookId>,
) -> ApiResult<StatusCode> {
    let hooks = api.platform.webhooks().list(None).await?;
    let hook = hooks.into_iter().find(|h| h.id == id);
    let hook = hook.ok_or_else(|| Fault::new(&codes::APP_NOT_FOUND, format!("There is no webhook {id}")))?;
    caller.may(Action::Delete, Object::Webhooks(hook.user))?;
    api.platform.webhooks().delete(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn dto(hook: Webhook) -> WebhookDto {
    WebhookDto {
        id: hook.id.to_string(),
        title: hook.title,
        scopes: hook.scopes.iter().map(str::to_owned).collect(),
        user_id: hook.user.to_string(),
        created_at: hook.created_at.to_iso(),
        last_used_at: hook.last_used_at.map(|at| at.to_iso()),
        url: None,
    }
}
