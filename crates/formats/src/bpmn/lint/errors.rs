//! Errors: who catches them (BPMN ER-2, ER-6, LN-20).

use super::super::compile::Compiler;
use super::elements;
use crate::finding::Text;
use model::definition::{ElementIdx, ElementKind, Expression, ProcessDefinition, ROOT, Throw, Trigger};
use std::collections::HashSet;

/// The code an error boundary catches; the outer `None`: it is none.
fn caught(compiler: &Compiler, boundary: ElementIdx) -> Option<Option<String>> {
    match &compiler.def.element(boundary).kind {
        ElementKind::BoundaryEvent(event) => match event.triggers.first() {
            Some(Trigger::Error(error)) => Some(error.code.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// Two handlers of one host for one code.
pub(crate) fn handlers(compiler: &mut Compiler) {
    for idx in elements(&compiler.def) {
        let boundaries = compiler.def.element(idx).boundaries.clone();
        let mut seen = HashSet::new();
        for boundary in boundaries {
            let Some(code) = caught(compiler, boundary) else { continue };
            if seen.insert(code.clone()) {
                continue;
            }
            let node = compiler.nodes[boundary.0 as usize];
            let text = match code {
                Some(code) => Text::new(
                    format!("Another boundary event of this activity catches the error `{code}` already"),
                    format!("Ошибку «{code}» уже ловит другое граничное событие этого действия"),
                ),
                None => Text::new(
                    "Another boundary event of this activity catches all errors already",
                    "Все ошибки уже ловит другое граничное событие этого действия",
                ),
            };
            compiler.error("LN-20", node, text);
        }
    }
}

/// Error end events that nothing around them catches.
pub(crate) fn uncaught(compiler: &mut Compiler) {
    for idx in elements(&compiler.def) {
        let Some(code) = thrown(&compiler.def, idx) else { continue };
        if code.is_empty() || is_caught(compiler, idx, &code) {
            continue;
        }
        let node = compiler.nodes[idx.0 as usize];
        compiler.warn(
            "LN-20",
            node,
            Text::new(
                format!("Nothing catches the error `{code}`: the process ends with it"),
                format!("Ошибку «{code}» ничто не ловит: процесс завершится с ней"),
            ),
        );
    }
}

/// The literal code of an error end event.
fn thrown(def: &ProcessDefinition, idx: ElementIdx) -> Option<String> {
    let ElementKind::EndEvent(event) = &def.element(idx).kind else { return None };
    event.results.iter().find_map(|throw| match throw {
        Throw::Error { code, .. } => match def.expression(*code) {
            Expression::Literal(code) => Some(code.to_text()),
            Expression::Source { .. } => None,
        },
        _ => None,
    })
}

fn is_caught(compiler: &Compiler, idx: ElementIdx, code: &str) -> bool {
    let mut scope = compiler.def.element(idx).parent;
    while scope != ROOT {
        let element = compiler.def.element(scope);
        let caught = element.boundaries.iter().filter_map(|b| caught(compiler, *b));
        if caught.into_iter().any(|c| c.is_none_or(|c| c == code)) {
            return true;
        }
        scope = element.parent;
    }
    false
}
