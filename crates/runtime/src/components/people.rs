//! Whom a name means: `user_5`, `5`, a login, a group's key (also `group_…`), `author`.
//!
//! `author` is who made the record the process runs for; without a record, who started it. Invariant: gives active
//! people only, each once, in the order named.

use crate::core::Core;
use model::{Fault, Object, UserId, Value};
use std::collections::HashMap;

/// What names led to.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// The people.
    pub(crate) users: Vec<UserId>,
    /// Names that mean nobody.
    pub(crate) unknown: Vec<String>,
}

/// Facts that names may lean on.
pub(crate) struct Around<'a> {
    pub(crate) document: Option<&'a Object>,
    pub(crate) started_by: Option<UserId>,
}

impl Around<'_> {
    fn author(&self) -> Option<UserId> {
        let made_by = self.document.and_then(|d| d.get("CREATED_BY")).and_then(Value::as_str);
        made_by.and_then(|id| id.parse().ok()).or(self.started_by)
    }
}

/// Resolves names.
pub(crate) async fn resolve(core: &Core, names: &[String], around: &Around<'_>) -> Result<Found, Fault> {
    let mut found = Found::default();
    let mut groups: Option<HashMap<String, Vec<UserId>>> = None;
    for name in names {
        let one = match direct(name, around) {
            Some(id) => active(core, &[id]).await?,
            None => match core.platform.users().by_login(name).await? {
                Some(user) => user.active.then_some(user.id).into_iter().collect(),
                None => {
                    if groups.is_none() {
                        groups = Some(read_groups(core).await?);
                    }
                    let key = name.strip_prefix("group_").unwrap_or(name);
                    let members = groups.as_ref().and_then(|g| g.get(key).or_else(|| g.get(name)));
                    active(core, members.map_or(&[], Vec::as_slice)).await?
                }
            },
        };
        if one.is_empty() {
            found.unknown.push(name.clone());
        }
        for id in one {
            if !found.users.contains(&id) {
                found.users.push(id);
            }
        }
    }
    Ok(found)
}

fn direct(name: &str, around: &Around<'_>) -> Option<UserId> {
    match name {
        "author" => around.author(),
        _ => name.parse().ok().or_else(|| name.parse::<i64>().ok().filter(|n| *n > 0).map(UserId)),
    }
}

async fn active(core: &Core, ids: &[UserId]) -> Result<Vec<UserId>, Fault> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let users = core.platform.users().by_ids(ids).await?;
    Ok(ids.iter().copied().filter(|id| users.iter().any(|u| u.id == *id && u.active)).collect())
}

async fn read_groups(core: &Core) -> Result<HashMap<String, Vec<UserId>>, Fault> {
    Ok(core.platform.users().groups().await?.iter().map(|g| (g.key.clone(), g.members.clone())).collect())
}

/// Names in a value: a list, or text separated by `,` or `;`.
pub(crate) fn names(value: Option<&Value>) -> Vec<String> {
    fn collect(value: &Value, into: &mut Vec<String>) {
        match value {
            Value::List(items) => items.iter().for_each(|item| collect(item, into)),
            Value::Null => {}
            other => {
                let text = other.to_text();
                into.extend(text.split([',', ';']).map(str::trim).filter(|n| !n.is_empty()).map(str::to_owned));
            }
        }
    }
    let mut names = Vec::new();
    if let Some(value) = value {
        collect(value, &mut names);
    }
    names
}
