//! Service-like tasks: external workers, Java code, connectors, built-in types, scripts (contract 3.2, 3.3).

use super::super::dom::{child, extensions, filled, text_of};
use super::edits::Native;
use super::io::{computable, parameter_value, worker};
use super::{Adapter, attr, calls, parts, vendor_elements};
use crate::finding::Text;
use expr::juel::{Place, Translated, translate};
use roxmltree::Node;

/// Service, send and business rule tasks.
pub(super) fn service<'a, 'i>(adapter: &mut Adapter<'_, 'a, 'i, '_>, node: Node<'a, 'i>, native: &mut Native) {
    if calls::decision(adapter, node, native) {
        return;
    }
    match attr(node, "type") {
        Some("external" | "external-worker") => external(adapter, node, native),
        Some("http") => http_fields(adapter, node, native),
        Some("shell") => {
            let text = Text::new(
                "A shell task is not run here: put the command behind a worker",
                "Команды оболочки здесь не исполняются: вынесите команду во внешнего исполнителя",
            );
            adapter.error("LN-27", node, text);
        }
        Some("case") => no_cases(adapter, node),
        Some(other) => {
            native.job = Some((other.to_owned(), None));
            field_inputs(adapter, node, native);
            adapter.warn(
                node,
                Text::new(
                    format!("A worker must do the jobs `{other}`"),
                    format!("Работы «{other}» должен выполнять внешний исполнитель"),
                ),
            );
        }
        None => connector(adapter, node, native).unwrap_or_else(|| code(adapter, node, native)),
    }
    retries(node, native);
    let variable = attr(node, "resultVariable").or_else(|| attr(node, "resultVariableName"));
    if let Some(variable) = variable.filter(|_| native.job.is_some()) {
        native.header("resultVariable", variable);
    }
}

pub(super) fn no_cases(adapter: &mut Adapter, node: Node) {
    let text = Text::new("CMMN cases are not run here", "Кейсы CMMN здесь не исполняются");
    adapter.error("LN-27", node, text);
}

/// The type of a worker's job is its topic.
fn external<'a, 'i>(adapter: &mut Adapter<'_, 'a, 'i, '_>, node: Node<'a, 'i>, native: &mut Native) {
    match adapter.attribute_value(node, "topic") {
        Some(topic) => native.job = Some((topic, None)),
        None => {
            let text = Text::new("The external task has no topic", "У внешней задачи нет темы (topic)");
            adapter.error("LN-24", node, text);
        }
    }
}

/// Java code, or an expression that the engine can compute itself.
fn code<'a, 'i>(adapter: &mut Adapter<'_, 'a, 'i, '_>, node: Node<'a, 'i>, native: &mut Native) {
    if let Some(text) = attr(node, "expression") {
        if let Some(feel) = computable(text) {
            script_element(
                native,
                format!("={feel}"),
                attr(node, "resultVariable").or(attr(node, "resultVariableName")),
            );
            return;
        }
        if let Ok(Translated::Assignment { name, value }) = translate(text, Place::Value) {
            script_element(native, format!("={value}"), Some(&name));
            return;
        }
    }
    if let Some((job_type, headers)) = worker(adapter, node) {
        native.job = Some((job_type, None));
        native.headers.extend(headers);
    }
}

fn script_element(native: &mut Native, expression: String, result: Option<&str>) {
    let result = result.unwrap_or("result").to_owned();
    native.element("script", vec![("expression", expression), ("resultVariable", result)]);
}

/// `failedJobRetryTimeCycle`: `R3/PT5M`, or a list of waits (BPMN IN-1).
fn retries(node: Node, native: &mut Native) {
    let Some((_, retries)) = &mut native.job else { return };
    let Some(cycle) = vendor_elements(node, "failedJobRetryTimeCycle").next().map(text_of) else { return };
    let list: Vec<&str> = cycle.split(',').map(str::trim).filter(|p| !p.is_empty()).collect();
    let (count, backoff) = match list.as_slice() {
        [one] => match one.strip_prefix('R').and_then(|rest| rest.split_once('/')) {
            Some((count, wait)) => (count.to_owned(), wait.to_owned()),
            None => return,
        },
        [] => return,
        many => ((many.len() + 1).to_string(), many.join(",")),
    };
    *retries = Some(count);
    native.header("retryBackoff", backoff);
}

/// Fields as inputs of the job.
fn field_inputs<'a, 'i>(adapter: &mut Adapter<'_, 'a, 'i, '_>, node: Node<'a, 'i>, native: &mut Native) {
    let fields: Vec<_> = vendor_elements(node, "field").collect();
    for field in fields {
        let Some(name) = filled(field, "name") else { continue };
        if let Some(value) = field_value(adapter, field) {
            native.inputs.push((value, name.to_owned()));
        }
    }
}

fn field_value<'a, 'i>(adapter: &mut Adapter<'_, 'a, 'i, '_>, field: Node<'a, 'i>) -> Option<String> {
    let inner = field.children().find(|n| n.is_element()).map(text_of);
    let text = filled(field, "stringValue").or_else(|| filled(field, "expression")).map(str::to_owned).or(inner)?;
    adapter.value(field, &text)
}

