//! Large values: kept once for an instance under a name made of their content, named in snapshot and journal.
//!
//! Invariant: a name stands for the same content for ever; a value that was read or kept before is known by its place
//! in memory, so that an unchanged one costs nothing. Never: hashes itself (the caller hands in how), does I/O.

use super::wire::{Read, Reader, Wire, WireError};
use model::Value;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

/// A large value's name: 16 bytes made of its content.
pub type ValueName = [u8; 16];

/// A large value that the store has, or will have with the next commit.
#[derive(Debug, Clone)]
pub struct Large {
    /// The value; holding it keeps its place in memory from being used again.
    pub value: Value,
    /// Its name.
    pub name: ValueName,
    /// How many bytes it has in the store.
    pub size: usize,
    /// Large values within it, at any depth.
    pub inner: Vec<ValueName>,
}

/// The large values of one instance while its bytes are written.
#[derive(Debug)]
pub struct LargeValues {
    limit: usize,
    name: fn(&[u8]) -> ValueName,
    known: Vec<Large>,
    fresh: Vec<(ValueName, Vec<u8>)>,
}

impl LargeValues {
    /// Values of more than `limit` encoded bytes are large; `name` gives a content its name. `known`: those that the
    /// store has.
    pub fn new(limit: usize, name: fn(&[u8]) -> ValueName, known: Vec<Large>) -> Self {
        // A name takes 17 bytes: what is not much longer stays where it is.
        Self { limit: limit.max(64), name, known, fresh: Vec::new() }
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    pub(super) fn known(&self, value: &Value) -> Option<&Large> {
        self.known.iter().find(|known| same_place(&known.value, value))
    }

    pub(super) fn keep(&mut self, value: &Value, bytes: Vec<u8>, inner: Vec<ValueName>) -> ValueName {
        let name = (self.name)(&bytes);
        let size = bytes.len();
        if !self.known.iter().any(|known| known.name == name) {
            self.fresh.push((name, bytes));
        }
        self.known.push(Large { value: value.clone(), name, size, inner });
        name
    }

    /// What the store must be given before the bytes that name it.
    pub fn take_fresh(&mut self) -> Vec<(ValueName, Vec<u8>)> {
        std::mem::take(&mut self.fresh)
    }

    /// Those that a snapshot names: the ones worth remembering until the next step.
    pub fn named_by(self, snapshot: &[u8]) -> Vec<Large> {
        let mut known = self.known;
        if !known.is_empty() {
            let names = super::codec::references(snapshot).unwrap_or_default();
            known.retain(|large| names.contains(&large.name));
        }
        known
    }
}

/// Whether two values are one: the same shared content.
fn same_place(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::String(a), Value::String(b)) => Arc::ptr_eq(a, b),
        (Value::List(a), Value::List(b)) => Arc::ptr_eq(a, b),
        (Value::Object(a), Value::Object(b)) => Arc::ptr_eq(a, b),
        _ => false,
    }
}

/// Large values as they came from the store, for reading bytes that name them.
#[derive(Debug, Default)]
pub struct Fetched {
    bytes: HashMap<ValueName, Vec<u8>>,
    read: RefCell<HashMap<ValueName, Large>>,
    /// Names in the order they were met, the inner ones of a value before its own.
    met: RefCell<Vec<ValueName>>,
}

impl Fetched {
    /// None: enough for bytes that name none.
    pub fn none() -> Self {
        Self::default()
    }

    /// Those with these names.
    pub fn new(values: impl IntoIterator<Item = (ValueName, Vec<u8>)>) -> Self {
        Self { bytes: values.into_iter().collect(), ..Self::default() }
    }

    /// Those that were named by what was read, to be known when it is written again.
    pub fn into_known(self) -> Vec<Large> {
        self.read.into_inner().into_values().collect()
    }

    pub(super) fn value(&self, name: &ValueName, depth: u32) -> Read<Value> {
        if let Some(read) = self.read.borrow().get(name) {
            let mut met = self.met.borrow_mut();
            met.extend_from_slice(&read.inner);
            met.push(*name);
            return Ok(read.value.clone());
        }
        let bytes = self.bytes.get(name).ok_or(WireError::Missing)?;
        let first = self.met.borrow().len();
        let value = <Value as Wire>::get(&mut Reader::nested(bytes, self, depth))?;
        let mut met = self.met.borrow_mut();
        let inner = met[first..].to_vec();
        met.push(*name);
        let large = Large { value: value.clone(), name: *name, size: bytes.len(), inner };
        self.read.borrow_mut().insert(*name, large);
        Ok(value)
    }
}
