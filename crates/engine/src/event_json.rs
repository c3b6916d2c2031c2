//! Events as readable JSON, for the history API and `ruslo run`.
//!
//! Elements and flows appear by their ids in the file; members without a value are left out.

use crate::event::{Event, IncidentRaised, InstanceCreated, JobCreated, UserTaskCreated};
use crate::exchange::ChildOutcome;
use model::Object;
use model::definition::{ElementIdx, FlowIdx, ProcessDefinition};
use serde_json::{Map, Value as Json, json};

impl Event {
    /// `{"event":"elementActivated","key":1,"element":"start","scope":0}`.
    pub fn to_json(&self, definition: &ProcessDefinition) -> Json {
        let names = Names(definition);
        let mut object = Map::new();
        object.insert("event".to_owned(), self.name().into());
        if let Json::Object(members) = names.members(self) {
            object.extend(members.into_iter().filter(|(_, value)| !value.is_null()));
        }
        Json::Object(object)
    }
}

/// The names of the variants, as the history shows them.
macro_rules! names {
    ($($variant:ident $name:literal)*) => {
        impl Event {
            /// The variant's name as the history shows it: `elementActivated`.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $name,)*
                }
            }
        }
    };
}

names! {
    InstanceCreated "instanceCreated"
    ElementActivated "elementActivated"
    ElementCompleted "elementCompleted"
    ElementTerminated "elementTerminated"
    FlowTaken "flowTaken"
    JoinPassed "joinPassed"
    VariablesSet "variablesSet"
    JobCreated "jobCreated"
    JobCompleted "jobCompleted"
    JobFailed "jobFailed"
    JobRetried "jobRetried"
    JobCanceled "jobCanceled"
    UserTaskCreated "userTaskCreated"
    UserTaskAnswered "userTaskAnswered"
    UserTaskCompleted "userTaskCompleted"
    UserTaskCanceled "userTaskCanceled"
    UserTaskReassigned "userTaskReassigned"
    TimerArmed "timerArmed"
    TimerFired "timerFired"
    TimerCanceled "timerCanceled"
    IncidentRaised "incidentRaised"
    IncidentResolved "incidentResolved"
    SubscriptionOpened "subscriptionOpened"
    SubscriptionClosed "subscriptionClosed"
    MessageThrown "messageThrown"
    SignalThrown "signalThrown"
    ChildStarted "childStarted"
    ChildCanceled "childCanceled"
    ChildFinished "childFinished"
    EscalationRaised "escalationRaised"
    TurnsPlanned "turnsPlanned"
    TurnStarted "turnStarted"
    TurnEnded "turnEnded"
    TurnAdded "turnAdded"
    CompensationRecorded "compensationRecorded"
    CompensationThrown "compensationThrown"
    CompensationStarted "compensationStarted"
    CompensationDone "compensationDone"
    CompensationEnded "compensationEnded"
    ChildCompensationRequested "childCompensationRequested"
    CompensationRequested "compensationRequested"
    AdHocQueued "adHocQueued"
    AdHocTaken "adHocTaken"
    AdHocOutput "adHocOutput"
    AdHocClosing "adHocClosing"
    StageWaits "stageWaits"
    StagePassed "stagePassed"
    MutexRequested "mutexRequested"
    MutexGranted "mutexGranted"
    MutexReleased "mutexReleased"
    InstanceSuspended "instanceSuspended"
    InstanceResumed "instanceResumed"
    TokensTaken "tokensTaken"
    UserTaskReopened "userTaskReopened"
    UserTaskCorrected "userTaskCorrected"
    ChangeHeld "changeHeld"
    RunMoved "runMoved"
    InstanceMigrated "instanceMigrated"
    ErrorRaised "errorRaised"
    ErrorCaught "errorCaught"
    Triggered "triggered"
    TriggerCollected "triggerCollected"
    ConditionArmed "conditionArmed"
    ConditionChecked "conditionChecked"
    ConditionDisarmed "conditionDisarmed"
    ConversationKeySet "conversationKeySet"
    TriggersMet "triggersMet"
    StartHeld "startHeld"
    TokensDropped "tokensDropped"
    ResultsThrown "resultsThrown"
    ComplexPassed "complexPassed"
    TreeEnded "treeEnded"
    Logged "logged"
    StateTitleSet "stateTitleSet"
    InstanceCompleted "instanceCompleted"
    InstanceFailed "instanceFailed"
    InstanceCanceled "instanceCanceled"
}

