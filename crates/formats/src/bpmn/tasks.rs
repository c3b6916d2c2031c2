//! Activities: tasks, sub-processes, and the zeebe extensions that make them run.
//!
//! Never: knows what a job type does.

use super::compile::{Compiler, own};
use super::dom::{RUSLO, ZEEBE, child, extensions, filled, flag, text_of, zeebe};
use super::expressions::{At, language, named_language};
use crate::finding::Text;
use model::definition::{
    ElementIdx, ElementKind, ExprId, Expression, Form, Language, Mapping, ScriptTask, ServiceTask, TaskKind, UserTask,
};
use model::{Object, Value};
use roxmltree::Node;
use std::sync::Arc;

/// What makes an activity more than one plain run; none of it runs yet.
fn marker(node: Node) -> Option<&'static str> {
    if child(node, "multiInstanceLoopCharacteristics").is_some() {
        Some("multiInstanceLoopCharacteristics")
    } else if child(node, "standardLoopCharacteristics").is_some() {
        Some("standardLoopCharacteristics")
    } else if flag(node, "isForCompensation") == Some(true) {
        Some("isForCompensation")
    } else {
        None
    }
}

/// `startQuantity` and `completionQuantity` (BPMN TK-9, LN-31).
fn quantities(compiler: &mut Compiler, node: Node) -> Option<&'static str> {
    let mut later = None;
    for name in ["startQuantity", "completionQuantity"] {
        match node.attribute(name).map(|v| v.trim().parse::<i64>()) {
            None | Some(Ok(1)) => {}
            Some(Ok(n)) if n > 1 => later = Some(name),
            Some(_) => compiler.error(
                "LN-31",
                node,
                Text::new(
                    format!("`{name}` must be a number of 1 or more"),
                    format!("«{name}» должно быть числом не меньше 1"),
                ),
            ),
        }
    }
    later
}

/// An embedded sub-process, or one of its relatives that do not run yet.
pub(crate) fn sub_process<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    node: Node<'a, 'i>,
    idx: ElementIdx,
) -> ElementKind {
    let later = quantities(compiler, node).or(marker(node));
    let name = node.tag_name().name();
    let later = match name {
        "subProcess" if flag(node, "triggeredByEvent") == Some(true) => Some("event sub-process"),
        "subProcess" => later,
        _ => Some(name),
    };
    mappings(compiler, node, idx, false);
    match later {
        Some(construct) => compiler.unsupported(node, construct),
        None => ElementKind::sub_process(),
    }
}

/// A task of any kind.
pub(crate) fn task<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, node: Node<'a, 'i>, idx: ElementIdx) -> ElementKind {
    if let Some(construct) = quantities(compiler, node).or(marker(node)) {
        mappings(compiler, node, idx, false);
        return compiler.unsupported(node, construct);
    }
    if let Some(construct) = own(node, "unsupported") {
        return unavailable(compiler, node, construct);
    }
    let name = node.tag_name().name();
    let has_job = zeebe(node, "taskDefinition").is_some();
    let kind = match name {
        "task" => ElementKind::Task,
        "manualTask" => ElementKind::ManualTask,
        "userTask" => user_task(compiler, node, idx),
        "serviceTask" => service_task(compiler, node, idx),
        "sendTask" | "businessRuleTask" if has_job => service_task(compiler, node, idx),
        "scriptTask" => script_task(compiler, node, idx),
        "sendTask" => compiler.unsupported(node, "sendTask without a task definition"),
        "businessRuleTask" => compiler.unsupported(node, "businessRuleTask with a decision"),
        other => compiler.unsupported(node, other),
    };
    let bitrix = match &kind {
        ElementKind::ServiceTask(task) => takes_macros(compiler, task.job_type),
        _ => false,
    };
    mappings(compiler, node, idx, bitrix);
    kind
}

/// An element of a template that was not available when the template was drawn.
fn unavailable(compiler: &mut Compiler, node: Node, construct: &str) -> ElementKind {
    compiler.error(
        "BPT-01",
        node,
        Text::new(
            format!("`{construct}` is not available here: replace the element"),
            format!("«{construct}» здесь недоступно: замените элемент"),
        ),
    );
    ElementKind::Unsupported { construct: construct.to_owned(), rule: "BPT-01" }
}

/// Whether literals of this job's inputs may hold Bitrix macros: apps' activities and template steps.
fn takes_macros(compiler: &Compiler, job_type: ExprId) -> bool {
    match compiler.def.expression(job_type) {
        Expression::Literal(Value::String(t)) => t.starts_with("rest_") || t.starts_with("ruslo:bitrix."),
        _ => false,
    }
}

