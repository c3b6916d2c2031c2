//! From a BPMN `process` element to the IR.
//!
//! Owns: the arena of elements and flows and the findings met while it is built. What the engine can not run becomes
//! [`ElementKind::Unsupported`] together with an error: nothing is skipped silently.
//! Never: looks at shapes, or judges the graph as a whole (that is [`super::lint`]).

use super::dom::{File, RUSLO, child, filled, flag, is, local, model_children, text_of};
use super::{declarations, events, expressions::At, extensions, tasks};
use crate::finding::{Spot, Text, finding};
use model::definition::{
    Element, ElementIdx, ElementKind, Expression, FlowIdx, Language, Origin, ProcessDefinition, ROOT, Scope,
    SequenceFlow,
};
use model::{Diagnostic, Severity, Value};
use roxmltree::Node;
use std::collections::HashMap;
use std::sync::Arc;

/// One process being compiled.
pub(crate) struct Compiler<'f, 'a, 'i> {
    pub file: &'f File<'a, 'i>,
    pub def: ProcessDefinition,
    /// The source of each element.
    pub nodes: Vec<Node<'a, 'i>>,
    /// The source of each flow.
    pub flow_nodes: Vec<Node<'a, 'i>>,
    pub findings: Vec<Diagnostic>,
    index: HashMap<Arc<str>, ElementIdx>,
    pending: Vec<Node<'a, 'i>>,
}

/// Compiles one `process` element; findings of the graph are not in it yet.
pub(crate) fn compile<'f, 'a, 'i>(file: &'f File<'a, 'i>, process: Node<'a, 'i>) -> Compiler<'f, 'a, 'i> {
    let id = process.attribute("id").unwrap_or("process").to_owned();
    let name = process_name(file, process).unwrap_or_else(|| id.clone());
    let def = ProcessDefinition {
        process_id: id,
        name,
        origin: if own(process, "origin") == Some("bpt") { Origin::Bpt } else { Origin::Bpmn },
        elements: Vec::new(),
        flows: Vec::new(),
        expressions: Vec::new(),
        parameters: Vec::new(),
        variables: Vec::new(),
        constants: Vec::new(),
        start_form: None,
    };
    let mut compiler = Compiler {
        file,
        def,
        nodes: Vec::new(),
        flow_nodes: Vec::new(),
        findings: Vec::new(),
        index: HashMap::new(),
        pending: Vec::new(),
    };
    compiler.add_element(process, ROOT);
    compiler.def.elements[0].kind = ElementKind::Scope(Scope::default());
    extensions::check(&mut compiler, process);
    declarations::read(&mut compiler, process);
    compiler.collect(process, ROOT);
    compiler.add_flows();
    compiler.add_defaults();
    compiler.add_starts();
    events::attach_boundaries(&mut compiler);
    compiler
}

fn process_name(file: &File, process: Node) -> Option<String> {
    if let Some(name) = filled(process, "name") {
        return Some(name.to_owned());
    }
    let id = process.attribute("id")?;
    let pools = file.doc.root_element().children().filter(|n| is(*n, "collaboration"));
    let mut pools = pools.flat_map(|c| c.children()).filter(|n| is(*n, "participant"));
    let pool = pools.find(|p| p.attribute("processRef").is_some_and(|r| local(r, |full| full == id) == id))?;
    filled(pool, "name").map(str::to_owned)
}

/// What stands in a process without being a node or flow of it, and is kept.
const KEPT: &[&str] = &[
    "association",
    "auditing",
    "category",
    "correlationSubscription",
    "dataObject",
    "dataObjectReference",
    "dataStoreReference",
    "documentation",
    "extensionElements",
    "group",
    "humanPerformer",
    "incoming",
    "ioBinding",
    "ioSpecification",
    "laneSet",
    "monitoring",
    "multiInstanceLoopCharacteristics",
    "outgoing",
    "performer",
    "potentialOwner",
    "property",
    "resourceRole",
    "script",
    "standardLoopCharacteristics",
    "supports",
    "textAnnotation",
    "dataInputAssociation",
    "dataOutputAssociation",
    "completionCondition",
];

