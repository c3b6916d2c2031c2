//! Between columns and rows: SQLite's cells, and values as its columns keep them.

use crate::rows::{Cells, FromCells};
use model::Timestamp;
use rusqlite::{Error, Result, Row, types::Type};
use serde::de::DeserializeOwned;

/// Reads a row's columns from left to right.
pub(super) struct Columns<'r> {
    row: &'r Row<'r>,
    next: usize,
}

impl Columns<'_> {
    fn step(&mut self) -> usize {
        self.next += 1;
        self.next - 1
    }
}

impl Cells for Columns<'_> {
    type Error = Error;

    fn integer(&mut self) -> Result<Option<i64>> {
        let column = self.step();
        self.row.get(column)
    }

    fn flag(&mut self) -> Result<bool> {
        let column = self.step();
        self.row.get(column)
    }

    fn text(&mut self) -> Result<Option<String>> {
        let column = self.step();
        self.row.get(column)
    }

    fn bytes<T>(&mut self, make: impl FnOnce(&[u8]) -> Option<T>) -> Result<Option<T>> {
        let column = self.step();
        match self.row.get_ref(column)?.as_blob_or_null().map_err(|_| self.refused("is no blob"))? {
            None => Ok(None),
            Some(bytes) => make(bytes).map(Some).ok_or_else(|| self.refused("has another length")),
        }
    }

    fn json<T: DeserializeOwned>(&mut self) -> Result<T> {
        let column = self.step();
        let text = self.row.get_ref(column)?.as_str()?;
        serde_json::from_str(text).map_err(|e| Error::FromSqlConversionFailure(column, Type::Text, Box::new(e)))
    }

    fn refused(&self, why: &str) -> Error {
        let column = self.next.saturating_sub(1);
        let kind = self.row.get_ref(column).map_or(Type::Null, |value| value.data_type());
        Error::FromSqlConversionFailure(column, kind, why.into())
    }
}

/// Reads a whole row.
pub(super) fn read<T: FromCells>(row: &Row<'_>) -> Result<T> {
    Columns { row, next: 0 }.get()
}

/// A count as SQLite keeps it.
pub(super) fn int(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// An instant that may be missing.
pub(super) fn at(instant: Option<Timestamp>) -> Option<i64> {
    instant.map(|t| t.0)
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
