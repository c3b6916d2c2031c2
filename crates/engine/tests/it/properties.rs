//! Properties on random block-structured processes with random paths (rule 24).
//!
//! After every step: invariants hold, the journal replays to the live state, the snapshot reads back the same.
//! At the end: what can go on ends; a cancelled instance leaves no job, task, timer or incident.

use crate::support::definition::Builder;
use engine::testbed::Testbed;
use engine::{Command, InstanceState, Program};
use model::definition::*;
use model::limits::Limits;
use model::{Object, UserId, Value};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::sync::Arc;

/// A piece of a process with one way in and one way out.
#[derive(Debug, Clone)]
enum Block {
    Task,
    Script,
    Service,
    User { people: u8, all: bool },
    Timer(u16),
    Sequence(Vec<Block>),
    Parallel(Vec<Block>),
    Exclusive(Vec<Block>, u8),
    Sub { inner: Box<Block>, end: End, boundary: Boundary },
    Guarded { boundary: Boundary },
}

#[derive(Debug, Clone, Copy)]
enum End {
    None,
    Terminate,
    Error,
}

#[derive(Debug, Clone, Copy)]
enum Boundary {
    Nothing,
    Error,
    Interrupting(u16),
    NonInterrupting(u16),
    Cycle(u8),
}

fn boundaries() -> impl Strategy<Value = Boundary> {
    prop_oneof![
        Just(Boundary::Nothing),
        Just(Boundary::Error),
        (0_u16..100).prop_map(Boundary::Interrupting),
        (0_u16..100).prop_map(Boundary::NonInterrupting),
        (1_u8..4).prop_map(Boundary::Cycle),
    ]
}

fn blocks() -> impl Strategy<Value = Block> {
    let leaf = prop_oneof![
        Just(Block::Task),
        Just(Block::Script),
        Just(Block::Service),
        (1_u8..4, any::<bool>()).prop_map(|(people, all)| Block::User { people, all }),
        (0_u16..100).prop_map(Block::Timer),
        boundaries().prop_map(|boundary| Block::Guarded { boundary }),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let ends = prop_oneof![3 => Just(End::None), 1 => Just(End::Terminate), 1 => Just(End::Error)];
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Block::Sequence),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Block::Parallel),
            (prop::collection::vec(inner.clone(), 2..4), any::<u8>()).prop_map(|(b, pick)| Block::Exclusive(b, pick)),
            (inner, ends, boundaries()).prop_map(|(inner, end, boundary)| Block::Sub {
                inner: Box::new(inner),
                end,
                boundary
            }),
        ]
    })
}

struct Draw {
    builder: Builder,
    count: u32,
}

impl Draw {
    fn id(&mut self, kind: &str) -> String {
        self.count += 1;
        format!("{kind}{}", self.count)
    }

    fn node(&mut self, kind_name: &str, kind: ElementKind) -> ElementIdx {
        let id = self.id(kind_name);
        self.builder.element(&id, kind)
    }

    fn service(&mut self) -> ElementIdx {
        let job_type = self.builder.literal("work");
        let task = ServiceTask::new(job_type);
        self.node("job", ElementKind::ServiceTask(Box::new(task)))
    }

    fn timer(&mut self, kind: TimerKind, value: String) -> Timer {
        Timer::new(kind, self.builder.literal(value))
    }

