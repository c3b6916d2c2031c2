//! `instances` and `journal`.

use super::{
    SqliteStore,
    list::{page, total},
    row::{at, int, numbers},
    tx::{Tx, WriteResult, all, first},
};
use crate::{
    Conflict, Filter, InstanceCount, InstanceField, InstanceRow, InstanceWrite, Instances, JournalRow, MovedElement,
    Page, Paged, Query, Result, StoredInstance, columns,
    lists::fields::{INSTANCES, instance_text},
    rows::document_columns,
};
use async_trait::async_trait;
use model::{DefinitionId, InstanceId, PartitionId};
use rusqlite::params;
use serde_json::{Value as Json, json};

const CREATE: &str = "INSERT INTO instances (partition_id, id, definition_id, process_id, state, document_catalog,
    document_record, started_by, business_key, state_title, created_at, updated_at, finished_at, incidents, seq,
    snapshot, parent_id, root_id)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)";
const UPDATE: &str =
    "UPDATE instances SET state = ?3, state_title = ?4, updated_at = ?5, finished_at = coalesce(finished_at, ?6),
    incidents = ?7, seq = ?8, snapshot = ?9 WHERE id = ?1 AND seq = ?2";
const MIGRATE: &str = "UPDATE instances SET definition_id = ?2, process_id = ?3 WHERE id = ?1";
const SUSPEND: &str = "UPDATE instances SET suspended = ?2 WHERE id = ?1";
/// Of elements by their ids before: all of a table at once, for two may change places.
const MOVE_TASKS: &str = "UPDATE user_tasks SET definition_id = ?2, process_name = ?4,
    element_id = m.value ->> 'to', element_key = m.value ->> 'key', element_name = m.value ->> 'name'
    FROM json_each(?3) m WHERE instance_id = ?1 AND state = 0 AND element_id = m.value ->> 'from'";
const MOVE_INCIDENTS: &str = "UPDATE incidents SET definition_id = ?2,
    element_id = m.value ->> 'to', element_key = m.value ->> 'key'
    FROM json_each(?3) m WHERE instance_id = ?1 AND resolved_at IS NULL AND element_id = m.value ->> 'from'";
const MOVE_SUBSCRIPTIONS: &str = "UPDATE subscriptions SET element_id = m.value ->> 'to', process_id = ?3
    FROM json_each(?2) m WHERE instance_id = ?1 AND element_id = m.value ->> 'from'";
const MOVE_JOBS: &str = "UPDATE jobs SET element_id = m.value ->> 'to', element_key = m.value ->> 'key'
    FROM json_each(?1) m WHERE jobs.id IN (SELECT value FROM json_each(?2)) AND element_id = m.value ->> 'from'";
pub(super) const JOURNAL: &str = concat!("INSERT INTO journal (", columns!(journal), ") VALUES (?1, ?2, ?3, ?4, ?5)");
const DELETE: [&str; 11] = [
    "DELETE FROM subscriptions WHERE instance_id = ?1",
    "DELETE FROM started_keys WHERE instance_id = ?1",
    "DELETE FROM mutexes WHERE instance_id = ?1",
    "DELETE FROM task_assignees WHERE task_id IN (SELECT id FROM user_tasks WHERE instance_id = ?1)",
    "DELETE FROM task_groups WHERE task_id IN (SELECT id FROM user_tasks WHERE instance_id = ?1)",
    "DELETE FROM user_tasks WHERE instance_id = ?1",
    "DELETE FROM calls WHERE instance_id = ?1",
    "DELETE FROM incidents WHERE instance_id = ?1",
    "DELETE FROM journal WHERE instance_id = ?1",
    "DELETE FROM large_values WHERE instance_id = ?1",
    "DELETE FROM instances WHERE id = ?1",
];

const ONE: &str = concat!("SELECT ", columns!(instance), " FROM instances i WHERE i.id = ?1");
const LOAD: &str = concat!(
    "SELECT ",
    columns!(instance),
    ", i.snapshot FROM instances i WHERE i.id IN (SELECT value FROM json_each(?1))"
);
const LOAD_ONE: &str = concat!("SELECT ", columns!(instance), ", i.snapshot FROM instances i WHERE i.id = ?1");
const READ_JOURNAL: &str =
    concat!("SELECT ", columns!(journal), " FROM journal WHERE instance_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3");
const COUNTS: &str = "SELECT definition_id, state, count(*), coalesce(sum(incidents > 0), 0) FROM instances
    WHERE definition_id IN (SELECT value FROM json_each(?1)) GROUP BY definition_id, state
    ORDER BY definition_id, state";