fn mappings<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, node: Node<'a, 'i>, idx: ElementIdx, bitrix: bool) {
    let Some(mapping) = zeebe(node, "ioMapping") else { return };
    let read = |compiler: &mut Compiler<'_, 'a, 'i>, name: &'static str| -> Vec<Mapping> {
        let nodes: Vec<_> = mapping.children().filter(|n| n.has_tag_name((ZEEBE, name))).collect();
        nodes
            .into_iter()
            .filter_map(|node| {
                let at = At { node, element: idx, role: name };
                compiler.mapping(at, node.attribute("target").unwrap_or_default(), bitrix && name == "input")
            })
            .collect()
    };
    let inputs = read(compiler, "input");
    let outputs = read(compiler, "output");
    let element = &mut compiler.def.elements[idx.0 as usize];
    element.inputs = inputs;
    element.outputs = outputs;
}

fn headers(node: Node) -> Vec<(String, String)> {
    let Some(headers) = zeebe(node, "taskHeaders") else { return Vec::new() };
    let headers = headers.children().filter(|n| n.has_tag_name((ZEEBE, "header")));
    headers
        .filter_map(|h| Some((filled(h, "key")?.to_owned(), h.attribute("value").unwrap_or_default().to_owned())))
        .collect()
}

fn service_task<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, node: Node<'a, 'i>, idx: ElementIdx) -> ElementKind {
    let definition = zeebe(node, "taskDefinition");
    let Some((definition, job_type)) = definition.and_then(|d| Some((d, filled(d, "type")?))) else {
        compiler.error(
            "LN-24",
            node,
            Text::new(
                "The task does not say what it does: choose a component, or give a job type",
                "Не указано, что делает задача: выберите компонент или задайте тип работы",
            ),
        );
        return ElementKind::Unsupported { construct: "task without a job type".to_owned(), rule: "LN-24" };
    };
    let job_type = compiler.value(At { node: definition, element: idx, role: "job type" }, job_type);
    let retries = filled(definition, "retries")
        .and_then(|text| compiler.number_value(At { node: definition, element: idx, role: "retries" }, text));
    let (mut kept, mut result_variable, mut result_expression) = (Vec::new(), None, None);
    for (key, value) in headers(node) {
        match key.as_str() {
            "resultVariable" if !value.trim().is_empty() => result_variable = Some(value.trim().to_owned()),
            "resultExpression" if !value.trim().is_empty() => {
                let at = At { node, element: idx, role: "resultExpression" };
                let text = value.trim();
                let text = text.strip_prefix('=').unwrap_or(text);
                result_expression = Some(compiler.source(at, Language::Feel, text.trim()));
            }
            "resultVariable" | "resultExpression" => {}
            _ => kept.push((key, value)),
        }
    }
    let headers = kept;
    let task = ServiceTask { retries, headers, result_variable, result_expression, ..ServiceTask::new(job_type) };
    ElementKind::ServiceTask(Box::new(task))
}

fn script_task<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, node: Node<'a, 'i>, idx: ElementIdx) -> ElementKind {
    let own_result = own(node, "resultVariable").map(str::to_owned);
    if let Some(script) = zeebe(node, "script") {
        let at = At { node: script, element: idx, role: "script" };
        let text = script.attribute("expression").unwrap_or_default();
        let result_variable = filled(script, "resultVariable").map(str::to_owned).or(own_result);
        if text.trim().is_empty() {
            return no_script(compiler, script);
        }
        let script = compiler.value(at, text);
        return ElementKind::ScriptTask(ScriptTask { script, result_variable });
    }
    if zeebe(node, "taskDefinition").is_some() {
        return service_task(compiler, node, idx);
    }
    let format = filled(node, "scriptFormat").unwrap_or_default();
    let Some(script) = child(node, "script").filter(|s| !text_of(*s).is_empty()) else {
        return no_script(compiler, node);
    };
    let text = text_of(script);
    let at = At { node: script, element: idx, role: "script" };
    let script = match language(format) {
        Some(Language::Feel) => compiler.source(at, Language::Feel, text.strip_prefix('=').unwrap_or(&text).trim()),
        Some(language) => compiler.source(at, language, &text),
        None => {
            let format = if format.is_empty() { "no format" } else { format };
            return compiler.unsupported(node, &format!("scriptTask ({format})"));
        }
    };
    ElementKind::ScriptTask(ScriptTask { script, result_variable: own_result })
}

fn no_script(compiler: &mut Compiler, node: Node) -> ElementKind {
    compiler.error("LN-22", node, Text::new("The script task has no script", "У задачи-скрипта нет скрипта"));
    ElementKind::Unsupported { construct: "scriptTask without a script".to_owned(), rule: "LN-22" }
}

