//! What waits in a queue: commands with whatever must be committed beside them, and who is told.

use engine::{Command, InstanceState};
use model::{DefinitionId, DocumentRef, Fault, InstanceId, Object, PartitionId, TimerId, UserId};
use serde::{Deserialize, Serialize};
use store::{IncidentRow, Write};
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
    /// A timer is due: the engine's, or the end of a job's wait (its number is the job's then).
    Timer {
        /// The instance.
        instance: InstanceId,
        /// The timer.
        timer: TimerId,
    },
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
}

impl Work {
    /// What a trace calls it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Start(_) => "start instance",
            Self::Commands { .. } => "command",
            Self::Timer { .. } => "fire timer",
            Self::Erase { .. } => "erase instance",
            Self::Tell(_) => "raise incident",
            Self::Vacate => "vacate partition",
        }
    }

    /// The instance it is about, once that is known.
    pub(crate) fn instance(&self) -> Option<InstanceId> {
        match self {
            Self::Start(start) => start.instance,
            Self::Commands { instance, .. } | Self::Timer { instance, .. } | Self::Erase { instance } => {
                Some(*instance)
            }
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
