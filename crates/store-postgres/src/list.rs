//! Turning a [`Query`] into SQL.
//!
//! Invariant: values travel as parameters; only field expressions from the capability files and state
//! codes (which let the planner use partial indexes) become text. What a filter means is the same as on SQLite, also
//! where a value's type is not the field's: numbers come before texts, and a text that reads as a number is one.
//! Never: reads a stored text as JSON; that is [`json`]'s.

use crate::{
    PostgresStore, json,
    sql::{Columns, Param, Read, Reader, read_error},
};
use std::borrow::Cow;
use store::{Filter, Op, Order, Paged, Query, Result, Scalar};

/// What a field's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `BIGINT`.
    Int,
    /// `TEXT COLLATE "C"`.
    Text,
}

/// How a field reads in SQL.
pub(crate) enum Column {
    /// An expression of the list's row.
    Plain {
        sql: &'static str,
        kind: Kind,
        /// Whether it may be null: nulls come last in either direction.
        nullable: bool,
        /// Whether its values are few and known: they become text.
        literal: bool,
    },
    /// A yes-or-no condition and its contrary, each in the words that the planner knows an index by.
    Flag { yes: &'static str, no: &'static str },
    /// One of several values: a subquery from `EXISTS (` or `x IN (` up to its WHERE, the value in it, and how to
    /// order by it.
    Any { head: &'static str, value: &'static str, kind: Kind, order: &'static str },
    /// A member of a JSON object kept as text; of a list any of its values.
    Json { data: &'static str, key: String },
}

impl Column {
    /// A column of numbers that is never null.
    pub(crate) const fn of(sql: &'static str) -> Self {
        Self::Plain { sql, kind: Kind::Int, nullable: false, literal: false }
    }
    /// A column of numbers that may be null.
    pub(crate) const fn nullable(sql: &'static str) -> Self {
        Self::Plain { sql, kind: Kind::Int, nullable: true, literal: false }
    }
    /// A column of texts that is never null.
    pub(crate) const fn text(sql: &'static str) -> Self {
        Self::Plain { sql, kind: Kind::Text, nullable: false, literal: false }
    }
    /// A column of texts that may be null.
    pub(crate) const fn text_nullable(sql: &'static str) -> Self {
        Self::Plain { sql, kind: Kind::Text, nullable: true, literal: false }
    }
    /// A column of codes.
    pub(crate) const fn code(sql: &'static str) -> Self {
        Self::Plain { sql, kind: Kind::Int, nullable: false, literal: true }
    }
}

/// A piece of SQL with its parameters: one `?` in the text for each, numbered by [`Sql::finish`]. Question marks are
/// nothing else, so the operators on JSON that are spelt with them are not used.
#[derive(Debug, Default, Clone)]
pub(crate) struct Sql {
    pub(crate) text: String,
    pub(crate) values: Vec<Param>,
}

impl Sql {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), values: Vec::new() }
    }
    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }
    pub(crate) fn bind(&mut self, value: impl Into<Param>) {
        self.text.push('?');
        self.values.push(value.into());
    }
    pub(crate) fn append(&mut self, other: Sql) {
        self.text.push_str(&other.text);
        self.values.extend(other.values);
    }
    /// The text as the server reads it, with `$1`, `$2` and so on.
    pub(crate) fn finish(self) -> (String, Vec<Param>) {
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

/// What a list consists of.
pub(crate) struct List<F> {
    /// The selected columns.
    pub(crate) select: &'static str,
    /// Tables and joins.
    pub(crate) from: &'static str,
    /// What holds for every row of the list; empty for nothing.
    pub(crate) base: &'static str,
    /// Expressions that free text looks into, in lower case already or wrapped in `fold()`.
    pub(crate) text: &'static [&'static str],
    /// The list's own order, which also breaks ties: column (never null) and direction.
    pub(crate) tie: (&'static str, &'static str),
    /// Fields.
    pub(crate) column: fn(&F) -> Column,
}

