//! Models: what the designer edits, before it is deployed.

use crate::platform::Inner;
use crate::{Actor, LiveEvent};
use model::error::codes;
use model::{CatalogId, Fault, ModelId, Timestamp, UserId};
use serde_json::json;
use store::{DefinitionWrite, IdKind, ModelRow, Unit};

/// Bytes of a model's source.
pub const MAX_SOURCE_BYTES: usize = 20_000_000;

/// A model without its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// Its id.
    pub id: ModelId,
    /// What people see.
    pub name: String,
    /// What it is: `bpmn` or `dmn`.
    pub kind: String,
    /// The catalog whose records its processes run for.
    pub catalog: Option<CatalogId>,
    /// Counts its changes.
    pub version: u64,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// By whom.
    pub updated_by: Option<UserId>,
}

/// What a model holds.
#[derive(Debug, Clone, Default)]
pub struct ModelContent {
    /// What people see.
    pub name: String,
    /// `bpmn`, which is also what an empty text means, or `dmn`. A model stays what it was made as.
    pub kind: String,
    /// BPMN 2.0 or DMN XML.
    pub source: String,
    /// The catalog whose records its processes run for.
    pub catalog: Option<CatalogId>,
}

/// Models, see [`crate::Platform::models`].
pub struct Models<'a>(pub(crate) &'a Inner);

impl Models<'_> {
    /// All models, the latest changed first.
    pub async fn list(&self) -> Result<Vec<Model>, Fault> {
        Ok(self.0.store.models().await?.into_iter().map(Model::from).collect())
    }

    /// A model and its source.
    pub async fn get(&self, id: ModelId) -> Result<(Model, String), Fault> {
        let (row, source) = self.0.store.model(id).await?.ok_or_else(|| Fault::of(&codes::MODEL_NOT_FOUND))?;
        Ok((row.into(), source))
    }

    /// A new model.
    pub async fn create(&self, actor: &Actor, content: ModelContent) -> Result<Model, Fault> {
        self.check(&content).await?;
        let row = ModelRow {
            id: ModelId(self.0.store.next_id(IdKind::Model).await?),
            name: content.name.trim().to_owned(),
            kind: if content.kind.is_empty() { "bpmn".to_owned() } else { content.kind },
            document_catalog: content.catalog,
            updated_at: self.0.now(),
            updated_by: Some(actor.user_id()),
            version: 1,
        };
        let write = DefinitionWrite::InsertModel { row: row.clone(), source: content.source };
        self.0.commit(Unit::of(write)).await?;
        self.0.live.publish(LiveEvent::new("model", row.id));
        Ok(row.into())
    }

    /// Replaces a model that is still at `version`; `DEF-0007` when it is not.
    pub async fn update(
        &self,
        actor: &Actor,
        id: ModelId,
        version: u64,
        content: ModelContent,
    ) -> Result<Model, Fault> {
        self.check(&content).await?;
        let (current, _) = self.0.store.model(id).await?.ok_or_else(|| Fault::of(&codes::MODEL_NOT_FOUND))?;
        let conflict =
            || Fault::of(&codes::MODEL_CONFLICT).with_details(json!({ "current": { "version": current.version } }));
        if current.version != version {
            return Err(conflict());
        }
        let row = ModelRow {
            name: content.name.trim().to_owned(),
            document_catalog: content.catalog,
            updated_at: self.0.now(),
            updated_by: Some(actor.user_id()),
            version: version + 1,
            ..current.clone()
        };
        let source = Some(content.source);
        let write = DefinitionWrite::UpdateModel { row: row.clone(), source, expect_version: version };
        self.0.commit(Unit::of(write)).await.map_err(|f| if f.is(&codes::MODEL_CONFLICT) { conflict() } else { f })?;
        self.0.live.publish(LiveEvent::new("model", id).with(json!({ "version": row.version })));
        Ok(row.into())
    }

    /// Forgets a model; deployed definitions stay.
    pub async fn delete(&self, id: ModelId) -> Result<(), Fault> {
        self.get(id).await?;
        self.0.commit(Unit::of(DefinitionWrite::DeleteModel { id })).await?;
        self.0.live.publish(LiveEvent::new("model", id));
        Ok(())
    }

    async fn check(&self, content: &ModelContent) -> Result<(), Fault> {
        let name = content.name.trim();
        if name.is_empty() || name.chars().count() > 200 {
            return Err(Fault::new(&codes::DEFINITION_REFUSED, "A model's name has 1 to 200 characters"));
        }
        if content.source.len() > MAX_SOURCE_BYTES {
            return Err(Fault::of(&codes::DEFINITION_TOO_LARGE));
        }
        if let Some(catalog) = content.catalog
            && self.0.store.catalog(catalog).await?.is_none()
        {
            return Err(Fault::of(&codes::CATALOG_NOT_FOUND));
        }
        Ok(())
    }
}

impl From<ModelRow> for Model {
    fn from(row: ModelRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            kind: row.kind,
            catalog: row.document_catalog,
            version: row.version,
            updated_at: row.updated_at,
            updated_by: row.updated_by,
        }
    }
}
