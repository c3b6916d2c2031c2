//! BPMN 2.0.2, Execution Semantics › Events › End Events: none, terminate (TE-1), error (ER-1, ER-5).

use crate::errors::{self, BusinessError};
use crate::event::Event;
use crate::lifecycle;
use crate::state::Phase;
use crate::step::{Next, Step, Trouble};
use model::Object;
use model::definition::{ExprId, Throw, ThrowEvent};
use model::error::codes;

pub(crate) fn activate(step: &mut Step, key: u32, event: &ThrowEvent) -> Result<Next, Trouble> {
    match event.results.first() {
        Some(Throw::Terminate(_)) => Ok(terminate_scope(step, key)),
        Some(Throw::Error { code, message }) => {
            let code = text(step, key, *code)?;
            let message = message.map(|m| text(step, key, m)).transpose()?;
            Ok(raise(step, key, &code, message.as_deref()))
        }
        _ => Ok(Next::Go),
    }
}

fn text(step: &mut Step, key: u32, expression: ExprId) -> Result<String, Trouble> {
    let value = step.evaluate(key, expression, None);
    value.map(|v| v.to_text()).map_err(|e| Trouble::evaluation(&codes::MAPPING_FAILED, "the error", &e))
}

/// Ends its own scope at once; the parent goes on normally.
fn terminate_scope(step: &mut Step, key: u32) -> Next {
    let (element, scope) = (step.run(key).element, step.run(key).scope);
    step.emit(Event::ElementCompleted { key, element });
    lifecycle::terminate_children(step, scope);
    lifecycle::run_from(step, scope, Phase::Completing);
    Next::Gone
}

fn raise(step: &mut Step, key: u32, code: &str, message: Option<&str>) -> Next {
    let message = message.unwrap_or_default().to_owned();
    let error = BusinessError { code: code.to_owned(), message, data: Object::new() };
    if let Err(BusinessError { code, message, .. }) = errors::raise(step, key, error) {
        lifecycle::terminate_all(step);
        step.emit(Event::InstanceFailed { code, message });
    }
    Next::Gone
}
