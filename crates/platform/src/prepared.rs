//! Changes as data.

use crate::LiveEvent;
use store::{Unit, Write};

/// A validated change that is not made yet: put `writes` into a unit, commit it, then publish `events`.
#[derive(Debug, Clone)]
pub struct Prepared<T> {
    /// What will be there.
    pub value: T,
    /// The change. Refused by the store when what it is based on has changed meanwhile: prepare it anew then.
    pub writes: Vec<Write>,
    /// To publish after the commit.
    pub events: Vec<LiveEvent>,
}

impl<T> Prepared<T> {
    /// The writes as a unit of their own.
    pub(crate) fn unit(&self) -> Unit {
        Unit { writes: self.writes.clone(), fence: None }
    }
}
