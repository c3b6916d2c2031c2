//! What a value must be to become part of a record, and in which form it is kept.
//!
//! Owns: the table of accepted forms. Invariant: a value that passed is of the field's one stored form, so readers
//! never guess: text = string, number = number, yes/no = boolean, date = date or date and time, list = an option's
//! key, person = `user_5`, link = `rec_7`; several values = a list of these; nothing = null.
//! Never: asks the store. Whether a person or linked record exists is checked by [`super::Records`] after this.

use jiff::civil;
use model::catalog::{Field, FieldType};
use model::error::codes;
use model::value::Zone;
use model::{Fault, Number, Object, RecordId, UserId, Value};
use serde_json::json;
use std::sync::Arc;

/// Values one field may hold.
pub const MAX_VALUES: usize = 1000;
/// Bytes of all fields of a record.
pub const MAX_RECORD_BYTES: usize = 4 << 20;

/// How a set of values meets a catalog's fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completeness {
    /// A new record: required fields must be there.
    Whole,
    /// A change: only the given fields are checked.
    Partial,
}

/// Checks `values` against `fields` and brings them to their stored form, keyed as the catalog spells the keys.
/// The first wrong field gives `DOC-0003` or `DOC-0004` with `{"field","reason"}`.
pub fn validate(fields: &[Field], values: &Object, completeness: Completeness) -> Result<Object, Fault> {
    let mut out = Object::new();
    for (key, value) in values {
        let field = find(fields, key).ok_or_else(|| {
            Fault::new(&codes::FIELD_UNKNOWN, format!("The catalog has no field `{key}`"))
                .with_details(json!({ "field": &**key }))
        })?;
        let stored = field_value(field, value)?;
        if field.required && stored.is_null() {
            return Err(wrong(field, "required", "a value is required"));
        }
        out.insert(Arc::from(field.key.as_str()), stored);
    }
    let missing = fields.iter().find(|f| f.required && !out.contains_key(f.key.as_str()));
    if let Some(field) = missing.filter(|_| completeness == Completeness::Whole) {
        return Err(wrong(field, "required", "a value is required"));
    }
    let bytes: usize = out.iter().map(|(k, v)| k.len() + v.size_bytes()).sum();
    if bytes > MAX_RECORD_BYTES {
        let message = format!("The record's values take {bytes} bytes; {MAX_RECORD_BYTES} are allowed");
        return Err(Fault::new(&codes::FIELD_INVALID, message).with_details(json!({ "reason": "size" })));
    }
    Ok(out)
}

/// The field of `key`, which is compared without regard to case.
pub fn find<'a>(fields: &'a [Field], key: &str) -> Option<&'a Field> {
    fields.iter().find(|f| f.key == key).or_else(|| fields.iter().find(|f| f.key.eq_ignore_ascii_case(key)))
}

/// A fault that names the field.
pub(crate) fn wrong(field: &Field, reason: &'static str, text: &str) -> Fault {
    Fault::new(&codes::FIELD_INVALID, format!("Field `{}`: {text}", field.key))
        .with_details(json!({ "field": field.key, "reason": reason }))
}

/// The stored form of a field's value: null when there is none.
pub fn field_value(field: &Field, value: &Value) -> Result<Value, Fault> {
    if !field.multiple {
        let single = match value {
            Value::List(items) if items.len() <= 1 => items.first().cloned().unwrap_or_default(),
            Value::List(_) => return Err(wrong(field, "type", "one value is expected, several were given")),
            other => other.clone(),
        };
        return one(field, &single);
    }
    let items = match value {
        Value::List(items) => items.to_vec(),
        other => vec![other.clone()],
    };
    if items.len() > MAX_VALUES {
        return Err(wrong(field, "count", "too many values"));
    }
    let stored = items.iter().map(|v| one(field, v)).collect::<Result<Vec<_>, _>>()?;
    let kept: Vec<Value> = stored.into_iter().filter(|v| !v.is_null()).collect();
    Ok(if kept.is_empty() { Value::Null } else { Value::list(kept) })
}

