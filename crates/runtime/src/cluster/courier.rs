//! What happened here, told to the other nodes: best effort, so that nobody has to wait for a poll.
//!
//! Invariant: while one round of telling is under way the next one gathers, so that a busy node tells more at a time
//! and not more often; what is lost here is found in the database a moment later. Never: tells what must arrive.

use super::PeerRequest;
use super::wire::{Ask, News, WireEvent};
use crate::core::Core;
use crate::stop::Stop;
use futures_util::future::join_all;
use model::Timestamp;
use platform::LiveEvent;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio::sync::broadcast::error::RecvError;

/// Live events and offers of jobs leave at most so often.
const PACE_MS: i64 = 20;
/// Live events of one round; a browser that misses some reads its page anew.
const EVENTS_MAX: usize = 1_024;

/// What is to be told.
pub(crate) struct Courier {
    /// Whether there can be others.
    shared: bool,
    pending: Mutex<Pending>,
    filled: Notify,
}

#[derive(Default)]
struct Pending {
    leases: bool,
    inbox: bool,
    jobs: BTreeSet<String>,
    processes: BTreeSet<String>,
    events: Vec<WireEvent>,
}

impl Pending {
    /// Whether something can not wait for the pace.
    fn is_urgent(&self) -> bool {
        self.leases || self.inbox || !self.processes.is_empty()
    }

    fn is_empty(&self) -> bool {
        !self.is_urgent() && self.jobs.is_empty() && self.events.is_empty()
    }

    fn asks(self) -> Vec<Ask> {
        let mut asks = Vec::new();
        if !self.processes.is_empty() {
            asks.push(Ask::Forget { processes: self.processes.into_iter().collect() });
        }
        let news = News { leases: self.leases, inbox: self.inbox, jobs: self.jobs.into_iter().collect() };
        if news != News::default() {
            asks.push(Ask::Wake(news));
        }
        if !self.events.is_empty() {
            asks.push(Ask::Live { events: self.events });
        }
        asks
    }
}

impl Courier {
    pub(crate) fn new(shared: bool) -> Self {
        Self { shared, pending: Mutex::default(), filled: Notify::new() }
    }

    /// Jobs of these types were committed.
    pub(crate) fn offered(&self, types: &[String]) {
        if self.shared && !types.is_empty() {
            self.add(|pending| {
                for job_type in types {
                    if !pending.jobs.contains(job_type) {
                        pending.jobs.insert(job_type.clone());
                    }
                }
            });
        }
    }

    /// There are messages to partitions of others.
    pub(crate) fn sent(&self) {
        self.add(|pending| pending.inbox = true);
    }

    /// Leases changed.
    pub(crate) fn moved(&self) {
        self.add(|pending| pending.leases = true);
    }

    /// Something about a process changed.
    pub(crate) fn forget(&self, process: &str) {
        self.add(|pending| {
            pending.processes.insert(process.to_owned());
        });
    }

    fn add(&self, change: impl FnOnce(&mut Pending)) {
        if !self.shared {
            return;
        }
        change(&mut self.lock());
        self.filled.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells the others until `stop`.
pub(crate) async fn run(core: Arc<Core>, stop: Stop) {
    let courier = &core.cluster.courier;
    let mut live = core.platform.live().outgoing();
    let mut next = Timestamp::default();
    loop {
        let (empty, urgent) = {
            let pending = courier.lock();
            (pending.is_empty(), pending.is_urgent())
        };
        let now = core.now();
        if urgent || (!empty && now >= next) {
            next = now.plus_ms(PACE_MS);
            tell(&core).await;
            continue;
        }
        let pace = async {
            if empty {
                std::future::pending::<()>().await;
            }
            core.clock.sleep_until(next).await;
        };
        tokio::select! {
            biased;
            () = stop.stopped() => break,
            () = courier.filled.notified() => {}
            event = live.recv() => match event {
                Ok(event) => keep(courier, &event),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => break,
            },
            () = pace => {}
        }
    }
    // The last word: what this node gave away.
    tell(&core).await;
}

fn keep(courier: &Courier, event: &LiveEvent) {
    let mut pending = courier.lock();
    if pending.events.len() < EVENTS_MAX {
        pending.events.push(WireEvent::from(event));
    }
}

/// One round to everybody.
pub(super) async fn tell(core: &Core) {
    let pending = std::mem::take(&mut *core.cluster.courier.lock());
    let map = core.cluster.map();
    let reachable: Vec<_> = map.others().filter(|node| !node.url.is_empty()).collect();
    if reachable.is_empty() {
        return;
    }
    for ask in pending.asks() {
        let calls = reachable.iter().map(|node| core.cluster.peers.call(node, PeerRequest(ask.clone())));
        for (node, told) in reachable.iter().zip(join_all(calls).await) {
            if let Err(error) = told {
                tracing::debug!(node = %node.id, %error, what = ask.name(), "a node was not told");
            }
        }
    }
}
