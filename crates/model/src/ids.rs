//! Typed identifiers.
//!
//! Two families. **Partitioned** ids (instances, tasks, jobs, timers, incidents, outbox entries) are made by the
//! partition that owns the instance: 30 bits of seconds since 2024-01-01, 15 bits of counter, 8 bits of partition.
//! They fit 53 bits, so JavaScript clients keep them exactly, grow with time, and carry their partition.
//! **Plain** ids (users, catalogs, records, definitions, apps) are small integers given by the database.
//!
//! As text an id is `prefix_decimal` (`pi_123`, `user_5`); parsing refuses another kind's prefix.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

/// Seconds between the Unix epoch and 2024-01-01T00:00:00Z, where partitioned ids begin to count.
pub const ID_EPOCH_S: i64 = 1_704_067_200;
const PARTITION_BITS: u32 = 8;
const COUNTER_BITS: u32 = 15;

/// Why a text is no id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an id of the form {prefix}_<number>")]
pub struct IdParseError {
    /// The prefix that was expected, without the underscore.
    pub prefix: &'static str,
    /// What was given.
    pub text: String,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);
        impl $name {
            /// The text prefix of this kind, without the underscore.
            pub const PREFIX: &'static str = $prefix;
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0)
            }
        }
        impl FromStr for $name {
            type Err = IdParseError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(|n| n.parse().ok())
                    .filter(|n| *n > 0)
                    .map(Self)
                    .ok_or_else(|| IdParseError { prefix: $prefix, text: text.chars().take(64).collect() })
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                if s.is_human_readable() { s.collect_str(self) } else { s.serialize_i64(self.0) }
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                if d.is_human_readable() {
                    let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                    text.parse().map_err(serde::de::Error::custom)
                } else {
                    i64::deserialize(d).map(Self)
                }
            }
        }
    )*};
}

ids! {
    /// A process instance (partitioned).
    InstanceId = "pi";
    /// A user task (partitioned).
    TaskId = "task";
    /// A job for a connector, an app's handler or an external worker (partitioned).
    JobId = "job";
    /// A timer (partitioned).
    TimerId = "timer";
    /// A subscription to a message or signal (partitioned).
    SubscriptionId = "sub";
    /// An incident (partitioned).
    IncidentId = "inc";
    /// An entry of the outbox (partitioned).
    OutboxId = "out";
    /// One version of a deployed process definition.
    DefinitionId = "def";
    /// An editable model in the designer.
    ModelId = "model";
    /// A person or service account.
    UserId = "user";
    /// A catalog.
    CatalogId = "cat";
    /// A record; unique over all catalogs.
    RecordId = "rec";
    /// An OAuth application.
    AppId = "app";
    /// An incoming webhook.
    WebhookId = "hook";
    /// An API token.
    TokenId = "token";
    /// An activity or robot registered by an app.
    AppActivityId = "act";
    /// A notification of a person.
    NotificationId = "note";
    /// An uploaded file.
    FileId = "file";
}

/// A partition's number, `0..P`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PartitionId(pub u8);

/// The partition that a partitioned id belongs to.
pub fn partition_of(id: i64) -> PartitionId {
    PartitionId((id & ((1 << PARTITION_BITS) - 1)) as u8)
}

/// Makes partitioned ids: strictly growing, also when the clock stands still or steps back.
#[derive(Debug, Clone)]
pub struct IdSource {
    partition: PartitionId,
    last: i64,
}

impl IdSource {
    /// A source for `partition`. `last` is any id it made before (0 when none): the next one is greater.
    pub fn new(partition: PartitionId, last: i64) -> Self {
        Self { partition, last: last >> PARTITION_BITS }
    }

    /// The last id it made, or was made with.
    pub fn last(&self) -> i64 {
        (self.last << PARTITION_BITS) | i64::from(self.partition.0)
    }

    /// An id that is `seconds` away, as far as ids follow the clock.
    pub fn ahead(&self, seconds: i64) -> i64 {
        ((self.last + (seconds << COUNTER_BITS)) << PARTITION_BITS) | i64::from(self.partition.0)
    }

    /// The next id at `now`.
    pub fn next(&mut self, now: Timestamp) -> i64 {
        let seconds = (now.0.div_euclid(1000) - ID_EPOCH_S).max(1);
        self.last = (self.last + 1).max(seconds << COUNTER_BITS);
        (self.last << PARTITION_BITS) | i64::from(self.partition.0)
    }
}

use crate::Timestamp;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_and_carry_their_partition() {
        let mut source = IdSource::new(PartitionId(7), 0);
        let now = Timestamp(1_800_000_000_000);
        let first = source.next(now);
        let second = source.next(now.plus_ms(-5000));
        assert!(second > first);
        assert_eq!(partition_of(second), PartitionId(7));
        assert_eq!(source.last(), second);
        let mut after = IdSource::new(PartitionId(7), source.ahead(60));
        assert!(after.next(now.plus_ms(-5000)) > source.next(now.plus_ms(59_000)));
        assert!(source.next(Timestamp(2_524_608_000_000)) < 1 << 53);
    }

    #[test]
    fn text_form_refuses_another_kind() {
        assert_eq!("user_5".parse(), Ok(UserId(5)));
        assert!("task_5".parse::<UserId>().is_err());
        assert!("user_-5".parse::<UserId>().is_err());
    }
}
