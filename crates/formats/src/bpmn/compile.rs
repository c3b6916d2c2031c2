//! From a BPMN `process` element to the IR.
//!
//! Owns: the arena of elements and flows and the findings met while it is built. What the engine can not run becomes
//! [`ElementKind::Unsupported`] together with an error: nothing is skipped silently.
//! Never: looks at shapes, or judges the graph as a whole (that is [`super::lint`]).

use super::dom::{File, RUSLO, child, filled, flag, is, is_global_task, local, model_children, text_of};
use super::{data, declarations, events, extensions, messages, people, processes, scopes, tasks, traits};
use super::{event_links, expressions::At};
use crate::finding::{Spot, Text, finding};
use model::definition::{
    Element, ElementIdx, ElementKind, ExprId, Expression, FlowIdx, Language, Origin, ProcessDefinition, ROOT,
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
    /// Data objects with the scopes that hold them.
    pub data: Vec<(Node<'a, 'i>, ElementIdx)>,
    /// Paths into the process's data by correlation property (BPMN MS-8).
    pub bindings: HashMap<&'a str, Node<'a, 'i>>,
    /// Expressions read so far: what they read, or what is wrong with them.
    pub texts: HashMap<Language, HashMap<Arc<str>, super::lint::variables::Known>>,
    /// The priority of the process's jobs.
    pub job_priority: Option<ExprId>,
    index: HashMap<Arc<str>, ElementIdx>,
    pending: Vec<Node<'a, 'i>>,
    /// Bytes of shared definitions that may still be read, each time somebody refers to one.
    shared: usize,
}

/// Compiles one `process` element; findings of the graph are not in it yet.
pub(crate) fn compile<'f, 'a, 'i>(file: &'f File<'a, 'i>, process: Node<'a, 'i>) -> Compiler<'f, 'a, 'i> {
    let id = process.attribute("id").unwrap_or("process").to_owned();
    let name = process_name(file, process).unwrap_or_else(|| id.clone());
    let origin = if own(process, "origin") == Some("bpt") { Origin::Bpt } else { Origin::Bpmn };
    let mut def = ProcessDefinition::new(id, name, origin);
    def.elements.clear();
    let mut compiler = Compiler {
        file,
        def,
        nodes: Vec::new(),
        flow_nodes: Vec::new(),
        findings: Vec::new(),
        data: Vec::new(),
        bindings: messages::bindings(process),
        texts: HashMap::new(),
        job_priority: None,
        index: HashMap::new(),
        pending: Vec::new(),
        shared: file.limits.definition_bytes.saturating_mul(2),
    };
    compiler.add_element(process, ROOT);
    compiler.def.elements[0].kind = ElementKind::process();
    if is_global_task(process) {
        compiler.global_task(process);
        return compiler;
    }
    declarations::read(&mut compiler, process);
    compiler.collect(process, ROOT);
    processes::read(&mut compiler, process);
    compiler.add_kinds();
    compiler.add_flows();
    compiler.add_defaults();
    event_links::join(&mut compiler);
    scopes::complete(&mut compiler);
    data::objects(&mut compiler);
    people::lanes(&mut compiler);
    messages::keys(&mut compiler);
    compiler
}

fn process_name(file: &File, process: Node) -> Option<String> {
    if let Some(name) = filled(process, "name") {
        return Some(name.to_owned());
    }
    let id = process.attribute("id")?;
    filled(*file.links.pools.get(id)?, "name").map(str::to_owned)
}

