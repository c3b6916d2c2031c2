-- What ended goes: by version and end, in small steps.
CREATE INDEX instances_finished ON instances (definition_id, finished_at) WHERE finished_at IS NOT NULL;

-- `packed`: its journal is one row. Only long journals are worth it, so that short ones cost no index row. An index
-- on `seq` itself would let no change of an instance stay within its page; whether it is long changes once.
ALTER TABLE instances ADD COLUMN packed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE instances ADD COLUMN long BOOLEAN GENERATED ALWAYS AS (seq >= 8) STORED;
CREATE INDEX instances_unpacked ON instances (finished_at) WHERE finished_at IS NOT NULL AND packed = 0 AND long;

-- How many instances were purged, for counts that go on.
CREATE TABLE purged_instances (
    partition_id BIGINT NOT NULL,
    definition_id BIGINT NOT NULL,
    state BIGINT NOT NULL,
    instances BIGINT NOT NULL,
    PRIMARY KEY (partition_id, definition_id, state)
);

CREATE INDEX outbox_dead ON outbox (partition_id, id) WHERE state = 1;
