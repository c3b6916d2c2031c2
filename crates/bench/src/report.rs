//! What a run gave, as lines for people or one JSON object.

use crate::load::Outcome;
use crate::stage::Counters;
use serde::Serialize;
use std::fmt;

/// The figures of one run.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The job's name.
    pub job: &'static str,
    /// How jobs are done: `worker` or `handler`; only of B.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<&'static str>,
    /// `sqlite` or `postgres`.
    pub store: &'static str,
    /// `in-process` or `http`.
    pub mode: &'static str,
    /// Clients.
    pub clients: u32,
    /// Instances acknowledged.
    pub instances: u64,
    /// From the first request to the last answer.
    pub seconds: f64,
    /// Instances a second.
    pub per_second: f64,
    /// Median latency.
    pub p50_ms: f64,
    /// 99th percentile of latency.
    pub p99_ms: f64,
    /// Resident memory at the end: of the server, in process of server and clients.
    pub rss_mb: f64,
    /// Bytes on disk per instance, indexes included and an embedded database's log too.
    pub db_bytes_per_instance: f64,
    /// Instances in the database at the end.
    #[serde(skip)]
    pub in_all: u64,
    /// Refused requests and broken connections.
    pub errors: u64,
    /// Microseconds of processor time per instance: of the server alone, in process of server and clients.
    pub cpu_us_per_instance: f64,
    /// Transactions (each one sync of the log) per instance.
    pub commits_per_instance: f64,
    /// Writing statements per instance.
    pub statements_per_instance: f64,
    /// Reads of the database per instance.
    pub reads_per_instance: f64,
    /// Bytes the process caused to be written to disk per instance (of an embedded database: log and checkpoints).
    pub written_bytes_per_instance: f64,
    /// Units in a transaction, on average.
    pub batch: f64,
    /// Instances a second of the envelope in the same sitting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub envelope_per_second: Option<f64>,
    /// This run as a share of the envelope.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub envelope_share: Option<f64>,
    /// Of C.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    /// Of D: instances of A, B, C.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parts: Option<[u64; 3]>,
    /// Of a run whose server was killed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kill: Option<Kill>,
}

/// What waiting instances cost.
#[derive(Debug, Clone, Serialize)]
pub struct Waiting {
    /// Resident memory grown per waiting instance.
    pub rss_bytes_per_wait: f64,
    /// First page of 50 tasks, median.
    pub list_p50_ms: f64,
    /// First page, 99th percentile.
    pub list_p99_ms: f64,
    /// Page 200 (or the last), median.
    pub page_200_p50_ms: f64,
    /// Page 200, 99th percentile.
    pub page_200_p99_ms: f64,
    /// Completing one task, median.
    pub complete_p50_ms: f64,
    /// Completing one, 99th percentile.
    pub complete_p99_ms: f64,
    /// A, alone and beside those who wait.
    pub straight: Beside,
    /// B, alone and beside those who wait.
    pub service: Beside,
    /// From the start of the server's process to its first answered request; none in process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart_ms: Option<f64>,
}

/// A job where nobody waits and where they do: medians of the turns.
#[derive(Debug, Clone, Serialize)]
pub struct Beside {
    /// How often the two were compared, one at once after the other.
    pub turns: usize,
    /// Instances a second where nobody waits.
    pub alone_per_second: f64,
    /// Instances a second while they wait.
    pub per_second: f64,
    /// The second as a share of the first, within a turn.
    pub share: f64,
    /// With 95 % certainty it is not below this.
    pub share_from: f64,
    /// Nor above this.
    pub share_to: f64,
    /// The server's CPU for each where nobody waits, in microseconds.
    pub alone_cpu_us: f64,
    /// The same while they wait: less at the mercy of what else the machine does than a rate.
    pub cpu_us: f64,
    /// The second as a share of the first, within a turn.
    pub cpu_share: f64,
    /// What each turn said, so that several runs can be taken together.
    pub shares: Vec<f64>,
}

impl Beside {
    fn line(&self, job: &str) -> String {
        let percent = |share: f64| share * 100.0;
        format!(
            "\n  {job} beside them {}/s = {:.1} % of {}/s alone (sure: {:.1}-{:.1} %, {} turns); CPU {} us, {} us alone",
            self.per_second,
            percent(self.share),
            self.alone_per_second,
            percent(self.share_from),
            percent(self.share_to),
            self.turns,
            self.cpu_us,
            self.alone_cpu_us
        )
    }
}

/// What was found after the server was killed under load and started again.
#[derive(Debug, Clone, Serialize)]
pub struct Kill {
    /// Instances acknowledged before.
    pub acknowledged: u64,
    /// Instances in the database after.
    pub found: u64,
    /// Acknowledged ones that are missing or not where they were acknowledged to be.
    pub lost: u64,
    /// Business keys that stand for more than one instance.
    pub doubled: u64,
    /// From the start of the process to its first answered request.
    pub restart_ms: f64,
}

