//! The checker: compares what clients were told with what the database holds.

use super::book::Book;
use super::promises;
use super::world::{Template, later, now};
use engine::{Event, Instance, InstanceState, decode_events};
use model::{InstanceId, JobId, RecordId, TaskId, Timestamp, error::codes};
use std::collections::{BTreeMap, BTreeSet};
use store::{Filter, InstanceField, Op, Query, RecordField, SharedStore, StoredInstance, TaskField, TaskState};

/// One instance as the database holds it.
pub struct Found {
    pub stored: StoredInstance,
    pub live: Instance,
    pub events: Vec<Event>,
    /// When each happened.
    pub times: Vec<Timestamp>,
}

impl Found {
    /// How many events of this name there are.
    pub fn count(&self, name: &str) -> usize {
        self.events.iter().filter(|e| e.name() == name).count()
    }
}

/// Everything that must be true once all is quiet. `exact`: no clock jumped, and there was one.
pub fn check(store: &SharedStore, book: &Book, template: &Template, exact: bool) {
    let mut found = load(store);
    promises::suspensions(&found, book);
    promises::migrations(&found, book, template);
    promises::timers(&found);
    promises::letters(store, &mut found, book, (template, exact));
    arrivals(store, &mut found, book, template);
    exchange(&mut found, template);
    starts(&found, book);
    let (answers, jobs, failures, ends) = journal_facts(&found);
    let lost: Vec<&TaskId> = book.answered.difference(&answers).collect();
    assert!(lost.is_empty(), "acknowledged answers are gone: {lost:?}");
    let lost: Vec<&JobId> = book.done.difference(&jobs).collect();
    assert!(lost.is_empty(), "acknowledged completions are gone: {lost:?}");
    for (job, times) in &book.failed {
        assert!(failures.get(job).copied().unwrap_or(0) >= *times, "{job}: a failed try is gone");
    }
    let lost: Vec<&InstanceId> = book.canceled.difference(&ends).collect();
    assert!(lost.is_empty(), "acknowledged cancellations are gone: {lost:?}");
    for one in found.values() {
        instance(one, template);
    }
    marks(store, &found, template);
    deliveries(&found, book, template);
    leftovers(store);
}

fn load(store: &SharedStore) -> BTreeMap<InstanceId, Found> {
    let all = Query::<InstanceField>::new(Filter::All(Vec::new())).limit(10_000);
    let ids: Vec<InstanceId> = now(store.instances(all)).unwrap().rows.iter().map(|row| row.id).collect();
    let mut found = BTreeMap::new();
    for stored in now(store.load_instances(&ids)).unwrap() {
        let id = stored.row.id;
        let rows = now(store.journal(id, 0, 10_000)).unwrap();
        let seqs: Vec<u64> = rows.iter().map(|row| row.seq).collect();
        assert_eq!(seqs, (1..=stored.row.seq).collect::<Vec<_>>(), "{id}: the journal has no gaps");
        let (mut events, mut times) = (Vec::new(), Vec::new());
        for row in &rows {
            events.extend(decode_events(&row.events).unwrap());
            times.resize(events.len(), row.at);
        }
        let live = Instance::decode(&stored.snapshot).unwrap();
        // Of an ended instance the snapshot keeps what its journal does not need to tell.
        let replayed =
            Instance::replay(&events).map(|i| if stored.row.finished_at.is_some() { i.remains() } else { i });
        assert_eq!(replayed.as_ref(), Some(&live), "{id}: the journal replays to the snapshot");
        found.insert(id, Found { stored, live, events, times });
    }
    found
}

