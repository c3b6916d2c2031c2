//! The PostgreSQL server: its version, the settings that matter here, a pooler in between, connections, its clock.

use super::Findings;
use runtime::clock::SystemClock;
use store_postgres::ServerFacts;

/// The oldest version that is worked with, as the server tells it.
const OLDEST: u32 = 150_000;
/// Clocks that are further apart are told.
const APART_MS: i64 = 1_000;

pub(super) async fn look(url: &str, out: &mut Findings) {
    match ServerFacts::of(url, &SystemClock).await {
        Ok(facts) => judge(&facts, out),
        Err(error) => {
            let text = format!("{:#}", anyhow::Error::new(error));
            out.warn("server", text, "it did not tell its settings; look at them yourself");
        }
    }
}

fn judge(facts: &ServerFacts, out: &mut Findings) {
    version(facts, out);
    if facts.encoding.eq_ignore_ascii_case("UTF8") {
        out.ok("encoding", "UTF8");
    } else {
        let text = format!("the database is encoded in {}", facts.encoding);
        out.error("encoding", text, "create the database with ENCODING 'UTF8' and TEMPLATE template0");
    }
    durability(facts, out);
    pooler(facts, out);
    connections(facts, out);
    clock(facts, out);
}

fn version(facts: &ServerFacts, out: &mut Findings) {
    let short = facts.version.split(" on ").next().unwrap_or_default();
    if !facts.version.starts_with("PostgreSQL") || facts.version.contains("-YB-") {
        let mend = "only PostgreSQL was run; try it before you plan on it (guide: which database)";
        out.warn("server", format!("{short}, a relative of PostgreSQL"), mend);
    } else if facts.number < OLDEST {
        out.error("server", format!("{short} is too old"), "PostgreSQL 15 or newer is needed");
    } else {
        out.ok("server", short);
    }
}

/// What the server may lose of what it acknowledged.
fn durability(facts: &ServerFacts, out: &mut Findings) {
    let mut sound = Vec::new();
    for (setting, value) in &facts.durability {
        match (*setting, value.as_str()) {
            ("synchronous_commit", "off") if !facts.told_pooled => {
                sound.push("synchronous_commit is off, and Ruslo turns it on for its own connections".to_owned());
            }
            ("synchronous_commit", "off") => out.warn(
                "durability",
                "synchronous_commit is off: acknowledged work is lost when the server fails",
                "ALTER ROLE … SET synchronous_commit = on for Ruslo's user: through a pooler nothing is set",
            ),
            (_, "off") => {
                let text = format!("{setting} is off: acknowledged work, or the database, may be lost in a power cut");
                out.warn("durability", text, format!("set {setting} = on in postgresql.conf and reload"));
            }
            (_, value) => sound.push(format!("{setting} is {}", if value.is_empty() { "not told" } else { value })),
        }
    }
    if sound.len() == facts.durability.len() {
        out.ok("durability", sound.join(", "));
    }
}

fn pooler(facts: &ServerFacts, out: &mut Findings) {
    match (facts.pooled, facts.told_pooled) {
        (true, false) if facts.told_kept => out.warn(
            "pooler",
            "a pooler gives each transaction another connection; the URL says that it keeps what sessions prepare and set",
            "with PgBouncer in transaction mode pgbouncer=true is the safe setting",
        ),
        (true, false) => out.error(
            "pooler",
            "a pooler (PgBouncer in transaction mode) gives each transaction another connection",
            "add pgbouncer=true to --database-url, or connect past the pooler",
        ),
        (true, true) => out.ok("pooler", "a pooler that shares connections, and the URL says so: nothing is prepared"),
        (false, true) => {
            out.ok("pooler", "none was seen that shares connections: without pgbouncer=true it would be faster");
        }
        (false, false) => out.ok("pooler", "none that shares connections"),
    }
}

fn connections(facts: &ServerFacts, out: &mut Findings) {
    let ServerFacts { connections_max: max, connections: held, own_connections: own, needed, .. } = facts;
    let text = format!("{held} of {max} are held, {own} of them by Ruslo; a node holds {needed}");
    // A node that runs has its own; one more is for a back-up.
    let wanted = if own >= needed { 1 } else { *needed };
    if !facts.pooled && max - held < wanted {
        let mend = "raise max_connections, or put readers and writers with smaller numbers into --database-url";
        out.warn("connections", text, mend);
    } else {
        out.ok("connections", text);
    }
}

