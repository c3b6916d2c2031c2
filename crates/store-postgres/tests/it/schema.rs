//! The schema is the one of SQLite, table by table and column by column: an archive moves between both.

use crate::server;
use std::{collections::BTreeMap, path::Path};

/// Tables with their columns: name, type and whether it may be null.
type Schema = BTreeMap<String, Vec<String>>;

fn migrations(directory: &str) -> String {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    let mut files: Vec<_> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read_to_string(file).unwrap() + "\n").collect()
}

fn sqlite() -> Schema {
    let database = rusqlite::Connection::open_in_memory().unwrap();
    database.execute_batch(&migrations("../store/migrations/sqlite")).unwrap();
    let columns = "SELECT t.name, c.name || ' ' || c.type || iif(c.\"notnull\" OR c.pk, '', '?')
        FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'";
    let mut statement = database.prepare(columns).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    schema(rows.map(Result::unwrap))
}

fn postgres(url: &str) -> Schema {
    let columns = "SELECT c.table_name || '|' || c.column_name || ' ' || CASE c.data_type
            WHEN 'bigint' THEN 'INTEGER' WHEN 'boolean' THEN 'INTEGER' WHEN 'text' THEN 'TEXT' WHEN 'bytea' THEN 'BLOB'
            ELSE c.data_type END || CASE c.is_nullable WHEN 'YES' THEN '?' ELSE '' END
        FROM information_schema.columns c WHERE c.table_schema = current_schema() AND c.is_generated = 'NEVER'";
    let rows = server::texts(url, columns);
    schema(rows.iter().map(|row| row.split_once('|').map(|(t, c)| (t.to_owned(), c.to_owned())).unwrap()))
}

fn schema(columns: impl Iterator<Item = (String, String)>) -> Schema {
    let mut schema = Schema::new();
    for (table, column) in columns {
        schema.entry(table).or_default().push(column);
    }
    schema.values_mut().for_each(|columns| columns.sort());
    schema
}

#[test]
fn both_databases_have_the_same_tables() {
    let url = server::database();
    server::execute(&url, &migrations("migrations"));
    let (expected, found) = (sqlite(), postgres(&url));
    for (table, columns) in &expected {
        assert_eq!(found.get(table), Some(columns), "{table}");
    }
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    let collation = "SELECT table_name || '.' || column_name FROM information_schema.columns
        WHERE table_schema = current_schema() AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'";
    assert_eq!(server::texts(&url, collation), Vec::<String>::new(), "texts are ordered by their bytes");
}

#[test]
fn letters_of_every_script_lose_their_case() {
    // Newer servers have no setting `lc_ctype`.
    const CTYPE: &str = "SELECT datctype FROM pg_database WHERE datname = current_database()";
    let url = server::database();
    server::execute(&url, &migrations("migrations"));
    assert_eq!(server::texts(&url, CTYPE), ["C"], "the locale that knows nothing");
    let cases = ["ПРИВЕТ Ёлка", "ÀÉÎÕÜ ẞ Œ", "ΣΊΣΥΦΟΣ", "ԱՐԵՎ", "İstanbul I", "Ⅷ Ａ", "𐐀", "漢字 _%\\", "ǄÅΩK"];
    for text in cases {
        let sql = format!("SELECT fold('{text}')");
        assert_eq!(server::texts(&url, &sql), [text.to_lowercase()], "{text}");
    }
}
