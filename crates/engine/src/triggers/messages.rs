//! Messages and signals: names and keys, delivery, the conversation (BPMN MS-1, MS-8, MS-9, SG-1).
//!
//! Names and keys are evaluated on arming and then fixed. Never: finds out which instance a message is for.

use super::{Armed, Came, Listened, fire, listened};
use crate::command::Rejection;
use crate::event::Event;
use crate::exchange::Awaited;
use crate::state::Subscription;
use crate::step::{Step, Trouble};
use crate::variables;
use model::definition::{CorrelationKey, ExprId, MessageTrigger};
use model::error::codes;
use model::{Object, SubscriptionId, Value};
use std::sync::Arc;

/// Characters of a message's or signal's name (BPMN VA-6).
const NAME_CHARS: usize = 256;
/// Bytes of a correlation key (BPMN VA-6).
const KEY_BYTES: usize = 1024;
/// The conversation's name for the key of the message that began the instance.
pub(crate) const FIRST_MESSAGE: &str = "";

/// The name of a message or signal.
pub(crate) fn name_of(step: &mut Step, armed: Armed, name: ExprId, what: &str) -> Result<Arc<str>, Trouble> {
    let value = evaluate(step, armed, name, what)?;
    check_name(&value, what).map_err(|trouble| at(step, armed, trouble))
}

/// Names the event, because what fails may be held by another run.
fn at(step: &Step, armed: Armed, trouble: Trouble) -> Trouble {
    let id = &step.program.element(armed.element).id;
    Trouble { message: format!("`{id}`: {}", trouble.message), ..trouble }
}

/// A name that can be used: text, not empty, not too long.
pub(crate) fn check_name(value: &Value, what: &str) -> Result<Arc<str>, Trouble> {
    let name = match value {
        Value::String(name) if !name.trim().is_empty() => name.clone(),
        Value::Number(_) => Arc::from(value.to_text()),
        other => {
            let message = format!("the name of the {what} gives {}, not text", shown(other));
            return Err(Trouble::new(&codes::MESSAGE_KEY, message));
        }
    };
    let chars = name.chars().count();
    if chars > NAME_CHARS {
        let message = format!("the name of the {what} has {chars} characters; at most {NAME_CHARS} are allowed");
        return Err(Trouble::new(&codes::MESSAGE_KEY, message));
    }
    Ok(name)
}

/// A key that can be used: a scalar, not too long (BPMN MS-1).
pub(crate) fn check_key(value: &Value) -> Result<Arc<str>, Trouble> {
    let key: Arc<str> = match value {
        Value::Null | Value::List(_) | Value::Object(_) => {
            let message = format!("the correlation key gives {}, not text or a number", shown(value));
            return Err(Trouble::new(&codes::MESSAGE_KEY, message));
        }
        Value::String(text) => text.clone(),
        scalar => Arc::from(scalar.to_text()),
    };
    if key.len() > KEY_BYTES {
        let message = format!("the correlation key has {} bytes; at most {KEY_BYTES} are allowed", key.len());
        return Err(Trouble::new(&codes::MESSAGE_KEY, message));
    }
    Ok(key)
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::String(_) => "empty text".to_owned(),
        other => format!("a {}", other.type_name()),
    }
}

/// What came already to an event that waits for more is seen by the names and keys of the rest.
fn evaluate(step: &mut Step, armed: Armed, expression: ExprId, what: &str) -> Result<Value, Trouble> {
    let listening = step.instance.listening.as_deref();
    let came = listening
        .and_then(|l| l.collected.iter().find(|c| c.key == armed.key && c.element == armed.element))
        .map(|c| c.variables.clone());
    let id = &step.program.element(armed.element).id;
    step.evaluate(armed.key, expression, came.as_deref())
        .map_err(|error| Trouble::evaluation(&codes::MESSAGE_KEY, &format!("the {what} of `{id}`"), &error))
}

/// Name and key of a message that is waited for.
pub(crate) fn awaited_message(step: &mut Step, armed: Armed, message: &MessageTrigger) -> Result<Awaited, Trouble> {
    let name = name_of(step, armed, message.name, "message")?;
    let key = match message.key {
        Some(key) => {
            let value = evaluate(step, armed, key, "correlation key")?;
            Some(check_key(&value).map_err(|trouble| at(step, armed, trouble))?)
        }
        None if !message.correlation.is_empty() => None,
        None => Some(known_key(step, FIRST_MESSAGE).unwrap_or_default()),
    };
    Ok(Awaited::Message { name, key })
}

fn known_key(step: &Step, name: &str) -> Option<Arc<str>> {
    let listening = step.instance.listening.as_ref()?;
    listening.conversation.iter().find(|k| &*k.name == name).map(|k| k.value.clone())
}

