//! What a row's columns hold of its fields, where that takes more than the field itself.

use crate::CALL_TEXT_BYTES;
use model::DocumentRef;
use serde_json::Value as Json;

/// Texts as the JSON list that a column keeps.
pub fn texts_column(texts: &[String]) -> String {
    Json::from(texts).to_string()
}

/// A text as it stands in such a list.
pub fn quoted(text: String) -> String {
    Json::from(text).to_string()
}

/// The two columns of a document.
pub fn document_columns(document: Option<DocumentRef>) -> (Option<i64>, Option<i64>) {
    document.map_or((None, None), |d| (Some(d.catalog.0), Some(d.record.0)))
}

/// What is kept of a call's request or response: the beginning of a text that is too long.
pub fn call_text(text: &str) -> &str {
    let mut end = text.len().min(CALL_TEXT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(call_text("короче"), "короче");
        let long = format!("{}ё", "a".repeat(CALL_TEXT_BYTES - 1));
        assert_eq!(call_text(&long), &long[..CALL_TEXT_BYTES - 1]);
    }
}
