//! What commands to an existing instance need before they are worked on.
//!
//! Owns: reading it into the session. Invariant: it is read once a round, and only if it is needed. Never: works,
//! writes.

use super::session::{Session, TaskPeople};
use super::work::{Envelope, Work};
use crate::core::Core;
use engine::{Command, Event, InstanceState};
use model::{Fault, TaskId, UserId};
use std::collections::VecDeque;
use store::{AnswerStatus, TaskAssignee, TaskDetails, TaskRole};

/// Brings in what commands to an existing instance need: its definition, its document, tasks that get other people.
pub(super) async fn prepare(core: &Core, session: &mut Session, envelopes: &VecDeque<Envelope>) -> Result<(), Fault> {
    let Some(before) = &session.before else { return Ok(()) };
    let instance = before.instance.clone();
    let deployment = core.deployments.get(instance.definition()).await?;
    if let Some(document) = instance.document()
        && deployment.may_read_document()
        && instance.state() == InstanceState::Active
    {
        session.read_document(core, document).await?;
    }
    for (task, users) in reassignments(envelopes) {
        let Some(stored) = core.store.task(task).await? else { continue };
        session.task_versions.insert(task, stored.task.version);
        session.people.insert(task, reassigned(&stored, users));
    }
    session.deployment = Some(deployment);
    session.state = Some(instance);
    Ok(())
}

/// The versions of tasks that wait on after an answer, since `first`: their rows change on that condition. An answer
/// that closes its task needs none, and most do.
pub(super) async fn answered(core: &Core, session: &mut Session, first: usize) -> Result<(), Fault> {
    let Some(state) = &session.state else { return Ok(()) };
    let open = session.events[first..].iter().filter_map(|event| match event {
        Event::UserTaskAnswered(answer) if state.task(answer.task).is_some() => Some(answer.task),
        _ => None,
    });
    let unknown: Vec<TaskId> = open.filter(|task| !session.task_versions.contains_key(task)).collect();
    for task in unknown {
        if let Some(stored) = core.store.task(task).await? {
            session.task_versions.insert(task, stored.task.version);
        }
    }
    Ok(())
}

/// The people of a task given to others. Who answered before stays answered.
fn reassigned(stored: &TaskDetails, users: Vec<UserId>) -> TaskPeople {
    let person = |user| match stored.assignees.iter().find(|a| a.user == user && a.status != AnswerStatus::Waiting) {
        Some(answered) => TaskAssignee { role: TaskRole::Assignee, ..answered.clone() },
        None => TaskAssignee { user, role: TaskRole::Assignee, status: AnswerStatus::Waiting, answered_at: None },
    };
    TaskPeople { people: users.into_iter().map(person).collect(), groups: Vec::new() }
}

/// Tasks that commands give to others.
fn reassignments(envelopes: &VecDeque<Envelope>) -> Vec<(TaskId, Vec<UserId>)> {
    let mut named = Vec::new();
    for envelope in envelopes {
        let Work::Commands { commands, .. } = &envelope.work else { continue };
        for command in commands {
            if let Command::ReassignTask { task, assignees, .. } = command {
                named.push((*task, assignees.iter().filter_map(|a| a.parse().ok()).collect()));
            }
        }
    }
    named
}
