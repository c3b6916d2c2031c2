//! How an instance begins: which start event, with what (BPMN 1.1, EB-4, EB-5, ML-1, MS-8, CN-5).
//!
//! Owns: the choice of the first token. Invariant: event sub-processes of the process are armed before it moves (ES-1);
//! when that fails, the start is held until the incident is resolved. Never: finds out that something triggered.

use crate::command::{Rejection, Start};
use crate::elements::event_based_gateway;
use crate::event::Event;
use crate::program::Program;
use crate::state::Phase;
use crate::step::{Next, Step, Trouble};
use crate::triggers::messages::{self, FIRST_MESSAGE};
use crate::triggers::{self, Armed, Came, Listened, listened, waits_for_all};
use crate::{Env, Instance, data, lifecycle, stages};
use model::definition::{ElementIdx, ElementKind, ROOT, Scope, Trigger};
use model::{Object, Value};
use std::sync::Arc;

/// What triggered a start.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StartTrigger {
    /// Position among the element's triggers.
    pub trigger: u32,
    /// The message's correlation key: events that wait for more messages of the same start wait for the same key.
    pub key: String,
}

/// An event that can start the process: see [`triggered_starts`].
#[derive(Debug, Clone, Copy)]
pub struct TriggeredStart<'p> {
    /// The element to name in [`Start::start_element`]: a start event, an instantiating receive task, or a catch event
    /// or receive task behind an instantiating event-based gateway.
    pub element: ElementIdx,
    /// Position among its triggers.
    pub trigger: u32,
    /// What is waited for.
    pub waits_for: StartedBy<'p>,
}

