//! Between columns and rows: typed ids, instants, codes and JSON.

use model::{CatalogId, DocumentRef, PartitionId, RecordId, Timestamp};
use rusqlite::{
    Row,
    types::{FromSql, Type},
};
use serde_json::Value as Json;

/// Reads a row's columns from left to right.
pub(super) struct Columns<'r> {
    row: &'r Row<'r>,
    next: usize,
}

fn broken(column: usize, kind: Type, why: &str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, kind, why.into())
}

impl<'r> Columns<'r> {
    pub(super) fn new(row: &'r Row<'r>) -> Self {
        Self { row, next: 0 }
    }

    /// The next column as it is.
    pub(super) fn get<T: FromSql>(&mut self) -> rusqlite::Result<T> {
        self.next += 1;
        self.row.get(self.next - 1)
    }

    /// The next column as an id made by `id`.
    pub(super) fn id<T>(&mut self, id: fn(i64) -> T) -> rusqlite::Result<T> {
        self.get().map(id)
    }

    /// The next column as an id that may be missing.
    pub(super) fn id_opt<T>(&mut self, id: fn(i64) -> T) -> rusqlite::Result<Option<T>> {
        Ok(self.get::<Option<i64>>()?.map(id))
    }

    /// The next column as a count.
    pub(super) fn count(&mut self) -> rusqlite::Result<u64> {
        let n: i64 = self.get()?;
        u64::try_from(n).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(self.next - 1, n))
    }

    pub(super) fn partition(&mut self) -> rusqlite::Result<PartitionId> {
        self.get().map(PartitionId)
    }

    pub(super) fn at(&mut self) -> rusqlite::Result<Timestamp> {
        self.get().map(Timestamp)
    }

    pub(super) fn at_opt(&mut self) -> rusqlite::Result<Option<Timestamp>> {
        Ok(self.get::<Option<i64>>()?.map(Timestamp))
    }

    /// The next column as one of a closed set.
    pub(super) fn code<T>(&mut self, from_code: fn(i64) -> Option<T>) -> rusqlite::Result<T> {
        from_code(self.get()?).ok_or_else(|| broken(self.next - 1, Type::Integer, "unknown code"))
    }

    /// The next column as JSON.
    pub(super) fn json(&mut self) -> rusqlite::Result<Json> {
        self.parsed()
    }

    /// The next column as a list of texts.
    pub(super) fn texts(&mut self) -> rusqlite::Result<Vec<String>> {
        self.parsed()
    }

    fn parsed<T: serde::de::DeserializeOwned>(&mut self) -> rusqlite::Result<T> {
        self.next += 1;
        let text = self.row.get_ref(self.next - 1)?.as_str()?;
        serde_json::from_str(text)
            .map_err(|e| rusqlite::Error::FromSqlConversionFailure(self.next - 1, Type::Text, Box::new(e)))
    }

    /// The next two columns as a document.
    pub(super) fn document(&mut self) -> rusqlite::Result<Option<DocumentRef>> {
        let catalog = self.id_opt(CatalogId)?;
        let record = self.id_opt(RecordId)?;
        Ok(catalog.zip(record).map(|(catalog, record)| DocumentRef { catalog, record }))
    }
}

/// A count as SQLite keeps it.
pub(super) fn int(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// An instant that may be missing.
pub(super) fn at(instant: Option<Timestamp>) -> Option<i64> {
    instant.map(|t| t.0)
}

/// Texts as a JSON list.
pub(super) fn texts(texts: &[String]) -> String {
    Json::from(texts).to_string()
}

/// Numbers as a JSON list, for `IN (SELECT value FROM json_each(?))`.
pub(super) fn numbers(ids: impl IntoIterator<Item = i64>) -> String {
    let mut text = String::from("[");
    for (n, id) in ids.into_iter().enumerate() {
        if n > 0 {
            text.push(',');
        }
        text.push_str(&id.to_string());
    }
    text.push(']');
    text
}

/// A document's columns.
pub(super) fn document(document: Option<DocumentRef>) -> (Option<i64>, Option<i64>) {
    document.map_or((None, None), |d| (Some(d.catalog.0), Some(d.record.0)))
}
