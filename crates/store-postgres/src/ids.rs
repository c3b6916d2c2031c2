//! Plain ids, taken from blocks that are reserved in the database ahead of use.
//!
//! A row per kind instead of a sequence: every database has rows. A block is reserved outside of any other transaction,
//! so that nodes wait for each other only as long as one row is written.

use crate::{
    readers::Readers,
    sql::{Columns, params, read_error},
};
use std::sync::{Mutex, PoisonError};
use store::{IdKind, Result, StoreError};

const RESERVE: &str = "INSERT INTO sequences AS s (kind, next) VALUES ($1, 1 + $2)
    ON CONFLICT (kind) DO UPDATE SET next = s.next + $2 RETURNING next - $2";
const GIVE_BACK: &str = "UPDATE sequences SET next = $2 WHERE kind = $1 AND next = $3";

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
pub(crate) struct Allocator {
    blocks: [Mutex<Block>; IdKind::ALL.len()],
    refills: [tokio::sync::Mutex<()>; IdKind::ALL.len()],
}

impl Allocator {
    /// The next id of `kind`.
    pub(crate) async fn next(&self, kind: IdKind, pool: &Readers) -> Result<i64> {
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
            let rows = pool.rows(RESERVE, params![kind.code(), size]).await?;
            let next: i64 = match rows.first() {
                Some(row) => Columns::new(row).get().map_err(read_error)?,
                None => return Err(StoreError::Corrupt { context: "sequences: no row".to_owned() }),
            };
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

    /// Gives back what is left of the blocks, as far as nobody reserved more meanwhile.
    pub(crate) async fn give_back(&self, pool: &Readers) {
        for kind in IdKind::ALL {
            let block = std::mem::take(&mut *self.blocks[slot(*kind)].lock().unwrap_or_else(PoisonError::into_inner));
            if block.next < block.end
                && let Err(error) = pool.rows(GIVE_BACK, params![kind.code(), block.next, block.end]).await
            {
                tracing::debug!(%error, "unused ids were not given back");
            }
        }
    }
}

fn slot(kind: IdKind) -> usize {
    kind as usize
}
