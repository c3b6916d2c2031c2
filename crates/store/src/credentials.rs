//! Sessions, API tokens and incoming webhooks. Only hashes of secrets are kept.

use crate::Result;
use async_trait::async_trait;
use model::{Timestamp, TokenId, UserId, WebhookId};

/// SHA-256 of a secret.
pub type Hash = [u8; 32];

/// A signed-in browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// Hash of the cookie.
    pub token_hash: Hash,
    /// The person.
    pub user: UserId,
    /// Hash of the CSRF token.
    pub csrf_hash: Hash,
    /// When the person signed in.
    pub created_at: Timestamp,
    /// When the session ends.
    pub expires_at: Timestamp,
    /// When it was last used.
    pub last_seen_at: Timestamp,
    /// The browser, as it calls itself.
    pub user_agent: String,
}

/// A token for scripts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiTokenRow {
    /// The id.
    pub id: TokenId,
    /// Hash of the token.
    pub hash: Hash,
    /// In whose name.
    pub user: UserId,
    /// What for.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// When it ends; none: never.
    pub expires_at: Option<Timestamp>,
}

/// An incoming webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookRow {
    /// The id.
    pub id: WebhookId,
    /// In whose name.
    pub user: UserId,
    /// Hash of the secret in its address.
    pub secret_hash: Hash,
    /// What for.
    pub title: String,
    /// What it may be used for.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

/// Changes to credentials.
#[derive(Debug, Clone, PartialEq)]
pub enum CredentialWrite {
    /// A person signed in.
    InsertSession(SessionRow),
    /// A session was used.
    TouchSession {
        /// Hash of the cookie.
        token_hash: Hash,
        /// When.
        at: Timestamp,
        /// When it ends now.
        expires_at: Timestamp,
    },
    /// A person signed out.
    DeleteSession {
        /// Hash of the cookie.
        token_hash: Hash,
    },
    /// Ends all sessions of a person but one.
    DeleteSessionsOf {
        /// The person.
        user: UserId,
        /// The session to keep.
        except: Option<Hash>,
    },
    /// Forgets sessions, codes and tokens that ended before `now`.
    DeleteExpired {
        /// The present.
        now: Timestamp,
    },
    /// A new API token.
    InsertApiToken(ApiTokenRow),
    /// An API token was used.
    TouchApiToken {
        /// The token.
        id: TokenId,
        /// When.
        at: Timestamp,
    },
    /// An API token was revoked.
    DeleteApiToken {
        /// The token.
        id: TokenId,
    },
    /// A new incoming webhook.
    InsertWebhook(WebhookRow),
    /// Another title, scopes or secret; [`crate::Conflict::Missing`] when it is gone.
    UpdateWebhook {
        /// The webhook.
        id: WebhookId,
        /// What for.
        title: String,
        /// What it may be used for.
        scopes: Vec<String>,
        /// A new secret's hash; none: the old one stays.
        secret_hash: Option<Hash>,
    },
    /// A webhook was used.
    TouchWebhook {
        /// The webhook.
        id: WebhookId,
        /// When.
        at: Timestamp,
    },
    /// A webhook was revoked.
    DeleteWebhook {
        /// The webhook.
        id: WebhookId,
    },
}

/// Reading credentials. Whether one has expired is the caller's to say.
#[async_trait]
pub trait Credentials {
    /// The session of a cookie.
    async fn session(&self, token_hash: &Hash) -> Result<Option<SessionRow>>;
    /// The sessions of a person, the latest first.
    async fn sessions_of(&self, user: UserId) -> Result<Vec<SessionRow>>;
    /// The API token with this hash.
    async fn api_token(&self, hash: &Hash) -> Result<Option<ApiTokenRow>>;
    /// API tokens of one person or, with none, of all.
    async fn api_tokens(&self, user: Option<UserId>) -> Result<Vec<ApiTokenRow>>;
    /// One webhook.
    async fn webhook(&self, id: WebhookId) -> Result<Option<WebhookRow>>;
    /// Webhooks of one person or, with none, of all.
    async fn webhooks(&self, user: Option<UserId>) -> Result<Vec<WebhookRow>>;
}
