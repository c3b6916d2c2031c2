//! From a template's tree to the IR.
//!
//! Owns: the control structures (Bitrix contract 5.2) and the arena. A node that does not run here becomes
//! [`ElementKind::Unsupported`] with an error: the template is stored and shown, but not deployed.
//! Never: knows single activities (that is [`super::activities`]).

use super::activities;
use super::conditions::{Condition, condition};
use super::forms;
use super::template::{Node, Template};
use super::values::{Val, identifier};
use crate::finding::{Spot, Text, finding};
use model::definition::{
    Element, ElementIdx, ElementKind, ExprId, Expression, FlowIdx, Language, Origin, ProcessDefinition, ROOT,
    SequenceFlow,
};
use model::limits::Limits;
use model::{Diagnostic, Severity, Value};
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

/// Compiles `template`; findings of severity error prevent deployment.
pub fn compile(template: &Template, process_id: &str, name: &str) -> (ProcessDefinition, Vec<Diagnostic>) {
    let mut builder = Builder::new(template, process_id, name);
    let root = &template.root;
    if root.is("SequentialWorkflowActivity") {
        let start = builder.generated("Template_start", None, ElementKind::start());
        if let ElementKind::Scope(scope) = &mut builder.def.elements[0].kind {
            scope.starts.push(start);
            scope.default_start = Some(start);
        }
        let exits = builder.sequence(&root.children, vec![Exit::from(start)]);
        if !exits.is_empty() {
            let end = builder.generated("Template_end", None, ElementKind::end());
            builder.link(exits, end);
        }
    } else {
        builder.unavailable_node(root);
        for state in root.children.iter().filter(|n| n.is_active()) {
            builder.unavailable_node(state);
        }
    }
    builder.order_flows();
    (builder.def, builder.findings)
}

/// The types of active nodes that can not run: those this crate does not compile, and apps' activities that `known`
/// does not know.
pub fn unavailable(template: &Template, known: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut found = BTreeSet::new();
    let mut stack = vec![&template.root];
    while let Some(node) = stack.pop() {
        if !node.is_active() {
            continue;
        }
        let app = activities::is_app(&node.kind);
        let runs = if app { known(&node.kind.to_ascii_lowercase()) } else { activities::runs(&node.kind) };
        if !runs {
            found.insert(node.kind.clone());
        }
        stack.extend(&node.children);
    }
    found.into_iter().collect()
}

/// An open end: the next element is joined to it.
#[derive(Debug, Clone)]
pub(crate) struct Exit {
    pub from: ElementIdx,
    pub id: Option<String>,
    pub name: Option<String>,
    pub condition: Option<ExprId>,
    pub default: bool,
    /// Its place among the flows that leave `from`: conditions are tried in this order.
    pub rank: usize,
}

impl Exit {
    pub fn from(from: ElementIdx) -> Self {
        Self { from, id: None, name: None, condition: None, default: false, rank: 0 }
    }

    pub fn named(from: ElementIdx, id: String, name: Option<String>) -> Self {
        Self { id: Some(id), name, ..Self::from(from) }
    }
}

/// The IR being built.
pub(crate) struct Builder<'t> {
    pub template: &'t Template,
    pub def: ProcessDefinition,
    pub findings: Vec<Diagnostic>,
    /// The scope that elements are added to.
    pub scope: ElementIdx,
    ids: HashSet<String>,
    limits: Limits,
    /// The rank of each flow.
    ranks: Vec<usize>,
}

impl<'t> Builder<'t> {
    fn new(template: &'t Template, process_id: &str, name: &str) -> Self {
        let mut def = ProcessDefinition::new(process_id, name, Origin::Bpt);
        def.elements.clear();
        def.parameters = forms::declarations(&template.parameters);
        def.variables = forms::declarations(&template.variables);
        def.constants = forms::declarations(&template.constants);
        let mut builder = Self {
            template,
            def,
            findings: Vec::new(),
            scope: ROOT,
            ids: HashSet::new(),
            limits: Limits::default(),
            ranks: Vec::new(),
        };
        let title = template.root.text("Title").unwrap_or_else(|| name.to_owned());
        builder.generated(process_id, Some(title), ElementKind::process());
        builder
    }

