//! Stages around the work of an element with traits: skip, asynchronous continuation (BPMN IN-6), mutex (pattern 39),
//! required data and data associations (DA-2, DA-3), mappings, listeners (IN-5).
//!
//! A stage either passes at once or waits for a job, a mutex or data; what is passed is remembered only while it waits.
//! Invariant: a stage that has waited is not entered again. Never: does an element's own work.

use crate::command::Rejection;
use crate::event::{Event, JobCreated, LogLevel};
use crate::lifecycle;
use crate::repetition;
use crate::retries::Offer;
use crate::state::Phase;
use crate::step::{Next, Step, Trouble};
use crate::{canceling, data, elements::service_task, task_listeners};
use model::definition::{ElementKind, Listener, ListenerEvent, Traits};
use model::error::codes;
use model::{JobId, Object, Value};
use std::sync::Arc;

/// Stages from this number on are listeners of a task's completion.
pub(crate) const COMPLETING: u32 = 1_000;
/// … of its assignment to others.
pub(crate) const ASSIGNING: u32 = 2 * COMPLETING;
/// … of another change.
pub(crate) const UPDATING: u32 = 3 * COMPLETING;
/// … of its end from outside, or the process's.
pub(crate) const CANCELING: u32 = 4 * COMPLETING;
/// A repeated activity begins no more turns.
pub(crate) const CLOSING: u32 = 5 * COMPLETING;

/// What stands between an element and its work, or between its work and its flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Continue,
    Mutex,
    Required,
    /// A data association that reads a store, by its position.
    Read(usize),
    /// Data, mappings, boundary events.
    Prepare,
    /// A data association that writes a store.
    Write(usize),
    Data,
    /// A listener by its position among the element's.
    Listener(usize),
    /// A listener of the user task.
    TaskListener(usize),
}

fn listeners_of(traits: &Traits, on: ListenerEvent) -> impl Iterator<Item = Stage> + '_ {
    let wanted = move |(_, l): &(usize, &Listener)| l.on == on;
    traits.listeners.iter().enumerate().filter(wanted).map(|(i, _)| Stage::Listener(i))
}

/// The stages of a run, in order.
fn stages(step: &Step, key: u32, after: bool) -> Vec<Stage> {
    let element = step.element(key);
    let mut stages = Vec::new();
    let Some(traits) = element.traits.as_deref() else {
        if !after {
            stages.push(Stage::Prepare);
            creating(step, key, &mut stages);
        }
        return stages;
    };
    let (body, turn) = (step.is_body(key), step.is_turn(key));
    if after {
        if !body {
            stages.extend(stores(&traits.data_outputs).map(Stage::Write));
            stages.push(Stage::Data);
            stages.extend(listeners_of(traits, ListenerEvent::End));
        }
        if !turn && traits.async_after {
            stages.push(Stage::Continue);
        }
        return stages;
    }
    if !turn {
        stages.extend(traits.async_before.then_some(Stage::Continue));
        stages.extend(traits.mutex.map(|_| Stage::Mutex));
        stages.extend((!traits.required.is_empty()).then_some(Stage::Required));
    }
    if !body {
        stages.extend(stores(&traits.data_inputs).map(Stage::Read));
    }
    stages.push(Stage::Prepare);
    if body {
        stages.extend(listeners_of(traits, ListenerEvent::BeforeAll));
    } else {
        stages.extend(listeners_of(traits, ListenerEvent::Start));
        creating(step, key, &mut stages);
    }
    stages
}

/// Listeners that are called before the task exists; what they give is seen by the task's own settings.
fn creating(step: &Step, key: u32, stages: &mut Vec<Stage>) {
    let ElementKind::UserTask(task) = &step.element(key).kind else { return };
    let before = |l: &Listener| matches!(l.on, ListenerEvent::Creating | ListenerEvent::Assigning);
    stages.extend(task.listeners.iter().enumerate().filter(|(_, l)| before(l)).map(|(i, _)| Stage::TaskListener(i)));
}

