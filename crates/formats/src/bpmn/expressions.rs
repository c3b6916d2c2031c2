//! Expressions of a BPMN file: which language a text is in, and whether it can be read (BPMN LN-22).
//!
//! Never: evaluates.

use super::compile::{Compiler, own, shorten};
use super::dom::filled;
use super::lint::variables::reads;
use crate::finding::Text;
use model::Value;
use model::definition::{ElementIdx, ExprId, Expression, Language, Mapping};
use roxmltree::Node;
use std::sync::Arc;

/// Where an expression stands.
#[derive(Clone, Copy)]
pub(crate) struct At<'n, 'a, 'i> {
    pub node: Node<'a, 'i>,
    pub element: ElementIdx,
    pub role: &'n str,
}

/// The language a `language` or `scriptFormat` attribute names.
pub(crate) fn language(name: &str) -> Option<Language> {
    let name = name.trim().to_lowercase();
    match name.as_str() {
        "javascript" | "js" | "ecmascript" | "text/javascript" | "application/javascript" => Some(Language::JavaScript),
        "feel" => Some(Language::Feel),
        "bitrix" => Some(Language::Bitrix),
        "bitrix-condition" => Some(Language::BitrixCondition),
        _ if name.starts_with("http") && name.contains("feel") => Some(Language::Feel),
        _ => None,
    }
}

/// The language that an element names for its values: `ruslo:language` on extensions, `language` on BPMN's own.
pub(crate) fn named_language(node: Node) -> Option<Language> {
    own(node, "language").or_else(|| filled(node, "language")).and_then(language)
}

/// Whether `text` holds a Bitrix macro.
pub(crate) fn has_macro(text: &str) -> bool {
    text.contains("{=") || text.contains("{{=")
}

