//! Element templates that elements were made from (BPMN LN-28).
//!
//! Known here are the templates of built-in components, and those of apps where whoever imports has them: they belong
//! to the installation, not to a file. Never: changes what an element does.

use super::super::compile::{Compiler, shorten};
use super::super::dom::{MODEL, ZEEBE, extensions};
use crate::element_template;
use crate::finding::Text;
use crate::template_values::{self, Given};
use model::Severity;
use roxmltree::Node;
use serde_json::Value as Json;

/// What the ids of apps' templates begin with.
const APPS: &str = "app.";

/// Checks every element that names a template.
pub(crate) fn run(compiler: &mut Compiler) {
    let process = compiler.nodes[0];
    let named = |n: &Node| n.tag_name().namespace() == Some(MODEL) && n.attribute((ZEEBE, "modelerTemplate")).is_some();
    let elements: Vec<Node> = process.descendants().filter(named).collect();
    if elements.is_empty() {
        return;
    }
    let (builtins, given) = (element_template::builtins(), compiler.file.templates);
    for node in elements {
        let id = node.attribute((ZEEBE, "modelerTemplate")).unwrap_or_default().trim();
        let version = node.attribute((ZEEBE, "modelerTemplateVersion")).map(str::trim);
        let known = choose(builtins.iter(), id, version).or_else(|| choose(given.unwrap_or_default(), id, version));
        match known {
            Some(template) => check(compiler, node, template, version),
            None if id.starts_with(APPS) && given.is_none() => {}
            None => {
                let id = shorten(id);
                let text = Text::new(
                    format!("The element template `{id}` is not known here: the element runs as it is drawn"),
                    format!("Шаблон элемента «{id}» здесь неизвестен: элемент выполнится так, как нарисован"),
                );
                compiler.warn("LN-28", node, text);
            }
        }
    }
}

/// The version that is asked for; where it is not there, the newest.
fn choose<'t>(templates: impl IntoIterator<Item = &'t Json>, id: &str, version: Option<&str>) -> Option<&'t Json> {
    let wanted = version.and_then(|v| v.parse::<u64>().ok());
    templates.into_iter().filter(|t| t["id"] == id).max_by_key(|t| (Some(version_of(t)) == wanted, version_of(t)))
}

fn version_of(template: &Json) -> u64 {
    template["version"].as_u64().unwrap_or(1)
}

fn check(compiler: &mut Compiler, node: Node, template: &Json, version: Option<&str>) {
    let has = version_of(template);
    let number = version.map_or(Some(has), |v| v.parse::<u64>().ok().filter(|v| (1..=has).contains(v)));
    let Some(number) = number else {
        let wanted = shorten(version.unwrap_or_default());
        let text = Text::new(
            format!("Version `{wanted}` of the element template is not known here: the newest is {has}"),
            format!("Версия «{wanted}» шаблона элемента здесь неизвестна: последняя — {has}"),
        );
        compiler.warn("LN-28", node, text);
        return;
    };
    // What an older version asked for is not known: it runs on as it is drawn.
    let severity = if number < has { Severity::Warning } else { Severity::Error };
    if let Some(wanted) = misplaced(node, template) {
        let text = Text::new(
            format!("The element template is for {wanted}, and stands on another element"),
            format!("Шаблон предназначен для {wanted}, а стоит на другом элементе"),
        );
        compiler.report("LN-28", severity, node, text);
        return;
    }
    for fault in template_values::check(template, &|binding| given(node, binding)) {
        let property = shorten(&fault.property);
        let text = Text::new(format!("`{property}` {}", fault.message), format!("«{property}» {}", fault.message_ru));
        compiler.report("LN-28", severity, node, text);
    }
}