fn stores(associations: &[model::definition::DataAssociation]) -> impl Iterator<Item = usize> + '_ {
    associations.iter().enumerate().filter(|(_, a)| a.store.is_some()).map(|(i, _)| i)
}

/// The stages before the work.
pub(crate) fn before(step: &mut Step, key: u32) -> Result<Next, Trouble> {
    if is_skipped(step, key)? {
        lifecycle::run_from(step, key, Phase::Leaving);
        return Ok(Next::Gone);
    }
    pass(step, key, false)
}

/// The stages between the work and the flows.
pub(crate) fn after(step: &mut Step, key: u32) -> Result<Next, Trouble> {
    if was_skipped(step, key) {
        return Ok(Next::Go);
    }
    pass(step, key, true)
}

/// Whether its skip expression is true; asked once, before anything else.
fn is_skipped(step: &mut Step, key: u32) -> Result<bool, Trouble> {
    let skip = step.element(key).traits.as_ref().and_then(|t| t.skip);
    let Some(skip) = skip else { return Ok(false) };
    let begun = step.instance.activities.stages.iter().any(|s| s.key == key);
    if begun || step.is_turn(key) {
        return Ok(false);
    }
    let value = step
        .evaluate(key, skip, None)
        .map_err(|e| Trouble::evaluation(&codes::CONDITION_FAILED, "the skip expression", &e))?;
    if value != Value::Bool(true) {
        return Ok(false);
    }
    let element = Some(step.run(key).element);
    let text = "skipped: its skip expression is true".to_owned();
    step.emit(Event::Logged { key: Some(key), element, text, level: LogLevel::Info, by: None });
    step.emit(Event::StagePassed { key, after: true, stage: u32::MAX - 1 });
    Ok(true)
}

fn was_skipped(step: &Step, key: u32) -> bool {
    step.instance.activities.stages.iter().any(|s| s.key == key && s.after && s.passed == u32::MAX)
}

fn pass(step: &mut Step, key: u32, after: bool) -> Result<Next, Trouble> {
    let state = step.instance.activities.stages.iter().find(|s| s.key == key).copied();
    let same = state.filter(|s| s.after == after);
    if same.is_some_and(|s| s.waits && has_job(step, key)) {
        return Ok(Next::Wait);
    }
    let passed = same.map(|s| s.passed).filter(|passed| *passed < COMPLETING).unwrap_or(0) as usize;
    for (number, stage) in stages(step, key, after).into_iter().enumerate().skip(passed) {
        match enter(step, key, stage)? {
            Next::Go => {}
            Next::Wait => {
                let stage = number as u32;
                if same.is_none_or(|s| !s.waits || s.passed != stage) {
                    step.emit(Event::StageWaits { key, after, stage });
                }
                return Ok(Next::Wait);
            }
            Next::Gone => return Ok(Next::Gone),
        }
    }
    Ok(Next::Go)
}

fn has_job(step: &Step, key: u32) -> bool {
    step.instance.jobs.iter().any(|j| j.key == key)
}

fn enter(step: &mut Step, key: u32, stage: Stage) -> Result<Next, Trouble> {
    match stage {
        Stage::Continue => {
            repetition::offer_continue(step, key);
            Ok(Next::Wait)
        }
        Stage::Mutex => mutex(step, key),
        Stage::Required => Ok(required(step, key)),
        Stage::Read(position) => data::ask_store(step, key, position, false),
        Stage::Write(position) => data::ask_store(step, key, position, true),
        Stage::Prepare => lifecycle::prepare_plain(step, key),
        Stage::Data => data::write_outputs(step, key),
        Stage::Listener(position) => {
            let traits = step.element(key).traits.as_deref();
            match traits.and_then(|t| t.listeners.get(position)) {
                Some(listener) => offer_listener(step, key, listener),
                None => Ok(Next::Go),
            }
        }
        Stage::TaskListener(position) => match &step.element(key).kind {
            ElementKind::UserTask(task) => match task.listeners.get(position) {
                Some(listener) => offer_listener(step, key, listener),
                None => Ok(Next::Go),
            },
            _ => Ok(Next::Go),
        },
    }
}

