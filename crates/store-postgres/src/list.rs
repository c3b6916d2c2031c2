//! How PostgreSQL compares, for [`store::lists`].
//!
//! What a filter means is the same as on SQLite, also where a value's type is not the field's: numbers come before
//! texts, and a text that reads as a number is one. Never: reads a stored text as JSON; that is [`json`]'s.

use crate::{
    PostgresStore, json,
    sql::{Columns, Param},
};
use store::{
    Op, Paged, Query, Result, Scalar,
    lists::{Dialect, Kind, List, Side, like, pattern, searched},
    rows::{Cells, FromCells},
};

/// A piece of SQL with its parameters.
pub(crate) type Sql = store::lists::Sql<Param>;

/// PostgreSQL's words.
pub(crate) struct Words;

impl Dialect for Words {
    type Value = Param;
    const TRUE: &'static str = "TRUE";
    const NULLS_ARE_LARGEST: bool = true;
    const FALSE: &'static str = "FALSE";
    /// Then rows and total are of one moment.
    const TOTAL_IN_ROWS: bool = true;

    fn number(condition: &str) -> String {
        format!("CASE WHEN {condition} THEN 1 ELSE 0 END")
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

    fn json_is((data, key): (&str, &str), op: Op, value: &Scalar, sql: &mut Sql) {
        let letters = if op == Op::Eq { json::letters(value) } else { None };
        if let Some(letters) = &letters {
            sql.push(&format!("(strpos({data}, "));
            sql.bind(letters.as_str());
            sql.push(") > 0 AND ");
        }
        json::head(data, key, sql);
        json::compare(op, value, sql);
        sql.push(if letters.is_some() { "))" } else { ")" });
    }

    fn json_one_of((data, key): (&str, &str), values: &[Scalar], sql: &mut Sql) {
        json::head(data, key, sql);
        json::one_of(values, sql);
        sql.push(")");
    }

    fn json_order((data, key): (&str, &str), descending: bool, sql: &mut Sql) {
        json::order(data, key, descending, sql);
    }
}

impl PostgresStore {
    /// Reads a page of a list; `extra` stands for the free text where the list has its own way with it.
    pub(crate) async fn page<F, T: FromCells>(
        &self,
        list: &List<F>,
        query: &Query<F>,
        extra: Option<&Sql>,
    ) -> Result<Paged<T>> {
        let (text, params) = list.rows_sql::<Words>(query, extra).finish();
        let mut total = None;
        let mut read = |row| {
            let mut columns = Columns::new(row);
            let value = columns.get()?;
            if query.page.count && total.is_none() {
                total = Some(columns.get()?);
            }
            Ok(value)
        };
        let rows = self.read_rows(&text, params).await?;
        let rows = rows.iter().map(&mut read).collect::<Result<Vec<T>>>()?;
        if query.page.count && total.is_none() {
            // A page without rows tells nothing.
            total = Some(self.total(list, query, extra).await?);
        }
        Ok(Paged { rows, total })
    }

    /// How many rows of a list match.
    pub(crate) async fn total<F>(&self, list: &List<F>, query: &Query<F>, extra: Option<&Sql>) -> Result<u64> {
        let (text, params) = list.count_sql::<Words>(query, extra).finish();
        Ok(self.first(&text, params).await?.unwrap_or(0))
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

#[cfg(test)]
#[path = "list_tests.rs"]
mod tests;
