//! The handle everybody holds: opening, closing, and the use-cases.

use crate::clock::{Clock, Entropy};
use crate::cluster::{self, Cluster, ClusterView, Membership, NoPeers, Ownership, PeerFace, Peers};
use crate::connectors::{AddressGuard, Connector, HttpConnector, OutboundHttp};
use crate::core::{Core, Counts, instance_not_found};
use crate::decisions::{self, Decisions};
use crate::deploy::{self, Deployments};
use crate::fresh::Fresh;
use crate::instances::aside::{self, Aside};
use crate::jobs::{JobBoard, plan, workers};
use crate::metrics::Meters;
use crate::partitions::{queue::Lane, unsure::Unsure, work::Work, worker::Worker};
use crate::retention::{self, Tidying};
use crate::stop::Stop;
use crate::timers::Timers;
use crate::trace::Tracer;
use crate::types::*;
use crate::{exchange, instances, outbox, starts, tasks, timers};
use engine::calendar::Calendars;
use engine::{Command, ServerFacts};
use ipnet::IpNet;
use jiff::tz::TimeZone;
use model::error::codes;
use model::limits::Limits;
use model::{DefinitionId, Fault, IncidentId, InstanceId, JobId, Object, TaskId, UserId};
use platform::{Action, Actor, Object as Target, Platform, authorize};
use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::{SettingWrite, SharedStore, Unit};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// Scripts that run on threads of their own at once.
const SCRIPTS_MAX: usize = 2;
/// After so long at most others serve what a dead node served.
const TAKEOVER: Duration = Duration::from_secs(10);
/// Shorter take-over times would give nodes up for a slow commit.
const TAKEOVER_MIN_MS: u128 = 1_000;
/// So long nodes believe what they know of a definition, should nobody tell them of a change.
const FRESH_MS: i64 = 1_500;

/// What a runtime is made of.
pub struct RuntimeConfig {
    /// Where everything is kept.
    pub store: SharedStore,
    /// People, apps, records.
    pub platform: Platform,
    /// The clock: the wall's, or a simulation's.
    pub clock: Arc<dyn Clock>,
    /// Randomness: the machine's, or a simulation's.
    pub entropy: Entropy,
    /// The limits.
    pub limits: Limits,
    /// The zone of dates and times without one.
    pub zone: TimeZone,
    /// Business calendars by their names (BPMN TM-10); the same on every node.
    pub calendars: Calendars,
    /// Networks that outgoing calls may reach besides public addresses.
    pub allow_private: Vec<IpNet>,
    /// How many partitions there are; fixed when the database is made.
    pub partitions: u16,
    /// How many tasks drain them.
    pub workers: usize,
    /// Who performs effects that leave the server, besides `ruslo:http`.
    pub connectors: Vec<Arc<dyn Connector>>,
    /// Where spans of traced requests go; none: nothing is traced.
    pub tracer: Option<Arc<dyn Tracer>>,
    /// Where other nodes reach this one; empty: nowhere.
    pub node_url: String,
    /// After so long at most others serve what a dead node served.
    pub takeover: Duration,
    /// Carries requests to other nodes.
    pub peers: Arc<dyn Peers>,
    /// The version of the binary, for the list of nodes.
    pub version: String,
}

