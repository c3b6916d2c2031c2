//! `start` and `decide`: a command becomes events, or is rejected and nothing changes.
//!
//! Never: I/O, a clock, randomness. Everything that was evaluated is in the events.

use crate::Env;
use crate::activity_commands;
use crate::command::{Command, Rejection, Start};
use crate::elements::{ad_hoc, call_activity, service_task, user_task};
use crate::errors::{self, BusinessError};
use crate::event::{Event, InstanceCreated, LogLevel, UserTaskAnswered};
use crate::lifecycle::run_from;
use crate::program::Program;
use crate::state::{Instance, InstanceState, Phase};
use crate::step::{Step, Trouble};
use crate::task_listeners::{self, Change};
use crate::triggers::{self, Armed, Came, fire, messages};
use crate::variables::{self, TooLarge};
use crate::{canceling, joins, repetition, retries, stages, starts, timers};
use model::definition::{ElementKind, ListenerEvent, UserTask};
use model::error::codes;
use model::{IncidentId, JobId, Object, TaskId, TimerId, Timestamp, UserId, Value};
use std::sync::Arc;

/// What a command leads to.
#[derive(Debug, Clone)]
pub struct Decision {
    /// The instance after the events.
    pub instance: Instance,
    /// What happened, in order; to be committed together.
    pub events: Vec<Event>,
}

impl From<TooLarge> for Rejection {
    fn from(TooLarge { what, bytes, limit }: TooLarge) -> Self {
        Self::VariableTooLarge { what, bytes, limit }
    }
}

/// Creates an instance and runs it until it waits or ends.
pub fn start(program: &Program, start: Start, env: &mut Env) -> Result<Decision, Rejection> {
    let mut start = start;
    let beginning = starts::choose(program, &mut start)?;
    let (parameters, variables) = initial_values(program, start.variables);
    let created = Event::InstanceCreated(Box::new(InstanceCreated {
        instance: start.instance,
        definition: start.definition,
        document: start.document,
        started_by: start.started_by,
        started_at: env.now,
        business_key: start.business_key,
        parameters,
        parent: start.parent,
    }));
    let instance = Instance::created(&created).expect("the event is a creation");
    let mut step = Step::new(program, env, instance, start.started_by);
    step.events.push(created);
    variables::check_sizes(&step, &step.instance.parameters)?;
    variables::set_local(&mut step, 0, variables, start.started_by)?;
    starts::begin(&mut step, beginning);
    Ok(finish(step))
}

/// Declared defaults under the given values. In Bitrix templates declared parameters are kept apart (contract 4.3).
fn initial_values(program: &Program, given: Object) -> (Object, Object) {
    let definition = program.definition();
    let default = |d: &model::definition::VariableDecl| (Arc::from(d.key.as_str()), d.default.clone());
    let mut parameters: Object = definition.parameters.iter().map(default).collect();
    let mut variables: Object = definition.variables.iter().map(default).collect();
    if !program.is_bitrix() {
        variables.extend(std::mem::take(&mut parameters));
    }
    for (name, value) in given {
        let target = if parameters.contains_key(&name) { &mut parameters } else { &mut variables };
        target.insert(name, value);
    }
    (parameters, variables)
}

/// Runs a command against an instance: events that [`apply`](crate::apply) makes its next state of, and what must be
/// done besides. Pure: `instance` stays as it was, time and ids come from `env`. A rejection changes nothing; what is
/// wrong with the definition or the data is an incident among the events, not an error.
pub fn decide(program: &Program, instance: &Instance, command: Command, env: &mut Env) -> Result<Decision, Rejection> {
    let only_history = matches!(command, Command::Log { .. } | Command::SetStateTitle { .. });
    let after_end = only_history || matches!(command, Command::Compensate {});
    if instance.state != InstanceState::Active && !after_end {
        return Err(Rejection::InstanceEnded);
    }
    let mut step = Step::new(program, env, instance.clone(), actor(&command));
    match command {
        Command::CompleteJob { job, result, by } => complete_job(&mut step, job, result, by)?,
        Command::FailJob { job, retries, retry_at, code, message } => {
            fail_job(&mut step, job, Failure { retries, retry_at, code, message })?;
        }
        Command::ThrowJobError { job, code, message, variables } => {
            throw_job_error(&mut step, job, BusinessError { code, message, data: variables })?;
        }
        Command::AnswerTask { task, user, outcome, comment, values } => {
            let key = task_key(&step, task)?;
            answer_task(&mut step, UserTaskAnswered { task, key, user, outcome, comment, values })?;
        }
        Command::ReassignTask { task, assignees, by } => {
            reassign_task(&mut step, task, assignees, by)?;
        }
        Command::FailTask { task, code, message } => fail_task(&mut step, task, &code, message)?,
        Command::FireTimer { timer } => fire_timer(&mut step, timer)?,
        Command::DeliverMessage { subscription, name, variables } => {
            messages::deliver_message(&mut step, subscription, &name, variables)?;
        }
        Command::DeliverSignal { subscription, variables } => {
            messages::deliver_signal(&mut step, subscription, variables)?;
        }
        Command::EvaluateConditions {} => step.watch.everything(),
        Command::FinishChild { child, outcome } => call_activity::finished(&mut step, child, outcome)?,
        Command::EscalateChild { child, code, variables } => {
            call_activity::escalated(&mut step, child, code, variables)?;
        }
        Command::SetVariables { scope, values, by } => set_variables(&mut step, scope.unwrap_or(0), values, by)?,
        Command::ResolveIncident { incident, by } => resolve_incident(&mut step, incident, by)?,
        Command::Cancel { reason, by } => canceling::cancel(&mut step, reason, by),
        Command::Log { key, job, text, by } => log(&mut step, key, job, text, by)?,
        Command::SetStateTitle { text } => step.emit(Event::StateTitleSet { text }),
        activity => activity_commands::run(&mut step, activity)?,
    }
    Ok(finish(step))
}

