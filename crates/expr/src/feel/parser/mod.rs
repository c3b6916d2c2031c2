//! Tokens to a tree, in one pass: names are resolved while reading, since a name is always bound before its use.
//!
//! Invariant: nesting is counted; a text nested deeper than the limit is an error, never a deep recursion.
//! Never: looks at data.

mod forms;
mod operands;
mod tests;

use super::lexer::{Kind, LongNames, Place, Token, tokens};
use super::node::{Additive, Comparison, Multiplicative, Node, Slot};
use super::types::Type;
use super::{Expression, Options};
use crate::syntax::SyntaxError;
use std::collections::BTreeSet;
use std::sync::Arc;

type Parsed<T> = Result<T, SyntaxError>;

/// Longer names that a text declares itself need back-ticks.
const WORDS_OF_A_DECLARED_NAME: usize = 10;

/// What a name can be bound to.
enum Binding {
    /// A local variable.
    Local(Arc<str>, Slot),
    /// Members of the item that a filter looks at.
    Item(Slot),
}

/// Reads one text.
pub(super) struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    pos: usize,
    depth: u32,
    max_depth: u32,
    bindings: Vec<Binding>,
    next_slot: Slot,
    reads: BTreeSet<Arc<str>>,
    calls: BTreeSet<Arc<str>>,
    names: &'a [Arc<str>],
    types: &'a [(Arc<str>, Type)],
    used_slots: BTreeSet<Slot>,
    input_uses: u32,
    varies: bool,
    /// The end of a range is being read: a `[` may close it.
    in_range_end: bool,
}

/// How tightly a binary operator binds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Or,
    And,
    Compare,
    Sum,
    Product,
    Power,
}

/// A binary operator.
enum Infix {
    Or,
    And,
    Compare(Comparison),
    Between,
    In,
    Sum(Additive),
    Product(Multiplicative),
    Power,
}

impl Infix {
    fn level(&self) -> Level {
        match self {
            Self::Or => Level::Or,
            Self::And => Level::And,
            Self::Compare(_) | Self::Between | Self::In => Level::Compare,
            Self::Sum(_) => Level::Sum,
            Self::Product(_) => Level::Product,
            Self::Power => Level::Power,
        }
    }
}

impl<'a> Parser<'a> {
    /// Reads the tokens of `text`.
    pub(super) fn new(text: &'a str, options: &Options<'a>) -> Parsed<Self> {
        let mut long = LongNames::of(options.names.iter().chain(options.types.iter().map(|(name, _)| name)));
        let mut read = tokens(text, &long)?;
        if long.extend(declared_names(&read)) {
            read = tokens(text, &long)?;
        }
        Ok(Self {
            text,
            tokens: read,
            pos: 0,
            depth: 0,
            max_depth: options.depth,
            bindings: Vec::new(),
            next_slot: 0,
            reads: BTreeSet::new(),
            calls: BTreeSet::new(),
            names: options.names,
            types: options.types,
            used_slots: BTreeSet::new(),
            input_uses: 0,
            varies: false,
            in_range_end: false,
        })
    }

    /// The whole text as one expression.
    pub(super) fn expression_text(mut self) -> Parsed<Expression> {
        let root = self.expression()?;
        self.finish(root)
    }

    /// The whole text as unary tests.
    pub(super) fn unary_tests_text(mut self) -> Parsed<Expression> {
        let root = self.unary_tests()?;
        self.finish(root)
    }

    /// The whole text as a type.
    pub(super) fn type_text(mut self) -> Parsed<Type> {
        let found = self.type_name()?;
        if *self.kind() != Kind::End { Err(self.unexpected(&["end"])) } else { Ok(found) }
    }

    fn finish(mut self, root: Node) -> Parsed<Expression> {
        if *self.kind() != Kind::End {
            return Err(self.unexpected(&["operator", "end"]));
        }
        let constant = self.reads.is_empty() && !self.varies;
        self.reads.remove("?");
        let (reads, calls) = (self.reads.into_iter().collect(), self.calls.into_iter().collect());
        Ok(Expression { root, reads, calls, constant })
    }

