//! Text to tokens.
//!
//! Invariant: linear in the text; every token knows the byte where it starts.

use crate::syntax::SyntaxError;
use model::Number;
use std::sync::Arc;

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// A number.
    Number(Number),
    /// A text in quotes, escapes resolved.
    Text(Arc<str>),
    /// A bare word: a name or a keyword.
    Word(Arc<str>),
    /// A name in back-ticks.
    Quoted(Arc<str>),
    /// An operator or bracket.
    Mark(&'static str),
    /// The end of the text.
    End,
}

/// A token with its place.
#[derive(Debug, Clone)]
pub(super) struct Token {
    /// What it is.
    pub(super) kind: Kind,
    /// Byte where it starts.
    pub(super) at: usize,
    /// Line and column, from 1.
    pub(super) place: Place,
}

/// Line and column, from 1.
pub(super) type Place = (u32, u32);

/// Longest first.
const MARKS: &[&str] = &[
    "**", "->", "<=", ">=", "!=", "..", "+", "-", "*", "/", "=", "<", ">", "(", ")", "[", "]", "{", "}", ",", ":", ".",
    "@",
];

/// All tokens of `text`, the last of them [`Kind::End`]. A name of `names` with blanks or operators is one word.
pub(super) fn tokens(text: &str, names: &LongNames) -> Result<Vec<Token>, SyntaxError> {
    let out = Vec::with_capacity(text.len() / 4 + 2);
    let mut lexer = Lexer { text, at: 0, out, names, placed: (0, (1, 1)) };
    while lexer.skip_blanks()? {
        lexer.token()?;
    }
    lexer.push(Kind::End, text.len());
    Ok(lexer.out)
}

/// Names that are more than one word: `Monthly Salary`, `e-mail`. Longest first.
#[derive(Debug, Clone, Default)]
pub(super) struct LongNames(Vec<Arc<str>>);

impl LongNames {
    /// Those of `names` that the reader would take apart.
    pub(super) fn of<'n>(names: impl IntoIterator<Item = &'n Arc<str>>) -> Self {
        let mut long = Self(names.into_iter().filter(|n| is_long(n)).cloned().collect());
        long.arrange();
        long
    }

    /// Adds more; says whether that changed anything.
    pub(super) fn extend(&mut self, names: impl IntoIterator<Item = Arc<str>>) -> bool {
        let before = self.0.len();
        self.0.extend(names.into_iter().filter(|n| is_long(n)));
        self.arrange();
        self.0.len() != before
    }

    fn arrange(&mut self) {
        self.0.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        self.0.dedup();
    }

    /// The name that `text` begins with, and its length there: any blanks stand for one.
    fn at(&self, text: &str) -> Option<(Arc<str>, usize)> {
        self.0.iter().find_map(|name| Some((name.clone(), length_of(name, text)?)))
    }
}

fn is_long(name: &str) -> bool {
    name.chars().next().is_some_and(starts_name) && !name.chars().all(continues_name)
}

/// How many bytes of `text` the name takes, when the text begins with it and the next character ends it.
fn length_of(name: &str, text: &str) -> Option<usize> {
    let mut rest = text;
    for wanted in name.chars() {
        if wanted.is_whitespace() {
            let trimmed = rest.trim_start();
            if trimmed.len() == rest.len() {
                return None;
            }
            rest = trimmed;
        } else {
            rest = rest.strip_prefix(wanted)?;
        }
    }
    let ends = !rest.chars().next().is_some_and(continues_name);
    ends.then_some(text.len() - rest.len())
}

/// Whether a character may start a name.
pub(super) fn starts_name(c: char) -> bool {
    c.is_alphabetic() || c == '_' || c as u32 >= 0x1_0000
}

/// Whether a character may stand inside a name.
pub(super) fn continues_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || is_mark(c) || c as u32 >= 0x1_0000
}

