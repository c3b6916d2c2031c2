//! `ruslo backup PATH`: the whole content into one file, while the server runs or not.
//!
//! The file is complete or absent: it is written beside its place, synced, and moved there.

use crate::{
    config::{Config, DatabaseFlags},
    database,
};
use anyhow::{Context, Result, bail};
use clap::Args;
use model::Clock as _;
use serde_json::json;
use std::{
    fs::{self, File, OpenOptions},
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};
use store::archive::{Sums, file};

/// Options of `ruslo backup`.
#[derive(Debug, Args)]
pub struct Backup {
    #[command(flatten)]
    installation: DatabaseFlags,
    /// The file to write; it holds secrets, so only its owner may read it
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn execute(options: &Backup) -> Result<ExitCode> {
    if options.path.exists() && !options.force {
        bail!("{} exists: choose another file, or replace it with --force", options.path.display());
    }
    let config = Config::load(&(&options.installation).into())?;
    let begun = now();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let sums = runtime.block_on(write(&config, &options.path))?;
    let bytes = fs::metadata(&options.path)?.len();
    let (rows, seconds) = (rows(&sums), begun.elapsed().as_secs_f64());
    if options.json {
        let path = options.path.display().to_string();
        println!("{}", json!({"file": path, "rows": rows, "bytes": bytes, "seconds": seconds, "tables": sums}));
    } else {
        println!("{}: {rows} rows, {bytes} bytes, in {seconds:.1} s", options.path.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// How many rows a content has.
pub(super) fn rows(sums: &Sums) -> u64 {
    sums.values().map(|table| table.rows).sum()
}

/// For telling people how long something took.
#[expect(clippy::disallowed_methods, reason = "a command tells how long it took")]
pub(super) fn now() -> Instant {
    Instant::now()
}

async fn write(config: &Config, path: &Path) -> Result<Sums> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let written = write_part(config, &part).await;
    let sums = written.inspect_err(|_| drop(fs::remove_file(&part)))?;
    fs::rename(&part, path).with_context(|| format!("can not move the archive to {}", path.display()))?;
    // The file's name is durable once its folder is.
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).context("the archive's folder")?;
    Ok(sums)
}

async fn write_part(config: &Config, part: &Path) -> Result<Sums> {
    database::must_exist(config).await?;
    let mut export = database::export(config).await?;
    let out = private(part).with_context(|| format!("can not write {}", part.display()))?;
    let head = file::Head {
        schema: export.schema(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        database: config.database.name().to_owned(),
        made_at: runtime::clock::SystemClock.now().0,
    };
    let writing = || format!("writing {}; no archive was made", part.display());
    let (sums, out) = file::write(export.as_mut(), BufWriter::new(out), head).await.with_context(writing)?;
    let mut out = out;
    out.flush().with_context(writing)?;
    out.get_ref().sync_all().with_context(writing)?;
    Ok(sums)
}

fn private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}
