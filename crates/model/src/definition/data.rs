//! Data objects, data stores and data associations.

use super::ExprId;
use crate::Value;

/// A data object: a variable of its scope (BPMN DA-1).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DataObject {
    /// The variable: the reference's name, else the object's id.
    pub variable: String,
    /// Holds a list.
    pub collection: bool,
    /// Its value at the start of the scope.
    pub initial: Option<Value>,
    /// Its state at the start, readable as `<variable>.dataState` of the side value.
    pub state: Option<String>,
}

/// Data that moves when an activity or event begins or ends (BPMN DA-2).
#[derive(Debug, Clone, PartialEq)]
pub struct DataAssociation {
    /// What is read; the transformation over the sources, or the one source.
    pub source: Option<ExprId>,
    /// The variable written; none: only the assignments count.
    pub target: Option<String>,
    /// `from` evaluated into the path `to`, after the source.
    pub assignments: Vec<(ExprId, String)>,
    /// The data store on the other side.
    pub store: Option<DataStore>,
}

/// A data store (BPMN DA-3).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DataStore {
    /// Its name: of the tenant-wide value when it is not bound.
    pub name: String,
    /// The catalogue it is bound to.
    pub catalog: Option<String>,
    /// Field → value by which a record is found: a read takes the first, a write changes it or creates one.
    pub key: Vec<(String, ExprId)>,
}
