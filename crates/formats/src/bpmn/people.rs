//! Who does a user task when it does not say so itself: BPMN's own performers, then lanes.
//!
//! A lane gives its user tasks `ruslo:assignee`, `ruslo:candidateUsers` or `ruslo:candidateGroups`; else the resource
//! it stands for (`partitionElement`); else its name is the group. A nameless lane leaves it to the lane around it.
//! Never: knows whether a person or group exists.

use super::compile::{Compiler, own};
use super::dom::{child, filled, is, model_children, text_of};
use super::expressions::At;
use model::Value;
use model::definition::{ElementIdx, ElementKind, Expression, UserTask};
use roxmltree::Node;
use std::collections::HashMap;

/// Reads `humanPerformer`, `performer` and `potentialOwner` where the task names nobody otherwise.
pub(crate) fn performers<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    node: Node<'a, 'i>,
    idx: ElementIdx,
    task: &mut UserTask,
) {
    if assigned(task) {
        return;
    }
    let (mut users, mut groups) = (Vec::new(), Vec::new());
    for role in model_children(node).collect::<Vec<_>>() {
        let owner = match role.tag_name().name() {
            "potentialOwner" => true,
            "humanPerformer" | "performer" => false,
            _ => continue,
        };
        if let Some(expression) = child(role, "resourceAssignmentExpression") {
            let formal = model_children(expression).find(|n| n.tag_name().name().ends_with("xpression"));
            let formal = formal.unwrap_or(expression);
            let text = text_of(formal);
            if text.starts_with('=') || super::expressions::named_language(formal).is_some() {
                let at = At { node: formal, element: idx, role: "performer" };
                let value = compiler.native(at);
                let field = if owner { &mut task.candidate_groups } else { &mut task.assignee };
                *field = value.or(*field);
            } else {
                sort(&text, owner, &mut users, &mut groups);
            }
        } else if let Some(reference) = child(role, "resourceRef") {
            let reference = text_of(reference);
            let resource = compiler.file.resolve(&reference).and_then(|r| filled(r, "name"));
            sort(resource.unwrap_or(&reference), owner, &mut users, &mut groups);
        }
    }
    // One performer does it; several may claim it.
    let one = task.assignee.is_none() && users.len() == 1 && groups.is_empty() && task.candidate_groups.is_none();
    let list = |compiler: &mut Compiler, names: Vec<String>| {
        let names = names.into_iter().map(Value::text).collect();
        compiler.push_expression(Expression::Literal(Value::list(names)))
    };
    if let (true, Some(user)) = (one, users.first()) {
        task.assignee = Some(compiler.push_expression(Expression::Literal(Value::text(user))));
    } else if !users.is_empty() {
        task.candidate_users = Some(list(compiler, users));
    }
    if !groups.is_empty() {
        task.candidate_groups = Some(list(compiler, groups));
    }
}

/// `user(anna), group(sales), sales`: a bare name is a group of owners, or a performing person.
fn sort(text: &str, owner: bool, users: &mut Vec<String>, groups: &mut Vec<String>) {
    for part in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
        let inside = |prefix: &str| part.strip_prefix(prefix).and_then(|p| p.strip_suffix(')')).map(str::trim);
        match (inside("user("), inside("group(")) {
            (Some(user), _) => users.push(user.to_owned()),
            (_, Some(group)) => groups.push(group.to_owned()),
            _ if owner => groups.push(part.to_owned()),
            _ => users.push(part.to_owned()),
        }
    }
}

fn assigned(task: &UserTask) -> bool {
    task.assignee.is_some() || task.candidate_users.is_some() || task.candidate_groups.is_some()
}

/// Gives user tasks without people those of their lane.
pub(crate) fn lanes(compiler: &mut Compiler) {
    let mut lane_of: HashMap<ElementIdx, Node> = HashMap::new();
    // An inner lane stands after the reference in the outer one, so the innermost wins.
    for lane in compiler.nodes[0].descendants().filter(|n| is(*n, "lane")) {
        for reference in model_children(lane).filter(|n| is(*n, "flowNodeRef")) {
            if let Some(idx) = compiler.element(&text_of(reference)) {
                lane_of.insert(idx, lane);
            }
        }
    }
    if lane_of.is_empty() {
        return;
    }
    for at in 1..compiler.def.elements.len() {
        let idx = ElementIdx(at as u32);
        let ElementKind::UserTask(task) = &compiler.def.element(idx).kind else { continue };
        if assigned(task) {
            continue;
        }
        let mut place = idx;
        while place != model::definition::ROOT && !lane_of.contains_key(&place) {
            place = compiler.def.element(place).parent;
        }
        let mut lane = lane_of.get(&place).copied();
        while let Some(at) = lane {
            if give(compiler, at, idx) {
                break;
            }
            lane = at.ancestors().skip(1).find(|n| is(*n, "lane"));
        }
    }
}

/// Gives the people of `lane` to the user task; false when the lane has none.
fn give<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, lane: Node<'a, 'i>, idx: ElementIdx) -> bool {
    let at = |role| At { node: lane, element: idx, role };
    let assignee = own(lane, "assignee").map(|t| compiler.value(at("assignee"), t));
    let users = own(lane, "candidateUsers").map(|t| compiler.list_value(at("candidateUsers"), t));
    let mut groups = own(lane, "candidateGroups").map(|t| compiler.list_value(at("candidateGroups"), t));
    if assignee.is_none() && users.is_none() && groups.is_none() {
        let inner = child(lane, "partitionElement");
        let referred = filled(lane, "partitionElementRef").and_then(|r| compiler.file.resolve(r));
        let resource = referred.or(inner).filter(|n| !is(*n, "lane")).and_then(|n| filled(n, "name"));
        let Some(name) = resource.or_else(|| filled(lane, "name")) else { return false };
        let list = Value::list(vec![Value::text(name)]);
        groups = Some(compiler.push_expression(Expression::Literal(list)));
    }
    if let ElementKind::UserTask(task) = &mut compiler.def.elements[idx.0 as usize].kind {
        task.assignee = assignee;
        task.candidate_users = users;
        task.candidate_groups = groups;
    }
    true
}
