//! What all parts of the runtime share.

use crate::clock::{Clock, Entropy};
use crate::cluster::{self, Cluster, Ownership};
use crate::connectors::{Connector, OutboundHttp};
use crate::decisions::Decisions;
use crate::deploy::Deployments;
use crate::exchange;
use crate::instances::IncidentLog;
use crate::instances::aside::Aside;
use crate::jobs::JobBoard;
use crate::metrics::Meters;
use crate::outbox::Outbox;
use crate::partitions::queue::Lane;
use crate::partitions::unsure::Unsure;
use crate::partitions::work::{Ack, Done, Envelope, Moved, Refused, Work};
use crate::retention::Tidying;
use crate::timers::Timers;
use crate::trace::{self, ActiveSpan, SpanKind, SpanStart, Tracer};
use crate::types::Counters;
use engine::calendar::Calendars;
use engine::{Command, ServerFacts};
use jiff::tz::TimeZone;
use model::error::codes;
use model::limits::Limits;
use model::{Fault, InstanceId, PartitionId, Timestamp, partition_of};
use platform::Platform;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use store::{Fence, SharedStore, Write};
use tokio::sync::oneshot;

/// Shared state of one runtime.
pub(crate) struct Core {
    pub(crate) store: SharedStore,
    pub(crate) platform: Platform,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Entropy,
    pub(crate) limits: Arc<Limits>,
    pub(crate) zone: TimeZone,
    pub(crate) calendars: Calendars,
    pub(crate) server: ServerFacts,
    pub(crate) partitions: u16,
    pub(crate) ownership: Ownership,
    pub(crate) cluster: Cluster,
    pub(crate) lanes: Vec<Lane>,
    pub(crate) unsure: Unsure,
    pub(crate) deployments: Deployments,
    pub(crate) decisions: Decisions,
    pub(crate) exchange: exchange::Board,
    pub(crate) timers: Timers,
    pub(crate) outbox: Outbox,
    pub(crate) jobs: JobBoard,
    pub(crate) scripts: tokio::sync::Semaphore,
    pub(crate) http: OutboundHttp,
    pub(crate) connectors: HashMap<&'static str, Arc<dyn Connector>>,
    /// Instances that take no commands until a person retries them.
    pub(crate) aside: Aside,
    pub(crate) incidents: IncidentLog,
    pub(crate) counts: Counts,
    pub(crate) meters: Meters,
    pub(crate) tidying: Tidying,
    pub(crate) next_start: AtomicU64,
    /// Where spans go; none: nothing is traced.
    pub(crate) tracer: Option<Arc<dyn Tracer>>,
}

/// Running totals.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) commands: AtomicU64,
    pub(crate) commits: AtomicU64,
    pub(crate) units: AtomicU64,
    pub(crate) conflicts: AtomicU64,
    pub(crate) deliveries: AtomicU64,
    pub(crate) timers: AtomicU64,
}

impl Counts {
    pub(crate) fn add(counter: &AtomicU64, n: usize) {
        counter.fetch_add(n as u64, Ordering::Relaxed);
    }
}

impl Core {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The queue that serves a partition.
    pub(crate) fn lane(&self, partition: PartitionId) -> &Lane {
        &self.lanes[usize::from(partition.0) % self.lanes.len()]
    }

    /// Whether the last sign of life is young enough for others not to have given this node up.
    pub(crate) fn is_serving(&self) -> bool {
        self.ownership.is_serving(self.clock.stopwatch_us())
    }

    /// The partitions served here at this moment, in order; nothing when this node may have been given up.
    pub(crate) fn owned(&self) -> Arc<[PartitionId]> {
        if self.is_serving() { self.ownership.owned() } else { Arc::from([]) }
    }

    /// What to name when rows of the served partitions are read: an empty list, which means all, when all are served
    /// here; none when nothing is, then there is nothing to read.
    pub(crate) fn owned_to_read(&self) -> Option<Arc<[PartitionId]>> {
        let owned = self.owned();
        match owned.len() {
            0 => None,
            n if n == self.ownership.count() => Some(Arc::from([])),
            _ => Some(owned),
        }
    }

    /// Whether new work for the partition belongs here. Costs an atomic load.
    pub(crate) fn owns(&self, partition: PartitionId) -> bool {
        self.ownership.owns(partition)
    }

    /// What a unit of the partition must carry (`Unit::fenced`); none: it is not served here, write nothing for it.
    pub(crate) fn fence(&self, partition: PartitionId) -> Option<Fence> {
        self.ownership.fence(partition)
    }