fn one(field: &Field, value: &Value) -> Result<Value, Fault> {
    if value.is_null() || value.as_str().is_some_and(|s| s.trim().is_empty()) {
        return Ok(Value::Null);
    }
    let stored = match &field.kind {
        FieldType::Text { .. } => text(value),
        FieldType::Number => number(value),
        FieldType::Boolean => boolean(value),
        FieldType::Date { time: false } => date(value),
        FieldType::Date { time: true } => date_time(value),
        FieldType::List { options } => {
            value.as_str().filter(|key| options.iter().any(|o| o.key == *key)).map(Value::text)
        }
        FieldType::Person => id(value, UserId::PREFIX).map(|n| Value::text(UserId(n).to_string())),
        FieldType::Link { .. } => id(value, RecordId::PREFIX).map(|n| Value::text(RecordId(n).to_string())),
    };
    stored.ok_or_else(|| wrong(field, "type", &format!("{} is expected", expected(&field.kind))))
}

fn expected(kind: &FieldType) -> String {
    match kind {
        FieldType::Text { .. } => "text".into(),
        FieldType::Number => "a number".into(),
        FieldType::Boolean => "yes or no (true, false)".into(),
        FieldType::Date { time: false } => "a date (YYYY-MM-DD)".into(),
        FieldType::Date { time: true } => "a date and time (ISO 8601)".into(),
        FieldType::List { options } => {
            let keys: Vec<&str> = options.iter().take(20).map(|o| o.key.as_str()).collect();
            format!("one of {}", keys.join(", "))
        }
        FieldType::Person => "a person (user_5)".into(),
        FieldType::Link { catalog } => format!("a record of {catalog} (rec_7)"),
    }
}

fn text(value: &Value) -> Option<Value> {
    match value {
        Value::String(_) => Some(value.clone()),
        Value::List(_) | Value::Object(_) | Value::File(_) | Value::Null => None,
        scalar => Some(Value::text(scalar.to_text())),
    }
}

fn number(value: &Value) -> Option<Value> {
    match value {
        Value::Number(_) => Some(value.clone()),
        Value::String(s) => s.trim().replace(',', ".").parse::<Number>().ok().map(Value::Number),
        _ => None,
    }
}

fn boolean(value: &Value) -> Option<Value> {
    match value {
        Value::Bool(_) => Some(value.clone()),
        Value::Number(_) | Value::String(_) => match value.to_text().trim().to_ascii_lowercase().as_str() {
            "y" | "1" | "true" | "yes" => Some(Value::Bool(true)),
            "n" | "0" | "false" | "no" => Some(Value::Bool(false)),
            _ => None,
        },
        _ => None,
    }
}

fn date(value: &Value) -> Option<Value> {
    match value {
        Value::Date(_) => Some(value.clone()),
        Value::DateTime(d, _) => Some(Value::Date(d.date())),
        Value::String(s) => {
            let s = s.trim();
            plain_date(s).or_else(|| Some(read_date_time(s)?.0.date())).map(Value::Date)
        }
        _ => None,
    }
}

fn date_time(value: &Value) -> Option<Value> {
    match value {
        Value::DateTime(..) => Some(value.clone()),
        Value::Date(d) => Some(Value::DateTime(d.at(0, 0, 0, 0), None)),
        Value::String(s) => read_date_time(s.trim()).map(|(d, z)| Value::DateTime(d, z)),
        _ => None,
    }
}

/// `2025-02-05` or `05.02.2025`.
fn plain_date(text: &str) -> Option<civil::Date> {
    let format = if text.contains('.') { "%d.%m.%Y" } else { "%Y-%m-%d" };
    (text.len() == 10).then(|| civil::Date::strptime(format, text).ok()).flatten()
}

/// ISO 8601 with or without an offset, with `T` or a space, or `05.02.2025 08:58:14`; a date alone is its midnight.
fn read_date_time(text: &str) -> Option<(civil::DateTime, Option<Zone>)> {
    if let Some(date) = plain_date(text) {
        return Some((date.at(0, 0, 0, 0), None));
    }
    if let Ok(pieces) = jiff::fmt::temporal::Pieces::parse(text) {
        let zone = match pieces.offset() {
            None => None,
            Some(jiff::fmt::temporal::PiecesOffset::Zulu) => Some(Zone::Offset(0)),
            Some(jiff::fmt::temporal::PiecesOffset::Numeric(n)) => Some(Zone::Offset(n.offset().seconds())),
            Some(_) => None,
        };
        return Some((pieces.date().to_datetime(pieces.time()?), zone));
    }
    let formats = ["%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M"];
    formats.iter().find_map(|f| civil::DateTime::strptime(f, text).ok()).map(|d| (d, None))
}

