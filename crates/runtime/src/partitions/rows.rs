//! From events to rows: what one commit of one instance writes.
//!
//! Owns: the mapping of the engine's vocabulary to the store's. Invariant: a thing that came and went within the commit
//! leaves no row; the journal keeps it. Never: decides or evaluates anything, reads the store.

use super::session::{Aftermath, JobPlan, Session};
use crate::core::Core;
use crate::deploy::Deployment;
use crate::exchange::{Look, dealings};
use crate::instances::incident_log::Told;
use crate::instances::large;
use crate::jobs::Route;
use engine::event::{IncidentRaised, UserTaskAnswered, UserTaskCreated};
use engine::exchange::SubscriptionOpened;
use engine::{Event, Instance, LargeValues};
use model::definition::{ElementIdx, Form, TaskKind};
use model::{JobId, OutboxId, SubscriptionId, TaskId, TimerId, UserId};
use platform::LiveEvent;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use store::{
    AnswerStatus, ExchangeWrite, IncidentRow, IncidentWrite, InstanceRow, InstanceUpdate, InstanceWrite, JobRow,
    JobWrite, JournalRow, OutboxRow, OutboxState, OutboxWrite, StoredInstance, SubscriptionKind, TaskClose,
    TaskDetails, TaskRow, TaskState, TaskWrite, TimerRow, TimerWrite, Unit,
};

/// The unit of one session, and what must happen once it is committed. Also gives the bytes of the instance's state.
/// Values of more than `large_bytes` are kept apart.
pub(super) fn unit(core: &Core, session: &mut Session) -> (Unit, Aftermath, usize) {
    let mut unit = Unit { writes: std::mem::take(&mut session.writes), fence: None };
    if session.erased {
        erase(session, &mut unit);
        return (unit, Aftermath::default(), 0);
    }
    let Some(deployment) = session.deployment.clone().filter(|_| session.state.is_some() && !session.events.is_empty())
    else {
        return (unit, Aftermath::default(), 0);
    };
    let known = std::mem::take(&mut session.large);
    let mut large = LargeValues::new(core.limits.large_value_bytes, large::name, known);
    let snapshot = instance_rows(session, &deployment, &mut large, &mut unit);
    session.large = large.named_by(&snapshot);
    let bytes = snapshot.len();
    let Some(state) = session.state.as_ref() else { return (unit, Aftermath::default(), bytes) };
    let (net, after) = (Net::default(), Aftermath::default());
    let mut rows = Rows { session, state, deployment: &deployment, net, after, live: Vec::new(), told: Vec::new() };
    for event in &session.events {
        rows.event(event, &mut unit);
    }
    rows.finish(&mut unit);
    let Rows { after, mut live, told, .. } = rows;
    let data = json!({"state": state.state().as_str(), "definition": state.definition().to_string()});
    live.push(LiveEvent::new("instance", session.id).with(data));
    session.live.extend(live);
    session.told.extend(told);
    dealings::signals(core, session, &mut unit);
    (unit, after, bytes)
}

