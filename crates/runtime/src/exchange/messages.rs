//! Who gets a published message (BPMN MS-1..6, MS-11).
//!
//! Invariant: a message reaches a process at most once, because whoever delivers it writes so in the receiver's unit; a
//! subscription is looked for after the message was written, and a message after the subscription was, so that they
//! never miss each other. Messages of one name and key are delivered one after the other on a node. Never: keeps a
//! message in memory that somebody was promised.

use super::Look;
use crate::cluster::is_passing;
use crate::core::Core;
use crate::partitions::work::{How, Mark, Work};
use crate::starts::{self, Parameters};
use crate::types::{PublishMessage, Published, Reached, StartRequest};
use engine::Command;
use model::definition::ElementIdx;
use model::error::codes;
use model::{Fault, Object, partition_of};
use platform::{Action, Actor, Object as Target, authorize};
use std::collections::BTreeMap;
use store::{
    ExchangeWrite, IdKind, MessageQuery, MessageRow, MessageState, StartKind, StartQuery, StartRow, SubscriptionQuery,
    SubscriptionRow, Unit,
};

/// The id of a message without a time to live is remembered so long (BPMN MS-4).
const REMEMBERED_MS: i64 = 24 * 3_600_000;
/// Subscriptions looked at for one message.
const CANDIDATES_MAX: u32 = 10_000;
/// Messages looked at for one subscription or key that became free.
const WAITING_MAX: u32 = 100;
/// A time to live longer than this is a mistake.
const TTL_MAX_MS: i64 = 366 * 24 * 3_600_000;
/// Names and keys longer than this are refused.
pub(super) const NAME_MAX: usize = 1_000;

/// Publishes a message in the name of `actor`.
pub(crate) async fn publish(core: &Core, actor: &Actor, message: PublishMessage) -> Result<Published, Fault> {
    authorize(actor, Action::Operate, &Target::Jobs)?;
    check(&message)?;
    let id = core.store.next_id(IdKind::Message).await?;
    let now = core.now();
    let row = MessageRow {
        partition: core.any_partition(),
        id,
        name: message.name,
        key: message.correlation_key,
        message_id: message.id,
        variables: to_json(&message.variables),
        process: message.process_id,
        element: message.element_id,
        state: if message.ttl_ms > 0 { MessageState::Kept } else { MessageState::Once },
        reached: Vec::new(),
        created_at: now,
        expires_at: now.plus_ms(message.ttl_ms),
    };
    let kept = row.state == MessageState::Kept;
    let written = kept || row.message_id.is_some();
    if written {
        core.store.commit_one(Unit::of(ExchangeWrite::Publish(Box::new(row.clone())))).await?;
    }
    match deliver(core, row.clone(), written).await {
        Ok(reached) => Ok(Published { id, reached, kept }),
        // It is written: it will be delivered.
        Err(fault) if written && is_passing(&fault) => {
            core.exchange.announce([Look::Published(Box::new(row))]);
            Ok(Published { id, reached: Vec::new(), kept })
        }
        Err(fault) => Err(fault),
    }
}

fn check(message: &PublishMessage) -> Result<(), Fault> {
    let wrong = |text: String| Err(Fault::new(&codes::MESSAGE_INVALID, text));
    check_name(&message.name, "message")?;
    if message.correlation_key.len() > NAME_MAX {
        return wrong(format!("a correlation key has at most {NAME_MAX} bytes"));
    }
    if !(0..=TTL_MAX_MS).contains(&message.ttl_ms) {
        return wrong("the time to live must be between 0 and a year".to_owned());
    }
    if message.element_id.is_some() && message.process_id.is_none() {
        return wrong("an element is named without its process".to_owned());
    }
    Ok(())
}

/// Whether a name can be one.
pub(super) fn check_name(name: &str, what: &str) -> Result<(), Fault> {
    if name.is_empty() || name.len() > NAME_MAX {
        let text = format!("the name of a {what} must not be empty and has at most {NAME_MAX} bytes");
        return Err(Fault::new(&codes::MESSAGE_INVALID, text));
    }
    Ok(())
}

