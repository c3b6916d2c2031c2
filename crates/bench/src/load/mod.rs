//! The load: closed loops in which each client waits for its answer before it asks again.
//!
//! Owns: plans (what to do), outcomes (what the clients saw). A plan and an outcome are JSON, so that the load can run
//! in a process of its own. Invariant: an outcome counts what was acknowledged; latencies are of those only.

mod handler;
mod mixed;
mod service;

use crate::client::{Client, Direct, Failure};
use crate::jobs::Process;
use anyhow::{Context, Result, anyhow};
use serde::{Deserialize, Serialize};
use std::{
    future::Future,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// After so many refusals a run is given up.
const ERRORS_MAX: u64 = 10_000;

/// Where a server listens and how it is addressed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Target {
    /// `127.0.0.1:4711`.
    pub address: String,
    /// The bearer token of all requests.
    pub token: Option<String>,
    /// Ids of the definitions of [`Process::ALL`].
    pub definitions: Vec<String>,
    /// Where the app's handler is to listen, if an app is registered.
    #[serde(default)]
    pub handler: Option<String>,
}

/// What the clients do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Script {
    /// Each starts instances.
    Start(Process),
    /// Half of them start instances, the others take and complete the jobs.
    Service {
        /// How many jobs a worker takes at once.
        take: u32,
    },
    /// Half of them start instances, the others send the answers of an app whose handler the server calls.
    Handler,
    /// Each reads a page of 50 open tasks.
    ListTasks {
        /// Tasks before the page.
        offset: u32,
    },
    /// Each completes open tasks.
    CompleteTasks,
    /// 60 % A, 30 % B, 10 % C with timers.
    Mixed,
}

/// One run of the load.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan {
    /// What the clients do.
    pub script: Script,
    /// How many clients.
    pub clients: u32,
    /// Ends after so many.
    pub count: u64,
    /// Ends after so long.
    pub seconds: Option<f64>,
    /// The first running number: instances of all runs differ.
    pub first: u64,
    /// Whether instances get business keys and the outcome names those acknowledged.
    pub named: bool,
    /// The server is going to be killed: a client whose connection breaks is done.
    pub mortal: bool,
}

impl Plan {
    /// `count` times `script`.
    pub fn new(script: Script, clients: u32, count: u64) -> Self {
        Self { script, clients, count, seconds: None, first: 0, named: false, mortal: false }
    }
}

/// What a load process reads: a plan and whom to ask.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Order {
    /// The server.
    pub target: Target,
    /// The plan.
    pub plan: Plan,
}

/// What the clients saw.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// Acknowledged.
    pub done: u64,
    /// Refused, or broken.
    pub errors: u64,
    /// The first of them.
    pub first_error: Option<String>,
    /// From the first request to the last answer.
    pub seconds: f64,
    /// Median latency.
    pub p50_ms: f64,
    /// 99th percentile.
    pub p99_ms: f64,
    /// The worst.
    pub max_ms: f64,
    /// Of a mixed load: how many of A, B, C.
    pub parts: [u64; 3],
    /// Running numbers that were asked for are below this.
    pub asked: u64,
    /// Acknowledged instances, when they are named: running number and id.
    pub acknowledged: Vec<(u64, i64)>,
}

impl Outcome {
    /// Acknowledged a second.
    pub fn per_second(&self) -> f64 {
        if self.seconds > 0.0 { self.done as f64 / self.seconds } else { 0.0 }
    }
}

/// What the clients of one run share.
struct Shared {
    plan: Plan,
    next: AtomicU64,
    end: Option<Instant>,
    errors: AtomicU64,
    first_error: Mutex<Option<String>>,
    /// Clients that start are done: workers may go.
    over: AtomicBool,
    /// When they were, where workers are waited for afterwards.
    ended: OnceLock<Instant>,
}

impl Shared {
    fn new(plan: Plan, begun: Instant) -> Self {
        Self {
            next: AtomicU64::new(0),
            end: plan.seconds.map(|s| begun + Duration::from_secs_f64(s)),
            errors: AtomicU64::new(0),
            first_error: Mutex::new(None),
            over: AtomicBool::new(false),
            ended: OnceLock::new(),
            plan,
        }
    }

    /// The next running number, until the plan is done.
    fn turn(&self) -> Option<u64> {
        if self.end.is_some_and(|end| now() >= end) || self.errors.load(Ordering::Relaxed) > ERRORS_MAX {
            return None;
        }
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        (n < self.plan.count).then_some(self.plan.first + n)
    }

    fn key(&self, n: u64) -> Option<String> {
        self.plan.named.then(|| format!("bench-{n}"))
    }

    /// Notes a failure; whether the client can go on.
    async fn failed(&self, client: &mut Client, failure: &Failure) -> bool {
        let broken = matches!(failure, Failure::Broken(_));
        if broken && self.plan.mortal {
            return false;
        }
        self.note(failure);
        !broken || client.mend().await.is_ok()
    }

    fn note(&self, failure: &Failure) {
        self.errors.fetch_add(1, Ordering::Relaxed);
        self.first_error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| failure.to_string());
    }
}

/// What one client saw.
#[derive(Default)]
struct Seen {
    latencies: Vec<Duration>,
    parts: [u64; 3],
    acknowledged: Vec<(u64, i64)>,
}

impl Seen {
    fn note(&mut self, asked: Instant) {
        self.latencies.push(asked.elapsed());
    }
}

