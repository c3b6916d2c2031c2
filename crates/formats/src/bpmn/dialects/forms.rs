//! Forms drawn as fields (camunda `formData`, flowable `formProperty`) as forms of ours: form-js schemas.

use super::super::dom::filled;
use super::{parts, vendor_elements};
use roxmltree::Node;
use serde_json::{Map, Value as Json, json};

/// The schema of an element's fields; `None` when it has none.
pub(super) fn convert(node: Node) -> Option<Json> {
    let data = vendor_elements(node, "formData").flat_map(|data| parts(data, "formField"));
    let fields: Vec<Json> = data.chain(vendor_elements(node, "formProperty")).filter_map(field).collect();
    if fields.is_empty() {
        return None;
    }
    Some(json!({"type": "default", "schemaVersion": 16, "components": fields}))
}

fn field(node: Node) -> Option<Json> {
    let key = filled(node, "id")?;
    let kind = match filled(node, "type").unwrap_or("string") {
        "boolean" => "checkbox",
        "long" | "int" | "integer" | "double" => "number",
        "date" => "datetime",
        "enum" => "select",
        _ => "textfield",
    };
    let mut field = Map::from_iter([
        ("type".to_owned(), json!(kind)),
        ("key".to_owned(), json!(key)),
        ("id".to_owned(), json!(format!("Field_{key}"))),
        ("label".to_owned(), json!(filled(node, "label").or(filled(node, "name")).unwrap_or(key))),
    ]);
    if kind == "datetime" {
        field.insert("subtype".to_owned(), json!("date"));
        field.insert("dateLabel".to_owned(), json!(filled(node, "label").or(filled(node, "name")).unwrap_or(key)));
    }
    if let Some(default) = filled(node, "defaultValue").or(filled(node, "default")).filter(|d| !d.contains("${")) {
        let value = match kind {
            "number" => default.parse::<f64>().map_or(json!(default), |n| json!(n)),
            "checkbox" => json!(default == "true"),
            _ => json!(default),
        };
        field.insert("defaultValue".to_owned(), value);
    }
    let options: Vec<Json> = (parts(node, "value"))
        .filter_map(|v| Some(json!({"value": filled(v, "id")?, "label": filled(v, "name").or(filled(v, "id"))?})))
        .collect();
    if kind == "select" {
        field.insert("values".to_owned(), Json::Array(options));
    }
    let rules = validation(node);
    if !rules.is_empty() {
        field.insert("validate".to_owned(), Json::Object(rules));
    }
    let readonly = filled(node, "writable") == Some("false") || constraint(node, "readonly").is_some();
    if readonly {
        field.insert("readonly".to_owned(), json!(true));
    }
    Some(Json::Object(field))
}

/// The text of a constraint; empty when it needs none.
fn constraint(node: Node, name: &str) -> Option<String> {
    let rules = parts(node, "validation").flat_map(|v| parts(v, "constraint"));
    let rule = rules.into_iter().find(|c| filled(*c, "name") == Some(name))?;
    Some(filled(rule, "config").unwrap_or_default().to_owned())
}

fn validation(node: Node) -> Map<String, Json> {
    let mut rules = Map::new();
    if constraint(node, "required").is_some() || filled(node, "required") == Some("true") {
        rules.insert("required".to_owned(), json!(true));
    }
    for (name, rule) in [("min", "min"), ("max", "max"), ("minlength", "minLength"), ("maxlength", "maxLength")] {
        if let Some(number) = constraint(node, name).and_then(|text| text.parse::<f64>().ok()) {
            rules.insert(rule.to_owned(), json!(number));
        }
    }
    rules
}
