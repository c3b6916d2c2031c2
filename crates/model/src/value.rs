//! The one data type of process variables, record fields and expression results.
//!
//! JSON shape (outside): null, booleans, numbers, strings, arrays and objects as themselves; dates, times, durations
//! as ISO 8601 strings; a file as `{"$file":"file_7","name":"a.pdf","size":120,"type":"application/pdf"}`; a person as
//! `"user_5"`; a record as `"rec_7"` (both are plain strings inside too). Reading JSON gives strings for dates: a typed
//! date comes from an expression or from a record's field.

use crate::{FileId, Number};
use indexmap::IndexMap;
use jiff::civil;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Keys in insertion order.
pub type Object = IndexMap<Arc<str>, Value>;

/// A value. Cheap to clone: everything large is shared.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub enum Value {
    /// Nothing.
    #[default]
    #[serde(rename = "0")]
    Null,
    /// Yes or no.
    #[serde(rename = "b")]
    Bool(bool),
    /// A decimal number.
    #[serde(rename = "n")]
    Number(Number),
    /// Text.
    #[serde(rename = "s")]
    String(Arc<str>),
    /// A calendar date.
    #[serde(rename = "d")]
    Date(civil::Date),
    /// A time of day, with or without a zone.
    #[serde(rename = "t")]
    Time(civil::Time, Option<Zone>),
    /// Date and time, with or without a zone.
    #[serde(rename = "dt")]
    DateTime(civil::DateTime, Option<Zone>),
    /// An exact duration, in milliseconds.
    #[serde(rename = "dd")]
    DaysDuration(i64),
    /// A calendar duration, in months.
    #[serde(rename = "yd")]
    YearsDuration(i64),
    /// A list.
    #[serde(rename = "l")]
    List(Arc<Vec<Value>>),
    /// A context.
    #[serde(rename = "o")]
    Object(Arc<Object>),
    /// A reference to an uploaded file.
    #[serde(rename = "f")]
    File(Arc<FileRef>),
}

/// The zone of a time: an offset or a name of the IANA database.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Zone {
    /// Seconds east of UTC.
    #[serde(rename = "o")]
    Offset(i32),
    /// For example `Europe/Moscow`.
    #[serde(rename = "n")]
    Named(Arc<str>),
}

/// A file in the store of files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRef {
    /// Its id.
    pub id: FileId,
    /// Its name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Media type.
    pub media_type: String,
}

impl Value {
    /// Text.
    pub fn text(text: impl AsRef<str>) -> Self {
        Self::String(Arc::from(text.as_ref()))
    }

    /// A list.
    pub fn list(items: Vec<Value>) -> Self {
        Self::List(Arc::new(items))
    }

    /// A context from pairs.
    pub fn object<K: AsRef<str>>(pairs: impl IntoIterator<Item = (K, Value)>) -> Self {
        Self::Object(Arc::new(pairs.into_iter().map(|(k, v)| (Arc::from(k.as_ref()), v)).collect()))
    }

    /// Whether this is [`Value::Null`].
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The text of a [`Value::String`].
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(s) = self { Some(s) } else { None }
    }

    /// The truth of a [`Value::Bool`].
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(b) = self { Some(*b) } else { None }
    }

    /// The number of a [`Value::Number`].
    pub fn as_number(&self) -> Option<Number> {
        if let Self::Number(n) = self { Some(*n) } else { None }
    }

    /// The items of a [`Value::List`].
    pub fn as_list(&self) -> Option<&[Value]> {
        if let Self::List(l) = self { Some(l) } else { None }
    }

    /// The context of a [`Value::Object`].
    pub fn as_object(&self) -> Option<&Object> {
        if let Self::Object(o) = self { Some(o) } else { None }
    }

    /// A member of a context, `None` for anything else.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_object().and_then(|o| o.get(key))
    }

    /// What the type is called in messages.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::Date(_) => "date",
            Self::Time(..) => "time",
            Self::DateTime(..) => "date and time",
            Self::DaysDuration(_) => "days and time duration",
            Self::YearsDuration(_) => "years and months duration",
            Self::List(_) => "list",
            Self::Object(_) => "context",
            Self::File(_) => "file",
        }
    }

    /// From JSON; never fails (numbers beyond 34 digits are rounded).
    pub fn from_json(json: &serde_json::Value) -> Self {
        use serde_json::Value as J;
        match json {
            J::Null => Self::Null,
            J::Bool(b) => Self::Bool(*b),
            J::Number(n) => Self::Number(Number::from_json(n)),
            J::String(s) => Self::text(s),
            J::Array(a) => Self::list(a.iter().map(Self::from_json).collect()),
            J::Object(o) => {
                if let Some(file) = FileRef::from_json(o) {
                    return Self::File(Arc::new(file));
                }
                Self::Object(Arc::new(o.iter().map(|(k, v)| (Arc::from(k.as_str()), Self::from_json(v))).collect()))
            }
        }
    }

    /// To JSON, in the shape of the module's documentation.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as J;
        match self {
            Self::Null => J::Null,
            Self::Bool(b) => J::Bool(*b),
            Self::Number(n) => n.to_json(),
            Self::String(s) => J::String(s.to_string()),
            Self::List(l) => J::Array(l.iter().map(Self::to_json).collect()),
            Self::Object(o) => J::Object(o.iter().map(|(k, v)| (k.to_string(), v.to_json())).collect()),
            Self::File(f) => serde_json::json!({"$file": f.id, "name": f.name, "size": f.size, "type": f.media_type}),
            Self::Date(_) | Self::Time(..) | Self::DateTime(..) | Self::DaysDuration(_) | Self::YearsDuration(_) => {
                J::String(self.to_text())
            }
        }
    }

    /// The text of a scalar: ISO 8601 for dates and durations, `true`/`false`, a plain decimal; `""` for null; JSON for
    /// lists and contexts.
    pub fn to_text(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Bool(b) => b.to_string(),
            Self::Number(n) => n.to_string(),
            Self::String(s) => s.to_string(),
            Self::Date(d) => four_digit_year(d.to_string()),
            Self::Time(t, z) => format!("{t}{}", zone_text(z.as_ref())),
            Self::DateTime(d, z) => format!("{}{}", four_digit_year(d.to_string()), zone_text(z.as_ref())),
            Self::DaysDuration(ms) => days_duration_text(*ms),
            Self::YearsDuration(months) => years_duration_text(*months),
            Self::File(f) => f.name.clone(),
            Self::List(_) | Self::Object(_) => self.to_json().to_string(),
        }
    }

    /// A rough count of bytes in memory and on disk, for limits.
    pub fn size_bytes(&self) -> usize {
        match self {
            Self::String(s) => 8 + s.len(),
            Self::List(l) => 8 + l.iter().map(Self::size_bytes).sum::<usize>(),
            Self::Object(o) => 8 + o.iter().map(|(k, v)| k.len() + v.size_bytes()).sum::<usize>(),
            Self::File(f) => 64 + f.name.len(),
            _ => 8,
        }
    }
}

