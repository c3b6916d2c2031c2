//! How this installation names itself to apps: host, endpoints, and the token object (contract 1.12).

use platform::apps::TokenPair;
use serde_json::{Value as Json, json};

/// Status of every app here: local.
pub const STATUS: &str = "L";

/// The host, with its port when it is not the scheme's own: apps build `http://{domain}/rest/…` from it.
pub fn domain(public_url: &str) -> String {
    let Ok(url) = url::Url::parse(public_url) else { return public_url.to_owned() };
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The address that methods are called under, with its slash.
pub fn endpoint(public_url: &str) -> String {
    format!("{}/rest/", public_url.trim_end_matches('/'))
}

/// Tokens as `/oauth/token` gives them.
pub fn token_object(pair: &TokenPair, public_url: &str) -> Json {
    json!({
        "access_token": pair.access_token,
        "expires": pair.expires.0.div_euclid(1000),
        "expires_in": pair.expires_in,
        "scope": pair.scopes.to_text(),
        "domain": domain(public_url),
        "server_endpoint": endpoint(public_url),
        "client_endpoint": endpoint(public_url),
        "status": STATUS,
        "member_id": pair.member_id,
        "user_id": pair.user.0,
        "refresh_token": pair.refresh_token,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_carries_an_odd_port() {
        for (url, want) in [
            ("http://127.0.0.1:8080", "127.0.0.1:8080"),
            ("https://bp.example.com", "bp.example.com"),
            ("https://bp.example.com:443/", "bp.example.com"),
            ("http://bp.example.com:443", "bp.example.com:443"),
            ("http://[::1]:8080", "[::1]:8080"),
        ] {
            assert_eq!(domain(url), want, "{url}");
        }
        assert_eq!(endpoint("http://x.y/"), "http://x.y/rest/");
    }
}
