//! What stands between operators: literals, names, calls, paths, filters.

use super::super::builtins;
use super::super::lexer::Kind;
use super::super::node::Node;
use super::super::temporal;
use super::super::types::{NAMED, Signature, Type};
use super::super::value::Feel;
use super::{Binding, Parsed, Parser};
use model::Value;
use std::sync::Arc;

/// Words that can not be names.
const RESERVED: &[&str] =
    &["and", "or", "in", "between", "then", "else", "return", "satisfies", "if", "for", "some", "every"];

/// The longest name of a built-in function has so many words.
const WORDS_OF_A_NAME: usize = 5;

impl Parser<'_> {
    pub(super) fn prefix(&mut self) -> Parsed<Node> {
        let outer_depth = self.depth;
        let operand = self.negation()?;
        let mut left = operand;
        while self.is_word("instance") && matches!(self.kind_after(1), Kind::Word(w) if &**w == "of") {
            self.depth += 1;
            if self.depth > self.max_depth {
                return Err(self.too_deep());
            }
            self.advance();
            self.advance();
            left = Node::InstanceOf(Box::new(left), self.type_name()?);
        }
        self.depth = outer_depth;
        Ok(left)
    }

    fn negation(&mut self) -> Parsed<Node> {
        if !self.take_mark("-") {
            return self.postfix();
        }
        let inner = self.deeper(Self::negation)?;
        Ok(match &inner {
            Node::Const(Feel::Data(Value::Number(n))) => Node::Const(n.negate().into()),
            _ => Node::Negate(Box::new(inner)),
        })
    }

    fn postfix(&mut self) -> Parsed<Node> {
        let outer_depth = self.depth;
        let mut left = self.primary()?;
        loop {
            let call = self.is_mark("(") && may_be_function(&left);
            if !(self.is_mark(".") || (self.is_mark("[") && !self.closes_range()) || call) {
                break;
            }
            self.depth += 1;
            if self.depth > self.max_depth {
                return Err(self.too_deep());
            }
            let place = self.place();
            let next = if call {
                self.advance();
                Node::Call(Box::new(left), self.arguments()?)
            } else if self.take_mark(".") {
                Node::Path(Box::new(left), self.member_name()?)
            } else {
                self.advance();
                self.filter(left)?
            };
            left = Node::At(place, Box::new(next));
        }
        self.depth = outer_depth;
        Ok(left)
    }

    /// Whether the `[` here closes the range whose end is being read: nothing that can stand inside follows.
    fn closes_range(&self) -> bool {
        if !self.in_range_end {
            return false;
        }
        match self.kind_after(1) {
            Kind::End => true,
            Kind::Mark(m) => !matches!(*m, "(" | "[" | "{" | "-" | "@" | "]"),
            Kind::Word(w) => RESERVED.contains(&&**w) && !matches!(&**w, "if" | "for" | "some" | "every"),
            _ => false,
        }
    }

    fn filter(&mut self, left: Node) -> Parsed<Node> {
        let mark = self.mark_bindings();
        let slot = self.bind(Arc::from("item"));
        // Looked up from the end: a member of the item named `item` hides the item itself.
        self.bindings.push(Binding::Item(slot));
        let inner = self.inner_expression()?;
        self.unbind(mark);
        self.expect_mark("]")?;
        Ok(Node::Filter(Box::new((left, inner)), slot))
    }

    fn member_name(&mut self) -> Parsed<Arc<str>> {
        let name = match self.kind() {
            Kind::Word(w) | Kind::Quoted(w) => w.clone(),
            _ => return Err(self.unexpected(&["name"])),
        };
        let quoted = matches!(self.kind(), Kind::Quoted(_));
        self.advance();
        if let (false, Kind::Word(next)) = (quoted, self.kind()) {
            let joined = match (&*name, &**next) {
                ("time", "offset") => "time offset",
                ("start", "included") => "start included",
                ("end", "included") => "end included",
                _ => return Ok(name),
            };
            self.advance();
            return Ok(Arc::from(joined));
        }
        Ok(name)
    }

    fn primary(&mut self) -> Parsed<Node> {
        match self.kind().clone() {
            Kind::Number(n) => {
                self.advance();
                Ok(Node::Const(n.into()))
            }
            Kind::Text(text) => {
                self.advance();
                Ok(Node::Const(Feel::Data(Value::String(text))))
            }
            Kind::Quoted(name) => {
                let place = self.place();
                self.advance();
                Ok(self.resolve(&name, place))
            }
            Kind::Word(word) => self.word(&word),
            Kind::Mark("(") => self.parenthesis(),
            Kind::Mark("[") => self.list_or_range(),
            Kind::Mark("]") => {
                self.advance();
                let start = self.inner_expression()?;
                self.expect_mark("..")?;
                self.range_from(start, false)
            }
            Kind::Mark("{") => self.context(),
            Kind::Mark("@") => self.temporal_literal(),
            Kind::Mark(_) | Kind::End => Err(self.unexpected(&["expression"])),
        }
    }

    fn temporal_literal(&mut self) -> Parsed<Node> {
        let at = self.at();
        self.advance();
        let Kind::Text(text) = self.kind().clone() else { return Err(self.unexpected(&["text"])) };
        self.advance();
        match temporal::parse_any(&text) {
            Some(value) => Ok(Node::Const(Feel::Data(value))),
            None => Err(crate::SyntaxError::at(
                self.text,
                at,
                "no date, time or duration in ISO 8601",
                "это не дата, не время и не длительность в ISO 8601",
            )
            .expecting(&[
                "@\"2026-01-31\"",
                "@\"10:00:00\"",
                "@\"2026-01-31T10:00:00Z\"",
                "@\"P1D\"",
                "@\"P1Y2M\"",
            ])),
        }
    }

    fn word(&mut self, word: &Arc<str>) -> Parsed<Node> {
        let constant = match &**word {
            "null" => Some(Value::Null),
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            _ => None,
        };
        if let Some(value) = constant {
            self.advance();
            return Ok(Node::Const(Feel::Data(value)));
        }
        match &**word {
            "if" => return self.placed(Self::conditional),
            "for" => return self.placed(Self::for_loop),
            "some" => return self.placed(|p| p.quantified(false)),
            "every" => return self.placed(|p| p.quantified(true)),
            "function" if matches!(self.kind_after(1), Kind::Mark("(")) => return self.function(),
            _ => {}
        }
        if let Some(call) = self.builtin_call(word)? {
            return Ok(call);
        }
        if RESERVED.contains(&&**word) {
            return Err(self.unexpected(&["expression"]));
        }
        let place = self.place();
        self.advance();
        if &**word == "?" {
            self.input_uses += 1;
        }
        Ok(self.resolve(word, place))
    }

    /// What is read here, with this place for its warnings.
    fn placed(&mut self, read: impl FnOnce(&mut Self) -> Parsed<Node>) -> Parsed<Node> {
        let place = self.place();
        Ok(Node::At(place, Box::new(read(self)?)))
    }

    /// A call of a built-in function, whose name may have blanks.
    fn builtin_call(&mut self, first: &str) -> Parsed<Option<Node>> {
        let words = (1..=WORDS_OF_A_NAME)
            .find(|n| matches!(self.kind_after(*n), Kind::Mark("(")))
            .filter(|n| (0..*n).all(|i| matches!(self.kind_after(i), Kind::Word(_))));
        let Some(count) = words else { return Ok(None) };
        let name = (0..count)
            .filter_map(|i| if let Kind::Word(w) = self.kind_after(i) { Some(&**w) } else { None })
            .collect::<Vec<_>>()
            .join(" ");
        if self.is_declared(&name) || (count == 1 && self.is_bound(first)) {
            return Ok(None);
        }
        let (at, place) = (self.at(), self.place());
        let Some(builtin) = builtins::find(&name) else {
            let alone = count == 1 && !RESERVED.contains(&first) && !self.inside_filter();
            return if alone { Err(self.unknown_function(&name)) } else { Ok(None) };
        };
        (0..=count).for_each(|_| self.advance());
        self.varies |= builtin.varies;
        self.calls.insert(Arc::from(builtin.name));
        let given = self.arguments()?;
        match builtins::arrange(builtin, given) {
            Ok(args) => Ok(Some(Node::At(place, Box::new(Node::Builtin(builtin, args))))),
            Err((en, ru)) => {
                let shapes = builtin.shapes();
                let shapes: Vec<&str> = shapes.iter().map(String::as_str).collect();
                Err(crate::SyntaxError::at(self.text, at, en, ru).expecting(&shapes))
            }
        }
    }

    fn inside_filter(&self) -> bool {
        self.bindings.iter().any(|b| matches!(b, Binding::Item(_)))
    }

    fn unknown_function(&self, name: &str) -> crate::SyntaxError {
        let near = builtins::nearest(name);
        let (en, ru) = near.map_or((String::new(), String::new()), |n| {
            (format!("; did you mean `{n}`?"), format!("; может быть, `{n}`?"))
        });
        let error = self.error(format!("there is no function `{name}`{en}"), format!("нет функции `{name}`{ru}"));
        error.expecting(near.as_slice())
    }

    /// Arguments after the `(`, with names where given.
    pub(super) fn arguments(&mut self) -> Parsed<Vec<(Option<Arc<str>>, Node)>> {
        let mut out = Vec::new();
        if self.take_mark(")") {
            return Ok(out);
        }
        loop {
            let name = self.words_before_colon();
            let value = self.inner_expression()?;
            out.push((name, value));
            if self.take_mark(")") {
                return Ok(out);
            }
            if !self.take_mark(",") {
                return Err(self.unexpected(&[",", ")"]));
            }
        }
    }

    /// A name of any number of words when a colon follows it.
    pub(super) fn words_before_colon(&mut self) -> Option<Arc<str>> {
        let count = (0..).find(|i| !matches!(self.kind_after(*i), Kind::Word(_) | Kind::Quoted(_)))?;
        if count == 0 || !matches!(self.kind_after(count), Kind::Mark(":")) {
            return None;
        }
        let words: Vec<Arc<str>> = (0..count)
            .filter_map(
                |i| if let Kind::Word(w) | Kind::Quoted(w) = self.kind_after(i) { Some(w.clone()) } else { None },
            )
            .collect();
        (0..=count).for_each(|_| self.advance());
        Some(if let [one] = words.as_slice() { one.clone() } else { Arc::from(words.join(" ")) })
    }

    // Types.

    pub(super) fn type_name(&mut self) -> Parsed<Type> {
        self.deeper(Self::type_here)
    }

    fn type_here(&mut self) -> Parsed<Type> {
        if let Some(found) = self.declared_type() {
            return Ok(found);
        }
        for count in (1..=4).rev() {
            let words: Option<Vec<&str>> =
                (0..count).map(|i| if let Kind::Word(w) = self.kind_after(i) { Some(&**w) } else { None }).collect();
            let Some(name) = words.map(|w| w.join(" ")) else { continue };
            let Some((_, found)) = NAMED.iter().find(|(n, _)| *n == name) else { continue };
            let found = found.clone();
            (0..count).for_each(|_| self.advance());
            return self.type_parameters(found);
        }
        let names: Vec<&str> = NAMED.iter().map(|(n, _)| *n).collect();
        Err(self.unexpected(&["type"]).expecting(&names))
    }

    /// A type that the model declares; its name may have points.
    fn declared_type(&mut self) -> Option<Type> {
        let mut count = 0;
        let mut name = String::new();
        let mut best = None;
        while let Kind::Word(word) | Kind::Quoted(word) = self.kind_after(count) {
            name.push_str(word);
            count += 1;
            if let Some((_, found)) = self.types.iter().find(|(n, _)| **n == *name) {
                best = Some((count, found.clone()));
            }
            if !matches!(self.kind_after(count), Kind::Mark(".")) {
                break;
            }
            name.push('.');
            count += 1;
        }
        let (count, found) = best?;
        (0..count).for_each(|_| self.advance());
        Some(found)
    }

    fn type_parameters(&mut self, plain: Type) -> Parsed<Type> {
        let takes = matches!(plain, Type::List(_) | Type::Range(_) | Type::Context(_) | Type::Function(_));
        if !takes || !self.take_mark("<") {
            return Ok(plain);
        }
        let with = match plain {
            Type::List(_) => Type::List(Some(Box::new(self.type_name()?))),
            Type::Range(_) => Type::Range(Some(Box::new(self.type_name()?))),
            Type::Context(_) => Type::Context(self.context_members()?),
            _ => return self.function_type(),
        };
        self.expect_mark(">")?;
        Ok(with)
    }

    fn context_members(&mut self) -> Parsed<Vec<(Arc<str>, Type)>> {
        let mut members = Vec::new();
        while !self.is_mark(">") {
            let Some(name) = self.words_before_colon() else { return Err(self.unexpected(&["name"])) };
            members.push((name, self.type_name()?));
            if !self.take_mark(",") {
                break;
            }
        }
        Ok(members)
    }

    /// `a, b> -> c` after `function<`.
    fn function_type(&mut self) -> Parsed<Type> {
        let mut params = Vec::new();
        while !self.is_mark(">") {
            params.push(self.type_name()?);
            if !self.take_mark(",") {
                break;
            }
        }
        self.expect_mark(">")?;
        let result = if self.take_mark("->") { self.type_name()? } else { Type::Any };
        Ok(Type::Function(Some(Box::new(Signature { params, result }))))
    }
}

fn may_be_function(node: &Node) -> bool {
    use Node::{Call, Filter, Function, Global, GlobalOrBuiltin, Local, Member, Path};
    let node = node.bare();
    matches!(node, Global(..) | GlobalOrBuiltin(..) | Local(_) | Member { .. } | Path(..) | Call(..))
        || matches!(node, Filter(..) | Function(..))
}
