//! The archive's file: a line that says what it is, then gzip over length-prefixed MessagePack frames.
//!
//! Invariant: the last frame holds the sums of everything before it, so that a cut or changed file is refused.

use super::{Adder, Export, Import, Part, Sums};
use crate::{Result, StoreError};
use async_trait::async_trait;
use flate2::{Compression, bufread::GzDecoder, write::GzEncoder};
use serde::{Deserialize, Serialize};
use std::{
    io::{BufRead, BufReader, Read, Write},
    sync::Arc,
};

const MAGIC: &[u8] = b"RUSLO ARCHIVE 1\n";
/// No frame is longer; a longer one is no frame of ours.
const FRAME_MAX: u32 = 1 << 30;

/// What an archive says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The schema's number.
    pub schema: u32,
    /// The version of the binary that made it.
    pub version: String,
    /// `sqlite` or `postgres`.
    pub database: String,
    /// When, in milliseconds since 1970.
    pub made_at: i64,
}

#[derive(Serialize, Deserialize)]
enum Frame {
    Head(Head),
    Part(Part),
    End(Sums),
}

fn io(context: &'static str, source: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Failed { context, source: Arc::new(source) }
}

fn broken(context: &str) -> StoreError {
    StoreError::Corrupt { context: format!("archive: {context}") }
}

/// Writes an archive.
pub struct Writer<W: Write> {
    out: GzEncoder<W>,
    adder: Adder,
}

impl<W: Write> Writer<W> {
    /// Begins an archive.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when `out` can not be written.
    pub fn new(mut out: W, head: Head) -> Result<Self> {
        out.write_all(MAGIC).map_err(|e| io("write the archive", e))?;
        let mut writer = Self { out: GzEncoder::new(out, Compression::fast()), adder: Adder::default() };
        writer.frame(&Frame::Head(head))?;
        Ok(writer)
    }

    /// Adds a part.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when the file can not be written.
    pub fn put(&mut self, part: Part) -> Result<()> {
        self.adder.add(&part);
        self.frame(&Frame::Part(part))
    }

    /// Ends the archive; its sums and the file.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when the file can not be written.
    pub fn finish(mut self) -> Result<(Sums, W)> {
        let sums = std::mem::take(&mut self.adder).sums();
        self.frame(&Frame::End(sums.clone()))?;
        Ok((sums, self.out.finish().map_err(|e| io("write the archive", e))?))
    }

    fn frame(&mut self, frame: &Frame) -> Result<()> {
        let bytes = rmp_serde::to_vec(frame).map_err(|e| io("write the archive", e))?;
        let length = u32::try_from(bytes.len()).ok().filter(|n| *n <= FRAME_MAX);
        let length = length.ok_or_else(|| broken("a row is too large"))?;
        self.out
            .write_all(&length.to_le_bytes())
            .and_then(|()| self.out.write_all(&bytes))
            .map_err(|e| io("write the archive", e))
    }
}

/// Reads an archive.
pub struct Reader<R: Read> {
    input: GzDecoder<BufReader<R>>,
    head: Head,
    adder: Adder,
    sums: Option<Sums>,
}

impl<R: Read> Reader<R> {
    /// Begins to read.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when this is no archive.
    pub fn new(mut input: R) -> Result<Self> {
        let mut magic = [0; MAGIC.len()];
        input.read_exact(&mut magic).map_err(|_| broken("the file is too short"))?;
        if magic != *MAGIC {
            return Err(broken("the file does not begin as one"));
        }
        let mut reader = Self {
            input: GzDecoder::new(BufReader::new(input)),
            head: Head { schema: 0, version: String::new(), database: String::new(), made_at: 0 },
            adder: Adder::default(),
            sums: None,
        };
        match reader.frame()? {
            Frame::Head(head) => reader.head = head,
            _ => return Err(broken("it does not say what it is")),
        }
        Ok(reader)
    }

    /// What the archive says of itself.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The next part; none at the end, when the sums agree.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the file was cut or changed.
    pub fn next_part(&mut self) -> Result<Option<Part>> {
        if self.sums.is_some() {
            return Ok(None);
        }
        match self.frame()? {
            Frame::Part(part) => {
                self.adder.add(&part);
                Ok(Some(part))
            }
            Frame::End(sums) if sums == std::mem::take(&mut self.adder).sums() => {
                // Reading to the end lets gzip compare its own sum, which covers every byte.
                match self.input.read(&mut [0]) {
                    Ok(0) if self.input.get_mut().fill_buf().is_ok_and(<[u8]>::is_empty) => self.sums = Some(sums),
                    _ => return Err(broken("it was changed")),
                }
                Ok(None)
            }
            Frame::End(_) => Err(broken("its sums disagree with its rows")),
            Frame::Head(_) => Err(broken("it begins twice")),
        }
    }

