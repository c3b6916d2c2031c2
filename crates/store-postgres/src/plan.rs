//! A batch of units as few statements: rows of one kind of write travel together as arrays.
//!
//! Invariant: what two writes do to the same row happens in their order. A row is touched once in a wave, waves follow
//! each other, and a write that touches more than its own row parts what comes before it from what comes after.
//! Never: waits for an answer.

use crate::{
    cluster, exchange, incidents, instances, jobs,
    merged::{self, Merged},
    outbox,
    sql::{Param, Tx, WriteResult},
    tasks, timers, writer,
};
use std::{
    collections::{BTreeSet, HashMap},
    ptr,
};
use store::{Conflict, ExchangeWrite, Unit, Write};

/// A kind of write: a statement over arrays, one row of each a write.
pub(crate) struct Kind {
    /// `$1`, `$2` and so on are the arrays. If a row must be changed for each write, the statement ends in a check
    /// that raises an error ([`expect_all`]) and its last parameter is the number of writes.
    pub(crate) sql: &'static str,
    /// What it means that a row was not changed; none: it does not matter.
    pub(crate) otherwise: Option<Conflict>,
}

/// The end of a statement whose changes are `changed`: a row for each of `$n` writes, or else an error.
macro_rules! expect_all {
    ($n:literal) => {
        concat!(" SELECT 1 / (count(*) = ", $n, ")::int FROM changed")
    };
}
pub(crate) use expect_all;

/// Tables whose rows are changed by several kinds of writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Table {
    Instances,
    Tasks,
    Timers,
    Jobs,
    Outbox,
    Incidents,
    Inbox,
    Subscriptions,
}

struct Batch {
    kind: &'static Kind,
    columns: Vec<Param>,
    rows: i64,
}

/// What lies between two writes that part.
#[derive(Default)]
struct Segment<'u> {
    /// Partitions and the epochs that must last.
    fences: BTreeSet<(u8, u64)>,
    waves: Vec<Vec<Batch>>,
    /// The wave after which a row was touched.
    touched: HashMap<(Table, i64), usize>,
    /// Writes that go one by one, and touch other tables than the batches.
    singles: Vec<&'u Write>,
    /// The write after all of these, and its unit.
    parting: Option<(usize, &'u Write)>,
}

/// The statements of a batch.
pub(crate) struct Plan<'u> {
    segments: Vec<Segment<'u>>,
}

impl<'u> Plan<'u> {
    pub(crate) fn of(units: impl IntoIterator<Item = (usize, &'u Unit)>) -> Self {
        let mut plan = Self { segments: vec![Segment::default()] };
        for (place, unit) in units {
            if let Some(fence) = unit.fence {
                plan.segment().fences.insert((fence.partition.0, fence.epoch));
            }
            for write in &unit.writes {
                plan.add(place, write);
            }
        }
        plan
    }

    fn segment(&mut self) -> &mut Segment<'u> {
        self.segments.last_mut().expect("a plan has a segment")
    }

    fn add(&mut self, unit: usize, write: &'u Write) {
        let planned = match write {
            Write::Instance(write) => instances::plan(self, write),
            Write::Task(write) => tasks::plan(self, write),
            Write::Timer(write) => timers::plan(self, write),
            Write::Job(write) => jobs::plan(self, write),
            Write::Outbox(write) => outbox::plan(self, write),
            Write::Incident(write) => incidents::plan(self, write),
            Write::Call(write) => incidents::plan_call(self, write),
            Write::Value(write) => cluster::plan_value(self, write),
            Write::Inbox(write) => cluster::plan_message(self, write),
            Write::Exchange(write) if exchange::plan(self, write) => true,
            Write::Cluster(_) | Write::Retention(_) | Write::Exchange(ExchangeWrite::Expire { .. }) => false,
            Write::People(_)
            | Write::Credential(_)
            | Write::App(_)
            | Write::Definition(_)
            | Write::Record(_)
            | Write::Exchange(_)
            | Write::Setting(_) => {
                self.segment().singles.push(write);
                true
            }
        };
        if !planned {
            self.segment().parting = Some((unit, write));
            self.segments.push(Segment::default());
        }
    }

    /// Adds a write to the row `key` of a table.
    pub(crate) fn row(&mut self, table: Table, key: i64, kind: &'static Kind, values: Vec<Param>) {
        let segment = self.segment();
        let next = segment.touched.entry((table, key)).or_default();
        let wave = *next;
        *next += 1;
        segment.put(wave, kind, values);
    }

