//! What an evaluation gave, and how: which rules matched.
//!
//! Owns: the shapes in which a process takes a result ([`Mapping`]).

use model::{Object, Value};
use std::sync::Arc;

/// The result of a decision.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// The value.
    pub value: Value,
    /// Every decision that was evaluated, in the order in which they were finished: the one asked for is last. Empty
    /// when no trace was wanted.
    pub decisions: Vec<DecisionRun>,
    /// Why something may be null, in English.
    pub warnings: Vec<String>,
}

/// One decision of an evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct DecisionRun {
    /// Its id.
    pub id: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// Its result.
    pub value: Value,
    /// The decision tables that were evaluated for it, those of functions it called included.
    pub tables: Vec<TableRun>,
}

/// One evaluation of a decision table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableRun {
    /// The table's id, or that of the element it belongs to.
    pub id: Arc<str>,
    /// The letter of its hit policy: `U`, `C+`.
    pub hit_policy: &'static str,
    /// The columns of conditions with their values.
    pub inputs: Vec<(Arc<str>, Value)>,
    /// The rules that matched, in the order of the table.
    pub matched: Vec<RuleRun>,
    /// The rows that the hit policy took.
    pub results: Vec<Vec<(Arc<str>, Value)>>,
}

/// A rule that matched.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleRun {
    /// Its number, from 1.
    pub index: usize,
    /// Its id.
    pub id: Arc<str>,
    /// Its results.
    pub outputs: Vec<(Arc<str>, Value)>,
}

/// How a process wants the result (Camunda's `mapDecisionResult`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mapping {
    /// The value as DMN has it.
    #[default]
    Value,
    /// The only value of the only row.
    SingleEntry,
    /// The only row as a context.
    SingleResult,
    /// The only column as a list.
    CollectEntries,
    /// The rows as a list of contexts.
    ResultList,
}

impl Mapping {
    /// The mapping of this name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "" | "value" => Self::Value,
            "singleEntry" => Self::SingleEntry,
            "singleResult" => Self::SingleResult,
            "collectEntries" => Self::CollectEntries,
            "resultList" => Self::ResultList,
            _ => return None,
        })
    }
}

impl Outcome {
    /// The result in the shape that is wanted, or in English why it has no such shape. Needs a trace for other shapes
    /// than [`Mapping::Value`].
    pub fn mapped(&self, mapping: Mapping) -> Result<Value, String> {
        if mapping == Mapping::Value {
            return Ok(self.value.clone());
        }
        let rows = self.rows();
        let several = || format!("the decision gave {} rows where at most one is wanted", rows.len());
        let wide = || "a row has several values where one is wanted".to_owned();
        match mapping {
            Mapping::Value => Ok(self.value.clone()),
            Mapping::ResultList => Ok(Value::list(rows.into_iter().map(|r| Value::Object(Arc::new(r))).collect())),
            Mapping::SingleResult if rows.len() > 1 => Err(several()),
            Mapping::SingleResult => Ok(rows.into_iter().next().map_or(Value::Null, |r| Value::Object(Arc::new(r)))),
            Mapping::SingleEntry if rows.len() > 1 => Err(several()),
            Mapping::SingleEntry => match rows.into_iter().next() {
                Some(row) if row.len() > 1 => Err(wide()),
                Some(row) => Ok(row.into_values().next().unwrap_or_default()),
                None => Ok(Value::Null),
            },
            Mapping::CollectEntries if rows.iter().any(|r| r.len() > 1) => Err(wide()),
            Mapping::CollectEntries => {
                Ok(Value::list(rows.into_iter().map(|r| r.into_values().next().unwrap_or_default()).collect()))
            }
        }
    }

    /// The result as rows of named values.
    fn rows(&self) -> Vec<Object> {
        let last = self.decisions.last();
        if let Some(DecisionRun { tables, .. }) = last
            && let Some(table) = tables.last()
        {
            if !matches!(table.hit_policy, "C+" | "C<" | "C>" | "C#") {
                return table.results.iter().map(|row| row.iter().cloned().collect()).collect();
            }
            let name = table.results.first().and_then(|row| row.first()).map(|(name, _)| name.clone());
            return vec![Object::from_iter([(name.unwrap_or_else(|| Arc::from("result")), self.value.clone())])];
        }
        let name = last.map_or_else(|| Arc::from("result"), |d| d.name.clone());
        let row = |value: &Value| match value {
            Value::Object(entries) => (**entries).clone(),
            other => Object::from_iter([(name.clone(), other.clone())]),
        };
        match &self.value {
            Value::Null => Vec::new(),
            Value::List(items) => items.iter().map(row).collect(),
            value => vec![row(value)],
        }
    }
}