/// What elements a template is for when `node` is none of them.
fn misplaced(node: Node, template: &Json) -> Option<String> {
    let name = node.tag_name().name();
    // What the element becomes counts; what it may be made of does where it stays what it is.
    if let Some(becomes) = template.pointer("/elementType/value").and_then(Json::as_str) {
        let event = template.pointer("/elementType/eventDefinition").and_then(Json::as_str);
        let holds = |event: &str| node.children().any(|n| is_kind(n.tag_name().name(), event));
        let fits = is_kind(name, becomes) && event.is_none_or(holds);
        return (!fits).then(|| shorten(event.unwrap_or(becomes)));
    }
    let kinds: Vec<&str> = template["appliesTo"].as_array()?.iter().filter_map(Json::as_str).collect();
    (!kinds.iter().any(|kind| is_kind(name, kind))).then(|| shorten(&kinds.join(", ")))
}

/// Whether an element `name` is of the type `kind` (`bpmn:ServiceTask`), which may stand for several.
fn is_kind(name: &str, kind: &str) -> bool {
    let is_task = name == "task" || name.ends_with("Task");
    let is_scope = matches!(name, "subProcess" | "adHocSubProcess" | "transaction");
    let is_catch = matches!(name, "startEvent" | "boundaryEvent" | "intermediateCatchEvent");
    let is_throw = matches!(name, "endEvent" | "intermediateThrowEvent");
    let is_node = is_task || is_scope || is_catch || is_throw || name == "callActivity" || name.ends_with("Gateway");
    match kind.strip_prefix("bpmn:").unwrap_or(kind) {
        "Task" => is_task,
        "SubProcess" => is_scope,
        "Activity" => is_task || is_scope || name == "callActivity",
        "CatchEvent" => is_catch,
        "ThrowEvent" => is_throw,
        "Event" => is_catch || is_throw,
        "Gateway" => name.ends_with("Gateway"),
        "FlowNode" => is_node,
        "FlowElement" => is_node || name == "sequenceFlow",
        kind => {
            let mut letters = kind.chars();
            letters.next().is_some_and(|first| {
                let rest = name.strip_prefix(first.to_ascii_lowercase());
                rest.is_some_and(|rest| rest == letters.as_str())
            })
        }
    }
}

/// Extensions of which an element has one, whose attributes properties are bound to.
const SINGLE: &[&str] = &[
    "taskDefinition",
    "calledElement",
    "calledDecision",
    "formDefinition",
    "assignmentDefinition",
    "taskSchedule",
    "script",
    "adHoc",
    "priorityDefinition",
    "jobPriorityDefinition",
];

/// What stands in the file where a property is bound to.
fn given<'a>(node: Node<'a, '_>, binding: &Json) -> Given<'a> {
    let text = |key: &str| binding[key].as_str().unwrap_or_default();
    let listed = |list: &'static str, item: &'static str, key: &str, wanted: &str, value: &str| {
        let lists = extensions(node).filter(move |n| n.has_tag_name((ZEEBE, list)));
        let mut items = lists.flat_map(|n| n.children()).filter(|n| n.has_tag_name((ZEEBE, item)));
        items.find(|n| n.attribute(key) == Some(wanted)).map(|n| n.attribute(value))
    };
    let single = |name: &str, attribute: &str| {
        extensions(node).find(|n| n.has_tag_name((ZEEBE, name))).map(|n| n.attribute(attribute))
    };
    let found = match text("type") {
        // An expression there is an element of its own.
        "property" if text("name") == "conditionExpression" => return Given::Elsewhere,
        "property" => Some(node.attribute(text("name"))),
        "zeebe:input" => listed("ioMapping", "input", "target", text("name"), "source"),
        "zeebe:output" => listed("ioMapping", "output", "source", text("source"), "target"),
        "zeebe:taskHeader" => listed("taskHeaders", "header", "key", text("key"), "value"),
        "zeebe:property" => listed("properties", "property", "name", text("name"), "value"),
        "zeebe:taskDefinition:type" => single("taskDefinition", "type"),
        other => match other.strip_prefix("zeebe:").filter(|name| SINGLE.contains(name)) {
            Some(name) => single(name, text("property")),
            None => return Given::Elsewhere,
        },
    };
    match found {
        Some(value) => Given::Text(value.unwrap_or_default()),
        None => Given::Missing,
    }
}
