//! How busy the server is: the parts of the system page that are measured.
//!
//! Invariant: plain figures with their unit in the name; what is not known is absent, never 0.

use model::Timestamp;
use runtime::cluster::{ClusterView, NodeView};
use runtime::{Histogram, Metrics};
use serde::Serialize;
use store::StoreExtent;
use utoipa::ToSchema;

/// The nodes and what they serve, as the node that answers knows it.
#[derive(Serialize, ToSchema)]
#[schema(as = Cluster)]
#[serde(rename_all = "camelCase")]
pub struct ClusterDto {
    /// Whether several nodes can serve the database.
    pub shared: bool,
    /// How many partitions there are.
    pub partitions: u16,
    /// Partitions that no living node serves.
    pub unserved: u16,
    /// Which these are, in order.
    pub unserved_numbers: Vec<u16>,
    /// After so many milliseconds at most others serve what a dead node served.
    pub takeover_ms: u64,
    /// Whether the node that answers takes part.
    pub serving: bool,
    /// The nodes.
    pub nodes: Vec<NodeDto>,
}

/// One node.
#[derive(Serialize, ToSchema)]
#[schema(as = Node)]
#[serde(rename_all = "camelCase")]
pub struct NodeDto {
    /// Its id.
    pub id: String,
    /// Whether it is the one that answers.
    pub me: bool,
    /// Where the others reach it.
    pub url: String,
    /// The version of its binary.
    pub version: String,
    /// When it joined, UTC.
    pub started_at: String,
    /// It gives its partitions away.
    pub draining: bool,
    /// Milliseconds since its last sign of life.
    pub silent_ms: u64,
    /// How many partitions it serves.
    pub partitions: u64,
    /// Which these are, in order.
    pub partition_numbers: Vec<u16>,
}

impl From<NodeView> for NodeDto {
    fn from(node: NodeView) -> Self {
        let mut partition_numbers: Vec<u16> = node.partitions.iter().map(|partition| partition.0.into()).collect();
        partition_numbers.sort_unstable();
        Self {
            id: node.id,
            me: node.me,
            url: node.url,
            version: node.version,
            started_at: node.started_at.to_iso(),
            draining: node.draining,
            silent_ms: node.silent_ms,
            partitions: partition_numbers.len() as u64,
            partition_numbers,
        }
    }
}

impl From<ClusterView> for ClusterDto {
    fn from(view: ClusterView) -> Self {
        let unserved_numbers: Vec<u16> = view.unserved.iter().map(|partition| partition.0.into()).collect();
        Self {
            shared: view.shared,
            partitions: view.partitions,
            unserved: u16::try_from(unserved_numbers.len()).unwrap_or(u16::MAX),
            unserved_numbers,
            takeover_ms: view.takeover_ms,
            serving: view.serving,
            nodes: view.nodes.into_iter().map(NodeDto::from).collect(),
        }
    }
}

/// Something measured many times since the start. The shares are upper bounds of the bucket they fall into.
#[derive(Serialize, ToSchema)]
#[schema(as = Figure)]
#[serde(rename_all = "camelCase")]
pub struct FigureDto {
    /// How often it was measured.
    pub count: u64,
    /// Half of the values are at most this.
    pub p50: u64,
    /// 99 of 100 values are at most this.
    pub p99: u64,
    /// Upper bounds of the buckets; what is greater is in one more bucket.
    pub bounds: Vec<u64>,
    /// How many values fell into each bucket.
    pub counts: Vec<u64>,
}

impl From<&Histogram> for FigureDto {
    fn from(read: &Histogram) -> Self {
        Self {
            count: read.count(),
            p50: read.quantile(0.5),
            p99: read.quantile(0.99),
            bounds: read.bounds.to_vec(),
            counts: read.counts.clone(),
        }
    }
}

