//! What a script's text shows without running it: the words it mentions, and whether it can not change anything.
//!
//! Invariant: [`Words::names`] holds every name that the script can reach by writing it; [`Words::free`] is given only
//! to an expression that has no way to write, to call what writes, or to reach code that does.

use std::collections::BTreeSet;
use std::sync::Arc;

/// What is known of a text.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// All words of the text that could be names, sorted: more than it reads, never less.
    pub(super) names: Vec<Arc<str>>,
    /// For an expression that only computes: its variables, in order. Such a run may share its surroundings.
    pub(super) free: Option<Vec<Arc<str>>>,
}

/// Words that can not be variables of ours: reserved, or globals of the language that are often used.
const RESERVED: &[&str] = &[
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "import",
    "in",
    "instanceof",
    "new",
    "null",
    "return",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "undefined",
    "var",
    "void",
    "while",
    "with",
    "NaN",
    "Infinity",
    "Math",
    "JSON",
    "Date",
    "Object",
    "Array",
];
/// Words that mean something in some places only.
const CONTEXTUAL: &[&str] =
    &["async", "await", "from", "let", "of", "static", "yield", "arguments", "eval", "get", "set"];

/// Words of a computing expression that are no variables.
const HARMLESS_WORDS: &[&str] = &["true", "false", "null", "undefined", "NaN", "Infinity", "typeof", "in"];
/// Globals whose members, or which themselves, may be used.
pub(super) const HARMLESS_GLOBALS: &[&str] =
    &["Math", "Number", "String", "Boolean", "Array", "isNaN", "isFinite", "parseInt", "parseFloat"];
/// Functions that compute.
const FUNCTIONS: &[&str] = &["Number", "String", "Boolean", "isNaN", "isFinite", "parseInt", "parseFloat"];
/// Methods that change nothing, neither what they are called on nor their arguments.
const METHODS: &[&str] = &[
    "includes",
    "indexOf",
    "lastIndexOf",
    "startsWith",
    "endsWith",
    "toUpperCase",
    "toLowerCase",
    "trim",
    "trimStart",
    "trimEnd",
    "slice",
    "substring",
    "substr",
    "charAt",
    "charCodeAt",
    "at",
    "concat",
    "join",
    "some",
    "every",
    "filter",
    "map",
    "find",
    "findIndex",
    "findLast",
    "reduce",
    "flat",
    "flatMap",
    "toFixed",
    "toString",
    "padStart",
    "padEnd",
    "split",
    "isArray",
    "isInteger",
    "isFinite",
    "isNaN",
    "abs",
    "ceil",
    "floor",
    "round",
    "max",
    "min",
    "sqrt",
    "pow",
    "trunc",
    "sign",
    "log",
    "log10",
    "log2",
    "exp",
    "hasOwnProperty",
];
/// Members that lead to code or to what is shared.
const REFUSED_MEMBERS: &[&str] = &["__proto__", "constructor", "prototype", "random", "call", "apply", "bind"];
/// The longest text that is looked at.
const LONGEST: usize = 4096;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Token<'s> {
    Word(&'s str),
    /// A number or a text.
    Constant,
    Mark(&'static str),
}

/// Longest first.
const MARKS: &[&str] = &[
    "===", "!==", "==", "!=", "<=", ">=", "=>", "&&", "||", "??", "?.", "**", "<", ">", "(", ")", "[", "]", ".", ",",
    "?", ":", "!", "+", "-", "*", "/", "%",
];

/// Looks at a text.
pub(super) fn look(source: &str) -> Words {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for word in source.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')) {
        if word.chars().next().is_some_and(|c| !c.is_ascii_digit()) && !RESERVED.contains(&word) {
            names.insert(word);
        }
    }
    let free = if source.len() <= LONGEST { tokens(source).and_then(|t| computing(&t)) } else { None };
    Words { names: names.into_iter().map(Arc::from).collect(), free }
}

/// The tokens, when each of them may stand in an expression that only computes.
fn tokens(source: &str) -> Option<Vec<Token<'_>>> {
    let mut out = Vec::new();
    let mut rest = source.trim();
    while let Some(c) = rest.chars().next() {
        let len = if c.is_whitespace() {
            c.len_utf8()
        } else if c.is_alphabetic() || c == '_' || c == '$' {
            let len = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len());
            out.push(Token::Word(&rest[..len]));
            len
        } else if c.is_ascii_digit() {
            let len = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
            out.push(Token::Constant);
            // `5n`, `0x1F`, `1e3` are left to the full reader.
            if rest[len..].starts_with(|c: char| c.is_alphanumeric() || c == '_') {
                return None;
            }
            len
        } else if c == '\'' || c == '"' {
            let end = rest[1..].find([c, '\\', '\n'])? + 1;
            if !rest[end..].starts_with(c) {
                return None;
            }
            out.push(Token::Constant);
            end + 1
        } else {
            let mark = MARKS.iter().find(|m| rest.starts_with(**m))?;
            // `++`, `--`, `/*`, `//` and a regular expression are not computing.
            let twice = matches!(*mark, "+" | "-") && rest[1..].starts_with(mark);
            let divides = matches!(out.last(), Some(Token::Word(_) | Token::Constant | Token::Mark(")" | "]")));
            if twice || (*mark == "/" && (!divides || rest[1..].starts_with(['/', '*', '=']))) {
                return None;
            }
            if matches!(*mark, "+" | "-" | "*" | "**" | "%" | "&&" | "||" | "??" | "<" | ">")
                && rest[mark.len()..].starts_with(['=', '<', '>'])
            {
                return None;
            }
            out.push(Token::Mark(mark));
            mark.len()
        };
        rest = &rest[len..];
    }
    Some(out)
}

