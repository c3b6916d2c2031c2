//! What a `process` element says of itself: tag, zone, priority of its jobs, late starts, listeners, properties.
//!
//! Never: reads what stands inside it.

use super::compile::{Compiler, own};
use super::dom::{child, filled, is, model_children, zeebe};
use super::{data, tasks, traits};
use crate::finding::Text;
use model::definition::{MissedStarts, ROOT};
use roxmltree::Node;

/// Reads the settings of the process.
pub(crate) fn read<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, process: Node<'a, 'i>) {
    let tag = zeebe(process, "versionTag").and_then(|tag| filled(tag, "value"));
    if let Some(nameless) = zeebe(process, "versionTag").filter(|_| tag.is_none()) {
        let text = Text::new("The version tag is empty: there is none", "Метка версии пуста: её нет");
        compiler.warn("LN-28", nameless, text);
    }
    compiler.def.version_tag = tag.map(str::to_owned);
    compiler.def.zone = own(process, "zone").map(str::to_owned);
    compiler.def.missed_starts = missed_starts(compiler, process);
    compiler.job_priority = tasks::priority(compiler, process, ROOT);
    traits::read(compiler, process, ROOT);
    let properties = data::properties(compiler, process);
    compiler.def.variables.extend(properties);
    super::extensions::check(compiler, process);
    inputs_told(compiler, process);
}

/// Data inputs of a process are kept: what a start must give is said by declared parameters.
fn inputs_told(compiler: &mut Compiler, process: Node) {
    let inputs = child(process, "ioSpecification").into_iter().flat_map(model_children);
    for input in inputs.filter(|n| is(*n, "dataInput")) {
        let name = filled(input, "name").or_else(|| filled(input, "id")).unwrap_or_default();
        let text = Text::new(
            format!("Data input `{name}` of the process is not asked for at the start; declare a required parameter"),
            format!("Входные данные процесса «{name}» при запуске не проверяются; объявите обязательный параметр"),
        );
        compiler.warn("LN-27", input, text);
    }
}

fn missed_starts(compiler: &mut Compiler, process: Node) -> MissedStarts {
    match own(process, "missedStarts") {
        None | Some("skip") => MissedStarts::Skip,
        Some("once") => MissedStarts::Once,
        Some("all") => MissedStarts::All,
        Some(other) => {
            compiler.error(
                "LN-28",
                process,
                Text::new(
                    format!("Missed starts are to skip, once or all, not `{other}`"),
                    format!("Пропущенные запуски — skip, once или all, а не «{other}»"),
                ),
            );
            MissedStarts::Skip
        }
    }
}
