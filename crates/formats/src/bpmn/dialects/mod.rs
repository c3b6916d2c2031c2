//! Models drawn for Camunda 7, Flowable and Activiti (contract 3.2-3.4): read as if they were drawn natively.
//!
//! Owns: the translation of their attributes, extensions and JUEL into `zeebe:*` and `ruslo:*` in a copy of the text,
//! which is then compiled like any other. Invariant: the stored text is not touched (BPMN RT-4); what stands natively
//! on an element wins, and a contradiction is said (LN-27); what has no meaning here is named.
//! Never: compiles.

mod calls;
mod edits;
mod events;
mod forms;
mod io;
mod jobs;
mod people;
mod values;

use super::dom::{ACTIVITI, CAMUNDA, FLOWABLE, File, MODEL, ZEEBE, extensions};
use crate::finding::{Text, finding};
use crate::text::Shifts;
use edits::{Edits, Native};
use model::{Diagnostic, Severity};
use roxmltree::Node;

/// The dialects, the stronger first.
const VENDORS: [&str; 3] = [CAMUNDA, FLOWABLE, ACTIVITI];

/// Names that are understood; the others are kept without effect.
const UNDERSTOOD: &[&str] = &[
    "assignee",
    "async",
    "asyncAfter",
    "asyncBefore",
    "asyncLeave",
    "autoStoreVariables",
    "businessCalendarName",
    "businessKey",
    "calledElementBinding",
    "calledElementType",
    "calledElementVersion",
    "calledElementVersionTag",
    "candidateGroups",
    "candidateUsers",
    "class",
    "collection",
    "completeAsync",
    "connector",
    "decisionRef",
    "decisionRefBinding",
    "decisionRefVersion",
    "decisionRefVersionTag",
    "delegateExpression",
    "dueDate",
    "elementIndexVariable",
    "elementVariable",
    "endDate",
    "errorCodeVariable",
    "errorMessageVariable",
    "errorMessage",
    "escalationCodeVariable",
    "eventType",
    "exclusive",
    "executionListener",
    "expression",
    "failedJobRetryTimeCycle",
    "field",
    "followUpDate",
    "formData",
    "formKey",
    "formProperty",
    "formRef",
    "formRefBinding",
    "formRefVersion",
    "in",
    "inheritBusinessKey",
    "inheritVariables",
    "initiator",
    "inputOutput",
    "isStartableInTasklist",
    "jobPriority",
    "mapDecisionResult",
    "messageExpression",
    "modelerTemplate",
    "modelerTemplateVersion",
    "diagramRelationId",
    "out",
    "priority",
    "properties",
    "resultVariable",
    "resultVariableName",
    "sameDeployment",
    "scope",
    "signalExpression",
    "skipExpression",
    "taskListener",
    "taskPriority",
    "terminateAll",
    "terminateMultiInstance",
    "topic",
    "triggerable",
    "type",
    "useLocalScopeForResultVariable",
    "value",
    "variableAggregation",
    "variableEvents",
    "variableListenerEventDefinition",
    "variableName",
    "versionTag",
];

/// Whether a name of these dialects has a meaning here.
pub(crate) fn is_understood(name: &str) -> bool {
    UNDERSTOOD.contains(&name)
}

/// A copy to compile.
pub(crate) struct Translation {
    /// Its text.
    pub text: String,
    /// The way back to places of the original.
    pub shifts: Shifts,
    /// What was found on the way.
    pub findings: Vec<Diagnostic>,
}

/// Translates a file that speaks one of the dialects; `None` when it speaks none.
pub(crate) fn translate(file: &File, text: &str) -> Option<Translation> {
    let root = file.doc.root_element();
    let vendor = root.descendants().any(|n| n.namespaces().any(|ns| VENDORS.contains(&ns.uri())));
    if !vendor && !text.contains("${") && !text.contains("#{") {
        return None;
    }
    let mut adapter = Adapter { file, edits: Edits::new(text), findings: Vec::new(), vendor };
    adapter.edits.declare(root);
    for node in root.descendants().filter(|n| n.is_element() && n.tag_name().namespace() == Some(MODEL)) {
        adapter.element(node);
    }
    let (text, shifts) = adapter.edits.apply();
    Some(Translation { text, shifts, findings: adapter.findings })
}

/// One file on its way.
struct Adapter<'f, 'a, 'i, 't> {
    file: &'f File<'a, 'i>,
    edits: Edits<'t>,
    findings: Vec<Diagnostic>,
    /// Whether the file declares one of the dialects.
    vendor: bool,
}

