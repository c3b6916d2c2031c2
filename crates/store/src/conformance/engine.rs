//! Instances, timers, jobs, outbox, incidents.

use super::{Database, conflict, ok, put, samples::*, some};
use crate::*;
use model::*;

fn ids(page: &Paged<InstanceRow>) -> Vec<i64> {
    page.rows.iter().map(|r| r.id.0 >> 8).collect()
}

pub async fn instances(db: &dyn Database) {
    let store = db.open().await;
    let mut all: Vec<StoredInstance> = (1..=8).map(instance).collect();
    all[1].row.document = Some(DocumentRef { catalog: CatalogId(1), record: RecordId(7) });
    all[2].row.started_by = Some(UserId(5));
    all[3].row.business_key = Some("order-4711".into());
    all[4].row.incidents = 2;
    all[5].row.definition = DefinitionId(2);
    for i in &all {
        put(&store, Unit::of(InstanceWrite::Create(i.clone())).with(InstanceWrite::Journal(journal(i, 1)))).await;
    }
    put(&store, Unit::of(definition(1, "order", 1)).with(definition(2, "refund", 1))).await;
    assert_eq!(conflict(store.commit_one(Unit::of(InstanceWrite::Create(all[0].clone()))).await), Conflict::Instance);
    assert_eq!(ok(store.load_instances(&[all[0].row.id, InstanceId(99)]).await), vec![all[0].clone()]);
    assert_eq!(ok(store.load_instances(&[all[1].row.id, all[4].row.id]).await).len(), 2);
    assert_eq!(ok(store.instance(InstanceId(99)).await), None);

    // A writer that read an older state changes nothing.
    let update = moved(&all[0], InstanceState::Completed, at(100));
    put(&store, Unit::of(InstanceWrite::Update(update.clone())).with(InstanceWrite::Journal(journal(&all[0], 2))))
        .await;
    let late = Unit::of(InstanceWrite::Update(update)).with(InstanceWrite::Journal(journal(&all[0], 3)));
    assert_eq!(conflict(store.commit_one(late).await), Conflict::Instance);
    let row = some(store.instance(all[0].row.id).await);
    assert_eq!((row.seq, row.state, row.finished_at), (2, InstanceState::Completed, Some(at(100))));
    assert_eq!(row.created_at, at(1));
    let seqs: Vec<u64> = ok(store.journal(row.id, 0, 10).await).iter().map(|j| j.seq).collect();
    assert_eq!(seqs, [1, 2]);
    assert_eq!(ok(store.journal(row.id, 1, 10).await), vec![journal(&all[0], 2)]);
    let twice = Unit::of(InstanceWrite::Journal(journal(&all[0], 2)));
    assert_eq!(conflict(store.commit_one(twice).await), Conflict::Instance);

    instance_lists(&store).await;
    let id = all[1].row.id;
    put(&store, Unit::of(InstanceWrite::Delete { partition: all[1].row.partition, id })).await;
    assert_eq!(ok(store.instance(id).await), None);
    assert_eq!(ok(store.journal(id, 0, 10).await), vec![]);
    let partitions = [all[7].row.partition, PartitionId(200), all[2].row.partition];
    let greatest = ok(store.greatest_ids(&partitions).await);
    assert!(greatest.len() == 3 && greatest[0] >= all[7].row.id.0 && greatest[2] >= all[2].row.id.0, "{greatest:?}");
    assert_eq!(ok(store.greatest_ids(&[]).await), Vec::<i64>::new());
}

