//! Apps, their activities and their tokens as data.

use super::Localized;
use crate::identity::ScopeSet;
use indexmap::IndexMap;
use model::{AppActivityId, AppId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// An OAuth app of this installation, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// Its id.
    pub id: AppId,
    /// What people see.
    pub name: String,
    /// `local.<14 hex>.<8 digits>`.
    pub client_id: String,
    /// 32 hex digits that calls to the app carry, so that it knows who calls.
    pub application_token: String,
    /// What its tokens may do.
    pub scopes: ScopeSet,
    /// Its page, and where an authorization code is sent.
    pub handler_url: Option<String>,
    /// Where its installation is announced.
    pub install_url: Option<String>,
    /// Counts changes of its registration.
    pub version: u64,
    /// Who made it.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
}

/// What a new app is made of.
#[derive(Debug, Clone, Default)]
pub struct NewApp {
    /// What people see.
    pub name: String,
    /// What its tokens may do.
    pub scopes: ScopeSet,
    /// Its page.
    pub handler_url: Option<String>,
    /// Where its installation is announced.
    pub install_url: Option<String>,
}

/// A change of an app; `None` keeps.
#[derive(Debug, Clone, Default)]
pub struct AppPatch {
    /// What people see.
    pub name: Option<String>,
    /// What its tokens may do, from the next token on.
    pub scopes: Option<ScopeSet>,
    /// Its page; `Some(None)` clears.
    pub handler_url: Option<Option<String>>,
    /// Where its installation is announced; `Some(None)` clears.
    pub install_url: Option<Option<String>>,
}

/// An app just made, or with a new secret: the only time the secret is known.
#[derive(Debug, Clone)]
pub struct AppWithSecret {
    /// The app.
    pub app: App,
    /// Its client secret.
    pub client_secret: String,
}

/// Tokens of an app for a person; known only now, kept as hashes.
#[derive(Debug, Clone)]
pub struct TokenPair {
    /// Lives an hour.
    pub access_token: String,
    /// Lives 180 days, replaced at each use.
    pub refresh_token: String,
    /// When the access token ends.
    pub expires: Timestamp,
    /// Seconds until then.
    pub expires_in: i64,
    /// The app.
    pub app: App,
    /// In whose name.
    pub user: UserId,
    /// What it may do.
    pub scopes: ScopeSet,
    /// The installation's constant 32 hex digits.
    pub member_id: String,
}

/// An access token's facts, once it was recognised.
#[derive(Debug, Clone)]
pub struct AccessToken {
    /// The app.
    pub app: App,
    /// In whose name.
    pub user: UserId,
    /// What it may do.
    pub scopes: ScopeSet,
    /// When it ends.
    pub expires: Timestamp,
}

/// Whether it is offered on stages of automation too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActivityKind {
    /// In the process designer only.
    Activity,
    /// On stages too.
    Robot,
}

/// A property of an app's activity.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PropertyDescriptor {
    /// What people see.
    pub name: Localized,
    /// Explanation.
    pub description: Localized,
    /// `string`, `text`, `int`, `double`, `bool`, `date`, `datetime`, `time`, `select`, `user`, `file`, …; anything
    /// else behaves as `string`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether a value must be given.
    pub required: bool,
    /// Whether it holds a list.
    pub multiple: bool,
    /// Options of a `select`, key → label.
    pub options: IndexMap<String, Localized>,
    /// Value, often with macros, when none is given.
    pub default: serde_json::Value,
    /// Face-specific settings kept as they were given.
    pub settings: serde_json::Value,
}

/// What an app says of an activity or robot of its own: all but its identity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActivitySpec {
    /// Where its work is posted to.
    pub handler: String,
    /// In whose name the handler gets tokens when the node names nobody.
    pub auth_user: Option<UserId>,
    /// `Some(true)` always waits for an answer, `Some(false)` never, `None` as the node says.
    pub use_subscription: Option<bool>,
    /// What people see.
    pub name: Localized,
    /// Explanation.
    #[serde(default)]
    pub description: Localized,
    /// Inputs in order.
    #[serde(default)]
    pub properties: IndexMap<String, PropertyDescriptor>,
    /// Outputs in order.
    #[serde(default)]
    pub return_properties: IndexMap<String, PropertyDescriptor>,
    /// `[module, entity, type]` that gives meaning to document-specific types.
    #[serde(default)]
    pub document_type: Option<[String; 3]>,
    /// Where the designer shows it, as given: `{"INCLUDE":[…],"EXCLUDE":[…]}`.
    #[serde(default)]
    pub filter: Option<serde_json::Value>,
    /// Whether it has a settings page of its own.
    #[serde(default)]
    pub use_placement: bool,
    /// That page.
    #[serde(default)]
    pub placement_handler: Option<String>,
}

/// An activity or robot registered by an app.
#[derive(Debug, Clone, PartialEq)]
pub struct AppActivity {
    /// Its id.
    pub id: AppActivityId,
    /// The app.
    pub app: AppId,
    /// The app's client id.
    pub client_id: String,
    /// The app's code for it; unique per app.
    pub code: String,
    /// `md5(client_id + "@" + code)`, 32 lower hex digits; its job type is `rest_` + this.
    pub internal_code: String,
    /// Activity or robot.
    pub kind: ActivityKind,
    /// Who registered it.
    pub registered_by: UserId,
    /// When it was registered or changed.
    pub updated_at: Timestamp,
    /// What the app says of it.
    pub spec: ActivitySpec,
}

impl AppActivity {
    /// The job type that service tasks name: `rest_<32 hex>`.
    pub fn job_type(&self) -> String {
        format!("rest_{}", self.internal_code)
    }
}