impl RuntimeConfig {
    /// The usual settings.
    pub fn new(store: SharedStore, platform: Platform, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            platform,
            clock,
            entropy: Entropy::System,
            limits: Limits::default(),
            zone: TimeZone::UTC,
            calendars: Calendars::new(),
            allow_private: Vec::new(),
            partitions: 64,
            workers: 2,
            connectors: Vec::new(),
            tracer: None,
            node_url: String::new(),
            takeover: TAKEOVER,
            peers: Arc::new(NoPeers),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

/// Processes that run. Cheap to clone. All it does may end in `IDN-0005`, `RUN-0007`, `RUN-0008`, `CLU-*` or `STO-*`.
#[derive(Clone)]
pub struct Runtime {
    pub(crate) core: Arc<Core>,
    loops: Arc<Loops>,
}

struct Loops {
    stop: Stop,
    workers: Mutex<Vec<JoinHandle<()>>>,
    others: Mutex<Vec<JoinHandle<()>>>,
}

impl Drop for Loops {
    /// Without [`Runtime::shutdown`] everything stops where it is, as in a crash.
    fn drop(&mut self) {
        for list in [&self.workers, &self.others] {
            for task in list.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                task.abort();
            }
        }
    }
}

impl Runtime {
    /// Opens the runtime on what the store holds, and goes on with what it serves of it: timers, calls, scripts.
    pub async fn open(config: RuntimeConfig) -> Result<Self, Fault> {
        let core = Arc::new(Self::core(config).await?);
        let membership = Membership::open(core.clone()).await?;
        let stop = Stop::default();
        let workers = (0..core.lanes.len()).map(|lane| tokio::spawn(Worker::new(core.clone(), lane).run())).collect();
        let mut others = vec![
            tokio::spawn(timers::run(core.clone(), stop.clone())),
            tokio::spawn(outbox::run(core.clone(), stop.clone())),
            tokio::spawn(cluster::run_inbox(core.clone(), stop.clone())),
            tokio::spawn(exchange::run(core.clone(), stop.clone())),
            tokio::spawn(retention::run(core.clone(), stop.clone())),
        ];
        if core.cluster.shared {
            others.push(tokio::spawn(cluster::run_courier(core.clone(), stop.clone())));
            others.push(tokio::spawn(membership.run(stop.clone())));
        }
        Ok(Self { core, loops: Arc::new(Loops { stop, workers: Mutex::new(workers), others: Mutex::new(others) }) })
    }

    async fn core(config: RuntimeConfig) -> Result<Core, Fault> {
        let limits = Arc::new(config.limits);
        let partitions = fixed_partitions(&config.store, config.partitions.clamp(1, 256)).await?;
        let lanes = config.workers.clamp(1, usize::from(partitions));
        let lane = || Lane::new(usize::from(partitions), lanes, &limits, config.clock.clone());
        let connectors = config.connectors.into_iter().chain([Arc::new(HttpConnector) as _]).map(|c| (c.kind(), c));
        let shared = !config.store.exclusive();
        let fresh = if shared { Fresh::for_ms(config.clock.clone(), FRESH_MS) } else { Fresh::for_ever() };
        let takeover_ms = i64::try_from(config.takeover.as_millis().max(TAKEOVER_MIN_MS)).unwrap_or(i64::MAX);
        let cluster = Cluster::new(shared, takeover_ms, config.peers, config.node_url, config.version);
        Ok(Core {
            http: OutboundHttp::new(AddressGuard::new(config.allow_private), &limits, config.clock.clone()),
            decisions: Decisions::new(config.store.clone(), limits.clone(), fresh.clone()),
            deployments: Deployments::new(config.store.clone(), limits.clone(), fresh),
            server: ServerFacts { host_url: config.platform.public_url().to_owned() },
            store: config.store,
            platform: config.platform,
            lanes: (0..lanes).map(|_| lane()).collect(),
            unsure: Unsure::default(),
            exchange: exchange::Board::default(),
            clock: config.clock,
            entropy: config.entropy,
            zone: config.zone,
            calendars: config.calendars,
            partitions,
            ownership: Ownership::new(partitions),
            cluster,
            timers: Timers::new(limits.timers_near),
            outbox: outbox::Outbox::new(&limits),
            limits,
            jobs: JobBoard::default(),
            scripts: Semaphore::new(SCRIPTS_MAX),
            connectors: connectors.collect::<HashMap<_, _>>(),
            aside: Aside::default(),
            incidents: instances::IncidentLog::default(),
            counts: Counts::default(),
            meters: Meters::default(),
            tidying: Tidying::default(),
            next_start: AtomicU64::new(0),
            tracer: config.tracer,
        })
    }

    /// Gives its partitions to the nodes that stay, or does what waits when there are none; takes no more commands, and
    /// stops. The store stays open.
    pub async fn shutdown(&self) {
        self.loops.stop.give();
        Self::ended(&self.loops.others).await;
        for lane in &self.core.lanes {
            lane.close();
        }
        if Self::ended(&self.loops.workers).await > 0 {
            cluster::leave(&self.core).await;
        }
    }

