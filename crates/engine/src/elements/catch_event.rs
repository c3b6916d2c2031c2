//! BPMN 2.0.2, Execution Semantics › Events › Intermediate Events, catching: timer (TM-1..8).

use crate::step::{Next, Step, Trouble};
use crate::timers;
use model::definition::CatchEvent;

pub(crate) fn activate(step: &mut Step, key: u32, event: &CatchEvent) -> Result<Next, Trouble> {
    match event {
        CatchEvent::Timer(timer) => {
            let element = step.run(key).element;
            timers::arm(step, key, element, timer, false)?;
            Ok(Next::Wait)
        }
    }
}