impl<F> List<F> {
    fn matching(&self, query: &Query<F>, extra: Option<&Sql>) -> Sql {
        let mut sql = Sql::new(format!(" FROM {} WHERE ", self.from));
        if !self.base.is_empty() {
            sql.push(self.base);
            sql.push(" AND ");
        }
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
            sql.push(if self.text.is_empty() { "FALSE) AND " } else { ") AND " });
        }
        filter(&query.filter, self.column, &mut sql);
        sql
    }

    fn order(&self, query: &Query<F>, sql: &mut Sql) {
        sql.push(" ORDER BY ");
        let mut tied = false;
        for Order { field, descending } in &query.order {
            let direction = if *descending { "DESC" } else { "ASC" };
            match (self.column)(field) {
                Column::Plain { sql: column, nullable, .. } => {
                    tied |= column == self.tie.0;
                    let nulls = if nullable && *descending { " NULLS LAST" } else { "" };
                    sql.push(&format!("{column} {direction}{nulls}, "));
                }
                Column::Flag { yes, .. } => sql.push(&format!("({yes}) {direction}, ")),
                Column::Any { order, .. } => sql.push(&format!("{order} {direction} NULLS LAST, ")),
                Column::Json { data, key } => json::order(data, &key, *descending, sql),
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
        sql.push(" LIMIT ");
        sql.bind(i64::from(query.page.limit));
        if query.page.offset > 0 {
            sql.push(" OFFSET ");
            sql.bind(query.page.offset);
        }
    }

    /// The statement that gives the rows; where the total is wanted it is each row's last column, so that rows and
    /// total are of one moment. A list that has its own way with the free text gives it as `extra`.
    pub(crate) fn rows_sql(&self, query: &Query<F>, extra: Option<&Sql>) -> Sql {
        let mut sql = Sql::new(format!("SELECT {}", self.select));
        if query.page.count {
            sql.push(", (");
            sql.append(self.count_sql(query, extra));
            sql.push(")");
        }
        sql.append(self.matching(query, extra));
        self.order(query, &mut sql);
        sql
    }

    /// The statement that gives how many rows match.
    pub(crate) fn count_sql(&self, query: &Query<F>, extra: Option<&Sql>) -> Sql {
        let mut sql = Sql::new("SELECT count(*)");
        sql.append(self.matching(query, extra));
        sql
    }

    /// Reads a page; `extra` stands for the free text where a list has its own way with it.
    pub(crate) async fn read<T>(
        &self,
        store: &PostgresStore,
        query: &Query<F>,
        extra: Option<&Sql>,
        row: Reader<T>,
    ) -> Result<Paged<T>> {
        let (text, params) = self.rows_sql(query, extra).finish();
        let mut total = None;
        let mut read = |columns: &mut Columns<'_>| -> Read<T> {
            let value = row(columns)?;
            if query.page.count && total.is_none() {
                total = Some(columns.count()?);
            }
            Ok(value)
        };
        let rows = store.read_rows(&text, params).await?;
        let rows: Read<Vec<T>> = rows.iter().map(|row| read(&mut Columns::new(row))).collect();
        let rows = rows.map_err(read_error)?;
        if query.page.count && total.is_none() {
            // A page without rows tells nothing.
            total = Some(self.total(store, query, extra).await?);
        }
        Ok(Paged { rows, total })
    }

    /// How many rows match.
    pub(crate) async fn total(&self, store: &PostgresStore, query: &Query<F>, extra: Option<&Sql>) -> Result<u64> {
        let (text, params) = self.count_sql(query, extra).finish();
        Ok(store.first(&text, params, |c| c.count()).await?.unwrap_or(0))
    }
}

fn filter<F>(condition: &Filter<F>, column: fn(&F) -> Column, sql: &mut Sql) {
    match condition {
        Filter::All(all) => join(all, " AND ", "TRUE", column, sql),
        Filter::Any(any) => join(any, " OR ", "FALSE", column, sql),
        Filter::Not(one) => {
            // A comparison with null is neither true nor false: "not" means "does not hold".
            sql.push("NOT coalesce(");
            filter(one, column, sql);
            sql.push(", FALSE)");
        }
        Filter::Is(field, op, value) => is(column(field), *op, value, sql),
        Filter::In(field, values) => is_in(column(field), values, sql),
    }
}

