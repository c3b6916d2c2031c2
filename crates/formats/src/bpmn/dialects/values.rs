//! JUEL where it stands: attributes, texts of expressions, names (contract 3.4).

use super::super::dom::{filled, text_of};
use super::{Adapter, attr};
use crate::finding::Text;
use crate::xml::escape;
use expr::juel::{Place, Translated, is_expression, translate};
use roxmltree::Node;

/// BPMN's own elements whose text is an expression.
const EXPRESSIONS: &[&str] = &[
    "activationCondition",
    "completionCondition",
    "condition",
    "from",
    "transformation",
    "conditionExpression",
    "loopCardinality",
    "loopCondition",
    "timeCycle",
    "timeDate",
    "timeDuration",
];

/// Elements whose names may be expressions.
const NAMED: &[&str] = &["message", "signal"];

impl<'a, 'i> Adapter<'_, 'a, 'i, '_> {
    /// A value in native words: `=feel`, or the text itself. A finding and `None` when it can not be said.
    pub(super) fn value(&mut self, node: Node, text: &str) -> Option<String> {
        match translate(text, Place::Value) {
            Ok(Translated::Text(plain)) => Some(plain),
            Ok(Translated::Feel(feel)) => Some(format!("={feel}")),
            Ok(Translated::Assignment { value, .. }) => Some(format!("={value}")),
            Err(problem) => {
                self.juel_problem(node, text, &problem);
                None
            }
        }
    }

    /// A condition as `=feel`.
    pub(super) fn condition(&mut self, node: Node, text: &str) -> Option<String> {
        match translate(text, Place::Condition) {
            Ok(Translated::Feel(feel)) => Some(format!("={feel}")),
            Ok(Translated::Text(plain)) => Some(format!("={plain}")),
            Ok(Translated::Assignment { .. }) => {
                let text = Text::new("A condition can not set a variable", "Условие не может присваивать переменную");
                self.error("LN-22", node, text);
                None
            }
            Err(problem) => {
                self.juel_problem(node, text, &problem);
                None
            }
        }
    }

    pub(super) fn juel_problem(&mut self, node: Node, text: &str, problem: &expr::juel::JuelProblem) {
        let shown = super::super::compile::shorten(text);
        let text = match problem.call() {
            Some(call) => Text::new(
                format!("`{shown}` calls `{call}`, which only Java has: write it as FEEL, or do it in a job"),
                format!(
                    "«{shown}» вызывает «{call}», что есть только в Java: запишите это на FEEL или вынесите в работу"
                ),
            ),
            None => Text::new(
                format!("`{shown}` can not be read: {}", problem.error.message),
                format!("«{shown}» не читается: {}", problem.error.message_ru),
            ),
        };
        self.error("LN-22", node, text);
    }

    /// Translates the expressions that stand in BPMN's own places of `node`.
    pub(super) fn texts(&mut self, node: Node<'a, 'i>) {
        let name = node.tag_name().name();
        if EXPRESSIONS.contains(&name) {
            self.expression_text(node);
        }
        let names: &[&str] = match name {
            _ if NAMED.contains(&name) => &["name"],
            "error" => &["errorCode"],
            "escalation" => &["escalationCode"],
            "callActivity" => &["calledElement"],
            _ => &[],
        };
        for attribute in names {
            let Some(text) = filled(node, attribute).filter(|t| holds(t)) else { continue };
            let Some(native) = self.value(node, text) else { continue };
            if let Some(found) = node.attribute_node(*attribute) {
                self.edits.replace(found.range_value(), escape(&native));
            }
        }
    }

    fn expression_text(&mut self, node: Node<'a, 'i>) {
        let text = text_of(node);
        let named = filled(node, "language").or_else(|| filled(node, "expressionLanguage"));
        let juel = named.is_none_or(|l| l.eq_ignore_ascii_case("juel") || l.starts_with("http"));
        if !juel || !holds(&text) {
            return;
        }
        let value =
            matches!(node.tag_name().name(), "from" | "transformation" | "timeCycle" | "timeDate" | "timeDuration");
        let native = if value { self.value(node, &text) } else { self.condition(node, &text) };
        let Some(native) = native else {
            // The finding says why; what is compiled in its place never runs.
            return self.replace_text(node, "=null");
        };
        self.replace_text(node, &native);
    }

    fn replace_text(&mut self, node: Node<'a, 'i>, text: &str) {
        let content = self.edits.content(node);
        self.edits.replace(content, escape(text));
    }

    /// An attribute of the dialects as a native value.
    pub(super) fn attribute_value(&mut self, node: Node, name: &str) -> Option<String> {
        let text = attr(node, name)?;
        self.value(node, text)
    }
}

/// Whether a text holds JUEL.
pub(super) fn holds(text: &str) -> bool {
    (text.contains("${") || text.contains("#{")) && is_expression(text)
}
