//! Process definitions as text: one element or flow a line, settings indented below.
//!
//! `start|task|manual|script|service|user|exclusive|parallel|timer|throw|end|terminate|error|sub ID …`,
//! `boundary ID on HOST timer VALUE [non]`, `boundary ID on HOST error [CODE]`, `}` closes a `sub ID {`,
//! `flow A -> B [default] [if CONDITION]`, `variable NAME JSON`, `parameter NAME JSON`, `bitrix`.
//! Events and gateways: see [`super::events`].
//! A setting is `name: text` or `name = expression`; `input X = e`, `output X = e`, `setting NAME: JSON`.

use model::definition::*;
use model::{Object, Value};
use std::sync::Arc;

pub struct Builder {
    pub definition: ProcessDefinition,
    pub(super) scopes: Vec<ElementIdx>,
    pub(super) last: ElementIdx,
}

pub fn parse(text: &str) -> ProcessDefinition {
    let mut builder = Builder::new();
    for (number, line) in text.lines().enumerate() {
        let code = line.split(" #").next().unwrap_or("");
        if code.trim().is_empty() || code.starts_with('#') {
            continue;
        }
        if builder.line(code).is_none() {
            panic!("line {}: can not read `{line}`", number + 1);
        }
    }
    builder.finish()
}

impl Builder {
    pub fn new() -> Self {
        let definition = ProcessDefinition::new("p", "p", Origin::Bpmn);
        Self { definition, scopes: vec![ROOT], last: ROOT }
    }

    pub fn element(&mut self, id: &str, kind: ElementKind) -> ElementIdx {
        let parent = *self.scopes.last().unwrap();
        let idx = ElementIdx(self.definition.elements.len() as u32);
        if let ElementKind::StartEvent(event) = &kind
            && let ElementKind::Scope(scope) = &mut self.definition.elements[parent.0 as usize].kind
        {
            if event.triggers.is_empty() {
                scope.starts.push(idx);
            } else if !scope.triggered.contains(&idx) {
                scope.triggered.push(idx);
            }
        }
        self.definition.elements.push(Element::new(id, parent, kind));
        self.last = idx;
        idx
    }

    pub fn open_scope(&mut self, id: &str) -> ElementIdx {
        let idx = self.element(id, ElementKind::sub_process());
        self.scopes.push(idx);
        idx
    }

    pub fn close_scope(&mut self) {
        self.scopes.pop();
    }

    pub fn flow(&mut self, from: ElementIdx, to: ElementIdx, condition: Option<ExprId>) -> FlowIdx {
        let idx = FlowIdx(self.definition.flows.len() as u32);
        let id = format!("{}>{}", self.definition.element(from).id, self.definition.element(to).id);
        let same = self.definition.flows.iter().filter(|f| f.id.starts_with(&id)).count();
        let id = if same == 0 { id } else { format!("{id}#{}", same + 1) };
        let id = Arc::from(id.as_str());
        self.definition.flows.push(SequenceFlow { id, name: None, source: from, target: to, condition, link: false });
        self.definition.elements[from.0 as usize].outgoing.push(idx);
        self.definition.elements[to.0 as usize].incoming.push(idx);
        idx
    }

    pub fn boundary(&mut self, id: &str, host: ElementIdx, interrupting: bool, trigger: Trigger) -> ElementIdx {
        let event = BoundaryEvent::of(host, interrupting, trigger);
        let idx = self.element(id, ElementKind::BoundaryEvent(event));
        self.definition.elements[host.0 as usize].boundaries.push(idx);
        idx
    }

    pub fn set_default(&mut self, flow: FlowIdx) {
        let source = self.definition.flow(flow).source;
        self.definition.elements[source.0 as usize].default_flow = Some(flow);
    }

    pub fn literal(&mut self, value: impl Into<Value>) -> ExprId {
        self.definition.expressions.push(Expression::Literal(value.into()));
        ExprId(self.definition.expressions.len() as u32 - 1)
    }

    pub fn source(&mut self, language: Language, text: &str, role: &str) -> ExprId {
        let (text, role, element) = (Arc::from(text), Arc::from(role), self.last);
        self.definition.expressions.push(Expression::Source { language, text, element, role });
        ExprId(self.definition.expressions.len() as u32 - 1)
    }

