//! Extensions that are kept but change nothing here, and those that would change a run and do not run yet.
//!
//! Never: reads values (that is [`super::tasks`]).

use super::compile::Compiler;
use super::dom::{ACTIVITI, CAMUNDA, FLOWABLE, ZEEBE, extensions, filled, is, model_children};
use crate::finding::Text;
use roxmltree::Node;

/// Findings about the extensions of one element.
pub(crate) fn check(compiler: &mut Compiler, node: Node) {
    zeebe_children(compiler, node);
    people_and_data(compiler, node);
    foreign(compiler, node);
}

fn zeebe_children(compiler: &mut Compiler, node: Node) {
    for extension in extensions(node).filter(|n| n.tag_name().namespace() == Some(ZEEBE)) {
        let name = extension.tag_name().name();
        match name {
            "executionListeners" | "taskListeners" => {
                let has_any = extension.children().any(|n| n.is_element());
                if has_any {
                    compiler.unsupported(extension, &format!("zeebe:{name}"));
                }
            }
            "linkedResources" | "jobPriorityDefinition" | "agentDefinition" => no_effect(compiler, extension, name),
            "taskSchedule" if filled(extension, "followUpDate").is_some() => {
                no_effect(compiler, extension, "followUpDate");
            }
            "taskHeaders" => {
                let keys: Vec<_> = extension.children().filter_map(|h| filled(h, "key")).collect();
                for key in ["errorExpression", "retryBackoff"].into_iter().filter(|k| keys.contains(k)) {
                    no_effect(compiler, extension, key);
                }
            }
            _ => {}
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

/// BPMN's own ways to assign people and map data: kept, without effect yet.
fn people_and_data(compiler: &mut Compiler, node: Node) {
    for child in model_children(node) {
        let name = child.tag_name().name();
        let ignored = match name {
            "performer" | "humanPerformer" | "potentialOwner" | "resourceRole" => true,
            "dataInputAssociation" | "dataOutputAssociation" => {
                model_children(child).any(|n| is(n, "assignment") || is(n, "transformation"))
            }
            "property" | "correlationSubscription" => true,
            _ => false,
        };
        if ignored {
            compiler.warn(
                "LN-06",
                child,
                Text::new(
                    format!("`{name}` is kept and shown, but does not run yet"),
                    format!("«{name}» сохраняется и показывается, но пока не исполняется"),
                ),
            );
        }
    }
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
    let mut names: Vec<String> = attributes.chain(children).map(|(v, n)| format!("{v}:{n}")).collect();
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
            format!("Kept, but without effect here yet: {names}"),
            format!("Сохраняется, но здесь пока не действует: {names}"),
        ),
    );
}
