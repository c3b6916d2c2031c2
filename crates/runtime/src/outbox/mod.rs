//! The outbox: effects that leave after the commit that asked for them, at least once, under one key.
//!
//! Owns: tries, gaps between them, giving up. Invariant: an entry stays in the store until the commit that records its
//! end; what a job waits for ends with the job in one unit; a dead or slow target does not stand before the calls to
//! others. Only calls of partitions served here are made, and what came of them is written under their lease.
//! Never: knows how a delivery is made (connectors do).
//!
//! - `board`: what is ready and on its way, whose call goes next; `circuit`: targets that fail; `sequence`: the order
//!   of calls that nobody waits for; `given_up`: those of them that failed for good

mod board;
mod circuit;
mod given_up;
mod sequence;

use crate::connectors::{CallRecord, Delivery, DeliveryReport, DeliveryResult, Order};
use crate::core::{Core, Counts};
use crate::jobs::plan::fail;
use crate::metrics::{Circuit, Meters};
use crate::partitions::work::Work;
use crate::stop::Stop;
use crate::trace::{self, SpanKind, SpanStart};
use board::{Board, Placed, Ready, Said};
use engine::Command;
use futures_util::FutureExt;
pub(crate) use given_up::{call_again, is_given_up};
use model::error::{FaultKind, codes};
use model::limits::Limits;
use model::{Fault, OutboxId, PartitionId, Timestamp};
use platform::LiveEvent;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::{CallRow, CallWrite, JobRow, OutboxRow, OutboxState, OutboxWrite, StoreError, Unit, Write};
use tokio::sync::Notify;

const FIRST_GAP_MS: i64 = 2_000;
const LONGEST_GAP_MS: i64 = 120_000;
/// The gap before a try at least.
const SHORTEST_GAP_MS: i64 = 1_000;
/// A call whose target answers others is not given up before so many tries, also when the first came long after it was
/// asked for: nothing ran here meanwhile.
const TRIES_MIN: u32 = 8;
/// Pause before a delivery whose outcome could not be recorded is looked at again.
const AGAIN_MS: i64 = 1_000;
/// Calls of an instance that is set aside are looked at so often: what comes of one could not be recorded.
const ASIDE_MS: i64 = 30_000;
/// While something is due the store is looked at so often.
const LOOK_MS: i64 = 1_000;
/// Pause before an outcome that found no room in a queue is offered again, and how often it is.
const FULL_MS: i64 = 250;
const FULL_TRIES: u32 = 40;
/// A call read longer ago may have been taken back: it is looked at before it is made.
const FRESH_US: u64 = 2_000_000;
/// Calls of an instance that are looked at for the one that an app answers.
const CALLS_LOOKED_AT: u32 = 10_000;
/// Pages that are put in place before calls that became ready are started.
const PAGES_MAX: usize = 64;

/// The outbox as the other parts see it.
pub(crate) struct Outbox {
    board: Mutex<Board>,
    changed: Notify,
}

