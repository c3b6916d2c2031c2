//! Events: start, end, intermediate and boundary.
//!
//! Never: looks at the graph around them, boundary hosts excepted.

use super::compile::{Compiler, non_interrupting};
use super::dom::{filled, is, model_children, zeebe};
use super::timers;
use crate::finding::Text;
use model::Value;
use model::definition::{
    BoundaryEvent, CatchEvent, ElementIdx, ElementKind, ErrorTrigger, Expression, TerminateReach, Throw, ThrowEvent,
    Trigger,
};
use roxmltree::Node;

/// The trigger definitions of an event: children that end in `EventDefinition`, and references to shared ones.
fn triggers<'a, 'i>(node: Node<'a, 'i>) -> Vec<Node<'a, 'i>> {
    model_children(node)
        .filter(|n| n.tag_name().name().ends_with("EventDefinition") || is(*n, "eventDefinitionRef"))
        .collect()
}

/// What an event with these triggers is called: `messageStartEvent`.
fn construct(triggers: &[Node], place: &str) -> String {
    match triggers {
        [one] if is(*one, "eventDefinitionRef") => format!("eventDefinitionRef in {place}"),
        [one] => {
            let name = one.tag_name().name().trim_end_matches("EventDefinition");
            let mut letters = place.chars();
            let head: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
            format!("{name}{head}{}", letters.as_str())
        }
        _ => format!("multiple {place}"),
    }
}

const KNOWN: &[&str] = &[
    "cancelEventDefinition",
    "compensateEventDefinition",
    "conditionalEventDefinition",
    "errorEventDefinition",
    "escalationEventDefinition",
    "linkEventDefinition",
    "messageEventDefinition",
    "signalEventDefinition",
    "terminateEventDefinition",
    "timerEventDefinition",
];

/// Unknown event definitions are errors (BPMN LN-05).
fn check_known(compiler: &mut Compiler, triggers: &[Node]) {
    for trigger in triggers {
        let name = trigger.tag_name().name();
        if !KNOWN.contains(&name) && name != "eventDefinitionRef" {
            compiler.error(
                "LN-05",
                *trigger,
                Text::new(format!("`{name}` is no BPMN event definition"), format!("«{name}» — не событие BPMN")),
            );
        }
    }
}

/// A start event.
pub(crate) fn start<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, node: Node<'a, 'i>, idx: ElementIdx) -> ElementKind {
    let triggers = triggers(node);
    check_known(compiler, &triggers);
    if !triggers.is_empty() {
        return compiler.unsupported(node, &construct(&triggers, "startEvent"));
    }
    let parent = compiler.def.element(idx).parent;
    if parent == model::definition::ROOT
        && let Some(form) = super::tasks::form(compiler, node)
    {
        compiler.def.start_form = Some(form);
    }
    ElementKind::start()
}

/// An end event.
pub(crate) fn end<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, node: Node<'a, 'i>) -> ElementKind {
    let triggers = triggers(node);
    check_known(compiler, &triggers);
    match triggers.as_slice() {
        [] => ElementKind::end(),
        [one] if is(*one, "terminateEventDefinition") => {
            ElementKind::EndEvent(ThrowEvent::of(Throw::Terminate(TerminateReach::Scope)))
        }
        [one] if is(*one, "errorEventDefinition") => error_end(compiler, *one),
        _ => compiler.unsupported(node, &construct(&triggers, "endEvent")),
    }
}

struct ErrorRef {
    code: Option<String>,
    name: Option<String>,
}

/// The error that `definition` refers to; `None` without a reference or after a finding.
fn error_ref<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, definition: Node<'a, 'i>) -> Option<ErrorRef> {
    let reference = filled(definition, "errorRef")?;
    let Some(error) = compiler.file.resolve(reference).filter(|n| is(*n, "error")) else {
        compiler.error(
            "LN-03",
            definition,
            Text::new(format!("There is no error `{reference}`"), format!("Нет ошибки «{reference}»")),
        );
        return None;
    };
    let code = filled(error, "errorCode").map(str::to_owned);
    if code.as_deref().is_some_and(|c| c.starts_with('=')) {
        compiler.unsupported(definition, "errorCode as an expression");
    }
    Some(ErrorRef { code, name: filled(error, "name").map(str::to_owned) })
}

fn error_end<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, definition: Node<'a, 'i>) -> ElementKind {
    let given = filled(definition, "errorRef").is_some();
    let error = error_ref(compiler, definition);
    let missing = error.as_ref().map_or(!given, |e| e.code.is_none());
    if missing {
        compiler.error(
            "LN-19",
            definition,
            Text::new(
                "An error end event needs an error with a code",
                "Конечному событию «ошибка» нужна ошибка с кодом",
            ),
        );
    }
    let error = error.unwrap_or(ErrorRef { code: None, name: None });
    let code = compiler.push_expression(Expression::Literal(Value::from(error.code.unwrap_or_default())));
    let message = error.name.map(|name| compiler.push_expression(Expression::Literal(Value::from(name))));
    ElementKind::EndEvent(ThrowEvent::of(Throw::Error { code, message }))
}

