//! Runs the public DMN conformance kit (`dmn-tck/tck`): `cargo run --release -p dmn --example tck -- PATH [FILTER]`.
//!
//! `PATH` is the kit's folder `TestCases`, or the one above it. Prints how many cases pass per compliance level and
//! every case that does not; `FILTER` picks folders by a part of their names. The kit is never part of the repository.

#[path = "../tests/it/support/kit.rs"]
mod kit;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let Some(path) = args.next() else {
        eprintln!("usage: tck PATH [FILTER]   (PATH: a copy of https://github.com/dmn-tck/tck)");
        return ExitCode::from(2);
    };
    let filter = args.next().unwrap_or_default();
    let Some(root) = kit::root(Path::new(&path)) else {
        eprintln!("there is no folder `TestCases` in {path}");
        return ExitCode::from(2);
    };
    for level in kit::LEVELS {
        let report = kit::run_level(&root, level, &filter);
        for failure in &report.failures {
            println!("{failure}");
        }
        println!(
            "{level}: {} of {} cases ({} of {} results)",
            report.cases.0, report.cases.1, report.results.0, report.results.1
        );
    }
    ExitCode::SUCCESS
}
