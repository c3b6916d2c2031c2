//! Deployment: files become numbered, immutable versions of processes.
//!
//! Owns: importing, numbering, withdrawing, and the compiled forms in use. Invariant: a version's file never changes;
//! instances run on the version they were started with. Never: judges a definition (`formats` and `engine` do).

mod cache;
mod same;
mod targets;
mod templates;
mod views;

pub(crate) use cache::{Deployment, Deployments, kind_name};
pub use templates::app_templates;
pub(crate) use views::{check, details, list};

use crate::core::Core;
use crate::decisions;
use crate::exchange::{calls, event_starts};
use crate::types::{Deploy, Deployed, DeployedKind};
use engine::Program;
use formats::{Around, Imported, SourceKind};
use model::definition::ProcessDefinition;
use model::error::codes;
use model::{DefinitionId, Diagnostic, Fault, Severity};
use platform::{Actor, LiveEvent};
use serde_json::json;
use std::sync::Arc;
use store::{Conflict, DefinitionRow, DefinitionSource, DefinitionWrite, IdKind, StoreError, TimerRow, Unit};

/// Deployments of one process that race each other are numbered anew so often.
const RACES_MAX: usize = 8;

/// Deploys every process of a file.
pub(crate) async fn deploy(core: &Core, actor: &Actor, what: Deploy) -> Result<Vec<Deployed>, Fault> {
    let name = if what.name.trim().is_empty() { "process" } else { what.name.trim() };
    let templates = app_templates(&core.platform, actor.language()).await?;
    let around = Around { templates: Some(&templates), ..Around::default() };
    let imported = formats::import_among(name, &what.bytes, &around, &core.limits);
    let imported = imported.map_err(|problems| refused(&problems))?;
    if imported.decisions.is_some() {
        return decisions::deploy(core, actor, &what, imported.bpmn).await;
    }
    let mut diagnostics = diagnostics(core, &imported);
    diagnostics.extend(absent(core, &imported, what.process_id.as_deref()).await?);
    let sound = !imported.definitions.is_empty() && diagnostics.iter().all(|d| d.severity < Severity::Error);
    if imported.definitions.is_empty() || !(sound || what.allow_undeployable) {
        return Err(not_deployable(&diagnostics));
    }
    if let Some(document) = what.document {
        core.platform.catalogs().require(document.catalog).await?;
    }
    let file = File { what: &what, imported: &imported, diagnostics: &diagnostics, sound };
    for _ in 0..RACES_MAX {
        if let Some(rows) = same::standing(core, &file).await? {
            return Ok(same::answer(&file, rows));
        }
        let rows = number(core, actor, &file).await?;
        same::check_tags(core, &rows).await?;
        let mut unit = Unit::new();
        for row in &rows {
            let source = DefinitionSource { source: what.bytes.clone(), view: imported.bpmn.clone() };
            unit.push(DefinitionWrite::Insert { row: Box::new(row.clone()), source });
        }
        let timers = starts_by_events(core, &file, &rows, &mut unit).await?;
        match core.store.commit_one(unit).await {
            Ok(_) => {
                event_starts::listed(core, &timers);
                return Ok(announce(core, &file, rows));
            }
            Err(StoreError::Conflict { what: Conflict::DefinitionVersion }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Fault::of(&codes::STORE_CONFLICT))
}

/// What events start is what the new versions say (BPMN TM-9).
async fn starts_by_events(
    core: &Core,
    file: &File<'_>,
    rows: &[DefinitionRow],
    unit: &mut Unit,
) -> Result<Vec<TimerRow>, Fault> {
    let mut timers = Vec::new();
    for (row, definition) in rows.iter().zip(&file.imported.definitions) {
        let program = Program::compile(definition.clone(), &core.limits).ok().filter(|_| row.deployable);
        let latest = event_starts::Latest {
            process_id: &row.process_id,
            id: row.id,
            catalog: row.document_catalog,
            program: program.as_ref(),
        };
        let (writes, more) = event_starts::list(core, &latest).await?;
        unit.writes.extend(writes);
        timers.extend(more);
    }
    Ok(timers)
}

struct File<'a> {
    what: &'a Deploy,
    imported: &'a Imported,
    diagnostics: &'a [Diagnostic],
    sound: bool,
}

impl File<'_> {
    fn single(&self) -> bool {
        self.imported.definitions.len() == 1
    }

    /// The process that a definition is a version of; none: a new one.
    fn process_id(&self, definition: &ProcessDefinition) -> Option<String> {
        match (&self.what.process_id, self.imported.kind) {
            (Some(given), _) if self.single() => Some(given.clone()),
            (_, SourceKind::Bpt) => None,
            (_, SourceKind::Bpmn | SourceKind::Dmn) => Some(definition.process_id.clone()),
        }
    }

    /// What people see; empty: the process's id.
    fn name<'d>(&'d self, definition: &'d ProcessDefinition) -> &'d str {
        let given = self.what.name.trim();
        if self.single() && !given.is_empty() { given } else { &definition.name }
    }
}

/// Everything found, what compiling finds included.
fn diagnostics(core: &Core, imported: &Imported) -> Vec<Diagnostic> {
    let mut all = imported.diagnostics.clone();
    for definition in &imported.definitions {
        if let Err(problems) = Program::compile(definition.clone(), &core.limits) {
            let known: Vec<(String, Option<String>)> =
                all.iter().map(|d| (d.code.clone(), d.element.clone())).collect();
            all.extend(problems.into_iter().filter(|p| !known.contains(&(p.code.clone(), p.element.clone()))));
        }
    }
    all
}