    /// Records a finding about a node.
    pub fn report(&mut self, code: &str, severity: Severity, node: &Node, text: Text) {
        let id = identifier(&node.name, "n_");
        self.findings.push(finding(code, severity, Some(&id), Spot::default(), text));
    }

    /// A node that does what its type says only roughly, or not in full (BPT-02).
    pub fn approximate(&mut self, node: &Node, text: Text) {
        self.report("BPT-02", Severity::Warning, node, text);
    }

    /// An unused id like `wish`.
    fn fresh(&mut self, wish: &str) -> String {
        let wish = identifier(wish, "n_");
        let mut id = wish.clone();
        let mut nth = 1;
        while !self.ids.insert(id.clone()) {
            nth += 1;
            id = format!("{wish}_{nth}");
        }
        id
    }

    /// Adds an element that no node stands for.
    pub fn generated(&mut self, id: &str, name: Option<String>, kind: ElementKind) -> ElementIdx {
        let id = self.fresh(id);
        let idx = ElementIdx(self.def.elements.len() as u32);
        let mut element = Element::new(id, self.scope, kind);
        element.name = name;
        self.def.elements.push(element);
        idx
    }

    /// Adds the element that stands for `node`.
    pub fn element(&mut self, node: &Node, kind: ElementKind) -> ElementIdx {
        if self.ids.contains(&identifier(&node.name, "n_")) {
            let name = &node.name;
            let text = Text::new(
                format!("The name `{name}` stands twice in the template"),
                format!("Имя «{name}» встречается в шаблоне дважды"),
            );
            self.report("LN-03", Severity::Error, node, text);
        }
        self.generated(&node.name, node.text("Title"), kind)
    }

    /// The element at `idx`.
    pub fn at(&mut self, idx: ElementIdx) -> &mut Element {
        &mut self.def.elements[idx.0 as usize]
    }

    /// Joins open ends to `target`.
    pub fn link(&mut self, exits: Vec<Exit>, target: ElementIdx) {
        for exit in exits {
            let wish = match exit.id {
                Some(id) => id,
                None => format!("{}_to_{}", self.def.element(exit.from).id, self.def.element(target).id),
            };
            let id = Arc::from(self.fresh(&wish));
            let flow = FlowIdx(self.def.flows.len() as u32);
            let Exit { from, name, condition, default, rank, .. } = exit;
            self.ranks.push(rank);
            self.def.flows.push(SequenceFlow { id, name, source: from, target, condition, link: false });
            self.at(from).outgoing.push(flow);
            self.at(target).incoming.push(flow);
            if default {
                self.at(from).default_flow = Some(flow);
            }
        }
    }

    /// Where each scope ends: its last element, and how deep it lies; of scopes that end together the inner is first.
    fn scope_ends(&self) -> Vec<(usize, Reverse<usize>)> {
        let elements = &self.def.elements;
        let mut ends: Vec<_> = (0..elements.len()).map(|at| (at, Reverse(0))).collect();
        for at in 1..elements.len() {
            ends[at].1 = Reverse(ends[elements[at].parent.0 as usize].1.0 + 1);
        }
        for at in (1..elements.len()).rev() {
            let parent = elements[at].parent.0 as usize;
            ends[parent].0 = ends[parent].0.max(ends[at].0);
        }
        ends
    }