fn user_task<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, node: Node<'a, 'i>, idx: ElementIdx) -> ElementKind {
    let mut task = UserTask { kind: task_kind(compiler, node), ..UserTask::default() };
    if let Some(people) = zeebe(node, "assignmentDefinition") {
        let at = |role| At { node: people, element: idx, role };
        task.assignee = filled(people, "assignee").map(|t| compiler.value(at("assignee"), t));
        task.candidate_users = filled(people, "candidateUsers").map(|t| compiler.list_value(at("candidateUsers"), t));
        task.candidate_groups =
            filled(people, "candidateGroups").map(|t| compiler.list_value(at("candidateGroups"), t));
    }
    if let Some(schedule) = zeebe(node, "taskSchedule") {
        task.due = filled(schedule, "dueDate").map(|t| due(compiler, schedule, idx, t));
    }
    if let Some(definition) = zeebe(node, "priorityDefinition") {
        let at = At { node: definition, element: idx, role: "priority" };
        task.priority = filled(definition, "priority").and_then(|t| compiler.number_value(at, t));
    }
    let at = |role| At { node, element: idx, role };
    let own_text = |name: &str| node.attribute((RUSLO, name)).filter(|t| !t.trim().is_empty());
    task.title = own_text("title").map(|t| compiler.value(at("title"), t));
    task.description = own_text("description").map(|t| compiler.value(at("description"), t)).or_else(|| {
        let text = text_of(child(node, "documentation")?);
        let literal = Expression::Literal(Value::text(&text));
        (!text.is_empty()).then(|| compiler.push_expression(literal))
    });
    task.form = form(compiler, node);
    task.outcome_variable = own(node, "outcomeVariable").map(str::to_owned);
    task.settings = headers(node).into_iter().map(|(k, v)| (Arc::from(k), Value::from(v))).collect::<Object>();
    ElementKind::UserTask(Box::new(task))
}

fn due<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, node: Node<'a, 'i>, idx: ElementIdx, text: &str) -> ExprId {
    use model::definition::TimerKind;
    let literal = !text.starts_with('=') && named_language(node).is_none();
    let valid = [TimerKind::Date, TimerKind::Duration].iter().any(|k| super::timers::is_valid(*k, text));
    if literal && !valid {
        compiler.error(
            "LN-21",
            node,
            Text::new(
                format!("The due date `{text}` is no ISO 8601 date"),
                format!("Срок «{text}» — не дата ISO 8601"),
            ),
        );
    }
    compiler.value(At { node, element: idx, role: "dueDate" }, text)
}

fn task_kind(compiler: &mut Compiler, node: Node) -> TaskKind {
    match own(node, "taskKind") {
        None | Some("form") => TaskKind::Form,
        Some("approve") => TaskKind::Approve,
        Some("review") => TaskKind::Review,
        Some("formOrRefuse") => TaskKind::FormOrRefuse,
        Some(other) => {
            compiler.error(
                "LN-28",
                node,
                Text::new(
                    format!("`{other}` is no kind of task: form, approve, review or formOrRefuse"),
                    format!("«{other}» — не вид задания: form, approve, review или formOrRefuse"),
                ),
            );
            TaskKind::Form
        }
    }
}

const EMBEDDED: &str = "camunda-forms:bpmn:";

/// The form of a user task or start event.
pub(crate) fn form<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, node: Node<'a, 'i>) -> Option<Form> {
    let definition = zeebe(node, "formDefinition")?;
    if let Some(id) = filled(definition, "formId") {
        return Some(Form::Id(id.to_owned()));
    }
    let key = filled(definition, "formKey")?;
    let Some(id) = key.strip_prefix(EMBEDDED) else {
        compiler.warn(
            "LN-27",
            definition,
            Text::new(
                format!("The form key `{key}` has no effect here: use an embedded form or a form id"),
                format!("Ключ формы «{key}» здесь не действует: вложите форму или укажите её id"),
            ),
        );
        return None;
    };
    let process = compiler.nodes[0];
    let holder = extensions(process).find(|n| n.has_tag_name((ZEEBE, "userTaskForm")) && filled(*n, "id") == Some(id));
    let Some(holder) = holder else {
        compiler.error(
            "LN-24",
            definition,
            Text::new(format!("The form `{id}` is not in the file"), format!("Формы «{id}» нет в файле")),
        );
        return None;
    };
    match serde_json::from_str::<serde_json::Value>(&text_of(holder)) {
        Ok(schema) if schema.is_object() => Some(Form::Embedded(schema)),
        _ => {
            compiler.error(
                "LN-24",
                definition,
                Text::new(format!("The form `{id}` is not a JSON form"), format!("Форма «{id}» — не JSON формы")),
            );
            None
        }
    }
}
