//! The loop: looks now and then, and tidies until nothing is over its time, one small commit after the other.
//!
//! Invariant: a unit names the lease of its partition where it has one; whatever fails is tried again next time. A
//! removal that was done and not heard of is no harm: it finds nothing the second time.

use super::rules::{self, RetentionRules, before_days, before_hours};
use crate::core::Core;
use crate::instances::journal;
use crate::stop::Stop;
use model::error::codes;
use model::{DefinitionId, Fault, InstanceId, PartitionId, Timestamp, partition_of};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use store::{Conflict, DefinitionField, LongJournal, Query, RetentionWrite, StoreError, Unit};

/// Between two looks.
const IDLE_MS: i64 = 600_000;
/// After a failure.
const AGAIN_MS: i64 = 60_000;
/// The first look after the start, when the server has other things to do.
const FIRST_MS: i64 = 30_000;
/// A pause lasts so many times as long as the commit before it.
const PAUSE_FACTOR: i64 = 20;
const PAUSE_MIN_MS: i64 = 50;
const PAUSE_MAX_MS: i64 = 5_000;
/// Ended instances read at once.
const READ: u32 = 512;
/// Instances removed in one commit, more or less.
const PURGED_AT_ONCE: usize = 64;
/// Calls and other entries removed in one commit.
const ENTRIES_AT_ONCE: u32 = 256;
/// Journals packed before the rest has its turn again.
const PACKED_AT_ONCE: u32 = 64;
/// Versions of processes looked at.
const DEFINITIONS_MAX: u32 = 100_000;
/// The backlog of a version is counted so far.
const BACKLOG_MAX: u32 = 100_000;

/// Tidies until `stop`.
pub(crate) async fn run(core: Arc<Core>, stop: Stop) {
    let mut wait = FIRST_MS;
    loop {
        let until = core.now().plus_ms(wait);
        tokio::select! {
            biased;
            () = stop.stopped() => return,
            () = core.clock.sleep_until(until) => {}
            () = core.tidying.changed.notified() => {}
        }
        let sweep = Sweep { core: core.clone(), now: core.now() };
        let done = tokio::select! {
            biased;
            // What is being committed is committed all the same.
            () = stop.stopped() => return,
            done = sweep.all() => done,
        };
        wait = match done {
            Ok(()) => IDLE_MS,
            Err(error) => {
                tracing::warn!(%error, "tidying stopped; it is tried again");
                AGAIN_MS
            }
        };
    }
}

/// One look at everything.
struct Sweep {
    core: Arc<Core>,
    now: Timestamp,
}

impl Sweep {
    async fn all(&self) -> Result<(), Fault> {
        let rules = rules::load(&self.core).await?;
        self.instances(&rules).await?;
        self.entries(&rules).await?;
        if let Some(hours) = rules.pack_after_hours {
            self.journals(before_hours(self.now, hours)).await?;
        }
        Ok(())
    }

    /// Ended instances, version by version.
    async fn instances(&self, rules: &RetentionRules) -> Result<(), Fault> {
        let mut due = Vec::new();
        if rules.instances_days.is_some() || rules.processes.values().any(Option::is_some) {
            let query = Query::default().order(DefinitionField::Id, false).limit(DEFINITIONS_MAX);
            for row in self.core.store.definitions(query).await?.rows {
                due.extend(rules.of(&row.process_id).days.map(|days| (row.id, before_days(self.now, days))));
            }
        }
        let counted = self.count(&due).await?;
        let mut removed = 0;
        for ((definition, before), counted) in due.iter().zip(counted) {
            removed += self.version((*definition, *before), counted).await?;
        }
        if removed > 0 {
            // Other nodes removed theirs meanwhile.
            self.count(&due).await?;
        }
        Ok(())
    }

    /// Counts what is over its time, version by version.
    async fn count(&self, due: &[(DefinitionId, Timestamp)]) -> Result<Vec<u64>, Fault> {
        let mut counted = Vec::with_capacity(due.len());
        for (definition, before) in due {
            counted.push(self.core.store.count_ended(*definition, *before, BACKLOG_MAX).await?);
        }
        self.core.tidying.backlog.store(counted.iter().sum(), Ordering::Relaxed);
        Ok(counted)
    }

    /// How many went. `counted`: how many were to go, as far as was counted.
    async fn version(&self, due: (DefinitionId, Timestamp), counted: u64) -> Result<u64, Fault> {
        let (store, tidying) = (&self.core.store, &self.core.tidying);
        let (mut left, mut gone) = (counted, 0);
        while let Some(owned) = self.core.owned_to_read() {
            let ended = store.ended_instances(&owned, due.0, due.1, READ).await?;
            let all = ended.len() < READ as usize;
            if left == 0 && !all {
                left = store.count_ended(due.0, due.1, BACKLOG_MAX).await?;
                tidying.backlog.fetch_add(left, Ordering::Relaxed);
            }
            let mut removed = 0;
            for units in self.purges(ended) {
                let told = |n: u64| {
                    let known = n.min(left);
                    left -= known;
                    tidying.backlog.fetch_sub(known, Ordering::Relaxed);
                    tidying.purged_instances.fetch_add(n, Ordering::Relaxed);
                };
                removed += self.commit(units, told).await?;
            }
            gone += removed;
            // What was read and can not be removed is not read again and again.
            if all || removed == 0 {
                break;
            }
        }
        Ok(gone)
    }

