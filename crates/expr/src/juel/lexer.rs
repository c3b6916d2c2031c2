//! The tokens of one JUEL expression, and FEEL's way to write names and texts.

use crate::syntax::SyntaxError;

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Number(String),
    Text(String),
    Name(String),
    Mark(&'static str),
    End,
}

/// A token and the byte where it starts in the whole text.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) at: usize,
}

const MARKS: &[&str] = &[
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "+", "-", "*", "/", "%", "(", ")", "[", "]", ".", ",", "?", ":",
];

/// The tokens of `text[from..to]`.
pub(super) fn tokens(text: &str, from: usize, to: usize) -> Result<Vec<Token>, SyntaxError> {
    let mut out = Vec::new();
    let mut at = from;
    while let Some(c) = text[at..to].chars().next() {
        let rest = &text[at..to];
        let (kind, len) = if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        } else if c.is_ascii_digit() || (c == '.' && rest[1..].starts_with(|d: char| d.is_ascii_digit())) {
            let len = number_length(rest);
            (Kind::Number(rest[..len].to_owned()), len)
        } else if c == '\'' || c == '"' {
            let (value, len) = text_value(rest, c).ok_or_else(|| {
                SyntaxError::at(text, at, "the text has no closing quote", "текст не закрыт кавычкой")
            })?;
            (Kind::Text(value), len)
        } else if is_name_start(c) {
            let len = rest.find(|c: char| !is_name_part(c)).unwrap_or(rest.len());
            (Kind::Name(rest[..len].to_owned()), len)
        } else if let Some(mark) = MARKS.iter().find(|m| rest.starts_with(**m)) {
            (Kind::Mark(mark), mark.len())
        } else {
            return Err(SyntaxError::at(text, at, format!("unexpected character `{c}`"), format!("лишний знак `{c}`")));
        };
        out.push(Token { kind, at });
        at += len;
    }
    out.push(Token { kind: Kind::End, at: to });
    Ok(out)
}

fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || c == '_' || c == '$'
}

fn is_name_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |mut i: usize| {
        while bytes.get(i).is_some_and(u8::is_ascii_digit) {
            i += 1;
        }
        i
    };
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end + 1 + sign);
        if exponent > end + 1 + sign {
            end = exponent;
        }
    }
    end
}

/// What a text in quotes says, and the bytes it takes.
fn text_value(rest: &str, quote: char) -> Option<(String, usize)> {
    let mut out = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((i, c)) = chars.next() {
        match c {
            '\\' => out.push(chars.next()?.1),
            c if c == quote => return Some((out, i + 1)),
            c => out.push(c),
        }
    }
    None
}

// FEEL.

/// A text as FEEL writes it.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Words that FEEL reads otherwise than as a name.
const FEEL_WORDS: &[&str] = &[
    "and",
    "or",
    "in",
    "between",
    "then",
    "else",
    "return",
    "satisfies",
    "if",
    "for",
    "some",
    "every",
    "null",
    "true",
    "false",
    "function",
    "instance",
    "item",
    "partial",
];

/// A name as FEEL writes it: in back-ticks where needed. `None` when FEEL has no way to.
pub(super) fn name(name: &str) -> Option<String> {
    let simple = name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !FEEL_WORDS.contains(&name);
    if simple {
        return Some(name.to_owned());
    }
    (!name.is_empty() && !name.contains('`')).then(|| format!("`{name}`"))
}
