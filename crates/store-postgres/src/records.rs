//! `catalogs` and `records`.

use crate::{
    PostgresStore,
    sql::{Param, Tx, WriteResult, params},
};
use async_trait::async_trait;
use model::{CatalogId, RecordId};
use store::{
    CatalogRow, Conflict, Paged, Query, RecordField, RecordRow, RecordWrite, Records, Result, columns,
    lists::fields::{RECORDS, record_words},
    living_records, record_search_text,
};

const INSERT_CATALOG: &str =
    concat!("INSERT INTO catalogs (", columns!(catalog), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
const UPDATE_CATALOG: &str = "UPDATE catalogs SET key = $2, name = $3, fields = $4, title_field = $5, updated_at = $6,
    version = version + 1 WHERE id = $1 AND version = $7";
const DELETE_CATALOG: [&str; 2] = ["DELETE FROM records WHERE catalog_id = $1", "DELETE FROM catalogs WHERE id = $1"];
const CATALOG: &str = concat!("SELECT ", columns!(catalog), " FROM catalogs WHERE id = $1");
pub(crate) const CATALOG_BY_KEY: &str =
    concat!("SELECT ", columns!(catalog), " FROM catalogs WHERE lower(key) = lower($1 COLLATE \"C\")");
const CATALOGS: &str = concat!("SELECT ", columns!(catalog), " FROM catalogs ORDER BY fold(name) COLLATE \"C\", id");

const INSERT: &str =
    "INSERT INTO records (id, catalog_id, version, title, created_at, created_by, updated_at, updated_by,
    deleted, data, search) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
const UPDATE: &str = "UPDATE records SET title = $3, data = $4, search = $5, updated_at = $6, updated_by = $7,
    version = version + 1 WHERE id = $1 AND deleted = 0 AND version = coalesce($2, version)";
const DELETE: &str = "UPDATE records SET deleted = 1, updated_at = $3, updated_by = $4, version = version + 1
    WHERE id = $1 AND deleted = 0 AND version = coalesce($2, version)";
const ONE: &str = concat!("SELECT ", columns!(record), " FROM records r WHERE r.id = $1");
const BY_IDS: &str = concat!("SELECT ", columns!(record), " FROM records r WHERE r.id = ANY($1) ORDER BY r.id");

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

#[async_trait]
impl Records for PostgresStore {
    async fn catalog(&self, id: CatalogId) -> Result<Option<CatalogRow>> {
        self.first(CATALOG, params![id]).await
    }

    async fn catalog_by_key(&self, key: &str) -> Result<Option<CatalogRow>> {
        self.first(CATALOG_BY_KEY, params![key]).await
    }

    async fn catalogs(&self) -> Result<Vec<CatalogRow>> {
        self.all(CATALOGS, Vec::new()).await
    }

    async fn record(&self, id: RecordId) -> Result<Option<RecordRow>> {
        self.first(ONE, params![id]).await
    }

    async fn records_by_id(&self, ids: &[RecordId]) -> Result<Vec<RecordRow>> {
        self.all(BY_IDS, params![Param::numbers(ids.iter().map(|id| id.0))]).await
    }

    async fn records(&self, query: Query<RecordField>) -> Result<Paged<RecordRow>> {
        let query = living_records(query);
        self.page(&RECORDS, &query, record_words(&query).as_ref()).await
    }
}
