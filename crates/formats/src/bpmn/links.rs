//! What the parts of a file have to do with each other across processes: pools, message flows, associations,
//! correlation keys, names of data objects.
//!
//! Invariant: read once for a file, in one pass; every question is answered by an index.
//! Never: judges a model.

use super::dom::{child, filled, is, local, model_children, model_name};
use roxmltree::Node;
use std::collections::HashMap;

/// The index of one file.
#[derive(Default)]
pub(crate) struct Links<'a, 'i> {
    /// The other ends of the associations of an element.
    pub associated: HashMap<&'a str, Vec<&'a str>>,
    /// Message flows by where they begin.
    pub flows_from: HashMap<&'a str, Vec<Node<'a, 'i>>>,
    /// Message flows by where they end.
    pub flows_to: HashMap<&'a str, Vec<Node<'a, 'i>>>,
    /// The pool of a process.
    pub pools: HashMap<&'a str, Node<'a, 'i>>,
    /// The first reference to a data object.
    pub data_references: HashMap<&'a str, Node<'a, 'i>>,
    /// By message: the correlation keys that it fills.
    pub keys: HashMap<&'a str, Vec<Key<'a, 'i>>>,
}

/// A correlation key as one message fills it (BPMN MS-8).
#[derive(Clone)]
pub(crate) struct Key<'a, 'i> {
    pub node: Node<'a, 'i>,
    /// Each property's id and the path into the message.
    pub properties: Vec<(&'a str, Node<'a, 'i>)>,
}

/// Keys of one message, and properties of one key: each catch of the message carries all of them.
const KEYS_PER_MESSAGE: usize = 16;
/// Keys of a file.
const KEYS: usize = 256;
/// Messages from which one property can be read.
const MESSAGES_PER_PROPERTY: usize = 1_000;

impl<'a, 'i> Links<'a, 'i> {
    /// Reads `definitions`; `ids` are the ids of the file.
    pub fn read(root: Node<'a, 'i>, ids: &HashMap<&'a str, Node<'a, 'i>>) -> Self {
        let mut links = Self::default();
        let mut keys = Vec::new();
        let mut properties = Vec::new();
        let plain = |reference: &'a str| local(reference, |id| ids.contains_key(id));
        for node in root.descendants() {
            match model_name(node) {
                Some("association") => {
                    if let Some((from, to)) = ends(node) {
                        let (from, to) = (plain(from), plain(to));
                        links.associated.entry(from).or_default().push(to);
                        links.associated.entry(to).or_default().push(from);
                    }
                }
                Some("messageFlow") => {
                    if let Some((from, to)) = ends(node) {
                        links.flows_from.entry(plain(from)).or_default().push(node);
                        links.flows_to.entry(plain(to)).or_default().push(node);
                    }
                }
                Some("participant") => {
                    if let Some(process) = filled(node, "processRef") {
                        links.pools.entry(plain(process)).or_insert(node);
                    }
                }
                Some("dataObjectReference") => {
                    if let Some(object) = filled(node, "dataObjectRef") {
                        links.data_references.entry(plain(object)).or_insert(node);
                    }
                }
                Some("correlationKey") => keys.push(node),
                Some("correlationProperty") => properties.push(node),
                _ => {}
            }
        }
        links.correlate(&keys, &properties, ids);
        links
    }

    /// A key applies to a message when all its properties can be read from that message.
    fn correlate(&mut self, keys: &[Node<'a, 'i>], properties: &[Node<'a, 'i>], ids: &HashMap<&'a str, Node<'a, 'i>>) {
        let plain = |reference: &'a str| local(reference, |id| ids.contains_key(id));
        let mut paths: HashMap<&str, Vec<(&'a str, Node<'a, 'i>)>> = HashMap::new();
        for property in properties {
            let Some(id) = filled(*property, "id") else { continue };
            for retrieval in model_children(*property).filter(|n| is(*n, "correlationPropertyRetrievalExpression")) {
                if let (Some(message), Some(path)) = (filled(retrieval, "messageRef"), child(retrieval, "messagePath"))
                {
                    let list = paths.entry(id).or_default();
                    if list.len() < MESSAGES_PER_PROPERTY {
                        list.push((plain(message), path));
                    }
                }
            }
        }
        for key in keys.iter().take(KEYS) {
            let parts: Vec<&str> = model_children(*key)
                .filter(|n| is(*n, "correlationPropertyRef"))
                .filter_map(|n| n.text())
                .map(|t| plain(t.trim()))
                .take(KEYS_PER_MESSAGE)
                .collect();
            let mut filled_by: HashMap<&'a str, Vec<(&'a str, Node<'a, 'i>)>> = HashMap::new();
            for (at, part) in parts.iter().enumerate() {
                for (message, path) in paths.get(part).into_iter().flatten() {
                    let list = filled_by.entry(message).or_default();
                    if list.len() == at {
                        list.push((part, *path));
                    }
                }
            }
            for (message, properties) in filled_by {
                let list = self.keys.entry(message).or_default();
                if properties.len() == parts.len() && list.len() < KEYS_PER_MESSAGE {
                    list.push(Key { node: *key, properties });
                }
            }
        }
    }

    /// The ends of message flows that leave `id`.
    pub fn leaving(&self, id: &str) -> &[Node<'a, 'i>] {
        self.flows_from.get(id).map_or(&[], Vec::as_slice)
    }

    /// The message flows that arrive at `id`.
    pub fn arriving(&self, id: &str) -> &[Node<'a, 'i>] {
        self.flows_to.get(id).map_or(&[], Vec::as_slice)
    }
}

fn ends<'a>(node: Node<'a, '_>) -> Option<(&'a str, &'a str)> {
    Some((filled(node, "sourceRef")?, filled(node, "targetRef")?))
}

/// The process that `node` stands in.
pub(crate) fn process_of<'a, 'i>(node: Node<'a, 'i>) -> Option<Node<'a, 'i>> {
    node.ancestors().find(|n| is(*n, "process"))
}
