//! Data objects, data stores, properties and data associations (BPMN DA-1..4).
//!
//! A data object is the variable named as its reference, where that is a variable's name, else as its id. A data store
//! reference may say what it is bound to: `<ruslo:store catalog="orders"><ruslo:key field="number" value="=no" />
//! </ruslo:store>` in its extensions.
//! Never: checks types.

use super::compile::{Compiler, own};
use super::dom::{RUSLO, child, filled, flag, is, model_children, own_extension, text_of};
use super::expressions::{At, is_name};
use model::Value;
use model::definition::{
    DataAssociation, DataObject, DataStore, ElementIdx, ElementKind, ExprId, ROOT, Traits, VariableDecl,
};
use roxmltree::Node;
use std::collections::HashSet;

/// Which way data moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    In,
    Out,
}

/// What drawing tools put where a data input would have to be.
const PLACEHOLDER: &str = "__targetRef_placeholder";

/// The name of a variable: `name` where it can be one, else the id.
fn named(node: Node) -> String {
    let name = filled(node, "name").filter(|n| is_name(n));
    name.or_else(|| filled(node, "id")).unwrap_or_default().to_owned()
}

/// The variable of a data object.
fn object_variable<'a, 'i>(compiler: &Compiler<'_, 'a, 'i>, object: Node<'a, 'i>) -> String {
    let reference = object.attribute("id").and_then(|id| compiler.file.links.data_references.get(id));
    let name = reference.and_then(|r| filled(*r, "name")).filter(|n| is_name(n));
    name.map_or_else(|| named(object), str::to_owned)
}

/// The variable that an id of a data object, reference, store, property, data input or output means.
fn variable<'a, 'i>(compiler: &Compiler<'_, 'a, 'i>, node: Node<'a, 'i>) -> String {
    if is(node, "dataObject") {
        return object_variable(compiler, node);
    }
    let object = filled(node, "dataObjectRef").and_then(|r| compiler.file.resolve(r)).filter(|o| is(*o, "dataObject"));
    match object {
        Some(object) => object_variable(compiler, object),
        None => named(node),
    }
}

/// The variable that a reference means: of a data input (or output) the one it is associated with. A name that stands
/// nowhere in the file is a variable itself.
pub(crate) fn referred(compiler: &Compiler, reference: &str, way: Way) -> Option<String> {
    let Some(node) = compiler.file.resolve(reference) else {
        return is_name(reference).then(|| reference.to_owned());
    };
    let (tag, own, other) = match way {
        Way::In => ("dataInputAssociation", "targetRef", "sourceRef"),
        Way::Out => ("dataOutputAssociation", "sourceRef", "targetRef"),
    };
    if !matches!(node.tag_name().name(), "dataInput" | "dataOutput") {
        return Some(variable(compiler, node));
    }
    let activity = node.ancestors().nth(2)?;
    let mut associations = model_children(activity).filter(|n| is(*n, tag));
    let id = node.attribute("id").unwrap_or_default();
    let association = associations.find(|a| child(*a, own).is_some_and(|r| text_of(r) == id));
    let end = association.and_then(|a| compiler.file.resolve(&text_of(child(a, other)?)));
    Some(variable(compiler, end.unwrap_or(node)))
}

/// Gives each scope its data objects.
pub(crate) fn objects(compiler: &mut Compiler) {
    let mut seen = HashSet::new();
    for (node, parent) in std::mem::take(&mut compiler.data) {
        let name = object_variable(compiler, node);
        if name.is_empty() || !seen.insert((parent, name.clone())) {
            continue;
        }
        let reference = node.attribute("id").and_then(|id| compiler.file.links.data_references.get(id)).copied();
        let state = |n: Node| child(n, "dataState").and_then(|s| filled(s, "name")).map(str::to_owned);
        let item = filled(node, "itemSubjectRef").and_then(|r| compiler.file.resolve(r));
        let many =
            flag(node, "isCollection") == Some(true) || item.is_some_and(|i| flag(i, "isCollection") == Some(true));
        let initial = own(node, "value").map(|text| match serde_json::from_str(text) {
            Ok(json) => Value::from_json(&json),
            Err(_) => Value::text(text),
        });
        let object = DataObject {
            variable: name,
            collection: many,
            initial,
            state: state(node).or_else(|| reference.and_then(state)),
        };
        if let ElementKind::Scope(scope) = &mut compiler.def.elements[parent.0 as usize].kind {
            scope.data.push(object);
        }
    }
}