/// A message came: to the innermost of this instance's equal subscriptions, then to the oldest (BPMN MS-9), of those
/// whose conversation it fits.
pub(crate) fn deliver_message(
    step: &mut Step,
    subscription: SubscriptionId,
    name: &str,
    variables: Object,
) -> Result<(), Rejection> {
    let closed = Rejection::SubscriptionNotOpen { subscription };
    let wanted = step.instance.subscriptions.iter().find(|s| s.id == subscription).cloned().ok_or(closed.clone())?;
    match &wanted.awaited {
        Awaited::Message { name: awaited, .. } if **awaited == *name => {}
        Awaited::Message { .. } | Awaited::Signal { .. } => return Err(closed),
    }
    variables::check_sizes(step, &variables)?;
    let mut equal: Vec<Subscription> =
        step.instance.subscriptions.iter().filter(|s| s.awaited == wanted.awaited).cloned().collect();
    equal.sort_by_key(|s| (std::cmp::Reverse(depth(step, s.key)), s.id));
    for open in equal {
        let armed = Armed { key: open.key, element: open.element, trigger: open.trigger };
        let Some(Listened::Message(message)) = listened(&step.program.element(open.element).kind, open.trigger) else {
            continue;
        };
        if let Some(keys) = conversation(step, open.key, &message.correlation, &variables) {
            converse(step, keys);
            fire::fire(step, armed, Came { trigger: open.trigger, variables });
            return Ok(());
        }
    }
    Err(Rejection::OtherConversation { subscription })
}

/// How many scopes are around a run.
fn depth(step: &Step, key: u32) -> u32 {
    let (mut at, mut depth) = (key, 0);
    while at != 0 {
        at = step.run(at).scope;
        depth += 1;
    }
    depth
}

/// A signal came.
pub(crate) fn deliver_signal(
    step: &mut Step,
    subscription: SubscriptionId,
    variables: Object,
) -> Result<(), Rejection> {
    let closed = Rejection::SubscriptionNotOpen { subscription };
    let open = step.instance.subscriptions.iter().find(|s| s.id == subscription).ok_or(closed.clone())?;
    if !matches!(open.awaited, Awaited::Signal { .. }) {
        return Err(closed);
    }
    let armed = Armed { key: open.key, element: open.element, trigger: open.trigger };
    variables::check_sizes(step, &variables)?;
    fire::fire(step, armed, Came { trigger: armed.trigger, variables });
    Ok(())
}

/// The keys of the conversation that a message sets; `None` when it belongs to another one (BPMN MS-8). A key that the
/// message has no value for says nothing; at least one must have a value.
pub(crate) fn conversation(
    step: &mut Step,
    key: u32,
    keys: &[CorrelationKey],
    variables: &Object,
) -> Option<Vec<(String, Arc<str>)>> {
    let (mut new, mut fits) = (Vec::new(), keys.is_empty());
    for wanted in keys {
        let Some(value) = key_of_message(step, key, wanted, variables) else { continue };
        match known_key(step, &wanted.id).or_else(|| key_of_process(step, key, wanted)) {
            Some(known) if known != value => return None,
            Some(_) => {}
            None => new.push((wanted.id.clone(), value)),
        }
        fits = true;
    }
    fits.then_some(new)
}

/// Keeps keys that the conversation did not have.
pub(crate) fn converse(step: &mut Step, keys: Vec<(String, Arc<str>)>) {
    for (name, value) in keys {
        step.emit(Event::ConversationKeySet { name, value: value.to_string() });
    }
}

fn key_of_message(step: &mut Step, key: u32, wanted: &CorrelationKey, variables: &Object) -> Option<Arc<str>> {
    let parts = wanted.properties.iter().map(|p| step.evaluate_over(key, p.from_message, variables));
    composite(parts.collect::<Option<Vec<Value>>>()?)
}

fn key_of_process(step: &mut Step, key: u32, wanted: &CorrelationKey) -> Option<Arc<str>> {
    let mut parts = Vec::with_capacity(wanted.properties.len());
    for property in &wanted.properties {
        parts.push(step.evaluate(key, property.from_process?, None).ok()?);
    }
    composite(parts)
}

/// One text for all parts; none when a part has no value.
fn composite(mut parts: Vec<Value>) -> Option<Arc<str>> {
    if parts.is_empty() || parts.iter().any(Value::is_null) {
        return None;
    }
    if parts.len() == 1 {
        return check_key(&parts.remove(0)).ok();
    }
    Some(Arc::from(Value::list(parts).to_json().to_string()))
}
