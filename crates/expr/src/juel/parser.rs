//! JUEL's grammar, written out as FEEL while it is read.
//!
//! Invariant: nesting and the length of what is written are limited, since some forms repeat an operand.

use super::lexer::{Kind, Token, name, quoted, tokens};
use super::{JuelProblem, JuelProblemKind, Translated};
use crate::syntax::SyntaxError;
use std::sync::Arc;

/// Levels of nesting.
const LEVELS: u32 = 60;
/// Bytes of FEEL that one expression may become.
const LONGEST: usize = 64 << 10;

pub(super) type Parsed<T> = Result<T, JuelProblem>;

/// How tightly the outermost operator of a piece of FEEL binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    If,
    Or,
    And,
    Compare,
    Sum,
    Product,
    Negation,
    Atom,
}

/// What is known of a piece's value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum What {
    Unknown,
    Boolean,
    /// A number; a written whole one is known.
    Number(Option<i64>),
    /// A text; a written one is known.
    Text(Option<String>),
    /// `execution`.
    Execution,
    /// `task`.
    Task,
    /// `JSON(x)` and what `.prop` makes of it.
    Json,
}

/// A piece of FEEL.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) feel: String,
    pub(super) level: Level,
    pub(super) what: What,
    /// The JUEL it was read from, for messages: a path such as `order.total`.
    pub(super) written: String,
}

impl Piece {
    pub(super) fn new(feel: impl Into<String>, level: Level, what: What) -> Self {
        Self { feel: feel.into(), level, what, written: String::new() }
    }

    pub(super) fn atom(feel: impl Into<String>) -> Self {
        Self::new(feel, Level::Atom, What::Unknown)
    }

    pub(super) fn boolean(feel: impl Into<String>, level: Level) -> Self {
        Self::new(feel, level, What::Boolean)
    }

    /// In parentheses, unless it binds at least as tightly.
    pub(super) fn at_least(&self, level: Level) -> String {
        if self.level >= level { self.feel.clone() } else { format!("({})", self.feel) }
    }
}

/// What a call is: a value, or the writing of a variable.
pub(super) enum Called {
    Value(Piece),
    Assignment { name: Arc<str>, value: String },
}

pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    tokens: Vec<Token>,
    pos: usize,
    depth: u32,
    pub(super) assignment: Option<(Arc<str>, String)>,
}

/// Translates the expression at `text[from..to]`.
pub(super) fn translate(text: &str, from: usize, to: usize) -> Parsed<Translated> {
    let mut parser = Parser { text, tokens: tokens(text, from, to)?, pos: 0, depth: 0, assignment: None };
    let piece = parser.expression()?;
    if *parser.kind() != Kind::End {
        return Err(parser.unexpected(&["operator", "}"]).into());
    }
    if matches!(piece.what, What::Execution | What::Task) {
        return Err(parser.no_such_call(from, &piece.written));
    }
    match parser.assignment {
        None => Ok(Translated::Feel(piece.feel)),
        // Only alone: inside of something larger nothing could be written.
        Some((name, value)) if piece.feel.is_empty() => Ok(Translated::Assignment { name, value }),
        Some(_) => Err(assignment_inside(text, from)),
    }
}

/// `setVariable` inside of a larger expression.
pub(super) fn assignment_inside(text: &str, at: usize) -> JuelProblem {
    let call = "execution.setVariable".to_owned();
    let error = SyntaxError::at(
        text,
        at,
        "`execution.setVariable` stands alone or not at all",
        "`execution.setVariable` допустимо только отдельным выражением",
    );
    JuelProblem { kind: JuelProblemKind::Call { call }, error }
}

