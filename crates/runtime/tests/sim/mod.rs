//! One simulated run: servers, clients, clocks and faults on one thread, all decided by one seed.

pub mod book;
pub mod check;
pub mod net;
pub mod node;
pub mod promises;
pub mod world;

use crate::support::faulty::{Faults, Ground};
use crate::support::trace::Trace;
use book::{Ask, Book};
use model::Clock as _;
use net::Net;
use node::{Node, Surroundings};
use runtime::clock::Entropy;
use std::sync::{Arc, Mutex};
use store::SharedStore;
use world::Template;

/// Turns of what clients and fate do.
const STEPS: usize = 150;
/// The same for several nodes, whose lives are made of shorter moments.
const STEPS_NODES: usize = 250;
/// Turns after which what is not quiet never will be.
const DRAIN_MAX: usize = 6_000;
/// Requests on their way at once.
const PENDING_MAX: usize = 24;

/// What came of a run.
pub struct Outcome {
    pub hash: u64,
    pub started: usize,
    pub faults: u32,
    pub units: u64,
    pub deaths: u32,
    pub lines: Vec<String>,
}

/// How a run is.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub seed: u64,
    /// How many servers share the database.
    pub nodes: usize,
    /// Keeps a line of everything that happens.
    pub verbose: bool,
}

struct Sim {
    around: Surroundings,
    nodes: Vec<Node>,
    faults: Faults,
    /// Whether clocks jump.
    jumps: bool,
    starts: u32,
    deaths: u32,
}

/// Runs one seed from its beginning to the check.
pub fn run(plan: Plan) -> Outcome {
    let mut sim = Sim::new(plan);
    let exact = plan.nodes == 1 && !sim.jumps;
    for _ in 0..if plan.nodes > 1 { STEPS_NODES } else { STEPS } {
        sim.step();
    }
    sim.calm();
    sim.drain();
    let store: SharedStore = Arc::new(sim.around.database.open_beside().unwrap());
    let book = sim.around.book.lock().unwrap();
    check::check(&store, &book, &sim.around.template, exact);
    check::refusals(&book);
    let trace = &sim.around.ground.trace;
    let (faults, units) = trace.counts();
    let (hash, lines) = (trace.hash(), trace.lines());
    Outcome { hash, started: book.started.len(), faults, units, deaths: sim.deaths, lines }
}

impl Sim {
    fn new(plan: Plan) -> Self {
        let template = Template::get();
        let entropy = Entropy::seeded(plan.seed);
        let faults = profile(&entropy);
        let jumps = entropy.next_u64().is_multiple_of(3);
        let trace = Trace::new(plan.nodes == 1, plan.verbose);
        let ground = Arc::new(Ground { entropy, trace, faults: Mutex::new(faults) });
        let book = Arc::new(Mutex::new(Book::default()));
        let (net, partitions) = (Arc::new(Net::default()), if plan.nodes == 1 { 4 } else { 6 });
        let skews: Vec<i64> = (0..plan.nodes).map(|_| (ground.entropy.next_u64() % 120_000) as i64 - 60_000).collect();
        let around = Surroundings { database: template.database(partitions), ground, book, template, net, partitions };
        let nodes = skews.into_iter().enumerate().map(|(number, skew)| Node::new(number, skew)).collect();
        Self { around, nodes, faults, jumps, starts: 0, deaths: 0 }
    }

    fn dice(&self, sides: usize) -> usize {
        (self.around.ground.entropy.next_u64() % sides as u64) as usize
    }

    /// Clients ask, clocks move, fate strikes, everybody runs for a while.
    fn step(&mut self) {
        for _ in 0..self.dice(4) {
            let ask = self.choose();
            self.ask(ask);
        }
        match (self.dice(20), self.nodes.len()) {
            (0..=9, _) => self.advance(500),
            (10..=14, 1) => self.advance(4_000),
            (15 | 16, 1) => self.advance(20_000),
            // Servers that watch each other must be let look.
            (10..=16, _) => self.advance(1_000),
            _ => {}
        }
        self.fate();
        if self.nodes.len() > 1 {
            self.discord();
        }
        self.turns(60);
    }

    fn choose(&mut self) -> Ask {
        let pick = self.dice(1 << 16);
        match self.dice(23) {
            0..=4 if self.starts < 35 => {
                self.starts += 1;
                let template = &self.around.template;
                let kinds = [
                    template.story,
                    template.fork,
                    template.exchange,
                    template.exchange,
                    template.fragile,
                    template.wide,
                    template.strict,
                    template.letters,
                    template.letters,
                ];
                let definition = kinds[self.dice(kinds.len())];
                let document = template.records[self.dice(template.records.len())];
                Ask::Start { n: self.starts, definition, document }
            }
            5 if self.starts < 60 => {
                self.starts += 1;
                Ask::Arrive { n: self.starts, catalog: self.around.template.arrivals }
            }
            0..=8 => Ask::Answer { pick, twice: pick.is_multiple_of(5) },
            9..=11 => Ask::AppAnswer { pick, times: 1 + pick % 3 },
            12..=14 => Ask::Activate { parcel: pick.is_multiple_of(2) },
            15 | 16 => Ask::Complete { pick },
            17 => Ask::Fail { pick, retries: u32::from(pick % 4 > 1) },
            18 if pick.is_multiple_of(8) => Ask::Migrate { pick: pick / 8 },
            18 => Ask::Retry { pick },
            19 if pick.is_multiple_of(4) => Ask::Cancel { pick },
            20 | 21 => Ask::Publish { pick, at: self.nodes[0].clock.now() },
            22 if pick.is_multiple_of(2) => Ask::Suspend { pick: pick / 2 },
            22 => Ask::Resume { pick: pick / 2 },
            _ => Ask::Complete { pick },
        }
    }

