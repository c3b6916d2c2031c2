//! No text and no data make reading or evaluating panic.

use crate::support::{Vars, eval};
use expr::compile;
use model::definition::Language;
use model::limits::Limits;
use proptest::prelude::*;

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

const SCRIPTS: &[&str] = &[
    "a",
    ".a",
    "x.a",
    "[0]",
    "list",
    ".map(",
    "i => ",
    "i",
    ")",
    "(",
    " + ",
    " / ",
    " && ",
    " ? ",
    " : ",
    "'s'",
    "\"",
    "\\",
    "1",
    "1.",
    "=",
    ">",
    "!",
    "`",
    "${",
    "}",
    "é",
    "\u{1F600}",
    "return ",
    "_.get(",
    "Math.max(",
    "// c\n",
    "/*",
    ",",
    "in ",
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

/// Arguments that functions do not expect.
const ARGUMENTS: &[&str] = &[
    "null",
    "true",
    "-1",
    "0",
    "1/3",
    "2",
    "1e6000",
    "-9999999999999999999999999999999999",
    "\"\"",
    "\"é𝄞a\"",
    "\"(\"",
    "\"[a-\"",
    "[]",
    "[1, null, \"a\"]",
    "[3, 1, 2]",
    "[[1], {a: 1}]",
    "{}",
    "{a: 1, key: \"k\", value: 2}",
    "@\"2026-01-31\"",
    "@\"9999-12-31T23:59:59Z\"",
    "@\"-P999999999D\"",
    "@\"P1Y\"",
    "@\"10:00:00@Europe/Moscow\"",
    "[1..3]",
    "(< 5)",
    "function(x) x",
    "function(x, y) x < y",
];

/// Every function with every one and two of these arguments: values or null, never a panic.
#[test]
fn no_function_panics() {
    let limits = Limits { feel_fuel: 5_000, ..Limits::default() };
    let vars = Vars::json("{}");
    let mut count = 0;
    for (name, _) in expr::feel::functions() {
        let pairs = ARGUMENTS.iter().flat_map(|a| ARGUMENTS.iter().map(move |b| format!("{a}, {b}")));
        for args in ARGUMENTS.iter().map(|a| (*a).to_owned()).chain(pairs) {
            if let Ok(compiled) = compile(Language::Feel, &format!("{name}({args})"), &limits) {
                let _ = eval(&compiled, &vars, &limits);
                count += 1;
            }
        }
    }
    assert!(count > 20_000, "{count}");
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
    fn functions_of_three_never_panic(
        name in prop::sample::select(expr::feel::functions().iter().map(|(n, _)| *n).collect::<Vec<_>>()),
        args in prop::collection::vec(prop::sample::select(ARGUMENTS), 3..5),
    ) {
        attempt(Language::Feel, &format!("{name}({})", args.join(", ")));
    }

    #[test]
    fn declared_names_never_panic(text in pieces(FEEL), names in prop::collection::vec(any::<String>(), 0..4)) {
        let names: Vec<std::sync::Arc<str>> = names.into_iter().map(std::sync::Arc::from).collect();
        let options = expr::feel::Options { names: &names, ..expr::feel::Options::default() };
        let text = format!("{text} {}", names.join(" + "));
        let _ = expr::feel::compile(&text, &options);
        let _ = expr::feel::compile_unary_tests(&text, &options);
        let _ = expr::feel::compile_type(&text, &options);
    }

    #[test]
    fn likely_scripts_never_panic(pieces in prop::collection::vec(prop::sample::select(SCRIPTS), 0..10)) {
        attempt(Language::JavaScript, &pieces.concat());
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
