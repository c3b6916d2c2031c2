//! The server itself, for administrators.

use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The server.
#[derive(Serialize, ToSchema)]
#[schema(as = SystemInfo)]
#[serde(rename_all = "camelCase")]
pub struct SystemDto {
    /// Its version.
    pub version: String,
    /// `sqlite` or `postgres`.
    pub database: String,
    /// The address links are built from.
    pub public_url: String,
    /// Since when it runs, UTC.
    pub started_at: String,
    /// Seconds since then.
    pub uptime_s: i64,
    /// Whether the sample company was loaded.
    pub demo: bool,
    /// The limits in force, by name.
    pub limits: BTreeMap<String, u64>,
    /// Counters since the start, by name.
    pub counters: BTreeMap<String, u64>,
}

/// The server: version, database, limits, counters.
#[utoipa::path(get, path = "/system", tag = "system",
    responses((status = 200, description = "The server", body = SystemDto)))]
pub(crate) async fn system() {}
