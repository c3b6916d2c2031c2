//! `user_tasks`, `task_assignees`, `task_groups`.

use crate::{
    PostgresStore,
    list::Sql,
    plan::{Kind, Plan, Table},
    sql::{Param, Tx, WriteResult, params},
};
use async_trait::async_trait;
use model::{TaskId, Timestamp, UserId};
use store::{
    AnswerStatus, Conflict, InboxQuery, Paged, Query, Result, TaskAssignee, TaskDetails, TaskField, TaskPair, TaskRole,
    TaskRow, TaskWrite, Tasks, columns,
    lists::{
        Column, Kind as Of, List,
        fields::{self, InboxWords, NOTHING, own_task_column, pair_column},
    },
    rows::{
        Cells, FromCells, document_columns,
        task::{Concerned, TaskPlace, by_role, due_order, in_order, with_people},
    },
};

static INSERT: Kind = Kind {
    sql: "INSERT INTO user_tasks (partition_id, id, instance_id, definition_id, process_name, element_key, element_id,
    element_name, kind, title, description, priority, due_at, created_at, state, completed_at, completed_by, outcome,
    version, form, settings, input, document_catalog, document_record)
    SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
    $21, $22, $23, $24)",
    otherwise: None,
};
/// An assignee is named before the candidates, so the first row of a person stays.
static INSERT_PERSON: Kind = Kind {
    sql: "INSERT INTO task_assignees (partition_id, task_id, user_id, role, status, answered_at, waiting, sort_at,
    priority) SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
    otherwise: None,
};
static INSERT_GROUP: Kind = Kind {
    sql: "INSERT INTO task_groups (partition_id, task_id, group_key, waiting, sort_at, priority)
    SELECT * FROM unnest($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
    otherwise: None,
};

/// Closes tasks with their people's rows, if they are open and have the version given, if one is given.
macro_rules! close {
    () => {
        "WITH n AS MATERIALIZED (SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8)
            AS n (partition_id, id, version, state, at, by, outcome, status)),
        changed AS (UPDATE user_tasks t SET state = n.state, completed_at = n.at, completed_by = n.by,
            outcome = n.outcome, version = t.version + 1 FROM n
            WHERE t.partition_id = n.partition_id AND t.id = n.id AND t.state = 0
            AND t.version = coalesce(n.version, t.version) RETURNING n.*),
        people AS (UPDATE task_assignees a SET waiting = 0,
            sort_at = CASE a.waiting WHEN 1 THEN -c.at ELSE a.sort_at END,
            status = CASE a.user_id WHEN c.by THEN c.status ELSE a.status END,
            answered_at = CASE a.user_id WHEN c.by THEN c.at ELSE a.answered_at END
            FROM changed c WHERE a.partition_id = c.partition_id AND a.task_id = c.id),
        groups AS (UPDATE task_groups g SET waiting = 0, sort_at = -c.at
            FROM changed c WHERE g.partition_id = c.partition_id AND g.task_id = c.id)"
    };
}
static CLOSE: Kind = Kind { sql: concat!(close!(), crate::plan::expect_all!("$9")), otherwise: Some(Conflict::Task) };
static CLOSE_IF_OPEN: Kind = Kind { sql: concat!(close!(), " SELECT count(*) FROM changed"), otherwise: None };

const BUMP: &str = "UPDATE user_tasks SET version = version + 1
    WHERE partition_id = $1 AND id = $2 AND state = 0 AND version = $3";
const ANSWER: &str = "UPDATE task_assignees SET status = $4, answered_at = $5, waiting = 0, sort_at = -$5
    WHERE partition_id = $1 AND task_id = $2 AND user_id = $3";
const PLAN: &str = "UPDATE user_tasks SET due_at = $4, priority = $5, version = version + 1
    WHERE partition_id = $1 AND id = $2 AND state = 0 AND version = $3";
const PLAN_PEOPLE: &str = "UPDATE task_assignees SET sort_at = $3, priority = $4
    WHERE partition_id = $1 AND task_id = $2 AND waiting = 1";
