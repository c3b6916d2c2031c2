//! Commands about activities: turns, ad-hoc choices, transactions, mutexes, suspension, skipped incidents.
//!
//! Never: touches what an element does by itself.

use crate::command::{Command, Rejection};
use crate::elements::ad_hoc;
use crate::event::{Event, LogLevel};
use crate::lifecycle;
use crate::repetition;
use crate::state::Phase;
use crate::step::Step;
use crate::{canceling, compensation, modification, stages, transaction, variables};
use model::definition::Repetition;
use model::{IncidentId, Object, UserId, Value};

pub(crate) fn run(step: &mut Step, command: Command) -> Result<(), Rejection> {
    match command {
        Command::Compensate {} => compensation::compensate_instance(step),
        Command::AddTurn { key, item, by } => add_turn(step, key, item, by),
        Command::DeleteTurn { turn, by } => delete_turn(step, turn, by),
        Command::CompleteTurns { key, by } => {
            multi_instance(step, key)?;
            note(step, key, "the turns that were left are cut off", by);
            repetition::end_body(step, key);
            Ok(())
        }
        Command::CancelTransaction { key, by } => {
            if step.instance.element(key).is_some() {
                note(step, key, "the transaction is cancelled by command", by);
            }
            transaction::cancel_command(step, key)
        }
        Command::ActivateAdHoc { key, elements, variables, .. } => ad_hoc::begin(step, key, &elements, &variables),
        Command::CompleteAdHoc { key, .. } => ad_hoc::end(step, key),
        Command::Modify { modification, by } => modification::modify(step, modification, by),
        Command::GrantMutex { key } => stages::mutex_granted(step, key),
        Command::Suspend { reason, by } => suspend(step, reason, by),
        Command::Resume { by } => resume(step, by),
        Command::SkipIncident { incident, output, reason, by } => skip(step, Skip { incident, output, reason, by }),
        _ => Ok(()),
    }
}

fn note(step: &mut Step, key: u32, text: &str, by: Option<UserId>) {
    let element = Some(step.run(key).element);
    step.emit(Event::Logged { key: Some(key), element, text: text.to_owned(), level: LogLevel::Info, by });
}

fn multi_instance(step: &Step, key: u32) -> Result<(), Rejection> {
    let active = step.instance.element(key).is_some() && step.instance.activities.body(key).is_some();
    let multi = active && matches!(step.element(key).repetition(), Some(Repetition::MultiInstance(_)));
    if multi { Ok(()) } else { Err(Rejection::ElementNotActive { key }) }
}

fn add_turn(step: &mut Step, key: u32, item: Value, by: Option<UserId>) -> Result<(), Rejection> {
    multi_instance(step, key)?;
    let total = step.instance.activities.body(key).map_or(0, |b| b.total);
    if total >= step.env.limits.turns {
        let (element, why) = (step.element(key).id.to_string(), "it has as many turns as are allowed".to_owned());
        return Err(Rejection::NotActivatable { element, why });
    }
    repetition::add_turn(step, key, item, by);
    Ok(())
}

fn delete_turn(step: &mut Step, turn: u32, by: Option<UserId>) -> Result<(), Rejection> {
    if step.instance.element(turn).is_none() || !step.is_turn(turn) {
        return Err(Rejection::ElementNotActive { key: turn });
    }
    let body = step.run(turn).scope;
    note(step, turn, "the turn is deleted", by);
    lifecycle::terminate(step, turn);
    repetition::turn_left(step, body);
    Ok(())
}

fn suspend(step: &mut Step, reason: String, by: Option<UserId>) -> Result<(), Rejection> {
    if step.instance.is_suspended() {
        return Err(Rejection::Suspension { state: "suspended" });
    }
    step.emit(Event::InstanceSuspended { reason, by });
    Ok(())
}

fn resume(step: &mut Step, by: Option<UserId>) -> Result<(), Rejection> {
    if !step.instance.is_suspended() {
        return Err(Rejection::Suspension { state: "not suspended" });
    }
    step.emit(Event::InstanceResumed { by });
    Ok(())
}

struct Skip {
    incident: IncidentId,
    output: Object,
    reason: String,
    by: Option<UserId>,
}

/// The element counts as done: its output is what was given (IN-3).
fn skip(step: &mut Step, skip: Skip) -> Result<(), Rejection> {
    let Skip { incident, output, reason, by } = skip;
    let open = step.instance.incidents.iter().find(|i| i.id == incident);
    let key = open.map(|i| i.key).ok_or(Rejection::IncidentNotOpen { incident })?;
    variables::check_sizes(step, &output)?;
    step.emit(Event::IncidentResolved { incident, key, retried: false, by });
    note(step, key, &format!("skipped: {reason}"), by);
    if canceling::tells(&step.instance, key) {
        canceling::skip(step, key);
        return Ok(());
    }
    lifecycle::terminate_children(step, key);
    lifecycle::release_work(step, key);
    if step.instance.activities.compensations.iter().any(|c| c.key == key) {
        // What it waited for is given up with it.
        step.emit(Event::CompensationEnded { key });
    }
    if let Err(too_large) = variables::produce(step, key, output) {
        step.raise_incident(key, Phase::Mapping, too_large.into(), None);
        return Ok(());
    }
    lifecycle::run_from(step, key, Phase::Mapping);
    Ok(())
}