    /// Flows come about when their targets do; here they take the order of their branches, inner scopes first.
    fn order_flows(&mut self) {
        let ends = self.scope_ends();
        let scope = |flow: usize| ends[self.def.element(self.def.flows[flow].source).parent.0 as usize];
        let mut order: Vec<usize> = (0..self.def.flows.len()).collect();
        order.sort_by_key(|f| (scope(*f), self.def.flows[*f].source, self.ranks[*f], *f));
        let mut places = vec![FlowIdx(0); order.len()];
        for (place, old) in order.iter().enumerate() {
            places[*old] = FlowIdx(place as u32);
        }
        self.def.flows = order.iter().map(|old| self.def.flows[*old].clone()).collect();
        for element in &mut self.def.elements {
            for flow in element.incoming.iter_mut().chain(&mut element.outgoing).chain(&mut element.default_flow) {
                *flow = places[flow.0 as usize];
            }
            element.incoming.sort();
            element.outgoing.sort();
        }
    }

    /// Adds `kind` behind `exits`.
    pub fn append(&mut self, node: &Node, exits: Vec<Exit>, kind: ElementKind) -> ElementIdx {
        let idx = self.element(node, kind);
        self.link(exits, idx);
        idx
    }

    /// Several ends become one.
    pub fn join(&mut self, id: &str, kind: ElementKind, exits: Vec<Exit>) -> Vec<Exit> {
        if exits.len() < 2 {
            return exits;
        }
        let join = self.generated(id, None, kind);
        self.link(exits, join);
        vec![Exit::from(join)]
    }

    /// An expression of the definition. Text that can not be read stays text, as in the vendor's product.
    pub fn expression(&mut self, node: &Node, element: ElementIdx, role: &str, value: Val) -> ExprId {
        let expression = match value {
            Val::Literal(value) => Expression::Literal(value),
            Val::Bitrix(text) => match expr::compile(Language::Bitrix, &text, &self.limits) {
                Ok(_) => Expression::Source {
                    language: Language::Bitrix,
                    text: Arc::from(text),
                    element,
                    role: Arc::from(role),
                },
                Err(error) => {
                    let (en, ru) = (error.message, error.message_ru);
                    let text_of = Text::new(
                        format!("{role}: the formula can not be read and stays text: {en}"),
                        format!("{role}: формула не читается и остаётся текстом: {ru}"),
                    );
                    self.approximate(node, text_of);
                    Expression::Literal(Value::text(&text))
                }
            },
        };
        self.push(expression)
    }

    /// Adds an expression as it is.
    pub fn push(&mut self, expression: Expression) -> ExprId {
        self.def.expressions.push(expression);
        ExprId(self.def.expressions.len() as u32 - 1)
    }

    /// Compiles nodes one after the other.
    pub fn sequence(&mut self, nodes: &[Node], mut exits: Vec<Exit>) -> Vec<Exit> {
        for node in nodes.iter().filter(|n| n.is_active()) {
            exits = self.node(node, exits);
        }
        exits
    }

    fn node(&mut self, node: &Node, exits: Vec<Exit>) -> Vec<Exit> {
        match node.kind.to_ascii_lowercase().as_str() {
            "sequenceactivity" | "emptyblockactivity" => self.sequence(&node.children, exits),
            "ifelseactivity" => self.choice(node, exits),
            "parallelactivity" => self.parallel(node, exits),
            "whileactivity" => self.repeat(node, exits),
            "foreachactivity" => self.for_each(node, exits),
            "listenactivity" => self.listen(node, exits),
            "mathoperationactivity" => self.math(node, exits),
            _ => activities::activity(self, node, exits),
        }
    }

    /// A node that does not run here.
    pub fn unavailable_node(&mut self, node: &Node) -> ElementIdx {
        let kind = &node.kind;
        let text = Text::new(
            format!("`{kind}` is not available here: the template is kept and shown, but can not be deployed"),
            format!("«{kind}» здесь недоступно: шаблон хранится и показывается, но развернуть его нельзя"),
        );
        self.report("BPT-01", Severity::Error, node, text);
        self.element(node, ElementKind::Unsupported { construct: node.kind.clone(), rule: "BPT-01" })
    }

