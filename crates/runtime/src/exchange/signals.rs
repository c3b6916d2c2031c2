//! Signals go to all who wait (BPMN SG-1..3).
//!
//! Invariant: a signal is a message to a partition, written with what throws it; taking it writes one message for every
//! subscription that was open by then and for every start, in one unit (many: in several, each of which writes where
//! the next goes on). So each gets it once, as a step of its own, and one that fails holds nobody. Never: keeps a
//! signal.

use super::messages::check_name;
use crate::cluster::{CommandFor, EventStart, Message, SignalFor};
use crate::core::Core;
use engine::Command;
use model::definition::ElementIdx;
use model::{Fault, Object, partition_of};
use platform::{Action, Actor, Object as Target, authorize};
use store::{InboxRow, InboxWrite, StartKind, StartQuery, SubscriptionQuery, Unit};

/// Receivers of one unit.
const AT_ONCE: u32 = 500;

/// Throws a signal in the name of `actor`.
pub(crate) async fn broadcast(core: &Core, actor: &Actor, name: String, variables: Object) -> Result<(), Fault> {
    authorize(actor, Action::Operate, &Target::Jobs)?;
    check_name(&name, "signal")?;
    let signal = SignalFor { name, variables, root: None, at: core.now(), after: 0, except: Vec::new() };
    let posted = core.post(Message::Signal(signal)).await?;
    core.store.commit_one(Unit::of(posted.write())).await?;
    posted.perform().await;
    Ok(())
}

/// Makes a thrown signal messages to its receivers; false: later again.
pub(crate) async fn spread(core: &Core, row: &InboxRow, signal: &SignalFor) -> bool {
    match receivers(core, row, signal).await {
        Ok(unit) => match core.store.commit_one(unit).await {
            Ok(_) => {
                core.cluster.inbox.look();
                core.cluster.courier.sent();
                true
            }
            Err(error) if error.conflict().is_some() => true,
            Err(error) => {
                tracing::warn!(%error, signal = signal.name, "a signal is spread later");
                false
            }
        },
        Err(fault) => {
            tracing::warn!(%fault, signal = signal.name, "a signal is spread later");
            false
        }
    }
}

async fn receivers(core: &Core, row: &InboxRow, signal: &SignalFor) -> Result<Unit, Fault> {
    let mut unit = Unit::of(InboxWrite::Take { partition: row.partition, id: row.id });
    let wanted = SubscriptionQuery::Signal {
        name: signal.name.clone(),
        root: signal.root,
        until: signal.at,
        after: signal.after,
        limit: AT_ONCE,
    };
    let waiting = core.store.subscriptions(wanted).await?;
    let last = waiting.last().filter(|_| waiting.len() == AT_ONCE as usize).map(|last| last.id.0);
    for one in waiting {
        if signal.except.contains(&one.id) {
            continue;
        }
        let command = Command::DeliverSignal { subscription: one.id, variables: signal.variables.clone() };
        let message = Message::Command(CommandFor { instance: one.instance, commands: vec![command], asked_by: None });
        unit.push(InboxWrite::Insert(Box::new(core.message(partition_of(one.instance.0), &message).await?)));
    }
    if signal.after == 0 && signal.root.is_none() {
        for start in core.store.starts(StartQuery::Named(StartKind::Signal, signal.name.clone())).await? {
            let message = Message::EventStart(EventStart {
                definition: start.definition,
                element: ElementIdx(start.element),
                trigger: start.trigger,
                payload: signal.variables.clone(),
                variables: Object::new(),
                document: None,
            });
            unit.push(InboxWrite::Insert(Box::new(core.message(core.any_partition(), &message).await?)));
        }
    }
    if let Some(after) = last {
        let rest = Message::Signal(SignalFor { after, ..signal.clone() });
        unit.push(InboxWrite::Insert(Box::new(core.message(row.partition, &rest).await?)));
    }
    Ok(unit)
}
