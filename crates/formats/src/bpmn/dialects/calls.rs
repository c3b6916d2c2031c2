//! Calls of processes and decisions, and repetition (contract 3.2, 3.3: call, decision, multi-instance).

use super::super::dom::{RUSLO, ZEEBE, extensions, filled, flag};
use super::edits::Native;
use super::{Adapter, attr, jobs, parts, vendor_elements};
use crate::finding::Text;
use roxmltree::Node;

/// A call activity (BPMN CA-1..5).
pub(super) fn call<'a, 'i>(adapter: &mut Adapter<'_, 'a, 'i, '_>, node: Node<'a, 'i>, native: &mut Native) {
    if !adapter.vendor || extensions(node).any(|n| n.has_tag_name((ZEEBE, "calledElement"))) {
        return;
    }
    if ["caseRef", "caseBinding"].iter().any(|n| attr(node, n).is_some())
        || attr(node, "calledElementType") == Some("case")
    {
        return jobs::no_cases(adapter, node);
    }
    let Some(target) = filled(node, "calledElement") else { return };
    let Some(target) = adapter.value(node, target) else { return };
    let mut called = vec![match target.starts_with('=') {
        true => ("processIdExpression", target),
        false => ("processId", target),
    }];
    binding(node, "calledElement", &mut called);
    let mut all_in = attr(node, "inheritVariables") == Some("true");
    let mut key = None;
    let ins: Vec<_> = vendor_elements(node, "in").collect();
    for mapping in ins {
        match filled(mapping, "businessKey") {
            Some(text) => key = adapter.value(mapping, text),
            None => all_in |= incoming(adapter, mapping, native),
        }
    }
    let mut all_out = false;
    let outs: Vec<_> = vendor_elements(node, "out").collect();
    for mapping in outs {
        if filled(mapping, "variables") == Some("all") {
            all_out = true;
        } else if let Some(pair) = pair(adapter, mapping) {
            native.outputs.push(pair);
        }
    }
    called.push(("propagateAllParentVariables", all_in.to_string()));
    called.push(("propagateAllChildVariables", all_out.to_string()));
    let given = attr(node, "businessKey").and_then(|key| adapter.value(node, key));
    let inherited = (attr(node, "inheritBusinessKey") == Some("true")).then(|| "=instance.businessKey".to_owned());
    if let Some(key) = key.or(given).or(inherited) {
        called.push(("businessId", key));
    }
    native.element("calledElement", called);
    if attr(node, "completeAsync") == Some("true") {
        native.attribute("asyncAfter", "true");
    }
}

/// One `in`; true when it hands over all variables.
fn incoming<'a, 'i>(adapter: &mut Adapter<'_, 'a, 'i, '_>, mapping: Node<'a, 'i>, native: &mut Native) -> bool {
    if filled(mapping, "variables") == Some("all") {
        if flag(mapping, "local") == Some(true) {
            native.attribute("localVariables", "true");
        }
        return true;
    }
    if let Some(pair) = pair(adapter, mapping) {
        native.inputs.push(pair);
    }
    false
}

/// Source and target of an `in` or `out`.
fn pair<'a, 'i>(adapter: &mut Adapter<'_, 'a, 'i, '_>, mapping: Node<'a, 'i>) -> Option<(String, String)> {
    let target = match filled(mapping, "target") {
        Some(target) => target.to_owned(),
        None => {
            let text = filled(mapping, "targetExpression")?;
            adapter.value(mapping, text).filter(|t| !t.starts_with('='))?
        }
    };
    let source = match (filled(mapping, "source"), filled(mapping, "sourceExpression")) {
        (Some(name), _) => format!("={}", name_term(name)),
        (None, Some(text)) => adapter.value(mapping, text)?,
        (None, None) => return None,
    };
    Some((source, target))
}

/// A variable's name as FEEL.
fn name_term(name: &str) -> String {
    match super::super::is_variable_name(name) {
        true => name.to_owned(),
        false => format!("`{name}`"),
    }
}