    pub fn finish(mut self) -> ProcessDefinition {
        self.set_implicit_starts();
        self.definition
    }

    fn line(&mut self, line: &str) -> Option<()> {
        if line.starts_with("    ") {
            return self.setting(line.trim());
        }
        let line = line.trim();
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim();
        match word {
            "}" => self.close_scope(),
            "processListener" | "processObject" => self.process_word(word, rest)?,
            "transaction" | "adhoc" | "undo" => self.activity_scope(word, rest)?,
            "sub" => drop(self.open_scope(rest.strip_suffix('{')?.trim())),
            "flow" => self.flow_line(rest)?,
            "boundary" => self.boundary_line(rest)?,
            "bitrix" => self.definition.origin = Origin::Bpt,
            "variable" | "parameter" | "constant" => {
                let (key, default) = rest.split_once(' ').unwrap_or((rest, "null"));
                let default = Value::from_json(&serde_json::from_str(default).ok()?);
                let declared = VariableDecl { key: key.to_owned(), default, ..VariableDecl::default() };
                match word {
                    "variable" => self.definition.variables.push(declared),
                    "parameter" => self.definition.parameters.push(declared),
                    _ => self.definition.constants.push(declared),
                }
            }
            _ => self.element_line(word, rest)?,
        }
        Some(())
    }