/// Flowable's HTTP task: the web request component.
fn http_fields<'a, 'i>(adapter: &mut Adapter<'_, 'a, 'i, '_>, node: Node<'a, 'i>, native: &mut Native) {
    native.job = Some(("ruslo:http".to_owned(), None));
    let fields: Vec<_> = vendor_elements(node, "field").collect();
    for field in fields {
        let target = match filled(field, "name") {
            Some("requestMethod") => "method",
            Some("requestUrl") => "url",
            Some("requestBody") => "body",
            Some("requestHeaders") => "headers",
            Some("responseVariableName") => {
                if let Some(name) = field_value(adapter, field) {
                    native.header("resultVariable", name);
                }
                continue;
            }
            _ => continue,
        };
        let Some(value) = field_value(adapter, field) else { continue };
        let value = if target == "headers" { header_lines(&value) } else { value };
        native.inputs.push((value, target.to_owned()));
    }
}

/// `Name: value` lines as a context.
fn header_lines(value: &str) -> String {
    if value.starts_with('=') {
        return value.to_owned();
    }
    let pairs: Vec<String> = (value.lines().filter_map(|line| line.split_once(':')))
        .map(|(k, v)| format!("{}: {}", super::io::quoted(k.trim()), super::io::quoted(v.trim())))
        .collect();
    format!("={{{}}}", pairs.join(", "))
}

/// Camunda's connectors: `http-connector` is the web request component, others are jobs of their id.
fn connector<'a, 'i>(adapter: &mut Adapter<'_, 'a, 'i, '_>, node: Node<'a, 'i>, native: &mut Native) -> Option<()> {
    let connector = vendor_elements(node, "connector").next()?;
    let id = parts(connector, "connectorId").next().map(text_of).unwrap_or_default();
    let job_type = if id == "http-connector" { "ruslo:http".to_owned() } else { format!("connector:{id}") };
    native.job = Some((job_type, None));
    let lists: Vec<_> = parts(connector, "inputOutput").collect();
    for list in lists {
        let parameters: Vec<_> = parts(list, "inputParameter").collect();
        for parameter in parameters {
            let Some(name) = filled(parameter, "name") else { continue };
            let Some(value) = parameter_value(adapter, parameter) else { continue };
            let name = if id == "http-connector" && name == "payload" { "body" } else { name };
            native.inputs.push((value, name.to_owned()));
        }
        let outputs: Vec<_> = parts(list, "outputParameter").collect();
        for parameter in outputs {
            let Some(name) = filled(parameter, "name") else { continue };
            let Some(value) = parameter_value(adapter, parameter) else { continue };
            // The connector's words for what our component answers.
            let value = value.replace("statusCode", "status").replace("response", "body");
            native.outputs.push((value, name.to_owned()));
        }
    }
    if id != "http-connector" {
        adapter.warn(
            connector,
            Text::new(
                format!("A worker must do the jobs `connector:{id}`"),
                format!("Работы «connector:{id}» должен выполнять внешний исполнитель"),
            ),
        );
    }
    Some(())
}

/// Script tasks: JavaScript and FEEL run here, other languages are jobs.
pub(super) fn script<'a, 'i>(adapter: &mut Adapter<'_, 'a, 'i, '_>, node: Node<'a, 'i>, native: &mut Native) {
    if let Some(variable) = attr(node, "resultVariable") {
        native.attribute("resultVariable", variable);
    }
    let format = filled(node, "scriptFormat").unwrap_or_default();
    let text = child(node, "script").map(text_of).unwrap_or_default();
    let native_zeebe = extensions(node).any(|n| n.has_tag_name((super::ZEEBE, "script")));
    if !adapter.vendor || native_zeebe {
        return;
    }
    if let Some(resource) = attr(node, "resource") {
        let text = Text::new(
            format!("The script is in `{resource}`, outside the file: put its text into the task"),
            format!("Скрипт лежит в «{resource}», вне файла: поместите его текст в задачу"),
        );
        return adapter.error("LN-22", node, text);
    }
    if format.eq_ignore_ascii_case("juel") {
        if let Some(value) = adapter.value(node, &text) {
            script_element(native, value, attr(node, "resultVariable"));
        }
        return;
    }
    // A named language that does not run here is the compiler's business; Camunda 7 and Flowable need no name.
    if !text.is_empty() && format.is_empty() {
        let format = "groovy";
        native.job = Some((format!("script:{}", format.to_lowercase()), None));
        native.header("script", text);
        adapter.warn(
            node,
            Text::new(
                format!("Scripts in {format} are not run here: a worker must do the jobs `script:{format}`"),
                format!(
                    "Скрипты на {format} здесь не исполняются: работы «script:{format}» выполняет внешний исполнитель"
                ),
            ),
        );
    }
}

/// Message throw and end events whose sending is a job (BPMN MS-10 a).
pub(super) fn message<'a, 'i>(adapter: &mut Adapter<'_, 'a, 'i, '_>, node: Node<'a, 'i>, native: &mut Native) {
    let throws = node
        .parent_element()
        .is_some_and(|event| matches!(event.tag_name().name(), "intermediateThrowEvent" | "endEvent"));
    let described = ["class", "delegateExpression", "expression", "type"].iter().any(|n| attr(node, n).is_some());
    if !throws || !described {
        return;
    }
    let mut event = Native::default();
    match attr(node, "type") {
        Some("external") => external(adapter, node, &mut event),
        _ => code(adapter, node, &mut event),
    }
    // In the native dialect the job stands on the event around the definition.
    if let Some(parent) = node.parent_element() {
        adapter.edits.write(parent, &event);
    }
    let _ = native;
}
