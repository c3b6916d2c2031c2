//! One instance's commands through the engine, with everything that follows at once.
//!
//! A command's events may ask for more: a built-in job is done and completed, people are looked up. Those follow-ups
//! are commands again, run until nothing follows. Invariant: all of it is one unit.

use super::prepare;
use super::session::{Session, TaskPeople};
use super::work::{MigrateWork, StartWork, Work};
use crate::components::people::{self, Around};
use crate::core::{Core, instance_not_found};
use crate::deploy::Deployment;
use crate::exchange::{calls, dealings};
use crate::instances::incident_log::Told;
use crate::instances::journal;
use crate::jobs::Route;
use crate::jobs::plan::{self, NewJob, return_defaults};
use engine::event::{JobRetried, UserTaskCreated};
use engine::{Command, Decision, Env, Event, Instance, MigrationPlan, Rejection, Start};
use model::error::codes;
use model::{Fault, IdSource, IncidentId, JobId, TimerId, UserId, Value};
use platform::LiveEvent;
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use store::{AnswerStatus, IncidentWrite, InstanceWrite, MovedElement, TaskAssignee, TaskRole, TimerWrite};

/// Follow-ups of one command before its step is cut; far more than a sane process makes without waiting.
const FOLLOW_UPS_MAX: usize = 10_000;

/// What became of one entry. The inner error is a refusal: the session stays as the accepted commands left it. The
/// outer error undoes the session.
pub(crate) type Worked = Result<Result<(), Fault>, Fault>;

/// Works on one entry. What is rare has a future of its own on the heap: the others are moved with every entry.
pub(super) async fn work(core: &Core, session: &mut Session, ids: &mut IdSource, work: Work) -> Worked {
    let exists = session.state.is_some() && !session.erased;
    match work {
        Work::Start(start) => begin(core, session, ids, *start).await,
        Work::Timer { timer, .. } => Box::pin(timer_due(core, session, ids, timer)).await,
        Work::Commands { .. } | Work::Deliver { .. } | Work::Migrate(_) | Work::Erase { .. } | Work::Tell(_)
            if !exists =>
        {
            Ok(Err(instance_not_found(session.id)))
        }
        Work::Commands { commands, .. } => {
            let first = session.events.len();
            let done = run(core, session, ids, commands.into()).await?;
            if session.events[first..].iter().any(|event| matches!(event, Event::UserTaskAnswered(_))) {
                Box::pin(prepare::answered(core, session, first)).await?;
            }
            Ok(done)
        }
        Work::Deliver { command, .. }
            if matches!(*command, Command::DeliverMessage { .. })
                && session.state.as_ref().is_some_and(Instance::is_suspended) =>
        {
            // It waits until the instance is resumed (BPMN MG-8).
            Ok(Err(Fault::new(&codes::NOT_ACTIVE, "the instance is suspended")))
        }
        Work::Deliver { command, marks, .. } => {
            let done = run(core, session, ids, VecDeque::from([*command])).await?;
            if done.is_ok() {
                let id = session.id;
                session.writes.extend(marks.into_iter().map(|mark| mark.write(id)));
            }
            Ok(done)
        }
        Work::Migrate(plan) => Box::pin(migrate(core, session, ids, *plan)).await,
        Work::Erase { .. } => {
            Box::pin(calls::erased(core, session)).await?;
            session.erased = true;
            Ok(Ok(()))
        }
        Work::Tell(mut incident) => {
            incident.id = IncidentId(ids.next(session.now));
            let data = serde_json::json!({"open": true, "code": incident.code});
            session.live.push(LiveEvent::new("incident", incident.id).with(data));
            session.told.push(Told::opened(&incident));
            session.writes.push(IncidentWrite::Insert(incident).into());
            Ok(Ok(()))
        }
        // The worker does it itself.
        Work::Vacate => Ok(Ok(())),
    }
}

