//! List queries: `SELECT`, `FILTER` with prefixes, `ORDER`, paging (contract 1.6, 2.7).
//!
//! A list method declares its columns; a call's query is read against them and becomes a query of the store. Unknown
//! fields and prefixes are ignored, never refused; comparing by order with null, a list or a map matches nothing and
//! is no error, because clients walk past the last page on purpose.

use super::answer::{PAGE, Page};
use super::{Answer, Array, Param, Params, dates};
use jiff::tz::TimeZone;
use model::Timestamp;
use serde_json::{Map, Value as Json};
use std::cmp::Ordering;
use store::{Filter, Op, Order, Scalar};

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
    /// Anything else, as it is.
    Json(Json),
}

impl Cell {
    /// Text, or null.
    pub fn text(text: Option<impl Into<String>>) -> Self {
        text.map_or(Self::Null, |t| Self::Text(t.into()))
    }

    /// An instant, or null.
    pub fn instant(at: Option<Timestamp>) -> Self {
        at.map_or(Self::Null, Self::Instant)
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
}

/// How a column is compared in the store, over the store's fields `F`.
#[derive(Debug, Clone)]
pub enum By<F> {
    /// Not at all: such a filter or order is ignored.
    Nothing,
    /// As an integer.
    Int(F),
    /// As an integer that is written in another way.
    Key(F, fn(&Param) -> Option<i64>),
    /// As text.
    Text(F),
    /// As an instant of whole seconds: clients see no fractions.
    Instant(F),
    /// By a rule for equality with one value; ordered by the field, when there is one.
    Rule(fn(&Param) -> Filter<F>, Option<F>),
}

/// A field of a list.
#[derive(Debug)]
pub struct Column<R: ?Sized, F> {
    /// Its name on the wire, upper case.
    pub name: &'static str,
    /// How it is compared.
    pub by: By<F>,
    /// Whether it is in every row, selected or not.
    pub always: bool,
    /// Reads it from a row.
    pub get: fn(&R) -> Cell,
}

impl<R, F> Column<R, F> {
    /// A column that is shown when selected.
    pub const fn new(name: &'static str, by: By<F>, get: fn(&R) -> Cell) -> Self {
        Self { name, by, always: false, get }
    }

    /// A column of every row.
    pub const fn always(name: &'static str, by: By<F>, get: fn(&R) -> Cell) -> Self {
        Self { name, by, always: true, get }
    }
}

/// A list method's shape: its columns and defaults.
#[derive(Debug)]
pub struct Listing<R: 'static, F: 'static> {
    /// All columns.
    pub columns: &'static [Column<R, F>],
    /// Columns shown when none are selected.
    pub default_select: &'static [&'static str],
    /// Order when none is given: a column, and whether the greatest comes first.
    pub default_order: (&'static str, bool),
}

/// What nothing matches.
pub fn never<F>() -> Filter<F> {
    Filter::Any(Vec::new())
}

/// Splits `>=ID` into operator and field: `None` for an unknown prefix.
fn operator(key: &str) -> Option<(Op, &str)> {
    let at = key.find(|c: char| c.is_alphanumeric() || c == '_')?;
    let op = match &key[..at] {
        "" | "=" => Op::Eq,
        "!" | "!=" => Op::Ne,
        "<" => Op::Lt,
        "<=" => Op::Le,
        ">" => Op::Gt,
        ">=" => Op::Ge,
        _ => return None,
    };
    Some((op, &key[at..]))
}

impl<F: Clone> By<F> {
    fn order_field(&self) -> Option<F> {
        match self {
            Self::Nothing => None,
            Self::Int(f) | Self::Key(f, _) | Self::Text(f) | Self::Instant(f) => Some(f.clone()),
            Self::Rule(_, f) => f.clone(),
        }
    }

    /// The condition for one operator and value; `None` when the column is not compared.
    fn condition(&self, op: Op, value: &Param, zone: &TimeZone) -> Option<Filter<F>> {
        if matches!(self, Self::Nothing) {
            return None;
        }
        Some(match op {
            Op::Eq => self.any_of(value, zone),
            Op::Ne => Filter::Not(Box::new(self.any_of(value, zone))),
            _ => self.ordered(op, value, zone).unwrap_or_else(never),
        })
    }

