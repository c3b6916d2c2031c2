//! Bitrix texts, formulas and conditions.

use crate::support::{Vars, check_table, eval};
use expr::{EvalError, compile};
use model::Value;
use model::definition::Language;
use model::limits::Limits;

fn template(text: &str, vars: &Vars, limits: &Limits) -> Result<Value, EvalError> {
    eval(&compile(Language::Bitrix, text, limits).unwrap(), vars, limits).map(|e| e.value)
}

#[test]
fn texts() {
    let table = include_str!("../cases/bitrix/texts.txt");
    assert!(check_table(table, |text, limits| compile(Language::Bitrix, text, limits)) > 60);
}

#[test]
fn calculator() {
    let table = include_str!("../cases/bitrix/calculator.txt");
    assert!(check_table(table, |text, limits| compile(Language::Bitrix, text, limits)) > 120);
}

#[test]
fn conditions() {
    let table = include_str!("../cases/bitrix/conditions.txt");
    assert!(check_table(table, |text, limits| compile(Language::BitrixCondition, text, limits)) > 80);
}

#[test]
fn types_are_kept_when_the_text_is_one_macro() {
    let vars = Vars::json(r#"{"Variable": {"n": 5, "d": "@2026-01-31"}}"#);
    let limits = Limits::default();
    assert_eq!(template("{=Variable:n}", &vars, &limits), Ok(Value::from(5)));
    assert!(matches!(template("{=Variable:d}", &vars, &limits), Ok(Value::Date(_))));
    assert!(matches!(template("{=System:Now}", &vars, &limits), Ok(Value::DateTime(..))));
    assert!(matches!(template("at {=System:Now}", &vars, &limits), Ok(Value::String(_))));
    assert_eq!(template("={=Variable:n}*2", &vars, &limits), Ok(Value::from(10)));
}

#[test]
fn random_functions_repeat() {
    let vars = Vars::json("{}");
    let limits = Limits::default();
    for text in ["=rand(1, 1000000)", "=randstring(20)", "=shuffle(explode(',', '1,2,3,4,5,6,7,8,9'))"] {
        assert_eq!(template(text, &vars, &limits), template(text, &vars, &limits), "{text}");
    }
    let Ok(Value::Number(n)) = template("=rand(3, 5)", &vars, &limits) else { panic!() };
    assert!((3..=5).contains(&n.to_i64().unwrap()));
    assert_eq!(template("=randstring(20)", &vars, &limits).unwrap().as_str().unwrap().len(), 20);
}

#[test]
fn limits_hold() {
    let vars = Vars::json(r#"{"Variable": {"a": ["aaaaaaaaaa", "aaaaaaaaaa"]}}"#);
    let limits = Limits { value_bytes: 1000, ..Limits::default() };
    let doubled = (0..10).fold("{=Variable:a}".to_owned(), |inner, _| format!("merge({inner}, {inner})"));
    assert_eq!(template(&format!("={doubled}"), &vars, &limits), Err(EvalError::Size));
    assert_eq!(template(&"{=Variable:a}".repeat(100), &vars, &limits), Err(EvalError::Size));
    // Nested too deeply: a syntax error, so the text stays.
    for text in
        [format!("={}1", "(".repeat(50_000)), format!("={}1", "-".repeat(50_000)), format!("=1{}", "^1".repeat(50_000))]
    {
        let large = Limits::default();
        assert_eq!(template(&text, &vars, &large), Ok(Value::text(&text)));
    }
}

#[test]
fn reads_are_known() {
    let reads = |language, text: &str| -> Vec<String> {
        let compiled = compile(language, text, &Limits::default()).unwrap();
        compiled.reads().unwrap().iter().map(|r| r.to_string()).collect()
    };
    assert_eq!(
        reads(Language::Bitrix, "{=Document:TITLE} {{=round({=Variable:x}, 2) & '{=Constant:c}'}} {=Document:TITLE}"),
        ["Constant:c", "Document:TITLE", "Variable:x"]
    );
    let condition = r#"{"items": [{"object": "Document", "field": "A", "operator": "=", "value": "{=Variable:b}"}]}"#;
    assert_eq!(reads(Language::BitrixCondition, condition), ["Document:A", "Variable:b"]);
}