/// Flow nodes of BPMN 2.0.2.
const FLOW_NODES: &[&str] = &[
    "adHocSubProcess",
    "boundaryEvent",
    "businessRuleTask",
    "callActivity",
    "callChoreography",
    "choreographyTask",
    "complexGateway",
    "endEvent",
    "eventBasedGateway",
    "exclusiveGateway",
    "inclusiveGateway",
    "intermediateCatchEvent",
    "intermediateThrowEvent",
    "manualTask",
    "parallelGateway",
    "receiveTask",
    "scriptTask",
    "sendTask",
    "serviceTask",
    "startEvent",
    "subChoreography",
    "subProcess",
    "task",
    "transaction",
    "userTask",
];

/// Whether `node` is a flow node.
pub(crate) fn is_flow_node(node: Node) -> bool {
    node.tag_name().namespace() == Some(super::dom::MODEL) && FLOW_NODES.contains(&node.tag_name().name())
}

impl<'a, 'i> Compiler<'_, 'a, 'i> {
    /// Records a finding about the element that `node` is or belongs to.
    pub fn report(&mut self, code: &str, severity: Severity, node: Node, text: Text) {
        let owner = node.ancestors().find(|n| n.attribute("id").is_some() && in_model(*n));
        let id = owner.and_then(|n| n.attribute("id"));
        self.findings.push(finding(code, severity, id, self.file.spot(node), text));
    }

    /// Records an error that prevents deployment.
    pub fn error(&mut self, code: &str, node: Node, text: Text) {
        self.report(code, Severity::Error, node, text);
    }

    /// Records a warning.
    pub fn warn(&mut self, code: &str, node: Node, text: Text) {
        self.report(code, Severity::Warning, node, text);
    }

    /// A construct of a later wave (BPMN LN-06).
    pub fn unsupported(&mut self, node: Node, construct: &str) -> ElementKind {
        self.error(
            "LN-06",
            node,
            Text::new(
                format!("`{construct}` does not run yet: it is kept and shown, but the process can not be deployed"),
                format!("«{construct}» пока не исполняется: он сохранён и показан, но развернуть процесс нельзя"),
            ),
        );
        ElementKind::Unsupported { construct: construct.to_owned(), rule: "LN-06" }
    }

    /// Adds an expression of the definition.
    pub fn push_expression(&mut self, expression: Expression) -> model::definition::ExprId {
        self.def.expressions.push(expression);
        model::definition::ExprId(self.def.expressions.len() as u32 - 1)
    }

    fn collect(&mut self, scope: Node<'a, 'i>, parent: ElementIdx) {
        for node in model_children(scope) {
            let name = node.tag_name().name();
            if name == "sequenceFlow" {
                self.pending.push(node);
            } else if FLOW_NODES.contains(&name) {
                self.flow_node(node, parent);
            } else if !KEPT.contains(&name) {
                self.error(
                    "LN-05",
                    node,
                    Text::new(
                        format!("`{name}` is no BPMN element that may stand here"),
                        format!("«{name}» — не элемент BPMN, который может стоять здесь"),
                    ),
                );
            }
        }
    }

    fn flow_node(&mut self, node: Node<'a, 'i>, parent: ElementIdx) {
        let idx = self.add_element(node, parent);
        let kind = self.kind(node, idx);
        self.def.elements[idx.0 as usize].kind = kind;
        extensions::check(self, node);
        if matches!(node.tag_name().name(), "subProcess" | "transaction" | "adHocSubProcess") {
            self.collect(node, idx);
        }
    }

    fn kind(&mut self, node: Node<'a, 'i>, idx: ElementIdx) -> ElementKind {
        match node.tag_name().name() {
            "startEvent" => events::start(self, node, idx),
            "endEvent" => events::end(self, node),
            "intermediateCatchEvent" => events::catch(self, node, idx),
            "intermediateThrowEvent" => events::throw(self, node),
            // Boundary events need their hosts: see `events::attach_boundaries`.
            "boundaryEvent" => ElementKind::ThrowNone,
            "exclusiveGateway" => ElementKind::ExclusiveGateway,
            "parallelGateway" => ElementKind::ParallelGateway,
            "inclusiveGateway" | "complexGateway" | "eventBasedGateway" => {
                self.unsupported(node, node.tag_name().name())
            }
            "subProcess" | "transaction" | "adHocSubProcess" => tasks::sub_process(self, node, idx),
            _ => tasks::task(self, node, idx),
        }
    }

    fn add_element(&mut self, node: Node<'a, 'i>, parent: ElementIdx) -> ElementIdx {
        let idx = ElementIdx(self.def.elements.len() as u32);
        let Spot { line, column } = self.file.spot(node);
        let id: Arc<str> = match filled(node, "id") {
            Some(id) => Arc::from(id),
            None => {
                let tag = node.tag_name().name();
                let text = Text::new(format!("`{tag}` has no id"), format!("У элемента «{tag}» нет id"));
                self.findings.push(finding("LN-03", Severity::Error, None, Spot { line, column }, text));
                Arc::from(format!("{tag}_without_id_{}", idx.0))
            }
        };
        self.index.entry(id.clone()).or_insert(idx);
        self.nodes.push(node);
        self.def.elements.push(Element {
            id,
            name: filled(node, "name").map(str::to_owned),
            parent,
            kind: ElementKind::Task,
            incoming: Vec::new(),
            outgoing: Vec::new(),
            default_flow: None,
            inputs: Vec::new(),
            outputs: Vec::new(),
            boundaries: Vec::new(),
            line,
            column,
        });
        idx
    }

    /// The element that a reference means.
    pub fn element(&self, reference: &str) -> Option<ElementIdx> {
        self.index.get(local(reference, |id| self.index.contains_key(id))).copied()
    }

    /// The element that the attribute `name` of `node` refers to; a finding when there is none.
    pub fn reference(&mut self, node: Node, name: &str) -> Option<ElementIdx> {
        let Some(reference) = filled(node, name) else {
            self.error("LN-03", node, Text::new(format!("`{name}` is missing"), format!("Не указан атрибут «{name}»")));
            return None;
        };
        let found = self.element(reference);
        if found.is_none() {
            self.error(
                "LN-03",
                node,
                Text::new(
                    format!("`{name}` refers to `{reference}`, which is not in this process"),
                    format!("«{name}» ссылается на «{reference}», которого нет в этом процессе"),
                ),
            );
        }
        found
    }

    fn add_flows(&mut self) {
        let mut pending = std::mem::take(&mut self.pending);
        pending.sort_by_key(|n| n.range().start);
        for node in pending {
            let (source, target) = (self.reference(node, "sourceRef"), self.reference(node, "targetRef"));
            if let (Some(source), Some(target)) = (source, target) {
                self.add_flow(node, source, target);
            }
        }
    }

    fn add_flow(&mut self, node: Node<'a, 'i>, source: ElementIdx, target: ElementIdx) {
        self.check_ends(node, source, target);
        let idx = FlowIdx(self.def.flows.len() as u32);
        let id = match filled(node, "id") {
            Some(id) => Arc::from(id),
            None => {
                self.error("LN-03", node, Text::new("A sequence flow has no id", "У потока управления нет id"));
                Arc::from(format!("flow_without_id_{}", idx.0))
            }
        };
        let condition = child(node, "conditionExpression").map(|c| self.condition(c, source));
        self.def.elements[source.0 as usize].outgoing.push(idx);
        self.def.elements[target.0 as usize].incoming.push(idx);
        self.flow_nodes.push(node);
        let name = filled(node, "name").map(str::to_owned);
        self.def.flows.push(SequenceFlow { id, name, source, target, condition });
    }

    fn check_ends(&mut self, node: Node, source: ElementIdx, target: ElementIdx) {
        let (from, to) = (self.nodes[source.0 as usize], self.nodes[target.0 as usize]);
        let wrong = if source == ROOT || target == ROOT {
            Some(("A flow can not join the process itself", "Поток не может вести к самому процессу"))
        } else if self.def.element(source).parent != self.def.element(target).parent {
            Some((
                "A flow can not cross the border of a sub-process",
                "Поток управления не может пересекать границу подпроцесса",
            ))
        } else if is(from, "endEvent") {
            Some(("A flow can not leave an end event", "Из конечного события не может выходить поток"))
        } else if is(to, "startEvent") {
            Some(("A flow can not enter a start event", "В стартовое событие не может входить поток"))
        } else if is(to, "boundaryEvent") {
            Some(("A flow can not enter a boundary event", "В граничное событие не может входить поток"))
        } else {
            None
        };
        if let Some((en, ru)) = wrong {
            self.error("LN-04", node, Text::new(en, ru));
        }
    }

    fn condition(&mut self, node: Node, source: ElementIdx) -> model::definition::ExprId {
        let text = text_of(node);
        let at = At { node, element: source, role: "condition" };
        let language = filled(node, "language").or_else(|| filled(self.file.doc.root_element(), "expressionLanguage"));
        if let Some(feel) = text.strip_prefix('=') {
            return self.source(at, Language::Feel, feel.trim());
        }
        match super::expressions::language(language.unwrap_or_default()) {
            Some(language) => self.source(at, language, &text),
            None if text == "true" || text == "false" => {
                self.push_expression(Expression::Literal(Value::Bool(text == "true")))
            }
            None => {
                self.error(
                    "LN-22",
                    node,
                    Text::new(
                        format!("The condition `{}` is not an expression: begin it with `=`", shorten(&text)),
                        format!("Условие «{}» — не выражение: начните его со знака «=»", shorten(&text)),
                    ),
                );
                self.push_expression(Expression::Literal(Value::Null))
            }
        }
    }

    fn add_defaults(&mut self) {
        for at in 0..self.nodes.len() {
            let node = self.nodes[at];
            let Some(reference) = filled(node, "default").filter(|_| is_flow_node(node)) else { continue };
            let wanted = local(reference, |id| self.file.ids.contains_key(id));
            let outgoing = &self.def.elements[at].outgoing;
            let found = outgoing.iter().copied().find(|f| &*self.def.flow(*f).id == wanted);
            if found.is_none() {
                self.error(
                    "LN-03",
                    node,
                    Text::new(
                        format!("The default flow `{wanted}` does not leave this element"),
                        format!("Поток по умолчанию «{wanted}» не выходит из этого элемента"),
                    ),
                );
            }
            self.def.elements[at].default_flow = found;
        }
    }

    fn add_starts(&mut self) {
        for at in 1..self.def.elements.len() {
            if !matches!(self.def.elements[at].kind, ElementKind::StartEvent(_)) {
                continue;
            }
            let parent = self.def.elements[at].parent.0 as usize;
            if let ElementKind::Scope(scope) = &mut self.def.elements[parent].kind {
                scope.starts.push(ElementIdx(at as u32));
            }
        }
    }
}

fn in_model(node: Node) -> bool {
    node.tag_name().namespace() == Some(super::dom::MODEL)
}

/// At most 60 characters of `text`.
pub(crate) fn shorten(text: &str) -> String {
    if text.chars().count() <= 60 { text.to_owned() } else { text.chars().take(59).chain(['…']).collect() }
}

/// An attribute of our own namespace.
pub(crate) fn own<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.attribute((RUSLO, name)).map(str::trim).filter(|v| !v.is_empty())
}

/// Whether `node` is marked non-interrupting.
pub(crate) fn non_interrupting(node: Node) -> bool {
    flag(node, "cancelActivity") == Some(false)
}
