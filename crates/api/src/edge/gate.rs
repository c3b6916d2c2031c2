//! Who calls: the gate in front of every route.
//!
//! Invariant: nothing of a request but its head is read before its sender is known and may do what the route is for.

use super::error::ApiError;
use crate::ApiState;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use model::Fault;
use model::error::codes;
use platform::identity::Session;
use platform::{Action, Actor, Object, authorize};

/// The session's cookie.
pub const COOKIE: &str = "ruslo_session";
/// The header that carries the session's CSRF token.
pub const CSRF_HEADER: &str = "x-csrf-token";

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Everybody.
    Anyone,
    /// Whoever is signed in; the handler asks [`authorize`] about the object it loads.
    SignedIn,
    /// Whoever may do this.
    May(Action, Object),
}

/// Who calls, in a handler's hands.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who acts.
    pub actor: Actor,
    /// His session, when a browser calls.
    pub session: Option<Session>,
}

impl Caller {
    /// The door: `IDN-0005` unless the caller may.
    pub fn may(&self, action: Action, object: Object) -> Result<(), Fault> {
        authorize(&self.actor, action, &object)
    }
}

/// What a route's gate knows.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(crate) state: ApiState,
    pub(crate) who: Who,
}

pub(crate) async fn gate(State(gate): State<Gate>, request: Request, next: Next) -> Result<Response, ApiError> {
    let Gate { state, who } = gate;
    let (mut parts, body) = request.into_parts();
    if who != Who::Anyone {
        let caller = authenticate(&state, &parts).await?;
        if let Who::May(action, object) = who {
            caller.may(action, object)?;
        }
        parts.extensions.insert(caller);
    }
    Ok(next.run(Request::from_parts(parts, body)).await)
}

async fn authenticate(state: &ApiState, request: &Parts) -> Result<Caller, Fault> {
    let reads = matches!(request.method, Method::GET | Method::HEAD);
    if let Some(bearer) = bearer(&request.headers) {
        let actor = state.platform.tokens().authenticate(bearer).await?;
        check_scope(&actor, reads, request.uri.path())?;
        return Ok(Caller { actor, session: None });
    }
    let cookie = cookie(&request.headers).ok_or_else(|| Fault::of(&codes::NOT_SIGNED_IN))?;
    let session = state.platform.sessions().authenticate(cookie).await?;
    if !reads {
        session.check_csrf(request.headers.get(CSRF_HEADER).and_then(|v| v.to_str().ok()))?;
    }
    Ok(Caller { actor: session.actor.clone(), session: Some(session) })
}

/// What an API token is limited to: `api` to nothing, `read` to looking, `jobs` to the work of external workers.
fn check_scope(actor: &Actor, reads: bool, path: &str) -> Result<(), Fault> {
    let of_jobs = path.trim_start_matches("/api/v1").starts_with("/jobs/");
    let fits = actor.has_scope("api") || (reads && actor.has_scope("read")) || (of_jobs && actor.has_scope("jobs"));
    if fits { Ok(()) } else { actor.require_scope(if of_jobs { "jobs" } else { "api" }) }
}

/// The token of `Authorization: Bearer`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The session's cookie.
pub(crate) fn cookie(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|v| v.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value)
}

impl FromRequestParts<ApiState> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, ApiError> {
        // The gate put it there; a route without a gate has no caller.
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Fault::of(&codes::NOT_SIGNED_IN).into())
    }
}
