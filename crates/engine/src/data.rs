//! Data objects, properties, data associations and data stores (BPMN DA-1..4).
//!
//! A data store is asked by a job of the type [`STORE_JOB`], which the runtime does itself. Never: knows where a store
//! keeps its values.

use crate::event::{Event, JobCreated};
use crate::step::{Next, Step, Trouble};
use crate::variables;
use model::definition::{DataAssociation, DataObject, ElementKind, VariableDecl};
use model::error::codes;
use model::{JobId, Object, Value};
use std::sync::Arc;

/// The job type of reading and writing data stores. Input: `store`, `catalog`, `direction` (`read`, `write`), `key`
/// (field → value) and, to write, `value`. A read is completed with `{"value": …}`.
pub const STORE_JOB: &str = "ruslo:data-store";

/// Data objects of a scope that begins, and its properties (DA-1).
pub(crate) fn scope_data(step: &Step, key: u32) -> Object {
    let element = step.element(key);
    let mut values = Object::new();
    if let ElementKind::Scope(scope) = &element.kind {
        scope.data.iter().for_each(|object| data_object(object, &mut values));
    }
    values.extend(properties(element.traits.as_deref().map_or(&[][..], |t| &t.properties)));
    values
}

fn data_object(object: &DataObject, into: &mut Object) {
    let empty = if object.collection { Value::List(Arc::default()) } else { Value::Null };
    into.insert(Arc::from(object.variable.as_str()), object.initial.clone().unwrap_or(empty));
    if let Some(state) = &object.state {
        into.insert(Arc::from(format!("{}_dataState", object.variable)), Value::text(state));
    }
}

fn properties(declared: &[VariableDecl]) -> impl Iterator<Item = (Arc<str>, Value)> + '_ {
    declared.iter().map(|d| (Arc::from(d.key.as_str()), d.default.clone()))
}

/// What is there when a run begins: data objects and properties that have no value yet, then data that is read without
/// a store. Before the input mapping (DA-4).
pub(crate) fn prepare(step: &mut Step, key: u32) -> Result<(), Trouble> {
    let element = step.element(key);
    let has_data = matches!(&element.kind, ElementKind::Scope(scope) if !scope.data.is_empty());
    if element.traits.is_none() && !has_data {
        return Ok(());
    }
    let mut values = scope_data(step, key);
    values.retain(|name, _| !step.run(key).variables.contains_key(name));
    variables::set_local(step, key, values, None)?;
    let Some(traits) = step.element(key).traits.as_deref() else { return Ok(()) };
    let scope = if step.is_turn(key) { key } else { step.run(key).scope };
    let mut locals = Object::new();
    for association in traits.data_inputs.iter().filter(|a| a.store.is_none()) {
        associate(step, Ends { key, sees: scope, base: key }, association, &mut locals)?;
    }
    Ok(variables::set_local(step, key, locals, None)?)
}

/// Where an association reads, and what a nested target is placed into.
#[derive(Clone, Copy)]
struct Ends {
    key: u32,
    sees: u32,
    base: u32,
}

fn associate(step: &mut Step, ends: Ends, association: &DataAssociation, into: &mut Object) -> Result<(), Trouble> {
    let failed = |what: String, e: expr::EvalError| Trouble::evaluation(&codes::MAPPING_FAILED, &what, &e);
    if let (Some(source), Some(target)) = (association.source, &association.target) {
        let value = step
            .evaluate_in(ends.key, ends.sees, source, Some(into))
            .map_err(|e| failed(format!("the data association to `{target}`"), e))?;
        variables::place_at(step, ends.base, into, target, value);
    }
    for (from, to) in &association.assignments {
        let value = step
            .evaluate_in(ends.key, ends.sees, *from, Some(into))
            .map_err(|e| failed(format!("the assignment to `{to}`"), e))?;
        variables::place_at(step, ends.base, into, to, value);
    }
    Ok(())
}

/// Data that is written without a store, after the output mapping (DA-4).
pub(crate) fn write_outputs(step: &mut Step, key: u32) -> Result<Next, Trouble> {
    let Some(traits) = step.element(key).traits.as_deref() else { return Ok(Next::Go) };
    let scope = step.run(key).scope;
    let mut written = Object::new();
    for association in traits.data_outputs.iter().filter(|a| a.store.is_none()) {
        associate(step, Ends { key, sees: key, base: scope }, association, &mut written)?;
    }
    variables::propagate(step, scope, written)?;
    Ok(Next::Go)
}

