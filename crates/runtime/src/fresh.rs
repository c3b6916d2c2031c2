//! For how long something read from the database counts as true.
//!
//! Invariant: where nobody else writes it counts for ever, and no clock is asked. Never: reads anything.

use crate::clock::Clock;
use model::Timestamp;
use std::sync::Arc;

/// How long what is kept counts as true.
#[derive(Clone)]
pub(crate) struct Fresh(Option<(Arc<dyn Clock>, i64)>);

impl Fresh {
    /// For ever: nobody else writes.
    pub(crate) fn for_ever() -> Self {
        Self(None)
    }

    /// For so many milliseconds: other nodes may change it.
    pub(crate) fn for_ms(clock: Arc<dyn Clock>, ms: i64) -> Self {
        Self(Some((clock, ms)))
    }

    /// What is read now is marked with this.
    pub(crate) fn now(&self) -> Timestamp {
        self.0.as_ref().map_or(Timestamp::default(), |(clock, _)| clock.now())
    }

    /// Whether what was read then may have changed.
    pub(crate) fn is_over(&self, read_at: Timestamp) -> bool {
        self.0.as_ref().is_some_and(|(clock, ms)| clock.now().0 - read_at.0 >= *ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    #[test]
    fn it_is_over_after_its_time_and_never_where_nobody_else_writes() {
        let clock = Arc::new(ManualClock::new(Timestamp(1_000)));
        let (some, all) = (Fresh::for_ms(clock.clone(), 500), Fresh::for_ever());
        let (read, ever) = (some.now(), all.now());
        clock.advance_ms(499);
        assert!(!some.is_over(read));
        clock.advance_ms(1);
        assert!(some.is_over(read) && !all.is_over(ever));
    }
}
