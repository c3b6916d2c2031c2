//! A and B by turns, alone and beside instances that wait (job C).
//!
//! Invariant: a ratio is taken within one turn, whose two halves follow each other at once; who begins changes from
//! turn to turn, so that a machine which grows slower or faster favours neither.

use crate::jobs::Process;
use crate::load::{Plan, Script};
use crate::report::{Beside, round};
use crate::sequence::{Options, sound};
use crate::stage::Stage;
use anyhow::Result;

/// How long A and B run at a time: short, for a machine that grows slower or faster does so within seconds.
const JOB_SECONDS: f64 = 1.5;
/// How often both jobs are run before anything is measured.
const WARM_UPS: u32 = 2;
/// Business keys of one load, far from those of the next.
const KEYS: u64 = 1 << 32;

/// The loads of a run of C.
pub(crate) struct Turns<'a> {
    options: &'a Options,
    taken: u64,
}

/// What one load gave.
#[derive(Clone, Copy)]
struct Seen {
    done: u64,
    per_second: f64,
    /// Of the server, for each instance.
    cpu_us: f64,
}

/// What a job gave alone and beside them, a pair a turn.
#[derive(Default)]
pub(crate) struct Halves {
    alone: Vec<Seen>,
    beside: Vec<Seen>,
}

/// Both jobs.
#[derive(Default)]
pub(crate) struct Pairs {
    pub(crate) straight: Halves,
    pub(crate) service: Halves,
}

impl<'a> Turns<'a> {
    pub(crate) fn new(options: &'a Options) -> Self {
        Self { options, taken: 0 }
    }

    /// Both jobs, not measured: how many instances were completed. They are run until the server has the memory that it
    /// has under any load, so that this is not counted to those who wait.
    pub(crate) async fn warm_up<S: Stage>(&mut self, stage: &mut S) -> Result<u64> {
        let mut done = 0;
        for _ in 0..WARM_UPS {
            done += self.load(stage, self.straight()).await?.done;
            done += self.load(stage, self.service()).await?.done;
        }
        Ok(done)
    }

    /// Both jobs before anybody waits: how many instances were completed.
    pub(crate) async fn alone<S: Stage>(&mut self, stage: &mut S, pairs: &mut Pairs) -> Result<u64> {
        let straight = self.load(stage, self.straight()).await?;
        let service = self.load(stage, self.service()).await?;
        pairs.straight.alone.push(straight);
        pairs.service.alone.push(service);
        Ok(straight.done + service.done)
    }

    /// Both jobs beside those who wait: how many instances were completed.
    pub(crate) async fn beside<S: Stage>(&mut self, stage: &mut S, pairs: &mut Pairs) -> Result<u64> {
        let straight = self.load(stage, self.straight()).await?;
        let service = self.load(stage, self.service()).await?;
        pairs.straight.beside.push(straight);
        pairs.service.beside.push(service);
        Ok(straight.done + service.done)
    }

    /// One turn on two servers: how many instances were completed beside those who wait, and on the quiet one.
    pub(crate) async fn both<S: Stage>(
        &mut self,
        stage: &mut S,
        quiet: &mut S,
        pairs: &mut Pairs,
        quiet_first: bool,
    ) -> Result<[u64; 2]> {
        let mut done = [0; 2];
        for (script, halves) in [(self.straight(), &mut pairs.straight), (self.service(), &mut pairs.service)] {
            let (alone, beside) = if quiet_first {
                let alone = self.load(quiet, script).await?;
                (alone, self.load(stage, script).await?)
            } else {
                let beside = self.load(stage, script).await?;
                (self.load(quiet, script).await?, beside)
            };
            done[0] += beside.done;
            done[1] += alone.done;
            halves.alone.push(alone);
            halves.beside.push(beside);
        }
        Ok(done)
    }

    fn straight(&self) -> Script {
        Script::Start(Process::Straight)
    }

    fn service(&self) -> Script {
        Script::Service { take: self.options.take }
    }