/// Every record that arrived started its process, once; also one whose arrival nobody was told of.
fn arrivals(store: &SharedStore, found: &mut BTreeMap<InstanceId, Found>, book: &Book, template: &Template) {
    let all = Query::<RecordField>::new(Filter::eq(RecordField::Catalog, template.arrivals.0)).limit(10_000);
    let records: BTreeSet<RecordId> = now(store.records(all)).unwrap().rows.iter().map(|row| row.id).collect();
    let lost: Vec<&RecordId> = book.arrived.difference(&records).collect();
    assert!(lost.is_empty(), "acknowledged records are gone: {lost:?}");
    let mut started: BTreeSet<RecordId> = BTreeSet::new();
    let ids: Vec<InstanceId> =
        found.keys().copied().filter(|id| found[id].live.definition() == template.automatic).collect();
    for id in ids {
        let one = found.remove(&id).unwrap();
        let record = one.live.document().unwrap().record;
        assert!(started.insert(record), "{record} started its process twice");
        assert_eq!(one.live.state(), InstanceState::Completed, "{id}");
        assert_eq!((one.count("elementActivated"), one.count("timerFired")), (3, 1), "{id}");
    }
    assert_eq!(started, records, "every record started its process");
}

/// Every instance that asks called one that helps, which had one that answers; each that went through was heard once.
/// What is cancelled on the way may have got only so far.
fn exchange(found: &mut BTreeMap<InstanceId, Found>, template: &Template) {
    let of = |found: &BTreeMap<InstanceId, Found>, process: &str| -> Vec<InstanceId> {
        found.iter().filter(|(_, one)| one.stored.row.process_id == process).map(|(id, _)| *id).collect()
    };
    let mut helped: BTreeMap<InstanceId, InstanceId> = BTreeMap::new();
    let (mut asked, mut answered) = (BTreeSet::new(), BTreeSet::new());
    for id in of(found, "helps") {
        let one = found.remove(&id).unwrap();
        let parent = one.stored.row.parent.expect("a called instance has a caller");
        assert!(helped.insert(parent, id).is_none(), "{parent} called twice");
        assert_ne!(one.live.state(), InstanceState::Active, "{id} is an orphan of {parent}");
        let caller = &found[&parent];
        let canceled = caller.live.state() == InstanceState::Canceled;
        assert!(canceled || one.live.state() == InstanceState::Completed, "{id} of {parent}");
        asked.insert(caller.stored.row.business_key.clone().unwrap());
    }
    for id in of(found, "answers") {
        let one = found.remove(&id).unwrap();
        let thrown = one.events.iter().find_map(|event| match event {
            Event::MessageThrown(thrown) => Some(thrown.correlation_key.clone()),
            _ => None,
        });
        assert_eq!(one.live.state(), InstanceState::Completed, "{id}");
        assert!(answered.insert(thrown.unwrap()), "{id}: a question was answered twice");
    }
    assert_eq!(asked, answered, "every question has its answer");
    let heard = of(found, "hears");
    heard.iter().for_each(|id| drop(found.remove(id)));
    let over = |one: &&Found| one.stored.row.process_id == "asks" && one.count("signalThrown") == 1;
    assert_eq!(found.values().filter(over).count(), heard.len(), "every signal is heard once");
    for (id, one) in found.iter().filter(|(_, one)| one.live.definition() == template.exchange) {
        assert!(helped.contains_key(id), "{id} called nobody");
        if one.live.state() != InstanceState::Canceled {
            assert_eq!((one.live.state(), one.count("triggered")), (InstanceState::Completed, 1), "{id}");
        }
    }
}

/// Every acknowledged start is there, none is there twice.
fn starts(found: &BTreeMap<InstanceId, Found>, book: &Book) {
    let mut numbers: BTreeMap<u32, InstanceId> = BTreeMap::new();
    for (id, one) in found {
        let n: u32 = one.stored.row.business_key.as_deref().unwrap().parse().unwrap();
        assert!(book.asked.contains_key(&n), "nobody asked for {n}");
        let other = numbers.insert(n, *id);
        assert!(other.is_none(), "start {n} made {other:?} and {id}");
    }
    for (n, id) in &book.started {
        assert_eq!(numbers.get(n), Some(id), "the acknowledged start {n}");
    }
}

type Facts = (BTreeSet<TaskId>, BTreeSet<JobId>, BTreeMap<JobId, usize>, BTreeSet<InstanceId>);

