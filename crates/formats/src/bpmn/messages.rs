//! Messages: names, keys, correlation and where message flows lead (BPMN MS-1, MS-8, MS-10, MS-11).
//!
//! A message that is published is described by its own extension, in the event, its definition or the send task:
//! `<ruslo:publishMessage correlationKey="=orderId" messageId="=id" timeToLive="PT1H" />`. Without a key there, the
//! message's `zeebe:subscription` gives it.
//! Never: matches messages.

use super::compile::{Compiler, own};
use super::dom::{filled, is, zeebe};
use super::events::{Event, Place, is_short, setting};
use super::expressions::At;
use super::links::process_of;
use crate::finding::Text;
use model::definition::{
    CorrelationKey, CorrelationProperty, ElementIdx, ElementKind, ExprId, MessageTarget, MessageThrow, MessageTrigger,
    Trigger,
};
use roxmltree::Node;
use std::collections::HashMap;

/// The message that something refers to.
struct Named<'a, 'i> {
    /// Where the name stands.
    at: Node<'a, 'i>,
    name: &'a str,
    /// The `message` element.
    message: Option<Node<'a, 'i>>,
}

/// Finds the message of `holder` (an event definition or a task): its `messageRef`, else that of a message flow at the
/// event, else the flow itself gives the name. `None` after a finding (BPMN LN-19).
fn named<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    holder: Node<'a, 'i>,
    flows: &[Node<'a, 'i>],
) -> Option<Named<'a, 'i>> {
    if let Some(name) = own(holder, "messageName") {
        return is_short(compiler, holder, name).then_some(Named { at: holder, name, message: None });
    }
    let carrier = std::iter::once(holder).chain(flows.iter().copied()).find(|n| filled(*n, "messageRef").is_some());
    let Some(carrier) = carrier else {
        let flow = flows.first().and_then(|f| Some((*f, filled(*f, "name").or_else(|| filled(*f, "id"))?)));
        if let Some((at, name)) = flow {
            return is_short(compiler, at, name).then_some(Named { at, name, message: None });
        }
        nameless(compiler, holder);
        return None;
    };
    let reference = filled(carrier, "messageRef").unwrap_or_default();
    let Some(message) = compiler.file.resolve(reference).filter(|n| is(*n, "message")) else {
        let text = Text::new(format!("There is no message `{reference}`"), format!("Нет сообщения «{reference}»"));
        compiler.error("LN-03", carrier, text);
        return None;
    };
    let Some(name) = filled(message, "name") else {
        nameless(compiler, holder);
        return None;
    };
    let usable = is_short(compiler, message, name) && compiler.may_share(message);
    usable.then_some(Named { at: message, name, message: Some(message) })
}

fn nameless(compiler: &mut Compiler, node: Node) {
    let text = Text::new("A message with a name is needed here", "Здесь нужно сообщение с именем");
    compiler.error("LN-19", node, text);
}

/// The correlation key that a `message` declares.
fn subscription_key(compiler: &mut Compiler, message: Option<Node>, idx: ElementIdx) -> Option<ExprId> {
    let subscription = zeebe(message?, "subscription")?;
    let key = filled(subscription, "correlationKey")?;
    Some(compiler.value(At { node: subscription, element: idx, role: "correlation key" }, key))
}

/// What a message event waits for.
pub(crate) fn trigger<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    definition: Node<'a, 'i>,
    event: Event<'a, 'i>,
) -> Option<MessageTrigger> {
    waits(compiler, definition, event.node, event.idx, event.place == Place::ProcessStart)
}

/// What `node` waits for; `holder` refers to the message. The message of a start is not bound to a key.
pub(crate) fn waits<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    holder: Node<'a, 'i>,
    node: Node<'a, 'i>,
    idx: ElementIdx,
    start: bool,
) -> Option<MessageTrigger> {
    let file = compiler.file;
    let named = named(compiler, holder, file.links.arriving(node.attribute("id").unwrap_or_default()))?;
    let name = compiler.value(At { node: named.at, element: idx, role: "message name" }, named.name);
    let key = if start { None } else { subscription_key(compiler, named.message, idx) };
    let correlation = correlation(compiler, named.message, idx);
    Some(MessageTrigger { name, key, correlation })
}

