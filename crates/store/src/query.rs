//! Lists as data: filters, order and paging that a backend turns into its query language.
//!
//! Never: SQL. A field enum per list (`InstanceField`, `TaskField`, ...) says what can be filtered and sorted.

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    /// Equal; null equals null.
    Eq,
    /// Not equal; null differs from every value.
    Ne,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
    /// The text holds the value, without regard to case in any script.
    Contains,
    /// The text starts with the value, without regard to case in any script.
    StartsWith,
}

/// What a field is compared with. Instants are milliseconds, ids their numbers, states their codes.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// Nothing.
    Null,
    /// Yes or no.
    Bool(bool),
    /// An integer, id, instant or state code.
    Int(i64),
    /// A number with a fraction.
    Real(f64),
    /// Text.
    Text(String),
}

macro_rules! scalar_from {
    ($($from:ty => |$v:ident| $to:expr;)*) => {$(
        impl From<$from> for Scalar {
            fn from($v: $from) -> Self { $to }
        }
    )*};
}

scalar_from! {
    bool => |v| Self::Bool(v);
    i64 => |v| Self::Int(v);
    i32 => |v| Self::Int(v.into());
    u32 => |v| Self::Int(v.into());
    f64 => |v| Self::Real(v);
    &str => |v| Self::Text(v.to_owned());
    String => |v| Self::Text(v);
    model::Timestamp => |v| Self::Int(v.0);
    model::InstanceId => |v| Self::Int(v.0);
    model::TaskId => |v| Self::Int(v.0);
    model::DefinitionId => |v| Self::Int(v.0);
    model::ModelId => |v| Self::Int(v.0);
    model::UserId => |v| Self::Int(v.0);
    model::CatalogId => |v| Self::Int(v.0);
    model::RecordId => |v| Self::Int(v.0);
    model::AppId => |v| Self::Int(v.0);
}

/// A condition on the fields `F` of a list.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter<F> {
    /// All must hold; empty holds always.
    All(Vec<Filter<F>>),
    /// One must hold; empty never holds.
    Any(Vec<Filter<F>>),
    /// Must not hold.
    Not(Box<Filter<F>>),
    /// A comparison.
    Is(F, Op, Scalar),
    /// Equal to one of the values; empty never holds.
    In(F, Vec<Scalar>),
}

impl<F> Default for Filter<F> {
    fn default() -> Self {
        Self::All(Vec::new())
    }
}

impl<F> Filter<F> {
    /// `field = value`.
    pub fn eq(field: F, value: impl Into<Scalar>) -> Self {
        Self::Is(field, Op::Eq, value.into())
    }

    /// `field op value`.
    pub fn is(field: F, op: Op, value: impl Into<Scalar>) -> Self {
        Self::Is(field, op, value.into())
    }

    /// This and `other`.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match self {
            Self::All(mut all) => {
                all.push(other);
                Self::All(all)
            }
            one => Self::All(vec![one, other]),
        }
    }
}

/// One key of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order<F> {
    /// The field.
    pub field: F,
    /// Greatest first.
    pub descending: bool,
}

/// Which rows of a list are wanted. Walk long lists by a filter on the id (`id > last`), not by `offset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// At most so many rows.
    pub limit: u32,
    /// Rows to skip.
    pub offset: u64,
    /// Whether to count all rows that match.
    pub count: bool,
}

impl Default for Page {
    fn default() -> Self {
        Self { limit: 50, offset: 0, count: false }
    }
}

/// A list's query. An empty order is the list's own, newest first unless said otherwise; ties are broken by id.
#[derive(Debug, Clone, PartialEq)]
pub struct Query<F> {
    /// Which rows.
    pub filter: Filter<F>,
    /// Free text, as people type it into a search box; each list says where it looks.
    pub text: Option<String>,
    /// In which order.
    pub order: Vec<Order<F>>,
    /// Which part.
    pub page: Page,
}

impl<F> Default for Query<F> {
    fn default() -> Self {
        Self { filter: Filter::default(), text: None, order: Vec::new(), page: Page::default() }
    }
}

impl<F> Query<F> {
    /// The first page of the rows that match `filter`.
    pub fn new(filter: Filter<F>) -> Self {
        Self { filter, ..Self::default() }
    }

    /// The same with `limit` rows at most.
    #[must_use]
    pub fn limit(mut self, limit: u32) -> Self {
        self.page.limit = limit;
        self
    }

    /// The same, ordered by `field` after the keys given before.
    #[must_use]
    pub fn order(mut self, field: F, descending: bool) -> Self {
        self.order.push(Order { field, descending });
        self
    }
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Paged<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// How many match in all, when asked for.
    pub total: Option<u64>,
}
