//! Records of catalogs.

use super::instances::InstanceDto;
use super::people::Lookup;
use super::people::PersonDto;
use crate::ApiState;
use crate::edge::{ApiResult, Body, Caller, Id, JsonObject, Page, PageQuery, Params, invalid};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::{CatalogId, Fault, Object, RecordId, Value};
use platform::records::{Record, RecordList, Sort};
use runtime::InstanceFilter;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;
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
    /// `title`, `createdAt`, `updatedAt`, `id` or `fields.KEY`; with `-` in front from the greatest. When
    /// absent: `-updatedAt`.
    pub sort: Option<String>,
}

/// The catalog's records.
#[utoipa::path(get, path = "/catalogs/{id}/records", tag = "records",
    params(("id" = String, Path, example = "cat_2"), RecordQuery, PageQuery),
    responses((status = 200, description = "Records", body = Page<RecordDto>)))]
pub(crate) async fn list(
    State(api): State<ApiState>,
    Id(catalog): Id<CatalogId>,
    Params(query): Params<RecordQuery>,
    Params(page): Params<PageQuery>,
    Params(all): Params<HashMap<String, String>>,
) -> ApiResult<Json<Page<RecordDto>>> {
    let (limit, offset) = page.bounds();
    let filters = all.into_iter().filter_map(|(k, v)| Some((k.strip_prefix("filter.")?.to_owned(), v)));
    let list = RecordList {
        catalog,
        search: query.search,
        filters: filters.collect(),
        sort: sort(query.sort.as_deref().unwrap_or("-updatedAt"))?,
        limit: limit as u32,
        offset: offset as u64,
    };
    let (records, total) = api.platform.records().list(list).await?;
    Ok(Json(Page { items: dtos(&api, records).await?, total }))
}

/// Add a record.
#[utoipa::path(post, path = "/catalogs/{id}/records", tag = "records",
    params(("id" = String, Path, example = "cat_2")), request_body = NewRecordDto,
    responses((status = 201, description = "Added", body = RecordDto)))]
pub(crate) async fn create(
    State(api): State<ApiState>,
    caller: Caller,
    Id(catalog): Id<CatalogId>,
    Body(body): Body<NewRecordDto>,
) -> ApiResult<(StatusCode, Json<RecordDto>)> {
    let record = api.runtime.create_record(&caller.actor, catalog, values(&body.fields)).await?;
    Ok((StatusCode::CREATED, Json(dto(&api, record).await?)))
}

/// One record.
#[utoipa::path(get, path = "/records/{id}", tag = "records", params(("id" = String, Path, example = "rec_7")),
    responses((status = 200, description = "The record", body = RecordDto)))]
pub(crate) async fn get(State(api): State<ApiState>, Id(id): Id<RecordId>) -> ApiResult<Json<RecordDto>> {
    let record = api.platform.records().require(id).await?;
    Ok(Json(dto(&api, record).await?))
}

/// Change a record.
#[utoipa::path(patch, path = "/records/{id}", tag = "records", params(("id" = String, Path, example = "rec_7")),
    request_body = RecordPatchDto, responses((status = 200, description = "The record", body = RecordDto)))]
pub(crate) async fn update(
    State(api): State<ApiState>,
    caller: Caller,
    Id(id): Id<RecordId>,
    Body(body): Body<RecordPatchDto>,
) -> ApiResult<Json<RecordDto>> {
    let record = api.runtime.save_record(&caller.actor, id, values(&body.fields), Some(body.version)).await?;
    Ok(Json(dto(&api, record).await?))
}

/// Remove a record.
#[utoipa::path(delete, path = "/records/{id}", tag = "records", params(("id" = String, Path, example = "rec_7")),
    responses((status = 204, description = "Removed")))]
pub(crate) async fn remove(State(api): State<ApiState>, caller: Caller, Id(id): Id<RecordId>) -> ApiResult<StatusCode> {
    api.runtime.delete_record(&caller.actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The processes that ran or run for the record, newest first.
#[utoipa::path(get, path = "/records/{id}/instances", tag = "records",
    params(("id" = String, Path, example = "rec_7"), PageQuery),
    responses((status = 200, description = "Instances", body = Page<InstanceDto>)))]
pub(crate) async fn instances(
    State(api): State<ApiState>,
    caller: Caller,
    Id(id): Id<RecordId>,
    Params(page): Params<PageQuery>,
) -> ApiResult<Json<Page<InstanceDto>>> {
    api.platform.records().require(id).await?;
    let filter = InstanceFilter { record: Some(id), ..InstanceFilter::default() };
    Ok(Json(super::instances::find(&api, &caller, filter, &page).await?))
}

/// JSON members as values.
pub(crate) fn values(json: &serde_json::Map<String, serde_json::Value>) -> Object {
    json.iter().map(|(k, v)| (Arc::from(k.as_str()), Value::from_json(v))).collect()
}

/// Values as a JSON object.
pub(crate) fn json(values: &Object) -> serde_json::Value {
    serde_json::Value::Object(values.iter().map(|(k, v)| (k.to_string(), v.to_json())).collect())
}

fn sort(text: &str) -> Result<(Sort, bool), Fault> {
    let (key, descending) = text.strip_prefix('-').map_or((text, false), |key| (key, true));
    let sort = match key {
        "" => return Err(invalid("`sort` names nothing")),
        "id" => Sort::Id,
        "title" => Sort::Title,
        "createdAt" => Sort::CreatedAt,
        "updatedAt" => Sort::UpdatedAt,
        field => Sort::Field(field.strip_prefix("fields.").unwrap_or(field).to_owned()),
    };
    Ok((sort, descending))
}

async fn dto(api: &ApiState, record: Record) -> Result<RecordDto, Fault> {
    let mut one = dtos(api, vec![record]).await?;
    Ok(one.remove(0))
}

async fn dtos(api: &ApiState, records: Vec<Record>) -> Result<Vec<RecordDto>, Fault> {
    let people = records.iter().flat_map(|r| [r.created_by, r.updated_by]).flatten();
    let names = Lookup::people(api, people.collect()).await?;
    let dto = |r: Record| RecordDto {
        id: r.id.to_string(),
        catalog_id: r.catalog.to_string(),
        version: r.version,
        title: r.title,
        fields: json(&r.fields),
        created_at: r.created_at.to_iso(),
        created_by: names.person(r.created_by),
        updated_at: r.updated_at.to_iso(),
        updated_by: names.person(r.updated_by),
    };
    Ok(records.into_iter().map(dto).collect())
}
