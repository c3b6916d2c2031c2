//! Which rows a subtree takes at each rank.
//!
//! Merging folds the shorter contour into the longer one, and a shift is kept aside, so that a chain of thousands of
//! elements costs no more than its length.

use std::collections::VecDeque;

const EMPTY: (i32, i32) = (i32::MAX, i32::MIN);

/// The lowest and greatest row taken at each rank.
#[derive(Debug, Default)]
pub(crate) struct Contour {
    start: i32,
    cells: VecDeque<(i32, i32)>,
    shift: i32,
}

impl Contour {
    /// Takes row 0 from rank `from` to rank `to`.
    pub fn span(from: i32, to: i32) -> Self {
        Self { start: from, cells: (from..=to).map(|_| (0, 0)).collect(), shift: 0 }
    }

    fn end(&self) -> i32 {
        self.start + self.cells.len() as i32
    }

    fn get(&self, rank: i32) -> (i32, i32) {
        let at = rank - self.start;
        let cell = if at < 0 { EMPTY } else { self.cells.get(at as usize).copied().unwrap_or(EMPTY) };
        if cell == EMPTY { EMPTY } else { (cell.0 + self.shift, cell.1 + self.shift) }
    }

    /// How far `other` must be moved down to lie below everything here.
    pub fn room_for(&self, other: &Contour, least: i32) -> i32 {
        let (from, to) = (self.start.max(other.start), self.end().min(other.end()));
        (from..to).fold(least, |shift, rank| {
            let (mine, theirs) = (self.get(rank), other.get(rank));
            if mine == EMPTY || theirs == EMPTY { shift } else { shift.max(mine.1 + 1 - theirs.0) }
        })
    }

    /// Adds `other`, moved down by `shift`.
    pub fn merge(&mut self, mut other: Contour, shift: i32) {
        other.shift += shift;
        if other.cells.len() > self.cells.len() {
            std::mem::swap(self, &mut other);
        }
        for rank in other.start..other.end() {
            let (low, high) = other.get(rank);
            if (low, high) != EMPTY {
                self.take(rank, low, high);
            }
        }
    }

    /// Takes the rows `low..=high` at `rank`.
    pub fn take(&mut self, rank: i32, low: i32, high: i32) {
        if self.cells.is_empty() {
            self.start = rank;
        }
        while rank < self.start {
            self.cells.push_front(EMPTY);
            self.start -= 1;
        }
        while rank >= self.end() {
            self.cells.push_back(EMPTY);
        }
        let shift = self.shift;
        let cell = &mut self.cells[(rank - self.start) as usize];
        *cell = if *cell == EMPTY {
            (low - shift, high - shift)
        } else {
            (cell.0.min(low - shift), cell.1.max(high - shift))
        };
    }
}
