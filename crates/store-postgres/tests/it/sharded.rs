//! What Citus, YugabyteDB and CockroachDB lack is not asked of the database: looked for in the texts of all statements
//! and migrations. None of the three is run here, so this keeps a design, it does not prove one; what steps over the
//! edge of a partition is listed by name, and a new name in these lists is a decision.

use std::{collections::BTreeMap, path::Path};

/// Files of a folder of this crate with this ending: name and text.
fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<(String, String)> = paths
        .filter(|path| path.extension().is_some_and(|e| e == ending))
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(path).unwrap()))
        .filter(|(name, _)| !name.ends_with("_tests.rs"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

/// Migrations without comments, statement by statement, blanks made one.
fn migrations() -> Vec<String> {
    let text: String = files("migrations", "sql").into_iter().map(|(_, text)| text + "\n").collect();
    let bare: Vec<&str> = text.lines().map(|line| line.split("--").next().unwrap()).collect();
    statements(&bare.join(" "))
}

/// Splits at semicolons outside of `$$`.
fn statements(text: &str) -> Vec<String> {
    let (mut found, mut current) = (Vec::new(), String::new());
    for (place, part) in text.split("$$").enumerate() {
        if place % 2 == 1 {
            current += part;
            continue;
        }
        let mut pieces = part.split(';').peekable();
        while let Some(piece) = pieces.next() {
            current += piece;
            if pieces.peek().is_some() {
                found.push(std::mem::take(&mut current).split_whitespace().collect::<Vec<_>>().join(" "));
            }
        }
    }
    found
}

/// The texts in a source: what stands between quotes, joined over each constant (`concat!` has several), by its name.
fn texts(source: &str) -> Vec<(String, String)> {
    let (mut found, mut name, mut text) = (Vec::new(), String::new(), String::new());
    let mut rest = source.split("#[cfg(test)]\nmod tests").next().unwrap();
    while let Some(first) = rest.chars().next() {
        let is_item = |word: &str| rest.starts_with(word);
        if is_item("//") {
            rest = rest.split_once('\n').map_or("", |(_, after)| after);
        } else if is_item("'\"'") {
            rest = &rest[3..];
        } else if is_item("r\"") {
            let (literal, after) = rest[2..].split_once('"').unwrap();
            text += literal;
            rest = after;
        } else if first == '"' {
            let end = quote_end(&rest[1..]);
            text += &rest[1..=end];
            text.push(' ');
            rest = &rest[end + 2..];
        } else if let Some(item) = ["const ", "static ", "fn ", "macro_rules! "].iter().find(|word| is_item(word)) {
            found.push((std::mem::take(&mut name), std::mem::take(&mut text)));
            rest = &rest[item.len()..];
            name = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        } else {
            rest = &rest[first.len_utf8()..];
        }
    }
    found.push((name, text));
    let tidy = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    found.into_iter().map(|(name, text)| (name, tidy(text))).filter(|(_, text)| !text.is_empty()).collect()
}

/// Where a text that began ends.
fn quote_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at,
            _ => {}
        }
    }
    panic!("a text without an end");
}

/// `FILE NAME` of every text with its words.
fn all_texts() -> Vec<(String, String)> {
    let of = |(file, source): (String, String)| {
        let stem = file.trim_end_matches(".rs").to_owned();
        texts(&source).into_iter().map(move |(name, text)| (format!("{stem} {name}"), text))
    };
    files("src", "rs").into_iter().flat_map(of).collect()
}

/// Names of the texts that contain this, whatever its case.
fn with(what: &str) -> Vec<String> {
    let wanted = what.to_uppercase();
    all_texts().into_iter().filter(|(_, text)| text.to_uppercase().contains(&wanted)).map(|(name, _)| name).collect()
}

const NONE: [&str; 0] = [];

#[test]
fn texts_are_found() {
    let all: BTreeMap<String, String> = all_texts().into_iter().collect();
    assert!(all["outbox DELETE"].starts_with("DELETE FROM outbox o USING unnest"), "{:?}", all.get("outbox DELETE"));
    assert!(all["jobs ACTIVATE"].contains("FOR UPDATE SKIP LOCKED) UPDATE jobs"), "a constant of several texts");
    let tables = migrations().iter().filter(|s| s.starts_with("CREATE TABLE")).count();
    assert!((35..100).contains(&tables), "{tables} tables");
}

