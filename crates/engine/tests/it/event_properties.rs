//! Properties of events and gateways on random processes with random paths (rule 24).
//!
//! After every step: invariants hold, the journal replays to the live state, the snapshot reads back the same. At
//! the end: what can go on ends; a cancelled or ended instance leaves no subscription, condition, timer, job or
//! incident; no step is longer than its budget allows. More cases: `EVENT_CASES=5000`.

use crate::support::definition::Builder;
use engine::exchange::Awaited;
use engine::testbed::Testbed;
use engine::{Command, InstanceState, Program};
use model::definition::*;
use model::limits::Limits;
use model::{Object, UserId, Value};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::sync::Arc;

/// Entries a step may pass here, so that endless loops are cut soon.
const BUDGET: u32 = 300;
/// Events of a step at most: each entry makes a few.
const EVENTS: usize = 40 * BUDGET as usize;

/// Events after which a process is left alone: forks without joins can grow without end.
const JOURNAL: usize = 6_000;

/// A piece of a process with one way in and one way out.
#[derive(Debug, Clone)]
enum Block {
    Task,
    Service,
    Catch(Wait),
    Receive,
    Throw(Vec<u8>),
    Choice(Vec<Wait>),
    Parallel(Vec<Block>),
    Inclusive(Vec<Block>, u8),
    Complex(Vec<Block>, u8),
    Sequence(Vec<Block>),
    Sub(Box<Sub>),
    Guarded(Listener),
    Tangle(Vec<(u8, u8, u8)>),
}

/// What an event waits for.
#[derive(Debug, Clone, Copy)]
struct Wait {
    kind: u8,
    how: u8,
}

#[derive(Debug, Clone, Copy)]
struct Listener {
    wait: Wait,
    interrupting: bool,
}

#[derive(Debug, Clone)]
struct Sub {
    inner: Block,
    event: Option<(Listener, Block)>,
    boundary: Option<Listener>,
    end: Vec<u8>,
}

fn waits() -> impl Strategy<Value = Wait> {
    (any::<u8>(), any::<u8>()).prop_map(|(kind, how)| Wait { kind, how })
}

fn listeners() -> impl Strategy<Value = Listener> {
    (waits(), any::<bool>()).prop_map(|(wait, interrupting)| Listener { wait, interrupting })
}

fn blocks() -> impl Strategy<Value = Block> {
    let leaf = prop_oneof![
        1 => Just(Block::Task),
        2 => Just(Block::Service),
        2 => waits().prop_map(Block::Catch),
        1 => Just(Block::Receive),
        1 => prop::collection::vec(any::<u8>(), 1..4).prop_map(Block::Throw),
        1 => prop::collection::vec(waits(), 1..4).prop_map(Block::Choice),
        1 => listeners().prop_map(Block::Guarded),
        1 => prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>()), 3..9).prop_map(Block::Tangle),
    ];
    leaf.prop_recursive(4, 20, 4, |inner| {
        let sub = (
            inner.clone(),
            prop::option::of((listeners(), inner.clone())),
            prop::option::of(listeners()),
            prop::collection::vec(any::<u8>(), 0..3),
        );
        let some = || prop::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 1..4).prop_map(Block::Sequence),
            1 => some().prop_map(Block::Parallel),
            1 => (some(), any::<u8>()).prop_map(|(blocks, mask)| Block::Inclusive(blocks, mask)),
            1 => (some(), any::<u8>()).prop_map(|(blocks, need)| Block::Complex(blocks, need)),
            2 => sub.prop_map(|(inner, event, boundary, end)| {
                Block::Sub(Box::new(Sub { inner, event, boundary, end }))
            }),
        ]
    })
}

struct Draw {
    builder: Builder,
    count: u32,
}

impl Draw {
    fn node(&mut self, name: &str, kind: ElementKind) -> ElementIdx {
        self.count += 1;
        let id = format!("{name}{}", self.count);
        self.builder.element(&id, kind)
    }

    fn after(&mut self, from: ElementIdx, name: &str, kind: ElementKind) -> ElementIdx {
        let node = self.node(name, kind);
        self.builder.flow(from, node, None);
        node
    }

    fn service(&mut self) -> ElementKind {
        let job_type = self.builder.literal("work");
        ElementKind::ServiceTask(Box::new(ServiceTask::new(job_type)))
    }

    fn feel(&mut self, text: &str) -> ExprId {
        self.builder.source(Language::Feel, text, "test")
    }

