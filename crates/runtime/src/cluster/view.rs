//! The cluster as the system page and the metrics show it.

use crate::core::Core;
use model::{PartitionId, Timestamp};
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

/// Nodes and what they serve, as this node knows it.
#[derive(Debug, Clone)]
pub struct ClusterView {
    /// Whether several nodes can serve the database.
    pub shared: bool,
    /// How many partitions there are.
    pub partitions: u16,
    /// After so many milliseconds at most others serve what a dead node served.
    pub takeover_ms: u64,
    /// Whether this node is a member and its last sign of life is young enough.
    pub serving: bool,
    /// Partitions that no living node serves, as far as is known.
    pub unserved: Vec<PartitionId>,
    /// The nodes, by id.
    pub nodes: Vec<NodeView>,
}

/// One node.
#[derive(Debug, Clone)]
pub struct NodeView {
    /// Its id, as text.
    pub id: String,
    /// Whether it is the one that answers.
    pub me: bool,
    /// Where the others reach it.
    pub url: String,
    /// The version of its binary.
    pub version: String,
    /// When it joined, by its own clock.
    pub started_at: Timestamp,
    /// It gives its partitions away.
    pub draining: bool,
    /// Milliseconds since its last sign of life, by the clock of the node that answers.
    pub silent_ms: u64,
    /// What it serves.
    pub partitions: Vec<PartitionId>,
}

pub(crate) fn view(core: &Core) -> ClusterView {
    let (map, now) = (core.cluster.map(), core.now());
    let nodes: Vec<NodeView> = map
        .nodes
        .iter()
        .map(|node| {
            let since = map.since.iter().find(|(id, _)| *id == node.id).map_or(now, |(_, since)| *since);
            let me = map.me == Some(node.id);
            let of = map.leases.iter().filter(|lease| lease.owner == Some(node.id)).map(|lease| lease.partition);
            NodeView {
                id: node.id.to_string(),
                me,
                url: node.url.clone(),
                version: node.version.clone(),
                started_at: node.started_at,
                draining: node.draining,
                silent_ms: if me || !core.cluster.shared { 0 } else { u64::try_from(now.0 - since.0).unwrap_or(0) },
                partitions: if me { core.owned().to_vec() } else { of.collect() },
            }
        })
        .collect();
    let served: BTreeSet<_> = nodes.iter().flat_map(|node| node.partitions.iter().copied()).collect();
    let every = (0..core.partitions).filter_map(|number| u8::try_from(number).ok()).map(PartitionId);
    ClusterView {
        shared: core.cluster.shared,
        partitions: core.partitions,
        takeover_ms: u64::try_from(core.cluster.takeover_ms).unwrap_or(0),
        serving: map.me.is_some() && core.is_serving() && !core.cluster.left.load(Ordering::Acquire),
        unserved: every.filter(|partition| !served.contains(partition)).collect(),
        nodes,
    }
}