fn actor(command: &Command) -> Option<UserId> {
    match command {
        Command::AnswerTask { user, .. } => Some(*user),
        Command::CompleteJob { by, .. }
        | Command::ReassignTask { by, .. }
        | Command::SetVariables { by, .. }
        | Command::ResolveIncident { by, .. }
        | Command::Cancel { by, .. }
        | Command::Modify { by, .. }
        | Command::AddTurn { by, .. }
        | Command::DeleteTurn { by, .. }
        | Command::CompleteTurns { by, .. }
        | Command::CancelTransaction { by, .. }
        | Command::ActivateAdHoc { by, .. }
        | Command::CompleteAdHoc { by, .. }
        | Command::Suspend { by, .. }
        | Command::Resume { by }
        | Command::SkipIncident { by, .. }
        | Command::Log { by, .. } => *by,
        Command::FailJob { .. }
        | Command::ThrowJobError { .. }
        | Command::FailTask { .. }
        | Command::FireTimer { .. }
        | Command::DeliverMessage { .. }
        | Command::DeliverSignal { .. }
        | Command::EvaluateConditions {}
        | Command::FinishChild { .. }
        | Command::EscalateChild { .. }
        | Command::Compensate {}
        | Command::GrantMutex { .. }
        | Command::SetStateTitle { .. } => None,
    }
}

fn finish(mut step: Step) -> Decision {
    step.settle();
    Decision { instance: step.instance, events: step.events }
}

fn job_key(step: &Step, job: JobId) -> Result<u32, Rejection> {
    step.instance.job(job).map(|j| j.key).ok_or(Rejection::JobNotOpen { job })
}

fn task_key(step: &Step, task: TaskId) -> Result<u32, Rejection> {
    step.instance.task(task).map(|t| t.key).ok_or(Rejection::TaskNotOpen { task })
}

/// An incident on the run `key` is over because a command moves it on.
pub(crate) fn clear_incidents(step: &mut Step, key: u32, retried: bool, by: Option<UserId>) {
    while let Some(incident) = step.instance.incidents.iter().find(|i| i.key == key).map(|i| i.id) {
        step.emit(Event::IncidentResolved { incident, key, retried, by });
    }
}

fn complete_job(step: &mut Step, job: JobId, result: Object, by: Option<UserId>) -> Result<(), Rejection> {
    let key = job_key(step, job)?;
    variables::check_sizes(step, &result)?;
    clear_incidents(step, key, false, by);
    let staged = step.instance.activities.waiting_stage(key).is_some();
    let own = !staged && !step.is_body(key) && ad_hoc::of(step, key).is_none();
    let given = if own { Object::new() } else { result.clone() };
    step.emit(Event::JobCompleted { job, key, result, by });
    if staged {
        stages::job_done(step, key, given)?;
    } else if step.is_body(key) {
        repetition::turn_left(step, key);
    } else if own {
        run_from(step, key, Phase::Completing);
    } else {
        ad_hoc::job_done(step, key, given)?;
    }
    Ok(())
}

struct Failure {
    retries: Option<u32>,
    retry_at: Option<Timestamp>,
    code: String,
    message: String,
}