/// What a report is made of.
pub(crate) struct Figures<'a> {
    pub job: &'static str,
    pub store: &'static str,
    pub mode: &'static str,
    pub clients: u32,
    pub measured: &'a Outcome,
    pub before: Counters,
    pub after: Counters,
    /// Instances in the database, for its size.
    pub in_all: u64,
}

impl Report {
    pub(crate) fn new(figures: &Figures<'_>) -> Self {
        let Figures { measured, before, after, .. } = figures;
        let n = measured.done.max(1) as f64;
        let per = |after: u64, before: u64| after.saturating_sub(before) as f64 / n;
        let commits = after.commits.saturating_sub(before.commits).max(1);
        Self {
            job: figures.job,
            variant: None,
            store: figures.store,
            mode: figures.mode,
            clients: figures.clients,
            instances: measured.done,
            seconds: round(measured.seconds),
            per_second: measured.per_second().round(),
            p50_ms: measured.p50_ms,
            p99_ms: measured.p99_ms,
            rss_mb: round(after.usage.rss_bytes as f64 / 1e6),
            db_bytes_per_instance: 0.0,
            in_all: figures.in_all,
            errors: measured.errors,
            cpu_us_per_instance: round(per(after.usage.cpu_us, before.usage.cpu_us)),
            commits_per_instance: round(per(after.commits, before.commits)),
            statements_per_instance: round(per(after.statements, before.statements)),
            reads_per_instance: round(per(after.reads, before.reads)),
            written_bytes_per_instance: per(after.usage.written_bytes, before.usage.written_bytes).round(),
            batch: round(after.units.saturating_sub(before.units) as f64 / commits as f64),
            envelope_per_second: None,
            envelope_share: None,
            waiting: None,
            parts: None,
            kill: None,
        }
        .stored(after.disk_bytes)
    }

    /// The same with the size of the database.
    #[must_use]
    pub fn stored(mut self, bytes: u64) -> Self {
        self.db_bytes_per_instance = (bytes as f64 / self.in_all.max(1) as f64).round();
        self
    }

    /// The same with the envelope's rate beside it.
    #[must_use]
    pub fn beside(mut self, envelope_per_second: f64) -> Self {
        self.envelope_per_second = Some(envelope_per_second.round());
        self.envelope_share = Some(round(self.per_second / envelope_per_second.max(1.0)));
        self
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variant = self.variant.map(|v| format!(" by {v}")).unwrap_or_default();
        write!(
            f,
            "{}{variant} on {} ({}), {} clients: {} instances in {:.2} s = {}/s, p50 {:.2} ms, p99 {:.2} ms",
            self.job,
            self.store,
            self.mode,
            self.clients,
            self.instances,
            self.seconds,
            self.per_second,
            self.p50_ms,
            self.p99_ms
        )?;
        if let (Some(rate), Some(share)) = (self.envelope_per_second, self.envelope_share) {
            write!(f, "; {:.0} % of the envelope ({rate}/s)", share * 100.0)?;
        }
        write!(
            f,
            "\n  per instance: {} us CPU, {} commits, {} statements, {} reads, {} bytes written, {} bytes on disk; \
             {} units a commit; {} MB resident; {} errors",
            self.cpu_us_per_instance,
            self.commits_per_instance,
            self.statements_per_instance,
            self.reads_per_instance,
            self.written_bytes_per_instance,
            self.db_bytes_per_instance,
            self.batch,
            self.rss_mb,
            self.errors
        )?;
        if let Some(w) = &self.waiting {
            write!(
                f,
                "\n  waiting: {} bytes of memory each; first page p50 {} p99 {} ms, page 200 p50 {} p99 {} ms; \
                 complete one p50 {} p99 {} ms",
                w.rss_bytes_per_wait,
                w.list_p50_ms,
                w.list_p99_ms,
                w.page_200_p50_ms,
                w.page_200_p99_ms,
                w.complete_p50_ms,
                w.complete_p99_ms
            )?;
            write!(f, "{}{}", w.straight.line("straight-through"), w.service.line("service"))?;
            if let Some(ms) = w.restart_ms {
                write!(f, "; first answer {ms} ms after a restart")?;
            }
        }
        if let Some([a, b, c]) = self.parts {
            let rate = self.errors as f64 / (self.instances + self.errors).max(1) as f64;
            write!(f, "\n  of them {a} straight-through, {b} service, {c} timed; error rate {:.4} %", rate * 100.0)?;
        }
        if let Some(kill) = &self.kill {
            write!(
                f,
                "\n  killed under load: {} acknowledged, {} found, {} lost, {} doubled; answers {} ms after the restart",
                kill.acknowledged, kill.found, kill.lost, kill.doubled, kill.restart_ms
            )?;
        }
        Ok(())
    }
}

/// To three places.
pub(crate) fn round(x: f64) -> f64 {
    (x * 1000.0).round() / 1000.0
}
