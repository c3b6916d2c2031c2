//! Addresses and bodies: which method is called, with what token and parameters (contract 1.1-1.3).

use crate::wire::{Array, Param, Upload, WireError, form, json};
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart};
use axum::http::{HeaderMap, Request, header};
use bytes::Bytes;

/// The response format that the address picks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JSON, also without a suffix.
    Json,
    /// XML.
    Xml,
}

/// A path under `/rest/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The method's name, lower case; empty when there is none.
    pub method: String,
    /// The response format.
    pub format: Format,
    /// User id and secret of an incoming webhook.
    pub webhook: Option<(i64, String)>,
}

impl Address {
    /// Reads the part of the path after `/rest`. Doubled and trailing slashes are taken.
    pub fn parse(path: &str) -> Self {
        let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
        let (webhook, name) = match parts.as_slice() {
            [name] => (None, *name),
            [user, secret, rest @ ..] if user.bytes().all(|b| b.is_ascii_digit()) => {
                let name = if let [name] = rest { *name } else { "" };
                (user.parse().ok().map(|id| (id, (*secret).to_owned())), name)
            }
            _ => (None, ""),
        };
        let name = name.to_ascii_lowercase();
        let (name, format) = match (name.strip_suffix(".json"), name.strip_suffix(".xml")) {
            (Some(bare), _) => (bare, Format::Json),
            (_, Some(bare)) => (bare, Format::Xml),
            _ => (name.as_str(), Format::Json),
        };
        let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
        Self { method: if plain { name.to_owned() } else { String::new() }, format, webhook }
    }
}

/// The parameters of a request: query, then body, later wins on equal top-level key.
pub async fn parameters(query: &str, headers: &HeaderMap, body: Bytes) -> Result<Array, WireError> {
    let mut map = form::decode(query.as_bytes()).map_err(WireError::too_complex)?;
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    let media = content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    if body.is_empty() {
        return Ok(map);
    }
    let decoded = match media.as_str() {
        "application/json" => json::decode(&body).map_err(WireError::too_complex)?,
        "application/x-www-form-urlencoded" | "" => form::decode(&body).map_err(WireError::too_complex)?,
        "multipart/form-data" => multipart(content_type, body).await?,
        _ => Array::new(),
    };
    map.merge(decoded);
    Ok(map)
}

/// A broken multipart body counts as what could be read of it.
async fn multipart(content_type: &str, body: Bytes) -> Result<Array, WireError> {
    let mut map = Array::new();
    let mut keys = 0;
    let request = Request::builder().header(header::CONTENT_TYPE, content_type).body(axum::body::Body::from(body));
    let Ok(mut request) = request else { return Ok(map) };
    // The body was read under our own limit already; axum's is smaller.
    DefaultBodyLimit::disable().apply(&mut request);
    let Ok(mut parts) = Multipart::from_request(request, &()).await else { return Ok(map) };
    while let Ok(Some(field)) = parts.next_field().await {
        let name = field.name().unwrap_or("").to_owned();
        let file = field.file_name().map(str::to_owned);
        let Ok(bytes) = field.bytes().await else { break };
        let value = match file {
            Some(name) => Param::File(Upload { name, bytes }),
            None => Param::Text(String::from_utf8_lossy(&bytes).into_owned()),
        };
        form::insert(&mut map, &name, value, &mut keys).map_err(WireError::too_complex)?;
    }
    Ok(map)
}

/// The access token of a request: header, then `auth`, then `access_token`. An object is no token.
pub fn token(headers: &HeaderMap, params: &Array) -> Option<String> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| {
        let (kind, token) = v.trim().split_once(' ')?;
        kind.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
    });
    let scalar = |name: &str| match params.get(name) {
        Some(Param::Text(text)) if !text.is_empty() => Some(text.clone()),
        _ => None,
    };
    bearer.filter(|t| !t.is_empty()).or_else(|| scalar("auth")).or_else(|| scalar("access_token"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let at = |path: &str| {
            let a = Address::parse(path);
            let webhook = a.webhook.map(|(id, secret)| format!("{id}/{secret}"));
            (a.method, a.format, webhook)
        };
        let plain = |name: &str| (name.to_owned(), Format::Json, None);
        for path in ["/user.current", "/user.current/", "//user.current", "/user.current.json", "/USER.Current.JSON/"] {
            assert_eq!(at(path), plain("user.current"), "{path}");
        }
        assert_eq!(at("/user.current.xml").1, Format::Xml);
        let hook = Some("1/abc".to_owned());
        for path in ["/1/abc/profile", "/1/abc//profile.json", "//1/abc/profile/"] {
            assert_eq!(at(path), ("profile".into(), Format::Json, hook.clone()), "{path}");
        }
        for path in ["/", "", "/api/v3/x", "/a/b", "/1/abc", "/user%20x", "/x<script>", "/1/abc/a/b"] {
            assert_eq!(at(path).0, "", "{path}");
        }
    }

    #[test]
    fn tokens_in_their_order() {
        let mut headers = HeaderMap::new();
        let params = form::decode(b"auth=a&access_token=b").unwrap();
        assert_eq!(token(&headers, &params).as_deref(), Some("a"));
        let nested = form::decode(b"auth[access_token]=a&access_token=b").unwrap();
        assert_eq!(token(&headers, &nested).as_deref(), Some("b"));
        headers.insert(header::AUTHORIZATION, "bearer  c ".parse().unwrap());
        assert_eq!(token(&headers, &params).as_deref(), Some("c"));
        headers.insert(header::AUTHORIZATION, "Basic eDp5".parse().unwrap());
        assert_eq!(token(&headers, &nested).as_deref(), Some("b"));
        assert_eq!(token(&HeaderMap::new(), &Array::new()), None);
    }
}
