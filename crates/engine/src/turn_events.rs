//! What completed turns of a multi-instance activity throw (BPMN MI-7).
//!
//! It is thrown by the activity as a whole, so that its own boundary events can catch it.

use crate::compensation;
use crate::elements::throw_event;
use crate::step::{Step, Trouble};
use model::Object;
use model::definition::Throw;

/// Throws the event of a completed turn; without one a signal of the activity's id with the counters.
pub(crate) fn throw(step: &mut Step, body: u32, event: Option<&Throw>, counters: &Object) -> Result<(), Trouble> {
    match event {
        Some(Throw::Compensation { activity, .. }) => {
            // The turns go on meanwhile; the scope waits for it (BPMN CO-9).
            let runs = step.instance.activities.compensations.iter().any(|c| c.key == body);
            return if runs { Ok(()) } else { compensation::throw(step, body, *activity, false).map(drop) };
        }
        // A job is waited for before the activity completes.
        Some(event) => return throw_event::throw(step, body, event).map(drop),
        None => {}
    }
    let name = step.element(body).id.clone();
    throw_event::broadcast_named(step, body, &name, counters.clone());
    Ok(())
}
