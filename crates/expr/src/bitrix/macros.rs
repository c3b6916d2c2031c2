//! Texts with macros: reading them into pieces, and putting values in.

use super::calculator::{self, Formula};
use super::{Session, convert, sorted};
use crate::env::EvalError;
use model::Value;
use model::limits::Limits;
use std::sync::Arc;

/// A text that has been read.
#[derive(Debug)]
pub(crate) struct Template {
    text: Arc<str>,
    pieces: Vec<Piece>,
}

#[derive(Debug)]
enum Piece {
    /// Text as it is.
    Text(Arc<str>),
    /// `{=Object:Field > modifiers}`
    Macro(Reference),
    /// `{{=formula}}` or `=formula`, or what is wrong with it.
    Formula(Result<Formula, String>, Arc<str>),
}

/// `Object:Field > modifiers`.
#[derive(Debug, Clone)]
pub(super) struct Reference {
    pub(super) object: Arc<str>,
    pub(super) field: Arc<str>,
    pub(super) modifiers: Vec<String>,
    /// As written, with its braces.
    pub(super) raw: Arc<str>,
}

/// Reads a text; whatever is no macro is text.
pub(crate) fn parse(text: &str, limits: &Limits) -> Template {
    Template { text: Arc::from(text), pieces: pieces(text, limits) }
}

fn pieces(text: &str, limits: &Limits) -> Vec<Piece> {
    if let Some(formula) = text.strip_prefix('=') {
        return vec![Piece::Formula(calculator::parse(formula, limits), Arc::from(text))];
    }
    let mut out = Vec::new();
    let mut plain = 0;
    let mut at = 0;
    while let Some(found) = text[at..].find('{') {
        let start = at + found;
        let rest = &text[start..];
        let piece = if rest.starts_with("{{=") {
            formula_length(rest).map(|len| {
                let raw = &rest[..len];
                (Piece::Formula(calculator::parse(&raw[3..len - 2], limits), Arc::from(raw)), len)
            })
        } else {
            reference(rest).map(|(reference, len)| (Piece::Macro(reference), len))
        };
        match piece {
            Some((piece, len)) => {
                if plain < start {
                    out.push(Piece::Text(Arc::from(&text[plain..start])));
                }
                out.push(piece);
                at = start + len;
                plain = at;
            }
            None => at = start + 1,
        }
    }
    if plain < text.len() || out.is_empty() {
        out.push(Piece::Text(Arc::from(&text[plain..])));
    }
    out
}

/// A macro at the start of `text`, and its length.
pub(super) fn reference(text: &str) -> Option<(Reference, usize)> {
    let inner = text.strip_prefix("{=")?;
    let end = inner.find(['}', '{', '\n'])?;
    if !inner[end..].starts_with('}') {
        return None;
    }
    let (path, modifiers) = match inner[..end].split_once('>') {
        Some((path, modifiers)) => (path, Some(modifiers)),
        None => (&inner[..end], None),
    };
    let (object, field) = path.split_once(':')?;
    let (object, field) = (object.trim(), field.trim());
    let is_name = |s: &str| !s.is_empty() && s.chars().all(|c| c.is_alphanumeric() || "_.-".contains(c));
    if !is_name(object) || !is_name(field) {
        return None;
    }
    let modifiers = modifiers.into_iter().flat_map(|m| m.split(',')).map(|m| m.trim().to_lowercase());
    let len = end + 3;
    let reference = Reference {
        object: Arc::from(object),
        field: Arc::from(field),
        modifiers: modifiers.filter(|m| !m.is_empty()).collect(),
        raw: Arc::from(&text[..len]),
    };
    Some((reference, len))
}

/// The length of `{{=…}}` at the start of `text`: quotes and macros inside may hold braces.
fn formula_length(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut at = 3;
    while let Some(c) = text[at..].chars().next() {
        match (quote, c) {
            (Some(q), _) if q == c => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '{') => {
                if let Some((_, len)) = reference(&text[at..]) {
                    at += len;
                    continue;
                }
            }
            (None, '}') if text[at..].starts_with("}}") => return Some(at + 2),
            _ => {}
        }
        at += c.len_utf8();
    }
    None
}