/// The properties of a process, activity or event: its variables.
pub(crate) fn properties(compiler: &Compiler, node: Node) -> Vec<VariableDecl> {
    let properties = model_children(node).filter(|n| is(*n, "property"));
    let properties = properties.filter(|p| filled(*p, "name") != Some(PLACEHOLDER));
    properties
        .map(|p| {
            let item = filled(p, "itemSubjectRef").and_then(|r| compiler.file.resolve(r));
            VariableDecl {
                key: named(p),
                name: filled(p, "name").or_else(|| filled(p, "id")).unwrap_or_default().to_owned(),
                kind: item.and_then(|i| filled(i, "structureRef")).map_or("string", kind).to_owned(),
                multiple: item.is_some_and(|i| flag(i, "isCollection") == Some(true)),
                ..VariableDecl::default()
            }
        })
        .filter(|p| !p.key.is_empty())
        .collect()
}

/// The type of a variable that a structure of XML Schema means.
fn kind(structure: &str) -> &'static str {
    match structure.rsplit(':').next().unwrap_or_default() {
        "int" | "integer" | "long" | "short" => "int",
        "double" | "float" | "decimal" => "double",
        "boolean" | "bool" => "bool",
        "date" => "date",
        "dateTime" | "datetime" => "datetime",
        "time" => "time",
        _ => "string",
    }
}

/// Reads the data of one activity or event: properties, associations, complete input set.
pub(crate) fn read<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, node: Node<'a, 'i>, idx: ElementIdx) {
    let found = Traits {
        properties: properties(compiler, node),
        data_inputs: associations(compiler, node, idx, Way::In),
        data_outputs: associations(compiler, node, idx, Way::Out),
        required: required(compiler, node),
        ..Traits::default()
    };
    if idx == ROOT || found == Traits::default() {
        return;
    }
    let traits = compiler.def.elements[idx.0 as usize].traits_mut();
    traits.properties = found.properties;
    traits.data_inputs = found.data_inputs;
    traits.data_outputs = found.data_outputs;
    traits.required = found.required;
}

fn associations<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    node: Node<'a, 'i>,
    idx: ElementIdx,
    way: Way,
) -> Vec<DataAssociation> {
    let tag = if way == Way::In { "dataInputAssociation" } else { "dataOutputAssociation" };
    let nodes: Vec<_> = model_children(node).filter(|n| is(*n, tag)).collect();
    nodes.into_iter().filter_map(|node| association(compiler, node, idx, way)).collect()
}

fn association<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    node: Node<'a, 'i>,
    idx: ElementIdx,
    way: Way,
) -> Option<DataAssociation> {
    let file = compiler.file;
    let end = |n: Node| file.resolve(&text_of(n));
    let sources: Vec<_> = model_children(node).filter(|n| is(*n, "sourceRef")).collect();
    let source = sources.first().and_then(|n| end(*n));
    let target = child(node, "targetRef").and_then(end);
    let outer = if way == Way::In { source } else { target };
    let store = outer.filter(|n| is(*n, "dataStoreReference") || is(*n, "dataStore"));
    let store_name = store.map(named);
    let store = store.map(|n| data_store(compiler, n, idx));
    let assignments = assignments(compiler, node, idx);
    let transformation = child(node, "transformation").filter(|t| !text_of(*t).is_empty());
    let target = target.filter(|t| filled(*t, "name") != Some(PLACEHOLDER));
    let target = match (target, way) {
        (Some(target), _) => Some(variable(compiler, target)),
        // A store that is only drawn next to the activity is read into the variable of its name.
        (None, Way::In) => store_name.clone(),
        (None, Way::Out) => None,
    };
    let source = match (transformation, source) {
        (Some(node), _) => compiler.native(At { node, element: idx, role: "transformation" }),
        (None, Some(source)) if way == Way::Out || store.is_none() => {
            let name = variable(compiler, source);
            Some(compiler.variable(At { node, element: idx, role: "data" }, &name))
        }
        (None, None) if way == Way::Out => {
            store_name.map(|name| compiler.variable(At { node, element: idx, role: "data" }, &name))
        }
        _ => None,
    };
    // A line between an activity and a data object, without anything to do: the variable is visible anyway.
    let nothing = assignments.is_empty() && store.is_none() && (target.is_none() || source.is_none());
    (!nothing).then_some(DataAssociation { source, target, assignments, store })
}

