//! The cluster: which partitions this process serves, and how work reaches the others.

mod ownership;

pub(crate) use ownership::Ownership;

use crate::core::Core;
use model::Fault;
use store::{ClusterWrite, Fence, NodeId, NodeRow, Unit};

/// Takes every partition at once: nobody else lives on a database that only one process can have open.
pub(crate) async fn take_all(core: &Core) -> Result<(), Fault> {
    let me = NodeId(i64::try_from(core.entropy.next_u64() >> 11).unwrap_or(1));
    let mut unit = Unit::new();
    for other in core.store.nodes().await? {
        unit.push(ClusterWrite::Leave { id: other.id });
    }
    let (url, version) = (String::new(), env!("CARGO_PKG_VERSION").to_owned());
    unit.push(ClusterWrite::Join(NodeRow { id: me, url, version, started_at: core.now(), beat: 1, draining: false }));
    let leases = core.store.leases().await?;
    let mut taken = Vec::new();
    for partition in core.ownership.all() {
        let seen = leases.iter().find(|l| l.partition == partition).map_or(0, |l| l.epoch);
        unit.push(ClusterWrite::Take { partition, owner: me, seen });
        taken.push(Fence { partition, epoch: seen + 1 });
    }
    core.store.commit_one(unit).await?;
    for fence in taken {
        core.ownership.take(fence, core.store.greatest_id(fence.partition).await?);
    }
    Ok(())
}