fn join<F>(parts: &[Filter<F>], by: &str, none: &str, column: fn(&F) -> Column, sql: &mut Sql) {
    if parts.is_empty() {
        sql.push(none);
        return;
    }
    sql.push("(");
    for (n, part) in parts.iter().enumerate() {
        if n > 0 {
            sql.push(by);
        }
        filter(part, column, sql);
    }
    sql.push(")");
}

fn is(column: Column, op: Op, value: &Scalar, sql: &mut Sql) {
    match column {
        Column::Plain { sql: expression, kind, literal, .. } => {
            compare(Side { expression, kind, literal }, op, value, sql);
        }
        Column::Flag { yes, no } => match (op, value) {
            (Op::Eq, Scalar::Bool(wanted)) => sql.push(if *wanted { yes } else { no }),
            (Op::Ne, Scalar::Bool(unwanted)) => sql.push(if *unwanted { no } else { yes }),
            (op, value) => {
                let expression = format!("CASE WHEN {yes} THEN 1 ELSE 0 END");
                compare(Side { expression: &expression, kind: Kind::Int, literal: false }, op, value, sql);
            }
        },
        Column::Any { head, value: expression, kind, .. } => {
            let op = about_one(op, value, sql);
            sql.push(head);
            compare(Side { expression, kind, literal: false }, op, value, sql);
            sql.push(")");
        }
        Column::Json { data, key } => {
            let op = about_one(op, value, sql);
            let letters = if op == Op::Eq { json::letters(value) } else { None };
            if let Some(letters) = &letters {
                sql.push(&format!("(strpos({data}, "));
                sql.bind(letters.as_str());
                sql.push(") > 0 AND ");
            }
            json::head(data, &key, sql);
            json::compare(op, value, sql);
            sql.push(if letters.is_some() { "))" } else { ")" });
        }
    }
}

/// "Differs" and "is nothing" are about all of several values, the rest about one of them: says NOT and gives the
/// contrary.
fn about_one(op: Op, value: &Scalar, sql: &mut Sql) -> Op {
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

/// The left side of a comparison.
#[derive(Clone, Copy)]
struct Side<'a> {
    expression: &'a str,
    kind: Kind,
    literal: bool,
}

fn compare(side: Side<'_>, op: Op, value: &Scalar, sql: &mut Sql) {
    let Side { expression, kind, literal } = side;
    let operator = match op {
        Op::Eq => " = ",
        Op::Ne => " IS DISTINCT FROM ",
        Op::Lt => " < ",
        Op::Le => " <= ",
        Op::Gt => " > ",
        Op::Ge => " >= ",
        Op::Contains | Op::StartsWith => {
            let Some(text) = searched(value) else { return sql.push("FALSE") };
            let folded = match kind {
                Kind::Int => format!("CAST({expression} AS text)"),
                Kind::Text => format!("fold({expression})"),
            };
            return like(&folded, pattern(&text, op == Op::Contains), sql);
        }
    };
    let right = match convert(kind, value) {
        None if op == Op::Eq => return sql.push(&format!("{expression} IS NULL")),
        None if op == Op::Ne => return sql.push(&format!("{expression} IS NOT NULL")),
        None => return sql.push("FALSE"),
        // Every text comes after every number.
        Some(Param::Text(_)) if kind == Kind::Int => {
            return match op {
                Op::Ne => sql.push("TRUE"),
                Op::Lt | Op::Le => sql.push(&format!("{expression} IS NOT NULL")),
                _ => sql.push("FALSE"),
            };
        }
        Some(right) => right,
    };
    sql.push(expression);
    sql.push(operator);
    match right {
        Param::Int(Some(n)) if literal => sql.push(&n.to_string()),
        right => sql.bind(right),
    }
}

/// `expression LIKE pattern`.
pub(crate) fn like(expression: &str, pattern: String, sql: &mut Sql) {
    sql.push(expression);
    sql.push(" LIKE ");
    sql.bind(pattern);
    sql.push(" ESCAPE '\\'");
}

