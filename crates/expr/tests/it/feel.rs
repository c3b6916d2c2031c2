//! FEEL: tables of cases, limits, properties.

use crate::support::{Vars, check_table, eval};
use expr::{EvalError, compile, unary_tests};
use model::definition::Language;
use model::limits::Limits;

fn table(text: &str) -> usize {
    check_table(text, |text, limits| compile(Language::Feel, text, limits))
}

#[test]
fn literals_and_operators() {
    assert!(table(include_str!("../cases/feel/operators.txt")) > 80);
}

#[test]
fn forms() {
    assert!(table(include_str!("../cases/feel/forms.txt")) > 60);
}

#[test]
fn builtins() {
    assert!(table(include_str!("../cases/feel/builtins.txt")) > 150);
}

#[test]
fn temporal() {
    assert!(table(include_str!("../cases/feel/temporal.txt")) > 60);
}

#[test]
fn syntax_errors() {
    assert!(table(include_str!("../cases/feel/errors.txt")) > 25);
}

#[test]
fn unary() {
    assert!(check_table(include_str!("../cases/feel/unary.txt"), unary_tests) > 20);
}

fn read(text: &str) -> Result<expr::Compiled, expr::SyntaxError> {
    compile(Language::Feel, text, &Limits::default())
}

fn run(text: &str) -> Result<model::Value, EvalError> {
    let vars = Vars::json(r#"{"list": [1, 2, 3], "x": 5}"#);
    eval(&read(text).unwrap_or_else(|e| panic!("{text}: {e}")), &vars, &Limits::default()).map(|e| e.value)
}

#[test]
fn deep_texts_are_syntax_errors() {
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(50_000), close.repeat(50_000));
    let texts = [
        deep("(", ")"),
        deep("[", "]"),
        deep("{a:", "}"),
        deep("-", ""),
        deep("if true then ", " else 2"),
        deep("for x in [1] return ", ""),
        deep("some x in [1] satisfies ", ""),
        deep("function(x) ", ""),
        deep("not(", ")"),
        deep("x in (", ")"),
        deep("]", ""),
        deep("1 = ", ""),
        deep("2 ** ", ""),
        deep("[1][", "]"),
        format!("x{}", ".a".repeat(50_000)),
        format!("x{}", "[1]".repeat(50_000)),
        format!("x{}", " instance of number".repeat(50_000)),
        format!("x instance of {}number{}", "list<".repeat(50_000), ">".repeat(50_000)),
        format!("1{}", " = 1".repeat(50_000)),
        "(".repeat(50_000),
    ];
    for text in &texts {
        let error = read(text).err().unwrap_or_else(|| panic!("{}", &text[..20]));
        assert!(error.message.contains("nested deeper"), "{}: {error}", &text[..20]);
    }
    let chains = [" + 1", " * 1", " and true", " or true"];
    for chain in chains {
        assert!(read(&format!("1{}", chain.repeat(10_000))).is_ok(), "{chain}");
    }
}

#[test]
fn nesting_up_to_the_limit_is_evaluated() {
    assert_eq!(run(&format!("{}1{}", "(".repeat(99), ")".repeat(99))), Ok(1.into()));
    assert_eq!(run(&format!("{}1{}", "-(".repeat(45), ")".repeat(45))), Ok((-1).into()));
    assert!(run(&format!("{}1{}", "[".repeat(99), "]".repeat(99))).is_ok());
}

#[test]
fn explosions_end_by_fuel() {
    for text in [
        "for a in 1..1000000000 return a",
        "for a in 1..10000, b in 1..10000 return a",
        "some a in 1..1000000000 satisfies a < 0",
        "count(for a in 1..200, b in 1..200, c in 1..200 return a)",
        "every a in [1..99999999999999999999999999999999999] satisfies true",
        "(function(f) f(f))(function(f) [f(f), f(f)])",
        "sort(for i in 1..1000000 return -i)",
        "string join(for i in 1..900 return string(for j in 1..900 return j))",
    ] {
        let limits = Limits { feel_fuel: 50_000, ..Limits::default() };
        let outcome = eval(&read(text).unwrap(), &Vars::json("{}"), &limits).map(|e| e.value);
        assert!(matches!(outcome, Err(EvalError::Fuel | EvalError::Depth)), "{text}: {outcome:?}");
    }
}

/// Work that one step could hide: reading long lists and texts, compiling patterns, going back in them.
#[test]
fn hidden_work_is_paid_for() {
    let list = "l: for i in 1..100000 return i";
    let text = "t: (for i in 1..16 return if i = 1 then \"abcdefgh\" else partial[-1] + partial[-1])[-1]";
    for expression in [
        format!("{{{list}, r: for i in 1..100000 return sum(l)}}.r"),
        format!("{{{list}, r: for i in 1..100000 return reverse(l)[1]}}.r"),
        format!("{{{list}, r: for i in 1..100000 return list contains(l, i)}}.r"),
        format!("{{{list}, r: for i in 1..100000 return l = l}}.r"),
        format!("{{{text}, r: for i in 1..300000 return t = t}}.r"),
        format!("{{{text}, r: for i in 1..300000 return t < t}}.r"),
        format!("{{{text}, r: for i in 1..300000 return string length(t)}}.r"),
        format!("{{{text}, r: for i in 1..300000 return contains(t, \"z\")}}.r"),
        "for i in 1..100000 return matches(\"a\", \"((a{30}){30}){20}b?\")".to_owned(),
        "for i in 1..100000 return matches(\"a\", \"((a{1000}){1000}){1000}\")".to_owned(),
        "matches(\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\", \"(a+)+b\")".to_owned(),
        "matches(\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\", \"(a|a)*b\")".to_owned(),
        "count(split((for i in 1..18 return if i = 1 then \"abcdefgh\" else partial[-1] + partial[-1])[-1], \"\"))"
            .to_owned(),
    ] {
        assert_eq!(run(&expression), Err(EvalError::Fuel), "{expression}");
    }
}

