//! Conditions of branches and loops (Bitrix contract 5.3).

use super::php::{Array, Php};
use super::template::{Node, Template};
use serde_json::{Value as Json, json};

/// What a node's condition says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Condition {
    /// `truecondition`.
    Always,
    /// No condition at all: counts as true.
    None,
    /// PHP text: can not run here.
    Code,
    /// A group, as the text of `Language::BitrixCondition`.
    Group(String),
}

/// The condition of `node`.
pub(crate) fn condition(node: &Node, template: &Template) -> Condition {
    let find = |name: &str| {
        let mut items = node.properties.0.iter();
        items.find(|(key, _)| key.text().eq_ignore_ascii_case(name)).map(|(_, value)| value)
    };
    if find("codecondition").is_some_and(|v| v.to_text().is_some_and(|t| !t.trim().is_empty())) {
        return Condition::Code;
    }
    for kind in ["mixedcondition", "fieldcondition", "propertyvariablecondition"] {
        let Some(Php::Array(items)) = find(kind) else { continue };
        let items: Vec<Json> = items.values().filter_map(|item| self::item(kind, item, template)).collect();
        if !items.is_empty() {
            return Condition::Group(json!({"kind": kind, "items": items}).to_string());
        }
    }
    if find("truecondition").is_some() { Condition::Always } else { Condition::None }
}

fn item(kind: &str, item: &Php, template: &Template) -> Option<Json> {
    let item = item.as_array()?;
    if kind == "mixedcondition" {
        let get = |key: &str| item.get(key).map_or(Json::Null, Php::to_json);
        let joiner = item.text("joiner").unwrap_or_default();
        return Some(json!({
            "object": item.text("object")?,
            "field": item.text("field")?,
            "operator": item.text("operator").unwrap_or_else(|| "=".to_owned()),
            "value": get("value"),
            "joiner": if joiner == "1" { "1" } else { "0" },
        }));
    }
    let mut parts = item.values();
    let field = parts.next()?.to_text()?;
    let operator = parts.next().and_then(Php::to_text).unwrap_or_else(|| "=".to_owned());
    let value = parts.next().map_or(Json::Null, Php::to_json);
    let joiner = parts.next().and_then(Php::to_text).unwrap_or_default();
    let object = match kind {
        "fieldcondition" => "Document",
        _ if has(&template.variables, &field) => "Variable",
        _ if has(&template.parameters, &field) => "Template",
        _ => "Variable",
    };
    let joiner = if joiner == "1" { "1" } else { "0" };
    Some(json!({"object": object, "field": field, "operator": operator, "value": value, "joiner": joiner}))
}

fn has(map: &Array, key: &str) -> bool {
    map.get(key).is_some()
}
