//! Starts, ends, reachability, splits, gateways, duplicates and labels.

use super::super::compile::{Compiler, own};
use super::super::dom::is;
use super::{elements, is_compensation, is_gateway, successors};
use crate::finding::Text;
use model::Severity;
use model::definition::{ElementIdx, ElementKind, ROOT, ScopeKind};
use std::collections::HashSet;

/// Every scope begins somewhere (BPMN LN-07, ES-6, AH-1).
pub(crate) fn starts(compiler: &mut Compiler) {
    for at in 0..compiler.def.elements.len() {
        let idx = ElementIdx(at as u32);
        let Some(scope) = compiler.def.element(idx).kind.as_scope() else { continue };
        let (plain, triggered, implicit) = (scope.starts.len(), scope.triggered.len(), scope.implicit.len());
        let none = ("There is no start event", "Нет стартового события");
        let problem = match scope.kind {
            ScopeKind::EventSubProcess if plain > 0 || triggered != 1 => Some((
                "An event sub-process has exactly one start event, with a trigger",
                "У событийного подпроцесса ровно одно стартовое событие, и оно с триггером",
            )),
            ScopeKind::EventSubProcess => None,
            ScopeKind::AdHoc(_) if plain + triggered > 0 => {
                Some(("An ad-hoc sub-process has no start event", "В ad-hoc подпроцессе не бывает стартового события"))
            }
            ScopeKind::AdHoc(_) if !has_work(compiler, idx, implicit) => {
                Some(("The ad-hoc sub-process holds nothing to do", "В ad-hoc подпроцессе нечего делать"))
            }
            ScopeKind::AdHoc(_) => None,
            _ if plain + triggered + implicit == 0 => Some(none),
            ScopeKind::Process => None,
            ScopeKind::SubProcess | ScopeKind::Transaction if triggered > 0 => Some((
                "The start event of an embedded sub-process has no trigger",
                "Стартовое событие встроенного подпроцесса не имеет триггера",
            )),
            ScopeKind::SubProcess | ScopeKind::Transaction if plain > 1 => Some((
                "An embedded sub-process has exactly one start event",
                "У подпроцесса ровно одно стартовое событие",
            )),
            ScopeKind::SubProcess | ScopeKind::Transaction => None,
        };
        let several = scope.kind == ScopeKind::Process && plain > 1 && scope.default_start.is_none();
        let begins_itself = !matches!(scope.kind, ScopeKind::AdHoc(_)) && implicit > 0;
        let node = compiler.nodes[at];
        if let Some((en, ru)) = problem {
            compiler.error("LN-07", node, Text::new(en, ru));
        } else if several {
            let text = Text::new(
                "Several start events: a start must name one of them, or mark one with ruslo:default=\"true\"",
                "Стартовых событий несколько: при запуске надо назвать одно или пометить его ruslo:default=\"true\"",
            );
            compiler.report("LN-07", Severity::Hint, node, text);
        } else if begins_itself {
            let text = Text::new(
                "There is no start event: everything without an incoming flow begins at once",
                "Нет стартового события: всё, во что не входят потоки, начнётся сразу",
            );
            compiler.warn("LN-07", node, text);
        }
    }
}

/// Paths that end without an end event (BPMN LN-08).
pub(crate) fn ends(compiler: &mut Compiler) {
    for idx in elements(&compiler.def) {
        let element = compiler.def.element(idx);
        let node = compiler.nodes[idx.0 as usize];
        let started = is(node, "startEvent") || is(node, "boundaryEvent");
        let apart = (element.incoming.is_empty() && !started) || is_compensation(&element.kind);
        if !element.outgoing.is_empty() || is(node, "endEvent") || apart {
            continue;
        }
        compiler.report(
            "LN-08",
            Severity::Hint,
            node,
            Text::new("The path ends here without an end event", "Путь обрывается здесь без конечного события"),
        );
    }
}

/// Elements that no token can reach (BPMN LN-09).
pub(crate) fn reachability(compiler: &mut Compiler) {
    let def = &compiler.def;
    let mut reached = vec![false; def.elements.len()];
    let mut queue: Vec<ElementIdx> = Vec::new();
    for idx in std::iter::once(ROOT).chain(elements(def)) {
        let element = def.element(idx);
        if let Some(scope) = element.kind.as_scope() {
            let begins = [&scope.starts, &scope.triggered, &scope.implicit, &scope.event_sub_processes];
            queue.extend(begins.into_iter().flatten());
        }
        let broken = matches!(element.kind, ElementKind::Unsupported { .. });
        if idx != ROOT && (broken || element.is_for_compensation() || is_compensation(&element.kind)) {
            queue.push(idx);
        }
    }
    if queue.is_empty() {
        return;
    }
    while let Some(idx) = queue.pop() {
        if !std::mem::replace(&mut reached[idx.0 as usize], true) {
            queue.extend(successors(def, idx));
        }
    }
    for idx in elements(&compiler.def) {
        if !reached[idx.0 as usize] {
            let node = compiler.nodes[idx.0 as usize];
            compiler.warn(
                "LN-09",
                node,
                Text::new("No path from a start event leads here", "Сюда не ведёт путь от стартового события"),
            );
        }
    }
}

