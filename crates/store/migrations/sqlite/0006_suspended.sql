-- Whether nothing of an instance goes on by itself. Only a suspension and its end write it.
ALTER TABLE instances ADD COLUMN suspended INTEGER NOT NULL DEFAULT 0;
CREATE INDEX instances_suspended ON instances (id) WHERE suspended = 1;

-- Lists of what is exchanged, newest first.
CREATE INDEX messages_kept ON messages (id) WHERE state < 2;
