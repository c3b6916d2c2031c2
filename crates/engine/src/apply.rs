//! `apply`: one event changes the state. Total, deterministic, without time; used live and on replay.
//!
//! Never evaluates, never looks into the definition. An event about something that is gone changes nothing.

use crate::apply_activities::apply_activity;
use crate::event::{Event, IncidentRaised, InstanceCreated};
use crate::exchange::ChildOutcome;
use crate::state::{
    Answer, Child, ConversationKey, ElementInstance, Incident, Instance, InstanceState, Job, Phase, Rare, Reset,
    Subscription, Task, TimerState, WaitingFlow, Watcher,
};
use model::definition::{ElementIdx, FlowIdx, ROOT};
use model::{JobId, Object, TaskId, TimerId};
use std::sync::Arc;

impl Instance {
    /// The state after the first event of a journal; `None` when it is not [`Event::InstanceCreated`].
    pub fn created(event: &Event) -> Option<Self> {
        let Event::InstanceCreated(created) = event else { return None };
        Some(Self::new(created))
    }

    /// The state after a whole journal; `None` when it does not begin with [`Event::InstanceCreated`].
    pub fn replay<'e>(events: impl IntoIterator<Item = &'e Event>) -> Option<Self> {
        let mut events = events.into_iter();
        let mut instance = Self::created(events.next()?)?;
        events.for_each(|event| apply(&mut instance, event));
        Some(instance)
    }

    /// What expressions of a process are evaluated in before any instance of it exists.
    pub(crate) fn before_start(now: model::Timestamp, variables: Object) -> Self {
        let mut instance = Self::new(&InstanceCreated {
            instance: model::InstanceId(0),
            definition: model::DefinitionId(0),
            document: None,
            started_by: None,
            started_at: now,
            business_key: None,
            parameters: Object::new(),
            parent: None,
        });
        instance.elements[0].variables = Arc::new(variables);
        instance
    }

    pub(crate) fn new(created: &InstanceCreated) -> Self {
        let parameters = Arc::new(created.parameters.clone());
        let root = ElementInstance {
            key: 0,
            element: ROOT,
            scope: 0,
            phase: Phase::Active,
            children: 0,
            variables: no_variables(&parameters),
            result: None,
            thrown: 0,
        };
        Self {
            id: created.instance,
            definition: created.definition,
            document: created.document,
            started_by: created.started_by,
            started_at: created.started_at,
            business_key: created.business_key.as_deref().map(Arc::from),
            parameters,
            state: InstanceState::Active,
            title: None,
            next_key: 1,
            bytes: 0,
            elements: vec![root],
            waiting: Vec::new(),
            jobs: Vec::new(),
            tasks: Vec::new(),
            timers: Vec::new(),
            incidents: Vec::new(),
            parent: created.parent,
            subscriptions: Vec::new(),
            called: Vec::new(),
            listening: None,
            activities: Rare::default(),
        }
    }
}

/// Changes `instance` by `event`.
pub fn apply(instance: &mut Instance, event: &Event) {
    match event {
        Event::InstanceCreated(created) => *instance = Instance::new(created),
        Event::ElementActivated { key, element, scope } => element_activated(instance, *key, *element, *scope),
        Event::ElementCompleted { key, .. } | Event::ElementTerminated { key, .. } => element_left(instance, *key),
        Event::FlowTaken { flow, scope, waits: true } => token_waits(instance, *scope, *flow),
        Event::JoinPassed { scope, flows, .. } => join_passed(instance, *scope, flows),
        Event::VariablesSet { scope, values, .. } => variables_set(instance, *scope, values),
        Event::Triggered { .. }
        | Event::TriggerCollected { .. }
        | Event::TriggersMet { .. }
        | Event::ConditionArmed { .. }
        | Event::ConditionChecked { .. }
        | Event::ConditionDisarmed { .. }
        | Event::ConversationKeySet { .. }
        | Event::StartHeld { .. }
        | Event::ChangeHeld { .. }
        | Event::TokensDropped { .. }
        | Event::ResultsThrown { .. }
        | Event::ComplexPassed { .. } => apply_to_listening(instance, event),
        Event::StateTitleSet { text } => instance.title = Some(Arc::from(text.as_str())),
        Event::InstanceCompleted => ended(instance, InstanceState::Completed),
        Event::InstanceFailed { .. } => ended(instance, InstanceState::Failed),
        Event::InstanceCanceled { .. } => ended(instance, InstanceState::Canceled),
        Event::FlowTaken { waits: false, .. }
        | Event::ErrorRaised { .. }
        | Event::MessageThrown(_)
        | Event::SignalThrown(_)
        | Event::EscalationRaised { .. }
        | Event::TreeEnded { .. }
        | Event::ErrorCaught { .. }
        | Event::ChildCompensationRequested { .. }
        | Event::Logged { .. } => {}
        work => apply_to_work(instance, work),
    }
}

