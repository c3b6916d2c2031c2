//! The names that an expression sees.
//!
//! Invariant: inner names hide outer ones; what no name has is asked of the variables given from outside.

use expr::Scope;
use expr::feel::Feel;
use model::{Object, Value};
use std::sync::Arc;

/// Named values.
pub(crate) type Entries = Vec<(Arc<str>, Feel)>;

/// Names over outer names.
pub(crate) struct Frame<'f> {
    /// The innermost last.
    pub(crate) entries: Entries,
    outer: Option<&'f Frame<'f>>,
    given: &'f Object,
}

impl<'f> Frame<'f> {
    /// Names over what was given from outside.
    pub(crate) fn over(given: &'f Object, entries: Entries) -> Self {
        Self { entries, outer: None, given }
    }

    /// More names over these.
    pub(crate) fn inner(&'f self, entries: Entries) -> Self {
        Self { entries, outer: Some(self), given: self.given }
    }

    /// All names, for a function that keeps them.
    pub(crate) fn all_entries(&self) -> Entries {
        let mut all = self.outer.map(Frame::all_entries).unwrap_or_default();
        all.extend(self.entries.iter().cloned());
        all
    }

    fn find(&self, name: &str) -> Option<&Feel> {
        let own = self.entries.iter().rev().find(|(n, _)| **n == *name);
        own.map(|(_, v)| v).or_else(|| self.outer?.find(name))
    }
}

impl Scope for Frame<'_> {
    fn variable(&self, name: &str) -> Option<Value> {
        if let Feel::Data(value) = self.feel(name)? { Some(value) } else { None }
    }

    fn feel(&self, name: &str) -> Option<Feel> {
        self.find(name).cloned().or_else(|| self.given.get(name).cloned().map(Feel::Data))
    }

    fn all(&self) -> Object {
        let mut all = self.given.clone();
        for (name, value) in self.all_entries() {
            if let Feel::Data(value) = value {
                all.insert(name, value);
            }
        }
        all
    }
}

/// The value that a table's cell tests, over the names around the table.
pub(crate) struct CellScope<'f> {
    pub(crate) input: &'f Feel,
    /// A name that the column gives the value besides `?`.
    pub(crate) variable: Option<&'f Arc<str>>,
    pub(crate) outer: &'f Frame<'f>,
}

impl Scope for CellScope<'_> {
    fn variable(&self, name: &str) -> Option<Value> {
        if let Feel::Data(value) = self.feel(name)? { Some(value) } else { None }
    }

    fn feel(&self, name: &str) -> Option<Feel> {
        if name == "?" || self.variable.is_some_and(|v| **v == *name) {
            return Some(self.input.clone());
        }
        self.outer.feel(name)
    }

    fn all(&self) -> Object {
        self.outer.all()
    }
}
