//! What was measured, as Prometheus reads it (text format 0.0.4).
//!
//! Invariant: names, units and labels stay; times are in seconds. Nothing here tells about people, processes or data:
//! targets of calls are counted, not named.

use runtime::{CircuitState, Histogram, LaneLoad, Metrics};
use std::fmt::{Display, Write as _};
use store::StoreStats;

/// The page. `incidents` are those of the whole installation; none: the database did not tell.
pub fn render(metrics: &Metrics, store: &StoreStats, incidents: Option<u64>) -> String {
    let mut page = Page::default();
    if let Some(open) = incidents {
        page.gauge("incidents_open", "Open incidents of the whole installation", open);
    }
    queues(&mut page, metrics);
    timers_and_jobs(&mut page, metrics);
    outbox(&mut page, metrics);
    page.counter("store_commits_total", "Transactions", store.commits);
    page.counter("store_units_total", "Units committed", store.units);
    page.counter("store_conflicts_total", "Units refused by a conflict", store.conflicts);
    page.counter("store_statements_total", "Writing statements", store.statements);
    page.counter("store_reads_total", "Reads", store.reads);
    page.gauge("store_largest_batch", "Units in the largest transaction", store.largest_batch);
    page.gauge("store_log_pages", "Pages in the write-ahead log", store.log_pages);
    page.0
}

fn queues(page: &mut Page, metrics: &Metrics) {
    let counters = &metrics.counters;
    page.counter("commands_total", "Commands taken from the queues", counters.commands);
    page.counter("commands_refused_total", "Commands refused because too many waited", metrics.refused);
    page.gauge("commands_queued", "Commands that wait", counters.queued);
    let lanes = |page: &mut Page, name, help, value: fn(&LaneLoad) -> u64| {
        page.head(name, "gauge", help);
        for (lane, load) in metrics.lanes.iter().enumerate() {
            page.value(name, &format!("{{lane=\"{lane}\"}}"), value(load));
        }
    };
    lanes(page, "lane_queued", "Commands that wait, by worker", |lane| lane.queued);
    lanes(page, "lane_starts_queued", "Starts that wait, by worker", |lane| lane.starts);
    lanes(page, "lane_queued_bytes", "Bytes of what waits, by worker", |lane| lane.bytes);
    lanes(page, "lane_round_limit", "Commands that the next round takes at most, by worker", |lane| lane.round);
    lanes(page, "lane_commands_per_second", "Commands done in a second while there is work, by worker", |lane| {
        lane.per_second
    });
    page.histogram("round_commands", "Commands of a round", &metrics.round_commands, 1.0);
    page.histogram("commit_seconds", "Time of a commit, as its worker saw it", &metrics.commit_us, 1e-6);
    page.counter("unit_conflicts_total", "Units that met a conflict and were decided again", counters.conflicts);
    page.gauge("partitions_owned", "Partitions served here", counters.owned);
    page.gauge("nodes", "Nodes that live, as far as is known", counters.nodes);
    page.counter("purged_instances_total", "Ended instances removed by rule", counters.purged_instances);
    page.gauge("retention_backlog", "Ended instances over their time that are still there", counters.retention_backlog);
}

fn timers_and_jobs(page: &mut Page, metrics: &Metrics) {
    page.counter("timers_fired_total", "Timers fired", metrics.counters.timers);
    page.gauge("timers_in_memory", "Timers of the near future, and fired ones to be committed", metrics.timers_near);
    page.histogram("timer_lag_seconds", "Between a timer's moment and its firing", &metrics.timer_lag_ms, 1e-3);
    page.seconds("timer_due_seconds", "How long the oldest timer has been due", metrics.timer_due_ms);
    page.counter("jobs_activated_total", "Jobs handed out", metrics.jobs_activated);
    page.counter("jobs_abandoned_total", "Jobs given up because no lease was answered", metrics.jobs_abandoned);
    page.histogram("job_lag_seconds", "Between a job's making and a hand-out", &metrics.job_lag_ms, 1e-3);
    page.gauge("job_polls", "Requests for jobs under way", metrics.job_polls);
    page.gauge("scripts", "Scripts in memory, running and waiting", metrics.scripts);
}

