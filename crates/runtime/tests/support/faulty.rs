//! A store that fails on purpose: before a commit, after a commit whose answer is lost, or for good, as in a crash.

use async_trait::async_trait;
use model::*;
use runtime::clock::Entropy;
use serde_json::Value as Json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use store::*;

/// What may go wrong, per thousand commits.
#[derive(Clone, Copy, Default)]
pub struct Faults {
    /// The commit fails; nothing was written.
    pub refused: u32,
    /// The process dies before the commit.
    pub crash_before: u32,
    /// The process dies after the commit, before anybody is told.
    pub crash_after: u32,
    /// A read fails.
    pub read: u32,
}

pub struct FaultyStore {
    inner: SharedStore,
    entropy: Arc<Entropy>,
    faults: Faults,
    crashed: AtomicBool,
    injected: Arc<AtomicU32>,
}

impl FaultyStore {
    pub fn new(inner: SharedStore, entropy: Arc<Entropy>, faults: Faults, injected: Arc<AtomicU32>) -> Arc<Self> {
        Arc::new(Self { inner, entropy, faults, crashed: AtomicBool::new(false), injected })
    }

    pub fn crashed(&self) -> bool {
        self.crashed.load(Ordering::SeqCst)
    }

    fn hit(&self, per_mille: u32) -> bool {
        let hit = per_mille > 0 && self.entropy.next_u64() % 1_000 < u64::from(per_mille);
        if hit {
            self.injected.fetch_add(1, Ordering::SeqCst);
        }
        hit
    }

    fn alive(&self) -> Result<()> {
        if self.crashed() { Err(StoreError::Closed) } else { Ok(()) }
    }

    fn readable(&self) -> Result<()> {
        self.alive()?;
        if self.hit(self.faults.read) { Err(failed("read on purpose")) } else { Ok(()) }
    }
}

fn failed(context: &'static str) -> StoreError {
    StoreError::Failed { context, source: Arc::new(std::io::Error::other("injected")) }
}

macro_rules! forward {
    ($($trait:ident { $(fn $name:ident($($arg:ident: $ty:ty),*) -> $ret:ty;)* })*) => {$(
        #[async_trait]
        impl $trait for FaultyStore {$(
            async fn $name(&self, $($arg: $ty),*) -> Result<$ret> {
                self.readable()?;
                self.inner.$name($($arg),*).await
            }
        )*}
    )*};
}

