//! A text taken apart into plain text and `${…}`, `#{…}`.

use super::JuelProblem;
use crate::syntax::SyntaxError;

/// A part of a text.
#[derive(Debug, PartialEq)]
pub(super) enum Part {
    /// Plain text, `\$` resolved.
    Plain(String),
    /// Bytes of an expression, without its brackets.
    Expression { from: usize, to: usize },
}

impl Part {
    pub(super) fn plain(&self) -> &str {
        if let Self::Plain(text) = self { text } else { "" }
    }

    pub(super) fn is_blank_or_expression(&self) -> bool {
        self.plain().trim().is_empty()
    }
}

/// Takes a text apart.
pub(super) fn parts(text: &str) -> Result<Vec<Part>, JuelProblem> {
    let mut out = Vec::new();
    let mut plain = String::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if rest.starts_with("\\${") || rest.starts_with("\\#{") {
            plain.push_str(&rest[1..3]);
            at += 3;
        } else if rest.starts_with("${") || rest.starts_with("#{") {
            let from = at + 2;
            let Some(to) = end_of(text, from) else {
                let error = SyntaxError::at(text, at, "the expression has no end", "выражение не закрыто");
                return Err(error.expecting(&["}"]).into());
            };
            if !plain.is_empty() {
                out.push(Part::Plain(std::mem::take(&mut plain)));
            }
            out.push(Part::Expression { from, to });
            at = to + 1;
        } else {
            plain.push(c);
            at += c.len_utf8();
        }
    }
    if !plain.is_empty() || out.is_empty() {
        out.push(Part::Plain(plain));
    }
    Ok(out)
}

/// The byte of the `}` that ends the expression beginning at `from`.
fn end_of(text: &str, from: usize) -> Option<usize> {
    let (mut quote, mut escaped, mut open) = (None, false, 0usize);
    for (i, c) in text[from..].char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '{') => open += 1,
            (None, '}') if open == 0 => return Some(from + i),
            (None, '}') => open -= 1,
            _ => {}
        }
    }
    None
}
