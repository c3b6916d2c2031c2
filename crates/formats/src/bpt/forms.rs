//! Requested information as a form, and descriptors of parameters, variables and constants.

use super::php::{Array, Php};
use super::values;
use model::Value;
use model::definition::VariableDecl;
use serde_json::{Value as Json, json};

/// A field's text under any spelling of its key: files write `Name`, `NAME`, `name`.
fn field<'p>(descriptor: &'p Array, key: &str) -> Option<&'p Php> {
    descriptor.0.iter().find(|(k, _)| k.text().eq_ignore_ascii_case(key)).map(|(_, value)| value)
}

fn text(descriptor: &Array, key: &str) -> String {
    field(descriptor, key).and_then(Php::to_text).unwrap_or_default()
}

fn options(descriptor: &Array) -> Vec<(String, String)> {
    let Some(Php::Array(map)) = field(descriptor, "Options") else { return Vec::new() };
    map.0.iter().map(|(key, label)| (key.text(), label.to_text().unwrap_or_default())).collect()
}

/// Descriptors by key.
pub(crate) fn declarations(map: &Array) -> Vec<VariableDecl> {
    map.0
        .iter()
        .filter_map(|(key, descriptor)| Some((key.text(), descriptor.as_array()?)))
        .map(|(key, d)| {
            let name = Some(text(d, "Name")).filter(|n| !n.is_empty()).unwrap_or_else(|| key.clone());
            VariableDecl {
                name,
                description: text(d, "Description"),
                kind: Some(text(d, "Type")).filter(|t| !t.is_empty()).unwrap_or_else(|| "string".to_owned()),
                required: field(d, "Required").is_some_and(Php::flag),
                multiple: field(d, "Multiple").is_some_and(Php::flag),
                options: options(d),
                default: field(d, "Default").map_or(Value::Null, values::literal),
                key,
            }
        })
        .collect()
}

/// One field of requested information.
pub(crate) struct Requested {
    pub key: String,
    descriptor: Array,
}

/// The fields of `RequestedInformation`.
pub(crate) fn requested(properties: &Array) -> Vec<Requested> {
    let Some(list) = properties.array("RequestedInformation") else { return Vec::new() };
    let descriptors = list.values().filter_map(Php::as_array);
    descriptors
        .map(|d| Requested { key: text(d, "Name"), descriptor: d.clone() })
        .filter(|r| !r.key.is_empty())
        .collect()
}

/// A form-js schema for them.
pub(crate) fn form(fields: &[Requested]) -> Json {
    let components: Vec<Json> = fields.iter().enumerate().map(|(at, field)| component(at, field)).collect();
    json!({"type": "default", "schemaVersion": 16, "components": components})
}

fn component(at: usize, requested: &Requested) -> Json {
    let d = &requested.descriptor;
    let multiple = field(d, "Multiple").is_some_and(Php::flag);
    let mut out = json!({
        "id": format!("Field_{at}"),
        "key": requested.key,
        "label": Some(text(d, "Title")).filter(|t| !t.is_empty()).unwrap_or_else(|| requested.key.clone()),
    });
    let kind = text(d, "Type").to_ascii_lowercase();
    let kind = kind.rsplit(':').next().unwrap_or_default().to_owned();
    out["type"] = match kind.as_str() {
        "text" => "textarea",
        "int" | "double" => "number",
        "bool" => "checkbox",
        "date" | "datetime" | "time" => "datetime",
        "select" | "internalselect" if multiple => "taglist",
        "select" | "internalselect" => "select",
        _ => "textfield",
    }
    .into();
    match kind.as_str() {
        "date" | "datetime" | "time" => out["subtype"] = kind.clone().into(),
        "int" => out["decimalDigits"] = 0.into(),
        "select" | "internalselect" => {
            let values = options(d).into_iter().map(|(value, label)| json!({"value": value, "label": label}));
            out["values"] = Json::Array(values.collect());
        }
        _ => {}
    }
    let description = text(d, "Description");
    if !description.is_empty() {
        out["description"] = description.into();
    }
    if field(d, "Required").is_some_and(Php::flag) {
        out["validate"] = json!({"required": true});
    }
    let default = field(d, "Default").map_or(Json::Null, Php::to_json);
    let dynamic = default.as_str().is_some_and(|t| values::is_dynamic(t) || t.is_empty());
    if !default.is_null() && !dynamic {
        out["defaultValue"] = if kind == "bool" { field(d, "Default").is_some_and(Php::flag).into() } else { default };
    }
    out
}
