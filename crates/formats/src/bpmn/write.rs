//! Writing a definition as BPMN XML: how a Bitrix template is shown.
//!
//! Invariant: every element and flow of the definition stands in the text under its own id.
//! Never: writes over a model that people drew; what is imported as BPMN keeps its own text.

use super::dom::{BPMNDI, DC, DI, MODEL, RUSLO, ZEEBE};
use crate::xml::escape;
use model::definition::{
    BoundaryTrigger, CatchEvent, Element, ElementIdx, ElementKind, EndEvent, ExprId, Expression, Form, Language,
    ProcessDefinition, ROOT, ServiceTask, TaskKind, Timer, TimerKind, UserTask,
};
use std::fmt::Write;

/// The definition as BPMN XML with a shape for everything.
pub(crate) fn view(def: &ProcessDefinition) -> String {
    let source = text(def);
    super::export(&source)
}

/// The definition as BPMN XML without shapes.
fn text(def: &ProcessDefinition) -> String {
    let mut out = String::new();
    let process = escape(&def.process_id);
    let _ = write!(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<bpmn:definitions xmlns:bpmn=\"{MODEL}\" xmlns:bpmndi=\"{BPMNDI}\" \
         xmlns:dc=\"{DC}\" xmlns:di=\"{DI}\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xmlns:zeebe=\"{ZEEBE}\" xmlns:ruslo=\"{RUSLO}\" id=\"Definitions_{process}\" \
         targetNamespace=\"http://bpmn.io/schema/bpmn\" exporter=\"Ruslo\">\n"
    );
    let mut errors = Vec::new();
    let mut body = String::new();
    let _ = writeln!(body, "  <bpmn:process id=\"{process}\" name=\"{}\" isExecutable=\"true\">", escape(&def.name));
    forms(def, &mut body);
    scope(def, ROOT, 2, &mut body, &mut errors);
    body.push_str("  </bpmn:process>\n");
    for (id, code) in errors {
        let _ = writeln!(out, "  <bpmn:error id=\"{id}\" errorCode=\"{}\" />", escape(&code));
    }
    out.push_str(&body);
    out.push_str("</bpmn:definitions>\n");
    out
}

/// Forms of tasks stand in the process.
fn forms(def: &ProcessDefinition, out: &mut String) {
    let mut body = String::new();
    for element in &def.elements {
        if let ElementKind::UserTask(task) = &element.kind
            && let Some(Form::Embedded(schema)) = &task.form
        {
            let (id, json) = (escape(&element.id), escape(&schema.to_string()));
            let _ = writeln!(body, "      <zeebe:userTaskForm id=\"form_{id}\">{json}</zeebe:userTaskForm>");
        }
    }
    if !body.is_empty() {
        let _ = write!(out, "    <bpmn:extensionElements>\n{body}    </bpmn:extensionElements>\n");
    }
}

/// Sub-processes nest no deeper than what the definition was read from.
fn scope(
    def: &ProcessDefinition,
    parent: ElementIdx,
    depth: usize,
    out: &mut String,
    errors: &mut Vec<(String, String)>,
) {
    let inside = |idx: ElementIdx| idx != ROOT && def.element(idx).parent == parent;
    for idx in (1..def.elements.len() as u32).map(ElementIdx).filter(|i| inside(*i)) {
        Writer { def, out, errors, depth }.element(idx);
    }
    for flow in def.flows.iter().filter(|f| inside(f.source)) {
        let pad = "  ".repeat(depth);
        let (id, from, to) = (escape(&flow.id), &def.element(flow.source).id, &def.element(flow.target).id);
        let name = flow.name.as_ref().map(|n| format!(" name=\"{}\"", escape(n))).unwrap_or_default();
        let (from, to) = (escape(from), escape(to));
        let _ = write!(out, "{pad}<bpmn:sequenceFlow id=\"{id}\"{name} sourceRef=\"{from}\" targetRef=\"{to}\"");
        match flow.condition {
            None => out.push_str(" />\n"),
            Some(condition) => {
                let (language, text) = formal(def.expression(condition));
                let _ = write!(
                    out,
                    ">\n{pad}  <bpmn:conditionExpression xsi:type=\"bpmn:tFormalExpression\"{language}>{}\
                     </bpmn:conditionExpression>\n{pad}</bpmn:sequenceFlow>\n",
                    escape(&text)
                );
            }
        }
    }
}

