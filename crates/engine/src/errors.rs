//! Business errors: raising, catching, what happens without a catcher (BPMN ER-1..5, ER-8, BD-6).

use crate::canceling;
use crate::event::Event;
use crate::handlers::{self, Fit};
use crate::step::Step;
use crate::triggers::{Armed, Came, fire, triggers_of};
use crate::variables;
use model::definition::{ErrorTrigger, Trigger};
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

/// Raises `error` at the run `key`. Caught: what the handler interrupts is terminated, siblings included, and the token
/// goes on there, all in this step (ER-4). Gives the error back when nothing catches it.
pub(crate) fn raise(step: &mut Step, key: u32, error: BusinessError) -> Result<(), BusinessError> {
    let element = step.run(key).element;
    let (code, message) = (error.code.clone(), error.message.clone());
    step.emit(Event::ErrorRaised { key, element, code, message });
    let fits = |trigger: &Trigger| match trigger {
        Trigger::Error(wanted) => Fit::of(wanted.code.as_deref(), &error.code),
        _ => None,
    };
    let Some(handler) = handlers::find(step, key, &fits) else { return Err(error) };
    let (host, element, trigger) = (handler.key, handler.element, handler.trigger);
    step.emit(Event::ErrorCaught { key: host, element, code: error.code.clone() });
    let armed = Armed { key: host, element, trigger };
    if let Some(Trigger::Error(wanted)) = triggers_of(&step.program.element(element).kind).get(trigger as usize) {
        keep_facts(step, armed, wanted, &error);
    }
    let mut variables = error.data;
    variables.insert(Arc::from("errorCode"), Value::text(&error.code));
    variables.insert(Arc::from("errorMessage"), Value::text(&error.message));
    fire::fire(step, armed, Came { trigger, variables });
    Ok(())
}

/// Code and message into the variables that the handler names (ER-8): where the handler's token goes on.
fn keep_facts(step: &mut Step, armed: Armed, wanted: &ErrorTrigger, error: &BusinessError) {
    let mut facts = Object::new();
    for (name, fact) in [(&wanted.code_variable, &error.code), (&wanted.message_variable, &error.message)] {
        if let Some(name) = name {
            facts.insert(Arc::from(name.as_str()), Value::text(fact));
        }
    }
    let scope = handlers::scope_of(step, armed);
    // Over the limit of all variables they are left out: catching matters more.
    let _ = variables::propagate(step, scope, facts);
}

/// Nothing caught the error: the instance ends by it (ER-5), after those who listen to the end of its tasks were told
/// (IN-5). Who called it gets the error (ER-3).
pub(crate) fn fail_instance(step: &mut Step, error: BusinessError) {
    canceling::fail(step, error);
}
