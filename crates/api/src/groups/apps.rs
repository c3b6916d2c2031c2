//! Apps: OAuth clients with their activities, tokens and calls.

use super::instances::CallDto;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An app.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = App)]
pub struct AppDto {
    /// `app_1`.
    #[schema(example = "app_1")]
    pub id: String,
    /// What people see.
    pub name: String,
    /// OAuth client id.
    #[schema(example = "local.5c8bb1b0a6d1e2.12345678")]
    pub client_id: String,
    /// What calls to the app carry, so that it knows who calls.
    pub application_token: String,
    /// What its tokens may do.
    pub scopes: Vec<String>,
    /// Its page; authorization codes are sent there.
    pub handler_url: Option<String>,
    /// Where its installation is announced.
    pub install_url: Option<String>,
    /// When it was made, UTC.
    pub created_at: String,
    /// Who made it.
    pub created_by: super::people::PersonDto,
    /// How many activities and robots it has registered.
    pub activity_count: u64,
    /// Only in answers to making the app or a new secret: shown once, kept as a hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
}

/// A new app.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NewApp)]
pub struct NewAppDto {
    /// What people see.
    pub name: String,
    /// What its tokens may do, for example `bizproc`.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Its page.
    pub handler_url: Option<String>,
    /// Where its installation is announced.
    pub install_url: Option<String>,
}

/// A change of an app; what is absent stays, an empty address is cleared.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AppPatch)]
pub struct AppPatchDto {
    /// What people see.
    pub name: Option<String>,
    /// What its tokens may do.
    pub scopes: Option<Vec<String>>,
    /// Its page.
    pub handler_url: Option<String>,
    /// Where its installation is announced.
    pub install_url: Option<String>,
}

/// Tokens of an app in the caller's name: shown once.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AppTokens)]
pub struct AppTokensDto {
    /// Lives `expiresIn` seconds.
    pub access_token: String,
    /// Lives 180 days, replaced at each use.
    pub refresh_token: String,
    /// When the access token ends, Unix seconds.
    pub expires: i64,
    /// 3600.
    pub expires_in: i64,
    /// The installation's constant id.
    pub member_id: String,
    /// Where REST methods are called.
    pub client_endpoint: String,
    /// Where tokens are refreshed and methods called.
    pub server_endpoint: String,
    /// Comma separated.
    pub scope: String,
    /// In whose name: `user_5`.
    pub user_id: String,
    /// This server's host, with its port when it is not the usual one.
    pub domain: String,
}

/// A property of an app's activity.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Property)]
pub struct PropertyDto {
    /// Its key.
    pub key: String,
    /// Its name in the caller's language.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether a value must be given.
    pub required: bool,
    /// Whether it holds a list.
    pub multiple: bool,
    /// Its default.
    pub default: serde_json::Value,
}

/// An activity or robot that an app registered.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AppActivity)]
pub struct AppActivityDto {
    /// `act_1`.
    pub id: String,
    /// The app's code for it.
    pub code: String,
    /// Service tasks of this job type are its work.
    #[schema(example = "rest_1b6b1fb2b5f5c4f1d8a6f1c1d1e1f1a1")]
    pub job_type: String,
    /// `activity` or `robot`.
    pub kind: String,
    /// Its name in the caller's language.
    pub name: String,
    /// Its description in the caller's language.
    pub description: String,
    /// Where its work is posted to.
    pub handler: String,
    /// `true` always waits for an answer, `false` never, `null` as the node says.
    pub use_subscription: Option<bool>,
    /// Inputs.
    pub properties: Vec<PropertyDto>,
    /// Outputs.
    pub return_properties: Vec<PropertyDto>,
    /// When it was registered or changed, UTC.
    pub updated_at: String,
}

/// The apps.
#[utoipa::path(get, path = "/apps", tag = "apps", params(crate::edge::PageQuery),
    responses((status = 200, description = "Apps", body = crate::edge::Page<AppDto>)))]
pub(crate) async fn list() {}

/// Make an app. The answer holds its secret once.
#[utoipa::path(post, path = "/apps", tag = "apps", request_body = NewAppDto,
    responses((status = 201, description = "Made", body = AppDto)))]
pub(crate) async fn create() {}

/// One app.
#[utoipa::path(get, path = "/apps/{id}", tag = "apps", params(("id" = String, Path, example = "app_1")),
    responses((status = 200, description = "The app", body = AppDto)))]
pub(crate) async fn get() {}

/// Change an app.
#[utoipa::path(patch, path = "/apps/{id}", tag = "apps", params(("id" = String, Path, example = "app_1")),
    request_body = AppPatchDto, responses((status = 200, description = "The app", body = AppDto)))]
pub(crate) async fn update() {}

/// Remove an app with its tokens and registrations. Processes that use its activities stay and say what is missing.
#[utoipa::path(delete, path = "/apps/{id}", tag = "apps", params(("id" = String, Path, example = "app_1")),
    responses((status = 204, description = "Removed")))]
pub(crate) async fn remove() {}

/// Make a new client secret; the old one stops working. The answer holds it once.
#[utoipa::path(post, path = "/apps/{id}/secret", tag = "apps", params(("id" = String, Path, example = "app_1")),
    responses((status = 200, description = "The app with its secret", body = AppDto)))]
pub(crate) async fn new_secret() {}

/// Issue tokens of the app in the caller's name. Shown once.
#[utoipa::path(post, path = "/apps/{id}/tokens", tag = "apps", params(("id" = String, Path, example = "app_1")),
    responses((status = 201, description = "Tokens", body = AppTokensDto)))]
pub(crate) async fn new_tokens() {}

/// The app's activities and robots.
#[utoipa::path(get, path = "/apps/{id}/activities", tag = "apps", params(("id" = String, Path, example = "app_1")),
    responses((status = 200, description = "Activities", body = crate::edge::Page<AppActivityDto>)))]
pub(crate) async fn activities() {}

/// The latest calls to the app's handlers, newest first.
#[utoipa::path(get, path = "/apps/{id}/calls", tag = "apps",
    params(("id" = String, Path, example = "app_1"), crate::edge::PageQuery),
    responses((status = 200, description = "Calls", body = crate::edge::Page<CallDto>)))]
pub(crate) async fn calls() {}
