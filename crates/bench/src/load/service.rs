//! B: starters and workers. A starter waits until a worker's completion of its instance is acknowledged.

use super::{Script, Seen, Shared, now};
use crate::client::{Client, Failure};
use crate::jobs::Process;
use anyhow::{Result, anyhow};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

/// How long a worker waits for jobs.
pub(super) const POLL: Duration = Duration::from_millis(1_000);
/// A round trip that takes longer counts as an error.
const PATIENCE: Duration = Duration::from_secs(30);
/// The same when the server is going to be killed: nobody comes any more.
const PATIENCE_WITH_THE_DEAD: Duration = Duration::from_secs(1);

/// Where starters hear of the completion of their instances.
#[derive(Default)]
pub(super) struct Board(Mutex<HashMap<i64, Entry>>);

enum Entry {
    /// The starter waits.
    Waits(oneshot::Sender<Instant>),
    /// The worker was quicker than the answer to the start.
    Done(Instant),
}

impl Board {
    /// A worker's completion was acknowledged.
    pub(super) fn done(&self, instance: i64) {
        let mut board = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = now();
        match board.remove(&instance) {
            // A starter that lost patience has gone.
            Some(Entry::Waits(starter)) => drop(starter.send(at)),
            _ => drop(board.insert(instance, Entry::Done(at))),
        }
    }

    /// When the instance's completion was acknowledged.
    pub(super) async fn completion(&self, instance: i64, patience: Duration) -> std::result::Result<Instant, Failure> {
        let waiting = {
            let mut board = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(Entry::Done(at)) = board.remove(&instance) {
                return Ok(at);
            }
            let (sender, receiver) = oneshot::channel();
            board.insert(instance, Entry::Waits(sender));
            receiver
        };
        match tokio::time::timeout(patience, waiting).await {
            Ok(Ok(at)) => Ok(at),
            _ => Err(Failure::Refused(format!("pi_{instance} was not completed in {} s", patience.as_secs()))),
        }
    }
}

/// With one client it does everything in turn; else half of the clients are workers.
pub(super) async fn run(shared: &Arc<Shared>, mut clients: Vec<Client>, take: u32) -> Result<Vec<Seen>> {
    if clients.len() == 1 {
        return super::each(clients, |client| alone(shared.clone(), client)).await;
    }
    let workers = clients.split_off(clients.len().div_ceil(2));
    let board = Arc::new(Board::default());
    let workers = hire(shared, workers, &board, take);
    let seen = super::each(clients, |client| starter(shared.clone(), client, board.clone())).await;
    dismiss(shared, workers).await?;
    seen
}

type Workers = Vec<tokio::task::JoinHandle<()>>;

/// Sets workers to work.
pub(super) fn hire(shared: &Arc<Shared>, clients: Vec<Client>, board: &Arc<Board>, take: u32) -> Workers {
    clients.into_iter().map(|client| tokio::spawn(worker(shared.clone(), client, board.clone(), take))).collect()
}

/// Ends the workers once nobody starts any more. Their last look for jobs, which nobody waits for, is not in the time
/// taken.
pub(super) async fn dismiss(shared: &Shared, workers: Workers) -> Result<()> {
    shared.ended.get_or_init(now);
    shared.over.store(true, Ordering::Relaxed);
    for worker in workers {
        worker.await.map_err(|e| anyhow!("a worker stopped: {e}"))?;
    }
    Ok(())
}

async fn alone(shared: Arc<Shared>, mut client: Client) -> Seen {
    let mut seen = Seen::default();
    while let Some(n) = shared.turn() {
        let asked = now();
        match round_trip(&mut client, n, shared.key(n).as_deref()).await {
            Ok(id) => {
                seen.note(asked);
                if shared.plan.named {
                    seen.acknowledged.push((n, id));
                }
            }
            Err(failure) if shared.failed(&mut client, &failure).await => {}
            Err(_) => break,
        }
    }
    seen
}

async fn round_trip(client: &mut Client, n: u64, key: Option<&str>) -> std::result::Result<i64, Failure> {
    let id = client.start(Process::Service, n, key).await?;
    for leased in client.activate(1, POLL).await? {
        client.complete_job(leased.job).await?;
    }
    Ok(id)
}

pub(super) async fn starter(shared: Arc<Shared>, mut client: Client, board: Arc<Board>) -> Seen {
    let mut seen = Seen::default();
    while let Some(n) = shared.turn() {
        match served(&shared, &mut client, &board, n).await {
            Ok((id, latency)) => {
                seen.latencies.push(latency);
                if shared.plan.named {
                    seen.acknowledged.push((n, id));
                }
            }
            Err(failure) if shared.failed(&mut client, &failure).await => {}
            Err(_) => break,
        }
    }
    seen
}

/// Starts an instance and waits for its completion.
pub(super) async fn served(
    shared: &Shared,
    client: &mut Client,
    board: &Board,
    n: u64,
) -> std::result::Result<(i64, Duration), Failure> {
    let asked = now();
    let process = if shared.plan.script == Script::Handler { Process::Handled } else { Process::Service };
    let id = client.start(process, n, shared.key(n).as_deref()).await?;
    let patience = if shared.plan.mortal { PATIENCE_WITH_THE_DEAD } else { PATIENCE };
    let done = board.completion(id, patience).await?;
    Ok((id, done.saturating_duration_since(asked)))
}

async fn worker(shared: Arc<Shared>, mut client: Client, board: Arc<Board>, take: u32) {
    while !shared.over.load(Ordering::Relaxed) {
        let leased = match client.activate(take, POLL).await {
            Ok(leased) => leased,
            Err(failure) if shared.failed(&mut client, &failure).await => continue,
            Err(_) => return,
        };
        for job in leased {
            match client.complete_job(job.job).await {
                Ok(()) => board.done(job.instance),
                Err(failure) if shared.failed(&mut client, &failure).await => {}
                Err(_) => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Plan;
    use super::*;

    /// A worker's poll lasts a second: with short runs it made a fifth to a third of the time that was reported.
    #[tokio::test]
    async fn the_stopwatch_stops_before_the_last_workers_do() {
        let shared = Arc::new(Shared::new(Plan::new(Script::Service { take: 4 }, 2, 1), now()));
        let seen = shared.clone();
        let worker = tokio::spawn(async move {
            while seen.ended.get().is_none() {
                tokio::task::yield_now().await;
            }
        });
        let dismissed = tokio::time::timeout(Duration::from_secs(30), dismiss(&shared, vec![worker])).await;
        dismissed.expect("the worker sees that the time was taken").unwrap();
    }
}
