//! Conditions of branches and loops (contract 5.3).
//!
//! JSON: `{"kind": K, "items": [{"object", "field", "operator", "value", "joiner"}, …]}`; an item may also be the
//! list `[field, operator, value, joiner]` of the older kinds. `joiner` says how an item attaches to what came before:
//! `"1"` opens a new group; a group is true when all its items are, the whole when any group is.

use super::calculator::order;
use super::macros::{self, Template};
use super::{Session, convert, sorted};
use crate::env::EvalError;
use crate::syntax::SyntaxError;
use model::Value;
use model::limits::Limits;
use std::cmp::Ordering;
use std::sync::Arc;

/// A condition that has been read.
#[derive(Debug)]
pub(crate) struct Condition {
    groups: Vec<Vec<Item>>,
}

#[derive(Debug)]
struct Item {
    /// Where the field is looked for, in order.
    objects: Vec<Arc<str>>,
    field: Arc<str>,
    operator: Operator,
    negated: bool,
    wanted: Operand,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Operator {
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    In,
    Contain,
    Empty,
    Between,
    Modified,
}

/// The value side: a constant, a text with expressions, or a list of either.
#[derive(Debug)]
enum Operand {
    Constant(Value),
    Text(Template),
    List(Vec<Operand>),
}

/// Reads a condition.
pub(crate) fn parse(text: &str, limits: &Limits) -> Result<Condition, SyntaxError> {
    let wrong = |en: &str, ru: &str| SyntaxError::at(text, 0, en, ru);
    let json: serde_json::Value = serde_json::from_str(text).map_err(|e| SyntaxError {
        line: u32::try_from(e.line()).unwrap_or(1).max(1),
        column: u32::try_from(e.column()).unwrap_or(1).max(1),
        message: format!("the condition is no JSON: {e}"),
        message_ru: format!("условие — не JSON: {e}"),
        expected: Vec::new(),
    })?;
    let kind = json.get("kind").and_then(serde_json::Value::as_str).unwrap_or("mixedcondition");
    match kind {
        "truecondition" => return Ok(Condition { groups: Vec::new() }),
        "fieldcondition" | "propertyvariablecondition" | "mixedcondition" => {}
        "codecondition" => {
            return Err(wrong("a condition in PHP can not run here", "условие на PHP здесь не выполняется"));
        }
        _ => {
            let kinds = ["fieldcondition", "propertyvariablecondition", "mixedcondition", "truecondition"];
            return Err(wrong("an unknown kind of condition", "неизвестный вид условия").expecting(&kinds));
        }
    }
    let items = match json.get("items") {
        None | Some(serde_json::Value::Null) => Vec::new(),
        Some(serde_json::Value::Array(items)) => items.clone(),
        Some(serde_json::Value::Object(items)) => items.values().cloned().collect(),
        Some(_) => return Err(wrong("`items` must be a list", "`items` должен быть списком")),
    };
    let mut groups: Vec<Vec<Item>> = Vec::new();
    for (index, json) in items.iter().enumerate() {
        let (item, or) = item(json, kind, limits).map_err(|(en, ru)| {
            wrong(&format!("condition {}: {en}", index + 1), &format!("условие {}: {ru}", index + 1))
        })?;
        match groups.last_mut() {
            Some(group) if !or => group.push(item),
            _ => groups.push(vec![item]),
        }
    }
    Ok(Condition { groups })
}

fn item(json: &serde_json::Value, kind: &str, limits: &Limits) -> Result<(Item, bool), (String, String)> {
    let part = |name: &str, index: usize| match json {
        serde_json::Value::Array(parts) => parts.get(index).cloned(),
        other => other.get(name).cloned(),
    };
    let word = |name: &str, index: usize| match part(name, index) {
        Some(serde_json::Value::String(s)) => Some(s),
        Some(serde_json::Value::Number(n)) => Some(n.to_string()),
        Some(serde_json::Value::Bool(b)) => Some(if b { "1" } else { "0" }.to_owned()),
        _ => None,
    };
    let Some(field) = word("field", 0).filter(|f| !f.is_empty()) else {
        return Err(("the field is missing".to_owned(), "не указано поле".to_owned()));
    };
    let operator = word("operator", 1).unwrap_or_default();
    let Some((operator, negated)) = operator_of(&operator) else {
        return Err((format!("no operator `{operator}`"), format!("нет оператора `{operator}`")));
    };
    let objects = match (word("object", usize::MAX), kind) {
        (Some(object), _) if !object.is_empty() => vec![Arc::from(object)],
        (_, "propertyvariablecondition") => vec![Arc::from("Variable"), Arc::from("Template")],
        _ => vec![Arc::from("Document")],
    };
    let pair = !matches!(operator, Operator::Between | Operator::In);
    let wanted = operand(&part("value", 2).unwrap_or_default(), pair, limits);
    let or = word("joiner", 3).is_some_and(|j| j == "1");
    Ok((Item { objects, field: Arc::from(field), operator, negated, wanted }, or))
}

fn operator_of(text: &str) -> Option<(Operator, bool)> {
    Some(match text.trim() {
        "=" | "==" => (Operator::Equal, false),
        "!=" | "<>" => (Operator::Equal, true),
        ">" => (Operator::Greater, false),
        ">=" => (Operator::GreaterOrEqual, false),
        "<" => (Operator::Less, false),
        "<=" => (Operator::LessOrEqual, false),
        "in" => (Operator::In, false),
        "!in" => (Operator::In, true),
        "contain" => (Operator::Contain, false),
        "!contain" => (Operator::Contain, true),
        "empty" => (Operator::Empty, false),
        "!empty" => (Operator::Empty, true),
        "between" => (Operator::Between, false),
        "modified" => (Operator::Modified, false),
        _ => return None,
    })
}

const OBJECTS: &[&str] =
    &["Document", "Template", "Variable", "Constant", "GlobalVar", "GlobalConst", "Workflow", "User", "System"];

fn operand(json: &serde_json::Value, pair: bool, limits: &Limits) -> Operand {
    match json {
        serde_json::Value::String(s) => Operand::Text(macros::parse(s, limits)),
        serde_json::Value::Array(items) => {
            // The old form of a reference: `["Variable", "X"]`.
            if let (true, [serde_json::Value::String(object), serde_json::Value::String(field)]) = (pair, &items[..])
                && OBJECTS.contains(&object.as_str())
            {
                return Operand::Text(macros::parse(&format!("{{={object}:{field}}}"), limits));
            }
            Operand::List(items.iter().map(|i| operand(i, true, limits)).collect())
        }
        other => Operand::Constant(Value::from_json(other)),
    }
}

impl Operand {
    fn value(&self, session: &mut Session) -> Result<Value, EvalError> {
        match self {
            Self::Constant(value) => Ok(value.clone()),
            Self::Text(template) => template.value(session),
            Self::List(items) => {
                let values: Result<Vec<Value>, EvalError> = items.iter().map(|i| i.value(session)).collect();
                Ok(Value::list(values?))
            }
        }
    }

