//! Messages to partitions, turned into work: what a change leads to, written in the change's own unit.
//!
//! Owns: automatic starts and the end of what runs for a deleted record. Invariant: a message is taken in the unit of
//! what it causes (a start), or after all it causes was done and would change nothing if done again (cancels); so a
//! crash at any moment neither loses nor doubles anything. Never: decides which messages are written.

use super::forward::is_passing;
use crate::core::Core;
use crate::exchange::{event_starts, signals};
use crate::partitions::work::{Mark, Refused, StartWork, Work};
use crate::records;
use crate::starts::{self, Parameters};
use crate::stop::Stop;
use crate::types::StartRequest;
use engine::Command;
use engine::exchange::ChildOutcome;
use futures_util::{FutureExt, StreamExt, stream};
use model::definition::ElementIdx;
use model::error::codes;
use model::{
    DefinitionId, DocumentRef, Fault, InstanceId, Object, PartitionId, RecordId, SubscriptionId, Timestamp, UserId,
    partition_of,
};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use store::{IdKind, InboxRow, InboxWrite, Unit, Write};
use tokio::sync::Notify;

/// Messages read at once.
const READ_MAX: u32 = 256;
/// A look ends after so many pages of which something could not be done: the next one goes on from there.
const STUCK_PAGES: u32 = 8;
/// Messages worked on at once.
const AT_ONCE: usize = 32;
/// So often a database that others write to is looked at without being told.
const POLL_MS: i64 = 1_000;

/// An automatic start.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StartFor {
    pub(crate) definition: DefinitionId,
    pub(crate) document: DocumentRef,
    #[serde(default)]
    pub(crate) started_by: Option<UserId>,
}

/// The end of everything that runs for a record.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CancelFor {
    pub(crate) record: RecordId,
    #[serde(default)]
    pub(crate) by: Option<UserId>,
    /// The instance that deleted it goes on.
    #[serde(default)]
    pub(crate) except: Option<InstanceId>,
}

/// Commands to an instance, from another one or from the runtime. What does not fit any more is over.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CommandFor {
    pub(crate) instance: InstanceId,
    pub(crate) commands: Vec<Command>,
    /// Who waits for what comes of it, and has to know when the instance is no more.
    #[serde(default)]
    pub(crate) asked_by: Option<InstanceId>,
}

/// A signal that was thrown.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SignalFor {
    pub(crate) name: String,
    pub(crate) variables: Object,
    /// Only for this tree of calls.
    #[serde(default)]
    pub(crate) root: Option<InstanceId>,
    /// Who began to wait later does not get it.
    pub(crate) at: Timestamp,
    /// Subscriptions up to this one have it.
    #[serde(default)]
    pub(crate) after: i64,
    /// The thrower's own that were opened later in the same step.
    #[serde(default)]
    pub(crate) except: Vec<SubscriptionId>,
}

/// A start by an event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct EventStart {
    pub(crate) definition: DefinitionId,
    pub(crate) element: ElementIdx,
    pub(crate) trigger: u32,
    /// What came with the event.
    pub(crate) payload: Object,
    /// Start values.
    #[serde(default)]
    pub(crate) variables: Object,
    #[serde(default)]
    pub(crate) document: Option<DocumentRef>,
}

/// A message.
#[derive(Debug, Clone)]
pub(crate) enum Message {
    Start(StartFor),
    Cancel(CancelFor),
    Command(CommandFor),
    Signal(SignalFor),
    EventStart(EventStart),
}

impl Message {
    /// As a row.
    pub(crate) fn row(&self, partition: PartitionId, id: i64, now: Timestamp) -> InboxRow {
        let (kind, payload) = match self {
            Self::Start(start) => ("start", serde_json::to_value(start)),
            Self::Cancel(cancel) => ("cancel", serde_json::to_value(cancel)),
            Self::Command(command) => ("command", serde_json::to_value(command)),
            Self::Signal(signal) => ("signal", serde_json::to_value(signal)),
            Self::EventStart(start) => ("event-start", serde_json::to_value(start)),
        };
        let payload = payload.expect("plain data with text keys always becomes JSON");
        InboxRow { partition, id, kind: kind.to_owned(), payload, created_at: now }
    }
}

/// Where messages are announced.
#[derive(Default)]
pub(crate) struct InboxBoard {
    filled: Notify,
    /// Messages that are worked on here at this moment.
    active: Mutex<HashSet<i64>>,
    /// How many of those that were looked at last can not be read.
    unreadable: AtomicUsize,
}

impl InboxBoard {
    /// There may be messages.
    pub(crate) fn look(&self) {
        self.filled.notify_one();
    }

    fn begin(&self, id: i64) -> bool {
        self.active.lock().unwrap_or_else(PoisonError::into_inner).insert(id)
    }

    fn end(&self, id: i64) {
        self.active.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }
}

/// A message that is about to be written. While this lives nobody else here works on it.
pub(crate) struct Posted<'c> {
    core: &'c Core,
    row: InboxRow,
    message: Message,
    performed: bool,
}

