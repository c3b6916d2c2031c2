//! Built-in components: jobs the runtime does itself, within the commit of the step that asked (design D8).
//!
//! Owns: what `ruslo:…` job types do and which inputs they read. Invariant: a component only adds to the session's
//! unit; nothing is changed, sent or shown before the commit. Never: waits for the outside (that is the outbox).

mod data_store;
mod decision;
mod documents;
mod messages;
pub(crate) mod people;

use crate::core::Core;
use crate::partitions::session::Session;
use engine::Command;
use model::error::codes;
use model::{Fault, JobId, Object, UserId, Value};
use platform::{Actor, User, Via};
use std::sync::Arc;

/// A job to do.
pub(crate) struct BuiltinJob<'a> {
    pub(crate) job: JobId,
    pub(crate) job_type: &'a str,
    pub(crate) input: &'a Object,
    pub(crate) headers: &'a [(String, String)],
}

/// A job done.
#[derive(Debug, Default)]
pub(crate) struct Performed {
    /// What the job gives.
    pub(crate) result: Object,
    /// To be run before the job is completed.
    pub(crate) commands: Vec<Command>,
}

/// Components that are wanted for what they do. A BPMN process keeps a result's members as variables of its own unless
/// it names them, so what nobody asked for is not given. Template nodes keep theirs under the node's name.
const SILENT: [&str; 5] =
    ["ruslo:notify", "ruslo:log", "ruslo:state-title", "ruslo:record.update", "ruslo:record.delete"];

/// Does a job; a fault becomes the job's incident.
pub(crate) async fn perform(core: &Core, session: &mut Session, job: &BuiltinJob<'_>) -> Result<Performed, Fault> {
    let mut performed = attempt(core, session, job).await?;
    if SILENT.contains(&job.job_type) {
        performed.result = Object::new();
    }
    Ok(performed)
}

async fn attempt(core: &Core, session: &mut Session, job: &BuiltinJob<'_>) -> Result<Performed, Fault> {
    match job.job_type {
        "ruslo:notify" => messages::notify(core, session, job, &messages::NOTIFY).await,
        "ruslo:bitrix.SocNetMessageActivity" => messages::notify(core, session, job, &messages::SOC_NET).await,
        "ruslo:bitrix.IMNotifyActivity" => messages::notify(core, session, job, &messages::IM_NOTIFY).await,
        engine::STORE_JOB => data_store::perform(core, session, job).await,
        "ruslo:decision" => decision::evaluate(core, session, job).await,
        "ruslo:log" => messages::log(job, "text"),
        "ruslo:bitrix.LogActivity" => messages::log(job, "Text"),
        "ruslo:bitrix.SetStateTitleActivity" => messages::state_title(job, "TargetStateTitle"),
        "ruslo:state-title" => messages::state_title(job, "text"),
        "ruslo:bitrix.RandomStringActivity" => Ok(random_string(core, job)),
        "ruslo:record.update" => documents::update(core, session, job, "fields").await,
        "ruslo:bitrix.SetFieldActivity" => documents::update(core, session, job, "FieldValue").await,
        "ruslo:record.create" => documents::create(core, session, job, ("fields", "recordId")).await,
        "ruslo:bitrix.CreateDocumentActivity" => documents::create(core, session, job, ("Fields", "ItemId")).await,
        "ruslo:record.get" => documents::get(core, session, job).await,
        "ruslo:record.delete" | "ruslo:bitrix.DeleteDocumentActivity" => documents::delete(core, session, job).await,
        other => Err(Fault::new(&codes::ACTIVITY_NOT_FOUND, format!("there is no built-in component `{other}`"))),
    }
}

fn random_string(core: &Core, job: &BuiltinJob<'_>) -> Performed {
    const LENGTH_MAX: i64 = 1_000;
    let wanted = job.input.get("StringLength").map(Value::to_text).and_then(|t| t.trim().parse().ok());
    let length = wanted.unwrap_or(5_i64).clamp(0, LENGTH_MAX) as usize;
    let text = core.entropy.alphanumeric(length);
    Performed { result: Object::from_iter([(Arc::from("ResultString"), Value::text(text))]), ..Performed::default() }
}

/// In whose name a process changes things: who started it, or the system.
pub(crate) fn actor(started_by: Option<UserId>) -> Actor {
    let system = Actor::system();
    match started_by {
        None => system,
        Some(id) => {
            let user = User { id, ..User::clone(&system.user) };
            Actor { user: Arc::new(user), via: Via::System, scopes: None }
        }
    }
}

fn text(job: &BuiltinJob<'_>, name: &str) -> String {
    job.input.get(name).map(Value::to_text).unwrap_or_default()
}
