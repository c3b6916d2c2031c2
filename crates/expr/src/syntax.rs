//! What is wrong with an expression's text, and where.

use std::fmt;

/// An expression that can not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// Line from 1.
    pub line: u32,
    /// Column from 1, in characters.
    pub column: u32,
    /// What is wrong, in English.
    pub message: String,
    /// The same in Russian.
    pub message_ru: String,
    /// What could stand there instead; empty when that says nothing.
    pub expected: Vec<String>,
}

impl SyntaxError {
    /// An error at the byte `offset` of `text`.
    pub(crate) fn at(text: &str, offset: usize, message: impl Into<String>, message_ru: impl Into<String>) -> Self {
        let (line, column) = position(text, offset);
        Self { line, column, message: message.into(), message_ru: message_ru.into(), expected: Vec::new() }
    }

    /// The same error with what could stand there.
    pub(crate) fn expecting(mut self, expected: &[&str]) -> Self {
        self.expected = expected.iter().map(|&e| e.to_owned()).collect();
        self
    }

    /// As a fault for the edge.
    pub fn fault(&self) -> model::Fault {
        let details = serde_json::json!({"line": self.line, "column": self.column, "expected": self.expected});
        model::Fault::new(&model::error::codes::EXPRESSION_SYNTAX, self.to_string()).with_details(details)
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (line {}, column {})", self.message, self.line, self.column)
    }
}

impl std::error::Error for SyntaxError {}

/// Line and column, from 1, of the byte `offset`.
pub fn position(text: &str, offset: usize) -> (u32, u32) {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = &text[..end];
    let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
}
