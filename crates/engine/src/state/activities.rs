//! What activities remember beyond a plain run: turns, compensation records, ad-hoc choices, stages, mutexes.
//!
//! Owns: the rare parts of an instance; all empty for most, which then keep no room for them ([`Rare`]). Invariant:
//! everything here hangs on an active run and goes with it ([`Activities::run_gone`]), except compensation records,
//! which go with the scope around their run. Never: looks into the definition.

use model::definition::ElementIdx;
use model::{InstanceId, Object, Value};
use serde::{Deserialize, Serialize};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// The rare parts of an instance.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Activities {
    /// Repeated activities that run.
    pub bodies: Vec<Body>,
    /// What can be compensated, in order of completion.
    pub records: Vec<Record>,
    /// Compensations that run.
    pub compensations: Vec<Compensation>,
    /// Ad-hoc sub-processes with something to remember.
    pub ad_hocs: Vec<AdHocRun>,
    /// Runs between two stages of their beginning or end.
    pub stages: Vec<StageState>,
    /// Names of mutexes that runs hold or wait for.
    pub mutexes: Vec<Mutex>,
    /// Nothing goes on by itself (BPMN MG-8).
    pub suspended: bool,
    /// A finished called instance is being compensated for its caller (BPMN CO-7).
    pub compensating: bool,
}

/// What an instance that remembers nothing remembers.
static NOTHING: Activities = Activities {
    bodies: Vec::new(),
    records: Vec::new(),
    compensations: Vec::new(),
    ad_hocs: Vec::new(),
    stages: Vec::new(),
    mutexes: Vec::new(),
    suspended: false,
    compensating: false,
};

/// The rare parts of an instance, in memory once there are some: an instance is moved many times in a step, and most
/// have none.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Activities", into = "Activities")]
pub struct Rare(Option<Box<Activities>>);

impl Rare {
    /// Whether nothing was ever there.
    pub(super) fn is_none(&self) -> bool {
        self.0.is_none()
    }
    /// See [`Activities::run_gone`].
    pub(crate) fn run_gone(&mut self, key: u32, scope: u32) {
        if let Some(activities) = &mut self.0 {
            activities.run_gone(key, scope);
        }
    }
    /// See [`Activities::ended`].
    pub(crate) fn ended(&mut self, keeps_records: bool) {
        if let Some(activities) = &mut self.0 {
            activities.ended(keeps_records);
        }
    }
}

impl Deref for Rare {
    type Target = Activities;
    fn deref(&self) -> &Activities {
        self.0.as_deref().unwrap_or(&NOTHING)
    }
}

impl DerefMut for Rare {
    fn deref_mut(&mut self) -> &mut Activities {
        self.0.get_or_insert_default()
    }
}

impl PartialEq for Rare {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl From<Activities> for Rare {
    fn from(activities: Activities) -> Self {
        Self((activities != NOTHING).then(|| Box::new(activities)))
    }
}

impl From<Rare> for Activities {
    fn from(rare: Rare) -> Self {
        rare.0.map_or_else(Self::default, |activities| *activities)
    }
}

/// A multi-instance or looping activity: its run contains the runs of its turns.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Body {
    /// Its run.
    pub key: u32,
    /// How many turns there are; 0 for a standard loop.
    pub total: u32,
    /// How many turns have begun.
    pub started: u32,
    /// How many turns have ended normally.
    pub completed: u32,
    /// How many turns were cut off.
    pub terminated: u32,
    /// The items, one a turn; null without a collection.
    pub items: Value,
    /// Runs of the active turns with their numbers from 0.
    pub turns: Vec<(u32, u32)>,
    /// What the turns gave, by their numbers; null where nothing was given.
    pub outputs: Vec<Value>,
}

impl Body {
    /// The item of a turn.
    pub fn item(&self, index: u32) -> Value {
        match &self.items {
            Value::List(items) => items.get(index as usize).cloned().unwrap_or_default(),
            _ => Value::Null,
        }
    }
}

/// A completed activity that can be compensated (BPMN CO-1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its run, which is over.
    pub key: u32,
    /// The activity.
    pub element: ElementIdx,
    /// The run that contained it: active, or itself a record.
    pub scope: u32,
    /// The run of a repeated activity around its turns.
    pub body: bool,
    /// Taken by a compensation: no other one takes it.
    pub taken: bool,
    /// The called instance that is kept.
    pub child: Option<InstanceId>,
    /// What its handler sees (BPMN CO-10).
    pub variables: Arc<Object>,
}

/// A compensation that runs, one record after the other (BPMN CO-4).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Compensation {
    /// The run that threw it.
    pub key: u32,
    /// The run that its handlers run in.
    pub scope: u32,
    /// What happens after it.
    pub then: AfterCompensation,
    /// The runs of its records, the next one last.
    pub records: Vec<u32>,
    /// The record that is being compensated.
    pub current: Option<u32>,
    /// The run of its handler.
    pub handler: Option<u32>,
    /// The called instance that is being compensated.
    pub child: Option<InstanceId>,
}

