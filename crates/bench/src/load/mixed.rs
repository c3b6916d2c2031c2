//! D: 60 % A, 30 % B, 10 % C with timers. A quarter of the clients are workers; of the instances of C every second is
//! completed by a person who opened its page, the others end by their timer.

use super::service::{Board, dismiss, hire, served};
use super::{Seen, Shared, now};
use crate::client::{Client, Failure};
use crate::jobs::Process;
use anyhow::Result;
use std::sync::Arc;
use std::time::Duration;

/// Jobs a worker takes at once.
const TAKE: u32 = 4;

pub(super) async fn run(shared: &Arc<Shared>, mut clients: Vec<Client>) -> Result<Vec<Seen>> {
    anyhow::ensure!(clients.len() > 1, "the mixed job needs at least two clients: one of them is a worker");
    let workers = clients.split_off(clients.len() - clients.len().div_ceil(4));
    let board = Arc::new(Board::default());
    let workers = hire(shared, workers, &board, TAKE);
    let seen = super::each(clients, |client| visitor(shared.clone(), client, board.clone())).await;
    dismiss(shared, workers).await?;
    seen
}

/// Which part the `n`th instance is of: in every ten, six of A, three of B, one of C.
fn part(n: u64) -> usize {
    match n % 10 {
        0 | 2 | 4 | 6 | 8 | 9 => 0,
        1 | 3 | 7 => 1,
        _ => 2,
    }
}

async fn visitor(shared: Arc<Shared>, mut client: Client, board: Arc<Board>) -> Seen {
    let mut seen = Seen::default();
    while let Some(n) = shared.turn() {
        let part = part(n);
        let result = match part {
            0 => straight(&mut client, n).await,
            1 => served(&shared, &mut client, &board, n).await.map(|(_, latency)| vec![latency]),
            _ => timed(&mut client, n).await,
        };
        match result {
            Ok(latencies) => {
                seen.latencies.extend(latencies);
                seen.parts[part] += 1;
            }
            Err(failure) if shared.failed(&mut client, &failure).await => {}
            Err(_) => break,
        }
    }
    seen
}

async fn straight(client: &mut Client, n: u64) -> Result<Vec<Duration>, Failure> {
    let asked = now();
    client.start(Process::Straight, n, None).await?;
    Ok(vec![asked.elapsed()])
}

async fn timed(client: &mut Client, n: u64) -> Result<Vec<Duration>, Failure> {
    let mut asked = now();
    let id = client.start(Process::Timed, n, None).await?;
    let mut latencies = vec![asked.elapsed()];
    if (n / 10).is_multiple_of(2) {
        asked = now();
        let tasks = client.tasks_of(id).await?;
        latencies.push(asked.elapsed());
        for task in tasks {
            asked = now();
            client.complete_task(task).await?;
            latencies.push(asked.elapsed());
        }
    }
    Ok(latencies)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_three_one() {
        let mut counts = [0; 3];
        (0..10).for_each(|n| counts[part(n)] += 1);
        assert_eq!(counts, [6, 3, 1]);
    }
}
