//! The command line's way into a running server: one route on loopback, guarded by a token that only who may read the
//! data directory knows.
//!
//! Owns: `control.json` in the data directory (address and token, mode 0600, gone when the server stops).

use crate::commands::admin::{self, AdminRequest};
use anyhow::{Context, Result};
use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use platform::{Platform, identity::secrets};
use serde::{Deserialize, Serialize};
use std::{
    fs,
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Where the command line finds the server, and what it shows there.
#[derive(Debug, Serialize, Deserialize)]
pub struct ControlFile {
    /// Address of the server.
    pub url: String,
    /// Bearer token of `/control`.
    pub token: String,
}

/// The file while the server runs.
pub struct Control {
    path: PathBuf,
    token_hash: secrets::Hash32,
}

impl Control {
    /// Writes the file for a server that listens on `address`.
    pub fn publish(data_dir: &Path, address: SocketAddr) -> Result<Self> {
        let token = secrets::random_token();
        let host = if address.ip().is_unspecified() { "127.0.0.1".to_owned() } else { address.ip().to_string() };
        let file = ControlFile { url: format!("http://{host}:{}", address.port()), token: token.clone() };
        let path = data_dir.join("control.json");
        write_private(&path, &serde_json::to_vec(&file)?)
            .with_context(|| format!("can not write {}", path.display()))?;
        Ok(Self { path, token_hash: secrets::hash_token(&token) })
    }

    /// The route.
    pub fn router(&self, platform: Platform) -> Router {
        let state = Arc::new((self.token_hash, platform));
        Router::new().route("/control/admin", post(execute)).with_state(state)
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        let _gone_already = fs::remove_file(&self.path);
    }
}

/// Reads the file of a running server.
pub fn read(data_dir: &Path) -> Result<ControlFile> {
    let path = data_dir.join("control.json");
    let text = fs::read(&path)
        .with_context(|| format!("a server runs on {} but {} can not be read", data_dir.display(), path.display()))?;
    Ok(serde_json::from_slice(&text)?)
}

async fn execute(
    State(state): State<Arc<(secrets::Hash32, Platform)>>,
    headers: HeaderMap,
    Json(request): Json<AdminRequest>,
) -> Response {
    let (hash, platform) = &*state;
    let given =
        headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer "));
    if !given.is_some_and(|token| secrets::same(&secrets::hash_token(token), hash)) {
        return (StatusCode::UNAUTHORIZED, Json(serde_json::json!({ "message": "Wrong control token" })))
            .into_response();
    }
    match admin::perform(platform, request).await {
        Ok(value) => Json(value).into_response(),
        Err(fault) => {
            let body = serde_json::json!({ "code": fault.code.code, "message": fault.message });
            (StatusCode::UNPROCESSABLE_ENTITY, Json(body)).into_response()
        }
    }
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)?.write_all(bytes)
}
