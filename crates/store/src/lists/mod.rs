//! Turning a [`Query`] into SQL: what every backend does alike.
//!
//! Owns: the shape of a list's statement ([`List`]), and the lists whose tables and columns read the same everywhere
//! ([`fields`]). A backend's [`Dialect`] says how values compare. Invariant: values travel as parameters; only field
//! expressions and state codes (which let the planner use partial indexes) become text. One text per shape of query, so
//! that prepared statements are reused. Never: runs a statement.

pub mod fields;

use crate::{Filter, Op, Order, Query, Scalar};
use std::borrow::Cow;

/// What a field's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Integers.
    Int,
    /// Texts, compared by their bytes.
    Text,
}

/// How a field reads in SQL.
#[derive(Debug)]
pub enum Column {
    /// An expression of the list's row.
    Plain {
        /// The expression.
        sql: &'static str,
        /// What its values are.
        kind: Kind,
        /// Whether it may be null: nulls come last in either direction.
        nullable: bool,
        /// Whether its values are few and known: they become text.
        literal: bool,
    },
    /// A yes-or-no condition and its contrary, each in the words that the planner knows an index by.
    Flag {
        /// The condition.
        yes: &'static str,
        /// Its contrary.
        no: &'static str,
    },
    /// One of several values.
    Any {
        /// A subquery from `EXISTS (` or `x IN (` up to its WHERE.
        head: &'static str,
        /// The value in it.
        value: &'static str,
        /// What the values are.
        kind: Kind,
        /// How to order by it.
        order: &'static str,
    },
    /// A member of a JSON object kept as text; of a list any of its values.
    Json {
        /// The object's column.
        data: &'static str,
        /// The member.
        key: String,
    },
}

impl Column {
    /// A column of numbers that is never null.
    pub const fn of(sql: &'static str) -> Self {
        Self::Plain { sql, kind: Kind::Int, nullable: false, literal: false }
    }
    /// A column of numbers that may be null.
    pub const fn nullable(sql: &'static str) -> Self {
        Self::Plain { sql, kind: Kind::Int, nullable: true, literal: false }
    }
    /// A column of texts that is never null.
    pub const fn text(sql: &'static str) -> Self {
        Self::Plain { sql, kind: Kind::Text, nullable: false, literal: false }
    }
    /// A column of texts that may be null.
    pub const fn text_nullable(sql: &'static str) -> Self {
        Self::Plain { sql, kind: Kind::Text, nullable: true, literal: false }
    }
    /// A column of codes or a yes-or-no expression.
    pub const fn code(sql: &'static str) -> Self {
        Self::Plain { sql, kind: Kind::Int, nullable: false, literal: true }
    }
}

/// A piece of SQL with its parameters: one `?` in the text for each. Question marks are nothing else, so operators that
/// are spelt with them are not used.
#[derive(Debug, Clone)]
pub struct Sql<V> {
    /// The text.
    pub text: String,
    /// The parameters' values.
    pub values: Vec<V>,
}

impl<V> Default for Sql<V> {
    fn default() -> Self {
        Self::new("")
    }
}

impl<V> Sql<V> {
    /// A text without parameters.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), values: Vec::new() }
    }

    /// Appends a text without parameters.
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Appends a parameter.
    pub fn bind(&mut self, value: impl Into<V>) {
        self.text.push('?');
        self.values.push(value.into());
    }

    /// Appends another piece.
    pub fn append(&mut self, other: Self) {
        self.text.push_str(&other.text);
        self.values.extend(other.values);
    }

    /// The text with `$1`, `$2` and so on in place of the question marks.
    pub fn finish(self) -> (String, Vec<V>) {
        let mut text = String::with_capacity(self.text.len() + 2 * self.values.len());
        for (n, piece) in self.text.split('?').enumerate() {
            if n > 0 {
                text.push('$');
                text.push_str(&n.to_string());
            }
            text.push_str(piece);
        }
        (text, self.values)
    }
}

/// The left side of a comparison.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// The expression.
    pub expression: &'a str,
    /// What its values are.
    pub kind: Kind,
    /// Whether the values compared with become text.
    pub literal: bool,
}

/// How a backend compares.
pub trait Dialect {
    /// A parameter's value.
    type Value: Clone + From<i64> + From<String>;
    /// What always holds.
    const TRUE: &'static str;
    /// What never holds.
    const FALSE: &'static str;
    /// Whether nulls stand where the largest value would, or else where the smallest would.
    const NULLS_ARE_LARGEST: bool;
    /// Whether the total, where it is wanted, is each row's last column.
    const TOTAL_IN_ROWS: bool;

