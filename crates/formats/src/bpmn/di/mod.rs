//! Diagram interchange: shapes that are there stay, shapes that are missing are added (BPMN DI-1..DI-5).
//!
//! Invariant: a file whose shapes are complete comes back byte-identical; otherwise only shapes are inserted, and
//! broken ones replaced. Never: moves or resizes what is there.

mod arrange;
mod emit;
mod group;
mod labels;
mod read;

use super::dom::File;
use super::patch::Patches;
use crate::finding::{Text, finding};
use model::{Diagnostic, Severity};
use read::Diagram;

/// `text` with a shape for everything that is drawn; findings about its shapes (BPMN LN-30).
pub(crate) fn complete(file: &File, text: &str, diagnostics: &mut Vec<Diagnostic>) -> String {
    let diagram = Diagram::read(file);
    let mut patches = Patches::default();
    for broken in &diagram.broken {
        let id = broken.element.as_deref();
        let message = Text::new(
            "The shape has no valid place: it is laid out anew",
            "У фигуры нет верного положения: она размещена заново",
        );
        diagnostics.push(finding("LN-30", Severity::Warning, id, file.positions.spot(broken.range.start), message));
        if broken.replaced {
            patches.replace(broken.range.clone(), String::new());
        }
    }
    overlaps(file, &diagram, diagnostics);
    let added = arrange::missing(file, &diagram);
    if added.is_empty() && diagram.broken.is_empty() {
        return text.to_owned();
    }
    let shapes = added.shapes.len();
    if shapes > 0 && diagram.any() {
        let message = Text::new(
            format!("{shapes} element(s) had no shape: they are laid out"),
            format!("Элементов без фигуры: {shapes}; они размещены автоматически"),
        );
        diagnostics.push(finding("LN-30", Severity::Hint, None, Default::default(), message));
    }
    emit::insert(file, text, &diagram, &added, &mut patches);
    patches.apply(text)
}

/// How many overlapping pairs are reported.
const OVERLAPS: usize = 20;

/// Shapes of one scope that lie on each other.
fn overlaps(file: &File, diagram: &Diagram, diagnostics: &mut Vec<Diagnostic>) {
    let mut nodes: Vec<_> = diagram
        .drawables
        .iter()
        .filter(|d| d.is_activity_or_gateway())
        .filter_map(|d| Some((diagram.shapes.get(d.id)?, d)))
        .collect();
    nodes.sort_by_key(|(shape, _)| shape.rect.x);
    let mut reported = 0;
    for (at, (shape, drawable)) in nodes.iter().enumerate() {
        let rest = nodes[at + 1..].iter().take_while(|(other, _)| other.rect.x < shape.rect.right()).take(200);
        for (other, second) in rest {
            let same = drawable.scope == second.scope && shape.plane == other.plane;
            if !same || !shape.rect.overlaps(&other.rect) || reported == OVERLAPS {
                continue;
            }
            reported += 1;
            let text = Text::new(
                format!("The shape lies on that of `{}`", drawable.id),
                format!("Фигура лежит на фигуре «{}»", drawable.id),
            );
            diagnostics.push(finding("LN-30", Severity::Hint, Some(second.id), file.spot(second.node), text));
        }
    }
}
