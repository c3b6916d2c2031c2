//! The tree that a text is read into. Names are resolved: what is local is a slot, the rest is asked of the scope.

use super::builtins::Builtin;
use super::lexer::Place;
use super::types::Type;
use super::value::Feel;
use std::sync::Arc;

/// A place of a local variable in the machine.
pub(super) type Slot = usize;

/// An expression.
#[derive(Debug)]
pub(super) enum Node {
    /// A constant.
    Const(Feel),
    /// A local variable.
    Local(Slot),
    /// What warnings of the node are told to stand at.
    At(Place, Box<Node>),
    /// A variable of the scope.
    Global(Arc<str>, Place),
    /// A variable of the scope, or else the built-in function of that name.
    GlobalOrBuiltin(Arc<str>, &'static Builtin),
    /// Inside filters: a member of one of the filtered items (innermost first), or else what it is outside of them.
    Member { name: Arc<str>, items: Vec<Slot>, outside: Box<Node> },
    /// `-x`
    Negate(Box<Node>),
    /// `a + b - c`
    Sum(Box<Node>, Vec<(Additive, Node)>),
    /// `a * b / c`
    Product(Box<Node>, Vec<(Multiplicative, Node)>),
    /// `a ** b`
    Power(Box<(Node, Node)>),
    /// `a < b`
    Compare(Comparison, Box<(Node, Node)>),
    /// `a between b and c`
    Between(Box<(Node, Node, Node)>),
    /// `a in (test, test)`
    In(Box<Node>, Vec<Test>),
    /// `a and b and c`
    And(Vec<Node>),
    /// `a or b or c`
    Or(Vec<Node>),
    /// `a instance of type`
    InstanceOf(Box<Node>, Type),
    /// `if a then b else c`
    If(Box<(Node, Node, Node)>),
    /// `for x in a, y in b return c`
    For(Box<Loop>),
    /// `some x in a satisfies b`, `every …`
    Quantified { every: bool, iteration: Box<Loop> },
    /// `a.b`
    Path(Box<Node>, Arc<str>),
    /// `a[b]`; the item is in the slot
    Filter(Box<(Node, Node)>, Slot),
    /// A built-in function.
    Builtin(&'static Builtin, Vec<Node>),
    /// A function that is a value.
    Call(Box<Node>, Vec<(Option<Arc<str>>, Node)>),
    /// `[a, b]`
    List(Vec<Node>),
    /// `{a: 1, b: a}`
    Context(Vec<(Arc<str>, Slot, Node)>),
    /// `[a..b]`
    Range(Box<RangeNode>),
    /// `(< a)`
    TestRange(Comparison, Box<Node>),
    /// `function(a, b) c`
    Function(Arc<FunctionNode>),
    /// Unary tests on `?`; negated by `not(…)`
    UnaryTests { tests: Vec<Test>, negated: bool },
}

impl Node {
    /// The node itself, without its place.
    pub(super) fn bare(&self) -> &Node {
        if let Self::At(_, inner) = self { inner.bare() } else { self }
    }
}

/// A written function.
#[derive(Debug)]
pub(super) struct FunctionNode {
    /// Names of its parameters.
    pub(super) params: Vec<Arc<str>>,
    /// Their types; `Any` when none is written.
    pub(super) types: Vec<Type>,
    /// Where its parameters begin.
    pub(super) base: Slot,
    /// What it computes.
    pub(super) body: Node,
    /// The variables of the scope that it reads: it keeps them when it leaves the expression.
    pub(super) reads: Vec<Arc<str>>,
}

impl FunctionNode {
    /// The type of what it gives, as far as the text shows it; `Null`, which conforms to all, where it does not.
    pub(super) fn result_type(&self) -> Type {
        match self.body.bare() {
            Node::Const(value) => Type::of(value),
            Node::Compare(..) | Node::And(_) | Node::Or(_) | Node::InstanceOf(..) => Type::Boolean,
            Node::Local(slot) => slot
                .checked_sub(self.base)
                .and_then(|i| self.types.get(i))
                .filter(|t| **t != Type::Any)
                .map_or(Type::Null, Type::clone),
            _ => Type::Null,
        }
    }
}

/// A written range.
#[derive(Debug)]
pub(super) struct RangeNode {
    pub(super) start: Node,
    pub(super) start_included: bool,
    pub(super) end: Node,
    pub(super) end_included: bool,
}

/// The common part of `for`, `some` and `every`.
#[derive(Debug)]
pub(super) struct Loop {
    /// What is iterated over, outermost first.
    pub(super) sources: Vec<Source>,
    /// What is computed at each turn.
    pub(super) body: Node,
    /// Slot of `partial`, when the body reads it.
    pub(super) partial: Option<Slot>,
}

/// One iteration variable.
#[derive(Debug)]
pub(super) struct Source {
    /// Where its value goes.
    pub(super) slot: Slot,
    /// What is iterated over.
    pub(super) over: Over,
}

/// What is iterated over.
#[derive(Debug)]
pub(super) enum Over {
    /// A list or a range.
    Items(Node),
    /// `a..b`, both included, up or down.
    Span(Node, Node),
}

/// One test of `in (…)` or of unary tests.
#[derive(Debug)]
pub(super) enum Test {
    /// `< 5`
    Compare(Comparison, Node),
    /// A value, list, range or, when it mentions `?`, a condition.
    Value { node: Node, mentions_input: bool },
    /// `-`
    Any,
}

/// An operator of comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// `+` or `-`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Additive {
    Plus,
    Minus,
}

/// `*` or `/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Multiplicative {
    Times,
    Over,
}
