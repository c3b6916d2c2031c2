//! Messages, signals and conditions from outside.

use crate::ApiState;
use crate::edge::{ApiResult, Body, Caller, JsonObject, Page, PageQuery, Params, invalid, parse_opt_id};
use crate::groups::records::{json, values};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use runtime::{Correlate, KeptMessage, MessageFilter, MutexFilter, PublishMessage, Reached, SubscriptionFilter};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

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

/// A message that is kept for whoever comes later.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = KeptMessage)]
pub struct KeptMessageDto {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its correlation key; may be empty.
    pub correlation_key: String,
    /// The sender's id for it.
    pub message_id: Option<String>,
    /// Its variables.
    #[schema(value_type = JsonObject)]
    pub variables: serde_json::Value,
    /// The only process that takes it.
    pub process_id: Option<String>,
    /// The only element of that process that takes it.
    pub element_id: Option<String>,
    /// Processes that took it: others still can.
    pub reached: Vec<String>,
    /// When it was published, UTC.
    pub published_at: String,
    /// Until when it is kept, UTC.
    pub expires_at: String,
}

/// What is waited for.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = SubscriptionKind)]
pub enum SubscriptionKindDto {
    /// A message.
    Message,
    /// A signal.
    Signal,
}

/// An instance that waits for a message or signal.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Subscription)]
pub struct SubscriptionDto {
    /// Its number.
    pub id: i64,
    /// What it waits for.
    pub kind: SubscriptionKindDto,
    /// Of which name.
    pub name: String,
    /// The correlation key; null: the instance judges whether a message fits.
    pub correlation_key: Option<String>,
    /// Who waits.
    #[schema(example = "pi_123")]
    pub instance_id: String,
    /// Its process.
    pub process_id: String,
    /// Where.
    pub element_id: String,
    /// Since when, UTC.
    pub since: String,
}

/// A run that holds a name, or waits for it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Mutex)]
pub struct MutexDto {
    /// Its number: who asked first has the least.
    pub id: i64,
    /// The name.
    pub name: String,
    /// The instance.
    #[schema(example = "pi_123")]
    pub instance_id: String,
    /// Key of the run in it.
    pub key: u32,
    /// Whether it holds the name.
    pub held: bool,
}

/// Which messages are wanted.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct KeptQuery {
    /// Only of this name.
    pub name: Option<String>,
    /// Only with this correlation key.
    pub correlation_key: Option<String>,
    /// Only those that no other process takes.
    pub process_id: Option<String>,
}

/// Which subscriptions are wanted.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionsQuery {
    /// Only for messages, or only for signals.
    #[param(value_type = Option<SubscriptionKindDto>)]
    pub kind: Option<SubscriptionKindDto>,
    /// Only of this name.
    pub name: Option<String>,
    /// Only with this correlation key.
    pub correlation_key: Option<String>,
    /// Only of this instance.
    pub instance_id: Option<String>,
    /// Only of this process.
    pub process_id: Option<String>,
}

/// Which names are wanted.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct MutexQuery {
    /// Only this name.
    pub name: Option<String>,
    /// Only of this instance.
    pub instance_id: Option<String>,
    /// Only of this process.
    pub process_id: Option<String>,
}

fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// Messages that are kept for whoever comes later, newest first.
#[utoipa::path(get, path = "/messages", tag = "messages", params(KeptQuery, PageQuery),
    responses((status = 200, description = "Kept messages", body = Page<KeptMessageDto>)))]
pub(crate) async fn kept(
    State(api): State<ApiState>,
    caller: Caller,
    Params(query): Params<KeptQuery>,
    Params(page): Params<PageQuery>,
) -> ApiResult<Json<Page<KeptMessageDto>>> {
    let filter = MessageFilter {
        name: given(query.name),
        key: given(query.correlation_key),
        process_id: given(query.process_id),
    };
    let found = api.runtime.messages(&caller.actor, filter, page.of_runtime()).await?;
    Ok(Json(Page { items: found.items.into_iter().map(kept_dto).collect(), total: found.total }))
}

/// Take a kept message away: nobody else gets it. Its id stays remembered against doubles until its time is over.
#[utoipa::path(delete, path = "/messages/{id}", tag = "messages", params(("id" = i64, Path, example = 7)),
    responses((status = 204, description = "Taken away")))]
pub(crate) async fn remove(
    State(api): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    let id = id.parse().map_err(|_| invalid(&format!("`{id}` is no number of a message")))?;
    api.runtime.remove_message(&caller.actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Instances that wait for messages and signals, newest first.
#[utoipa::path(get, path = "/subscriptions", tag = "messages", params(SubscriptionsQuery, PageQuery),
    responses((status = 200, description = "Who waits", body = Page<SubscriptionDto>)))]
pub(crate) async fn subscriptions(
    State(api): State<ApiState>,
    caller: Caller,
    Params(query): Params<SubscriptionsQuery>,
    Params(page): Params<PageQuery>,
) -> ApiResult<Json<Page<SubscriptionDto>>> {
    let kind = query.kind.map(|kind| match kind {
        SubscriptionKindDto::Message => "message".to_owned(),
        SubscriptionKindDto::Signal => "signal".to_owned(),
    });
    let filter = SubscriptionFilter {
        kind,
        name: given(query.name),
        key: given(query.correlation_key),
        instance: parse_opt_id(query.instance_id.as_deref())?,
        process_id: given(query.process_id),
    };
    let found = api.runtime.subscriptions(&caller.actor, filter, page.of_runtime()).await?;
    let dto = |w: runtime::Waiting| SubscriptionDto {
        id: w.id.0,
        kind: if w.kind == "signal" { SubscriptionKindDto::Signal } else { SubscriptionKindDto::Message },
        name: w.name,
        correlation_key: w.key,
        instance_id: w.instance.to_string(),
        process_id: w.process_id,
        element_id: w.element_id,
        since: w.since.to_iso(),
    };
    Ok(Json(Page { items: found.items.into_iter().map(dto).collect(), total: found.total }))
}

/// Names that one run at a time holds: who has them, and who waits for them, in the order they asked.
#[utoipa::path(get, path = "/mutexes", tag = "messages", params(MutexQuery, PageQuery),
    responses((status = 200, description = "Names", body = Page<MutexDto>)))]
pub(crate) async fn mutexes(
    State(api): State<ApiState>,
    caller: Caller,
    Params(query): Params<MutexQuery>,
    Params(page): Params<PageQuery>,
) -> ApiResult<Json<Page<MutexDto>>> {
    let filter = MutexFilter {
        name: given(query.name),
        instance: parse_opt_id(query.instance_id.as_deref())?,
        process_id: given(query.process_id),
    };
    let found = api.runtime.mutexes(&caller.actor, filter, page.of_runtime()).await?;
    let dto = |m: runtime::MutexView| MutexDto {
        id: m.id,
        name: m.name,
        instance_id: m.instance.to_string(),
        key: m.key,
        held: m.held,
    };
    Ok(Json(Page { items: found.items.into_iter().map(dto).collect(), total: found.total }))
}

fn kept_dto(m: KeptMessage) -> KeptMessageDto {
    KeptMessageDto {
        id: m.id,
        name: m.name,
        correlation_key: m.key,
        message_id: m.message_id,
        variables: json(&m.variables),
        process_id: m.process_id,
        element_id: m.element_id,
        reached: m.reached,
        published_at: m.published_at.to_iso(),
        expires_at: m.expires_at.to_iso(),
    }
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
