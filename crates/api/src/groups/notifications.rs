//! Notifications of the caller.

use super::people::PersonDto;
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
pub(crate) async fn list() {}

/// Mark as read.
#[utoipa::path(post, path = "/notifications/read", tag = "notifications", request_body = ReadDto,
    responses((status = 204, description = "Marked")))]
pub(crate) async fn read() {}
