//! What a store does when the database goes away, comes back, or another node has it too.

use crate::{database, server};
use model::{InstanceId, JobId, PartitionId, TimerId, Timestamp};
use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};
use store::*;
use store_postgres::{CommitScope, PostgresOptions, PostgresStore};

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(future)
}

async fn open(url: &str) -> Arc<PostgresStore> {
    Arc::new(PostgresStore::open(PostgresOptions::new(url)).await.unwrap())
}

fn timer(n: i64) -> Unit {
    let (partition, id) = (PartitionId((n % 4) as u8), TimerId((n << 8) | (n % 4)));
    Unit::of(TimerWrite::Insert(TimerRow { partition, id, due_at: Timestamp(n), instance: InstanceId(1) }))
}

async fn timers(store: &PostgresStore) -> HashSet<i64> {
    let all = store.due_timers(&[], Timestamp(i64::MAX), u32::MAX).await.unwrap();
    all.into_iter().map(|t| t.id.0 >> 8).collect()
}

fn take(partition: u8, seen: u64, owner: i64) -> Unit {
    Unit::of(ClusterWrite::Take { partition: PartitionId(partition), owner: NodeId(owner), seen })
}

fn fence(partition: u8, epoch: u64) -> Fence {
    Fence { partition: PartitionId(partition), epoch }
}

/// Waits until a session of the database waits for what another holds.
async fn until_one_waits(url: &str) {
    const WAITS: &str =
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let url = url.to_owned();
    let looks = move || (0..10_000).any(|_| !server::texts(&url, WAITS).is_empty());
    assert!(tokio::task::spawn_blocking(looks).await.unwrap(), "nobody waits");
}

const CUT: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()";

#[test]
fn connections_that_end_under_load_lose_nothing_acknowledged() {
    let url = database();
    let (acknowledged, refused, found) = block_on(async {
        let store = open(&url).await;
        let mut callers = tokio::task::JoinSet::new();
        for caller in 0..16_i64 {
            let store = store.clone();
            callers.spawn(async move {
                let (mut done, mut refused) = (Vec::new(), 0);
                for step in 0..60 {
                    let n = caller * 1_000 + step + 1;
                    match store.commit_one(timer(n)).await {
                        Ok(_) => done.push(n),
                        Err(_) => refused += 1,
                    }
                    // A read is sent again by itself, though less often than cuts come on a machine that is busy.
                    let mut read = store.earliest_timer().await;
                    for _ in 0..10 {
                        if read.is_ok() {
                            break;
                        }
                        read = store.earliest_timer().await;
                    }
                    read.unwrap();
                }
                (done, refused)
            });
        }
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_millis(30)).await;
            let url = url.clone();
            tokio::task::spawn_blocking(move || server::execute(&url, CUT)).await.unwrap();
        }
        let (mut acknowledged, mut refused) = (HashSet::new(), 0);
        while let Some(Ok((done, not))) = callers.join_next().await {
            acknowledged.extend(done);
            refused += not;
        }
        (acknowledged, refused, timers(&store).await)
    });
    assert!(acknowledged.len() + refused == 960, "{} acknowledged, {refused} refused", acknowledged.len());
    assert!(acknowledged.len() > 480, "{} acknowledged, {refused} refused", acknowledged.len());
    assert!(acknowledged.is_subset(&found), "lost: {:?}", acknowledged.difference(&found).collect::<Vec<_>>());
}

#[test]
fn a_database_that_is_away_is_waited_for_and_not_for_ever() {
    let url = database();
    let name = url.rsplit('/').next().unwrap().to_owned();
    let elsewhere = url.replace(&name, "postgres");
    block_on(async {
        let patience = Duration::from_millis(400);
        let store = PostgresStore::open(PostgresOptions { patience, ..PostgresOptions::new(&url) }).await.unwrap();
        store.commit_one(timer(1)).await.unwrap();
        let admit = |yes: bool| {
            let (url, name) = (elsewhere.clone(), name.clone());
            let sql = format!(
                "ALTER DATABASE {name} ALLOW_CONNECTIONS {yes};
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
            );
            tokio::task::spawn_blocking(move || server::execute(&url, &sql))
        };
        admit(false).await.unwrap();
        let begin = tokio::time::Instant::now();
        let mut outcomes = Vec::new();
        for n in 2..4 {
            outcomes.push(store.commit_one(timer(n)).await);
        }
        let last = outcomes.pop().unwrap();
        assert!(matches!(last, Err(StoreError::Unavailable)), "{last:?}");
        assert_eq!(model::Fault::from(last.unwrap_err()).code.code, "STO-0005");
        let read = store.earliest_timer().await;
        assert!(matches!(read, Err(StoreError::Unavailable)), "{read:?}");
        assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());
        admit(true).await.unwrap();
        // Those who come while it is back soon enough do not notice.
        let mut back = store.commit_one(timer(9)).await;
        for _ in 0..600 {
            if back.is_ok() {
                break;
            }
            // A refusal may come at once, before the next look at the database.
            tokio::time::sleep(Duration::from_millis(100)).await;
            back = store.commit_one(timer(9)).await;
        }
        back.unwrap();
        assert!(timers(&store).await.contains(&9));
    });
}

