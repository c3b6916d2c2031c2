//! `bizproc.task.complete`, `.delegate` (contract 2.11, 2.12).

use super::task_parameters::{FormField, components};
use super::values;
use crate::call::Call;
use crate::fault;
use crate::wire::{Answer, Param, WireError};
use model::{Object, TaskId, UserId, Value};
use runtime::TaskAnswer;
use serde_json::Value as Json;
use std::sync::Arc;
use store::{AnswerStatus, TaskDetails, TaskRole, TaskState};

pub use super::task_list::list;

/// Statuses by number and by word.
const STATUSES: [(i64, &str); 4] = [(1, "yes"), (2, "no"), (3, "ok"), (4, "cancel")];

fn invalid(text: &str) -> WireError {
    WireError::bad("ERROR_TASK_VALIDATION", text)
}

/// `STATUS`: 1 to 4, or the word.
fn outcome(param: Option<&Param>) -> Result<&'static str, WireError> {
    let given = param.ok_or_else(|| invalid("Incorrect task STATUS"))?;
    let text = given.as_text().unwrap_or_default();
    let found = STATUSES.iter().find(|(n, word)| given.as_int() == Some(*n) || word.eq_ignore_ascii_case(text.trim()));
    found.map(|(_, word)| *word).ok_or_else(|| invalid("Incorrect task STATUS"))
}

/// `bizproc.task.complete`: for the caller only, an administrator too.
pub async fn complete(call: &Call<'_>) -> Result<Answer, WireError> {
    let id = call.params.int("TASK_ID").filter(|id| *id > 0).ok_or_else(|| invalid("Empty TASK_ID"))?;
    let outcome = outcome(call.params.get("STATUS"))?;
    let details = find(call, TaskId(id)).await?;
    let me = call.actor().user_id();
    let not_found = || WireError::bad("ERROR_TASK_NOT_FOUND", "Task not found");
    let person = details.assignees.iter().find(|a| a.user == me).ok_or_else(not_found)?;
    if details.task.state != TaskState::Open || person.status != AnswerStatus::Waiting {
        return Err(WireError::bad("ERROR_TASK_COMPLETED", "Task already completed"));
    }
    let comment = call.params.given_text("COMMENT").filter(|c| !c.trim().is_empty());
    if comment.is_none() && comment_needed(&details.task.settings, outcome) {
        let label = details.task.settings.get("CommentLabelMessage").and_then(Json::as_str).unwrap_or("Comment");
        return Err(WireError::bad("ERROR_TASK_EXECUTION", format!("The '{label}' field is required.")));
    }
    let values = answers(call, &details.task.form);
    let answer = TaskAnswer { outcome: outcome.to_owned(), comment, values };
    let done = call.state.runtime().complete_task(call.actor(), TaskId(id), answer).await;
    done.map_err(|f| fault::task(&f))?;
    Ok(Json::Bool(true).into())
}

async fn find(call: &Call<'_>, id: TaskId) -> Result<TaskDetails, WireError> {
    let details = call.state.store().task(id).await.map_err(|e| fault::task(&e.into()))?;
    details.ok_or_else(|| WireError::bad("ERROR_TASK_NOT_FOUND", "Task not found"))
}

/// `CommentRequired`: Y always, YA on approval, YR on refusal.
fn comment_needed(settings: &Json, outcome: &str) -> bool {
    match settings.get("CommentRequired").and_then(Json::as_str).unwrap_or("N") {
        "Y" => true,
        "YA" => matches!(outcome, "yes" | "ok"),
        "YR" => matches!(outcome, "no" | "cancel"),
        _ => false,
    }
}

/// `FIELDS` in the shape that the form itself would send; keys in any case, unknown ones kept as they came.
fn answers(call: &Call<'_>, form: &Json) -> Object {
    let mut out = Object::new();
    let fields: Vec<FormField> = components(form).into_iter().map(FormField::read).collect();
    for (key, param) in call.params.array("FIELDS").into_iter().flat_map(crate::wire::Array::iter) {
        let exact = fields.iter().find(|f| f.key == key);
        let field = exact.or_else(|| fields.iter().find(|f| f.key.eq_ignore_ascii_case(key)));
        match field {
            Some(field) => {
                let typed = values::typed(field.kind, field.multiple, param, call.state.zone());
                out.insert(Arc::from(field.key.as_str()), as_form_value(typed));
            }
            None => {
                out.insert(Arc::from(key), values::untyped(param));
            }
        }
    }
    out
}

