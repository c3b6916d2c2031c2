//! Turning a [`Query`] into SQL.
//!
//! Invariant: values travel as parameters; only field expressions from the capability files and state codes (which let
//! the planner use partial indexes) become text. One text per shape of query, so that prepared statements are reused.

use super::tx::read_error;
use crate::{Filter, Op, Paged, Query, Result, Scalar};
use rusqlite::{
    Connection, Row,
    functions::FunctionFlags,
    params_from_iter,
    types::{Value, ValueRef},
};

/// How a field reads in SQL.
pub(super) enum Column {
    /// An expression of the list's row.
    Plain {
        sql: &'static str,
        /// Whether it may be null: nulls come last in either direction.
        nullable: bool,
        /// Whether its values are few and known: they become text.
        literal: bool,
    },
    /// A yes-or-no condition and its contrary, each in the words that the planner knows an index by.
    Flag { yes: &'static str, no: &'static str },
    /// One of several values: a subquery from `EXISTS (` or `x IN (` up to its WHERE, the value in it, and how to
    /// order by it.
    Any { head: &'static str, value: &'static str, order: &'static str, parameter: Option<String> },
}

impl Column {
    /// A column that is never null.
    pub(super) const fn of(sql: &'static str) -> Self {
        Self::Plain { sql, nullable: false, literal: false }
    }
    /// A column that may be null.
    pub(super) const fn nullable(sql: &'static str) -> Self {
        Self::Plain { sql, nullable: true, literal: false }
    }
    /// A column of codes or a yes-or-no expression.
    pub(super) const fn code(sql: &'static str) -> Self {
        Self::Plain { sql, nullable: false, literal: true }
    }
}

/// A piece of SQL with its parameters.
#[derive(Debug, Default, Clone)]
pub(super) struct Sql {
    pub(super) text: String,
    pub(super) values: Vec<Value>,
}

impl Sql {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), values: Vec::new() }
    }
    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }
    pub(super) fn bind(&mut self, value: impl Into<Value>) {
        self.text.push('?');
        self.values.push(value.into());
    }
}

/// What a list consists of.
pub(super) struct List<F> {
    /// The selected columns.
    pub(super) select: &'static str,
    /// Tables and joins.
    pub(super) from: &'static str,
    /// What holds for every row of the list; empty for nothing.
    pub(super) base: &'static str,
    /// Expressions that free text looks into, in lower case already or wrapped in `fold()`.
    pub(super) text: &'static [&'static str],
    /// The list's own order, which also breaks ties: column and direction.
    pub(super) tie: (&'static str, &'static str),
    /// Fields.
    pub(super) column: fn(&F) -> Column,
}

impl<F> List<F> {
    fn matching(&self, query: &Query<F>, extra: Option<Sql>) -> Sql {
        let mut sql = Sql::new(format!(" FROM {} WHERE ", self.from));
        if !self.base.is_empty() {
            sql.push(self.base);
            sql.push(" AND ");
        }
        if let Some(extra) = extra {
            sql.push("(");
            sql.push(&extra.text);
            sql.push(") AND ");
            sql.values.extend(extra.values);
        } else if let Some(text) = query.text.as_deref().map(str::trim).filter(|t| !t.is_empty()) {
            sql.push("(");
            for (n, expression) in self.text.iter().enumerate() {
                sql.push(if n > 0 { " OR " } else { "" });
                sql.push(expression);
                sql.push(" LIKE ");
                sql.bind(pattern(text, true));
                sql.push(" ESCAPE '\\'");
            }
            sql.push(") AND ");
        }
        filter(&query.filter, self.column, &mut sql);
        sql
    }

