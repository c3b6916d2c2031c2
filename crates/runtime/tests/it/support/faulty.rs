//! A store that fails on purpose: as a process that dies, a slow disk, a link that is cut; and a record of what passed.

use super::trace::Trace;
use async_trait::async_trait;
use model::*;
use runtime::clock::{Clock, Entropy};
use serde_json::Value as Json;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use store::*;
use tokio::sync::Notify;

/// After so long without its database a caller gets an error.
const PATIENCE_MS: i64 = 10_000;

/// What may go wrong, per thousand calls.
#[derive(Clone, Copy, Default, Debug)]
pub struct Faults {
    /// The commit fails; nothing was written.
    pub refused: u32,
    /// The commit fails, yet was written: its answer was lost.
    pub unheard: u32,
    /// The process dies before the commit.
    pub crash_before: u32,
    /// The process dies after the commit, before anybody is told.
    pub crash_after: u32,
    /// A commit takes its time.
    pub slow: u32,
    /// The longest time a slow commit takes.
    pub slow_ms: u32,
    /// A read fails.
    pub read: u32,
    /// A node's answer to another is lost.
    pub lost_answer: u32,
}

/// What the processes of one simulation share with their stores.
pub struct Ground {
    pub entropy: Entropy,
    pub trace: Trace,
    pub faults: Mutex<Faults>,
}

impl Ground {
    /// Whether a fault of this frequency strikes now.
    pub fn hit(&self, per_mille: u32) -> bool {
        let hit = per_mille > 0 && self.entropy.next_u64() % 1_000 < u64::from(per_mille);
        if hit {
            self.trace.fault();
        }
        hit
    }
}

/// The store as one process sees it.
pub struct FaultyStore {
    inner: SharedStore,
    node: usize,
    ground: Arc<Ground>,
    clock: Arc<dyn Clock>,
    crashed: AtomicBool,
    cut: AtomicBool,
    frozen: AtomicBool,
    /// Tells those who wait in the order in which they came: a `watch` would draw lots.
    mended: Notify,
    /// The read that fails every time.
    broken: Mutex<Option<&'static str>>,
    /// The instance whose steps the database refuses.
    refused: Mutex<Option<InstanceId>>,
    /// The instance whose steps are on their way for as long as this stands, and how many there are.
    held: Mutex<Option<(InstanceId, usize)>>,
    /// Messages that the next look still shows, though they were taken.
    stale: Mutex<Vec<InboxRow>>,
    /// What happens at every read of a name.
    beside: Mutex<Option<(&'static str, Beside)>>,
}

type Beside = Arc<dyn Fn() + Send + Sync>;

impl FaultyStore {
    pub fn new(inner: SharedStore, node: usize, ground: Arc<Ground>, clock: Arc<dyn Clock>) -> Arc<Self> {
        let (crashed, cut, mended) = (AtomicBool::default(), AtomicBool::default(), Notify::new());
        let (frozen, broken, refused) = (AtomicBool::default(), Mutex::default(), Mutex::default());
        let (held, stale, beside) = (Mutex::default(), Mutex::default(), Mutex::default());
        Arc::new(Self {
            inner,
            node,
            ground,
            clock,
            crashed,
            cut,
            frozen,
            mended,
            broken,
            refused,
            held,
            stale,
            beside,
        })
    }

    /// What it shares with others.
    pub fn ground(&self) -> &Ground {
        &self.ground
    }

    /// Whether this process died.
    pub fn crashed(&self) -> bool {
        self.crashed.load(Ordering::SeqCst)
    }

    /// Cuts the link to the database, or mends it.
    pub fn cut(&self, cut: bool) {
        self.cut.store(cut, Ordering::SeqCst);
        if !cut {
            self.mended.notify_waiters();
        }
    }

    /// Stops the process at its next word to the database, or lets it go on as if nothing had been.
    pub fn freeze(&self, frozen: bool) {
        self.frozen.store(frozen, Ordering::SeqCst);
        if !frozen {
            self.mended.notify_waiters();
        }
    }

    async fn thawed(&self) {
        loop {
            let mended = self.mended.notified();
            if !self.frozen.load(Ordering::SeqCst) {
                return;
            }
            mended.await;
        }
    }

    /// From now on this read fails, and no other.
    pub fn break_read(&self, name: Option<&'static str>) {
        *self.broken.lock().unwrap() = name;
    }

