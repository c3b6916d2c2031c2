//! `/cluster/{work|wake|live|forget}`: what the other nodes of the installation ask of this one.
//!
//! Invariant: only who has the installation's cluster key is answered, compared in constant time; the key lies in the
//! database, so whoever reads it reads everything else too. Never: looks into what is asked (`runtime::cluster` does).

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use model::error::codes;
use platform::{Platform, identity::secrets};
use runtime::Runtime;
use runtime::cluster::{HttpPeers, PeerFace};
use std::sync::Arc;

/// Bytes of one request: a command with its variables, or a batch of live events.
const BODY_BYTES: usize = 64 << 20;

struct Shared {
    face: PeerFace,
    platform: Platform,
}

/// The route.
pub fn router(runtime: &Runtime, platform: Platform) -> Router {
    let state = Arc::new(Shared { face: runtime.peer_face(), platform });
    Router::new().route("/cluster/{what}", post(asked)).layer(DefaultBodyLimit::max(BODY_BYTES)).with_state(state)
}

async fn asked(
    State(state): State<Arc<Shared>>,
    Path(what): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !is_node(&state.platform, &headers).await {
        return (StatusCode::UNAUTHORIZED, "only nodes of this installation\n").into_response();
    }
    match state.face.answer(&body).await {
        Ok(told) => ([(header::CONTENT_TYPE, "application/msgpack")], told).into_response(),
        Err(fault) if fault.is(&codes::REQUEST_INVALID) => {
            tracing::warn!(%fault, what, "another node asks for something that is not known here");
            (StatusCode::BAD_REQUEST, fault.message).into_response()
        }
        Err(fault) => (StatusCode::SERVICE_UNAVAILABLE, fault.message).into_response(),
    }
}

async fn is_node(platform: &Platform, headers: &HeaderMap) -> bool {
    let given = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    let Some(given) = given.and_then(|v| v.strip_prefix("Bearer ")) else { return false };
    match HttpPeers::bearer(platform).await {
        Ok(key) => secrets::same(&secrets::hash_token(given), &secrets::hash_token(&key)),
        Err(fault) => {
            tracing::error!(%fault, "the cluster key can not be read");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use platform::PlatformSettings;
    use runtime::RuntimeConfig;
    use runtime::clock::SystemClock;
    use runtime::cluster::{PeerError, PeerRequest, Peers as _};
    use store::{NodeId, NodeRow, SharedStore, SqliteStore};

    #[tokio::test]
    async fn only_nodes_are_answered() {
        let store: SharedStore = Arc::new(SqliteStore::open_in_memory().unwrap());
        let clock = Arc::new(SystemClock);
        let platform = Platform::new(store.clone(), clock.clone(), PlatformSettings::default());
        let runtime = Runtime::open(RuntimeConfig::new(store.clone(), platform.clone(), clock)).await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = router(&runtime, platform.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, app).await });

        let key = HttpPeers::bearer(&platform).await.unwrap();
        let client = reqwest::Client::new();
        for (what, bearer, status) in [
            ("work", None, 401),
            ("live", Some("wrong".to_owned()), 401),
            ("wake", Some(String::new()), 401),
            ("forget", Some(key[1..].to_owned()), 401),
            ("work", Some(key.clone()), 400),
        ] {
            let mut request = client.post(format!("{url}/cluster/{what}")).body("nonsense");
            if let Some(bearer) = bearer {
                request = request.bearer_auth(bearer);
            }
            assert_eq!(request.send().await.unwrap().status().as_u16(), status, "{what}");
        }

        let peers = HttpPeers::new(platform.clone()).unwrap();
        let row = |url: String| NodeRow {
            id: NodeId(1),
            url,
            version: String::new(),
            started_at: model::Timestamp::default(),
            beat: 1,
            draining: false,
        };
        assert!(peers.call(&row(url.clone()), PeerRequest::hello()).await.is_ok(), "the key is known to both");
        let nobody = peers.call(&row("http://127.0.0.1:1".into()), PeerRequest::hello()).await;
        assert_eq!(nobody.unwrap_err(), PeerError::Unreachable);
        serving.abort();
        runtime.shutdown().await;
    }
}
