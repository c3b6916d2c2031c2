//! Records of catalogs.

use super::instances::InstanceDto;
use super::people::PersonDto;
use crate::edge::JsonObject;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A record.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Record)]
pub struct RecordDto {
    /// `rec_7`.
    #[schema(example = "rec_7")]
    pub id: String,
    /// Its catalog.
    pub catalog_id: String,
    /// Counts its changes; sent back with a change.
    pub version: u64,
    /// What people see.
    pub title: String,
    /// Values by field key.
    #[schema(value_type = JsonObject)]
    pub fields: serde_json::Value,
    /// When it was made, UTC.
    pub created_at: String,
    /// Who made it; null: the system.
    pub created_by: Option<PersonDto>,
    /// When it was last changed, UTC.
    pub updated_at: String,
    /// Who changed it last.
    pub updated_by: Option<PersonDto>,
}

/// A new record.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewRecord)]
pub struct NewRecordDto {
    /// Values by field key.
    #[schema(value_type = JsonObject)]
    pub fields: serde_json::Map<String, serde_json::Value>,
}

/// A change of a record.
#[derive(Deserialize, ToSchema)]
#[schema(as = RecordPatch)]
pub struct RecordPatchDto {
    /// The version it was read with; a conflict is answered 409 `DOC-0005` with `details.current`.
    pub version: u64,
    /// Values by field key; the others stay.
    #[schema(value_type = JsonObject)]
    pub fields: serde_json::Map<String, serde_json::Value>,
}

/// Which records are wanted. Besides these, `filter.FIELD=value` keeps records whose field equals the value.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RecordQuery {
    /// Part of any text of the record.
    pub search: Option<String>,
    /// `title`, `createdAt`, `updatedAt` or `id`; with `-` in front from the greatest. `-updatedAt` when absent.
    pub sort: Option<String>,
}

/// The catalog's records.
#[utoipa::path(get, path = "/catalogs/{id}/records", tag = "records",
    params(("id" = String, Path, example = "cat_2"), RecordQuery, crate::edge::PageQuery),
    responses((status = 200, description = "Records", body = crate::edge::Page<RecordDto>)))]
pub(crate) async fn list() {}

/// Add a record.
#[utoipa::path(post, path = "/catalogs/{id}/records", tag = "records",
    params(("id" = String, Path, example = "cat_2")), request_body = NewRecordDto,
    responses((status = 201, description = "Added", body = RecordDto)))]
pub(crate) async fn create() {}

/// One record.
#[utoipa::path(get, path = "/records/{id}", tag = "records", params(("id" = String, Path, example = "rec_7")),
    responses((status = 200, description = "The record", body = RecordDto)))]
pub(crate) async fn get() {}

/// Change a record.
#[utoipa::path(patch, path = "/records/{id}", tag = "records", params(("id" = String, Path, example = "rec_7")),
    request_body = RecordPatchDto, responses((status = 200, description = "The record", body = RecordDto)))]
pub(crate) async fn update() {}

/// Remove a record.
#[utoipa::path(delete, path = "/records/{id}", tag = "records", params(("id" = String, Path, example = "rec_7")),
    responses((status = 204, description = "Removed")))]
pub(crate) async fn remove() {}

/// The processes that ran or run for the record, newest first.
#[utoipa::path(get, path = "/records/{id}/instances", tag = "records",
    params(("id" = String, Path, example = "rec_7"), crate::edge::PageQuery),
    responses((status = 200, description = "Instances", body = crate::edge::Page<InstanceDto>)))]
pub(crate) async fn instances() {}
