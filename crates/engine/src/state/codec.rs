//! Bytes of snapshots and journals.
//!
//! A leading 2; the names of large values in the content, counted; the content in the grammar of [`super::wire`]. A
//! leading 1 is MessagePack of the first versions, which is still read. Invariant: bytes written by any released
//! version are read by every later one.

use super::Instance;
use super::large::{Fetched, LargeValues, ValueName};
use super::wire::{Reader, Wire, WireError, Writer};
use crate::Event;

const PACKED: u8 = 1;
const VERSION: u8 = 2;

/// Bytes that are no snapshot or journal of a known version.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// Nothing, or a version of the future.
    #[error("unknown version {0:?} of the engine's bytes")]
    UnknownVersion(Option<u8>),
    /// Broken bytes of the first versions.
    #[error("broken bytes of the engine's state")]
    Packed(#[source] rmp_serde::decode::Error),
    /// Broken bytes.
    #[error("broken bytes of the engine's state")]
    Broken(#[from] WireError),
}

fn encode(capacity: usize, large: Option<&mut LargeValues>, content: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(capacity);
    bytes.extend([VERSION, 0]);
    let mut writer = Writer::new(bytes, large);
    content(&mut writer);
    let (mut bytes, mut names) = writer.finish();
    if names.is_empty() {
        return bytes;
    }
    names.sort_unstable();
    names.dedup();
    let mut head = Writer::new(Vec::with_capacity(8 + names.len() * size_of::<ValueName>()), None);
    head.number(names.len() as u64);
    names.iter().for_each(|name| head.raw(name));
    bytes.splice(1..2, head.finish().0);
    bytes
}

fn decode<T: Wire + serde::de::DeserializeOwned>(bytes: &[u8], fetched: &Fetched) -> Result<T, CodecError> {
    match bytes.split_first() {
        Some((&VERSION, rest)) => {
            let mut reader = Reader::new(rest, fetched);
            names(&mut reader)?;
            Ok(T::get(&mut reader)?)
        }
        Some((&PACKED, body)) => rmp_serde::from_slice(body).map_err(CodecError::Packed),
        other => Err(CodecError::UnknownVersion(other.map(|(v, _)| *v))),
    }
}

fn names(reader: &mut Reader<'_>) -> Result<Vec<ValueName>, WireError> {
    let count = reader.count()?;
    let name = |_| reader.raw(size_of::<ValueName>())?.try_into().map_err(|_| WireError::Short);
    (0..count).map(name).collect()
}

/// The large values that reading these bytes takes.
pub fn references(bytes: &[u8]) -> Result<Vec<ValueName>, CodecError> {
    match bytes.split_first() {
        Some((&VERSION, rest)) => Ok(names(&mut Reader::new(rest, &Fetched::none()))?),
        Some((&PACKED, _)) => Ok(Vec::new()),
        other => Err(CodecError::UnknownVersion(other.map(|(v, _)| *v))),
    }
}

impl Instance {
    /// The snapshot's bytes, everything in them.
    pub fn encode(&self) -> Vec<u8> {
        encode(128, None, |w| self.put(w))
    }

    /// The snapshot's bytes; large values are kept apart and named.
    pub fn encode_with(&self, large: &mut LargeValues) -> Vec<u8> {
        encode(128, Some(large), |w| self.put(w))
    }

    /// Reads a snapshot without large values. Fails on bytes that are cut or broken, of a newer leading version, or
    /// that name a large value.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        decode(bytes, &Fetched::none())
    }

    /// Reads a snapshot with its large values; fails as [`Self::decode`] does, and when one that is named was not
    /// fetched.
    pub fn decode_with(bytes: &[u8], fetched: &Fetched) -> Result<Self, CodecError> {
        decode(bytes, fetched)
    }

    /// What is kept of an instance that has ended: who and what it was, and how it ended. The rest is in its journal.
    pub fn remains(&self) -> Self {
        let root = self.elements[0].clone();
        Self {
            id: self.id,
            definition: self.definition,
            document: self.document,
            started_by: self.started_by,
            started_at: self.started_at,
            business_key: self.business_key.clone(),
            parameters: Default::default(),
            state: self.state,
            title: self.title.clone(),
            next_key: 1,
            bytes: 0,
            elements: vec![super::ElementInstance { variables: Default::default(), result: None, children: 0, ..root }],
            waiting: Vec::new(),
            jobs: Vec::new(),
            tasks: Vec::new(),
            timers: Vec::new(),
            incidents: Vec::new(),
            parent: self.parent,
            subscriptions: Vec::new(),
            called: Vec::new(),
            activities: Default::default(),
            listening: None,
        }
    }
}

/// The bytes of one journal row: the events of one step or batch.
pub fn encode_events(events: &[Event]) -> Vec<u8> {
    encode(16 * events.len() + 64, None, |w| w.items(events))
}

/// The same; large values are kept apart and named.
pub fn encode_events_with(events: &[Event], large: &mut LargeValues) -> Vec<u8> {
    encode(16 * events.len() + 64, Some(large), |w| w.items(events))
}

/// Reads a journal row. Parts that the definition has (forms, headers) are empty.
pub fn decode_events(bytes: &[u8]) -> Result<Vec<Event>, CodecError> {
    decode(bytes, &Fetched::none())
}

/// Reads a journal row with its large values; fails when one that is named was not fetched.
pub fn decode_events_with(bytes: &[u8], fetched: &Fetched) -> Result<Vec<Event>, CodecError> {
    decode(bytes, fetched)
}
