//! Apps: OAuth clients with their activities, tokens and calls.

use super::instances::CallDto;
use super::people::Lookup;
use crate::ApiState;
use crate::edge::{ApiResult, Body, Caller, Id, Page, PageQuery, Params};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::{AppId, Fault};
use platform::ScopeSet;
use platform::apps::{ActivityKind, App, AppActivity, AppPatch, NewApp, PropertyDescriptor, TokenPair};
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
    pub created_by: Option<super::people::PersonDto>,
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
#[utoipa::path(get, path = "/apps", tag = "apps", params(PageQuery),
    responses((status = 200, description = "Apps", body = Page<AppDto>)))]
pub(crate) async fn list(
    State(api): State<ApiState>,
    Params(page): Params<PageQuery>,
) -> ApiResult<Json<Page<AppDto>>> {
    let apps = api.platform.apps().list().await?;
    let Page { items, total } = page.slice(apps);
    Ok(Json(Page { items: dtos(&api, items).await?, total }))
}

/// Make an app. The answer holds its secret once.
#[utoipa::path(post, path = "/apps", tag = "apps", request_body = NewAppDto,
    responses((status = 201, description = "Made", body = AppDto)))]
pub(crate) async fn create(
    State(api): State<ApiState>,
    caller: Caller,
    Body(body): Body<NewAppDto>,
) -> ApiResult<(StatusCode, Json<AppDto>)> {
    let new = NewApp {
        name: body.name,
        scopes: ScopeSet::new(body.scopes),
        handler_url: body.handler_url,
        install_url: body.install_url,
    };
    let made = api.platform.apps().create(&caller.actor, new).await?;
    let dto = AppDto { client_secret: Some(made.client_secret), ..dto(&api, made.app).await? };
    Ok((StatusCode::CREATED, Json(dto)))
}

/// One app.
#[utoipa::path(get, path = "/apps/{id}", tag = "apps", params(("id" = String, Path, example = "app_1")),
    responses((status = 200, description = "The app", body = AppDto)))]
pub(crate) async fn get(State(api): State<ApiState>, Id(id): Id<AppId>) -> ApiResult<Json<AppDto>> {
    let app = api.platform.apps().require(id).await?;
    Ok(Json(dto(&api, app).await?))
}

/// Change an app.
#[utoipa::path(patch, path = "/apps/{id}", tag = "apps", params(("id" = String, Path, example = "app_1")),
    request_body = AppPatchDto, responses((status = 200, description = "The app", body = AppDto)))]
pub(crate) async fn update(
    State(api): State<ApiState>,
    Id(id): Id<AppId>,
    Body(body): Body<AppPatchDto>,
) -> ApiResult<Json<AppDto>> {
    let patch = AppPatch {
        name: body.name,
        scopes: body.scopes.map(ScopeSet::new),
        handler_url: body.handler_url.map(Some),
        install_url: body.install_url.map(Some),
    };
    let app = api.platform.apps().update(id, patch).await?;
    Ok(Json(dto(&api, app).await?))
}

/// Remove an app with its tokens and registrations. Processes that use its activities stay and say what is missing.
#[utoipa::path(delete, path = "/apps/{id}", tag = "apps", params(("id" = String, Path, example = "app_1")),
    responses((status = 204, description = "Removed")))]
pub(crate) async fn remove(State(api): State<ApiState>, Id(id): Id<AppId>) -> ApiResult<StatusCode> {
    api.platform.apps().delete(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make a new client secret; the old one stops working. The answer holds it once.
#[utoipa::path(post, path = "/apps/{id}/secret", tag = "apps", params(("id" = String, Path, example = "app_1")),
    responses((status = 200, description = "The app with its secret", body = AppDto)))]
pub(crate) async fn new_secret(State(api): State<ApiState>, Id(id): Id<AppId>) -> ApiResult<Json<AppDto>> {
    let made = api.platform.apps().new_secret(id).await?;
    Ok(Json(AppDto { client_secret: Some(made.client_secret), ..dto(&api, made.app).await? }))
}

/// Issue tokens of the app in the caller's name. Shown once.
#[utoipa::path(post, path = "/apps/{id}/tokens", tag = "apps", params(("id" = String, Path, example = "app_1")),
    responses((status = 201, description = "Tokens", body = AppTokensDto)))]
pub(crate) async fn new_tokens(
    State(api): State<ApiState>,
    caller: Caller,
    Id(id): Id<AppId>,
) -> ApiResult<(StatusCode, Json<AppTokensDto>)> {
    let pair = api.platform.apps().issue_tokens(id, caller.actor.user_id()).await?;
    Ok((StatusCode::CREATED, Json(tokens_dto(api.platform.public_url(), pair))))
}

/// The app's activities and robots.
#[utoipa::path(get, path = "/apps/{id}/activities", tag = "apps", params(("id" = String, Path, example = "app_1")),
    responses((status = 200, description = "Activities", body = Page<AppActivityDto>)))]