    fn order(&self, query: &Query<F>, sql: &mut Sql) {
        sql.push(" ORDER BY ");
        let mut tied = false;
        for key in &query.order {
            let direction = if key.descending { "DESC" } else { "ASC" };
            match (self.column)(&key.field) {
                Column::Plain { sql: column, nullable, .. } => {
                    tied |= column == self.tie.0;
                    let nulls = if nullable && !key.descending { " NULLS LAST" } else { "" };
                    sql.push(&format!("{column} {direction}{nulls}, "));
                }
                Column::Flag { yes, .. } => sql.push(&format!("({yes}) {direction}, ")),
                Column::Any { order, parameter, .. } => {
                    sql.push(order);
                    sql.values.extend(parameter.map(Value::from));
                    sql.push(&format!(" {direction} NULLS LAST, "));
                }
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
        sql.push(" OFFSET ");
        sql.bind(super::row::int(query.page.offset));
    }

    /// The statement that gives the rows.
    pub(super) fn rows_sql(&self, query: &Query<F>, extra: Option<Sql>) -> Sql {
        let mut sql = Sql::new(format!("SELECT {}", self.select));
        let matching = self.matching(query, extra);
        sql.push(&matching.text);
        sql.values.extend(matching.values);
        self.order(query, &mut sql);
        sql
    }

    fn count_sql(&self, query: &Query<F>, extra: Option<Sql>) -> Sql {
        let mut sql = Sql::new("SELECT count(*)");
        let matching = self.matching(query, extra);
        sql.push(&matching.text);
        sql.values.extend(matching.values);
        sql
    }

    /// Reads a page; `extra` stands for the free text where a list has its own way with it.
    pub(super) fn read<T>(
        &self,
        connection: &Connection,
        query: &Query<F>,
        extra: Option<Sql>,
        row: fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Paged<T>> {
        let read = || -> rusqlite::Result<Paged<T>> {
            // Rows and total of one moment.
            let tx = connection.unchecked_transaction()?;
            let total = if query.page.count { Some(self.total(&tx, query, extra.clone())?) } else { None };
            let sql = self.rows_sql(query, extra.clone());
            let rows = tx
                .prepare_cached(&sql.text)?
                .query_map(params_from_iter(sql.values), row)?
                .collect::<rusqlite::Result<Vec<T>>>()?;
            Ok(Paged { rows, total })
        };
        read().map_err(read_error)
    }

    /// How many rows match.
    pub(super) fn total(&self, connection: &Connection, query: &Query<F>, extra: Option<Sql>) -> rusqlite::Result<u64> {
        let sql = self.count_sql(query, extra);
        let total: i64 =
            connection.prepare_cached(&sql.text)?.query_row(params_from_iter(sql.values), |row| row.get(0))?;
        Ok(total.unsigned_abs())
    }
}

fn filter<F>(condition: &Filter<F>, column: fn(&F) -> Column, sql: &mut Sql) {
    match condition {
        Filter::All(all) => join(all, " AND ", "1", column, sql),
        Filter::Any(any) => join(any, " OR ", "0", column, sql),
        Filter::Not(one) => {
            // A comparison with null is neither true nor false: "not" means "does not hold".
            sql.push("NOT coalesce(");
            filter(one, column, sql);
            sql.push(", 0)");
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
        Column::Plain { sql: expression, literal, .. } => compare(expression, literal, op, value, sql),
        Column::Flag { yes, no } => match (op, value) {
            (Op::Eq, Scalar::Bool(wanted)) => sql.push(if *wanted { yes } else { no }),
            (Op::Ne, Scalar::Bool(unwanted)) => sql.push(if *unwanted { no } else { yes }),
            (op, value) => compare(&format!("({yes})"), false, op, value, sql),
        },
        Column::Any { head, value: expression, parameter, .. } => {
            // "Differs" and "is nothing" are about all of the values, the rest about one of them.
            let (negated, op) = match (op, value) {
                (Op::Ne, Scalar::Null) => (false, Op::Ne),
                (Op::Eq, Scalar::Null) => (true, Op::Ne),
                (Op::Ne, _) => (true, Op::Eq),
                (op, _) => (false, op),
            };
            sql.push(if negated { "NOT " } else { "" });
            sql.push(head);
            sql.values.extend(parameter.map(Value::from));
            compare(expression, false, op, value, sql);
            sql.push(")");
        }
    }
}

fn compare(expression: &str, literal: bool, op: Op, value: &Scalar, sql: &mut Sql) {
    let operator = match op {
        Op::Eq if matches!(value, Scalar::Null) => " IS ",
        Op::Ne => " IS NOT ",
        Op::Eq => " = ",
        Op::Lt => " < ",
        Op::Le => " <= ",
        Op::Gt => " > ",
        Op::Ge => " >= ",
        Op::Contains | Op::StartsWith => {
            let text = match value {
                Scalar::Text(text) => text.clone(),
                Scalar::Int(n) => n.to_string(),
                Scalar::Real(n) => n.to_string(),
                Scalar::Bool(_) | Scalar::Null => return sql.push("0"),
            };
            sql.push(&format!("fold({expression}) LIKE "));
            sql.bind(pattern(&text, op == Op::Contains));
            return sql.push(" ESCAPE '\\'");
        }
    };
    sql.push(expression);
    sql.push(operator);
    match (literal, value) {
        (true, Scalar::Int(n)) => sql.push(&n.to_string()),
        (true, Scalar::Bool(b)) => sql.push(if *b { "1" } else { "0" }),
        (_, value) => sql.bind(bound(value)),
    }
}

fn is_in(column: Column, values: &[Scalar], sql: &mut Sql) {
    let (expression, literal, closing) = match column {
        Column::Plain { sql: expression, literal, .. } => (expression, literal, ""),
        Column::Flag { yes, .. } => (yes, false, ""),
        Column::Any { head, value, parameter, .. } => {
            sql.push(head);
            sql.values.extend(parameter.map(Value::from));
            (value, false, ")")
        }
    };
    sql.push(expression);
    let known: Option<Vec<String>> =
        values.iter().map(|v| if let Scalar::Int(n) = v { Some(n.to_string()) } else { None }).collect();
    match known {
        Some(known) if literal => sql.push(&format!(" IN ({})", known.join(","))),
        _ => {
            sql.push(" IN (SELECT value FROM json_each(");
            sql.bind(serde_json::Value::from_iter(values.iter().map(json)).to_string());
            sql.push("))");
        }
    }
    sql.push(closing);
}

fn bound(value: &Scalar) -> Value {
    match value {
        Scalar::Null => Value::Null,
        Scalar::Bool(b) => Value::Integer((*b).into()),
        Scalar::Int(n) => Value::Integer(*n),
        Scalar::Real(n) => Value::Real(*n),
        Scalar::Text(text) => Value::Text(text.clone()),
    }
}

fn json(value: &Scalar) -> serde_json::Value {
    match value {
        Scalar::Null => serde_json::Value::Null,
        Scalar::Bool(b) => i64::from(*b).into(),
        Scalar::Int(n) => (*n).into(),
        Scalar::Real(n) => (*n).into(),
        Scalar::Text(text) => text.clone().into(),
    }
}

/// A pattern for LIKE on text in lower case.
pub(super) fn pattern(text: &str, anywhere: bool) -> String {
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

/// Adds `fold(text)`: lower case in every script, where SQLite's own knows only Latin.
pub(super) fn add_functions(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("fold", 1, flags, |context| {
        Ok(match context.get_raw(0) {
            ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).to_lowercase()),
            ValueRef::Integer(n) => Value::Text(n.to_string()),
            ValueRef::Real(n) => Value::Text(n.to_string()),
            ValueRef::Null | ValueRef::Blob(_) => Value::Null,
        })
    })
}
