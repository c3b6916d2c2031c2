//! What an expression sees from one element instance.
//!
//! Names go from the innermost scope outwards; `document` and `instance` are there unless a variable has the name.
//! Bitrix objects (contract 5.5) read the same state.

use crate::Env;
use crate::program::Program;
use crate::state::Instance;
use model::definition::{ElementKind, ExprId, Expression, Form};
use model::value::Zone;
use model::{Object, UserId, Value};
use std::sync::Arc;

/// One evaluation's scope.
pub(crate) struct View<'v> {
    pub(crate) program: &'v Program,
    pub(crate) instance: &'v Instance,
    pub(crate) env: &'v Env<'v>,
    /// The element instance it is evaluated for.
    pub(crate) key: u32,
    /// The run that asks: of mappings another one than the scope they see.
    pub(crate) run: u32,
    /// Names that hide all others: earlier targets of a mapping, members of a result.
    pub(crate) overlay: Option<&'v Object>,
    /// Who acts in this step.
    pub(crate) actor: Option<UserId>,
}

impl View<'_> {
    fn document(&self) -> Option<Value> {
        self.env.document.as_ref().map(|fields| Value::Object(fields.clone()))
    }

    fn facts(&self) -> Value {
        let started_by = self.instance.started_by.map_or(Value::Null, |user| Value::text(user.to_string()));
        let started_at = self.instance.started_at.to_jiff().to_zoned(jiff::tz::TimeZone::UTC).datetime();
        Value::object([
            ("id", Value::text(self.instance.id.to_string())),
            ("processKey", Value::text(&self.program.definition().process_id)),
            ("businessKey", self.instance.business_key.as_deref().map_or(Value::Null, Value::text)),
            ("startedBy", started_by),
            ("startedAt", Value::DateTime(started_at, Some(Zone::Offset(0)))),
        ])
    }

    /// The user task that is run: what is known of it so far.
    fn task(&self) -> Option<Value> {
        let run = self.instance.element(self.run)?;
        let element = self.program.element(run.element);
        let ElementKind::UserTask(settings) = &element.kind else { return None };
        let open = self.instance.tasks.iter().find(|t| t.key == self.run);
        let text = |text: Option<&str>| text.map_or(Value::Null, Value::text);
        let assignee = match open {
            Some(task) => text(task.assignees.first().map(String::as_str)),
            None => self.literal(settings.assignee),
        };
        Some(Value::object([
            ("id", open.map_or(Value::Null, |task| Value::text(task.id.to_string()))),
            ("name", text(element.name.as_deref())),
            ("taskDefinitionKey", text(Some(&element.id))),
            ("assignee", assignee),
            ("owner", Value::Null),
            ("description", self.literal(settings.description)),
            ("priority", self.literal(settings.priority)),
            ("dueDate", self.literal(settings.due)),
            ("followUpDate", self.literal(settings.follow_up)),
            ("formKey", text(settings.form.as_ref().and_then(form_id))),
        ]))
    }

    /// A setting that is written down as it is; an expression is not evaluated for another one.
    fn literal(&self, setting: Option<ExprId>) -> Value {
        match setting.map(|setting| self.program.definition().expression(setting)) {
            Some(Expression::Literal(value)) => value.clone(),
            _ => Value::Null,
        }
    }

    fn declared(&self, name: &str) -> Option<Value> {
        self.overlay
            .and_then(|o| o.get(name))
            .or_else(|| self.instance.variable(self.key, name))
            .or_else(|| self.instance.parameters.get(name))
            .cloned()
            .or_else(|| self.counter(name))
    }

    /// The counters of the repeated activity around it (BPMN MI-3).
    fn counter(&self, name: &str) -> Option<Value> {
        if self.instance.activities.bodies.is_empty() {
            return None;
        }
        let mut at = self.instance.element(self.key)?;
        loop {
            if let Some(body) = self.instance.activities.body(at.key) {
                return crate::repetition::counter(body, name);
            }
            if at.key == 0 {
                return None;
            }
            at = self.instance.element(at.scope)?;
        }
    }

    fn parameter(&self, name: &str) -> Option<Value> {
        if let Some(value) = self.instance.parameters.get(name) {
            return Some(value.clone());
        }
        match name {
            "TargetUser" => self.instance.started_by.map(|user| Value::text(user.to_string())),
            _ if self.program.is_bitrix() => None,
            _ => self.declared(name),
        }
    }

    fn constant(&self, name: &str) -> Option<Value> {
        self.program.definition().constants.iter().find(|c| c.key == name).map(|c| c.default.clone())
    }
}

impl expr::Scope for View<'_> {
    fn variable(&self, name: &str) -> Option<Value> {
        self.declared(name).or_else(|| match name {
            "document" => self.document(),
            "instance" => Some(self.facts()),
            "task" => self.task(),
            _ => None,
        })
    }

    fn object(&self, object: &str, field: &str) -> Option<Value> {
        match object {
            "Document" => self.env.document.as_ref()?.get(field).cloned(),
            "Template" => self.parameter(field),
            "Variable" => self.declared(field),
            "Constant" => self.constant(field),
            "Workflow" => Some(Value::text(self.instance.id.to_string())),
            "User" => self.actor.or(self.instance.started_by).map(|user| Value::text(user.to_string())),
            "System" if field == "HostUrl" => Some(Value::text(&self.env.server.host_url)),
            "System" | "GlobalVar" | "GlobalConst" => None,
            node => self.declared(node)?.get(field).cloned(),
        }
    }

    fn all(&self) -> Object {
        let mut all = Object::new();
        all.extend(self.document().map(|document| (Arc::from("document"), document)));
        all.insert(Arc::from("instance"), self.facts());
        let parameters = self.instance.parameters.iter().map(|(k, v)| (k.clone(), v.clone()));
        all.extend(parameters);
        all.extend(self.instance.visible_variables(self.key));
        all.extend(self.overlay.into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())));
        all
    }
}

fn form_id(form: &Form) -> Option<&str> {
    match form {
        Form::Id(id) => Some(id),
        Form::Embedded(_) => None,
    }
}

/// A scope of nothing but these variables.
pub(crate) struct Alone<'v>(pub(crate) &'v Object);

impl expr::Scope for Alone<'_> {
    fn variable(&self, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }

    fn all(&self) -> Object {
        self.0.clone()
    }
}
