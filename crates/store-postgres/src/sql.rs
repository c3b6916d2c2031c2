//! Statements as the capabilities see them: parameters, columns, reads, and the transaction to write in ([`Tx`]).
//!
//! Every parameter names its type, so that a statement runs prepared (named, kept by its connection) or unnamed (one
//! message without a preceding PREPARE, for poolers that share connections between transactions) by a setting.
//! Integers are BIGINT, JSON is TEXT, flags BOOLEAN. Invariant: a value never becomes a part of a statement's text.

use crate::{
    PostgresStore,
    text::{kept, written},
};
use model::{CatalogId, DocumentRef, PartitionId, RecordId, Timestamp};
use serde_json::Value as Json;
use std::error::Error as StdError;
use store::{Result, StoreError};
use tokio_postgres::{
    Row,
    types::{FromSql, FromSqlOwned, IsNull, ToSql, Type, private::BytesMut, to_sql_checked},
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

/// Texts as a JSON list, for columns that hold one.
pub(crate) fn texts(texts: &[String]) -> String {
    Json::from(texts).to_string()
}

/// A document's columns.
pub(crate) fn document(document: Option<DocumentRef>) -> (Option<i64>, Option<i64>) {
    document.map_or((None, None), |d| (Some(d.catalog.0), Some(d.record.0)))
}

/// Why a read failed.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// The database's refusal, or none is reached.
    Database(tokio_postgres::Error),
    /// A column holds what it can not hold.
    Broken { column: usize, why: String },
    /// The store's own refusal.
    Store(StoreError),
}

impl From<tokio_postgres::Error> for ReadError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error)
    }
}

impl From<StoreError> for ReadError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// What is read of a row.
pub(crate) type Read<T> = std::result::Result<T, ReadError>;

/// What a column can be read as.
pub(crate) trait Column: Sized {
    /// The type that travels.
    type Wire: FromSqlOwned;
    /// The value of what travelled; none: it can not be.
    fn from_wire(wire: Self::Wire) -> Option<Self>;
}

macro_rules! columns_as_they_are {
    ($($ty:ty),*) => {$(
        impl Column for $ty {
            type Wire = $ty;
            fn from_wire(wire: $ty) -> Option<Self> { Some(wire) }
        }
    )*};
}
columns_as_they_are!(i64, f64, bool, Vec<u8>, Vec<i64>);

impl Column for String {
    type Wire = String;
    fn from_wire(wire: String) -> Option<Self> {
        Some(written(wire))
    }
}

macro_rules! narrow_columns {
    ($($ty:ty),*) => {$(
        impl Column for $ty {
            type Wire = i64;
            fn from_wire(wire: i64) -> Option<Self> { wire.try_into().ok() }
        }
    )*};
}
narrow_columns!(i32, u64, u32, u16, u8);

impl<const N: usize> Column for [u8; N] {
    type Wire = Vec<u8>;
    fn from_wire(wire: Vec<u8>) -> Option<Self> {
        wire.try_into().ok()
    }
}

impl<T: Column> Column for Option<T> {
    type Wire = Option<T::Wire>;
    fn from_wire(wire: Self::Wire) -> Option<Self> {
        match wire {
            Some(wire) => T::from_wire(wire).map(Some),
            None => Some(None),
        }
    }
}

/// Reads a row's columns from left to right.
pub(crate) struct Columns<'r> {
    row: &'r Row,
    next: usize,
}

impl<'r> Columns<'r> {
    pub(crate) fn new(row: &'r Row) -> Self {
        Self { row, next: 0 }
    }

    /// Refuses what was read last.
    pub(crate) fn broken<T>(&self, why: impl ToString) -> Read<T> {
        Err(ReadError::Broken { column: self.next - 1, why: why.to_string() })
    }

    fn wire<T: FromSql<'r>>(&mut self) -> Read<T> {
        self.next += 1;
        self.row.try_get(self.next - 1).or_else(|e| self.broken(e))
    }

    /// The next column as it is.
    pub(crate) fn get<T: Column>(&mut self) -> Read<T> {
        match T::from_wire(self.wire()?) {
            Some(value) => Ok(value),
            None => self.broken("out of range"),
        }
    }

    /// The next column as an id made by `id`.
    pub(crate) fn id<T>(&mut self, id: fn(i64) -> T) -> Read<T> {
        self.get().map(id)
    }

    /// The next column as an id that may be missing.
    pub(crate) fn id_opt<T>(&mut self, id: fn(i64) -> T) -> Read<Option<T>> {
        Ok(self.get::<Option<i64>>()?.map(id))
    }

    /// The next column as a count.
    pub(crate) fn count(&mut self) -> Read<u64> {
        self.get()
    }

    pub(crate) fn partition(&mut self) -> Read<PartitionId> {
        self.get().map(PartitionId)
    }

    pub(crate) fn at(&mut self) -> Read<Timestamp> {
        self.get().map(Timestamp)
    }

    pub(crate) fn at_opt(&mut self) -> Read<Option<Timestamp>> {
        self.id_opt(Timestamp)
    }

    /// The next column as one of a closed set.
    pub(crate) fn code<T>(&mut self, from_code: fn(i64) -> Option<T>) -> Read<T> {
        match from_code(self.get()?) {
            Some(value) => Ok(value),
            None => self.broken("unknown code"),
        }
    }

    /// The next column, a text, as JSON.
    pub(crate) fn json(&mut self) -> Read<Json> {
        self.parsed()
    }

    /// The next column, a text with a JSON list, as texts.
    pub(crate) fn texts(&mut self) -> Read<Vec<String>> {
        self.parsed()
    }

    fn parsed<T: serde::de::DeserializeOwned>(&mut self) -> Read<T> {
        let text: String = self.get()?;
        serde_json::from_str(&text).or_else(|e| self.broken(e))
    }

    /// The next two columns as a document.
    pub(crate) fn document(&mut self) -> Read<Option<DocumentRef>> {
        let catalog = self.id_opt(CatalogId)?;
        let record = self.id_opt(RecordId)?;
        Ok(catalog.zip(record).map(|(catalog, record)| DocumentRef { catalog, record }))
    }
}

/// How a row is read.
pub(crate) type Reader<T> = fn(&mut Columns<'_>) -> Read<T>;

impl PostgresStore {
    /// Reads all rows of a query.
    pub(crate) async fn all<T>(&self, sql: &str, params: Vec<Param>, read: Reader<T>) -> Result<Vec<T>> {
        let rows = self.read_rows(sql, params).await?;
        let values: Read<Vec<T>> = rows.iter().map(|row| read(&mut Columns::new(row))).collect();
        values.map_err(read_error)
    }

    /// Reads the first row of a query.
    pub(crate) async fn first<T>(&self, sql: &str, params: Vec<Param>, read: Reader<T>) -> Result<Option<T>> {
        let rows = self.read_rows(sql, params).await?;
        rows.first().map(|row| read(&mut Columns::new(row))).transpose().map_err(read_error)
    }
}

/// What a failed read means to the caller.
pub(crate) fn read_error(error: ReadError) -> StoreError {
    match error {
        ReadError::Broken { column, why } => StoreError::Corrupt { context: format!("column {column}: {why}") },
        ReadError::Database(error) => crate::connection::failed("read", error),
        ReadError::Store(error) => error,
    }
}
