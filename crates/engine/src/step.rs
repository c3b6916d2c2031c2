//! One step: from a command until nothing can move (BPMN TK-3).
//!
//! Owns: the queue of tokens inside the step and the events so far. Invariant: state changes by [`Step::emit`] only,
//! which is [`crate::apply()`], so that live state equals replayed state. Order: first token first (BPMN TK-4).

use crate::Env;
use crate::apply::apply;
use crate::event::{Event, IncidentRaised, LogLevel};
use crate::joins;
use crate::program::Program;
use crate::state::{ElementInstance, Instance, InstanceState, Phase};
use crate::triggers::Came;
use crate::triggers::conditions::{self, Watch};
use crate::view::{Alone, View};
use expr::EvalError;
use jiff::tz::TimeZone;
use model::definition::{Element, ElementIdx, ExprId, FlowIdx};
use model::error::ErrorCode;
use model::{IncidentId, JobId, Object, UserId, Value};
use std::collections::VecDeque;

const WARNING_CHARS: usize = 500;
const WARNINGS_PER_STEP: u32 = 50;

/// Why an element can not go on: becomes an incident.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) code: &'static ErrorCode,
    pub(crate) message: String,
    pub(crate) details: Option<serde_json::Value>,
}

impl Trouble {
    pub(crate) fn new(code: &'static ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: None }
    }

    /// An expression that could not be evaluated; `what` names it: `the condition of flow \`a\``.
    pub(crate) fn evaluation(code: &'static ErrorCode, what: &str, error: &EvalError) -> Self {
        let details = serde_json::json!({"cause": error.fault().code.code});
        Self { code, message: format!("{what}: {error}"), details: Some(details) }
    }
}

/// How an element's phase ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// The next phase follows.
    Go,
    /// It waits for a command.
    Wait,
    /// The run is over.
    Gone,
}

/// A token that leaves a flow, or arrives at a start event.
struct Token {
    element: ElementIdx,
    scope: u32,
    flow: Option<FlowIdx>,
    /// What triggered the start event.
    came: Option<Box<Came>>,
}

pub(crate) struct Step<'s, 'e> {
    pub(crate) program: &'s Program,
    pub(crate) env: &'s mut Env<'e>,
    pub(crate) instance: Instance,
    pub(crate) events: Vec<Event>,
    pub(crate) actor: Option<UserId>,
    queue: VecDeque<Token>,
    /// Turns of repeated activities that began.
    pub(crate) turns: u32,
    /// What conditional events need at the end of the step.
    pub(crate) watch: Watch,
    entries: u32,
    warnings: u32,
}

impl<'s, 'e> Step<'s, 'e> {
    pub(crate) fn new(program: &'s Program, env: &'s mut Env<'e>, instance: Instance, actor: Option<UserId>) -> Self {
        let events = Vec::with_capacity(16);
        Self {
            program,
            env,
            instance,
            events,
            actor,
            queue: VecDeque::new(),
            turns: 0,
            watch: Watch::default(),
            entries: 0,
            warnings: 0,
        }
    }

    /// The only way the state changes.
    pub(crate) fn emit(&mut self, event: Event) {
        self.watch.notice(&self.instance, &event);
        apply(&mut self.instance, &event);
        self.events.push(event);
    }

    pub(crate) fn next_id(&mut self) -> i64 {
        self.env.ids.next(self.env.now)
    }

    /// The run `key`; steps touch active runs only.
    pub(crate) fn run(&self, key: u32) -> &ElementInstance {
        self.instance.element(key).expect("a step touches active element instances only")
    }

