//! `ruslo`: the server with its workers and web UI, and the command line around it.
//!
//! Owns: configuration, wiring, commands. Never: business rules.

mod cluster;
mod commands;
mod config;
mod control;
mod database;
mod demo;
mod doctor;
mod first_admin;
mod health;
mod installation;
mod logging;
mod prometheus;
mod telemetry;
mod web;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Requests and rounds make small things on one thread and drop them on another: with glibc's allocator that was a
/// third of the server's processor time.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Process automation server
#[derive(Debug, Parser)]
#[command(name = "ruslo", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Server, workers and web UI in one process
    Serve(commands::serve::Serve),
    /// Imports .bpmn and .bpt files without a server and says what is wrong with them
    Check(commands::check::Check),
    /// Deploys files to a running server (RUSLO_URL, RUSLO_TOKEN)
    Deploy(commands::deploy::Deploy),
    /// Runs a definition in memory with a test clock and prints its journal
    Run(commands::run::Run),
    /// Creates people, webhooks, apps and tokens
    Admin(commands::admin::Admin),
    /// Writes everything into one file, also while the server runs
    Backup(commands::backup::Backup),
    /// Reads such a file into an empty database
    Restore(commands::restore::Restore),
    /// Brings the database's schema up to date, or moves everything to another database
    Migrate(commands::migrate::Migrate),
    /// Looks for what is wrong with an installation and says how to mend it
    Doctor(commands::doctor::Doctor),
    /// Measures the standard jobs against a fresh database
    Bench(commands::bench::Bench),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Serve(c) => commands::serve::execute(c),
        Command::Check(c) => commands::check::execute(&c),
        Command::Deploy(c) => commands::deploy::execute(&c),
        Command::Run(c) => commands::run::execute(&c),
        Command::Admin(c) => commands::admin::execute(c),
        Command::Backup(c) => commands::backup::execute(&c),
        Command::Restore(c) => commands::restore::execute(&c),
        Command::Migrate(c) => commands::migrate::execute(&c),
        Command::Doctor(c) => commands::doctor::execute(&c),
        Command::Bench(c) => commands::bench::execute(c),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("ruslo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn no_flag_stands_twice() {
        Cli::command().debug_assert();
    }
}
