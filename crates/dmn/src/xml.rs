//! XML that strangers wrote, within limits.
//!
//! Invariant: size, depth, number of elements and the absence of a document type are checked by one linear scan before
//! the parser sees the text, so that no file costs more than its size. Never: knows DMN.

use crate::finding::Text;
use model::limits::Limits;
use roxmltree::{Document, ParsingOptions};

/// XML elements for each model element: shapes, references and extensions come on top of the model.
const XML_PER_ELEMENT: usize = 10;
/// Attributes of one tag; duplicates are searched pairwise.
const ATTRIBUTES: usize = 512;

/// Why a text is refused, and at which byte.
pub(crate) struct Refused {
    pub(crate) at: usize,
    pub(crate) text: Text,
}

fn refused(at: usize, en: impl Into<String>, ru: impl Into<String>) -> Refused {
    Refused { at, text: Text::new(en, ru) }
}

/// Parses within the limits.
pub(crate) fn parse<'t>(text: &'t str, limits: &Limits) -> Result<Document<'t>, Refused> {
    let max = limits.definition_bytes;
    if text.len() > max {
        return Err(refused(0, format!("The file is over {max} bytes"), format!("Файл больше {max} байт")));
    }
    Scan { bytes: text.as_bytes(), at: 0, depth: 0, count: 0 }.run(limits)?;
    let options = ParsingOptions { allow_dtd: false, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|error| {
        let pos = error.pos();
        let message = error.to_string();
        let what = message.rfind(" at ").map_or(&*message, |end| &message[..end]);
        let what: String = what.chars().take(200).collect();
        let at = byte_of(text, pos.row, pos.col);
        refused(at, format!("Not well-formed XML: {what}"), format!("XML построен неправильно: {what}"))
    })
}

fn byte_of(text: &str, row: u32, column: u32) -> usize {
    let skipped: usize = text.split_inclusive('\n').take(row.saturating_sub(1) as usize).map(str::len).sum();
    let line = &text[skipped..];
    skipped + line.char_indices().nth(column.saturating_sub(1) as usize).map_or(line.len(), |(i, _)| i)
}

struct Scan<'t> {
    bytes: &'t [u8],
    at: usize,
    depth: usize,
    count: usize,
}

impl Scan<'_> {
    fn run(mut self, limits: &Limits) -> Result<(), Refused> {
        while let Some(open) = find(self.bytes, self.at, b"<") {
            let rest = &self.bytes[open..];
            self.at = if rest.starts_with(b"<!--") {
                self.skip(open, 4, b"-->")?
            } else if rest.starts_with(b"<![CDATA[") {
                self.skip(open, 9, b"]]>")?
            } else if rest.starts_with(b"<?") {
                self.skip(open, 2, b"?>")?
            } else if rest.starts_with(b"<!") {
                return Err(refused(
                    open,
                    "A document type or entity declaration is not allowed",
                    "Объявления типа документа и сущностей не допускаются",
                ));
            } else {
                self.tag(open)?
            };
            let max = limits.definition_depth;
            if self.depth > max {
                return Err(refused(open, format!("Nested deeper than {max}"), format!("Вложенность больше {max}")));
            }
            let max = limits.definition_elements.saturating_mul(XML_PER_ELEMENT);
            if self.count > max {
                let (en, ru) = (format!("More than {max} XML elements"), format!("Больше {max} элементов XML"));
                return Err(refused(open, en, ru));
            }
        }
        Ok(())
    }

    fn skip(&self, open: usize, head: usize, end: &[u8]) -> Result<usize, Refused> {
        find(self.bytes, open + head, end).map(|at| at + end.len()).ok_or_else(|| unclosed(open))
    }

    /// Reads one tag; gives the byte behind it.
    fn tag(&mut self, open: usize) -> Result<usize, Refused> {
        let mut at = open + 1;
        let mut attributes = 0;
        while let Some(byte) = self.bytes.get(at) {
            match byte {
                b'"' | b'\'' => {
                    attributes += 1;
                    if attributes > ATTRIBUTES {
                        let en = format!("A tag with more than {ATTRIBUTES} attributes");
                        return Err(refused(open, en, format!("У элемента больше {ATTRIBUTES} атрибутов")));
                    }
                    at = find(self.bytes, at + 1, &[*byte]).ok_or_else(|| unclosed(open))? + 1;
                }
                b'>' => {
                    let closing = self.bytes.get(open + 1) == Some(&b'/');
                    let empty = self.bytes[at - 1] == b'/';
                    self.count += usize::from(!closing);
                    self.depth = match (closing, empty) {
                        (true, _) => self.depth.saturating_sub(1),
                        (false, true) => self.depth,
                        (false, false) => self.depth + 1,
                    };
                    return Ok(at + 1);
                }
                b'<' => return Err(unclosed(open)),
                _ => at += 1,
            }
        }
        Err(unclosed(open))
    }
}

fn unclosed(at: usize) -> Refused {
    refused(at, "Not well-formed XML: a tag is not closed", "XML построен неправильно: тег не закрыт")
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.windows(what.len()).position(|w| w == what).map(|at| from + at)
}