    fn reads(&self, out: &mut Vec<Arc<str>>) {
        match self {
            Self::Constant(_) => {}
            Self::Text(template) => out.extend(template.reads()),
            Self::List(items) => items.iter().for_each(|i| i.reads(out)),
        }
    }
}

impl Condition {
    /// What it reads, as `Object:Field`.
    pub(crate) fn reads(&self) -> Vec<Arc<str>> {
        let mut out = Vec::new();
        for item in self.groups.iter().flatten() {
            out.extend(item.objects.iter().map(|o| Arc::from(format!("{o}:{}", item.field))));
            item.wanted.reads(&mut out);
        }
        sorted(out)
    }

    /// Whether it is always true.
    pub(crate) fn is_constant(&self) -> bool {
        self.groups.is_empty()
    }

    /// Whether any group holds; a condition without items does.
    pub(super) fn holds(&self, session: &mut Session) -> Result<bool, EvalError> {
        if self.groups.is_empty() {
            return Ok(true);
        }
        for group in &self.groups {
            let mut all = true;
            for item in group {
                if !item.holds(session)? {
                    all = false;
                    break;
                }
            }
            if all {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Item {
    fn holds(&self, session: &mut Session) -> Result<bool, EvalError> {
        session.burn(1)?;
        if self.operator == Operator::Modified {
            return Ok(self.is_modified(session));
        }
        let value = self.field_value(session);
        let holds = match self.operator {
            Operator::Empty => is_empty(&value),
            operator => {
                let wanted = self.wanted.value(session)?;
                session.burn(convert::items(&value).len() + convert::items(&wanted).len())?;
                compare(session, operator, &value, &wanted)?
            }
        };
        Ok(holds != self.negated)
    }

    fn field_value(&self, session: &mut Session) -> Value {
        for object in &self.objects {
            let found =
                convert::system(session, object, &self.field).or_else(|| session.env.scope.object(object, &self.field));
            if let Some(value) = found {
                return value;
            }
        }
        let objects = self.objects.join(" or ");
        session.warn(format!("`{objects}:{}` stands for nothing here", self.field));
        Value::Null
    }

    fn is_modified(&self, session: &mut Session) -> bool {
        let Some(changed) = session.env.scope.object("System", "ModifiedFields") else {
            session.warn("which fields were changed is not known here".to_owned());
            return false;
        };
        convert::items(&changed).iter().any(|c| c.as_str() == Some(&self.field))
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(s) => s.is_empty(),
        Value::List(items) => items.iter().all(is_empty),
        Value::Object(entries) => entries.is_empty(),
        _ => false,
    }
}

/// A value as a list: maps by their keys, nothing as one empty text.
fn as_list(value: &Value) -> Vec<Value> {
    let items = match value {
        Value::List(items) => items.to_vec(),
        Value::Object(entries) => entries.keys().map(|k| Value::String(k.clone())).collect(),
        other => vec![other.clone()],
    };
    if items.is_empty() { vec![Value::Null] } else { items }
}

fn compare(session: &mut Session, operator: Operator, value: &Value, wanted: &Value) -> Result<bool, EvalError> {
    match operator {
        Operator::Contain => contains(session, value, wanted),
        Operator::In => {
            let allowed = as_list(wanted);
            for one in as_list(value) {
                session.burn(allowed.len())?;
                if !allowed.iter().any(|a| ordered(session, &one, a) == Some(Ordering::Equal)) {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Operator::Between => {
            let ends = as_list(wanted);
            let (Some(low), Some(high)) = (ends.first(), ends.get(1)) else {
                session.warn("`between` needs two values".to_owned());
                return Ok(false);
            };
            Ok(as_list(value).iter().all(|v| {
                matches!(ordered(session, v, low), Some(Ordering::Greater | Ordering::Equal))
                    && matches!(ordered(session, v, high), Some(Ordering::Less | Ordering::Equal))
            }))
        }
        _ => Ok(by_position(session, operator, &as_list(value), &as_list(wanted))),
    }
}

/// Position by position; the shorter side repeats its last element; all must hold.
fn by_position(session: &Session, operator: Operator, values: &[Value], wanted: &[Value]) -> bool {
    (0..values.len().max(wanted.len())).all(|i| {
        let at = |side: &[Value]| side.get(i).or_else(|| side.last()).cloned().unwrap_or_default();
        let order = ordered(session, &at(values), &at(wanted));
        match operator {
            Operator::Greater => order == Some(Ordering::Greater),
            Operator::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
            Operator::Less => order == Some(Ordering::Less),
            Operator::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            _ => order == Some(Ordering::Equal),
        }
    })
}

/// Every wanted value is found: as an element for people and nested lists, as a part of the text otherwise.
fn contains(session: &mut Session, value: &Value, wanted: &Value) -> Result<bool, EvalError> {
    let values = as_list(value);
    for one in as_list(wanted) {
        let text = convert::text(session, &one);
        if text.is_empty() {
            return Ok(false);
        }
        session.burn(values.len())?;
        let found = values.iter().any(|v| {
            if is_user(v) || is_user(&one) || matches!(v, Value::List(_) | Value::Object(_)) {
                return as_list(v).iter().any(|e| ordered(session, e, &one) == Some(Ordering::Equal));
            }
            convert::text(session, v).contains(&text)
        });
        if !found {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_user(value: &Value) -> bool {
    value.as_str().is_some_and(|s| s.starts_with("user_") && convert::user(s).is_some())
}

/// The order of two scalars by the type of the field's side; none when they have none.
fn ordered(session: &Session, value: &Value, wanted: &Value) -> Option<Ordering> {
    if is_user(value) || is_user(wanted) {
        let id = |v: &Value| convert::user(&convert::text(session, v));
        return match (id(value), id(wanted)) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => Some(convert::text(session, value).cmp(&convert::text(session, wanted))),
        };
    }
    let nothing = |v: &Value| v.is_null() || v.as_str() == Some("");
    let zero = |v: &Value| convert::numeric(v) == Some(model::Number::ZERO);
    let equal_to_nothing = |v: &Value| nothing(v) || zero(v) || matches!(v, Value::Bool(false));
    if nothing(value) || nothing(wanted) {
        return match (equal_to_nothing(value), equal_to_nothing(wanted)) {
            (true, true) => Some(Ordering::Equal),
            (true, false) => Some(Ordering::Less),
            _ => Some(Ordering::Greater),
        };
    }
    let is_date = |v: &Value| matches!(v, Value::Date(_) | Value::DateTime(..));
    if is_date(value) || is_date(wanted) {
        let (a, b) = (super::dates::Moment::of(session, value)?, super::dates::Moment::of(session, wanted)?);
        return Some(a.at.cmp(&b.at));
    }
    Some(order(session, value, wanted))
}