/// The instance's row, its journal row, and the large values that are new. Gives the snapshot's bytes.
fn instance_rows(session: &Session, deployment: &Deployment, large: &mut LargeValues, unit: &mut Unit) -> Vec<u8> {
    let Some(state) = session.state.as_ref() else { return Vec::new() };
    let snapshot = match state.state() {
        engine::InstanceState::Active => state.encode_with(large),
        // What it was, its journal tells.
        _ if !state.parent().is_some_and(|link| link.compensable) => state.remains().encode(),
        // It may be asked to compensate itself.
        _ => state.encode_with(large),
    };
    let bytes = snapshot.clone();
    let (now, partition, id) = (session.now, session.partition, session.id);
    let seq = session.before.as_ref().map_or(0, |b| b.seq) + 1;
    let finished_at = (state.state() != engine::InstanceState::Active).then_some(now);
    let stored_state = store_state(state.state());
    let state_title = state.state_title().unwrap_or("").to_owned();
    let incidents = u32::try_from(state.incidents().len()).unwrap_or(u32::MAX);
    let write = match &session.before {
        None => InstanceWrite::Create(StoredInstance {
            row: InstanceRow {
                partition,
                id,
                definition: state.definition(),
                process_id: deployment.process_id.clone(),
                state: stored_state,
                document: state.document(),
                started_by: state.started_by(),
                business_key: state.business_key().map(str::to_owned),
                state_title,
                created_at: state.started_at(),
                updated_at: now,
                finished_at,
                incidents,
                seq,
                parent: state.parent().map(|link| link.instance).or(session.dealings.called_by),
                root: state.parent().map(|link| link.root),
                suspended: false,
            },
            snapshot,
        }),
        Some(before) => InstanceWrite::Update(InstanceUpdate {
            partition,
            id,
            expect_seq: before.seq,
            seq,
            state: stored_state,
            state_title,
            updated_at: now,
            finished_at,
            incidents,
            snapshot,
        }),
    };
    unit.push(write);
    let suspended = is_suspended(state);
    if session.before.as_ref().is_some_and(|before| is_suspended(&before.instance)) != suspended {
        unit.push(InstanceWrite::Suspend { partition, id, suspended });
    }
    let events = engine::encode_events_with(&session.events, large);
    unit.push(InstanceWrite::Journal(JournalRow { partition, instance: id, seq, at: now, events }));
    large::put(partition, id, large, unit);
    bytes
}

/// What has ended is suspended no more.
fn is_suspended(state: &Instance) -> bool {
    state.is_suspended() && state.state() == engine::InstanceState::Active
}

pub(crate) fn store_state(state: engine::InstanceState) -> store::InstanceState {
    match state {
        engine::InstanceState::Active => store::InstanceState::Active,
        engine::InstanceState::Completed => store::InstanceState::Completed,
        engine::InstanceState::Failed => store::InstanceState::Failed,
        engine::InstanceState::Canceled => store::InstanceState::Canceled,
    }
}

/// What came within this commit and has not gone again.
#[derive(Default)]
struct Net<'s> {
    tasks: BTreeMap<TaskId, &'s UserTaskCreated>,
    timers: BTreeMap<TimerId, TimerRow>,
    subscriptions: BTreeMap<SubscriptionId, &'s SubscriptionOpened>,
    incidents: BTreeMap<model::IncidentId, &'s IncidentRaised>,
    answers: BTreeMap<(TaskId, UserId), &'s UserTaskAnswered>,
    jobs_gone: BTreeSet<JobId>,
    /// Conditional writes on tasks so far: each makes the version grow.
    task_writes: BTreeMap<TaskId, u64>,
}

struct Rows<'s> {
    session: &'s Session,
    state: &'s Instance,
    deployment: &'s Deployment,
    net: Net<'s>,
    after: Aftermath,
    live: Vec<LiveEvent>,
    told: Vec<Told>,
}

