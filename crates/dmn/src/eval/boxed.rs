//! Boxed expressions.

use super::{Evaluated, Lambda, Run};
use crate::frame::{Entries, Frame};
use crate::program::{Boxed, Callee, Entry, Form};
use crate::tree::IterationKind;
use expr::EvalError;
use expr::feel::{Feel, NULL, Session};
use std::sync::Arc;

impl Run {
    pub(super) fn boxed(self: &Arc<Self>, session: &mut Session, boxed: &Boxed, frame: &Frame) -> Evaluated {
        let value = match &boxed.form {
            Form::Literal(expression) => expression.run(session, frame)?,
            form => session.deeper(|session| {
                session.burn(1)?;
                self.form(session, form, frame)
            })?,
        };
        self.fit(session, boxed.kind.as_ref(), value)
    }

    fn form(self: &Arc<Self>, session: &mut Session, form: &Form, frame: &Frame) -> Evaluated {
        match form {
            Form::Broken(why) => {
                session.warn(why.clone());
                Ok(NULL)
            }
            Form::Literal(expression) => expression.run(session, frame),
            Form::Table(table) => self.table(session, table, frame),
            Form::Context(entries) => self.context(session, entries, frame),
            Form::List(items) => self.list(session, items, frame),
            Form::Relation { columns, rows } => {
                let mut out = Vec::with_capacity(rows.len());
                for row in rows {
                    let mut entries: Entries = Vec::with_capacity(columns.len());
                    for (name, cell) in columns.iter().zip(row) {
                        entries.push((name.clone(), self.boxed(session, cell, frame)?));
                    }
                    out.push(Feel::context(entries));
                }
                Ok(Feel::list(out))
            }
            Form::Invocation { callee, bindings } => self.invocation(session, callee, bindings, frame),
            Form::Function(closure) => {
                let around = frame.all_entries();
                session.burn(around.len() as u64)?;
                Ok(Feel::native(Arc::new(Lambda { run: self.clone(), closure: closure.clone(), around })))
            }
            Form::Conditional(parts) => {
                let condition = self.boxed(session, &parts.0, frame)?;
                if condition.as_bool().is_none() && !condition.is_null() {
                    session.warn(format!("`if` needs a boolean, got {}", condition.type_name()));
                    return Ok(NULL);
                }
                self.boxed(session, if condition.is_true() { &parts.1 } else { &parts.2 }, frame)
            }
            Form::Filter(parts) => self.filter(session, parts, frame),
            Form::Iteration { kind, variable, partial, parts } => {
                let turns = Turns { kind: *kind, variable, partial: *partial, body: &parts.1 };
                let over = self.boxed(session, &parts.0, frame)?;
                self.iterate(session, &turns, over, frame)
            }
        }
    }

    fn list(self: &Arc<Self>, session: &mut Session, items: &[Boxed], frame: &Frame) -> Evaluated {
        let mut out = Vec::with_capacity(items.len());
        for item in items {
            out.push(self.boxed(session, item, frame)?);
        }
        Ok(Feel::list(out))
    }

    fn context(self: &Arc<Self>, session: &mut Session, entries: &[Entry], frame: &Frame) -> Evaluated {
        let mut inner = frame.inner(Vec::with_capacity(entries.len()));
        for entry in entries {
            let value = self.boxed(session, &entry.value, &inner)?;
            let value = self.fit(session, entry.kind.as_ref(), value)?;
            match &entry.name {
                Some(name) => inner.entries.push((name.clone(), value)),
                None => return Ok(value),
            }
        }
        Ok(Feel::context(inner.entries))
    }

