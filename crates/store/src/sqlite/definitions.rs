//! `models` and `definitions`.

use super::{
    SqliteStore,
    list::page,
    row::{at, int},
    tx::{Tx, WriteResult, all, first},
};
use crate::{
    Conflict, DefinitionField, DefinitionRow, DefinitionSource, DefinitionWrite, Definitions, ModelRow, Paged, Query,
    Result, VersionName, columns, lists::fields::DEFINITIONS,
};
use async_trait::async_trait;
use model::{DefinitionId, ModelId};
use rusqlite::params;

const INSERT_MODEL: &str =
    concat!("INSERT INTO models (", columns!(model), ", source) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
const UPDATE_MODEL: &str = "UPDATE models SET name = ?2, kind = ?3, document_catalog = ?4, updated_at = ?5,
    updated_by = ?6, source = coalesce(?7, source), version = version + 1 WHERE id = ?1 AND version = ?8";
const DELETE_MODEL: &str = "DELETE FROM models WHERE id = ?1";
const MODEL: &str = concat!("SELECT ", columns!(model), ", source FROM models WHERE id = ?1");
const MODELS: &str = concat!("SELECT ", columns!(model), " FROM models ORDER BY updated_at DESC, id DESC");

const INSERT: &str = "INSERT INTO definitions (id, process_id, version, name, description, origin, document_catalog,
    deployed_at, deployed_by, modified_at, app_id, auto_execute, template_meta, deployable, deleted_at, model_id,
    source, view, version_tag, deployment_id)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
    ?19, ?20)";
const UPDATE: &str = "UPDATE definitions SET name = ?2, description = ?3, document_catalog = ?4, modified_at = ?5,
    app_id = ?6, auto_execute = ?7, template_meta = ?8, deployable = ?9, deleted_at = ?10, model_id = ?11
    WHERE id = ?1";
const WITHDRAW: &str = "UPDATE definitions SET deleted_at = ?2 WHERE id = ?1 AND deleted_at IS NULL";
const ONE: &str = concat!("SELECT ", columns!(definition), " FROM definitions d WHERE d.id = ?1");
const SOURCE: &str = "SELECT source, view FROM definitions WHERE id = ?1";
const LATEST: &str = concat!(
    "SELECT ",
    columns!(definition),
    " FROM definitions d WHERE d.process_id = ?1 AND d.deleted_at IS NULL ORDER BY d.version DESC LIMIT 1"
);
const NUMBERED: &str = concat!(
    "SELECT ",
    columns!(definition),
    " FROM definitions d WHERE d.process_id = ?1 AND d.deleted_at IS NULL AND d.version = ?2"
);
const TAGGED: &str = concat!(
    "SELECT ",
    columns!(definition),
    " FROM definitions d WHERE d.process_id = ?1 AND d.deleted_at IS NULL AND d.version_tag = ?2
    ORDER BY d.version DESC LIMIT 1"
);
const BESIDE: &str = concat!(
    "SELECT ",
    columns!(definition),
    " FROM definitions d WHERE d.process_id = ?1 AND d.deleted_at IS NULL AND (d.deployment_id = ?2 OR d.id = ?2)
    ORDER BY d.version DESC LIMIT 1"
);
const GREATEST: &str = "SELECT coalesce(max(version), 0) FROM definitions WHERE process_id = ?1";

pub(super) fn apply(tx: &mut Tx<'_>, write: &DefinitionWrite) -> WriteResult {
    match write {
        DefinitionWrite::InsertModel { row: m, source } => {
            let values = params![
                m.id.0,
                m.name,
                m.kind,
                m.document_catalog.map(|c| c.0),
                m.updated_at.0,
                m.updated_by.map(|u| u.0),
                int(m.version),
                source
            ];
            tx.run(INSERT_MODEL, values).map(|_| ())
        }
        DefinitionWrite::UpdateModel { row: m, source, expect_version } => {
            let values = params![
                m.id.0,
                m.name,
                m.kind,
                m.document_catalog.map(|c| c.0),
                m.updated_at.0,
                m.updated_by.map(|u| u.0),
                source,
                int(*expect_version)
            ];
            tx.must(UPDATE_MODEL, values, Conflict::ModelVersion)
        }
        DefinitionWrite::DeleteModel { id } => tx.run(DELETE_MODEL, [id.0]).map(|_| ()),
        DefinitionWrite::Insert { row, source } => insert(tx, row, source),
        DefinitionWrite::Update(d) => {
            let values = params![
                d.id.0,
                d.name,
                d.description,
                d.document_catalog.map(|c| c.0),
                d.modified_at.0,
                d.app.map(|a| a.0),
                d.auto_execute,
                d.template_meta.to_string(),
                d.deployable,
                at(d.deleted_at),
                d.model.map(|m| m.0)
            ];
            tx.must(UPDATE, values, Conflict::Missing("definition"))
        }
        DefinitionWrite::Withdraw { id, at } => tx.run(WITHDRAW, params![id.0, at.0]).map(|_| ()),
    }
}

fn insert(tx: &mut Tx<'_>, d: &DefinitionRow, source: &DefinitionSource) -> WriteResult {
    let values = params![
        d.id.0,
        d.process_id,
        d.version,
        d.name,
        d.description,
        d.origin,
        d.document_catalog.map(|c| c.0),
        d.deployed_at.0,
        d.deployed_by.map(|u| u.0),
        d.modified_at.0,
        d.app.map(|a| a.0),
        d.auto_execute,
        d.template_meta.to_string(),
        d.deployable,
        at(d.deleted_at),
        d.model.map(|m| m.0),
        source.source,
        source.view,
        d.version_tag,
        d.deployment.map(|d| d.0)
    ];
    tx.run(INSERT, values).map(|_| ())
}

#[async_trait]
impl Definitions for SqliteStore {
    async fn model(&self, id: ModelId) -> Result<Option<(ModelRow, String)>> {
        self.read(move |c| first(c, MODEL, [id.0])).await
    }

    async fn models(&self) -> Result<Vec<ModelRow>> {
        self.read(|c| all(c, MODELS, [])).await
    }

    async fn definition(&self, id: DefinitionId) -> Result<Option<DefinitionRow>> {
        self.read(move |c| first(c, ONE, [id.0])).await
    }

    async fn definition_source(&self, id: DefinitionId) -> Result<Option<DefinitionSource>> {
        self.read(move |c| first(c, SOURCE, [id.0])).await
    }

    async fn latest_definition(&self, process_id: &str) -> Result<Option<DefinitionRow>> {
        let process_id = process_id.to_owned();
        self.read(move |c| first(c, LATEST, [process_id])).await
    }

    async fn named_definition(&self, process_id: &str, name: VersionName) -> Result<Option<DefinitionRow>> {
        let process = process_id.to_owned();
        self.read(move |c| match name {
            VersionName::Number(n) => first(c, NUMBERED, params![process, n]),
            VersionName::Tag(tag) => first(c, TAGGED, params![process, tag]),
            VersionName::Deployment(id) => first(c, BESIDE, params![process, id.0]),
        })
        .await
    }

    async fn greatest_version(&self, process_id: &str) -> Result<u32> {
        let process_id = process_id.to_owned();
        self.read(move |c| Ok(first(c, GREATEST, [process_id])?.unwrap_or(0))).await
    }

    async fn definitions(&self, query: Query<DefinitionField>) -> Result<Paged<DefinitionRow>> {
        self.read(move |c| page(c, &DEFINITIONS, &query, None)).await
    }
}
