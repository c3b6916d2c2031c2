//! Properties of random activities on random paths: turns, loops, calls, compensation, transactions, ad-hoc choices,
//! stages, modifications by hand.
//!
//! After every step: invariants hold, the journal replays to the live state, the snapshot reads back the same. At the
//! end: what can go on ends; a cancelled instance leaves nothing behind. More cases: `ACTIVITY_CASES=5000`.

use crate::support::definition::parse;
use engine::exchange::ChildOutcome;
use engine::testbed::Testbed;
use engine::{Activate, Command, Instance, InstanceState, MigrationPlan, Modification, Program};
use model::limits::Limits;
use model::{DefinitionId, Object, UserId, Value};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::fmt::Write as _;
use std::sync::Arc;

/// A piece of a process with one way in and one way out.
#[derive(Debug, Clone)]
enum Block {
    Task,
    Service,
    Call,
    Undoable,
    UndoableCall,
    Compensate(bool),
    Staged(u8),
    Sequence(Vec<Block>),
    Parallel(Vec<Block>),
    Turns { parallel: bool, turns: u8, inner: Box<Block>, boundary: bool },
    Loop { turns: u8, inner: Box<Block> },
    Transaction { inner: Box<Block>, cancels: bool, boundary: bool },
    Sub { inner: Box<Block>, undo: bool },
    AdHoc { one: bool, manual: bool },
}

fn blocks() -> impl Strategy<Value = Block> {
    let leaf = prop_oneof![
        Just(Block::Task),
        Just(Block::Service),
        Just(Block::Call),
        Just(Block::Undoable),
        Just(Block::UndoableCall),
        any::<bool>().prop_map(Block::Compensate),
        any::<u8>().prop_map(Block::Staged),
        (any::<bool>(), any::<bool>()).prop_map(|(one, manual)| Block::AdHoc { one, manual }),
    ];
    leaf.prop_recursive(4, 20, 3, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Block::Sequence),
            prop::collection::vec(inner, 2..4).prop_map(Block::Parallel),
            (any::<bool>(), 0_u8..4, boxed.clone(), any::<bool>())
                .prop_map(|(parallel, turns, inner, boundary)| Block::Turns { parallel, turns, inner, boundary }),
            (1_u8..3, boxed.clone()).prop_map(|(turns, inner)| Block::Loop { turns, inner }),
            (boxed.clone(), any::<bool>(), any::<bool>()).prop_map(|(inner, cancels, boundary)| Block::Transaction {
                inner,
                cancels,
                boundary
            }),
            (boxed, any::<bool>()).prop_map(|(inner, undo)| Block::Sub { inner, undo }),
        ]
    })
}

/// Writes a process in the words of the test support.
struct Text {
    out: String,
    count: u32,
}

impl Text {
    fn id(&mut self, kind: &str) -> String {
        self.count += 1;
        format!("{kind}{}", self.count)
    }

    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    fn after(&mut self, from: &str, word: &str, settings: &[&str]) -> String {
        let id = self.id(word);
        self.line(&format!("{word} {id}"));
        settings.iter().for_each(|s| self.line(&format!("    {s}")));
        self.flow(from, &id);
        id
    }

    fn flow(&mut self, from: &str, to: &str) {
        self.line(&format!("flow {from} -> {to}"));
    }

    /// A scope around `inner`; gives its id.
    fn scope(&mut self, word: &str, settings: &[String], inner: &Block, end: &str) -> String {
        let id = self.id(word);
        self.line(&format!("{word} {id} {{"));
        settings.iter().for_each(|s| self.line(&format!("    {s}")));
        let start = self.id("start");
        self.line(&format!("start {start}"));
        let last = self.block(inner, &start);
        self.after(&last, end, &[]);
        id
    }

    fn close(&mut self, from: &str, id: &str) -> String {
        self.line("}");
        self.flow(from, id);
        id.to_owned()
    }

