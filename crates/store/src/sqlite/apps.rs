//! `apps`, `oauth_codes`, `oauth_tokens`, `app_activities`.

use super::{
    SqliteStore,
    row::{at, int},
    tx::{Tx, WriteResult, all, first},
};
use crate::{
    AppActivityRow, AppRow, AppWrite, Apps, Conflict, Hash, OauthCodeRow, OauthTokenRow, Result, columns,
    rows::texts_column,
};
use async_trait::async_trait;
use model::AppId;
use rusqlite::params;

const INSERT: &str = concat!(
    "INSERT INTO apps (",
    columns!(app),
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"
);
const UPDATE: &str = "UPDATE apps SET client_id = ?2, client_secret_hash = ?3, client_secret_sealed = ?4, name = ?5,
    handler_url = ?6, install_url = ?7, scopes = ?8, application_token = ?9, script_only = ?10, installed = ?11,
    status = ?12, attributes = ?13, version = version + 1 WHERE id = ?1 AND version = ?14";
const DELETE: [&str; 4] = [
    "DELETE FROM oauth_codes WHERE app_id = ?1",
    "DELETE FROM oauth_tokens WHERE app_id = ?1",
    "DELETE FROM app_activities WHERE app_id = ?1",
    "DELETE FROM apps WHERE id = ?1",
];
const ONE: &str = concat!("SELECT ", columns!(app), " FROM apps WHERE id = ?1");
const BY_CLIENT_ID: &str = concat!("SELECT ", columns!(app), " FROM apps WHERE client_id = ?1");
const ALL: &str = concat!("SELECT ", columns!(app), " FROM apps ORDER BY id");

const INSERT_CODE: &str = concat!("INSERT INTO oauth_codes (", columns!(oauth_code), ") VALUES (?1, ?2, ?3, ?4, ?5)");
const TAKE_CODE: &str = "DELETE FROM oauth_codes WHERE hash = ?1";
const CODE: &str = concat!("SELECT ", columns!(oauth_code), " FROM oauth_codes WHERE hash = ?1");

