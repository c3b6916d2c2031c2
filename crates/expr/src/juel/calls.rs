//! What calls and members mean: those of `execution` and `task`, of texts, lists and dates, Flowable's functions.

use super::lexer::{name, quoted};
use super::parser::{Called, Level, Parsed, Parser, Piece, What, element, empty};
use std::sync::Arc;

impl Parser<'_> {
    /// `piece.member`.
    pub(super) fn member(&self, piece: &Piece, member: &str, at: usize) -> Parsed<Piece> {
        let written = format!("{}.{member}", piece.written);
        let known = match piece.what {
            What::Execution => execution_fact(member).map(str::to_owned),
            What::Task => task_fact(member),
            _ => None,
        };
        match (known, &piece.what) {
            (Some(feel), _) => Ok(Piece { written, ..Piece::atom(feel) }),
            (None, What::Execution) => Err(self.no_such_call(at, &written)),
            _ => {
                let member = self.variable(member, at)?.feel;
                Ok(Piece { written, ..Piece::atom(format!("{}.{member}", piece.at_least(Level::Atom))) })
            }
        }
    }

    /// `piece.method(args)`.
    pub(super) fn method(&mut self, piece: &Piece, method: &str, args: Vec<Piece>, at: usize) -> Parsed<Called> {
        let value = match piece.what {
            What::Execution => return self.of_execution(method, &args, at),
            What::Task => getter(method, &args).and_then(|fact| task_fact(&fact)).map(Piece::atom),
            What::Json => json_method(piece, method, &args),
            _ => value_method(piece, method, &args).or_else(|| time_method(piece, method, &args)),
        };
        let written = if piece.written.is_empty() { "…" } else { &piece.written };
        value.map(Called::Value).ok_or_else(|| self.no_such_call(at, &format!("{written}.{method}")))
    }

    fn of_execution(&mut self, method: &str, args: &[Piece], at: usize) -> Parsed<Called> {
        let refused = |p: &Self| Err(p.no_such_call(at, &format!("execution.{method}")));
        let variable = match args.first().map(|a| &a.what) {
            Some(What::Text(Some(variable))) => name(variable).map(|feel| (Arc::from(&**variable), feel)),
            _ => None,
        };
        let value = match (method, args, variable) {
            ("getVariable" | "getVariableLocal", [_], Some((_, feel))) => Piece::atom(feel),
            ("hasVariable" | "hasVariableLocal", [_], Some((_, feel))) => {
                Piece::boolean(format!("is defined({feel})"), Level::Atom)
            }
            ("setVariable" | "setVariableLocal", [_, value], Some((name, _))) => {
                return Ok(Called::Assignment { name, value: value.feel.clone() });
            }
            _ => match getter(method, args).and_then(|fact| execution_fact(&fact)) {
                Some(fact) => Piece::atom(fact),
                None => return refused(self),
            },
        };
        Ok(Called::Value(value))
    }

    /// `name(args)`.
    pub(super) fn function(&self, function: &str, args: &[Piece], at: usize) -> Parsed<Piece> {
        Ok(match (function, args) {
            ("now" | "dateTime", []) => Piece { written: function.to_owned(), ..Piece::atom("now()") },
            ("JSON" | "S", [json]) => {
                let x = json.at_least(Level::Atom);
                let feel = format!("if {x} instance of string then from json({x}) else {x}");
                Piece { feel, level: Level::If, what: What::Json, written: function.to_owned() }
            }
            _ => return Err(self.no_such_call(at, function)),
        })
    }

    /// Flowable's `variables:function(name, …)`: the name stands with or without quotes.
    pub(super) fn of_variable(&self, function: &str, args: &[Piece], at: usize) -> Parsed<Piece> {
        let refused = || self.no_such_call(at, &format!("variables:{function}"));
        let (first, rest) = args.split_first().ok_or_else(refused)?;
        let variable = match &first.what {
            What::Text(Some(text)) => name(text).ok_or_else(refused)?,
            _ => first.at_least(Level::Atom),
        };
        let compared = |op: &str, other: &Piece| {
            Piece::boolean(format!("{variable} {op} {}", other.at_least(Level::Sum)), Level::Compare)
        };
        Ok(match (function, rest) {
            ("get", []) => Piece::atom(variable),
            ("getOrDefault", [default]) => Piece::atom(format!("get or else({variable}, {})", default.feel)),
            ("exists" | "exist", []) => Piece::boolean(format!("is defined({variable})"), Level::Atom),
            ("isEmpty" | "empty", []) => Piece::boolean(empty(&Piece::atom(variable)), Level::Atom),
            ("isNotEmpty" | "notEmpty", []) => {
                Piece::boolean(format!("not({})", empty(&Piece::atom(variable))), Level::Atom)
            }
            ("eq" | "equals", [other]) => compared("=", other),
            ("ne" | "notEquals", [other]) => compared("!=", other),
            ("lt" | "lowerThan" | "lessThan", [other]) => compared("<", other),
            ("lte" | "lowerThanOrEqual" | "lowerThanOrEquals" | "lessThanOrEquals", [other]) => compared("<=", other),
            ("gt" | "greaterThan", [other]) => compared(">", other),
            ("gte" | "greaterThanOrEqual" | "greaterThanOrEquals", [other]) => compared(">=", other),
            ("contains" | "containsAny", [_, ..]) => {
                let (word, level) = if function == "contains" { (" and ", Level::And) } else { (" or ", Level::Or) };
                let variable = Piece::atom(variable);
                let each: Vec<Piece> = rest.iter().map(|other| contains(&variable, other)).collect();
                match each.as_slice() {
                    [one] => one.clone(),
                    all => {
                        let all: Vec<String> = all.iter().map(|p| p.at_least(Level::Compare)).collect();
                        Piece::boolean(all.join(word), level)
                    }
                }
            }
            _ => return Err(refused()),
        })
    }
}

