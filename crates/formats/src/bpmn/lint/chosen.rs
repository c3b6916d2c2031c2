//! Constructs that run here but that some teams do without (BPMN LN-32): off until a file asks for them.
//!
//! `ruslo:lint="no-inclusive-gateway no-implicit-split"` on `definitions`; the names are those of bpmnlint.

use super::super::compile::{Compiler, own, shorten};
use super::super::dom::model_children;
use super::{elements, is_gateway};
use crate::finding::Text;
use model::Severity;
use model::definition::{ElementIdx, ElementKind};

/// What can be asked for.
const NAMES: &[&str] = &["no-inclusive-gateway", "no-complex-gateway", "no-implicit-split", "single-event-definition"];

/// Reports what the file asks to be told of.
pub(crate) fn run(compiler: &mut Compiler) {
    let root = compiler.file.doc.root_element();
    let Some(list) = own(root, "lint") else { return };
    let names: Vec<&str> = list.split([' ', ',', '\n', '\t']).filter(|n| !n.is_empty()).collect();
    let unknown = names.iter().copied().find(|name| !NAMES.contains(name));
    if let Some(name) = unknown {
        let (name, all) = (shorten(name), NAMES.join(", "));
        let text = Text::new(
            format!("`ruslo:lint` does not know `{name}`: there are {all}"),
            format!("ruslo:lint не знает «{name}»; есть {all}"),
        );
        compiler.warn("LN-28", root, text);
    }
    for idx in elements(&compiler.def) {
        for name in NAMES.iter().filter(|name| names.contains(*name)) {
            if let Some((en, ru)) = found(compiler, idx, name) {
                let node = compiler.nodes[idx.0 as usize];
                let text = Text::new(format!("{en} ({name})"), format!("{ru} ({name})"));
                compiler.report("LN-32", Severity::Hint, node, text);
            }
        }
    }
}

fn found(compiler: &Compiler, idx: ElementIdx, name: &str) -> Option<(&'static str, &'static str)> {
    let element = compiler.def.element(idx);
    match name {
        "no-inclusive-gateway" => matches!(element.kind, ElementKind::InclusiveGateway)
            .then_some(("An inclusive gateway", "Неисключающий шлюз")),
        "no-complex-gateway" => {
            matches!(element.kind, ElementKind::ComplexGateway(_)).then_some(("A complex gateway", "Сложный шлюз"))
        }
        "no-implicit-split" => {
            let open = element
                .outgoing
                .iter()
                .filter(|f| compiler.def.flow(**f).condition.is_none() && element.default_flow != Some(**f));
            (!is_gateway(&element.kind) && open.count() > 1).then_some((
                "Several flows leave it without a gateway",
                "Из элемента без шлюза выходит несколько потоков",
            ))
        }
        _ => {
            let definition = |n: &roxmltree::Node| {
                let name = n.tag_name().name();
                name.ends_with("EventDefinition") || name == "eventDefinitionRef"
            };
            (model_children(compiler.nodes[idx.0 as usize]).filter(definition).count() > 1)
                .then_some(("The event has several definitions", "У события несколько определений"))
        }
    }
}
