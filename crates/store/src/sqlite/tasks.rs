//! `user_tasks`, `task_assignees`, `task_groups`.

use super::{
    SqliteStore,
    list::{Column, List, Sql, pattern},
    row::{Columns, at, document, int, numbers},
    tx::{Tx, WriteResult, all, read_error},
};
use crate::{
    AnswerStatus, Conflict, InboxQuery, Paged, Query, Result, TaskAssignee, TaskClose, TaskDetails, TaskField,
    TaskPair, TaskRole, TaskRow, TaskState, TaskWrite, Tasks,
};
use async_trait::async_trait;
use model::{DefinitionId, InstanceId, PartitionId, TaskId, Timestamp, UserId};
use rusqlite::{Connection, Row, params, params_from_iter};
use std::collections::HashMap;

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

macro_rules! columns {
    () => {
        "t.partition_id, t.id, t.instance_id, t.definition_id, t.process_name, t.element_key, t.element_id,
        t.element_name, t.kind, t.title, t.description, t.priority, t.due_at, t.created_at, t.state, t.completed_at,
        t.completed_by, t.outcome, t.version, t.form, t.settings, t.input, t.document_catalog, t.document_record"
    };
}

const BY_IDS: &str =
    concat!("SELECT ", columns!(), " FROM user_tasks t WHERE t.id IN (SELECT value FROM json_each(?1))");
const PEOPLE: &str = "SELECT task_id, user_id, role, status, answered_at FROM task_assignees
    WHERE task_id IN (SELECT value FROM json_each(?1)) ORDER BY task_id, user_id";
const GROUPS: &str = "SELECT task_id, group_key FROM task_groups
    WHERE task_id IN (SELECT value FROM json_each(?1)) ORDER BY task_id, group_key";

/// The list of tasks.
pub(super) const LIST: List<TaskField> = List {
    select: columns!(),
    from: "user_tasks t",
    base: "",
    text: &["fold(t.title)"],
    tie: ("t.id", "DESC"),
    column: task_column,
};

/// The list of (task, person) pairs. The cross join keeps the tasks' order when no person is named.
pub(super) const PAIRS: List<TaskField> = List {
    select: concat!(
        columns!(),
        ", a.user_id, a.role, a.status, a.answered_at, i.created_at, i.started_by, i.state_title"
    ),
    from: "user_tasks t JOIN task_assignees a ON a.task_id = t.id LEFT JOIN instances i ON i.id = t.instance_id",
    base: "",
    text: &["fold(t.title)"],
    tie: ("t.id", "DESC"),
    column: pair_column,
};

fn own_column(field: &TaskField) -> Option<Column> {
    Some(match field {
        TaskField::Id => Column::of("t.id"),
        TaskField::State => Column::code("t.state"),
        TaskField::Instance => Column::of("t.instance_id"),
        TaskField::Definition => Column::of("t.definition_id"),
        TaskField::ProcessName => Column::of("t.process_name"),
        TaskField::ElementId => Column::of("t.element_id"),
        TaskField::Kind => Column::of("t.kind"),
        TaskField::Title => Column::of("t.title"),
        TaskField::Priority => Column::of("t.priority"),
        TaskField::DueAt => Column::nullable("t.due_at"),
        TaskField::CreatedAt => Column::of("t.created_at"),
        TaskField::CompletedAt => Column::nullable("t.completed_at"),
        TaskField::Outcome => Column::nullable("t.outcome"),
        TaskField::DocumentCatalog => Column::nullable("t.document_catalog"),
        TaskField::DocumentRecord => Column::nullable("t.document_record"),
        TaskField::User | TaskField::UserStatus | TaskField::StartedAt | TaskField::StartedBy => return None,
    })
}

fn task_column(field: &TaskField) -> Column {
    let any = |head, value, order| Column::Any { head, value, order, parameter: None };
    own_column(field).unwrap_or_else(|| match field {
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
        _ => Column::nullable("NULL"),
    })
}

fn pair_column(field: &TaskField) -> Column {
    own_column(field).unwrap_or_else(|| match field {
        TaskField::User => Column::of("a.user_id"),
        TaskField::UserStatus => Column::of("a.status"),
        TaskField::StartedAt => Column::nullable("i.created_at"),
        TaskField::StartedBy => Column::nullable("i.started_by"),
        _ => Column::nullable("NULL"),
    })
}

/// Which task, and what its people's rows repeat of it.
#[derive(Clone, Copy)]
struct Place {
    partition: PartitionId,
    task: TaskId,
    due_at: Option<Timestamp>,
    priority: i32,
    open: bool,
    ended_at: Timestamp,
}

