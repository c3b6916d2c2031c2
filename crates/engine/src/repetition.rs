//! Repeated activities: multi-instance (BPMN MI-1..9) and standard loops (LP-1, LP-2).
//!
//! The activity's run is the **body**; every turn is a run of the same element inside it, so whether a run is a turn is
//! seen from its place. Boundary events, completion and leaving belong to the body, mappings and the work itself to the
//! turns. Invariant: the list of items is fixed when the body begins (MI-2); a step starts at most [`CHUNK`] turns, the
//! rest goes on with a job of the type [`CONTINUE_JOB`]. Never: knows what a turn does.

use crate::activity_events::TurnsPlanned;
use crate::event::{Event, JobCreated};
use crate::lifecycle;
use crate::stages::CLOSING;
use crate::state::{Body, Phase};
use crate::step::{Next, Step, Trouble};
use crate::variables;
use expr::EvalError;
use model::definition::{ElementIdx, ExprId, MultiInstance, Repetition, StandardLoop, TurnBehavior};
use model::error::codes;
use model::{JobId, Number, Object, UserId, Value};
use std::sync::Arc;

/// The job type of work that goes on by itself after a commit.
pub const CONTINUE_JOB: &str = "ruslo:continue";
/// Turns that begin in one step (BPMN MI-4).
const CHUNK: u32 = 100;
/// Turns of a loop that names no maximum (BPMN LP-1).
const LOOP_GUARD: u32 = 1_000;

/// Names of MI-3, and those of Camunda 7 and Flowable.
const COUNTERS: [&str; 7] = [
    "numberOfInstances",
    "numberOfActiveInstances",
    "numberOfCompletedInstances",
    "numberOfTerminatedInstances",
    "nrOfInstances",
    "nrOfActiveInstances",
    "nrOfCompletedInstances",
];

/// Whether `key` is a turn of a repeated activity.
pub(crate) fn is_turn(step: &Step, key: u32) -> bool {
    let run = step.run(key);
    key != 0 && run.scope != 0 && step.run(run.scope).element == run.element
}

/// Whether `key` is a repeated activity as a whole.
pub(crate) fn is_body(step: &Step, key: u32) -> bool {
    step.element(key).repetition().is_some() && !is_turn(step, key)
}

/// Whether new names that a run writes stay in it: turns of a multi-instance activity (MI-6).
pub(crate) fn keeps_results(step: &Step, key: u32) -> bool {
    !step.instance.activities.bodies.is_empty()
        && matches!(step.element(key).repetition(), Some(Repetition::MultiInstance(_)))
        && is_turn(step, key)
}

/// Plans the turns and begins the first ones.
pub(crate) fn activate(step: &mut Step, key: u32) -> Result<Next, Trouble> {
    match step.element(key).repetition() {
        Some(Repetition::MultiInstance(multi)) => {
            if step.instance.activities.body(key).is_none() {
                let (total, items) = plan(step, key, multi)?;
                step.emit(Event::TurnsPlanned(Box::new(TurnsPlanned { key, total, items })));
            }
            if is_done(step, key) {
                return Ok(Next::Go);
            }
            schedule(step, key);
            Ok(Next::Wait)
        }
        Some(Repetition::Standard(standard)) => {
            if step.instance.activities.body(key).is_none() {
                let planned = TurnsPlanned { key, total: 0, items: Value::Null };
                step.emit(Event::TurnsPlanned(Box::new(planned)));
            }
            if !loop_goes_on(step, key, standard)? {
                return Ok(Next::Go);
            }
            schedule(step, key);
            Ok(Next::Wait)
        }
        None => Ok(Next::Go),
    }
}

