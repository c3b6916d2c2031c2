//! Activities and robots that apps register: steps whose work their handlers do.
//!
//! Invariant: a code is unique within its app, over activities and robots together; the internal code names it in
//! definitions and survives a new registration. Never: calls a handler.

use super::types::{ActivityKind, ActivitySpec, AppActivity};
use crate::LiveEvent;
use crate::identity::secrets;
use crate::platform::Inner;
use indexmap::IndexMap;
use md5::{Digest, Md5};
use model::error::codes;
use model::{AppActivityId, AppId, Fault, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use store::{AppActivityKind, AppActivityRow, AppWrite, IdKind, Unit};

/// An activity to register.
#[derive(Debug, Clone)]
pub struct Registration {
    /// The app.
    pub app: AppId,
    /// Activity or robot.
    pub kind: ActivityKind,
    /// The app's code for it: `^[A-Za-z0-9._-]+$`.
    pub code: String,
    /// Who registers it.
    pub by: UserId,
    /// What it is.
    pub spec: ActivitySpec,
}

/// Activities and robots, see [`crate::Platform::activities`].
pub struct Activities<'a>(pub(crate) &'a Inner);

/// What the store's `spec` column holds.
#[derive(Serialize, Deserialize)]
struct StoredSpec {
    by: UserId,
    #[serde(flatten)]
    spec: ActivitySpec,
}

impl Activities<'_> {
    /// Activities and robots of one app or, with none, of all; by id.
    pub async fn list(&self, app: Option<AppId>) -> Result<Vec<AppActivity>, Fault> {
        let rows = self.0.store.app_activities(app).await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let clients: IndexMap<AppId, String> =
            self.0.store.apps().await?.into_iter().map(|a| (a.id, a.client_id)).collect();
        rows.into_iter().map(|r| from_row(clients.get(&r.app).cloned().unwrap_or_default(), r)).collect()
    }

    /// The activity or robot that definitions name by `internal_code`; as it was a moment ago if another node changed
    /// it.
    pub async fn by_internal_code(&self, internal_code: &str) -> Result<Option<Arc<AppActivity>>, Fault> {
        let ticket = match self.0.memory.registered.find(internal_code, self.0.now()) {
            Ok(activity) => return Ok(Some(activity)),
            Err(ticket) => ticket,
        };
        let Some(row) = self.0.store.app_activity(internal_code).await? else { return Ok(None) };
        let client = self.0.store.app(row.app).await?.map(|a| a.client_id).unwrap_or_default();
        let activity = Arc::new(from_row(client, row)?);
        self.0.memory.registered.remember(ticket, internal_code.to_owned(), activity.clone(), None);
        Ok(Some(activity))
    }

    /// An app's activity or robot by its code, of the one kind only.
    pub async fn get(&self, app: AppId, kind: ActivityKind, code: &str) -> Result<Option<AppActivity>, Fault> {
        Ok(self.list(Some(app)).await?.into_iter().find(|a| a.kind == kind && a.code == code))
    }

    /// Registers. `RUN-0012` when the app has an activity or robot of this code; `RUN-0013` with `details.reason`
    /// (see [`check_code`], [`check_spec`]) when it is wrong.
    pub async fn register(&self, new: Registration) -> Result<AppActivity, Fault> {
        check_code(&new.code)?;
        check_spec(&new.spec, self.0.settings.allow_bare_hosts)?;
        let app = super::Apps(self.0).require(new.app).await?;
        let now = self.0.now();
        let row = AppActivityRow {
            id: AppActivityId(self.0.store.next_id(IdKind::AppActivity).await?),
            app: app.id,
            kind: store_kind(new.kind),
            internal_code: internal_code(&app.client_id, &new.code),
            code: new.code,
            spec: to_json(&StoredSpec { by: new.by, spec: new.spec })?,
            created_at: now,
            updated_at: now,
        };
        self.0.commit(Unit::of(AppWrite::InsertActivity(Box::new(row.clone())))).await?;
        self.changed(app.id, &row.code);
        from_row(app.client_id, row)
    }

    /// Replaces what is known of an activity or robot. `RUN-0011` when the app has none of this kind and code.
    pub async fn update(
        &self,
        app: AppId,
        kind: ActivityKind,
        code: &str,
        spec: ActivitySpec,
    ) -> Result<AppActivity, Fault> {
        let current = self.get(app, kind, code).await?.ok_or_else(|| Fault::of(&codes::ACTIVITY_NOT_FOUND))?;
        check_spec(&spec, self.0.settings.allow_bare_hosts)?;
        let at = self.0.now();
        let stored = to_json(&StoredSpec { by: current.registered_by, spec: spec.clone() })?;
        self.0.commit(Unit::of(AppWrite::UpdateActivity { id: current.id, spec: stored, at })).await?;
        self.changed(app, code);
        Ok(AppActivity { spec, updated_at: at, ..current })
    }

    /// Forgets an activity or robot; definitions that use it say what is missing.
    pub async fn delete(&self, app: AppId, kind: ActivityKind, code: &str) -> Result<(), Fault> {
        let current = self.get(app, kind, code).await?.ok_or_else(|| Fault::of(&codes::ACTIVITY_NOT_FOUND))?;
        self.0.commit(Unit::of(AppWrite::DeleteActivity { id: current.id })).await?;
        self.changed(app, code);
        Ok(())
    }

    fn changed(&self, app: AppId, code: &str) {
        self.0.live.publish(LiveEvent::new("app", app).with(json!({ "activity": code })));
    }
}

