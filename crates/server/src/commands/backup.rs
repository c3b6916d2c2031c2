//! `ruslo backup PATH`: the whole content into one file, while the server runs or not.
//!
//! The file is complete or absent: it is written beside its place, by one process at a time, synced, and moved there.
//! Where files can not be locked two may write at a time, each its own; only the one that lies there is moved.

use crate::{
    config::{Config, DatabaseFlags},
    database,
};
use anyhow::{Context, Result, bail};
use clap::Args;
use model::Clock as _;
use serde_json::json;
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{BufWriter, ErrorKind, Write as _},
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
    refuse_existing(options)?;
    let config = Config::load(&(&options.installation).into())?;
    let begun = now();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let sums = runtime.block_on(write(&config, options))?;
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

async fn write(config: &Config, options: &Backup) -> Result<Sums> {
    let path = options.path.as_path();
    database::must_exist(config).await?;
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let file = own(&part).with_context(|| format!("can not write {}", part.display()))?;
    // Another one may have ended between the first look and the lock.
    let written = match refuse_existing(options) {
        Ok(()) => write_part(config, &part, &file).await,
        Err(error) => Err(error),
    };
    let remove = |_: &_| {
        if is_at(&file, &part) {
            drop(fs::remove_file(&part));
        }
    };
    let sums = written.inspect_err(remove)?;
    settle(&file, &part, path)?;
    // Until here nobody else may take the part for his own.
    drop(file);
    // The file's name is durable once its folder is.
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).context("the archive's folder")?;
    Ok(sums)
}

fn refuse_existing(options: &Backup) -> Result<()> {
    if options.path.exists() && !options.force {
        bail!("{} exists: choose another file, or replace it with --force", options.path.display());
    }
    Ok(())
}

async fn write_part(config: &Config, part: &Path, out: &File) -> Result<Sums> {
    let mut export = database::export(config).await?;
    let head = file::Head {
        schema: export.schema(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        database: config.database.name().to_owned(),
        made_at: runtime::clock::SystemClock.now().0,
    };
    let writing = || format!("writing {}; no archive was made", part.display());
    let (sums, mut out) = file::write(export.as_mut(), BufWriter::new(out), head).await.with_context(writing)?;
    out.flush().with_context(writing)?;
    out.get_ref().sync_all().with_context(writing)?;
    Ok(sums)
}

/// How often a file is made anew that others take away, before it is given up.
const TRIES: usize = 100;

/// The file for this process alone, empty, readable by its owner only. One that an earlier process left, or that
/// somebody else laid there and may hold open, gives way to a new one; one that another process is writing is refused.
fn own(path: &Path) -> Result<File> {
    own_locked(path, File::try_lock)
}

fn own_locked(path: &Path, lock: impl Fn(&File) -> Result<(), TryLockError>) -> Result<File> {
    for _ in 0..TRIES {
        let (file, new) = match open(path, true) {
            Ok(file) => (file, true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => match open(path, false) {
                Ok(file) => (file, false),
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(error.into()),
            },
            Err(error) => return Err(error.into()),
        };
        match lock(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!("another back-up writes it"),
            Err(TryLockError::Error(error)) if knows_no_locks(&error) => {
                eprintln!("{}: {error}; going on: let no other back-up write the same file", path.display());
            }
            Err(TryLockError::Error(error)) => return Err(error).context("locking"),
        }
        // Between opening and locking it may have become somebody's archive, or have given way to another.
        if !is_at(&file, path) {
            continue;
        }
        if new {
            return Ok(file);
        }
        match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).context("it is left from before and can not be removed");
            }
            _ => {}
        }
    }
    bail!("others keep taking it, or it is a link to nowhere")
}

fn open(path: &Path, new: bool) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.create_new(new).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}

/// Whether the reason is the file system: a network's without its lock service, some in user space.
fn knows_no_locks(error: &std::io::Error) -> bool {
    #[cfg(unix)]
    if rustix::io::Errno::from_io_error(error) == Some(rustix::io::Errno::NOLCK) {
        return true;
    }
    error.kind() == ErrorKind::Unsupported
}

/// Gives the complete file its name; without locks another back-up may have put its own in its place.
fn settle(file: &File, part: &Path, path: &Path) -> Result<()> {
    if !is_at(file, part) {
        bail!("another back-up took the place of {}; no archive was made", part.display());
    }
    fs::rename(part, path).with_context(|| format!("can not move the archive to {}", path.display()))
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let place = |meta: fs::Metadata| (meta.dev(), meta.ino());
    fs::metadata(path).ok().map(place) == file.metadata().ok().map(place)
}

#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backup(path: &Path) -> Backup {
        let installation = DatabaseFlags::default();
        Backup { installation, path: path.to_owned(), force: false, json: false }
    }

    #[tokio::test]
    async fn two_back_ups_do_not_write_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config::local(&folder.path().join("data"));
        drop(database::lock(&config).unwrap());
        database::open(&config).await.unwrap().close().await;
        let (path, part) = (folder.path().join("a.archive"), folder.path().join("a.archive.part"));
        // Left behind by one that was killed, readable by all.
        fs::write(&part, "left").unwrap();
        let left = File::open(&part).unwrap();
        let other = own(&part).unwrap();
        assert!(!is_at(&left, &part), "who holds the old one open reads nothing of the new one");
        assert_eq!(other.metadata().unwrap().len(), 0);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(other.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
        let refused = format!("{:#}", write(&config, &backup(&path)).await.unwrap_err());
        assert!(refused.contains("another back-up"), "{refused}");
        assert!(part.exists() && !path.exists(), "the other's file stays");
        drop(other);
        write(&config, &backup(&path)).await.unwrap();
        assert!(path.exists() && !part.exists());
        let refused = format!("{:#}", write(&config, &backup(&path)).await.unwrap_err());
        assert!(refused.contains("--force") && !part.exists(), "{refused}");
    }

    #[test]
    fn a_file_system_without_locks_takes_a_back_up() {
        let lockless = |error: fn() -> std::io::Error| move |_: &File| Err(TryLockError::Error(error()));
        let unsupported = lockless(|| ErrorKind::Unsupported.into());
        let folder = tempfile::tempdir().unwrap();
        let (path, part) = (folder.path().join("a.archive"), folder.path().join("a.archive.part"));
        let first = own_locked(&part, unsupported).unwrap();
        #[cfg(unix)]
        let unsupported = lockless(|| rustix::io::Errno::NOLCK.into());
        let second = own_locked(&part, unsupported).unwrap();
        let refused = settle(&first, &part, &path).unwrap_err().to_string();
        assert!(refused.contains("another back-up") && !path.exists(), "{refused}");
        settle(&second, &part, &path).unwrap();
        assert!(is_at(&second, &path) && !part.exists());
        let broken = own_locked(&part, lockless(|| ErrorKind::PermissionDenied.into())).unwrap_err();
        assert_eq!(broken.to_string(), "locking");
        let _ = fs::remove_file(&part);
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(folder.path().join("nowhere"), &part).unwrap();
            assert!(own(&part).unwrap_err().to_string().contains("link to nowhere"));
        }
    }
}
