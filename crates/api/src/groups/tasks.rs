//! User tasks: the inbox.

use super::people::Lookup;
use super::people::{DocumentDto, PersonDto};
use super::records::{json, values};
use crate::ApiState;
use crate::edge::{ApiResult, Body, Caller, Id, JsonObject, Page, PageQuery, Params, invalid, parse_id};
use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use model::definition::TaskKind;
use model::{Fault, TaskId, UserId};
use platform::{Action, Object};
use runtime::{AssigneeView, TaskAnswer, TaskFilter, TaskView};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Bytes that most tasks take in a list.
const TASK_BYTES: usize = 768;

/// What kind of answer a task asks for.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = TaskKind)]
#[serde(rename_all = "camelCase")]
pub enum TaskKindDto {
    /// Fill in a form (or nothing) and complete.
    Form,
    /// Approve or refuse.
    Approve,
    /// Acknowledge.
    Review,
    /// Fill in a form or refuse.
    FormOrRefuse,
}

/// Where a task stands.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = TaskState)]
#[serde(rename_all = "lowercase")]
pub enum TaskStateDto {
    /// It waits.
    Open,
    /// It was done.
    Completed,
    /// The process no longer needs it.
    Canceled,
}

/// What a person of a task has to do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AssigneeStatus)]
#[serde(rename_all = "lowercase")]
pub enum AssigneeStatusDto {
    /// He may take it.
    Candidate,
    /// It waits for him.
    Waiting,
    /// He answered.
    Done,
}

/// A person of a task.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Assignee)]
#[serde(rename_all = "camelCase")]
pub struct AssigneeDto {
    /// Who.
    pub user_id: String,
    /// What people see.
    pub name: String,
    /// Whether he answered.
    pub status: AssigneeStatusDto,
    /// His answer: one of the outcomes.
    pub outcome: Option<String>,
    /// When he answered, UTC.
    pub answered_at: Option<String>,
}

/// A task.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Task)]
pub struct TaskDto {
    /// `task_9`.
    #[schema(example = "task_9")]
    pub id: String,
    /// What is to be done, in a line.
    pub title: String,
    /// What is to be done, at length.
    pub description: String,
    /// What kind of answer it asks for.
    pub kind: TaskKindDto,
    /// The answers it offers: of `ok`, `yes`, `no`, `cancel`.
    pub outcomes: Vec<String>,
    /// The instance that waits for it.
    pub instance_id: String,
    /// What that runs.
    pub definition_id: String,
    /// What people see of that.
    pub definition_name: String,
    /// The record it is about.
    pub document: Option<DocumentDto>,
    /// The element that waits.
    pub element_id: String,
    /// 0..100, greater is more urgent.
    pub priority: u32,
    /// When it should be done, UTC.
    pub due_at: Option<String>,
    /// Since when it waits, UTC.
    pub created_at: String,
    /// Where it stands.
    pub state: TaskStateDto,
    /// Its people.
    pub assignees: Vec<AssigneeDto>,
    /// When it ended, UTC.
    pub completed_at: Option<String>,
    /// Who ended it.
    pub completed_by: Option<PersonDto>,
    /// How it ended.
    pub outcome: Option<String>,
    /// Counts its changes.
    pub version: i64,
}

/// A task with its form.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TaskDetails)]
pub struct TaskDetailsDto {
    /// The facts of the list.
    #[serde(flatten)]
    pub task: TaskDto,
    /// Form-js schema.
    #[schema(value_type = Option<JsonObject>)]
    pub form: Option<serde_json::Value>,
    /// Values the form shows.
    #[schema(value_type = JsonObject)]
    pub data: serde_json::Value,
    /// Labels of buttons, rules of comments.
    #[schema(value_type = JsonObject)]
    pub settings: serde_json::Value,
}

/// Which part of the tasks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[schema(as = TaskViewName)]
#[serde(rename_all = "lowercase")]
pub enum TaskListDto {
    /// What waits for me.
    #[default]
    Mine,
    /// What waits for anybody (administrators).
    All,
    /// What I had to do with and is over.
    Done,
}

