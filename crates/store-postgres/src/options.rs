//! What a URL and the settings beside it say.
//!
//! `postgres://user:password@host:port/database?...`, with the parameters that other clients know (`sslmode`,
//! `sslrootcert`, `options`, `host` for a socket's directory, ...) and our own: `pgbouncer=true` prepares no
//! statements (`pgbouncer=false` prepares them without looking for a pooler), `readers`, `writers` and
//! `commit_scope=node|partition` set what their names say.

use std::{path::PathBuf, sync::Arc, time::Duration};
use store::{Result, StoreError};
use tokio_postgres::{
    Config,
    config::{Host, LoadBalanceHosts, SslMode},
};
use url::Url;

/// How much one transaction carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitScope {
    /// What all partitions of the node have ready: the fewest syncs. Right where one server holds everything.
    Node,
    /// One partition: a commit stays on one shard of a distributed database.
    Partition,
}

/// How a PostgreSQL store is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresOptions {
    /// Where the database is; its parameters overrule the fields below.
    pub url: String,
    /// Connections for reads.
    pub readers: usize,
    /// Connections that commit at the same time, for [`CommitScope::Node`] only when one does not keep up; none: two
    /// for it, four otherwise.
    pub writers: Option<usize>,
    /// How much one transaction carries; none: as the database wants it.
    pub commit_scope: Option<CommitScope>,
    /// Whether statements are prepared once; not through a pooler that shares connections between transactions.
    pub prepare: bool,
    /// Whether a start looks for such a pooler and refuses to prepare through one; not when the URL speaks of it.
    pub ask_for_pooler: bool,
    /// Units in one transaction at most; one caller's units are never split for it.
    pub batch_units: usize,
    /// Units that may wait for the writer; more are refused with [`StoreError::Busy`].
    pub queue_units: usize,
    /// Reads that may wait; more are refused with [`StoreError::Busy`].
    pub queue_reads: usize,
    /// How long a request waits for a database that can not be reached.
    pub patience: Duration,
    /// How long a statement may take.
    pub answer_timeout: Duration,
    /// For how long nodes are watched for a sign of life before the schema is changed: several of their beats.
    pub watch: Duration,
}

impl PostgresOptions {
    /// The defaults for a database.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            readers: 4,
            writers: None,
            commit_scope: None,
            prepare: true,
            ask_for_pooler: true,
            batch_units: 128,
            queue_units: 65_536,
            queue_reads: 4_096,
            patience: Duration::from_secs(10),
            answer_timeout: Duration::from_secs(30),
            watch: Duration::from_secs(4),
        }
    }
}

/// How the connection is protected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Protection {
    /// Nobody is asked who they are; encrypted if the server can.
    Unchecked,
    /// The server's certificate is signed by one of these.
    Signed { roots: PathBuf },
    /// Also its name is in it.
    Named { roots: PathBuf },
}

/// A URL taken apart.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// The same for each host that it names, in their order.
    pub(crate) hosts: Vec<Config>,
    /// Whether they are tried in no order.
    pub(crate) shuffled: bool,
    pub(crate) protection: Protection,
}

fn refused(why: impl Into<String>) -> StoreError {
    let source = std::io::Error::new(std::io::ErrorKind::InvalidInput, why.into());
    StoreError::Failed { context: "read the database's URL", source: Arc::new(source) }
}

/// Takes the URL apart; our own parameters go into the options.
pub(crate) fn parse(options: &mut PostgresOptions) -> Result<Target> {
    let mut url = Url::parse(&options.url).map_err(|e| refused(e.to_string()))?;
    if !matches!(url.scheme(), "postgres" | "postgresql") {
        return Err(refused("a URL like postgres://user:password@host/database is expected"));
    }
    let (mut mode, mut roots, mut others) = (None, None, Vec::new());
    for (name, value) in url.query_pairs().into_owned().collect::<Vec<_>>() {
        match name.as_str() {
            "sslmode" => mode = Some(value),
            "sslrootcert" => roots = Some(PathBuf::from(value)),
            "pgbouncer" => {
                options.prepare = !flag(&value)?;
                options.ask_for_pooler = false;
            }
            "readers" => options.readers = number(&name, &value)?,
            "writers" => options.writers = Some(number(&name, &value)?),
            "commit_scope" => {
                options.commit_scope = Some(match value.as_str() {
                    "node" => CommitScope::Node,
                    "partition" => CommitScope::Partition,
                    _ => return Err(refused("commit_scope is node or partition")),
                });
            }
            _ => others.push((name, value)),
        }
    }
    url.set_query(None);
    if !others.is_empty() {
        // A plus sign is no blank to the driver.
        let query: Vec<String> = others.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        url.set_query(Some(&query.join("&")));
    }
    let mut config: Config = url.as_str().parse().map_err(|e: tokio_postgres::Error| refused(detail(&e)))?;
    let protection = protection(mode.as_deref(), roots, &mut config)?;
    tune(&mut config);
    let shuffled = config.get_load_balance_hosts() == LoadBalanceHosts::Random;
    Ok(Target { hosts: one_by_one(&config), shuffled, protection })
}