const PLAN_GROUPS: &str = "UPDATE task_groups SET sort_at = $3, priority = $4 WHERE partition_id = $1 AND task_id = $2";
const DELETE_PEOPLE: &str = "DELETE FROM task_assignees WHERE partition_id = $1 AND task_id = $2";
const DELETE_GROUPS: &str = "DELETE FROM task_groups WHERE partition_id = $1 AND task_id = $2";
/// New people of an open task repeat its due time and priority.
const ASSIGN_PEOPLE: &str = "INSERT INTO task_assignees (partition_id, task_id, user_id, role, status, answered_at,
    waiting, sort_at, priority)
    SELECT t.partition_id, t.id, n.user_id, n.role, n.status, n.answered_at, n.waiting,
        CASE n.waiting WHEN 1 THEN coalesce(t.due_at, 9223372036854775807) ELSE -coalesce(n.answered_at, 0) END,
        t.priority
    FROM user_tasks t, unnest($3, $4, $5, $6, $7) WITH ORDINALITY
        AS n (user_id, role, status, answered_at, waiting, place)
    WHERE t.partition_id = $1 AND t.id = $2 ORDER BY n.place ON CONFLICT DO NOTHING";
const ASSIGN_GROUPS: &str = "INSERT INTO task_groups (partition_id, task_id, group_key, waiting, sort_at, priority)
    SELECT t.partition_id, t.id, n.group_key, 1, coalesce(t.due_at, 9223372036854775807), t.priority
    FROM user_tasks t, unnest($3) AS n (group_key) WHERE t.partition_id = $1 AND t.id = $2 ON CONFLICT DO NOTHING";

const BY_IDS: &str = concat!(
    "SELECT ",
    columns!(task),
    " FROM unnest($1) AS n (id) JOIN user_tasks t ON t.partition_id = (n.id & 255) AND t.id = n.id"
);
/// People and groups of tasks in one answer: a row has either a person or a group.
const PEOPLE: &str = "SELECT a.task_id, a.user_id, a.role, a.status, a.answered_at, NULL
        FROM unnest($1) AS n (id) JOIN task_assignees a ON a.partition_id = (n.id & 255) AND a.task_id = n.id
    UNION ALL SELECT g.task_id, NULL, NULL, NULL, NULL, g.group_key
        FROM unnest($1) AS n (id) JOIN task_groups g ON g.partition_id = (n.id & 255) AND g.task_id = n.id
    ORDER BY 1, 2, 6";

/// The list of tasks.
pub(crate) const LIST: List<TaskField> = List {
    select: columns!(task),
    from: "user_tasks t",
    text: &["fold(t.title)"],
    tie: ("t.id", "DESC"),
    column: task_column,
};

/// The list of (task, person) pairs.
pub(crate) const PAIRS: List<TaskField> = List {
    select: columns!(task_pair),
    from: "user_tasks t JOIN task_assignees a ON a.partition_id = t.partition_id AND a.task_id = t.id
        LEFT JOIN instances i ON i.partition_id = t.partition_id AND i.id = t.instance_id",
    text: &["fold(t.title)"],
    tie: ("t.id", "DESC"),
    column: pair_column,
};

fn task_column(field: &TaskField) -> Column {
    let any = |head, value, order| Column::Any { head, value, kind: Of::Int, order };
    own_task_column(field).unwrap_or_else(|| match field {
        TaskField::User => any(
            "EXISTS (SELECT 1 FROM task_assignees a WHERE a.partition_id = t.partition_id AND a.task_id = t.id AND ",
            "a.user_id",
            "(SELECT min(a.user_id) FROM task_assignees a WHERE a.partition_id = t.partition_id AND a.task_id = t.id)",
        ),
        TaskField::StartedAt => any(
            "EXISTS (SELECT 1 FROM instances i WHERE i.partition_id = t.partition_id AND i.id = t.instance_id AND ",
            "i.created_at",
            "(SELECT i.created_at FROM instances i WHERE i.partition_id = t.partition_id AND i.id = t.instance_id)",
        ),
        TaskField::StartedBy => any(
            "EXISTS (SELECT 1 FROM instances i WHERE i.partition_id = t.partition_id AND i.id = t.instance_id AND ",
            "i.started_by",
            "(SELECT i.started_by FROM instances i WHERE i.partition_id = t.partition_id AND i.id = t.instance_id)",
        ),
        _ => NOTHING,
    })
}

