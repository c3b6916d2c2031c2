//! Plain ids, taken from blocks that a backend reserves in its database ahead of use.
//!
//! Invariant: one block per kind is in use, and one caller at a time reserves the next. Never: reserves by itself.

use crate::{IdKind, Result};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The first block is small so that a new installation counts 1, 2, 3 even after a crash or two.
const FIRST_BLOCK: i64 = 8;
const LARGEST_BLOCK: i64 = 512;

#[derive(Debug, Default, Clone, Copy)]
struct Block {
    next: i64,
    end: i64,
    size: i64,
}

/// The blocks in use, one per kind.
#[derive(Debug, Default)]
pub struct Blocks {
    blocks: [Mutex<Block>; IdKind::ALL.len()],
    refills: [tokio::sync::Mutex<()>; IdKind::ALL.len()],
}

impl Blocks {
    /// The next id of `kind`; `reserve` makes sure of a block of the size given and tells its first id.
    ///
    /// # Errors
    /// Those of `reserve`.
    pub async fn next<R>(&self, kind: IdKind, reserve: impl Fn(i64) -> R) -> Result<i64>
    where
        R: Future<Output = Result<i64>>,
    {
        if let Some(id) = self.take(kind) {
            return Ok(id);
        }
        let _one_at_a_time = self.refills[kind as usize].lock().await;
        loop {
            if let Some(id) = self.take(kind) {
                return Ok(id);
            }
            let size = (self.block(kind).size * 2).clamp(FIRST_BLOCK, LARGEST_BLOCK);
            let next = reserve(size).await?;
            *self.block(kind) = Block { next, end: next + size, size };
        }
    }

    fn block(&self, kind: IdKind) -> MutexGuard<'_, Block> {
        self.blocks[kind as usize].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, kind: IdKind) -> Option<i64> {
        let mut block = self.block(kind);
        (block.next < block.end).then(|| {
            block.next += 1;
            block.next - 1
        })
    }

    /// Empties all blocks: `(kind, first unused, end)`, to be given back when the store closes.
    pub fn unused(&self) -> Vec<(IdKind, i64, i64)> {
        let mut unused = Vec::new();
        for kind in IdKind::ALL {
            let block = std::mem::take(&mut *self.block(*kind));
            if block.next < block.end {
                unused.push((*kind, block.next, block.end));
            }
        }
        unused
    }
}
