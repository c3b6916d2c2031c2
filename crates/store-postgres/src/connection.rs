//! Connections: made again when lost, with their statements prepared once.
//!
//! Owns: [`Link`], a place for one connection, and [`Live`], the connection itself. Invariant: nobody waits for a
//! database longer than told. Never: sends a statement a second time by itself.

use crate::{
    lockstep,
    options::{self, PostgresOptions, Target},
    sql::Param,
    tls,
};
use futures_util::{FutureExt, future::BoxFuture};
use std::{
    borrow::Cow,
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use store::{Result, StoreError};
use tokio::{
    task::AbortHandle,
    time::{Instant, timeout},
};
use tokio_postgres::{
    Client, Config, Error, Row, Statement,
    config::Host,
    types::{ToSql, Type},
};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Statements that a connection keeps prepared; beyond that it begins anew.
const STATEMENTS: usize = 512;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// A server, or what stands before it, that takes a connection and does not say a word is given up after so long; then
/// it is the turn of the next address of its name, and of the next host that the URL names.
const GREETING: Duration = Duration::from_secs(10);

/// Where a server listens unless told otherwise.
const PORT: u16 = 5_432;

/// What a connection is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    Read,
    Write,
}

/// What all sessions say at their beginning. A plan made while a table was small has to be right when it is large:
/// hence none that reads a whole table where an index serves. A transaction that its client left open (the network was
/// cut) must not keep leases locked.
const WRITE_SETTINGS: &[&str] = &[
    // Arrays tell a planner nothing: the first five plans of each statement would be made for nothing.
    "SET plan_cache_mode = force_generic_plan",
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
    "SET jit = off",
    "SET enable_seqscan = off",
    "SET enable_hashjoin = off",
    "SET enable_mergejoin = off",
    "SET idle_in_transaction_session_timeout = '5s'",
    "SET tcp_user_timeout = '10s'",
    "SET tcp_keepalives_idle = 4",
    "SET tcp_keepalives_interval = 2",
    "SET tcp_keepalives_count = 3",
    // glibc gives memory back after every statement and is given it again, in pages to be cleared, for the next: a
    // sixth of what a commit took. It keeps twice the largest piece that was once returned, and this returns one.
    "SELECT length(repeat('-', 4000000))",
];
const READ_SETTINGS: &[&str] = &[
    "SET jit = off",
    "SET enable_seqscan = off",
    "SET enable_hashjoin = off",
    "SET enable_mergejoin = off",
    "SET random_page_cost = 1.1",
    "SET idle_in_transaction_session_timeout = '60s'",
    "SET tcp_user_timeout = '10s'",
];

/// Why there is no connection.
enum Absent {
    Refused(Error),
    Silent,
    Unresolved,
}

impl From<Error> for Absent {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<Absent> for StoreError {
    fn from(absent: Absent) -> Self {
        match absent {
            Absent::Refused(error) => failed("connect", error),
            Absent::Silent | Absent::Unresolved => Self::Unavailable,
        }
    }
}

impl Absent {
    fn why(&self) -> String {
        match self {
            Self::Refused(error) => options::detail(error),
            Self::Silent => "it takes a connection and does not answer".to_owned(),
            Self::Unresolved => "nobody tells the address of its name".to_owned(),
        }
    }

    /// Whether waiting does not help: a wrong password, no such database.
    fn is_hopeless(&self) -> bool {
        let Self::Refused(error) = self else { return false };
        error.code().is_some_and(|code| matches!(code.code(), "28000" | "28P01" | "3D000" | "42501"))
    }
}

/// How connections to one database are made.
#[derive(Clone)]
pub(crate) struct Connector {
    target: Target,
    tls: MakeRustlsConnect,
    prepare: bool,
    answer_timeout: Duration,
}

impl Connector {
    pub(crate) fn new(options: &mut PostgresOptions) -> Result<Self> {
        let target = options::parse(options)?;
        let tls = tls::connector(&target.protection)?;
        Ok(Self { target, tls, prepare: options.prepare, answer_timeout: options.answer_timeout })
    }

    /// The same without statements that are prepared and settings that are said.
    pub(crate) fn unprepared(&self) -> Self {
        Self { prepare: false, ..self.clone() }
    }

    /// A plain connection, for work outside the store's own.
    pub(crate) async fn plain(&self) -> Result<Client> {
        Ok(self.one_by_one(|host| self.client(host)).await?.0)
    }

    /// The first address of the first host that does it. The driver limits only how long it takes to reach a port, and
    /// would wait for the first that takes a connection.
    async fn one_by_one<T, F>(&self, work: impl Fn(Config) -> F) -> std::result::Result<T, Absent>
    where
        F: Future<Output = std::result::Result<T, Error>>,
    {
        let limit = self.answer_timeout.min(GREETING);
        let mut absent = Absent::Silent;
        for host in self.in_turn(&self.target.hosts) {
            let Ok(addresses) = timeout(limit, addresses(host)).await else {
                absent = Absent::Unresolved;
                continue;
            };
            for address in self.in_turn(&addresses) {
                absent = match timeout(limit, work(address.clone())).await {
                    Ok(Ok(done)) => return Ok(done),
                    Ok(Err(error)) => error.into(),
                    Err(_) => Absent::Silent,
                };
            }
        }
        Err(absent)
    }

