//! Modifying an instance by hand (BPMN MG-1, MG-2): elements begin, runs are cut off, or both as a move.
//!
//! Invariant: all activations happen before all terminations, so that scopes stay alive; what is refused changes
//! nothing. Never: runs a start event of a scope it has to make.

use crate::command::{Activate, Modification, Move, Rejection};
use crate::event::{Event, LogLevel};
use crate::lifecycle;
use crate::step::{Step, Trouble};
use crate::{data, repetition, variables};
use model::definition::{ElementIdx, ElementKind, ROOT, ScopeKind};
use model::{Object, UserId};

/// Applies a modification in one step.
pub(crate) fn modify(step: &mut Step, modification: Modification, by: Option<UserId>) -> Result<(), Rejection> {
    let Modification { activate, mut terminate, moves, reason } = modification;
    let text = format!("modified: {reason}");
    step.emit(Event::Logged { key: None, element: None, text, level: LogLevel::Info, by });
    for key in terminate.iter().chain(moves.iter().map(|m| &m.from)) {
        if *key == 0 || step.instance.element(*key).is_none() {
            return Err(Rejection::ElementNotActive { key: *key });
        }
    }
    let mut begun = Vec::new();
    for Activate { element, scope, variables } in activate {
        begun.push(place(step, &element, scope, variables)?);
    }
    for Move { from, to } in moves {
        let scope = common_scope(step, from, &to)?;
        begun.push(place(step, &to, Some(scope), Object::new())?);
        terminate.push(from);
    }
    for (element, scope, variables) in begun {
        lifecycle::enter(step, element, scope, variables);
    }
    for key in terminate {
        cut_off(step, key);
    }
    Ok(())
}

fn refused(element: &str, why: impl Into<String>) -> Rejection {
    Rejection::NotActivatable { element: element.to_owned(), why: why.into() }
}

/// Where an element is to begin: scopes that are missing around it are made.
fn place(
    step: &mut Step,
    id: &str,
    scope: Option<u32>,
    variables: Object,
) -> Result<(ElementIdx, u32, Object), Rejection> {
    let element = step.program.definition().find(id).ok_or_else(|| refused(id, "there is no such element"))?;
    allowed(step, element, id)?;
    variables::check_sizes(step, &variables)?;
    let chain = ancestors(step, element);
    let (mut at, rest) = match scope {
        Some(key) => {
            let run = step.instance.element(key).ok_or(Rejection::ElementNotActive { key })?.element;
            let position = chain.iter().position(|a| *a == run);
            let position = position.ok_or_else(|| refused(id, format!("it does not lie inside the run {key}")))?;
            (key, chain[position + 1..].to_vec())
        }
        None => (0, chain[1..].to_vec()),
    };
    if step.is_body(at) {
        return Err(refused(id, "a single turn of a multi-instance activity has to be named"));
    }
    for ancestor in rest {
        at = scope_in(step, ancestor, at, id)?;
    }
    Ok((element, at, variables))
}

fn allowed(step: &Step, element: ElementIdx, id: &str) -> Result<(), Rejection> {
    let found = step.program.element(element);
    let why = match &found.kind {
        _ if element == ROOT => "it is the process itself",
        ElementKind::StartEvent(_) => "a start event begins with its scope",
        ElementKind::BoundaryEvent(_) => "a boundary event begins with its activity",
        ElementKind::Scope(scope) if scope.kind == ScopeKind::EventSubProcess => {
            "an event sub-process begins by its event"
        }
        _ if found.is_for_compensation() => "a compensation handler begins by compensation",
        _ => return Ok(()),
    };
    Err(refused(id, why))
}

/// The scopes around an element, from the process inwards.
fn ancestors(step: &Step, element: ElementIdx) -> Vec<ElementIdx> {
    let mut chain = Vec::new();
    let mut at = element;
    while at != ROOT {
        at = step.program.element(at).parent;
        chain.push(at);
    }
    chain.reverse();
    chain
}

/// The run of the scope `ancestor` inside `outer`; a new one when none is active.
pub(crate) fn scope_in(step: &mut Step, ancestor: ElementIdx, outer: u32, id: &str) -> Result<u32, Rejection> {
    let inside = |e: &&crate::state::ElementInstance| e.key != 0 && e.scope == outer && e.element == ancestor;
    let runs: Vec<u32> = step.instance.elements.iter().filter(inside).map(|e| e.key).collect();
    match runs.as_slice() {
        [one] if !step.is_body(*one) => Ok(*one),
        [] if step.program.element(ancestor).repetition().is_none() => open(step, ancestor, outer, id),
        _ => {
            let name = &step.program.element(ancestor).id;
            Err(refused(id, format!("which run of `{name}` is meant has to be named")))
        }
    }
}

/// A scope begins without its start events; its boundary events and event sub-processes are armed (MG-2).
fn open(step: &mut Step, element: ElementIdx, scope: u32, id: &str) -> Result<u32, Rejection> {
    let key = step.instance.next_key;
    step.emit(Event::ElementActivated { key, element, scope });
    let mut prepare = || -> Result<(), Trouble> {
        data::prepare(step, key)?;
        variables::map_inputs(step, key)?;
        crate::triggers::arm_boundaries(step, key)?;
        lifecycle::open_scope(step, key)
    };
    prepare().map_err(|trouble| refused(id, trouble.message))?;
    Ok(key)
}

/// The innermost run around the source of a move that also contains the target.
fn common_scope(step: &Step, from: u32, to: &str) -> Result<u32, Rejection> {
    let target = step.program.definition().find(to).ok_or_else(|| refused(to, "there is no such element"))?;
    let chain = ancestors(step, target);
    let mut at = step.run(from).scope;
    while at != 0 && (step.is_body(at) || !chain.contains(&step.run(at).element)) {
        at = step.run(at).scope;
    }
    Ok(at)
}

/// Ends a run; the scope around it goes on, or completes when it was the last.
pub(crate) fn cut_off(step: &mut Step, key: u32) {
    // It may have gone with another one, or by what was begun.
    if step.instance.element(key).is_none() {
        return;
    }
    let (turn, scope, element) = (step.is_turn(key), step.run(key).scope, step.run(key).element);
    lifecycle::terminate(step, key);
    if turn {
        repetition::turn_left(step, scope);
    } else if crate::elements::ad_hoc::of(step, scope).is_some() {
        crate::elements::ad_hoc::inner_left(step, scope, element);
    } else {
        lifecycle::complete_if_empty(step, scope);
    }
}
