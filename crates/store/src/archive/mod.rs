//! Archives: the whole content of a database, table by table, independent of which database it is.
//!
//! Owns: the parts a content is made of, their check sums, and the file format ([`file`]). A backup is an export into a
//! file, a restore an import from one, moving to another database an export straight into an import. Invariant: an
//! export shows one moment, whatever is committed meanwhile; an import happens whole or not at all.
//! Never: carries nodes and leases, which belong to running processes.

pub mod file;

use crate::{Result, StoreError};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
};

/// Tables that describe running processes instead of what is to be kept.
pub const LEFT_OUT: &[&str] = &["nodes", "leases", "schema_version"];

/// Rows in one part at most.
pub const ROWS_AT_ONCE: usize = 512;
/// Bytes in one part, more or less.
pub const BYTES_AT_ONCE: usize = 1 << 20;

/// A value of a column. Yes and no are 1 and 0.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Cell {
    /// Nothing.
    Null,
    /// An integer.
    Int(i64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(#[serde(with = "bytes")] Vec<u8>),
}

impl Cell {
    /// About how many bytes it takes.
    pub fn size(&self) -> usize {
        match self {
            Self::Null | Self::Int(_) => 8,
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }
}

/// Bytes as MessagePack's own bytes instead of a list of numbers.
mod bytes {
    use serde::{Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], s: S) -> Result<S::Ok, S::Error> {
        s.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<u8>, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Vec<u8>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }
            fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
                Ok(bytes)
            }
        }
        d.deserialize_byte_buf(Visitor)
    }
}

/// A piece of a content. A table's rows follow its head.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Part {
    /// From here on rows of this table.
    Table {
        /// Its name.
        name: String,
        /// Its columns, in the order of the rows' cells.
        columns: Vec<String>,
    },
    /// Rows.
    Rows(Vec<Vec<Cell>>),
}

/// A database giving its content away.
#[async_trait]
pub trait Export: Send {
    /// The schema's number.
    fn schema(&self) -> u32;
    /// The next part; none at the end.
    async fn next(&mut self) -> Result<Option<Part>>;
}

/// An empty database taking a content.
#[async_trait]
pub trait Import: Send {
    /// Takes the next part.
    async fn put(&mut self, part: Part) -> Result<()>;
    /// Makes all of it durable; without this nothing was imported.
    async fn finish(self: Box<Self>) -> Result<()>;
}

/// How many rows a table has, and a sum over them that does not depend on their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TableSum {
    /// Rows.
    pub rows: u64,
    /// The sum.
    pub sum: u64,
}

/// The sums of all tables that have rows.
pub type Sums = BTreeMap<String, TableSum>;

/// Adds up the parts of a content as they pass.
#[derive(Debug, Default)]
pub struct Adder {
    sums: Sums,
    table: String,
    /// Places of the columns in the order of their names.
    order: Vec<usize>,
}

impl Adder {
    /// Counts a part.
    pub fn add(&mut self, part: &Part) {
        match part {
            Part::Table { name, columns } => {
                self.table.clone_from(name);
                self.order = (0..columns.len()).collect();
                self.order.sort_by_key(|place| &columns[*place]);
            }
            Part::Rows(rows) if rows.is_empty() => {}
            Part::Rows(rows) => {
                let sum = self.sums.entry(self.table.clone()).or_default();
                for row in rows {
                    let mut hasher = DefaultHasher::new();
                    for place in &self.order {
                        row.get(*place).hash(&mut hasher);
                    }
                    sum.rows += 1;
                    sum.sum = sum.sum.wrapping_add(hasher.finish());
                }
            }
        }
    }

    /// The sums so far.
    pub fn sums(self) -> Sums {
        self.sums
    }
}

/// Moves a content from one database into another; what was moved.
pub async fn copy(from: &mut dyn Export, mut to: Box<dyn Import>) -> Result<Sums> {
    let mut adder = Adder::default();
    while let Some(part) = from.next().await? {
        adder.add(&part);
        to.put(part).await?;
    }
    to.finish().await?;
    Ok(adder.sums())
}

/// Reads a content to its end and adds it up: count and order-independent sum of every table.
pub async fn sums(from: &mut dyn Export) -> Result<Sums> {
    let mut adder = Adder::default();
    while let Some(part) = from.next().await? {
        adder.add(&part);
    }
    Ok(adder.sums())
}

/// The first table in which two contents differ.
pub fn difference(a: &Sums, b: &Sums) -> Option<String> {
    let differs = |name: &&String| a.get(*name) != b.get(*name);
    a.keys().chain(b.keys()).find(differs).cloned()
}

/// Refuses an import into a database that holds something.
pub fn not_empty(table: &str) -> StoreError {
    let message = format!("the table {table} has rows: choose an empty database");
    StoreError::Failed {
        context: "import into a database in use",
        source: std::sync::Arc::new(std::io::Error::other(message)),
    }
}

/// Refuses an import into tables that are newer than the content: what it says nothing of would be made up.
pub fn other_schema(found: u32, wanted: u32) -> StoreError {
    let message = format!("there are tables of schema {found}, this is schema {wanted}: choose one without tables");
    StoreError::Failed {
        context: "import into a database of another schema",
        source: std::sync::Arc::new(std::io::Error::other(message)),
    }
}
