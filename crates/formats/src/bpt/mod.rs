//! Bitrix templates (`.bpt`): reading, writing, compiling to the IR, showing as BPMN.
//!
//! Owns: the container, the catalogue of activity types and what each becomes (Bitrix contract 5.1-5.4).
//! Invariant: a node keeps its name as the id of its element, in the IR and in the view alike.
//! Never: evaluates expressions or talks to apps.

mod activities;
mod compile;
mod conditions;
mod forms;
mod loops;
pub mod php;
mod template;
mod values;

pub use compile::{compile, unavailable};
pub use template::{Node, Template, read, to_json, write};

use crate::finding::{Spot, Text, refusal};
use crate::{Imported, SourceKind, bpmn};
use model::Diagnostic;
use model::definition::ProcessDefinition;
use model::limits::Limits;

/// Why a file is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BptError {
    /// It can not be unpacked.
    #[error("the file can not be unpacked")]
    Compression,
    /// It is no PHP data.
    #[error("broken at byte {offset}: {what}")]
    Broken {
        /// Where, in the unpacked data.
        offset: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// It holds a PHP object.
    #[error("a PHP object at byte {offset}; only plain data is allowed")]
    Object {
        /// Where, in the unpacked data.
        offset: usize,
    },
    /// It holds a PHP reference.
    #[error("a PHP reference at byte {offset}; only plain data is allowed")]
    Reference {
        /// Where, in the unpacked data.
        offset: usize,
    },
    /// It is over a limit.
    #[error("too many {what}")]
    TooLarge {
        /// Of what.
        what: &'static str,
    },
    /// A text is no UTF-8; the reader then tries Windows-1251.
    #[error("a text is not valid UTF-8")]
    NotUtf8,
    /// It is PHP data, but no template.
    #[error("Incorrect workflow template")]
    NotTemplate,
}

impl BptError {
    /// The refusal that people see.
    pub fn diagnostic(&self) -> Diagnostic {
        let ru = match self {
            Self::Compression => "Файл не распаковывается".to_owned(),
            Self::Broken { offset, .. } => format!("Файл повреждён, байт {offset}"),
            Self::Object { offset } => format!("Объект PHP, байт {offset}: допустимы только данные"),
            Self::Reference { offset } => format!("Ссылка PHP, байт {offset}: допустимы только данные"),
            Self::TooLarge { .. } => "Шаблон превышает ограничения".to_owned(),
            Self::NotUtf8 => "Текст не в кодировке UTF-8".to_owned(),
            Self::NotTemplate => "Неверный шаблон бизнес-процесса".to_owned(),
        };
        refusal("BPT-03", Spot::default(), Text::new(self.to_string(), ru))
    }
}

/// Whether `bytes` look like a template rather than XML.
pub fn looks_like(bytes: &[u8]) -> bool {
    match bytes {
        [b'a', b':', digit, ..] => digit.is_ascii_digit(),
        // A zlib header: deflate, and a check that holds.
        [0x78, flags, ..] => (0x7800 + u16::from(*flags)).is_multiple_of(31),
        _ => false,
    }
}

/// Reads, compiles and draws a template; `name` is the file's name.
pub fn import(name: &str, bytes: &[u8], limits: &Limits) -> Result<Imported, Vec<Diagnostic>> {
    let template = read(bytes, limits).map_err(|e| vec![e.diagnostic()])?;
    let stem = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = stem.strip_suffix(".bpt").unwrap_or(stem);
    Ok(import_template(&template, &values::identifier(stem, "bpt_"), stem))
}

/// Compiles and draws a template that was read before.
pub fn import_template(template: &Template, process_id: &str, name: &str) -> Imported {
    let (definition, diagnostics) = compile(template, process_id, name);
    let bpmn = view(&definition);
    Imported { definitions: vec![definition], diagnostics, bpmn, kind: SourceKind::Bpt, decisions: None }
}

/// The definition as BPMN XML with shapes; every element has its id.
pub fn view(definition: &ProcessDefinition) -> String {
    bpmn::view(definition)
}
