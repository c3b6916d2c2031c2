//! What waits in a queue: commands with whatever must be committed beside them, and who is told.

use engine::exchange::ParentLink;
use engine::{Command, InstanceState, StartTrigger};
use model::definition::ElementIdx;
use model::{DefinitionId, DocumentRef, Fault, InstanceId, Object, PartitionId, TimerId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use store::{ExchangeWrite, InboxWrite, IncidentRow, Write};
use tokio::sync::oneshot;

/// One entry of a queue.
pub(crate) struct Envelope {
    /// Whose turn it is.
    pub(crate) partition: PartitionId,
    /// What to do.
    pub(crate) work: Work,
    /// Committed in the same unit, also when the command is refused.
    pub(crate) extra: Vec<Write>,
    /// Who is told.
    pub(crate) ack: Ack,
    /// How often it met a conflict.
    pub(crate) conflicts: u32,
    /// The trace it belongs to.
    pub(crate) trace: Option<String>,
}

/// What to do. Nodes of other versions read it: new fields need a default, no variant changes its meaning.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Work {
    /// Begins an instance.
    Start(Box<StartWork>),
    /// Commands to one instance, in order. The first refusal ends the list.
    Commands {
        /// The instance.
        instance: InstanceId,
        /// The commands.
        commands: Vec<Command>,
    },
    /// A command that somebody else's change leads to.
    Deliver {
        /// The instance.
        instance: InstanceId,
        /// The command. Boxed, for every entry has room for the largest kind of work.
        command: Box<Command>,
        /// Written in the unit of the command, if it is accepted.
        marks: Vec<Mark>,
    },
    /// A timer is due: the engine's, or the end of a job's wait (its number is the job's then).
    Timer {
        /// The instance.
        instance: InstanceId,
        /// The timer.
        timer: TimerId,
    },
    /// Goes on with another version.
    Migrate(Box<MigrateWork>),
    /// Removes the instance with everything that belongs to it.
    Erase {
        /// The instance.
        instance: InstanceId,
    },
    /// An incident beside the instance's own: it gets its id here. Never sent to another node.
    #[serde(skip)]
    Tell(Box<IncidentRow>),
    /// The partition goes to another node: what memory holds of it is forgotten. Told by [`Ack::Vacated`].
    #[serde(skip)]
    Vacate,
}

/// An instance to begin.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StartWork {
    /// Made when the work is first done, kept when it is done again.
    pub(crate) instance: Option<InstanceId>,
    pub(crate) definition: DefinitionId,
    pub(crate) document: Option<DocumentRef>,
    pub(crate) started_by: Option<UserId>,
    pub(crate) variables: Object,
    pub(crate) business_key: Option<String>,
    /// Whether the caller wants to know when it ends.
    pub(crate) watch: bool,
    /// For how long he waits, in milliseconds: told to the node that does it.
    #[serde(default)]
    pub(crate) wait_ms: i64,
    /// By what it begins.
    #[serde(default)]
    pub(crate) how: How,
}

/// A migration of one instance.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct MigrateWork {
    pub(crate) instance: InstanceId,
    pub(crate) definition: DefinitionId,
    /// Ids of elements here and there, where they differ.
    pub(crate) elements: Vec<(String, String)>,
    pub(crate) reason: String,
    pub(crate) by: Option<UserId>,
    /// Only says what stands in the way.
    pub(crate) dry_run: bool,
}

/// By what an instance begins; by a command when all is absent.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct How {
    /// The start event.
    pub(crate) element: Option<ElementIdx>,
    /// Which trigger of it came, and with which correlation key.
    pub(crate) trigger: Option<(u32, String)>,
    /// What came with it.
    pub(crate) payload: Object,
    /// Who calls it and waits.
    pub(crate) parent: Option<ParentLink>,
    /// Written in the unit of the start, if it is accepted.
    pub(crate) marks: Vec<Mark>,
}

impl How {
    /// The trigger in the engine's words.
    pub(crate) fn start_trigger(&self) -> Option<StartTrigger> {
        self.trigger.clone().map(|(trigger, key)| StartTrigger { trigger, key })
    }
}

