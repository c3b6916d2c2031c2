//! Events: start, end, intermediate and boundary, with all their definitions.
//!
//! Never: looks at the graph around them, boundary hosts and handlers excepted.

use super::compile::{Compiler, non_interrupting, own};
use super::dom::{child, extensions, filled, flag, is, local, model_children, text_of, zeebe};
use super::expressions::At;
use super::{messages, tasks, timers};
use crate::finding::Text;
use model::Value;
use model::definition::{
    BoundaryEvent, CatchEvent, Condition, ElementIdx, ElementKind, ErrorTrigger, EscalationTrigger, ExprId, Expression,
    ROOT, SignalThrow, SignalTrigger, StartEvent, TerminateReach, Throw, ThrowEvent, Trigger, VariableChange,
};
use roxmltree::Node;

/// Where an event stands: decides which definitions it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    ProcessStart,
    EventSubProcessStart,
    InnerStart,
    Catch,
    Throw,
    End,
    Boundary,
}

impl Place {
    fn allows(self) -> &'static [&'static str] {
        match self {
            Self::ProcessStart | Self::InnerStart => &["message", "timer", "signal", "conditional"],
            Self::EventSubProcessStart => {
                &["message", "timer", "signal", "conditional", "error", "escalation", "compensate"]
            }
            Self::Catch => &["message", "timer", "signal", "conditional", "link"],
            Self::Throw => &["message", "signal", "escalation", "compensate", "link"],
            Self::End => &["message", "signal", "error", "escalation", "compensate", "cancel", "terminate"],
            Self::Boundary => {
                &["message", "timer", "signal", "conditional", "error", "escalation", "compensate", "cancel"]
            }
        }
    }
}

const KNOWN: &[&str] =
    &["cancel", "compensate", "conditional", "error", "escalation", "link", "message", "signal", "terminate", "timer"];

/// An event being compiled.
#[derive(Clone, Copy)]
pub(crate) struct Event<'a, 'i> {
    pub node: Node<'a, 'i>,
    pub idx: ElementIdx,
    pub place: Place,
    /// Only its first firing counts.
    pub once: bool,
}

/// `message` of `messageEventDefinition`.
fn trigger_name<'a>(definition: Node<'a, '_>) -> &'a str {
    let name = definition.tag_name().name();
    name.strip_suffix("EventDefinition").unwrap_or(name)
}

/// The definitions of an event in file order, shared ones resolved; findings for those that may not stand there
/// (BPMN LN-05).
pub(crate) fn definitions<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    node: Node<'a, 'i>,
    place: Place,
) -> Vec<Node<'a, 'i>> {
    let mut found = Vec::new();
    for part in model_children(node) {
        let name = part.tag_name().name();
        if name == "eventDefinitionRef" {
            found.extend(shared(compiler, part).map(|definition| (definition, part)));
        } else if name.ends_with("EventDefinition") {
            found.push((part, part));
        }
    }
    found.retain(|(definition, part)| allowed(compiler, *definition, *part, place));
    found.into_iter().map(|(definition, _)| definition).collect()
}

/// The definition that an `eventDefinitionRef` means.
fn shared<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, reference: Node<'a, 'i>) -> Option<Node<'a, 'i>> {
    let id = text_of(reference);
    let found = compiler.file.resolve(&id).filter(|n| n.tag_name().name().ends_with("EventDefinition"));
    if found.is_none() {
        compiler.error(
            "LN-03",
            reference,
            Text::new(format!("There is no event definition `{id}`"), format!("Нет определения события «{id}»")),
        );
    }
    found.filter(|definition| compiler.may_share(*definition))
}

fn allowed(compiler: &mut Compiler, definition: Node, at: Node, place: Place) -> bool {
    let name = trigger_name(definition);
    if !KNOWN.contains(&name) {
        let name = definition.tag_name().name();
        compiler.error(
            "LN-05",
            at,
            Text::new(format!("`{name}` is no BPMN event definition"), format!("«{name}» — не событие BPMN")),
        );
        return false;
    }
    let allows = place.allows().contains(&name);
    if !allows {
        compiler.error(
            "LN-05",
            at,
            Text::new(
                format!("An event of this kind can not have the definition `{name}` here"),
                format!("Событие этого вида не может иметь здесь определение «{name}»"),
            ),
        );
    }
    allows
}

/// The triggers of an event that waits.
fn triggers<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, event: Event<'a, 'i>) -> Vec<Trigger> {
    let definitions = definitions(compiler, event.node, event.place);
    definitions.into_iter().filter_map(|definition| trigger(compiler, event, definition)).collect()
}

