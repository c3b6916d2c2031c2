//! Instants. The core never reads a clock; it is given a [`Timestamp`].

use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The instant `ms` milliseconds later (earlier when negative), saturating.
    #[must_use]
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// The same instant for calendar arithmetic. Out-of-range instants clamp to the range of [`jiff::Timestamp`].
    pub fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        })
    }

    /// ISO 8601 in UTC with milliseconds: `2026-11-21T10:00:00.000Z`. The shape of every instant in the native API.
    pub fn to_iso(self) -> String {
        format!("{:.3}", self.to_jiff())
    }

    /// Reads ISO 8601 with an offset or `Z`.
    pub fn parse_iso(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(Self::from)
    }
}

impl From<jiff::Timestamp> for Timestamp {
    fn from(value: jiff::Timestamp) -> Self {
        Self(value.as_millisecond())
    }
}

/// Where instants come from at the edges: the wall, or a simulation.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
}
