//! `ruslo bench`: the standard jobs against a fresh database in a temporary folder.

use crate::installation::Installation;
use anyhow::{Context, Result, bail};
use clap::Args;
use std::process::ExitCode;

/// Options of `ruslo bench`.
#[derive(Debug, Args)]
pub struct Bench {
    /// straight-through
    job: String,
    /// Clients that each wait for their answer before they ask again
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=4096))]
    clients: u32,
    /// Instances in all
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    instances: Option<u32>,
    /// Database to measure on
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Over HTTP instead of in this process
    #[arg(long)]
    http: bool,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn execute(options: Bench) -> Result<ExitCode> {
    let Some(job) = bench::Job::parse(&options.job) else {
        bail!("this version measures the job straight-through only, not `{}`", options.job);
    };
    if options.http || options.database_url.is_some() {
        bail!(
            "this version measures in this process on the embedded database only: leave --http and --database-url out"
        );
    }
    let folder = tempfile::tempdir().context("making a temporary folder")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let report = runtime.block_on(async {
        let installation = Installation::open_in(folder.path(), "http://127.0.0.1:8080", Vec::new()).await?;
        let bench = bench::Bench {
            runtime: installation.runtime.clone(),
            store: installation.store.clone(),
            clock: installation.clock.clone(),
        };
        let run = bench::Options {
            job,
            clients: options.clients,
            instances: options.instances.unwrap_or(if options.clients == 1 { 5_000 } else { 50_000 }),
            folder: folder.path().to_owned(),
        };
        let report = bench::run(&bench, &run).await;
        installation.close().await;
        report
    })?;
    if options.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        println!("{report}");
    }
    Ok(ExitCode::SUCCESS)
}