/// Waits for data, and says for which.
fn required(step: &mut Step, key: u32) -> Next {
    let missing = missing(step, key);
    if missing.is_empty() {
        return Next::Go;
    }
    let (element, text) = (Some(step.run(key).element), format!("waits for data: {}", missing.join(", ")));
    step.emit(Event::Logged { key: Some(key), element, text, level: LogLevel::Info, by: None });
    Next::Wait
}

/// Variables of a complete input set that have no value yet (DA-2).
fn missing(step: &Step, key: u32) -> Vec<String> {
    let Some(traits) = step.element(key).traits.as_deref() else { return Vec::new() };
    let scope = step.run(key).scope;
    let absent = |name: &&String| step.instance.variable(scope, name).is_none_or(Value::is_null);
    traits.required.iter().filter(absent).cloned().collect()
}

fn mutex(step: &mut Step, key: u32) -> Result<Next, Trouble> {
    let Some(expression) = step.element(key).traits.as_ref().and_then(|t| t.mutex) else { return Ok(Next::Go) };
    if let Some(mutex) = step.instance.activities.mutexes.iter().find(|m| m.key == key) {
        return Ok(if mutex.granted { Next::Go } else { Next::Wait });
    }
    let value = step
        .evaluate(key, expression, None)
        .map_err(|e| Trouble::evaluation(&codes::MAPPING_FAILED, "the mutex", &e))?;
    if value.is_null() || value.to_text().is_empty() {
        return Err(Trouble::new(&codes::MAPPING_FAILED, "the expression for the mutex gives no name"));
    }
    step.emit(Event::MutexRequested { key, name: value.to_text() });
    Ok(Next::Wait)
}

/// The mutex is free for the run.
pub(crate) fn mutex_granted(step: &mut Step, key: u32) -> Result<(), Rejection> {
    let asked = step.instance.activities.mutexes.iter().any(|m| m.key == key && !m.granted);
    if !asked {
        return Err(Rejection::ElementNotActive { key });
    }
    step.emit(Event::MutexGranted { key });
    go_on(step, key);
    Ok(())
}

pub(crate) fn offer_listener(step: &mut Step, key: u32, listener: &Listener) -> Result<Next, Trouble> {
    let job_type = step
        .evaluate(key, listener.job_type, None)
        .map_err(|e| Trouble::evaluation(&codes::MAPPING_FAILED, "the listener's job type", &e))?;
    let Some(job_type) = job_type.as_str().map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned) else {
        return Err(Trouble::new(&codes::MAPPING_FAILED, "the listener's job type is empty"));
    };
    let retries = service_task::retries(step, key, listener.retries)?;
    let job = JobId(step.next_id());
    let element = step.run(key).element;
    let Offer { headers, input, backoff } = listener_offer(step, key, listener);
    let created = JobCreated { job, key, element, job_type, retries, headers, input, backoff };
    step.emit(Event::JobCreated(Box::new(created)));
    Ok(Next::Wait)
}

/// What a listener gets: all visible variables, the answers so far, the change that is held.
fn listener_input(step: &Step, key: u32, changes: bool) -> Object {
    let mut input = step.instance.visible_variables(key);
    for answer in step.instance.tasks.iter().filter(|t| t.key == key).flat_map(|t| &t.answers) {
        input.extend(answer.values.iter().map(|(k, v)| (k.clone(), v.clone())));
        input.insert(Arc::from("outcome"), Value::String(answer.outcome.clone()));
    }
    if let Some(change) = step.run(key).result.as_ref().filter(|change| changes && !change.is_empty()) {
        input.insert(Arc::from("change"), Value::Object(change.clone()));
    }
    input
}

