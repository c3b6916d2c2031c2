//! Errors and escalations: who catches them (BPMN ER-2, ER-6, LN-20).

use super::super::compile::Compiler;
use super::elements;
use crate::finding::Text;
use model::definition::{ElementIdx, ElementKind, Expression, ProcessDefinition, ROOT, Throw, Trigger};
use std::collections::{HashMap, HashSet};

/// What a handler catches: an error or an escalation, and its code.
type Caught = (bool, Option<String>);

fn caught(def: &ProcessDefinition, handler: ElementIdx) -> impl Iterator<Item = Caught> + '_ {
    let triggers: &[Trigger] = match &def.element(handler).kind {
        ElementKind::BoundaryEvent(event) => &event.triggers,
        ElementKind::StartEvent(event) => &event.triggers,
        _ => &[],
    };
    triggers.iter().filter_map(|trigger| match trigger {
        Trigger::Error(error) => Some((true, error.code.clone())),
        Trigger::Escalation(escalation) => Some((false, escalation.code.clone())),
        _ => None,
    })
}

/// The starts of the event sub-processes directly in `scope`.
fn inner_handlers(def: &ProcessDefinition, scope: ElementIdx) -> Vec<ElementIdx> {
    let Some(scope) = def.element(scope).kind.as_scope() else { return Vec::new() };
    let starts = |idx: &ElementIdx| def.element(*idx).kind.as_scope().map(|s| s.triggered.clone());
    scope.event_sub_processes.iter().filter_map(starts).flatten().collect()
}

/// Two handlers of one host, or of one scope, for one code.
pub(crate) fn handlers(compiler: &mut Compiler) {
    for idx in std::iter::once(ROOT).chain(elements(&compiler.def)) {
        let boundaries = compiler.def.element(idx).boundaries.clone();
        twice(compiler, &boundaries);
        let inner = inner_handlers(&compiler.def, idx);
        twice(compiler, &inner);
    }
}

fn twice(compiler: &mut Compiler, handlers: &[ElementIdx]) {
    let mut seen = HashSet::new();
    for handler in handlers {
        for (error, code) in caught(&compiler.def, *handler).collect::<Vec<_>>() {
            if seen.insert((error, code.clone())) {
                continue;
            }
            let node = compiler.nodes[handler.0 as usize];
            let (en, ru) = if error { ("error", "Ошибку") } else { ("escalation", "Эскалацию") };
            let text = match code {
                Some(code) => Text::new(
                    format!("Another event catches the {en} `{code}` here already"),
                    format!("{ru} «{code}» здесь уже ловит другое событие"),
                ),
                None => Text::new(
                    format!("Another event catches every {en} here already"),
                    format!("{ru} с любым кодом здесь уже ловит другое событие"),
                ),
            };
            compiler.error("LN-20", node, text);
        }
    }
}

/// The error handlers of a definition by what they watch.
#[derive(Default)]
struct Handlers {
    /// Activities with a boundary event for the code.
    around: HashSet<(ElementIdx, Option<String>)>,
    /// Scopes with event sub-processes for the code: how many.
    inside: HashMap<(ElementIdx, Option<String>), usize>,
    /// Event sub-processes that start for the code.
    own: HashSet<(ElementIdx, Option<String>)>,
}

impl Handlers {
    fn of(def: &ProcessDefinition) -> Self {
        let mut all = Self::default();
        for idx in std::iter::once(ROOT).chain(elements(def)) {
            for boundary in &def.element(idx).boundaries {
                let codes = caught(def, *boundary).filter(|(error, _)| *error);
                all.around.extend(codes.map(|(_, code)| (idx, code)));
            }
            for start in inner_handlers(def, idx) {
                for (_, code) in caught(def, start).filter(|(error, _)| *error) {
                    all.own.insert((def.element(start).parent, code.clone()));
                    *all.inside.entry((idx, code)).or_default() += 1;
                }
            }
        }
        all
    }

    /// Whether a handler around `idx` catches the error; what an event sub-process raises it does not catch itself
    /// (BPMN ES-5).
    fn catch(&self, def: &ProcessDefinition, idx: ElementIdx, code: &str) -> bool {
        let (mut from, mut scope) = (idx, def.element(idx).parent);
        loop {
            for code in [None, Some(code.to_owned())] {
                let own = usize::from(self.own.contains(&(from, code.clone())));
                let inside = self.inside.get(&(scope, code.clone())).copied().unwrap_or_default();
                if inside > own || (scope != ROOT && self.around.contains(&(scope, code))) {
                    return true;
                }
            }
            if scope == ROOT {
                return false;
            }
            (from, scope) = (scope, def.element(scope).parent);
        }
    }
}

/// Error end events that nothing around them catches.
pub(crate) fn uncaught(compiler: &mut Compiler) {
    let handlers = Handlers::of(&compiler.def);
    for idx in elements(&compiler.def) {
        let Some(code) = thrown(&compiler.def, idx) else { continue };
        if code.is_empty() || handlers.catch(&compiler.def, idx, &code) {
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
