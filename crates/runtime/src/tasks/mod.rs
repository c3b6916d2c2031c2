//! User tasks: lists, the form with its values, and the rules an answer must keep.
//!
//! Invariant: a task is answered by one of its people (or an administrator in their place), with an outcome it offers
//! and values its form lets through; everything else is refused before the engine sees it. Never: closes a task itself
//! (the engine decides when the answers suffice).

mod form;

use crate::core::Core;
use crate::partitions::rows::parse_task_kind;
use crate::types::{AssigneeView, Page, Paged, TaskAnswer, TaskDetails, TaskFilter, TaskView};
use engine::Command;
use model::error::codes;
use model::{Fault, Object, TaskId, UserId, Value};
use platform::{Action, Actor, Object as Target, authorize};
use serde_json::Value as Json;
use std::sync::Arc;
use store::{AnswerStatus, Filter, InboxQuery, Op, Query, TaskField, TaskRole, TaskState};

/// Open tasks counted for the badge.
const COUNT_MAX: u32 = 1_000;

/// One task, or `RUN-0002`.
async fn stored(core: &Core, id: TaskId) -> Result<store::TaskDetails, Fault> {
    let task = core.store.task(id).await?;
    task.ok_or_else(|| Fault::new(&codes::TASK_NOT_FOUND, format!("there is no task {id}")))
}

/// A task with its form. Only for its people and administrators.
pub(crate) async fn details(core: &Core, actor: &Actor, id: TaskId) -> Result<TaskDetails, Fault> {
    let task = stored(core, id).await?;
    allow(actor, Action::View, &task)?;
    let form = form_of(&task.task.form).cloned();
    let (data, settings) = (object(&task.task.input), object(&task.task.settings));
    Ok(TaskDetails { view: view(task), form, data, settings })
}

fn form_of(form: &Json) -> Option<&Json> {
    Some(form).filter(|f| f.is_object() && f.get("components").is_some())
}

fn object(json: &Json) -> Object {
    match Value::from_json(json) {
        Value::Object(object) => Arc::unwrap_or_clone(object),
        _ => Object::new(),
    }
}

fn allow(actor: &Actor, action: Action, task: &store::TaskDetails) -> Result<(), Fault> {
    let assigned = task.assignees.iter().any(|a| a.user == actor.user_id());
    authorize(actor, action, &Target::Task { assigned })
}

/// Tasks of one person: what waits for him, or what is over.
pub(crate) async fn inbox(
    core: &Core,
    user: UserId,
    done: bool,
    search: Option<String>,
    page: Page,
) -> Result<Paged<TaskView>, Fault> {
    let query = InboxQuery {
        user,
        groups: Vec::new(),
        done,
        text: search.clone(),
        limit: page.limit,
        offset: page.offset.into(),
    };
    let (found, open) = if done || search.is_some() {
        (core.store.inbox(query).await?, None)
    } else {
        // Beside each other where reads are done elsewhere.
        let open = core.store.inbox_count(user, &[], COUNT_MAX);
        let (found, open) = tokio::try_join!(core.store.inbox(query), open)?;
        (found, Some(open))
    };
    let items: Vec<TaskView> = found.into_iter().map(view).collect();
    let total = open.map_or_else(|| u64::from(page.offset) + items.len() as u64, u64::from);
    Ok(Paged { items, total })
}

/// How many tasks wait for a person, up to a thousand.
pub(crate) async fn count(core: &Core, user: UserId) -> Result<u32, Fault> {
    Ok(core.store.inbox_count(user, &[], COUNT_MAX).await?)
}

/// A list over everybody, newest first.
pub(crate) async fn list(core: &Core, filter: &TaskFilter, page: Page) -> Result<Paged<TaskView>, Fault> {
    let mut all = Vec::new();
    all.extend(filter.assignee.map(|user| Filter::eq(TaskField::User, user)));
    all.extend(filter.instance.map(|id| Filter::eq(TaskField::Instance, id)));
    all.extend(filter.open.map(|open| {
        let op = if open { Op::Eq } else { Op::Ne };
        Filter::is(TaskField::State, op, TaskState::Open)
    }));
    let mut query = Query::new(Filter::All(all));
    query.text = filter.search.clone();
    query.page = page.into();
    let found = core.store.tasks(query).await?;
    let total = found.total.unwrap_or(0);
    Ok(Paged { items: found.rows.into_iter().map(view).collect(), total })
}

