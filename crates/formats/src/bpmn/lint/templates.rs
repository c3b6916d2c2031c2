//! Element templates that elements were made from (BPMN LN-28).
//!
//! Known here are the templates of built-in components. Those of apps are checked by nobody but their makers: they are
//! known to the installation, not to a file. Never: changes what an element does.

use super::super::compile::{Compiler, shorten};
use super::super::dom::{MODEL, ZEEBE, extensions};
use crate::element_template;
use crate::finding::Text;
use crate::template_values::{self, Given};
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
    let known = element_template::builtins();
    for node in elements {
        let id = node.attribute((ZEEBE, "modelerTemplate")).unwrap_or_default().trim();
        match known.iter().find(|t| t["id"] == id) {
            Some(template) => check(compiler, node, template),
            None if id.starts_with(APPS) => {}
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

fn check(compiler: &mut Compiler, node: Node, template: &Json) {
    let wanted = node.attribute((ZEEBE, "modelerTemplateVersion")).map(str::trim);
    let has = template["version"].as_u64().unwrap_or(1);
    if let Some(wanted) = wanted.filter(|w| w.parse::<u64>().map_or(true, |w| w > has || w == 0)) {
        let wanted = shorten(wanted);
        let text = Text::new(
            format!("Version `{wanted}` of the element template is not known here: the newest is {has}"),
            format!("Версия «{wanted}» шаблона элемента здесь неизвестна: последняя — {has}"),
        );
        compiler.warn("LN-28", node, text);
        return;
    }
    for fault in template_values::check(template, &|binding| given(node, binding)) {
        let text = Text::new(
            format!("`{}` {}", fault.property, fault.message),
            format!("«{}» {}", fault.property, fault.message_ru),
        );
        compiler.error("LN-28", node, text);
    }
}

/// What stands in the file where a property is bound to.
fn given<'a>(node: Node<'a, '_>, binding: &Json) -> Given<'a> {
    let text = |key: &str| binding[key].as_str().unwrap_or_default();
    let inside =
        |list: &'static str| extensions(node).filter(move |n| n.has_tag_name((ZEEBE, list))).flat_map(|n| n.children());
    let found = match text("type") {
        "zeebe:input" => {
            let mut inputs = inside("ioMapping").filter(|n| n.has_tag_name((ZEEBE, "input")));
            inputs.find(|n| n.attribute("target") == Some(text("name"))).map(|n| n.attribute("source"))
        }
        "zeebe:taskHeader" => {
            let mut headers = inside("taskHeaders").filter(|n| n.has_tag_name((ZEEBE, "header")));
            headers.find(|n| n.attribute("key") == Some(text("key"))).map(|n| n.attribute("value"))
        }
        "zeebe:taskDefinition" => {
            let mut tasks = extensions(node).filter(|n| n.has_tag_name((ZEEBE, "taskDefinition")));
            tasks.next().map(|n| n.attribute(text("property")))
        }
        _ => return Given::Elsewhere,
    };
    match found {
        Some(value) => Given::Text(value.unwrap_or_default()),
        None => Given::Missing,
    }
}