/// An error with its cause, which the driver's own words leave out.
pub(crate) fn detail(error: &tokio_postgres::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

fn escaped(value: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~/,:".contains(&b);
    value.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

fn flag(value: &str) -> Result<bool> {
    match value {
        "true" | "1" | "on" | "yes" => Ok(true),
        "false" | "0" | "off" | "no" => Ok(false),
        _ => Err(refused("pgbouncer is true or false")),
    }
}

fn number(name: &str, value: &str) -> Result<usize> {
    match value.parse() {
        Ok(number) if (1..=64).contains(&number) => Ok(number),
        _ => Err(refused(format!("{name} is a number from 1 to 64"))),
    }
}

fn protection(mode: Option<&str>, roots: Option<PathBuf>, config: &mut Config) -> Result<Protection> {
    let mode = mode.unwrap_or("prefer");
    config.ssl_mode(match mode {
        "disable" => SslMode::Disable,
        "prefer" | "allow" => SslMode::Prefer,
        "require" | "verify-ca" | "verify-full" => SslMode::Require,
        _ => return Err(refused("sslmode is disable, prefer, require, verify-ca or verify-full")),
    });
    match (mode, roots) {
        ("verify-full", Some(roots)) => Ok(Protection::Named { roots }),
        // As other clients have it: with certificates at hand `require` looks at them.
        ("verify-ca" | "require", Some(roots)) => Ok(Protection::Signed { roots }),
        ("verify-full" | "verify-ca", None) => {
            Err(refused("name the trusted certificates: sslrootcert=/etc/ssl/certs/ca-certificates.crt"))
        }
        _ => Ok(Protection::Unchecked),
    }
}

/// A network that is cut is noticed within about ten seconds.
fn tune(config: &mut Config) {
    config
        .connect_timeout(Duration::from_secs(5))
        .keepalives(true)
        .keepalives_idle(Duration::from_secs(4))
        .keepalives_interval(Duration::from_secs(2))
        .keepalives_retries(3)
        .tcp_user_timeout(Duration::from_secs(10));
    if config.get_application_name().is_none() {
        config.application_name("ruslo");
    }
}

/// The same with one host each. What names no hosts, or as many addresses or ports as it has no hosts for, stays as it
/// is: the driver says what is wrong with it.
fn one_by_one(config: &Config) -> Vec<Config> {
    let (hosts, addresses, ports) = (config.get_hosts(), config.get_hostaddrs(), config.get_ports());
    let count = hosts.len().max(addresses.len());
    let fits = |named: usize| named == 0 || named == count;
    if count < 2 || !fits(hosts.len()) || !fits(addresses.len()) || !(fits(ports.len()) || ports.len() == 1) {
        return vec![config.clone()];
    }
    let one = |place: usize| {
        let mut one = without_hosts(config);
        match hosts.get(place) {
            Some(Host::Tcp(host)) => drop(one.host(host)),
            Some(Host::Unix(path)) => drop(one.host_path(path)),
            None => {}
        }
        if let Some(address) = addresses.get(place) {
            one.hostaddr(*address);
        }
        if let Some(port) = ports.get(place).or(ports.first()) {
            one.port(*port);
        }
        one
    };
    (0..count).map(one).collect()
}

/// The driver has no way to take a host away.
fn without_hosts(config: &Config) -> Config {
    let mut bare = Config::new();
    bare.ssl_mode(config.get_ssl_mode())
        .ssl_negotiation(config.get_ssl_negotiation())
        .keepalives(config.get_keepalives())
        .keepalives_idle(config.get_keepalives_idle())
        .target_session_attrs(config.get_target_session_attrs())
        .channel_binding(config.get_channel_binding())
        .load_balance_hosts(config.get_load_balance_hosts());
    config.get_user().map(|user| bare.user(user));
    config.get_password().map(|password| bare.password(password));
    config.get_dbname().map(|name| bare.dbname(name));
    config.get_options().map(|options| bare.options(options));
    config.get_application_name().map(|name| bare.application_name(name));
    config.get_connect_timeout().map(|time| bare.connect_timeout(*time));
    config.get_tcp_user_timeout().map(|time| bare.tcp_user_timeout(*time));
    config.get_keepalives_interval().map(|time| bare.keepalives_interval(time));
    config.get_keepalives_retries().map(|count| bare.keepalives_retries(count));
    bare
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_hosts_are_as_many_targets() {
        let hosts = |url: &str| parse(&mut PostgresOptions::new(url)).unwrap().hosts;
        let more = "options=-cjit%3Doff&sslmode=require&target_session_attrs=read-write&load_balance_hosts=random\
                    &keepalives=0&channel_binding=require&sslnegotiation=direct";
        let one = |host: &str| hosts(&format!("postgres:///d?user=a&password=b%40&host={host}&{more}")).remove(0);
        let both = hosts(&format!("postgres:///d?user=a&password=b%40&host=x&host=%2Frun&port=1,2&{more}"));
        assert_eq!(both, [one("x&port=1"), one("%2Frun&port=2")]);
        assert_eq!(hosts("postgres://x/d?host=y"), [hosts("postgres://x/d"), hosts("postgres://y/d")].concat());
        let named = |place: u8| hosts(&format!("postgres:///d?host=x{place}&hostaddr=10.0.0.{place}&port=7"));
        let both = hosts("postgres:///d?host=x1&host=x2&hostaddr=10.0.0.1,10.0.0.2&port=7");
        assert_eq!(both, [named(1), named(2)].concat());
        assert_eq!(hosts("postgres:///d?host=x&host=y&port=1,2,3").len(), 1, "the driver refuses it");
    }

    #[test]
    fn urls_are_taken_apart() {
        let target = |url: &str| {
            let mut options = PostgresOptions::new(url);
            parse(&mut options).map(|target| (target, options))
        };
        let (plain, options) = target("postgres://a:b%40@db.example:5433/ruslo").unwrap();
        assert_eq!(plain.protection, Protection::Unchecked);
        assert_eq!(plain.hosts[0].get_password(), Some(&b"b@"[..]));
        assert_eq!(plain.hosts[0].get_ssl_mode(), SslMode::Prefer);
        assert!(options.prepare && options.ask_for_pooler);
        let (_, options) = target("postgres://h/d?pgbouncer=false").unwrap();
        assert!(options.prepare && !options.ask_for_pooler);
        let url = "postgresql://a@h/d?options=-csearch_path%3Dx%20-cjit%3Doff&pgbouncer=true&writers=2\
                   &commit_scope=partition&sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem";
        let (full, options) = target(url).unwrap();
        assert_eq!(full.hosts[0].get_options(), Some("-csearch_path=x -cjit=off"));
        assert_eq!(full.protection, Protection::Named { roots: "/etc/ca.pem".into() });
        assert_eq!((options.prepare, options.writers), (false, Some(2)));
        assert_eq!(options.commit_scope, Some(CommitScope::Partition));
        let (socket, _) = target("postgres:///ruslo?host=/var/run/postgresql&user=me").unwrap();
        assert_eq!(socket.hosts[0].get_hosts().len(), 1);
        for (url, why) in [
            ("mysql://h/d", "a URL like"),
            ("nonsense", "relative URL"),
            ("postgres://h/d?sslmode=verify-full", "sslrootcert"),
            ("postgres://h/d?sslmode=maybe", "sslmode is"),
            ("postgres://h/d?readers=0", "readers is a number"),
            ("postgres://h/d?nonsense=1", "nonsense"),
        ] {
            let Err(StoreError::Failed { source, .. }) = target(url) else { panic!("{url} was taken") };
            assert!(source.to_string().contains(why), "{url}: {source}");
        }
    }
}
