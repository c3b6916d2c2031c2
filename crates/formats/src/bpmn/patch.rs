//! Patches on source text (BPMN RT-2, RT-3): what is not touched stays byte-identical.

use std::ops::Range;

/// Replacements of byte ranges of one text.
#[derive(Debug, Default)]
pub(crate) struct Patches {
    items: Vec<(Range<usize>, String)>,
}

impl Patches {
    /// Puts `text` at the byte `at`; several at one place stay in order.
    pub fn insert(&mut self, at: usize, text: String) {
        self.items.push((at..at, text));
    }

    /// Puts `text` instead of `range`.
    pub fn replace(&mut self, range: Range<usize>, text: String) {
        self.items.push((range, text));
    }

    /// The patched text. A patch inside an earlier one is dropped.
    pub fn apply(mut self, source: &str) -> String {
        if self.items.is_empty() {
            return source.to_owned();
        }
        self.items.sort_by_key(|(range, _)| range.start);
        let added: usize = self.items.iter().map(|(_, text)| text.len()).sum();
        let mut out = String::with_capacity(source.len() + added);
        let mut at = 0;
        for (range, text) in &self.items {
            if range.start < at {
                continue;
            }
            out.push_str(&source[at..range.start]);
            out.push_str(text);
            at = range.end;
        }
        out.push_str(&source[at..]);
        out
    }
}