    /// Draws a block after `from`; gives the element it leaves by.
    fn block(&mut self, block: &Block, from: ElementIdx) -> ElementIdx {
        match block {
            Block::Task => self.after(from, |d| d.node("task", ElementKind::Task)),
            Block::Script => {
                let script = self.builder.literal(7_i64);
                let result_variable = Some(format!("v{}", self.count % 3));
                let task = ScriptTask { script, result_variable };
                self.after(from, |d| d.node("script", ElementKind::ScriptTask(task)))
            }
            Block::Service => self.after(from, Self::service),
            Block::User { people, all } => {
                let names: Vec<String> = (1..=*people).map(|n| format!("user_{n}")).collect();
                let assignee = Some(self.builder.literal(names.join(",")));
                let rule = Value::text(if *all { "all" } else { "any" });
                let settings = Object::from_iter([(Arc::from("ApproveType"), rule)]);
                let task = UserTask { kind: TaskKind::Approve, assignee, settings, ..UserTask::default() };
                self.after(from, |d| d.node("user", ElementKind::UserTask(Box::new(task))))
            }
            Block::Timer(seconds) => {
                let timer = self.timer(TimerKind::Duration, format!("PT{seconds}S"));
                self.after(from, |d| d.node("timer", ElementKind::CatchEvent(CatchEvent::of(Trigger::Timer(timer)))))
            }
            Block::Sequence(blocks) => blocks.iter().fold(from, |from, block| self.block(block, from)),
            Block::Parallel(blocks) => {
                let split = self.after(from, |d| d.node("fork", ElementKind::ParallelGateway));
                let ends: Vec<ElementIdx> = blocks.iter().map(|b| self.block(b, split)).collect();
                self.merge(&ends, ElementKind::ParallelGateway)
            }
            Block::Exclusive(blocks, pick) => self.exclusive(blocks, *pick, from),
            Block::Sub { inner, end, boundary } => {
                let id = self.id("sub");
                let sub = self.builder.open_scope(&id);
                self.builder.flow(from, sub, None);
                let start = self.node("start", ElementKind::start());
                let last = self.block(inner, start);
                let end = match end {
                    End::None => ThrowEvent::default(),
                    End::Terminate => ThrowEvent::of(Throw::Terminate(TerminateReach::Scope)),
                    End::Error => {
                        let code = self.builder.literal("E");
                        ThrowEvent::of(Throw::Error { code, message: None })
                    }
                };
                self.after(last, |d| d.node("end", ElementKind::EndEvent(end)));
                self.builder.close_scope();
                self.guard(sub, *boundary)
            }
            Block::Guarded { boundary } => {
                let host = self.after(from, Self::service);
                self.guard(host, *boundary)
            }
        }
    }

    fn exclusive(&mut self, blocks: &[Block], pick: u8, from: ElementIdx) -> ElementIdx {
        let split = self.after(from, |d| d.node("choice", ElementKind::ExclusiveGateway));
        let mut ends = Vec::new();
        for (n, block) in blocks.iter().enumerate() {
            let first = self.node("branch", ElementKind::Task);
            let condition = self.builder.literal(n == usize::from(pick) % blocks.len());
            let flow = self.builder.flow(split, first, Some(condition));
            if n == 0 && pick.is_multiple_of(2) {
                self.builder.set_default(flow);
            }
            ends.push(self.block(block, first));
        }
        self.merge(&ends, ElementKind::ExclusiveGateway)
    }

    fn after(&mut self, from: ElementIdx, draw: impl FnOnce(&mut Self) -> ElementIdx) -> ElementIdx {
        let node = draw(self);
        self.builder.flow(from, node, None);
        node
    }

    fn merge(&mut self, ends: &[ElementIdx], kind: ElementKind) -> ElementIdx {
        let join = self.node("join", kind);
        for end in ends {
            self.builder.flow(*end, join, None);
        }
        join
    }

    fn guard(&mut self, host: ElementIdx, boundary: Boundary) -> ElementIdx {
        let (trigger, interrupting) = match boundary {
            Boundary::Nothing => return host,
            Boundary::Error => (Trigger::Error(ErrorTrigger::default()), true),
            Boundary::Interrupting(s) => (Trigger::Timer(self.timer(TimerKind::Duration, format!("PT{s}S"))), true),
            Boundary::NonInterrupting(s) => (Trigger::Timer(self.timer(TimerKind::Duration, format!("PT{s}S"))), false),
            Boundary::Cycle(n) => (Trigger::Timer(self.timer(TimerKind::Cycle, format!("R{n}/PT7S"))), false),
        };
        let id = self.id("boundary");
        let event = self.builder.boundary(&id, host, interrupting, trigger);
        let side = self.after(event, Self::service);
        if interrupting {
            self.merge(&[host, side], ElementKind::ExclusiveGateway)
        } else {
            self.after(side, |d| d.node("end", ElementKind::end()));
            host
        }
    }
}

