//! Tasks and call activities: what makes them run.
//!
//! Never: knows what a job type does.

use super::compile::{Compiler, own};
use super::dom::{ZEEBE, child, filled, flag, is, local, text_of, zeebe};
use super::expressions::{At, language};
use super::{messages, user_tasks};
use crate::finding::Text;
use model::Value;
use model::definition::{
    Binding, CallActivity, DecisionCall, DecisionResult, ElementIdx, ElementKind, ExprId, Expression, Language,
    Mapping, ReceiveTask, ScriptTask, ServiceTask,
};
use roxmltree::Node;

/// A task of any kind, global ones too.
pub(crate) fn task<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, node: Node<'a, 'i>, idx: ElementIdx) -> ElementKind {
    if let Some(construct) = own(node, "unsupported") {
        return unavailable(compiler, node, construct);
    }
    let has_job = zeebe(node, "taskDefinition").is_some();
    match node.tag_name().name() {
        "manualTask" | "globalManualTask" if own(node, "confirm") == Some("true") => {
            user_tasks::confirmation(compiler, node, idx)
        }
        "manualTask" | "globalManualTask" => ElementKind::ManualTask,
        "userTask" | "globalUserTask" => user_tasks::user_task(compiler, node, idx),
        // Other dialects compute and decide in service and send tasks too.
        "serviceTask" | "sendTask" if zeebe(node, "calledDecision").is_some() => decision(compiler, node, idx),
        "serviceTask" | "sendTask" | "businessRuleTask" if zeebe(node, "script").is_some() => {
            script_task(compiler, node, idx)
        }
        "serviceTask" => service_task(compiler, node, idx),
        "sendTask" | "businessRuleTask" | "globalBusinessRuleTask" if has_job => service_task(compiler, node, idx),
        "sendTask" => match messages::send(compiler, node, idx) {
            Some(throw) => ElementKind::SendTask(Box::new(throw)),
            None => compiler.broken(node, "LN-19"),
        },
        "receiveTask" => receive_task(compiler, node, idx),
        "scriptTask" | "globalScriptTask" => script_task(compiler, node, idx),
        "businessRuleTask" | "globalBusinessRuleTask" => decision(compiler, node, idx),
        "callActivity" => call(compiler, node, idx),
        _ => ElementKind::Task,
    }
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
pub(crate) fn takes_macros(compiler: &Compiler, kind: &ElementKind) -> bool {
    let ElementKind::ServiceTask(task) = kind else { return false };
    match compiler.def.expression(task.job_type) {
        Expression::Literal(Value::String(t)) => t.starts_with("rest_") || t.starts_with("ruslo:bitrix."),
        _ => false,
    }
}

/// The input and output mappings (BPMN VA-3, VA-4); `bitrix` reads macros in the literals of inputs.
pub(crate) fn mappings<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, node: Node<'a, 'i>, idx: ElementIdx, bitrix: bool) {
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

/// The static settings of a job or listener.
pub(crate) fn headers(node: Node) -> Vec<(String, String)> {
    let Some(headers) = zeebe(node, "taskHeaders") else { return Vec::new() };
    let headers = headers.children().filter(|n| n.has_tag_name((ZEEBE, "header")));
    headers
        .filter_map(|h| Some((filled(h, "key")?.to_owned(), h.attribute("value").unwrap_or_default().to_owned())))
        .collect()
}

fn service_task<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, node: Node<'a, 'i>, idx: ElementIdx) -> ElementKind {
    match job(compiler, node, idx) {
        Some(job) => ElementKind::ServiceTask(Box::new(job)),
        None => compiler.broken(node, "LN-24"),
    }
}

/// The job that an element's `zeebe:taskDefinition` describes; `None` after a finding.
pub(crate) fn job<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    node: Node<'a, 'i>,
    idx: ElementIdx,
) -> Option<ServiceTask> {
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
        return None;
    };
    let mut task = ServiceTask::new(compiler.value(At { node: definition, element: idx, role: "job type" }, job_type));
    task.retries = filled(definition, "retries")
        .and_then(|text| compiler.number_value(At { node: definition, element: idx, role: "retries" }, text));
    task.priority = priority(compiler, node, idx).or(compiler.job_priority);
    for (key, value) in headers(node) {
        header(compiler, At { node, element: idx, role: &key }, value, &mut task);
    }
    task.headers.extend(linked_resources(node));
    Some(task)
}

/// A header is a setting of the job, unless the connector convention gives it a meaning.
fn header(compiler: &mut Compiler, at: At, value: String, task: &mut ServiceTask) {
    let text = value.trim();
    let feel = |compiler: &mut Compiler| compiler.source(at, Language::Feel, text.trim_start_matches('=').trim());
    match at.role {
        "resultVariable" | "resultExpression" | "errorExpression" | "retryBackoff" if text.is_empty() => {}
        "resultVariable" => task.result_variable = Some(text.to_owned()),
        "resultExpression" => task.result_expression = Some(feel(compiler)),
        "errorExpression" => task.error_expression = Some(feel(compiler)),
        "retryBackoff" => task.backoff = Some(backoff(compiler, at, text)),
        key => task.headers.push((key.to_owned(), value)),
    }
}

