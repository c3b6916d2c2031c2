//! Who takes a raised error or escalation: the search from inside out (BPMN ER-2, ES-4, ES-5, ER-7).
//!
//! Owns: the order of the search. Never: raises or catches.

use crate::step::Step;
use crate::triggers::{Armed, start_of, triggers_of};
use model::definition::{ElementIdx, ElementKind, Trigger};

/// A handler that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Handler {
    /// The run of a boundary event's host, or of the scope around an event sub-process.
    pub(crate) key: u32,
    /// The boundary event, or the start of the event sub-process.
    pub(crate) element: ElementIdx,
    /// Position among its triggers.
    pub(crate) trigger: u32,
}

/// How well a trigger fits what was raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    /// It names the code.
    Exact,
    /// It takes all.
    Any,
}

impl Fit {
    /// The fit of a handler's code; none takes all.
    pub(crate) fn of(wanted: Option<&str>, code: &str) -> Option<Self> {
        match wanted {
            None | Some("") => Some(Self::Any),
            Some(wanted) => (wanted == code).then_some(Self::Exact),
        }
    }
}

/// The handler of what the run `key` raises: its own boundary events, the event sub-processes of the scope around it,
/// that scope's boundary events, and so on outwards. In one place an equal code beats a handler of all codes.
pub(crate) fn find(step: &Step, key: u32, fits: &dyn Fn(&Trigger) -> Option<Fit>) -> Option<Handler> {
    let mut at = key;
    loop {
        let is_turn = step.is_turn(at);
        if !is_turn && let Some(found) = best(step, at, &step.element(at).boundaries, fits) {
            return Some(found);
        }
        if at == 0 {
            return None;
        }
        let scope = step.run(at).scope;
        if !is_turn && let Some(found) = in_event_sub_processes(step, at, scope, fits) {
            return Some(found);
        }
        at = scope;
    }
}

/// The event sub-processes of `scope`, without the one that the run `inside` is (BPMN ES-5); none once an interrupting
/// one runs (BPMN ES-2).
fn in_event_sub_processes(
    step: &Step,
    inside: u32,
    scope: u32,
    fits: &dyn Fn(&Trigger) -> Option<Fit>,
) -> Option<Handler> {
    let ElementKind::Scope(definition) = &step.element(scope).kind else { return None };
    if definition.event_sub_processes.is_empty() || is_interrupted(step, scope) {
        return None;
    }
    let own = step.run(inside).element;
    let others = definition.event_sub_processes.iter().filter(|e| **e != own);
    let starts: Vec<ElementIdx> = others.filter_map(|e| start_of(step, *e)).collect();
    best(step, scope, &starts, fits)
}

/// Whether an interrupting event sub-process of the scope runs.
pub(crate) fn is_interrupted(step: &Step, scope: u32) -> bool {
    let runs =
        |e: &&ElementIdx| step.instance.elements.iter().any(|r| r.key != 0 && r.scope == scope && r.element == **e);
    let ElementKind::Scope(definition) = &step.element(scope).kind else { return false };
    definition.event_sub_processes.iter().filter(runs).any(|sub_process| {
        let start = start_of(step, *sub_process).map(|start| &step.program.element(start).kind);
        matches!(start, Some(ElementKind::StartEvent(event)) if event.interrupting)
    })
}

fn best(step: &Step, key: u32, events: &[ElementIdx], fits: &dyn Fn(&Trigger) -> Option<Fit>) -> Option<Handler> {
    let mut any = None;
    for element in events {
        for (position, trigger) in triggers_of(&step.program.element(*element).kind).iter().enumerate() {
            let handler = Handler { key, element: *element, trigger: position as u32 };
            match fits(trigger) {
                Some(Fit::Exact) => return Some(handler),
                Some(Fit::Any) => any = any.or(Some(handler)),
                None => {}
            }
        }
    }
    any
}

/// The scope that a handler's token goes on in.
pub(crate) fn scope_of(step: &Step, armed: Armed) -> u32 {
    match &step.program.element(armed.element).kind {
        ElementKind::StartEvent(_) => armed.key,
        _ => step.run(armed.key).scope,
    }
}