fn has_definitions(node: Node) -> bool {
    model_children(node).any(|n| n.tag_name().name().ends_with("EventDefinition") || is(n, "eventDefinitionRef"))
}

/// What one definition waits for; `None` after a finding.
fn trigger<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    event: Event<'a, 'i>,
    definition: Node<'a, 'i>,
) -> Option<Trigger> {
    Some(match trigger_name(definition) {
        "message" => Trigger::Message(Box::new(messages::trigger(compiler, definition, event)?)),
        "signal" => Trigger::Signal(SignalTrigger { name: signal_name(compiler, definition, event.idx)? }),
        "timer" => Trigger::Timer(timers::timer(compiler, definition, event.idx, event.once)?),
        "conditional" => Trigger::Condition(condition(compiler, definition, event)?),
        "error" => Trigger::Error(ErrorTrigger {
            code: caught_code(compiler, definition, &ERROR),
            code_variable: own(definition, "errorCodeVariable").map(str::to_owned),
            message_variable: own(definition, "errorMessageVariable").map(str::to_owned),
        }),
        "escalation" => Trigger::Escalation(EscalationTrigger {
            code: caught_code(compiler, definition, &ESCALATION),
            code_variable: own(definition, "escalationCodeVariable").map(str::to_owned),
        }),
        "compensate" => Trigger::Compensation,
        "cancel" => Trigger::Cancel,
        _ => return None,
    })
}

/// What one definition throws.
pub(crate) fn results<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    event: Event<'a, 'i>,
    definition: Node<'a, 'i>,
) -> Vec<Throw> {
    let one = match trigger_name(definition) {
        "message" => {
            if zeebe(event.node, "taskDefinition").is_some() {
                tasks::job(compiler, event.node, event.idx).map(|job| Throw::Job(Box::new(job)))
            } else {
                let throws = messages::throws(compiler, definition, event);
                return throws.into_iter().map(|throw| Throw::Message(Box::new(throw))).collect();
            }
        }
        "signal" => signal(compiler, definition, event.idx).map(Throw::Signal),
        "error" => {
            thrown_code(compiler, definition, event.idx, &ERROR).map(|(code, message)| Throw::Error { code, message })
        }
        "escalation" => {
            thrown_code(compiler, definition, event.idx, &ESCALATION).map(|(code, _)| Throw::Escalation { code })
        }
        "compensate" => compensation(compiler, definition),
        "cancel" => Some(Throw::Cancel),
        "terminate" => Some(Throw::Terminate(reach(definition))),
        _ => None,
    };
    one.into_iter().collect()
}

/// How much a terminate end event ends: its scope, unless `ruslo:terminate` says more.
fn reach(definition: Node) -> TerminateReach {
    match own(definition, "terminate") {
        Some("all") => TerminateReach::All,
        Some("multiInstance") => TerminateReach::MultiInstance,
        _ => TerminateReach::Scope,
    }
}

/// A signal: its name, whether it stays within its tree (`ruslo:scope`), what goes with it.
fn signal<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    definition: Node<'a, 'i>,
    idx: ElementIdx,
) -> Option<SignalThrow> {
    let name = signal_name(compiler, definition, idx)?;
    let named = filled(definition, "signalRef").and_then(|reference| compiler.file.resolve(reference));
    let own_tree = [Some(definition), named].into_iter().flatten().any(|n| own(n, "scope") == Some("processInstance"));
    let all_variables = own(definition, "allVariables") == Some("true");
    Some(SignalThrow { name, own_tree, all_variables, variables: Vec::new() })
}

fn compensation<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, definition: Node<'a, 'i>) -> Option<Throw> {
    let wait = flag(definition, "waitForCompletion") != Some(false);
    if filled(definition, "activityRef").is_none() {
        return Some(Throw::Compensation { activity: None, wait });
    }
    let activity = compiler.reference(definition, "activityRef")?;
    Some(Throw::Compensation { activity: Some(activity), wait })
}

/// The longest name of a message or signal, the longest code.
pub(crate) const NAME_CHARS: usize = 256;

/// Whether a name or code is short enough; a finding when not (BPMN VA-6, LN-19).
pub(crate) fn is_short(compiler: &mut Compiler, node: Node, text: &str) -> bool {
    let short = text.starts_with('=') || text.len() <= NAME_CHARS || text.chars().count() <= NAME_CHARS;
    if !short {
        compiler.error(
            "LN-19",
            node,
            Text::new(
                format!("A name or code is longer than {NAME_CHARS} characters"),
                format!("Имя или код длиннее {NAME_CHARS} символов"),
            ),
        );
    }
    short
}

