//! `bizproc.task.list` (contract 2.10): one row per task and person.

use super::task_parameters;
use super::templates::{self, Numbered};
use crate::call::Call;
use crate::wire::list::{By, Cell, Column, Listing, never};
use crate::wire::{Answer, Param, Params, WireError};
use crate::{documents, fault, workflow_id};
use model::RecordId;
use std::collections::HashMap;
use store::{Filter, Op, Scalar, TaskField, TaskPair, TaskState};

/// A pair with what stands elsewhere.
struct Row {
    pair: TaskPair,
    document_name: Option<String>,
    template: Option<Numbered>,
}

static TASKS: Listing<Row, TaskField> = Listing {
    columns: &[
        Column::new("ID", By::Int(TaskField::Id), |r| Cell::Id(r.pair.task.id.0)),
        Column::new("WORKFLOW_ID", By::Key(TaskField::Instance, workflow), |r| {
            Cell::Text(workflow_id::encode(r.pair.task.instance))
        }),
        Column::new("DOCUMENT_NAME", By::Nothing, |r| Cell::text(r.document_name.clone())),
        Column::new("NAME", By::Text(TaskField::Title), |r| Cell::Text(r.pair.task.title.clone())),
        Column::always("ENTITY", By::Rule(|v| constant(v, documents::ENTITY), None), |r| {
            Cell::text(r.pair.task.document.map(|_| documents::ENTITY))
        }),
        Column::always("DOCUMENT_ID", By::Int(TaskField::DocumentRecord), |r| {
            r.pair.task.document.map_or(Cell::Null, |d| Cell::Id(d.record.0))
        }),
        Column::always("DOCUMENT_URL", By::Nothing, |r| {
            Cell::Text(r.pair.task.document.map(|d| format!("/records/{}", d.record)).unwrap_or_default())
        }),
        Column::new("MODULE_ID", By::Rule(|v| constant(v, documents::MODULE), None), |r| {
            Cell::text(r.pair.task.document.map(|_| documents::MODULE))
        }),
        Column::new("DESCRIPTION", By::Nothing, |r| Cell::Text(r.pair.task.description.clone())),
        Column::new("ACTIVITY", By::Rule(activity, Some(TaskField::Kind)), |r| {
            Cell::Text(task_parameters::activity(&r.pair.task.kind).into())
        }),
        Column::new("ACTIVITY_NAME", By::Text(TaskField::ElementId), |r| Cell::Text(r.pair.task.element_id.clone())),
        Column::new("MODIFIED", By::Instant(TaskField::CreatedAt), |r| {
            Cell::Instant(r.pair.person.answered_at.or(r.pair.task.completed_at).unwrap_or(r.pair.task.created_at))
        }),
        Column::new("WORKFLOW_STARTED", By::Instant(TaskField::StartedAt), |r| Cell::instant(r.pair.started_at)),
        Column::new("OVERDUE_DATE", By::Instant(TaskField::DueAt), |r| Cell::instant(r.pair.task.due_at)),
        Column::new("WORKFLOW_STARTED_BY", By::Int(TaskField::StartedBy), |r| {
            Cell::Id(r.pair.started_by.map_or(0, |u| u.0))
        }),
        Column::new("WORKFLOW_TEMPLATE_ID", By::Int(TaskField::Definition), |r| {
            Cell::Id(r.template.as_ref().map_or(r.pair.task.definition, |t| t.template).0)
        }),
        Column::new("WORKFLOW_TEMPLATE_NAME", By::Text(TaskField::ProcessName), |r| {
            let name = r.template.as_ref().map_or(&r.pair.task.process_name, |t| &t.name);
            Cell::Text(name.clone())
        }),
        Column::new("WORKFLOW_STATE", By::Nothing, |r| Cell::Text(r.pair.state_title.clone())),
        Column::new("STATUS", By::Rule(status_is, None), |r| Cell::Id(status(&r.pair))),
        Column::new("USER_ID", By::Int(TaskField::User), |r| Cell::Id(r.pair.person.user.0)),
        Column::new("USER_STATUS", By::Int(TaskField::UserStatus), |r| Cell::Id(r.pair.person.status.code())),
        Column::new("PARAMETERS", By::Nothing, |r| Cell::Json(task_parameters::of(&r.pair.task))),
    ],
    default_select: &["ID", "WORKFLOW_ID", "DOCUMENT_NAME", "NAME"],
    default_order: ("ID", true),
};

fn workflow(param: &Param) -> Option<i64> {
    workflow_id::decode(&param.as_text()?).map(|id| id.0)
}

