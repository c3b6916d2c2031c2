//! `nodes`, `leases`, `inbox`, `large_values`.
//!
//! Invariant: the writer is the only one that changes leases, so that it keeps their epochs in memory and a fence costs
//! no statement.

use super::{
    SqliteStore,
    row::{int, numbers},
    tx::{Tx, WriteResult, all, first},
};
use crate::{
    Cluster, ClusterWrite, Conflict, Inbox, InboxRow, InboxWrite, LeaseRow, NodeRow, Result, ValueHash, ValueWrite,
    Values, columns,
};
use async_trait::async_trait;
use model::{InstanceId, PartitionId, Timestamp};
use rusqlite::params;

const JOIN: &str = concat!("INSERT INTO nodes (", columns!(node), ") VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
const BEAT: &str = "UPDATE nodes SET beat = ?2, draining = ?3 WHERE id = ?1";
const LEAVE: &str = "DELETE FROM nodes WHERE id = ?1";
const EXPEL: &str = "DELETE FROM nodes WHERE id = ?1 AND beat = ?2";
const TAKE: &str = "UPDATE leases SET owner = ?2, epoch = ?3 + 1 WHERE partition_id = ?1 AND epoch = ?3
    AND (owner IS NULL OR owner NOT IN (SELECT id FROM nodes))";
const TAKE_FIRST: &str =
    concat!("INSERT INTO leases (", columns!(lease), ") VALUES (?1, ?2, 1) ON CONFLICT DO NOTHING");
const RELEASE: &str =
    "UPDATE leases SET owner = NULL, epoch = epoch + 1 WHERE partition_id = ?1 AND owner = ?2 AND epoch = ?3";
const NODES: &str = concat!("SELECT ", columns!(node), " FROM nodes ORDER BY id");
pub(super) const LEASES: &str = concat!("SELECT ", columns!(lease), " FROM leases ORDER BY partition_id");
const SEND: &str = concat!("INSERT INTO inbox (", columns!(inbox), ") VALUES (?1, ?2, ?3, ?4, ?5)");
const TAKE_MESSAGE: &str = "DELETE FROM inbox WHERE id = ?1";
const MESSAGES: &str = concat!(
    "SELECT ",
    columns!(inbox),
    " FROM inbox WHERE partition_id IN (SELECT value FROM json_each(?1)) AND id > ?2 ORDER BY id LIMIT ?3"
);
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

#[async_trait]
impl Cluster for SqliteStore {
    async fn nodes(&self) -> Result<Vec<NodeRow>> {
        self.read(|c| all(c, NODES, [])).await
    }

    async fn leases(&self) -> Result<Vec<LeaseRow>> {
        self.read(|c| all(c, LEASES, [])).await
    }
}

#[async_trait]
impl Inbox for SqliteStore {
    async fn messages(&self, partitions: &[PartitionId], after: i64, limit: u32) -> Result<Vec<InboxRow>> {
        let partitions = numbers(partitions.iter().map(|p| p.0.into()));
        self.read(move |c| all(c, MESSAGES, params![partitions, after, limit])).await
    }

    async fn messages_waiting(&self) -> Result<(u64, Option<Timestamp>)> {
        Ok(self.read(move |c| first(c, WAITING, [])).await?.unwrap_or((0, None)))
    }
}

#[async_trait]
impl Values for SqliteStore {
    async fn values(&self, instance: InstanceId, hashes: &[ValueHash]) -> Result<Vec<(ValueHash, Vec<u8>)>> {
        let hex = |hash: &ValueHash| hash.iter().map(|byte| format!("{byte:02X}")).collect::<String>();
        let names = serde_json::Value::from(hashes.iter().map(hex).collect::<Vec<_>>()).to_string();
        self.read(move |c| all(c, VALUES, params![instance.0, names])).await
    }
}