const GREATEST: &str = "SELECT max(
    coalesce((SELECT max(id) FROM instances), 0), coalesce((SELECT max(id) FROM user_tasks), 0),
    coalesce((SELECT max(id) FROM timers), 0), coalesce((SELECT max(id) FROM jobs), 0),
    coalesce((SELECT max(id) FROM outbox), 0), coalesce((SELECT max(id) FROM incidents), 0))";

fn moved(elements: &[MovedElement]) -> String {
    let one = |e: &MovedElement| json!({"from": e.from, "to": e.to, "key": e.key, "name": e.name});
    Json::Array(elements.iter().map(one).collect()).to_string()
}

pub(super) fn apply(tx: &mut Tx<'_>, write: &InstanceWrite) -> WriteResult {
    match write {
        InstanceWrite::Create(StoredInstance { row: r, snapshot }) => {
            let (catalog, record) = document_columns(r.document);
            let values = params![
                r.partition.0,
                r.id.0,
                r.definition.0,
                r.process_id,
                r.state.code(),
                catalog,
                record,
                r.started_by.map(|u| u.0),
                r.business_key,
                r.state_title,
                r.created_at.0,
                r.updated_at.0,
                at(r.finished_at),
                r.incidents,
                int(r.seq),
                snapshot,
                r.parent.map(|p| p.0),
                r.root.map(|p| p.0)
            ];
            tx.run(CREATE, values)?;
        }
        InstanceWrite::Update(u) => {
            let values = params![
                u.id.0,
                int(u.expect_seq),
                u.state.code(),
                u.state_title,
                u.updated_at.0,
                at(u.finished_at),
                u.incidents,
                int(u.seq),
                u.snapshot
            ];
            tx.must(UPDATE, values, Conflict::Instance)?;
        }
        InstanceWrite::Journal(j) => {
            tx.run(JOURNAL, params![j.partition.0, j.instance.0, int(j.seq), j.at.0, j.events])?;
        }
        InstanceWrite::Migrate { id, definition, process_id, process_name, elements, jobs, .. } => {
            tx.must(MIGRATE, params![id.0, definition.0, process_id], Conflict::Instance)?;
            let moved = moved(elements);
            tx.run(MOVE_TASKS, params![id.0, definition.0, moved, process_name])?;
            tx.run(MOVE_INCIDENTS, params![id.0, definition.0, moved])?;
            tx.run(MOVE_SUBSCRIPTIONS, params![id.0, moved, process_id])?;
            if !jobs.is_empty() {
                tx.run(MOVE_JOBS, params![moved, numbers(jobs.iter().map(|job| job.0))])?;
            }
        }
        InstanceWrite::Suspend { id, suspended, .. } => {
            tx.must(SUSPEND, params![id.0, suspended], Conflict::Instance)?;
        }
        InstanceWrite::Delete { id, .. } => {
            for sql in DELETE {
                tx.run(sql, [id.0])?;
            }
        }
    }
    Ok(())
}

#[async_trait]
impl Instances for SqliteStore {
    async fn instance(&self, id: InstanceId) -> Result<Option<InstanceRow>> {
        self.read(move |c| first(c, ONE, [id.0])).await
    }

    async fn load_instances(&self, ids: &[InstanceId]) -> Result<Vec<StoredInstance>> {
        if let [id] = *ids {
            return self.read_briefly(move |c| all(c, LOAD_ONE, [id.0])).await;
        }
        let ids = numbers(ids.iter().map(|id| id.0));
        self.read(move |c| all(c, LOAD, [ids])).await
    }

    async fn instances(&self, query: Query<InstanceField>) -> Result<Paged<InstanceRow>> {
        self.read(move |c| page(c, &INSTANCES, &query, instance_text(&query).as_ref())).await
    }

    async fn count_instances(&self, filter: Filter<InstanceField>) -> Result<u64> {
        let query = Query { filter, page: Page { count: true, ..Page::default() }, ..Query::default() };
        self.read(move |c| total(c, &INSTANCES, &query)).await
    }

    async fn instance_counts(&self, definitions: &[DefinitionId]) -> Result<Vec<InstanceCount>> {
        let ids = numbers(definitions.iter().map(|id| id.0));
        self.read(move |c| all(c, COUNTS, [ids])).await
    }

    async fn journal(&self, id: InstanceId, after_seq: u64, limit: u32) -> Result<Vec<JournalRow>> {
        self.read(move |c| all(c, READ_JOURNAL, params![id.0, int(after_seq), limit])).await
    }

    async fn greatest_ids(&self, partitions: &[PartitionId]) -> Result<Vec<i64>> {
        // The greatest over all partitions is as good, and needs no index by partition.
        let greatest = self.read(|c| Ok(first(c, GREATEST, [])?.unwrap_or(0))).await?;
        Ok(vec![greatest; partitions.len()])
    }
}
