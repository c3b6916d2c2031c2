//! Archives of a PostgreSQL database: exported beside running nodes, imported into an empty schema.
//!
//! Invariant: an export reads in one transaction of one moment, an import writes in one.

use crate::{
    connection, migrate,
    text::{kept, written},
};
use async_trait::async_trait;
use std::sync::Arc;
use store::{
    Result, StoreError,
    archive::{BYTES_AT_ONCE, Cell, Export, Import, LEFT_OUT, Part, ROWS_AT_ONCE, not_empty, other_schema},
};
use tokio_postgres::{
    Client, Row,
    types::{ToSql, Type},
};

/// A table's columns that hold something of their own, in their order.
const COLUMNS: &str = "SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns
    WHERE table_schema = current_schema() AND is_generated = 'NEVER' ORDER BY table_name COLLATE \"C\", ordinal_position";

fn failed(context: &'static str, source: tokio_postgres::Error) -> StoreError {
    StoreError::Failed { context, source: Arc::new(source) }
}

/// A column as the database knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Int,
    Bool,
    Text,
    Bytes,
}

#[derive(Debug, Clone)]
struct Table {
    name: String,
    columns: Vec<(String, Kind)>,
}

/// Our tables in the current schema, by name.
async fn tables(client: &Client) -> Result<Vec<Table>> {
    let mut tables: Vec<Table> = Vec::new();
    for row in client.query(COLUMNS, &[]).await.map_err(|e| failed("read the schema", e))? {
        let (table, column, kind): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        if LEFT_OUT.contains(&table.as_str()) || migrate::tables().all(|ours| ours != table) {
            continue;
        }
        let kind = match kind.as_str() {
            "bigint" => Kind::Int,
            "boolean" => Kind::Bool,
            "text" => Kind::Text,
            "bytea" => Kind::Bytes,
            other => return Err(StoreError::Corrupt { context: format!("{table}.{column} is {other}") }),
        };
        match tables.last_mut().filter(|last| last.name == table) {
            Some(last) => last.columns.push((column, kind)),
            None => tables.push(Table { name: table, columns: vec![(column, kind)] }),
        }
    }
    Ok(tables)
}

/// The content of a database as of one moment; nodes go on working meanwhile.
#[derive(Debug)]
pub struct PostgresExport {
    client: Client,
    schema: u32,
    /// Tables not begun yet, the last first.
    waiting: Vec<Table>,
    /// The table that is being read.
    open: Option<Table>,
    /// Rows asked for at once: fewer when they are large.
    rows: usize,
}

impl PostgresExport {
    /// The newest schema that this version knows.
    pub const SCHEMA: u32 = migrate::KNOWN;

    /// Begins to read the schema that the URL leads to.
    ///
    /// # Errors
    /// [`StoreError::NewerSchema`] when a newer version made it; [`StoreError::Failed`] when it can not be reached.
    pub async fn open(url: &str) -> Result<Self> {
        let client = connection::client(url).await?;
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0;
            SET LOCAL idle_in_transaction_session_timeout = 0";
        client.batch_execute(begin).await.map_err(|e| failed("begin", e))?;
        // In the same moment as the rows: a node may bring the schema up to date meanwhile.
        let schema = migrate::version(&client).await?;
        if schema > migrate::KNOWN {
            return Err(StoreError::NewerSchema { found: schema, known: migrate::KNOWN });
        }
        let mut waiting = tables(&client).await?;
        waiting.reverse();
        Ok(Self { client, schema, waiting, open: None, rows: ROWS_AT_ONCE })
    }

    async fn declare(&mut self, table: &Table) -> Result<()> {
        let column = |(name, kind): &(String, Kind)| match kind {
            Kind::Bool => format!("\"{name}\"::int::bigint"),
            _ => format!("\"{name}\""),
        };
        let columns: Vec<String> = table.columns.iter().map(column).collect();
        let declare =
            format!("DECLARE archive NO SCROLL CURSOR FOR SELECT {} FROM \"{}\"", columns.join(", "), table.name);
        self.client.batch_execute(&declare).await.map_err(|e| failed("read a table", e))
    }
}