    /// The element that `key` runs.
    pub(crate) fn element(&self, key: u32) -> &'s Element {
        self.program.element(self.run(key).element)
    }

    /// Whether `key` is a repeated activity as a whole; its turns are runs inside it.
    pub(crate) fn is_body(&self, key: u32) -> bool {
        let element = self.element(key);
        element.traits.is_some() && crate::repetition::is_body(self, key)
    }

    /// Whether `key` is one turn of a repeated activity. Boundary events belong to the body around it (BPMN BD-1).
    pub(crate) fn is_turn(&self, key: u32) -> bool {
        let element = self.element(key);
        element.traits.is_some() && crate::repetition::is_turn(self, key)
    }

    /// What an expression of `key` sees.
    pub(crate) fn view<'v>(&'v self, key: u32, overlay: Option<&'v Object>) -> View<'v> {
        let env: &'v Env<'v> = self.env;
        View { program: self.program, instance: &self.instance, env, key, run: key, overlay, actor: self.actor }
    }

    /// Evaluates an expression of `key`. What made the result null goes to the history.
    pub(crate) fn evaluate(
        &mut self,
        key: u32,
        expression: ExprId,
        overlay: Option<&Object>,
    ) -> Result<Value, EvalError> {
        self.evaluate_in(key, key, expression, overlay)
    }

    /// The same, seeing the variables of `scope`.
    pub(crate) fn evaluate_in(
        &mut self,
        key: u32,
        scope: u32,
        expression: ExprId,
        overlay: Option<&Object>,
    ) -> Result<Value, EvalError> {
        let view = View { run: key, ..self.view(scope, overlay) };
        let seed = self.seed(key, expression);
        let env = expr::Env { scope: &view, now: self.env.now, zone: self.zone(), limits: self.env.limits, seed };
        let evaluated = self.program.expression(expression).eval(&env)?;
        if evaluated.value.is_null() && !evaluated.warnings.is_empty() {
            self.warn(key, &evaluated.warnings.join("; "));
        }
        Ok(evaluated.value)
    }

    /// Evaluates an expression that sees nothing but `variables`: what comes with a message.
    pub(crate) fn evaluate_over(&self, key: u32, expression: ExprId, variables: &Object) -> Option<Value> {
        let (scope, seed) = (Alone(variables), self.seed(key, expression));
        let env = expr::Env { scope: &scope, now: self.env.now, zone: self.zone(), limits: self.env.limits, seed };
        self.program.expression(expression).eval(&env).ok().map(|evaluated| evaluated.value)
    }

    /// The zone of dates and times without one (BPMN TM-2).
    pub(crate) fn zone(&self) -> &TimeZone {
        self.program.zone().unwrap_or(self.env.zone)
    }

    /// What random numbers of an evaluation are computed from: the same step decided again draws the same.
    fn seed(&self, key: u32, expression: ExprId) -> u64 {
        let events = i64::try_from(self.events.len()).unwrap_or(0);
        expr::seed_of(&[self.instance.id.0, self.env.now.0, i64::from(key), i64::from(expression.0), events])
    }

    /// A line of history about something that did not stop the element. A loop does not flood it.
    fn warn(&mut self, key: u32, text: &str) {
        self.warnings += 1;
        if self.warnings > WARNINGS_PER_STEP {
            return;
        }
        let text = text.chars().take(WARNING_CHARS).collect();
        let element = Some(self.run(key).element);
        self.emit(Event::Logged { key: Some(key), element, text, level: LogLevel::Warning, by: None });
    }

    pub(crate) fn raise_incident(&mut self, key: u32, phase: Phase, trouble: Trouble, job: Option<JobId>) {
        let incident = IncidentId(self.next_id());
        let element = self.run(key).element;
        let Trouble { code, message, details } = trouble;
        let code = code.code.to_owned();
        self.emit(Event::IncidentRaised(Box::new(IncidentRaised {
            incident,
            key,
            element,
            phase,
            job,
            code,
            message,
            details,
        })));
    }

    /// Puts a token at a start event.
    pub(crate) fn place(&mut self, element: ElementIdx, scope: u32) {
        self.queue.push_back(Token { element, scope, flow: None, came: None });
    }

    /// Puts a token at a start event that triggered.
    pub(crate) fn place_triggered(&mut self, element: ElementIdx, scope: u32, came: Came) {
        self.queue.push_back(Token { element, scope, flow: None, came: Some(Box::new(came)) });
    }

    /// Sends a token over a flow.
    pub(crate) fn take_flow(&mut self, flow: FlowIdx, scope: u32) {
        let element = self.program.flow(flow).target;
        let waits = self.program.is_join(element);
        self.emit(Event::FlowTaken { flow, scope, waits });
        self.queue.push_back(Token { element, scope, flow: Some(flow), came: None });
    }

    /// Whether a token of `scope` still has to arrive somewhere.
    pub(crate) fn tokens_move_in(&self, scope: u32) -> bool {
        self.queue.iter().any(|token| token.scope == scope)
    }

    /// How many tokens of `scope` still have to arrive somewhere.
    pub(crate) fn tokens_in(&self, scope: u32) -> u32 {
        self.queue.iter().filter(|token| token.scope == scope).count() as u32
    }

    /// Whether the step should leave the rest to another one (BPMN MI-4).
    pub(crate) fn over_half_budget(&self) -> bool {
        self.entries > self.env.limits.step_node_entries / 2
    }

    /// Drops the tokens that move in `scope`.
    pub(crate) fn drop_tokens(&mut self, scope: u32) {
        self.queue.retain(|token| token.scope != scope);
    }

    /// A token begins a run: a plain one, a turn inside its body, or a compensation handler.
    fn placed(&mut self, element: ElementIdx, scope: u32, flow: Option<FlowIdx>) {
        if flow.is_some() {
            crate::lifecycle::enter(self, element, scope, Object::new());
        } else if self.run(scope).element == element {
            crate::repetition::enter_turn(self, element, scope);
        } else if crate::compensation::is_handler_element(self, element) {
            crate::compensation::enter_handler(self, element, scope);
        } else if crate::elements::ad_hoc::of(self, scope).is_some() {
            crate::elements::ad_hoc::enter_queued(self, element, scope);
        } else {
            crate::lifecycle::enter(self, element, scope, Object::new());
        }
    }

    /// What activities wait for inside the instance: lost handlers, data that is there now, completion conditions.
    fn settle_activities(&mut self) {
        if !self.instance.activities.compensations.is_empty() {
            crate::compensation::settle(self);
        }
        if !self.instance.activities.stages.is_empty() {
            crate::stages::settle(self);
        }
        crate::elements::ad_hoc::settle(self);
    }

    /// Runs until nothing can move.
    pub(crate) fn settle(&mut self) {
        loop {
            self.drain();
            // A step over its budget has told so by an incident; joins wait for the next one (TK-5).
            let within = self.entries <= self.env.limits.step_node_entries;
            let moved = self.instance.state == InstanceState::Active
                && ((within && joins::release_one(self)) || conditions::check(self));
            if !moved && self.instance.state == InstanceState::Active {
                self.settle_activities();
            }
            if !moved && self.queue.is_empty() {
                break;
            }
        }
        if self.instance.state == InstanceState::Active {
            joins::report_stuck(self);
        }
    }

    fn drain(&mut self) {
        while let Some(Token { element, scope, flow, came }) = self.queue.pop_front() {
            match came {
                Some(came) => crate::lifecycle::enter_triggered(self, element, scope, *came),
                None if flow.is_some_and(|_| self.program.is_join(element)) => match flow {
                    // A join that passed meanwhile took the token before it came: nothing else may end the scope.
                    Some(flow) if !joins::has_token(self, scope, flow) => {
                        crate::lifecycle::complete_if_empty(self, scope);
                    }
                    _ => joins::arrive(self, element, scope),
                },
                None => self.placed(element, scope, flow),
            }
        }
    }

    /// Counts an entry; false when the step is over its budget (BPMN TK-5).
    pub(crate) fn within_budget(&mut self) -> bool {
        self.entries += 1;
        self.entries <= self.env.limits.step_node_entries
    }
}
