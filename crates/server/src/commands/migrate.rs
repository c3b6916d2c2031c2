//! `ruslo migrate`: brings the schema up to date; with `--to` moves everything to another database.

use super::{
    backup::{now, rows},
    restore::{compare, start},
};
use crate::{
    config::{Config, Database, DatabaseFlags},
    database, logging,
};
use anyhow::{Context, Result, bail};
use clap::Args;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};
use store::archive::{self, Sums};

/// Options of `ruslo migrate`.
#[derive(Debug, Args)]
pub struct Migrate {
    #[command(flatten)]
    installation: DatabaseFlags,
    /// An empty database to move everything to: postgres://… or a data directory
    #[arg(long, value_name = "URL")]
    to: Option<String>,
}

/// Runs the command.
pub fn execute(options: &Migrate) -> Result<ExitCode> {
    // It tells what a long wait is for.
    logging::start();
    let config = Config::load(&(&options.installation).into())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        // A misspelt place must not become an empty database that is moved.
        if config.database == Database::Sqlite || options.to.is_some() {
            database::must_exist(&config).await?;
        }
        let _lock = database::lock(&config)?;
        nobody_serves(&config).await?;
        // Opening brings the schema up to date.
        database::open(&config).await?.close().await;
        let Some(to) = &options.to else {
            println!("The schema is up to date.");
            return Ok(ExitCode::SUCCESS);
        };
        let begun = now();
        let target = target(&config, to)?;
        let sums = move_all(&config, &target).await?;
        println!("{} rows moved and compared in {:.1} s.", rows(&sums), begun.elapsed().as_secs_f64());
        println!("The old database stays as it was. Start with: {}", start(&target));
        Ok(ExitCode::SUCCESS)
    })
}

fn target(config: &Config, to: &str) -> Result<Config> {
    let target = if Database::is_postgres(to) {
        Config { database: Database::parse(to)?, ..config.clone() }
    } else if to.contains("://") {
        bail!("--to takes postgres://user:password@host:5432/database, or a directory for an embedded database");
    } else {
        Config { database: Database::Sqlite, data_dir: PathBuf::from(to), ..config.clone() }
    };
    let same_folder = same_place(&target.data_dir, &config.data_dir);
    if target.database == config.database && (target.database != Database::Sqlite || same_folder) {
        bail!("--to names the database that is to be moved");
    }
    Ok(target)
}

/// Whether two names lead to one folder.
fn same_place(one: &Path, other: &Path) -> bool {
    one == other || one.canonicalize().ok().is_some_and(|one| other.canonicalize().ok() == Some(one))
}

async fn move_all(config: &Config, target: &Config) -> Result<Sums> {
    let _lock = if target.database == Database::Sqlite { database::lock(target)? } else { None };
    let mut export = database::export(config).await?;
    let import = database::import(target, export.schema()).await?;
    let sums = archive::copy(export.as_mut(), import).await.context("nothing was moved")?;
    compare(target, &sums).await?;
    // Nothing may have been written to the old database meanwhile.
    let still = archive::sums(database::export(config).await?.as_mut()).await.context("reading again")?;
    if let Some(table) = archive::difference(&still, &sums) {
        bail!("the table {table} changed while it was moved: stop every server, empty the target and run again");
    }
    Ok(sums)
}

/// A shared database must not be in use: nodes that still beat are named.
async fn nobody_serves(config: &Config) -> Result<()> {
    if config.database == Database::Sqlite {
        return Ok(());
    }
    let store = database::open(config).await?;
    let before = store.nodes().await?;
    if !before.is_empty() {
        let (seconds, nodes) = (config.watch().as_secs_f64(), before.len());
        tracing::info!(seconds, nodes, "the nodes in the list are watched for a sign of life");
        tokio::time::sleep(config.watch()).await;
    }
    let after = store.nodes().await?;
    store.close().await;
    let alive = |node: &&store::NodeRow| before.iter().all(|b| b.id != node.id || b.beat != node.beat);
    let names: Vec<&str> = after.iter().filter(alive).map(|node| node.url.as_str()).collect();
    if names.is_empty() { Ok(()) } else { bail!("stop the nodes that serve this database first: {}", names.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use std::time::Duration;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        migrate: Migrate,
    }

    /// As long as the nodes that serve with that time need.
    #[test]
    fn nodes_are_watched_as_long_as_the_flag_says() {
        let cli = Cli::try_parse_from(["ruslo", "--takeover", "600", "--to", "elsewhere"]).unwrap();
        let config = Config::load(&(&cli.migrate.installation).into()).unwrap();
        assert_eq!(config.watch(), Duration::from_secs(240));
    }
}