    /// All of them once, beginning with any if the URL wants that.
    fn in_turn<'a>(&self, all: &'a [Config]) -> impl Iterator<Item = &'a Config> + use<'a> {
        let first = if self.target.shuffled { random(all.len()) } else { 0 };
        all.iter().cycle().skip(first).take(all.len())
    }

    async fn client(&self, host: Config) -> std::result::Result<(Client, AbortHandle), Error> {
        let (client, connection) = host.connect(self.tls.clone()).await?;
        let task = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::warn!(code = "STO-0005", %error, "a connection to the database ended");
            }
        });
        Ok((client, task.abort_handle()))
    }

    async fn connect(&self, host: Config, purpose: Use) -> std::result::Result<Live, Error> {
        let (client, task) = self.client(host).await?;
        // Through a pooler what is set stays with a connection that others get next.
        if self.prepare {
            let mut settings: Vec<String> = Vec::new();
            let all = if purpose == Use::Read { READ_SETTINGS } else { WRITE_SETTINGS };
            settings.extend(all.iter().map(|s| (*s).to_owned()));
            settings.push(format!("SET statement_timeout = {}", self.answer_timeout.as_millis()));
            set(&client, &settings).await?;
        }
        Ok(Live::new(client, Some(task), self.prepare))
    }
}

/// The host once for each address that its name has. What has none stays as it is: the driver says why.
async fn addresses(host: &Config) -> Vec<Config> {
    let ([Host::Tcp(name)], []) = (host.get_hosts(), host.get_hostaddrs()) else { return vec![host.clone()] };
    let port = host.get_ports().first().copied().unwrap_or(PORT);
    let found = tokio::net::lookup_host((name.as_str(), port)).await;
    let at = |address: SocketAddr| {
        let mut one = host.clone();
        // The name stays: the certificate is made out to it.
        one.hostaddr(address.ip());
        one
    };
    let all: Vec<Config> = found.into_iter().flatten().map(at).collect();
    if all.is_empty() { vec![host.clone()] } else { all }
}

/// Says all settings at once; a database that lacks one is told the others.
async fn set(client: &Client, settings: &[String]) -> std::result::Result<(), Error> {
    match client.batch_execute(&settings.join("; ")).await {
        Err(error) if error.as_db_error().is_some() => {
            for setting in settings {
                match client.batch_execute(setting).await {
                    Err(error) if error.as_db_error().is_none() => return Err(error),
                    Err(error) => tracing::debug!(%error, setting, "the database lacks a setting"),
                    Ok(()) => {}
                }
            }
            Ok(())
        }
        other => other,
    }
}

/// A plain connection, for work outside the store's own.
pub(crate) async fn client(url: &str) -> Result<Client> {
    Connector::new(&mut PostgresOptions::new(url))?.plain().await
}

/// The place of a connection.
pub(crate) struct Link {
    connector: Connector,
    purpose: Use,
    state: tokio::sync::Mutex<State>,
}

#[derive(Default)]
struct State {
    live: Option<Arc<Live>>,
    /// Tries that failed since the last that did not.
    failures: u32,
    not_before: Option<Instant>,
}

impl Link {
    pub(crate) fn new(connector: Connector, purpose: Use) -> Self {
        Self { connector, purpose, state: tokio::sync::Mutex::default() }
    }

    /// The connection, made now if there is none. Tries until `deadline`, and at least once.
    pub(crate) async fn get(&self, deadline: Instant) -> Result<Arc<Live>> {
        loop {
            let pause = {
                let mut state = self.state.lock().await;
                if let Some(live) = state.live.as_ref().filter(|live| !live.is_closed()) {
                    return Ok(live.clone());
                }
                state.live = None;
                match state.not_before.filter(|then| *then > Instant::now()) {
                    Some(then) => then,
                    None => match self.try_connect(&mut state).await {
                        Ok(live) => return Ok(live),
                        Err((absent, _)) if absent.is_hopeless() => return Err(absent.into()),
                        Err((_, then)) => then,
                    },
                }
            };
            if pause >= deadline {
                return Err(StoreError::Unavailable);
            }
            tokio::time::sleep_until(pause).await;
        }
    }

    async fn try_connect(&self, state: &mut State) -> std::result::Result<Arc<Live>, (Absent, Instant)> {
        match self.connector.one_by_one(|host| self.connector.connect(host, self.purpose)).await {
            Ok(live) => {
                let live = Arc::new(live);
                *state = State { live: Some(live.clone()), ..State::default() };
                Ok(live)
            }
            Err(absent) => {
                state.failures += 1;
                let pause = FIRST_PAUSE.saturating_mul(1 << state.failures.min(6)).min(LONGEST_PAUSE);
                let then = Instant::now() + jittered(pause);
                state.not_before = Some(then);
                let (why, failures) = (absent.why(), state.failures);
                tracing::warn!(code = "STO-0005", error = why, failures, "the database is not reached");
                Err((absent, then))
            }
        }
    }
}