/// The correlation keys of the conversation that the message fills (BPMN MS-8).
fn correlation<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    message: Option<Node<'a, 'i>>,
    idx: ElementIdx,
) -> Vec<CorrelationKey> {
    let file = compiler.file;
    let keys = message.and_then(|m| m.attribute("id")).and_then(|id| file.links.keys.get(id));
    let mut found = Vec::new();
    for key in keys.into_iter().flatten() {
        let id = key.node.attribute("id").or_else(|| key.node.attribute("name")).unwrap_or_default().to_owned();
        let mut properties = Vec::new();
        for (property, path) in &key.properties {
            if !compiler.may_share(*path) {
                return found;
            }
            let Some(from_message) = compiler.native(At { node: *path, element: idx, role: "messagePath" }) else {
                continue;
            };
            let bound = compiler.bindings.get(property).copied();
            let from_process = bound.filter(|node| compiler.may_share(*node));
            let from_process =
                from_process.and_then(|node| compiler.native(At { node, element: idx, role: "dataPath" }));
            properties.push(CorrelationProperty { from_message, from_process });
        }
        found.push(CorrelationKey { id, properties });
    }
    found
}

/// The bindings of a process's `correlationSubscription`: by property, the path into the process's data.
pub(crate) fn bindings<'a, 'i>(process: Node<'a, 'i>) -> HashMap<&'a str, Node<'a, 'i>> {
    let subscriptions = process.children().filter(|n| is(*n, "correlationSubscription"));
    let bindings = subscriptions.flat_map(|s| s.children()).filter(|n| is(*n, "correlationPropertyBinding"));
    bindings
        .filter_map(|b| {
            let property = filled(b, "correlationPropertyRef")?;
            let property = property.rsplit(':').next().unwrap_or(property);
            Some((property, super::dom::child(b, "dataPath")?))
        })
        .collect()
}

/// What a message event publishes: once for each message flow to another pool, else once to whoever waits.
pub(crate) fn throws<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    definition: Node<'a, 'i>,
    event: Event<'a, 'i>,
) -> Vec<MessageThrow> {
    let file = compiler.file;
    let flows = file.links.leaving(event.node.attribute("id").unwrap_or_default());
    let Some(throw) = throw(compiler, definition, event.node, event.idx) else { return Vec::new() };
    if flows.is_empty() {
        return vec![throw];
    }
    let targets = flows.iter().filter_map(|flow| target(compiler, *flow)).collect::<Vec<_>>();
    targets.into_iter().map(|target| MessageThrow { target: Some(target), ..throw.clone() }).collect()
}

/// What a send task publishes. Of several message flows none is singled out: the message goes to whoever waits.
pub(crate) fn send<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    task: Node<'a, 'i>,
    idx: ElementIdx,
) -> Option<MessageThrow> {
    let file = compiler.file;
    let throw = throw(compiler, task, task, idx)?;
    let flows = file.links.leaving(task.attribute("id").unwrap_or_default());
    let mut targets: Vec<_> = flows.iter().filter_map(|flow| target(compiler, *flow)).collect();
    if targets.len() > 1 {
        compiler.warn(
            "LN-27",
            task,
            Text::new(
                "Several message flows leave the task: its one message goes to whoever waits for it",
                "Из задачи выходит несколько потоков сообщений: её сообщение получит тот, кто его ждёт",
            ),
        );
        targets.clear();
    }
    Some(MessageThrow { target: targets.pop(), ..throw })
}

fn throw<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    holder: Node<'a, 'i>,
    node: Node<'a, 'i>,
    idx: ElementIdx,
) -> Option<MessageThrow> {
    let file = compiler.file;
    let named = named(compiler, holder, file.links.leaving(node.attribute("id").unwrap_or_default()))?;
    let name = compiler.value(At { node: named.at, element: idx, role: "message name" }, named.name);
    let settings = setting(node, holder, "publishMessage");
    let mut own = |name: &str, role: &str| {
        let node = settings?;
        let text = filled(node, name)?;
        Some(compiler.value(At { node, element: idx, role }, text))
    };
    let key = own("correlationKey", "correlation key");
    let (id, ttl) = (own("messageId", "message id"), own("timeToLive", "time to live"));
    let key = key.or_else(|| subscription_key(compiler, named.message, idx));
    Some(MessageThrow { name, key, id, ttl, target: None })
}

