//! What the database's rows tell: nodes, lags, incidents, definitions that no longer compile, journals that disagree.

use super::Findings;
use engine::Instance;
use model::{Severity, Timestamp, limits::Limits};
use store::{
    DefinitionField, DefinitionRow, Filter, IncidentField, InstanceField, InstanceState, Op, Page, Query, SharedStore,
};

/// What should have happened so long ago is late.
const LATE_MS: i64 = 60_000;
/// The newest instances whose journals are replayed.
const REPLAYED: u32 = 200;
/// Journal rows read of each.
const JOURNAL_ROWS: u32 = 2_000;
/// Latest definitions that are compiled.
const DEFINITIONS: u32 = 1_000;

pub(super) async fn nodes(store: &SharedStore, out: &mut Findings) -> store::Result<()> {
    let (nodes, leases) = (store.nodes().await?, store.leases().await?);
    let owned = |id| leases.iter().filter(|l| l.owner == Some(id)).count();
    for node in &nodes {
        out.ok("nodes", format!("{} {} ({}): {} partitions", node.id, node.url, node.version, owned(node.id)));
    }
    let orphans = leases.iter().filter(|l| l.owner.is_none_or(|id| nodes.iter().all(|n| n.id != id))).count();
    if !nodes.is_empty() && orphans > 0 {
        let mend = "wait for the take-over; if it stays so, look into the nodes' logs";
        out.warn("partitions", format!("{orphans} partitions are served by nobody"), mend);
    }
    Ok(())
}

pub(super) async fn lags(store: &SharedStore, now: Timestamp, out: &mut Findings) -> store::Result<()> {
    let mend = "is a server running? If it is, look into its log, and for instances that are suspended or set aside";
    let late = |at: Option<Timestamp>| at.map(|at| now.0 - at.0).filter(|ms| *ms > LATE_MS);
    let (waiting, oldest) = store.messages_waiting().await?;
    let lags = [
        ("timers", "the earliest timer should have fired", late(store.earliest_timer().await?)),
        ("outbox", "the earliest outgoing call should have left", late(store.earliest_effect().await?)),
        ("inbox", "the oldest message between partitions was written", late(oldest)),
    ];
    for (check, what, lag) in lags {
        match lag {
            Some(ms) => out.warn(check, format!("{what} {} s ago", ms / 1_000), mend),
            None => out.ok(check, "nothing is late"),
        }
    }
    if waiting > 10_000 {
        out.warn("inbox", format!("{waiting} messages wait"), mend);
    }
    Ok(())
}

pub(super) async fn incidents(store: &SharedStore, out: &mut Findings) -> store::Result<()> {
    let mut query = Query::new(Filter::eq(IncidentField::Open, true));
    query.page = Page { limit: 1, offset: 0, count: true };
    let open = store.incidents(query).await?;
    match (open.total.unwrap_or(0), open.rows.first()) {
        (0, _) | (_, None) => out.ok("incidents", "no incident is open"),
        (n, Some(newest)) => {
            let text = format!("{n} incidents are open; the newest: {} at {}", newest.message, newest.element_id);
            out.warn("incidents", text, "Processes > Incidents: mend the cause and retry");
        }
    }
    Ok(())
}

pub(super) async fn definitions(store: &SharedStore, out: &mut Findings) -> store::Result<()> {
    // A decision's row points to its file's, which is a row of its own.
    let decision = Filter::is(DefinitionField::ProcessId, Op::StartsWith, "dmn:");
    let latest = Filter::eq(DefinitionField::Latest, true).and(Filter::Not(Box::new(decision)));
    let rows = store.definitions(Query::new(latest).limit(DEFINITIONS)).await?.rows;
    let mut broken = 0;
    for row in &rows {
        if let Some(problem) = problem(store, row).await? {
            broken += 1;
            let text = format!("{} (version {}) can not be run: {problem}", row.name, row.version);
            out.error("definitions", text, "open it in the designer and deploy a mended version");
        }
    }
    if broken == 0 {
        out.ok("definitions", format!("{} latest versions compile", rows.len()));
    }
    Ok(())
}

async fn problem(store: &SharedStore, row: &DefinitionRow) -> store::Result<Option<String>> {
    let Some(source) = store.definition_source(row.id).await? else { return Ok(Some("its file is gone".to_owned())) };
    let limits = Limits::default();
    let diagnostics = match formats::import(&row.name, &source.source, &limits) {
        Ok(imported) => imported.diagnostics,
        Err(problems) => problems,
    };
    let worst = diagnostics.into_iter().find(|d| d.severity == Severity::Error);
    // A version that was stored without being deployable is no surprise; what decisions import is not looked for here.
    let worst = worst.filter(|d| d.code != "DMN-03");
    Ok(worst.filter(|_| row.deployable).map(|d| format!("{} {}", d.code, d.message)))
}

/// The newest instances: does the journal replay to the state that is kept?
pub(super) async fn instances(store: &SharedStore, out: &mut Findings) -> store::Result<()> {
    let active = Filter::eq(InstanceField::State, InstanceState::Active);
    let ids: Vec<_> = store.instances(Query::new(active).limit(REPLAYED)).await?.rows.iter().map(|r| r.id).collect();
    let mut disagree = Vec::new();
    for stored in store.load_instances(&ids).await? {
        let id = stored.row.id;
        let rows = store.journal(id, 0, JOURNAL_ROWS).await?;
        if rows.len() as u64 != stored.row.seq {
            // Longer than is read here, or moved on between the two reads.
            continue;
        }
        let mut events = Vec::new();
        let readable = rows.iter().all(|row| match engine::decode_events(&row.events) {
            Ok(more) => {
                events.extend(more);
                true
            }
            Err(_) => false,
        });
        let kept = Instance::decode(&stored.snapshot).ok();
        if !readable || kept.is_none() || Instance::replay(&events) != kept {
            disagree.push(id.to_string());
        }
    }
    match disagree.first() {
        None => out.ok("journals", format!("{} newest active instances replay to their state", ids.len())),
        Some(first) => {
            let text = format!("{} instances differ from their journal, such as {first}", disagree.len());
            out.error("journals", text, "keep a backup and report it: this must never happen");
        }
    }
    Ok(())
}
