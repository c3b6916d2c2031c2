//! Declared parameters, variables and constants: `ruslo:declaration` in the process's extensions.
//!
//! `<ruslo:declaration as="parameter" key="Limit" name="Limit" type="int" required="true" default="5" />`, options of a
//! `select` as `<ruslo:option key="a" label="A" />` inside, the default as JSON.
//! Never: checks values given at a start.

use super::compile::{Compiler, shorten};
use super::dom::{RUSLO, extensions, filled, flag};
use crate::finding::Text;
use crate::xml::escape;
use model::Value;
use model::definition::{ProcessDefinition, VariableDecl};
use roxmltree::Node;
use std::fmt::Write;

/// Reads the declarations of a process.
pub(crate) fn read<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, process: Node<'a, 'i>) {
    for node in extensions(process).filter(|n| n.has_tag_name((RUSLO, "declaration"))) {
        let declaration = declaration(compiler, node);
        match node.attribute("as") {
            Some("parameter") => compiler.def.parameters.push(declaration),
            Some("variable") => compiler.def.variables.push(declaration),
            Some("constant") => compiler.def.constants.push(declaration),
            other => {
                let other = other.unwrap_or_default();
                compiler.error(
                    "LN-28",
                    node,
                    Text::new(
                        format!("A declaration is a parameter, variable or constant, not `{other}`"),
                        format!("Объявляется parameter, variable или constant, а не «{other}»"),
                    ),
                );
            }
        }
    }
}

fn declaration(compiler: &mut Compiler, node: Node) -> VariableDecl {
    let text = |name: &str| node.attribute(name).unwrap_or_default().to_owned();
    let key = text("key");
    if key.is_empty() {
        compiler.error("LN-03", node, Text::new("A declaration has no key", "У объявления нет ключа"));
    }
    let default = match node.attribute("default").map(|d| (d, serde_json::from_str(d))) {
        None => Value::Null,
        Some((_, Ok(json))) => Value::from_json(&json),
        Some((default, Err(_))) => {
            let shown = shorten(default);
            compiler.error(
                "LN-22",
                node,
                Text::new(format!("The default `{shown}` is no JSON"), format!("Значение «{shown}» — не JSON")),
            );
            Value::Null
        }
    };
    let options = node.children().filter(|n| n.has_tag_name((RUSLO, "option")));
    let options = options.filter_map(|o| Some((o.attribute("key")?.to_owned(), o.attribute("label")?.to_owned())));
    VariableDecl {
        name: filled(node, "name").map_or_else(|| key.clone(), str::to_owned),
        description: text("description"),
        kind: filled(node, "type").unwrap_or("string").to_owned(),
        required: flag(node, "required") == Some(true),
        multiple: flag(node, "multiple") == Some(true),
        options: options.collect(),
        default,
        key,
    }
}

/// The declarations of a definition, one element a line, without indentation.
pub(crate) fn write(def: &ProcessDefinition) -> Vec<String> {
    let lists = [("parameter", &def.parameters), ("variable", &def.variables), ("constant", &def.constants)];
    let all = lists.iter().flat_map(|(kind, list)| list.iter().map(move |d| (*kind, d)));
    all.map(|(kind, d)| element(kind, d)).collect()
}

fn element(kind: &str, d: &VariableDecl) -> String {
    let mut out = format!("<ruslo:declaration as=\"{kind}\"");
    for (name, value) in [("key", &d.key), ("name", &d.name), ("description", &d.description), ("type", &d.kind)] {
        if !value.is_empty() {
            let _ = write!(out, " {name}=\"{}\"", escape(value));
        }
    }
    for (name, _) in [("required", d.required), ("multiple", d.multiple)].iter().filter(|(_, set)| *set) {
        let _ = write!(out, " {name}=\"true\"");
    }
    if !d.default.is_null() {
        let _ = write!(out, " default=\"{}\"", escape(&d.default.to_json().to_string()));
    }
    if d.options.is_empty() {
        return out + " />";
    }
    out.push('>');
    for (key, label) in &d.options {
        let _ = write!(out, "<ruslo:option key=\"{}\" label=\"{}\" />", escape(key), escape(label));
    }
    out + "</ruslo:declaration>"
}
