//! What elements wait for: arming, disarming and firing of messages, signals, timers and conditions.
//!
//! One mechanism for catch events, receive tasks, boundary events, starts of event sub-processes and the successors of
//! event-based gateways: a trigger is armed for a run and found again by run, element and position. Invariant: what is
//! armed hangs on an active run and is taken back when the run leaves its active phase. Never: throws anything.

pub(crate) mod conditions;
pub(crate) mod fire;
pub(crate) mod messages;

use crate::event::Event;
use crate::exchange::{Awaited, SubscriptionOpened};
use crate::state::Phase;
use crate::step::{Step, Trouble};
use crate::{joins, timers};
use model::SubscriptionId;
use model::definition::{
    Condition, Element, ElementIdx, ElementKind, EventBasedGateway, MessageTrigger, SignalTrigger, Timer, Trigger,
};

/// A trigger of an element, armed for a run: of the event itself, of a boundary event's host, of the scope around an
/// event sub-process, of an event-based gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Armed {
    pub(crate) key: u32,
    pub(crate) element: ElementIdx,
    pub(crate) trigger: u32,
}

/// What came to an event.
#[derive(Debug, Clone, Default)]
pub(crate) struct Came {
    /// Position among the event's triggers.
    pub(crate) trigger: u32,
    /// Its data.
    pub(crate) variables: model::Object,
}

