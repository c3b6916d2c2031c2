//! Records: the company's documents.
//!
//! Invariant: a record's values fit its catalog's fields at the moment they are written (see [`validate`]); people and
//! records they name exist then. A change names the version it is based on, so none is lost silently.
//! Never: starts processes on changes; whoever commits a change does.

pub mod object;
pub mod validate;

use crate::catalogs::{Catalog, Catalogs};
use crate::platform::Inner;
use crate::{Actor, LiveEvent, Prepared};
use model::catalog::FieldType;
use model::error::codes;
use model::{CatalogId, DocumentRef, Fault, Object, RecordId, Timestamp, UserId, Value};
use serde_json::json;
use store::{Filter, IdKind, Op, Page, Query, RecordField, RecordRow, RecordWrite, Scalar, Write};
use validate::Completeness;

/// A record.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its id.
    pub id: RecordId,
    /// Its catalog.
    pub catalog: CatalogId,
    /// Counts its changes, from 1.
    pub version: u64,
    /// What people see.
    pub title: String,
    /// Values by field key, in their stored form.
    pub fields: Object,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom; none: the system.
    pub created_by: Option<UserId>,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// By whom.
    pub updated_by: Option<UserId>,
}

impl Record {
    /// What a process for it runs for.
    pub fn document(&self) -> DocumentRef {
        DocumentRef { catalog: self.catalog, record: self.id }
    }
}

/// What records are ordered by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sort {
    /// Their number.
    Id,
    /// Their title.
    Title,
    /// When they were made.
    CreatedAt,
    /// When they were last changed.
    UpdatedAt,
    /// A field of the catalog.
    Field(String),
}

/// Which records are wanted.
#[derive(Debug, Clone)]
pub struct RecordList {
    /// Of which catalog.
    pub catalog: CatalogId,
    /// Part of any text of the record.
    pub search: Option<String>,
    /// Fields that equal values, `""` = has none.
    pub filters: Vec<(String, String)>,
    /// Their order, and whether it starts at the greatest.
    pub sort: (Sort, bool),
    /// How many.
    pub limit: u32,
    /// How many to skip.
    pub offset: u64,
}

/// Records, see [`crate::Platform::records`].
pub struct Records<'a>(pub(crate) &'a Inner);

