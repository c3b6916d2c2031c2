//! The calculator: formulas of the contract 5.6, read by rank and evaluated on the portal's values.
//!
//! Invariant: nesting is counted while reading; every node costs fuel; texts and lists are bounded.

use super::macros::{self, Reference, Template};
use super::{Session, convert, dates, functions, max_depth};
use crate::env::EvalError;
use model::limits::Limits;
use model::{Number, Value};
use std::cmp::Ordering;
use std::sync::Arc;

/// Why a formula has no value.
pub(super) enum Failure {
    /// A limit.
    Limit(EvalError),
    /// Its text stays, for this reason.
    Because(String),
}

impl From<EvalError> for Failure {
    fn from(error: EvalError) -> Self {
        Self::Limit(error)
    }
}

pub(super) type Calculated = Result<Value, Failure>;

/// A reason.
pub(super) fn because<T>(why: impl Into<String>) -> Result<T, Failure> {
    Err(Failure::Because(why.into()))
}

/// A formula.
#[derive(Debug)]
pub(super) enum Formula {
    Constant(Value),
    /// A text in quotes that holds macros.
    Text(Template),
    Reference(Reference),
    Negate(Box<Formula>),
    Percent(Box<Formula>),
    Binary(Operator, Box<(Formula, Formula)>),
    Call(&'static functions::Function, Vec<Formula>),
}

/// A binary operator.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Operator {
    Power,
    Times,
    Over,
    Plus,
    Minus,
    Join,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Operator {
    const ALL: &'static [(&'static str, Operator, u8)] = &[
        ("<=", Self::LessOrEqual, 1),
        (">=", Self::GreaterOrEqual, 1),
        ("<>", Self::NotEqual, 1),
        ("=", Self::Equal, 1),
        ("<", Self::Less, 1),
        (">", Self::Greater, 1),
        ("&", Self::Join, 2),
        ("+", Self::Plus, 3),
        ("-", Self::Minus, 3),
        ("*", Self::Times, 4),
        ("/", Self::Over, 4),
        ("^", Self::Power, 5),
    ];
}

/// Reads a formula, without its `=`; says what is wrong with it.
pub(super) fn parse(text: &str, limits: &Limits) -> Result<Formula, String> {
    let mut reader = Reader { text, at: 0, depth: 0, limits };
    let formula = reader.binary(1)?;
    reader.blanks();
    if reader.at < text.len() {
        return Err(format!("unexpected `{}`", reader.rest().chars().take(10).collect::<String>()));
    }
    Ok(formula)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
    limits: &'a Limits,
}

