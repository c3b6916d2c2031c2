//! Members of JSON objects kept as text, as lists filter and order by them.
//!
//! Invariant: a stored text is read as JSON only here, where a list asks for it, and a text that `jsonb` refuses harms
//! no list.

use crate::{list::Sql, sql::Param};
use store::{
    Op, Scalar,
    lists::{like, pattern, searched},
};

/// What every JSON text contains in which this value stands: looking for it is much cheaper than reading the JSON.
pub(crate) fn letters(value: &Scalar) -> Option<String> {
    match value {
        Scalar::Text(text) => Some(serde_json::Value::from(text.as_str()).to_string()),
        // Yes and no are 1 and 0; beyond the limit a number may be written with an exponent.
        Scalar::Int(n) if (2..1_000_000_000_000_000).contains(&n.unsigned_abs()) => Some(n.to_string()),
        _ => None,
    }
}

/// A member of a JSON text. `jsonb` knows no NUL, which `\u0001` stands for here; OFFSET 0 has it parsed once a row.
fn member(data: &str, key: &str, sql: &mut Sql) {
    sql.push(&format!("(SELECT replace({data}, '\\u0000', '\\u0001')::jsonb -> "));
    sql.bind(key.replace('\0', "\u{1}"));
    sql.push(" AS j OFFSET 0) f");
}

/// The number that a JSON value is compared as: yes and no are 1 and 0.
macro_rules! number {
    ($value:literal) => {
        concat!(
            "CASE jsonb_typeof(",
            $value,
            ") WHEN 'number' THEN (",
            $value,
            ")::numeric WHEN 'boolean' THEN (",
            $value,
            ")::boolean::int::numeric END"
        )
    };
}

/// The text that a JSON value is compared as.
macro_rules! text {
    ($value:literal) => {
        concat!(
            "(CASE WHEN jsonb_typeof(",
            $value,
            ") IN ('string', 'array', 'object') THEN ",
            $value,
            " #>> '{}' END) COLLATE \"C\""
        )
    };
}

/// A subquery over a member's values up to its WHERE: as a number `v.n`, as a text `v.t`, of null neither.
pub(crate) fn head(data: &str, key: &str, sql: &mut Sql) {
    sql.push("EXISTS (SELECT 1 FROM ");
    member(data, key, sql);
    sql.push(concat!(
        " CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(f.j) WHEN 'array' THEN f.j WHEN 'object' THEN \
         jsonb_path_query_array(f.j, '$.*') ELSE CASE WHEN f.j IS NOT NULL THEN jsonb_build_array(f.j) END END) e(j) \
         CROSS JOIN LATERAL (SELECT ",
        number!("e.j"),
        " AS n, ",
        text!("e.j"),
        " AS t) v WHERE "
    ));
}

/// Numbers before texts, texts by their bytes, nulls last in either direction.
pub(crate) fn order(data: &str, key: &str, descending: bool, sql: &mut Sql) {
    let (number, text) = (concat!("(SELECT ", number!("f.j")), concat!("(SELECT ", text!("f.j")));
    let (keys, direction) = if descending { ([text, number], "DESC") } else { ([number, text], "ASC") };
    for expression in keys {
        sql.push(expression);
        sql.push(" FROM ");
        member(data, key, sql);
        sql.push(&format!(") {direction} NULLS LAST, "));
    }
}

pub(crate) fn compare(op: Op, value: &Scalar, sql: &mut Sql) {
    let operator = match op {
        Op::Eq => " = ",
        // Only null is left to differ from.
        Op::Ne => return sql.push("(v.n IS NOT NULL OR v.t IS NOT NULL)"),
        Op::Lt => " < ",
        Op::Le => " <= ",
        Op::Gt => " > ",
        Op::Ge => " >= ",
        Op::Contains | Op::StartsWith => {
            let Some(text) = searched(value) else { return sql.push("FALSE") };
            return like("fold(coalesce(v.t, CAST(trim_scale(v.n) AS text)))", pattern(&text, op == Op::Contains), sql);
        }
    };
    let Some(right) = operand(value) else { return sql.push("FALSE") };
    let above = matches!(op, Op::Gt | Op::Ge);
    let below = matches!(op, Op::Lt | Op::Le);
    match value {
        Scalar::Text(_) => {
            sql.push(&format!("(v.t{operator}"));
            sql.bind(right);
            sql.push(if below { " OR v.n IS NOT NULL)" } else { ")" });
        }
        _ => {
            sql.push(&format!("(v.n{operator}"));
            sql.bind(right);
            sql.push(if above { "::numeric OR v.t IS NOT NULL)" } else { "::numeric)" });
        }
    }
}

pub(crate) fn one_of(values: &[Scalar], sql: &mut Sql) {
    let (texts, numbers): (Vec<&Scalar>, Vec<&Scalar>) = values.iter().partition(|v| matches!(v, Scalar::Text(_)));
    let list = |values: Vec<&Scalar>| {
        let mut list = Param::Texts(Vec::new());
        values.into_iter().filter_map(operand).for_each(|value| list.push(value));
        list
    };
    sql.push("(v.t = ANY(");
    sql.bind(list(texts));
    sql.push(") OR v.n = ANY(");
    sql.bind(list(numbers));
    sql.push("::numeric[]))");
}

/// A value as JSON is compared with it: a number by its shortest digits, as they stand in the JSON.
fn operand(value: &Scalar) -> Option<Param> {
    Some(match value {
        Scalar::Null => return None,
        Scalar::Real(n) if n.is_nan() => return None,
        Scalar::Bool(b) => i64::from(*b).to_string().into(),
        Scalar::Int(n) => n.to_string().into(),
        Scalar::Real(n) => n.to_string().into(),
        Scalar::Text(text) => text.replace('\0', "\u{1}").into(),
    })
}
