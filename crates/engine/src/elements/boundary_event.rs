//! BPMN 2.0.2, Execution Semantics › Events › Intermediate Boundary Events; rules BD-1..7.
//!
//! Armed with its host; entered here when it triggered. The trigger's data waits as the result of its run (BD-4).

use crate::lifecycle;
use crate::step::{Next, Step, Trouble};
use crate::triggers::{Armed, Came, fire};
use crate::variables;
use model::definition::{BoundaryEvent, Trigger};
use model::{Object, Value};
use std::sync::Arc;

/// What only the output mapping sees of an error.
const FOR_MAPPING_ONLY: [&str; 2] = ["errorCode", "errorMessage"];

/// The host is terminated and the token leaves here (BD-2), or it stays and a new token leaves here (BD-3).
pub(crate) fn fire(step: &mut Step, armed: Armed, event: &BoundaryEvent, came: Came) {
    let host = armed.key;
    let (host_element, scope) = (step.run(host).element, step.run(host).scope);
    let by_timer = fire::is_timer(&step.program.element(armed.element).kind, came.trigger);
    if event.interrupting {
        lifecycle::terminate(step, host);
        if step.program.is_bitrix() && by_timer {
            let timed_out = Object::from_iter([(Arc::from("IsTimeout"), Value::from(1))]);
            // Over the limit of all variables the mark is left out: the way out matters more.
            let _ = variables::add_node_output(step, host_element, timed_out);
        }
    }
    if by_timer && came.variables.is_empty() {
        // The timer's own event says it all.
        return lifecycle::enter(step, armed.element, scope, Object::new());
    }
    lifecycle::enter_triggered(step, armed.element, scope, came);
}

/// Without output mapping the trigger's data goes to the scopes above; code and message of an error are only there
/// for the mapping (ER-8).
pub(crate) fn complete(step: &mut Step, key: u32, event: &BoundaryEvent) -> Result<Next, Trouble> {
    let Some(came) = step.run(key).result.clone() else { return Ok(Next::Go) };
    let mut data = Arc::unwrap_or_clone(came);
    let catches_errors = event.triggers.iter().any(|t| matches!(t, Trigger::Error(_)));
    if catches_errors && step.element(key).outputs.is_empty() {
        data.retain(|name, _| !FOR_MAPPING_ONLY.contains(&&**name));
    }
    variables::produce(step, key, data)?;
    Ok(Next::Go)
}
