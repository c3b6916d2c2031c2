//! Messages, signals and conditions: what is sent and who gets it.

use model::{InstanceId, Object, SubscriptionId, Timestamp};

/// A message to publish (BPMN MS-1).
#[derive(Debug, Clone, Default)]
pub struct PublishMessage {
    /// Its name.
    pub name: String,
    /// Its correlation key; may be empty.
    pub correlation_key: String,
    /// The publisher's id for it, against doubles.
    pub id: Option<String>,
    /// Milliseconds it is kept for whoever comes later; 0: not at all.
    pub ttl_ms: i64,
    /// Its variables.
    pub variables: Object,
    /// The only process that takes it.
    pub process_id: Option<String>,
    /// The only element of that process that takes it.
    pub element_id: Option<String>,
}

/// What came of a published message so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Its number.
    pub id: i64,
    /// Who took it.
    pub reached: Vec<Reached>,
    /// Whether it is kept for others until its time is over.
    pub kept: bool,
}

/// Who took a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// The process.
    pub process_id: String,
    /// The instance.
    pub instance: InstanceId,
    /// Whether it began by it.
    pub started: bool,
}

/// A message for whoever waits now (BPMN MS-7).
#[derive(Debug, Clone, Default)]
pub struct Correlate {
    /// Its name.
    pub name: String,
    /// Its correlation key; none: whatever the key is.
    pub correlation_key: Option<String>,
    /// Its variables.
    pub variables: Object,
    /// Only this instance.
    pub instance: Option<InstanceId>,
    /// Only instances with this business key.
    pub business_key: Option<String>,
    /// Only instances whose process variables have these values.
    pub with_variables: Object,
    /// Everybody who fits, instead of the only one.
    pub all: bool,
}

impl Correlate {
    /// Whether it is for certain instances only.
    pub(crate) fn filters(&self) -> bool {
        self.instance.is_some() || self.business_key.is_some() || !self.with_variables.is_empty()
    }
}

/// Which subscriptions to list.
#[derive(Debug, Clone, Default)]
pub struct SubscriptionFilter {
    /// `message` or `signal`.
    pub kind: Option<String>,
    /// Only of this name.
    pub name: Option<String>,
    /// Only with this correlation key.
    pub key: Option<String>,
    /// Only of this instance.
    pub instance: Option<InstanceId>,
    /// Only of this process.
    pub process_id: Option<String>,
}

/// Which kept messages to list.
#[derive(Debug, Clone, Default)]
pub struct MessageFilter {
    /// Only of this name.
    pub name: Option<String>,
    /// Only with this correlation key.
    pub key: Option<String>,
    /// Only those that nobody but this process takes.
    pub process_id: Option<String>,
}

/// Which held names to list.
#[derive(Debug, Clone, Default)]
pub struct MutexFilter {
    /// Only this name.
    pub name: Option<String>,
    /// Only of this instance.
    pub instance: Option<InstanceId>,
    /// Only of this process.
    pub process_id: Option<String>,
}

/// Somebody who waits for a message or signal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its id.
    pub id: SubscriptionId,
    /// `message` or `signal`.
    pub kind: &'static str,
    /// Of which name.
    pub name: String,
    /// The correlation key; none: whether a message fits, the instance judges.
    pub key: Option<String>,
    /// Who waits.
    pub instance: InstanceId,
    /// Its process.
    pub process_id: String,
    /// Where.
    pub element_id: String,
    /// Since when.
    pub since: Timestamp,
}

/// A message that is kept for whoever comes later.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptMessage {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its correlation key; may be empty.
    pub key: String,
    /// The publisher's id for it.
    pub message_id: Option<String>,
    /// Its variables.
    pub variables: Object,
    /// The only process that takes it.
    pub process_id: Option<String>,
    /// The only element that takes it.
    pub element_id: Option<String>,
    /// The processes that took it.
    pub reached: Vec<String>,
    /// When it was published.
    pub published_at: Timestamp,
    /// Until when it is kept.
    pub expires_at: Timestamp,
}

/// A run that holds a name, or waits for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MutexView {
    /// Its place in the queue.
    pub id: i64,
    /// The name.
    pub name: String,
    /// The instance.
    pub instance: InstanceId,
    /// The run in it.
    pub key: u32,
    /// Whether it holds the name.
    pub held: bool,
}
