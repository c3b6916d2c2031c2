//! Bytes of snapshots and journals: a leading version byte, then MessagePack.
//!
//! Invariant: bytes written by any released version are read by every later one. Fields are positional: new ones go
//! last and have a default.

use super::Instance;
use crate::Event;
use serde::Serialize;

const VERSION: u8 = 1;

/// Bytes that are no snapshot or journal of a known version.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// Nothing, or a version of the future.
    #[error("unknown version {0:?} of the engine's bytes")]
    UnknownVersion(Option<u8>),
    /// Broken bytes.
    #[error("broken bytes of the engine's state")]
    Broken(#[source] rmp_serde::decode::Error),
}

fn encode<T: Serialize>(value: &T, capacity: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(capacity);
    bytes.push(VERSION);
    rmp_serde::encode::write(&mut bytes, value).expect("plain data written to memory always encodes");
    bytes
}

fn decode<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    match bytes.split_first() {
        Some((&VERSION, body)) => rmp_serde::from_slice(body).map_err(CodecError::Broken),
        other => Err(CodecError::UnknownVersion(other.map(|(v, _)| *v))),
    }
}

impl Instance {
    /// The snapshot's bytes.
    pub fn encode(&self) -> Vec<u8> {
        encode(self, 256)
    }

    /// Reads a snapshot.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        decode(bytes)
    }
}

/// The bytes of one journal row: the events of one step or batch.
pub fn encode_events(events: &[Event]) -> Vec<u8> {
    encode(&events, 64 * events.len() + 1)
}

/// Reads a journal row. Parts that the definition has (forms, headers) are empty.
pub fn decode_events(bytes: &[u8]) -> Result<Vec<Event>, CodecError> {
    decode(bytes)
}