fn fail_job(step: &mut Step, job: JobId, failure: Failure) -> Result<(), Rejection> {
    let Failure { retries, retry_at, code, message } = failure;
    let open = step.instance.job(job).ok_or(Rejection::JobNotOpen { job })?;
    if open.retries == 0 {
        return Err(Rejection::JobNotOpen { job });
    }
    let (key, retries) = (open.key, retries.unwrap_or(open.retries - 1));
    if fails_as_error(step, key, &code, &message) {
        return Ok(());
    }
    let retry_at = retry_at.filter(|_| retries > 0);
    step.emit(Event::JobFailed { job, key, retries, retry_at, code: code.clone(), message: message.clone() });
    if retries == 0 {
        let code = codes::ALL.iter().find(|c| c.code == code).copied().unwrap_or(&codes::JOB_FAILED);
        step.raise_incident(key, Phase::Active, Trouble::new(code, message), Some(job));
    }
    Ok(())
}

/// Whether the error expression makes a failure a business error that is caught.
fn fails_as_error(step: &mut Step, key: u32, code: &str, message: &str) -> bool {
    let ElementKind::ServiceTask(task) = &step.element(key).kind else { return false };
    if task.error_expression.is_none() {
        return false;
    }
    let error = Value::object([("code", Value::text(code)), ("message", Value::text(message))]);
    let facts = Arc::new(Object::from_iter([(Arc::from("error"), error), (Arc::from("response"), Value::Null)]));
    match service_task::asked_error(step, key, task, &facts) {
        Ok(Some(error)) => errors::raise(step, key, error).is_ok(),
        _ => false,
    }
}

/// Not caught: an incident, so that an operator can repair and retry (ER-5).
fn throw_job_error(step: &mut Step, job: JobId, error: BusinessError) -> Result<(), Rejection> {
    let key = job_key(step, job)?;
    variables::check_sizes(step, &error.data)?;
    if let Err(error) = errors::raise(step, key, error) {
        if step.instance.parent.is_some() {
            // The caller may catch it (ER-3).
            errors::fail_instance(step, error);
            return Ok(());
        }
        let BusinessError { code, message, .. } = error;
        let failed = format!("{code}: {message}");
        step.emit(Event::JobFailed { job, key, retries: 0, retry_at: None, code: code.clone(), message });
        if !step.instance.has_incident(key) {
            let mut trouble = Trouble::new(&codes::UNHANDLED_ERROR, failed);
            trouble.details = Some(serde_json::json!({"errorCode": code}));
            step.raise_incident(key, Phase::Active, trouble, Some(job));
        }
    }
    Ok(())
}

fn answer_task(step: &mut Step, answer: UserTaskAnswered) -> Result<(), Rejection> {
    let (task, key, user) = (answer.task, answer.key, answer.user);
    let settings = user_task_of(step, key).ok_or(Rejection::TaskNotOpen { task })?;
    if step.instance.activities.waiting_stage(key).is_some() {
        return Err(Rejection::TaskNotOpen { task });
    }
    let offered = settings.kind.outcomes();
    if !offered.contains(&answer.outcome.as_str()) {
        return Err(Rejection::OutcomeNotOffered { task, outcome: answer.outcome, offered: offered.join(", ") });
    }
    let answered = step.instance.task(task).is_some_and(|t| t.answers.iter().any(|a| a.user == user));
    if answered {
        return Err(Rejection::TaskAnswered { task, user });
    }
    variables::check_sizes(step, &answer.values)?;
    step.emit(Event::UserTaskAnswered(Box::new(answer)));
    close_task(step, task, key);
    Ok(())
}

/// Groups that are replaced by their members (by nobody) are no assignment.
fn reassign_task(step: &mut Step, task: TaskId, assignees: Vec<String>, by: Option<UserId>) -> Result<(), Rejection> {
    let key = task_key(step, task)?;
    if by.is_some() {
        let names = Value::list(assignees.iter().map(Value::text).collect());
        let values = Object::from_iter([(Arc::from("assignees"), names)]);
        let on = ListenerEvent::Assigning;
        if task_listeners::hold_change(step, Change { key, task, on, values, by })? {
            return Ok(());
        }
    }
    step.emit(Event::UserTaskReassigned { task, key, assignees, by });
    close_task(step, task, key);
    Ok(())
}

/// Goes on when the answers so far decide the task; fewer assignees may decide it too.
pub(crate) fn close_task(step: &mut Step, task: TaskId, key: u32) {
    let Some(settings) = user_task_of(step, key) else { return };
    if user_task::close_if_decided(step, task, settings) {
        run_from(step, key, Phase::Completing);
    }
}

