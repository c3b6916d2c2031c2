//! The standard jobs: their processes and what they are started with.
//!
//! Invariant: a job's process and input are the same in every mode and on every database, so that figures compare.

use model::{Object, Value};
use serde::{Deserialize, Serialize};

/// A standard job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Job {
    /// A: start, three script steps with one exclusive gateway, end; acknowledged when durable.
    StraightThrough,
    /// B: start, one job taken and completed by an external worker, end.
    Service,
    /// B through an app: its HTTP handler is called and answers with `bizproc.event.send`.
    Handler,
    /// C: instances that wait in a user task.
    Waiting,
    /// D: 60 % A, 30 % B, 10 % C with timers.
    Mixed,
    /// The same HTTP, JSON and group commit with a stub in place of the engine.
    Envelope,
}

impl Job {
    /// All jobs, as the command line names them.
    pub const NAMES: &str = "straight-through, service, waiting, mixed or envelope";

    /// The job of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::StraightThrough, Self::Service, Self::Waiting, Self::Mixed, Self::Envelope]
            .into_iter()
            .find(|job| job.name() == name)
    }

    /// The job's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::StraightThrough => "straight-through",
            Self::Service => "service",
            Self::Handler => "service-handler",
            Self::Waiting => "waiting",
            Self::Mixed => "mixed",
            Self::Envelope => "envelope",
        }
    }
}

/// The type of the jobs that the workers of B take.
pub const WORK: &str = "bench-work";
/// The app's activity, and what stands for its type of jobs in [`Process::Handled`].
pub const APP_ACTIVITY: &str = "bench-app";

/// A process of the jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Process {
    /// Of A.
    Straight,
    /// Of B.
    Service,
    /// Of C.
    Waiting,
    /// Of D: waits for a person, three seconds at most.
    Timed,
    /// Of B through an app; deployed only where one is registered.
    Handled,
}

impl Process {
    /// Those that are always deployed, in the order of their definitions' ids in a plan.
    pub const ALL: [Self; 4] = [Self::Straight, Self::Service, Self::Waiting, Self::Timed];

    /// Its BPMN.
    pub fn bpmn(self) -> &'static str {
        match self {
            Self::Straight => include_str!("straight.bpmn"),
            Self::Service => include_str!("service.bpmn"),
            Self::Waiting => include_str!("waiting.bpmn"),
            Self::Timed => include_str!("timed.bpmn"),
            Self::Handled => include_str!("handled.bpmn"),
        }
    }

    /// Its place in [`Process::ALL`].
    pub fn place(self) -> usize {
        self as usize
    }
}

const CUSTOMER: &str = "Example customer with a name of ordinary length";
const NOTE: &str = "A remark of the length that people write when a form asks them for one: what is wanted, by when, \
    for whom, and where to ask if anything is unclear.";

/// What the `n`th instance is started with: about 250 bytes of JSON.
pub fn variables(n: u64) -> Object {
    let mut variables = Object::new();
    variables.insert("amount".into(), Value::from(amount(n)));
    variables.insert("customer".into(), Value::from(CUSTOMER));
    variables.insert("note".into(), Value::from(NOTE));
    variables
}

/// The body of a start over HTTP with the same variables.
pub fn start_body(definition: &str, n: u64, key: Option<&str>) -> String {
    let amount = amount(n);
    let key = key.map(|k| format!(",\"businessKey\":\"{k}\"")).unwrap_or_default();
    format!(
        "{{\"definitionId\":\"{definition}\"{key},\"variables\":{{\"amount\":{amount},\"customer\":\"{CUSTOMER}\",\
         \"note\":\"{NOTE}\"}}}}"
    )
}

fn amount(n: u64) -> i64 {
    i64::try_from(n % 100).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_and_in_process_start_with_the_same() {
        let body: serde_json::Value = serde_json::from_str(&start_body("def_1", 142, Some("k"))).unwrap();
        assert_eq!(Value::from_json(&body["variables"]), Value::Object(variables(142).into()));
        let bytes = body["variables"].to_string().len();
        assert!((230..=270).contains(&bytes), "{bytes}");
    }
}
