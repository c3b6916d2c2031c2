//! `sessions`, `api_tokens`, `webhooks`.

use crate::{
    PostgresStore,
    sql::{Columns, Read, Tx, WriteResult, params, texts},
};
use async_trait::async_trait;
use model::{TokenId, UserId, WebhookId};
use store::{ApiTokenRow, Conflict, CredentialWrite, Credentials, Hash, Result, SessionRow, WebhookRow};

macro_rules! session_columns {
    () => {
        "token_hash, user_id, csrf_hash, created_at, expires_at, last_seen_at, user_agent"
    };
}
macro_rules! token_columns {
    () => {
        "id, hash, user_id, name, scopes, created_at, last_used_at, expires_at"
    };
}
macro_rules! webhook_columns {
    () => {
        "id, user_id, secret_hash, title, scopes, created_at, last_used_at"
    };
}

const INSERT_SESSION: &str =
    concat!("INSERT INTO sessions (", session_columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7)");
const TOUCH_SESSION: &str = "UPDATE sessions SET last_seen_at = $2, expires_at = $3 WHERE token_hash = $1";
const DELETE_SESSION: &str = "DELETE FROM sessions WHERE token_hash = $1";
const DELETE_SESSIONS_OF: &str = "DELETE FROM sessions WHERE user_id = $1 AND token_hash IS DISTINCT FROM $2";
const DELETE_EXPIRED: [&str; 4] = [
    "DELETE FROM sessions WHERE expires_at < $1",
    "DELETE FROM api_tokens WHERE expires_at < $1",
    "DELETE FROM oauth_codes WHERE expires_at < $1",
    "DELETE FROM oauth_tokens WHERE refresh_expires_at < $1",
];
const SESSION: &str = concat!("SELECT ", session_columns!(), " FROM sessions WHERE token_hash = $1");
const SESSIONS_OF: &str =
    concat!("SELECT ", session_columns!(), " FROM sessions WHERE user_id = $1 ORDER BY last_seen_at DESC");

const INSERT_TOKEN: &str =
    concat!("INSERT INTO api_tokens (", token_columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
const TOUCH_TOKEN: &str = "UPDATE api_tokens SET last_used_at = $2 WHERE id = $1";
const DELETE_TOKEN: &str = "DELETE FROM api_tokens WHERE id = $1";
const TOKEN: &str = concat!("SELECT ", token_columns!(), " FROM api_tokens WHERE hash = $1");
const TOKENS: &str =
    concat!("SELECT ", token_columns!(), " FROM api_tokens WHERE user_id = coalesce($1, user_id) ORDER BY id");

const INSERT_WEBHOOK: &str =
    concat!("INSERT INTO webhooks (", webhook_columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7)");
const UPDATE_WEBHOOK: &str =
    "UPDATE webhooks SET title = $2, scopes = $3, secret_hash = coalesce($4, secret_hash) WHERE id = $1";
const TOUCH_WEBHOOK: &str = "UPDATE webhooks SET last_used_at = $2 WHERE id = $1";
const DELETE_WEBHOOK: &str = "DELETE FROM webhooks WHERE id = $1";
const WEBHOOK: &str = concat!("SELECT ", webhook_columns!(), " FROM webhooks WHERE id = $1");
const WEBHOOKS: &str =
    concat!("SELECT ", webhook_columns!(), " FROM webhooks WHERE user_id = coalesce($1, user_id) ORDER BY id");

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
            let scopes = texts(&t.scopes);
            let values = params![t.id, &t.hash, t.user, &t.name, scopes, t.created_at, t.last_used_at, t.expires_at];
            tx.send(INSERT_TOKEN, values).await
        }
        CredentialWrite::TouchApiToken { id, at } => tx.send(TOUCH_TOKEN, params![*id, *at]).await,
        CredentialWrite::DeleteApiToken { id } => tx.send(DELETE_TOKEN, params![*id]).await,
        CredentialWrite::InsertWebhook(w) => {
            let scopes = texts(&w.scopes);
            let values = params![w.id, w.user, &w.secret_hash, &w.title, scopes, w.created_at, w.last_used_at];
            tx.send(INSERT_WEBHOOK, values).await
        }
        CredentialWrite::UpdateWebhook { id, title, scopes, secret_hash } => {
            let values = params![*id, title, texts(scopes), secret_hash.as_ref()];
            tx.must(UPDATE_WEBHOOK, values, Conflict::Missing("webhook")).await
        }
        CredentialWrite::TouchWebhook { id, at } => tx.send(TOUCH_WEBHOOK, params![*id, *at]).await,
        CredentialWrite::DeleteWebhook { id } => tx.send(DELETE_WEBHOOK, params![*id]).await,
    }
}

fn session(c: &mut Columns<'_>) -> Read<SessionRow> {
    Ok(SessionRow {
        token_hash: c.get()?,
        user: c.id(UserId)?,
        csrf_hash: c.get()?,
        created_at: c.at()?,
        expires_at: c.at()?,
        last_seen_at: c.at()?,
        user_agent: c.get()?,
    })
}

fn token(c: &mut Columns<'_>) -> Read<ApiTokenRow> {
    Ok(ApiTokenRow {
        id: c.id(TokenId)?,
        hash: c.get()?,
        user: c.id(UserId)?,
        name: c.get()?,
        scopes: c.texts()?,
        created_at: c.at()?,
        last_used_at: c.at_opt()?,
        expires_at: c.at_opt()?,
    })
}

fn webhook(c: &mut Columns<'_>) -> Read<WebhookRow> {
    Ok(WebhookRow {
        id: c.id(WebhookId)?,
        user: c.id(UserId)?,
        secret_hash: c.get()?,
        title: c.get()?,
        scopes: c.texts()?,
        created_at: c.at()?,
        last_used_at: c.at_opt()?,
    })
}

#[async_trait]
impl Credentials for PostgresStore {
    async fn session(&self, token_hash: &Hash) -> Result<Option<SessionRow>> {
        self.first(SESSION, params![token_hash], session).await
    }

    async fn sessions_of(&self, user: UserId) -> Result<Vec<SessionRow>> {
        self.all(SESSIONS_OF, params![user], session).await
    }

    async fn api_token(&self, hash: &Hash) -> Result<Option<ApiTokenRow>> {
        self.first(TOKEN, params![hash], token).await
    }

    async fn api_tokens(&self, user: Option<UserId>) -> Result<Vec<ApiTokenRow>> {
        self.all(TOKENS, params![user], token).await
    }

    async fn webhook(&self, id: WebhookId) -> Result<Option<WebhookRow>> {
        self.first(WEBHOOK, params![id], webhook).await
    }

    async fn webhooks(&self, user: Option<UserId>) -> Result<Vec<WebhookRow>> {
        self.all(WEBHOOKS, params![user], webhook).await
    }
}
