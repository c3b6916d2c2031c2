//! Live updates.

use crate::edge::JsonObject;
use serde::Serialize;
use utoipa::ToSchema;

/// One live event: its name is the topic, its data this.
#[derive(Serialize, ToSchema)]
#[schema(as = LiveEvent)]
pub struct LiveEventDto {
    /// `task`, `instance`, `notification`, `record`, `catalog`, `definition`, `app`, `model`, `incident`; `lost` when
    /// the listener was too slow and has to read its lists again.
    pub topic: String,
    /// Id of what changed.
    pub id: String,
    /// Particulars.
    #[schema(value_type = JsonObject)]
    pub data: serde_json::Value,
}

/// Live updates as server-sent events. Each tells what changed; what it is now is read with the other operations. A
/// comment every 15 s keeps the connection.
#[utoipa::path(get, path = "/events", tag = "events",
    responses((status = 200, description = "Events", body = LiveEventDto, content_type = "text/event-stream")))]
pub(crate) async fn stream() {}
