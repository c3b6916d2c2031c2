//! From what the runtime shows of an instance to its wire shape.

use super::dto::*;
use crate::ApiState;
use crate::groups::incidents::incident_dto;
use crate::groups::people::Lookup;
use crate::groups::records::json;
use crate::groups::tasks::task_dto;
use model::Fault;
use runtime::{CallView, ElementState, InstanceSummary, InstanceView};

impl InstanceStateDto {
    /// The state of a name that the runtime gives.
    pub fn of(name: &str) -> Self {
        match name {
            "completed" => Self::Completed,
            "failed" => Self::Failed,
            "canceled" => Self::Canceled,
            _ => Self::Active,
        }
    }

    /// The runtime's name for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }
}

pub(super) fn instance_dto(s: InstanceSummary, lookup: &Lookup) -> InstanceDto {
    InstanceDto {
        id: s.id.to_string(),
        state: InstanceStateDto::of(&s.state),
        definition: DefinitionRefDto {
            id: s.definition.to_string(),
            name: s.definition_name,
            version: s.definition_version,
            process_id: s.process_id,
        },
        document: lookup.document(s.document),
        business_key: s.business_key,
        started_by: lookup.person(s.started_by),
        started_at: s.started_at.to_iso(),
        finished_at: s.finished_at.map(|at| at.to_iso()),
        updated_at: s.updated_at.to_iso(),
        state_title: s.state_title,
        incident_count: s.incidents,
        parent_id: s.parent.map(|id| id.to_string()),
        root_id: s.root.map(|id| id.to_string()),
        suspended: s.suspended,
    }
}

pub(super) async fn details_dto(api: &ApiState, view: InstanceView) -> Result<InstanceDetailsDto, Fault> {
    let of_tasks = view.tasks.iter().flat_map(|t| t.assignees.iter().map(|a| a.user).chain(t.completed_by));
    let people = of_tasks.chain(view.summary.started_by).collect();
    let records = view.summary.document.iter().map(|d| d.record).collect();
    let lookup = Lookup::load(api, people, records).await?;
    let flow = |(flow_id, count): (String, u32)| FlowCountDto { flow_id, count };
    Ok(InstanceDetailsDto {
        children: view.children.into_iter().map(|child| instance_dto(child, &lookup)).collect(),
        instance: instance_dto(view.summary, &lookup),
        bpmn: view.bpmn,
        elements: view.elements.into_iter().map(element_dto).collect(),
        taken_flows: view.taken_flows.into_iter().map(flow).collect(),
        waiting_flows: view.waiting.into_iter().map(flow).collect(),
        bodies: view.bodies.into_iter().map(body_dto).collect(),
        variables: view
            .variables
            .into_iter()
            .map(|s| ScopeDto { scope: s.scope, element_id: s.element_id, values: json(&s.values) })
            .collect(),
        incidents: view.incidents.into_iter().map(incident_dto).collect(),
        tasks: view.tasks.into_iter().map(|t| task_dto(t, &lookup)).collect(),
        jobs: view
            .jobs
            .into_iter()
            .map(|j| JobStateDto {
                id: j.id.to_string(),
                kind: j.job_type,
                element_id: j.element_id,
                retries: j.retries,
            })
            .collect(),
    })
}

fn body_dto(b: runtime::BodyView) -> BodyDto {
    let turn = |t: runtime::TurnView| TurnDto { key: t.key, number: t.number, item: t.item.to_json() };
    BodyDto {
        key: b.key,
        element_id: b.element_id,
        name: b.name,
        multi_instance: b.multi_instance,
        sequential: b.sequential,
        total: b.total,
        started: b.started,
        completed: b.completed,
        terminated: b.terminated,
        turns: b.turns.into_iter().map(turn).collect(),
    }
}

fn element_dto(e: runtime::ElementView) -> ElementDto {
    ElementDto {
        key: e.key,
        element_id: e.element_id,
        name: e.name,
        kind: e.kind.to_owned(),
        state: match e.state {
            ElementState::Active => ElementStateDto::Active,
            ElementState::Completed => ElementStateDto::Completed,
            ElementState::Terminated => ElementStateDto::Terminated,
            ElementState::Incident => ElementStateDto::Incident,
        },
        started_at: e.started_at.to_iso(),
        ended_at: e.ended_at.map(|at| at.to_iso()),
        count: e.count,
    }
}

pub(super) fn call_dto(c: CallView) -> CallDto {
    CallDto {
        id: c.id,
        at: c.at.to_iso(),
        instance_id: c.instance.map(|i| i.to_string()),
        element_id: c.element_id,
        attempt: c.attempt,
        url: c.url,
        request: c.request,
        status: c.status,
        response: c.response,
        duration_ms: c.duration_ms,
        error: c.error,
    }
}
