//! What a run gave, as one line for people or one JSON object.

use crate::{Options, load::Measured};
use serde::Serialize;
use std::{fmt, fs, path::Path, time::Duration};
use store::StoreStats;

/// The figures of one run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The job's name.
    pub job: &'static str,
    /// `sqlite`.
    pub store: &'static str,
    /// `in-process`.
    pub mode: &'static str,
    /// Clients.
    pub clients: u32,
    /// Instances acknowledged.
    pub instances: u32,
    /// From the first request to the last answer.
    pub seconds: f64,
    /// Instances a second.
    pub per_second: f64,
    /// Median latency.
    pub p50_ms: f64,
    /// 99th percentile of latency.
    pub p99_ms: f64,
    /// Resident memory of this process at the end.
    pub rss_mb: f64,
    /// Bytes on disk per instance, indexes and log included.
    pub db_bytes_per_instance: f64,
    /// Transactions (each one sync of the log) per instance.
    pub commits_per_instance: f64,
    /// Writing statements per instance.
    pub statements_per_instance: f64,
}

impl Report {
    pub(crate) fn new(options: &Options, measured: &Measured, before: &StoreStats, after: &StoreStats) -> Self {
        let n = f64::from(options.instances);
        let seconds = measured.elapsed.as_secs_f64();
        Self {
            job: options.job.name(),
            store: "sqlite",
            mode: "in-process",
            clients: options.clients,
            instances: options.instances,
            seconds: round(seconds),
            per_second: (n / seconds).round(),
            p50_ms: percentile(&measured.latencies, 0.50),
            p99_ms: percentile(&measured.latencies, 0.99),
            rss_mb: round(rss_bytes() as f64 / 1e6),
            db_bytes_per_instance: (folder_bytes(&options.folder) as f64 / n).round(),
            commits_per_instance: round((after.commits - before.commits) as f64 / n),
            statements_per_instance: round((after.statements - before.statements) as f64 / n),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} on {} ({}), {} clients: {} instances in {:.2} s = {}/s, p50 {:.2} ms, p99 {:.2} ms; per instance {} commits, \
             {} statements, {} bytes on disk; {} MB resident",
            self.job,
            self.store,
            self.mode,
            self.clients,
            self.instances,
            self.seconds,
            self.per_second,
            self.p50_ms,
            self.p99_ms,
            self.commits_per_instance,
            self.statements_per_instance,
            self.db_bytes_per_instance,
            self.rss_mb
        )
    }
}

fn round(x: f64) -> f64 {
    (x * 1000.0).round() / 1000.0
}

fn percentile(sorted: &[Duration], p: f64) -> f64 {
    let index = ((sorted.len() as f64 * p).ceil() as usize).clamp(1, sorted.len().max(1)) - 1;
    sorted.get(index).map_or(0.0, |d| round(d.as_secs_f64() * 1000.0))
}

fn rss_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"));
    line.and_then(|l| l.trim().trim_end_matches(" kB").trim().parse::<u64>().ok()).unwrap_or(0) * 1024
}

fn folder_bytes(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|e| e.metadata().ok()).map(|m| m.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_by_nearest_rank() {
        let ms: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!((percentile(&ms, 0.50), percentile(&ms, 0.99), percentile(&[], 0.5)), (50.0, 99.0, 0.0));
    }
}
