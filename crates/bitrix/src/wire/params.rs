//! The decoded parameters of a call: an ordered tree with the reading rules of contract 1.2.
//!
//! Forms know only text, JSON has types, and a list and a map with keys `0..n-1` are one thing. So every reader here
//! is lenient: a flag is `1`, `"1"`, `true`, `"Y"`; an absent optional value is missing, null or `""`.

use indexmap::IndexMap;
use serde_json::Value as Json;

/// A decoded value.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    /// JSON null.
    Null,
    /// A JSON boolean.
    Bool(bool),
    /// A JSON number.
    Number(serde_json::Number),
    /// Text; everything in a form is text.
    Text(String),
    /// A file part of a multipart body.
    File(Upload),
    /// A list or a map: told apart by its keys only.
    Array(Array),
}

/// A file part of a multipart body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The file's name as sent.
    pub name: String,
    /// Its content.
    pub bytes: bytes::Bytes,
}

/// An ordered map that is also a list when its keys are `0..n-1` in order (a PHP array).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Array {
    entries: IndexMap<String, Param>,
    next_index: u64,
}

impl Array {
    /// An empty array.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets `key`; a key that exists keeps its place.
    pub fn set(&mut self, key: impl Into<String>, value: Param) {
        let key = key.into();
        self.note_index(&key);
        self.entries.insert(key, value);
    }

    /// Appends under the next integer key.
    pub fn push(&mut self, value: Param) {
        let key = self.next_index.to_string();
        self.next_index += 1;
        self.entries.insert(key, value);
    }

    /// The value under `key`, made by `make` when there is none.
    pub(crate) fn entry(&mut self, key: &str, make: impl FnOnce() -> Param) -> &mut Param {
        self.note_index(key);
        self.entries.entry(key.to_owned()).or_insert_with(make)
    }

    /// The next integer key, which an append would use.
    pub(crate) fn next_key(&self) -> String {
        self.next_index.to_string()
    }

    fn note_index(&mut self, key: &str) {
        if let Some(index) = integer_key(key) {
            self.next_index = self.next_index.max(index.saturating_add(1));
        }
    }

    /// The value under exactly `key`.
    pub fn get(&self, key: &str) -> Option<&Param> {
        self.entries.get(key)
    }

    /// The value under `key` without regard to the case of ASCII letters; the last one wins.
    pub fn get_folded(&self, key: &str) -> Option<&Param> {
        self.entries.iter().rev().find(|(k, _)| k.eq_ignore_ascii_case(key)).map(|(_, v)| v)
    }

    /// Removes `key`, keeping the order of the rest.
    pub fn remove(&mut self, key: &str) -> Option<Param> {
        self.entries.shift_remove(key)
    }

    /// Keys and values in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &Param)> {
        self.entries.iter().map(|(k, v)| (k.as_str(), v))
    }

    /// Values in order.
    pub fn values(&self) -> impl Iterator<Item = &Param> {
        self.entries.values()
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether the keys are `0..n-1` in order; an empty array is a list.
    pub fn is_list(&self) -> bool {
        self.entries.keys().enumerate().all(|(i, k)| integer_key(k) == Some(i as u64))
    }

    /// Whether all keys are integers, in any order and with gaps: a list with holes, not a map.
    pub fn has_integer_keys(&self) -> bool {
        self.entries.keys().all(|k| integer_key(k).is_some())
    }

    /// Whether this is what a form sends for an empty list or map: `X[]=`.
    fn is_blank_marker(&self) -> bool {
        self.entries.len() == 1 && matches!(self.entries.get("0"), Some(Param::Text(t)) if t.is_empty())
    }

    /// Merges `other` over this one: equal top-level keys are replaced.
    pub fn merge(&mut self, other: Self) {
        for (key, value) in other.entries {
            self.set(key, value);
        }
    }
}