impl<'s> Rows<'s> {
    fn event(&mut self, event: &'s Event, unit: &mut Unit) {
        match event {
            Event::JobCompleted { job, .. } | Event::JobCanceled { job, .. } => self.job_gone(*job, unit),
            Event::JobFailed { job, retries, retry_at, .. } => self.job_failed(*job, *retries, *retry_at, unit),
            Event::UserTaskCreated(task) => {
                self.net.tasks.insert(task.task, task);
            }
            Event::UserTaskAnswered(answer) => {
                self.net.answers.insert((answer.task, answer.user), answer);
                self.task_answered(answer, unit);
            }
            Event::UserTaskCompleted(done) => {
                self.task_closed(done.task, TaskState::Completed, Some((&done.outcome, done.by)), unit);
            }
            Event::UserTaskCanceled { task, .. } => {
                self.task_closed(*task, TaskState::Canceled, None, unit);
            }
            Event::UserTaskReassigned { task, .. } => self.task_reassigned(*task, unit),
            Event::TimerArmed { timer, due, .. } => {
                let (partition, instance) = (self.session.partition, self.session.id);
                self.net.timers.insert(*timer, TimerRow { partition, id: *timer, due_at: *due, instance });
            }
            Event::TimerFired { timer, .. } | Event::TimerCanceled { timer, .. } => {
                self.timer_gone(*timer, unit);
            }
            Event::IncidentRaised(raised) => {
                self.net.incidents.insert(raised.incident, raised);
            }
            Event::IncidentResolved { incident, by, .. } => {
                self.incident_over(*incident, *by, unit);
            }
            Event::InstanceSuspended { .. } => self.held(unit, true),
            Event::InstanceResumed { .. } => self.held(unit, false),
            Event::SubscriptionOpened(opened) => {
                self.net.subscriptions.insert(opened.subscription, opened);
            }
            Event::SubscriptionClosed { subscription, .. } => {
                self.subscription_gone(*subscription, unit);
            }
            // The others change no row of their own; new and retried jobs are in the session's plans.
            _ => {}
        }
    }

    fn timer_gone(&mut self, timer: TimerId, unit: &mut Unit) {
        if self.net.timers.remove(&timer).is_none() {
            unit.push(TimerWrite::Delete { partition: self.session.partition, id: timer });
        }
    }

    fn incident_over(&mut self, incident: model::IncidentId, by: Option<UserId>, unit: &mut Unit) {
        if self.net.incidents.remove(&incident).is_none() {
            let (partition, at) = (self.session.partition, self.session.now);
            unit.push(IncidentWrite::Resolve { partition, id: incident, at, by });
            self.live.push(LiveEvent::new("incident", incident).with(json!({"open": false})));
            self.told.push(Told::resolved(incident, self.session, self.deployment));
        }
    }

    fn subscription_gone(&mut self, subscription: SubscriptionId, unit: &mut Unit) {
        if self.net.subscriptions.remove(&subscription).is_none() {
            let partition = self.session.partition;
            unit.push(ExchangeWrite::Unsubscribe { partition, id: subscription });
        }
    }

    /// Removes what a job left in the store, if it was there before this commit.
    fn job_gone(&mut self, job: JobId, unit: &mut Unit) {
        if !self.net.jobs_gone.insert(job) {
            return;
        }
        let known = self.session.before.as_ref().and_then(|b| b.instance.job(job));
        if let Some(known) = known {
            delete_job(unit, self.session.partition, job, Route::of(&known.job_type));
        }
    }

    fn job_failed(&self, job: JobId, retries: u32, retry_at: Option<model::Timestamp>, unit: &mut Unit) {
        let Some(known) = self.session.before.as_ref().and_then(|b| b.instance.job(job)) else { return };
        let partition = self.session.partition;
        let route = Route::of(&known.job_type);
        match (route, retries) {
            (Route::External | Route::Script, 0) => unit.push(JobWrite::Delete { partition, id: job }),
            (Route::External | Route::Script, _) => {
                unit.push(JobWrite::Retry { partition, id: job, retries, not_before: retry_at });
                if self.state.is_suspended() && route == Route::External {
                    unit.push(JobWrite::Hold { partition, id: job, held: true });
                }
            }
            // A late answer of an app still counts, so its row stays; calls and timeouts end.
            (Route::App, 0) => unit.push(TimerWrite::Delete { partition, id: TimerId(job.0) }),
            (Route::App | Route::Http | Route::Builtin, _) => {}
        }
    }

    fn task_answered(&mut self, answer: &UserTaskAnswered, unit: &mut Unit) {
        if self.state.task(answer.task).is_none() {
            // The same commit closes it: the closing row carries the answer.
            return;
        }
        let Some(version) = self.next_version(answer.task) else { return };
        unit.push(TaskWrite::Answer {
            partition: self.session.partition,
            id: answer.task,
            expect_version: version,
            user: answer.user,
            status: answer_status(&answer.outcome),
            at: self.session.now,
        });
    }