pub(crate) async fn activities(
    State(api): State<ApiState>,
    caller: Caller,
    Id(id): Id<AppId>,
) -> ApiResult<Json<Page<AppActivityDto>>> {
    api.platform.apps().require(id).await?;
    let language = caller.actor.language();
    let all = api.platform.activities().list(Some(id)).await?;
    Ok(Json(Page::whole(all.into_iter().map(|a| activity_dto(a, language)).collect())))
}

/// The latest calls to the handlers of the app's activities, newest first; among the server's last 500 calls.
#[utoipa::path(get, path = "/apps/{id}/calls", tag = "apps",
    params(("id" = String, Path, example = "app_1"), PageQuery),
    responses((status = 200, description = "Calls", body = Page<CallDto>)))]
pub(crate) async fn calls(
    State(api): State<ApiState>,
    Id(id): Id<AppId>,
    Params(page): Params<PageQuery>,
) -> ApiResult<Json<Page<CallDto>>> {
    api.platform.apps().require(id).await?;
    let handlers: Vec<String> =
        api.platform.activities().list(Some(id)).await?.into_iter().map(|a| a.spec.handler).collect();
    let latest = api.platform.store().latest_calls(CALLS_LOOKED_AT).await.map_err(Fault::from)?;
    let own = latest.into_iter().zip(1..).filter(|(call, _)| handlers.contains(&call.url));
    Ok(Json(page.slice(own.map(|(call, number)| stored_call(call, number)).collect())))
}

/// Calls of all apps that are searched for one's own.
const CALLS_LOOKED_AT: u32 = 500;

fn stored_call(call: store::CallRow, number: i64) -> CallDto {
    CallDto {
        id: number,
        at: call.at.to_iso(),
        instance_id: Some(call.instance.to_string()),
        element_id: call.element_id,
        attempt: call.attempt,
        url: call.url,
        request: call.request,
        status: call.status,
        response: call.response,
        duration_ms: call.duration_ms,
        error: call.error,
    }
}

async fn dto(api: &ApiState, app: App) -> Result<AppDto, Fault> {
    let mut one = dtos(api, vec![app]).await?;
    Ok(one.remove(0))
}

async fn dtos(api: &ApiState, apps: Vec<App>) -> Result<Vec<AppDto>, Fault> {
    let names = Lookup::people(api, apps.iter().map(|a| a.created_by).collect()).await?;
    let activities = api.platform.activities().list(None).await?;
    let dto = |app: App| AppDto {
        id: app.id.to_string(),
        activity_count: activities.iter().filter(|a| a.app == app.id).count() as u64,
        name: app.name,
        client_id: app.client_id,
        application_token: app.application_token,
        scopes: app.scopes.iter().map(str::to_owned).collect(),
        handler_url: app.handler_url,
        install_url: app.install_url,
        created_at: app.created_at.to_iso(),
        created_by: names.person(Some(app.created_by)),
        client_secret: None,
    };
    Ok(apps.into_iter().map(dto).collect())
}

fn tokens_dto(public_url: &str, pair: TokenPair) -> AppTokensDto {
    let endpoint = format!("{public_url}/rest/");
    let host = public_url.split_once("://").map_or(public_url, |(_, rest)| rest);
    AppTokensDto {
        access_token: pair.access_token,
        refresh_token: pair.refresh_token,
        expires: pair.expires.0.div_euclid(1000),
        expires_in: pair.expires_in,
        member_id: pair.member_id,
        client_endpoint: endpoint.clone(),
        server_endpoint: endpoint,
        scope: pair.scopes.to_text(),
        user_id: pair.user.to_string(),
        domain: host.split('/').next().unwrap_or(host).to_owned(),
    }
}

fn activity_dto(activity: AppActivity, language: &str) -> AppActivityDto {
    let property = |(key, p): (&String, &PropertyDescriptor)| PropertyDto {
        key: key.clone(),
        name: p.name.get(language).to_owned(),
        kind: if p.kind.is_empty() { "string".into() } else { p.kind.clone() },
        required: p.required,
        multiple: p.multiple,
        default: p.default.clone(),
    };
    let spec = &activity.spec;
    AppActivityDto {
        id: activity.id.to_string(),
        code: activity.code.clone(),
        job_type: activity.job_type(),
        kind: match activity.kind {
            ActivityKind::Activity => "activity".into(),
            ActivityKind::Robot => "robot".into(),
        },
        name: spec.name.get(language).to_owned(),
        description: spec.description.get(language).to_owned(),
        handler: spec.handler.clone(),
        use_subscription: spec.use_subscription,
        properties: spec.properties.iter().map(property).collect(),
        return_properties: spec.return_properties.iter().map(property).collect(),
        updated_at: activity.updated_at.to_iso(),
    }
}
