//! The palette's search over everything.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What was found.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = FoundKind)]
#[serde(rename_all = "lowercase")]
pub enum FoundKindDto {
    /// A definition.
    Definition,
    /// An instance.
    Instance,
    /// A record.
    Record,
    /// A person.
    Person,
}

/// One thing found.
#[derive(Serialize, ToSchema)]
#[schema(as = Found)]
#[serde(rename_all = "camelCase")]
pub struct FoundDto {
    /// What it is.
    pub kind: FoundKindDto,
    /// Its id.
    pub id: String,
    /// What people see.
    pub title: String,
    /// Where it belongs: the catalog's name, the definition's, the login.
    pub hint: String,
}

/// What to look for.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// The text, 2 to 100 characters.
    pub q: String,
}

/// Find definitions, instances by id, records and people.
#[utoipa::path(get, path = "/search", tag = "search", params(SearchQuery),
    responses((status = 200, description = "Found", body = crate::edge::Page<FoundDto>)))]
pub(crate) async fn search() {}
