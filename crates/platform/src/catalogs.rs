//! Catalogs: what records look like.
//!
//! Invariant: keys of fields are unique without regard to case and none is a system key of documents, so expressions
//! are never ambiguous. Changing a catalog never changes its records: a field that is taken away is only not shown.

use crate::LiveEvent;
use crate::platform::Inner;
use crate::records::object::SYSTEM_KEYS;
use model::catalog::{Field, FieldType};
use model::error::codes;
use model::{CatalogId, Fault, Timestamp};
use serde_json::json;
use std::collections::HashSet;
use store::{CatalogRow, Filter, IdKind, Query, RecordField, RecordWrite, Unit};

/// Fields a catalog may have.
pub const MAX_FIELDS: usize = 500;

/// A catalog.
#[derive(Debug, Clone, PartialEq)]
pub struct Catalog {
    /// Its id.
    pub id: CatalogId,
    /// Stable key, unique without regard to case.
    pub key: String,
    /// What people see.
    pub name: String,
    /// Its fields in order.
    pub fields: Vec<Field>,
    /// Key of the field that titles a record.
    pub title_field: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Counts its changes.
    pub version: u64,
}

/// A catalog to make.
#[derive(Debug, Clone, Default)]
pub struct NewCatalog {
    /// What people see.
    pub name: String,
    /// Stable key; made from the name when absent.
    pub key: Option<String>,
    /// Its fields in order.
    pub fields: Vec<Field>,
    /// Key of the field that titles a record; the first text field when absent.
    pub title_field: Option<String>,
}

/// A change of a catalog; `None` keeps.
#[derive(Debug, Clone, Default)]
pub struct CatalogPatch {
    /// The version it was read with; `None` = whatever it is.
    pub version: Option<u64>,
    /// What people see.
    pub name: Option<String>,
    /// All its fields in order.
    pub fields: Option<Vec<Field>>,
    /// Key of the field that titles a record.
    pub title_field: Option<String>,
}

/// Catalogs, see [`crate::Platform::catalogs`].
pub struct Catalogs<'a>(pub(crate) &'a Inner);

impl Catalogs<'_> {
    /// All catalogs, by name.
    pub async fn list(&self) -> Result<Vec<Catalog>, Fault> {
        self.0.store.catalogs().await?.into_iter().map(Catalog::try_from).collect()
    }

    /// A catalog, or `DOC-0001`.
    pub async fn require(&self, id: CatalogId) -> Result<Catalog, Fault> {
        let row = self.0.store.catalog(id).await?;
        row.ok_or_else(|| Fault::new(&codes::CATALOG_NOT_FOUND, format!("There is no catalog {id}")))?.try_into()
    }

    /// The catalog of a key.
    pub async fn by_key(&self, key: &str) -> Result<Option<Catalog>, Fault> {
        self.0.store.catalog_by_key(key).await?.map(Catalog::try_from).transpose()
    }

    /// How many records a catalog holds.
    pub async fn record_count(&self, id: CatalogId) -> Result<u64, Fault> {
        let mut query = Query::new(Filter::eq(RecordField::Catalog, id)).limit(1);
        query.page.count = true;
        Ok(self.0.store.records(query).await?.total.unwrap_or(0))
    }

    /// Makes a catalog.
    pub async fn create(&self, new: NewCatalog) -> Result<Catalog, Fault> {
        let id = CatalogId(self.0.store.next_id(IdKind::Catalog).await?);
        let now = self.0.now();
        let first_text = || {
            let text = new.fields.iter().find(|f| matches!(f.kind, FieldType::Text { .. }) && !f.multiple);
            text.map(|f| f.key.clone())
        };
        let catalog = Catalog {
            id,
            key: match new.key.as_deref().map(str::trim).filter(|k| !k.is_empty()) {
                Some(key) => key.to_owned(),
                None => self.free_key(&new.name, id).await?,
            },
            title_field: new.title_field.clone().filter(|t| !t.is_empty()).or_else(first_text),
            name: new.name.trim().to_owned(),
            fields: new.fields,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        self.check(&catalog).await?;
        self.commit(RecordWrite::InsertCatalog(row(&catalog)?)).await?;
        self.0.live.publish(LiveEvent::new("catalog", id));
        Ok(catalog)
    }

    /// Changes a catalog.
    pub async fn update(&self, id: CatalogId, patch: CatalogPatch) -> Result<Catalog, Fault> {
        let current = self.require(id).await?;
        let expect_version = patch.version.unwrap_or(current.version);
        let title_gone = |fields: &[Field], key: &String| !fields.iter().any(|f| f.key == *key);
        let fields = patch.fields.unwrap_or(current.fields);
        let title_field = match patch.title_field {
            Some(key) => Some(key).filter(|k| !k.is_empty()),
            None => current.title_field.filter(|key| !title_gone(&fields, key)),
        };
        let catalog = Catalog {
            name: patch.name.map_or(current.name, |n| n.trim().to_owned()),
            fields,
            title_field,
            updated_at: self.0.now(),
            version: expect_version + 1,
            ..current
        };
        self.check(&catalog).await?;
        self.commit(RecordWrite::UpdateCatalog { row: row(&catalog)?, expect_version }).await?;
        self.0.live.publish(LiveEvent::new("catalog", id));
        Ok(catalog)
    }

    /// Forgets a catalog that holds no records.
    pub async fn delete(&self, id: CatalogId) -> Result<(), Fault> {
        self.require(id).await?;
        let count = self.record_count(id).await?;
        if count > 0 {
            let message = format!("The catalog holds {count} records; remove them first");
            let details = json!({ "reason": "not_empty", "records": count });
            return Err(Fault::new(&codes::CATALOG_INVALID, message).with_details(details));
        }
        self.commit(RecordWrite::DeleteCatalog { id }).await?;
        self.0.live.publish(LiveEvent::new("catalog", id));
        Ok(())
    }

    async fn commit(&self, write: RecordWrite) -> Result<(), Fault> {
        match self.0.store.commit_one(Unit::of(write)).await {
            Ok(_) => Ok(()),
            Err(e) if e.conflict() == Some(&store::Conflict::CatalogKey) => {
                Err(invalid("key", "Another catalog has this key"))
            }
            Err(e) => Err(e.into()),
        }
    }

    async fn free_key(&self, name: &str, id: CatalogId) -> Result<String, Fault> {
        let made: String = name
            .trim()
            .chars()
            .filter_map(|c| match c {
                c if c.is_ascii_alphanumeric() => Some(c.to_ascii_lowercase()),
                ' ' | '-' | '_' => Some('_'),
                _ => None,
            })
            .take(50)
            .collect();
        let made = made.trim_matches('_').to_owned();
        let usable = made.starts_with(|c: char| c.is_ascii_alphabetic());
        if usable && self.0.store.catalog_by_key(&made).await?.is_none() {
            return Ok(made);
        }
        Ok(format!("{}{}", if usable { format!("{made}_") } else { "catalog_".into() }, id.0))
    }

    async fn check(&self, catalog: &Catalog) -> Result<(), Fault> {
        if catalog.name.is_empty() || catalog.name.chars().count() > 200 {
            return Err(invalid("name", "A catalog's name has 1 to 200 characters"));
        }
        if !is_key(&catalog.key) {
            return Err(invalid("key", "A key has letters, digits and underscores and starts with a letter"));
        }
        check_fields(&catalog.fields)?;
        for field in &catalog.fields {
            if let FieldType::Link { catalog: linked } = field.kind
                && linked != catalog.id
                && self.0.store.catalog(linked).await?.is_none()
            {
                return Err(invalid(&field.key, &format!("There is no catalog {linked}")));
            }
        }
        match &catalog.title_field {
            Some(key) if !catalog.fields.iter().any(|f| f.key == *key) => {
                Err(invalid("titleField", "The title's field is not among the fields"))
            }
            _ => Ok(()),
        }
    }
}

