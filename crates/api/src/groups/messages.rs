//! Messages, signals and conditions from outside.

use crate::ApiState;
use crate::edge::{ApiResult, Body, Caller, JsonObject, parse_opt_id};
use crate::groups::records::values;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use runtime::{Correlate, PublishMessage, Reached};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A message.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Message)]
pub struct MessageDto {
    /// Its name.
    #[schema(example = "paid")]
    pub name: String,
    /// Its correlation key; empty when absent.
    #[serde(default)]
    #[schema(example = "order-7")]
    pub correlation_key: String,
    /// The sender's id for it: a second one with the same name, key and id is refused (`RUN-0017`).
    #[serde(default)]
    pub id: Option<String>,
    /// Milliseconds it is kept for whoever comes later; not at all when absent.
    #[serde(default)]
    #[schema(minimum = 0)]
    pub ttl_ms: i64,
    /// Its variables.
    #[serde(default)]
    #[schema(value_type = JsonObject)]
    pub variables: serde_json::Map<String, serde_json::Value>,
    /// The only process that takes it.
    #[serde(default)]
    pub process_id: Option<String>,
    /// The only element of that process that takes it.
    #[serde(default)]
    pub element_id: Option<String>,
}

/// Who took a message.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Reached)]
pub struct ReachedDto {
    /// The instance.
    #[schema(example = "pi_123")]
    pub instance_id: String,
    /// Its process.
    pub process_id: String,
    /// Whether it began by it.
    pub started: bool,
}

/// What came of a message so far.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PublishedMessage)]
pub struct PublishedDto {
    /// Its number.
    pub id: i64,
    /// Who took it.
    pub reached: Vec<ReachedDto>,
    /// Whether it is kept for others until its time is over.
    pub kept: bool,
}

/// A message for whoever waits now.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Correlate)]
pub struct CorrelateDto {
    /// Its name.
    pub name: String,
    /// Its correlation key; whatever the key is when absent.
    #[serde(default)]
    pub correlation_key: Option<String>,
    /// Its variables.
    #[serde(default)]
    #[schema(value_type = JsonObject)]
    pub variables: serde_json::Map<String, serde_json::Value>,
    /// Only this instance.
    #[serde(default)]
    #[schema(example = "pi_123")]
    pub instance_id: Option<String>,
    /// Only instances with this business key.
    #[serde(default)]
    pub business_key: Option<String>,
    /// Only instances whose process variables have these values.
    #[serde(default)]
    #[schema(value_type = JsonObject)]
    pub with_variables: serde_json::Map<String, serde_json::Value>,
    /// Everybody who fits, instead of the only one.
    #[serde(default)]
    pub all: bool,
}

/// Who took it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReachedList)]
pub struct ReachedListDto {
    /// The instances.
    pub reached: Vec<ReachedDto>,
}

/// A signal.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Signal)]
pub struct SignalDto {
    /// Its name.
    #[schema(example = "alarm")]
    pub name: String,
    /// Its variables.
    #[serde(default)]
    #[schema(value_type = JsonObject)]
    pub variables: serde_json::Map<String, serde_json::Value>,
}

/// Values that conditions are judged by.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Conditions)]
pub struct ConditionsDto {
    /// Only this process.
    #[serde(default)]
    pub process_id: Option<String>,
    /// The values.
    #[serde(default)]
    #[schema(value_type = JsonObject)]
    pub variables: serde_json::Map<String, serde_json::Value>,
}

/// Publish a message: whoever waits for its name and key gets it, processes that begin by it begin, and it is kept for
/// others for its time to live.
#[utoipa::path(post, path = "/messages", tag = "messages", request_body = MessageDto,
    responses((status = 201, description = "Published", body = PublishedDto)))]
pub(crate) async fn publish(
    State(api): State<ApiState>,
    caller: Caller,
    Body(body): Body<MessageDto>,
) -> ApiResult<(StatusCode, Json<PublishedDto>)> {
    let message = PublishMessage {
        name: body.name,
        correlation_key: body.correlation_key,
        id: body.id.filter(|id| !id.is_empty()),
        ttl_ms: body.ttl_ms,
        variables: values(&body.variables),
        process_id: body.process_id,
        element_id: body.element_id,
    };
    let published = api.runtime.publish(&caller.actor, message).await?;
    let dto = PublishedDto { id: published.id, reached: reached(published.reached), kept: published.kept };
    Ok((StatusCode::CREATED, Json(dto)))
}

/// Correlate a message: whoever waits for it now and fits gets it. Nobody: `RUN-0018`; several without `all`:
/// `RUN-0019`. Nothing is kept.
#[utoipa::path(post, path = "/messages/correlate", tag = "messages", request_body = CorrelateDto,
    responses((status = 200, description = "Who took it", body = ReachedListDto)))]
pub(crate) async fn correlate(
    State(api): State<ApiState>,
    caller: Caller,
    Body(body): Body<CorrelateDto>,
) -> ApiResult<Json<ReachedListDto>> {
    let wanted = Correlate {
        name: body.name,
        correlation_key: body.correlation_key,
        variables: values(&body.variables),
        instance: parse_opt_id(body.instance_id.as_deref())?,
        business_key: body.business_key.filter(|key| !key.is_empty()),
        with_variables: values(&body.with_variables),
        all: body.all,
    };
    let list = api.runtime.correlate(&caller.actor, wanted).await?;
    Ok(Json(ReachedListDto { reached: reached(list) }))
}

/// Throw a signal: everybody who waits for it gets it, processes that begin by it begin. It is durable when answered,
/// and delivered at once after.
#[utoipa::path(post, path = "/signals", tag = "messages", request_body = SignalDto,
    responses((status = 202, description = "Thrown")))]
pub(crate) async fn signal(
    State(api): State<ApiState>,
    caller: Caller,
    Body(body): Body<SignalDto>,
) -> ApiResult<StatusCode> {
    api.runtime.broadcast(&caller.actor, body.name, values(&body.variables)).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Judge start conditions: latest versions whose condition is true for these values begin, once each.
#[utoipa::path(post, path = "/conditions", tag = "messages", request_body = ConditionsDto,
    responses((status = 200, description = "What began", body = ReachedListDto)))]
pub(crate) async fn conditions(
    State(api): State<ApiState>,
    caller: Caller,
    Body(body): Body<ConditionsDto>,
) -> ApiResult<Json<ReachedListDto>> {
    let process = body.process_id.as_deref();
    let list = api.runtime.evaluate_conditions(&caller.actor, process, values(&body.variables)).await?;
    Ok(Json(ReachedListDto { reached: reached(list) }))
}

fn reached(list: Vec<Reached>) -> Vec<ReachedDto> {
    let dto =
        |r: Reached| ReachedDto { instance_id: r.instance.to_string(), process_id: r.process_id, started: r.started };
    list.into_iter().map(dto).collect()
}