impl Drop for Posted<'_> {
    fn drop(&mut self) {
        self.core.cluster.inbox.end(self.row.id);
        // Its commit failed, as far as is known: if only the answer was lost, the message waits.
        if !self.performed {
            self.core.cluster.inbox.look();
        }
    }
}

impl Posted<'_> {
    /// The write that belongs into the unit of what causes it.
    pub(crate) fn write(&self) -> Write {
        InboxWrite::Insert(Box::new(self.row.clone())).into()
    }

    /// After the commit: does it at once, or tells those who can.
    pub(crate) async fn perform(mut self) {
        self.performed = true;
        if self.core.owns(self.row.partition) {
            if !perform(self.core, &self.row, &self.message).await {
                self.core.cluster.inbox.look();
            }
        } else {
            self.core.cluster.courier.sent();
        }
    }
}

impl Core {
    /// A message to whatever partition is served here, else to any.
    pub(crate) async fn post(&self, message: Message) -> Result<Posted<'_>, Fault> {
        let row = self.message(self.any_partition(), &message).await?;
        self.cluster.inbox.begin(row.id);
        Ok(Posted { core: self, row, message, performed: false })
    }

    /// A message as a row.
    pub(crate) async fn message(&self, partition: PartitionId, message: &Message) -> Result<InboxRow, Fault> {
        let id = self.store.next_id(IdKind::Message).await?;
        Ok(message.row(partition, id, self.now()))
    }
}

/// Works on messages until `stop`.
pub(crate) async fn run(core: Arc<Core>, stop: Stop) {
    // What waits from before is looked at first.
    core.cluster.inbox.look();
    let (mut again, mut place) = (false, 0);
    loop {
        let poll = async {
            if !again && !core.cluster.shared {
                std::future::pending::<()>().await;
            }
            core.clock.sleep_until(core.now().plus_ms(POLL_MS)).await;
        };
        tokio::select! {
            biased;
            () = stop.stopped() => return,
            () = core.cluster.inbox.filled.notified() => {}
            () = poll => {}
        }
        again = tokio::select! {
            biased;
            () = stop.stopped() => return,
            left = drain(&core, &mut place) => left,
        };
        let unreadable = core.cluster.inbox.unreadable.swap(0, Ordering::Relaxed);
        if unreadable > 0 {
            tracing::error!(unreadable, "messages can not be read here: they wait for a node that knows their kind");
        }
    }
}

/// Works on what waits, from the place that the last look came to, and around; whether something is left that could not
/// be done now. That hides nothing: what comes after it is looked at too.
async fn drain(core: &Core, place: &mut i64) -> bool {
    let (mut left, mut stuck) = (false, 0);
    let mut began = *place;
    loop {
        let owned = core.owned();
        if owned.is_empty() {
            return false;
        }
        let rows = match core.store.messages(&owned, *place, READ_MAX).await {
            Ok(rows) => rows,
            Err(error) => {
                tracing::error!(%error, "messages could not be read");
                return true;
            }
        };
        let last = rows.get(READ_MAX as usize - 1).map(|row| row.id);
        let rows: Vec<InboxRow> = rows.into_iter().filter(|row| core.cluster.inbox.begin(row.id)).collect();
        let begun = rows.len();
        let done = stream::iter(rows.into_iter().map(|row| one(core, row).boxed()));
        let done = done.buffer_unordered(AT_ONCE).filter(|done| std::future::ready(*done)).count().await;
        if done < begun {
            (left, stuck) = (true, stuck + 1);
        }
        *place = last.unwrap_or(0);
        if (last.is_none() && began == 0) || stuck == STUCK_PAGES {
            return left;
        }
        if last.is_none() {
            // What is before the place where this look began may be new.
            began = 0;
        }
    }
}

/// Works on one message.
async fn one(core: &Core, row: InboxRow) -> bool {
    let done = match read(&row) {
        Some(message) => perform(core, &row, &message).await,
        None => {
            tracing::debug!(message = row.id, kind = row.kind, "a message can not be read here");
            core.cluster.inbox.unreadable.fetch_add(1, Ordering::Relaxed);
            false
        }
    };
    core.cluster.inbox.end(row.id);
    done
}

fn read(row: &InboxRow) -> Option<Message> {
    match row.kind.as_str() {
        "start" => serde_json::from_value(row.payload.clone()).ok().map(Message::Start),
        "cancel" => serde_json::from_value(row.payload.clone()).ok().map(Message::Cancel),
        "command" => serde_json::from_value(row.payload.clone()).ok().map(Message::Command),
        "signal" => serde_json::from_value(row.payload.clone()).ok().map(Message::Signal),
        "event-start" => serde_json::from_value(row.payload.clone()).ok().map(Message::EventStart),
        _ => None,
    }
}

/// Does what a message asks; false: later again.
async fn perform(core: &Core, row: &InboxRow, message: &Message) -> bool {
    match message {
        Message::Start(start) => begin(core, row, start).await,
        Message::Command(command) => tell(core, row, command).await,
        Message::Signal(signal) => signals::spread(core, row, signal).await,
        Message::EventStart(start) => begin_by_event(core, row, start).await,
        Message::Cancel(cancel) => match records::cancel_for(core, cancel).await {
            Ok(()) => take(core, row).await != Taken::Failed,
            Err(fault) => {
                tracing::warn!(record = %cancel.record, %fault, "processes of a deleted record go on for now");
                false
            }
        },
    }
}

