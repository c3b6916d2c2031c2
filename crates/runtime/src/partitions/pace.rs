//! How many commands a round takes: as many as the store commits within the time a commit should take.
//!
//! Owns: a running estimate of what a commit costs at all and what each unit adds. Invariant: a round is made smaller
//! only where that makes commits quicker. A store whose every commit is slow (a slow disk) keeps its large rounds:
//! small ones would wait as long and carry less. Never: reads a clock.

/// How much of the past is kept with each commit.
const MEMORY: f64 = 0.95;
/// A round grows and shrinks by so much at once.
const STEP: f64 = 1.5;

/// The size of rounds. Fed with every commit.
#[derive(Debug)]
pub(crate) struct Pace {
    size: f64,
    max: f64,
    target_us: f64,
    /// Decaying sums of a straight line through (units, microseconds).
    weight: f64,
    units: f64,
    us: f64,
    units_squared: f64,
    units_us: f64,
}

impl Pace {
    pub(crate) fn new(max: usize, target_us: u64) -> Self {
        let max = max.max(1) as f64;
        let (weight, units, us, units_squared, units_us) = (0.0, 0.0, 0.0, 0.0, 0.0);
        Self { size: max, max, target_us: target_us.max(1) as f64, weight, units, us, units_squared, units_us }
    }

    /// Commands of the next round at most.
    pub(crate) fn size(&self) -> usize {
        self.size as usize
    }

    /// A round's commit took so long.
    pub(crate) fn committed(&mut self, units: usize, us: u64) {
        let (x, y) = (units.max(1) as f64, us as f64);
        for (sum, value) in [
            (&mut self.weight, 1.0),
            (&mut self.units, x),
            (&mut self.us, y),
            (&mut self.units_squared, x * x),
            (&mut self.units_us, x * y),
        ] {
            *sum = *sum * MEMORY + value;
        }
        let wanted = self.wanted(x, y);
        self.size = wanted.clamp(self.size / STEP, self.size * STEP).clamp(1.0, self.max);
    }

    fn wanted(&self, x: f64, y: f64) -> f64 {
        let (mean_x, mean_y) = (self.units / self.weight, self.us / self.weight);
        let spread = self.units_squared / self.weight - mean_x * mean_x;
        if spread < 0.001 * mean_x * mean_x {
            // All rounds were alike: nothing tells what others would cost. Try, if there is something to gain.
            return match y {
                _ if y > self.target_us => x / STEP,
                _ if y < self.target_us / 2.0 => self.size * STEP,
                _ => self.size,
            };
        }
        let each = (self.units_us / self.weight - mean_x * mean_y) / spread;
        if each <= 0.0 {
            return self.max;
        }
        let fixed = (mean_y - each * mean_x).max(0.0);
        // Where the fixed part alone is over the target, the units may double it, no more.
        (self.target_us - fixed).max(fixed) / each
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The size that settles on a store whose commits take `fixed + each * units` microseconds, while there is work
    /// for `waiting` commands.
    fn settles(fixed: u64, each: u64, waiting: usize) -> usize {
        let mut pace = Pace::new(256, 20_000);
        for n in 0..400 {
            // Not every round is full.
            let units = pace.size().min(if n % 5 == 0 { waiting / 2 + 1 } else { waiting });
            pace.committed(units, fixed + each * units as u64);
        }
        pace.size()
    }

    #[test]
    fn rounds_fit_the_time_of_a_commit() {
        assert_eq!(settles(1_000, 20, 1_000), 256, "quick: as large as allowed");
        assert!(settles(100_000, 20, 1_000) >= 170, "a slow disk: small rounds would not be quicker");
        assert!((15..=21).contains(&settles(1_000, 1_000, 1_000)), "every unit is slow");
        assert!((66..=105).contains(&settles(100_000, 1_000, 1_000)), "both: at most twice the fixed part");
        assert_eq!(settles(0, 1_000_000, 1_000), 1, "never less than one");
        assert_eq!(settles(1_000, 20, 3), 256, "little work says little");
    }

    #[test]
    fn a_simulation_without_time_takes_full_rounds() {
        let mut pace = Pace::new(128, 20_000);
        (0..50).for_each(|n| pace.committed(n, 0));
        assert_eq!(pace.size(), 128);
    }
}