impl<K: Into<String>> FromIterator<(K, Param)> for Array {
    fn from_iter<T: IntoIterator<Item = (K, Param)>>(iter: T) -> Self {
        let mut array = Self::new();
        for (key, value) in iter {
            array.set(key, value);
        }
        array
    }
}

/// The number of a key that PHP would keep as an integer: no sign, no leading zero.
fn integer_key(key: &str) -> Option<u64> {
    let plain = !key.is_empty() && key.bytes().all(|b| b.is_ascii_digit()) && (key == "0" || !key.starts_with('0'));
    if plain { key.parse().ok() } else { None }
}

impl Param {
    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A list.
    pub fn list(items: impl IntoIterator<Item = Param>) -> Self {
        let mut array = Array::new();
        for item in items {
            array.push(item);
        }
        Self::Array(array)
    }

    /// Whether nothing was given: null or an empty text.
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(t) => t.is_empty(),
            Self::Array(a) => a.is_empty() || a.is_blank_marker(),
            Self::Bool(_) | Self::Number(_) | Self::File(_) => false,
        }
    }

    /// The list or map.
    pub fn as_array(&self) -> Option<&Array> {
        if let Self::Array(a) = self { Some(a) } else { None }
    }

    /// A scalar's text; null is empty, true is `1`, false is empty. `None` for lists, maps and files.
    pub fn as_text(&self) -> Option<String> {
        match self {
            Self::Null => Some(String::new()),
            Self::Bool(b) => Some(if *b { "1".to_owned() } else { String::new() }),
            Self::Number(n) => Some(n.to_string()),
            Self::Text(t) => Some(t.clone()),
            Self::File(_) | Self::Array(_) => None,
        }
    }

    /// A whole number from a number or a numeric text; a fraction of zero is dropped.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Bool(b) => Some(i64::from(*b)),
            Self::Number(n) => n.as_i64().or_else(|| whole(n.as_f64()?)),
            Self::Text(t) => {
                let t = t.trim();
                t.parse().ok().or_else(|| whole(t.parse().ok()?))
            }
            Self::Null | Self::File(_) | Self::Array(_) => None,
        }
    }

    /// A flag: `1`, `Y`, `yes`, `true`, `on` in any case, and any other non-zero number, are true.
    pub fn as_flag(&self) -> bool {
        match self {
            Self::Bool(b) => *b,
            Self::Number(n) => n.as_f64().is_some_and(|f| f != 0.0),
            Self::Text(t) => flag_word(t),
            Self::Null | Self::File(_) | Self::Array(_) => false,
        }
    }

    /// The values of a list or map, or the scalar alone; nothing for a blank.
    pub fn items(&self) -> Vec<&Param> {
        match self {
            _ if self.is_blank() => Vec::new(),
            Self::Array(a) => a.values().collect(),
            other => vec![other],
        }
    }

    /// As JSON: an array with keys `0..n-1` becomes a JSON array, a file its name.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Bool(b) => Json::Bool(*b),
            Self::Number(n) => Json::Number(n.clone()),
            Self::Text(t) => Json::String(t.clone()),
            Self::File(f) => Json::String(f.name.clone()),
            Self::Array(a) if a.is_list() => Json::Array(a.values().map(Self::to_json).collect()),
            Self::Array(a) => Json::Object(a.iter().map(|(k, v)| (k.to_owned(), v.to_json())).collect()),
        }
    }

    /// From JSON that is within the limits already.
    pub fn from_json(json: &Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(b) => Self::Bool(*b),
            Json::Number(n) => Self::Number(n.clone()),
            Json::String(s) => Self::Text(s.clone()),
            Json::Array(items) => Self::list(items.iter().map(Self::from_json)),
            Json::Object(map) => Self::Array(map.iter().map(|(k, v)| (k.clone(), Self::from_json(v))).collect()),
        }
    }
}

fn whole(f: f64) -> Option<i64> {
    (f.is_finite() && f.fract() == 0.0 && f.abs() < 9e15).then_some(f as i64)
}

