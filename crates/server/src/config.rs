//! Configuration: flags, then environment, then `ruslo.toml`, then defaults.
//!
//! Owns: the names of `design` section 3. Never: opens anything.

use anyhow::{Context, Result, bail};
use clap::Args;
use jiff::tz::TimeZone;
use runtime::Calendars;
use serde::Deserialize;
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

/// Unless told otherwise, partitions of a dead node are taken after so long (design section 3).
const TAKEOVER_SECONDS: u32 = 10;

/// Nodes are watched no shorter, should they have been given another take-over time.
const WATCH_MIN: Duration = Duration::from_secs(4);

/// Heading of the flags below in `--help`.
const INSTALLATION: &str = "Installation";

/// Where an installation keeps everything, and how long its nodes must be watched before it is changed: flags of every
/// command that opens one. Each can also come from the environment, and may stand before or after the name of a
/// command's part.
#[derive(Debug, Clone, Args, Default)]
pub struct DatabaseFlags {
    /// Directory of the embedded database [default: ./data]
    #[arg(long, env = "RUSLO_DATA_DIR", value_name = "DIR", global = true, help_heading = INSTALLATION)]
    pub data_dir: Option<PathBuf>,
    /// PostgreSQL instead of the embedded database: `postgres://user:password@host:5432/database`
    #[arg(
        long,
        env = "RUSLO_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true,
        global = true,
        help_heading = INSTALLATION
    )]
    pub database_url: Option<String>,
    /// Configuration file [default: ./ruslo.toml if it is there]
    #[arg(long, env = "RUSLO_CONFIG", value_name = "FILE", global = true, help_heading = INSTALLATION)]
    pub config: Option<PathBuf>,
    /// Seconds after which other nodes take the partitions of one that died [default: 10]
    #[arg(long, env = "RUSLO_TAKEOVER", value_name = "SECONDS", global = true, help_heading = INSTALLATION)]
    pub takeover: Option<u32>,
}

impl From<&DatabaseFlags> for InstallationFlags {
    fn from(database: &DatabaseFlags) -> Self {
        Self { database: database.clone(), ..Self::default() }
    }
}

/// Flags of the commands that serve an installation or look at all of its settings.
#[derive(Debug, Clone, Args, Default)]
pub struct InstallationFlags {
    #[command(flatten)]
    pub database: DatabaseFlags,
    /// Address to listen on [default: 127.0.0.1:8080]
    #[arg(long, env = "RUSLO_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// Address that people, apps and handlers are given
    #[arg(long, env = "RUSLO_PUBLIC_URL", value_name = "URL", global = true, help_heading = INSTALLATION)]
    pub public_url: Option<String>,
    /// Address where other nodes reach this one
    #[arg(long, env = "RUSLO_NODE_URL", value_name = "URL")]
    pub node_url: Option<String>,
    /// Private networks that outgoing calls may reach, as CIDRs, comma separated
    #[arg(long, env = "RUSLO_ALLOW_PRIVATE_NETWORKS", value_name = "CIDRS", value_delimiter = ',')]
    pub allow_private_networks: Vec<String>,
}

/// The same names in `ruslo.toml`, with underscores.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FileConfig {
    listen: Option<String>,
    data_dir: Option<PathBuf>,
    database_url: Option<String>,
    public_url: Option<String>,
    node_url: Option<String>,
    takeover: Option<u32>,
    allow_private_networks: Vec<String>,
    calendars: Calendars,
}

/// Which database everything is kept in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// The embedded one, in the data directory.
    Sqlite,
    /// A PostgreSQL server, by its URL. Holds a password: never shown.
    Postgres(String),
}

impl Database {
    /// Reads a `--database-url`.
    pub fn parse(url: &str) -> Result<Self> {
        if !Self::is_postgres(url) {
            bail!(
                "--database-url takes postgres://user:password@host:5432/database; leave it out to use the embedded \
                 database in --data-dir"
            );
        }
        Ok(Self::Postgres(url.to_owned()))
    }

    /// Where it is, for messages: without the user, the password and the options.
    pub fn place(&self, data_dir: &Path) -> String {
        let Self::Postgres(url) = self else { return format!("the database {}", data_dir.join("ruslo.db").display()) };
        let address = url.split_once("://").map_or("", |(_, rest)| rest);
        let address = address.rsplit_once('@').map_or(address, |(_, rest)| rest);
        match address.split('?').next().filter(|place| !place.is_empty() && !place.contains(['=', '&'])) {
            Some(place) => format!("the PostgreSQL database {place}"),
            None => "the PostgreSQL database".to_owned(),
        }
    }

