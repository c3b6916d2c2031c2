//! Time and randomness at the edge: the wall and the machine's entropy, or a simulation of both.
//!
//! Owns: the only reads of the system clock and of entropy in this crate. Invariant: everything above takes `now` and
//! random bytes from here, so that a simulation repeats a run from a seed. Never: decides what a moment means.

use model::Timestamp;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// A clock one can also wait on.
pub trait Clock: model::Clock {
    /// Resolves at `at`, at once when that is not in the future.
    fn sleep_until(&self, at: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send>>;

    /// Microseconds of a stopwatch that no setting of the clock moves; only differences mean something. In a
    /// simulation it is the simulation's own time, so that measuring does not depend on the machine.
    fn stopwatch_us(&self) -> u64 {
        u64::try_from(self.now().0).unwrap_or(0).saturating_mul(1_000)
    }
}

/// The wall clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl model::Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the wall clock is read")]
    fn now(&self) -> Timestamp {
        Timestamp::from(jiff::Timestamp::now())
    }
}

impl Clock for SystemClock {
    fn sleep_until(&self, at: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let ms = at.0.saturating_sub(model::Clock::now(self).0);
        Box::pin(async move {
            if let Ok(ms) = u64::try_from(ms) {
                tokio::time::sleep(Duration::from_millis(ms)).await;
            }
        })
    }

    #[expect(clippy::disallowed_methods, reason = "the one place where the stopwatch is read")]
    fn stopwatch_us(&self) -> u64 {
        static BEGIN: OnceLock<Instant> = OnceLock::new();
        let began = *BEGIN.get_or_init(Instant::now);
        u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

/// A clock that moves only when told to.
#[derive(Debug)]
pub struct ManualClock(Mutex<Manual>);

#[derive(Debug)]
struct Manual {
    now: Timestamp,
    sleepers: BTreeMap<Timestamp, Vec<oneshot::Sender<()>>>,
}

impl ManualClock {
    /// A clock standing at `now`.
    pub fn new(now: Timestamp) -> Self {
        Self(Mutex::new(Manual { now, sleepers: BTreeMap::new() }))
    }

    /// Moves the clock and wakes those whose moment came, earliest first.
    pub fn advance_ms(&self, ms: i64) {
        let due = {
            let mut manual = self.lock();
            manual.now = manual.now.plus_ms(ms);
            let later = manual.now.plus_ms(1);
            let rest = manual.sleepers.split_off(&later);
            std::mem::replace(&mut manual.sleepers, rest)
        };
        for sleeper in due.into_values().flatten() {
            // A sleeper that gave up waiting dropped its receiver: nothing to wake.
            let _ = sleeper.send(());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Manual> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl model::Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.lock().now
    }
}

impl Clock for ManualClock {
    fn sleep_until(&self, at: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let mut manual = self.lock();
        if at <= manual.now {
            return Box::pin(std::future::ready(()));
        }
        let (sender, receiver) = oneshot::channel();
        manual.sleepers.entry(at).or_default().push(sender);
        Box::pin(async move {
            // The clock itself went away: the sleeper's task is about to end too.
            let _ = receiver.await;
        })
    }
}

/// Where random bytes come from.
#[derive(Debug)]
pub enum Entropy {
    /// The machine.
    System,
    /// A seed (SplitMix64): the same bytes in every run. For tests and simulation only.
    Seeded(Mutex<u64>),
}

impl Entropy {
    /// A repeatable source.
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Mutex::new(seed))
    }

    /// A random number.
    pub fn next_u64(&self) -> u64 {
        match self {
            Self::System => {
                let mut bytes = [0; 8];
                fill_from_system(&mut bytes);
                u64::from_le_bytes(bytes)
            }
            Self::Seeded(state) => split_mix(&mut state.lock().unwrap_or_else(PoisonError::into_inner)),
        }
    }

    /// `len` random characters of `[0-9A-Za-z]`, without bias.
    pub fn alphanumeric(&self, len: usize) -> String {
        const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let mut out = String::with_capacity(len);
        while out.len() < len {
            for byte in self.next_u64().to_le_bytes() {
                // 248 = 4 * 62: larger bytes would favour the first characters.
                if byte < 248 && out.len() < len {
                    out.push(char::from(ALPHABET[usize::from(byte) % 62]));
                }
            }
        }
        out
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where this crate takes the machine's entropy")]
fn fill_from_system(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system gives random bytes");
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Clock as _;

    #[tokio::test]
    async fn a_manual_clock_wakes_only_those_whose_moment_came() {
        let clock = ManualClock::new(Timestamp(1_000));
        let early = tokio::spawn(clock.sleep_until(Timestamp(1_500)));
        let late = tokio::spawn(clock.sleep_until(Timestamp(3_000)));
        clock.sleep_until(Timestamp(999)).await;
        clock.advance_ms(500);
        early.await.unwrap();
        assert!(!late.is_finished());
        assert_eq!(clock.now(), Timestamp(1_500));
        clock.advance_ms(1_500);
        late.await.unwrap();
    }

    #[test]
    fn seeded_randomness_repeats() {
        let (a, b) = (Entropy::seeded(7), Entropy::seeded(7));
        assert_eq!(a.alphanumeric(32), b.alphanumeric(32));
        assert_eq!(a.alphanumeric(32).len(), 32);
        assert!(Entropy::System.alphanumeric(64).bytes().all(|b| b.is_ascii_alphanumeric()));
    }
}