/// What stands in a process without being a node or flow of it, and is kept.
const KEPT: &[&str] = &[
    "association",
    "auditing",
    "category",
    "categoryValueRef",
    "correlationSubscription",
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
    "supportedInterfaceRef",
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
        let owner = node.ancestors().find(|n| n.attribute("id").is_some() && in_model(*n) && !is_part(*n));
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

    /// An element that can not be compiled; the finding that says why is already there.
    pub fn broken(&self, node: Node, rule: &'static str) -> ElementKind {
        ElementKind::Unsupported { construct: node.tag_name().name().to_owned(), rule }
    }

    /// Whether the shared definition `node` may be read once more: a small file can refer to a large definition very
    /// often.
    pub fn may_share(&mut self, node: Node) -> bool {
        let size = node.range().len();
        if size <= self.shared {
            self.shared -= size;
            return true;
        }
        if self.shared > 0 {
            self.shared = 0;
            let text = Text::new(
                "Shared definitions are referred to too often for their size",
                "На общие определения слишком много ссылок для их размера",
            );
            self.error("LN-03", node, text);
        }
        false
    }

    /// Adds an expression of the definition.
    pub fn push_expression(&mut self, expression: Expression) -> ExprId {
        self.def.expressions.push(expression);
        ExprId(self.def.expressions.len() as u32 - 1)
    }

    fn collect(&mut self, scope: Node<'a, 'i>, parent: ElementIdx) {
        for node in model_children(scope) {
            let name = node.tag_name().name();
            if name == "sequenceFlow" {
                self.pending.push(node);
            } else if FLOW_NODES.contains(&name) {
                let idx = self.add_element(node, parent);
                if matches!(name, "subProcess" | "transaction" | "adHocSubProcess") {
                    self.collect(node, idx);
                }
            } else if name == "dataObject" {
                self.data.push((node, parent));
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

    fn add_kinds(&mut self) {
        for at in 1..self.nodes.len() {
            self.complete(ElementIdx(at as u32));
        }
    }

    /// Compiles one element, now that all ids are known.
    fn complete(&mut self, idx: ElementIdx) {
        let node = self.nodes[idx.0 as usize];
        let kind = self.kind(node, idx);
        let macros = tasks::takes_macros(self, &kind);
        self.def.elements[idx.0 as usize].kind = kind;
        tasks::mappings(self, node, idx, macros);
        traits::read(self, node, idx);
        data::read(self, node, idx);
        extensions::check(self, node);
    }

    fn kind(&mut self, node: Node<'a, 'i>, idx: ElementIdx) -> ElementKind {
        match node.tag_name().name() {
            "startEvent" => events::start(self, node, idx),
            "endEvent" => events::end(self, node, idx),
            "intermediateCatchEvent" => events::catch(self, node, idx),
            "intermediateThrowEvent" => events::throw(self, node, idx),
            "boundaryEvent" => events::boundary(self, node, idx),
            "exclusiveGateway" => ElementKind::ExclusiveGateway,
            "parallelGateway" => ElementKind::ParallelGateway,
            "inclusiveGateway" => ElementKind::InclusiveGateway,
            "complexGateway" => scopes::complex_gateway(self, node, idx),
            "eventBasedGateway" => scopes::event_based_gateway(self, node),
            "subProcess" | "transaction" | "adHocSubProcess" => scopes::sub_process(self, node, idx),
            _ => tasks::task(self, node, idx),
        }
    }

    /// A global task: a process that starts, does it and ends.
    fn global_task(&mut self, node: Node<'a, 'i>) {
        let id = self.def.process_id.clone();
        let mut add = |suffix: &str, kind: ElementKind| {
            let idx = ElementIdx(self.def.elements.len() as u32);
            let mut element = Element::new(format!("{id}.{suffix}"), ROOT, kind);
            (element.line, element.column) = (self.def.elements[0].line, self.def.elements[0].column);
            self.def.elements.push(element);
            self.nodes.push(node);
            idx
        };
        let (start, task) = (add("start", ElementKind::start()), add("task", ElementKind::Task));
        let end = add("end", ElementKind::end());
        self.def.elements[task.0 as usize].name = filled(node, "name").map(str::to_owned);
        self.complete(task);
        for (id, source, target) in [("in", start, task), ("out", task, end)] {
            let (id, flow) = (format!("{}.{id}", self.def.process_id), FlowIdx(self.def.flows.len() as u32));
            self.def.elements[source.0 as usize].outgoing.push(flow);
            self.def.elements[target.0 as usize].incoming.push(flow);
            self.flow_nodes.push(node);
            let id = Arc::from(id);
            self.def.flows.push(SequenceFlow { id, name: None, source, target, condition: None, link: false });
        }
        if let ElementKind::Scope(scope) = &mut self.def.elements[0].kind {
            scope.starts.push(start);
            scope.default_start = Some(start);
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
        let mut element = Element::new(id, parent, ElementKind::Task);
        element.name = filled(node, "name").map(str::to_owned);
        (element.line, element.column) = (line, column);
        self.def.elements.push(element);
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
                // The schema asks for none, and many tools write none: it is counted.
                self.warn("LN-03", node, Text::new("A sequence flow has no id", "У потока управления нет id"));
                Arc::from(format!("flow_without_id_{}", idx.0))
            }
        };
        let condition = child(node, "conditionExpression").filter(|c| !text_of(*c).is_empty());
        let condition = condition.map(|c| self.condition(c, source));
        self.def.elements[source.0 as usize].outgoing.push(idx);
        self.def.elements[target.0 as usize].incoming.push(idx);
        self.flow_nodes.push(node);
        let name = filled(node, "name").map(str::to_owned);
        self.def.flows.push(SequenceFlow { id, name, source, target, condition, link: false });
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
        } else if [from, to].iter().any(|n| flag(*n, "triggeredByEvent") == Some(true)) {
            Some(("An event sub-process has no flows", "У событийного подпроцесса нет потоков"))
        } else {
            None
        };
        if let Some((en, ru)) = wrong {
            self.error("LN-04", node, Text::new(en, ru));
        }
        let undoes = |n: Node| flag(n, "isForCompensation") == Some(true);
        let listens = is(from, "boundaryEvent") && child(from, "compensateEventDefinition").is_some();
        if undoes(from) || undoes(to) || listens {
            let text = Text::new(
                "A compensation handler and its boundary event have no flows: an association joins them",
                "У обработчика компенсации и его граничного события нет потоков: их связывает ассоциация",
            );
            self.error("LN-25", node, text);
        }
    }

    fn condition(&mut self, node: Node, source: ElementIdx) -> ExprId {
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
}

fn in_model(node: Node) -> bool {
    node.tag_name().namespace() == Some(super::dom::MODEL)
}

/// Whether `node` is only a part of an element that people see: what is found in it is shown there.
fn is_part(node: Node) -> bool {
    let name = node.tag_name().name();
    let inside = node.parent_element().is_some_and(|parent| !is(parent, "definitions"));
    let ends = ["EventDefinition", "LoopCharacteristics", "BehaviorDefinition", "Expression"]
        .iter()
        .any(|end| name.ends_with(end));
    inside
        && (ends
            || ["condition", "completionCondition", "loopCardinality", "timeCycle", "timeDate", "timeDuration"]
                .contains(&name))
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