/// Goes on with another version, or says what stands in the way (BPMN MG-3..7).
async fn migrate(core: &Core, session: &mut Session, ids: &mut IdSource, work: MigrateWork) -> Worked {
    let target = core.deployments.startable(work.definition).await?;
    let Some(source) = session.deployment.clone() else { return Ok(Err(instance_not_found(session.id))) };
    let Some(state) = session.state.take() else { return Ok(Err(instance_not_found(session.id))) };
    if state.state() != engine::InstanceState::Active {
        session.state = Some(state);
        return Ok(Err(Rejection::InstanceEnded.into()));
    }
    let MigrateWork { definition, elements, reason, by, dry_run, .. } = work;
    let plan = MigrationPlan { definition, elements, reason, by };
    let migrated = {
        let programs = (source.program()?, target.program()?);
        let mut env = env(core, session, ids);
        engine::migrate(programs, &state, &plan, &mut env)
    };
    session.state = Some(state);
    let decision = match migrated {
        Ok(decision) => decision,
        Err(problems) => return Ok(Err(engine::migration_fault(&problems))),
    };
    if dry_run {
        return Ok(Ok(()));
    }
    let first = session.events.len();
    absorb(session, decision);
    let (partition, id, process_id) = (session.partition, session.id, target.process_id.clone());
    session.writes.push(
        InstanceWrite::Migrate {
            partition,
            id,
            definition,
            process_id,
            process_name: target.name.clone(),
            elements: moved(&session.events[first..], &source, &target),
            jobs: session.state.iter().flat_map(|s| s.jobs()).map(|job| job.id).collect(),
        }
        .into(),
    );
    session.deployment = Some(target);
    let follow_ups = follow_ups(core, session, first).await?;
    run(core, session, ids, follow_ups).await
}

/// Where what stood on elements of one version stands in another.
fn moved(events: &[Event], source: &Deployment, target: &Deployment) -> Vec<MovedElement> {
    let of = |event: &Event| match event {
        Event::InstanceMigrated(migrated) => migrated.elements.clone(),
        _ => Vec::new(),
    };
    let moved = events.iter().flat_map(of).map(|(from, to)| {
        let place = target.definition().element(to);
        MovedElement {
            from: source.definition().element(from).id.to_string(),
            to: place.id.to_string(),
            key: to.0,
            name: place.name.clone().unwrap_or_default(),
        }
    });
    moved.collect()
}

/// Begins an instance.
pub(crate) async fn begin(core: &Core, session: &mut Session, ids: &mut IdSource, work: StartWork) -> Worked {
    if let Some(state) = &session.state {
        // The same start, done again after a commit whose answer was lost. Of an ended instance only its journal knows
        // the variables.
        if work.watch && state.state() != engine::InstanceState::Active {
            session.state = Some(Box::pin(journal::ended(core, session.id)).await?);
        }
        return Ok(Ok(()));
    }
    let deployment = core.deployments.get(work.definition).await?;
    if let Some(document) = work.document
        && deployment.may_read_document()
    {
        Box::pin(session.read_document(core, document)).await?;
    }
    let start = Start {
        instance: session.id,
        definition: work.definition,
        document: work.document,
        started_by: work.started_by,
        variables: work.variables,
        business_key: work.business_key,
        start_element: work.how.element,
        trigger: work.how.start_trigger(),
        payload: work.how.payload,
        parent: work.how.parent,
    };
    let decision = {
        let mut env = env(core, session, ids);
        match engine::start(deployment.program()?, start, &mut env) {
            Ok(decision) => decision,
            Err(rejection) => return Ok(Err(rejection.into())),
        }
    };
    session.deployment = Some(deployment);
    let id = session.id;
    session.writes.extend(work.how.marks.into_iter().map(|mark| mark.write(id)));
    let first = session.events.len();
    absorb(session, decision);
    let follow_ups = follow_ups(core, session, first).await?;
    run(core, session, ids, follow_ups).await
}

fn env<'e>(core: &'e Core, session: &Session, ids: &'e mut IdSource) -> Env<'e> {
    Env {
        now: session.now,
        ids,
        document: session.document.clone(),
        zone: &core.zone,
        limits: &core.limits,
        server: &core.server,
        calendars: &core.calendars,
    }
}

fn absorb(session: &mut Session, decision: Decision) {
    session.state = Some(decision.instance);
    if session.events.is_empty() {
        session.events = decision.events;
    } else {
        session.events.extend(decision.events);
    }
}