    /// From now on this happens beside every read of that name.
    pub fn beside_read(&self, name: &'static str, what: impl Fn() + Send + Sync + 'static) {
        *self.beside.lock().unwrap() = Some((name, Arc::new(what)));
    }

    /// The next look for messages shows this one too, as if it had begun before the message was taken.
    pub fn show_once_more(&self, row: InboxRow) {
        self.stale.lock().unwrap().push(row);
    }

    /// From now on this instance's steps are refused, and nothing else.
    pub fn refuse(&self, instance: Option<InstanceId>) {
        *self.refused.lock().unwrap() = instance;
    }

    /// From now on this instance's steps do not get through to the database, but do not fail either; then they do.
    pub fn hold(&self, instance: Option<InstanceId>) {
        *self.held.lock().unwrap() = instance.map(|id| (id, 0));
        self.mended.notify_waiters();
    }

    /// How many commits with steps of that instance are on their way.
    pub fn on_their_way(&self) -> usize {
        self.held.lock().unwrap().map_or(0, |(_, steps)| steps)
    }

    /// Waits while these units hold a step of the instance that is held.
    async fn get_through(&self, units: &[Unit]) {
        let mut told = false;
        loop {
            let mended = self.mended.notified();
            match self.held.lock().unwrap().as_mut() {
                Some((id, steps)) if units.iter().any(|unit| steps_of(unit, *id)) => {
                    *steps += usize::from(!std::mem::replace(&mut told, true));
                }
                _ => return,
            }
            mended.await;
        }
    }

    fn faults(&self) -> Faults {
        *self.ground.faults.lock().unwrap()
    }

    fn hit(&self, per_mille: u32) -> bool {
        self.ground.hit(per_mille)
    }

    /// Dies: whatever it waits for never comes.
    async fn die<T>(&self) -> T {
        self.crashed.store(true, Ordering::SeqCst);
        std::future::pending().await
    }

    /// Gets through to the database, or gives up.
    async fn reach(&self) -> Result<()> {
        self.thawed().await;
        if self.crashed() {
            return std::future::pending().await;
        }
        if !self.cut.load(Ordering::SeqCst) {
            return Ok(());
        }
        if self.ground.entropy.next_u64().is_multiple_of(2) {
            let patience = self.clock.sleep_until(self.clock.now().plus_ms(PATIENCE_MS));
            tokio::select! {
                biased;
                () = self.mended.notified() => {}
                () = patience => {}
            }
        }
        Err(failed("reach the database"))
    }

    async fn readable(&self, what: &'static str) -> Result<()> {
        self.ground.trace.note(self.node, what);
        self.reach().await?;
        let beside = self.beside.lock().unwrap().clone().filter(|(name, _)| *name == what);
        if let Some((_, happens)) = beside {
            happens();
            tokio::task::yield_now().await;
        }
        let broken = *self.broken.lock().unwrap() == Some(what);
        if broken || self.hit(self.faults().read) { Err(failed("read on purpose")) } else { Ok(()) }
    }

    async fn pause(&self) {
        let longest = self.faults().slow_ms.max(1);
        let ms = i64::from(u32::try_from(self.ground.entropy.next_u64() % u64::from(longest)).unwrap_or(0));
        self.clock.sleep_until(self.clock.now().plus_ms(ms)).await;
    }