    /// Something that comes from outside, or by itself.
    fn trigger(&mut self, kind: u8, how: u8) -> Trigger {
        match kind % 4 {
            0 => {
                let name = self.builder.literal(format!("m{}", how % 2));
                let key = how.is_multiple_of(3).then(|| self.feel("n"));
                Trigger::Message(Box::new(MessageTrigger { name, key, correlation: Vec::new() }))
            }
            1 => Trigger::Signal(SignalTrigger { name: self.builder.literal(format!("g{}", how % 2)) }),
            2 => {
                let (kind, value) = match how % 3 {
                    0 => (TimerKind::Cycle, format!("R{}/PT{}S", how % 4 + 1, how % 50 + 1)),
                    _ => (TimerKind::Duration, format!("PT{}S", how % 50)),
                };
                Trigger::Timer(Timer::new(kind, self.builder.literal(value)))
            }
            _ => {
                let condition = self.feel(&format!("n > {}", how % 10));
                Trigger::Condition(Condition { condition, variables: Vec::new(), changes: Vec::new() })
            }
        }
    }

    fn triggers(&mut self, wait: Wait) -> (Vec<Trigger>, bool) {
        let mut triggers = vec![self.trigger(wait.kind, wait.how)];
        if wait.kind >= 128 {
            triggers.push(self.trigger(wait.kind.wrapping_add(1), wait.how / 2));
        }
        (triggers, wait.how >= 128)
    }

    /// What listens to a scope or activity: sometimes to what is raised inside.
    fn listened(&mut self, listener: Listener) -> (Vec<Trigger>, bool, bool) {
        match listener.wait.kind % 8 {
            6 => (vec![Trigger::Error(ErrorTrigger::default())], false, true),
            7 => (vec![Trigger::Escalation(EscalationTrigger::default())], false, listener.interrupting),
            _ => {
                let (triggers, all) = self.triggers(listener.wait);
                (triggers, all, listener.interrupting)
            }
        }
    }

    fn result(&mut self, kind: u8) -> Throw {
        match kind % 6 {
            0 | 1 => {
                let name = self.builder.literal("m0");
                Throw::Message(Box::new(MessageThrow { name, key: None, id: None, ttl: None, target: None }))
            }
            2 => {
                let name = self.builder.literal("g0");
                Throw::Signal(SignalThrow { name, own_tree: false, all_variables: true, variables: Vec::new() })
            }
            3 | 4 => Throw::Escalation { code: self.builder.literal("L") },
            _ => {
                let job_type = self.builder.literal("mail");
                Throw::Job(Box::new(ServiceTask::new(job_type)))
            }
        }
    }

    fn end(&mut self, kinds: &[u8]) -> ElementKind {
        let mut results = Vec::new();
        for kind in kinds {
            results.push(match kind % 9 {
                7 => Throw::Terminate(TerminateReach::Scope),
                8 => Throw::Error { code: self.builder.literal("E"), message: None },
                _ => self.result(*kind),
            });
        }
        ElementKind::EndEvent(ThrowEvent { results })
    }

    fn catch(&mut self, wait: Wait) -> ElementKind {
        let (triggers, parallel) = self.triggers(wait);
        ElementKind::CatchEvent(CatchEvent { triggers, parallel })
    }

    fn receive(&mut self) -> ElementKind {
        let message = MessageTrigger { name: self.builder.literal("m0"), key: None, correlation: Vec::new() };
        ElementKind::ReceiveTask(Box::new(ReceiveTask { message, instantiate: false }))
    }

