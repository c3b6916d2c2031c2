//! What people who look after instances do with them (BPMN MG-1..8, MI-2, AH-2, IN-3).
//!
//! Invariant: each is one command and so one step, with its author and reason in the history. Never: changes an
//! instance beside the engine.

use super::{incident_row, row};
use crate::core::Core;
use crate::partitions::work::{MigrateWork, Work};
use crate::runtime::author;
use crate::types::{Migrate, Migration, Operation};
use engine::Command;
use model::error::codes;
use model::{Fault, IncidentId, InstanceId, Object};
use platform::{Action, Actor, Object as Target, authorize};
use store::{Filter, InstanceField, InstanceState, Query};

/// Instances that one request migrates.
const BATCH_MAX: u32 = 1_000;

/// Does it.
pub(crate) async fn operate(core: &Core, actor: &Actor, id: InstanceId, operation: Operation) -> Result<(), Fault> {
    let row = row(core, id).await?;
    authorize(actor, Action::Operate, &Target::Instance { started_by: row.started_by, involved: false })?;
    let by = author(actor);
    let command = match operation {
        Operation::Suspend { reason } => Command::Suspend { reason, by },
        Operation::Resume => Command::Resume { by },
        Operation::Modify(modification) => Command::Modify { modification, by },
        Operation::AddTurn { key, item } => Command::AddTurn { key, item, by },
        Operation::DeleteTurn { turn } => Command::DeleteTurn { turn, by },
        Operation::CompleteTurns { key } => Command::CompleteTurns { key, by },
        Operation::ActivateAdHoc { key, elements, variables } => {
            Command::ActivateAdHoc { key, elements, variables, by }
        }
        Operation::CompleteAdHoc { key } => Command::CompleteAdHoc { key, by },
        Operation::CancelTransaction { key } => Command::CancelTransaction { key, by },
    };
    core.command(id, vec![command]).await.map(drop)
}

/// Completes the element of an incident with an output given by hand.
pub(crate) async fn skip(
    core: &Core,
    actor: &Actor,
    id: IncidentId,
    output: Object,
    reason: String,
) -> Result<(), Fault> {
    authorize(actor, Action::Operate, &Target::Incidents)?;
    let row = incident_row(core, id).await?;
    let command = Command::SkipIncident { incident: id, output, reason, by: author(actor) };
    core.command(row.instance, vec![command]).await.map(drop)
}

/// Migrates instances one by one; what stands in the way of one holds no other.
pub(crate) async fn migrate(core: &Core, actor: &Actor, wanted: Migrate) -> Result<Vec<Migration>, Fault> {
    authorize(actor, Action::Operate, &Target::Incidents)?;
    core.deployments.startable(wanted.to).await?.program()?;
    let instances = match (&wanted.instances[..], wanted.from) {
        ([], Some(from)) => {
            let active = Filter::eq(InstanceField::Definition, from)
                .and(Filter::eq(InstanceField::State, InstanceState::Active));
            let rows = core.store.instances(Query::new(active).limit(BATCH_MAX)).await?.rows;
            rows.into_iter().map(|row| row.id).collect()
        }
        (named, _) => named.to_vec(),
    };
    if instances.len() > BATCH_MAX as usize {
        let message = format!("at most {BATCH_MAX} instances are migrated at once");
        return Err(Fault::new(&codes::REQUEST_INVALID, message));
    }
    let mut report = Vec::with_capacity(instances.len());
    for instance in instances {
        let work = MigrateWork {
            instance,
            definition: wanted.to,
            elements: wanted.elements.clone(),
            reason: wanted.reason.clone(),
            by: author(actor),
            dry_run: wanted.dry_run,
        };
        let done = match core.partition(instance) {
            Ok(partition) => core.submit(partition, Work::Migrate(Box::new(work)), Vec::new()).await.map(drop),
            Err(fault) => Err(fault),
        };
        report.push(Migration { instance, fault: done.err() });
    }
    Ok(report)
}
