//! Loops that never wait or never leave (BPMN LN-15), and numbers of turns (LN-31).

use super::super::compile::Compiler;
use super::{elements, successors};
use crate::finding::Text;
use model::Value;
use model::definition::{ElementIdx, ElementKind, Expression, ProcessDefinition, Repetition};

/// Reports each such loop once, at its first element in the file.
pub(crate) fn run(compiler: &mut Compiler) {
    let waits = waiting(&compiler.def);
    let all = vec![false; waits.len()];
    for (component, closed) in components(&compiler.def, &all) {
        if closed {
            let node = compiler.nodes[component.0 as usize];
            let text = Text::new("No way leads out of this loop", "Из этого цикла нет выхода");
            compiler.warn("LN-15", node, text);
        }
    }
    for (component, closed) in components(&compiler.def, &waits) {
        if !closed {
            let node = compiler.nodes[component.0 as usize];
            let text = Text::new(
                "A loop runs from here without waiting for anything; it is cut after a number of steps",
                "Отсюда идёт цикл, который ничего не ждёт; после множества шагов он будет остановлен",
            );
            compiler.warn("LN-15", node, text);
        }
    }
}

/// A number of turns that can not be (BPMN LN-31).
pub(crate) fn bounds(compiler: &mut Compiler) {
    for idx in super::elements(&compiler.def) {
        let Some(Repetition::MultiInstance(turns)) = compiler.def.element(idx).repetition() else { continue };
        let Some(Expression::Literal(Value::Number(number))) = turns.cardinality.map(|c| compiler.def.expression(c))
        else {
            continue;
        };
        if number.is_integer() && number.to_i64().is_none_or(|n| n >= 0) {
            continue;
        }
        let node = compiler.nodes[idx.0 as usize];
        let text = Text::new("The number of turns must be 0 or more", "Число повторов должно быть целым, не меньше 0");
        compiler.error("LN-31", node, text);
    }
}

/// Which elements wait, or may wait, for something outside the step.
fn waiting(def: &ProcessDefinition) -> Vec<bool> {
    let mut waits = vec![false; def.elements.len()];
    // A child stands behind its scope, so going backwards a scope learns of all its children.
    for idx in elements(def).collect::<Vec<_>>().into_iter().rev() {
        let element = def.element(idx);
        let own = matches!(
            element.kind,
            ElementKind::UserTask(_)
                | ElementKind::ServiceTask(_)
                | ElementKind::CatchEvent(_)
                | ElementKind::BoundaryEvent(_)
                | ElementKind::ReceiveTask(_)
                | ElementKind::CallActivity(_)
                | ElementKind::EventBasedGateway(_)
                | ElementKind::Unsupported { .. }
        );
        if own || waits[idx.0 as usize] {
            waits[idx.0 as usize] = true;
            waits[element.parent.0 as usize] = true;
        }
    }
    waits
}

/// The loops (strongly connected components) of the elements not `left_out`: the first element of each, and whether no
/// flow leaves it. Tarjan's algorithm with its own stack.
fn components(def: &ProcessDefinition, left_out: &[bool]) -> Vec<(ElementIdx, bool)> {
    let count = def.elements.len();
    let mut state = Tarjan { index: vec![0; count], low: vec![0; count], on: vec![false; count], stack: Vec::new() };
    let mut next = 1_u32;
    let mut found = Vec::new();
    for root in elements(def) {
        if left_out[root.0 as usize] || state.index[root.0 as usize] != 0 {
            continue;
        }
        let mut work: Vec<(ElementIdx, Vec<ElementIdx>)> = Vec::new();
        state.enter(root, &mut next);
        work.push((root, successors(def, root).filter(|s| !left_out[s.0 as usize]).collect()));
        while let Some((node, rest)) = work.last_mut() {
            let node = *node;
            if let Some(child) = rest.pop() {
                let at = child.0 as usize;
                if state.index[at] == 0 {
                    state.enter(child, &mut next);
                    work.push((child, successors(def, child).filter(|s| !left_out[s.0 as usize]).collect()));
                } else if state.on[at] {
                    state.low[node.0 as usize] = state.low[node.0 as usize].min(state.index[at]);
                }
                continue;
            }
            work.pop();
            if let Some((parent, _)) = work.last() {
                let parent = parent.0 as usize;
                state.low[parent] = state.low[parent].min(state.low[node.0 as usize]);
            }
            if state.low[node.0 as usize] == state.index[node.0 as usize] {
                found.extend(judge(def, state.leave(node)));
            }
        }
    }
    found.sort();
    found
}

struct Tarjan {
    index: Vec<u32>,
    low: Vec<u32>,
    on: Vec<bool>,
    stack: Vec<ElementIdx>,
}

impl Tarjan {
    fn enter(&mut self, idx: ElementIdx, next: &mut u32) {
        let at = idx.0 as usize;
        self.index[at] = *next;
        self.low[at] = *next;
        *next += 1;
        self.on[at] = true;
        self.stack.push(idx);
    }

    fn leave(&mut self, root: ElementIdx) -> Vec<ElementIdx> {
        let mut members = Vec::new();
        while let Some(member) = self.stack.pop() {
            self.on[member.0 as usize] = false;
            members.push(member);
            if member == root {
                break;
            }
        }
        members
    }
}

fn judge(def: &ProcessDefinition, mut members: Vec<ElementIdx>) -> Option<(ElementIdx, bool)> {
    members.sort();
    let first = *members.first()?;
    let looped = members.len() > 1 || successors(def, first).any(|s| s == first);
    if !looped {
        return None;
    }
    let inside = |idx: &ElementIdx| members.binary_search(idx).is_ok();
    let leaves = members.iter().any(|m| successors(def, *m).any(|s| !inside(&s)));
    Some((first, !leaves))
}
