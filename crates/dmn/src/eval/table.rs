//! Decision tables: which rules match, and what the hit policy makes of them.
//!
//! Invariant: conditions are tried rule by rule in the order of the table, and a rule's results are computed only when
//! it matches.

use super::{Evaluated, Run, plain};
use crate::frame::{CellScope, Entries, Frame};
use crate::outcome::{RuleRun, TableRun};
use crate::program::{HitPolicy, OutputColumn, Rule, Table};
use expr::EvalError;
use expr::feel::{Feel, NULL, Session};
use model::{Number, Value};
use std::cmp::Ordering;
use std::sync::Arc;

/// A rule that matched, with its results in the order of the columns.
struct Hit {
    rule: usize,
    outputs: Vec<Feel>,
}

impl Run {
    pub(super) fn table(self: &Arc<Self>, session: &mut Session, table: &Table, frame: &Frame) -> Evaluated {
        let Some(inputs) = self.inputs(session, table, frame)? else {
            self.record(session, table, &[], (&[], &[]))?;
            return Ok(NULL);
        };
        let mut hits = Vec::new();
        for (index, rule) in table.rules.iter().enumerate() {
            session.burn(1)?;
            if !self.matches(session, rule, (table, &inputs), frame)? {
                continue;
            }
            hits.push(Hit { rule: index, outputs: self.outputs(session, table, rule, frame)? });
            if table.policy == HitPolicy::First {
                break;
            }
        }
        let rows = self.chosen(session, table, &hits, frame)?;
        let rows = rows.unwrap_or_default();
        self.record(session, table, &inputs, (&hits, &rows))?;
        self.result(session, table, rows)
    }

    /// The value of each column of conditions; `None` when one is not among those allowed.
    fn inputs(&self, session: &mut Session, table: &Table, frame: &Frame) -> Result<Option<Vec<Feel>>, EvalError> {
        let mut inputs = Vec::with_capacity(table.inputs.len());
        for column in &table.inputs {
            let value = match &column.value {
                Some(expression) => expression.run(session, frame)?,
                None => NULL,
            };
            let value = match &column.kind {
                Some(kind) => {
                    let value = self.program.types.dated(session, kind, value)?;
                    self.program.types.fit(session, kind, value)?
                }
                None => value,
            };
            if let Some(allowed) = &column.allowed
                && !value.is_null()
                && !allowed.pass(session, &value)?
            {
                session.warn(format!("the value of `{}` is not one of the allowed", column.label));
                return Ok(None);
            }
            inputs.push(value);
        }
        Ok(Some(inputs))
    }

