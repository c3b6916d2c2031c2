//! The standard jobs of `bench/README.md`: a load against a fresh database, in this process.
//!
//! Owns: jobs, the closed-loop load, the report. Invariant: a figure counts acknowledged, durable work only, and the
//! report is checked against the database before it is printed. Never: a part in how the product behaves.

mod load;
mod report;

pub use report::Report;

use anyhow::{Context, Result, bail};
use model::{Clock, Object, Value};
use platform::Actor;
use runtime::{DefinitionFilter, Deploy, InstanceFilter, Page, Runtime, StartRequest};
use std::{path::PathBuf, sync::Arc};

/// A standard job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// Start, three script steps with one exclusive gateway, end; acknowledged when durable.
    StraightThrough,
}

impl Job {
    /// The job of that name, if there is one in this version.
    pub fn parse(name: &str) -> Option<Self> {
        (name == "straight-through").then_some(Self::StraightThrough)
    }

    fn name(self) -> &'static str {
        match self {
            Self::StraightThrough => "straight-through",
        }
    }

    fn definition(self) -> &'static str {
        match self {
            Self::StraightThrough => include_str!("straight.bpmn"),
        }
    }
}

/// What to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The job.
    pub job: Job,
    /// Clients that each wait for their answer before they ask again.
    pub clients: u32,
    /// Instances in all.
    pub instances: u32,
    /// A fresh folder for the database.
    pub folder: PathBuf,
}

/// What a job runs on: the runtime, and the store whose counters the report takes.
pub struct Bench {
    /// The running engine.
    pub runtime: Runtime,
    /// Its store.
    pub store: store::SharedStore,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// Runs the job and checks that the database holds what was acknowledged.
pub async fn run(bench: &Bench, options: &Options) -> Result<Report> {
    let actor = Actor::system();
    let deploy = Deploy {
        name: options.job.name().to_owned(),
        bytes: options.job.definition().as_bytes().to_vec(),
        ..Deploy::default()
    };
    let deployed = bench.runtime.deploy(&actor, deploy).await.context("deploying the job's process")?;
    let definition = deployed.first().context("the job's file holds no process")?.id;
    let warm_up = (options.instances / 20).clamp(1, 2_000);
    load::closed_loop(bench, options.clients, warm_up, request(definition)).await?;
    let before = bench.store.stats();
    let measured = load::closed_loop(bench, options.clients, options.instances, request(definition)).await?;
    let after = bench.store.stats();
    check(bench, u64::from(warm_up) + u64::from(options.instances)).await?;
    Ok(Report::new(options, &measured, &before, &after))
}

fn request(definition: model::DefinitionId) -> impl Fn(u32) -> StartRequest + Send + Sync + Clone + 'static {
    move |n| {
        let mut variables = Object::new();
        variables.insert("amount".into(), Value::from(i64::from(n % 100)));
        variables.insert("customer".into(), Value::from("Example customer with a name of ordinary length"));
        StartRequest { variables, ..StartRequest::of(definition) }
    }
}

/// An acknowledgement that the database does not bear out voids the figure.
async fn check(bench: &Bench, expected: u64) -> Result<()> {
    let filter = InstanceFilter { state: Some("completed".to_owned()), ..InstanceFilter::default() };
    let page = Page { limit: 1, offset: 0 };
    let completed = bench.runtime.instances(&filter, page).await.context("counting instances")?.total;
    if completed != expected {
        bail!(
            "{expected} instances were acknowledged but {completed} are completed in the database: the figure is void"
        );
    }
    let definitions = bench.runtime.definitions(&DefinitionFilter::default(), page).await?;
    if definitions.total == 0 {
        bail!("the deployed definition is not in the database: the figure is void");
    }
    Ok(())
}