    fn element_line(&mut self, word: &str, rest: &str) -> Option<()> {
        let line = rest;
        let (id, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        if matches!(word, "start" | "throw" | "end") && !rest.is_empty() {
            return self.event_line(word, line);
        }
        let kind = match word {
            "start" => ElementKind::start(),
            "task" => ElementKind::Task,
            "manual" => ElementKind::ManualTask,
            "throw" => ElementKind::throw_none(),
            "exclusive" => ElementKind::ExclusiveGateway,
            "parallel" => ElementKind::ParallelGateway,
            "end" => ElementKind::end(),
            "terminate" => ElementKind::EndEvent(ThrowEvent::of(Throw::Terminate(TerminateReach::Scope))),
            "error" => {
                let code = self.literal(rest);
                ElementKind::EndEvent(ThrowEvent::of(Throw::Error { code, message: None }))
            }
            "timer" => {
                let timer = self.timer(rest);
                ElementKind::CatchEvent(CatchEvent::of(Trigger::Timer(timer)))
            }
            "user" => ElementKind::UserTask(Box::default()),
            "service" => {
                let job_type = self.literal(id);
                ElementKind::ServiceTask(Box::new(ServiceTask::new(job_type)))
            }
            "script" => {
                let script = self.literal(Value::Null);
                ElementKind::ScriptTask(ScriptTask { script, result_variable: None })
            }
            _ => match self.activity_kind(word, id, rest) {
                Some(kind) => kind,
                None => return self.event_line(word, line),
            },
        };
        self.element(id, kind);
        Some(())
    }

    pub fn timer(&mut self, text: &str) -> Timer {
        let kind = match text.trim_start_matches(['=', ' ', '-']).chars().next() {
            Some('P') => TimerKind::Duration,
            Some('R') => TimerKind::Cycle,
            _ if text.starts_with('=') => TimerKind::Duration,
            _ if text.contains(' ') => TimerKind::Cycle,
            _ => TimerKind::Date,
        };
        let value = self.text_or_expression(text, "timer");
        Timer::new(kind, value)
    }

    pub(super) fn text_or_expression(&mut self, text: &str, role: &str) -> ExprId {
        match text.strip_prefix('=') {
            Some(feel) => self.source(Language::Feel, feel.trim(), role),
            None => self.literal(text.trim()),
        }
    }

    fn boundary_line(&mut self, rest: &str) -> Option<()> {
        let (rest, non) = match rest.strip_suffix(" non") {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let mut words = rest.splitn(4, ' ');
        let (id, _on, host) = (words.next()?, words.next()?, words.next()?);
        let host = self.definition.find(host)?;
        let trigger = self.trigger(words.next()?)?;
        let interrupting = !non;
        self.boundary(id, host, interrupting, trigger);
        Some(())
    }

    fn flow_line(&mut self, rest: &str) -> Option<()> {
        let (path, condition) = match rest.split_once(" if ") {
            Some((path, condition)) => (path, Some(condition)),
            None => (rest, None),
        };
        let (path, link) = match path.strip_suffix(" link") {
            Some(path) => (path, true),
            None => (path, false),
        };
        let (path, default) = match path.strip_suffix(" default") {
            Some(path) => (path, true),
            None => (path, false),
        };
        let ids: Vec<&str> = path.split("->").map(str::trim).collect();
        let condition = condition.map(|c| match c.trim() {
            "true" => self.literal(true),
            "false" => self.literal(false),
            feel => self.source(Language::Feel, feel, "condition"),
        });
        for pair in ids.windows(2) {
            let (from, to) = (self.definition.find(pair[0])?, self.definition.find(pair[1])?);
            let flow = self.flow(from, to, condition);
            self.definition.flows[flow.0 as usize].link = link;
            if default {
                self.set_default(flow);
            }
        }
        Some(())
    }

    fn setting(&mut self, line: &str) -> Option<()> {
        if let ElementKind::StartEvent(_)
        | ElementKind::CatchEvent(_)
        | ElementKind::BoundaryEvent(_)
        | ElementKind::EndEvent(_)
        | ElementKind::ThrowEvent(_)
        | ElementKind::ReceiveTask(_)
        | ElementKind::SendTask(_) = &self.definition.elements[self.last.0 as usize].kind
            && self.event_setting(line).is_some()
        {
            return Some(());
        }
        if self.activity_setting(line).is_some() {
            return Some(());
        }
        for (prefix, is_input) in [("input ", true), ("output ", false)] {
            if let Some(mapping) = line.strip_prefix(prefix) {
                let (target, source) = mapping.split_once(" = ")?;
                let source = self.source(Language::Feel, source, mapping);
                let mapping = Mapping { target: target.to_owned(), source };
                let element = &mut self.definition.elements[self.last.0 as usize];
                if is_input {
                    element.inputs.push(mapping)
                } else {
                    element.outputs.push(mapping)
                }
                return Some(());
            }
        }
        let (name, text) = line.split_once([':', '=']).map(|(n, t)| (n.trim(), t.trim()))?;
        let is_source = line[name.len()..].trim_start().starts_with('=');
        let expression = if is_source {
            let language = match name {
                "js" => Language::JavaScript,
                "bitrix" => Language::Bitrix,
                _ => Language::Feel,
            };
            self.source(language, text, name)
        } else {
            self.literal(text)
        };
        let name_setting = name.strip_prefix("setting ");
        match &mut self.definition.elements[self.last.0 as usize].kind {
            ElementKind::ScriptTask(task) => match name {
                "script" | "js" | "bitrix" => task.script = expression,
                "result" => task.result_variable = Some(text.to_owned()),
                _ => return None,
            },
            ElementKind::ServiceTask(task) => match name {
                "type" => task.job_type = expression,
                "retries" => task.retries = Some(expression),
                "result" => task.result_variable = Some(text.to_owned()),
                "resultExpression" => task.result_expression = Some(expression),
                _ => return None,
            },
            ElementKind::UserTask(task) => match name {
                "assignee" => task.assignee = Some(expression),
                "candidateUsers" => task.candidate_users = Some(expression),
                "candidateGroups" => task.candidate_groups = Some(expression),
                "title" => task.title = Some(expression),
                "due" => task.due = Some(expression),
                "priority" => task.priority = Some(expression),
                "outcome" => task.outcome_variable = Some(text.to_owned()),
                "kind" => {
                    task.kind = match text {
                        "approve" => TaskKind::Approve,
                        "review" => TaskKind::Review,
                        "refuse" => TaskKind::FormOrRefuse,
                        _ => TaskKind::Form,
                    }
                }
                _ => {
                    let value = serde_json::from_str(text).map_or(Value::text(text), |json| Value::from_json(&json));
                    task.settings.insert(Arc::from(name_setting?), value);
                }
            },
            _ => return None,
        }
        Some(())
    }
}

/// A context from JSON text.
pub fn context(json: &str) -> Object {
    match Value::from_json(&serde_json::from_str(json).unwrap_or_else(|e| panic!("`{json}`: {e}"))) {
        Value::Object(object) => Arc::unwrap_or_clone(object),
        other => panic!("`{json}` is a {}", other.type_name()),
    }
}
