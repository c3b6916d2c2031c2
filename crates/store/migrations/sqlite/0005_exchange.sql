-- What instances exchange. None of these tables has a row of an instance that exchanges nothing.

CREATE TABLE subscriptions (
    partition_id INTEGER NOT NULL,
    id INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    key TEXT,
    instance_id INTEGER NOT NULL,
    root_id INTEGER NOT NULL,
    process_id TEXT NOT NULL,
    element_id TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX subscriptions_name ON subscriptions (kind, name, key, created_at);
CREATE INDEX subscriptions_instance ON subscriptions (instance_id);

CREATE TABLE messages (
    partition_id INTEGER NOT NULL,
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    message_id TEXT,
    variables TEXT NOT NULL,
    process_id TEXT,
    element_id TEXT,
    state INTEGER NOT NULL,
    reached TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX messages_name ON messages (name, key, created_at, id) WHERE state < 2;
CREATE UNIQUE INDEX messages_double ON messages (name, key, message_id) WHERE message_id IS NOT NULL;
CREATE INDEX messages_expiry ON messages (expires_at);

-- Of latest versions only.
CREATE TABLE event_starts (
    partition_id INTEGER NOT NULL,
    id INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    process_id TEXT NOT NULL,
    definition_id INTEGER NOT NULL,
    element INTEGER NOT NULL,
    trigger_place INTEGER NOT NULL,
    due_at INTEGER,
    memory TEXT NOT NULL
) STRICT;
CREATE INDEX event_starts_name ON event_starts (kind, name);
CREATE INDEX event_starts_process ON event_starts (process_id);

CREATE TABLE started_keys (
    process_id TEXT NOT NULL,
    key TEXT NOT NULL,
    instance_id INTEGER NOT NULL,
    PRIMARY KEY (process_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX started_keys_instance ON started_keys (instance_id);

CREATE TABLE mutexes (
    partition_id INTEGER NOT NULL,
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    instance_id INTEGER NOT NULL,
    run_key INTEGER NOT NULL,
    held INTEGER NOT NULL
) STRICT;
CREATE INDEX mutexes_queue ON mutexes (name, held DESC, id);
CREATE UNIQUE INDEX mutexes_held ON mutexes (name) WHERE held = 1;
CREATE INDEX mutexes_instance ON mutexes (instance_id, run_key);

-- Who called an instance, and where its tree of calls began; null for those that nobody called.
ALTER TABLE instances ADD COLUMN parent_id INTEGER;
ALTER TABLE instances ADD COLUMN root_id INTEGER;
CREATE INDEX instances_parent ON instances (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX instances_root ON instances (root_id) WHERE root_id IS NOT NULL;

-- `deployment_id`: the first definition of the file that it was deployed with.
ALTER TABLE definitions ADD COLUMN version_tag TEXT;
ALTER TABLE definitions ADD COLUMN deployment_id INTEGER;