    /// Waits until these loops have ended; how many there were.
    async fn ended(list: &Mutex<Vec<JoinHandle<()>>>) -> usize {
        let tasks = std::mem::take(&mut *list.lock().unwrap_or_else(PoisonError::into_inner));
        let count = tasks.len();
        for task in tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a loop of the runtime broke down");
            }
        }
        count
    }

    /// Nodes and what they serve, as this node knows it.
    pub fn cluster(&self) -> ClusterView {
        cluster::view(&self.core)
    }

    /// What this node answers to the others.
    pub fn peer_face(&self) -> PeerFace {
        PeerFace(Arc::downgrade(&self.core))
    }

    /// Counters for the system page and the metrics.
    pub fn counters(&self) -> Counters {
        self.core.counters()
    }

    /// The platform it works on.
    pub fn platform(&self) -> &Platform {
        &self.core.platform
    }

    /// The limits it keeps.
    pub fn limits(&self) -> &Limits {
        &self.core.limits
    }
}

/// Definitions.
impl Runtime {
    /// Deploys every process of a file. `DEF-0001` when it can not be read, `DEF-0002` when it can not be run; both
    /// with `details.diagnostics`.
    pub async fn deploy(&self, actor: &Actor, what: Deploy) -> Result<Vec<Deployed>, Fault> {
        authorize(actor, Action::Deploy, &Target::Definitions)?;
        deploy::deploy(&self.core, actor, what).await
    }

    /// What a file gives without being deployed: all that deploying it would tell. `name` gives a template its title.
    pub async fn check(&self, actor: &Actor, name: &str, bytes: Vec<u8>) -> Result<Checked, Fault> {
        deploy::check(&self.core, actor, name, bytes).await
    }

    /// A version with its content, also a withdrawn one. `DEF-0003` when there is none.
    pub async fn definition(&self, id: DefinitionId) -> Result<DefinitionDetails, Fault> {
        deploy::details(&self.core, id).await
    }

    /// Deployed versions, the latest deployed first.
    pub async fn definitions(&self, filter: &DefinitionFilter, page: Page) -> Result<Paged<DefinitionView>, Fault> {
        deploy::list(&self.core, filter, page).await
    }

    /// Changes what is not the file: name, description, automatic start. `DEF-0003`: no such version.
    pub async fn describe_definition(
        &self,
        actor: &Actor,
        id: DefinitionId,
        change: DefinitionChange,
    ) -> Result<(), Fault> {
        authorize(actor, Action::Deploy, &Target::Definitions)?;
        deploy::describe(&self.core, id, |row| {
            change.name.into_iter().for_each(|name| row.name = name);
            change.description.into_iter().for_each(|text| row.description = text);
            change.auto_execute.into_iter().for_each(|bits| row.auto_execute = bits.into());
        })
        .await
    }

    /// Withdraws a version: it is started no more, its instances run on. `DEF-0012`: others call just this one.
    pub async fn delete_definition(&self, actor: &Actor, id: DefinitionId) -> Result<(), Fault> {
        authorize(actor, Action::Delete, &Target::Definitions)?;
        deploy::withdraw(&self.core, id).await
    }
}

/// Decisions.
impl Runtime {
    /// Versions of decisions, the latest deployed first.
    pub async fn decisions(&self, filter: &DecisionFilter, page: Page) -> Result<Paged<DecisionView>, Fault> {
        decisions::list(&self.core, filter, page).await
    }

    /// A version with its file, also a withdrawn one. `DEF-0011` when there is none.
    pub async fn decision(&self, id: DefinitionId) -> Result<DecisionDetails, Fault> {
        decisions::details(&self.core, id).await
    }

    /// Withdraws a version: business rule tasks no longer find it. `DEF-0011` when there is none.
    pub async fn delete_decision(&self, actor: &Actor, id: DefinitionId) -> Result<(), Fault> {
        authorize(actor, Action::Delete, &Target::Definitions)?;
        decisions::withdraw(&self.core, id).await
    }

    /// Evaluates a decision and tells how its result came about. Changes nothing.
    pub async fn try_decision(&self, what: TriedDecision) -> Result<DecisionEvaluation, Fault> {
        decisions::try_out(&self.core, what).await
    }
}

/// Instances.
impl Runtime {
    /// Starts an instance. It is durable when this returns.
    pub async fn start(&self, actor: &Actor, request: StartRequest) -> Result<Started, Fault> {
        starts::start(&self.core, actor, request).await
    }

    /// Everything an instance page shows, also of an ended one. `RUN-0001`: no such instance.
    pub async fn instance(&self, id: InstanceId) -> Result<InstanceView, Fault> {
        instances::view(&self.core, id).await
    }

