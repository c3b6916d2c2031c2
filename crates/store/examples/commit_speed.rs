//! How many units a second the embedded database commits durably.
//!
//! `cargo run --release -p store --example commit_speed [-- SECONDS [DIRECTORY]]`: callers in a closed loop, each unit
//! one instance of 600 bytes and one journal row of 800 bytes; then half of the units move an instance made before.

#![allow(clippy::disallowed_methods, reason = "a measurement needs the clock")]

use model::{DefinitionId, InstanceId, PartitionId, Timestamp};
use std::{
    sync::{Arc, atomic::AtomicI64, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};
use store::{
    InstanceRow, InstanceState, InstanceUpdate, InstanceWrite, JournalRow, SharedStore, SqliteOptions, SqliteStore,
    StoredInstance, Unit,
};

fn create(n: i64) -> Unit {
    let partition = PartitionId((n % 64) as u8);
    let id = InstanceId((n << 8) | i64::from(partition.0));
    let row = InstanceRow {
        partition,
        id,
        definition: DefinitionId(1 + n % 10),
        process_id: "order".into(),
        state: InstanceState::Active,
        document: None,
        started_by: None,
        business_key: None,
        state_title: String::new(),
        created_at: Timestamp(n),
        updated_at: Timestamp(n),
        finished_at: None,
        incidents: 0,
        seq: 1,
        parent: None,
        root: None,
        suspended: false,
    };
    let journal = JournalRow { partition, instance: id, seq: 1, at: Timestamp(n), events: vec![7; 800] };
    Unit::of(InstanceWrite::Create(StoredInstance { row, snapshot: vec![7; 600] }))
        .with(InstanceWrite::Journal(journal))
}

fn finish(n: i64) -> Unit {
    let partition = PartitionId((n % 64) as u8);
    let id = InstanceId((n << 8) | i64::from(partition.0));
    let update = InstanceUpdate {
        partition,
        id,
        expect_seq: 1,
        seq: 2,
        state: InstanceState::Completed,
        state_title: String::new(),
        updated_at: Timestamp(n + 1),
        finished_at: Some(Timestamp(n + 1)),
        incidents: 0,
        snapshot: vec![8; 600],
    };
    let journal = JournalRow { partition, instance: id, seq: 2, at: Timestamp(n + 1), events: vec![8; 800] };
    Unit::of(InstanceWrite::Update(update)).with(InstanceWrite::Journal(journal))
}

/// Runs `callers` for `seconds`; with `moving` every second unit ends the instance that its caller made last.
async fn measure(store: &SharedStore, next: &Arc<AtomicI64>, callers: usize, moving: bool, seconds: f64) {
    let before = store.stats();
    let begin = Instant::now();
    let until = begin + Duration::from_secs_f64(seconds);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..callers {
        let (store, next) = (store.clone(), next.clone());
        tasks.spawn(async move {
            let mut latencies = Vec::new();
            let mut made = None;
            while Instant::now() < until {
                let unit = match made.take() {
                    Some(n) if moving => finish(n),
                    _ => {
                        let n = next.fetch_add(1, Relaxed);
                        made = Some(n);
                        create(n)
                    }
                };
                let begin = Instant::now();
                if let Err(error) = store.commit_one(unit).await {
                    panic!("{error}");
                }
                latencies.push(begin.elapsed());
            }
            latencies
        });
    }
    let mut latencies = Vec::new();
    while let Some(Ok(some)) = tasks.join_next().await {
        latencies.extend(some);
    }
    let seconds = begin.elapsed().as_secs_f64();
    latencies.sort();
    let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    let after = store.stats();
    let (units, commits) = ((after.units - before.units) as f64, (after.commits - before.commits) as f64);
    println!(
        "{callers:4} callers, {}: {:7.0} units/s  p50 {:.2} ms  p99 {:.2} ms  batch {:.1}  statements/unit {:.2}  \
         checkpoints {}  log {} pages",
        if moving { "half updates" } else { "inserts     " },
        units / seconds,
        at(0.5),
        at(0.99),
        units / commits,
        (after.statements - before.statements) as f64 / units,
        after.checkpoints - before.checkpoints,
        after.log_pages,
    );
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let seconds: f64 = arguments.next().map_or(Ok(3.0), |s| s.parse())?;
    let directory = match arguments.next() {
        Some(path) => tempfile::tempdir_in(path)?,
        None => tempfile::tempdir()?,
    };
    let path = directory.path().join("ruslo.db");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let store: SharedStore = Arc::new(SqliteStore::open(&path, SqliteOptions::default())?);
    let next = Arc::new(AtomicI64::new(1));
    runtime.block_on(async {
        for callers in [1, 16, 64, 256] {
            measure(&store, &next, callers, false, seconds).await;
            measure(&store, &next, callers, true, seconds).await;
        }
        store.close().await;
    });
    let rows = next.load(Relaxed) - 1;
    println!("{rows} instances, {} bytes each on disk", std::fs::metadata(&path)?.len() as i64 / rows.max(1));
    drop(store);
    let begin = Instant::now();
    let store = SqliteStore::open(&path, SqliteOptions::default())?;
    println!("opened again in {:.1} ms", begin.elapsed().as_secs_f64() * 1e3);
    drop(store);
    Ok(())
}
