//! Several statements of a batch as one.
//!
//! What a statement costs besides its rows (its message, its answer, a wake-up on both sides, opening tables and
//! indexes) is as much as a dozen rows. Those of a wave that touch nothing but the rows they name become parts of one
//! statement. Invariant: it refuses what its parts refuse, though it can not say which of them did: units that meet a
//! conflict are sent again until one stands alone, and then once more with its statements one by one. Never: merges
//! what reads what another statement of the wave wrote.

use crate::{
    cluster, instances, jobs,
    plan::Kind,
    sql::{Param, Tx, WriteResult},
    timers,
};
use std::ptr;

/// Kinds of writes that look at no rows but their own.
static PLAIN: [&Kind; 9] = [
    &cluster::CHECK,
    &instances::CREATE,
    &instances::UPDATE,
    &instances::JOURNAL,
    &jobs::INSERT,
    &jobs::CLOSE,
    &jobs::DELETE,
    &timers::INSERT,
    &timers::DELETE,
];

/// Statements on their way into one.
#[derive(Default)]
pub(crate) struct Merged {
    parts: Vec<(&'static Kind, Vec<Param>)>,
}

/// Whether it may be a part.
pub(crate) fn is_plain(kind: &'static Kind) -> bool {
    PLAIN.iter().any(|plain| ptr::eq(*plain, kind))
}

impl Merged {
    /// One more; of plain kinds only.
    pub(crate) fn add(&mut self, kind: &'static Kind, params: Vec<Param>) {
        self.parts.push((kind, params));
    }

    /// Sends what was added: as one, or one by one.
    pub(crate) async fn send(self, tx: &mut Tx<'_>, merge: bool) -> WriteResult {
        if !merge || self.parts.len() < 2 {
            for (kind, params) in self.parts {
                tx.batch(kind, params).await?;
            }
            return Ok(());
        }
        let text = text(self.parts.iter().map(|(kind, params)| (*kind, params.len())));
        let otherwise = self.parts.iter().find_map(|(kind, _)| kind.otherwise.clone());
        let params = self.parts.into_iter().flat_map(|(_, params)| params).collect();
        tx.merged(&text, params, otherwise).await
    }
}

/// Statements, each with the number of its parameters, as the parts of one.
fn text(parts: impl Iterator<Item = (&'static Kind, usize)>) -> String {
    let (mut with, mut checks) = (String::from("WITH "), String::new());
    let mut before = 0;
    for (place, (kind, params)) in parts.enumerate() {
        let body = body(kind);
        with.push_str(&format!("{}p{place} AS MATERIALIZED (", if place > 0 { ", " } else { "" }));
        renumber(&mut with, body, before);
        with.push(')');
        before += params;
        if kind.otherwise.is_some() {
            let comma = if checks.is_empty() { "" } else { ", " };
            checks.push_str(&format!("{comma}1 / ((SELECT count(*) FROM p{place}) = ${before})::int"));
        }
    }
    let checks = if checks.is_empty() { "1" } else { &checks };
    format!("{with} SELECT {checks}")
}

/// A statement without the check at its end ([`crate::plan::expect_all`]).
fn body(kind: &'static Kind) -> &'static str {
    if kind.otherwise.is_none() {
        return kind.sql;
    }
    let inner = kind.sql.split_once('(').and_then(|(_, rest)| rest.rsplit_once(") SELECT 1 / (count(*) = $"));
    inner.expect("a statement with a conflict ends in its check").0
}

/// Appends a statement whose parameters come after `before` others.
fn renumber(to: &mut String, sql: &str, before: usize) {
    let mut parts = sql.split('$');
    to.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        let number: usize = part[..end].parse().expect("a parameter has a number");
        to.push_str(&format!("${}{}", number + before, &part[end..]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::Conflict;

    static ADD: Kind = Kind { sql: "INSERT INTO a SELECT * FROM unnest($1, $2)", otherwise: None };
    static CHANGE: Kind = Kind {
        sql: "WITH changed AS (UPDATE b SET x = n.x FROM unnest($1, $10) AS n (id, x) WHERE b.id = n.id RETURNING 1) \
        SELECT 1 / (count(*) = $11)::int FROM changed",
        otherwise: Some(Conflict::Instance),
    };

    #[test]
    fn statements_become_parts_of_one() {
        assert_eq!(
            text([(&ADD, 2), (&CHANGE, 11)].into_iter()),
            "WITH p0 AS MATERIALIZED (INSERT INTO a SELECT * FROM unnest($1, $2)), \
            p1 AS MATERIALIZED (UPDATE b SET x = n.x FROM unnest($3, $12) AS n (id, x) WHERE b.id = n.id RETURNING 1) \
            SELECT 1 / ((SELECT count(*) FROM p1) = $13)::int"
        );
        let one = "WITH p0 AS MATERIALIZED (INSERT INTO a SELECT * FROM unnest($1, $2)) SELECT 1";
        assert_eq!(text([(&ADD, 2)].into_iter()), one);
    }

    #[test]
    fn all_plain_statements_can_be_parted_from_their_checks() {
        for kind in PLAIN {
            let body = body(kind);
            assert!(!body.contains("changed") && !body.contains("WITH") && !body.contains("count("), "{body}");
        }
    }
}
