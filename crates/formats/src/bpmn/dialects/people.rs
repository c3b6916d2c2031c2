//! User tasks, start events and the process (contract 3.2: user task, process).

use super::super::dom::{ZEEBE, extensions, filled};
use super::edits::Native;
use super::io::worker;
use super::{Adapter, attr, forms, vendor_elements};
use crate::finding::Text;
use roxmltree::Node;

/// A user task: people, dates, priority, form, listeners.
pub(super) fn user_task<'a, 'i>(adapter: &mut Adapter<'_, 'a, 'i, '_>, node: Node<'a, 'i>, native: &mut Native) {
    if !adapter.vendor {
        return;
    }
    let mut people = Vec::new();
    for name in ["assignee", "candidateUsers", "candidateGroups"] {
        if let Some(value) = adapter.attribute_value(node, name) {
            people.push((name, value));
        }
    }
    if !people.is_empty() {
        native.element("assignmentDefinition", people);
    }
    let mut schedule = Vec::new();
    for name in ["dueDate", "followUpDate"] {
        if let Some(value) = adapter.attribute_value(node, name) {
            schedule.push((name, value));
        }
    }
    if !schedule.is_empty() {
        native.element("taskSchedule", schedule);
    }
    if let Some(priority) = adapter.attribute_value(node, "priority") {
        native.element("priorityDefinition", vec![("priority", priority)]);
    }
    form(adapter, node, native);
    listeners(adapter, node, native);
}

/// Task listeners of Java classes and expressions: jobs of a worker (BPMN IN-5).
fn listeners<'a, 'i>(adapter: &mut Adapter<'_, 'a, 'i, '_>, node: Node<'a, 'i>, native: &mut Native) {
    let found: Vec<_> = vendor_elements(node, "taskListener").collect();
    for listener in found {
        let event = match filled(listener, "event") {
            Some("create") => "creating",
            Some("assignment" | "assign") => "assigning",
            Some("update") => "updating",
            Some("complete") => "completing",
            Some("delete" | "cancel") => "canceling",
            other => {
                let name = other.unwrap_or("?").to_owned();
                adapter.warn(
                    listener,
                    Text::new(
                        format!("A task listener on `{name}` has no effect here; use a boundary timer"),
                        format!("Слушатель задания на «{name}» здесь не действует; возьмите граничный таймер"),
                    ),
                );
                continue;
            }
        };
        if let Some((job_type, headers)) = worker(adapter, listener) {
            native.task_listeners.push((event.to_owned(), job_type, headers));
        }
    }
}

/// The form of a task or start event: fields become a form of ours, a reference stays one.
fn form<'a, 'i>(adapter: &mut Adapter<'_, 'a, 'i, '_>, node: Node<'a, 'i>, native: &mut Native) {
    if extensions(node).any(|n| n.has_tag_name((ZEEBE, "formDefinition"))) {
        return;
    }
    if let Some(id) = attr(node, "formRef") {
        native.element("formDefinition", vec![("formId", id.to_owned())]);
        return;
    }
    if let Some(schema) = forms::convert(node) {
        let id = format!("form_of_{}", filled(node, "id").unwrap_or("element"));
        native.element("formDefinition", vec![("formKey", format!("camunda-forms:bpmn:{id}"))]);
        let process = node.ancestors().find(|n| n.tag_name().name() == "process");
        if let Some(process) = process {
            let mut holder = Native::default();
            holder.elements.push(("userTaskForm", vec![("id", id)], schema.to_string()));
            adapter.edits.write(process, &holder);
        }
        return;
    }
    if let Some(key) = attr(node, "formKey") {
        native.element("formDefinition", vec![("formKey", key.to_owned())]);
    }
}

/// A start event's form, and the event-registry trigger of Flowable: a message of that name.
pub(super) fn start_event<'a, 'i>(adapter: &mut Adapter<'_, 'a, 'i, '_>, node: Node<'a, 'i>, native: &mut Native) {
    if !adapter.vendor {
        return;
    }
    form(adapter, node, native);
    super::events::registry(adapter, node, native);
    if let Some(name) = attr(node, "initiator") {
        native.outputs.push(("=instance.startedBy".to_owned(), name.to_owned()));
    }
}

/// The process: its version tag.
pub(super) fn process<'a, 'i>(adapter: &mut Adapter<'_, 'a, 'i, '_>, node: Node<'a, 'i>, native: &mut Native) {
    if let Some(tag) = attr(node, "versionTag") {
        native.element("versionTag", vec![("value", tag.to_owned())]);
    }
    for name in ["candidateStarterUsers", "candidateStarterGroups"] {
        if attr(node, name).is_some() {
            adapter.warn(
                node,
                Text::new(
                    format!("`{name}` has no effect here: who may start is a right of the definition"),
                    format!("«{name}» здесь не действует: кто может запускать, задают права на шаблон"),
                ),
            );
        }
    }
}
