//! JUEL becomes FEEL that means the same.

use crate::support::{Vars, eval};
use expr::compile;
use expr::juel::{JuelProblemKind, Place, Translated, translate};
use model::definition::Language;
use model::limits::Limits;
use proptest::prelude::*;

fn outcome(text: &str, place: Place) -> String {
    match translate(text, place) {
        Ok(Translated::Feel(feel)) => feel,
        Ok(Translated::Text(text)) => format!("!text {text}"),
        Ok(Translated::Assignment { name, value }) => format!("!set {name} {value}"),
        Err(problem) => {
            assert!(!problem.error.message.is_empty() && !problem.error.message_ru.is_empty());
            match problem.kind {
                JuelProblemKind::Call { call } => format!("!call {call}"),
                JuelProblemKind::NoCondition => "!no condition".to_owned(),
                JuelProblemKind::Syntax => format!("!syntax {}:{}", problem.error.line, problem.error.column),
            }
        }
    }
}

#[test]
fn table() {
    let (mut place, mut vars) = (Place::Value, Vars::json("{}"));
    let mut wrong = String::new();
    for line in include_str!("../cases/juel.txt").lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
        match line.split_once(' ').map_or((line, ""), |(a, b)| (a, b)) {
            ("@vars", json) => vars = Vars::json(json),
            ("@condition", _) => place = Place::Condition,
            ("@value", _) => place = Place::Value,
            _ => {
                let mut parts = line.split(" => ");
                let (juel, feel) = (parts.next().unwrap(), parts.next().unwrap());
                let got = outcome(juel, place);
                if got != feel {
                    wrong += &format!("{juel}\n   expected {feel}\n   got      {got}\n");
                    continue;
                }
                if got.starts_with('!') {
                    continue;
                }
                let limits = Limits::default();
                match (compile(Language::Feel, &got, &limits), parts.next()) {
                    (Err(e), _) => wrong += &format!("{juel}\n   {feel}\n   can not be read: {e}\n"),
                    (Ok(_), None) => {}
                    (Ok(compiled), Some(json)) => {
                        let result = eval(&compiled, &vars, &limits).unwrap();
                        if result.value.to_json() != serde_json::from_str::<serde_json::Value>(json).unwrap() {
                            wrong += &format!("{juel}\n   {feel}\n   expected {json}, got {result:?}\n");
                        }
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn problems_say_what_and_where() {
    let problem = translate("Dear\n${customer.fullName()}", Place::Value).unwrap_err();
    assert_eq!((problem.error.line, problem.error.column), (2, 12));
    assert_eq!(problem.call(), Some("customer.fullName"));
    assert_eq!(problem.error.message, "`customer.fullName` calls into Java; only a worker can do that");
    let problem = translate("${amount >}", Place::Condition).unwrap_err();
    assert_eq!(problem.to_string(), "expected an expression, found the end (line 1, column 11)");
    assert_eq!(problem.error.message_ru, "ожидалось: выражение, встретилось: конец выражения");
}

#[test]
fn what_grows_without_end_is_refused() {
    let long = format!("${{{}}}", (0..40).fold("x".to_owned(), |x, _| format!("{x}.contains(y)")));
    assert!(matches!(translate(&long, Place::Condition).unwrap_err().kind, JuelProblemKind::Syntax));
    let deep = format!("${{{}x{}}}", "(".repeat(50_000), ")".repeat(50_000));
    assert!(translate(&deep, Place::Condition).is_err());
    let nots = format!("${{{}x}}", "!".repeat(50_000));
    assert!(translate(&nots, Place::Condition).is_err());
}

const PIECES: &[&str] = &[
    "${",
    "#{",
    "}",
    "a",
    "b.c",
    "[0]",
    "[x]",
    "(",
    ")",
    ".size()",
    ".contains(",
    "empty ",
    "not ",
    "!",
    " == ",
    " && ",
    " ? ",
    " : ",
    "'t'",
    "\"",
    "1",
    "2.5",
    " + ",
    "-",
    "%",
    "execution.getVariable('x')",
    "variables:get(",
    ",",
    "JSON(",
    ".prop('p')",
    "now()",
    ".plusDays(",
    "\\${",
    "in",
    "é",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_translated_or_refused(text in any::<String>()) {
        let _ = translate(&text, Place::Value);
        let _ = translate(&format!("${{{text}}}"), Place::Condition);
    }

    #[test]
    fn what_is_translated_can_be_read(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..14)) {
        let text = pieces.concat();
        for text in [text.clone(), format!("${{{text}}}")] {
            if let Ok(Translated::Feel(feel)) = translate(&text, Place::Value) {
                let read = compile(Language::Feel, &feel, &Limits::default());
                prop_assert!(read.is_ok(), "{text}\n{feel}\n{read:?}");
            }
        }
    }
}
