//! What a new (or retried) job leads to: rows, a call, an answer at once.
//!
//! Owns: the routing of jobs and the waiting rules of apps' activities (Bitrix contract 3.5). Invariant: the wait of an
//! app's activity is a row of the same commit as the call, so an answer may come before the call returns.

use super::Route;
use crate::components::{self, BuiltinJob};
use crate::connectors::Order;
use crate::core::Core;
use crate::exchange::dealings;
use crate::partitions::rows::{object_json, order_row};
use crate::partitions::session::{JobPlan, Session};
use engine::Command;
use model::definition::ElementIdx;
use model::error::codes;
use model::{Fault, JobId, Object, Value};
use platform::apps::AppActivity;
use std::sync::Arc;
use store::{JobRow, JobState};

/// Characters of the event id that an app's answer names.
const EVENT_ID_CHARS: usize = 32;
/// Posts the document's address to a URL; delivered by the Bitrix face, which knows such addresses.
const WEBHOOK_JOB: &str = "ruslo:bitrix.WebHookActivity";
/// Beside the headers of a job that says how long to wait before another try; not shown to workers.
const WAITS: &str = "$waits";
const WAITING_TITLE: &str = "Waiting for application response";

/// A job as its event tells it.
pub(crate) struct NewJob {
    pub(crate) job: JobId,
    pub(crate) key: u32,
    pub(crate) element: ElementIdx,
    pub(crate) job_type: String,
    pub(crate) retries: u32,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) input: Object,
    /// Waits before tries after failures, in milliseconds (BPMN IN-1).
    pub(crate) waits: Option<Vec<i64>>,
    /// Whether it was offered before.
    pub(crate) again: bool,
}

impl NewJob {
    /// A setting of the node: an input, or a header.
    fn setting(&self, name: &str) -> Option<String> {
        let input = self.input.get(name).map(Value::to_text);
        input.or_else(|| self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone())).filter(|t| !t.is_empty())
    }
}

/// Whether a header is for the runtime alone.
pub(crate) fn is_own_header(name: &str) -> bool {
    name == WAITS
}

/// How long to wait after this failure, when the job says so: the last wait is repeated.
pub(crate) fn wait_ms(row: &JobRow) -> Option<i64> {
    let own = row.headers.get(WAITS)?;
    let tries = own.get("tries")?.as_u64()?;
    let waits = own.get("waits")?.as_array()?;
    let failures = usize::try_from(tries.saturating_sub(row.retries.into())).unwrap_or(0);
    waits.get(failures).or_else(|| waits.last())?.as_i64()
}

/// Routes a job. Gives the commands that follow at once. An error means that the whole step can not be done now.
pub(crate) async fn route(core: &Core, session: &mut Session, new: NewJob) -> Result<Vec<Command>, Fault> {
    match Route::of(&new.job_type) {
        Route::Builtin => builtin(core, session, &new).await,
        Route::App => app(core, session, &new).await,
        Route::Http => {
            let order = order(session, &new, String::new());
            let plan = JobPlan { order: Some(("http", Box::new(order))), ..JobPlan::default() };
            session.plans.insert(new.job, plan);
            Ok(Vec::new())
        }
        Route::Script | Route::External => {
            let row = Some(Box::new(row(session, &new, None)));
            session.plans.insert(new.job, JobPlan { row, ..JobPlan::default() });
            Ok(Vec::new())
        }
    }
}

async fn builtin(core: &Core, session: &mut Session, new: &NewJob) -> Result<Vec<Command>, Fault> {
    if new.job_type == WEBHOOK_JOB {
        let mut order = order(session, new, String::new());
        order.waits = false;
        return Ok(send_off(session, new.job, "webhook", &order, Object::new()));
    }
    if new.job_type == engine::CONTINUE_JOB {
        // Commit here: it goes on in a step of its own (BPMN IN-6).
        let command = Command::CompleteJob { job: new.job, result: Object::new(), by: None };
        let own = session.id;
        dealings::send(core, session, own, vec![command]).await?;
        return Ok(Vec::new());
    }
    let job = BuiltinJob { job: new.job, job_type: &new.job_type, input: &new.input, headers: &new.headers };
    match components::perform(core, session, &job).await {
        Ok(performed) => {
            let mut commands = performed.commands;
            commands.push(Command::CompleteJob { job: new.job, result: performed.result, by: None });
            Ok(commands)
        }
        Err(fault) if is_passing(&fault) => Err(fault),
        Err(fault) => Ok(vec![fail(new.job, &fault)]),
    }
}

/// Not the process's fault: the step is undone and comes again.
fn is_passing(fault: &Fault) -> bool {
    use model::error::FaultKind;
    match fault.code.kind {
        FaultKind::Unavailable | FaultKind::Limited => true,
        FaultKind::Invalid
        | FaultKind::Unauthenticated
        | FaultKind::Forbidden
        | FaultKind::NotFound
        | FaultKind::Conflict
        | FaultKind::TooLarge
        | FaultKind::Internal => false,
    }
}