/// Variables as they are kept: with their types.
pub(crate) fn to_json(variables: &Object) -> serde_json::Value {
    serde_json::to_value(variables).expect("plain data with text keys always becomes JSON")
}

/// Reads [`to_json`].
pub(crate) fn from_json(json: &serde_json::Value) -> Object {
    serde_json::from_value(json.clone()).unwrap_or_default()
}

/// Delivers a written message to whoever can take it now; a conflict when others were quicker each time.
pub(super) async fn settle(core: &Core, row: &MessageRow) -> Result<(), Fault> {
    let Some(row) = current(core, row).await? else { return Ok(()) };
    match attempt(core, row, true).await?.late {
        Some(_) => Err(Fault::of(&codes::STORE_CONFLICT)),
        None => Ok(()),
    }
}

/// The message as it stands now; none when it is over.
async fn current(core: &Core, row: &MessageRow) -> Result<Option<MessageRow>, Fault> {
    let now = core.now();
    let row = core.store.published_message(row.partition, row.id).await?;
    Ok(row.filter(|row| match row.state {
        MessageState::Kept => row.expires_at > now,
        MessageState::Once => true,
        MessageState::Remembered => false,
    }))
}

/// A subscription was opened: it takes the oldest message that its process has not had.
pub(super) async fn opened(core: &Core, name: &str, key: Option<String>, process: &str) -> Result<(), Fault> {
    let query = MessageQuery {
        name: name.to_owned(),
        key,
        unreached_by: Some(process.to_owned()),
        now: core.now(),
        limit: WAITING_MAX,
    };
    for row in core.store.published(query).await? {
        if row.process.as_deref().is_none_or(|only| only == process) {
            deliver(core, row, true).await?;
        }
    }
    Ok(())
}

/// An instance that was started for a key has ended: the next message of that key may start one.
pub(super) async fn freed(core: &Core, process: &str, key: &str) -> Result<(), Fault> {
    let starts = core.store.starts(StartQuery::Process(process.to_owned())).await?;
    let mut names: Vec<String> = starts.into_iter().filter(|s| s.kind == StartKind::Message).map(|s| s.name).collect();
    names.dedup();
    for name in names {
        opened(core, &name, Some(key.to_owned()), process).await?;
    }
    Ok(())
}

/// Who of one process may take a message.
#[derive(Default)]
struct Takers {
    waiting: Vec<SubscriptionRow>,
    start: Option<StartRow>,
}

/// What came of one try.
enum Tried {
    Taken(Reached),
    Refused,
    /// Somebody else delivered it meanwhile.
    Late,
}

/// What came of all tries.
#[derive(Default)]
struct Delivered {
    reached: Vec<Reached>,
    /// The message when others were quicker each time: somebody may be left to take it.
    late: Option<MessageRow>,
}

/// Delivers a message to every process that can take it, to some of them later when others deliver it too. `written`:
/// it stands in the store.
async fn deliver(core: &Core, row: MessageRow, written: bool) -> Result<Vec<Reached>, Fault> {
    let Delivered { reached, late } = attempt(core, row, written).await?;
    core.exchange.announce(late.map(|row| Look::Published(Box::new(row))));
    Ok(reached)
}

async fn attempt(core: &Core, row: MessageRow, written: bool) -> Result<Delivered, Fault> {
    let _turn = core.exchange.turn(&row.name, &row.key).await;
    let mut row = row;
    if written && !row.reached.is_empty() {
        let Some(now) = current(core, &row).await? else { return Ok(Delivered::default()) };
        row = now;
    }
    let mut reached = Vec::new();
    let (mut settled, mut late) = (false, false);
    for _ in 0..3 {
        let takers = takers(core, &row).await?;
        let count = takers.len();
        late = false;
        for (place, (process, takers)) in takers.into_iter().enumerate() {
            let over = written && place + 1 == count && (row.state == MessageState::Once || row.process.is_some());
            match to_process(core, &row, takers, Marks { written, over, process: &process }).await? {
                Tried::Taken(one) => {
                    row.reached.push(process);
                    reached.push(one);
                    settled |= over;
                }
                Tried::Refused => {}
                Tried::Late => {
                    late = true;
                    break;
                }
            }
        }
        if !late {
            break;
        }
        let Some(now) = current(core, &row).await? else { return Ok(Delivered { reached, late: None }) };
        row = now;
    }
    if late {
        return Ok(Delivered { reached, late: Some(row) });
    }
    if written && !settled && row.state == MessageState::Once {
        let (partition, id, until) = (row.partition, row.id, row.created_at.plus_ms(REMEMBERED_MS));
        core.store.commit_one(Unit::of(ExchangeWrite::Settle { partition, id, until })).await?;
    }
    Ok(Delivered { reached, late: None })
}