#[async_trait]
impl Export for PostgresExport {
    fn schema(&self) -> u32 {
        self.schema
    }

    async fn next(&mut self) -> Result<Option<Part>> {
        loop {
            let Some(table) = self.open.clone() else {
                let Some(table) = self.waiting.pop() else { return Ok(None) };
                self.declare(&table).await?;
                self.rows = ROWS_AT_ONCE / 8;
                let columns = table.columns.iter().map(|(name, _)| name.clone()).collect();
                let name = table.name.clone();
                self.open = Some(table);
                return Ok(Some(Part::Table { name, columns }));
            };
            let fetch = format!("FETCH {} FROM archive", self.rows);
            let rows = self.client.query(&fetch, &[]).await.map_err(|e| failed("read a table", e))?;
            if rows.is_empty() {
                self.client.batch_execute("CLOSE archive").await.map_err(|e| failed("read a table", e))?;
                self.open = None;
                continue;
            }
            let rows = rows.iter().map(|row| cells(row, &table)).collect::<Result<Vec<_>>>()?;
            let bytes: usize = rows.iter().flatten().map(Cell::size).sum();
            self.rows = (rows.len() * BYTES_AT_ONCE / bytes.max(1)).clamp(1, ROWS_AT_ONCE);
            return Ok(Some(Part::Rows(rows)));
        }
    }
}

fn cells(row: &Row, table: &Table) -> Result<Vec<Cell>> {
    let cell = |(place, (_, kind)): (usize, &(String, Kind))| {
        let cell = match kind {
            Kind::Int | Kind::Bool => row.try_get::<_, Option<i64>>(place).map(|v| v.map(Cell::Int)),
            Kind::Text => row.try_get::<_, Option<String>>(place).map(|v| v.map(|t| Cell::Text(written(t)))),
            Kind::Bytes => row.try_get::<_, Option<Vec<u8>>>(place).map(|v| v.map(Cell::Bytes)),
        };
        Ok(cell.map_err(|e| failed("read a row", e))?.unwrap_or(Cell::Null))
    };
    table.columns.iter().enumerate().map(cell).collect()
}

/// An empty schema that takes a content in one transaction.
#[derive(Debug)]
pub struct PostgresImport {
    client: Client,
    known: Vec<Table>,
    insert: String,
    kinds: Vec<Kind>,
}

impl PostgresImport {
    /// Makes the tables of the schema version `schema` where the URL leads, and begins.
    ///
    /// # Errors
    /// [`StoreError::NewerSchema`]; [`StoreError::Failed`] when a table has rows.
    pub async fn open(url: &str, schema: u32) -> Result<Self> {
        let client = connection::client(url).await?;
        migrate::migrate_to(&client, schema).await?;
        let known = tables(&client).await?;
        let begin = "BEGIN; SET LOCAL statement_timeout = 0";
        client.batch_execute(begin).await.map_err(|e| failed("begin", e))?;
        for table in &known {
            let count = format!("SELECT EXISTS (SELECT 1 FROM \"{}\")", table.name);
            let row = client.query_one(&count, &[]).await.map_err(|e| failed("look into a table", e))?;
            if row.get(0) {
                return Err(not_empty(&table.name));
            }
        }
        let found = migrate::version(&client).await?;
        if found != schema {
            return Err(other_schema(found, schema));
        }
        Ok(Self { client, known, insert: String::new(), kinds: Vec::new() })
    }

