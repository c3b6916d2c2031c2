//! What an element gets in the native dialect, and how it is written into the copy of the text.
//!
//! Invariant: only the copy that is compiled changes; the stored text keeps what was drawn (BPMN RT-4). Every place in
//! the copy leads back to its place in the original.

use super::super::dom::{MODEL, RUSLO, ZEEBE, is};
use super::super::patch::Patches;
use crate::text::Shifts;
use crate::xml::escape;
use roxmltree::Node;
use std::fmt::Write;
use std::ops::Range;

/// Prefixes of the copy; nobody else declares them.
const ZEEBE_PREFIX: &str = "rslz";
const RUSLO_PREFIX: &str = "rslr";
const MODEL_PREFIX: &str = "rslm";

/// Attributes by name.
type Attributes = Vec<(&'static str, String)>;

/// A listener: event, job type, headers.
type Listener = (String, String, Vec<(String, String)>);

/// Native settings for one element.
#[derive(Debug, Default)]
pub(super) struct Native {
    /// Attributes of our own namespace.
    pub attributes: Vec<(&'static str, String)>,
    /// `zeebe:taskDefinition`: type and retries.
    pub job: Option<(String, Option<String>)>,
    /// `zeebe:taskHeaders`.
    pub headers: Vec<(String, String)>,
    /// `zeebe:input`: source and target.
    pub inputs: Vec<(String, String)>,
    /// `zeebe:output`: source and target.
    pub outputs: Vec<(String, String)>,
    /// Other zeebe elements: name, attributes, text.
    pub elements: Vec<(&'static str, Attributes, String)>,
    /// Execution listeners: event and job type, and headers.
    pub listeners: Vec<Listener>,
    /// Task listeners.
    pub task_listeners: Vec<Listener>,
    /// BPMN children to add: name and attributes.
    pub children: Vec<(&'static str, Attributes)>,
}

impl Native {
    pub fn attribute(&mut self, name: &'static str, value: impl Into<String>) {
        if !self.attributes.iter().any(|(n, _)| *n == name) {
            self.attributes.push((name, value.into()));
        }
    }

    pub fn element(&mut self, name: &'static str, attributes: Vec<(&'static str, String)>) {
        self.elements.push((name, attributes, String::new()));
    }

    pub fn header(&mut self, key: &str, value: impl Into<String>) {
        self.headers.push((key.to_owned(), value.into()));
    }

    fn extensions(&self) -> String {
        let mut out = String::new();
        if let Some((job_type, retries)) = &self.job {
            let retries = retries.iter().map(|r| ("retries", r.clone()));
            let attributes: Vec<_> = [("type", job_type.clone())].into_iter().chain(retries).collect();
            tag(&mut out, "taskDefinition", &attributes, "");
        }
        if !self.headers.is_empty() {
            let _ = write!(out, "<{ZEEBE_PREFIX}:taskHeaders>{}</{ZEEBE_PREFIX}:taskHeaders>", headers(&self.headers));
        }
        if !(self.inputs.is_empty() && self.outputs.is_empty()) {
            let mut inner = String::new();
            for (name, pairs) in [("input", &self.inputs), ("output", &self.outputs)] {
                for (source, target) in pairs {
                    tag(&mut inner, name, &[("source", source.clone()), ("target", target.clone())], "");
                }
            }
            let _ = write!(out, "<{ZEEBE_PREFIX}:ioMapping>{inner}</{ZEEBE_PREFIX}:ioMapping>");
        }
        for (list, item, listeners) in [
            ("executionListeners", "executionListener", &self.listeners),
            ("taskListeners", "taskListener", &self.task_listeners),
        ] {
            if listeners.is_empty() {
                continue;
            }
            let mut inner = String::new();
            for (event, job_type, pairs) in listeners {
                let below = match pairs.is_empty() {
                    true => String::new(),
                    false => format!("<{ZEEBE_PREFIX}:taskHeaders>{}</{ZEEBE_PREFIX}:taskHeaders>", headers(pairs)),
                };
                tag(&mut inner, item, &[("eventType", event.clone()), ("type", job_type.clone())], &below);
            }
            tag(&mut out, list, &[], &inner);
        }
        for (name, attributes, text) in &self.elements {
            tag(&mut out, name, attributes, &escape(text));
        }
        out
    }
}

fn headers(pairs: &[(String, String)]) -> String {
    let mut out = String::new();
    for (key, value) in pairs {
        tag(&mut out, "header", &[("key", key.clone()), ("value", value.clone())], "");
    }
    out
}

fn tag(out: &mut String, name: &str, attributes: &[(&str, String)], inner: &str) {
    let _ = write!(out, "<{ZEEBE_PREFIX}:{name}");
    for (key, value) in attributes {
        let _ = write!(out, " {key}=\"{}\"", escape(value));
    }
    let _ = write!(out, ">{inner}</{ZEEBE_PREFIX}:{name}>");
}

/// Edits of one text.
pub(super) struct Edits<'t> {
    text: &'t str,
    items: Vec<(Range<usize>, String)>,
}

impl<'t> Edits<'t> {
    pub fn new(text: &'t str) -> Self {
        Self { text, items: Vec::new() }
    }

    /// Declares the prefixes of the copy.
    pub fn declare(&mut self, root: Node) {
        let declared = format!(
            " xmlns:{ZEEBE_PREFIX}=\"{ZEEBE}\" xmlns:{RUSLO_PREFIX}=\"{RUSLO}\" xmlns:{MODEL_PREFIX}=\"{MODEL}\""
        );
        self.insert(self.after_name(root), declared);
    }

    /// Puts `text` instead of `range`.
    pub fn replace(&mut self, range: Range<usize>, text: String) {
        self.items.push((range, text));
    }

    fn insert(&mut self, at: usize, text: String) {
        self.items.push((at..at, text));
    }

    /// Writes the native settings of `node`.
    pub fn write(&mut self, node: Node, native: &Native) {
        let mut attributes = String::new();
        for (name, value) in &native.attributes {
            let _ = write!(attributes, " {RUSLO_PREFIX}:{name}=\"{}\"", escape(value));
        }
        if !attributes.is_empty() {
            self.insert(self.after_name(node), attributes);
        }
        let mut body = String::new();
        for (name, attributes) in &native.children {
            let _ = write!(body, "<{MODEL_PREFIX}:{name}");
            for (key, value) in attributes {
                let _ = write!(body, " {key}=\"{}\"", escape(value));
            }
            body.push_str("/>");
        }
        let extensions = native.extensions();
        let holder = node.children().find(|n| is(*n, "extensionElements"));
        match holder {
            Some(holder) if !extensions.is_empty() => self.fill(holder, extensions),
            _ if !extensions.is_empty() => {
                let wrapped =
                    format!("<{MODEL_PREFIX}:extensionElements>{extensions}</{MODEL_PREFIX}:extensionElements>");
                body.insert_str(0, &wrapped);
            }
            _ => {}
        }
        if !body.is_empty() {
            self.fill(node, body);
        }
    }

    /// Puts `inner` behind the start tag of `node`.
    fn fill(&mut self, node: Node, inner: String) {
        let (end, empty) = self.start_tag_end(node);
        if !empty {
            return self.insert(end, inner);
        }
        let name = &self.text[node.range().start + 1..self.after_name(node)];
        let slash = self.text[..end].rfind('/').unwrap_or(end);
        self.items.push((slash..end, format!(">{inner}</{name}>")));
    }

    /// What stands between the start tag and the end tag of `node`.
    pub fn content(&self, node: Node) -> Range<usize> {
        let (start, _) = self.start_tag_end(node);
        let end = self.text[..node.range().end].rfind("</").unwrap_or(start);
        start..end.max(start)
    }

    /// Behind the name in the start tag of `node`.
    fn after_name(&self, node: Node) -> usize {
        let start = node.range().start + 1;
        let rest = &self.text[start..];
        start + rest.find(|c: char| c.is_whitespace() || c == '/' || c == '>').unwrap_or(rest.len())
    }

    /// Behind the start tag of `node`, and whether it is an empty element's.
    fn start_tag_end(&self, node: Node) -> (usize, bool) {
        let (start, mut quote) = (node.range().start, None);
        for (at, byte) in self.text.as_bytes()[start..].iter().enumerate() {
            match (quote, byte) {
                (None, b'"' | b'\'') => quote = Some(*byte),
                (Some(open), byte) if open == *byte => quote = None,
                (None, b'>') => {
                    let end = start + at;
                    return (end + 1, self.text.as_bytes()[end - 1] == b'/');
                }
                _ => {}
            }
        }
        (self.text.len(), false)
    }

    /// The copy, and the way back from it.
    pub fn apply(mut self) -> (String, Shifts) {
        // Attributes of a start tag come before what follows it; one place keeps the order of the calls.
        self.items.sort_by_key(|(range, _)| range.start);
        let mut patches = Patches::default();
        let (mut shifts, mut added, mut done) = (Vec::new(), 0_isize, 0_usize);
        for (range, text) in self.items {
            if range.start < done {
                continue;
            }
            done = range.end;
            added += text.len() as isize - (range.end - range.start) as isize;
            shifts.push(((range.end as isize + added) as usize, -added));
            patches.replace(range, text);
        }
        (patches.apply(self.text), Shifts::new(shifts))
    }
}