    fn condition(&mut self, node: &Node, element: ElementIdx) -> Option<ExprId> {
        match condition(node, self.template) {
            Condition::Always => None,
            Condition::None => {
                let text = Text::new(
                    "The branch has no condition: it counts as true",
                    "У ветви нет условия: она считается истинной",
                );
                self.report("BPT-04", Severity::Warning, node, text);
                None
            }
            Condition::Code => {
                let text = Text::new(
                    "A condition in PHP can not run here: replace it with another kind of condition",
                    "Условие на PHP здесь не выполняется: замените его условием другого вида",
                );
                self.report("BPT-01", Severity::Error, node, text);
                Some(self.push(Expression::Literal(Value::Bool(false))))
            }
            Condition::Group(text) => {
                if let Err(error) = expr::compile(Language::BitrixCondition, &text, &self.limits) {
                    let text = Text::new(
                        format!("The condition can not be read: {}", error.message),
                        format!("Условие не читается: {}", error.message_ru),
                    );
                    self.report("LN-22", Severity::Error, node, text);
                }
                Some(self.push(Expression::Source {
                    language: Language::BitrixCondition,
                    text: Arc::from(text),
                    element,
                    role: Arc::from("condition"),
                }))
            }
        }
    }

    fn choice(&mut self, node: &Node, exits: Vec<Exit>) -> Vec<Exit> {
        let branches: Vec<&Node> = node.children.iter().filter(|n| n.is_active()).collect();
        if branches.is_empty() {
            return exits;
        }
        let split = self.append(node, exits, ElementKind::ExclusiveGateway);
        let mut ends = Vec::new();
        let mut closed = false;
        for (at, branch) in branches.iter().enumerate() {
            let mut exit = Exit::named(split, branch.name.clone(), branch.text("Title"));
            exit.rank = at;
            exit.condition = self.condition(branch, split);
            let always = exit.condition.is_none();
            if always && at + 1 == branches.len() {
                exit.default = true;
                closed = true;
            } else if always {
                // Branches behind one that is always true never run; their conditions must not come first.
                exit.condition = Some(self.push(Expression::Literal(Value::Bool(true))));
            }
            ends.extend(self.sequence(&branch.children, vec![exit]));
        }
        if !closed {
            let mut otherwise = Exit::named(split, format!("{}_else", node.name), None);
            otherwise.default = true;
            otherwise.rank = branches.len();
            ends.push(otherwise);
        }
        self.join(&format!("{}_join", node.name), ElementKind::ExclusiveGateway, ends)
    }

    fn parallel(&mut self, node: &Node, exits: Vec<Exit>) -> Vec<Exit> {
        let branches: Vec<&Node> = node.children.iter().filter(|n| n.is_active()).collect();
        if branches.is_empty() {
            return exits;
        }
        let split = self.append(node, exits, ElementKind::ParallelGateway);
        let mut ends = Vec::new();
        for (at, branch) in branches.into_iter().enumerate() {
            let mut exit = Exit::named(split, branch.name.clone(), None);
            exit.rank = at;
            let tail = self.sequence(&branch.children, vec![exit]);
            // A join waits for every flow that enters it: each branch brings one.
            ends.extend(self.join(&format!("{}_end", branch.name), ElementKind::ExclusiveGateway, tail));
        }
        self.join(&format!("{}_join", node.name), ElementKind::ParallelGateway, ends)
    }

    fn repeat(&mut self, node: &Node, exits: Vec<Exit>) -> Vec<Exit> {
        let gateway = self.append(node, exits, ElementKind::ExclusiveGateway);
        let mut body = Exit::named(gateway, format!("{}_loop", node.name), None);
        body.condition = self.condition(node, gateway);
        if body.condition.is_none() {
            body.condition = Some(self.push(Expression::Literal(Value::Bool(true))));
        }
        let tail = self.sequence(&node.children, vec![body]);
        self.link(tail, gateway);
        let mut exit = Exit::named(gateway, format!("{}_exit", node.name), None);
        exit.default = true;
        exit.rank = 1;
        vec![exit]
    }
}
