//! BPMN 2.0.2, Execution Semantics › Activities › User Task; closing rules of Bitrix contract 4.6.

use crate::event::{Event, UserTaskCompleted, UserTaskCreated};
use crate::state::{Answer, Task};
use crate::step::{Next, Step, Trouble};
use crate::{task_listeners, timers, variables};
use model::definition::{ExprId, TaskKind, UserTask};
use model::error::codes;
use model::{Number, Object, TaskId, Value};
use std::sync::Arc;

const DEFAULT_PRIORITY: i64 = 50;
const DEFAULT_MIN_PERCENT: i64 = 50;

pub(crate) fn activate(step: &mut Step, key: u32, task: &UserTask) -> Result<Next, Trouble> {
    if !task.listeners.is_empty() && task_listeners::again(step, key) {
        return Ok(Next::Wait);
    }
    let assignees = people(&setting(step, key, "assignee", task.assignee)?);
    let candidate_users = people(&setting(step, key, "candidate users", task.candidate_users)?);
    let candidate_groups = people(&setting(step, key, "candidate groups", task.candidate_groups)?);
    let named = task.assignee.is_some() || task.candidate_users.is_some() || task.candidate_groups.is_some();
    let nobody = assignees.is_empty() && candidate_users.is_empty() && candidate_groups.is_empty();
    if nobody && (named || step.program.is_bitrix()) {
        let message = "the expressions for the task's people name nobody";
        return Err(Trouble::new(&codes::ASSIGNEE_NOT_FOUND, message));
    }
    let due = match setting(step, key, "due date", task.due)? {
        Value::Null => None,
        value => Some(
            timers::instant_or_duration(&value, step.env.now, step.env.zone)
                .map_err(|why| Trouble::new(&codes::TIMER_INVALID, format!("the due date: {why}")))?,
        ),
    };
    let title = setting(step, key, "title", task.title)?.to_text();
    let description = setting(step, key, "description", task.description)?.to_text();
    let priority = number(&setting(step, key, "priority", task.priority)?).unwrap_or(DEFAULT_PRIORITY);
    let element = step.element(key);
    let title = if title.is_empty() { element.name.clone().unwrap_or_else(|| element.id.to_string()) } else { title };
    let task_id = TaskId(step.next_id());
    step.emit(Event::UserTaskCreated(Box::new(UserTaskCreated {
        task: task_id,
        key,
        element: step.run(key).element,
        kind: task.kind,
        title,
        description,
        assignees,
        candidate_users,
        candidate_groups,
        due,
        priority: priority.clamp(0, 100) as u32,
        form: task.form.clone(),
        settings: task.settings.clone(),
        input: Object::clone(&step.run(key).variables),
    })));
    Ok(Next::Wait)
}

fn setting(step: &mut Step, key: u32, what: &str, expression: Option<ExprId>) -> Result<Value, Trouble> {
    let Some(expression) = expression else { return Ok(Value::Null) };
    step.evaluate(key, expression, None).map_err(|e| Trouble::evaluation(&codes::MAPPING_FAILED, what, &e))
}

/// Names of people: a list, or text separated by `,` or `;`. In order, without repeats.
pub(crate) fn people(value: &Value) -> Vec<String> {
    fn collect(value: &Value, into: &mut Vec<String>) {
        match value {
            Value::List(items) => items.iter().for_each(|item| collect(item, into)),
            Value::Null => {}
            other => {
                for name in other.to_text().split([',', ';']).map(str::trim).filter(|name| !name.is_empty()) {
                    if !into.iter().any(|known| known == name) {
                        into.push(name.to_owned());
                    }
                }
            }
        }
    }
    let mut names = Vec::new();
    collect(value, &mut names);
    names
}

fn number(value: &Value) -> Option<i64> {
    let number = value.as_number().or_else(|| value.as_str()?.trim().parse::<Number>().ok())?;
    number.to_i64().or(Some(number.to_f64() as i64))
}

/// After an answer: closes the task when the rules of its kind say so. True when it is closed.
pub(crate) fn close_if_decided(step: &mut Step, task_id: TaskId, settings: &UserTask) -> bool {
    let Some(task) = step.instance.task(task_id) else { return false };
    let Some(outcome) = verdict(task, settings, step.program.is_bitrix()) else { return false };
    let key = task.key;
    if task_listeners::hold(step, key, settings) {
        return false;
    }
    let Some(task) = step.instance.task(task_id) else { return false };
    let mut values = Object::new();
    for answer in &task.answers {
        values.extend(answer.values.iter().map(|(k, v)| (k.clone(), v.clone())));
    }
    let Some(last) = task.answers.last() else { return false };
    let outputs = if step.program.is_bitrix() { node_outputs(task, settings.kind) } else { Object::new() };
    let (key, by) = (task.key, last.user);
    let completed = UserTaskCompleted { task: task_id, key, outcome: outcome.to_owned(), values, outputs, by };
    step.emit(Event::UserTaskCompleted(Box::new(completed)));
    true
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Rule {
    All,
    Any,
    Vote,
}

fn rule(settings: &UserTask, is_bitrix: bool) -> Rule {
    let name = match settings.kind {
        TaskKind::FormOrRefuse => "CancelType",
        TaskKind::Form | TaskKind::Approve | TaskKind::Review => "ApproveType",
    };
    match settings.settings.get(name).and_then(Value::as_str) {
        Some("all") => Rule::All,
        Some("vote") => Rule::Vote,
        Some(_) => Rule::Any,
        None if is_bitrix && settings.kind == TaskKind::Review => Rule::All,
        None => Rule::Any,
    }
}

/// The outcome, when the answers so far decide it (contract 4.6).
fn verdict(task: &Task, settings: &UserTask, is_bitrix: bool) -> Option<&'static str> {
    let last = task.answers.last()?;
    let said = |outcome: &str| task.answers.iter().filter(|a| &*a.outcome == outcome).count();
    let total = task.assignees.len().max(1);
    let all_answered = task.answers.len() >= total;
    match (settings.kind, rule(settings, is_bitrix)) {
        (TaskKind::Form, _) | (TaskKind::Review, Rule::Any | Rule::Vote) => Some("ok"),
        (TaskKind::Review, Rule::All) => all_answered.then_some("ok"),
        (TaskKind::FormOrRefuse, Rule::All) => match &*last.outcome {
            "ok" => Some("ok"),
            _ => all_answered.then_some("cancel"),
        },
        (TaskKind::FormOrRefuse, Rule::Any | Rule::Vote) => Some(if &*last.outcome == "ok" { "ok" } else { "cancel" }),
        (TaskKind::Approve, Rule::Any) => Some(if &*last.outcome == "yes" { "yes" } else { "no" }),
        (TaskKind::Approve, rule) => {
            let waits_for_all = settings.settings.get("ApproveWaitForAll").is_some_and(is_yes);
            if waits_for_all && !all_answered {
                return None;
            }
            match rule {
                Rule::Vote => vote(said("yes"), task.answers.len(), total, min_percent(settings)),
                Rule::All | Rule::Any if said("no") > 0 => Some("no"),
                Rule::All | Rule::Any => all_answered.then_some("yes"),
            }
        }
    }
}

