//! What a step's events mean to others, as writes of its own unit.
//!
//! Owns: messages and signals thrown, calls, words to callers and called instances, names asked for. Invariant: all of
//! it commits with the step or not at all. Never: waits for the others.

use super::calls::{self, Call};
use super::{Look, messages};
use crate::cluster::{CommandFor, Message, SignalFor};
use crate::core::Core;
use crate::partitions::session::Session;
use engine::exchange::{Awaited, ChildOutcome, MessageThrown};
use engine::{Command, Event, InstanceState};
use model::definition::{MessageTarget, ROOT};
use model::{Fault, InstanceId, PartitionId, SubscriptionId, UserId, partition_of};
use std::collections::VecDeque;
use store::{
    ExchangeWrite, IdKind, InboxWrite, MessageRow, MessageState, MutexRow, SubscriptionKind, SubscriptionRow, Unit,
};

/// Shown as the reason why an instance ended.
const CALLER_LEFT: &str = "The calling instance no longer waits for it";
const TREE_ENDED: &str = "An end event ended all instances of its tree";

/// What one instance has to do with others in one unit.
#[derive(Default)]
pub(crate) struct Dealings {
    /// Ids for the signals thrown, in their order.
    signals: VecDeque<i64>,
    /// Calls to be begun in this unit.
    pub(super) calls: VecDeque<Call>,
    /// For the caller.
    pub(super) up: Vec<Command>,
    /// Called instances that were begun in this unit.
    pub(crate) family: Vec<Session>,
    /// Worth a look after the commit.
    pub(crate) looks: Vec<Look>,
    /// Who called it without waiting for it: shown, and nothing else.
    pub(crate) called_by: Option<InstanceId>,
    /// Whether a message goes to a partition of another node.
    pub(crate) remote: bool,
}

impl Dealings {
    /// Whether something is left to do before the unit.
    pub(crate) fn has_more(&self) -> bool {
        !self.calls.is_empty() || !self.up.is_empty()
    }
}

/// What the events since `first` ask for; gives the commands that follow at once.
pub(crate) async fn follow(core: &Core, session: &mut Session, first: usize) -> Result<Vec<Command>, Fault> {
    let events: Vec<Event> = session.events[first..].iter().filter(|event| concerns(session, event)).cloned().collect();
    let mut commands = Vec::new();
    for event in events {
        match event {
            Event::MessageThrown(thrown) => commands.extend(throw(core, session, *thrown).await?),
            Event::SignalThrown(_) => {
                let id = core.store.next_id(IdKind::Message).await?;
                session.dealings.signals.push_back(id);
            }
            Event::ChildStarted(call) => commands.extend(calls::plan(core, session, *call).await?),
            Event::ChildCanceled { child, .. } => {
                let planned = session.dealings.calls.len();
                session.dealings.calls.retain(|call| call.child != child);
                if session.dealings.calls.len() == planned {
                    send(core, session, child, vec![cancel(CALLER_LEFT, None)]).await?;
                }
            }
            Event::ChildCompensationRequested { child, .. } => {
                let (commands, asked_by) = (vec![Command::Compensate {}], Some(session.id));
                post(core, session, CommandFor { instance: child, commands, asked_by }).await?;
            }
            Event::EscalationRaised { code, variables, .. } => {
                let child = session.id;
                up(session, Command::EscalateChild { child, code, variables });
            }
            Event::TreeEnded { .. } => {
                let root = session.state.as_ref().and_then(|s| s.parent()).map(|link| link.root);
                if let Some(root) = root {
                    send(core, session, root, vec![cancel(TREE_ENDED, None)]).await?;
                }
            }
            Event::MutexRequested { key, name } => {
                let (partition, instance) = (session.partition, session.id);
                let id = core.store.next_id(IdKind::Message).await?;
                let row = MutexRow { partition, id, name: name.clone(), instance, key, held: false };
                session.writes.push(ExchangeWrite::Queue(Box::new(row)).into());
                session.dealings.looks.push(Look::Mutex(name));
            }
            Event::MutexReleased { key, name } => {
                session.writes.push(ExchangeWrite::Release { instance: session.id, key }.into());
                session.dealings.looks.push(Look::Mutex(name));
            }
            Event::InstanceSuspended { reason, by } => {
                to_called(core, session, || Command::Suspend { reason: reason.clone(), by }).await?;
            }
            Event::InstanceResumed { by } => {
                to_called(core, session, || Command::Resume { by }).await?;
                listen_again(session);
            }
            Event::CompensationEnded { key: 0 } => finished(session, ChildOutcome::Compensated),
            Event::InstanceCompleted => {
                let variables = session.state.as_ref().map(|s| s.variables().clone()).unwrap_or_default();
                if !ended_before(session) {
                    finished(session, ChildOutcome::Completed { variables });
                }
                free_keys(core, session).await?;
            }
            Event::InstanceFailed { code, message, variables } => {
                finished(session, ChildOutcome::Failed { code, message, data: variables });
                free_keys(core, session).await?;
            }
            Event::InstanceCanceled { reason, .. } => {
                finished(session, ChildOutcome::Canceled { reason });
                free_keys(core, session).await?;
            }
            _ => {}
        }
    }
    Ok(commands)
}

