//! How nodes talk: one request, one answer, carried by whoever is given.
//!
//! Invariant: what is carried is bytes with names in them, so that nodes of different versions understand each other as
//! far as they know the same things. Never: knows what is asked (`wire`), retries.

use super::wire::{Ask, News, Told};
use crate::core::Core;
use async_trait::async_trait;
use model::Fault;
use model::error::codes;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use store::NodeRow;

/// What one node asks of another.
#[derive(Debug, Clone)]
pub struct PeerRequest(pub(crate) Ask);

/// What it is told.
#[derive(Debug)]
pub struct PeerReply(pub(crate) Told);

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PeerError {
    /// Nothing was done: nobody listens there, or it takes no requests from here.
    #[error("the node can not be reached")]
    Unreachable,
    /// It was asked, and the answer did not come: it may have been done.
    #[error("the node did not answer")]
    Lost,
}

/// Carries requests to other nodes.
#[async_trait]
pub trait Peers: Send + Sync {
    /// Asks a node.
    async fn call(&self, node: &NodeRow, request: PeerRequest) -> Result<PeerReply, PeerError>;
}

impl PeerRequest {
    /// A request that changes nothing: whether the node is there and knows who asks.
    pub fn hello() -> Self {
        Self(Ask::Wake(News::default()))
    }

    /// What kind of request it is, for addresses and logs: `work`, `wake`, `live`, `forget`.
    pub fn name(&self) -> &'static str {
        self.0.name()
    }

    /// How long the answer may take beyond the way.
    pub fn patience(&self) -> Duration {
        self.0.patience()
    }

    /// As it travels.
    pub fn encode(&self) -> Vec<u8> {
        rmp_serde::to_vec_named(&self.0).expect("plain data written to memory always encodes")
    }
}

impl PeerReply {
    /// Reads what came back; [`PeerError::Lost`] when it can not be read.
    pub fn decode(bytes: &[u8]) -> Result<Self, PeerError> {
        // An answer that can not be read may say that it was done.
        rmp_serde::from_slice(bytes).map(Self).map_err(|_| PeerError::Lost)
    }
}

/// A node that has nobody to talk to.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPeers;

#[async_trait]
impl Peers for NoPeers {
    async fn call(&self, _: &NodeRow, _: PeerRequest) -> Result<PeerReply, PeerError> {
        Err(PeerError::Unreachable)
    }
}

/// What a node answers to the others. Does not keep the runtime alive.
#[derive(Clone)]
pub struct PeerFace(pub(crate) Weak<Core>);

impl PeerFace {
    /// Does what another node asks. `API-0001` when the request can not be read, `RUN-0008` when the runtime is gone.
    pub async fn answer(&self, request: &[u8]) -> Result<Vec<u8>, Fault> {
        let ask: Ask = rmp_serde::from_slice(request).map_err(|e| {
            Fault::new(&codes::REQUEST_INVALID, "the request of the other node can not be read").caused_by(e)
        })?;
        let core = self.0.upgrade().ok_or_else(|| Fault::of(&codes::SHUTTING_DOWN))?;
        let told = super::forward::answer(&core, ask).await;
        Ok(rmp_serde::to_vec_named(&told).expect("plain data written to memory always encodes"))
    }
}

/// Nodes of one process that talk without a network: for tests and simulation. They are found by their URLs.
#[derive(Default)]
pub struct LocalPeers {
    nodes: Mutex<HashMap<String, PeerFace>>,
}

impl LocalPeers {
    /// Nobody yet.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// From now on calls to `url` reach this node.
    pub fn connect(&self, url: &str, face: PeerFace) {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner).insert(url.to_owned(), face);
    }

    /// From now on nothing reaches `url`.
    pub fn cut(&self, url: &str) {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner).remove(url);
    }
}

#[async_trait]
impl Peers for LocalPeers {
    async fn call(&self, node: &NodeRow, request: PeerRequest) -> Result<PeerReply, PeerError> {
        let face = self.nodes.lock().unwrap_or_else(PoisonError::into_inner).get(&node.url).cloned();
        let face = face.ok_or(PeerError::Unreachable)?;
        let told = face.answer(&request.encode()).await.map_err(|_| PeerError::Unreachable)?;
        PeerReply::decode(&told)
    }
}
