//! Building findings: one place that knows the shape of a diagnostic.
//!
//! Never: decides what is wrong.

use expr::position;
use model::{Diagnostic, Severity};

/// A finding's text in both languages.
pub(crate) struct Text {
    pub(crate) en: String,
    pub(crate) ru: String,
}

impl Text {
    pub(crate) fn new(en: impl Into<String>, ru: impl Into<String>) -> Self {
        Self { en: en.into(), ru: ru.into() }
    }
}

/// Collects the findings of one file.
pub(crate) struct Findings<'t> {
    text: &'t str,
    found: Vec<(usize, Diagnostic)>,
}

/// More findings of one file say nothing new.
const MOST: usize = 200;

impl<'t> Findings<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, found: Vec::new() }
    }

    /// A finding about `element`, which begins at the byte `at`.
    pub(crate) fn add(&mut self, code: &str, severity: Severity, (element, at): (Option<&str>, usize), text: Text) {
        if self.found.len() >= MOST {
            return;
        }
        let (line, column) = position(self.text, at);
        let diagnostic = Diagnostic {
            code: code.to_owned(),
            severity,
            element: element.map(str::to_owned),
            message: text.en,
            message_ru: text.ru,
            line,
            column,
        };
        self.found.push((at, diagnostic));
    }

    pub(crate) fn error(&mut self, code: &str, element: Option<&str>, at: usize, text: Text) {
        self.add(code, Severity::Error, (element, at), text);
    }

    pub(crate) fn warn(&mut self, code: &str, element: Option<&str>, at: usize, text: Text) {
        self.add(code, Severity::Warning, (element, at), text);
    }

    /// The findings in the order of the file.
    pub(crate) fn into_diagnostics(mut self) -> Vec<Diagnostic> {
        self.found.sort_by_key(|(at, _)| *at);
        self.found.into_iter().map(|(_, d)| d).collect()
    }
}
