//! Browsers that signed in.
//!
//! Invariant: a session ends after seven days without use. The CSRF token is derived from the cookie, which scripts
//! can not read, so it can be shown again after a reload and needs no place of its own. Never: keeps cookie or CSRF
//! token, only their hashes.

use super::actor::{Actor, User};
use super::secrets::{self, Hash32};
use crate::platform::Inner;
use model::Fault;
use model::error::codes;
use store::{CredentialWrite, SessionRow, Unit};

/// Milliseconds without use after which a session ends.
pub const IDLE_MS: i64 = 7 * 24 * 3600 * 1000;
/// Milliseconds between two notes of a session's use.
const TOUCH_MS: i64 = 5 * 60 * 1000;

/// From where somebody signs in.
#[derive(Debug, Clone, Default)]
pub struct Client {
    /// The network address, for the count of failures.
    pub address: String,
    /// The browser, as it calls itself.
    pub user_agent: String,
}

/// A new session.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The cookie's value.
    pub token: String,
    /// The token that changes must carry.
    pub csrf_token: String,
    /// Who signed in.
    pub user: User,
}

/// A recognised session.
#[derive(Debug, Clone)]
pub struct Session {
    /// Who acts.
    pub actor: Actor,
    /// The token that changes must carry.
    pub csrf_token: String,
    /// The session's key in the store.
    pub token_hash: Hash32,
    csrf_hash: Hash32,
}

impl Session {
    /// `IDN-0007` unless `given` is the session's CSRF token.
    pub fn check_csrf(&self, given: Option<&str>) -> Result<(), Fault> {
        match given {
            Some(token) if secrets::same(&secrets::hash_token(token), &self.csrf_hash) => Ok(()),
            _ => Err(Fault::of(&codes::CSRF)),
        }
    }
}

/// Sessions, see [`crate::Platform::sessions`].
pub struct Sessions<'a>(pub(crate) &'a Inner);

impl Sessions<'_> {
    /// Signs in. `IDN-0002` says nothing about whether the login exists; `IDN-0016` after too many failures.
    pub async fn sign_in(&self, login: &str, password: String, client: &Client) -> Result<SignedIn, Fault> {
        let now = self.0.now();
        self.0.throttle.attempt(login, &client.address, now)?;
        let row = self.0.store.user_by_login(login.trim()).await?;
        let hash = row.as_ref().and_then(|r| r.password_hash.clone());
        let right = secrets::verify_password(password, hash).await?;
        let row = row.filter(|_| right).ok_or_else(|| Fault::of(&codes::WRONG_CREDENTIALS))?;
        if !row.active {
            return Err(Fault::of(&codes::USER_DISMISSED));
        }
        self.0.throttle.succeeded(login, &client.address);
        self.open(row.into(), client).await
    }

    /// Opens a session for a person who proved himself.
    pub async fn open(&self, user: User, client: &Client) -> Result<SignedIn, Fault> {
        let now = self.0.now();
        let token = secrets::random_token();
        let csrf_token = csrf_of(&token);
        let row = SessionRow {
            token_hash: secrets::hash_token(&token),
            user: user.id,
            csrf_hash: secrets::hash_token(&csrf_token),
            created_at: now,
            expires_at: now.plus_ms(IDLE_MS),
            last_seen_at: now,
            user_agent: client.user_agent.chars().take(300).collect(),
        };
        self.0.commit(Unit::of(CredentialWrite::InsertSession(row))).await?;
        Ok(SignedIn { token, csrf_token, user })
    }

    /// The session of a cookie. `IDN-0001` when there is none or it ended, `IDN-0013` when the person was dismissed.
    pub async fn authenticate(&self, cookie: &str) -> Result<Session, Fault> {
        let token_hash = secrets::hash_token(cookie);
        let now = self.0.now();
        let row = self.0.store.session(&token_hash).await?.filter(|row| now < row.expires_at);
        let row = row.ok_or_else(|| Fault::of(&codes::NOT_SIGNED_IN))?;
        let user = self.0.store.user(row.user).await?.ok_or_else(|| Fault::of(&codes::NOT_SIGNED_IN))?;
        if !user.active {
            return Err(Fault::of(&codes::USER_DISMISSED));
        }
        if now.0 - row.last_seen_at.0 >= TOUCH_MS {
            let write = CredentialWrite::TouchSession { token_hash, at: now, expires_at: now.plus_ms(IDLE_MS) };
            self.0.commit(Unit::of(write)).await?;
        }
        let actor = Actor::session(user.into());
        Ok(Session { actor, csrf_token: csrf_of(cookie), token_hash, csrf_hash: row.csrf_hash })
    }

    /// Ends a session.
    pub async fn sign_out(&self, token_hash: Hash32) -> Result<(), Fault> {
        self.0.commit(Unit::of(CredentialWrite::DeleteSession { token_hash })).await?;
        Ok(())
    }

    /// Forgets sessions, codes and OAuth tokens that ended. Called now and then by the server.
    pub async fn sweep(&self) -> Result<(), Fault> {
        self.0.commit(Unit::of(CredentialWrite::DeleteExpired { now: self.0.now() })).await?;
        Ok(())
    }
}

fn csrf_of(token: &str) -> String {
    secrets::hmac_hex(token.as_bytes(), b"csrf")
}