fn process(block: &Block) -> ProcessDefinition {
    let mut draw = Draw { builder: Builder::new(), count: 0 };
    let start = draw.node("start", ElementKind::start());
    let last = draw.block(block, start);
    draw.after(last, |d| d.node("end", ElementKind::end()));
    draw.builder.finish()
}

/// One random command; most fit, some are refused.
fn act(bed: &mut Testbed, choice: u16) {
    let instance = bed.instance().expect("started");
    let pick = usize::from(choice >> 4);
    let job = instance.jobs().get(pick % instance.jobs().len().max(1)).map(|j| j.id);
    let task = instance.tasks().get(pick % instance.tasks().len().max(1)).map(|t| (t.id, t.answers.len()));
    let incident = instance.incidents().get(pick % instance.incidents().len().max(1)).map(|i| i.id);
    let values = Object::from_iter([(Arc::from(format!("v{}", pick % 4)), Value::from(i64::from(choice)))]);
    let by = Some(UserId(1));
    let command = match (choice & 15, job, task, incident) {
        (0..=5, Some(job), ..) => Command::CompleteJob { job, result: values, by: None },
        (6, Some(job), ..) => {
            let (code, message) = (String::new(), "failed".to_owned());
            Command::FailJob { job, retries: None, retry_at: None, code, message }
        }
        (7, Some(job), ..) => {
            let (code, message) = ("E".to_owned(), String::new());
            Command::ThrowJobError { job, code, message, variables: values }
        }
        (8..=10, _, Some((task, answered)), _) => {
            let user = UserId(answered as i64 + 1);
            let outcome = if pick % 3 == 0 { "no" } else { "yes" }.to_owned();
            Command::AnswerTask { task, user, outcome, comment: None, values }
        }
        (11 | 12, _, _, Some(incident)) => Command::ResolveIncident { incident, by },
        (13, ..) => Command::SetVariables { scope: None, values, by },
        _ => {
            bed.advance(&format!("PT{}S", pick % 40)).expect("timers that are armed fire");
            return;
        }
    };
    // A refused command changes nothing, which `verify` sees.
    let _ = bed.command(command);
}

/// Does whatever is open until nothing is; false when it does not end.
fn finish(bed: &mut Testbed) -> bool {
    for round in 0..400_u16 {
        let instance = bed.instance().expect("started");
        if instance.state() != InstanceState::Active {
            return true;
        }
        let choice = match (instance.jobs().is_empty(), instance.tasks().is_empty(), instance.incidents().is_empty()) {
            (.., false) if round % 3 == 0 => 11,
            (false, ..) => 0,
            (_, false, _) => 8 | (1 << 4),
            _ => 15 | (39 << 4),
        };
        act(bed, choice);
    }
    false
}

fn check(block: &Block, choices: &[u16], cancels: bool) -> Result<(), TestCaseError> {
    let definition = process(block);
    let program = Program::compile(definition, &Limits::default()).expect("only literals");
    let mut bed = Testbed::new(program);
    bed.start(Object::new()).expect("it has a start event");
    let verified = |bed: &Testbed| bed.verify().map_err(TestCaseError::fail);
    verified(&bed)?;
    for choice in choices {
        act(&mut bed, *choice);
        verified(&bed)?;
    }
    let active = bed.instance().expect("started").state() == InstanceState::Active;
    if cancels && active {
        bed.command(Command::Cancel { reason: "test".to_owned(), by: None }).expect("it is active");
        verified(&bed)?;
        let instance = bed.instance().expect("started");
        prop_assert_eq!(instance.state(), InstanceState::Canceled);
        prop_assert!(instance.jobs().is_empty() && instance.tasks().is_empty() && instance.timers().is_empty());
    } else {
        prop_assert!(finish(&mut bed), "it does not end: {:#?}", bed.instance());
        verified(&bed)?;
    }
    Ok(())
}

#[test]
fn live_state_is_replayed_state_on_any_path() {
    let config = Config { cases: 300, failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let input = (blocks(), prop::collection::vec(any::<u16>(), 0..40), any::<bool>());
    TestRunner::new_with_rng(config, rng)
        .run(&input, |(block, choices, cancels)| check(&block, &choices, cancels))
        .unwrap_or_else(|failure| panic!("{failure}"));
}
