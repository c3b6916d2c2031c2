//! Simulation by seed: processes, people, apps and workers on a store that fails on purpose, and servers that die.
//!
//! What must hold at the end: every acknowledged start, answer and completion is there, every instance finished, each
//! step's record change happened once, every effect was delivered, the journal replays to the snapshot, and nothing is
//! left over. All of it runs on one thread with clocks and chance of its own, so that a seed repeats its run exactly:
//! `RUSLO_SIM_SEED=<seed> cargo test -p runtime --test simulation` (with `RUSLO_SIM_LOG=1` line by line), and
//! `make simulate SEEDS=10000` runs many.
//!
//! A program of its own: that target builds it alone and optimised, and nothing else in the process can touch a run.
#![allow(clippy::unwrap_used, reason = "tests")]

mod sim;
#[path = "it/support/mod.rs"]
mod support;

use sim::Plan;

fn from_env(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// None when something was wrong; what it was is printed.
fn tried(seed: u64, nodes: usize) -> Option<sim::Outcome> {
    let run = std::panic::AssertUnwindSafe(|| sim::run(Plan { seed, nodes, verbose: false }));
    let outcome = std::panic::catch_unwind(run).ok();
    if outcome.is_none() {
        println!("repeat with: RUSLO_SIM_SEED={seed} cargo test -p runtime --test simulation {}", name(nodes));
    }
    outcome
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
    let (name, mut wrong) = (name(nodes), Vec::new());
    for seed in first..first + seeds {
        if seed > first && (seed - first) % 500 == 0 {
            println!("{name}: {} seeds, {} of them wrong", seed - first, wrong.len());
        }
        // The others are run all the same: a long run shows everything that it finds.
        let Some(outcome) = tried(seed, nodes) else {
            wrong.push(seed);
            continue;
        };
        started += outcome.started;
        faults += outcome.faults;
        deaths += outcome.deaths;
        units += outcome.units;
    }
    println!("{name}, {seeds} seeds: {started} acknowledged starts, {units} units, {faults} faults, {deaths} deaths");
    assert_eq!(wrong, Vec::<u64>::new(), "{name}: seeds that found something");
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
/// looked at; a call that nobody waited for was dropped after its first late try; a job that failed while its instance
/// was suspended was handed out again; a retry and going on in one unit contradicted each other; a call, and a message
/// between instances, whose commit was not heard of waited for others to come.
#[test]
fn seeds_that_found_something() {
    for (seed, nodes) in [(1, 1), (20_011, 1), (63, 1), (63, 3), (2, 1), (56, 3), (560, 1), (2077, 1)] {
        assert!(tried(seed, nodes).is_some(), "seed {seed}, {}", name(nodes));
    }
}