/// Who may take a message, by process; those that had it are left out (BPMN MS-2, MS-6).
async fn takers(core: &Core, row: &MessageRow) -> Result<BTreeMap<String, Takers>, Fault> {
    let wanted =
        SubscriptionQuery::Message { name: row.name.clone(), key: Some(row.key.clone()), limit: CANDIDATES_MAX };
    let mut all: BTreeMap<String, Takers> = BTreeMap::new();
    let open = |process: &str, row: &MessageRow| {
        row.process.as_deref().is_none_or(|only| only == process) && !row.reached.iter().any(|had| had == process)
    };
    for waiting in core.store.subscriptions(wanted).await? {
        let named = row.element.as_deref().is_none_or(|only| only == waiting.element_id);
        if named && open(&waiting.process_id, row) {
            all.entry(waiting.process_id.clone()).or_default().waiting.push(waiting);
        }
    }
    for start in core.store.starts(StartQuery::Named(StartKind::Message, row.name.clone())).await? {
        if open(&start.process_id, row) && is_target(core, row, &start).await? {
            let takers = all.entry(start.process_id.clone()).or_default();
            takers.start.get_or_insert(start);
        }
    }
    Ok(all)
}

/// Whether a start is the one that the message is for.
async fn is_target(core: &Core, row: &MessageRow, start: &StartRow) -> Result<bool, Fault> {
    let Some(only) = &row.element else { return Ok(true) };
    let deployment = core.deployments.get(start.definition).await?;
    let element = deployment.definition().elements.get(start.element as usize);
    Ok(element.is_some_and(|element| *element.id == **only))
}

/// How a delivery is marked.
struct Marks<'a> {
    written: bool,
    over: bool,
    process: &'a str,
}

impl Marks<'_> {
    fn of(&self, row: &MessageRow) -> Vec<Mark> {
        if !self.written {
            return Vec::new();
        }
        let (partition, id) = (row.partition, row.id);
        let mut after = row.reached.clone();
        after.push(self.process.to_owned());
        let mut marks = vec![Mark::Reach { partition, id, before: row.reached.clone(), after }];
        if self.over {
            marks.push(Mark::Settle { partition, id, until: row.created_at.plus_ms(REMEMBERED_MS) });
        }
        marks
    }
}

/// The oldest subscription that is not refused gets it, else a new instance.
async fn to_process(core: &Core, row: &MessageRow, takers: Takers, marks: Marks<'_>) -> Result<Tried, Fault> {
    for waiting in innermost_first(core, takers.waiting).await? {
        match to_subscription(core, row, &waiting, marks.of(row)).await? {
            Tried::Refused => {}
            done => return Ok(done),
        }
    }
    match takers.start {
        Some(start) => to_start(core, row, &start, marks.of(row)).await,
        None => Ok(Tried::Refused),
    }
}

/// Of several subscriptions of one instance the innermost comes first, then the oldest (BPMN MS-9).
async fn innermost_first(core: &Core, mut waiting: Vec<SubscriptionRow>) -> Result<Vec<SubscriptionRow>, Fault> {
    let mut place = 0;
    while place < waiting.len() {
        let instance = waiting[place].instance;
        if waiting[place + 1..].iter().any(|other| other.instance == instance) {
            let (mut same, others): (Vec<_>, Vec<_>) =
                waiting.drain(place..).partition(|other| other.instance == instance);
            if let Some(stored) = core.store.instance(instance).await? {
                let deployment = core.deployments.get(stored.definition).await?;
                same.sort_by_key(|s| std::cmp::Reverse(depth(deployment.definition(), &s.element_id)));
            }
            place += same.len();
            waiting.extend(same);
            waiting.extend(others);
        } else {
            place += 1;
        }
    }
    Ok(waiting)
}