impl<'a, 'i> Adapter<'_, 'a, 'i, '_> {
    fn element(&mut self, node: Node<'a, 'i>) {
        self.texts(node);
        let mut native = Native::default();
        let name = node.tag_name().name();
        match name {
            "process" => people::process(self, node, &mut native),
            "userTask" | "globalUserTask" => people::user_task(self, node, &mut native),
            "serviceTask" | "sendTask" | "businessRuleTask" => jobs::service(self, node, &mut native),
            "scriptTask" => jobs::script(self, node, &mut native),
            "messageEventDefinition" => jobs::message(self, node, &mut native),
            "callActivity" => calls::call(self, node, &mut native),
            "multiInstanceLoopCharacteristics" => calls::multi_instance(self, node, &mut native),
            "startEvent" => people::start_event(self, node, &mut native),
            "intermediateCatchEvent" | "boundaryEvent" | "receiveTask" if self.vendor => {
                events::registry(self, node, &mut native);
            }
            "errorEventDefinition" | "escalationEventDefinition" if self.vendor => {
                events::definition(self, node, &mut native);
                events::bare_code(self, node, &mut native);
            }
            "signal" => events::signal(self, node, &mut native),
            "dataObject" => io::data_object(self, node, &mut native),
            _ if name.ends_with("EventDefinition") => events::definition(self, node, &mut native),
            _ => {}
        }
        if self.vendor {
            self.common(node, &mut native);
            self.own_dialect_wins(node, &mut native);
        }
        self.edits.write(node, &native);
    }

    /// What any element may carry.
    fn common(&mut self, node: Node<'a, 'i>, native: &mut Native) {
        let truth = |name: &str| attr(node, name) == Some("true");
        if truth("asyncBefore") || truth("async") {
            native.attribute("asyncBefore", "true");
        }
        if truth("asyncAfter") || truth("asyncLeave") {
            native.attribute("asyncAfter", "true");
        }
        if let Some(text) = attr(node, "skipExpression")
            && let Some(feel) = self.condition(node, text)
        {
            native.attribute("skipExpression", feel);
        }
        io::mappings(self, node, native);
        io::listeners(self, node, native);
        io::properties(node, native);
    }

    /// What stands natively on the element wins (contract 3: own, zeebe, camunda, flowable, activiti).
    fn own_dialect_wins(&mut self, node: Node<'a, 'i>, native: &mut Native) {
        let drawn = |name: &str| extensions(node).any(|n| n.has_tag_name((ZEEBE, name)));
        let mut contradicts = Vec::new();
        if native.job.is_some() && drawn("taskDefinition") {
            native.job = None;
            contradicts.push("taskDefinition");
        }
        if !(native.inputs.is_empty() && native.outputs.is_empty()) && drawn("ioMapping") {
            native.inputs.clear();
            native.outputs.clear();
            contradicts.push("ioMapping");
        }
        native.elements.retain(|(name, ..)| {
            let keep = !drawn(name);
            if !keep {
                contradicts.push(*name);
            }
            keep
        });
        if !contradicts.is_empty() {
            let names = contradicts.join(", ");
            self.warn(
                node,
                Text::new(
                    format!("Two dialects say different things; `zeebe:{names}` counts"),
                    format!("Два диалекта говорят разное; действует «zeebe:{names}»"),
                ),
            );
        }
    }

    fn report(&mut self, code: &str, severity: Severity, node: Node, text: Text) {
        let owner = node.ancestors().find(|n| n.tag_name().namespace() == Some(MODEL) && n.attribute("id").is_some());
        let id = owner.and_then(|n| n.attribute("id"));
        self.findings.push(finding(code, severity, id, self.file.spot(node), text));
    }

    fn error(&mut self, code: &str, node: Node, text: Text) {
        self.report(code, Severity::Error, node, text);
    }

    fn warn(&mut self, node: Node, text: Text) {
        self.report("LN-27", Severity::Warning, node, text);
    }
}

/// An attribute of one of the dialects, that is not blank.
fn attr<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    VENDORS.iter().find_map(|space| node.attribute((*space, name))).map(str::trim).filter(|v| !v.is_empty())
}

/// Extension elements of the dialects with this name.
fn vendor_elements<'a, 'i>(node: Node<'a, 'i>, name: &'static str) -> impl Iterator<Item = Node<'a, 'i>> {
    extensions(node).filter(move |n| n.tag_name().name() == name && is_vendor(*n))
}

fn is_vendor(node: Node) -> bool {
    node.tag_name().namespace().is_some_and(|ns| VENDORS.contains(&ns))
}

/// Children of an extension element with this name, of whatever dialect.
fn parts<'a, 'i>(node: Node<'a, 'i>, name: &'static str) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(move |n| n.is_element() && n.tag_name().name() == name)
}
