//! What is wrong with a model, and where; and models that mean harm.

use crate::support::*;
use dmn::Model;
use model::limits::Limits;
use model::{Object, Severity};
use std::sync::Arc;

/// The codes of what was found.
fn codes(text: &str) -> Vec<String> {
    match Model::read(text, &[], &Limits::default()) {
        Ok(model) => model.about().diagnostics.iter().map(|d| d.code.clone()).collect(),
        Err(diagnostics) => {
            assert!(diagnostics.iter().all(|d| d.severity == Severity::Refused));
            diagnostics.into_iter().map(|d| d.code).collect()
        }
    }
}

#[test]
fn each_rule_is_told() {
    let cases: Vec<(&str, String, &str)> = vec![
        ("DMN-01", "<a/>".to_owned(), "no DMN"),
        ("DMN-01", "<!DOCTYPE a [<!ENTITY x \"y\">]><a/>".to_owned(), "a document type"),
        ("DMN-01", "<definitions>".to_owned(), "not closed"),
        ("DMN-02", file(&format!("{0}{0}", decision("d", "", &literal("1")))), "an id twice"),
        ("DMN-03", file(&decision("d", &needs("x"), &literal("1"))), "a requirement that leads nowhere"),
        ("DMN-04", file(&decision("d", &needs("d"), &literal("1"))), "a decision that needs itself"),
        ("DMN-05", file(&decision("d", "", &literal("1 +"))), "an expression that can not be read"),
        (
            "DMN-06",
            file(&decision(
                "d",
                "",
                "<literalExpression expressionLanguage=\"groovy\"><text>1</text></literalExpression>",
            )),
            "another language",
        ),
        (
            "DMN-07",
            file(
                "<businessKnowledgeModel id=\"f\" name=\"f\">\
                <encapsulatedLogic kind=\"Java\"/></businessKnowledgeModel>",
            ),
            "Java",
        ),
        ("DMN-08", file(&decision("d", "", &table("UNIQUE", &["a"], &["r"], &[&["-"]]))), "a rule too short"),
        ("DMN-08", file(&decision("d", "", &table("COLLECT SUM", &["a"], &["r", "s"], &[]))), "a sum of two outputs"),
        ("DMN-08", file(&decision("d", "", &table("LAST", &["a"], &["r"], &[]))), "an unknown hit policy"),
        ("DMN-09", file(&format!("{}{}", input("v", "tX").1, decision("d", "", &literal("1")))), "an unknown type"),
        ("DMN-10", file("<decision id=\"d\" name=\"d\"/>"), "no logic"),
    ];
    for (code, text, what) in cases {
        assert_eq!(codes(&text), [code], "{what}");
    }
}

#[test]
fn a_finding_tells_its_place_in_both_languages() {
    let text = file(
        "\n<decision id=\"d\" name=\"d\">\n  <literalExpression><text>\n    1 + (\n  </text>\
        </literalExpression></decision>",
    );
    let model = read(&text);
    let [finding] = model.about().diagnostics.as_slice() else { panic!("one finding") };
    assert_eq!((finding.line, finding.element.as_deref()), (4, Some("d")));
    assert!(finding.column >= 5 && !finding.message_ru.is_empty() && finding.message != finding.message_ru);
}

#[test]
fn a_function_that_calls_itself_for_ever_is_stopped() {
    let endless = "<businessKnowledgeModel id=\"f\" name=\"f\"><variable name=\"f\"/>\
        <encapsulatedLogic><formalParameter name=\"x\"/>"
        .to_owned()
        + &literal("f(x + 1)")
        + "</encapsulatedLogic>"
        + &knows("f")
        + "</businessKnowledgeModel>";
    let model = read(&file(&format!("{endless}{}", decision("d", &knows("f"), &literal("f(1)")))));
    let result = with_env(|env| model.evaluate("d", &Arc::new(Object::new()), env, true));
    assert!(result.expect("the decision is there").is_err());
}

#[test]
fn a_table_over_a_huge_loop_is_stopped() {
    let text = "count(for x in 1..2000, y in 1..2000 return x * y)";
    let model = read(&file(&decision("d", "", &table("FIRST", &[text], &["r"], &[&["-", "1"]]))));
    let result = with_env(|env| model.evaluate("d", &Arc::new(Object::new()), env, false));
    assert!(result.expect("the decision is there").is_err());
}

#[test]
fn a_long_chain_of_decisions_is_told() {
    let mut chain = decision("d0", "", &literal("1"));
    for i in 1..500 {
        chain += &decision(&format!("d{i}"), &needs(&format!("d{}", i - 1)), &literal("1"));
    }
    assert_eq!(codes(&file(&chain)), ["DMN-04"]);
}

#[test]
fn a_type_that_holds_itself_ends_with_the_data() {
    let types = "<itemDefinition name=\"Tree\">\
        <itemComponent name=\"next\"><typeRef>Tree</typeRef></itemComponent></itemDefinition>";
    let (requires, given) = input("v", "Tree");
    let model = read(&file(&format!("{types}{given}{}", decision("d", &requires, &literal("v.next.next = null")))));
    check(&model, "d", &[("{v: {next: {next: null}}}", "true"), ("{v: {other: 1}}", "true")]);
}

/// Pieces of a real file taken out, doubled or swapped: whatever comes of it, nothing panics or runs without end.
#[test]
fn mutants_of_a_model_never_crash() {
    let source = include_str!("../../../../examples/decisions/discount.dmn");
    assert_eq!(codes(source), Vec::<String>::new(), "the example is sound");
    let given =
        Arc::new(value("{customer: {years: 2, orders: 5}, amount: 1500}").as_object().cloned().expect("a context"));
    let mut seed = 1u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below.max(1)
    };
    for _ in 0..400 {
        let mut text: Vec<char> = source.chars().collect();
        for _ in 0..=random(4) {
            let (from, to) = (random(text.len()), random(text.len()));
            let length = random(60).min(text.len() - from);
            let piece: Vec<char> = text[from..from + length].to_vec();
            match random(3) {
                0 => drop(text.drain(from..from + length)),
                1 => drop(text.splice(to..to, piece)),
                _ => drop(text.splice(from..from + length, "<\"&amp;[(".chars())),
            }
        }
        let text: String = text.into_iter().collect();
        if let Ok(model) = Model::read(&text, &[], &Limits::default()) {
            for decision in &model.about().decisions {
                let _ = with_env(|env| model.evaluate(&decision.id, &given, env, true));
            }
        }
    }
}

#[test]
fn the_example_decides() {
    let model = read(include_str!("../../../../examples/decisions/discount.dmn"));
    let new = "{customer: {years: 0, orders: 0}, amount: 10}";
    let gold = "{customer: {years: 3, orders: 20}, amount: 1000}";
    check(&model, "discount", &[(new, "0"), (gold, "10"), ("{customer: {years: 2, orders: 5}, amount: 1500}", "7")]);
    check(&model, "rank", &[(gold, "\"gold\"")]);
}