/// An intermediate catch event.
pub(crate) fn catch<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, node: Node<'a, 'i>, idx: ElementIdx) -> ElementKind {
    let triggers = triggers(node);
    check_known(compiler, &triggers);
    match triggers.as_slice() {
        [] => {
            compiler.error(
                "LN-05",
                node,
                Text::new(
                    "An intermediate catch event says what it waits for",
                    "У промежуточного события-обработчика должно быть указано, чего оно ждёт",
                ),
            );
            ElementKind::Unsupported { construct: "catch event without a trigger".to_owned(), rule: "LN-05" }
        }
        [one] if is(*one, "timerEventDefinition") => match timers::timer(compiler, *one, idx, true) {
            Some(timer) => ElementKind::CatchEvent(CatchEvent::of(Trigger::Timer(timer))),
            None => ElementKind::Unsupported { construct: "timer without a time".to_owned(), rule: "LN-21" },
        },
        _ => compiler.unsupported(node, &construct(&triggers, "intermediateCatchEvent")),
    }
}

/// An intermediate throw event.
pub(crate) fn throw<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, node: Node<'a, 'i>) -> ElementKind {
    let triggers = triggers(node);
    check_known(compiler, &triggers);
    if triggers.is_empty() && zeebe(node, "taskDefinition").is_none() {
        return ElementKind::throw_none();
    }
    compiler.unsupported(node, &construct(&triggers, "intermediateThrowEvent"))
}

/// Gives boundary events their kinds and hosts, now that all elements are known.
pub(crate) fn attach_boundaries(compiler: &mut Compiler) {
    for at in 1..compiler.nodes.len() {
        let node = compiler.nodes[at];
        if !is(node, "boundaryEvent") {
            continue;
        }
        let idx = ElementIdx(at as u32);
        let host = host(compiler, node, idx);
        let kind = boundary(compiler, node, idx, host);
        compiler.def.elements[at].kind = kind;
        if let Some(host) = host {
            compiler.def.elements[host.0 as usize].boundaries.push(idx);
        }
    }
}

fn host(compiler: &mut Compiler, node: Node, idx: ElementIdx) -> Option<ElementIdx> {
    let host = compiler.reference(node, "attachedToRef")?;
    let host_node = compiler.nodes[host.0 as usize];
    let name = host_node.tag_name().name();
    let activity = name.ends_with("ask") || name == "callActivity" || name.ends_with("ubProcess");
    let activity = activity || name == "transaction";
    let same_scope = compiler.def.element(host).parent == compiler.def.element(idx).parent;
    if activity && same_scope && host != model::definition::ROOT {
        return Some(host);
    }
    compiler.error(
        "LN-04",
        node,
        Text::new(
            "A boundary event stands on an activity of its own scope",
            "Граничное событие крепится к действию той же области",
        ),
    );
    None
}

fn boundary<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    node: Node<'a, 'i>,
    idx: ElementIdx,
    host: Option<ElementIdx>,
) -> ElementKind {
    let triggers = triggers(node);
    check_known(compiler, &triggers);
    let attached_to = match host {
        Some(host) => host,
        None => return ElementKind::Unsupported { construct: "boundaryEvent without host".to_owned(), rule: "LN-03" },
    };
    let interrupting = !non_interrupting(node);
    match triggers.as_slice() {
        [one] if is(*one, "timerEventDefinition") => match timers::timer(compiler, *one, idx, interrupting) {
            Some(timer) => {
                ElementKind::BoundaryEvent(BoundaryEvent::of(attached_to, interrupting, Trigger::Timer(timer)))
            }
            None => ElementKind::Unsupported { construct: "timer without a time".to_owned(), rule: "LN-21" },
        },
        [one] if is(*one, "errorEventDefinition") => {
            if !interrupting {
                compiler.error(
                    "LN-04",
                    node,
                    Text::new(
                        "An error boundary event always interrupts",
                        "Граничное событие «ошибка» всегда прерывает действие",
                    ),
                );
            }
            let code = error_ref(compiler, *one).and_then(|e| e.code);
            let trigger = Trigger::Error(ErrorTrigger { code, ..ErrorTrigger::default() });
            ElementKind::BoundaryEvent(BoundaryEvent::of(attached_to, true, trigger))
        }
        [] => {
            compiler.error(
                "LN-05",
                node,
                Text::new(
                    "A boundary event says what it waits for",
                    "У граничного события должно быть указано, чего оно ждёт",
                ),
            );
            ElementKind::Unsupported { construct: "boundaryEvent without a trigger".to_owned(), rule: "LN-05" }
        }
        _ => compiler.unsupported(node, &construct(&triggers, "boundaryEvent")),
    }
}