fn constant(value: &Param, only: &str) -> Filter<TaskField> {
    let none = Filter::Is(TaskField::DocumentRecord, Op::Eq, Scalar::Null);
    match value.as_text() {
        Some(text) if text.is_empty() => none,
        Some(text) if text == only => Filter::Not(Box::new(none)),
        _ => never(),
    }
}

fn activity(value: &Param) -> Filter<TaskField> {
    let name = value.as_text().unwrap_or_default();
    task_parameters::kind(&name).map_or_else(never, |kind| Filter::eq(TaskField::Kind, kind))
}

/// Outcomes by their status: 1 yes, 2 no, 3 ok, 5 cancelled by the assignee.
const OUTCOMES: [(i64, &str); 4] = [(1, "yes"), (2, "no"), (3, "ok"), (5, "cancel")];

/// 0 running; 4 for a task that the process no longer needed (a timeout, or the process ended).
fn status(pair: &TaskPair) -> i64 {
    match pair.task.state {
        TaskState::Open => 0,
        TaskState::Canceled => 4,
        TaskState::Completed => {
            let outcome = pair.task.outcome.as_deref().unwrap_or("ok");
            OUTCOMES.iter().find(|(_, name)| *name == outcome).map_or(3, |(status, _)| *status)
        }
    }
}

fn status_is(value: &Param) -> Filter<TaskField> {
    let completed = Filter::eq(TaskField::State, TaskState::Completed);
    match value.as_int() {
        Some(0) => Filter::eq(TaskField::State, TaskState::Open),
        Some(4) => Filter::eq(TaskField::State, TaskState::Canceled),
        Some(n) => match OUTCOMES.iter().find(|(status, _)| *status == n) {
            Some((_, outcome)) => completed.and(Filter::eq(TaskField::Outcome, *outcome)),
            None => never(),
        },
        None => never(),
    }
}

/// `bizproc.task.list`.
pub async fn list(call: &Call<'_>) -> Result<Answer, WireError> {
    let failed = |f: model::Fault| fault::task(&f);
    let mut params: Params = call.params.clone();
    if params.get("SELECT").is_some_and(|s| s.as_array().is_none() && !s.is_blank()) {
        return Err(WireError::bad("ERROR_SELECT_VALIDATION_FAILURE", "Invalid data in SELECT parameter"));
    }
    let own = own_only(call, &params)?;
    templates::widen_filter(call.state, &mut params, "WORKFLOW_TEMPLATE_ID").await.map_err(failed)?;
    let mut query = TASKS.query(&params, call.state.zone());
    if own {
        query.filter = query.filter.and(Filter::eq(TaskField::User, call.actor().user_id()));
    }
    let page = call.state.store().task_pairs(query).await.map_err(|e| fault::task(&e.into()))?;
    let rows = complete_rows(call, page.rows).await?;
    Ok(TASKS.answer(&store::Paged { rows, total: page.total }, &params, call.state.zone()))
}

/// A plain person sees own rows only, and asking for somebody else's is refused; an administrator sees all.
fn own_only(call: &Call<'_>, params: &Params) -> Result<bool, WireError> {
    if call.actor().is_admin() {
        return Ok(false);
    }
    let me = call.actor().user_id().0;
    let filter = params.array("FILTER");
    let asked = filter.into_iter().flat_map(crate::wire::Array::iter);
    let users = asked.filter(|(key, _)| key.trim_start_matches('=').eq_ignore_ascii_case("USER_ID"));
    let foreign = users.flat_map(|(_, value)| value.items()).any(|user| user.as_int() != Some(me));
    if foreign { Err(WireError::access_denied()) } else { Ok(true) }
}

async fn complete_rows(call: &Call<'_>, pairs: Vec<TaskPair>) -> Result<Vec<Row>, WireError> {
    let failed = |f: model::Fault| fault::task(&f);
    let records: Vec<RecordId> = pairs.iter().filter_map(|p| p.task.document.map(|d| d.record)).collect();
    let titles = call.state.platform().records().titles(&records).await.map_err(failed)?;
    let titles: HashMap<RecordId, String> = titles.into_iter().collect();
    let definitions = pairs.iter().map(|p| p.task.definition).collect::<Vec<_>>();
    let numbers = templates::numbers(call.state, definitions).await.map_err(failed)?;
    let rows = pairs.into_iter().map(|pair| Row {
        document_name: pair.task.document.and_then(|d| titles.get(&d.record).cloned()),
        template: numbers.get(&pair.task.definition).cloned(),
        pair,
    });
    Ok(rows.collect())
}