/// What the journals say was done.
fn journal_facts(found: &BTreeMap<InstanceId, Found>) -> Facts {
    let (mut answers, mut jobs) = (BTreeSet::new(), BTreeSet::new());
    let (mut failures, mut ends): (BTreeMap<JobId, usize>, _) = (BTreeMap::new(), BTreeSet::new());
    for (id, one) in found {
        for event in &one.events {
            match event {
                Event::UserTaskAnswered(answer) => assert!(answers.insert(answer.task), "{id}: answered twice"),
                Event::JobCompleted { job, .. } => {
                    assert!(jobs.insert(*job), "{id}: {job} completed twice: {:#?}", one.events);
                }
                Event::JobFailed { job, .. } => *failures.entry(*job).or_default() += 1,
                Event::InstanceCanceled { .. } => assert!(ends.insert(*id), "{id}: canceled twice"),
                _ => {}
            }
        }
    }
    (answers, jobs, failures, ends)
}

/// Every instance came to its end, every step once.
fn instance(one: &Found, template: &Template) {
    let id = one.stored.row.id;
    if one.count("instanceCanceled") == 1 {
        assert_eq!(one.live.state(), InstanceState::Canceled, "{id}");
        return;
    }
    assert_eq!(one.live.state(), InstanceState::Completed, "{id}");
    let counts = |names: [&str; 4]| names.map(|name| one.count(name));
    let names = ["elementActivated", "jobCompleted", "userTaskCompleted", "timerFired"];
    let definition = one.live.definition();
    if definition == template.exchange {
        assert_eq!(counts(names), [5, 0, 0, 0], "{id}");
    } else if definition == template.wide {
        // Two of them are the rests'.
        let late = one.count("timerFired") - 2;
        assert!(late <= 1, "{id}: the deadline came {late} times");
        // start, the work and its three turns, the rests and two times four in them, mark, end; and the watch with its
        // start and end when it was late.
        assert_eq!(counts(names), [16 + 3 * late, 4, 0, 2 + late], "{id}: {:?}", kinds(one));
        promises::turns(one);
    } else if definition == template.strict {
        let late = one.count("timerFired");
        assert!(late <= 1, "{id}: the deadline came {late} times");
        // start, work, end; or start, work, and the watch with its start, mark, end.
        assert_eq!(counts(names), [3 + 3 * late, 1, 0, late], "{id}: {:?}", kinds(one));
        promises::deadline(one);
    } else if definition == template.letters {
        assert_eq!((counts(names), one.count("triggered")), ([5, 1, 0, 0], 2), "{id}: {:?}", kinds(one));
    } else if definition == template.story {
        assert_eq!(counts(names), [7, 3, 1, 1], "{id}: call, ask, mark, rest, work, start, end: each once");
    } else if definition == template.fork {
        let late = one.count("timerFired");
        // start, tell, split, ask, work, either, join, mark, end; and the deadline when it came first.
        assert_eq!(counts(names), [9 + late, 3, 1 - late, late], "{id}: {:?}", kinds(one));
    } else {
        let moved = usize::from(definition == template.moved);
        assert_eq!(counts(names), [4 + moved, 2, 0, 0], "{id}");
        assert_eq!(one.count("incidentRaised"), one.count("incidentResolved"), "{id}");
    }
}

fn kinds(one: &Found) -> Vec<&'static str> {
    one.events.iter().map(Event::name).collect()
}

/// Each instance wrote its number into its record once.
fn marks(store: &SharedStore, found: &BTreeMap<InstanceId, Found>, template: &Template) {
    let mut written: Vec<u32> = Vec::new();
    for document in &template.records {
        let record = now(store.record(document.record)).unwrap().unwrap();
        let text = record.data["STATUS"].as_str().unwrap();
        written.extend(text.split(',').filter(|n| !n.is_empty()).map(|n| n.parse::<u32>().unwrap()));
    }
    written.sort_unstable();
    let mut expected: Vec<u32> = Vec::new();
    for one in found.values() {
        // A canceled instance may have come to its mark before.
        let marked =
            one.events.iter().any(|e| matches!(e, Event::JobCreated(job) if job.job_type == "ruslo:record.update"));
        if marked {
            expected.push(one.stored.row.business_key.as_deref().unwrap().parse().unwrap());
        }
    }
    expected.sort_unstable();
    assert_eq!(written, expected, "each instance that came to its mark wrote it once");
}

