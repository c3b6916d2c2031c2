//! Reading XML that strangers wrote.
//!
//! Owns: the limits of size, depth and number (BPMN LN-01) and the refusal of document types and entities. They are
//! checked by a linear scan before the parser sees the text, so that no file can cost more than its size.
//! Never: knows BPMN.

use crate::finding::{Spot, Text, refusal};
use crate::text::Positions;
use model::Diagnostic;
use model::limits::Limits;
use roxmltree::{Document, ParsingOptions};

/// XML elements allowed for each model element: shapes, references and extensions come on top of the model.
const XML_PER_ELEMENT: usize = 10;
/// Attributes of one tag; duplicates are searched pairwise.
const ATTRIBUTES: usize = 512;

/// Parses `text` within the limits.
pub(crate) fn parse<'t>(text: &'t str, positions: &Positions, limits: &Limits) -> Result<Document<'t>, Diagnostic> {
    scan(text, limits).map_err(|stop| refusal("LN-01", positions.spot(stop.at), stop.text))?;
    let options = ParsingOptions { allow_dtd: false, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|error| {
        let at = error.pos();
        let what = reason(&error.to_string());
        let text = Text::new(format!("Not well-formed XML: {what}"), format!("XML построен неправильно: {what}"));
        refusal("LN-01", Spot { line: at.row, column: at.col }, text)
    })
}

/// The parser's words without the position, which the finding carries itself.
fn reason(message: &str) -> String {
    message.rfind(" at ").map_or(message, |end| &message[..end]).chars().take(200).collect()
}

struct Stop {
    at: usize,
    text: Text,
}

fn stop(at: usize, en: impl Into<String>, ru: impl Into<String>) -> Stop {
    Stop { at, text: Text::new(en, ru) }
}

fn scan(text: &str, limits: &Limits) -> Result<(), Stop> {
    let max = limits.definition_bytes;
    if text.len() > max {
        return Err(stop(0, format!("The file is over {max} bytes"), format!("Файл больше {max} байт")));
    }
    let bytes = text.as_bytes();
    let (mut at, mut depth, mut count) = (0, 0_usize, 0_usize);
    while let Some(open) = find(bytes, at, b"<") {
        let rest = &bytes[open..];
        at = if rest.starts_with(b"<!--") {
            skip(bytes, open + 4, b"-->")?
        } else if rest.starts_with(b"<![CDATA[") {
            skip(bytes, open + 9, b"]]>")?
        } else if rest.starts_with(b"<?") {
            skip(bytes, open + 2, b"?>")?
        } else if rest.starts_with(b"<!") {
            return Err(stop(
                open,
                "A document type or entity declaration is not allowed",
                "Объявления типа документа и сущностей не допускаются",
            ));
        } else {
            let tag = scan_tag(bytes, open)?;
            match tag.kind {
                TagKind::Close => depth = depth.saturating_sub(1),
                TagKind::Open => depth += 1,
                TagKind::Empty => {}
            }
            if tag.kind != TagKind::Close {
                count += 1;
            }
            if depth > limits.definition_depth {
                let max = limits.definition_depth;
                return Err(stop(open, format!("Nested deeper than {max}"), format!("Вложенность больше {max}")));
            }
            let max = limits.definition_elements.saturating_mul(XML_PER_ELEMENT);
            if count > max {
                return Err(stop(open, format!("More than {max} XML elements"), format!("Больше {max} элементов XML")));
            }
            tag.end
        };
    }
    Ok(())
}

#[derive(PartialEq, Eq)]
enum TagKind {
    Open,
    Close,
    Empty,
}

struct Tag {
    kind: TagKind,
    end: usize,
}

fn scan_tag(bytes: &[u8], open: usize) -> Result<Tag, Stop> {
    let mut at = open + 1;
    let mut attributes = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' | b'\'' => {
                attributes += 1;
                if attributes > ATTRIBUTES {
                    return Err(stop(
                        open,
                        format!("A tag with more than {ATTRIBUTES} attributes"),
                        format!("У элемента больше {ATTRIBUTES} атрибутов"),
                    ));
                }
                at = match find(bytes, at + 1, &[*byte]) {
                    Some(end) => end + 1,
                    None => return Err(unclosed(open)),
                };
            }
            b'>' => {
                let kind = match (bytes.get(open + 1), bytes[at - 1]) {
                    (Some(b'/'), _) => TagKind::Close,
                    (_, b'/') => TagKind::Empty,
                    _ => TagKind::Open,
                };
                return Ok(Tag { kind, end: at + 1 });
            }
            b'<' => return Err(unclosed(open)),
            _ => at += 1,
        }
    }
    Err(unclosed(open))
}

fn unclosed(at: usize) -> Stop {
    stop(at, "Not well-formed XML: a tag is not closed", "XML построен неправильно: тег не закрыт")
}

fn skip(bytes: &[u8], from: usize, end: &[u8]) -> Result<usize, Stop> {
    find(bytes, from, end).map(|at| at + end.len()).ok_or_else(|| unclosed(from))
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.windows(what.len()).position(|w| w == what).map(|at| from + at)
}

/// Text made safe for an attribute or element.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            '\t' => out.push_str("&#9;"),
            // The rest of the control characters has no form in XML 1.0.
            c if (c as u32) < 0x20 || c == '\u{fffe}' || c == '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