const INSERT_TOKEN: &str =
    concat!("INSERT INTO oauth_tokens (", columns!(oauth_token), ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
const ROTATE_TOKEN: &str = "UPDATE oauth_tokens SET access_hash = ?2, refresh_hash = ?3, prev_refresh_hash = ?4,
    prev_refresh_until = ?5, scopes = ?6, access_expires_at = ?7, refresh_expires_at = ?8
    WHERE id = ?1 AND refresh_hash = ?9";
const DELETE_TOKENS: &str = "DELETE FROM oauth_tokens WHERE app_id = ?1 AND user_id = coalesce(?2, user_id)";
pub(super) const BY_ACCESS: &str =
    concat!("SELECT ", columns!(oauth_token), " FROM oauth_tokens WHERE access_hash = ?1");
pub(super) const BY_REFRESH: &str = concat!(
    "SELECT ",
    columns!(oauth_token),
    " FROM oauth_tokens WHERE refresh_hash = ?1 OR prev_refresh_hash = ?1 ORDER BY refresh_hash = ?1 DESC"
);

const INSERT_ACTIVITY: &str =
    concat!("INSERT INTO app_activities (", columns!(activity), ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
const UPDATE_ACTIVITY: &str = "UPDATE app_activities SET spec = ?2, updated_at = ?3 WHERE id = ?1";
const DELETE_ACTIVITY: &str = "DELETE FROM app_activities WHERE id = ?1";
const ACTIVITIES: &str =
    concat!("SELECT ", columns!(activity), " FROM app_activities WHERE app_id = coalesce(?1, app_id) ORDER BY id");
const ACTIVITY: &str = concat!("SELECT ", columns!(activity), " FROM app_activities WHERE internal_code = ?1");

pub(super) fn apply(tx: &mut Tx<'_>, write: &AppWrite) -> WriteResult {
    match write {
        AppWrite::Insert(row) => insert(tx, row),
        AppWrite::Update { row, expect_version } => update(tx, row, *expect_version),
        AppWrite::Delete { id } => {
            for sql in DELETE {
                tx.run(sql, [id.0])?;
            }
            Ok(())
        }
        AppWrite::InsertCode(c) => {
            tx.run(INSERT_CODE, params![c.hash, c.app.0, c.user.0, texts_column(&c.scopes), c.expires_at.0]).map(|_| ())
        }
        AppWrite::TakeCode { hash } => tx.must(TAKE_CODE, [hash], Conflict::Grant),
        AppWrite::InsertToken(t) => {
            let values = params![
                t.id,
                t.access_hash,
                t.refresh_hash,
                t.prev_refresh_hash,
                at(t.prev_refresh_until),
                texts_column(&t.scopes),
                t.access_expires_at.0,
                t.refresh_expires_at.0,
                t.app.0,
                t.user.0
            ];
            tx.run(INSERT_TOKEN, values).map(|_| ())
        }
        AppWrite::RotateToken { row: t, expect_refresh } => {
            let values = params![
                t.id,
                t.access_hash,
                t.refresh_hash,
                t.prev_refresh_hash,
                at(t.prev_refresh_until),
                texts_column(&t.scopes),
                t.access_expires_at.0,
                t.refresh_expires_at.0,
                expect_refresh
            ];
            tx.must(ROTATE_TOKEN, values, Conflict::Grant)
        }
        AppWrite::DeleteTokens { app, user } => tx.run(DELETE_TOKENS, params![app.0, user.map(|u| u.0)]).map(|_| ()),
        AppWrite::InsertActivity(a) => {
            let values = params![
                a.id.0,
                a.app.0,
                a.kind.code(),
                a.code,
                a.internal_code,
                a.spec.to_string(),
                a.created_at.0,
                a.updated_at.0
            ];
            tx.run(INSERT_ACTIVITY, values).map(|_| ())
        }
        AppWrite::UpdateActivity { id, spec, at } => {
            tx.must(UPDATE_ACTIVITY, params![id.0, spec.to_string(), at.0], Conflict::Missing("activity"))
        }
        AppWrite::DeleteActivity { id } => tx.run(DELETE_ACTIVITY, [id.0]).map(|_| ()),
    }
}

fn insert(tx: &mut Tx<'_>, a: &AppRow) -> WriteResult {
    let values = params![
        a.id.0,
        a.client_id,
        a.client_secret_hash,
        a.client_secret_sealed,
        a.name,
        a.handler_url,
        a.install_url,
        texts_column(&a.scopes),
        a.application_token,
        a.script_only,
        a.installed,
        a.status.code(),
        a.attributes.to_string(),
        a.created_by.0,
        a.created_at.0,
        int(a.version)
    ];
    tx.run(INSERT, values).map(|_| ())
}

fn update(tx: &mut Tx<'_>, a: &AppRow, expect_version: u64) -> WriteResult {
    let values = params![
        a.id.0,
        a.client_id,
        a.client_secret_hash,
        a.client_secret_sealed,
        a.name,
        a.handler_url,
        a.install_url,
        texts_column(&a.scopes),
        a.application_token,
        a.script_only,
        a.installed,
        a.status.code(),
        a.attributes.to_string(),
        int(expect_version)
    ];
    tx.must(UPDATE, values, Conflict::AppVersion)
}

#[async_trait]
impl Apps for SqliteStore {
    async fn app(&self, id: AppId) -> Result<Option<AppRow>> {
        self.read(move |c| first(c, ONE, [id.0])).await
    }

    async fn app_by_client_id(&self, client_id: &str) -> Result<Option<AppRow>> {
        let client_id = client_id.to_owned();
        self.read(move |c| first(c, BY_CLIENT_ID, [client_id])).await
    }

    async fn apps(&self) -> Result<Vec<AppRow>> {
        self.read(|c| all(c, ALL, [])).await
    }

    async fn oauth_code(&self, hash: &Hash) -> Result<Option<OauthCodeRow>> {
        let hash = *hash;
        self.read(move |c| first(c, CODE, [hash])).await
    }

    async fn oauth_by_access(&self, hash: &Hash) -> Result<Option<OauthTokenRow>> {
        let hash = *hash;
        self.read(move |c| first(c, BY_ACCESS, [hash])).await
    }

    async fn oauth_by_refresh(&self, hash: &Hash) -> Result<Option<OauthTokenRow>> {
        let hash = *hash;
        self.read(move |c| first(c, BY_REFRESH, [hash])).await
    }

    async fn app_activities(&self, app: Option<AppId>) -> Result<Vec<AppActivityRow>> {
        self.read(move |c| all(c, ACTIVITIES, [app.map(|a| a.0)])).await
    }

    async fn app_activity(&self, internal_code: &str) -> Result<Option<AppActivityRow>> {
        let internal_code = internal_code.to_owned();
        self.read(move |c| first(c, ACTIVITY, [internal_code])).await
    }
}