    /// A condition as a number, 1 or 0.
    fn number(condition: &str) -> String;
    /// `side op value`; what a comparison with null means is [`Op`]'s.
    fn compare(side: Side<'_>, op: Op, value: &Scalar, sql: &mut Sql<Self::Value>);
    /// Whether the side is equal to one of the values.
    fn one_of(side: Side<'_>, values: &[Scalar], sql: &mut Sql<Self::Value>);
    /// Whether one of a JSON member's values compares like this.
    fn json_is(member: (&str, &str), op: Op, value: &Scalar, sql: &mut Sql<Self::Value>);
    /// Whether one of a JSON member's values is equal to one of these.
    fn json_one_of(member: (&str, &str), values: &[Scalar], sql: &mut Sql<Self::Value>);
    /// Keys of an ORDER BY by a JSON member, with a comma and a space after each.
    fn json_order(member: (&str, &str), descending: bool, sql: &mut Sql<Self::Value>);
}

/// What a list consists of.
#[derive(Debug)]
pub struct List<F> {
    /// The selected columns.
    pub select: &'static str,
    /// Tables and joins.
    pub from: &'static str,
    /// Expressions that free text looks into, in lower case already or wrapped in `fold()`.
    pub text: &'static [&'static str],
    /// The list's own order, which also breaks ties: column (never null) and direction.
    pub tie: (&'static str, &'static str),
    /// Fields.
    pub column: fn(&F) -> Column,
}

impl<F> List<F> {
    /// FROM and WHERE; `extra` stands for the free text where a list has its own way with it.
    pub fn matching<D: Dialect>(&self, query: &Query<F>, extra: Option<&Sql<D::Value>>) -> Sql<D::Value> {
        let mut sql = Sql::new(format!(" FROM {} WHERE ", self.from));
        if let Some(extra) = extra {
            sql.push("(");
            sql.append(extra.clone());
            sql.push(") AND ");
        } else if let Some(text) = query.text.as_deref().map(str::trim).filter(|t| !t.is_empty()) {
            sql.push("(");
            for (n, expression) in self.text.iter().enumerate() {
                sql.push(if n > 0 { " OR " } else { "" });
                like(expression, pattern(text, true), &mut sql);
            }
            sql.push(if self.text.is_empty() { D::FALSE } else { "" });
            sql.push(") AND ");
        }
        filter::<F, D>(&query.filter, self.column, &mut sql);
        sql
    }

    fn order<D: Dialect>(&self, query: &Query<F>, sql: &mut Sql<D::Value>) {
        sql.push(" ORDER BY ");
        let mut tied = false;
        for Order { field, descending } in &query.order {
            let direction = if *descending { "DESC" } else { "ASC" };
            match (self.column)(field) {
                Column::Plain { sql: column, nullable, .. } => {
                    tied |= column == self.tie.0;
                    let nulls_first = *descending == D::NULLS_ARE_LARGEST;
                    let nulls = if nullable && nulls_first { " NULLS LAST" } else { "" };
                    sql.push(&format!("{column} {direction}{nulls}, "));
                }
                Column::Flag { yes, .. } => sql.push(&format!("({yes}) {direction}, ")),
                Column::Any { order, .. } => sql.push(&format!("{order} {direction} NULLS LAST, ")),
                Column::Json { data, key } => D::json_order((data, &key), *descending, sql),
            }
        }
        if tied {
            sql.text.truncate(sql.text.len() - 2);
        } else {
            // Ties follow the first key's direction, so that one index serves both.
            let direction = match query.order.first() {
                Some(key) if key.descending => "DESC",
                Some(_) => "ASC",
                None => self.tie.1,
            };
            sql.push(&format!("{} {direction}", self.tie.0));
        }
        page(query.page.limit.into(), query.page.offset, sql);
    }

    /// The statement that gives the rows of a page.
    pub fn rows_sql<D: Dialect>(&self, query: &Query<F>, extra: Option<&Sql<D::Value>>) -> Sql<D::Value> {
        let mut sql = Sql::new(format!("SELECT {}", self.select));
        if D::TOTAL_IN_ROWS && query.page.count {
            sql.push(", (");
            sql.append(self.count_sql::<D>(query, extra));
            sql.push(")");
        }
        sql.append(self.matching::<D>(query, extra));
        self.order::<D>(query, &mut sql);
        sql
    }