/// Checks fields by themselves.
fn check_fields(fields: &[Field]) -> Result<(), Fault> {
    if fields.len() > MAX_FIELDS {
        return Err(invalid("fields", &format!("A catalog has at most {MAX_FIELDS} fields")));
    }
    let mut seen = HashSet::new();
    for field in fields {
        let upper = field.key.to_ascii_uppercase();
        if !is_key(&field.key) {
            let message = "A field's key has letters, digits and underscores and does not start with a digit";
            return Err(invalid(&field.key, message));
        }
        if SYSTEM_KEYS.contains(&upper.as_str()) {
            return Err(invalid(&field.key, &format!("The key `{}` is taken by the system", field.key)));
        }
        if !seen.insert(upper) {
            return Err(invalid(&field.key, &format!("The key `{}` is used twice", field.key)));
        }
        if field.name.trim().is_empty() || field.name.chars().count() > 200 {
            return Err(invalid(&field.key, "A field's name has 1 to 200 characters"));
        }
        if let FieldType::List { options } = &field.kind {
            let mut keys = HashSet::new();
            if options.is_empty() || options.len() > 1000 {
                return Err(invalid(&field.key, "A list has 1 to 1000 options"));
            }
            if options.iter().any(|o| o.key.trim().is_empty() || o.key.len() > 200 || !keys.insert(&o.key)) {
                return Err(invalid(&field.key, "Options have different keys that are not empty"));
            }
        }
    }
    Ok(())
}

fn is_key(key: &str) -> bool {
    (1..=100).contains(&key.len())
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !key.as_bytes()[0].is_ascii_digit()
}

fn invalid(field: &str, message: &str) -> Fault {
    Fault::new(&codes::CATALOG_INVALID, message).with_details(json!({ "field": field }))
}

fn row(catalog: &Catalog) -> Result<CatalogRow, Fault> {
    Ok(CatalogRow {
        id: catalog.id,
        key: catalog.key.clone(),
        name: catalog.name.clone(),
        fields: serde_json::to_value(&catalog.fields).map_err(|e| Fault::of(&codes::CATALOG_INVALID).caused_by(e))?,
        title_field: catalog.title_field.clone(),
        created_at: catalog.created_at,
        updated_at: catalog.updated_at,
        version: catalog.version,
    })
}

impl TryFrom<CatalogRow> for Catalog {
    type Error = Fault;
    fn try_from(row: CatalogRow) -> Result<Self, Fault> {
        Ok(Self {
            id: row.id,
            key: row.key,
            name: row.name,
            fields: serde_json::from_value(row.fields).map_err(|e| Fault::of(&codes::STORE_CORRUPT).caused_by(e))?,
            title_field: row.title_field,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_fields() {
        let field = |key: &str, kind: FieldType| Field {
            key: key.into(),
            name: "N".into(),
            kind,
            required: false,
            multiple: false,
        };
        let text = || FieldType::Text { multiline: false };
        let table = [
            (vec![field("NAME", text()), field("amount", FieldType::Number)], None),
            (vec![field("1a", text())], Some("1a")),
            (vec![field("", text())], Some("")),
            (vec![field("a", text()), field("A", text())], Some("A")),
            (vec![field("created_by", text())], Some("created_by")),
            (vec![field("s", FieldType::List { options: vec![] })], Some("s")),
        ];
        for (fields, wrong) in table {
            let got = check_fields(&fields).err().map(|f| f.details.unwrap()["field"].clone());
            assert_eq!(got, wrong.map(|w| json!(w)));
        }
    }
}
