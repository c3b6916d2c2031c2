//! What every part of this face holds.

use crate::meter::Meter;
use jiff::tz::TimeZone;
use model::limits::Limits;
use model::{Fault, Timestamp};
use platform::Platform;
use platform::identity::secrets::Hash32;
use runtime::Runtime;
use std::sync::Arc;

/// How this face is set up.
#[derive(Debug, Clone)]
pub struct BitrixConfig {
    /// The server's zone: dates are shown in it and read in it when they name none.
    pub zone: TimeZone,
    /// Bytes of a request body.
    pub request_bytes: usize,
}

impl Default for BitrixConfig {
    fn default() -> Self {
        Self { zone: TimeZone::UTC, request_bytes: Limits::default().request_bytes }
    }
}

/// The face's state. Cheap to clone.
#[derive(Clone)]
pub struct BitrixState {
    inner: Arc<Inner>,
}

struct Inner {
    runtime: Runtime,
    platform: Platform,
    config: BitrixConfig,
    meter: Meter,
}

impl BitrixState {
    /// A face on a runtime and a platform.
    pub fn new(runtime: Runtime, platform: Platform, config: BitrixConfig) -> Self {
        Self { inner: Arc::new(Inner { runtime, platform, config, meter: Meter::default() }) }
    }

    /// The runtime.
    pub fn runtime(&self) -> &Runtime {
        &self.inner.runtime
    }

    /// The platform.
    pub fn platform(&self) -> &Platform {
        &self.inner.platform
    }

    /// The store, for lists.
    pub fn store(&self) -> &store::SharedStore {
        self.inner.platform.store()
    }

    /// The server's zone.
    pub fn zone(&self) -> &TimeZone {
        &self.inner.config.zone
    }

    /// Bytes of a request body.
    pub fn request_bytes(&self) -> usize {
        self.inner.config.request_bytes
    }

    /// Sums of operating time.
    pub fn meter(&self) -> &Meter {
        &self.inner.meter
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.inner.platform.clock().now()
    }
}

/// The key that event tokens are signed with; the same for the handler calls and their answers.
pub async fn event_key(platform: &Platform) -> Result<Hash32, Fault> {
    platform.settings().key("bitrix_event_token").await
}
