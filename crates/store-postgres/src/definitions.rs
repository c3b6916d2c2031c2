//! `models` and `definitions`.

use crate::{
    PostgresStore,
    sql::{Tx, WriteResult, params},
};
use async_trait::async_trait;
use model::{DefinitionId, ModelId};
use store::{
    Conflict, DefinitionField, DefinitionRow, DefinitionSource, DefinitionWrite, Definitions, ModelRow, Paged, Query,
    Result, VersionName, columns, lists::fields::DEFINITIONS,
};

const INSERT_MODEL: &str =
    concat!("INSERT INTO models (", columns!(model), ", source) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
const UPDATE_MODEL: &str = "UPDATE models SET name = $2, kind = $3, document_catalog = $4, updated_at = $5,
    updated_by = $6, source = coalesce($7, source), version = version + 1 WHERE id = $1 AND version = $8";
const DELETE_MODEL: &str = "DELETE FROM models WHERE id = $1";
const MODEL: &str = concat!("SELECT ", columns!(model), ", source FROM models WHERE id = $1");
const MODELS: &str = concat!("SELECT ", columns!(model), " FROM models ORDER BY updated_at DESC, id DESC");

const INSERT: &str = "INSERT INTO definitions (id, process_id, version, name, description, origin, document_catalog,
    deployed_at, deployed_by, modified_at, app_id, auto_execute, template_meta, deployable, deleted_at, model_id,
    source, view, version_tag, deployment_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
    $19, $20)";
const UPDATE: &str = "UPDATE definitions SET name = $2, description = $3, document_catalog = $4, modified_at = $5,
    app_id = $6, auto_execute = $7, template_meta = $8, deployable = $9, deleted_at = $10, model_id = $11
    WHERE id = $1";
const WITHDRAW: &str = "UPDATE definitions SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL";
const ONE: &str = concat!("SELECT ", columns!(definition), " FROM definitions d WHERE d.id = $1");
const SOURCE: &str = "SELECT source, view FROM definitions WHERE id = $1";
pub(crate) const LATEST: &str = concat!(
    "SELECT ",
    columns!(definition),
    " FROM definitions d WHERE d.process_id = $1 AND d.deleted_at IS NULL ORDER BY d.version DESC LIMIT 1"
);
const NUMBERED: &str = concat!(
    "SELECT ",
    columns!(definition),
    " FROM definitions d WHERE d.process_id = $1 AND d.deleted_at IS NULL AND d.version = $2"
);
const TAGGED: &str = concat!(
    "SELECT ",
    columns!(definition),
    " FROM definitions d WHERE d.process_id = $1 AND d.deleted_at IS NULL AND d.version_tag = $2
    ORDER BY d.version DESC LIMIT 1"
);
const BESIDE: &str = concat!(
    "SELECT ",
    columns!(definition),
    " FROM definitions d WHERE d.process_id = $1 AND d.deleted_at IS NULL AND (d.deployment_id = $2 OR d.id = $2)
    ORDER BY d.version DESC LIMIT 1"
);
const GREATEST: &str = "SELECT coalesce(max(version), 0) FROM definitions WHERE process_id = $1";

pub(crate) async fn apply(tx: &mut Tx<'_>, write: &DefinitionWrite) -> WriteResult {
    match write {
        DefinitionWrite::InsertModel { row: m, source } => {
            let values =
                params![m.id, &m.name, &m.kind, m.document_catalog, m.updated_at, m.updated_by, m.version, source];
            tx.send(INSERT_MODEL, values).await
        }
        DefinitionWrite::UpdateModel { row: m, source, expect_version } => {
            let values = params![
                m.id,
                &m.name,
                &m.kind,
                m.document_catalog,
                m.updated_at,
                m.updated_by,
                source,
                *expect_version
            ];
            tx.must(UPDATE_MODEL, values, Conflict::ModelVersion).await
        }
        DefinitionWrite::DeleteModel { id } => tx.send(DELETE_MODEL, params![*id]).await,
        DefinitionWrite::Insert { row, source } => insert(tx, row, source).await,
        DefinitionWrite::Update(d) => {
            let values = params![
                d.id,
                &d.name,
                &d.description,
                d.document_catalog,
                d.modified_at,
                d.app,
                d.auto_execute,
                &d.template_meta,
                i64::from(d.deployable),
                d.deleted_at,
                d.model
            ];
            tx.must(UPDATE, values, Conflict::Missing("definition")).await
        }
        DefinitionWrite::Withdraw { id, at } => tx.send(WITHDRAW, params![*id, *at]).await,
    }
}

async fn insert(tx: &mut Tx<'_>, d: &DefinitionRow, source: &DefinitionSource) -> WriteResult {
    let values = params![
        d.id,
        &d.process_id,
        d.version,
        &d.name,
        &d.description,
        &d.origin,
        d.document_catalog,
        d.deployed_at,
        d.deployed_by,
        d.modified_at,
        d.app,
        d.auto_execute,
        &d.template_meta,
        i64::from(d.deployable),
        d.deleted_at,
        d.model,
        &source.source,
        &source.view,
        &d.version_tag,
        d.deployment
    ];
    tx.send(INSERT, values).await
}

#[async_trait]
impl Definitions for PostgresStore {
    async fn model(&self, id: ModelId) -> Result<Option<(ModelRow, String)>> {
        self.first(MODEL, params![id]).await
    }

    async fn models(&self) -> Result<Vec<ModelRow>> {
        self.all(MODELS, Vec::new()).await
    }

    async fn definition(&self, id: DefinitionId) -> Result<Option<DefinitionRow>> {
        self.first(ONE, params![id]).await
    }

    async fn definition_source(&self, id: DefinitionId) -> Result<Option<DefinitionSource>> {
        self.first(SOURCE, params![id]).await
    }

    async fn latest_definition(&self, process_id: &str) -> Result<Option<DefinitionRow>> {
        self.first(LATEST, params![process_id]).await
    }

    async fn named_definition(&self, process_id: &str, name: VersionName) -> Result<Option<DefinitionRow>> {
        match name {
            VersionName::Number(n) => self.first(NUMBERED, params![process_id, n]).await,
            VersionName::Tag(tag) => self.first(TAGGED, params![process_id, tag]).await,
            VersionName::Deployment(id) => self.first(BESIDE, params![process_id, id]).await,
        }
    }

    async fn greatest_version(&self, process_id: &str) -> Result<u32> {
        Ok(self.first(GREATEST, params![process_id]).await?.unwrap_or(0))
    }

    async fn definitions(&self, query: Query<DefinitionField>) -> Result<Paged<DefinitionRow>> {
        self.page(&DEFINITIONS, &query, None).await
    }
}
