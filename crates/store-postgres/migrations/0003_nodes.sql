-- Nodes and their partitions, messages between partitions, large values.

CREATE TABLE nodes (
    id BIGINT PRIMARY KEY,
    url TEXT COLLATE "C" NOT NULL,
    version TEXT COLLATE "C" NOT NULL,
    started_at BIGINT NOT NULL,
    beat BIGINT NOT NULL,
    draining BOOLEAN NOT NULL
) WITH (fillfactor = 50);

-- A commit locks the leases of its partitions against being taken away, which leaves no dead rows.
CREATE TABLE leases (
    partition_id BIGINT PRIMARY KEY,
    owner BIGINT,
    epoch BIGINT NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE inbox (
    partition_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    payload TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (partition_id, id)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);

CREATE TABLE large_values (
    partition_id BIGINT NOT NULL,
    instance_id BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (partition_id, instance_id, hash)
);
