//! What instances exchange: subscriptions, published messages, starts by events, and names that one run holds.
//!
//! Invariant: a message reaches a process at most once: whoever delivers it changes [`MessageRow::reached`] in the unit
//! of the receiver, naming what it read. A name is held by one row, a correlation key by one started instance. Never:
//! decides who gets what.

use crate::{Paged, Query, Result, codes::coded};
use async_trait::async_trait;
use model::{DefinitionId, InstanceId, PartitionId, SubscriptionId, Timestamp};
use serde_json::Value as Json;

coded! {
    /// What a subscription waits for.
    SubscriptionKind {
        /// A message.
        Message = 0 "message",
        /// A signal.
        Signal = 1 "signal",
    }

    /// Where a published message stands.
    MessageState {
        /// It is kept until it expires.
        Kept = 0 "kept",
        /// It is to be delivered once, now.
        Once = 1 "once",
        /// Only its id is remembered, against doubles.
        Remembered = 2 "remembered",
    }

    /// What starts a process.
    StartKind {
        /// A message.
        Message = 0 "message",
        /// A signal.
        Signal = 1 "signal",
        /// A time.
        Timer = 2 "timer",
        /// A condition.
        Condition = 3 "condition",
    }
}

/// An element instance that waits for a message or signal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionRow {
    /// Its instance's partition.
    pub partition: PartitionId,
    /// Its id.
    pub id: SubscriptionId,
    /// What it waits for.
    pub kind: SubscriptionKind,
    /// Of which name.
    pub name: String,
    /// The correlation key; none: whether a message fits, the instance judges.
    pub key: Option<String>,
    /// Who waits.
    pub instance: InstanceId,
    /// The instance that began its tree of calls.
    pub root: InstanceId,
    /// The instance's process.
    pub process_id: String,
    /// The element.
    pub element_id: String,
    /// When it was opened.
    pub created_at: Timestamp,
}

/// A published message.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageRow {
    /// Who looks after it.
    pub partition: PartitionId,
    /// A plain id ([`crate::IdKind::Message`]).
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its correlation key; may be empty.
    pub key: String,
    /// The publisher's id for it.
    pub message_id: Option<String>,
    /// Its variables.
    pub variables: Json,
    /// The only process that takes it.
    pub process: Option<String>,
    /// The only element that takes it.
    pub element: Option<String>,
    /// Where it stands.
    pub state: MessageState,
    /// The processes that took it.
    pub reached: Vec<String>,
    /// When it was published.
    pub created_at: Timestamp,
    /// Until when it, or its id, is kept.
    pub expires_at: Timestamp,
}

/// A start event of the latest version of a process.
#[derive(Debug, Clone, PartialEq)]
pub struct StartRow {
    /// Who looks after it.
    pub partition: PartitionId,
    /// A plain id ([`crate::IdKind::Message`]).
    pub id: i64,
    /// What starts it.
    pub kind: StartKind,
    /// Of which name; empty for times and conditions.
    pub name: String,
    /// The process.
    pub process_id: String,
    /// Its version.
    pub definition: DefinitionId,
    /// The element's position in the definition.
    pub element: u32,
    /// The trigger's position in the element.
    pub trigger: u32,
    /// When it starts next.
    pub due_at: Option<Timestamp>,
    /// What its owner needs to count on; null for most.
    pub memory: Json,
}

/// A run that holds a name, or waits for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MutexRow {
    /// Its instance's partition.
    pub partition: PartitionId,
    /// A plain id ([`crate::IdKind::Message`]): the order of the queue.
    pub id: i64,
    /// The name.
    pub name: String,
    /// The instance.
    pub instance: InstanceId,
    /// The run in it.
    pub key: u32,
    /// Whether it holds the name.
    pub held: bool,
}

/// Changes to what instances exchange.
#[derive(Debug, Clone, PartialEq)]
pub enum ExchangeWrite {
    /// A new subscription.
    Subscribe(Box<SubscriptionRow>),
    /// A subscription that is over; no matter whether it exists.
    Unsubscribe {
        /// Its partition.
        partition: PartitionId,
        /// Its id.
        id: SubscriptionId,
    },
    /// A new message; [`crate::Conflict::Published`] when one with its name, key and id is kept or remembered.
    Publish(Box<MessageRow>),
    /// The same, but a double is left out without a word.
    Throw(Box<MessageRow>),
    /// Processes took the message; [`crate::Conflict::Reached`] when others did since it was read, or it is gone.
    Reach {
        /// Its partition.
        partition: PartitionId,
        /// Its id.
        id: i64,
        /// Who had taken it.
        before: Vec<String>,
        /// Who has now.
        after: Vec<String>,
    },
    /// Nobody else gets the message; its id is remembered if it has one, until then.
    Settle {
        /// Its partition.
        partition: PartitionId,
        /// Its id.
        id: i64,
        /// Until when its id is remembered.
        until: Timestamp,
    },
    /// At most so many messages that have expired go.
    Expire {
        /// What expired before.
        before: Timestamp,
        /// At most so many.
        limit: u32,
    },
    /// The process has no starts by events any more; no matter whether it had.
    Unlist {
        /// The process.
        process_id: String,
    },
    /// A new start event.
    List(Box<StartRow>),
    /// A timed start goes on; [`crate::Conflict::Reached`] when it did before, or is gone.
    Advance {
        /// The start.
        id: i64,
        /// When it was due.
        due_at: Timestamp,
        /// When it is due next; none: never again.
        next: Option<Timestamp>,
        /// What its owner needs to count on.
        memory: Json,
    },
    /// An instance was started for a correlation key; [`crate::Conflict::Reached`] while another one is.
    HoldKey {
        /// The process.
        process_id: String,
        /// The key.
        key: String,
        /// The instance.
        instance: InstanceId,
    },
    /// The instance ended: its keys are free; no matter whether it had any.
    FreeKeys {
        /// The instance.
        instance: InstanceId,
    },
    /// A run asks for a name.
    Queue(Box<MutexRow>),
    /// It gets it; [`crate::Conflict::Reached`] when somebody holds it, or nobody asks any more.
    Grant {
        /// Its place in the queue.
        id: i64,
    },
    /// It holds the name, or waits for it, no more; no matter whether it did.
    Release {
        /// The instance.
        instance: InstanceId,
        /// The run in it.
        key: u32,
    },
}

