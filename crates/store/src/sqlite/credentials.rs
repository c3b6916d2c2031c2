//! `sessions`, `api_tokens`, `webhooks`.

use super::{
    SqliteStore,
    row::at,
    tx::{Tx, WriteResult, all, first},
};
use crate::{
    ApiTokenRow, Conflict, CredentialWrite, Credentials, Hash, Result, SessionRow, WebhookRow, columns,
    rows::texts_column,
};
use async_trait::async_trait;
use model::{UserId, WebhookId};
use rusqlite::params;

const INSERT_SESSION: &str =
    concat!("INSERT INTO sessions (", columns!(session), ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
const TOUCH_SESSION: &str = "UPDATE sessions SET last_seen_at = ?2, expires_at = ?3 WHERE token_hash = ?1";
const DELETE_SESSION: &str = "DELETE FROM sessions WHERE token_hash = ?1";
const DELETE_SESSIONS_OF: &str = "DELETE FROM sessions WHERE user_id = ?1 AND token_hash IS NOT ?2";
const DELETE_EXPIRED: [&str; 4] = [
    "DELETE FROM sessions WHERE expires_at < ?1",
    "DELETE FROM api_tokens WHERE expires_at < ?1",
    "DELETE FROM oauth_codes WHERE expires_at < ?1",
    "DELETE FROM oauth_tokens WHERE refresh_expires_at < ?1",
];
const SESSION: &str = concat!("SELECT ", columns!(session), " FROM sessions WHERE token_hash = ?1");
const SESSIONS_OF: &str =
    concat!("SELECT ", columns!(session), " FROM sessions WHERE user_id = ?1 ORDER BY last_seen_at DESC");

const INSERT_TOKEN: &str =
    concat!("INSERT INTO api_tokens (", columns!(api_token), ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
const TOUCH_TOKEN: &str = "UPDATE api_tokens SET last_used_at = ?2 WHERE id = ?1";
const DELETE_TOKEN: &str = "DELETE FROM api_tokens WHERE id = ?1";
const TOKEN: &str = concat!("SELECT ", columns!(api_token), " FROM api_tokens WHERE hash = ?1");
const TOKENS: &str =
    concat!("SELECT ", columns!(api_token), " FROM api_tokens WHERE user_id = coalesce(?1, user_id) ORDER BY id");

const INSERT_WEBHOOK: &str =
    concat!("INSERT INTO webhooks (", columns!(webhook), ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
const UPDATE_WEBHOOK: &str =
    "UPDATE webhooks SET title = ?2, scopes = ?3, secret_hash = coalesce(?4, secret_hash) WHERE id = ?1";
const TOUCH_WEBHOOK: &str = "UPDATE webhooks SET last_used_at = ?2 WHERE id = ?1";
const DELETE_WEBHOOK: &str = "DELETE FROM webhooks WHERE id = ?1";
const WEBHOOK: &str = concat!("SELECT ", columns!(webhook), " FROM webhooks WHERE id = ?1");
const WEBHOOKS: &str =
    concat!("SELECT ", columns!(webhook), " FROM webhooks WHERE user_id = coalesce(?1, user_id) ORDER BY id");

pub(super) fn apply(tx: &mut Tx<'_>, write: &CredentialWrite) -> WriteResult {
    match write {
        CredentialWrite::InsertSession(s) => tx.run(
            INSERT_SESSION,
            params![
                s.token_hash,
                s.user.0,
                s.csrf_hash,
                s.created_at.0,
                s.expires_at.0,
                s.last_seen_at.0,
                s.user_agent
            ],
        ),
        CredentialWrite::TouchSession { token_hash, at, expires_at } => {
            tx.run(TOUCH_SESSION, params![token_hash, at.0, expires_at.0])
        }
        CredentialWrite::DeleteSession { token_hash } => tx.run(DELETE_SESSION, [token_hash]),
        CredentialWrite::DeleteSessionsOf { user, except } => tx.run(DELETE_SESSIONS_OF, params![user.0, except]),
        CredentialWrite::DeleteExpired { now } => {
            for sql in DELETE_EXPIRED {
                tx.run(sql, [now.0])?;
            }
            Ok(0)
        }
        CredentialWrite::InsertApiToken(t) => tx.run(
            INSERT_TOKEN,
            params![
                t.id.0,
                t.hash,
                t.user.0,
                t.name,
                texts_column(&t.scopes),
                t.created_at.0,
                at(t.last_used_at),
                at(t.expires_at)
            ],
        ),
        CredentialWrite::TouchApiToken { id, at } => tx.run(TOUCH_TOKEN, params![id.0, at.0]),
        CredentialWrite::DeleteApiToken { id } => tx.run(DELETE_TOKEN, [id.0]),
        CredentialWrite::InsertWebhook(w) => tx.run(
            INSERT_WEBHOOK,
            params![
                w.id.0,
                w.user.0,
                w.secret_hash,
                w.title,
                texts_column(&w.scopes),
                w.created_at.0,
                at(w.last_used_at)
            ],
        ),
        CredentialWrite::UpdateWebhook { id, title, scopes, secret_hash } => {
            let values = params![id.0, title, texts_column(scopes), secret_hash];
            return tx.must(UPDATE_WEBHOOK, values, Conflict::Missing("webhook"));
        }
        CredentialWrite::TouchWebhook { id, at } => tx.run(TOUCH_WEBHOOK, params![id.0, at.0]),
        CredentialWrite::DeleteWebhook { id } => tx.run(DELETE_WEBHOOK, [id.0]),
    }
    .map(|_| ())
}

#[async_trait]
impl Credentials for SqliteStore {
    async fn session(&self, token_hash: &Hash) -> Result<Option<SessionRow>> {
        let hash = *token_hash;
        self.read(move |c| first(c, SESSION, [hash])).await
    }

    async fn sessions_of(&self, user: UserId) -> Result<Vec<SessionRow>> {
        self.read(move |c| all(c, SESSIONS_OF, [user.0])).await
    }

    async fn api_token(&self, hash: &Hash) -> Result<Option<ApiTokenRow>> {
        let hash = *hash;
        self.read(move |c| first(c, TOKEN, [hash])).await
    }

    async fn api_tokens(&self, user: Option<UserId>) -> Result<Vec<ApiTokenRow>> {
        self.read(move |c| all(c, TOKENS, [user.map(|u| u.0)])).await
    }

    async fn webhook(&self, id: WebhookId) -> Result<Option<WebhookRow>> {
        self.read(move |c| first(c, WEBHOOK, [id.0])).await
    }

    async fn webhooks(&self, user: Option<UserId>) -> Result<Vec<WebhookRow>> {
        self.read(move |c| all(c, WEBHOOKS, [user.map(|u| u.0)])).await
    }
}
