//! What nodes say to each other, as it travels.
//!
//! Invariant: fields are named on the wire; a new field has a default, a variant never changes its meaning, so that an
//! old and a new binary work side by side. Never: does anything.

use crate::partitions::work::{Done, Work};
use engine::InstanceState;
use model::error::{ErrorCode, codes};
use model::{Fault, InstanceId, Object, PartitionId, UserId};
use platform::LiveEvent;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Ask {
    /// To do work of a partition that the other serves.
    Work { partition: PartitionId, work: Work },
    /// A person mended an instance that was set aside: it takes commands again.
    Mended { instance: InstanceId },
    /// To look at what changed.
    Wake(News),
    /// To tell the browsers there what happened here.
    Live { events: Vec<WireEvent> },
    /// To read anew what is kept of these processes.
    Forget { processes: Vec<String> },
}

/// What is worth a look.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct News {
    /// Nodes or leases.
    pub(crate) leases: bool,
    /// Messages.
    pub(crate) inbox: bool,
    /// Jobs of these types.
    pub(crate) jobs: Vec<String>,
}

/// An answer.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Told {
    /// It was done.
    Done(WireDone),
    /// It was refused.
    Refused(WireFault),
    /// Nothing was done: the partition is served elsewhere.
    NotMine,
    /// It was heard.
    Noted,
}

/// What came of work.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WireDone {
    instance: InstanceId,
    state: InstanceState,
    #[serde(default)]
    variables: Option<Object>,
}

/// A fault.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WireFault {
    code: String,
    message: String,
    #[serde(default)]
    details: Option<serde_json::Value>,
}

/// A live event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct WireEvent {
    topic: String,
    id: String,
    #[serde(default)]
    users: Option<Vec<UserId>>,
    #[serde(default)]
    data: serde_json::Value,
}

/// Beyond what was asked to wait, an answer takes this long at most.
const PATIENCE: Duration = Duration::from_secs(15);
/// What is only told is told quickly or not at all.
const TELLING: Duration = Duration::from_millis(500);

impl Ask {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Work { .. } | Self::Mended { .. } => "work",
            Self::Wake(_) => "wake",
            Self::Live { .. } => "live",
            Self::Forget { .. } => "forget",
        }
    }

    pub(crate) fn patience(&self) -> Duration {
        match self {
            Self::Work { work: Work::Start(start), .. } => {
                PATIENCE + Duration::from_millis(u64::try_from(start.wait_ms).unwrap_or(0))
            }
            Self::Work { .. } | Self::Mended { .. } => PATIENCE,
            Self::Wake(_) | Self::Live { .. } | Self::Forget { .. } => TELLING,
        }
    }
}

impl From<Done> for WireDone {
    fn from(done: Done) -> Self {
        Self { instance: done.instance, state: done.state, variables: done.variables }
    }
}

impl From<WireDone> for Done {
    fn from(done: WireDone) -> Self {
        Self { instance: done.instance, state: done.state, variables: done.variables, finished: None }
    }
}

impl From<Fault> for WireFault {
    fn from(fault: Fault) -> Self {
        Self { code: fault.code.code.to_owned(), message: fault.message, details: fault.details }
    }
}

impl From<WireFault> for Fault {
    fn from(fault: WireFault) -> Self {
        // A newer version may know more codes; what they say can be read all the same.
        let known: Option<&'static ErrorCode> = codes::ALL.iter().copied().find(|c| c.code == fault.code);
        let made = Fault::new(known.unwrap_or(&codes::PARTITION_UNSERVED), fault.message);
        Fault { details: fault.details, ..made }
    }
}

impl From<&LiveEvent> for WireEvent {
    fn from(event: &LiveEvent) -> Self {
        let (id, users, data) = (event.id.clone(), event.users.clone(), event.data.clone());
        Self { topic: event.topic.to_owned(), id, users, data }
    }
}

impl WireEvent {
    /// The event; none when its topic is not known here.
    pub(crate) fn event(self) -> Option<LiveEvent> {
        let topic = platform::live::TOPICS.iter().copied().find(|topic| *topic == self.topic)?;
        Some(LiveEvent { topic, id: self.id, users: self.users, data: self.data })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::partitions::work::{How, StartWork};
    use engine::Command;
    use model::{DefinitionId, JobId, Value};

    fn there<T: Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
        rmp_serde::from_slice(&rmp_serde::to_vec_named(value).unwrap()).unwrap()
    }

    #[test]
    fn work_arrives_as_it_was_sent() {
        let value = serde_json::json!({"n": 1.5, "list": ["a", null, true], "deep": {"t": "2026-01-01"}});
        let variables: Object = Value::from_json(&value).as_object().cloned().unwrap();
        let start = StartWork {
            instance: None,
            definition: DefinitionId(7),
            document: None,
            started_by: Some(UserId(3)),
            variables: variables.clone(),
            business_key: Some("k".into()),
            watch: true,
            wait_ms: 500,
            how: How::default(),
        };
        let commands = vec![
            Command::CompleteJob { job: JobId(5), result: variables, by: None },
            Command::Cancel { reason: "because".into(), by: Some(UserId(1)) },
        ];
        for work in [Work::Start(Box::new(start)), Work::Commands { instance: InstanceId(9), commands }] {
            let ask = Ask::Work { partition: PartitionId(200), work };
            assert_eq!(format!("{:?}", there(&ask)), format!("{ask:?}"));
        }
        let fault = Fault::of(&codes::TASK_COMPLETED).with_details(serde_json::json!({"a": [1, {"b": null}]}));
        let back = Fault::from(there(&WireFault::from(fault.clone())));
        assert_eq!((back.code, back.message, back.details), (fault.code, fault.message, fault.details));
    }

    #[test]
    fn other_versions_are_understood() {
        #[derive(Serialize)]
        struct Newer<'a> {
            leases: bool,
            moods: &'a [&'a str],
        }
        let bytes = rmp_serde::to_vec_named(&Newer { leases: true, moods: &["good"] }).unwrap();
        let news: News = rmp_serde::from_slice(&bytes).unwrap();
        assert_eq!(news, News { leases: true, ..News::default() });
        let unknown = WireFault { code: "ZZZ-9999".into(), message: "new".into(), details: None };
        assert_eq!(Fault::from(unknown).message, "new");
        let event = LiveEvent::new("task", 5).for_users(vec![UserId(2)]);
        let back = there(&WireEvent::from(&event)).event().unwrap();
        assert_eq!((back.topic, back.id, back.users), (event.topic, event.id, event.users));
    }
}
