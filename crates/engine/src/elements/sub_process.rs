//! BPMN 2.0.2, Execution Semantics › Activities › Sub-Process: a scope of its own, done when nothing is left inside
//! (TK-7).

use crate::lifecycle;
use crate::step::{Next, Step, Trouble};
use model::definition::Scope;

pub(crate) fn activate(step: &mut Step, key: u32, scope: &Scope) -> Result<Next, Trouble> {
    match scope.starts.first() {
        Some(start) => step.place(*start, key),
        None => lifecycle::complete_if_empty(step, key),
    }
    Ok(Next::Wait)
}