    fn frame(&mut self) -> Result<Frame> {
        let mut length = [0; 4];
        self.input.read_exact(&mut length).map_err(|_| broken("it was cut"))?;
        let length = u32::from_le_bytes(length);
        if length > FRAME_MAX {
            return Err(broken("it was changed"));
        }
        let mut bytes = Vec::new();
        let taken = (&mut self.input).take(length.into()).read_to_end(&mut bytes).map_err(|_| broken("it was cut"))?;
        if taken != length as usize {
            return Err(broken("it was cut"));
        }
        rmp_serde::from_slice(&bytes).map_err(|_| broken("it was changed"))
    }
}

#[async_trait]
impl<R: Read + Send> Export for Reader<R> {
    fn schema(&self) -> u32 {
        self.head.schema
    }

    async fn next(&mut self) -> Result<Option<Part>> {
        self.next_part()
    }
}

/// Writes what a database gives away; the sums and the file.
///
/// # Errors
/// What reading or writing gives.
pub async fn write<W: Write + Send>(from: &mut dyn Export, out: W, head: Head) -> Result<(Sums, W)> {
    let mut writer = Writer::new(out, head)?;
    while let Some(part) = from.next().await? {
        writer.put(part)?;
    }
    writer.finish()
}

/// Reads an archive into an empty database; what was imported.
///
/// # Errors
/// What reading or importing gives; nothing was imported then.
pub async fn read<R: Read + Send>(mut from: Reader<R>, to: Box<dyn Import>) -> Result<Sums> {
    super::copy(&mut from, to).await
}

#[cfg(test)]
mod tests {
    use super::super::Cell;
    use super::*;

    fn archive() -> Vec<u8> {
        let head = Head { schema: 3, version: "1".into(), database: "sqlite".into(), made_at: 5 };
        let mut writer = Writer::new(Vec::new(), head).unwrap();
        writer.put(Part::Table { name: "t".into(), columns: vec!["a".into(), "b".into()] }).unwrap();
        let row = vec![Cell::Int(-1), Cell::Bytes(vec![0, 255])];
        writer.put(Part::Rows(vec![row, vec![Cell::Null, Cell::Text("ё".into())]])).unwrap();
        writer.finish().unwrap().1
    }

    fn read_all(bytes: &[u8]) -> Result<Vec<Part>> {
        let mut reader = Reader::new(bytes)?;
        let mut parts = Vec::new();
        while let Some(part) = reader.next_part()? {
            parts.push(part);
        }
        Ok(parts)
    }

    #[test]
    fn an_archive_reads_back_and_a_broken_one_is_refused() {
        let whole = archive();
        let parts = read_all(&whole).unwrap();
        assert!(matches!(&parts[1], Part::Rows(rows) if rows[0][1] == Cell::Bytes(vec![0, 255]) && rows.len() == 2));
        for length in 0..whole.len() {
            assert!(read_all(&whole[..length]).is_err(), "cut at {length}");
        }
        assert!(read_all(&[whole.as_slice(), b"more"].concat()).is_err(), "something stands behind its end");
        for place in 0..whole.len() {
            let mut changed = whole.clone();
            changed[place] ^= 0x40;
            // Bytes of gzip's own head (its time and system) say nothing about the content.
            let same = read_all(&changed).map(|p| p == parts);
            assert!(!matches!(same, Ok(false)), "a change at {place} went through");
        }
    }

    #[test]
    fn sums_do_not_depend_on_the_order_of_rows_and_columns() {
        let table = |columns: [&str; 2]| Part::Table { name: "t".into(), columns: columns.map(str::to_owned).to_vec() };
        let (one, two) = (Cell::Int(1), Cell::Int(2));
        let mut a = Adder::default();
        a.add(&table(["x", "y"]));
        a.add(&Part::Rows(vec![vec![one.clone(), two.clone()], vec![two.clone(), two.clone()]]));
        let mut b = Adder::default();
        b.add(&table(["y", "x"]));
        b.add(&Part::Rows(vec![vec![two.clone(), two.clone()]]));
        b.add(&Part::Rows(vec![vec![two.clone(), one.clone()]]));
        let (a, b) = (a.sums(), b.sums());
        assert_eq!(super::super::difference(&a, &b), None);
        let mut c = Adder::default();
        c.add(&table(["y", "x"]));
        c.add(&Part::Rows(vec![vec![one, two.clone()], vec![two.clone(), two]]));
        assert_eq!(super::super::difference(&a, &c.sums()), Some("t".to_owned()));
    }
}