/// What is written together with an accepted piece of work, and makes it happen once: whoever comes second meets a
/// conflict, and his work is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Mark {
    /// A message reached a process.
    Reach { partition: PartitionId, id: i64, before: Vec<String>, after: Vec<String> },
    /// The message is for nobody else.
    Settle { partition: PartitionId, id: i64, until: Timestamp },
    /// The instance is the one of a correlation key.
    HoldKey { process_id: String, key: String },
    /// It holds the name it asked for.
    Grant { id: i64 },
    /// A message to a partition is taken.
    Take { partition: PartitionId, id: i64 },
}

impl Mark {
    /// As a write of the unit of `instance`.
    pub(crate) fn write(self, instance: InstanceId) -> Write {
        match self {
            Self::Reach { partition, id, before, after } => {
                ExchangeWrite::Reach { partition, id, before, after }.into()
            }
            Self::Settle { partition, id, until } => ExchangeWrite::Settle { partition, id, until }.into(),
            Self::HoldKey { process_id, key } => ExchangeWrite::HoldKey { process_id, key, instance }.into(),
            Self::Grant { id } => ExchangeWrite::Grant { id }.into(),
            Self::Take { partition, id } => InboxWrite::Take { partition, id }.into(),
        }
    }
}

impl Work {
    /// What a trace calls it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Start(_) => "start instance",
            Self::Commands { .. } => "command",
            Self::Deliver { .. } => "deliver",
            Self::Migrate(_) => "migrate",
            Self::Timer { .. } => "fire timer",
            Self::Erase { .. } => "erase instance",
            Self::Tell(_) => "raise incident",
            Self::Vacate => "vacate partition",
        }
    }

    /// What it writes to happen once.
    pub(crate) fn marks(&self) -> &[Mark] {
        match self {
            Self::Start(start) => &start.how.marks,
            Self::Deliver { marks, .. } => marks,
            _ => &[],
        }
    }

    /// The instance it is about, once that is known.
    pub(crate) fn instance(&self) -> Option<InstanceId> {
        match self {
            Self::Start(start) => start.instance,
            Self::Commands { instance, .. }
            | Self::Deliver { instance, .. }
            | Self::Timer { instance, .. }
            | Self::Erase { instance } => Some(*instance),
            Self::Migrate(migrate) => Some(migrate.instance),
            Self::Tell(incident) => Some(incident.instance),
            Self::Vacate => None,
        }
    }
}

/// Who is told what became of it.
pub(crate) enum Ack {
    /// Nobody.
    None,
    /// A caller.
    Reply(oneshot::Sender<Result<Done, Refused>>),
    /// The timers: a firing that was not committed comes again.
    Timer(crate::timers::Firing),
    /// Whoever gives the partition away.
    Vacated(oneshot::Sender<()>),
}

/// Why it was not done.
#[derive(Debug)]
pub(crate) enum Refused {
    /// For good, or for now: the fault says.
    Fault(Fault),
    /// The partition is not served here (any more). Nothing was done; whoever serves it can do it.
    Moved(Box<Moved>),
}

/// Work that has to go elsewhere, as it came.
#[derive(Debug)]
pub(crate) struct Moved {
    pub(crate) work: Work,
    pub(crate) extra: Vec<Write>,
}

impl Refused {
    /// Sends work on. A start gets another id where it is done: who made this one does not serve the partition now.
    pub(crate) fn moved(mut work: Work, extra: Vec<Write>) -> Self {
        if let Work::Start(start) = &mut work {
            start.instance = None;
        }
        Self::Moved(Box::new(Moved { work, extra }))
    }
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// What a caller is told after the commit.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) instance: InstanceId,
    pub(crate) state: InstanceState,
    /// The process's variables, for a watched instance that has ended.
    pub(crate) variables: Option<Object>,
    /// Resolves when a watched instance ends.
    pub(crate) finished: Option<oneshot::Receiver<Finished>>,
}

/// How a watched instance ended.
#[derive(Debug, Clone)]
pub(crate) struct Finished {
    pub(crate) state: InstanceState,
    pub(crate) variables: Object,
}