    /// Draws a block after `from`; gives the element it leaves by.
    fn block(&mut self, block: &Block, from: ElementIdx) -> ElementIdx {
        match block {
            Block::Task => self.after(from, "task", ElementKind::Task),
            Block::Service => {
                let service = self.service();
                self.after(from, "job", service)
            }
            Block::Catch(wait) => {
                let catch = self.catch(*wait);
                self.after(from, "catch", catch)
            }
            Block::Receive => {
                let receive = self.receive();
                self.after(from, "receive", receive)
            }
            Block::Throw(kinds) => {
                let results = kinds.iter().map(|kind| self.result(*kind)).collect();
                self.after(from, "throw", ElementKind::ThrowEvent(ThrowEvent { results }))
            }
            Block::Choice(waits) => self.choice(waits, from),
            Block::Sequence(blocks) => blocks.iter().fold(from, |from, block| self.block(block, from)),
            Block::Parallel(blocks) => {
                let split = self.after(from, "fork", ElementKind::ParallelGateway);
                self.branches(blocks, split, ElementKind::ParallelGateway, |_, _| None)
            }
            Block::Inclusive(blocks, mask) => {
                let split = self.after(from, "some", ElementKind::InclusiveGateway);
                let mask = *mask;
                let taken = move |d: &mut Self, n: usize| {
                    Some(d.builder.literal(mask >> (n % 8) & 1 == 1 || n == usize::from(mask) % 2))
                };
                self.branches(blocks, split, ElementKind::InclusiveGateway, taken)
            }
            Block::Complex(blocks, need) => {
                let split = self.after(from, "fork", ElementKind::ParallelGateway);
                let need = usize::from(*need) % blocks.len() + 1;
                let activation = Some(self.feel(&format!("activationCount >= {need}")));
                let join = ElementKind::ComplexGateway(ComplexGateway { activation });
                self.branches(blocks, split, join, |_, _| None)
            }
            Block::Sub(sub) => self.sub(sub, from),
            Block::Guarded(listener) => {
                let service = self.service();
                let host = self.after(from, "host", service);
                self.guard(host, *listener)
            }
            Block::Tangle(edges) => self.tangle(edges, from),
        }
    }

    fn branches(
        &mut self,
        blocks: &[Block],
        split: ElementIdx,
        join: ElementKind,
        mut condition: impl FnMut(&mut Self, usize) -> Option<ExprId>,
    ) -> ElementIdx {
        let mut ends = Vec::new();
        for (n, block) in blocks.iter().enumerate() {
            let first = self.node("branch", ElementKind::Task);
            let condition = condition(self, n);
            self.builder.flow(split, first, condition);
            ends.push(self.block(block, first));
        }
        let join = self.node("join", join);
        for end in ends {
            self.builder.flow(end, join, None);
        }
        join
    }

    fn choice(&mut self, waits: &[Wait], from: ElementIdx) -> ElementIdx {
        let gateway = ElementKind::EventBasedGateway(EventBasedGateway::default());
        let gateway = self.after(from, "wait", gateway);
        let mut ends = Vec::new();
        for wait in waits {
            let kind = if wait.kind == 7 { self.receive() } else { self.catch(*wait) };
            ends.push(self.after(gateway, "maybe", kind));
        }
        let merge = self.node("merge", ElementKind::ExclusiveGateway);
        for end in ends {
            self.builder.flow(end, merge, None);
        }
        merge
    }

    fn sub(&mut self, sub: &Sub, from: ElementIdx) -> ElementIdx {
        self.count += 1;
        let id = format!("sub{}", self.count);
        let scope = self.builder.open_scope(&id);
        self.builder.flow(from, scope, None);
        let start = self.node("start", ElementKind::start());
        let last = self.block(&sub.inner, start);
        let end = self.end(&sub.end);
        self.after(last, "end", end);
        if let Some((listener, block)) = &sub.event {
            self.event_sub_process(scope, *listener, block);
        }
        self.builder.close_scope();
        match sub.boundary {
            Some(listener) => self.guard(scope, listener),
            None => scope,
        }
    }

    fn event_sub_process(&mut self, scope: ElementIdx, listener: Listener, block: &Block) {
        self.count += 1;
        let id = format!("event{}", self.count);
        let event = self.builder.open_scope(&id);
        self.builder.scope_mut(event).kind = ScopeKind::EventSubProcess;
        self.builder.scope_mut(scope).event_sub_processes.push(event);
        let (triggers, parallel, interrupting) = self.listened(listener);
        let start = self.node("start", ElementKind::StartEvent(StartEvent { triggers, parallel, interrupting }));
        let last = self.block(block, start);
        self.after(last, "end", ElementKind::end());
        self.builder.close_scope();
    }

    fn guard(&mut self, host: ElementIdx, listener: Listener) -> ElementIdx {
        let (triggers, parallel, interrupting) = self.listened(listener);
        self.count += 1;
        let id = format!("boundary{}", self.count);
        let first = triggers[0].clone();
        let boundary = self.builder.boundary(&id, host, interrupting, first);
        let kind = &mut self.builder.definition.elements[boundary.0 as usize].kind;
        *kind = ElementKind::BoundaryEvent(BoundaryEvent { attached_to: host, interrupting, triggers, parallel });
        let service = self.service();
        let side = self.after(boundary, "side", service);
        if interrupting {
            let merge = self.node("merge", ElementKind::ExclusiveGateway);
            self.builder.flow(host, merge, None);
            self.builder.flow(side, merge, None);
            merge
        } else {
            self.after(side, "end", ElementKind::end());
            host
        }
    }

