//! One process instance: a tree of element instances, the joins' waiting tokens, open work and variables.
//!
//! Owns: the state between steps. Invariant: changed by [`crate::apply()`] only; tokens are derived (BPMN TK-2), never
//! counted. Never: looks into the definition, reads a clock.

use super::activities::{Activities, Rare};
use super::listening::{Listening, Watcher};
use crate::exchange::{Awaited, ParentLink};
use model::definition::{ElementIdx, FlowIdx};
use model::{
    DefinitionId, DocumentRef, IncidentId, InstanceId, JobId, Object, SubscriptionId, TaskId, TimerId, Timestamp,
    UserId, Value,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Whether the instance runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InstanceState {
    /// It runs or waits.
    Active,
    /// It ended normally.
    Completed,
    /// It ended by an uncaught business error.
    Failed,
    /// It was cancelled.
    Canceled,
}

impl InstanceState {
    /// `active`, `completed`, `failed`, `canceled`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }
}

/// Where an element's run stands (BPMN TK-8). Between steps it is `Active` unless an incident stopped it elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Input mapping and boundary events.
    Activating,
    /// Its own work.
    Active,
    /// Its result becomes variables.
    Completing,
    /// Output mapping.
    Mapping,
    /// Choosing the outgoing flows.
    Leaving,
    /// Nothing of its own: what it listens to, or a join in it, could not be evaluated.
    Listening,
}

/// The run of one element. Key 0 is the process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ElementInstance {
    /// Its number in the instance, growing.
    pub key: u32,
    /// What it runs.
    pub element: ElementIdx,
    /// Key of the run that contains it; the process contains itself.
    pub scope: u32,
    /// Where it stands.
    pub phase: Phase,
    /// How many runs it contains.
    pub children: u32,
    /// Its local variables.
    pub variables: Arc<Object>,
    /// What its job, task or trigger gave, until it became variables.
    pub result: Option<Arc<Object>>,
    /// Of an event with several results: how many it threw.
    #[serde(default)]
    pub thrown: u32,
}

/// Tokens on a flow that leads to a join which can not pass yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingFlow {
    /// The scope they are in.
    pub scope: u32,
    /// The flow.
    pub flow: FlowIdx,
    /// How many.
    pub count: u32,
}

/// An open job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// The run that waits for it.
    pub key: u32,
    /// Who can do it.
    pub job_type: Arc<str>,
    /// Tries left; 0 = an incident holds it.
    pub retries: u32,
    /// Tries of a fresh series.
    pub tries: u32,
}

/// An open user task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// The run that waits for it.
    pub key: u32,
    /// Who is asked.
    pub assignees: Arc<Vec<String>>,
    /// Answers so far, in order.
    pub answers: Vec<Answer>,
}

/// One person's answer to an open task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Who.
    pub user: UserId,
    /// `yes`, `no`, `ok`, `cancel`.
    pub outcome: Arc<str>,
    /// A remark.
    pub comment: Option<Arc<str>>,
    /// The form's values.
    pub values: Arc<Object>,
}

/// An armed timer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimerState {
    /// Its id.
    pub id: TimerId,
    /// The catch event's run, or the host's when `element` is a boundary event.
    pub key: u32,
    /// The catch or boundary event.
    pub element: ElementIdx,
    /// When it fires.
    pub due: Timestamp,
    /// How it goes on after that.
    pub repeat: Option<Repeat>,
    /// Position among the element's triggers.
    #[serde(default)]
    pub trigger: u32,
}

/// The rest of a cycle: firing `turn` is at `anchor` + `turn` intervals (BPMN TM-4: no drift).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Repeat {
    /// ISO 8601 duration, or cron.
    pub interval: String,
    /// Where counting begins.
    pub anchor: Timestamp,
    /// The number of the armed firing, counted from the anchor.
    pub turn: u32,
    /// The last firing; endless when absent.
    pub last_turn: Option<u32>,
    /// No firing after this instant.
    pub end: Option<Timestamp>,
}

/// An open incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Its id.
    pub id: IncidentId,
    /// The run that waits.
    pub key: u32,
    /// A registered code.
    pub code: Arc<str>,
    /// The job whose tries are used up.
    pub job: Option<JobId>,
    /// It stops nothing of the run itself: what the run listens to, or a join in it, could not be evaluated.
    #[serde(default)]
    pub listening: bool,
}

/// An open subscription.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Subscription {
    /// Its id.
    pub id: SubscriptionId,
    /// The run it belongs to.
    pub key: u32,
    /// The element that catches it.
    pub element: ElementIdx,
    /// Position among the element's triggers.
    pub trigger: u32,
    /// What is waited for.
    pub awaited: Awaited,
}

/// A called instance that is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Child {
    /// Its id.
    pub id: InstanceId,
    /// The run of the call activity.
    pub key: u32,
}

