//! The grammar of snapshots and journals: how plain data becomes bytes and comes back.
//!
//! A **part** (struct or event) is its length and then its fields in a fixed order. Trailing fields that are zero, none
//! or empty are not written; a reader gives a field that is missing its zero, and passes over bytes behind the fields
//! it knows. So a field may be appended at any time, and binaries of both ages read each other; fields are never
//! reordered, removed or given another type. Whole numbers are varints (signed ones zigzag), so zero is one zero byte.
//!
//! Invariant: reading never panics and never takes more memory than the bytes account for. Never: hashes, does I/O.

use super::large::{Fetched, LargeValues, ValueName};
use model::*;
use smallvec::SmallVec;
use std::sync::Arc;

/// Nesting of values that is read; far beyond what expressions build.
const DEPTH_MAX: u32 = 512;

/// Bytes that this grammar can not have written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// They end in the middle.
    #[error("the bytes end too early")]
    Short,
    /// A number out of its range, or a code without a meaning.
    #[error("a field has an impossible content")]
    Content,
    /// Values in values without end.
    #[error("values are nested too deeply")]
    Depth,
    /// A large value that was not handed in.
    #[error("a large value is missing")]
    Missing,
}

pub(super) type Read<T> = Result<T, WireError>;

/// Collects bytes; large values go to `large`, and the bytes name them.
pub(super) struct Writer<'s> {
    bytes: Vec<u8>,
    pub(super) large: Option<&'s mut LargeValues>,
    /// Large values named so far.
    pub(super) names: SmallVec<[ValueName; 2]>,
}

impl<'s> Writer<'s> {
    pub(super) fn new(bytes: Vec<u8>, large: Option<&'s mut LargeValues>) -> Self {
        Self { bytes, large, names: SmallVec::new() }
    }

    pub(super) fn finish(self) -> (Vec<u8>, SmallVec<[ValueName; 2]>) {
        (self.bytes, self.names)
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn number(&mut self, mut n: u64) {
        while n >= 0x80 {
            self.bytes.push(n as u8 | 0x80);
            n >>= 7;
        }
        self.bytes.push(n as u8);
    }

    pub(super) fn blob(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.raw(bytes);
    }

    pub(super) fn items<T: Wire>(&mut self, items: &[T]) {
        self.number(items.len() as u64);
        items.iter().for_each(|item| item.put(self));
    }

    /// Takes back what was written from `start` on.
    pub(super) fn take_from(&mut self, start: usize) -> Vec<u8> {
        self.bytes.split_off(start)
    }

    /// Writes a part: its length, then what `fields` writes.
    pub(super) fn part(&mut self, fields: impl FnOnce(&mut Part<'_, 's>)) {
        self.bytes.push(0);
        let start = self.bytes.len();
        let mut part = Part { writer: self, kept: start };
        fields(&mut part);
        let kept = part.kept;
        self.bytes.truncate(kept);
        let length = kept - start;
        if length < 0x80 {
            self.bytes[start - 1] = length as u8;
            return;
        }
        let mut prefix = Writer::new(Vec::with_capacity(9), None);
        prefix.number(length as u64);
        self.bytes.splice(start - 1..start, prefix.bytes);
    }
}

/// The fields of a part.
pub(super) struct Part<'w, 's> {
    writer: &'w mut Writer<'s>,
    /// The end of the last field that is not zero.
    kept: usize,
}

impl Part<'_, '_> {
    pub(super) fn field<T: Wire>(&mut self, field: &T) {
        let start = self.writer.bytes.len();
        field.put(self.writer);
        if self.writer.bytes[start..] != [0] {
            self.kept = self.writer.bytes.len();
        }
    }
}

/// Walks over bytes.
pub(super) struct Reader<'b> {
    bytes: &'b [u8],
    fetched: &'b Fetched,
    depth: u32,
}

impl<'b> Reader<'b> {
    pub(super) fn new(bytes: &'b [u8], fetched: &'b Fetched) -> Self {
        Self { bytes, fetched, depth: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn byte(&mut self) -> Read<u8> {
        let (first, rest) = self.bytes.split_first().ok_or(WireError::Short)?;
        self.bytes = rest;
        Ok(*first)
    }

    pub(super) fn number(&mut self) -> Read<u64> {
        let mut n = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(WireError::Content);
            }
            n |= bits << shift;
            if byte < 0x80 {
                return Ok(n);
            }
        }
        Err(WireError::Content)
    }