    fn any_of(&self, value: &Param, zone: &TimeZone) -> Filter<F> {
        match value {
            Param::Array(map) if !map.has_integer_keys() => never(),
            Param::Array(list) if !value.is_blank() => {
                Filter::Any(list.values().map(|v| self.equal(v, zone)).collect())
            }
            scalar => self.equal(scalar, zone),
        }
    }

    fn equal(&self, value: &Param, zone: &TimeZone) -> Filter<F> {
        if let Self::Rule(rule, _) = self {
            return rule(value);
        }
        let Some(field) = self.order_field() else { return never() };
        if value.is_blank() {
            let null = Filter::Is(field.clone(), Op::Eq, Scalar::Null);
            let empty = Filter::Is(field, Op::Eq, Scalar::Text(String::new()));
            return if matches!(self, Self::Text(_)) { Filter::Any(vec![null, empty]) } else { null };
        }
        if matches!(self, Self::Instant(_)) {
            let bounds = [Op::Ge, Op::Le].map(|op| self.ordered(op, value, zone).unwrap_or_else(never));
            return Filter::All(bounds.into());
        }
        self.scalar(value).map_or_else(never, |scalar| Filter::Is(field, Op::Eq, scalar))
    }

    fn ordered(&self, op: Op, value: &Param, zone: &TimeZone) -> Option<Filter<F>> {
        if value.is_blank() || matches!(self, Self::Rule(..)) {
            return None;
        }
        let field = self.order_field()?;
        if !matches!(self, Self::Instant(_)) {
            return Some(Filter::Is(field, op, self.scalar(value)?));
        }
        let second = dates::parse(&value.as_text()?, zone)?.0.div_euclid(1000) * 1000;
        // `> 12:00:05` means after that whole second, `<= 12:00:05` includes its fractions.
        let (op, ms) = match op {
            Op::Gt => (Op::Ge, second + 1000),
            Op::Le => (Op::Lt, second + 1000),
            same => (same, second),
        };
        Some(Filter::Is(field, op, Scalar::Int(ms)))
    }

    fn scalar(&self, value: &Param) -> Option<Scalar> {
        match self {
            Self::Int(_) => value.as_int().map(Scalar::Int),
            Self::Key(_, read) => read(value).map(Scalar::Int),
            Self::Text(_) => value.as_text().map(Scalar::Text),
            Self::Nothing | Self::Instant(_) | Self::Rule(..) => None,
        }
    }
}

impl<R, F: Clone> Listing<R, F> {
    fn column(&self, name: &str) -> Option<&Column<R, F>> {
        self.columns.iter().find(|c| c.name.eq_ignore_ascii_case(name.trim()))
    }

    /// The query of a call.
    pub fn query(&self, params: &Params, zone: &TimeZone) -> store::Query<F> {
        let page = match Page::of(params) {
            Page::Uncounted => store::Page { limit: PAGE as u32, offset: 0, count: false },
            Page::From(offset) => store::Page { limit: PAGE as u32, offset: offset as u64, count: true },
        };
        let filter = params.array("FILTER").map(|map| self.filter(map, zone)).unwrap_or_default();
        store::Query { filter, text: None, order: self.order(params.array("ORDER")), page }
    }

    /// The conditions of a filter map.
    pub fn filter(&self, map: &Array, zone: &TimeZone) -> Filter<F> {
        let conditions = map.iter().filter_map(|(key, value)| {
            let (op, field) = operator(key)?;
            self.column(field)?.by.condition(op, value, zone)
        });
        Filter::All(conditions.collect())
    }

