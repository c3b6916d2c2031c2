//! Statements as the capabilities see them: parameters, columns, reads, and the transaction to write in ([`Tx`]).
//!
//! Every parameter names its type, so that a statement runs prepared (named, kept by its connection) or unnamed (one
//! message without a preceding PREPARE, for poolers that share connections between transactions) by a setting.
//! Integers are BIGINT, JSON is TEXT, flags BOOLEAN. Invariant: a value never becomes a part of a statement's text.

use crate::{
    PostgresStore,
    text::{is_written, kept, written},
};
use model::{PartitionId, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use std::error::Error as StdError;
use store::{
    Result, StoreError,
    rows::{Cells, FromCells},
};
use tokio_postgres::{
    Row,
    types::{FromSql, IsNull, ToSql, Type, private::BytesMut, to_sql_checked},
};

pub(crate) use crate::tx::{Tx, WriteResult};

/// A value of a statement's parameter, with its type.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Param {
    Int(Option<i64>),
    Real(Option<f64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
    Bool(Option<bool>),
    Ints(Vec<Option<i64>>),
    Texts(Vec<Option<String>>),
    BytesList(Vec<Option<Vec<u8>>>),
    Bools(Vec<Option<bool>>),
}

impl Param {
    /// The type that the server is told.
    pub(crate) fn kind(&self) -> Type {
        match self {
            Self::Int(_) => Type::INT8,
            Self::Real(_) => Type::FLOAT8,
            Self::Text(_) => Type::TEXT,
            Self::Bytes(_) => Type::BYTEA,
            Self::Bool(_) => Type::BOOL,
            Self::Ints(_) => Type::INT8_ARRAY,
            Self::Texts(_) => Type::TEXT_ARRAY,
            Self::BytesList(_) => Type::BYTEA_ARRAY,
            Self::Bools(_) => Type::BOOL_ARRAY,
        }
    }

    /// Numbers, for `= ANY($1)`.
    pub(crate) fn numbers(numbers: impl IntoIterator<Item = i64>) -> Self {
        Self::Ints(numbers.into_iter().map(Some).collect())
    }

    /// An empty array whose elements are like this value.
    pub(crate) fn array(&self) -> Self {
        match self {
            Self::Text(_) => Self::Texts(Vec::new()),
            Self::Bytes(_) => Self::BytesList(Vec::new()),
            Self::Bool(_) => Self::Bools(Vec::new()),
            _ => Self::Ints(Vec::new()),
        }
    }

    /// Appends a value to an array of its kind.
    pub(crate) fn push(&mut self, value: Self) {
        match (self, value) {
            (Self::Ints(all), Self::Int(one)) => all.push(one),
            (Self::Texts(all), Self::Text(one)) => all.push(one),
            (Self::BytesList(all), Self::Bytes(one)) => all.push(one),
            (Self::Bools(all), Self::Bool(one)) => all.push(one),
            (all, one) => unreachable!("a column of {all:?} is given {one:?}"),
        }
    }
}

impl ToSql for Param {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> std::result::Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match self {
            Self::Int(v) => v.to_sql(ty, out),
            Self::Real(v) => v.to_sql(ty, out),
            Self::Text(v) => v.to_sql(ty, out),
            Self::Bytes(v) => v.to_sql(ty, out),
            Self::Bool(v) => v.to_sql(ty, out),
            Self::Ints(v) => v.to_sql(ty, out),
            Self::Texts(v) => v.to_sql(ty, out),
            Self::BytesList(v) => v.to_sql(ty, out),
            Self::Bools(v) => v.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

macro_rules! param_from {
    ($($from:ty => $variant:ident |$v:ident| $to:expr;)*) => {$(
        impl From<$from> for Param {
            fn from($v: $from) -> Self { Self::$variant(Some($to)) }
        }
        impl From<Option<$from>> for Param {
            fn from(v: Option<$from>) -> Self { Self::$variant(v.map(|$v| $to)) }
        }
    )*};
}

param_from! {
    i64 => Int |v| v;
    i32 => Int |v| v.into();
    u32 => Int |v| v.into();
    u16 => Int |v| v.into();
    u8 => Int |v| v.into();
    u64 => Int |v| i64::try_from(v).unwrap_or(i64::MAX);
    Timestamp => Int |v| v.0;
    PartitionId => Int |v| v.0.into();
    f64 => Real |v| v;
    bool => Bool |v| v;
    String => Text |v| kept(v);
    &String => Text |v| kept(v.clone());
    &str => Text |v| kept(v.to_owned());
    &Json => Text |v| kept(v.to_string());
    Vec<u8> => Bytes |v| v;
    &Vec<u8> => Bytes |v| v.clone();
    &[u8] => Bytes |v| v.to_vec();
    &[u8; 32] => Bytes |v| v.to_vec();
}

macro_rules! param_from_id {
    ($($id:ty),*) => {$(
        impl From<$id> for Param {
            fn from(id: $id) -> Self { Self::Int(Some(id.0)) }
        }
        impl From<Option<$id>> for Param {
            fn from(id: Option<$id>) -> Self { Self::Int(id.map(|id| id.0)) }
        }
    )*};
}

param_from_id!(
    model::InstanceId,
    model::TaskId,
    model::TimerId,
    model::SubscriptionId,
    model::JobId,
    model::OutboxId,
    model::IncidentId,
    model::DefinitionId,
    model::ModelId,
    model::UserId,
    model::CatalogId,
    model::RecordId,
    model::AppId,
    model::WebhookId,
    model::TokenId,
    model::AppActivityId,
    model::NotificationId,
    model::FileId,
    store::NodeId
);

impl From<&Option<String>> for Param {
    fn from(text: &Option<String>) -> Self {
        text.clone().into()
    }
}

impl From<&[String]> for Param {
    fn from(texts: &[String]) -> Self {
        Self::Texts(texts.iter().map(|t| Some(kept(t.clone()))).collect())
    }
}

/// The parameters of a statement, each `Into<Param>`.
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$($crate::sql::Param::from($value)),*] };
}
pub(crate) use params;

