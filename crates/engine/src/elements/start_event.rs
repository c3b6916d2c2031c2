//! BPMN 2.0.2, Execution Semantics › Events › Start Events. A none start passes its token on.

use crate::step::Next;
use model::definition::StartEvent;

pub(crate) fn activate(event: &StartEvent) -> Next {
    let _ = event;
    Next::Go
}