    // Tokens.

    fn kind(&self) -> &Kind {
        &self.tokens[self.pos].kind
    }

    fn kind_after(&self, ahead: usize) -> &Kind {
        let last = self.tokens.len() - 1;
        &self.tokens[(self.pos + ahead).min(last)].kind
    }

    fn at(&self) -> usize {
        self.tokens[self.pos].at
    }

    fn place(&self) -> Place {
        self.tokens[self.pos].place
    }

    fn advance(&mut self) {
        if self.pos + 1 < self.tokens.len() {
            self.pos += 1;
        }
    }

    fn is_mark(&self, mark: &str) -> bool {
        matches!(self.kind(), Kind::Mark(m) if *m == mark)
    }

    fn take_mark(&mut self, mark: &str) -> bool {
        let found = self.is_mark(mark);
        if found {
            self.advance();
        }
        found
    }

    fn expect_mark(&mut self, mark: &'static str) -> Parsed<()> {
        if self.take_mark(mark) { Ok(()) } else { Err(self.unexpected(&[mark])) }
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.kind(), Kind::Word(w) if &**w == word)
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        if found {
            self.advance();
        }
        found
    }

    fn expect_word(&mut self, word: &'static str) -> Parsed<()> {
        if self.take_word(word) { Ok(()) } else { Err(self.unexpected(&[word])) }
    }

    // Errors.

    fn error(&self, en: impl Into<String>, ru: impl Into<String>) -> SyntaxError {
        SyntaxError::at(self.text, self.at(), en, ru)
    }

    fn unexpected(&self, expected: &[&str]) -> SyntaxError {
        let (found, found_ru) = match self.kind() {
            Kind::Number(n) => (format!("number {n}"), format!("число {n}")),
            Kind::Text(_) => ("a text".to_owned(), "текст".to_owned()),
            Kind::Word(w) => (format!("`{w}`"), format!("`{w}`")),
            Kind::Quoted(w) => (format!("name `{w}`"), format!("имя `{w}`")),
            Kind::Mark(m) => (format!("`{m}`"), format!("`{m}`")),
            Kind::End => ("the end of the text".to_owned(), "конец текста".to_owned()),
        };
        let hint = self.hint();
        let en = format!("expected {}, found {found}{}", list_of(expected, false), hint.0);
        let ru = format!("ожидалось: {}, встретилось: {found_ru}{}", list_of(expected, true), hint.1);
        self.error(en, ru).expecting(expected)
    }

    /// What the author probably meant.
    fn hint(&self) -> (&'static str, &'static str) {
        let before = self.pos.checked_sub(1).map(|i| &self.tokens[i].kind);
        match (before, self.kind()) {
            (Some(Kind::Mark("=")), Kind::Mark("=")) => ("; equality is written `=`", "; равенство пишется `=`"),
            (Some(Kind::Word(_) | Kind::Quoted(_)), Kind::Word(_)) => {
                ("; a name with blanks stands in back-ticks", "; имя с пробелами пишется в обратных кавычках")
            }
            _ => ("", ""),
        }
    }

    fn too_deep(&self) -> SyntaxError {
        self.error(
            format!("nested deeper than {} levels", self.max_depth),
            format!("вложенность больше {} уровней", self.max_depth),
        )
    }

    /// Runs `read` one level deeper.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= self.max_depth {
            return Err(self.too_deep());
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Runs `read` inside brackets, where a `[` can not close an outer range.
    fn bracketed<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        let outer = std::mem::replace(&mut self.in_range_end, false);
        let result = read(self);
        self.in_range_end = outer;
        result
    }

    // Names.

    /// Binds a local variable until [`Self::unbind`].
    fn bind(&mut self, name: Arc<str>) -> Slot {
        let slot = self.next_slot;
        self.next_slot += 1;
        self.bindings.push(Binding::Local(name, slot));
        slot
    }

    /// What is bound now.
    fn mark_bindings(&self) -> (usize, Slot) {
        (self.bindings.len(), self.next_slot)
    }

    /// Forgets what was bound since.
    fn unbind(&mut self, mark: (usize, Slot)) {
        self.bindings.truncate(mark.0);
        self.next_slot = mark.1;
    }

    fn is_bound(&self, name: &str) -> bool {
        self.bindings.iter().any(|b| matches!(b, Binding::Local(n, _) if **n == *name))
    }

    fn is_declared(&self, name: &str) -> bool {
        self.names.iter().any(|n| **n == *name)
    }

    /// The variable of this name, which stands at `place`.
    fn resolve(&mut self, name: &Arc<str>, place: Place) -> Node {
        let mut items = Vec::new();
        let mut local = None;
        for binding in self.bindings.iter().rev() {
            match binding {
                Binding::Local(n, slot) if n == name => {
                    local = Some(*slot);
                    break;
                }
                Binding::Local(..) => {}
                Binding::Item(slot) => items.push(*slot),
            }
        }
        let outside = match local {
            Some(slot) => {
                self.used_slots.insert(slot);
                Node::Local(slot)
            }
            None => {
                self.reads.insert(name.clone());
                match super::builtins::find(name) {
                    Some(builtin) => Node::GlobalOrBuiltin(name.clone(), builtin),
                    None => Node::Global(name.clone(), place),
                }
            }
        };
        if items.is_empty() || &**name == "?" {
            return outside;
        }
        Node::Member { name: name.clone(), items, outside: Box::new(outside) }
    }

    // Expressions.

    fn expression(&mut self) -> Parsed<Node> {
        self.deeper(|p| p.binary(Level::Or))
    }

    /// An expression inside brackets.
    fn inner_expression(&mut self) -> Parsed<Node> {
        self.bracketed(Self::expression)
    }

    fn infix(&self) -> Option<Infix> {
        Some(match self.kind() {
            Kind::Mark(mark) => match *mark {
                "=" => Infix::Compare(Comparison::Equal),
                "!=" => Infix::Compare(Comparison::NotEqual),
                "<" => Infix::Compare(Comparison::Less),
                "<=" => Infix::Compare(Comparison::LessOrEqual),
                ">" => Infix::Compare(Comparison::Greater),
                ">=" => Infix::Compare(Comparison::GreaterOrEqual),
                "+" => Infix::Sum(Additive::Plus),
                "-" => Infix::Sum(Additive::Minus),
                "*" => Infix::Product(Multiplicative::Times),
                "/" => Infix::Product(Multiplicative::Over),
                "**" => Infix::Power,
                _ => return None,
            },
            Kind::Word(word) => match &**word {
                "or" => Infix::Or,
                "and" => Infix::And,
                "between" => Infix::Between,
                "in" => Infix::In,
                _ => return None,
            },
            _ => return None,
        })
    }

    /// Operators of at least `level`, left to right.
    fn binary(&mut self, level: Level) -> Parsed<Node> {
        let mut left = self.prefix()?;
        let outer_depth = self.depth;
        while let Some(op) = self.infix().filter(|op| op.level() >= level) {
            // Chains lean to the left: what is read so far lies one level deeper in the tree.
            if !matches!(op, Infix::Or | Infix::And | Infix::Sum(_) | Infix::Product(_)) {
                self.depth += 1;
                if self.depth > self.max_depth {
                    return Err(self.too_deep());
                }
            }
            let place = self.place();
            self.advance();
            left = Node::At(place, Box::new(self.infix_operands(left, &op)?));
        }
        self.depth = outer_depth;
        Ok(left)
    }

    fn infix_operands(&mut self, left: Node, op: &Infix) -> Parsed<Node> {
        Ok(match op {
            Infix::Or => Node::Or(self.chain(left, Level::And, |p| p.take_word("or"))?),
            Infix::And => Node::And(self.chain(left, Level::Compare, |p| p.take_word("and"))?),
            Infix::Compare(op) => {
                let right = self.deeper(|p| p.binary(Level::Sum))?;
                Node::Compare(*op, Box::new((left, right)))
            }
            Infix::Between => {
                let low = self.deeper(|p| p.binary(Level::Sum))?;
                self.expect_word("and")?;
                let high = self.deeper(|p| p.binary(Level::Sum))?;
                Node::Between(Box::new((left, low, high)))
            }
            Infix::In => Node::In(Box::new(left), self.in_tests()?),
            Infix::Sum(first) => {
                let mut rest = vec![(*first, self.deeper(|p| p.binary(Level::Product))?)];
                while let Some(Infix::Sum(op)) = self.infix() {
                    self.advance();
                    rest.push((op, self.deeper(|p| p.binary(Level::Product))?));
                }
                Node::Sum(Box::new(left), rest)
            }
            Infix::Product(first) => {
                let mut rest = vec![(*first, self.deeper(|p| p.binary(Level::Power))?)];
                while let Some(Infix::Product(op)) = self.infix() {
                    self.advance();
                    rest.push((op, self.deeper(|p| p.binary(Level::Power))?));
                }
                Node::Product(Box::new(left), rest)
            }
            Infix::Power => {
                let right = self.deeper(Self::prefix)?;
                Node::Power(Box::new((left, right)))
            }
        })
    }

    fn chain(&mut self, first: Node, level: Level, mut next: impl FnMut(&mut Self) -> bool) -> Parsed<Vec<Node>> {
        let mut all = vec![first];
        loop {
            all.push(self.deeper(|p| p.binary(level))?);
            if !next(self) {
                return Ok(all);
            }
        }
    }
}