    /// The version a conditional write on a task meets, counting this commit's own writes.
    fn next_version(&mut self, task: TaskId) -> Option<u64> {
        if self.net.tasks.contains_key(&task) {
            return None;
        }
        let read = self.session.task_versions.get(&task).copied()?;
        let own = self.net.task_writes.entry(task).or_default();
        *own += 1;
        Some(read + *own - 1)
    }

    fn task_closed(&mut self, task: TaskId, state: TaskState, answer: Option<(&str, UserId)>, unit: &mut Unit) {
        self.live
            .push(LiveEvent::new("task", task).with(json!({"state": state.as_str(), "instance": self.session.id})));
        let close = TaskClose {
            partition: self.session.partition,
            id: task,
            expect_version: None,
            state,
            outcome: answer.map(|(outcome, _)| outcome.to_owned()),
            by: answer.map(|(_, by)| by),
            at: self.session.now,
            status: answer.map_or(AnswerStatus::Waiting, |(_, by)| {
                self.net.answers.get(&(task, by)).map_or(AnswerStatus::Waiting, |a| answer_status(&a.outcome))
            }),
        };
        if let Some(created) = self.net.tasks.remove(&task) {
            // Came and went within the commit: a done one is shown among the done tasks, a cancelled one never was.
            if state == TaskState::Completed {
                unit.push(TaskWrite::Insert(Box::new(self.task_row(created))));
                unit.push(TaskWrite::Close(close));
            }
            return;
        }
        unit.push(TaskWrite::Close(close));
    }

    fn task_reassigned(&mut self, task: TaskId, unit: &mut Unit) {
        let Some(people) = self.session.people.get(&task) else { return };
        let Some(version) = self.next_version(task) else { return };
        unit.push(TaskWrite::Assign {
            partition: self.session.partition,
            id: task,
            expect_version: version,
            assignees: people.people.clone(),
            groups: people.groups.clone(),
        });
        self.live.push(task_event(task, self.session, people.people.iter().map(|p| p.user).collect()));
    }

    fn finish(&mut self, unit: &mut Unit) {
        for task in std::mem::take(&mut self.net.tasks).into_values() {
            let details = self.task_row(task);
            let users = details.assignees.iter().map(|a| a.user).collect();
            self.live.push(task_event(task.task, self.session, users));
            unit.push(TaskWrite::Insert(Box::new(details)));
        }
        for timer in std::mem::take(&mut self.net.timers).into_values() {
            self.after.timers.push(timer);
            unit.push(TimerWrite::Insert(timer));
        }
        for opened in std::mem::take(&mut self.net.subscriptions).into_values() {
            self.subscribed(opened, unit);
        }
        for raised in std::mem::take(&mut self.net.incidents).into_values() {
            let row = self.incident_row(raised);
            self.told.push(Told::opened(&row));
            unit.push(IncidentWrite::Insert(Box::new(row)));
            self.live
                .push(LiveEvent::new("incident", raised.incident).with(json!({"open": true, "code": raised.code})));
        }
        for (job, plan) in &self.session.plans {
            if self.state.job(*job).is_some_and(|j| j.retries > 0) {
                self.planned(*job, plan, unit);
            }
        }
    }

    /// Jobs of a suspended instance are not handed out (BPMN MG-8); whoever has one keeps his lease. Those that are
    /// planned anew in this unit get a row of their own, which says so itself.
    fn held(&mut self, unit: &mut Unit, held: bool) {
        let Some(before) = &self.session.before else { return };
        let partition = self.session.partition;
        let plans = &self.session.plans;
        let has_row = |id| before.instance.job(id).is_some() && !plans.contains_key(&id);
        for job in self.state.jobs().iter().filter(|job| job.retries > 0 && has_row(job.id)) {
            if Route::of(&job.job_type) == Route::External {
                unit.push(JobWrite::Hold { partition, id: job.id, held });
                self.after.job_types.push(job.job_type.to_string());
            }
        }
        self.after.resumed |= !held;
    }