impl Compiler<'_, '_, '_> {
    /// An expression in `language`, checked.
    pub fn source(&mut self, at: At, language: Language, text: &str) -> ExprId {
        let (text, known) = self.interned(language, text);
        if let Some(error) = known {
            let shown = shorten(&text);
            let role = at.role;
            self.error(
                "LN-22",
                at.node,
                Text::new(
                    format!("{role}: `{shown}` can not be read at {}:{}: {}", error.line, error.column, error.message),
                    format!("{role}: «{shown}» не читается в {}:{}: {}", error.line, error.column, error.message_ru),
                ),
            );
        }
        self.push_expression(Expression::Source { language, text, element: at.element, role: Arc::from(at.role) })
    }

    /// One copy of each text, read once: a shared message or event definition stands in many elements.
    fn interned(&mut self, language: Language, text: &str) -> (Arc<str>, Option<expr::SyntaxError>) {
        let texts = self.texts.entry(language).or_default();
        if let Some((text, known)) = texts.get_key_value(text) {
            return (text.clone(), known.as_ref().err().cloned());
        }
        let known = expr::compile(language, text, self.file.limits).map(|compiled| reads(&compiled));
        let (text, error): (Arc<str>, _) = (Arc::from(text), known.as_ref().err().cloned());
        texts.insert(text.clone(), known);
        (text, error)
    }

    /// The variable `name`, as FEEL.
    pub fn variable(&mut self, at: At, name: &str) -> ExprId {
        match is_name(name) || name.contains('`') {
            true => self.source(at, Language::Feel, name),
            false => self.source(at, Language::Feel, &format!("`{name}`")),
        }
    }

    /// An expression in BPMN's own place, such as `loopCardinality`: `=` begins FEEL; a number, `true`, `false` and
    /// a path of names are what they say; anything else needs a `language`.
    pub fn native(&mut self, at: At) -> Option<ExprId> {
        let text = super::dom::text_of(at.node);
        if text.is_empty() {
            return None;
        }
        let language = filled(at.node, "language").or_else(|| filled(at.node, "expressionLanguage"));
        let language = language.or_else(|| filled(self.file.doc.root_element(), "expressionLanguage"));
        if let Some(feel) = text.strip_prefix('=') {
            return Some(self.source(at, Language::Feel, feel.trim()));
        }
        if let Some(language) = language.and_then(self::language) {
            return Some(self.source(at, language, &text));
        }
        if let Ok(json) = serde_json::from_str::<serde_json::Value>(&text) {
            return Some(self.push_expression(Expression::Literal(Value::from_json(&json))));
        }
        if is_path(&text) {
            return Some(self.source(at, Language::Feel, &text));
        }
        let (role, shown) = (at.role, shorten(&text));
        self.error(
            "LN-22",
            at.node,
            Text::new(
                format!("{role}: `{shown}` is not an expression: begin it with `=`"),
                format!("{role}: «{shown}» — не выражение: начните его со знака «=»"),
            ),
        );
        None
    }

    /// A value as zeebe writes it: `=` begins FEEL, anything else is literal; unless the element names a language.
    pub fn value(&mut self, at: At, text: &str) -> ExprId {
        match named_language(at.node) {
            Some(Language::Bitrix) if !has_macro(text) && !text.starts_with('=') => {
                self.push_expression(Expression::Literal(Value::text(text)))
            }
            Some(Language::Feel) | None => match text.trim_start().strip_prefix('=') {
                Some(feel) => self.feel(at, feel.trim()),
                None if named_language(at.node).is_some() => self.feel(at, text.trim()),
                None => self.push_expression(Expression::Literal(Value::text(text))),
            },
            Some(language) => self.source(at, language, text),
        }
    }

    /// FEEL; what is plain JSON is a constant.
    fn feel(&mut self, at: At, text: &str) -> ExprId {
        match serde_json::from_str::<serde_json::Value>(text) {
            Ok(json) => self.push_expression(Expression::Literal(Value::from_json(&json))),
            Err(_) => self.source(at, Language::Feel, text),
        }
    }

    /// As [`Self::value`]; a literal is split at commas into a list.
    pub fn list_value(&mut self, at: At, text: &str) -> ExprId {
        if text.trim_start().starts_with('=') || named_language(at.node).is_some() {
            return self.value(at, text);
        }
        let items = text.split(',').map(str::trim).filter(|i| !i.is_empty()).map(Value::text).collect();
        self.push_expression(Expression::Literal(Value::list(items)))
    }

    /// As [`Self::value`]; a literal must be a number.
    pub fn number_value(&mut self, at: At, text: &str) -> Option<ExprId> {
        if text.trim_start().starts_with('=') {
            return Some(self.value(at, text));
        }
        match text.trim().parse() {
            Ok(number) => Some(self.push_expression(Expression::Literal(Value::Number(number)))),
            Err(_) => {
                let (role, shown) = (at.role, shorten(text));
                self.error(
                    "LN-22",
                    at.node,
                    Text::new(format!("{role}: `{shown}` is no number"), format!("{role}: «{shown}» — не число")),
                );
                None
            }
        }
    }

    /// The mapping of `source` into `target`; `bitrix` reads macros in a literal.
    pub fn mapping(&mut self, at: At, target: &str, bitrix: bool) -> Option<Mapping> {
        let target = target.trim();
        if !is_path(target) {
            self.error(
                "LN-22",
                at.node,
                Text::new(
                    format!("`{}` is no variable name: use letters, digits and `_`", shorten(target)),
                    format!("«{}» — не имя переменной: нужны буквы, цифры и «_»", shorten(target)),
                ),
            );
            return None;
        }
        if at.node.attribute("source").is_none() {
            let text = Text::new(
                format!("The mapping to `{}` has no source: the variable gets an empty text", shorten(target)),
                format!("У отображения в «{}» нет источника: переменная получит пустой текст", shorten(target)),
            );
            self.warn("LN-22", at.node, text);
        }
        let text = at.node.attribute("source").unwrap_or_default();
        let role = format!("{} {target}", at.role);
        let at = At { role: &role, ..at };
        let literal = !text.trim_start().starts_with('=') && named_language(at.node).is_none();
        let source = if literal && bitrix && has_macro(text) {
            self.source(at, Language::Bitrix, text)
        } else {
            self.value(at, text)
        };
        Some(Mapping { target: target.to_owned(), source })
    }
}

/// Whether `text` is a dotted path of variable names (BPMN VA-5).
pub(crate) fn is_path(text: &str) -> bool {
    text.split('.').all(is_name)
}

/// Whether `text` is a variable name (BPMN VA-5).
pub(crate) fn is_name(text: &str) -> bool {
    text.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}
