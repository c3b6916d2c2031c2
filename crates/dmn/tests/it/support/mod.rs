//! Small models as text, and evaluating them.

#![allow(dead_code, reason = "the example uses a part")]

use dmn::{Model, Outcome};
use expr::Env;
use expr::feel::{self, Nothing, Options, Session};
use jiff::tz::TimeZone;
use model::limits::Limits;
use model::{Object, Timestamp, Value};
use std::sync::Arc;

pub const DMN_1_3: &str = "https://www.omg.org/spec/DMN/20191111/MODEL/";

/// A file of DMN 1.3 around `content`.
pub fn file(content: &str) -> String {
    file_of(DMN_1_3, "Small", content)
}

/// A file of a version.
pub fn file_of(namespace: &str, name: &str, content: &str) -> String {
    format!(
        "<definitions xmlns=\"{namespace}\" id=\"{name}\" name=\"{name}\" \
        namespace=\"urn:{name}\">{content}</definitions>"
    )
}

/// Text made safe for XML.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A literal expression.
pub fn literal(text: &str) -> String {
    format!("<literalExpression><text>{}</text></literalExpression>", escape(text))
}

/// A decision with some logic.
pub fn decision(id: &str, requires: &str, logic: &str) -> String {
    format!("<decision id=\"{id}\" name=\"{id}\"><variable name=\"{id}\"/>{requires}{logic}</decision>")
}

/// What requires a decision.
pub fn needs(id: &str) -> String {
    format!("<informationRequirement><requiredDecision href=\"#{id}\"/></informationRequirement>")
}

/// What requires a function.
pub fn knows(id: &str) -> String {
    format!("<knowledgeRequirement><requiredKnowledge href=\"#{id}\"/></knowledgeRequirement>")
}

/// What requires an input, with the input.
pub fn input(name: &str, kind: &str) -> (String, String) {
    let kind = if kind.is_empty() { String::new() } else { format!(" typeRef=\"{kind}\"") };
    (
        format!("<informationRequirement><requiredInput href=\"#{name}\"/></informationRequirement>"),
        format!("<inputData id=\"{name}\" name=\"{name}\"><variable name=\"{name}\"{kind}/></inputData>"),
    )
}

/// A decision table: `policy` such as `UNIQUE` or `COLLECT SUM`; a row of `rules` is conditions and results.
/// An output is `name`, or `name = "a","b"` for its values by priority, or `name ! 1` for a default.
pub fn table(policy: &str, inputs: &[&str], outputs: &[&str], rules: &[&[&str]]) -> String {
    let (policy, aggregation) = match policy.strip_prefix("COLLECT ") {
        Some(aggregation) => ("COLLECT", format!(" aggregation=\"{aggregation}\"")),
        None => (policy, String::new()),
    };
    let mut out = format!("<decisionTable id=\"table\" hitPolicy=\"{policy}\"{aggregation}>");
    for text in inputs {
        out +=
            &format!("<input label=\"{0}\"><inputExpression><text>{0}</text></inputExpression></input>", escape(text));
    }
    for text in outputs {
        let (name, values, default) = match (text.split_once('='), text.split_once('!')) {
            (Some((name, values)), _) => (name, Some(values), None),
            (_, Some((name, default))) => (name, None, Some(default)),
            _ => (*text, None, None),
        };
        out += &format!("<output name=\"{}\">", name.trim());
        out += &values.map_or(String::new(), |v| format!("<outputValues><text>{}</text></outputValues>", escape(v)));
        out += &default
            .map_or(String::new(), |d| format!("<defaultOutputEntry><text>{}</text></defaultOutputEntry>", escape(d)));
        out += "</output>";
    }
    for rule in rules {
        out += "<rule>";
        for (i, cell) in rule.iter().enumerate() {
            let tag = if i < inputs.len() { "inputEntry" } else { "outputEntry" };
            out += &format!("<{tag}><text>{}</text></{tag}>", escape(cell));
        }
        out += "</rule>";
    }
    out + "</decisionTable>"
}

/// The model, which has to be readable.
pub fn read(text: &str) -> Model {
    Model::read(text, &[], &Limits::default()).expect("the model can be read")
}

/// A value written in FEEL.
pub fn value(text: &str) -> Value {
    with_env(|env| {
        let mut session = Session::new(env);
        let expression = feel::compile(text, &Options::default()).expect("a value of FEEL");
        let value = expression.run(&mut session, &Nothing).expect("a value of FEEL");
        session.export(value).expect("a value")
    })
}

/// Runs with an environment that never changes.
pub fn with_env<T>(run: impl FnOnce(&Env) -> T) -> T {
    let (zone, limits) = (TimeZone::UTC, Limits::default());
    run(&Env { scope: &Nothing, now: Timestamp(1_750_000_000_000), zone: &zone, limits: &limits, seed: 7 })
}

/// Evaluates with a trace; `given` is a context of FEEL.
pub fn evaluate(model: &Model, decision: &str, given: &str) -> Outcome {
    let given: Object = value(given).as_object().cloned().expect("a context");
    with_env(|env| {
        model
            .evaluate(decision, &Arc::new(given), env, true)
            .expect("the decision is there")
            .expect("within the limits")
    })
}

/// Asserts a table of `(given, expected)`, both in FEEL.
pub fn check(model: &Model, decision: &str, cases: &[(&str, &str)]) {
    assert!(model.deployable(), "{:?}", model.about().diagnostics);
    for (given, expected) in cases {
        let outcome = evaluate(model, decision, given);
        assert_eq!(outcome.value, value(expected), "{decision} with {given}: {:?}", outcome.warnings);
    }
}
