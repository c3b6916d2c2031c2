//! Migration of a running instance to another version (BPMN MG-3..7).
//!
//! [`migrate()`] checks everything first and refuses with all problems at once; a dry run is a call whose result is
//! dropped. Invariant: runs, variables, jobs, tasks, due dates and message keys stay; only what elements they belong to
//! changes, with what is armed for them. Never: runs an element anew.

use crate::Env;
use crate::activity_events::Migrated;
use crate::decide::Decision;
use crate::event::{Event, LogLevel};
use crate::program::Program;
use crate::state::Instance;
use crate::step::{Step, Trouble};
use crate::triggers::{self, Armed, listened};
use crate::{canceling, joins, lifecycle, modification};
use model::definition::{Element, ElementIdx, ElementKind, ExprId, FlowIdx, ROOT, Repetition, ScopeKind};
use model::error::{Fault, codes};
use model::{DefinitionId, UserId};

/// What a migration is to do.
#[derive(Debug, Clone)]
pub struct MigrationPlan {
    /// The version to go on with.
    pub definition: DefinitionId,
    /// Ids of elements in this version and in the other; ids that are equal in both need no entry.
    pub elements: Vec<(String, String)>,
    /// Why, for the history.
    pub reason: String,
    /// Who.
    pub by: Option<UserId>,
}

/// Why an instance can not be migrated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationProblem {
    /// The element or flow in the version it runs.
    pub element: String,
    /// What is wrong.
    pub kind: MigrationProblemKind,
}

/// Kinds of problems of a migration (MG-3, MG-4, MG-6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MigrationProblemKind {
    /// It has no counterpart.
    NotMapped,
    /// The counterpart is of another kind.
    OtherKind,
    /// The counterpart lies in another scope.
    OtherScope,
    /// It would change between single, sequential and parallel.
    OtherRepetition,
    /// The called process would change while it runs.
    OtherCall,
    /// What it waits for would change.
    OtherTrigger,
    /// The counterpart joins fewer flows.
    FewerFlows,
    /// A new listener can not be armed.
    NotArmed,
}

impl MigrationProblemKind {
    /// A stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotMapped => "notMapped",
            Self::OtherKind => "otherKind",
            Self::OtherScope => "otherScope",
            Self::OtherRepetition => "otherRepetition",
            Self::OtherCall => "otherCall",
            Self::OtherTrigger => "otherTrigger",
            Self::FewerFlows => "fewerFlows",
            Self::NotArmed => "notArmed",
        }
    }
}

/// The problems as one fault.
pub fn migration_fault(problems: &[MigrationProblem]) -> Fault {
    let list: Vec<serde_json::Value> =
        problems.iter().map(|p| serde_json::json!({"element": p.element, "problem": p.kind.as_str()})).collect();
    let named: Vec<String> = problems.iter().map(|p| format!("`{}`: {}", p.element, p.kind.as_str())).collect();
    Fault::new(&codes::MIGRATION_REFUSED, format!("the instance can not be migrated: {}", named.join(", ")))
        .with_details(serde_json::json!({"problems": list}))
}

/// Migrates an instance of `old` to `new`, or says everything that keeps it from it.
pub fn migrate(
    (old, new): (&Program, &Program),
    instance: &Instance,
    plan: &MigrationPlan,
    env: &mut Env,
) -> Result<Decision, Vec<MigrationProblem>> {
    let mut check = Check { old, new, instance, plan, elements: Vec::new(), flows: Vec::new(), problems: Vec::new() };
    check.all();
    if !check.problems.is_empty() {
        return Err(check.problems);
    }
    let (elements, flows) = (check.elements, check.flows);
    let mut step = Step::new(new, env, instance.clone(), plan.by);
    drop_listeners(&mut step, old, &elements);
    let dropped = instance.activities.records.iter().any(|r| !elements.iter().any(|(o, _)| *o == r.element));
    let migrated = Migrated { definition: plan.definition, elements, flows, reason: plan.reason.clone() };
    step.emit(Event::InstanceMigrated(Box::new(migrated)));
    let text = match dropped {
        true => format!("migrated: {}; compensation records without a counterpart were dropped", plan.reason),
        false => format!("migrated: {}", plan.reason),
    };
    step.emit(Event::Logged { key: None, element: None, text, level: LogLevel::Info, by: plan.by });
    nest(&mut step)?;
    arm_new(&mut step)?;
    let waiting: Vec<(u32, ElementIdx)> =
        step.instance.waiting.iter().map(|w| (w.scope, new.flow(w.flow).target)).collect();
    for (scope, element) in waiting {
        joins::arrive(&mut step, element, scope);
    }
    step.settle();
    Ok(Decision { instance: step.instance, events: step.events })
}

struct Check<'m> {
    old: &'m Program,
    new: &'m Program,
    instance: &'m Instance,
    plan: &'m MigrationPlan,
    elements: Vec<(ElementIdx, ElementIdx)>,
    flows: Vec<(u32, u32)>,
    problems: Vec<MigrationProblem>,
}

