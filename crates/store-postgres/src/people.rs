//! `users`, `groups`, `group_members`, `notifications`.

use crate::{
    PostgresStore,
    sql::{Param, Tx, WriteResult, params},
};
use async_trait::async_trait;
use model::{NotificationId, UserId};
use store::{
    Conflict, GroupRow, NotificationRow, Paged, People, PeopleWrite, Query, Result, UserField, UserRow, columns,
    lists::fields::USERS,
};

const INSERT: &str = "INSERT INTO users (id, login, login_key, password_hash, name, last_name, email, language, theme,
    role, active, attributes, created_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
    $14)";
const UPDATE: &str = "UPDATE users SET login = $2, login_key = $3, password_hash = $4, name = $5, last_name = $6,
    email = $7, language = $8, theme = $9, role = $10, active = $11, attributes = $12, version = version + 1
    WHERE id = $1 AND version = $13";
const ONE: &str = concat!("SELECT ", columns!(user), " FROM users u WHERE u.id = $1");
const BY_IDS: &str = concat!("SELECT ", columns!(user), " FROM users u WHERE u.id = ANY($1) ORDER BY u.id");
const BY_LOGIN: &str = concat!("SELECT ", columns!(user), " FROM users u WHERE u.login_key = $1");

const PUT_GROUP: &str =
    "INSERT INTO groups (key, name) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET name = excluded.name";
const DELETE_GROUP: &str = "DELETE FROM groups WHERE key = $1";
const DELETE_MEMBERS: &str = "DELETE FROM group_members WHERE group_key = $1";
const INSERT_MEMBERS: &str =
    "INSERT INTO group_members (group_key, user_id) SELECT $1, unnest($2::bigint[]) ON CONFLICT DO NOTHING";
/// A group without members is one row without a person.
const GROUPS: &str = "SELECT g.key, g.name, m.user_id FROM groups g LEFT JOIN group_members m ON m.group_key = g.key
    ORDER BY g.key, m.user_id";
const GROUPS_OF: &str = "SELECT group_key FROM group_members WHERE user_id = $1 ORDER BY group_key";

const INSERT_NOTE: &str =
    concat!("INSERT INTO notifications (", columns!(notification), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
const READ_ALL: &str = "UPDATE notifications SET read_at = $2 WHERE user_id = $1 AND read_at IS NULL";
const READ_SOME: &str = "UPDATE notifications SET read_at = $2 WHERE user_id = $1 AND read_at IS NULL AND id = ANY($3)";
pub(crate) const NOTES: &str = concat!(
    "SELECT ",
    columns!(notification),
    " FROM notifications WHERE user_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3"
);
pub(crate) const UNREAD: &str = "SELECT count(*) FROM notifications WHERE user_id = $1 AND read_at IS NULL";

pub(crate) async fn apply(tx: &mut Tx<'_>, write: &PeopleWrite) -> WriteResult {
    match write {
        PeopleWrite::InsertUser(u) => {
            let mut values = about(u);
            values.push(u.created_at.into());
            values.push(u.version.into());
            tx.send(INSERT, values).await
        }
        PeopleWrite::UpdateUser { row, expect_version } => {
            let mut values = about(row);
            values.push((*expect_version).into());
            tx.must(UPDATE, values, Conflict::UserVersion).await
        }
        PeopleWrite::PutGroup(group) => {
            tx.send(PUT_GROUP, params![&group.key, &group.name]).await?;
            tx.send(DELETE_MEMBERS, params![&group.key]).await?;
            let members = Param::numbers(group.members.iter().map(|u| u.0));
            tx.send(INSERT_MEMBERS, params![&group.key, members]).await
        }
        PeopleWrite::DeleteGroup { key } => {
            tx.send(DELETE_MEMBERS, params![key]).await?;
            tx.send(DELETE_GROUP, params![key]).await
        }
        PeopleWrite::InsertNotification(n) => {
            let values = params![n.id, n.user, &n.text, &n.kind, &n.link, n.from_user, n.created_at, n.read_at];
            tx.send(INSERT_NOTE, values).await
        }
        PeopleWrite::ReadNotifications { user, ids, at } if ids.is_empty() => {
            tx.send(READ_ALL, params![*user, *at]).await
        }
        PeopleWrite::ReadNotifications { user, ids, at } => {
            tx.send(READ_SOME, params![*user, *at, Param::numbers(ids.iter().map(|id| id.0))]).await
        }
    }
}

/// What may change of a person, after the id.
fn about(u: &UserRow) -> Vec<Param> {
    params![
        u.id,
        &u.login,
        u.login.to_lowercase(),
        &u.password_hash,
        &u.name,
        &u.last_name,
        &u.email,
        &u.language,
        &u.theme,
        u.role.code(),
        i64::from(u.active),
        &u.attributes
    ]
}

#[async_trait]
impl People for PostgresStore {
    async fn user(&self, id: UserId) -> Result<Option<UserRow>> {
        self.first(ONE, params![id]).await
    }

    async fn users_by_id(&self, ids: &[UserId]) -> Result<Vec<UserRow>> {
        self.all(BY_IDS, params![Param::numbers(ids.iter().map(|id| id.0))]).await
    }

    async fn user_by_login(&self, login: &str) -> Result<Option<UserRow>> {
        self.first(BY_LOGIN, params![login.to_lowercase()]).await
    }

    async fn users(&self, query: Query<UserField>) -> Result<Paged<UserRow>> {
        self.page(&USERS, &query, None).await
    }

    async fn groups(&self) -> Result<Vec<GroupRow>> {
        type Member = (String, String, Option<UserId>);
        let rows: Vec<Member> = self.all(GROUPS, Vec::new()).await?;
        let mut groups: Vec<GroupRow> = Vec::new();
        for (key, name, member) in rows {
            match groups.last_mut() {
                Some(group) if group.key == key => group.members.extend(member),
                _ => groups.push(GroupRow { key, name, members: member.into_iter().collect() }),
            }
        }
        Ok(groups)
    }

    async fn groups_of(&self, user: UserId) -> Result<Vec<String>> {
        self.all(GROUPS_OF, params![user]).await
    }

    async fn notifications(
        &self,
        user: UserId,
        before: Option<NotificationId>,
        limit: u32,
    ) -> Result<Vec<NotificationRow>> {
        self.all(NOTES, params![user, before.map_or(i64::MAX, |id| id.0), limit]).await
    }

    async fn unread_notifications(&self, user: UserId) -> Result<u64> {
        Ok(self.first(UNREAD, params![user]).await?.unwrap_or(0))
    }
}