/// How deep the scope is that an event listens in.
fn depth(definition: &model::definition::ProcessDefinition, element: &str) -> u32 {
    use model::definition::{ElementKind, ROOT};
    let Some(mut at) = definition.find(element) else { return 0 };
    // The start of an event sub-process listens in the scope around that.
    let mut depth = 0;
    if matches!(definition.element(at).kind, ElementKind::StartEvent(_)) {
        at = definition.element(at).parent;
    }
    while at != ROOT {
        at = definition.element(at).parent;
        depth += 1;
    }
    depth
}

/// Delivers to one subscription.
pub(super) async fn to_subscription_of(
    core: &Core,
    name: &str,
    variables: Object,
    waiting: &SubscriptionRow,
    marks: Vec<Mark>,
) -> Result<Option<Reached>, Fault> {
    let command = Command::DeliverMessage { subscription: waiting.id, name: name.to_owned(), variables };
    let work = Work::Deliver { instance: waiting.instance, command: Box::new(command), marks };
    core.submit(partition_of(waiting.instance.0), work, Vec::new())
        .await
        .map(|_| Some(Reached { process_id: waiting.process_id.clone(), instance: waiting.instance, started: false }))
}

async fn to_subscription(
    core: &Core,
    row: &MessageRow,
    waiting: &SubscriptionRow,
    marks: Vec<Mark>,
) -> Result<Tried, Fault> {
    tried(to_subscription_of(core, &row.name, from_json(&row.variables), waiting, marks).await)
}

fn tried(outcome: Result<Option<Reached>, Fault>) -> Result<Tried, Fault> {
    match outcome {
        Ok(Some(reached)) => Ok(Tried::Taken(reached)),
        Ok(None) => Ok(Tried::Refused),
        Err(fault) if fault.is(&codes::STORE_CONFLICT) => Ok(Tried::Late),
        Err(fault) if is_passing(&fault) => Err(fault),
        Err(_) => Ok(Tried::Refused),
    }
}

/// Begins an instance, one per key at a time (BPMN MS-5).
async fn to_start(core: &Core, row: &MessageRow, start: &StartRow, marks: Vec<Mark>) -> Result<Tried, Fault> {
    let mut marks = marks;
    let process_id = start.process_id.clone();
    if !row.key.is_empty() {
        if core.store.key_holder(&process_id, &row.key).await?.is_some() {
            return Ok(Tried::Refused);
        }
        marks.push(Mark::HoldKey { process_id: process_id.clone(), key: row.key.clone() });
    }
    let begun = begin(core, start, &row.key, from_json(&row.variables), marks).await;
    if let Err(fault) = &begun
        && fault.is(&codes::STORE_CONFLICT)
        && !row.key.is_empty()
        && core.store.key_holder(&process_id, &row.key).await?.is_some()
    {
        return Ok(Tried::Refused);
    }
    if let Err(fault) = &begun
        && !is_passing(fault)
    {
        tracing::warn!(definition = %start.definition, %fault, "a message started nothing");
    }
    tried(begun)
}

/// Begins an instance by an event.
pub(super) async fn begin(
    core: &Core,
    start: &StartRow,
    key: &str,
    payload: Object,
    marks: Vec<Mark>,
) -> Result<Option<Reached>, Fault> {
    let request = StartRequest::of(start.definition);
    let mut work = starts::prepare(core, request, None, Parameters::Defaults).await?;
    work.how = How {
        element: Some(ElementIdx(start.element)),
        trigger: Some((start.trigger, key.to_owned())),
        payload,
        parent: None,
        marks,
    };
    let done = core.submit(core.any_partition(), Work::Start(Box::new(work)), Vec::new()).await?;
    Ok(Some(Reached { process_id: start.process_id.clone(), instance: done.instance, started: true }))
}
