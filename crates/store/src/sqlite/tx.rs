//! The writer's transaction as the capabilities see it, and what SQLite's refusals mean.

use super::row::read;
use crate::{Conflict, Result, StoreError, UnitReceipt, rows::FromCells};
use rusqlite::{Connection, ErrorCode, Params};

/// An open transaction with the receipt of the unit being applied.
pub(super) struct Tx<'c> {
    pub(super) connection: &'c Connection,
    pub(super) statements: u64,
    pub(super) receipt: UnitReceipt,
    /// Whether a lease may have changed.
    pub(super) leases_changed: bool,
}

/// Why a write did not happen.
#[derive(Debug)]
pub(super) enum WriteError {
    /// The unit's own fault: it met something else than it expected.
    Conflict(Conflict),
    /// The database's refusal.
    Database(rusqlite::Error),
}

pub(super) type WriteResult = std::result::Result<(), WriteError>;

impl From<Conflict> for WriteError {
    fn from(what: Conflict) -> Self {
        Self::Conflict(what)
    }
}

impl From<rusqlite::Error> for WriteError {
    fn from(error: rusqlite::Error) -> Self {
        match constraint(&error) {
            Some(conflict) => Self::Conflict(conflict),
            None => Self::Database(error),
        }
    }
}

impl<'c> Tx<'c> {
    pub(super) fn new(connection: &'c Connection) -> Self {
        Self { connection, statements: 0, receipt: UnitReceipt::default(), leases_changed: false }
    }

    /// Runs a writing statement; how many rows it changed.
    pub(super) fn run(&mut self, sql: &str, params: impl Params) -> std::result::Result<usize, WriteError> {
        self.statements += 1;
        Ok(self.connection.prepare_cached(sql)?.execute(params)?)
    }

    /// Runs a writing statement that must change a row, or else it is the conflict `otherwise`.
    pub(super) fn must(&mut self, sql: &str, params: impl Params, otherwise: Conflict) -> WriteResult {
        if self.run(sql, params)? == 0 { Err(otherwise.into()) } else { Ok(()) }
    }

    /// Runs a statement that gives rows.
    pub(super) fn rows<T: FromCells>(
        &mut self,
        sql: &str,
        params: impl Params,
    ) -> std::result::Result<Vec<T>, WriteError> {
        self.statements += 1;
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params, read)?.collect::<rusqlite::Result<Vec<T>>>()?;
        Ok(rows)
    }
}

/// Which conflict a violated constraint is. SQLite names the columns in its message.
fn constraint(error: &rusqlite::Error) -> Option<Conflict> {
    let rusqlite::Error::SqliteFailure(code, message) = error else { return None };
    if code.code != ErrorCode::ConstraintViolation {
        return None;
    }
    let columns = message.as_deref().and_then(|m| m.split_once(": ")).map_or("", |(_, columns)| columns);
    Some(match columns {
        "instances.id" | "journal.instance_id, journal.seq" => Conflict::Instance,
        "user_tasks.id" | "task_assignees.task_id, task_assignees.user_id" => Conflict::Task,
        "jobs.id" => Conflict::Job,
        "incidents.id" => Conflict::Incident,
        "nodes.id" => Conflict::Node,
        "inbox.id" => Conflict::Message,
        "users.login_key" => Conflict::LoginTaken,
        "apps.client_id" => Conflict::ClientId,
        "app_activities.internal_code" | "app_activities.app_id, app_activities.code" => Conflict::ActivityCode,
        "oauth_tokens.access_hash" | "oauth_tokens.refresh_hash" | "oauth_codes.hash" => Conflict::Grant,
        "definitions.process_id, definitions.version" => Conflict::DefinitionVersion,
        "catalogs.key" => Conflict::CatalogKey,
        other => Conflict::Constraint(other.to_owned()),
    })
}

/// What a failed read means to the caller.
pub(super) fn read_error(error: rusqlite::Error) -> StoreError {
    match error {
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::IntegralValueOutOfRange(..) => StoreError::Corrupt { context: error.to_string() },
        other => super::failed("read", other),
    }
}

/// Reads all rows of a query.
pub(super) fn all<T: FromCells>(connection: &Connection, sql: &str, params: impl Params) -> Result<Vec<T>> {
    let read_all = || -> rusqlite::Result<Vec<T>> {
        let mut statement = connection.prepare_cached(sql)?;
        statement.query_map(params, read)?.collect()
    };
    read_all().map_err(read_error)
}

/// Reads the first row of a query.
pub(super) fn first<T: FromCells>(connection: &Connection, sql: &str, params: impl Params) -> Result<Option<T>> {
    let read_first = || -> rusqlite::Result<Option<T>> {
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query(params)?;
        rows.next()?.map(read).transpose()
    };
    read_first().map_err(read_error)
}
