//! Statements as the capabilities see them: parameters, columns, a transaction to write in, and what PostgreSQL's
//! refusals mean.
//!
//! Every parameter names its type, so that a statement runs prepared (named, kept by its connection) or unnamed (one
//! message without a preceding PREPARE, for poolers that share connections between transactions) by a setting.
//! Integers are BIGINT, JSON is TEXT, flags BOOLEAN. Invariant: a value never becomes a part of a statement's text.

use crate::{
    PostgresStore,
    connection::Live,
    jobs,
    plan::Kind,
    text::{kept, written},
};
use futures_util::future::BoxFuture;
use model::{CatalogId, DocumentRef, PartitionId, RecordId, Timestamp};
use serde_json::Value as Json;
use std::{
    error::Error as StdError,
    task::{Context, Poll, Waker},
};
use store::{Conflict, JobRow, LeasedFor, Result, StoreError};
use tokio_postgres::{
    Row,
    error::SqlState,
    types::{FromSql, FromSqlOwned, IsNull, ToSql, Type, private::BytesMut, to_sql_checked},
};

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

/// Why a write did not happen.
#[derive(Debug)]
pub(crate) enum WriteError {
    /// The unit's own fault: it met something else than it expected.
    Conflict(Conflict),
    /// The database's refusal, or none is reached.
    Database(tokio_postgres::Error),
    /// A row that was read for the write is broken.
    Read(StoreError),
}

/// What comes of a write.
pub(crate) type WriteResult = std::result::Result<(), WriteError>;

impl From<Conflict> for WriteError {
    fn from(what: Conflict) -> Self {
        Self::Conflict(what)
    }
}

impl From<tokio_postgres::Error> for WriteError {
    fn from(error: tokio_postgres::Error) -> Self {
        match constraint(&error) {
            Some(conflict) => Self::Conflict(conflict),
            None => Self::Database(error),
        }
    }
}

/// A statement that was sent and not waited for.
struct Pending {
    answer: Answer,
    /// What it means that the statement's own check failed.
    otherwise: Option<Conflict>,
}

