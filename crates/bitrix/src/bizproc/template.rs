//! `bizproc.workflow.template.add`, `.update`, `.delete` (contract 2.9).

use super::templates;
use crate::call::Call;
use crate::documents::Triple;
use crate::fault;
use crate::wire::{Answer, Array, Param, WireError};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use model::{AppId, DefinitionId, DocumentType};
use runtime::{DefinitionChange, Deploy};
use serde_json::Value as Json;
use store::{DefinitionRow, Filter, InstanceField, InstanceState};

pub use super::template_list::list;

const INVALID: &str = "ERROR_TEMPLATE_VALIDATION_FAILURE";

fn app(call: &Call<'_>) -> Result<AppId, WireError> {
    call.actor().app().map(|(app, _)| app).ok_or_else(WireError::app_context)
}

/// `AUTO_EXECUTE`: 0 to 3, as a number or numeric text; blank counts as not given.
fn auto_execute(param: Option<&Param>) -> Result<Option<u8>, WireError> {
    let Some(given) = param.filter(|p| !p.is_blank()) else { return Ok(None) };
    let number = given.as_int().and_then(|n| u8::try_from(n).ok()).filter(|n| *n <= 3);
    number.map(Some).ok_or_else(|| WireError::bad(INVALID, "Incorrect field AUTO_EXECUTE!"))
}

/// A file: `[name, base64]`, `{"fileData": [name, base64]}`, bare base64, or a multipart part.
fn file(param: Option<&Param>) -> Result<Vec<u8>, WireError> {
    let bytes = match param {
        Some(Param::File(upload)) => Some(upload.bytes.to_vec()),
        Some(Param::Text(text)) => base64(text),
        Some(Param::Array(map)) => match map.get_folded("fileData") {
            Some(inner @ (Param::Array(_) | Param::Text(_))) => return file(Some(inner)),
            _ => pair(map),
        },
        _ => None,
    };
    bytes.filter(|b| !b.is_empty()).ok_or_else(|| WireError::bad(INVALID, "Incorrect field TEMPLATE_DATA!"))
}

fn pair(map: &Array) -> Option<Vec<u8>> {
    match map.values().nth(1).or_else(|| map.values().next())? {
        Param::Text(text) => base64(text),
        Param::File(upload) => Some(upload.bytes.to_vec()),
        _ => None,
    }
}

/// Base64, perhaps with line breaks and without padding.
fn base64(text: &str) -> Option<Vec<u8>> {
    // A form turns an unescaped `+` into a blank.
    let compact: String = text.trim().replace(' ', "+").chars().filter(|c| !c.is_whitespace()).collect();
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&STANDARD, lenient).decode(compact).ok()
}

/// `bizproc.workflow.template.add`: stored even when it can not be run here; starting it says why.
pub async fn add(call: &Call<'_>) -> Result<Answer, WireError> {
    let app = app(call)?;
    let params = &call.params;
    let catalog = Triple::read(params.get("DOCUMENT_TYPE")).and_then(|t| t.catalog());
    let wrong_type = || WireError::bad(INVALID, "Incorrect field DOCUMENT_TYPE!");
    let catalog = catalog.ok_or_else(wrong_type)?;
    call.state.platform().catalogs().require(catalog).await.map_err(|f| fault::template(&f))?;
    let name = params.get("NAME").and_then(Param::as_text).unwrap_or_default();
    if name.trim().is_empty() {
        return Err(WireError::bad(INVALID, "Empty template name!"));
    }
    let auto_execute = auto_execute(params.get("AUTO_EXECUTE"))?.unwrap_or(0);
    let bytes = file(params.get("TEMPLATE_DATA"))?;
    let deploy = Deploy {
        name: name.trim().to_owned(),
        bytes,
        document: Some(DocumentType { catalog }),
        app: Some(app),
        auto_execute,
        description: params.given_text("DESCRIPTION").unwrap_or_default(),
        allow_undeployable: true,
        ..Deploy::default()
    };
    let id = deploy_one(call, deploy).await?;
    Ok(Json::from(id.0).into())
}

/// Deploys and gives the template's number.
async fn deploy_one(call: &Call<'_>, deploy: Deploy) -> Result<DefinitionId, WireError> {
    let deployed = call.state.runtime().deploy(call.actor(), deploy).await.map_err(|f| fault::template(&f))?;
    let first = deployed.first().ok_or_else(|| WireError::plain("Incorrect workflow template"))?;
    let row = call.state.store().definition(first.id).await.map_err(|e| fault::template(&e.into()))?;
    let row = row.ok_or_else(WireError::internal)?;
    templates::first_version(call.state, &row).await.map_err(|f| fault::template(&f))
}

async fn find(call: &Call<'_>) -> Result<DefinitionRow, WireError> {
    let missing = || WireError::bad("ERROR_TEMPLATE_NOT_FOUND", "Workflow template not found.");
    let id = call.params.int("ID").filter(|id| *id > 0).ok_or_else(missing)?;
    templates::latest(call.state, DefinitionId(id)).await.map_err(|f| fault::template(&f))
}

