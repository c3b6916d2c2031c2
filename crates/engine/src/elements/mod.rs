//! What elements do: one file each with the verbs `activate` (its own work) and `complete` (its result).
//!
//! Terminating is the same for all ([`crate::lifecycle`]): whatever hangs on the run is taken back.

pub(crate) mod ad_hoc;
pub(crate) mod boundary_event;
pub(crate) mod business_rule_task;
pub(crate) mod call_activity;
pub(crate) mod catch_event;
pub(crate) mod complex_gateway;
pub(crate) mod event_based_gateway;
pub(crate) mod event_sub_process;
pub(crate) mod exclusive_gateway;
pub(crate) mod inclusive_gateway;
pub(crate) mod parallel_gateway;
pub(crate) mod pass_through;
pub(crate) mod script_task;
pub(crate) mod service_task;
pub(crate) mod start_event;
pub(crate) mod sub_process;
pub(crate) mod throw_event;
pub(crate) mod user_task;

use crate::step::{Next, Step, Trouble};
use model::definition::{ElementKind, FlowIdx, ScopeKind};
use model::error::codes;
use smallvec::SmallVec;

/// Flows to take; almost always one.
pub(crate) type Flows = SmallVec<[FlowIdx; 4]>;

/// The element's own work begins.
pub(crate) fn activate(step: &mut Step, key: u32) -> Result<Next, Trouble> {
    match &step.element(key).kind {
        ElementKind::Scope(scope) => sub_process::activate(step, key, scope),
        ElementKind::StartEvent(event) => start_event::activate(step, key, event),
        ElementKind::EndEvent(event) | ElementKind::ThrowEvent(event) => throw_event::activate(step, key, event),
        ElementKind::SendTask(message) => throw_event::publish(step, key, message),
        ElementKind::CatchEvent(_) | ElementKind::ReceiveTask(_) => catch_event::activate(step, key),
        ElementKind::EventBasedGateway(gateway) => event_based_gateway::activate(step, key, gateway),
        ElementKind::Task | ElementKind::ManualTask | ElementKind::BoundaryEvent(_) => Ok(pass_through::activate()),
        ElementKind::UserTask(task) => user_task::activate(step, key, task),
        ElementKind::ServiceTask(task) => service_task::activate(step, key, task),
        ElementKind::ScriptTask(task) => script_task::activate(step, key, task),
        ElementKind::ExclusiveGateway
        | ElementKind::ParallelGateway
        | ElementKind::InclusiveGateway
        | ElementKind::ComplexGateway(_) => Ok(Next::Go),
        ElementKind::BusinessRuleTask(call) => business_rule_task::activate(step, key, call),
        ElementKind::CallActivity(call) => call_activity::activate(step, key, call),
        ElementKind::Unsupported { construct, .. } => {
            Err(Trouble::new(&codes::DEFINITION_NOT_DEPLOYABLE, format!("`{construct}` can not be run")))
        }
    }
}

/// The element's result becomes variables.
pub(crate) fn complete(step: &mut Step, key: u32) -> Result<Next, Trouble> {
    match &step.element(key).kind {
        ElementKind::UserTask(task) => user_task::complete(step, key, task),
        ElementKind::ServiceTask(task) => service_task::complete(step, key, task),
        ElementKind::ScriptTask(task) => script_task::complete(step, key, task),
        ElementKind::BoundaryEvent(event) => boundary_event::complete(step, key, event),
        ElementKind::StartEvent(_) => start_event::complete(step, key),
        ElementKind::CatchEvent(_) | ElementKind::ReceiveTask(_) => catch_event::complete(step, key),
        ElementKind::EndEvent(event) | ElementKind::ThrowEvent(event) => throw_event::complete(step, key, event),
        ElementKind::BusinessRuleTask(call) => business_rule_task::complete(step, key, call),
        ElementKind::CallActivity(call) => call_activity::complete(step, key, call),
        ElementKind::Scope(scope) => match &scope.kind {
            ScopeKind::AdHoc(ad_hoc) => ad_hoc::complete(step, key, ad_hoc),
            _ => Ok(Next::Go),
        },
        ElementKind::SendTask(_)
        | ElementKind::InclusiveGateway
        | ElementKind::ComplexGateway(_)
        | ElementKind::EventBasedGateway(_)
        | ElementKind::Task
        | ElementKind::ManualTask
        | ElementKind::ExclusiveGateway
        | ElementKind::ParallelGateway
        | ElementKind::Unsupported { .. } => Ok(Next::Go),
    }
}

/// The flows the token leaves by.
pub(crate) fn outgoing(step: &mut Step, key: u32) -> Result<Flows, Trouble> {
    match &step.element(key).kind {
        ElementKind::ExclusiveGateway => exclusive_gateway::outgoing(step, key),
        ElementKind::ParallelGateway => Ok(parallel_gateway::outgoing(step, key)),
        ElementKind::InclusiveGateway => inclusive_gateway::outgoing(step, key),
        ElementKind::ComplexGateway(_) => complex_gateway::outgoing(step, key),
        ElementKind::EventBasedGateway(_) => Ok(event_based_gateway::outgoing()),
        _ => pass_through::outgoing(step, key),
    }
}
