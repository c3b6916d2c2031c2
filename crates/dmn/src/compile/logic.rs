//! Boxed expressions.

use super::Compiler;
use crate::finding::{Findings, Text};
use crate::program::{Boxed, Callee, Closure, Entry, Form, Requirement};
use crate::tree::{self, FunctionDefinition, IterationKind, Logic, Source, Variable};
use crate::types::Kind;
use expr::SyntaxError;
use expr::feel::{self, Expression, Options};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Reads the logic of one element.
pub(super) struct Reader<'r, 'c, 't> {
    pub(super) compiler: &'r Compiler<'c>,
    pub(super) file: usize,
    pub(super) owner: &'r str,
    pub(super) findings: &'r mut Findings<'t>,
    names: Names,
    /// Of those in scope: functions, which hide built-in ones.
    functions: HashSet<Arc<str>>,
}

impl<'r, 'c, 't> Reader<'r, 'c, 't> {
    pub(super) fn new(compiler: &'r Compiler<'c>, file: usize, owner: &'r str, findings: &'r mut Findings<'t>) -> Self {
        Self { compiler, file, owner, findings, names: Names::default(), functions: HashSet::new() }
    }

    /// Makes what is required known.
    pub(super) fn declare(&mut self, requirements: &[Requirement]) {
        for requirement in requirements {
            let name = requirement.import.as_ref().unwrap_or(&requirement.name);
            self.names.push(name.clone());
            requirement.aliases.iter().for_each(|alias| self.names.push(alias.clone()));
            let function =
                matches!(requirement.what, crate::program::What::Function(_) | crate::program::What::Service(_));
            if function && requirement.import.is_none() {
                self.functions.insert(name.clone());
            }
        }
    }

    pub(super) fn declare_name(&mut self, name: &Arc<str>) {
        self.names.push(name.clone());
    }

    /// Runs with more names, which end with it.
    fn scoped<T>(&mut self, names: &[Arc<str>], run: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.names.len();
        names.iter().for_each(|name| self.names.push(name.clone()));
        let result = run(self);
        self.names.truncate(before);
        result
    }

    pub(super) fn kind(&mut self, name: Option<&Arc<str>>, at: usize) -> Option<Kind> {
        self.compiler.kind(self.file, name, self.findings, (self.owner, at))
    }

    /// A finding about the owner.
    pub(super) fn error(&mut self, code: &str, at: usize, en: impl Into<String>, ru: impl Into<String>) {
        self.findings.error(code, Some(self.owner), at, Text::new(en, ru));
    }

    fn broken(&mut self, code: &str, at: usize, en: impl Into<String>, ru: impl Into<String>) -> Form {
        let en = en.into();
        self.error(code, at, en.clone(), ru);
        Form::Broken(en)
    }

    // Expressions.

    fn read<T>(
        &mut self,
        source: &Source,
        read: impl FnOnce(&str, &Options) -> Result<T, SyntaxError>,
    ) -> Result<T, String> {
        let mut names = self.names.beginning_in(&source.text);
        names.extend(self.compiler.long_names.beginning_in(&source.text));
        names.retain(|n| self.functions.contains(n) || !feel::is_function(n));
        let limits = self.compiler.limits;
        let mentions_types = ["instance", "function"].iter().any(|word| source.text.contains(word));
        let types: &[_] = if mentions_types { &self.compiler.types.declared[self.file] } else { &[] };
        let options = Options { names: &names, types, ..Options::new(limits) };
        read(&source.text, &options).map_err(|error| {
            let line = self.syntax_at(source, &error);
            self.findings.error(
                "DMN-05",
                Some(self.owner),
                line,
                Text::new(error.to_string(), error.message_ru.clone()),
            );
            error.to_string()
        })
    }

    /// The byte of the file where an expression's text is wrong.
    fn syntax_at(&self, source: &Source, error: &SyntaxError) -> usize {
        let lines = (error.line as usize).saturating_sub(1);
        let line: usize = source.text.split_inclusive('\n').take(lines).map(str::len).sum();
        let columns = (error.column as usize).saturating_sub(1);
        let at = line + source.text[line..].chars().take(columns).map(char::len_utf8).sum::<usize>();
        // References such as `&lt;` are longer in the file than in the text: good enough for one line.
        source.at + at
    }

    pub(super) fn expression(&mut self, source: &Source, language: Option<&Arc<str>>) -> Result<Expression, String> {
        self.check_language(language, source.at)?;
        self.read(source, feel::compile)
    }

    pub(super) fn unary_tests(&mut self, source: &Source, language: Option<&Arc<str>>) -> Result<Expression, String> {
        self.check_language(language, source.at)?;
        self.read(source, feel::compile_unary_tests)
    }

    pub(super) fn tests(&mut self, source: &Source) -> Option<crate::types::Tests> {
        self.read(source, |_, options| crate::types::Tests::read(source, options)).ok()
    }

