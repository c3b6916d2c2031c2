//! Text in one or several languages, as apps give it.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// A plain text, or texts by language. JSON: a string, or `{"ru":"…","en":"…"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Localized {
    /// The same in every language.
    Plain(String),
    /// By language code, in the order given.
    Languages(IndexMap<String, String>),
}

impl Default for Localized {
    fn default() -> Self {
        Self::Plain(String::new())
    }
}

impl From<&str> for Localized {
    fn from(text: &str) -> Self {
        Self::Plain(text.to_owned())
    }
}

impl Localized {
    /// The text for `language`, else the English one, else the first.
    pub fn get(&self, language: &str) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Languages(map) => {
                let by = |wanted: &str| map.iter().find(|(k, _)| k.eq_ignore_ascii_case(wanted)).map(|(_, v)| v);
                by(language).or_else(|| by("en")).or_else(|| map.values().next()).map_or("", String::as_str)
            }
        }
    }

    /// Whether there is no text in any language.
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Plain(text) => text.trim().is_empty(),
            Self::Languages(map) => map.values().all(|t| t.trim().is_empty()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_then_english_then_first() {
        let text: Localized = serde_json::from_str(r#"{"de":"Hallo","en":"Hello","ru":"Привет"}"#).unwrap();
        assert_eq!([text.get("ru"), text.get("RU"), text.get("fr")], ["Привет", "Привет", "Hello"]);
        let text: Localized = serde_json::from_str(r#"{"de":"Hallo","fr":""}"#).unwrap();
        assert_eq!(text.get("ru"), "Hallo");
        assert_eq!(Localized::from("x").get("ru"), "x");
        assert_eq!(serde_json::to_string(&Localized::from("x")).unwrap(), "\"x\"");
    }
}
