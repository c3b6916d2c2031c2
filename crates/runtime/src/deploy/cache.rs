//! Deployed versions in their runnable form, compiled once and shared by all instances.

use crate::decisions;
use crate::fresh::Fresh;
use engine::Program;
use model::definition::{ElementKind, Origin, ProcessDefinition};
use model::error::codes;
use model::limits::Limits;
use model::{CatalogId, DefinitionId, Diagnostic, Fault, Timestamp};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use store::{DefinitionRow, SharedStore};

/// Versions kept compiled; beyond that all are forgotten and loaded anew as they are used.
const KEPT_MAX: usize = 2_000;

/// One deployed version, ready to run.
#[derive(Debug)]
pub(crate) struct Deployment {
    pub(crate) id: DefinitionId,
    pub(crate) process_id: String,
    pub(crate) name: String,
    pub(crate) version: u32,
    pub(crate) document: Option<CatalogId>,
    pub(crate) withdrawn: bool,
    definition: Arc<ProcessDefinition>,
    program: Result<Program, Vec<Diagnostic>>,
}

impl Deployment {
    pub(super) fn new(row: &DefinitionRow, definition: ProcessDefinition, limits: &Limits) -> Self {
        let definition = Arc::new(definition);
        Self {
            id: row.id,
            process_id: row.process_id.clone(),
            name: row.name.clone(),
            version: row.version,
            document: row.document_catalog,
            withdrawn: row.deleted_at.is_some(),
            program: Program::compile(definition.clone(), limits),
            definition,
        }
    }

    pub(crate) fn definition(&self) -> &ProcessDefinition {
        &self.definition
    }

    /// The runnable form; `DEF-0004` with the elements that stand in the way.
    pub(crate) fn program(&self) -> Result<&Program, Fault> {
        self.program.as_ref().map_err(|problems| {
            let mut elements: Vec<&str> = problems.iter().filter_map(|p| p.element.as_deref()).collect();
            elements.dedup();
            let what = elements.join(", ");
            Fault::new(
                &codes::DEFINITION_UNAVAILABLE_NODES,
                format!("`{}` can not be run because of: {what}", self.name),
            )
            .with_details(serde_json::json!({"elements": elements, "diagnostics": problems}))
        })
    }

    /// Whether it is a Bitrix template: its nodes keep their results under their names.
    pub(crate) fn is_bitrix(&self) -> bool {
        self.definition.origin == Origin::Bpt
    }

    /// Whether the document is read by name anywhere, as far as that can be told without running it.
    pub(crate) fn may_read_document(&self) -> bool {
        // JavaScript hides what it reads, Bitrix texts name it by objects: only a process without any expression is
        // sure not to.
        self.is_bitrix() || !self.definition.expressions.is_empty()
    }
}

/// The versions in use.
pub(crate) struct Deployments {
    store: SharedStore,
    limits: Arc<Limits>,
    /// For how long what is kept is true; then what may have changed is read again.
    fresh: Fresh,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    by_id: HashMap<DefinitionId, Known>,
    latest: HashMap<String, (DefinitionId, Timestamp)>,
}

struct Known {
    deployment: Arc<Deployment>,
    read_at: Timestamp,
}

impl Deployments {
    /// `fresh`: for how long what is kept counts as true.
    pub(crate) fn new(store: SharedStore, limits: Arc<Limits>, fresh: Fresh) -> Self {
        Self { store, limits, fresh, kept: Mutex::default() }
    }

    /// A version as it is to be started: whether it was withdrawn is known to be recent.
    pub(crate) async fn startable(&self, id: DefinitionId) -> Result<Arc<Deployment>, Fault> {
        let read_at = self.kept().by_id.get(&id).map(|known| known.read_at);
        if read_at.is_some_and(|read_at| self.fresh.is_over(read_at)) {
            let row = self.store.definition(id).await?;
            let same = |known: &Known, row: &DefinitionRow| {
                known.deployment.withdrawn == row.deleted_at.is_some() && known.deployment.name == row.name
            };
            let mut kept = self.kept();
            match (kept.by_id.get_mut(&id), row) {
                (Some(known), Some(row)) if same(known, &row) => known.read_at = self.fresh.now(),
                _ => drop(kept.by_id.remove(&id)),
            }
        }
        self.get(id).await
    }

