//! BPMN 2.0.2, Execution Semantics › Gateways › Exclusive; rule TK-12.
//!
//! Merging needs nothing: every token passes. Splitting: conditions in file order, the first true one wins.

use super::Flows;
use super::pass_through::{holds, no_flow};
use crate::step::{Step, Trouble};

pub(crate) fn outgoing(step: &mut Step, key: u32) -> Result<Flows, Trouble> {
    let element = step.element(key);
    for flow in element.outgoing.iter().filter(|f| Some(**f) != element.default_flow) {
        if holds(step, key, *flow)? {
            return Ok(Flows::from_iter([*flow]));
        }
    }
    match element.default_flow {
        Some(default) => Ok(Flows::from_iter([default])),
        None if element.outgoing.is_empty() => Ok(Flows::new()),
        None => Err(no_flow(&element.id)),
    }
}
