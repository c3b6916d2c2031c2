//! Notifications of the caller.

use super::people::Lookup;
use super::people::PersonDto;
use crate::ApiState;
use crate::edge::{ApiResult, Body, Caller, Params, parse_id, parse_opt_id};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::NotificationId;
use platform::{Action, Object};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A notification.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Notification)]
pub struct NotificationDto {
    /// `note_5`.
    #[schema(example = "note_5")]
    pub id: String,
    /// What.
    pub text: String,
    /// What about: `task`, `process`, `message`, …
    pub kind: String,
    /// Where a click leads: a path of the web UI.
    pub link: Option<String>,
    /// From whom; null: the system.
    pub from: Option<PersonDto>,
    /// When, UTC.
    pub created_at: String,
    /// When it was read, UTC.
    pub read_at: Option<String>,
}

/// Notifications, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Notifications)]
pub struct NotificationsDto {
    /// A page of them.
    pub items: Vec<NotificationDto>,
    /// How many are not read.
    pub unread: u64,
}

/// Which notifications are wanted.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NotificationQuery {
    /// Only older ones than this.
    pub before: Option<String>,
    /// How many; 50 when absent, 200 at most.
    pub limit: Option<u32>,
}

/// Which were read.
#[derive(Deserialize, ToSchema)]
#[schema(as = Read)]
pub struct ReadDto {
    /// All when absent.
    pub ids: Option<Vec<String>>,
}

/// The caller's notifications.
#[utoipa::path(get, path = "/notifications", tag = "notifications", params(NotificationQuery),
    responses((status = 200, description = "Notifications", body = NotificationsDto)))]
pub(crate) async fn list(
    State(api): State<ApiState>,
    caller: Caller,
    Params(query): Params<NotificationQuery>,
) -> ApiResult<Json<NotificationsDto>> {
    let user = caller.actor.user_id();
    caller.may(Action::View, Object::Notifications(user))?;
    let before: Option<NotificationId> = parse_opt_id(query.before.as_deref())?;
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    let rows = api.platform.notifications().list(user, before, limit).await?;
    let names = Lookup::people(&api, rows.iter().filter_map(|n| n.from_user).collect()).await?;
    let unread = api.platform.notifications().unread(user).await?;
    let dto = |n: platform::notifications::Notification| NotificationDto {
        id: n.id.to_string(),
        text: n.text,
        kind: n.kind,
        link: n.link,
        from: names.person(n.from_user),
        created_at: n.created_at.to_iso(),
        read_at: n.read_at.map(|at| at.to_iso()),
    };
    Ok(Json(NotificationsDto { items: rows.into_iter().map(dto).collect(), unread }))
}

/// Mark as read.
#[utoipa::path(post, path = "/notifications/read", tag = "notifications", request_body = ReadDto,
    responses((status = 204, description = "Marked")))]
pub(crate) async fn read(
    State(api): State<ApiState>,
    caller: Caller,
    Body(body): Body<ReadDto>,
) -> ApiResult<StatusCode> {
    let user = caller.actor.user_id();
    caller.may(Action::Update, Object::Notifications(user))?;
    let ids = body.ids.as_deref().map(|ids| ids.iter().map(|id| parse_id(id)).collect::<Result<Vec<_>, _>>());
    match ids.transpose()? {
        // The store reads no ids as "all"; an empty list from outside means none.
        Some(ids) if ids.is_empty() => {}
        ids => api.platform.notifications().mark_read(user, ids.unwrap_or_default()).await?,
    }
    Ok(StatusCode::NO_CONTENT)
}
