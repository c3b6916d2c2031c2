//! BPMN 2.0 XML: reading, judging, showing.
//!
//! Owns: compiling `process` elements to the IR, the rules `LN-*` of the coverage contract, and adding shapes where a
//! file has none. Invariant: the source text is kept; what is added is a patch on it (RT-1..RT-3).
//! Never: writes a model anew from what it understood.

mod compile;
mod content;
mod data;
mod declarations;
mod di;
mod dialects;
mod dom;
mod event_links;
mod events;
mod expressions;
mod extensions;
mod links;
mod lint;
mod messages;
mod patch;
mod people;
mod processes;
mod repetition;
mod scopes;
mod tasks;
mod timers;
mod traits;
mod user_tasks;
mod write;

pub use content::same_content;
pub(crate) use expressions::is_name as is_variable_name;
pub(crate) use write::view;

use crate::finding::{Text, finding, refusal};
use crate::text::{Positions, decode_xml};
use crate::{Imported, SourceKind, xml};
use dom::{File, MODEL, flag};
use model::definition::ProcessDefinition;
use model::limits::Limits;
use model::{Diagnostic, Severity};
use roxmltree::Node;
use serde_json::Value as Json;
use std::collections::HashMap;

/// Reads a BPMN file. An error is a refusal: the file can not even be stored.
pub fn import(bytes: &[u8], limits: &Limits) -> Result<Imported, Vec<Diagnostic>> {
    import_among(bytes, None, limits)
}

/// As [`import`], with the element templates of apps where they are known.
pub fn import_among(bytes: &[u8], templates: Option<&[Json]>, limits: &Limits) -> Result<Imported, Vec<Diagnostic>> {
    if bytes.len() > limits.definition_bytes {
        let max = limits.definition_bytes;
        let text = Text::new(format!("The file is over {max} bytes"), format!("Файл больше {max} байт"));
        return Err(vec![refusal("LN-01", Default::default(), text)]);
    }
    let text = decode_xml(bytes).map_err(|d| vec![d])?;
    import_text(&text, templates, limits)
}

/// As [`import_among`], from text.
pub fn import_text(text: &str, templates: Option<&[Json]>, limits: &Limits) -> Result<Imported, Vec<Diagnostic>> {
    let positions = Positions::new(text);
    let doc = xml::parse(text, &positions, limits).map_err(|d| vec![d])?;
    let mut file = File::new(&doc, &positions, limits).map_err(|d| vec![d])?;
    file.templates = templates;
    let mut diagnostics = Vec::new();
    let definitions = match dialects::translate(&file, text) {
        Some(translation) => compile_translation(&file, text, translation, &mut diagnostics)?,
        None => compile_processes(&file, &mut diagnostics),
    };
    duplicate_ids(&file, &mut diagnostics);
    let bpmn = di::complete(&file, text, &mut diagnostics);
    diagnostics.sort_by(|a, b| (a.line, a.column, &a.code).cmp(&(b.line, b.column, &b.code)));
    Ok(Imported { definitions, diagnostics, bpmn, kind: SourceKind::Bpmn, decisions: None })
}

/// The text to give out for a stored `source`: equal to it, with shapes added where there are none. Text that is no
/// readable BPMN comes back as it is.
pub fn export(source: &str) -> String {
    let limits = Limits::default();
    let positions = Positions::new(source);
    let Ok(doc) = xml::parse(source, &positions, &limits) else { return source.to_owned() };
    match File::new(&doc, &positions, &limits) {
        Ok(file) => di::complete(&file, source, &mut Vec::new()),
        Err(_) => source.to_owned(),
    }
}

/// Compiles a native copy of a file that speaks another dialect; what is found is told by places of the file itself.
fn compile_translation(
    original: &File,
    text: &str,
    translation: dialects::Translation,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Vec<ProcessDefinition>, Vec<Diagnostic>> {
    let positions = Positions::of_copy(text, translation.shifts);
    let doc = xml::parse(&translation.text, &positions, original.limits).map_err(|d| vec![d])?;
    let mut file = File::new(&doc, &positions, original.limits).map_err(|d| vec![d])?;
    file.templates = original.templates;
    diagnostics.extend(translation.findings);
    Ok(compile_processes(&file, diagnostics))
}

/// Compiles the executable processes. Where there is none, all are judged and none is given (BPMN LN-02).
fn compile_processes(file: &File, diagnostics: &mut Vec<Diagnostic>) -> Vec<ProcessDefinition> {
    let processes: Vec<_> = file.processes().collect();
    let executable = |p: &Node| file.is_executable(*p);
    let any = processes.iter().any(executable) || (processes.is_empty() && file.global_tasks().next().is_some());
    if !any {
        let text = Text::new(
            "No process is marked executable (isExecutable=\"true\")",
            "Ни один процесс не помечен как исполняемый (isExecutable=\"true\")",
        );
        let node = processes.first().copied().unwrap_or_else(|| file.doc.root_element());
        diagnostics.push(finding("LN-02", Severity::Error, node.attribute("id"), file.spot(node), text));
    }
    let mut definitions = Vec::new();
    for process in processes {
        if any && !executable(&process) {
            let text = Text::new(
                "The process is not executable: it is kept and shown only",
                "Процесс не исполняемый: он только хранится и показывается",
            );
            diagnostics.push(finding("LN-02", Severity::Hint, process.attribute("id"), file.spot(process), text));
            continue;
        }
        if any && flag(process, "isExecutable").is_none() {
            let text = Text::new(
                "`isExecutable` is missing; in this dialect that means true",
                "Нет isExecutable; в этом диалекте это значит true",
            );
            diagnostics.push(finding("LN-02", Severity::Warning, process.attribute("id"), file.spot(process), text));
        }
        let mut compiler = compile::compile(file, process);
        lint::run(&mut compiler);
        diagnostics.append(&mut compiler.findings);
        if any {
            definitions.push(compiler.def);
        }
    }
    for task in file.global_tasks().filter(|_| any) {
        let mut compiler = compile::compile(file, task);
        diagnostics.append(&mut compiler.findings);
        definitions.push(compiler.def);
    }
    definitions
}

/// Ids that stand twice (BPMN LN-03).
fn duplicate_ids(file: &File, diagnostics: &mut Vec<Diagnostic>) {
    let mut seen: HashMap<&str, ()> = HashMap::new();
    let nodes = file.doc.root_element().descendants().filter(|n| n.tag_name().namespace() == Some(MODEL));
    for node in nodes {
        let Some(id) = node.attribute("id") else { continue };
        if seen.insert(id, ()).is_some() {
            let text =
                Text::new(format!("The id `{id}` stands twice"), format!("Идентификатор «{id}» встречается дважды"));
            diagnostics.push(finding("LN-03", Severity::Error, Some(id), file.spot(node), text));
        }
    }
}
