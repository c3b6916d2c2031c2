//! What elements do: one file each with the verbs `activate` (its own work) and `complete` (its result).
//!
//! Terminating is the same for all ([`crate::lifecycle`]): whatever hangs on the run is taken back.

pub(crate) mod boundary_event;
pub(crate) mod catch_event;
pub(crate) mod end_event;
pub(crate) mod exclusive_gateway;
pub(crate) mod parallel_gateway;
pub(crate) mod pass_through;
pub(crate) mod script_task;
pub(crate) mod service_task;
pub(crate) mod start_event;
pub(crate) mod sub_process;
pub(crate) mod user_task;

use crate::step::{Next, Step, Trouble};
use model::definition::{ElementKind, FlowIdx};
use model::error::codes;
use smallvec::SmallVec;

/// Flows to take; almost always one.
pub(crate) type Flows = SmallVec<[FlowIdx; 4]>;

/// The element's own work begins.
pub(crate) fn activate(step: &mut Step, key: u32) -> Result<Next, Trouble> {
    match &step.element(key).kind {
        ElementKind::Scope(scope) => sub_process::activate(step, key, scope),
        ElementKind::StartEvent(event) => Ok(start_event::activate(event)),
        ElementKind::EndEvent(event) => end_event::activate(step, key, event),
        ElementKind::CatchEvent(event) => catch_event::activate(step, key, event),
        ElementKind::ThrowEvent(_) | ElementKind::Task | ElementKind::ManualTask => Ok(pass_through::activate()),
        ElementKind::BoundaryEvent(_) => Ok(boundary_event::activate()),
        ElementKind::UserTask(task) => user_task::activate(step, key, task),
        ElementKind::ServiceTask(task) => service_task::activate(step, key, task),
        ElementKind::ScriptTask(task) => script_task::activate(step, key, task),
        ElementKind::ExclusiveGateway | ElementKind::ParallelGateway => Ok(Next::Go),
        ElementKind::SendTask(_)
        | ElementKind::ReceiveTask(_)
        | ElementKind::BusinessRuleTask(_)
        | ElementKind::CallActivity(_)
        | ElementKind::InclusiveGateway
        | ElementKind::ComplexGateway(_)
        | ElementKind::EventBasedGateway(_) => {
            Err(Trouble::new(&codes::DEFINITION_NOT_DEPLOYABLE, "the element can not be run"))
        }
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
        ElementKind::BoundaryEvent(_) => boundary_event::complete(step, key),
        ElementKind::Scope(_)
        | ElementKind::StartEvent(_)
        | ElementKind::EndEvent(_)
        | ElementKind::CatchEvent(_)
        | ElementKind::ThrowEvent(_)
        | ElementKind::SendTask(_)
        | ElementKind::ReceiveTask(_)
        | ElementKind::BusinessRuleTask(_)
        | ElementKind::CallActivity(_)
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
        _ => pass_through::outgoing(step, key),
    }
}
