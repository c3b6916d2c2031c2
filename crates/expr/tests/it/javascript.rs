//! JavaScript: values, limits, isolation.

use crate::support::{Vars, check_table, eval, now};
use expr::{Compiled, EvalError, SyntaxError, compile, js};
use model::Value;
use model::definition::Language;
use model::limits::Limits;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

fn read(text: &str) -> Result<Compiled, SyntaxError> {
    compile(Language::JavaScript, text, &Limits::default())
}

fn run(text: &str, limits: &Limits) -> Result<Value, EvalError> {
    eval(&read(text).unwrap(), &Vars::json(r#"{"a": 1}"#), limits).map(|e| e.value)
}

fn worker(text: &str, limits: &Limits, ticks: u32) -> Result<Value, EvalError> {
    let asked = AtomicU32::new(0);
    let deadline: js::Deadline = Arc::new(move || asked.fetch_add(1, Ordering::Relaxed) >= ticks);
    js::run(text, &Vars::json(r#"{"a": 1}"#).0, &js::Worker { now: now(), limits, deadline })
}

#[test]
fn scripts() {
    let table = include_str!("../cases/javascript.txt");
    assert!(check_table(table, |text, limits| compile(Language::JavaScript, text, limits)) > 50);
}

#[test]
fn helpers() {
    let table = include_str!("../cases/javascript_helpers.txt");
    assert!(check_table(table, |text, limits| compile(Language::JavaScript, text, limits)) > 200);
}

/// Each function of `_` comes with what it needs, also when nothing else is mentioned.
#[test]
fn each_helper_can_be_had_alone() {
    let limits = Limits::default();
    let all = run("Object.keys(_)", &limits).unwrap();
    let Value::List(all) = all else { panic!("{all:?}") };
    assert!(all.len() > 180, "{}", all.len());
    for name in all.iter().filter_map(Value::as_str).filter(|n| *n != "chain") {
        assert_eq!(run(&format!("typeof _.{name}"), &limits), Ok(Value::text("function")), "{name}");
    }
}

#[test]
fn a_long_run_leaves_the_engine_and_ends_on_a_worker() {
    let limits = Limits::default();
    for text in [
        "while (true) {}",
        "for (;;) { try { while (true) {} } finally { continue } }",
        "/(a+)+$/.test('a'.repeat(40) + '!')",
    ] {
        assert_eq!(run(text, &limits), Err(EvalError::OutOfInlineBudget), "{text}");
        assert_eq!(worker(text, &limits, 20), Err(EvalError::Time), "{text}");
    }
    let sum = "let s = 0; for (let i = 0; i < 2000000; i++) s += i; return s";
    assert_eq!(run(sum, &limits), Err(EvalError::OutOfInlineBudget));
    assert_eq!(worker(sum, &limits, 100_000), Ok(Value::from(1_999_999_000_000)));
}

#[test]
fn memory_is_limited() {
    let limits = Limits { script_bytes: 4 << 20, ..Limits::default() };
    for text in ["const a = []; for (;;) a.push('x'.repeat(10000) + a.length)", "'x'.repeat(50000000).length"] {
        assert_eq!(worker(text, &limits, 100_000), Err(EvalError::Memory), "{text}");
    }
}

#[test]
fn memory_of_earlier_runs_is_given_back() {
    let limits = Limits { script_bytes: 4 << 20, ..Limits::default() };
    let script = read("const a = []; for (let i = 0; i < 200; i++) a.push({i, a}); return a.length").unwrap();
    for _ in 0..200 {
        assert_eq!(eval(&script, &Vars::json("{}"), &limits).map(|e| e.value), Ok(200.into()));
    }
}

#[test]
fn recursion_ends() {
    let limits = Limits::default();
    assert_eq!(run("function f() { return f() + 1 } return f()", &limits), Err(EvalError::Depth));
    assert_eq!(run("let a = []; for (let i = 0; i < 500; i++) a = [a]; return a", &limits), Err(EvalError::Depth));
}

#[test]
fn results_are_limited() {
    let limits = Limits { instance_bytes: 1000, ..Limits::default() };
    assert_eq!(run("'x'.repeat(2000)", &limits), Err(EvalError::Size));
}

#[test]
fn what_is_thrown_says_where() {
    let limits = Limits::default();
    let thrown = |text: &str| match run(text, &limits) {
        Err(EvalError::Thrown { message }) => message,
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(thrown("\n\nthrow new Error('no stock')"), "no stock (line 3)");
    assert_eq!(thrown("missing + 1"), "ReferenceError: missing is not defined (line 1)");
    assert_eq!(thrown("throw 'plain'"), "plain");
    assert_eq!(thrown("throw {code: 5}"), r#"{"code":5}"#);
    assert_eq!(thrown("await Promise.reject(new TypeError('late'))"), "TypeError: late (line 1)");
    assert_eq!(EvalError::Thrown { message: "x".into() }.fault().code.code, "EXP-0007");
}

#[test]
fn nothing_survives_a_run() {
    let limits = Limits::default();
    run("Array.prototype.map = () => 'broken'; Object.prototype.x = 1; globalThis.y = 2; return 0", &limits).unwrap();
    let after = run("[[1].map(v => v + 1)[0], typeof ({}).x, typeof y].join()", &limits);
    assert_eq!(after, Ok(Value::text("2,undefined,undefined")));
}

#[test]
fn nothing_of_a_run_reaches_a_kept_expression() {
    let limits = Limits::default();
    let simple = read("a + [1, 2].map(v => v * 2).length > 2").unwrap();
    let vars = Vars::json(r#"{"a": 1}"#);
    let simple = || eval(&simple, &vars, &limits).map(|e| e.value);
    assert_eq!(simple(), Ok(true.into()));
    for hostile in [
        "Array.prototype.map = () => []; return 1",
        "Object.prototype.__defineGetter__('length', () => 0); return 1",
        "globalThis.a = -100; vars.a = -100; return 1",
        "Number.prototype.valueOf = () => -5; Object.freeze(globalThis); return 1",
        "_.set({}, 'constructor.prototype.map', 1); _.merge({}, JSON.parse('{\"__proto__\": {\"length\": 0}}')); return 1",
        "while (true) {}",
        "function f() { return f() } return f()",
    ] {
        let _ = run(hostile, &limits);
        assert_eq!(simple(), Ok(true.into()), "{hostile}");
    }
}

#[test]
fn a_kept_expression_gives_what_a_fresh_context_gives() {
    let limits = Limits::default();
    // In parentheses with a comment the same expression is not taken for one that only computes.
    for text in [
        "a + 1",
        "a > 0 && a < 2",
        "a ? 'x' : 'y'",
        "[a, 'é', null, undefined]",
        "a / 3",
        "-a * 0",
        "a / 0",
        "missing + 1",
        "typeof missing",
        "a.b.c",
        "'x'.repeat",
        "Math.max(a, 2.5)",
        "Number('12') + a",
        "undefined",
        "a?.b",
        "'abc'.at(-1)",
        "[3, 1].map(v => v + a).join('-')",
        "isNaN(a)",
        "a in [1, 2]",
        "toString",
        "Map",
        "arguments",
        "a.toFixed(2)",
    ] {
        let fresh = run(&format!("/* */ {text}"), &limits);
        assert_eq!(run(text, &limits), fresh, "{text}");
        assert_eq!(run(text, &limits), fresh, "again: {text}");
    }
}

#[test]
fn reads_are_a_superset_or_unknown() {
    let reads = |text: &str| read(text).unwrap().reads().map(|r| r.join(","));
    assert_eq!(reads("amount > 100 && order.total"), Some("amount,order".to_owned()));
    assert_eq!(reads("const t = amount; return t"), Some("amount,t".to_owned()));
    assert_eq!(reads("`${amount}`"), Some("$,amount".to_owned()));
    assert_eq!(reads("vars.amount"), None);
    assert_eq!(reads("globalThis['am' + 'ount']"), None);
}

#[test]
fn a_run_repeated_gives_the_same() {
    let limits = Limits::default();
    let text = "[Math.random(), Math.random(), Date.now(), new Date().toISOString(), Date.parse(Date()) > 0].join()";
    let first = run(text, &limits).unwrap();
    assert_eq!(Ok(first.clone()), run(text, &limits));
    assert!(first.as_str().unwrap().contains("1795255200000,2026-11-21T10:00:00.000Z,true"), "{first:?}");
}

#[test]
fn instances_draw_different_numbers() {
    let limits = Limits::default();
    let drawn = |instance: &str| {
        let vars = Vars::json(&format!(r#"{{"instance": {{"id": "{instance}"}}}}"#));
        let deadline: js::Deadline = Arc::new(|| false);
        js::run("Math.random()", &vars.0, &js::Worker { now: now(), limits: &limits, deadline }).unwrap()
    };
    assert_eq!(drawn("inst_1"), drawn("inst_1"));
    assert_ne!(drawn("inst_1"), drawn("inst_2"));
}

#[test]
fn syntax_errors_have_a_place() {
    let error = read("let a = 1;\nlet b = ;").unwrap_err();
    assert_eq!(error.line, 2, "{error:?}");
    assert!(read("return (").is_err());
    assert!(read("a\0b").is_err());
    assert!(read("1 +").unwrap_err().message.contains("can not be read"));
}
