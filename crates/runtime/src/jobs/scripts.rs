//! Scripts that do not fit into a step: run on a thread of their own, within their limits of time and memory.
//!
//! Owns: which scripts are in memory. Invariant: the job's row stays until the commit of its result, so a crash runs
//! the script again; a bounded number is in memory, the others are read from the store when it is their turn; only
//! scripts of partitions served here run. Never: decides what a result means.

use crate::cluster::is_passing;
use crate::core::Core;
use crate::jobs::plan::fail;
use engine::{Command, SCRIPT_JOB};
use expr::js;
use model::error::codes;
use model::{Fault, JobId, Object, Timestamp, Value};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::JobRow;

/// Pause before a result that found no room in a queue is offered again.
const AGAIN_MS: i64 = 250;

/// Scripts in memory.
#[derive(Default)]
pub(crate) struct Scripts(Mutex<State>);

#[derive(Default)]
struct State {
    known: HashSet<JobId>,
    /// Whether the store may hold scripts that are not here.
    more: bool,
    /// How often they were asked to be taken up soon, and whether somebody is at it.
    asked: u64,
    taking: bool,
}

impl Scripts {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many are here.
    pub(crate) fn len(&self) -> usize {
        self.lock().known.len()
    }

    fn admit(&self, job: JobId, max: usize) -> bool {
        let mut state = self.lock();
        if state.known.len() >= max {
            state.more = true;
            return false;
        }
        state.known.insert(job)
    }

    /// Whether who asks has to do it himself.
    fn ask(&self) -> bool {
        let mut state = self.lock();
        state.asked += 1;
        !std::mem::replace(&mut state.taking, true)
    }

    /// Whether nobody asked since.
    fn answered(&self, asked: u64) -> bool {
        let mut state = self.lock();
        state.taking = state.asked != asked;
        !state.taking
    }

    /// Whether it is time to read on.
    fn over(&self, job: JobId, max: usize) -> bool {
        let mut state = self.lock();
        state.known.remove(&job);
        state.more && state.known.len() <= max / 4
    }
}

/// Runs a script's job in the background, now or when there is room.
pub(crate) fn spawn(core: Arc<Core>, row: JobRow) {
    let max = core.limits.scripts_waiting.max(1);
    if !core.owns(row.partition) || !core.jobs.scripts.admit(row.id, max) {
        return;
    }
    tokio::spawn(async move {
        let Ok(permit) = core.scripts.acquire().await else { return };
        let command = run(&core, &row).await;
        report(&core, &row, command).await;
        drop(permit);
        if core.jobs.scripts.over(row.id, max)
            && let Err(fault) = take_up(&core).await
        {
            // No later look comes back to those that found no room here.
            tracing::warn!(%fault, "waiting scripts are read later");
            take_up_soon(core);
        }
    });
}

/// Takes up what is in the store and not here: left by a crash or shutdown, by another node, or for want of room.
pub(crate) async fn take_up(core: &Arc<Core>) -> Result<(), Fault> {
    core.jobs.scripts.lock().more = false;
    // Whether or not this node may be given up at this moment: no later look comes back to what is not read now.
    let owned = core.ownership.owned();
    if owned.is_empty() {
        return Ok(());
    }
    let named = if owned.len() == core.ownership.count() { &[] } else { &*owned };
    let limit = u32::try_from(core.limits.scripts_waiting.max(1)).unwrap_or(u32::MAX);
    let rows = core.store.open_jobs(named, SCRIPT_JOB, core.now(), limit).await?;
    if rows.len() >= limit as usize {
        core.jobs.scripts.lock().more = true;
    }
    for row in rows {
        spawn(core.clone(), row);
    }
    Ok(())
}

/// Takes up what may be there after a commit whose answer was lost. One at a time does so, however often it is asked
/// for while the database is away.
pub(crate) fn take_up_soon(core: Arc<Core>) {
    if !core.jobs.scripts.ask() {
        return;
    }
    tokio::spawn(async move {
        loop {
            let asked = core.jobs.scripts.lock().asked;
            match take_up(&core).await {
                Err(fault) if !fault.is(&codes::SHUTTING_DOWN) => {
                    core.clock.sleep_until(core.now().plus_ms(AGAIN_MS)).await;
                }
                _ if core.jobs.scripts.answered(asked) => return,
                _ => {}
            }
        }
    });
}

/// Hands the result to the instance; waits while its queue is full or the database is away, so that the script need not
/// run again.
async fn report(core: &Arc<Core>, row: &JobRow, command: Command) {
    loop {
        match core.command(row.instance, vec![command.clone()]).await {
            Ok(_) => return,
            Err(fault) if is_passing(&fault) && !fault.is(&codes::SHUTTING_DOWN) => {
                core.clock.sleep_until(core.now().plus_ms(AGAIN_MS)).await;
            }
            Err(fault) => {
                // Gone meanwhile, or shutting down: in the second case the row is taken up at the next start.
                tracing::debug!(job.id = %row.id, %fault, "a script's result was not needed");
                return;
            }
        }
    }
}

async fn run(core: &Arc<Core>, row: &JobRow) -> Command {
    let input = Value::from_json(&row.input);
    let source = input.get("source").map(Value::to_text).unwrap_or_default();
    let variables = input.get("variables").and_then(Value::as_object).cloned().unwrap_or_default();
    let now = core.now();
    let ran = {
        let core = core.clone();
        tokio::task::spawn_blocking(move || evaluate(&core, &source, &variables, now)).await
    };
    match ran {
        Ok(Ok(value)) => Command::CompleteJob { job: row.id, result: engine::script_result(value), by: None },
        Ok(Err(error)) => fail(row.id, &error.fault()),
        Err(_) => fail(row.id, &Fault::new(&codes::SCRIPT_FAILED, "the script broke its sandbox down")),
    }
}

fn evaluate(core: &Arc<Core>, source: &str, variables: &Object, now: Timestamp) -> Result<Value, expr::EvalError> {
    let end = now.plus_ms(i64::try_from(core.limits.script_ms).unwrap_or(i64::MAX));
    let clock = core.clock.clone();
    let worker = js::Worker { now, limits: &core.limits, deadline: Arc::new(move || clock.now() >= end) };
    js::run(source, variables, &worker)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bounded_number_is_in_memory() {
        let scripts = Scripts::default();
        let admitted: Vec<bool> = [1, 1, 2, 3, 4, 5].iter().map(|n| scripts.admit(JobId(*n), 4)).collect();
        assert_eq!(admitted, [true, false, true, true, true, false], "one that is here is not run twice");
        assert!(!scripts.over(JobId(1), 4) && !scripts.over(JobId(2), 4) && scripts.over(JobId(3), 4));
        assert_eq!(scripts.len(), 1);
    }

    #[test]
    fn one_at_a_time_takes_up_what_all_asked_for() {
        let scripts = Scripts::default();
        assert!(scripts.ask() && !scripts.ask());
        assert!(!scripts.answered(1), "somebody asked since");
        assert!(!scripts.ask() && scripts.answered(3));
        assert!(scripts.ask(), "the next begins anew");
    }
}
