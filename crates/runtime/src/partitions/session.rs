//! One instance while its commands of a round are worked on.
//!
//! Invariant: nothing here is visible outside before the commit; dropping a session undoes everything.

use super::work::Envelope;
use crate::connectors::Order;
use crate::core::Core;
use crate::deploy::Deployment;
use crate::exchange::{Look, dealings::Dealings};
use crate::instances::incident_log::Told;
use crate::jobs::Promise;
use engine::{Event, Instance, Large};
use indexmap::IndexMap;
use model::{DocumentRef, Fault, InstanceId, JobId, Object, PartitionId, RecordId, TaskId, Timestamp, UserId};
use platform::LiveEvent;
use platform::records::{Record, object};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use store::{Fence, JobRow, TaskAssignee, TimerRow, Write};

/// What an instance was when the round began.
#[derive(Debug, Clone)]
pub(crate) struct Before {
    /// The state.
    pub(crate) instance: Instance,
    /// Journal rows written so far.
    pub(crate) seq: u64,
}

/// How a new or retried job is kept.
#[derive(Debug, Clone, Default)]
pub(crate) struct JobPlan {
    /// Its row, for those who answer or fetch it.
    pub(crate) row: Option<Box<JobRow>>,
    /// The call to make.
    pub(crate) order: Option<(&'static str, Box<Order>)>,
    /// When the wait ends by itself.
    pub(crate) timeout: Option<Timestamp>,
}

/// The people of a new task.
#[derive(Debug, Clone, Default)]
pub(crate) struct TaskPeople {
    pub(crate) people: Vec<TaskAssignee>,
    pub(crate) groups: Vec<String>,
}

/// A command that was worked on and what became of it.
pub(crate) struct Answered {
    pub(crate) envelope: Envelope,
    pub(crate) result: Result<(), Fault>,
}

/// One instance in one round.
pub(crate) struct Session {
    pub(crate) id: InstanceId,
    pub(crate) partition: PartitionId,
    /// What the unit must carry: the lease under which it is decided.
    pub(crate) fence: Fence,
    pub(crate) now: Timestamp,
    /// A start whose id was made in this round: there is nothing to load.
    pub(crate) fresh: bool,
    /// Why its stored state can not be used.
    pub(crate) broken: Option<Fault>,
    /// None while a start has not been decided and for an instance that does not exist.
    pub(crate) deployment: Option<Arc<Deployment>>,
    pub(crate) before: Option<Before>,
    pub(crate) state: Option<Instance>,
    /// Large values that the store has, as the snapshot names them.
    pub(crate) large: Vec<Large>,
    pub(crate) events: Vec<Event>,
    /// Other changes of the same unit.
    pub(crate) writes: Vec<Write>,
    pub(crate) plans: IndexMap<JobId, JobPlan>,
    /// New jobs that are leased to somebody who waits.
    pub(crate) promises: Vec<Promise>,
    pub(crate) people: HashMap<TaskId, TaskPeople>,
    /// Versions of tasks that were read in this round.
    pub(crate) task_versions: HashMap<TaskId, u64>,
    pub(crate) live: Vec<LiveEvent>,
    /// Incidents that this unit opens and resolves, for the log.
    pub(crate) told: Vec<Told>,
    /// The document's fields as this unit leaves them.
    pub(crate) document: Option<Arc<Object>>,
    /// Records as they were first read here, or as this unit leaves them: a change is based on what the step saw.
    pub(crate) records: HashMap<RecordId, Record>,
    /// Records that this unit changes.
    pub(crate) changed: HashSet<RecordId>,
    /// Calls that go out although nobody waits for them.
    pub(crate) orders: usize,
    /// Whether the unit holds messages to partitions.
    pub(crate) messages: bool,
    /// What it has to do with other instances.
    pub(crate) dealings: Dealings,
    pub(crate) erased: bool,
    /// The trace of the first command that has one.
    pub(crate) trace: Option<String>,
    pub(crate) answered: Vec<Answered>,
}

impl Session {
    pub(crate) fn new(id: InstanceId, fence: Fence, now: Timestamp) -> Self {
        Self {
            id,
            partition: fence.partition,
            fence,
            now,
            fresh: false,
            broken: None,
            deployment: None,
            before: None,
            state: None,
            large: Vec::new(),
            events: Vec::new(),
            writes: Vec::new(),
            plans: IndexMap::new(),
            promises: Vec::new(),
            people: HashMap::new(),
            task_versions: HashMap::new(),
            live: Vec::new(),
            told: Vec::new(),
            document: None,
            records: HashMap::new(),
            changed: HashSet::new(),
            orders: 0,
            messages: false,
            dealings: Dealings::default(),
            erased: false,
            trace: None,
            answered: Vec::new(),
        }
    }
}

/// What must happen once a unit is committed.
#[derive(Debug, Default)]
pub(crate) struct Aftermath {
    /// Timers armed.
    pub(crate) timers: Vec<TimerRow>,
    /// Whether the outbox has something new.
    pub(crate) outbox: bool,
    /// Types of jobs offered to workers.
    pub(crate) job_types: Vec<String>,
    /// Scripts to run.
    pub(crate) scripts: Vec<JobRow>,
    /// Whether timers that came meanwhile are to be looked at.
    pub(crate) resumed: bool,
    /// Messages that are waited for from now on.
    pub(crate) opened: Vec<Look>,
}

impl Session {
    /// The record it runs for.
    pub(crate) fn document_ref(&self) -> Option<DocumentRef> {
        self.state.as_ref().and_then(Instance::document)
    }

    /// Reads the document, once for expressions and changes alike: a change made of what expressions saw meets a
    /// conflict when somebody else was quicker.
    pub(crate) async fn read_document(&mut self, core: &Core, document: DocumentRef) -> Result<(), Fault> {
        if let Some(record) = core.platform.records().get(document.record).await? {
            let catalog = core.platform.catalogs().require(record.catalog).await?;
            self.document = Some(Arc::new(object::document_object(&catalog, &record)));
            self.records.insert(record.id, record);
        }
        Ok(())
    }

    /// Who started it.
    pub(crate) fn started_by(&self) -> Option<UserId> {
        self.state.as_ref().and_then(Instance::started_by)
    }
}
