//! A closed loop: each client waits for its answer before it asks again.

use crate::Bench;
use anyhow::{Result, anyhow};
use platform::Actor;
use runtime::StartRequest;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

/// What the clients saw.
pub(crate) struct Measured {
    /// From the first request to the last answer.
    pub elapsed: Duration,
    /// One per instance, sorted.
    pub latencies: Vec<Duration>,
}

/// Starts `count` instances from `clients` clients; fails on the first refusal.
pub(crate) async fn closed_loop(
    bench: &Bench,
    clients: u32,
    count: u32,
    request: impl Fn(u32) -> StartRequest + Send + Sync + Clone + 'static,
) -> Result<Measured> {
    let next = Arc::new(AtomicU32::new(0));
    let begun = now();
    let tasks: Vec<_> = (0..clients)
        .map(|_| {
            let (next, runtime, request) = (next.clone(), bench.runtime.clone(), request.clone());
            tokio::spawn(async move {
                let actor = Actor::system();
                let mut latencies = Vec::with_capacity((count / clients.max(1)) as usize + 1);
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= count {
                        return Ok::<_, model::Fault>(latencies);
                    }
                    let asked = now();
                    runtime.start(&actor, request(n)).await?;
                    latencies.push(asked.elapsed());
                }
            })
        })
        .collect();
    let mut latencies = Vec::with_capacity(count as usize);
    for task in tasks {
        let part = task.await.map_err(|e| anyhow!("a client stopped: {e}"))?;
        latencies.extend(part.map_err(|e| anyhow!("a start was refused: {e}"))?);
    }
    let elapsed = begun.elapsed();
    latencies.sort_unstable();
    Ok(Measured { elapsed, latencies })
}

#[expect(clippy::disallowed_methods, reason = "a load generator measures with the wall's stopwatch")]
fn now() -> Instant {
    Instant::now()
}