    /// The partition of an instance. An id from outside may name a partition that does not exist: then so does the
    /// instance not.
    pub(crate) fn partition(&self, instance: InstanceId) -> Result<PartitionId, Fault> {
        let partition = partition_of(instance.0);
        if u16::from(partition.0) < self.partitions { Ok(partition) } else { Err(instance_not_found(instance)) }
    }

    /// Has a piece of work done, here or by the node that serves its partition, and waits for its commit. What is to be
    /// written beside it (`extra`) is in the same commit here, and follows it here when the work was done elsewhere.
    pub(crate) async fn submit(&self, partition: PartitionId, work: Work, extra: Vec<Write>) -> Result<Done, Fault> {
        match self.submit_here(partition, work, extra).await {
            Ok(done) => Ok(done),
            Err(Refused::Fault(fault)) => Err(fault),
            Err(Refused::Moved(moved)) => Box::pin(cluster::submit(self, partition, *moved)).await,
        }
    }

    /// Queues a piece of work and waits for its commit, if its partition is served here.
    pub(crate) async fn submit_here(
        &self,
        partition: PartitionId,
        work: Work,
        extra: Vec<Write>,
    ) -> Result<Done, Refused> {
        if !self.owns(partition) {
            return Err(Refused::Moved(Box::new(Moved { work, extra })));
        }
        let (sender, receiver) = oneshot::channel();
        let span = self.span(&work);
        let trace = span.as_ref().map(|span| span.traceparent());
        let envelope = Envelope { partition, work, extra, ack: Ack::Reply(sender), conflicts: 0, trace };
        self.lane(partition).push(envelope).map_err(|refused| {
            Meters::count(&self.meters.refused);
            refused.1
        })?;
        let done = receiver.await.unwrap_or_else(|_| Err(Fault::of(&codes::SHUTTING_DOWN).into()));
        if let Some(mut span) = span {
            match &done {
                Ok(done) => {
                    span.attribute("instance.id", done.instance.to_string());
                    span.end(None);
                }
                Err(Refused::Fault(fault)) => span.end(Some(fault.code.code)),
                Err(Refused::Moved(_)) => span.end(Some("the partition moved")),
            }
        }
        done
    }

    /// A span from the queue to the commit, when the request that asks is traced.
    fn span(&self, work: &Work) -> Option<Box<dyn ActiveSpan>> {
        let tracer = self.tracer.as_ref()?;
        let parent = trace::current()?;
        let kind = SpanKind::Internal;
        Some(tracer.start(SpanStart { name: work.name(), kind, parent: Some(&parent), attributes: Vec::new() }))
    }

    /// A partition for something new: the served ones take turns; any other when none is served here.
    pub(crate) fn any_partition(&self) -> PartitionId {
        let turn = self.next_start.fetch_add(1, Ordering::Relaxed);
        let partition = PartitionId(u8::try_from(turn % u64::from(self.partitions)).unwrap_or(0));
        if self.owns(partition) {
            return partition;
        }
        let owned = self.owned();
        match usize::try_from(turn).unwrap_or(0).checked_rem(owned.len()) {
            Some(at) => owned[at],
            None => self.cluster.map().any_served(partition).unwrap_or(partition),
        }
    }

    /// The lease of a partition is over.
    pub(crate) fn lost(&self, fence: Fence) {
        if self.ownership.lose(fence) {
            tracing::warn!(partition = fence.partition.0, "the partition was lost");
            self.timers.lost(fence.partition);
            self.cluster.look();
        }
    }

    /// Queues commands to an instance and waits for their commit.
    pub(crate) async fn command(&self, instance: InstanceId, commands: Vec<Command>) -> Result<Done, Fault> {
        let partition = self.partition(instance)?;
        self.submit(partition, Work::Commands { instance, commands }, Vec::new()).await
    }

    /// Running totals.
    pub(crate) fn counters(&self) -> Counters {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let [purged_instances, purged_entries, packed_journals, retention_backlog] = self.tidying.counts();
        Counters {
            commands: get(&self.counts.commands),
            commits: get(&self.counts.commits),
            units: get(&self.counts.units),
            conflicts: get(&self.counts.conflicts),
            queued: self.lanes.iter().map(|lane| lane.len() as u64).sum(),
            deliveries: get(&self.counts.deliveries),
            timers: get(&self.counts.timers),
            owned: self.owned().len() as u64,
            nodes: self.cluster.map().nodes.len() as u64,
            purged_instances,
            purged_entries,
            packed_journals,
            retention_backlog,
        }
    }
}

/// No such instance.
pub(crate) fn instance_not_found(instance: InstanceId) -> Fault {
    Fault::new(&codes::INSTANCE_NOT_FOUND, format!("there is no process instance {instance}"))
}
