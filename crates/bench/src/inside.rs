//! The jobs in this process: no HTTP, the runtime's own use-cases.

use crate::client::Direct;
use crate::jobs::Process;
use crate::load::{self, Outcome, Plan};
use crate::process::{Usage, folder_bytes};
use crate::stage::{Counters, Stage};
use anyhow::{Context, Result};
use platform::Actor;
use runtime::{Deploy, InstanceFilter, Page, Runtime};
use std::{path::PathBuf, time::Duration};
use store::SharedStore;

/// What the jobs run on: the runtime, and the store whose counters the report takes.
pub struct Bench {
    /// The running engine.
    pub runtime: Runtime,
    /// Its store.
    pub store: SharedStore,
    /// `sqlite` or `postgres`.
    pub store_name: &'static str,
    /// In whose name the load acts: the person `admin`.
    pub actor: Actor,
    /// Where an embedded database lies.
    pub folder: PathBuf,
}

pub(crate) struct Inside<'a> {
    bench: &'a Bench,
    direct: Direct,
}

impl<'a> Inside<'a> {
    pub(crate) async fn open(bench: &'a Bench) -> Result<Self> {
        let mut definitions = Vec::new();
        for process in Process::ALL {
            let deploy = Deploy { bytes: process.bpmn().as_bytes().to_vec(), ..Deploy::default() };
            let deployed = bench.runtime.deploy(&bench.actor, deploy).await.context("deploying the job's process")?;
            definitions.push(deployed.first().context("the job's file holds no process")?.id);
        }
        let direct = Direct { runtime: bench.runtime.clone(), actor: bench.actor.clone(), definitions };
        Ok(Self { bench, direct })
    }
}

impl Stage for Inside<'_> {
    fn mode(&self) -> &'static str {
        "in-process"
    }

    fn store(&self) -> &'static str {
        self.bench.store_name
    }

    async fn load(&mut self, plan: Plan) -> Result<Outcome> {
        load::run_direct(plan, &self.direct).await
    }

    async fn counters(&mut self) -> Result<Counters> {
        let stats = self.bench.store.stats();
        Ok(Counters {
            commits: stats.commits,
            units: stats.units,
            statements: stats.statements,
            reads: stats.reads,
            usage: Usage::own(),
            disk_bytes: folder_bytes(&self.bench.folder),
        })
    }

    async fn instances(&mut self, state: &str) -> Result<u64> {
        let filter = InstanceFilter { state: Some(state.to_owned()), ..InstanceFilter::default() };
        let found = self.bench.runtime.instances(&filter, Page { limit: 1, offset: 0 }).await;
        Ok(found.context("counting instances")?.total)
    }

    async fn restart(&mut self) -> Result<Option<Duration>> {
        Ok(None)
    }
}