/// `bizproc.workflow.template.update`: a new file is a new version; runs go on with the one they started with.
pub async fn update(call: &Call<'_>) -> Result<Answer, WireError> {
    let app = app(call)?;
    let row = find(call).await?;
    if row.app != Some(app) {
        let text = "You can update ONLY templates created by current application";
        return Err(WireError::bad("ERROR_TEMPLATE_NOT_OWNER", text));
    }
    let empty = Array::new();
    let fields = call.params.array("FIELDS").unwrap_or(&empty);
    let change = Change::read(fields)?;
    let number = templates::first_version(call.state, &row).await.map_err(|f| fault::template(&f))?;
    match change.bytes {
        Some(bytes) => {
            let deploy = Deploy {
                name: change.name.unwrap_or(row.name),
                bytes,
                document: row.document_catalog.map(|catalog| DocumentType { catalog }),
                app: Some(app),
                auto_execute: change.auto_execute.unwrap_or(u8::try_from(row.auto_execute).unwrap_or(0)),
                description: change.description.unwrap_or(row.description),
                model: row.model,
                allow_undeployable: true,
                process_id: Some(row.process_id),
            };
            deploy_one(call, deploy).await?;
        }
        None => {
            let Change { name, description, auto_execute, .. } = change;
            let change = DefinitionChange { name, description, auto_execute };
            let done = call.state.runtime().describe_definition(call.actor(), row.id, change).await;
            done.map_err(|f| fault::template(&f))?;
        }
    }
    Ok(Json::from(number.0).into())
}

/// What an update names.
struct Change {
    name: Option<String>,
    description: Option<String>,
    auto_execute: Option<u8>,
    bytes: Option<Vec<u8>>,
}

impl Change {
    fn read(fields: &Array) -> Result<Self, WireError> {
        let name = fields.get_folded("NAME").map(|p| p.as_text().unwrap_or_default().trim().to_owned());
        if name.as_deref() == Some("") {
            return Err(WireError::bad(INVALID, "Empty template name!"));
        }
        let change = Self {
            name,
            description: fields.get_folded("DESCRIPTION").and_then(Param::as_text),
            auto_execute: auto_execute(fields.get_folded("AUTO_EXECUTE"))?,
            bytes: match fields.get_folded("TEMPLATE_DATA") {
                Some(data) => Some(file(Some(data))?),
                None => None,
            },
        };
        let nothing = change.name.is_none()
            && change.description.is_none()
            && change.auto_execute.is_none()
            && change.bytes.is_none();
        if nothing { Err(WireError::bad(INVALID, "No fields to update.")) } else { Ok(change) }
    }
}

/// `bizproc.workflow.template.delete`.
pub async fn delete(call: &Call<'_>) -> Result<Answer, WireError> {
    let app = app(call)?;
    let row = find(call).await?;
    if row.app != Some(app) {
        return Err(WireError::plain("You can delete ONLY templates created by current application"));
    }
    let running = Filter::eq(InstanceField::ProcessId, row.process_id.as_str())
        .and(Filter::eq(InstanceField::State, InstanceState::Active));
    let running = call.state.store().count_instances(running).await.map_err(|e| fault::template(&e.into()))?;
    if running > 0 {
        let text = format!("The template \"{}\" can not be deleted: {running} workflows are running", row.name);
        return Err(WireError::plain(text));
    }
    let versions = templates::versions(call.state, &row.process_id).await.map_err(|f| fault::template(&f))?;
    for version in versions.iter().rev().filter(|v| v.deleted_at.is_none()) {
        let done = call.state.runtime().delete_definition(call.actor(), version.id).await;
        done.map_err(|f| fault::template(&f))?;
    }
    Ok(Json::Null.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Upload;
    use serde_json::json;

    #[test]
    fn every_form_of_a_file() {
        let raw = b"a:1:{s:1:\"x\";i:1;}".to_vec();
        let text = base64::engine::general_purpose::STANDARD.encode(&raw);
        let broken_up = format!("{}\r\n{}", &text[..8], &text[8..]);
        let upload = Param::File(Upload { name: "t.bpt".into(), bytes: raw.clone().into() });
        for given in [
            json!(["t.bpt", text]),
            json!({"0": "t.bpt", "1": text}),
            json!({"fileData": ["t.bpt", text]}),
            json!(text),
            json!(broken_up),
            json!(text.trim_end_matches('=')),
        ] {
            assert_eq!(file(Some(&Param::from_json(&given))).unwrap(), raw, "{given}");
        }
        assert_eq!(file(Some(&upload)).unwrap(), raw);
        assert_eq!(file(Some(&Param::list([Param::text("t.bpt"), upload]))).unwrap(), raw);
        for bad in [json!(null), json!(""), json!("?"), json!([]), json!(["t.bpt", "***"]), json!(5), json!({"a": {}})]
        {
            assert!(file(Some(&Param::from_json(&bad))).is_err(), "{bad}");
        }
        assert!(file(None).is_err());
    }

    #[test]
    fn auto_execute_is_0_to_3() {
        for (given, want) in [(json!("2"), Ok(Some(2))), (json!(3), Ok(Some(3))), (json!(""), Ok(None))] {
            assert_eq!(auto_execute(Some(&Param::from_json(&given))), want);
        }
        for bad in [json!(4), json!("x"), json!(-1), json!([1])] {
            assert!(auto_execute(Some(&Param::from_json(&bad))).is_err(), "{bad}");
        }
    }
}