fn clock(facts: &ServerFacts, out: &mut Findings) {
    let ahead = facts.ahead_ms.saturating_abs().saturating_sub(facts.unsure_ms);
    let side = if facts.ahead_ms < 0 { "behind" } else { "ahead of" };
    if ahead > APART_MS {
        let text = format!("the server's clock is {ahead} ms {side} this machine's");
        out.warn("clock", text, "keep NTP running on both: timers fire by the clock of the node that serves them");
    } else {
        out.ok("clock", "the server's and this machine's agree within a second");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;

    fn sound() -> ServerFacts {
        let on = || "on".to_owned();
        ServerFacts {
            version: "PostgreSQL 15.14 (Debian 15.14-0+deb12u1) on x86_64-pc-linux-gnu, compiled by gcc".to_owned(),
            number: 150_014,
            encoding: "UTF8".to_owned(),
            durability: [("fsync", on()), ("full_page_writes", on()), ("synchronous_commit", on())],
            connections_max: 97,
            connections: 8,
            own_connections: 6,
            needed: 6,
            pooled: false,
            told_pooled: false,
            told_kept: false,
            ahead_ms: -40,
            unsure_ms: 1,
        }
    }

    /// What is not as it should be: the check, how bad, a word of its text.
    fn wrong(change: impl FnOnce(&mut ServerFacts)) -> Vec<(&'static str, Level, String)> {
        let (mut facts, mut out) = (sound(), Findings::default());
        change(&mut facts);
        judge(&facts, &mut out);
        assert!(out.0.iter().all(|f| (f.level == Level::Ok) == f.mend.is_empty()), "{out:?}");
        out.0.into_iter().filter(|f| f.level != Level::Ok).map(|f| (f.check, f.level, f.text)).collect()
    }

    #[test]
    fn a_sound_server_is_told_in_six_lines() {
        let mut out = Findings::default();
        judge(&sound(), &mut out);
        let checks: Vec<_> = out.0.iter().map(|f| f.check).collect();
        assert_eq!(checks, ["server", "encoding", "durability", "pooler", "connections", "clock"]);
        assert_eq!(out.worst(), Level::Ok, "{out:?}");
        assert_eq!(out.0[0].text, "PostgreSQL 15.14 (Debian 15.14-0+deb12u1)");
    }

    #[test]
    fn what_loses_work_or_stands_in_the_way_is_told() {
        use Level::{Error, Warning};
        type Change = fn(&mut ServerFacts);
        let table: [(Change, &str, Level, &str); 12] = [
            (|f| f.number = 140_011, "server", Error, "too old"),
            (|f| f.version = "CockroachDB CCL v24".to_owned(), "server", Warning, "relative"),
            (|f| f.version = "PostgreSQL 15.2-YB-2.25 on x86".to_owned(), "server", Warning, "relative"),
            (|f| f.encoding = "SQL_ASCII".to_owned(), "encoding", Error, "SQL_ASCII"),
            (|f| f.durability[0].1 = "off".to_owned(), "durability", Warning, "fsync is off"),
            (|f| f.durability[1].1 = "off".to_owned(), "durability", Warning, "full_page_writes is off"),
            (
                |f| {
                    f.durability[2].1 = "off".to_owned();
                    f.told_pooled = true;
                },
                "durability",
                Warning,
                "synchronous_commit is off",
            ),
            (|f| f.pooled = true, "pooler", Error, "PgBouncer"),
            (|f| (f.pooled, f.told_kept) = (true, true), "pooler", Warning, "the URL says that it keeps"),
            (|f| f.connections = 97, "connections", Warning, "97 of 97"),
            (|f| (f.own_connections, f.connections) = (0, 92), "connections", Warning, "92 of 97"),
            (|f| f.ahead_ms = -5_000, "clock", Warning, "4999 ms behind"),
        ];
        for (change, check, level, word) in table {
            let found = wrong(change);
            assert!(
                matches!(&found[..], [(c, l, text)] if *c == check && *l == level && text.contains(word)),
                "{found:?}"
            );
        }
    }

    #[test]
    fn what_only_looks_bad_is_not_told() {
        // Its own connections turn it on; a node that runs holds what it needs; asking took long.
        assert_eq!(wrong(|f| f.durability[2].1 = "off".to_owned()), Vec::new());
        assert_eq!(wrong(|f| f.connections = 95), Vec::new());
        assert_eq!(wrong(|f| (f.ahead_ms, f.unsure_ms) = (3_000, 2_500)), Vec::new());
        assert_eq!(wrong(|f| (f.pooled, f.told_pooled, f.connections) = (true, true, 97)), Vec::new());
    }
}
