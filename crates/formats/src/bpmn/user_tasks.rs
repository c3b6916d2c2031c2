//! User tasks: who does them, until when, with which form.
//!
//! Never: knows who a person or group is.

use super::compile::{Compiler, own};
use super::dom::{RUSLO, ZEEBE, child, extensions, filled, text_of, zeebe};
use super::expressions::{At, named_language};
use super::{people, tasks, traits};
use crate::finding::Text;
use model::definition::{
    Binding, ElementIdx, ElementKind, ExprId, Expression, Form, Listener, ListenerEvent, TaskKind, UserTask,
};
use model::{Object, Value};
use roxmltree::Node;
use std::sync::Arc;

/// A user task.
pub(crate) fn user_task<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    node: Node<'a, 'i>,
    idx: ElementIdx,
) -> ElementKind {
    let mut task = UserTask { kind: task_kind(compiler, node), ..UserTask::default() };
    if let Some(people) = zeebe(node, "assignmentDefinition") {
        let at = |role| At { node: people, element: idx, role };
        task.assignee = filled(people, "assignee").map(|t| compiler.value(at("assignee"), t));
        task.candidate_users = filled(people, "candidateUsers").map(|t| compiler.list_value(at("candidateUsers"), t));
        task.candidate_groups =
            filled(people, "candidateGroups").map(|t| compiler.list_value(at("candidateGroups"), t));
    }
    if let Some(schedule) = zeebe(node, "taskSchedule") {
        task.due = filled(schedule, "dueDate").map(|t| date(compiler, schedule, idx, "dueDate", t));
        task.follow_up = filled(schedule, "followUpDate").map(|t| date(compiler, schedule, idx, "followUpDate", t));
    }
    if let Some(definition) = zeebe(node, "priorityDefinition") {
        let at = At { node: definition, element: idx, role: "priority" };
        task.priority = filled(definition, "priority").and_then(|t| compiler.number_value(at, t));
        priority_told(compiler, definition);
    }
    people::performers(compiler, node, idx, &mut task);
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
    task.settings = tasks::headers(node).into_iter().map(|(k, v)| (Arc::from(k), Value::from(v))).collect::<Object>();
    task.listeners = listeners(compiler, node, idx);
    ElementKind::UserTask(Box::new(task))
}

/// A manual task whose doer confirms that it is done (`ruslo:confirm="true"`).
pub(crate) fn confirmation<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    node: Node<'a, 'i>,
    idx: ElementIdx,
) -> ElementKind {
    match user_task(compiler, node, idx) {
        ElementKind::UserTask(mut task) => {
            task.kind = TaskKind::Review;
            ElementKind::UserTask(task)
        }
        other => other,
    }
}

/// The task listeners in order (BPMN IN-5).
fn listeners<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, node: Node<'a, 'i>, idx: ElementIdx) -> Vec<Listener> {
    let Some(list) = zeebe(node, "taskListeners") else { return Vec::new() };
    let listeners: Vec<_> = list.children().filter(|n| n.has_tag_name((ZEEBE, "taskListener"))).collect();
    let event = |name: &str| match name {
        "creating" | "create" => Some(ListenerEvent::Creating),
        "assigning" | "assignment" | "assign" => Some(ListenerEvent::Assigning),
        "updating" | "update" => Some(ListenerEvent::Updating),
        "completing" | "complete" => Some(ListenerEvent::Completing),
        "canceling" | "cancel" => Some(ListenerEvent::Canceling),
        _ => None,
    };
    listeners.into_iter().filter_map(|l| traits::listener(compiler, l, idx, event)).collect()
}