    fn check_language(&mut self, language: Option<&Arc<str>>, at: usize) -> Result<(), String> {
        let Some(language) = language else { return Ok(()) };
        let lower = language.to_lowercase();
        if lower.contains("feel") || lower.ends_with("/dmn/20230324/dmn15.xsd") {
            return Ok(());
        }
        let en = format!("Expressions in `{language}` are not evaluated; write FEEL");
        self.error("DMN-06", at, en.clone(), format!("Выражения на «{language}» не вычисляются; пишите на FEEL"));
        Err(en)
    }

    // Boxes.

    pub(super) fn boxed(&mut self, logic: &Logic) -> Boxed {
        let kind = self.kind(logic.type_ref.as_ref(), logic.at);
        Boxed { form: self.form(logic), kind }
    }

    fn optional(&mut self, logic: Option<&Logic>, at: usize) -> Boxed {
        match logic {
            Some(logic) => self.boxed(logic),
            None => {
                let form = self.broken("DMN-05", at, "An expression is missing", "Нет выражения");
                Boxed { form, kind: None }
            }
        }
    }

    fn form(&mut self, logic: &Logic) -> Form {
        let at = logic.at;
        match &logic.form {
            tree::Form::Literal { source, .. } if source.text.is_empty() => {
                self.broken("DMN-05", at, "The expression is empty", "Выражение пустое")
            }
            tree::Form::Literal { source, language } => {
                self.expression(source, language.as_ref()).map_or_else(Form::Broken, Form::Literal)
            }
            tree::Form::Table(table) => {
                let id = logic.id.clone().unwrap_or_else(|| Arc::from(self.owner));
                Form::Table(Box::new(self.table(id, table, logic)))
            }
            tree::Form::Context(entries) => self.context(entries, at),
            tree::Form::List(items) => Form::List(items.iter().map(|i| self.boxed(i)).collect()),
            tree::Form::Relation { columns, rows } => self.relation(columns, rows, at),
            tree::Form::Invocation { callee, bindings } => self.invocation(callee.as_deref(), bindings, at),
            tree::Form::Function(definition) => {
                let (params, kinds, body) = self.function(definition);
                Form::Function(Arc::new(Closure { params, kinds, body }))
            }
            tree::Form::Conditional(parts) => {
                let mut parts = parts.iter().map(|p| self.optional(p.as_ref(), at)).collect::<Vec<_>>().into_iter();
                match (parts.next(), parts.next(), parts.next()) {
                    (Some(a), Some(b), Some(c)) => Form::Conditional(Box::new((a, b, c))),
                    _ => self.broken("DMN-05", at, "An expression is missing", "Нет выражения"),
                }
            }
            tree::Form::Filter { list, condition } => {
                let list = self.optional(list.as_deref(), at);
                let item: Arc<str> = Arc::from("item");
                let condition = self.scoped(&[item], |r| r.optional(condition.as_deref(), at));
                Form::Filter(Box::new((list, condition)))
            }
            tree::Form::Iteration { kind, variable, over, body } => {
                let over = self.optional(over.as_deref(), at);
                let mut names = vec![variable.clone()];
                if *kind == IterationKind::For {
                    names.push(Arc::from("partial"));
                }
                let body = self.scoped(&names, |r| r.optional(body.as_deref(), at));
                let partial = names.len() > 1 && logic_mentions(logic, "partial");
                Form::Iteration { kind: *kind, variable: variable.clone(), partial, parts: Box::new((over, body)) }
            }
            tree::Form::Unknown(name) => {
                let en = format!("`{name}` is no boxed expression");
                self.broken("DMN-05", at, en, format!("«{name}» — не выражение DMN"))
            }
        }
    }

    fn context(&mut self, entries: &[(Option<Variable>, Option<Logic>)], at: usize) -> Form {
        let before = self.names.len();
        let mut out = Vec::with_capacity(entries.len());
        for (variable, logic) in entries {
            let value = self.optional(logic.as_ref(), at);
            let name = variable.as_ref().map(|v| v.name.clone()).filter(|n| !n.is_empty());
            let kind = variable.as_ref().and_then(|v| self.kind(v.type_ref.as_ref(), at));
            name.iter().for_each(|name| self.names.push(name.clone()));
            out.push(Entry { name, kind, value });
        }
        self.names.truncate(before);
        Form::Context(out)
    }

    fn relation(&mut self, columns: &[Variable], rows: &[Vec<Logic>], at: usize) -> Form {
        if rows.iter().any(|r| r.len() != columns.len()) {
            let en = "A row of the relation has more or fewer cells than there are columns";
            return self.broken("DMN-08", at, en, "В строке таблицы отношения другое число ячеек, чем столбцов");
        }
        let rows = rows.iter().map(|row| row.iter().map(|cell| self.boxed(cell)).collect()).collect();
        Form::Relation { columns: columns.iter().map(|c| c.name.clone()).collect(), rows }
    }

