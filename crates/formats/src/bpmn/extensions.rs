//! Extensions that are kept but change nothing here (BPMN LN-27), and names that no expression can read (LN-22).
//!
//! Never: reads values (that is [`super::tasks`]).

use super::compile::{Compiler, shorten};
use super::dom::{ACTIVITI, CAMUNDA, FLOWABLE, ZEEBE, extensions, filled, model_children};
use super::expressions::is_path;
use crate::finding::Text;
use roxmltree::Node;
use std::collections::HashSet;

/// Findings about the extensions of one element.
pub(crate) fn check(compiler: &mut Compiler, node: Node) {
    zeebe_children(compiler, node);
    foreign(compiler, node);
}

fn zeebe_children(compiler: &mut Compiler, node: Node) {
    for extension in extensions(node).filter(|n| n.tag_name().namespace() == Some(ZEEBE)) {
        match extension.tag_name().name() {
            "agentDefinition" => no_effect(compiler, extension, "agentDefinition"),
            "taskHeaders" => headers_twice(compiler, extension),
            "executionListeners" => listeners(compiler, node, extension),
            "calledDecision" | "script" => variable(compiler, extension, "resultVariable"),
            "adHoc" => variable(compiler, extension, "outputCollection"),
            _ => {}
        }
    }
    let repeated = model_children(node).filter(|n| n.tag_name().name() == "multiInstanceLoopCharacteristics");
    for loops in repeated.flat_map(extensions).filter(|n| n.has_tag_name((ZEEBE, "loopCharacteristics"))) {
        variable(compiler, loops, "inputElement");
        variable(compiler, loops, "outputCollection");
    }
}

/// Of headers with one key the last counts.
fn headers_twice(compiler: &mut Compiler, list: Node) {
    let mut keys = HashSet::new();
    let headers = list.children().filter(|n| n.has_tag_name((ZEEBE, "header")));
    for header in headers.filter(|n| !keys.insert(n.attribute("key").unwrap_or_default())) {
        let key = shorten(header.attribute("key").unwrap_or_default());
        let text = Text::new(
            format!("The header `{key}` stands twice: one of them has no effect"),
            format!("Заголовок «{key}» указан дважды: один из них не действует"),
        );
        compiler.warn("LN-27", header, text);
    }
}

fn listeners(compiler: &mut Compiler, node: Node, list: Node) {
    let repeated = model_children(node).any(|n| n.tag_name().name() == "multiInstanceLoopCharacteristics");
    for listener in list.children().filter(|n| n.has_tag_name((ZEEBE, "executionListener"))) {
        if filled(listener, "eventType") == Some("beforeAll") && !repeated {
            let text = Text::new(
                "The listener never hears of `beforeAll`: the element is no multi-instance activity",
                "Событие beforeAll не наступит: элемент не повторяется (multi-instance)",
            );
            compiler.warn("LN-27", listener, text);
        }
        for headers in listener.children().filter(|n| n.has_tag_name((ZEEBE, "taskHeaders"))) {
            headers_twice(compiler, headers);
        }
    }
}

/// A variable that can be written and that no expression can read.
fn variable(compiler: &mut Compiler, node: Node, attribute: &str) {
    let Some(name) = filled(node, attribute).filter(|name| !name.starts_with('=') && !is_path(name)) else { return };
    let name = shorten(name);
    let text = Text::new(
        format!("`{name}` is no variable name: no expression can read it; use letters, digits and `_`"),
        format!("«{name}» — не имя переменной: выражения её не прочтут; нужны буквы, цифры и «_»"),
    );
    compiler.warn("LN-22", node, text);
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
