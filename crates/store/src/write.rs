//! Writes as data: what changes together, and what came of it.
//!
//! Owns: [`Unit`], the atom of change. A backend commits the units of all callers in as few transactions as it can; a
//! unit that meets a conflict changes nothing and harms no other.

use crate::{
    apps::AppWrite,
    cluster::{ClusterWrite, Fence},
    codes::coded,
    credentials::CredentialWrite,
    definitions::DefinitionWrite,
    exchange::ExchangeWrite,
    inbox::InboxWrite,
    incidents::{CallWrite, IncidentWrite},
    instances::InstanceWrite,
    jobs::{JobRow, JobWrite, LeasedFor},
    outbox::OutboxWrite,
    people::PeopleWrite,
    records::RecordWrite,
    retention::RetentionWrite,
    settings::SettingWrite,
    tasks::TaskWrite,
    timers::TimerWrite,
    values::ValueWrite,
};

coded! {
    /// The kinds of plain ids; partitioned ids are made by their partitions.
    IdKind {
        /// [`model::UserId`]
        User = 1 "user",
        /// [`model::CatalogId`]
        Catalog = 2 "catalog",
        /// [`model::RecordId`]
        Record = 3 "record",
        /// [`model::ModelId`]
        Model = 4 "model",
        /// [`model::DefinitionId`]
        Definition = 5 "definition",
        /// [`model::AppId`]
        App = 6 "app",
        /// [`model::WebhookId`]
        Webhook = 7 "webhook",
        /// [`model::TokenId`]
        ApiToken = 8 "api_token",
        /// [`model::AppActivityId`]
        AppActivity = 9 "app_activity",
        /// [`model::NotificationId`]
        Notification = 10 "notification",
        /// [`model::FileId`]
        File = 11 "file",
        /// A pair of OAuth tokens.
        OauthToken = 12 "oauth_token",
        /// A message in the inbox, a published message, a start by an event, a place in a queue.
        Message = 13 "message",
    }
}

macro_rules! writes {
    ($($(#[$doc:meta])* $variant:ident($inner:ident),)*) => {
        /// One change.
        #[derive(Debug, Clone, PartialEq)]
        #[allow(clippy::large_enum_variant, reason = "the large variants are the frequent ones")]
        pub enum Write { $($(#[$doc])* $variant($inner),)* }
        $(impl From<$inner> for Write {
            fn from(write: $inner) -> Self { Self::$variant(write) }
        })*
    };
}

writes! {
    /// Instances and journals.
    Instance(InstanceWrite),
    /// User tasks.
    Task(TaskWrite),
    /// Timers.
    Timer(TimerWrite),
    /// Jobs.
    Job(JobWrite),
    /// The outbox.
    Outbox(OutboxWrite),
    /// Incidents.
    Incident(IncidentWrite),
    /// The log of calls.
    Call(CallWrite),
    /// Large values.
    Value(ValueWrite),
    /// Nodes and leases.
    Cluster(ClusterWrite),
    /// Messages between partitions.
    Inbox(InboxWrite),
    /// Subscriptions, published messages, starts by events.
    Exchange(ExchangeWrite),
    /// People, groups, notifications.
    People(PeopleWrite),
    /// Sessions, API tokens, webhooks.
    Credential(CredentialWrite),
    /// Apps.
    App(AppWrite),
    /// Models and definitions.
    Definition(DefinitionWrite),
    /// Catalogs and records.
    Record(RecordWrite),
    /// Settings, secrets, files.
    Setting(SettingWrite),
    /// What is kept no longer.
    Retention(RetentionWrite),
}

/// Changes that happen together or not at all, in this order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Unit {
    /// The changes.
    pub writes: Vec<Write>,
    /// The lease under which they were decided; [`crate::Conflict::Fenced`] when it is over. None: anybody may write.
    pub fence: Option<Fence>,
}

impl Unit {
    /// An empty unit.
    pub fn new() -> Self {
        Self::default()
    }

    /// A unit of one change.
    pub fn of(write: impl Into<Write>) -> Self {
        Self { writes: vec![write.into()], fence: None }
    }

    /// The same with one more change.
    #[must_use]
    pub fn with(mut self, write: impl Into<Write>) -> Self {
        self.push(write);
        self
    }

    /// The same, only while the lease lasts.
    #[must_use]
    pub fn fenced(mut self, fence: Fence) -> Self {
        self.fence = Some(fence);
        self
    }

    /// Adds a change.
    pub fn push(&mut self, write: impl Into<Write>) {
        self.writes.push(write.into());
    }
}

/// What came of a committed unit.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UnitReceipt {
    /// Jobs leased by [`JobWrite::Activate`].
    pub activated: Vec<JobRow>,
    /// What the instances of these jobs run, in the same order; none for an instance that is gone. A store may leave
    /// the list empty: then the caller reads the instances.
    pub leased_for: Vec<Option<LeasedFor>>,
    /// Rows (instances, calls, ...) removed by [`RetentionWrite`]s.
    pub removed: u64,
}

/// How large the database is, and what waits in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StoreExtent {
    /// Bytes of its tables and indexes, without logs.
    pub bytes: Option<u64>,
    /// Jobs that are not done, with a worker or waiting for one; counted up to [`StoreExtent::JOBS_MAX`].
    pub open_jobs: Option<u64>,
}

impl StoreExtent {
    /// Open jobs are counted up to here.
    pub const JOBS_MAX: u32 = 100_000;
}

/// What the store has done since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StoreStats {
    /// Transactions committed; with `synchronous=FULL` each is one sync of the log.
    pub commits: u64,
    /// Units committed.
    pub units: u64,
    /// Units refused by a conflict.
    pub conflicts: u64,
    /// Writing statements run.
    pub statements: u64,
    /// Reads run.
    pub reads: u64,
    /// The largest number of units in one transaction.
    pub largest_batch: u64,
    /// Checkpoints run.
    pub checkpoints: u64,
    /// Pages in the log after the last commit.
    pub log_pages: u64,
}
