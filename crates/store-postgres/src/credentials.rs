//! `sessions`, `api_tokens`, `webhooks`.

use crate::{
    PostgresStore,
    sql::{Tx, WriteResult, params},
};
use async_trait::async_trait;
use model::{UserId, WebhookId};
use store::{
    ApiTokenRow, Conflict, CredentialWrite, Credentials, Hash, Result, SessionRow, WebhookRow, columns,
    rows::texts_column,
};

const INSERT_SESSION: &str =
    concat!("INSERT INTO sessions (", columns!(session), ") VALUES ($1, $2, $3, $4, $5, $6, $7)");
const TOUCH_SESSION: &str = "UPDATE sessions SET last_seen_at = $2, expires_at = $3 WHERE token_hash = $1";
const DELETE_SESSION: &str = "DELETE FROM sessions WHERE token_hash = $1";
const DELETE_SESSIONS_OF: &str = "DELETE FROM sessions WHERE user_id = $1 AND token_hash IS DISTINCT FROM $2";
const DELETE_EXPIRED: [&str; 4] = [
    "DELETE FROM sessions WHERE expires_at < $1",
    "DELETE FROM api_tokens WHERE expires_at < $1",
    "DELETE FROM oauth_codes WHERE expires_at < $1",
    "DELETE FROM oauth_tokens WHERE refresh_expires_at < $1",
];
const SESSION: &str = concat!("SELECT ", columns!(session), " FROM sessions WHERE token_hash = $1");
const SESSIONS_OF: &str =
    concat!("SELECT ", columns!(session), " FROM sessions WHERE user_id = $1 ORDER BY last_seen_at DESC");

const INSERT_TOKEN: &str =
    concat!("INSERT INTO api_tokens (", columns!(api_token), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
const TOUCH_TOKEN: &str = "UPDATE api_tokens SET last_used_at = $2 WHERE id = $1";
const DELETE_TOKEN: &str = "DELETE FROM api_tokens WHERE id = $1";
const TOKEN: &str = concat!("SELECT ", columns!(api_token), " FROM api_tokens WHERE hash = $1");
const TOKENS: &str =
    concat!("SELECT ", columns!(api_token), " FROM api_tokens WHERE user_id = coalesce($1, user_id) ORDER BY id");

const INSERT_WEBHOOK: &str =
    concat!("INSERT INTO webhooks (", columns!(webhook), ") VALUES ($1, $2, $3, $4, $5, $6, $7)");
const UPDATE_WEBHOOK: &str =
    "UPDATE webhooks SET title = $2, scopes = $3, secret_hash = coalesce($4, secret_hash) WHERE id = $1";
const TOUCH_WEBHOOK: &str = "UPDATE webhooks SET last_used_at = $2 WHERE id = $1";
const DELETE_WEBHOOK: &str = "DELETE FROM webhooks WHERE id = $1";
const WEBHOOK: &str = concat!("SELECT ", columns!(webhook), " FROM webhooks WHERE id = $1");
const WEBHOOKS: &str =
    concat!("SELECT ", columns!(webhook), " FROM webhooks WHERE user_id = coalesce($1, user_id) ORDER BY id");

pub(crate) async fn apply(tx: &mut Tx<'_>, write: &CredentialWrite) -> WriteResult {
    match write {
        CredentialWrite::InsertSession(s) => {
            let values =
                params![&s.token_hash, s.user, &s.csrf_hash, s.created_at, s.expires_at, s.last_seen_at, &s.user_agent];
            tx.send(INSERT_SESSION, values).await
        }
        CredentialWrite::TouchSession { token_hash, at, expires_at } => {
            tx.send(TOUCH_SESSION, params![token_hash, *at, *expires_at]).await
        }
        CredentialWrite::DeleteSession { token_hash } => tx.send(DELETE_SESSION, params![token_hash]).await,
        CredentialWrite::DeleteSessionsOf { user, except } => {
            tx.send(DELETE_SESSIONS_OF, params![*user, except.as_ref()]).await
        }
        CredentialWrite::DeleteExpired { now } => {
            for sql in DELETE_EXPIRED {
                tx.send(sql, params![*now]).await?;
            }
            Ok(())
        }
        CredentialWrite::InsertApiToken(t) => {
            let scopes = texts_column(&t.scopes);
            let values = params![t.id, &t.hash, t.user, &t.name, scopes, t.created_at, t.last_used_at, t.expires_at];
            tx.send(INSERT_TOKEN, values).await
        }
        CredentialWrite::TouchApiToken { id, at } => tx.send(TOUCH_TOKEN, params![*id, *at]).await,
        CredentialWrite::DeleteApiToken { id } => tx.send(DELETE_TOKEN, params![*id]).await,
        CredentialWrite::InsertWebhook(w) => {
            let scopes = texts_column(&w.scopes);
            let values = params![w.id, w.user, &w.secret_hash, &w.title, scopes, w.created_at, w.last_used_at];
            tx.send(INSERT_WEBHOOK, values).await
        }
        CredentialWrite::UpdateWebhook { id, title, scopes, secret_hash } => {
            let values = params![*id, title, texts_column(scopes), secret_hash.as_ref()];
            tx.must(UPDATE_WEBHOOK, values, Conflict::Missing("webhook")).await
        }
        CredentialWrite::TouchWebhook { id, at } => tx.send(TOUCH_WEBHOOK, params![*id, *at]).await,
        CredentialWrite::DeleteWebhook { id } => tx.send(DELETE_WEBHOOK, params![*id]).await,
    }
}

#[async_trait]
impl Credentials for PostgresStore {
    async fn session(&self, token_hash: &Hash) -> Result<Option<SessionRow>> {
        self.first(SESSION, params![token_hash]).await
    }

    async fn sessions_of(&self, user: UserId) -> Result<Vec<SessionRow>> {
        self.all(SESSIONS_OF, params![user]).await
    }

    async fn api_token(&self, hash: &Hash) -> Result<Option<ApiTokenRow>> {
        self.first(TOKEN, params![hash]).await
    }

    async fn api_tokens(&self, user: Option<UserId>) -> Result<Vec<ApiTokenRow>> {
        self.all(TOKENS, params![user]).await
    }

    async fn webhook(&self, id: WebhookId) -> Result<Option<WebhookRow>> {
        self.first(WEBHOOK, params![id]).await
    }

    async fn webhooks(&self, user: Option<UserId>) -> Result<Vec<WebhookRow>> {
        self.all(WEBHOOKS, params![user]).await
    }
}