struct Names<'d>(&'d ProcessDefinition);

impl Names<'_> {
    /// Total: an index of another definition's event shows as its number.
    fn element(&self, element: ElementIdx) -> Json {
        let found = self.0.elements.get(element.0 as usize);
        found.map_or_else(|| element.0.into(), |e| Json::from(&*e.id))
    }

    fn flow(&self, flow: FlowIdx) -> Json {
        let found = self.0.flows.get(flow.0 as usize);
        found.map_or_else(|| flow.0.into(), |f| Json::from(&*f.id))
    }

    fn members(&self, event: &Event) -> Json {
        match event {
            Event::InstanceCreated(created) => created_json(created),
            Event::ElementActivated { key, element, scope } => {
                json!({"key": key, "element": self.element(*element), "scope": scope})
            }
            Event::ElementCompleted { key, element } | Event::ElementTerminated { key, element } => {
                json!({"key": key, "element": self.element(*element)})
            }
            Event::FlowTaken { flow, scope, waits } => {
                json!({"flow": self.flow(*flow), "scope": scope, "waits": waits.then_some(true)})
            }
            Event::JoinPassed { element, scope, flows } => {
                let flows: Vec<Json> = flows.iter().map(|f| self.flow(*f)).collect();
                json!({"element": self.element(*element), "scope": scope, "flows": flows})
            }
            Event::VariablesSet { scope, values, by } => json!({"scope": scope, "values": context(values), "by": by}),
            Event::ErrorRaised { key, element, code, message } => {
                json!({"key": key, "element": self.element(*element), "code": code, "message": message})
            }
            Event::ErrorCaught { key, element, code } => {
                json!({"key": key, "element": self.element(*element), "code": code})
            }
            Event::Logged { key, element, text, level, by } => {
                let element = element.map(|e| self.element(e));
                json!({"key": key, "element": element, "text": text, "level": level, "by": by})
            }
            Event::StateTitleSet { text } => json!({"text": text}),
            Event::InstanceCompleted => json!({}),
            Event::InstanceFailed { code, message, variables } => {
                json!({"code": code, "message": message, "variables": some_context(variables)})
            }
            Event::InstanceCanceled { reason, by } => json!({"reason": reason, "by": by}),
            Event::EscalationRaised { key, element, code, variables, caught } => json!({
                "key": key, "element": self.element(*element), "code": code, "variables": some_context(variables),
                "caught": caught,
            }),
            Event::TokensDropped { scope } => json!({"scope": scope}),
            Event::ComplexPassed { element, scope, flows, reset } => {
                let flows: Vec<Json> = flows.iter().map(|f| self.flow(*f)).collect();
                json!({
                    "element": self.element(*element), "scope": scope, "flows": flows, "reset": reset.then_some(true),
                })
            }
            Event::ResultsThrown { key, position } => json!({"key": key, "position": position}),
            Event::TreeEnded { key } => json!({"key": key}),
            Event::ConversationKeySet { name, value } => json!({"name": name, "value": value}),
            Event::StartHeld { variables } => json!({"variables": some_context(variables)}),
            Event::TriggersMet { key, element } => json!({"key": key, "element": self.element(*element)}),
            work => self.work(work),
        }
    }

    /// Jobs, tasks, timers and incidents.
    fn work(&self, event: &Event) -> Json {
        match event {
            Event::JobCreated(job) => self.job(job),
            Event::JobCompleted { job, key, result, by } => {
                json!({"job": job, "key": key, "result": context(result), "by": by})
            }
            Event::JobFailed { job, key, retries, retry_at, code, message } => json!({
                "job": job, "key": key, "retries": retries, "retryAt": retry_at.map(|at| at.to_iso()),
                "code": code, "message": message,
            }),
            Event::JobRetried(again) => json!({
                "job": again.job, "key": again.key, "retries": again.retries, "input": context(&again.input),
            }),
            Event::JobCanceled { job, key } => json!({"job": job, "key": key}),
            Event::UserTaskCreated(task) => self.task(task),
            Event::UserTaskAnswered(answer) => json!({
                "task": answer.task, "key": answer.key, "user": answer.user, "outcome": answer.outcome,
                "comment": answer.comment, "values": context(&answer.values),
            }),
            Event::UserTaskCompleted(done) => json!({
                "task": done.task, "key": done.key, "outcome": done.outcome, "values": context(&done.values),
                "by": done.by,
            }),
            Event::UserTaskCanceled { task, key } => json!({"task": task, "key": key}),
            Event::UserTaskReassigned { task, key, assignees, by } => {
                json!({"task": task, "key": key, "assignees": assignees, "by": by})
            }
            Event::TimerArmed { timer, key, element, due, repeat, .. } => json!({
                "timer": timer, "key": key, "element": self.element(*element), "due": due.to_iso(),
                "interval": repeat.as_ref().map(|r| &r.interval),
            }),
            Event::TimerFired { timer, key } | Event::TimerCanceled { timer, key } => {
                json!({"timer": timer, "key": key})
            }
            Event::IncidentRaised(raised) => self.incident(raised),
            Event::IncidentResolved { incident, key, retried, by } => {
                json!({"incident": incident, "key": key, "retried": retried, "by": by})
            }
            exchange => self.exchange(exchange),
        }
    }

    /// Subscriptions, messages, signals, called instances.
    fn exchange(&self, event: &Event) -> Json {
        match event {
            Event::SubscriptionOpened(opened) => json!({
                "subscription": opened.subscription, "key": opened.key, "element": self.element(opened.element),
                "awaited": opened.awaited,
            }),
            Event::SubscriptionClosed { subscription, key } => json!({"subscription": subscription, "key": key}),
            Event::MessageThrown(thrown) => json!({
                "key": thrown.key, "element": self.element(thrown.element), "name": thrown.name,
                "correlationKey": thrown.correlation_key, "messageId": thrown.id, "ttlMs": thrown.ttl_ms,
                "variables": some_context(&thrown.variables), "target": thrown.target,
            }),
            Event::SignalThrown(thrown) => json!({
                "key": thrown.key, "element": self.element(thrown.element), "name": thrown.name,
                "variables": some_context(&thrown.variables), "ownTree": thrown.own_tree.then_some(true),
            }),
            Event::ChildStarted(started) => json!({
                "key": started.key, "element": self.element(started.element), "child": started.child,
                "process": started.process, "binding": started.binding, "variables": context(&started.variables),
                "businessKey": started.business_key, "wait": started.wait,
                "compensable": started.compensable.then_some(true),
            }),
            Event::ChildCanceled { child, key } => json!({"child": child, "key": key}),
            Event::ChildFinished { child, key, outcome } => {
                json!({"child": child, "key": key, "outcome": outcome_json(outcome)})
            }
            Event::Triggered { key, element, variables, .. }
            | Event::TriggerCollected { key, element, variables, .. } => {
                json!({"key": key, "element": self.element(*element), "variables": some_context(variables)})
            }
            Event::ConditionArmed { key, element, .. } | Event::ConditionDisarmed { key, element, .. } => {
                json!({"key": key, "element": self.element(*element)})
            }
            Event::ConditionChecked { key, element, holds, failures, .. } => json!({
                "key": key, "element": self.element(*element), "holds": holds,
                "failures": (*failures > 0).then_some(failures),
            }),
            activity => self.activity(activity),
        }
    }

    /// Turns, compensation, ad-hoc choices, stages, mutexes, migration.
    fn activity(&self, event: &Event) -> Json {
        match event {
            Event::TurnsPlanned(planned) => json!({
                "key": planned.key, "total": (planned.total > 0).then_some(planned.total),
                "items": (!planned.items.is_null()).then(|| planned.items.to_json()),
            }),
            Event::TurnStarted { key, turn, index } => json!({"key": key, "turn": turn, "index": index}),
            Event::TurnEnded { key, turn, output } => json!({"key": key, "turn": turn, "output": output.to_json()}),
            Event::TurnAdded { key, item, by } => json!({"key": key, "item": item.to_json(), "by": by}),
            Event::CompensationRecorded(recorded) => json!({
                "key": recorded.key, "element": self.element(recorded.element), "scope": recorded.scope,
                "child": recorded.child,
            }),
            Event::CompensationThrown(thrown) => json!({
                "key": thrown.key, "scope": thrown.scope, "then": thrown.then,
                "activity": thrown.activity.map(|a| self.element(a)), "records": thrown.records,
            }),
            Event::CompensationStarted { key, record, element, handler, child } => json!({
                "key": key, "record": record, "element": self.element(*element), "handler": handler, "child": child,
            }),
            Event::CompensationDone { key, record } => json!({"key": key, "record": record}),
            Event::CompensationEnded { key } => json!({"key": key}),
            Event::ChildCompensationRequested { child, key } => json!({"child": child, "key": key}),
            Event::AdHocQueued { key, element, variables } => {
                json!({"key": key, "element": self.element(*element), "variables": some_context(variables)})
            }
            Event::AdHocTaken { key } => json!({"key": key}),
            Event::AdHocOutput { key, output } => json!({"key": key, "output": output.to_json()}),
            Event::AdHocClosing { key, completed } => json!({"key": key, "completed": completed}),
            other => self.administration(other),
        }
    }

    fn administration(&self, event: &Event) -> Json {
        match event {
            Event::StageWaits { key, after, stage } | Event::StagePassed { key, after, stage } => {
                json!({"key": key, "after": after.then_some(true), "stage": stage})
            }
            Event::MutexRequested { key, name } | Event::MutexReleased { key, name } => {
                json!({"key": key, "name": name})
            }
            Event::MutexGranted { key } => json!({"key": key}),
            Event::ChangeHeld { key, change } => json!({"key": key, "change": some_context(change)}),
            Event::RunMoved { key, scope } => json!({"key": key, "scope": scope}),
            Event::UserTaskReopened { task, key, reason } => json!({"task": task, "key": key, "reason": reason}),
            Event::UserTaskCorrected { task, key, values } => {
                json!({"task": task, "key": key, "values": context(values)})
            }
            Event::InstanceSuspended { reason, by } => json!({"reason": reason, "by": by}),
            Event::InstanceResumed { by } => json!({"by": by}),
            Event::TokensTaken { element, scope, flows } => {
                let flows: Vec<Json> = flows.iter().map(|f| self.flow(*f)).collect();
                json!({"element": self.element(*element), "scope": scope, "flows": flows})
            }
            Event::InstanceMigrated(migrated) => json!({
                "definition": migrated.definition, "reason": migrated.reason,
                "elements": migrated.elements.iter().map(|(_, new)| self.element(*new)).collect::<Vec<_>>(),
            }),
            _ => Json::Null,
        }
    }

    fn job(&self, job: &JobCreated) -> Json {
        json!({
            "job": job.job, "key": job.key, "element": self.element(job.element), "type": job.job_type,
            "retries": job.retries, "backoffMs": job.backoff, "input": context(&job.input),
        })
    }

    fn task(&self, task: &UserTaskCreated) -> Json {
        json!({
            "task": task.task, "key": task.key, "element": self.element(task.element), "kind": task.kind,
            "title": task.title, "assignees": some_list(&task.assignees),
            "candidateUsers": some_list(&task.candidate_users),
            "candidateGroups": some_list(&task.candidate_groups),
            "due": task.due.map(|due| due.to_iso()), "priority": task.priority,
        })
    }

    fn incident(&self, raised: &IncidentRaised) -> Json {
        json!({
            "incident": raised.incident, "key": raised.key, "element": self.element(raised.element),
            "phase": raised.phase, "job": raised.job, "code": raised.code, "message": raised.message,
            "details": raised.details,
        })
    }
}

