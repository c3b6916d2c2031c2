//! Errors: who catches them (BPMN ER-2, ER-6, LN-20).

use super::super::compile::Compiler;
use super::elements;
use crate::finding::Text;
use model::definition::{BoundaryTrigger, ElementIdx, ElementKind, EndEvent, ROOT};
use std::collections::HashSet;

/// The code an error boundary catches; the outer `None`: it is none.
fn caught(compiler: &Compiler, boundary: ElementIdx) -> Option<Option<String>> {
    match &compiler.def.element(boundary).kind {
        ElementKind::BoundaryEvent(event) => match &event.trigger {
            BoundaryTrigger::Error { code } => Some(code.clone()),
            BoundaryTrigger::Timer(_) => None,
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
        let ElementKind::EndEvent(EndEvent::Error { code, .. }) = &compiler.def.element(idx).kind else { continue };
        let code = code.clone();
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
