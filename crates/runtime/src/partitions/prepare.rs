//! What commands to an existing instance need before they are worked on.
//!
//! Owns: reading it into the session. Invariant: it is read once a round. Never: works, writes.

use super::session::{Session, TaskPeople};
use super::work::{Envelope, Work};
use crate::core::Core;
use engine::{Command, InstanceState};
use model::{Fault, TaskId, UserId};
use std::collections::VecDeque;
use store::{AnswerStatus, TaskAssignee, TaskDetails, TaskRole};

/// Brings in what commands to an existing instance need: its definition, its document, the versions of its tasks.
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
    for (task, assignees) in tasks_named(envelopes) {
        let Some(stored) = core.store.task(task).await? else { continue };
        session.task_versions.insert(task, stored.task.version);
        if let Some(users) = assignees {
            session.people.insert(task, reassigned(&stored, users));
        }
    }
    session.deployment = Some(deployment);
    session.state = Some(instance);
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

/// Tasks that commands answer, or give to others.
fn tasks_named(envelopes: &VecDeque<Envelope>) -> Vec<(TaskId, Option<Vec<UserId>>)> {
    let mut named = Vec::new();
    for envelope in envelopes {
        let Work::Commands { commands, .. } = &envelope.work else { continue };
        for command in commands {
            match command {
                Command::AnswerTask { task, .. } => named.push((*task, None)),
                Command::ReassignTask { task, assignees, .. } => {
                    named.push((*task, Some(assignees.iter().filter_map(|a| a.parse().ok()).collect())));
                }
                _ => {}
            }
        }
    }
    named
}
