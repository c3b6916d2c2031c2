//! The web UI, embedded in the binary: hashed assets are cached for ever, every other path gets the application.
//!
//! Never: answers under `/api`, `/rest` or `/oauth` (their routers do).

use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, Uri, header},
};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../web/dist"]
#[allow_missing = true]
struct Files;

/// Scripts and styles from this server only; images also as data (diagrams); no frames around us, no plug-ins.
/// Styles are inline where the diagram editor sets them; the designer's rules are WebAssembly of this server.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; font-src 'self' data:; \
    style-src 'self' 'unsafe-inline'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; \
    frame-ancestors 'none'; object-src 'none'; base-uri 'self'";

/// The file at the path, or the application for a path that is a page of it.
pub async fn serve(uri: Uri) -> Response<Body> {
    let path = uri.path().trim_start_matches('/');
    if let Some(file) = Files::get(path).filter(|_| !path.is_empty()) {
        let cache = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
        return answer(StatusCode::OK, &mime_of(path), cache, file.data.into_owned());
    }
    let page = !path.rsplit('/').next().unwrap_or_default().contains('.');
    match Files::get("index.html") {
        Some(index) if page => answer(StatusCode::OK, "text/html; charset=utf-8", "no-cache", index.data.into_owned()),
        Some(_) => answer(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "no-store", b"No such file.\n".to_vec()),
        None => answer(
            StatusCode::NOT_FOUND,
            "text/plain; charset=utf-8",
            "no-store",
            b"This binary was built without the web UI: build it with `make build`.\n".to_vec(),
        ),
    }
}

fn mime_of(path: &str) -> String {
    let mime = mime_guess::from_path(path).first_or_octet_stream();
    if mime.type_() == "text" || mime.subtype() == "javascript" {
        format!("{mime}; charset=utf-8")
    } else {
        mime.to_string()
    }
}

fn answer(status: StatusCode, mime: &str, cache: &'static str, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if let Ok(mime) = HeaderValue::from_str(mime) {
        headers.insert(header::CONTENT_TYPE, mime);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_of_the_designer_may_be_loaded() {
        assert_eq!(mime_of("assets/lint-1.wasm"), "application/wasm");
        let scripts = CONTENT_SECURITY_POLICY.split(';').find(|part| part.trim().starts_with("script-src"));
        assert_eq!(scripts.map(str::trim), Some("script-src 'self' 'wasm-unsafe-eval'"));
    }
}
