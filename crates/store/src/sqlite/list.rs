//! How SQLite compares, for [`crate::lists`].

use super::{row::read, tx::read_error};
use crate::{
    Op, Paged, Query, Result, Scalar,
    lists::{Dialect, List, Side, Sql, like, pattern, searched},
    rows::FromCells,
};
use rusqlite::{
    Connection,
    functions::FunctionFlags,
    params_from_iter,
    types::{Value, ValueRef},
};

/// SQLite's words.
pub(super) struct Words;

/// The value of a member that is looked into by `json_each`.
const MEMBER: Side<'static> = Side { expression: "e.value", kind: crate::lists::Kind::Text, literal: false };

impl Dialect for Words {
    type Value = Value;
    const TRUE: &'static str = "1";
    const NULLS_ARE_LARGEST: bool = false;
    const FALSE: &'static str = "0";
    const TOTAL_IN_ROWS: bool = false;

    fn number(condition: &str) -> String {
        format!("({condition})")
    }

    fn compare(side: Side<'_>, op: Op, value: &Scalar, sql: &mut Sql<Value>) {
        let Side { expression, literal, .. } = side;
        let operator = match op {
            Op::Eq if matches!(value, Scalar::Null) => " IS ",
            Op::Ne => " IS NOT ",
            Op::Eq => " = ",
            Op::Lt => " < ",
            Op::Le => " <= ",
            Op::Gt => " > ",
            Op::Ge => " >= ",
            Op::Contains | Op::StartsWith => {
                let Some(text) = searched(value) else { return sql.push("0") };
                return like(&format!("fold({expression})"), pattern(&text, op == Op::Contains), sql);
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

    fn one_of(side: Side<'_>, values: &[Scalar], sql: &mut Sql<Value>) {
        sql.push(side.expression);
        let known: Option<Vec<String>> =
            values.iter().map(|v| if let Scalar::Int(n) = v { Some(n.to_string()) } else { None }).collect();
        match known {
            Some(known) if side.literal => sql.push(&format!(" IN ({})", known.join(","))),
            _ => {
                sql.push(" IN (SELECT value FROM json_each(");
                sql.bind(serde_json::Value::from_iter(values.iter().map(json)).to_string());
                sql.push("))");
            }
        }
    }

    fn json_is(member: (&str, &str), op: Op, value: &Scalar, sql: &mut Sql<Value>) {
        head(member, sql);
        Self::compare(MEMBER, op, value, sql);
        sql.push(")");
    }

    fn json_one_of(member: (&str, &str), values: &[Scalar], sql: &mut Sql<Value>) {
        head(member, sql);
        Self::one_of(MEMBER, values, sql);
        sql.push(")");
    }

    fn json_order((data, key): (&str, &str), descending: bool, sql: &mut Sql<Value>) {
        sql.push(&format!("json_extract({data}, "));
        sql.bind(path(key));
        sql.push(if descending { ") DESC NULLS LAST, " } else { ") ASC NULLS LAST, " });
    }
}

/// A subquery over a member's values up to its WHERE.
fn head((data, key): (&str, &str), sql: &mut Sql<Value>) {
    sql.push(&format!("EXISTS (SELECT 1 FROM json_each({data}, "));
    sql.bind(path(key));
    sql.push(") e WHERE ");
}

/// The JSON path of a member; a quotation mark can not be part of a key and would end it early.
fn path(key: &str) -> String {
    format!("$.\"{}\"", key.replace('"', ""))
}

/// Reads a page of a list; `extra` stands for the free text where the list has its own way with it.
pub(super) fn page<F, T: FromCells>(
    connection: &Connection,
    list: &List<F>,
    query: &Query<F>,
    extra: Option<&Sql<Value>>,
) -> Result<Paged<T>> {
    let read_page = || -> rusqlite::Result<Paged<T>> {
        // Rows and total of one moment.
        let tx = connection.unchecked_transaction()?;
        let total = if query.page.count { Some(count(&tx, list, query, extra)?) } else { None };
        let sql = list.rows_sql::<Words>(query, extra);
        let rows = tx
            .prepare_cached(&sql.text)?
            .query_map(params_from_iter(sql.values), read)?
            .collect::<rusqlite::Result<Vec<T>>>()?;
        Ok(Paged { rows, total })
    };
    read_page().map_err(read_error)
}

/// How many rows of a list match.
pub(super) fn total<F>(connection: &Connection, list: &List<F>, query: &Query<F>) -> Result<u64> {
    count(connection, list, query, None).map_err(read_error)
}

fn count<F>(
    connection: &Connection,
    list: &List<F>,
    query: &Query<F>,
    extra: Option<&Sql<Value>>,
) -> rusqlite::Result<u64> {
    let sql = list.count_sql::<Words>(query, extra);
    connection.prepare_cached(&sql.text)?.query_row(params_from_iter(sql.values), read)
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