    /// Adds a row of a table whose rows are only ever added.
    pub(crate) fn append(&mut self, kind: &'static Kind, values: Vec<Param>) {
        self.segment().put(0, kind, values);
    }

    /// Adds a row that goes with the row `key` of a table, added just before.
    pub(crate) fn along(&mut self, table: Table, key: i64, kind: &'static Kind, values: Vec<Param>) {
        let segment = self.segment();
        let wave = segment.touched.get(&(table, key)).map_or(0, |next| next.saturating_sub(1));
        segment.put(wave, kind, values);
    }

    /// Whether [`Plan::send`] with `merge` sends one statement, which is a transaction by itself.
    pub(crate) fn is_one(&self) -> bool {
        let [segment] = self.segments.as_slice() else { return false };
        let wave = match segment.waves.as_slice() {
            [] if segment.fences.is_empty() => return false,
            [] => return segment.stands_alone(),
            [wave] => wave,
            _ => return false,
        };
        segment.stands_alone() && wave.iter().all(|batch| merged::is_plain(batch.kind))
    }

    /// Sends all of it; in fewer statements where it need not be known which of them was refused.
    pub(crate) async fn send(self, tx: &mut Tx<'_>, merge: bool) -> WriteResult {
        for segment in self.segments {
            let mut plain = Merged::default();
            if !segment.fences.is_empty() {
                plain.add(&cluster::CHECK, cluster::fenced(&segment.fences));
            }
            for wave in segment.waves {
                let mut others = Vec::new();
                for Batch { kind, mut columns, rows } in wave {
                    if kind.otherwise.is_some() {
                        columns.push(rows.into());
                    }
                    if merged::is_plain(kind) {
                        plain.add(kind, columns);
                    } else {
                        others.push((kind, columns));
                    }
                }
                std::mem::take(&mut plain).send(tx, merge).await?;
                for (kind, columns) in others {
                    tx.batch(kind, columns).await?;
                }
            }
            plain.send(tx, merge).await?;
            for write in segment.singles {
                writer::apply(tx, write).await?;
            }
            if let Some((unit, write)) = segment.parting {
                tx.unit = unit;
                writer::apply(tx, write).await?;
            }
        }
        Ok(())
    }
}

impl Segment<'_> {
    /// Whether nothing goes one by one.
    fn stands_alone(&self) -> bool {
        self.singles.is_empty() && self.parting.is_none()
    }

    fn put(&mut self, wave: usize, kind: &'static Kind, values: Vec<Param>) {
        while self.waves.len() <= wave {
            self.waves.push(Vec::new());
        }
        let batches = &mut self.waves[wave];
        let place = batches.iter().position(|b| ptr::eq(b.kind, kind)).unwrap_or_else(|| {
            let columns = values.iter().map(Param::array).collect();
            batches.push(Batch { kind, columns, rows: 0 });
            batches.len() - 1
        });
        let batch = &mut batches[place];
        batch.rows += 1;
        for (column, value) in batch.columns.iter_mut().zip(values) {
            column.push(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{InstanceId, PartitionId, TimerId, Timestamp};
    use store::{Fence, SettingWrite, TimerRow, TimerWrite};

    fn timer(n: i64) -> Write {
        let (partition, id) = (PartitionId(0), TimerId(n));
        TimerWrite::Insert(TimerRow { partition, id, due_at: Timestamp(n), instance: InstanceId(1) }).into()
    }

    #[test]
    fn what_is_one_statement() {
        let fence = Some(Fence { partition: PartitionId(0), epoch: 1 });
        let gone = || Write::from(TimerWrite::Delete { partition: PartitionId(0), id: TimerId(1) });
        let forget = || Write::from(SettingWrite::Delete { key: "a".into() });
        let cases = [
            (Unit { writes: vec![timer(1), timer(2)], fence }, true, "rows of two tables, merged"),
            (Unit { writes: vec![timer(1)], fence: None }, true, "rows of a table"),
            (Unit { writes: Vec::new(), fence }, true, "the fence alone"),
            (Unit::default(), false, "nothing: whether the database is there has still to be found out"),
            (Unit { writes: vec![timer(1), gone()], fence }, false, "the same row in two waves"),
            (Unit { writes: vec![timer(1), forget()], fence }, false, "what goes one by one"),
        ];
        for (unit, one, why) in cases {
            assert_eq!(Plan::of([(0, &unit)]).is_one(), one, "{why}");
        }
    }
}