fn backoff(compiler: &mut Compiler, at: At, text: &str) -> ExprId {
    use model::definition::TimerKind;
    let all = text.split(',').all(|d| super::timers::is_valid(TimerKind::Duration, d.trim()));
    if !text.starts_with('=') && !all {
        compiler.error(
            "LN-21",
            at.node,
            Text::new(
                format!("The retry back-off `{text}` is no ISO 8601 duration"),
                format!("Пауза между попытками «{text}» — не длительность ISO 8601"),
            ),
        );
    }
    if text.contains(',') { compiler.list_value(at, text) } else { compiler.value(at, text) }
}

/// `zeebe:jobPriorityDefinition` of an element or a process.
pub(crate) fn priority<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    node: Node<'a, 'i>,
    idx: ElementIdx,
) -> Option<ExprId> {
    let definition = zeebe(node, "jobPriorityDefinition")?;
    let text = filled(definition, "priority")?;
    compiler.number_value(At { node: definition, element: idx, role: "job priority" }, text)
}

/// The resources that a job names, as the header that workers read.
fn linked_resources(node: Node) -> Option<(String, String)> {
    let list = zeebe(node, "linkedResources")?;
    let resources = list.children().filter(|n| n.has_tag_name((ZEEBE, "linkedResource")));
    let names = ["resourceId", "resourceType", "linkName", "bindingType", "versionTag"];
    let resources: Vec<serde_json::Value> = resources
        .map(|r| {
            let pairs = names.iter().filter_map(|name| Some(((*name).to_owned(), filled(r, name)?.into())));
            serde_json::Value::Object(pairs.collect())
        })
        .collect();
    (!resources.is_empty()).then(|| ("linkedResources".to_owned(), serde_json::Value::from(resources).to_string()))
}

fn receive_task<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, node: Node<'a, 'i>, idx: ElementIdx) -> ElementKind {
    let instantiate = flag(node, "instantiate") == Some(true);
    match messages::waits(compiler, node, node, idx, instantiate) {
        Some(message) => ElementKind::ReceiveTask(Box::new(ReceiveTask { message, instantiate })),
        None => compiler.broken(node, "LN-19"),
    }
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
    let format = filled(node, "scriptFormat").or_else(|| filled(node, "scriptLanguage")).unwrap_or_default();
    let Some(script) = child(node, "script").filter(|s| !text_of(*s).is_empty()) else {
        return no_script(compiler, node);
    };
    let text = text_of(script);
    let at = At { node: script, element: idx, role: "script" };
    let script = match language(format) {
        Some(Language::Feel) => compiler.source(at, Language::Feel, text.strip_prefix('=').unwrap_or(&text).trim()),
        Some(language) => compiler.source(at, language, &text),
        None if text.starts_with('=') => compiler.source(at, Language::Feel, text[1..].trim()),
        None => return foreign_script(compiler, node, format, text),
    };
    ElementKind::ScriptTask(ScriptTask { script, result_variable: own_result })
}

/// A script in a language that does not run here is a job `script:<format>` for a worker that knows it.
fn foreign_script(compiler: &mut Compiler, node: Node, format: &str, text: String) -> ElementKind {
    if format.is_empty() {
        compiler.error(
            "LN-22",
            node,
            Text::new(
                "The script does not name its format: feel or javascript, or another one that a worker runs",
                "У скрипта не указан формат: feel, javascript или другой, который выполнит исполнитель",
            ),
        );
        return compiler.broken(node, "LN-22");
    }
    compiler.warn(
        "LN-27",
        node,
        Text::new(
            format!("`{format}` scripts do not run here: a worker for the job type `script:{format}` is needed"),
            format!("Скрипты «{format}» здесь не выполняются: нужен исполнитель работ типа «script:{format}»"),
        ),
    );
    let job_type = compiler.push_expression(Expression::Literal(Value::text(format!("script:{format}"))));
    let mut task = ServiceTask::new(job_type);
    task.headers = vec![("language".to_owned(), format.to_owned()), ("script".to_owned(), text)];
    task.result_variable = own(node, "resultVariable").map(str::to_owned);
    task.priority = compiler.job_priority;
    ElementKind::ServiceTask(Box::new(task))
}

fn no_script(compiler: &mut Compiler, node: Node) -> ElementKind {
    compiler.error("LN-22", node, Text::new("The script task has no script", "У задачи-скрипта нет скрипта"));
    compiler.broken(node, "LN-22")
}