/// What happens after a compensation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AfterCompensation {
    /// The run that threw it goes on.
    #[default]
    GoOn,
    /// Nothing: it was not waited for.
    Nothing,
    /// The transaction is left by its cancel boundary event (BPMN TX-2).
    Cancel,
    /// The called instance ends again (BPMN CO-7).
    Finish,
}

/// An ad-hoc sub-process that runs (BPMN AH-1..6).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AdHocRun {
    /// Its run.
    pub key: u32,
    /// Activations that wait for their turn (AH-3).
    pub queue: Vec<Activation>,
    /// Nothing more starts; it completes when the rest is done (AH-4).
    pub closing: bool,
    /// A person or worker said that it is complete.
    pub completed: bool,
    /// What the activities gave.
    pub outputs: Vec<Value>,
}

/// An activation of an element.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Activation {
    /// What begins.
    pub element: ElementIdx,
    /// Its local variables.
    pub variables: Object,
}

/// A run between two stages of its beginning or end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageState {
    /// The run.
    pub key: u32,
    /// The stages after its work, not those before it.
    pub after: bool,
    /// How many stages are passed.
    pub passed: u32,
    /// Whether it waits in the next one.
    pub waits: bool,
}

/// A run holds a name in all instances, or waits for it (pattern 39).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mutex {
    /// The run.
    pub key: u32,
    /// The name.
    pub name: Arc<str>,
    /// It holds it.
    pub granted: bool,
}

impl Activities {
    /// The repeated activity whose run is `key`.
    pub fn body(&self, key: u32) -> Option<&Body> {
        self.bodies.iter().find(|b| b.key == key)
    }
    pub(crate) fn body_mut(&mut self, key: u32) -> Option<&mut Body> {
        self.bodies.iter_mut().find(|b| b.key == key)
    }
    /// The record of the run `key`, which is over.
    pub fn record(&self, key: u32) -> Option<&Record> {
        self.records.iter().find(|r| r.key == key)
    }
    /// The ad-hoc sub-process whose run is `key`.
    pub fn ad_hoc(&self, key: u32) -> Option<&AdHocRun> {
        self.ad_hocs.iter().find(|a| a.key == key)
    }
    pub(crate) fn ad_hoc_mut(&mut self, key: u32) -> &mut AdHocRun {
        let at = match self.ad_hocs.iter().position(|a| a.key == key) {
            Some(at) => at,
            None => {
                self.ad_hocs.push(AdHocRun { key, ..AdHocRun::default() });
                self.ad_hocs.len() - 1
            }
        };
        &mut self.ad_hocs[at]
    }
    /// The stage that the run waits in.
    pub fn waiting_stage(&self, key: u32) -> Option<&StageState> {
        self.stages.iter().find(|s| s.key == key && s.waits)
    }
    /// Whether a compensation runs the handler `key`.
    pub fn is_handler(&self, key: u32) -> bool {
        self.compensations.iter().any(|c| c.handler == Some(key))
    }

    fn is_idle(&self) -> bool {
        self.bodies.is_empty()
            && self.records.is_empty()
            && self.compensations.is_empty()
            && self.ad_hocs.is_empty()
            && self.stages.is_empty()
            && self.mutexes.is_empty()
    }

    /// A run is over: what hangs on it goes. Its record, if it has one, was made before.
    pub(crate) fn run_gone(&mut self, key: u32, scope: u32) {
        if self.is_idle() {
            return;
        }
        if let Some(body) = self.body_mut(scope)
            && let Ok(at) = body.turns.binary_search_by_key(&key, |t| t.0)
        {
            body.turns.remove(at);
            body.terminated += 1;
        }
        self.bodies.retain(|b| b.key != key);
        self.compensations.retain(|c| c.scope != key && (c.key != key || c.then == AfterCompensation::Nothing));
        self.ad_hocs.retain(|a| a.key != key);
        self.stages.retain(|s| s.key != key);
        self.mutexes.retain(|m| m.key != key);
        if self.record(key).is_none() {
            self.forget_inside(key);
        }
    }

    /// Records inside a scope that is gone, at any depth.
    pub(crate) fn forget_inside(&mut self, scope: u32) {
        let mut gone = vec![scope];
        while let Some(scope) = gone.pop() {
            self.records.retain(|r| {
                let inside = r.scope == scope && r.key != scope;
                if inside {
                    gone.push(r.key);
                }
                !inside
            });
        }
    }

    /// The instance has ended: only records may be of use to its caller.
    pub(crate) fn ended(&mut self, keeps_records: bool) {
        let records = if keeps_records { std::mem::take(&mut self.records) } else { Vec::new() };
        *self = Self { records, ..Self::default() };
    }
}
