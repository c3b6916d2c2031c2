//! Values as text, the way `string()` writes them, and ranges from text.

use super::Options;
use super::machine::Machine;
use super::operators::{Outcome, Stop, null};
use super::parser::Parser;
use super::value::{Feel, Range};
use crate::env::EvalError;
use model::Value;

impl Machine<'_> {
    /// What `string(value)` gives.
    pub(super) fn text_of(&mut self, value: &Feel) -> Outcome<String> {
        if let Feel::Data(Value::String(s)) = value {
            self.grow(s.len())?;
            return Ok(s.to_string());
        }
        let mut out = String::new();
        let levels = self.max_value_depth();
        self.write(value, levels, &mut out)?;
        self.grow(out.len())?;
        Ok(out)
    }

    fn write(&mut self, value: &Feel, levels: u32, out: &mut String) -> Result<(), EvalError> {
        self.burn(1)?;
        let Some(levels) = levels.checked_sub(1) else { return Err(EvalError::Depth) };
        if out.len() > self.value_limit() {
            return Err(EvalError::Size);
        }
        if let Some(items) = value.items() {
            out.push('[');
            for (i, item) in items.enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                self.write(&item, levels, out)?;
            }
            out.push(']');
            return Ok(());
        }
        if let Some(entries) = value.entries() {
            out.push('{');
            for (i, (key, item)) in entries.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                // A key that would end early or not be read again stands in quotes.
                if key.contains(['{', '}', ':', ',', '"', '\\']) {
                    self.write(&Feel::Data(Value::String(key.clone())), levels, out)?;
                } else {
                    out.push_str(key);
                }
                out.push_str(": ");
                self.write(item, levels, out)?;
            }
            out.push('}');
            return Ok(());
        }
        match value {
            Feel::Data(Value::Null) => out.push_str("null"),
            Feel::Data(Value::String(s)) => {
                out.push('"');
                out.push_str(&s.replace('\\', "\\\\").replace('"', "\\\""));
                out.push('"');
            }
            Feel::Data(value) => out.push_str(&value.to_text()),
            Feel::Range(range) => self.write_range(range, levels, out)?,
            _ => out.push_str("function"),
        }
        Ok(())
    }

    fn write_range(&mut self, range: &Range, levels: u32, out: &mut String) -> Result<(), EvalError> {
        out.push(if range.start_included { '[' } else { '(' });
        if let Some(start) = &range.start {
            self.write(start, levels, out)?;
        }
        out.push_str("..");
        if let Some(end) = &range.end {
            self.write(end, levels, out)?;
        }
        out.push(if range.end_included { ']' } else { ')' });
        Ok(())
    }

    /// The range that a text such as `[1..5]` describes.
    pub(super) fn range_of_text(&mut self, text: &str) -> Outcome<Feel> {
        let not_a_range = || Stop::Null(format!("`{text}` is no range"));
        self.grow(text.len())?;
        self.burn(text.len() as u64)?;
        let parsed = Parser::new(text, &Options { depth: self.max_value_depth(), ..Options::default() })
            .and_then(Parser::expression_text);
        let expression = parsed.map_err(|_| not_a_range())?;
        if !expression.is_constant() {
            return null(format!("`{text}` is no range of constants"));
        }
        let range = self.with_fresh_slots(|machine| machine.eval(&expression.root))?;
        if matches!(range, Feel::Range(_)) { Ok(range) } else { Err(not_a_range()) }
    }
}
