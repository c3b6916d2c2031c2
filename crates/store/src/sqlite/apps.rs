//! `apps`, `oauth_codes`, `oauth_tokens`, `app_activities`.

use super::{
    SqliteStore,
    row::{Columns, at, int, texts},
    tx::{Tx, WriteResult, all, first},
};
use crate::{
    AppActivityKind, AppActivityRow, AppRow, AppStatus, AppWrite, Apps, Conflict, Hash, OauthCodeRow, OauthTokenRow,
    Result,
};
use async_trait::async_trait;
use model::{AppActivityId, AppId, UserId};
use rusqlite::{Row, params};

macro_rules! columns {
    () => {
        "id, client_id, client_secret_hash, client_secret_sealed, name, handler_url, install_url, scopes,
        application_token, script_only, created_by, created_at, installed, status, version, attributes"
    };
}
macro_rules! token_columns {
    () => {
        "id, access_hash, refresh_hash, prev_refresh_hash, prev_refresh_until, app_id, user_id, scopes,
        access_expires_at, refresh_expires_at"
    };
}
macro_rules! activity_columns {
    () => {
        "id, app_id, kind, code, internal_code, spec, created_at, updated_at"
    };
}

const INSERT: &str = concat!(
    "INSERT INTO apps (",
    columns!(),
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
const ONE: &str = concat!("SELECT ", columns!(), " FROM apps WHERE id = ?1");
const BY_CLIENT_ID: &str = concat!("SELECT ", columns!(), " FROM apps WHERE client_id = ?1");
const ALL: &str = concat!("SELECT ", columns!(), " FROM apps ORDER BY id");

const INSERT_CODE: &str =
    "INSERT INTO oauth_codes (hash, app_id, user_id, scopes, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)";
const TAKE_CODE: &str = "DELETE FROM oauth_codes WHERE hash = ?1";
const CODE: &str = "SELECT hash, app_id, user_id, scopes, expires_at FROM oauth_codes WHERE hash = ?1";

const INSERT_TOKEN: &str =
    concat!("INSERT INTO oauth_tokens (", token_columns!(), ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
const ROTATE_TOKEN: &str = "UPDATE oauth_tokens SET access_hash = ?2, refresh_hash = ?3, prev_refresh_hash = ?4,
    prev_refresh_until = ?5, scopes = ?6, access_expires_at = ?7, refresh_expires_at = ?8
    WHERE id = ?1 AND refresh_hash = ?9";
const DELETE_TOKENS: &str = "DELETE FROM oauth_tokens WHERE app_id = ?1 AND user_id = coalesce(?2, user_id)";
pub(super) const BY_ACCESS: &str = concat!("SELECT ", token_columns!(), " FROM oauth_tokens WHERE access_hash = ?1");
pub(super) const BY_REFRESH: &str = concat!(
    "SELECT ",
    token_columns!(),
    " FROM oauth_tokens WHERE refresh_hash = ?1 OR prev_refresh_hash = ?1 ORDER BY refresh_hash = ?1 DESC"
);

const INSERT_ACTIVITY: &str =
    concat!("INSERT INTO app_activities (", activity_columns!(), ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
const UPDATE_ACTIVITY: &str = "UPDATE app_activities SET spec = ?2, updated_at = ?3 WHERE id = ?1";
const DELETE_ACTIVITY: &str = "DELETE FROM app_activities WHERE id = ?1";
const ACTIVITIES: &str =
    concat!("SELECT ", activity_columns!(), " FROM app_activities WHERE app_id = coalesce(?1, app_id) ORDER BY id");
const ACTIVITY: &str = concat!("SELECT ", activity_columns!(), " FROM app_activities WHERE internal_code = ?1");

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
            tx.run(INSERT_CODE, params![c.hash, c.app.0, c.user.0, texts(&c.scopes), c.expires_at.0]).map(|_| ())
        }
        AppWrite::TakeCode { hash } => tx.must(TAKE_CODE, [hash], Conflict::Grant),
        AppWrite::InsertToken(t) => {
            let values = params![
                t.id,
                t.access_hash,
                t.refresh_hash,
                t.prev_refresh_hash,
                at(t.prev_refresh_until),
                t.app.0,
                t.user.0,
                texts(&t.scopes),
                t.access_expires_at.0,
                t.refresh_expires_at.0
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
                texts(&t.scopes),
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
        texts(&a.scopes),
        a.application_token,
        a.script_only,
        a.created_by.0,
        a.created_at.0,
        a.installed,
        a.status.code(),
        int(a.version),
        a.attributes.to_string()
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
        texts(&a.scopes),
        a.application_token,
        a.script_only,
        a.installed,
        a.status.code(),
        a.attributes.to_string(),
        int(expect_version)
    ];
    tx.must(UPDATE, values, Conflict::AppVersion)
}

fn app(row: &Row<'_>) -> rusqlite::Result<AppRow> {
    let mut c = Columns::new(row);
    Ok(AppRow {
        id: c.id(AppId)?,
        client_id: c.get()?,
        client_secret_hash: c.get()?,
        client_secret_sealed: c.get()?,
        name: c.get()?,
        handler_url: c.get()?,
        install_url: c.get()?,
        scopes: c.texts()?,
        application_token: c.get()?,
        script_only: c.get()?,
        created_by: c.id(UserId)?,
        created_at: c.at()?,
        installed: c.get()?,
        status: c.code(AppStatus::from_code)?,
        version: c.count()?,
        attributes: c.json()?,
    })
}

fn code(row: &Row<'_>) -> rusqlite::Result<OauthCodeRow> {
    let mut c = Columns::new(row);
    Ok(OauthCodeRow { hash: c.get()?, app: c.id(AppId)?, user: c.id(UserId)?, scopes: c.texts()?, expires_at: c.at()? })
}

fn token(row: &Row<'_>) -> rusqlite::Result<OauthTokenRow> {
    let mut c = Columns::new(row);
    Ok(OauthTokenRow {
        id: c.get()?,
        access_hash: c.get()?,
        refresh_hash: c.get()?,
        prev_refresh_hash: c.get()?,
        prev_refresh_until: c.at_opt()?,
        app: c.id(AppId)?,
        user: c.id(UserId)?,
        scopes: c.texts()?,
        access_expires_at: c.at()?,
        refresh_expires_at: c.at()?,
    })
}

fn activity(row: &Row<'_>) -> rusqlite::Result<AppActivityRow> {
    let mut c = Columns::new(row);
    Ok(AppActivityRow {
        id: c.id(AppActivityId)?,
        app: c.id(AppId)?,
        kind: c.code(AppActivityKind::from_code)?,
        code: c.get()?,
        internal_code: c.get()?,
        spec: c.json()?,
        created_at: c.at()?,
        updated_at: c.at()?,
    })
}

#[async_trait]
impl Apps for SqliteStore {
    async fn app(&self, id: AppId) -> Result<Option<AppRow>> {
        self.read(move |c| first(c, ONE, [id.0], app)).await
    }

    async fn app_by_client_id(&self, client_id: &str) -> Result<Option<AppRow>> {
        let client_id = client_id.to_owned();
        self.read(move |c| first(c, BY_CLIENT_ID, [client_id], app)).await
    }

    async fn apps(&self) -> Result<Vec<AppRow>> {
        self.read(|c| all(c, ALL, [], app)).await
    }

    async fn oauth_code(&self, hash: &Hash) -> Result<Option<OauthCodeRow>> {
        let hash = *hash;
        self.read(move |c| first(c, CODE, [hash], code)).await
    }

    async fn oauth_by_access(&self, hash: &Hash) -> Result<Option<OauthTokenRow>> {
        let hash = *hash;
        self.read(move |c| first(c, BY_ACCESS, [hash], token)).await
    }

    async fn oauth_by_refresh(&self, hash: &Hash) -> Result<Option<OauthTokenRow>> {
        let hash = *hash;
        self.read(move |c| first(c, BY_REFRESH, [hash], token)).await
    }

    async fn app_activities(&self, app: Option<AppId>) -> Result<Vec<AppActivityRow>> {
        self.read(move |c| all(c, ACTIVITIES, [app.map(|a| a.0)], activity)).await
    }

    async fn app_activity(&self, internal_code: &str) -> Result<Option<AppActivityRow>> {
        let internal_code = internal_code.to_owned();
        self.read(move |c| first(c, ACTIVITY, [internal_code], activity)).await
    }
}
