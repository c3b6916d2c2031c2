//! What makes an element more than a plain run: quantities, markers, repetition, listeners.
//!
//! Never: decides what the element does.

use super::compile::{Compiler, own};
use super::dom::{ZEEBE, filled, flag, zeebe};
use super::expressions::At;
use super::{events, repetition, tasks};
use crate::finding::Text;
use model::definition::{ElementIdx, Listener, ListenerEvent, ROOT};
use roxmltree::Node;

/// Reads the traits of one element.
pub(crate) fn read<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, node: Node<'a, 'i>, idx: ElementIdx) {
    let listeners = listeners(compiler, node, idx);
    if !listeners.is_empty() {
        traits(compiler, idx).listeners = listeners;
    }
    if own(node, "asyncBefore") == Some("true") {
        traits(compiler, idx).async_before = true;
    }
    if own(node, "asyncAfter") == Some("true") {
        traits(compiler, idx).async_after = true;
    }
    if let Some(skip) = own(node, "skipExpression") {
        let skip = compiler.value(At { node, element: idx, role: "skip expression" }, skip);
        traits(compiler, idx).skip = Some(skip);
    }
    if idx == ROOT || !events::is_activity(node) {
        return;
    }
    for name in ["startQuantity", "completionQuantity"] {
        let quantity = quantity(compiler, node, name);
        if quantity > 1 {
            let traits = traits(compiler, idx);
            let field = match name {
                "startQuantity" => &mut traits.start_quantity,
                _ => &mut traits.completion_quantity,
            };
            *field = quantity;
        }
    }
    if flag(node, "isForCompensation") == Some(true) {
        traits(compiler, idx).for_compensation = true;
    }
    if let Some(mutex) = own(node, "mutex") {
        let mutex = compiler.value(At { node, element: idx, role: "mutex" }, mutex);
        traits(compiler, idx).mutex = Some(mutex);
    }
    if let Some(repetition) = repetition::read(compiler, node, idx) {
        traits(compiler, idx).repetition = Some(repetition);
    }
}

fn traits<'c>(compiler: &'c mut Compiler, idx: ElementIdx) -> &'c mut model::definition::Traits {
    compiler.def.elements[idx.0 as usize].traits_mut()
}

/// `startQuantity` or `completionQuantity` (BPMN TK-9, LN-31).
fn quantity(compiler: &mut Compiler, node: Node, name: &str) -> u32 {
    match filled(node, name).map(str::parse::<u32>) {
        None => 1,
        Some(Ok(n)) if n >= 1 => n,
        Some(_) => {
            compiler.error(
                "LN-31",
                node,
                Text::new(
                    format!("`{name}` must be a number of 1 or more"),
                    format!("«{name}» должно быть числом не меньше 1"),
                ),
            );
            1
        }
    }
}

/// The execution listeners in order (BPMN IN-5).
fn listeners<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, node: Node<'a, 'i>, idx: ElementIdx) -> Vec<Listener> {
    let Some(list) = zeebe(node, "executionListeners") else { return Vec::new() };
    let listeners: Vec<_> = list.children().filter(|n| n.has_tag_name((ZEEBE, "executionListener"))).collect();
    let event = |name: &str| match name {
        "start" => Some(ListenerEvent::Start),
        "end" => Some(ListenerEvent::End),
        "cancel" => Some(ListenerEvent::Cancel),
        "beforeAll" => Some(ListenerEvent::BeforeAll),
        _ => None,
    };
    listeners.into_iter().filter_map(|l| listener(compiler, l, idx, event)).collect()
}

/// One listener; `event` knows the names of its events.
pub(crate) fn listener<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    node: Node<'a, 'i>,
    idx: ElementIdx,
    event: impl Fn(&str) -> Option<ListenerEvent>,
) -> Option<Listener> {
    let name = filled(node, "eventType").unwrap_or_default();
    let Some(on) = event(name) else {
        compiler.error(
            "LN-28",
            node,
            Text::new(
                format!("`{name}` is no event of a listener here"),
                format!("«{name}» — не событие слушателя в этом месте"),
            ),
        );
        return None;
    };
    let Some(job_type) = filled(node, "type") else {
        let text = Text::new("The listener has no job type", "У слушателя нет типа работы");
        compiler.error("LN-24", node, text);
        return None;
    };
    let job_type = compiler.value(At { node, element: idx, role: "listener" }, job_type);
    let retries = filled(node, "retries")
        .and_then(|text| compiler.number_value(At { node, element: idx, role: "retries" }, text));
    Some(Listener { on, job_type, retries, headers: tasks::listener_headers(node) })
}