/// What the job of the stage is offered with that the run waits in; none when it waits in no stage.
pub(crate) fn offered_again(step: &mut Step, key: u32) -> Result<Option<Offer>, Trouble> {
    let Some(state) = step.instance.activities.waiting_stage(key).copied() else { return Ok(None) };
    let listener = if state.passed < COMPLETING {
        match stages(step, key, state.after).get(state.passed as usize) {
            Some(Stage::Read(position)) => return data::store_input(step, key, *position, false).map(offer_of),
            Some(Stage::Write(position)) => return data::store_input(step, key, *position, true).map(offer_of),
            Some(Stage::Listener(position)) => {
                step.element(key).traits.as_deref().and_then(|t| t.listeners.get(*position))
            }
            Some(Stage::TaskListener(position)) => match &step.element(key).kind {
                ElementKind::UserTask(task) => task.listeners.get(*position),
                _ => None,
            },
            Some(Stage::Continue | Stage::Mutex | Stage::Required | Stage::Prepare | Stage::Data) | None => None,
        }
    } else if key == 0 {
        canceling::listener(step, state.passed - CANCELING)
    } else {
        task_listeners::by_stage(step, key, state.passed)
    };
    Ok(Some(listener.map(|listener| listener_offer(step, key, listener)).unwrap_or_default()))
}

fn offer_of(input: Option<Object>) -> Option<Offer> {
    Some(Offer { input: input.unwrap_or_default(), ..Offer::default() })
}

fn listener_offer(step: &Step, key: u32, listener: &Listener) -> Offer {
    let mut headers = listener.headers.clone();
    headers.push(("listenerEvent".to_owned(), event_name(listener.on).to_owned()));
    let changes = matches!(listener.on, ListenerEvent::Assigning | ListenerEvent::Updating | ListenerEvent::Cancel);
    Offer { headers, input: listener_input(step, key, changes), backoff: None }
}

fn event_name(event: ListenerEvent) -> &'static str {
    match event {
        ListenerEvent::Start => "start",
        ListenerEvent::End => "end",
        ListenerEvent::Cancel => "cancel",
        ListenerEvent::BeforeAll => "beforeAll",
        ListenerEvent::Creating => "creating",
        ListenerEvent::Assigning => "assigning",
        ListenerEvent::Updating => "updating",
        ListenerEvent::Completing => "completing",
        ListenerEvent::Canceling => "canceling",
    }
}

/// The job of the stage that the run waits in is done.
pub(crate) fn job_done(step: &mut Step, key: u32, result: Object) -> Result<(), Rejection> {
    let Some(state) = step.instance.activities.waiting_stage(key).copied() else { return Ok(()) };
    if state.passed >= COMPLETING {
        return task_listeners::done(step, key, state.passed, result);
    }
    let stage = stages(step, key, state.after).get(state.passed as usize).copied();
    match stage {
        Some(Stage::Read(position)) => {
            if let Err(trouble) = data::read_done(step, key, position, &result) {
                step.raise_incident(key, Phase::Activating, trouble, None);
                return Ok(());
            }
        }
        Some(Stage::Listener(_) | Stage::TaskListener(_)) => crate::variables::set_local(step, key, result, None)?,
        _ => {}
    }
    go_on(step, key);
    Ok(())
}

/// The stage that the run waits in is passed.
fn go_on(step: &mut Step, key: u32) {
    let Some(state) = step.instance.activities.waiting_stage(key).copied() else { return };
    step.emit(Event::StagePassed { key, after: state.after, stage: state.passed });
    if key == 0 && !state.after {
        return crate::starts::resume(step);
    }
    let phase = if state.after { Phase::Leaving } else { Phase::Activating };
    lifecycle::run_from(step, key, phase);
}

/// After variables changed: runs whose data is complete now begin (DA-2).
pub(crate) fn settle(step: &mut Step) {
    let waiting: Vec<u32> = (step.instance.activities.stages.iter())
        .filter(|s| s.waits && !s.after)
        .filter(|s| stages(step, s.key, false).get(s.passed as usize) == Some(&Stage::Required))
        .map(|s| s.key)
        .collect();
    for key in waiting {
        if step.instance.element(key).is_some() && missing(step, key).is_empty() {
            go_on(step, key);
        }
    }
}