type Read = Result<Formula, String>;

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn take(&mut self, mark: char) -> bool {
        self.blanks();
        let found = self.rest().starts_with(mark);
        if found {
            self.at += mark.len_utf8();
        }
        found
    }

    fn deeper(&mut self, read: impl FnOnce(&mut Self) -> Read) -> Read {
        if self.depth >= max_depth(self.limits) {
            return Err("the formula is nested too deeply".to_owned());
        }
        self.depth += 1;
        let formula = read(self);
        self.depth -= 1;
        formula
    }

    /// Operators of at least `rank`, left to right.
    fn binary(&mut self, rank: u8) -> Read {
        let mut left = self.unary()?;
        let outer = self.depth;
        loop {
            self.blanks();
            let rest = self.rest();
            let found = Operator::ALL.iter().find(|(mark, _, r)| *r >= rank && rest.starts_with(mark));
            let Some((mark, operator, operator_rank)) = found else { break };
            // `<` before `=` or `>` is another operator, found first because it is longer.
            self.at += mark.len();
            self.depth += 1;
            let right = self.deeper(|r| r.binary(operator_rank + 1))?;
            left = Formula::Binary(*operator, Box::new((left, right)));
            if self.depth > max_depth(self.limits) {
                return Err("the formula is nested too deeply".to_owned());
            }
        }
        self.depth = outer;
        Ok(left)
    }

    fn unary(&mut self) -> Read {
        if self.take('-') {
            let inner = self.deeper(Self::unary)?;
            return Ok(Formula::Negate(Box::new(inner)));
        }
        if self.take('+') {
            return self.deeper(Self::unary);
        }
        let mut operand = self.operand()?;
        let mut percents = 0;
        while self.take('%') {
            percents += 1;
            if percents > 4 {
                return Err("too many `%`".to_owned());
            }
            operand = Formula::Percent(Box::new(operand));
        }
        Ok(operand)
    }

    fn operand(&mut self) -> Read {
        self.blanks();
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Err("the formula ends too early".to_owned()) };
        if first == '(' {
            self.at += 1;
            let inner = self.deeper(|r| r.binary(1))?;
            return if self.take(')') { Ok(inner) } else { Err("a `)` is missing".to_owned()) };
        }
        if first == '\'' || first == '"' {
            let Some(end) = rest[1..].find(first) else { return Err("a text has no closing quote".to_owned()) };
            let text = &rest[1..=end];
            self.at += end + 2;
            return Ok(self.quoted(text));
        }
        if first == '{' {
            let Some((reference, len)) = macros::reference(rest) else {
                return Err("`{` begins no expression".to_owned());
            };
            self.at += len;
            return Ok(Formula::Reference(reference));
        }
        if first.is_ascii_digit() || first == '.' {
            return self.number();
        }
        if first.is_alphabetic() || first == '_' {
            return self.name();
        }
        Err(format!("unexpected `{first}`"))
    }

    fn quoted(&self, text: &str) -> Formula {
        // A whole text beginning with `=` would be a formula; in quotes it is text.
        if text.contains("{=") && !text.starts_with('=') {
            return Formula::Text(macros::parse(text, &Limits { expression_depth: 5, ..self.limits.clone() }));
        }
        Formula::Constant(Value::text(text))
    }

    fn number(&mut self) -> Read {
        let rest = self.rest();
        let len = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let digits = &rest[..len];
        let padded = if digits.starts_with('.') { format!("0{digits}") } else { digits.to_owned() };
        let number: Number = padded.parse().map_err(|_| format!("`{digits}` is no number"))?;
        self.at += len;
        Ok(Formula::Constant(Value::Number(number)))
    }

    fn name(&mut self) -> Read {
        let rest = self.rest();
        let len = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let name = rest[..len].to_lowercase();
        self.at += len;
        let called = self.take('(');
        let constant = match name.as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        };
        if let Some(truth) = constant {
            if called && !self.take(')') {
                return Err("a `)` is missing".to_owned());
            }
            return Ok(Formula::Constant(Value::Bool(truth)));
        }
        if let Some(why) = functions::unavailable(&name) {
            return Err(format!("the function `{name}` is not available: {why}"));
        }
        let Some(function) = functions::find(&name) else { return Err(format!("there is no function `{name}`")) };
        if !called {
            return Err(format!("`(` is missing after `{name}`"));
        }
        let args = self.arguments()?;
        if args.len() < function.least || args.len() > function.most {
            return Err(format!("`{name}` does not take {} arguments", args.len()));
        }
        Ok(Formula::Call(function, args))
    }

    fn arguments(&mut self) -> Result<Vec<Formula>, String> {
        let mut args = Vec::new();
        if self.take(')') {
            return Ok(args);
        }
        loop {
            args.push(self.deeper(|r| r.binary(1))?);
            if self.take(')') {
                return Ok(args);
            }
            if !self.take(',') && !self.take(';') {
                return Err("a `)` is missing".to_owned());
            }
        }
    }
}

impl Formula {
    /// What it reads, as `Object:Field`.
    pub(super) fn reads(&self, out: &mut Vec<Arc<str>>) {
        match self {
            Self::Constant(_) => {}
            Self::Text(template) => out.extend(template.reads()),
            Self::Reference(reference) => out.push(reference.name()),
            Self::Negate(inner) | Self::Percent(inner) => inner.reads(out),
            Self::Binary(_, sides) => {
                sides.0.reads(out);
                sides.1.reads(out);
            }
            Self::Call(_, args) => args.iter().for_each(|a| a.reads(out)),
        }
    }

    /// Its value.
    pub(super) fn value(&self, session: &mut Session) -> Calculated {
        session.burn(1)?;
        match self {
            Self::Constant(value) => Ok(value.clone()),
            Self::Text(template) => Ok(template.value(session)?),
            Self::Reference(reference) => match reference.value(session)? {
                Some(value) => Ok(value),
                None => because(format!("`{}` stands for nothing", reference.raw)),
            },
            Self::Negate(inner) => {
                let value = inner.value(session)?;
                Ok(Value::Number(convert::to_number(session, &value).negate()))
            }
            Self::Percent(inner) => {
                let value = inner.value(session)?;
                let n = convert::to_number(session, &value).checked_div(Number::from(100));
                n.map_or_else(|| because("the number is out of range"), |n| Ok(Value::Number(n)))
            }
            Self::Binary(operator, sides) => {
                let (a, b) = (sides.0.value(session)?, sides.1.value(session)?);
                binary(session, *operator, &a, &b)
            }
            Self::Call(function, args) => call(session, function, args),
        }
    }
}

