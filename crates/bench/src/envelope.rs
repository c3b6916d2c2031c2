//! The envelope: what HTTP, JSON and group commit allow on this machine at this moment, with a stub in place of the
//! engine and no authentication.
//!
//! Owns: the stub. It answers the same requests as the server for A and B and commits rows of the same size through the
//! same store, one unit a request. Never: tokens, expressions, definitions; it is an upper bound, not a server.

use anyhow::{Context, Result};
use model::{Clock, DefinitionId, IdSource, InstanceId, JobId, PartitionId, Timestamp};
use serde_json::{Value as Json, json};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use store::{
    InstanceRow, InstanceState, InstanceUpdate, InstanceWrite, JobRow, JobState, JobWrite, JournalRow, SharedStore,
    StoredInstance, Unit, UnitReceipt,
};
use tokio::sync::Semaphore;

/// Partitions, as a new database has them.
const PARTITIONS: u8 = 64;
/// Elements that an instance of A passes.
const STRAIGHT: &[&str] = &["start", "s1", "gw", "s2a", "s3", "end"];

/// Bytes of a snapshot and a journal row that the engine writes for A; `tests/counters.rs` keeps them true.
pub const STRAIGHT_BYTES: (usize, usize) = (26, 358);

/// The stub.
pub struct Stub {
    store: SharedStore,
    clock: Arc<dyn Clock>,
    ids: Vec<Mutex<IdSource>>,
    turn: AtomicUsize,
    /// Jobs that wait for a worker.
    open: Semaphore,
    /// Job → instance.
    leased: Mutex<HashMap<i64, InstanceId>>,
}

impl Stub {
    /// A stub on a fresh store.
    pub fn new(store: SharedStore, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            ids: (0..PARTITIONS).map(|p| Mutex::new(IdSource::new(PartitionId(p), 0))).collect(),
            turn: AtomicUsize::new(0),
            open: Semaphore::new(0),
            leased: Mutex::default(),
        }
    }

    /// Starts: all of A, or B up to its job. `body` is that of `POST /api/v1/instances`.
    pub async fn start(&self, mut body: Json) -> Result<Json> {
        let now = self.clock.now();
        let waits = body["definitionId"].as_str() == Some("service");
        let place = self.turn.fetch_add(1, Ordering::Relaxed) % self.ids.len();
        let (id, job) = {
            let mut ids = self.ids[place].lock().unwrap_or_else(PoisonError::into_inner);
            (InstanceId(ids.next(now)), waits.then(|| JobId(ids.next(now))))
        };
        let variables = body["variables"].take();
        let passed = if waits { 2 } else { STRAIGHT.len() };
        let (mut snapshot, mut events, _) = play(id, variables, &STRAIGHT[..passed], now);
        if !waits {
            // The engine's forms are shorter than JSON.
            snapshot.resize(STRAIGHT_BYTES.0, b' ');
            events.resize(STRAIGHT_BYTES.1, b' ');
        }
        let partition = PartitionId(u8::try_from(place).unwrap_or(0));
        let state = if waits { InstanceState::Active } else { InstanceState::Completed };
        let mut unit =
            Unit::of(InstanceWrite::Create(StoredInstance { row: row(partition, id, state, now), snapshot }));
        unit.push(InstanceWrite::Journal(JournalRow { partition, instance: id, seq: 1, at: now, events }));
        if let Some(job) = job {
            unit.push(JobWrite::Insert(Box::new(job_row(partition, job, id, now))));
        }
        self.commit(unit).await?;
        if let Some(job) = job {
            self.leased.lock().unwrap_or_else(PoisonError::into_inner).insert(job.0, id);
            self.open.add_permits(1);
        }
        Ok(json!({ "id": id.to_string(), "state": state.as_str(), "variables": null }))
    }

    /// Leases jobs. `body` is that of `POST /api/v1/jobs/activate`.
    pub async fn activate(&self, body: Json) -> Result<Json> {
        let wait = Duration::from_millis(body["waitMs"].as_u64().unwrap_or(0));
        let max = body["max"].as_u64().unwrap_or(1).max(1);
        let Ok(Ok(first)) = tokio::time::timeout(wait, self.open.acquire()).await else {
            return Ok(json!({ "jobs": [] }));
        };
        first.forget();
        let mut limit = 1;
        while limit < max
            && let Ok(more) = self.open.try_acquire()
        {
            more.forget();
            limit += 1;
        }
        let now = self.clock.now();
        let write = JobWrite::Activate {
            job_type: crate::jobs::WORK.to_owned(),
            limit: u32::try_from(limit).unwrap_or(1),
            owner: body["worker"].as_str().unwrap_or_default().to_owned(),
            now,
            lease_until: now.plus_ms(60_000),
        };
        let jobs = self.commit(Unit::of(write)).await?.activated;
        let jobs: Vec<Json> = jobs
            .into_iter()
            .map(|j| {
                json!({
                    "id": j.id.to_string(), "type": j.job_type, "instanceId": j.instance.to_string(),
                    "definitionId": "def_1", "document": null, "elementId": j.element_id, "retries": j.retries,
                    "leasedUntil": now.to_iso(), "headers": {}, "input": {}, "idempotencyKey": j.id.to_string(),
                })
            })
            .collect();
        Ok(json!({ "jobs": jobs }))
    }

    /// Ends an instance of B.
    pub async fn complete(&self, job: JobId, body: Json) -> Result<()> {
        let id = self.leased.lock().unwrap_or_else(PoisonError::into_inner).remove(&job.0);
        let id = id.context("no such job")?;
        let (now, partition) = (self.clock.now(), model::partition_of(id.0));
        let (snapshot, events, _) = play(id, body["result"].clone(), &STRAIGHT[4..], now);
        let update = InstanceUpdate {
            partition,
            id,
            expect_seq: 1,
            seq: 2,
            state: InstanceState::Completed,
            state_title: String::new(),
            updated_at: now,
            finished_at: Some(now),
            incidents: 0,
            snapshot,
        };
        let unit = Unit::of(InstanceWrite::Update(update))
            .with(InstanceWrite::Journal(JournalRow { partition, instance: id, seq: 2, at: now, events }))
            .with(JobWrite::Delete { partition, id: job });
        self.commit(unit).await.map(drop)
    }

    async fn commit(&self, unit: Unit) -> Result<UnitReceipt> {
        Ok(self.store.commit_one(unit).await?)
    }
}

