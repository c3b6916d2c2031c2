-- What ended goes: by version and end, in small steps. Lists by change are read of running instances only.
DROP INDEX instances_updated;
DROP INDEX instances_finished;
CREATE INDEX instances_finished ON instances (definition_id, finished_at) WHERE finished_at IS NOT NULL;

-- `packed`: its journal is one row. Only long journals are worth it, so that short ones cost no index row.
ALTER TABLE instances ADD COLUMN packed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX instances_unpacked ON instances (finished_at)
    WHERE finished_at IS NOT NULL AND packed = 0 AND seq >= 8;

-- How many instances were purged, for counts that go on.
CREATE TABLE purged_instances (
    partition_id INTEGER NOT NULL,
    definition_id INTEGER NOT NULL,
    state INTEGER NOT NULL,
    instances INTEGER NOT NULL,
    PRIMARY KEY (definition_id, state, partition_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX outbox_dead ON outbox (id) WHERE state = 1;
