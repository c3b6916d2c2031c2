//! What is wrong with an installation, and how to mend it: the checks behind `ruslo doctor`.
//!
//! Owns: one function a check, each giving findings. Invariant: looks only, but for one setting that is written and
//! taken back to time the disk; safe beside a running server. Never: mends anything.

mod content;
mod server;
mod surroundings;

use crate::config::{Config, Database};
use model::Timestamp;
use serde::Serialize;
use store::SharedStore;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// Somebody should look.
    Warning,
    /// Something does not work or will be lost.
    Error,
}

/// One result of a check.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// Which check: stable, for scripts.
    pub check: &'static str,
    /// How bad it is.
    pub level: Level,
    /// What was found.
    pub text: String,
    /// What to do about it; empty when there is nothing to do.
    pub mend: String,
}

/// Findings as they come in.
#[derive(Debug, Default)]
pub struct Findings(pub Vec<Finding>);

impl Findings {
    fn ok(&mut self, check: &'static str, text: impl Into<String>) {
        self.0.push(Finding { check, level: Level::Ok, text: text.into(), mend: String::new() });
    }

    fn warn(&mut self, check: &'static str, text: impl Into<String>, mend: impl Into<String>) {
        self.0.push(Finding { check, level: Level::Warning, text: text.into(), mend: mend.into() });
    }

    fn error(&mut self, check: &'static str, text: impl Into<String>, mend: impl Into<String>) {
        self.0.push(Finding { check, level: Level::Error, text: text.into(), mend: mend.into() });
    }

    /// The worst of them.
    pub fn worst(&self) -> Level {
        self.0.iter().map(|f| f.level).max().unwrap_or(Level::Ok)
    }
}

/// What can be told without opening the database for work.
pub fn before(config: &Config, deep: bool) -> Findings {
    let mut findings = Findings::default();
    surroundings::settings(config, &mut findings);
    surroundings::disk(config, &mut findings);
    surroundings::file(config, deep, &mut findings);
    findings
}

/// What can be told of a PostgreSQL database without opening it for work.
pub async fn postgres(config: &Config, findings: &mut Findings) {
    if let Database::Postgres(url) = &config.database {
        surroundings::postgres(url, &config.database.place(&config.data_dir), findings).await;
        if findings.0.iter().any(|finding| finding.check == "schema" || finding.text.ends_with(surroundings::EMPTY)) {
            server::look(url, findings).await;
        }
    }
}

/// The database could not be looked into.
pub fn unusable(error: &anyhow::Error, findings: &mut Findings) {
    findings.error("database", format!("{error:#}"), "mend what the message names, then look again");
}

/// What the database tells.
pub async fn inside(store: &SharedStore, now: Timestamp, findings: &mut Findings) -> store::Result<()> {
    surroundings::commits(store, findings).await?;
    content::nodes(store, findings).await?;
    content::lags(store, now, findings).await?;
    content::incidents(store, findings).await?;
    content::definitions(store, findings).await?;
    content::instances(store, findings).await
}