    fn invocation(&mut self, callee: Option<&Logic>, bindings: &[(Variable, Option<Logic>)], at: usize) -> Form {
        let bindings = bindings.iter().map(|(p, l)| (p.name.clone(), self.optional(l.as_ref(), at))).collect();
        if let Some(Logic { form: tree::Form::Literal { source, .. }, .. }) = callee {
            let name = source.text.trim();
            let known = self.functions.contains(name);
            if !known && feel::is_function(name) {
                return Form::Invocation { callee: Callee::Builtin(Arc::from(name)), bindings };
            }
        }
        let callee = Callee::Value(Box::new(self.optional(callee, at)));
        Form::Invocation { callee, bindings }
    }

    /// A function's parameters, their types, its body.
    pub(super) fn function(&mut self, definition: &FunctionDefinition) -> (Vec<Arc<str>>, Vec<Option<Kind>>, Boxed) {
        let params: Vec<Arc<str>> = definition.params.iter().map(|p| p.name.clone()).collect();
        let kinds = definition.params.iter().map(|p| self.kind(p.type_ref.as_ref(), definition.at)).collect();
        let language = definition.kind.as_deref().map_or("FEEL", str::trim);
        let body = if language.eq_ignore_ascii_case("feel") {
            self.scoped(&params, |r| r.optional(definition.body.as_ref(), definition.at))
        } else {
            let en = format!("Functions in {language} are not run: write the function in FEEL");
            let ru = format!("Функции на {language} не выполняются: напишите функцию на FEEL");
            let severity = model::Severity::Refused;
            let spot = (Some(self.owner), definition.at);
            self.findings.add("DMN-07", severity, spot, Text::new(en.clone(), ru));
            Boxed { form: Form::Broken(en), kind: None }
        };
        (params, kinds, body)
    }
}

/// Whether the word stands in any expression inside: what is never read needs not be computed.
fn logic_mentions(logic: &Logic, word: &str) -> bool {
    format!("{logic:?}").contains(word)
}

// Names.

/// Names in the order of their scopes, found by their first word: an expression is read with those alone that it may
/// mean, so that reading costs its own length and not that of the model.
#[derive(Debug, Default)]
pub(super) struct Names {
    all: Vec<Arc<str>>,
    by_word: HashMap<Arc<str>, Vec<Arc<str>>>,
}

impl Names {
    pub(super) fn push(&mut self, name: Arc<str>) {
        let word = words(&name).next().unwrap_or_default();
        self.by_word.entry(Arc::from(word)).or_default().push(name.clone());
        self.all.push(name);
    }

    fn len(&self) -> usize {
        self.all.len()
    }

    fn truncate(&mut self, len: usize) {
        while self.all.len() > len {
            let Some(name) = self.all.pop() else { return };
            if let Some(same) = self.by_word.get_mut(words(&name).next().unwrap_or_default()) {
                same.pop();
            }
        }
    }

    fn beginning_in(&self, text: &str) -> Vec<Arc<str>> {
        let found: HashSet<&str> = words(text).collect();
        found.into_iter().filter_map(|word| self.by_word.get(word)).flatten().cloned().collect()
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty())
}

/// Adds the names that an expression declares.
pub(super) fn names_in(logic: &Logic, names: &mut HashSet<Arc<str>>) {
    match &logic.form {
        tree::Form::Literal { .. } | tree::Form::Unknown(_) => {}
        tree::Form::Table(table) => {
            names.extend(table.outputs.iter().filter_map(|o| o.name.clone()));
            names.extend(table.inputs.iter().filter_map(|i| i.variable.clone()));
        }
        tree::Form::Context(entries) => {
            for (variable, logic) in entries {
                names.extend(variable.as_ref().map(|v| v.name.clone()));
                logic.iter().for_each(|l| names_in(l, names));
            }
        }
        tree::Form::List(items) => items.iter().for_each(|l| names_in(l, names)),
        tree::Form::Relation { columns, rows } => {
            names.extend(columns.iter().map(|c| c.name.clone()));
            rows.iter().flatten().for_each(|l| names_in(l, names));
        }
        tree::Form::Invocation { callee, bindings } => {
            callee.iter().for_each(|l| names_in(l, names));
            bindings.iter().filter_map(|(_, l)| l.as_ref()).for_each(|l| names_in(l, names));
        }
        tree::Form::Function(definition) => names_in_function(definition, names),
        tree::Form::Conditional(parts) => parts.iter().flatten().for_each(|l| names_in(l, names)),
        tree::Form::Filter { list, condition } => {
            [list, condition].into_iter().flatten().for_each(|l| names_in(l, names))
        }
        tree::Form::Iteration { variable, over, body, .. } => {
            names.insert(variable.clone());
            [over, body].into_iter().flatten().for_each(|l| names_in(l, names));
        }
    }
}

/// Adds the names that a function declares.
pub(super) fn names_in_function(definition: &FunctionDefinition, names: &mut HashSet<Arc<str>>) {
    names.extend(definition.params.iter().map(|p| p.name.clone()));
    definition.body.iter().for_each(|l| names_in(l, names));
}
