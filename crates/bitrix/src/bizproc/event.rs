//! `bizproc.event.send`, `bizproc.activity.log`: an app answers, or remarks on, a step (contract 2.4).
//!
//! The token, not the caller, gives the right; it is looked at before anything else.

use super::values;
use crate::call::Call;
use crate::event_token::EventToken;
use crate::fault;
use crate::state::event_key;
use crate::wire::{Answer, Param, WireError};
use indexmap::IndexMap;
use model::Object;
use platform::apps::PropertyDescriptor;
use runtime::{AnswerOutcome, AppAnswer};
use serde_json::Value as Json;

async fn token(call: &Call<'_>) -> Result<EventToken, WireError> {
    let key = event_key(call.state.platform()).await.map_err(|f| fault::event(&f))?;
    let text = call.params.text("EVENT_TOKEN").unwrap_or_default();
    EventToken::verify(&text, &key).ok_or_else(WireError::access_denied)
}

/// `bizproc.event.send`.
pub async fn send(call: &Call<'_>) -> Result<Answer, WireError> {
    let token = token(call).await?;
    let values = match call.params.array("RETURN_VALUES") {
        Some(given) if !given.is_empty() => {
            let properties = return_properties(call, &token).await?;
            values::declared(&properties, given, call.state.zone())
        }
        _ => Object::new(),
    };
    let answer = AppAnswer {
        instance: token.instance,
        element_id: token.element_id,
        event_id: token.event_id,
        values,
        log: call.params.given_text("LOG_MESSAGE"),
    };
    match call.state.runtime().answer_app_job(answer).await {
        Ok(AnswerOutcome::Accepted | AnswerOutcome::Ignored) => Ok(Json::Bool(true).into()),
        Err(f) => Err(fault::event(&f)),
    }
}

/// What the activity behind the token declares; nothing when the step was answered before, or its activity is gone:
/// then nothing is left to type for.
async fn return_properties(
    call: &Call<'_>,
    token: &EventToken,
) -> Result<IndexMap<String, PropertyDescriptor>, WireError> {
    let job = call.state.store().job_by_event(&token.event_id).await.map_err(|e| fault::event(&e.into()))?;
    let code = job.and_then(|job| job.job_type.strip_prefix("rest_").map(str::to_owned));
    let Some(code) = code else { return Ok(IndexMap::new()) };
    let found = call.state.platform().activities().by_internal_code(&code).await.map_err(|f| fault::event(&f))?;
    Ok(found.map(|activity| activity.spec.return_properties.clone()).unwrap_or_default())
}

/// `bizproc.activity.log`.
pub async fn log(call: &Call<'_>) -> Result<Answer, WireError> {
    let token = token(call).await?;
    let text = call.params.get("LOG_MESSAGE").and_then(Param::as_text).unwrap_or_default();
    if text.is_empty() {
        return Err(WireError::bad("ERROR_EMPTY_LOG_MESSAGE", "Empty log message!"));
    }
    let runtime = call.state.runtime();
    let done = runtime.log_app_job(token.instance, &token.element_id, &token.event_id, &text).await;
    done.map_err(|f| fault::event(&f))?;
    Ok(Json::Bool(true).into())
}
