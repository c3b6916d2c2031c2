//! How much time each caller's methods used in the running ten minutes (contract 1.9): reported, not enforced.

use model::Timestamp;
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

const MINUTES: i64 = 10;
/// Callers × methods that are remembered; beyond it the idle ones are forgotten.
const KEPT: usize = 10_000;

/// Milliseconds by minute, the oldest first.
type Buckets = VecDeque<(i64, i64)>;

/// The running sums.
#[derive(Debug, Default)]
pub struct Meter {
    used: Mutex<HashMap<(String, &'static str), Buckets>>,
}

/// What a method used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Used {
    /// Seconds in the running ten minutes.
    pub seconds: f64,
    /// When the oldest of them is forgotten, Unix seconds.
    pub reset_at: i64,
}

impl Meter {
    /// Adds one run and tells the sum.
    pub fn add(&self, caller: &str, method: &'static str, start: Timestamp, finish: Timestamp) -> Used {
        let minute = finish.0.div_euclid(60_000);
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.len() >= KEPT {
            used.retain(|_, buckets| buckets.back().is_some_and(|(m, _)| *m > minute - MINUTES));
        }
        let buckets = used.entry((caller.to_owned(), method)).or_default();
        while buckets.front().is_some_and(|(m, _)| *m <= minute - MINUTES) {
            buckets.pop_front();
        }
        let ms = (finish.0 - start.0).max(0);
        match buckets.back_mut() {
            Some((m, sum)) if *m == minute => *sum += ms,
            _ => buckets.push_back((minute, ms)),
        }
        let sum: i64 = buckets.iter().map(|(_, ms)| ms).sum();
        let oldest = buckets.front().map_or(minute, |(m, _)| *m);
        Used { seconds: sum as f64 / 1000.0, reset_at: (oldest + MINUTES) * 60 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_of_ten_minutes() {
        let meter = Meter::default();
        let run = |at_s: i64, ms: i64| {
            let start = Timestamp(at_s * 1000);
            let used = meter.add("u1", "x", start, start.plus_ms(ms));
            (used.seconds, used.reset_at)
        };
        assert_eq!(run(0, 500), (0.5, 600));
        assert_eq!(run(30, 500), (1.0, 600));
        assert_eq!(run(300, 2000), (3.0, 600));
        assert_eq!(run(601, 100), (2.1, 900));
        assert_eq!(run(5000, 0), (0.0, 5580));
    }
}
