//! Called instances (BPMN CA-1..6).
//!
//! Invariant: a called instance begins in the unit of its call, in the caller's partition, so that none is ever without
//! its caller; when it ends in the same unit the caller goes on at once, later by a message to its partition. Never:
//! looks for a version after the step (a call that finds none waits with an incident).

use super::dealings;
use crate::cluster::is_passing;
use crate::core::Core;
use crate::deploy::Deployment;
use crate::partitions::session::Session;
use crate::partitions::step;
use crate::partitions::work::{How, StartWork};
use engine::exchange::{ChildOutcome, ChildStarted, ParentLink};
use engine::{Command, InstanceState};
use model::definition::{Binding, ElementKind, Expression};
use model::error::codes;
use model::{DefinitionId, DocumentRef, Fault, IdSource, InstanceId};
use std::sync::Arc;
use store::{DefinitionField, DefinitionRow, Filter, Query, VersionName};

/// Called instances that one step begins.
const CALLS_MAX: usize = 2_000;
/// Definitions looked at for callers of a version.
const CALLERS_MAX: u32 = 10_000;

/// An instance to begin in the unit of its call.
pub(crate) struct Call {
    pub(crate) child: InstanceId,
    waits: bool,
    work: StartWork,
}

/// Finds the version that is called. A call without one goes on with what is wrong.
pub(super) async fn plan(core: &Core, session: &mut Session, call: ChildStarted) -> Result<Vec<Command>, Fault> {
    let child = call.child;
    let called = match version(core, session, &call).await {
        Ok(called) => called,
        Err(fault) if is_passing(&fault) => return Err(fault),
        Err(fault) if call.wait => return Ok(vec![not_started(child, &fault)]),
        Err(fault) => {
            let text = format!("`{}` was not started: {}", call.process, fault.message);
            return Ok(vec![Command::Log { key: None, job: None, text, by: None }]);
        }
    };
    let parent = session.state.as_ref().and_then(|s| s.parent()).copied();
    let link = ParentLink {
        instance: session.id,
        key: call.key,
        root: parent.map_or(session.id, |p| p.root),
        depth: parent.map_or(0, |p| p.depth) + 1,
        compensable: call.compensable,
    };
    let work = StartWork {
        instance: Some(child),
        definition: called.id,
        document: document(session, &called),
        started_by: session.started_by(),
        variables: call.variables,
        business_key: call.business_key,
        watch: false,
        wait_ms: 0,
        how: How { parent: call.wait.then_some(link), ..How::default() },
    };
    session.dealings.calls.push_back(Call { child, waits: call.wait, work });
    Ok(Vec::new())
}

/// A called process sees the caller's record, unless it runs for records of another catalog.
fn document(session: &Session, called: &Deployment) -> Option<DocumentRef> {
    session.document_ref().filter(|document| called.document.is_none_or(|catalog| catalog == document.catalog))
}

/// Whoever waits gets an incident, the others a line in the history.
fn not_begun(child: InstanceId, waits: bool, fault: &Fault) -> Command {
    if waits {
        return not_started(child, fault);
    }
    let text = format!("a called process was not started: {}", fault.message);
    Command::Log { key: None, job: None, text, by: None }
}

fn not_started(child: InstanceId, fault: &Fault) -> Command {
    let (code, message) = (fault.code.code.to_owned(), fault.message.clone());
    Command::FinishChild { child, outcome: ChildOutcome::NotStarted { code, message } }
}

/// The version that a call means (BPMN CA-1).
async fn version(core: &Core, session: &Session, call: &ChildStarted) -> Result<Arc<Deployment>, Fault> {
    let named = match &call.binding {
        Binding::Latest => {
            let latest = core.deployments.latest(&call.process).await?;
            latest.program()?;
            return Ok(latest);
        }
        Binding::Version(number) => VersionName::Number(*number),
        Binding::VersionTag(tag) => VersionName::Tag(tag.clone()),
        Binding::Deployment => VersionName::Deployment(deployment_of(core, session).await?),
    };
    let row = core.store.named_definition(&call.process, named.clone()).await?.ok_or_else(|| {
        let how = match named {
            VersionName::Number(number) => format!("in version {number}"),
            VersionName::Tag(tag) => format!("with the tag `{tag}`"),
            VersionName::Deployment(_) => "in the same deployment".to_owned(),
        };
        Fault::new(&codes::DEFINITION_NOT_FOUND, format!("no process `{}` is deployed {how}", call.process))
    })?;
    let called = core.deployments.get(row.id).await?;
    called.program()?;
    Ok(called)
}