/// Any number below this one.
fn random(below: usize) -> usize {
    usize::try_from(RandomState::new().hash_one(0) % 65_536).unwrap_or(0) % below.max(1)
}

/// Half of a pause and a random part of the other half, so that many do not come at once.
pub(crate) fn jittered(pause: Duration) -> Duration {
    let random = RandomState::new().hash_one(0) % 1_000;
    pause / 2 + pause.mul_f64(random as f64 / 2_000.0)
}

/// A live connection with its prepared statements.
pub(crate) struct Live {
    client: Arc<Client>,
    task: Option<AbortHandle>,
    /// None: nothing is prepared, every statement travels with its text.
    prepared: Option<Mutex<HashMap<String, Statement>>>,
    /// Statements sent for being prepared.
    pub(crate) preparations: AtomicU64,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Live")
    }
}

impl Live {
    fn new(client: Client, task: Option<AbortHandle>, prepare: bool) -> Self {
        let prepared = prepare.then(Mutex::default);
        Self { client: Arc::new(client), task, prepared, preparations: AtomicU64::new(0) }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Ends the connection at once, whatever it waits for.
    pub(crate) fn kill(&self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }

    /// Forgets prepared statements, so that they are prepared again.
    pub(crate) fn forget(&self) {
        if let Some(prepared) = &self.prepared {
            prepared.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// A statement, prepared now as `text` says if it is not yet; none when nothing is prepared.
    async fn statement(
        &self,
        sql: &str,
        text: fn(&str) -> Cow<'_, str>,
        params: &[Param],
    ) -> std::result::Result<Option<Statement>, Error> {
        let Some(prepared) = &self.prepared else { return Ok(None) };
        let lock = || prepared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(statement) = lock().get(sql) {
            return Ok(Some(statement.clone()));
        }
        self.preparations.fetch_add(1, Relaxed);
        let types: Vec<Type> = params.iter().map(Param::kind).collect();
        let statement = self.client.prepare_typed(&text(sql), &types).await?;
        let mut statements = lock();
        if statements.len() >= STATEMENTS {
            statements.clear();
        }
        statements.insert(sql.to_owned(), statement.clone());
        Ok(Some(statement))
    }

    /// A writing statement; the first poll of the answer sends it.
    pub(crate) async fn execute(
        &self,
        sql: &str,
        params: Vec<Param>,
    ) -> std::result::Result<BoxFuture<'static, std::result::Result<u64, Error>>, Error> {
        let client = self.client.clone();
        let statement = self.statement(sql, lockstep::stepping, &params).await?;
        let text = if statement.is_none() { lockstep::stepping(sql).into_owned() } else { String::new() };
        Ok(async move {
            match statement {
                Some(statement) => client.execute(&statement, &refs(&params)).await,
                None => client.execute_typed(&text, &typed(&params)).await,
            }
        }
        .boxed())
    }

    /// A statement that gives rows; the first poll of the answer sends it.
    pub(crate) async fn query(
        &self,
        sql: &str,
        params: Vec<Param>,
    ) -> std::result::Result<BoxFuture<'static, std::result::Result<Vec<Row>, Error>>, Error> {
        let client = self.client.clone();
        let statement = self.statement(sql, |sql| sql.into(), &params).await?;
        let text = if statement.is_none() { sql.to_owned() } else { String::new() };
        Ok(async move {
            match statement {
                Some(statement) => client.query(&statement, &refs(&params)).await,
                None => client.query_typed(&text, &typed(&params)).await,
            }
        }
        .boxed())
    }

    /// A statement without parameters; the first poll of the answer sends it.
    pub(crate) fn control(&self, sql: &'static str) -> BoxFuture<'static, std::result::Result<u64, Error>> {
        let client = self.client.clone();
        async move { client.batch_execute(sql).await.map(|()| 0) }.boxed()
    }
}

fn refs(params: &[Param]) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|p| p as &(dyn ToSql + Sync)).collect()
}

fn typed(params: &[Param]) -> Vec<(&(dyn ToSql + Sync), Type)> {
    params.iter().map(|p| (p as &(dyn ToSql + Sync), p.kind())).collect()
}

/// What a failure of the database means to the caller.
pub(crate) fn failed(context: &'static str, source: Error) -> StoreError {
    StoreError::Failed { context, source: Arc::new(source) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_address_of_a_name_is_a_try_of_its_own() {
        let hosts = async |url: &str| addresses(&url.parse().unwrap()).await;
        // The system knows it without asking anybody; of how many addresses is its own affair.
        let local = hosts("postgres://u@localhost:7/d").await;
        for one in &local {
            let place = format!("postgres://u@localhost:7/d?hostaddr={}", one.get_hostaddrs()[0]);
            assert_eq!(*one, place.parse().unwrap());
            assert!(one.get_hostaddrs()[0].is_loopback());
        }
        assert!(!local.is_empty());
        for whole in
            ["postgres://x/d?hostaddr=10.0.0.1", "postgres:///d?host=/run", "postgres:///d", "postgres://x,y/d"]
        {
            assert_eq!(hosts(whole).await, [whole.parse().unwrap()], "{whole}");
        }
    }
}