/// `…Binding`, `…Version`, `…VersionTag` of a process or decision.
fn binding(node: Node, what: &str, attributes: &mut Vec<(&'static str, String)>) {
    let given = attr(node, &format!("{what}Binding"));
    let same = (attr(node, "sameDeployment") == Some("true")).then_some("deployment");
    match given.or(same) {
        Some("deployment") => attributes.push(("bindingType", "deployment".to_owned())),
        Some("versionTag") => {
            attributes.push(("bindingType", "versionTag".to_owned()));
            let tag = attr(node, &format!("{what}VersionTag")).unwrap_or_default();
            attributes.push(("versionTag", tag.to_owned()));
        }
        Some("version") => {
            attributes.push(("bindingType", "version".to_owned()));
            let version = attr(node, &format!("{what}Version")).unwrap_or_default();
            attributes.push(("rslr:version", version.to_owned()));
        }
        _ => {}
    }
}

/// A decision; true when the task calls one.
pub(super) fn decision<'a, 'i>(adapter: &mut Adapter<'_, 'a, 'i, '_>, node: Node<'a, 'i>, native: &mut Native) -> bool {
    let by_field = (attr(node, "type") == Some("dmn")).then(|| {
        let fields = vendor_elements(node, "field").find(|f| filled(*f, "name") == Some("decisionTableReferenceKey"));
        fields.and_then(|f| {
            let inner = f.children().find(|n| n.is_element()).map(super::super::dom::text_of);
            filled(f, "stringValue").map(str::to_owned).or(inner)
        })
    });
    let reference = attr(node, "decisionRef").map(str::to_owned).or(by_field.flatten());
    let Some(reference) = reference else { return false };
    let Some(id) = adapter.value(node, &reference) else { return true };
    let variable = attr(node, "resultVariable").unwrap_or("decisionResult").to_owned();
    let mut called = vec![("decisionId", id), ("resultVariable", variable)];
    binding(node, "decisionRef", &mut called);
    native.element("calledDecision", called);
    native.attribute("decisionResult", attr(node, "mapDecisionResult").unwrap_or("resultList"));
    true
}

/// Multi-instance characteristics: the native ones stand inside of BPMN's own element.
pub(super) fn multi_instance<'a, 'i>(adapter: &mut Adapter<'_, 'a, 'i, '_>, node: Node<'a, 'i>, native: &mut Native) {
    if !adapter.vendor || extensions(node).any(|n| n.has_tag_name((ZEEBE, "loopCharacteristics"))) {
        return;
    }
    if node.attribute((RUSLO, "zeroBased")).is_none() {
        native.attribute("zeroBased", "true");
    }
    if let Some(index) = attr(node, "elementIndexVariable") {
        native.attribute("indexVariable", index);
    }
    let mut loops = Vec::new();
    if let Some(text) = attr(node, "collection") {
        let collection = match super::values::holds(text) {
            true => adapter.value(node, text),
            false => Some(format!("={}", name_term(text))),
        };
        let Some(collection) = collection else { return };
        loops.push(("inputCollection", collection));
        if let Some(item) = attr(node, "elementVariable") {
            loops.push(("inputElement", item.to_owned()));
        }
    }
    let aggregation = vendor_elements(node, "variableAggregation").next();
    if let Some((aggregation, target)) = aggregation.and_then(|a| Some((a, filled(a, "target")?))) {
        let fields: Vec<String> = (parts(aggregation, "variable"))
            .filter_map(|v| {
                let source = filled(v, "source")?;
                let target = filled(v, "target").unwrap_or(source);
                Some(format!("{}: {}", super::io::quoted(target), name_term(source)))
            })
            .collect();
        loops.push(("outputCollection", target.to_owned()));
        loops.push(("outputElement", format!("={{{}}}", fields.join(", "))));
    }
    if attr(node, "variableAggregation").is_some() {
        adapter.warn(node, Text::new("Kept without effect", "Сохраняется, но не действует"));
    }
    if !loops.is_empty() {
        native.element("loopCharacteristics", loops);
    }
}
