//! Several instances that call, signal and message each other: what the runtime does between them, done at once.
//!
//! Owns: one testbed an instance, all on the same clock, and what happened to their elements, in order. Never: judges.

use super::activities::keys_of;
use engine::exchange::{Awaited, ChildOutcome, ChildStarted, MessageThrown, ParentLink, SignalThrown};
use engine::testbed::{Testbed, TestbedError};
use engine::{
    Command, Env, Event, Instance, InstanceState, Program, Rejection, ServerFacts, StartTrigger, StartedBy,
    name_of_start, triggered_starts,
};
use jiff::tz::TimeZone;
use model::definition::{MessageTarget, ROOT};
use model::limits::Limits;
use model::{IdSource, InstanceId, Object, PartitionId, SubscriptionId, UserId};
use std::sync::Arc;

/// Steps between instances after which they are taken to go round in circles.
const MOST_EXCHANGES: usize = 10_000;

/// What happened to an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    Began,
    Completed,
    Terminated,
}

/// An instance and how it came about.
pub struct Run {
    pub bed: Testbed,
    /// Who called it: the position of the caller and the id it knows this one by.
    caller: Option<(usize, InstanceId)>,
    seen: usize,
    reported: bool,
}

/// The instances of one case.
#[derive(Default)]
pub struct World {
    pub programs: Vec<Arc<Program>>,
    pub runs: Vec<Run>,
    /// What happened to elements, in order.
    pub trace: Vec<(Happened, String)>,
    /// Names of messages, signals and escalations that were thrown, in order.
    pub thrown: Vec<String>,
    /// Messages that nobody waited for yet.
    buffer: Vec<MessageThrown>,
    /// Jobs that are answered by themselves: element, type or `*`, with the result.
    pub answers: Vec<(String, Object)>,
}

impl World {
    pub fn program(&self, process: Option<&str>) -> Arc<Program> {
        let found = match process {
            Some(id) => self.programs.iter().find(|p| &*p.definition().element(ROOT).id == id),
            None => self.programs.first(),
        };
        found.unwrap_or_else(|| panic!("no process {process:?}")).clone()
    }

    /// Starts an instance: at its none start, or at `element` with what came as its payload.
    pub fn start(
        &mut self,
        process: Option<&str>,
        element: Option<(&str, &str)>,
        values: Object,
    ) -> Result<(), String> {
        let program = match element {
            Some((id, _)) if process.is_none() => {
                let id = id.split('#').next().unwrap_or(id);
                let found = self.programs.iter().find(|p| p.definition().find(id).is_some());
                found.unwrap_or_else(|| panic!("no element `{id}`")).clone()
            }
            _ => self.program(process),
        };
        let mut bed = self.bed(&program);
        let started = match element {
            None => bed.start(values),
            Some((id, key)) => {
                let (id, trigger) = id.split_once('#').unwrap_or((id, "0"));
                let element = program.definition().find(id);
                let trigger = trigger.parse().unwrap();
                let triggered = triggered_starts(&program).iter().any(|s| Some(s.element) == element);
                let trigger = triggered.then(|| StartTrigger { trigger, key: key.to_owned() });
                bed.start_with(Object::new(), |start| {
                    (start.start_element, start.trigger, start.payload) = (element, trigger, values);
                })
            }
        };
        started.map_err(|e| e.to_string())?;
        self.runs.push(Run { bed, caller: None, seen: 0, reported: false });
        self.settle()
    }

    /// A testbed at the time that all others are at.
    fn bed(&self, program: &Arc<Program>) -> Testbed {
        let mut bed = Testbed::new(program.clone()).with_script_ticks(1_000);
        if let Some(first) = self.runs.first() {
            let late = first.bed.now().0 - bed.now().0;
            bed.advance(&format!("PT{}.{:03}S", late / 1000, late % 1000)).unwrap();
        }
        bed
    }

    /// Asks the first running instance in which `doing` is possible.
    pub fn first(&mut self, doing: impl Fn(&mut Testbed) -> Result<Vec<Event>, TestbedError>) -> Result<(), String> {
        let mut why = "nothing runs".to_owned();
        for run in self.runs.iter_mut().filter(|run| running(run)) {
            match doing(&mut run.bed) {
                Ok(_) => return self.settle(),
                Err(error) => why = error.to_string(),
            }
        }
        Err(why)
    }

    /// A command for the first running instance with a run of `element`, whose key the command gets.
    pub fn at_element(&mut self, element: &str, command: impl Fn(u32) -> Command) -> Result<(), String> {
        for run in self.runs.iter_mut().filter(|run| running(run)) {
            if run.bed.program().definition().find(element).is_none() {
                continue;
            }
            if let Some(key) = keys_of(&run.bed, element).first() {
                run.bed.command(command(*key)).map_err(|e| e.to_string())?;
                return self.settle();
            }
        }
        Err(format!("`{element}` does not run"))
    }