/// The language attribute and the text of an expression that is an element's content.
fn formal(expression: &Expression) -> (&'static str, String) {
    match expression {
        Expression::Literal(value) => ("", value.to_text()),
        Expression::Source { language, text, .. } => match language {
            Language::Feel => ("", format!("={text}")),
            Language::JavaScript => (" language=\"javascript\"", text.to_string()),
            Language::Bitrix => (" language=\"bitrix\"", text.to_string()),
            Language::BitrixCondition => (" language=\"bitrix-condition\"", text.to_string()),
        },
    }
}

struct Writer<'w> {
    def: &'w ProcessDefinition,
    out: &'w mut String,
    errors: &'w mut Vec<(String, String)>,
    depth: usize,
}

impl Writer<'_> {
    fn line(&mut self, extra: usize, text: &str) {
        let pad = "  ".repeat(self.depth + extra);
        let _ = writeln!(self.out, "{pad}{text}");
    }

    /// The text of an expression as zeebe writes it.
    fn value(&self, id: ExprId) -> String {
        match self.def.expression(id) {
            Expression::Literal(value) => escape(&value.to_text()),
            Expression::Source { language: Language::Feel, text, .. } => escape(&format!("={text}")),
            Expression::Source { text, .. } => escape(text),
        }
    }

    fn element(&mut self, idx: ElementIdx) {
        let element = self.def.element(idx);
        let (tag, attributes) = tag(self.def, element);
        let id = escape(&element.id);
        let name = element.name.as_ref().map(|n| format!(" name=\"{}\"", escape(n))).unwrap_or_default();
        let default = element.default_flow.map(|f| format!(" default=\"{}\"", escape(&self.def.flow(f).id)));
        let default = default.unwrap_or_default();
        self.line(0, &format!("<bpmn:{tag} id=\"{id}\"{name}{default}{attributes}>"));
        self.extensions(element);
        for flow in &element.incoming {
            let id = escape(&self.def.flow(*flow).id);
            self.line(1, &format!("<bpmn:incoming>{id}</bpmn:incoming>"));
        }
        for flow in &element.outgoing {
            let id = escape(&self.def.flow(*flow).id);
            self.line(1, &format!("<bpmn:outgoing>{id}</bpmn:outgoing>"));
        }
        self.content(idx, element);
        self.line(0, &format!("</bpmn:{tag}>"));
    }

    fn extensions(&mut self, element: &Element) {
        let mut lines = Vec::new();
        match &element.kind {
            ElementKind::ServiceTask(task) => self.service(task, &mut lines),
            ElementKind::UserTask(task) => self.user_task(element, task, &mut lines),
            _ => {}
        }
        if !(element.inputs.is_empty() && element.outputs.is_empty()) {
            lines.push("<zeebe:ioMapping>".to_owned());
            for (tag, mappings) in [("input", &element.inputs), ("output", &element.outputs)] {
                for mapping in mappings {
                    let (source, target) = (self.value(mapping.source), escape(&mapping.target));
                    lines.push(format!("  <zeebe:{tag} source=\"{source}\" target=\"{target}\" />"));
                }
            }
            lines.push("</zeebe:ioMapping>".to_owned());
        }
        if lines.is_empty() {
            return;
        }
        self.line(1, "<bpmn:extensionElements>");
        for line in lines {
            self.line(2, &line);
        }
        self.line(1, "</bpmn:extensionElements>");
    }

    fn service(&self, task: &ServiceTask, lines: &mut Vec<String>) {
        lines.push(format!("<zeebe:taskDefinition type=\"{}\" />", self.value(task.job_type)));
        let result = task.result_variable.iter().map(|v| ("resultVariable", v.as_str()));
        let headers = task.headers.iter().map(|(k, v)| (k.as_str(), v.as_str())).chain(result);
        let headers: Vec<_> =
            headers.map(|(k, v)| format!("  <zeebe:header key=\"{}\" value=\"{}\" />", escape(k), escape(v))).collect();
        if !headers.is_empty() {
            lines.push("<zeebe:taskHeaders>".to_owned());
            lines.extend(headers);
            lines.push("</zeebe:taskHeaders>".to_owned());
        }
    }

    fn user_task(&self, element: &Element, task: &UserTask, lines: &mut Vec<String>) {
        lines.push("<zeebe:userTask />".to_owned());
        if let Some(assignee) = task.assignee {
            lines.push(format!("<zeebe:assignmentDefinition assignee=\"{}\" />", self.value(assignee)));
        }
        if task.form.is_some() {
            let id = escape(&element.id);
            lines.push(format!("<zeebe:formDefinition formKey=\"camunda-forms:bpmn:form_{id}\" />"));
        }
    }

    fn content(&mut self, idx: ElementIdx, element: &Element) {
        match &element.kind {
            ElementKind::Scope(_) => scope(self.def, idx, self.depth + 1, self.out, self.errors),
            ElementKind::CatchEvent(CatchEvent::Timer(timer)) => self.timer(timer),
            ElementKind::BoundaryEvent(event) => match &event.trigger {
                BoundaryTrigger::Timer(timer) => self.timer(timer),
                BoundaryTrigger::Error { code } => self.error(code.clone()),
            },
            ElementKind::EndEvent(EndEvent::Terminate) => self.line(1, "<bpmn:terminateEventDefinition />"),
            ElementKind::EndEvent(EndEvent::Error { code, .. }) => self.error(Some(code.clone())),
            ElementKind::ScriptTask(script) => {
                let text = self.value(script.script);
                self.line(1, &format!("<bpmn:script>{text}</bpmn:script>"));
            }
            ElementKind::Unsupported { construct, .. } => {
                let text = escape(construct);
                self.line(1, &format!("<bpmn:documentation>{text}</bpmn:documentation>"));
            }
            _ => {}
        }
    }

    fn timer(&mut self, timer: &Timer) {
        let tag = match timer.kind {
            TimerKind::Date => "timeDate",
            TimerKind::Duration => "timeDuration",
            TimerKind::Cycle => "timeCycle",
        };
        let value = self.value(timer.value);
        self.line(1, "<bpmn:timerEventDefinition>");
        self.line(2, &format!("<bpmn:{tag} xsi:type=\"bpmn:tFormalExpression\">{value}</bpmn:{tag}>"));
        self.line(1, "</bpmn:timerEventDefinition>");
    }

    fn error(&mut self, code: Option<String>) {
        match code {
            Some(code) => {
                let id = format!("Error_{}", self.errors.len());
                self.line(1, &format!("<bpmn:errorEventDefinition errorRef=\"{id}\" />"));
                self.errors.push((id, code));
            }
            None => self.line(1, "<bpmn:errorEventDefinition />"),
        }
    }
}

