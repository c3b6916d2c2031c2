//! Live updates: what just changed, for pages that are open.
//!
//! Owns: the bus. Invariant: an event is published after its change was committed. Never: carries what a page could
//! not read itself: it says what changed, the page asks for it. A slow listener loses events, never slows others.

use model::UserId;
use std::sync::Arc;
use tokio::sync::broadcast;

/// Events kept for a listener that lags behind.
const BACKLOG: usize = 1024;

/// The topic of the last event: listeners hang up, so that the server can stop.
pub const CLOSING: &str = "closing";

/// What events are about. Other nodes name them as text.
pub const TOPICS: [&str; 9] =
    ["task", "instance", "notification", "record", "catalog", "definition", "app", "model", "incident"];

/// One change.
#[derive(Debug, Clone)]
pub struct LiveEvent {
    /// `task`, `instance`, `notification`, `record`, `catalog`, `definition`, `app`, `model`, `incident`.
    pub topic: &'static str,
    /// Id of what changed, as text.
    pub id: String,
    /// Who may know; `None` = whoever may see the topic.
    pub users: Option<Vec<UserId>>,
    /// Particulars, an object.
    pub data: serde_json::Value,
}

impl LiveEvent {
    /// An event without particulars that everybody may know.
    pub fn new(topic: &'static str, id: impl ToString) -> Self {
        Self { topic, id: id.to_string(), users: None, data: serde_json::json!({}) }
    }

    /// Limits who is told. An administrator is told everything but others' notifications.
    #[must_use]
    pub fn for_users(mut self, users: Vec<UserId>) -> Self {
        self.users = Some(users);
        self
    }

    /// Adds particulars.
    #[must_use]
    pub fn with(mut self, data: serde_json::Value) -> Self {
        self.data = data;
        self
    }
}

/// Where changes are published and listened to.
#[derive(Debug, Clone)]
pub struct LiveBus {
    sender: broadcast::Sender<Arc<LiveEvent>>,
    /// What happened on this node only, for whoever tells the other nodes.
    outgoing: broadcast::Sender<Arc<LiveEvent>>,
}

impl Default for LiveBus {
    fn default() -> Self {
        Self { sender: broadcast::channel(BACKLOG).0, outgoing: broadcast::channel(BACKLOG).0 }
    }
}

impl LiveBus {
    /// Tells everybody who listens, on other nodes too.
    pub fn publish(&self, event: LiveEvent) {
        let event = Arc::new(event);
        if self.outgoing.receiver_count() > 0 {
            // An error only says that nobody listens.
            let _ = self.outgoing.send(event.clone());
        }
        // As above.
        let _ = self.sender.send(event);
    }

    /// Tells everybody who listens here what happened on another node.
    pub fn receive(&self, event: LiveEvent) {
        // An error only says that nobody listens.
        let _ = self.sender.send(Arc::new(event));
    }

    /// Tells listeners to hang up: the server stops.
    pub fn close(&self) {
        self.receive(LiveEvent::new(CLOSING, ""));
    }

    /// What happens on this node from now on, for the other nodes.
    pub fn outgoing(&self) -> broadcast::Receiver<Arc<LiveEvent>> {
        self.outgoing.subscribe()
    }

    /// From now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<LiveEvent>> {
        self.sender.subscribe()
    }
}
