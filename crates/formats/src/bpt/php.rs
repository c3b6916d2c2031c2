//! PHP `serialize()`: reading and writing the subset that data needs.
//!
//! Invariant: objects, references and everything executable are refused; size, number and depth are limited; what is
//! read is written back byte-identical, except that text becomes UTF-8.
//! Never: knows templates.

use super::BptError;

/// A key of an array.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    /// A whole number.
    Int(i64),
    /// Text.
    Text(String),
}

impl Key {
    /// The key as text.
    pub fn text(&self) -> String {
        match self {
            Self::Int(n) => n.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

/// A PHP value.
#[derive(Debug, Clone, PartialEq)]
pub enum Php {
    /// `N;`
    Null,
    /// `b:1;`
    Bool(bool),
    /// `i:1;`
    Int(i64),
    /// `d:0.5;`, its digits as they stood.
    Float(String),
    /// `s:1:"x";`
    Text(String),
    /// `a:0:{}`
    Array(Array),
}

/// An ordered PHP array.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Array(pub Vec<(Key, Php)>);

impl Array {
    /// The value of a text key.
    pub fn get(&self, key: &str) -> Option<&Php> {
        self.0.iter().find(|(k, _)| matches!(k, Key::Text(t) if t == key)).map(|(_, value)| value)
    }

    /// The text of a text key; numbers count as text.
    pub fn text(&self, key: &str) -> Option<String> {
        self.get(key).and_then(Php::to_text)
    }

    /// The array of a text key.
    pub fn array(&self, key: &str) -> Option<&Array> {
        self.get(key).and_then(Php::as_array)
    }

    /// Whether the keys are `0..n`.
    pub fn is_list(&self) -> bool {
        self.0.iter().enumerate().all(|(at, (key, _))| *key == Key::Int(at as i64))
    }

    /// The values in order.
    pub fn values(&self) -> impl Iterator<Item = &Php> {
        self.0.iter().map(|(_, value)| value)
    }

    /// A list.
    pub fn list(values: Vec<Php>) -> Self {
        Self(values.into_iter().enumerate().map(|(at, value)| (Key::Int(at as i64), value)).collect())
    }
}

impl Php {
    /// The text of a scalar; `None` for null and arrays.
    pub fn to_text(&self) -> Option<String> {
        match self {
            Self::Null | Self::Array(_) => None,
            Self::Bool(b) => Some(if *b { "1" } else { "" }.to_owned()),
            Self::Int(n) => Some(n.to_string()),
            Self::Float(text) | Self::Text(text) => Some(text.clone()),
        }
    }

    /// The array.
    pub fn as_array(&self) -> Option<&Array> {
        if let Self::Array(array) = self { Some(array) } else { None }
    }

    /// Whether a flag is set: `Y`, `1`, `true`.
    pub fn flag(&self) -> bool {
        match self {
            Self::Bool(b) => *b,
            Self::Int(n) => *n != 0,
            Self::Text(t) => matches!(t.to_ascii_uppercase().as_str(), "Y" | "1" | "TRUE"),
            Self::Null | Self::Float(_) | Self::Array(_) => false,
        }
    }

    /// As JSON: arrays with keys `0..n` are lists, an empty one is a list.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as J;
        match self {
            Self::Null => J::Null,
            Self::Bool(b) => J::Bool(*b),
            Self::Int(n) => (*n).into(),
            Self::Float(text) => text.parse::<f64>().map_or_else(|_| J::String(text.clone()), Into::into),
            Self::Text(text) => J::String(text.clone()),
            Self::Array(array) if array.is_list() => J::Array(array.values().map(Self::to_json).collect()),
            Self::Array(array) => J::Object(array.0.iter().map(|(k, v)| (k.text(), v.to_json())).collect()),
        }
    }
}

/// What a reader may use up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    pub depth: usize,
    pub values: usize,
}

/// Reads one value; what follows it is ignored, as PHP does.
pub(crate) fn read(bytes: &[u8], budget: Budget) -> Result<Php, BptError> {
    let mut reader = Reader { bytes, at: 0, left: budget.values };
    reader.value(budget.depth)
}

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
    left: usize,
}

impl<'b> Reader<'b> {
    fn broken<T>(&self, what: &'static str) -> Result<T, BptError> {
        Err(BptError::Broken { offset: self.at, what })
    }

    fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), BptError> {
        if self.bytes.get(self.at) != Some(&byte) {
            return self.broken(what);
        }
        self.at += 1;
        Ok(())
    }

    /// The text up to `end`, which is consumed.
    fn until(&mut self, end: u8) -> Result<&'b str, BptError> {
        let rest = &self.bytes[self.at..];
        let Some(length) = rest.iter().take(400).position(|b| *b == end) else {
            return self.broken("a value is cut off");
        };
        let Ok(text) = std::str::from_utf8(&rest[..length]) else { return self.broken("a number is not readable") };
        self.at += length + 1;
        Ok(text)
    }

    fn number<T: std::str::FromStr>(&mut self, end: u8) -> Result<T, BptError> {
        let at = self.at;
        match self.until(end)?.parse() {
            Ok(number) => Ok(number),
            Err(_) => Err(BptError::Broken { offset: at, what: "a number is not readable" }),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Php, BptError> {
        if self.left == 0 {
            return Err(BptError::TooLarge { what: "values" });
        }
        self.left -= 1;
        let Some(tag) = self.bytes.get(self.at).copied() else { return self.broken("the file is cut off") };
        match tag {
            b'O' | b'C' | b'E' => return Err(BptError::Object { offset: self.at }),
            b'R' | b'r' => return Err(BptError::Reference { offset: self.at }),
            _ => {}
        }
        self.at += 1;
        if tag == b'N' {
            self.expect(b';', "`;` is missing after null")?;
            return Ok(Php::Null);
        }
        self.expect(b':', "`:` is missing after a type")?;
        match tag {
            b'b' => Ok(Php::Bool(self.number::<i64>(b';')? != 0)),
            b'i' => Ok(Php::Int(self.number(b';')?)),
            b'd' => self.float(),
            b's' => {
                let text = self.string()?;
                self.expect(b';', "`;` is missing after text")?;
                Ok(Php::Text(text))
            }
            b'a' => self.array(depth),
            _ => {
                self.at -= 2;
                self.broken("a type is unknown")
            }
        }
    }

    fn float(&mut self) -> Result<Php, BptError> {
        let at = self.at;
        let text = self.until(b';')?;
        let known = ["INF", "-INF", "NAN"].contains(&text) || text.parse::<f64>().is_ok_and(f64::is_finite);
        if known {
            Ok(Php::Float(text.to_owned()))
        } else {
            Err(BptError::Broken { offset: at, what: "a number is not readable" })
        }
    }

    fn string(&mut self) -> Result<String, BptError> {
        let length: usize = self.number(b':')?;
        self.expect(b'"', "a quote is missing")?;
        let end = self.at.checked_add(length).filter(|end| *end < self.bytes.len());
        let Some(end) = end else { return self.broken("a text is longer than the file") };
        let bytes = &self.bytes[self.at..end];
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            // Very old files: the whole file is read again as Windows-1251 by the caller.
            Err(_) => return Err(BptError::NotUtf8),
        };
        self.at = end;
        self.expect(b'"', "the length of a text is wrong")?;
        Ok(text)
    }

    fn array(&mut self, depth: usize) -> Result<Php, BptError> {
        if depth == 0 {
            return Err(BptError::TooLarge { what: "levels of nesting" });
        }
        let count: usize = self.number(b':')?;
        self.expect(b'{', "`{` is missing")?;
        // The count is the file's claim: memory is taken only as values really come.
        let mut items: Vec<(Key, Php)> = Vec::with_capacity(count.min(64));
        for _ in 0..count {
            let key = match self.value(0)? {
                Php::Int(n) => Key::Int(n),
                Php::Text(text) => Key::Text(text),
                Php::Null | Php::Bool(_) | Php::Float(_) | Php::Array(_) => {
                    return self.broken("a key is neither number nor text");
                }
            };
            let value = self.value(depth - 1)?;
            items.push((key, value));
        }
        self.expect(b'}', "`}` is missing")?;
        Ok(Php::Array(Array(items)))
    }
}

/// Reads a file whose texts are Windows-1251.
pub(crate) fn read_cp1251(bytes: &[u8], budget: Budget) -> Result<Php, BptError> {
    // Latin-1 keeps one byte a character, so lengths in bytes stay right; texts are decoded afterwards.
    let mut reader = Cp1251 { bytes, scratch: Vec::new() };
    reader.transcode()?;
    read(&reader.scratch, budget)
}

/// Rewrites strings `s:N:"…"` with their length in UTF-8.
struct Cp1251<'b> {
    bytes: &'b [u8],
    scratch: Vec<u8>,
}

impl Cp1251<'_> {
    fn transcode(&mut self) -> Result<(), BptError> {
        let mut at = 0;
        while at < self.bytes.len() {
            let rest = &self.bytes[at..];
            let string = if rest.starts_with(b"s:") { string_at(rest) } else { None };
            match string {
                Some((start, end)) => {
                    let (text, _, _) = encoding_rs::WINDOWS_1251.decode(&rest[start..end]);
                    self.scratch.extend_from_slice(format!("s:{}:\"{text}", text.len()).as_bytes());
                    at += end;
                }
                None => {
                    if !rest[0].is_ascii() {
                        return Err(BptError::Broken { offset: at, what: "a byte stands outside of texts" });
                    }
                    self.scratch.push(rest[0]);
                    at += 1;
                }
            }
        }
        Ok(())
    }
}

/// Start and end of the content of `s:N:"…`.
fn string_at(rest: &[u8]) -> Option<(usize, usize)> {
    let colon = 2 + rest[2..].iter().take(12).position(|b| *b == b':')?;
    let length: usize = std::str::from_utf8(&rest[2..colon]).ok()?.parse().ok()?;
    let start = colon + 2;
    let end = start.checked_add(length)?;
    (rest.get(colon + 1) == Some(&b'"') && rest.get(end) == Some(&b'"')).then_some((start, end))
}

/// Writes a value.
pub(crate) fn write(value: &Php) -> Vec<u8> {
    let mut out = Vec::new();
    write_into(value, &mut out);
    out
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("s:{}:\"{text}\";", text.len()).as_bytes());
}

/// The depth of a value is limited when it is read.
fn write_into(value: &Php, out: &mut Vec<u8>) {
    match value {
        Php::Null => out.extend_from_slice(b"N;"),
        Php::Bool(b) => out.extend_from_slice(if *b { b"b:1;" } else { b"b:0;" }),
        Php::Int(n) => out.extend_from_slice(format!("i:{n};").as_bytes()),
        Php::Float(text) => out.extend_from_slice(format!("d:{text};").as_bytes()),
        Php::Text(text) => write_text(text, out),
        Php::Array(array) => {
            out.extend_from_slice(format!("a:{}:{{", array.0.len()).as_bytes());
            for (key, value) in &array.0 {
                match key {
                    Key::Int(n) => out.extend_from_slice(format!("i:{n};").as_bytes()),
                    Key::Text(text) => write_text(text, out),
                }
                write_into(value, out);
            }
            out.push(b'}');
        }
    }
}