    fn is_parallel(&self, element: ElementIdx) -> bool {
        matches!(self.builder.definition.element(element).kind, ElementKind::ParallelGateway)
    }

    /// Gateways and services with flows between any two: forward ones by default, back ones while `m` is high.
    fn tangle(&mut self, edges: &[(u8, u8, u8)], from: ElementIdx) -> ElementIdx {
        let mut nodes = vec![self.after(from, "in", ElementKind::ParallelGateway)];
        for (kind, _, _) in edges {
            let kind = match kind % 5 {
                0 => self.service(),
                1 => ElementKind::ExclusiveGateway,
                2 => ElementKind::ParallelGateway,
                _ => ElementKind::InclusiveGateway,
            };
            let node = self.node("t", kind);
            let before = *nodes.last().unwrap();
            let flow = self.builder.flow(before, node, None);
            if matches!(self.builder.definition.element(before).kind, ElementKind::ExclusiveGateway) {
                self.builder.set_default(flow);
            }
            nodes.push(node);
        }
        let out = self.after(*nodes.last().unwrap(), "out", ElementKind::InclusiveGateway);
        nodes.push(out);
        for (_, a, b) in edges {
            let (a, b) = (usize::from(*a) % (nodes.len() - 1), usize::from(*b) % nodes.len());
            if b > a {
                self.builder.flow(nodes[a], nodes[b], None);
            } else if b > 0 && !self.is_parallel(nodes[a]) {
                // A parallel gateway would not ask for the condition (TK-11).
                let high = self.feel("m > 5");
                self.builder.flow(nodes[a], nodes[b], Some(high));
            }
        }
        out
    }
}

fn process(block: &Block, event: Option<&(Listener, Block)>) -> ProcessDefinition {
    let mut draw = Draw { builder: Builder::new(), count: 0 };
    let start = draw.node("start", ElementKind::start());
    let last = draw.block(block, start);
    draw.after(last, "end", ElementKind::end());
    if let Some((listener, block)) = event {
        draw.event_sub_process(ROOT, *listener, block);
    }
    draw.builder.finish()
}

fn values(n: i64) -> Object {
    let m = if n == 13 { 0 } else { n };
    Object::from_iter([(Arc::from("n"), Value::from(n)), (Arc::from("m"), Value::from(m))])
}

/// Where it stands, shortly.
fn shown(bed: &Testbed) -> String {
    let (instance, definition) = (bed.instance().expect("started"), bed.program().definition());
    let at: Vec<String> = (instance.elements().iter())
        .map(|e| format!("{}:{}@{}", e.key, definition.element(e.element).id, e.scope))
        .collect();
    let waiting: Vec<String> =
        instance.waiting().iter().map(|w| format!("{}x{}", definition.flow(w.flow).id, w.count)).collect();
    let flows: Vec<&str> = definition.flows.iter().map(|f| &*f.id).collect();
    let incidents: Vec<String> = instance.incidents().iter().map(|i| format!("{}:{}", i.key, i.code)).collect();
    format!(
        "at {at:?} waiting {waiting:?} incidents {incidents:?} jobs {} subscriptions {} watched {:?} timers {} \
         flows {flows:?}",
        instance.jobs().len(),
        instance.subscriptions().len(),
        instance.watchers(),
        instance.timers().len(),
    )
}

/// One random command; most fit, some are refused.
fn act(bed: &mut Testbed, choice: u16) -> Result<(), TestCaseError> {
    let instance = bed.instance().expect("started");
    let pick = usize::from(choice >> 4);
    let job = instance.jobs().get(pick % instance.jobs().len().max(1)).map(|j| j.id);
    let incident = instance.incidents().get(pick % instance.incidents().len().max(1)).map(|i| i.id);
    let open = instance.subscriptions().get(pick % instance.subscriptions().len().max(1)).cloned();
    let n = values(pick as i64 % 14);
    // Not `n`: an event sub-process would keep it for itself.
    let p = Object::from_iter([(Arc::from("p"), Value::from(pick as i64))]);
    let by = Some(UserId(1));
    let done = match (choice & 15, job, open, incident) {
        (0..=3, Some(job), ..) => bed.command(Command::CompleteJob { job, result: n, by: None }),
        (4, Some(job), ..) => {
            let (code, message) = ("E".to_owned(), String::new());
            bed.command(Command::ThrowJobError { job, code, message, variables: p })
        }
        (5..=8, _, Some(open), _) => bed.command(match open.awaited {
            Awaited::Message { name, .. } => {
                Command::DeliverMessage { subscription: open.id, name: name.to_string(), variables: p }
            }
            Awaited::Signal { .. } => Command::DeliverSignal { subscription: open.id, variables: p },
        }),
        (9 | 10, _, _, Some(incident)) => bed.command(Command::ResolveIncident { incident, by }),
        (11 | 12, ..) => bed.command(Command::SetVariables { scope: None, values: n, by }),
        (13, ..) => bed.command(Command::EvaluateConditions {}),
        _ => bed.advance(&format!("PT{}S", pick % 40)),
    };
    // A refused command changes nothing, which `verify` sees.
    prop_assert!(done.map_or(0, |events| events.len()) < EVENTS, "a step is too long");
    Ok(())
}

