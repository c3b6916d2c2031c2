//! Models of the designer and deployed process definitions.
//!
//! Invariant: a deployed version's source never changes; what changes (name, availability) lies beside it.

use crate::{Paged, Query, Result};
use async_trait::async_trait;
use model::{AppId, CatalogId, DefinitionId, ModelId, Timestamp, UserId};
use serde_json::Value as Json;

/// An editable model without its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelRow {
    /// The id.
    pub id: ModelId,
    /// Its name.
    pub name: String,
    /// What it is: `bpmn`, `form`, `dmn`, ...
    pub kind: String,
    /// The catalog whose records it runs for.
    pub document_catalog: Option<CatalogId>,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Who changed it last.
    pub updated_by: Option<UserId>,
    /// Grows with every change, from 1.
    pub version: u64,
}

/// A deployed version without its source.
#[derive(Debug, Clone, PartialEq)]
pub struct DefinitionRow {
    /// The id.
    pub id: DefinitionId,
    /// The process, the same for all versions.
    pub process_id: String,
    /// The version, from 1.
    pub version: u32,
    /// Its name.
    pub name: String,
    /// What for.
    pub description: String,
    /// The format of the source: `bpmn`, `bpt`, `robots`.
    pub origin: String,
    /// The catalog whose records it runs for.
    pub document_catalog: Option<CatalogId>,
    /// When it was deployed.
    pub deployed_at: Timestamp,
    /// By whom.
    pub deployed_by: Option<UserId>,
    /// When name, description or source data last changed.
    pub modified_at: Timestamp,
    /// The app that owns it.
    pub app: Option<AppId>,
    /// When it starts by itself; bits as in Bitrix24: 1 on create, 2 on change.
    pub auto_execute: u32,
    /// What a foreign format keeps besides the process (parameters, variables, constants, document type).
    pub template_meta: Json,
    /// Whether it can be run.
    pub deployable: bool,
    /// When it was withdrawn.
    pub deleted_at: Option<Timestamp>,
    /// The model it was deployed from.
    pub model: Option<ModelId>,
    /// Its version's tag.
    pub version_tag: Option<String>,
    /// The first definition of the file that it was deployed with; none: itself.
    pub deployment: Option<DefinitionId>,
}

/// The bytes of a deployed version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefinitionSource {
    /// The file as it was given.
    pub source: Vec<u8>,
    /// The BPMN that is shown.
    pub view: String,
}

/// Changes to models and definitions.
#[derive(Debug, Clone, PartialEq)]
pub enum DefinitionWrite {
    /// A new model.
    InsertModel {
        /// The row.
        row: ModelRow,
        /// The source.
        source: String,
    },
    /// Replaces a model; the stored version becomes `expect_version + 1`. [`crate::Conflict::ModelVersion`].
    UpdateModel {
        /// The new row.
        row: ModelRow,
        /// The source; none: it stays.
        source: Option<String>,
        /// The version that was read.
        expect_version: u64,
    },
    /// Forgets a model.
    DeleteModel {
        /// The model.
        id: ModelId,
    },
    /// A new version; [`crate::Conflict::DefinitionVersion`] when process and version exist.
    Insert {
        /// The row.
        row: Box<DefinitionRow>,
        /// Its bytes.
        source: DefinitionSource,
    },
    /// Replaces what is not the source; [`crate::Conflict::Missing`] when it is gone. `process_id`, `version`,
    /// `origin`, `deployed_at` and `deployed_by` stay.
    Update(Box<DefinitionRow>),
    /// Withdraws a version: lists and starts no longer offer it, its instances run on.
    Withdraw {
        /// The version.
        id: DefinitionId,
        /// When.
        at: Timestamp,
    },
}

/// What definitions can be filtered and ordered by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DefinitionField {
    /// The id.
    Id,
    /// The process.
    ProcessId,
    /// The version.
    Version,
    /// The name.
    Name,
    /// The format of the source.
    Origin,
    /// The catalog.
    DocumentCatalog,
    /// When it was deployed.
    DeployedAt,
    /// By whom.
    DeployedBy,
    /// When it last changed.
    ModifiedAt,
    /// The app that owns it.
    App,
    /// When it starts by itself.
    AutoExecute,
    /// Whether it can be run.
    Deployable,
    /// Whether it was withdrawn (a boolean).
    Deleted,
    /// Whether it is the newest version of its process that was not withdrawn (a boolean).
    Latest,
    /// The model it was deployed from.
    Model,
}

/// How a version of a process is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionName {
    /// By its number.
    Number(u32),
    /// The latest with this tag.
    Tag(String),
    /// The one of this deployment, named by its first definition.
    Deployment(DefinitionId),
}

/// Reading models and definitions.
#[async_trait]
pub trait Definitions {
    /// A model with its source.
    async fn model(&self, id: ModelId) -> Result<Option<(ModelRow, String)>>;
    /// All models, the latest changed first.
    async fn models(&self) -> Result<Vec<ModelRow>>;
    /// One version.
    async fn definition(&self, id: DefinitionId) -> Result<Option<DefinitionRow>>;
    /// The bytes of one version.
    async fn definition_source(&self, id: DefinitionId) -> Result<Option<DefinitionSource>>;
    /// The newest version of a process that was not withdrawn.
    async fn latest_definition(&self, process_id: &str) -> Result<Option<DefinitionRow>>;
    /// A version of a process that was not withdrawn.
    async fn named_definition(&self, process_id: &str, name: VersionName) -> Result<Option<DefinitionRow>>;
    /// The greatest version number ever given to a process, 0 when none.
    async fn greatest_version(&self, process_id: &str) -> Result<u32>;
    /// A list, by id from the first. Text looks into name and process id.
    async fn definitions(&self, query: Query<DefinitionField>) -> Result<Paged<DefinitionRow>>;
}
