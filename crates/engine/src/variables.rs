//! Writing variables: scopes (BPMN VA-2), mappings (VA-3, VA-4), results, sizes (VA-6).

use crate::event::Event;
use crate::step::{Next, Step, Trouble};
use model::definition::ElementIdx;
use model::error::codes;
use model::{Object, UserId, Value};
use std::sync::Arc;

/// A value, or all together, over its limit.
#[derive(Debug)]
pub(crate) struct TooLarge {
    /// What has too many bytes, with its verb.
    pub(crate) what: String,
    pub(crate) bytes: usize,
    pub(crate) limit: usize,
}

impl From<TooLarge> for Trouble {
    fn from(TooLarge { what, bytes, limit }: TooLarge) -> Self {
        let details = serde_json::json!({"bytes": bytes, "limit": limit});
        let message = format!("{what} {bytes} bytes; at most {limit} are allowed");
        Self { code: &codes::VARIABLE_TOO_LARGE, message, details: Some(details) }
    }
}

/// Checks values that are about to be written.
pub(crate) fn check_sizes(step: &Step, values: &Object) -> Result<(), TooLarge> {
    let limits = step.env.limits;
    let mut total = step.instance.bytes;
    for (name, value) in values {
        let bytes = value.size_bytes();
        if bytes > limits.value_bytes {
            return Err(TooLarge { what: format!("`{name}` has"), bytes, limit: limits.value_bytes });
        }
        let old = step.instance.variable(0, name).map_or(0, |old| name.len() + old.size_bytes());
        total = (total + name.len() + bytes).saturating_sub(old);
    }
    if total > limits.instance_bytes {
        let what = "all variables together have".to_owned();
        return Err(TooLarge { what, bytes: total, limit: limits.instance_bytes });
    }
    Ok(())
}

/// Writes into one scope.
pub(crate) fn set_local(step: &mut Step, scope: u32, values: Object, by: Option<UserId>) -> Result<(), TooLarge> {
    if values.is_empty() {
        return Ok(());
    }
    check_sizes(step, &values)?;
    step.emit(Event::VariablesSet { scope, values, by });
    Ok(())
}

/// Writes each name to the nearest scope from `key` upwards that has it, else to the process (BPMN VA-2). A new name
/// does not leave a turn of a multi-instance activity (MI-6); the snapshot of a compensation handler is passed over
/// (CO-10).
pub(crate) fn propagate(step: &mut Step, key: u32, values: Object) -> Result<(), TooLarge> {
    if values.is_empty() {
        return Ok(());
    }
    check_sizes(step, &values)?;
    let mut by_scope: Vec<(u32, Object)> = Vec::with_capacity(1);
    for (name, value) in values {
        let scope = owner(step, key, &name);
        match by_scope.iter_mut().find(|(s, _)| *s == scope) {
            Some((_, object)) => {
                object.insert(name, value);
            }
            None => by_scope.push((scope, Object::from_iter([(name, value)]))),
        }
    }
    for (scope, values) in by_scope {
        step.emit(Event::VariablesSet { scope, values, by: step.actor });
    }
    Ok(())
}

fn owner(step: &Step, key: u32, name: &str) -> u32 {
    let mut at = step.run(key);
    let mut turn = None;
    while at.key != 0 && (!at.variables.contains_key(name) || step.instance.activities.is_handler(at.key)) {
        if turn.is_none() && crate::repetition::keeps_results(step, at.key) {
            turn = Some(at.key);
        }
        at = step.run(at.scope);
    }
    match turn {
        Some(turn) if at.key == 0 && !at.variables.contains_key(name) => turn,
        _ => at.key,
    }
}

/// Input mapping: each source sees the parent scope and the targets before it; creates locals (BPMN VA-3).
pub(crate) fn map_inputs(step: &mut Step, key: u32) -> Result<(), Trouble> {
    let inputs = &step.element(key).inputs;
    if inputs.is_empty() {
        return Ok(());
    }
    // A turn sees its item and counters besides (MI-8), a compensation handler its snapshot (CO-10), and data
    // associations come first (DA-4).
    let traits = step.element(key).traits.as_ref();
    let has_data = traits.is_some_and(|t| !t.data_inputs.is_empty() || !t.properties.is_empty());
    let own = has_data || step.is_turn(key) || step.instance.activities.is_handler(key);
    let scope = if own { key } else { step.run(key).scope };
    let mut locals = Object::new();
    for input in inputs {
        let value = step.evaluate_in(key, scope, input.source, Some(&locals)).map_err(|error| {
            Trouble::evaluation(&codes::MAPPING_FAILED, &format!("input `{}`", input.target), &error)
        })?;
        place(&mut locals, &input.target, value, |_| None);
    }
    Ok(set_local(step, key, locals, None)?)
}

/// Output mapping: sources see the locals, targets are written from the parent scope on (BPMN VA-4).
pub(crate) fn map_outputs(step: &mut Step, key: u32) -> Result<Next, Trouble> {
    let outputs = &step.element(key).outputs;
    if outputs.is_empty() {
        return Ok(Next::Go);
    }
    let scope = step.run(key).scope;
    let mut written = Object::new();
    for output in outputs {
        let value = step.evaluate(key, output.source, None).map_err(|error| {
            Trouble::evaluation(&codes::MAPPING_FAILED, &format!("output `{}`", output.target), &error)
        })?;
        place(&mut written, &output.target, value, |name| step.instance.variable(scope, name).cloned());
    }
    propagate(step, scope, written)?;
    Ok(Next::Go)
}

/// Puts `value` at a dotted path, into what `base` sees there or an earlier target holds.
pub(crate) fn place_at(step: &Step, base: u32, into: &mut Object, target: &str, value: Value) {
    place(into, target, value, |name| step.instance.variable(base, name).cloned());
}

/// Puts `value` at a dotted path, into what `existing` or an earlier target holds there.
fn place(into: &mut Object, target: &str, value: Value, existing: impl Fn(&str) -> Option<Value>) {
    let Some((name, path)) = target.split_once('.') else {
        into.insert(Arc::from(target), value);
        return;
    };
    let held = into.get(name).cloned().or_else(|| existing(name)).unwrap_or_default();
    into.insert(Arc::from(name), nested(held, path, value));
}

fn nested(held: Value, path: &str, value: Value) -> Value {
    let mut object = match held {
        Value::Object(object) => object,
        _ => Arc::default(),
    };
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let inner = match rest {
        Some(rest) => nested(object.get(name).cloned().unwrap_or_default(), rest, value),
        None => value,
    };
    Arc::make_mut(&mut object).insert(Arc::from(name), inner);
    Value::Object(object)
}

/// Makes what an element produced into variables: local when outputs are declared, else by VA-2 (BPMN VA-4).
pub(crate) fn produce(step: &mut Step, key: u32, produced: Object) -> Result<(), TooLarge> {
    if step.element(key).outputs.is_empty() {
        propagate(step, key, produced)
    } else {
        set_local(step, key, produced, None)
    }
}

/// Adds to the readable outputs of a Bitrix node: the variable named like the node (`{=A1_2:Field}`).
pub(crate) fn add_node_output(step: &mut Step, element: ElementIdx, facts: Object) -> Result<(), TooLarge> {
    let id = &step.program.element(element).id;
    let mut outputs = match step.instance.variable(0, id) {
        Some(Value::Object(outputs)) => Object::clone(outputs),
        _ => Object::new(),
    };
    outputs.extend(facts);
    let values = Object::from_iter([(id.clone(), Value::Object(Arc::new(outputs)))]);
    set_local(step, 0, values, None)
}
