//! Versions of decisions, compiled once and shared.

use super::{DECISION, ORIGIN, not_found, row_name};
use crate::fresh::Fresh;
use dmn::Model;
use model::definition::Binding;
use model::error::codes;
use model::limits::Limits;
use model::{DefinitionId, Fault, Timestamp};
use serde_json::Value as Json;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::{DefinitionField, DefinitionRow, Filter, Query, SharedStore};

/// Versions kept; beyond that all are forgotten and loaded anew as they are used.
const KEPT_MAX: usize = 1_000;
/// Versions of one decision that a tag or a moment is looked for among.
const VERSIONS_MAX: u32 = 1_000;

/// A version of a decision.
#[derive(Debug)]
pub(crate) struct Version {
    pub(crate) id: DefinitionId,
    pub(crate) decision: String,
    pub(crate) name: String,
    pub(crate) version: u32,
    pub(crate) version_tag: Option<String>,
    pub(crate) model: Model,
}

/// The decisions in use.
pub(crate) struct Decisions {
    store: SharedStore,
    limits: Arc<Limits>,
    /// For how long what is kept is true; then what may have changed is read again.
    fresh: Fresh,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    versions: HashMap<DefinitionId, Arc<Version>>,
    /// Models by the row that holds their text.
    models: HashMap<DefinitionId, Model>,
    /// Which version a binding means, and since when that is known.
    bound: HashMap<(String, String), (DefinitionId, Timestamp)>,
}

impl Decisions {
    /// `fresh`: for how long what is kept counts as true.
    pub(crate) fn new(store: SharedStore, limits: Arc<Limits>, fresh: Fresh) -> Self {
        Self { store, limits, fresh, kept: Mutex::default() }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A row of the table changed: what its decision's bindings mean is asked anew.
    pub(crate) fn changed(&self, row_name: &str) {
        if let Some(decision) = row_name.strip_prefix(DECISION) {
            self.kept().bound.retain(|(bound, _), _| bound != decision);
        }
    }

    /// The version that `binding` means for a process deployed at `deployed_at`; `DEF-0011` when there is none.
    pub(crate) async fn resolve(
        &self,
        decision: &str,
        binding: &Binding,
        deployed_at: Timestamp,
    ) -> Result<Arc<Version>, Fault> {
        let wanted = match binding {
            Binding::Latest => "latest".to_owned(),
            Binding::Deployment => format!("at {}", deployed_at.0),
            Binding::VersionTag(tag) => format!("tag {tag}"),
            Binding::Version(number) => format!("version {number}"),
        };
        let key = (decision.to_owned(), wanted);
        let known = self.kept().bound.get(&key).copied();
        if let Some((id, since)) = known
            && !self.fresh.is_over(since)
        {
            return self.get(id).await;
        }
        let since = self.fresh.now();
        let row = self.find(decision, binding, deployed_at).await?;
        let row = row.ok_or_else(|| match binding {
            Binding::Latest | Binding::Deployment => not_found(decision),
            _ => {
                Fault::new(&codes::DECISION_NOT_FOUND, format!("no {} of the decision `{decision}` is deployed", key.1))
            }
        })?;
        let version = self.load(row).await?;
        self.kept().bound.insert(key, (version.id, since));
        Ok(version)
    }

    async fn find(
        &self,
        decision: &str,
        binding: &Binding,
        deployed_at: Timestamp,
    ) -> Result<Option<DefinitionRow>, Fault> {
        if *binding == Binding::Latest {
            return Ok(self.store.latest_definition(&row_name(decision)).await?);
        }
        let wanted =
            Filter::eq(DefinitionField::ProcessId, row_name(decision)).and(Filter::eq(DefinitionField::Deleted, false));
        let query = Query::new(wanted).order(DefinitionField::Id, true).limit(VERSIONS_MAX);
        // The newest first.
        let mut rows = self.store.definitions(query).await?.rows;
        Ok(match binding {
            Binding::Version(number) => rows.into_iter().find(|row| row.version == *number),
            Binding::VersionTag(tag) => rows.into_iter().find(|row| row.version_tag.as_deref() == Some(tag)),
            // What was there when the process was deployed; a decision deployed after it, as scripts may do: the first.
            _ => match rows.iter().position(|row| row.deployed_at <= deployed_at) {
                Some(index) => Some(rows.swap_remove(index)),
                None => rows.pop(),
            },
        })
    }

    /// A version by its id, also a withdrawn one.
    pub(crate) async fn get(&self, id: DefinitionId) -> Result<Arc<Version>, Fault> {
        if let Some(version) = self.kept().versions.get(&id) {
            return Ok(version.clone());
        }
        let row = self.store.definition(id).await?.filter(is_decision);
        self.load(row.ok_or_else(|| not_found(&id.to_string()))?).await
    }

    async fn load(&self, row: DefinitionRow) -> Result<Arc<Version>, Fault> {
        if let Some(version) = self.kept().versions.get(&row.id) {
            return Ok(version.clone());
        }
        let source = source_of(&row).ok_or_else(|| corrupt(row.id, "it names no file"))?;
        let model = self.model(source).await?;
        let version = Arc::new(Version {
            id: row.id,
            decision: decision_id(&row).to_owned(),
            version_tag: row.version_tag.clone(),
            name: row.name,
            version: row.version,
            model,
        });
        let mut kept = self.kept();
        if kept.versions.len() >= KEPT_MAX {
            *kept = Kept::default();
        }
        kept.versions.insert(version.id, version.clone());
        Ok(version)
    }

    async fn model(&self, source: DefinitionId) -> Result<Model, Fault> {
        if let Some(model) = self.kept().models.get(&source) {
            return Ok(model.clone());
        }
        let texts = self.texts(source).await?;
        let others: Vec<&str> = texts.iter().skip(1).map(String::as_str).collect();
        let model = Model::read(texts.first().map_or("", String::as_str), &others, &self.limits)
            .map_err(|problems| corrupt(source, problems.first().map_or("", |p| p.message.as_str())))?;
        self.kept().models.insert(source, model.clone());
        Ok(model)
    }

    /// The text of a file and of those it imports.
    pub(super) async fn texts(&self, source: DefinitionId) -> Result<Vec<String>, Fault> {
        let (mut texts, mut wanted) = (Vec::new(), vec![source]);
        let mut next = 0;
        while let Some(id) = wanted.get(next).copied() {
            next += 1;
            let gone = || corrupt(id, "its file is gone");
            let row = self.store.definition(id).await?.ok_or_else(gone)?;
            texts.push(self.store.definition_source(id).await?.ok_or_else(gone)?.view);
            for import in row.template_meta.get("imports").and_then(Json::as_array).into_iter().flatten() {
                let import = import.as_i64().map(DefinitionId);
                wanted.extend(import.filter(|id| !wanted.contains(id)));
            }
        }
        Ok(texts)
    }
}

fn corrupt(id: DefinitionId, why: &str) -> Fault {
    Fault::new(&codes::STORE_CORRUPT, format!("the stored decision {id} can not be read: {why}"))
}

/// Whether the row is a version of a decision.
pub(super) fn is_decision(row: &DefinitionRow) -> bool {
    row.origin == ORIGIN && row.process_id.starts_with(DECISION)
}

/// The decision's id in its file.
pub(super) fn decision_id(row: &DefinitionRow) -> &str {
    row.process_id.strip_prefix(DECISION).unwrap_or(&row.process_id)
}

/// The row that holds the text.
pub(super) fn source_of(row: &DefinitionRow) -> Option<DefinitionId> {
    row.template_meta.get("source")?.as_i64().map(DefinitionId)
}
