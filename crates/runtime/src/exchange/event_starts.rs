//! What starts the latest versions of processes: messages, signals, times, conditions (BPMN MS-5, SG-1, TM-7, TM-9,
//! CN-5).
//!
//! Invariant: the starts of a process are those of its latest version, changed in the unit that makes it the latest; a
//! time is a row that one partition owns, and its firing moves that row in the unit of the start, so that it happens
//! once over all nodes and restarts. Never: keeps a list of them in memory.

use crate::cluster::{EventStart, is_passing};
use crate::core::Core;
use crate::deploy::Deployment;
use crate::partitions::work::{Mark, Work};
use crate::starts::{self, Parameters};
use crate::timers::Firing;
use crate::types::{Reached, StartRequest};
use engine::state::Repeat;
use engine::timers::{first_start, next_start};
use engine::{Env, Program, StartedBy, TriggeredStart, name_of_start, triggered_starts, true_conditions};
use model::definition::{ElementIdx, MissedStarts};
use model::error::codes;
use model::{CatalogId, DefinitionId, Fault, IdSource, InstanceId, Object, PartitionId, TimerId, Timestamp};
use platform::records::{Record, object};
use platform::{Action, Actor, Object as Target, authorize};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use store::{ExchangeWrite, IdKind, StartKind, StartQuery, StartRow, TimerRow, TimerWrite, Unit, Write};

/// Timers of this instance are timed starts.
pub(crate) const NOBODY: InstanceId = InstanceId(0);
/// A firing that comes so late, or later than the next one is due, was missed.
const LATE_MS: i64 = 60_000;
/// Missed firings of one timer that are made up for.
const MISSED_MAX: u32 = 1_000;

/// What a timed start counts on.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Memory {
    repeat: Option<Repeat>,
    /// Missed firings that were made up for in a row.
    missed: u32,
}

/// The writes that make a version's starts those of its process; with the timers among them.
pub(crate) async fn list(core: &Core, latest: &Latest<'_>) -> Result<(Vec<Write>, Vec<TimerRow>), Fault> {
    let process_id = latest.process_id.to_owned();
    let mut writes = vec![ExchangeWrite::Unlist { process_id: process_id.clone() }.into()];
    let mut timers = Vec::new();
    let Some(program) = latest.program else { return Ok((writes, timers)) };
    let partition = core.any_partition();
    for start in triggered_starts(program) {
        let Some((kind, mut name, due)) = describe(core, program, &start)? else { continue };
        if kind == StartKind::Condition {
            // By it the starts for a saved record are found.
            name = latest.catalog.map(|catalog| catalog.to_string()).unwrap_or_default();
        }
        let id = core.store.next_id(IdKind::Message).await?;
        let row = StartRow {
            partition,
            id,
            kind,
            name,
            process_id: process_id.clone(),
            definition: latest.id,
            element: start.element.0,
            trigger: start.trigger,
            due_at: due.as_ref().map(|(at, _)| *at),
            memory: memory(due.as_ref().and_then(|(_, repeat)| repeat.clone()), 0),
        };
        writes.push(ExchangeWrite::List(Box::new(row)).into());
        if let Some((due_at, _)) = due {
            let timer = TimerRow { partition, id: TimerId(id), due_at, instance: NOBODY };
            writes.push(TimerWrite::Insert(timer).into());
            timers.push(timer);
        }
    }
    Ok((writes, timers))
}

/// A version that becomes the latest.
pub(crate) struct Latest<'a> {
    pub(crate) process_id: &'a str,
    pub(crate) id: DefinitionId,
    /// Whose records it runs for.
    pub(crate) catalog: Option<CatalogId>,
    /// None: it can not be run, or there is none.
    pub(crate) program: Option<&'a Program>,
}

type Described = (StartKind, String, Option<(Timestamp, Option<Repeat>)>);

