//! Values as bytes: a leading byte says what follows; small numbers and short texts fit into it.
//!
//! Invariant: a leading byte never changes its meaning. A value of more bytes than the limit is handed to
//! [`super::LargeValues`] and named by 16 bytes, innermost first, so that a large part of a changing whole is kept
//! once.

use super::wire::{Read, Reader, Wire, WireError, Writer, part};
use jiff::civil;
use model::value::{FileRef, Zone};
use model::{Number, Object, Value};
use std::sync::Arc;

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const INTEGER: u8 = 3;
const DECIMAL: u8 = 4;
const TEXT: u8 = 5;
const DATE: u8 = 6;
const TIME: u8 = 7;
const DATE_TIME: u8 = 8;
const DAYS: u8 = 9;
const YEARS: u8 = 10;
const LIST: u8 = 11;
const OBJECT: u8 = 12;
const FILE: u8 = 13;
const LARGE: u8 = 14;
/// 32..64: a text of so many bytes less 32.
const SHORT_TEXT: u8 = 32;
/// 64..128: the number less 64.
const SMALL: u8 = 64;
const SMALL_END: u8 = 128;

impl Wire for Value {
    fn put(&self, w: &mut Writer<'_>) {
        match self {
            Self::Null => w.byte(NULL),
            Self::Bool(b) => w.byte(if *b { TRUE } else { FALSE }),
            Self::Number(n) => put_number(*n, w),
            Self::String(_) | Self::List(_) | Self::Object(_) => put_sized(self, w),
            Self::Date(d) => {
                w.byte(DATE);
                d.put(w);
            }
            Self::Time(t, zone) => {
                w.byte(TIME);
                t.put(w);
                zone.put(w);
            }
            Self::DateTime(at, zone) => {
                w.byte(DATE_TIME);
                at.date().put(w);
                at.time().put(w);
                zone.put(w);
            }
            Self::DaysDuration(ms) => {
                w.byte(DAYS);
                ms.put(w);
            }
            Self::YearsDuration(months) => {
                w.byte(YEARS);
                months.put(w);
            }
            Self::File(file) => {
                w.byte(FILE);
                file.put(w);
            }
        }
    }

    fn get(r: &mut Reader<'_>) -> Read<Self> {
        Ok(match r.byte()? {
            NULL => Self::Null,
            FALSE => Self::Bool(false),
            TRUE => Self::Bool(true),
            INTEGER => Self::Number(Number::from(i64::get(r)?)),
            DECIMAL => Self::Number(String::get(r)?.parse().map_err(|_| WireError::Content)?),
            TEXT => Self::String(Wire::get(r)?),
            DATE => Self::Date(Wire::get(r)?),
            TIME => Self::Time(Wire::get(r)?, Wire::get(r)?),
            DATE_TIME => {
                let (date, time) = (civil::Date::get(r)?, civil::Time::get(r)?);
                Self::DateTime(date.to_datetime(time), Wire::get(r)?)
            }
            DAYS => Self::DaysDuration(Wire::get(r)?),
            YEARS => Self::YearsDuration(Wire::get(r)?),
            LIST => Self::List(Arc::new(r.deeper(Wire::get)?)),
            OBJECT => Self::Object(Arc::new(r.deeper(Wire::get)?)),
            FILE => Self::File(Arc::new(FileRef::get(r)?)),
            LARGE => r.large()?,
            short @ SHORT_TEXT..SMALL => Self::String(Arc::from(r.text(usize::from(short - SHORT_TEXT))?)),
            small @ SMALL..SMALL_END => Self::Number(Number::from(i64::from(small - SMALL))),
            _ => return Err(WireError::Content),
        })
    }
}

fn put_number(n: Number, w: &mut Writer<'_>) {
    match n.to_i64() {
        Some(small @ 0..64) => w.byte(SMALL + small as u8),
        Some(integer) => {
            w.byte(INTEGER);
            integer.put(w);
        }
        None => {
            w.byte(DECIMAL);
            n.to_string().put(w);
        }
    }
}

