//! A record as expressions see it, and its title.

use super::Record;
use super::validate::field_value;
use crate::catalogs::Catalog;
use model::catalog::{Field, FieldType};
use model::value::Zone;
use model::{Object, Timestamp, Value};
use std::sync::Arc;

/// Keys that every document has besides its fields; no field may be called so. (`NAME` may: it is the title unless a
/// field has that key.)
pub const SYSTEM_KEYS: [&str; 8] =
    ["ID", "RECORD_ID", "CATALOG_ID", "CREATED_BY", "MODIFIED_BY", "DATE_CREATE", "TIMESTAMP_X", "CREATED"];

/// Characters of a title.
const MAX_TITLE_CHARS: usize = 300;

/// Fields by their keys, then the system keys: `ID` the record's number as text, `RECORD_ID` `rec_7`, `NAME` the title,
/// `CREATED_BY` and `MODIFIED_BY` `user_5`, `DATE_CREATE` (also `CREATED`) and `TIMESTAMP_X` instants.
pub fn document_object(catalog: &Catalog, record: &Record) -> Object {
    let mut out = Object::new();
    for field in &catalog.fields {
        let value = record.fields.get(field.key.as_str()).cloned().unwrap_or_default();
        out.insert(Arc::from(field.key.as_str()), value);
    }
    let user = |id: Option<model::UserId>| id.map_or(Value::Null, |id| Value::text(id.to_string()));
    let system = [
        ("ID", Value::text(record.id.0.to_string())),
        ("RECORD_ID", Value::text(record.id.to_string())),
        ("CATALOG_ID", Value::text(record.catalog.to_string())),
        ("CREATED_BY", user(record.created_by)),
        ("MODIFIED_BY", user(record.updated_by)),
        ("DATE_CREATE", instant(record.created_at)),
        ("CREATED", instant(record.created_at)),
        ("TIMESTAMP_X", instant(record.updated_at)),
    ];
    out.extend(system.map(|(key, value)| (Arc::from(key), value)));
    if !catalog.fields.iter().any(|f| f.key.eq_ignore_ascii_case("NAME")) {
        out.insert(Arc::from("NAME"), Value::text(&record.title));
    }
    out
}

fn instant(at: Timestamp) -> Value {
    Value::DateTime(jiff::tz::Offset::UTC.to_datetime(at.to_jiff()), Some(Zone::Offset(0)))
}

/// What people see of a record: the text of its title field, or its number.
pub(super) fn title(catalog: &Catalog, id: i64, fields: &Object) -> String {
    let field = catalog.title_field.as_ref().and_then(|key| catalog.fields.iter().find(|f| f.key == *key));
    let text = field.and_then(|f| Some(shown(f, fields.get(f.key.as_str())?))).unwrap_or_default();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() { format!("#{id}") } else { text.chars().take(MAX_TITLE_CHARS).collect() }
}

fn shown(field: &Field, value: &Value) -> String {
    match value {
        Value::List(items) => items.iter().map(|v| shown(field, v)).collect::<Vec<_>>().join(", "),
        Value::String(key) => match &field.kind {
            FieldType::List { options } => {
                options.iter().find(|o| o.key == **key).map_or_else(|| key.to_string(), |o| o.label.clone())
            }
            _ => key.to_string(),
        },
        other => other.to_text(),
    }
}

/// Stored JSON as values of their fields' types. A value that fits its field no longer stays as it is.
pub(super) fn read_fields(catalog: &Catalog, data: &serde_json::Value) -> Object {
    let Some(data) = data.as_object() else { return Object::new() };
    let typed = data.iter().map(|(key, json)| {
        let plain = Value::from_json(json);
        let field = catalog.fields.iter().find(|f| f.key == *key);
        let value = field.and_then(|f| field_value(f, &plain).ok()).unwrap_or(plain);
        (Arc::from(key.as_str()), value)
    });
    typed.collect()
}
