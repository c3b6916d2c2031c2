//! `ruslo bench`: the standard jobs against a fresh database in a temporary folder.
//!
//! Over HTTP the server is `ruslo serve` in a process of its own and the load another process: this binary again, with
//! the names of [`Inner`] in the job's place.

mod envelope;

use crate::{
    config::{Config, Database},
    first_admin,
    installation::Installation,
};
use anyhow::{Context, Result, bail};
use bench::{Job, Options, Report, remote::Launch};
use clap::Args;
use platform::identity::secrets;
use std::{io::Read as _, path::Path, process::ExitCode};

/// Options of `ruslo bench`.
#[derive(Debug, Args)]
pub struct Bench {
    /// straight-through, service, waiting, mixed or envelope
    job: String,
    /// Clients that each wait for their answer before they ask again
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=4096))]
    clients: u32,
    /// Instances in all
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    instances: Option<u64>,
    /// Ends the measured part after so many seconds (mixed: 300 when absent)
    #[arg(long)]
    seconds: Option<f64>,
    /// Jobs that a worker takes at once
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=100))]
    take: u32,
    /// How often `waiting` compares A and B beside those who wait with A and B alone
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1000))]
    turns: Option<u32>,
    /// PostgreSQL server to measure on: a database is made there and dropped after the run
    #[arg(long, value_name = "URL", env = "RUSLO_BENCH_DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// Over HTTP instead of in this process
    #[arg(long)]
    http: bool,
    /// Measures the envelope in the same sitting and prints the share of it (the default over HTTP without --json)
    #[arg(long)]
    with_envelope: bool,
    /// Does not
    #[arg(long, conflicts_with = "with_envelope")]
    without_envelope: bool,
    /// B through an app: the server calls its HTTP handler, which answers with bizproc.event.send (with --http)
    #[arg(long)]
    handler: bool,
    /// Kills the server in mid-load, starts it again and looks for everything acknowledged (with --http)
    #[arg(long)]
    kill: bool,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// Where the processes find the database they are to use, if it is not the embedded one.
const OWN_DATABASE: &str = "RUSLO_DATABASE_URL";

/// What this binary is started as by itself.
enum Inner {
    /// The load.
    Load,
    /// The envelope's server.
    Envelope,
}

impl Inner {
    const LOAD: &str = "load-process";
    const ENVELOPE: &str = "envelope-process";

    fn parse(name: &str) -> Option<Self> {
        match name {
            Self::LOAD => Some(Self::Load),
            Self::ENVELOPE => Some(Self::Envelope),
            _ => None,
        }
    }
}

/// Runs the command.
pub fn execute(options: Bench) -> Result<ExitCode> {
    match Inner::parse(&options.job) {
        Some(Inner::Load) => return load(),
        Some(Inner::Envelope) => return envelope::serve(&place(Path::new("."), std::env::var(OWN_DATABASE).ok())?),
        None => {}
    }
    let Some(named) = Job::parse(&options.job) else {
        bail!("there is no job `{}`: it is one of {}", options.job, Job::NAMES);
    };
    check(&options, named)?;
    let job = if options.handler { Job::Handler } else { named };
    let mut run = Options::new(job, options.clients);
    run.instances = options.instances.unwrap_or(run.instances);
    run.seconds = options.seconds.or(run.seconds);
    run.take = options.take;
    run.turns = options.turns.unwrap_or(run.turns);
    if options.seconds.is_some() && options.instances.is_none() {
        run.instances = u64::from(u32::MAX);
    }
    let folder = tempfile::tempdir().context("making a temporary folder")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let report = runtime.block_on(measure(&options, &run, folder.path()))?;
    if options.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        println!("{report}");
    }
    Ok(ExitCode::SUCCESS)
}

fn check(options: &Bench, job: Job) -> Result<()> {
    if options.kill && !options.http {
        bail!("--kill needs a server in a process of its own: add --http");
    }
    if options.handler && (job != Job::Service || !options.http || options.kill) {
        bail!("--handler is a variant of service over --http, without --kill");
    }
    if options.turns.is_some() && job != Job::Waiting {
        bail!("--turns is for waiting");
    }
    if options.kill && !matches!(job, Job::StraightThrough | Job::Service) {
        bail!("--kill is for straight-through and service");
    }
    Ok(())
}

/// Runs the job, on a throw-away database of the server that was named, if one was.
async fn measure(options: &Bench, run: &Options, folder: &Path) -> Result<Report> {
    let scratch = match &options.database_url {
        Some(url) => Some(throw_away(url).await?),
        None => None,
    };
    let url = scratch.as_ref().map(|s| s.url().to_owned());
    let report = if options.http || run.job == Job::Envelope {
        over_http(options, run, folder, url).await
    } else {
        in_process(run, folder, url).await
    };
    let Some(scratch) = scratch else { return report };
    let bytes = scratch.bytes().await;
    scratch.remove().await.context("dropping the throw-away database")?;
    Ok(report?.stored(bytes?))
}

async fn throw_away(url: &str) -> Result<store_postgres::Scratch> {
    Database::parse(url)?;
    let name = format!("ruslo_bench_{}", secrets::random_text(b"abcdefghijklmnopqrstuvwxyz", 12));
    store_postgres::Scratch::create(url, &name).await.context("making a database for the run")
}