/// The BPMN tag of an element and the attributes its kind brings.
fn tag(def: &ProcessDefinition, element: &Element) -> (&'static str, String) {
    let plain = |tag| (tag, String::new());
    match &element.kind {
        ElementKind::Scope(_) => plain("subProcess"),
        ElementKind::StartEvent(_) => plain("startEvent"),
        ElementKind::EndEvent(_) => plain("endEvent"),
        ElementKind::CatchEvent(_) => plain("intermediateCatchEvent"),
        ElementKind::ThrowNone => plain("intermediateThrowEvent"),
        ElementKind::BoundaryEvent(event) => {
            let host = escape(&def.element(event.attached_to).id);
            let cancel = if event.interrupting { "" } else { " cancelActivity=\"false\"" };
            ("boundaryEvent", format!(" attachedToRef=\"{host}\"{cancel}"))
        }
        ElementKind::Task | ElementKind::Unsupported { .. } => plain("task"),
        ElementKind::ManualTask => plain("manualTask"),
        ElementKind::UserTask(task) => {
            let kind = match task.kind {
                TaskKind::Form => "form",
                TaskKind::Approve => "approve",
                TaskKind::Review => "review",
                TaskKind::FormOrRefuse => "formOrRefuse",
            };
            let outcome = task.outcome_variable.as_ref();
            let outcome = outcome.map(|v| format!(" ruslo:outcomeVariable=\"{}\"", escape(v))).unwrap_or_default();
            ("userTask", format!(" ruslo:taskKind=\"{kind}\"{outcome}"))
        }
        ElementKind::ServiceTask(_) => plain("serviceTask"),
        ElementKind::ScriptTask(_) => ("scriptTask", " scriptFormat=\"javascript\"".to_owned()),
        ElementKind::ExclusiveGateway => plain("exclusiveGateway"),
        ElementKind::ParallelGateway => plain("parallelGateway"),
    }
}