    /// Whether that is a PostgreSQL server's address.
    pub fn is_postgres(url: &str) -> bool {
        url.split_once("://").is_some_and(|(scheme, _)| matches!(scheme, "postgres" | "postgresql"))
    }

    /// Its kind, as people and archives are told.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }
}

/// What the flags, the environment and the file add up to.
#[derive(Debug, Clone)]
pub struct Config {
    /// HTTP address.
    pub listen: SocketAddr,
    /// Directory of the embedded database, files and keys.
    pub data_dir: PathBuf,
    /// Which database.
    pub database: Database,
    /// Without a trailing slash.
    pub public_url: String,
    /// Where other nodes reach this one; without a trailing slash.
    pub node_url: String,
    /// After how long the partitions of a dead node are taken.
    pub takeover: Duration,
    /// Networks that outgoing calls may reach besides public addresses.
    pub allow_private_networks: Vec<ipnet::IpNet>,
    /// Business calendars by their names.
    pub calendars: Calendars,
}

impl Config {
    /// Reads the file (the named one must exist, `./ruslo.toml` may) and merges.
    pub fn load(flags: &InstallationFlags) -> Result<Self> {
        let file = match &flags.database.config {
            Some(path) => read_file(path)?,
            None if Path::new("ruslo.toml").exists() => read_file(Path::new("ruslo.toml"))?,
            None => FileConfig::default(),
        };
        Self::merge(flags, file)
    }

    /// The usual settings on an embedded database in `data_dir`.
    pub fn local(data_dir: &Path) -> Self {
        let listen = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 8080);
        Self {
            listen,
            data_dir: data_dir.to_owned(),
            database: Database::Sqlite,
            public_url: format!("http://{listen}"),
            node_url: format!("http://{listen}"),
            takeover: Duration::from_secs(TAKEOVER_SECONDS.into()),
            allow_private_networks: Vec::new(),
            calendars: Calendars::new(),
        }
    }

    /// How long other nodes are watched for a sign of life: for several of their beats, ten of which make a take-over
    /// time.
    pub fn watch(&self) -> Duration {
        (self.takeover * 4 / 10).max(WATCH_MIN)
    }

    fn merge(flags: &InstallationFlags, file: FileConfig) -> Result<Self> {
        let listen_text = flags.listen.clone().or(file.listen).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
        let listen: SocketAddr = listen_text.parse().with_context(|| {
            format!("--listen takes an address and a port such as 127.0.0.1:8080, not `{listen_text}`")
        })?;
        let database = match flags.database.database_url.clone().or(file.database_url) {
            Some(url) => Database::parse(&url)?,
            None => Database::Sqlite,
        };
        let public_url = address("--public-url", flags.public_url.clone().or(file.public_url), listen)?;
        let node_url = address("--node-url", flags.node_url.clone().or(file.node_url), reachable(listen))?;
        let takeover = flags.database.takeover.or(file.takeover).unwrap_or(TAKEOVER_SECONDS);
        if !(1..=3_600).contains(&takeover) {
            bail!("--takeover takes 1 to 3600 seconds, not {takeover}");
        }
        let networks = if flags.allow_private_networks.is_empty() {
            file.allow_private_networks
        } else {
            flags.allow_private_networks.clone()
        };
        let allow_private_networks = networks
            .iter()
            .map(|n| n.trim())
            .filter(|n| !n.is_empty())
            .map(|n| {
                n.parse()
                    .with_context(|| format!("--allow-private-networks takes networks such as 10.0.0.0/8, not `{n}`"))
            })
            .collect::<Result<_>>()?;
        Ok(Self {
            listen,
            data_dir: flags.database.data_dir.clone().or(file.data_dir).unwrap_or_else(|| PathBuf::from("./data")),
            database,
            public_url,
            node_url,
            takeover: Duration::from_secs(takeover.into()),
            allow_private_networks,
            calendars: checked(file.calendars)?,
        })
    }
}

/// Calendars whose zones are known and that have working time.
fn checked(calendars: Calendars) -> Result<Calendars> {
    for (name, calendar) in &calendars {
        if let Some(zone) = &calendar.zone {
            TimeZone::get(zone).with_context(|| format!("calendar `{name}`: `{zone}` is no time zone"))?;
        }
        if calendar.week.iter().all(Vec::is_empty) {
            bail!("calendar `{name}` has no working hours: `week` takes seven lists of hours, from Monday to Sunday");
        }
    }
    Ok(calendars)
}

/// An address from outside, or the one listened on.
fn address(option: &str, given: Option<String>, listen: SocketAddr) -> Result<String> {
    let url = given.unwrap_or_else(|| format!("http://{listen}"));
    if !(url.starts_with("http://") || url.starts_with("https://")) {
        bail!("{option} takes an address that starts with http:// or https://, not `{url}`");
    }
    Ok(url.trim_end_matches('/').to_owned())
}

