//! Writing a definition as BPMN XML: how a Bitrix template is shown.
//!
//! Invariant: every element and flow of the definition stands in the text under its own id.
//! Never: writes over a model that people drew; what is imported as BPMN keeps its own text.

use super::declarations;
use super::dom::{BPMNDI, DC, DI, MODEL, RUSLO, ZEEBE};
use crate::xml::escape;
use model::Value;
use model::definition::{
    Element, ElementIdx, ElementKind, ExprId, Expression, Form, Language, MultiInstance, Origin, ProcessDefinition,
    ROOT, Repetition, SequenceFlow, ServiceTask, TaskKind, TerminateReach, Throw, Timer, TimerKind, Trigger, UserTask,
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
    let origin = if def.origin == Origin::Bpt { " ruslo:origin=\"bpt\"" } else { "" };
    let name = escape(&def.name);
    let _ = writeln!(body, "  <bpmn:process id=\"{process}\" name=\"{name}\" isExecutable=\"true\"{origin}>");
    process_extensions(def, &mut body);
    scope(&Tree::new(def), ROOT, 2, &mut body, &mut errors);
    body.push_str("  </bpmn:process>\n");
    for (id, code) in errors {
        let _ = writeln!(out, "  <bpmn:error id=\"{id}\" errorCode=\"{}\" />", escape(&code));
    }
    out.push_str(&body);
    out.push_str("</bpmn:definitions>\n");
    out
}

/// Declarations and forms of tasks stand in the process.
fn process_extensions(def: &ProcessDefinition, out: &mut String) {
    let mut body = String::new();
    for declaration in declarations::write(def) {
        let _ = writeln!(body, "      {declaration}");
    }
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

/// A definition with what stands in each scope.
struct Tree<'w> {
    def: &'w ProcessDefinition,
    elements: Vec<Vec<ElementIdx>>,
    flows: Vec<Vec<&'w SequenceFlow>>,
}

impl<'w> Tree<'w> {
    fn new(def: &'w ProcessDefinition) -> Self {
        let mut elements = vec![Vec::new(); def.elements.len()];
        let mut flows = vec![Vec::new(); def.elements.len()];
        for idx in (1..def.elements.len() as u32).map(ElementIdx) {
            elements[def.element(idx).parent.0 as usize].push(idx);
        }
        for flow in &def.flows {
            flows[def.element(flow.source).parent.0 as usize].push(flow);
        }
        Self { def, elements, flows }
    }
}

