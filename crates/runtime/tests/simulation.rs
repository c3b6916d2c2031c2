//! Simulation by seed: processes, people, apps and workers on a store that fails on purpose, and servers that die.
//!
//! What must hold at the end: every acknowledged start, answer and completion is there, every instance finished, each
//! step's record change happened once, every effect was delivered, the journal replays to the snapshot, and nothing is
//! left over. All of it runs on one thread with clocks and chance of its own, so that a seed repeats its run exactly:
//! `RUSLO_SIM_SEED=<seed> cargo test -p runtime --test simulation` (with `RUSLO_SIM_LOG=1` line by line), and
//! `make simulate SEEDS=10000` runs many.
#![allow(clippy::unwrap_used, reason = "tests")]

mod sim;
mod support;

use sim::Plan;

fn from_env(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn quietly(seed: u64, nodes: usize) -> sim::Outcome {
    let run = std::panic::AssertUnwindSafe(|| sim::run(Plan { seed, nodes, verbose: false }));
    std::panic::catch_unwind(run).unwrap_or_else(|_| {
        panic!("repeat with: RUSLO_SIM_SEED={seed} cargo test -p runtime --test simulation {}", name(nodes))
    })
}

/// The test that runs so many servers.
fn name(nodes: usize) -> &'static str {
    if nodes == 1 { "one_server" } else { "three_servers" }
}

/// Seeds of one kind; `share` of what is asked for.
fn seeds(nodes: usize, share: u64) {
    if let Some(seed) = from_env("RUSLO_SIM_SEED") {
        let outcome = sim::run(Plan { seed, nodes, verbose: from_env("RUSLO_SIM_LOG").is_some() });
        outcome.lines.iter().for_each(|line| println!("{line}"));
        println!("seed {seed}: trace {:016x}, {} units", outcome.hash, outcome.units);
        return;
    }
    let (first, all) = (from_env("RUSLO_SIM_FIRST").unwrap_or(1), from_env("RUSLO_SIM_SEEDS").unwrap_or(200));
    let seeds = (all * share).div_ceil(100);
    let (mut started, mut faults, mut deaths, mut units) = (0, 0, 0, 0);
    for seed in first..first + seeds {
        let outcome = quietly(seed, nodes);
        started += outcome.started;
        faults += outcome.faults;
        deaths += outcome.deaths;
        units += outcome.units;
    }
    let name = name(nodes);
    println!("{name}, {seeds} seeds: {started} acknowledged starts, {units} units, {faults} faults, {deaths} deaths");
}

#[test]
fn one_server_loses_and_doubles_nothing() {
    seeds(1, 60);
}

#[test]
fn three_servers_lose_and_double_nothing() {
    seeds(3, 40);
}

#[test]
fn a_seed_repeats_its_run() {
    for (seed, nodes) in [(1, 1), (2, 1), (3, 1), (4, 3), (5, 3), (6, 3)] {
        let [one, two] = [0, 1].map(|_| sim::run(Plan { seed, nodes, verbose: true }));
        let differs = one.lines.iter().zip(&two.lines).position(|(a, b)| a != b);
        assert_eq!(differs.map(|at| (at, &one.lines[at], &two.lines[at])), None);
        assert_eq!((one.hash, one.units), (two.hash, two.units));
    }
}

/// Runs that once went wrong: a record was saved without its start; a message whose commit was not heard of was never
/// looked at.
#[test]
fn seeds_that_found_something() {
    for (seed, nodes) in [(1, 1), (20_011, 1)] {
        quietly(seed, nodes);
    }
}
