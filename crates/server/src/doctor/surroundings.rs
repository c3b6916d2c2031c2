//! The machine and the settings: addresses, networks, disk, the database file, how fast commits are.

use super::Findings;
use crate::{
    config::{Config, Database},
    database,
};
use std::time::{Duration, Instant};
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
    let path = database::file(&config.data_dir);
    let facts = match store::inspect_sqlite(&path, deep) {
        Ok(facts) => facts,
        Err(error) => return out.error("database", format!("{}: {error}", path.display()), "check --data-dir"),
    };
    if facts.schema > facts.known {
        let text = format!("its schema is {}, this version knows {}", facts.schema, facts.known);
        return out.error("schema", text, "use the newer version, or restore a backup made before");
    }
    if facts.schema < facts.known {
        let text = format!("its schema is {}, this version works with {}", facts.schema, facts.known);
        out.warn("schema", text, "make a backup, then run `ruslo migrate` or start the server; look again after that");
    } else {
        out.ok("schema", format!("schema {} is up to date", facts.schema));
    }
    match facts.broken.first() {
        Some(first) => {
            let text = format!("{} places are broken; the first: {first}", facts.broken.len());
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
