//! What completed turns of a multi-instance activity throw (BPMN MI-7).
//!
//! It is thrown by the activity as a whole, so that its own boundary events can catch it.

use crate::elements::throw_event;
use crate::step::{Step, Trouble};
use model::Object;
use model::definition::Throw;

/// Throws the event of a completed turn; without one a signal of the activity's id with the counters.
pub(crate) fn throw(step: &mut Step, body: u32, event: Option<&Throw>, counters: &Object) -> Result<(), Trouble> {
    if let Some(event) = event {
        throw_event::throw(step, body, event)?;
        return Ok(());
    }
    let name = step.element(body).id.clone();
    throw_event::broadcast_named(step, body, &name, counters.clone());
    Ok(())
}