#[test]
fn large_values_end() {
    for (text, expected) in [
        ("for i in 1..60 return if i = 1 then [1] else [partial[-1], partial[-1]]", EvalError::Fuel),
        ("for i in 1..1000 return if i = 1 then [1] else [partial[-1]]", EvalError::Depth),
        ("(function(f) f(f))(function(f) f(f))", EvalError::Depth),
        ("(for i in 1..40 return if i = 1 then \"ab\" else partial[-1] + partial[-1])[-1]", EvalError::Size),
    ] {
        assert_eq!(run(text), Err(expected), "{text}");
    }
    let limits = Limits { instance_bytes: 1000, ..Limits::default() };
    let vars = Vars::json("{}");
    let result = eval(&read("for i in 1..1000 return i").unwrap(), &vars, &limits);
    assert_eq!(result.unwrap_err(), EvalError::Size);
}

#[test]
fn loops_are_linear() {
    assert_eq!(run("count(for a in 1..200, b in 1..200 return a * b)"), Ok(40_000.into()));
    assert_eq!(run("sum(for i in 1..20000 return i)"), Ok(200_010_000.into()));
    assert_eq!(run("count(for i in 1..5000 return count(partial))"), Ok(5000.into()));
    assert_eq!(run("count(distinct values(for i in 1..20000 return modulo(i, 100)))"), Ok(100.into()));
}

#[test]
fn reads_are_known_without_data() {
    for (text, reads) in [
        ("amount > 100 and status = \"new\"", "amount,status"),
        ("a.b.c + a.d", "a"),
        ("for x in list return x + y", "list,y"),
        ("{a: 1, b: a + c}.b", "c"),
        ("orders[total > limit]", "limit,orders,total"),
        ("function(x) x + z", "z"),
        ("some x in 1..3 satisfies x = w", "w"),
        ("date(\"2026-01-01\")", ""),
        ("`odd name` + 1", "odd name"),
        ("count(items)", "items"),
    ] {
        assert_eq!(read(text).unwrap().reads().unwrap().join(","), reads, "{text}");
    }
    for (text, constant) in [("1 + 1", true), ("now()", false), ("x", false), ("@\"P1D\" * 2", true), ("\"a\"", true)] {
        assert_eq!(read(text).unwrap().is_constant(), constant, "{text}");
    }
}

#[test]
fn errors_say_what_was_expected() {
    let error = read("if a\nthen b").unwrap_err();
    assert_eq!((error.line, error.column), (2, 7));
    assert_eq!(error.expected, ["else"]);
    assert_eq!(error.message, "expected `else`, found the end of the text");
    assert_eq!(error.message_ru, "ожидалось: `else`, встретилось: конец текста");
    assert_eq!(read("a == b").unwrap_err().message, "expected an expression, found `=`; equality is written `=`");
    assert_eq!(
        read("full name").unwrap_err().message,
        "expected an operator or the end, found `name`; a name with blanks stands in back-ticks"
    );
    assert_eq!(
        read("uppercase(x)").unwrap_err().message,
        "there is no function `uppercase`; did you mean `upper case`?"
    );
    assert_eq!(error.fault().code.code, "EXP-0001");
    assert_eq!(read("substrng(x, 1)").unwrap_err().expected, ["substring"]);
    assert_eq!(read("sting length(x)").unwrap_err().expected, ["operator", "end"]);
    assert_eq!(read("round(x)").unwrap_err().expected, ["round down"]);
    assert_eq!(read("now(1)").unwrap_err().expected, ["now()"]);
    assert_eq!(read("a && b").unwrap_err().expected, ["and"]);
}

#[test]
fn warnings_say_why() {
    let vars = Vars::json(r#"{"a": 1}"#);
    let warnings = |text: &str| eval(&read(text).unwrap(), &vars, &Limits::default()).unwrap().warnings.join("; ");
    assert_eq!(
        warnings("a + missing"),
        "there is no variable `missing` (line 1, column 5); no `+` for number and null (line 1, column 3)"
    );
    assert_eq!(warnings("missing = null"), "");
    assert_eq!(warnings("get or else(missing.x, 1)"), "");
    assert_eq!(warnings("a > \"1\""), "can not compare number with string (line 1, column 3)");
    assert_eq!(
        warnings("1 +\n substring(5, 1)").lines().next(),
        Some(
            "`substring`: expected a string, got number (line 2, column 2); no `+` for number and null (line 1, column 3)"
        )
    );
    assert_eq!(warnings("a.b"), "a number has no entry `b` (line 1, column 2)");
    assert_eq!(warnings("if a then 1 else null"), "`if` needs a boolean, got number (line 1, column 1)");
}

#[test]
fn random_values_repeat_with_the_seed() {
    let vars = Vars::json("{}");
    let text = "[random number(), random number(), uuid(), uuid()]";
    let value = || eval(&read(text).unwrap(), &vars, &Limits::default()).unwrap().value.to_json();
    let first = value();
    assert_eq!(first, value());
    assert_ne!(first[0], first[1]);
    assert_ne!(first[2], first[3]);
    let id = first[2].as_str().unwrap();
    assert_eq!((id.len(), &id[14..15], "89ab".contains(&id[19..20])), (36, "4", true), "{id}");
    assert!(!read("uuid()").unwrap().is_constant());
}
