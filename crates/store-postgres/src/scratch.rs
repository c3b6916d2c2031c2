//! A throw-away database on a server, for measurements. Never: touches another database of the server.

use crate::connection::{client, failed};
use store::{Result, StoreError};
use url::Url;

/// A database that was made to be dropped.
#[derive(Debug)]
pub struct Scratch {
    server: String,
    name: String,
    url: String,
    empty_bytes: u64,
}

impl Scratch {
    /// Makes the database `name` (letters, digits and `_`) on the server of `url`.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when the name is not one, exists, or the person of `url` may not make databases.
    pub async fn create(url: &str, name: &str) -> Result<Self> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let mut own =
            Url::parse(url).ok().filter(|_| !name.is_empty() && name.chars().all(plain)).ok_or_else(|| {
                let why = std::io::Error::other("the URL of a database and a plain name are expected");
                StoreError::Failed { context: "name a throw-away database", source: std::sync::Arc::new(why) }
            })?;
        own.set_path(name);
        let mut scratch = Self { server: url.to_owned(), name: name.to_owned(), url: own.into(), empty_bytes: 0 };
        scratch.on_server("make a throw-away database", &format!("CREATE DATABASE {name}")).await?;
        scratch.empty_bytes = scratch.bytes().await?;
        Ok(scratch)
    }

    /// Its URL, with the parameters of the server's.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Bytes on disk, beyond those of an empty database.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when the server does not answer.
    pub async fn bytes(&self) -> Result<u64> {
        let sql = "SELECT pg_database_size(current_database())";
        let row = client(&self.url).await?.query_one(sql, &[]).await.map_err(|e| failed("ask for a size", e))?;
        Ok(u64::try_from(row.get::<_, i64>(0)).unwrap_or(0).saturating_sub(self.empty_bytes))
    }

    /// Removes it, whoever still uses it.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when the server does not answer.
    pub async fn remove(self) -> Result<()> {
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        self.on_server("drop a throw-away database", &sql).await
    }

    async fn on_server(&self, what: &'static str, sql: &str) -> Result<()> {
        client(&self.server).await?.batch_execute(sql).await.map_err(|e| failed(what, e))
    }
}
