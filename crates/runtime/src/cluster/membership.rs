//! The loop of a node: it beats, watches the others, takes and gives partitions.
//!
//! Invariants: the silence of another node is measured from when this one saw its last beat, by this one's clock, and
//! over several looks, so that neither clocks that differ nor a pause of the watcher give anybody up; a node that could
//! not beat for as long as others wait serves nothing more and comes back as a new one; what memory says is served
//! follows from the leases read, so that a lost answer is mended by the next look. Never: waits for another node.

use super::courier::tell;
use super::share::plan;
use super::{Map, Ownership};
use crate::core::Core;
use crate::jobs::scripts;
use crate::partitions::marks;
use crate::partitions::work::{Ack, Envelope, Work};
use crate::stop::Stop;
use model::{Fault, PartitionId, Timestamp};
use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use store::{ClusterWrite, Conflict, Fence, LeaseRow, NodeId, NodeRow, StoreError, Unit};
use tokio::sync::oneshot;

/// Beats in one take-over time.
const BEATS: i64 = 10;
/// Tenths of the take-over time after which a silent node is given up, and gives itself up.
const SILENT: i64 = 7;
/// The same for a node at this one's own address: its process is gone, or this one could not listen there. Were it
/// alive after all (two nodes told the same address), the fences keep it from doing harm.
const SILENT_AT_HOME: i64 = 2;
/// Tenths of the take-over time for which the queues of partitions that are given away are drained.
const DRAINING: i64 = 2;
/// Regular looks at an unchanged beat that it takes besides.
const LOOKS_MIN: u32 = 4;

/// This node, and what it saw of the others.
pub(crate) struct Membership {
    core: Arc<Core>,
    /// None: it is no member.
    me: Option<NodeId>,
    /// What it was before and may still stand in the list.
    was: Option<NodeId>,
    beat: u64,
    next_beat: Timestamp,
    watched: HashMap<NodeId, Watched>,
}

/// Another node.
struct Watched {
    beat: u64,
    since: Timestamp,
    since_us: u64,
    looks: u32,
}

impl Membership {
    /// Joins. Where nobody else can live everything is served when this returns; otherwise this node's share of what
    /// is free.
    pub(crate) async fn open(core: Arc<Core>) -> Result<Self, Fault> {
        let mut this =
            Self { core, me: None, was: None, beat: 0, next_beat: Timestamp::default(), watched: HashMap::new() };
        if this.core.cluster.shared {
            this.join().await?;
            this.look(true).await?;
        } else {
            this.take_everything().await?;
        }
        Ok(this)
    }

    /// Runs until `stop`; then gives away what others can take.
    pub(crate) async fn run(mut self, stop: Stop) {
        let core = self.core.clone();
        if !core.cluster.shared {
            return;
        }
        loop {
            let regular = tokio::select! {
                biased;
                () = stop.stopped() => break,
                // Before the looks: while partitions move, one is asked for at every moment.
                () = self.beat_time() => true,
                () = core.cluster.look.notified() => false,
            };
            self.turn(regular).await;
        }
        if let Err(fault) = self.hand_over().await {
            tracing::warn!(%fault, "partitions were not handed over; others take them later");
        }
    }

    /// When the next beat is due; not later than one beat's gap from now, should the clock be set back.
    async fn beat_time(&self) {
        let latest = self.core.now().plus_ms(self.core.cluster.takeover_ms / BEATS);
        self.core.clock.sleep_until(self.next_beat.min(latest)).await;
    }

    /// One turn: a beat when it is time, and a look.
    async fn turn(&mut self, regular: bool) {
        if regular {
            self.next_beat = self.core.now().plus_ms(self.core.cluster.takeover_ms / BEATS);
            if let Err(fault) = self.show_life().await {
                tracing::warn!(%fault, "no sign of life could be given");
                return;
            }
        }
        if self.me.is_none() {
            return;
        }
        if let Err(fault) = self.look(regular).await {
            tracing::warn!(%fault, "nodes and leases could not be looked at");
        }
        // Not later, even if nothing could be read.
        if self.me.is_some() && !self.core.is_serving() {
            self.give_up("it could show no sign of life for too long");
        }
    }

