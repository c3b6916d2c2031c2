//! `models` and `definitions`.

use super::{
    SqliteStore,
    list::{Column, List},
    row::{Columns, at, int},
    tx::{Tx, WriteResult, all, first},
};
use crate::{
    Conflict, DefinitionField, DefinitionRow, DefinitionSource, DefinitionWrite, Definitions, ModelRow, Paged, Query,
    Result, VersionName,
};
use async_trait::async_trait;
use model::{AppId, CatalogId, DefinitionId, ModelId, UserId};
use rusqlite::{Row, params};

const INSERT_MODEL: &str =
    "INSERT INTO models (id, name, kind, document_catalog, updated_at, updated_by, version, source)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
const UPDATE_MODEL: &str = "UPDATE models SET name = ?2, kind = ?3, document_catalog = ?4, updated_at = ?5,
    updated_by = ?6, source = coalesce(?7, source), version = version + 1 WHERE id = ?1 AND version = ?8";
const DELETE_MODEL: &str = "DELETE FROM models WHERE id = ?1";
const MODEL: &str = "SELECT id, name, kind, document_catalog, updated_at, updated_by, version, source FROM models
    WHERE id = ?1";
const MODELS: &str = "SELECT id, name, kind, document_catalog, updated_at, updated_by, version FROM models
    ORDER BY updated_at DESC, id DESC";

macro_rules! columns {
    () => {
        "d.id, d.process_id, d.version, d.name, d.description, d.origin, d.document_catalog, d.deployed_at,
        d.deployed_by, d.modified_at, d.app_id, d.auto_execute, d.template_meta, d.deployable, d.deleted_at, d.model_id,
        d.version_tag, d.deployment_id"
    };
}

const INSERT: &str = "INSERT INTO definitions (id, process_id, version, name, description, origin, document_catalog,
    deployed_at, deployed_by, modified_at, app_id, auto_execute, template_meta, deployable, deleted_at, model_id,
    source, view, version_tag, deployment_id)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
    ?19, ?20)";
const UPDATE: &str = "UPDATE definitions SET name = ?2, description = ?3, document_catalog = ?4, modified_at = ?5,
    app_id = ?6, auto_execute = ?7, template_meta = ?8, deployable = ?9, deleted_at = ?10, model_id = ?11
    WHERE id = ?1";
const WITHDRAW: &str = "UPDATE definitions SET deleted_at = ?2 WHERE id = ?1 AND deleted_at IS NULL";
const ONE: &str = concat!("SELECT ", columns!(), " FROM definitions d WHERE d.id = ?1");
const SOURCE: &str = "SELECT source, view FROM definitions WHERE id = ?1";
const LATEST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM definitions d WHERE d.process_id = ?1 AND d.deleted_at IS NULL ORDER BY d.version DESC LIMIT 1"
);
const NUMBERED: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM definitions d WHERE d.process_id = ?1 AND d.deleted_at IS NULL AND d.version = ?2"
);
const TAGGED: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM definitions d WHERE d.process_id = ?1 AND d.deleted_at IS NULL AND d.version_tag = ?2
    ORDER BY d.version DESC LIMIT 1"
);
const BESIDE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM definitions d WHERE d.process_id = ?1 AND d.deleted_at IS NULL AND (d.deployment_id = ?2 OR d.id = ?2)
    ORDER BY d.version DESC LIMIT 1"
);
const GREATEST: &str = "SELECT coalesce(max(version), 0) FROM definitions WHERE process_id = ?1";

const LIST: List<DefinitionField> = List {
    select: columns!(),
    from: "definitions d",
    base: "",
    text: &["fold(d.name)", "fold(d.process_id)"],
    tie: ("d.id", "ASC"),
    column,
};

