-- Of a message that one channel sends for another: for which, and why (JSON). Of a message that is owed: who told it meanwhile.
ALTER TABLE outbox ADD COLUMN stand_in TEXT;
ALTER TABLE outbox ADD COLUMN told_by TEXT;
CREATE INDEX outbox_stand_in ON outbox (group_key, id) WHERE stand_in IS NOT NULL;
-- What a channel has waiting, and since when, without a look at the messages themselves.
DROP INDEX outbox_due_by_channel;
CREATE INDEX outbox_due_by_channel ON outbox (channel, next_try_ms, id, created_ms) WHERE finished_ms IS NULL;
