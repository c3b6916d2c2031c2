//! `catalogs` and `records`.

use super::{
    SqliteStore,
    list::page,
    row::{int, numbers},
    tx::{Tx, WriteResult, all, first},
};
use crate::{
    CatalogRow, Conflict, Paged, Query, RecordField, RecordRow, RecordWrite, Records, Result, columns,
    lists::fields::{RECORDS, record_words},
    living_records, record_search_text,
};
use async_trait::async_trait;
use model::{CatalogId, RecordId};
use rusqlite::params;

const INSERT_CATALOG: &str =
    concat!("INSERT INTO catalogs (", columns!(catalog), ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
const UPDATE_CATALOG: &str = "UPDATE catalogs SET key = ?2, name = ?3, fields = ?4, title_field = ?5, updated_at = ?6,
    version = version + 1 WHERE id = ?1 AND version = ?7";
const DELETE_CATALOG: [&str; 2] = ["DELETE FROM records WHERE catalog_id = ?1", "DELETE FROM catalogs WHERE id = ?1"];
const CATALOG: &str = concat!("SELECT ", columns!(catalog), " FROM catalogs WHERE id = ?1");
const CATALOG_BY_KEY: &str = concat!("SELECT ", columns!(catalog), " FROM catalogs WHERE key = ?1");
const CATALOGS: &str = concat!("SELECT ", columns!(catalog), " FROM catalogs ORDER BY fold(name), id");

const INSERT: &str =
    "INSERT INTO records (id, catalog_id, version, title, created_at, created_by, updated_at, updated_by,
    deleted, data, search) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
const UPDATE: &str = "UPDATE records SET title = ?3, data = ?4, search = ?5, updated_at = ?6, updated_by = ?7,
    version = version + 1 WHERE id = ?1 AND deleted = 0 AND version = coalesce(?2, version)";
const DELETE: &str = "UPDATE records SET deleted = 1, updated_at = ?3, updated_by = ?4, version = version + 1
    WHERE id = ?1 AND deleted = 0 AND version = coalesce(?2, version)";
const ONE: &str = concat!("SELECT ", columns!(record), " FROM records r WHERE r.id = ?1");
const BY_IDS: &str = concat!(
    "SELECT ",
    columns!(record),
    " FROM records r WHERE r.id IN (SELECT value FROM json_each(?1)) ORDER BY r.id"
);

pub(super) fn apply(tx: &mut Tx<'_>, write: &RecordWrite) -> WriteResult {
    match write {
        RecordWrite::InsertCatalog(c) => {
            let values = params![
                c.id.0,
                c.key,
                c.name,
                c.fields.to_string(),
                c.title_field,
                c.created_at.0,
                c.updated_at.0,
                int(c.version)
            ];
            tx.run(INSERT_CATALOG, values).map(|_| ())
        }
        RecordWrite::UpdateCatalog { row: c, expect_version } => {
            let fields = c.fields.to_string();
            let values = params![c.id.0, c.key, c.name, fields, c.title_field, c.updated_at.0, int(*expect_version)];
            tx.must(UPDATE_CATALOG, values, Conflict::CatalogVersion)
        }
        RecordWrite::DeleteCatalog { id } => {
            for sql in DELETE_CATALOG {
                tx.run(sql, [id.0])?;
            }
            Ok(())
        }
        RecordWrite::Insert(r) => {
            let values = params![
                r.id.0,
                r.catalog.0,
                int(r.version),
                r.title,
                r.created_at.0,
                r.created_by.map(|u| u.0),
                r.updated_at.0,
                r.updated_by.map(|u| u.0),
                r.deleted,
                r.data.to_string(),
                record_search_text(&r.title, &r.data)
            ];
            tx.run(INSERT, values).map(|_| ())
        }
        RecordWrite::Update { id, expect_version, title, data, at, by } => {
            let expect = expect_version.map(int);
            let by = by.map(|u| u.0);
            let values = params![id.0, expect, title, data.to_string(), record_search_text(title, data), at.0, by];
            tx.must(UPDATE, values, Conflict::RecordVersion)
        }
        RecordWrite::Delete { id, expect_version, at, by } => {
            let values = params![id.0, expect_version.map(int), at.0, by.map(|u| u.0)];
            tx.must(DELETE, values, Conflict::RecordVersion)
        }
    }
}

#[async_trait]
impl Records for SqliteStore {
    async fn catalog(&self, id: CatalogId) -> Result<Option<CatalogRow>> {
        self.read(move |c| first(c, CATALOG, [id.0])).await
    }

    async fn catalog_by_key(&self, key: &str) -> Result<Option<CatalogRow>> {
        let key = key.to_owned();
        self.read(move |c| first(c, CATALOG_BY_KEY, [key])).await
    }

    async fn catalogs(&self) -> Result<Vec<CatalogRow>> {
        self.read(|c| all(c, CATALOGS, [])).await
    }

    async fn record(&self, id: RecordId) -> Result<Option<RecordRow>> {
        self.read(move |c| first(c, ONE, [id.0])).await
    }

    async fn records_by_id(&self, ids: &[RecordId]) -> Result<Vec<RecordRow>> {
        let ids = numbers(ids.iter().map(|id| id.0));
        self.read(move |c| all(c, BY_IDS, [ids])).await
    }

    async fn records(&self, query: Query<RecordField>) -> Result<Paged<RecordRow>> {
        let query = living_records(query);
        self.read(move |c| page(c, &RECORDS, &query, record_words(&query).as_ref())).await
    }
}
