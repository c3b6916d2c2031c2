//! Starts, ends, reachability, splits, gateways, duplicates and labels.

use super::super::compile::{Compiler, own};
use super::super::dom::{flag, is};
use super::{elements, is_container, is_gateway, successors};
use crate::finding::Text;
use model::Severity;
use model::definition::{ElementIdx, ElementKind, ROOT};
use std::collections::HashSet;

/// Every scope begins somewhere (BPMN LN-07).
pub(crate) fn starts(compiler: &mut Compiler) {
    let count = compiler.def.elements.len();
    let mut plain = vec![0_usize; count];
    let mut triggered = vec![0_usize; count];
    for idx in elements(&compiler.def) {
        let node = compiler.nodes[idx.0 as usize];
        if is(node, "startEvent") {
            let parent = compiler.def.element(idx).parent.0 as usize;
            match compiler.def.element(idx).kind {
                ElementKind::StartEvent(_) => plain[parent] += 1,
                _ => triggered[parent] += 1,
            }
        }
    }
    for at in 0..count {
        let idx = ElementIdx(at as u32);
        let node = compiler.nodes[at];
        let event = flag(node, "triggeredByEvent") == Some(true);
        if !is_container(compiler, idx) || is(node, "adHocSubProcess") {
            continue;
        }
        let root = idx == ROOT;
        let problem = match (plain[at], triggered[at]) {
            (0, 0) => Some(("There is no start event", "Нет стартового события")),
            (_, 1) if event => None,
            _ if event => Some((
                "An event sub-process has exactly one start event, with a trigger",
                "У событийного подпроцесса ровно одно стартовое событие, и оно с триггером",
            )),
            (_, 1..) if !root => Some((
                "The start event of an embedded sub-process has no trigger",
                "Стартовое событие встроенного подпроцесса не имеет триггера",
            )),
            (2.., _) if !root => Some((
                "An embedded sub-process has exactly one start event",
                "У подпроцесса ровно одно стартовое событие",
            )),
            _ => None,
        };
        if let Some((en, ru)) = problem {
            compiler.error("LN-07", node, Text::new(en, ru));
        }
        if root && plain[at] > 1 {
            compiler.unsupported(node, "several none start events");
        }
    }
}

/// Paths that end without an end event (BPMN LN-08).
pub(crate) fn ends(compiler: &mut Compiler) {
    for idx in elements(&compiler.def) {
        let element = compiler.def.element(idx);
        let node = compiler.nodes[idx.0 as usize];
        let apart = element.incoming.is_empty() && !is(node, "startEvent") && !is(node, "boundaryEvent");
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
    for idx in elements(def) {
        let node = compiler.nodes[idx.0 as usize];
        let own_start = flag(node, "triggeredByEvent") == Some(true) || flag(node, "isForCompensation") == Some(true);
        let ad_hoc = is(compiler.nodes[def.element(idx).parent.0 as usize], "adHocSubProcess");
        if is(node, "startEvent") || own_start || ad_hoc {
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
            ElementKind::ParallelGateway => {
                for flow in &element.outgoing {
                    if compiler.def.flow(*flow).condition.is_none() {
                        continue;
                    }
                    let flow_node = compiler.flow_nodes[flow.0 as usize];
                    let text = Text::new(
                        "A condition behind a parallel gateway is not evaluated",
                        "Условие после параллельного шлюза не вычисляется",
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
        if !seen.insert((flow.source, flow.target)) {
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
