//! User tasks, the people they wait for, and the inbox.
//!
//! Invariant: a person's row is "waiting" iff the task is open and the person has not answered.

use crate::{Paged, Query, Result, codes::coded};
use async_trait::async_trait;
use model::{DefinitionId, DocumentRef, InstanceId, PartitionId, TaskId, Timestamp, UserId};
use serde_json::Value as Json;

coded! {
    /// Where a task stands.
    TaskState {
        /// It waits.
        Open = 0 "open",
        /// It was done.
        Completed = 1 "completed",
        /// The process no longer needs it.
        Canceled = 2 "canceled",
    }
    /// In which part a person has to do with a task.
    TaskRole {
        /// It is theirs.
        Assignee = 0 "assignee",
        /// They may take it.
        Candidate = 1 "candidate",
    }
    /// What a person answered.
    AnswerStatus {
        /// Nothing yet.
        Waiting = 0 "waiting",
        /// Approved.
        Yes = 1 "yes",
        /// Refused.
        No = 2 "no",
        /// Done.
        Ok = 3 "ok",
        /// Declined to do it.
        Cancel = 4 "cancel",
    }
}

/// A user task.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskRow {
    /// Its partition.
    pub partition: PartitionId,
    /// Its id.
    pub id: TaskId,
    /// The instance that waits for it.
    pub instance: InstanceId,
    /// The version the instance runs.
    pub definition: DefinitionId,
    /// The process, as people know it.
    pub process_name: String,
    /// The element, as the compiled definition numbers it.
    pub element_key: u32,
    /// The element's id in the definition.
    pub element_id: String,
    /// The element's name.
    pub element_name: String,
    /// What kind of task: `user`, `approve`, `review`, `request`, ...
    pub kind: String,
    /// What is to be done, in a line.
    pub title: String,
    /// What is to be done, at length.
    pub description: String,
    /// Greater is more urgent.
    pub priority: i32,
    /// When it should be done.
    pub due_at: Option<Timestamp>,
    /// When it began to wait.
    pub created_at: Timestamp,
    /// Where it stands.
    pub state: TaskState,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// Who ended it.
    pub completed_by: Option<UserId>,
    /// How it ended.
    pub outcome: Option<String>,
    /// Grows with every change.
    pub version: u64,
    /// The form.
    pub form: Json,
    /// Labels, outcomes, rules of voting.
    pub settings: Json,
    /// Values the form shows.
    pub input: Json,
    /// What the instance runs for.
    pub document: Option<DocumentRef>,
}

/// A person of a task.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskAssignee {
    /// The person.
    pub user: UserId,
    /// In which part.
    pub role: TaskRole,
    /// What they answered.
    pub status: AnswerStatus,
    /// When they answered.
    pub answered_at: Option<Timestamp>,
}

/// A task with everybody it concerns.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskDetails {
    /// The task.
    pub task: TaskRow,
    /// The people, by id.
    pub assignees: Vec<TaskAssignee>,
    /// Groups whose members may take it.
    pub groups: Vec<String>,
}

/// One row of a list of (task, person) pairs.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskPair {
    /// The task.
    pub task: TaskRow,
    /// The person.
    pub person: TaskAssignee,
    /// When the instance started.
    pub started_at: Option<Timestamp>,
    /// Who started the instance.
    pub started_by: Option<UserId>,
    /// What the instance tells people about its state.
    pub state_title: String,
}

/// How a task ends.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskClose {
    /// Its partition.
    pub partition: PartitionId,
    /// The task.
    pub id: TaskId,
    /// The version that was read; none: close it if it is open and say nothing if it is not.
    pub expect_version: Option<u64>,
    /// `Completed` or `Canceled`.
    pub state: TaskState,
    /// How it ended.
    pub outcome: Option<String>,
    /// Who ended it.
    pub by: Option<UserId>,
    /// When.
    pub at: Timestamp,
    /// What the person who ended it answered, kept in their row.
    pub status: AnswerStatus,
}

/// Changes to tasks.
#[derive(Debug, Clone, PartialEq)]
pub enum TaskWrite {
    /// A new task. A person named twice counts once, as assignee before candidate.
    Insert(Box<TaskDetails>),
    /// The end of a task; [`crate::Conflict::Task`] when its version differs or it is not open.
    Close(TaskClose),
    /// One of several people answered and the task goes on; [`crate::Conflict::Task`] as above.
    Answer {
        /// Its partition.
        partition: PartitionId,
        /// The task.
        id: TaskId,
        /// The version that was read.
        expect_version: u64,
        /// Who answered.
        user: UserId,
        /// What.
        status: AnswerStatus,
        /// When.
        at: Timestamp,
    },
    /// Others do it now; replaces people and groups. [`crate::Conflict::Task`] as above.
    Assign {
        /// Its partition.
        partition: PartitionId,
        /// The task.
        id: TaskId,
        /// The version that was read.
        expect_version: u64,
        /// The people.
        assignees: Vec<TaskAssignee>,
        /// The groups.
        groups: Vec<String>,
    },
    /// Another due time or priority; [`crate::Conflict::Task`] as above.
    Plan {
        /// Its partition.
        partition: PartitionId,
        /// The task.
        id: TaskId,
        /// The version that was read.
        expect_version: u64,
        /// When it should be done.
        due_at: Option<Timestamp>,
        /// Greater is more urgent.
        priority: i32,
    },
}

/// What tasks, and (task, person) pairs, can be filtered and ordered by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskField {
    /// The id; its order is the order of creation.
    Id,
    /// The state's code.
    State,
    /// The instance.
    Instance,
    /// The version of the process.
    Definition,
    /// The process, as people know it.
    ProcessName,
    /// The element's id in the definition.
    ElementId,
    /// The kind.
    Kind,
    /// The title.
    Title,
    /// The priority.
    Priority,
    /// When it should be done.
    DueAt,
    /// When it began to wait.
    CreatedAt,
    /// When it ended.
    CompletedAt,
    /// How it ended.
    Outcome,
    /// The document's catalog.
    DocumentCatalog,
    /// The document's record.
    DocumentRecord,
    /// A person of the task. In a list of tasks: one of its people.
    User,
    /// What that person answered (pairs only; in a list of tasks it never holds).
    UserStatus,
    /// When the instance started.
    StartedAt,
    /// Who started the instance.
    StartedBy,
}

/// Whose inbox, and which part of it.
#[derive(Debug, Clone, PartialEq)]
pub struct InboxQuery {
    /// The person.
    pub user: UserId,
    /// Groups the person is in.
    pub groups: Vec<String>,
    /// False: what waits for the person, by due time, priority, age. True: what is over, the latest first.
    pub done: bool,
    /// Free text in the title.
    pub text: Option<String>,
    /// At most so many rows.
    pub limit: u32,
    /// Rows to skip.
    pub offset: u64,
}

/// Reading tasks.
#[async_trait]
pub trait Tasks {
    /// One task with its people.
    async fn task(&self, id: TaskId) -> Result<Option<TaskDetails>>;
    /// A person's inbox.
    async fn inbox(&self, query: InboxQuery) -> Result<Vec<TaskDetails>>;
    /// How many tasks wait for a person, counted up to `cap`.
    async fn inbox_count(&self, user: UserId, groups: &[String], cap: u32) -> Result<u32>;
    /// A list over everybody, newest first. Text looks into the title.
    async fn tasks(&self, query: Query<TaskField>) -> Result<Paged<TaskDetails>>;
    /// A list of (task, person) pairs, newest task first.
    async fn task_pairs(&self, query: Query<TaskField>) -> Result<Paged<TaskPair>>;
}
