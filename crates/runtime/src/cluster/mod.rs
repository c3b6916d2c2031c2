//! The cluster: which partitions this process serves, and how work reaches the others (design D6).
//!
//! Every run of a process is a node. It holds partitions by leases in the database, each under an epoch that all it
//! writes for them names; it shows signs of life there, watches those of the others by its own clock, and shares the
//! partitions evenly with those that live. Invariants: what was decided under a lease that is over changes nothing; a
//! node that others may have given up serves nothing; nodes talk to be quick, never to be right: without a word between
//! them everything is found in the database. Never: compares clocks of two nodes, elects anybody.
//!
//! - `ownership`: what is served here, as everybody asks; `share`: who should serve what
//! - `membership`: the loop that beats, watches, takes and gives
//! - `peers`, `wire`, `http`: nodes that talk; `forward`: work for partitions of others, and theirs for ours
//! - `inbox`: messages between partitions; `courier`: what happened here, told to the others

mod courier;
mod forward;
mod http;
mod inbox;
mod membership;
mod ownership;
mod peers;
mod share;
mod view;
mod wire;

pub(crate) use forward::{is_passing, mended, submit, woken};
pub(crate) use inbox::{CancelFor, CommandFor, EventStart, Message, SignalFor, StartFor};
pub(crate) use membership::{Membership, leave};
pub(crate) use ownership::Ownership;
pub(crate) use view::view;
pub(crate) use {courier::run as run_courier, inbox::run as run_inbox};

pub use http::HttpPeers;
pub use peers::{LocalPeers, NoPeers, PeerError, PeerFace, PeerReply, PeerRequest, Peers};
pub use view::{ClusterView, NodeView};

use courier::Courier;
use inbox::InboxBoard;
use model::{PartitionId, Timestamp};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, PoisonError, RwLock};
use store::{LeaseRow, NodeId, NodeRow};
use tokio::sync::Notify;

/// What the parts of the cluster share.
pub(crate) struct Cluster {
    /// Whether other processes may have the database open.
    pub(crate) shared: bool,
    /// After so long at most others serve what a dead node served.
    pub(crate) takeover_ms: i64,
    pub(crate) peers: Arc<dyn Peers>,
    /// Where others reach this node.
    pub(crate) url: String,
    pub(crate) version: String,
    pub(crate) inbox: InboxBoard,
    pub(crate) courier: Courier,
    /// The runtime was shut down.
    pub(crate) left: AtomicBool,
    map: RwLock<Arc<Map>>,
    /// Owners changed: whoever waits for one looks again.
    changed: Notify,
    /// Look at nodes and leases now.
    look: Notify,
}

/// Nodes and leases as last read.
#[derive(Debug, Default, Clone)]
pub(crate) struct Map {
    /// This node; none while it is no member.
    pub(crate) me: Option<NodeId>,
    pub(crate) nodes: Vec<NodeRow>,
    pub(crate) leases: Vec<LeaseRow>,
    /// By node: since when its beat stands, by the clock here.
    pub(crate) since: Vec<(NodeId, Timestamp)>,
}

impl Map {
    /// The node that serves a partition, as far as is known.
    pub(crate) fn owner(&self, partition: PartitionId) -> Option<&NodeRow> {
        let owner = self.leases.iter().find(|lease| lease.partition == partition)?.owner?;
        self.nodes.iter().find(|node| node.id == owner)
    }

    /// The first partition from this one on that a living node serves which does not leave.
    pub(crate) fn any_served(&self, from: PartitionId) -> Option<PartitionId> {
        let served = |lease: &&LeaseRow| self.owner(lease.partition).is_some_and(|node| !node.draining);
        let mut all = self.leases.iter().filter(served).map(|lease| lease.partition);
        let first = all.next()?;
        Some(std::iter::once(first).chain(all).find(|partition| *partition >= from).unwrap_or(first))
    }

    /// Whether somebody may have another owner in the other map. Signs of life alone are none.
    fn owners_differ(&self, other: &Self) -> bool {
        let node = |node: &NodeRow| (node.id, node.draining);
        let lease = |lease: &LeaseRow| (lease.partition, lease.owner, lease.epoch);
        self.me != other.me
            || !self.nodes.iter().map(node).eq(other.nodes.iter().map(node))
            || !self.leases.iter().map(lease).eq(other.leases.iter().map(lease))
    }

    /// All other nodes.
    pub(crate) fn others(&self) -> impl Iterator<Item = &NodeRow> {
        self.nodes.iter().filter(|node| Some(node.id) != self.me)
    }
}

impl Cluster {
    pub(crate) fn new(shared: bool, takeover_ms: i64, peers: Arc<dyn Peers>, url: String, version: String) -> Self {
        Self {
            shared,
            takeover_ms,
            peers,
            url,
            version,
            inbox: InboxBoard::default(),
            courier: Courier::new(shared),
            left: AtomicBool::new(false),
            map: RwLock::default(),
            changed: Notify::new(),
            look: Notify::new(),
        }
    }

    /// Nodes and leases as last read.
    pub(crate) fn map(&self) -> Arc<Map> {
        self.map.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_map(&self, map: Map) {
        let mut kept = self.map.write().unwrap_or_else(PoisonError::into_inner);
        let moved = kept.owners_differ(&map);
        *kept = Arc::new(map);
        drop(kept);
        if moved {
            self.changed.notify_waiters();
        }
    }

    /// Has nodes and leases looked at soon.
    pub(crate) fn look(&self) {
        self.look.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_serves_what_makes_maps_differ() {
        let node = |beat, draining| {
            let (id, started_at) = (NodeId(1), Timestamp(0));
            NodeRow { id, url: "local://1".into(), version: "1".into(), started_at, beat, draining }
        };
        let lease = |owner, epoch| LeaseRow { partition: PartitionId(3), owner, epoch };
        let map = |node, lease| Map { me: Some(NodeId(1)), nodes: vec![node], leases: vec![lease], since: Vec::new() };
        let before = map(node(1, false), lease(Some(NodeId(1)), 1));
        assert!(!before.owners_differ(&map(node(2, false), lease(Some(NodeId(1)), 1))), "a sign of life");
        assert!(before.owners_differ(&map(node(1, true), lease(Some(NodeId(1)), 1))), "it leaves");
        assert!(before.owners_differ(&map(node(1, false), lease(None, 2))), "a lease that ended");
        assert!(before.owners_differ(&Map { me: None, ..before.clone() }), "no member any more");
        assert!(before.owners_differ(&Map { nodes: Vec::new(), ..before.clone() }), "a node that went");
    }
}
