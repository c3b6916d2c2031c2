//! The clients: what they ask, and the book of what they were told.
//!
//! Invariant: only what was acknowledged is in the book; a request that failed or was never answered may have happened.

use super::world::Template;
use crate::support::object;
use model::error::codes;
use model::{CatalogId, DefinitionId, DocumentRef, Fault, InstanceId, JobId, RecordId, TaskId, Timestamp};
use runtime::{
    ActivateJobs, ActivatedJob, AnswerOutcome, AppAnswer, CallRecord, Connector, Delivery, DeliveryReport,
    DeliveryResult, JobFailure, Migrate, Operation, OutboundHttp, Page, PublishMessage, Runtime, StartRequest,
    TaskAnswer,
};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use crate::support::faulty::Ground;
use runtime::clock::Clock;

/// What clients know.
#[derive(Default)]
pub struct Book {
    /// Instances asked for, by number.
    pub asked: BTreeMap<u32, DefinitionId>,
    /// Instances promised.
    pub started: BTreeMap<u32, InstanceId>,
    /// Records made, each of which starts a process.
    pub arrived: BTreeSet<RecordId>,
    /// Tasks whose answer was taken.
    pub answered: BTreeSet<TaskId>,
    /// Jobs whose completion was taken.
    pub done: BTreeSet<JobId>,
    /// How often a failed try of a job was taken.
    pub failed: BTreeMap<JobId, usize>,
    /// Instances whose end was promised.
    pub canceled: BTreeSet<InstanceId>,
    /// Instances that somebody asked to suspend, whatever came of it.
    pub halted: BTreeSet<InstanceId>,
    /// How often a suspension was promised.
    pub suspended: BTreeMap<InstanceId, usize>,
    /// How often going on was promised.
    pub resumed: BTreeMap<InstanceId, usize>,
    /// Instances that nobody asked to go on since their suspension was promised: no job of theirs is handed out.
    pub still: BTreeSet<InstanceId>,
    /// Requests to go on: how often, and how many of them have no known outcome.
    resuming: BTreeMap<InstanceId, (u32, u32)>,
    /// Instances whose migration was promised.
    pub migrated: BTreeSet<InstanceId>,
    /// What was published, by number.
    pub posted: BTreeMap<u32, Posted>,
    /// Answers of the app that were accepted, by event.
    pub accepted: BTreeSet<String>,
    /// What the app's handler was told, at least once each.
    pub delivered: Vec<Delivery>,
    /// Jobs that workers hold, or think they hold.
    pub held: Vec<ActivatedJob>,
    /// Requests on their way.
    pub pending: usize,
    /// Requests that were acknowledged, and that were not.
    pub outcomes: (u32, u32),
    /// Why requests failed.
    pub refusals: BTreeMap<&'static str, u32>,
}

impl Book {
    fn outcome<T>(&mut self, result: &Result<T, Fault>) {
        match result {
            Ok(_) => self.outcomes.0 += 1,
            Err(fault) => {
                self.outcomes.1 += 1;
                *self.refusals.entry(fault.code.code).or_default() += 1;
            }
        }
    }
}

/// For how long a message is kept that nobody must miss.
pub const FOREVER_MS: i64 = 300 * 24 * 3_600_000;

/// A message that a client published.
pub struct Posted {
    /// Whether it starts a process; else it is a letter to a box.
    pub opens: bool,
    pub key: String,
    pub ttl_ms: i64,
    /// With an id of the publisher's, so that it may be repeated.
    pub named: bool,
    /// When it was published, by the server's clock.
    pub at: Timestamp,
    /// Whether the server said that it has it.
    pub acked: bool,
    /// Who took it at once, as the server said.
    pub reached: Option<Vec<InstanceId>>,
}

/// The box of the instance with this number.
pub fn box_of(n: u32) -> String {
    format!("b{}", n % 5)
}

/// One client at one server.
#[derive(Clone)]
pub struct Client {
    pub runtime: Runtime,
    pub book: Arc<Mutex<Book>>,
    pub admin: platform::Actor,
    pub anna: platform::Actor,
    fragile: DefinitionId,
    moved: DefinitionId,
    letters: DefinitionId,
}

/// What a client asks for. `pick` chooses among what there is.
#[derive(Debug, Clone, Copy)]
pub enum Ask {
    Start { n: u32, definition: DefinitionId, document: DocumentRef },
    Arrive { n: u32, catalog: CatalogId },
    Answer { pick: usize, twice: bool },
    AppAnswer { pick: usize, times: usize },
    Activate { parcel: bool },
    Complete { pick: usize },
    Fail { pick: usize, retries: u32 },
    Retry { pick: usize },
    Cancel { pick: usize },
    Suspend { pick: usize },
    Resume { pick: usize },
    Migrate { pick: usize },
    Publish { pick: usize, at: Timestamp },
    Supply { pick: usize, at: Timestamp },
}

