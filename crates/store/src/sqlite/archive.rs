//! Archives of an SQLite file: exported beside a running server, imported into an empty database.

use super::{SqliteOptions, connect, failed, migrate, tx::read_error};
use crate::{
    Result, StoreError,
    archive::{BYTES_AT_ONCE, Cell, Export, Import, LEFT_OUT, Part, ROWS_AT_ONCE, not_empty, other_schema},
};
use async_trait::async_trait;
use rusqlite::{Connection, params_from_iter, types::Value, types::ValueRef};
use std::{path::Path, sync::mpsc, thread::JoinHandle};

/// Parts read ahead.
const AHEAD: usize = 4;

/// The content of a database file as of one moment. Other processes read and write it meanwhile; the log can not be
/// emptied until the export ends.
#[derive(Debug)]
pub struct SqliteExport {
    schema: u32,
    parts: mpsc::Receiver<Result<Part>>,
    reader: Option<JoinHandle<()>>,
}

impl SqliteExport {
    /// Opens the file for reading.
    ///
    /// # Errors
    /// [`StoreError::NewerSchema`] when a newer version made it; [`StoreError::Failed`] when there is no such database.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        if !path.is_file() {
            return Err(failed("open the database", std::io::Error::from(std::io::ErrorKind::NotFound)));
        }
        let connection = connect(path, &SqliteOptions::default(), true)?;
        // One transaction: one moment, also of the schema, which a server may bring up to date meanwhile.
        connection.execute_batch("BEGIN").map_err(read_error)?;
        let schema = migrate::version(&connection)?;
        if schema > migrate::KNOWN {
            return Err(StoreError::NewerSchema { found: schema, known: migrate::KNOWN });
        }
        let (sender, parts) = mpsc::sync_channel(AHEAD);
        let reader = super::spawn("store-export", move || {
            if let Err(error) = send_all(&connection, &sender) {
                // Who gave up the export needs no error.
                let _ = sender.send(Err(error));
            }
        })?;
        Ok(Self { schema, parts, reader: Some(reader) })
    }
}

#[async_trait]
impl Export for SqliteExport {
    fn schema(&self) -> u32 {
        self.schema
    }

    async fn next(&mut self) -> Result<Option<Part>> {
        match self.parts.recv() {
            Ok(part) => part.map(Some),
            Err(mpsc::RecvError) => match self.reader.take().map(JoinHandle::join) {
                Some(Err(_)) => Err(failed("read", std::io::Error::other("the reading thread broke down"))),
                _ => Ok(None),
            },
        }
    }
}

/// Sends every table; ends early when nobody listens any more.
fn send_all(connection: &Connection, sender: &mpsc::SyncSender<Result<Part>>) -> Result<()> {
    for name in tables(connection).map_err(read_error)? {
        let columns = columns(connection, &name).map_err(read_error)?;
        let select = format!("SELECT {} FROM \"{name}\"", quoted(&columns));
        let width = columns.len();
        if sender.send(Ok(Part::Table { name, columns })).is_err() {
            return Ok(());
        }
        let mut statement = connection.prepare(&select).map_err(read_error)?;
        let mut rows = statement.query([]).map_err(read_error)?;
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while let Some(row) = rows.next().map_err(read_error)? {
            let cells =
                (0..width).map(|n| row.get_ref(n).map_err(read_error).and_then(cell)).collect::<Result<Vec<_>>>()?;
            bytes += cells.iter().map(Cell::size).sum::<usize>();
            batch.push(cells);
            if batch.len() >= ROWS_AT_ONCE || bytes >= BYTES_AT_ONCE {
                bytes = 0;
                if sender.send(Ok(Part::Rows(std::mem::take(&mut batch)))).is_err() {
                    return Ok(());
                }
            }
        }
        if !batch.is_empty() && sender.send(Ok(Part::Rows(batch))).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

fn cell(value: ValueRef<'_>) -> Result<Cell> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|e| failed("read", e));
    Ok(match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(n) => Cell::Int(n),
        ValueRef::Text(bytes) => Cell::Text(text(bytes)?),
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
        ValueRef::Real(_) => return Err(StoreError::Corrupt { context: "a number with a fraction".to_owned() }),
    })
}

fn tables(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")?;
    let names = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
    Ok(names.into_iter().filter(|name| !LEFT_OUT.contains(&name.as_str())).collect())
}

fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("SELECT name FROM pragma_table_info(?1) ORDER BY cid")?;
    statement.query_map([table], |row| row.get(0))?.collect()
}

