//! Components that tell somebody something: notifications, log lines, the state's title.

use super::people::{self, Around};
use super::{BuiltinJob, Performed, text};
use crate::core::Core;
use crate::partitions::session::Session;
use engine::Command;
use model::error::codes;
use model::{Fault, Object, Value};
use platform::notifications::NewNotification;
use std::sync::Arc;

/// Where a component finds its inputs.
pub(super) struct Names {
    to: &'static str,
    text: &'static str,
    from: Option<&'static str>,
}

pub(super) const NOTIFY: Names = Names { to: "to", text: "text", from: None };
pub(super) const SOC_NET: Names = Names { to: "MessageUserTo", text: "MessageText", from: Some("MessageUserFrom") };
pub(super) const IM_NOTIFY: Names = Names { to: "MessageUserTo", text: "MessageSite", from: Some("MessageUserFrom") };

/// Tells people; result of the template nodes `users`: whom.
pub(super) async fn notify(
    core: &Core,
    session: &mut Session,
    job: &BuiltinJob<'_>,
    names: &Names,
) -> Result<Performed, Fault> {
    let around = Around { document: session.document.as_deref(), started_by: session.started_by() };
    let wanted = people::names(job.input.get(names.to));
    let found = people::resolve(core, &wanted, &around).await?;
    if found.users.is_empty() {
        let whom = wanted.join(", ");
        return Err(Fault::new(&codes::USER_NOT_FOUND, format!("nobody to notify: `{whom}` names no active person")));
    }
    let from = match names.from {
        None => None,
        Some(name) => {
            let senders = people::names(job.input.get(name));
            people::resolve(core, &senders, &around).await?.users.first().copied()
        }
    };
    let link = Some(format!("/instances/{}", session.id));
    for user in &found.users {
        let new = NewNotification {
            user: *user,
            text: text(job, names.text),
            kind: "process".to_owned(),
            link: link.clone(),
            from,
        };
        let prepared = core.platform.notifications().prepare(new).await?;
        session.writes.extend(prepared.writes);
        session.live.extend(prepared.events);
    }
    let users = Value::list(found.users.iter().map(|u| Value::text(u.to_string())).collect());
    let result = Object::from_iter([(Arc::from("users"), users)]);
    let commands = match found.unknown.is_empty() {
        true => Vec::new(),
        false => vec![log_line(job, format!("not notified, because unknown: {}", found.unknown.join(", ")))],
    };
    Ok(Performed { result, commands })
}

fn log_line(job: &BuiltinJob<'_>, text: String) -> Command {
    Command::Log { key: None, job: Some(job.job), text, by: None }
}

/// A line of the history; result of the template node `Report`: the line.
pub(super) fn log(job: &BuiltinJob<'_>, name: &str) -> Result<Performed, Fault> {
    let line = text(job, name);
    let result = Object::from_iter([(Arc::from("Report"), Value::text(&line))]);
    Ok(Performed { result, commands: vec![log_line(job, line)] })
}

/// What people see as the instance's state.
pub(super) fn state_title(job: &BuiltinJob<'_>, name: &str) -> Result<Performed, Fault> {
    let commands = vec![Command::SetStateTitle { text: text(job, name) }];
    Ok(Performed { result: Object::new(), commands })
}
