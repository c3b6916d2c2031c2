//! Escalations: the same search as for errors, but the raising flow goes on unless its handler interrupts it (BPMN
//! ER-7). Not caught is normal: it is told, and goes on to the caller, if there is one.

use crate::event::Event;
use crate::handlers::{self, Fit};
use crate::step::Step;
use crate::triggers::{Armed, Came, fire, triggers_of};
use crate::variables;
use model::definition::Trigger;
use model::{Object, Value};
use std::sync::Arc;

/// Raises an escalation at the run `key`. The run may be gone after it.
pub(crate) fn raise(step: &mut Step, key: u32, code: String, variables: Object) {
    let fits = |trigger: &Trigger| match trigger {
        Trigger::Escalation(wanted) => Fit::of(wanted.code.as_deref(), &code),
        _ => None,
    };
    let handler = handlers::find(step, key, &fits);
    let element = step.run(key).element;
    let raised = Event::EscalationRaised {
        key,
        element,
        code: code.clone(),
        variables: variables.clone(),
        caught: handler.is_some(),
    };
    step.emit(raised);
    let Some(handler) = handler else { return };
    let armed = Armed { key: handler.key, element: handler.element, trigger: handler.trigger };
    let trigger = triggers_of(&step.program.element(armed.element).kind).get(armed.trigger as usize);
    if let Some(Trigger::Escalation(wanted)) = trigger
        && let Some(name) = &wanted.code_variable
    {
        let fact = Object::from_iter([(Arc::from(name.as_str()), Value::text(&code))]);
        let scope = handlers::scope_of(step, armed);
        // Over the limit of all variables it is left out: catching matters more.
        let _ = variables::propagate(step, scope, fact);
    }
    fire::fire(step, armed, Came { trigger: armed.trigger, variables });
}