/// Stands between a store and its server. When told so it cuts what passes, and takes new connections without a word:
/// a server whose processes stand still, or a balancer with nobody behind it.
#[derive(Clone, Default)]
struct Between {
    silent: Arc<AtomicBool>,
    cut: Arc<tokio::sync::Notify>,
}

impl Between {
    /// The URL that leads through it.
    async fn lay(&self, url: &str) -> String {
        let server: tokio_postgres::Config = url.parse().unwrap();
        let Some(tokio_postgres::config::Host::Tcp(host)) = server.get_hosts().first() else { panic!("{url}") };
        let to = format!("{host}:{}", server.get_ports().first().copied().unwrap_or(5432));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let through = url.replace(&to, &listener.local_addr().unwrap().to_string());
        assert_ne!(through, url);
        let this = self.clone();
        tokio::spawn(async move {
            let mut kept = Vec::new();
            while let Ok((mut from, _)) = listener.accept().await {
                if this.silent.load(SeqCst) {
                    kept.push(from);
                    continue;
                }
                let (to, this) = (to.clone(), this.clone());
                tokio::spawn(async move {
                    let cut = this.cut.notified();
                    let mut to = tokio::net::TcpStream::connect(to).await.unwrap();
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut from, &mut to) => {}
                        () = cut => {}
                    }
                });
            }
        });
        through
    }

    fn fall_silent(&self, silent: bool) {
        self.silent.store(silent, SeqCst);
        self.cut.notify_waiters();
    }
}

