//! Who should serve what: arithmetic on what everybody reads.
//!
//! Invariant: nodes that read the same table come to the same shares, so that they neither quarrel nor move a partition
//! without need; shares differ by one at most. Never: reads or writes anything.

use model::PartitionId;
use std::collections::BTreeMap;
use store::NodeId;

/// What one node has to do for its share.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// To give away.
    pub(crate) release: Vec<PartitionId>,
    /// To take, of those that nobody owns.
    pub(crate) take: Vec<PartitionId>,
}

/// The plan of `me`. `members` are the nodes that live and stay; `owners` has one entry a partition: none is free.
pub(crate) fn plan(me: NodeId, members: &[NodeId], owners: &[Option<NodeId>]) -> Plan {
    let shares = shares(members, owners);
    let Some(share) = shares.get(&me) else { return Plan::default() };
    let mine: Vec<PartitionId> = ids(owners, |owner| owner == Some(me));
    let release = mine.get(*share..).unwrap_or_default().to_vec();
    let mut free = ids(owners, |owner| owner.is_none()).into_iter();
    for (node, share) in &shares {
        let held = owners.iter().flatten().filter(|owner| *owner == node).count();
        let take: Vec<PartitionId> = free.by_ref().take(share.saturating_sub(held)).collect();
        if *node == me {
            return Plan { release, take };
        }
    }
    Plan { release, take: Vec::new() }
}

/// How many partitions each member should have. One more than the others have first those who hold most already.
fn shares(members: &[NodeId], owners: &[Option<NodeId>]) -> BTreeMap<NodeId, usize> {
    let mut held: Vec<(usize, NodeId)> =
        members.iter().map(|node| (owners.iter().flatten().filter(|owner| *owner == node).count(), *node)).collect();
    held.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let (even, extra) = match members.len() {
        0 => (0, 0),
        n => (owners.len() / n, owners.len() % n),
    };
    held.into_iter().enumerate().map(|(at, (_, node))| (node, even + usize::from(at < extra))).collect()
}

fn ids(owners: &[Option<NodeId>], wanted: impl Fn(Option<NodeId>) -> bool) -> Vec<PartitionId> {
    let all = owners.iter().enumerate().filter(|(_, owner)| wanted(**owner));
    all.filter_map(|(at, _)| u8::try_from(at).ok()).map(PartitionId).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `1`, `2`, ... own; `.` is free; what is not among the members keeps what it has.
    fn owners(text: &str) -> Vec<Option<NodeId>> {
        text.chars().map(|c| c.to_digit(10).map(|n| NodeId(n.into()))).collect()
    }

    /// Everybody follows his plan on the same table.
    fn round(members: &[NodeId], table: &mut [Option<NodeId>]) -> usize {
        let plans: Vec<(NodeId, Plan)> = members.iter().map(|m| (*m, plan(*m, members, table))).collect();
        let mut moves = 0;
        for (node, plan) in plans {
            for partition in plan.take {
                assert_eq!(table[usize::from(partition.0)], None, "two nodes take the same");
                table[usize::from(partition.0)] = Some(node);
                moves += 1;
            }
            for partition in plan.release {
                assert_eq!(table[usize::from(partition.0)], Some(node));
                table[usize::from(partition.0)] = None;
            }
        }
        moves
    }

    #[test]
    fn shares_by_table() {
        for (name, members, before, after, moved) in [
            ("the first takes all", "1", "........", "11111111", 8),
            ("two come at once", "12", "........", "11112222", 8),
            ("a second comes", "12", "11111111", "11112222", 4),
            ("a third comes", "123", "11112222", "11132223", 2),
            ("a node went", "13", "11.322.3", "11.322.3", 0),
            ("its rest is shared", "13", "111..3.3", "11113333", 3),
            ("nothing to do", "12", "12121212", "12121212", 0),
            ("more nodes than partitions", "12345", "1133", "1432", 2),
            ("one that leaves keeps until it gives", "23", "1112..33", "111222.33", 0),
            ("nobody stays", "", "11..", "11..", 0),
        ] {
            let members: Vec<NodeId> =
                members.chars().filter_map(|c| c.to_digit(10)).map(|n| NodeId(n.into())).collect();
            let mut table = owners(before);
            let moves: usize = (0..3).map(|_| round(&members, &mut table)).sum();
            if name == "a node went" || name.starts_with("one that leaves") || name == "more nodes than partitions" {
                // Only the bounds count: what others hold stays theirs, nobody is over his share.
                for member in &members {
                    let held = table.iter().flatten().filter(|o| *o == member).count();
                    assert!(held <= table.len().div_ceil(members.len()), "{name}: {table:?}");
                }
                continue;
            }
            assert_eq!((table, moves), (owners(after), moved), "{name}");
        }
    }

    #[test]
    fn every_number_of_nodes_comes_to_even_shares_with_few_moves() {
        let mut table: Vec<Option<NodeId>> = vec![None; 64];
        let mut last: Vec<NodeId> = Vec::new();
        for n in [1, 2, 3, 5, 7, 4, 2, 1, 6] {
            let members: Vec<NodeId> = (1..=n).map(NodeId).collect();
            for owner in table.iter_mut().filter(|o| o.is_some_and(|o| !members.contains(&o))) {
                *owner = None;
            }
            let kept = table.iter().flatten().filter(|o| last.contains(o)).count();
            let moves: usize = (0..3).map(|_| round(&members, &mut table)).sum();
            for member in &members {
                let held = table.iter().flatten().filter(|o| *o == member).count();
                assert!(held == 64 / members.len() || held == 64_usize.div_ceil(members.len()), "{n} nodes: {held}");
            }
            let newcomers = members.iter().filter(|m| !last.contains(m)).count();
            let most = (64 - kept) + newcomers * 64_usize.div_ceil(members.len());
            assert!(moves <= most.max(64 - kept), "{n} nodes: {moves} moves");
            last = members;
        }
    }
}