pub(crate) fn view(details: store::TaskDetails) -> TaskView {
    let store::TaskDetails { task, assignees, .. } = details;
    let assignee = |a: store::TaskAssignee| AssigneeView {
        user: a.user,
        candidate: a.role == TaskRole::Candidate,
        outcome: (a.status != AnswerStatus::Waiting).then(|| a.status.as_str().to_owned()),
        answered_at: a.answered_at,
    };
    TaskView {
        id: task.id,
        kind: parse_task_kind(&task.kind),
        title: task.title,
        description: task.description,
        instance: task.instance,
        definition: task.definition,
        definition_name: task.process_name,
        document: task.document,
        element_id: task.element_id,
        priority: u32::try_from(task.priority).unwrap_or(0),
        due_at: task.due_at,
        created_at: task.created_at,
        state: task.state.as_str().to_owned(),
        assignees: assignees.into_iter().map(assignee).collect(),
        completed_at: task.completed_at,
        completed_by: task.completed_by,
        outcome: task.outcome,
        version: i64::try_from(task.version).unwrap_or(i64::MAX),
    }
}

/// Answers a task.
pub(crate) async fn complete(core: &Core, actor: &Actor, id: TaskId, answer: TaskAnswer) -> Result<(), Fault> {
    let task = stored(core, id).await?;
    allow(actor, Action::Complete, &task)?;
    require_open(&task)?;
    let user = actor.user_id();
    if task.assignees.iter().any(|a| a.user == user && a.status != AnswerStatus::Waiting) {
        return Err(Fault::new(&codes::TASK_COMPLETED, format!("{user} has already answered {id}")));
    }
    let offered = parse_task_kind(&task.task.kind).outcomes();
    let outcome = match (answer.outcome.as_str(), offered) {
        ("", [only]) => (*only).to_owned(),
        (given, _) if offered.contains(&given) => given.to_owned(),
        (given, _) => {
            let message = format!("the task {id} does not offer the outcome `{given}`, only {}", offered.join(", "));
            return Err(Fault::new(&codes::TASK_OUTCOME, message));
        }
    };
    // Who refuses need not fill in the form.
    if outcome != "cancel"
        && outcome != "no"
        && let Some(schema) = form_of(&task.task.form)
    {
        form::check(schema, &answer.values)?;
    }
    let comment = answer.comment.filter(|c| !c.trim().is_empty());
    let command = Command::AnswerTask { task: id, user, outcome, comment, values: answer.values };
    core.command(task.task.instance, vec![command]).await.map(drop)
}

fn require_open(task: &store::TaskDetails) -> Result<(), Fault> {
    if task.task.state == TaskState::Open {
        return Ok(());
    }
    let message = format!("the task {} is already {}", task.task.id, task.task.state.as_str());
    Err(Fault::new(&codes::TASK_COMPLETED, message))
}

/// A candidate takes a task for himself.
pub(crate) async fn claim(core: &Core, actor: &Actor, id: TaskId) -> Result<(), Fault> {
    let task = stored(core, id).await?;
    allow(actor, Action::Complete, &task)?;
    require_open(&task)?;
    let assignees = vec![actor.user_id().to_string()];
    let command = Command::ReassignTask { task: id, assignees, by: Some(actor.user_id()) };
    core.command(task.task.instance, vec![command]).await.map(drop)
}

/// Others are asked instead.
pub(crate) async fn reassign(core: &Core, actor: &Actor, id: TaskId, users: &[UserId]) -> Result<(), Fault> {
    let task = stored(core, id).await?;
    allow(actor, Action::Reassign, &task)?;
    require_open(&task)?;
    let known = core.platform.users().by_ids(users).await?;
    let missing = users.iter().find(|id| !known.iter().any(|u| u.id == **id && u.active));
    if let Some(missing) = missing {
        return Err(Fault::new(&codes::USER_NOT_FOUND, format!("there is no active person {missing}")));
    }
    if users.is_empty() {
        return Err(Fault::new(&codes::ASSIGNEE_NOT_FOUND, "name at least one person"));
    }
    let assignees = users.iter().map(ToString::to_string).collect();
    let command = Command::ReassignTask { task: id, assignees, by: Some(actor.user_id()) };
    core.command(task.task.instance, vec![command]).await.map(drop)
}
