//! Notifications: what a person is told of, until he reads it.

use crate::platform::Inner;
use crate::{LiveEvent, Prepared};
use model::error::codes;
use model::{Fault, NotificationId, UserId};
use serde_json::json;
use store::{IdKind, NotificationRow, PeopleWrite, Unit};

/// Characters of a notification's text; more is cut.
pub const MAX_TEXT_CHARS: usize = 10_000;

/// A notification to send.
#[derive(Debug, Clone)]
pub struct NewNotification {
    /// To whom.
    pub user: UserId,
    /// What.
    pub text: String,
    /// What about: `task`, `process`, `message`.
    pub kind: String,
    /// Where a click leads: a path of the web UI.
    pub link: Option<String>,
    /// From whom; none: the system.
    pub from: Option<UserId>,
}

/// A notification, as stored.
pub type Notification = NotificationRow;

/// Notifications, see [`crate::Platform::notifications`].
pub struct Notifications<'a>(pub(crate) &'a Inner);

impl Notifications<'_> {
    /// A notification as data, for the unit of a process's step. `IDN-0008` when there is no such person.
    pub async fn prepare(&self, new: NewNotification) -> Result<Prepared<Notification>, Fault> {
        if self.0.store.user(new.user).await?.is_none() {
            return Err(Fault::new(&codes::USER_NOT_FOUND, format!("There is no person {}", new.user)));
        }
        let row = NotificationRow {
            id: NotificationId(self.0.store.next_id(IdKind::Notification).await?),
            user: new.user,
            text: new.text.chars().take(MAX_TEXT_CHARS).collect(),
            kind: new.kind,
            link: new.link,
            from_user: new.from,
            created_at: self.0.now(),
            read_at: None,
        };
        let event = LiveEvent::new("notification", row.id).for_users(vec![row.user]).with(json!({ "kind": row.kind }));
        let writes = vec![PeopleWrite::InsertNotification(row.clone()).into()];
        Ok(Prepared { value: row, writes, events: vec![event] })
    }

    /// Sends a notification now.
    pub async fn send(&self, new: NewNotification) -> Result<Notification, Fault> {
        let prepared = self.prepare(new).await?;
        self.0.commit(prepared.unit()).await?;
        prepared.events.into_iter().for_each(|e| self.0.live.publish(e));
        Ok(prepared.value)
    }

    /// A person's notifications older than `before`, the newest first.
    pub async fn list(
        &self,
        user: UserId,
        before: Option<NotificationId>,
        limit: u32,
    ) -> Result<Vec<Notification>, Fault> {
        Ok(self.0.store.notifications(user, before, limit).await?)
    }

    /// How many a person has not read.
    pub async fn unread(&self, user: UserId) -> Result<u64, Fault> {
        Ok(self.0.store.unread_notifications(user).await?)
    }

    /// Marks as read; without ids all of the person.
    pub async fn mark_read(&self, user: UserId, ids: Vec<NotificationId>) -> Result<(), Fault> {
        let write = PeopleWrite::ReadNotifications { user, ids, at: self.0.now() };
        self.0.commit(Unit::of(write)).await?;
        self.0.live.publish(LiveEvent::new("notification", "read").for_users(vec![user]));
        Ok(())
    }
}
