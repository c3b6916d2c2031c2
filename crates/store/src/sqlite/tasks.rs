//! `user_tasks`, `task_assignees`, `task_groups`.

use super::{
    SqliteStore,
    list::page,
    row::{at, int, numbers},
    tx::{Tx, WriteResult, all, first, read_error},
};
use crate::{
    Conflict, InboxQuery, Paged, Query, Result, TaskAssignee, TaskClose, TaskDetails, TaskField, TaskPair, TaskRow,
    TaskWrite, Tasks, columns,
    lists::{
        self, Column, Kind, List, Sql,
        fields::{InboxWords, NOTHING, own_task_column, pair_column},
    },
    rows::{
        document_columns,
        task::{Concerned, TaskPlace, by_role, due_order, in_order, with_people},
    },
};
use async_trait::async_trait;
use model::{PartitionId, TaskId, Timestamp, UserId};
use rusqlite::{Connection, params, params_from_iter, types::Value};

const INSERT: &str = "INSERT INTO user_tasks (partition_id, id, instance_id, definition_id, process_name, element_key,
    element_id, element_name, kind, title, description, priority, due_at, created_at, state, completed_at, completed_by,
    outcome, version, form, settings, input, document_catalog, document_record)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23,
    ?24)";
/// An assignee is named before the candidates, so the first row of a person stays.
const INSERT_PERSON: &str = "INSERT INTO task_assignees (partition_id, task_id, user_id, role, status, answered_at,
    waiting, sort_at, priority) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING";
const INSERT_GROUP: &str = "INSERT INTO task_groups (partition_id, task_id, group_key, waiting, sort_at, priority)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING";
const CLOSE: &str = "UPDATE user_tasks SET state = ?3, completed_at = ?4, completed_by = ?5, outcome = ?6,
    version = version + 1 WHERE id = ?1 AND state = 0 AND version = coalesce(?2, version)";
const CLOSE_PEOPLE: &str = "UPDATE task_assignees SET waiting = 0,
    sort_at = CASE waiting WHEN 1 THEN -?2 ELSE sort_at END,
    status = CASE user_id WHEN ?3 THEN ?4 ELSE status END,
    answered_at = CASE user_id WHEN ?3 THEN ?2 ELSE answered_at END WHERE task_id = ?1";
const CLOSE_GROUPS: &str = "UPDATE task_groups SET waiting = 0, sort_at = -?2 WHERE task_id = ?1";
const BUMP: &str = "UPDATE user_tasks SET version = version + 1 WHERE id = ?1 AND state = 0 AND version = ?2";
const ANSWER: &str = "UPDATE task_assignees SET status = ?3, answered_at = ?4, waiting = 0, sort_at = -?4
    WHERE task_id = ?1 AND user_id = ?2";
const PLAN: &str = "UPDATE user_tasks SET due_at = ?3, priority = ?4, version = version + 1
    WHERE id = ?1 AND state = 0 AND version = ?2";
const PLAN_PEOPLE: &str = "UPDATE task_assignees SET sort_at = ?2, priority = ?3 WHERE task_id = ?1 AND waiting = 1";
const PLAN_GROUPS: &str = "UPDATE task_groups SET sort_at = ?2, priority = ?3 WHERE task_id = ?1";
const SORT_KEYS: &str = "SELECT due_at, priority FROM user_tasks WHERE id = ?1";
const DELETE_PEOPLE: &str = "DELETE FROM task_assignees WHERE task_id = ?1";
const DELETE_GROUPS: &str = "DELETE FROM task_groups WHERE task_id = ?1";

const BY_IDS: &str =
    concat!("SELECT ", columns!(task), " FROM user_tasks t WHERE t.id IN (SELECT value FROM json_each(?1))");
const PEOPLE: &str = "SELECT task_id, user_id, role, status, answered_at FROM task_assignees
    WHERE task_id IN (SELECT value FROM json_each(?1)) ORDER BY task_id, user_id";
const GROUPS: &str = "SELECT task_id, group_key FROM task_groups
    WHERE task_id IN (SELECT value FROM json_each(?1)) ORDER BY task_id, group_key";

/// Rows of an inbox, with those before them, that are read at once by whoever asks.
const BRIEF_ROWS: u64 = 100;
/// Entries of an index that are counted at once by whoever asks.
const BRIEF_COUNT: u32 = 1_000;

/// The list of tasks.
pub(super) const LIST: List<TaskField> = List {
    select: columns!(task),
    from: "user_tasks t",
    text: &["fold(t.title)"],
    tie: ("t.id", "DESC"),
    column: task_column,
};

/// The list of (task, person) pairs.
pub(super) const PAIRS: List<TaskField> = List {
    select: columns!(task_pair),
    from: "user_tasks t JOIN task_assignees a ON a.task_id = t.id LEFT JOIN instances i ON i.id = t.instance_id",
    text: &["fold(t.title)"],
    tie: ("t.id", "DESC"),
    column: pair_column,
};

