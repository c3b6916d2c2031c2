//! What particular steps promise: turns, deadlines, letters, suspension, migration.

use super::book::{Book, FOREVER_MS, Posted, box_of};
use super::check::Found;
use super::world::{Template, now};
use engine::{Event, InstanceState};
use model::{InstanceId, Timestamp, Value};
use std::collections::{BTreeMap, BTreeSet};
use store::{Filter, MessageField, MessageRow, MessageState, Query, SharedStore};

/// After its time a message may still be on its way for so long: a slow disk, a link that is cut.
const ON_ITS_WAY_MS: i64 = 60_000;

type All = BTreeMap<InstanceId, Found>;

/// Whoever was told that an instance is suspended, or goes on, finds it in its journal. The two take turns; in between
/// no time comes and no message.
pub fn suspensions(found: &All, book: &Book) {
    for (told, name) in [(&book.suspended, "instanceSuspended"), (&book.resumed, "instanceResumed")] {
        for (id, times) in told {
            assert!(found[id].count(name) >= *times, "{id}: an acknowledged {name} is gone");
        }
    }
    for (id, one) in found {
        let mut suspended = false;
        for event in &one.events {
            match event {
                Event::InstanceSuspended { .. } => {
                    assert!(!suspended, "{id}: suspended twice");
                    suspended = true;
                }
                Event::InstanceResumed { .. } => {
                    assert!(suspended, "{id}: resumed without being suspended");
                    suspended = false;
                }
                Event::TimerFired { .. } | Event::Triggered { .. } => {
                    assert!(!suspended, "{id}: {} while it was suspended", event.name());
                }
                _ => {}
            }
        }
    }
}

/// Who was told that an instance runs another version finds it so; nobody runs it otherwise.
pub fn migrations(found: &All, book: &Book, template: &Template) {
    for id in &book.migrated {
        assert!(found[id].count("instanceMigrated") > 0, "{id}: an acknowledged migration is gone");
    }
    for (id, one) in found {
        let moved = one.live.definition() == template.moved;
        assert_eq!(one.stored.row.definition, one.live.definition(), "{id}: row and snapshot");
        assert_eq!(one.count("instanceMigrated") > 0, moved, "{id}: migrated");
    }
}

/// No timer fires before it is due, and each is fired or taken back once.
pub fn timers(found: &All) {
    for (id, one) in found {
        let mut armed = BTreeMap::new();
        for (event, at) in one.events.iter().zip(&one.times) {
            match event {
                Event::TimerArmed { timer, due, .. } => {
                    assert!(armed.insert(*timer, *due).is_none(), "{id}: {timer} armed twice");
                }
                Event::TimerFired { timer, .. } => {
                    let due = armed.remove(timer).unwrap_or_else(|| panic!("{id}: {timer} fired without being armed"));
                    assert!(*at >= due, "{id}: {timer} fired at {at:?} and was due at {due:?}");
                }
                Event::TimerCanceled { timer, .. } => {
                    assert!(armed.remove(timer).is_some(), "{id}: {timer} is taken back without being armed");
                }
                _ => {}
            }
        }
        assert!(armed.is_empty(), "{id}: timers that neither fired nor were taken back: {armed:?}");
    }
}

/// Whether the events are those of a run that an interrupting event sub-process ended, or of one that it left alone:
/// nothing of what it interrupts goes on afterwards.
pub fn deadline(one: &Found) {
    let id = one.stored.row.id;
    let Some(fired) = one.events.iter().position(|e| matches!(e, Event::TimerFired { .. })) else {
        let canceled = one.count("timerCanceled");
        assert_eq!((one.count("jobCompleted"), canceled), (1, 1), "{id}: in time, and the deadline taken back");
        return;
    };
    let outer = one.events[..fired].iter().filter_map(|e| match e {
        Event::JobCreated(job) => Some(job.job),
        _ => None,
    });
    let outer: BTreeSet<_> = outer.collect();
    let goes_on = |e: &&Event| match e {
        Event::JobCompleted { job, .. } | Event::JobFailed { job, .. } => outer.contains(job),
        _ => false,
    };
    assert_eq!(one.events[fired..].iter().find(goes_on), None, "{id}: what was interrupted went on");
    assert_eq!(one.count("jobCanceled"), 1, "{id}: the worker's job is taken back");
}