/// `user_5`, `5` or the number 5.
fn id(value: &Value, prefix: &str) -> Option<i64> {
    match value {
        Value::Number(n) => n.to_i64().filter(|n| *n > 0),
        Value::String(s) => {
            let s = s.trim();
            let digits = s.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')).unwrap_or(s);
            digits.parse().ok().filter(|n| *n > 0)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::CatalogId;

    fn field(kind: FieldType) -> Field {
        Field { key: "F".into(), name: "F".into(), kind, required: false, multiple: false }
    }

    fn check(kind: FieldType, given: serde_json::Value, kept: Option<serde_json::Value>) {
        let got = field_value(&field(kind.clone()), &Value::from_json(&given));
        assert_eq!(got.as_ref().ok().map(Value::to_json), kept, "{kind:?} given {given}");
        if let Err(fault) = got {
            assert!(fault.is(&codes::FIELD_INVALID));
            assert_eq!(fault.details.unwrap()["field"], "F");
        }
    }

    #[test]
    fn accepted_forms() {
        let option = |key: &str| model::catalog::ListOption { key: key.into(), label: key.to_uppercase() };
        let list = FieldType::List { options: vec![option("new"), option("done")] };
        let (day, instant) = (FieldType::Date { time: false }, FieldType::Date { time: true });
        let text = FieldType::Text { multiline: false };
        let link = FieldType::Link { catalog: CatalogId(1) };
        let table = [
            (text.clone(), json!("x"), Some(json!("x"))),
            (text.clone(), json!(12.5), Some(json!("12.5"))),
            (text.clone(), json!("  "), Some(json!(null))),
            (text.clone(), json!({"a": 1}), None),
            (text, json!(["a", "b"]), None),
            (FieldType::Number, json!("1,5"), Some(json!(1.5))),
            (FieldType::Number, json!(3), Some(json!(3))),
            (FieldType::Number, json!("x"), None),
            (FieldType::Number, json!(true), None),
            (FieldType::Boolean, json!("Y"), Some(json!(true))),
            (FieldType::Boolean, json!(0), Some(json!(false))),
            (FieldType::Boolean, json!("maybe"), None),
            (day.clone(), json!("2025-02-05"), Some(json!("2025-02-05"))),
            (day.clone(), json!("05.02.2025"), Some(json!("2025-02-05"))),
            (day.clone(), json!("2025-02-05T10:00:00Z"), Some(json!("2025-02-05"))),
            (day.clone(), json!("2025-02-30"), None),
            (day, json!(20_250_205), None),
            (instant.clone(), json!("2025-02-05T10:00:00+03:00"), Some(json!("2025-02-05T10:00:00+03:00"))),
            (instant.clone(), json!("2025-02-05 10:00:00"), Some(json!("2025-02-05T10:00:00"))),
            (instant.clone(), json!("05.02.2025 10:00:00"), Some(json!("2025-02-05T10:00:00"))),
            (instant, json!("soon"), None),
            (list.clone(), json!("new"), Some(json!("new"))),
            (list, json!("NEW"), None),
            (FieldType::Person, json!("user_5"), Some(json!("user_5"))),
            (FieldType::Person, json!(5), Some(json!("user_5"))),
            (FieldType::Person, json!("rec_5"), None),
            (link.clone(), json!("7"), Some(json!("rec_7"))),
            (link, json!(-7), None),
        ];
        for (kind, given, kept) in table {
            check(kind, given, kept);
        }
    }

    #[test]
    fn several_required_and_unknown() {
        let many = Field { multiple: true, ..field(FieldType::Number) };
        let got = |json: serde_json::Value| field_value(&many, &Value::from_json(&json)).map(|v| v.to_json());
        assert_eq!(got(json!([1, "", "2"])).unwrap(), json!([1, 2]));
        assert_eq!(got(json!(4)).unwrap(), json!([4]));
        assert_eq!(got(json!([""])).unwrap(), json!(null));
        assert!(got(json!([1, "x"])).is_err());

        let needed = [Field { required: true, ..field(FieldType::Number) }];
        let object = |key: &str, v: Value| Object::from_iter([(Arc::from(key), v)]);
        let whole = |o: &Object| validate(&needed, o, Completeness::Whole);
        assert!(whole(&Object::new()).is_err_and(|f| f.details.unwrap()["reason"] == "required"));
        assert!(validate(&needed, &Object::new(), Completeness::Partial).is_ok());
        assert!(validate(&needed, &object("F", Value::Null), Completeness::Partial).is_err());
        assert!(whole(&object("f", Value::from(1))).unwrap().contains_key("F"));
        assert!(whole(&object("G", Value::from(1))).is_err_and(|f| f.is(&codes::FIELD_UNKNOWN)));
    }
}
