//! BPMN 2.0.2, Execution Semantics › Events › Intermediate Boundary Events; rules BD-1..6.
//!
//! Armed by [`crate::lifecycle`] with its host; entered here when it triggered. The trigger's data stands in its local
//! variables (BD-4).

use crate::lifecycle;
use crate::step::{Next, Step, Trouble};
use crate::{timers, variables};
use model::definition::{BoundaryEvent, ElementIdx};
use model::{Object, Timestamp, Value};
use std::sync::Arc;

pub(crate) fn activate() -> Next {
    Next::Go
}

/// Without output mapping the trigger's data goes to the scopes above; code and message of an error are only there
/// for the mapping (ER-8).
pub(crate) fn complete(step: &mut Step, key: u32) -> Result<Next, Trouble> {
    if step.element(key).outputs.is_empty() {
        let for_mapping_only = ["errorCode", "errorMessage"];
        let (scope, locals) = (step.run(key).scope, &step.run(key).variables);
        let data: Object = (locals.iter())
            .filter(|(name, _)| !for_mapping_only.contains(&&***name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        variables::propagate(step, scope, data)?;
    }
    Ok(Next::Go)
}

/// A timer of `boundary` on the host `key` fired: the host is terminated and the token leaves here (BD-2), or it stays
/// and a new token leaves here (BD-3).
pub(crate) fn timer_fired(step: &mut Step, key: u32, boundary: ElementIdx, event: &BoundaryEvent) {
    let (host, scope) = (step.run(key).element, step.run(key).scope);
    if event.interrupting {
        lifecycle::terminate(step, key);
        if step.program.is_bitrix() {
            let timed_out = Object::from_iter([(Arc::from("IsTimeout"), Value::from(1))]);
            // Over the limit of all variables the mark is left out: the way out matters more.
            let _ = variables::add_node_output(step, host, timed_out);
        }
    }
    lifecycle::enter(step, boundary, scope, Object::new());
}

/// Arms the next firing of a cycle; firings that were missed are one (TM-7).
pub(crate) fn arm_again(step: &mut Step, key: u32, boundary: ElementIdx, fired: &crate::state::TimerState) {
    let after: Timestamp = step.env.now;
    if let Some((due, repeat)) = timers::following(fired, after, step.env.zone) {
        timers::arm_at(step, key, boundary, due, Some(repeat));
    }
}
