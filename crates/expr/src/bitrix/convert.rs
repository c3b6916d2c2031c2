//! Between types, the way the portal does it: text for people, modifiers, numbers out of texts.

use super::dates;
use super::{Session, php};
use crate::feel::temporal::{self, Zones};
use model::{Number, Value};

/// Fields of `System` that need no scope.
pub(super) fn system(session: &Session, object: &str, field: &str) -> Option<Value> {
    if object != "System" {
        return None;
    }
    match field {
        "Now" | "NowLocal" => Some(dates::now(session).value()),
        "Date" => Some(Value::Date(dates::now(session).local.date())),
        "Eol" => Some(Value::text("\n")),
        _ => None,
    }
}

/// A value inside a text.
pub(super) fn text(session: &Session, value: &Value) -> String {
    match value {
        Value::Bool(b) => if *b { "Y" } else { "N" }.to_owned(),
        Value::Date(d) => dates::portal_date(*d),
        Value::DateTime(..) => dates::Moment::of(session, value).map_or_else(String::new, |m| m.portal()),
        Value::Time(t, _) => t.strftime("%H:%M:%S").to_string(),
        Value::List(items) => items.iter().map(|i| text(session, i)).collect::<Vec<_>>().join(", "),
        other => other.to_text(),
    }
}

/// A value for people.
fn printable(session: &Session, value: &Value) -> String {
    match value {
        Value::Bool(b) => yes_no(session, *b).to_owned(),
        Value::String(s) if &**s == "Y" => yes_no(session, true).to_owned(),
        Value::String(s) if &**s == "N" => yes_no(session, false).to_owned(),
        Value::List(items) => items.iter().map(|i| printable(session, i)).collect::<Vec<_>>().join(", "),
        other => text(session, other),
    }
}

fn yes_no(session: &Session, yes: bool) -> &'static str {
    match (session.english(), yes) {
        (true, true) => "Yes",
        (true, false) => "No",
        (false, true) => "Да",
        (false, false) => "Нет",
    }
}

/// A modifier applied; says why it does not fit.
pub(super) fn modify(session: &Session, value: &Value, modifier: &str) -> Result<Value, String> {
    if let ("printable" | "friendly", value) = (modifier, value) {
        return Ok(Value::from(printable(session, value)));
    }
    if let Value::List(items) = value {
        let items: Result<Vec<Value>, String> = items.iter().map(|i| modify(session, i, modifier)).collect();
        return items.map(Value::list);
    }
    if value.is_null() {
        return Ok(Value::Null);
    }
    Ok(match modifier {
        "string" | "text" => Value::from(text(session, value)),
        "int" | "integer" => Value::Number(to_integer(session, value)),
        "double" | "float" => Value::Number(to_number(session, value)),
        "bool" | "boolean" => Value::Bool(truth(value)),
        "date" => {
            let at = dates::Moment::of(session, value).ok_or_else(|| "it is no date".to_owned())?;
            Value::Date(at.local.date())
        }
        "datetime" | "server" | "author" | "responsible" => {
            dates::Moment::of(session, value).ok_or_else(|| "it is no date".to_owned())?.in_zone(session).value()
        }
        "time" => {
            let at = dates::Moment::of(session, value).ok_or_else(|| "it is no time".to_owned())?;
            Value::Time(at.local.time(), None)
        }
        "user" => users(value),
        "name" => match value {
            Value::File(file) => Value::text(&file.name),
            _ => return Err("only files have a name".to_owned()),
        },
        other => return Err(format!("the modifier `{other}` is not available")),
    })
}

/// Numbers out of anything, the way PHP reads them: `"12 pieces"` is 12, nothing is 0, a date its Unix seconds.
pub(super) fn to_number(session: &Session, value: &Value) -> Number {
    match value {
        Value::Number(n) => *n,
        Value::Bool(b) => Number::from(i64::from(*b)),
        Value::String(s) => php::leading_number(s),
        Value::Date(_) | Value::DateTime(..) => {
            dates::Moment::of(session, value).map_or(Number::ZERO, |m| Number::from(m.at.as_second()))
        }
        Value::DaysDuration(ms) => Number::from(ms / 1000),
        Value::List(items) => items.first().map_or(Number::ZERO, |i| to_number(session, i)),
        _ => Number::ZERO,
    }
}

fn to_integer(session: &Session, value: &Value) -> Number {
    let n = to_number(session, value);
    n.rounded(0, model::number::Rounding::Down).unwrap_or(n)
}

/// A number when the value is one or its whole text is.
pub(super) fn numeric(value: &Value) -> Option<Number> {
    match value {
        Value::Number(n) => Some(*n),
        Value::String(s) => s.trim().parse().ok(),
        _ => None,
    }
}

/// Whether the portal takes a value for yes.
pub(super) fn truth(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(b) => *b,
        Value::Number(n) => *n != Number::ZERO,
        Value::String(s) => !matches!(s.trim().to_lowercase().as_str(), "" | "0" | "n" | "no" | "false" | "нет"),
        Value::List(items) => !items.is_empty(),
        _ => true,
    }
}

/// `user_5` out of `5`, `user_5`, `group_u5`, `Name Surname [5]`; other notations stay.
pub(super) fn user(text: &str) -> Option<String> {
    let text = text.trim();
    let bracketed = text.strip_suffix(']').and_then(|t| t.rsplit_once('[')).map(|(_, id)| id);
    let id = [text.strip_prefix("user_"), text.strip_prefix("group_u"), bracketed, Some(text)]
        .into_iter()
        .flatten()
        .find(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()))?;
    Some(format!("user_{id}"))
}

/// People out of a value: one, or a list separated by `,` or `;`.
fn users(value: &Value) -> Value {
    let Value::String(s) = value else {
        return numeric(value).map_or_else(|| value.clone(), |n| Value::from(format!("user_{n}")));
    };
    let each = |s: &str| Value::from(user(s).unwrap_or_else(|| s.trim().to_owned()));
    let parts: Vec<&str> = s.split([',', ';']).filter(|p| !p.trim().is_empty()).collect();
    match parts.as_slice() {
        [one] => each(one),
        many => Value::list(many.iter().map(|p| each(p)).collect()),
    }
}

/// A list as it is, anything else as a list of one, nothing as an empty list.
pub(super) fn items(value: &Value) -> Vec<Value> {
    match value {
        Value::Null => Vec::new(),
        Value::List(items) => items.to_vec(),
        Value::Object(entries) => entries.values().cloned().collect(),
        other => vec![other.clone()],
    }
}

/// The zones of the evaluation for FEEL's calendar.
pub(super) fn zones<'a>(session: &Session<'a>) -> Zones<'a> {
    Zones { zone: session.env.zone, now: session.env.now }
}

/// A date or date-time out of ISO text.
pub(super) fn iso(text: &str) -> Option<Value> {
    temporal::parse_date(text).map(Value::Date).or_else(|| temporal::parse_date_time(text))
}
