//! The page of one instance: what is active, where the tokens went, who is asked, what failed.

use super::journal::{self, Step};
use super::{incidents, large, row, summary};
use crate::core::{Core, instance_not_found};
use crate::deploy::kind_name;
use crate::tasks;
use crate::types::{
    BodyView, ElementState, ElementView, HistoryEntry, InstanceFilter, InstanceView, JobView, Page, ScopeVariables,
    TaskFilter, TurnView,
};
use engine::{Event, Instance, InstanceState};
use indexmap::IndexMap;
use model::definition::{ElementIdx, FlowIdx, ProcessDefinition, Repetition};
use model::{Fault, InstanceId, Timestamp};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// Incidents and tasks shown on the page.
const SHOWN_MAX: u32 = 500;

/// Everything the page shows.
pub(crate) async fn view(core: &Core, id: InstanceId) -> Result<InstanceView, Fault> {
    let stored = core.store.load_instances(&[id]).await?.pop().ok_or_else(|| instance_not_found(id))?;
    let deployment = core.deployments.get(stored.row.definition).await?;
    let definition = deployment.definition();
    let mut trace = Trace::default();
    let journal = journal::read(core, id).await?;
    for step in &journal {
        step.events.iter().for_each(|event| trace.event(event, step.at));
    }
    let state = match stored.row.state {
        store::InstanceState::Active => large::instance(core, &stored).await?.0,
        _ => journal::replay(id, &journal)?,
    };
    let source = core.store.definition_source(stored.row.definition).await?;
    let shown = Page { limit: SHOWN_MAX, offset: 0 };
    let filter = TaskFilter { instance: Some(id), ..TaskFilter::default() };
    Ok(InstanceView {
        bpmn: source.map(|s| s.view).unwrap_or_default(),
        elements: trace.elements(definition, &state),
        taken_flows: trace.flows.iter().map(|(flow, n)| (flow_id(definition, *flow), *n)).collect(),
        waiting: state.waiting().iter().map(|w| (flow_id(definition, w.flow), w.count)).collect(),
        bodies: bodies(definition, &state),
        variables: variables(definition, &state),
        incidents: incidents(core, Some(true), Some(id), shown).await?.items,
        tasks: tasks::list(core, &filter, shown).await?.items,
        jobs: jobs(definition, &state),
        children: super::list(core, &of_caller(id), shown).await?.items,
        summary: summary(core, stored.row).await?,
    })
}

fn of_caller(id: InstanceId) -> InstanceFilter {
    InstanceFilter { parent: Some(id), ..InstanceFilter::default() }
}

/// The journal as readable events, oldest first.
pub(crate) async fn history(core: &Core, id: InstanceId) -> Result<Vec<HistoryEntry>, Fault> {
    let instance = row(core, id).await?;
    let deployment = core.deployments.get(instance.definition).await?;
    let definition = deployment.definition();
    let mut entries = Vec::new();
    for Step { at, events, .. } in journal::read(core, id).await? {
        for event in &events {
            let json = event.to_json(definition);
            let element_id = json.get("element").and_then(Json::as_str).map(str::to_owned);
            let element = element_id.as_deref().and_then(|id| definition.find(id));
            entries.push(HistoryEntry {
                seq: entries.len() as u64 + 1,
                at,
                kind: event.name().to_owned(),
                element_name: element.and_then(|idx| definition.element(idx).name.clone()),
                element_id,
                event: json,
            });
        }
    }
    Ok(entries)
}

/// What the journal tells about elements and flows.
#[derive(Default)]
struct Trace {
    /// By element, in the order of first entry.
    runs: IndexMap<ElementIdx, Run>,
    flows: BTreeMap<FlowIdx, u32>,
}

struct Run {
    key: u32,
    count: u32,
    started_at: Timestamp,
    ended: Option<(Timestamp, ElementState)>,
}

