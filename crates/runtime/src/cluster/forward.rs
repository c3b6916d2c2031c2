//! Work for partitions of others, and theirs for ours.
//!
//! Owns: finding the owner, trying again while nothing was done, saying so when that is not known. Invariant: work that
//! may have been done is not sent again; what must be committed beside it is committed here, once its outcome is known.

use super::wire::{Ask, Told, WireFault};
use super::{Map, PeerError, PeerRequest};
use crate::core::Core;
use crate::partitions::work::{Done, Moved, Refused, Work};
use model::error::codes;
use model::{Fault, InstanceId, PartitionId, Timestamp, partition_of};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use store::{NodeRow, Unit, Write};

/// For so long an owner is looked for.
const BUDGET_MS: i64 = 3_000;
/// Pause before the next look.
const PAUSE_MS: i64 = 50;
/// Leases are not read more often than this because of a search.
const LOOK_MS: i64 = 200;

/// What came of one try.
enum Tried {
    Told(Result<Done, Fault>),
    /// Nothing was done.
    Again(Box<Moved>),
}

/// Has work done by whoever serves its partition, and then commits `extra`.
pub(crate) async fn submit(core: &Core, mut partition: PartitionId, moved: Moved) -> Result<Done, Fault> {
    let Moved { mut work, mut extra } = moved;
    let deadline = core.now().plus_ms(BUDGET_MS);
    let mut looked = Timestamp::default();
    loop {
        let changed = core.cluster.changed.notified();
        match attempt(core, partition, work, extra).await {
            Tried::Told(told) => return told,
            Tried::Again(moved) => Moved { work, extra } = *moved,
        }
        if matches!(work, Work::Start(_)) && extra.is_empty() {
            // What begins can begin anywhere.
            partition = core.any_partition();
        }
        let now = core.now();
        if now >= deadline || !core.cluster.shared {
            return Err(unserved(core, partition));
        }
        if now.0 - looked.0 >= LOOK_MS {
            looked = now;
            core.cluster.look();
        }
        tokio::select! {
            biased;
            () = changed => {}
            () = core.clock.sleep_until(now.plus_ms(PAUSE_MS).min(deadline)) => {}
        }
    }
}

fn unserved(core: &Core, partition: PartitionId) -> Fault {
    if core.cluster.left.load(Ordering::Acquire) {
        return Fault::of(&codes::SHUTTING_DOWN);
    }
    let message = format!("partition {} is between two nodes; try again in a moment", partition.0);
    Fault::new(&codes::PARTITION_UNSERVED, message)
}

async fn attempt(core: &Core, partition: PartitionId, work: Work, extra: Vec<Write>) -> Tried {
    if core.owns(partition) {
        return match core.submit_here(partition, work, extra).await {
            Ok(done) => Tried::Told(Ok(done)),
            Err(Refused::Fault(fault)) => Tried::Told(Err(fault)),
            Err(Refused::Moved(moved)) => Tried::Again(moved),
        };
    }
    let map = core.cluster.map();
    let Some(owner) = owner(&map, partition) else { return Tried::Again(Box::new(Moved { work, extra })) };
    let request = PeerRequest(Ask::Work { partition, work: work.clone() });
    match core.cluster.peers.call(owner, request).await {
        Ok(reply) => match reply.0 {
            Told::Done(done) => Tried::Told(beside(core, extra).await.map(|()| done.into())),
            Told::Refused(fault) => Tried::Told(Err(refused(core, fault.into(), extra).await)),
            Told::NotMine | Told::Noted => Tried::Again(Box::new(Moved { work, extra })),
        },
        Err(PeerError::Unreachable) => Tried::Again(Box::new(Moved { work, extra })),
        Err(PeerError::Lost) => Tried::Told(Err(Fault::of(&codes::OUTCOME_UNKNOWN))),
    }
}

fn owner(map: &Map, partition: PartitionId) -> Option<&NodeRow> {
    map.owner(partition).filter(|owner| Some(owner.id) != map.me && !owner.url.is_empty())
}

/// What has to be written beside work is written when the work was done elsewhere, or refused for good.
async fn beside(core: &Core, extra: Vec<Write>) -> Result<(), Fault> {
    if !extra.is_empty() {
        core.store.commit_one(Unit { writes: extra, fence: None }).await?;
    }
    Ok(())
}

async fn refused(core: &Core, fault: Fault, extra: Vec<Write>) -> Fault {
    if is_passing(&fault) {
        return fault;
    }
    match beside(core, extra).await {
        Ok(()) => fault,
        Err(failed) => failed,
    }
}

/// Whether the same may succeed in a moment.
pub(crate) fn is_passing(fault: &Fault) -> bool {
    use model::error::FaultKind;
    matches!(fault.code.kind, FaultKind::Unavailable | FaultKind::Limited)
}

/// Lets an instance that was set aside take commands again, wherever it is served.
pub(crate) async fn mended(core: &Core, instance: InstanceId) {
    core.aside.take_back(instance);
    woken(core, instance).await;
}

/// Has timers and calls of an instance looked at again, wherever it is served.
pub(crate) async fn woken(core: &Core, instance: InstanceId) {
    let partition = partition_of(instance.0);
    if core.owns(partition) {
        core.timers.forget_horizon();
        core.outbox.notify_one();
        return;
    }
    let map = core.cluster.map();
    let Some(owner) = owner(&map, partition) else { return };
    if let Err(error) = core.cluster.peers.call(owner, PeerRequest(Ask::Mended { instance })).await {
        // Whoever serves the partition next reads it from the incident.
        tracing::warn!(instance.id = %instance, %error, "the node that serves the instance was not told");
    }
}

/// Does what another node asks.
pub(super) async fn answer(core: &Arc<Core>, ask: Ask) -> Told {
    match ask {
        Ask::Work { partition, work } => worked(core, partition, work).await,
        Ask::Mended { instance } => {
            // It may be another incident of an instance that stays set aside.
            if core.aside.load(core, &[partition_of(instance.0)]).await.is_err() {
                core.aside.take_back(instance);
            }
            core.timers.forget_horizon();
            core.outbox.notify_one();
            Told::Noted
        }
        Ask::Wake(news) => {
            if news.leases {
                core.cluster.look();
            }
            if news.inbox {
                core.cluster.inbox.look();
            }
            core.jobs.offered(&news.jobs);
            Told::Noted
        }
        Ask::Live { events } => {
            for event in events.into_iter().filter_map(super::wire::WireEvent::event) {
                core.platform.live().receive(event);
            }
            Told::Noted
        }
        Ask::Forget { processes } => {
            processes.iter().for_each(|process| {
                core.deployments.changed(process);
                core.decisions.changed(process);
            });
            Told::Noted
        }
    }
}

/// Work of a partition that should be served here; waits for the end of an instance if its starter does.
async fn worked(core: &Core, partition: PartitionId, work: Work) -> Told {
    let wait_ms = match &work {
        Work::Start(start) if start.watch => start.wait_ms,
        _ => 0,
    };
    let deadline = core.now().plus_ms(wait_ms);
    match core.submit_here(partition, work, Vec::new()).await {
        Ok(mut done) => {
            core.until_finished(&mut done, deadline).await;
            Told::Done(done.into())
        }
        Err(Refused::Fault(fault)) => Told::Refused(WireFault::from(fault)),
        Err(Refused::Moved(_)) => Told::NotMine,
    }
}
