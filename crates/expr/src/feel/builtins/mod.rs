//! The built-in functions: one table, found by name at reading time.
//!
//! Invariant: a function is pure: what it gives depends on its arguments and on the instant, the zone and the seed of
//! the evaluation (`random number` and `uuid` are drawn from it), so that an evaluation repeated gives the same.

mod contexts;
mod conversion;
mod lists;
mod numbers;
mod ranges;
mod strings;
mod temporal;

use super::machine::{Machine, expected};
use super::node::Node;
use super::operators::Outcome;
use super::value::{Feel, NULL};
use model::{Number, Value};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// A built-in function.
#[derive(Debug)]
pub(super) struct Builtin {
    /// Its name, blanks included.
    pub(super) name: &'static str,
    /// Names of the parameters of each of its forms; `?` ends the name of an optional one, `…` of a repeatable one.
    pub(super) forms: &'static [&'static [&'static str]],
    /// Whether it may give something else next time: it reads the clock or the seed of the evaluation.
    pub(super) varies: bool,
    /// Whether it is there to deal with null: what is missing in its arguments is no warning.
    pub(super) expects_null: bool,
    /// Whether it takes the same time for any argument; others are paid for by the length of theirs.
    pub(super) quick: bool,
    /// What it computes.
    pub(super) run: fn(&mut Machine, &[Feel]) -> Outcome<Feel>,
}

impl Builtin {
    /// A function of its arguments alone.
    const fn new(
        name: &'static str,
        forms: &'static [&'static [&'static str]],
        run: fn(&mut Machine, &[Feel]) -> Outcome<Feel>,
    ) -> Self {
        Self { name, forms, varies: false, expects_null: false, quick: false, run }
    }

    const fn varying(mut self) -> Self {
        self.varies = true;
        self
    }

    const fn expecting_null(mut self) -> Self {
        self.expects_null = true;
        self
    }

    const fn quick(mut self) -> Self {
        self.quick = true;
        self
    }

    /// Its forms, as messages write them.
    pub(super) fn shapes(&self) -> Vec<String> {
        self.forms.iter().map(|f| format!("{}({})", self.name, f.join(", "))).collect()
    }

    /// Whether it can be called with so many arguments.
    pub(super) fn takes(&self, count: usize) -> bool {
        self.forms.iter().any(|form| {
            let repeats = form.last().is_some_and(|p| p.ends_with('…'));
            let required = form.iter().filter(|p| !p.ends_with('?')).count();
            count >= required && (repeats || count <= form.len())
        })
    }
}

fn table() -> &'static HashMap<&'static str, Builtin> {
    static TABLE: OnceLock<HashMap<&'static str, Builtin>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut all: Vec<Builtin> = Vec::new();
        all.extend(contexts::all());
        all.extend(conversion::all());
        all.extend(lists::all());
        all.extend(numbers::all());
        all.extend(ranges::all());
        all.extend(strings::all());
        all.extend(temporal::all());
        all.into_iter().map(|b| (b.name, b)).collect()
    })
}

/// The function of this name.
pub(super) fn find(name: &str) -> Option<&'static Builtin> {
    table().get(name)
}

/// All of them by name, with their forms.
pub(super) fn all() -> Vec<(&'static str, Vec<String>)> {
    let mut all: Vec<_> = table().values().map(|b| (b.name, b.shapes())).collect();
    all.sort_unstable();
    all
}

/// The function whose name is most like this one: the same but for case and blanks, one that begins with it, or one
/// that differs by a slip or two.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    let wanted = squeezed(name);
    let mut names: Vec<&'static str> = table().keys().copied().collect();
    names.sort_unstable();
    let begins = |n: &str| {
        let n = squeezed(n);
        n == wanted || (wanted.len() > 3 && (n.starts_with(&wanted) || wanted.starts_with(&n) && n.len() > 3))
    };
    if let Some(near) = names.iter().find(|n| begins(n)) {
        return Some(near);
    }
    if !(4..=40).contains(&wanted.chars().count()) {
        return None;
    }
    let slips = names.into_iter().map(|n| (slips(&squeezed(n), &wanted), n)).min()?;
    (slips.0 <= 2).then_some(slips.1)
}