fn task_column(field: &TaskField) -> Column {
    let any = |head, value, order| Column::Any { head, value, kind: Kind::Int, order };
    own_task_column(field).unwrap_or_else(|| match field {
        TaskField::User => any(
            "EXISTS (SELECT 1 FROM task_assignees a WHERE a.task_id = t.id AND ",
            "a.user_id",
            "(SELECT min(a.user_id) FROM task_assignees a WHERE a.task_id = t.id)",
        ),
        TaskField::StartedAt => any(
            "EXISTS (SELECT 1 FROM instances i WHERE i.id = t.instance_id AND ",
            "i.created_at",
            "(SELECT i.created_at FROM instances i WHERE i.id = t.instance_id)",
        ),
        TaskField::StartedBy => any(
            "EXISTS (SELECT 1 FROM instances i WHERE i.id = t.instance_id AND ",
            "i.started_by",
            "(SELECT i.started_by FROM instances i WHERE i.id = t.instance_id)",
        ),
        _ => NOTHING,
    })
}

pub(super) fn apply(tx: &mut Tx<'_>, write: &TaskWrite) -> WriteResult {
    match write {
        TaskWrite::Insert(details) => insert(tx, details),
        TaskWrite::Close(close) => self::close(tx, close),
        TaskWrite::Answer { id, expect_version, user, status, at, .. } => {
            tx.must(BUMP, params![id.0, int(*expect_version)], Conflict::Task)?;
            tx.run(ANSWER, params![id.0, user.0, status.code(), at.0])?;
            Ok(())
        }
        TaskWrite::Assign { partition, id, expect_version, assignees, groups } => {
            tx.must(BUMP, params![id.0, int(*expect_version)], Conflict::Task)?;
            tx.run(DELETE_PEOPLE, [id.0])?;
            tx.run(DELETE_GROUPS, [id.0])?;
            let keys: Vec<(Option<Timestamp>, i32)> = tx.rows(SORT_KEYS, [id.0])?;
            let (due_at, priority) = keys.first().copied().unwrap_or((None, 0));
            let place = TaskPlace { due_at, priority, open: true, ended_at: Timestamp(0) };
            insert_people(tx, (*partition, *id, place), assignees, groups)
        }
        TaskWrite::Plan { id, expect_version, due_at, priority, .. } => {
            tx.must(PLAN, params![id.0, int(*expect_version), at(*due_at), priority], Conflict::Task)?;
            tx.run(PLAN_PEOPLE, params![id.0, due_order(*due_at), priority])?;
            tx.run(PLAN_GROUPS, params![id.0, due_order(*due_at), priority])?;
            Ok(())
        }
    }
}

fn insert(tx: &mut Tx<'_>, details: &TaskDetails) -> WriteResult {
    let t = &details.task;
    let (catalog, record) = document_columns(t.document);
    let values = params![
        t.partition.0,
        t.id.0,
        t.instance.0,
        t.definition.0,
        t.process_name,
        t.element_key,
        t.element_id,
        t.element_name,
        t.kind,
        t.title,
        t.description,
        t.priority,
        at(t.due_at),
        t.created_at.0,
        t.state.code(),
        at(t.completed_at),
        t.completed_by.map(|u| u.0),
        t.outcome,
        int(t.version),
        t.form.to_string(),
        t.settings.to_string(),
        t.input.to_string(),
        catalog,
        record
    ];
    tx.run(INSERT, values)?;
    insert_people(tx, (t.partition, t.id, TaskPlace::of(t)), &details.assignees, &details.groups)
}

fn insert_people(
    tx: &mut Tx<'_>,
    (partition, task, place): (PartitionId, TaskId, TaskPlace),
    people: &[TaskAssignee],
    groups: &[String],
) -> WriteResult {
    for person in by_role(people) {
        let waiting = place.waits_for(person);
        let values = params![
            partition.0,
            task.0,
            person.user.0,
            person.role.code(),
            person.status.code(),
            at(person.answered_at),
            waiting,
            place.sort_at(waiting, person.answered_at),
            place.priority
        ];
        tx.run(INSERT_PERSON, values)?;
    }
    for group in groups {
        let values = params![partition.0, task.0, group, place.open, place.sort_at(place.open, None), place.priority];
        tx.run(INSERT_GROUP, values)?;
    }
    Ok(())
}

