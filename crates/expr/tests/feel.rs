//! FEEL: tables of cases, limits, properties.

mod support;

use expr::{EvalError, compile, unary_tests};
use model::definition::Language;
use model::limits::Limits;
use support::{Vars, check_table, eval};

fn table(text: &str) -> usize {
    check_table(text, |text, limits| compile(Language::Feel, text, limits))
}

#[test]
fn literals_and_operators() {
    assert!(table(include_str!("cases/feel/operators.txt")) > 80);
}

#[test]
fn forms() {
    assert!(table(include_str!("cases/feel/forms.txt")) > 60);
}

#[test]
fn builtins() {
    assert!(table(include_str!("cases/feel/builtins.txt")) > 150);
}

#[test]
fn temporal() {
    assert!(table(include_str!("cases/feel/temporal.txt")) > 60);
}

#[test]
fn syntax_errors() {
    assert!(table(include_str!("cases/feel/errors.txt")) > 25);
}

#[test]
fn unary() {
    assert!(check_table(include_str!("cases/feel/unary.txt"), unary_tests) > 20);
}
