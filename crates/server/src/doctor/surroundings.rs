//! The machine and the settings: addresses, networks, disk, the database file, how fast commits are.

use super::Findings;
use crate::{
    config::{Config, Database},
    database,
};
use std::{
    path::Path,
    time::{Duration, Instant},
};
use store::{SettingWrite, SharedStore, Unit};

/// Less free space than this is told.
const FREE_BYTES: u64 = 2 << 30;
/// Less than this stops work soon.
const FREE_BYTES_MIN: u64 = 200 << 20;
/// Commits timed.
const COMMITS: usize = 9;
/// A slower disk is told.
const SLOW: Duration = Duration::from_millis(10);
/// A log that long means that a reader holds it.
const LOG_BYTES: u64 = 1 << 30;
/// The setting that is written to time the disk.
const PROBE: &str = "doctor.probe";
/// Said of a database that was reached and has no table of ours.
pub(super) const EMPTY: &str = "holds nothing of Ruslo's";

pub(super) fn settings(config: &Config, out: &mut Findings) {
    let host = config.public_url.split("://").nth(1).unwrap_or_default();
    let local = ["127.", "localhost", "[::1]"].iter().any(|start| host.starts_with(start));
    if !config.listen.ip().is_loopback() && local {
        let text = format!("people are given {} although the server listens on {}", config.public_url, config.listen);
        out.warn("public-url", text, "set --public-url to the address that people and apps use");
    } else if config.public_url.starts_with("http://") && !local {
        let text = format!("{} is not encrypted", config.public_url);
        out.warn("public-url", text, "put a TLS proxy in front and set --public-url to https://…");
    } else {
        out.ok("public-url", config.public_url.clone());
    }
    if let Some(all) = config.allow_private_networks.iter().find(|net| net.prefix_len() == 0) {
        let mend = "name the networks of your handlers instead";
        out.warn("networks", format!("outgoing calls may reach every address ({all})"), mend);
    }
}

pub(super) fn disk(config: &Config, out: &mut Findings) {
    if config.database != Database::Sqlite {
        return;
    }
    match rustix::fs::statvfs(&config.data_dir) {
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let text = format!("{} MB free in {}", free >> 20, config.data_dir.display());
            match free {
                0..FREE_BYTES_MIN => out.error("disk", text, "free space now: commits will be refused"),
                FREE_BYTES_MIN..FREE_BYTES => {
                    out.warn("disk", text, "free space, or set a retention for ended instances")
                }
                _ => out.ok("disk", text),
            }
        }
        Err(error) => {
            let text = format!("{}: {error}", config.data_dir.display());
            out.error("disk", text, "check --data-dir");
        }
    }
}

pub(super) fn file(config: &Config, deep: bool, out: &mut Findings) {
    if config.database != Database::Sqlite {
        return;
    }
    rights(config, out);
    let path = database::file(&config.data_dir);
    let facts = match store::inspect_sqlite(&path, deep) {
        Ok(facts) => facts,
        Err(error) if path.exists() => {
            let text = format!("{}: {:#}", path.display(), anyhow::Error::new(error));
            return out.error(
                "database",
                text,
                "it is no database, or a damaged one: keep it, restore the last backup",
            );
        }
        Err(_) => {
            let text = format!("there is no database {}", path.display());
            return out.error("database", text, "check --data-dir; `ruslo serve` makes a new one");
        }
    };
    if !schema(facts.schema, facts.known, out) {
        return;
    }
    // SQLite tells several places in one text.
    let mut broken = facts.broken.iter().flat_map(|text| text.lines()).filter(|line| !line.starts_with("***"));
    match broken.next() {
        Some(first) => {
            let text = format!("it is damaged: {first}, and {} more places", broken.count());
            out.error("integrity", text, "stop the server and restore the last backup; keep the file");
        }
        None => {
            let text = format!("{} MB, {} MB of it free for new rows", facts.bytes >> 20, facts.free_bytes >> 20);
            out.ok("integrity", text);
        }
    }
    if facts.log_bytes > LOG_BYTES {
        let text = format!("the log has {} MB", facts.log_bytes >> 20);
        out.warn("log", text, "a long reading process (a backup, another tool) holds it: end it");
    }
}

/// Who else may read what holds secrets.
fn rights(config: &Config, out: &mut Findings) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let open_to_all =
            |path: &Path| std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o004 != 0);
        let enters = |path: &Path| std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o001 != 0);
        let path = database::file(&config.data_dir);
        if open_to_all(&path) && enters(&config.data_dir) {
            let text = format!("everybody on this machine may read {}, which holds secrets", path.display());
            out.warn("rights", text, format!("chmod 700 {}", config.data_dir.display()));
        }
    }
}

/// Whether the schema is one that this version can read.
fn schema(found: u32, known: u32, out: &mut Findings) -> bool {
    if found > known {
        let text = format!("its schema is {found}, this version knows {known}");
        out.error("schema", text, "use the newer version, or restore a backup made before");
    } else if found < known {
        let text = format!("its schema is {found}, this version works with {known}");
        out.warn("schema", text, "make a backup, then run `ruslo migrate` or start the server; look again after that");
    } else {
        out.ok("schema", format!("schema {found} is up to date"));
    }
    found <= known
}

/// Whether the server answers, and the schema in it.
pub(super) async fn postgres(url: &str, place: &str, out: &mut Findings) {
    match database::postgres_schema(url).await {
        Ok((0, _)) => {
            let mend = "check --database-url and its search_path; `ruslo serve` fills an empty database";
            out.error("database", format!("{place} {EMPTY}"), mend);
        }
        Ok((found, known)) => {
            schema(found, known, out);
        }
        Err(error) => {
            let text = format!("{place}: {error:#}");
            out.error("database", text, "check --database-url, and whether the server runs and lets this machine in");
        }
    }
}

/// How long a commit takes: the disk's word.
pub(super) async fn commits(store: &SharedStore, out: &mut Findings) -> store::Result<()> {
    let mut times = Vec::with_capacity(COMMITS);
    for n in 0..COMMITS {
        let begun = now();
        store.commit_one(Unit::of(SettingWrite::Put { key: PROBE.to_owned(), value: n.into() })).await?;
        times.push(begun.elapsed());
    }
    store.commit_one(Unit::of(SettingWrite::Delete { key: PROBE.to_owned() })).await?;
    times.sort_unstable();
    let median = times[COMMITS / 2];
    let text = format!("a durable commit takes {:.2} ms", median.as_secs_f64() * 1e3);
    if median > SLOW {
        out.warn("commit", text, "a disk with power-loss protection makes single requests faster");
    } else {
        out.ok("commit", text);
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "times the disk for a person at the terminal")]
fn now() -> Instant {
    Instant::now()
}
