//! Prints how many prepared expressions a second one thread evaluates.
//!
//! `cargo run --release -p expr --example feel_speed`
//!
//! Measured on one thread of a machine with 2 cores that other builds kept busy (load 4 to 5; the best of three runs in
//! parentheses): `amount > 100` 3.3 M/s (5.3 M/s), `amount > 100 and status = "new"` 1.8 M/s (2.3 M/s), `some` over three
//! items 1.0 M/s, `sum(for …)` 0.6 M/s; JavaScript that only computes 1.8 M/s (2.5 M/s), a script with a body 4,100 /s,
//! one with a helper of `_` 930 /s, with `moment` 150 /s.

use expr::{Env, Scope, compile};
use model::definition::Language;
use model::limits::Limits;
use model::{Object, Timestamp, Value};
use std::hint::black_box;

struct Vars(Object);

impl Scope for Vars {
    fn variable(&self, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }
    fn object(&self, object: &str, field: &str) -> Option<Value> {
        self.0.get(object)?.get(field).cloned()
    }
    fn all(&self) -> Object {
        self.0.clone()
    }
}

const CASES: &[(Language, &str, u32)] = &[
    (Language::Feel, "amount > 100", 2_000_000),
    (Language::Feel, "amount > 100 and status = \"new\"", 2_000_000),
    (Language::Feel, "amount * 2 + 1", 2_000_000),
    (Language::Feel, "if status = \"new\" then \"a\" else \"b\"", 2_000_000),
    (Language::Feel, "amount in [100..200]", 2_000_000),
    (Language::Feel, "string join([status, \"x\"], \"-\")", 500_000),
    (Language::Feel, "{total: amount * 2, label: status}", 500_000),
    (Language::Feel, "some i in items satisfies i.price > 20", 500_000),
    (Language::Feel, "sum(for i in items return i.price)", 500_000),
    (Language::Feel, "items[price > 20]", 500_000),
    (Language::Bitrix, "{=Document:TITLE} on {=Document:SUM}", 500_000),
    (Language::Bitrix, "=round({=Document:SUM} * 1.2, 2)", 500_000),
    (Language::JavaScript, "amount > 100 && status === 'new'", 200_000),
    (Language::JavaScript, "items.some(i => i.price > 20)", 100_000),
    (Language::JavaScript, "const total = amount * 2; return total > 100", 3_000),
    (Language::JavaScript, "return _.sumBy(items, 'price')", 1_000),
    (Language::JavaScript, "return moment(0).add(1, 'day').format('D MMMM')", 1_000),
];

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn main() {
    let json = serde_json::json!({
        "amount": 120, "status": "new", "items": [{"price": 10}, {"price": 25}, {"price": 30}],
        "Document": {"TITLE": "Bill 5", "SUM": 1200.5},
    });
    let Value::Object(vars) = Value::from_json(&json) else { return };
    let vars = Vars((*vars).clone());
    let (limits, zone) = (Limits::default(), jiff::tz::TimeZone::UTC);
    let env = Env { scope: &vars, now: Timestamp(0), zone: &zone, limits: &limits, seed: 0 };
    for (language, text, turns) in CASES {
        let compiled = match compile(*language, text, &limits) {
            Ok(compiled) => compiled,
            Err(error) => {
                println!("{text}: {error}");
                continue;
            }
        };
        let start = std::time::Instant::now();
        for _ in 0..*turns {
            let _ = black_box(compiled.eval(black_box(&env)));
        }
        let seconds = start.elapsed().as_secs_f64();
        println!("{:>12.0} /s  {text}", f64::from(*turns) / seconds);
    }
}