/// How busy this node is.
#[derive(Serialize, ToSchema)]
#[schema(as = Load)]
#[serde(rename_all = "camelCase")]
pub struct LoadDto {
    /// Commands that wait.
    pub queued: u64,
    /// Starts among them.
    pub starts_queued: u64,
    /// Commands done in a second while there is work.
    pub per_second: u64,
    /// Commands refused because too many waited.
    pub refused: u64,
    /// Commands of a commit.
    pub batch: FigureDto,
    /// Commands the next commit of a worker takes at most.
    pub batch_limit: u64,
    /// Microseconds of a commit.
    pub commit_us: FigureDto,
    /// Milliseconds between a timer's moment and its firing.
    pub timer_lag_ms: FigureDto,
    /// Milliseconds since which the oldest timer is due; 0: none is.
    pub timer_due_ms: u64,
    /// Milliseconds between an outgoing call's moment and its try.
    pub outbox_lag_ms: FigureDto,
    /// Milliseconds since which the oldest call is due; 0: none is.
    pub outbox_due_ms: u64,
    /// Calls on their way.
    pub outbox_in_flight: u64,
    /// Calls in memory that wait for their turn.
    pub outbox_ready: u64,
    /// Tries of calls that failed and are made again.
    pub deliveries_failed: u64,
    /// Calls given up.
    pub deliveries_given_up: u64,
    /// Calls put off without a try, because their target was slow or failing.
    pub deliveries_deferred: u64,
    /// Messages between partitions that wait.
    pub inbox_waiting: Option<u64>,
    /// Milliseconds since which the oldest of them waits; 0: none does.
    pub inbox_due_ms: Option<u64>,
    /// Jobs of the whole database that are not done, with a worker or waiting for one; counted up to 100,000.
    pub jobs_open: Option<u64>,
    /// Milliseconds between a job's making and its hand-out.
    pub job_lag_ms: FigureDto,
    /// Jobs handed out.
    pub jobs_activated: u64,
    /// Jobs given up because no lease was answered.
    pub jobs_abandoned: u64,
    /// Requests of workers that wait for a job.
    pub job_polls: u64,
    /// Scripts in memory, running and waiting.
    pub scripts: u64,
}

impl LoadDto {
    pub(super) fn of(
        read: &Metrics,
        extent: StoreExtent,
        inbox: Option<(u64, Option<Timestamp>)>,
        now: Timestamp,
    ) -> Self {
        let age = |at: Timestamp| u64::try_from(now.0.saturating_sub(at.0)).unwrap_or(0);
        Self {
            queued: read.counters.queued,
            starts_queued: read.lanes.iter().map(|lane| lane.starts).sum(),
            per_second: read.lanes.iter().map(|lane| lane.per_second).sum(),
            refused: read.refused,
            batch: (&read.round_commands).into(),
            batch_limit: read.lanes.iter().map(|lane| lane.round).max().unwrap_or(0),
            commit_us: (&read.commit_us).into(),
            timer_lag_ms: (&read.timer_lag_ms).into(),
            timer_due_ms: read.timer_due_ms,
            outbox_lag_ms: (&read.outbox_lag_ms).into(),
            outbox_due_ms: read.outbox_due_ms,
            outbox_in_flight: read.outbox_in_flight,
            outbox_ready: read.outbox_ready,
            deliveries_failed: read.deliveries_failed,
            deliveries_given_up: read.deliveries_given_up,
            deliveries_deferred: read.deliveries_deferred,
            inbox_waiting: inbox.map(|(count, _)| count),
            inbox_due_ms: inbox.map(|(_, oldest)| oldest.map_or(0, age)),
            jobs_open: extent.open_jobs,
            job_lag_ms: (&read.job_lag_ms).into(),
            jobs_activated: read.jobs_activated,
            jobs_abandoned: read.jobs_abandoned,
            job_polls: read.job_polls,
            scripts: read.scripts,
        }
    }
}

/// What the database holds.
#[derive(Serialize, ToSchema)]
#[schema(as = Storage)]
#[serde(rename_all = "camelCase")]
pub struct StorageDto {
    /// Bytes of its tables and indexes; absent when it does not tell.
    pub bytes: Option<u64>,
    /// Ended instances over their time that are still there: counted every ten minutes, less those removed since.
    pub backlog: u64,
    /// Ended instances removed by rule since the start.
    pub purged: u64,
}

impl StorageDto {
    pub(super) fn of(read: &Metrics, extent: StoreExtent) -> Self {
        Self { bytes: extent.bytes, backlog: read.counters.retention_backlog, purged: read.counters.purged_instances }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::PartitionId;

    #[test]
    fn it_is_told_which_partitions_a_node_serves_and_which_none_does() {
        let node = |id: &str, partitions: &[u8]| NodeView {
            id: id.to_owned(),
            me: false,
            url: String::new(),
            version: String::new(),
            started_at: Timestamp(0),
            draining: false,
            silent_ms: 0,
            partitions: partitions.iter().copied().map(PartitionId).collect(),
        };
        let view = ClusterView {
            shared: true,
            partitions: 6,
            takeover_ms: 10_000,
            serving: true,
            unserved: [1, 5].map(PartitionId).to_vec(),
            nodes: vec![node("a", &[4, 0]), node("b", &[2, 3])],
        };
        let told = ClusterDto::from(view);
        let of: Vec<_> = told.nodes.iter().map(|node| (node.partitions, node.partition_numbers.clone())).collect();
        assert_eq!(of, [(2, vec![0, 4]), (2, vec![2, 3])]);
        assert_eq!((told.unserved, told.unserved_numbers), (2, vec![1, 5]));
    }
}