async fn instance_lists(store: &SharedStore) {
    use InstanceField as F;
    let cases: Vec<(Query<F>, &[i64])> = vec![
        (Query::default(), &[8, 7, 6, 5, 4, 3, 2, 1]),
        (Query::new(Filter::eq(F::State, InstanceState::Completed)), &[1]),
        (Query::new(Filter::eq(F::Definition, DefinitionId(2))), &[6]),
        (Query::new(Filter::eq(F::ProcessId, "refund")), &[6]),
        (Query::new(Filter::is(F::ProcessId, Op::Ne, "order")), &[6]),
        (Query::new(Filter::eq(F::DocumentRecord, RecordId(7))), &[2]),
        (Query::new(Filter::eq(F::StartedBy, UserId(5))), &[3]),
        (Query::new(Filter::is(F::StartedBy, Op::Ne, UserId(5))).limit(2), &[8, 7]),
        (Query::new(Filter::is(F::Incidents, Op::Gt, 0)), &[5]),
        (Query::new(Filter::In(F::State, vec![InstanceState::Failed.into(), InstanceState::Completed.into()])), &[1]),
        (Query::new(Filter::In(F::Id, vec![])), &[]),
        (Query::new(Filter::is(F::Id, Op::Gt, pid(5, 255))).order(F::Id, false), &[6, 7, 8]),
        (Query::default().order(F::UpdatedAt, true).limit(2), &[1, 8]),
        (Query::default().order(F::FinishedAt, false).limit(2), &[1, 2]),
        (Query { text: Some("order-47".into()), ..Query::default() }, &[4]),
        (Query { text: Some(InstanceId(pid(3, 3)).to_string()), ..Query::default() }, &[3]),
        (Query { text: Some("%".into()), ..Query::default() }, &[]),
    ];
    for (query, expected) in cases {
        let shown = format!("{query:?}");
        assert_eq!(ids(&ok(store.instances(query).await)), expected, "{shown}");
    }
    let page = Page { limit: 3, offset: 6, count: true };
    let page = ok(store.instances(Query { page, ..Query::default() }).await);
    assert_eq!((ids(&page), page.total), (vec![2, 1], Some(8)));
    let active = Filter::eq(F::State, InstanceState::Active).and(Filter::eq(F::Definition, DefinitionId(1)));
    assert_eq!(ok(store.count_instances(active).await), 6);
    let ids = [DefinitionId(2), DefinitionId(1), DefinitionId(99)];
    let counts = ok(store.instance_counts(&ids).await);
    let counts: Vec<_> =
        counts.iter().map(|c| (c.definition.0, c.state.as_str(), c.instances, c.with_incidents)).collect();
    assert_eq!(counts, [(1, "active", 6, 1), (1, "completed", 1, 0), (2, "active", 1, 0)]);
    assert_eq!(ok(store.instance_counts(&[]).await), vec![]);
}

pub async fn timers(db: &dyn Database) {
    let store = db.open().await;
    assert_eq!(ok(store.earliest_timer().await), None);
    for n in 1..=6 {
        let partition = PartitionId((n % 2) as u8);
        let id = TimerId(pid(n, partition.0));
        let timer = TimerRow { partition, id, due_at: at(70 - n * 10), instance: InstanceId(pid(4, 0)) };
        put(&store, Unit::of(TimerWrite::Insert(timer))).await;
    }
    assert_eq!(ok(store.earliest_timer().await), Some(at(10)));
    let due = async |partitions: &[PartitionId], until, limit| -> Vec<i64> {
        ok(store.due_timers(partitions, at(until), limit).await).iter().map(|t| t.id.0 >> 8).collect()
    };
    assert_eq!(due(&[], 30, 10).await, [6, 5, 4]);
    assert_eq!(due(&[], 30, 2).await, [6, 5]);
    assert_eq!(due(&[PartitionId(1)], 60, 10).await, [5, 3, 1]);
    let gone = TimerWrite::Delete { partition: PartitionId(0), id: TimerId(pid(6, 0)) };
    put(&store, Unit::of(gone.clone()).with(gone)).await;
    assert_eq!(due(&[], 30, 10).await, [5, 4]);
}

