//! `ruslo doctor`: looks for what is wrong and says how to mend it. Exit code 1 when something is.

use crate::{
    config::{Config, InstallationFlags},
    database,
    doctor::{self, Finding, Findings, Level},
};
use anyhow::{Context, Result};
use clap::Args;
use model::Clock as _;
use std::process::ExitCode;

/// Options of `ruslo doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    #[command(flatten)]
    installation: InstallationFlags,
    /// Read every page of the embedded database and compare its indexes
    #[arg(long)]
    deep: bool,
    /// One JSON object a finding: {"check","level","text","mend"}
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn execute(options: &Doctor) -> Result<ExitCode> {
    let config = Config::load(&options.installation)?;
    let mut findings = doctor::before(&config, options.deep);
    // Opening an older database would change it.
    let older = |f: &Finding| f.check == "schema" && f.level != Level::Ok;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        doctor::postgres(&config, &mut findings).await;
        if findings.worst() < Level::Error
            && !findings.0.iter().any(older)
            && let Err(error) = inside(&config, &mut findings).await
        {
            doctor::unusable(&error, &mut findings);
        }
    });
    for finding in &findings.0 {
        if options.json {
            println!("{}", serde_json::to_string(finding)?);
        } else {
            show(finding);
        }
    }
    Ok(if findings.worst() == Level::Error { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn inside(config: &Config, findings: &mut Findings) -> Result<()> {
    let store = database::open(config).await?;
    let done = doctor::inside(&store, runtime::clock::SystemClock.now(), findings).await;
    store.close().await;
    done.context("the database does not answer")
}

fn show(finding: &Finding) {
    let level = match finding.level {
        Level::Ok => "ok     ",
        Level::Warning => "warning",
        Level::Error => "ERROR  ",
    };
    println!("{level}  {}: {}", finding.check, finding.text);
    if !finding.mend.is_empty() {
        println!("         {}", finding.mend);
    }
}
