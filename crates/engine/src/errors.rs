//! Business errors: raising, the search for a catcher, what happens without one (BPMN ER-1..5, BD-6).

use crate::event::Event;
use crate::lifecycle;
use crate::step::Step;
use model::definition::{ElementIdx, ElementKind, Trigger};
use model::{Object, Value};
use std::sync::Arc;

/// A raised business error.
#[derive(Debug)]
pub(crate) struct BusinessError {
    pub(crate) code: String,
    pub(crate) message: String,
    /// Variables that travel with it.
    pub(crate) data: Object,
}

/// Raises `error` at the run `key`. Caught: the host is terminated, siblings inside it included, and the token leaves
/// by the boundary event, all in this step (ER-4). Gives the error back when nothing catches it.
pub(crate) fn raise(step: &mut Step, key: u32, error: BusinessError) -> Result<(), BusinessError> {
    let element = step.run(key).element;
    let (code, message) = (error.code.clone(), error.message.clone());
    step.emit(Event::ErrorRaised { key, element, code, message });
    let Some((host, boundary)) = find_catcher(step, key, &error.code) else { return Err(error) };
    let scope = step.run(host).scope;
    step.emit(Event::ErrorCaught { key: host, element: boundary, code: error.code.clone() });
    lifecycle::terminate(step, host);
    let mut data = error.data;
    data.insert(Arc::from("errorCode"), Value::text(&error.code));
    data.insert(Arc::from("errorMessage"), Value::text(&error.message));
    lifecycle::enter(step, boundary, scope, data);
    Ok(())
}

/// From the raising run outwards; an equal code beats a catch-all of the same host (ER-2).
fn find_catcher(step: &Step, key: u32, code: &str) -> Option<(u32, ElementIdx)> {
    let mut host = key;
    loop {
        let caught = |boundary: &ElementIdx| match &step.program.element(*boundary).kind {
            ElementKind::BoundaryEvent(event) => match event.triggers.first() {
                Some(Trigger::Error(error)) => Some((*boundary, error.code.as_deref())),
                _ => None,
            },
            _ => None,
        };
        let handlers = || step.element(host).boundaries.iter().filter_map(caught);
        let found = handlers().find(|(_, c)| *c == Some(code)).or_else(|| handlers().find(|(_, c)| c.is_none()));
        if let Some((boundary, _)) = found {
            return Some((host, boundary));
        }
        if host == 0 {
            return None;
        }
        host = step.run(host).scope;
    }
}