    fn block(&mut self, block: &Block, from: &str) -> String {
        match block {
            Block::Task => self.after(from, "task", &[]),
            Block::Service => self.after(from, "service", &[]),
            Block::Call => {
                let id = self.id("call");
                self.line(&format!("call {id} child"));
                self.flow(from, &id);
                id
            }
            Block::Undoable | Block::UndoableCall => self.undoable(block, from),
            Block::Compensate(waits) => self.after(from, if *waits { "compensate" } else { "forget" }, &[]),
            Block::Staged(which) => {
                let all = ["asyncBefore", "asyncAfter", "mutex = \"m\"", "on start before", "on end after"];
                let chosen: Vec<&str> =
                    all.iter().enumerate().filter(|(i, _)| which >> i & 1 == 1).map(|(_, s)| *s).collect();
                self.after(from, "service", &chosen)
            }
            Block::Sequence(blocks) => blocks.iter().fold(from.to_owned(), |from, block| self.block(block, &from)),
            Block::Parallel(blocks) => {
                let fork = self.after(from, "parallel", &[]);
                let ends: Vec<String> = blocks.iter().map(|b| self.block(b, &fork)).collect();
                let join = self.id("join");
                self.line(&format!("parallel {join}"));
                ends.iter().for_each(|end| self.flow(end, &join));
                join
            }
            _ => self.nested(block, from),
        }
    }

    fn undoable(&mut self, block: &Block, from: &str) -> String {
        let (undo, id) = (self.id("undo"), self.id("done"));
        self.line(&format!("service {undo}"));
        match block {
            Block::UndoableCall => self.line(&format!("call {id} child\n    handler {undo}")),
            _ => self.line(&format!("service {id}\n    handler {undo}")),
        }
        self.flow(from, &id);
        id
    }

    fn nested(&mut self, block: &Block, from: &str) -> String {
        match block {
            Block::Turns { parallel, turns, inner, boundary } => {
                let how = if *parallel { "parallel" } else { "sequential" };
                let settings = [format!("{how} times {turns}"), "collect out = loopCounter".to_owned()];
                let id = self.scope("sub", &settings, inner, "end");
                let last = self.close(from, &id);
                if *boundary {
                    let event = self.id("boundary");
                    self.line(&format!("boundary {event} on {id} error"));
                    self.after(&event, "end", &[]);
                }
                last
            }
            Block::Loop { turns, inner } => {
                let id = self.scope("sub", &[format!("loopMax {turns}")], inner, "end");
                self.close(from, &id)
            }
            Block::Transaction { inner, cancels, boundary } => {
                let id = self.scope("transaction", &[], inner, if *cancels { "cancelEnd" } else { "end" });
                let last = self.close(from, &id);
                if *boundary {
                    let event = self.id("boundary");
                    self.line(&format!("boundary {event} on {id} cancel"));
                    self.after(&event, "end", &[]);
                }
                last
            }
            Block::Sub { inner, undo } => {
                let id = self.scope("sub", &[], inner, "end");
                if *undo {
                    let (event, start) = (self.id("undoing"), self.id("start"));
                    self.line(&format!("undo {event} {{\nstartdone {start}"));
                    let work = self.after(&start, "service", &[]);
                    self.after(&work, "compensate", &[]);
                    self.line("}");
                }
                self.close(from, &id)
            }
            Block::AdHoc { one, manual } => {
                let id = self.id("adhoc");
                self.line(&format!("adhoc {id} {{"));
                [(*one, "    one"), (*manual, "    manual")]
                    .iter()
                    .filter(|(on, _)| *on)
                    .for_each(|(_, s)| self.line(s));
                for _ in 0..2 {
                    let inner = self.id("inner");
                    self.line(&format!("service {inner}"));
                }
                self.close(from, &id)
            }
            _ => unreachable!("blocks without a scope are drawn elsewhere"),
        }
    }
}

fn process(block: &Block) -> String {
    let mut text = Text { out: "start begin\n".to_owned(), count: 0 };
    let last = text.block(block, "begin");
    text.after(&last, "end", &[]);
    text.out
}

fn pick<T: Copy>(items: &[T], number: usize) -> Option<T> {
    items.get(number % items.len().max(1)).copied()
}