    fn invocation(
        self: &Arc<Self>,
        session: &mut Session,
        callee: &Callee,
        bindings: &[(Arc<str>, Boxed)],
        frame: &Frame,
    ) -> Evaluated {
        let mut args = Vec::with_capacity(bindings.len());
        for (name, value) in bindings {
            args.push((name.clone(), self.boxed(session, value, frame)?));
        }
        match callee {
            Callee::Builtin(name) => session.builtin(name, args.into_iter().map(|(_, v)| v).collect()),
            Callee::Value(callee) => {
                let function = self.boxed(session, callee, frame)?;
                session.call_named(&function, args.into_iter().map(|(n, v)| (Some(n), v)).collect())
            }
        }
    }

    fn filter(self: &Arc<Self>, session: &mut Session, parts: &(Boxed, Boxed), frame: &Frame) -> Evaluated {
        let base = self.boxed(session, &parts.0, frame)?;
        if base.is_null() {
            return Ok(NULL);
        }
        let list = if base.is_list() { base } else { Feel::list([base]) };
        let mut out = Vec::new();
        for (i, item) in list.items().into_iter().flatten().enumerate() {
            session.burn(1)?;
            let mut names: Entries = vec![(Arc::from("item"), item.clone())];
            names.extend(item.entries().unwrap_or_default());
            let passed = self.boxed(session, &parts.1, &frame.inner(names))?;
            if i == 0
                && let Some(position) = passed.as_number()
            {
                let len = i64::try_from(list.list_len().unwrap_or(0)).unwrap_or(i64::MAX);
                let index = position.to_i64().map(|p| if p < 0 { len + p } else { p - 1 });
                let found = index.and_then(|i| list.list_item(usize::try_from(i).ok()?));
                return Ok(found.unwrap_or(NULL));
            }
            match passed.as_bool() {
                Some(true) => out.push(item),
                None if !passed.is_null() => {
                    session.warn(format!("a filter needs a boolean, got {}", passed.type_name()));
                    return Ok(NULL);
                }
                _ => {}
            }
        }
        Ok(Feel::list(out))
    }

    fn iterate(self: &Arc<Self>, session: &mut Session, turns: &Turns, over: Feel, frame: &Frame) -> Evaluated {
        let Some(items) = self.unfolded(session, over)? else { return Ok(NULL) };
        let (mut out, mut unknown) = (Vec::new(), false);
        for item in items.items().into_iter().flatten() {
            session.burn(1)?;
            let mut names: Entries = vec![(turns.variable.clone(), item)];
            if turns.partial {
                session.burn(out.len() as u64)?;
                names.push((Arc::from("partial"), Feel::list(out.iter().cloned())));
            }
            let value = self.boxed(session, turns.body, &frame.inner(names))?;
            match (turns.kind, value.as_bool()) {
                (IterationKind::For, _) => out.push(value),
                (IterationKind::Some, Some(true)) => return Ok(Feel::from(true)),
                (IterationKind::Every, Some(false)) => return Ok(Feel::from(false)),
                (_, Some(_)) => {}
                (_, None) if value.is_null() => unknown = true,
                (_, None) => {
                    session.warn(format!("`satisfies` needs a boolean, got {}", value.type_name()));
                    return Ok(NULL);
                }
            }
        }
        Ok(match turns.kind {
            IterationKind::For => Feel::list(out),
            _ if unknown => NULL,
            kind => Feel::from(kind == IterationKind::Every),
        })
    }

    /// The items that an iteration goes through: those of a list or of a range.
    fn unfolded(&self, session: &mut Session, over: Feel) -> Result<Option<Feel>, EvalError> {
        let list = match over {
            Feel::Range(_) => {
                let mut scope = expr::feel::Names::over(&expr::feel::Nothing);
                scope.set("range", over);
                self.program.unfold.run(session, &scope)?
            }
            other => other,
        };
        if list.is_null() {
            session.warn("null can not be iterated over");
            return Ok(None);
        }
        Ok(Some(if list.is_list() { list } else { Feel::list([list]) }))
    }
}

/// An iteration.
struct Turns<'t> {
    kind: IterationKind,
    variable: &'t Arc<str>,
    partial: bool,
    body: &'t Boxed,
}
