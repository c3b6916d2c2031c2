//! XML of DMN 1.1 to 1.5 into [`Tree`].
//!
//! Invariant: total: what is missing becomes empty, what is unknown is skipped or kept as [`Form::Unknown`].

use crate::tree::{
    Cell, Decision, Form, Function, FunctionDefinition, Import, InputClause, InputData, ItemDefinition, IterationKind,
    Logic, OutputClause, Reference, Rule, Service, Source, Table, Tree, Variable,
};
use roxmltree::Node;
use std::sync::Arc;

/// The namespaces of the versions 1.1 to 1.5, and the first of 1.6.
pub(crate) const NAMESPACES: &[(&str, &str)] = &[
    ("http://www.omg.org/spec/DMN/20151101/dmn.xsd", "1.1"),
    ("http://www.omg.org/spec/DMN/20151101/dmn11.xsd", "1.1"),
    ("http://www.omg.org/spec/DMN/20151130/dmn.xsd", "1.1"),
    ("http://www.omg.org/spec/DMN/20180521/MODEL/", "1.2"),
    ("https://www.omg.org/spec/DMN/20191111/MODEL/", "1.3"),
    ("https://www.omg.org/spec/DMN/20211108/MODEL/", "1.4"),
    ("https://www.omg.org/spec/DMN/20230324/MODEL/", "1.5"),
    ("https://www.omg.org/spec/DMN/20240513/MODEL/", "1.6"),
];

/// Whether the root element is one of DMN.
pub(crate) fn version_of(root: Node) -> Option<&'static str> {
    let namespace = root.tag_name().namespace()?;
    let known = NAMESPACES.iter().find(|(n, _)| *n == namespace)?;
    (root.tag_name().name() == "definitions").then_some(known.1)
}

/// Reads the document whose root is `root`.
pub(crate) fn tree(root: Node) -> Tree {
    let mut tree = Tree {
        id: attribute(root, "id").unwrap_or_default(),
        name: name_of(root),
        namespace: attribute(root, "namespace").unwrap_or_default(),
        ..Tree::default()
    };
    for node in elements(root) {
        match node.tag_name().name() {
            "import" => tree.imports.push(Import {
                name: name_of(node),
                namespace: attribute(node, "namespace").unwrap_or_default(),
                at: node.range().start,
            }),
            "itemDefinition" => tree.types.push(item_definition(node)),
            "inputData" => tree.inputs.push(InputData {
                id: attribute(node, "id").unwrap_or_default(),
                variable: variable(node, "variable"),
            }),
            "decision" => tree.decisions.push(decision(node)),
            "businessKnowledgeModel" => tree.functions.push(knowledge_model(node)),
            "decisionService" => tree.services.push(service(node)),
            _ => {}
        }
    }
    tree
}

// Words for walking.

fn elements<'a, 'i>(node: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    let namespace = node.document().root_element().tag_name().namespace();
    node.children().filter(move |n| n.is_element() && n.tag_name().namespace() == namespace)
}

fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    elements(node).find(|n| n.tag_name().name() == name)
}

fn all<'a, 'i>(node: Node<'a, 'i>, name: &'static str) -> impl Iterator<Item = Node<'a, 'i>> {
    elements(node).filter(move |n| n.tag_name().name() == name)
}

fn attribute(node: Node, name: &str) -> Option<Arc<str>> {
    node.attribute(name).map(str::trim).filter(|v| !v.is_empty()).map(Arc::from)
}

/// An attribute of any vendor's namespace.
fn vendor_attribute(node: Node, name: &str) -> Option<Arc<str>> {
    let found = node.attributes().find(|a| a.name() == name && a.namespace().is_some())?;
    Some(found.value().trim()).filter(|v| !v.is_empty()).map(Arc::from)
}

