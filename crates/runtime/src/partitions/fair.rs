//! Taking turns: a deficit round robin over lines that wait.
//!
//! Owns: whose turn it is. Invariant: within a line nothing overtakes; a line gets its next turn after every other line
//! that waits had one, however long each is; turns are counted in cost, so that large entries are not an advantage.
//! Never: looks into an entry.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// Cost that a line may use up in one turn.
const TURN: i64 = 4;
/// The cost of an entry at most, so that a line in debt waits for a few turns only.
pub(crate) const COST_MAX: u32 = 32;

/// Something that waits.
pub(crate) trait Costs {
    /// What it costs, from 1 to [`COST_MAX`].
    fn cost(&self) -> u32;
}

/// Entries that wait in some order.
pub(crate) trait Line<T>: Default {
    fn pop(&mut self) -> Option<T>;
    fn waiting(&self) -> usize;
}

impl<T> Line<T> for VecDeque<T> {
    fn pop(&mut self) -> Option<T> {
        self.pop_front()
    }

    fn waiting(&self) -> usize {
        self.len()
    }
}

/// Lines by key, served in turns.
pub(crate) struct Fair<K, L> {
    lines: HashMap<K, Turn<L>>,
    /// Keys of the lines, the next one first. Kept beside the map, so that the order never depends on hashing.
    turns: VecDeque<K>,
    waiting: usize,
}

#[derive(Default)]
struct Turn<L> {
    line: L,
    /// What is left of the turn; a debt when the last entry cost more than that.
    credit: i64,
}

impl<K, L> Default for Fair<K, L> {
    fn default() -> Self {
        Self { lines: HashMap::new(), turns: VecDeque::new(), waiting: 0 }
    }
}

impl<K: Copy + Eq + Hash, L: Default> Fair<K, L> {
    /// The line of a key, for putting exactly one entry into it.
    pub(crate) fn line(&mut self, key: K) -> &mut L {
        self.waiting += 1;
        let turn = self.lines.entry(key).or_insert_with(|| {
            self.turns.push_back(key);
            Turn::default()
        });
        &mut turn.line
    }

    /// The line of a key, if something waits in it.
    pub(crate) fn peek(&self, key: K) -> Option<&L> {
        self.lines.get(&key).map(|turn| &turn.line)
    }
}

impl<K: Copy + Eq + Hash, L: Line<T>, T: Costs> Line<T> for Fair<K, L> {
    fn pop(&mut self) -> Option<T> {
        loop {
            let key = *self.turns.front()?;
            let turn = self.lines.get_mut(&key).expect("every key in turn has its line");
            if turn.credit <= 0 {
                turn.credit += TURN;
                if turn.credit <= 0 {
                    self.turns.rotate_left(1);
                    continue;
                }
            }
            let entry = turn.line.pop().expect("a line is never left empty");
            self.waiting -= 1;
            turn.credit -= i64::from(entry.cost().clamp(1, COST_MAX));
            if turn.line.waiting() == 0 {
                self.lines.remove(&key);
                self.turns.pop_front();
            } else if turn.credit <= 0 {
                self.turns.rotate_left(1);
            }
            return Some(entry);
        }
    }

    fn waiting(&self) -> usize {
        self.waiting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Entry(u32, char, u32);

    impl Costs for Entry {
        fn cost(&self) -> u32 {
            self.2
        }
    }

    type Lines = Fair<char, VecDeque<Entry>>;

    fn put(lines: &mut Lines, key: char, costs: &[u32]) {
        for (n, cost) in costs.iter().enumerate() {
            lines.line(key).push_back(Entry(u32::try_from(n).unwrap(), key, *cost));
        }
    }

    fn order(lines: &mut Lines) -> String {
        std::iter::from_fn(|| lines.pop()).map(|entry| entry.1).collect()
    }

    #[test]
    fn lines_take_turns_whatever_their_length() {
        let mut lines = Lines::default();
        put(&mut lines, 'a', &[1; 20]);
        put(&mut lines, 'b', &[1; 6]);
        put(&mut lines, 'c', &[1]);
        assert_eq!(lines.waiting(), 27);
        assert_eq!(order(&mut lines), "aaaabbbbcaaaabbaaaaaaaaaaaa");
        assert_eq!((lines.waiting(), lines.lines.len(), lines.turns.len()), (0, 0, 0));
    }

    #[test]
    fn large_entries_use_up_the_turns_that_follow() {
        let mut lines = Lines::default();
        put(&mut lines, 'a', &[16, 16]);
        put(&mut lines, 'b', &[1; 20]);
        assert_eq!(order(&mut lines), "abbbbbbbbbbbbbbbbabbbb");
    }

    #[test]
    fn within_a_line_nothing_overtakes() {
        let mut lines = Lines::default();
        put(&mut lines, 'a', &[3; 9]);
        put(&mut lines, 'b', &[1; 9]);
        let seen: Vec<Entry> = std::iter::from_fn(|| lines.pop()).collect();
        for key in ['a', 'b'] {
            assert!(seen.iter().filter(|e| e.1 == key).map(|e| e.0).is_sorted());
        }
    }
}
