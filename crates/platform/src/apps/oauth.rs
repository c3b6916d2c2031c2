//! OAuth 2: authorization codes, access and refresh tokens of apps in people's names.
//!
//! Invariant: a code works once; a refresh token is replaced at its use, and the one before works for another minute,
//! so that two refreshes at once do not lock a client out. Only hashes are kept.
//! Never: speaks the wire form of OAuth's errors; the face maps `IDN-0014` and `IDN-0015` to it.

use super::registry::Apps;
use super::types::{AccessToken, App, TokenPair};
use crate::Actor;
use crate::identity::webhooks::active_user;
use crate::identity::{ScopeSet, Via, secrets};
use model::error::codes;
use model::{AppId, Fault, Timestamp, UserId};
use serde_json::json;
use std::sync::Arc;
use store::{AppRow, AppStatus, AppWrite, IdKind, OauthCodeRow, OauthTokenRow, SettingWrite, Unit};

/// Seconds an access token lives.
pub const ACCESS_S: i64 = 3600;
/// Seconds a refresh token lives.
pub const REFRESH_S: i64 = 180 * 24 * 3600;
/// Seconds an authorization code lives.
pub const CODE_S: i64 = 30;
/// Seconds a replaced refresh token still works.
pub const GRACE_S: i64 = 60;

