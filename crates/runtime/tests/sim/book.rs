//! The clients: what they ask, and the book of what they were told.
//!
//! Invariant: only what was acknowledged is in the book; a request that failed or was never answered may have happened.

use super::world::Template;
use crate::support::object;
use model::{CatalogId, DefinitionId, DocumentRef, Fault, InstanceId, JobId, RecordId, TaskId};
use runtime::{
    ActivateJobs, ActivatedJob, AnswerOutcome, AppAnswer, CallRecord, Connector, Delivery, DeliveryReport,
    DeliveryResult, JobFailure, OutboundHttp, Page, Runtime, StartRequest, TaskAnswer,
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

/// One client at one server.
#[derive(Clone)]
pub struct Client {
    pub runtime: Runtime,
    pub book: Arc<Mutex<Book>>,
    pub admin: platform::Actor,
    pub anna: platform::Actor,
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
}

impl std::fmt::Display for Ask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl Client {
    pub fn new(runtime: Runtime, book: Arc<Mutex<Book>>, template: &Template) -> Self {
        Self { runtime, book, admin: template.admin.clone(), anna: template.anna.clone() }
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
        }
    }

    async fn start(&self, n: u32, definition: DefinitionId, document: DocumentRef) {
        let request = StartRequest {
            document: Some(document),
            business_key: Some(n.to_string()),
            variables: object(json!({"n": n.to_string()})),
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
        let jobs = self.runtime.activate_jobs(&self.admin, ask).await;
        self.book().outcome(&jobs);
        self.book().held.extend(jobs.unwrap_or_default());
    }

    fn take(&self, pick: usize) -> Option<ActivatedJob> {
        let mut book = self.book();
        let at = pick.checked_rem(book.held.len())?;
        // One in three stays in the worker's hands: he will report twice.
        Some(if pick.is_multiple_of(3) { book.held[at].clone() } else { book.held.swap_remove(at) })
    }

    async fn complete(&self, pick: usize) {
        let Some(job) = self.take(pick) else { return };
        let done = self.runtime.complete_job(&self.admin, job.id, object(json!({"paid": true}))).await;
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