impl Outbox {
    /// Nothing is read yet.
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { board: Mutex::new(Board::new(limits)), changed: Notify::new() }
    }

    /// Something was put into the store, or a partition came.
    pub(crate) fn notify_one(&self) {
        self.changed.notify_one();
    }

    /// Targets that are busy or failing.
    pub(crate) fn circuits(&self, now_us: u64) -> Vec<Circuit> {
        self.lock().circuits(now_us)
    }

    fn lock(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Delivers until `stop`; deliveries on their way are left to finish.
pub(crate) async fn run(core: Arc<Core>, stop: Stop) {
    loop {
        let next = core.outbox.lock().wake_at.first().copied();
        let sleep = async {
            match next {
                Some(at) => core.clock.sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = stop.stopped() => return,
            () = sleep => {}
            () = core.outbox.changed.notified() => {}
        }
        if let Err(error) = dispatch(&core).await {
            tracing::error!(%error, "the outbox could not be read");
            let again = core.now().plus_ms(AGAIN_MS);
            core.outbox.lock().wake_at.insert(again);
        }
    }
}

/// Starts every delivery that is due and fits.
async fn dispatch(core: &Arc<Core>) -> Result<(), StoreError> {
    let now = core.now();
    core.outbox.lock().begin_look(now);
    let Some(owned) = core.owned_to_read() else {
        // Who may have been given up for a moment is not told when it serves again.
        core.outbox.lock().look_by(now.plus_ms(LOOK_MS));
        return Ok(());
    };
    for _ in 0..PAGES_MAX {
        start_ready(core);
        let Some(limit) = core.outbox.lock().begin_read() else { break };
        let rows = core.store.due_effects(&owned, now, limit).await?;
        let full = rows.len() >= limit as usize;
        if !place(core, rows, full).await || !full {
            break;
        }
    }
    start_ready(core);
    if let Some(next) = core.store.earliest_effect().await? {
        // What is due already is on its way, or waits for its turn: what comes after it is not known then.
        let look = if next > now { next } else { now.plus_ms(LOOK_MS) };
        core.outbox.lock().look_by(look);
    }
    Ok(())
}

/// Finds a place for every row that was read; whether any was new.
async fn place(core: &Arc<Core>, rows: Vec<OutboxRow>, full: bool) -> bool {
    let (now, now_us) = (core.now(), core.clock.stopwatch_us());
    let (mut put_off, mut hopeless, mut taken, mut left) = (Vec::new(), Vec::new(), 0, 0);
    {
        let mut board = core.outbox.lock();
        for row in rows {
            if !board.is_new(row.id) {
                continue;
            }
            let Ok(order) = serde_json::from_value::<Order>(row.payload.clone()) else {
                tracing::error!(outbox.id = %row.id, "an outbox entry can not be read");
                continue;
            };
            let target = target_of(core, &row, &order);
            taken += 1;
            if order.waits && core.aside.get(order.instance).is_some() {
                let (ready, at) = (Ready { row, order, read_us: now_us }, now.plus_ms(ASIDE_MS));
                board.put_off(&ready, &target, at);
                put_off.push((ready.row, at));
                continue;
            }
            match board.place(Ready { row, order, read_us: now_us }, &target, now, now_us) {
                Placed::Kept => {}
                Placed::Left => {
                    taken -= 1;
                    left += 1;
                }
                Placed::PutOff(ready, us) => {
                    let at = now.plus_ms(i64::try_from(us.div_ceil(1_000)).unwrap_or(AGAIN_MS));
                    board.put_off(&ready, &target, at);
                    put_off.push((ready.row, at));
                }
                Placed::Behind(ready, at) => {
                    board.put_behind(&ready, &target, at);
                    put_off.push((ready.row, at));
                }
                Placed::Hopeless(ready) => hopeless.push((ready, target)),
            }
        }
        board.end_read(full, taken, left);
    }
    write_put_off(core, put_off).await;
    for (ready, target) in hopeless {
        give_up(core, *ready, &target).await;
    }
    taken > 0
}

fn target_of(core: &Core, row: &OutboxRow, order: &Order) -> Arc<str> {
    let connector = core.connectors.get(row.kind.as_str());
    connector.map_or_else(String::new, |connector| connector.target(order)).into()
}

/// Writes when calls come again that were not tried: their tries are not counted.
async fn write_put_off(core: &Core, rows: Vec<(OutboxRow, Timestamp)>) {
    let mut units: BTreeMap<PartitionId, Unit> = BTreeMap::new();
    for (row, due_at) in &rows {
        Meters::count(&core.meters.deliveries_deferred);
        let write = OutboxWrite::Reschedule {
            partition: row.partition,
            id: row.id,
            due_at: *due_at,
            attempts: row.attempts,
            state: OutboxState::Pending,
            last_error: row.last_error.clone(),
        };
        units.entry(row.partition).or_default().push(write);
    }
    if let Some(first) = rows.iter().map(|(_, due_at)| *due_at).min() {
        core.outbox.lock().wake_at.insert(first);
    }
    let units = units.into_iter().filter_map(|(partition, unit)| Some(unit.fenced(core.fence(partition)?)));
    let units: Vec<Unit> = units.collect();
    if !units.is_empty()
        && let Err(error) = core.store.commit(units).await
    {
        // They are due still and are read again.
        tracing::warn!(%error, "calls could not be put off");
    }
}

/// Starts what may go.
fn start_ready(core: &Arc<Core>) {
    loop {
        let now_us = core.clock.stopwatch_us();
        let Some((ready, target)) = core.outbox.lock().next(now_us) else { return };
        let core = core.clone();
        tokio::spawn(async move { make(&core, ready, &target).await });
    }
}

/// Makes one call and records what came of it.
async fn make(core: &Arc<Core>, ready: Ready, target: &Arc<str>) {
    let (id, instance) = (ready.row.id, ready.order.instance);
    if !is_wanted(core, &ready).await {
        let put_off = core.outbox.lock().back(id, target, Said::Nothing, core.clock.stopwatch_us());
        debug_assert!(put_off.is_empty(), "only a failure opens a circuit");
        core.outbox.lock().over(id, instance, target, core.clock.stopwatch_us());
        after(core, target);
        return;
    }
    let (delivery, report) = deliver(core, &ready).await;
    let Ready { row, order, .. } = ready;
    let now_us = core.clock.stopwatch_us();
    let said = said(&report);
    let flushed = core.outbox.lock().back(id, target, said, now_us);
    if !flushed.is_empty() {
        put_off_flushed(core, flushed, target).await;
    }
    // The place at the target is free already; what comes next need not wait for the commit.
    start_ready(core);
    let mut writes = Vec::new();
    if let Some(call) = &report.call {
        writes.push(call_row(&row, &delivery, call));
    }
    let ready = Ready { row, order, read_us: 0 };
    match record(core, &ready, report.result, writes).await {
        Ok(None) => core.outbox.lock().over(id, instance, target, now_us),
        Ok(Some(at)) => {
            let mut board = core.outbox.lock();
            board.put_off(&ready, target, at);
            board.wake_at.insert(at);
            drop(board);
            // It came due while its outcome was being written, when it was still known here and passed over.
            if at <= core.now() {
                core.outbox.notify_one();
            }
        }
        Err(fault) => {
            tracing::warn!(outbox.id = %id, %fault, "a delivery's outcome could not be recorded: it is made again");
            // What stands behind it is not kept here: who serves the partition next may end it elsewhere.
            core.outbox.lock().hold(&ready, target, core.now());
        }
    }
    let event = LiveEvent::new("instance", instance);
    core.platform.live().publish(event.with(serde_json::json!({"call": true})));
    after(core, target);
}

/// Goes on with what may go now; reads when little is left.
fn after(core: &Arc<Core>, target: &Arc<str>) {
    start_ready(core);
    if core.outbox.lock().is_low(target) {
        core.outbox.notify_one();
    }
}

/// Whether the call is still to be made, and here.
async fn is_wanted(core: &Core, ready: &Ready) -> bool {
    if !core.owns(ready.row.partition) {
        return false;
    }
    if core.clock.stopwatch_us().saturating_sub(ready.read_us) < FRESH_US {
        return true;
    }
    match core.store.effect(ready.row.id).await {
        Ok(row) => row.is_some_and(|row| row.attempts == ready.row.attempts && row.state == OutboxState::Pending),
        // At least once: rather made in vain than not at all.
        Err(_) => true,
    }
}

async fn put_off_flushed(core: &Core, flushed: Vec<(Ready, u64)>, target: &Arc<str>) {
    let now = core.now();
    let mut rows = Vec::with_capacity(flushed.len());
    {
        let mut board = core.outbox.lock();
        for (ready, us) in flushed {
            let at = now.plus_ms(i64::try_from(us.div_ceil(1_000)).unwrap_or(AGAIN_MS));
            board.put_off(&ready, target, at);
            rows.push((ready.row, at));
        }
    }
    tracing::warn!(to = %target, "calls fail: the circuit is open and they wait");
    write_put_off(core, rows).await;
}

/// What a report tells about the target: failures that may pass count against it, any answer counts for it.
fn said(report: &DeliveryReport) -> Said {
    match &report.result {
        DeliveryResult::Retry(_) => Said::Fails,
        DeliveryResult::Done | DeliveryResult::Completed(_) => Said::Works,
        DeliveryResult::GaveUp(_) if report.call.as_ref().is_some_and(|call| call.status.is_some()) => Said::Works,
        DeliveryResult::GaveUp(_) => Said::Nothing,
    }
}

async fn deliver(core: &Core, ready: &Ready) -> (Delivery, DeliveryReport) {
    Counts::add(&core.counts.deliveries, 1);
    let (row, now, began_us) = (&ready.row, core.now(), core.clock.stopwatch_us());
    core.meters.outbox_lag_ms.add_lag(row.due_at, now);
    let delivery = Delivery { id: row.id, attempt: row.attempts + 1, now, order: ready.order.clone() };
    let report = match core.connectors.get(row.kind.as_str()) {
        None => {
            let message = format!("nothing here delivers effects of the kind `{}`", row.kind);
            let result = DeliveryResult::GaveUp(Fault::new(&codes::CALL_FAILED, message));
            DeliveryReport { result, call: None }
        }
        Some(connector) => {
            let call = AssertUnwindSafe(connector.deliver(&delivery, &core.http)).catch_unwind();
            traced(core, ready, call).await.unwrap_or_else(|_| {
                Meters::count(&core.meters.connectors_broken);
                let fault = Fault::new(&codes::CALL_FAILED, "the connector broke down");
                DeliveryReport { result: DeliveryResult::GaveUp(fault), call: None }
            })
        }
    };
    core.meters.delivery_us.add(core.clock.stopwatch_us().saturating_sub(began_us));
    (delivery, report)
}

/// Makes a call in the trace of the command that asked for it, if that was traced.
async fn traced<E>(
    core: &Core,
    ready: &Ready,
    call: impl Future<Output = Result<DeliveryReport, E>>,
) -> Result<DeliveryReport, E> {
    let (Some(tracer), Some(parent)) = (&core.tracer, &ready.order.trace) else { return call.await };
    let attributes = vec![
        ("instance.id", ready.order.instance.to_string()),
        ("element.id", ready.order.element_id.clone()),
        ("job.id", ready.order.job.to_string()),
        ("attempt", (ready.row.attempts + 1).to_string()),
    ];
    let start = SpanStart { name: "call handler", kind: SpanKind::Client, parent: Some(parent), attributes };
    let mut span = tracer.start(start);
    let done = trace::within(span.traceparent(), call).await;
    if let Some(status) = done.as_ref().ok().and_then(|report| report.call.as_ref()?.status) {
        span.attribute("http.response.status_code", status.to_string());
    }
    let failed = match &done {
        Ok(DeliveryReport { result: DeliveryResult::Retry(fault) | DeliveryResult::GaveUp(fault), .. }) => {
            Some(fault.code.code)
        }
        Ok(_) => None,
        Err(_) => Some("the connector broke down"),
    };
    span.end(failed);
    done
}

/// Commits the outcome of a try; when it comes again, if it does.
async fn record(
    core: &Core,
    ready: &Ready,
    result: DeliveryResult,
    mut writes: Vec<Write>,
) -> Result<Option<Timestamp>, Fault> {
    let Ready { row, order, .. } = ready;
    let is_done = matches!(result, DeliveryResult::Done | DeliveryResult::Completed(_));
    let failed = |fault: Fault| match order.waits {
        true => commands(order, fail(order.job, &fault)),
        false => given_up::work(ready, &fault, core.now()),
    };
    let work = match result {
        DeliveryResult::Done => None,
        DeliveryResult::Completed(result) => {
            Some(commands(order, Command::CompleteJob { job: order.job, result, by: None }))
        }
        DeliveryResult::Retry(fault) => match next_try(core, row) {
            Some(due_at) => {
                Meters::count(&core.meters.deliveries_failed);
                writes.push(retry_row(row, due_at, &fault).into());
                write(core, row.partition, writes).await?;
                return Ok(Some(due_at));
            }
            None => {
                let message = format!("the handler failed for longer than calls are retried; the last time: {fault}");
                Some(failed(Fault::new(&codes::CALL_GAVE_UP, message)))
            }
        },
        DeliveryResult::GaveUp(fault) => Some(failed(fault)),
    };
    Meters::count(if is_done { &core.meters.deliveries_done } else { &core.meters.deliveries_given_up });
    writes.push(OutboxWrite::Delete { partition: row.partition, id: row.id }.into());
    let Some(work) = work else {
        write(core, row.partition, writes).await?;
        return Ok(None);
    };
    let mut tries = 0;
    loop {
        let told = match &work {
            Work::Tell(_) => given_up::tell(core, row.partition, work.clone(), writes.clone()).await,
            work => core.submit(row.partition, work.clone(), writes.clone()).await.map(drop),
        };
        return match told {
            Ok(_) => Ok(None),
            // The job or its instance has gone: the outcome was recorded all the same.
            Err(fault) if fault.is(&codes::JOB_NOT_FOUND) || fault.is(&codes::NOT_ACTIVE) => Ok(None),
            Err(fault) if fault.is(&codes::INSTANCE_NOT_FOUND) => Ok(None),
            // The call was made: rather wait for room than make it again.
            Err(fault) if fault.code.kind == FaultKind::Limited && tries < FULL_TRIES => {
                tries += 1;
                core.clock.sleep_until(core.now().plus_ms(FULL_MS)).await;
                continue;
            }
            Err(fault) => Err(fault),
        };
    }
}

fn commands(order: &Order, command: Command) -> Work {
    Work::Commands { instance: order.instance, commands: vec![command] }
}

/// Commits under the partition's lease. Without one, whoever serves the partition makes the call again.
async fn write(core: &Core, partition: PartitionId, writes: Vec<Write>) -> Result<(), Fault> {
    let Some(fence) = core.fence(partition) else { return Err(Fault::of(&codes::STORE_CONFLICT)) };
    core.store.commit_one(Unit { writes, fence: Some(fence) }).await?;
    Ok(())
}

/// Ends a call whose target has failed for longer than calls are retried, without one more try.
async fn give_up(core: &Core, ready: Ready, target: &Arc<str>) {
    let (id, instance) = (ready.row.id, ready.order.instance);
    let last = ready.row.last_error.clone().unwrap_or_default();
    let message = format!("calls to {target} fail for longer than calls are retried; the last time: {last}");
    let fault = Fault::new(&codes::CALL_GAVE_UP, message);
    let now = core.now();
    let delivery = Delivery { id, attempt: ready.row.attempts + 1, now, order: ready.order.clone() };
    let call = CallRecord { url: target.to_string(), error: Some(fault.to_string()), ..CallRecord::default() };
    let writes = vec![call_row(&ready.row, &delivery, &call)];
    match record(core, &ready, DeliveryResult::GaveUp(fault), writes).await {
        Ok(_) => core.outbox.lock().over(id, instance, target, core.clock.stopwatch_us()),
        Err(fault) => {
            tracing::warn!(outbox.id = %id, %fault, "a hopeless call could not be given up");
            core.outbox.lock().hold(&ready, target, core.now());
        }
    }
}

/// Whether an app was called for the job of this row under another element's id: it is answered under the id that was
/// told, also when the instance went on with another version meanwhile (BPMN MG-5).
pub(crate) async fn was_called_as(core: &Core, job: &JobRow, element_id: &str) -> Result<bool, Fault> {
    if let Some(waiting) = core.store.effect(OutboxId(job.id.0)).await? {
        let order = serde_json::from_value::<Order>(waiting.payload);
        if order.is_ok_and(|order| order.element_id == element_id) {
            return Ok(true);
        }
    }
    let calls = core.store.calls(job.instance, CALLS_LOOKED_AT).await?;
    Ok(calls.iter().any(|call| call.job == Some(job.id) && call.element_id == element_id))
}

/// When to try again; none when that would be outside the window and it was tried often enough. Between the shortest
/// gap and one that doubles with each try, by chance, so that calls that failed together do not come back together.
fn next_try(core: &Core, row: &OutboxRow) -> Option<Timestamp> {
    let longest = FIRST_GAP_MS.saturating_mul(1 << row.attempts.min(16)).min(LONGEST_GAP_MS);
    let room = u64::try_from(longest - SHORTEST_GAP_MS).unwrap_or(0) + 1;
    let gap = SHORTEST_GAP_MS + i64::try_from(core.entropy.next_u64() % room).unwrap_or(0);
    let due_at = core.now().plus_ms(gap);
    let window = i64::try_from(core.limits.handler_retry_window_ms).unwrap_or(i64::MAX);
    let is_early = row.attempts + 1 < TRIES_MIN || due_at <= row.first_at.plus_ms(window);
    is_early.then_some(due_at)
}

fn retry_row(row: &OutboxRow, due_at: Timestamp, fault: &Fault) -> OutboxWrite {
    OutboxWrite::Reschedule {
        partition: row.partition,
        id: row.id,
        due_at,
        attempts: row.attempts + 1,
        state: OutboxState::Pending,
        last_error: Some(fault.to_string()),
    }
}

fn call_row(row: &OutboxRow, delivery: &Delivery, call: &CallRecord) -> Write {
    let order = &delivery.order;
    CallWrite::Insert(Box::new(CallRow {
        partition: row.partition,
        instance: order.instance,
        element_id: order.element_id.clone(),
        element_key: order.element,
        job: Some(order.job),
        attempt: delivery.attempt,
        at: delivery.now,
        url: call.url.clone(),
        request: call.request.clone(),
        status: call.status,
        response: call.response.clone(),
        duration_ms: call.duration_ms,
        error: call.error.clone(),
    }))
    .into()
}
