//! The outbox: effects that leave after the commit that asked for them, at least once, under one key.
//!
//! Owns: tries, gaps between them, giving up. Invariant: an entry stays in the store until the commit that records its
//! end; what a job waits for ends with the job in one unit. Never: knows how a delivery is made (connectors do).

use crate::connectors::{CallRecord, Delivery, DeliveryReport, DeliveryResult, Order};
use crate::core::{Core, Counts};
use crate::jobs::plan::fail;
use crate::partitions::work::Work;
use crate::stop::Stop;
use engine::Command;
use futures_util::FutureExt;
use model::error::codes;
use model::{Fault, OutboxId, Timestamp};
use platform::LiveEvent;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::{CallRow, CallWrite, OutboxRow, OutboxState, OutboxWrite, Unit, Write};

/// Deliveries at once.
const DELIVERIES_MAX: usize = 256;
/// Deliveries at once to one target.
const PER_TARGET_MAX: usize = 16;
/// Entries read at once.
const READ_MAX: usize = 256;
const FIRST_GAP_MS: i64 = 2_000;
const LONGEST_GAP_MS: i64 = 120_000;
/// Pause before a delivery whose outcome could not be recorded is looked at again.
const AGAIN_MS: i64 = 1_000;

/// What is on its way.
#[derive(Default)]
struct Active {
    ids: HashSet<OutboxId>,
    targets: HashMap<String, usize>,
    /// Moments at which to look again.
    wake_at: BTreeSet<Timestamp>,
}

struct Outbox {
    core: Arc<Core>,
    active: Mutex<Active>,
}

