//! The routes: one table of what there is and who may call it.
//!
//! Invariant: the router is made from this table, so a route that is not in it does not exist. The authorization test
//! compares it with the OpenAPI document and calls every row.

use crate::ApiState;
use crate::edge::{ApiError, Gate, Who, gate};
use crate::groups::*;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, header};
use axum::middleware::from_fn_with_state;
use axum::routing;
use model::error::codes;
use model::{Fault, UserId};
use platform::Action::*;
use platform::Object::*;
use tower_http::set_header::SetResponseHeaderLayer;

/// One operation of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// `GET`, `POST`, …
    pub method: &'static str,
    /// Below `/api/v1`, with `{id}` for ids.
    pub path: &'static str,
    /// Who may call it.
    pub who: Who,
}

/// Bytes of a body that is read before anybody signed in.
const ANYONE_BODY_BYTES: usize = 64 << 10;

macro_rules! table {
    ($($method:ident $path:literal $handler:path, $who:expr;)*) => {
        static ROUTES: &[Route] = &[$(Route { method: stringify!($method), path: $path, who: $who }),*];

        fn operations(state: &ApiState) -> Router<ApiState> {
            let mut router = Router::new();
            $(
                let gate_of = Gate { state: state.clone(), who: $who };
                let mut operation = table!(@ $method)($handler).route_layer(from_fn_with_state(gate_of, gate));
                if $who == Who::Anyone {
                    operation = operation.layer(DefaultBodyLimit::max(ANYONE_BODY_BYTES));
                }
                router = router.route($path, operation);
            )*
            router
        }
    };
    (@ GET) => { routing::get };
    (@ POST) => { routing::post };
    (@ PUT) => { routing::put };
    (@ PATCH) => { routing::patch };
    (@ DELETE) => { routing::delete };
}

use Who::{Anyone, May, SignedIn};

