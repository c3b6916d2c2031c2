//! `RETURN_VALUES` and task answers: what a declared type makes of what came (contract 3.4).
//!
//! A form, JSON and a batch give the same value. What does not fit its type is kept as text, never lost.

use crate::wire::{Array, Param, dates};
use jiff::tz::TimeZone;
use model::value::Zone;
use model::{Number, Object, Timestamp, Value};
use platform::apps::PropertyDescriptor;
use std::sync::Arc;

/// The values of declared properties: keys in any case, unknown ones dropped.
pub fn declared<'a>(
    properties: impl IntoIterator<Item = (&'a String, &'a PropertyDescriptor)>,
    given: &Array,
    zone: &TimeZone,
) -> Object {
    let mut out = Object::new();
    for (key, descriptor) in properties {
        if let Some(param) = given.get_folded(key) {
            out.insert(Arc::from(key.as_str()), typed(&descriptor.kind, descriptor.multiple, param, zone));
        }
    }
    out
}

/// One value of a declared type.
pub fn typed(kind: &str, multiple: bool, param: &Param, zone: &TimeZone) -> Value {
    if multiple {
        return Value::list(param.items().into_iter().map(|item| scalar(kind, item, zone)).collect());
    }
    match param {
        Param::Array(_) => param.items().first().map_or(Value::Null, |first| scalar(kind, first, zone)),
        one => scalar(kind, one, zone),
    }
}

fn scalar(kind: &str, param: &Param, zone: &TimeZone) -> Value {
    let Some(text) = param.as_text() else { return untyped(param) };
    if param.is_blank() {
        return if is_text(kind) { Value::text("") } else { Value::Null };
    }
    let kept = || Value::text(&text);
    match kind {
        "int" | "double" => number(&text).map_or_else(kept, Value::Number),
        "bool" => Value::Bool(param.as_flag()),
        "date" => dates::parse(&text, zone).map_or_else(kept, |at| Value::Date(local(at, zone).date())),
        "datetime" => dates::parse(&text, zone).map_or_else(kept, |at| date_time(at, zone)),
        "time" => text.trim().parse().map_or_else(|_| kept(), |t| Value::Time(t, None)),
        "user" => Value::text(user(&text)),
        _ => kept(),
    }
}

fn is_text(kind: &str) -> bool {
    !matches!(kind, "int" | "double" | "bool" | "date" | "datetime" | "time" | "user" | "file")
}

/// A decimal number, with a point or a comma.
fn number(text: &str) -> Option<Number> {
    text.trim().replace(',', ".").parse().ok()
}

/// `5` → `user_5`; `Name [5]` too; anything else as it is.
fn user(text: &str) -> String {
    let text = text.trim();
    let inside = text.strip_suffix(']').and_then(|t| t.rsplit_once('[')).map(|(_, id)| id);
    let id = inside.unwrap_or(text);
    if !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()) { format!("user_{id}") } else { text.to_owned() }
}

fn local(at: Timestamp, zone: &TimeZone) -> jiff::Zoned {
    at.to_jiff().to_zoned(zone.clone())
}

fn date_time(at: Timestamp, zone: &TimeZone) -> Value {
    let local = local(at, zone);
    Value::DateTime(local.datetime(), Some(Zone::Offset(local.offset().seconds())))
}

/// A parameter without a declared type: text, numbers and lists as they came.
pub fn untyped(param: &Param) -> Value {
    match param {
        Param::Null => Value::Null,
        Param::Bool(b) => Value::Bool(*b),
        Param::Number(n) => Value::Number(Number::from_json(n)),
        Param::Text(t) => Value::text(t),
        Param::File(f) => Value::text(&f.name),
        Param::Array(a) if a.is_list() => Value::list(a.values().map(untyped).collect()),
        Param::Array(a) => Value::object(a.iter().map(|(k, v)| (k.to_owned(), untyped(v)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::form;
    use serde_json::json;

    #[test]
    fn types() {
        let zone = TimeZone::fixed(jiff::tz::offset(3));
        let table = [
            ("string", false, json!("x"), json!("x")),
            ("string", false, json!(5), json!("5")),
            ("text", false, json!(""), json!("")),
            ("int", false, json!("42"), json!(42)),
            ("int", false, json!(42), json!(42)),
            ("double", false, json!("1,5"), json!(1.5)),
            ("double", false, json!("abc"), json!("abc")),
            ("double", false, json!(""), json!(null)),
            ("bool", false, json!("Y"), json!(true)),
            ("bool", false, json!(false), json!(false)),
            ("bool", false, json!("0"), json!(false)),
            ("date", false, json!("2025-02-05"), json!("2025-02-05")),
            ("date", false, json!("05.02.2025"), json!("2025-02-05")),
            ("datetime", false, json!("05.02.2025 08:58:14"), json!("2025-02-05T08:58:14+03:00")),
            ("datetime", false, json!("2025-02-05T05:58:14Z"), json!("2025-02-05T08:58:14+03:00")),
            ("datetime", false, json!("soon"), json!("soon")),
            ("select", false, json!(["k1", "k2"]), json!("k1")),
            ("user", false, json!(5), json!("user_5")),
            ("user", false, json!("user_5"), json!("user_5")),
            ("user", false, json!("Ann Lee [5]"), json!("user_5")),
            ("user", true, json!(["5", "group_d2"]), json!(["user_5", "group_d2"])),
            ("string", true, json!("one"), json!(["one"])),
            ("string", true, json!(["a", "b"]), json!(["a", "b"])),
            ("string", true, json!({"x": "a"}), json!(["a"])),
            ("string", false, json!(["a", "b"]), json!("a")),
            ("UF:unknown", false, json!("a"), json!("a")),
        ];
        for (kind, multiple, given, want) in table {
            let got = typed(kind, multiple, &Param::from_json(&given), &zone);
            assert_eq!(got.to_json(), want, "{kind} {given}");
        }
    }

    #[test]
    fn a_form_and_json_give_the_same() {
        let zone = TimeZone::UTC;
        let descriptor =
            |kind: &str, multiple| PropertyDescriptor { kind: kind.into(), multiple, ..Default::default() };
        let properties: indexmap::IndexMap<String, PropertyDescriptor> = [
            ("outputString".to_owned(), descriptor("string", false)),
            ("n".to_owned(), descriptor("int", false)),
            ("ok".to_owned(), descriptor("bool", false)),
            ("list".to_owned(), descriptor("string", true)),
        ]
        .into();
        let by_form = form::decode(b"OUTPUTSTRING=5&N=7&ok=1&list[]=a&list[]=b&unknown=1").unwrap();
        let by_json = json!({"outputstring": 5, "n": 7, "OK": true, "list": ["a", "b"], "unknown": {}});
        let by_json = Param::from_json(&by_json);
        let want = json!({"outputString": "5", "n": 7, "ok": true, "list": ["a", "b"]});
        for given in [&by_form, by_json.as_array().unwrap()] {
            let got = declared(&properties, given, &zone);
            assert_eq!(Value::Object(Arc::new(got)).to_json(), want);
        }
    }
}