/// No tries are left: an incident follows.
pub(crate) fn fail(job: JobId, fault: &Fault) -> Command {
    let (code, message) = (fault.code.code.to_owned(), fault.message.clone());
    Command::FailJob { job, retries: Some(0), retry_at: None, code, message }
}

async fn app(core: &Core, session: &mut Session, new: &NewJob) -> Result<Vec<Command>, Fault> {
    let code = new.job_type.strip_prefix("rest_").unwrap_or(&new.job_type);
    let Some(activity) = core.platform.activities().by_internal_code(code).await? else {
        let message = format!("the app's activity `{}` is not registered; register it again and retry", new.job_type);
        return Ok(vec![fail(new.job, &Fault::new(&codes::ACTIVITY_NOT_FOUND, message))]);
    };
    let waits = activity.spec.use_subscription.unwrap_or_else(|| {
        let silent_or_yes = |text: String| !matches!(text.as_str(), "N" | "n" | "0" | "false");
        new.setting("UseSubscription").is_none_or(silent_or_yes)
    });
    let known = match new.again {
        true => core.store.job(new.job).await.ok().flatten().and_then(|row| row.event_id),
        false => None,
    };
    let event_id = known.unwrap_or_else(|| core.entropy.alphanumeric(EVENT_ID_CHARS));
    let mut order = order(session, new, event_id.clone());
    order.waits = waits;
    if !waits {
        return Ok(send_off(session, new.job, "app_activity", &order, return_defaults(&activity)));
    }
    order.timeout_ms = timeout_ms(new);
    let timeout = (order.timeout_ms > 0).then(|| session.now.plus_ms(order.timeout_ms));
    let row = Some(Box::new(row(session, new, Some(event_id))));
    session.plans.insert(new.job, JobPlan { row, order: Some(("app_activity", Box::new(order))), timeout });
    let mut commands = Vec::new();
    if new.setting("SetStatusMessage").is_some_and(|t| matches!(t.as_str(), "Y" | "true" | "1")) {
        let text = new.setting("StatusMessage").unwrap_or_else(|| WAITING_TITLE.to_owned());
        commands.push(Command::SetStateTitle { text });
    }
    Ok(commands)
}

/// A call that nobody waits for: it goes out although its job is done.
fn send_off(session: &mut Session, job: JobId, kind: &str, order: &Order, result: Object) -> Vec<Command> {
    session.writes.push(order_row(session, kind, order).into());
    session.orders += 1;
    vec![Command::CompleteJob { job, result, by: None }]
}

/// What an activity gives as long as nobody answered: the defaults of its return properties.
pub(crate) fn return_defaults(activity: &AppActivity) -> Object {
    let default = |value: &serde_json::Value| match value {
        serde_json::Value::Null => Value::Null,
        json => Value::from_json(json),
    };
    let properties = &activity.spec.return_properties;
    properties.iter().map(|(name, p)| (Arc::from(name.as_str()), default(&p.default))).collect()
}

fn timeout_ms(new: &NewJob) -> i64 {
    let Some(duration) = new.setting("TimeoutDuration").and_then(|t| t.trim().parse::<f64>().ok()) else { return 0 };
    let unit = match new.setting("TimeoutDurationType").as_deref() {
        Some("m") => 60_000.0,
        Some("h") => 3_600_000.0,
        Some("d") => 86_400_000.0,
        _ => 1_000.0,
    };
    if duration > 0.0 { (duration * unit).min(1e15) as i64 } else { 0 }
}

fn order(session: &Session, new: &NewJob, event_id: String) -> Order {
    let state = session.state.as_ref().expect("a job belongs to an instance that exists");
    Order {
        instance: session.id,
        definition: state.definition(),
        document: state.document(),
        started_by: state.started_by(),
        job: new.job,
        key: new.key,
        element: new.element.0,
        element_id: element_id(session, new),
        job_type: new.job_type.clone(),
        event_id,
        waits: true,
        timeout_ms: 0,
        headers: new.headers.clone(),
        input: new.input.clone(),
        trace: session.trace.clone(),
    }
}

fn row(session: &Session, new: &NewJob, event_id: Option<String>) -> JobRow {
    let text = |(k, v): &(String, String)| (k.clone(), serde_json::Value::String(v.clone()));
    let mut headers: serde_json::Map<_, _> = new.headers.iter().map(text).collect();
    if let Some(waits) = new.waits.as_ref().filter(|waits| !waits.is_empty()) {
        headers.insert(WAITS.to_owned(), serde_json::json!({"tries": new.retries, "waits": waits}));
    }
    JobRow {
        partition: session.partition,
        id: new.job,
        instance: session.id,
        element_key: new.element.0,
        element_id: element_id(session, new),
        job_type: new.job_type.clone(),
        state: JobState::Open,
        retries: new.retries,
        input: object_json(&new.input),
        headers: serde_json::Value::Object(headers),
        created_at: session.now,
        lease_owner: None,
        lease_until: None,
        event_id,
    }
}

fn element_id(session: &Session, new: &NewJob) -> String {
    let deployment = session.deployment.as_ref().expect("a job belongs to a known definition");
    deployment.definition().element(new.element).id.to_string()
}
