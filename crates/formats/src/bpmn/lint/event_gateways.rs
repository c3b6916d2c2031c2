//! What may stand behind an event-based gateway (BPMN LN-17, EB-3, EB-4).

use super::super::compile::Compiler;
use super::elements;
use crate::finding::Text;
use model::Value;
use model::definition::{ElementIdx, ElementKind, ExprId, Expression, ProcessDefinition, Trigger};
use std::collections::HashMap;

/// Reports what a gateway can not wait for.
pub(crate) fn run(compiler: &mut Compiler) {
    for idx in elements(&compiler.def) {
        let ElementKind::EventBasedGateway(gateway) = compiler.def.element(idx).kind else { continue };
        if gateway.instantiate && !compiler.def.element(idx).incoming.is_empty() {
            let text = Text::new(
                "An event-based gateway that creates the instance has no incoming flow",
                "В шлюз по событиям, который создаёт экземпляр, не входят потоки",
            );
            let node = compiler.nodes[idx.0 as usize];
            compiler.error("LN-17", node, text);
        }
        let flows = compiler.def.element(idx).outgoing.clone();
        let targets: Vec<ElementIdx> = flows.iter().map(|f| compiler.def.flow(*f).target).collect();
        for target in &targets {
            if let Some((en, ru)) = unfit(&compiler.def, *target, gateway.instantiate) {
                let node = compiler.nodes[target.0 as usize];
                compiler.error("LN-17", node, Text::new(en, ru));
            }
        }
        mixed(compiler, &targets);
    }
}

fn unfit(def: &ProcessDefinition, target: ElementIdx, instantiate: bool) -> Option<(&'static str, &'static str)> {
    let element = def.element(target);
    let (waits, message) = match &element.kind {
        ElementKind::CatchEvent(event) => {
            (!event.triggers.is_empty(), event.triggers.iter().all(|t| matches!(t, Trigger::Message(_))))
        }
        ElementKind::ReceiveTask(_) => (true, true),
        // What could not be compiled has a finding already.
        ElementKind::Unsupported { .. } => return None,
        _ => (false, false),
    };
    if !waits {
        return Some((
            "Behind an event-based gateway stand events that wait, or receive tasks",
            "За шлюзом по событиям стоят события ожидания или задачи-получатели",
        ));
    }
    if instantiate && !message {
        return Some((
            "Behind an event-based gateway that creates the instance stand messages only",
            "За шлюзом по событиям, который создаёт экземпляр, стоят только сообщения",
        ));
    }
    if element.incoming.len() != 1 {
        return Some((
            "What stands behind an event-based gateway has no other incoming flow",
            "В то, что стоит за шлюзом по событиям, не входят другие потоки",
        ));
    }
    (!element.boundaries.is_empty()).then_some((
        "A receive task behind an event-based gateway has no boundary events",
        "У задачи-получателя за шлюзом по событиям нет граничных событий",
    ))
}

/// One message may not be waited for by an event and a receive task.
fn mixed(compiler: &mut Compiler, targets: &[ElementIdx]) {
    let mut seen: HashMap<String, bool> = HashMap::new();
    for target in targets {
        let (task, names) = match &compiler.def.element(*target).kind {
            ElementKind::ReceiveTask(task) => (true, vec![task.message.name]),
            ElementKind::CatchEvent(event) => (false, messages(&event.triggers)),
            _ => continue,
        };
        for name in names {
            let Some(name) = literal(&compiler.def, name) else { continue };
            if *seen.entry(name.clone()).or_insert(task) == task {
                continue;
            }
            let text = Text::new(
                format!("The message `{name}` is waited for by an event and by a receive task behind one gateway"),
                format!("Сообщение «{name}» за одним шлюзом ждут и событие, и задача-получатель"),
            );
            let node = compiler.nodes[target.0 as usize];
            compiler.error("LN-17", node, text);
        }
    }
}

fn messages(triggers: &[Trigger]) -> Vec<ExprId> {
    let message = |t: &Trigger| if let Trigger::Message(message) = t { Some(message.name) } else { None };
    triggers.iter().filter_map(message).collect()
}

fn literal(def: &ProcessDefinition, expression: ExprId) -> Option<String> {
    match def.expression(expression) {
        Expression::Literal(Value::String(text)) => Some(text.to_string()),
        _ => None,
    }
}
