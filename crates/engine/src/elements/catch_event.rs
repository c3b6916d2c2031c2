//! BPMN 2.0.2, Execution Semantics › Events › Intermediate Events, catching: timer (TM-1..8).

use crate::step::{Next, Step, Trouble};
use crate::timers;
use model::definition::{CatchEvent, Trigger};

pub(crate) fn activate(step: &mut Step, key: u32, event: &CatchEvent) -> Result<Next, Trouble> {
    let element = step.run(key).element;
    let mut next = Next::Go;
    for trigger in &event.triggers {
        if let Trigger::Timer(timer) = trigger {
            timers::arm(step, key, element, timer, false)?;
            next = Next::Wait;
        }
    }
    Ok(next)
}