impl Parser<'_> {
    // Tokens.

    pub(super) fn kind(&self) -> &Kind {
        &self.tokens[self.pos].kind
    }

    fn kind_after(&self, ahead: usize) -> &Kind {
        let last = self.tokens.len() - 1;
        &self.tokens[(self.pos + ahead).min(last)].kind
    }

    pub(super) fn at(&self) -> usize {
        self.tokens[self.pos].at
    }

    pub(super) fn advance(&mut self) {
        if self.pos + 1 < self.tokens.len() {
            self.pos += 1;
        }
    }

    pub(super) fn take(&mut self, mark: &str) -> bool {
        let found = matches!(self.kind(), Kind::Mark(m) if *m == mark);
        if found {
            self.advance();
        }
        found
    }

    fn take_any(&mut self, marks: &[&'static str], words: &[&'static str]) -> Option<&'static str> {
        let found = match self.kind() {
            Kind::Mark(m) => marks.iter().find(|x| *x == m).copied(),
            Kind::Name(n) => words.iter().find(|x| **x == *n).copied(),
            _ => None,
        };
        if found.is_some() {
            self.advance();
        }
        found
    }

    pub(super) fn expect(&mut self, mark: &'static str) -> Parsed<()> {
        if self.take(mark) { Ok(()) } else { Err(self.unexpected(&[mark]).into()) }
    }

    pub(super) fn unexpected(&self, expected: &[&str]) -> SyntaxError {
        let (found, found_ru) = match self.kind() {
            Kind::Number(n) => (format!("number {n}"), format!("число {n}")),
            Kind::Text(_) => ("a text".to_owned(), "текст".to_owned()),
            Kind::Name(n) => (format!("`{n}`"), format!("`{n}`")),
            Kind::Mark(m) => (format!("`{m}`"), format!("`{m}`")),
            Kind::End => ("the end".to_owned(), "конец выражения".to_owned()),
        };
        let word = |e: &&str, ru: bool| match (*e, ru) {
            ("expression", false) => "an expression".to_owned(),
            ("expression", true) => "выражение".to_owned(),
            ("operator", false) => "an operator".to_owned(),
            ("operator", true) => "оператор".to_owned(),
            ("name", false) => "a name".to_owned(),
            ("name", true) => "имя".to_owned(),
            (mark, _) => format!("`{mark}`"),
        };
        let all = |ru: bool| expected.iter().map(|e| word(e, ru)).collect::<Vec<_>>();
        let en = format!("expected {}, found {found}", all(false).join(" or "));
        let ru = format!("ожидалось: {}, встретилось: {found_ru}", all(true).join(" или "));
        SyntaxError::at(self.text, self.at(), en, ru).expecting(expected)
    }

    /// A call that has no meaning here.
    pub(super) fn no_such_call(&self, at: usize, call: &str) -> JuelProblem {
        let error = SyntaxError::at(
            self.text,
            at,
            format!("`{call}` calls into Java; only a worker can do that"),
            format!("`{call}` — вызов кода Java, его может выполнить только внешний обработчик"),
        );
        JuelProblem { kind: JuelProblemKind::Call { call: call.to_owned() }, error }
    }

    /// Runs `read` one level deeper, and refuses what grew too long.
    fn deeper(&mut self, read: impl FnOnce(&mut Self) -> Parsed<Piece>) -> Parsed<Piece> {
        let at = self.at();
        let too_much = |text: &str| {
            SyntaxError::at(
                text,
                at,
                "the expression is too long or too deep",
                "выражение слишком длинное или вложенное",
            )
        };
        if self.depth >= LEVELS {
            return Err(too_much(self.text).into());
        }
        self.depth += 1;
        let piece = read(self)?;
        self.depth -= 1;
        if piece.feel.len() > LONGEST {
            return Err(too_much(self.text).into());
        }
        Ok(piece)
    }

    // The grammar, loosest first.

    pub(super) fn expression(&mut self) -> Parsed<Piece> {
        self.deeper(|p| {
            let condition = p.or()?;
            if !p.take("?") {
                return Ok(condition);
            }
            let then = p.expression()?;
            p.expect(":")?;
            let otherwise = p.expression()?;
            let feel = format!("if {} then {} else {}", condition.feel, then.feel, otherwise.feel);
            Ok(Piece::new(feel, Level::If, then.what))
        })
    }

    fn or(&mut self) -> Parsed<Piece> {
        let mut left = self.and()?;
        while self.take_any(&["||"], &["or"]).is_some() {
            let right = self.and()?;
            let feel = format!("{} or {}", left.at_least(Level::Or), right.at_least(Level::And));
            left = Piece::boolean(feel, Level::Or);
        }
        Ok(left)
    }

    fn and(&mut self) -> Parsed<Piece> {
        let mut left = self.equality()?;
        while self.take_any(&["&&"], &["and"]).is_some() {
            let right = self.equality()?;
            let feel = format!("{} and {}", left.at_least(Level::And), right.at_least(Level::Compare));
            left = Piece::boolean(feel, Level::And);
        }
        Ok(left)
    }

    fn equality(&mut self) -> Parsed<Piece> {
        let mut left = self.relation()?;
        while let Some(op) = self.take_any(&["==", "!="], &["eq", "ne"]) {
            let right = self.relation()?;
            let op = if matches!(op, "==" | "eq") { "=" } else { "!=" };
            left = compared(&left, op, &right);
        }
        Ok(left)
    }

    fn relation(&mut self) -> Parsed<Piece> {
        let mut left = self.sum()?;
        while let Some(op) = self.take_any(&["<=", ">=", "<", ">"], &["lt", "gt", "le", "ge"]) {
            let right = self.sum()?;
            let op = match op {
                "lt" => "<",
                "gt" => ">",
                "le" => "<=",
                "ge" => ">=",
                mark => mark,
            };
            left = compared(&left, op, &right);
        }
        Ok(left)
    }

    fn sum(&mut self) -> Parsed<Piece> {
        let mut left = self.product()?;
        while let Some(op) = self.take_any(&["+", "-"], &[]) {
            let right = self.product()?;
            let feel = format!("{} {op} {}", left.at_least(Level::Sum), right.at_least(Level::Product));
            left = Piece::new(feel, Level::Sum, What::Number(None));
        }
        Ok(left)
    }

    fn product(&mut self) -> Parsed<Piece> {
        let mut left = self.unary()?;
        while let Some(op) = self.take_any(&["*", "/", "%"], &["div", "mod"]) {
            let right = self.unary()?;
            left = if matches!(op, "%" | "mod") {
                Piece::new(format!("modulo({}, {})", left.feel, right.feel), Level::Atom, What::Number(None))
            } else {
                let op = if op == "*" { "*" } else { "/" };
                let feel = format!("{} {op} {}", left.at_least(Level::Product), right.at_least(Level::Negation));
                Piece::new(feel, Level::Product, What::Number(None))
            };
        }
        Ok(left)
    }

    fn unary(&mut self) -> Parsed<Piece> {
        if self.take("-") {
            let inner = self.deeper(Self::unary)?;
            return Ok(Piece::new(format!("-{}", inner.at_least(Level::Atom)), Level::Negation, What::Number(None)));
        }
        if self.take_any(&["!"], &["not"]).is_some() {
            let inner = self.deeper(Self::unary)?;
            return Ok(Piece::boolean(format!("not({})", inner.feel), Level::Atom));
        }
        if matches!(self.kind(), Kind::Name(n) if n == "empty") {
            self.advance();
            let inner = self.deeper(Self::unary)?;
            return Ok(Piece::boolean(empty(&inner), Level::Atom));
        }
        self.postfix()
    }

    fn postfix(&mut self) -> Parsed<Piece> {
        let mut piece = self.primary()?;
        loop {
            if self.take(".") {
                let Kind::Name(member) = self.kind().clone() else { return Err(self.unexpected(&["name"]).into()) };
                let at = self.at();
                self.advance();
                piece = if self.take("(") {
                    let args = self.arguments()?;
                    match self.method(&piece, &member, args, at)? {
                        Called::Value(value) => value,
                        Called::Assignment { name, value } => {
                            self.assignment = Some((name, value));
                            Piece::atom("")
                        }
                    }
                } else {
                    self.member(&piece, &member, at)?
                };
            } else if self.take("[") {
                let index = self.expression()?;
                self.expect("]")?;
                piece = element(&piece, &index);
            } else {
                return Ok(piece);
            }
            if piece.feel.len() > LONGEST {
                return self.deeper(|_| Ok(piece));
            }
        }
    }

    pub(super) fn arguments(&mut self) -> Parsed<Vec<Piece>> {
        let mut out = Vec::new();
        if self.take(")") {
            return Ok(out);
        }
        loop {
            out.push(self.expression()?);
            if self.take(")") {
                return Ok(out);
            }
            if !self.take(",") {
                return Err(self.unexpected(&[",", ")"]).into());
            }
        }
    }

    fn primary(&mut self) -> Parsed<Piece> {
        let at = self.at();
        match self.kind().clone() {
            Kind::Number(n) => {
                self.advance();
                let whole = n.parse().ok();
                Ok(Piece::new(n, Level::Atom, What::Number(whole)))
            }
            Kind::Text(text) => {
                self.advance();
                Ok(Piece::new(quoted(&text), Level::Atom, What::Text(Some(text))))
            }
            Kind::Mark("(") => {
                self.advance();
                let inner = self.expression()?;
                self.expect(")")?;
                Ok(inner)
            }
            Kind::Name(word) => {
                self.advance();
                match &*word {
                    "true" | "false" => return Ok(Piece::boolean(word, Level::Atom)),
                    "null" => return Ok(Piece::atom("null")),
                    "execution" => return Ok(Piece { what: What::Execution, ..self.variable(&word, at)? }),
                    "task" => return Ok(Piece { what: What::Task, ..self.variable(&word, at)? }),
                    _ => {}
                }
                if self.take("(") {
                    let args = self.arguments()?;
                    return self.function(&word, &args, at);
                }
                let namespace = matches!(&*word, "variables" | "vars" | "var");
                if namespace && matches!(self.kind(), Kind::Mark(":")) {
                    let (Kind::Name(function), Kind::Mark("(")) = (self.kind_after(1).clone(), self.kind_after(2))
                    else {
                        return Err(self.unexpected(&["name"]).into());
                    };
                    (0..3).for_each(|_| self.advance());
                    let args = self.arguments()?;
                    return self.of_variable(&function, &args, at);
                }
                self.variable(&word, at)
            }
            _ => Err(self.unexpected(&["expression"]).into()),
        }
    }

    /// A variable.
    pub(super) fn variable(&self, written: &str, at: usize) -> Parsed<Piece> {
        match name(written) {
            Some(feel) => Ok(Piece { written: written.to_owned(), ..Piece::atom(feel) }),
            None => Err(SyntaxError::at(self.text, at, "a name without back-ticks", "имя без обратных кавычек").into()),
        }
    }
}

fn compared(left: &Piece, op: &str, right: &Piece) -> Piece {
    Piece::boolean(format!("{} {op} {}", left.at_least(Level::Sum), right.at_least(Level::Sum)), Level::Compare)
}

/// `empty x`: null counts as empty.
pub(super) fn empty(piece: &Piece) -> String {
    format!("get or else(is empty({}), true)", piece.feel)
}

/// `a[i]`: JUEL counts from 0, and a text is a key.
pub(super) fn element(base: &Piece, index: &Piece) -> Piece {
    let written = format!("{}[…]", base.written);
    let base = base.at_least(Level::Atom);
    let feel = match &index.what {
        What::Text(_) => format!("get value({base}, {})", index.feel),
        What::Number(Some(i)) => format!("{base}[{}]", i.saturating_add(1)),
        What::Number(None) => format!("{base}[{} + 1]", index.at_least(Level::Sum)),
        _ => {
            let (i, sum) = (index.at_least(Level::Atom), index.at_least(Level::Sum));
            let feel = format!("if {i} instance of string then get value({base}, {i}) else {base}[{sum} + 1]");
            return Piece { feel, level: Level::If, what: What::Unknown, written };
        }
    };
    Piece { feel, level: Level::Atom, what: What::Unknown, written }
}