    fn subscribed(&mut self, opened: &SubscriptionOpened, unit: &mut Unit) {
        let process = &self.deployment.process_id;
        let row = dealings::subscription(self.session, process, self.element_id(opened.element), opened);
        if row.kind == SubscriptionKind::Message {
            let (name, key, process) = (row.name.clone(), row.key.clone(), row.process_id.clone());
            self.after.opened.push(Look::Opened { name, key, process });
        }
        unit.push(ExchangeWrite::Subscribe(Box::new(row)));
    }

    fn planned(&mut self, job: JobId, plan: &JobPlan, unit: &mut Unit) {
        let partition = self.session.partition;
        // A retried job replaces its rows, if it still has some.
        let known = self.session.before.as_ref().is_some_and(|before| before.instance.job(job).is_some());
        if let Some(row) = &plan.row {
            match Route::of(&row.job_type) {
                Route::Script => self.after.scripts.push(JobRow::clone(row)),
                Route::External if row.lease_owner.is_none() => self.after.job_types.push(row.job_type.clone()),
                Route::External | Route::App | Route::Http | Route::Builtin => {}
            }
            if known {
                unit.push(JobWrite::Delete { partition, id: job });
            }
            unit.push(JobWrite::Insert(row.clone()));
            if self.state.is_suspended() && Route::of(&row.job_type) == Route::External {
                unit.push(JobWrite::Hold { partition, id: job, held: true });
            }
        }
        if let Some((kind, order)) = &plan.order {
            if known {
                unit.push(OutboxWrite::Delete { partition, id: OutboxId(job.0) });
            }
            unit.push(order_row(self.session, kind, order));
            self.after.outbox = true;
        }
        if let Some(due_at) = plan.timeout {
            let row = TimerRow { partition, id: TimerId(job.0), due_at, instance: self.session.id };
            if known {
                unit.push(TimerWrite::Delete { partition, id: row.id });
            }
            unit.push(TimerWrite::Insert(row));
            self.after.timers.push(row);
        }
    }

    fn task_row(&self, task: &UserTaskCreated) -> TaskDetails {
        let element = self.deployment.definition().element(task.element);
        let people = self.session.people.get(&task.task).cloned().unwrap_or_default();
        let form = match &task.form {
            Some(Form::Embedded(schema)) => schema.clone(),
            Some(Form::Id(id)) => json!({"formId": id}),
            None => Json::Null,
        };
        let row = TaskRow {
            partition: self.session.partition,
            id: task.task,
            instance: self.session.id,
            definition: self.state.definition(),
            process_name: self.deployment.name.clone(),
            element_key: task.element.0,
            element_id: element.id.to_string(),
            element_name: element.name.clone().unwrap_or_default(),
            kind: task_kind(task.kind).to_owned(),
            title: task.title.clone(),
            description: task.description.clone(),
            priority: i32::try_from(task.priority).unwrap_or(i32::MAX),
            due_at: task.due,
            created_at: self.session.now,
            state: TaskState::Open,
            completed_at: None,
            completed_by: None,
            outcome: None,
            version: 1,
            form,
            settings: object_json(&task.settings),
            input: object_json(&task.input),
            document: self.state.document(),
        };
        TaskDetails { task: row, assignees: people.people, groups: people.groups }
    }

    fn incident_row(&self, raised: &IncidentRaised) -> IncidentRow {
        IncidentRow {
            partition: self.session.partition,
            id: raised.incident,
            instance: self.session.id,
            definition: self.state.definition(),
            element_id: self.element_id(raised.element),
            element_key: raised.element.0,
            code: raised.code.clone(),
            message: raised.message.clone(),
            details: raised.details.clone().unwrap_or(Json::Null),
            at: self.session.now,
            resolved_at: None,
            resolved_by: None,
        }
    }