/// Runs commands and what follows from them. The caller's own commands stop at the first refusal.
async fn run(core: &Core, session: &mut Session, ids: &mut IdSource, mut commands: VecDeque<Command>) -> Worked {
    let mut asked = commands.len();
    let mut budget = FOLLOW_UPS_MAX;
    while let Some(command) = commands.pop_front() {
        let is_follow_up = asked == 0;
        asked = asked.saturating_sub(1);
        let first = session.events.len();
        if let Err(rejection) = decide(core, session, ids, command.clone())? {
            // A result that does not fit (too large) fails its job where nobody is there to be told; anything else has
            // gone meanwhile.
            if let Command::CompleteJob { job, .. } = command
                && let Rejection::VariableTooLarge { .. } = rejection
                && (is_follow_up || is_done_here(session, job))
            {
                commands.push_front(plan::fail(job, &rejection.into()));
                asked += usize::from(!is_follow_up);
            } else if !is_follow_up {
                return Ok(Err(rejection.into()));
            }
            continue;
        }
        let mut followed = follow_ups(core, session, first).await?;
        budget = budget.saturating_sub(followed.len());
        if budget == 0 {
            followed = followed.into_iter().map(cut).collect();
        }
        // What a command led to comes before the next command.
        for command in followed.into_iter().rev() {
            commands.push_front(command);
        }
    }
    Ok(Ok(()))
}

/// Whether the runtime itself does the job after the commit that made it: what comes of it nobody else hears.
fn is_done_here(session: &Session, job: JobId) -> bool {
    let open = session.state.as_ref().and_then(|state| state.job(job));
    open.is_some_and(|open| matches!(Route::of(&open.job_type), Route::Http | Route::Script))
}

/// A step that goes on without end stops at its next job, with an incident (BPMN TK-5).
fn cut(command: Command) -> Command {
    let Command::CompleteJob { job, .. } = command else { return command };
    let message = "the step did too much without waiting: a loop without a wait?";
    plan::fail(job, &Fault::new(&codes::STEP_BUDGET, message))
}

/// The outer error: the instance can not be worked on at all.
fn decide(
    core: &Core,
    session: &mut Session,
    ids: &mut IdSource,
    command: Command,
) -> Result<Result<(), Rejection>, Fault> {
    let deployment = session.deployment.clone().ok_or_else(|| instance_not_found(session.id))?;
    let program = deployment.program()?;
    let state = session.state.take().ok_or_else(|| instance_not_found(session.id))?;
    let decided = {
        let mut env = env(core, session, ids);
        engine::decide(program, &state, command, &mut env)
    };
    session.state = Some(state);
    Ok(decided.map(|decision| absorb(session, decision)))
}

/// Commands of others that belong to the same unit. One that no longer fits is over.
pub(crate) async fn tell(
    core: &Core,
    session: &mut Session,
    ids: &mut IdSource,
    commands: Vec<Command>,
) -> Result<(), Fault> {
    for command in commands {
        if let Err(fault) = run(core, session, ids, VecDeque::from([command])).await? {
            tracing::debug!(instance.id = %session.id, %fault, "a word of another instance came too late");
        }
    }
    Ok(())
}

/// What the events since `first` ask for at once; most ask for nothing.
async fn follow_ups(core: &Core, session: &mut Session, first: usize) -> Result<VecDeque<Command>, Fault> {
    let asks = |event: &Event| {
        matches!(event, Event::JobCreated(_) | Event::JobRetried(_) | Event::UserTaskCreated(_))
            || dealings::concerns(session, event)
    };
    if session.events[first..].iter().any(asks) {
        Box::pin(asked_for(core, session, first)).await
    } else {
        Ok(VecDeque::new())
    }
}

async fn asked_for(core: &Core, session: &mut Session, first: usize) -> Result<VecDeque<Command>, Fault> {
    let mut commands = VecDeque::new();
    let mut jobs = Vec::new();
    let mut tasks = Vec::new();
    for event in &session.events[first..] {
        match event {
            Event::JobCreated(created) => jobs.push(NewJob {
                job: created.job,
                key: created.key,
                element: created.element,
                job_type: created.job_type.clone(),
                retries: created.retries,
                headers: created.headers.clone(),
                input: created.input.clone(),
                waits: created.backoff.clone(),
                again: false,
            }),
            Event::JobRetried(again) => jobs.extend(retried(session, again)),
            Event::UserTaskCreated(created) => tasks.push(created.clone()),
            _ => {}
        }
    }
    commands.extend(dealings::follow(core, session, first).await?);
    for job in jobs {
        // It may have gone in the same step: an interrupting error beside it.
        if is_open(session, job.job) {
            commands.extend(plan::route(core, session, job).await?);
        }
    }
    for task in tasks {
        if session.state.as_ref().is_some_and(|s| s.task(task.task).is_some()) {
            commands.extend(ask(core, session, &task).await?);
        }
    }
    Ok(commands)
}

