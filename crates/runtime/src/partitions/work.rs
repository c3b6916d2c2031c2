//! What waits in a queue: commands with whatever must be committed beside them, and who is told.

use engine::{Command, InstanceState};
use model::{DefinitionId, DocumentRef, Fault, InstanceId, Object, PartitionId, TimerId, UserId};
use store::{TimerRow, Write};
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
}

/// What to do.
#[derive(Debug, Clone)]
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
}

/// An instance to begin.
#[derive(Debug, Clone)]
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
}

impl Work {
    /// The instance it is about, once that is known.
    pub(crate) fn instance(&self) -> Option<InstanceId> {
        match self {
            Self::Start(start) => start.instance,
            Self::Commands { instance, .. } | Self::Timer { instance, .. } | Self::Erase { instance } => {
                Some(*instance)
            }
        }
    }
}

/// Who is told what became of it.
pub(crate) enum Ack {
    /// Nobody.
    None,
    /// A caller.
    Reply(oneshot::Sender<Result<Done, Fault>>),
    /// The timers: a firing that was not committed comes again.
    Timer(TimerRow),
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
