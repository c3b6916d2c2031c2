//! The OpenAPI document, from the code.
//!
//! Invariant: `docs/api/openapi.json` is this document (`cargo run -q -p api --example openapi`), and it holds every
//! route of [`crate::routes`].

use crate::edge::{ErrorBody, Who};
use crate::groups::*;
use model::UserId;
use platform::{Actor, Role, User, authorize};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{ContentBuilder, Ref, ResponseBuilder};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Ruslo",
        description = "Native REST API under `/api/v1`. JSON in camelCase; ids are texts with a prefix (`pi_123`); \
            instants are ISO 8601 in UTC. A browser signs in at `POST /session` and sends the header `X-Csrf-Token` \
            with changes; a script sends `Authorization: Bearer` with an API token.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    servers((url = "/api/v1")),
    paths(
        session::sign_in, session::session, session::sign_out,
        me::me, me::change_me, me::change_password,
        users::list, users::create, users::get, users::update,
        apps::list, apps::create, apps::get, apps::update, apps::remove, apps::new_secret, apps::new_tokens,
        apps::activities, apps::calls,
        webhooks::list, webhooks::create, webhooks::remove,
        tokens::list, tokens::create, tokens::remove,
        catalogs::list, catalogs::create, catalogs::get, catalogs::update, catalogs::remove, catalogs::definitions,
        records::list, records::create, records::get, records::update, records::remove, records::instances,
        models::list, models::create, models::get, models::update, models::remove, models::deploy,
        models::diagnostics, models::import, models::element_templates,
        definitions::list, definitions::deploy, definitions::get, definitions::remove, definitions::versions,
        decisions::list, decisions::get, decisions::remove, decisions::versions, decisions::evaluate,
        decisions::evaluate_version,
        instances::list, instances::start, instances::get, instances::history, instances::calls, instances::cancel,
        instances::kill, instances::set_variables,
        instances::operate::suspend, instances::operate::resume, instances::operate::modify,
        instances::operate::turns, instances::operate::ad_hoc, instances::operate::cancel_transaction,
        instances::operate::migrate, instances::operate::skip,
        messages::publish, messages::correlate, messages::signal, messages::conditions,
        messages::kept, messages::remove, messages::subscriptions, messages::mutexes,
        incidents::list, incidents::retry,
        tasks::list, tasks::count, tasks::get, tasks::complete, tasks::claim, tasks::reassign,
        jobs::activate, jobs::extend, jobs::complete, jobs::fail, jobs::error,
        notifications::list, notifications::read,
        events::stream, search::search, system::system, retention::get, retention::put, retention::preview,
        document
    ),
    components(schemas(ErrorBody, incidents::IncidentStateDto, tasks::TaskListDto)),
    modifiers(&Common)
)]
struct Document;

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "system",
    responses((status = 200, description = "OpenAPI 3.1", body = crate::edge::JsonObject)))]
pub(crate) async fn document() -> axum::Json<utoipa::openapi::OpenApi> {
    axum::Json(openapi())
}

/// The OpenAPI document of the native API.
pub fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// What all operations share: how one proves who one is, and what an error looks like.
struct Common;

impl Modify for Common {
    fn modify(&self, doc: &mut utoipa::openapi::OpenApi) {
        let components = doc.components.get_or_insert_with(Default::default);
        let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("ruslo_session")));
        let bearer = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        components.add_security_scheme("session", cookie);
        components.add_security_scheme("token", bearer);
        doc.security = Some(vec![
            SecurityRequirement::new("session", Vec::<String>::new()),
            SecurityRequirement::new("token", Vec::<String>::new()),
        ]);
        let error = ResponseBuilder::new()
            .description("An error")
            .content("application/json", ContentBuilder::new().schema(Some(Ref::from_schema_name("ErrorBody"))).build())
            .build();
        for (path, item) in &mut doc.paths.paths {
            let who = |method: &str| crate::routes().iter().find(|r| r.method == method && r.path == *path);
            let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"].map(|m| who(m).map(|r| r.who));
            let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
            for (operation, who) in operations.into_iter().zip(methods) {
                let (Some(operation), Some(who)) = (operation, who) else { continue };
                let said = operation.description.take().map(|text| text + "\n\n").unwrap_or_default();
                operation.description = Some(said + allowed(who));
                if who == Who::Anyone {
                    operation.security = Some(Vec::new());
                }
                let group = operation.tags.iter().flatten().next().cloned().unwrap_or_default();
                operation.operation_id = operation.operation_id.take().map(|name| format!("{group}_{name}"));
                operation.responses.responses.insert("default".into(), error.clone().into());
            }
        }
    }
}

/// Who may call an operation, in its documentation.
fn allowed(who: Who) -> &'static str {
    let employee = User { id: UserId(-1), role: Role::Employee, ..(*Actor::system().user).clone() };
    match who {
        Who::Anyone => "Allowed: everybody.",
        Who::SignedIn => "Allowed: whoever is signed in, for what is theirs; administrators for all.",
        Who::May(action, object) if authorize(&Actor::session(employee), action, &object).is_ok() => {
            "Allowed: whoever is signed in."
        }
        Who::May(..) => "Allowed: administrators.",
    }
}