    pub(super) fn raw(&mut self, length: usize) -> Read<&'b [u8]> {
        let (part, rest) = self.bytes.split_at_checked(length).ok_or(WireError::Short)?;
        self.bytes = rest;
        Ok(part)
    }

    pub(super) fn blob(&mut self) -> Read<&'b [u8]> {
        let length = self.number()?;
        self.raw(usize::try_from(length).map_err(|_| WireError::Short)?)
    }

    pub(super) fn text(&mut self, length: usize) -> Read<&'b str> {
        std::str::from_utf8(self.raw(length)?).map_err(|_| WireError::Content)
    }

    /// How many items follow; each takes a byte at least.
    pub(super) fn count(&mut self) -> Read<usize> {
        let count = usize::try_from(self.number()?).map_err(|_| WireError::Short)?;
        if count > self.bytes.len() { Err(WireError::Short) } else { Ok(count) }
    }

    /// The fields of a part.
    pub(super) fn part(&mut self) -> Read<Reader<'b>> {
        let (fetched, depth) = (self.fetched, self.depth);
        Ok(Reader { bytes: self.blob()?, fetched, depth })
    }

    /// A field of a part; its zero when the writer did not know it or left it out.
    pub(super) fn field<T: Wire>(&mut self) -> Read<T> {
        if self.is_empty() {
            return T::get(&mut Reader { bytes: &[0], fetched: self.fetched, depth: self.depth });
        }
        T::get(self)
    }

    /// Reads what is nested one level deeper.
    pub(super) fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        if self.depth >= DEPTH_MAX {
            return Err(WireError::Depth);
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    /// A large value by the name that follows.
    pub(super) fn large(&mut self) -> Read<Value> {
        let name = ValueName::try_from(self.raw(size_of::<ValueName>())?).map_err(|_| WireError::Short)?;
        let fetched = self.fetched;
        self.deeper(|r| fetched.value(&name, r.depth))
    }

    /// A reader of a large value's own bytes.
    pub(super) fn nested(bytes: &'b [u8], fetched: &'b Fetched, depth: u32) -> Self {
        Self { bytes, fetched, depth }
    }
}

/// What has a place in snapshots and journals. The bytes of its zero are one zero byte.
pub(super) trait Wire: Sized {
    fn put(&self, w: &mut Writer<'_>);
    fn get(r: &mut Reader<'_>) -> Read<Self>;
}

macro_rules! unsigned {
    ($($type:ty),*) => {$(
        impl Wire for $type {
            fn put(&self, w: &mut Writer<'_>) {
                w.number(*self as u64);
            }
            fn get(r: &mut Reader<'_>) -> Read<Self> {
                Self::try_from(r.number()?).map_err(|_| WireError::Content)
            }
        }
    )*};
}
unsigned!(u8, u32, u64, usize);

impl Wire for i64 {
    fn put(&self, w: &mut Writer<'_>) {
        w.number(((*self << 1) ^ (*self >> 63)) as u64);
    }
    fn get(r: &mut Reader<'_>) -> Read<Self> {
        let n = r.number()?;
        Ok((n >> 1) as i64 ^ -((n & 1) as i64))
    }
}

macro_rules! narrow {
    ($($type:ty),*) => {$(
        impl Wire for $type {
            fn put(&self, w: &mut Writer<'_>) {
                i64::from(*self).put(w);
            }
            fn get(r: &mut Reader<'_>) -> Read<Self> {
                Self::try_from(i64::get(r)?).map_err(|_| WireError::Content)
            }
        }
    )*};
}
narrow!(i8, i16, i32);

impl Wire for bool {
    fn put(&self, w: &mut Writer<'_>) {
        w.byte(u8::from(*self));
    }
    fn get(r: &mut Reader<'_>) -> Read<Self> {
        Ok(r.byte()? != 0)
    }
}

macro_rules! wrapped {
    ($($type:ident),*) => {$(
        impl Wire for $type {
            fn put(&self, w: &mut Writer<'_>) {
                self.0.put(w);
            }
            fn get(r: &mut Reader<'_>) -> Read<Self> {
                Ok(Self(Wire::get(r)?))
            }
        }
    )*};
}
use model::definition::{ElementIdx, FlowIdx};
wrapped!(
    InstanceId,
    DefinitionId,
    JobId,
    TaskId,
    TimerId,
    IncidentId,
    UserId,
    CatalogId,
    RecordId,
    FileId,
    SubscriptionId,
    Timestamp
);
wrapped!(ElementIdx, FlowIdx);

fn text<'b>(r: &mut Reader<'b>) -> Read<&'b str> {
    let length = usize::try_from(r.number()?).map_err(|_| WireError::Short)?;
    r.text(length)
}

