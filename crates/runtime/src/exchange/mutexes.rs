//! Who holds a name (pattern 39).
//!
//! Invariant: a name has one holder, because the grant is written with the command that tells it, and the store refuses
//! a second one; who asked first gets it first. Never: takes a name away from who holds it.

use crate::cluster::is_passing;
use crate::core::Core;
use crate::partitions::work::{Mark, Work};
use engine::Command;
use model::error::codes;
use model::{Fault, partition_of};
use store::{ExchangeWrite, Unit};

/// The next in the queue gets the name, if nobody holds it.
pub(super) async fn settle(core: &Core, name: &str) -> Result<(), Fault> {
    let _turn = core.exchange.turn("mutex", name).await;
    while let Some(next) = core.store.next_in_queue(Some(name), 1).await?.pop() {
        let command = Command::GrantMutex { key: next.key };
        let (command, marks) = (Box::new(command), vec![Mark::Grant { id: next.id }]);
        let work = Work::Deliver { instance: next.instance, command, marks };
        match core.submit(partition_of(next.instance.0), work, Vec::new()).await {
            Ok(_) => return Ok(()),
            Err(fault) if is_passing(&fault) => return Err(fault),
            // Somebody else granted it meanwhile.
            Err(fault) if fault.is(&codes::STORE_CONFLICT) => return Ok(()),
            Err(_) => {
                // The run is gone, and its place in the queue with it.
                let write = ExchangeWrite::Release { instance: next.instance, key: next.key };
                core.store.commit_one(Unit::of(write)).await?;
            }
        }
    }
    Ok(())
}