/// Which tasks are wanted.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TaskQuery {
    /// `mine` when absent.
    #[param(value_type = Option<TaskListDto>)]
    pub view: Option<TaskListDto>,
    /// Part of the title.
    pub search: Option<String>,
}

/// How many tasks wait.
#[derive(Serialize, ToSchema)]
#[schema(as = TaskCount)]
pub struct TaskCountDto {
    /// For the caller.
    pub open: u64,
}

/// An answer to a task.
#[derive(Deserialize, ToSchema)]
#[schema(as = TaskAnswer)]
pub struct TaskAnswerDto {
    /// One of the outcomes; may be left out when there is only one.
    #[serde(default)]
    pub outcome: String,
    /// The form's values.
    #[serde(default)]
    #[schema(value_type = JsonObject)]
    pub values: serde_json::Map<String, serde_json::Value>,
    /// A remark.
    pub comment: Option<String>,
}

/// Who does it from now on.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Reassign)]
pub struct ReassignDto {
    /// The people, at least one.
    pub user_ids: Vec<String>,
}

/// The tasks: those that wait by urgency, those that are over by their end.
#[utoipa::path(get, path = "/tasks", tag = "tasks", params(TaskQuery, PageQuery),
    responses((status = 200, description = "Tasks", body = Page<TaskDto>)))]
pub(crate) async fn list(
    State(api): State<ApiState>,
    caller: Caller,
    Params(query): Params<TaskQuery>,
    Params(page): Params<PageQuery>,
) -> ApiResult<Response> {
    let search = query.search.filter(|s| !s.trim().is_empty());
    let user = caller.actor.user_id();
    let found = match query.view.unwrap_or_default() {
        TaskListDto::Mine => api.runtime.inbox(user, false, search, page.of_runtime()).await?,
        TaskListDto::Done => api.runtime.inbox(user, true, search, page.of_runtime()).await?,
        TaskListDto::All => {
            caller.may(Action::View, Object::Task { assigned: false })?;
            let filter = TaskFilter { open: Some(true), search, ..TaskFilter::default() };
            api.runtime.tasks(&filter, page.of_runtime()).await?
        }
    };
    let lookup = lookup(&api, &found.items).await?;
    let items = found.items.into_iter().map(|t| task_dto(t, &lookup)).collect();
    Ok(written(Page { items, total: found.total }))
}

/// The answer that `Json` gives. A list is of some ten thousand bytes in a thousand pieces, which cost less in a buffer
/// that has room for them all.
fn written(page: Page<TaskDto>) -> Response {
    let mut text = Vec::with_capacity((page.items.len() + 1) * TASK_BYTES);
    match serde_json::to_writer(&mut text, &page) {
        Ok(()) => ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], text).into_response(),
        Err(_) => Json(page).into_response(),
    }
}

/// How many tasks wait for the caller.
#[utoipa::path(get, path = "/tasks/count", tag = "tasks",
    responses((status = 200, description = "The count", body = TaskCountDto)))]
pub(crate) async fn count(State(api): State<ApiState>, caller: Caller) -> ApiResult<Json<TaskCountDto>> {
    let open = api.runtime.task_count(caller.actor.user_id()).await?;
    Ok(Json(TaskCountDto { open: open.into() }))
}

/// One task with its form.
#[utoipa::path(get, path = "/tasks/{id}", tag = "tasks", params(("id" = String, Path, example = "task_9")),
    responses((status = 200, description = "The task", body = TaskDetailsDto)))]
pub(crate) async fn get(
    State(api): State<ApiState>,
    caller: Caller,
    Id(id): Id<TaskId>,
) -> ApiResult<Json<TaskDetailsDto>> {
    let details = api.runtime.task(&caller.actor, id).await?;
    let lookup = lookup(&api, std::slice::from_ref(&details.view)).await?;
    Ok(Json(TaskDetailsDto {
        task: task_dto(details.view, &lookup),
        form: details.form,
        data: json(&details.data),
        settings: json(&details.settings),
    }))
}

