//! What a `process` element says of itself: tag, zone, priority of its jobs, late starts, listeners, properties.
//!
//! Never: reads what stands inside it.

use super::compile::{Compiler, own};
use super::dom::{filled, zeebe};
use super::{data, tasks, traits};
use crate::finding::Text;
use model::definition::{MissedStarts, ROOT};
use roxmltree::Node;

/// Reads the settings of the process.
pub(crate) fn read<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, process: Node<'a, 'i>) {
    let tag = zeebe(process, "versionTag").and_then(|tag| filled(tag, "value"));
    compiler.def.version_tag = tag.map(str::to_owned);
    compiler.def.zone = own(process, "zone").map(str::to_owned);
    compiler.def.missed_starts = missed_starts(compiler, process);
    compiler.job_priority = tasks::priority(compiler, process, ROOT);
    traits::read(compiler, process, ROOT);
    let properties = data::properties(compiler, process);
    compiler.def.variables.extend(properties);
    super::extensions::check(compiler, process);
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
