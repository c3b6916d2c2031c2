//! Components that read and change records. A change commits with the step; later steps of the same commit see it.

use super::{BuiltinJob, Performed, actor};
use crate::cluster::{CancelFor, Message};
use crate::core::Core;
use crate::partitions::session::Session;
use model::error::codes;
use model::{CatalogId, Fault, Object, RecordId, Value};
use platform::Prepared;
use platform::catalogs::Catalog;
use platform::records::{Record, object};
use std::sync::Arc;
use store::InboxWrite;

/// Changes fields of `record` (`rec_7`), the process's own record when absent. Result of the template
/// node: `recordId`, `ErrorMessage`.
pub(super) async fn update(
    core: &Core,
    session: &mut Session,
    job: &BuiltinJob<'_>,
    fields: &str,
) -> Result<Performed, Fault> {
    let base = wanted(core, session, job).await?;
    let fields = members(job, fields)?;
    let prepared = core.platform.records().prepare_change(&actor(session.started_by()), base, &fields).await?;
    let id = keep(core, session, prepared).await?;
    Ok(done(&[("recordId", Value::text(id.to_string())), ("ErrorMessage", Value::text(""))]))
}

/// Makes a record in `catalog` (`cat_1` or its key), that of the process's own record when absent.
pub(super) async fn create(
    core: &Core,
    session: &mut Session,
    job: &BuiltinJob<'_>,
    (fields, result): (&str, &str),
) -> Result<Performed, Fault> {
    let catalog = catalog(core, session, job).await?;
    let fields = members(job, fields)?;
    let prepared = core.platform.records().prepare_create(&actor(session.started_by()), catalog, &fields).await?;
    let id = keep(core, session, prepared).await?;
    let id = if result == "ItemId" { Value::from(id.0) } else { Value::text(id.to_string()) };
    Ok(done(&[(result, id), ("ErrorMessage", Value::text(""))]))
}

/// Reads `record`. Result: `record`: its fields and system keys.
pub(super) async fn get(core: &Core, session: &mut Session, job: &BuiltinJob<'_>) -> Result<Performed, Fault> {
    let record = wanted(core, session, job).await?;
    let catalog = core.platform.catalogs().require(record.catalog).await?;
    let fields = object::document_object(&catalog, &record);
    session.records.insert(record.id, record);
    Ok(done(&[("record", Value::Object(Arc::new(fields)))]))
}

/// Deletes `record`, the process's own when absent.
pub(super) async fn delete(core: &Core, session: &mut Session, job: &BuiltinJob<'_>) -> Result<Performed, Fault> {
    let id = record_id(session, job)?;
    if session.changed.contains(&id) {
        let message = "a record that this step has changed can not be deleted in the same step";
        return Err(Fault::new(&codes::RECORD_CONFLICT, message));
    }
    let prepared = core.platform.records().prepare_delete(&actor(session.started_by()), id).await?;
    session.writes.extend(prepared.writes);
    session.live.extend(prepared.events);
    // What else runs for the record ends, as when a person deletes it; this instance goes on.
    let (by, except) = (session.started_by(), Some(session.id));
    let message = core.message(session.partition, &Message::Cancel(CancelFor { record: id, by, except })).await?;
    session.writes.push(InboxWrite::Insert(Box::new(message)).into());
    session.messages = true;
    Ok(done(&[("recordId", Value::text(id.to_string()))]))
}

/// Takes a change into the unit, and shows it to the steps that follow.
pub(super) async fn keep(core: &Core, session: &mut Session, prepared: Prepared<Record>) -> Result<RecordId, Fault> {
    let record = prepared.value;
    if session.document_ref().is_some_and(|d| d.record == record.id) {
        let catalog = core.platform.catalogs().require(record.catalog).await?;
        session.document = Some(Arc::new(object::document_object(&catalog, &record)));
    }
    let id = record.id;
    session.records.insert(id, record);
    session.changed.insert(id);
    session.writes.extend(prepared.writes);
    session.live.extend(prepared.events);
    Ok(id)
}

async fn wanted(core: &Core, session: &Session, job: &BuiltinJob<'_>) -> Result<Record, Fault> {
    let id = record_id(session, job)?;
    match session.records.get(&id) {
        Some(record) => Ok(record.clone()),
        None => core.platform.records().require(id).await,
    }
}

fn record_id(session: &Session, job: &BuiltinJob<'_>) -> Result<RecordId, Fault> {
    match job.input.get("record").filter(|v| !v.is_null() && !v.to_text().is_empty()) {
        Some(given) => given.to_text().parse().map_err(|_| {
            Fault::new(&codes::RECORD_NOT_FOUND, format!("`{}` is not a record's id such as rec_7", given.to_text()))
        }),
        None => session
            .document_ref()
            .map(|d| d.record)
            .ok_or_else(|| Fault::new(&codes::RECORD_NOT_FOUND, "the process runs for no record, and none is named")),
    }
}

async fn catalog(core: &Core, session: &Session, job: &BuiltinJob<'_>) -> Result<CatalogId, Fault> {
    match job.input.get("catalog").map(Value::to_text).filter(|t| !t.is_empty()) {
        Some(text) => match text.parse() {
            Ok(id) => Ok(id),
            Err(_) => Ok(core.store.catalog_by_key(&text).await?.ok_or_else(|| no_catalog(&text))?.id),
        },
        None => session.document_ref().map(|d| d.catalog).ok_or_else(|| no_catalog("")),
    }
}

/// A catalog by its id or key.
pub(super) async fn catalog_named(core: &Core, text: &str) -> Result<Catalog, Fault> {
    let id = match text.parse() {
        Ok(id) => id,
        Err(_) => core.store.catalog_by_key(text).await?.ok_or_else(|| no_catalog(text))?.id,
    };
    core.platform.catalogs().require(id).await
}

fn no_catalog(what: &str) -> Fault {
    Fault::new(&codes::CATALOG_NOT_FOUND, format!("there is no catalog `{what}`"))
}

fn members(job: &BuiltinJob<'_>, name: &str) -> Result<Object, Fault> {
    match job.input.get(name) {
        Some(Value::Object(fields)) => Ok(Object::clone(fields)),
        None | Some(Value::Null) => Ok(Object::new()),
        Some(Value::List(list)) if list.is_empty() => Ok(Object::new()),
        _ => Err(Fault::new(&codes::FIELD_INVALID, format!("the input `{name}` must be a context of field values"))),
    }
}

fn done(result: &[(&str, Value)]) -> Performed {
    let result = result.iter().map(|(name, value)| (Arc::from(*name), value.clone())).collect();
    Performed { result, ..Performed::default() }
}
