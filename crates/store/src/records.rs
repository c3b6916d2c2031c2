//! Catalogs and their records.

use crate::{Filter, Op, Paged, Query, Result, Scalar};
use async_trait::async_trait;
use model::{CatalogId, RecordId, Timestamp, UserId};
use serde_json::Value as Json;

/// A catalog.
#[derive(Debug, Clone, PartialEq)]
pub struct CatalogRow {
    /// The id.
    pub id: CatalogId,
    /// Stable key, unique without regard to case.
    pub key: String,
    /// What people see.
    pub name: String,
    /// Its fields.
    pub fields: Json,
    /// The field that names a record.
    pub title_field: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Grows with every change, from 1.
    pub version: u64,
}

/// A record.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordRow {
    /// The id, unique over all catalogs.
    pub id: RecordId,
    /// Its catalog.
    pub catalog: CatalogId,
    /// Grows with every change, from 1.
    pub version: u64,
    /// What people see.
    pub title: String,
    /// An object: field key to value.
    pub data: Json,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom; none: the system.
    pub created_by: Option<UserId>,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// By whom.
    pub updated_by: Option<UserId>,
    /// Whether it was deleted.
    pub deleted: bool,
}

/// Changes to catalogs and records.
#[derive(Debug, Clone, PartialEq)]
pub enum RecordWrite {
    /// A new catalog; [`crate::Conflict::CatalogKey`].
    InsertCatalog(CatalogRow),
    /// Replaces a catalog; the stored version becomes `expect_version + 1`. [`crate::Conflict::CatalogVersion`] or
    /// [`crate::Conflict::CatalogKey`].
    UpdateCatalog {
        /// The new row.
        row: CatalogRow,
        /// The version that was read.
        expect_version: u64,
    },
    /// Forgets a catalog and its records.
    DeleteCatalog {
        /// The catalog.
        id: CatalogId,
    },
    /// A new record.
    Insert(Box<RecordRow>),
    /// Other values; the stored version grows by one. [`crate::Conflict::RecordVersion`] when the version differs or
    /// the record is deleted.
    Update {
        /// The record.
        id: RecordId,
        /// The version that was read; none: whatever it is.
        expect_version: Option<u64>,
        /// What people see.
        title: String,
        /// An object: field key to value.
        data: Json,
        /// When.
        at: Timestamp,
        /// By whom.
        by: Option<UserId>,
    },
    /// Deletes a record, keeping its row. [`crate::Conflict::RecordVersion`] as above.
    Delete {
        /// The record.
        id: RecordId,
        /// The version that was read; none: whatever it is.
        expect_version: Option<u64>,
        /// When.
        at: Timestamp,
        /// By whom.
        by: Option<UserId>,
    },
}

/// What records can be filtered and ordered by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordField {
    /// The id.
    Id,
    /// The catalog.
    Catalog,
    /// What people see.
    Title,
    /// When it was made.
    CreatedAt,
    /// By whom.
    CreatedBy,
    /// When it last changed.
    UpdatedAt,
    /// By whom.
    UpdatedBy,
    /// Whether it was deleted (a boolean).
    Deleted,
    /// A field of the catalog by its key; for a list of values a comparison holds if it holds for one of them.
    Data(String),
}

/// Reading catalogs and records.
#[async_trait]
pub trait Records {
    /// One catalog.
    async fn catalog(&self, id: CatalogId) -> Result<Option<CatalogRow>>;
    /// The catalog with this key, without regard to case.
    async fn catalog_by_key(&self, key: &str) -> Result<Option<CatalogRow>>;
    /// All catalogs, by name.
    async fn catalogs(&self) -> Result<Vec<CatalogRow>>;
    /// One record, also a deleted one.
    async fn record(&self, id: RecordId) -> Result<Option<RecordRow>>;
    /// Several records, also deleted ones; unknown ids are left out.
    async fn records_by_id(&self, ids: &[RecordId]) -> Result<Vec<RecordRow>>;
    /// A list over one or all catalogs, newest first; deleted records are left out unless the filter names
    /// [`RecordField::Deleted`]. Text looks into title and text values.
    async fn records(&self, query: Query<RecordField>) -> Result<Paged<RecordRow>>;
}

/// What free text looks into: title and text values, one a line, in lower case of every script. Backends keep it
/// beside the record.
pub fn record_search_text(title: &str, data: &Json) -> String {
    let mut text = title.to_lowercase();
    collect(data, &mut text);
    text
}

fn collect(value: &Json, text: &mut String) {
    match value {
        Json::String(s) => {
            text.push('\n');
            text.push_str(&s.to_lowercase());
        }
        Json::Number(n) => {
            text.push('\n');
            text.push_str(&n.to_string());
        }
        Json::Array(items) => items.iter().for_each(|v| collect(v, text)),
        Json::Object(members) => members.values().for_each(|v| collect(v, text)),
        Json::Null | Json::Bool(_) => {}
    }
}

/// Leaves deleted records out unless the filter names [`RecordField::Deleted`].
pub fn living_records(mut query: Query<RecordField>) -> Query<RecordField> {
    if !names_deleted(&query.filter) {
        query.filter =
            std::mem::take(&mut query.filter).and(Filter::Is(RecordField::Deleted, Op::Eq, Scalar::Bool(false)));
    }
    query
}

fn names_deleted(filter: &Filter<RecordField>) -> bool {
    match filter {
        Filter::All(parts) | Filter::Any(parts) => parts.iter().any(names_deleted),
        Filter::Not(one) => names_deleted(one),
        Filter::Is(field, ..) | Filter::In(field, _) => *field == RecordField::Deleted,
    }
}
