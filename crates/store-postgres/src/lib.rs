//! PostgreSQL, 15 and newer, behind [`store::Store`].

mod apps;
mod connection;
mod credentials;
mod definitions;
mod list;
mod people;
mod records;
mod settings;
mod sql;
mod text;

use connection::Live;
use sql::Param;
use store::Result;
use tokio_postgres::Row;

/// A PostgreSQL database.
#[derive(Debug)]
pub struct PostgresStore {
    reader: Live,
}

impl PostgresStore {
    /// Runs a reading statement on one of the readers' connections.
    async fn read_rows(&self, sql: &str, params: Vec<Param>) -> Result<Vec<Row>> {
        let answer = self.reader.query(sql, params).await.map_err(|e| connection::failed("read", e))?;
        answer.await.map_err(|e| connection::failed("read", e))
    }
}
