//! `ruslo restore PATH`: an archive into an empty database, of whichever kind.

use super::backup::{now, rows};
use crate::{
    config::{Config, InstallationFlags},
    database,
};
use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::json;
use std::{fs::File, io::BufReader, path::PathBuf, process::ExitCode};
use store::archive::{self, Sums, file};

/// Options of `ruslo restore`.
#[derive(Debug, Args)]
pub struct Restore {
    #[command(flatten)]
    installation: InstallationFlags,
    /// The file that `ruslo backup` wrote
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn execute(options: &Restore) -> Result<ExitCode> {
    let config = Config::load(&options.installation)?;
    let begun = now();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let sums = runtime.block_on(restore(&config, &options.path))?;
    let (rows, seconds) = (rows(&sums), begun.elapsed().as_secs_f64());
    if options.json {
        println!("{}", json!({"rows": rows, "seconds": seconds, "tables": sums}));
    } else {
        println!("{rows} rows restored and compared in {seconds:.1} s; start with: ruslo serve");
    }
    Ok(ExitCode::SUCCESS)
}

async fn restore(config: &Config, path: &PathBuf) -> Result<Sums> {
    let _lock = database::lock(config)?;
    let input = File::open(path).with_context(|| format!("can not read {}", path.display()))?;
    let reader = file::Reader::new(BufReader::new(input)).with_context(|| path.display().to_string())?;
    let import = database::import(config, reader.head().schema).await?;
    let sums = file::read(reader, import).await.context("restoring; the database stayed empty")?;
    compare(config, &sums).await?;
    Ok(sums)
}

/// Reads the database again: what it holds must be what was put in.
pub(super) async fn compare(config: &Config, put: &Sums) -> Result<()> {
    let held = archive::sums(database::export(config).await?.as_mut()).await.context("reading back")?;
    match archive::difference(&held, put) {
        None => Ok(()),
        Some(table) => bail!("the table {table} differs from what was put in: do not use this database"),
    }
}
