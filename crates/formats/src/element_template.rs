//! Components described as element templates: the designer draws their forms from these, and nothing else.
//!
//! The shape is that of `zeebe-element-templates-json-schema` 0.46 (BPMN contract 3.5).
//! Never: knows who registered what, or what a component does.

use serde_json::{Value as Json, json};

const SCHEMA: &str = "https://unpkg.com/@camunda/zeebe-element-templates-json-schema/resources/schema.json";

/// An app's activity, its texts in the reader's language.
#[derive(Debug, Clone, Default)]
pub struct AppActivitySpec {
    /// The app's client id.
    pub client_id: String,
    /// What people call the app.
    pub app_name: String,
    /// The app's code for the activity.
    pub code: String,
    /// `rest_<md5>`.
    pub job_type: String,
    /// Grows with every change.
    pub version: u32,
    /// What people see.
    pub name: String,
    /// Explanation.
    pub description: String,
    /// Whether it waits for an answer; `None`: the element says.
    pub use_subscription: Option<bool>,
    /// Inputs in order.
    pub properties: Vec<AppProperty>,
    /// Outputs in order.
    pub return_properties: Vec<AppProperty>,
}

/// An input or output of an app's activity.
#[derive(Debug, Clone, Default)]
pub struct AppProperty {
    /// Its key.
    pub key: String,
    /// What people see.
    pub name: String,
    /// Explanation.
    pub description: String,
    /// Bitrix type name.
    pub kind: String,
    /// Whether it must be given.
    pub required: bool,
    /// Whether it holds a list.
    pub multiple: bool,
    /// Options of a `select`: key and label.
    pub options: Vec<(String, String)>,
    /// Value when none is given; may be a macro.
    pub default: Json,
}

/// The template of an app's activity. Its id is `app.<client>.<code>`.
pub fn for_app_activity(spec: &AppActivitySpec) -> Json {
    let mut properties = vec![hidden(json!({"type": "zeebe:taskDefinition", "property": "type"}), &spec.job_type)];
    properties.extend(spec.properties.iter().map(app_input));
    properties.push(result_variable(&variable_name(&spec.code), &outputs_text(&spec.return_properties)));
    if spec.use_subscription.is_none() {
        let mut wait = header("UseSubscription", "Wait for the answer", "advanced");
        wait["type"] = "Dropdown".into();
        wait["choices"] = choices(&[("Y", "Yes"), ("N", "No")]);
        wait["value"] = "Y".into();
        properties.push(wait);
    }
    if spec.use_subscription != Some(false) {
        properties.push(header("TimeoutDuration", "Wait at most", "advanced"));
        let mut unit = header("TimeoutDurationType", "Unit", "advanced");
        unit["type"] = "Dropdown".into();
        unit["choices"] = choices(&[("s", "Seconds"), ("m", "Minutes"), ("h", "Hours"), ("d", "Days")]);
        unit["value"] = "s".into();
        properties.push(unit);
    }
    let mut template = json!({
        "$schema": SCHEMA,
        "id": format!("app.{}.{}", spec.client_id, spec.code),
        "version": spec.version,
        "name": spec.name,
        "category": {"id": format!("app.{}", spec.client_id), "name": spec.app_name},
        "appliesTo": ["bpmn:Task", "bpmn:ServiceTask"],
        "elementType": {"value": "bpmn:ServiceTask"},
        "groups": [
            {"id": "inputs", "label": "Inputs"},
            {"id": "output", "label": "Result"},
            {"id": "advanced", "label": "Waiting"},
        ],
        "properties": properties,
    });
    if !spec.description.is_empty() {
        template["description"] = spec.description.clone().into();
    }
    template
}

fn hidden(binding: Json, value: &str) -> Json {
    json!({"type": "Hidden", "binding": binding, "value": value})
}

fn header(key: &str, label: &str, group: &str) -> Json {
    json!({
        "id": key, "label": label, "type": "String", "group": group, "optional": true,
        "binding": {"type": "zeebe:taskHeader", "key": key},
    })
}