/// `md5(client_id + "@" + code)`, lower hex: fixed by the contract, no secret.
pub fn internal_code(client_id: &str, code: &str) -> String {
    secrets::hex(&Md5::digest(format!("{client_id}@{code}").as_bytes()))
}

/// Checks a code: reasons `code_missing`, `code`.
pub fn check_code(code: &str) -> Result<(), Fault> {
    if code.is_empty() {
        return Err(wrong("code_missing", "The code is empty", None));
    }
    if code.len() > 200 || !code.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)) {
        return Err(wrong("code", "A code has letters, digits, dots, dashes and underscores", None));
    }
    Ok(())
}

/// Checks a description, in the contract's order: reasons `handler_scheme`, `handler_url`, `name`, `property_key`,
/// `property_name` (both with `details.key`), `placement`.
pub fn check_spec(spec: &ActivitySpec, allow_bare_hosts: bool) -> Result<(), Fault> {
    check_handler(&spec.handler, allow_bare_hosts)?;
    if spec.name.is_blank() {
        return Err(wrong("name", "The name is empty", None));
    }
    for (key, property) in spec.properties.iter().chain(&spec.return_properties) {
        let first = key.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
        if !first || key.len() > 100 || !key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err(wrong("property_key", "A property's key has letters, digits and underscores", Some(key)));
        }
        if property.name.is_blank() {
            return Err(wrong("property_name", "A property has no name", Some(key)));
        }
    }
    if spec.use_placement {
        check_handler(spec.placement_handler.as_deref().unwrap_or_default(), allow_bare_hosts)
            .map_err(|_| wrong("placement", "The settings page's address is wrong", None))?;
    }
    Ok(())
}

/// Checks a handler's address: reasons `handler_scheme`, `handler_url`.
pub fn check_handler(address: &str, allow_bare_hosts: bool) -> Result<(), Fault> {
    let broken = || wrong("handler_url", "The handler's address is wrong", None);
    let parsed = url::Url::parse(address.trim()).map_err(|_| broken())?;
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err(wrong("handler_scheme", "A handler is called by http or https", None));
    }
    let fits = match parsed.host() {
        Some(url::Host::Domain(name)) => allow_bare_hosts || name.trim_end_matches('.').contains('.'),
        Some(url::Host::Ipv4(_) | url::Host::Ipv6(_)) => true,
        None => false,
    };
    if fits && address.len() <= 2000 { Ok(()) } else { Err(broken()) }
}

fn wrong(reason: &str, message: &str, key: Option<&str>) -> Fault {
    let shown = key.map_or_else(|| message.to_owned(), |k| format!("{message} ({k})"));
    Fault::new(&codes::ACTIVITY_INVALID, shown).with_details(json!({ "reason": reason, "key": key }))
}

fn store_kind(kind: ActivityKind) -> AppActivityKind {
    match kind {
        ActivityKind::Activity => AppActivityKind::Activity,
        ActivityKind::Robot => AppActivityKind::Robot,
    }
}

fn to_json(spec: &StoredSpec) -> Result<serde_json::Value, Fault> {
    serde_json::to_value(spec).map_err(|e| Fault::of(&codes::ACTIVITY_INVALID).caused_by(e))
}

fn from_row(client_id: String, row: AppActivityRow) -> Result<AppActivity, Fault> {
    let stored: StoredSpec =
        serde_json::from_value(row.spec).map_err(|e| Fault::of(&codes::STORE_CORRUPT).caused_by(e))?;
    Ok(AppActivity {
        id: row.id,
        app: row.app,
        client_id,
        code: row.code,
        internal_code: row.internal_code,
        kind: match row.kind {
            AppActivityKind::Activity => ActivityKind::Activity,
            AppActivityKind::Robot => ActivityKind::Robot,
        },
        registered_by: stored.by,
        updated_at: row.updated_at,
        spec: stored.spec,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn internal_codes_are_the_contracts() {
        assert_eq!(internal_code("local.1.2", "md5"), secrets::hex(&Md5::digest(b"local.1.2@md5")));
        assert_eq!(internal_code("a", "b").len(), 32);
    }

    #[test]
    fn handlers() {
        let table = [
            ("https://app.example.com/h.php", None),
            ("http://10.0.0.1:8081/h", None),
            ("http://[::1]:8081/h", None),
            ("http://localhost:8081/h", Some("handler_url")),
            ("ftp://app.example.com/", Some("handler_scheme")),
            ("", Some("handler_url")),
            ("h.php", Some("handler_url")),
        ];
        for (address, reason) in table {
            let got = check_handler(address, false).err().map(|f| f.details.unwrap()["reason"].clone());
            assert_eq!(got, reason.map(|r| json!(r)), "{address}");
        }
        assert!(check_handler("http://localhost:8081/h", true).is_ok());
    }
}
