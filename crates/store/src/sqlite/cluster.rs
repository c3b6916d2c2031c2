//! `nodes`, `leases`, `inbox`, `large_values`.
//!
//! Invariant: the writer is the only one that changes leases, so that it keeps their epochs in memory and a fence costs
//! no statement.

use super::{
    SqliteStore,
    row::{Columns, int, numbers},
    tx::{Tx, WriteResult, all, first},
};
use crate::{
    Cluster, ClusterWrite, Conflict, Inbox, InboxRow, InboxWrite, LeaseRow, NodeId, NodeRow, Result, ValueHash,
    ValueWrite, Values,
};
use async_trait::async_trait;
use model::{InstanceId, PartitionId, Timestamp};
use rusqlite::{Row, params};

const JOIN: &str = "INSERT INTO nodes (id, url, version, started_at, beat, draining) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
const BEAT: &str = "UPDATE nodes SET beat = ?2, draining = ?3 WHERE id = ?1";
const LEAVE: &str = "DELETE FROM nodes WHERE id = ?1";
const EXPEL: &str = "DELETE FROM nodes WHERE id = ?1 AND beat = ?2";
const TAKE: &str = "UPDATE leases SET owner = ?2, epoch = ?3 + 1 WHERE partition_id = ?1 AND epoch = ?3
    AND (owner IS NULL OR owner NOT IN (SELECT id FROM nodes))";
const TAKE_FIRST: &str = "INSERT INTO leases (partition_id, owner, epoch) VALUES (?1, ?2, 1) ON CONFLICT DO NOTHING";
const RELEASE: &str =
    "UPDATE leases SET owner = NULL, epoch = epoch + 1 WHERE partition_id = ?1 AND owner = ?2 AND epoch = ?3";
const NODES: &str = "SELECT id, url, version, started_at, beat, draining FROM nodes ORDER BY id";
pub(super) const LEASES: &str = "SELECT partition_id, owner, epoch FROM leases ORDER BY partition_id";
const SEND: &str = "INSERT INTO inbox (partition_id, id, kind, payload, created_at) VALUES (?1, ?2, ?3, ?4, ?5)";
const TAKE_MESSAGE: &str = "DELETE FROM inbox WHERE id = ?1";
const MESSAGES: &str = "SELECT partition_id, id, kind, payload, created_at FROM inbox
    WHERE partition_id IN (SELECT value FROM json_each(?1)) ORDER BY id LIMIT ?2";
const WAITING: &str = "SELECT count(*), min(created_at) FROM inbox";
const PUT: &str = "INSERT INTO large_values (partition_id, instance_id, hash, bytes) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT DO NOTHING";
const VALUES: &str = "SELECT hash, bytes FROM large_values
    WHERE instance_id = ?1 AND hex(hash) IN (SELECT value FROM json_each(?2))";

pub(super) fn apply(tx: &mut Tx<'_>, write: &ClusterWrite) -> WriteResult {
    tx.leases_changed = true;
    match write {
        ClusterWrite::Join(n) => {
            let values = params![n.id.0, n.url, n.version, n.started_at.0, int(n.beat), n.draining];
            tx.run(JOIN, values).map(|_| ())
        }
        ClusterWrite::Beat { id, beat, draining } => tx.must(BEAT, params![id.0, int(*beat), draining], Conflict::Node),
        ClusterWrite::Leave { id } => tx.run(LEAVE, [id.0]).map(|_| ()),
        ClusterWrite::Expel { id, beat } => tx.must(EXPEL, params![id.0, int(*beat)], Conflict::Node),
        ClusterWrite::Take { partition, owner, seen: 0 } => {
            tx.must(TAKE_FIRST, params![partition.0, owner.0], Conflict::Lease)
        }
        ClusterWrite::Take { partition, owner, seen } => {
            tx.must(TAKE, params![partition.0, owner.0, int(*seen)], Conflict::Lease)
        }
        ClusterWrite::Release { partition, owner, epoch } => {
            tx.must(RELEASE, params![partition.0, owner.0, int(*epoch)], Conflict::Lease)
        }
    }
}

pub(super) fn apply_message(tx: &mut Tx<'_>, write: &InboxWrite) -> WriteResult {
    match write {
        InboxWrite::Insert(m) => {
            let values = params![m.partition.0, m.id, m.kind, m.payload.to_string(), m.created_at.0];
            tx.run(SEND, values).map(|_| ())
        }
        InboxWrite::Take { id, .. } => tx.must(TAKE_MESSAGE, [*id], Conflict::Message),
    }
}

pub(super) fn apply_value(tx: &mut Tx<'_>, write: &ValueWrite) -> WriteResult {
    let ValueWrite::Put { partition, instance, hash, bytes } = write;
    tx.run(PUT, params![partition.0, instance.0, hash, bytes]).map(|_| ())
}

fn node(row: &Row<'_>) -> rusqlite::Result<NodeRow> {
    let mut c = Columns::new(row);
    Ok(NodeRow {
        id: c.id(NodeId)?,
        url: c.get()?,
        version: c.get()?,
        started_at: c.at()?,
        beat: c.count()?,
        draining: c.get()?,
    })
}

pub(super) fn lease(row: &Row<'_>) -> rusqlite::Result<LeaseRow> {
    let mut c = Columns::new(row);
    Ok(LeaseRow { partition: c.partition()?, owner: c.id_opt(NodeId)?, epoch: c.count()? })
}

fn message(row: &Row<'_>) -> rusqlite::Result<InboxRow> {
    let mut c = Columns::new(row);
    Ok(InboxRow { partition: c.partition()?, id: c.get()?, kind: c.get()?, payload: c.json()?, created_at: c.at()? })
}

#[async_trait]
impl Cluster for SqliteStore {
    async fn nodes(&self) -> Result<Vec<NodeRow>> {
        self.read(|c| all(c, NODES, [], node)).await
    }

    async fn leases(&self) -> Result<Vec<LeaseRow>> {
        self.read(|c| all(c, LEASES, [], lease)).await
    }
}

#[async_trait]
impl Inbox for SqliteStore {
    async fn messages(&self, partitions: &[PartitionId], limit: u32) -> Result<Vec<InboxRow>> {
        let partitions = numbers(partitions.iter().map(|p| p.0.into()));
        self.read(move |c| all(c, MESSAGES, params![partitions, limit], message)).await
    }

    async fn messages_waiting(&self) -> Result<(u64, Option<Timestamp>)> {
        let read = |row: &Row<'_>| {
            let mut c = Columns::new(row);
            Ok((c.count()?, c.at_opt()?))
        };
        Ok(self.read(move |c| first(c, WAITING, [], read)).await?.unwrap_or((0, None)))
    }
}

#[async_trait]
impl Values for SqliteStore {
    async fn values(&self, instance: InstanceId, hashes: &[ValueHash]) -> Result<Vec<(ValueHash, Vec<u8>)>> {
        let hex = |hash: &ValueHash| hash.iter().map(|byte| format!("{byte:02X}")).collect::<String>();
        let names = serde_json::Value::from(hashes.iter().map(hex).collect::<Vec<_>>()).to_string();
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        self.read(move |c| all(c, VALUES, params![instance.0, names], read)).await
    }
}
