//! The circuit of one target: closed while calls succeed, open after too many failures in a row, half-open while one
//! call tries whether it works again.
//!
//! Invariant: an open circuit lets nothing through until its time is over, then exactly one call; each try that fails
//! doubles the time, up to a bound; one success closes it. Never: reads a clock.

use crate::metrics::CircuitState;
use model::limits::Limits;

/// When circuits open, and for how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) failures: u32,
    pub(super) first_us: u64,
    pub(super) longest_us: u64,
}

impl Settings {
    pub(super) fn of(limits: &Limits) -> Self {
        Self {
            failures: limits.circuit_failures.max(1),
            first_us: limits.circuit_open_ms.max(1).saturating_mul(1_000),
            longest_us: limits.circuit_open_max_ms.max(1).saturating_mul(1_000),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed,
    Open { until_us: u64 },
    HalfOpen,
}

/// One circuit.
#[derive(Debug)]
pub(super) struct Breaker {
    state: State,
    failures: u32,
    /// How often it opened since the last success.
    opened: u32,
    /// Since when nothing has succeeded.
    failing_since_us: Option<u64>,
}

impl Default for Breaker {
    fn default() -> Self {
        Self { state: State::Closed, failures: 0, opened: 0, failing_since_us: None }
    }
}

impl Breaker {
    /// Whether a call may get ready, beside so many that are ready or on their way.
    pub(super) fn admits(&self, others: usize, now_us: u64) -> bool {
        match self.state {
            State::Closed => true,
            State::Open { until_us } => now_us >= until_us && others == 0,
            State::HalfOpen => false,
        }
    }

    /// Whether a call may go out now.
    pub(super) fn permits(&self, now_us: u64) -> bool {
        match self.state {
            State::Closed => true,
            State::Open { until_us } => now_us >= until_us,
            State::HalfOpen => false,
        }
    }

    /// A call goes out.
    pub(super) fn began(&mut self) {
        if let State::Open { .. } = self.state {
            self.state = State::HalfOpen;
        }
    }

    /// A call reached the target.
    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// A call said nothing about the target.
    pub(super) fn said_nothing(&mut self, now_us: u64) {
        if self.state == State::HalfOpen {
            self.state = State::Open { until_us: now_us };
        }
    }

    /// A call failed; whether that opened the circuit.
    pub(super) fn failed(&mut self, settings: &Settings, now_us: u64) -> bool {
        self.failures = self.failures.saturating_add(1);
        self.failing_since_us.get_or_insert(now_us);
        let opens = match self.state {
            State::Closed => self.failures >= settings.failures,
            State::HalfOpen => true,
            // The end of a call that began before.
            State::Open { .. } => false,
        };
        if opens {
            let us = settings.first_us.saturating_mul(1 << self.opened.min(20)).min(settings.longest_us);
            self.opened = self.opened.saturating_add(1);
            self.state = State::Open { until_us: now_us.saturating_add(us) };
        }
        opens
    }

    /// Microseconds until a call is tried; 0 when one may be, or is.
    pub(super) fn opens_in_us(&self, now_us: u64) -> u64 {
        if let State::Open { until_us } = self.state { until_us.saturating_sub(now_us) } else { 0 }
    }

    /// For how long nothing has succeeded.
    pub(super) fn failing_us(&self, now_us: u64) -> u64 {
        self.failing_since_us.map_or(0, |since| now_us.saturating_sub(since))
    }

    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    pub(super) fn state(&self) -> CircuitState {
        match self.state {
            State::Closed => CircuitState::Closed,
            State::Open { .. } => CircuitState::Open,
            State::HalfOpen => CircuitState::HalfOpen,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_tries_once_and_closes() {
        let settings = Settings { failures: 3, first_us: 100, longest_us: 300 };
        let mut circuit = Breaker::default();
        assert!(!circuit.failed(&settings, 1) && !circuit.failed(&settings, 2));
        circuit.succeeded();
        let opened: Vec<bool> = (10..13).map(|at| circuit.failed(&settings, at)).collect();
        assert_eq!(opened, [false, false, true], "in a row");
        assert!(!circuit.failed(&settings, 13), "calls on their way when it opened change nothing");
        assert!(!circuit.permits(111) && circuit.opens_in_us(12) == 100);
        let mut waits = Vec::new();
        let mut now = 112;
        for _ in 0..4 {
            assert!(circuit.permits(now) && circuit.admits(0, now) && !circuit.admits(1, now));
            circuit.began();
            assert!(!circuit.permits(now + 9_999) && !circuit.admits(0, now), "one call at a time");
            assert!(circuit.failed(&settings, now));
            waits.push(circuit.opens_in_us(now));
            now += circuit.opens_in_us(now);
        }
        assert_eq!(waits, [200, 300, 300, 300]);
        assert_eq!(circuit.failing_us(now), now - 10);
        circuit.began();
        circuit.said_nothing(now);
        assert!(circuit.permits(now), "the next may try");
        circuit.began();
        circuit.succeeded();
        assert_eq!((circuit.state(), circuit.failures(), circuit.failing_us(now)), (CircuitState::Closed, 0, 0));
    }
}
