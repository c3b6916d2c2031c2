//! The decisions that a process asks for: their names, and whether they are there (BPMN LN-24).

use crate::core::Core;
use model::definition::{Binding, ElementKind, Expression, ProcessDefinition};
use model::error::codes;
use model::{Diagnostic, Fault, Severity, Value};

/// What is told of decisions that are named but not deployed. One that is chosen while running is not looked for.
pub(crate) async fn missing(core: &Core, definitions: &[ProcessDefinition]) -> Result<Vec<Diagnostic>, Fault> {
    let mut found = Vec::new();
    for definition in definitions {
        for element in &definition.elements {
            let ElementKind::BusinessRuleTask(call) = &element.kind else { continue };
            let expression = definition.expressions.get(call.decision.0 as usize);
            let Some(Expression::Literal(Value::String(decision))) = expression else { continue };
            match core.decisions.resolve(decision, &call.binding, core.now()).await {
                Ok(_) => {}
                Err(fault) if fault.is(&codes::DECISION_NOT_FOUND) => {
                    found.push(diagnostic(&element.id, decision, &call.binding));
                }
                Err(fault) => return Err(fault),
            }
        }
    }
    Ok(found)
}

fn diagnostic(element: &str, decision: &str, binding: &Binding) -> Diagnostic {
    let severity = if *binding == Binding::Deployment { Severity::Error } else { Severity::Warning };
    let (which, which_ru) = match binding {
        Binding::Latest | Binding::Deployment => (String::new(), String::new()),
        Binding::VersionTag(tag) => (format!(" with the tag `{tag}`"), format!(" с меткой «{tag}»")),
        Binding::Version(number) => (format!(" in version {number}"), format!(" версии {number}")),
    };
    Diagnostic {
        code: "LN-24".to_owned(),
        severity,
        element: Some(element.to_owned()),
        message: format!("No decision `{decision}`{which} is deployed: deploy its .dmn file"),
        message_ru: format!("Решение «{decision}»{which_ru} не развёрнуто: разверните его файл .dmn"),
        line: 0,
        column: 0,
    }
}
