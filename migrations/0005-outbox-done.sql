-- What of a message has arrived already, as its channel named it: a JSON array of texts, null while nothing has.
ALTER TABLE outbox ADD COLUMN done TEXT;