fn association<'s>(step: &Step<'s, '_>, key: u32, position: usize, writes: bool) -> Option<&'s DataAssociation> {
    let traits = step.element(key).traits.as_deref()?;
    if writes { traits.data_outputs.get(position) } else { traits.data_inputs.get(position) }
}

/// Asks the runtime to read or write a store (DA-3).
pub(crate) fn ask_store(step: &mut Step, key: u32, position: usize, writes: bool) -> Result<Next, Trouble> {
    let Some(input) = store_input(step, key, position, writes)? else { return Ok(Next::Go) };
    let job = JobId(step.next_id());
    let (element, job_type) = (step.run(key).element, STORE_JOB.to_owned());
    let created = JobCreated { job, key, element, job_type, retries: 3, headers: Vec::new(), input, backoff: None };
    step.emit(Event::JobCreated(Box::new(created)));
    Ok(Next::Wait)
}

/// What the job of a store gets; none when the association has no store.
pub(crate) fn store_input(step: &mut Step, key: u32, position: usize, writes: bool) -> Result<Option<Object>, Trouble> {
    let Some(association) = association(step, key, position, writes) else { return Ok(None) };
    let Some(store) = &association.store else { return Ok(None) };
    let mut keys = Object::new();
    for (field, expression) in &store.key {
        let value = step
            .evaluate(key, *expression, None)
            .map_err(|e| Trouble::evaluation(&codes::MAPPING_FAILED, "the key of a data store", &e))?;
        keys.insert(Arc::from(field.as_str()), value);
    }
    let mut input = Object::from_iter([
        (Arc::from("store"), Value::text(&store.name)),
        (Arc::from("catalog"), store.catalog.as_deref().map_or(Value::Null, Value::text)),
        (Arc::from("direction"), Value::text(if writes { "write" } else { "read" })),
        (Arc::from("key"), Value::Object(Arc::new(keys))),
    ]);
    if writes {
        input.insert(Arc::from("value"), written_value(step, key, association)?);
    }
    Ok(Some(input))
}

fn written_value(step: &mut Step, key: u32, association: &DataAssociation) -> Result<Value, Trouble> {
    let mut value = match association.source {
        Some(source) => step
            .evaluate(key, source, None)
            .map_err(|e| Trouble::evaluation(&codes::MAPPING_FAILED, "what a data store is given", &e))?,
        None => Value::Null,
    };
    for (from, to) in &association.assignments {
        let part = step
            .evaluate(key, *from, None)
            .map_err(|e| Trouble::evaluation(&codes::MAPPING_FAILED, &format!("the assignment to `{to}`"), &e))?;
        let mut whole = Object::from_iter([(Arc::from("value"), value)]);
        variables::place_at(step, 0, &mut whole, &format!("value.{to}"), part);
        value = whole.get("value").cloned().unwrap_or_default();
    }
    Ok(value)
}

/// A store was read: its value becomes a local variable.
pub(crate) fn read_done(step: &mut Step, key: u32, position: usize, result: &Object) -> Result<(), Trouble> {
    let Some(association) = association(step, key, position, false) else { return Ok(()) };
    let read = result.get("value").cloned().unwrap_or_default();
    let name = association.store.as_ref().map_or("value", |s| s.name.as_str());
    let overlay = Object::from_iter([(Arc::from("value"), read.clone()), (Arc::from(name), read.clone())]);
    let value = match association.source {
        Some(source) => step
            .evaluate(key, source, Some(&overlay))
            .map_err(|e| Trouble::evaluation(&codes::MAPPING_FAILED, "the transformation of stored data", &e))?,
        None => read,
    };
    let mut locals = Object::new();
    if let Some(target) = &association.target {
        variables::place_at(step, key, &mut locals, target, value);
    }
    for (from, to) in &association.assignments {
        let part = step
            .evaluate(key, *from, Some(&overlay))
            .map_err(|e| Trouble::evaluation(&codes::MAPPING_FAILED, &format!("the assignment to `{to}`"), &e))?;
        variables::place_at(step, key, &mut locals, to, part);
    }
    Ok(variables::set_local(step, key, locals, None)?)
}