/// Tells an instance; also one that has ended has been told.
async fn tell(core: &Core, row: &InboxRow, command: &CommandFor) -> bool {
    let taking = InboxWrite::Take { partition: row.partition, id: row.id };
    let CommandFor { instance, commands, asked_by } = command.clone();
    if let Some(caller) = asked_by {
        match core.store.instance(instance).await {
            Ok(Some(_)) => {}
            Ok(None) => return answer(core, row, instance, caller).await,
            Err(_) => return false,
        }
    }
    match core.submit_here(row.partition, Work::Commands { instance, commands }, vec![taking.into()]).await {
        Ok(_) | Err(Refused::Moved(_)) => true,
        // A conflict: it was taken before, or another one of the same unit was. The next look shows what is left.
        Err(Refused::Fault(fault)) if is_passing(&fault) || fault.is(&codes::STORE_CONFLICT) => false,
        Err(Refused::Fault(fault)) => {
            tracing::debug!(instance.id = %command.instance, %fault, "a message to an instance came too late");
            // Of one that can not be worked on it was not taken.
            take(core, row).await != Taken::Failed
        }
    }
}

/// Who was asked is erased: who waits for it is told so, in the unit that takes the message.
async fn answer(core: &Core, row: &InboxRow, gone: InstanceId, caller: InstanceId) -> bool {
    let reason = "it was erased".to_owned();
    let told = Command::FinishChild { child: gone, outcome: ChildOutcome::Canceled { reason } };
    let told = Message::Command(CommandFor { instance: caller, commands: vec![told], asked_by: None });
    let Ok(told) = core.message(partition_of(caller.0), &told).await else { return false };
    let mut unit = Unit::of(InboxWrite::Take { partition: row.partition, id: row.id });
    let remote = !core.owns(told.partition);
    unit.push(InboxWrite::Insert(Box::new(told)));
    match core.store.commit_one(unit).await {
        Ok(_) if remote => core.cluster.courier.sent(),
        Ok(_) => core.cluster.inbox.look(),
        Err(error) => return error.conflict().is_some(),
    }
    true
}

/// Begins an instance by an event; one that is refused is over.
async fn begin_by_event(core: &Core, row: &InboxRow, start: &EventStart) -> bool {
    let taking = Mark::Take { partition: row.partition, id: row.id };
    let outcome = match event_starts::by_message(core, start, taking).await {
        Ok(work) => core.submit_here(row.partition, work, Vec::new()).await,
        Err(fault) => Err(Refused::Fault(fault)),
    };
    match outcome {
        Ok(_) | Err(Refused::Moved(_)) => true,
        Err(Refused::Fault(fault)) if is_passing(&fault) => false,
        Err(Refused::Fault(fault)) => {
            tracing::warn!(definition = %start.definition, %fault, "an event started nothing");
            take(core, row).await != Taken::Failed
        }
    }
}

async fn begin(core: &Core, row: &InboxRow, start: &StartFor) -> bool {
    let taking = InboxWrite::Take { partition: row.partition, id: row.id };
    let outcome = match prepare(core, start).await {
        Ok(work) => core.submit_here(row.partition, Work::Start(Box::new(work)), vec![taking.into()]).await,
        Err(fault) => Err(Refused::Fault(fault)),
    };
    match outcome {
        Ok(_) | Err(Refused::Moved(_)) => true,
        // Also when the message was taken meanwhile: then it is gone, and so is this.
        Err(Refused::Fault(fault)) if is_passing(&fault) => {
            tracing::warn!(definition = %start.definition, %fault, "an automatic start comes later");
            false
        }
        Err(Refused::Fault(fault)) => match take(core, row).await {
            Taken::Now => {
                let (definition, record) = (start.definition, start.document.record);
                tracing::warn!(%definition, %record, %fault, "an automatic start was refused");
                records::tell_deployer(core, start, &fault).await;
                true
            }
            Taken::Before => true,
            Taken::Failed => false,
        },
    }
}

async fn prepare(core: &Core, start: &StartFor) -> Result<StartWork, Fault> {
    let request = StartRequest { document: Some(start.document), ..StartRequest::of(start.definition) };
    starts::prepare(core, request, start.started_by, Parameters::Defaults).await
}

#[derive(PartialEq, Eq)]
enum Taken {
    Now,
    Before,
    Failed,
}

/// Takes a message alone.
async fn take(core: &Core, row: &InboxRow) -> Taken {
    let unit = Unit::of(InboxWrite::Take { partition: row.partition, id: row.id });
    match core.store.commit_one(unit).await {
        Ok(_) => Taken::Now,
        Err(error) if error.conflict().is_some() => Taken::Before,
        Err(error) => {
            tracing::warn!(%error, message = row.id, "a message could not be taken");
            Taken::Failed
        }
    }
}