    fn matches(
        &self,
        session: &mut Session,
        rule: &Rule,
        (table, inputs): (&Table, &[Feel]),
        frame: &Frame,
    ) -> Result<bool, EvalError> {
        for ((cell, column), input) in rule.inputs.iter().zip(&table.inputs).zip(inputs) {
            let Some(cell) = cell else { continue };
            let scope = CellScope { input, variable: column.variable.as_ref(), outer: frame };
            if !cell.run(session, &scope)?.is_true() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn outputs(
        &self,
        session: &mut Session,
        table: &Table,
        rule: &Rule,
        frame: &Frame,
    ) -> Result<Vec<Feel>, EvalError> {
        let mut outputs = Vec::with_capacity(table.outputs.len());
        for (cell, column) in rule.outputs.iter().zip(&table.outputs) {
            let value = match cell {
                Some(cell) => cell.run(session, frame)?,
                None => NULL,
            };
            let value = self.fit(session, column.kind.as_ref(), value)?;
            outputs.push(allowed(session, column, value)?);
        }
        Ok(outputs)
    }

    /// The results that the hit policy takes; `None` when there is none, not even by default.
    fn chosen(
        &self,
        session: &mut Session,
        table: &Table,
        hits: &[Hit],
        frame: &Frame,
    ) -> Result<Option<Vec<Vec<Feel>>>, EvalError> {
        if hits.is_empty() {
            return self.defaults(session, table, frame);
        }
        let first = |hits: &[Hit]| Some(vec![hits[0].outputs.clone()]);
        Ok(match table.policy {
            HitPolicy::First => first(hits),
            HitPolicy::Unique if hits.len() == 1 => first(hits),
            HitPolicy::Unique => {
                let rules: Vec<String> = hits.iter().map(|h| (h.rule + 1).to_string()).collect();
                session.warn(format!("several rules match where one may: {}", rules.join(", ")));
                None
            }
            HitPolicy::Any => {
                for hit in &hits[1..] {
                    if !same_row(session, &hits[0].outputs, &hit.outputs)? {
                        session.warn("the matching rules give different results where all must give one");
                        return Ok(None);
                    }
                }
                first(hits)
            }
            HitPolicy::Priority | HitPolicy::OutputOrder => {
                let mut rows = self.ranked(session, table, hits, frame)?;
                if table.policy == HitPolicy::Priority {
                    rows.truncate(1);
                }
                Some(rows)
            }
            _ => Some(hits.iter().map(|h| h.outputs.clone()).collect()),
        })
    }

    fn defaults(
        &self,
        session: &mut Session,
        table: &Table,
        frame: &Frame,
    ) -> Result<Option<Vec<Vec<Feel>>>, EvalError> {
        if table.outputs.iter().all(|o| o.default.is_none()) {
            return Ok(None);
        }
        let mut row = Vec::with_capacity(table.outputs.len());
        for column in &table.outputs {
            let value = match &column.default {
                Some(default) => default.run(session, frame)?,
                None => NULL,
            };
            row.push(self.fit(session, column.kind.as_ref(), value)?);
        }
        Ok(Some(vec![row]))
    }

    /// The rows by falling priority of their results, column by column.
    fn ranked(
        &self,
        session: &mut Session,
        table: &Table,
        hits: &[Hit],
        frame: &Frame,
    ) -> Result<Vec<Vec<Feel>>, EvalError> {
        let mut orders = Vec::with_capacity(table.outputs.len());
        for column in &table.outputs {
            let mut order = Vec::with_capacity(column.order.len());
            for value in &column.order {
                order.push(value.run(session, frame)?);
            }
            orders.push(order);
        }
        let mut keyed = Vec::with_capacity(hits.len());
        for hit in hits {
            let mut key = Vec::with_capacity(orders.len());
            for (order, value) in orders.iter().zip(&hit.outputs) {
                let mut rank = order.len();
                for (i, candidate) in order.iter().enumerate() {
                    if session.same(candidate, value)? {
                        rank = i;
                        break;
                    }
                }
                key.push(rank);
            }
            keyed.push((key, hit.outputs.clone()));
        }
        keyed.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(keyed.into_iter().map(|(_, row)| row).collect())
    }

    /// The table's value out of the chosen rows.
    fn result(&self, session: &mut Session, table: &Table, rows: Vec<Vec<Feel>>) -> Evaluated {
        let mut rows = rows;
        match table.policy {
            policy if policy.is_single() => Ok(rows.pop().map_or(NULL, |row| boxed_row(table, row))),
            HitPolicy::Count => Ok(Feel::from(Number::from(i64::try_from(rows.len()).unwrap_or(i64::MAX)))),
            HitPolicy::Sum | HitPolicy::Min | HitPolicy::Max => {
                let values: Vec<Feel> = rows.into_iter().filter_map(|mut row| row.pop()).collect();
                aggregate(session, table.policy, values)
            }
            _ if rows.is_empty() => Ok(NULL),
            _ => Ok(Feel::list(rows.into_iter().map(|row| boxed_row(table, row)))),
        }
    }

    fn record(
        &self,
        session: &mut Session,
        table: &Table,
        inputs: &[Feel],
        (hits, rows): (&[Hit], &[Vec<Feel>]),
    ) -> Result<(), EvalError> {
        if self.trace.is_none() {
            return Ok(());
        }
        let mut run = TableRun {
            id: table.id.clone(),
            hit_policy: table.policy.letter(),
            inputs: Vec::with_capacity(inputs.len()),
            matched: Vec::with_capacity(hits.len()),
            results: Vec::with_capacity(rows.len()),
        };
        for (column, value) in table.inputs.iter().zip(inputs) {
            run.inputs.push((column.label.clone(), plain(session, value)?));
        }
        for hit in hits {
            let (index, id) = (hit.rule + 1, table.rules[hit.rule].id.clone());
            run.matched.push(RuleRun { index, id, outputs: named(session, table, &hit.outputs)? });
        }
        for row in rows {
            run.results.push(named(session, table, row)?);
        }
        if let Some(mut trace) = self.recorded() {
            trace.tables.push(run);
        }
        Ok(())
    }
}

fn named(session: &mut Session, table: &Table, row: &[Feel]) -> Result<Vec<(Arc<str>, Value)>, EvalError> {
    table.outputs.iter().zip(row).map(|(c, v)| Ok((c.name.clone(), plain(session, v)?))).collect()
}

/// One output is the value itself, several are a context.
fn boxed_row(table: &Table, mut row: Vec<Feel>) -> Feel {
    if table.outputs.len() == 1 {
        return row.pop().unwrap_or(NULL);
    }
    let entries: Entries = table.outputs.iter().map(|c| c.name.clone()).zip(row).collect();
    Feel::context(entries)
}

fn allowed(session: &mut Session, column: &OutputColumn, value: Feel) -> Evaluated {
    if let Some(tests) = &column.allowed
        && !value.is_null()
        && !tests.pass(session, &value)?
    {
        session.warn(format!("the result of `{}` is not one of the allowed", column.name));
        return Ok(NULL);
    }
    Ok(value)
}

fn same_row(session: &mut Session, a: &[Feel], b: &[Feel]) -> Result<bool, EvalError> {
    for (x, y) in a.iter().zip(b) {
        if !session.same(x, y)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn aggregate(session: &mut Session, policy: HitPolicy, values: Vec<Feel>) -> Evaluated {
    if values.is_empty() {
        return Ok(NULL);
    }
    if policy == HitPolicy::Sum {
        return session.builtin("sum", vec![Feel::list(values)]);
    }
    let wanted = if policy == HitPolicy::Min { Ordering::Less } else { Ordering::Greater };
    let mut values = values.into_iter();
    let mut best = values.next().unwrap_or(NULL);
    for value in values {
        match session.order(&value, &best)? {
            Some(order) if order == wanted => best = value,
            Some(_) => {}
            None => {
                session.warn("the results can not be compared");
                return Ok(NULL);
            }
        }
    }
    Ok(best)
}
