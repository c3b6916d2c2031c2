//! One step: from a command until nothing can move (BPMN TK-3).
//!
//! Owns: the queue of tokens inside the step and the events so far. Invariant: state changes by [`Step::emit`] only,
//! which is [`crate::apply()`], so that live state equals replayed state. Order: first token first (BPMN TK-4).

use crate::Env;
use crate::apply::apply;
use crate::event::{Event, IncidentRaised, LogLevel};
use crate::program::Program;
use crate::state::{ElementInstance, Instance, InstanceState, Phase};
use crate::view::View;
use expr::EvalError;
use model::definition::{Element, ElementIdx, ExprId, FlowIdx};
use model::error::{ErrorCode, codes};
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
}

pub(crate) struct Step<'s, 'e> {
    pub(crate) program: &'s Program,
    pub(crate) env: &'s mut Env<'e>,
    pub(crate) instance: Instance,
    pub(crate) events: Vec<Event>,
    pub(crate) actor: Option<UserId>,
    queue: VecDeque<Token>,
    entries: u32,
    warnings: u32,
}

impl<'s, 'e> Step<'s, 'e> {
    pub(crate) fn new(program: &'s Program, env: &'s mut Env<'e>, instance: Instance, actor: Option<UserId>) -> Self {
        let events = Vec::with_capacity(16);
        Self { program, env, instance, events, actor, queue: VecDeque::new(), entries: 0, warnings: 0 }
    }

    /// The only way the state changes.
    pub(crate) fn emit(&mut self, event: Event) {
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

    /// What an expression of `key` sees.
    pub(crate) fn view<'v>(&'v self, key: u32, overlay: Option<&'v Object>) -> View<'v> {
        let env: &'v Env<'v> = self.env;
        View { program: self.program, instance: &self.instance, env, key, overlay, actor: self.actor }
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
        let view = self.view(scope, overlay);
        let seed = self.seed(key, expression);
        let env = expr::Env { scope: &view, now: self.env.now, zone: self.env.zone, limits: self.env.limits, seed };
        let evaluated = self.program.expression(expression).eval(&env)?;
        if evaluated.value.is_null() && !evaluated.warnings.is_empty() {
            self.warn(key, &evaluated.warnings.join("; "));
        }
        Ok(evaluated.value)
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
        self.queue.push_back(Token { element, scope, flow: None });
    }

    /// Sends a token over a flow.
    pub(crate) fn take_flow(&mut self, flow: FlowIdx, scope: u32) {
        let element = self.program.flow(flow).target;
        let waits = self.program.is_join(element);
        self.emit(Event::FlowTaken { flow, scope, waits });
        self.queue.push_back(Token { element, scope, flow: Some(flow) });
    }

    /// Whether a token of `scope` still has to arrive somewhere.
    pub(crate) fn tokens_move_in(&self, scope: u32) -> bool {
        self.queue.iter().any(|token| token.scope == scope)
    }

    /// Drops the tokens that move in `scope`.
    pub(crate) fn drop_tokens(&mut self, scope: u32) {
        self.queue.retain(|token| token.scope != scope);
    }

    /// Runs until nothing can move.
    pub(crate) fn settle(&mut self) {
        while let Some(Token { element, scope, flow }) = self.queue.pop_front() {
            if flow.is_some() && self.program.is_join(element) {
                crate::elements::parallel_gateway::arrive(self, element, scope);
            } else {
                crate::lifecycle::enter(self, element, scope, Object::new());
            }
        }
        if self.instance.state == InstanceState::Active {
            self.report_stuck();
        }
    }

    /// Scopes where tokens wait at joins and nothing is left that could bring the missing ones.
    fn stuck_scopes(&self) -> Vec<u32> {
        let stuck = |scope: &u32| self.run(*scope).children == 0 && !self.instance.has_incident(*scope);
        let mut scopes: Vec<u32> = self.instance.waiting.iter().map(|w| w.scope).filter(stuck).collect();
        scopes.dedup();
        scopes
    }

    /// A dead end is never silent: the scope waits with an incident; a retry ends it without the waiting tokens.
    fn report_stuck(&mut self) {
        for scope in self.stuck_scopes() {
            let flows = self.instance.waiting.iter().filter(|w| w.scope == scope);
            let joins: Vec<&str> = flows.map(|w| &*self.program.element(self.program.flow(w.flow).target).id).collect();
            let message = format!(
                "tokens wait at `{}` for flows that nothing can take any more; retry to end without them, or cancel",
                joins.join("`, `")
            );
            self.raise_incident(scope, Phase::Completing, Trouble::new(&codes::JOIN_STUCK, message), None);
        }
    }

    /// Counts an entry; false when the step is over its budget (BPMN TK-5).
    pub(crate) fn within_budget(&mut self) -> bool {
        self.entries += 1;
        self.entries <= self.env.limits.step_node_entries
    }
}
