//! How often one may fail to sign in.
//!
//! Invariant: an attempt counts before it is checked, so that attempts made at once are counted too. Kept in memory:
//! a restart forgives.

use model::error::codes;
use model::{Fault, Timestamp};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Milliseconds over which failures are counted.
pub const WINDOW_MS: i64 = 15 * 60 * 1000;
/// Failures per login from one address.
pub const PER_LOGIN: u32 = 10;
/// Failures per login from all addresses. Larger, so that a stranger can not lock a person out from elsewhere.
pub const PER_LOGIN_ANYWHERE: u32 = 200;
/// Failures per address.
pub const PER_ADDRESS: u32 = 100;
/// Keys kept before old ones are thrown out.
const MAX_KEYS: usize = 50_000;

#[derive(Debug, Default)]
pub(crate) struct Throttle {
    attempts: Mutex<HashMap<String, (u32, Timestamp)>>,
}

impl Throttle {
    /// Counts an attempt; `IDN-0016` when there were too many.
    pub(crate) fn attempt(&self, login: &str, address: &str, now: Timestamp) -> Result<(), Fault> {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        if attempts.len() > MAX_KEYS {
            attempts.retain(|_, (_, since)| now.0 - since.0 < WINDOW_MS);
        }
        let mut wait_ms = None;
        for (key, limit) in keys(login, address) {
            let entry = attempts.entry(key).or_insert((0, now));
            if now.0 - entry.1.0 >= WINDOW_MS {
                *entry = (0, now);
            }
            if entry.0 >= limit {
                wait_ms = wait_ms.max(Some(WINDOW_MS - (now.0 - entry.1.0)));
            } else {
                entry.0 += 1;
            }
        }
        match wait_ms {
            None => Ok(()),
            Some(ms) => {
                let seconds = ms / 1000 + 1;
                let message = format!("Too many failed sign-ins; try again in {seconds} s");
                let details = serde_json::json!({ "retryAfterSeconds": seconds });
                Err(Fault::new(&codes::TOO_MANY_SIGN_INS, message).with_details(details))
            }
        }
    }

    /// The attempt succeeded: the login starts anew at this address, the wider counts get their attempt back.
    pub(crate) fn succeeded(&self, login: &str, address: &str) {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        let [(own, _), shared @ ..] = keys(login, address);
        attempts.remove(&own);
        for (key, _) in shared {
            if let Some(entry) = attempts.get_mut(&key) {
                entry.0 = entry.0.saturating_sub(1);
            }
        }
    }
}

fn keys(login: &str, address: &str) -> [(String, u32); 3] {
    let login: String = login.trim().chars().take(100).flat_map(char::to_lowercase).collect();
    [
        (format!("b:{address} {login}"), PER_LOGIN),
        (format!("l:{login}"), PER_LOGIN_ANYWHERE),
        (format!("a:{address}"), PER_ADDRESS),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_failures_close_the_login_for_a_while() {
        let throttle = Throttle::default();
        let now = Timestamp(1_000_000);
        for _ in 0..PER_LOGIN {
            assert!(throttle.attempt("Ann", "1.2.3.4", now).is_ok());
        }
        assert!(throttle.attempt("ann ", "1.2.3.4", now).is_err_and(|f| f.is(&codes::TOO_MANY_SIGN_INS)));
        assert!(throttle.attempt("bob", "1.2.3.4", now).is_ok());
        assert!(throttle.attempt("ann", "5.6.7.8", now).is_ok(), "a stranger's failures do not lock her out");
        assert!(throttle.attempt("ann", "1.2.3.4", now.plus_ms(WINDOW_MS)).is_ok());
        throttle.succeeded("bob", "1.2.3.4");
        assert!(throttle.attempt("bob", "1.2.3.4", now).is_ok());
    }

    #[test]
    fn one_address_can_not_try_many_logins_for_ever() {
        let throttle = Throttle::default();
        let refused = (0..=PER_ADDRESS).filter(|i| throttle.attempt(&format!("u{i}"), "a", Timestamp(1)).is_err());
        assert_eq!(refused.count(), 1);
    }
}