/// The name of the signal that `definition` refers to (BPMN SG-1, LN-19).
fn signal_name<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    definition: Node<'a, 'i>,
    idx: ElementIdx,
) -> Option<ExprId> {
    if let Some(name) = own(definition, "signalName") {
        return Some(compiler.value(At { node: definition, element: idx, role: "signal name" }, name));
    }
    let signal = match filled(definition, "signalRef") {
        None => None,
        Some(reference) => {
            let found = compiler.file.resolve(reference).filter(|n| is(*n, "signal"));
            if found.is_none() {
                let text = format!("There is no signal `{reference}`");
                compiler.error("LN-03", definition, Text::new(text, format!("Нет сигнала «{reference}»")));
                return None;
            }
            found
        }
    };
    let Some((signal, name)) = signal.and_then(|s| Some((s, filled(s, "name")?))) else {
        compiler.error(
            "LN-19",
            definition,
            Text::new("The event needs a signal with a name", "Событию нужен сигнал с именем"),
        );
        return None;
    };
    let usable = is_short(compiler, signal, name) && compiler.may_share(signal);
    usable.then(|| compiler.value(At { node: signal, element: idx, role: "signal name" }, name))
}

/// Errors and escalations are the same to read.
struct Coded {
    tag: &'static str,
    reference: &'static str,
    code: &'static str,
    words: (&'static str, &'static str),
}

const ERROR: Coded = Coded { tag: "error", reference: "errorRef", code: "errorCode", words: ("error", "ошибка") };
const ESCALATION: Coded =
    Coded {
        tag: "escalation", reference: "escalationRef", code: "escalationCode", words: ("escalation", "эскалация")
    };

/// The error or escalation that `definition` refers to; the outer `None`: after a finding.
fn coded<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    definition: Node<'a, 'i>,
    what: &Coded,
) -> Option<Option<Node<'a, 'i>>> {
    let Some(reference) = filled(definition, what.reference) else { return Some(None) };
    let found = compiler.file.resolve(reference).filter(|n| is(*n, what.tag));
    if found.is_none() {
        let (en, ru) = what.words;
        compiler.error(
            "LN-03",
            definition,
            Text::new(format!("There is no {en} `{reference}`"), format!("Не найдено: {ru} «{reference}»")),
        );
        return None;
    }
    Some(found)
}

/// The code that is caught; none catches all (BPMN ER-2).
fn caught_code<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, definition: Node<'a, 'i>, what: &Coded) -> Option<String> {
    if let Some(code) = own(definition, "code") {
        return Some(code.to_owned());
    }
    let node = coded(compiler, definition, what)??;
    let code = filled(node, what.code)?;
    if code.starts_with('=') {
        compiler.error(
            "LN-19",
            definition,
            Text::new(
                "A code that is caught is a fixed text, not an expression",
                "Код, который ловят, — постоянный текст, а не выражение",
            ),
        );
        return None;
    }
    is_short(compiler, node, code).then(|| code.to_owned())
}

/// The code that is thrown, and the name of what is thrown (BPMN LN-19).
fn thrown_code<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    definition: Node<'a, 'i>,
    idx: ElementIdx,
    what: &Coded,
) -> Option<(ExprId, Option<ExprId>)> {
    if let Some(code) = own(definition, "code") {
        let code = compiler.value(At { node: definition, element: idx, role: what.code }, code);
        return Some((code, None));
    }
    let node = coded(compiler, definition, what)?;
    let Some((node, code)) = node.and_then(|n| Some((n, filled(n, what.code)?))) else {
        let (en, ru) = what.words;
        compiler.error(
            "LN-19",
            definition,
            Text::new(
                format!("The event throws nothing that can be caught: it needs the reference and code of the {en}"),
                format!("Событию нечего бросить: нужна ссылка на элемент «{ru}» с кодом"),
            ),
        );
        return None;
    };
    if !is_short(compiler, node, code) || !compiler.may_share(node) {
        return None;
    }
    let code = compiler.value(At { node, element: idx, role: what.code }, code);
    let name = filled(node, "name").map(|n| compiler.push_expression(Expression::Literal(Value::from(n.to_owned()))));
    Some((code, name))
}

