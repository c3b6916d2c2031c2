//! Catalogs, fields and the checks a value passes before it becomes part of a record.

use crate::CatalogId;
use serde::{Deserialize, Serialize};

/// What a field holds. JSON: `{"type":"text"}`, `{"type":"list","options":[{"key","label"}]}`, `{"type":"link","catalog":"cat_1"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum FieldType {
    /// Text; `multiline` changes only how it is shown.
    Text {
        /// Whether the editor offers several lines.
        #[serde(default)]
        multiline: bool,
    },
    /// A decimal number.
    Number,
    /// Yes or no.
    Boolean,
    /// A calendar date, or an instant when `time` is set.
    Date {
        /// Whether the time of day is kept.
        #[serde(default)]
        time: bool,
    },
    /// One of fixed options; the value is the option's key.
    List {
        /// The options in order.
        options: Vec<ListOption>,
    },
    /// A person: `user_5`.
    Person,
    /// A record of another (or the same) catalog: `rec_7`.
    Link {
        /// The catalog linked to.
        catalog: CatalogId,
    },
}

/// One option of a list field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListOption {
    /// Stable key, stored in records.
    pub key: String,
    /// What people see.
    pub label: String,
}

/// A field of a catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Stable key: `^[A-Za-z_][A-Za-z0-9_]*$`, unique without regard to case within the catalog.
    pub key: String,
    /// What people see.
    pub name: String,
    /// What it holds.
    #[serde(flatten)]
    pub kind: FieldType,
    /// Whether a record must have it.
    #[serde(default)]
    pub required: bool,
    /// Whether it holds a list of values.
    #[serde(default)]
    pub multiple: bool,
}