/// The app was told of everything that it was to be told of: where clocks jump by an hour a call may be given up, which
/// is an incident that people retry.
fn deliveries(found: &BTreeMap<InstanceId, Found>, book: &Book, template: &Template) {
    let told: BTreeSet<JobId> = book.delivered.iter().map(|d| d.order.job).collect();
    for (id, one) in found {
        let canceled = one.live.state() == InstanceState::Canceled;
        for event in &one.events {
            let Event::JobCreated(job) = event else { continue };
            if job.job_type.starts_with("rest_") && !(canceled && one.live.definition() == template.story) {
                assert!(told.contains(&job.job), "{id}: {} was never delivered", job.job);
            }
        }
    }
    let accepted: BTreeSet<JobId> =
        book.delivered.iter().filter(|d| book.accepted.contains(&d.order.event_id)).map(|d| d.order.job).collect();
    let (_, jobs, _, _) = journal_facts(found);
    assert!(accepted.is_subset(&jobs), "an accepted answer is gone");
}

/// Nothing waits that nobody waits for.
fn leftovers(store: &SharedStore) {
    assert_eq!(left(store), Vec::<String>::new(), "left over");
}

/// What is still waiting in the database.
pub fn left(store: &SharedStore) -> Vec<String> {
    let mut left = Vec::new();
    let active = Query::new(Filter::eq(InstanceField::State, store::InstanceState::Active)).limit(1_000);
    for row in now(store.instances(active)).unwrap().rows {
        left.push(format!("instance {} of {}", row.id, row.definition));
    }
    left.extend(now(store.due_timers(&[], later(), 100)).unwrap().iter().map(|t| format!("{t:?}")));
    for kind in ["payment", "parcel"] {
        left.extend(now(store.open_jobs(&[], kind, later(), 100)).unwrap().iter().map(|j| format!("{j:?}")));
    }
    left.extend(now(store.due_effects(&[], later(), 100)).unwrap().iter().map(|e| format!("{e:?}")));
    let open = Query::new(Filter::is(TaskField::State, Op::Eq, TaskState::Open)).limit(100);
    left.extend(now(store.tasks(open)).unwrap().rows.iter().map(|t| format!("{:?}", t.task.id)));
    let (messages, _) = now(store.messages_waiting()).unwrap();
    if messages > 0 {
        left.push(format!("{messages} messages"));
    }
    left.extend(promises::undelivered(store));
    let open = Query::new(Filter::is(store::IncidentField::Open, Op::Eq, true)).limit(100);
    left.extend(now(store.incidents(open)).unwrap().rows.iter().map(|i| format!("{i:?}")));
    left
}

/// Codes of refusals that a client may see. Anything else is a bug.
pub fn refusals(book: &Book) {
    let usual = [
        &codes::STORE_FAILED,
        &codes::SHUTTING_DOWN,
        &codes::TASK_COMPLETED,
        &codes::JOB_NOT_FOUND,
        &codes::INSTANCE_NOT_FOUND,
        &codes::NOT_ACTIVE,
        &codes::INCIDENT_NOT_FOUND,
        &codes::QUEUE_FULL,
        &codes::PARTITION_UNSERVED,
        &codes::OUTCOME_UNKNOWN,
        &codes::MESSAGE_DOUBLE,
    ]
    .map(|code| code.code);
    let unusual: Vec<_> = book.refusals.keys().filter(|code| !usual.contains(code)).collect();
    assert!(unusual.is_empty(), "refused with {unusual:?}");
}