impl Check<'_> {
    fn all(&mut self) {
        for run in self.instance.elements() {
            if run.key == 0 {
                self.elements.push((ROOT, ROOT));
            } else if let Some(target) = self.mapped(run.element) {
                if !canceling::tells(self.instance, run.key) {
                    self.run(run.element, run.scope, target);
                }
                self.armed_around(run.element);
            }
        }
        self.armed_around(ROOT);
        for record in &self.instance.activities.records {
            if let Some(target) = self.find(record.element) {
                self.keep(record.element, target);
            }
        }
        for waiting in self.instance.waiting() {
            self.waiting(waiting.flow);
        }
    }

    fn problem(&mut self, element: &str, kind: MigrationProblemKind) {
        let problem = MigrationProblem { element: element.to_owned(), kind };
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    fn find(&self, element: ElementIdx) -> Option<ElementIdx> {
        let id = &*self.old.element(element).id;
        let named = self.plan.elements.iter().find(|(from, _)| from == id).map_or(id, |(_, to)| to.as_str());
        if element == ROOT { Some(ROOT) } else { self.new.definition().find(named) }
    }

    fn keep(&mut self, from: ElementIdx, to: ElementIdx) {
        if !self.elements.contains(&(from, to)) {
            self.elements.push((from, to));
        }
    }

    fn mapped(&mut self, element: ElementIdx) -> Option<ElementIdx> {
        let found = self.find(element);
        match found {
            Some(target) => self.keep(element, target),
            None => {
                let id = self.old.element(element).id.clone();
                self.problem(&id, MigrationProblemKind::NotMapped);
            }
        }
        found
    }

    fn run(&mut self, element: ElementIdx, scope: u32, target: ElementIdx) {
        let (from, to) = (self.old.element(element), self.new.element(target));
        let around = self.instance.element(scope).map_or(ROOT, |s| s.element);
        // A turn lies in the run of its own element.
        let around = if around == element { self.old.element(element).parent } else { around };
        let kind = if !same_kind(&from.kind, &to.kind) {
            MigrationProblemKind::OtherKind
        } else if repetition(from) != repetition(to) {
            MigrationProblemKind::OtherRepetition
        } else if !runs_elsewhere(from) && !self.can_nest(around, to.parent) {
            MigrationProblemKind::OtherScope
        } else if !self.same_call(from, to) {
            MigrationProblemKind::OtherCall
        } else {
            return;
        };
        let id = from.id.clone();
        self.problem(&id, kind);
    }

    /// Whether the counterpart lies in the same scope, or deeper in sub-processes that can be put around it (MG-4).
    fn can_nest(&self, around: ElementIdx, parent: ElementIdx) -> bool {
        let Some(around) = self.find(around) else { return false };
        let mut at = parent;
        while at != around {
            let scope = self.new.element(at);
            let plain = scope.kind.as_scope().is_some_and(|s| s.kind == ScopeKind::SubProcess);
            if at == ROOT || !plain || scope.repetition().is_some() || scope.is_for_compensation() {
                return false;
            }
            at = scope.parent;
        }
        true
    }

    fn same_call(&self, from: &Element, to: &Element) -> bool {
        let text = |program: &Program, e: ExprId| match program.definition().expression(e) {
            model::definition::Expression::Literal(value) => value.to_text(),
            model::definition::Expression::Source { text, .. } => text.to_string(),
        };
        match (&from.kind, &to.kind) {
            (ElementKind::CallActivity(a), ElementKind::CallActivity(b)) => {
                text(self.old, a.process) == text(self.new, b.process)
            }
            _ => true,
        }
    }

    /// Boundary events and event sub-processes of an active element: those that are in both versions keep what they
    /// wait for.
    fn armed_around(&mut self, element: ElementIdx) {
        let found = self.old.element(element);
        let mut events = found.boundaries.clone();
        if let ElementKind::Scope(scope) = &found.kind {
            let starts = scope
                .event_sub_processes
                .iter()
                .filter_map(|e| self.old.element(*e).kind.as_scope().and_then(|s| s.triggered.first().copied()));
            events.extend(starts);
        }
        for event in events {
            let Some(target) = self.find(event) else { continue };
            if same_triggers(&self.old.element(event).kind, &self.new.element(target).kind) {
                self.keep(event, target);
            } else {
                let id = self.old.element(event).id.clone();
                self.problem(&id, MigrationProblemKind::OtherTrigger);
            }
        }
    }

    /// Tokens at a join are mapped by gateway and by the flow's id (MG-6).
    fn waiting(&mut self, flow: FlowIdx) {
        let (from, id) = (self.old.flow(flow), self.old.flow(flow).id.clone());
        let target = self.find(from.target);
        let found = self.new.definition().flows.iter().position(|f| f.id == id && Some(f.target) == target);
        match (found, target) {
            (Some(found), Some(target)) => {
                let (old_join, new_join) = (self.old.element(from.target), self.new.element(target));
                if self.find(old_join.parent) != Some(new_join.parent) {
                    self.problem(&id, MigrationProblemKind::OtherScope);
                } else if new_join.incoming.len() < old_join.incoming.len() {
                    self.problem(&id, MigrationProblemKind::FewerFlows);
                } else if !same_kind(&old_join.kind, &new_join.kind) {
                    self.problem(&id, MigrationProblemKind::OtherKind);
                }
                self.flows.push((flow.0, found as u32));
            }
            _ => self.problem(&id, MigrationProblemKind::NotMapped),
        }
    }
}

