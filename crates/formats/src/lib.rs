//! Front-ends: what people bring (BPMN 2.0 XML, Bitrix `.bpt` templates) becomes the IR of [`model::definition`].
//!
//! Every front-end gives definitions, findings with places, and BPMN XML with shapes to look at. Files come from
//! strangers: none can make this crate panic, overflow the stack, or use memory or time out of proportion to the
//! limits.
//! Never: I/O, clocks, randomness, or running anything.
//!
//! - [`bpmn`]: BPMN 2.0 XML with the `zeebe` extensions
//! - [`bpt`]: Bitrix templates
//! - decisions: DMN files, read by the crate `dmn`
//! - [`layout`]: places for shapes and edges where a file has none
//! - [`element_template`]: components described for the designer

pub mod bpmn;
pub mod bpt;
pub mod element_template;
mod finding;
pub mod layout;
mod template_values;
mod text;
mod xml;

use finding::{Spot, Text, refusal};
use model::definition::ProcessDefinition;
use model::limits::Limits;
use model::{Diagnostic, Severity};

/// What kind of file was imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// BPMN 2.0 XML.
    Bpmn,
    /// A Bitrix template.
    Bpt,
    /// DMN decisions.
    Dmn,
}

/// A file that can be stored and shown; whether it can run is [`Imported::deployable`].
#[derive(Debug, Clone)]
pub struct Imported {
    /// The executable processes in file order.
    pub definitions: Vec<ProcessDefinition>,
    /// What was found, in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
    /// BPMN XML with a shape for everything: the source itself when it had them all.
    pub bpmn: String,
    /// What the file was.
    pub kind: SourceKind,
    /// The decisions of a DMN file; `definitions` is empty then and `bpmn` is the file's text.
    pub decisions: Option<dmn::Model>,
}

impl Imported {
    /// Whether all of it can be deployed for running: no finding is an error.
    pub fn deployable(&self) -> bool {
        let runs = !self.definitions.is_empty() || self.decisions.is_some();
        runs && self.diagnostics.iter().all(|d| d.severity < Severity::Error)
    }
}

/// What a file may refer to beyond itself, as far as it is known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Around<'a> {
    /// Texts of DMN files, among which those may be that this one imports.
    pub decisions: &'a [&'a str],
    /// The element templates of apps, as [`element_template`] makes them; none: they are not known here, and elements
    /// made from them are not checked. Those of built-in components are always known.
    pub templates: Option<&'a [serde_json::Value]>,
}

/// Reads a file of any known kind, told by its content; `name` gives a template its id and title.
pub fn import(name: &str, bytes: &[u8], limits: &Limits) -> Result<Imported, Vec<Diagnostic>> {
    import_among(name, bytes, &Around::default(), limits)
}

/// As [`import`], with what is known around the file.
pub fn import_among(name: &str, bytes: &[u8], around: &Around, limits: &Limits) -> Result<Imported, Vec<Diagnostic>> {
    if bytes.len() > limits.definition_bytes {
        return Err(vec![too_long(limits.definition_bytes)]);
    }
    if bpt::looks_like(bytes) {
        return bpt::import(name, bytes, limits);
    }
    match bpmn::import_among(bytes, around.templates, limits) {
        Err(_) if name.to_lowercase().ends_with(".dmn") || dmn::looks_like(bytes) => {
            import_decisions(text::decode_xml(bytes).map_err(|d| vec![d])?, around.decisions, limits)
        }
        imported => imported,
    }
}

/// As [`import`], from the text of a BPMN or DMN file as an editor holds it. Reaches neither templates nor encodings,
/// which are most of the weight of this crate.
pub fn import_text(text: &str, around: &Around, limits: &Limits) -> Result<Imported, Vec<Diagnostic>> {
    if text.len() > limits.definition_bytes {
        return Err(vec![too_long(limits.definition_bytes)]);
    }
    match bpmn::import_text(text, around.templates, limits) {
        Err(_) if dmn::looks_like(text.as_bytes()) => import_decisions(text.to_owned(), around.decisions, limits),
        imported => imported,
    }
}

fn too_long(max: usize) -> Diagnostic {
    let text = Text::new(format!("The file is over {max} bytes"), format!("Файл больше {max} байт"));
    refusal("LN-01", Spot::default(), text)
}

fn import_decisions(source: String, others: &[&str], limits: &Limits) -> Result<Imported, Vec<Diagnostic>> {
    let decisions = dmn::Model::read(&source, others, limits)?;
    let diagnostics = decisions.about().diagnostics.clone();
    if let Some(refused) = diagnostics.iter().find(|d| d.severity == Severity::Refused) {
        return Err(vec![refused.clone()]);
    }
    let (definitions, decisions) = (Vec::new(), Some(decisions));
    Ok(Imported { definitions, diagnostics, bpmn: source, kind: SourceKind::Dmn, decisions })
}