/// How many turns, and their items (MI-1).
fn plan(step: &mut Step, key: u32, multi: &MultiInstance) -> Result<(u32, Value), Trouble> {
    let limit = step.env.limits.turns;
    let refused = |what: String| Trouble::new(&codes::TURNS_INVALID, what);
    let evaluated = |what: &str, error: EvalError| Trouble::evaluation(&codes::TURNS_INVALID, what, &error);
    let (total, items) = match (multi.collection, multi.cardinality) {
        (Some(collection), _) => {
            let value = step.evaluate(key, collection, None).map_err(|e| evaluated("the collection", e))?;
            match value {
                Value::List(items) => (items.len() as u64, Value::List(items)),
                other => return Err(refused(format!("the collection is a {}, not a list", other.type_name()))),
            }
        }
        (None, Some(cardinality)) => {
            let value = step.evaluate(key, cardinality, None).map_err(|e| evaluated("the number of turns", e))?;
            (whole(&value).ok_or_else(|| refused(format!("`{}` is no number of turns", value.to_text())))?, Value::Null)
        }
        (None, None) => return Err(refused("neither a collection nor a number of turns is given".to_owned())),
    };
    match u32::try_from(total).ok().filter(|total| *total <= limit) {
        Some(total) => Ok((total, items)),
        None => Err(refused(format!("{total} turns; at most {limit} are allowed"))),
    }
}

fn whole(value: &Value) -> Option<u64> {
    let number = value.as_number().or_else(|| value.as_str()?.trim().parse::<Number>().ok())?;
    number.to_i64().and_then(|n| u64::try_from(n).ok())
}

/// Also jobs that its turns threw are waited for (MI-7).
fn is_done(step: &Step, key: u32) -> bool {
    let closing = is_closing(step, key);
    let body = step.instance.activities.body(key);
    body.is_none_or(|b| b.turns.is_empty() && (closing || b.started >= b.total))
        && !step.tokens_move_in(key)
        && !step.instance.jobs.iter().any(|j| j.key == key)
}

fn is_closing(step: &Step, key: u32) -> bool {
    step.instance.activities.stages.iter().any(|s| s.key == key && s.passed == CLOSING)
}

/// Whether a loop begins another turn (LP-1).
fn loop_goes_on(step: &mut Step, key: u32, standard: &StandardLoop) -> Result<bool, Trouble> {
    let done = step.instance.activities.body(key).map_or(0, |b| b.started);
    if standard.maximum.is_some_and(|maximum| done >= maximum) {
        return Ok(false);
    }
    if let Some(condition) = standard.condition
        && (done > 0 || standard.test_before)
    {
        let counter = Object::from_iter([(Arc::from("loopCounter"), Value::from(i64::from(done)))]);
        let value = step
            .evaluate(key, condition, Some(&counter))
            .map_err(|e| Trouble::evaluation(&codes::CONDITION_FAILED, "the loop condition", &e))?;
        if value != Value::Bool(true) {
            return Ok(false);
        }
    }
    if standard.maximum.is_none() && done >= LOOP_GUARD {
        let message = format!("{done} turns without a maximum: a loop without an end?");
        return Err(Trouble::new(&codes::LOOP_GUARD, message));
    }
    Ok(true)
}

/// Lets turns begin: the next one, or as many as a step may.
pub(crate) fn schedule(step: &mut Step, key: u32) {
    let Some(body) = step.instance.activities.body(key) else { return };
    let (left, busy) = (body.total.saturating_sub(body.started), !body.turns.is_empty());
    let moving = step.tokens_in(key);
    let wanted = match step.element(key).repetition() {
        Some(Repetition::MultiInstance(multi)) if !multi.sequential => left.saturating_sub(moving),
        Some(Repetition::MultiInstance(_)) => u32::from(left > 0 && !busy && moving == 0),
        Some(Repetition::Standard(_)) => u32::from(!busy && moving == 0),
        None => 0,
    };
    let element = step.run(key).element;
    for _ in 0..wanted {
        if step.turns >= CHUNK || step.over_half_budget() {
            return go_on_later(step, key);
        }
        step.turns += 1;
        step.place(element, key);
    }
}

/// A job that the runtime completes at once: the rest is another step.
pub(crate) fn go_on_later(step: &mut Step, key: u32) {
    let open = step.instance.jobs.iter().any(|j| j.key == key && &*j.job_type == CONTINUE_JOB);
    if !open {
        offer_continue(step, key);
    }
}

pub(crate) fn offer_continue(step: &mut Step, key: u32) {
    let job = JobId(step.next_id());
    let element = step.run(key).element;
    let job_type = CONTINUE_JOB.to_owned();
    step.emit(Event::JobCreated(Box::new(JobCreated {
        job,
        key,
        element,
        job_type,
        retries: 1,
        headers: Vec::new(),
        input: Object::new(),
        backoff: None,
    })));
}