/// Texts, lists and contexts: what may be large.
fn put_sized(value: &Value, w: &mut Writer<'_>) {
    let Some(limit) = w.large.as_ref().map(|large| large.limit()) else { return put_whole(value, w) };
    let known = w.large.as_ref().and_then(|large| large.known(value));
    if let Some((name, inner)) = known.map(|known| (known.name, known.inner.clone())) {
        w.names.extend(inner);
        return put_name(name, w);
    }
    let (start, names) = (w.len(), w.names.len());
    put_whole(value, w);
    if w.len() - start <= limit {
        return;
    }
    let bytes = w.take_from(start);
    let inner = w.names[names..].to_vec();
    if let Some(large) = &mut w.large {
        let name = large.keep(value, bytes, inner);
        put_name(name, w);
    }
}

fn put_name(name: super::ValueName, w: &mut Writer<'_>) {
    w.byte(LARGE);
    w.raw(&name);
    w.names.push(name);
}

fn put_whole(value: &Value, w: &mut Writer<'_>) {
    match value {
        Value::String(text) if text.len() < usize::from(SMALL - SHORT_TEXT) => {
            w.byte(SHORT_TEXT + text.len() as u8);
            w.raw(text.as_bytes());
        }
        Value::String(text) => {
            w.byte(TEXT);
            text.put(w);
        }
        Value::List(items) => {
            w.byte(LIST);
            (**items).put(w);
        }
        Value::Object(object) => {
            w.byte(OBJECT);
            (**object).put(w);
        }
        other => other.put(w),
    }
}

impl Wire for Object {
    fn put(&self, w: &mut Writer<'_>) {
        w.number(self.len() as u64);
        for (name, value) in self {
            name.put(w);
            value.put(w);
        }
    }
    fn get(r: &mut Reader<'_>) -> Read<Self> {
        let count = r.count()?;
        let mut object = Self::with_capacity(count.min(64));
        for _ in 0..count {
            object.insert(Wire::get(r)?, Wire::get(r)?);
        }
        Ok(object)
    }
}

impl Wire for civil::Date {
    fn put(&self, w: &mut Writer<'_>) {
        self.year().put(w);
        w.byte(self.month().unsigned_abs());
        w.byte(self.day().unsigned_abs());
    }
    fn get(r: &mut Reader<'_>) -> Read<Self> {
        let (year, month, day) = (Wire::get(r)?, small(r)?, small(r)?);
        Self::new(year, month, day).map_err(|_| WireError::Content)
    }
}

impl Wire for civil::Time {
    fn put(&self, w: &mut Writer<'_>) {
        for part in [self.hour(), self.minute(), self.second()] {
            w.byte(part.unsigned_abs());
        }
        self.subsec_nanosecond().put(w);
    }
    fn get(r: &mut Reader<'_>) -> Read<Self> {
        let (hour, minute, second) = (small(r)?, small(r)?, small(r)?);
        Self::new(hour, minute, second, Wire::get(r)?).map_err(|_| WireError::Content)
    }
}

fn small(r: &mut Reader<'_>) -> Read<i8> {
    i8::try_from(r.byte()?).map_err(|_| WireError::Content)
}

impl Wire for Zone {
    fn put(&self, w: &mut Writer<'_>) {
        match self {
            Self::Offset(seconds) => {
                w.byte(0);
                seconds.put(w);
            }
            Self::Named(name) => {
                w.byte(1);
                name.put(w);
            }
        }
    }
    fn get(r: &mut Reader<'_>) -> Read<Self> {
        match r.byte()? {
            0 => Wire::get(r).map(Self::Offset),
            1 => Wire::get(r).map(Self::Named),
            _ => Err(WireError::Content),
        }
    }
}

part!(FileRef { id, name, size, media_type });