    /// A version; `DEF-0003` when there is none.
    pub(crate) async fn get(&self, id: DefinitionId) -> Result<Arc<Deployment>, Fault> {
        if let Some(known) = self.kept().by_id.get(&id) {
            return Ok(known.deployment.clone());
        }
        let missing = || Fault::new(&codes::DEFINITION_NOT_FOUND, format!("there is no process definition {id}"));
        let row = self.store.definition(id).await?.filter(|row| row.origin != decisions::ORIGIN);
        let row = row.ok_or_else(missing)?;
        let source = self.store.definition_source(id).await?.ok_or_else(missing)?;
        let deployment = Arc::new(self.read(&row, &source.source)?);
        self.keep(deployment.clone());
        Ok(deployment)
    }

    /// The newest version of a process.
    pub(crate) async fn latest(&self, process_id: &str) -> Result<Arc<Deployment>, Fault> {
        let known = self.kept().latest.get(process_id).copied();
        if let Some((id, read_at)) = known
            && !self.fresh.is_over(read_at)
        {
            return self.startable(id).await;
        }
        let read_at = self.fresh.now();
        let row = self.store.latest_definition(process_id).await?;
        let row = row.ok_or_else(|| {
            Fault::new(&codes::DEFINITION_NOT_FOUND, format!("no process `{process_id}` is deployed"))
        })?;
        let deployment = self.startable(row.id).await?;
        self.kept().latest.insert(process_id.to_owned(), (row.id, read_at));
        Ok(deployment)
    }

    pub(super) fn keep(&self, deployment: Arc<Deployment>) {
        let mut kept = self.kept();
        if kept.by_id.len() >= KEPT_MAX {
            *kept = Kept::default();
        }
        let read_at = self.fresh.now();
        kept.by_id.insert(deployment.id, Known { deployment, read_at });
    }

    /// Something about the process changed: what is known of its versions is read anew.
    pub(crate) fn changed(&self, process_id: &str) {
        let mut kept = self.kept();
        kept.latest.remove(process_id);
        kept.by_id.retain(|_, known| known.deployment.process_id != process_id);
    }

    /// Compiles a stored version. Its file was readable when it was deployed.
    fn read(&self, row: &DefinitionRow, source: &[u8]) -> Result<Deployment, Fault> {
        let imported = formats::import(&row.name, source, &self.limits).map_err(|problems| {
            let why = problems.first().map_or("", |p| p.message.as_str());
            Fault::new(&codes::STORE_CORRUPT, format!("the stored definition {} can not be read: {why}", row.id))
        })?;
        let mut definitions = imported.definitions;
        let at = definitions.iter().position(|d| d.process_id == row.process_id).unwrap_or(0);
        if at >= definitions.len() {
            return Err(Fault::new(&codes::STORE_CORRUPT, format!("the stored definition {} is empty", row.id)));
        }
        Ok(Deployment::new(row, definitions.swap_remove(at), &self.limits))
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an element is called in the native API.
pub(crate) fn kind_name(kind: &ElementKind) -> &'static str {
    match kind {
        ElementKind::Scope(_) => "subProcess",
        ElementKind::StartEvent(_) => "startEvent",
        ElementKind::EndEvent(_) => "endEvent",
        ElementKind::CatchEvent(_) => "intermediateCatchEvent",
        ElementKind::ThrowEvent(_) => "intermediateThrowEvent",
        ElementKind::BoundaryEvent(_) => "boundaryEvent",
        ElementKind::Task => "task",
        ElementKind::ManualTask => "manualTask",
        ElementKind::UserTask(_) => "userTask",
        ElementKind::ServiceTask(_) => "serviceTask",
        ElementKind::ScriptTask(_) => "scriptTask",
        ElementKind::ExclusiveGateway => "exclusiveGateway",
        ElementKind::ParallelGateway => "parallelGateway",
        ElementKind::InclusiveGateway => "inclusiveGateway",
        ElementKind::ComplexGateway(_) => "complexGateway",
        ElementKind::EventBasedGateway(_) => "eventBasedGateway",
        ElementKind::SendTask(_) => "sendTask",
        ElementKind::ReceiveTask(_) => "receiveTask",
        ElementKind::BusinessRuleTask(_) => "businessRuleTask",
        ElementKind::CallActivity(_) => "callActivity",
        ElementKind::Unsupported { .. } => "unsupported",
    }
}
