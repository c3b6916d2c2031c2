//! Words for walking a BPMN document.
//!
//! Owns: the namespaces and the reading of one BPMN file into [`File`]: its text, tree, ids and references.
//! Never: judges a model.

use super::links::Links;
use crate::finding::{Spot, Text, refusal};
use crate::text::Positions;
use model::Diagnostic;
use model::limits::Limits;
use roxmltree::{Document, Node};
use std::collections::HashMap;

pub(crate) const MODEL: &str = "http://www.omg.org/spec/BPMN/20100524/MODEL";
pub(crate) const BPMNDI: &str = "http://www.omg.org/spec/BPMN/20100524/DI";
pub(crate) const DC: &str = "http://www.omg.org/spec/DD/20100524/DC";
pub(crate) const DI: &str = "http://www.omg.org/spec/DD/20100524/DI";
pub(crate) const ZEEBE: &str = "http://camunda.org/schema/zeebe/1.0";
pub(crate) const RUSLO: &str = "http://ruslo.dev/schema/1.0";
pub(crate) const CAMUNDA: &str = "http://camunda.org/schema/1.0/bpmn";
pub(crate) const FLOWABLE: &str = "http://flowable.org/bpmn";
pub(crate) const ACTIVITI: &str = "http://activiti.org/bpmn";

/// One BPMN file, read but not judged.
pub(crate) struct File<'a, 'i> {
    pub doc: &'a Document<'i>,
    pub positions: &'a Positions<'i>,
    pub limits: &'a Limits,
    /// BPMN elements by id; of several with one id the first.
    pub ids: HashMap<&'a str, Node<'a, 'i>>,
    /// What the parts of the file have to do with each other.
    pub links: Links<'a, 'i>,
    /// The element templates of apps; none: not known here.
    pub templates: Option<&'a [serde_json::Value]>,
}

impl<'a, 'i> File<'a, 'i> {
    /// Indexes `doc`; refuses what is no BPMN or has too many elements.
    pub fn new(doc: &'a Document<'i>, positions: &'a Positions<'i>, limits: &'a Limits) -> Result<Self, Diagnostic> {
        let root = doc.root_element();
        if !is(root, "definitions") {
            let name = root.tag_name().name();
            let text = Text::new(
                format!("The root element is `{name}`, not BPMN 2.0 `definitions`"),
                format!("Корневой элемент — «{name}», а не «definitions» из BPMN 2.0"),
            );
            return Err(refusal("LN-01", positions.spot(root.range().start), text));
        }
        let mut ids = HashMap::new();
        let mut count = 0_usize;
        for node in root.descendants().filter(|n| n.tag_name().namespace() == Some(MODEL)) {
            if let Some(id) = node.attribute("id") {
                ids.entry(id).or_insert(node);
                count += 1;
            }
        }
        if count > limits.definition_elements {
            let max = limits.definition_elements;
            let text = Text::new(format!("More than {max} elements"), format!("Больше {max} элементов"));
            return Err(refusal("LN-01", Spot { line: 1, column: 1 }, text));
        }
        let links = Links::read(root, &ids);
        Ok(Self { doc, positions, limits, ids, links, templates: None })
    }

    /// Where `node` begins.
    pub fn spot(&self, node: Node) -> Spot {
        self.positions.spot(node.range().start)
    }

    /// What a QName reference points to; a prefix is tolerated (BPMN LN-03).
    pub fn resolve(&self, reference: &str) -> Option<Node<'a, 'i>> {
        self.ids.get(local(reference, |id| self.ids.contains_key(id))).copied()
    }

    /// Whether the process runs; a missing mark means no, except in the dialects of [`Self::vendor`] (BPMN LN-02).
    pub fn is_executable(&self, process: Node) -> bool {
        flag(process, "isExecutable").unwrap_or_else(|| self.vendor())
    }

    /// Whether the file speaks a dialect in which a missing `isExecutable` means true.
    pub fn vendor(&self) -> bool {
        self.doc.root_element().namespaces().any(|n| n.uri() == FLOWABLE || n.uri() == ACTIVITI)
    }

    /// Whether the file is drawn for `zeebe` and no other engine: what is missing there is an error.
    pub fn is_zeebe(&self) -> bool {
        let declares = |uri: &str| self.doc.root_element().namespaces().any(|n| n.uri() == uri);
        declares(ZEEBE) && ![CAMUNDA, FLOWABLE, ACTIVITI].into_iter().any(declares)
    }

    /// Global tasks: processes of one task (BPMN 1.7).
    pub fn global_tasks(&self) -> impl Iterator<Item = Node<'a, 'i>> + use<'a, 'i> {
        self.doc.root_element().children().filter(|n| is_global_task(*n))
    }

    /// The processes in file order.
    pub fn processes(&self) -> impl Iterator<Item = Node<'a, 'i>> + use<'a, 'i> {
        self.doc.root_element().children().filter(|n| is(*n, "process"))
    }
}

/// Tasks that stand outside of processes, to be called.
const GLOBAL_TASKS: &[&str] =
    &["globalBusinessRuleTask", "globalManualTask", "globalScriptTask", "globalTask", "globalUserTask"];

/// Whether `node` is a global task.
pub(crate) fn is_global_task(node: Node) -> bool {
    model_name(node).is_some_and(|name| GLOBAL_TASKS.contains(&name))
}

/// The name of a BPMN element.
pub(crate) fn model_name<'a>(node: Node<'a, '_>) -> Option<&'a str> {
    (node.is_element() && node.tag_name().namespace() == Some(MODEL)).then(|| node.tag_name().name())
}

/// `reference` without a prefix, unless it is known as it stands.
pub(crate) fn local(reference: &str, known: impl Fn(&str) -> bool) -> &str {
    let reference = reference.trim();
    match reference.split_once(':') {
        Some((_, rest)) if !known(reference) => rest,
        _ => reference,
    }
}

/// Whether `node` is the BPMN element `name`.
pub(crate) fn is(node: Node, name: &str) -> bool {
    node.is_element() && node.tag_name().namespace() == Some(MODEL) && node.tag_name().name() == name
}

/// BPMN children of `node`.
pub(crate) fn model_children<'a, 'i>(node: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(|n| n.is_element() && n.tag_name().namespace() == Some(MODEL))
}

/// The first BPMN child `name`.
pub(crate) fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|n| is(*n, name))
}

/// The children of `extensionElements`.
pub(crate) fn extensions<'a, 'i>(node: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(|n| is(*n, "extensionElements")).flat_map(|n| n.children()).filter(Node::is_element)
}

/// The zeebe extension `name`.
pub(crate) fn zeebe<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    extensions(node).find(|n| n.has_tag_name((ZEEBE, name)))
}

/// Our own extension `name`.
pub(crate) fn own_extension<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    extensions(node).find(|n| n.has_tag_name((RUSLO, name)))
}

/// All text inside `node`, trimmed; CDATA and comments between are fine.
pub(crate) fn text_of(node: Node) -> String {
    let mut out = String::new();
    for part in node.children().filter(Node::is_text) {
        out.push_str(part.text().unwrap_or_default());
    }
    out.trim().to_owned()
}

/// An attribute that is present and not blank.
pub(crate) fn filled<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    plain(node, name).map(str::trim).filter(|v| !v.is_empty())
}

/// The attribute without a namespace: `default` and not somebody's `x:default`.
pub(crate) fn plain<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.attributes().find(|a| a.name() == name && a.namespace().is_none()).map(|a| a.value())
}

/// A boolean attribute.
pub(crate) fn flag(node: Node, name: &str) -> Option<bool> {
    match plain(node, name)?.trim() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}
