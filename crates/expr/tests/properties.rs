//! No text and no data make reading or evaluating panic.

#![allow(clippy::unwrap_used, reason = "a test that fails to set up fails")]

mod support;

use expr::compile;
use model::definition::Language;
use model::limits::Limits;
use proptest::prelude::*;
use support::{Vars, eval};

/// Pieces that make texts which come far into the readers.
const FEEL: &[&str] = &[
    "1",
    "0.5",
    "-",
    "+",
    "*",
    "/",
    "**",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    ".",
    "..",
    "=",
    "<",
    ">=",
    "!=",
    "a",
    "list",
    "item",
    "x",
    "\"s\"",
    "\"\\uD83D\"",
    "\\u",
    "@\"2026-01-31\"",
    "@\"P1D\"",
    "if",
    "then",
    "else",
    "for",
    "in",
    "return",
    "some",
    "every",
    "satisfies",
    "between",
    "and",
    "or",
    "not(",
    "instance of",
    "function(",
    "null",
    "true",
    "date(",
    "sort(",
    "matches(",
    "\"(a*)*\"",
    "substring(",
    "1e300",
    "99999999999999999999",
    "partial",
    "`a b`",
    "count(",
    "string(",
    "9e-300",
    "sqrt(",
    "exp(",
    "log(",
    "decimal(",
    "duration(",
    "?",
];
const BITRIX: &[&str] = &[
    "=",
    "{=",
    "}",
    "{{=",
    "}}",
    "Document:A",
    "Variable:L",
    ">",
    "printable",
    ",",
    "int",
    "1",
    "'",
    "\"",
    "+",
    "-",
    "*",
    "/",
    "^",
    "%",
    "&",
    "<>",
    "(",
    ")",
    "if(",
    "date(",
    "'Y-m-d'",
    "dateadd(",
    "substr(",
    "numberformat(",
    "datediff(",
    "strtotime(",
    "System:Now",
    "'1 month'",
    "round(",
    "99999999999",
    "е",
    "implode(",
    "merge(",
];

fn pieces(of: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(of), 0..16).prop_map(|p| p.join(" "))
}

fn attempt(language: Language, text: &str) {
    let limits = Limits { feel_fuel: 20_000, ..Limits::default() };
    let vars = Vars::json(
        r#"{"a": 5, "list": [1, "x", null, {"a": 2}], "x": {"a": [1]}, "Document": {"A": 1}, "Variable": {"L": [1, "b"]}}"#,
    );
    if let Ok(compiled) = compile(language, text, &limits) {
        let _ = eval(&compiled, &vars, &limits);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_feel_or_an_error(text in any::<String>()) {
        attempt(Language::Feel, &text);
    }

    #[test]
    fn likely_feel_never_panics(text in pieces(FEEL)) {
        attempt(Language::Feel, &text);
        let _ = expr::unary_tests(&text, &Limits::default());
    }

    #[test]
    fn any_text_is_a_bitrix_text(text in any::<String>()) {
        attempt(Language::Bitrix, &text);
        attempt(Language::Bitrix, &format!("={text}"));
        attempt(Language::BitrixCondition, &text);
    }

    #[test]
    fn likely_formulas_never_panic(text in pieces(BITRIX)) {
        attempt(Language::Bitrix, &text);
        attempt(Language::Bitrix, &format!("={text}"));
    }

    #[test]
    fn numbers_never_panic(a in "-?[0-9]{1,40}(\\.[0-9]{1,40})?(e-?[0-9]{1,4})?", b in "-?[0-9]{1,20}(\\.[0-9]{1,5})?(e-?[0-9]{1,4})?") {
        for op in ["+", "-", "*", "/", "**", "=", "<"] {
            attempt(Language::Feel, &format!("({a}) {op} ({b})"));
        }
        for function in ["floor", "ceiling", "sqrt", "log", "exp", "round up", "round half up", "odd", "string", "abs"] {
            attempt(Language::Feel, &format!("{function}({a})"));
        }
        attempt(Language::Feel, &format!("decimal({a}, {b})"));
        attempt(Language::Feel, &format!("modulo({a}, {b})"));
        attempt(Language::Feel, &format!("@\"P1D\" * ({a})"));
        attempt(Language::Feel, &format!("@\"P1Y\" / ({a})"));
        attempt(Language::Feel, &format!("for i in {a}..{b} return i"));
    }
}
