//! An installation opened for work: the lock on its folder, the store, the platform and the running engine.
//!
//! Invariant: at most one process owns a data directory; a PostgreSQL database is shared by its nodes.

use crate::{
    config::{Config, Database},
    database,
};
use anyhow::{Context, Result};
use jiff::tz::TimeZone;
use model::Clock;
use platform::{Platform, PlatformSettings};
use runtime::{Runtime, RuntimeConfig, clock::SystemClock, cluster::HttpPeers, trace::Tracer};
use std::{fs::File, sync::Arc};
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
    _lock: Option<File>,
}

/// What can be done without the engine running.
pub struct Offline {
    /// People, apps, documents.
    pub platform: Platform,
    store: SharedStore,
    _lock: Option<File>,
}

impl Installation {
    /// Opens the configured database and lets the engine run.
    pub async fn open(settings: &Config) -> Result<Self> {
        Self::open_traced(settings, None).await
    }

    /// The same; traced requests leave their spans with `tracer`.
    pub async fn open_traced(settings: &Config, tracer: Option<Arc<dyn Tracer>>) -> Result<Self> {
        let lock = database::lock(settings)?;
        let clock: Arc<SystemClock> = Arc::new(SystemClock);
        let (store, platform) = open_platform(settings, clock.clone()).await?;
        let zone = TimeZone::system();
        let mut config = RuntimeConfig::new(store.clone(), platform.clone(), clock.clone());
        config.zone = zone.clone();
        config.calendars = settings.calendars.clone();
        config.allow_private = settings.allow_private_networks.clone();
        config.partitions = PARTITIONS;
        config.tracer = tracer;
        config.connectors = bitrix::connectors(&platform, &zone);
        config.node_url = settings.node_url.clone();
        config.takeover = settings.takeover;
        config.version = env!("CARGO_PKG_VERSION").to_owned();
        if !store.exclusive() {
            config.peers = Arc::new(HttpPeers::new(platform.clone()).context("reaching other nodes")?);
        }
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
    /// Opens the database without running anything; `None` when a server owns it.
    pub async fn open(config: &Config) -> Result<Option<Self>> {
        let lock = database::try_lock(config)?;
        if lock.is_none() && config.database == Database::Sqlite {
            return Ok(None);
        }
        let (store, platform) = open_platform(config, Arc::new(SystemClock)).await?;
        Ok(Some(Self { platform, store, _lock: lock }))
    }

    /// Releases the database.
    pub async fn close(self) {
        self.store.close().await;
    }
}

async fn open_platform(config: &Config, clock: Arc<dyn Clock>) -> Result<(SharedStore, Platform)> {
    let store = database::open(config).await?;
    // Handlers on hosts without a dot are of use only where private networks are allowed at all.
    let allow_bare_hosts = !config.allow_private_networks.is_empty();
    let settings = PlatformSettings { public_url: config.public_url.clone(), allow_bare_hosts };
    Ok((store.clone(), Platform::new(store, clock, settings)))
}