/// Reads a row's columns from left to right.
pub(crate) struct Columns<'r> {
    row: &'r Row,
    next: usize,
}

impl<'r> Columns<'r> {
    pub(crate) fn new(row: &'r Row) -> Self {
        Self { row, next: 0 }
    }

    fn wire<T: FromSql<'r>>(&mut self) -> Result<T> {
        self.next += 1;
        self.row.try_get(self.next - 1).map_err(|e| self.refused(&e.to_string()))
    }
}

impl Cells for Columns<'_> {
    type Error = StoreError;

    fn integer(&mut self) -> Result<Option<i64>> {
        self.wire()
    }

    fn flag(&mut self) -> Result<bool> {
        let kind = self.row.columns().get(self.next).map(tokio_postgres::Column::type_);
        if kind == Some(&Type::BOOL) { self.wire() } else { Ok(self.wire::<i64>()? != 0) }
    }

    fn text(&mut self) -> Result<Option<String>> {
        Ok(self.wire::<Option<String>>()?.map(written))
    }

    fn bytes<T>(&mut self, make: impl FnOnce(&[u8]) -> Option<T>) -> Result<Option<T>> {
        match self.wire::<Option<&[u8]>>()? {
            None => Ok(None),
            Some(bytes) => make(bytes).map(Some).ok_or_else(|| self.refused("has another length")),
        }
    }

    fn json<T: DeserializeOwned>(&mut self) -> Result<T> {
        let text: &str = self.wire()?;
        let parsed =
            if is_written(text) { serde_json::from_str(text) } else { serde_json::from_str(&written(text.to_owned())) };
        parsed.map_err(|e| self.refused(&e.to_string()))
    }

    fn refused(&self, why: &str) -> StoreError {
        StoreError::Corrupt { context: format!("column {}: {why}", self.next.saturating_sub(1)) }
    }
}

/// Reads a whole row.
fn read<T: FromCells>(row: &Row) -> Result<T> {
    Columns::new(row).get()
}

/// Reads all rows.
pub(crate) fn read_rows<T: FromCells>(rows: &[Row]) -> Result<Vec<T>> {
    rows.iter().map(read).collect()
}

/// Reads the first row.
pub(crate) fn read_first<T: FromCells>(rows: &[Row]) -> Result<Option<T>> {
    rows.first().map(read).transpose()
}

impl PostgresStore {
    /// Reads all rows of a query.
    pub(crate) async fn all<T: FromCells>(&self, sql: &str, params: Vec<Param>) -> Result<Vec<T>> {
        read_rows(&self.read_rows(sql, params).await?)
    }

    /// Reads the first row of a query.
    pub(crate) async fn first<T: FromCells>(&self, sql: &str, params: Vec<Param>) -> Result<Option<T>> {
        read_first(&self.read_rows(sql, params).await?)
    }
}
