//! User tasks and the inbox.

use super::{Database, conflict, ok, put, samples::*, some};
use crate::*;
use model::*;

async fn add(store: &SharedStore, details: TaskDetails) {
    put(store, Unit::of(TaskWrite::Insert(Box::new(details)))).await;
}

fn close(n: i64, expect_version: Option<u64>, by: Option<i64>, now: i64) -> TaskWrite {
    TaskWrite::Close(TaskClose {
        partition: PartitionId(0),
        id: TaskId(pid(n, 0)),
        expect_version,
        state: if by.is_some() { TaskState::Completed } else { TaskState::Canceled },
        outcome: by.map(|_| "yes".into()),
        by: by.map(UserId),
        at: at(now),
        status: if by.is_some() { AnswerStatus::Yes } else { AnswerStatus::Waiting },
    })
}

async fn shown(store: &SharedStore, query: InboxQuery) -> Vec<i64> {
    ok(store.inbox(query).await).iter().map(|d| d.task.id.0 >> 8).collect()
}

fn of(user: i64) -> InboxQuery {
    InboxQuery { user: UserId(user), groups: vec![], done: false, text: None, limit: 10, offset: 0 }
}

pub async fn inbox(db: &dyn Database) {
    let store = db.open().await;
    let mut due_late = task(1, &[5]);
    due_late.task.due_at = Some(at(900));
    let mut due_soon = task(2, &[5, 6]);
    due_soon.task.due_at = Some(at(100));
    let mut urgent = task(3, &[5]);
    urgent.task.priority = 9;
    let mut offered = task(5, &[]);
    offered.assignees = vec![person(5, TaskRole::Candidate), person(5, TaskRole::Assignee)];
    offered.groups = vec!["buyers".into()];
    let mut group_only = task(6, &[]);
    group_only.task.due_at = Some(at(50));
    group_only.groups = vec!["buyers".into(), "sales".into()];
    for details in [due_late, due_soon, urgent, task(4, &[5]), offered, group_only, task(7, &[8])] {
        add(&store, details).await;
    }
    let groups = vec!["buyers".to_owned(), "sales".to_owned()];
    assert_eq!(shown(&store, of(5)).await, [2, 1, 3, 4, 5], "due first, then urgent, then old");
    let with_groups = InboxQuery { groups: groups.clone(), ..of(5) };
    assert_eq!(shown(&store, with_groups.clone()).await, [6, 2, 1, 3, 4, 5], "no task twice");
    assert_eq!(shown(&store, InboxQuery { limit: 2, offset: 4, ..with_groups.clone() }).await, [4, 5]);
    let text = Some("ДОГОВОР 6".to_owned());
    assert_eq!(shown(&store, InboxQuery { text, ..with_groups }).await, [6]);
    assert_eq!(ok(store.inbox_count(UserId(5), &groups, 100).await), 6);
    assert_eq!(ok(store.inbox_count(UserId(5), &groups, 3).await), 3);
    let details = some(store.task(TaskId(pid(5, 0))).await);
    assert_eq!(details.assignees, [person(5, TaskRole::Assignee)], "assignee before candidate");

    put(&store, Unit::of(close(2, Some(1), Some(5), 1000))).await;
    put(&store, Unit::of(close(3, Some(1), Some(5), 2000))).await;
    put(&store, Unit::of(close(6, None, None, 2500))).await;
    assert_eq!(shown(&store, of(5)).await, [1, 4, 5]);
    assert_eq!(shown(&store, of(6)).await, Vec::<i64>::new(), "done by somebody else");
    assert_eq!(shown(&store, InboxQuery { done: true, ..of(5) }).await, [3, 2], "the latest first");
    assert_eq!(ok(store.inbox_count(UserId(5), &groups, 100).await), 3);
}

