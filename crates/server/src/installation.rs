//! An installation opened for work: the lock on its folder, the store, the platform and the running engine.
//!
//! Invariant: at most one process owns a data directory.

use crate::config::Config;
use anyhow::{Context, Result, bail};
use jiff::tz::TimeZone;
use model::Clock;
use platform::{Platform, PlatformSettings};
use runtime::{Runtime, RuntimeConfig, clock::SystemClock};
use std::{
    fs::{self, File, TryLockError},
    path::Path,
    sync::Arc,
};
use store::SharedStore;

/// How many partitions a new database gets; fixed for its life.
const PARTITIONS: u16 = 64;

/// An opened installation.
pub struct Installation {
    /// The database.
    pub store: SharedStore,
    /// People, apps, documents.
    pub platform: Platform,
    /// The running engine.
    pub runtime: Runtime,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The zone of dates and times without one: the machine's.
    pub zone: TimeZone,
    _lock: File,
}

/// What can be done without the engine running.
pub struct Offline {
    /// People, apps, documents.
    pub platform: Platform,
    store: SharedStore,
    _lock: File,
}

impl Installation {
    /// Opens the configured data directory and lets the engine run.
    pub async fn open(config: &Config) -> Result<Self> {
        Self::open_in(&config.data_dir, &config.public_url, config.allow_private_networks.clone()).await
    }

    /// Opens a data directory.
    pub async fn open_in(folder: &Path, public_url: &str, allow_private: Vec<ipnet::IpNet>) -> Result<Self> {
        let lock = lock(folder)?;
        let clock: Arc<SystemClock> = Arc::new(SystemClock);
        let (store, platform) = open_platform(folder, public_url, clock.clone(), !allow_private.is_empty())?;
        let zone = TimeZone::system();
        let mut config = RuntimeConfig::new(store.clone(), platform.clone(), clock.clone());
        config.zone = zone.clone();
        config.allow_private = allow_private;
        config.partitions = PARTITIONS;
        config.connectors = bitrix::connectors(&platform, &zone);
        let runtime = Runtime::open(config).await.context("starting the engine")?;
        Ok(Self { store, platform, runtime, clock, zone, _lock: lock })
    }

    /// Finishes what is under way and releases the database.
    pub async fn close(self) {
        self.runtime.shutdown().await;
        self.store.close().await;
    }
}

impl Offline {
    /// Opens a data directory without running anything; `None` when a server owns it.
    pub fn open(config: &Config) -> Result<Option<Self>> {
        let Some(lock) = try_lock(&config.data_dir)? else { return Ok(None) };
        let bare = !config.allow_private_networks.is_empty();
        let (store, platform) = open_platform(&config.data_dir, &config.public_url, Arc::new(SystemClock), bare)?;
        Ok(Some(Self { platform, store, _lock: lock }))
    }

    /// Releases the database.
    pub async fn close(self) {
        self.store.close().await;
    }
}

fn open_platform(
    folder: &Path,
    public_url: &str,
    clock: Arc<dyn Clock>,
    bare: bool,
) -> Result<(SharedStore, Platform)> {
    let file = folder.join("ruslo.db");
    let store: SharedStore = Arc::new(
        store::SqliteStore::open(&file, store::SqliteOptions::default())
            .with_context(|| format!("opening the database {}", file.display()))?,
    );
    // Handlers on hosts without a dot are of use only where private networks are allowed at all.
    let settings = PlatformSettings { public_url: public_url.to_owned(), allow_bare_hosts: bare };
    Ok((store.clone(), Platform::new(store, clock, settings)))
}

fn lock(folder: &Path) -> Result<File> {
    match try_lock(folder)? {
        Some(file) => Ok(file),
        None => bail!("another process runs on {}: stop it first, or choose another --data-dir", folder.display()),
    }
}

fn try_lock(folder: &Path) -> Result<Option<File>> {
    fs::create_dir_all(folder).with_context(|| format!("can not make {}", folder.display()))?;
    let path = folder.join("ruslo.lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .with_context(|| format!("can not open {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("can not lock {}", path.display())),
    }
}