/// Names of more than one word that the text itself declares: keys of contexts, loop variables, parameters.
fn declared_names(tokens: &[Token]) -> Vec<Arc<str>> {
    let mut out = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        let (keys, ends): (bool, fn(&Kind) -> bool) = match &token.kind {
            Kind::Mark("{" | ",") => (true, |k| matches!(k, Kind::Mark(":"))),
            Kind::Mark("(") => (true, |k| matches!(k, Kind::Mark(":" | "," | ")"))),
            Kind::Word(w) if matches!(&**w, "for" | "some" | "every") => {
                (false, |k| matches!(k, Kind::Word(w) if &**w == "in"))
            }
            _ => continue,
        };
        // A parenthesis holds names only after `function`.
        let declares = !matches!(token.kind, Kind::Mark("("))
            || i.checked_sub(1).is_some_and(|b| matches!(&tokens[b].kind, Kind::Word(w) if &**w == "function"));
        let words: Vec<&str> = tokens[i + 1..]
            .iter()
            .take(WORDS_OF_A_DECLARED_NAME)
            .map_while(|t| match &t.kind {
                Kind::Word(w) if keys || &**w != "in" => Some(&**w),
                _ => None,
            })
            .collect();
        if declares && words.len() > 1 && tokens.get(i + 1 + words.len()).is_some_and(|t| ends(&t.kind)) {
            out.push(Arc::from(words.join(" ")));
        }
    }
    out
}

fn list_of(expected: &[&str], russian: bool) -> String {
    let words: Vec<String> = expected
        .iter()
        .map(|e| match (*e, russian) {
            ("expression", false) => "an expression".to_owned(),
            ("expression", true) => "выражение".to_owned(),
            ("operator", false) => "an operator".to_owned(),
            ("operator", true) => "оператор".to_owned(),
            ("end", false) => "the end".to_owned(),
            ("end", true) => "конец".to_owned(),
            ("name", false) => "a name".to_owned(),
            ("name", true) => "имя".to_owned(),
            ("type", false) => "a type".to_owned(),
            ("type", true) => "тип".to_owned(),
            ("text", false) => "a text in quotes".to_owned(),
            ("text", true) => "текст в кавычках".to_owned(),
            (mark, _) => format!("`{mark}`"),
        })
        .collect();
    words.join(if russian { " или " } else { " or " })
}
