//! BPMN 2.0.2, Execution Semantics › Activities › Sub-Process: a scope of its own, done when nothing is left inside
//! (TK-7).

use super::ad_hoc;
use crate::lifecycle;
use crate::starts;
use crate::step::{Next, Step, Trouble};
use model::definition::{Scope, ScopeKind};

pub(crate) fn activate(step: &mut Step, key: u32, scope: &Scope) -> Result<Next, Trouble> {
    lifecycle::open_scope(step, key)?;
    if scope.kind == ScopeKind::EventSubProcess {
        begin_triggered(step, key, scope);
    } else if let ScopeKind::AdHoc(ad_hoc) = &scope.kind {
        return ad_hoc::activate(step, key, scope, ad_hoc);
    } else {
        match scope.default_start.or(scope.starts.first().copied()) {
            Some(start) => step.place(start, key),
            None if scope.implicit.is_empty() => lifecycle::complete_if_empty(step, key),
            None => starts::place_implicit(step, key),
        }
    }
    Ok(Next::Wait)
}

/// An event sub-process begins with what triggered it.
fn begin_triggered(step: &mut Step, key: u32, scope: &Scope) {
    match scope.triggered.first().or(scope.starts.first()) {
        Some(start) => step.place(*start, key),
        None => lifecycle::complete_if_empty(step, key),
    }
}
