//! User tasks: lists, forms, answers.

use model::definition::TaskKind;
use model::{DefinitionId, DocumentRef, InstanceId, Object, TaskId, Timestamp, UserId};

/// A person asked by a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssigneeView {
    /// Who.
    pub user: UserId,
    /// Whether the task is his, or he may claim it.
    pub candidate: bool,
    /// His answer: `yes`, `no`, `ok`, `cancel`; none while it is open.
    pub outcome: Option<String>,
    /// When he answered.
    pub answered_at: Option<Timestamp>,
}

/// A user task.
#[derive(Debug, Clone)]
pub struct TaskView {
    /// Its id.
    pub id: TaskId,
    /// What people see.
    pub title: String,
    /// Explanation.
    pub description: String,
    /// What answers it offers.
    pub kind: TaskKind,
    /// The instance.
    pub instance: InstanceId,
    /// Its definition.
    pub definition: DefinitionId,
    /// Its definition's name.
    pub definition_name: String,
    /// The record.
    pub document: Option<DocumentRef>,
    /// Id of the element.
    pub element_id: String,
    /// 0..100.
    pub priority: u32,
    /// When it is late.
    pub due_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// `open`, `completed`, `canceled`.
    pub state: String,
    /// The people.
    pub assignees: Vec<AssigneeView>,
    /// When it was closed.
    pub completed_at: Option<Timestamp>,
    /// By whom.
    pub completed_by: Option<UserId>,
    /// With what.
    pub outcome: Option<String>,
    /// Grows with every change.
    pub version: i64,
}

impl TaskView {
    /// The outcomes it offers.
    pub fn outcomes(&self) -> &'static [&'static str] {
        self.kind.outcomes()
    }
}

/// A user task with its form.
#[derive(Debug, Clone)]
pub struct TaskDetails {
    /// The facts of the list.
    pub view: TaskView,
    /// A form-js schema.
    pub form: Option<serde_json::Value>,
    /// Values to show in the form.
    pub data: Object,
    /// Face-specific settings (button labels, comment rules).
    pub settings: Object,
}

/// Which tasks to list.
#[derive(Debug, Clone, Default)]
pub struct TaskFilter {
    /// Only those this person is asked in.
    pub assignee: Option<UserId>,
    /// Only open (`true`) or closed (`false`) ones. With `assignee`: open for him.
    pub open: Option<bool>,
    /// Only of this instance.
    pub instance: Option<InstanceId>,
    /// Part of the title, without regard to case.
    pub search: Option<String>,
}

/// A person's answer.
#[derive(Debug, Clone, Default)]
pub struct TaskAnswer {
    /// One of the outcomes offered; the only one when empty and the task offers one.
    pub outcome: String,
    /// A remark.
    pub comment: Option<String>,
    /// The form's values.
    pub values: Object,
}
