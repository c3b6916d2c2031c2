//! Input values as a handler gets them: text by the declared type (contract 3.2).

use crate::wire::{Array, Param, dates};
use jiff::tz::TimeZone;
use model::value::Zone;
use model::{Object, Value};
use platform::apps::AppActivity;

/// All declared inputs in their order; nothing is an empty text.
pub fn properties(activity: &AppActivity, input: &Object, zone: &TimeZone) -> Array {
    let declared = activity.spec.properties.iter().map(|(key, descriptor)| {
        let value = input.get(key.as_str()).unwrap_or(&Value::Null);
        let param = match value {
            Value::List(items) if descriptor.multiple && !items.is_empty() => {
                Param::list(items.iter().map(|item| Param::Text(text(&descriptor.kind, item, zone))))
            }
            Value::Null => Param::text(""),
            one if descriptor.multiple => Param::list([Param::Text(text(&descriptor.kind, one, zone))]),
            one => Param::Text(text(&descriptor.kind, one, zone)),
        };
        (key.clone(), param)
    });
    declared.collect()
}

fn text(kind: &str, value: &Value, zone: &TimeZone) -> String {
    match value {
        Value::List(items) => items.iter().map(|item| text(kind, item, zone)).collect::<Vec<_>>().join(", "),
        Value::Bool(b) => if *b { "Y" } else { "N" }.to_owned(),
        Value::Date(d) => dates::portal_date(*d),
        Value::DateTime(at, offset) => dates::portal_date_time(in_zone(*at, offset.as_ref(), zone)),
        Value::String(s) => typed_text(kind, s, zone),
        other => other.to_text(),
    }
}

/// Text that a script or form gave for another type still takes the contract's form.
fn typed_text(kind: &str, text: &str, zone: &TimeZone) -> String {
    let instant = || dates::parse(text, zone).map(|at| at.to_jiff().to_zoned(zone.clone()).datetime());
    match kind {
        "date" => instant().map_or_else(|| text.to_owned(), |at| dates::portal_date(at.date())),
        "datetime" => instant().map_or_else(|| text.to_owned(), dates::portal_date_time),
        "bool" if !text.is_empty() => if Param::text(text).as_flag() { "Y" } else { "N" }.to_owned(),
        _ => text.to_owned(),
    }
}

/// A wall time in the server's zone; one without a zone is in it already.
fn in_zone(at: jiff::civil::DateTime, from: Option<&Zone>, zone: &TimeZone) -> jiff::civil::DateTime {
    let source = match from {
        None => return at,
        Some(Zone::Offset(seconds)) => jiff::tz::Offset::from_seconds(*seconds).ok().map(TimeZone::fixed),
        Some(Zone::Named(name)) => TimeZone::get(name).ok(),
    };
    let zoned = source.and_then(|source| at.to_zoned(source).ok());
    zoned.map_or(at, |z| z.with_time_zone(zone.clone()).datetime())
}