impl Place {
    fn sort_at(&self, waiting: bool, answered_at: Option<Timestamp>) -> i64 {
        if waiting { due(self.due_at) } else { -answered_at.unwrap_or(self.ended_at).0 }
    }
}

fn due(due_at: Option<Timestamp>) -> i64 {
    due_at.map_or(i64::MAX, |t| t.0)
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
            let keys = tx.rows(SORT_KEYS, [id.0], |row| Ok((row.get::<_, Option<i64>>(0)?, row.get(1)?)))?;
            let (due_at, priority) = keys.first().map_or((None, 0), |(d, p)| (d.map(Timestamp), *p));
            let ended_at = Timestamp(0);
            let place = Place { partition: *partition, task: *id, due_at, priority, open: true, ended_at };
            insert_people(tx, place, assignees, groups)
        }
        TaskWrite::Plan { id, expect_version, due_at, priority, .. } => {
            tx.must(PLAN, params![id.0, int(*expect_version), at(*due_at), priority], Conflict::Task)?;
            tx.run(PLAN_PEOPLE, params![id.0, due(*due_at), priority])?;
            tx.run(PLAN_GROUPS, params![id.0, due(*due_at), priority])?;
            Ok(())
        }
    }
}

fn insert(tx: &mut Tx<'_>, details: &TaskDetails) -> WriteResult {
    let t = &details.task;
    let (catalog, record) = document(t.document);
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
    let place = Place {
        partition: t.partition,
        task: t.id,
        due_at: t.due_at,
        priority: t.priority,
        open: t.state == TaskState::Open,
        ended_at: t.completed_at.unwrap_or(t.created_at),
    };
    insert_people(tx, place, &details.assignees, &details.groups)
}

