//! The rules: how long what is kept.

use crate::core::Core;
use model::error::codes;
use model::{Fault, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use store::{SettingWrite, Unit};

const KEY: &str = "runtime.retention";
/// A hundred years.
const DAYS_MAX: u32 = 36_500;
const HOURS_MAX: u32 = 24 * DAYS_MAX;
/// Processes with a rule of their own.
const PROCESSES_MAX: usize = 10_000;
const HOUR_MS: i64 = 3_600_000;

/// How long things are kept after they are over. A number is days; without one it is for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RetentionRules {
    /// Ended instances with their history, tasks, calls and incidents.
    pub instances_days: Option<u32>,
    /// By process id: instead of `instances_days`.
    pub processes: BTreeMap<String, Option<u32>>,
    /// Logged calls, also those of running instances.
    pub calls_days: Option<u32>,
    /// Notifications, read or not.
    pub notifications_days: Option<u32>,
    /// Outgoing calls that were given up.
    pub dead_effects_days: Option<u32>,
    /// Hours after which the long journal of an ended instance is packed into one row; without: never.
    pub pack_after_hours: Option<u32>,
}

impl Default for RetentionRules {
    /// Everything for ever, packed after a day.
    fn default() -> Self {
        Self {
            instances_days: None,
            processes: BTreeMap::new(),
            calls_days: None,
            notifications_days: None,
            dead_effects_days: None,
            pack_after_hours: Some(24),
        }
    }
}

/// How long the ended instances of one process are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Days; none: for ever.
    pub days: Option<u32>,
    /// Whether it is the process's own rule.
    pub own: bool,
}

impl RetentionRules {
    /// The rule for a process.
    pub fn of(&self, process_id: &str) -> Kept {
        match self.processes.get(process_id) {
            Some(days) => Kept { days: *days, own: true },
            None => Kept { days: self.instances_days, own: false },
        }
    }

    pub(super) fn check(&self) -> Result<(), Fault> {
        let general = [
            ("instancesDays", self.instances_days),
            ("callsDays", self.calls_days),
            ("notificationsDays", self.notifications_days),
            ("deadEffectsDays", self.dead_effects_days),
        ];
        let own = self.processes.iter().map(|(id, days)| (id.as_str(), *days));
        for (field, days) in general.into_iter().chain(own) {
            if days.is_some_and(|days| !(1..=DAYS_MAX).contains(&days)) {
                return Err(wrong(field, format!("`{field}`: from 1 to {DAYS_MAX} days, or nothing for ever")));
            }
        }
        if self.pack_after_hours.is_some_and(|hours| hours > HOURS_MAX) {
            return Err(wrong(
                "packAfterHours",
                format!("`packAfterHours`: at most {HOURS_MAX}, or nothing for never"),
            ));
        }
        if self.processes.len() > PROCESSES_MAX || self.processes.keys().any(|id| id.is_empty() || id.len() > 1_000) {
            let message = format!("`processes`: at most {PROCESSES_MAX} process ids of 1 to 1,000 bytes");
            return Err(wrong("processes", message));
        }
        Ok(())
    }
}

fn wrong(field: &str, message: String) -> Fault {
    Fault::new(&codes::RETENTION_INVALID, message).with_details(json!({ "field": field }))
}

/// What is older than that has been kept for `days`.
pub(super) fn before_days(now: Timestamp, days: u32) -> Timestamp {
    now.plus_ms(-24 * HOUR_MS * i64::from(days))
}

/// What is older than that has been kept for `hours`.
pub(super) fn before_hours(now: Timestamp, hours: u32) -> Timestamp {
    now.plus_ms(-HOUR_MS * i64::from(hours))
}

/// The rules in force.
pub(crate) async fn load(core: &Core) -> Result<RetentionRules, Fault> {
    match core.store.setting(KEY).await? {
        None => Ok(RetentionRules::default()),
        Some(kept) => serde_json::from_value(kept)
            .map_err(|e| Fault::new(&codes::STORE_CORRUPT, "the retention rules can not be read").caused_by(e)),
    }
}

/// Changes the rules; they are followed from now on.
pub(crate) async fn save(core: &Core, rules: &RetentionRules) -> Result<(), Fault> {
    rules.check()?;
    let value = serde_json::to_value(rules).expect("plain data with text keys always becomes JSON");
    core.store.commit_one(Unit::of(SettingWrite::Put { key: KEY.to_owned(), value })).await?;
    core.tidying.changed.notify_one();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_may_have_its_own_rule() {
        let rules: RetentionRules =
            serde_json::from_value(json!({"instancesDays": 30, "processes": {"order": 7, "contract": null}})).unwrap();
        assert_eq!(rules.of("order"), Kept { days: Some(7), own: true });
        assert_eq!(rules.of("contract"), Kept { days: None, own: true });
        assert_eq!(rules.of("other"), Kept { days: Some(30), own: false });
        assert_eq!(rules.pack_after_hours, Some(24), "what is not said stays as it is by itself");
        assert_eq!(RetentionRules::default().of("order"), Kept { days: None, own: false });
    }

    #[test]
    fn impossible_rules_are_refused() {
        let wrong = |json: serde_json::Value| {
            let rules: RetentionRules = serde_json::from_value(json).unwrap();
            rules.check().is_err_and(|fault| fault.is(&codes::RETENTION_INVALID))
        };
        assert!(wrong(json!({"instancesDays": 0})) && wrong(json!({"callsDays": 36_501})));
        assert!(wrong(json!({"processes": {"order": 0}})) && wrong(json!({"processes": {"": 5}})));
        assert!(!wrong(json!({"instancesDays": 1, "packAfterHours": 0, "processes": {"order": 36_500}})));
    }
}