/// A command for what is open, by chance.
fn command(bed: &Testbed, choice: u16) -> Option<Command> {
    let instance = bed.instance().expect("started");
    let number = usize::from(choice >> 5);
    let by = Some(UserId(1));
    let jobs: Vec<_> = instance.jobs().iter().map(|j| j.id).collect();
    let incidents: Vec<_> = instance.incidents().iter().map(|i| i.id).collect();
    let runs: Vec<u32> = instance.elements().iter().skip(1).map(|e| e.key).collect();
    let bodies: Vec<u32> = instance.activities().bodies.iter().map(|b| b.key).collect();
    let values = Object::from_iter([(Arc::from(format!("v{}", number % 3)), Value::from(i64::from(choice)))]);
    let (code, message) = ("E".to_owned(), "by chance".to_owned());
    Some(match choice & 31 {
        0..=8 => Command::CompleteJob { job: pick(&jobs, number)?, result: values, by: None },
        9 => {
            let (job, code) = (pick(&jobs, number)?, String::new());
            Command::FailJob { job, retries: Some(0), retry_at: None, code, message }
        }
        10 => Command::ThrowJobError { job: pick(&jobs, number)?, code, message, variables: values },
        11..=14 => finish_child(instance, number)?,
        15 => Command::AddTurn { key: pick(&bodies, number)?, item: Value::Null, by },
        16 => Command::DeleteTurn { turn: pick(&runs, number)?, by },
        17 => Command::CompleteTurns { key: pick(&bodies, number)?, by },
        18 => Command::CancelTransaction { key: pick(&runs, number)?, by },
        19 | 20 => {
            let elements = bed.program().definition().elements.iter().map(|e| e.id.to_string());
            let elements = elements.filter(|id| id.starts_with("inner")).skip(number % 2).take(1).collect();
            Command::ActivateAdHoc { key: pick(&runs, number / 2)?, elements, variables: values, by }
        }
        21 => Command::CompleteAdHoc { key: pick(&runs, number)?, by },
        22 | 23 => {
            let all = &bed.program().definition().elements;
            let element = all[number % all.len()].id.to_string();
            let activate = vec![Activate { element, scope: None, variables: values }];
            let terminate =
                if number.is_multiple_of(2) { pick(&runs, number).into_iter().collect() } else { Vec::new() };
            Command::Modify { modification: Modification { activate, terminate, ..Modification::default() }, by }
        }
        24 => {
            let terminate = vec![pick(&runs, number)?];
            Command::Modify { modification: Modification { terminate, ..Modification::default() }, by }
        }
        25 => Command::Suspend { reason: message, by },
        26 => Command::Resume { by },
        27 | 28 => Command::ResolveIncident { incident: pick(&incidents, number)?, by },
        29 => Command::SkipIncident { incident: pick(&incidents, number)?, output: values, reason: message, by },
        _ => Command::SetVariables { scope: None, values, by },
    })
}

fn finish_child(instance: &Instance, number: usize) -> Option<Command> {
    if let Some(child) = instance.activities().compensations.iter().find_map(|c| c.child) {
        let outcome = match number % 4 {
            0 => ChildOutcome::Canceled { reason: "by chance".to_owned() },
            _ => ChildOutcome::Compensated,
        };
        return Some(Command::FinishChild { child, outcome });
    }
    let child = pick(instance.called(), number)?.id;
    let outcome = match number % 6 {
        0 => ChildOutcome::Failed { code: "E".to_owned(), message: String::new(), data: Object::new() },
        1 => ChildOutcome::Canceled { reason: String::new() },
        _ => ChildOutcome::Completed { variables: Object::new() },
    };
    Some(Command::FinishChild { child, outcome })
}