    fn begin_table(&mut self, name: &str, columns: &[String]) -> Result<()> {
        let unknown = |what: &str| StoreError::Corrupt { context: format!("archive: {name}.{what} is not known here") };
        let table = self.known.iter().find(|t| t.name == name).ok_or_else(|| unknown("*"))?;
        let kind = |column: &String| {
            let known = table.columns.iter().find(|(name, _)| name == column);
            known.map(|(_, kind)| *kind).ok_or_else(|| unknown(column))
        };
        self.kinds = columns.iter().map(kind).collect::<Result<Vec<_>>>()?;
        let quoted: Vec<String> = columns.iter().map(|c| format!("\"{c}\"")).collect();
        let (mut taken, mut arrays) = (Vec::new(), Vec::new());
        for (n, kind) in self.kinds.iter().enumerate() {
            let n = n + 1;
            taken.push(if *kind == Kind::Bool { format!("c{n} <> 0") } else { format!("c{n}") });
            arrays.push(match kind {
                Kind::Int | Kind::Bool => format!("${n}::bigint[]"),
                Kind::Text => format!("${n}::text[]"),
                Kind::Bytes => format!("${n}::bytea[]"),
            });
        }
        let names: Vec<String> = (1..=columns.len()).map(|n| format!("c{n}")).collect();
        self.insert = format!(
            "INSERT INTO \"{name}\" ({}) SELECT {} FROM UNNEST({}) AS rows ({})",
            quoted.join(", "),
            taken.join(", "),
            arrays.join(", "),
            names.join(", ")
        );
        Ok(())
    }

    async fn rows(&self, rows: Vec<Vec<Cell>>) -> Result<()> {
        let mut arrays: Vec<Array> = self.kinds.iter().map(|kind| Array::new(*kind, rows.len())).collect();
        for row in rows {
            if row.len() != arrays.len() {
                return Err(StoreError::Corrupt { context: "archive: a row of another width".to_owned() });
            }
            for (array, cell) in arrays.iter_mut().zip(row) {
                array.push(cell)?;
            }
        }
        let params: Vec<(&(dyn ToSql + Sync), Type)> = arrays.iter().map(Array::param).collect();
        self.client.execute_typed(&self.insert, &params).await.map_err(|e| failed("import a row", e))?;
        Ok(())
    }
}

/// A column of many rows.
enum Array {
    Ints(Vec<Option<i64>>),
    Texts(Vec<Option<String>>),
    Bytes(Vec<Option<Vec<u8>>>),
}

impl Array {
    fn new(kind: Kind, rows: usize) -> Self {
        match kind {
            Kind::Int | Kind::Bool => Self::Ints(Vec::with_capacity(rows)),
            Kind::Text => Self::Texts(Vec::with_capacity(rows)),
            Kind::Bytes => Self::Bytes(Vec::with_capacity(rows)),
        }
    }

    fn push(&mut self, cell: Cell) -> Result<()> {
        match (self, cell) {
            (Self::Ints(all), Cell::Int(n)) => all.push(Some(n)),
            (Self::Ints(all), Cell::Null) => all.push(None),
            (Self::Texts(all), Cell::Text(text)) => all.push(Some(kept(text))),
            (Self::Texts(all), Cell::Null) => all.push(None),
            (Self::Bytes(all), Cell::Bytes(bytes)) => all.push(Some(bytes)),
            (Self::Bytes(all), Cell::Null) => all.push(None),
            _ => return Err(StoreError::Corrupt { context: "archive: a cell of another kind".to_owned() }),
        }
        Ok(())
    }

    fn param(&self) -> (&(dyn ToSql + Sync), Type) {
        match self {
            Self::Ints(all) => (all, Type::INT8_ARRAY),
            Self::Texts(all) => (all, Type::TEXT_ARRAY),
            Self::Bytes(all) => (all, Type::BYTEA_ARRAY),
        }
    }
}

#[async_trait]
impl Import for PostgresImport {
    async fn put(&mut self, part: Part) -> Result<()> {
        match part {
            Part::Table { name, columns } => self.begin_table(&name, &columns),
            Part::Rows(rows) => self.rows(rows).await,
        }
    }

    async fn finish(self: Box<Self>) -> Result<()> {
        self.client.batch_execute("COMMIT").await.map_err(|e| failed("commit", e))
    }
}