    async fn show_life(&mut self) -> Result<(), Fault> {
        let Some(id) = self.me else { return self.join().await };
        self.beat += 1;
        let until_us = self.alive_until_us();
        let write = ClusterWrite::Beat { id, beat: self.beat, draining: false };
        match self.in_time(self.core.store.commit_one(Unit::of(write))).await {
            Some(Ok(_)) => {
                self.core.ownership.serve_until(until_us);
                Ok(())
            }
            Some(Err(StoreError::Conflict { what: Conflict::Node })) => {
                self.give_up("others had given it up");
                self.join().await
            }
            Some(Err(error)) if self.core.is_serving() => Err(error.into()),
            Some(Err(_)) | None => {
                self.give_up("it could show no sign of life for too long");
                self.join().await
            }
        }
    }

    /// Waits no longer than this node may serve without a sign of life.
    async fn in_time<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let left_ms = self.core.ownership.left_ms(self.core.clock.stopwatch_us());
        self.within(left_ms, work).await
    }

    async fn within<T>(&self, ms: i64, work: impl Future<Output = T>) -> Option<T> {
        let until = Timestamp(self.core.now().0.saturating_add(ms));
        tokio::select! {
            biased;
            done = work => Some(done),
            () = self.core.clock.sleep_until(until) => None,
        }
    }

    /// Until when a sign of life given now counts.
    fn alive_until_us(&self) -> u64 {
        self.core.clock.stopwatch_us().saturating_add(silence_us(&self.core))
    }

    /// Becomes a member, under a new number.
    async fn join(&mut self) -> Result<(), Fault> {
        let row = self.row();
        let started = row.started_at;
        self.core.ownership.serve_until(self.alive_until_us());
        let id = row.id;
        let mut unit = Unit::of(ClusterWrite::Join(row));
        if let Some(was) = self.was.replace(id) {
            unit.push(ClusterWrite::Leave { id: was });
        }
        match self.in_time(self.core.store.commit_one(unit)).await {
            Some(joined) => joined?,
            None => return Err(Fault::of(&model::error::codes::STORE_FAILED)),
        };
        self.me = Some(id);
        self.next_beat = started.plus_ms(self.core.cluster.takeover_ms / BEATS);
        tracing::info!(node = %id, "joined");
        Ok(())
    }

    fn row(&mut self) -> NodeRow {
        self.beat = 1;
        NodeRow {
            // 53 bits, as all ids that leave the server.
            id: NodeId(i64::try_from(self.core.entropy.next_u64() >> 11).unwrap_or(1).max(1)),
            url: self.core.cluster.url.clone(),
            version: self.core.cluster.version.clone(),
            started_at: self.core.now(),
            beat: self.beat,
            draining: false,
        }
    }

    /// Serves nothing more. What was queued goes to whoever takes the partitions.
    fn give_up(&mut self, why: &str) {
        let held = self.core.ownership.held();
        if let Some(me) = self.me.take() {
            tracing::warn!(node = %me, partitions = held.len(), why, "this node gives its partitions up");
        }
        for fence in held {
            self.core.ownership.lose(fence);
            vacate(&self.core, fence.partition, Ack::None, Turn::First);
        }
        let map = Map { me: None, ..Map::clone(&self.core.cluster.map()) };
        self.core.cluster.set_map(map);
    }

    /// Reads nodes and leases and does what follows.
    async fn look(&mut self, regular: bool) -> Result<(), Fault> {
        let Some(me) = self.me else { return Ok(()) };
        let read = async { (self.core.store.nodes().await, self.core.store.leases().await) };
        let Some((nodes, leases)) = self.in_time(read).await else { return Ok(()) };
        let (nodes, leases) = (nodes?, leases?);
        if !nodes.iter().any(|node| node.id == me) {
            self.give_up("others had given it up");
            return self.join().await;
        }
        self.watch(&nodes, regular);
        let silent = self.silent(&nodes);
        let map = self.map(nodes, leases);
        self.core.cluster.set_map(map.clone());
        self.follow(me, &map.leases).await?;
        self.bury(me, &map, &silent).await?;
        self.balance(me, &map, &silent).await
    }

    fn map(&self, nodes: Vec<NodeRow>, leases: Vec<LeaseRow>) -> Map {
        let since = self.watched.iter().map(|(id, watched)| (*id, watched.since)).collect();
        Map { me: self.me, nodes, leases, since }
    }

    fn watch(&mut self, nodes: &[NodeRow], regular: bool) {
        let (now, now_us) = (self.core.now(), self.core.clock.stopwatch_us());
        self.watched.retain(|id, _| nodes.iter().any(|node| node.id == *id));
        for node in nodes.iter().filter(|node| Some(node.id) != self.me) {
            let fresh = || Watched { beat: node.beat, since: now, since_us: now_us, looks: 0 };
            let watched = self.watched.entry(node.id).or_insert_with(fresh);
            if watched.beat != node.beat {
                *watched = fresh();
            } else {
                watched.looks += u32::from(regular);
            }
        }
    }

    /// Nodes that showed no life for too long.
    fn silent(&self, nodes: &[NodeRow]) -> Vec<NodeId> {
        let now_us = self.core.clock.stopwatch_us();
        let over = |node: &&NodeRow| {
            let home = !node.url.is_empty() && node.url == self.core.cluster.url;
            let (tenths, looks) = if home { (SILENT_AT_HOME, 2) } else { (SILENT, LOOKS_MIN) };
            self.watched.get(&node.id).is_some_and(|watched| {
                now_us.saturating_sub(watched.since_us) >= tenths_us(&self.core, tenths) && watched.looks >= looks
            })
        };
        nodes.iter().filter(over).map(|node| node.id).collect()
    }

    /// Makes memory follow the leases: what is this node's is served, what is not is forgotten.
    async fn follow(&self, me: NodeId, leases: &[LeaseRow]) -> Result<(), Fault> {
        let mine: Vec<Fence> = leases
            .iter()
            .filter(|lease| lease.owner == Some(me))
            .map(|lease| Fence { partition: lease.partition, epoch: lease.epoch })
            .collect();
        for fence in self.core.ownership.held() {
            if !mine.contains(&fence) && self.core.ownership.lose(fence) {
                tracing::warn!(partition = fence.partition.0, "the partition was lost");
                vacate(&self.core, fence.partition, Ack::None, Turn::First);
            }
        }
        let held = self.core.ownership.held();
        // What could not be given away goes on here.
        held.iter().for_each(|fence| self.core.ownership.open(*fence));
        serve(&self.core, mine.into_iter().filter(|fence| !held.contains(fence)).collect()).await
    }

    /// Gives silent nodes up, each in one unit with this node's share of what they served.
    async fn bury(&self, me: NodeId, map: &Map, silent: &[NodeId]) -> Result<(), Fault> {
        let members = members(map, silent);
        for node in map.nodes.iter().filter(|node| silent.contains(&node.id)) {
            let mut owners = owners(&self.core.ownership, map, &[]);
            owners.iter_mut().filter(|owner| **owner == Some(node.id)).for_each(|owner| *owner = None);
            let mut unit = Unit::of(ClusterWrite::Expel { id: node.id, beat: node.beat });
            let mut taken = Vec::new();
            for partition in plan(me, &members, &owners).take {
                if served_by(map, partition) == Some(node.id) {
                    taken.push(self.take(me, map, partition, &mut unit));
                }
            }
            match self.core.store.commit_one(unit).await {
                Ok(_) => {
                    tracing::warn!(node = %node.id, partitions = taken.len(), "a silent node was given up");
                    serve(&self.core, taken).await?;
                    self.tell_moved();
                }
                // It lives after all, or somebody else was quicker.
                Err(StoreError::Conflict { .. }) => self.core.cluster.look(),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Takes what is free and gives away what is over this node's share.
    async fn balance(&self, me: NodeId, map: &Map, silent: &[NodeId]) -> Result<(), Fault> {
        let held = self.core.ownership.held();
        let owners = owners(&self.core.ownership, map, &held);
        let plan = plan(me, &members(map, silent), &owners);
        let mut units = Vec::new();
        let mut fences = Vec::new();
        for partition in plan.take {
            // What a node that was just given up served stands in this map as its own still: the next look takes it.
            let mut unit = Unit::new();
            fences.push(self.take(me, map, partition, &mut unit));
            units.push(unit);
        }
        if !units.is_empty() {
            let results = self.core.store.commit(units).await?;
            let taken = fences.into_iter().zip(results).filter(|(_, result)| result.is_ok()).map(|(fence, _)| fence);
            let taken: Vec<Fence> = taken.collect();
            tracing::info!(node = %me, partitions = taken.len(), "took partitions");
            serve(&self.core, taken).await?;
            self.tell_moved();
        }
        if !plan.release.is_empty() {
            let given = self.release(me, &plan.release).await?;
            tracing::info!(node = %me, partitions = given, "gave partitions away");
            self.tell_moved();
        }
        Ok(())
    }

    fn take(&self, me: NodeId, map: &Map, partition: PartitionId, unit: &mut Unit) -> Fence {
        let seen = map.leases.iter().find(|lease| lease.partition == partition).map_or(0, |lease| lease.epoch);
        unit.push(ClusterWrite::Take { partition, owner: me, seen });
        Fence { partition, epoch: seen + 1 }
    }

    fn tell_moved(&self) {
        self.core.cluster.courier.moved();
        // The map is read anew, so that this node finds its own way too.
        self.core.cluster.look();
    }

    /// Gives partitions away: no more work comes in, what waits is done as far as that is quick, what is under way is
    /// committed, then the leases end. What could not be done goes to the new owners.
    async fn release(&self, me: NodeId, partitions: &[PartitionId]) -> Result<usize, Fault> {
        let fences: Vec<Fence> = partitions.iter().filter_map(|partition| self.core.fence(*partition)).collect();
        fences.iter().for_each(|fence| self.core.ownership.shut(fence.partition));
        let patience_ms = self.core.cluster.takeover_ms * DRAINING / 10;
        if self.within(patience_ms, self.vacated(&fences, Turn::Last)).await.is_none() {
            // A round that hangs on the database: without it nothing can be given away now.
            let Some(()) = self.in_time(self.vacated(&fences, Turn::First)).await else { return Ok(0) };
        }
        let release = |Fence { partition, epoch }| ClusterWrite::Release { partition, owner: me, epoch };
        let units: Vec<Unit> = fences.into_iter().map(|fence| Unit::of(release(fence))).collect();
        let results = if units.is_empty() { Vec::new() } else { self.core.store.commit(units).await? };
        Ok(results.iter().filter(|result| result.is_ok()).count())
    }

    /// Waits until the workers have forgotten these partitions.
    async fn vacated(&self, fences: &[Fence], turn: Turn) {
        let ends: Vec<oneshot::Receiver<()>> = fences
            .iter()
            .map(|fence| {
                let (sender, receiver) = oneshot::channel();
                vacate(&self.core, fence.partition, Ack::Vacated(sender), turn);
                receiver
            })
            .collect();
        for end in ends {
            // A lane that is gone has nothing under way.
            let _ = end.await;
        }
    }

    /// Before it stops: says so, and gives everything to those who stay. Without others the queues are done here.
    async fn hand_over(&mut self) -> Result<(), Fault> {
        let Some(me) = self.me else { return Ok(()) };
        let nodes = self.core.store.nodes().await?;
        if !nodes.iter().any(|node| node.id != me && !node.draining) {
            return Ok(());
        }
        self.beat += 1;
        let write = ClusterWrite::Beat { id: me, beat: self.beat, draining: true };
        self.core.store.commit_one(Unit::of(write)).await?;
        let held: Vec<PartitionId> = self.core.ownership.held().iter().map(|fence| fence.partition).collect();
        let given = self.release(me, &held).await?;
        tracing::info!(node = %me, partitions = given, "handed over");
        let leases = self.core.store.leases().await?;
        self.core.cluster.set_map(self.map(nodes, leases));
        self.core.cluster.courier.moved();
        tell(&self.core).await;
        self.follow_others().await
    }

    /// Work that still waits here goes to the new owners: the map must know them.
    async fn follow_others(&self) -> Result<(), Fault> {
        let (nodes, leases) = (self.core.store.nodes().await?, self.core.store.leases().await?);
        self.core.cluster.set_map(self.map(nodes, leases));
        Ok(())
    }

    /// Takes every partition at once: nobody else lives on a database that only one process can have open.
    async fn take_everything(&mut self) -> Result<(), Fault> {
        let row = self.row();
        let me = row.id;
        let mut unit = Unit::new();
        for other in self.core.store.nodes().await? {
            unit.push(ClusterWrite::Leave { id: other.id });
        }
        unit.push(ClusterWrite::Join(row.clone()));
        let map = Map { me: Some(me), nodes: vec![row], leases: self.core.store.leases().await?, since: Vec::new() };
        let all = self.core.ownership.all();
        let taken: Vec<Fence> = all.map(|partition| self.take(me, &map, partition, &mut unit)).collect();
        self.core.store.commit_one(unit).await?;
        self.me = Some(me);
        let lease = |fence: &Fence| LeaseRow { partition: fence.partition, owner: Some(me), epoch: fence.epoch };
        self.core.cluster.set_map(Map { leases: taken.iter().map(lease).collect(), ..map });
        serve(&self.core, taken).await
    }
}

/// For so long a node may be silent.
fn silence_us(core: &Core) -> u64 {
    tenths_us(core, SILENT)
}

/// Tenths of the take-over time.
fn tenths_us(core: &Core, tenths: i64) -> u64 {
    u64::try_from(core.cluster.takeover_ms * tenths / 10).unwrap_or(0).saturating_mul(1_000)
}

fn served_by(map: &Map, partition: PartitionId) -> Option<NodeId> {
    map.owner(partition).map(|node| node.id)
}

/// Who lives and stays, by id.
fn members(map: &Map, silent: &[NodeId]) -> Vec<NodeId> {
    let stays = |node: &&NodeRow| !node.draining && !silent.contains(&node.id);
    map.nodes.iter().filter(stays).map(|node| node.id).collect()
}

/// Owners by partition; free is also what a node that is gone held. `held` is what this node knows better.
fn owners(ownership: &Ownership, map: &Map, held: &[Fence]) -> Vec<Option<NodeId>> {
    let mut owners: Vec<Option<NodeId>> = ownership.all().map(|partition| served_by(map, partition)).collect();
    for fence in held {
        if let Some(owner) = owners.get_mut(usize::from(fence.partition.0)) {
            *owner = map.me;
        }
    }
    owners
}

/// Begins to serve partitions, and goes on with what is there: timers, calls, scripts, messages.
async fn serve(core: &Arc<Core>, fences: Vec<Fence>) -> Result<(), Fault> {
    if fences.is_empty() {
        return Ok(());
    }
    let partitions: Vec<PartitionId> = fences.iter().map(|fence| fence.partition).collect();
    core.aside.load(core, &partitions).await?;
    // After the leases changed hands: whatever the nodes before wrote is there, and they write no more.
    let greatest = marks::greatest(core, &partitions).await?;
    for (fence, greatest) in fences.into_iter().zip(greatest) {
        core.ownership.take(fence, greatest);
    }
    core.timers.forget_horizon();
    core.outbox.notify_one();
    core.cluster.inbox.look();
    core.cluster.changed.notify_waiters();
    if let Err(fault) = scripts::take_up(core).await {
        // The partitions are served all the same, and no later look comes back to this.
        tracing::warn!(%fault, "waiting scripts are read later");
        scripts::take_up_soon(core.clone());
    }
    Ok(())
}

/// When a partition is forgotten.
#[derive(Clone, Copy)]
enum Turn {
    /// Before anything else that waits.
    First,
    /// After what waits for it is done.
    Last,
}

/// Has the worker of a partition forget it.
fn vacate(core: &Core, partition: PartitionId, ack: Ack, turn: Turn) {
    let envelope = Envelope { partition, work: Work::Vacate, extra: Vec::new(), ack, conflicts: 0, trace: None };
    let left = match turn {
        Turn::First => Some(envelope),
        Turn::Last => core.lane(partition).push(envelope).err().map(|refused| refused.0),
    };
    if let Some(envelope) = left {
        core.lane(partition).push_front(vec![envelope]);
    }
}

/// The end of a node: its leases end with it.
pub(crate) async fn leave(core: &Core) {
    core.cluster.left.store(true, Ordering::Release);
    let Some(id) = core.cluster.map().me else { return };
    let mut unit = Unit::new();
    for Fence { partition, epoch } in core.ownership.held() {
        core.ownership.lose(Fence { partition, epoch });
        unit.push(ClusterWrite::Release { partition, owner: id, epoch });
    }
    unit.push(ClusterWrite::Leave { id });
    let mut done = core.store.commit_one(unit).await;
    if done.as_ref().is_err_and(|error| error.conflict().is_some()) {
        // A lease was lost meanwhile: the rest is free as soon as the node is gone.
        done = core.store.commit_one(Unit::of(ClusterWrite::Leave { id })).await;
    }
    if let Err(error) = done {
        tracing::warn!(%error, "this node could not say that it leaves; others will find out");
    }
    core.cluster.courier.moved();
    tell(core).await;
}
