//! Elements without work of their own (abstract and manual task, throw none), and the implicit split that every
//! activity and event makes: BPMN 2.0.2, Execution Semantics › Activities; rule TK-10.

use super::Flows;
use crate::step::{Next, Step, Trouble};
use model::Value;
use model::definition::FlowIdx;
use model::error::codes;

pub(crate) fn activate() -> Next {
    Next::Go
}

/// All flows whose condition is absent or true; the default only when no conditional flow was true; none at all is an
/// incident unless there is no outgoing flow (TK-10).
pub(crate) fn outgoing(step: &mut Step, key: u32) -> Result<Flows, Trouble> {
    let element = step.element(key);
    let (mut taken, mut conditional_true) = (Flows::new(), false);
    for flow in element.outgoing.iter().filter(|f| Some(**f) != element.default_flow) {
        let conditional = step.program.flow(*flow).condition.is_some();
        if holds(step, key, *flow)? {
            conditional_true |= conditional;
            taken.push(*flow);
        }
    }
    if let Some(default) = element.default_flow.filter(|_| !conditional_true) {
        taken.push(default);
        taken.sort_by_key(|flow| element.outgoing.iter().position(|o| o == flow));
    }
    if taken.is_empty() && !element.outgoing.is_empty() {
        return Err(no_flow(&element.id));
    }
    Ok(taken)
}

/// Whether a flow's condition is absent or true. A value that is no boolean is not true (TK-12).
pub(crate) fn holds(step: &mut Step, key: u32, flow: FlowIdx) -> Result<bool, Trouble> {
    let flow = step.program.flow(flow);
    let Some(condition) = flow.condition else { return Ok(true) };
    let value = step.evaluate(key, condition, None).map_err(|error| {
        Trouble::evaluation(&codes::CONDITION_FAILED, &format!("the condition of flow `{}`", flow.id), &error)
    })?;
    Ok(value == Value::Bool(true))
}

pub(crate) fn no_flow(element: &str) -> Trouble {
    let message = format!("no condition of a flow out of `{element}` is true and there is no default flow");
    Trouble::new(&codes::NO_FLOW, message)
}
