//! Single activities of a template (Bitrix contract 5.4).
//!
//! Never: knows what a job type does; the runtime executes `ruslo:bitrix.<Type>` and `rest_<md5>`.

use super::compile::{Builder, Exit};
use super::forms;
use super::php::{Key, Php};
use super::template::Node;
use super::values::{self, Val};
use crate::bpmn::is_variable_name;
use crate::finding::Text;
use model::definition::{
    BoundaryEvent, CatchEvent, ElementIdx, ElementKind, Expression, Form, Language, Mapping, ROOT, ServiceTask,
    TaskKind, TerminateReach, Throw, ThrowEvent, Timer, TimerKind, Trigger, UserTask,
};
use model::{Object, Value};
use std::sync::Arc;

/// Activities that are one call of the runtime.
const SERVICES: &[&str] = &[
    "CreateDocumentActivity",
    "DeleteDocumentActivity",
    "IMNotifyActivity",
    "LogActivity",
    "RandomStringActivity",
    "SetFieldActivity",
    "SetStateTitleActivity",
    "SocNetMessageActivity",
    "WebHookActivity",
];

/// Activities that the engine runs itself.
const NATIVE: &[&str] = &[
    "ApproveActivity",
    "DelayActivity",
    "EmptyBlockActivity",
    "EventDrivenActivity",
    "ForEachActivity",
    "IfElseActivity",
    "IfElseBranchActivity",
    "ListenActivity",
    "MathOperationActivity",
    "ParallelActivity",
    "RequestInformationActivity",
    "RequestInformationOptionalActivity",
    "ReviewActivity",
    "RobotDelayActivity",
    "SequenceActivity",
    "SequentialWorkflowActivity",
    "SetVariableActivity",
    "TerminateActivity",
    "WhileActivity",
];

