//! BPMN 2.0.2, Execution Semantics › Events › Start Events. A none start passes its token on; a triggered one brings
//! its data into its scope (BD-4); one that needs all of its triggers waits for the rest (ML-1).

use crate::step::{Next, Step, Trouble};
use crate::{triggers, variables};
use model::definition::StartEvent;
use std::sync::Arc;

pub(crate) fn activate(step: &mut Step, key: u32, event: &StartEvent) -> Result<Next, Trouble> {
    if event.triggers.is_empty() || step.run(key).result.is_some() || step.run(key).scope != 0 {
        return Ok(Next::Go);
    }
    let element = step.run(key).element;
    Ok(if triggers::arm(step, key, element)? { Next::Wait } else { Next::Go })
}

pub(crate) fn complete(step: &mut Step, key: u32) -> Result<Next, Trouble> {
    let run = step.run(key);
    // What started an event sub-process waits as the result of the sub-process's run.
    let holder = if run.scope == 0 { run } else { step.run(run.scope) };
    let Some(came) = holder.result.clone() else { return Ok(Next::Go) };
    let scope = if step.element(key).outputs.is_empty() { step.run(key).scope } else { key };
    variables::set_local(step, scope, Arc::unwrap_or_clone(came), None)?;
    Ok(Next::Go)
}
