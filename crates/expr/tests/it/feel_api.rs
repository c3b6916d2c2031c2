//! FEEL as what builds on it (DMN) uses it: declared names and types, functions as values, one budget.

use crate::support;
use expr::feel::{self, Feel, NULL, Names, Native, Nothing, Options, Session, Type};
use expr::{Env, EvalError};
use jiff::tz::TimeZone;
use model::Value;
use model::limits::Limits;
use std::sync::Arc;

fn with_session<T>(run: impl FnOnce(&mut Session) -> T) -> T {
    let (zone, limits) = (TimeZone::UTC, Limits::default());
    run(&mut Session::new(&Env { scope: &Nothing, now: support::now(), zone: &zone, limits: &limits, seed: 1 }))
}

fn names(names: &[&str]) -> Vec<Arc<str>> {
    names.iter().map(|n| Arc::from(*n)).collect()
}

fn run(text: &str, declared: &[&str], values: &[(&str, &str)]) -> Value {
    let declared = names(declared);
    let compiled = feel::compile(text, &Options { names: &declared, ..Options::default() }).unwrap();
    with_session(|session| {
        let mut scope = Names::over(&Nothing);
        for (name, value) in values {
            let value = feel::compile(value, &Options::default()).unwrap().run(session, &Nothing).unwrap();
            scope.set(*name, value);
        }
        let result = compiled.run(session, &scope).unwrap();
        session.export(result).unwrap()
    })
}

#[test]
fn declared_names_may_have_blanks_and_operators() {
    let all = &["Monthly Salary", "a-b", "Person", "first name", "date of birth", "in progress"];
    assert_eq!(run("Monthly   Salary * 12", all, &[("Monthly Salary", "10")]), 120.into());
    assert_eq!(run("a-b - 1", all, &[("a-b", "10")]), 9.into());
    assert_eq!(run("Person.first name", all, &[("Person", "{\"first name\": \"Ann\"}")]), Value::text("Ann"));
    assert_eq!(run("if in progress then 1 else 2", all, &[("in progress", "true")]), 1.into());
    assert_eq!(run("{full name: \"x\", y: full name + \"!\"}.y", &[], &[]), Value::text("x!"));
    assert_eq!(run("for big number in [1, 2] return big number * 2", &[], &[]).to_json().to_string(), "[2,4]");
    assert_eq!(run("(function(the value: number) the value + 1)(2)", &[], &[]), 3.into());
    // Nothing declared: names end at blanks and operators.
    assert!(feel::compile("Monthly Salary * 12", &Options::default()).is_err());
}

#[test]
fn a_declared_name_hides_a_function_and_may_be_called() {
    let twice = ("twice", "function(x) x * 2");
    assert_eq!(run("twice(4)", &["twice"], &[twice]), 8.into());
    assert_eq!(run("sum(4)", &["sum"], &[("sum", "function(x) x * 2")]), 8.into());
    assert_eq!(run("my twice(x: 4)", &["my twice"], &[("my twice", "function(x) x * 2")]), 8.into());
    assert!(feel::compile("twice(4)", &Options::default()).is_err());
}

#[test]
fn functions_keep_what_they_read() {
    with_session(|session| {
        let mut inner = Names::over(&Nothing);
        inner.set("rate", Value::from(3));
        let made = feel::compile("function(x) x * rate", &Options::default()).unwrap().run(session, &inner).unwrap();
        assert_eq!(session.call(&made, vec![Value::from(5).into()]).unwrap().as_number(), Some(15.into()));
        let mut outer = Names::over(&Nothing);
        outer.set("f", made);
        outer.set("rate", Value::from(100));
        let declared = names(&["f"]);
        let call = feel::compile("f(2)", &Options { names: &declared, ..Options::default() }).unwrap();
        assert_eq!(call.run(session, &outer).unwrap().as_number(), Some(6.into()));
    });
}

/// `f(n) = f(n)`.
#[derive(Debug)]
struct Endless(Vec<Arc<str>>);

impl Native for Endless {
    fn params(&self) -> &[Arc<str>] {
        &self.0
    }
    fn call(&self, session: &mut Session, args: Vec<Feel>) -> Result<Feel, EvalError> {
        let mut scope = Names::over(&Nothing);
        scope.set("f", Feel::native(Arc::new(Endless(self.0.clone()))));
        scope.set("n", args.into_iter().next().unwrap_or(NULL));
        let declared = names(&["f"]);
        let text = "if n > 1000000 then n else f(n: n + 1)";
        feel::compile(text, &Options { names: &declared, ..Options::default() }).unwrap().run(session, &scope)
    }
}

#[test]
fn functions_of_others_share_the_budget() {
    with_session(|session| {
        let f = Feel::native(Arc::new(Endless(names(&["n"]))));
        assert_eq!(session.call(&f, vec![Value::from(1_000_001).into()]).unwrap().as_number(), Some(1_000_001.into()));
        assert_eq!(session.call(&f, vec![Value::from(1).into()]).unwrap_err(), EvalError::Depth);
        assert!(session.call_named(&f, vec![(Some("m".into()), NULL)]).unwrap().is_null());
        assert!(session.take_warnings()[0].message.contains("do not fit"));
    });
}

#[test]
fn unary_tests_ask_the_input() {
    with_session(|session| {
        for (test, input, passes) in [
            ("< 5", "3", true),
            ("[1..3], 7", "7", true),
            ("not(\"a\", \"b\")", "\"c\"", true),
            ("-", "null", true),
            ("? > limit", "5", true),
            ("limit", "3", true),
            ("\"x\"", "5", false),
        ] {
            let input = feel::compile(input, &Options::default()).unwrap().run(session, &Nothing).unwrap();
            let mut scope = Names::over(&Nothing);
            scope.set("limit", Value::from(3));
            let cell = feel::compile_unary_tests(test, &Options::default()).unwrap();
            assert_eq!(cell.test(session, &scope, &input).unwrap(), passes, "{test}");
        }
    });
}

#[test]
fn declared_types_are_asked_and_coerced_to() {
    let person = Type::Context(vec![("age".into(), Type::Number)]);
    let types = vec![(Arc::from("tPerson"), person.clone()), (Arc::from("my.type name"), Type::String)];
    let options = Options { types: &types, ..Options::default() };
    with_session(|session| {
        for (text, expected) in [
            ("{age: 5} instance of tPerson", true),
            ("{age: \"5\"} instance of tPerson", false),
            ("\"x\" instance of my.type name", true),
            ("[{age: 1}] instance of list<tPerson>", true),
            ("(function(a: number) a) instance of function<number> -> number", true),
            ("(function(a: string) a) instance of function<number> -> number", false),
        ] {
            let result = feel::compile(text, &options).unwrap().run(session, &Nothing).unwrap();
            assert_eq!(result.as_bool(), Some(expected), "{text}");
        }
        let one = Type::Number.coerce(Feel::list([Value::from(5).into()])).unwrap();
        assert_eq!(one.as_number(), Some(5.into()));
        let list = feel::compile_type("list<number>", &options).unwrap();
        assert_eq!(list.coerce(Value::from(5).into()).unwrap().list_len(), Some(1));
        assert!(Type::Number.coerce(Value::text("x").into()).is_none());
        assert!(person.coerce(Value::text("x").into()).is_none());
    });
}