/// Does whatever is open until nothing is; false when it does not end.
fn finish(bed: &mut Testbed) -> bool {
    let by = Some(UserId(1));
    for _ in 0..3_000 {
        let instance = bed.instance().expect("started");
        if instance.state() != InstanceState::Active {
            return true;
        }
        let compensated = instance.activities().compensations.iter().find_map(|c| c.child);
        let manual = |key: &&engine::state::ElementInstance| {
            let id = &bed.program().definition().element(key.element).id;
            id.starts_with("adhoc") && instance.activities().ad_hoc(key.key).is_none_or(|a| !a.closing)
        };
        let command = if instance.is_suspended() {
            Command::Resume { by }
        } else if let Some(incident) = instance.incidents().first() {
            let (incident, output, reason) = (incident.id, Object::new(), String::new());
            Command::SkipIncident { incident, output, reason, by }
        } else if let Some(job) = instance.jobs().first() {
            Command::CompleteJob { job: job.id, result: Object::new(), by: None }
        } else if let Some(child) = compensated {
            Command::FinishChild { child, outcome: ChildOutcome::Compensated }
        } else if let Some(child) = instance.called().first() {
            Command::FinishChild { child: child.id, outcome: ChildOutcome::Completed { variables: Object::new() } }
        } else if let Some(ad_hoc) = instance.elements().iter().find(manual) {
            Command::CompleteAdHoc { key: ad_hoc.key, by }
        } else {
            return false;
        };
        if bed.command(command).is_err() {
            return false;
        }
    }
    false
}

/// To a version that is the same: nothing keeps it from it, and it goes on as before.
fn migrate(bed: &mut Testbed, text: &str) -> Result<(), TestCaseError> {
    let runs = bed.instance().expect("started").elements().to_vec();
    let program = Program::compile(parse(text), &Limits::default()).expect("the text can be run");
    let (definition, reason) = (DefinitionId(2), "by chance".to_owned());
    let plan = MigrationPlan { definition, elements: Vec::new(), reason, by: None };
    let problems = bed.migrate(program, &plan).err().unwrap_or_default();
    prop_assert!(problems.is_empty(), "{:?}\n{}", problems, text);
    let after = bed.instance().expect("started").elements();
    prop_assert!(runs.len() <= after.len(), "what runs goes on\n{}", text);
    bed.verify().map_err(|e| TestCaseError::fail(format!("after a migration: {e}\n{text}")))
}

fn check(block: &Block, choices: &[u16], cancels: bool) -> Result<(), TestCaseError> {
    let text = process(block);
    let program = Program::compile(parse(&text), &Limits::default()).expect("the text can be run");
    let mut bed = Testbed::new(program);
    bed.start(Object::new()).expect("it has a start event");
    let verified = |bed: &Testbed| bed.verify().map_err(|e| TestCaseError::fail(format!("{e}\n{text}")));
    verified(&bed)?;
    for choice in choices {
        if choice & 31 == 31 && bed.instance().expect("started").state() == InstanceState::Active {
            migrate(&mut bed, &text)?;
        } else if bed.instance().expect("started").state() == InstanceState::Active
            && let Some(command) = command(&bed, *choice)
        {
            let mut shown = String::new();
            write!(shown, "{command:?}").expect("a string");
            let before = bed.instance().cloned();
            if bed.command(command).is_err() {
                prop_assert_eq!(bed.instance().cloned(), before, "a refused command changes nothing: {}", shown);
            }
            bed.verify().map_err(|e| TestCaseError::fail(format!("after {shown}: {e}\n{text}")))?;
        }
    }
    let active = bed.instance().expect("started").state() == InstanceState::Active;
    if cancels && active {
        bed.command(Command::Cancel { reason: "test".to_owned(), by: None }).expect("it is active");
        verified(&bed)?;
    } else {
        prop_assert!(finish(&mut bed), "it does not end: {:#?}\n{}", bed.instance(), text);
        verified(&bed)?;
    }
    let instance = bed.instance().expect("started");
    prop_assert!(instance.jobs().is_empty() && instance.tasks().is_empty() && instance.timers().is_empty());
    prop_assert!(instance.called().is_empty() && instance.incidents().is_empty());
    prop_assert_eq!(instance.activities(), &engine::state::Activities::default(), "nothing is left behind");
    Ok(())
}

#[test]
fn random_activities_replay_end_and_leave_nothing() {
    let cases = std::env::var("ACTIVITY_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(500);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let input = (blocks(), prop::collection::vec(any::<u16>(), 0..50), any::<bool>());
    TestRunner::new_with_rng(config, rng)
        .run(&input, |(block, choices, cancels)| check(&block, &choices, cancels))
        .unwrap_or_else(|failure| panic!("{failure}"));
}