/// The variables of an expression that only computes.
fn computing(tokens: &[Token]) -> Option<Vec<Arc<str>>> {
    let locals = parameters(tokens)?;
    let mut free: BTreeSet<&str> = BTreeSet::new();
    for (i, token) in tokens.iter().enumerate() {
        let before = i.checked_sub(1).map(|b| tokens[b]);
        let after = tokens.get(i + 1).copied();
        let called = after == Some(Token::Mark("("));
        match token {
            Token::Word(word) => {
                let member = matches!(before, Some(Token::Mark("." | "?.")));
                let harmless = if member {
                    is_harmless_member(word, called)
                } else if HARMLESS_WORDS.contains(word) || locals.contains(word) {
                    !called || matches!(*word, "typeof" | "in")
                } else if HARMLESS_GLOBALS.contains(word) {
                    after == Some(Token::Mark(".")) || (called && FUNCTIONS.contains(word))
                } else {
                    free.insert(word);
                    !called && !RESERVED.contains(word) && !CONTEXTUAL.contains(word)
                };
                if !harmless {
                    return None;
                }
            }
            // A value that is called, or a call by `?.(`.
            Token::Mark("(") if matches!(before, Some(Token::Mark(")" | "]" | "?.") | Token::Constant)) => return None,
            _ => {}
        }
    }
    Some(free.into_iter().map(Arc::from).collect())
}

fn is_harmless_member(word: &str, called: bool) -> bool {
    !REFUSED_MEMBERS.contains(&word) && !word.starts_with("__") && (!called || METHODS.contains(&word))
}

/// The parameters of the arrow functions in it.
fn parameters<'s>(tokens: &[Token<'s>]) -> Option<Vec<&'s str>> {
    let mut out = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        if *token != Token::Mark("=>") {
            continue;
        }
        match i.checked_sub(1).map(|b| tokens[b])? {
            Token::Word(name) => out.push(name),
            Token::Mark(")") => {
                let open = tokens[..i].iter().rposition(|t| *t == Token::Mark("("))?;
                for inside in &tokens[open + 1..i - 1] {
                    match inside {
                        Token::Word(name) => out.push(name),
                        Token::Mark(",") => {}
                        _ => return None,
                    }
                }
            }
            _ => return None,
        }
    }
    // A parameter that hides a global, or a keyword, is left to the full reader.
    let plain = |n: &&str| ![RESERVED, CONTEXTUAL, HARMLESS_GLOBALS].iter().any(|all| all.contains(n));
    let plain = out.iter().all(plain);
    plain.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_computes_is_free() {
        for (source, free) in [
            ("a > 100 && b === 'new'", Some("a,b")),
            ("order.items.some(i => i.price > limit)", Some("limit,order")),
            ("items.reduce((s, i) => s + i, 0) / 2", Some("items")),
            ("Math.round(a * 100) / 100", Some("a")),
            ("Number(a) + parseInt('5')", Some("a")),
            ("a?.b ?? 'none'", Some("a")),
            ("a['b']", Some("a")),
            ("true", Some("")),
            ("a = 1", None),
            ("a += 1", None),
            ("a++", None),
            ("x.push(1)", None),
            ("a[b](1)", None),
            ("a.constructor", None),
            ("a.__proto__.x", None),
            ("f(1)", None),
            ("(f)(1)", None),
            ("a?.(1)", None),
            ("new Date()", None),
            ("Date.now()", None),
            ("Math.random()", None),
            ("Math", None),
            ("[].map(Array)", None),
            ("`${a}`", None),
            ("/a/.test(b)", None),
            ("a /* x */ / b", None),
            ("{ a }", None),
            ("return a", None),
            ("this.a", None),
            ("_.sum(a)", None),
            ("a; b", None),
            ("[1].map(isNaN => isNaN)", None),
            ("'a\\u0062'", None),
            ("a.sort()", None),
            ("delete a.b", None),
        ] {
            let found = look(source).free.map(|f| f.join(","));
            assert_eq!(found.as_deref(), free, "{source}");
        }
    }
}