fn choices(options: &[(&str, &str)]) -> Json {
    options.iter().map(|(value, name)| json!({"name": name, "value": value})).collect()
}

fn app_input(property: &AppProperty) -> Json {
    let default = default_text(&property.default);
    let dynamic = default.contains("{=") || default.starts_with('=');
    let mut out = json!({
        "id": property.key,
        "label": if property.name.is_empty() { &property.key } else { &property.name },
        "type": "String",
        "group": "inputs",
        "binding": {"type": "zeebe:input", "name": property.key},
    });
    // A list or a macro does not fit into a choice: such values are typed.
    let listed = !property.multiple && !dynamic;
    match property.kind.to_ascii_lowercase().as_str() {
        "select" | "internalselect" if listed && !property.options.is_empty() => {
            out["type"] = "Dropdown".into();
            let options = property.options.iter().map(|(value, name)| json!({"name": name, "value": value}));
            out["choices"] = Json::Array(options.collect());
        }
        "bool" if listed => {
            out["type"] = "Dropdown".into();
            out["choices"] = choices(&[("Y", "Yes"), ("N", "No")]);
        }
        "text" => {
            out["type"] = "Text".into();
            out["feel"] = "optional".into();
        }
        _ => out["feel"] = "optional".into(),
    }
    if !property.description.is_empty() {
        out["description"] = property.description.clone().into();
    }
    if property.required {
        out["constraints"] = json!({"notEmpty": true});
    }
    if !default.is_empty() {
        out["value"] = default.into();
    }
    out
}

