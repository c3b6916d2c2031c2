-- Nodes and their partitions, messages between partitions, large values.

CREATE TABLE nodes (
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL,
    version TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    beat INTEGER NOT NULL,
    draining INTEGER NOT NULL
) STRICT;

CREATE TABLE leases (
    partition_id INTEGER PRIMARY KEY,
    owner INTEGER,
    epoch INTEGER NOT NULL
) STRICT;

CREATE TABLE inbox (
    partition_id INTEGER NOT NULL,
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE large_values (
    partition_id INTEGER NOT NULL,
    instance_id INTEGER NOT NULL,
    hash BLOB NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (instance_id, hash)
) STRICT, WITHOUT ROWID;
