-- What instances exchange. None of these tables has a row of an instance that exchanges nothing.

CREATE TABLE subscriptions (
    partition_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C",
    instance_id BIGINT NOT NULL,
    root_id BIGINT NOT NULL,
    process_id TEXT COLLATE "C" NOT NULL,
    element_id TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (partition_id, id)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX subscriptions_name ON subscriptions (kind, name, key, created_at);
CREATE INDEX subscriptions_instance ON subscriptions (instance_id);

CREATE TABLE messages (
    partition_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    message_id TEXT COLLATE "C",
    variables TEXT COLLATE "C" NOT NULL,
    process_id TEXT COLLATE "C",
    element_id TEXT COLLATE "C",
    state BIGINT NOT NULL,
    reached TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (partition_id, id)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX messages_name ON messages (name, key, created_at, id) WHERE state < 2;
CREATE UNIQUE INDEX messages_double ON messages (name, key, message_id) WHERE message_id IS NOT NULL;
CREATE INDEX messages_expiry ON messages (expires_at);

-- Of latest versions only.
CREATE TABLE event_starts (
    partition_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    process_id TEXT COLLATE "C" NOT NULL,
    definition_id BIGINT NOT NULL,
    element BIGINT NOT NULL,
    trigger_place BIGINT NOT NULL,
    due_at BIGINT,
    memory TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (partition_id, id)
);
CREATE INDEX event_starts_id ON event_starts (id);
CREATE INDEX event_starts_name ON event_starts (kind, name);
CREATE INDEX event_starts_process ON event_starts (process_id);

CREATE TABLE started_keys (
    process_id TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    instance_id BIGINT NOT NULL,
    PRIMARY KEY (process_id, key)
);
CREATE INDEX started_keys_instance ON started_keys (instance_id);

CREATE TABLE mutexes (
    partition_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    instance_id BIGINT NOT NULL,
    run_key BIGINT NOT NULL,
    held BOOLEAN NOT NULL,
    PRIMARY KEY (partition_id, id)
);
CREATE INDEX mutexes_id ON mutexes (id);
CREATE INDEX mutexes_queue ON mutexes (name, held DESC, id);
CREATE UNIQUE INDEX mutexes_held ON mutexes (name) WHERE held;
CREATE INDEX mutexes_instance ON mutexes (instance_id, run_key);

-- Who called an instance, and where its tree of calls began; null for those that nobody called.
ALTER TABLE instances ADD COLUMN parent_id BIGINT;
ALTER TABLE instances ADD COLUMN root_id BIGINT;
CREATE INDEX instances_parent ON instances (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX instances_root ON instances (root_id) WHERE root_id IS NOT NULL;

-- `deployment_id`: the first definition of the file that it was deployed with.
ALTER TABLE definitions ADD COLUMN version_tag TEXT COLLATE "C";
ALTER TABLE definitions ADD COLUMN deployment_id BIGINT;
