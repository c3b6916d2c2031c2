//! What was looked up a moment ago: who a token stands for, apps, people, groups, what apps registered. A busy client
//! or app would otherwise cost several reads of the database a request, and every task that a person gets one more.
//!
//! Invariant: what was revoked or changed here is not honoured by any request that comes after its acknowledgement;
//! what another node did is seen after [`KEPT_MS`]. Never: keeps a token itself, only its hash; keeps that a token was
//! refused.

use crate::apps::AppActivity;
use crate::identity::secrets::Hash32;
use crate::identity::{Actor, User};
use model::{AppId, Timestamp, UserId};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::{AppRow, AppWrite, CredentialWrite, GroupRow, PeopleWrite, Unit, Write};

/// Milliseconds after which a thing is looked up again.
const KEPT_MS: i64 = 3_000;
/// Things of a kind kept at most.
const KEPT_MAX: usize = 4_096;

/// All that is kept.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Who an API token stands for.
    pub(crate) tokens: Kept<Hash32, Actor>,
    /// Who an app's access token stands for.
    pub(crate) granted: Kept<Hash32, Actor>,
    /// People, dismissed ones too.
    pub(crate) people: Kept<UserId, Arc<User>>,
    /// Who has a login, in lower case; also that nobody has it, for a task's people may be named by a group instead.
    pub(crate) logins: Kept<String, Option<Arc<User>>>,
    /// All groups.
    pub(crate) groups: Kept<(), Arc<[GroupRow]>>,
    /// Apps, whatever their status.
    pub(crate) apps: Kept<AppId, Arc<AppRow>>,
    /// What apps registered, by the internal code.
    pub(crate) registered: Kept<String, Arc<AppActivity>>,
}

impl Memory {
    /// Forgets what the unit's writes may have changed.
    pub(crate) fn forget(&self, changed: Changed) {
        if changed.people {
            self.people.forget();
        }
        if changed.people || changed.joined {
            self.logins.forget();
        }
        if changed.groups {
            self.groups.forget();
        }
        if changed.people || changed.api_tokens {
            self.tokens.forget();
        }
        if changed.people || changed.grants || changed.apps {
            self.granted.forget();
        }
        if changed.apps {
            self.apps.forget();
        }
        if changed.apps || changed.registered {
            self.registered.forget();
        }
    }
}

/// Kinds of things that a unit changes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Changed {
    people: bool,
    /// Somebody new: his login was nobody's.
    joined: bool,
    groups: bool,
    api_tokens: bool,
    grants: bool,
    apps: bool,
    registered: bool,
}

impl Changed {
    /// What is new was never kept and changes nothing, but for that nobody had a login.
    pub(crate) fn by(unit: &Unit) -> Self {
        let mut changed = Self::default();
        for write in &unit.writes {
            match write {
                Write::People(PeopleWrite::UpdateUser { .. }) => changed.people = true,
                Write::People(PeopleWrite::InsertUser(_)) => changed.joined = true,
                Write::People(PeopleWrite::PutGroup(_) | PeopleWrite::DeleteGroup { .. }) => changed.groups = true,
                Write::Credential(CredentialWrite::DeleteApiToken { .. }) => changed.api_tokens = true,
                Write::App(AppWrite::RotateToken { .. } | AppWrite::DeleteTokens { .. }) => changed.grants = true,
                Write::App(AppWrite::Update { .. } | AppWrite::Delete { .. }) => changed.apps = true,
                Write::App(AppWrite::UpdateActivity { .. } | AppWrite::DeleteActivity { .. }) => {
                    changed.registered = true;
                }
                _ => {}
            }
        }
        changed
    }
}

/// Things of a kind by their keys.
#[derive(Debug)]
pub(crate) struct Kept<K, V> {
    state: Mutex<State<K, V>>,
}

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self { state: Mutex::new(State { known: HashMap::new(), forgotten: 0, swept: Timestamp(0) }) }
    }
}

#[derive(Debug)]
struct State<K, V> {
    known: HashMap<K, (V, Timestamp)>,
    /// Counts how often everything was forgotten.
    forgotten: u64,
    /// When what is too old was looked for, which takes a while.
    swept: Timestamp,
}

/// A look-up under way: it is remembered only if nothing was forgotten meanwhile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ticket {
    forgotten: u64,
    now: Timestamp,
}

impl<K: Eq + Hash, V: Clone> Kept<K, V> {
    /// What is kept, or a ticket for the look-up.
    pub(crate) fn find<Q>(&self, key: &Q, now: Timestamp) -> Result<V, Ticket>
    where
        K: std::borrow::Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let state = self.lock();
        match state.known.get(key) {
            Some((value, until)) if now < *until => Ok(value.clone()),
            _ => Err(Ticket { forgotten: state.forgotten, now }),
        }
    }

    /// Remembers what a look-up found, at most until `end`.
    pub(crate) fn remember(&self, ticket: Ticket, key: K, value: V, end: Option<Timestamp>) {
        let Ticket { forgotten, now } = ticket;
        let until = now.plus_ms(KEPT_MS);
        let until = end.map_or(until, |end| end.min(until));
        let mut state = self.lock();
        if state.forgotten != forgotten {
            return;
        }
        if state.known.len() >= KEPT_MAX && now.0 - state.swept.0 >= KEPT_MS / 4 {
            state.swept = now;
            state.known.retain(|_, (_, until)| now < *until);
        }
        if state.known.len() < KEPT_MAX {
            state.known.insert(key, (value, until));
        }
    }

    /// Something was changed.
    pub(crate) fn forget(&self) {
        let mut state = self.lock();
        state.known.clear();
        state.forgotten += 1;
    }

    fn lock(&self) -> MutexGuard<'_, State<K, V>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_for_a_moment_and_never_after_a_revocation() {
        let recognised = Kept::<Hash32, Actor>::default();
        let (token, actor, now) = ([7; 32], Actor::system(), Timestamp(1_000_000));
        let ticket = recognised.find(&token, now).unwrap_err();
        recognised.remember(ticket, token, actor.clone(), None);
        assert!(recognised.find(&token, now.plus_ms(KEPT_MS - 1)).is_ok());
        assert!(recognised.find(&token, now.plus_ms(KEPT_MS)).is_err(), "looked up again");
        recognised.forget();
        assert!(recognised.find(&token, now).is_err(), "revoked");
        recognised.remember(ticket, token, actor.clone(), None);
        assert!(recognised.find(&token, now).is_err(), "the look-up began before the revocation");
        let ticket = recognised.find(&token, now).unwrap_err();
        recognised.remember(ticket, token, actor.clone(), Some(now.plus_ms(5)));
        assert!(recognised.find(&token, now.plus_ms(5)).is_err(), "it expired");
    }

    #[test]
    fn bounded() {
        let recognised = Kept::<Hash32, Actor>::default();
        let (actor, now) = (Actor::system(), Timestamp(1_000_000));
        for n in 0..=KEPT_MAX {
            let mut token = [0; 32];
            token[..8].copy_from_slice(&n.to_le_bytes());
            let ticket = recognised.find(&token, now).unwrap_err();
            recognised.remember(ticket, token, actor.clone(), None);
        }
        assert_eq!(recognised.lock().known.len(), KEPT_MAX);
    }
}