    /// The facts of one instance, without its page. `RUN-0001` when there is none.
    pub async fn instance_summary(&self, id: InstanceId) -> Result<InstanceSummary, Fault> {
        let row = instances::row(&self.core, id).await?;
        instances::summary(&self.core, row).await
    }

    /// A list, newest start first.
    pub async fn instances(&self, filter: &InstanceFilter, page: Page) -> Result<Paged<InstanceSummary>, Fault> {
        instances::list(&self.core, filter, page).await
    }

    /// The journal as readable events, oldest first. `RUN-0001` when there is no such instance.
    pub async fn history(&self, id: InstanceId) -> Result<Vec<HistoryEntry>, Fault> {
        instances::history(&self.core, id).await
    }

    /// Tries of outgoing calls, oldest first.
    pub async fn calls(&self, id: InstanceId) -> Result<Vec<CallView>, Fault> {
        instances::calls(&self.core, id).await
    }

    /// Incidents, newest first.
    pub async fn incidents(
        &self,
        open: Option<bool>,
        instance: Option<InstanceId>,
        page: Page,
    ) -> Result<Paged<IncidentView>, Fault> {
        instances::incidents(&self.core, open, instance, page).await
    }

    /// Ends an instance; its history stays and keeps the reason. `ENG-0001` when it has ended.
    pub async fn cancel(&self, actor: &Actor, id: InstanceId, reason: &str) -> Result<(), Fault> {
        let row = instances::row(&self.core, id).await?;
        authorize(actor, Action::Cancel, &Target::Instance { started_by: row.started_by, involved: false })?;
        let command = Command::Cancel { reason: reason.to_owned(), by: author(actor) };
        self.core.command(id, vec![command]).await.map(drop)
    }

    /// Erases an instance, running or ended, with everything that belongs to it. `RUN-0001`: no such instance.
    pub async fn kill(&self, actor: &Actor, id: InstanceId) -> Result<(), Fault> {
        let row = instances::row(&self.core, id).await?;
        authorize(actor, Action::Operate, &Target::Instance { started_by: row.started_by, involved: false })?;
        self.core.submit(row.partition, Work::Erase { instance: id }, Vec::new()).await.map(drop)
    }

    /// Writes variables, into the process when no scope is named. `ENG-0001`: it has ended; `ENG-0009`: too large.
    pub async fn set_variables(
        &self,
        actor: &Actor,
        id: InstanceId,
        scope: Option<u32>,
        values: Object,
    ) -> Result<(), Fault> {
        let row = instances::row(&self.core, id).await?;
        authorize(actor, Action::Operate, &Target::Instance { started_by: row.started_by, involved: false })?;
        self.core.command(id, vec![Command::SetVariables { scope, values, by: author(actor) }]).await.map(drop)
    }

    /// Retries a failed element where it stopped, a call given up, an instance set aside. `RUN-0010`: no open incident.
    pub async fn retry_incident(&self, actor: &Actor, id: IncidentId) -> Result<(), Fault> {
        authorize(actor, Action::Operate, &Target::Incidents)?;
        let row = instances::incident_row(&self.core, id).await?;
        if aside::CODES.iter().any(|code| code.code == row.code) {
            return aside::resolve(&self.core, &row, author(actor)).await;
        }
        if outbox::is_given_up(&row) {
            return outbox::call_again(&self.core, &row, author(actor)).await;
        }
        let command = Command::ResolveIncident { incident: id, by: author(actor) };
        self.core.command(row.instance, vec![command]).await.map(drop)
    }
}

/// What people who look after instances do.
impl Runtime {
    /// Suspends, resumes, modifies an instance, and the like; `ENG-0025` when the engine refuses it.
    pub async fn operate(&self, actor: &Actor, id: InstanceId, operation: Operation) -> Result<(), Fault> {
        instances::operate::operate(&self.core, actor, id, operation).await
    }

    /// Completes the element of an incident with an output given by hand. `RUN-0010`: no open incident.
    pub async fn skip_incident(
        &self,
        actor: &Actor,
        id: IncidentId,
        output: Object,
        reason: String,
    ) -> Result<(), Fault> {
        instances::operate::skip(&self.core, actor, id, output, reason).await
    }