/// A turn begins.
pub(crate) fn enter_turn(step: &mut Step, element: ElementIdx, body: u32) {
    let Some(state) = step.instance.activities.body(body) else { return };
    let (index, key) = (state.started, step.instance.next_key);
    let locals = turn_locals(step, body, index);
    step.emit(Event::ElementActivated { key, element, scope: body });
    step.emit(Event::TurnStarted { key: body, turn: key, index });
    step.emit(Event::VariablesSet { scope: key, values: locals, by: None });
    lifecycle::begin(step, key);
}

fn turn_locals(step: &Step, body: u32, index: u32) -> Object {
    let mut locals = Object::new();
    let number = i64::from(index);
    let mut counter = number + 1;
    if let Some(Repetition::MultiInstance(multi)) = step.element(body).repetition() {
        if multi.zero_based {
            counter = number;
        }
        if let Some(name) = &multi.item {
            let item = step.instance.activities.body(body).map(|b| b.item(index)).unwrap_or_default();
            locals.insert(Arc::from(name.as_str()), item);
        }
        if let Some(name) = &multi.index {
            locals.insert(Arc::from(name.as_str()), Value::from(number));
        }
    }
    locals.insert(Arc::from("loopCounter"), Value::from(counter));
    locals
}

/// The four counters of MI-3, as expressions see them.
pub(crate) fn counter(body: &Body, name: &str) -> Option<Value> {
    let count = match name {
        "numberOfInstances" | "nrOfInstances" => body.total,
        "numberOfActiveInstances" | "nrOfActiveInstances" => body.turns.len() as u32,
        "numberOfCompletedInstances" | "nrOfCompletedInstances" => body.completed,
        "numberOfTerminatedInstances" => body.terminated,
        _ => return None,
    };
    Some(Value::from(i64::from(count)))
}

/// The counters as they will be when one more turn has ended.
fn counters_after(body: &Body) -> Object {
    let mut after = body.clone();
    after.items = Value::Null;
    after.outputs.clear();
    after.turns.pop();
    after.completed += 1;
    COUNTERS.into_iter().filter_map(|name| Some((Arc::from(name), counter(&after, name)?))).collect()
}

/// A turn ends: its output is kept, the completion condition is asked, the next one begins.
pub(crate) fn leave_turn(step: &mut Step, turn: u32) -> Result<Next, Trouble> {
    let (element, body) = (step.run(turn).element, step.run(turn).scope);
    let multi = match step.element(turn).repetition() {
        Some(Repetition::MultiInstance(multi)) => Some(&**multi),
        _ => None,
    };
    let output = output(step, turn, multi)?;
    let counters = step.instance.activities.body(body).map(counters_after).unwrap_or_default();
    let complete = match multi.and_then(|m| m.completion) {
        Some(condition) => is_true(step, turn, condition, &counters)?,
        None => false,
    };
    let thrown = match multi {
        Some(multi) => thrown_events(step, turn, multi, &counters)?,
        None => Vec::new(),
    };
    let mut counters = counters;
    counters.retain(|name, _| !name.starts_with("nr"));
    lifecycle::release(step, turn);
    crate::compensation::record(step, turn);
    step.emit(Event::TurnEnded { key: body, turn, output });
    step.emit(Event::ElementCompleted { key: turn, element });
    for number in thrown {
        throw_of_turn(step, body, number, &counters)?;
        if step.instance.element(body).is_none() || step.instance.activities.body(body).is_none() {
            return Ok(Next::Gone);
        }
    }
    if complete {
        end_body(step, body);
    } else {
        turn_left(step, body);
    }
    Ok(Next::Gone)
}

fn output(step: &mut Step, turn: u32, multi: Option<&MultiInstance>) -> Result<Value, Trouble> {
    let Some(output) = multi.and_then(|m| m.output.as_ref()) else { return Ok(Value::Null) };
    let what = format!("the output of a turn for `{}`", output.collection);
    step.evaluate(turn, output.element, None).map_err(|e| Trouble::evaluation(&codes::MAPPING_FAILED, &what, &e))
}

