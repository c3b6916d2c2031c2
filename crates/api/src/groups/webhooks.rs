//! Incoming webhooks: addresses with a secret under which REST methods are called in a person's name.

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

/// The caller's webhooks.
#[utoipa::path(get, path = "/webhooks", tag = "webhooks",
    responses((status = 200, description = "Webhooks", body = crate::edge::Page<WebhookDto>)))]
pub(crate) async fn list() {}

/// Make a webhook in the caller's name. The answer holds its address once.
#[utoipa::path(post, path = "/webhooks", tag = "webhooks", request_body = NewWebhookDto,
    responses((status = 201, description = "Made", body = WebhookDto)))]
pub(crate) async fn create() {}

/// Remove a webhook: its address stops working.
#[utoipa::path(delete, path = "/webhooks/{id}", tag = "webhooks", params(("id" = String, Path, example = "hook_1")),
    responses((status = 204, description = "Removed")))]
pub(crate) async fn remove() {}