pub(crate) fn plan(plan: &mut Plan<'_>, write: &TaskWrite) -> bool {
    match write {
        TaskWrite::Insert(details) => insert(plan, details),
        TaskWrite::Close(c) => {
            let kind = if c.expect_version.is_some() { &CLOSE } else { &CLOSE_IF_OPEN };
            let values =
                params![c.partition, c.id, c.expect_version, c.state.code(), c.at, c.by, &c.outcome, c.status.code()];
            plan.row(Table::Tasks, c.id.0, kind, values);
        }
        TaskWrite::Answer { .. } | TaskWrite::Assign { .. } | TaskWrite::Plan { .. } => return false,
    }
    true
}

fn insert(plan: &mut Plan<'_>, details: &TaskDetails) {
    let t = &details.task;
    let (catalog, record) = document_columns(t.document);
    let values = params![
        t.partition,
        t.id,
        t.instance,
        t.definition,
        &t.process_name,
        t.element_key,
        &t.element_id,
        &t.element_name,
        &t.kind,
        &t.title,
        &t.description,
        t.priority,
        t.due_at,
        t.created_at,
        t.state.code(),
        t.completed_at,
        t.completed_by,
        &t.outcome,
        t.version,
        &t.form,
        &t.settings,
        &t.input,
        catalog,
        record
    ];
    plan.row(Table::Tasks, t.id.0, &INSERT, values);
    let place = TaskPlace::of(t);
    for person in by_role(&details.assignees) {
        let waiting = place.waits_for(person);
        let values = params![
            t.partition,
            t.id,
            person.user,
            person.role.code(),
            person.status.code(),
            person.answered_at,
            i64::from(waiting),
            place.sort_at(waiting, person.answered_at),
            place.priority
        ];
        plan.along(Table::Tasks, t.id.0, &INSERT_PERSON, values);
    }
    for group in &details.groups {
        let sort_at = place.sort_at(place.open, None);
        let values = params![t.partition, t.id, group, i64::from(place.open), sort_at, place.priority];
        plan.along(Table::Tasks, t.id.0, &INSERT_GROUP, values);
    }
}

pub(crate) async fn apply(tx: &mut Tx<'_>, write: &TaskWrite) -> WriteResult {
    match write {
        TaskWrite::Insert(_) | TaskWrite::Close(_) => Ok(()),
        TaskWrite::Answer { partition, id, expect_version, user, status, at } => {
            tx.must(BUMP, params![*partition, *id, *expect_version], Conflict::Task).await?;
            tx.send(ANSWER, params![*partition, *id, *user, status.code(), *at]).await
        }
        TaskWrite::Assign { partition, id, expect_version, assignees, groups } => {
            tx.must(BUMP, params![*partition, *id, *expect_version], Conflict::Task).await?;
            tx.send(DELETE_PEOPLE, params![*partition, *id]).await?;
            tx.send(DELETE_GROUPS, params![*partition, *id]).await?;
            let mut columns = vec![Param::from(*partition), Param::from(*id)];
            columns.extend(people_columns(assignees));
            tx.send(ASSIGN_PEOPLE, columns).await?;
            tx.send(ASSIGN_GROUPS, params![*partition, *id, groups.as_slice()]).await
        }
        TaskWrite::Plan { partition, id, expect_version, due_at, priority } => {
            let values = params![*partition, *id, *expect_version, *due_at, *priority];
            tx.must(PLAN, values, Conflict::Task).await?;
            tx.send(PLAN_PEOPLE, params![*partition, *id, due_order(*due_at), *priority]).await?;
            tx.send(PLAN_GROUPS, params![*partition, *id, due_order(*due_at), *priority]).await
        }
    }
}

