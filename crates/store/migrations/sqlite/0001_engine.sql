-- Engine tables. A partitioned id carries its partition in its low bits and grows with time, so it is the rowid:
-- new rows of all partitions are appended side by side and a batch touches few pages. `partition_id` stands first
-- for the sake of databases that shard by it.

CREATE TABLE sequences (
    kind INTEGER PRIMARY KEY,
    next INTEGER NOT NULL
) STRICT;

CREATE TABLE instances (
    partition_id INTEGER NOT NULL,
    id INTEGER PRIMARY KEY,
    definition_id INTEGER NOT NULL,
    process_id TEXT NOT NULL,
    state INTEGER NOT NULL,
    document_catalog INTEGER,
    document_record INTEGER,
    started_by INTEGER,
    business_key TEXT,
    state_title TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    finished_at INTEGER,
    incidents INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    snapshot BLOB NOT NULL
) STRICT;
-- Lists of the few are read from partial indexes in their own order; what ran from start to end writes none of them.
CREATE INDEX instances_active ON instances (id) WHERE state = 0;
CREATE INDEX instances_failed ON instances (id) WHERE state = 2;
CREATE INDEX instances_canceled ON instances (id) WHERE state = 3;
CREATE INDEX instances_updated ON instances (updated_at);
CREATE INDEX instances_updated_active ON instances (updated_at) WHERE state = 0;
CREATE INDEX instances_definition ON instances (definition_id);
CREATE INDEX instances_definition_active ON instances (definition_id) WHERE state = 0;
CREATE INDEX instances_started_by ON instances (started_by) WHERE started_by IS NOT NULL;
CREATE INDEX instances_document ON instances (document_record) WHERE document_record IS NOT NULL;
CREATE INDEX instances_business_key ON instances (business_key) WHERE business_key IS NOT NULL;
CREATE INDEX instances_incidents ON instances (id) WHERE incidents > 0;
CREATE INDEX instances_finished ON instances (finished_at) WHERE finished_at IS NOT NULL;

-- A journal row is appended; only the narrow index row lies with its instance.
CREATE TABLE journal (
    partition_id INTEGER NOT NULL,
    instance_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    events BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX journal_instance ON journal (instance_id, seq);

CREATE TABLE user_tasks (
    partition_id INTEGER NOT NULL,
    id INTEGER PRIMARY KEY,
    instance_id INTEGER NOT NULL,
    definition_id INTEGER NOT NULL,
    process_name TEXT NOT NULL,
    element_key INTEGER NOT NULL,
    element_id TEXT NOT NULL,
    element_name TEXT NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    priority INTEGER NOT NULL,
    due_at INTEGER,
    created_at INTEGER NOT NULL,
    state INTEGER NOT NULL,
    completed_at INTEGER,
    completed_by INTEGER,
    outcome TEXT,
    version INTEGER NOT NULL,
    form TEXT NOT NULL,
    settings TEXT NOT NULL,
    input TEXT NOT NULL,
    document_catalog INTEGER,
    document_record INTEGER
) STRICT;
CREATE INDEX user_tasks_instance ON user_tasks (instance_id);
CREATE INDEX user_tasks_open ON user_tasks (id) WHERE state = 0;
CREATE INDEX user_tasks_due ON user_tasks (due_at) WHERE state = 0 AND due_at IS NOT NULL;
CREATE INDEX user_tasks_document ON user_tasks (document_record) WHERE document_record IS NOT NULL;

-- `waiting`, `sort_at` and `priority` repeat the task's state so that an inbox of any length is read in its order.
-- `sort_at` is the due time (or the end of time) while waiting, and minus the end afterwards: ascending both ways.
CREATE TABLE task_assignees (
    partition_id INTEGER NOT NULL,
    task_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    role INTEGER NOT NULL,
    status INTEGER NOT NULL,
    answered_at INTEGER,
    waiting INTEGER NOT NULL,
    sort_at INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    PRIMARY KEY (task_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX task_assignees_inbox ON task_assignees (user_id, waiting, sort_at, priority DESC, task_id);

CREATE TABLE task_groups (
    partition_id INTEGER NOT NULL,
    task_id INTEGER NOT NULL,
    group_key TEXT NOT NULL,
    waiting INTEGER NOT NULL,
    sort_at INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    PRIMARY KEY (task_id, group_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX task_groups_inbox ON task_groups (group_key, waiting, sort_at, priority DESC, task_id);

CREATE TABLE timers (
    partition_id INTEGER NOT NULL,
    id INTEGER PRIMARY KEY,
    due_at INTEGER NOT NULL,
    instance_id INTEGER NOT NULL
) STRICT;
CREATE INDEX timers_due ON timers (due_at);

-- `lease_until` is 0 while nobody has the job, so that free jobs come first and expired leases next.
CREATE TABLE jobs (
    partition_id INTEGER NOT NULL,
    id INTEGER PRIMARY KEY,
    instance_id INTEGER NOT NULL,
    element_key INTEGER NOT NULL,
    element_id TEXT NOT NULL,
    job_type TEXT NOT NULL,
    state INTEGER NOT NULL,
    retries INTEGER NOT NULL,
    input TEXT NOT NULL,
    headers TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    lease_owner TEXT,
    lease_until INTEGER NOT NULL,
    event_id TEXT
) STRICT;
CREATE INDEX jobs_open ON jobs (job_type, lease_until) WHERE state = 0;
CREATE INDEX jobs_event ON jobs (event_id) WHERE event_id IS NOT NULL;

CREATE TABLE outbox (
    partition_id INTEGER NOT NULL,
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    instance_id INTEGER,
    job_id INTEGER,
    payload TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    state INTEGER NOT NULL,
    last_error TEXT
) STRICT;
CREATE INDEX outbox_due ON outbox (due_at) WHERE state = 0;

CREATE TABLE calls (
    partition_id INTEGER NOT NULL,
    id INTEGER PRIMARY KEY,
    instance_id INTEGER NOT NULL,
    element_id TEXT NOT NULL,
    element_key INTEGER NOT NULL,
    job_id INTEGER,
    attempt INTEGER NOT NULL,
    at INTEGER NOT NULL,
    url TEXT NOT NULL,
    request TEXT NOT NULL,
    status INTEGER,
    response TEXT NOT NULL,
    duration_ms INTEGER NOT NULL,
    error TEXT
) STRICT;
CREATE INDEX calls_instance ON calls (instance_id);

CREATE TABLE incidents (
    partition_id INTEGER NOT NULL,
    id INTEGER PRIMARY KEY,
    instance_id INTEGER NOT NULL,
    definition_id INTEGER NOT NULL,
    element_id TEXT NOT NULL,
    element_key INTEGER NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    details TEXT NOT NULL,
    at INTEGER NOT NULL,
    resolved_at INTEGER,
    resolved_by INTEGER
) STRICT;
CREATE INDEX incidents_open ON incidents (id) WHERE resolved_at IS NULL;
CREATE INDEX incidents_instance ON incidents (instance_id);