    /// Moves running instances to another version, or says what stands in the way of each (`ENG-0026`).
    pub async fn migrate(&self, actor: &Actor, wanted: Migrate) -> Result<Vec<Migration>, Fault> {
        instances::operate::migrate(&self.core, actor, wanted).await
    }
}

/// Messages, signals, conditions.
impl Runtime {
    /// Publishes a message: everybody it fits gets it now, others for as long as it is kept. `RUN-0017` when its id was
    /// published before.
    pub async fn publish(&self, actor: &Actor, message: PublishMessage) -> Result<Published, Fault> {
        exchange::messages::publish(&self.core, actor, message).await
    }

    /// Delivers a message to who waits for it now: `RUN-0018` nobody, `RUN-0019` several.
    pub async fn correlate(&self, actor: &Actor, message: Correlate) -> Result<Vec<Reached>, Fault> {
        exchange::correlate::correlate(&self.core, actor, message).await
    }

    /// Throws a signal: everybody who waits for it gets it. It is durable when this returns, and delivered soon.
    pub async fn broadcast(&self, actor: &Actor, name: String, variables: Object) -> Result<(), Fault> {
        exchange::signals::broadcast(&self.core, actor, name, variables).await
    }

    /// Starts the latest versions of processes whose start condition is true for these variables.
    pub async fn evaluate_conditions(
        &self,
        actor: &Actor,
        process_id: Option<&str>,
        variables: Object,
    ) -> Result<Vec<Reached>, Fault> {
        exchange::event_starts::evaluate(&self.core, actor, process_id, variables).await
    }
}

/// Tasks.
impl Runtime {
    /// A task with its form; only for its people and administrators. `RUN-0002` when there is none.
    pub async fn task(&self, actor: &Actor, id: TaskId) -> Result<TaskDetails, Fault> {
        tasks::details(&self.core, actor, id).await
    }

    /// Tasks of one person: what waits for him, or what is over.
    pub async fn inbox(
        &self,
        user: UserId,
        done: bool,
        search: Option<String>,
        page: Page,
    ) -> Result<Paged<TaskView>, Fault> {
        tasks::inbox(&self.core, user, done, search, page).await
    }

    /// How many tasks wait for a person, up to a thousand.
    pub async fn task_count(&self, user: UserId) -> Result<u32, Fault> {
        tasks::count(&self.core, user).await
    }

    /// A list over everybody, newest first.
    pub async fn tasks(&self, filter: &TaskFilter, page: Page) -> Result<Paged<TaskView>, Fault> {
        tasks::list(&self.core, filter, page).await
    }

    /// Answers a task: `RUN-0004` unknown outcome, `RUN-0005` a field of the form, `RUN-0003` already answered.
    pub async fn complete_task(&self, actor: &Actor, id: TaskId, answer: TaskAnswer) -> Result<(), Fault> {
        tasks::complete(&self.core, actor, id, answer).await
    }

    /// A candidate takes a task for himself. `RUN-0002` when there is none, `RUN-0003` when it is over.
    pub async fn claim_task(&self, actor: &Actor, id: TaskId) -> Result<(), Fault> {
        tasks::claim(&self.core, actor, id).await
    }

    /// Others are asked instead. `RUN-0003` when it is over, `IDN-0008` an unknown person, `ENG-0011` nobody named.
    pub async fn reassign_task(&self, actor: &Actor, id: TaskId, users: Vec<UserId>) -> Result<(), Fault> {
        tasks::reassign(&self.core, actor, id, &users).await
    }
}

/// Jobs of external workers and of apps.
impl Runtime {
    /// Leases jobs of a type; waits while there are none, as long as was asked for.
    pub async fn activate_jobs(&self, actor: &Actor, ask: ActivateJobs) -> Result<Vec<ActivatedJob>, Fault> {
        authorize(actor, Action::Operate, &Target::Jobs)?;
        workers::activate(&self.core, ask).await
    }

    /// A worker did a job: its results become variables. `RUN-0006` when it is not open.
    pub async fn complete_job(&self, actor: &Actor, id: JobId, result: Object) -> Result<(), Fault> {
        authorize(actor, Action::Operate, &Target::Jobs)?;
        workers::complete(&self.core, id, result, author(actor)).await
    }

