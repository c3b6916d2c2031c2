//! One call of one method: who calls, with what; and running it with its envelope's `time`.

use crate::methods::{self, Method};
use crate::state::BitrixState;
use crate::wire::{Answer, Array, Params, TimeBlock, WireError};
use platform::identity::{Actor, Via};
use serde_json::Value as Json;

/// Who calls.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The person and the means.
    pub actor: Actor,
    /// The access token, when it was one.
    pub access_token: Option<String>,
}

impl Caller {
    /// What the operating budget is counted by.
    fn key(&self) -> String {
        match &self.actor.via {
            Via::App { app, .. } => app.to_string(),
            Via::Webhook { id } => id.to_string(),
            Via::ApiToken { id } => id.to_string(),
            Via::Session | Via::System => self.actor.user_id().to_string(),
        }
    }

    /// What the token is called in messages.
    pub fn token_kind(&self) -> &'static str {
        if matches!(self.actor.via, Via::Webhook { .. }) { "webhook" } else { "access" }
    }
}

/// A call on its way.
pub struct Call<'a> {
    /// The face.
    pub state: &'a BitrixState,
    /// Who calls.
    pub caller: &'a Caller,
    /// With what.
    pub params: Params,
}

impl Call<'_> {
    /// The person and the means.
    pub fn actor(&self) -> &Actor {
        &self.caller.actor
    }
}

/// Parameters that belong to the transport, never to a method.
const TRANSPORT: [&str; 5] = ["auth", "access_token", "bx24_request_id", "bx24_sdk_ver", "bx24_sdk_type"];

/// Takes out what is not the method's.
pub fn strip_transport(map: &mut Array) {
    for name in TRANSPORT {
        map.remove(name);
    }
}

/// Runs a method by name; also gives its `time` block, for a success.
pub async fn run(state: &BitrixState, caller: &Caller, name: &str, map: Array) -> Result<(Answer, Json), WireError> {
    let method = methods::find(name).ok_or_else(WireError::method_not_found)?;
    run_method(state, caller, method, map).await
}

async fn run_method(
    state: &BitrixState,
    caller: &Caller,
    method: &'static Method,
    map: Array,
) -> Result<(Answer, Json), WireError> {
    let start = state.now();
    let params = Params { map, fold_case: method.folds_case() };
    let outcome = method.call(&Call { state, caller, params }).await;
    let finish = state.now();
    let used = state.meter().add(&caller.key(), method.name, start, finish);
    let time = TimeBlock { start, finish, operating_s: used.seconds, operating_reset_at: used.reset_at };
    outcome.map(|answer| (answer, time.to_json(state.zone())))
}