/// What only this server can tell: targets that are not there now (BPMN LN-24), dates that are past. `renamed`
/// is the id that the file's only process gets.
async fn absent(core: &Core, imported: &Imported, renamed: Option<&str>) -> Result<Vec<Diagnostic>, Fault> {
    let mut found = decisions::missing(core, &imported.definitions).await?;
    found.extend(targets::missing(core, &imported.definitions, renamed).await?);
    Ok(found)
}

fn refused(problems: &[Diagnostic]) -> Fault {
    let why = problems.first().map_or("the file can not be read", |p| p.message.as_str());
    Fault::new(&codes::DEFINITION_REFUSED, why).with_details(json!({ "diagnostics": problems }))
}

fn not_deployable(diagnostics: &[Diagnostic]) -> Fault {
    let first = diagnostics.iter().find(|d| d.severity >= Severity::Error);
    let why = first.map_or("the file has no process that can be run", |d| d.message.as_str());
    Fault::new(&codes::DEFINITION_NOT_DEPLOYABLE, why).with_details(json!({ "diagnostics": diagnostics }))
}

/// Rows with ids and version numbers.
async fn number(core: &Core, actor: &Actor, file: &File<'_>) -> Result<Vec<DefinitionRow>, Fault> {
    let now = core.now();
    let by = Some(actor.user_id()).filter(|id| id.0 > 0);
    let mut rows = Vec::with_capacity(file.imported.definitions.len());
    for definition in &file.imported.definitions {
        let id = DefinitionId(core.store.next_id(IdKind::Definition).await?);
        // A template has no id of its own: a new process each time.
        let process_id = file.process_id(definition).unwrap_or_else(|| format!("{}_{}", definition.process_id, id.0));
        let name = file.name(definition).to_owned();
        rows.push(DefinitionRow {
            id,
            version: core.store.greatest_version(&process_id).await? + 1,
            name: if name.is_empty() { process_id.clone() } else { name },
            process_id,
            description: file.what.description.clone(),
            origin: origin(file.imported.kind).to_owned(),
            document_catalog: file.what.document.map(|d| d.catalog),
            deployed_at: now,
            deployed_by: by,
            modified_at: now,
            app: file.what.app,
            auto_execute: file.what.auto_execute.into(),
            template_meta: json!({ "diagnostics": file.diagnostics }),
            deployable: file.sound,
            deleted_at: None,
            model: file.what.model,
            version_tag: definition.version_tag.clone(),
            deployment: rows.first().map(|first: &DefinitionRow| first.deployment.unwrap_or(first.id)),
        });
    }
    Ok(rows)
}

fn origin(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::Bpmn => "bpmn",
        SourceKind::Bpt => "bpt",
        SourceKind::Dmn => decisions::ORIGIN,
    }
}

fn announce(core: &Core, file: &File<'_>, rows: Vec<DefinitionRow>) -> Vec<Deployed> {
    let mut deployed = Vec::with_capacity(rows.len());
    for (row, definition) in rows.into_iter().zip(&file.imported.definitions) {
        core.deployments.changed(&row.process_id);
        core.cluster.courier.forget(&row.process_id);
        core.deployments.keep(Arc::new(Deployment::new(&row, ProcessDefinition::clone(definition), &core.limits)));
        let data = json!({"processId": row.process_id, "version": row.version});
        core.platform.live().publish(LiveEvent::new("definition", row.id).with(data));
        deployed.push(Deployed {
            kind: DeployedKind::Process,
            id: row.id,
            process_id: row.process_id,
            version: row.version,
            unchanged: false,
            diagnostics: file.diagnostics.to_vec(),
        });
    }
    deployed
}

/// Changes what is not the file: name, description, automatic start.
pub(crate) async fn describe(
    core: &Core,
    id: DefinitionId,
    change: impl FnOnce(&mut DefinitionRow) + Send,
) -> Result<(), Fault> {
    let mut row = row(core, id).await?;
    change(&mut row);
    row.modified_at = core.now();
    let process_id = row.process_id.clone();
    core.store.commit_one(Unit::of(DefinitionWrite::Update(Box::new(row)))).await?;
    core.deployments.changed(&process_id);
    core.cluster.courier.forget(&process_id);
    core.platform.live().publish(LiveEvent::new("definition", id));
    Ok(())
}

/// Withdraws a version: it is started no more, its instances run on.
pub(crate) async fn withdraw(core: &Core, id: DefinitionId) -> Result<(), Fault> {
    let row = row(core, id).await?;
    calls::check_callers(core, &row).await?;
    let mut unit = Unit::of(DefinitionWrite::Withdraw { id, at: core.now() });
    let before = event_starts::list_before(core, &row.process_id, id).await?;
    let timers = before.map_or_else(Vec::new, |(writes, timers)| {
        unit.writes.extend(writes);
        timers
    });
    core.store.commit_one(unit).await?;
    event_starts::listed(core, &timers);
    core.deployments.changed(&row.process_id);
    core.cluster.courier.forget(&row.process_id);
    core.platform.live().publish(LiveEvent::new("definition", id).with(json!({"withdrawn": true})));
    Ok(())
}

/// A version that was not withdrawn.
pub(crate) async fn row(core: &Core, id: DefinitionId) -> Result<DefinitionRow, Fault> {
    let row = core.store.definition(id).await?;
    let row = row.filter(|row| row.deleted_at.is_none() && row.origin != decisions::ORIGIN);
    row.ok_or_else(|| Fault::new(&codes::DEFINITION_NOT_FOUND, format!("there is no process definition {id}")))
}
