//! Findings about a definition, shown in the designer, by `ruslo check` and on deployment.

use serde::{Deserialize, Serialize};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Hint,
    /// Can be deployed, is probably not what was meant.
    Warning,
    /// Can be stored and opened, can not be deployed.
    Error,
    /// Can not even be stored.
    Refused,
}

/// One finding. `code` is a stable rule id such as `LN-03` (see the BPMN coverage contract, section 6.1).
/// Its JSON is what the API answers with, whoever writes it: the server, the module of the designer, or a
/// fault's details.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Stable rule id.
    pub code: String,
    /// How bad it is.
    pub severity: Severity,
    /// Id of the element it is about, when it is about one.
    pub element: Option<String>,
    /// What is wrong and how to mend it, in English.
    pub message: String,
    /// The same in Russian.
    #[serde(rename = "messageRu", alias = "message_ru")]
    pub message_ru: String,
    /// Line in the source, from 1; 0 when unknown.
    #[serde(default)]
    pub line: u32,
    /// Column in the source, from 1; 0 when unknown.
    #[serde(default)]
    pub column: u32,
}
