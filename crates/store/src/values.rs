//! Large values, kept once and out of the rows that are written again and again.
//!
//! Invariant: a value is named by its content and belongs to one instance; it goes with the instance
//! ([`crate::InstanceWrite::Delete`]). Never: knows which variable holds it.

use crate::Result;
use async_trait::async_trait;
use model::{InstanceId, PartitionId};

/// The first 16 bytes of the SHA-256 of a value's bytes.
pub type ValueHash = [u8; 16];

/// Changes to large values.
#[derive(Debug, Clone, PartialEq)]
pub enum ValueWrite {
    /// Keeps a value; nothing happens when the instance has it already.
    Put {
        /// The instance's partition.
        partition: PartitionId,
        /// The instance.
        instance: InstanceId,
        /// Its name.
        hash: ValueHash,
        /// Its bytes.
        bytes: Vec<u8>,
    },
}

/// Reading large values.
#[async_trait]
pub trait Values {
    /// Values of an instance by name, in any order; unknown ones are left out.
    async fn values(&self, instance: InstanceId, hashes: &[ValueHash]) -> Result<Vec<(ValueHash, Vec<u8>)>>;
}
