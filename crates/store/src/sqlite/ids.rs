//! Plain ids, taken from blocks that are reserved in the database ahead of use.

use super::writer;
use crate::{IdKind, Result};
use std::sync::{Mutex, PoisonError};

/// The first block is small so that a new installation counts 1, 2, 3 even after a crash or two.
const FIRST_BLOCK: i64 = 8;
const LARGEST_BLOCK: i64 = 512;

#[derive(Debug, Default, Clone, Copy)]
struct Block {
    next: i64,
    end: i64,
    size: i64,
}

/// Hands out ids from one block per kind.
#[derive(Debug, Default)]
pub(super) struct Allocator {
    blocks: [Mutex<Block>; IdKind::ALL.len()],
    refills: [tokio::sync::Mutex<()>; IdKind::ALL.len()],
}

impl Allocator {
    /// The next id of `kind`.
    pub(super) async fn next(&self, kind: IdKind, writer: &writer::Queue) -> Result<i64> {
        let slot = slot(kind);
        if let Some(id) = self.take(slot) {
            return Ok(id);
        }
        let _one_at_a_time = self.refills[slot].lock().await;
        loop {
            if let Some(id) = self.take(slot) {
                return Ok(id);
            }
            let size = {
                let block = self.blocks[slot].lock().unwrap_or_else(PoisonError::into_inner);
                (block.size * 2).clamp(FIRST_BLOCK, LARGEST_BLOCK)
            };
            let next = writer.reserve(kind, size).await?;
            *self.blocks[slot].lock().unwrap_or_else(PoisonError::into_inner) = Block { next, end: next + size, size };
        }
    }

    fn take(&self, slot: usize) -> Option<i64> {
        let mut block = self.blocks[slot].lock().unwrap_or_else(PoisonError::into_inner);
        (block.next < block.end).then(|| {
            block.next += 1;
            block.next - 1
        })
    }

    /// Empties all blocks: `(kind, first unused, end)`, to be given back when the store closes.
    pub(super) fn unused(&self) -> Vec<(IdKind, i64, i64)> {
        let mut unused = Vec::new();
        for kind in IdKind::ALL {
            let mut block = self.blocks[slot(*kind)].lock().unwrap_or_else(PoisonError::into_inner);
            if block.next < block.end {
                unused.push((*kind, block.next, block.end));
            }
            *block = Block::default();
        }
        unused
    }
}

fn slot(kind: IdKind) -> usize {
    kind as usize
}
