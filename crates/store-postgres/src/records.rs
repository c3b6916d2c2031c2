//! `catalogs` and `records`.

use crate::{
    PostgresStore,
    list::{Column, List, Sql, pattern},
    sql::{Columns, Param, Read, Tx, WriteResult, params},
};
use async_trait::async_trait;
use model::{CatalogId, RecordId, UserId};
use store::{
    CatalogRow, Conflict, Paged, Query, RecordField, RecordRow, RecordWrite, Records, Result, living_records,
    record_search_text,
};

macro_rules! catalog_columns {
    () => {
        "id, key, name, fields, title_field, created_at, updated_at, version"
    };
}
macro_rules! columns {
    () => {
        "r.id, r.catalog_id, r.version, r.title, r.created_at, r.created_by, r.updated_at, r.updated_by,
        r.deleted, r.data"
    };
}

const INSERT_CATALOG: &str =
    concat!("INSERT INTO catalogs (", catalog_columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
const UPDATE_CATALOG: &str = "UPDATE catalogs SET key = $2, name = $3, fields = $4, title_field = $5, updated_at = $6,
    version = version + 1 WHERE id = $1 AND version = $7";
const DELETE_CATALOG: [&str; 2] = ["DELETE FROM records WHERE catalog_id = $1", "DELETE FROM catalogs WHERE id = $1"];
const CATALOG: &str = concat!("SELECT ", catalog_columns!(), " FROM catalogs WHERE id = $1");
pub(crate) const CATALOG_BY_KEY: &str =
    concat!("SELECT ", catalog_columns!(), " FROM catalogs WHERE lower(key) = lower($1 COLLATE \"C\")");
const CATALOGS: &str = concat!("SELECT ", catalog_columns!(), " FROM catalogs ORDER BY fold(name) COLLATE \"C\", id");

const INSERT: &str =
    "INSERT INTO records (id, catalog_id, version, title, created_at, created_by, updated_at, updated_by,
    deleted, data, search) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
const UPDATE: &str = "UPDATE records SET title = $3, data = $4, search = $5, updated_at = $6, updated_by = $7,
    version = version + 1 WHERE id = $1 AND deleted = 0 AND version = coalesce($2, version)";
const DELETE: &str = "UPDATE records SET deleted = 1, updated_at = $3, updated_by = $4, version = version + 1
    WHERE id = $1 AND deleted = 0 AND version = coalesce($2, version)";
const ONE: &str = concat!("SELECT ", columns!(), " FROM records r WHERE r.id = $1");
const BY_IDS: &str = concat!("SELECT ", columns!(), " FROM records r WHERE r.id = ANY($1) ORDER BY r.id");

/// The list of records.
pub(crate) const LIST: List<RecordField> =
    List { select: columns!(), from: "records r", base: "", text: &["r.search"], tie: ("r.id", "DESC"), column };

fn column(field: &RecordField) -> Column {
    match field {
        RecordField::Id => Column::of("r.id"),
        RecordField::Catalog => Column::of("r.catalog_id"),
        RecordField::Title => Column::text("r.title"),
        RecordField::CreatedAt => Column::of("r.created_at"),
        RecordField::CreatedBy => Column::nullable("r.created_by"),
        RecordField::UpdatedAt => Column::of("r.updated_at"),
        RecordField::UpdatedBy => Column::nullable("r.updated_by"),
        RecordField::Deleted => Column::code("r.deleted"),
        RecordField::Data(key) => Column::Json { data: "r.data", key: key.clone() },
    }
}

/// Free text in several words: each must be somewhere.
fn words(query: &Query<RecordField>) -> Option<Sql> {
    let mut sql = Sql::default();
    for word in query.text.as_deref()?.split_whitespace() {
        sql.push(if sql.text.is_empty() { "r.search LIKE " } else { " AND r.search LIKE " });
        sql.bind(pattern(word, true));
        sql.push(" ESCAPE '\\'");
    }
    Some(sql).filter(|sql| !sql.text.is_empty())
}

pub(crate) async fn apply(tx: &mut Tx<'_>, write: &RecordWrite) -> WriteResult {
    match write {
        RecordWrite::InsertCatalog(c) => {
            let values =
                params![c.id, &c.key, &c.name, &c.fields, &c.title_field, c.created_at, c.updated_at, c.version];
            tx.send(INSERT_CATALOG, values).await
        }
        RecordWrite::UpdateCatalog { row: c, expect_version } => {
            let values = params![c.id, &c.key, &c.name, &c.fields, &c.title_field, c.updated_at, *expect_version];
            tx.must(UPDATE_CATALOG, values, Conflict::CatalogVersion).await
        }
        RecordWrite::DeleteCatalog { id } => {
            for sql in DELETE_CATALOG {
                tx.send(sql, params![*id]).await?;
            }
            Ok(())
        }
        RecordWrite::Insert(r) => {
            let values = params![
                r.id,
                r.catalog,
                r.version,
                &r.title,
                r.created_at,
                r.created_by,
                r.updated_at,
                r.updated_by,
                i64::from(r.deleted),
                &r.data,
                record_search_text(&r.title, &r.data)
            ];
            tx.send(INSERT, values).await
        }
        RecordWrite::Update { id, expect_version, title, data, at, by } => {
            let search = record_search_text(title, data);
            tx.must(UPDATE, params![*id, *expect_version, title, data, search, *at, *by], Conflict::RecordVersion).await
        }
        RecordWrite::Delete { id, expect_version, at, by } => {
            tx.must(DELETE, params![*id, *expect_version, *at, *by], Conflict::RecordVersion).await
        }
    }
}

fn catalog(c: &mut Columns<'_>) -> Read<CatalogRow> {
    Ok(CatalogRow {
        id: c.id(CatalogId)?,
        key: c.get()?,
        name: c.get()?,
        fields: c.json()?,
        title_field: c.get()?,
        created_at: c.at()?,
        updated_at: c.at()?,
        version: c.count()?,
    })
}

fn record(c: &mut Columns<'_>) -> Read<RecordRow> {
    Ok(RecordRow {
        id: c.id(RecordId)?,
        catalog: c.id(CatalogId)?,
        version: c.count()?,
        title: c.get()?,
        created_at: c.at()?,
        created_by: c.id_opt(UserId)?,
        updated_at: c.at()?,
        updated_by: c.id_opt(UserId)?,
        deleted: c.get::<i64>()? != 0,
        data: c.json()?,
    })
}

#[async_trait]
impl Records for PostgresStore {
    async fn catalog(&self, id: CatalogId) -> Result<Option<CatalogRow>> {
        self.first(CATALOG, params![id], catalog).await
    }

    async fn catalog_by_key(&self, key: &str) -> Result<Option<CatalogRow>> {
        self.first(CATALOG_BY_KEY, params![key], catalog).await
    }

    async fn catalogs(&self) -> Result<Vec<CatalogRow>> {
        self.all(CATALOGS, Vec::new(), catalog).await
    }

    async fn record(&self, id: RecordId) -> Result<Option<RecordRow>> {
        self.first(ONE, params![id], record).await
    }

    async fn records_by_id(&self, ids: &[RecordId]) -> Result<Vec<RecordRow>> {
        self.all(BY_IDS, params![Param::numbers(ids.iter().map(|id| id.0))], record).await
    }

    async fn records(&self, query: Query<RecordField>) -> Result<Paged<RecordRow>> {
        let query = living_records(query);
        LIST.read(self, &query, words(&query).as_ref(), record).await
    }
}
