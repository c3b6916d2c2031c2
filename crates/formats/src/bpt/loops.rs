//! Loops over lists, waits for the first of several events, arithmetic (Bitrix contract 5.2, 5.4).
//!
//! Never: knows what the nodes inside do.

use super::activities;
use super::compile::{Builder, Exit};
use super::php::Php;
use super::template::Node;
use super::values::{Val, identifier};
use crate::bpmn::is_variable_name;
use crate::finding::Text;
use model::definition::{
    ElementIdx, ElementKind, EventBasedGateway, Expression, Language, Mapping, MultiInstance, Repetition,
};
use std::sync::Arc;

impl Builder<'_> {
    /// A loop over a list: an activity that repeats its inside for each item, one after the other. Inside, the node's
    /// `Value` and `Key` are the item and its number from 0.
    pub fn for_each(&mut self, node: &Node, exits: Vec<Exit>) -> Vec<Exit> {
        let id = identifier(&node.name, "n_");
        let (object, field) = (node.text("Object"), node.text("Variable"));
        let (Some(object), Some(field)) = (object, field.filter(|_| is_variable_name(&id))) else {
            let idx = self.unavailable_node(node);
            self.link(exits, idx);
            return vec![Exit::from(idx)];
        };
        // What is no list is a list of one; nothing is a list of none.
        let (items, item) = (format!("{id}_items"), format!("{id}_item"));
        let list = self.generated(&format!("{id}_list"), None, ElementKind::Task);
        self.link(exits, list);
        let source = self.expression(node, list, "items", Val::Bitrix(format!("{{={object}:{field}}}")));
        self.at(list).outputs.push(Mapping { target: items.clone(), source });
        let body = self.append(node, vec![Exit::from(list)], ElementKind::sub_process());
        let all =
            format!("if {items} = null then [] else if {items} instance of list<Any> then {items} else [{items}]");
        let multi = MultiInstance {
            sequential: true,
            collection: Some(self.feel(body, "inputCollection", &all)),
            item: Some(item.clone()),
            ..MultiInstance::default()
        };
        self.at(body).traits_mut().repetition = Some(Repetition::MultiInstance(Box::new(multi)));
        for (name, text) in [("Key", "loopCounter - 1"), ("Value", item.as_str())] {
            let target = format!("{id}.{name}");
            let source = self.feel(body, &format!("input {target}"), text);
            self.at(body).inputs.push(Mapping { target, source });
        }
        self.inside(body, &id, &node.children);
        vec![Exit::from(body)]
    }

    /// Compiles nodes inside of a sub-process.
    fn inside(&mut self, body: ElementIdx, id: &str, nodes: &[Node]) {
        let outer = std::mem::replace(&mut self.scope, body);
        let start = self.generated(&format!("{id}_start"), None, ElementKind::start());
        if let ElementKind::Scope(scope) = &mut self.at(body).kind {
            scope.starts.push(start);
            scope.default_start = Some(start);
        }
        let tail = self.sequence(nodes, vec![Exit::from(start)]);
        if !tail.is_empty() {
            let end = self.generated(&format!("{id}_end"), None, ElementKind::end());
            self.link(tail, end);
        }
        self.scope = outer;
    }

    fn feel(&mut self, element: ElementIdx, role: &str, text: &str) -> model::definition::ExprId {
        let (text, role) = (Arc::from(text), Arc::from(role));
        self.push(Expression::Source { language: Language::Feel, text, element, role })
    }

    /// The first of several events. Waits run; commands and answers of apps do not.
    pub fn listen(&mut self, node: &Node, exits: Vec<Exit>) -> Vec<Exit> {
        let branches: Vec<&Node> = node.children.iter().filter(|n| n.is_active()).collect();
        let first = |branch: &Node| branch.children.iter().position(|n| n.is_active());
        let branches: Vec<_> = branches.into_iter().filter_map(|b| Some((b, first(b)?))).collect();
        if branches.is_empty() {
            return exits;
        }
        let kind = ElementKind::EventBasedGateway(EventBasedGateway::default());
        let gateway = self.append(node, exits, kind);
        let mut ends = Vec::new();
        for (at, (branch, first)) in branches.into_iter().enumerate() {
            let mut exit = Exit::named(gateway, branch.name.clone(), branch.text("Title"));
            exit.rank = at;
            let event = &branch.children[first];
            if activities::is_wait(&event.kind) {
                ends.extend(self.sequence(&branch.children, vec![exit]));
                continue;
            }
            let idx = self.unavailable_node(event);
            self.link(vec![exit], idx);
            ends.extend(self.sequence(&branch.children[first + 1..], vec![Exit::from(idx)]));
        }
        self.join(&format!("{}_join", node.name), ElementKind::ExclusiveGateway, ends)
    }

    /// Arithmetic into variables: `Conditions` maps a variable to `[a, operator, b]`.
    pub fn math(&mut self, node: &Node, exits: Vec<Exit>) -> Vec<Exit> {
        let idx = self.append(node, exits, ElementKind::Task);
        let Some(map) = node.properties.array("Conditions") else { return vec![Exit::from(idx)] };
        for (key, value) in &map.0 {
            let target = key.text();
            let Some(formula) = formula(value).filter(|_| is_variable_name(&target)) else {
                let text = Text::new(
                    format!("The calculation of `{target}` can not be read: it is left out"),
                    format!("Вычисление «{target}» не читается: оно пропущено"),
                );
                self.approximate(node, text);
                continue;
            };
            let source = self.expression(node, idx, &format!("variable {target}"), Val::Bitrix(formula));
            self.at(idx).outputs.push(Mapping { target, source });
        }
        vec![Exit::from(idx)]
    }
}

/// `=(a) op (b)`.
fn formula(value: &Php) -> Option<String> {
    let Php::Array(parts) = value else { return None };
    let parts: Option<Vec<String>> = parts.0.iter().map(|(_, part)| part.to_text()).collect();
    let parts = parts?;
    let [a, operator, b] = parts.as_slice() else { return None };
    let operator = operator.trim();
    let known = ["+", "-", "*", "/", "%"].contains(&operator);
    let side = |text: &str| {
        let text = text.trim();
        let text = text.strip_prefix('=').unwrap_or(text);
        (!text.is_empty()).then(|| format!("({text})"))
    };
    known.then_some(())?;
    Some(format!("={}{operator}{}", side(a)?, side(b)?))
}
