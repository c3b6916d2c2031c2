//! Texts as PostgreSQL keeps them: it keeps every character but NUL, which answers of foreign services do contain.
//!
//! Invariant: what is read is what was written, and texts are equal when what is kept is. NUL is kept as U+E000 (of
//! private use) and `0`, U+E000 itself as two of it; every other text as it is.

/// Marks what is kept in another way.
const MARK: char = '\u{E000}';

/// A text as it is kept.
pub(crate) fn kept(text: String) -> String {
    if !text.as_bytes().contains(&0) && !text.contains(MARK) {
        return text;
    }
    let mut kept = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\0' => kept.extend([MARK, '0']),
            MARK => kept.extend([MARK, MARK]),
            c => kept.push(c),
        }
    }
    kept
}

/// Whether a text is kept as it was written.
pub(crate) fn is_written(kept: &str) -> bool {
    !kept.contains(MARK)
}

/// A text as it was written.
pub(crate) fn written(kept: String) -> String {
    if is_written(&kept) {
        return kept;
    }
    let mut text = String::with_capacity(kept.len());
    let mut chars = kept.chars();
    while let Some(c) = chars.next() {
        match (c, chars.clone().next()) {
            (MARK, Some('0')) => {
                text.push('\0');
                chars.next();
            }
            (MARK, Some(MARK)) => {
                text.push(MARK);
                chars.next();
            }
            (c, _) => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{kept, written};

    #[test]
    fn every_text_comes_back() {
        let cases = [
            ("", ""),
            ("Ёж", "Ёж"),
            ("a\0b", "a\u{E000}0b"),
            ("\0\0", "\u{E000}0\u{E000}0"),
            ("\u{E000}0", "\u{E000}\u{E000}0"),
            ("\u{E000}\0", "\u{E000}\u{E000}\u{E000}0"),
        ];
        for (text, expected) in cases {
            let stored = kept(text.to_owned());
            assert_eq!(stored, expected);
            assert_eq!(written(stored), text);
        }
        assert_eq!(written("\u{E000}".into()), "\u{E000}", "somebody else's hand");
    }
}