/// Handlers and event sub-processes of a compensation run where it was thrown.
fn runs_elsewhere(element: &Element) -> bool {
    element.is_for_compensation() || element.kind.as_scope().is_some_and(|s| s.kind == ScopeKind::EventSubProcess)
}

/// Sub-processes that are new around a run are made, once for all runs in them, as by hand (MG-2, MG-4).
fn nest(step: &mut Step) -> Result<(), Vec<MigrationProblem>> {
    let runs: Vec<u32> = step.instance.elements.iter().skip(1).map(|e| e.key).collect();
    for key in runs {
        let element = step.element(key);
        if runs_elsewhere(element) || step.is_turn(key) || canceling::tells(&step.instance, key) {
            continue;
        }
        let outer = step.run(key).scope;
        let mut missing = Vec::new();
        let mut at = element.parent;
        while at != step.run(outer).element && at != ROOT {
            missing.push(at);
            at = step.program.element(at).parent;
        }
        let mut scope = outer;
        for around in missing.into_iter().rev() {
            scope = modification::scope_in(step, around, scope, &element.id).map_err(|_| {
                vec![MigrationProblem { element: element.id.to_string(), kind: MigrationProblemKind::OtherScope }]
            })?;
        }
        if scope != outer {
            step.emit(Event::RunMoved { key, scope });
        }
    }
    Ok(())
}

fn same_kind(from: &ElementKind, to: &ElementKind) -> bool {
    let scopes = match (from.as_scope(), to.as_scope()) {
        (Some(a), Some(b)) => std::mem::discriminant(&a.kind) == std::mem::discriminant(&b.kind),
        _ => true,
    };
    std::mem::discriminant(from) == std::mem::discriminant(to) && scopes && same_triggers(from, to)
}

fn same_triggers(from: &ElementKind, to: &ElementKind) -> bool {
    let (a, b) = (triggers::triggers_of(from), triggers::triggers_of(to));
    let same = a.iter().zip(b).all(|(a, b)| std::mem::discriminant(a) == std::mem::discriminant(b));
    a.len() == b.len() && same
}

/// Single, sequential, parallel or loop.
fn repetition(element: &Element) -> u8 {
    match element.repetition() {
        None => 0,
        Some(Repetition::MultiInstance(multi)) if multi.sequential => 1,
        Some(Repetition::MultiInstance(_)) => 2,
        Some(Repetition::Standard(_)) => 3,
    }
}

/// What is armed for events without a counterpart is taken back (MG-5).
fn drop_listeners(step: &mut Step, old: &Program, elements: &[(ElementIdx, ElementIdx)]) {
    let instance = &step.instance;
    let timers = instance.timers.iter().map(|t| (t.key, t.element, t.trigger));
    let open = instance.subscriptions.iter().map(|s| (s.key, s.element, s.trigger));
    let watched = instance.watchers().iter().map(|w| (w.key, w.element, w.trigger));
    let all: Vec<(u32, ElementIdx, u32)> = timers.chain(open).chain(watched).collect();
    for (key, element, trigger) in all {
        let kept = elements.iter().any(|(from, _)| *from == element);
        if !kept && listened(&old.element(element).kind, trigger).is_some() {
            triggers::disarm_one(step, Armed { key, element, trigger });
        }
    }
}

/// New listeners are armed (MG-5).
fn arm_new(step: &mut Step) -> Result<(), Vec<MigrationProblem>> {
    let runs: Vec<u32> = step.instance.elements.iter().map(|e| e.key).collect();
    let mut problems = Vec::new();
    for key in runs {
        if step.instance.has_incident(key) || canceling::tells(&step.instance, key) {
            continue;
        }
        let is_scope = step.element(key).kind.as_scope().is_some() && !step.is_body(key);
        let arm = |step: &mut Step| -> Result<(), Trouble> {
            triggers::arm_boundaries(step, key)?;
            if is_scope { lifecycle::open_scope(step, key) } else { Ok(()) }
        };
        if arm(step).is_err() {
            let element = step.element(key).id.to_string();
            problems.push(MigrationProblem { element, kind: MigrationProblemKind::NotArmed });
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}