    /// All clocks go on.
    pub fn advance(&mut self, duration: &str) -> Result<(), String> {
        for at in 0..self.runs.len() {
            self.runs[at].bed.advance(duration).map_err(|e| e.to_string())?;
        }
        self.settle()
    }

    /// All clocks go on until the first timer of `element` is due.
    pub fn fire(&mut self, element: &str) -> Result<(), String> {
        let due = self.runs.iter().filter(|run| running(run)).find_map(|run| {
            let idx = run.bed.program().definition().find(element)?;
            let timers = run.bed.instance()?.timers();
            let due = timers.iter().filter(|t| t.element == idx).map(|t| t.due).min()?;
            Some((due.0 - run.bed.now().0).max(0))
        });
        let wait = due.ok_or_else(|| format!("no timer runs at `{element}`"))?;
        self.advance(&format!("PT{}.{:03}S", wait / 1000, wait % 1000))
    }

    /// A message from outside, to the oldest that waits for it, else to a process that it starts.
    pub fn message(&mut self, name: &str, key: Option<&str>, values: Object) -> Result<(), String> {
        if self.deliver(name, key, None, &values)? || self.start_by(name, true, &values)? {
            return self.settle();
        }
        Err(format!("nobody waits for the message `{name}`"))
    }

    /// A signal from outside: to all.
    pub fn signal(&mut self, name: &str, values: &Object) -> Result<usize, String> {
        self.broadcast(name, values, &[])
    }

    /// To all who wait, except those who began to after the throw (SG-2).
    fn broadcast(&mut self, name: &str, values: &Object, except: &[SubscriptionId]) -> Result<usize, String> {
        let targets = self.runs.iter().enumerate().filter(|(_, run)| running(run)).flat_map(|(at, run)| {
            let open = run.bed.instance().into_iter().flat_map(Instance::subscriptions);
            let own = open.filter(|s| matches!(&s.awaited, Awaited::Signal { name: n } if **n == *name));
            own.map(move |s| (at, s.id))
        });
        let targets: Vec<_> = targets.filter(|(_, id)| !except.contains(id)).collect();
        let mut reached = 0;
        for (at, subscription) in targets {
            let command = Command::DeliverSignal { subscription, variables: values.clone() };
            reached += usize::from(self.runs[at].bed.command(command).is_ok());
        }
        reached += usize::from(self.start_by(name, false, values)?);
        self.settle()?;
        Ok(reached)
    }

