//! Decision tables.

use super::logic::Reader;
use crate::program::{HitPolicy, InputColumn, OutputColumn, Rule, Table};
use crate::tree::{self, Cell, InputClause, Logic, OutputClause, Source};
use expr::feel::Expression;
use std::sync::Arc;

impl Reader<'_, '_, '_> {
    pub(super) fn table(&mut self, id: Arc<str>, table: &tree::Table, logic: &Logic) -> Table {
        let policy = self.policy(table, logic.at);
        self.check_table(table, policy, logic.at);
        let inputs: Vec<InputColumn> = table.inputs.iter().map(|i| self.input(i)).collect();
        let single = table.outputs.len() == 1;
        let outputs = table.outputs.iter().map(|o| self.output(o, single, table, policy)).collect();
        let rules = table.rules.iter().enumerate().map(|(i, r)| self.rule(i, r, &inputs)).collect();
        Table { id, policy, inputs, outputs, rules }
    }

    fn policy(&mut self, table: &tree::Table, at: usize) -> HitPolicy {
        match table.hit_policy.as_str() {
            "UNIQUE" | "U" | "" => HitPolicy::Unique,
            "ANY" | "A" => HitPolicy::Any,
            "PRIORITY" | "P" => HitPolicy::Priority,
            "FIRST" | "F" => HitPolicy::First,
            "RULE ORDER" | "R" => HitPolicy::RuleOrder,
            "OUTPUT ORDER" | "O" => HitPolicy::OutputOrder,
            "COLLECT" | "C" => match table.aggregation.as_str() {
                "" | "LIST" => HitPolicy::Collect,
                "SUM" => HitPolicy::Sum,
                "MIN" => HitPolicy::Min,
                "MAX" => HitPolicy::Max,
                "COUNT" => HitPolicy::Count,
                other => {
                    let en = format!("`{other}` is no way of collecting; there are SUM, MIN, MAX, COUNT");
                    self.error("DMN-08", at, en, format!("Нет способа сбора «{other}»; есть SUM, MIN, MAX, COUNT"));
                    HitPolicy::Collect
                }
            },
            other => {
                self.error(
                    "DMN-08",
                    at,
                    format!("There is no hit policy `{other}`"),
                    format!("Нет политики попаданий «{other}»"),
                );
                HitPolicy::Unique
            }
        }
    }

    fn check_table(&mut self, table: &tree::Table, policy: HitPolicy, at: usize) {
        if table.outputs.is_empty() {
            self.error("DMN-08", at, "The table has no output", "У таблицы нет выходов");
        }
        let summed = matches!(policy, HitPolicy::Sum | HitPolicy::Min | HitPolicy::Max);
        if summed && table.outputs.len() > 1 {
            let en = "A table that sums or picks the least or greatest has one output";
            self.error("DMN-08", at, en, "Таблица с суммой, минимумом или максимумом имеет один выход");
        }
        if table.outputs.len() > 1 && table.outputs.iter().any(|o| o.name.is_none()) {
            let en = "With several outputs each needs a name";
            self.error("DMN-08", at, en, "Если выходов несколько, у каждого должно быть имя");
        }
        for rule in &table.rules {
            if rule.inputs.len() != table.inputs.len() || rule.outputs.len() != table.outputs.len() {
                let (inputs, outputs) = (rule.inputs.len(), rule.outputs.len());
                let (columns, results) = (table.inputs.len(), table.outputs.len());
                let en = format!(
                    "The rule has {inputs} conditions and {outputs} results for {columns} and {results} columns"
                );
                let ru =
                    format!("В правиле условий {inputs} и результатов {outputs}, а столбцов {columns} и {results}");
                self.error("DMN-08", rule.at, en, ru);
            }
        }
    }

    fn input(&mut self, clause: &InputClause) -> InputColumn {
        let value = if clause.source.text.is_empty() {
            self.error(
                "DMN-08",
                clause.source.at,
                "A column of conditions has no expression",
                "У столбца условий нет выражения",
            );
            None
        } else {
            self.expression(&clause.source, clause.language.as_ref()).ok()
        };
        InputColumn {
            label: clause.label.clone().unwrap_or_else(|| Arc::from(&*clause.source.text)),
            value,
            kind: self.kind(clause.type_ref.as_ref(), clause.source.at),
            allowed: clause.allowed.as_ref().and_then(|s| self.tests(s)),
            variable: clause.variable.clone(),
        }
    }

    fn output(&mut self, clause: &OutputClause, single: bool, table: &tree::Table, policy: HitPolicy) -> OutputColumn {
        let label = if single { table.label.clone() } else { None };
        let name = clause.name.clone().or_else(|| clause.label.clone()).or(label);
        let allowed = clause.allowed.as_ref().and_then(|s| self.tests(s));
        let ranked = matches!(policy, HitPolicy::Priority | HitPolicy::OutputOrder);
        let listed = clause.allowed.clone().or_else(|| self.allowed_by_type(clause.type_ref.as_ref()));
        let order = listed.filter(|_| ranked).map(|source| self.values(&source)).unwrap_or_default();
        OutputColumn {
            name: name.unwrap_or_else(|| Arc::from("result")),
            kind: clause
                .type_ref
                .as_ref()
                .and_then(|t| self.kind(Some(t), clause.default.as_ref().map_or(0, |d| d.at))),
            allowed,
            order,
            default: clause.default.as_ref().and_then(|s| self.expression(s, None).ok()),
        }
    }

    /// The values that a type of the model allows.
    fn allowed_by_type(&self, name: Option<&Arc<str>>) -> Option<Source> {
        let name = name?;
        let trees = self.compiler.trees;
        let item =
            trees[self.file].types.iter().chain(trees.iter().flat_map(|t| &t.types)).find(|t| t.name == *name)?;
        item.allowed.clone()
    }

    /// Listed values, one by one.
    fn values(&mut self, source: &Source) -> Vec<Expression> {
        let parts = split(&source.text);
        parts
            .into_iter()
            .filter_map(|(at, text)| {
                let part = Source { text: text.to_owned(), at: source.at + at };
                self.expression(&part, None).ok()
            })
            .collect()
    }

    fn rule(&mut self, index: usize, rule: &tree::Rule, columns: &[InputColumn]) -> Rule {
        let condition = |(i, cell): (usize, &Cell)| {
            let text = cell.source.text.trim();
            if text.is_empty() || text == "-" {
                return None;
            }
            columns.get(i).and_then(|c| c.variable.as_ref()).inspect(|v| self.declare_name(v));
            // A cell that can not be read passes nothing; the model is not deployed.
            Some(self.unary_tests(&cell.source, cell.language.as_ref()))
        };
        let inputs: Vec<Option<Result<Expression, String>>> = rule.inputs.iter().enumerate().map(condition).collect();
        let outputs = rule.outputs.iter().map(|cell| {
            let text = cell.source.text.trim();
            if text.is_empty() || text == "-" {
                None
            } else {
                self.expression(&cell.source, cell.language.as_ref()).ok()
            }
        });
        Rule {
            id: rule.id.clone().unwrap_or_else(|| Arc::from(format!("rule {}", index + 1))),
            outputs: outputs.collect(),
            inputs: inputs.into_iter().map(|c| c.map(|c| c.unwrap_or_else(|_| nothing()))).collect(),
        }
    }
}

/// Unary tests that nothing passes.
fn nothing() -> Expression {
    let options = expr::feel::Options::default();
    expr::feel::compile_unary_tests("false and ? = null", &options).expect("it is valid FEEL")
}

/// `text` at its commas, those in quotes and brackets apart.
fn split(text: &str) -> Vec<(usize, &str)> {
    let (mut depth, mut quoted, mut escaped, mut from) = (0i32, false, false, 0);
    let mut out = Vec::new();
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                out.push((from, text[from..at].trim()));
                from = at + 1;
            }
            _ => {}
        }
    }
    out.push((from, text[from..].trim()));
    out.retain(|(_, part)| !part.is_empty());
    out
}
