//! Rounds: take what waits, load, work, commit everything in one call, then answer and release effects.
//!
//! Owns: the order of these steps. Invariant: nobody is answered and nothing leaves before the commit; a unit that
//! meets a conflict is decided again on fresh state; one that meets the end of its lease is sent on, with all that
//! waits for the partition; an instance that breaks an invariant is set aside alone.

use super::cache::{Hot, HotCache};
use super::marks::{Mark, Marks};
use super::prepare::prepare;
use super::rows;
use super::session::{Aftermath, Answered, Before, Session};
use super::step;
use super::unsure;
use super::watchers::Watchers;
use super::work::{self, Ack, Done, Envelope, Finished, Refused, Work};
use crate::core::{Core, Counts};
use crate::exchange::{calls, dealings};
use crate::instances::aside::{self, Refusals};
use crate::instances::large;
use crate::jobs::{scripts, workers};
use engine::{Instance, InstanceState};
use futures_util::FutureExt;
use indexmap::IndexMap;
use model::error::codes;
use model::{Fault, IdSource, IncidentId, InstanceId, PartitionId, Timestamp};
use platform::LiveEvent;
use std::collections::{HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use store::{Conflict, Fence, InboxWrite, StoreError, StoredInstance, Unit, Write};

/// Commands of one round (performance 3.4: SQLite gains little beyond).
const ROUND_MAX: usize = 256;
/// A unit decided so often and still in conflict is refused.
const CONFLICTS_MAX: u32 = 32;
/// Bytes of instances kept warm by one worker.
const CACHE_BYTES: usize = 16 << 20;

/// Serves the partitions of one lane.
pub(crate) struct Worker {
    core: Arc<Core>,
    lane: usize,
    /// Sources of ids, with the epochs they were made under.
    ids: HashMap<PartitionId, (u64, IdSource)>,
    marks: Marks,
    cache: HotCache,
    refusals: Refusals,
    watchers: Watchers,
}

/// A session with what it writes.
struct Ready {
    session: Box<Session>,
    after: Aftermath,
    snapshot_bytes: usize,
    /// Instances that were called and begun in the same unit.
    family: Vec<Ready>,
    /// The mark of its partition's ids that the unit moves.
    mark: Option<Mark>,
}

impl Ready {
    /// Whether scripts begin with its unit.
    fn has_scripts(&self) -> bool {
        !self.after.scripts.is_empty() || self.family.iter().any(Self::has_scripts)
    }
}

impl Worker {
    /// A worker for `core.lanes[lane]`.
    pub(crate) fn new(core: Arc<Core>, lane: usize) -> Self {
        Self {
            core,
            lane,
            ids: HashMap::new(),
            marks: Marks::default(),
            cache: HotCache::new(CACHE_BYTES),
            refusals: Refusals::default(),
            watchers: Watchers::default(),
        }
    }

    /// Runs until the lane is closed and empty.
    pub(crate) async fn run(mut self) {
        let core = self.core.clone();
        while let Some(batch) = core.lanes[self.lane].take(ROUND_MAX).await {
            let leaves = |envelope: &Envelope| matches!(envelope.work, Work::Vacate);
            let (leaving, batch) =
                if batch.iter().any(leaves) { batch.into_iter().partition(leaves) } else { (Vec::new(), batch) };
            if !batch.is_empty() {
                self.round(batch).await;
            }
            leaving.into_iter().for_each(|envelope| self.vacate(envelope));
        }
        core.incidents.end();
    }

    /// Forgets a partition. No round of it is under way here, and none begins any more.
    fn vacate(&mut self, envelope: Envelope) {
        if let Some(fence) = self.core.fence(envelope.partition).filter(|_| !self.core.owns(envelope.partition)) {
            self.core.ownership.lose(fence);
        }
        self.forget(envelope.partition);
        if !self.core.owns(envelope.partition) {
            self.core.timers.lost(envelope.partition);
        }
        if let Ack::Vacated(sender) = envelope.ack {
            // Nobody waits when all was given up at once.
            let _ = sender.send(());
        }
    }

    /// What memory holds of a partition that is served here no more. Callers who wait for ends look at the store.
    fn forget(&mut self, partition: PartitionId) {
        self.cache.forget_partition(partition);
        self.watchers.forget_partition(partition);
    }

    async fn round(&mut self, batch: Vec<Envelope>) {
        let now = self.core.now();
        Counts::add(&self.core.counts.commands, batch.len());
        self.core.meters.round_commands.add(batch.len() as u64);
        let (mut sessions, work) = self.group(batch, now);
        if let Err(fault) = self.load(&mut sessions).await {
            for envelope in work.into_values().flatten() {
                self.refuse(envelope, &fault);
            }
            return;
        }
        let mut ready = Vec::with_capacity(sessions.len());
        let mut units = Vec::with_capacity(sessions.len());
        for ((_, session), envelopes) in sessions.into_iter().zip(work.into_values()) {
            let Some((done, unit)) = self.session(session, envelopes).await else { continue };
            if unit.writes.is_empty() {
                self.finish(done, Ok(()));
            } else {
                ready.push(done);
                units.push(unit);
            }
        }
        if !units.is_empty() {
            self.commit(ready, units).await;
        }
    }

    /// Commands by instance, in order of arrival.
    fn group(
        &mut self,
        batch: Vec<Envelope>,
        now: Timestamp,
    ) -> (IndexMap<InstanceId, Box<Session>>, IndexMap<InstanceId, Vec<Envelope>>) {
        let mut sessions: IndexMap<InstanceId, Box<Session>> = IndexMap::new();
        let mut work: IndexMap<InstanceId, Vec<Envelope>> = IndexMap::new();
        let serving = self.core.is_serving();
        for mut envelope in batch {
            let Some(fence) = self.core.fence(envelope.partition).filter(|_| serving) else {
                send_on(envelope);
                continue;
            };
            let known = envelope.work.instance();
            let id = known.unwrap_or_else(|| InstanceId(self.next_id(fence, now)));
            if let Work::Start(start) = &mut envelope.work {
                start.instance = Some(id);
            }
            let session = sessions.entry(id).or_insert_with(|| Box::new(Session::new(id, fence, now)));
            session.fresh = known.is_none();
            session.trace = session.trace.take().or_else(|| envelope.trace.clone());
            work.entry(id).or_default().push(envelope);
        }
        (sessions, work)
    }

    fn next_id(&mut self, fence: Fence, now: Timestamp) -> i64 {
        let mut ids = self.take_ids(fence);
        let id = ids.next(now);
        self.ids.insert(fence.partition, (fence.epoch, ids));
        id
    }

    /// The partition's source of ids. Under a new epoch it goes on from what others left.
    fn take_ids(&mut self, fence: Fence) -> IdSource {
        match self.ids.remove(&fence.partition) {
            Some((epoch, ids)) if epoch == fence.epoch => ids,
            _ => IdSource::new(fence.partition, self.core.ownership.greatest(fence.partition)),
        }
    }

    /// Brings in what is not warm, in one read. Fresh starts need none.
    async fn load(&mut self, sessions: &mut IndexMap<InstanceId, Box<Session>>) -> Result<(), Fault> {
        let mut missing = Vec::new();
        for (id, session) in sessions.iter_mut().filter(|(_, session)| !session.fresh) {
            match self.cache.take(*id).filter(|hot| hot.epoch == session.fence.epoch) {
                Some(hot) => {
                    session.before = Some(Before { instance: hot.instance, seq: hot.seq });
                    session.large = hot.large;
                }
                None => missing.push(*id),
            }
        }
        if !missing.is_empty() {
            for stored in self.read(&missing, sessions).await? {
                let Some(session) = sessions.get_mut(&stored.row.id) else { continue };
                match large::instance(&self.core, &stored).await {
                    Ok((instance, large)) => {
                        session.before = Some(Before { instance, seq: stored.row.seq });
                        session.large = large;
                    }
                    Err(fault) if fault.is(&codes::STORE_CORRUPT) => session.broken = Some(fault),
                    Err(fault) => return Err(fault),
                }
            }
        }
        Ok(())
    }

    /// Reads instances. A row that can not be read harms its own instance only.
    async fn read(
        &self,
        missing: &[InstanceId],
        sessions: &mut IndexMap<InstanceId, Box<Session>>,
    ) -> Result<Vec<StoredInstance>, Fault> {
        match self.core.store.load_instances(missing).await {
            Err(StoreError::Corrupt { .. }) => {}
            read => return Ok(read?),
        }
        let mut all = Vec::with_capacity(missing.len());
        for id in missing {
            match self.core.store.load_instances(std::slice::from_ref(id)).await {
                Err(error @ StoreError::Corrupt { .. }) => {
                    if let Some(session) = sessions.get_mut(id) {
                        session.broken = Some(error.into());
                    }
                }
                read => all.extend(read?),
            }
        }
        Ok(all)
    }

    /// Works on one instance. None when all of it was answered here.
    async fn session(&mut self, mut session: Box<Session>, envelopes: Vec<Envelope>) -> Option<(Ready, Unit)> {
        let core = self.core.clone();
        if let Some(fault) = session.broken.take() {
            let fault = aside::unreadable(session.id, fault);
            self.set_aside(session, envelopes.into(), &fault).await;
            return None;
        }
        let mut ids = self.take_ids(session.fence);
        let mut envelopes = VecDeque::from(envelopes);
        let outcome = AssertUnwindSafe(work_all(&core, &mut session, &mut ids, &mut envelopes)).catch_unwind().await;
        self.ids.insert(session.partition, (session.fence.epoch, ids));
        match outcome {
            Ok(Ok(())) => {
                workers::promise(&core, &mut session);
                let (unit, after, snapshot_bytes) = rows::unit(&core, &mut session);
                let mut unit = unit.fenced(session.fence);
                let mut family = Vec::new();
                for mut child in std::mem::take(&mut session.dealings.family) {
                    let (more, after, snapshot_bytes) = rows::unit(&core, &mut child);
                    unit.writes.extend(more.writes);
                    let session = Box::new(child);
                    family.push(Ready { session, after, snapshot_bytes, family: Vec::new(), mark: None });
                }
                let ids = self.ids.get(&session.partition);
                let mark = ids.and_then(|(_, ids)| self.marks.cover(session.fence, ids, &mut unit));
                Some((Ready { session, after, snapshot_bytes, family, mark }, unit))
            }
            Ok(Err(fault)) => {
                let answered = std::mem::take(&mut session.answered).into_iter().map(|a| a.envelope);
                answered.chain(envelopes).for_each(|e| self.refuse(e, &fault));
                None
            }
            Err(panic) => {
                let (id, reason) = (session.id, panic_text(panic.as_ref()));
                let message = format!("{id} broke an invariant and was set aside: {reason}");
                self.set_aside(session, envelopes, &Fault::new(&codes::QUARANTINED, message)).await;
                None
            }
        }
    }

    async fn commit(&mut self, ready: Vec<Ready>, units: Vec<Unit>) {
        Counts::add(&self.core.counts.commits, 1);
        Counts::add(&self.core.counts.units, units.len());
        let (n, began_us) = (units.len(), self.core.clock.stopwatch_us());
        let committed = self.core.store.commit(units).await;
        let us = self.core.lanes[self.lane].committed(n, began_us);
        self.core.meters.commit_us.add(us);
        match committed {
            Ok(results) => {
                let mut again = Vec::new();
                let (mut unsure, mut has_scripts) = (false, false);
                for (mut ready, result) in ready.into_iter().zip(results) {
                    match result {
                        Ok(_) => {
                            if let Some(mark) = ready.mark.take() {
                                self.marks.written(mark);
                            }
                            self.finish(ready, Ok(()));
                        }
                        Err(StoreError::Conflict { what: Conflict::Fenced }) => self.fenced(ready),
                        Err(StoreError::Conflict { what }) => again.extend(self.conflicted(ready, &what).await),
                        Err(error) => {
                            unsure = true;
                            has_scripts |= ready.has_scripts();
                            self.refused(ready, error).await;
                        }
                    }
                }
                if unsure {
                    self.look_all_the_same(has_scripts);
                }
                if !again.is_empty() {
                    self.core.lanes[self.lane].push_front(again);
                }
            }
            Err(error) => {
                tracing::error!(%error, "a commit failed");
                let fault = Fault::from(error);
                let has_scripts = ready.iter().any(Ready::has_scripts);
                ready.into_iter().for_each(|r| self.finish(r, Err(fault.clone())));
                self.look_all_the_same(has_scripts);
            }
        }
    }

    /// A commit whose answer was lost may have been written: what it would have announced is looked for.
    fn look_all_the_same(&self, has_scripts: bool) {
        unsure::look_later(&self.core);
        if has_scripts {
            scripts::take_up_soon(self.core.clone());
        }
    }

    /// Another node serves the partition now; nothing was written.
    fn fenced(&mut self, ready: Ready) {
        Counts::add(&self.core.counts.conflicts, 1);
        let Session { fence, answered, .. } = *ready.session;
        self.core.lost(fence);
        self.forget(fence.partition);
        answered.into_iter().for_each(|a| send_on(a.envelope));
    }

    /// Somebody else changed what the unit was based on: decide again.
    async fn conflicted(&mut self, ready: Ready, what: &Conflict) -> Vec<Envelope> {
        Counts::add(&self.core.counts.conflicts, 1);
        let mut session = ready.session;
        self.cache.forget(session.id);
        let mut again = Vec::new();
        let mut worn = false;
        for Answered { mut envelope, .. } in std::mem::take(&mut session.answered) {
            envelope.conflicts += 1;
            // A message that was taken before has had its effect.
            let done = (*what == Conflict::Message && takes_message(&envelope))
                || (*what == Conflict::Reached && is_marked(&envelope));
            worn |= envelope.conflicts > CONFLICTS_MAX;
            if done || envelope.conflicts > CONFLICTS_MAX {
                self.refuse(envelope, &Fault::of(&codes::STORE_CONFLICT));
            } else {
                again.push(envelope);
            }
        }
        if worn && let Some(fault) = self.refusals.refused(session.id, &what.clone().into()) {
            self.set_aside(session, VecDeque::new(), &fault).await;
        }
        again
    }

    /// The store refused this unit alone; nothing was written.
    async fn refused(&mut self, ready: Ready, error: StoreError) {
        let Some(fault) = self.refusals.refused(ready.session.id, &error) else {
            return self.finish(ready, Err(error.into()));
        };
        self.cache.forget(ready.session.id);
        self.set_aside(ready.session, VecDeque::new(), &fault).await;
    }

    /// After the commit: keeps the instance warm, releases effects, tells everybody.
    fn finish(&mut self, ready: Ready, committed: Result<(), Fault>) {
        let Ready { mut session, after, snapshot_bytes, family, mark: _ } = ready;
        if let Err(fault) = committed {
            self.cache.forget(session.id);
            // It may have ended all the same: who waits for that looks at the store.
            drop(self.watchers.take(session.id));
            session.answered.into_iter().for_each(|a| self.refuse(a.envelope, &fault));
            return;
        }
        family.into_iter().for_each(|child| self.finish(child, Ok(())));
        self.refusals.forget(session.id);
        workers::keep(&self.core, &mut session);
        self.release(&session, after);
        if session.erased {
            self.core.aside.take_back(session.id);
        }
        let state = session.state.as_ref();
        if let Some(ended) = state.filter(|s| s.state() != InstanceState::Active) {
            for watcher in self.watchers.take(session.id) {
                // Who gave up waiting dropped his end.
                let _ = watcher.send(Finished { state: ended.state(), variables: ended.variables().clone() });
            }
        }
        for Answered { envelope, result } in session.answered {
            self.answer(envelope, result, session.id, state);
        }
        match (session.state, &session.before) {
            (Some(instance), before) if !session.erased && instance.state() == InstanceState::Active => {
                let changed = u64::from(!session.events.is_empty());
                let seq = before.as_ref().map_or(0, |b| b.seq) + changed;
                self.core.lanes[self.lane].learn(session.id, instance.definition());
                // What waits for a job moves on soon. What waits for a person or a date is read when they come:
                // thousands kept would cut the heap into pieces, and everything else would pay for it.
                if !instance.jobs().is_empty() {
                    let epoch = session.fence.epoch;
                    self.cache.put(Hot { instance, seq, epoch, large: session.large }, snapshot_bytes.max(256));
                }
            }
            _ => {}
        }
    }

    fn release(&self, session: &Session, after: Aftermath) {
        self.core.timers.armed(&after.timers);
        if after.outbox || session.orders > 0 {
            self.core.outbox.notify_one();
        }
        if session.messages {
            self.core.cluster.inbox.look();
        }
        if after.resumed {
            self.core.timers.forget_horizon();
        }
        if session.dealings.remote {
            self.core.cluster.courier.sent();
        }
        if !session.dealings.looks.is_empty() || !after.opened.is_empty() {
            self.core.exchange.announce(session.dealings.looks.iter().cloned().chain(after.opened));
        }
        self.core.jobs.offered(&after.job_types);
        self.core.cluster.courier.offered(&after.job_types);
        for row in after.scripts {
            scripts::spawn(self.core.clone(), row);
        }
        if !session.told.is_empty() {
            self.core.incidents.tell(self.core.now(), session);
        }
        for event in &session.live {
            self.core.platform.live().publish(event.clone());
        }
    }

    fn answer(&mut self, envelope: Envelope, result: Result<(), Fault>, id: InstanceId, state: Option<&Instance>) {
        let Ack::Reply(sender) = envelope.ack else { return };
        let done = result.map(|()| {
            let watch = matches!(&envelope.work, Work::Start(start) if start.watch);
            let ended = state.is_none_or(|s| s.state() != InstanceState::Active);
            let finished = (watch && !ended).then(|| self.watchers.watch(id));
            Done {
                instance: id,
                state: state.map_or(InstanceState::Canceled, Instance::state),
                variables: state.filter(|_| watch && ended).map(|s| s.variables().clone()),
                finished,
            }
        });
        // A caller who went away needs no answer.
        let _ = sender.send(done.map_err(Refused::Fault));
    }

    fn refuse(&self, envelope: Envelope, fault: &Fault) {
        match envelope.ack {
            Ack::None | Ack::Vacated(_) => {}
            Ack::Reply(sender) => {
                // A caller who went away needs no answer.
                let _ = sender.send(Err(fault.clone().into()));
            }
            Ack::Timer(row) => self.core.timers.again(row, self.core.now()),
        }
    }

    /// Sets one instance aside: its stored state stays as it was, a person is told. While that can not be written it
    /// is not set aside.
    async fn set_aside(&mut self, mut session: Box<Session>, envelopes: VecDeque<Envelope>, fault: &Fault) {
        let id = session.id;
        if self.core.aside.get(id).is_none() {
            tracing::error!(instance.id = %id, code = fault.code.code, %fault, "the instance is set aside");
            self.core.aside.put(id, fault.code);
            if !self.tell(&session, fault).await {
                self.core.aside.take_back(id);
            }
            self.refusals.forget(id);
        }
        let answered = std::mem::take(&mut session.answered).into_iter().map(|a| a.envelope);
        for envelope in answered.chain(envelopes) {
            self.refuse(without_timer(envelope), fault);
        }
    }

    /// Commits the incident of an instance that is set aside; whether it is.
    async fn tell(&mut self, session: &Session, fault: &Fault) -> bool {
        let (id, incident) = (session.id, IncidentId(self.next_id(session.fence, session.now)));
        let known = session.before.as_ref().map(|before| &before.instance);
        let unit = match aside::unit(&self.core, incident, id, known, fault).await {
            Ok(Some(unit)) => unit,
            Ok(None) => return false,
            Err(fault) => {
                tracing::error!(instance.id = %id, %fault, "the incident could not be made");
                return false;
            }
        };
        match self.core.store.commit_one(unit.fenced(session.fence)).await {
            Ok(_) => {
                let data = serde_json::json!({"open": true, "code": fault.code.code});
                self.core.platform.live().publish(LiveEvent::new("incident", incident).with(data));
                true
            }
            Err(error) => {
                if error.conflict() == Some(&Conflict::Fenced) {
                    // Another node serves it now, and finds out for itself.
                    self.core.lost(session.fence);
                }
                tracing::error!(instance.id = %id, %error, "the incident could not be written");
                false
            }
        }
    }
}

/// Work of a partition that is served elsewhere: whoever waits takes it there. A timer is read there from its row; here
/// too, when the partition came back meanwhile.
fn send_on(envelope: Envelope) {
    match envelope.ack {
        Ack::Reply(sender) => {
            // A caller who went away needs no answer.
            let _ = sender.send(Err(Refused::moved(envelope.work, envelope.extra)));
        }
        Ack::Timer(firing) => firing.missed(),
        Ack::None | Ack::Vacated(_) => {}
    }
}

/// Whether it happens once, and did.
fn is_marked(envelope: &Envelope) -> bool {
    let advances = |write: &Write| matches!(write, Write::Exchange(store::ExchangeWrite::Advance { .. }));
    !envelope.work.marks().is_empty() || envelope.extra.iter().any(advances)
}

fn takes_message(envelope: &Envelope) -> bool {
    let takes = |mark: &work::Mark| matches!(mark, work::Mark::Take { .. });
    envelope.work.marks().iter().any(takes)
        || envelope.extra.iter().any(|write| matches!(write, Write::Inbox(InboxWrite::Take { .. })))
}

/// Its timer waits in the store until a person has mended the instance, instead of coming again and again.
fn without_timer(envelope: Envelope) -> Envelope {
    let ack = if matches!(envelope.ack, Ack::Timer(_)) { Ack::None } else { envelope.ack };
    Envelope { ack, ..envelope }
}

/// All entries of one instance. Those worked on move to `session.answered`.
async fn work_all(
    core: &Core,
    session: &mut Session,
    ids: &mut IdSource,
    envelopes: &mut VecDeque<Envelope>,
) -> Result<(), Fault> {
    if session.before.is_some() {
        Box::pin(prepare(core, session, envelopes)).await?;
    }
    let aside = core.aside.get(session.id);
    while let Some(envelope) = envelopes.pop_front() {
        let work = envelope.work.clone();
        let refused = aside.filter(|_| !matches!(work, Work::Erase { .. } | Work::Tell(_)));
        // Of an instance that is set aside a message is over; the end of a call is not, since nobody heard of it.
        if refused.is_none() || takes_message(&envelope) {
            session.writes.extend(envelope.extra.iter().cloned());
        }
        // Kept before the work, so that it is answered even when the work panics.
        session.answered.push(Answered { envelope, result: Ok(()) });
        let result = match refused {
            Some(code) => Err(Fault::of(code)),
            None => step::work(core, session, ids, work).await?,
        };
        if let Some(last) = session.answered.last_mut() {
            last.result = result;
        }
    }
    if session.dealings.has_more() {
        Box::pin(calls::begin(core, session, ids)).await?;
        Box::pin(dealings::seal(core, session)).await?;
    }
    if let Some(state) = session.state.as_ref().filter(|_| !session.events.is_empty()) {
        step::check(state).unwrap_or_else(|broken| panic!("{broken}"));
    }
    Ok(())
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "unknown".to_owned())
}
