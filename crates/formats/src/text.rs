//! From bytes to text: byte order marks, declared encodings, positions.
//!
//! Invariant: the text returned is valid UTF-8 without a byte order mark, and its XML declaration, if any, says so.
//! Never: guesses an encoding that is neither marked nor declared.

use crate::finding::{Spot, Text, refusal};
use encoding_rs::Encoding;
use model::Diagnostic;

/// The text of an XML file (BPMN RT-5): UTF-8, UTF-16 or what its declaration names.
pub(crate) fn decode_xml(bytes: &[u8]) -> Result<String, Diagnostic> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return decode(encoding, &bytes[mark..]);
    }
    match bytes {
        [b'<', 0, ..] => return decode(encoding_rs::UTF_16LE, bytes),
        [0, b'<', ..] => return decode(encoding_rs::UTF_16BE, bytes),
        _ => {}
    }
    match declared_encoding(bytes) {
        None => decode(encoding_rs::UTF_8, bytes),
        Some(label) => match Encoding::for_label(label) {
            // A file that says UTF-16 in single bytes is not UTF-16.
            Some(e) if e == encoding_rs::UTF_16LE || e == encoding_rs::UTF_16BE => decode(encoding_rs::UTF_8, bytes),
            Some(encoding) => decode(encoding, bytes),
            None => {
                let label = String::from_utf8_lossy(label).into_owned();
                let spot = Spot { line: 1, column: 1 };
                Err(refusal(
                    "LN-01",
                    spot,
                    Text::new(
                        format!("The encoding `{label}` is unknown; save the file as UTF-8"),
                        format!("Кодировка «{label}» неизвестна; сохраните файл в UTF-8"),
                    ),
                ))
            }
        },
    }
}

fn decode(encoding: &'static Encoding, bytes: &[u8]) -> Result<String, Diagnostic> {
    if encoding == encoding_rs::UTF_8 {
        return match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(error) => {
                let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
                let spot = Positions::new(&before).spot(before.len());
                Err(refusal("LN-01", spot, Text::new("The text is not valid UTF-8", "Текст не в кодировке UTF-8")))
            }
        };
    }
    let (text, wrong) = encoding.decode_without_bom_handling(bytes);
    if wrong {
        let name = encoding.name();
        return Err(refusal(
            "LN-01",
            Spot { line: 1, column: 1 },
            Text::new(format!("The text is not valid {name}"), format!("Текст не в кодировке {name}")),
        ));
    }
    Ok(declare_utf8(text.into_owned()))
}

fn declaration(bytes: &[u8]) -> Option<&[u8]> {
    let rest = bytes.strip_prefix(b"<?xml")?;
    let end = rest.iter().take(400).position(|b| *b == b'>')?;
    Some(&rest[..end])
}

fn encoding_range(declaration: &[u8]) -> Option<std::ops::Range<usize>> {
    let key = b"encoding";
    let at = declaration.windows(key.len()).position(|w| w == key)? + key.len();
    let quote_at = at + declaration[at..].iter().position(|b| *b == b'"' || *b == b'\'')?;
    let start = quote_at + 1;
    let end = start + declaration[start..].iter().position(|b| *b == declaration[quote_at])?;
    Some(start..end)
}

fn declared_encoding(bytes: &[u8]) -> Option<&[u8]> {
    let declaration = declaration(bytes)?;
    Some(&declaration[encoding_range(declaration)?])
}

fn declare_utf8(text: String) -> String {
    let Some(range) = declaration(text.as_bytes()).and_then(encoding_range) else { return text };
    let offset = "<?xml".len();
    let mut text = text;
    text.replace_range(range.start + offset..range.end + offset, "UTF-8");
    text
}

/// The way back from places of an edited copy: behind each offset of the copy, what to add to get to the original.
#[derive(Debug, Default)]
pub(crate) struct Shifts(Vec<(usize, isize)>);

impl Shifts {
    /// `moves`: offsets of the copy, growing, with what to add from there on.
    pub fn new(moves: Vec<(usize, isize)>) -> Self {
        Self(moves)
    }

    fn original(&self, at: usize) -> usize {
        let known = self.0.partition_point(|(from, _)| *from <= at);
        let shift = known.checked_sub(1).map_or(0, |i| self.0[i].1);
        usize::try_from(at as isize + shift).unwrap_or(0)
    }
}

/// Lines and columns of byte offsets, in constant time each.
pub(crate) struct Positions<'t> {
    shifts: Shifts,
    text: &'t str,
    lines: Vec<usize>,
    /// Characters before each multiple of [`STRIDE`].
    chars: Vec<u32>,
}

const STRIDE: usize = 512;

impl<'t> Positions<'t> {
    pub fn new(text: &'t str) -> Self {
        let mut lines = vec![0];
        let mut chars = Vec::with_capacity(text.len() / STRIDE + 1);
        let mut count = 0;
        for (at, byte) in text.bytes().enumerate() {
            if at % STRIDE == 0 {
                chars.push(count);
            }
            if byte & 0xC0 != 0x80 {
                count += 1;
            }
            if byte == b'\n' {
                lines.push(at + 1);
            }
        }
        if text.len().is_multiple_of(STRIDE) {
            chars.push(count);
        }
        Self { shifts: Shifts::default(), text, lines, chars }
    }

    /// Places in `text`, told by offsets of an edited copy of it.
    pub fn of_copy(text: &'t str, shifts: Shifts) -> Self {
        Self { shifts, ..Self::new(text) }
    }

    fn chars_before(&self, offset: usize) -> u32 {
        let mark = offset / STRIDE;
        let known = self.chars.get(mark).copied().unwrap_or(0);
        let rest = &self.text.as_bytes()[mark * STRIDE..offset];
        known + rest.iter().filter(|b| **b & 0xC0 != 0x80).count() as u32
    }

    /// The place of the byte `offset`.
    pub fn spot(&self, offset: usize) -> Spot {
        let offset = self.shifts.original(offset).min(self.text.len());
        let line = self.lines.partition_point(|start| *start <= offset);
        let start = self.lines[line - 1];
        Spot { line: line as u32, column: self.chars_before(offset) - self.chars_before(start) + 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters() {
        let text = format!("{}\nпривет x\n", "я".repeat(600));
        let positions = Positions::new(&text);
        let at = text.find('x').unwrap();
        assert_eq!(positions.spot(at), Spot { line: 2, column: 8 });
        assert_eq!(positions.spot(0), Spot { line: 1, column: 1 });
        assert_eq!(positions.spot(1198), Spot { line: 1, column: 600 });
        assert_eq!(positions.spot(text.len()), Spot { line: 3, column: 1 });
    }

    #[test]
    fn encodings() {
        let source = "<?xml version=\"1.0\" encoding=\"windows-1251\"?><a n=\"Привет\"/>";
        let (cp1251, _, _) = encoding_rs::WINDOWS_1251.encode(source);
        let utf8 = source.replace("windows-1251", "UTF-8");
        assert_eq!(decode_xml(&cp1251).unwrap(), utf8);
        let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain(source.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(decode_xml(&utf16).unwrap(), utf8);
        assert_eq!(decode_xml(&utf16[2..]).unwrap(), utf8);
        assert_eq!(decode_xml("\u{feff}<a/>".as_bytes()).unwrap(), "<a/>");
        let broken = decode_xml(b"<a>\n \xff</a>").unwrap_err();
        assert_eq!((broken.line, broken.column), (2, 2));
    }
}