/// A task that evaluates a decision (`zeebe:calledDecision`).
fn decision<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, node: Node<'a, 'i>, idx: ElementIdx) -> ElementKind {
    let called = zeebe(node, "calledDecision");
    let Some((called, id)) = called.and_then(|c| Some((c, filled(c, "decisionId")?))) else {
        compiler.error(
            "LN-24",
            node,
            Text::new(
                "The task does not say what it decides: choose a decision, or give a job type",
                "Не указано, что решает задача: выберите решение или задайте тип работы",
            ),
        );
        return compiler.broken(node, "LN-24");
    };
    let at = At { node: called, element: idx, role: "decision" };
    let decision = compiler.value(at, id);
    let retries = filled(called, "retries").and_then(|t| compiler.number_value(At { role: "retries", ..at }, t));
    ElementKind::BusinessRuleTask(Box::new(DecisionCall {
        decision,
        binding: binding(compiler, called),
        result_variable: filled(called, "resultVariable").map(str::to_owned),
        result: match own(node, "decisionResult") {
            Some("singleEntry") => DecisionResult::SingleEntry,
            Some("singleResult") => DecisionResult::SingleResult,
            Some("collectEntries") => DecisionResult::CollectEntries,
            Some("resultList") => DecisionResult::ResultList,
            _ => DecisionResult::Value,
        },
        retries,
    }))
}

/// Which version is meant: `bindingType` with `versionTag` or our `ruslo:version` (BPMN CA-1).
pub(crate) fn binding(compiler: &mut Compiler, node: Node) -> Binding {
    let wrong = match filled(node, "bindingType").unwrap_or("latest") {
        "latest" => return Binding::Latest,
        "deployment" => return Binding::Deployment,
        "versionTag" => match filled(node, "versionTag") {
            Some(tag) => return Binding::VersionTag(tag.to_owned()),
            None => "versionTag",
        },
        "version" => match own(node, "version").and_then(|v| v.parse().ok()) {
            Some(version) => return Binding::Version(version),
            None => "ruslo:version",
        },
        other => other,
    };
    compiler.error(
        "LN-28",
        node,
        Text::new(
            format!("The binding is latest, deployment, versionTag or version with their value; see `{wrong}`"),
            format!("Привязка — latest, deployment, versionTag или version со значением; смотрите «{wrong}»"),
        ),
    );
    Binding::Latest
}

/// A call activity: `zeebe:calledElement`, else BPMN's own `calledElement` (BPMN CA-1..5).
fn call<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, node: Node<'a, 'i>, idx: ElementIdx) -> ElementKind {
    let called = zeebe(node, "calledElement");
    let at = At { node: called.unwrap_or(node), element: idx, role: "called process" };
    let literal = called.and_then(|c| filled(c, "processId"));
    let expression = called.and_then(|c| filled(c, "processIdExpression"));
    let process = match (literal, expression, filled(node, "calledElement")) {
        (Some(id), _, _) => compiler.value(at, id),
        (None, Some(text), _) => compiler.source(at, Language::Feel, text.trim_start_matches('=').trim()),
        (None, None, Some(id)) if id.starts_with('=') => compiler.value(at, id),
        (None, None, Some(id)) => {
            let file = compiler.file;
            let known = file.resolve(id).is_some_and(|n| is(n, "process") || super::dom::is_global_task(n));
            let id = if known { local(id, |id| file.ids.contains_key(id)) } else { id };
            compiler.push_expression(Expression::Literal(Value::text(id)))
        }
        (None, None, None) => {
            compiler.error(
                "LN-24",
                node,
                Text::new(
                    "The call activity does not say which process it calls",
                    "Не указано, какой процесс вызывается",
                ),
            );
            return compiler.broken(node, "LN-24");
        }
    };
    let set = |name: &str| called.and_then(|c| flag(c, name)) != Some(false);
    let business_key = called.and_then(|c| filled(c, "businessId"));
    ElementKind::CallActivity(Box::new(CallActivity {
        process,
        binding: called.map_or(Binding::Latest, |c| binding(compiler, c)),
        all_in: set("propagateAllParentVariables"),
        local_in: own(node, "localVariables") == Some("true"),
        all_out: set("propagateAllChildVariables"),
        business_key: business_key.map(|t| compiler.value(At { role: "business key", ..at }, t)),
        wait: own(node, "wait") != Some("false"),
    }))
}

/// The static settings of a listener: headers inside it.
pub(crate) fn listener_headers(listener: Node) -> Vec<(String, String)> {
    let headers = listener.descendants().filter(|n| n.has_tag_name((ZEEBE, "header")));
    headers
        .filter_map(|h| Some((filled(h, "key")?.to_owned(), h.attribute("value").unwrap_or_default().to_owned())))
        .collect()
}
