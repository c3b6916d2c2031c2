//! People, groups and their notifications.

use crate::{Paged, Query, Result, codes::coded};
use async_trait::async_trait;
use model::{NotificationId, Timestamp, UserId};
use serde_json::Value as Json;

coded! {
    /// What a person may do in general.
    UserRole {
        /// Works with tasks and documents.
        Employee = 0 "employee",
        /// Administers everything.
        Admin = 1 "admin",
    }
}

/// A person or service account.
#[derive(Debug, Clone, PartialEq)]
pub struct UserRow {
    /// The id.
    pub id: UserId,
    /// Unique without regard to case.
    pub login: String,
    /// The password's hash in PHC form; none: can not sign in by password.
    pub password_hash: Option<String>,
    /// First name.
    pub name: String,
    /// Last name.
    pub last_name: String,
    /// Mail address.
    pub email: String,
    /// `ru` or `en`.
    pub language: String,
    /// `light`, `dark` or none for the system's.
    pub theme: Option<String>,
    /// What the person may do in general.
    pub role: UserRole,
    /// Whether the person may sign in and gets tasks.
    pub active: bool,
    /// Anything else.
    pub attributes: Json,
    /// When the account was made.
    pub created_at: Timestamp,
    /// Grows with every change, from 1.
    pub version: u64,
}

/// A group that tasks can be offered to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRow {
    /// Its key, as definitions name it.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Its members, by id.
    pub members: Vec<UserId>,
}

/// A message to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationRow {
    /// The id.
    pub id: NotificationId,
    /// To whom.
    pub user: UserId,
    /// What.
    pub text: String,
    /// What about: `task`, `process`, `message`, ...
    pub kind: String,
    /// Where a click leads; a path of the web UI.
    pub link: Option<String>,
    /// From whom; none: the system.
    pub from_user: Option<UserId>,
    /// When.
    pub created_at: Timestamp,
    /// When it was read.
    pub read_at: Option<Timestamp>,
}

/// Changes to people, groups and notifications.
#[derive(Debug, Clone, PartialEq)]
pub enum PeopleWrite {
    /// A new person; [`crate::Conflict::LoginTaken`].
    InsertUser(Box<UserRow>),
    /// Replaces a person; the stored version becomes `expect_version + 1` whatever the row says.
    /// [`crate::Conflict::UserVersion`] or [`crate::Conflict::LoginTaken`].
    UpdateUser {
        /// The new row.
        row: Box<UserRow>,
        /// The version that was read.
        expect_version: u64,
    },
    /// Makes or replaces a group.
    PutGroup(GroupRow),
    /// Forgets a group.
    DeleteGroup {
        /// Its key.
        key: String,
    },
    /// A new notification.
    InsertNotification(NotificationRow),
    /// Marks notifications as read; without ids all of the person.
    ReadNotifications {
        /// The person.
        user: UserId,
        /// Which.
        ids: Vec<NotificationId>,
        /// When.
        at: Timestamp,
    },
}

/// What people can be filtered and ordered by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserField {
    /// The id.
    Id,
    /// The login.
    Login,
    /// First name.
    Name,
    /// Last name.
    LastName,
    /// Mail address.
    Email,
    /// The role's code.
    Role,
    /// Whether active.
    Active,
    /// When the account was made.
    CreatedAt,
}

/// Reading people, groups and notifications.
#[async_trait]
pub trait People {
    /// One person.
    async fn user(&self, id: UserId) -> Result<Option<UserRow>>;
    /// Several people; unknown ids are left out.
    async fn users_by_id(&self, ids: &[UserId]) -> Result<Vec<UserRow>>;
    /// The person with this login, without regard to case.
    async fn user_by_login(&self, login: &str) -> Result<Option<UserRow>>;
    /// A list, by id from the first. Text looks into login, names and mail address.
    async fn users(&self, query: Query<UserField>) -> Result<Paged<UserRow>>;
    /// All groups, by key.
    async fn groups(&self) -> Result<Vec<GroupRow>>;
    /// The keys of the groups a person is in.
    async fn groups_of(&self, user: UserId) -> Result<Vec<String>>;
    /// A person's notifications older than `before`, the newest first.
    async fn notifications(
        &self,
        user: UserId,
        before: Option<NotificationId>,
        limit: u32,
    ) -> Result<Vec<NotificationRow>>;
    /// How many notifications a person has not read.
    async fn unread_notifications(&self, user: UserId) -> Result<u64>;
}
