//! Events as readable JSON, for the history API and `ruslo run`.
//!
//! Elements and flows appear by their ids in the file; members without a value are left out.

use crate::event::{Event, IncidentRaised, InstanceCreated, JobCreated, UserTaskCreated};
use model::Object;
use model::definition::{ElementIdx, FlowIdx, ProcessDefinition};
use serde_json::{Map, Value as Json, json};

impl Event {
    /// The variant's name as the history shows it: `elementActivated`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::InstanceCreated(_) => "instanceCreated",
            Self::ElementActivated { .. } => "elementActivated",
            Self::ElementCompleted { .. } => "elementCompleted",
            Self::ElementTerminated { .. } => "elementTerminated",
            Self::FlowTaken { .. } => "flowTaken",
            Self::JoinPassed { .. } => "joinPassed",
            Self::VariablesSet { .. } => "variablesSet",
            Self::JobCreated(_) => "jobCreated",
            Self::JobCompleted { .. } => "jobCompleted",
            Self::JobFailed { .. } => "jobFailed",
            Self::JobRetried { .. } => "jobRetried",
            Self::JobCanceled { .. } => "jobCanceled",
            Self::UserTaskCreated(_) => "userTaskCreated",
            Self::UserTaskAnswered(_) => "userTaskAnswered",
            Self::UserTaskCompleted(_) => "userTaskCompleted",
            Self::UserTaskCanceled { .. } => "userTaskCanceled",
            Self::UserTaskReassigned { .. } => "userTaskReassigned",
            Self::TimerArmed { .. } => "timerArmed",
            Self::TimerFired { .. } => "timerFired",
            Self::TimerCanceled { .. } => "timerCanceled",
            Self::IncidentRaised(_) => "incidentRaised",
            Self::IncidentResolved { .. } => "incidentResolved",
            Self::ErrorRaised { .. } => "errorRaised",
            Self::ErrorCaught { .. } => "errorCaught",
            Self::Logged { .. } => "logged",
            Self::StateTitleSet { .. } => "stateTitleSet",
            Self::InstanceCompleted => "instanceCompleted",
            Self::InstanceFailed { .. } => "instanceFailed",
            Self::InstanceCanceled { .. } => "instanceCanceled",
        }
    }

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
            Event::InstanceFailed { code, message } => json!({"code": code, "message": message}),
            Event::InstanceCanceled { reason, by } => json!({"reason": reason, "by": by}),
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
            Event::JobRetried { job, key, retries, input } => {
                json!({"job": job, "key": key, "retries": retries, "input": context(input)})
            }
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
            Event::TimerArmed { timer, key, element, due, repeat } => json!({
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
            _ => Json::Null,
        }
    }

    fn job(&self, job: &JobCreated) -> Json {
        json!({
            "job": job.job, "key": job.key, "element": self.element(job.element), "type": job.job_type,
            "retries": job.retries, "input": context(&job.input),
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
        "parameters": (!created.parameters.is_empty()).then(|| context(&created.parameters)),
    })
}

fn context(object: &Object) -> Json {
    Json::Object(object.iter().map(|(name, value)| (name.to_string(), value.to_json())).collect())
}

fn some_list(names: &[String]) -> Option<&[String]> {
    (!names.is_empty()).then_some(names)
}