/// Combining marks of scripts that need them (Devanagari, Thai and so on, and accents written apart).
fn is_mark(c: char) -> bool {
    matches!(c as u32, 0x300..=0x36F | 0x483..=0x487 | 0x591..=0x5BD | 0x610..=0x61A | 0x64B..=0x65F | 0x900..=0x903
        | 0x93A..=0x94F | 0xE31..=0xE3A | 0xE47..=0xE4E | 0x200C..=0x200D)
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    out: Vec<Token>,
    names: &'a LongNames,
    /// A byte, and the line and column there: counted on from token to token.
    placed: (usize, Place),
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn error(&self, at: usize, en: &str, ru: &str) -> SyntaxError {
        SyntaxError::at(self.text, at, en, ru)
    }

    fn skip_blanks(&mut self) -> Result<bool, SyntaxError> {
        loop {
            let rest = self.rest();
            let Some(c) = rest.chars().next() else { return Ok(false) };
            if c.is_whitespace() || c == '\u{feff}' {
                self.at += c.len_utf8();
            } else if rest.starts_with("//") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                let Some(end) = rest.find("*/") else {
                    return Err(self
                        .error(self.at, "the comment has no end", "комментарий не закрыт")
                        .expecting(&["*/"]));
                };
                self.at += end + 2;
            } else {
                return Ok(true);
            }
        }
    }

    fn push(&mut self, kind: Kind, at: usize) {
        let (from, (mut line, mut column)) = self.placed;
        for c in self.text[from..at].chars() {
            (line, column) = if c == '\n' { (line.saturating_add(1), 1) } else { (line, column.saturating_add(1)) };
        }
        self.placed = (at, (line, column));
        self.out.push(Token { kind, at, place: (line, column) });
    }

    fn token(&mut self) -> Result<(), SyntaxError> {
        let start = self.at;
        let rest = self.rest();
        let mut chars = rest.chars();
        let first = chars.next().unwrap_or('\0');
        let second = chars.next().unwrap_or('\0');
        if first.is_ascii_digit() || (first == '.' && second.is_ascii_digit()) {
            return self.number();
        }
        if first == '"' {
            let text = self.quoted_text()?;
            self.push(Kind::Text(text), start);
            return Ok(());
        }
        if first == '`' {
            let Some(end) = rest[1..].find('`') else {
                let (en, ru) = ("the name in back-ticks has no end", "имя в обратных кавычках не закрыто");
                return Err(self.error(start, en, ru).expecting(&["`"]));
            };
            let name = Arc::from(&rest[1..=end]);
            self.at += end + 2;
            self.push(Kind::Quoted(name), start);
            return Ok(());
        }
        if first == '?' {
            self.at += 1;
            self.push(Kind::Word(Arc::from("?")), start);
            return Ok(());
        }
        if starts_name(first) {
            if let Some((name, len)) = self.names.at(rest) {
                self.at += len;
                self.push(Kind::Word(name), start);
                return Ok(());
            }
            let len = rest.find(|c| !continues_name(c)).unwrap_or(rest.len());
            let word = Arc::from(&rest[..len]);
            self.at += len;
            self.push(Kind::Word(word), start);
            return Ok(());
        }
        let Some(mark) = MARKS.iter().find(|m| rest.starts_with(**m)) else {
            let (en, ru) = match first {
                '\'' => ("text stands in double quotes".to_owned(), "текст пишется в двойных кавычках".to_owned()),
                '!' | '&' | '|' => (
                    format!("`{first}` is no operator; write not(…), and, or"),
                    format!("`{first}` — не оператор; пишите not(…), and, or"),
                ),
                _ => (format!("unexpected character `{first}`"), format!("лишний знак `{first}`")),
            };
            let instead: &[&str] = match first {
                '\'' => &["\""],
                '!' => &["not(…)", "!="],
                '&' => &["and"],
                '|' => &["or"],
                _ => &[],
            };
            return Err(self.error(start, &en, &ru).expecting(instead));
        };
        self.at += mark.len();
        self.push(Kind::Mark(mark), start);
        Ok(())
    }

    fn number(&mut self) -> Result<(), SyntaxError> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let digits = |mut i: usize| {
            while bytes.get(i).is_some_and(u8::is_ascii_digit) {
                i += 1;
            }
            i
        };
        let mut end = digits(start);
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
        let text = &self.text[start..end];
        let padded = if text.starts_with('.') { format!("0{text}") } else { text.to_owned() };
        let Ok(number) = padded.parse::<Number>() else {
            return Err(self.error(start, "the number is too large", "число слишком велико"));
        };
        self.at = end;
        if self.rest().chars().next().is_some_and(starts_name) {
            return Err(self.error(start, "a name can not start with a digit", "имя не может начинаться с цифры"));
        }
        self.push(Kind::Number(number), start);
        Ok(())
    }

    fn quoted_text(&mut self) -> Result<Arc<str>, SyntaxError> {
        let start = self.at;
        let mut out = String::new();
        let mut chars = self.text[start + 1..].char_indices();
        while let Some((i, c)) = chars.next() {
            match c {
                '"' => {
                    self.at = start + 1 + i + 1;
                    return Ok(Arc::from(out));
                }
                '\\' => {
                    let Some((_, escaped)) = chars.next() else { break };
                    let here = start + 1 + i;
                    let used = self.escape(escaped, here, &mut out)?;
                    for _ in 0..used {
                        chars.next();
                    }
                }
                _ => out.push(c),
            }
        }
        Err(self.error(start, "the text has no closing quote", "текст не закрыт кавычкой").expecting(&["\""]))
    }

    /// Appends what the escape at `here` stands for; gives how many characters after the letter it used.
    fn escape(&self, letter: char, here: usize, out: &mut String) -> Result<usize, SyntaxError> {
        let plain = match letter {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            '"' | '\\' | '\'' => letter,
            'u' | 'U' => return self.unicode_escape(letter, here, out),
            other => {
                // A regular expression's `\d` is written with one backslash as often as with two.
                out.push('\\');
                other
            }
        };
        out.push(plain);
        Ok(0)
    }

    fn unicode_escape(&self, letter: char, here: usize, out: &mut String) -> Result<usize, SyntaxError> {
        let digits = if letter == 'u' { 4 } else { 6 };
        let unit = |from: usize| {
            let hex = self.text.get(from..from + digits).filter(|h| h.bytes().all(|b| b.is_ascii_hexdigit()))?;
            u32::from_str_radix(hex, 16).ok()
        };
        let bad = || {
            self.error(here, "the escape is no character (half of a pair?)", "экранирование не задаёт символ")
                .expecting(&["\\uXXXX", "\\UXXXXXX"])
        };
        let first = unit(here + 2).ok_or_else(bad)?;
        if let Some(c) = char::from_u32(first) {
            out.push(c);
            return Ok(digits);
        }
        let second_at = here + 2 + digits;
        let pair = (0xD800..0xDC00).contains(&first) && self.text[second_at..].starts_with("\\u");
        let low = if pair { unit(second_at + 2).filter(|l| (0xDC00..0xE000).contains(l)) } else { None };
        let low = low.ok_or_else(bad)?;
        let code = 0x10000 + ((first - 0xD800) << 10) + (low - 0xDC00);
        out.push(char::from_u32(code).ok_or_else(bad)?);
        Ok(digits + 2 + digits)
    }
}