fn close(tx: &mut Tx<'_>, close: &TaskClose) -> WriteResult {
    let by = close.by.map(|u| u.0);
    let expect = close.expect_version.map(int);
    let changed = tx.run(CLOSE, params![close.id.0, expect, close.state.code(), close.at.0, by, close.outcome])?;
    if changed == 0 {
        return if expect.is_some() { Err(Conflict::Task.into()) } else { Ok(()) };
    }
    tx.run(CLOSE_PEOPLE, params![close.id.0, close.at.0, by, close.status.code()])?;
    tx.run(CLOSE_GROUPS, params![close.id.0, close.at.0])?;
    Ok(())
}

/// Adds people and groups, in the order of `tasks`.
fn details(connection: &Connection, tasks: Vec<TaskRow>) -> Result<Vec<TaskDetails>> {
    let ids = numbers(tasks.iter().map(|t| t.id.0));
    let people: Vec<(i64, TaskAssignee)> = all(connection, PEOPLE, [&ids])?;
    let groups: Vec<(i64, String)> = all(connection, GROUPS, [&ids])?;
    let people = people.into_iter().map(|(task, person)| (task, Concerned::Person(person)));
    let groups = groups.into_iter().map(|(task, group)| (task, Concerned::Group(group)));
    Ok(with_people(tasks, people.chain(groups)))
}

/// The tasks with these ids, in the order of the ids.
fn by_ids(connection: &Connection, ids: &[i64]) -> Result<Vec<TaskDetails>> {
    let tasks = all(connection, BY_IDS, [numbers(ids.iter().copied())])?;
    details(connection, in_order(tasks, ids))
}

/// The ids of an inbox, in its order.
pub(super) fn inbox_sql(query: &InboxQuery) -> Sql<Value> {
    let words =
        InboxWords { open: "SELECT * FROM (", join: "CROSS JOIN user_tasks t ON t.id = x.task_id ", merged: "" };
    lists::fields::inbox_sql(words, query)
}

/// Counts an inbox up to `cap`, in no order: a task reached in several ways counts once.
pub(super) fn inbox_count_sql(user: UserId, groups: &[String], cap: u32) -> Sql<Value> {
    let mut sql = Sql::new("SELECT x.task_id FROM task_assignees x WHERE x.user_id = ");
    sql.bind(user.0);
    sql.push(" AND x.waiting = 1");
    lists::page(cap.into(), 0, &mut sql);
    if groups.is_empty() {
        // Each level of subqueries doubles what an entry costs.
        sql.text = format!("SELECT count(*) FROM ({})", sql.text);
        return sql;
    }
    sql.text = format!("SELECT count(*) FROM (SELECT * FROM ({})", sql.text);
    for group in groups {
        sql.push(" UNION SELECT * FROM (SELECT x.task_id FROM task_groups x WHERE x.group_key = ");
        sql.bind(group.clone());
        sql.push(" AND x.waiting = 1");
        lists::page(cap.into(), 0, &mut sql);
        sql.push(")");
    }
    lists::page(cap.into(), 0, &mut sql);
    sql.push(")");
    sql
}

fn inbox_ids(connection: &Connection, query: &InboxQuery) -> Result<Vec<i64>> {
    let sql = inbox_sql(query);
    all(connection, &sql.text, params_from_iter(sql.values))
}

#[async_trait]
impl Tasks for SqliteStore {
    async fn task(&self, id: TaskId) -> Result<Option<TaskDetails>> {
        self.read_briefly(move |c| Ok(by_ids(c, &[id.0])?.pop())).await
    }

    async fn inbox(&self, query: InboxQuery) -> Result<Vec<TaskDetails>> {
        let brief = query.text.is_none() && query.offset.saturating_add(query.limit.into()) <= BRIEF_ROWS;
        let read = move |c: &Connection| {
            let tx = c.unchecked_transaction().map_err(read_error)?;
            by_ids(&tx, &inbox_ids(&tx, &query)?)
        };
        if brief { self.read_briefly(read).await } else { self.read(read).await }
    }

    async fn inbox_count(&self, user: UserId, groups: &[String], cap: u32) -> Result<u32> {
        let brief = groups.is_empty() && cap <= BRIEF_COUNT;
        let sql = inbox_count_sql(user, groups, cap);
        let read = move |c: &Connection| {
            let count: Option<i64> = first(c, &sql.text, params_from_iter(sql.values))?;
            Ok(count.and_then(|n| u32::try_from(n).ok()).unwrap_or(0))
        };
        if brief { self.read_briefly(read).await } else { self.read(read).await }
    }

    async fn tasks(&self, query: Query<TaskField>) -> Result<Paged<TaskDetails>> {
        self.read(move |c| {
            let Paged { rows, total } = page(c, &LIST, &query, None)?;
            Ok(Paged { rows: details(c, rows)?, total })
        })
        .await
    }

    async fn task_pairs(&self, query: Query<TaskField>) -> Result<Paged<TaskPair>> {
        self.read(move |c| page(c, &PAIRS, &query, None)).await
    }
}
