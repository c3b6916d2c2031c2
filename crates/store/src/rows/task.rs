//! Tasks and whom they concern: in which order people's rows stand, and how they come back to their tasks.

use crate::{AnswerStatus, TaskAssignee, TaskDetails, TaskRole, TaskRow, TaskState};
use model::Timestamp;
use std::collections::HashMap;

/// What people's and groups' rows repeat of their task.
#[derive(Debug, Clone, Copy)]
pub struct TaskPlace {
    /// When it is due.
    pub due_at: Option<Timestamp>,
    /// Its priority.
    pub priority: i32,
    /// Whether somebody may answer it.
    pub open: bool,
    /// When it ended, or else began.
    pub ended_at: Timestamp,
}

impl TaskPlace {
    /// Of a task as it is inserted.
    pub fn of(task: &TaskRow) -> Self {
        Self {
            due_at: task.due_at,
            priority: task.priority,
            open: task.state == TaskState::Open,
            ended_at: task.completed_at.unwrap_or(task.created_at),
        }
    }

    /// Whether the person's answer is waited for.
    pub fn waits_for(&self, person: &TaskAssignee) -> bool {
        self.open && person.status == AnswerStatus::Waiting
    }

    /// By what the row is ordered: what waits by when it is due, what was done the latest first.
    pub fn sort_at(&self, waiting: bool, answered_at: Option<Timestamp>) -> i64 {
        if waiting { due_order(self.due_at) } else { -answered_at.unwrap_or(self.ended_at).0 }
    }
}

/// What is due comes before what is never due.
pub fn due_order(due_at: Option<Timestamp>) -> i64 {
    due_at.map_or(i64::MAX, |t| t.0)
}

/// People with the assignees before the candidates: the first row of a person stays.
pub fn by_role(people: &[TaskAssignee]) -> impl Iterator<Item = &TaskAssignee> {
    TaskRole::ALL.iter().flat_map(move |role| people.iter().filter(move |p| p.role == *role))
}

/// Tasks in the order of these ids.
pub fn in_order(mut tasks: Vec<TaskRow>, ids: &[i64]) -> Vec<TaskRow> {
    let place: HashMap<i64, usize> = ids.iter().enumerate().map(|(n, id)| (*id, n)).collect();
    tasks.sort_by_key(|t| place.get(&t.id.0));
    tasks
}

/// One of those whom a task concerns.
#[derive(Debug)]
pub enum Concerned {
    /// A person.
    Person(TaskAssignee),
    /// A group, by its key.
    Group(String),
}

/// Adds people and groups, named by their task's id, in the order of `tasks`.
pub fn with_people(tasks: Vec<TaskRow>, concerned: impl IntoIterator<Item = (i64, Concerned)>) -> Vec<TaskDetails> {
    let mut people: HashMap<i64, (Vec<TaskAssignee>, Vec<String>)> = HashMap::new();
    for (task, who) in concerned {
        let (persons, groups) = people.entry(task).or_default();
        match who {
            Concerned::Person(person) => persons.push(person),
            Concerned::Group(group) => groups.push(group),
        }
    }
    let details = tasks.into_iter().map(|task| {
        let (assignees, groups) = people.remove(&task.id.0).unwrap_or_default();
        TaskDetails { task, assignees, groups }
    });
    details.collect()
}
