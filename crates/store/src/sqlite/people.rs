//! `users`, `groups`, `group_members`, `notifications`.

use super::{
    SqliteStore,
    list::page,
    row::{at, int, numbers},
    tx::{Tx, WriteResult, all, first, read_error},
};
use crate::{
    Conflict, GroupRow, NotificationRow, Paged, People, PeopleWrite, Query, Result, UserField, UserRow, columns,
    lists::fields::USERS,
};
use async_trait::async_trait;
use model::{NotificationId, UserId};
use rusqlite::params;

const INSERT: &str = "INSERT INTO users (id, login, login_key, password_hash, name, last_name, email, language, theme,
    role, active, attributes, created_at, version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,
    ?14)";
const UPDATE: &str = "UPDATE users SET login = ?2, login_key = ?3, password_hash = ?4, name = ?5, last_name = ?6,
    email = ?7, language = ?8, theme = ?9, role = ?10, active = ?11, attributes = ?12, version = version + 1
    WHERE id = ?1 AND version = ?13";
const ONE: &str = concat!("SELECT ", columns!(user), " FROM users u WHERE u.id = ?1");
const BY_IDS: &str =
    concat!("SELECT ", columns!(user), " FROM users u WHERE u.id IN (SELECT value FROM json_each(?1)) ORDER BY u.id");
const BY_LOGIN: &str = concat!("SELECT ", columns!(user), " FROM users u WHERE u.login_key = ?1");

const PUT_GROUP: &str =
    "INSERT INTO groups (key, name) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET name = excluded.name";
const DELETE_GROUP: &str = "DELETE FROM groups WHERE key = ?1";
const DELETE_MEMBERS: &str = "DELETE FROM group_members WHERE group_key = ?1";
const INSERT_MEMBER: &str = "INSERT INTO group_members (group_key, user_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
const GROUPS: &str = "SELECT key, name FROM groups ORDER BY key";
const MEMBERS: &str = "SELECT group_key, user_id FROM group_members ORDER BY group_key, user_id";
const GROUPS_OF: &str = "SELECT group_key FROM group_members WHERE user_id = ?1 ORDER BY group_key";

const INSERT_NOTE: &str =
    concat!("INSERT INTO notifications (", columns!(notification), ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
const READ_ALL: &str = "UPDATE notifications SET read_at = ?2 WHERE user_id = ?1 AND read_at IS NULL";
const READ_SOME: &str = "UPDATE notifications SET read_at = ?2 WHERE user_id = ?1 AND read_at IS NULL
    AND id IN (SELECT value FROM json_each(?3))";
pub(super) const NOTES: &str = concat!(
    "SELECT ",
    columns!(notification),
    " FROM notifications WHERE user_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3"
);
const UNREAD: &str = "SELECT count(*) FROM notifications WHERE user_id = ?1 AND read_at IS NULL";

pub(super) fn apply(tx: &mut Tx<'_>, write: &PeopleWrite) -> WriteResult {
    match write {
        PeopleWrite::InsertUser(u) => {
            let values = params![
                u.id.0,
                u.login,
                u.login.to_lowercase(),
                u.password_hash,
                u.name,
                u.last_name,
                u.email,
                u.language,
                u.theme,
                u.role.code(),
                u.active,
                u.attributes.to_string(),
                u.created_at.0,
                int(u.version)
            ];
            tx.run(INSERT, values).map(|_| ())
        }
        PeopleWrite::UpdateUser { row, expect_version } => update(tx, row, *expect_version),
        PeopleWrite::PutGroup(group) => {
            tx.run(PUT_GROUP, params![group.key, group.name])?;
            tx.run(DELETE_MEMBERS, [&group.key])?;
            for member in &group.members {
                tx.run(INSERT_MEMBER, params![group.key, member.0])?;
            }
            Ok(())
        }
        PeopleWrite::DeleteGroup { key } => {
            tx.run(DELETE_MEMBERS, [key])?;
            tx.run(DELETE_GROUP, [key]).map(|_| ())
        }
        PeopleWrite::InsertNotification(n) => {
            let values = params![
                n.id.0,
                n.user.0,
                n.text,
                n.kind,
                n.link,
                n.from_user.map(|u| u.0),
                n.created_at.0,
                at(n.read_at)
            ];
            tx.run(INSERT_NOTE, values).map(|_| ())
        }
        PeopleWrite::ReadNotifications { user, ids, at } if ids.is_empty() => {
            tx.run(READ_ALL, params![user.0, at.0]).map(|_| ())
        }
        PeopleWrite::ReadNotifications { user, ids, at } => {
            tx.run(READ_SOME, params![user.0, at.0, numbers(ids.iter().map(|id| id.0))]).map(|_| ())
        }
    }
}

fn update(tx: &mut Tx<'_>, u: &UserRow, expect_version: u64) -> WriteResult {
    let values = params![
        u.id.0,
        u.login,
        u.login.to_lowercase(),
        u.password_hash,
        u.name,
        u.last_name,
        u.email,
        u.language,
        u.theme,
        u.role.code(),
        u.active,
        u.attributes.to_string(),
        int(expect_version)
    ];
    tx.must(UPDATE, values, Conflict::UserVersion)
}

#[async_trait]
impl People for SqliteStore {
    async fn user(&self, id: UserId) -> Result<Option<UserRow>> {
        self.read(move |c| first(c, ONE, [id.0])).await
    }

    async fn users_by_id(&self, ids: &[UserId]) -> Result<Vec<UserRow>> {
        let ids = numbers(ids.iter().map(|id| id.0));
        self.read(move |c| all(c, BY_IDS, [ids])).await
    }

    async fn user_by_login(&self, login: &str) -> Result<Option<UserRow>> {
        let login = login.to_lowercase();
        self.read(move |c| first(c, BY_LOGIN, [login])).await
    }

    async fn users(&self, query: Query<UserField>) -> Result<Paged<UserRow>> {
        self.read(move |c| page(c, &USERS, &query, None)).await
    }

    async fn groups(&self) -> Result<Vec<GroupRow>> {
        self.read(|c| {
            let tx = c.unchecked_transaction().map_err(read_error)?;
            let named: Vec<(String, String)> = all(&tx, GROUPS, [])?;
            let group = |(key, name)| GroupRow { key, name, members: Vec::new() };
            let mut groups: Vec<GroupRow> = named.into_iter().map(group).collect();
            let members: Vec<(String, UserId)> = all(&tx, MEMBERS, [])?;
            for (key, user) in members {
                if let Ok(n) = groups.binary_search_by(|g| g.key.cmp(&key)) {
                    groups[n].members.push(user);
                }
            }
            Ok(groups)
        })
        .await
    }

    async fn groups_of(&self, user: UserId) -> Result<Vec<String>> {
        self.read(move |c| all(c, GROUPS_OF, [user.0])).await
    }

    async fn notifications(
        &self,
        user: UserId,
        before: Option<NotificationId>,
        limit: u32,
    ) -> Result<Vec<NotificationRow>> {
        let before = before.map_or(i64::MAX, |id| id.0);
        self.read(move |c| all(c, NOTES, params![user.0, before, limit])).await
    }

    async fn unread_notifications(&self, user: UserId) -> Result<u64> {
        self.read(move |c| Ok(first(c, UNREAD, [user.0])?.unwrap_or(0))).await
    }
}
