//! Configuration: flags, then environment, then `ruslo.toml`, then defaults.
//!
//! Owns: the names of `design` section 3. Never: opens anything.

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Deserialize;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// Flags of every command that opens an installation; each can also come from the environment.
#[derive(Debug, Clone, Args, Default)]
pub struct InstallationFlags {
    /// Address to listen on
    #[arg(long, env = "RUSLO_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// Directory of the embedded database, files and keys
    #[arg(long, env = "RUSLO_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Database of several nodes: `postgres://...`
    #[arg(long, env = "RUSLO_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Address that people, apps and handlers are given
    #[arg(long, env = "RUSLO_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// Address where other nodes reach this one
    #[arg(long, env = "RUSLO_NODE_URL", value_name = "URL")]
    pub node_url: Option<String>,
    /// Private networks that outgoing calls may reach, as CIDRs, comma separated
    #[arg(long, env = "RUSLO_ALLOW_PRIVATE_NETWORKS", value_name = "CIDRS", value_delimiter = ',')]
    pub allow_private_networks: Vec<String>,
    /// Configuration file
    #[arg(long, env = "RUSLO_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
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
    allow_private_networks: Vec<String>,
}

/// What the flags, the environment and the file add up to.
#[derive(Debug, Clone)]
pub struct Config {
    /// HTTP address.
    pub listen: SocketAddr,
    /// Directory of the embedded database, files and keys.
    pub data_dir: PathBuf,
    /// Without a trailing slash.
    pub public_url: String,
    /// Networks that outgoing calls may reach besides public addresses.
    pub allow_private_networks: Vec<ipnet::IpNet>,
}

impl Config {
    /// Reads the file (the named one must exist, `./ruslo.toml` may) and merges.
    pub fn load(flags: &InstallationFlags) -> Result<Self> {
        let file = match &flags.config {
            Some(path) => read_file(path)?,
            None if Path::new("ruslo.toml").exists() => read_file(Path::new("ruslo.toml"))?,
            None => FileConfig::default(),
        };
        Self::merge(flags, file)
    }

    fn merge(flags: &InstallationFlags, file: FileConfig) -> Result<Self> {
        let listen_text = flags.listen.clone().or(file.listen).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
        let listen: SocketAddr = listen_text.parse().with_context(|| {
            format!("--listen takes an address and a port such as 127.0.0.1:8080, not `{listen_text}`")
        })?;
        if let Some(url) = flags.database_url.clone().or(file.database_url) {
            let scheme = url.split(':').next().unwrap_or_default();
            bail!(
                "--database-url: this version stores in the embedded database only; `{scheme}:` is not available yet. \
                 Leave the option out to use --data-dir"
            );
        }
        if flags.node_url.is_some() || file.node_url.is_some() {
            bail!("--node-url: this version runs on one node only; leave the option out");
        }
        let public_url = flags.public_url.clone().or(file.public_url).unwrap_or_else(|| format!("http://{listen}"));
        if !(public_url.starts_with("http://") || public_url.starts_with("https://")) {
            bail!("--public-url takes an address that starts with http:// or https://, not `{public_url}`");
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
            data_dir: flags.data_dir.clone().or(file.data_dir).unwrap_or_else(|| PathBuf::from("./data")),
            public_url: public_url.trim_end_matches('/').to_owned(),
            allow_private_networks,
        })
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
        assert_eq!(config.public_url, "http://127.0.0.1:9000");
    }

    #[test]
    fn wrong_settings_are_refused_with_the_way_to_mend_them() {
        for (text, hint) in [
            ("listen = \"localhost\"", "127.0.0.1:8080"),
            ("public_url = \"example.org\"", "http://"),
            ("allow_private_networks = [\"10.0.0\"]", "10.0.0.0/8"),
            ("database_url = \"postgres://x\"", "--data-dir"),
        ] {
            let error = Config::merge(&InstallationFlags::default(), file(text)).unwrap_err();
            assert!(format!("{error:#}").contains(hint), "{text}: {error:#}");
        }
        assert!(toml::from_str::<FileConfig>("lisen = \"x\"").is_err());
    }
}
