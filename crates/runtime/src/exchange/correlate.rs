//! Messages for whoever waits at this moment (BPMN MS-7): found by name, key, instance, business key or variables.
//!
//! Invariant: nothing is kept; the answer names who took it, or says that nobody did. Never: gives a message to some of
//! several unless all are asked for.

use super::messages;
use crate::cluster::is_passing;
use crate::core::Core;
use crate::instances;
use crate::types::{Correlate, Reached};
use model::error::codes;
use model::{Fault, InstanceId};
use platform::{Action, Actor, Object as Target, authorize};
use serde_json::json;
use std::collections::HashMap;
use store::{StartKind, StartQuery, SubscriptionQuery, SubscriptionRow};

/// Subscriptions looked at.
const CANDIDATES_MAX: u32 = 1_000;

/// Delivers a message to those it fits.
pub(crate) async fn correlate(core: &Core, actor: &Actor, wanted: Correlate) -> Result<Vec<Reached>, Fault> {
    authorize(actor, Action::Operate, &Target::Jobs)?;
    messages::check_name(&wanted.name, "message")?;
    let hits = hits(core, &wanted).await?;
    if hits.len() > 1 && !wanted.all {
        let instances: Vec<InstanceId> = hits.iter().map(|hit| hit.instance).collect();
        let message = format!("{} wait for the message `{}`", hits.len(), wanted.name);
        return Err(Fault::new(&codes::CORRELATION_AMBIGUOUS, message).with_details(json!({ "instances": instances })));
    }
    let mut reached = Vec::new();
    for hit in &hits {
        let variables = wanted.variables.clone();
        match messages::to_subscription_of(core, &wanted.name, variables, hit, Vec::new()).await {
            Ok(one) => reached.extend(one),
            Err(fault) if is_passing(&fault) => return Err(fault),
            // It is over, or belongs to another conversation.
            Err(_) => {}
        }
    }
    if reached.is_empty() && !wanted.filters() {
        reached = start(core, &wanted).await?;
    }
    if reached.is_empty() {
        let message = format!("nobody takes the message `{}` with these conditions", wanted.name);
        return Err(Fault::new(&codes::NOT_CORRELATED, message));
    }
    Ok(reached)
}

/// Who waits for it and fits.
async fn hits(core: &Core, wanted: &Correlate) -> Result<Vec<SubscriptionRow>, Fault> {
    let query = SubscriptionQuery::Message {
        name: wanted.name.clone(),
        key: wanted.correlation_key.clone(),
        limit: CANDIDATES_MAX,
    };
    let mut known: HashMap<InstanceId, bool> = HashMap::new();
    let mut hits: Vec<SubscriptionRow> = Vec::new();
    for row in core.store.subscriptions(query).await? {
        if wanted.instance.is_some_and(|only| only != row.instance) {
            continue;
        }
        let fits = match known.get(&row.instance) {
            Some(fits) => *fits,
            None => {
                let fits = fits(core, wanted, row.instance).await?;
                known.insert(row.instance, fits);
                fits
            }
        };
        // One instance takes it once.
        if fits && !hits.iter().any(|hit| hit.instance == row.instance) {
            hits.push(row);
        }
    }
    Ok(hits)
}

async fn fits(core: &Core, wanted: &Correlate, instance: InstanceId) -> Result<bool, Fault> {
    if let Some(key) = &wanted.business_key {
        let row = core.store.instance(instance).await?;
        if row.and_then(|row| row.business_key).as_ref() != Some(key) {
            return Ok(false);
        }
    }
    if wanted.with_variables.is_empty() {
        return Ok(true);
    }
    let view = instances::view(core, instance).await?;
    let Some(process) = view.variables.iter().find(|scope| scope.scope == 0) else { return Ok(false) };
    Ok(wanted.with_variables.iter().all(|(name, value)| process.values.get(name) == Some(value)))
}

/// Nobody waits: it may start processes.
async fn start(core: &Core, wanted: &Correlate) -> Result<Vec<Reached>, Fault> {
    let starts = core.store.starts(StartQuery::Named(StartKind::Message, wanted.name.clone())).await?;
    if starts.len() > 1 && !wanted.all {
        let processes: Vec<&str> = starts.iter().map(|start| start.process_id.as_str()).collect();
        let message = format!("the message `{}` starts {}", wanted.name, processes.join(", "));
        return Err(Fault::new(&codes::CORRELATION_AMBIGUOUS, message));
    }
    let key = wanted.correlation_key.clone().unwrap_or_default();
    let mut reached = Vec::new();
    for start in &starts {
        let mut marks = Vec::new();
        if !key.is_empty() {
            let (process_id, key) = (start.process_id.clone(), key.clone());
            marks.push(crate::partitions::work::Mark::HoldKey { process_id, key });
        }
        match messages::begin(core, start, &key, wanted.variables.clone(), marks).await {
            Ok(one) => reached.extend(one),
            // Another instance of this key is active.
            Err(fault) if fault.is(&codes::STORE_CONFLICT) => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(reached)
}
