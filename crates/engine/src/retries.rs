//! A job whose tries were used up is offered once more, as its element offers it now (BPMN IN-1, IN-3): input, headers
//! and waits are made anew, whatever the job is for.
//!
//! Invariant: the job keeps its id, so that whoever names it means the same work. Never: asks why it failed.

use crate::elements::business_rule_task::{self, decision_headers};
use crate::elements::{script_task, service_task};
use crate::event::{Event, JobRetried};
use crate::repetition::CONTINUE_JOB;
use crate::state::Phase;
use crate::step::{Step, Trouble};
use crate::{stages, variables};
use model::definition::{ElementKind, ScopeKind, ServiceTask, Throw};
use model::{JobId, Object};

/// What a job is offered with.
#[derive(Default)]
pub(crate) struct Offer {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) input: Object,
    pub(crate) backoff: Option<Vec<i64>>,
}

/// One more series of tries.
pub(crate) fn again(step: &mut Step, job: JobId, key: u32) {
    let Some(open) = step.instance.job(job) else { return };
    let (retries, goes_on) = (open.tries, &*open.job_type == CONTINUE_JOB);
    let offer = if goes_on { Ok(Offer::default()) } else { offer(step, key) };
    match offer {
        Ok(Offer { headers, input, backoff }) => {
            step.emit(Event::JobRetried(Box::new(JobRetried { job, key, retries, input, headers, backoff })));
        }
        Err(trouble) => step.raise_incident(key, Phase::Active, trouble, Some(job)),
    }
}

fn offer(step: &mut Step, key: u32) -> Result<Offer, Trouble> {
    if let Some(offer) = stages::offered_again(step, key)? {
        return Ok(offer);
    }
    variables::map_inputs(step, key)?;
    let mut offer = Offer { input: service_task::input(step, key), ..Offer::default() };
    match &step.element(key).kind {
        ElementKind::ScriptTask(task) => offer.input = script_task::input(step, key, task),
        ElementKind::BusinessRuleTask(call) => {
            let decision = business_rule_task::decision(step, key, call)?;
            offer.headers = decision_headers(call, decision);
        }
        kind => {
            if let Some(task) = service(kind, step.run(key).thrown) {
                offer.headers.clone_from(&task.headers);
                offer.backoff = service_task::tries_and_waits(step, key, task)?.1;
            }
        }
    }
    Ok(offer)
}

/// The work that is a job; `thrown`: how many results of an event were thrown before.
fn service(kind: &ElementKind, thrown: u32) -> Option<&ServiceTask> {
    match kind {
        ElementKind::ServiceTask(task) => Some(task),
        ElementKind::ThrowEvent(event) => match event.results.get(thrown as usize)? {
            Throw::Job(task) => Some(task),
            _ => None,
        },
        kind => match &kind.as_scope()?.kind {
            ScopeKind::AdHoc(ad_hoc) => ad_hoc.job.as_deref(),
            _ => None,
        },
    }
}