impl Records<'_> {
    /// A record that was not deleted.
    pub async fn get(&self, id: RecordId) -> Result<Option<Record>, Fault> {
        let Some(row) = self.0.store.record(id).await?.filter(|r| !r.deleted) else { return Ok(None) };
        let catalog = self.catalog(row.catalog).await?;
        Ok(Some(record(&catalog, row)))
    }

    /// A record, or `DOC-0002`.
    pub async fn require(&self, id: RecordId) -> Result<Record, Fault> {
        self.get(id).await?.ok_or_else(|| not_found(id))
    }

    /// Several records of any catalogs; unknown and deleted ones are left out.
    pub async fn titles(&self, ids: &[RecordId]) -> Result<Vec<(RecordId, String)>, Fault> {
        let rows = self.0.store.records_by_id(ids).await?;
        Ok(rows.into_iter().filter(|r| !r.deleted).map(|r| (r.id, r.title)).collect())
    }

    /// Records of any catalog whose title or text holds `search`, for the palette.
    pub async fn search(&self, search: &str, limit: u32) -> Result<Vec<(RecordId, CatalogId, String)>, Fault> {
        let mut query = Query::<RecordField>::default().limit(limit);
        query.text = Some(search.to_owned());
        Ok(self.0.store.records(query).await?.rows.into_iter().map(|r| (r.id, r.catalog, r.title)).collect())
    }

    /// A list, and how many there are in all.
    pub async fn list(&self, list: RecordList) -> Result<(Vec<Record>, u64), Fault> {
        let catalog = Catalogs(self.0).require(list.catalog).await?;
        let mut filter = Filter::eq(RecordField::Catalog, list.catalog);
        for (key, text) in &list.filters {
            filter = filter.and(field_filter(&catalog, key, text)?);
        }
        let field = match list.sort.0 {
            Sort::Id => RecordField::Id,
            Sort::Title => RecordField::Title,
            Sort::CreatedAt => RecordField::CreatedAt,
            Sort::UpdatedAt => RecordField::UpdatedAt,
            Sort::Field(key) => {
                let field = validate::find(&catalog.fields, &key).ok_or_else(|| unknown_field(&key))?;
                RecordField::Data(field.key.clone())
            }
        };
        let query = Query {
            filter,
            text: list.search.filter(|s| !s.trim().is_empty()),
            page: Page { limit: list.limit, offset: list.offset, count: true },
            ..Query::default()
        };
        let page = self.0.store.records(query.order(field, list.sort.1)).await?;
        let total = page.total.unwrap_or(0);
        Ok((page.rows.into_iter().map(|row| record(&catalog, row)).collect(), total))
    }

    /// A document as expressions see it (see [`object::document_object`]); none when it is gone.
    pub async fn document_object(&self, document: DocumentRef) -> Result<Option<Object>, Fault> {
        let Some(row) = self.0.store.record(document.record).await?.filter(|r| !r.deleted) else { return Ok(None) };
        let catalog = self.catalog(row.catalog).await?;
        let record = record(&catalog, row);
        Ok(Some(object::document_object(&catalog, &record)))
    }

    /// A new record as data.
    pub async fn prepare_create(
        &self,
        actor: &Actor,
        catalog: CatalogId,
        fields: &Object,
    ) -> Result<Prepared<Record>, Fault> {
        let catalog = Catalogs(self.0).require(catalog).await?;
        let fields = validate::validate(&catalog.fields, fields, Completeness::Whole)?;
        self.check_references(&catalog, &fields).await?;
        let id = RecordId(self.0.store.next_id(IdKind::Record).await?);
        let now = self.0.now();
        let by = author(actor);
        let made = Record {
            id,
            catalog: catalog.id,
            version: 1,
            title: object::title(&catalog, id.0, &fields),
            fields,
            created_at: now,
            created_by: by,
            updated_at: now,
            updated_by: by,
        };
        let write = RecordWrite::Insert(Box::new(row(&made)));
        Ok(prepared(made, write))
    }

    /// A change of some fields as data, based on the record as it is now. `expect_version`: fails with `DOC-0005`
    /// unless it is still that version.
    pub async fn prepare_update(
        &self,
        actor: &Actor,
        id: RecordId,
        fields: &Object,
        expect_version: Option<u64>,
    ) -> Result<Prepared<Record>, Fault> {
        let base = self.require(id).await?;
        if expect_version.is_some_and(|v| v != base.version) {
            return Err(conflict(&base));
        }
        self.prepare_change(actor, base, fields).await
    }

    /// A change of some fields as data, based on `base`: the record as read, or as an earlier change of the same unit
    /// leaves it.
    pub async fn prepare_change(
        &self,
        actor: &Actor,
        base: Record,
        fields: &Object,
    ) -> Result<Prepared<Record>, Fault> {
        let catalog = Catalogs(self.0).require(base.catalog).await?;
        let changed = validate::validate(&catalog.fields, fields, Completeness::Partial)?;
        self.check_references(&catalog, &changed).await?;
        let expect_version = Some(base.version);
        let mut all = base.fields.clone();
        all.extend(changed);
        let now = self.0.now();
        let made = Record {
            version: base.version + 1,
            title: object::title(&catalog, base.id.0, &all),
            fields: all,
            updated_at: now,
            updated_by: author(actor),
            ..base
        };
        let write = RecordWrite::Update {
            id: made.id,
            expect_version,
            title: made.title.clone(),
            data: to_json(&made.fields),
            at: now,
            by: made.updated_by,
        };
        Ok(prepared(made, write))
    }

    /// A deletion as data.
    pub async fn prepare_delete(&self, actor: &Actor, id: RecordId) -> Result<Prepared<Record>, Fault> {
        let base = self.require(id).await?;
        let expect_version = Some(base.version);
        let write = RecordWrite::Delete { id, expect_version, at: self.0.now(), by: author(actor) };
        Ok(prepared(base, write))
    }

    /// Makes a record now.
    pub async fn create(&self, actor: &Actor, catalog: CatalogId, fields: &Object) -> Result<Record, Fault> {
        let prepared = self.prepare_create(actor, catalog, fields).await?;
        self.make(prepared).await
    }

    /// Changes some fields now; `DOC-0005` with `details.current` when the record is not at `expect_version`.
    pub async fn update(
        &self,
        actor: &Actor,
        id: RecordId,
        fields: &Object,
        expect_version: Option<u64>,
    ) -> Result<Record, Fault> {
        let prepared = self.prepare_update(actor, id, fields, expect_version).await?;
        match self.make(prepared).await {
            Err(fault) if fault.is(&codes::RECORD_CONFLICT) => Err(conflict(&self.require(id).await?)),
            other => other,
        }
    }

    /// Deletes a record now.
    pub async fn delete(&self, actor: &Actor, id: RecordId) -> Result<(), Fault> {
        let prepared = self.prepare_delete(actor, id).await?;
        self.make(prepared).await.map(drop)
    }

    /// Makes a prepared change now, in one unit with `more`. `DOC-0005` with `details.current` when somebody else was
    /// quicker.
    pub async fn make_with(&self, mut prepared: Prepared<Record>, more: Vec<Write>) -> Result<Record, Fault> {
        let id = prepared.value.id;
        prepared.writes.extend(more);
        match self.make(prepared).await {
            Err(fault) if fault.is(&codes::RECORD_CONFLICT) => match self.get(id).await? {
                Some(current) => Err(conflict(&current)),
                None => Err(fault),
            },
            other => other,
        }
    }

    async fn make(&self, prepared: Prepared<Record>) -> Result<Record, Fault> {
        self.0.commit(prepared.unit()).await?;
        prepared.events.into_iter().for_each(|e| self.0.live.publish(e));
        Ok(prepared.value)
    }

    async fn catalog(&self, id: CatalogId) -> Result<Catalog, Fault> {
        Catalogs(self.0).require(id).await
    }

    /// People and records that the values name must exist.
    async fn check_references(&self, catalog: &Catalog, values: &Object) -> Result<(), Fault> {
        for field in &catalog.fields {
            let Some(value) = values.get(field.key.as_str()).filter(|v| !v.is_null()) else { continue };
            let texts: Vec<&str> = match value {
                Value::List(items) => items.iter().filter_map(Value::as_str).collect(),
                one => one.as_str().into_iter().collect(),
            };
            match &field.kind {
                FieldType::Person => {
                    let ids: Vec<UserId> = texts.iter().filter_map(|t| t.parse().ok()).collect();
                    let known = self.0.store.users_by_id(&ids).await?;
                    if let Some(id) = ids.iter().find(|id| !known.iter().any(|u| u.id == **id)) {
                        return Err(validate::wrong(field, "unknown", &format!("there is no person {id}")));
                    }
                }
                FieldType::Link { catalog: linked } => {
                    let ids: Vec<RecordId> = texts.iter().filter_map(|t| t.parse().ok()).collect();
                    let known = self.0.store.records_by_id(&ids).await?;
                    let fits = |id: &RecordId| known.iter().any(|r| r.id == *id && r.catalog == *linked && !r.deleted);
                    if let Some(id) = ids.iter().find(|id| !fits(id)) {
                        return Err(validate::wrong(field, "unknown", &format!("there is no record {id} in {linked}")));
                    }
                }
                FieldType::Text { .. }
                | FieldType::Number
                | FieldType::Boolean
                | FieldType::Date { .. }
                | FieldType::List { .. } => {}
            }
        }
        Ok(())
    }
}

