//! Plain ids, from blocks that the writer reserves.

use super::writer;
use crate::{IdKind, Result, ids::Blocks};

/// Hands out ids from one block per kind.
#[derive(Debug, Default)]
pub(super) struct Allocator(Blocks);

impl Allocator {
    /// The next id of `kind`.
    pub(super) async fn next(&self, kind: IdKind, writer: &writer::Queue) -> Result<i64> {
        self.0.next(kind, |size| writer.reserve(kind, size)).await
    }

    /// Empties all blocks: `(kind, first unused, end)`, to be given back when the store closes.
    pub(super) fn unused(&self) -> Vec<(IdKind, i64, i64)> {
        self.0.unused()
    }
}