/// One activity that repeats: its turns by index, with the run and where they began and ended.
#[derive(Default)]
struct Turns {
    began: BTreeMap<u32, (u32, usize)>,
    ended: BTreeMap<u32, (usize, Value)>,
}

/// Every turn began and ended once; outputs are complete and in the order of the items; turns of a sequence wait for
/// the one before.
pub fn turns(one: &Found) {
    let id = one.stored.row.id;
    let (mut bodies, mut totals): (BTreeMap<u32, Turns>, BTreeMap<u32, u32>) = Default::default();
    let mut index_of = BTreeMap::new();
    for (at, event) in one.events.iter().enumerate() {
        match event {
            Event::TurnsPlanned(plan) => {
                assert!(totals.insert(plan.key, plan.total).is_none(), "{id}: planned twice");
            }
            Event::TurnStarted { key, turn, index } => {
                let before = bodies.entry(*key).or_default().began.insert(*index, (*turn, at));
                assert_eq!(before, None, "{id}: turn {index} began twice");
                index_of.insert((*key, *turn), *index);
            }
            Event::TurnEnded { key, turn, output } => {
                let index = index_of[&(*key, *turn)];
                let before = bodies.get_mut(key).unwrap().ended.insert(index, (at, output.clone()));
                assert_eq!(before, None, "{id}: turn {index} ended twice");
            }
            _ => {}
        }
    }
    let collected = |name: &str| {
        let sets = one.events.iter().rev();
        sets.filter_map(|event| match event {
            Event::VariablesSet { scope: 0, values, .. } => values.get(name).cloned(),
            _ => None,
        })
        .next()
    };
    assert_eq!(totals.values().copied().collect::<Vec<_>>(), [3, 2], "{id}: turns planned");
    for ((key, turns), name) in bodies.iter().zip(["receipts", "rested"]) {
        let all: Vec<u32> = (0..totals[key]).collect();
        assert_eq!(turns.began.keys().copied().collect::<Vec<_>>(), all, "{id}: turns that began");
        assert_eq!(turns.ended.keys().copied().collect::<Vec<_>>(), all, "{id}: turns that ended");
        let results = collected(name).unwrap_or_else(|| panic!("{id}: no {name}"));
        let expected: Vec<Value> = match name {
            "receipts" => turns.began.values().map(|(turn, _)| receipt(one, *turn)).collect(),
            _ => [8, 10].map(Value::from).into(),
        };
        assert_eq!(results.as_list(), Some(&expected[..]), "{id}: {name}");
        let outputs: Vec<&Value> = turns.ended.values().map(|(_, output)| output).collect();
        assert_eq!(outputs, expected.iter().collect::<Vec<_>>(), "{id}: {name}, turn by turn");
        for index in all.iter().skip(1).filter(|_| name == "rested") {
            assert!(turns.began[index].1 > turns.ended[&(index - 1)].0, "{id}: turn {index} did not wait");
        }
    }
}

/// What the worker of this turn gave.
fn receipt(one: &Found, turn: u32) -> Value {
    let given = one.events.iter().find_map(|event| match event {
        Event::JobCompleted { key, result, .. } if *key == turn => result.get("receipt").cloned(),
        _ => None,
    });
    given.unwrap_or_else(|| panic!("{}: turn {turn} has no receipt", one.stored.row.id))
}

/// Takes those out that a client's message started, and checks the way of every message.
pub fn letters(store: &SharedStore, found: &mut All, book: &Book, check: (&Template, bool)) {
    let (template, exact) = check;
    let mut had: BTreeMap<u32, (InstanceId, Timestamp)> = BTreeMap::new();
    let mut lives: Vec<(&str, Timestamp, Timestamp)> = Vec::new();
    let ids: Vec<InstanceId> =
        found.iter().filter(|(_, one)| one.stored.row.process_id == "opened").map(|(id, _)| *id).collect();
    for id in ids {
        let one = found.remove(&id).unwrap();
        let numbers = take(&mut had, &one);
        assert_eq!((one.live.state(), numbers.len()), (InstanceState::Completed, 1), "{id}: opened by {numbers:?}");
        assert_eq!((one.count("elementActivated"), one.count("timerFired")), (3, 1), "{id}");
        let posted = &book.posted[&numbers[0]];
        assert!(posted.opens, "{id}: opened by a letter");
        lives.push((&posted.key, one.times[0], *one.times.last().unwrap()));
    }
    if exact {
        lives.sort_unstable();
        let overlap = lives.windows(2).find(|two| two[0].0 == two[1].0 && two[1].1 < two[0].2);
        assert_eq!(overlap, None, "two of one key at once");
    }
    for (id, one) in found.iter().filter(|(_, one)| one.live.definition() == template.letters) {
        let numbers = take(&mut had, one);
        let all = if one.live.state() == InstanceState::Completed { 2..=2 } else { 0..=2 };
        assert!(all.contains(&numbers.len()), "{id}: got {numbers:?}");
        let key = box_of(one.stored.row.business_key.as_deref().unwrap().parse().unwrap());
        for number in numbers {
            let posted = &book.posted[&number];
            assert!(!posted.opens && posted.key == key, "{id} of {key}: got {number} of {}", posted.key);
        }
    }
    let kept = kept(store);
    for (number, posted) in &book.posted {
        way(*number, posted, had.get(number).copied(), kept.get(number));
        if let Some((id, at)) = had.get(number).filter(|_| exact && posted.ttl_ms > 0) {
            let until = posted.at.plus_ms(posted.ttl_ms + ON_ITS_WAY_MS);
            assert!(*at <= until, "{id}: got {number} at {at:?}, long after its time");
        }
    }
}

