//! Descriptions of activities as apps send them (contract 2.2), read into the platform's types.
//!
//! Descriptor keys are taken in any case; keys inside `Options` and language maps are kept as sent.

use crate::documents::Triple;
use crate::wire::{Array, Param, WireError};
use indexmap::IndexMap;
use model::UserId;
use platform::apps::{ActivitySpec, Localized, PropertyDescriptor};

/// A validation failure's code.
pub const INVALID: &str = "ERROR_ACTIVITY_VALIDATION_FAILURE";

/// A text, or a map language → text.
pub fn localized(param: Option<&Param>) -> Localized {
    match param {
        Some(Param::Array(map)) => {
            let texts = map.iter().filter_map(|(lang, text)| Some((lang.to_owned(), text.as_text()?)));
            Localized::Languages(texts.collect())
        }
        Some(scalar) => Localized::Plain(scalar.as_text().unwrap_or_default()),
        None => Localized::default(),
    }
}

/// `Y`, `N`, a JSON boolean, or nothing.
pub fn subscription(param: Option<&Param>) -> Option<bool> {
    param.filter(|p| !p.is_blank()).map(Param::as_flag)
}

/// `AUTH_USER_ID`; 0 and nothing are nobody.
pub fn auth_user(param: Option<&Param>) -> Option<UserId> {
    param.and_then(Param::as_int).filter(|n| *n > 0).map(UserId)
}

/// `PROPERTIES`, `RETURN_PROPERTIES`: a map, or blank.
pub fn properties(param: Option<&Param>) -> Result<IndexMap<String, PropertyDescriptor>, WireError> {
    match param {
        None => Ok(IndexMap::new()),
        Some(blank) if blank.is_blank() => Ok(IndexMap::new()),
        Some(Param::Array(map)) => Ok(map.iter().map(|(key, value)| (key.to_owned(), property(value))).collect()),
        Some(_) => Err(WireError::bad(INVALID, "Wrong properties array!")),
    }
}

fn property(param: &Param) -> PropertyDescriptor {
    let Some(map) = param.as_array() else { return PropertyDescriptor::default() };
    let kind = map.get_folded("Type").and_then(Param::as_text).unwrap_or_default();
    PropertyDescriptor {
        name: localized(map.get_folded("Name")),
        description: localized(map.get_folded("Description")),
        kind: if kind.is_empty() { "string".to_owned() } else { kind },
        required: map.get_folded("Required").is_some_and(Param::as_flag),
        multiple: map.get_folded("Multiple").is_some_and(Param::as_flag),
        options: options(map.get_folded("Options")),
        default: map.get_folded("Default").map_or(serde_json::Value::Null, Param::to_json),
        settings: map.get_folded("Settings").map_or(serde_json::Value::Null, Param::to_json),
    }
}

/// A list gives keys `0..n-1`; an option itself may have languages.
fn options(param: Option<&Param>) -> IndexMap<String, Localized> {
    let map = param.and_then(Param::as_array);
    map.into_iter().flat_map(Array::iter).map(|(key, label)| (key.to_owned(), localized(Some(label)))).collect()
}

/// `DOCUMENT_TYPE`: three non-empty texts, or blank.
pub fn document_type(param: Option<&Param>) -> Result<Option<[String; 3]>, WireError> {
    match param {
        None => Ok(None),
        Some(blank) if blank.is_blank() => Ok(None),
        Some(given) => {
            let triple = Triple::read(Some(given));
            let triple = triple.ok_or_else(|| WireError::bad(INVALID, "Wrong activity DOCUMENT_TYPE!"))?;
            Ok(Some([triple.module, triple.entity, triple.third]))
        }
    }
}

/// `FILTER`: a map with lists under `INCLUDE` and `EXCLUDE`, or blank.
pub fn filter(param: Option<&Param>) -> Result<Option<serde_json::Value>, WireError> {
    let wrong = || WireError::bad(INVALID, "Wrong activity FILTER!");
    let map = match param {
        None => return Ok(None),
        Some(blank) if blank.is_blank() => return Ok(None),
        Some(Param::Array(map)) => map,
        Some(_) => return Err(wrong()),
    };
    let known = |key: &str| ["INCLUDE", "EXCLUDE"].iter().any(|k| k.eq_ignore_ascii_case(key));
    let well_formed = map.iter().all(|(key, rules)| known(key) && (rules.as_array().is_some() || rules.is_blank()));
    if !well_formed {
        return Err(wrong());
    }
    let upper = map.iter().map(|(key, rules)| (key.to_ascii_uppercase(), rules.to_json()));
    Ok(Some(serde_json::Value::Object(upper.collect())))
}

/// Sets what `fields` names and keeps the rest; the first failure that is not the platform's to find comes along.
pub fn apply(spec: &mut ActivitySpec, fields: &Array) -> Option<WireError> {
    let mut failure = None;
    let mut keep = |error: WireError| failure.get_or_insert(error).status;
    let get = |name: &str| fields.get_folded(name);
    if let Some(handler) = get("HANDLER") {
        spec.handler = handler.as_text().unwrap_or_default().trim().to_owned();
    }
    if let Some(user) = get("AUTH_USER_ID") {
        spec.auth_user = auth_user(Some(user));
    }
    if let Some(flag) = get("USE_SUBSCRIPTION") {
        spec.use_subscription = subscription(Some(flag));
    }
    if let Some(name) = get("NAME") {
        spec.name = localized(Some(name));
    }
    if let Some(text) = get("DESCRIPTION") {
        spec.description = localized(Some(text));
    }
    for (name, target) in [("PROPERTIES", &mut spec.properties), ("RETURN_PROPERTIES", &mut spec.return_properties)] {
        match get(name).map(|p| properties(Some(p))) {
            Some(Ok(map)) => *target = map,
            Some(Err(error)) => {
                keep(error);
            }
            None => {}
        }
    }
    match get("DOCUMENT_TYPE").map(|p| document_type(Some(p))) {
        Some(Ok(triple)) => spec.document_type = triple,
        Some(Err(error)) => {
            keep(error);
        }
        None => {}
    }
    match get("FILTER").map(|p| filter(Some(p))) {
        Some(Ok(rules)) => spec.filter = rules,
        Some(Err(error)) => {
            keep(error);
        }
        None => {}
    }
    if let Some(flag) = get("USE_PLACEMENT") {
        spec.use_placement = flag.as_flag();
    }
    if let Some(page) = get("PLACEMENT_HANDLER") {
        spec.placement_handler = page.as_text().map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
    }
    failure
}

/// The fields that an update may name.
pub const FIELDS: [&str; 11] = [
    "HANDLER",
    "AUTH_USER_ID",
    "USE_SUBSCRIPTION",
    "USE_PLACEMENT",
    "PLACEMENT_HANDLER",
    "NAME",
    "DESCRIPTION",
    "PROPERTIES",
    "RETURN_PROPERTIES",
    "DOCUMENT_TYPE",
    "FILTER",
];
