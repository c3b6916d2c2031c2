//! BPMN 2.0.2, Execution Semantics › Events › Intermediate Events, catching; receive tasks wait in the same way.
//!
//! What came waits as the result of the run; it becomes variables like a job's result (MS-1, VA-4). Without triggers it
//! is the catch side of a link and passes through (LK-1).

use crate::step::{Next, Step, Trouble};
use crate::{triggers, variables};
use model::error::codes;

pub(crate) fn activate(step: &mut Step, key: u32) -> Result<Next, Trouble> {
    let element = step.run(key).element;
    // Behind an event-based gateway it is entered when it has triggered already.
    if triggers::positions(&step.element(key).kind) == 0 || step.run(key).result.is_some() {
        return Ok(Next::Go);
    }
    if triggers::arm(step, key, element)? {
        return Ok(Next::Wait);
    }
    let id = &step.element(key).id;
    Err(Trouble::new(&codes::TIMER_INVALID, format!("`{id}` would never fire")))
}

pub(crate) fn complete(step: &mut Step, key: u32) -> Result<Next, Trouble> {
    if let Some(came) = step.run(key).result.clone() {
        variables::produce(step, key, std::sync::Arc::unwrap_or_clone(came))?;
    }
    Ok(Next::Go)
}