impl std::fmt::Display for Ask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl Client {
    pub fn new(runtime: Runtime, book: Arc<Mutex<Book>>, template: &Template) -> Self {
        let (admin, anna) = (template.admin.clone(), template.anna.clone());
        let Template { fragile, moved, letters, .. } = *template;
        Self { runtime, book, admin, anna, fragile, moved, letters }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap()
    }

    pub async fn ask(self, ask: Ask) {
        match ask {
            Ask::Start { n, definition, document } => self.start(n, definition, document).await,
            Ask::Arrive { n, catalog } => self.arrive(n, catalog).await,
            Ask::Answer { pick, twice } => self.answer_task(pick, twice).await,
            Ask::AppAnswer { pick, times } => self.answer_app(pick, times).await,
            Ask::Activate { parcel } => self.activate(parcel).await,
            Ask::Complete { pick } => self.complete(pick).await,
            Ask::Fail { pick, retries } => self.fail(pick, retries).await,
            Ask::Retry { pick } => self.retry(pick).await,
            Ask::Cancel { pick } => self.cancel(pick).await,
            Ask::Suspend { pick } => self.suspend(pick).await,
            Ask::Resume { pick } => self.resume(pick).await,
            Ask::Migrate { pick } => self.migrate(pick).await,
            Ask::Publish { pick, at } => self.publish_some(pick, at).await,
            Ask::Supply { pick, at } => self.supply(pick, at).await,
        }
    }

    async fn start(&self, n: u32, definition: DefinitionId, document: DocumentRef) {
        let request = StartRequest {
            document: Some(document),
            business_key: Some(n.to_string()),
            variables: object(json!({"n": n.to_string(), "box": box_of(n)})),
            ..StartRequest::of(definition)
        };
        self.book().asked.insert(n, definition);
        let started = self.runtime.start(&self.admin, request).await;
        let mut book = self.book();
        book.outcome(&started);
        if let Ok(started) = started {
            let known = book.started.values().any(|id| *id == started.instance);
            assert!(!known, "{} was given twice", started.instance);
            book.started.insert(n, started.instance);
        }
    }

    async fn arrive(&self, n: u32, catalog: CatalogId) {
        let fields = object(json!({"TITLE": n.to_string()}));
        let made = self.runtime.create_record(&self.admin, catalog, fields).await;
        let mut book = self.book();
        book.outcome(&made);
        if let Ok(record) = made {
            assert!(book.arrived.insert(record.id), "{} was made twice", record.id);
        }
    }

    async fn answer_task(&self, pick: usize, twice: bool) {
        let Ok(tasks) = self.runtime.inbox(self.anna.user_id(), false, None, Page::default()).await else { return };
        if tasks.items.is_empty() {
            return;
        }
        let task = tasks.items[pick % tasks.items.len()].id;
        for _ in 0..=usize::from(twice) {
            let done = self.runtime.complete_task(&self.anna, task, TaskAnswer::default()).await;
            let mut book = self.book();
            book.outcome(&done);
            assert!(done.is_err() || book.answered.insert(task), "{task} was answered twice");
        }
    }

    async fn answer_app(&self, pick: usize, times: usize) {
        let order = {
            let book = self.book();
            let Some(at) = pick.checked_rem(book.delivered.len()) else { return };
            book.delivered[at].order.clone()
        };
        for _ in 0..times {
            let answer = AppAnswer {
                instance: order.instance,
                element_id: order.element_id.clone(),
                event_id: order.event_id.clone(),
                values: object(json!({"outputString": "9a"})),
                log: None,
            };
            let outcome = self.runtime.answer_app_job(answer).await;
            let mut book = self.book();
            book.outcome(&outcome);
            if matches!(outcome, Ok(AnswerOutcome::Accepted)) {
                assert!(book.accepted.insert(order.event_id.clone()), "an answer was accepted twice");
            }
        }
    }

    async fn activate(&self, parcel: bool) {
        let ask = ActivateJobs {
            job_type: if parcel { "parcel" } else { "payment" }.into(),
            max: 4,
            lease: Duration::from_secs(5),
            wait: Duration::ZERO,
            worker: "w".into(),
        };
        let halted = self.book().still.clone();
        let jobs = self.runtime.activate_jobs(&self.admin, ask).await;
        let mut book = self.book();
        book.outcome(&jobs);
        for job in jobs.unwrap_or_default() {
            let id = job.instance;
            assert!(!(halted.contains(&id) && book.still.contains(&id)), "{}: handed out while {id} rests", job.id);
            book.held.push(job);
        }
    }

