//! Events (contract 3.2, 3.3: events): variables of caught errors, filters, scopes, the event registry.

use super::super::dom::{MODEL, filled};
use super::edits::Native;
use super::{Adapter, attr, vendor_elements};
use crate::finding::Text;
use roxmltree::Node;

/// An event definition other than a message's.
pub(super) fn definition<'a, 'i>(adapter: &mut Adapter<'_, 'a, 'i, '_>, node: Node<'a, 'i>, native: &mut Native) {
    for name in ["errorCodeVariable", "errorMessageVariable", "escalationCodeVariable"] {
        if let Some(variable) = attr(node, name) {
            native.attribute(name, variable);
        }
    }
    match node.tag_name().name() {
        "conditionalEventDefinition" => {
            let mut filter = Vec::new();
            if let Some(variables) = attr(node, "variableName") {
                filter.push(("variableNames", variables.to_owned()));
            }
            if let Some(changes) = attr(node, "variableEvents") {
                filter.push(("variableEvents", changes.to_owned()));
            }
            if !filter.is_empty() {
                native.element("conditionalFilter", filter);
            }
        }
        "terminateEventDefinition" => {
            let told = |name: &str| attr(node, name) == Some("true");
            if told("terminateAll") {
                native.attribute("terminate", "all");
            } else if told("terminateMultiInstance") {
                native.attribute("terminate", "multiInstance");
            }
        }
        "timerEventDefinition" => {
            if let Some(calendar) = attr(node, "businessCalendarName") {
                native.attribute("calendar", calendar);
            }
            let cycle = node.children().find(|n| n.tag_name().name() == "timeCycle");
            if let Some(end) = cycle.and_then(|c| attr(c, "endDate")).and_then(|end| adapter.value(node, end)) {
                native.attribute("endDate", end);
            }
        }
        "signalEventDefinition" => signal_payload(adapter, node, native),
        _ => {}
    }
}

/// Variables that go with a signal (camunda `in`), and its name as an expression.
fn signal_payload<'a, 'i>(adapter: &mut Adapter<'_, 'a, 'i, '_>, node: Node<'a, 'i>, native: &mut Native) {
    if let Some(name) = attr(node, "signalExpression").and_then(|text| adapter.value(node, text)) {
        native.attribute("signalName", name);
    }
    let throws = node
        .parent_element()
        .is_some_and(|event| matches!(event.tag_name().name(), "intermediateThrowEvent" | "endEvent"));
    let ins: Vec<_> = vendor_elements(node, "in").collect();
    if !throws || ins.is_empty() {
        return;
    }
    let mut event = Native::default();
    for mapping in ins {
        if filled(mapping, "variables") == Some("all") {
            native.attribute("allVariables", "true");
            continue;
        }
        let source = match (filled(mapping, "source"), filled(mapping, "sourceExpression")) {
            (Some(name), _) => Some(format!("={name}")),
            (None, Some(text)) => adapter.value(mapping, text),
            (None, None) => None,
        };
        if let (Some(source), Some(target)) = (source, filled(mapping, "target")) {
            event.inputs.push((source, target.to_owned()));
        }
    }
    if let Some(parent) = node.parent_element() {
        adapter.edits.write(parent, &event);
    }
}

/// A signal that stays within its tree (flowable `scope="processInstance"`, BPMN SG-3).
pub(super) fn signal<'a, 'i>(_: &mut Adapter<'_, 'a, 'i, '_>, node: Node<'a, 'i>, native: &mut Native) {
    if attr(node, "scope") == Some("processInstance") {
        native.attribute("scope", "processInstance");
    }
}

/// An error or escalation that is nowhere declared: the reference is its code.
pub(super) fn bare_code<'a, 'i>(adapter: &mut Adapter<'_, 'a, 'i, '_>, node: Node<'a, 'i>, native: &mut Native) {
    for name in ["errorRef", "escalationRef"] {
        if let Some(code) = filled(node, name).filter(|reference| adapter.file.resolve(reference).is_none()) {
            native.attribute("code", code);
        }
    }
}

/// Flowable's event registry: the event is a message of its type's name; listeners of variables are conditions.
pub(super) fn registry<'a, 'i>(adapter: &mut Adapter<'_, 'a, 'i, '_>, node: Node<'a, 'i>, native: &mut Native) {
    let receives = node.tag_name().name() == "receiveTask";
    let named = vendor_elements(node, "eventType").next().map(super::super::dom::text_of);
    // A receive task of these engines needs no message: it is released by its id.
    let unnamed = || (receives && filled(node, "messageRef").is_none()).then(|| filled(node, "id").map(str::to_owned));
    let Some(name) = named.or_else(|| unnamed().flatten()) else { return };
    let drawn = node
        .children()
        .any(|n| n.tag_name().namespace() == Some(MODEL) && n.tag_name().name().ends_with("EventDefinition"));
    if drawn || name.is_empty() {
        return;
    }
    match receives {
        true => native.attribute("messageName", name.clone()),
        false => native.children.push(("messageEventDefinition", vec![("rslr:messageName", name.clone())])),
    }
    adapter.warn(
        node,
        Text::new(
            format!("The event `{name}` comes as a message of that name"),
            format!("Событие «{name}» приходит как сообщение с этим именем"),
        ),
    );
}
