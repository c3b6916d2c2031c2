//! Expressions that are written for people (BPMN LN-29).

use super::super::compile::Compiler;
use super::super::dom::{MODEL, filled, text_of};
use super::super::expressions::language;
use crate::finding::Text;
use roxmltree::Node;

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Elements that hold an expression.
const EXPRESSIONS: &[&str] = &[
    "activationCondition",
    "completionCondition",
    "condition",
    "conditionExpression",
    "loopCardinality",
    "loopCondition",
    "timeCycle",
    "timeDate",
    "timeDuration",
];

/// Words from which a text that is no expression counts as one for people.
const WORDS: usize = 2;

/// Reports expressions that say themselves that they are not formal, and those that are plainly prose.
pub(crate) fn informal(compiler: &mut Compiler) {
    let process = compiler.nodes[0];
    if !compiler.file.is_executable(process) {
        return;
    }
    let expressions = process.descendants().filter(|n| {
        n.is_element() && n.tag_name().namespace() == Some(MODEL) && EXPRESSIONS.contains(&n.tag_name().name())
    });
    let found: Vec<Node> = expressions.filter(|n| is_informal(*n)).collect();
    for node in found {
        let text = Text::new(
            "The expression is written for people (`tExpression`): an executable process needs a formal one, such as \
             `=amount > 100`",
            "Выражение написано для людей (tExpression): исполняемому процессу нужно формальное, например \
             «=amount > 100»",
        );
        compiler.warn("LN-29", node, text);
    }
}

fn is_informal(node: Node) -> bool {
    let text = text_of(node);
    if text.is_empty() {
        return false;
    }
    match node.attribute((XSI, "type")).map(|kind| kind.rsplit(':').next().unwrap_or(kind).trim()) {
        Some("tExpression") => true,
        Some(_) => false,
        None => is_prose(node, &text),
    }
}

/// Words without any sign of a language.
fn is_prose(node: Node, text: &str) -> bool {
    let root = node.document().root_element();
    let named = filled(node, "language").or_else(|| filled(root, "expressionLanguage")).and_then(language);
    let foreign = text.starts_with('=') || text.contains("${") || text.contains("#{");
    let words = text.split_whitespace().collect::<Vec<_>>();
    let plain = |word: &str| word.chars().all(|c| c.is_alphabetic() || ",.?!;:-'’".contains(c));
    named.is_none() && !foreign && words.len() >= WORDS && words.iter().all(|w| plain(w))
}
