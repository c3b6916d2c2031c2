//! `instances` and `journal`.

use crate::{
    PostgresStore,
    plan::{Kind, Plan, Table, expect_all},
    sql::{Param, Tx, WriteResult, params},
};
use async_trait::async_trait;
use futures_util::future::try_join_all;
use model::{DefinitionId, InstanceId, PartitionId};
use store::{
    Conflict, Filter, InstanceCount, InstanceField, InstanceRow, InstanceWrite, Instances, JournalRow, MovedElement,
    Page, Paged, Query, Result, StoredInstance, columns,
    lists::fields::{INSTANCES, instance_text},
    rows::document_columns,
};

pub(crate) static CREATE: Kind = Kind {
    sql: "INSERT INTO instances (partition_id, id, definition_id, process_id, state, document_catalog,
    document_record, started_by, business_key, state_title, created_at, updated_at, finished_at, incidents, seq,
    snapshot, parent_id, root_id)
    SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
    otherwise: None,
};
pub(crate) static UPDATE: Kind = Kind {
    sql: concat!(
        "WITH changed AS (UPDATE instances i SET state = n.state, state_title = n.state_title,
        updated_at = n.updated_at, finished_at = coalesce(i.finished_at, n.finished_at),
        incidents = n.incidents, seq = n.seq,
        snapshot = n.snapshot
        FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) AS n (partition_id, id, expected, state, state_title,
        updated_at, finished_at, incidents, seq, snapshot)
        WHERE i.partition_id = n.partition_id AND i.id = n.id AND i.seq = n.expected RETURNING 1)",
        expect_all!("$11")
    ),
    otherwise: Some(Conflict::Instance),
};
const MIGRATE: &str = "UPDATE instances SET definition_id = $3, process_id = $4 WHERE partition_id = $1 AND id = $2";
const SUSPEND: &str = "UPDATE instances SET suspended = $3 WHERE partition_id = $1 AND id = $2";
/// Of elements by their ids before: all of a table at once, for two may change places.
const MOVE_TASKS: &str = "UPDATE user_tasks t SET definition_id = $3, process_name = $8,
    element_id = m.place, element_key = m.key, element_name = m.name
    FROM unnest($4, $5, $6, $7) AS m (origin, place, key, name)
    WHERE t.partition_id = $1 AND t.instance_id = $2 AND t.state = 0 AND t.element_id = m.origin";
const MOVE_INCIDENTS: &str = "UPDATE incidents t SET definition_id = $3, element_id = m.place, element_key = m.key
    FROM unnest($4, $5, $6) AS m (origin, place, key)
    WHERE t.partition_id = $1 AND t.instance_id = $2 AND t.resolved_at IS NULL AND t.element_id = m.origin";
const MOVE_SUBSCRIPTIONS: &str = "UPDATE subscriptions t SET element_id = m.place, process_id = $5
    FROM unnest($3, $4) AS m (origin, place)
    WHERE t.partition_id = $1 AND t.instance_id = $2 AND t.element_id = m.origin";
const MOVE_JOBS: &str = "UPDATE jobs t SET element_id = m.place, element_key = m.key
    FROM unnest($3, $4, $5) AS m (origin, place, key)
    WHERE t.partition_id = $1 AND t.id = ANY($2) AND t.element_id = m.origin";
pub(crate) static JOURNAL: Kind = Kind {
    sql: concat!("INSERT INTO journal (", columns!(journal), ") SELECT * FROM unnest($1, $2, $3, $4, $5)"),
    otherwise: None,
};
const DELETE: [&str; 11] = [
    "DELETE FROM subscriptions WHERE instance_id = $2 AND partition_id = $1",
    "DELETE FROM started_keys WHERE instance_id = $2 AND $1::bigint >= 0",
    "DELETE FROM mutexes WHERE instance_id = $2 AND partition_id = $1",
    "DELETE FROM task_assignees WHERE partition_id = $1 AND task_id IN
    (SELECT id FROM user_tasks WHERE partition_id = $1 AND instance_id = $2)",
    "DELETE FROM task_groups WHERE partition_id = $1 AND task_id IN
    (SELECT id FROM user_tasks WHERE partition_id = $1 AND instance_id = $2)",
    "DELETE FROM user_tasks WHERE partition_id = $1 AND instance_id = $2",
    "DELETE FROM calls WHERE partition_id = $1 AND instance_id = $2",
    "DELETE FROM incidents WHERE partition_id = $1 AND instance_id = $2",
    "DELETE FROM journal WHERE partition_id = $1 AND instance_id = $2",
    "DELETE FROM large_values WHERE partition_id = $1 AND instance_id = $2",
    "DELETE FROM instances WHERE partition_id = $1 AND id = $2",
];

const ONE: &str =
    concat!("SELECT ", columns!(instance), " FROM instances i WHERE i.partition_id = ($1 & 255) AND i.id = $1");
const LOAD: &str = concat!(
    "SELECT ",
    columns!(instance),
    ", i.snapshot FROM unnest($1) AS n (id) JOIN instances i ON i.partition_id = (n.id & 255) AND i.id = n.id"
);
const LOAD_ONE: &str = concat!(
    "SELECT ",
    columns!(instance),
    ", i.snapshot FROM instances i WHERE i.partition_id = ($1 & 255) AND i.id = $1"
);
const READ_JOURNAL: &str = concat!(
    "SELECT ",
    columns!(journal),
    " FROM journal WHERE partition_id = ($1 & 255) AND instance_id = $1 AND seq > $2 ORDER BY seq LIMIT $3"
);
/// Both halves are read from indexes alone.
const COUNTS: &str = "SELECT n.definition_id, n.state, n.instances, coalesce(w.instances, 0) FROM
    (SELECT definition_id, state, count(*) AS instances FROM instances WHERE definition_id = ANY($1)
        GROUP BY definition_id, state) n
    LEFT JOIN (SELECT definition_id, state, count(*) AS instances FROM instances WHERE incidents > 0
        AND definition_id = ANY($1) GROUP BY definition_id, state) w USING (definition_id, state)
    ORDER BY n.definition_id, n.state";