/// Jobs, tasks, timers, incidents.
fn apply_to_work(instance: &mut Instance, event: &Event) {
    match event {
        Event::JobCreated(job) => instance.jobs.push(Job {
            id: job.job,
            key: job.key,
            job_type: Arc::from(job.job_type.as_str()),
            retries: job.retries,
            tries: job.retries,
        }),
        Event::JobCompleted { job, key, result, .. } => {
            job_gone(instance, *job);
            let activities = &instance.activities;
            if activities.waiting_stage(*key).is_none() && activities.body(*key).is_none() {
                result_kept(instance, *key, result);
            }
        }
        Event::JobFailed { job, retries, .. } => tries_left(instance, *job, *retries),
        Event::JobRetried(again) => tries_left(instance, again.job, again.retries),
        Event::JobCanceled { job, .. } => job_gone(instance, *job),
        Event::UserTaskCreated(_)
        | Event::UserTaskAnswered(_)
        | Event::UserTaskCompleted(_)
        | Event::UserTaskCanceled { .. }
        | Event::UserTaskReassigned { .. } => apply_to_tasks(instance, event),
        Event::TimerArmed { timer, key, element, due, repeat, trigger } => instance.timers.push(TimerState {
            id: *timer,
            key: *key,
            element: *element,
            due: *due,
            repeat: repeat.clone(),
            trigger: *trigger,
        }),
        Event::TimerFired { timer, .. } | Event::TimerCanceled { timer, .. } => timer_gone(instance, *timer),
        Event::IncidentRaised(raised) => incident_raised(instance, raised),
        Event::IncidentResolved { incident, key, .. } => {
            let listening = instance.incidents.iter().any(|i| i.id == *incident && i.listening);
            instance.incidents.retain(|i| i.id != *incident);
            if !listening && let Some(element) = instance.element_mut(*key) {
                element.phase = Phase::Active;
            }
        }
        exchange => apply_to_exchange(instance, exchange),
    }
}

/// Subscriptions and called instances; then what activities remember.
fn apply_to_exchange(instance: &mut Instance, event: &Event) {
    match event {
        Event::SubscriptionOpened(opened) => instance.subscriptions.push(Subscription {
            id: opened.subscription,
            key: opened.key,
            element: opened.element,
            trigger: opened.trigger,
            awaited: opened.awaited.clone(),
        }),
        Event::SubscriptionClosed { subscription, .. } => instance.subscriptions.retain(|s| s.id != *subscription),
        Event::ChildStarted(started) => {
            if started.wait {
                instance.called.push(Child { id: started.child, key: started.key });
            }
        }
        Event::ChildCanceled { child, .. } => instance.called.retain(|c| c.id != *child),
        Event::ChildFinished { child, key, outcome } => {
            instance.called.retain(|c| c.id != *child);
            if let ChildOutcome::Completed { variables } = &**outcome {
                result_kept(instance, *key, variables);
            }
        }
        activity => apply_activity(instance, activity),
    }
}

