//! `bizproc.activity.*` and `bizproc.robot.*`: what apps register (contract 2.1-2.3).
//!
//! Both families are one thing with another kind; each sees only rows of its own kind, codes are shared.

use super::descriptor;
use crate::call::Call;
use crate::fault;
use crate::wire::{Answer, Array, Param, WireError};
use model::error::codes;
use model::{AppId, Fault};
use platform::apps::activities::{check_code, check_spec};
use platform::apps::{ActivityKind, ActivitySpec, Localized, Registration};
use serde_json::Value as Json;

/// `bizproc.activity.add`.
pub async fn add_activity(call: &Call<'_>) -> Result<Answer, WireError> {
    add(call, ActivityKind::Activity).await
}
/// `bizproc.robot.add`.
pub async fn add_robot(call: &Call<'_>) -> Result<Answer, WireError> {
    add(call, ActivityKind::Robot).await
}
/// `bizproc.activity.update`.
pub async fn update_activity(call: &Call<'_>) -> Result<Answer, WireError> {
    update(call, ActivityKind::Activity).await
}
/// `bizproc.robot.update`.
pub async fn update_robot(call: &Call<'_>) -> Result<Answer, WireError> {
    update(call, ActivityKind::Robot).await
}
/// `bizproc.activity.list`.
pub async fn list_activities(call: &Call<'_>) -> Result<Answer, WireError> {
    list(call, ActivityKind::Activity).await
}
/// `bizproc.robot.list`.
pub async fn list_robots(call: &Call<'_>) -> Result<Answer, WireError> {
    list(call, ActivityKind::Robot).await
}
/// `bizproc.activity.delete`.
pub async fn delete_activity(call: &Call<'_>) -> Result<Answer, WireError> {
    delete(call, ActivityKind::Activity).await
}
/// `bizproc.robot.delete`.
pub async fn delete_robot(call: &Call<'_>) -> Result<Answer, WireError> {
    delete(call, ActivityKind::Robot).await
}

fn app(call: &Call<'_>) -> Result<AppId, WireError> {
    call.actor().app().map(|(app, _)| app).ok_or_else(WireError::app_context)
}

/// A blank description, to be filled from parameters.
fn blank() -> ActivitySpec {
    ActivitySpec {
        handler: String::new(),
        auth_user: None,
        use_subscription: None,
        name: Localized::default(),
        description: Localized::default(),
        properties: Default::default(),
        return_properties: Default::default(),
        document_type: None,
        filter: None,
        use_placement: false,
        placement_handler: None,
    }
}

async fn add(call: &Call<'_>, kind: ActivityKind) -> Result<Answer, WireError> {
    let app = app(call)?;
    if call.params.map.is_empty() {
        return Err(WireError::bad(descriptor::INVALID, "Empty data!"));
    }
    let code = code(call)?;
    let mut spec = blank();
    let late = descriptor::apply(&mut spec, &call.params.map);
    check(call, &spec, late)?;
    let registration = Registration { app, kind, code, by: call.actor().user_id(), spec };
    let done = call.state.platform().activities().register(registration).await;
    done.map_err(|f| reason(&f))?;
    Ok(Json::Bool(true).into())
}

async fn update(call: &Call<'_>, kind: ActivityKind) -> Result<Answer, WireError> {
    let app = app(call)?;
    if call.params.map.is_empty() {
        return Err(WireError::bad(descriptor::INVALID, "Empty data!"));
    }
    let code = code(call)?;
    let nothing = || WireError::bad(descriptor::INVALID, "No fields to update");
    let activities = call.state.platform().activities();
    let current = activities.get(app, kind, &code).await.map_err(|f| fault::activity(&f))?;
    let current = current.ok_or_else(|| fault::activity(&Fault::of(&codes::ACTIVITY_NOT_FOUND)))?;
    let fields: Array = call.params.array("FIELDS").cloned().ok_or_else(nothing)?;
    if !descriptor::FIELDS.iter().any(|name| fields.get_folded(name).is_some()) {
        return Err(nothing());
    }
    let mut spec = current.spec;
    let late = descriptor::apply(&mut spec, &fields);
    check(call, &spec, late)?;
    activities.update(app, kind, &code, spec).await.map_err(|f| reason(&f))?;
    Ok(Json::Bool(true).into())
}

async fn list(call: &Call<'_>, kind: ActivityKind) -> Result<Answer, WireError> {
    let all = call.state.platform().activities().list(Some(app(call)?)).await.map_err(|f| fault::activity(&f))?;
    let codes = all.into_iter().filter(|a| a.kind == kind).map(|a| Json::from(a.code));
    Ok(Json::Array(codes.collect()).into())
}

async fn delete(call: &Call<'_>, kind: ActivityKind) -> Result<Answer, WireError> {
    let app = app(call)?;
    let code = code(call)?;
    let done = call.state.platform().activities().delete(app, kind, &code).await;
    done.map_err(|f| fault::activity(&f))?;
    Ok(Json::Bool(true).into())
}

fn code(call: &Call<'_>) -> Result<String, WireError> {
    let code = call.params.get("CODE").and_then(Param::as_text).unwrap_or_default();
    check_code(&code).map_err(|f| reason(&f))?;
    Ok(code)
}

/// The platform's checks and `late`, the failure found while reading, in the contract's order: handler, name,
/// properties that are no map, their keys and names, document type, filter.
fn check(call: &Call<'_>, spec: &ActivitySpec, late: Option<WireError>) -> Result<(), WireError> {
    let allow_bare_hosts = call.state.platform().allow_bare_hosts();
    let no_map = late.as_ref().is_some_and(|e| e.description.starts_with("Wrong properties"));
    if no_map {
        let bare =
            ActivitySpec { properties: Default::default(), return_properties: Default::default(), ..spec.clone() };
        check_spec(&bare, allow_bare_hosts).map_err(|f| reason(&f))?;
    } else {
        check_spec(spec, allow_bare_hosts).map_err(|f| reason(&f))?;
    }
    late.map_or(Ok(()), Err)
}

/// The contract's words for the platform's reasons.
fn reason(fault: &Fault) -> WireError {
    let detail = |key: &str| fault.details.as_ref().and_then(|d| d.get(key)).and_then(Json::as_str).unwrap_or("");
    let key = detail("key");
    let text = match detail("reason") {
        "handler_scheme" => return WireError::bad("ERROR_UNSUPPORTED_PROTOCOL", "Unsupported handler protocol"),
        "handler_url" | "placement" => return WireError::bad("ERROR_WRONG_HANDLER_URL", "Wrong handler URL"),
        "code_missing" => "Empty activity code!".to_owned(),
        "code" => "Wrong activity code!".to_owned(),
        "name" => "Empty activity NAME!".to_owned(),
        "property_key" => format!("Wrong property key ({key})!"),
        "property_name" => format!("Empty property NAME ({key})!"),
        _ => return fault::activity(fault),
    };
    WireError::bad(descriptor::INVALID, text)
}
