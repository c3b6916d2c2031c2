//! One client of the load: the same operations in this process and over HTTP.
//!
//! Invariant: an operation that returns `Ok` was acknowledged by the server. Never: retries by itself.

use crate::http::{Answer, Connection};
use crate::jobs::{self, Process, WORK};
use crate::load::Target;
use model::{DefinitionId, InstanceId, JobId, Object, TaskId};
use platform::Actor;
use runtime::{ActivateJobs, Page, Runtime, StartRequest, TaskAnswer};
use std::{fmt, io, net::SocketAddr, time::Duration};

/// How long a worker holds a job.
const LEASE: Duration = Duration::from_secs(60);

/// Why an operation was not acknowledged.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The server said no.
    Refused(String),
    /// The connection broke: nobody knows what became of the operation.
    Broken(io::Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(text) => f.write_str(text),
            Self::Broken(error) => write!(f, "{error}"),
        }
    }
}

impl From<model::Fault> for Failure {
    fn from(fault: model::Fault) -> Self {
        Self::Refused(fault.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Broken(error)
    }
}

type Result<T> = std::result::Result<T, Failure>;

/// A job in a worker's hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Leased {
    pub(crate) job: i64,
    pub(crate) instance: i64,
}

/// What clients in this process share.
#[derive(Clone)]
pub(crate) struct Direct {
    pub(crate) runtime: Runtime,
    pub(crate) actor: Actor,
    pub(crate) definitions: Vec<DefinitionId>,
}

/// A client over HTTP.
pub(crate) struct Http {
    connection: Connection,
    target: Target,
}

/// A client.
pub(crate) enum Client {
    Direct(Direct),
    Http(Box<Http>),
}

impl Client {
    /// A client over HTTP.
    pub(crate) async fn connect(target: &Target) -> io::Result<Self> {
        let connection = open(target).await?;
        Ok(Self::Http(Box::new(Http { connection, target: target.clone() })))
    }

    /// A new connection after one broke.
    pub(crate) async fn mend(&mut self) -> io::Result<()> {
        if let Self::Http(http) = self {
            http.connection = open(&http.target).await?;
        }
        Ok(())
    }

    /// Starts an instance; its id.
    pub(crate) async fn start(&mut self, process: Process, n: u64, key: Option<&str>) -> Result<i64> {
        match self {
            Self::Direct(direct) => {
                let definition = direct.definitions[process.place()];
                let business_key = key.map(str::to_owned);
                let request =
                    StartRequest { variables: jobs::variables(n), business_key, ..StartRequest::of(definition) };
                Ok(direct.runtime.start(&direct.actor, request).await?.instance.0)
            }
            Self::Http(http) => {
                let body = jobs::start_body(&http.target.definitions[process.place()], n, key);
                let answer = accepted(http.connection.post("/api/v1/instances", &body).await?)?;
                number(answer.body, b"\"pi_").ok_or_else(|| strange(&answer))
            }
        }
    }

    /// Takes at most `max` jobs; waits for them so long.
    pub(crate) async fn activate(&mut self, max: u32, wait: Duration) -> Result<Vec<Leased>> {
        match self {
            Self::Direct(direct) => {
                let (job_type, worker) = (WORK.to_owned(), "bench".to_owned());
                let ask = ActivateJobs { job_type, max, lease: LEASE, wait, worker };
                let jobs = direct.runtime.activate_jobs(&direct.actor, ask).await?;
                Ok(jobs.into_iter().map(|j| Leased { job: j.id.0, instance: j.instance.0 }).collect())
            }
            Self::Http(http) => {
                let body = format!(
                    "{{\"type\":\"{WORK}\",\"max\":{max},\"leaseMs\":{},\"waitMs\":{},\"worker\":\"bench\"}}",
                    LEASE.as_millis(),
                    wait.as_millis()
                );
                let answer = accepted(http.connection.post("/api/v1/jobs/activate", &body).await?)?;
                let jobs = numbers(answer.body, b"\"id\":\"job_");
                let instances = numbers(answer.body, b"\"instanceId\":\"pi_");
                if jobs.len() != instances.len() {
                    return Err(strange(&answer));
                }
                Ok(jobs.into_iter().zip(instances).map(|(job, instance)| Leased { job, instance }).collect())
            }
        }
    }