/// One process instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    pub(crate) id: InstanceId,
    pub(crate) definition: DefinitionId,
    pub(crate) document: Option<DocumentRef>,
    pub(crate) started_by: Option<UserId>,
    pub(crate) started_at: Timestamp,
    pub(crate) business_key: Option<Arc<str>>,
    pub(crate) parameters: Arc<Object>,
    pub(crate) state: InstanceState,
    pub(crate) title: Option<Arc<str>>,
    pub(crate) next_key: u32,
    /// Bytes of all variables, kept so that the limit costs nothing to check.
    pub(crate) bytes: usize,
    /// By key, growing; `[0]` is the process and stays after the end.
    pub(crate) elements: Vec<ElementInstance>,
    pub(crate) waiting: Vec<WaitingFlow>,
    pub(crate) jobs: Vec<Job>,
    pub(crate) tasks: Vec<Task>,
    pub(crate) timers: Vec<TimerState>,
    pub(crate) incidents: Vec<Incident>,
    #[serde(default)]
    pub(crate) parent: Option<ParentLink>,
    #[serde(default)]
    pub(crate) subscriptions: Vec<Subscription>,
    /// Called instances that are waited for.
    #[serde(default)]
    pub(crate) called: Vec<Child>,
    #[serde(default)]
    pub(crate) activities: Rare,
    /// What events and gateways remember; none for most.
    #[serde(default)]
    pub(crate) listening: Option<Box<Listening>>,
}

impl Instance {
    /// Its id.
    pub fn id(&self) -> InstanceId {
        self.id
    }
    /// The deployed version it runs.
    pub fn definition(&self) -> DefinitionId {
        self.definition
    }
    /// The record it runs for.
    pub fn document(&self) -> Option<DocumentRef> {
        self.document
    }
    /// Who started it.
    pub fn started_by(&self) -> Option<UserId> {
        self.started_by
    }
    /// When it was started.
    pub fn started_at(&self) -> Timestamp {
        self.started_at
    }
    /// The caller's name for it.
    pub fn business_key(&self) -> Option<&str> {
        self.business_key.as_deref()
    }
    /// Values of the declared parameters (Bitrix templates).
    pub fn parameters(&self) -> &Object {
        &self.parameters
    }
    /// Whether it runs.
    pub fn state(&self) -> InstanceState {
        self.state
    }
    /// The text people see as its state.
    pub fn state_title(&self) -> Option<&str> {
        self.title.as_deref()
    }
    /// Element instances by key, growing. The first is the process.
    pub fn elements(&self) -> &[ElementInstance] {
        &self.elements
    }
    /// Tokens that wait at joins.
    pub fn waiting(&self) -> &[WaitingFlow] {
        &self.waiting
    }
    /// Open jobs.
    pub fn jobs(&self) -> &[Job] {
        &self.jobs
    }
    /// Open user tasks.
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }
    /// Armed timers.
    pub fn timers(&self) -> &[TimerState] {
        &self.timers
    }
    /// What events and gateways remember beyond timers and subscriptions.
    pub fn listening(&self) -> Option<&Listening> {
        self.listening.as_deref()
    }
    /// Conditions that are watched.
    pub fn watchers(&self) -> &[Watcher] {
        self.listening.as_ref().map_or(&[], |l| &l.watchers)
    }
    /// Who called it and waits.
    pub fn parent(&self) -> Option<&ParentLink> {
        self.parent.as_ref()
    }
    /// Open subscriptions.
    pub fn subscriptions(&self) -> &[Subscription] {
        &self.subscriptions
    }
    /// Called instances that are waited for.
    pub fn called(&self) -> &[Child] {
        &self.called
    }
    /// Turns, compensation records, ad-hoc choices, stages, mutexes.
    pub fn activities(&self) -> &Activities {
        &self.activities
    }
    /// Nothing goes on by itself: timers are late, jobs are not handed out (BPMN MG-8).
    pub fn is_suspended(&self) -> bool {
        self.activities.suspended
    }
    /// Whether it has ended and may still be asked to compensate itself (BPMN CO-7): its state is kept whole.
    pub fn keeps_records(&self) -> bool {
        self.state == InstanceState::Completed && !self.activities.records.is_empty()
    }
    /// Open incidents.
    pub fn incidents(&self) -> &[Incident] {
        &self.incidents
    }
    /// The element instance `key`.
    pub fn element(&self, key: u32) -> Option<&ElementInstance> {
        self.index(key).map(|i| &self.elements[i])
    }
    /// The open job.
    pub fn job(&self, job: JobId) -> Option<&Job> {
        self.jobs.iter().find(|j| j.id == job)
    }
    /// The open user task.
    pub fn task(&self, task: TaskId) -> Option<&Task> {
        self.tasks.iter().find(|t| t.id == task)
    }
    /// Whether an incident holds the element instance.
    pub fn has_incident(&self, key: u32) -> bool {
        self.incidents.iter().any(|i| i.key == key)
    }
    /// The process's variables.
    pub fn variables(&self) -> &Object {
        &self.elements[0].variables
    }
    /// The variable that an element instance sees: the nearest scope upwards (BPMN VA-2).
    pub fn variable(&self, key: u32, name: &str) -> Option<&Value> {
        let mut at = self.element(key)?;
        loop {
            if let Some(value) = at.variables.get(name) {
                return Some(value);
            }
            if at.key == 0 {
                return None;
            }
            at = self.element(at.scope)?;
        }
    }
    /// All variables that an element instance sees.
    pub fn visible_variables(&self, key: u32) -> Object {
        let Some(at) = self.element(key) else { return Object::new() };
        if at.key == 0 {
            return Object::clone(&at.variables);
        }
        let mut all = self.visible_variables(at.scope);
        all.extend(at.variables.iter().map(|(k, v)| (k.clone(), v.clone())));
        all
    }

    pub(crate) fn index(&self, key: u32) -> Option<usize> {
        self.elements.binary_search_by_key(&key, |e| e.key).ok()
    }
    pub(crate) fn element_mut(&mut self, key: u32) -> Option<&mut ElementInstance> {
        self.index(key).map(|i| &mut self.elements[i])
    }
}
