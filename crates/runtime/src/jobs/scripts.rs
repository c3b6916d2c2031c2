//! Scripts that do not fit into a step: run on a thread of their own, within their limits of time and memory.
//!
//! Invariant: the job's row stays until the commit of its result, so a crash runs the script again.

use crate::core::Core;
use crate::jobs::plan::fail;
use engine::{Command, SCRIPT_JOB};
use expr::js;
use model::error::codes;
use model::{Fault, Object, Timestamp, Value};
use std::sync::Arc;
use store::JobRow;

/// Scripts left over from before a restart that are taken up at once.
const LEFT_OVER_MAX: u32 = 10_000;

/// Runs a script's job in the background.
pub(crate) fn spawn(core: Arc<Core>, row: JobRow) {
    tokio::spawn(async move {
        let Ok(_permit) = core.scripts.acquire().await else { return };
        let command = run(&core, &row).await;
        if let Err(fault) = core.command(row.instance, vec![command]).await {
            // Gone meanwhile, or shutting down: in the second case the row is taken up at the next start.
            tracing::debug!(job.id = %row.id, %fault, "a script's result was not needed");
        }
    });
}

/// Takes up what a crash or shutdown left.
pub(crate) async fn take_up(core: &Arc<Core>) -> Result<(), Fault> {
    for row in core.store.open_jobs(SCRIPT_JOB, core.now(), LEFT_OVER_MAX).await? {
        spawn(core.clone(), row);
    }
    Ok(())
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