fn apply_to_tasks(instance: &mut Instance, event: &Event) {
    match event {
        Event::UserTaskCreated(task) => instance.tasks.push(Task {
            id: task.task,
            key: task.key,
            assignees: Arc::new(task.assignees.clone()),
            answers: Vec::new(),
        }),
        Event::UserTaskAnswered(answer) => {
            if let Some(task) = instance.tasks.iter_mut().find(|t| t.id == answer.task) {
                task.answers.push(Answer {
                    user: answer.user,
                    outcome: Arc::from(answer.outcome.as_str()),
                    comment: answer.comment.as_deref().map(Arc::from),
                    values: Arc::new(answer.values.clone()),
                });
            }
        }
        Event::UserTaskCompleted(completed) => {
            task_gone(instance, completed.task);
            result_kept(instance, completed.key, &completed.result());
        }
        Event::UserTaskCanceled { task, .. } => task_gone(instance, *task),
        Event::UserTaskReassigned { task, assignees, .. } => {
            if let Some(open) = instance.tasks.iter_mut().find(|t| t.id == *task) {
                open.assignees = Arc::new(assignees.clone());
            }
        }
        _ => {}
    }
}

fn apply_to_listening(instance: &mut Instance, event: &Event) {
    match event {
        Event::Triggered { key, variables, .. } => result_kept(instance, *key, variables),
        Event::StartHeld { variables } => result_kept(instance, 0, variables),
        Event::ChangeHeld { key, change } => result_kept(instance, *key, change),
        Event::ResultsThrown { key, position } => {
            if let Some(element) = instance.element_mut(*key) {
                element.thrown = *position;
            }
        }
        Event::TokensDropped { scope } => {
            instance.waiting.retain(|w| w.scope != *scope);
            if let Some(listening) = &mut instance.listening {
                listening.resets.retain(|r| r.scope != *scope);
            }
        }
        Event::ComplexPassed { element, scope, flows, reset } => {
            join_passed(instance, *scope, flows);
            let resets = &mut instance.listening.get_or_insert_default().resets;
            resets.retain(|r| r.scope != *scope || r.element != *element);
            if !reset {
                resets.push(Reset { scope: *scope, element: *element, taken: flows.clone() });
            }
        }
        Event::TriggerCollected { key, element, trigger, variables } => {
            let collected = instance.listening.get_or_insert_default().collected_mut(*key, *element);
            collected.triggers.push(*trigger);
            Arc::make_mut(&mut collected.variables).extend(variables.iter().map(|(k, v)| (k.clone(), v.clone())));
        }
        Event::TriggersMet { key, element } => {
            let collected = &mut instance.listening.get_or_insert_default().collected;
            collected.retain(|c| c.key != *key || c.element != *element);
        }
        Event::ConditionArmed { key, element, trigger } => {
            let watcher = Watcher { key: *key, element: *element, trigger: *trigger, ..Watcher::default() };
            instance.listening.get_or_insert_default().watchers.push(watcher);
        }
        Event::ConditionChecked { key, element, trigger, holds, failures } => {
            let listening = instance.listening.get_or_insert_default();
            if let Some(watcher) = listening.watcher_mut(*key, *element, *trigger) {
                (watcher.holds, watcher.failures) = (*holds, *failures);
            }
        }
        Event::ConditionDisarmed { key, element, trigger } => {
            let listening = instance.listening.get_or_insert_default();
            listening.watchers.retain(|w| w.key != *key || w.element != *element || w.trigger != *trigger);
        }
        Event::ConversationKeySet { name, value } => {
            let conversation = &mut instance.listening.get_or_insert_default().conversation;
            conversation.retain(|k| *k.name != **name);
            conversation.push(ConversationKey { name: Arc::from(name.as_str()), value: Arc::from(value.as_str()) });
        }
        _ => {}
    }
}

