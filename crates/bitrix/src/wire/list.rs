//! List queries of the `bizproc` methods: `SELECT`, `FILTER` with prefixes, `ORDER`, paging (contract 1.6, 2.7).
//!
//! A list method declares its columns; the query is read against them and applied to rows. Unknown fields and prefixes
//! are ignored; comparing with null, a list or a map by order matches nothing and is no error.

use super::answer::{PAGE, Page};
use super::{Answer, Array, Param, Params, dates};
use jiff::tz::TimeZone;
use model::Timestamp;
use serde_json::{Map, Value as Json};
use std::cmp::Ordering;

/// One field of one row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing: `null`.
    Null,
    /// Text.
    Text(String),
    /// A number shown as a string, as ids are.
    Id(i64),
    /// An instant.
    Instant(Timestamp),
    /// Anything that can be shown but not compared.
    Json(Json),
}

impl Cell {
    /// Text, or null.
    pub fn text(text: Option<impl Into<String>>) -> Self {
        text.map_or(Self::Null, |t| Self::Text(t.into()))
    }

    fn to_json(&self, zone: &TimeZone) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Text(t) => Json::String(t.clone()),
            Self::Id(n) => Json::String(n.to_string()),
            Self::Instant(t) => Json::String(dates::iso(*t, zone)),
            Self::Json(j) => j.clone(),
        }
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::Null) || matches!(self, Self::Text(t) if t.is_empty())
    }

    /// Compares with a filter's value; `None` when the two cannot be compared.
    fn compare(&self, value: &Param, zone: &TimeZone) -> Option<Ordering> {
        if value.is_blank() {
            return None;
        }
        match self {
            Self::Text(t) => Some(t.as_str().cmp(value.as_text()?.as_str())),
            Self::Id(n) => Some(n.cmp(&value.as_int()?)),
            Self::Instant(at) => Some(seconds(*at).cmp(&seconds(dates::parse(&value.as_text()?, zone)?))),
            Self::Null | Self::Json(_) => None,
        }
    }

    fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Id(a), Self::Id(b)) => a.cmp(b),
            (Self::Instant(a), Self::Instant(b)) => a.cmp(b),
            _ => self.is_empty().cmp(&other.is_empty()).reverse(),
        }
    }
}

/// Clients see whole seconds, so equality with a date that they were given must hold.
fn seconds(at: Timestamp) -> i64 {
    at.0.div_euclid(1000)
}

/// A field of a list.
#[derive(Debug)]
pub struct Column<R: ?Sized> {
    /// Its name on the wire, upper case.
    pub name: &'static str,
    /// Whether it is in every row, selected or not.
    pub always: bool,
    /// Reads it from a row.
    pub get: fn(&R) -> Cell,
}

/// Which rows pass: prefix, field, value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Splits `>=ID` into its operator and field; `None` for a prefix that is not known.
fn operator(key: &str) -> Option<(Op, &str)> {
    let at = key.find(|c: char| c.is_alphanumeric() || c == '_')?;
    let op = match &key[..at] {
        "" | "=" => Op::Equal,
        "!" | "!=" => Op::NotEqual,
        "<" => Op::Less,
        "<=" => Op::LessOrEqual,
        ">" => Op::Greater,
        ">=" => Op::GreaterOrEqual,
        _ => return None,
    };
    Some((op, &key[at..]))
}

fn holds(op: Op, cell: &Cell, value: &Param, zone: &TimeZone) -> bool {
    let equal = |v: &Param| if v.is_blank() { cell.is_empty() } else { cell.compare(v, zone) == Some(Ordering::Equal) };
    let any = || match value {
        Param::Array(list) if !value.is_blank() => list.values().any(equal),
        scalar => equal(scalar),
    };
    let ordered = |wanted: fn(Ordering) -> bool| cell.compare(value, zone).is_some_and(wanted);
    match op {
        Op::Equal => any(),
        Op::NotEqual => !any(),
        Op::Less => ordered(Ordering::is_lt),
        Op::LessOrEqual => ordered(Ordering::is_le),
        Op::Greater => ordered(Ordering::is_gt),
        Op::GreaterOrEqual => ordered(Ordering::is_ge),
    }
}

/// A list method's shape: its columns and defaults.
#[derive(Debug)]
pub struct Listing<R: 'static> {
    /// All columns.
    pub columns: &'static [Column<R>],
    /// Columns shown when none are selected.
    pub default_select: &'static [&'static str],
    /// Order when none is given.
    pub default_order: (&'static str, bool),
}

/// A list query as it was asked.
#[derive(Debug, Clone)]
pub struct Query<'a> {
    /// `SELECT`.
    pub select: Option<&'a Param>,
    /// `FILTER`.
    pub filter: Option<&'a Array>,
    /// `ORDER`.
    pub order: Option<&'a Array>,
    /// `start`.
    pub page: Page,
    /// The server's zone.
    pub zone: &'a TimeZone,
}

impl<'a> Query<'a> {
    /// Reads the query of a call.
    pub fn of(params: &'a Params, zone: &'a TimeZone) -> Self {
        Self {
            select: params.get("SELECT"),
            filter: params.array("FILTER"),
            order: params.array("ORDER"),
            page: Page::of(params),
            zone,
        }
    }
}

impl<R> Listing<R> {
    fn column(&self, name: &str) -> Option<&Column<R>> {
        self.columns.iter().find(|c| c.name.eq_ignore_ascii_case(name.trim()))
    }

    /// Whether a row passes the filter.
    pub fn passes(&self, row: &R, query: &Query<'_>) -> bool {
        let Some(filter) = query.filter else { return true };
        filter.iter().all(|(key, value)| {
            let Some((op, field)) = operator(key) else { return true };
            let Some(column) = self.column(field) else { return true };
            holds(op, &(column.get)(row), value, query.zone)
        })
    }