pub async fn jobs(db: &dyn Database) {
    let store = db.open().await;
    let mut app_job = job(4, "app");
    app_job.event_id = Some("0123456789abcdef0123456789abcdef".into());
    for j in [job(1, "mail"), job(2, "mail"), job(3, "mail"), app_job.clone()] {
        put(&store, Unit::of(JobWrite::Insert(Box::new(j)))).await;
    }
    assert_eq!(some(store.job(app_job.id).await), app_job);
    assert_eq!(some(store.job_by_event("0123456789abcdef0123456789abcdef").await), app_job);
    assert_eq!(ok(store.job_by_event("?").await), None);
    let activate = |limit, owner: &str, now, until| {
        let (job_type, owner) = ("mail".to_owned(), owner.to_owned());
        Unit::of(JobWrite::Activate { job_type, limit, owner, now: at(now), lease_until: at(until) })
    };
    let taken = |receipt: UnitReceipt| -> Vec<i64> { receipt.activated.iter().map(|j| j.id.0 >> 8).collect() };
    let first = put(&store, activate(2, "w1", 0, 50)).await;
    assert_eq!(first.activated[0].lease_owner.as_deref(), Some("w1"));
    assert_eq!(first.activated[0].lease_until, Some(at(50)));
    assert_eq!(taken(first), [1, 2]);
    assert_eq!(taken(put(&store, activate(5, "w2", 10, 60)).await), [3]);
    assert_eq!(taken(put(&store, activate(5, "w3", 20, 90)).await), Vec::<i64>::new());
    let (partition, id) = (PartitionId(0), JobId(pid(1, 0)));
    let extend = |owner: &str| JobWrite::Extend { partition, id, owner: owner.into(), lease_until: at(200) };
    put(&store, Unit::of(extend("w1"))).await;
    assert_eq!(conflict(store.commit_one(Unit::of(extend("w9"))).await), Conflict::Job);
    let again = put(&store, activate(5, "w3", 70, 90)).await;
    let tries: Vec<u32> = again.activated.iter().map(|j| j.retries).collect();
    assert_eq!(tries, [2, 2], "a lease that ended without an answer is a try");
    assert_eq!(taken(again), [2, 3], "leases that ended");
    let two = JobId(pid(2, 0));
    put(&store, Unit::of(JobWrite::Retry { partition, id: two, retries: 2, not_before: Some(at(300)) })).await;
    assert_eq!(ok(store.open_jobs(&[], "mail", at(299), 9).await).len(), 2);
    let open: Vec<i64> = ok(store.open_jobs(&[], "mail", at(300), 9).await).iter().map(|j| j.id.0 >> 8).collect();
    assert_eq!(open, [3, 1, 2]);
    let mut far = job(9, "far");
    (far.partition, far.id) = (PartitionId(1), JobId(pid(9, 1)));
    put(&store, (10..15).fold(Unit::new(), |unit, n| unit.with(JobWrite::Insert(Box::new(job(n, "far")))))).await;
    put(&store, Unit::of(JobWrite::Insert(Box::new(far.clone())))).await;
    assert_eq!(ok(store.open_jobs(&[PartitionId(1), PartitionId(2)], "far", at(0), 3).await), [far]);
    assert_eq!(ok(store.open_jobs(&[PartitionId(0)], "far", at(0), 3).await).len(), 3);
    let held = |held: bool| Unit::of(JobWrite::Hold { partition, id, held });
    put(&store, held(true).with(JobWrite::Extend { partition, id, owner: "w1".into(), lease_until: at(250) })).await;
    put(&store, held(true)).await;
    assert_eq!(ok(store.open_jobs(&[], "mail", at(1_000_000), 9).await).len(), 2, "it is held");
    put(&store, held(false)).await;
    put(&store, held(false)).await;
    let job = some(store.job(id).await);
    assert_eq!((job.lease_owner.as_deref(), job.lease_until), (Some("w1"), Some(at(250))), "with its worker still");
    let close = Unit::of(JobWrite::Close { partition, id, state: JobState::Done });
    let extent = ok(store.extent().await);
    assert!(extent.bytes.is_some_and(|bytes| bytes > 0), "{extent:?}");
    put(&store, close.clone()).await;
    assert_eq!(ok(store.extent().await).open_jobs, extent.open_jobs.map(|open| open - 1), "one is done");
    assert_eq!(conflict(store.commit_one(close).await), Conflict::Job, "done once");
    put(&store, Unit::of(JobWrite::Close { partition, id: two, state: JobState::Failed })).await;
    put(&store, Unit::of(JobWrite::Reopen { partition, id: two, retries: 1 })).await;
    assert_eq!(some(store.job(two).await).retries, 1);
    put(&store, Unit::of(JobWrite::Delete { partition, id: two })).await;
    assert_eq!(ok(store.job(two).await), None);
}

