//! The handle that everybody holds, and its capabilities.

use crate::apps::{Activities, Apps};
use crate::catalogs::Catalogs;
use crate::identity::secrets::Hash32;
use crate::identity::throttle::Throttle;
use crate::identity::{Sessions, Tokens, Users, Webhooks};
use crate::kept::{Changed, Memory};
use crate::live::LiveBus;
use crate::models::Models;
use crate::notifications::Notifications;
use crate::records::Records;
use crate::settings::Settings;
use model::{Clock, Fault, Timestamp};
use std::collections::HashMap;
use std::sync::Arc;
use store::{SharedStore, Unit, UnitReceipt};
use tokio::sync::{Mutex, OnceCell};

/// What the platform is told at its start.
#[derive(Debug, Clone)]
pub struct PlatformSettings {
    /// The address links, webhooks and apps are given; no slash at its end.
    pub public_url: String,
    /// Whether handlers may live on hosts without a dot (`localhost`, a container's name).
    pub allow_bare_hosts: bool,
}

impl Default for PlatformSettings {
    fn default() -> Self {
        Self { public_url: "http://127.0.0.1:8080".into(), allow_bare_hosts: false }
    }
}

/// People, apps, documents and all else that is not a running process. Cheap to clone.
#[derive(Clone)]
pub struct Platform {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) store: SharedStore,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: PlatformSettings,
    pub(crate) live: LiveBus,
    pub(crate) throttle: Throttle,
    pub(crate) memory: Memory,
    pub(crate) member_id: OnceCell<String>,
    /// With when they were read.
    pub(crate) keys: Mutex<HashMap<String, (Hash32, Timestamp)>>,
}

impl Inner {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) async fn commit(&self, unit: Unit) -> Result<UnitReceipt, Fault> {
        let changed = Changed::by(&unit);
        let receipt = self.store.commit_one(unit).await;
        // Also after a failure: it may have been committed all the same.
        self.memory.forget(changed);
        Ok(receipt?)
    }
}

macro_rules! capabilities {
    ($($(#[$doc:meta])* $name:ident: $handle:ident;)*) => {
        impl Platform {$(
            $(#[$doc])*
            pub fn $name(&self) -> $handle<'_> {
                $handle(&self.inner)
            }
        )*}
    };
}

capabilities! {
    /// People.
    users: Users;
    /// Browsers that signed in.
    sessions: Sessions;
    /// API tokens.
    tokens: Tokens;
    /// Incoming webhooks.
    webhooks: Webhooks;
    /// Apps and their OAuth tokens.
    apps: Apps;
    /// Activities and robots that apps registered.
    activities: Activities;
    /// Catalogs.
    catalogs: Catalogs;
    /// Records.
    records: Records;
    /// Notifications.
    notifications: Notifications;
    /// Models of the designer.
    models: Models;
    /// Settings and keys.
    settings: Settings;
}

impl Platform {
    /// A platform on `store`. The clock is the wall's, or a simulation's.
    pub fn new(store: SharedStore, clock: Arc<dyn Clock>, mut settings: PlatformSettings) -> Self {
        settings.public_url = settings.public_url.trim_end_matches('/').to_owned();
        Self {
            inner: Arc::new(Inner {
                store,
                clock,
                settings,
                live: LiveBus::default(),
                throttle: Throttle::default(),
                memory: Memory::default(),
                member_id: OnceCell::new(),
                keys: Mutex::default(),
            }),
        }
    }

    /// Live updates.
    pub fn live(&self) -> &LiveBus {
        &self.inner.live
    }

    /// The store below.
    pub fn store(&self) -> &SharedStore {
        &self.inner.store
    }

    /// The clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    /// Whether handlers may live on hosts without a dot.
    pub fn allow_bare_hosts(&self) -> bool {
        self.inner.settings.allow_bare_hosts
    }

    /// The address links are built from, without a slash at its end.
    pub fn public_url(&self) -> &str {
        &self.inner.settings.public_url
    }
}
