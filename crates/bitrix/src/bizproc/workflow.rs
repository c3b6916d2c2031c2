//! `bizproc.workflow.start`, `.terminate`, `.kill` (contract 2.6, 2.8).

use super::templates;
use super::values;
use crate::call::Call;
use crate::documents::Triple;
use crate::fault;
use crate::wire::{Answer, Array, Param, WireError};
use crate::workflow_id;
use model::error::codes;
use model::{DefinitionId, DocumentRef, Fault, InstanceId, Object, Value};
use platform::identity::{self, Action};
use runtime::{DefinitionDetails, StartRequest};
use serde_json::Value as Json;
use std::sync::Arc;

pub use super::instances::instances;

const WRONG_ID: &str = "ERROR_WRONG_WORKFLOW_ID";

/// `bizproc.workflow.start`. The call returns when the start is durable; the id is usable at once.
pub async fn start(call: &Call<'_>) -> Result<Answer, WireError> {
    let template = call.params.int("TEMPLATE_ID").filter(|id| *id > 0);
    let template = template.ok_or_else(|| WireError::bad(WRONG_ID, "Empty TEMPLATE_ID"))?;
    let may = identity::authorize(call.actor(), Action::Start, &identity::Object::Definitions);
    may.map_err(|f| fault::workflow(&f))?;
    let latest = templates::latest(call.state, DefinitionId(template)).await.map_err(|f| fault::workflow(&f))?;
    let definition = call.state.runtime().definition(latest.id).await.map_err(|f| fault::workflow(&f))?;
    let document = document(call, &definition).await?;
    let mut request = StartRequest::of(latest.id);
    request.document = document;
    request.variables = parameters(call.params.array("PARAMETERS"), &definition, call);
    let started = call.state.runtime().start(call.actor(), request).await.map_err(|f| refusal(&f, &definition))?;
    Ok(Json::from(workflow_id::encode(started.instance)).into())
}

/// A missing parameter in the contract's words; it names the parameter as people know it.
fn refusal(fault: &Fault, definition: &DefinitionDetails) -> WireError {
    let key = fault.details.as_ref().and_then(|d| d.get("field")).and_then(Json::as_str);
    let declared = key.and_then(|key| definition.parameters.iter().find(|p| p.key == key));
    match declared.filter(|_| fault.is(&codes::PARAMETER_REQUIRED)) {
        Some(p) => {
            let name = if p.name.is_empty() { &p.key } else { &p.name };
            WireError::plain(format!("The required field '{name}' is not filled in."))
        }
        None => fault::workflow(fault),
    }
}

/// The record of `DOCUMENT_ID`. A process of our own that runs for no document may be started without one.
async fn document(call: &Call<'_>, definition: &DefinitionDetails) -> Result<Option<DocumentRef>, WireError> {
    let given = call.params.get("DOCUMENT_ID");
    let wanted = definition.view.document;
    if wanted.is_none() && given.is_none_or(Param::is_blank) {
        return Ok(None);
    }
    let wrong = || WireError::plain("Wrong DOCUMENT_ID!");
    let triple = Triple::read(given).ok_or_else(wrong)?;
    if !triple.is_known() {
        return Err(WireError::plain("Incorrect document type!"));
    }
    let id = triple.record().ok_or_else(wrong)?;
    let record = call.state.platform().records().get(id).await.map_err(|f| fault::workflow(&f))?.ok_or_else(wrong)?;
    if wanted.is_some_and(|wanted| wanted.catalog != record.catalog) {
        return Err(WireError::plain("Template type and DOCUMENT_ID mismatch!"));
    }
    Ok(Some(record.document()))
}

/// Declared parameters typed by their declarations; what a BPMN process does not declare is passed as it came, what a
/// template does not declare is dropped.
fn parameters(given: Option<&Array>, definition: &DefinitionDetails, call: &Call<'_>) -> Object {
    let mut out = Object::new();
    let declares = !definition.parameters.is_empty() || definition.view.origin == model::definition::Origin::Bpt;
    for (key, param) in given.into_iter().flat_map(Array::iter) {
        let declared = definition.parameters.iter().find(|p| p.key == key);
        let value = match declared {
            Some(decl) => values::typed(&decl.kind, decl.multiple, param, call.state.zone()),
            None if declares => continue,
            None => values::untyped(param),
        };
        if !matches!(&value, Value::Null) {
            out.insert(Arc::from(key), value);
        }
    }
    out
}

/// The instance of `ID`; a JSON value that is no text is refused by name.
fn instance(call: &Call<'_>) -> Result<InstanceId, WireError> {
    let id = match call.params.get("ID") {
        Some(Param::Text(text)) if !text.is_empty() => text,
        None | Some(Param::Null | Param::Text(_)) => {
            return Err(WireError::bad(WRONG_ID, "Empty workflow instance ID"));
        }
        Some(_) => return Err(WireError::bad(WRONG_ID, "Invalid workflow instance ID (string expected)")),
    };
    workflow_id::decode(id).ok_or_else(|| WireError::plain("The business process is not found."))
}

/// `bizproc.workflow.terminate`: stops, keeps history.
pub async fn terminate(call: &Call<'_>) -> Result<Answer, WireError> {
    let id = instance(call)?;
    unfinished(call, id).await?;
    let status = call.params.given_text("STATUS").unwrap_or_else(|| "Terminated".to_owned());
    call.state.runtime().cancel(call.actor(), id, &status).await.map_err(|f| fault::workflow(&f))?;
    Ok(Json::Bool(true).into())
}

/// `bizproc.workflow.kill`: stops and erases.
pub async fn kill(call: &Call<'_>) -> Result<Answer, WireError> {
    let id = instance(call)?;
    unfinished(call, id).await?;
    call.state.runtime().kill(call.actor(), id).await.map_err(|f| fault::workflow(&f))?;
    Ok(Json::Bool(true).into())
}

async fn unfinished(call: &Call<'_>, id: InstanceId) -> Result<(), WireError> {
    let row = call.state.store().instance(id).await.map_err(|e| fault::workflow(&e.into()))?;
    match row {
        Some(row) if row.state == store::InstanceState::Active => Ok(()),
        _ => Err(WireError::plain("The business process is not found.")),
    }
}
