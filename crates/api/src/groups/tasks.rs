//! User tasks: the inbox.

use super::people::{DocumentDto, PersonDto};
use crate::edge::JsonObject;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

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
    /// His remark.
    pub comment: Option<String>,
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
#[utoipa::path(get, path = "/tasks", tag = "tasks", params(TaskQuery, crate::edge::PageQuery),
    responses((status = 200, description = "Tasks", body = crate::edge::Page<TaskDto>)))]
pub(crate) async fn list() {}

/// How many tasks wait for the caller.
#[utoipa::path(get, path = "/tasks/count", tag = "tasks",
    responses((status = 200, description = "The count", body = TaskCountDto)))]
pub(crate) async fn count() {}

/// One task with its form.
#[utoipa::path(get, path = "/tasks/{id}", tag = "tasks", params(("id" = String, Path, example = "task_9")),
    responses((status = 200, description = "The task", body = TaskDetailsDto)))]
pub(crate) async fn get() {}

/// Answer a task. Answering one that is over: 409 `RUN-0003`.
#[utoipa::path(post, path = "/tasks/{id}/complete", tag = "tasks", params(("id" = String, Path, example = "task_9")),
    request_body = TaskAnswerDto, responses((status = 204, description = "Answered")))]
pub(crate) async fn complete() {}

/// Take a task one is a candidate of.
#[utoipa::path(post, path = "/tasks/{id}/claim", tag = "tasks", params(("id" = String, Path, example = "task_9")),
    responses((status = 204, description = "Taken")))]
pub(crate) async fn claim() {}

/// Give a task to others.
#[utoipa::path(post, path = "/tasks/{id}/reassign", tag = "tasks", params(("id" = String, Path, example = "task_9")),
    request_body = ReassignDto, responses((status = 204, description = "Given")))]
pub(crate) async fn reassign() {}
