//! What each job does in turn, and that the database bears out what was acknowledged.
//!
//! Invariant: a figure whose acknowledgements the database does not hold is void and is not printed.

use crate::jobs::{Job, Process};
use crate::load::{Outcome, Plan, Script};
use crate::report::{Figures, Report, Waiting, round};
use crate::stage::{Counters, Stage};
use crate::turns::{Pairs, Turns};
use anyhow::{Result, bail};
use std::time::Duration;

/// What to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The job.
    pub job: Job,
    /// Clients that each wait for their answer before they ask again.
    pub clients: u32,
    /// Instances in all.
    pub instances: u64,
    /// Ends the measured part after so long, however many instances there were.
    pub seconds: Option<f64>,
    /// Jobs that a worker of B takes at once.
    pub take: u32,
    /// How often C compares A and B beside those who wait with A and B alone.
    pub turns: u32,
}

impl Options {
    /// The usual size of a job.
    pub fn new(job: Job, clients: u32) -> Self {
        let instances = match (job, clients) {
            (Job::StraightThrough | Job::Envelope, 1) => 5_000,
            (Job::StraightThrough | Job::Envelope, _) => 50_000,
            (Job::Service | Job::Handler, 1) => 2_000,
            (Job::Service | Job::Handler, _) => 20_000,
            (Job::Waiting, _) => 10_000,
            (Job::Mixed, _) => u64::from(u32::MAX),
        };
        let seconds = (job == Job::Mixed).then_some(300.0);
        Self { job, clients, instances, seconds, take: 4, turns: TURNS }
    }

    /// What the clients of a plain job do.
    pub(crate) fn script(&self) -> Script {
        match self.job {
            Job::StraightThrough | Job::Envelope => Script::Start(Process::Straight),
            Job::Service => Script::Service { take: self.take },
            Job::Handler => Script::Handler,
            Job::Waiting => Script::Start(Process::Waiting),
            Job::Mixed => Script::Mixed,
        }
    }

    /// The measured part.
    pub(crate) fn plan(&self) -> Plan {
        Plan { seconds: self.seconds, first: WARM_UP_MAX, ..Plan::new(self.script(), self.clients, self.instances) }
    }

    /// What is done before the stopwatch runs.
    pub(crate) fn warm_up(&self) -> Plan {
        let count = (self.instances / 20).clamp(1, WARM_UP_MAX);
        Plan::new(self.script(), self.clients, count)
    }
}

const WARM_UP_MAX: u64 = 2_000;
/// How long timers that were left may take to end their instances.
const TIMERS_END: Duration = Duration::from_secs(60);
/// So many turns tell a share within some hundredths; an even number lets each server begin as often.
const TURNS: u32 = 20;
/// Requests whose latency is taken one by one.
const SINGLE_REQUESTS: u64 = 500;

/// Runs a job on a stage. C compares it with `quiet`, another one like it where nobody waits; without that A and B run
/// alone on the stage itself, before anybody waits there.
pub(crate) async fn run<S: Stage>(stage: &mut S, quiet: Option<&mut S>, options: &Options) -> Result<Report> {
    match options.job {
        Job::Waiting => waiting(stage, quiet, options).await,
        _ => plain(stage, options).await,
    }
}

/// A, B and D: warm up, measure, compare with the database.
async fn plain<S: Stage>(stage: &mut S, options: &Options) -> Result<Report> {
    let warm = stage.load(options.warm_up()).await?;
    sound(&warm)?;
    let before = stage.counters().await?;
    let measured = stage.load(options.plan()).await?;
    let after = stage.counters().await?;
    let in_all = warm.done + measured.done;
    let mut report = figures(stage, options, &measured, (before, after), in_all);
    if options.job == Job::Mixed {
        settled(stage).await?;
        let asked: u64 = warm.parts.iter().chain(&measured.parts).sum();
        report.parts = Some(measured.parts);
        report.instances = measured.parts.iter().sum();
        report.per_second = (report.instances as f64 / measured.seconds).round();
        check(stage, asked, warm.errors + measured.errors).await?;
    } else {
        sound(&measured)?;
        check(stage, in_all, 0).await?;
    }
    Ok(report)
}