    /// Reports a job done.
    pub(crate) async fn complete_job(&mut self, job: i64) -> Result<()> {
        match self {
            Self::Direct(direct) => Ok(direct.runtime.complete_job(&direct.actor, JobId(job), Object::new()).await?),
            Self::Http(http) => {
                let path = format!("/api/v1/jobs/job_{job}/complete");
                let body = "{\"result\":{\"answer\":\"done\",\"by\":\"bench\"}}";
                accepted(http.connection.post(&path, body).await?).map(drop)
            }
        }
    }

    /// A page of the caller's open tasks.
    pub(crate) async fn tasks(&mut self, limit: u32, offset: u32) -> Result<Vec<i64>> {
        match self {
            Self::Direct(direct) => {
                let page = Page { limit, offset };
                let found = direct.runtime.inbox(direct.actor.user_id(), false, None, page).await?;
                Ok(found.items.into_iter().map(|task| task.id.0).collect())
            }
            Self::Http(http) => {
                let path = format!("/api/v1/tasks?limit={limit}&offset={offset}");
                Ok(numbers(accepted(http.connection.get(&path).await?)?.body, b"\"id\":\"task_"))
            }
        }
    }

    /// The tasks of an instance, as its page shows them.
    pub(crate) async fn tasks_of(&mut self, instance: i64) -> Result<Vec<i64>> {
        match self {
            Self::Direct(direct) => {
                let view = direct.runtime.instance(InstanceId(instance)).await?;
                Ok(view.tasks.into_iter().map(|task| task.id.0).collect())
            }
            Self::Http(http) => {
                let answer = accepted(http.connection.get(&format!("/api/v1/instances/pi_{instance}")).await?)?;
                Ok(numbers(answer.body, b"\"id\":\"task_"))
            }
        }
    }

    /// Answers a task.
    pub(crate) async fn complete_task(&mut self, task: i64) -> Result<()> {
        match self {
            Self::Direct(direct) => {
                let answer = TaskAnswer { outcome: "ok".to_owned(), ..TaskAnswer::default() };
                Ok(direct.runtime.complete_task(&direct.actor, TaskId(task), answer).await?)
            }
            Self::Http(http) => {
                let path = format!("/api/v1/tasks/task_{task}/complete");
                accepted(http.connection.post(&path, "{\"outcome\":\"ok\"}").await?).map(drop)
            }
        }
    }
}

async fn open(target: &Target) -> io::Result<Connection> {
    let address: SocketAddr =
        target.address.parse().map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "no address of a server"))?;
    Connection::open(address, target.token.as_deref()).await
}

fn accepted(answer: Answer<'_>) -> Result<Answer<'_>> {
    if answer.ok() { Ok(answer) } else { Err(strange(&answer)) }
}

fn strange(answer: &Answer<'_>) -> Failure {
    let text: String = String::from_utf8_lossy(answer.body).chars().take(300).collect();
    Failure::Refused(format!("{} {text}", answer.status))
}

fn number(text: &[u8], before: &[u8]) -> Option<i64> {
    numbers(text, before).first().copied()
}

/// The numbers that stand behind `before`: cheaper than reading the JSON, so that the client costs little.
fn numbers(text: &[u8], before: &[u8]) -> Vec<i64> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = text[at..].windows(before.len()).position(|w| w == before) {
        at += next + before.len();
        let digits = text[at..].iter().take_while(|b| b.is_ascii_digit());
        found.push(digits.fold(0_i64, |n, b| n.wrapping_mul(10).wrapping_add(i64::from(b - b'0'))));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_without_reading_json() {
        let text = br#"{"jobs":[{"id":"job_5","instanceId":"pi_77"},{"id":"job_6","instanceId":"pi_78"}]}"#;
        assert_eq!(numbers(text, b"\"id\":\"job_"), [5, 6]);
        assert_eq!(numbers(text, b"\"instanceId\":\"pi_"), [77, 78]);
        assert_eq!(number(text, b"\"task_"), None);
    }
}