forward! {
    Instances {
        fn instance(id: InstanceId) -> Option<InstanceRow>;
        fn load_instances(ids: &[InstanceId]) -> Vec<StoredInstance>;
        fn instances(query: Query<InstanceField>) -> Paged<InstanceRow>;
        fn count_instances(filter: Filter<InstanceField>) -> u64;
        fn instance_counts(definitions: &[DefinitionId]) -> Vec<InstanceCount>;
        fn journal(id: InstanceId, after_seq: u64, limit: u32) -> Vec<JournalRow>;
        fn greatest_id(partition: PartitionId) -> i64;
    }
    Tasks {
        fn task(id: TaskId) -> Option<TaskDetails>;
        fn inbox(query: InboxQuery) -> Vec<TaskDetails>;
        fn inbox_count(user: UserId, groups: &[String], cap: u32) -> u32;
        fn tasks(query: Query<TaskField>) -> Paged<TaskDetails>;
        fn task_pairs(query: Query<TaskField>) -> Paged<TaskPair>;
    }
    Timers {
        fn due_timers(partitions: &[PartitionId], until: Timestamp, limit: u32) -> Vec<TimerRow>;
        fn earliest_timer() -> Option<Timestamp>;
    }
    Jobs {
        fn job(id: JobId) -> Option<JobRow>;
        fn job_by_event(event_id: &str) -> Option<JobRow>;
        fn open_jobs(job_type: &str, now: Timestamp, limit: u32) -> Vec<JobRow>;
    }
    Outbox {
        fn due_effects(partitions: &[PartitionId], now: Timestamp, limit: u32) -> Vec<OutboxRow>;
        fn earliest_effect() -> Option<Timestamp>;
        fn effect(id: OutboxId) -> Option<OutboxRow>;
    }
    Incidents {
        fn incident(id: IncidentId) -> Option<IncidentRow>;
        fn incidents(query: Query<IncidentField>) -> Paged<IncidentRow>;
        fn calls(instance: InstanceId, limit: u32) -> Vec<CallRow>;
        fn latest_calls(limit: u32) -> Vec<CallRow>;
    }
    Values {
        fn values(instance: InstanceId, hashes: &[ValueHash]) -> Vec<(ValueHash, Vec<u8>)>;
    }
    Cluster {
        fn nodes() -> Vec<NodeRow>;
        fn leases() -> Vec<LeaseRow>;
    }
    Inbox {
        fn messages(partitions: &[PartitionId], limit: u32) -> Vec<InboxRow>;
        fn messages_waiting() -> (u64, Option<Timestamp>);
    }
    People {
        fn user(id: UserId) -> Option<UserRow>;
        fn users_by_id(ids: &[UserId]) -> Vec<UserRow>;
        fn user_by_login(login: &str) -> Option<UserRow>;
        fn users(query: Query<UserField>) -> Paged<UserRow>;
        fn groups() -> Vec<GroupRow>;
        fn groups_of(user: UserId) -> Vec<String>;
        fn notifications(user: UserId, before: Option<NotificationId>, limit: u32) -> Vec<NotificationRow>;
        fn unread_notifications(user: UserId) -> u64;
    }
    Credentials {
        fn session(token_hash: &Hash) -> Option<SessionRow>;
        fn sessions_of(user: UserId) -> Vec<SessionRow>;
        fn api_token(hash: &Hash) -> Option<ApiTokenRow>;
        fn api_tokens(user: Option<UserId>) -> Vec<ApiTokenRow>;
        fn webhook(id: WebhookId) -> Option<WebhookRow>;
        fn webhooks(user: Option<UserId>) -> Vec<WebhookRow>;
    }
    Apps {
        fn app(id: AppId) -> Option<AppRow>;
        fn app_by_client_id(client_id: &str) -> Option<AppRow>;
        fn apps() -> Vec<AppRow>;
        fn oauth_code(hash: &Hash) -> Option<OauthCodeRow>;
        fn oauth_by_access(hash: &Hash) -> Option<OauthTokenRow>;
        fn oauth_by_refresh(hash: &Hash) -> Option<OauthTokenRow>;
        fn app_activities(app: Option<AppId>) -> Vec<AppActivityRow>;
        fn app_activity(internal_code: &str) -> Option<AppActivityRow>;
    }
    Definitions {
        fn model(id: ModelId) -> Option<(ModelRow, String)>;
        fn models() -> Vec<ModelRow>;
        fn definition(id: DefinitionId) -> Option<DefinitionRow>;
        fn definition_source(id: DefinitionId) -> Option<DefinitionSource>;
        fn latest_definition(process_id: &str) -> Option<DefinitionRow>;
        fn greatest_version(process_id: &str) -> u32;
        fn definitions(query: Query<DefinitionField>) -> Paged<DefinitionRow>;
    }
    Records {
        fn catalog(id: CatalogId) -> Option<CatalogRow>;
        fn catalog_by_key(key: &str) -> Option<CatalogRow>;
        fn catalogs() -> Vec<CatalogRow>;
        fn record(id: RecordId) -> Option<RecordRow>;
        fn records_by_id(ids: &[RecordId]) -> Vec<RecordRow>;
        fn records(query: Query<RecordField>) -> Paged<RecordRow>;
    }
    Settings {
        fn setting(key: &str) -> Option<Json>;
        fn settings(prefix: &str) -> Vec<(String, Json)>;
        fn secret(key: &str) -> Option<Vec<u8>>;
        fn file(id: FileId) -> Option<FileRow>;
        fn file_bytes(id: FileId) -> Option<Vec<u8>>;
    }
}

#[async_trait]
impl Store for FaultyStore {
    async fn commit(&self, units: Vec<Unit>) -> Result<Vec<Result<UnitReceipt>>> {
        self.alive()?;
        if self.hit(self.faults.refused) {
            return Err(failed("commit on purpose"));
        }
        if self.hit(self.faults.crash_before) {
            self.crashed.store(true, Ordering::SeqCst);
            return Err(StoreError::Closed);
        }
        let after = self.hit(self.faults.crash_after);
        let done = self.inner.commit(units).await;
        if after {
            self.crashed.store(true, Ordering::SeqCst);
            return Err(StoreError::Closed);
        }
        self.alive()?;
        done
    }

    async fn next_id(&self, kind: IdKind) -> Result<i64> {
        self.alive()?;
        self.inner.next_id(kind).await
    }

    fn exclusive(&self) -> bool {
        self.inner.exclusive()
    }

    fn stats(&self) -> StoreStats {
        self.inner.stats()
    }

    async fn close(&self) {}
}