#[test]
fn no_statement_needs_what_sharded_databases_lack() {
    for lacking in [
        "advisory",
        "nextval",
        "currval",
        "lastval",
        "pg_notify",
        "NOTIFY ",
        "LISTEN ",
        "SAVEPOINT",
        "SET CONSTRAINTS",
        "DEFERR",
        "PREPARE TRANSACTION",
        "SERIALIZABLE",
        "MERGE INTO",
        "TEMP TABLE",
        "TEMPORARY TABLE",
        "ctid",
        "xmin",
        "TABLESAMPLE",
        "WHERE CURRENT OF",
        "NOWAIT",
    ] {
        assert_eq!(with(lacking), NONE, "{lacking}");
    }
    // Once when the schema is made.
    assert_eq!(with("LOCK TABLE"), ["migrate CREATE"]);
    // A commit holds the leases it was decided under.
    assert_eq!(with("FOR SHARE"), ["cluster CHECK"]);
    // A worker's jobs come from all partitions. Citus has no row locks over several shards: see the operating guide.
    assert_eq!(with("FOR UPDATE"), ["jobs ACTIVATE"]);
    assert_eq!(with("SKIP LOCKED"), ["jobs ACTIVATE"]);
}

#[test]
fn the_schema_has_no_thing_that_all_writers_share() {
    for statement in migrations() {
        let upper = format!("{} ", statement.to_uppercase());
        for lacking in [
            "TRIGGER ",
            "CREATE SEQUENCE",
            "SERIAL ",
            "AS IDENTITY",
            "REFERENCES ",
            "FOREIGN KEY",
            "DEFERRABLE",
            "EXCLUDE ",
            "INHERITS",
            "UNLOGGED",
            "CREATE EXTENSION",
            "CREATE RULE",
            "MATERIALIZED VIEW",
        ] {
            // A column may be called after a trigger.
            assert!(!upper.contains(&format!(" {lacking}")), "{lacking}: {statement}");
        }
    }
}

/// Tables that have a partition.
fn parted() -> Vec<String> {
    let tables = migrations().into_iter().filter(|s| s.starts_with("CREATE TABLE ") && s.contains("partition_id "));
    tables.map(|s| s.split(' ').nth(2).unwrap().to_owned()).collect()
}

#[test]
fn keys_lead_with_the_partition() {
    let mut others = Vec::new();
    for statement in migrations() {
        if let Some(table) = statement.strip_prefix("CREATE TABLE ") {
            let name = table.split(' ').next().unwrap();
            if table.contains("partition_id ") {
                let leads =
                    table.contains("PRIMARY KEY (partition_id, ") || table.contains("partition_id BIGINT PRIMARY KEY");
                assert!(leads && !table.contains("UNIQUE"), "{name} is found by its partition");
            }
        } else if let Some(index) = statement.strip_prefix("CREATE UNIQUE INDEX ") {
            let words: Vec<&str> = index.split(' ').collect();
            if parted().iter().any(|table| table == words[2]) && !words[3].starts_with("(partition_id") {
                others.push(words[0].to_owned());
            }
        }
    }
    // Once for all partitions: an id of a message that a client named, and a name that is held. Citus takes no such
    // index on a table that is distributed by its partition.
    assert_eq!(others, ["messages_double", "mutexes_held"]);
}

/// What an instance's step changes is found by its partition, so that its transaction stays on one shard.
#[test]
fn changes_of_a_step_name_their_partition() {
    let tables = parted();
    assert!(tables.len() > 12, "{tables:?}");
    let mut across = Vec::new();
    for (name, text) in all_texts() {
        let changes = |table: &String| {
            let words: Vec<&str> = text.split(' ').collect();
            words.windows(3).any(|w| w[0] == "UPDATE" && w[1] == table && w[2] != "OF")
                || words.windows(3).any(|w| w[0] == "DELETE" && w[1] == "FROM" && w[2] == table)
        };
        if tables.iter().any(changes) && !text.contains("partition_id") {
            across.push(name);
        }
    }
    let expected: Vec<&str> = ACROSS.iter().map(|(name, _)| *name).collect();
    assert_eq!(across, expected);
}

/// Changes that look in every partition, and why they may. None is part of a process that exchanges nothing.
const ACROSS: &[(&str, &str)] = &[
    ("exchange FORGET", "a message's double may be in any partition"),
    ("exchange UNLIST", "a deployment replaces the starts by events of a process"),
    ("exchange ADVANCE", "a timed start is found by its id, which holds its partition"),
    ("exchange GRANT", "a name is held once in all partitions"),
    ("exchange RELEASE", "names are released by who held them"),
];