impl Wire for String {
    fn put(&self, w: &mut Writer<'_>) {
        w.blob(self.as_bytes());
    }
    fn get(r: &mut Reader<'_>) -> Read<Self> {
        text(r).map(str::to_owned)
    }
}

impl Wire for Arc<str> {
    fn put(&self, w: &mut Writer<'_>) {
        w.blob(self.as_bytes());
    }
    fn get(r: &mut Reader<'_>) -> Read<Self> {
        text(r).map(Arc::from)
    }
}

impl<T: Wire> Wire for Option<T> {
    fn put(&self, w: &mut Writer<'_>) {
        w.byte(u8::from(self.is_some()));
        self.iter().for_each(|some| some.put(w));
    }
    fn get(r: &mut Reader<'_>) -> Read<Self> {
        match r.byte()? {
            0 => Ok(None),
            1 => T::get(r).map(Some),
            _ => Err(WireError::Content),
        }
    }
}

/// Items of lists only: its zero has two bytes.
impl<A: Wire, B: Wire> Wire for (A, B) {
    fn put(&self, w: &mut Writer<'_>) {
        self.0.put(w);
        self.1.put(w);
    }
    fn get(r: &mut Reader<'_>) -> Read<Self> {
        Ok((A::get(r)?, B::get(r)?))
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn put(&self, w: &mut Writer<'_>) {
        w.items(self);
    }
    fn get(r: &mut Reader<'_>) -> Read<Self> {
        let count = r.count()?;
        // An item in memory is larger than its bytes: the room grows with what is really there.
        let mut items = Self::with_capacity(count.min(64));
        for _ in 0..count {
            items.push(T::get(r)?);
        }
        Ok(items)
    }
}

macro_rules! shared {
    ($($type:ty),*) => {$(
        impl Wire for Arc<$type> {
            fn put(&self, w: &mut Writer<'_>) {
                (**self).put(w);
            }
            fn get(r: &mut Reader<'_>) -> Read<Self> {
                Wire::get(r).map(Arc::new)
            }
        }
    )*};
}
shared!(Object, Vec<String>);

impl<T: Wire> Wire for Box<T> {
    fn put(&self, w: &mut Writer<'_>) {
        (**self).put(w);
    }
    fn get(r: &mut Reader<'_>) -> Read<Self> {
        T::get(r).map(Self::new)
    }
}

/// A struct as a part; fields after `skip` are not written.
macro_rules! part {
    ($name:ident { $($field:ident),* $(,)? } $(skip { $($skipped:ident),* })?) => {
        impl $crate::state::wire::Wire for $name {
            fn put(&self, w: &mut $crate::state::wire::Writer<'_>) {
                w.part(|part| {
                    $(part.field(&self.$field);)*
                });
            }
            fn get(r: &mut $crate::state::wire::Reader<'_>) -> $crate::state::wire::Read<Self> {
                let mut part = r.part()?;
                Ok(Self { $($field: part.field()?,)* $($($skipped: Default::default(),)*)? })
            }
        }
    };
}
pub(super) use part;

/// An enum without fields as a code.
macro_rules! code {
    ($name:ident { $($variant:ident = $code:literal),* $(,)? }) => {
        impl $crate::state::wire::Wire for $name {
            fn put(&self, w: &mut $crate::state::wire::Writer<'_>) {
                w.byte(match self { $(Self::$variant => $code),* });
            }
            fn get(r: &mut $crate::state::wire::Reader<'_>) -> $crate::state::wire::Read<Self> {
                match r.byte()? {
                    $($code => Ok(Self::$variant),)*
                    _ => Err($crate::state::wire::WireError::Content),
                }
            }
        }
    };
}
pub(super) use code;
