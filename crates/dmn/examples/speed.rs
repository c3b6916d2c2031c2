//! How many decision tables of 4 rules and 2 inputs one thread evaluates in a second of its time:
//! `cargo run --release -p dmn --example speed`.

#[path = "../tests/it/support/mod.rs"]
mod support;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;
use support::{decision, file, input, read, table, value, with_env};

/// Seconds that this thread was on a processor: what others do at the same time is not counted. Elsewhere than on Linux
/// the seconds that passed.
#[expect(clippy::disallowed_methods, reason = "what measures reads a stopwatch")]
fn busy_s() -> f64 {
    static BEGIN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let nanoseconds = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = nanoseconds.and_then(|s| s.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| BEGIN.get_or_init(Instant::now).elapsed().as_secs_f64(), |ns| ns / 1e9)
}

fn main() {
    let rules: [&[&str]; 4] = [
        &["< 18", "\"gold\"", "1"],
        &["< 18", "not(\"gold\")", "2"],
        &["[18..65)", "-", "3"],
        &[">= 65", "\"gold\", \"silver\"", "4"],
    ];
    let (age, age_input) = input("age", "number");
    let (card, card_input) = input("card", "string");
    let logic = table("UNIQUE", &["age", "card"], &["discount"], &rules);
    let model = read(&file(&format!("{age_input}{card_input}{}", decision("d", &(age + &card), &logic))));
    let given = Arc::new(value("{age: 70, card: \"silver\"}").as_object().cloned().expect("a context"));
    for trace in [false, true] {
        with_env(|env| {
            let mut best = 0.0_f64;
            for _ in 0..5 {
                const TURNS: u32 = 200_000;
                let start = busy_s();
                for _ in 0..TURNS {
                    black_box(model.evaluate("d", black_box(&given), env, trace));
                }
                best = best.max(f64::from(TURNS) / (busy_s() - start));
            }
            println!("4 rules x 2 inputs, trace {trace}: {best:.0} a second");
        });
    }
}