/// Most events concern nobody else; the end of an instance only its caller and whoever has the key it was started for.
pub(crate) fn concerns(session: &Session, event: &Event) -> bool {
    match event {
        Event::CompensationEnded { key } => *key == 0,
        Event::EscalationRaised { caught, .. } => !caught,
        Event::MessageThrown(_)
        | Event::SignalThrown(_)
        | Event::ChildStarted(_)
        | Event::ChildCanceled { .. }
        | Event::ChildCompensationRequested { .. }
        | Event::TreeEnded { .. }
        | Event::MutexRequested { .. }
        | Event::MutexReleased { .. }
        | Event::InstanceSuspended { .. }
        | Event::InstanceResumed { .. } => true,
        Event::InstanceCompleted | Event::InstanceFailed { .. } | Event::InstanceCanceled { .. } => {
            session.state.as_ref().is_some_and(|s| s.parent().is_some()) || may_hold_keys(session)
        }
        _ => false,
    }
}

fn cancel(reason: &str, by: Option<UserId>) -> Command {
    Command::Cancel { reason: reason.to_owned(), by }
}

/// It had ended before this unit, and compensated itself.
fn ended_before(session: &Session) -> bool {
    session.before.as_ref().is_some_and(|before| before.instance.state() != InstanceState::Active)
}

fn up(session: &mut Session, command: Command) {
    if session.state.as_ref().is_some_and(|s| s.parent().is_some()) {
        session.dealings.up.push(command);
    }
}

/// The caller learns of the end.
pub(crate) fn finished(session: &mut Session, outcome: ChildOutcome) {
    let child = session.id;
    up(session, Command::FinishChild { child, outcome });
}

/// A message to another instance, in the unit of this one.
pub(crate) async fn send(
    core: &Core,
    session: &mut Session,
    instance: InstanceId,
    commands: Vec<Command>,
) -> Result<(), Fault> {
    post(core, session, CommandFor { instance, commands, asked_by: None }).await
}

async fn post(core: &Core, session: &mut Session, command: CommandFor) -> Result<(), Fault> {
    let partition = partition_of(command.instance.0);
    let row = core.message(partition, &Message::Command(command)).await?;
    session.writes.push(InboxWrite::Insert(Box::new(row)).into());
    note(core, session, partition);
    Ok(())
}

fn note(core: &Core, session: &mut Session, partition: PartitionId) {
    session.messages = true;
    session.dealings.remote |= !core.owns(partition);
}

async fn to_called(core: &Core, session: &mut Session, command: impl Fn() -> Command) -> Result<(), Fault> {
    let called: Vec<InstanceId> = session.state.iter().flat_map(|s| s.called()).map(|child| child.id).collect();
    for child in called {
        send(core, session, child, vec![command()]).await?;
    }
    Ok(())
}

/// What was not taken while the instance was suspended comes now.
fn listen_again(session: &mut Session) {
    let (Some(state), Some(deployment)) = (&session.state, &session.deployment) else { return };
    let process = deployment.process_id.clone();
    let looks = state.subscriptions().iter().filter_map(|open| match &open.awaited {
        Awaited::Message { name, key } => Some(Look::Opened {
            name: name.to_string(),
            key: key.as_ref().map(ToString::to_string),
            process: process.clone(),
        }),
        Awaited::Signal { .. } => None,
    });
    session.dealings.looks.extend(looks.collect::<Vec<_>>());
}

/// Only processes with starts by events have keys that they were started for.
fn may_hold_keys(session: &Session) -> bool {
    let scope = session.deployment.as_ref().and_then(|d| d.definition().element(ROOT).kind.as_scope());
    scope.is_some_and(|scope| !scope.triggered.is_empty())
}

