//! Transactions and compensation (BPMN LN-26: TX-3, TX-5; LN-25).

use super::super::compile::Compiler;
use super::elements;
use crate::finding::Text;
use model::definition::{ElementIdx, ElementKind, ProcessDefinition, ROOT, ScopeKind, Throw, Trigger};

/// Cancel events that stand where nothing can be cancelled, transactions that nobody leaves by a cancellation.
pub(crate) fn transactions(compiler: &mut Compiler) {
    let def = &compiler.def;
    let mut cancelled = vec![false; def.elements.len()];
    let mut found = Vec::new();
    for idx in elements(def) {
        let element = def.element(idx);
        match &element.kind {
            ElementKind::EndEvent(event) if event.results.contains(&Throw::Cancel) => match transaction(def, idx) {
                Some(scope) => cancelled[scope.0 as usize] = true,
                None => found.push((
                    idx,
                    true,
                    Text::new(
                        "A cancel end event stands inside a transaction",
                        "Конечное событие «отмена» стоит внутри транзакции",
                    ),
                )),
            },
            ElementKind::BoundaryEvent(event) if event.triggers.contains(&Trigger::Cancel) => {
                if !is_transaction(def, event.attached_to) {
                    let text = Text::new(
                        "A cancel boundary event stands on a transaction",
                        "Граничное событие «отмена» крепится к транзакции",
                    );
                    found.push((idx, true, text));
                } else if first_cancel(def, event.attached_to) != Some(idx) {
                    let text = Text::new(
                        "The transaction has another cancel boundary event already",
                        "У транзакции уже есть граничное событие «отмена»",
                    );
                    found.push((idx, true, text));
                }
            }
            _ => {}
        }
    }
    for idx in elements(def).filter(|i| cancelled[i.0 as usize] && first_cancel(def, *i).is_none()) {
        let text = Text::new(
            "The transaction can be cancelled, but has no cancel boundary event: then its token ends there",
            "Транзакцию можно отменить, но граничного события «отмена» у неё нет: тогда её токен закончится",
        );
        found.push((idx, false, text));
    }
    for (idx, error, text) in found {
        let node = compiler.nodes[idx.0 as usize];
        if error { compiler.error("LN-26", node, text) } else { compiler.warn("LN-26", node, text) }
    }
}

fn is_transaction(def: &ProcessDefinition, idx: ElementIdx) -> bool {
    def.element(idx).kind.as_scope().is_some_and(|s| s.kind == ScopeKind::Transaction)
}

/// The transaction around `idx`.
fn transaction(def: &ProcessDefinition, idx: ElementIdx) -> Option<ElementIdx> {
    let mut scope = def.element(idx).parent;
    while scope != ROOT {
        if is_transaction(def, scope) {
            return Some(scope);
        }
        scope = def.element(scope).parent;
    }
    None
}

fn first_cancel(def: &ProcessDefinition, host: ElementIdx) -> Option<ElementIdx> {
    let cancels = |idx: &ElementIdx| match &def.element(*idx).kind {
        ElementKind::BoundaryEvent(event) => event.triggers.contains(&Trigger::Cancel),
        _ => false,
    };
    def.element(host).boundaries.iter().copied().find(cancels)
}

/// Compensation that is thrown where nothing is to be undone, or would be caught where nobody throws it.
pub(crate) fn compensation(compiler: &mut Compiler) {
    of_the_process(compiler);
    thrown(compiler);
}

/// Compensation event sub-processes directly in the process. They undo the completed sub-process they stand in; a
/// process that completed is undone by its records (BPMN CO-5, CO-7).
fn of_the_process(compiler: &mut Compiler) {
    let def = &compiler.def;
    let undoes = |idx: &ElementIdx| match &def.element(*idx).kind {
        ElementKind::StartEvent(event) => event.triggers.contains(&Trigger::Compensation),
        _ => false,
    };
    let subs = elements(def).filter(undoes).map(|start| def.element(start).parent);
    let found: Vec<ElementIdx> = subs.filter(|sub| def.element(*sub).parent == ROOT).collect();
    for sub in found {
        let text = Text::new(
            "A compensation event sub-process stands in the sub-process that it undoes, not in the process itself",
            "Событийный подпроцесс «компенсация» стоит в том подпроцессе, который он отменяет, а не в самом процессе",
        );
        compiler.error("LN-25", compiler.nodes[sub.0 as usize], text);
    }
}

fn thrown(compiler: &mut Compiler) {
    let undoes = undoable(&compiler.def);
    for idx in elements(&compiler.def) {
        let results = match &compiler.def.element(idx).kind {
            ElementKind::EndEvent(event) | ElementKind::ThrowEvent(event) => &event.results,
            _ => continue,
        };
        let thrown = results.iter().find_map(|t| match t {
            Throw::Compensation { activity, .. } => Some(*activity),
            _ => None,
        });
        let Some(activity) = thrown else { continue };
        let reached = match activity {
            Some(activity) => undoes[activity.0 as usize],
            None => scopes_around(&compiler.def, idx).any(|scope| undoes[scope.0 as usize]),
        };
        if reached {
            continue;
        }
        let node = compiler.nodes[idx.0 as usize];
        let text = Text::new(
            "Nothing here has a compensation handler: the event undoes nothing",
            "Здесь ни у чего нет обработчика компенсации: событие ничего не отменит",
        );
        compiler.warn("LN-25", node, text);
    }
}

/// Elements that have a handler, or hold one.
fn undoable(def: &ProcessDefinition) -> Vec<bool> {
    let mut undoes = vec![false; def.elements.len()];
    // A child stands behind its scope, so going backwards a scope learns of all its children.
    for idx in elements(def).collect::<Vec<_>>().into_iter().rev() {
        let element = def.element(idx);
        let own = match &element.kind {
            ElementKind::StartEvent(event) => event.triggers.contains(&Trigger::Compensation),
            // What is called may hold handlers of its own.
            ElementKind::CallActivity(_) | ElementKind::Unsupported { .. } => true,
            _ => element.compensation_handler().is_some(),
        };
        if own || undoes[idx.0 as usize] {
            undoes[idx.0 as usize] = true;
            undoes[element.parent.0 as usize] = true;
        }
    }
    undoes
}

/// The scope of `idx`; of an event sub-process also the scope around it.
fn scopes_around(def: &ProcessDefinition, idx: ElementIdx) -> impl Iterator<Item = ElementIdx> + '_ {
    let inner = def.element(idx).parent;
    let event = def.element(inner).kind.as_scope().is_some_and(|s| s.kind == ScopeKind::EventSubProcess);
    std::iter::once(inner).chain(event.then(|| def.element(inner).parent))
}