    fn ask(&self, ask: Ask) {
        let at = self.dice(self.nodes.len());
        if self.around.book.lock().unwrap().pending < PENDING_MAX {
            self.nodes[at].ask(&self.around, ask);
        }
    }

    fn advance(&self, most_ms: usize) {
        let ms = self.dice(most_ms) as i64;
        self.nodes.iter().for_each(|node| node.clock.advance_ms(ms));
    }

    /// What nobody asked for.
    fn fate(&mut self) {
        let at = self.dice(self.nodes.len());
        match self.dice(100) {
            0 | 1 => self.kill(at),
            2 => self.nodes[at].leave(),
            // Servers whose clocks are hours apart would wait hours for each other's timers.
            3 if self.jumps && self.nodes.len() > 1 => self.nodes[at].clock.advance_ms(60_000),
            3 if self.jumps => self.nodes[at].clock.advance_ms(3_600_000),
            4 if self.jumps => self.nodes[at].clock.advance_ms(-60_000),
            5 if self.jumps && self.nodes.len() == 1 => self.nodes[at].clock.advance_ms(-3_600_000),
            6 | 7 => {
                let cut = !self.nodes[at].is_cut;
                self.nodes[at].cut(cut);
            }
            8..=20 if self.nodes[at].is_cut => self.nodes[at].cut(false),
            _ => {}
        }
    }

    /// What can go wrong between servers.
    fn discord(&mut self) {
        let (at, other) = (self.dice(self.nodes.len()), self.dice(self.nodes.len()));
        match self.dice(100) {
            0..=2 => self.nodes[at].frozen = true,
            3..=7 => self.nodes[at].frozen = false,
            8..=11 if at != other => self.around.net.cut(at, other),
            12 | 13 => self.around.net.mend(),
            14 => self.nodes[at].leave(),
            _ => {}
        }
    }

    fn kill(&mut self, at: usize) {
        if !self.nodes[at].is_down() {
            self.deaths += 1;
            self.nodes[at].kill();
        }
    }

    /// Everybody who can runs, each for a different while; who is down starts again.
    fn turns(&mut self, most: usize) {
        let first = self.dice(self.nodes.len());
        for n in 0..self.nodes.len() {
            let at = (first + n) % self.nodes.len();
            // With others there a machine stays down for a while.
            let wait = if self.nodes.len() == 1 { 2 } else { 12 };
            if self.nodes[at].is_down() && self.dice(wait) == 0 {
                self.nodes[at].boot(&self.around);
            }
            let turns = 1 + self.dice(most);
            if !self.nodes[at].run(turns) {
                self.deaths += 1;
            }
        }
    }

    /// From here on nothing goes wrong. Half of the servers go on as they are, the others start again.
    fn calm(&mut self) {
        *self.around.ground.faults.lock().unwrap() = Faults::default();
        self.around.net.mend();
        for at in 0..self.nodes.len() {
            self.nodes[at].cut(false);
            self.nodes[at].frozen = false;
            if self.dice(2) == 0 {
                self.kill(at);
            }
        }
    }

    /// Clients answer what there is until nothing is left.
    fn drain(&mut self) {
        let store: SharedStore = Arc::new(self.around.database.open_beside().unwrap());
        for turn in 0..DRAIN_MAX {
            let is_quiet = self.around.book.lock().unwrap().pending == 0;
            if is_quiet && turn % 8 == 0 && check::left(&store).is_empty() {
                return;
            }
            let pick = self.dice(1 << 16);
            for ask in [
                Ask::Answer { pick, twice: false },
                Ask::AppAnswer { pick, times: 1 },
                Ask::AppAnswer { pick: pick + turn, times: 1 },
                Ask::Activate { parcel: turn.is_multiple_of(2) },
                Ask::Complete { pick },
                Ask::Complete { pick: pick + 1 },
                Ask::Retry { pick },
                Ask::Resume { pick },
            ] {
                self.ask(ask);
            }
            if is_quiet {
                self.ask(Ask::Supply { pick, at: self.nodes[0].clock.now() });
            }
            // Clocks that jumped back may have to make up hours.
            let ms = match (self.nodes.len(), turn) {
                (1, ..200) => 1_000,
                (1, _) => 20_000,
                _ => 500,
            };
            self.nodes.iter().for_each(|node| node.clock.advance_ms(ms));
            self.turns(40);
        }
        panic!("never quiet; faults {:?}; left: {:#?}", self.faults, check::left(&store));
    }
}

/// What goes wrong in this run: not everything in every run, so that one fault does not hide another.
fn profile(entropy: &Entropy) -> Faults {
    let some = |most: u32| {
        let dice = entropy.next_u64();
        if dice.is_multiple_of(2) { 0 } else { u32::try_from(dice >> 8 & 0xffff).unwrap_or(0) % most }
    };
    Faults {
        refused: some(100),
        unheard: some(50),
        crash_before: some(25),
        crash_after: some(35),
        slow: some(300),
        slow_ms: 1 + some(8_000),
        read: some(25),
        lost_answer: some(50),
    }
}
