//! Apps: OAuth clients with their codes, tokens, activities and robots.

use crate::{Result, codes::coded, credentials::Hash};
use async_trait::async_trait;
use model::{AppActivityId, AppId, Timestamp, UserId};
use serde_json::Value as Json;

coded! {
    /// Where the installation of an app stands.
    AppStatus {
        /// Made, not yet told to be installed.
        New = 0 "new",
        /// Works.
        Installed = 1 "installed",
        /// Switched off by an administrator.
        Disabled = 2 "disabled",
    }
    /// What an app registered.
    AppActivityKind {
        /// A step for the designer.
        Activity = 0 "activity",
        /// A step for stages.
        Robot = 1 "robot",
    }
}

/// An app.
#[derive(Debug, Clone, PartialEq)]
pub struct AppRow {
    /// The id.
    pub id: AppId,
    /// Public client id, unique.
    pub client_id: String,
    /// Hash of the client secret.
    pub client_secret_hash: Hash,
    /// The client secret, sealed so that it can be shown again; the store never opens it.
    pub client_secret_sealed: Option<Vec<u8>>,
    /// Its name.
    pub name: String,
    /// Where it is shown or redirected to.
    pub handler_url: String,
    /// Called on installation.
    pub install_url: String,
    /// What it may use.
    pub scopes: Vec<String>,
    /// Sent along with events so that the app knows us.
    pub application_token: String,
    /// It has no pages of its own.
    pub script_only: bool,
    /// Who made it.
    pub created_by: UserId,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether it reported its installation as finished.
    pub installed: bool,
    /// Where it stands.
    pub status: AppStatus,
    /// Grows with every change, from 1.
    pub version: u64,
    /// Anything else.
    pub attributes: Json,
}

/// An authorization code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OauthCodeRow {
    /// Hash of the code.
    pub hash: Hash,
    /// For which app.
    pub app: AppId,
    /// In whose name.
    pub user: UserId,
    /// The scopes granted.
    pub scopes: Vec<String>,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A pair of access and refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OauthTokenRow {
    /// The id ([`crate::IdKind::OauthToken`]).
    pub id: i64,
    /// Hash of the access token.
    pub access_hash: Hash,
    /// Hash of the refresh token.
    pub refresh_hash: Hash,
    /// Hash of the refresh token before the last rotation.
    pub prev_refresh_hash: Option<Hash>,
    /// Until when the previous refresh token still works.
    pub prev_refresh_until: Option<Timestamp>,
    /// For which app.
    pub app: AppId,
    /// In whose name.
    pub user: UserId,
    /// The scopes granted.
    pub scopes: Vec<String>,
    /// When the access token ends.
    pub access_expires_at: Timestamp,
    /// When the refresh token ends.
    pub refresh_expires_at: Timestamp,
}

/// An activity or robot of an app.
#[derive(Debug, Clone, PartialEq)]
pub struct AppActivityRow {
    /// The id.
    pub id: AppActivityId,
    /// The app.
    pub app: AppId,
    /// What it is.
    pub kind: AppActivityKind,
    /// The code given by the app, unique within it.
    pub code: String,
    /// The key that definitions name it by, unique.
    pub internal_code: String,
    /// Its description.
    pub spec: Json,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Changes to apps.
#[derive(Debug, Clone, PartialEq)]
pub enum AppWrite {
    /// A new app; [`crate::Conflict::ClientId`].
    Insert(Box<AppRow>),
    /// Replaces an app; the stored version becomes `expect_version + 1`. [`crate::Conflict::AppVersion`].
    Update {
        /// The new row.
        row: Box<AppRow>,
        /// The version that was read.
        expect_version: u64,
    },
    /// Forgets an app, its codes, tokens, activities and robots.
    Delete {
        /// The app.
        id: AppId,
    },
    /// A new authorization code.
    InsertCode(OauthCodeRow),
    /// Uses up a code; [`crate::Conflict::Grant`] when it is gone.
    TakeCode {
        /// Hash of the code.
        hash: Hash,
    },
    /// A new pair of tokens.
    InsertToken(OauthTokenRow),
    /// Replaces a pair by its id; [`crate::Conflict::Grant`] when its refresh token is another.
    RotateToken {
        /// The new row.
        row: OauthTokenRow,
        /// Hash of the refresh token that was read.
        expect_refresh: Hash,
    },
    /// Revokes the tokens of an app, of one person or, with none, of all.
    DeleteTokens {
        /// The app.
        app: AppId,
        /// The person.
        user: Option<UserId>,
    },
    /// A new activity or robot; [`crate::Conflict::ActivityCode`].
    InsertActivity(Box<AppActivityRow>),
    /// Another description; [`crate::Conflict::Missing`] when it is gone.
    UpdateActivity {
        /// Which.
        id: AppActivityId,
        /// Its description.
        spec: Json,
        /// When.
        at: Timestamp,
    },
    /// Forgets an activity or robot.
    DeleteActivity {
        /// Which.
        id: AppActivityId,
    },
}

/// Reading apps. Whether a code or token has expired is the caller's to say.
#[async_trait]
pub trait Apps {
    /// One app.
    async fn app(&self, id: AppId) -> Result<Option<AppRow>>;
    /// The app with this client id.
    async fn app_by_client_id(&self, client_id: &str) -> Result<Option<AppRow>>;
    /// All apps, by id.
    async fn apps(&self) -> Result<Vec<AppRow>>;
    /// An authorization code.
    async fn oauth_code(&self, hash: &Hash) -> Result<Option<OauthCodeRow>>;
    /// The pair of an access token.
    async fn oauth_by_access(&self, hash: &Hash) -> Result<Option<OauthTokenRow>>;
    /// The pair whose present or previous refresh token this is.
    async fn oauth_by_refresh(&self, hash: &Hash) -> Result<Option<OauthTokenRow>>;
    /// Activities and robots of one app or, with none, of all; by id.
    async fn app_activities(&self, app: Option<AppId>) -> Result<Vec<AppActivityRow>>;
    /// An activity or robot by the key that definitions name it by.
    async fn app_activity(&self, internal_code: &str) -> Result<Option<AppActivityRow>>;
}