/// What a start waits for; none when it never happens.
fn describe(core: &Core, program: &Program, start: &TriggeredStart<'_>) -> Result<Option<Described>, Fault> {
    let wrong = |why: String| {
        let element = &program.definition().element(start.element).id;
        Fault::new(&codes::DEFINITION_NOT_DEPLOYABLE, format!("the start `{element}`: {why}"))
    };
    with_env(core, core.now(), |env| match start.waits_for {
        StartedBy::Message(_) => {
            let name = name_of_start(program, start, env).map_err(wrong)?;
            Ok(Some((StartKind::Message, name.to_string(), None)))
        }
        StartedBy::Signal(_) => {
            let name = name_of_start(program, start, env).map_err(wrong)?;
            Ok(Some((StartKind::Signal, name.to_string(), None)))
        }
        StartedBy::Timer(_) => {
            let first = first_start(program, start.element, start.trigger, env).map_err(wrong)?;
            Ok(first.map(|first| (StartKind::Timer, String::new(), Some(first))))
        }
        StartedBy::Condition(_) => Ok(Some((StartKind::Condition, String::new(), None))),
    })
}

/// What is evaluated without an instance.
fn with_env<T>(core: &Core, now: Timestamp, evaluate: impl FnOnce(&mut Env<'_>) -> T) -> T {
    let mut ids = IdSource::new(PartitionId(0), 0);
    evaluate(&mut Env {
        now,
        ids: &mut ids,
        document: None,
        zone: &core.zone,
        limits: &core.limits,
        server: &core.server,
        calendars: &core.calendars,
    })
}

fn memory(repeat: Option<Repeat>, missed: u32) -> serde_json::Value {
    serde_json::to_value(Memory { repeat, missed }).expect("plain data with text keys always becomes JSON")
}

/// The writes that make the version before the latest one, or none, the one that events start.
pub(crate) async fn list_before(
    core: &Core,
    process_id: &str,
    withdrawn: DefinitionId,
) -> Result<Option<(Vec<Write>, Vec<TimerRow>)>, Fault> {
    if core.store.latest_definition(process_id).await?.is_none_or(|latest| latest.id != withdrawn) {
        return Ok(None);
    }
    let wanted = store::Filter::eq(store::DefinitionField::ProcessId, process_id)
        .and(store::Filter::eq(store::DefinitionField::Deleted, false));
    let query = store::Query::new(wanted).order(store::DefinitionField::Version, true).limit(2);
    let before = core.store.definitions(query).await?.rows.into_iter().find(|row| row.id != withdrawn);
    let deployment = match &before {
        Some(row) => Some(core.deployments.get(row.id).await?),
        None => None,
    };
    let program = deployment.as_ref().and_then(|d| d.program().ok());
    let catalog = before.as_ref().and_then(|row| row.document_catalog);
    let id = before.map_or(withdrawn, |row| row.id);
    list(core, &Latest { process_id, id, catalog, program }).await.map(Some)
}

/// After the commit of [`list`].
pub(crate) fn listed(core: &Core, timers: &[TimerRow]) {
    let own: Vec<TimerRow> = timers.iter().filter(|timer| core.owns(timer.partition)).copied().collect();
    core.timers.armed(&own);
}

/// A timed start is due.
pub(crate) async fn due(core: Arc<Core>, row: TimerRow, firing: Firing) {
    match fire(&core, &row).await {
        Ok(next) => {
            // First: it is the same timer that goes on.
            drop(firing);
            core.timers.armed(next.as_slice());
        }
        Err(fault) if fault.is(&codes::PARTITION_UNSERVED) => firing.missed(),
        Err(fault) => {
            tracing::warn!(%fault, timer = %row.id, "a timed start comes later");
            core.timers.again(firing, core.now());
        }
    }
}

async fn fire(core: &Core, row: &TimerRow) -> Result<Option<TimerRow>, Fault> {
    let delete = TimerWrite::Delete { partition: row.partition, id: row.id };
    let Some(start) = core.store.starts(StartQuery::One(row.id.0)).await?.pop() else {
        core.store.commit_one(Unit::of(delete)).await?;
        return Ok(None);
    };
    if start.due_at != Some(row.due_at) {
        // It went on, and its answer was lost.
        return Ok(start.due_at.map(|due_at| TimerRow { due_at, ..*row }));
    }
    let deployment = core.deployments.get(start.definition).await?;
    let plan = plan(core, &deployment, &start, row.due_at)?;
    let next = plan.next.as_ref().map(|(due_at, _)| TimerRow { due_at: *due_at, ..*row });
    let advance = ExchangeWrite::Advance {
        id: start.id,
        due_at: row.due_at,
        next: next.map(|timer| timer.due_at),
        memory: memory(plan.next.map(|(_, repeat)| repeat), plan.missed),
    };
    let mut extra: Vec<Write> = vec![advance.into(), delete.into()];
    extra.extend(next.map(|timer| TimerWrite::Insert(timer).into()));
    if plan.begins {
        begin(core, row, &start, extra).await?;
    } else {
        go_on(core, row, extra).await?;
    }
    Ok(next)
}

/// Moves the schedule on without a start.
async fn go_on(core: &Core, row: &TimerRow, writes: Vec<Write>) -> Result<(), Fault> {
    let fence = core.fence(row.partition).ok_or_else(|| Fault::of(&codes::PARTITION_UNSERVED))?;
    match core.store.commit_one(Unit { writes, fence: Some(fence) }).await {
        Ok(_) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn begin(core: &Core, row: &TimerRow, start: &StartRow, extra: Vec<Write>) -> Result<(), Fault> {
    let prepared = starts::prepare(core, StartRequest::of(start.definition), None, Parameters::Defaults).await;
    let mut work = match prepared {
        Ok(work) => work,
        Err(fault) if is_passing(&fault) => return Err(fault),
        Err(fault) => {
            tracing::warn!(definition = %start.definition, %fault, "a timed start was refused");
            return go_on(core, row, extra).await;
        }
    };
    work.how.element = Some(ElementIdx(start.element));
    work.how.trigger = Some((start.trigger, String::new()));
    use crate::partitions::work::Refused;
    match core.submit_here(row.partition, Work::Start(Box::new(work)), extra).await {
        Ok(_) => Ok(()),
        Err(Refused::Moved(_)) => Err(Fault::of(&codes::PARTITION_UNSERVED)),
        Err(Refused::Fault(fault)) if is_passing(&fault) => Err(fault),
        Err(Refused::Fault(fault)) => {
            // The schedule went on in the same unit, or before.
            tracing::warn!(definition = %start.definition, %fault, "a timed start was refused");
            Ok(())
        }
    }
}

/// What a firing does.
struct Plan {
    begins: bool,
    next: Option<(Timestamp, Repeat)>,
    missed: u32,
}

/// Firings that were missed are skipped, one, or all, as the process says (BPMN TM-7).
fn plan(core: &Core, deployment: &Deployment, start: &StartRow, due: Timestamp) -> Result<Plan, Fault> {
    let kept: Memory = serde_json::from_value(start.memory.clone()).unwrap_or_default();
    let Some(repeat) = kept.repeat else { return Ok(Plan { begins: true, next: None, missed: 0 }) };
    let (program, now, place) = (deployment.program()?, core.now(), (ElementIdx(start.element), start.trigger));
    let after = |at: Timestamp| with_env(core, now, |env| next_start(program, place, (due, &repeat), at, env));
    let following = after(due);
    let gap = following.as_ref().map_or(LATE_MS, |(next, _)| next.0 - due.0);
    let late = now.0 - due.0 >= gap.min(LATE_MS);
    let next = after(now.max(due));
    Ok(match deployment.definition().missed_starts {
        _ if !late => Plan { begins: true, next, missed: 0 },
        MissedStarts::Skip => Plan { begins: false, next, missed: 0 },
        MissedStarts::Once => Plan { begins: true, next, missed: 0 },
        MissedStarts::All if kept.missed >= MISSED_MAX => Plan { begins: false, next, missed: 0 },
        MissedStarts::All => Plan { begins: true, next: following, missed: kept.missed + 1 },
    })
}

/// Starts whatever begins by a condition that is true for these variables (BPMN CN-5).
pub(crate) async fn evaluate(
    core: &Core,
    actor: &Actor,
    process_id: Option<&str>,
    variables: Object,
) -> Result<Vec<Reached>, Fault> {
    authorize(actor, Action::Start, &Target::Definitions)?;
    let by = Some(actor.user_id()).filter(|id| id.0 > 0);
    let mut reached = Vec::new();
    let mut rows = core.store.starts(StartQuery::Kind(StartKind::Condition)).await?;
    rows.retain(|row| process_id.is_none_or(|only| only == row.process_id));
    let seen = Seen { variables: variables.clone(), document: None };
    for (deployment, element, trigger) in met(core, &seen, &rows).await? {
        let request = StartRequest { variables: variables.clone(), ..StartRequest::of(deployment.id) };
        let mut work = starts::prepare(core, request, by, Parameters::Defaults).await?;
        work.how.element = Some(element);
        work.how.trigger = Some((trigger, String::new()));
        let done = core.submit(core.any_partition(), Work::Start(Box::new(work)), Vec::new()).await?;
        let process_id = deployment.process_id.clone();
        reached.push(Reached { process_id, instance: done.instance, started: true });
    }
    Ok(reached)
}

/// Starts for a record that was saved: of definitions that run for its catalog and whose condition is true (BPMN CN-5).
pub(crate) async fn for_record(core: &Core, record: &Record) -> Result<Vec<EventStart>, Fault> {
    let rows = core.store.starts(StartQuery::Named(StartKind::Condition, record.catalog.to_string())).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let catalog = core.platform.catalogs().require(record.catalog).await?;
    let fields = object::document_object(&catalog, record);
    let seen = Seen { document: Some(Arc::new(fields.clone())), variables: fields };
    let start = |(deployment, element, trigger): (Arc<Deployment>, ElementIdx, u32)| EventStart {
        definition: deployment.id,
        element,
        trigger,
        payload: Object::new(),
        variables: Object::new(),
        document: Some(record.document()),
    };
    Ok(met(core, &seen, &rows).await?.into_iter().map(start).collect())
}

/// What conditions are judged by.
struct Seen {
    variables: Object,
    document: Option<Arc<Object>>,
}

/// Conditional starts that are true, one of each definition.
async fn met(core: &Core, seen: &Seen, rows: &[StartRow]) -> Result<Vec<(Arc<Deployment>, ElementIdx, u32)>, Fault> {
    let definitions: BTreeSet<DefinitionId> = rows.iter().map(|row| row.definition).collect();
    let mut found = Vec::new();
    for id in definitions {
        let deployment = core.deployments.get(id).await?;
        let Ok(program) = deployment.program() else { continue };
        let judge = |env: &mut Env<'_>| {
            env.document.clone_from(&seen.document);
            true_conditions(program, &seen.variables, env)
        };
        let first = with_env(core, core.now(), judge).into_iter().next();
        if let Some((element, trigger)) = first {
            found.push((deployment.clone(), element, trigger));
        }
    }
    Ok(found)
}

/// A start that a message to a partition asks for.
pub(crate) async fn by_message(core: &Core, start: &EventStart, take: Mark) -> Result<Work, Fault> {
    let request = StartRequest {
        document: start.document,
        variables: start.variables.clone(),
        ..StartRequest::of(start.definition)
    };
    let mut work = starts::prepare(core, request, None, Parameters::Defaults).await?;
    work.how.element = Some(start.element);
    work.how.trigger = Some((start.trigger, String::new()));
    work.how.payload = start.payload.clone();
    work.how.marks = vec![take];
    Ok(Work::Start(Box::new(work)))
}