/// The way of one message: to nobody or one; to one when it was promised.
fn way(number: u32, posted: &Posted, had: Option<(InstanceId, Timestamp)>, kept: Option<&MessageRow>) {
    let took = had.map(|(id, _)| id);
    if let Some(kept) = kept {
        assert_eq!(kept.reached.len(), usize::from(took.is_some()), "{number}: {kept:?} and {took:?}");
    }
    if !posted.acked {
        return;
    }
    match posted.reached.as_deref() {
        Some([one]) => assert_eq!(took, Some(*one), "{number}: who was told to have it"),
        Some([]) if !posted.named && posted.ttl_ms == 0 => assert_eq!(took, None, "{number}: for nobody"),
        Some([]) | None => {}
        Some(several) => panic!("{number}: reached {several:?}"),
    }
    if posted.ttl_ms == FOREVER_MS && took.is_none() {
        assert!(!posted.opens, "{number}: an acknowledged message started nothing");
        assert!(kept.is_some(), "{number}: an acknowledged message is gone");
    }
}

/// Which messages this instance got; none was got before.
fn take(had: &mut BTreeMap<u32, (InstanceId, Timestamp)>, one: &Found) -> Vec<u32> {
    let id = one.stored.row.id;
    let mut numbers = Vec::new();
    for (event, at) in one.events.iter().zip(&one.times) {
        let Event::Triggered { variables, .. } = event else { continue };
        let number = variables["letter"].to_json().as_u64().unwrap();
        let number = u32::try_from(number).unwrap();
        let before = had.insert(number, (id, *at));
        assert!(before.is_none(), "message {number} came to {before:?} and to {id}");
        numbers.push(number);
    }
    numbers
}

/// Messages that the database still keeps, by number.
fn kept(store: &SharedStore) -> BTreeMap<u32, MessageRow> {
    let all = Query::<MessageField>::new(Filter::All(Vec::new())).limit(1_000);
    let ours = now(store.list_messages(all)).unwrap().rows.into_iter().filter(|row| {
        // What processes throw to each other is checked with them.
        ["letter", "open"].contains(&row.name.as_str())
    });
    let number = |row: &MessageRow| {
        let variables: model::Object = serde_json::from_value(row.variables.clone()).unwrap();
        u32::try_from(variables["letter"].to_json().as_u64().unwrap()).unwrap()
    };
    let mut kept = BTreeMap::new();
    for row in ours.filter(|row| row.state != MessageState::Remembered) {
        let number = number(&row);
        assert!(kept.insert(number, row).is_none(), "message {number} is kept twice");
    }
    kept
}

/// What was published for now only, and what will start a process, and is still to be looked at.
pub fn undelivered(store: &SharedStore) -> Vec<String> {
    let all = Query::<MessageField>::new(Filter::All(Vec::new())).limit(1_000);
    let mut rows = now(store.list_messages(all)).unwrap().rows;
    rows.retain(|row| match row.state {
        MessageState::Once => true,
        MessageState::Kept => {
            row.name == "open" && row.reached.is_empty() && row.expires_at >= row.created_at.plus_ms(FOREVER_MS)
        }
        MessageState::Remembered => false,
    });
    rows.iter().map(|row| format!("message {}: {} {}", row.id, row.name, row.key)).collect()
}
