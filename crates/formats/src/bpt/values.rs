//! Property values: literals, macros, formulas, lists (Bitrix contract 5.5, 5.6).
//!
//! Never: evaluates.

use super::php::{Array, Php};
use crate::finding::Text;
use model::Value;

/// What a property's value becomes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Val {
    Literal(Value),
    /// Text with macros, or a formula.
    Bitrix(String),
}

/// Objects of expressions besides nodes.
const OBJECTS: &[&str] =
    &["Document", "Template", "Variable", "Constant", "GlobalVar", "GlobalConst", "Workflow", "User", "System"];

/// Whether `text` is more than itself.
pub(crate) fn is_dynamic(text: &str) -> bool {
    text.contains("{=") || (text.len() > 1 && text.starts_with('='))
}

fn is_node_name(text: &str) -> bool {
    text.strip_prefix('A').is_some_and(|rest| {
        rest.contains('_') && rest.split('_').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
    })
}

/// The old form of an expression: a pair `["Variable", "X"]`.
fn pair(array: &Array) -> Option<String> {
    if !array.is_list() {
        return None;
    }
    let mut items = array.values();
    let (Some(Php::Text(object)), Some(Php::Text(field)), None) = (items.next(), items.next(), items.next()) else {
        return None;
    };
    let known = OBJECTS.contains(&object.as_str()) || is_node_name(object);
    (known && !field.is_empty()).then(|| format!("{{={object}:{field}}}"))
}

/// What `php` becomes; maps inside are literal.
pub(crate) fn value(php: &Php) -> Val {
    match php {
        Php::Text(text) if is_dynamic(text) => Val::Bitrix(text.clone()),
        Php::Array(array) => match pair(array) {
            Some(text) => Val::Bitrix(text),
            None if array.is_list() => list(array),
            None => Val::Literal(literal(php)),
        },
        _ => Val::Literal(literal(php)),
    }
}

/// The plain value.
pub(crate) fn literal(php: &Php) -> Value {
    match php {
        Php::Float(text) => text.parse().map_or_else(|_| Value::text(text), Value::Number),
        other => Value::from_json(&other.to_json()),
    }
}

fn list(array: &Array) -> Val {
    let items: Vec<Val> = array.values().map(value).collect();
    match items.as_slice() {
        [Val::Bitrix(only)] if is_macro(only) => Val::Bitrix(only.clone()),
        _ if items.iter().all(|i| matches!(i, Val::Literal(_))) => Val::Literal(Value::list(
            items.into_iter().map(|i| if let Val::Literal(v) = i { v } else { Value::Null }).collect(),
        )),
        _ => {
            let parts: Vec<String> = items.iter().map(operand).collect();
            Val::Bitrix(format!("=merge({})", parts.join(", ")))
        }
    }
}

/// Whether `text` is one macro and nothing else.
pub(crate) fn is_macro(text: &str) -> bool {
    let inner = text.trim().strip_prefix("{=").and_then(|t| t.strip_suffix('}'));
    inner.is_some_and(|t| !t.contains(['{', '}']))
}

/// A value inside a formula.
fn operand(value: &Val) -> String {
    match value {
        Val::Literal(Value::Number(n)) => n.to_string(),
        Val::Literal(other) => quote(&other.to_text()),
        Val::Bitrix(text) if is_macro(text) => text.clone(),
        Val::Bitrix(text) => match text.strip_prefix('=') {
            Some(formula) => format!("({formula})"),
            None => concatenation(text),
        },
    }
}

/// Text with macros as a formula that joins its parts.
fn concatenation(text: &str) -> String {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("{=") {
        let formula = at > 0 && rest.as_bytes()[at - 1] == b'{';
        let (start, open, close) = if formula { (at - 1, 3, "}}") } else { (at, 2, "}") };
        if start > 0 {
            parts.push(quote(&rest[..start]));
        }
        let body = &rest[start + open..];
        let Some(end) = body.find(close) else {
            parts.push(quote(&rest[start..]));
            return parts.join(" & ");
        };
        parts.push(if formula { format!("({})", &body[..end]) } else { format!("{{={}}}", &body[..end]) });
        rest = &body[end + close.len()..];
    }
    if !rest.is_empty() {
        parts.push(quote(rest));
    }
    parts.join(" & ")
}