fn column(field: &DefinitionField) -> Column {
    match field {
        DefinitionField::Id => Column::of("d.id"),
        DefinitionField::ProcessId => Column::of("d.process_id"),
        DefinitionField::Version => Column::of("d.version"),
        DefinitionField::Name => Column::of("d.name"),
        DefinitionField::Origin => Column::of("d.origin"),
        DefinitionField::DocumentCatalog => Column::nullable("d.document_catalog"),
        DefinitionField::DeployedAt => Column::of("d.deployed_at"),
        DefinitionField::DeployedBy => Column::nullable("d.deployed_by"),
        DefinitionField::ModifiedAt => Column::of("d.modified_at"),
        DefinitionField::App => Column::nullable("d.app_id"),
        DefinitionField::AutoExecute => Column::of("d.auto_execute"),
        DefinitionField::Deployable => Column::code("d.deployable"),
        DefinitionField::Deleted => Column::Flag { yes: "d.deleted_at IS NOT NULL", no: "d.deleted_at IS NULL" },
        DefinitionField::Latest => Column::code(
            "coalesce(d.deleted_at IS NULL AND d.version = (SELECT max(l.version) FROM definitions l
            WHERE l.process_id = d.process_id AND l.deleted_at IS NULL), 0)",
        ),
        DefinitionField::Model => Column::nullable("d.model_id"),
    }
}

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

fn read_model(c: &mut Columns<'_>) -> rusqlite::Result<ModelRow> {
    Ok(ModelRow {
        id: c.id(ModelId)?,
        name: c.get()?,
        kind: c.get()?,
        document_catalog: c.id_opt(CatalogId)?,
        updated_at: c.at()?,
        updated_by: c.id_opt(UserId)?,
        version: c.count()?,
    })
}

fn model(row: &Row<'_>) -> rusqlite::Result<ModelRow> {
    read_model(&mut Columns::new(row))
}

fn model_with_source(row: &Row<'_>) -> rusqlite::Result<(ModelRow, String)> {
    let mut c = Columns::new(row);
    Ok((read_model(&mut c)?, c.get()?))
}

fn definition(row: &Row<'_>) -> rusqlite::Result<DefinitionRow> {
    let mut c = Columns::new(row);
    Ok(DefinitionRow {
        id: c.id(DefinitionId)?,
        process_id: c.get()?,
        version: c.get()?,
        name: c.get()?,
        description: c.get()?,
        origin: c.get()?,
        document_catalog: c.id_opt(CatalogId)?,
        deployed_at: c.at()?,
        deployed_by: c.id_opt(UserId)?,
        modified_at: c.at()?,
        app: c.id_opt(AppId)?,
        auto_execute: c.get()?,
        template_meta: c.json()?,
        deployable: c.get()?,
        deleted_at: c.at_opt()?,
        model: c.id_opt(ModelId)?,
        version_tag: c.get()?,
        deployment: c.id_opt(DefinitionId)?,
    })
}

#[async_trait]
impl Definitions for SqliteStore {
    async fn model(&self, id: ModelId) -> Result<Option<(ModelRow, String)>> {
        self.read(move |c| first(c, MODEL, [id.0], model_with_source)).await
    }

    async fn models(&self) -> Result<Vec<ModelRow>> {
        self.read(|c| all(c, MODELS, [], model)).await
    }

    async fn definition(&self, id: DefinitionId) -> Result<Option<DefinitionRow>> {
        self.read(move |c| first(c, ONE, [id.0], definition)).await
    }

    async fn definition_source(&self, id: DefinitionId) -> Result<Option<DefinitionSource>> {
        self.read(move |c| {
            first(c, SOURCE, [id.0], |row| Ok(DefinitionSource { source: row.get(0)?, view: row.get(1)? }))
        })
        .await
    }

    async fn latest_definition(&self, process_id: &str) -> Result<Option<DefinitionRow>> {
        let process_id = process_id.to_owned();
        self.read(move |c| first(c, LATEST, [process_id], definition)).await
    }

    async fn named_definition(&self, process_id: &str, name: VersionName) -> Result<Option<DefinitionRow>> {
        let process = process_id.to_owned();
        self.read(move |c| match name {
            VersionName::Number(n) => first(c, NUMBERED, params![process, n], definition),
            VersionName::Tag(tag) => first(c, TAGGED, params![process, tag], definition),
            VersionName::Deployment(id) => first(c, BESIDE, params![process, id.0], definition),
        })
        .await
    }

    async fn greatest_version(&self, process_id: &str) -> Result<u32> {
        let process_id = process_id.to_owned();
        self.read(move |c| Ok(first(c, GREATEST, [process_id], |row| row.get(0))?.unwrap_or(0))).await
    }

    async fn definitions(&self, query: Query<DefinitionField>) -> Result<Paged<DefinitionRow>> {
        self.read(move |c| LIST.read(c, &query, None, definition)).await
    }
}
