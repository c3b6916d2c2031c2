//! `ruslo restore PATH`: an archive into an empty database, of whichever kind.

use super::backup::{now, rows};
use crate::{
    config::{Config, Database, DatabaseFlags},
    database,
};
use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::json;
use std::{fs::File, io::BufReader, path::Path, path::PathBuf, process::ExitCode};
use store::{
    StoreError,
    archive::{self, Sums, file},
};

/// Options of `ruslo restore`.
#[derive(Debug, Args)]
pub struct Restore {
    #[command(flatten)]
    installation: DatabaseFlags,
    /// The file that `ruslo backup` wrote
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn execute(options: &Restore) -> Result<ExitCode> {
    let config = Config::load(&(&options.installation).into())?;
    let begun = now();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let sums = runtime.block_on(restore(&config, &options.path))?;
    let (rows, seconds) = (rows(&sums), begun.elapsed().as_secs_f64());
    if options.json {
        println!("{}", json!({"rows": rows, "seconds": seconds, "tables": sums}));
    } else {
        println!("{rows} rows restored and compared in {seconds:.1} s; start with: {}", start(&config));
    }
    Ok(ExitCode::SUCCESS)
}

/// How a server is started on what is configured; a database's URL holds a password and is not shown.
pub(super) fn start(config: &Config) -> String {
    match config.database {
        Database::Sqlite => format!("ruslo serve --data-dir {}", config.data_dir.display()),
        Database::Postgres(_) => "ruslo serve --database-url …".to_owned(),
    }
}

async fn restore(config: &Config, path: &Path) -> Result<Sums> {
    // Looked at first, so that a wrong name leaves nothing behind.
    let input = File::open(path).with_context(|| format!("can not read {}", path.display()))?;
    let reader = file::Reader::new(BufReader::new(input)).map_err(|error| unusable(path, error))?;
    let _lock = database::lock(config)?;
    let import = database::import(config, reader.head().schema).await?;
    let restored = file::read(reader, import).await;
    let sums = restored.map_err(|error| unusable(path, error)).context("nothing was restored")?;
    compare(config, &sums).await?;
    Ok(sums)
}

/// What is wrong with an archive, in words about the file.
fn unusable(path: &Path, error: StoreError) -> anyhow::Error {
    match &error {
        StoreError::Corrupt { context } => match context.strip_prefix("archive: ") {
            Some(why) => anyhow::anyhow!("{} can not be used as an archive: {why}", path.display()),
            None => error.into(),
        },
        _ => error.into(),
    }
}

/// Reads the database again: what it holds must be what was put in.
pub(super) async fn compare(config: &Config, put: &Sums) -> Result<()> {
    let held = archive::sums(database::export(config).await?.as_mut()).await.context("reading back")?;
    match archive::difference(&held, put) {
        None => Ok(()),
        Some(table) => bail!("the table {table} differs from what was put in: do not use this database"),
    }
}