fn user_task_of<'s>(step: &Step<'s, '_>, key: u32) -> Option<&'s UserTask> {
    match &step.element(key).kind {
        ElementKind::UserTask(task) => Some(task),
        _ => None,
    }
}

/// A retry asks anew, with the people evaluated again.
fn fail_task(step: &mut Step, task: TaskId, code: &str, message: String) -> Result<(), Rejection> {
    let key = task_key(step, task)?;
    task_listeners::forget(step, key);
    step.emit(Event::UserTaskCanceled { task, key });
    let code = codes::ALL.iter().find(|c| c.code == code).copied().unwrap_or(&codes::ASSIGNEE_NOT_FOUND);
    step.raise_incident(key, Phase::Active, Trouble::new(code, message), None);
    Ok(())
}

/// A cycle that fires faster than what it starts ends adds no more runs beyond so many.
const RUNS_FOR_CYCLES: usize = 10_000;

fn fire_timer(step: &mut Step, timer: TimerId) -> Result<(), Rejection> {
    let armed = step.instance.timers.iter().find(|t| t.id == timer).cloned();
    let fired = armed.ok_or(Rejection::TimerNotArmed { timer })?;
    if step.instance.is_suspended() {
        return Err(Rejection::Suspension { state: "suspended" });
    }
    if fired.due > step.env.now {
        return Err(Rejection::TimerNotDue { timer });
    }
    let (key, element, trigger) = (fired.key, fired.element, fired.trigger);
    step.emit(Event::TimerFired { timer, key });
    let armed = Armed { key, element, trigger };
    timers::arm_again(step, armed, &fired);
    if fired.repeat.is_some() && step.instance.elements.len() >= RUNS_FOR_CYCLES {
        let text =
            format!("a firing of `{}` is left out: {RUNS_FOR_CYCLES} runs are open", step.program.element(element).id);
        step.emit(Event::Logged { key: Some(key), element: Some(element), text, level: LogLevel::Warning, by: None });
        return Ok(());
    }
    fire::fire(step, armed, Came { trigger, variables: Object::new() });
    Ok(())
}

fn set_variables(step: &mut Step, scope: u32, values: Object, by: Option<UserId>) -> Result<(), Rejection> {
    if step.instance.element(scope).is_none() {
        return Err(Rejection::ElementNotActive { key: scope });
    }
    if let Some(task) = step.instance.tasks.iter().find(|t| t.key == scope).map(|t| t.id) {
        variables::check_sizes(step, &values)?;
        let changed = Value::Object(Arc::new(values.clone()));
        let held = Object::from_iter([(Arc::from("variables"), changed)]);
        let on = ListenerEvent::Updating;
        if task_listeners::hold_change(step, Change { key: scope, task, on, values: held, by })? {
            return Ok(());
        }
    }
    Ok(variables::set_local(step, scope, values, by)?)
}

/// Resumes where the element stopped; a job gets one more series of tries with its input evaluated anew.
fn resolve_incident(step: &mut Step, incident: IncidentId, by: Option<UserId>) -> Result<(), Rejection> {
    let open = step.instance.incidents.iter().find(|i| i.id == incident);
    let open = open.cloned().ok_or(Rejection::IncidentNotOpen { incident })?;
    let (key, job, listening) = (open.key, open.job, open.listening);
    let phase = step.run(key).phase;
    step.emit(Event::IncidentResolved { incident, key, retried: true, by });
    match job {
        None if joins::is_dead_end(&open) => joins::give_up(step, key),
        None if listening => triggers::listen_again(step, key),
        None if key == 0 && phase == Phase::Activating => starts::resume(step),
        // Something was begun by hand meanwhile: the scope ends after it.
        None if phase == Phase::Completing && step.run(key).children > 0 => {}
        None => run_from(step, key, phase),
        Some(job) => retries::again(step, job, key),
    }
    Ok(())
}

fn log(
    step: &mut Step,
    key: Option<u32>,
    job: Option<JobId>,
    text: String,
    by: Option<UserId>,
) -> Result<(), Rejection> {
    let key = match job {
        Some(job) => Some(job_key(step, job)?),
        None => key,
    };
    let element = match key {
        Some(key) => Some(step.instance.element(key).ok_or(Rejection::ElementNotActive { key })?.element),
        None => None,
    };
    step.emit(Event::Logged { key, element, text, level: LogLevel::Info, by });
    Ok(())
}

/// A value for [`Command::CompleteJob`] of a script that ran as a job.
pub fn script_result(value: Value) -> Object {
    Object::from_iter([(Arc::from("result"), value)])
}
