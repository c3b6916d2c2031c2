//! What rules would do, told before they are in force.
//!
//! Invariant: the same versions and the same moments as the loop that tidies. Never: changes anything.

use super::rules::{Kept, RetentionRules, before_days};
use crate::core::Core;
use crate::decisions;
use model::{DefinitionId, Fault};
use std::collections::{BTreeMap, HashMap};
use store::{DefinitionField, DefinitionRow, Filter, InstanceState, Query};

/// Versions of processes looked at.
const DEFINITIONS_MAX: u32 = 100_000;
/// What is over its time is counted so far for a version.
const OVER_MAX: u32 = 100_000;

/// What rules would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetentionPreview {
    /// By process, sorted by name.
    pub processes: Vec<ProcessKept>,
    /// Ended instances over their time by these rules: they would go.
    pub over: u64,
    /// There are more than `over`; counting stopped.
    pub more: bool,
}

/// What rules mean for one process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessKept {
    /// Its id in its file.
    pub process_id: String,
    /// The name of its newest version; the id when none was ever deployed.
    pub name: String,
    /// Ended instances that are there.
    pub ended: u64,
    /// Ended instances removed so far.
    pub purged: u64,
    /// Ended instances over their time by these rules.
    pub over: u64,
    /// The rule for it.
    pub kept: Kept,
}

pub(super) async fn preview(core: &Core, rules: &RetentionRules) -> Result<RetentionPreview, Fault> {
    rules.check()?;
    let decisions = Filter::eq(DefinitionField::Origin, decisions::ORIGIN);
    let processes = Filter::Not(Box::new(decisions));
    let query = Query::new(processes).order(DefinitionField::Id, false).limit(DEFINITIONS_MAX);
    let rows = core.store.definitions(query).await?.rows;
    let ids: Vec<DefinitionId> = rows.iter().map(|row| row.id).collect();
    let mut ended: HashMap<DefinitionId, u64> = HashMap::new();
    for count in core.store.instance_counts(&ids).await? {
        if count.state != InstanceState::Active {
            *ended.entry(count.definition).or_default() += count.instances;
        }
    }
    let mut purged: HashMap<DefinitionId, u64> = HashMap::new();
    for gone in core.store.purged_counts(&ids).await? {
        *purged.entry(gone.definition).or_default() += gone.instances;
    }
    let mut all = Preview { rules, by_process: BTreeMap::new() };
    let mut more = false;
    let now = core.now();
    for row in &rows {
        let there = ended.get(&row.id).copied().unwrap_or(0);
        let over = match rules.of(&row.process_id).days {
            Some(days) if there > 0 => core.store.count_ended(row.id, before_days(now, days), OVER_MAX).await?,
            _ => 0,
        };
        more |= over >= u64::from(OVER_MAX);
        all.add(row, [there, purged.get(&row.id).copied().unwrap_or(0), over]);
    }
    Ok(all.done(more))
}

struct Preview<'a> {
    rules: &'a RetentionRules,
    /// With the version that gave the name.
    by_process: BTreeMap<String, (u32, ProcessKept)>,
}

impl Preview<'_> {
    fn add(&mut self, row: &DefinitionRow, [ended, purged, over]: [u64; 3]) {
        let (version, process) = self.process(&row.process_id);
        if row.version >= *version {
            *version = row.version;
            process.name.clone_from(&row.name);
        }
        process.ended += ended;
        process.purged += purged;
        process.over += over;
    }

    fn process(&mut self, id: &str) -> &mut (u32, ProcessKept) {
        self.by_process.entry(id.to_owned()).or_insert_with(|| {
            let process_id = id.to_owned();
            let (name, kept) = (process_id.clone(), self.rules.of(id));
            (0, ProcessKept { process_id, name, ended: 0, purged: 0, over: 0, kept })
        })
    }

    fn done(mut self, more: bool) -> RetentionPreview {
        for id in self.rules.processes.keys() {
            self.process(id);
        }
        let mut processes: Vec<ProcessKept> = self.by_process.into_values().map(|(_, process)| process).collect();
        processes.sort_by_cached_key(|process| (process.name.to_lowercase(), process.process_id.clone()));
        let over = processes.iter().map(|process| process.over).sum();
        RetentionPreview { processes, over, more }
    }
}
