//! The places of all fields of snapshots and journals. Rules for changes: see [`super::wire`].
//!
//! Invariant: a number of an event is never used again. A reader that does not know one keeps its place in the history
//! and passes over it, so that the binary before reads what the binary after it wrote.

use super::activities::{
    Activation, Activities, AdHocRun, AfterCompensation, Body, Compensation, Mutex, Rare, Record, StageState,
};
use super::instance::{
    Answer, Child, ElementInstance, Incident, Instance, InstanceState, Job, Phase, Repeat, Subscription, Task,
    TimerState, WaitingFlow,
};
use super::listening::Listening;
use super::wire::{Read, Reader, Wire, WireError, Writer, code, part};
use crate::activity_events::{CompensationRecorded, CompensationThrown, Migrated, TurnsPlanned};
use crate::event::{
    Event, IncidentRaised, InstanceCreated, JobCreated, JobRetried, LogLevel, UserTaskAnswered, UserTaskCompleted,
    UserTaskCreated,
};
use crate::exchange::{
    Awaited, ChildOutcome, ChildStarted, MessageThrown, ParentLink, SignalThrown, SubscriptionOpened,
};
use model::DocumentRef;
use model::definition::{Binding, MessageTarget, TaskKind};

part!(DocumentRef { catalog, record });
part!(ElementInstance { key, element, scope, phase, children, variables, result, thrown });
part!(WaitingFlow { scope, flow, count });
part!(Job { id, key, job_type, retries, tries });
part!(Task { id, key, assignees, answers });
part!(Answer { user, outcome, comment, values });
part!(TimerState { id, key, element, due, repeat, trigger });
part!(Repeat { interval, anchor, turn, last_turn, end });
part!(Incident { id, key, code, job, listening });
part!(Instance {
    id,
    definition,
    started_at,
    started_by,
    state,
    title,
    next_key,
    bytes,
    elements,
    document,
    business_key,
    parameters,
    waiting,
    jobs,
    tasks,
    timers,
    incidents,
    parent,
    subscriptions,
    called,
    listening,
    activities
});
part!(ParentLink { instance, key, root, depth, compensable });
part!(Activities { bodies, records, compensations, ad_hocs, stages, mutexes, suspended, compensating });

impl Wire for Rare {
    fn put(&self, w: &mut Writer<'_>) {
        if self.is_none() { w.byte(0) } else { Activities::put(self, w) }
    }
    fn get(r: &mut Reader<'_>) -> Read<Self> {
        Activities::get(r).map(Self::from)
    }
}

part!(Body { key, total, started, completed, terminated, items, turns, outputs });
part!(Record { key, element, scope, body, taken, child, variables });
part!(Compensation { key, scope, then, records, current, handler, child });
part!(AdHocRun { key, queue, closing, completed, outputs });
part!(Activation { element, variables });
part!(StageState { key, after, passed, waits });
part!(Mutex { key, name, granted });
part!(TurnsPlanned { key, total, items });
part!(CompensationRecorded { key, element, scope, body, child, variables });
part!(CompensationThrown { key, scope, then, activity, records });
part!(Migrated { definition, elements, flows, reason });
code!(AfterCompensation { GoOn = 0, Nothing = 1, Cancel = 2, Finish = 3 });
part!(Subscription { id, key, element, trigger, awaited });
part!(Child { id, key });
part!(SubscriptionOpened { subscription, key, element, trigger, awaited });
part!(MessageThrown { key, element, name, correlation_key, id, ttl_ms, variables, target });
part!(SignalThrown { key, element, name, variables, own_tree });
part!(ChildStarted { key, element, child, process, binding, variables, business_key, wait, compensable });
part!(InstanceCreated { instance, definition, started_at, started_by, document, business_key, parameters, parent });
part!(JobCreated { job, key, element, job_type, retries, input, backoff } skip { headers });
part!(JobRetried { job, key, retries, input } skip { headers, backoff });
part!(UserTaskCreated {
    task, key, element, kind, title, assignees, input, due, priority, description, candidate_users, candidate_groups
} skip { form, settings });
part!(UserTaskAnswered { task, key, user, outcome, comment, values });
part!(UserTaskCompleted { task, key, outcome, values, by, outputs });
part!(IncidentRaised { incident, key, element, phase, job, code, message, details });

code!(InstanceState { Active = 0, Completed = 1, Failed = 2, Canceled = 3 });
code!(Phase { Active = 0, Activating = 1, Completing = 2, Mapping = 3, Leaving = 4, Listening = 5 });
code!(TaskKind { Form = 0, Approve = 1, Review = 2, FormOrRefuse = 3 });
code!(LogLevel { Info = 0, Warning = 1 });

/// Rare shapes that may still grow: MessagePack by their names.
macro_rules! packed {
    ($($shape:ty),* $(,)?) => {$(
        impl Wire for $shape {
            fn put(&self, w: &mut Writer<'_>) {
                w.blob(&rmp_serde::to_vec_named(self).expect("plain data in memory always encodes"));
            }
            fn get(r: &mut Reader<'_>) -> Read<Self> {
                rmp_serde::from_slice(r.blob()?).map_err(|_| WireError::Content)
            }
        }
    )*};
}