pub async fn outbox(db: &dyn Database) {
    let store = db.open().await;
    for (n, due) in [(1, 30), (2, 10), (3, 20), (4, 500)] {
        put(&store, Unit::of(OutboxWrite::Insert(Box::new(effect(n, due))))).await;
    }
    let due = async |partitions: &[PartitionId], now| -> Vec<i64> {
        ok(store.due_effects(partitions, at(now), 10).await).iter().map(|e| e.id.0 >> 8).collect()
    };
    assert_eq!(due(&[], 100).await, [2, 3, 1]);
    assert_eq!(due(&[PartitionId(1), PartitionId(3)], 100).await, [3, 1]);
    assert_eq!(ok(store.earliest_effect().await), Some(at(10)));
    let again = |n: i64, due, state| OutboxWrite::Reschedule {
        partition: PartitionId((n % 4) as u8),
        id: OutboxId(pid(n, (n % 4) as u8)),
        due_at: at(due),
        attempts: 1,
        state,
        last_error: Some("refused".into()),
    };
    put(&store, Unit::of(again(2, 90, OutboxState::Pending)).with(again(3, 20, OutboxState::Dead))).await;
    assert_eq!(due(&[], 100).await, [1, 2]);
    let dead = some(store.effect(OutboxId(pid(3, 3))).await);
    assert_eq!((dead.attempts, dead.last_error.as_deref(), dead.first_at), (1, Some("refused"), at(20)));
    put(&store, Unit::of(OutboxWrite::Delete { partition: PartitionId(1), id: OutboxId(pid(1, 1)) })).await;
    put(&store, Unit::of(again(1, 1, OutboxState::Pending))).await;
    assert_eq!(due(&[], 100).await, [2], "what is gone stays gone");
}

pub async fn incidents_and_calls(db: &dyn Database) {
    let store = db.open().await;
    for n in 1..=3 {
        put(&store, Unit::of(IncidentWrite::Insert(Box::new(incident(n))))).await;
    }
    assert_eq!(some(store.incident(IncidentId(pid(2, 0))).await), incident(2));
    let (partition, id, by) = (PartitionId(0), IncidentId(pid(2, 0)), Some(UserId(1)));
    let resolve = Unit::of(IncidentWrite::Resolve { partition, id, at: at(9), by });
    put(&store, resolve.clone()).await;
    assert_eq!(conflict(store.commit_one(resolve).await), Conflict::Incident);
    let list =
        async |query| -> Vec<i64> { ok(store.incidents(query).await).rows.iter().map(|i| i.id.0 >> 8).collect() };
    assert_eq!(list(Query::new(Filter::eq(IncidentField::Open, true))).await, [3, 1]);
    assert_eq!(list(Query::new(Filter::eq(IncidentField::Instance, InstanceId(pid(4, 0))))).await, [3, 2, 1]);
    assert_eq!(list(Query { text: Some("НЕ ОТВЕТИЛ 3".into()), ..Query::default() }).await, [3]);

    let call = CallRow {
        partition,
        instance: InstanceId(pid(4, 0)),
        element_id: "call".into(),
        element_key: 2,
        job: Some(JobId(5)),
        attempt: 1,
        at: at(1),
        url: "http://127.0.0.1/".into(),
        request: "a=1".into(),
        status: Some(200),
        response: "ж".repeat(CALL_TEXT_BYTES),
        duration_ms: 12,
        error: None,
    };
    put(&store, Unit::of(CallWrite::Insert(Box::new(call.clone())))).await;
    put(&store, Unit::of(CallWrite::Insert(Box::new(CallRow { attempt: 2, response: String::new(), ..call })))).await;
    let calls = ok(store.calls(InstanceId(pid(4, 0)), 10).await);
    assert_eq!(calls.iter().map(|c| c.attempt).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(calls[0].response, "ж".repeat(CALL_TEXT_BYTES / 2), "a long answer is cut at a letter");
}
