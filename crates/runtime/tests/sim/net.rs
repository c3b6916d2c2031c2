//! The network between simulated servers: every request runs where it was sent to, so that a frozen server does not
//! answer and a dead one breaks off; links are cut and answers get lost.

use crate::support::faulty::Ground;
use runtime::clock::Clock;
use runtime::cluster::{PeerError, PeerFace, PeerReply, PeerRequest, Peers};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use store::NodeRow;
use tokio::runtime::Handle;

/// Who can be reached, and what can not.
#[derive(Default)]
pub struct Net(Mutex<State>);

#[derive(Default)]
struct State {
    listening: BTreeMap<String, (Handle, PeerFace)>,
    /// Pairs of servers without a link.
    cut: BTreeSet<(usize, usize)>,
}

/// The address of a server.
pub fn url(node: usize) -> String {
    format!("sim://{node}")
}

impl Net {
    /// From now on the server answers.
    pub fn listen(&self, node: usize, handle: Handle, face: PeerFace) {
        self.0.lock().unwrap().listening.insert(url(node), (handle, face));
    }

    /// From now on nobody is there.
    pub fn hang_up(&self, node: usize) {
        self.0.lock().unwrap().listening.remove(&url(node));
    }

    /// Cuts the link between two servers, or mends it.
    pub fn cut(&self, one: usize, other: usize) {
        let pair = (one.min(other), one.max(other));
        let mut state = self.0.lock().unwrap();
        if !state.cut.remove(&pair) {
            state.cut.insert(pair);
        }
    }

    /// Everybody reaches everybody.
    pub fn mend(&self) {
        self.0.lock().unwrap().cut.clear();
    }

    fn is_cut(&self, one: usize, other: &str) -> bool {
        self.0
            .lock()
            .unwrap()
            .cut
            .iter()
            .any(|(a, b)| (*a == one && url(*b) == other) || (*b == one && url(*a) == other))
    }
}

/// The network as one server sees it.
pub struct From {
    pub node: usize,
    pub net: Arc<Net>,
    pub ground: Arc<Ground>,
    pub clock: Arc<dyn Clock>,
}

#[async_trait::async_trait]
impl Peers for From {
    async fn call(&self, node: &NodeRow, request: PeerRequest) -> Result<PeerReply, PeerError> {
        let known = self.net.0.lock().unwrap().listening.get(&node.url).cloned();
        let Some((handle, face)) = known.filter(|_| !self.net.is_cut(self.node, &node.url)) else {
            return Err(PeerError::Unreachable);
        };
        self.ground.trace.note(self.node, (request.name(), &node.url));
        let patience = i64::try_from(request.patience().as_millis()).unwrap_or(i64::MAX);
        let deadline = self.clock.now().plus_ms(patience);
        let bytes = request.encode();
        let answering = handle.spawn(async move { face.answer(&bytes).await });
        let told = tokio::select! {
            biased;
            told = answering => told.map_err(|_| PeerError::Lost)?,
            () = self.clock.sleep_until(deadline) => return Err(PeerError::Lost),
        };
        let lossy = self.ground.faults.lock().unwrap().lost_answer;
        if self.net.is_cut(self.node, &node.url) || self.ground.hit(lossy) {
            return Err(PeerError::Lost);
        }
        PeerReply::decode(&told.map_err(|_| PeerError::Unreachable)?)
    }
}
