//! Documents on this face: a catalog is the type `["lists", "BizprocDocument", "iblock_N"]`, its record `N`.

use crate::wire::Param;
use model::{CatalogId, RecordId};

/// The module of every document here.
pub const MODULE: &str = "lists";
/// The entity that documents are shown with.
pub const ENTITY: &str = "BizprocDocument";
/// The other entity that is taken for the same documents.
const ENTITY_LISTS: &str = "Bitrix\\Lists\\BizprocDocumentLists";

/// A triple as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Triple {
    /// `lists`.
    pub module: String,
    /// `BizprocDocument`.
    pub entity: String,
    /// `iblock_3` for a type, `2249` for a document.
    pub third: String,
}

impl Triple {
    /// Three non-empty scalars of a list or map; `None` for anything else.
    pub fn read(param: Option<&Param>) -> Option<Self> {
        let array = param?.as_array()?;
        if array.len() != 3 {
            return None;
        }
        let mut parts = array.values().filter_map(Param::as_text).filter(|t| !t.trim().is_empty());
        Some(Self { module: parts.next()?, entity: parts.next()?, third: parts.next()? })
    }

    /// Whether module and entity are ones that exist here.
    pub fn is_known(&self) -> bool {
        let entity = self.entity.trim_start_matches('\\');
        self.module == MODULE && (entity == ENTITY || entity == ENTITY_LISTS)
    }

    /// The catalog that a type triple names.
    pub fn catalog(&self) -> Option<CatalogId> {
        let number = self.third.strip_prefix("iblock_")?;
        self.is_known().then(|| plain(number).map(CatalogId)).flatten()
    }

    /// The record that a document triple names.
    pub fn record(&self) -> Option<RecordId> {
        self.is_known().then(|| plain(&self.third).map(RecordId)).flatten()
    }
}

fn plain(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if digits { text.parse().ok().filter(|n| *n > 0) } else { None }
}

/// The third part of a catalog's type triple.
pub fn type_name(catalog: CatalogId) -> String {
    format!("iblock_{}", catalog.0)
}

/// The triple of a catalog.
pub fn type_triple(catalog: CatalogId) -> [String; 3] {
    [MODULE.into(), ENTITY.into(), type_name(catalog)]
}

/// The triple of a record.
pub fn document_triple(record: RecordId) -> [String; 3] {
    [MODULE.into(), ENTITY.into(), record.0.to_string()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn triples() {
        let read = |json| Triple::read(Some(&Param::from_json(&json)));
        let by_map = read(json!({"0": "lists", "1": "BizprocDocument", "2": "iblock_3"})).unwrap();
        assert_eq!(by_map.catalog(), Some(CatalogId(3)));
        let other = read(json!(["lists", "Bitrix\\Lists\\BizprocDocumentLists", 2249])).unwrap();
        assert_eq!(other.record(), Some(RecordId(2249)));
        let deal = read(json!(["crm", "CCrmDocumentDeal", "DEAL_12"])).unwrap();
        assert!(!deal.is_known() && deal.record().is_none());
        for bad in [json!([]), json!("x"), json!(["lists", "BizprocDocument"]), json!(["a", "", "c"]), json!(null)] {
            assert_eq!(read(bad.clone()), None, "{bad}");
        }
    }
}