fn is_open(session: &Session, job: JobId) -> bool {
    session.state.as_ref().is_some_and(|s| s.job(job).is_some())
}

/// A job that is tried again, as it was made.
fn retried(session: &Session, again: &JobRetried) -> Option<NewJob> {
    let state = session.state.as_ref()?;
    Some(NewJob {
        job: again.job,
        key: again.key,
        element: state.element(again.key)?.element,
        job_type: state.job(again.job)?.job_type.to_string(),
        retries: again.retries,
        headers: again.headers.clone(),
        input: again.input.clone(),
        waits: again.backoff.clone(),
        again: true,
    })
}

/// Finds the people of a new task. Nobody to do it: the element waits with an incident.
async fn ask(core: &Core, session: &mut Session, task: &UserTaskCreated) -> Result<Vec<Command>, Fault> {
    let around = Around { document: session.document.as_deref(), started_by: session.started_by() };
    let assigned = people::resolve(core, &task.assignees, &around).await?;
    let candidates = people::resolve(core, &task.candidate_users, &around).await?;
    let groups = people::resolve(core, &task.candidate_groups, &around).await?;
    let named = !(task.assignees.is_empty() && task.candidate_users.is_empty() && task.candidate_groups.is_empty());
    let nobody = assigned.users.is_empty() && candidates.users.is_empty() && groups.users.is_empty();
    let unknown = [assigned.unknown, candidates.unknown, groups.unknown].concat();
    if nobody && named {
        let message = format!("nobody can do the task `{}`: {} names no active person", task.title, unknown.join(", "));
        let code = codes::ASSIGNEE_NOT_FOUND.code.to_owned();
        return Ok(vec![Command::FailTask { task: task.task, code, message }]);
    }
    let person = |user: &UserId, role: TaskRole| TaskAssignee {
        user: *user,
        role,
        status: AnswerStatus::Waiting,
        answered_at: None,
    };
    let mut rows: Vec<TaskAssignee> = assigned.users.iter().map(|u| person(u, TaskRole::Assignee)).collect();
    let others = candidates.users.iter().chain(&groups.users);
    let mut known: HashSet<UserId> = assigned.users.iter().copied().collect();
    rows.extend(others.filter(|u| known.insert(**u)).map(|u| person(u, TaskRole::Candidate)));
    session.people.insert(task.task, TaskPeople { people: rows, groups: Vec::new() });
    let mut commands = Vec::new();
    let canonical: Vec<String> = assigned.users.iter().map(ToString::to_string).collect();
    if canonical != task.assignees {
        commands.push(Command::ReassignTask { task: task.task, assignees: canonical, by: None });
    }
    if !unknown.is_empty() {
        let text = format!("not asked, because unknown: {}", unknown.join(", "));
        commands.push(Command::Log { key: Some(task.key), job: None, text, by: None });
    }
    Ok(commands)
}

/// Fires an engine's timer, or ends a job's wait. A timer that nobody waits for any more is forgotten.
async fn timer_due(core: &Core, session: &mut Session, ids: &mut IdSource, timer: TimerId) -> Worked {
    let job = JobId(timer.0);
    let state = session.state.as_ref();
    if state.is_some_and(|s| s.timers().iter().any(|t| t.id == timer)) {
        return run(core, session, ids, VecDeque::from([Command::FireTimer { timer }])).await;
    }
    session.writes.push(TimerWrite::Delete { partition: session.partition, id: timer }.into());
    let Some(open) = state.and_then(|s| s.job(job)) else { return Ok(Ok(())) };
    let code = open.job_type.strip_prefix("rest_").unwrap_or(&open.job_type);
    let mut result = match core.platform.activities().by_internal_code(code).await? {
        Some(activity) => return_defaults(&activity),
        None => model::Object::new(),
    };
    // Bitrix contract 3.5. Whoever answers in time leaves it out; a template's node then has 0, put in by the engine.
    result.insert(Arc::from("IsTimeout"), Value::from(1));
    let commands = [
        Command::Log {
            key: None,
            job: Some(job),
            text: "The application did not respond in time".to_owned(),
            by: None,
        },
        Command::CompleteJob { job, result, by: None },
    ];
    run(core, session, ids, VecDeque::from(commands)).await
}

/// What must hold before a snapshot is written.
pub(crate) fn check(state: &Instance) -> Result<(), String> {
    engine::check_invariants(state)
}