impl Apps<'_> {
    /// The installation's constant 32 hex digits.
    pub async fn member_id(&self) -> Result<String, Fault> {
        let id = self.0.member_id.get_or_try_init(|| async {
            if let Some(text) = self.0.store.setting("member_id").await?.as_ref().and_then(|v| v.as_str()) {
                return Ok::<_, Fault>(text.to_owned());
            }
            let text = secrets::random_hex(32);
            let write = SettingWrite::Put { key: "member_id".into(), value: json!(text) };
            self.0.commit(Unit::of(write)).await?;
            Ok(text)
        });
        Ok(id.await?.clone())
    }

    /// New tokens of an app in a person's name.
    pub async fn issue_tokens(&self, app: AppId, user: UserId) -> Result<TokenPair, Fault> {
        let app = App::from(self.kept_row(app).await?.as_ref().clone());
        active_user(self.0, user).await?;
        let scopes = app.scopes.clone();
        self.new_pair(app, user, scopes).await
    }

    /// An authorization code of an app in the actor's name: lives 30 s, works once.
    pub async fn authorize_code(&self, actor: &Actor, client_id: &str) -> Result<(App, String), Fault> {
        let row = self.client(client_id).await?;
        let code = secrets::random_token();
        let write = AppWrite::InsertCode(OauthCodeRow {
            hash: secrets::hash_token(&code),
            app: row.id,
            user: actor.user_id(),
            scopes: row.scopes.clone(),
            expires_at: self.0.now().plus_ms(CODE_S * 1000),
        });
        self.0.commit(Unit::of(write)).await?;
        Ok((row.into(), code))
    }

    /// Tokens for an authorization code. `IDN-0015` wrong client, `IDN-0014` wrong code.
    pub async fn exchange_code(&self, client_id: &str, secret: &str, code: &str) -> Result<TokenPair, Fault> {
        let app = self.authenticated_client(client_id, secret).await?;
        let hash = secrets::hash_token(code);
        let row = self.0.store.oauth_code(&hash).await?.ok_or_else(|| grant("unknown"))?;
        if row.app != app.id {
            return Err(grant("wrong_client"));
        }
        self.0.commit(Unit::of(AppWrite::TakeCode { hash })).await?;
        if row.expires_at <= self.0.now() {
            return Err(grant("expired"));
        }
        active_user(self.0, row.user).await.map_err(|_| grant("dismissed"))?;
        self.new_pair(app.into(), row.user, ScopeSet::new(row.scopes)).await
    }

    /// New tokens for a refresh token. `IDN-0015` wrong client, `IDN-0014` wrong token (details.reason
    /// `wrong_client` when it belongs to another app).
    pub async fn refresh(&self, client_id: &str, secret: &str, refresh_token: &str) -> Result<TokenPair, Fault> {
        let app = self.authenticated_client(client_id, secret).await?;
        let hash = secrets::hash_token(refresh_token);
        let row = self.0.store.oauth_by_refresh(&hash).await?.ok_or_else(|| grant("unknown"))?;
        if row.app != app.id {
            return Err(grant("wrong_client"));
        }
        let now = self.0.now();
        if row.refresh_expires_at <= now {
            return Err(grant("expired"));
        }
        active_user(self.0, row.user).await.map_err(|_| grant("dismissed"))?;
        let (user, scopes) = (row.user, ScopeSet::new(&row.scopes));
        if row.refresh_hash != hash {
            // The token before the last one: somebody refreshed at the same moment.
            return match row.prev_refresh_until {
                Some(until) if now <= until => self.new_pair(app.into(), user, scopes).await,
                _ => Err(grant("used")),
            };
        }
        let fresh = Fresh::new(now);
        let rotated = OauthTokenRow {
            prev_refresh_hash: Some(hash),
            prev_refresh_until: Some(now.plus_ms(GRACE_S * 1000)),
            ..fresh.row(row.id, app.id, user, row.scopes)
        };
        let write = AppWrite::RotateToken { row: rotated, expect_refresh: hash };
        match self.0.commit(Unit::of(write)).await {
            Ok(_) => self.pair(fresh, app.into(), user, scopes).await,
            Err(fault) if fault.is(&codes::OAUTH_GRANT) => self.new_pair(app.into(), user, scopes).await,
            Err(fault) => Err(fault),
        }
    }

    /// What an access token stands for: `IDN-0004` unknown, `IDN-0003` expired.
    pub async fn access_token(&self, token: &str) -> Result<AccessToken, Fault> {
        let row = self.0.store.oauth_by_access(&secrets::hash_token(token)).await?;
        let row = row.ok_or_else(|| Fault::of(&codes::TOKEN_UNKNOWN))?;
        if row.access_expires_at <= self.0.now() {
            return Err(Fault::of(&codes::TOKEN_EXPIRED));
        }
        let app = self.kept_row(row.app).await.map_err(|fault| match fault.is(&codes::APP_NOT_FOUND) {
            true => Fault::of(&codes::TOKEN_UNKNOWN),
            false => fault,
        })?;
        if app.status == AppStatus::Disabled {
            return Err(Fault::of(&codes::TOKEN_UNKNOWN));
        }
        let (app, scopes) = (app.as_ref().clone().into(), ScopeSet::new(row.scopes));
        Ok(AccessToken { app, user: row.user, scopes, expires: row.access_expires_at })
    }

    /// Who acts with an access token: as [`Apps::access_token`], and `IDN-0013` when the person was dismissed.
    pub async fn authenticate_access_token(&self, token: &str) -> Result<Actor, Fault> {
        let hash = secrets::hash_token(token);
        let ticket = match self.0.memory.granted.find(&hash, self.0.now()) {
            Ok(actor) => return Ok(actor),
            Err(ticket) => ticket,
        };
        let facts = self.access_token(token).await?;
        let user = active_user(self.0, facts.user).await?;
        let via = Via::App { app: facts.app.id, client_id: facts.app.client_id };
        let actor = Actor { user, via, scopes: Some(facts.scopes) };
        self.0.memory.granted.remember(ticket, hash, actor.clone(), Some(facts.expires));
        Ok(actor)
    }

    /// Revokes all tokens of an app.
    pub async fn revoke_tokens(&self, app: AppId) -> Result<(), Fault> {
        self.0.commit(Unit::of(AppWrite::DeleteTokens { app, user: None })).await?;
        Ok(())
    }

    /// An app as it was a moment ago.
    async fn kept_row(&self, id: AppId) -> Result<Arc<AppRow>, Fault> {
        let ticket = match self.0.memory.apps.find(&id, self.0.now()) {
            Ok(row) => return Ok(row),
            Err(ticket) => ticket,
        };
        let row = Arc::new(self.row(id).await?);
        self.0.memory.apps.remember(ticket, id, row.clone(), None);
        Ok(row)
    }

    async fn client(&self, client_id: &str) -> Result<AppRow, Fault> {
        let row = self.0.store.app_by_client_id(client_id).await?.filter(|a| a.status != AppStatus::Disabled);
        row.ok_or_else(|| Fault::of(&codes::OAUTH_CLIENT))
    }

    async fn authenticated_client(&self, client_id: &str, secret: &str) -> Result<AppRow, Fault> {
        let row = self.client(client_id).await?;
        if secrets::same(&secrets::hash_token(secret), &row.client_secret_hash) {
            Ok(row)
        } else {
            Err(Fault::of(&codes::OAUTH_CLIENT))
        }
    }

    async fn new_pair(&self, app: App, user: UserId, scopes: ScopeSet) -> Result<TokenPair, Fault> {
        let fresh = Fresh::new(self.0.now());
        let id = self.0.store.next_id(IdKind::OauthToken).await?;
        let row = fresh.row(id, app.id, user, scopes.iter().map(str::to_owned).collect());
        self.0.commit(Unit::of(AppWrite::InsertToken(row))).await?;
        self.pair(fresh, app, user, scopes).await
    }

    async fn pair(&self, fresh: Fresh, app: App, user: UserId, scopes: ScopeSet) -> Result<TokenPair, Fault> {
        let member_id = self.member_id().await?;
        let Fresh { access_token, refresh_token, now } = fresh;
        let expires = now.plus_ms(ACCESS_S * 1000);
        Ok(TokenPair { access_token, refresh_token, expires, expires_in: ACCESS_S, app, user, scopes, member_id })
    }
}

