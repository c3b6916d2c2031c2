//! A transaction to write in, and what PostgreSQL's refusals mean.

use crate::{
    connection::Live,
    plan::Kind,
    sql::{Param, read_rows},
};
use futures_util::future::BoxFuture;
use std::task::{Context, Poll, Waker};
use store::{Conflict, StoreError, rows::LeasedJob};
use tokio_postgres::{Row, error::SqlState};

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
    pub(crate) activated: Vec<(usize, Vec<LeasedJob>)>,
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

    /// Sends several statements as one, which is the conflict `otherwise` when one of them did not change all it must.
    pub(crate) async fn merged(&mut self, sql: &str, params: Vec<Param>, otherwise: Option<Conflict>) -> WriteResult {
        self.enqueue(sql, params, otherwise).await
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
                    Ok(rows) => read_rows::<LeasedJob>(&rows).map_err(WriteError::Read).map(|mut jobs| {
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
        "mutexes_held" | "started_keys_pkey" => Conflict::Reached,
        "messages_double" => Conflict::Published,
        "users_login_key" => Conflict::LoginTaken,
        "apps_client_id" => Conflict::ClientId,
        "app_activities_internal_code" | "app_activities_code" => Conflict::ActivityCode,
        "oauth_tokens_access" | "oauth_tokens_refresh" | "oauth_codes_pkey" => Conflict::Grant,
        "definitions_version" => Conflict::DefinitionVersion,
        "catalogs_key" => Conflict::CatalogKey,
        other => Conflict::Constraint(other.to_owned()),
    })
}
