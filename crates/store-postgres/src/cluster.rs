//! `nodes`, `leases`, `inbox`, `large_values`.
//!
//! Invariant: a commit holds the leases of its partitions against being taken away until it is through ([`CHECK`]), so
//! that whoever takes one next sees all that was committed under it.

use crate::{
    PostgresStore,
    plan::{Kind, Plan, Table, expect_all},
    sql::{Param, Tx, WriteResult, params},
};
use async_trait::async_trait;
use model::{InstanceId, PartitionId, Timestamp};
use std::collections::BTreeSet;
use store::{
    Cluster, ClusterWrite, Conflict, Inbox, InboxRow, InboxWrite, LeaseRow, NodeRow, Result, ValueHash, ValueWrite,
    Values, columns,
};

pub(crate) static CHECK: Kind = Kind {
    sql: concat!(
        "WITH changed AS MATERIALIZED (SELECT 1 FROM leases l
        JOIN unnest($1, $2) AS n (partition_id, epoch) ON l.partition_id = n.partition_id AND l.epoch = n.epoch
        FOR SHARE OF l)",
        expect_all!("$3")
    ),
    otherwise: Some(Conflict::Fenced),
};
const JOIN: &str = concat!("INSERT INTO nodes (", columns!(node), ") VALUES ($1, $2, $3, $4, $5, $6)");
const BEAT: &str = "UPDATE nodes SET beat = $2, draining = $3 WHERE id = $1";
const LEAVE: &str = "DELETE FROM nodes WHERE id = $1";
const EXPEL: &str = "DELETE FROM nodes WHERE id = $1 AND beat = $2";
const TAKE: &str = "UPDATE leases SET owner = $2, epoch = $3 + 1 WHERE partition_id = $1 AND epoch = $3
    AND (owner IS NULL OR NOT EXISTS (SELECT 1 FROM nodes WHERE nodes.id = leases.owner))";
const TAKE_FIRST: &str =
    concat!("INSERT INTO leases (", columns!(lease), ") VALUES ($1, $2, 1) ON CONFLICT DO NOTHING");
const RELEASE: &str =
    "UPDATE leases SET owner = NULL, epoch = epoch + 1 WHERE partition_id = $1 AND owner = $2 AND epoch = $3";
const NODES: &str = concat!("SELECT ", columns!(node), " FROM nodes ORDER BY id");
const LEASES: &str = concat!("SELECT ", columns!(lease), " FROM leases ORDER BY partition_id");
static SEND: Kind = Kind {
    sql: concat!("INSERT INTO inbox (", columns!(inbox), ") SELECT * FROM unnest($1, $2, $3, $4, $5)"),
    otherwise: None,
};
static TAKE_MESSAGE: Kind = Kind {
    sql: concat!(
        "WITH changed AS (DELETE FROM inbox m USING unnest($1, $2) AS n (partition_id, id)
        WHERE m.partition_id = n.partition_id AND m.id = n.id RETURNING 1)",
        expect_all!("$3")
    ),
    otherwise: Some(Conflict::Message),
};
const MESSAGES: &str =
    concat!("SELECT ", columns!(inbox), " FROM inbox WHERE partition_id = ANY($1) AND id > $2 ORDER BY id LIMIT $3");
const WAITING: &str = "SELECT count(*), min(created_at) FROM inbox";
static PUT: Kind = Kind {
    sql: "INSERT INTO large_values (partition_id, instance_id, hash, bytes) SELECT * FROM unnest($1, $2, $3, $4)
    ON CONFLICT DO NOTHING",
    otherwise: None,
};
const VALUES: &str = "SELECT hash, bytes FROM large_values
    WHERE partition_id = ($1 & 255) AND instance_id = $1 AND hash = ANY($2)";

/// What [`CHECK`] is given: it makes sure of the leases, and keeps them until the end of the transaction.
pub(crate) fn fenced(fences: &BTreeSet<(u8, u64)>) -> Vec<Param> {
    let (mut partitions, mut epochs) = (Vec::new(), Vec::new());
    for (partition, epoch) in fences {
        partitions.push(i64::from(*partition));
        epochs.push(i64::try_from(*epoch).unwrap_or(i64::MAX));
    }
    let count = Param::from(i64::try_from(fences.len()).unwrap_or(i64::MAX));
    vec![Param::numbers(partitions), Param::numbers(epochs), count]
}

pub(crate) async fn apply(tx: &mut Tx<'_>, write: &ClusterWrite) -> WriteResult {
    match write {
        ClusterWrite::Join(n) => {
            tx.send(JOIN, params![n.id, &n.url, &n.version, n.started_at, n.beat, n.draining]).await
        }
        ClusterWrite::Beat { id, beat, draining } => {
            tx.must(BEAT, params![*id, *beat, *draining], Conflict::Node).await
        }
        ClusterWrite::Leave { id } => tx.send(LEAVE, params![*id]).await,
        ClusterWrite::Expel { id, beat } => tx.must(EXPEL, params![*id, *beat], Conflict::Node).await,
        ClusterWrite::Take { partition, owner, seen: 0 } => {
            tx.must(TAKE_FIRST, params![*partition, *owner], Conflict::Lease).await
        }
        ClusterWrite::Take { partition, owner, seen } => {
            tx.must(TAKE, params![*partition, *owner, *seen], Conflict::Lease).await
        }
        ClusterWrite::Release { partition, owner, epoch } => {
            tx.must(RELEASE, params![*partition, *owner, *epoch], Conflict::Lease).await
        }
    }
}

pub(crate) fn plan_message(plan: &mut Plan<'_>, write: &InboxWrite) -> bool {
    match write {
        InboxWrite::Insert(m) => {
            plan.row(Table::Inbox, m.id, &SEND, params![m.partition, m.id, &m.kind, &m.payload, m.created_at]);
        }
        InboxWrite::Take { partition, id } => plan.row(Table::Inbox, *id, &TAKE_MESSAGE, params![*partition, *id]),
    }
    true
}

pub(crate) fn plan_value(plan: &mut Plan<'_>, write: &ValueWrite) -> bool {
    let ValueWrite::Put { partition, instance, hash, bytes } = write;
    plan.append(&PUT, params![*partition, *instance, hash.as_slice(), bytes]);
    true
}

#[async_trait]
impl Cluster for PostgresStore {
    async fn nodes(&self) -> Result<Vec<NodeRow>> {
        self.all(NODES, vec![]).await
    }

    async fn leases(&self) -> Result<Vec<LeaseRow>> {
        self.all(LEASES, vec![]).await
    }
}

#[async_trait]
impl Inbox for PostgresStore {
    async fn messages(&self, partitions: &[PartitionId], after: i64, limit: u32) -> Result<Vec<InboxRow>> {
        let partitions = Param::numbers(partitions.iter().map(|p| p.0.into()));
        self.all(MESSAGES, vec![partitions, after.into(), limit.into()]).await
    }

    async fn messages_waiting(&self) -> Result<(u64, Option<Timestamp>)> {
        Ok(self.first(WAITING, vec![]).await?.unwrap_or((0, None)))
    }
}

#[async_trait]
impl Values for PostgresStore {
    async fn values(&self, instance: InstanceId, hashes: &[ValueHash]) -> Result<Vec<(ValueHash, Vec<u8>)>> {
        let names = Param::BytesList(hashes.iter().map(|hash| Some(hash.to_vec())).collect());
        self.all(VALUES, vec![instance.into(), names]).await
    }
}