    /// Filters, sorts, cuts the page and shows its rows.
    pub fn run(&self, rows: Vec<R>, query: &Query<'_>) -> Answer {
        let mut rows: Vec<R> = rows.into_iter().filter(|row| self.passes(row, query)).collect();
        self.sort(&mut rows, query.order);
        let total = rows.len();
        let shown = self.selected(query.select);
        let page = rows.iter().skip(query.page.offset()).take(PAGE);
        let page = page.map(|row| show(row, &shown, query.zone)).collect();
        query.page.answer(page, total)
    }

    fn sort(&self, rows: &mut [R], order: Option<&Array>) {
        let mut keys: Vec<(&Column<R>, bool)> = Vec::new();
        for (name, direction) in order.into_iter().flat_map(Array::iter) {
            if let Some(column) = self.column(name) {
                let descending = direction.as_text().is_some_and(|d| d.to_ascii_uppercase().starts_with("DESC"));
                keys.push((column, descending));
            }
        }
        if keys.is_empty() {
            keys.extend(self.column(self.default_order.0).map(|c| (c, self.default_order.1)));
        }
        rows.sort_by(|a, b| {
            keys.iter().fold(Ordering::Equal, |so_far, (column, descending)| {
                so_far.then_with(|| {
                    let ordering = (column.get)(a).order(&(column.get)(b));
                    if *descending { ordering.reverse() } else { ordering }
                })
            })
        });
    }

    fn selected(&self, select: Option<&Param>) -> Vec<&Column<R>> {
        let names: Vec<String> = select.map(Param::items).unwrap_or_default().into_iter().filter_map(Param::as_text).collect();
        let star = names.iter().any(|n| n == "*");
        let named = |c: &&Column<R>| star || names.iter().any(|n| c.name.eq_ignore_ascii_case(n.trim()));
        let known = self.columns.iter().any(|c| named(&c));
        let by_default = |c: &&Column<R>| self.default_select.contains(&c.name);
        self.columns.iter().filter(|c| c.always || if known { named(c) } else { by_default(c) }).collect()
    }
}

fn show<R>(row: &R, columns: &[&Column<R>], zone: &TimeZone) -> Json {
    let entries = columns.iter().map(|c| (c.name.to_owned(), (c.get)(row).to_json(zone)));
    Json::Object(entries.collect::<Map<String, Json>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::form;
    use serde_json::json;

    type Row = (i64, &'static str, Option<i64>);
    static LIST: Listing<Row> = Listing {
        columns: &[
            Column { name: "ID", always: false, get: |r: &Row| Cell::Id(r.0) },
            Column { name: "NAME", always: false, get: |r: &Row| Cell::Text(r.1.into()) },
            Column {
                name: "AT",
                always: false,
                get: |r: &Row| r.2.map_or(Cell::Null, |ms| Cell::Instant(Timestamp(ms))),
            },
        ],
        default_select: &["ID"],
        default_order: ("ID", false),
    };

    fn ids(query: &str) -> String {
        let map = form::decode(query.as_bytes()).unwrap();
        let params = Params { map, fold_case: true };
        let zone = TimeZone::UTC;
        let rows = vec![(1, "b", Some(1000)), (2, "a", None), (10, "c", Some(2500))];
        LIST.run(rows, &Query::of(&params, &zone)).result.to_string().replace('"', "")
    }

    #[test]
    fn filters_orders_selects() {
        for (query, want) in [
            ("", "[{ID:1},{ID:2},{ID:10}]"),
            ("filter[>ID]=1", "[{ID:2},{ID:10}]"),
            ("FILTER[>=id]=2&ORDER[id]=desc", "[{ID:10},{ID:2}]"),
            ("filter[ID][]=1&filter[ID][]=10", "[{ID:1},{ID:10}]"),
            ("filter[!ID][]=1&filter[!ID][]=10", "[{ID:2}]"),
            ("filter[!=NAME]=a", "[{ID:1},{ID:10}]"),
            ("filter[%25NAME]=a&filter[NOPE]=1", "[{ID:1},{ID:2},{ID:10}]"),
            ("filter[>ID]=", "[]"),
            ("filter[>ID][]=5", "[]"),
            ("filter[>ID]=x", "[]"),
            ("filter[AT]=", "[{ID:2}]"),
            ("filter[AT]=1970-01-01T00:00:02%2B00:00", "[{ID:10}]"),
            ("filter[<AT]=1970-01-01 00:00:02", "[{ID:1}]"),
            ("order[NAME]=ASC&select[]=name", "[{NAME:a},{NAME:b},{NAME:c}]"),
            ("select[]=nope", "[{ID:1},{ID:2},{ID:10}]"),
            ("filter[ID]=2&select[]=ID&select[]=AT", "[{ID:2,AT:null}]"),
            ("filter[ID]=10&select=*", "[{ID:10,NAME:c,AT:1970-01-01T00:00:02+00:00}]"),
        ] {
            assert_eq!(ids(query), want, "{query}");
        }
    }

    #[test]
    fn values_of_json_read_the_same() {
        let map = Param::from_json(&json!({"filter": {">ID": 1, "ID": [2, "10"]}}));
        let params = Params { map: map.as_array().unwrap().clone(), fold_case: true };
        let zone = TimeZone::UTC;
        let rows = vec![(1, "b", None), (2, "a", None), (10, "c", None)];
        assert_eq!(LIST.run(rows, &Query::of(&params, &zone)).total, Some(2));
    }
}