/// `getProcessInstanceId()` asks for `processInstanceId`.
fn getter(method: &str, args: &[Piece]) -> Option<String> {
    let fact = method.strip_prefix("get").filter(|f| !f.is_empty() && args.is_empty())?;
    let mut chars = fact.chars();
    let first = chars.next()?;
    Some(first.to_lowercase().chain(chars).collect())
}

/// What of `execution` is known here.
fn execution_fact(fact: &str) -> Option<&'static str> {
    Some(match fact {
        "processInstanceId" | "id" | "rootProcessInstanceId" => "instance.id",
        "processBusinessKey" | "businessKey" | "processInstanceBusinessKey" => "instance.businessKey",
        "processDefinitionKey" => "instance.processKey",
        "startUserId" => "instance.startedBy",
        _ => return None,
    })
}

/// What of `task` is known here.
fn task_fact(fact: &str) -> Option<String> {
    const KNOWN: &[&str] = &[
        "id",
        "name",
        "assignee",
        "owner",
        "priority",
        "dueDate",
        "followUpDate",
        "description",
        "taskDefinitionKey",
        "formKey",
        "createTime",
    ];
    match fact {
        "processInstanceId" => Some("instance.id".to_owned()),
        fact if KNOWN.contains(&fact) => Some(format!("task.{fact}")),
        _ => None,
    }
}

/// A piece where a list or a text may be, told apart when it runs.
fn contains(piece: &Piece, other: &Piece) -> Piece {
    let (x, y) = (&piece.feel, &other.feel);
    if matches!(piece.what, What::Text(_)) {
        return Piece::boolean(format!("contains({x}, {y})"), Level::Atom);
    }
    let atom = piece.at_least(Level::Atom);
    let feel = format!("if {atom} instance of string then contains({x}, {y}) else list contains({x}, {y})");
    Piece::boolean(feel, Level::If)
}

