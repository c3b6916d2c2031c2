//! Incoming webhooks: addresses with a secret, under which methods are called in a person's name.

use super::actor::{Actor, ScopeSet, User, Via};
use super::secrets;
use super::tokens::{TOUCH_MS, check_title};
use crate::platform::Inner;
use model::error::codes;
use model::{Fault, Timestamp, UserId, WebhookId};
use std::sync::Arc;
use store::{CredentialWrite, IdKind, Unit, WebhookRow};

/// Characters `[a-z0-9]` of a secret.
const SECRET_CHARS: usize = 24;

/// An incoming webhook, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// In whose name.
    pub user: UserId,
    /// What it is for.
    pub title: String,
    /// What it may do.
    pub scopes: ScopeSet,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, within minutes.
    pub last_used_at: Option<Timestamp>,
}

/// A webhook just made: the only time its secret is known.
#[derive(Debug, Clone)]
pub struct NewWebhook {
    /// The webhook.
    pub webhook: Webhook,
    /// Its secret.
    pub secret: String,
    /// `{public url}/rest/{user}/{secret}/`.
    pub url: String,
}

/// Incoming webhooks, see [`crate::Platform::webhooks`].
pub struct Webhooks<'a>(pub(crate) &'a Inner);

impl Webhooks<'_> {
    /// Webhooks of one person or, with none, of all.
    pub async fn list(&self, user: Option<UserId>) -> Result<Vec<Webhook>, Fault> {
        Ok(self.0.store.webhooks(user).await?.into_iter().map(Webhook::from).collect())
    }

    /// Makes a webhook in a person's name.
    pub async fn create(&self, user: UserId, title: &str, scopes: ScopeSet) -> Result<NewWebhook, Fault> {
        let secret = secrets::random_alphanumeric(SECRET_CHARS);
        let row = WebhookRow {
            id: WebhookId(self.0.store.next_id(IdKind::Webhook).await?),
            user,
            secret_hash: secrets::hash_token(&secret),
            title: check_title(title)?,
            scopes: crate::apps::check_scopes(&scopes)?,
            created_at: self.0.now(),
            last_used_at: None,
        };
        self.0.commit(Unit::of(CredentialWrite::InsertWebhook(row.clone()))).await?;
        let url = format!("{}/rest/{}/{secret}/", self.0.settings.public_url, user.0);
        Ok(NewWebhook { webhook: row.into(), secret, url })
    }

    /// Revokes a webhook.
    pub async fn delete(&self, id: WebhookId) -> Result<(), Fault> {
        if self.0.store.webhook(id).await?.is_none() {
            return Err(Fault::new(&codes::APP_NOT_FOUND, format!("There is no webhook {id}")));
        }
        self.0.commit(Unit::of(CredentialWrite::DeleteWebhook { id })).await?;
        Ok(())
    }

    /// Who a webhook's address stands for: `IDN-0004` unknown, `IDN-0013` dismissed.
    pub async fn authenticate(&self, user: UserId, secret: &str) -> Result<Actor, Fault> {
        let hash = secrets::hash_token(secret);
        let mut found = None;
        for row in self.0.store.webhooks(Some(user)).await? {
            if secrets::same(&row.secret_hash, &hash) {
                found = Some(row);
            }
        }
        let row = found.ok_or_else(|| Fault::of(&codes::TOKEN_UNKNOWN))?;
        let person = active_user(self.0, user).await?;
        let now = self.0.now();
        if row.last_used_at.is_none_or(|at| now.0 - at.0 >= TOUCH_MS) {
            self.0.commit(Unit::of(CredentialWrite::TouchWebhook { id: row.id, at: now })).await?;
        }
        let via = Via::Webhook { id: row.id };
        Ok(Actor { user: person, via, scopes: Some(ScopeSet::new(row.scopes)) })
    }
}

/// The person, if he may still act.
pub(crate) async fn active_user(inner: &Inner, id: UserId) -> Result<Arc<User>, Fault> {
    let found = super::users::known(inner, &[id]).await?;
    let user = found.into_iter().next().ok_or_else(|| Fault::of(&codes::TOKEN_UNKNOWN))?;
    if user.active { Ok(user) } else { Err(Fault::of(&codes::USER_DISMISSED)) }
}

impl From<WebhookRow> for Webhook {
    fn from(row: WebhookRow) -> Self {
        Self {
            id: row.id,
            user: row.user,
            title: row.title,
            scopes: ScopeSet::new(row.scopes),
            created_at: row.created_at,
            last_used_at: row.last_used_at,
        }
    }
}