fn insert_people(tx: &mut Tx<'_>, place: Place, people: &[TaskAssignee], groups: &[String]) -> WriteResult {
    for role in TaskRole::ALL {
        for person in people.iter().filter(|p| p.role == *role) {
            let waiting = place.open && person.status == AnswerStatus::Waiting;
            let values = params![
                place.partition.0,
                place.task.0,
                person.user.0,
                role.code(),
                person.status.code(),
                at(person.answered_at),
                waiting,
                place.sort_at(waiting, person.answered_at),
                place.priority
            ];
            tx.run(INSERT_PERSON, values)?;
        }
    }
    for group in groups {
        let sort_at = place.sort_at(place.open, None);
        let values = params![place.partition.0, place.task.0, group, place.open, sort_at, place.priority];
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

fn read(c: &mut Columns<'_>) -> rusqlite::Result<TaskRow> {
    Ok(TaskRow {
        partition: c.partition()?,
        id: c.id(TaskId)?,
        instance: c.id(InstanceId)?,
        definition: c.id(DefinitionId)?,
        process_name: c.get()?,
        element_key: c.get()?,
        element_id: c.get()?,
        element_name: c.get()?,
        kind: c.get()?,
        title: c.get()?,
        description: c.get()?,
        priority: c.get()?,
        due_at: c.at_opt()?,
        created_at: c.at()?,
        state: c.code(TaskState::from_code)?,
        completed_at: c.at_opt()?,
        completed_by: c.id_opt(UserId)?,
        outcome: c.get()?,
        version: c.count()?,
        form: c.json()?,
        settings: c.json()?,
        input: c.json()?,
        document: c.document()?,
    })
}

fn task(row: &Row<'_>) -> rusqlite::Result<TaskRow> {
    read(&mut Columns::new(row))
}

fn read_person(c: &mut Columns<'_>) -> rusqlite::Result<TaskAssignee> {
    Ok(TaskAssignee {
        user: c.id(UserId)?,
        role: c.code(TaskRole::from_code)?,
        status: c.code(AnswerStatus::from_code)?,
        answered_at: c.at_opt()?,
    })
}

fn person(row: &Row<'_>) -> rusqlite::Result<(i64, TaskAssignee)> {
    let mut c = Columns::new(row);
    Ok((c.get()?, read_person(&mut c)?))
}

fn pair(row: &Row<'_>) -> rusqlite::Result<TaskPair> {
    let mut c = Columns::new(row);
    Ok(TaskPair {
        task: read(&mut c)?,
        person: read_person(&mut c)?,
        started_at: c.at_opt()?,
        started_by: c.id_opt(UserId)?,
        state_title: c.get::<Option<String>>()?.unwrap_or_default(),
    })
}

/// Adds people and groups, in the order of `tasks`.
fn with_people(connection: &Connection, tasks: Vec<TaskRow>) -> Result<Vec<TaskDetails>> {
    let ids = numbers(tasks.iter().map(|t| t.id.0));
    let mut people: HashMap<i64, Vec<TaskAssignee>> = HashMap::new();
    for (task, person) in all(connection, PEOPLE, [&ids], person)? {
        people.entry(task).or_default().push(person);
    }
    let mut groups: HashMap<i64, Vec<String>> = HashMap::new();
    for (task, group) in all(connection, GROUPS, [&ids], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))? {
        groups.entry(task).or_default().push(group);
    }
    let details = tasks.into_iter().map(|task| TaskDetails {
        assignees: people.remove(&task.id.0).unwrap_or_default(),
        groups: groups.remove(&task.id.0).unwrap_or_default(),
        task,
    });
    Ok(details.collect())
}

/// The tasks with these ids, in the order of the ids.
fn by_ids(connection: &Connection, ids: &[i64]) -> Result<Vec<TaskDetails>> {
    let mut tasks = all(connection, BY_IDS, [numbers(ids.iter().copied())], task)?;
    let place: HashMap<i64, usize> = ids.iter().enumerate().map(|(n, id)| (*id, n)).collect();
    tasks.sort_by_key(|t| place.get(&t.id.0));
    with_people(connection, tasks)
}

/// The ids of an inbox, in its order: the first rows of the person and of each group, each read in its order from its
/// own index, merged. A task reached in several ways counts once.
pub(super) fn inbox_sql(query: &InboxQuery) -> Sql {
    let mut sql = Sql::new("SELECT task_id FROM (");
    let groups: &[String] = if query.done { &[] } else { &query.groups };
    let owners = std::iter::once(None).chain(groups.iter().map(Some));
    for (n, group) in owners.enumerate() {
        sql.push(if n > 0 { " UNION " } else { "" });
        let table = if group.is_some() { "task_groups" } else { "task_assignees" };
        sql.push(&format!("SELECT * FROM (SELECT x.sort_at, x.priority, x.task_id FROM {table} x "));
        if query.text.is_some() {
            sql.push("CROSS JOIN user_tasks t ON t.id = x.task_id ");
        }
        match group {
            Some(group) => {
                sql.push("WHERE x.group_key = ");
                sql.bind(group.clone());
            }
            None => {
                sql.push("WHERE x.user_id = ");
                sql.bind(query.user.0);
            }
        }
        sql.push(if query.done { " AND x.waiting = 0" } else { " AND x.waiting = 1" });
        if let Some(text) = &query.text {
            sql.push(" AND fold(t.title) LIKE ");
            sql.bind(pattern(text.trim(), true));
            sql.push(" ESCAPE '\\'");
        }
        sql.push(" ORDER BY x.sort_at, x.priority DESC, x.task_id LIMIT ");
        sql.bind(int(query.offset.saturating_add(query.limit.into())));
        sql.push(")");
    }
    sql.push(") ORDER BY sort_at, priority DESC, task_id LIMIT ");
    sql.bind(i64::from(query.limit));
    sql.push(" OFFSET ");
    sql.bind(int(query.offset));
    sql
}

fn inbox_ids(connection: &Connection, query: &InboxQuery) -> Result<Vec<i64>> {
    let sql = inbox_sql(query);
    all(connection, &sql.text, params_from_iter(sql.values), |row| row.get(0))
}

#[async_trait]
impl Tasks for SqliteStore {
    async fn task(&self, id: TaskId) -> Result<Option<TaskDetails>> {
        self.read(move |c| Ok(by_ids(c, &[id.0])?.pop())).await
    }

    async fn inbox(&self, query: InboxQuery) -> Result<Vec<TaskDetails>> {
        self.read(move |c| {
            let tx = c.unchecked_transaction().map_err(read_error)?;
            by_ids(&tx, &inbox_ids(&tx, &query)?)
        })
        .await
    }

    async fn inbox_count(&self, user: UserId, groups: &[String], cap: u32) -> Result<u32> {
        let query = InboxQuery { user, groups: groups.to_vec(), done: false, text: None, limit: cap, offset: 0 };
        self.read(move |c| Ok(inbox_ids(c, &query)?.len() as u32)).await
    }

    async fn tasks(&self, query: Query<TaskField>) -> Result<Paged<TaskDetails>> {
        self.read(move |c| {
            let page = LIST.read(c, &query, None, task)?;
            Ok(Paged { rows: with_people(c, page.rows)?, total: page.total })
        })
        .await
    }

    async fn task_pairs(&self, query: Query<TaskField>) -> Result<Paged<TaskPair>> {
        self.read(move |c| PAIRS.read(c, &query, None, pair)).await
    }
}