/// Methods of texts, lists and maps.
fn value_method(piece: &Piece, method: &str, args: &[Piece]) -> Option<Piece> {
    let x = &piece.feel;
    let text = |feel: String| Piece::new(feel, Level::Atom, What::Text(None));
    let number = |feel: String| Piece::new(feel, Level::Atom, What::Number(None));
    Some(match (method, args) {
        ("size", []) => number(format!("count({x})")),
        ("length", []) => number(format!("string length({x})")),
        ("isEmpty", []) => Piece::boolean(format!("is empty({x})"), Level::Atom),
        ("contains", [y]) => contains(piece, y),
        ("containsKey", [y]) => Piece::boolean(format!("is defined(get value({x}, {}))", y.feel), Level::Atom),
        ("equals", [y]) => {
            Piece::boolean(format!("{} = {}", piece.at_least(Level::Sum), y.at_least(Level::Sum)), Level::Compare)
        }
        ("equalsIgnoreCase", [y]) => {
            Piece::boolean(format!("lower case({x}) = lower case({})", y.feel), Level::Compare)
        }
        ("toString" | "stringValue", []) => text(format!("string({x})")),
        ("get", [y]) => element(piece, y),
        ("startsWith", [y]) => Piece::boolean(format!("starts with({x}, {})", y.feel), Level::Atom),
        ("endsWith", [y]) => Piece::boolean(format!("ends with({x}, {})", y.feel), Level::Atom),
        ("toLowerCase", []) => text(format!("lower case({x})")),
        ("toUpperCase", []) => text(format!("upper case({x})")),
        ("trim", []) => text(format!("trim({x})")),
        ("concat", [y]) => Piece::new(
            format!("{} + {}", piece.at_least(Level::Sum), y.at_least(Level::Product)),
            Level::Sum,
            What::Text(None),
        ),
        ("intValue" | "longValue" | "doubleValue" | "booleanValue", []) => piece.clone(),
        _ => return None,
    })
}

/// Methods of `JSON(x)`, Camunda's Spin.
fn json_method(piece: &Piece, method: &str, args: &[Piece]) -> Option<Piece> {
    let json = |feel: String| Piece { what: What::Json, written: "JSON(…)".to_owned(), ..Piece::atom(feel) };
    Some(match (method, args) {
        ("prop", [key]) => match &key.what {
            What::Text(Some(text)) => json(format!("{}.{}", piece.at_least(Level::Atom), name(text)?)),
            _ => json(format!("get value({}, {})", piece.feel, key.feel)),
        },
        ("hasProp", [key]) => {
            Piece::boolean(format!("is defined(get value({}, {}))", piece.feel, key.feel), Level::Atom)
        }
        ("elements" | "value" | "stringValue" | "numberValue" | "boolValue", []) => {
            Piece { what: if method == "elements" { What::Json } else { What::Unknown }, ..piece.clone() }
        }
        ("toString", []) => Piece::new(format!("to json({})", piece.feel), Level::Atom, What::Text(None)),
        ("isNull", []) => Piece::boolean(format!("{} = null", piece.at_least(Level::Sum)), Level::Compare),
        ("size" | "get" | "isEmpty" | "contains", _) => value_method(piece, method, args)?,
        _ => return None,
    })
}

/// Methods of dates: `plusDays(3)`, `minusHours(n)`, `toDate()`.
fn time_method(piece: &Piece, method: &str, args: &[Piece]) -> Option<Piece> {
    if matches!((method, args), ("toDate" | "toDateTime" | "toInstant" | "toLocalDateTime", [])) {
        return Some(piece.clone());
    }
    let (op, unit) = match (method.strip_prefix("plus"), method.strip_prefix("minus")) {
        (Some(unit), _) => ("+", unit),
        (None, Some(unit)) => ("-", unit),
        _ => return None,
    };
    let ([count], Some((before, after))) = (args, iso_unit(unit)) else { return None };
    let base = piece.at_least(Level::Sum);
    let feel = match &count.what {
        What::Number(Some(n)) if *n >= 0 => format!("{base} {op} @{}", quoted(&format!("{before}{n}{after}"))),
        _ => format!("{base} {op} @{} * {}", quoted(&format!("{before}1{after}")), count.at_least(Level::Negation)),
    };
    Some(Piece { written: piece.written.clone(), ..Piece::new(feel, Level::Sum, What::Unknown) })
}

/// What stands before and after the count in a duration of ISO 8601.
fn iso_unit(unit: &str) -> Option<(&'static str, &'static str)> {
    Some(match unit {
        "Years" => ("P", "Y"),
        "Months" => ("P", "M"),
        "Weeks" => ("P", "W"),
        "Days" => ("P", "D"),
        "Hours" => ("PT", "H"),
        "Minutes" => ("PT", "M"),
        "Seconds" => ("PT", "S"),
        _ => return None,
    })
}