const GREATEST: &str = "SELECT greatest(
    (SELECT max(id) FROM instances WHERE partition_id = $1), (SELECT max(id) FROM user_tasks WHERE partition_id = $1),
    (SELECT max(id) FROM timers WHERE partition_id = $1), (SELECT max(id) FROM jobs WHERE partition_id = $1),
    (SELECT max(id) FROM outbox WHERE partition_id = $1), (SELECT max(id) FROM incidents WHERE partition_id = $1), 0)";

pub(crate) fn plan(plan: &mut Plan<'_>, write: &InstanceWrite) -> bool {
    match write {
        InstanceWrite::Create(StoredInstance { row: r, snapshot }) => {
            let (catalog, record) = document_columns(r.document);
            let values = params![
                r.partition,
                r.id,
                r.definition,
                &r.process_id,
                r.state.code(),
                catalog,
                record,
                r.started_by,
                &r.business_key,
                &r.state_title,
                r.created_at,
                r.updated_at,
                r.finished_at,
                r.incidents,
                r.seq,
                snapshot,
                r.parent,
                r.root
            ];
            plan.row(Table::Instances, r.id.0, &CREATE, values);
        }
        InstanceWrite::Update(u) => {
            let values = params![
                u.partition,
                u.id,
                u.expect_seq,
                u.state.code(),
                &u.state_title,
                u.updated_at,
                u.finished_at,
                u.incidents,
                u.seq,
                &u.snapshot
            ];
            plan.row(Table::Instances, u.id.0, &UPDATE, values);
        }
        InstanceWrite::Journal(j) => {
            plan.append(&JOURNAL, params![j.partition, j.instance, j.seq, j.at, &j.events]);
        }
        InstanceWrite::Migrate { .. } | InstanceWrite::Suspend { .. } | InstanceWrite::Delete { .. } => return false,
    }
    true
}

pub(crate) async fn apply(tx: &mut Tx<'_>, write: &InstanceWrite) -> WriteResult {
    if let InstanceWrite::Migrate { partition, id, definition, process_id, process_name, elements, jobs } = write {
        let values = params![*partition, *id, *definition, process_id];
        tx.must(MIGRATE, values, Conflict::Instance).await?;
        let texts = |of: fn(&MovedElement) -> &str| {
            let texts: Vec<String> = elements.iter().map(|e| of(e).to_owned()).collect();
            Param::from(texts.as_slice())
        };
        let (from, to, names) = (|| texts(|e| &e.from), || texts(|e| &e.to), texts(|e| &e.name));
        let keys = || Param::numbers(elements.iter().map(|e| i64::from(e.key)));
        let values = params![*partition, *id, *definition, from(), to(), keys(), names, process_name];
        tx.send(MOVE_TASKS, values).await?;
        tx.send(MOVE_INCIDENTS, params![*partition, *id, *definition, from(), to(), keys()]).await?;
        tx.send(MOVE_SUBSCRIPTIONS, params![*partition, *id, from(), to(), process_id]).await?;
        if !jobs.is_empty() {
            let jobs = Param::numbers(jobs.iter().map(|job| job.0));
            tx.send(MOVE_JOBS, params![*partition, jobs, from(), to(), keys()]).await?;
        }
    }
    if let InstanceWrite::Suspend { partition, id, suspended } = write {
        tx.must(SUSPEND, params![*partition, *id, i64::from(*suspended)], Conflict::Instance).await?;
    }
    if let InstanceWrite::Delete { partition, id } = write {
        for sql in DELETE {
            tx.send(sql, params![*partition, *id]).await?;
        }
    }
    Ok(())
}

#[async_trait]
impl Instances for PostgresStore {
    async fn instance(&self, id: InstanceId) -> Result<Option<InstanceRow>> {
        self.first(ONE, params![id]).await
    }

    async fn load_instances(&self, ids: &[InstanceId]) -> Result<Vec<StoredInstance>> {
        if let [id] = *ids {
            return self.all(LOAD_ONE, params![id]).await;
        }
        self.all(LOAD, vec![Param::numbers(ids.iter().map(|id| id.0))]).await
    }

    async fn instances(&self, query: Query<InstanceField>) -> Result<Paged<InstanceRow>> {
        self.page(&INSTANCES, &query, instance_text(&query).as_ref()).await
    }

    async fn count_instances(&self, filter: Filter<InstanceField>) -> Result<u64> {
        let query = Query { filter, page: Page { count: true, ..Page::default() }, ..Query::default() };
        self.total(&INSTANCES, &query, None).await
    }

    async fn instance_counts(&self, definitions: &[DefinitionId]) -> Result<Vec<InstanceCount>> {
        self.all(COUNTS, vec![Param::numbers(definitions.iter().map(|id| id.0))]).await
    }

    async fn journal(&self, id: InstanceId, after_seq: u64, limit: u32) -> Result<Vec<JournalRow>> {
        self.all(READ_JOURNAL, params![id, after_seq, limit]).await
    }

    async fn greatest_ids(&self, partitions: &[PartitionId]) -> Result<Vec<i64>> {
        // One statement each, sent together: a sharded database takes none that looks up one partition after another.
        let each = partitions.iter().map(|partition| self.first(GREATEST, params![*partition]));
        let greatest: Vec<Option<i64>> = try_join_all(each).await?;
        Ok(greatest.into_iter().map(Option::unwrap_or_default).collect())
    }
}