fn min_percent(settings: &UserTask) -> usize {
    let percent = settings.settings.get("ApproveMinPercent").and_then(number).unwrap_or(DEFAULT_MIN_PERCENT);
    percent.clamp(0, 100) as usize
}

/// The share of yes among all assignees is over `percent`, or both are 100; refused when that can not happen any more.
fn vote(yes: usize, answered: usize, total: usize, percent: usize) -> Option<&'static str> {
    let enough = |yes: usize| yes * 100 > percent * total || (percent == 100 && yes >= total);
    let still_open = total.saturating_sub(answered);
    if enough(yes) {
        Some("yes")
    } else if !enough(yes + still_open) || still_open == 0 {
        Some("no")
    } else {
        None
    }
}

fn is_yes(value: &Value) -> bool {
    match value {
        Value::Bool(yes) => *yes,
        other => matches!(other.to_text().as_str(), "Y" | "y" | "1" | "true"),
    }
}

/// What other nodes can read of this one (contract 5.4).
fn node_outputs(task: &Task, kind: TaskKind) -> Object {
    let mut outputs = Object::new();
    let mut set = |name: &str, value: Value| {
        outputs.insert(Arc::from(name), value);
    };
    let count = |n: usize| Value::from(n as i64);
    let user = |answer: &Answer| Value::text(answer.user.to_string());
    let users = |outcome: &str| Value::list(task.answers.iter().filter(|a| &*a.outcome == outcome).map(user).collect());
    let answered = task.answers.len();
    let total = task.assignees.len().max(answered);
    let percent = |n: usize| count((n * 100).checked_div(total).unwrap_or(0));
    let said = |outcome: &str| task.answers.iter().filter(|a| &*a.outcome == outcome).count();
    let comments: Vec<String> = (task.answers.iter())
        .filter_map(|a| a.comment.as_ref().filter(|c| !c.is_empty()).map(|c| format!("{}: {c}", a.user)))
        .collect();
    set("TaskId", Value::from(task.id.0));
    set("Comments", Value::text(comments.join("\n")));
    set("IsTimeout", Value::from(0));
    set("TotalCount", count(total));
    let (last_user, last_comment) = match task.answers.last() {
        Some(last) => (user(last), Value::text(last.comment.as_deref().unwrap_or_default())),
        None => (Value::Null, Value::Null),
    };
    match kind {
        TaskKind::Approve => {
            set("VotedCount", count(answered));
            set("VotedPercent", percent(answered));
            set("ApprovedCount", count(said("yes")));
            set("ApprovedPercent", percent(said("yes")));
            set("NotApprovedCount", count(said("no")));
            set("NotApprovedPercent", percent(said("no")));
            set("Approvers", users("yes"));
            set("UserApprovers", users("yes"));
            set("Rejecters", users("no"));
            set("UserRejecters", users("no"));
            set("LastApprover", last_user);
            set("LastApproverComment", last_comment);
        }
        TaskKind::Review => {
            set("ReviewedCount", count(answered));
            set("LastReviewer", last_user);
            set("LastReviewerComment", last_comment);
        }
        TaskKind::Form | TaskKind::FormOrRefuse => {
            set("InfoUser", last_user);
            for answer in &task.answers {
                outputs.extend(answer.values.iter().map(|(k, v)| (k.clone(), v.clone())));
            }
        }
    }
    outputs
}

/// Form values and the outcome become variables (VA-4).
pub(crate) fn complete(step: &mut Step, key: u32, task: &UserTask) -> Result<Next, Trouble> {
    let Some(result) = step.run(key).result.clone() else { return Ok(Next::Go) };
    let member = |name: &str| result.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
    let mut produced = member("values");
    if let Some(variable) = &task.outcome_variable {
        produced.insert(Arc::from(variable.as_str()), result.get("outcome").cloned().unwrap_or_default());
    }
    variables::produce(step, key, produced)?;
    let outputs = member("outputs");
    if !outputs.is_empty() {
        let element = step.run(key).element;
        variables::add_node_output(step, element, outputs)?;
    }
    Ok(Next::Go)
}
