//! Extensions that are kept but change nothing here (BPMN LN-27).
//!
//! Never: reads values (that is [`super::tasks`]).

use super::compile::Compiler;
use super::dom::{ACTIVITI, CAMUNDA, FLOWABLE, ZEEBE, extensions};
use crate::finding::Text;
use roxmltree::Node;

/// Findings about the extensions of one element.
pub(crate) fn check(compiler: &mut Compiler, node: Node) {
    zeebe_children(compiler, node);
    foreign(compiler, node);
}

fn zeebe_children(compiler: &mut Compiler, node: Node) {
    for extension in extensions(node).filter(|n| n.tag_name().namespace() == Some(ZEEBE)) {
        if extension.tag_name().name() == "agentDefinition" {
            no_effect(compiler, extension, "agentDefinition");
        }
    }
}

fn no_effect(compiler: &mut Compiler, node: Node, what: &str) {
    compiler.warn(
        "LN-27",
        node,
        Text::new(
            format!("`{what}` is kept but has no effect here yet"),
            format!("«{what}» сохраняется, но здесь пока не действует"),
        ),
    );
}

/// Attributes and elements of Camunda 7, Flowable and Activiti (BPMN LN-27).
fn foreign(compiler: &mut Compiler, node: Node) {
    let vendor = |namespace: Option<&str>| match namespace {
        Some(CAMUNDA) => Some("camunda"),
        Some(FLOWABLE) => Some("flowable"),
        Some(ACTIVITI) => Some("activiti"),
        _ => None,
    };
    let attributes = node.attributes().filter_map(|a| Some((vendor(a.namespace())?, a.name())));
    let children = extensions(node).filter_map(|n| Some((vendor(n.tag_name().namespace())?, n.tag_name().name())));
    let unknown = |(_, name): &(&str, &str)| !super::dialects::is_understood(name);
    let mut names: Vec<String> = attributes.chain(children).filter(unknown).map(|(v, n)| format!("{v}:{n}")).collect();
    if names.is_empty() {
        return;
    }
    names.sort();
    names.dedup();
    let names = names.join(", ");
    compiler.warn(
        "LN-27",
        node,
        Text::new(
            format!("Kept, but without effect here: {names}"),
            format!("Сохраняется, но здесь не действует: {names}"),
        ),
    );
}
