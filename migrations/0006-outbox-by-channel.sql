-- The longest-due messages of one channel are found without looking at the others, however many there are.
CREATE INDEX outbox_due_by_channel ON outbox (channel, next_try_ms, id) WHERE finished_ms IS NULL;
DROP INDEX outbox_due;
