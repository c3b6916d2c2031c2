//! Making and changing apps.
//!
//! Invariant: the client secret is known when it is made and never again; the store has its hash.

use super::types::{App, AppPatch, AppWithSecret, NewApp};
use crate::identity::{ScopeSet, secrets};
use crate::platform::Inner;
use crate::{Actor, LiveEvent};
use model::error::codes;
use model::{AppId, Fault};
use serde_json::json;
use store::{AppRow, AppStatus, AppWrite, IdKind, Unit};

/// Apps, see [`crate::Platform::apps`]. Their tokens are in [`super::oauth`].
pub struct Apps<'a>(pub(crate) &'a Inner);

impl Apps<'_> {
    /// All apps, by id.
    pub async fn list(&self) -> Result<Vec<App>, Fault> {
        Ok(self.0.store.apps().await?.into_iter().map(App::from).collect())
    }

    /// An app, or `IDN-0010`.
    pub async fn require(&self, id: AppId) -> Result<App, Fault> {
        Ok(self.row(id).await?.into())
    }

    /// The app of a client id.
    pub async fn by_client_id(&self, client_id: &str) -> Result<Option<App>, Fault> {
        Ok(self.0.store.app_by_client_id(client_id).await?.map(App::from))
    }

    /// Makes an app.
    pub async fn create(&self, actor: &Actor, new: NewApp) -> Result<AppWithSecret, Fault> {
        let (client_secret, client_secret_hash) = new_secret();
        let row = AppRow {
            id: AppId(self.0.store.next_id(IdKind::App).await?),
            client_id: format!("local.{}.{}", secrets::random_hex(14), secrets::random_text(b"0123456789", 8)),
            client_secret_hash,
            client_secret_sealed: None,
            name: check_name(&new.name)?,
            handler_url: check_url("handlerUrl", new.handler_url)?,
            install_url: check_url("installUrl", new.install_url)?,
            scopes: check_scopes(&new.scopes)?,
            application_token: secrets::random_hex(32),
            script_only: true,
            created_by: actor.user_id(),
            created_at: self.0.now(),
            installed: true,
            status: AppStatus::Installed,
            version: 1,
            attributes: json!({}),
        };
        self.0.commit(Unit::of(AppWrite::Insert(Box::new(row.clone())))).await?;
        self.0.live.publish(LiveEvent::new("app", row.id));
        Ok(AppWithSecret { app: row.into(), client_secret })
    }

    /// Changes an app.
    pub async fn update(&self, id: AppId, patch: AppPatch) -> Result<App, Fault> {
        let mut row = self.row(id).await?;
        if let Some(name) = patch.name {
            row.name = check_name(&name)?;
        }
        if let Some(scopes) = patch.scopes {
            row.scopes = check_scopes(&scopes)?;
        }
        if let Some(url) = patch.handler_url {
            row.handler_url = check_url("handlerUrl", url)?;
        }
        if let Some(url) = patch.install_url {
            row.install_url = check_url("installUrl", url)?;
        }
        self.put(row).await
    }

    /// Makes a new client secret; the old one stops working.
    pub async fn new_secret(&self, id: AppId) -> Result<AppWithSecret, Fault> {
        let mut row = self.row(id).await?;
        let (client_secret, hash) = new_secret();
        row.client_secret_hash = hash;
        Ok(AppWithSecret { app: self.put(row).await?, client_secret })
    }

    /// Forgets an app with its codes, tokens, activities and robots.
    pub async fn delete(&self, id: AppId) -> Result<(), Fault> {
        self.row(id).await?;
        self.0.commit(Unit::of(AppWrite::Delete { id })).await?;
        self.0.live.publish(LiveEvent::new("app", id));
        Ok(())
    }

    async fn put(&self, row: AppRow) -> Result<App, Fault> {
        let (id, expect_version) = (row.id, row.version);
        let row = AppRow { version: expect_version + 1, ..row };
        self.0.commit(Unit::of(AppWrite::Update { row: Box::new(row.clone()), expect_version })).await?;
        self.0.live.publish(LiveEvent::new("app", id));
        Ok(row.into())
    }

    pub(super) async fn row(&self, id: AppId) -> Result<AppRow, Fault> {
        self.0.store.app(id).await?.ok_or_else(|| Fault::new(&codes::APP_NOT_FOUND, format!("There is no app {id}")))
    }
}

fn new_secret() -> (String, secrets::Hash32) {
    let secret = secrets::random_text(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 50);
    let hash = secrets::hash_token(&secret);
    (secret, hash)
}

fn invalid(field: &str, message: &str) -> Fault {
    Fault::new(&codes::APP_INVALID, message).with_details(json!({ "field": field }))
}

fn check_name(name: &str) -> Result<String, Fault> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 200 {
        return Err(invalid("name", "An app's name has 1 to 200 characters"));
    }
    Ok(name.to_owned())
}

/// Scopes of an app or webhook: names of letters, digits and `_`, at most 50. Unknown ones are kept: they give nothing.
pub(crate) fn check_scopes(scopes: &ScopeSet) -> Result<Vec<String>, Fault> {
    let fits = |s: &str| s.len() <= 50 && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if scopes.iter().count() > 50 || !scopes.iter().all(fits) {
        return Err(invalid("scopes", "Scopes are at most 50 names of letters, digits and _"));
    }
    Ok(scopes.iter().map(str::to_owned).collect())
}

fn check_url(field: &str, url: Option<String>) -> Result<String, Fault> {
    let text = url.unwrap_or_default().trim().to_owned();
    if text.is_empty() {
        return Ok(text);
    }
    let fits = text.len() <= 2000
        && url::Url::parse(&text).is_ok_and(|u| matches!(u.scheme(), "http" | "https") && u.has_host());
    if fits { Ok(text) } else { Err(invalid(field, "An http or https address is expected")) }
}

impl From<AppRow> for App {
    fn from(row: AppRow) -> Self {
        let some = |text: String| if text.is_empty() { None } else { Some(text) };
        Self {
            id: row.id,
            name: row.name,
            client_id: row.client_id,
            application_token: row.application_token,
            scopes: ScopeSet::new(row.scopes),
            handler_url: some(row.handler_url),
            install_url: some(row.install_url),
            version: row.version,
            created_by: row.created_by,
            created_at: row.created_at,
        }
    }
}
