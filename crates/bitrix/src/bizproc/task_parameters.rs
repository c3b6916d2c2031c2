//! What a task asks for, as `PARAMETERS` of `bizproc.task.list` shows it, and its fields' types (contract 2.10).

use serde_json::{Map, Value as Json, json};
use store::TaskRow;

/// The kinds of tasks: how the store, and how this face calls them.
const KINDS: [(&str, &str); 4] = [
    ("form", "RequestInformationActivity"),
    ("approve", "ApproveActivity"),
    ("review", "ReviewActivity"),
    ("formOrRefuse", "RequestInformationOptionalActivity"),
];

/// The activity that asks such a task.
pub fn activity(kind: &str) -> &'static str {
    KINDS.iter().find(|(stored, _)| *stored == kind).map_or(KINDS[0].1, |(_, activity)| activity)
}

/// The stored kind of an activity.
pub fn kind(activity: &str) -> Option<&'static str> {
    KINDS.iter().find(|(_, name)| name.eq_ignore_ascii_case(activity)).map(|(stored, _)| *stored)
}

/// Labels, comment rules and fields.
pub fn of(task: &TaskRow) -> Json {
    let text = |name: &str, default: &str| {
        let given = task.settings.get(name).and_then(Json::as_str).filter(|t| !t.is_empty());
        Json::from(given.unwrap_or(default))
    };
    let mut out = Map::new();
    let mut put = |key: &str, value: Json| {
        out.insert(key.to_owned(), value);
    };
    put("CommentLabel", text("CommentLabelMessage", "Comment"));
    put("CommentRequired", text("CommentRequired", "N"));
    put("ShowComment", text("ShowComment", "Y"));
    match activity(&task.kind) {
        "ApproveActivity" => {
            put("StatusYesLabel", text("TaskButton1Message", "Approve"));
            put("StatusNoLabel", text("TaskButton2Message", "Reject"));
        }
        "ReviewActivity" => put("StatusOkLabel", text("TaskButtonMessage", "OK")),
        other => {
            put("StatusOkLabel", text("TaskButtonMessage", "Save"));
            if other == "RequestInformationOptionalActivity" {
                put("StatusCancelLabel", text("TaskButtonCancelMessage", "Reject"));
            }
            put("Fields", fields(task));
        }
    }
    Json::Object(out)
}

/// The form's fields; a task without a form has none.
fn fields(task: &TaskRow) -> Json {
    let list = components(&task.form).into_iter().map(|component| {
        let field = FormField::read(component);
        let default = task.input.get(&field.key).or_else(|| component.get("defaultValue"));
        json!({
            "Id": field.key,
            "Type": field.kind,
            "Name": field.label,
            "Description": component.get("description").and_then(Json::as_str).unwrap_or(""),
            "Multiple": field.multiple,
            "Required": field.required,
            "Options": field.options,
            "Settings": null,
            "Default": default,
        })
    });
    Json::Array(list.collect())
}

/// Components with a key, also inside groups.
pub fn components(form: &Json) -> Vec<&Json> {
    let list = form.get("components").and_then(Json::as_array).into_iter().flatten();
    list.flat_map(|component| {
        let own = component.get("key").and_then(Json::as_str).map(|_| component);
        own.into_iter().chain(components(component))
    })
    .collect()
}

/// A form-js component in this face's terms.
#[derive(Debug, Clone, PartialEq)]
pub struct FormField {
    /// The key that answers name.
    pub key: String,
    /// What people see.
    pub label: String,
    /// `string`, `text`, `int`, `double`, `bool`, `select`, `date`, `datetime`, `time`, `user`.
    pub kind: &'static str,
    /// Whether it holds a list.
    pub multiple: bool,
    /// Whether it must be given.
    pub required: bool,
    /// Options of a choice: value → label; null for anything else.
    pub options: Json,
}

impl FormField {
    /// Reads a component. A property `type: user` marks a person, which form-js has no component for.
    pub fn read(component: &Json) -> Self {
        let text = |name: &str| component.get(name).and_then(Json::as_str).unwrap_or("");
        let form_type = text("type");
        let marked = component.get("properties").and_then(|p| p.get("type")).and_then(Json::as_str);
        let kind = match form_type {
            _ if marked == Some("user") => "user",
            "textarea" => "text",
            "number" if component.get("decimalDigits").and_then(Json::as_u64) == Some(0) => "int",
            "number" => "double",
            "checkbox" => "bool",
            "select" | "radio" | "checklist" | "taglist" => "select",
            "datetime" => match text("subtype") {
                "date" => "date",
                "time" => "time",
                _ => "datetime",
            },
            _ => "string",
        };
        let values = component.get("values").and_then(Json::as_array);
        let options = values.map(|list| {
            let option = |o: &Json| Some((o.get("value")?.as_str()?.to_owned(), o.get("label")?.clone()));
            Json::Object(list.iter().filter_map(option).collect())
        });
        let validate = |name: &str| component.get("validate").and_then(|v| v.get(name)).and_then(Json::as_bool);
        let key = text("key").to_owned();
        Self {
            label: if text("label").is_empty() { key.clone() } else { text("label").to_owned() },
            kind,
            multiple: matches!(form_type, "checklist" | "taglist"),
            required: validate("required").unwrap_or(false),
            options: options.unwrap_or(Json::Null),
            key,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_components_become_fields() {
        let form = json!({"components": [
            {"type": "text", "text": "Hello"},
            {"type": "textfield", "key": "title", "label": "Title", "validate": {"required": true}},
            {"type": "group", "components": [{"type": "number", "key": "n", "decimalDigits": 0}]},
            {"type": "taglist", "key": "tags", "values": [{"value": "a", "label": "A"}]},
            {"type": "datetime", "key": "day", "subtype": "date"},
            {"type": "textfield", "key": "who", "properties": {"type": "user"}},
        ]});
        let read = |c: &&Json| {
            let f = FormField::read(c);
            format!("{} {} {} {} {} {}", f.key, f.label, f.kind, f.multiple, f.required, f.options)
        };
        let got: Vec<String> = components(&form).iter().map(read).collect();
        assert_eq!(
            got,
            [
                "title Title string false true null",
                "n n int false false null",
                "tags tags select true false {\"a\":\"A\"}",
                "day day date false false null",
                "who who user false false null",
            ]
        );
    }
}