fn element_activated(instance: &mut Instance, key: u32, element: ElementIdx, scope: u32) {
    if let Some(parent) = instance.element_mut(scope) {
        parent.children += 1;
    }
    instance.next_key = key + 1;
    instance.elements.push(ElementInstance {
        key,
        element,
        scope,
        phase: Phase::Active,
        children: 0,
        variables: no_variables(&instance.parameters),
        result: None,
        thrown: 0,
    });
}

/// Nothing yet: most runs never have variables of their own, and share the parameters where these are empty too.
fn no_variables(parameters: &Arc<Object>) -> Arc<Object> {
    if parameters.is_empty() { parameters.clone() } else { Arc::default() }
}

fn element_left(instance: &mut Instance, key: u32) {
    let Some(index) = instance.index(key).filter(|i| *i > 0) else { return };
    let gone = instance.elements.remove(index);
    instance.bytes = instance.bytes.saturating_sub(object_bytes(&gone.variables));
    instance.waiting.retain(|w| w.scope != key);
    if let Some(listening) = &mut instance.listening {
        listening.run_gone(key);
    }
    instance.activities.run_gone(key, gone.scope);
    if let Some(parent) = instance.element_mut(gone.scope) {
        parent.children = parent.children.saturating_sub(1);
    }
}

fn token_waits(instance: &mut Instance, scope: u32, flow: FlowIdx) {
    match instance.waiting.iter_mut().find(|w| w.scope == scope && w.flow == flow) {
        Some(waiting) => waiting.count += 1,
        None => instance.waiting.push(WaitingFlow { scope, flow, count: 1 }),
    }
}

fn join_passed(instance: &mut Instance, scope: u32, flows: &[FlowIdx]) {
    for waiting in &mut instance.waiting {
        if waiting.scope == scope && flows.contains(&waiting.flow) {
            waiting.count = waiting.count.saturating_sub(1);
        }
    }
    instance.waiting.retain(|w| w.count > 0);
}

fn variables_set(instance: &mut Instance, scope: u32, values: &Object) {
    let Some(index) = instance.index(scope) else { return };
    let variables = Arc::make_mut(&mut instance.elements[index].variables);
    for (name, value) in values {
        let added = name.len() + value.size_bytes();
        let old = variables.insert(name.clone(), value.clone());
        let removed = old.map_or(0, |old| name.len() + old.size_bytes());
        instance.bytes = (instance.bytes + added).saturating_sub(removed);
    }
}

fn result_kept(instance: &mut Instance, key: u32, result: &Object) {
    if let Some(element) = instance.element_mut(key) {
        element.result = Some(Arc::new(result.clone()));
    }
}

fn ended(instance: &mut Instance, state: InstanceState) {
    instance.state = state;
    instance.waiting.clear();
    let compensable = instance.parent.is_some_and(|p| p.compensable);
    instance.activities.ended(state == InstanceState::Completed && compensable);
    instance.listening = None;
}

fn incident_raised(instance: &mut Instance, raised: &IncidentRaised) {
    if raised.phase != Phase::Listening
        && let Some(element) = instance.element_mut(raised.key)
    {
        element.phase = raised.phase;
    }
    instance.incidents.push(Incident {
        id: raised.incident,
        key: raised.key,
        code: Arc::from(raised.code.as_str()),
        job: raised.job,
        listening: raised.phase == Phase::Listening,
    });
}

fn tries_left(instance: &mut Instance, job: JobId, retries: u32) {
    if let Some(open) = instance.jobs.iter_mut().find(|j| j.id == job) {
        open.retries = retries;
    }
}

fn job_gone(instance: &mut Instance, job: JobId) {
    instance.jobs.retain(|j| j.id != job);
}

fn task_gone(instance: &mut Instance, task: TaskId) {
    instance.tasks.retain(|t| t.id != task);
}

fn timer_gone(instance: &mut Instance, timer: TimerId) {
    instance.timers.retain(|t| t.id != timer);
}

/// Bytes counted against the limit of all variables of an instance.
pub(crate) fn object_bytes(object: &Object) -> usize {
    object.iter().map(|(name, value)| name.len() + value.size_bytes()).sum()
}
