//! Catalogs: what records look like.

use super::definitions::DefinitionDto;
use crate::ApiState;
use crate::edge::{ApiResult, Body, Id, Page, PageQuery, Params};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::catalog::Field;
use model::{CatalogId, Fault};
use platform::catalogs::{Catalog, CatalogPatch, NewCatalog};
use runtime::DefinitionFilter;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A field of a catalog.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Field)]
pub struct FieldDto {
    /// Stable key: `^[A-Za-z_][A-Za-z0-9_]*$`, unique without regard to case within the catalog.
    pub key: String,
    /// What people see.
    pub name: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: FieldKindDto,
    /// Whether a record must have it.
    #[serde(default)]
    pub required: bool,
    /// Whether it holds a list of values.
    #[serde(default)]
    pub multiple: bool,
    /// Of a text: whether the editor offers several lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multiline: Option<bool>,
    /// Of a date: whether the time of day is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<bool>,
    /// Of a list: its options in order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub options: Option<Vec<ListOptionDto>>,
    /// Of a link: the catalog linked to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catalog: Option<String>,
}

/// What a field holds.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = FieldType)]
#[serde(rename_all = "lowercase")]
pub enum FieldKindDto {
    /// Text.
    Text,
    /// A decimal number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// `2026-02-05`, or an ISO 8601 date and time.
    Date,
    /// The key of an option.
    List,
    /// `user_5`.
    Person,
    /// `rec_7`.
    Link,
}

/// An option of a list field.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ListOption)]
pub struct ListOptionDto {
    /// Stable key, stored in records.
    pub key: String,
    /// What people see.
    pub label: String,
}

/// A catalog.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Catalog)]
pub struct CatalogDto {
    /// `cat_2`.
    #[schema(example = "cat_2")]
    pub id: String,
    /// Stable key for scripts, unique.
    pub key: String,
    /// What people see.
    pub name: String,
    /// Its fields in order.
    #[schema(value_type = Vec<FieldDto>)]
    pub fields: Vec<Field>,
    /// Key of the field that titles a record.
    pub title_field: Option<String>,
    /// How many records it holds.
    pub record_count: u64,
    /// Counts its changes.
    pub version: u64,
}

/// A new catalog.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NewCatalog)]
pub struct NewCatalogDto {
    /// What people see.
    pub name: String,
    /// Stable key; made from the name when absent.
    pub key: Option<String>,
    /// Its fields in order.
    #[serde(default)]
    #[schema(value_type = Vec<FieldDto>)]
    pub fields: Vec<Field>,
    /// Key of the field that titles a record; the first text field when absent.
    pub title_field: Option<String>,
}

/// A change of a catalog; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CatalogPatch)]
pub struct CatalogPatchDto {
    /// The version it was read with; a conflict is answered 409.
    pub version: Option<u64>,
    /// What people see.
    pub name: Option<String>,
    /// All its fields in order. A field that is left out disappears from forms; records keep its values.
    #[schema(value_type = Option<Vec<FieldDto>>)]
    pub fields: Option<Vec<Field>>,
    /// Key of the field that titles a record.
    pub title_field: Option<String>,
}

/// The catalogs.
#[utoipa::path(get, path = "/catalogs", tag = "catalogs", params(PageQuery),
    responses((status = 200, description = "Catalogs", body = Page<CatalogDto>)))]
pub(crate) async fn list(
    State(api): State<ApiState>,
    Params(page): Params<PageQuery>,
) -> ApiResult<Json<Page<CatalogDto>>> {
    let Page { items, total } = page.slice(api.platform.catalogs().list().await?);
    let mut dtos = Vec::with_capacity(items.len());
    for catalog in items {
        dtos.push(dto(&api, catalog).await?);
    }
    Ok(Json(Page { items: dtos, total }))
}

/// Make a catalog.
#[utoipa::path(post, path = "/catalogs", tag = "catalogs", request_body = NewCatalogDto,
    responses((status = 201, description = "Made", body = CatalogDto)))]
pub(crate) async fn create(
    State(api): State<ApiState>,
    Body(body): Body<NewCatalogDto>,
) -> ApiResult<(StatusCode, Json<CatalogDto>)> {
    let new = NewCatalog { name: body.name, key: body.key, fields: body.fields, title_field: body.title_field };
    let catalog = api.platform.catalogs().create(new).await?;
    Ok((StatusCode::CREATED, Json(dto(&api, catalog).await?)))
}

/// One catalog.
#[utoipa::path(get, path = "/catalogs/{id}", tag = "catalogs", params(("id" = String, Path, example = "cat_2")),
    responses((status = 200, description = "The catalog", body = CatalogDto)))]
pub(crate) async fn get(State(api): State<ApiState>, Id(id): Id<CatalogId>) -> ApiResult<Json<CatalogDto>> {
    let catalog = api.platform.catalogs().require(id).await?;
    Ok(Json(dto(&api, catalog).await?))
}

/// Change a catalog.
#[utoipa::path(patch, path = "/catalogs/{id}", tag = "catalogs", params(("id" = String, Path, example = "cat_2")),
    request_body = CatalogPatchDto, responses((status = 200, description = "The catalog", body = CatalogDto)))]
pub(crate) async fn update(
    State(api): State<ApiState>,
    Id(id): Id<CatalogId>,
    Body(body): Body<CatalogPatchDto>,
) -> ApiResult<Json<CatalogDto>> {
    let patch =
        CatalogPatch { version: body.version, name: body.name, fields: body.fields, title_field: body.title_field };
    let catalog = api.platform.catalogs().update(id, patch).await?;
    Ok(Json(dto(&api, catalog).await?))
}

/// Remove a catalog that holds no records.
#[utoipa::path(delete, path = "/catalogs/{id}", tag = "catalogs", params(("id" = String, Path, example = "cat_2")),
    responses((status = 204, description = "Removed")))]
pub(crate) async fn remove(State(api): State<ApiState>, Id(id): Id<CatalogId>) -> ApiResult<StatusCode> {
    api.platform.catalogs().delete(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The definitions that can be started for the catalog's records.
#[utoipa::path(get, path = "/catalogs/{id}/definitions", tag = "catalogs",
    params(("id" = String, Path, example = "cat_2"), PageQuery),
    responses((status = 200, description = "Definitions", body = Page<DefinitionDto>)))]
pub(crate) async fn definitions(
    State(api): State<ApiState>,
    Id(id): Id<CatalogId>,
    Params(page): Params<PageQuery>,
) -> ApiResult<Json<Page<DefinitionDto>>> {
    api.platform.catalogs().require(id).await?;
    let filter = DefinitionFilter { latest: true, catalog: Some(id), ..DefinitionFilter::default() };
    Ok(Json(super::definitions::find(&api, &filter, &page).await?))
}

async fn dto(api: &ApiState, catalog: Catalog) -> Result<CatalogDto, Fault> {
    Ok(CatalogDto {
        record_count: api.platform.catalogs().record_count(catalog.id).await?,
        id: catalog.id.to_string(),
        key: catalog.key,
        name: catalog.name,
        fields: catalog.fields,
        title_field: catalog.title_field,
        version: catalog.version,
    })
}