/// Who listens everywhere can at least be reached from the same machine.
fn reachable(listen: SocketAddr) -> SocketAddr {
    match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => SocketAddr::new(Ipv4Addr::LOCALHOST.into(), listen.port()),
        IpAddr::V6(ip) if ip.is_unspecified() => SocketAddr::new(Ipv6Addr::LOCALHOST.into(), listen.port()),
        _ => listen,
    }
}

fn read_file(path: &Path) -> Result<FileConfig> {
    let text = std::fs::read_to_string(path).with_context(|| format!("can not read {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("{} is not a valid configuration", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> FileConfig {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn flags_win_over_the_file_and_the_file_over_defaults() {
        let flags = InstallationFlags { listen: Some("127.0.0.1:9000".to_owned()), ..Default::default() };
        let config = Config::merge(&flags, file("listen = \"127.0.0.1:7000\"\ndata_dir = \"/srv/ruslo\"")).unwrap();
        assert_eq!(config.listen.port(), 9000);
        assert_eq!(config.data_dir, PathBuf::from("/srv/ruslo"));
        assert_eq!((config.public_url.as_str(), config.database), ("http://127.0.0.1:9000", Database::Sqlite));
        let flags = InstallationFlags::default();
        let config =
            Config::merge(&flags, file("listen = \"0.0.0.0:80\"\ndatabase_url = \"postgres://u@h/d\"")).unwrap();
        assert_eq!(config.node_url, "http://127.0.0.1:80");
        assert_eq!(config.database, Database::Postgres("postgres://u@h/d".to_owned()));
    }

    #[test]
    fn a_database_is_named_without_its_secrets() {
        let place = |url: &str| Database::parse(url).unwrap().place(Path::new("/srv"));
        assert_eq!(place("postgres://u:geheim@db:5432/ruslo?sslmode=require"), "the PostgreSQL database db:5432/ruslo");
        assert_eq!(place("postgres://db/ruslo"), "the PostgreSQL database db/ruslo");
        for url in [
            "postgres://u:ge@heim@db/ruslo",
            "postgres://u:?geheim@db/ruslo",
            "postgres:///r?user=a@b&password=geheim",
            "postgres://",
        ] {
            assert!(!place(url).contains("heim"), "{url}: {}", place(url));
        }
        assert_eq!(Database::Sqlite.place(Path::new("/srv")), "the database /srv/ruslo.db");
    }

    /// The example of the guide.
    #[test]
    fn tm_10_calendars_stand_in_the_file() {
        for guide in
            [include_str!("../../../docs/guide/en/operating.md"), include_str!("../../../docs/guide/ru/operating.md")]
        {
            let example = guide.split("```toml\n").nth(1).and_then(|text| text.split("```").next()).unwrap();
            let config = Config::merge(&InstallationFlags::default(), file(example)).unwrap();
            let office = &config.calendars["office"];
            assert_eq!(office.week.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 2, 2, 1, 0, 0]);
            assert_eq!(office.exceptions.values().map(Vec::len).collect::<Vec<_>>(), [0, 1]);
        }
        assert!(toml::from_str::<FileConfig>("[calendars.office]\nweek = [[]]").is_err(), "seven days");
    }

    #[test]
    fn nodes_are_watched_for_several_beats() {
        let watch = |text: &str| Config::merge(&InstallationFlags::default(), file(text)).unwrap().watch().as_secs();
        assert_eq!([watch(""), watch("takeover = 1"), watch("takeover = 600")], [4, 4, 240]);
    }

    #[test]
    fn wrong_settings_are_refused_with_the_way_to_mend_them() {
        for (text, hint) in [
            ("listen = \"localhost\"", "127.0.0.1:8080"),
            ("public_url = \"example.org\"", "http://"),
            ("allow_private_networks = [\"10.0.0\"]", "10.0.0.0/8"),
            ("database_url = \"mysql://x\"", "--data-dir"),
            ("node_url = \"node1:8080\"", "http://"),
            ("takeover = 0", "3600"),
            ("[calendars.office]\nzone = \"Europe/Moscow\"", "Monday"),
            ("[calendars.office]\nzone = \"Europe/Nowhere\"", "time zone"),
        ] {
            let error = Config::merge(&InstallationFlags::default(), file(text)).unwrap_err();
            assert!(format!("{error:#}").contains(hint), "{text}: {error:#}");
        }
        assert!(toml::from_str::<FileConfig>("lisen = \"x\"").is_err());
    }
}