/// Years before our era as XML Schema and FEEL write them: `-2021`, not `-002021`.
fn four_digit_year(text: String) -> String {
    match text.strip_prefix("-00") {
        Some(rest) => format!("-{rest}"),
        None => text,
    }
}

impl FileRef {
    fn from_json(o: &serde_json::Map<String, serde_json::Value>) -> Option<Self> {
        Some(Self {
            id: o.get("$file")?.as_str()?.parse().ok()?,
            name: o.get("name")?.as_str()?.to_owned(),
            size: o.get("size")?.as_u64()?,
            media_type: o.get("type")?.as_str()?.to_owned(),
        })
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}
impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Number(Number::from(value))
    }
}
impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::text(value)
    }
}
impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::text(value)
    }
}

fn zone_text(zone: Option<&Zone>) -> String {
    match zone {
        None => String::new(),
        Some(Zone::Offset(0)) => "Z".to_owned(),
        Some(Zone::Offset(s)) => {
            let (sign, a) = if *s < 0 { ('-', -s) } else { ('+', *s) };
            let base = format!("{sign}{:02}:{:02}", a / 3600, a / 60 % 60);
            if a % 60 == 0 { base } else { format!("{base}:{:02}", a % 60) }
        }
        Some(Zone::Named(n)) => format!("@{n}"),
    }
}

fn days_duration_text(ms: i64) -> String {
    if ms == 0 {
        return "PT0S".to_owned();
    }
    let mut out = String::from(if ms < 0 { "-P" } else { "P" });
    let a = ms.unsigned_abs();
    let (d, h, m, s, f) = (a / 86_400_000, a / 3_600_000 % 24, a / 60_000 % 60, a / 1000 % 60, a % 1000);
    if d > 0 {
        out += &format!("{d}D");
    }
    if h + m + s + f > 0 {
        out.push('T');
        if h > 0 {
            out += &format!("{h}H");
        }
        if m > 0 {
            out += &format!("{m}M");
        }
        if f > 0 {
            out += format!("{s}.{f:03}").trim_end_matches('0');
            out.push('S');
        } else if s > 0 {
            out += &format!("{s}S");
        }
    }
    out
}

fn years_duration_text(months: i64) -> String {
    let (y, m) = (months.unsigned_abs() / 12, months.unsigned_abs() % 12);
    let sign = if months < 0 { "-" } else { "" };
    match (y, m) {
        (0, m) => format!("{sign}P{m}M"),
        (y, 0) => format!("{sign}P{y}Y"),
        (y, m) => format!("{sign}P{y}Y{m}M"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_round_trip() {
        let json = serde_json::json!({"a": [1, 2.5, "x", null, true], "b": {"c": -0.001}});
        assert_eq!(Value::from_json(&json).to_json(), json);
    }

    #[test]
    fn durations_as_iso() {
        for (ms, text) in [(0, "PT0S"), (90_061_001, "P1DT1H1M1.001S"), (-60_000, "-PT1M"), (1500, "PT1.5S")] {
            assert_eq!(Value::DaysDuration(ms).to_text(), text);
        }
        assert_eq!(Value::YearsDuration(-14).to_text(), "-P1Y2M");
    }
}
