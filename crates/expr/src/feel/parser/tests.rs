//! Unary tests: the right side of `in`, and cells of decision tables.

use super::super::lexer::Kind;
use super::super::node::{Comparison, Node, Test};
use super::{Level, Parsed, Parser};

impl Parser<'_> {
    pub(super) fn comparison_mark(&self) -> Option<Comparison> {
        Some(match self.kind() {
            Kind::Mark("=") => Comparison::Equal,
            Kind::Mark("!=") => Comparison::NotEqual,
            Kind::Mark("<") => Comparison::Less,
            Kind::Mark("<=") => Comparison::LessOrEqual,
            Kind::Mark(">") => Comparison::Greater,
            Kind::Mark(">=") => Comparison::GreaterOrEqual,
            _ => return None,
        })
    }

    /// What follows `in`: one test, or several in parentheses.
    pub(super) fn in_tests(&mut self) -> Parsed<Vec<Test>> {
        if !self.is_mark("(") {
            return Ok(vec![self.deeper(|p| p.test(Level::Sum))?]);
        }
        self.advance();
        let mut tests = vec![self.bracketed(|p| p.deeper(|p| p.test(Level::Or)))?];
        if let [Test::Value { .. }] = tests.as_slice()
            && self.take_mark("..")
            && let Some(Test::Value { node, mentions_input }) = tests.pop()
        {
            let node = self.range_from(node, false)?;
            return Ok(vec![Test::Value { node, mentions_input }]);
        }
        while self.take_mark(",") {
            tests.push(self.bracketed(|p| p.deeper(|p| p.test(Level::Or)))?);
        }
        if !self.take_mark(")") {
            return Err(self.unexpected(&[",", ")"]));
        }
        Ok(tests)
    }

    fn test(&mut self, level: Level) -> Parsed<Test> {
        if let Some(op) = self.comparison_mark() {
            self.advance();
            return Ok(Test::Compare(op, self.binary(Level::Sum)?));
        }
        let before = self.input_uses;
        let node = self.binary(level)?;
        Ok(Test::Value { node, mentions_input: self.input_uses > before })
    }

    /// A whole cell: `-`, tests, or `not(tests)`.
    pub(super) fn unary_tests(&mut self) -> Parsed<Node> {
        if matches!((self.kind(), self.kind_after(1)), (Kind::Mark("-"), Kind::End)) {
            self.advance();
            return Ok(Node::UnaryTests { tests: vec![Test::Any], negated: false });
        }
        let negated = self.is_word("not") && matches!(self.kind_after(1), Kind::Mark("(")) && self.closes_at_end(1);
        if negated {
            self.advance();
            self.advance();
        }
        let mut tests = vec![self.deeper(|p| p.test(Level::Or))?];
        while self.take_mark(",") {
            tests.push(self.deeper(|p| p.test(Level::Or))?);
        }
        if negated {
            self.expect_mark(")")?;
        }
        self.reads.insert("?".into());
        Ok(Node::UnaryTests { tests, negated })
    }

    /// Whether the parenthesis `ahead` closes with the last token: `not(a), b` is two tests, `not(a, b)` is one.
    fn closes_at_end(&self, ahead: usize) -> bool {
        let mut open = 0usize;
        for (i, token) in self.tokens.iter().enumerate().skip(self.pos + ahead) {
            match token.kind {
                Kind::Mark("(") => open += 1,
                Kind::Mark(")") => {
                    open = open.saturating_sub(1);
                    if open == 0 {
                        return matches!(self.tokens.get(i + 1).map(|t| &t.kind), Some(Kind::End));
                    }
                }
                _ => {}
            }
        }
        false
    }
}