fn quote(text: &str) -> String {
    if !text.contains('\'') {
        return format!("'{text}'");
    }
    if !text.contains('"') {
        return format!("\"{text}\"");
    }
    let parts: Vec<String> = text.split('\'').map(|part| format!("'{part}'")).collect();
    parts.join(" & \"'\" & ")
}

/// A number of units of time as an ISO 8601 duration; with macros, text that becomes one.
pub(crate) fn duration(amount: &str, unit: &str) -> Result<Val, Text> {
    let (before, after) = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "s" => ("PT", "S"),
        "m" => ("PT", "M"),
        "h" => ("PT", "H"),
        "d" => ("P", "D"),
        other => {
            return Err(Text::new(
                format!("`{other}` is no unit of time: s, m, h or d"),
                format!("«{other}» — не единица времени: s, m, h или d"),
            ));
        }
    };
    let amount = amount.trim();
    if let Some(formula) = amount.strip_prefix('=').filter(|f| !f.is_empty()) {
        return Ok(Val::Bitrix(format!("{before}{{{{={formula}}}}}{after}")));
    }
    if is_dynamic(amount) {
        return Ok(Val::Bitrix(format!("{before}{amount}{after}")));
    }
    match amount.parse::<u32>() {
        Ok(n) => Ok(Val::Literal(Value::text(format!("{before}{n}{after}")))),
        Err(_) => Err(Text::new(format!("`{amount}` is no whole number"), format!("«{amount}» — не целое число"))),
    }
}

/// A date as templates write it, in ISO 8601: `31.01.2026 10:00:00`.
pub(crate) fn date(text: &str) -> Option<String> {
    let (day, time) = text.trim().split_once(' ').unwrap_or((text.trim(), "00:00:00"));
    let mut parts = day.split('.');
    let (d, m, y) = (parts.next()?, parts.next()?, parts.next()?);
    let time = if time.matches(':').count() == 1 { format!("{time}:00") } else { time.to_owned() };
    let iso = format!("{y}-{m:0>2}-{d:0>2}T{time:0>8}");
    iso.parse::<jiff::civil::DateTime>().ok().map(|_| iso)
}

/// `text` as an XML id; `prefix` goes first where the text may not.
pub(crate) fn identifier(text: &str, prefix: &str) -> String {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let body: String = text.chars().map(|c| if allowed(c) { c } else { '_' }).take(200).collect();
    let starts = body.starts_with(|c: char| c.is_alphabetic() || c == '_');
    if starts { body } else { format!("{prefix}{body}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(t: &str) -> Php {
        Php::Text(t.to_owned())
    }

    #[test]
    fn lists_keep_their_macros() {
        let cases = [
            (vec![text("author")], Val::Literal(Value::list(vec!["author".into()]))),
            (vec![text("{=Document:CREATED_BY}")], Val::Bitrix("{=Document:CREATED_BY}".into())),
            (vec![text("Variable"), text("X")], Val::Bitrix("{=Variable:X}".into())),
            (vec![text("user_1"), text("{=A1_2:F}")], Val::Bitrix("=merge('user_1', {=A1_2:F})".into())),
            (vec![text("it's {=A:B}!")], Val::Bitrix("=merge(\"it's \" & {=A:B} & '!')".into())),
            (vec![text("{{=1+2}} x"), text("y")], Val::Bitrix("=merge((1+2) & ' x', 'y')".into())),
        ];
        for (items, expected) in cases {
            assert_eq!(value(&Php::Array(Array::list(items))), expected);
        }
    }

    #[test]
    fn durations_and_dates() {
        assert_eq!(duration("5", "h").unwrap(), Val::Literal("PT5H".into()));
        assert_eq!(duration("{=Variable:N}", "d").unwrap(), Val::Bitrix("P{=Variable:N}D".into()));
        assert_eq!(duration("=1+1", "m").unwrap(), Val::Bitrix("PT{{=1+1}}M".into()));
        assert!(duration("soon", "m").is_err());
        assert_eq!(date("5.02.2026 8:30").as_deref(), Some("2026-02-05T08:30:00"));
        assert_eq!(date("tomorrow"), None);
    }
}