impl Template {
    /// As written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// What it reads, as `Object:Field`.
    pub(crate) fn reads(&self) -> Vec<Arc<str>> {
        let mut out = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(_) | Piece::Formula(Err(_), _) => {}
                Piece::Macro(reference) => out.push(reference.name()),
                Piece::Formula(Ok(formula), _) => formula.reads(&mut out),
            }
        }
        sorted(out)
    }

    /// Whether it is text alone.
    pub(crate) fn is_constant(&self) -> bool {
        self.pieces.iter().all(|p| matches!(p, Piece::Text(_)))
    }

    /// Its value: typed when the text is one macro or formula, text otherwise.
    pub(super) fn value(&self, session: &mut Session) -> Result<Value, EvalError> {
        if let [piece] = self.pieces.as_slice() {
            return match piece {
                Piece::Text(text) => Ok(Value::String(text.clone())),
                other => Ok(piece_value(other, session)?.unwrap_or_else(|| Value::String(self.text.clone()))),
            };
        }
        let mut out = String::new();
        for piece in &self.pieces {
            let raw = match piece {
                Piece::Text(text) => {
                    out.push_str(text);
                    continue;
                }
                Piece::Macro(reference) => &reference.raw,
                Piece::Formula(_, raw) => raw,
            };
            match piece_value(piece, session)? {
                Some(value) => out.push_str(&convert::text(session, &value)),
                None => out.push_str(raw),
            }
            session.grow(out.len())?;
        }
        Ok(Value::from(out))
    }
}

fn piece_value(piece: &Piece, session: &mut Session) -> Result<Option<Value>, EvalError> {
    match piece {
        Piece::Text(text) => Ok(Some(Value::String(text.clone()))),
        Piece::Macro(reference) => reference.value(session),
        Piece::Formula(Ok(formula), raw) => match formula.value(session) {
            Ok(value) => Ok(Some(value)),
            Err(calculator::Failure::Limit(error)) => Err(error),
            Err(calculator::Failure::Because(why)) => {
                session.warn(format!("`{raw}`: {why}"));
                Ok(None)
            }
        },
        Piece::Formula(Err(why), raw) => {
            session.warn(format!("`{raw}`: {why}"));
            Ok(None)
        }
    }
}

impl Reference {
    /// `Object:Field`.
    pub(super) fn name(&self) -> Arc<str> {
        Arc::from(format!("{}:{}", self.object, self.field))
    }

    /// What it stands for; `None` when there is no such thing.
    pub(super) fn value(&self, session: &mut Session) -> Result<Option<Value>, EvalError> {
        session.burn(1)?;
        let Some((mut value, mut modifiers)) = self.looked_up(session) else {
            session.warn(format!("`{}` stands for nothing here", self.raw));
            return Ok(None);
        };
        modifiers.extend(self.modifiers.iter().map(String::as_str));
        for modifier in modifiers {
            value = self.modified(session, &value, modifier);
        }
        session.grow(value.size_bytes())?;
        Ok(Some(value))
    }

    fn looked_up(&self, session: &Session) -> Option<(Value, Vec<&'static str>)> {
        if let Some(value) = convert::system(session, &self.object, &self.field) {
            return Some((value, Vec::new()));
        }
        if let Some(value) = session.env.scope.object(&self.object, &self.field) {
            return Some((value, Vec::new()));
        }
        let base = self.field.strip_suffix("_printable")?;
        Some((session.env.scope.object(&self.object, base)?, vec!["printable"]))
    }

    fn modified(&self, session: &mut Session, value: &Value, modifier: &str) -> Value {
        if matches!(modifier, "printable" | "friendly" | "src" | "publink" | "shortlink") {
            let base = self.field.strip_suffix("_printable").unwrap_or(&self.field);
            if let Some(text) = session.env.scope.object(&self.object, &format!("{base}_{modifier}")) {
                return text;
            }
        }
        match convert::modify(session, value, modifier) {
            Ok(value) => value,
            Err(why) => {
                session.warn(format!("`{}`: {why}", self.raw));
                value.clone()
            }
        }
    }
}
