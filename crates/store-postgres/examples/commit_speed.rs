//! How many units a second PostgreSQL commits durably.
//!
//! `cargo run --release -p store-postgres --example commit_speed -- URL [SECONDS [CALLERS,...]]`: callers in a closed
//! loop, each unit one instance of 600 bytes and one journal row of 800 bytes under the lease of its partition; then
//! half of the units move an instance made before. Makes its tables in the schema `commit_speed`, which it drops first.
//! `tools/postgres start` gives a URL.

#![allow(clippy::disallowed_methods, reason = "a measurement needs the clock")]

use model::{DefinitionId, InstanceId, PartitionId, Timestamp};
use std::{
    error::Error,
    sync::{Arc, atomic::AtomicI64, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};
use store::{
    ClusterWrite, Fence, InstanceRow, InstanceState, InstanceUpdate, InstanceWrite, JournalRow, NodeId, NodeRow, Store,
    StoredInstance, Unit,
};
use store_postgres::{PostgresOptions, PostgresStore};
use tokio_postgres::{Client, NoTls};

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
        .fenced(Fence { partition, epoch: 1 })
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
    Unit::of(InstanceWrite::Update(update)).with(InstanceWrite::Journal(journal)).fenced(Fence { partition, epoch: 1 })
}

/// What the server counts.
struct Counts {
    wal: i64,
    syncs: i64,
}

async fn counts(client: &Client) -> Result<Counts, Box<dyn Error>> {
    let ask = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint, (SELECT wal_sync FROM pg_stat_wal)";
    let row = client.query_one(ask, &[]).await?;
    Ok(Counts { wal: row.get(0), syncs: row.get(1) })
}

struct Load {
    store: Arc<PostgresStore>,
    next: Arc<AtomicI64>,
    seconds: f64,
}

/// Runs `callers`; with `moving` every second unit ends the instance that its caller made last.
async fn measure(load: &Load, client: &Client, callers: usize, moving: bool) -> Result<(), Box<dyn Error>> {
    let (before, trips, counted) = (load.store.stats(), load.store.round_trips(), counts(client).await?);
    let begin = Instant::now();
    let until = begin + Duration::from_secs_f64(load.seconds);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..callers {
        let (store, next) = (load.store.clone(), load.next.clone());
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
    // The server adds its counts up now and then.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let after = load.store.stats();
    let (units, commits) = ((after.units - before.units) as f64, (after.commits - before.commits) as f64);
    let now = counts(client).await?;
    println!(
        "{callers:4} callers, {}: {:7.0} units/s  p50 {:.2} ms  p99 {:.2} ms  batch {:.1}  statements/unit {:.2}  \
         round trips/commit {:.2}  WAL {:.0} B/unit  syncs/unit {:.3}",
        if moving { "half updates" } else { "inserts     " },
        units / seconds,
        at(0.5),
        at(0.99),
        units / commits,
        (after.statements - before.statements) as f64 / units,
        (load.store.round_trips() - trips) as f64 / commits,
        (now.wal - counted.wal) as f64 / units,
        (now.syncs - counted.syncs) as f64 / units,
    );
    Ok(())
}

async fn run(url: &str, seconds: f64, callers: &[usize]) -> Result<(), Box<dyn Error>> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    client.batch_execute("DROP SCHEMA IF EXISTS commit_speed CASCADE; CREATE SCHEMA commit_speed").await?;
    let separator = if url.contains('?') { '&' } else { '?' };
    let options = PostgresOptions::new(format!("{url}{separator}options=-csearch_path%3Dcommit_speed"));
    let store = Arc::new(PostgresStore::open(options).await?);
    let node = NodeRow {
        id: NodeId(1),
        url: String::new(),
        version: String::new(),
        started_at: Timestamp(0),
        beat: 1,
        draining: false,
    };
    let mut join = Unit::of(ClusterWrite::Join(node));
    for partition in 0..64 {
        join.push(ClusterWrite::Take { partition: PartitionId(partition), owner: NodeId(1), seen: 0 });
    }
    store.commit_one(join).await?;
    let load = Load { store, next: Arc::new(AtomicI64::new(1)), seconds };
    for callers in callers {
        for moving in [false, true] {
            measure(&load, &client, *callers, moving).await?;
        }
    }
    let rows = load.next.load(Relaxed) - 1;
    let ask = "SELECT sum(pg_total_relation_size(c.oid))::bigint FROM pg_class c
        WHERE c.relnamespace = 'commit_speed'::regnamespace AND c.relkind = 'r'";
    let bytes: i64 = client.query_one(ask, &[]).await?.get(0);
    println!("{rows} instances, {} bytes each on disk", bytes / rows.max(1));
    load.store.close().await;
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("which database? tools/postgres start gives a URL")?;
    let seconds: f64 = arguments.next().map_or(Ok(3.0), |s| s.parse())?;
    let callers: String = arguments.next().unwrap_or_else(|| "1,16,64,256".to_owned());
    let callers: Vec<usize> = callers.split(',').map(str::parse).collect::<Result<_, _>>()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(&url, seconds, &callers))
}
