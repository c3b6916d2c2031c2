//! Link events: a throw and the catch of its name become a flow (BPMN LK-1, LN-18).
//!
//! Never: leaves a link that leads nowhere without a finding.

use super::compile::Compiler;
use super::dom::{filled, is, model_children, text_of};
use crate::finding::Text;
use model::definition::{ElementIdx, FlowIdx, SequenceFlow};
use roxmltree::Node;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

/// The link definition of an event, with its name.
fn link<'a, 'i>(compiler: &Compiler<'_, 'a, 'i>, event: Node<'a, 'i>) -> Option<(Node<'a, 'i>, String)> {
    let direct = model_children(event).find(|n| is(*n, "linkEventDefinition"));
    let shared = || {
        let mut references = model_children(event).filter(|n| is(*n, "eventDefinitionRef"));
        references.find_map(|r| compiler.file.resolve(&text_of(r)).filter(|n| is(*n, "linkEventDefinition")))
    };
    let definition = direct.or_else(shared)?;
    // Tools break long names into lines as they please.
    let words = filled(definition, "name").unwrap_or_default().split_whitespace();
    Some((definition, words.collect::<Vec<_>>().join(" ")))
}

/// Joins each throw to the catch of the same name in the same scope.
pub(crate) fn join(compiler: &mut Compiler) {
    let mut catches: HashMap<(ElementIdx, String), (ElementIdx, bool)> = HashMap::new();
    let mut throws = Vec::new();
    for at in 1..compiler.nodes.len() {
        let (node, idx) = (compiler.nodes[at], ElementIdx(at as u32));
        let catch = is(node, "intermediateCatchEvent");
        if !catch && !is(node, "intermediateThrowEvent") {
            continue;
        }
        let Some((definition, name)) = link(compiler, node) else { continue };
        if name.is_empty() {
            let text = Text::new("The link has no name", "У связи нет имени");
            compiler.error("LN-18", definition, text);
            continue;
        }
        let key = (compiler.def.element(idx).parent, name.clone());
        if !catch {
            throws.push((idx, key));
            continue;
        }
        match catches.entry(key) {
            Entry::Vacant(free) => {
                free.insert((idx, false));
            }
            Entry::Occupied(_) => {
                let text = Text::new(
                    format!("Another catch event of this scope has the link name `{name}`"),
                    format!("Имя связи «{name}» уже носит другое событие-обработчик этой области"),
                );
                compiler.error("LN-18", definition, text);
            }
        }
    }
    for (throw, key) in throws {
        match catches.get_mut(&key) {
            Some((catch, used)) => {
                *used = true;
                let catch = *catch;
                add_flow(compiler, throw, catch);
            }
            None => unpaired(compiler, throw, &key.1, "catch"),
        }
    }
    let mut alone: Vec<_> = catches.into_iter().filter(|(_, (_, used))| !used).collect();
    alone.sort();
    for ((_, name), (catch, _)) in alone {
        unpaired(compiler, catch, &name, "throw");
    }
}

fn unpaired(compiler: &mut Compiler, idx: ElementIdx, name: &str, missing: &str) {
    let node = compiler.nodes[idx.0 as usize];
    let text = Text::new(
        format!("No {missing} event of this scope has the link name `{name}`"),
        format!("В этой области нет парного события связи «{name}»"),
    );
    compiler.error("LN-18", node, text);
}

fn add_flow(compiler: &mut Compiler, source: ElementIdx, target: ElementIdx) {
    let idx = FlowIdx(compiler.def.flows.len() as u32);
    // No id of a file holds this sign.
    let id = format!("{}→{}", compiler.def.element(source).id, compiler.def.element(target).id);
    compiler.flow_nodes.push(compiler.nodes[source.0 as usize]);
    let flow = SequenceFlow { id: Arc::from(id), name: None, source, target, condition: None, link: true };
    compiler.def.flows.push(flow);
    compiler.def.elements[source.0 as usize].outgoing.push(idx);
    compiler.def.elements[target.0 as usize].incoming.push(idx);
}