/// What can be armed; errors, escalations, compensation and cancellation are looked for when they are raised.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Listened<'d> {
    Message(&'d MessageTrigger),
    Signal(&'d SignalTrigger),
    Timer(&'d Timer),
    Condition(&'d Condition),
}

/// The triggers of an event in file order; none for a receive task, whose message is [`listened`].
pub(crate) fn triggers_of(kind: &ElementKind) -> &[Trigger] {
    match kind {
        ElementKind::StartEvent(event) => &event.triggers,
        ElementKind::CatchEvent(event) => &event.triggers,
        ElementKind::BoundaryEvent(event) => &event.triggers,
        _ => &[],
    }
}

/// What `element` can be armed for at `position`.
pub(crate) fn listened(kind: &ElementKind, position: u32) -> Option<Listened<'_>> {
    if let ElementKind::ReceiveTask(task) = kind {
        return (position == 0).then_some(Listened::Message(&task.message));
    }
    match triggers_of(kind).get(position as usize)? {
        Trigger::Message(message) => Some(Listened::Message(message)),
        Trigger::Signal(signal) => Some(Listened::Signal(signal)),
        Trigger::Timer(timer) => Some(Listened::Timer(timer)),
        Trigger::Condition(condition) => Some(Listened::Condition(condition)),
        Trigger::Error(_) | Trigger::Escalation(_) | Trigger::Compensation | Trigger::Cancel => None,
    }
}

/// How many positions [`listened`] has.
pub(crate) fn positions(kind: &ElementKind) -> u32 {
    match kind {
        ElementKind::ReceiveTask(_) => 1,
        _ => triggers_of(kind).len() as u32,
    }
}

/// Whether all triggers must come (BPMN ML-1).
pub(crate) fn waits_for_all(kind: &ElementKind) -> bool {
    let several = match kind {
        ElementKind::StartEvent(event) => event.parallel,
        ElementKind::CatchEvent(event) => event.parallel,
        ElementKind::BoundaryEvent(event) => event.parallel,
        _ => false,
    };
    several && triggers_of(kind).len() > 1
}

/// Whether the event stays armed after it fired (BPMN BD-3, ES-3).
fn stays_armed(kind: &ElementKind) -> bool {
    match kind {
        ElementKind::BoundaryEvent(event) => !event.interrupting,
        ElementKind::StartEvent(event) => !event.interrupting,
        _ => false,
    }
}

/// Arms what is not armed yet of all triggers of `element` for the run `key`. Gives whether anything is armed now.
pub(crate) fn arm(step: &mut Step, key: u32, element: ElementIdx) -> Result<bool, Trouble> {
    let kind = &step.program.element(element).kind;
    let mut any = false;
    for trigger in 0..positions(kind) {
        let Some(what) = listened(kind, trigger) else { continue };
        let armed = Armed { key, element, trigger };
        if is_armed(step, armed) {
            any = true;
        } else if !has_come(step, armed) {
            any |= arm_one(step, armed, what)?;
        }
    }
    Ok(any)
}

fn arm_one(step: &mut Step, armed: Armed, what: Listened) -> Result<bool, Trouble> {
    match what {
        Listened::Message(message) => {
            let awaited = messages::awaited_message(step, armed, message)?;
            subscribe(step, armed, awaited);
        }
        Listened::Signal(signal) => {
            let name = messages::name_of(step, armed, signal.name, "signal")?;
            subscribe(step, armed, Awaited::Signal { name });
        }
        Listened::Timer(timer) => {
            let kind = &step.program.element(armed.element).kind;
            let repeats = stays_armed(kind) && !waits_for_all(kind);
            return timers::arm(step, armed, timer, repeats);
        }
        Listened::Condition(_) => {
            let Armed { key, element, trigger } = armed;
            step.emit(Event::ConditionArmed { key, element, trigger });
        }
    }
    Ok(true)
}

fn subscribe(step: &mut Step, armed: Armed, awaited: Awaited) {
    let subscription = SubscriptionId(step.next_id());
    let Armed { key, element, trigger } = armed;
    let opened = SubscriptionOpened { subscription, key, element, trigger, awaited };
    step.emit(Event::SubscriptionOpened(Box::new(opened)));
}

/// Whether the trigger is armed.
pub(crate) fn is_armed(step: &Step, armed: Armed) -> bool {
    let Armed { key, element, trigger } = armed;
    let instance = &step.instance;
    instance.timers.iter().any(|t| t.key == key && t.element == element && t.trigger == trigger)
        || instance.subscriptions.iter().any(|s| s.key == key && s.element == element && s.trigger == trigger)
        || instance.watchers().iter().any(|w| w.key == key && w.element == element && w.trigger == trigger)
}

/// Whether anything of `element` is armed for the run `key`.
pub(crate) fn is_any_armed(step: &Step, key: u32, element: ElementIdx) -> bool {
    let instance = &step.instance;
    instance.timers.iter().any(|t| t.key == key && t.element == element)
        || instance.subscriptions.iter().any(|s| s.key == key && s.element == element)
        || instance.watchers().iter().any(|w| w.key == key && w.element == element)
}

/// Whether the trigger came to an event that still waits for others.
fn has_come(step: &Step, armed: Armed) -> bool {
    let Some(listening) = &step.instance.listening else { return false };
    let same = |c: &&crate::state::Collected| c.key == armed.key && c.element == armed.element;
    listening.collected.iter().find(same).is_some_and(|c| c.triggers.contains(&armed.trigger))
}

/// Arms the boundary events of the run `key` (BPMN BD-1); those of one turn of a repeated activity belong to the run
/// around it.
pub(crate) fn arm_boundaries(step: &mut Step, key: u32) -> Result<(), Trouble> {
    if step.is_turn(key) {
        return Ok(());
    }
    for boundary in &step.element(key).boundaries {
        arm(step, key, *boundary)?;
    }
    Ok(())
}

/// Arms the event sub-processes of the scope `key` (BPMN ES-1).
pub(crate) fn arm_event_sub_processes(step: &mut Step, key: u32) -> Result<(), Trouble> {
    let ElementKind::Scope(scope) = &step.element(key).kind else { return Ok(()) };
    for sub_process in &scope.event_sub_processes {
        if let Some(start) = start_of(step, *sub_process) {
            arm(step, key, start)?;
        }
    }
    Ok(())
}

/// The start of an event sub-process.
pub(crate) fn start_of(step: &Step, sub_process: ElementIdx) -> Option<ElementIdx> {
    step.program.element(sub_process).kind.as_scope().and_then(|scope| scope.triggered.first().copied())
}

/// Disarms what is armed for the run `key`.
pub(crate) fn disarm(step: &mut Step, key: u32) {
    disarm_where(step, &|armed| armed.key == key);
}

/// Disarms what is armed for the run `key` and caught by `element`.
pub(crate) fn disarm_element(step: &mut Step, key: u32, element: ElementIdx) {
    disarm_where(step, &|armed| armed.key == key && armed.element == element);
}

/// Disarms one trigger.
pub(crate) fn disarm_one(step: &mut Step, wanted: Armed) {
    disarm_where(step, &|armed| armed == wanted);
}

fn disarm_where(step: &mut Step, wanted: &dyn Fn(Armed) -> bool) {
    let instance = &step.instance;
    if instance.timers.is_empty() && instance.subscriptions.is_empty() && instance.listening.is_none() {
        return;
    }
    let timer = |t: &&crate::state::TimerState| wanted(Armed { key: t.key, element: t.element, trigger: t.trigger });
    while let Some((timer, key)) = step.instance.timers.iter().find(timer).map(|t| (t.id, t.key)) {
        step.emit(Event::TimerCanceled { timer, key });
    }
    let open = |s: &&crate::state::Subscription| wanted(Armed { key: s.key, element: s.element, trigger: s.trigger });
    while let Some((subscription, key)) = step.instance.subscriptions.iter().find(open).map(|s| (s.id, s.key)) {
        step.emit(Event::SubscriptionClosed { subscription, key });
    }
    let watched = |w: &&crate::state::Watcher| wanted(Armed { key: w.key, element: w.element, trigger: w.trigger });
    while let Some(w) = step.instance.watchers().iter().find(watched).copied() {
        step.emit(Event::ConditionDisarmed { key: w.key, element: w.element, trigger: w.trigger });
    }
}

/// An incident of [`Phase::Listening`] is resolved: what could not be evaluated is evaluated again.
pub(crate) fn listen_again(step: &mut Step, key: u32) {
    if let Err(trouble) = arm_missing(step, key) {
        step.raise_incident(key, Phase::Listening, trouble, None);
        return;
    }
    conditions::forget_failures(step, key);
    joins::judge_again(step, key);
}

/// Events that stay armed and wait for all of their triggers: the others disarm one by one.
fn arm_missing(step: &mut Step, key: u32) -> Result<(), Trouble> {
    let element = step.element(key);
    let mut events = if step.is_turn(key) { Vec::new() } else { element.boundaries.clone() };
    if let ElementKind::Scope(scope) = &element.kind {
        events.extend(scope.event_sub_processes.iter().filter_map(|e| start_of(step, *e)));
    }
    for event in events {
        let kind = &step.program.element(event).kind;
        if stays_armed(kind) && waits_for_all(kind) {
            arm(step, key, event)?;
        }
    }
    Ok(())
}

/// The event-based gateway that the run is, if it is one.
pub(crate) fn gateway_of(element: &Element) -> Option<&EventBasedGateway> {
    match &element.kind {
        ElementKind::EventBasedGateway(gateway) => Some(gateway),
        _ => None,
    }
}