fn assignments<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    node: Node<'a, 'i>,
    idx: ElementIdx,
) -> Vec<(ExprId, String)> {
    let mut found = Vec::new();
    for assignment in model_children(node).filter(|n| is(*n, "assignment")) {
        let from =
            child(assignment, "from").and_then(|node| compiler.native(At { node, element: idx, role: "assignment" }));
        let to = child(assignment, "to").map(text_of).unwrap_or_default();
        let to = to.trim_start_matches('=').trim().to_owned();
        if let Some(from) = from.filter(|_| path(compiler, assignment, &to)) {
            found.push((from, to));
        }
    }
    found
}

fn path(compiler: &mut Compiler, node: Node, to: &str) -> bool {
    let valid = super::expressions::is_path(to);
    if !valid {
        let shown = super::compile::shorten(to);
        let text = crate::finding::Text::new(
            format!("An assignment goes to a variable, not to `{shown}`"),
            format!("Присвоить можно переменной, а не «{shown}»"),
        );
        compiler.error("LN-22", node, text);
    }
    valid
}

/// What a data store reference means (BPMN DA-3).
fn data_store<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, reference: Node<'a, 'i>, idx: ElementIdx) -> DataStore {
    let store = filled(reference, "dataStoreRef").and_then(|r| compiler.file.resolve(r));
    let name = store.and_then(|s| filled(s, "name")).or_else(|| filled(reference, "name"));
    let name = name.or_else(|| filled(reference, "id")).unwrap_or_default().to_owned();
    let binding = own_extension(reference, "store").or_else(|| own_extension(store?, "store"));
    let Some(binding) = binding.filter(|b| compiler.may_share(*b)) else {
        return DataStore { name, ..DataStore::default() };
    };
    let keys: Vec<_> = binding.children().filter(|n| n.has_tag_name((RUSLO, "key"))).collect();
    let keys = keys.into_iter().filter_map(|node| {
        let (field, value) = (filled(node, "field")?, filled(node, "value")?);
        Some((field.to_owned(), compiler.value(At { node, element: idx, role: "store key" }, value)))
    });
    let key = keys.collect();
    DataStore { name, catalog: filled(binding, "catalog").map(str::to_owned), key }
}

/// The data inputs without which the activity does not start: those of its input sets that an association fills and
/// that are neither optional nor filled while it runs.
fn required<'a, 'i>(compiler: &Compiler<'_, 'a, 'i>, node: Node<'a, 'i>) -> Vec<String> {
    let Some(specification) = child(node, "ioSpecification") else { return Vec::new() };
    let sets = model_children(specification).filter(|n| is(*n, "inputSet"));
    let filled_in: HashSet<String> = model_children(node)
        .filter(|n| is(*n, "dataInputAssociation"))
        .filter_map(|a| child(a, "targetRef").map(text_of))
        .collect();
    let mut found = Vec::new();
    for set in sets {
        let list =
            |name: &str| -> HashSet<String> { model_children(set).filter(|n| is(*n, name)).map(text_of).collect() };
        let (optional, later) = (list("optionalInputRefs"), list("whileExecutingInputRefs"));
        for reference in model_children(set).filter(|n| is(*n, "dataInputRefs")).map(text_of) {
            if !filled_in.contains(&reference) || optional.contains(&reference) || later.contains(&reference) {
                continue;
            }
            if let Some(input) = compiler.file.resolve(&reference) {
                found.push(variable(compiler, input));
            }
        }
    }
    found.sort();
    found.dedup();
    found
}