/// How many letters to add, drop or change to make one word of the other.
fn slips(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = corner + usize::from(x != *y);
            corner = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}

fn squeezed(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Puts given arguments into the order of a form, or says in English and Russian why none fits.
pub(super) fn arrange(
    builtin: &'static Builtin,
    given: Vec<(Option<Arc<str>>, Node)>,
) -> Result<Vec<Node>, (String, String)> {
    let shapes = || builtin.shapes().join(" or ");
    let count = given.len();
    if given.iter().all(|(name, _)| name.is_none()) {
        if !builtin.takes(count) {
            let en = format!("`{}` does not take {count} arguments; it is {}", builtin.name, shapes());
            let ru = format!("`{}` не принимает аргументов: {count}; форма: {}", builtin.name, shapes());
            return Err((en, ru));
        }
        return Ok(given.into_iter().map(|(_, node)| node).collect());
    }
    let place = |form: &[&str], name: &Option<Arc<str>>| {
        let name = name.as_deref()?;
        form.iter().position(|p| p.trim_end_matches(['?', '…']) == name)
    };
    let form = builtin.forms.iter().find(|form| {
        let required = form.iter().enumerate().filter(|(_, p)| !p.ends_with('?'));
        let has_required = required.into_iter().all(|(i, _)| given.iter().any(|(n, _)| place(form, n) == Some(i)));
        has_required && given.iter().all(|(n, _)| place(form, n).is_some())
    });
    let Some(form) = form else {
        let en = format!("the arguments' names do not fit; it is {}", shapes());
        let ru = format!("имена аргументов не подходят; форма: {}", shapes());
        return Err((en, ru));
    };
    let mut slots: Vec<Option<Node>> = form.iter().map(|_| None).collect();
    for (name, node) in given {
        if let Some(index) = place(form, &name) {
            slots[index] = Some(node);
        }
    }
    let last = slots.iter().rposition(Option::is_some).map_or(0, |i| i + 1);
    slots.truncate(last);
    Ok(slots.into_iter().map(|s| s.unwrap_or(Node::Const(NULL))).collect())
}

// Arguments.

/// A list of one where a single value is wanted counts as that value.
fn single(arg: &Feel) -> std::borrow::Cow<'_, Feel> {
    match arg.list_len() {
        Some(1) => std::borrow::Cow::Owned(arg.list_item(0).unwrap_or(NULL)),
        _ => std::borrow::Cow::Borrowed(arg),
    }
}

fn text(args: &[Feel], i: usize) -> Outcome<Arc<str>> {
    match args.get(i).and_then(|a| single(a).as_text().cloned()) {
        Some(text) => Ok(text),
        None => expected("a string", args.get(i)),
    }
}

fn number(args: &[Feel], i: usize) -> Outcome<Number> {
    match args.get(i).and_then(|a| single(a).as_number()) {
        Some(n) => Ok(n),
        None => expected("a number", args.get(i)),
    }
}

fn integer(args: &[Feel], i: usize) -> Outcome<i64> {
    match number(args, i)?.rounded(0, model::number::Rounding::Down).and_then(Number::to_i64) {
        Some(n) => Ok(n),
        None => expected("an integer", args.get(i)),
    }
}

fn list(args: &[Feel], i: usize) -> Outcome<Vec<Feel>> {
    match args.get(i) {
        Some(arg) if arg.is_list() => Ok(arg.items().map(Iterator::collect).unwrap_or_default()),
        Some(arg) if !arg.is_null() => Ok(vec![arg.clone()]),
        other => expected("a list", other),
    }
}

/// A list, or the arguments themselves: `sum([1, 2])` and `sum(1, 2)`.
fn list_or_all(args: &[Feel]) -> Outcome<Vec<Feel>> {
    if args.len() == 1 { list(args, 0) } else { Ok(args.to_vec()) }
}

fn given(args: &[Feel], i: usize) -> bool {
    args.get(i).is_some_and(|a| !a.is_null())
}

fn arg(args: &[Feel], i: usize) -> Feel {
    args.get(i).cloned().unwrap_or(NULL)
}

fn int(n: usize) -> Feel {
    Feel::from(Number::from(i64::try_from(n).unwrap_or(i64::MAX)))
}

fn data(value: Value) -> Outcome<Feel> {
    Ok(Feel::Data(value))
}
