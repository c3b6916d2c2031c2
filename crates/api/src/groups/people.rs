//! How people and documents are named in answers, and looking their names up in one go.

use crate::ApiState;
use model::{DocumentRef, Fault, RecordId, UserId};
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};
use utoipa::ToSchema;

/// A person's name.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Person)]
pub struct PersonDto {
    /// `user_5`.
    #[schema(example = "user_5")]
    pub id: String,
    /// Name and family name, or the login.
    pub name: String,
}

/// The record something is about.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Document)]
#[serde(rename_all = "camelCase")]
pub struct DocumentDto {
    /// Its catalog.
    pub catalog_id: String,
    /// The record.
    pub record_id: String,
    /// What people see; empty when the record is gone.
    pub title: String,
}

/// Names of people and titles of records, loaded at once for a whole answer.
#[derive(Debug, Default)]
pub(crate) struct Lookup {
    people: HashMap<UserId, String>,
    records: HashMap<RecordId, String>,
}

impl Lookup {
    /// Loads people and records.
    pub(crate) async fn load(
        api: &ApiState,
        people: BTreeSet<UserId>,
        records: BTreeSet<RecordId>,
    ) -> Result<Self, Fault> {
        let people: Vec<UserId> = people.into_iter().collect();
        let records: Vec<RecordId> = records.into_iter().collect();
        let mut found = Self::default();
        if !people.is_empty() {
            let users = api.platform.users().by_ids(&people).await?;
            found.people = users.iter().map(|u| (u.id, u.full_name())).collect();
        }
        if !records.is_empty() {
            found.records = api.platform.records().titles(&records).await?.into_iter().collect();
        }
        Ok(found)
    }

    /// Only people.
    pub(crate) async fn people(api: &ApiState, people: BTreeSet<UserId>) -> Result<Self, Fault> {
        Self::load(api, people, BTreeSet::new()).await
    }

    /// A person's name; his id when he is unknown.
    pub(crate) fn name(&self, id: UserId) -> String {
        self.people.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }

    /// A person.
    pub(crate) fn person(&self, id: Option<UserId>) -> Option<PersonDto> {
        id.map(|id| PersonDto { id: id.to_string(), name: self.name(id) })
    }

    /// A document.
    pub(crate) fn document(&self, document: Option<DocumentRef>) -> Option<DocumentDto> {
        document.map(|d| DocumentDto {
            catalog_id: d.catalog.to_string(),
            record_id: d.record.to_string(),
            title: self.records.get(&d.record).cloned().unwrap_or_default(),
        })
    }
}
