//! Data stores (BPMN DA-3): records of a catalog found by fields, or named values of the installation.
//!
//! Invariant: what is written is part of the step's unit, and read back by later jobs of the same unit. Never: keeps a
//! value without a name.

use super::{BuiltinJob, Performed, actor, documents, text};
use crate::core::Core;
use crate::exchange::messages::{from_json, to_json};
use crate::partitions::session::Session;
use model::error::codes;
use model::{Fault, Object, Value};
use platform::catalogs::Catalog;
use platform::records::{Record, object};
use std::sync::Arc;
use store::{Filter, Query, RecordField, Scalar, SettingWrite, Write};

/// Reads or writes a store.
pub(super) async fn perform(core: &Core, session: &mut Session, job: &BuiltinJob<'_>) -> Result<Performed, Fault> {
    let writes = text(job, "direction") == "write";
    let value = job.input.get("value").cloned().unwrap_or_default();
    let catalog = text(job, "catalog");
    let read = if catalog.is_empty() {
        let name = text(job, "store");
        if writes {
            write_named(session, &name, value);
            return Ok(Performed::default());
        }
        read_named(core, session, &name).await?
    } else {
        let catalog = documents::catalog_named(core, &catalog).await?;
        let key = match job.input.get("key") {
            Some(Value::Object(key)) => Object::clone(key),
            _ => Object::new(),
        };
        let found = find(core, session, &catalog, &key).await?;
        if writes {
            write_record(core, session, Target { catalog: &catalog, key, found }, value).await?;
            return Ok(Performed::default());
        }
        found.map_or(Value::Null, |record| Value::Object(Arc::new(object::document_object(&catalog, &record))))
    };
    Ok(Performed { result: Object::from_iter([(Arc::from("value"), read)]), ..Performed::default() })
}

fn setting(name: &str) -> String {
    format!("process.store.{name}")
}

fn write_named(session: &mut Session, name: &str, value: Value) {
    let value = to_json(&Object::from_iter([(Arc::from("value"), value)]));
    session.writes.push(SettingWrite::Put { key: setting(name), value }.into());
}

async fn read_named(core: &Core, session: &Session, name: &str) -> Result<Value, Fault> {
    let key = setting(name);
    let own = session.writes.iter().rev().find_map(|write| match write {
        Write::Setting(SettingWrite::Put { key: k, value }) if *k == key => Some(value.clone()),
        _ => None,
    });
    let kept = match own {
        Some(kept) => Some(kept),
        None => core.store.setting(&key).await?,
    };
    Ok(kept.and_then(|kept| from_json(&kept).shift_remove("value")).unwrap_or_default())
}

/// The first record whose fields have these values.
async fn find(core: &Core, session: &Session, catalog: &Catalog, key: &Object) -> Result<Option<Record>, Fault> {
    if key.is_empty() {
        let message = "a data store that is bound to a catalog needs a key: the fields that find its record";
        return Err(Fault::new(&codes::FIELD_INVALID, message));
    }
    let mut wanted = Filter::eq(RecordField::Catalog, catalog.id).and(Filter::eq(RecordField::Deleted, false));
    for (field, value) in key {
        wanted = wanted.and(Filter::eq(RecordField::Data(field.to_string()), scalar(value)));
    }
    let query = Query::new(wanted).order(RecordField::Id, false).limit(1);
    let Some(row) = core.store.records(query).await?.rows.pop() else { return Ok(None) };
    match session.records.get(&row.id) {
        Some(own) => Ok(Some(own.clone())),
        None => core.platform.records().get(row.id).await,
    }
}

fn scalar(value: &Value) -> Scalar {
    match value {
        Value::Null => Scalar::Null,
        Value::Bool(b) => Scalar::Bool(*b),
        Value::Number(n) => n.to_i64().map_or_else(|| Scalar::Real(n.to_f64()), Scalar::Int),
        other => Scalar::Text(other.to_text()),
    }
}

struct Target<'a> {
    catalog: &'a Catalog,
    key: Object,
    found: Option<Record>,
}

async fn write_record(core: &Core, session: &mut Session, target: Target<'_>, value: Value) -> Result<(), Fault> {
    let Value::Object(fields) = value else {
        let message = "a data store that is bound to a catalog takes a context of field values";
        return Err(Fault::new(&codes::FIELD_INVALID, message));
    };
    let by = actor(session.started_by());
    let records = core.platform.records();
    let prepared = match target.found {
        Some(base) => records.prepare_change(&by, base, &fields).await?,
        None => {
            let mut all = target.key;
            all.extend(Object::clone(&fields));
            records.prepare_create(&by, target.catalog.id, &all).await?
        }
    };
    documents::keep(core, session, prepared).await.map(drop)
}
