//! The server is killed in mid-load and started again: everything acknowledged must be there, and nothing twice.
//!
//! Killing a process does not lose what the kernel holds: power loss is not shown by this.

use crate::load::{Outcome, Plan};
use crate::remote::{Remote, outcome};
use crate::report::{Kill, Report, round};
use crate::sequence::{self, Options};
use crate::stage::Stage as _;
use anyhow::{Context, Result, bail, ensure};
use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

/// How long the load runs before the server is killed.
const ALIVE: Duration = Duration::from_millis(2_500);

pub(crate) async fn run(stage: &mut Remote, options: &Options) -> Result<Report> {
    let before = stage.counters().await?;
    let plan = Plan { named: true, mortal: true, first: 0, count: u64::from(u32::MAX), ..options.plan() };
    let load = stage.begin(plan)?;
    tokio::time::sleep(ALIVE).await;
    let after = stage.counters().await?;
    stage.kill()?;
    let seen = outcome(load)?;
    ensure!(!seen.acknowledged.is_empty(), "nothing was acknowledged before the server was killed");
    let restart = stage.revive().await?;
    let found = instances(stage).await?;
    let kill = compare(&seen, &found, restart);
    if kill.lost > 0 || kill.doubled > 0 {
        bail!("after the server was killed {} acknowledged instances are lost and {} doubled", kill.lost, kill.doubled);
    }
    let mut report = sequence::figures(stage, options, &seen, (before, after), kill.found);
    report.kill = Some(kill);
    Ok(report)
}

/// An instance as the list shows it.
struct Found {
    id: String,
    key: String,
    state: String,
}

async fn instances(stage: &Remote) -> Result<Vec<Found>> {
    let mut all: Vec<Found> = Vec::new();
    loop {
        let page = stage.page_of_instances(all.len() as u64).await?;
        if page.is_empty() {
            return Ok(all);
        }
        for item in page {
            let text = |name: &str| item[name].as_str().map(str::to_owned);
            all.push(Found {
                id: text("id").context("an instance without an id")?,
                key: text("businessKey").unwrap_or_default(),
                state: text("state").unwrap_or_default(),
            });
        }
    }
}

fn compare(seen: &Outcome, found: &[Found], restart: Duration) -> Kill {
    let mut keys = HashSet::new();
    let doubled = found.iter().filter(|f| !keys.insert(f.key.as_str())).count();
    let by_id: HashMap<&str, &Found> = found.iter().map(|f| (f.id.as_str(), f)).collect();
    let kept = |(n, id): &(u64, i64)| {
        let instance = by_id.get(format!("pi_{id}").as_str());
        instance.is_some_and(|f| f.key == format!("bench-{n}") && f.state == "completed")
    };
    Kill {
        acknowledged: seen.acknowledged.len() as u64,
        found: found.len() as u64,
        lost: seen.acknowledged.iter().filter(|one| !kept(one)).count() as u64,
        doubled: doubled as u64,
        restart_ms: round(restart.as_secs_f64() * 1000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(id: i64, n: u64, state: &str) -> Found {
        Found { id: format!("pi_{id}"), key: format!("bench-{n}"), state: state.to_owned() }
    }

    #[test]
    fn what_is_missing_unfinished_or_twice_is_counted() {
        let seen = Outcome { acknowledged: vec![(1, 10), (2, 20), (3, 30)], ..Outcome::default() };
        let all = [found(10, 1, "completed"), found(20, 2, "active"), found(40, 1, "completed")];
        let kill = compare(&seen, &all, Duration::ZERO);
        assert_eq!((kill.acknowledged, kill.found, kill.lost, kill.doubled), (3, 3, 2, 1));
    }
}