table! {
    POST "/session" session::sign_in, Anyone;
    GET "/session" session::session, SignedIn;
    DELETE "/session" session::sign_out, SignedIn;
    GET "/me" me::me, SignedIn;
    PATCH "/me" me::change_me, SignedIn;
    POST "/me/password" me::change_password, SignedIn;

    GET "/users" users::list, May(View, People);
    POST "/users" users::create, May(Create, People);
    GET "/users/{id}" users::get, May(View, People);
    PATCH "/users/{id}" users::update, May(Update, People);

    GET "/apps" apps::list, May(View, Apps);
    POST "/apps" apps::create, May(Create, Apps);
    GET "/apps/{id}" apps::get, May(View, Apps);
    PATCH "/apps/{id}" apps::update, May(Update, Apps);
    DELETE "/apps/{id}" apps::remove, May(Delete, Apps);
    POST "/apps/{id}/secret" apps::new_secret, May(Update, Apps);
    POST "/apps/{id}/tokens" apps::new_tokens, May(Update, Apps);
    GET "/apps/{id}/activities" apps::activities, May(View, Apps);
    GET "/apps/{id}/calls" apps::calls, May(View, Apps);
    GET "/webhooks" webhooks::list, SignedIn;
    // Nobody's own (there is no user_0): only administrators may make them.
    POST "/webhooks" webhooks::create, May(Create, Webhooks(UserId(0)));
    DELETE "/webhooks/{id}" webhooks::remove, SignedIn;
    GET "/tokens" tokens::list, SignedIn;
    POST "/tokens" tokens::create, SignedIn;
    DELETE "/tokens/{id}" tokens::remove, SignedIn;

    GET "/catalogs" catalogs::list, May(View, Catalogs);
    POST "/catalogs" catalogs::create, May(Create, Catalogs);
    GET "/catalogs/{id}" catalogs::get, May(View, Catalogs);
    PATCH "/catalogs/{id}" catalogs::update, May(Update, Catalogs);
    DELETE "/catalogs/{id}" catalogs::remove, May(Delete, Catalogs);
    GET "/catalogs/{id}/records" records::list, May(View, Records);
    POST "/catalogs/{id}/records" records::create, May(Create, Records);
    GET "/catalogs/{id}/definitions" catalogs::definitions, May(View, Definitions);
    GET "/records/{id}" records::get, May(View, Records);
    PATCH "/records/{id}" records::update, May(Update, Records);
    DELETE "/records/{id}" records::remove, May(Delete, Records);
    GET "/records/{id}/instances" records::instances, May(View, Records);

    GET "/models" models::list, May(View, Models);
    POST "/models" models::create, May(Create, Models);
    GET "/models/{id}" models::get, May(View, Models);
    PUT "/models/{id}" models::update, May(Update, Models);
    DELETE "/models/{id}" models::remove, May(Delete, Models);
    POST "/models/{id}/deploy" models::deploy, May(Deploy, Definitions);
    POST "/diagnostics" models::diagnostics, May(View, Models);
    POST "/import" models::import, May(Create, Models);
    GET "/element-templates" models::element_templates, May(View, Models);

    GET "/definitions" definitions::list, May(View, Definitions);
    POST "/definitions" definitions::deploy, May(Deploy, Definitions);
    GET "/definitions/{id}" definitions::get, May(View, Definitions);
    DELETE "/definitions/{id}" definitions::remove, May(Delete, Definitions);
    GET "/definitions/{id}/versions" definitions::versions, May(View, Definitions);

    GET "/decisions" decisions::list, May(View, Definitions);
    POST "/decisions/evaluate" decisions::evaluate, May(Start, Definitions);
    GET "/decisions/{id}" decisions::get, May(View, Definitions);
    DELETE "/decisions/{id}" decisions::remove, May(Delete, Definitions);
    GET "/decisions/{id}/versions" decisions::versions, May(View, Definitions);
    POST "/decisions/{id}/evaluate" decisions::evaluate_version, May(Start, Definitions);

    GET "/instances" instances::list, SignedIn;
    POST "/instances" instances::start, May(Start, Definitions);
    GET "/instances/{id}" instances::get, SignedIn;
    GET "/instances/{id}/history" instances::history, SignedIn;
    GET "/instances/{id}/calls" instances::calls, SignedIn;
    POST "/instances/{id}/cancel" instances::cancel, SignedIn;
    DELETE "/instances/{id}" instances::kill, May(Operate, Incidents);
    PATCH "/instances/{id}/variables" instances::set_variables, May(Operate, Incidents);
    POST "/instances/{id}/suspend" instances::operate::suspend, May(Operate, Incidents);
    POST "/instances/{id}/resume" instances::operate::resume, May(Operate, Incidents);
    POST "/instances/{id}/modify" instances::operate::modify, May(Operate, Incidents);
    POST "/instances/{id}/turns" instances::operate::turns, May(Operate, Incidents);
    POST "/instances/{id}/ad-hoc" instances::operate::ad_hoc, May(Operate, Incidents);
    POST "/instances/{id}/cancel-transaction" instances::operate::cancel_transaction, May(Operate, Incidents);
    POST "/migrations" instances::operate::migrate, May(Operate, Incidents);
    GET "/messages" messages::kept, May(View, Incidents);
    POST "/messages" messages::publish, May(Operate, Jobs);
    DELETE "/messages/{id}" messages::remove, May(Operate, Jobs);
    GET "/subscriptions" messages::subscriptions, May(View, Incidents);
    GET "/mutexes" messages::mutexes, May(View, Incidents);
    POST "/messages/correlate" messages::correlate, May(Operate, Jobs);
    POST "/signals" messages::signal, May(Operate, Jobs);
    POST "/conditions" messages::conditions, May(Start, Definitions);
    GET "/incidents" incidents::list, May(View, Incidents);
    POST "/incidents/{id}/retry" incidents::retry, May(Operate, Incidents);
    POST "/incidents/{id}/skip" instances::operate::skip, May(Operate, Incidents);

    GET "/tasks" tasks::list, SignedIn;
    GET "/tasks/count" tasks::count, SignedIn;
    GET "/tasks/{id}" tasks::get, SignedIn;
    POST "/tasks/{id}/complete" tasks::complete, SignedIn;
    POST "/tasks/{id}/claim" tasks::claim, SignedIn;
    POST "/tasks/{id}/reassign" tasks::reassign, SignedIn;
    POST "/jobs/activate" jobs::activate, May(Operate, Jobs);
    POST "/jobs/{id}/extend" jobs::extend, May(Operate, Jobs);
    POST "/jobs/{id}/complete" jobs::complete, May(Operate, Jobs);
    POST "/jobs/{id}/fail" jobs::fail, May(Operate, Jobs);
    POST "/jobs/{id}/error" jobs::error, May(Operate, Jobs);

    GET "/notifications" notifications::list, SignedIn;
    POST "/notifications/read" notifications::read, SignedIn;
    GET "/events" events::stream, SignedIn;
    GET "/search" search::search, SignedIn;
    GET "/system" system::system, May(View, System);
    GET "/settings/retention" retention::get, May(View, System);
    PUT "/settings/retention" retention::put, May(Update, System);
    POST "/settings/retention/preview" retention::preview, May(View, System);
    GET "/openapi.json" crate::openapi::document, Anyone;
}

/// Every operation and who may call it.
pub fn routes() -> &'static [Route] {
    ROUTES
}

/// The API's operations, to be mounted at `/api/v1`.
pub fn router(state: ApiState) -> Router {
    let limit = state.server.limits.request_bytes;
    let no_store = SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let no_sniff =
        SetResponseHeaderLayer::overriding(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    operations(&state)
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        // Together: each wrapping of its own is an allocation and a call through a pointer for every request.
        .layer((no_sniff, no_store, DefaultBodyLimit::max(limit)))
        .with_state(state)
}

/// Everything below `/api`, ready to be merged into the server's routes: unknown addresses answer JSON too.
pub fn mounted(state: ApiState) -> Router {
    let unknown = || Router::new().fallback(not_found);
    Router::new().nest("/api/v1", router(state)).nest("/api", unknown())
}

async fn not_found() -> ApiError {
    Fault::of(&codes::ROUTE_NOT_FOUND).into()
}

async fn method_not_allowed() -> ApiError {
    Fault::of(&codes::METHOD_NOT_ALLOWED).into()
}