fn call(session: &mut Session, function: &'static functions::Function, args: &[Formula]) -> Calculated {
    if function.name == "if" {
        // Only the chosen side is calculated: the other may divide by zero.
        let condition = args[0].value(session)?;
        return match (convert::truth(&condition), args.get(2)) {
            (true, _) => args[1].value(session),
            (false, Some(otherwise)) => otherwise.value(session),
            (false, None) => Ok(Value::Null),
        };
    }
    let mut values = Vec::with_capacity(args.len());
    for arg in args {
        values.push(arg.value(session)?);
    }
    let value = (function.run)(session, &values)?;
    if matches!(value, Value::String(_) | Value::List(_)) {
        session.grow(value.size_bytes())?;
    }
    Ok(value)
}

fn binary(session: &mut Session, operator: Operator, a: &Value, b: &Value) -> Calculated {
    let numbers = |session: &Session| (convert::to_number(session, a), convert::to_number(session, b));
    let result = match operator {
        Operator::Join => {
            let joined = format!("{}{}", convert::text(session, a), convert::text(session, b));
            session.grow(joined.len())?;
            return Ok(Value::from(joined));
        }
        Operator::Plus => {
            let (x, y) = numbers(session);
            x.checked_add(y)
        }
        Operator::Minus => {
            let (x, y) = numbers(session);
            x.checked_sub(y)
        }
        Operator::Times => {
            let (x, y) = numbers(session);
            x.checked_mul(y)
        }
        Operator::Over => {
            let (x, y) = numbers(session);
            if y == Number::ZERO {
                return because("division by zero");
            }
            x.checked_div(y)
        }
        Operator::Power => {
            let (x, y) = numbers(session);
            x.checked_pow(y)
        }
        _ => {
            let order = order(session, a, b);
            return Ok(Value::Bool(match operator {
                Operator::Equal => order == Ordering::Equal,
                Operator::NotEqual => order != Ordering::Equal,
                Operator::Less => order == Ordering::Less,
                Operator::LessOrEqual => order != Ordering::Greater,
                Operator::Greater => order == Ordering::Greater,
                _ => order != Ordering::Less,
            }));
        }
    };
    result.map_or_else(|| because("the number is out of range"), |n| Ok(Value::Number(n)))
}

/// Which of two comes first: dates by instant, numbers and numeric texts by value, the rest as text.
pub(super) fn order(session: &Session, a: &Value, b: &Value) -> Ordering {
    let is_date = |v: &Value| matches!(v, Value::Date(_) | Value::DateTime(..));
    // A variable of a date holds text until something types it, and the two sides may write it differently.
    if is_date(a) || is_date(b) || (looks_like_date(a) && looks_like_date(b)) {
        let (x, y) = (dates::Moment::of(session, a), dates::Moment::of(session, b));
        match (x, y) {
            (Some(x), Some(y)) => return x.at.cmp(&y.at),
            (x, y) if is_date(a) || is_date(b) => return x.is_some().cmp(&y.is_some()),
            _ => {}
        }
    }
    if let (Some(x), Some(y)) = (convert::numeric(a), convert::numeric(b)) {
        return x.cmp(&y);
    }
    if matches!(a, Value::Bool(_)) || matches!(b, Value::Bool(_)) {
        return convert::truth(a).cmp(&convert::truth(b));
    }
    let is_number = |v: &Value| matches!(v, Value::Number(_));
    let nothing = |v: &Value| v.is_null() || v.as_str() == Some("");
    if (is_number(a) && nothing(b)) || (nothing(a) && is_number(b)) {
        return convert::to_number(session, a).cmp(&convert::to_number(session, b));
    }
    convert::text(session, a).cmp(&convert::text(session, b))
}

/// A text with a year and separators; cheap enough to ask before every comparison.
pub(super) fn looks_like_date(value: &Value) -> bool {
    let Value::String(s) = value else { return false };
    let bytes = s.as_bytes();
    (8..=40).contains(&bytes.len())
        && bytes[0].is_ascii_digit()
        && (bytes.get(4) == Some(&b'-') || bytes.iter().filter(|b| **b == b'.').count() == 2)
}