    fn order(&self, order: Option<&Array>) -> Vec<Order<F>> {
        let asked = order.into_iter().flat_map(Array::iter).filter_map(|(name, direction)| {
            let field = self.column(name)?.by.order_field()?;
            let descending = direction.as_text().is_some_and(|d| d.trim().to_ascii_uppercase().starts_with("DESC"));
            Some(Order { field, descending })
        });
        let asked: Vec<_> = asked.collect();
        if !asked.is_empty() {
            return asked;
        }
        let (name, descending) = self.default_order;
        let field = self.column(name).and_then(|c| c.by.order_field());
        field.map(|field| Order { field, descending }).into_iter().collect()
    }

    /// The answer for the rows that the store gave.
    pub fn answer(&self, rows: &store::Paged<R>, params: &Params, zone: &TimeZone) -> Answer {
        let shown = self.selected(params.get("SELECT"));
        let rows_json = rows.rows.iter().map(|row| show(row, &shown, zone)).collect();
        let total = rows.total.and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        Page::of(params).answer(rows_json, total)
    }

    /// Whether a call shows a column.
    pub fn shows(&self, name: &str, params: &Params) -> bool {
        self.selected(params.get("SELECT")).iter().any(|c| c.name == name)
    }

    fn selected(&self, select: Option<&Param>) -> Vec<&Column<R, F>> {
        let names: Vec<String> =
            select.map(Param::items).unwrap_or_default().into_iter().filter_map(Param::as_text).collect();
        let star = names.iter().any(|n| n == "*");
        let named = |c: &Column<R, F>| star || names.iter().any(|n| c.name.eq_ignore_ascii_case(n.trim()));
        let known = self.columns.iter().any(named);
        let wanted = |c: &Column<R, F>| if known { named(c) } else { self.default_select.contains(&c.name) };
        self.columns.iter().filter(|c| c.always || wanted(c)).collect()
    }
}

fn show<R, F>(row: &R, columns: &[&Column<R, F>], zone: &TimeZone) -> Json {
    let entries = columns.iter().map(|c| (c.name.to_owned(), (c.get)(row).to_json(zone)));
    Json::Object(entries.collect::<Map<String, Json>>())
}

/// Whether a row passes a filter, for short lists that are not read by a query of the store.
pub fn matches<F>(filter: &Filter<F>, value: &impl Fn(&F) -> Scalar) -> bool {
    match filter {
        Filter::All(all) => all.iter().all(|f| matches(f, value)),
        Filter::Any(any) => any.iter().any(|f| matches(f, value)),
        Filter::Not(inner) => !matches(inner, value),
        Filter::In(field, values) => values.contains(&value(field)),
        Filter::Is(field, op, wanted) => {
            let ordering = compare(&value(field), wanted);
            match op {
                Op::Eq => ordering == Some(Ordering::Equal),
                Op::Ne => ordering != Some(Ordering::Equal),
                Op::Lt => ordering == Some(Ordering::Less),
                Op::Le => matches!(ordering, Some(Ordering::Less | Ordering::Equal)),
                Op::Gt => ordering == Some(Ordering::Greater),
                Op::Ge => matches!(ordering, Some(Ordering::Greater | Ordering::Equal)),
                Op::Contains | Op::StartsWith => false,
            }
        }
    }
}

/// The order of two scalars of one kind; two nulls are equal.
pub fn compare(a: &Scalar, b: &Scalar) -> Option<Ordering> {
    match (a, b) {
        (Scalar::Null, Scalar::Null) => Some(Ordering::Equal),
        (Scalar::Int(a), Scalar::Int(b)) => Some(a.cmp(b)),
        (Scalar::Text(a), Scalar::Text(b)) => Some(a.cmp(b)),
        (Scalar::Bool(a), Scalar::Bool(b)) => Some(a.cmp(b)),
        (Scalar::Real(a), Scalar::Real(b)) => a.partial_cmp(b),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::form;

    #[derive(Debug, Clone, Copy, PartialEq)]
    enum F {
        Id,
        Name,
        At,
        State,
    }
    type Row = (i64, &'static str);

    static LIST: Listing<Row, F> = Listing {
        columns: &[
            Column::new("ID", By::Int(F::Id), |r| Cell::Id(r.0)),
            Column::new("NAME", By::Text(F::Name), |r| Cell::Text(r.1.into())),
            Column::new("AT", By::Instant(F::At), |_| Cell::Instant(Timestamp(1500))),
            Column::new("STATE", By::Rule(|v| Filter::eq(F::State, v.as_int().unwrap_or(-1)), None), |_| Cell::Null),
            Column::always("URL", By::Nothing, |r| Cell::Text(format!("/{}", r.0))),
        ],
        default_select: &["ID"],
        default_order: ("ID", true),
    };

    fn params(query: &str) -> Params {
        Params { map: form::decode(query.as_bytes()).unwrap(), fold_case: true }
    }

    fn filter(query: &str) -> String {
        let query = LIST.query(&params(query), &TimeZone::UTC);
        format!("{:?}", query.filter).replace("Text(\"", "(\"")
    }

    #[test]
    fn filters() {
        for (query, want) in [
            ("", "All([])"),
            ("filter[%3EID]=1", "All([Is(Id, Gt, Int(1))])"),
            ("FILTER[%3E%3Did]=2", "All([Is(Id, Ge, Int(2))])"),
            ("filter[ID][]=1&filter[ID][]=x", "All([Any([Is(Id, Eq, Int(1)), Any([])])])"),
            ("filter[ID][3]=1&filter[ID][5]=2", "All([Any([Is(Id, Eq, Int(1)), Is(Id, Eq, Int(2))])])"),
            ("filter[ID][a]=1", "All([Any([])])"),
            ("filter[!ID]=1", "All([Not(Is(Id, Eq, Int(1)))])"),
            ("filter[!%3DNAME]=a", "All([Not(Is(Name, Eq, (\"a\")))])"),
            ("filter[%25NAME]=a&filter[NOPE]=1&filter[URL]=1", "All([])"),
            ("filter[%3EID]=", "All([Any([])])"),
            ("filter[%3EID][]=5&filter[%3EID][]=6", "All([Any([])])"),
            ("filter[%3EID]=null", "All([Any([])])"),
            ("filter[%3ESTATE]=1", "All([Any([])])"),
            ("filter[STATE]=1", "All([Is(State, Eq, Int(1))])"),
            ("filter[ID]=", "All([Is(Id, Eq, Null)])"),
            ("filter[AT]=1970-01-01T00:00:02Z", "All([All([Is(At, Ge, Int(2000)), Is(At, Lt, Int(3000))])])"),
            ("filter[%3EAT]=1970-01-01 00:00:02", "All([Is(At, Ge, Int(3000))])"),
            ("filter[%3CAT]=01.01.1970 00:00:02", "All([Is(At, Lt, Int(2000))])"),
        ] {
            assert_eq!(filter(query), want, "{query}");
        }
    }

    #[test]
    fn orders_pages_and_columns() {
        let query = |text: &str| LIST.query(&params(text), &TimeZone::UTC);
        let order = |text: &str| query(text).order.into_iter().map(|o| (o.field, o.descending)).collect::<Vec<_>>();
        assert_eq!(order(""), [(F::Id, true)]);
        assert_eq!(order("order[id]=asc&order[NAME]=DESC&order[x]=asc"), [(F::Id, false), (F::Name, true)]);
        assert_eq!((query("start=100").page.offset, query("START=100").page.count), (100, true));
        assert_eq!((query("start=-1").page.offset, query("start=-1").page.count), (0, false));
        let shown = |text: &str| {
            let rows = store::Paged { rows: vec![(7, "a")], total: Some(1) };
            LIST.answer(&rows, &params(text), &TimeZone::UTC).result.to_string()
        };
        assert_eq!(shown(""), r#"[{"ID":"7","URL":"/7"}]"#);
        assert_eq!(shown("select[]=nope&select[]="), r#"[{"ID":"7","URL":"/7"}]"#);
        assert_eq!(shown("select[]=name&select[]=AT"), r#"[{"NAME":"a","AT":"1970-01-01T00:00:01+00:00","URL":"/7"}]"#);
    }
}