/// The keys that an instance was started for are free when it has ended.
async fn free_keys(core: &Core, session: &mut Session) -> Result<(), Fault> {
    let Some(deployment) = &session.deployment else { return Ok(()) };
    if !may_hold_keys(session) || session.state.as_ref().is_some_and(|s| s.parent().is_some()) {
        return Ok(());
    }
    let process = deployment.process_id.clone();
    let keys = if session.before.is_some() { core.store.keys_of(session.id).await? } else { Vec::new() };
    session.dealings.looks.extend(keys.into_iter().map(|key| Look::Freed { process: process.clone(), key }));
    session.writes.push(ExchangeWrite::FreeKeys { instance: session.id }.into());
    Ok(())
}

/// Publishes a message. One for a black box only leaves a line in the history: nothing of its receiver is here.
async fn throw(core: &Core, session: &mut Session, thrown: MessageThrown) -> Result<Option<Command>, Fault> {
    let (process, element) = match thrown.target {
        Some(MessageTarget::External { participant }) => {
            let (name, key) = (&thrown.name, &thrown.correlation_key);
            let text = format!("message `{name}` with the key `{key}` to `{participant}`, which is not run here");
            return Ok(Some(Command::Log { key: None, job: None, text, by: None }));
        }
        Some(MessageTarget::Process { process, element }) => (Some(process), element),
        None => (None, None),
    };
    let row = MessageRow {
        partition: session.partition,
        id: core.store.next_id(IdKind::Message).await?,
        name: thrown.name,
        key: thrown.correlation_key,
        message_id: thrown.id,
        variables: messages::to_json(&thrown.variables),
        process,
        element,
        state: if thrown.ttl_ms > 0 { MessageState::Kept } else { MessageState::Once },
        reached: Vec::new(),
        created_at: session.now,
        expires_at: session.now.plus_ms(thrown.ttl_ms.max(0)),
    };
    session.writes.push(ExchangeWrite::Throw(Box::new(row.clone())).into());
    session.dealings.looks.push(Look::Published(Box::new(row)));
    Ok(None)
}

/// What is left for others goes to their partitions: the last word before the unit.
pub(crate) async fn seal(core: &Core, session: &mut Session) -> Result<(), Fault> {
    let commands = std::mem::take(&mut session.dealings.up);
    let Some(parent) = session.state.as_ref().and_then(|s| s.parent()).map(|link| link.instance) else { return Ok(()) };
    if commands.is_empty() { Ok(()) } else { send(core, session, parent, commands).await }
}

/// Signals as messages to the own partition. Whoever began to wait after the throw does not get it, in this instance
/// too.
pub(crate) fn signals(core: &Core, session: &mut Session, unit: &mut Unit) {
    if session.dealings.signals.is_empty() {
        return;
    }
    let mut ids = std::mem::take(&mut session.dealings.signals);
    let root = session.state.as_ref().and_then(|s| s.parent()).map_or(session.id, |link| link.root);
    for (place, event) in session.events.iter().enumerate() {
        let Event::SignalThrown(thrown) = event else { continue };
        let Some(id) = ids.pop_front() else { return };
        let opened_later = |event: &Event| match event {
            Event::SubscriptionOpened(opened) => Some(opened.subscription),
            _ => None,
        };
        let except: Vec<SubscriptionId> = session.events[place..].iter().filter_map(opened_later).collect();
        let signal = SignalFor {
            name: thrown.name.clone(),
            variables: thrown.variables.clone(),
            root: thrown.own_tree.then_some(root),
            at: session.now,
            after: 0,
            except,
        };
        unit.push(InboxWrite::Insert(Box::new(Message::Signal(signal).row(session.partition, id, session.now))));
    }
    let partition = session.partition;
    note(core, session, partition);
}

/// A new subscription as a row.
pub(crate) fn subscription(
    session: &Session,
    process_id: &str,
    element_id: String,
    opened: &engine::exchange::SubscriptionOpened,
) -> SubscriptionRow {
    let (kind, name, key) = match &opened.awaited {
        Awaited::Message { name, key } => (SubscriptionKind::Message, name, key.as_ref().map(ToString::to_string)),
        Awaited::Signal { name } => (SubscriptionKind::Signal, name, None),
    };
    SubscriptionRow {
        partition: session.partition,
        id: opened.subscription,
        kind,
        name: name.to_string(),
        key,
        instance: session.id,
        root: session.state.as_ref().and_then(|s| s.parent()).map_or(session.id, |link| link.root),
        process_id: process_id.to_owned(),
        element_id,
        created_at: session.now,
    }
}
