//! One connection: its statements, prepared once.

use crate::sql::Param;
use futures_util::future::BoxFuture;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use store::StoreError;
use tokio_postgres::{
    Client, Error, Row, Statement,
    types::{ToSql, Type},
};

/// Statements that a connection keeps prepared; beyond that it begins anew.
const STATEMENTS: usize = 512;

/// A live connection with its prepared statements.
pub(crate) struct Live {
    client: Arc<Client>,
    /// None: nothing is prepared, every statement travels with its text.
    prepared: Option<Mutex<HashMap<String, Statement>>>,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Live")
    }
}

impl Live {
    pub(crate) fn new(client: Client, prepare: bool) -> Self {
        Self { client: Arc::new(client), prepared: prepare.then(Mutex::default) }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// A statement, prepared now if it is not yet; none when nothing is prepared.
    async fn statement(&self, sql: &str, params: &[Param]) -> Result<Option<Statement>, Error> {
        let Some(prepared) = &self.prepared else { return Ok(None) };
        let lock = || prepared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(statement) = lock().get(sql) {
            return Ok(Some(statement.clone()));
        }
        let types: Vec<Type> = params.iter().map(Param::kind).collect();
        let statement = self.client.prepare_typed(sql, &types).await?;
        let mut statements = lock();
        if statements.len() >= STATEMENTS {
            statements.clear();
        }
        statements.insert(sql.to_owned(), statement.clone());
        Ok(Some(statement))
    }

    /// A writing statement; the first poll of the answer sends it.
    pub(crate) async fn execute(
        &self,
        sql: &str,
        params: Vec<Param>,
    ) -> Result<BoxFuture<'static, Result<u64, Error>>, Error> {
        let client = self.client.clone();
        let statement = self.statement(sql, &params).await?;
        let text = if statement.is_none() { sql.to_owned() } else { String::new() };
        Ok(Box::pin(async move {
            match statement {
                Some(statement) => client.execute(&statement, &refs(&params)).await,
                None => client.execute_typed(&text, &typed(&params)).await,
            }
        }))
    }

    /// A statement that gives rows; the first poll of the answer sends it.
    pub(crate) async fn query(
        &self,
        sql: &str,
        params: Vec<Param>,
    ) -> Result<BoxFuture<'static, Result<Vec<Row>, Error>>, Error> {
        let client = self.client.clone();
        let statement = self.statement(sql, &params).await?;
        let text = if statement.is_none() { sql.to_owned() } else { String::new() };
        Ok(Box::pin(async move {
            match statement {
                Some(statement) => client.query(&statement, &refs(&params)).await,
                None => client.query_typed(&text, &typed(&params)).await,
            }
        }))
    }
}

fn refs(params: &[Param]) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|p| p as &(dyn ToSql + Sync)).collect()
}

fn typed(params: &[Param]) -> Vec<(&(dyn ToSql + Sync), Type)> {
    params.iter().map(|p| (p as &(dyn ToSql + Sync), p.kind())).collect()
}

/// What a failure of the database means to the caller.
pub(crate) fn failed(context: &'static str, source: Error) -> StoreError {
    StoreError::Failed { context, source: Arc::new(source) }
}