    /// The statement that gives how many rows match.
    pub fn count_sql<D: Dialect>(&self, query: &Query<F>, extra: Option<&Sql<D::Value>>) -> Sql<D::Value> {
        let mut sql = Sql::new("SELECT count(*)");
        sql.append(self.matching::<D>(query, extra));
        sql
    }
}

/// LIMIT, and OFFSET where there is one.
pub fn page<V: From<i64>>(limit: u64, offset: u64, sql: &mut Sql<V>) {
    sql.push(" LIMIT ");
    sql.bind(i64::try_from(limit).unwrap_or(i64::MAX));
    if offset > 0 {
        sql.push(" OFFSET ");
        sql.bind(i64::try_from(offset).unwrap_or(i64::MAX));
    }
}

fn filter<F, D: Dialect>(condition: &Filter<F>, column: fn(&F) -> Column, sql: &mut Sql<D::Value>) {
    match condition {
        Filter::All(all) => join::<F, D>(all, (" AND ", D::TRUE), column, sql),
        Filter::Any(any) => join::<F, D>(any, (" OR ", D::FALSE), column, sql),
        Filter::Not(one) => {
            // A comparison with null is neither true nor false: "not" means "does not hold".
            sql.push("NOT coalesce(");
            filter::<F, D>(one, column, sql);
            sql.push(&format!(", {})", D::FALSE));
        }
        Filter::Is(field, op, value) => is::<D>(column(field), *op, value, sql),
        Filter::In(field, values) => is_in::<D>(column(field), values, sql),
    }
}

fn join<F, D: Dialect>(
    parts: &[Filter<F>],
    (by, none): (&str, &str),
    column: fn(&F) -> Column,
    sql: &mut Sql<D::Value>,
) {
    if parts.is_empty() {
        sql.push(none);
        return;
    }
    sql.push("(");
    for (n, part) in parts.iter().enumerate() {
        if n > 0 {
            sql.push(by);
        }
        filter::<F, D>(part, column, sql);
    }
    sql.push(")");
}

fn is<D: Dialect>(column: Column, op: Op, value: &Scalar, sql: &mut Sql<D::Value>) {
    match column {
        Column::Plain { sql: expression, kind, literal, .. } => {
            D::compare(Side { expression, kind, literal }, op, value, sql);
        }
        Column::Flag { yes, no } => match (op, value) {
            (Op::Eq, Scalar::Bool(wanted)) => sql.push(if *wanted { yes } else { no }),
            (Op::Ne, Scalar::Bool(unwanted)) => sql.push(if *unwanted { no } else { yes }),
            (op, value) => {
                let expression = D::number(yes);
                D::compare(Side { expression: &expression, kind: Kind::Int, literal: false }, op, value, sql);
            }
        },
        Column::Any { head, value: expression, kind, .. } => {
            let op = about_one(op, value, sql);
            sql.push(head);
            D::compare(Side { expression, kind, literal: false }, op, value, sql);
            sql.push(")");
        }
        Column::Json { data, key } => {
            let op = about_one(op, value, sql);
            D::json_is((data, &key), op, value, sql);
        }
    }
}

/// "Differs" and "is nothing" are about all of several values, the rest about one of them: says NOT and gives the
/// contrary.
fn about_one<V>(op: Op, value: &Scalar, sql: &mut Sql<V>) -> Op {
    match (op, value) {
        (Op::Ne, Scalar::Null) => Op::Ne,
        (Op::Eq, Scalar::Null) => {
            sql.push("NOT ");
            Op::Ne
        }
        (Op::Ne, _) => {
            sql.push("NOT ");
            Op::Eq
        }
        (op, _) => op,
    }
}

fn is_in<D: Dialect>(column: Column, values: &[Scalar], sql: &mut Sql<D::Value>) {
    match column {
        Column::Plain { sql: expression, kind, literal, .. } => {
            D::one_of(Side { expression, kind, literal }, values, sql);
        }
        Column::Flag { yes, .. } => {
            let expression = D::number(yes);
            D::one_of(Side { expression: &expression, kind: Kind::Int, literal: false }, values, sql);
        }
        Column::Any { head, value: expression, kind, .. } => {
            sql.push(head);
            D::one_of(Side { expression, kind, literal: false }, values, sql);
            sql.push(")");
        }
        Column::Json { data, key } => D::json_one_of((data, &key), values, sql),
    }
}

/// `expression LIKE pattern`.
pub fn like<V: From<String>>(expression: &str, pattern: String, sql: &mut Sql<V>) {
    sql.push(expression);
    sql.push(" LIKE ");
    sql.bind(pattern);
    sql.push(" ESCAPE '\\'");
}

/// What is looked for in a text; none: nothing that can be in one.
pub fn searched(value: &Scalar) -> Option<Cow<'_, str>> {
    match value {
        Scalar::Text(text) => Some(text.into()),
        Scalar::Int(n) => Some(n.to_string().into()),
        Scalar::Real(n) => Some(n.to_string().into()),
        Scalar::Bool(_) | Scalar::Null => None,
    }
}

/// A pattern for LIKE on text in lower case.
pub fn pattern(text: &str, anywhere: bool) -> String {
    let mut pattern = String::from(if anywhere { "%" } else { "" });
    for c in text.to_lowercase().chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
