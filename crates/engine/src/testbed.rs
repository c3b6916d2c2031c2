//! An instance in memory with a clock of its own: `ruslo run` and the tests drive processes with it.
//!
//! Owns: one instance, its journal and a simulated clock. Invariant: the journal replays to the state
//! ([`Testbed::verify`]). Never: reads a clock, waits, or reaches outside; jobs other than scripts are completed by the
//! caller.

use crate::calendar::Calendars;
use crate::command::{Command, Rejection, Start};
use crate::event::Event;
use crate::exchange::Awaited;
use crate::exchange::ParentLink;
use crate::program::Program;
use crate::state::Instance;
use crate::{
    CONTINUE_JOB, Decision, Env, MigrationPlan, MigrationProblem, SCRIPT_JOB, ServerFacts, check_invariants, decide,
    decode_events, encode_events, migrate,
};
use crate::{script_result, start, timers};
use jiff::tz::TimeZone;
use model::limits::Limits;
use model::{
    DefinitionId, IdSource, InstanceId, JobId, Object, PartitionId, TaskId, TimerId, Timestamp, UserId, Value,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where the simulated clock begins: 2026-01-01T00:00:00Z.
pub const BEGINNING: Timestamp = Timestamp(1_767_225_600_000);

/// Interrupt ticks after which the testbed gives up on a script that runs as a job.
const SCRIPT_TICKS: u64 = 20_000;

/// Drives one instance.
#[derive(Debug)]
pub struct Testbed {
    program: Arc<Program>,
    instance: Option<Instance>,
    journal: Vec<Event>,
    now: Timestamp,
    ids: IdSource,
    zone: TimeZone,
    limits: Limits,
    server: ServerFacts,
    calendars: Calendars,
    document: Option<Arc<Object>>,
    started_by: Option<UserId>,
    script_ticks: u64,
    parent: Option<ParentLink>,
}

/// What the testbed was asked and could not do.
#[derive(Debug, thiserror::Error)]
pub enum TestbedError {
    /// The engine refused.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// Nothing was started yet.
    #[error("no instance was started")]
    NotStarted,
    /// No job or task of this element waits.
    #[error("nothing waits at `{element}`; open: {open}")]
    NothingOpen {
        /// The element asked for.
        element: String,
        /// Where something waits.
        open: String,
    },
    /// Not a duration or instant.
    #[error("{0}")]
    Time(String),
}

/// What waits at an element.
enum Open {
    Job(JobId),
    Task(TaskId),
}

impl Testbed {
    /// A testbed for one instance of `program`. Zone UTC, default limits, started by `user_1`.
    pub fn new(program: impl Into<Arc<Program>>) -> Self {
        Self {
            program: program.into(),
            instance: None,
            journal: Vec::new(),
            now: BEGINNING,
            ids: IdSource::new(PartitionId(0), 0),
            zone: TimeZone::UTC,
            limits: Limits::default(),
            server: ServerFacts { host_url: "http://localhost:8080".to_owned() },
            calendars: Calendars::new(),
            document: None,
            started_by: Some(UserId(1)),
            script_ticks: SCRIPT_TICKS,
            parent: None,
        }
    }

    /// With other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// With a document whose fields expressions can read.
    #[must_use]
    pub fn with_document(mut self, fields: Object) -> Self {
        self.document = Some(Arc::new(fields));
        self
    }

    /// With another limit for scripts that run as jobs, in interrupt ticks.
    #[must_use]
    pub fn with_script_ticks(mut self, ticks: u64) -> Self {
        self.script_ticks = ticks;
        self
    }

    /// As an instance that another one called, `depth` calls deep, and may ask to compensate itself.
    #[must_use]
    pub fn called_at(mut self, depth: u32) -> Self {
        let caller = InstanceId(1);
        self.parent = Some(ParentLink { instance: caller, key: 1, root: caller, depth, compensable: true });
        self
    }

    /// The simulated time.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The definition it runs.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The instance, once started.
    pub fn instance(&self) -> Option<&Instance> {
        self.instance.as_ref()
    }

    /// All events so far.
    pub fn journal(&self) -> &[Event] {
        &self.journal
    }

    /// With business calendars (BPMN TM-10).
    #[must_use]
    pub fn with_calendars(mut self, calendars: Calendars) -> Self {
        self.calendars = calendars;
        self
    }

    /// Starts the instance; gives the new events.
    pub fn start(&mut self, variables: Object) -> Result<Vec<Event>, TestbedError> {
        self.start_with(variables, |_| {})
    }

    /// The same, with other settings of the start: a start event that triggered, a caller.
    pub fn start_with(
        &mut self,
        variables: Object,
        change: impl FnOnce(&mut Start),
    ) -> Result<Vec<Event>, TestbedError> {
        let instance = InstanceId(self.ids.next(self.now));
        let mut begin = Start {
            instance,
            definition: DefinitionId(1),
            document: None,
            started_by: self.started_by,
            variables,
            business_key: None,
            start_element: None,
            payload: Object::new(),
            parent: self.parent,
            trigger: None,
        };
        change(&mut begin);
        let program = self.program.clone();
        let decision = self.with_env(|env| start(&program, begin, env))?;
        let mut events = self.accept(decision);
        events.extend(self.go_on()?);
        Ok(events)
    }

    /// Runs a command, then timers that are due at once; gives the new events.
    pub fn command(&mut self, command: Command) -> Result<Vec<Event>, TestbedError> {
        let mut events = self.one_command(command)?;
        events.extend(self.go_on()?);
        Ok(events)
    }

    /// Migrates the instance to another version and goes on with it.
    pub fn migrate(
        &mut self,
        program: impl Into<Arc<Program>>,
        plan: &MigrationPlan,
    ) -> Result<Vec<Event>, Vec<MigrationProblem>> {
        let (old, new) = (self.program.clone(), program.into());
        let Some(instance) = self.instance.take() else { return Err(Vec::new()) };
        match self.with_env(|env| migrate((&old, &new), &instance, plan, env)) {
            Ok(decision) => {
                self.program = new;
                Ok(self.accept(decision))
            }
            Err(problems) => {
                self.instance = Some(instance);
                Err(problems)
            }
        }
    }

    /// Completes the open job of `element` with `values`, or answers its open task with them as form values: by the
    /// first assignee who has not answered, with the outcome in the value `outcome` or the first one offered.
    pub fn complete(&mut self, element: &str, values: Object) -> Result<Vec<Event>, TestbedError> {
        let command = match self.open_at(element)? {
            Open::Job(job) => Command::CompleteJob { job, result: values, by: None },
            Open::Task(task) => self.answer(task, element, values),
        };
        self.command(command)
    }

    fn answer(&self, task: TaskId, element: &str, mut values: Object) -> Command {
        use model::definition::ElementKind::UserTask;
        let definition = self.program.definition();
        let kind = match definition.find(element).map(|e| &definition.element(e).kind) {
            Some(UserTask(task)) => task.kind,
            _ => Default::default(),
        };
        let outcome = match values.shift_remove("outcome") {
            Some(outcome) => outcome.to_text(),
            None => kind.outcomes()[0].to_owned(),
        };
        let open = self.instance.as_ref().and_then(|i| i.task(task));
        let answered = |user: &UserId| open.is_some_and(|t| t.answers.iter().any(|a| a.user == *user));
        let assignees = open.iter().flat_map(|t| t.assignees.iter()).filter_map(|name| name.parse().ok());
        let user = assignees.chain((1..).map(UserId)).find(|user| !answered(user)).unwrap_or(UserId(1));
        Command::AnswerTask { task, user, outcome, comment: None, values }
    }

    /// Fails the open job of `element`; `retries` left as given, one less when absent.
    pub fn fail(&mut self, element: &str, message: &str, retries: Option<u32>) -> Result<Vec<Event>, TestbedError> {
        let job = self.job_at(element)?;
        let message = message.to_owned();
        self.command(Command::FailJob { job, retries, retry_at: None, code: String::new(), message })
    }

    /// Lets the open job of `element` raise a business error.
    pub fn throw(&mut self, element: &str, code: &str, variables: Object) -> Result<Vec<Event>, TestbedError> {
        let job = self.job_at(element)?;
        let (code, message) = (code.to_owned(), String::new());
        self.command(Command::ThrowJobError { job, code, message, variables })
    }

    /// Delivers a message or signal to the oldest subscription that `element` catches.
    pub fn deliver(&mut self, element: &str, variables: Object) -> Result<Vec<Event>, TestbedError> {
        let idx = self.program.definition().find(element);
        let open = self.running()?.subscriptions().iter().find(|s| Some(s.element) == idx);
        let (subscription, awaited) =
            open.map(|s| (s.id, s.awaited.clone())).ok_or_else(|| self.nothing_open(element))?;
        self.command(match awaited {
            Awaited::Message { name, .. } => {
                Command::DeliverMessage { subscription, name: name.to_string(), variables }
            }
            Awaited::Signal { .. } => Command::DeliverSignal { subscription, variables },
        })
    }

    /// Retries the incident at `element`.
    pub fn retry(&mut self, element: &str) -> Result<Vec<Event>, TestbedError> {
        let instance = self.running()?;
        let found = instance.incidents().iter().find(|i| self.runs(instance, i.key, element)).map(|i| i.id);
        let incident = found.ok_or_else(|| self.nothing_open(element))?;
        self.command(Command::ResolveIncident { incident, by: Some(UserId(1)) })
    }

    /// Moves the clock by an ISO 8601 duration, firing timers in order of due time, then creation (BPMN TM-11).
    pub fn advance(&mut self, duration: &str) -> Result<Vec<Event>, TestbedError> {
        let until =
            timers::instant_or_duration(&Value::text(duration), self.now, &self.zone).map_err(TestbedError::Time)?;
        let mut events = Vec::new();
        while let Some((due, timer)) = self.next_timer().filter(|(due, _)| *due <= until) {
            self.now = self.now.max(due);
            events.extend(self.one_command(Command::FireTimer { timer })?);
            events.extend(self.go_on()?);
        }
        self.now = self.now.max(until);
        Ok(events)
    }

    /// Checks the invariants, and that journal and snapshot give the same state after a round through their bytes.
    pub fn verify(&self) -> Result<(), String> {
        let Some(live) = &self.instance else { return Ok(()) };
        check_invariants(live)?;
        let journal = decode_events(&encode_events(&self.journal)).map_err(|e| e.to_string())?;
        let replayed = Instance::replay(&journal).ok_or("the journal does not begin with a creation")?;
        if replayed != *live {
            return Err(format!("replayed state differs\nlive: {live:#?}\nreplayed: {replayed:#?}"));
        }
        let snapshot = Instance::decode(&live.encode()).map_err(|e| e.to_string())?;
        if snapshot == *live { Ok(()) } else { Err("the snapshot reads back differently".to_owned()) }
    }

    fn one_command(&mut self, command: Command) -> Result<Vec<Event>, TestbedError> {
        let instance = self.instance.take().ok_or(TestbedError::NotStarted)?;
        let program = self.program.clone();
        match self.with_env(|env| decide(&program, &instance, command, env)) {
            Ok(decision) => Ok(self.accept(decision)),
            Err(rejection) => {
                self.instance = Some(instance);
                Err(rejection.into())
            }
        }
    }

    fn with_env<T>(&mut self, decide: impl FnOnce(&mut Env) -> T) -> T {
        decide(&mut Env {
            now: self.now,
            ids: &mut self.ids,
            document: self.document.clone(),
            zone: &self.zone,
            limits: &self.limits,
            server: &self.server,
            calendars: &self.calendars,
        })
    }

    fn accept(&mut self, decision: Decision) -> Vec<Event> {
        self.instance = Some(decision.instance);
        self.journal.extend(decision.events.iter().cloned());
        decision.events
    }

    /// Runs scripts that did not fit into a step and fires timers that are due, until neither is left.
    fn go_on(&mut self) -> Result<Vec<Event>, TestbedError> {
        let mut events = Vec::new();
        loop {
            if let Some(command) = self.next_activity() {
                events.extend(self.one_command(command)?);
                continue;
            }
            let command = match (self.next_script(), self.next_timer()) {
                (Some(job), _) => self.run_script(job),
                (None, Some((due, timer))) if due <= self.now => Command::FireTimer { timer },
                _ => return Ok(events),
            };
            events.extend(self.one_command(command)?);
        }
    }

    /// What the runtime does by itself for activities: the next step of a long one, a free mutex.
    fn next_activity(&self) -> Option<Command> {
        let instance = self.instance.as_ref().filter(|i| !i.is_suspended())?;
        if let Some(job) = instance.jobs().iter().find(|j| &*j.job_type == CONTINUE_JOB) {
            return Some(Command::CompleteJob { job: job.id, result: Object::new(), by: None });
        }
        let mutexes = &instance.activities().mutexes;
        let free = |name: &str| !mutexes.iter().any(|m| m.granted && &*m.name == name);
        let next = mutexes.iter().find(|m| !m.granted && free(&m.name))?;
        Some(Command::GrantMutex { key: next.key })
    }

    fn next_script(&self) -> Option<JobId> {
        let jobs = self.instance.as_ref().filter(|i| !i.is_suspended())?.jobs();
        jobs.iter().find(|j| &*j.job_type == SCRIPT_JOB && j.retries > 0).map(|j| j.id)
    }

    fn run_script(&self, job: JobId) -> Command {
        let input = self.journal.iter().rev().find_map(|event| match event {
            Event::JobCreated(created) if created.job == job => Some(&created.input),
            Event::JobRetried(again) if again.job == job => Some(&again.input),
            _ => None,
        });
        let member = |name: &str| input.and_then(|i| i.get(name));
        let source = member("source").map(Value::to_text).unwrap_or_default();
        let variables = member("variables").and_then(Value::as_object).cloned().unwrap_or_default();
        let (ticks, asked) = (self.script_ticks, AtomicU64::new(0));
        let deadline = Arc::new(move || asked.fetch_add(1, Ordering::Relaxed) >= ticks);
        let worker = expr::js::Worker { now: self.now, limits: &self.limits, deadline };
        match expr::js::run(&source, &variables, &worker) {
            Ok(value) => Command::CompleteJob { job, result: script_result(value), by: None },
            Err(error) => {
                let (code, message) = (error.fault().code.code.to_owned(), error.to_string());
                Command::FailJob { job, retries: Some(0), retry_at: None, code, message }
            }
        }
    }

    fn next_timer(&self) -> Option<(Timestamp, TimerId)> {
        self.instance.as_ref().filter(|i| !i.is_suspended())?.timers().iter().map(|t| (t.due, t.id)).min()
    }

    fn running(&self) -> Result<&Instance, TestbedError> {
        self.instance.as_ref().ok_or(TestbedError::NotStarted)
    }

    fn runs(&self, instance: &Instance, key: u32, element: &str) -> bool {
        let run = instance.element(key);
        run.is_some_and(|run| &*self.program.definition().element(run.element).id == element)
    }

    fn open_at(&self, element: &str) -> Result<Open, TestbedError> {
        let instance = self.running()?;
        let job = instance.jobs().iter().find(|j| self.runs(instance, j.key, element)).map(|j| Open::Job(j.id));
        let task = || instance.tasks().iter().find(|t| self.runs(instance, t.key, element)).map(|t| Open::Task(t.id));
        job.or_else(task).ok_or_else(|| self.nothing_open(element))
    }

    fn job_at(&self, element: &str) -> Result<JobId, TestbedError> {
        match self.open_at(element)? {
            Open::Job(job) => Ok(job),
            Open::Task(_) => Err(self.nothing_open(element)),
        }
    }

    fn nothing_open(&self, element: &str) -> TestbedError {
        let keys = |i: &Instance| -> Vec<u32> {
            i.jobs().iter().map(|j| j.key).chain(i.tasks().iter().map(|t| t.key)).collect()
        };
        let name = |i: &Instance, key: u32| {
            let run = i.element(key)?;
            Some(self.program.definition().element(run.element).id.to_string())
        };
        let open: Vec<String> =
            self.instance.iter().flat_map(|i| keys(i).into_iter().filter_map(|key| name(i, key))).collect();
        let open = if open.is_empty() { "nothing".to_owned() } else { open.join(", ") };
        TestbedError::NothingOpen { element: element.to_owned(), open }
    }
}
