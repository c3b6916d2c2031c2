//! `ruslo bench`: the standard jobs against a fresh database in a temporary folder.
//!
//! Over HTTP the server is `ruslo serve` in a process of its own and the load another process: this binary again, with
//! the names of [`Inner`] in the job's place.

mod envelope;

use crate::{commands::admin::AdminRequest, first_admin, installation::Installation};
use anyhow::{Context, Result, bail};
use bench::{Job, Options, Report, remote::Launch};
use clap::Args;
use std::{
    io::Read as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

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
    /// Database to measure on
    #[arg(long, value_name = "URL")]
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
    /// Kills the server in mid-load, starts it again and looks for everything acknowledged (with --http)
    #[arg(long)]
    kill: bool,
    /// One JSON object
    #[arg(long)]
    json: bool,
    /// Data directory of the envelope's process
    #[arg(long, hide = true)]
    data_dir: Option<PathBuf>,
}

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
        Some(Inner::Envelope) => return envelope::serve(options.data_dir.as_deref().unwrap_or(Path::new("."))),
        None => {}
    }
    let Some(job) = Job::parse(&options.job) else {
        bail!("there is no job `{}`: it is one of {}", options.job, Job::NAMES);
    };
    check(&options, job)?;
    let mut run = Options::new(job, options.clients);
    run.instances = options.instances.unwrap_or(run.instances);
    run.seconds = options.seconds.or(run.seconds);
    run.take = options.take;
    if options.seconds.is_some() && options.instances.is_none() {
        run.instances = u64::from(u32::MAX);
    }
    let folder = tempfile::tempdir().context("making a temporary folder")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let report = runtime.block_on(async {
        if options.http || job == Job::Envelope {
            over_http(&options, &run, folder.path()).await
        } else {
            in_process(&run, folder.path()).await
        }
    })?;
    if options.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        println!("{report}");
    }
    Ok(ExitCode::SUCCESS)
}

fn check(options: &Bench, job: Job) -> Result<()> {
    if options.database_url.is_some() {
        bail!("this version measures on the embedded database only: leave --database-url out");
    }
    if options.kill && !options.http {
        bail!("--kill needs a server in a process of its own: add --http");
    }
    if options.kill && !matches!(job, Job::StraightThrough | Job::Service) {
        bail!("--kill is for straight-through and service");
    }
    Ok(())
}

async fn in_process(run: &Options, folder: &Path) -> Result<Report> {
    let installation = Installation::open_in(folder, "http://127.0.0.1:8080", Vec::new()).await?;
    first_admin::ensure(&installation.platform).await?;
    let admin = first_admin::find(&installation.platform).await?.context("the first administrator")?;
    let bench = bench::Bench {
        runtime: installation.runtime.clone(),
        store: installation.store.clone(),
        store_name: "sqlite",
        actor: platform::Actor::session(admin),
        folder: folder.to_owned(),
    };
    let report = bench::run(&bench, run).await;
    drop(bench);
    installation.close().await;
    report
}

async fn over_http(options: &Bench, run: &Options, folder: &Path) -> Result<Report> {
    let server = server(&folder.join("server"))?;
    let stub = Launch {
        server: ["bench", Inner::ENVELOPE, "--data-dir", "."].map(str::to_owned).to_vec(),
        environment: Vec::new(),
        data_dir: folder.join("envelope"),
        token_request: None,
        ..server.clone()
    };
    if run.job == Job::Envelope {
        return bench::remote::run_envelope(&stub, run).await;
    }
    if options.kill {
        return bench::remote::run_and_kill(&server, run).await;
    }
    let comparable = matches!(run.job, Job::StraightThrough | Job::Service);
    let wanted = options.with_envelope || !(options.json || options.without_envelope);
    let beside = (comparable && wanted).then_some(&stub);
    bench::remote::run(&server, run, beside).await
}

fn server(data_dir: &Path) -> Result<Launch> {
    let token = AdminRequest::Token { user: None, scope: vec!["api".to_owned()], title: "bench".to_owned() };
    let environment = [("RUSLO_ADMIN_LOGIN", "admin"), ("RUSLO_ADMIN_PASSWORD", &first_admin::make_up_password())];
    Ok(Launch {
        program: std::env::current_exe().context("this program's path")?,
        server: ["serve", "--data-dir", ".", "--listen", "127.0.0.1:0"].map(str::to_owned).to_vec(),
        environment: environment.map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec(),
        data_dir: data_dir.to_owned(),
        load: ["bench", Inner::LOAD].map(str::to_owned).to_vec(),
        token_request: Some(serde_json::to_vec(&token)?),
        store: "sqlite",
    })
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
