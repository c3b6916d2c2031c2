//! Reads tables of cases: `expression => expected`, one a line.
//!
//! `@vars {json}` sets the variables from there on; `#` begins a comment line; `\n` in an expression is written `⏎`.
//! Expected is JSON, or `!null` (null with a warning), or `!syntax LINE:COLUMN`, or `!error CODE`.

use expr::{Compiled, Env, EvalError, Evaluated, Scope, SyntaxError};
use jiff::tz::TimeZone;
use model::limits::Limits;
use model::{Object, Timestamp, Value};
use std::fmt::Write;

/// Variables from JSON; `Object:Field` members for Bitrix.
pub struct Vars(pub Object);

impl Vars {
    pub fn json(text: &str) -> Self {
        let json: serde_json::Value = serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"));
        match Value::from_json(&json) {
            Value::Object(o) => Self(o.iter().map(|(k, v)| (k.clone(), typed(v))).collect()),
            _ => panic!("variables are an object: {text}"),
        }
    }
}

/// A text such as `@2026-01-31` stands for the typed value.
fn typed(value: &Value) -> Value {
    match value {
        Value::String(s) if s.starts_with('@') => {
            let literal = format!("@\"{}\"", &s[1..]);
            let compiled = expr::compile(model::definition::Language::Feel, &literal, &Limits::default()).unwrap();
            eval(&compiled, &Vars(Object::new()), &Limits::default()).unwrap().value
        }
        Value::List(items) => Value::list(items.iter().map(typed).collect()),
        Value::Object(o) => Value::Object(std::sync::Arc::new(o.iter().map(|(k, v)| (k.clone(), typed(v))).collect())),
        other => other.clone(),
    }
}

impl Scope for Vars {
    fn variable(&self, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }
    fn object(&self, object: &str, field: &str) -> Option<Value> {
        self.0.get(object)?.get(field).cloned()
    }
    fn all(&self) -> Object {
        self.0.clone()
    }
}

pub fn zone() -> TimeZone {
    TimeZone::get("Europe/Moscow").unwrap()
}

pub fn now() -> Timestamp {
    Timestamp::parse_iso("2026-11-21T10:00:00Z").unwrap()
}

pub fn eval(compiled: &Compiled, vars: &Vars, limits: &Limits) -> Result<Evaluated, EvalError> {
    let zone = zone();
    compiled.eval(&Env { scope: vars, now: now(), zone: &zone, limits, seed: 7 })
}

/// Checks every line of a table; reports all that differ at once.
pub fn check_table(table: &str, compile: impl Fn(&str, &Limits) -> Result<Compiled, SyntaxError>) -> usize {
    let limits = Limits::default();
    let mut vars = Vars(Object::new());
    let (mut count, mut wrong) = (0, String::new());
    for (number, line) in table.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(json) = line.strip_prefix("@vars ") {
            vars = Vars::json(json);
            continue;
        }
        let (expression, expected) = line.rsplit_once(" => ").unwrap_or_else(|| panic!("line {}: {line}", number + 1));
        let expression = expression.trim().replace('⏎', "\n");
        let got = outcome(&compile(&expression, &limits), &vars, &limits, expected.trim());
        count += 1;
        if let Err(got) = got {
            let _ = writeln!(wrong, "line {}: {expression}\n   expected {expected}\n   got      {got}", number + 1);
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    count
}

fn outcome(
    compiled: &Result<Compiled, SyntaxError>,
    vars: &Vars,
    limits: &Limits,
    expected: &str,
) -> Result<(), String> {
    let compiled = match compiled {
        Err(e) => {
            let got = format!("!syntax {}:{}", e.line, e.column);
            assert!(!e.message.is_empty() && !e.message_ru.is_empty());
            return if got == expected { Ok(()) } else { Err(format!("{got} {}", e.message)) };
        }
        Ok(compiled) => compiled,
    };
    match eval(compiled, vars, limits) {
        Err(e) => {
            let got = format!("!error {}", e.fault().code.code);
            if got == expected { Ok(()) } else { Err(format!("{got} {e}")) }
        }
        Ok(Evaluated { value, warnings }) => {
            if expected == "!null" {
                let fits = value.is_null() && !warnings.is_empty();
                return if fits { Ok(()) } else { Err(format!("{} {warnings:?}", value.to_json())) };
            }
            let Ok(json) = serde_json::from_str::<serde_json::Value>(expected) else {
                return Err(format!("unreadable expectation; got {} {warnings:?}", value.to_json()));
            };
            if value.to_json() == json { Ok(()) } else { Err(format!("{} {warnings:?}", value.to_json())) }
        }
    }
}