/// A condition that is watched (BPMN CN-1, CN-2).
fn condition<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    definition: Node<'a, 'i>,
    event: Event<'a, 'i>,
) -> Option<Condition> {
    let expression = child(definition, "condition").filter(|n| !text_of(*n).is_empty());
    let Some(expression) = expression else {
        compiler.error(
            "LN-22",
            definition,
            Text::new("The conditional event has no condition", "У события-условия нет условия"),
        );
        return None;
    };
    let condition = compiler.native(At { node: expression, element: event.idx, role: "condition" })?;
    let filter = zeebe(definition, "conditionalFilter").or_else(|| zeebe(event.node, "conditionalFilter"));
    let list = |name: &str| -> Vec<String> {
        let text = filter.and_then(|f| filled(f, name)).unwrap_or_default();
        text.split(',').map(str::trim).filter(|v| !v.is_empty()).map(str::to_owned).collect()
    };
    let mut changes = Vec::new();
    for change in list("variableEvents") {
        match change.to_lowercase().as_str() {
            "create" => changes.push(VariableChange::Create),
            "update" => changes.push(VariableChange::Update),
            "delete" => changes.push(VariableChange::Delete),
            _ => compiler.error(
                "LN-28",
                definition,
                Text::new(
                    format!("`{change}` is no change of a variable: create, update or delete"),
                    format!("«{change}» — не изменение переменной: create, update или delete"),
                ),
            ),
        }
    }
    Some(Condition { condition, variables: list("variableNames"), changes })
}

/// A start event.
pub(crate) fn start<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, node: Node<'a, 'i>, idx: ElementIdx) -> ElementKind {
    let parent = compiler.def.element(idx).parent;
    let scope = compiler.nodes[parent.0 as usize];
    let event_sub_process = flag(scope, "triggeredByEvent") == Some(true);
    let interrupting = event_sub_process && flag(node, "isInterrupting") != Some(false);
    let place = match parent {
        ROOT => Place::ProcessStart,
        _ if event_sub_process => Place::EventSubProcessStart,
        _ => Place::InnerStart,
    };
    let triggers = triggers(compiler, Event { node, idx, place, once: interrupting });
    if has_definitions(node) && triggers.is_empty() {
        return compiler.broken(node, "LN-05");
    }
    if event_sub_process && !interrupting && triggers.iter().any(|t| matches!(t, Trigger::Error(_))) {
        always_interrupts(compiler, node);
    }
    if parent == ROOT
        && triggers.is_empty()
        && let Some(form) = super::user_tasks::form(compiler, node)
    {
        compiler.def.start_form = Some(form);
    }
    ElementKind::StartEvent(StartEvent { triggers, parallel: is_parallel(node), interrupting })
}

fn is_parallel(node: Node) -> bool {
    flag(node, "parallelMultiple") == Some(true)
}

/// Errors and cancellations leave nothing to go on beside them (BPMN BD-6).
fn always_interrupts(compiler: &mut Compiler, node: Node) {
    compiler.error(
        "LN-04",
        node,
        Text::new(
            "An error or cancel event always interrupts",
            "Событие «ошибка» или «отмена» всегда прерывает действие",
        ),
    );
}

/// What a throw or end event throws: its definitions in file order (BPMN ML-1).
fn thrown<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, event: Event<'a, 'i>) -> ThrowEvent {
    let definitions = definitions(compiler, event.node, event.place);
    let mut results: Vec<_> =
        definitions.into_iter().flat_map(|definition| results(compiler, event, definition)).collect();
    if !has_definitions(event.node) && zeebe(event.node, "taskDefinition").is_some() {
        results.extend(tasks::job(compiler, event.node, event.idx).map(|job| Throw::Job(Box::new(job))));
    }
    ThrowEvent { results }
}

/// An end event.
pub(crate) fn end<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, node: Node<'a, 'i>, idx: ElementIdx) -> ElementKind {
    let event = thrown(compiler, Event { node, idx, place: Place::End, once: false });
    ElementKind::EndEvent(event)
}

/// An intermediate throw event. The throw side of a link passes through.
pub(crate) fn throw<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, node: Node<'a, 'i>, idx: ElementIdx) -> ElementKind {
    let event = thrown(compiler, Event { node, idx, place: Place::Throw, once: false });
    ElementKind::ThrowEvent(event)
}

