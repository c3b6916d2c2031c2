//! Mappings, listeners, properties and start values (contract 3.2: io, rest).

use super::super::dom::{RUSLO, extensions, filled, text_of};
use super::edits::Native;
use super::values::holds;
use super::{Adapter, attr, parts, vendor_elements};
use crate::finding::Text;
use expr::juel::{Place, Translated, translate};
use roxmltree::Node;

/// `inputOutput`, of the element or of its connector.
pub(super) fn mappings<'a, 'i>(adapter: &mut Adapter<'_, 'a, 'i, '_>, node: Node<'a, 'i>, native: &mut Native) {
    let lists: Vec<_> = vendor_elements(node, "inputOutput").collect();
    for list in lists {
        for (part, outward) in [("inputParameter", false), ("outputParameter", true)] {
            let parameters: Vec<_> = parts(list, part).collect();
            for parameter in parameters {
                let Some(name) = filled(parameter, "name") else { continue };
                let Some(source) = parameter_value(adapter, parameter) else { continue };
                let target = if outward { &mut native.outputs } else { &mut native.inputs };
                target.push((source, name.to_owned()));
            }
        }
    }
}

/// The value of a parameter: text, list, map or script.
pub(super) fn parameter_value<'a, 'i>(adapter: &mut Adapter<'_, 'a, 'i, '_>, node: Node<'a, 'i>) -> Option<String> {
    match node.children().find(|n| n.is_element()) {
        None if text_of(node).is_empty() => Some("=null".to_owned()),
        None => adapter.value(node, &text_of(node)).map(|value| constant(&value)),
        Some(_) => structured(adapter, node).map(|feel| format!("={feel}")),
    }
}

/// A constant as FEEL would write it, so that an empty text stays a text.
fn constant(value: &str) -> String {
    if value.starts_with('=') { value.to_owned() } else { format!("={}", quoted(value)) }
}

/// FEEL of a parameter's content.
fn structured<'a, 'i>(adapter: &mut Adapter<'_, 'a, 'i, '_>, node: Node<'a, 'i>) -> Option<String> {
    let Some(child) = node.children().find(|n| n.is_element()) else {
        return term(adapter, node, &text_of(node));
    };
    match child.tag_name().name() {
        "list" => {
            let items: Vec<_> = child.children().filter(|n| n.is_element()).collect();
            let items: Option<Vec<_>> = items.into_iter().map(|item| structured(adapter, item)).collect();
            Some(format!("[{}]", items?.join(", ")))
        }
        "map" => {
            let entries: Vec<_> = parts(child, "entry").collect();
            let mut fields = Vec::with_capacity(entries.len());
            for entry in entries {
                let key = term(adapter, entry, filled(entry, "key").unwrap_or_default())?;
                fields.push((key, structured(adapter, entry)?));
            }
            Some(map(fields))
        }
        "script" if filled(child, "scriptFormat").is_some_and(|f| f.eq_ignore_ascii_case("feel")) => {
            Some(text_of(child))
        }
        "script" | "scriptValue" => {
            let format = filled(child, "scriptFormat").unwrap_or("?").to_owned();
            adapter.error(
                "LN-22",
                child,
                Text::new(
                    format!("A parameter computed by a script ({format}): write it as FEEL, or use a script task"),
                    format!(
                        "Параметр вычисляется скриптом ({format}): запишите его на FEEL или вынесите в задачу-скрипт"
                    ),
                ),
            );
            None
        }
        _ => term(adapter, child, &text_of(child)),
    }
}

/// A context of keys and values in FEEL. A key that is computed can not stand in a literal.
fn map(fields: Vec<(String, String)>) -> String {
    if fields.iter().all(|(key, _)| key.starts_with('"')) {
        let fields: Vec<_> = fields.into_iter().map(|(key, value)| format!("{key}: {value}")).collect();
        return format!("{{{}}}", fields.join(", "));
    }
    let put = |context, (key, value)| format!("context put({context}, string({key}), {value})");
    fields.into_iter().fold("{}".to_owned(), put)
}

/// A text as a FEEL term.
fn term(adapter: &mut Adapter, node: Node, text: &str) -> Option<String> {
    let native = adapter.value(node, text)?;
    Some(match native.strip_prefix('=') {
        Some(feel) => format!("({feel})"),
        None => quoted(&native),
    })
}