pub(crate) fn figures<S: Stage>(
    stage: &S,
    options: &Options,
    measured: &Outcome,
    (before, after): (Counters, Counters),
    in_all: u64,
) -> Report {
    Report::new(&Figures {
        job: options.job.name(),
        store: stage.store(),
        mode: stage.mode(),
        clients: options.clients,
        measured,
        before,
        after,
        in_all,
    })
}

/// C: the waiting instances, the lists, A and B alone and beside them, a restart.
async fn waiting<S: Stage>(stage: &mut S, mut quiet: Option<&mut S>, options: &Options) -> Result<Report> {
    let mut turns = Turns::new(options);
    let mut completed = turns.warm_up(stage).await?;
    let mut pairs = Pairs::default();
    let mut completed_quiet = 0;
    match &mut quiet {
        Some(quiet) => completed_quiet = turns.warm_up(*quiet).await?,
        None => completed += turns.alone(stage, &mut pairs).await?,
    }
    let before = stage.counters().await?;
    let measured = stage.load(options.plan()).await?;
    sound(&measured)?;
    let after = stage.counters().await?;
    let count = SINGLE_REQUESTS.min(measured.done / 2).max(1);
    let list = |offset| Plan::new(Script::ListTasks { offset }, 1, count);
    let first_page = stage.load(list(0)).await?;
    let last = u32::try_from(measured.done.saturating_sub(50)).unwrap_or(u32::MAX);
    let page_200 = stage.load(list(last.min(199 * 50))).await?;
    let complete = stage.load(Plan::new(Script::CompleteTasks, 1, count)).await?;
    for outcome in [&first_page, &page_200, &complete] {
        sound(outcome)?;
    }
    completed += complete.done;
    match &mut quiet {
        Some(quiet) => {
            for turn in 0..options.turns {
                let [beside, alone] = turns.both(stage, quiet, &mut pairs, turn % 2 == 0).await?;
                completed += beside;
                completed_quiet += alone;
            }
            check(*quiet, completed_quiet, 0).await?;
        }
        None => completed += turns.beside(stage, &mut pairs).await?,
    }
    check(stage, completed, 0).await?;
    let stored = stage.counters().await?.disk_bytes;
    let restart = stage.restart().await?;
    let active = stage.instances("active").await?;
    if active != measured.done - complete.done {
        bail!("{} instances should wait but {active} do: the figure is void", measured.done - complete.done);
    }
    let mut report = figures(stage, options, &measured, (before, after), completed + active).stored(stored);
    let grown = after.usage.rss_bytes.saturating_sub(before.usage.rss_bytes) as f64;
    report.waiting = Some(Waiting {
        rss_bytes_per_wait: (grown / measured.done.max(1) as f64).round(),
        list_p50_ms: first_page.p50_ms,
        list_p99_ms: first_page.p99_ms,
        page_200_p50_ms: page_200.p50_ms,
        page_200_p99_ms: page_200.p99_ms,
        complete_p50_ms: complete.p50_ms,
        complete_p99_ms: complete.p99_ms,
        straight: pairs.straight.compared(),
        service: pairs.service.compared(),
        restart_ms: restart.map(|d| round(d.as_secs_f64() * 1000.0)),
    });
    Ok(report)
}

/// Nothing was refused.
pub(crate) fn sound(outcome: &Outcome) -> Result<()> {
    match &outcome.first_error {
        Some(first) if outcome.errors > 0 => {
            bail!("{} requests failed, the first with: {first}; the figure is void", outcome.errors)
        }
        _ if outcome.done == 0 => bail!("nothing was done: the figure is void"),
        _ => Ok(()),
    }
}

/// An acknowledgement that the database does not bear out voids the figure. Of requests that failed nobody knows
/// whether they were carried out.
async fn check<S: Stage>(stage: &mut S, expected: u64, unsure: u64) -> Result<()> {
    let completed = stage.instances("completed").await?;
    if completed < expected || completed > expected + unsure {
        bail!(
            "{expected} instances were acknowledged but {completed} are completed in the database: the figure is void"
        );
    }
    Ok(())
}

/// Waits for the timers that are left.
async fn settled<S: Stage>(stage: &mut S) -> Result<()> {
    let until = crate::load::now() + TIMERS_END;
    while stage.instances("active").await? > 0 {
        if crate::load::now() > until {
            bail!("instances are active {} s after the load: the figure is void", TIMERS_END.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}