/// In the engine's place: sets three variables and writes what happened, through JSON and without cleverness.
fn play(id: InstanceId, mut variables: Json, elements: &[&str], now: Timestamp) -> (Vec<u8>, Vec<u8>, Json) {
    let amount = variables["amount"].as_i64().unwrap_or(1);
    let mut events = Vec::new();
    for element in elements {
        match *element {
            "s1" => variables["total"] = json!(amount * 2),
            "s2a" => variables["route"] = json!(if amount > 50 { "big" } else { "small" }),
            "s3" => variables["done"] = json!(true),
            _ => {}
        }
        events.push(json!({ "e": element, "k": "activated", "t": now.0 }));
        events.push(json!({ "e": element, "k": "completed" }));
    }
    let state = json!({ "id": id.0, "def": 1, "variables": variables, "at": elements.last() });
    (state.to_string().into_bytes(), Json::Array(events).to_string().into_bytes(), variables)
}

fn row(partition: PartitionId, id: InstanceId, state: InstanceState, now: Timestamp) -> InstanceRow {
    InstanceRow {
        partition,
        id,
        definition: DefinitionId(1),
        process_id: "bench-straight".to_owned(),
        state,
        document: None,
        started_by: None,
        business_key: None,
        state_title: String::new(),
        created_at: now,
        updated_at: now,
        finished_at: (state != InstanceState::Active).then_some(now),
        incidents: 0,
        seq: 1,
        parent: None,
        root: None,
        suspended: false,
    }
}

fn job_row(partition: PartitionId, id: JobId, instance: InstanceId, now: Timestamp) -> JobRow {
    JobRow {
        partition,
        id,
        instance,
        element_key: 2,
        element_id: "work".to_owned(),
        job_type: crate::jobs::WORK.to_owned(),
        state: JobState::Open,
        retries: 3,
        input: json!({}),
        headers: json!({}),
        created_at: now,
        lease_owner: None,
        lease_until: None,
        event_id: None,
    }
}
