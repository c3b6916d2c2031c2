//! One server process: a scheduler of its own, so that it can be frozen, or die between any two steps.

use super::book::{Ask, Book, Client, Handler};
use super::net::{self, Net};
use super::world::Template;
use crate::support::BEGINNING;
use crate::support::faulty::{FaultyStore, Ground};
use model::Fault;
use platform::{Platform, PlatformSettings};
use runtime::clock::{Entropy, ManualClock};
use runtime::{Runtime, RuntimeConfig};
use std::sync::{Arc, Mutex};
use store::SqliteStore;
use tokio::task::JoinHandle;

/// What a process is doing.
enum Life {
    Down,
    Opening(JoinHandle<Result<Runtime, Fault>>),
    Up(Runtime),
    Leaving(JoinHandle<()>),
}

/// A machine and the process on it.
pub struct Node {
    number: usize,
    /// The machine's clock: a process that starts again finds it where it is.
    pub clock: Arc<ManualClock>,
    life: Life,
    store: Option<Arc<FaultyStore>>,
    tokio: Option<tokio::runtime::Runtime>,
    /// Not scheduled, as after SIGSTOP.
    pub frozen: bool,
    /// Without its database.
    pub is_cut: bool,
    net: Option<Arc<Net>>,
}

/// What all processes are opened with.
pub struct Surroundings {
    pub database: SqliteStore,
    pub ground: Arc<Ground>,
    pub book: Arc<Mutex<Book>>,
    pub template: std::rc::Rc<Template>,
    pub net: Arc<Net>,
    /// How many partitions there are.
    pub partitions: u16,
}

/// A request that is on its way; also when its server dies it is no longer.
struct Pending(Arc<Mutex<Book>>);

impl Pending {
    fn new(book: &Arc<Mutex<Book>>) -> Self {
        book.lock().unwrap().pending += 1;
        Self(book.clone())
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Ok(mut book) = self.0.lock() {
            book.pending -= 1;
        }
    }
}

impl Node {
    /// A machine whose clock is wrong by `skew_ms`.
    pub fn new(number: usize, skew_ms: i64) -> Self {
        let clock = Arc::new(ManualClock::new(BEGINNING.plus_ms(skew_ms)));
        Self { number, clock, life: Life::Down, store: None, tokio: None, frozen: false, is_cut: false, net: None }
    }

    pub fn is_down(&self) -> bool {
        matches!(self.life, Life::Down)
    }

    /// Starts a process.
    pub fn boot(&mut self, around: &Surroundings) {
        let tokio = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let inner = Arc::new(around.database.open_beside().unwrap());
        let store = FaultyStore::new(inner, self.number, around.ground.clone(), self.clock.clone());
        store.cut(self.is_cut);
        let platform = Platform::new(store.clone(), self.clock.clone(), PlatformSettings::default());
        let mut config = RuntimeConfig::new(store.clone(), platform, self.clock.clone());
        config.entropy = Entropy::seeded(around.ground.entropy.next_u64());
        let (book, ground, clock) = (around.book.clone(), around.ground.clone(), self.clock.clone());
        let (net, node) = (around.net.clone(), self.number);
        config.connectors = vec![Arc::new(Handler { book, ground: ground.clone(), clock: clock.clone() })];
        config.partitions = around.partitions;
        config.node_url = net::url(self.number);
        config.peers = Arc::new(net::From { node, net, ground, clock });
        self.net = Some(around.net.clone());
        self.life = Life::Opening(tokio.spawn(Runtime::open(config)));
        self.store = Some(store);
        self.tokio = Some(tokio);
    }

    /// Ends the process where it stands.
    pub fn kill(&mut self) {
        self.net.iter().for_each(|net| net.hang_up(self.number));
        self.life = Life::Down;
        self.store = None;
        self.frozen = false;
        // Tasks are dropped without being run again.
        self.tokio = None;
    }

    /// Ends the process as an operator does.
    pub fn leave(&mut self) {
        let (Life::Up(runtime), Some(tokio)) = (&self.life, &self.tokio) else { return };
        let runtime = runtime.clone();
        self.life = Life::Leaving(tokio.spawn(async move { runtime.shutdown().await }));
    }

    /// Cuts the process from its database, or lets it there again.
    pub fn cut(&mut self, cut: bool) {
        self.is_cut = cut;
        self.store.iter().for_each(|store| store.cut(cut));
    }

    /// A client asks this process for something.
    pub fn ask(&self, around: &Surroundings, ask: Ask) {
        let (Life::Up(runtime), Some(tokio)) = (&self.life, &self.tokio) else { return };
        around.ground.trace.note(self.number, ask.to_string());
        let client = Client::new(runtime.clone(), around.book.clone(), &around.template);
        let pending = Pending::new(&around.book);
        tokio.spawn(async move {
            client.ask(ask).await;
            drop(pending);
        });
    }

    /// Lets the process run for a while. False when it died, or ended.
    pub fn run(&mut self, turns: usize) -> bool {
        let Some(tokio) = &self.tokio else { return true };
        if self.frozen {
            return true;
        }
        tokio.block_on(async {
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
        });
        self.life = match std::mem::replace(&mut self.life, Life::Down) {
            Life::Opening(opening) if opening.is_finished() => match tokio.block_on(opening).unwrap() {
                Ok(runtime) => {
                    self.net
                        .iter()
                        .for_each(|net| net.listen(self.number, tokio.handle().clone(), runtime.peer_face()));
                    Life::Up(runtime)
                }
                Err(_) => Life::Down,
            },
            Life::Leaving(leaving) if leaving.is_finished() => Life::Down,
            other => other,
        };
        let died = self.store.as_ref().is_some_and(|store| store.crashed());
        if died || self.is_down() {
            self.kill();
            return false;
        }
        true
    }
}
