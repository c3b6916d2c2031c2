//! Forms with their own words or brackets: if, for, some, every, functions, lists, contexts, ranges.

use super::super::lexer::Kind;
use super::super::node::{FunctionNode, Loop, Node, Over, RangeNode, Source};
use super::super::operators;
use super::super::types::Type;
use super::super::value::Feel;
use super::{Binding, Parsed, Parser};
use std::sync::Arc;

/// A bare key has at most so many words and operators.
const LONGEST_KEY: usize = 20;

impl Parser<'_> {
    pub(super) fn conditional(&mut self) -> Parsed<Node> {
        self.expect_word("if")?;
        let condition = self.expression()?;
        self.expect_word("then")?;
        let then = self.expression()?;
        self.expect_word("else")?;
        let otherwise = self.expression()?;
        Ok(Node::If(Box::new((condition, then, otherwise))))
    }

    pub(super) fn for_loop(&mut self) -> Parsed<Node> {
        self.expect_word("for")?;
        let mark = self.mark_bindings();
        let sources = self.sources("return")?;
        let partial = self.bind(Arc::from("partial"));
        let body = self.expression()?;
        self.unbind(mark);
        let partial = self.used_slots.remove(&partial).then_some(partial);
        Ok(Node::For(Box::new(Loop { sources, body, partial })))
    }

    pub(super) fn quantified(&mut self, every: bool) -> Parsed<Node> {
        self.advance();
        let mark = self.mark_bindings();
        let sources = self.sources("satisfies")?;
        let body = self.expression()?;
        self.unbind(mark);
        Ok(Node::Quantified { every, iteration: Box::new(Loop { sources, body, partial: None }) })
    }

    /// `x in a, y in b` up to and with the word `end`.
    fn sources(&mut self, end: &'static str) -> Parsed<Vec<Source>> {
        let mut sources = Vec::new();
        loop {
            let (Kind::Word(name) | Kind::Quoted(name)) = self.kind().clone() else {
                return Err(self.unexpected(&["name"]));
            };
            self.advance();
            self.expect_word("in")?;
            let first = self.expression()?;
            let over = if self.take_mark("..") { Over::Span(first, self.expression()?) } else { Over::Items(first) };
            // Bound only now: a source does not see its own variable, the next one does.
            let slot = self.bind(name);
            sources.push(Source { slot, over });
            if self.take_word(end) {
                return Ok(sources);
            }
            if !self.take_mark(",") {
                return Err(self.unexpected(&[",", end]));
            }
        }
    }

    pub(super) fn function(&mut self) -> Parsed<Node> {
        self.advance();
        self.expect_mark("(")?;
        let mark = self.mark_bindings();
        let base = self.next_slot;
        let (mut params, mut types) = (Vec::new(), Vec::new());
        while !self.take_mark(")") {
            if !params.is_empty() {
                self.expect_mark(",")?;
            }
            let (Kind::Word(name) | Kind::Quoted(name)) = self.kind().clone() else {
                return Err(self.unexpected(&["name", ")"]));
            };
            self.advance();
            types.push(if self.take_mark(":") { self.type_name()? } else { Type::Any });
            self.bind(name.clone());
            params.push(name);
        }
        if self.is_word("external") {
            return Err(self.error("external functions are not available", "внешние функции недоступны"));
        }
        let outer = std::mem::take(&mut self.reads);
        let body = self.expression();
        let inner = std::mem::replace(&mut self.reads, outer);
        let reads = inner.iter().cloned().collect();
        self.reads.extend(inner);
        self.unbind(mark);
        Ok(Node::Function(Arc::new(FunctionNode { params, types, base, body: body?, reads })))
    }

    pub(super) fn parenthesis(&mut self) -> Parsed<Node> {
        self.advance();
        if let Some(op) = self.comparison_mark() {
            self.advance();
            let end = self.inner_expression()?;
            self.expect_mark(")")?;
            return Ok(Node::TestRange(op, Box::new(end)));
        }
        let inner = self.inner_expression()?;
        if self.take_mark("..") {
            return self.range_from(inner, false);
        }
        self.expect_mark(")")?;
        Ok(inner)
    }

    pub(super) fn list_or_range(&mut self) -> Parsed<Node> {
        self.advance();
        let mut items = Vec::new();
        if self.take_mark("]") {
            return Ok(Node::Const(Feel::list([])));
        }
        loop {
            items.push(self.inner_expression()?);
            if items.len() == 1 && self.take_mark("..") {
                let start = items.remove(0);
                return self.range_from(start, true);
            }
            if self.take_mark("]") {
                break;
            }
            if !self.take_mark(",") {
                return Err(self.unexpected(&[",", "]"]));
            }
        }
        if items.iter().all(|i| matches!(i, Node::Const(_))) {
            let constants = items.into_iter().filter_map(|i| if let Node::Const(c) = i { Some(c) } else { None });
            return Ok(Node::Const(Feel::list(constants.collect::<Vec<_>>())));
        }
        Ok(Node::List(items))
    }

    /// The rest of a range after `..`.
    pub(super) fn range_from(&mut self, start: Node, start_included: bool) -> Parsed<Node> {
        let outer = std::mem::replace(&mut self.in_range_end, true);
        let end = self.expression();
        self.in_range_end = outer;
        let end = end?;
        let end_included = match self.kind() {
            Kind::Mark("]") => true,
            Kind::Mark("[" | ")") => false,
            _ => return Err(self.unexpected(&["]", ")", "["])),
        };
        self.advance();
        if let (Node::Const(a), Node::Const(b)) = (&start, &end)
            && let Ok(range) = operators::range(a.clone(), start_included, b.clone(), end_included)
        {
            return Ok(Node::Const(range));
        }
        Ok(Node::Range(Box::new(RangeNode { start, start_included, end, end_included })))
    }

    pub(super) fn context(&mut self) -> Parsed<Node> {
        self.advance();
        let mark = self.mark_bindings();
        let mut entries = Vec::new();
        while !self.take_mark("}") {
            if !entries.is_empty() {
                self.expect_mark(",")?;
            }
            let at = self.at();
            let key = self.context_key()?;
            if entries.iter().any(|(k, _, _)| *k == key) {
                let (en, ru) = (format!("the key `{key}` appears twice"), format!("ключ `{key}` указан дважды"));
                return Err(crate::SyntaxError::at(self.text, at, en, ru));
            }
            let value = self.inner_expression()?;
            let slot = self.bind(key.clone());
            // An entry shadows members of a filtered item around the context only by its own name.
            debug_assert!(matches!(self.bindings.last(), Some(Binding::Local(..))));
            entries.push((key, slot, value));
        }
        self.unbind(mark);
        Ok(Node::Context(entries))
    }

    fn context_key(&mut self) -> Parsed<Arc<str>> {
        if let Kind::Text(key) = self.kind().clone() {
            self.advance();
            self.expect_mark(":")?;
            return Ok(key);
        }
        if let Some(key) = self.words_before_colon() {
            return Ok(key);
        }
        self.key_with_marks().ok_or_else(|| self.unexpected(&["name", "text", "}"]))
    }

    /// A key such as `foo+bar`: as it is written, when a colon follows.
    fn key_with_marks(&mut self) -> Option<Arc<str>> {
        let is_part = |k: &Kind| match k {
            Kind::Word(_) | Kind::Number(_) => true,
            Kind::Mark(m) => matches!(*m, "+" | "-" | "*" | "/" | "." | "**"),
            _ => false,
        };
        let count = (0..LONGEST_KEY).find(|i| !is_part(self.kind_after(*i)))?;
        let colon = matches!(self.kind_after(count), Kind::Mark(":"));
        if !colon || !matches!(self.kind(), Kind::Word(_)) {
            return None;
        }
        let from = self.at();
        (0..count).for_each(|_| self.advance());
        let key = self.text[from..self.at()].trim();
        self.advance();
        Some(Arc::from(key))
    }
}