/// Answer a task. Answering one that is over: 409 `RUN-0003`.
#[utoipa::path(post, path = "/tasks/{id}/complete", tag = "tasks", params(("id" = String, Path, example = "task_9")),
    request_body = TaskAnswerDto, responses((status = 204, description = "Answered")))]
pub(crate) async fn complete(
    State(api): State<ApiState>,
    caller: Caller,
    Id(id): Id<TaskId>,
    Body(body): Body<TaskAnswerDto>,
) -> ApiResult<StatusCode> {
    let comment = body.comment.filter(|c| !c.trim().is_empty());
    let answer = TaskAnswer { outcome: body.outcome, comment, values: values(&body.values) };
    api.runtime.complete_task(&caller.actor, id, answer).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take a task one is a candidate of.
#[utoipa::path(post, path = "/tasks/{id}/claim", tag = "tasks", params(("id" = String, Path, example = "task_9")),
    responses((status = 204, description = "Taken")))]
pub(crate) async fn claim(State(api): State<ApiState>, caller: Caller, Id(id): Id<TaskId>) -> ApiResult<StatusCode> {
    api.runtime.claim_task(&caller.actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Give a task to others.
#[utoipa::path(post, path = "/tasks/{id}/reassign", tag = "tasks", params(("id" = String, Path, example = "task_9")),
    request_body = ReassignDto, responses((status = 204, description = "Given")))]
pub(crate) async fn reassign(
    State(api): State<ApiState>,
    caller: Caller,
    Id(id): Id<TaskId>,
    Body(body): Body<ReassignDto>,
) -> ApiResult<StatusCode> {
    let users = body.user_ids.iter().map(|id| parse_id(id)).collect::<Result<Vec<UserId>, _>>()?;
    if users.is_empty() {
        return Err(invalid("Name at least one person in `userIds`").into());
    }
    api.runtime.reassign_task(&caller.actor, id, users).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Names and titles that tasks need.
async fn lookup(api: &ApiState, tasks: &[TaskView]) -> Result<Lookup, Fault> {
    let people = tasks.iter().flat_map(|t| t.assignees.iter().map(|a| a.user).chain(t.completed_by)).collect();
    let records = tasks.iter().filter_map(|t| t.document.map(|d| d.record)).collect();
    Lookup::load(api, people, records).await
}

pub(super) fn task_dto(t: TaskView, lookup: &Lookup) -> TaskDto {
    let assignee = |a: AssigneeView| AssigneeDto {
        user_id: a.user.to_string(),
        name: lookup.name(a.user),
        status: match (&a.outcome, a.candidate) {
            (Some(_), _) => AssigneeStatusDto::Done,
            (None, true) => AssigneeStatusDto::Candidate,
            (None, false) => AssigneeStatusDto::Waiting,
        },
        outcome: a.outcome,
        answered_at: a.answered_at.map(|at| at.to_iso()),
    };
    TaskDto {
        id: t.id.to_string(),
        outcomes: t.outcomes().iter().map(|o| (*o).to_owned()).collect(),
        title: t.title,
        description: t.description,
        kind: match t.kind {
            TaskKind::Form => TaskKindDto::Form,
            TaskKind::Approve => TaskKindDto::Approve,
            TaskKind::Review => TaskKindDto::Review,
            TaskKind::FormOrRefuse => TaskKindDto::FormOrRefuse,
        },
        instance_id: t.instance.to_string(),
        definition_id: t.definition.to_string(),
        definition_name: t.definition_name,
        document: lookup.document(t.document),
        element_id: t.element_id,
        priority: t.priority,
        due_at: t.due_at.map(|at| at.to_iso()),
        created_at: t.created_at.to_iso(),
        state: match t.state.as_str() {
            "completed" => TaskStateDto::Completed,
            "canceled" => TaskStateDto::Canceled,
            _ => TaskStateDto::Open,
        },
        assignees: t.assignees.into_iter().map(assignee).collect(),
        completed_at: t.completed_at.map(|at| at.to_iso()),
        completed_by: lookup.person(t.completed_by),
        outcome: t.outcome,
        version: t.version,
    }
}