/// Delivers until `stop`; deliveries on their way are left to finish.
pub(crate) async fn run(core: Arc<Core>, stop: Stop) {
    let outbox = Arc::new(Outbox { core, active: Mutex::default() });
    outbox.lock().wake_at.insert(Timestamp::default());
    loop {
        let next = outbox.lock().wake_at.first().copied();
        let clock = outbox.core.clock.clone();
        let sleep = async {
            match next {
                Some(at) => clock.sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = stop.stopped() => return,
            () = sleep => {}
            () = outbox.core.outbox.notified() => {}
        }
        if let Err(error) = outbox.dispatch().await {
            tracing::error!(%error, "the outbox could not be read");
            let again = outbox.core.now().plus_ms(AGAIN_MS);
            outbox.lock().wake_at.insert(again);
        }
    }
}

impl Outbox {
    fn lock(&self) -> MutexGuard<'_, Active> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts every delivery that is due and fits.
    async fn dispatch(self: &Arc<Self>) -> Result<(), store::StoreError> {
        let now = self.core.now();
        // What is on its way now may be read in a state that its end is just changing; its end looks again.
        let on_their_way = {
            let mut active = self.lock();
            active.wake_at = active.wake_at.split_off(&now.plus_ms(1));
            active.ids.clone()
        };
        let busy = on_their_way.len();
        if busy >= DELIVERIES_MAX {
            // The end of any of them looks again.
            return Ok(());
        }
        let limit = u32::try_from(READ_MAX + busy).unwrap_or(u32::MAX);
        let rows = self.core.store.due_effects(&[], now, limit).await?;
        for row in rows.into_iter().filter(|row| !on_their_way.contains(&row.id)) {
            self.start(row);
        }
        if let Some(next) = self.core.store.earliest_effect().await?.filter(|at| *at > now) {
            self.lock().wake_at.insert(next);
        }
        Ok(())
    }

    fn start(self: &Arc<Self>, row: OutboxRow) {
        let Ok(order) = serde_json::from_value::<Order>(row.payload.clone()) else {
            tracing::error!(outbox.id = %row.id, "an outbox entry can not be read");
            return;
        };
        let connector = self.core.connectors.get(row.kind.as_str()).cloned();
        let target = connector.as_ref().map_or_else(String::new, |c| c.target(&order));
        {
            let mut active = self.lock();
            let at_target = active.targets.get(&target).copied().unwrap_or(0);
            if active.ids.len() >= DELIVERIES_MAX || at_target >= PER_TARGET_MAX || !active.ids.insert(row.id) {
                return;
            }
            active.targets.insert(target.clone(), at_target + 1);
        }
        let this = self.clone();
        tokio::spawn(async move {
            let id = row.id;
            this.deliver(row, order, connector).await;
            {
                let mut active = this.lock();
                active.ids.remove(&id);
                if let Some(count) = active.targets.get_mut(&target) {
                    *count -= 1;
                    if *count == 0 {
                        active.targets.remove(&target);
                    }
                }
            }
            this.core.outbox.notify_one();
        });
    }

    async fn deliver(&self, row: OutboxRow, order: Order, connector: Option<Arc<dyn crate::Connector>>) {
        Counts::add(&self.core.counts.deliveries, 1);
        let started = self.core.now();
        let delivery = Delivery { id: row.id, attempt: row.attempts + 1, now: started, order };
        let report = match connector {
            None => {
                let message = format!("nothing here delivers effects of the kind `{}`", row.kind);
                let result = DeliveryResult::GaveUp(Fault::new(&codes::CALL_FAILED, message));
                DeliveryReport { result, call: None }
            }
            Some(connector) => {
                let call = AssertUnwindSafe(connector.deliver(&delivery, &self.core.http)).catch_unwind();
                call.await.unwrap_or_else(|_| {
                    let fault = Fault::new(&codes::CALL_FAILED, "the connector broke down");
                    DeliveryReport { result: DeliveryResult::GaveUp(fault), call: None }
                })
            }
        };
        let mut writes = Vec::new();
        if let Some(call) = &report.call {
            writes.push(call_row(&row, &delivery, started, call));
        }
        if let Err(fault) = self.record(&row, &delivery.order, report.result, writes).await {
            tracing::warn!(outbox.id = %row.id, %fault, "a delivery's outcome could not be recorded; it will be made again");
            let again = self.core.now().plus_ms(AGAIN_MS);
            self.lock().wake_at.insert(again);
        }
        let event = LiveEvent::new("instance", delivery.order.instance);
        self.core.platform.live().publish(event.with(serde_json::json!({"call": true})));
    }

    /// Commits the outcome of a try.
    async fn record(
        &self,
        row: &OutboxRow,
        order: &Order,
        result: DeliveryResult,
        mut writes: Vec<Write>,
    ) -> Result<(), Fault> {
        let done = OutboxWrite::Delete { partition: row.partition, id: row.id };
        let command = match result {
            DeliveryResult::Done => None,
            DeliveryResult::Completed(result) => Some(Command::CompleteJob { job: order.job, result, by: None }),
            DeliveryResult::Retry(fault) => match self.next_try(row) {
                Some(due_at) => {
                    writes.push(retry_row(row, due_at, &fault).into());
                    self.core.store.commit_one(Unit { writes, fence: None }).await?;
                    self.lock().wake_at.insert(due_at);
                    return Ok(());
                }
                None => {
                    let message =
                        format!("the handler failed for longer than calls are retried; the last time: {fault}");
                    order.waits.then(|| fail(order.job, &Fault::new(&codes::CALL_GAVE_UP, message)))
                }
            },
            DeliveryResult::GaveUp(fault) => order.waits.then(|| fail(order.job, &fault)),
        };
        writes.push(done.into());
        let Some(command) = command else {
            self.core.store.commit_one(Unit { writes, fence: None }).await?;
            return Ok(());
        };
        let work = Work::Commands { instance: order.instance, commands: vec![command] };
        match self.core.submit(row.partition, work, writes.clone()).await {
            Ok(_) => Ok(()),
            // The job or its instance has gone: the outcome was recorded all the same.
            Err(fault) if fault.is(&codes::JOB_NOT_FOUND) || fault.is(&codes::NOT_ACTIVE) => Ok(()),
            Err(fault) if fault.is(&codes::INSTANCE_NOT_FOUND) || fault.is(&codes::QUARANTINED) => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    /// When to try again; none when that would be outside the window.
    fn next_try(&self, row: &OutboxRow) -> Option<Timestamp> {
        let doubled = FIRST_GAP_MS.saturating_mul(1 << row.attempts.min(16));
        let gap = doubled.min(LONGEST_GAP_MS);
        // Up to a fifth more, so that calls that failed together do not come back together.
        let jitter = i64::try_from(self.core.entropy.next_u64() % 1_000).unwrap_or(0) * gap / 5_000;
        let due_at = self.core.now().plus_ms(gap + jitter);
        let window = i64::try_from(self.core.limits.handler_retry_window_ms).unwrap_or(i64::MAX);
        (due_at <= row.first_at.plus_ms(window)).then_some(due_at)
    }
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

fn call_row(row: &OutboxRow, delivery: &Delivery, at: Timestamp, call: &CallRecord) -> Write {
    let order = &delivery.order;
    CallWrite::Insert(Box::new(CallRow {
        partition: row.partition,
        instance: order.instance,
        element_id: order.element_id.clone(),
        element_key: order.element,
        job: Some(order.job),
        attempt: delivery.attempt,
        at,
        url: call.url.clone(),
        request: call.request.clone(),
        status: call.status,
        response: call.response.clone(),
        duration_ms: call.duration_ms,
        error: call.error.clone(),
    }))
    .into()
}