/// A FEEL text literal.
pub(super) fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\r', "\\r");
    format!("\"{escaped}\"")
}

/// Execution listeners of Java classes and expressions: jobs that a worker does (BPMN IN-5).
pub(super) fn listeners<'a, 'i>(adapter: &mut Adapter<'_, 'a, 'i, '_>, node: Node<'a, 'i>, native: &mut Native) {
    let found: Vec<_> = vendor_elements(node, "executionListener").collect();
    for listener in found {
        let event = filled(listener, "event").unwrap_or("start").to_owned();
        if event == "take" {
            adapter.warn(
                listener,
                Text::new("A listener on a flow has no effect here", "Слушатель на потоке здесь не действует"),
            );
            continue;
        }
        if let Some((job_type, headers)) = worker(adapter, listener) {
            native.listeners.push((event, job_type, headers));
        }
    }
}

/// The job that stands for Java code, an expression or a foreign script; its fields are headers.
pub(super) fn worker<'a, 'i>(
    adapter: &mut Adapter<'_, 'a, 'i, '_>,
    node: Node<'a, 'i>,
) -> Option<(String, Vec<(String, String)>)> {
    let given = |name: &str| attr(node, name).or_else(|| filled(node, name));
    let (kind, code) = ["class", "delegateExpression", "expression"].iter().find_map(|n| Some((*n, given(n)?)))?;
    let name = code.trim_start_matches(['$', '#', '{']).trim_end_matches('}').trim();
    let mut headers: Vec<(String, String)> = Vec::new();
    let fields: Vec<_> = extensions(node).chain(node.children()).filter(|n| n.tag_name().name() == "field").collect();
    for field in fields {
        let Some(key) = filled(field, "name") else { continue };
        let inner = field.children().find(|n| n.is_element()).map(text_of);
        let text = filled(field, "stringValue").or_else(|| filled(field, "expression")).map(str::to_owned).or(inner);
        headers.push((key.to_owned(), text.unwrap_or_default()));
    }
    if kind == "expression" {
        headers.push(("expression".to_owned(), code.to_owned()));
    }
    adapter.warn(
        node,
        Text::new(
            format!("`{name}` is Java code: a worker must do the jobs `java:{name}`"),
            format!("«{name}» — код на Java: работы «java:{name}» должен выполнять внешний исполнитель"),
        ),
    );
    Some((format!("java:{name}"), headers))
}

/// `properties` become `zeebe:properties`, so that one form of them is left.
pub(super) fn properties(node: Node, native: &mut Native) {
    for list in vendor_elements(node, "properties") {
        for property in parts(list, "property") {
            if let (Some(name), Some(value)) = (filled(property, "name"), property.attribute("value")) {
                native.elements.push((
                    "properties",
                    vec![("name", name.to_owned()), ("value", value.to_owned())],
                    String::new(),
                ));
            }
        }
    }
    // They mean nothing while a process runs; the stored text has them.
    native.elements.retain(|(name, ..)| *name != "properties");
}

/// Start values of data objects (flowable `value`), as the JSON our own attribute holds.
pub(super) fn data_object<'a, 'i>(_: &mut Adapter<'_, 'a, 'i, '_>, node: Node<'a, 'i>, native: &mut Native) {
    let Some(value) = vendor_elements(node, "value").next() else { return };
    if node.attribute((RUSLO, "value")).is_some() {
        return;
    }
    let text = text_of(value);
    let plain = ["xsd:string", "xsd:datetime"]
        .iter()
        .any(|t| filled(node, "itemSubjectRef").is_some_and(|given| given.eq_ignore_ascii_case(t)));
    let json = match serde_json::from_str::<serde_json::Value>(&text) {
        Ok(json) if !plain => json,
        _ => serde_json::Value::String(text),
    };
    native.attribute("value", json.to_string());
}

/// Whether a text is a value that the engine can compute.
pub(super) fn computable(text: &str) -> Option<String> {
    if !holds(text) {
        return None;
    }
    match translate(text, Place::Value) {
        Ok(Translated::Feel(feel)) => Some(feel),
        Ok(Translated::Assignment { .. } | Translated::Text(_)) | Err(_) => None,
    }
}