/// Where a message flow leads (BPMN MS-11): a process of the file that runs, or a black box.
fn target(compiler: &mut Compiler, flow: Node) -> Option<MessageTarget> {
    let file = compiler.file;
    let reference = filled(flow, "targetRef")?;
    let Some(node) = file.resolve(reference) else {
        let text = Text::new(
            format!("The message flow leads to `{reference}`, which is not there"),
            format!("Поток сообщений ведёт к «{reference}», которого нет"),
        );
        compiler.error("LN-03", flow, text);
        return None;
    };
    let pool = is(node, "participant");
    let process = if pool { filled(node, "processRef").and_then(|r| file.resolve(r)) } else { process_of(node) };
    let process = process.filter(|p| is(*p, "process"));
    if let Some(process) = process.filter(|p| file.is_executable(*p)) {
        let element = (!pool && node != process).then(|| node.attribute("id").unwrap_or_default().to_owned());
        let process = process.attribute("id").unwrap_or_default().to_owned();
        return Some(MessageTarget::Process { process, element });
    }
    let box_node = process.and_then(|p| file.links.pools.get(p.attribute("id")?).copied()).unwrap_or(node);
    let participant = filled(box_node, "name").or_else(|| filled(box_node, "id")).unwrap_or(reference).to_owned();
    Some(MessageTarget::External { participant })
}

/// Catches without a correlation key in models drawn for zeebe (BPMN LN-19); elsewhere the name alone matches.
pub(crate) fn keys(compiler: &mut Compiler) {
    for at in 1..compiler.def.elements.len() {
        let idx = ElementIdx(at as u32);
        let keyless = match &compiler.def.element(idx).kind {
            ElementKind::CatchEvent(e) => any_keyless(&e.triggers),
            ElementKind::BoundaryEvent(e) => any_keyless(&e.triggers),
            ElementKind::StartEvent(e) => !is_process_start(compiler, idx) && any_keyless(&e.triggers),
            ElementKind::ReceiveTask(task) => !task.instantiate && is_keyless(&task.message),
            _ => false,
        };
        if !keyless || first_of_instance(compiler, idx) || is_addressed(compiler, idx) {
            continue;
        }
        let node = compiler.nodes[at];
        let text = Text::new(
            "The message has no correlation key: say which instance it belongs to",
            "У сообщения нет ключа корреляции: укажите, к какому экземпляру оно относится",
        );
        if compiler.file.is_zeebe() {
            compiler.error("LN-19", node, text);
        } else {
            compiler.warn("LN-19", node, text);
        }
    }
}

fn is_process_start(compiler: &Compiler, idx: ElementIdx) -> bool {
    compiler.def.element(idx).parent == model::definition::ROOT
}

fn is_keyless(message: &MessageTrigger) -> bool {
    message.key.is_none() && message.correlation.is_empty()
}

fn any_keyless(triggers: &[Trigger]) -> bool {
    triggers.iter().any(|t| matches!(t, Trigger::Message(m) if is_keyless(m)))
}

/// Behind an instantiating event-based gateway the message makes the instance.
fn first_of_instance(compiler: &Compiler, idx: ElementIdx) -> bool {
    compiler.def.element(idx).incoming.iter().any(|flow| {
        let source = compiler.def.flow(*flow).source;
        matches!(&compiler.def.element(source).kind, ElementKind::EventBasedGateway(g) if g.instantiate)
    })
}

/// A message flow from a process of the same file brings the message here.
fn is_addressed(compiler: &Compiler, idx: ElementIdx) -> bool {
    let id = compiler.nodes[idx.0 as usize].attribute("id").unwrap_or_default();
    compiler.file.links.arriving(id).iter().any(|flow| {
        let source = filled(*flow, "sourceRef").and_then(|r| compiler.file.resolve(r));
        source.and_then(process_of).is_some_and(|process| compiler.file.is_executable(process))
    })
}