    /// A try of a job failed: it is offered again, or becomes an incident (`ENG-0008`). `RUN-0006`: not open.
    pub async fn fail_job(&self, actor: &Actor, id: JobId, failure: JobFailure) -> Result<(), Fault> {
        authorize(actor, Action::Operate, &Target::Jobs)?;
        workers::fail(&self.core, id, failure).await
    }

    /// A job raises a business error, for error events or an incident (`ENG-0007`). `RUN-0006`: not open.
    pub async fn throw_job_error(&self, actor: &Actor, id: JobId, error: JobError) -> Result<(), Fault> {
        authorize(actor, Action::Operate, &Target::Jobs)?;
        workers::throw(&self.core, id, error.code, error.message, error.variables).await
    }

    /// An app's answer to a waiting activity. The token gives the right, so there is no actor. `RUN-0001` when the
    /// instance has ended or was removed.
    pub async fn answer_app_job(&self, answer: AppAnswer) -> Result<AnswerOutcome, Fault> {
        let waiting = self.waiting_app_job(answer.instance, &answer.element_id, &answer.event_id).await?;
        let Some(row) = waiting else { return Ok(AnswerOutcome::Ignored) };
        let code = row.job_type.strip_prefix("rest_").unwrap_or(&row.job_type);
        let mut result = match self.core.platform.activities().by_internal_code(code).await? {
            Some(activity) => plan::return_defaults(&activity),
            None => Object::new(),
        };
        result.extend(answer.values);
        let text = answer.log.filter(|text| !text.is_empty());
        let text = text.unwrap_or_else(|| "Received application response".to_owned());
        let commands = vec![
            Command::Log { key: None, job: Some(row.id), text, by: None },
            Command::CompleteJob { job: row.id, result, by: None },
        ];
        match self.core.command(answer.instance, commands).await {
            Ok(_) => Ok(AnswerOutcome::Accepted),
            // Another answer was quicker, or the wait ended meanwhile.
            Err(fault) if fault.is(&codes::JOB_NOT_FOUND) || fault.is(&codes::NOT_ACTIVE) => Ok(AnswerOutcome::Ignored),
            Err(fault) => Err(fault),
        }
    }

    /// A line of an app for the history of a waiting activity; nothing happens when it no longer waits.
    pub async fn log_app_job(
        &self,
        instance: InstanceId,
        element_id: &str,
        event_id: &str,
        text: &str,
    ) -> Result<(), Fault> {
        let Some(row) = self.waiting_app_job(instance, element_id, event_id).await? else { return Ok(()) };
        let command = Command::Log { key: None, job: Some(row.id), text: text.to_owned(), by: None };
        match self.core.command(instance, vec![command]).await {
            Err(fault) if fault.is(&codes::JOB_NOT_FOUND) || fault.is(&codes::NOT_ACTIVE) => Ok(()),
            other => other.map(drop),
        }
    }

    /// The job that waits for the answer named by an event token; none when it no longer waits.
    async fn waiting_app_job(
        &self,
        instance: InstanceId,
        element_id: &str,
        event_id: &str,
    ) -> Result<Option<store::JobRow>, Fault> {
        if let Some(row) = self.core.store.job_by_event(event_id).await?
            && row.instance == instance
            && (row.element_id == element_id || outbox::was_called_as(&self.core, &row, element_id).await?)
        {
            return Ok(Some(row));
        }
        let running = self.core.store.instance(instance).await?;
        match running.map(|row| row.state) {
            Some(store::InstanceState::Active) => Ok(None),
            _ => Err(instance_not_found(instance)),
        }
    }
}

pub(crate) fn author(actor: &Actor) -> Option<UserId> {
    Some(actor.user_id()).filter(|id| id.0 > 0)
}

/// How many partitions the database was made with by the first of its nodes: ids carry theirs, so it never changes.
async fn fixed_partitions(store: &SharedStore, wanted: u16) -> Result<u16, Fault> {
    let key = "runtime.partitions";
    let mut kept = store.setting(key).await?;
    if kept.is_none() {
        store.commit_one(Unit::of(SettingWrite::PutNew { key: key.to_owned(), value: wanted.into() })).await?;
        kept = store.setting(key).await?;
    }
    let kept = kept.and_then(|kept| u16::try_from(kept.as_u64()?).ok()).filter(|n| (1..=256).contains(n));
    kept.ok_or_else(|| Fault::new(&codes::STORE_CORRUPT, "the number of partitions can not be read"))
}
