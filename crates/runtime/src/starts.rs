//! Starts: what is asked before, where they run, and who waits for their ends.
//!
//! Invariant: a start that is refused leaves nothing; one that is answered is in the database. Never: decides what a
//! start means (the engine does).

use crate::core::Core;
use crate::deploy::Deployment;
use crate::partitions::work::{Done, How, StartWork, Work};
use crate::types::{DefinitionSel, StartRequest, Started};
use engine::InstanceState;
use model::definition::VariableDecl;
use model::error::codes;
use model::{DocumentRef, Fault, InstanceId, Object, Timestamp, UserId, Value};
use platform::{Action, Actor, Object as Target, authorize};

/// So often an end is looked for in the database when the node that knew it is gone.
const LOOK_MS: i64 = 250;

/// Who filled in the parameters of a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parameters {
    /// Somebody: what is required must be there.
    Asked,
    /// Nobody: they have their defaults, or stay empty (Bitrix contract 4.2).
    Defaults,
}

/// Starts an instance in the name of `actor`. It is durable when this returns.
pub(crate) async fn start(core: &Core, actor: &Actor, request: StartRequest) -> Result<Started, Fault> {
    authorize(actor, Action::Start, &Target::Definitions)?;
    let by = Some(actor.user_id()).filter(|id| id.0 > 0);
    let wait_ms = request.wait.map(|wait| i64::try_from(wait.as_millis()).unwrap_or(i64::MAX));
    let asked_at = core.now();
    let work = prepare(core, request, by, Parameters::Asked).await?;
    let mut done = core.submit(core.any_partition(), Work::Start(Box::new(work)), Vec::new()).await?;
    if let Some(wait_ms) = wait_ms {
        core.until_finished(&mut done, asked_at.plus_ms(wait_ms)).await;
    }
    Ok(Started { instance: done.instance, state: done.state.as_str(), variables: done.variables })
}

/// Checks a start and makes it work.
pub(crate) async fn prepare(
    core: &Core,
    request: StartRequest,
    started_by: Option<UserId>,
    parameters: Parameters,
) -> Result<StartWork, Fault> {
    let deployment = match &request.definition {
        DefinitionSel::Id(id) => core.deployments.startable(*id).await?,
        DefinitionSel::ProcessIdLatest(process_id) => core.deployments.latest(process_id).await?,
    };
    if deployment.withdrawn {
        let message = format!("the process definition {} was withdrawn", deployment.id);
        return Err(Fault::new(&codes::DEFINITION_NOT_FOUND, message));
    }
    deployment.program()?;
    if parameters == Parameters::Asked {
        check_parameters(&deployment.definition().parameters, &request.variables)?;
    }
    check_document(core, &deployment, request.document).await?;
    Ok(StartWork {
        instance: None,
        definition: deployment.id,
        document: request.document,
        started_by,
        variables: request.variables,
        business_key: request.business_key,
        watch: request.wait.is_some(),
        wait_ms: request.wait.map_or(0, |wait| i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)),
        how: How::default(),
    })
}

async fn check_document(core: &Core, deployment: &Deployment, given: Option<DocumentRef>) -> Result<(), Fault> {
    match (deployment.document, given) {
        (Some(catalog), None) => {
            let message = format!("the process runs for a record of {catalog}; name one");
            Err(Fault::new(&codes::RECORD_NOT_FOUND, message))
        }
        (Some(catalog), Some(document)) if document.catalog != catalog => {
            let message = format!("the process runs for records of {catalog}, not of {}", document.catalog);
            Err(Fault::new(&codes::RECORD_NOT_FOUND, message))
        }
        (_, Some(document)) => {
            let record = core.platform.records().require(document.record).await?;
            if record.catalog == document.catalog {
                return Ok(());
            }
            let message = format!("{} is no record of {}", document.record, document.catalog);
            Err(Fault::new(&codes::RECORD_NOT_FOUND, message))
        }
        (None, None) => Ok(()),
    }
}

/// Required start values must be there (`DEF-0005`).
fn check_parameters(declared: &[VariableDecl], given: &Object) -> Result<(), Fault> {
    let blank = |value: Option<&Value>| match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.trim().is_empty(),
        Some(Value::List(list)) => list.is_empty(),
        Some(_) => false,
    };
    let missing = declared.iter().find(|p| {
        let has_default = !blank(Some(&p.default)) && !given.contains_key(p.key.as_str());
        p.required && !has_default && blank(given.get(p.key.as_str()))
    });
    match missing {
        None => Ok(()),
        Some(p) => {
            let name = if p.name.is_empty() { &p.key } else { &p.name };
            let message = format!("the parameter `{name}` needs a value");
            Err(Fault::new(&codes::PARAMETER_REQUIRED, message).with_details(serde_json::json!({"field": p.key})))
        }
    }
}

impl Core {
    /// Waits until a watched instance ends, until `deadline` at most.
    pub(crate) async fn until_finished(&self, done: &mut Done, deadline: Timestamp) {
        let Some(finished) = done.finished.take() else { return };
        tokio::select! {
            biased;
            ended = finished => if let Ok(ended) = ended {
                done.state = ended.state;
                done.variables = Some(ended.variables);
                return;
            },
            () = self.clock.sleep_until(deadline) => return,
        }
        // Its partition went to another node: its end stands in the database.
        while !self.ended(done).await && self.now() < deadline {
            self.clock.sleep_until(self.now().plus_ms(LOOK_MS).min(deadline)).await;
        }
    }

    /// Whether the database says that it has ended.
    async fn ended(&self, done: &mut Done) -> bool {
        let Some((state, variables)) = self.end_of(done.instance).await else { return false };
        done.state = state;
        done.variables = variables;
        true
    }

    async fn end_of(&self, id: InstanceId) -> Option<(InstanceState, Option<Object>)> {
        let row = self.store.instance(id).await.ok().flatten()?;
        let state = match row.state {
            store::InstanceState::Active => return None,
            store::InstanceState::Completed => InstanceState::Completed,
            store::InstanceState::Failed => InstanceState::Failed,
            store::InstanceState::Canceled => InstanceState::Canceled,
        };
        let view = crate::instances::view(self, id).await.ok();
        Some((state, view.and_then(|view| view.variables.into_iter().next()).map(|scope| scope.values)))
    }
}
