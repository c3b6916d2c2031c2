//! How people and documents are named in answers, and looking their names up in one go.

use serde::Serialize;
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