    fn take(&self, pick: usize) -> Option<ActivatedJob> {
        let mut book = self.book();
        let at = pick.checked_rem(book.held.len())?;
        // One in three stays in the worker's hands: he will report twice.
        Some(if pick.is_multiple_of(3) { book.held[at].clone() } else { book.held.swap_remove(at) })
    }

    async fn complete(&self, pick: usize) {
        let Some(job) = self.take(pick) else { return };
        let done = self.runtime.complete_job(&self.admin, job.id, object(json!({"receipt": job.id.to_string()}))).await;
        let mut book = self.book();
        book.outcome(&done);
        assert!(done.is_err() || book.done.insert(job.id), "{} was completed twice", job.id);
    }

    async fn fail(&self, pick: usize, retries: u32) {
        let Some(job) = self.take(pick) else { return };
        let retry_in = Some(Duration::from_secs(3));
        let failure = JobFailure { message: "broken".into(), retries: Some(retries), retry_in };
        let done = self.runtime.fail_job(&self.admin, job.id, failure).await;
        let mut book = self.book();
        book.outcome(&done);
        if done.is_ok() {
            *book.failed.entry(job.id).or_default() += 1;
        }
    }

    async fn retry(&self, pick: usize) {
        let Ok(open) = self.runtime.incidents(Some(true), None, Page::default()).await else { return };
        let Some(at) = pick.checked_rem(open.items.len()) else { return };
        let done = self.runtime.retry_incident(&self.admin, open.items[at].id).await;
        self.book().outcome(&done);
    }

    async fn cancel(&self, pick: usize) {
        let id = {
            let book = self.book();
            let Some(at) = pick.checked_rem(book.started.len()) else { return };
            *book.started.values().nth(at).unwrap()
        };
        let done = self.runtime.cancel(&self.admin, id, "enough").await;
        let mut book = self.book();
        book.outcome(&done);
        if done.is_ok() {
            book.canceled.insert(id);
        }
    }
}

/// Suspending, going on, migrating.
impl Client {
    async fn suspend(&self, pick: usize) {
        let (id, before) = {
            let mut book = self.book();
            let Some(at) = pick.checked_rem(book.started.len()) else { return };
            let id = *book.started.values().nth(at).unwrap();
            book.halted.insert(id);
            (id, book.resuming.get(&id).copied().unwrap_or_default())
        };
        let operation = Operation::Suspend { reason: "a look".into() };
        let done = self.runtime.operate(&self.admin, id, operation).await;
        let mut book = self.book();
        book.outcome(&done);
        if done.is_ok() {
            *book.suspended.entry(id).or_default() += 1;
            // Nobody asked for the contrary meanwhile.
            if before.1 == 0 && book.resuming.get(&id).copied().unwrap_or_default() == before {
                book.still.insert(id);
            }
        }
    }

    async fn resume(&self, pick: usize) {
        let id = {
            let mut book = self.book();
            let Some(at) = pick.checked_rem(book.halted.len()) else { return };
            let id = *book.halted.iter().nth(at).unwrap();
            let asked = book.resuming.entry(id).or_default();
            *asked = (asked.0 + 1, asked.1 + 1);
            book.still.remove(&id);
            id
        };
        let done = self.runtime.operate(&self.admin, id, Operation::Resume).await;
        let mut book = self.book();
        book.outcome(&done);
        let known = done.as_ref().err().is_none_or(|fault| fault.is(&codes::NOT_ACTIVE));
        if known {
            book.resuming.entry(id).and_modify(|asked| asked.1 -= 1);
        }
        if done.is_ok() {
            *book.resumed.entry(id).or_default() += 1;
        }
    }

    async fn migrate(&self, pick: usize) {
        let id = {
            let book = self.book();
            let fragile = |(n, _): &(&u32, &InstanceId)| book.asked[*n] == self.fragile;
            let all: Vec<InstanceId> = book.started.iter().filter(fragile).map(|(_, id)| *id).collect();
            let Some(at) = pick.checked_rem(all.len()) else { return };
            all[at]
        };
        let wanted = Migrate {
            from: None,
            instances: vec![id],
            to: self.moved,
            elements: Vec::new(),
            reason: "better".into(),
            dry_run: false,
        };
        let done = self.runtime.migrate(&self.admin, wanted).await;
        let done = done.and_then(|mut report| report.pop().unwrap().fault.map_or(Ok(()), Err));
        let mut book = self.book();
        book.outcome(&done);
        if done.is_ok() {
            book.migrated.insert(id);
        }
    }
}