fn default_text(default: &Json) -> String {
    match default {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        Json::Bool(yes) => if *yes { "Y" } else { "N" }.to_owned(),
        Json::Array(items) => items.iter().map(default_text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

fn outputs_text(outputs: &[AppProperty]) -> String {
    if outputs.is_empty() {
        return String::new();
    }
    let names: Vec<String> = outputs
        .iter()
        .map(|o| if o.name.is_empty() { o.key.clone() } else { format!("{} ({})", o.key, o.name) })
        .collect();
    format!("Members: {}", names.join(", "))
}

fn result_variable(value: &str, description: &str) -> Json {
    let mut out = json!({
        "id": "resultVariable", "label": "Result variable", "type": "String", "group": "output",
        "binding": {"type": "zeebe:taskHeader", "key": "resultVariable"},
        // The editor compiles patterns without Unicode classes.
        "constraints": {"pattern": {
            "value": "^$|^[A-Za-z_\\u0080-\\uFFFF][A-Za-z0-9_\\u0080-\\uFFFF]*$",
            "message": "has letters, digits and _ only",
        }},
    });
    if !value.is_empty() {
        out["value"] = value.into();
    }
    if !description.is_empty() {
        out["description"] = description.into();
    }
    out
}

/// `code` as a variable name.
fn variable_name(code: &str) -> String {
    let body: String = code.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    if body.starts_with(|c: char| c.is_ascii_digit()) { format!("_{body}") } else { body }
}

struct Input {
    name: &'static str,
    label: &'static str,
    kind: &'static str,
    feel: &'static str,
    required: bool,
    value: &'static str,
    hint: &'static str,
}

const TEXT: Input = Input { name: "", label: "", kind: "Text", feel: "optional", required: true, value: "", hint: "" };

struct Builtin {
    id: &'static str,
    name: &'static str,
    name_ru: &'static str,
    description: &'static str,
    inputs: &'static [Input],
    /// What its result holds; `None`: it gives none.
    result: Option<&'static str>,
}

/// The record a component works on.
const RECORD: Input = Input {
    name: "record",
    label: "Record",
    kind: "String",
    required: false,
    hint: "For example rec_7; the record that the process runs for, when empty",
    ..TEXT
};

const FIELDS: Input = Input {
    name: "fields",
    label: "Fields",
    feel: "required",
    value: "={}",
    hint: "A context: {NAME: \"New name\"}",
    ..TEXT
};

/// Labels are words that the designer knows in both languages.
const BUILTINS: &[Builtin] = &[
    Builtin {
        id: "ruslo:notify",
        name: "Notify",
        name_ru: "Уведомить",
        description: "Sends a notification to people",
        inputs: &[
            Input { name: "to", label: "To whom", kind: "String", hint: "A login, user_5, or a list of them", ..TEXT },
            Input { name: "text", label: "Text", ..TEXT },
        ],
        result: None,
    },
    Builtin {
        id: "ruslo:record.get",
        name: "Read a record",
        name_ru: "Прочитать запись",
        description: "Reads a record's fields",
        inputs: &[RECORD],
        result: Some("Members: record (its fields)"),
    },
    Builtin {
        id: "ruslo:record.update",
        name: "Change the record",
        name_ru: "Изменить запись",
        description: "Writes fields of a record",
        inputs: &[RECORD, FIELDS],
        result: None,
    },
    Builtin {
        id: "ruslo:record.create",
        name: "Create a record",
        name_ru: "Создать запись",
        description: "Adds a record to a catalog",
        inputs: &[
            Input {
                name: "catalog",
                label: "Catalog",
                kind: "String",
                required: false,
                hint: "For example cat_1, or its key; the catalog of the process's record, when empty",
                ..TEXT
            },
            FIELDS,
        ],
        result: Some("Members: recordId"),
    },
    Builtin {
        id: "ruslo:record.delete",
        name: "Delete a record",
        name_ru: "Удалить запись",
        description: "Deletes a record",
        inputs: &[RECORD],
        result: None,
    },
    Builtin {
        id: "ruslo:state-title",
        name: "Set the state's title",
        name_ru: "Задать название состояния",
        description: "Writes what people see as the state of the process",
        inputs: &[Input { name: "text", label: "Text", ..TEXT }],
        result: None,
    },
    Builtin {
        id: "ruslo:log",
        name: "Write to the log",
        name_ru: "Записать в журнал",
        description: "Adds a line to the history of the process",
        inputs: &[Input { name: "text", label: "Text", ..TEXT }],
        result: None,
    },
    Builtin {
        id: "ruslo:http",
        name: "HTTP request",
        name_ru: "HTTP-запрос",
        description: "Calls an address and keeps the answer",
        inputs: &[
            Input { name: "method", label: "Method", kind: "Dropdown", feel: "", value: "GET", ..TEXT },
            Input { name: "url", label: "Address", kind: "String", hint: "https://…", ..TEXT },
            Input { name: "headers", label: "Headers", feel: "required", required: false, hint: "A context", ..TEXT },
            Input { name: "body", label: "Body", required: false, hint: "Text, or a context sent as JSON", ..TEXT },
        ],
        result: Some("Members: status, body, contentType, truncated"),
    },
];

/// The templates of the built-in components.
pub fn builtins() -> Vec<Json> {
    BUILTINS.iter().map(builtin).collect()
}

fn builtin(component: &Builtin) -> Json {
    let mut properties = vec![hidden(json!({"type": "zeebe:taskDefinition", "property": "type"}), component.id)];
    properties.extend(component.inputs.iter().map(builtin_input));
    if let Some(members) = component.result {
        properties.push(result_variable("result", members));
    }
    json!({
        "$schema": SCHEMA,
        "id": component.id,
        "version": 1,
        "name": component.name,
        "description": component.description,
        "keywords": [component.name_ru],
        "category": {"id": "ruslo", "name": "Ruslo"},
        "appliesTo": ["bpmn:Task", "bpmn:ServiceTask"],
        "elementType": {"value": "bpmn:ServiceTask"},
        "groups": [{"id": "inputs", "label": "Inputs"}, {"id": "output", "label": "Result"}],
        "properties": properties,
    })
}

fn builtin_input(input: &Input) -> Json {
    let mut out = json!({
        "id": input.name, "label": input.label, "type": input.kind, "group": "inputs",
        "binding": {"type": "zeebe:input", "name": input.name},
    });
    if input.kind == "Dropdown" {
        let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];
        out["choices"] = methods.iter().map(|m| json!({"name": m, "value": m})).collect();
    }
    for (key, value) in [("feel", input.feel), ("value", input.value), ("description", input.hint)] {
        if !value.is_empty() {
            out[key] = value.into();
        }
    }
    if input.required {
        out["constraints"] = json!({"notEmpty": true});
    } else {
        out["optional"] = true.into();
    }
    out
}

const TYPES: &[&str] = &["String", "Text", "Number", "Boolean", "Dropdown", "Hidden"];
const BINDINGS: &[&str] = &[
    "property",
    "zeebe:taskDefinition",
    "zeebe:taskDefinition:type",
    "zeebe:input",
    "zeebe:output",
    "zeebe:taskHeader",
    "zeebe:property",
    "bpmn:Message#property",
    "bpmn:Message#zeebe:subscription#property",
    "bpmn:TimerEventDefinition#property",
    "bpmn:Signal#property",
    "bpmn:ConditionalEventDefinition#property",
    "zeebe:calledElement",
    "zeebe:calledDecision",
    "zeebe:formDefinition",
    "zeebe:userTask",
    "zeebe:assignmentDefinition",
    "zeebe:taskSchedule",
    "zeebe:script",
    "zeebe:executionListener",
    "zeebe:taskListener",
    "zeebe:linkedResource",
    "zeebe:adHoc",
    "zeebe:priorityDefinition",
    "zeebe:jobPriorityDefinition",
];

/// What is wrong with a template, in English; empty when it can be used.
pub fn validate(template: &Json) -> Vec<String> {
    let mut wrong = Vec::new();
    let text = |json: &Json, key: &str| json.get(key).and_then(Json::as_str).is_some_and(|t| !t.is_empty());
    for key in ["id", "name"] {
        if !text(template, key) {
            wrong.push(format!("`{key}` must be a text"));
        }
    }
    let applies = template.get("appliesTo").and_then(Json::as_array);
    if !applies.is_some_and(|a| !a.is_empty() && a.iter().all(Json::is_string)) {
        wrong.push("`appliesTo` must list element types".to_owned());
    }
    let Some(properties) = template.get("properties").and_then(Json::as_array) else {
        wrong.push("`properties` must be a list".to_owned());
        return wrong;
    };
    let groups: Vec<&str> = template
        .get("groups")
        .and_then(Json::as_array)
        .map(|g| g.iter().filter_map(|g| g.get("id")?.as_str()).collect())
        .unwrap_or_default();
    let mut ids = std::collections::HashSet::new();
    for (at, property) in properties.iter().enumerate() {
        let id = property.get("id").and_then(Json::as_str);
        let shown = id.map_or_else(|| format!("properties[{at}]"), |id| format!("`{id}`"));
        if id.is_some_and(|id| !ids.insert(id)) {
            wrong.push(format!("{shown} stands twice"));
        }
        wrong.extend(property_faults(property, &groups).into_iter().map(|fault| format!("{shown}: {fault}")));
    }
    wrong
}

fn property_faults(property: &Json, groups: &[&str]) -> Vec<String> {
    let mut wrong = Vec::new();
    let kind = property.get("type").and_then(Json::as_str).unwrap_or("String");
    if !TYPES.contains(&kind) {
        wrong.push(format!("the type `{kind}` is unknown"));
    }
    let binding = property.get("binding").and_then(|b| b.get("type")).and_then(Json::as_str);
    match binding {
        None => wrong.push("the binding is missing".to_owned()),
        Some(binding) if !BINDINGS.contains(&binding) => wrong.push(format!("the binding `{binding}` is unknown")),
        Some(_) => {}
    }
    if kind == "Dropdown" {
        let choices = property.get("choices").and_then(Json::as_array);
        let listed = |value: &Json| choices.is_some_and(|c| c.iter().any(|c| c.get("value") == Some(value)));
        if choices.is_none_or(Vec::is_empty) {
            wrong.push("a dropdown needs choices".to_owned());
        } else if property.get("value").is_some_and(|v| !listed(v)) {
            wrong.push("the value is none of the choices".to_owned());
        }
    }
    let not_empty = property.pointer("/constraints/notEmpty") == Some(&Json::Bool(true));
    if not_empty && property.get("optional") == Some(&Json::Bool(true)) {
        wrong.push("it can not be optional and required".to_owned());
    }
    if let Some(group) = property.get("group").and_then(Json::as_str)
        && !groups.contains(&group)
    {
        wrong.push(format!("the group `{group}` is not declared"));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_valid() {
        for template in builtins() {
            assert_eq!(validate(&template), Vec::<String>::new(), "{}", template["id"]);
        }
        let spec = AppActivitySpec {
            client_id: "local.1".into(),
            code: "md5".into(),
            job_type: "rest_0123456789abcdef0123456789abcdef".into(),
            version: 1,
            name: "MD5".into(),
            properties: vec![
                AppProperty {
                    key: "inputString".into(),
                    required: true,
                    default: "{=Document:NAME}".into(),
                    ..AppProperty::default()
                },
                AppProperty {
                    key: "mode".into(),
                    kind: "select".into(),
                    options: vec![("a".into(), "A".into())],
                    default: "a".into(),
                    ..AppProperty::default()
                },
            ],
            return_properties: vec![AppProperty { key: "outputString".into(), ..AppProperty::default() }],
            ..AppActivitySpec::default()
        };
        let template = for_app_activity(&spec);
        assert_eq!(validate(&template), Vec::<String>::new());
        assert_eq!(template["id"], "app.local.1.md5");
        assert_eq!(template["properties"][0]["value"], spec.job_type);
        assert_eq!(template["properties"][1]["value"], "{=Document:NAME}");
        assert_eq!(template["properties"][1]["constraints"]["notEmpty"], true);
        assert_eq!(template["properties"][2]["choices"][0]["value"], "a");
    }

    /// The designer translates labels by the words it knows, and takes the Russian name from the first keyword.
    #[test]
    fn builtins_are_named_in_both_languages() {
        let known = [
            "Address",
            "Body",
            "Catalog",
            "Fields",
            "Headers",
            "Inputs",
            "Method",
            "Record",
            "Result",
            "Result variable",
            "Text",
            "To whom",
        ];
        let russian = |text: &str| text.chars().any(|c| ('а'..='я').contains(&c));
        let mut ids = std::collections::BTreeSet::new();
        for template in builtins() {
            let id = template["id"].as_str().unwrap().to_owned();
            assert!(russian(template["keywords"][0].as_str().unwrap()), "{id}");
            let labels = ["groups", "properties"].iter().flat_map(|list| template[*list].as_array().unwrap());
            for label in labels.filter_map(|item| item["label"].as_str()) {
                assert!(known.contains(&label), "{id}: {label}");
            }
            assert!(ids.insert(id));
        }
        let records = ["ruslo:record.create", "ruslo:record.delete", "ruslo:record.get", "ruslo:record.update"];
        assert!(records.iter().all(|id| ids.contains(*id)));
        assert!(ids.contains("ruslo:state-title"));
    }

    #[test]
    fn faults_are_named() {
        let template = json!({"id": "x", "properties": [
            {"id": "a", "type": "Combo", "binding": {"type": "zeebe:input", "name": "a"}},
            {"id": "a", "type": "Dropdown", "binding": {"type": "nowhere"}, "group": "g"},
        ]});
        let wrong = validate(&template).join("; ");
        for part in ["`name`", "appliesTo", "Combo", "stands twice", "needs choices", "nowhere", "group `g`"] {
            assert!(wrong.contains(part), "{part} in {wrong}");
        }
    }
}