    fn element_id(&self, element: ElementIdx) -> String {
        self.deployment.definition().element(element).id.to_string()
    }
}

fn task_event(task: TaskId, session: &Session, users: Vec<UserId>) -> LiveEvent {
    LiveEvent::new("task", task).for_users(users).with(json!({"state": "open", "instance": session.id}))
}

/// Removes the rows that a job of this route may have.
fn delete_job(unit: &mut Unit, partition: model::PartitionId, job: JobId, route: Route) {
    match route {
        Route::Builtin => {}
        Route::External | Route::Script => unit.push(JobWrite::Delete { partition, id: job }),
        Route::Http => unit.push(OutboxWrite::Delete { partition, id: OutboxId(job.0) }),
        Route::App => {
            unit.push(JobWrite::Delete { partition, id: job });
            unit.push(OutboxWrite::Delete { partition, id: OutboxId(job.0) });
            unit.push(TimerWrite::Delete { partition, id: TimerId(job.0) });
        }
    }
}

/// Erases an instance with everything that is found by its ids.
fn erase(session: &mut Session, unit: &mut Unit) {
    let (partition, id) = (session.partition, session.id);
    if let Some(before) = &session.before {
        for open in before.instance.subscriptions() {
            unit.push(ExchangeWrite::Unsubscribe { partition, id: open.id });
        }
        for timer in before.instance.timers() {
            unit.push(TimerWrite::Delete { partition, id: timer.id });
        }
        for job in before.instance.jobs() {
            delete_job(unit, partition, job.id, Route::of(&job.job_type));
        }
        for task in before.instance.tasks() {
            session.live.push(LiveEvent::new("task", task.id).with(json!({"state": "canceled", "instance": id})));
        }
    }
    unit.push(InstanceWrite::Delete { partition, id });
    session.live.push(LiveEvent::new("instance", id).with(json!({"state": "erased"})));
}

/// The outbox row of a call; its number is the job's, so that whoever ends the job can take it back.
pub(crate) fn order_row(session: &Session, kind: &str, order: &crate::connectors::Order) -> OutboxWrite {
    OutboxWrite::Insert(Box::new(OutboxRow {
        partition: session.partition,
        id: OutboxId(order.job.0),
        kind: kind.to_owned(),
        key: format!("{}/{}/{}", order.instance, order.element_id, order.job.0),
        instance: Some(session.id),
        job: Some(order.job),
        payload: order_json(order),
        due_at: session.now,
        attempts: 0,
        first_at: session.now,
        state: OutboxState::Pending,
        last_error: None,
    }))
}

fn order_json(order: &crate::connectors::Order) -> Json {
    serde_json::to_value(order).expect("plain data with text keys always becomes JSON")
}

pub(crate) fn object_json(object: &model::Object) -> Json {
    Json::Object(object.iter().map(|(k, v)| (k.to_string(), v.to_json())).collect())
}

/// `form`, `approve`, `review`, `formOrRefuse`, as stored.
pub(crate) fn task_kind(kind: TaskKind) -> &'static str {
    match kind {
        TaskKind::Form => "form",
        TaskKind::Approve => "approve",
        TaskKind::Review => "review",
        TaskKind::FormOrRefuse => "formOrRefuse",
    }
}

/// Reads [`task_kind`].
pub(crate) fn parse_task_kind(text: &str) -> TaskKind {
    match text {
        "approve" => TaskKind::Approve,
        "review" => TaskKind::Review,
        "formOrRefuse" => TaskKind::FormOrRefuse,
        _ => TaskKind::Form,
    }
}

pub(crate) fn answer_status(outcome: &str) -> AnswerStatus {
    AnswerStatus::parse(outcome).unwrap_or(AnswerStatus::Ok)
}
