//! The SQL that lists become.

use super::*;
use expect_test::expect;
use store::{Filter, Page, lists::Column};

enum Field {
    Id,
    Name,
    Due,
    State,
    Open,
    User,
    Data(&'static str),
}

const LIST: List<Field> = List {
    select: "t.id, t.name",
    from: "tasks t",
    text: &["fold(t.name)", "t.search"],
    tie: ("t.id", "DESC"),
    column,
};

fn column(field: &Field) -> Column {
    match field {
        Field::Id => Column::of("t.id"),
        Field::Name => Column::text("t.name"),
        Field::Due => Column::nullable("t.due_at"),
        Field::State => Column::code("t.state"),
        Field::Open => Column::Flag { yes: "t.ended IS NULL", no: "t.ended IS NOT NULL" },
        Field::User => Column::Any {
            head: "EXISTS (SELECT 1 FROM people a WHERE a.task_id = t.id AND ",
            value: "a.user_id",
            kind: Kind::Int,
            order: "(SELECT min(a.user_id) FROM people a WHERE a.task_id = t.id)",
        },
        Field::Data(key) => Column::Json { data: "t.data", key: (*key).to_owned() },
    }
}

/// The condition alone, with its parameters.
fn condition(filter: Filter<Field>) -> String {
    let (text, params) = LIST.matching::<Words>(&Query::new(filter), None).finish();
    let text = text.strip_prefix(" FROM tasks t WHERE ").unwrap();
    if params.is_empty() { text.to_owned() } else { format!("{text}  {params:?}") }
}

fn shown(filters: impl IntoIterator<Item = Filter<Field>>) -> String {
    filters.into_iter().map(|f| condition(f) + "\n").collect()
}

#[test]
fn conditions_on_columns() {
    use {Field as F, Op::*};
    let shown = shown([
        Filter::default(),
        Filter::Any(vec![]),
        Filter::eq(F::Id, 5),
        Filter::is(F::Id, Ne, 5),
        Filter::is(F::Due, Eq, Scalar::Null),
        Filter::is(F::Due, Ne, Scalar::Null),
        Filter::is(F::Due, Gt, Scalar::Null),
        Filter::eq(F::State, 2),
        Filter::eq(F::State, true),
        Filter::eq(F::Name, "Ё_"),
        Filter::is(F::Name, Contains, "Ё_%\\"),
        Filter::is(F::Name, StartsWith, 5),
        Filter::is(F::Id, Contains, 5),
        Filter::is(F::Name, Contains, true),
        Filter::eq(F::Open, true),
        Filter::is(F::Open, Ne, true),
        Filter::eq(F::Open, 1),
        Filter::eq(F::User, 7),
        Filter::is(F::User, Ne, 7),
        Filter::is(F::User, Eq, Scalar::Null),
        Filter::Not(Box::new(Filter::eq(F::Id, 1).and(Filter::eq(F::State, 0)))),
    ]);
    expect![[r#"
        TRUE
        FALSE
        t.id = $1  [Int(Some(5))]
        t.id IS DISTINCT FROM $1  [Int(Some(5))]
        t.due_at IS NULL
        t.due_at IS NOT NULL
        FALSE
        t.state = 2
        t.state = 1
        t.name = $1  [Text(Some("Ё_"))]
        fold(t.name) LIKE $1 ESCAPE '\'  [Text(Some("%ё\\_\\%\\\\%"))]
        fold(t.name) LIKE $1 ESCAPE '\'  [Text(Some("5%"))]
        CAST(t.id AS text) LIKE $1 ESCAPE '\'  [Text(Some("%5%"))]
        FALSE
        t.ended IS NULL
        t.ended IS NOT NULL
        CASE WHEN t.ended IS NULL THEN 1 ELSE 0 END = $1  [Int(Some(1))]
        EXISTS (SELECT 1 FROM people a WHERE a.task_id = t.id AND a.user_id = $1)  [Int(Some(7))]
        NOT EXISTS (SELECT 1 FROM people a WHERE a.task_id = t.id AND a.user_id = $1)  [Int(Some(7))]
        NOT EXISTS (SELECT 1 FROM people a WHERE a.task_id = t.id AND a.user_id IS NOT NULL)
        NOT coalesce((t.id = $1 AND t.state = 0), FALSE)  [Int(Some(1))]
    "#]]
    .assert_eq(&shown);
}

#[test]
fn a_value_of_another_type_compares_as_on_sqlite() {
    use {Field as F, Op::*};
    let shown = shown([
        Filter::eq(F::Id, "5"),
        Filter::eq(F::Id, " 5.0 "),
        Filter::eq(F::Id, 5.5),
        Filter::eq(F::Id, f64::NAN),
        Filter::eq(F::Id, 1e300),
        Filter::eq(F::Id, "x"),
        Filter::is(F::Id, Ne, "x"),
        Filter::is(F::Id, Lt, "x"),
        Filter::is(F::Id, Ge, "x"),
        Filter::eq(F::Name, 5),
        Filter::eq(F::Name, 5.0),
        Filter::eq(F::Name, true),
    ]);
    expect![[r#"
        t.id = $1  [Int(Some(5))]
        t.id = $1  [Int(Some(5))]
        t.id = $1  [Real(Some(5.5))]
        t.id IS NULL
        t.id = $1  [Real(Some(1e300))]
        FALSE
        TRUE
        t.id IS NOT NULL
        FALSE
        t.name = $1  [Text(Some("5"))]
        t.name = $1  [Text(Some("5.0"))]
        t.name = $1  [Text(Some("1"))]
    "#]]
    .assert_eq(&shown);
}

#[test]
fn one_of_many_is_one_parameter() {
    use Field as F;
    let shown = shown([
        Filter::In(F::Id, vec![]),
        Filter::In(F::Id, vec![1.into(), "2".into(), 2.5.into(), "x".into(), Scalar::Null]),
        Filter::In(F::Id, vec!["x".into()]),
        Filter::In(F::Name, vec!["a".into(), 5.into()]),
        Filter::In(F::State, vec![0.into(), 2.into()]),
        Filter::In(F::Open, vec![true.into()]),
        Filter::In(F::User, vec![7.into(), 8.into()]),
        Filter::In(F::Data("k"), vec!["a".into(), 1.into(), 0.1.into(), true.into(), Scalar::Null]),
    ]);
    expect![[r#"
        FALSE
        t.id = ANY($1)  [Ints([Some(1), Some(2)])]
        FALSE
        t.name = ANY($1)  [Texts([Some("a")])]
        t.state IN (0,2)
        CASE WHEN t.ended IS NULL THEN 1 ELSE 0 END = ANY($1)  [Ints([Some(1)])]
        EXISTS (SELECT 1 FROM people a WHERE a.task_id = t.id AND a.user_id = ANY($1))  [Ints([Some(7), Some(8)])]
        EXISTS (SELECT 1 FROM (SELECT replace(t.data, '\u0000', '\u0001')::jsonb -> $1 AS j OFFSET 0) f CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(f.j) WHEN 'array' THEN f.j WHEN 'object' THEN jsonb_path_query_array(f.j, '$.*') ELSE CASE WHEN f.j IS NOT NULL THEN jsonb_build_array(f.j) END END) e(j) CROSS JOIN LATERAL (SELECT CASE jsonb_typeof(e.j) WHEN 'number' THEN (e.j)::numeric WHEN 'boolean' THEN (e.j)::boolean::int::numeric END AS n, (CASE WHEN jsonb_typeof(e.j) IN ('string', 'array', 'object') THEN e.j #>> '{}' END) COLLATE "C" AS t) v WHERE (v.t = ANY($2) OR v.n = ANY($3::numeric[])))  [Text(Some("k")), Texts([Some("a")]), Texts([Some("1"), Some("0.1"), Some("1")])]
    "#]].assert_eq(&shown);
}

#[test]
fn members_of_records() {
    use {Field as F, Op::*};
    let one = condition(Filter::eq(F::Data("su'm"), 100));
    expect![[r#"(strpos(t.data, $1) > 0 AND EXISTS (SELECT 1 FROM (SELECT replace(t.data, '\u0000', '\u0001')::jsonb -> $2 AS j OFFSET 0) f CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(f.j) WHEN 'array' THEN f.j WHEN 'object' THEN jsonb_path_query_array(f.j, '$.*') ELSE CASE WHEN f.j IS NOT NULL THEN jsonb_build_array(f.j) END END) e(j) CROSS JOIN LATERAL (SELECT CASE jsonb_typeof(e.j) WHEN 'number' THEN (e.j)::numeric WHEN 'boolean' THEN (e.j)::boolean::int::numeric END AS n, (CASE WHEN jsonb_typeof(e.j) IN ('string', 'array', 'object') THEN e.j #>> '{}' END) COLLATE "C" AS t) v WHERE (v.n = $3::numeric)))  [Text(Some("100")), Text(Some("su'm")), Text(Some("100"))]"#]].assert_eq(&one);
    let tail = |op, value: Scalar| {
        let text = condition(Filter::is(F::Data("k"), op, value));
        let tail = text.split(" v WHERE ").nth(1).unwrap().to_owned();
        if text.starts_with("NOT EXISTS") { format!("NOT {tail}\n") } else { format!("{tail}\n") }
    };
    let tails: String = [
        (Eq, Scalar::Null),
        (Ne, Scalar::Null),
        (Ne, 1.into()),
        (Lt, 0.1.into()),
        (Ge, 1e21.into()),
        (Eq, true.into()),
        (Le, "b".into()),
        (Gt, "b\0".into()),
        (Contains, "СКИДКА".into()),
        (StartsWith, 5.into()),
    ]
    .into_iter()
    .map(|(op, value)| tail(op, value))
    .collect();
    expect![[r#"
        NOT (v.n IS NOT NULL OR v.t IS NOT NULL))  [Text(Some("k"))]
        (v.n IS NOT NULL OR v.t IS NOT NULL))  [Text(Some("k"))]
        NOT (v.n = $2::numeric))  [Text(Some("k")), Text(Some("1"))]
        (v.n < $2::numeric))  [Text(Some("k")), Text(Some("0.1"))]
        (v.n >= $2::numeric OR v.t IS NOT NULL))  [Text(Some("k")), Text(Some("1000000000000000000000"))]
        (v.n = $2::numeric))  [Text(Some("k")), Text(Some("1"))]
        (v.t <= $2 OR v.n IS NOT NULL))  [Text(Some("k")), Text(Some("b"))]
        (v.t > $2))  [Text(Some("k")), Text(Some("b\u{1}"))]
        fold(coalesce(v.t, CAST(trim_scale(v.n) AS text))) LIKE $2 ESCAPE '\')  [Text(Some("k")), Text(Some("%скидка%"))]
        fold(coalesce(v.t, CAST(trim_scale(v.n) AS text))) LIKE $2 ESCAPE '\')  [Text(Some("k")), Text(Some("5%"))]
    "#]]
    .assert_eq(&tails);
}

#[test]
fn orders_and_pages() {
    use Field as F;
    let sql = |query: Query<Field>| {
        let (text, params) = LIST.rows_sql::<Words>(&query, None).finish();
        format!("{text}  {params:?}\n")
    };
    let search = Query { text: Some(" Ж ".into()), ..Query::default() };
    let shown: String = [
        Query::default(),
        Query::default().order(F::Due, false).limit(7),
        Query::default().order(F::Due, true).order(F::Name, false),
        Query::default().order(F::Id, false),
        Query::default().order(F::Open, true).order(F::User, false),
        Query { page: Page { limit: 5, offset: 10, count: true }, ..search },
    ]
    .into_iter()
    .map(sql)
    .collect();
    expect![[r#"
        SELECT t.id, t.name FROM tasks t WHERE TRUE ORDER BY t.id DESC LIMIT $1  [Int(Some(50))]
        SELECT t.id, t.name FROM tasks t WHERE TRUE ORDER BY t.due_at ASC, t.id ASC LIMIT $1  [Int(Some(7))]
        SELECT t.id, t.name FROM tasks t WHERE TRUE ORDER BY t.due_at DESC NULLS LAST, t.name ASC, t.id DESC LIMIT $1  [Int(Some(50))]
        SELECT t.id, t.name FROM tasks t WHERE TRUE ORDER BY t.id ASC LIMIT $1  [Int(Some(50))]
        SELECT t.id, t.name FROM tasks t WHERE TRUE ORDER BY (t.ended IS NULL) DESC, (SELECT min(a.user_id) FROM people a WHERE a.task_id = t.id) ASC NULLS LAST, t.id DESC LIMIT $1  [Int(Some(50))]
        SELECT t.id, t.name, (SELECT count(*) FROM tasks t WHERE (fold(t.name) LIKE $1 ESCAPE '\' OR t.search LIKE $2 ESCAPE '\') AND TRUE) FROM tasks t WHERE (fold(t.name) LIKE $3 ESCAPE '\' OR t.search LIKE $4 ESCAPE '\') AND TRUE ORDER BY t.id DESC LIMIT $5 OFFSET $6  [Text(Some("%ж%")), Text(Some("%ж%")), Text(Some("%ж%")), Text(Some("%ж%")), Int(Some(5)), Int(Some(10))]
    "#]].assert_eq(&shown);
    let by_data = |descending| sql(Query::default().order(F::Data("sum"), descending));
    expect![[r#"
        SELECT t.id, t.name FROM tasks t WHERE TRUE ORDER BY (SELECT CASE jsonb_typeof(f.j) WHEN 'number' THEN (f.j)::numeric WHEN 'boolean' THEN (f.j)::boolean::int::numeric END FROM (SELECT replace(t.data, '\u0000', '\u0001')::jsonb -> $1 AS j OFFSET 0) f) ASC NULLS LAST, (SELECT (CASE WHEN jsonb_typeof(f.j) IN ('string', 'array', 'object') THEN f.j #>> '{}' END) COLLATE "C" FROM (SELECT replace(t.data, '\u0000', '\u0001')::jsonb -> $2 AS j OFFSET 0) f) ASC NULLS LAST, t.id ASC LIMIT $3  [Text(Some("sum")), Text(Some("sum")), Int(Some(50))]
    "#]].assert_eq(&by_data(false));
    assert!(by_data(true).find("jsonb_typeof(f.j) IN").unwrap() < by_data(true).find("'number'").unwrap());
}

#[test]
fn a_condition_may_be_deep_and_wide() {
    let mut filter = Filter::eq(Field::Id, 1);
    for n in 0..200 {
        filter = Filter::Not(Box::new(Filter::Any(vec![filter, Filter::eq(Field::Due, n)])));
    }
    let (text, params) = LIST.rows_sql::<Words>(&Query::new(filter), None).finish();
    assert_eq!(params.len(), 202);
    assert!(text.contains("$202") && !text.contains('?'));
}
