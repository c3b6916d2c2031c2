//! Plain ids, taken from blocks that are reserved in the database ahead of use.
//!
//! A row per kind instead of a sequence: every database has rows. A block is reserved outside of any other transaction,
//! so that nodes wait for each other only as long as one row is written.

use crate::{
    readers::Readers,
    sql::{params, read_first},
};
use store::{IdKind, Result, StoreError, ids::Blocks};

const RESERVE: &str = "INSERT INTO sequences AS s (kind, next) VALUES ($1, 1 + $2)
    ON CONFLICT (kind) DO UPDATE SET next = s.next + $2 RETURNING next - $2";
const GIVE_BACK: &str = "UPDATE sequences SET next = $2 WHERE kind = $1 AND next = $3";

/// Hands out ids from one block per kind.
#[derive(Debug, Default)]
pub(crate) struct Allocator(Blocks);

impl Allocator {
    /// The next id of `kind`.
    pub(crate) async fn next(&self, kind: IdKind, pool: &Readers) -> Result<i64> {
        let reserve = |size| async move {
            let rows = pool.rows(RESERVE, params![kind.code(), size]).await?;
            read_first(&rows)?.ok_or_else(|| StoreError::Corrupt { context: "sequences: no row".to_owned() })
        };
        self.0.next(kind, reserve).await
    }

    /// Gives back what is left of the blocks, as far as nobody reserved more meanwhile.
    pub(crate) async fn give_back(&self, pool: &Readers) {
        for (kind, next, end) in self.0.unused() {
            if let Err(error) = pool.rows(GIVE_BACK, params![kind.code(), next, end]).await {
                tracing::debug!(%error, "unused ids were not given back");
            }
        }
    }
}
