//! BPMN 2.0.2, Execution Semantics › Gateways › Event-Based; rules EB-1..6.
//!
//! Its run holds the subscriptions of all events behind it. The first trigger takes its flow and ends the run; a
//! parallel one that began the instance ends only when all have come.

use crate::event::Event;
use crate::lifecycle;
use crate::step::{Next, Step, Trouble};
use crate::triggers::{self, Armed, Came, conditions, disarm_element, fire as triggered};
use model::definition::{ElementIdx, EventBasedGateway, FlowIdx};
use model::error::codes;
use model::{Object, TimerId};

pub(crate) fn activate(step: &mut Step, key: u32, gateway: &EventBasedGateway) -> Result<Next, Trouble> {
    let flows = &step.element(key).outgoing;
    if flows.is_empty() {
        return Err(Trouble::new(&codes::NO_FLOW, "there is no event behind the event-based gateway"));
    }
    for (position, flow) in flows.iter().enumerate() {
        if !(gateway.parallel && came_before(step, key, position)) {
            triggers::arm(step, key, step.program.flow(*flow).target)?;
        }
    }
    if gateway.parallel {
        return Ok(if is_complete(step, key) { Next::Go } else { Next::Wait });
    }
    match first_true(step, key) {
        Some((armed, timer)) => {
            if let Some(timer) = timer {
                step.emit(Event::TimerFired { timer, key });
            }
            triggered::fire(step, armed, Came { trigger: armed.trigger, variables: Object::new() });
            Ok(Next::Gone)
        }
        None => Ok(Next::Wait),
    }
}

/// What is true already at arming, the first in file order (EB-2).
fn first_true(step: &mut Step, key: u32) -> Option<(Armed, Option<TimerId>)> {
    for flow in &step.element(key).outgoing {
        let element = step.program.flow(*flow).target;
        let kind = &step.program.element(element).kind;
        if triggers::waits_for_all(kind) {
            continue;
        }
        for trigger in 0..triggers::positions(kind) {
            let armed = Armed { key, element, trigger };
            let due = |t: &&crate::state::TimerState| {
                t.key == key && t.element == element && t.trigger == trigger && t.due <= step.env.now
            };
            if let Some(timer) = step.instance.timers.iter().find(due).map(|t| t.id) {
                return Some((armed, Some(timer)));
            }
            if conditions::holds_now(step, armed) {
                return Some((armed, None));
            }
        }
    }
    None
}

/// An event behind the gateway triggered.
pub(crate) fn fire(step: &mut Step, armed: Armed, came: Came) {
    let Armed { key, element, .. } = armed;
    let Some(gateway) = triggers::gateway_of(step.element(key)).copied() else { return };
    let flows = &step.element(key).outgoing;
    let Some(position) = flows.iter().position(|f| step.program.flow(*f).target == element) else { return };
    let (scope, flow) = (step.run(key).scope, flows[position]);
    if gateway.parallel {
        disarm_element(step, key, element);
        arrived(step, key, position);
    }
    if !gateway.parallel || is_complete(step, key) {
        let gateway = step.run(key).element;
        lifecycle::release(step, key);
        step.emit(Event::ElementCompleted { key, element: gateway });
    }
    take(step, flow, scope, came);
}

/// The first message of a gateway that begins the instance (EB-4, EB-5). `successor` is the event that caught it.
pub(crate) fn begin(step: &mut Step, gateway: ElementIdx, successor: ElementIdx, came: Came) {
    let key = step.instance.next_key;
    let element = step.program.element(gateway);
    step.emit(Event::ElementActivated { key, element: gateway, scope: 0 });
    let Some(position) = element.outgoing.iter().position(|f| step.program.flow(*f).target == successor) else {
        return;
    };
    let flow = element.outgoing[position];
    match triggers::gateway_of(element) {
        Some(gateway) if gateway.parallel => {
            arrived(step, key, position);
            take(step, flow, 0, came);
            if step.instance.element(key).is_some() {
                lifecycle::run_from(step, key, crate::state::Phase::Active);
            }
        }
        _ => {
            step.emit(Event::ElementCompleted { key, element: gateway });
            take(step, flow, 0, came);
        }
    }
}

fn take(step: &mut Step, flow: FlowIdx, scope: u32, came: Came) {
    step.emit(Event::FlowTaken { flow, scope, waits: false });
    let element = step.program.flow(flow).target;
    lifecycle::enter_triggered(step, element, scope, came);
}

fn arrived(step: &mut Step, key: u32, position: usize) {
    let element = step.run(key).element;
    let (trigger, variables) = (position as u32, Object::new());
    step.emit(Event::TriggerCollected { key, element, trigger, variables });
}

fn came_before(step: &Step, key: u32, position: usize) -> bool {
    let element = step.run(key).element;
    let Some(listening) = &step.instance.listening else { return false };
    let own = listening.collected.iter().find(|c| c.key == key && c.element == element);
    own.is_some_and(|c| c.triggers.contains(&(position as u32)))
}

fn is_complete(step: &Step, key: u32) -> bool {
    (0..step.element(key).outgoing.len()).all(|position| came_before(step, key, position))
}

/// A parallel one that is complete has sent its tokens already.
pub(crate) fn outgoing() -> super::Flows {
    super::Flows::new()
}