packed!(Awaited, Binding, MessageTarget, ChildOutcome, Listening);

/// Particulars are any JSON.
impl Wire for serde_json::Value {
    fn put(&self, w: &mut Writer<'_>) {
        w.blob(&rmp_serde::to_vec(self).expect("JSON written to memory always encodes"));
    }
    fn get(r: &mut Reader<'_>) -> Read<Self> {
        rmp_serde::from_slice(r.blob()?).map_err(|_| WireError::Content)
    }
}

macro_rules! events {
    (
        boxed { $($box_tag:literal $boxed:ident,)* }
        plain { $($tag:literal $variant:ident { $($field:ident),* },)* }
    ) => {
        impl Wire for Event {
            fn put(&self, w: &mut Writer<'_>) {
                match self {
                    $(Self::$boxed(content) => {
                        w.byte($box_tag);
                        content.put(w);
                    })*
                    $(Self::$variant { $($field),* } => {
                        w.byte($tag);
                        w.part(|_part| {
                            $(_part.field($field);)*
                        });
                    })*
                }
            }
            fn get(r: &mut Reader<'_>) -> Read<Self> {
                let tag = r.byte()?;
                match tag {
                    $($box_tag => Wire::get(r).map(Self::$boxed),)*
                    $($tag => {
                        let mut _part = r.part()?;
                        Ok(Self::$variant { $($field: _part.field()?),* })
                    })*
                    unknown => {
                        r.part()?;
                        let text = format!("something that a newer version recorded (event {unknown})");
                        Ok(Self::Logged { key: None, element: None, text, level: LogLevel::Warning, by: None })
                    }
                }
            }
        }
    };
}

events! {
    boxed {
        1 InstanceCreated,
        7 JobCreated,
        10 JobRetried,
        12 UserTaskCreated,
        13 UserTaskAnswered,
        14 UserTaskCompleted,
        20 IncidentRaised,
        30 SubscriptionOpened,
        32 MessageThrown,
        33 SignalThrown,
        34 ChildStarted,
        70 TurnsPlanned,
        71 CompensationRecorded,
        72 CompensationThrown,
        73 InstanceMigrated,
    }
    plain {
        2 ElementActivated { key, element, scope },
        3 ElementCompleted { key, element },
        4 ElementTerminated { key, element },
        5 FlowTaken { flow, scope, waits },
        6 VariablesSet { values, scope, by },
        8 JobCompleted { job, key, result, by },
        9 JobFailed { job, key, retries, retry_at, code, message },
        11 JobCanceled { job, key },
        15 UserTaskCanceled { task, key },
        16 UserTaskReassigned { task, key, assignees, by },
        17 TimerArmed { timer, key, element, due, repeat, trigger },
        18 TimerFired { timer, key },
        19 TimerCanceled { timer, key },
        21 IncidentResolved { incident, key, retried, by },
        22 ErrorRaised { key, element, code, message },
        23 ErrorCaught { key, element, code },
        24 Logged { text, level, key, element, by },
        25 StateTitleSet { text },
        26 InstanceCompleted {},
        27 InstanceFailed { code, message, variables },
        28 InstanceCanceled { reason, by },
        29 JoinPassed { element, scope, flows },
        31 SubscriptionClosed { subscription, key },
        35 ChildCanceled { child, key },
        36 ChildFinished { child, key, outcome },
        37 EscalationRaised { key, element, code, variables, caught },
        40 Triggered { key, element, trigger, variables },
        41 StartHeld { variables },
        42 TokensDropped { scope },
        43 ResultsThrown { key, position },
        44 ComplexPassed { element, scope, flows, reset },
        45 TreeEnded { key },
        46 ConditionArmed { key, element, trigger },
        47 ConditionChecked { key, element, trigger, holds, failures },
        48 ConditionDisarmed { key, element, trigger },
        49 TriggerCollected { key, element, trigger, variables },
        50 ConversationKeySet { name, value },
        51 TriggersMet { key, element },
        74 TurnStarted { key, turn, index },
        75 TurnEnded { key, turn, output },
        76 TurnAdded { key, item, by },
        77 CompensationStarted { key, record, element, handler, child },
        78 CompensationDone { key, record },
        79 CompensationEnded { key },
        80 ChildCompensationRequested { child, key },
        81 CompensationRequested {},
        82 AdHocQueued { key, element, variables },
        83 AdHocTaken { key },
        84 AdHocOutput { key, output },
        85 AdHocClosing { key, completed },
        86 StageWaits { key, after, stage },
        87 StagePassed { key, after, stage },
        88 MutexRequested { key, name },
        89 MutexGranted { key },
        90 MutexReleased { key, name },
        91 InstanceSuspended { reason, by },
        92 InstanceResumed { by },
        93 TokensTaken { element, scope, flows },
        94 UserTaskReopened { task, key, reason },
        95 UserTaskCorrected { task, key, values },
        96 ChangeHeld { key, change },
        97 RunMoved { key, scope },
    }
}