/// Conditions where a token chooses (BPMN LN-10, LN-11, TK-11).
pub(crate) fn splits(compiler: &mut Compiler) {
    for idx in elements(&compiler.def) {
        let element = compiler.def.element(idx).clone();
        if let Some(flow) = element.default_flow.filter(|f| compiler.def.flow(*f).condition.is_some()) {
            let flow_node = compiler.flow_nodes[flow.0 as usize];
            compiler.warn(
                "LN-11",
                flow_node,
                Text::new(
                    "The default flow has a condition, which is not evaluated",
                    "У потока по умолчанию есть условие; оно не вычисляется",
                ),
            );
        }
        match element.kind {
            ElementKind::ExclusiveGateway if element.outgoing.len() > 1 => exclusive(compiler, idx),
            ElementKind::InclusiveGateway if element.outgoing.len() > 1 => {
                for flow in element.outgoing.iter().filter(|f| element.default_flow != Some(**f)) {
                    if compiler.def.flow(*flow).condition.is_none() {
                        let flow_node = compiler.flow_nodes[flow.0 as usize];
                        let text = Text::new(
                            "The flow has no condition and is not the default: it is always taken",
                            "У потока нет условия и он не по умолчанию: он будет выбран всегда",
                        );
                        compiler.warn("LN-10", flow_node, text);
                    }
                }
            }
            ElementKind::ParallelGateway | ElementKind::EventBasedGateway(_) => {
                for flow in &element.outgoing {
                    if compiler.def.flow(*flow).condition.is_none() {
                        continue;
                    }
                    let flow_node = compiler.flow_nodes[flow.0 as usize];
                    let text = Text::new(
                        "A condition behind a parallel or event-based gateway is not evaluated",
                        "Условие после параллельного шлюза или шлюза по событиям не вычисляется",
                    );
                    compiler.warn("LN-10", flow_node, text);
                }
            }
            _ => {}
        }
    }
}

fn exclusive(compiler: &mut Compiler, idx: ElementIdx) {
    let element = compiler.def.element(idx);
    let default = element.default_flow;
    let open: Vec<_> = element
        .outgoing
        .iter()
        .copied()
        .filter(|f| Some(*f) != default && compiler.def.flow(*f).condition.is_none())
        .collect();
    if open.len() > 1 {
        let node = compiler.nodes[idx.0 as usize];
        compiler.error(
            "LN-10",
            node,
            Text::new(
                "Several outgoing flows have no condition: give conditions, or make one the default",
                "У нескольких исходящих потоков нет условия: задайте условия или сделайте один потоком по умолчанию",
            ),
        );
    } else if let Some(flow) = open.first() {
        let node = compiler.flow_nodes[flow.0 as usize];
        compiler.warn(
            "LN-10",
            node,
            Text::new(
                "The flow has no condition and is not the default: it is always taken when its turn comes",
                "У потока нет условия и он не по умолчанию: когда до него дойдёт очередь, он будет выбран всегда",
            ),
        );
    }
}

/// Gateways that do nothing, or two things at once (BPMN LN-14).
pub(crate) fn gateways(compiler: &mut Compiler) {
    for idx in elements(&compiler.def) {
        let element = compiler.def.element(idx);
        if !is_gateway(&element.kind) {
            continue;
        }
        let text = match (element.incoming.len(), element.outgoing.len()) {
            (1, 1) => {
                Text::new("The gateway does nothing: one flow in, one out", "Шлюз лишний: один вход и один выход")
            }
            (2.., 2..) => Text::new(
                "The gateway joins and splits: two gateways are easier to read",
                "Шлюз и сводит, и разветвляет: два шлюза читаются легче",
            ),
            _ => continue,
        };
        let node = compiler.nodes[idx.0 as usize];
        compiler.report("LN-14", Severity::Hint, node, text);
    }
}

/// Two flows with the same ends (BPMN LN-16).
pub(crate) fn duplicates(compiler: &mut Compiler) {
    let mut seen = HashSet::new();
    for at in 0..compiler.def.flows.len() {
        let flow = &compiler.def.flows[at];
        if !flow.link && !seen.insert((flow.source, flow.target)) {
            let node = compiler.flow_nodes[at];
            compiler.warn(
                "LN-16",
                node,
                Text::new("Another flow joins the same two elements", "Те же элементы уже соединены другим потоком"),
            );
        }
    }
}

/// Labels that a reader misses (BPMN LN-30).
pub(crate) fn labels(compiler: &mut Compiler) {
    for idx in elements(&compiler.def) {
        let element = compiler.def.element(idx);
        let node = compiler.nodes[idx.0 as usize];
        let user_task = matches!(element.kind, ElementKind::UserTask(_)) && own(node, "title").is_none();
        let split = matches!(element.kind, ElementKind::ExclusiveGateway) && element.outgoing.len() > 1;
        if element.name.is_none() && (user_task || split) {
            let text = if split {
                Text::new("The gateway does not say what it asks", "Не подписано, о чём спрашивает шлюз")
            } else {
                Text::new("The task has no name", "У задания нет названия")
            };
            compiler.report("LN-30", Severity::Hint, node, text);
        }
        if !split {
            continue;
        }
        let nameless: Vec<_> = compiler
            .def
            .element(idx)
            .outgoing
            .iter()
            .filter(|f| compiler.def.flow(**f).name.is_none())
            .copied()
            .collect();
        for flow in nameless {
            let flow_node = compiler.flow_nodes[flow.0 as usize];
            let text = Text::new("The flow of the split has no label", "Поток после развилки не подписан");
            compiler.report("LN-30", Severity::Hint, flow_node, text);
        }
    }
}

/// Whether an ad-hoc sub-process has an activity that can be begun. One that could not be read counts: that is told.
fn has_work(compiler: &Compiler, scope: ElementIdx, implicit: usize) -> bool {
    let parts = || compiler.def.elements.iter().filter(|e| e.parent == scope);
    let broken = parts().any(|e| matches!(e.kind, ElementKind::Unsupported { .. }));
    broken || (implicit > 0 && parts().any(|e| e.kind.is_activity()))
}
