//! The palette's search over everything.

use crate::ApiState;
use crate::edge::{ApiResult, Caller, Page, Params, invalid};
use axum::Json;
use axum::extract::State;
use model::InstanceId;
use platform::identity::UserFilter;
use runtime::{DefinitionFilter, InstanceFilter};
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
    responses((status = 200, description = "Found", body = Page<FoundDto>)))]
pub(crate) async fn search(
    State(api): State<ApiState>,
    caller: Caller,
    Params(query): Params<SearchQuery>,
) -> ApiResult<Json<Page<FoundDto>>> {
    let text = query.q.trim().to_owned();
    if !(2..=100).contains(&text.chars().count()) {
        return Err(invalid("`q` has 2 to 100 characters").into());
    }
    let page = runtime::Page { limit: EACH, offset: 0 };
    let mut found = Vec::new();
    let filter = DefinitionFilter { search: Some(text.clone()), latest: true, ..DefinitionFilter::default() };
    for d in api.runtime.definitions(&filter, page).await?.items {
        found.push(item(FoundKindDto::Definition, d.id, d.name, d.process_id));
    }
    if text.parse::<InstanceId>().is_ok() || text.bytes().all(|b| b.is_ascii_digit()) {
        let started_by = (!caller.actor.is_admin()).then(|| caller.actor.user_id());
        let filter = InstanceFilter { search: Some(text.clone()), started_by, ..InstanceFilter::default() };
        for i in api.runtime.instances(&filter, page).await?.items {
            found.push(item(FoundKindDto::Instance, i.id, i.definition_name, i.state));
        }
    }
    let catalogs = api.platform.catalogs().list().await?;
    for (id, catalog, title) in api.platform.records().search(&text, EACH).await? {
        let name = catalogs.iter().find(|c| c.id == catalog).map(|c| c.name.clone()).unwrap_or_default();
        found.push(item(FoundKindDto::Record, id, title, name));
    }
    let filter = UserFilter { search: Some(text), active: Some(true), limit: EACH, offset: 0 };
    for user in api.platform.users().list(filter).await?.0 {
        found.push(item(FoundKindDto::Person, user.id, user.full_name(), user.login));
    }
    Ok(Json(Page::whole(found)))
}

/// Things found of each kind.
const EACH: u32 = 8;

fn item(kind: FoundKindDto, id: impl ToString, title: String, hint: String) -> FoundDto {
    FoundDto { kind, id: id.to_string(), title, hint }
}
