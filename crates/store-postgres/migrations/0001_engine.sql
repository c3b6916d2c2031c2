-- Engine tables. Names and meanings of tables and columns are those of the SQLite schema.
--
-- Every primary key leads with the partition, so that a database sharded by it finds a row, and a look-up by id says
-- `partition_id = (id & 255)`. An index costs every instance, so there are few: what runs from start to end in one
-- commit writes the primary key, the order of ids, the order of ids by version, and the end's. `updated_at` has none:
-- with it no change of an instance could stay within its page.

CREATE TABLE sequences (
    kind BIGINT PRIMARY KEY,
    next BIGINT NOT NULL
);

-- Room is left in every page for the next version of a row.
CREATE TABLE instances (
    partition_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    definition_id BIGINT NOT NULL,
    process_id TEXT COLLATE "C" NOT NULL,
    state BIGINT NOT NULL,
    document_catalog BIGINT,
    document_record BIGINT,
    started_by BIGINT,
    business_key TEXT COLLATE "C",
    state_title TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    finished_at BIGINT,
    incidents BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    snapshot BYTEA NOT NULL,
    PRIMARY KEY (partition_id, id)
) WITH (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.1);
CREATE INDEX instances_id ON instances (id);
CREATE INDEX instances_definition ON instances (definition_id, id) INCLUDE (state);
CREATE INDEX instances_active ON instances (id) WHERE state = 0;
CREATE INDEX instances_failed ON instances (id) WHERE state = 2;
CREATE INDEX instances_canceled ON instances (id) WHERE state = 3;
CREATE INDEX instances_definition_active ON instances (definition_id, id) WHERE state = 0;
CREATE INDEX instances_started_by ON instances (started_by, id) WHERE started_by IS NOT NULL;
CREATE INDEX instances_document ON instances (document_record, id) WHERE document_record IS NOT NULL;
CREATE INDEX instances_business_key ON instances (business_key) WHERE business_key IS NOT NULL;
CREATE INDEX instances_incidents ON instances (id) INCLUDE (definition_id, state) WHERE incidents > 0;

CREATE TABLE journal (
    partition_id BIGINT NOT NULL,
    instance_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    events BYTEA NOT NULL,
    PRIMARY KEY (partition_id, instance_id, seq)
);