fn flag_word(text: &str) -> bool {
    let t = text.trim();
    ["1", "y", "yes", "true", "on"].iter().any(|w| t.eq_ignore_ascii_case(w))
        || t.parse::<f64>().is_ok_and(|n| n != 0.0)
}

/// The top level of a call's parameters.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Params {
    /// The parameters in order.
    pub map: Array,
    /// Whether names are looked up without regard to case (all `bizproc.*` and `event.*` methods).
    pub fold_case: bool,
}

impl Params {
    /// The parameter `name`.
    pub fn get(&self, name: &str) -> Option<&Param> {
        if self.fold_case { self.map.get_folded(name) } else { self.map.get(name) }
    }

    /// The parameter under `name` in any case, whatever the method.
    pub fn get_any_case(&self, name: &str) -> Option<&Param> {
        self.map.get_folded(name)
    }

    /// The text of a scalar parameter, blank when missing; `None` for a list or map.
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).map_or(Some(String::new()), Param::as_text)
    }

    /// The text of a parameter that was given and is not blank.
    pub fn given_text(&self, name: &str) -> Option<String> {
        self.get(name).and_then(Param::as_text).filter(|t| !t.is_empty())
    }

    /// The whole number of a parameter.
    pub fn int(&self, name: &str) -> Option<i64> {
        self.get(name).and_then(Param::as_int)
    }

    /// The flag of a parameter; false when missing.
    pub fn flag(&self, name: &str) -> bool {
        self.get(name).is_some_and(Param::as_flag)
    }

    /// The map or list of a parameter that is one.
    pub fn array(&self, name: &str) -> Option<&Array> {
        self.get(name).and_then(Param::as_array)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn p(json: serde_json::Value) -> Param {
        Param::from_json(&json)
    }

    #[test]
    fn a_list_and_a_map_with_its_keys_are_one_thing() {
        let list = p(serde_json::json!(["crm", "X", "Y"]));
        let map = p(serde_json::json!({"0": "crm", "1": "X", "2": "Y"}));
        assert_eq!(list, map);
        assert_eq!(map.to_json(), serde_json::json!(["crm", "X", "Y"]));
        let gaps = serde_json::json!({"1": "X", "0": "crm"});
        assert_eq!(p(gaps.clone()).to_json(), gaps);
    }

    #[test]
    fn scalars_of_forms_and_json_read_alike() {
        for truth in [p(1.into()), p("1".into()), p(true.into()), p("Y".into()), p("True".into()), p("yes".into())] {
            assert!(truth.as_flag(), "{truth:?}");
        }
        for lie in [p(0.into()), p("0".into()), p(false.into()), p("N".into()), p("".into()), p(Json::Null)] {
            assert!(!lie.as_flag(), "{lie:?}");
        }
        for (given, int) in [(p(5.into()), Some(5)), (p("5".into()), Some(5)), (p(" 5 ".into()), Some(5))] {
            assert_eq!(given.as_int(), int);
        }
        for nothing in ["null", "None", "", "5x", "1.5"] {
            assert_eq!(p(nothing.into()).as_int(), None, "{nothing}");
        }
        assert!(p(serde_json::json!([""])).is_blank());
        assert!(p(serde_json::json!([""])).items().is_empty());
        assert_eq!(p("x".into()).items().len(), 1);
    }

    #[test]
    fn names_fold_only_where_the_method_folds() {
        let map: Array =
            [("event_token", Param::text("t")), ("EVENT_TOKEN", Param::text("last"))].into_iter().collect();
        let folded = Params { map: map.clone(), fold_case: true };
        assert_eq!(folded.given_text("Event_Token").as_deref(), Some("last"));
        let exact = Params { map, fold_case: false };
        assert_eq!(exact.given_text("Event_Token"), None);
        assert_eq!(exact.given_text("event_token").as_deref(), Some("t"));
    }
}