    async fn load<S: Stage>(&mut self, stage: &mut S, script: Script) -> Result<Seen> {
        let plan = Plan::new(script, self.options.clients, u64::from(u32::MAX));
        let plan = Plan { seconds: Some(JOB_SECONDS), first: self.taken * KEYS, ..plan };
        self.taken += 1;
        let before = stage.counters().await?;
        let outcome = stage.load(plan).await?;
        sound(&outcome)?;
        let after = stage.counters().await?;
        let us = after.usage.cpu_us.saturating_sub(before.usage.cpu_us) as f64;
        Ok(Seen { done: outcome.done, per_second: outcome.per_second(), cpu_us: us / outcome.done.max(1) as f64 })
    }
}

impl Halves {
    /// Medians of the turns, and of what each turn says of the share.
    pub(crate) fn compared(&self) -> Beside {
        let of = |seen: &[Seen], what: fn(&Seen) -> f64| median(seen.iter().map(what).collect());
        let each = |what: fn(&Seen) -> f64| -> Vec<f64> {
            let pairs = self.alone.iter().zip(&self.beside);
            pairs.map(|(alone, beside)| what(beside) / what(alone).max(1.0)).collect()
        };
        let shares = each(|seen| seen.per_second);
        let (from, to) = sure(shares.clone());
        Beside {
            turns: shares.len(),
            alone_per_second: of(&self.alone, |seen| seen.per_second).round(),
            per_second: of(&self.beside, |seen| seen.per_second).round(),
            share: round(median(shares.clone())),
            share_from: round(from),
            share_to: round(to),
            alone_cpu_us: round(of(&self.alone, |seen| seen.cpu_us)),
            cpu_us: round(of(&self.beside, |seen| seen.cpu_us)),
            cpu_share: round(median(each(|seen| seen.cpu_us))),
            shares: shares.into_iter().map(round).collect(),
        }
    }
}

/// The middle one, or the middle of the middle two; 0 of none.
fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    match of.len() {
        0 => 0.0,
        n if n % 2 == 1 => of[n / 2],
        n => f64::midpoint(of[n / 2 - 1], of[n / 2]),
    }
}

/// Between which two the median of all turns that could be taken lies, with 95 % certainty, however they are spread: as
/// many are left out at each end as fall below the median by chance alone in one case of forty. All of them where there
/// are fewer than six.
fn sure(mut of: Vec<f64>) -> (f64, f64) {
    of.sort_by(f64::total_cmp);
    let n = of.len();
    let mut chance = 0.5_f64.powi(i32::try_from(n).unwrap_or(i32::MAX));
    let (mut below, mut left_out) = (chance, 0);
    while below <= 0.025 && left_out < n {
        left_out += 1;
        chance *= (n - left_out + 1) as f64 / left_out as f64;
        below += chance;
    }
    let out = left_out.saturating_sub(1);
    (of.get(out).copied().unwrap_or(0.0), of.get(n.saturating_sub(out + 1)).copied().unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_taken_within_each_turn() {
        let seen = |per_second, cpu_us| Seen { done: 1, per_second, cpu_us };
        let halves = Halves {
            alone: vec![seen(100.0, 50.0), seen(200.0, 40.0), seen(50.0, 80.0)],
            beside: vec![seen(90.0, 55.0), seen(200.0, 44.0), seen(49.0, 80.0)],
        };
        let compared = halves.compared();
        assert_eq!((compared.turns, compared.alone_per_second, compared.per_second), (3, 100.0, 90.0));
        assert_eq!((compared.share, compared.share_from, compared.share_to), (0.98, 0.9, 1.0));
        assert_eq!(compared.shares, [0.9, 1.0, 0.98]);
        assert_eq!((compared.alone_cpu_us, compared.cpu_us, compared.cpu_share), (50.0, 55.0, 1.1));
        assert_eq!(median(vec![4.0, 1.0, 3.0, 2.0]), 2.5);
        assert_eq!(median(Vec::new()), 0.0);
    }

    /// The ranks that tables of the sign test give, and all of them where there is no saying.
    #[test]
    fn what_is_sure_of_a_median() {
        for (n, first) in [(1, 1), (5, 1), (6, 1), (8, 1), (9, 2), (12, 3), (15, 4), (20, 6), (25, 8), (100, 40)] {
            let told = sure((1..=n).rev().map(f64::from).collect());
            assert_eq!(told, (f64::from(first), f64::from(n + 1 - first)), "of {n}");
        }
        assert_eq!(sure(Vec::new()), (0.0, 0.0));
    }
}