    async fn write(&self, units: Vec<Unit>) -> Result<Vec<Result<UnitReceipt>>> {
        let marks = self.ground.trace.asked(self.node, &units);
        let refused = *self.refused.lock().unwrap();
        if let Some(refused) = refused {
            let mut results = Vec::with_capacity(units.len());
            for unit in units {
                results.push(match steps_of(&unit, refused) {
                    true => Err(failed("write")),
                    false => self.inner.commit(vec![unit]).await?.remove(0),
                });
            }
            return Ok(results);
        }
        let done = self.inner.commit(units).await;
        if let Ok(results) = &done {
            self.ground.trace.committed(self.node, &marks, results);
        }
        done
    }
}

/// Whether the unit holds a step of this instance.
fn steps_of(unit: &Unit, instance: InstanceId) -> bool {
    let is_step = |write: &Write| {
        let Write::Instance(InstanceWrite::Journal(row)) = write else { return false };
        row.instance == instance
    };
    unit.writes.iter().any(is_step)
}

fn failed(context: &'static str) -> StoreError {
    StoreError::Failed { context, source: Arc::new(std::io::Error::other("injected")) }
}

macro_rules! forward {
    ($($trait:ident { $(fn $name:ident($($arg:ident: $ty:ty),*) -> $ret:ty;)* })*) => {$(
        #[async_trait]
        impl $trait for FaultyStore {$(
            async fn $name(&self, $($arg: $ty),*) -> Result<$ret> {
                self.readable(stringify!($name)).await?;
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
        fn greatest_ids(partitions: &[PartitionId]) -> Vec<i64>;
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
        fn open_jobs(partitions: &[PartitionId], job_type: &str, now: Timestamp, limit: u32) -> Vec<JobRow>;
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
    Retention {
        fn ended_instances(partitions: &[PartitionId], definition: DefinitionId, before: Timestamp, limit: u32)
            -> Vec<InstanceId>;
        fn count_ended(definition: DefinitionId, before: Timestamp, cap: u32) -> u64;
        fn long_journals(partitions: &[PartitionId], before: Timestamp, limit: u32) -> Vec<LongJournal>;
        fn purged_counts(definitions: &[DefinitionId]) -> Vec<PurgedCount>;
    }
    Cluster {
        fn nodes() -> Vec<NodeRow>;
        fn leases() -> Vec<LeaseRow>;
    }
    Exchange {
        fn subscriptions(wanted: SubscriptionQuery) -> Vec<SubscriptionRow>;
        fn published(wanted: MessageQuery) -> Vec<MessageRow>;
        fn published_message(partition: PartitionId, id: i64) -> Option<MessageRow>;
        fn keys_of(instance: InstanceId) -> Vec<String>;
        fn earliest_expiry() -> Option<Timestamp>;
        fn undelivered(partitions: &[PartitionId], now: Timestamp, limit: u32) -> Vec<MessageRow>;
        fn unsettled(partitions: &[PartitionId], now: Timestamp, after: Option<MessagePlace>, limit: u32) -> Unsettled;
        fn starts(wanted: StartQuery) -> Vec<StartRow>;
        fn key_holder(process_id: &str, key: &str) -> Option<InstanceId>;
        fn next_in_queue(name: Option<&str>, limit: u32) -> Vec<MutexRow>;
        fn list_subscriptions(query: Query<SubscriptionField>) -> Paged<SubscriptionRow>;
        fn list_messages(query: Query<MessageField>) -> Paged<MessageRow>;
        fn list_mutexes(query: Query<MutexField>) -> Paged<MutexRow>;
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
        fn named_definition(process_id: &str, name: VersionName) -> Option<DefinitionRow>;
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
impl Inbox for FaultyStore {
    async fn messages(&self, partitions: &[PartitionId], after: i64, limit: u32) -> Result<Vec<InboxRow>> {
        self.readable("messages").await?;
        let mut rows = std::mem::take(&mut *self.stale.lock().unwrap());
        rows.extend(self.inner.messages(partitions, after, limit).await?);
        Ok(rows)
    }

    async fn messages_waiting(&self) -> Result<(u64, Option<Timestamp>)> {
        self.readable("messages_waiting").await?;
        self.inner.messages_waiting().await
    }
}

#[async_trait]
impl Store for FaultyStore {
    async fn commit(&self, units: Vec<Unit>) -> Result<Vec<Result<UnitReceipt>>> {
        self.reach().await?;
        self.get_through(&units).await;
        let faults = self.faults();
        if self.hit(faults.refused) {
            return Err(failed("commit on purpose"));
        }
        if self.hit(faults.crash_before) {
            return self.die().await;
        }
        let slow = self.hit(faults.slow);
        if slow {
            self.pause().await;
            self.reach().await?;
        }
        let (after, unheard) = (self.hit(faults.crash_after), self.hit(faults.unheard));
        let alone = units.len() == 1;
        let done = self.write(units).await;
        if after {
            return self.die().await;
        }
        if slow {
            self.pause().await;
        }
        // A link that was cut meanwhile keeps the answer back.
        self.reach().await?;
        match unheard {
            false => done,
            // A writer that can not say what became of the whole of a call says so of the call, else of each unit.
            true if alone => Ok(vec![Err(failed("hear of a commit"))]),
            true => Err(failed("hear of a commit")),
        }
    }

    async fn next_id(&self, kind: IdKind) -> Result<i64> {
        self.reach().await?;
        self.inner.next_id(kind).await
    }

    fn exclusive(&self) -> bool {
        self.ground.trace.alone()
    }

    fn stats(&self) -> StoreStats {
        self.inner.stats()
    }

    async fn close(&self) {}
}
