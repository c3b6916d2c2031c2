//! `ruslo migrate`: brings the schema up to date; with `--to` moves everything to another database.

use super::{
    backup::{now, rows},
    restore::compare,
};
use crate::{
    config::{Config, Database, InstallationFlags},
    database,
};
use anyhow::{Context, Result, bail};
use clap::Args;
use std::{path::PathBuf, process::ExitCode, time::Duration};
use store::archive::{self, Sums};

/// How long other nodes are watched for a sign of life.
const WATCH: Duration = Duration::from_secs(4);

/// Options of `ruslo migrate`.
#[derive(Debug, Args)]
pub struct Migrate {
    #[command(flatten)]
    installation: InstallationFlags,
    /// An empty database to move everything to: postgres://… or a data directory
    #[arg(long, value_name = "URL")]
    to: Option<String>,
}

/// Runs the command.
pub fn execute(options: &Migrate) -> Result<ExitCode> {
    let config = Config::load(&options.installation)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
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
        match &target.database {
            Database::Postgres(_) => println!("Start with: ruslo serve --database-url … (the old one stays as it was)"),
            Database::Sqlite => println!("Start with: ruslo serve --data-dir {}", target.data_dir.display()),
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn target(config: &Config, to: &str) -> Result<Config> {
    let target = if to.contains("://") {
        Config { database: Database::parse(to)?, ..config.clone() }
    } else {
        Config { database: Database::Sqlite, data_dir: PathBuf::from(to), ..config.clone() }
    };
    if target.database == config.database && target.data_dir == config.data_dir {
        bail!("--to names the database that is to be moved");
    }
    Ok(target)
}

async fn move_all(config: &Config, target: &Config) -> Result<Sums> {
    let _lock = if target.database == Database::Sqlite { database::lock(target)? } else { None };
    let mut export = database::export(config).await?;
    let import = database::import(target, export.schema()).await?;
    let sums = archive::copy(export.as_mut(), import).await.context("moving; the target stayed empty")?;
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
        tokio::time::sleep(WATCH).await;
    }
    let after = store.nodes().await?;
    store.close().await;
    let alive = |node: &&store::NodeRow| before.iter().all(|b| b.id != node.id || b.beat != node.beat);
    let names: Vec<&str> = after.iter().filter(alive).map(|node| node.url.as_str()).collect();
    if names.is_empty() { Ok(()) } else { bail!("stop the nodes that serve this database first: {}", names.join(", ")) }
}
