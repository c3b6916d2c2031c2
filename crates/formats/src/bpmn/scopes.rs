//! Sub-processes of every kind, gateways with settings, and where each scope begins.
//!
//! Never: judges whether a scope ends.

use super::compile::{Compiler, own};
use super::dom::{child, filled, flag, is, zeebe};
use super::expressions::At;
use super::{repetition, tasks};
use crate::finding::Text;
use model::definition::{AdHoc, ComplexGateway, ElementIdx, ElementKind, EventBasedGateway, ROOT, Scope, ScopeKind};
use roxmltree::Node;

/// A sub-process.
pub(crate) fn sub_process<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    node: Node<'a, 'i>,
    idx: ElementIdx,
) -> ElementKind {
    let kind = match node.tag_name().name() {
        "transaction" => ScopeKind::Transaction,
        "adHocSubProcess" => ScopeKind::AdHoc(Box::new(ad_hoc(compiler, node, idx))),
        _ if flag(node, "triggeredByEvent") == Some(true) => ScopeKind::EventSubProcess,
        _ => ScopeKind::SubProcess,
    };
    ElementKind::Scope(Box::new(Scope::of(kind)))
}

/// An ad-hoc sub-process (BPMN AH-1..6). Whether people activate its parts is known when all are compiled.
fn ad_hoc<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, node: Node<'a, 'i>, idx: ElementIdx) -> AdHoc {
    let completion = child(node, "completionCondition");
    let completion =
        completion.and_then(|node| compiler.native(At { node, element: idx, role: "completionCondition" }));
    let mut ad_hoc = AdHoc {
        sequential: filled(node, "ordering").is_some_and(|o| o.eq_ignore_ascii_case("sequential")),
        completion,
        cancel_remaining: flag(node, "cancelRemainingInstances") != Some(false),
        ..AdHoc::default()
    };
    if let Some(extension) = zeebe(node, "adHoc") {
        let at = At { node: extension, element: idx, role: "activeElementsCollection" };
        ad_hoc.active_elements = filled(extension, "activeElementsCollection").map(|t| compiler.list_value(at, t));
        ad_hoc.output = repetition::output(compiler, extension, idx);
    }
    if zeebe(node, "taskDefinition").is_some() {
        ad_hoc.job = tasks::job(compiler, node, idx).map(Box::new);
    }
    ad_hoc
}

/// A complex gateway (BPMN CX-1..6).
pub(crate) fn complex_gateway<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    node: Node<'a, 'i>,
    idx: ElementIdx,
) -> ElementKind {
    let condition = child(node, "activationCondition");
    let activation = condition.and_then(|node| compiler.native(At { node, element: idx, role: "activationCondition" }));
    ElementKind::ComplexGateway(ComplexGateway { activation })
}

/// An event-based gateway (BPMN EB-1..6).
pub(crate) fn event_based_gateway(compiler: &mut Compiler, node: Node) -> ElementKind {
    let instantiate = flag(node, "instantiate") == Some(true);
    let parallel = filled(node, "eventGatewayType").is_some_and(|t| t.eq_ignore_ascii_case("parallel"));
    if parallel && !instantiate {
        let text = Text::new(
            "An event-based gateway waits for all events only when it creates the instance (instantiate=\"true\")",
            "Шлюз по событиям ждёт все события, только когда создаёт экземпляр (instantiate=\"true\")",
        );
        compiler.error("LN-17", node, text);
    }
    ElementKind::EventBasedGateway(EventBasedGateway { instantiate, parallel })
}

/// Tells each scope where it begins, now that all elements and flows are known.
pub(crate) fn complete(compiler: &mut Compiler) {
    let count = compiler.def.elements.len();
    for at in 1..count {
        let idx = ElementIdx(at as u32);
        let element = compiler.def.element(idx);
        let begins = match &element.kind {
            ElementKind::StartEvent(event) if event.triggers.is_empty() => Begin::Start,
            ElementKind::StartEvent(_) => Begin::Trigger,
            ElementKind::ReceiveTask(task) if task.instantiate && instantiates(compiler, idx) => Begin::Trigger,
            ElementKind::EventBasedGateway(gateway) if gateway.instantiate => Begin::Trigger,
            ElementKind::Scope(scope) if scope.kind == ScopeKind::EventSubProcess => Begin::EventSubProcess,
            ElementKind::Unsupported { .. } if is(compiler.nodes[at], "startEvent") => Begin::Trigger,
            ElementKind::BoundaryEvent(_) | ElementKind::Unsupported { .. } => Begin::Not,
            _ if element.is_for_compensation() || !element.incoming.is_empty() => Begin::Not,
            _ => Begin::Implicit,
        };
        let parent = element.parent.0 as usize;
        let ElementKind::Scope(scope) = &mut compiler.def.elements[parent].kind else { continue };
        match begins {
            Begin::Start => scope.starts.push(idx),
            Begin::Trigger => scope.triggered.push(idx),
            Begin::EventSubProcess => scope.event_sub_processes.push(idx),
            Begin::Implicit => scope.implicit.push(idx),
            Begin::Not => {}
        }
    }
    for at in 0..count {
        begin(compiler, ElementIdx(at as u32));
    }
}

enum Begin {
    Start,
    Trigger,
    EventSubProcess,
    Implicit,
    Not,
}

/// An instantiating receive task begins the process; elsewhere the mark means nothing.
fn instantiates(compiler: &Compiler, idx: ElementIdx) -> bool {
    let element = compiler.def.element(idx);
    element.parent == ROOT && element.incoming.is_empty()
}

/// Chooses the default start, drops what only counts without a start, finds out who drives an ad-hoc sub-process.
fn begin(compiler: &mut Compiler, idx: ElementIdx) {
    let node = compiler.nodes[idx.0 as usize];
    let Some(scope) = compiler.def.element(idx).kind.as_scope() else { return };
    let mut marked =
        scope.starts.iter().copied().filter(|s| own(compiler.nodes[s.0 as usize], "default") == Some("true"));
    let default_start = match scope.starts.as_slice() {
        [only] => Some(*only),
        _ => marked.next(),
    };
    let second = marked.next();
    let ad_hoc = matches!(scope.kind, ScopeKind::AdHoc(_));
    let people =
        ad_hoc && scope.implicit.iter().any(|i| matches!(compiler.def.element(*i).kind, ElementKind::UserTask(_)));
    if let Some(second) = second {
        let node = compiler.nodes[second.0 as usize];
        let text = Text::new("Another start event is the default already", "По умолчанию уже выбрано другое событие");
        compiler.error("LN-07", node, text);
    }
    let ElementKind::Scope(scope) = &mut compiler.def.elements[idx.0 as usize].kind else { return };
    scope.default_start = default_start;
    let begun = !(scope.starts.is_empty() && scope.triggered.is_empty());
    if begun || scope.kind == ScopeKind::EventSubProcess {
        scope.implicit.clear();
    }
    if let ScopeKind::AdHoc(ad_hoc) = &mut scope.kind {
        let driven = ad_hoc.active_elements.is_some() || ad_hoc.job.is_some();
        ad_hoc.manual = match own(node, "manual") {
            Some(manual) => manual == "true",
            None => !driven && people,
        };
    }
}