enum Answer {
    Count(BoxFuture<'static, std::result::Result<u64, tokio_postgres::Error>>),
    /// Rows removed, for a unit's receipt.
    Removed(usize, BoxFuture<'static, std::result::Result<u64, tokio_postgres::Error>>),
    /// Jobs for a unit's receipt.
    Jobs(usize, BoxFuture<'static, std::result::Result<Vec<Row>, tokio_postgres::Error>>),
}

/// An open transaction with the receipts of the units being applied.
///
/// Statements travel in the order of the calls. [`Tx::send`] and [`Tx::must`] do not wait for the answer, so that a
/// batch of writes costs one round trip; their failures come out of a later call or of [`Tx::flush`]. COMMIT travels
/// before the answers are known: a conditional statement raises an error itself.
pub(crate) struct Tx<'c> {
    live: &'c Live,
    pending: Vec<Pending>,
    /// The unit whose write goes one by one.
    pub(crate) unit: usize,
    /// Jobs leased, by unit.
    pub(crate) activated: Vec<(usize, Vec<(JobRow, Option<LeasedFor>)>)>,
    /// Rows removed, by unit.
    pub(crate) removed: Vec<(usize, u64)>,
    pub(crate) statements: u64,
    pub(crate) round_trips: u64,
    /// Whether the failure that [`Tx::flush`] told was that of the statement sent last.
    pub(crate) failed_last: bool,
}

impl<'c> Tx<'c> {
    pub(crate) fn new(live: &'c Live) -> Self {
        Self {
            live,
            pending: Vec::new(),
            unit: 0,
            activated: Vec::new(),
            removed: Vec::new(),
            statements: 0,
            round_trips: 0,
            failed_last: false,
        }
    }

    /// Sends a writing statement whose count of changed rows does not matter.
    pub(crate) async fn send(&mut self, sql: &str, params: Vec<Param>) -> WriteResult {
        self.enqueue(sql, params, None).await
    }

    /// Sends a writing statement (without RETURNING) that must change a row, or else it is the conflict `otherwise`.
    pub(crate) async fn must(&mut self, sql: &str, params: Vec<Param>, otherwise: Conflict) -> WriteResult {
        let sql = format!("WITH changed AS ({sql} RETURNING 1) SELECT 1 / least(count(*), 1) FROM changed");
        self.enqueue(&sql, params, Some(otherwise)).await
    }

    /// Sends many writes of a kind.
    pub(crate) async fn batch(&mut self, kind: &Kind, columns: Vec<Param>) -> WriteResult {
        self.enqueue(kind.sql, columns, kind.otherwise.clone()).await
    }

    /// Sends a statement that gives jobs for the unit's receipt.
    pub(crate) async fn activate(&mut self, sql: &str, params: Vec<Param>) -> WriteResult {
        self.statements += 1;
        let answer = self.live.query(sql, params).await;
        let mut answer = self.first_failure(answer).await?;
        if let Some(early) = poll_once(&mut answer) {
            answer = Box::pin(std::future::ready(early));
        }
        self.pending.push(Pending { answer: Answer::Jobs(self.unit, answer), otherwise: None });
        Ok(())
    }

    /// Sends a statement whose count of removed rows is for the unit's receipt.
    pub(crate) async fn remove(&mut self, sql: &str, params: Vec<Param>) -> WriteResult {
        self.enqueue(sql, params, None).await?;
        if let Some(Pending { answer: Answer::Count(answer), .. }) = self.pending.pop() {
            self.pending.push(Pending { answer: Answer::Removed(self.unit, answer), otherwise: None });
        }
        Ok(())
    }

    /// Sends BEGIN, COMMIT and the like.
    pub(crate) fn control(&mut self, sql: &'static str) {
        let mut answer = self.live.control(sql);
        if let Some(early) = poll_once(&mut answer) {
            answer = Box::pin(std::future::ready(early));
        }
        self.pending.push(Pending { answer: Answer::Count(answer), otherwise: None });
    }

    /// Runs a writing statement and waits; how many rows it changed.
    pub(crate) async fn run(&mut self, sql: &str, params: Vec<Param>) -> std::result::Result<u64, WriteError> {
        self.enqueue(sql, params, None).await?;
        let last = self.pending.pop();
        self.flush().await?;
        match last.map(|last| last.answer) {
            Some(Answer::Count(answer)) => Ok(answer.await?),
            _ => Ok(0),
        }
    }

    /// Runs a statement that gives rows and waits for them.
    pub(crate) async fn rows<T>(
        &mut self,
        sql: &str,
        params: Vec<Param>,
        read: Reader<T>,
    ) -> std::result::Result<Vec<T>, WriteError> {
        self.statements += 1;
        let answer = self.live.query(sql, params).await;
        let mut answer = self.first_failure(answer).await?;
        let early = poll_once(&mut answer);
        self.flush().await?;
        let rows = match early {
            Some(rows) => rows?,
            None => answer.await?,
        };
        read_all(&rows, read)
    }

    async fn enqueue(&mut self, sql: &str, params: Vec<Param>, otherwise: Option<Conflict>) -> WriteResult {
        self.statements += 1;
        let answer = self.live.execute(sql, params).await;
        let mut answer = self.first_failure(answer).await?;
        if let Some(early) = poll_once(&mut answer) {
            answer = Box::pin(std::future::ready(early));
        }
        self.pending.push(Pending { answer: Answer::Count(answer), otherwise });
        Ok(())
    }

    /// A statement can not be prepared after an earlier one failed: then that one's failure is what counts.
    async fn first_failure<T>(
        &mut self,
        prepared: std::result::Result<T, tokio_postgres::Error>,
    ) -> std::result::Result<T, WriteError> {
        match prepared {
            Ok(answer) => Ok(answer),
            Err(error) => {
                self.flush().await?;
                Err(error.into())
            }
        }
    }

    /// Waits for everything that was sent; the first failure in the order of sending.
    pub(crate) async fn flush(&mut self) -> WriteResult {
        let mut outcome = Ok(());
        self.round_trips += 1;
        let pending = std::mem::take(&mut self.pending);
        let last = pending.len().saturating_sub(1);
        for (place, Pending { answer, otherwise }) in pending.into_iter().enumerate() {
            let answer = match answer {
                Answer::Count(answer) => answer.await.map_err(WriteError::from).map(|_| ()),
                Answer::Removed(unit, answer) => {
                    answer.await.map_err(WriteError::from).map(|rows| self.removed.push((unit, rows)))
                }
                Answer::Jobs(unit, answer) => match answer.await {
                    Ok(rows) => read_all(&rows, jobs::leased).map(|mut jobs| {
                        jobs.sort_by_key(|(job, _)| job.id);
                        self.activated.push((unit, jobs));
                    }),
                    Err(error) => Err(error.into()),
                },
            };
            if outcome.is_ok() {
                outcome = match (answer, otherwise) {
                    (Err(WriteError::Database(error)), Some(conflict)) if checked(&error) => Err(conflict.into()),
                    (answer, _) => answer,
                };
                self.failed_last = outcome.is_err() && place == last;
            }
        }
        outcome
    }
}

/// Whether a statement's own check raised the error.
fn checked(error: &tokio_postgres::Error) -> bool {
    error.code() == Some(&SqlState::DIVISION_BY_ZERO)
}

fn read_all<T>(rows: &[Row], read: Reader<T>) -> std::result::Result<Vec<T>, WriteError> {
    let values: Read<Vec<T>> = rows.iter().map(|row| read(&mut Columns::new(row))).collect();
    values.map_err(|e| match e {
        ReadError::Database(error) => WriteError::from(error),
        other => WriteError::Read(read_error(other)),
    })
}

/// The first poll of a statement's future puts it on the wire.
fn poll_once<T>(future: &mut BoxFuture<'static, T>) -> Option<T> {
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

/// Which conflict a violated constraint is: unique constraints and indexes have these names in `migrations/`.
fn constraint(error: &tokio_postgres::Error) -> Option<Conflict> {
    let refusal = error.as_db_error()?;
    let integrity = refusal.code().code().starts_with("23");
    if !integrity {
        return None;
    }
    let name = refusal.constraint().unwrap_or_default();
    if *refusal.code() != SqlState::UNIQUE_VIOLATION {
        return Some(Conflict::Constraint(name.to_owned()));
    }
    Some(match name {
        "instances_pkey" | "journal_pkey" => Conflict::Instance,
        "user_tasks_pkey" | "task_assignees_pkey" => Conflict::Task,
        "jobs_pkey" => Conflict::Job,
        "incidents_pkey" => Conflict::Incident,
        "nodes_pkey" => Conflict::Node,
        "inbox_pkey" => Conflict::Message,
        "users_login_key" => Conflict::LoginTaken,
        "apps_client_id" => Conflict::ClientId,
        "app_activities_internal_code" | "app_activities_code" => Conflict::ActivityCode,
        "oauth_tokens_access" | "oauth_tokens_refresh" | "oauth_codes_pkey" => Conflict::Grant,
        "definitions_version" => Conflict::DefinitionVersion,
        "catalogs_key" => Conflict::CatalogKey,
        other => Conflict::Constraint(other.to_owned()),
    })
}
