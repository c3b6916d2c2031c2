//! Variables that nothing writes before they are read (BPMN LN-22): an estimate along the flows.
//!
//! What people, workers, messages and called processes give is not known, so behind them nothing is missed.
//! Never: says that a variable is wrong; a start may give it.

use super::super::compile::Compiler;
use super::{elements, successors};
use crate::finding::Text;
use model::Severity;
use model::definition::{
    ElementIdx, ElementKind, Expression, Language, Origin, ProcessDefinition, ROOT, Repetition, Trigger,
};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// Element visits after which no more is judged.
const BUDGET: usize = 4_000_000;

/// How many variables are told of.
const TOLD: usize = 50;

/// What is there without being written.
const GIVEN: &[&str] = &[
    "document",
    "instance",
    "activationCount",
    "loopCounter",
    "numberOfInstances",
    "numberOfActiveInstances",
    "numberOfCompletedInstances",
    "numberOfTerminatedInstances",
    "nrOfInstances",
    "nrOfActiveInstances",
    "nrOfCompletedInstances",
];

/// Roles whose expressions read something else than the process's variables.
const ELSEWHERE: &[&str] = &[
    "assignment",
    "data",
    "dataPath",
    "errorExpression",
    "listener",
    "messagePath",
    "outputDataItem",
    "resultExpression",
    "transformation",
];

/// Reports each variable once, at its first reader.
pub(crate) fn unwritten(compiler: &mut Compiler) {
    if compiler.def.origin == Origin::Bpt || !compiler.file.is_executable(compiler.nodes[0]) {
        return;
    }
    let readers = readers(compiler);
    if readers.is_empty() {
        return;
    }
    let def = &compiler.def;
    let behind = spread(def, elements(def).filter(|idx| is_opaque(def, *idx)).collect());
    let writers = writers(def);
    let mut budget = BUDGET;
    let mut found = Vec::new();
    for (name, at) in readers {
        let open: Vec<ElementIdx> = at.into_iter().filter(|idx| !behind[idx.0 as usize]).collect();
        if open.is_empty() {
            continue;
        }
        let Some(left) = budget.checked_sub(def.elements.len() + def.flows.len()) else { break };
        budget = left;
        let known = writers.get(&*name).map(|from| spread(def, from.clone()));
        let first = open.into_iter().find(|idx| known.as_ref().is_none_or(|known| !known[idx.0 as usize]));
        found.extend(first.map(|idx| (idx, name)));
    }
    found.sort();
    for (idx, name) in found.into_iter().take(TOLD) {
        let node = compiler.nodes[idx.0 as usize];
        let text = Text::new(
            format!("Nothing before this writes `{name}`: whoever starts the process must give it"),
            format!("До этого места «{name}» никто не записывает: значение должен передать тот, кто запускает процесс"),
        );
        compiler.report("LN-22", Severity::Hint, node, text);
    }
}

/// Who reads what is not declared.
fn readers(compiler: &Compiler) -> BTreeMap<Arc<str>, Vec<ElementIdx>> {
    let def = &compiler.def;
    let declared = [&def.parameters, &def.variables, &def.constants].into_iter().flatten().map(|d| d.key.as_str());
    let scopes = def.elements.iter().filter_map(|e| e.kind.as_scope());
    let data = scopes.flat_map(|s| &s.data).map(|d| d.variable.as_str());
    let known: HashSet<&str> = declared.chain(data).chain(GIVEN.iter().copied()).collect();
    let mut readers: BTreeMap<Arc<str>, Vec<ElementIdx>> = BTreeMap::new();
    for expression in &def.expressions {
        let Expression::Source { language: Language::Feel, text, element, role } = expression else { continue };
        // A start is computed when nothing runs yet.
        let starts = matches!(def.element(*element).kind, ElementKind::StartEvent(_));
        if *element == ROOT || starts || ELSEWHERE.contains(&&**role) {
            continue;
        }
        let names = compiler.texts.get(&Language::Feel).and_then(|texts| texts.get(text));
        for name in names.iter().filter_map(|read| read.as_ref().ok()).flat_map(|names| names.iter()) {
            if !known.contains(&**name) {
                readers.entry(name.clone()).or_default().push(*element);
            }
        }
    }
    readers
}