/// Whether a type is an app's activity: `rest_` and 32 hexadecimal digits.
pub(crate) fn is_app(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    kind.strip_prefix("rest_").is_some_and(|h| h.len() == 32 && h.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Whether a type that is no app's runs here.
pub(crate) fn runs(kind: &str) -> bool {
    SERVICES.iter().chain(NATIVE).any(|k| k.eq_ignore_ascii_case(kind))
}

/// Whether a type waits for a time.
pub(crate) fn is_wait(kind: &str) -> bool {
    ["DelayActivity", "RobotDelayActivity"].iter().any(|k| k.eq_ignore_ascii_case(kind))
}

/// Compiles one activity behind `exits`.
pub(crate) fn activity(builder: &mut Builder, node: &Node, exits: Vec<Exit>) -> Vec<Exit> {
    let kind = node.kind.to_ascii_lowercase();
    match kind.as_str() {
        "delayactivity" | "robotdelayactivity" => delay(builder, node, exits),
        "setvariableactivity" => set_variable(builder, node, exits),
        "terminateactivity" => terminate(builder, node, exits),
        "approveactivity" => task(builder, node, exits, TaskKind::Approve),
        "reviewactivity" => task(builder, node, exits, TaskKind::Review),
        "requestinformationactivity" => task(builder, node, exits, TaskKind::Form),
        "requestinformationoptionalactivity" => task(builder, node, exits, TaskKind::FormOrRefuse),
        _ if is_app(&kind) => vec![Exit::from(service(builder, node, exits, &kind))],
        _ => match SERVICES.iter().find(|s| s.eq_ignore_ascii_case(&kind)) {
            Some(name) => vec![Exit::from(service(builder, node, exits, &format!("ruslo:bitrix.{name}")))],
            None => {
                let idx = builder.unavailable_node(node);
                builder.link(exits, idx);
                vec![Exit::from(idx)]
            }
        },
    }
}

/// A job whose inputs are the node's properties.
fn service(builder: &mut Builder, node: &Node, exits: Vec<Exit>, job_type: &str) -> ElementIdx {
    let job_type = builder.push(Expression::Literal(Value::text(job_type)));
    let kind = ElementKind::ServiceTask(Box::new(ServiceTask {
        result_variable: Some(node.name.clone()),
        ..ServiceTask::new(job_type)
    }));
    let idx = builder.append(node, exits, kind);
    for (key, value) in &node.properties.0 {
        let key = key.text();
        if key != "Title" && key != "EditorComment" && is_named(builder, node, &key) {
            input(builder, node, idx, &key, value);
        }
    }
    idx
}

/// Whether a key can name a variable; a finding when not.
fn is_named(builder: &mut Builder, node: &Node, key: &str) -> bool {
    let named = is_variable_name(key);
    if !named {
        let text = Text::new(
            format!("`{key}` is no name of a variable: the value is left out"),
            format!("«{key}» — не имя переменной: значение пропущено"),
        );
        builder.approximate(node, text);
    }
    named
}

/// One property as input; a map becomes one input a member.
fn input(builder: &mut Builder, node: &Node, idx: ElementIdx, target: &str, value: &Php) {
    if let Php::Array(map) = value
        && !map.is_list()
        && map.0.iter().all(|(k, _)| matches!(k, Key::Text(k) if is_variable_name(k)))
    {
        for (key, value) in &map.0 {
            // Properties nest no deeper than the file, whose depth is limited.
            input(builder, node, idx, &format!("{target}.{}", key.text()), value);
        }
        return;
    }
    let source = builder.expression(node, idx, &format!("input {target}"), values::value(value));
    builder.at(idx).inputs.push(Mapping { target: target.to_owned(), source });
}

/// The time after which a node goes on by itself, when it has one.
fn time_limit(builder: &mut Builder, node: &Node) -> Option<Val> {
    let amount = node.text("TimeoutDuration").filter(|a| a.trim() != "0")?;
    match values::duration(&amount, &node.text("TimeoutDurationType").unwrap_or_default()) {
        Ok(value) => Some(value),
        Err(text) => {
            builder.approximate(node, text);
            None
        }
    }
}

/// A timer on the border of `host`; the engine notes the time-out in the node's outputs.
fn timeout(builder: &mut Builder, node: &Node, host: ElementIdx) -> Option<Exit> {
    let value = time_limit(builder, node)?;
    let boundary = builder.generated(&format!("{}_timeout", node.name), None, ElementKind::throw_none());
    let value = builder.expression(node, boundary, "timer", value);
    builder.at(boundary).kind = ElementKind::BoundaryEvent(BoundaryEvent::of(
        host,
        true,
        Trigger::Timer(Timer::new(TimerKind::Duration, value)),
    ));
    builder.at(host).boundaries.push(boundary);
    Some(Exit::from(boundary))
}

fn delay(builder: &mut Builder, node: &Node, exits: Vec<Exit>) -> Vec<Exit> {
    if node.text("WaitWorkDayUser").is_some() {
        builder.approximate(node, Text::new("The wait ignores working days", "Ожидание не учитывает рабочие дни"));
    }
    let at = node.properties.get("TimeoutTime").filter(|v| v.to_text().is_none_or(|t| !t.trim().is_empty()));
    let (kind, value) = match (node.text("TimeoutDuration"), at) {
        (Some(amount), _) => match values::duration(&amount, &node.text("TimeoutDurationType").unwrap_or_default()) {
            Ok(value) => (TimerKind::Duration, value),
            Err(text) => {
                builder.approximate(node, text);
                (TimerKind::Duration, Val::Literal(Value::text("PT0S")))
            }
        },
        (None, Some(time)) => (TimerKind::Date, date(builder, node, time)),
        (None, None) => (TimerKind::Duration, Val::Literal(Value::text("PT0S"))),
    };
    let idx = builder.append(node, exits, ElementKind::throw_none());
    let value = builder.expression(node, idx, "timer", value);
    builder.at(idx).kind = ElementKind::CatchEvent(CatchEvent::of(Trigger::Timer(Timer::new(kind, value))));
    vec![Exit::from(idx)]
}

fn date(builder: &mut Builder, node: &Node, time: &Php) -> Val {
    match values::value(time) {
        Val::Literal(Value::String(text)) => match values::date(&text) {
            Some(iso) => Val::Literal(Value::text(iso)),
            None => {
                builder.approximate(node, Text::new(format!("`{text}` is no date"), format!("«{text}» — не дата")));
                Val::Literal(Value::String(text))
            }
        },
        value => value,
    }
}

/// Variables are written by output mappings of a step that does nothing else: one commit, no job.
fn set_variable(builder: &mut Builder, node: &Node, exits: Vec<Exit>) -> Vec<Exit> {
    let idx = builder.append(node, exits, ElementKind::Task);
    let Some(map) = node.properties.array("VariableValue") else { return vec![Exit::from(idx)] };
    for (key, value) in &map.0 {
        let target = key.text();
        if !is_named(builder, node, &target) {
            continue;
        }
        let source = builder.expression(node, idx, &format!("variable {target}"), values::value(value));
        builder.at(idx).outputs.push(Mapping { target, source });
    }
    vec![Exit::from(idx)]
}

fn terminate(builder: &mut Builder, node: &Node, mut exits: Vec<Exit>) -> Vec<Exit> {
    let scope = node.text("TerminateType").unwrap_or_else(|| "current".to_owned());
    if !scope.eq_ignore_ascii_case("current") {
        let idx = builder.unavailable_node(node);
        builder.link(exits, idx);
        return Vec::new();
    }
    if node.flag("KillWorkflow") {
        builder.approximate(
            node,
            Text::new("The process is ended; its history is kept", "Процесс завершается, его история сохраняется"),
        );
    }
    if let Some(title) = node.properties.get("StateTitle").filter(|_| node.text("StateTitle").is_some()) {
        let id = format!("{}_state", node.name);
        let job_type = builder.push(Expression::Literal(Value::text("ruslo:bitrix.SetStateTitleActivity")));
        let task = ServiceTask::new(job_type);
        let idx = builder.generated(&id, node.text("Title"), ElementKind::ServiceTask(Box::new(task)));
        builder.link(exits, idx);
        input(builder, node, idx, "TargetStateTitle", title);
        exits = vec![Exit::from(idx)];
    }
    // Inside of a loop the whole process ends, not the turn.
    let reach = if builder.scope == ROOT { TerminateReach::Scope } else { TerminateReach::All };
    builder.append(node, exits, ElementKind::EndEvent(ThrowEvent::of(Throw::Terminate(reach))));
    Vec::new()
}

/// Settings of a human task that keep their text.
const SETTINGS: &[&str] = &[
    "AccessControl",
    "ApproveMinPercent",
    "ApproveType",
    "ApproveWaitForAll",
    "CancelType",
    "CommentLabelMessage",
    "CommentRequired",
    "DelegationType",
    "SaveVariables",
    "SetStatusMessage",
    "ShowComment",
    "StatusMessage",
    "TaskButton1Message",
    "TaskButton2Message",
    "TaskButtonCancelMessage",
    "TaskButtonMessage",
];

fn task(builder: &mut Builder, node: &Node, exits: Vec<Exit>, kind: TaskKind) -> Vec<Exit> {
    let idx = builder.append(node, exits, ElementKind::ManualTask);
    let property = |builder: &mut Builder, key: &str, role: &str| {
        let value = node.properties.get(key)?;
        let blank = value.to_text().is_some_and(|t| t.trim().is_empty());
        let given = !blank && !matches!(value, Php::Null);
        let value = match value {
            // White space around people and dates means nothing, here as in a diagram.
            Php::Text(text) if matches!(role, "assignee" | "due") => values::value(&Php::Text(text.trim().to_owned())),
            value => values::value(value),
        };
        given.then(|| builder.expression(node, idx, role, value))
    };
    let fields = forms::requested(&node.properties);
    let settings = node.properties.0.iter().map(|(k, v)| (k.text(), v)).filter(|(k, _)| SETTINGS.contains(&k.as_str()));
    let settings: Object = settings.map(|(k, v)| (Arc::from(k), Value::text(values::literal(v).to_text()))).collect();
    let outcome = if is_variable_name(&node.name) { format!("{}_outcome", node.name) } else { "outcome".to_owned() };
    let task = UserTask {
        kind,
        assignee: property(builder, "Users", "assignee"),
        due: property(builder, "OverdueDate", "due"),
        title: property(builder, "Name", "title"),
        description: property(builder, "Description", "description"),
        form: (!fields.is_empty()).then(|| Form::Embedded(forms::form(&fields))),
        outcome_variable: Some(outcome.clone()),
        settings,
        ..UserTask::default()
    };
    builder.at(idx).kind = ElementKind::UserTask(Box::new(task));
    branches(builder, node, idx, kind, &outcome)
}

/// What follows a task: the branches of its answers, and its time-out.
fn branches(builder: &mut Builder, node: &Node, idx: ElementIdx, kind: TaskKind, outcome: &str) -> Vec<Exit> {
    let late = timeout(builder, node, idx);
    let positive = match kind {
        TaskKind::Approve => "yes",
        TaskKind::FormOrRefuse => "ok",
        TaskKind::Form | TaskKind::Review => {
            let ends = [Exit::from(idx)].into_iter().chain(late).collect();
            return builder.join(&format!("{}_join", node.name), ElementKind::ExclusiveGateway, ends);
        }
    };
    let gateway = builder.generated(&format!("{}_answer", node.name), None, ElementKind::ExclusiveGateway);
    builder.link(vec![Exit::from(idx)], gateway);
    let label = |key: &str, fallback: &str| node.text(key).unwrap_or_else(|| fallback.to_owned());
    let (yes_label, no_label) = match kind {
        TaskKind::Approve => (label("TaskButton1Message", "Да"), label("TaskButton2Message", "Нет")),
        _ => (label("TaskButtonMessage", "OK"), label("TaskButtonCancelMessage", "Отказ")),
    };
    let mut yes = Exit::named(gateway, format!("{}_{positive}", node.name), Some(yes_label));
    yes.condition = Some(builder.push(Expression::Source {
        language: Language::Feel,
        text: Arc::from(format!("{outcome} = \"{positive}\"")),
        element: gateway,
        role: Arc::from("condition"),
    }));
    let mut no = Exit::named(gateway, format!("{}_no", node.name), Some(no_label));
    no.default = true;
    no.rank = 1;
    let child = |at: usize| node.children.get(at).filter(|n| n.is_active()).map_or(&[][..], std::slice::from_ref);
    let mut ends = builder.sequence(child(0), vec![yes]);
    ends.extend(builder.sequence(child(1), [no].into_iter().chain(late).collect()));
    builder.join(&format!("{}_join", node.name), ElementKind::ExclusiveGateway, ends)
}
