//! Journals: read, replayed, and packed once their instance has ended.
//!
//! An archive is one row in place of many: a leading byte of its own, then the rows one behind the other, deflated.
//! Invariant: a journal reads the same before and after it was packed.

use super::large::{self, unreadable};
use crate::core::Core;
use engine::{Event, Instance};
use flate2::Compression;
use flate2::read::{DeflateDecoder, DeflateEncoder};
use model::{Fault, InstanceId, Timestamp};
use std::io::{self, Read};
use store::JournalRow;

/// Journal rows read at once.
const PAGE: u32 = 500;
/// Leads an archive; no version of the engine's bytes.
const ARCHIVE: u8 = 0xA1;
/// Bytes of a packed journal once unpacked; far more than one can have.
const UNPACKED_MAX: u64 = 1 << 30;

/// What one commit of an instance did.
#[derive(Debug)]
pub(crate) struct Step {
    /// When it was committed.
    pub(crate) at: Timestamp,
    /// The events.
    pub(crate) events: Vec<Event>,
}

/// The rows of a journal, as they were before it was packed.
pub(crate) async fn rows(core: &Core, id: InstanceId) -> Result<Vec<JournalRow>, Fault> {
    let mut all = Vec::new();
    loop {
        let after = all.last().map_or(0, |row: &JournalRow| row.seq);
        let rows = core.store.journal(id, after, PAGE).await?;
        let full = rows.len() >= PAGE as usize;
        all.extend(unpacked(id, rows)?);
        if !full {
            return Ok(all);
        }
    }
}

/// The journal of an instance, oldest first.
pub(crate) async fn read(core: &Core, id: InstanceId) -> Result<Vec<Step>, Fault> {
    let mut steps = Vec::new();
    let mut after = 0;
    loop {
        let rows = core.store.journal(id, after, PAGE).await?;
        let Some(last) = rows.last() else { return Ok(steps) };
        after = last.seq;
        let full = rows.len() >= PAGE as usize;
        let rows = unpacked(id, rows)?;
        let fetched = large::fetch(core, id, rows.iter().map(|row| row.events.as_slice())).await?;
        for row in rows {
            let events = engine::decode_events_with(&row.events, &fetched);
            steps.push(Step { at: row.at, events: events.map_err(|e| unreadable(id).caused_by(e))? });
        }
        if !full {
            return Ok(steps);
        }
    }
}

/// The whole state of an instance that has ended: its journal tells it.
pub(crate) async fn ended(core: &Core, id: InstanceId) -> Result<Instance, Fault> {
    replay(id, &read(core, id).await?)
}

/// The state that a journal leads to.
pub(crate) fn replay(id: InstanceId, steps: &[Step]) -> Result<Instance, Fault> {
    Instance::replay(steps.iter().flat_map(|step| &step.events)).ok_or_else(|| unreadable(id))
}

/// One row in place of these, which are the whole journal; none when there is nothing to win.
pub(crate) fn pack(rows: &[JournalRow]) -> Option<JournalRow> {
    let last = rows.last().filter(|_| rows.len() > 1)?;
    let mut plain = Vec::new();
    for row in rows {
        plain.extend(row.seq.to_le_bytes());
        plain.extend(row.at.0.to_le_bytes());
        plain.extend((row.events.len() as u64).to_le_bytes());
        plain.extend(&row.events);
    }
    let mut events = vec![ARCHIVE];
    DeflateEncoder::new(plain.as_slice(), Compression::default()).read_to_end(&mut events).ok()?;
    Some(JournalRow { events, ..last.clone() })
}

fn unpacked(id: InstanceId, rows: Vec<JournalRow>) -> Result<Vec<JournalRow>, Fault> {
    if rows.iter().all(|row| row.events.first() != Some(&ARCHIVE)) {
        return Ok(rows);
    }
    let mut all = Vec::new();
    for row in rows {
        match row.events.split_first() {
            Some((&ARCHIVE, deflated)) => {
                all.extend(unpack(&row, deflated).map_err(|e| unreadable(id).caused_by(e))?);
            }
            _ => all.push(row),
        }
    }
    Ok(all)
}

fn unpack(archive: &JournalRow, deflated: &[u8]) -> io::Result<Vec<JournalRow>> {
    let mut plain = Vec::new();
    DeflateDecoder::new(deflated).take(UNPACKED_MAX).read_to_end(&mut plain)?;
    let mut rest = plain.as_slice();
    let mut rows = Vec::new();
    while !rest.is_empty() {
        let mut head = [[0; 8]; 3];
        for field in &mut head {
            rest.read_exact(field)?;
        }
        let length = usize::try_from(u64::from_le_bytes(head[2])).unwrap_or(usize::MAX);
        let (events, behind) = rest.split_at_checked(length).ok_or(io::ErrorKind::UnexpectedEof)?;
        rest = behind;
        rows.push(JournalRow {
            seq: u64::from_le_bytes(head[0]),
            at: Timestamp(i64::from_le_bytes(head[1])),
            events: events.to_vec(),
            ..*archive
        });
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::PartitionId;

    #[test]
    fn a_packed_journal_reads_the_same() {
        let row = |seq: u64| JournalRow {
            partition: PartitionId(3),
            instance: InstanceId(7),
            seq,
            at: Timestamp(1_800_000_000_000 + seq as i64),
            events: vec![2; 100 + seq as usize],
        };
        let rows: Vec<JournalRow> = (1..=50).map(row).collect();
        let archive = pack(&rows).unwrap();
        assert!(archive.events.len() < 1_000 && archive.seq == 50, "{}", archive.events.len());
        assert_eq!(
            unpacked(InstanceId(7), vec![archive.clone(), row(51)]).unwrap(),
            (1..=51).map(row).collect::<Vec<_>>()
        );
        assert!(pack(&rows[..1]).is_none());
        let mut broken = archive;
        broken.events.truncate(20);
        assert!(unpacked(InstanceId(7), vec![broken]).is_err());
    }
}
