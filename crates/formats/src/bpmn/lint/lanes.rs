//! Lanes: what a reader expects of them and does not get (BPMN LN-27).
//!
//! Never: judges where lanes lie.

use super::super::compile::Compiler;
use super::super::dom::{filled, is, text_of};
use crate::finding::Text;
use model::definition::{ElementIdx, ElementKind};
use std::collections::HashSet;

/// Lanes that hold user tasks of nobody: a lane gives them no assignee in this version.
pub(crate) fn assignees(compiler: &mut Compiler) {
    let lanes: Vec<_> = compiler.nodes[0].descendants().filter(|n| is(*n, "lane")).collect();
    let mut told: HashSet<ElementIdx> = HashSet::new();
    // A task of an inner lane stands in the outer ones too; the innermost, which comes last, is the one to tell.
    for lane in lanes.into_iter().rev() {
        let references = lane.children().filter(|n| is(*n, "flowNodeRef"));
        let tasks: Vec<_> = references.filter_map(|r| compiler.element(&text_of(r))).collect();
        let waiting = tasks.into_iter().filter(|idx| unassigned(compiler, *idx)).collect::<Vec<_>>();
        let fresh = waiting.into_iter().filter(|idx| told.insert(*idx)).count();
        if fresh == 0 {
            continue;
        }
        let name = filled(lane, "name").unwrap_or_default();
        let (en, ru) = match name {
            "" => (String::new(), String::new()),
            name => (format!(" `{name}`"), format!(" «{name}»")),
        };
        let text = Text::new(
            format!(
                "The lane{en} gives no default assignee in this version: name who does its user tasks ({fresh}) in the \
                 tasks themselves"
            ),
            format!(
                "Дорожка{ru} в этой версии не назначает исполнителя по умолчанию: укажите исполнителей её заданий \
                 ({fresh}) в самих заданиях"
            ),
        );
        compiler.warn("LN-27", lane, text);
    }
}

fn unassigned(compiler: &Compiler, idx: ElementIdx) -> bool {
    match &compiler.def.element(idx).kind {
        ElementKind::UserTask(task) => {
            task.assignee.is_none() && task.candidate_users.is_none() && task.candidate_groups.is_none()
        }
        _ => false,
    }
}