/// What is looked for in a text; none: nothing that can be in one.
pub(crate) fn searched(value: &Scalar) -> Option<Cow<'_, str>> {
    match value {
        Scalar::Text(text) => Some(text.into()),
        Scalar::Int(n) => Some(n.to_string().into()),
        Scalar::Real(n) => Some(n.to_string().into()),
        Scalar::Bool(_) | Scalar::Null => None,
    }
}

/// A value as a field of this kind is compared with it; none is null.
fn convert(kind: Kind, value: &Scalar) -> Option<Param> {
    Some(match (kind, value) {
        (_, Scalar::Null) => return None,
        (_, Scalar::Real(n)) if n.is_nan() => return None,
        (Kind::Int, Scalar::Bool(b)) => i64::from(*b).into(),
        (Kind::Int, Scalar::Int(n)) => (*n).into(),
        (Kind::Int, Scalar::Real(n)) => number(*n),
        (Kind::Int, Scalar::Text(text)) => {
            let trimmed = text.trim();
            match (trimmed.parse::<i64>(), trimmed.parse::<f64>()) {
                (Ok(n), _) => n.into(),
                (_, Ok(n)) if n.is_finite() => number(n),
                _ => text.clone().into(),
            }
        }
        (Kind::Text, Scalar::Bool(b)) => i64::from(*b).to_string().into(),
        (Kind::Text, Scalar::Int(n)) => n.to_string().into(),
        (Kind::Text, Scalar::Real(n)) => format!("{n:?}").into(),
        (Kind::Text, Scalar::Text(text)) => text.clone().into(),
    })
}

/// A number for a column of integers, itself an integer where it can be: then an index serves.
fn number(n: f64) -> Param {
    // Both bounds are powers of two, exact in either type.
    if n.fract() == 0.0 && n >= i64::MIN as f64 && n < i64::MAX as f64 { (n as i64).into() } else { n.into() }
}

fn is_in(column: Column, values: &[Scalar], sql: &mut Sql) {
    match column {
        Column::Plain { sql: expression, kind, literal, .. } => {
            one_of(Side { expression, kind, literal }, values, sql);
        }
        Column::Flag { yes, .. } => {
            let expression = format!("CASE WHEN {yes} THEN 1 ELSE 0 END");
            one_of(Side { expression: &expression, kind: Kind::Int, literal: false }, values, sql);
        }
        Column::Any { head, value: expression, kind, .. } => {
            sql.push(head);
            one_of(Side { expression, kind, literal: false }, values, sql);
            sql.push(")");
        }
        Column::Json { data, key } => {
            json::head(data, &key, sql);
            json::one_of(values, sql);
            sql.push(")");
        }
    }
}

/// One array of any length is one parameter and one text. A null is equal to nothing here.
fn one_of(side: Side<'_>, values: &[Scalar], sql: &mut Sql) {
    let Side { expression, kind, literal } = side;
    let mut known = match kind {
        Kind::Int => Param::Ints(Vec::new()),
        Kind::Text => Param::Texts(Vec::new()),
    };
    for value in values {
        // A fraction or a word is equal to no integer, and here, as on SQLite, a number to no text.
        match (kind, value, convert(kind, value)) {
            (Kind::Int, _, Some(n @ Param::Int(_))) => known.push(n),
            (Kind::Text, Scalar::Text(_), Some(text)) => known.push(text),
            _ => {}
        }
    }
    match known {
        Param::Ints(none) if none.is_empty() => sql.push("FALSE"),
        Param::Texts(none) if none.is_empty() => sql.push("FALSE"),
        Param::Ints(ints) if literal => {
            let ints: Vec<String> = ints.into_iter().flatten().map(|n| n.to_string()).collect();
            sql.push(&format!("{expression} IN ({})", ints.join(",")));
        }
        known => {
            sql.push(&format!("{expression} = ANY("));
            sql.bind(known);
            sql.push(")");
        }
    }
}

/// A pattern for LIKE on text in lower case.
pub(crate) fn pattern(text: &str, anywhere: bool) -> String {
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

#[cfg(test)]
#[path = "list_tests.rs"]
mod tests;