/// A folder, or a database, to run on.
fn place(folder: &Path, url: Option<String>) -> Result<Config> {
    let mut config = Config::local(folder);
    if let Some(url) = url {
        config.database = Database::parse(&url)?;
    }
    Ok(config)
}

async fn in_process(run: &Options, folder: &Path, url: Option<String>) -> Result<Report> {
    let config = place(folder, url)?;
    let installation = Installation::open(&config).await?;
    first_admin::ensure(&installation.platform).await?;
    let admin = first_admin::find(&installation.platform).await?.context("the first administrator")?;
    let bench = bench::Bench {
        runtime: installation.runtime.clone(),
        store: installation.store.clone(),
        store_name: config.database.name(),
        actor: platform::Actor::session(admin),
        folder: folder.to_owned(),
    };
    let report = bench::run(&bench, run).await;
    drop(bench);
    installation.close().await;
    report
}

async fn over_http(options: &Bench, run: &Options, folder: &Path, url: Option<String>) -> Result<Report> {
    let mut server = server(&folder.join("server"), url)?;
    if run.job == Job::Handler {
        let app = ["admin", "--data-dir", ".", "create-app", "--name", "Bench", "--scope", "bizproc"];
        server.app = Some(app.map(str::to_owned).to_vec());
        // The app's handler is on this machine.
        server.environment.push(("RUSLO_ALLOW_PRIVATE_NETWORKS".to_owned(), "127.0.0.0/8".to_owned()));
    }
    if run.job == Job::Envelope {
        return bench::remote::run_envelope(&stub(&server, folder), run).await;
    }
    if options.kill {
        return bench::remote::run_and_kill(&server, run).await;
    }
    if run.job == Job::Waiting {
        return beside(options, &server, run, &folder.join("quiet")).await;
    }
    let comparable = matches!(run.job, Job::StraightThrough | Job::Service);
    let wanted = options.with_envelope || !(options.json || options.without_envelope);
    if !(comparable && wanted) {
        return bench::remote::run(&server, run).await;
    }
    // Half of the envelope before, half of it after, each on a database of its own.
    let half = Options { instances: run.instances.div_ceil(2), ..run.clone() };
    let before = envelope_rate(options, &half, &folder.join("before")).await?;
    let report = bench::remote::run(&server, run).await?;
    let after = envelope_rate(options, &half, &folder.join("after")).await?;
    Ok(report.beside(f64::midpoint(before, after)))
}

/// C, with a second server on a database of its own where nobody waits.
async fn beside(options: &Bench, waiting: &Launch, run: &Options, folder: &Path) -> Result<Report> {
    let scratch = match &options.database_url {
        Some(url) => Some(throw_away(url).await?),
        None => None,
    };
    let quiet = server(folder, scratch.as_ref().map(|s| s.url().to_owned()))?;
    let report = bench::remote::run_beside(waiting, &quiet, run).await;
    if let Some(scratch) = scratch {
        scratch.remove().await.context("dropping the second server's database")?;
    }
    report
}

async fn envelope_rate(options: &Bench, run: &Options, folder: &Path) -> Result<f64> {
    let scratch = match &options.database_url {
        Some(url) => Some(throw_away(url).await?),
        None => None,
    };
    let server = server(folder, scratch.as_ref().map(|s| s.url().to_owned()))?;
    let report = bench::remote::run_envelope(&stub(&server, folder), run).await;
    if let Some(scratch) = scratch {
        scratch.remove().await.context("dropping the envelope's database")?;
    }
    Ok(report.context("measuring the envelope")?.per_second)
}

/// The server's process.
fn server(data_dir: &Path, url: Option<String>) -> Result<Launch> {
    let password = first_admin::make_up_password();
    let mut environment = vec![("RUSLO_ADMIN_LOGIN", "admin".to_owned()), ("RUSLO_ADMIN_PASSWORD", password)];
    let store = if url.is_some() { "postgres" } else { "sqlite" };
    environment.extend(url.map(|url| (OWN_DATABASE, url)));
    Ok(Launch {
        program: std::env::current_exe().context("this program's path")?,
        server: ["serve", "--data-dir", "."].map(str::to_owned).to_vec(),
        environment: environment.into_iter().map(|(k, v)| (k.to_owned(), v)).collect(),
        data_dir: data_dir.to_owned(),
        load: ["bench", Inner::LOAD].map(str::to_owned).to_vec(),
        token: Some(["admin", "--data-dir", ".", "create-token"].map(str::to_owned).to_vec()),
        app: None,
        store,
    })
}

/// The envelope's process on the same database.
fn stub(server: &Launch, folder: &Path) -> Launch {
    Launch {
        server: ["bench", Inner::ENVELOPE].map(str::to_owned).to_vec(),
        data_dir: folder.join("envelope"),
        token: None,
        app: None,
        ..server.clone()
    }
}

/// The load's process: an order comes in, an outcome goes out.
fn load() -> Result<ExitCode> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("reading the order")?;
    let order: bench::load::Order = serde_json::from_str(&text).context("the order can not be read")?;
    // One thread: the load is to leave the machine to the server.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(bench::load::run_order(&order))?;
    println!("{}", serde_json::to_string(&outcome)?);
    Ok(ExitCode::SUCCESS)
}