fn is_true(step: &mut Step, turn: u32, condition: ExprId, counters: &Object) -> Result<bool, Trouble> {
    let value = step
        .evaluate(turn, condition, Some(counters))
        .map_err(|e| Trouble::evaluation(&codes::CONDITION_FAILED, "the condition of a turn's end", &e))?;
    Ok(value == Value::Bool(true))
}

/// Which events a completed turn throws (MI-7): positions in the complex list, or 0.
fn thrown_events(step: &mut Step, turn: u32, multi: &MultiInstance, counters: &Object) -> Result<Vec<usize>, Trouble> {
    let body = step.run(turn).scope;
    match &multi.behavior {
        TurnBehavior::All => Ok(Vec::new()),
        TurnBehavior::None(_) => Ok(vec![0]),
        TurnBehavior::One(_) => {
            let first = step.instance.activities.body(body).is_some_and(|b| b.completed == 0);
            Ok(if first { vec![0] } else { Vec::new() })
        }
        TurnBehavior::Complex(events) => {
            let mut thrown = Vec::new();
            for (number, (condition, _)) in events.iter().enumerate() {
                if is_true(step, turn, *condition, counters)? {
                    thrown.push(number);
                }
            }
            Ok(thrown)
        }
    }
}

fn throw_of_turn(step: &mut Step, body: u32, number: usize, counters: &Object) -> Result<(), Trouble> {
    let Some(Repetition::MultiInstance(multi)) = step.element(body).repetition() else { return Ok(()) };
    let event = match &multi.behavior {
        TurnBehavior::All => return Ok(()),
        TurnBehavior::None(event) | TurnBehavior::One(event) => event.as_deref(),
        TurnBehavior::Complex(events) => events.get(number).map(|(_, event)| event),
    };
    crate::turn_events::throw(step, body, event, counters)
}

/// After a turn, however it ended: the next one, or the end.
pub(crate) fn turn_left(step: &mut Step, body: u32) {
    let Some(repetition) = step.element(body).repetition() else { return };
    match repetition {
        Repetition::MultiInstance(_) => {
            if is_done(step, body) {
                lifecycle::run_from(step, body, Phase::Completing);
            } else if !is_closing(step, body) {
                schedule(step, body);
            }
        }
        Repetition::Standard(_) => lifecycle::run_from(step, body, Phase::Active),
    }
}

/// Turns that have not begun never do.
pub(crate) fn begin_no_more(step: &mut Step, body: u32) {
    step.drop_tokens(body);
    let goes_on = |step: &Step| {
        let jobs = &step.instance.jobs;
        jobs.iter().find(|j| j.key == body && &*j.job_type == CONTINUE_JOB).map(|j| j.id)
    };
    while let Some(job) = goes_on(step) {
        step.emit(Event::JobCanceled { job, key: body });
    }
}

/// The rest is cut off and the activity completes (MI-5).
pub(crate) fn end_body(step: &mut Step, body: u32) {
    lifecycle::terminate_children(step, body);
    begin_no_more(step, body);
    if step.instance.jobs.iter().any(|j| j.key == body) {
        // What its turns threw is waited for.
        return step.emit(Event::StagePassed { key: body, after: true, stage: CLOSING - 1 });
    }
    lifecycle::run_from(step, body, Phase::Completing);
}

/// The output collection, in input order (MI-6).
pub(crate) fn complete(step: &mut Step, key: u32) -> Result<Next, Trouble> {
    let Some(Repetition::MultiInstance(multi)) = step.element(key).repetition() else { return Ok(Next::Go) };
    let Some(output) = &multi.output else { return Ok(Next::Go) };
    let body = step.instance.activities.body(key);
    let total = body.map_or(0, |b| b.total) as usize;
    let mut slots = body.map(|b| b.outputs.clone()).unwrap_or_default();
    slots.resize(total, Value::Null);
    let written = Object::from_iter([(Arc::from(output.collection.as_str()), Value::List(Arc::new(slots)))]);
    let scope = step.run(key).scope;
    variables::propagate(step, scope, written)?;
    Ok(Next::Go)
}

/// One more turn (MI-2).
pub(crate) fn add_turn(step: &mut Step, key: u32, item: Value, by: Option<UserId>) {
    step.emit(Event::TurnAdded { key, item, by });
    schedule(step, key);
}