/// Forms keep dates as ISO text.
fn as_form_value(value: Value) -> Value {
    match value {
        Value::Date(_) | Value::Time(..) | Value::DateTime(..) => Value::text(value.to_text()),
        other => other,
    }
}

/// `bizproc.task.delegate`.
pub async fn delegate(call: &Call<'_>) -> Result<Answer, WireError> {
    let ids: Vec<i64> = call
        .params
        .get("TASK_IDS")
        .map(Param::items)
        .unwrap_or_default()
        .into_iter()
        .filter_map(Param::as_int)
        .filter(|id| *id > 0)
        .collect();
    if ids.is_empty() {
        return Err(invalid("Invalid TASK_IDS"));
    }
    let from = person(call, "FROM_USER_ID").await?;
    let to = person(call, "TO_USER_ID").await?;
    let mut refusals: Vec<&str> = Vec::new();
    let mut moves = Vec::new();
    for id in ids {
        match plan(call, TaskId(id), from, to).await? {
            Ok(users) => moves.push((TaskId(id), users)),
            Err(reason) if !refusals.contains(&reason) => refusals.push(reason),
            Err(_) => {}
        }
    }
    if !refusals.is_empty() {
        return Err(WireError::bad("ERROR_DELEGATION_NOT_ALLOWED", refusals.join(";")));
    }
    for (task, users) in moves {
        let done = call.state.runtime().reassign_task(call.actor(), task, users).await;
        done.map_err(|f| fault::task(&f))?;
    }
    Ok(Json::Bool(true).into())
}

async fn person(call: &Call<'_>, name: &str) -> Result<UserId, WireError> {
    let wrong = || WireError::bad("ERROR_INVALID_USER_ID", format!("Invalid {name}"));
    let id = call.params.int(name).filter(|id| *id > 0).map(UserId).ok_or_else(wrong)?;
    let user = call.state.platform().users().get(id).await.map_err(|f| fault::task(&f))?;
    user.filter(|u| u.active).map(|u| u.id).ok_or_else(wrong)
}

/// The people after the move, or why it may not be. The outer result is for what is nobody's mistake.
async fn plan(
    call: &Call<'_>,
    id: TaskId,
    from: UserId,
    to: UserId,
) -> Result<Result<Vec<UserId>, &'static str>, WireError> {
    const NOT_RESPONSIBLE: &str = "User is not responsible for the task";
    let admin = call.actor().is_admin();
    let Some(details) = call.state.store().task(id).await.map_err(|e| fault::task(&e.into()))? else {
        return Ok(Err(NOT_RESPONSIBLE));
    };
    let waits = |user: UserId| details.assignees.iter().any(|a| a.user == user && a.status == AnswerStatus::Waiting);
    if details.task.state != TaskState::Open || !waits(from) || !(admin || from == call.actor().user_id()) {
        return Ok(Err(NOT_RESPONSIBLE));
    }
    let rule = details.task.settings.get("DelegationType");
    let rule = rule.and_then(|r| r.as_i64().or_else(|| r.as_str()?.parse().ok()));
    match rule {
        Some(3) => return Ok(Err("Task delegation is forbidden")),
        Some(2) if !admin => return Ok(Err("Only administrators may delegate the task")),
        _ => {}
    }
    if details.assignees.iter().any(|a| a.user == to) {
        return Ok(Err("The task is already assigned to this user"));
    }
    // Those who may only claim the task do not become responsible by somebody else's delegation.
    let responsible = details.assignees.iter().filter(|a| a.role == TaskRole::Assignee || a.user == from);
    Ok(Ok(responsible.map(|a| if a.user == from { to } else { a.user }).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn statuses_by_number_and_word() {
        for (given, want) in [(json!(1), "yes"), (json!("2"), "no"), (json!("OK"), "ok"), (json!("cancel"), "cancel")] {
            assert_eq!(outcome(Some(&Param::from_json(&given))), Ok(want));
        }
        for bad in [json!(0), json!(5), json!("maybe"), json!(""), json!([1])] {
            assert!(outcome(Some(&Param::from_json(&bad))).is_err(), "{bad}");
        }
        assert!(outcome(None).is_err());
    }

    #[test]
    fn comments_are_asked_for_by_the_rule() {
        for (rule, outcome, needed) in
            [("N", "no", false), ("Y", "yes", true), ("YA", "yes", true), ("YA", "no", false), ("YR", "no", true)]
        {
            assert_eq!(comment_needed(&json!({"CommentRequired": rule}), outcome), needed, "{rule} {outcome}");
        }
        assert!(!comment_needed(&json!({}), "yes"));
    }
}