/// Does whatever is open until nothing is; false when it does not end. Variables end high: conditions become true once.
fn finish(bed: &mut Testbed) -> Result<bool, TestCaseError> {
    for round in 0..1500_u16 {
        let instance = bed.instance().expect("started");
        if instance.state() != InstanceState::Active {
            return Ok(true);
        }
        if bed.journal().len() > JOURNAL {
            return Ok(false);
        }
        let (jobs, incidents) = (!instance.jobs().is_empty(), !instance.incidents().is_empty());
        // The newest run first, so that what started ends before more is started.
        let newest = instance.subscriptions().iter().max_by_key(|s| s.key).map(|s| s.id);
        let at = instance.subscriptions().iter().position(|s| Some(s.id) == newest);
        let low = round < 40 && round % 12 == 4;
        match (round % 6, at) {
            (0, _) if incidents => act(bed, 9 | ((round / 6) << 4))?,
            (3, Some(at)) if !jobs => {
                let pick = (0..14 * 64).find(|p| p % 14 == 13 && p % instance.subscriptions().len() == at);
                act(bed, 5 | (pick.unwrap_or(at) as u16) << 4)?;
            }
            (4, _) => act(bed, 11 | ((if low { 0 } else { 13 }) << 4))?,
            _ if jobs => act(bed, 13 << 4)?,
            _ => act(bed, 15 | (39 << 4))?,
        }
    }
    Ok(false)
}

fn nothing_left(bed: &Testbed) -> Result<(), TestCaseError> {
    let instance = bed.instance().expect("started");
    prop_assert!(instance.jobs().is_empty() && instance.tasks().is_empty() && instance.timers().is_empty());
    prop_assert!(instance.subscriptions().is_empty() && instance.watchers().is_empty());
    prop_assert!(instance.incidents().is_empty() && instance.called().is_empty() && instance.waiting().is_empty());
    prop_assert!(instance.listening().is_none());
    Ok(())
}

type Case = (Block, Option<(Listener, Block)>, Vec<u16>, bool);

fn check((block, event, choices, cancels): Case) -> Result<(), TestCaseError> {
    let definition = process(&block, event.as_ref());
    let program = Program::compile(definition, &Limits::default()).expect("it compiles");
    let mut bed = Testbed::new(program).with_limits(Limits { step_node_entries: BUDGET, ..Limits::default() });
    bed.start(values(0)).expect("it has a start event");
    let verified = |bed: &Testbed| bed.verify().map_err(TestCaseError::fail);
    verified(&bed)?;
    for choice in &choices {
        act(&mut bed, *choice)?;
        verified(&bed)?;
        if bed.journal().len() > JOURNAL {
            return Ok(());
        }
    }
    if cancels && bed.instance().expect("started").state() == InstanceState::Active {
        bed.command(Command::Cancel { reason: "test".to_owned(), by: None }).expect("it is active");
    } else {
        let ends = finish(&mut bed)?;
        if bed.journal().len() > JOURNAL {
            return verified(&bed);
        }
        prop_assert!(ends, "it does not end: {}", shown(&bed));
    }
    verified(&bed)?;
    nothing_left(&bed)
}

#[test]
fn events_and_gateways_on_any_path() {
    let cases = std::env::var("EVENT_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(300);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 60, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let event = prop::option::weighted(0.3, (listeners(), blocks()));
    let input = (blocks(), event, prop::collection::vec(any::<u16>(), 0..40), any::<bool>());
    TestRunner::new_with_rng(config, rng).run(&input, check).unwrap_or_else(|failure| panic!("{failure}"));
}