impl Trace {
    fn event(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::ElementActivated { key, element, .. } => {
                let run = self.runs.entry(*element).or_insert(Run { key: *key, count: 0, started_at: at, ended: None });
                run.key = *key;
                run.count += 1;
                run.started_at = at;
                run.ended = None;
            }
            Event::ElementCompleted { key, element } => self.end(*key, *element, at, ElementState::Completed),
            Event::ElementTerminated { key, element } => self.end(*key, *element, at, ElementState::Terminated),
            Event::FlowTaken { flow, .. } => *self.flows.entry(*flow).or_default() += 1,
            _ => {}
        }
    }

    fn end(&mut self, key: u32, element: ElementIdx, at: Timestamp, state: ElementState) {
        if let Some(run) = self.runs.get_mut(&element).filter(|run| run.key == key) {
            run.ended = Some((at, state));
        }
    }

    fn elements(&self, definition: &ProcessDefinition, state: &Instance) -> Vec<ElementView> {
        let view = |(idx, run): (&ElementIdx, &Run)| {
            let element = definition.elements.get(idx.0 as usize)?;
            // Another run of the same element may still go on.
            let active = state.elements().iter().filter(|e| e.element == *idx && e.key != 0);
            let active: Vec<u32> = active.map(|e| e.key).collect();
            let held = active.iter().any(|key| state.has_incident(*key));
            let (shown, ended_at) = match (active.is_empty(), run.ended) {
                (false, _) if held => (ElementState::Incident, None),
                (false, _) => (ElementState::Active, None),
                (true, Some((at, ended))) => (ended, Some(at)),
                (true, None) => (ElementState::Terminated, None),
            };
            Some(ElementView {
                key: run.key,
                element_id: element.id.to_string(),
                name: element.name.clone(),
                kind: kind_name(&element.kind),
                state: shown,
                started_at: run.started_at,
                ended_at,
                count: run.count,
            })
        };
        self.runs.iter().filter_map(view).collect()
    }
}

fn flow_id(definition: &ProcessDefinition, flow: FlowIdx) -> String {
    definition.flows.get(flow.0 as usize).map_or_else(|| flow.0.to_string(), |f| f.id.to_string())
}

fn element_id(definition: &ProcessDefinition, state: &Instance, key: u32) -> String {
    let element = state.element(key).and_then(|e| definition.elements.get(e.element.0 as usize));
    element.map_or_else(String::new, |e| e.id.to_string())
}

fn variables(definition: &ProcessDefinition, state: &Instance) -> Vec<ScopeVariables> {
    let scopes = state.elements().iter().filter(|e| e.key == 0 || !e.variables.is_empty());
    let scope = |e: &engine::state::ElementInstance| ScopeVariables {
        scope: e.key,
        element_id: element_id(definition, state, e.key),
        values: model::Object::clone(&e.variables),
    };
    scopes.map(scope).collect()
}

fn bodies(definition: &ProcessDefinition, state: &Instance) -> Vec<BodyView> {
    if state.state() != InstanceState::Active {
        return Vec::new();
    }
    let view = |body: &engine::state::Body| {
        let run = state.element(body.key)?;
        let element = definition.elements.get(run.element.0 as usize)?;
        let sequential = match element.repetition() {
            Some(Repetition::MultiInstance(multi)) => Some(multi.sequential),
            _ => None,
        };
        let turn = |(key, index): &(u32, u32)| TurnView { key: *key, number: index + 1, item: body.item(*index) };
        Some(BodyView {
            key: body.key,
            element_id: element.id.to_string(),
            name: element.name.clone(),
            multi_instance: sequential.is_some(),
            sequential: sequential.unwrap_or(true),
            total: sequential.map(|_| body.total),
            started: body.started,
            completed: body.completed,
            terminated: body.terminated,
            turns: body.turns.iter().map(turn).collect(),
        })
    };
    state.activities().bodies.iter().filter_map(view).collect()
}

fn jobs(definition: &ProcessDefinition, state: &Instance) -> Vec<JobView> {
    if state.state() != InstanceState::Active {
        return Vec::new();
    }
    let view = |job: &engine::state::Job| JobView {
        id: job.id,
        job_type: job.job_type.to_string(),
        element_id: element_id(definition, state, job.key),
        retries: job.retries,
    };
    state.jobs().iter().map(view).collect()
}