fn people_columns(people: &[TaskAssignee]) -> [Param; 5] {
    let column = |value: fn(&TaskAssignee) -> Option<i64>| Param::Ints(by_role(people).map(value).collect());
    [
        column(|p| Some(p.user.0)),
        column(|p| Some(p.role.code())),
        column(|p| Some(p.status.code())),
        column(|p| p.answered_at.map(|t| t.0)),
        column(|p| Some(i64::from(p.status == AnswerStatus::Waiting))),
    ]
}

/// A row of [`PEOPLE`].
struct OfTask(i64, Concerned);

impl FromCells for OfTask {
    fn read<C: Cells>(cells: &mut C) -> std::result::Result<Self, C::Error> {
        let (task, user): (i64, Option<UserId>) = cells.get()?;
        let (role, status): (Option<i64>, Option<i64>) = cells.get()?;
        let (answered_at, group): (Option<Timestamp>, Option<String>) = cells.get()?;
        let role = role.and_then(TaskRole::from_code);
        let person = user.zip(role).zip(status.and_then(AnswerStatus::from_code));
        let who = match (person, group) {
            (_, Some(group)) => Concerned::Group(group),
            (Some(((user, role), status)), None) => Concerned::Person(TaskAssignee { user, role, status, answered_at }),
            (None, None) => return Err(cells.refused("unknown code")),
        };
        Ok(Self(task, who))
    }
}

/// The ids of an inbox, in its order.
pub(crate) fn inbox_sql(query: &InboxQuery) -> Sql {
    let words = InboxWords {
        open: "(",
        join: "JOIN user_tasks t ON t.partition_id = x.partition_id AND t.id = x.task_id ",
        merged: " merged",
    };
    fields::inbox_sql(words, query)
}

impl PostgresStore {
    /// Adds people and groups, in the order of `tasks`.
    async fn details(&self, tasks: Vec<TaskRow>) -> Result<Vec<TaskDetails>> {
        if tasks.is_empty() {
            return Ok(Vec::new());
        }
        let ids = Param::numbers(tasks.iter().map(|t| t.id.0));
        Ok(assemble(tasks, self.all(PEOPLE, vec![ids]).await?))
    }

    /// The tasks with these ids, in the order of the ids.
    async fn by_ids(&self, ids: &[i64]) -> Result<Vec<TaskDetails>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let param = || vec![Param::numbers(ids.iter().copied())];
        let (tasks, people) = futures_util::future::join(self.all(BY_IDS, param()), self.all(PEOPLE, param())).await;
        Ok(assemble(in_order(tasks?, ids), people?))
    }

    async fn inbox_ids(&self, query: &InboxQuery) -> Result<Vec<i64>> {
        let (text, params) = inbox_sql(query).finish();
        self.all(&text, params).await
    }
}

fn assemble(tasks: Vec<TaskRow>, people: Vec<OfTask>) -> Vec<TaskDetails> {
    with_people(tasks, people.into_iter().map(|OfTask(task, who)| (task, who)))
}

#[async_trait]
impl Tasks for PostgresStore {
    async fn task(&self, id: TaskId) -> Result<Option<TaskDetails>> {
        Ok(self.by_ids(&[id.0]).await?.pop())
    }

    async fn inbox(&self, query: InboxQuery) -> Result<Vec<TaskDetails>> {
        let ids = self.inbox_ids(&query).await?;
        self.by_ids(&ids).await
    }

    async fn inbox_count(&self, user: UserId, groups: &[String], cap: u32) -> Result<u32> {
        let query = InboxQuery { user, groups: groups.to_vec(), done: false, text: None, limit: cap, offset: 0 };
        let (ids, params) = inbox_sql(&query).finish();
        let count: Option<i64> = self.first(&format!("SELECT count(*) FROM ({ids}) AS i"), params).await?;
        Ok(count.and_then(|n| u32::try_from(n).ok()).unwrap_or(0))
    }

    async fn tasks(&self, query: Query<TaskField>) -> Result<Paged<TaskDetails>> {
        let Paged { rows, total } = self.page(&LIST, &query, None).await?;
        Ok(Paged { rows: self.details(rows).await?, total })
    }

    async fn task_pairs(&self, query: Query<TaskField>) -> Result<Paged<TaskPair>> {
        self.page(&PAIRS, &query, None).await
    }
}