fn quoted(columns: &[String]) -> String {
    columns.iter().map(|c| format!("\"{c}\"")).collect::<Vec<_>>().join(", ")
}

/// KiB of pages that an import keeps; negative, as SQLite has it.
const IMPORT_CACHE: i64 = -65_536;

/// An empty database file that takes a content in one transaction.
#[derive(Debug)]
pub struct SqliteImport {
    connection: Connection,
    insert: String,
    width: usize,
}

impl SqliteImport {
    /// Opens or creates the file with the schema `schema`; [`crate::SqliteStore::open`] brings it up to date later.
    ///
    /// # Errors
    /// [`StoreError::NewerSchema`]; [`StoreError::Failed`] when it holds rows.
    pub fn open(path: impl AsRef<Path>, schema: u32) -> Result<Self> {
        let mut connection = connect(path.as_ref(), &SqliteOptions::default(), false)?;
        // All of it is one transaction, which would be written piece by piece otherwise.
        connection.pragma_update(None, "cache_size", IMPORT_CACHE).map_err(|e| failed("set the cache", e))?;
        migrate::migrate_to(&mut connection, schema)?;
        let begin = |c: &Connection| c.execute_batch("BEGIN IMMEDIATE");
        begin(&connection).map_err(|e| failed("begin", e))?;
        for table in tables(&connection).map_err(read_error)? {
            let count = format!("SELECT EXISTS (SELECT 1 FROM \"{table}\")");
            if connection.query_row(&count, [], |row| row.get::<_, bool>(0)).map_err(read_error)? {
                return Err(not_empty(&table));
            }
        }
        let found = migrate::version(&connection)?;
        if found != schema {
            return Err(other_schema(found, schema));
        }
        Ok(Self { connection, insert: String::new(), width: 0 })
    }
}

#[async_trait]
impl Import for SqliteImport {
    async fn put(&mut self, part: Part) -> Result<()> {
        match part {
            Part::Table { name, columns: given } => {
                let known = columns(&self.connection, &name).map_err(read_error)?;
                if let Some(column) = given.iter().find(|c| !known.contains(c)) {
                    return Err(StoreError::Corrupt { context: format!("archive: {name}.{column} is not known here") });
                }
                let places = vec!["?"; given.len()].join(", ");
                self.insert = format!("INSERT INTO \"{name}\" ({}) VALUES ({places})", quoted(&given));
                self.width = given.len();
            }
            Part::Rows(rows) => {
                let mut statement =
                    self.connection.prepare_cached(&self.insert).map_err(|e| failed("import a table", e))?;
                for row in rows {
                    if row.len() != self.width {
                        return Err(StoreError::Corrupt { context: "archive: a row of another width".to_owned() });
                    }
                    let values = row.into_iter().map(|cell| match cell {
                        Cell::Null => Value::Null,
                        Cell::Int(n) => Value::Integer(n),
                        Cell::Text(text) => Value::Text(text),
                        Cell::Bytes(bytes) => Value::Blob(bytes),
                    });
                    statement.execute(params_from_iter(values)).map_err(|e| failed("import a row", e))?;
                }
            }
        }
        Ok(())
    }

    async fn finish(self: Box<Self>) -> Result<()> {
        self.connection.execute_batch("COMMIT").map_err(|e| failed("commit", e))
    }
}