/// The deployment of the caller, named by its first definition.
async fn deployment_of(core: &Core, session: &Session) -> Result<DefinitionId, Fault> {
    let own = session.state.as_ref().map_or(DefinitionId(0), |s| s.definition());
    let row = core.store.definition(own).await?;
    Ok(row.and_then(|row| row.deployment).unwrap_or(own))
}

/// Begins what was called in this step, in the same unit; what ends at once goes on in the caller. Calls in a circle
/// stop with an incident. No recursion: calls may be fifty deep.
pub(crate) async fn begin(core: &Core, session: &mut Session, ids: &mut IdSource) -> Result<(), Fault> {
    let mut left = CALLS_MAX;
    // Each was called by the one before it.
    let mut open: Vec<Session> = Vec::new();
    loop {
        let caller = open.last_mut().unwrap_or(&mut *session);
        if let Some(call) = caller.dealings.calls.pop_front() {
            let (child, waits) = (call.child, call.waits);
            let begun = if left == 0 { Err(too_many()) } else { child_of(core, caller, ids, call).await? };
            left = left.saturating_sub(1);
            match begun {
                Ok(child) => open.push(child),
                Err(fault) if is_passing(&fault) => return Err(fault),
                Err(fault) => step::tell(core, caller, ids, vec![not_begun(child, waits, &fault)]).await?,
            }
            continue;
        }
        let Some(mut child) = open.pop() else { return Ok(()) };
        if let Some(state) = &child.state {
            step::check(state).unwrap_or_else(|broken| panic!("{broken}"));
        }
        let up = std::mem::take(&mut child.dealings.up);
        session.dealings.family.push(child);
        if !up.is_empty() {
            let caller = open.last_mut().unwrap_or(&mut *session);
            step::tell(core, caller, ids, up).await?;
        }
    }
}

fn too_many() -> Fault {
    let message = format!("the step began {CALLS_MAX} called instances without waiting: calls in a circle?");
    Fault::new(&codes::STEP_BUDGET, message)
}

/// Begins one; the inner error is why it can not be.
async fn child_of(
    core: &Core,
    caller: &Session,
    ids: &mut IdSource,
    call: Call,
) -> Result<Result<Session, Fault>, Fault> {
    let mut child = Session::new(call.child, caller.fence, caller.now);
    child.fresh = true;
    child.dealings.called_by = (!call.waits).then_some(caller.id);
    child.trace.clone_from(&caller.trace);
    Ok(step::begin(core, &mut child, ids, call.work).await?.map(|()| child))
}

/// Who is erased is waited for no more, and waits for nobody.
pub(crate) async fn erased(core: &Core, session: &mut Session) -> Result<(), Fault> {
    let Some(state) = session.state.as_ref().filter(|s| s.state() == InstanceState::Active) else { return Ok(()) };
    let called: Vec<InstanceId> = state.called().iter().map(|child| child.id).collect();
    let reason = "the called instance was erased".to_owned();
    dealings::finished(session, ChildOutcome::Canceled { reason });
    for child in called {
        let reason = "the calling instance was erased".to_owned();
        dealings::send(core, session, child, vec![Command::Cancel { reason, by: None }]).await?;
    }
    Ok(())
}

/// Refuses to withdraw a version that others call by its number, tag or deployment (BPMN CA-6).
pub(crate) async fn check_callers(core: &Core, row: &DefinitionRow) -> Result<(), Fault> {
    let query = Query::new(Filter::eq(DefinitionField::Deleted, false)).limit(CALLERS_MAX);
    let mut callers = Vec::new();
    for other in core.store.definitions(query).await?.rows.into_iter().filter(|other| other.id != row.id) {
        // What can not be read calls nobody.
        let Ok(deployment) = core.deployments.get(other.id).await else { continue };
        let definition = deployment.definition();
        let calls = definition.elements.iter().any(|element| {
            let ElementKind::CallActivity(call) = &element.kind else { return false };
            let named = match definition.expression(call.process) {
                Expression::Literal(value) => value.as_str() == Some(row.process_id.as_str()),
                // It may name any process when it runs.
                Expression::Source { .. } => true,
            };
            named
                && match &call.binding {
                    Binding::Latest => false,
                    Binding::Version(number) => *number == row.version,
                    Binding::VersionTag(tag) => row.version_tag.as_ref() == Some(tag),
                    Binding::Deployment => other.deployment.unwrap_or(other.id) == row.deployment.unwrap_or(row.id),
                }
        });
        if calls {
            callers.push(format!("{} ({})", deployment.process_id, other.id));
        }
    }
    if callers.is_empty() {
        return Ok(());
    }
    let message = format!("it is called by {}; withdraw that first", callers.join(", "));
    Err(Fault::new(&codes::DEFINITION_CALLED, message).with_details(serde_json::json!({"callers": callers})))
}
