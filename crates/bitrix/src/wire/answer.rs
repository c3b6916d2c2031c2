//! Answers: a method's result and the envelope around it (contract 1.4).

use super::{WireError, dates};
use jiff::tz::TimeZone;
use model::Timestamp;
use serde_json::{Map, Value as Json, json};

/// Rows of one page; fixed by the contract (1.6).
pub const PAGE: usize = 50;

/// What a method gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The result.
    pub result: Json,
    /// Rows in all, for list methods.
    pub total: Option<usize>,
    /// The `start` of the next page, when there is one.
    pub next: Option<usize>,
}

impl From<Json> for Answer {
    fn from(result: Json) -> Self {
        Self { result, total: None, next: None }
    }
}

/// Which rows of a list are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// From this row on, with counting.
    From(usize),
    /// The first rows without counting (`start=-1`).
    Uncounted,
}

impl Page {
    /// Reads `start` in any case; nonsense counts as 0.
    pub fn of(params: &super::Params) -> Self {
        match params.get_any_case("start").and_then(super::Param::as_int) {
            Some(n) if n < 0 => Self::Uncounted,
            Some(n) => Self::From(usize::try_from(n).unwrap_or(usize::MAX)),
            None => Self::From(0),
        }
    }

    /// The first row's offset.
    pub fn offset(self) -> usize {
        match self {
            Self::From(n) => n,
            Self::Uncounted => 0,
        }
    }

    /// The answer for a page's rows out of `total`.
    pub fn answer(self, rows: Vec<Json>, total: usize) -> Answer {
        let result = Json::Array(rows);
        match self {
            Self::Uncounted => Answer { result, total: Some(0), next: None },
            Self::From(offset) => {
                let end = offset.saturating_add(PAGE);
                Answer { result, total: Some(total), next: (end < total).then_some(end) }
            }
        }
    }
}

/// The `time` block: when a call began and ended, and what it used of its operating budget.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimeBlock {
    /// When the call began.
    pub start: Timestamp,
    /// When it ended.
    pub finish: Timestamp,
    /// Seconds that this method used in the running ten minutes.
    pub operating_s: f64,
    /// When the oldest of them is forgotten, Unix seconds.
    pub operating_reset_at: i64,
}

impl TimeBlock {
    /// The block as JSON; all eight keys are always there.
    pub fn to_json(&self, zone: &TimeZone) -> Json {
        let seconds = |t: Timestamp| t.0 as f64 / 1000.0;
        let duration = (self.finish.0 - self.start.0).max(0) as f64 / 1000.0;
        json!({
            "start": seconds(self.start),
            "finish": seconds(self.finish),
            "duration": duration,
            "processing": duration,
            "date_start": dates::iso(self.start, zone),
            "date_finish": dates::iso(self.finish, zone),
            "operating_reset_at": self.operating_reset_at,
            "operating": self.operating_s,
        })
    }
}

/// A finished call, ready to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Json,
    /// The header `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
}

impl Envelope {
    /// A success.
    pub fn success(answer: Answer, time: Json) -> Self {
        let mut body = Map::new();
        body.insert("result".into(), super::json::as_php(answer.result));
        if let Some(total) = answer.total {
            body.insert("total".into(), total.into());
        }
        if let Some(next) = answer.next {
            body.insert("next".into(), next.into());
        }
        body.insert("time".into(), time);
        Self { status: 200, body: Json::Object(body), retry_after: None }
    }

    /// A failure.
    pub fn failure(error: &WireError) -> Self {
        Self { status: error.status, body: error.to_json(), retry_after: error.retry_after }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Param, Params};

    #[test]
    fn pages() {
        let page = |start: &str| {
            let map = [("start", Param::text(start))].into_iter().collect();
            Page::of(&Params { map, fold_case: false })
        };
        for (start, offset, total, next) in [
            ("", 0, 120, Some(50)),
            ("0", 0, 50, None),
            ("50", 50, 120, Some(100)),
            ("7", 7, 58, Some(57)),
            ("100", 100, 120, None),
            ("500", 500, 120, None),
        ] {
            let answer = page(start).answer(Vec::new(), total);
            assert_eq!(page(start).offset(), offset);
            assert_eq!((answer.total, answer.next), (Some(total), next), "start={start}");
        }
        let uncounted = page("-1").answer(Vec::new(), 120);
        assert_eq!((uncounted.total, uncounted.next), (Some(0), None));
    }

    #[test]
    fn the_time_block_has_all_eight_keys() {
        let at = Timestamp::parse_iso("2025-02-05T05:58:14.250Z").unwrap();
        let block =
            TimeBlock { start: at, finish: at.plus_ms(1500), operating_s: 1.5, operating_reset_at: 1_738_735_800 };
        expect_test::expect![[
            r#"{"start":1738735094.25,"finish":1738735095.75,"duration":1.5,"processing":1.5,"date_start":"2025-02-05T05:58:14+00:00","date_finish":"2025-02-05T05:58:15+00:00","operating_reset_at":1738735800,"operating":1.5}"#
        ]]
        .assert_eq(&block.to_json(&TimeZone::UTC).to_string());
    }
}