/// A name with its blanks made single.
fn normal(name: &str) -> Arc<str> {
    Arc::from(name.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn name_of(node: Node) -> Arc<str> {
    node.attribute("name").map_or_else(|| Arc::from(""), normal)
}

/// All text inside, where it begins, and nothing around it.
fn content(node: Node) -> Source {
    let mut text = String::new();
    let mut at = None;
    for part in node.children().filter(Node::is_text) {
        at.get_or_insert(part.range().start);
        text.push_str(part.text().unwrap_or_default());
    }
    let lead = text.len() - text.trim_start().len();
    Source { text: text.trim().to_owned(), at: at.map_or(node.range().start, |a| a + lead) }
}

/// The `text` inside of an expression or test.
fn text_of(node: Node) -> Source {
    let empty = Source { text: String::new(), at: node.range().start };
    child(node, "text").map_or(empty, content)
}

/// A type is an attribute, or in 1.1 an element.
fn type_ref(node: Node) -> Option<Arc<str>> {
    let written = attribute(node, "typeRef").or_else(|| {
        let text = content(child(node, "typeRef")?).text;
        (!text.is_empty()).then(|| Arc::from(text))
    })?;
    Some(plain_type(&written))
}

/// Prefixes of FEEL and XML Schema name the same types as no prefix.
fn plain_type(name: &str) -> Arc<str> {
    let plain = match name.split_once(':') {
        Some(("feel" | "xsd" | "xs", rest)) => rest,
        _ => name,
    };
    normal(plain)
}

fn references(node: Node, outer: &'static str, inner: &[&str]) -> Vec<Reference> {
    let inside = all(node, outer).flat_map(elements);
    inside.filter(|n| inner.contains(&n.tag_name().name())).filter_map(reference).collect()
}

fn reference(node: Node) -> Option<Reference> {
    Some(Reference { href: attribute(node, "href")?, at: node.range().start })
}

/// The variable of an element: its own name when it has none.
fn variable(node: Node, tag: &str) -> Variable {
    let inner = child(node, tag);
    let name = inner.map(name_of).filter(|n| !n.is_empty()).unwrap_or_else(|| name_of(node));
    Variable { name, type_ref: inner.and_then(type_ref) }
}

fn named(node: Node) -> Variable {
    Variable { name: name_of(node), type_ref: type_ref(node) }
}

// Elements.

fn item_definition(node: Node) -> ItemDefinition {
    let tests = |name| child(node, name).map(text_of).filter(|s| !s.text.is_empty());
    ItemDefinition {
        name: name_of(node),
        type_ref: type_ref(node),
        collection: matches!(node.attribute("isCollection").map(str::trim), Some("true" | "1")),
        allowed: tests("allowedValues"),
        constraint: tests("typeConstraint"),
        components: all(node, "itemComponent").map(item_definition).collect(),
        function: child(node, "functionItem").is_some(),
        at: node.range().start,
    }
}

fn decision(node: Node) -> Decision {
    let extension = child(node, "extensionElements")
        .and_then(|e| e.children().find(|n| n.tag_name().name() == "versionTag").and_then(|n| attribute(n, "value")));
    Decision {
        id: attribute(node, "id").unwrap_or_default(),
        name: name_of(node),
        version_tag: vendor_attribute(node, "versionTag").or(extension),
        variable: variable(node, "variable"),
        requires: references(node, "informationRequirement", &["requiredDecision", "requiredInput"]),
        knows: references(node, "knowledgeRequirement", &["requiredKnowledge"]),
        logic: logic_in(node),
        at: node.range().start,
    }
}

fn knowledge_model(node: Node) -> Function {
    Function {
        id: attribute(node, "id").unwrap_or_default(),
        variable: variable(node, "variable"),
        knows: references(node, "knowledgeRequirement", &["requiredKnowledge"]),
        definition: child(node, "encapsulatedLogic").map(function_definition),
        at: node.range().start,
    }
}

fn service(node: Node) -> Service {
    let links = |name| all(node, name).filter_map(reference).collect();
    Service {
        id: attribute(node, "id").unwrap_or_default(),
        name: name_of(node),
        variable: variable(node, "variable"),
        outputs: links("outputDecision"),
        input_decisions: links("inputDecision"),
        input_data: links("inputData"),
        at: node.range().start,
    }
}

fn function_definition(node: Node) -> FunctionDefinition {
    FunctionDefinition {
        kind: attribute(node, "kind"),
        params: all(node, "formalParameter").map(named).collect(),
        body: logic_in(node),
        at: node.range().start,
    }
}

const LOGIC: &[&str] = &[
    "literalExpression",
    "decisionTable",
    "context",
    "list",
    "relation",
    "invocation",
    "functionDefinition",
    "conditional",
    "filter",
    "for",
    "some",
    "every",
];

/// The boxed expression among the children.
fn logic_in(node: Node) -> Option<Logic> {
    elements(node).find(|n| LOGIC.contains(&n.tag_name().name())).map(logic)
}

fn boxed(node: Node, name: &str) -> Option<Box<Logic>> {
    child(node, name).and_then(logic_in).map(Box::new)
}

fn logic(node: Node) -> Logic {
    let form = match node.tag_name().name() {
        "literalExpression" => Form::Literal { source: text_of(node), language: attribute(node, "expressionLanguage") },
        "decisionTable" => Form::Table(Box::new(table(node))),
        "context" => {
            Form::Context(all(node, "contextEntry").map(|e| (child(e, "variable").map(named), logic_in(e))).collect())
        }
        "list" => Form::List(elements(node).filter(|n| LOGIC.contains(&n.tag_name().name())).map(logic).collect()),
        "relation" => Form::Relation {
            columns: all(node, "column").map(named).collect(),
            rows: all(node, "row")
                .map(|r| elements(r).filter(|n| LOGIC.contains(&n.tag_name().name())).map(logic).collect())
                .collect(),
        },
        "invocation" => Form::Invocation {
            callee: logic_in(node).map(Box::new),
            bindings: all(node, "binding")
                .map(|b| {
                    let parameter = child(b, "parameter").map_or_else(|| named(b), named);
                    (parameter, logic_in(b))
                })
                .collect(),
        },
        "functionDefinition" => Form::Function(Box::new(function_definition(node))),
        "conditional" => {
            Form::Conditional(["if", "then", "else"].iter().map(|n| child(node, n).and_then(logic_in)).collect())
        }
        "filter" => Form::Filter { list: boxed(node, "in"), condition: boxed(node, "match") },
        "for" => iteration(node, IterationKind::For, "return"),
        "some" => iteration(node, IterationKind::Some, "satisfies"),
        "every" => iteration(node, IterationKind::Every, "satisfies"),
        other => Form::Unknown(other.to_owned()),
    };
    Logic { id: attribute(node, "id"), type_ref: type_ref(node), form, at: node.range().start }
}

fn iteration(node: Node, kind: IterationKind, body: &str) -> Form {
    let variable = node.attribute("iteratorVariable").map_or_else(|| Arc::from("item"), normal);
    Form::Iteration { kind, variable, over: boxed(node, "in"), body: boxed(node, body) }
}

// Decision tables.

fn table(node: Node) -> Table {
    Table {
        hit_policy: node.attribute("hitPolicy").unwrap_or("UNIQUE").trim().to_owned(),
        aggregation: node.attribute("aggregation").unwrap_or_default().trim().to_owned(),
        inputs: all(node, "input").map(input_clause).collect(),
        outputs: all(node, "output").map(output_clause).collect(),
        rules: all(node, "rule").map(rule).collect(),
        label: attribute(node, "outputLabel"),
    }
}

fn input_clause(node: Node) -> InputClause {
    let expression = child(node, "inputExpression");
    InputClause {
        label: attribute(node, "label"),
        source: expression.map_or(Source { text: String::new(), at: node.range().start }, text_of),
        language: expression.and_then(|e| attribute(e, "expressionLanguage")),
        type_ref: expression.and_then(type_ref),
        variable: vendor_attribute(node, "inputVariable"),
        allowed: child(node, "inputValues").map(text_of).filter(|s| !s.text.is_empty()),
    }
}

fn output_clause(node: Node) -> OutputClause {
    OutputClause {
        name: node.attribute("name").map(normal).filter(|n| !n.is_empty()),
        label: attribute(node, "label"),
        type_ref: type_ref(node),
        allowed: child(node, "outputValues").map(text_of).filter(|s| !s.text.is_empty()),
        default: child(node, "defaultOutputEntry").map(text_of).filter(|s| !s.text.is_empty()),
    }
}

fn rule(node: Node) -> Rule {
    let cell = |n: Node| Cell { source: text_of(n), language: attribute(n, "expressionLanguage") };
    Rule {
        id: attribute(node, "id"),
        inputs: all(node, "inputEntry").map(cell).collect(),
        outputs: all(node, "outputEntry").map(cell).collect(),
        at: node.range().start,
    }
}