/// Messages.
impl Client {
    /// Something for a box, or something that starts a process.
    async fn publish_some(&self, pick: usize, at: Timestamp) {
        let (opens, pick) = (pick.is_multiple_of(3), pick / 3);
        let (named, pick) = (pick.is_multiple_of(2), pick / 2);
        let (ttl_ms, pick) = ([FOREVER_MS, FOREVER_MS, 5_000, 0][pick % 4], pick / 4);
        let key = if opens { format!("k{}", pick % 2) } else { box_of(u32::try_from(pick % 5).unwrap()) };
        self.publish(Posted { opens, key, ttl_ms, named, at, acked: false, reached: None }).await;
    }

    /// A letter to a box that has not got all that those who were asked for will take.
    async fn supply(&self, pick: usize, at: Timestamp) {
        let lacking: Vec<String> = {
            let book = self.book();
            let lacks = |key: &String| {
                let letters = book.asked.iter().filter(|(n, what)| **what == self.letters && box_of(**n) == *key);
                let has = |p: &&Posted| !p.opens && p.acked && p.ttl_ms == FOREVER_MS && p.key == *key;
                book.posted.values().filter(has).count() < 2 * letters.count()
            };
            (0..5).map(box_of).filter(lacks).collect()
        };
        let Some(which) = pick.checked_rem(lacking.len()) else { return };
        let (key, named) = (lacking[which].clone(), pick.is_multiple_of(2));
        let ttl_ms = FOREVER_MS;
        self.publish(Posted { opens: false, key, ttl_ms, named, at, acked: false, reached: None }).await;
    }

    async fn publish(&self, posted: Posted) {
        let (named, opens) = (posted.named, posted.opens);
        let (number, message) = {
            let mut book = self.book();
            let number = u32::try_from(book.posted.len()).unwrap();
            let message = PublishMessage {
                name: if opens { "open" } else { "letter" }.into(),
                correlation_key: posted.key.clone(),
                id: named.then(|| number.to_string()),
                ttl_ms: posted.ttl_ms,
                variables: object(json!({"letter": number})),
                ..PublishMessage::default()
            };
            book.posted.insert(number, posted);
            (number, message)
        };
        // One with an id is repeated until the server says that it has it.
        for _ in 0..if named { 3 } else { 1 } {
            let done = self.runtime.publish(&self.admin, message.clone()).await;
            let mut book = self.book();
            book.outcome(&done);
            let had = done.as_ref().err().is_some_and(|fault| fault.is(&codes::MESSAGE_DOUBLE));
            let posted = book.posted.get_mut(&number).unwrap();
            posted.acked |= had || done.is_ok();
            if let Ok(published) = done {
                assert_eq!(published.kept, posted.ttl_ms > 0);
                posted.reached = Some(published.reached.iter().map(|one| one.instance).collect());
            }
            if posted.acked {
                return;
            }
        }
    }
}

/// The app's handler: sometimes slow, sometimes broken, and it writes down what it was told.
pub struct Handler {
    pub book: Arc<Mutex<Book>>,
    pub ground: Arc<Ground>,
    pub clock: Arc<dyn Clock>,
}

#[async_trait::async_trait]
impl Connector for Handler {
    fn kind(&self) -> &'static str {
        "app_activity"
    }

    async fn deliver(&self, delivery: &Delivery, _http: &OutboundHttp) -> DeliveryReport {
        let quiet = self.ground.faults.lock().unwrap().read == 0;
        let dice = if quiet { 9 } else { self.ground.entropy.next_u64() % 10 };
        if dice < 2 {
            self.clock.sleep_until(self.clock.now().plus_ms(3_000)).await;
        }
        let result = if dice == 2 {
            DeliveryResult::Retry(Fault::new(&model::error::codes::CALL_FAILED, "no connection"))
        } else {
            self.book.lock().unwrap().delivered.push(delivery.clone());
            // Told, but the answer was lost on the way: it will be told again.
            let fault = || Fault::new(&model::error::codes::CALL_FAILED, "cut off");
            if dice == 3 { DeliveryResult::Retry(fault()) } else { DeliveryResult::Done }
        };
        DeliveryReport {
            result,
            call: Some(CallRecord { url: "http://handler.example/".into(), ..CallRecord::default() }),
        }
    }
}