/// Runs an order over HTTP.
pub async fn run_order(order: &Order) -> Result<Outcome> {
    let mut clients = Vec::new();
    for _ in 0..order.plan.clients {
        clients.push(Client::connect(&order.target).await.context("connecting to the server")?);
    }
    let app = match order.plan.script {
        Script::Handler => Some(handler::App::listen(&order.target).await?),
        _ => None,
    };
    run(order.plan.clone(), clients, app).await
}

/// Runs a plan in this process.
pub(crate) async fn run_direct(plan: Plan, direct: &Direct) -> Result<Outcome> {
    let clients = (0..plan.clients).map(|_| Client::Direct(direct.clone())).collect();
    run(plan, clients, None).await
}

async fn run(plan: Plan, clients: Vec<Client>, app: Option<handler::App>) -> Result<Outcome> {
    let begun = now();
    let shared = Arc::new(Shared::new(plan, begun));
    let seen = match shared.plan.script {
        Script::Start(process) => each(clients, |client| starts(shared.clone(), client, process)).await?,
        Script::Service { take } => service::run(&shared, clients, take).await?,
        Script::Handler => handler::run(&shared, clients, app.context("no app listens")?).await?,
        Script::ListTasks { offset } => each(clients, |client| lists(shared.clone(), client, offset)).await?,
        Script::CompleteTasks => each(clients, |client| completes(shared.clone(), client)).await?,
        Script::Mixed => mixed::run(&shared, clients).await?,
    };
    let ended = shared.ended.get().copied().unwrap_or_else(now);
    Ok(outcome(&shared, ended - begun, seen))
}

/// Runs `work` for every client at once.
async fn each<F>(clients: Vec<Client>, work: impl Fn(Client) -> F) -> Result<Vec<Seen>>
where
    F: Future<Output = Seen> + Send + 'static,
{
    let tasks: Vec<_> = clients.into_iter().map(|client| tokio::spawn(work(client))).collect();
    let mut seen = Vec::with_capacity(tasks.len());
    for task in tasks {
        seen.push(task.await.map_err(|e| anyhow!("a client stopped: {e}"))?);
    }
    Ok(seen)
}

async fn starts(shared: Arc<Shared>, mut client: Client, process: Process) -> Seen {
    let mut seen = Seen::default();
    while let Some(n) = shared.turn() {
        let key = shared.key(n);
        let asked = now();
        match client.start(process, n, key.as_deref()).await {
            Ok(id) => {
                seen.note(asked);
                if key.is_some() {
                    seen.acknowledged.push((n, id));
                }
            }
            Err(failure) if shared.failed(&mut client, &failure).await => {}
            Err(_) => break,
        }
    }
    seen
}

async fn lists(shared: Arc<Shared>, mut client: Client, offset: u32) -> Seen {
    let mut seen = Seen::default();
    while shared.turn().is_some() {
        let asked = now();
        match client.tasks(50, offset).await {
            Ok(tasks) if tasks.is_empty() => {
                if !shared.failed(&mut client, &Failure::Refused("an empty page".to_owned())).await {
                    break;
                }
            }
            Ok(_) => seen.note(asked),
            Err(failure) if shared.failed(&mut client, &failure).await => {}
            Err(_) => break,
        }
    }
    seen
}

/// Reads pages of tasks, outside the stopwatch, and completes what is on them.
async fn completes(shared: Arc<Shared>, mut client: Client) -> Seen {
    let mut seen = Seen::default();
    let mut tasks = Vec::new();
    while shared.turn().is_some() {
        if tasks.is_empty() {
            tasks = client.tasks(50, 0).await.unwrap_or_default();
        }
        let Some(task) = tasks.pop() else { break };
        let asked = now();
        match client.complete_task(task).await {
            Ok(()) => seen.note(asked),
            Err(failure) if shared.failed(&mut client, &failure).await => {}
            Err(_) => break,
        }
    }
    seen
}

fn outcome(shared: &Shared, elapsed: Duration, seen: Vec<Seen>) -> Outcome {
    let mut latencies: Vec<Duration> = seen.iter().flat_map(|s| s.latencies.iter().copied()).collect();
    latencies.sort_unstable();
    let mut parts = [0; 3];
    for one in &seen {
        parts.iter_mut().zip(one.parts).for_each(|(sum, n)| *sum += n);
    }
    Outcome {
        done: latencies.len() as u64,
        errors: shared.errors.load(Ordering::Relaxed),
        first_error: shared.first_error.lock().unwrap_or_else(PoisonError::into_inner).take(),
        seconds: elapsed.as_secs_f64(),
        p50_ms: percentile(&latencies, 0.50),
        p99_ms: percentile(&latencies, 0.99),
        max_ms: percentile(&latencies, 1.0),
        parts,
        asked: shared.plan.first + shared.next.load(Ordering::Relaxed).min(shared.plan.count),
        acknowledged: seen.into_iter().flat_map(|s| s.acknowledged).collect(),
    }
}

/// By nearest rank, in milliseconds.
fn percentile(sorted: &[Duration], p: f64) -> f64 {
    let index = ((sorted.len() as f64 * p).ceil() as usize).clamp(1, sorted.len().max(1)) - 1;
    sorted.get(index).map_or(0.0, |d| crate::report::round(d.as_secs_f64() * 1000.0))
}

#[expect(clippy::disallowed_methods, reason = "a load generator measures with the wall's stopwatch")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_by_nearest_rank() {
        let ms: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!((percentile(&ms, 0.50), percentile(&ms, 0.99), percentile(&[], 0.5)), (50.0, 99.0, 0.0));
    }
}