fn date<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    node: Node<'a, 'i>,
    idx: ElementIdx,
    role: &str,
    text: &str,
) -> ExprId {
    use model::definition::TimerKind;
    let literal = !text.starts_with('=') && named_language(node).is_none();
    let valid = [TimerKind::Date, TimerKind::Duration].iter().any(|k| super::timers::is_valid(*k, text));
    if literal && !valid {
        compiler.error(
            "LN-21",
            node,
            Text::new(format!("`{role}`: `{text}` is no ISO 8601 date"), format!("Срок «{text}» — не дата ISO 8601")),
        );
    }
    compiler.value(At { node, element: idx, role }, text)
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

/// A priority that is no whole number of 0 to 100 becomes one.
fn priority_told(compiler: &mut Compiler, definition: Node) {
    let number = filled(definition, "priority").and_then(|text| text.parse::<f64>().ok());
    if number.is_some_and(|n| n.fract() != 0.0 || !(0.0..=100.0).contains(&n)) {
        let text = Text::new(
            "The priority is a whole number from 0 to 100: the nearest below is taken",
            "Приоритет — целое число от 0 до 100: берётся ближайшее меньшее",
        );
        compiler.warn("LN-28", definition, text);
    }
}

/// What names a form, what counts first.
const FORM_NAMES: &[&str] = &["formId", "formKey", "externalReference"];

/// The form of a user task or start event.
pub(crate) fn form<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, node: Node<'a, 'i>) -> Option<Form> {
    let definition = zeebe(node, "formDefinition")?;
    let named: Vec<&str> = FORM_NAMES.iter().copied().filter(|name| filled(definition, name).is_some()).collect();
    match named.as_slice() {
        [] => {
            let text = Text::new(
                "The form definition names no form: people get the task without one",
                "Форма не указана: задание придёт без неё",
            );
            compiler.warn("LN-24", definition, text);
        }
        [_] => {}
        [first, others @ ..] => {
            let others = others.join(", ");
            let text = Text::new(
                format!("The form is that of `{first}`; without effect here: {others}"),
                format!("Форму задаёт {first}; не действует: {others}"),
            );
            compiler.warn("LN-27", definition, text);
        }
    }
    if let Some(id) = filled(definition, "formId") {
        return form_by_id(compiler, definition, id);
    }
    let key = filled(definition, "formKey").or_else(|| filled(definition, "externalReference"))?;
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
    let Some(holder) = holder(compiler, id) else {
        compiler.error(
            "LN-24",
            definition,
            Text::new(format!("The form `{id}` is not in the file"), format!("Формы «{id}» нет в файле")),
        );
        return None;
    };
    embedded(compiler, definition, holder)
}

/// A form by its id. Forms come with processes only, so each binding means the one of that id in the file; what no
/// form of the file meets can be met by nothing here.
fn form_by_id<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, definition: Node<'a, 'i>, id: &str) -> Option<Form> {
    let binding = tasks::binding(compiler, definition);
    let form = holder(compiler, id).map(|holder| embedded(compiler, definition, holder));
    let unmet = match (&binding, form) {
        (Binding::Latest | Binding::Deployment, Some(form)) => return form,
        (_, Some(None)) => return None,
        (Binding::VersionTag(tag), Some(Some(Form::Embedded(schema)))) if schema["versionTag"] == **tag => {
            return Some(Form::Embedded(schema));
        }
        (Binding::Latest, None) => return Some(Form::Id(id.to_owned())),
        (Binding::Deployment, None) => ("in this file", "в этом файле"),
        (Binding::VersionTag(_), _) => ("with this tag in this file", "с этой меткой в этом файле"),
        (Binding::Version(_), _) => ("with this version: forms here have none", "такой версии: у форм их здесь нет"),
    };
    let text = Text::new(
        format!(
            "The binding finds no form `{id}` {}; forms are not deployed by themselves here: people get the task \
             without it",
            unmet.0
        ),
        format!(
            "Привязка не находит формы «{id}» {}; отдельно формы здесь не развёртываются: задание придёт без неё",
            unmet.1
        ),
    );
    compiler.warn("LN-27", definition, text);
    Some(Form::Id(id.to_owned()))
}

/// The form `id` among those of the process.
fn holder<'a, 'i>(compiler: &Compiler<'_, 'a, 'i>, id: &str) -> Option<Node<'a, 'i>> {
    let process = compiler.nodes[0];
    extensions(process).find(|n| n.has_tag_name((ZEEBE, "userTaskForm")) && filled(*n, "id") == Some(id))
}

fn embedded<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    definition: Node<'a, 'i>,
    holder: Node<'a, 'i>,
) -> Option<Form> {
    if !compiler.may_share(holder) {
        return None;
    }
    match serde_json::from_str::<serde_json::Value>(&text_of(holder)) {
        Ok(schema) if schema.is_object() => Some(Form::Embedded(schema)),
        _ => {
            let id = holder.attribute("id").unwrap_or_default();
            compiler.error(
                "LN-24",
                definition,
                Text::new(format!("The form `{id}` is not a JSON form"), format!("Форма «{id}» — не JSON формы")),
            );
            None
        }
    }
}