fn created_json(created: &InstanceCreated) -> Json {
    json!({
        "instance": created.instance, "definition": created.definition,
        "document": created.document.map(|d| d.record), "startedBy": created.started_by,
        "startedAt": created.started_at.to_iso(), "businessKey": created.business_key,
        "parent": created.parent,
        "parameters": (!created.parameters.is_empty()).then(|| context(&created.parameters)),
    })
}

fn outcome_json(outcome: &ChildOutcome) -> Json {
    match outcome {
        ChildOutcome::Completed { variables } => json!({"completed": context(variables)}),
        ChildOutcome::Failed { code, message, data } => {
            json!({"failed": {"code": code, "message": message, "variables": some_context(data)}})
        }
        ChildOutcome::Compensated => json!("compensated"),
        ChildOutcome::Canceled { reason } => json!({"canceled": reason}),
        ChildOutcome::NotStarted { code, message } => json!({"notStarted": {"code": code, "message": message}}),
    }
}

fn context(object: &Object) -> Json {
    Json::Object(object.iter().map(|(name, value)| (name.to_string(), value.to_json())).collect())
}

fn some_context(object: &Object) -> Option<Json> {
    (!object.is_empty()).then(|| context(object))
}

fn some_list(names: &[String]) -> Option<&[String]> {
    (!names.is_empty()).then_some(names)
}