/// New tokens before they have a row.
struct Fresh {
    access_token: String,
    refresh_token: String,
    now: Timestamp,
}

impl Fresh {
    fn new(now: Timestamp) -> Self {
        Self { access_token: secrets::random_token(), refresh_token: secrets::random_token(), now }
    }

    fn row(&self, id: i64, app: AppId, user: UserId, scopes: Vec<String>) -> OauthTokenRow {
        OauthTokenRow {
            id,
            access_hash: secrets::hash_token(&self.access_token),
            refresh_hash: secrets::hash_token(&self.refresh_token),
            prev_refresh_hash: None,
            prev_refresh_until: None,
            app,
            user,
            scopes,
            access_expires_at: self.now.plus_ms(ACCESS_S * 1000),
            refresh_expires_at: self.now.plus_ms(REFRESH_S * 1000),
        }
    }
}

fn grant(reason: &'static str) -> Fault {
    Fault::of(&codes::OAUTH_GRANT).with_details(json!({ "reason": reason }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Platform;
    use crate::apps::types::{ActivityKind, ActivitySpec};
    use crate::apps::{AppPatch, NewApp, Registration};
    use crate::identity::{NewUser, Role, UserPatch};
    use std::future::Future;

    struct World {
        platform: Platform,
        user: UserId,
        app: App,
    }

    impl World {
        async fn new() -> Self {
            let (platform, _) = crate::identity::tokens::tests::platform().await;
            let new = NewUser { login: "boss".into(), role: Role::Admin, ..NewUser::default() };
            let user = platform.users().create(new).await.unwrap().id;
            let actor = Actor::session(platform.users().require(user).await.unwrap());
            let new = NewApp { name: "App".into(), scopes: ScopeSet::new(["bizproc"]), ..NewApp::default() };
            let app = platform.apps().create(&actor, new).await.unwrap().app;
            Self { platform, user, app }
        }

        async fn token(&self) -> TokenPair {
            self.platform.apps().issue_tokens(self.app.id, self.user).await.unwrap()
        }

        async fn stands(&self, token: &TokenPair) -> Result<UserId, Fault> {
            self.platform.apps().authenticate_access_token(&token.access_token).await.map(|actor| actor.user_id())
        }

        async fn reads<T>(&self, work: impl Future<Output = T>) -> u64 {
            let before = self.platform.store().stats().reads;
            work.await;
            self.platform.store().stats().reads - before
        }
    }

    #[tokio::test]
    async fn a_token_seen_a_moment_ago_costs_no_read() {
        let world = World::new().await;
        let token = world.token().await;
        assert_eq!(world.stands(&token).await.unwrap(), world.user);
        assert_eq!(world.reads(world.stands(&token)).await, 0);
        // A new one is read itself; its app and its person are known.
        let another = world.token().await;
        assert_eq!(world.reads(world.stands(&another)).await, 1);
    }

    #[tokio::test]
    async fn what_is_taken_away_is_gone_at_once() {
        let world = World::new().await;
        let apps = world.platform.apps();
        let token = world.token().await;
        world.stands(&token).await.unwrap();
        apps.revoke_tokens(world.app.id).await.unwrap();
        assert!(world.stands(&token).await.is_err_and(|f| f.is(&codes::TOKEN_UNKNOWN)), "revoked");

        let narrow = AppPatch { scopes: Some(ScopeSet::new(["user"])), ..AppPatch::default() };
        apps.update(world.app.id, narrow).await.unwrap();
        assert!(!world.token().await.scopes.has("bizproc"), "the next token may do less");

        let dismiss = UserPatch { active: Some(false), ..UserPatch::default() };
        let other = NewUser {
            login: "bob".into(),
            password: None,
            name: "Bob".into(),
            last_name: String::new(),
            email: String::new(),
            role: Role::Employee,
            language: "en".into(),
        };
        let bob = world.platform.users().create(other).await.unwrap().id;
        let token = apps.issue_tokens(world.app.id, bob).await.unwrap();
        assert_eq!(world.stands(&token).await.unwrap(), bob);
        world.platform.users().update(bob, dismiss).await.unwrap();
        assert!(world.stands(&token).await.is_err_and(|f| f.is(&codes::USER_DISMISSED)), "its person is dismissed");
        assert!(!world.platform.users().may_act(bob).await.unwrap());

        let token = world.token().await;
        world.stands(&token).await.unwrap();
        apps.delete(world.app.id).await.unwrap();
        assert!(world.stands(&token).await.is_err_and(|f| f.is(&codes::TOKEN_UNKNOWN)), "its app is gone");
    }

    #[tokio::test]
    async fn a_registration_is_read_once_and_its_change_is_seen_at_once() {
        let world = World::new().await;
        let activities = world.platform.activities();
        let spec = |handler: &str| ActivitySpec {
            handler: handler.into(),
            auth_user: None,
            use_subscription: None,
            name: "a".into(),
            description: crate::apps::Localized::default(),
            properties: indexmap::IndexMap::new(),
            return_properties: indexmap::IndexMap::new(),
            document_type: None,
            filter: None,
            use_placement: false,
            placement_handler: None,
        };
        let (app, kind) = (world.app.id, ActivityKind::Activity);
        let new = Registration { app, kind, code: "a".into(), by: world.user, spec: spec("http://a.example/1") };
        let code = activities.register(new).await.unwrap().internal_code;
        let handler = async || activities.by_internal_code(&code).await.unwrap().map(|a| a.spec.handler.clone());
        assert_eq!(handler().await.as_deref(), Some("http://a.example/1"));
        assert_eq!(world.reads(handler()).await, 0);
        activities.update(app, kind, "a", spec("http://a.example/2")).await.unwrap();
        assert_eq!(handler().await.as_deref(), Some("http://a.example/2"));
        activities.delete(app, kind, "a").await.unwrap();
        assert_eq!(handler().await, None);
    }
}