async fn soon<T, F: Future<Output = Result<T>>>(what: &str, mut work: impl FnMut() -> F) -> T {
    let done = async {
        loop {
            if let Ok(done) = work().await {
                return done;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(100), done).await.unwrap_or_else(|_| panic!("never: {what}"))
}

#[test]
fn a_server_that_takes_connections_and_says_nothing_is_not_waited_for() {
    let url = database();
    block_on(async {
        let between = Between::default();
        let (patience, answer_timeout) = (Duration::from_millis(300), Duration::from_secs(2));
        let options = PostgresOptions { patience, answer_timeout, ..PostgresOptions::new(between.lay(&url).await) };
        // A machine that is busy may need more than one try.
        let store = soon("it is reached", || PostgresStore::open(options.clone())).await;
        soon("it commits", || store.commit_one(timer(1))).await;
        between.fall_silent(true);
        let answers = async {
            for n in 2..5 {
                store.commit_one(timer(n)).await.unwrap_err();
            }
            (store.commit_one(timer(5)).await, store.earliest_timer().await)
        };
        let (commit, read) = tokio::time::timeout(Duration::from_secs(100), answers).await.expect("an answer");
        assert!(matches!(commit, Err(StoreError::Unavailable)), "{commit:?}");
        assert!(matches!(read, Err(StoreError::Unavailable)), "{read:?}");
        between.fall_silent(false);
        soon("it comes back", || store.commit_one(timer(9))).await;
        let direct = open(&url).await;
        let kept = timers(&direct).await;
        assert!(kept.contains(&1) && kept.contains(&9) && !kept.contains(&5), "{kept:?}");
    });
}

#[test]
fn a_host_that_says_nothing_is_followed_by_the_next() {
    let url = database();
    block_on(async {
        let between = Between::default();
        between.fall_silent(true);
        let server: tokio_postgres::Config = url.parse().unwrap();
        let Some(tokio_postgres::config::Host::Tcp(host)) = server.get_hosts().first() else { panic!("{url}") };
        let port = server.get_ports().first().copied().unwrap_or(5432);
        let (first, more) = (between.lay(&url).await, if url.contains('?') { '&' } else { '?' });
        let both = format!("{first}{more}host={host}&port={port}");
        let answer_timeout = Duration::from_secs(2);
        let options = PostgresOptions { answer_timeout, ..PostgresOptions::new(both) };
        let store = soon("the second is reached", || PostgresStore::open(options.clone())).await;
        soon("it commits", || store.commit_one(timer(1))).await;
        let direct = open(&url).await;
        assert_eq!(timers(&direct).await, HashSet::from([1]));
    });
}

#[test]
fn a_commit_that_may_have_been_done_is_not_sent_again() {
    let url = database();
    let sql = "CREATE SEQUENCE tries;
        CREATE FUNCTION unclear() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM nextval('tries'); RAISE EXCEPTION 'unclear' USING ERRCODE = '40003'; END $$;
        CREATE CONSTRAINT TRIGGER unclear AFTER INSERT ON timers DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION unclear()";
    server::execute(&url, sql);
    let outcome = block_on(async { open(&url).await.commit_one(timer(1)).await });
    assert!(matches!(outcome, Err(StoreError::Failed { .. })), "{outcome:?}");
    assert_eq!(server::texts(&url, "SELECT last_value FROM tries"), ["1"]);
}

#[test]
fn a_lease_taken_meanwhile_refuses_and_one_held_is_waited_for() {
    let url = database();
    block_on(async {
        let store = open(&url).await;
        store.commit_one(take(0, 0, 1)).await.unwrap();
        store.commit_one(timer(1).fenced(fence(0, 1))).await.unwrap();
        // Somebody takes the partition away and has not committed yet.
        let (thief, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        thief.batch_execute("BEGIN; UPDATE leases SET epoch = 2, owner = 2 WHERE partition_id = 0").await.unwrap();
        let late = tokio::spawn({
            let store = store.clone();
            async move { store.commit(vec![timer(2), timer(3).fenced(fence(0, 1)), timer(4)]).await }
        });
        until_one_waits(&url).await;
        assert!(!late.is_finished(), "nobody knows yet whether the lease holds");
        thief.batch_execute("COMMIT").await.unwrap();
        let results = late.await.unwrap().unwrap();
        assert_eq!(results[1].as_ref().unwrap_err().conflict(), Some(&Conflict::Fenced));
        assert!(results[0].is_ok() && results[2].is_ok(), "{results:?}");
        assert_eq!(timers(&store).await, HashSet::from([1, 2, 4]));
    });
}

#[test]
fn two_nodes_lease_no_job_twice_and_give_no_id_twice() {
    let url = database();
    block_on(async {
        let (a, b) = (open(&url).await, open(&url).await);
        let job = |n: i64| JobRow {
            partition: PartitionId((n % 4) as u8),
            id: JobId((n << 8) | (n % 4)),
            instance: InstanceId(1),
            element_key: 1,
            element_id: "e".into(),
            job_type: "mail".into(),
            state: JobState::Open,
            retries: 3,
            input: serde_json::json!({}),
            headers: serde_json::json!({}),
            created_at: Timestamp(n),
            lease_owner: None,
            lease_until: None,
            event_id: None,
        };
        let jobs = (1..=200).fold(Unit::new(), |unit, n| unit.with(JobWrite::Insert(Box::new(job(n)))));
        a.commit_one(jobs).await.unwrap();
        let mut workers = tokio::task::JoinSet::new();
        for worker in 0..8 {
            let store = if worker % 2 == 0 { a.clone() } else { b.clone() };
            workers.spawn(async move {
                let (mut leased, mut ids) = (Vec::new(), Vec::new());
                for _ in 0..12 {
                    let activate = JobWrite::Activate {
                        job_type: "mail".into(),
                        limit: 3,
                        owner: format!("w{worker}"),
                        now: Timestamp(1_000),
                        lease_until: Timestamp(9_000),
                    };
                    leased.extend(store.commit_one(Unit::of(activate)).await.unwrap().activated);
                    ids.push(store.next_id(IdKind::Record).await.unwrap());
                }
                (leased, ids)
            });
        }
        let (mut seen, mut ids) = (HashSet::new(), HashSet::new());
        while let Some(Ok((leased, made))) = workers.join_next().await {
            assert!(leased.iter().all(|job| seen.insert(job.id)), "a job was leased twice");
            assert!(made.iter().all(|id| ids.insert(*id)), "an id was given twice");
        }
        assert_eq!(ids.len(), 96);
        assert!(seen.len() >= 150, "{} leased: what one has the other passes over", seen.len());
    });
}

#[test]
fn two_that_lock_each_other_both_commit() {
    let url = database();
    block_on(async {
        let store = open(&url).await;
        store.commit_one(timer(1).with(timer(2).writes.remove(0))).await.unwrap();
        let close = |n: i64| {
            let (partition, id) = (PartitionId((n % 4) as u8), TimerId((n << 8) | (n % 4)));
            TimerWrite::Delete { partition, id }
        };
        let (other, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        // The other holds the second and wants the first; the store's wave holds the first and wants the second.
        other
            .batch_execute("SET deadlock_timeout = '10s'; BEGIN; UPDATE timers SET due_at = 7 WHERE id >> 8 = 2")
            .await
            .unwrap();
        let ours = tokio::spawn({
            let (store, unit) = (store.clone(), Unit::of(close(1)).with(close(2)));
            async move { store.commit_one(unit).await }
        });
        until_one_waits(&url).await;
        other.batch_execute("UPDATE timers SET due_at = 7 WHERE id >> 8 = 1; COMMIT").await.unwrap();
        ours.await.unwrap().unwrap();
        assert_eq!(timers(&store).await, HashSet::new());
    });
}

#[test]
fn a_newer_schema_is_refused_and_nodes_that_start_together_make_one() {
    let url = server::database();
    block_on(async {
        let starts = (0..6).map(|_| PostgresStore::open(PostgresOptions::new(&url)));
        for started in futures_util::future::join_all(starts).await {
            let store = started.unwrap();
            assert_eq!(store.commit_scope(), CommitScope::Node);
            store.close().await;
        }
        let bump = "UPDATE schema_version SET version = version + 1";
        let behind = url.clone();
        tokio::task::spawn_blocking(move || server::execute(&behind, bump)).await.unwrap();
        let error = PostgresStore::open(PostgresOptions::new(&url)).await.unwrap_err();
        assert!(matches!(error, StoreError::NewerSchema { found, known } if found == known + 1), "{error:?}");
    });
}

#[test]
fn full_queues_refuse() {
    let url = database();
    block_on(async {
        let options = PostgresOptions { queue_units: 0, queue_reads: 0, ..PostgresOptions::new(&url) };
        let store = PostgresStore::open(options).await.unwrap();
        assert!(matches!(store.commit_one(timer(1)).await, Err(StoreError::Busy)));
        assert!(matches!(store.earliest_timer().await, Err(StoreError::Busy)));
    });
}

#[test]
fn a_batch_is_one_round_trip_whatever_it_holds() {
    let url = database();
    block_on(async {
        // With another writer the second batch may be the first of its connection, which prepares its statement.
        let options = PostgresOptions { writers: Some(1), ..PostgresOptions::new(&url) };
        let store = PostgresStore::open(options).await.unwrap();
        let batch = |from: i64| (from..from + 50).map(timer).collect::<Vec<_>>();
        store.commit(batch(1)).await.unwrap();
        let (before, trips) = (store.stats(), store.round_trips());
        store.commit(batch(100)).await.unwrap();
        let after = store.stats();
        assert_eq!(after.statements - before.statements, 1);
        assert_eq!(store.round_trips() - trips, 1);
        assert_eq!((after.commits - before.commits, after.units - before.units), (1, 50));
    });
}

#[test]
fn a_server_that_can_not_be_used_is_named() {
    block_on(async {
        let wrong = PostgresOptions { patience: Duration::ZERO, ..PostgresOptions::new("postgres://a@127.0.0.1:1/b") };
        assert!(matches!(PostgresStore::open(wrong).await, Err(StoreError::Unavailable)));
        let url = database() + "_that_is_not_there";
        let error = PostgresStore::open(PostgresOptions::new(url)).await.unwrap_err();
        assert!(matches!(error, StoreError::Failed { context: "connect", .. }), "{error:?}");
    });
}

/// Run by `tls.sh`, which starts a server with a certificate for `localhost` signed by an authority of its own.
#[test]
#[ignore = "needs a server with TLS: crates/store-postgres/tests/tls.sh"]
fn certificates_are_looked_at_as_the_url_says() {
    let port = std::env::var("RUSLO_TEST_TLS_PORT").expect("tls.sh names the port");
    let (good, other) = ("sslrootcert=/tmp/ruslo-tls/ca.crt", "sslrootcert=/tmp/ruslo-tls/other.crt");
    let cases = [
        ("localhost", "sslmode=disable".to_owned(), false),
        ("localhost", "sslmode=prefer".to_owned(), true),
        ("localhost", "sslmode=require".to_owned(), true),
        ("localhost", format!("sslmode=require&{other}"), false),
        ("localhost", format!("sslmode=verify-ca&{good}"), true),
        ("127.0.0.1", format!("sslmode=verify-ca&{good}"), true),
        ("localhost", format!("sslmode=verify-ca&{other}"), false),
        ("localhost", format!("sslmode=verify-full&{good}"), true),
        ("127.0.0.1", format!("sslmode=verify-full&{good}"), false),
        ("localhost", format!("sslmode=verify-full&{other}"), false),
    ];
    block_on(async {
        for (host, parameters, expected) in cases {
            let url = format!("postgres://ruslo@{host}:{port}/ruslo?{parameters}");
            let options = PostgresOptions { patience: Duration::ZERO, ..PostgresOptions::new(&url) };
            let opened = PostgresStore::open(options).await;
            assert_eq!(opened.is_ok(), expected, "{url}: {:?}", opened.err());
        }
    });
}