CREATE TABLE user_tasks (
    partition_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    instance_id BIGINT NOT NULL,
    definition_id BIGINT NOT NULL,
    process_name TEXT COLLATE "C" NOT NULL,
    element_key BIGINT NOT NULL,
    element_id TEXT COLLATE "C" NOT NULL,
    element_name TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    title TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    priority BIGINT NOT NULL,
    due_at BIGINT,
    created_at BIGINT NOT NULL,
    state BIGINT NOT NULL,
    completed_at BIGINT,
    completed_by BIGINT,
    outcome TEXT COLLATE "C",
    version BIGINT NOT NULL,
    form TEXT COLLATE "C" NOT NULL,
    settings TEXT COLLATE "C" NOT NULL,
    input TEXT COLLATE "C" NOT NULL,
    document_catalog BIGINT,
    document_record BIGINT,
    PRIMARY KEY (partition_id, id)
) WITH (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX user_tasks_id ON user_tasks (id);
CREATE INDEX user_tasks_instance ON user_tasks (instance_id);
CREATE INDEX user_tasks_open ON user_tasks (id) WHERE state = 0;
CREATE INDEX user_tasks_due ON user_tasks (due_at) WHERE state = 0 AND due_at IS NOT NULL;
CREATE INDEX user_tasks_document ON user_tasks (document_record) WHERE document_record IS NOT NULL;

-- `waiting`, `sort_at` and `priority` repeat the task's state so that an inbox of any length is read in its order.
-- `sort_at` is the due time (or the end of time) while waiting, and minus the end afterwards: ascending both ways.
CREATE TABLE task_assignees (
    partition_id BIGINT NOT NULL,
    task_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    role BIGINT NOT NULL,
    status BIGINT NOT NULL,
    answered_at BIGINT,
    waiting BIGINT NOT NULL,
    sort_at BIGINT NOT NULL,
    priority BIGINT NOT NULL,
    PRIMARY KEY (partition_id, task_id, user_id)
) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX task_assignees_inbox ON task_assignees (user_id, waiting, sort_at, priority DESC, task_id);

CREATE TABLE task_groups (
    partition_id BIGINT NOT NULL,
    task_id BIGINT NOT NULL,
    group_key TEXT COLLATE "C" NOT NULL,
    waiting BIGINT NOT NULL,
    sort_at BIGINT NOT NULL,
    priority BIGINT NOT NULL,
    PRIMARY KEY (partition_id, task_id, group_key)
) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX task_groups_inbox ON task_groups (group_key, waiting, sort_at, priority DESC, task_id);

-- Rows of these three come and go: what is dead is cleared away early, before the next look-up walks over it.
CREATE TABLE timers (
    partition_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    instance_id BIGINT NOT NULL,
    PRIMARY KEY (partition_id, id)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX timers_due ON timers (due_at, id);

-- `lease_until` is 0 while nobody has the job, so that free jobs come first and expired leases next.
CREATE TABLE jobs (
    partition_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    instance_id BIGINT NOT NULL,
    element_key BIGINT NOT NULL,
    element_id TEXT COLLATE "C" NOT NULL,
    job_type TEXT COLLATE "C" NOT NULL,
    state BIGINT NOT NULL,
    retries BIGINT NOT NULL,
    input TEXT COLLATE "C" NOT NULL,
    headers TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    lease_owner TEXT COLLATE "C",
    lease_until BIGINT NOT NULL,
    event_id TEXT COLLATE "C",
    PRIMARY KEY (partition_id, id)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX jobs_open ON jobs (job_type, lease_until, id) WHERE state = 0;
CREATE INDEX jobs_event ON jobs (event_id) WHERE event_id IS NOT NULL;

CREATE TABLE outbox (
    partition_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    instance_id BIGINT,
    job_id BIGINT,
    payload TEXT COLLATE "C" NOT NULL,
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    state BIGINT NOT NULL,
    last_error TEXT COLLATE "C",
    PRIMARY KEY (partition_id, id)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX outbox_due ON outbox (due_at, id) WHERE state = 0;

-- A call's id is made by its writer from the instant and a counter, so that no sequence is shared.
CREATE TABLE calls (
    partition_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    instance_id BIGINT NOT NULL,
    element_id TEXT COLLATE "C" NOT NULL,
    element_key BIGINT NOT NULL,
    job_id BIGINT,
    attempt BIGINT NOT NULL,
    at BIGINT NOT NULL,
    url TEXT COLLATE "C" NOT NULL,
    request TEXT COLLATE "C" NOT NULL,
    status BIGINT,
    response TEXT COLLATE "C" NOT NULL,
    duration_ms BIGINT NOT NULL,
    error TEXT COLLATE "C",
    PRIMARY KEY (partition_id, id)
);
CREATE INDEX calls_id ON calls (id);
CREATE INDEX calls_instance ON calls (instance_id, id);

CREATE TABLE incidents (
    partition_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    instance_id BIGINT NOT NULL,
    definition_id BIGINT NOT NULL,
    element_id TEXT COLLATE "C" NOT NULL,
    element_key BIGINT NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    message TEXT COLLATE "C" NOT NULL,
    details TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    resolved_at BIGINT,
    resolved_by BIGINT,
    PRIMARY KEY (partition_id, id)
);
CREATE INDEX incidents_id ON incidents (id);
CREATE INDEX incidents_open ON incidents (id) WHERE resolved_at IS NULL;
CREATE INDEX incidents_instance ON incidents (instance_id);