/// Whether it may write variables that nobody knows here.
fn is_opaque(def: &ProcessDefinition, idx: ElementIdx) -> bool {
    let element = def.element(idx);
    let listeners = !element.listeners().is_empty();
    let payload = |triggers: &[Trigger]| {
        triggers.iter().any(|t| !matches!(t, Trigger::Timer(_) | Trigger::Compensation | Trigger::Cancel))
    };
    let gives = match &element.kind {
        ElementKind::UserTask(_) | ElementKind::CallActivity(_) | ElementKind::Unsupported { .. } => true,
        ElementKind::ServiceTask(_) | ElementKind::ReceiveTask(_) => element.outputs.is_empty(),
        ElementKind::StartEvent(event) => payload(&event.triggers) || def.start_form.is_some(),
        ElementKind::CatchEvent(event) => payload(&event.triggers),
        ElementKind::BoundaryEvent(event) => payload(&event.triggers),
        ElementKind::ScriptTask(task) => task.result_variable.is_none(),
        ElementKind::BusinessRuleTask(call) => call.result_variable.is_none(),
        ElementKind::EventBasedGateway(gateway) => gateway.instantiate,
        ElementKind::Scope(scope) => matches!(scope.kind, model::definition::ScopeKind::AdHoc(_)),
        _ => false,
    };
    gives || listeners
}

/// Who writes each variable.
fn writers(def: &ProcessDefinition) -> HashMap<String, Vec<ElementIdx>> {
    let mut writers: HashMap<String, Vec<ElementIdx>> = HashMap::new();
    for idx in elements(def) {
        let element = def.element(idx);
        let mut write = |name: &str| {
            let name = name.split('.').next().unwrap_or(name);
            writers.entry(name.to_owned()).or_default().push(idx);
        };
        element.inputs.iter().chain(&element.outputs).for_each(|m| write(&m.target));
        match &element.kind {
            ElementKind::ServiceTask(task) => task.result_variable.iter().for_each(|v| write(v)),
            ElementKind::ScriptTask(task) => task.result_variable.iter().for_each(|v| write(v)),
            ElementKind::BusinessRuleTask(call) => call.result_variable.iter().for_each(|v| write(v)),
            _ => {}
        }
        let Some(traits) = element.traits.as_deref() else { continue };
        traits.properties.iter().for_each(|p| write(&p.key));
        for association in traits.data_inputs.iter().chain(&traits.data_outputs) {
            association.target.iter().for_each(|t| write(t));
            association.assignments.iter().for_each(|(_, to)| write(to));
        }
        if let Some(Repetition::MultiInstance(turns)) = &traits.repetition {
            turns.item.iter().chain(&turns.index).for_each(|v| write(v));
            turns.output.iter().for_each(|o| write(&o.collection));
        }
    }
    writers
}

/// What a token can come to from `seeds`, into and out of sub-processes, them included.
fn spread(def: &ProcessDefinition, seeds: Vec<ElementIdx>) -> Vec<bool> {
    let (mut reached, mut left) = (vec![false; def.elements.len()], vec![false; def.elements.len()]);
    let mut queue = seeds;
    while let Some(idx) = queue.pop() {
        if std::mem::replace(&mut reached[idx.0 as usize], true) {
            continue;
        }
        queue.extend(successors(def, idx));
        let element = def.element(idx);
        queue.extend(element.compensation_handler());
        if let Some(scope) = element.kind.as_scope() {
            let begins = [&scope.starts, &scope.triggered, &scope.implicit, &scope.event_sub_processes];
            queue.extend(begins.into_iter().flatten());
        }
        if std::mem::replace(&mut left[element.parent.0 as usize], true) {
            continue;
        }
        let parent = def.element(element.parent);
        queue.extend(parent.kind.as_scope().into_iter().flat_map(|s| &s.event_sub_processes));
        if element.parent != ROOT {
            queue.extend(successors(def, element.parent));
        }
        if parent.repetition().is_some() {
            queue.push(element.parent);
        }
    }
    reached
}

/// The variables an expression reads, to be kept with its text.
pub(crate) fn reads(compiled: &expr::Compiled) -> Arc<[Arc<str>]> {
    compiled.reads().map_or_else(|| Arc::from([]), Arc::from)
}

/// What is known of a text that was read: its variables, or why it can not be read.
pub(crate) type Known = Result<Arc<[Arc<str>]>, expr::SyntaxError>;