    fn deliver(
        &mut self,
        name: &str,
        key: Option<&str>,
        process: Option<&str>,
        values: &Object,
    ) -> Result<bool, String> {
        for run in self.runs.iter_mut().filter(|run| running(run)) {
            if process.is_some_and(|p| *p != *run.bed.program().definition().element(ROOT).id) {
                continue;
            }
            let open = run.bed.instance().into_iter().flat_map(Instance::subscriptions);
            let fits = open.filter(|s| match &s.awaited {
                Awaited::Message { name: n, key: k } => {
                    **n == *name && (key.is_none() || k.is_none() || k.as_deref() == key)
                }
                Awaited::Signal { .. } => false,
            });
            let fits: Vec<_> = fits.map(|s| s.id).collect();
            for subscription in fits {
                let name = name.to_owned();
                let command = Command::DeliverMessage { subscription, name, variables: values.clone() };
                if run.bed.command(command).is_ok() {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn start_by(&mut self, name: &str, message: bool, values: &Object) -> Result<bool, String> {
        let mut found = Vec::new();
        for program in &self.programs {
            let of_kind = |s: &&engine::TriggeredStart| match s.waits_for {
                StartedBy::Message(_) => message,
                StartedBy::Signal(_) => !message,
                _ => false,
            };
            for start in triggered_starts(program).iter().filter(of_kind) {
                if with_env(|env| name_of_start(program, start, env)).is_ok_and(|n| *n == *name) {
                    let id = program.definition().element(start.element).id.to_string();
                    found.push((program.definition().element(ROOT).id.to_string(), format!("{id}#{}", start.trigger)));
                }
            }
        }
        for (process, element) in &found {
            self.start(Some(process), Some((element, "")), values.clone())?;
        }
        Ok(!found.is_empty())
    }

    /// Hands over what instances throw, call and answer until all are quiet.
    pub fn settle(&mut self) -> Result<(), String> {
        for _ in 0..MOST_EXCHANGES {
            let next = self.runs.iter().position(|run| run.seen < run.bed.journal().len());
            match next {
                Some(at) => {
                    let event = self.runs[at].bed.journal()[self.runs[at].seen].clone();
                    self.runs[at].seen += 1;
                    self.event(at, event)?;
                }
                None if self.answer_one()? => {}
                None => return self.verify(),
            }
        }
        Err("the instances go round in circles".to_owned())
    }

    fn verify(&self) -> Result<(), String> {
        self.runs.iter().try_for_each(|run| run.bed.verify())
    }

    /// Does one job that the table answers.
    fn answer_one(&mut self) -> Result<bool, String> {
        for run in self.runs.iter_mut().filter(|run| running(run)) {
            let Some(instance) = run.bed.instance() else { continue };
            let job = instance.jobs().iter().filter(|j| j.retries > 0).find_map(|job| {
                let element =
                    instance.element(job.key).map(|e| run.bed.program().definition().element(e.element).id.to_string());
                let fits = |who: &str| who == "*" || *job.job_type == *who || element.as_deref() == Some(who);
                self.answers.iter().find(|(who, _)| fits(who)).map(|(_, result)| (job.id, result.clone()))
            });
            let task = instance.tasks().iter().find_map(|task| {
                let element = instance
                    .element(task.key)
                    .map(|e| run.bed.program().definition().element(e.element).id.to_string());
                self.answers.iter().find(|(who, _)| who == "users").and(element)
            });
            if let Some(element) = task {
                run.bed.complete(&element, Object::new()).map_err(|e| e.to_string())?;
                return Ok(true);
            }
            if let Some((job, result)) = job {
                run.bed.command(Command::CompleteJob { job, result, by: None }).map_err(|e| e.to_string())?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn event(&mut self, at: usize, event: Event) -> Result<(), String> {
        let program = self.runs[at].bed.program().definition_arc().clone();
        let id = |element| program.element(element).id.to_string();
        match event {
            Event::ElementActivated { element, .. } => self.trace.push((Happened::Began, id(element))),
            Event::ElementCompleted { key, element } if key > 0 => {
                self.trace.push((Happened::Completed, id(element)));
            }
            Event::ElementTerminated { element, .. } => self.trace.push((Happened::Terminated, id(element))),
            Event::ChildStarted(started) => self.call(at, *started)?,
            Event::ChildCanceled { child, .. } => {
                let reason = "the caller cancelled it".to_owned();
                let command = Command::Cancel { reason, by: None };
                if let Some(child) = self.child(at, child).filter(|c| running(&self.runs[*c])) {
                    self.runs[child].reported = true;
                    self.runs[child].bed.command(command).map_err(|e| e.to_string())?;
                }
            }
            Event::SignalThrown(thrown) => self.signal_thrown(at, *thrown)?,
            Event::MessageThrown(thrown) => self.message_thrown(*thrown)?,
            Event::SubscriptionOpened(_) => self.unbuffer()?,
            Event::EscalationRaised { code, variables, caught, .. } => {
                self.thrown.push(code.clone());
                if let (false, Some((caller, child))) = (caught, self.runs[at].caller) {
                    let command = Command::EscalateChild { child, code, variables };
                    self.runs[caller].bed.command(command).map_err(|e| e.to_string())?;
                }
            }
            Event::ChildCompensationRequested { child, .. } => self.compensate(at, child)?,
            Event::CompensationEnded { key: 0 } => self.answer_caller(at, ChildOutcome::Compensated)?,
            Event::InstanceCompleted if !self.runs[at].reported => {
                self.runs[at].reported = true;
                let variables = self.instance(at).variables().clone();
                self.answer_caller(at, ChildOutcome::Completed { variables })?;
            }
            Event::InstanceFailed { code, message, variables } => {
                self.runs[at].reported = true;
                self.answer_caller(at, ChildOutcome::Failed { code, message, data: variables })?;
            }
            Event::TreeEnded { .. } => self.end_tree(at)?,
            _ => {}
        }
        Ok(())
    }

    fn instance(&self, at: usize) -> &Instance {
        self.runs[at].bed.instance().expect("started")
    }

    fn child(&self, caller: usize, child: InstanceId) -> Option<usize> {
        self.runs.iter().position(|run| run.caller == Some((caller, child)))
    }

    /// A caller that does not wait any more is not told.
    fn answer_caller(&mut self, at: usize, outcome: ChildOutcome) -> Result<(), String> {
        let Some((caller, child)) = self.runs[at].caller else { return Ok(()) };
        match self.runs[caller].bed.command(Command::FinishChild { child, outcome }) {
            Err(TestbedError::Rejected(Rejection::ChildNotAwaited { .. } | Rejection::InstanceEnded)) => Ok(()),
            answered => answered.map(drop).map_err(|e| e.to_string()),
        }
    }

    fn call(&mut self, at: usize, started: ChildStarted) -> Result<(), String> {
        let Some(program) =
            self.programs.iter().find(|p| *p.definition().element(ROOT).id == *started.process).cloned()
        else {
            let (code, message) = ("DEF-0003".to_owned(), format!("no process `{}`", started.process));
            let outcome = ChildOutcome::NotStarted { code, message };
            let answered = self.runs[at].bed.command(Command::FinishChild { child: started.child, outcome });
            return answered.map(drop).map_err(|e| e.to_string());
        };
        let mut bed = self.bed(&program);
        let instance = self.instance(at);
        let (root, depth) = instance.parent().map_or((instance.id(), 0), |p| (p.root, p.depth));
        let link = ParentLink {
            instance: instance.id(),
            key: started.key,
            root,
            depth: depth + 1,
            compensable: started.compensable,
        };
        let begun = bed.start_with(started.variables, |start| {
            start.instance = started.child;
            start.business_key = started.business_key;
            start.parent = started.wait.then_some(link);
        });
        begun.map_err(|e| e.to_string())?;
        let caller = started.wait.then_some((at, started.child));
        self.runs.push(Run { bed, caller, seen: 0, reported: false });
        Ok(())
    }

    fn compensate(&mut self, at: usize, child: InstanceId) -> Result<(), String> {
        let Some(child) = self.child(at, child) else { return Err("an unknown child is compensated".to_owned()) };
        if self.instance(child).keeps_records() {
            self.runs[child].bed.command(Command::Compensate {}).map(drop).map_err(|e| e.to_string())
        } else {
            self.answer_caller(child, ChildOutcome::Compensated)
        }
    }

    fn signal_thrown(&mut self, at: usize, thrown: SignalThrown) -> Result<(), String> {
        self.thrown.push(thrown.name.clone());
        let later = &self.runs[at].bed.journal()[self.runs[at].seen..];
        let opened_later = later.iter().filter_map(|event| match event {
            Event::SubscriptionOpened(opened) => Some(opened.subscription),
            _ => None,
        });
        let except: Vec<_> = opened_later.collect();
        self.broadcast(&thrown.name, &thrown.variables, &except).map(drop)
    }

    fn message_thrown(&mut self, thrown: MessageThrown) -> Result<(), String> {
        self.thrown.push(thrown.name.clone());
        let process = process_of(&thrown);
        let key = Some(thrown.correlation_key.as_str());
        if self.deliver(&thrown.name, key, process.as_deref(), &thrown.variables)? {
            return Ok(());
        }
        if !self.start_by(&thrown.name, true, &thrown.variables)? {
            self.buffer.push(thrown);
        }
        Ok(())
    }

    fn unbuffer(&mut self) -> Result<(), String> {
        for thrown in std::mem::take(&mut self.buffer) {
            let process = process_of(&thrown);
            let key = Some(thrown.correlation_key.as_str());
            if !self.deliver(&thrown.name, key, process.as_deref(), &thrown.variables)? {
                self.buffer.push(thrown);
            }
        }
        Ok(())
    }

    /// The root of the tree is cancelled, and with it all below.
    fn end_tree(&mut self, at: usize) -> Result<(), String> {
        let mut root = at;
        while let Some((caller, _)) = self.runs[root].caller {
            root = caller;
        }
        if root != at && running(&self.runs[root]) {
            let command = Command::Cancel { reason: "its tree ended".to_owned(), by: None };
            self.runs[root].bed.command(command).map_err(|e| e.to_string())?;
        }
        Ok(())
    }
}

/// Whether it has not ended.
pub fn running(run: &Run) -> bool {
    run.bed.instance().is_some_and(|i| i.state() == InstanceState::Active)
}

/// The process that a message flow of the message leads to.
fn process_of(thrown: &MessageThrown) -> Option<String> {
    match &thrown.target {
        Some(MessageTarget::Process { process, .. }) => Some(process.clone()),
        Some(_) => Some(String::new()),
        None => None,
    }
}

/// Something that needs an environment and no instance.
fn with_env<T>(doing: impl FnOnce(&mut Env) -> T) -> T {
    doing(&mut Env {
        now: engine::testbed::BEGINNING,
        ids: &mut IdSource::new(PartitionId(0), 0),
        document: None,
        zone: &TimeZone::UTC,
        limits: &Limits::default(),
        server: &ServerFacts { host_url: String::new() },
        calendars: &engine::calendar::Calendars::new(),
    })
}

/// Who does commands of the cases.
pub fn somebody() -> Option<UserId> {
    Some(UserId(1))
}