/// What can start a process.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the variants are named after the triggers")]
pub enum StartedBy<'p> {
    Message(&'p model::definition::MessageTrigger),
    Signal(&'p model::definition::SignalTrigger),
    Timer(&'p model::definition::Timer),
    Condition(&'p model::definition::Condition),
}

/// Everything that can start the process besides a command, in file order.
pub fn triggered_starts(program: &Program) -> Vec<TriggeredStart<'_>> {
    let Some(scope) = program.element(ROOT).kind.as_scope() else { return Vec::new() };
    let mut found = Vec::new();
    for element in &scope.triggered {
        let behind = match &program.element(*element).kind {
            ElementKind::EventBasedGateway(_) => {
                let flows = &program.element(*element).outgoing;
                flows.iter().map(|flow| program.flow(*flow).target).collect()
            }
            _ => vec![*element],
        };
        for element in behind {
            let kind = &program.element(element).kind;
            for trigger in 0..triggers::positions(kind) {
                let waits_for = match listened(kind, trigger) {
                    Some(Listened::Message(message)) => StartedBy::Message(message),
                    Some(Listened::Signal(signal)) => StartedBy::Signal(signal),
                    Some(Listened::Timer(timer)) => StartedBy::Timer(timer),
                    Some(Listened::Condition(condition)) => StartedBy::Condition(condition),
                    None => continue,
                };
                found.push(TriggeredStart { element, trigger, waits_for });
            }
        }
    }
    found
}

/// What the runtime needs of a message or signal that can start the process, evaluated without an instance: its name.
pub fn name_of_start(program: &Program, start: &TriggeredStart, env: &mut Env) -> Result<Arc<str>, String> {
    let (expression, what) = match start.waits_for {
        StartedBy::Message(message) => (message.name, "message"),
        StartedBy::Signal(signal) => (signal.name, "signal"),
        StartedBy::Timer(_) | StartedBy::Condition(_) => return Err("it has no name".to_owned()),
    };
    let value = without_instance(program, env, Object::new(), |step| step.evaluate(0, expression, None));
    messages::check_name(&value.map_err(|e| e.to_string())?, what).map_err(|t| t.message)
}

/// The conditional starts that are true for these variables (BPMN CN-5): the elements to start with.
pub fn true_conditions(program: &Program, variables: &Object, env: &mut Env) -> Vec<(ElementIdx, u32)> {
    let starts = triggered_starts(program);
    without_instance(program, env, variables.clone(), |step| {
        let mut found = Vec::new();
        for start in &starts {
            if let StartedBy::Condition(condition) = start.waits_for
                && matches!(step.evaluate(0, condition.condition, None), Ok(Value::Bool(true)))
            {
                found.push((start.element, start.trigger));
            }
        }
        found
    })
}

/// Evaluates what belongs to a process and not yet to an instance.
pub(crate) fn without_instance<T>(
    program: &Program,
    env: &mut Env,
    variables: Object,
    evaluate: impl FnOnce(&mut Step) -> T,
) -> T {
    let instance = Instance::before_start(env.now, variables);
    evaluate(&mut Step::new(program, env, instance, None))
}

/// How the instance begins.
#[derive(Debug, Clone)]
pub(crate) struct Beginning {
    /// A start event that was named or is the default, an event that triggered; none: implicit.
    element: Option<ElementIdx>,
    /// What came, if it triggered.
    came: Option<Came>,
    key: String,
}

/// Chooses the start: a named one, else the default or only one, else the nodes without incoming flow.
pub(crate) fn choose(program: &Program, start: &mut Start) -> Result<Beginning, Rejection> {
    let Some(scope) = program.element(ROOT).kind.as_scope() else { return Err(Rejection::NoStartEvent) };
    let trigger = start.trigger.take().unwrap_or_default();
    let Some(element) = start.start_element else {
        let element = default_start(program, scope)?;
        return Ok(Beginning { element, came: None, key: String::new() });
    };
    if scope.starts.contains(&element) {
        return Ok(Beginning { element: Some(element), came: None, key: String::new() });
    }
    let known = triggered_starts(program).iter().any(|s| s.element == element && s.trigger == trigger.trigger);
    if !known {
        return Err(Rejection::NoStartEvent);
    }
    let came = Came { trigger: trigger.trigger, variables: std::mem::take(&mut start.payload) };
    Ok(Beginning { element: Some(element), came: Some(came), key: trigger.key })
}

fn default_start(program: &Program, scope: &Scope) -> Result<Option<ElementIdx>, Rejection> {
    match scope.starts.as_slice() {
        [] if !scope.implicit.is_empty() => Ok(None),
        [] => Err(Rejection::NoStartEvent),
        [only] => Ok(Some(*only)),
        several => scope.default_start.map(Some).ok_or_else(|| {
            let ids: Vec<&str> = several.iter().map(|s| &*program.element(*s).id).collect();
            Rejection::StartNotNamed { starts: ids.join(", ") }
        }),
    }
}

/// Arms the event sub-processes of the process, then sends the first token.
pub(crate) fn begin(step: &mut Step, beginning: Beginning) {
    match prepare(step) {
        Ok(Next::Go) => go(step, beginning),
        Ok(Next::Wait | Next::Gone) => keep(step, beginning),
        Err(trouble) => {
            keep(step, beginning);
            step.raise_incident(0, Phase::Activating, trouble, None);
        }
    }
}

/// Data and start listeners of the process, then its event sub-processes.
fn prepare(step: &mut Step) -> Result<Next, Trouble> {
    if step.element(0).traits.is_some() {
        if stages::before(step, 0)? != Next::Go {
            return Ok(Next::Wait);
        }
    } else {
        data::prepare(step, 0)?;
    }
    lifecycle::open_scope(step, 0)?;
    Ok(Next::Go)
}

/// The start is held until an incident is resolved or a listener is done.
fn keep(step: &mut Step, beginning: Beginning) {
    let Beginning { element, came, key } = beginning;
    let id = element.map_or(Value::Null, |e| Value::String(step.program.element(e).id.clone()));
    let mut held = Object::from_iter([(Arc::from("element"), id), (Arc::from("key"), Value::text(key))]);
    if let Some(Came { trigger, variables }) = came {
        held.insert(Arc::from("trigger"), Value::from(i64::from(trigger)));
        held.insert(Arc::from("variables"), Value::Object(Arc::new(variables)));
    }
    step.emit(Event::StartHeld { variables: held });
}

/// What held the start is over.
pub(crate) fn resume(step: &mut Step) {
    let held = step.run(0).result.clone().unwrap_or_default();
    let member = |name: &str| held.get(name);
    let element = member("element").and_then(Value::as_str).and_then(|id| step.program.definition().find(id));
    let trigger = member("trigger").and_then(Value::as_number).and_then(|n| n.to_i64());
    let variables = member("variables").and_then(Value::as_object).cloned().unwrap_or_default();
    let came = trigger.map(|t| Came { trigger: u32::try_from(t).unwrap_or(0), variables });
    let key = member("key").map(Value::to_text).unwrap_or_default();
    begin(step, Beginning { element, came, key });
}

fn go(step: &mut Step, beginning: Beginning) {
    let Beginning { element, came, key } = beginning;
    let Some(element) = element else { return place_implicit(step, 0) };
    let Some(came) = came else { return step.place(element, 0) };
    let (trigger, kind) = (came.trigger, &step.program.element(element).kind);
    if let Some(Listened::Message(message)) = listened(kind, trigger)
        && let Some(keys) = messages::conversation(step, 0, &message.correlation, &came.variables)
    {
        messages::converse(step, keys);
    }
    let gateway = gateway_before(step.program, element);
    let all = waits_for_all(kind) || gateway.is_some_and(|g| is_parallel(step.program, g));
    if all && !key.is_empty() {
        messages::converse(step, vec![(FIRST_MESSAGE.to_owned(), Arc::from(key.as_str()))]);
    }
    match gateway {
        Some(gateway) => event_based_gateway::begin(step, gateway, element, came),
        None if waits_for_all(kind) => collect(step, element, came),
        None => step.place_triggered(element, 0, came),
    }
}

/// The first of several triggers that must all come (BPMN ML-1).
fn collect(step: &mut Step, element: ElementIdx, came: Came) {
    let key = step.instance.next_key;
    step.emit(Event::ElementActivated { key, element, scope: 0 });
    let armed = Armed { key, element, trigger: came.trigger };
    triggers::fire::fire(step, armed, came);
    if step.instance.element(key).is_some() {
        lifecycle::run_from(step, key, Phase::Activating);
    }
}

/// Without any start every node without incoming flow gets a token.
pub(crate) fn place_implicit(step: &mut Step, scope: u32) {
    let Some(definition) = step.element(scope).kind.as_scope() else { return };
    for element in &definition.implicit {
        step.place(*element, scope);
    }
}

/// The instantiating event-based gateway that an event stands behind.
fn gateway_before(program: &Program, element: ElementIdx) -> Option<ElementIdx> {
    let flow = program.element(element).incoming.first()?;
    let source = program.flow(*flow).source;
    matches!(&program.element(source).kind, ElementKind::EventBasedGateway(g) if g.instantiate).then_some(source)
}

fn is_parallel(program: &Program, gateway: ElementIdx) -> bool {
    matches!(&program.element(gateway).kind, ElementKind::EventBasedGateway(g) if g.parallel)
}

/// Whether the trigger at `position` is of this kind; for callers that only have positions.
pub(crate) fn timer_of(program: &Program, element: ElementIdx, position: u32) -> Option<&model::definition::Timer> {
    match triggers::triggers_of(&program.element(element).kind).get(position as usize) {
        Some(Trigger::Timer(timer)) => Some(timer),
        _ => None,
    }
}