/// Sub-processes nest no deeper than what the definition was read from.
fn scope(tree: &Tree, parent: ElementIdx, depth: usize, out: &mut String, errors: &mut Vec<(String, String)>) {
    let def = tree.def;
    for idx in &tree.elements[parent.0 as usize] {
        Writer { tree, def, out, errors, depth }.element(*idx);
    }
    for flow in &tree.flows[parent.0 as usize] {
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

/// A constant: text as it is, unless it would be read as an expression; everything else as FEEL.
fn literal(value: &Value) -> String {
    match value {
        Value::String(text) if !text.trim_start().starts_with('=') && !text.contains("{=") => text.to_string(),
        other => format!("={}", other.to_json()),
    }
}

fn headers(pairs: &[(&str, String)], lines: &mut Vec<String>) {
    if pairs.is_empty() {
        return;
    }
    lines.push("<zeebe:taskHeaders>".to_owned());
    for (key, value) in pairs {
        lines.push(format!("  <zeebe:header key=\"{}\" value=\"{value}\" />", escape(key)));
    }
    lines.push("</zeebe:taskHeaders>".to_owned());
}

struct Writer<'w> {
    tree: &'w Tree<'w>,
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
            Expression::Literal(value) => escape(&literal(value)),
            Expression::Source { language: Language::Feel, text, .. } => escape(&format!("={text}")),
            Expression::Source { text, .. } => escape(text),
        }
    }

    /// An attribute and the language of its text where that is not FEEL.
    fn attribute(&self, name: &str, id: ExprId) -> String {
        format!(" {name}=\"{}\"{}", self.value(id), self.language("ruslo:language", id))
    }

    fn language(&self, name: &str, id: ExprId) -> String {
        let language = match self.def.expression(id) {
            Expression::Literal(_) | Expression::Source { language: Language::Feel, .. } => return String::new(),
            Expression::Source { language: Language::Bitrix, .. } => "bitrix",
            Expression::Source { language: Language::BitrixCondition, .. } => "bitrix-condition",
            Expression::Source { language: Language::JavaScript, .. } => "javascript",
        };
        format!(" {name}=\"{language}\"")
    }

    fn element(&mut self, idx: ElementIdx) {
        let element = self.def.element(idx);
        let (tag, mut attributes) = tag(self.def, element);
        if let ElementKind::UserTask(task) = &element.kind {
            let texts = [("ruslo:title", task.title), ("ruslo:description", task.description)];
            let mut language = String::new();
            for (name, id) in texts.into_iter().filter_map(|(name, id)| Some((name, id?))) {
                let _ = write!(attributes, " {name}=\"{}\"", self.value(id));
                language = Some(self.language("ruslo:language", id)).filter(|l| !l.is_empty()).unwrap_or(language);
            }
            attributes += &language;
        }
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
                    let (source, target) = (self.attribute("source", mapping.source), escape(&mapping.target));
                    lines.push(format!("  <zeebe:{tag}{source} target=\"{target}\" />"));
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
        let retries = task.retries.map(|r| self.attribute("retries", r)).unwrap_or_default();
        lines.push(format!("<zeebe:taskDefinition{}{retries} />", self.attribute("type", task.job_type)));
        let mut pairs: Vec<(&str, String)> = task.headers.iter().map(|(k, v)| (k.as_str(), escape(v))).collect();
        pairs.extend(task.result_variable.iter().map(|v| ("resultVariable", escape(v))));
        pairs.extend(task.result_expression.map(|e| ("resultExpression", self.value(e))));
        headers(&pairs, lines);
    }

    fn user_task(&self, element: &Element, task: &UserTask, lines: &mut Vec<String>) {
        lines.push("<zeebe:userTask />".to_owned());
        let people = [
            ("assignee", task.assignee),
            ("candidateUsers", task.candidate_users),
            ("candidateGroups", task.candidate_groups),
        ];
        for (name, value) in people {
            if let Some(value) = value {
                lines.push(format!("<zeebe:assignmentDefinition{} />", self.attribute(name, value)));
            }
        }
        if let Some(due) = task.due {
            lines.push(format!("<zeebe:taskSchedule{} />", self.attribute("dueDate", due)));
        }
        if let Some(priority) = task.priority {
            lines.push(format!("<zeebe:priorityDefinition{} />", self.attribute("priority", priority)));
        }
        match &task.form {
            Some(Form::Embedded(_)) => {
                let id = escape(&element.id);
                lines.push(format!("<zeebe:formDefinition formKey=\"camunda-forms:bpmn:form_{id}\" />"));
            }
            Some(Form::Id(id)) => lines.push(format!("<zeebe:formDefinition formId=\"{}\" />", escape(id))),
            None => {}
        }
        let pairs: Vec<(&str, String)> = task.settings.iter().map(|(k, v)| (&**k, escape(&v.to_text()))).collect();
        headers(&pairs, lines);
    }

    fn content(&mut self, idx: ElementIdx, element: &Element) {
        match &element.kind {
            ElementKind::Scope(_) => {
                if let Some(Repetition::MultiInstance(multi)) = element.repetition() {
                    self.multi_instance(multi);
                }
                scope(self.tree, idx, self.depth + 1, self.out, self.errors);
            }
            ElementKind::CatchEvent(event) => event.triggers.iter().for_each(|trigger| self.trigger(trigger)),
            ElementKind::BoundaryEvent(event) => event.triggers.iter().for_each(|trigger| self.trigger(trigger)),
            ElementKind::EndEvent(event) => {
                for result in &event.results {
                    match result {
                        Throw::Terminate(TerminateReach::All) => {
                            self.line(1, "<bpmn:terminateEventDefinition ruslo:terminate=\"all\" />");
                        }
                        Throw::Terminate(_) => self.line(1, "<bpmn:terminateEventDefinition />"),
                        Throw::Error { code, .. } => {
                            let code = self.value(*code);
                            self.error(Some(code));
                        }
                        // Templates throw nothing else.
                        _ => {}
                    }
                }
            }
            ElementKind::ScriptTask(script) => {
                let text = self.value(script.script);
                self.line(1, &format!("<bpmn:script>{text}</bpmn:script>"));
            }
            _ => {}
        }
    }

    /// Templates repeat over collections only.
    fn multi_instance(&mut self, multi: &MultiInstance) {
        let collection = multi.collection.map(|c| self.attribute("inputCollection", c)).unwrap_or_default();
        let item = multi.item.as_ref().map(|i| format!(" inputElement=\"{}\"", escape(i))).unwrap_or_default();
        let sequential = multi.sequential;
        self.line(1, &format!("<bpmn:multiInstanceLoopCharacteristics isSequential=\"{sequential}\">"));
        self.line(2, "<bpmn:extensionElements>");
        self.line(3, &format!("<zeebe:loopCharacteristics{collection}{item} />"));
        self.line(2, "</bpmn:extensionElements>");
        self.line(1, "</bpmn:multiInstanceLoopCharacteristics>");
    }

    /// Templates wait for times and errors only.
    fn trigger(&mut self, trigger: &Trigger) {
        match trigger {
            Trigger::Timer(timer) => self.timer(timer),
            Trigger::Error(error) => self.error(error.code.clone()),
            _ => {}
        }
    }

    fn timer(&mut self, timer: &Timer) {
        let language = self.language("language", timer.value);
        let tag = match timer.kind {
            TimerKind::Date => "timeDate",
            TimerKind::Duration => "timeDuration",
            TimerKind::Cycle => "timeCycle",
        };
        let value = self.value(timer.value);
        self.line(1, "<bpmn:timerEventDefinition>");
        self.line(2, &format!("<bpmn:{tag} xsi:type=\"bpmn:tFormalExpression\"{language}>{value}</bpmn:{tag}>"));
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
        ElementKind::ThrowEvent(_) => plain("intermediateThrowEvent"),
        ElementKind::BoundaryEvent(event) => {
            let host = escape(&def.element(event.attached_to).id);
            let cancel = if event.interrupting { "" } else { " cancelActivity=\"false\"" };
            ("boundaryEvent", format!(" attachedToRef=\"{host}\"{cancel}"))
        }
        ElementKind::Task => plain("task"),
        ElementKind::Unsupported { construct, .. } => ("task", format!(" ruslo:unsupported=\"{}\"", escape(construct))),
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
        ElementKind::InclusiveGateway => plain("inclusiveGateway"),
        ElementKind::ComplexGateway(_) => plain("complexGateway"),
        ElementKind::EventBasedGateway(_) => plain("eventBasedGateway"),
        ElementKind::SendTask(_) => plain("sendTask"),
        ElementKind::ReceiveTask(_) => plain("receiveTask"),
        ElementKind::BusinessRuleTask(_) => plain("businessRuleTask"),
        ElementKind::CallActivity(_) => plain("callActivity"),
    }
}