fn field_filter(catalog: &Catalog, key: &str, text: &str) -> Result<Filter<RecordField>, Fault> {
    let field = validate::find(&catalog.fields, key).ok_or_else(|| unknown_field(key))?;
    let single = model::catalog::Field { multiple: false, ..field.clone() };
    let scalar = match validate::field_value(&single, &Value::text(text))?.to_json() {
        serde_json::Value::Null => Scalar::Null,
        serde_json::Value::Bool(b) => Scalar::Bool(b),
        serde_json::Value::Number(n) => {
            n.as_i64().map_or_else(|| Scalar::Real(n.as_f64().unwrap_or_default()), Scalar::Int)
        }
        other => Scalar::Text(other.as_str().unwrap_or_default().to_owned()),
    };
    Ok(Filter::Is(RecordField::Data(field.key.clone()), Op::Eq, scalar))
}

fn unknown_field(key: &str) -> Fault {
    Fault::new(&codes::FIELD_UNKNOWN, format!("The catalog has no field `{key}`")).with_details(json!({ "field": key }))
}

fn prepared(record: Record, write: RecordWrite) -> Prepared<Record> {
    let data = json!({ "catalogId": record.catalog, "version": record.version });
    let event = LiveEvent::new("record", record.id).with(data);
    Prepared { value: record, writes: vec![write.into()], events: vec![event] }
}

fn author(actor: &Actor) -> Option<UserId> {
    Some(actor.user_id()).filter(|id| id.0 > 0)
}

fn not_found(id: RecordId) -> Fault {
    Fault::new(&codes::RECORD_NOT_FOUND, format!("There is no record {id}"))
}

fn conflict(current: &Record) -> Fault {
    let details = json!({ "current": { "version": current.version, "fields": to_json(&current.fields),
        "updatedAt": current.updated_at.to_iso(), "updatedBy": current.updated_by } });
    Fault::of(&codes::RECORD_CONFLICT).with_details(details)
}

fn to_json(fields: &Object) -> serde_json::Value {
    serde_json::Value::Object(fields.iter().map(|(k, v)| (k.to_string(), v.to_json())).collect())
}

fn row(record: &Record) -> RecordRow {
    RecordRow {
        id: record.id,
        catalog: record.catalog,
        version: record.version,
        title: record.title.clone(),
        data: to_json(&record.fields),
        created_at: record.created_at,
        created_by: record.created_by,
        updated_at: record.updated_at,
        updated_by: record.updated_by,
        deleted: false,
    }
}

fn record(catalog: &Catalog, row: RecordRow) -> Record {
    Record {
        fields: object::read_fields(catalog, &row.data),
        id: row.id,
        catalog: row.catalog,
        version: row.version,
        title: row.title,
        created_at: row.created_at,
        created_by: row.created_by,
        updated_at: row.updated_at,
        updated_by: row.updated_by,
    }
}
