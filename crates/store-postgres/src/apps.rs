//! `apps`, `oauth_codes`, `oauth_tokens`, `app_activities`.

use crate::{
    PostgresStore,
    sql::{Param, Tx, WriteResult, params},
};
use async_trait::async_trait;
use model::AppId;
use store::{
    AppActivityRow, AppRow, AppWrite, Apps, Conflict, Hash, OauthCodeRow, OauthTokenRow, Result, columns,
    rows::texts_column,
};

const INSERT: &str = concat!(
    "INSERT INTO apps (",
    columns!(app),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
);
const UPDATE: &str = "UPDATE apps SET client_id = $2, client_secret_hash = $3, client_secret_sealed = $4, name = $5,
    handler_url = $6, install_url = $7, scopes = $8, application_token = $9, script_only = $10, installed = $11,
    status = $12, attributes = $13, version = version + 1 WHERE id = $1 AND version = $14";
const DELETE: [&str; 4] = [
    "DELETE FROM oauth_codes WHERE app_id = $1",
    "DELETE FROM oauth_tokens WHERE app_id = $1",
    "DELETE FROM app_activities WHERE app_id = $1",
    "DELETE FROM apps WHERE id = $1",
];
const ONE: &str = concat!("SELECT ", columns!(app), " FROM apps WHERE id = $1");
const BY_CLIENT_ID: &str = concat!("SELECT ", columns!(app), " FROM apps WHERE client_id = $1");
const ALL: &str = concat!("SELECT ", columns!(app), " FROM apps ORDER BY id");

const INSERT_CODE: &str = concat!("INSERT INTO oauth_codes (", columns!(oauth_code), ") VALUES ($1, $2, $3, $4, $5)");
const TAKE_CODE: &str = "DELETE FROM oauth_codes WHERE hash = $1";
const CODE: &str = concat!("SELECT ", columns!(oauth_code), " FROM oauth_codes WHERE hash = $1");

const INSERT_TOKEN: &str =
    concat!("INSERT INTO oauth_tokens (", columns!(oauth_token), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)");
const ROTATE_TOKEN: &str = "UPDATE oauth_tokens SET access_hash = $2, refresh_hash = $3, prev_refresh_hash = $4,
    prev_refresh_until = $5, scopes = $6, access_expires_at = $7, refresh_expires_at = $8
    WHERE id = $1 AND refresh_hash = $9";
const DELETE_TOKENS: &str = "DELETE FROM oauth_tokens WHERE app_id = $1 AND user_id = coalesce($2, user_id)";
pub(crate) const BY_ACCESS: &str =
    concat!("SELECT ", columns!(oauth_token), " FROM oauth_tokens WHERE access_hash = $1");
pub(crate) const BY_REFRESH: &str = concat!(
    "SELECT ",
    columns!(oauth_token),
    " FROM oauth_tokens WHERE refresh_hash = $1 OR prev_refresh_hash = $1 ORDER BY refresh_hash = $1 DESC"
);