/// An intermediate catch event. The catch side of a link passes through.
pub(crate) fn catch<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, node: Node<'a, 'i>, idx: ElementIdx) -> ElementKind {
    if !has_definitions(node) {
        without_trigger(compiler, node);
        return compiler.broken(node, "LN-05");
    }
    let triggers = triggers(compiler, Event { node, idx, place: Place::Catch, once: true });
    let link = model_children(node).any(|n| is(n, "linkEventDefinition"));
    if triggers.is_empty() && !link {
        return compiler.broken(node, "LN-05");
    }
    ElementKind::CatchEvent(CatchEvent { triggers, parallel: is_parallel(node) })
}

fn without_trigger(compiler: &mut Compiler, node: Node) {
    let text = Text::new("The event does not say what it waits for", "Не указано, чего ждёт событие");
    compiler.error("LN-05", node, text);
}

/// A boundary event: what it waits for, and the activity it stands on.
pub(crate) fn boundary<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    node: Node<'a, 'i>,
    idx: ElementIdx,
) -> ElementKind {
    let interrupting = !non_interrupting(node);
    let host = host(compiler, node, idx);
    if !has_definitions(node) {
        without_trigger(compiler, node);
    }
    let triggers = triggers(compiler, Event { node, idx, place: Place::Boundary, once: interrupting });
    let Some(attached_to) = host else { return compiler.broken(node, "LN-03") };
    if triggers.is_empty() {
        return compiler.broken(node, "LN-05");
    }
    let always = triggers.iter().any(|t| matches!(t, Trigger::Error(_) | Trigger::Cancel));
    if always && !interrupting {
        always_interrupts(compiler, node);
    }
    if triggers.contains(&Trigger::Compensation) {
        compensates(compiler, node, idx, attached_to);
        if triggers.len() > 1 {
            let text = Text::new(
                "A compensation boundary event has no other definition",
                "У граничного события «компенсация» не бывает других определений",
            );
            compiler.error("LN-25", node, text);
        }
    } else {
        compiler.def.elements[attached_to.0 as usize].boundaries.push(idx);
    }
    let interrupting = interrupting || always;
    ElementKind::BoundaryEvent(BoundaryEvent { attached_to, interrupting, triggers, parallel: is_parallel(node) })
}

fn host(compiler: &mut Compiler, node: Node, idx: ElementIdx) -> Option<ElementIdx> {
    let host = compiler.reference(node, "attachedToRef")?;
    let same_scope = compiler.def.element(host).parent == compiler.def.element(idx).parent;
    if is_activity(compiler.nodes[host.0 as usize]) && same_scope && host != ROOT {
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

/// Whether `node` is an activity.
pub(crate) fn is_activity(node: Node) -> bool {
    let name = node.tag_name().name();
    name.ends_with("ask") || matches!(name, "callActivity" | "subProcess" | "adHocSubProcess" | "transaction")
}

/// Finds the handler that a compensation boundary event points to (BPMN CO-2, LN-25).
fn compensates(compiler: &mut Compiler, node: Node, idx: ElementIdx, host: ElementIdx) {
    let id = filled(node, "id").unwrap_or_default();
    let file = compiler.file;
    let ends = file.links.associated.get(id).map_or(&[][..], Vec::as_slice);
    let scope = compiler.def.element(idx).parent;
    let mut handlers = ends.iter().filter_map(|end| compiler.element(local(end, |i| file.ids.contains_key(i))));
    let handler = handlers.find(|handler| {
        let marked = flag(compiler.nodes[handler.0 as usize], "isForCompensation") == Some(true);
        marked && compiler.def.element(*handler).parent == scope
    });
    let taken = compiler.def.element(host).compensation_handler().is_some();
    let text = match handler {
        Some(_) if taken => Text::new(
            "The activity has another compensation boundary event already",
            "У действия уже есть граничное событие «компенсация»",
        ),
        Some(handler) => {
            compiler.def.elements[host.0 as usize].traits_mut().compensation_handler = Some(handler);
            return;
        }
        None => Text::new(
            "A compensation boundary event needs an association to an activity marked as compensation handler \
             (isForCompensation), in the same scope",
            "Граничному событию «компенсация» нужна ассоциация с действием, помеченным как компенсация \
             (isForCompensation), в той же области",
        ),
    };
    compiler.error("LN-25", node, text);
}

/// Whether an own extension of that name stands in the event or its definition.
pub(crate) fn setting<'a, 'i>(event: Node<'a, 'i>, definition: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    let own = |n: &Node| n.has_tag_name((super::dom::RUSLO, name));
    extensions(definition).chain(extensions(event)).find(own)
}