fn outbox(page: &mut Page, metrics: &Metrics) {
    page.counter("deliveries_total", "Tries of outgoing calls", metrics.counters.deliveries);
    page.counter("deliveries_done_total", "Tries that were delivered", metrics.deliveries_done);
    page.counter("deliveries_failed_total", "Tries that failed and are made again", metrics.deliveries_failed);
    page.counter("deliveries_given_up_total", "Calls given up", metrics.deliveries_given_up);
    page.counter("deliveries_deferred_total", "Calls put off without a try", metrics.deliveries_deferred);
    page.counter("connectors_broken_total", "Tries in which a connector broke down", metrics.connectors_broken);
    page.histogram("delivery_seconds", "Time of a try", &metrics.delivery_us, 1e-6);
    page.histogram("outbox_lag_seconds", "Between a call's moment and its try", &metrics.outbox_lag_ms, 1e-3);
    page.seconds("outbox_due_seconds", "How long the oldest call has been due", metrics.outbox_due_ms);
    page.gauge("outbox_in_flight", "Calls on their way", metrics.outbox_in_flight);
    page.gauge("outbox_ready", "Calls read and waiting for their turn", metrics.outbox_ready);
    page.head("circuits", "gauge", "Targets that are busy or failing, by state");
    for (state, name) in
        [(CircuitState::Closed, "closed"), (CircuitState::Open, "open"), (CircuitState::HalfOpen, "half_open")]
    {
        let n = metrics.circuits.iter().filter(|circuit| circuit.state == state).count();
        page.value("circuits", &format!("{{state=\"{name}\"}}"), n);
    }
}

#[derive(Default)]
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing into a text never fails.
        let _ = write!(self.0, "# HELP ruslo_{name} {help}\n# TYPE ruslo_{name} {kind}\n");
    }

    fn value(&mut self, name: &str, labels: &str, value: impl Display) {
        let _ = writeln!(self.0, "ruslo_{name}{labels} {value}");
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.head(name, "counter", help);
        self.value(name, "", value);
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) {
        self.head(name, "gauge", help);
        self.value(name, "", value);
    }

    fn seconds(&mut self, name: &str, help: &str, ms: u64) {
        self.head(name, "gauge", help);
        self.value(name, "", ms as f64 / 1_000.0);
    }

    /// `unit` of the page is one of what was measured times `scale`.
    fn histogram(&mut self, name: &str, help: &str, read: &Histogram, scale: f64) {
        self.head(name, "histogram", help);
        let bounds = read.bounds.iter().map(|bound| scaled(*bound, scale)).chain(["+Inf".to_owned()]);
        let mut sum = 0;
        for (bound, n) in bounds.zip(&read.counts) {
            sum += n;
            self.value(&format!("{name}_bucket"), &format!("{{le=\"{bound}\"}}"), sum);
        }
        self.value(&format!("{name}_sum"), "", scaled(read.sum, scale));
        self.value(&format!("{name}_count"), "", sum);
    }
}

/// Without the noise of binary fractions: nothing here is finer than a microsecond.
fn scaled(value: u64, scale: f64) -> String {
    ((value as f64 * scale * 1e6).round() / 1e6).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histograms_add_up() {
        let read = Histogram { bounds: &[1_000, 2_500], counts: vec![2, 0, 1], sum: 7_001 };
        let mut page = Page::default();
        page.histogram("x_seconds", "X", &read, 1e-6);
        expect_test::expect![[r#"
            # HELP ruslo_x_seconds X
            # TYPE ruslo_x_seconds histogram
            ruslo_x_seconds_bucket{le="0.001"} 2
            ruslo_x_seconds_bucket{le="0.0025"} 2
            ruslo_x_seconds_bucket{le="+Inf"} 3
            ruslo_x_seconds_sum 0.007001
            ruslo_x_seconds_count 3
        "#]]
        .assert_eq(&page.0);
    }
}