pub async fn task_changes(db: &dyn Database) {
    let store = db.open().await;
    add(&store, task(1, &[5, 6])).await;
    let (partition, id) = (PartitionId(0), TaskId(pid(1, 0)));
    let answer = |expect_version, user| {
        let (user, status) = (UserId(user), AnswerStatus::No);
        Unit::of(TaskWrite::Answer { partition, id, expect_version, user, status, at: at(7) })
    };
    put(&store, answer(1, 6)).await;
    assert_eq!(conflict(store.commit_one(answer(1, 5)).await), Conflict::Task);
    assert_eq!(shown(&store, of(6)).await, Vec::<i64>::new());
    assert_eq!(shown(&store, of(5)).await, [1]);
    let due_at = Some(at(77));
    put(&store, Unit::of(TaskWrite::Plan { partition, id, expect_version: 2, due_at, priority: 4 })).await;
    let assignees = vec![person(8, TaskRole::Assignee)];
    let assign = TaskWrite::Assign { partition, id, expect_version: 3, assignees, groups: vec!["g".into()] };
    put(&store, Unit::of(assign)).await;
    let details = some(store.task(id).await);
    assert_eq!((details.task.version, details.task.due_at, details.task.priority), (4, due_at, 4));
    assert_eq!((details.assignees.len(), details.groups), (1, vec!["g".to_owned()]));
    assert_eq!(shown(&store, of(5)).await, Vec::<i64>::new());
    assert_eq!(shown(&store, InboxQuery { groups: vec!["g".into()], ..of(1) }).await, [1]);

    assert_eq!(conflict(store.commit_one(Unit::of(close(1, Some(3), Some(8), 10))).await), Conflict::Task);
    put(&store, Unit::of(close(1, Some(4), Some(8), 10))).await;
    let again = close(1, Some(5), Some(8), 11);
    assert_eq!(conflict(store.commit_one(Unit::of(again)).await), Conflict::Task, "closed once");
    put(&store, Unit::of(close(1, None, None, 12))).await;
    let done = some(store.task(id).await);
    assert_eq!((done.task.state, done.task.completed_by), (TaskState::Completed, Some(UserId(8))));
    assert_eq!((done.task.completed_at, done.task.outcome.as_deref()), (Some(at(10)), Some("yes")));
    let waited = TaskAssignee { status: AnswerStatus::Yes, answered_at: Some(at(10)), ..person(8, TaskRole::Assignee) };
    assert_eq!(done.assignees, [waited]);
}

pub async fn task_lists(db: &dyn Database) {
    use TaskField as F;
    let store = db.open().await;
    let mut started = instance(4);
    started.row.started_by = Some(UserId(3));
    put(&store, Unit::of(InstanceWrite::Create(started))).await;
    let mut other = task(3, &[7]);
    other.task.instance = InstanceId(pid(8, 0));
    other.task.document = Some(DocumentRef { catalog: CatalogId(1), record: RecordId(70) });
    for details in [task(1, &[5, 6]), task(2, &[5]), other] {
        add(&store, details).await;
    }
    put(&store, Unit::of(close(2, Some(1), Some(5), 100))).await;

    let tasks: Vec<(Filter<F>, &[i64])> = vec![
        (Filter::default(), &[3, 2, 1]),
        (Filter::eq(F::State, TaskState::Open), &[3, 1]),
        (Filter::eq(F::User, UserId(5)), &[2, 1]),
        (Filter::is(F::User, Op::Ne, UserId(5)), &[3]),
        (Filter::eq(F::DocumentRecord, RecordId(70)), &[3]),
        (Filter::eq(F::StartedBy, UserId(3)), &[2, 1]),
        (Filter::is(F::Title, Op::Contains, "ДОГОВОР 1"), &[1]),
    ];
    for (filter, expected) in tasks {
        let shown = format!("{filter:?}");
        let page = ok(store.tasks(Query::new(filter)).await);
        assert_eq!(page.rows.iter().map(|d| d.task.id.0 >> 8).collect::<Vec<_>>(), expected, "{shown}");
    }
    type Pairs<'a> = &'a [(i64, i64)];
    let pairs: Vec<(Query<F>, Pairs<'_>)> = vec![
        (Query::default().order(F::Id, false).order(F::User, false), &[(1, 5), (1, 6), (2, 5), (3, 7)]),
        (Query::new(Filter::eq(F::User, UserId(5))), &[(2, 5), (1, 5)]),
        (Query::new(Filter::eq(F::UserStatus, AnswerStatus::Yes)), &[(2, 5)]),
        (Query::new(Filter::is(F::Id, Op::Gt, pid(1, 255))).order(F::Id, false).limit(1), &[(2, 5)]),
        (Query::new(Filter::eq(F::StartedBy, UserId(3)).and(Filter::eq(F::User, UserId(6)))), &[(1, 6)]),
        (Query::new(Filter::Not(Box::new(Filter::In(F::User, vec![UserId(5).into(), UserId(6).into()])))), &[(3, 7)]),
    ];
    for (query, expected) in pairs {
        let shown = format!("{query:?}");
        let page = ok(store.task_pairs(Query { page: Page { count: true, ..query.page }, ..query }).await);
        let found: Vec<_> = page.rows.iter().map(|p| (p.task.id.0 >> 8, p.person.user.0)).collect();
        assert_eq!(found, expected, "{shown}");
        assert!(page.total >= Some(found.len() as u64));
    }
    let one = ok(store.task_pairs(Query::new(Filter::eq(F::User, UserId(6)))).await);
    assert_eq!((one.rows[0].started_by, one.rows[0].started_at), (Some(UserId(3)), Some(at(4))));
}
