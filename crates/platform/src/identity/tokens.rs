//! API tokens: `Authorization: Bearer …` for scripts and workers, in a person's name.

use super::actor::{Actor, ScopeSet, Via};
use super::secrets;
use crate::platform::Inner;
use model::error::codes;
use model::{Fault, Timestamp, TokenId, UserId};
use store::{ApiTokenRow, CredentialWrite, IdKind, Unit};

/// The scopes an API token may have: `api` everything, `read` only look, `jobs` only the work of external workers.
pub const SCOPES: [&str; 3] = ["api", "read", "jobs"];
/// Milliseconds between two notes of a credential's use.
pub(super) const TOUCH_MS: i64 = 5 * 60 * 1000;

/// An API token, without the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Its id.
    pub id: TokenId,
    /// In whose name.
    pub user: UserId,
    /// What it is for.
    pub title: String,
    /// What it may do.
    pub scopes: ScopeSet,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, within minutes.
    pub last_used_at: Option<Timestamp>,
}

/// API tokens, see [`crate::Platform::tokens`].
pub struct Tokens<'a>(pub(crate) &'a Inner);

impl Tokens<'_> {
    /// A person's tokens.
    pub async fn list(&self, user: UserId) -> Result<Vec<ApiToken>, Fault> {
        Ok(self.0.store.api_tokens(Some(user)).await?.into_iter().map(ApiToken::from).collect())
    }

    /// Makes a token; the text is known only now.
    pub async fn create(&self, user: UserId, title: &str, scopes: ScopeSet) -> Result<(ApiToken, String), Fault> {
        if let Some(unknown) = scopes.iter().find(|s| !SCOPES.contains(s)) {
            let message = format!("A token's scopes are {}, not `{unknown}`", SCOPES.join(", "));
            return Err(Fault::new(&codes::APP_INVALID, message));
        }
        if scopes.is_empty() {
            return Err(Fault::new(&codes::APP_INVALID, "A token needs a scope"));
        }
        let token = format!("ruslo_{}", secrets::random_token());
        let row = ApiTokenRow {
            id: TokenId(self.0.store.next_id(IdKind::ApiToken).await?),
            hash: secrets::hash_token(&token),
            user,
            name: check_title(title)?,
            scopes: scopes.iter().map(str::to_owned).collect(),
            created_at: self.0.now(),
            last_used_at: None,
            expires_at: None,
        };
        self.0.commit(Unit::of(CredentialWrite::InsertApiToken(row.clone()))).await?;
        Ok((row.into(), token))
    }

    /// Revokes a token of the person.
    pub async fn delete(&self, user: UserId, id: TokenId) -> Result<(), Fault> {
        if !self.list(user).await?.iter().any(|t| t.id == id) {
            return Err(Fault::new(&codes::ROUTE_NOT_FOUND, format!("There is no token {id}")));
        }
        self.0.commit(Unit::of(CredentialWrite::DeleteApiToken { id })).await?;
        Ok(())
    }

    /// Who a bearer token stands for: `IDN-0004` unknown, `IDN-0003` expired, `IDN-0013` dismissed.
    pub async fn authenticate(&self, bearer: &str) -> Result<Actor, Fault> {
        let (hash, now) = (secrets::hash_token(bearer), self.0.now());
        let ticket = match self.0.memory.tokens.find(&hash, now) {
            Ok(actor) => return Ok(actor),
            Err(ticket) => ticket,
        };
        let row = self.0.store.api_token(&hash).await?;
        let row = row.ok_or_else(|| Fault::of(&codes::TOKEN_UNKNOWN))?;
        if row.expires_at.is_some_and(|end| end <= now) {
            return Err(Fault::of(&codes::TOKEN_EXPIRED));
        }
        let user = super::webhooks::active_user(self.0, row.user).await?;
        if row.last_used_at.is_none_or(|at| now.0 - at.0 >= TOUCH_MS) {
            self.0.commit(Unit::of(CredentialWrite::TouchApiToken { id: row.id, at: now })).await?;
        }
        let via = Via::ApiToken { id: row.id };
        let actor = Actor { user, via, scopes: Some(ScopeSet::new(row.scopes)) };
        self.0.memory.tokens.remember(ticket, hash, actor.clone(), row.expires_at);
        Ok(actor)
    }
}

pub(super) fn check_title(title: &str) -> Result<String, Fault> {
    let title = title.trim();
    if title.is_empty() || title.chars().count() > 200 {
        return Err(Fault::new(&codes::APP_INVALID, "A title has 1 to 200 characters")
            .with_details(serde_json::json!({ "field": "title" })));
    }
    Ok(title.to_owned())
}

impl From<ApiTokenRow> for ApiToken {
    fn from(row: ApiTokenRow) -> Self {
        Self {
            id: row.id,
            user: row.user,
            title: row.name,
            scopes: ScopeSet::new(row.scopes),
            created_at: row.created_at,
            last_used_at: row.last_used_at,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::identity::{NewUser, UserPatch};
    use crate::{Platform, PlatformSettings};
    use model::Clock;
    use std::sync::Arc;

    struct Still;

    impl Clock for Still {
        fn now(&self) -> Timestamp {
            Timestamp(1_800_000_000_000)
        }
    }

    /// A platform on an empty store, on a clock that stands still, and one employee.
    pub(crate) async fn platform() -> (Platform, UserId) {
        let store = Arc::new(store::SqliteStore::open_in_memory().unwrap());
        let platform = Platform::new(store, Arc::new(Still), PlatformSettings::default());
        let new = NewUser { login: "ann".into(), name: "Ann".into(), ..NewUser::default() };
        let user = platform.users().create(new).await.unwrap().id;
        (platform, user)
    }

    #[tokio::test]
    async fn a_recognised_token_costs_no_read_and_a_revoked_one_is_refused_at_once() {
        let (platform, user) = platform().await;
        let (made, token) = platform.tokens().create(user, "t", ScopeSet::new(["api"])).await.unwrap();
        platform.tokens().authenticate(&token).await.unwrap();
        let reads = platform.store().stats().reads;
        assert_eq!(platform.tokens().authenticate(&token).await.unwrap().user_id(), user);
        assert_eq!(platform.store().stats().reads, reads);
        platform.tokens().delete(user, made.id).await.unwrap();
        assert!(platform.tokens().authenticate(&token).await.is_err_and(|f| f.is(&codes::TOKEN_UNKNOWN)));
    }

    #[tokio::test]
    async fn a_dismissed_persons_token_is_refused_at_once() {
        let (platform, user) = platform().await;
        let (_, token) = platform.tokens().create(user, "t", ScopeSet::new(["api"])).await.unwrap();
        platform.tokens().authenticate(&token).await.unwrap();
        let patch = UserPatch { active: Some(false), ..UserPatch::default() };
        platform.users().update(user, patch).await.unwrap();
        assert!(platform.tokens().authenticate(&token).await.is_err_and(|f| f.is(&codes::USER_DISMISSED)));
    }
}
