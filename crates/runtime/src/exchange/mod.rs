//! What goes between instances: messages, signals, calls, names held by one, and starts by events.
//!
//! Invariant: what an instance sends stands in the unit of its step; what arrives is written with its effect, in the
//! receiver's unit, and marked there as arrived. So a crash at any moment neither loses nor doubles anything: this loop
//! is only quick, and a look at the store finds what it did not get to. Never: decides what a message means to an
//! instance (the engine does).
//!
//! - `dealings`: a step's events that concern others, as writes of its unit
//! - `messages`: who gets a published message; `correlate`: who gets it at once
//! - `signals`: all who wait; `calls`: instances that others called; `mutexes`: who holds a name
//! - `event_starts`: what starts the latest versions; `lists`: what people see of it all

pub(crate) mod calls;
pub(crate) mod correlate;
pub(crate) mod dealings;
pub(crate) mod event_starts;
mod lists;
pub(crate) mod messages;
mod mutexes;
pub(crate) mod signals;

use crate::cluster::is_passing;
use crate::core::Core;
use crate::stop::Stop;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use model::error::codes;
use model::{Fault, PartitionId, Timestamp};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use store::{MessagePlace, MessageRow, Unit};
use tokio::sync::{Mutex as Turn, Notify, OwnedMutexGuard};

/// Looks worked on at once.
const AT_ONCE: usize = 64;
/// What could not be done now is tried again after so long.
const AGAIN_MS: i64 = 500;
/// So often the store is looked at where others write to it, and for what has expired.
const SWEEP_MS: i64 = 10_000;
/// The same where nobody else writes.
const SWEEP_ALONE_MS: i64 = 30_000;
/// Messages read at once.
const READ_MAX: u32 = 500;
/// Pages of kept messages looked at in one sweep, when all were looked at before.
const SWEEP_PAGES: u32 = 4;

/// Something worth a look.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Look {
    /// A message was published.
    Published(Box<MessageRow>),
    /// An instance of `process` waits for a message of this name; of any key without one.
    Opened { name: String, key: Option<String>, process: String },
    /// The instance of `process` that was started for this key has ended.
    Freed { process: String, key: String },
    /// Somebody asks for this name, or left it.
    Mutex(String),
}

/// Where looks are announced.
#[derive(Default)]
pub(crate) struct Board {
    pending: Mutex<VecDeque<Look>>,
    filled: Notify,
    turns: Mutex<HashMap<String, Weak<Turn<()>>>>,
}

impl Board {
    /// There is something to look at.
    pub(crate) fn announce(&self, looks: impl IntoIterator<Item = Look>) {
        let mut pending = lock(&self.pending);
        let before = pending.len();
        pending.extend(looks);
        let filled = pending.len() > before;
        drop(pending);
        if filled {
            self.filled.notify_one();
        }
    }

    /// Whoever works on the same message name and key waits.
    async fn turn(&self, name: &str, key: &str) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = lock(&self.turns);
            if turns.len() > 4_096 {
                turns.retain(|_, turn| turn.strong_count() > 0);
            }
            let slot = turns.entry(format!("{name}\0{key}")).or_default();
            slot.upgrade().unwrap_or_else(|| {
                let turn = Arc::new(Turn::new(()));
                *slot = Arc::downgrade(&turn);
                turn
            })
        };
        turn.lock_owned().await
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Works on looks until `stop`.
pub(crate) async fn run(core: Arc<Core>, stop: Stop) {
    let board = &core.exchange;
    let every = if core.cluster.shared { SWEEP_MS } else { SWEEP_ALONE_MS };
    let mut running = FuturesUnordered::new();
    let mut again: Vec<Look> = Vec::new();
    let mut again_at = Timestamp::default();
    let mut sweep_at = core.now();
    let mut rounds = Rounds::default();
    loop {
        let now = core.now();
        if now >= sweep_at {
            sweep_at = now.plus_ms(every);
            sweep(&core, &mut rounds).await;
        }
        if !again.is_empty() && now >= again_at {
            board.announce(again.drain(..));
        }
        while running.len() < AT_ONCE {
            let Some(look) = lock(&board.pending).pop_front() else { break };
            let core = &core;
            running.push(async move { (work(core, &look).await, look) });
        }
        let next = if again.is_empty() { sweep_at } else { sweep_at.min(again_at) };
        tokio::select! {
            biased;
            () = stop.stopped() => return,
            Some((done, look)) = running.next(), if !running.is_empty() => if let Err(fault) = done {
                let late = fault.is(&codes::STORE_CONFLICT) && matches!(look, Look::Published(_));
                if late || is_passing(&fault) {
                    if again.is_empty() {
                        again_at = core.now().plus_ms(AGAIN_MS);
                    }
                    again.push(look);
                } else {
                    tracing::warn!(%fault, ?look, "something between instances could not be done");
                }
            },
            () = board.filled.notified(), if running.len() < AT_ONCE => {}
            () = core.clock.sleep_until(next) => {}
        }
    }
}

async fn work(core: &Core, look: &Look) -> Result<(), Fault> {
    match look {
        Look::Published(row) => messages::settle(core, row).await,
        Look::Opened { name, key, process } => messages::opened(core, name, key.clone(), process).await,
        Look::Freed { process, key } => messages::freed(core, process, key).await,
        Look::Mutex(name) => mutexes::settle(core, name).await,
    }
}

/// How far kept messages were looked through.
#[derive(Default)]
struct Rounds {
    place: Option<MessagePlace>,
    /// Of which partitions; none before the first sweep.
    owned: Option<Arc<[PartitionId]>>,
}

/// Finds in the store what nobody announced here: after a crash, or on another node.
async fn sweep(core: &Core, rounds: &mut Rounds) {
    let Some(owned) = core.owned_to_read() else { return };
    if let Err(error) = sweep_messages(core, rounds, owned).await {
        tracing::warn!(%error, "published messages could not be read");
    }
    match core.store.next_in_queue(None, READ_MAX).await {
        Ok(rows) => core.exchange.announce(rows.into_iter().map(|row| Look::Mutex(row.name))),
        Err(error) => tracing::warn!(%error, "queues for names could not be read"),
    }
    if let Err(error) = expire(core).await {
        tracing::warn!(%error, "expired messages stay for now");
    }
}

/// All kept messages when partitions came, as who served them before may have died over a delivery; a part of them each
/// time after that, however many are kept.
async fn sweep_messages(core: &Core, rounds: &mut Rounds, owned: Arc<[PartitionId]>) -> store::Result<()> {
    let announce = |rows: Vec<MessageRow>| {
        core.exchange.announce(rows.into_iter().map(|row| Look::Published(Box::new(row))));
    };
    announce(core.store.undelivered(&owned, core.now(), READ_MAX).await?);
    let mut pages = SWEEP_PAGES;
    if rounds.owned.as_ref() != Some(&owned) {
        *rounds = Rounds::default();
        pages = u32::MAX;
    }
    for _ in 0..pages {
        let page = core.store.unsettled(&owned, core.now(), rounds.place, READ_MAX).await?;
        announce(page.rows);
        rounds.place = page.next;
        if page.next.is_none() {
            break;
        }
    }
    rounds.owned = Some(owned);
    Ok(())
}

/// Clears away what is over its time; writes nothing when nothing is.
async fn expire(core: &Core) -> store::Result<()> {
    let now = core.now();
    if core.store.earliest_expiry().await?.is_some_and(|earliest| earliest < now) {
        core.store.commit_one(Unit::of(store::ExchangeWrite::Expire { before: now, limit: READ_MAX })).await?;
    }
    Ok(())
}
