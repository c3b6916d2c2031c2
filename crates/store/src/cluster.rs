//! Nodes and leases: which process serves which partitions (design D6).
//!
//! Invariant: a lease's epoch grows with every change of hands, and a unit that names an older epoch ([`Fence`])
//! changes nothing; so a node that was paused can never write after it lost a partition. No clock is compared between
//! nodes: a node is alive while its `beat` changes, and whoever watches it measures by a clock of its own. Never:
//! decides who should own what.

use crate::Result;
use async_trait::async_trait;
use model::{PartitionId, Timestamp};

/// One run of one server process; a process that starts again is another node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub i64);

impl std::fmt::Display for NodeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "node_{}", self.0)
    }
}

/// A server process that serves this database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeRow {
    /// Made up at random when the process started.
    pub id: NodeId,
    /// Where other nodes reach it; empty: nowhere.
    pub url: String,
    /// The version of its binary.
    pub version: String,
    /// When it joined, by its own clock.
    pub started_at: Timestamp,
    /// Grows while it lives.
    pub beat: u64,
    /// It gives its partitions away and takes none.
    pub draining: bool,
}

/// Who serves a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseRow {
    /// The partition.
    pub partition: PartitionId,
    /// Its owner; none: it was given back.
    pub owner: Option<NodeId>,
    /// Grows with every change of hands; from 1.
    pub epoch: u64,
}

/// What a unit asserts of a partition's lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fence {
    /// The partition.
    pub partition: PartitionId,
    /// The epoch under which the unit was decided; [`crate::Conflict::Fenced`] when it is over.
    pub epoch: u64,
}

/// Changes to nodes and leases.
#[derive(Debug, Clone, PartialEq)]
pub enum ClusterWrite {
    /// A new node.
    Join(NodeRow),
    /// A sign of life; [`crate::Conflict::Node`] when others gave the node up.
    Beat {
        /// The node.
        id: NodeId,
        /// The new beat.
        beat: u64,
        /// Whether it gives its partitions away.
        draining: bool,
    },
    /// The node goes; no matter whether it is known.
    Leave {
        /// The node.
        id: NodeId,
    },
    /// Gives a silent node up; [`crate::Conflict::Node`] when it beat meanwhile or is gone.
    Expel {
        /// The node.
        id: NodeId,
        /// The beat it has been silent since.
        beat: u64,
    },
    /// Takes a partition that nobody owns, or whose owner is no node any more; [`crate::Conflict::Lease`] otherwise.
    Take {
        /// The partition.
        partition: PartitionId,
        /// The new owner.
        owner: NodeId,
        /// The epoch that was read; 0: there was no lease yet. The lease gets the next one.
        seen: u64,
    },
    /// Gives a partition back; [`crate::Conflict::Lease`] when it is not held under this epoch.
    Release {
        /// The partition.
        partition: PartitionId,
        /// Its owner.
        owner: NodeId,
        /// The epoch it is held under. It ends: units that name it are refused from now on.
        epoch: u64,
    },
}

/// Reading nodes and leases.
#[async_trait]
pub trait Cluster {
    /// All nodes, by id.
    async fn nodes(&self) -> Result<Vec<NodeRow>>;
    /// All leases ever taken, by partition.
    async fn leases(&self) -> Result<Vec<LeaseRow>>;
}