const INSERT_ACTIVITY: &str =
    concat!("INSERT INTO app_activities (", columns!(activity), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
const UPDATE_ACTIVITY: &str = "UPDATE app_activities SET spec = $2, updated_at = $3 WHERE id = $1";
const DELETE_ACTIVITY: &str = "DELETE FROM app_activities WHERE id = $1";
const ACTIVITIES: &str =
    concat!("SELECT ", columns!(activity), " FROM app_activities WHERE app_id = coalesce($1, app_id) ORDER BY id");
const ACTIVITY: &str = concat!("SELECT ", columns!(activity), " FROM app_activities WHERE internal_code = $1");

pub(crate) async fn apply(tx: &mut Tx<'_>, write: &AppWrite) -> WriteResult {
    match write {
        AppWrite::Insert(a) => {
            let mut values = about(a);
            values.extend(params![a.created_by, a.created_at, a.version]);
            tx.send(INSERT, values).await
        }
        AppWrite::Update { row, expect_version } => {
            let mut values = about(row);
            values.push((*expect_version).into());
            tx.must(UPDATE, values, Conflict::AppVersion).await
        }
        AppWrite::Delete { id } => {
            for sql in DELETE {
                tx.send(sql, params![*id]).await?;
            }
            Ok(())
        }
        AppWrite::InsertCode(c) => {
            tx.send(INSERT_CODE, params![&c.hash, c.app, c.user, texts_column(&c.scopes), c.expires_at]).await
        }
        AppWrite::TakeCode { hash } => tx.must(TAKE_CODE, params![hash], Conflict::Grant).await,
        AppWrite::InsertToken(t) => {
            let mut values = about_token(t);
            values.extend(params![t.app, t.user]);
            tx.send(INSERT_TOKEN, values).await
        }
        AppWrite::RotateToken { row, expect_refresh } => {
            let mut values = about_token(row);
            values.push(expect_refresh.into());
            tx.must(ROTATE_TOKEN, values, Conflict::Grant).await
        }
        AppWrite::DeleteTokens { app, user } => tx.send(DELETE_TOKENS, params![*app, *user]).await,
        AppWrite::InsertActivity(a) => {
            let kind = a.kind.code();
            let values = params![a.id, a.app, kind, &a.code, &a.internal_code, &a.spec, a.created_at, a.updated_at];
            tx.send(INSERT_ACTIVITY, values).await
        }
        AppWrite::UpdateActivity { id, spec, at } => {
            tx.must(UPDATE_ACTIVITY, params![*id, spec, *at], Conflict::Missing("activity")).await
        }
        AppWrite::DeleteActivity { id } => tx.send(DELETE_ACTIVITY, params![*id]).await,
    }
}

/// What may change of an app, after the id.
fn about(a: &AppRow) -> Vec<Param> {
    params![
        a.id,
        &a.client_id,
        &a.client_secret_hash,
        a.client_secret_sealed.clone(),
        &a.name,
        &a.handler_url,
        &a.install_url,
        texts_column(&a.scopes),
        &a.application_token,
        i64::from(a.script_only),
        i64::from(a.installed),
        a.status.code(),
        &a.attributes
    ]
}

/// What may change of a pair of tokens, after the id.
fn about_token(t: &OauthTokenRow) -> Vec<Param> {
    params![
        t.id,
        &t.access_hash,
        &t.refresh_hash,
        t.prev_refresh_hash.as_ref(),
        t.prev_refresh_until,
        texts_column(&t.scopes),
        t.access_expires_at,
        t.refresh_expires_at
    ]
}

#[async_trait]
impl Apps for PostgresStore {
    async fn app(&self, id: AppId) -> Result<Option<AppRow>> {
        self.first(ONE, params![id]).await
    }

    async fn app_by_client_id(&self, client_id: &str) -> Result<Option<AppRow>> {
        self.first(BY_CLIENT_ID, params![client_id]).await
    }

    async fn apps(&self) -> Result<Vec<AppRow>> {
        self.all(ALL, Vec::new()).await
    }

    async fn oauth_code(&self, hash: &Hash) -> Result<Option<OauthCodeRow>> {
        self.first(CODE, params![hash]).await
    }

    async fn oauth_by_access(&self, hash: &Hash) -> Result<Option<OauthTokenRow>> {
        self.first(BY_ACCESS, params![hash]).await
    }

    async fn oauth_by_refresh(&self, hash: &Hash) -> Result<Option<OauthTokenRow>> {
        self.first(BY_REFRESH, params![hash]).await
    }

    async fn app_activities(&self, app: Option<AppId>) -> Result<Vec<AppActivityRow>> {
        self.all(ACTIVITIES, params![app]).await
    }

    async fn app_activity(&self, internal_code: &str) -> Result<Option<AppActivityRow>> {
        self.first(ACTIVITY, params![internal_code]).await
    }
}