    /// A unit for each partition, in groups for one commit.
    fn purges(&self, ended: Vec<InstanceId>) -> Vec<Vec<Unit>> {
        let mut by_partition: BTreeMap<PartitionId, Vec<InstanceId>> = BTreeMap::new();
        for id in ended {
            by_partition.entry(partition_of(id.0)).or_default().push(id);
        }
        let mut groups = vec![Vec::new()];
        let mut size = 0;
        for (partition, ids) in by_partition {
            // Given away meanwhile: its new owner does it.
            let Some(fence) = self.core.fence(partition) else { continue };
            for ids in ids.chunks(PURGED_AT_ONCE) {
                if size + ids.len() > PURGED_AT_ONCE && size > 0 {
                    groups.push(Vec::new());
                    size = 0;
                }
                size += ids.len();
                let write = RetentionWrite::Instances { partition, ids: ids.to_vec() };
                if let Some(group) = groups.last_mut() {
                    group.push(Unit::of(write).fenced(fence));
                }
            }
        }
        groups
    }

    /// Calls, effects given up, notifications.
    async fn entries(&self, rules: &RetentionRules) -> Result<(), Fault> {
        let limit = ENTRIES_AT_ONCE;
        let partitions = self.core.owned();
        if partitions.is_empty() {
            return Ok(());
        }
        if let Some(days) = rules.calls_days {
            let before = before_days(self.now, days);
            let partitions = partitions.to_vec();
            self.drain(RetentionWrite::Calls { partitions, before, limit }).await?;
        }
        if let Some(days) = rules.dead_effects_days {
            let before = before_days(self.now, days);
            let partitions = partitions.to_vec();
            self.drain(RetentionWrite::Effects { partitions, before, limit }).await?;
        }
        // Notifications belong to no partition: whoever serves the first one does it.
        if let Some(days) = rules.notifications_days.filter(|_| self.core.owns(PartitionId(0))) {
            self.drain(RetentionWrite::Notifications { before: before_days(self.now, days), limit }).await?;
        }
        Ok(())
    }

    async fn drain(&self, write: RetentionWrite) -> Result<(), Fault> {
        let limit = u64::from(ENTRIES_AT_ONCE);
        let told = |n: u64| {
            self.core.tidying.purged_entries.fetch_add(n, Ordering::Relaxed);
        };
        while self.commit(vec![Unit::of(write.clone())], told).await? >= limit {}
        Ok(())
    }

    /// Long journals of instances that ended a while ago.
    async fn journals(&self, before: Timestamp) -> Result<(), Fault> {
        while let Some(owned) = self.core.owned_to_read() {
            let found = self.core.store.long_journals(&owned, before, PACKED_AT_ONCE).await?;
            let all = found.len() < PACKED_AT_ONCE as usize;
            let mut packed = 0;
            for long in found {
                packed += usize::from(self.pack(long).await?);
            }
            if all || packed == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Whether it was packed. One whose journal can not be read stays as it is.
    async fn pack(&self, long: LongJournal) -> Result<bool, Fault> {
        let Some(fence) = self.core.fence(long.partition) else { return Ok(false) };
        let rows = match journal::rows(&self.core, long.instance).await {
            Err(fault) if fault.is(&codes::STORE_CORRUPT) => return Ok(false),
            rows => rows?,
        };
        let Some(row) = journal::pack(&rows).filter(|row| row.seq == long.seq) else { return Ok(false) };
        let began = self.core.clock.stopwatch_us();
        let committed = self.core.store.commit_one(Unit::of(RetentionWrite::Pack(row)).fenced(fence)).await;
        let packed = match committed {
            Ok(_) => true,
            // Somebody wrote a line into its history, erased it, or has the partition now.
            Err(StoreError::Conflict { what: Conflict::Instance | Conflict::Fenced }) => false,
            Err(error) => return Err(error.into()),
        };
        self.core.tidying.packed_journals.fetch_add(u64::from(packed), Ordering::Relaxed);
        self.pause(began).await;
        Ok(packed)
    }

    /// Commits, tells, and pauses; how many rows went.
    async fn commit(&self, units: Vec<Unit>, told: impl FnOnce(u64)) -> Result<u64, Fault> {
        if units.is_empty() {
            return Ok(0);
        }
        let began = self.core.clock.stopwatch_us();
        let mut removed = 0;
        for receipt in self.core.store.commit(units).await? {
            match receipt {
                Ok(receipt) => removed += receipt.removed,
                Err(StoreError::Conflict { what: Conflict::Fenced }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        told(removed);
        self.pause(began).await;
        Ok(removed)
    }

    async fn pause(&self, began_us: u64) {
        let took_us = self.core.clock.stopwatch_us().saturating_sub(began_us);
        let took_ms = i64::try_from(took_us / 1_000).unwrap_or(i64::MAX);
        let pause = took_ms.saturating_mul(PAUSE_FACTOR).clamp(PAUSE_MIN_MS, PAUSE_MAX_MS);
        self.core.clock.sleep_until(self.core.now().plus_ms(pause)).await;
    }
}
