//! Nodes that talk by HTTP: `POST {node url}/cluster/{work|wake|live|forget}`.
//!
//! Invariant: requests carry the installation's cluster key and go only to addresses that stand in its own database;
//! no redirects, no proxies, bounded time. Never: retries.

use super::{PeerError, PeerReply, PeerRequest, Peers};
use async_trait::async_trait;
use model::Fault;
use model::error::codes;
use platform::Platform;
use std::time::Duration;
use store::NodeRow;

/// The key of node-to-node requests among the installation's keys.
pub const CLUSTER_KEY: &str = "cluster";
const CONNECT: Duration = Duration::from_millis(1_000);

/// Nodes reached by HTTP.
pub struct HttpPeers {
    client: reqwest::Client,
    platform: Platform,
}

impl HttpPeers {
    /// A client for the nodes of this installation.
    pub fn new(platform: Platform) -> Result<Self, Fault> {
        // Another part of the process may have installed the provider already: the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT)
            .pool_idle_timeout(Duration::from_secs(30))
            .tcp_nodelay(true)
            .build()
            .map_err(|e| {
                Fault::new(&codes::CALL_FAILED, "the client for other nodes can not be set up").caused_by(e)
            })?;
        Ok(Self { client, platform })
    }

    /// What a request of another node has to carry in `Authorization`, after `Bearer `.
    pub async fn bearer(platform: &Platform) -> Result<String, Fault> {
        let key = platform.settings().key(CLUSTER_KEY).await?;
        Ok(key.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

#[async_trait]
impl Peers for HttpPeers {
    async fn call(&self, node: &NodeRow, request: PeerRequest) -> Result<PeerReply, PeerError> {
        let bearer = Self::bearer(&self.platform).await.map_err(|_| PeerError::Unreachable)?;
        let url = format!("{}/cluster/{}", node.url.trim_end_matches('/'), request.name());
        let call = self.client.post(url).bearer_auth(bearer).timeout(request.patience()).body(request.encode());
        let answer = call.send().await.map_err(|error| {
            // Before the connection stands nothing can have been done.
            if error.is_connect() || error.is_builder() { PeerError::Unreachable } else { PeerError::Lost }
        })?;
        if !answer.status().is_success() {
            // Refused before anything was done: another key, an older version, a server that stops.
            tracing::warn!(node = %node.id, status = answer.status().as_u16(), "a node took no request");
            return Err(PeerError::Unreachable);
        }
        let bytes = answer.bytes().await.map_err(|_| PeerError::Lost)?;
        PeerReply::decode(&bytes)
    }
}
