//! What a process names that is not there now: called processes and forms (BPMN LN-24), dates that are past (LN-21).
//!
//! Never: looks for what an expression chooses while running, or for decisions (`decisions` does).

use crate::core::Core;
use model::definition::{
    Binding, CallActivity, Element, ElementKind, Expression, Form, ProcessDefinition, TimerKind, Trigger,
};
use model::{Diagnostic, Fault, Severity, Timestamp, Value};
use std::collections::HashSet;
use store::VersionName;

/// What is told of the targets of a file's processes; `renamed` is the id that its only process gets.
pub(super) async fn missing(
    core: &Core,
    definitions: &[ProcessDefinition],
    renamed: Option<&str>,
) -> Result<Vec<Diagnostic>, Fault> {
    let own: HashSet<&str> = definitions.iter().map(|d| d.process_id.as_str()).chain(renamed).collect();
    let mut found = Vec::new();
    for definition in definitions {
        for element in &definition.elements {
            match &element.kind {
                ElementKind::CallActivity(call) => {
                    let Some(process) = literal(definition, call) else { continue };
                    if !own.contains(process) && !is_deployed(core, process, &call.binding).await? {
                        found.push(no_process(element, process, &call.binding));
                    }
                }
                ElementKind::UserTask(task) => match &task.form {
                    Some(Form::Id(form)) => found.push(no_form(element, form)),
                    Some(Form::Embedded(_)) | None => {}
                },
                kind => found.extend(past(core.now(), definition, element, kind)),
            }
        }
    }
    Ok(found)
}

fn literal<'d>(definition: &'d ProcessDefinition, call: &CallActivity) -> Option<&'d str> {
    match definition.expression(call.process) {
        Expression::Literal(Value::String(process)) => Some(process.trim()).filter(|p| !p.is_empty()),
        _ => None,
    }
}

async fn is_deployed(core: &Core, process: &str, binding: &Binding) -> Result<bool, Fault> {
    let row = match binding {
        Binding::Latest => core.store.latest_definition(process).await?,
        Binding::Version(number) => core.store.named_definition(process, VersionName::Number(*number)).await?,
        Binding::VersionTag(tag) => core.store.named_definition(process, VersionName::Tag(tag.clone())).await?,
        Binding::Deployment => None,
    };
    Ok(row.is_some())
}

fn no_process(element: &Element, process: &str, binding: &Binding) -> Diagnostic {
    let (severity, which, which_ru) = match binding {
        Binding::Latest => (Severity::Warning, String::new(), String::new()),
        Binding::Deployment => (Severity::Error, " in this file".to_owned(), " в этом файле".to_owned()),
        Binding::VersionTag(tag) => (Severity::Warning, format!(" with the tag `{tag}`"), format!(" с меткой «{tag}»")),
        Binding::Version(number) => (Severity::Warning, format!(" in version {number}"), format!(" версии {number}")),
    };
    let message = match binding {
        Binding::Deployment => format!("The called process `{process}` is not{which}"),
        _ => format!("The called process `{process}` is not deployed{which}"),
    };
    let message_ru = match binding {
        Binding::Deployment => format!("Вызываемого процесса «{process}» нет{which_ru}"),
        _ => format!("Вызываемый процесс «{process}»{which_ru} не развёрнут"),
    };
    diagnostic("LN-24", severity, element, (message, message_ru))
}

fn no_form(element: &Element, form: &str) -> Diagnostic {
    let message = format!("The form `{form}` is not kept here: people get the task without it; embed the form");
    let message_ru = format!("Форма «{form}» здесь не хранится: задание придёт без неё; встройте форму в файл");
    diagnostic("LN-24", Severity::Warning, element, (message, message_ru))
}

/// A date with an offset that has passed: a start never fires, anything else fires at once.
fn past(now: Timestamp, definition: &ProcessDefinition, element: &Element, kind: &ElementKind) -> Option<Diagnostic> {
    let (triggers, starts) = match kind {
        ElementKind::StartEvent(event) => (&event.triggers, true),
        ElementKind::CatchEvent(event) => (&event.triggers, false),
        ElementKind::BoundaryEvent(event) => (&event.triggers, false),
        _ => return None,
    };
    triggers.iter().find_map(|trigger| {
        let Trigger::Timer(timer) = trigger else { return None };
        let date = match definition.expression(timer.value) {
            Expression::Literal(Value::String(text)) if timer.kind == TimerKind::Date => {
                text.trim().parse::<jiff::Timestamp>().ok()?
            }
            _ => return None,
        };
        let (en, ru) = match starts {
            true => ("it never starts the process", "процесс по нему не начнётся"),
            false => ("the timer fires at once", "таймер сработает сразу"),
        };
        let texts = (format!("The date {date} is past: {en}"), format!("Дата {date} прошла: {ru}"));
        (date.as_millisecond() < now.0).then(|| diagnostic("LN-21", Severity::Warning, element, texts))
    })
}

fn diagnostic(
    code: &str,
    severity: Severity,
    element: &Element,
    (message, message_ru): (String, String),
) -> Diagnostic {
    let (line, column) = (element.line, element.column);
    let element = Some(element.id.to_string());
    Diagnostic { code: code.to_owned(), severity, element, message, message_ru, line, column }
}