/// Which subscriptions to read, at most `limit`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubscriptionQuery {
    /// Those a message may fit, the oldest first: of its key, and those without one.
    Message {
        /// The message's name.
        name: String,
        /// Its key; none: whatever their key is.
        key: Option<String>,
        /// At most so many.
        limit: u32,
    },
    /// Those of a signal, by id.
    Signal {
        /// Its name.
        name: String,
        /// Only of this tree of calls.
        root: Option<InstanceId>,
        /// Opened before or at this moment.
        until: Timestamp,
        /// With a greater id.
        after: i64,
        /// At most so many.
        limit: u32,
    },
    /// All of one instance.
    Instance(InstanceId),
}

/// Which kept messages to read: the oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageQuery {
    /// Their name.
    pub name: String,
    /// Their key; none: any.
    pub key: Option<String>,
    /// Only those that this process did not take.
    pub unreached_by: Option<String>,
    /// Those that expired before are left out.
    pub now: Timestamp,
    /// At most so many.
    pub limit: u32,
}

/// Which start events to read, by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartQuery {
    /// Of a kind and name.
    Named(StartKind, String),
    /// Of a kind.
    Kind(StartKind),
    /// Of a process.
    Process(String),
    /// This one.
    One(i64),
}

/// What subscriptions can be filtered and ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubscriptionField {
    /// The id.
    Id,
    /// The kind's code.
    Kind,
    /// The name of the message or signal.
    Name,
    /// The correlation key.
    Key,
    /// Who waits.
    Instance,
    /// Its process.
    ProcessId,
}

/// What published messages can be filtered and ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageField {
    /// The id.
    Id,
    /// The name.
    Name,
    /// The correlation key.
    Key,
    /// The only process that takes it.
    ProcessId,
    /// The state's code.
    State,
    /// Until when it is kept.
    ExpiresAt,
}

/// What held names can be filtered and ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MutexField {
    /// The id: the order of the queue.
    Id,
    /// The name.
    Name,
    /// The instance.
    Instance,
    /// Its process.
    ProcessId,
}

/// A message's place in the order in which all are looked through: its partition, then its id.
pub type MessagePlace = (PartitionId, i64);

/// A page of kept messages that somebody may be waiting for.
#[derive(Debug, Clone, PartialEq)]
pub struct Unsettled {
    /// The messages, in their order.
    pub rows: Vec<MessageRow>,
    /// Where to go on; none: all were looked at.
    pub next: Option<MessagePlace>,
}

/// Reading what instances exchange.
#[async_trait]
pub trait Exchange {
    /// Subscriptions.
    async fn subscriptions(&self, wanted: SubscriptionQuery) -> Result<Vec<SubscriptionRow>>;
    /// Kept messages.
    async fn published(&self, wanted: MessageQuery) -> Result<Vec<MessageRow>>;
    /// One message, wherever it stands.
    async fn published_message(&self, partition: PartitionId, id: i64) -> Result<Option<MessageRow>>;
    /// Messages of these partitions (none: of all) that are to be delivered once, the oldest first.
    async fn undelivered(&self, partitions: &[PartitionId], now: Timestamp, limit: u32) -> Result<Vec<MessageRow>>;
    /// Of the next `limit` messages of these partitions (none: of all), those that are kept and that somebody may be
    /// waiting for. However many are kept, no more than `limit` are looked at.
    async fn unsettled(
        &self,
        partitions: &[PartitionId],
        now: Timestamp,
        after: Option<MessagePlace>,
        limit: u32,
    ) -> Result<Unsettled>;
    /// When the earliest message, or its id, is over its time.
    async fn earliest_expiry(&self) -> Result<Option<Timestamp>>;
    /// Start events of the latest versions.
    async fn starts(&self, wanted: StartQuery) -> Result<Vec<StartRow>>;
    /// The instance that was started for a key and has not ended.
    async fn key_holder(&self, process_id: &str, key: &str) -> Result<Option<InstanceId>>;
    /// The keys that an instance was started for.
    async fn keys_of(&self, instance: InstanceId) -> Result<Vec<String>>;
    /// The first in the queue of each name that nobody holds, of this name if one is given.
    async fn next_in_queue(&self, name: Option<&str>, limit: u32) -> Result<Vec<MutexRow>>;
    /// A list of subscriptions, newest first.
    async fn list_subscriptions(&self, query: Query<SubscriptionField>) -> Result<Paged<SubscriptionRow>>;
    /// A list of messages, wherever they stand, newest first.
    async fn list_messages(&self, query: Query<MessageField>) -> Result<Paged<MessageRow>>;
    /// A list of those who hold names or wait for them, in the order they asked.
    async fn list_mutexes(&self, query: Query<MutexField>) -> Result<Paged<MutexRow>>;
}
