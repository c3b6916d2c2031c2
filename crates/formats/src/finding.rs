//! Building findings: one place that knows the shape of a diagnostic.
//!
//! Never: decides what is wrong.

use model::{Diagnostic, Severity};

/// A message in both languages.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    pub en: String,
    pub ru: String,
}

impl Text {
    pub fn new(en: impl Into<String>, ru: impl Into<String>) -> Self {
        Self { en: en.into(), ru: ru.into() }
    }
}

/// Where a finding stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Spot {
    pub line: u32,
    pub column: u32,
}

/// A finding about `element`.
pub(crate) fn finding(code: &str, severity: Severity, element: Option<&str>, spot: Spot, text: Text) -> Diagnostic {
    Diagnostic {
        code: code.to_owned(),
        severity,
        element: element.map(str::to_owned),
        message: text.en,
        message_ru: text.ru,
        line: spot.line,
        column: spot.column,
    }
}

/// A refusal: the file can not even be stored.
pub(crate) fn refusal(code: &str, spot: Spot, text: Text) -> Diagnostic {
    finding(code, Severity::Refused, None, spot, text)
}
