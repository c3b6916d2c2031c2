//! Checks a person's values against the task's form (form-js schema): what `validate` and the field types say.
//!
//! Invariant: what the form would not let through is refused here too. Values that no field names are kept: forms on
//! other faces and scripts may add them.

use model::error::codes;
use model::{Fault, Object, Value};
use serde_json::Value as Json;

/// The first field that is missing or wrong.
pub(crate) fn check(schema: &Json, values: &Object) -> Result<(), Fault> {
    fields(schema).try_for_each(|field| check_field(field, values))
}

/// Components with a key, also inside groups. Lists (`dynamiclist`) have paths of their own and are not looked into.
fn fields(schema: &Json) -> Box<dyn Iterator<Item = &Json> + '_> {
    let components = schema.get("components").and_then(Json::as_array).into_iter().flatten();
    Box::new(components.flat_map(|component| {
        let this = component.get("key").and_then(Json::as_str).is_some().then_some(component);
        let nested: Box<dyn Iterator<Item = &Json>> = match component.get("type").and_then(Json::as_str) {
            Some("group") if component.get("path").is_none() => fields(component),
            _ => Box::new(std::iter::empty()),
        };
        this.into_iter().chain(nested)
    }))
}

fn check_field(field: &Json, values: &Object) -> Result<(), Fault> {
    let text = |name: &str| field.get(name).and_then(Json::as_str).unwrap_or("");
    let key = text("key");
    let inert = field.get("disabled") == Some(&Json::Bool(true)) || field.get("readonly") == Some(&Json::Bool(true));
    if inert || field.get("conditional").is_some_and(|c| c.get("hide").is_some()) {
        // A condition is FEEL over the form's own data; the browser decided whether the field was shown.
        return Ok(());
    }
    let label = if text("label").is_empty() { key } else { text("label") };
    let refuse = |why: String| {
        let details = serde_json::json!({"field": key});
        Err(Fault::new(&codes::TASK_FIELD, format!("{label}: {why}")).with_details(details))
    };
    let rule = |name: &str| field.get("validate").and_then(|v| v.get(name));
    let value = lookup(values, key);
    if is_blank(value) {
        let required = rule("required") == Some(&Json::Bool(true));
        return if required { refuse("a value is needed".to_owned()) } else { Ok(()) };
    }
    let value = value.unwrap_or(&Value::Null);
    let number = |name: &str| rule(name).and_then(Json::as_f64);
    if text("type") == "number" {
        let Some(given) = as_number(value) else { return refuse("a number is needed".to_owned()) };
        match (number("min"), number("max")) {
            (Some(min), _) if given < min => return refuse(format!("at least {min}")),
            (_, Some(max)) if given > max => return refuse(format!("at most {max}")),
            _ => {}
        }
    }
    if let Some(given) = value.as_str() {
        let chars = given.chars().count() as f64;
        match (number("minLength"), number("maxLength")) {
            (Some(min), _) if chars < min => return refuse(format!("at least {min} characters")),
            (_, Some(max)) if chars > max => return refuse(format!("at most {max} characters")),
            _ => {}
        }
    }
    check_options(field, value).or_else(refuse)
}

/// A choice among static options must be one of them.
fn check_options(field: &Json, value: &Value) -> Result<(), String> {
    let kind = field.get("type").and_then(Json::as_str).unwrap_or("");
    if !matches!(kind, "select" | "radio" | "checklist" | "taglist") {
        return Ok(());
    }
    let Some(options) = field.get("values").and_then(Json::as_array) else { return Ok(()) };
    let offered = |v: &Value| {
        let json = v.to_json();
        options.iter().any(|o| o.get("value") == Some(&json))
    };
    let all = value.as_list().map_or_else(|| offered(value), |list| list.iter().all(offered));
    if all { Ok(()) } else { Err("not one of the options".to_owned()) }
}

fn lookup<'v>(values: &'v Object, key: &str) -> Option<&'v Value> {
    if let Some(value) = values.get(key) {
        return Some(value);
    }
    let mut path = key.split('.');
    let first = values.get(path.next()?)?;
    path.try_fold(first, |at, part| at.get(part))
}

fn is_blank(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.trim().is_empty(),
        Some(Value::List(list)) => list.is_empty(),
        // A required checkbox must be ticked.
        Some(Value::Bool(ticked)) => !ticked,
        Some(_) => false,
    }
}

fn as_number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(n) => Some(n.to_f64()),
        // form-js can keep numbers as text (`serializeToString`).
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn forms_refuse_what_their_fields_refuse() {
        let schema = json!({"type": "default", "components": [
            {"type": "text", "text": "Hello"},
            {"type": "textfield", "key": "name", "label": "Name", "validate": {"required": true, "maxLength": 5}},
            {"type": "number", "key": "sum", "validate": {"min": 1, "max": 10}},
            {"type": "checkbox", "key": "agree", "validate": {"required": true}},
            {"type": "select", "key": "color", "values": [{"label": "R", "value": "r"}, {"label": "G", "value": "g"}]},
            {"type": "group", "components": [{"type": "textarea", "key": "deep", "validate": {"minLength": 2}}]},
            {"type": "textfield", "key": "off", "disabled": true, "validate": {"required": true}},
        ]});
        let good = json!({"name": "Ann", "sum": 5, "agree": true, "color": "r", "deep": "ab", "extra": 1});
        let table = [
            (json!({}), None),
            (json!({"name": ""}), Some("name")),
            (json!({"name": "Annabel"}), Some("name")),
            (json!({"name": "Анна1"}), None),
            (json!({"sum": 0}), Some("sum")),
            (json!({"sum": "11"}), Some("sum")),
            (json!({"sum": "x"}), Some("sum")),
            (json!({"sum": null}), None),
            (json!({"agree": false}), Some("agree")),
            (json!({"color": "b"}), Some("color")),
            (json!({"color": ["r", "g"]}), None),
            (json!({"deep": "a"}), Some("deep")),
        ];
        for (change, refused) in table {
            let mut values = good.as_object().unwrap().clone();
            values.extend(change.as_object().unwrap().clone());
            let values = Value::from_json(&Json::Object(values));
            let result = check(&schema, values.as_object().unwrap());
            let field = result.err().and_then(|f| f.details).map(|d| d["field"].as_str().unwrap().to_owned());
            assert_eq!(field.as_deref(), refused, "{change}");
        }
        assert!(check(&schema, &Object::new()).is_err());
        assert!(check(&json!({}), &Object::new()).is_ok());
    }
}
