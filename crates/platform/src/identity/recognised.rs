//! Bearer tokens recognised a moment ago, so that a busy client does not cost two reads of the database a request.
//!
//! Invariant: a token that was revoked here, or whose person was changed here, is not honoured by any request that
//! comes after that; what another node did is seen after [`KEPT_MS`]. Never: keeps the token itself, only its hash;
//! keeps refusals.

use super::actor::Actor;
use super::secrets::Hash32;
use model::Timestamp;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Milliseconds after which a token is looked up again.
const KEPT_MS: i64 = 3_000;
/// Tokens kept at most.
const KEPT_MAX: usize = 4_096;

/// The tokens.
#[derive(Debug, Default)]
pub(crate) struct Recognised {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    known: HashMap<Hash32, (Actor, Timestamp)>,
    /// Counts how often everything was forgotten.
    forgotten: u64,
}

/// A look-up under way: it is remembered only if nothing was forgotten meanwhile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ticket {
    forgotten: u64,
    now: Timestamp,
}

impl Recognised {
    /// Who the token stands for, or a ticket for the look-up.
    pub(crate) fn find(&self, token: &Hash32, now: Timestamp) -> Result<Actor, Ticket> {
        let state = self.lock();
        match state.known.get(token) {
            Some((actor, until)) if now < *until => Ok(actor.clone()),
            _ => Err(Ticket { forgotten: state.forgotten, now }),
        }
    }

    /// Remembers what a look-up found, at most until `end`.
    pub(crate) fn remember(&self, ticket: Ticket, token: Hash32, actor: &Actor, end: Option<Timestamp>) {
        let Ticket { forgotten, now } = ticket;
        let until = now.plus_ms(KEPT_MS);
        let until = end.map_or(until, |end| end.min(until));
        let mut state = self.lock();
        if state.forgotten != forgotten {
            return;
        }
        if state.known.len() >= KEPT_MAX {
            state.known.retain(|_, (_, until)| now < *until);
        }
        if state.known.len() < KEPT_MAX {
            state.known.insert(token, (actor.clone(), until));
        }
    }

    /// A token was revoked or a person changed.
    pub(crate) fn forget(&self) {
        let mut state = self.lock();
        state.known.clear();
        state.forgotten += 1;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_for_a_moment_and_never_after_a_revocation() {
        let recognised = Recognised::default();
        let (token, actor, now) = ([7; 32], Actor::system(), Timestamp(1_000_000));
        let ticket = recognised.find(&token, now).unwrap_err();
        recognised.remember(ticket, token, &actor, None);
        assert!(recognised.find(&token, now.plus_ms(KEPT_MS - 1)).is_ok());
        assert!(recognised.find(&token, now.plus_ms(KEPT_MS)).is_err(), "looked up again");
        recognised.forget();
        assert!(recognised.find(&token, now).is_err(), "revoked");
        recognised.remember(ticket, token, &actor, None);
        assert!(recognised.find(&token, now).is_err(), "the look-up began before the revocation");
        let ticket = recognised.find(&token, now).unwrap_err();
        recognised.remember(ticket, token, &actor, Some(now.plus_ms(5)));
        assert!(recognised.find(&token, now.plus_ms(5)).is_err(), "it expired");
    }

    #[test]
    fn bounded() {
        let recognised = Recognised::default();
        let (actor, now) = (Actor::system(), Timestamp(1_000_000));
        for n in 0..=KEPT_MAX {
            let mut token = [0; 32];
            token[..8].copy_from_slice(&n.to_le_bytes());
            let ticket = recognised.find(&token, now).unwrap_err();
            recognised.remember(ticket, token, &actor, None);
        }
        assert_eq!(recognised.lock().known.len(), KEPT_MAX);
    }
}
